#include "recurrence.h"

#include "civil.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    MONTHS_A_YEAR = 12,
    QUARTERS_A_YEAR = 4,
    DAY_MINUTES = 24 * 60,
    MONTH_DAYS_MAX = 31,
    QUARTER_DAYS_MAX = 92,
    WEEKS_MAX = 52,
    DAYS_MAX = 366,
    MONTHS_MAX = 24,
    SEARCH_PERIODS = 260, /* 20 years of months, or five of weeks, that lack their day */
    ROLL_PERIODS = 16,    /* `prev` may bring daily openings forward over a long holiday */
};

static const char *const weekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

bool recurrence_is_none(const struct recurrence *recurrence)
{
    return recurrence->unit == RECURRENCE_NONE;
}

bool recurrence_needs_anchor(const struct recurrence *recurrence)
{
    return recurrence->unit == RECURRENCE_DAYS || recurrence->unit == RECURRENCE_MONTHS;
}

/* ---- text ---- */

struct text {
    const char *at;
    const char *why;
};

static bool fail(struct text *text, const char *why)
{
    if (!text->why)
        text->why = why;
    return false;
}

static bool take(struct text *text, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(text->at, word, n) != 0)
        return false;
    text->at += n;
    return true;
}

static bool take_number(struct text *text, int32_t max, int32_t *out)
{
    size_t n = strspn(text->at, "0123456789");
    int32_t value = 0;
    if (n == 0 || n > 3)
        return false;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + (text->at[i] - '0');
    if (value < 1 || value > max)
        return false;
    text->at += n;
    *out = value;
    return true;
}

static bool two_digits(const char *at, int32_t *out)
{
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return false;
    *out = (at[0] - '0') * 10 + (at[1] - '0');
    return true;
}

static bool read_clock(struct text *text, struct recurrence *out)
{
    int32_t hour, minute;
    if (!take(text, "@")) {
        out->clock = RECURRENCE_AT_ANCHOR;
        return recurrence_needs_anchor(out) || fail(text, "the time is missing: write @09:00 behind the day");
    }
    if (take(text, "close")) {
        out->clock = RECURRENCE_AT_CLOSE;
        return true;
    }
    if (!two_digits(text->at, &hour) || text->at[2] != ':' || !two_digits(text->at + 3, &minute))
        return fail(text, "after @ comes a time as HH:MM, or close");
    if (minute > 59 || hour * 60 + minute >= DAY_MINUTES)
        return fail(text, "no such time of day: it goes from @00:00 to @23:59");
    out->clock = RECURRENCE_AT_MINUTE;
    out->minute = hour * 60 + minute;
    text->at += strlen("HH:MM");
    return true;
}

static bool read_policy(struct text *text, struct recurrence *out)
{
    bool of_working_days =
        out->unit == RECURRENCE_MONTH_WORKING_DAY || out->unit == RECURRENCE_QUARTER_WORKING_DAY;
    size_t blanks = strspn(text->at, " ");
    text->at += blanks;
    if (!*text->at)
        return true;
    if (blanks == 0)
        return fail(text, "something follows that is no part of a recurrence");
    if (of_working_days)
        return fail(text, "a working day is never a day off: nothing stands behind its time");
    if (take(text, "next"))
        out->day_off = DAY_OFF_NEXT;
    else if (take(text, "prev"))
        out->day_off = DAY_OFF_PREV;
    else if (!take(text, "none"))
        return fail(text, "behind the time stands what a day off does: next, prev or none");
    text->at += strspn(text->at, " ");
    return !*text->at || fail(text, "something follows that is no part of a recurrence");
}

static bool read_working_day(struct text *text, int32_t max, struct recurrence *out)
{
    bool from_end = take(text, "-");
    if (!take_number(text, max, &out->number))
        return fail(text, "days are counted from 1, or from -1 for the last one; no period has more than "
                          "31 (month) or 92 (quarter)");
    out->number = from_end ? -out->number : out->number;
    return true;
}

static bool read_weekday(struct text *text, struct recurrence *out)
{
    for (int32_t i = 0; i < 7; i++) {
        if (take(text, weekdays[i])) {
            out->number = i + 1;
            return true;
        }
    }
    return fail(text, "the weekday is one of Mon Tue Wed Thu Fri Sat Sun");
}

static bool read_year_day(struct text *text, struct recurrence *out)
{
    const int32_t leap_year = 2000;
    if (!two_digits(text->at, &out->month) || text->at[2] != '-' || !two_digits(text->at + 3, &out->number) ||
        out->month < 1 || out->month > MONTHS_A_YEAR || out->number < 1 ||
        out->number > civil_month_days(leap_year, out->month))
        return fail(text, "the day of the year is written as month and day: year:11-01");
    text->at += strlen("MM-DD");
    return true;
}

/* "2week:", or "2w", "10d", "3mo" from the anchor. */
static bool read_counted(struct text *text, struct recurrence *out)
{
    static const char *const help =
        "there are wdom:N wdoq:N week:Mon 2week:Mon \"day N\" year:MM-DD, each with "
        "@HH:MM, and 2w 10d 1mo from the event";
    if (!take_number(text, DAYS_MAX, &out->every))
        return fail(text, help);
    if (take(text, "week:")) {
        out->unit = RECURRENCE_WEEK;
        return out->every <= WEEKS_MAX ? read_weekday(text, out) : fail(text, "at most 52week:");
    }
    bool in_months = take(text, "mo");
    bool in_weeks = !in_months && take(text, "w");
    if (!in_months && !in_weeks && !take(text, "d"))
        return fail(text, help);
    out->unit = in_months ? RECURRENCE_MONTHS : RECURRENCE_DAYS;
    if ((in_months && out->every > MONTHS_MAX) || (in_weeks && out->every > WEEKS_MAX))
        return fail(text, "at most 52w, 366d or 24mo from one period to the next");
    out->every *= in_weeks ? 7 : 1;
    return true;
}

static bool read_day(struct text *text, struct recurrence *out)
{
    out->every = 1;
    if (take(text, "wdom:")) {
        out->unit = RECURRENCE_MONTH_WORKING_DAY;
        return read_working_day(text, MONTH_DAYS_MAX, out);
    }
    if (take(text, "wdoq:")) {
        out->unit = RECURRENCE_QUARTER_WORKING_DAY;
        return read_working_day(text, QUARTER_DAYS_MAX, out);
    }
    if (take(text, "week:")) {
        out->unit = RECURRENCE_WEEK;
        return read_weekday(text, out);
    }
    if (take(text, "year:")) {
        out->unit = RECURRENCE_YEAR_DAY;
        return read_year_day(text, out);
    }
    if (strncmp(text->at, "day:", 4) == 0)
        return fail(text, "day:N is a span; the Nth of each month is written \"day 15@09:00\"");
    if (take(text, "day ")) {
        out->unit = RECURRENCE_MONTH_DAY;
        return take_number(text, MONTH_DAYS_MAX, &out->number) ||
               fail(text, "the day of the month goes from 1 to 31");
    }
    return read_counted(text, out);
}

int recurrence_parse(const char *text, struct recurrence *out, const char **why)
{
    struct text reading = {text + strspn(text, " "), NULL};
    struct recurrence recurrence = {0};
    if (!read_day(&reading, &recurrence) || !read_clock(&reading, &recurrence) ||
        !read_policy(&reading, &recurrence)) {
        *why = reading.why;
        return -EINVAL;
    }
    *out = recurrence;
    return 0;
}

static void format_day(const struct recurrence *recurrence, char *into, size_t n)
{
    int every = (int)recurrence->every, number = (int)recurrence->number;
    switch (recurrence->unit) {
    case RECURRENCE_MONTH_WORKING_DAY:
        snprintf(into, n, "wdom:%d", number);
        break;
    case RECURRENCE_QUARTER_WORKING_DAY:
        snprintf(into, n, "wdoq:%d", number);
        break;
    case RECURRENCE_WEEK:
        if (every == 1)
            snprintf(into, n, "week:%s", weekdays[number - 1]);
        else
            snprintf(into, n, "%dweek:%s", every, weekdays[number - 1]);
        break;
    case RECURRENCE_MONTH_DAY:
        snprintf(into, n, "day %d", number);
        break;
    case RECURRENCE_YEAR_DAY:
        snprintf(into, n, "year:%02d-%02d", (int)recurrence->month, number);
        break;
    case RECURRENCE_DAYS:
        if (every % 7 == 0)
            snprintf(into, n, "%dw", every / 7);
        else
            snprintf(into, n, "%dd", every);
        break;
    case RECURRENCE_MONTHS:
        snprintf(into, n, "%dmo", every);
        break;
    case RECURRENCE_NONE:
        into[0] = '\0';
    }
}

const char *recurrence_format(const struct recurrence *recurrence, char into[static RECURRENCE_TEXT_MAX])
{
    static const char *const policies[] = {
        [DAY_OFF_STAYS] = "", [DAY_OFF_NEXT] = " next", [DAY_OFF_PREV] = " prev"};
    char day[24], clock[16] = "";
    format_day(recurrence, day, sizeof day);
    if (recurrence->clock == RECURRENCE_AT_CLOSE)
        snprintf(clock, sizeof clock, "@close");
    else if (recurrence->clock == RECURRENCE_AT_MINUTE && !recurrence_is_none(recurrence))
        snprintf(clock, sizeof clock, "@%02d:%02d", (int)(recurrence->minute / 60),
                 (int)(recurrence->minute % 60));
    snprintf(into, RECURRENCE_TEXT_MAX, "%s%s%s", day, clock, policies[recurrence->day_off]);
    return into;
}

/* ---- periods and their days ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

/* Weeks are numbered from the one whose Monday is 5 January 1970. */
static int64_t week_of(int32_t day)
{
    return floor_div((int64_t)day - 4, 7);
}

static instant time_of(const struct recurring *recurring, int32_t day)
{
    const struct recurrence *recurrence = recurring->recurrence;
    const struct zone *zone = calendar_zone(recurring->calendar);
    if (recurrence->clock == RECURRENCE_AT_CLOSE)
        return calendar_close(recurring->calendar, day);
    if (recurrence->clock == RECURRENCE_AT_MINUTE)
        return calendar_at(recurring->calendar, day, recurrence->minute);
    int32_t anchor_day = calendar_day(recurring->calendar, recurring->anchor);
    return zone_instant(zone, zone_local(zone, recurring->anchor) + ((int64_t)day - anchor_day) * DAY_MS);
}

/* The week of period 0. */
static int64_t first_week(const struct recurring *recurring)
{
    if (recurring->anchor == INSTANT_NONE)
        return 0;
    int32_t day = calendar_day(recurring->calendar, recurring->anchor);
    int64_t week = week_of(day);
    int32_t weekday = (int32_t)(4 + week * 7) + recurring->recurrence->number - 1;
    return time_of(recurring, weekday) >= recurring->anchor ? week : week + 1;
}

/* A day number as civil.h can take it, or false. */
static bool is_sane(int64_t year)
{
    return year > CIVIL_YEAR_MIN && year < CIVIL_YEAR_MAX;
}

/* The working day `count` of the months that begin at `first`, or false if they have fewer. */
static bool working_day(const struct calendar *calendar, int32_t first, int32_t months, int32_t count,
                        int32_t *out)
{
    int32_t next = civil_add_months(first, months);
    return calendar_add_working_days(calendar, count > 0 ? first - 1 : next, count, out) == 0 &&
           *out >= first && *out < next;
}

static int32_t clamped_day(int64_t year, int32_t month, int32_t day)
{
    int32_t last = civil_month_days((int32_t)year, month);
    return civil_day((int32_t)year, month, day < last ? day : last);
}

static bool day_of_months(const struct recurring *recurring, int64_t period, int32_t months, int32_t *out)
{
    const struct recurrence *recurrence = recurring->recurrence;
    int64_t year = floor_div(period * months, MONTHS_A_YEAR);
    int32_t month = (int32_t)(period * months - year * MONTHS_A_YEAR) + 1;
    if (!is_sane(year))
        return false;
    if (recurrence->unit == RECURRENCE_MONTH_DAY) {
        *out = clamped_day(year, month, recurrence->number);
        return true;
    }
    return working_day(recurring->calendar, civil_day((int32_t)year, month, 1), months, recurrence->number,
                       out);
}

/* The day that the period names, before a day off moves it. */
static bool nominal_day(const struct recurring *recurring, int64_t period, int32_t *out)
{
    const struct recurrence *recurrence = recurring->recurrence;
    const int64_t days_max = (int64_t)(CIVIL_YEAR_MAX - CIVIL_YEAR_MIN) * DAYS_MAX;
    if (period > days_max || period < -days_max)
        return false;
    switch (recurrence->unit) {
    case RECURRENCE_MONTH_WORKING_DAY:
    case RECURRENCE_MONTH_DAY:
        return day_of_months(recurring, period, 1, out);
    case RECURRENCE_QUARTER_WORKING_DAY:
        return day_of_months(recurring, period, MONTHS_A_YEAR / QUARTERS_A_YEAR, out);
    case RECURRENCE_WEEK:
        *out =
            (int32_t)(4 + (first_week(recurring) + period * recurrence->every) * 7 + recurrence->number - 1);
        break;
    case RECURRENCE_YEAR_DAY:
        if (!is_sane(period))
            return false;
        *out = clamped_day(period, recurrence->month, recurrence->number);
        break;
    case RECURRENCE_DAYS:
        *out = (int32_t)(calendar_day(recurring->calendar, recurring->anchor) + period * recurrence->every);
        break;
    case RECURRENCE_MONTHS:
        *out = civil_add_months(calendar_day(recurring->calendar, recurring->anchor),
                                (int32_t)period * recurrence->every);
        break;
    case RECURRENCE_NONE:
    default:
        return false;
    }
    return is_sane(civil_of(*out).year);
}

int recurrence_at(const struct recurring *recurring, int64_t period, instant *out)
{
    const struct recurrence *recurrence = recurring->recurrence;
    int32_t day;
    if (recurring->anchor != INSTANT_NONE && period < 1 && recurrence_needs_anchor(recurrence))
        return -ERANGE; /* the anchor itself opens nothing */
    if (!nominal_day(recurring, period, &day))
        return -ERANGE;
    if (recurrence->day_off != DAY_OFF_STAYS && !calendar_is_working(recurring->calendar, day) &&
        calendar_add_working_days(recurring->calendar, day, recurrence->day_off == DAY_OFF_NEXT ? 1 : -1,
                                  &day))
        return -ERANGE;
    *out = time_of(recurring, day);
    return 0;
}

/* ISO 8601: a week belongs to the year of its Thursday. */
static void name_week(int32_t day, char *into)
{
    int32_t thursday = day - civil_weekday(day) + 4;
    int32_t year = civil_of(thursday).year;
    snprintf(into, RECURRENCE_NAME_MAX, "%04d-W%02d", (int)year,
             (int)((thursday - civil_day(year, 1, 1)) / 7 + 1));
}

const char *recurrence_name(const struct recurring *recurring, int64_t period,
                            char into[static RECURRENCE_NAME_MAX])
{
    const struct recurrence *recurrence = recurring->recurrence;
    int32_t day;
    into[0] = '\0';
    if (recurrence->unit == RECURRENCE_YEAR_DAY) {
        snprintf(into, RECURRENCE_NAME_MAX, "%04" PRId64, period);
        return into;
    }
    if (recurrence->unit == RECURRENCE_QUARTER_WORKING_DAY) {
        int64_t year = floor_div(period, QUARTERS_A_YEAR);
        snprintf(into, RECURRENCE_NAME_MAX, "%04" PRId64 "-Q%d", year,
                 (int)(period - year * QUARTERS_A_YEAR) + 1);
        return into;
    }
    if (recurrence->unit == RECURRENCE_MONTH_WORKING_DAY || recurrence->unit == RECURRENCE_MONTH_DAY) {
        int64_t year = floor_div(period, MONTHS_A_YEAR);
        snprintf(into, RECURRENCE_NAME_MAX, "%04" PRId64 "-%02d", year,
                 (int)(period - year * MONTHS_A_YEAR) + 1);
        return into;
    }
    if (!nominal_day(recurring, period, &day))
        return into;
    if (recurrence->unit == RECURRENCE_WEEK) {
        name_week(day, into);
        return into;
    }
    struct civil date = civil_of(day);
    snprintf(into, RECURRENCE_NAME_MAX, "%04d-%02d-%02d", (int)date.year, (int)date.month, (int)date.day);
    return into;
}

/* ---- from instants to periods ---- */

/* The period that the instant's date lies in, without a look at its opening. */
static int64_t period_around(const struct recurring *recurring, instant at)
{
    const struct recurrence *recurrence = recurring->recurrence;
    int32_t day = calendar_day(recurring->calendar, at);
    struct civil date = civil_of(day);
    int64_t month = (int64_t)date.year * MONTHS_A_YEAR + date.month - 1;
    switch (recurrence->unit) {
    case RECURRENCE_MONTH_WORKING_DAY:
    case RECURRENCE_MONTH_DAY:
        return month;
    case RECURRENCE_QUARTER_WORKING_DAY:
        return floor_div(month * QUARTERS_A_YEAR, MONTHS_A_YEAR);
    case RECURRENCE_WEEK:
        return floor_div(week_of(day) - first_week(recurring), recurrence->every);
    case RECURRENCE_YEAR_DAY:
        return date.year;
    case RECURRENCE_DAYS:
        return floor_div((int64_t)day - calendar_day(recurring->calendar, recurring->anchor),
                         recurrence->every);
    case RECURRENCE_MONTHS: {
        struct civil from = civil_of(calendar_day(recurring->calendar, recurring->anchor));
        return floor_div(month - ((int64_t)from.year * MONTHS_A_YEAR + from.month - 1), recurrence->every);
    }
    case RECURRENCE_NONE:
        break;
    }
    return 0;
}

int recurrence_after(const struct recurring *recurring, int64_t period, int64_t *next, instant *at)
{
    for (int64_t i = 1; i <= SEARCH_PERIODS; i++) {
        if (recurrence_at(recurring, period + i, at) == 0) {
            *next = period + i;
            return 0;
        }
    }
    return -ERANGE;
}

int recurrence_last(const struct recurring *recurring, instant at, int64_t *period)
{
    int64_t from = period_around(recurring, at) + ROLL_PERIODS;
    for (int64_t i = 0; i < SEARCH_PERIODS; i++) {
        instant opens;
        if (recurrence_at(recurring, from - i, &opens) == 0 && opens <= at) {
            *period = from - i;
            return 0;
        }
    }
    return -ERANGE;
}

int64_t recurrence_before(const struct recurring *recurring, instant at)
{
    int64_t period;
    if (recurrence_last(recurring, at - 1, &period) == 0)
        return period;
    return recurrence_needs_anchor(recurring->recurrence) ? 0 : period_around(recurring, at) - SEARCH_PERIODS;
}
