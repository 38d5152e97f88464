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

static void add_days(struct buffer *out, bool chinese, int32_t days)
{
    if (chinese)
        buffer_printf(out, "%d个工作日", days);
    else
        buffer_printf(out, "%d working day%s", days, days == 1 ? "" : "s");
}

/* `working`: only working time was counted, which the reader would not guess. */
static void add_duration(struct buffer *out, bool chinese, int64_t ms, bool working)
{
    int64_t hours = ms / HOUR_MS, minutes = ms % HOUR_MS / MINUTE_MS;
    if (!hours && !minutes) {
        buffer_add_text(out, chinese ? "不到1分钟" : "less than a minute");
        return;
    }
    if (working && chinese)
        buffer_add_text(out, "工作时间");
    if (hours)
        buffer_printf(out, chinese ? "%lld小时" : "%lld h", (long long)hours);
    if (minutes)
        buffer_printf(out, chinese ? "%lld分钟" : hours ? " %lld min" : "%lld min", (long long)minutes);
    if (working && !chinese)
        buffer_add_text(out, " of working time");
}

/* Whole working days that have passed: the day on which the time of day of `due` has not come yet is not
 * whole. */
static int32_t whole_working_days(const struct calendar *calendar, instant due, instant now)
{
    struct local from = local_of(calendar_zone(calendar), due), to = local_of(calendar_zone(calendar), now);
    int32_t days = calendar_count_working_days(calendar, from.day, to.day);
    if (to.minute < from.minute && calendar_is_working(calendar, to.day))
        days--;
    return days;
}

void compose_lateness(struct buffer *out, const char *language, const struct calendar *calendar, instant due,
                      instant now)
{
    bool chinese = is_chinese(language);
    if (now <= due)
        return;
    int32_t days = whole_working_days(calendar, due, now);
    if (days > 0) {
        add_days(out, chinese, days);
        return;
    }
    /* In the evening or at a weekend no working minute has passed yet, and it is late all the same. */
    int64_t working_ms = calendar_working_ms(calendar, due, now);
    bool counts = working_ms >= MINUTE_MS;
    add_duration(out, chinese, counts ? working_ms : now - due, counts && working_ms < now - due);
}
