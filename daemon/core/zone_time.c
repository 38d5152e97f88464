#include <string.h>

#include "core/civil.h"
#include "core/zone.h"

enum { DATE_N = 10 }; /* bytes of "2026-09-30" */

static bool two_digits(const char *text, int32_t max, int32_t *out)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return false;
    *out = (text[0] - '0') * 10 + (text[1] - '0');
    return *out <= max;
}

/* "17:00" or "17:00:05" */
static bool parse_clock(const char *text, int64_t *ms)
{
    int32_t hour, minute, second = 0;

    if (strlen(text) != 5 && strlen(text) != 8)
        return false;
    if (!two_digits(text, 23, &hour) || text[2] != ':' || !two_digits(text + 3, 59, &minute))
        return false;
    if (text[5] != '\0' && (text[5] != ':' || !two_digits(text + 6, 59, &second)))
        return false;
    *ms = hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS;
    return true;
}

bool zone_read_time(const struct zone *zone, const char *text, instant *out)
{
    char date[DATE_N + 1];
    int64_t clock_ms = 0;
    int32_t day;

    if (instant_parse(text, out))
        return true;
    if (strlen(text) < DATE_N)
        return false;
    memcpy(date, text, DATE_N);
    date[DATE_N] = '\0';
    if (!civil_parse(date, &day))
        return false;
    text += DATE_N;
    if (*text != '\0' && ((*text != 'T' && *text != ' ') || !parse_clock(text + 1, &clock_ms)))
        return false;
    *out = zone_instant(zone, day * DAY_MS + clock_ms);
    return true;
}
