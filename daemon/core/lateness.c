#include "lateness.h"

enum { HOUR_MIN = 60 };

struct lateness lateness_of(const struct calendar *calendar, instant due, instant at)
{
    struct lateness lateness = {0, at > due ? at - due : 0};
    int64_t working_ms = calendar_working_ms(calendar, due, at);
    lateness.working_min = working_ms / MINUTE_MS;
    if (working_ms > 0 && lateness.working_min == 0)
        lateness.working_min = 1;
    return lateness;
}

static void add_days(struct buffer *out, bool chinese, int64_t days)
{
    if (chinese)
        buffer_printf(out, "%lld个工作日", (long long)days);
    else
        buffer_printf(out, "%lld working day%s", (long long)days, days == 1 ? "" : "s");
}

/* `named`: that only working time was counted, which the reader would not guess. */
static void add_hours(struct buffer *out, bool chinese, int64_t minutes, bool named)
{
    int64_t hours = minutes / HOUR_MIN, rest = minutes % HOUR_MIN;
    if (named && chinese)
        buffer_add_text(out, "工作时间");
    if (hours > 0)
        buffer_printf(out, chinese ? "%lld小时" : "%lld h", (long long)hours);
    if (rest > 0)
        buffer_printf(out, chinese ? "%lld分钟" : hours > 0 ? " %lld min" : "%lld min", (long long)rest);
    if (named && !chinese)
        buffer_add_text(out, " of working time");
}

void lateness_add(struct buffer *out, bool chinese, const struct calendar *calendar, struct lateness lateness)
{
    int64_t day_min = calendar_usual_ms(calendar) / MINUTE_MS;
    if (lateness.working_min >= day_min)
        add_days(out, chinese, lateness.working_min / day_min);
    else if (lateness.working_min > 0)
        add_hours(out, chinese, lateness.working_min, lateness.elapsed_ms / MINUTE_MS > lateness.working_min);
}

void lateness_say(struct buffer *out, bool chinese, const struct calendar *calendar, struct lateness lateness,
                  bool is_done)
{
    if (lateness.working_min == 0) {
        if (is_done)
            buffer_add_text(out, chinese ? "下班后完成" : "done after working hours");
        else
            buffer_add_text(out, chinese ? "迟，之后尚无工作时间" : "late, no working time since");
        return;
    }
    buffer_add_text(out, chinese ? "迟 " : "late by ");
    lateness_add(out, chinese, calendar, lateness);
}
