#include "quiet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { DAY_MINUTES = 24 * 60 };

static bool parse_time(const char *text, int32_t *out)
{
    int32_t hour, minute;

    for (int i = 0; i < 5; i++) {
        if (i == 2 ? text[i] != ':' : text[i] < '0' || text[i] > '9') {
            return false;
        }
    }
    hour = (text[0] - '0') * 10 + text[1] - '0';
    minute = (text[3] - '0') * 10 + text[4] - '0';
    *out = hour * 60 + minute;
    return minute < 60 && *out <= DAY_MINUTES;
}

int quiet_parse(const char *text, struct quiet *out, const char **why)
{
    struct quiet quiet = {.kind = QUIET_HOURS};

    if (strcmp(text, "none") == 0) {
        *out = (struct quiet){.kind = QUIET_NONE};
        return 0;
    }
    if (strcmp(text, "outside calendar") == 0) {
        *out = (struct quiet){.kind = QUIET_OUTSIDE};
        return 0;
    }
    if (strlen(text) != 11 || text[5] != '-' || !parse_time(text, &quiet.from_min) ||
        !parse_time(text + 6, &quiet.to_min)) {
        *why = "quiet hours are two times of day such as 21:00-08:30, \"outside calendar\" or \"none\"";
        return -EINVAL;
    }
    quiet.from_min %= DAY_MINUTES;
    quiet.to_min %= DAY_MINUTES;
    if (quiet.from_min == quiet.to_min) {
        *why = "quiet hours that end where they begin leave no time to speak";
        return -EINVAL;
    }
    *out = quiet;
    return 0;
}

const char *quiet_format(const struct quiet *quiet, char into[static QUIET_TEXT_MAX])
{
    static const char *const words[] = {"", "none", "outside calendar", ""};

    if (quiet->kind == QUIET_HOURS) {
        (void)snprintf(into, QUIET_TEXT_MAX, "%02d:%02d-%02d:%02d", (int)(quiet->from_min / 60 % 24),
                       (int)(quiet->from_min % 60), (int)(quiet->to_min / 60 % 24),
                       (int)(quiet->to_min % 60));
    } else {
        (void)snprintf(into, QUIET_TEXT_MAX, "%s", words[quiet->kind]);
    }
    return into;
}

bool quiet_is_on(const struct quiet *quiet)
{
    return quiet && quiet->kind != QUIET_UNSAID && quiet->kind != QUIET_NONE;
}

static size_t add_range(const struct calendar *calendar, int32_t day, const struct window *window,
                        struct calendar_range out[static CALENDAR_WINDOWS_MAX], size_t n)
{
    struct calendar_range range = {calendar_at(calendar, day, window->from_min),
                                   calendar_at(calendar, day, window->to_min)};

    if (range.from < range.to) { /* else daylight saving swallows it */
        out[n++] = range;
    }
    return n;
}

/* When messages may leave that belongs to a date, in order. */
static size_t open_ranges(const struct quiet *quiet, const struct calendar *calendar, int32_t day,
                          struct calendar_range out[static CALENDAR_WINDOWS_MAX])
{
    size_t n = 0;

    if (quiet->kind == QUIET_OUTSIDE) {
        return calendar_ranges(calendar, day, out);
    }
    if (!calendar_is_working(calendar, day)) {
        return 0;
    }
    if (quiet->to_min < quiet->from_min) { /* over midnight: one piece is left of the day */
        return add_range(calendar, day, &(struct window){quiet->to_min, quiet->from_min}, out, 0);
    }
    n = add_range(calendar, day, &(struct window){0, quiet->from_min}, out, n);
    return add_range(calendar, day, &(struct window){quiet->to_min, DAY_MINUTES}, out, n);
}

instant quiet_next(const struct quiet *quiet, const struct calendar *calendar, instant at)
{
    struct calendar_range ranges[CALENDAR_WINDOWS_MAX];

    if (!quiet_is_on(quiet) || at == INSTANT_NEVER) {
        return at;
    }
    int32_t today = calendar_day(calendar, at);
    int32_t first = quiet->kind == QUIET_OUTSIDE ? today - 1 : today; /* only windows run past midnight */
    for (int32_t day = first; day <= today + CALENDAR_SEARCH_DAYS; day++) {
        size_t n = open_ranges(quiet, calendar, day, ranges);

        for (size_t i = 0; i < n; i++) {
            if (at < ranges[i].to) {
                return at > ranges[i].from ? at : ranges[i].from;
            }
        }
    }
    return INSTANT_NEVER;
}

instant quiet_last(const struct quiet *quiet, const struct calendar *calendar, instant at)
{
    struct calendar_range ranges[CALENDAR_WINDOWS_MAX];

    if (!quiet_is_on(quiet) || at == INSTANT_NEVER) {
        return at;
    }
    int32_t today = calendar_day(calendar, at);
    for (int32_t day = today; day >= today - CALENDAR_SEARCH_DAYS; day--) {
        for (size_t i = open_ranges(quiet, calendar, day, ranges); i-- > 0;) {
            if (at < ranges[i].from) {
                continue;
            }
            instant last =
                ranges[i].to - QUIET_LEAD_MS > ranges[i].from ? ranges[i].to - QUIET_LEAD_MS : ranges[i].from;
            return at < ranges[i].to ? at : last;
        }
    }
    return INSTANT_NONE;
}

instant quiet_leave(const struct quiet *quiet, const struct calendar *calendar, instant at, instant due)
{
    instant next = quiet_next(quiet, calendar, at);

    if (next == at || next < due) {
        return next;
    }
    instant last = due == INSTANT_NEVER ? INSTANT_NONE : quiet_last(quiet, calendar, at);
    return last == INSTANT_NONE ? next : last;
}
