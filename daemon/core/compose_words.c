#include "compose.h"

#include "civil.h"

#include <string.h>

static bool is_chinese(const char *language)
{
    return !language || strncmp(language, "zh", 2) == 0;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static void add_date(struct buffer *out, bool chinese, int32_t day, bool with_year)
{
    static const char *const zh_days[] = {"周一", "周二", "周三", "周四", "周五", "周六", "周日"};
    static const char *const en_days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const en_months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct civil date = civil_of(day);
    int32_t weekday = civil_weekday(day) - 1;
    if (chinese && with_year)
        buffer_printf(out, "%d年", date.year);
    if (chinese)
        buffer_printf(out, "%d月%d日 %s", date.month, date.day, zh_days[weekday]);
    else
        buffer_printf(out, "%s %d %s", en_days[weekday], date.day, en_months[date.month - 1]);
    if (!chinese && with_year)
        buffer_printf(out, " %d", date.year);
}

/* "今天", "tomorrow"; NULL where a date is clearer. */
static const char *relative_day(bool chinese, int32_t days_ahead)
{
    static const char *const zh[] = {"昨天", "今天", "明天", "后天"};
    static const char *const en[] = {"yesterday", "today", "tomorrow"};
    if (days_ahead < -1 || days_ahead > (chinese ? 2 : 1))
        return NULL;
    return chinese ? zh[days_ahead + 1] : en[days_ahead + 1];
}

struct local {
    int32_t day;
    int32_t minute;
};

static struct local local_of(const struct zone *zone, instant at)
{
    int64_t ms = zone_local(zone, at);
    int64_t day = floor_div(ms, DAY_MS);
    return (struct local){(int32_t)day, (int32_t)((ms - day * DAY_MS) / MINUTE_MS)};
}

void compose_when(struct buffer *out, const char *language, const struct zone *zone, instant at, instant now)
{
    bool chinese = is_chinese(language);
    struct local then = local_of(zone, at), today = local_of(zone, now);
    const char *relative = relative_day(chinese, then.day - today.day);
    if (relative)
        buffer_add_text(out, relative);
    else
        add_date(out, chinese, then.day, civil_of(then.day).year != civil_of(today.day).year);
    buffer_printf(out, " %02d:%02d", then.minute / 60, then.minute % 60);
}

void compose_when_fully(struct buffer *out, const char *language, const struct zone *zone, instant at,
                        instant now)
{
    bool chinese = is_chinese(language);
    struct local then = local_of(zone, at), today = local_of(zone, now);
    const char *relative = relative_day(chinese, then.day - today.day);
    add_date(out, chinese, then.day, civil_of(then.day).year != civil_of(today.day).year);
    buffer_printf(out, " %02d:%02d", then.minute / 60, then.minute % 60);
    if (relative)
        buffer_printf(out, chinese ? "（%s）" : " (%s)", relative);
}
