#include "cli/moment.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/civil.h"

static const char *weekday_name(int32_t day, bool chinese)
{
    static const char *const english[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const in_chinese[] = {"周一", "周二", "周三", "周四", "周五", "周六", "周日"};
    int32_t weekday = civil_weekday(day) - 1;

    return chinese ? in_chinese[weekday] : english[weekday];
}

static int32_t split(instant at, const struct zone *zone, int64_t *rest_s)
{
    int64_t local = zone_local(zone, at);
    int64_t day = local / DAY_MS - (local % DAY_MS < 0 ? 1 : 0);

    *rest_s = (local - day * DAY_MS) / SECOND_MS;
    return (int32_t)day;
}

const char *moment_format(instant at, const struct zone *zone, bool chinese,
                          char into[static MOMENT_TEXT_MAX])
{
    int64_t rest_s;
    int32_t day;
    struct civil civil;

    if (at == INSTANT_NONE || at == INSTANT_NEVER)
        return "-";
    day = split(at, zone, &rest_s);
    civil = civil_of(day);
    snprintf(into, MOMENT_TEXT_MAX, "%04d-%02d-%02d %s %02d:%02d", civil.year, civil.month, civil.day,
             weekday_name(day, chinese), (int)(rest_s / 3600), (int)(rest_s / 60 % 60));
    return into;
}

const char *moment_format_short(instant at, const struct zone *zone, char into[static MOMENT_TEXT_MAX])
{
    int64_t rest_s;
    struct civil civil;

    if (at == INSTANT_NONE || at == INSTANT_NEVER)
        return "-";
    civil = civil_of(split(at, zone, &rest_s));
    snprintf(into, MOMENT_TEXT_MAX, "%02d-%02d %02d:%02d:%02d", civil.month, civil.day, (int)(rest_s / 3600),
             (int)(rest_s / 60 % 60), (int)(rest_s % 60));
    return into;
}

const char *moment_format_day(int32_t day, bool chinese, char into[static MOMENT_TEXT_MAX])
{
    struct civil civil = civil_of(day);

    snprintf(into, MOMENT_TEXT_MAX, "%02d-%02d %s", civil.month, civil.day, weekday_name(day, chinese));
    return into;
}

const char *moment_format_length(int64_t ms, bool chinese, char into[static MOMENT_TEXT_MAX])
{
    static const struct {
        int64_t ms;
        const char *english, *chinese;
    } units[] = {
        {DAY_MS, "d", "天"}, {HOUR_MS, "h", "小时"}, {MINUTE_MS, "min", "分钟"}, {SECOND_MS, "s", "秒"}};
    enum { UNITS = sizeof(units) / sizeof(units[0]) };
    size_t unit = 0;
    int64_t whole, part;

    if (ms < 0)
        ms = 0;
    while (unit + 1 < UNITS && ms < units[unit].ms)
        unit++;
    whole = ms / units[unit].ms;
    part = unit + 1 < UNITS ? ms % units[unit].ms / units[unit + 1].ms : 0;
    if (part > 0)
        snprintf(into, MOMENT_TEXT_MAX, "%" PRId64 " %s %" PRId64 " %s", whole,
                 chinese ? units[unit].chinese : units[unit].english, part,
                 chinese ? units[unit + 1].chinese : units[unit + 1].english);
    else
        snprintf(into, MOMENT_TEXT_MAX, "%" PRId64 " %s", whole,
                 chinese ? units[unit].chinese : units[unit].english);
    return into;
}
