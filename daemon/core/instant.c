#include "instant.h"

#include "civil.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DATE_CHARS = 10, LAST_WRITABLE_YEAR = 9999 };

static bool digits_parse(const char *text, int n, int32_t *out)
{
    int32_t value = 0;
    for (int i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (text[i] - '0');
    }
    *out = value;
    return true;
}

/* Stops at the first character that does not fit, so it never reads behind the NUL. */
static bool clock_parse(const char *text, int64_t *ms)
{
    int32_t hour, minute, second;
    if (!digits_parse(text, 2, &hour) || text[2] != ':' || !digits_parse(text + 3, 2, &minute) ||
        text[5] != ':' || !digits_parse(text + 6, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    if (second == 60)
        second = 59;
    *ms = hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS;
    return true;
}

static bool fraction_parse(const char **text, int64_t *ms)
{
    const char *at = *text;
    int64_t value = 0, weight = 100;
    if (*at != '.') {
        *ms = 0;
        return true;
    }
    at++;
    if (*at < '0' || *at > '9')
        return false;
    for (; *at >= '0' && *at <= '9'; at++, weight /= 10)
        value += (*at - '0') * weight;
    *text = at;
    *ms = value;
    return true;
}

static bool offset_parse(const char *text, int64_t *ms)
{
    int32_t hour, minute;
    if ((*text == 'Z' || *text == 'z') && text[1] == '\0') {
        *ms = 0;
        return true;
    }
    if (*text != '+' && *text != '-')
        return false;
    if (!digits_parse(text + 1, 2, &hour) || text[3] != ':' || !digits_parse(text + 4, 2, &minute) ||
        text[6] != '\0' || hour > 23 || minute > 59)
        return false;
    *ms = (*text == '-' ? -1 : 1) * (hour * HOUR_MS + minute * MINUTE_MS);
    return true;
}

bool instant_parse(const char *text, instant *out)
{
    char date[DATE_CHARS + 1];
    int32_t day;
    int64_t clock_ms, fraction_ms, offset_ms;

    if (strnlen(text, DATE_CHARS + 1) <= DATE_CHARS)
        return false;
    memcpy(date, text, DATE_CHARS);
    date[DATE_CHARS] = '\0';
    if (!civil_parse(date, &day))
        return false;
    text += DATE_CHARS;
    if (*text != 'T' && *text != 't' && *text != ' ')
        return false;
    text++;
    if (!clock_parse(text, &clock_ms))
        return false;
    text += strlen("00:00:00");
    if (!fraction_parse(&text, &fraction_ms) || !offset_parse(text, &offset_ms))
        return false;
    *out = day * DAY_MS + clock_ms + fraction_ms - offset_ms;
    return true;
}

static bool is_writable(instant at)
{
    return at >= civil_day(1, 1, 2) * DAY_MS && at < civil_day(LAST_WRITABLE_YEAR, 12, 31) * DAY_MS;
}

static const char *format_with(instant at, int64_t offset_s, const char *suffix, char *into)
{
    if (!is_writable(at)) {
        snprintf(into, INSTANT_TEXT_MAX, "%s", at < 0 ? "none" : "never");
        return into;
    }
    int64_t local = at + offset_s * SECOND_MS;
    int64_t in_day = ((local % DAY_MS) + DAY_MS) % DAY_MS;
    struct civil date = civil_of((int32_t)((local - in_day) / DAY_MS));
    char fraction[8] = "";
    if (in_day % SECOND_MS != 0)
        snprintf(fraction, sizeof fraction, ".%03d", (int)(in_day % SECOND_MS));
    snprintf(into, INSTANT_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d%s%s", (int)date.year % 10000,
             (int)date.month % 100, (int)date.day % 100, (int)(in_day / HOUR_MS),
             (int)(in_day / MINUTE_MS % 60), (int)(in_day / SECOND_MS % 60), fraction, suffix);
    return into;
}

const char *instant_format(instant at, int32_t offset_s, char into[static INSTANT_TEXT_MAX])
{
    /* RFC 3339 knows whole minutes only; the seconds of a historic local mean time are cut from both. */
    int32_t minutes = offset_s / 60 % (24 * 60);
    int32_t size = minutes < 0 ? -minutes : minutes;
    char suffix[8];
    snprintf(suffix, sizeof suffix, "%c%02d:%02d", minutes < 0 ? '-' : '+', (int)(size / 60 % 24),
             (int)(size % 60));
    return format_with(at, minutes * INT64_C(60), suffix, into);
}

const char *instant_format_utc(instant at, char into[static INSTANT_TEXT_MAX])
{
    return format_with(at, 0, "Z", into);
}
