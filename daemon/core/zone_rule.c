#include "zone_rule.h"

#include "civil.h"

enum {
    NAME_CHARS_MIN = 3,
    OFFSET_HOURS_MAX = 24,
    CHANGE_HOURS_MAX = 167,
    HOUR_S = 3600,
    DAY_S = 86400,
};

struct cursor {
    const char *at;
    const char *end;
};

static bool take(struct cursor *cursor, char c)
{
    if (cursor->at == cursor->end || *cursor->at != c)
        return false;
    cursor->at++;
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take_name(struct cursor *cursor)
{
    bool quoted = take(cursor, '<');
    const char *begin = cursor->at;
    while (cursor->at < cursor->end) {
        char c = *cursor->at;
        if (!is_letter(c) && !(quoted && (is_digit(c) || c == '+' || c == '-')))
            break;
        cursor->at++;
    }
    return cursor->at - begin >= NAME_CHARS_MIN && (!quoted || take(cursor, '>'));
}

static bool take_number(struct cursor *cursor, int32_t min, int32_t max, int32_t *out)
{
    int32_t value = 0;
    const char *begin = cursor->at;
    while (cursor->at < cursor->end && is_digit(*cursor->at)) {
        value = value * 10 + (*cursor->at++ - '0');
        if (value > max)
            return false;
    }
    if (cursor->at == begin || value < min)
        return false;
    *out = value;
    return true;
}

/* [+-]h[h[h]][:mm[:ss]] in seconds. */
static bool take_clock(struct cursor *cursor, int32_t hours_max, int32_t *out)
{
    int32_t hours, minutes = 0, seconds = 0;
    bool negative = take(cursor, '-');
    if (!negative)
        take(cursor, '+');
    if (!take_number(cursor, 0, hours_max, &hours))
        return false;
    if (take(cursor, ':')) {
        if (!take_number(cursor, 0, 59, &minutes))
            return false;
        if (take(cursor, ':') && !take_number(cursor, 0, 59, &seconds))
            return false;
    }
    *out = (negative ? -1 : 1) * (hours * HOUR_S + minutes * 60 + seconds);
    return true;
}

static bool take_change(struct cursor *cursor, struct zone_change *out)
{
    *out = (struct zone_change){.clock_s = 2 * HOUR_S};
    if (!take(cursor, ','))
        return false;
    if (take(cursor, 'M')) {
        out->kind = ZONE_CHANGE_WEEKDAY;
        if (!take_number(cursor, 1, 12, &out->month) || !take(cursor, '.') ||
            !take_number(cursor, 1, 5, &out->week) || !take(cursor, '.') ||
            !take_number(cursor, 0, 6, &out->day))
            return false;
    } else if (take(cursor, 'J')) {
        out->kind = ZONE_CHANGE_JULIAN;
        if (!take_number(cursor, 1, 365, &out->day))
            return false;
    } else {
        out->kind = ZONE_CHANGE_DAY;
        if (!take_number(cursor, 0, 365, &out->day))
            return false;
    }
    return !take(cursor, '/') || take_clock(cursor, CHANGE_HOURS_MAX, &out->clock_s);
}

bool zone_rule_parse(const char *text, size_t n, struct zone_rule *out)
{
    struct cursor cursor = {text, text + n};
    struct zone_rule rule = {0};
    int32_t west_s;

    if (!take_name(&cursor) || !take_clock(&cursor, OFFSET_HOURS_MAX, &west_s))
        return false;
    rule.standard_s = -west_s; /* POSIX counts towards the west */
    rule.summer_s = rule.standard_s + HOUR_S;
    if (cursor.at == cursor.end) {
        *out = rule;
        return true;
    }
    rule.has_summer = true;
    if (!take_name(&cursor))
        return false;
    if (cursor.at < cursor.end && *cursor.at != ',') {
        if (!take_clock(&cursor, OFFSET_HOURS_MAX, &west_s))
            return false;
        rule.summer_s = -west_s;
    }
    if (!take_change(&cursor, &rule.begin) || !take_change(&cursor, &rule.end) || cursor.at != cursor.end)
        return false;
    *out = rule;
    return true;
}

static int32_t change_day(const struct zone_change *change, int32_t year)
{
    int32_t new_year = civil_day(year, 1, 1);
    if (change->kind == ZONE_CHANGE_DAY)
        return new_year + change->day;
    if (change->kind == ZONE_CHANGE_JULIAN) {
        bool after_leap_day = change->day > 31 + 28 && civil_month_days(year, 2) == 29;
        return new_year + change->day - 1 + (after_leap_day ? 1 : 0);
    }
    int32_t first = civil_day(year, change->month, 1);
    int32_t last = first + civil_month_days(year, change->month) - 1;
    int32_t ahead = (change->day - civil_weekday(first) % 7 + 7) % 7; /* POSIX: 0 = Sunday */
    int32_t day = first + ahead + (change->week - 1) * 7;
    return day > last ? day - 7 : day;
}

static int64_t change_local_s(const struct zone_change *change, int32_t year)
{
    return (int64_t)change_day(change, year) * DAY_S + change->clock_s;
}

int64_t zone_rule_begin(const struct zone_rule *rule, int32_t year)
{
    return change_local_s(&rule->begin, year) - rule->standard_s;
}

int64_t zone_rule_end(const struct zone_rule *rule, int32_t year)
{
    return change_local_s(&rule->end, year) - rule->summer_s;
}
