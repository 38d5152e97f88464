/* Working time: what calendar.h says about instants, on top of what calendar.c knows about dates. */
#include "calendar.h"

#include <errno.h>

enum { DAY_MINUTES = 24 * 60 };

/* Where the previous date's last window ends if it runs into this date. */
static instant spilled_until(const struct calendar *calendar, int32_t day)
{
    const struct window *windows;
    size_t n = calendar_windows(calendar, day - 1, &windows);
    if (n == 0 || windows[n - 1].to_min <= DAY_MINUTES)
        return INSTANT_NONE;
    return calendar_at(calendar, day - 1, windows[n - 1].to_min);
}

size_t calendar_ranges(const struct calendar *calendar, int32_t day,
                       struct calendar_range out[static CALENDAR_WINDOWS_MAX])
{
    const struct window *windows;
    size_t n = calendar_windows(calendar, day, &windows), kept = 0;
    instant free_from = n > 0 ? spilled_until(calendar, day) : INSTANT_NONE;
    for (size_t i = 0; i < n; i++) {
        struct calendar_range range = {calendar_at(calendar, day, windows[i].from_min),
                                       calendar_at(calendar, day, windows[i].to_min)};
        if (range.from < free_from)
            range.from = free_from;
        if (range.from >= range.to)
            continue;
        free_from = range.to;
        out[kept++] = range;
    }
    return kept;
}

bool calendar_is_open(const struct calendar *calendar, instant at)
{
    struct calendar_range ranges[CALENDAR_WINDOWS_MAX];
    int32_t today = calendar_day(calendar, at);
    for (int32_t day = today - 1; day <= today; day++) {
        size_t n = calendar_ranges(calendar, day, ranges);
        for (size_t i = 0; i < n; i++) {
            if (at >= ranges[i].from && at < ranges[i].to)
                return true;
        }
    }
    return false;
}

instant calendar_next_open(const struct calendar *calendar, instant at)
{
    struct calendar_range ranges[CALENDAR_WINDOWS_MAX];
    int32_t today = calendar_day(calendar, at);
    for (int32_t day = today - 1; day <= today + CALENDAR_SEARCH_DAYS; day++) {
        size_t n = calendar_ranges(calendar, day, ranges);
        for (size_t i = 0; i < n; i++) {
            if (at < ranges[i].to)
                return at > ranges[i].from ? at : ranges[i].from;
        }
    }
    return INSTANT_NEVER;
}

instant calendar_next_opening(const struct calendar *calendar, instant at)
{
    struct calendar_range ranges[CALENDAR_WINDOWS_MAX];
    int32_t today = calendar_day(calendar, at);
    instant closed = INSTANT_NONE;
    for (int32_t day = today - 2; day <= today + CALENDAR_SEARCH_DAYS; day++) {
        size_t n = calendar_ranges(calendar, day, ranges);
        for (size_t i = 0; i < n; i++) {
            if (ranges[i].from > at && ranges[i].from != closed)
                return ranges[i].from;
            closed = ranges[i].to;
        }
    }
    return INSTANT_NEVER;
}

int64_t calendar_working_ms(const struct calendar *calendar, instant from, instant to)
{
    struct calendar_range ranges[CALENDAR_WINDOWS_MAX];
    int64_t sum = 0;
    if (to <= from)
        return 0;
    int32_t first = calendar_day(calendar, from) - 1, last = calendar_day(calendar, to);
    if (last > first + CALENDAR_SEARCH_DAYS)
        last = first + CALENDAR_SEARCH_DAYS;
    for (int32_t day = first; day <= last; day++) {
        size_t n = calendar_ranges(calendar, day, ranges);
        for (size_t i = 0; i < n; i++) {
            instant begin = ranges[i].from > from ? ranges[i].from : from;
            instant end = ranges[i].to < to ? ranges[i].to : to;
            sum += end > begin ? end - begin : 0;
        }
    }
    return sum;
}

int calendar_add_working_ms(const struct calendar *calendar, instant from, int64_t budget_ms, instant *out)
{
    struct calendar_range ranges[CALENDAR_WINDOWS_MAX];
    int32_t today = calendar_day(calendar, from);
    if (budget_ms <= 0) {
        *out = from;
        return 0;
    }
    for (int32_t day = today - 1; day <= today + CALENDAR_SEARCH_DAYS; day++) {
        size_t n = calendar_ranges(calendar, day, ranges);
        for (size_t i = 0; i < n; i++) {
            instant begin = ranges[i].from > from ? ranges[i].from : from;
            if (begin >= ranges[i].to)
                continue;
            if (budget_ms <= ranges[i].to - begin) {
                *out = begin + budget_ms;
                return 0;
            }
            budget_ms -= ranges[i].to - begin;
        }
    }
    return -ERANGE;
}

int calendar_subtract_working_ms(const struct calendar *calendar, instant to, int64_t budget_ms, instant *out)
{
    struct calendar_range ranges[CALENDAR_WINDOWS_MAX];
    int32_t today = calendar_day(calendar, to);
    if (budget_ms <= 0) {
        *out = to;
        return 0;
    }
    for (int32_t day = today; day >= today - CALENDAR_SEARCH_DAYS; day--) {
        for (size_t i = calendar_ranges(calendar, day, ranges); i-- > 0;) {
            instant end = ranges[i].to < to ? ranges[i].to : to;
            if (end <= ranges[i].from)
                continue;
            if (budget_ms <= end - ranges[i].from) {
                *out = end - budget_ms;
                return 0;
            }
            budget_ms -= end - ranges[i].from;
        }
    }
    return -ERANGE;
}
