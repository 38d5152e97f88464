#include "civil.h"

#include <stddef.h>

enum { DAYS_OF_400_YEARS = 146097, DAYS_BEFORE_1970 = 719468 /* from 0000-03-01 */ };

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

static bool is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int32_t civil_month_days(int32_t year, int32_t month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* The year is counted from March, so that the leap day is its last one; a 400-year cycle has a fixed length.
 */
int32_t civil_day(int32_t year, int32_t month, int32_t day)
{
    int64_t y = month <= 2 ? (int64_t)year - 1 : year;
    int64_t cycle = floor_div(y, 400);
    int64_t in_cycle = y - cycle * 400;
    int32_t march_month = (month + 9) % 12;
    int32_t in_year = (153 * march_month + 2) / 5 + day - 1;
    int64_t in_days = in_cycle * 365 + in_cycle / 4 - in_cycle / 100 + in_year;
    return (int32_t)(cycle * DAYS_OF_400_YEARS + in_days - DAYS_BEFORE_1970);
}

struct civil civil_of(int32_t day)
{
    int64_t z = (int64_t)day + DAYS_BEFORE_1970;
    int64_t cycle = floor_div(z, DAYS_OF_400_YEARS);
    int64_t rest = z - cycle * DAYS_OF_400_YEARS;
    /* 1460, 36524 and 146096 are the last days of a 4, 100 and 400 year block: they have no year of their
     * own. */
    int64_t year = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
    int64_t in_year = rest - (365 * year + year / 4 - year / 100);
    int64_t march_month = (5 * in_year + 2) / 153;
    struct civil date;
    date.day = (int32_t)(in_year - (153 * march_month + 2) / 5 + 1);
    date.month = (int32_t)(march_month < 10 ? march_month + 3 : march_month - 9);
    date.year = (int32_t)(year + cycle * 400 + (date.month <= 2 ? 1 : 0));
    return date;
}

int32_t civil_weekday(int32_t day)
{
    int64_t since_monday = (int64_t)day + 3; /* 1970-01-01 was a Thursday */
    return (int32_t)(since_monday - floor_div(since_monday, 7) * 7) + 1;
}

int32_t civil_add_months(int32_t day, int32_t months)
{
    struct civil date = civil_of(day);
    int64_t month = (int64_t)date.year * 12 + (date.month - 1) + months;
    int32_t year = (int32_t)floor_div(month, 12);
    int32_t of_year = (int32_t)(month - (int64_t)year * 12) + 1;
    int32_t last = civil_month_days(year, of_year);
    return civil_day(year, of_year, date.day < last ? date.day : last);
}

bool civil_parse(const char *text, int32_t *day)
{
    static const char pattern[] = "dddd-dd-dd";
    for (size_t i = 0; i < sizeof pattern; i++) {
        if (pattern[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != pattern[i])
            return false;
    }
    int32_t year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
    int32_t month = (text[5] - '0') * 10 + (text[6] - '0');
    int32_t of_month = (text[8] - '0') * 10 + (text[9] - '0');
    if (year < CIVIL_YEAR_MIN || year > CIVIL_YEAR_MAX || month < 1 || month > 12 || of_month < 1 ||
        of_month > civil_month_days(year, month))
        return false;
    *day = civil_day(year, month, of_month);
    return true;
}
