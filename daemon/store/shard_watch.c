/* What a shard looks after beside its work: the machine's clock being set, dues that no calendar covers. */
#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include "store/shard_inside.h"

/* The clock counts on undisturbed; but timers do not run while a machine sleeps, and whether Redis and this
 * machine still agree is worth asking at once. */
static void shard_on_clock_set(void *data)
{
    struct shard *shard = data;
    shard_log(shard, LOG_NOTICE, "this machine's clock was set, or it slept: asking Redis for the time");
    shard->renew_due = (struct monotonic){0};
    if (shard->taken)
        shard_renew_lease(shard);
    shard_arm_wake(shard);
}

static void shard_on_watch_closed(uv_handle_t *handle)
{
    struct clock_watch *watch = handle->data;
    shard_let_go(watch->data);
}

void shard_watch_open(struct shard *shard)
{
    int error = clock_watch_open(&shard->watch, shard->loop, shard_on_clock_set, shard);
    if (error)
        shard_log(shard, LOG_WARNING, "changes of the clock are noticed only every few seconds: %s",
                  uv_strerror(error));
    else
        shard->alive++;
}

void shard_watch_close(struct shard *shard)
{
    if (shard->watch.descriptor >= 0)
        clock_watch_close(&shard->watch, shard_on_watch_closed);
}

/* Once a day, of the shard's time. */
void shard_watch_calendars(struct shard *shard)
{
    char first[INSTANT_TEXT_MAX];
    const struct calendar *calendar = ruleset_policy(shard->parts.rules)->calendar;
    if (shard->state != SHARD_OWNER || !calendar)
        return;
    int32_t today = calendar_day(calendar, clock_now(&shard->clock));
    if (shard->watched && shard->watched_day == today)
        return;
    shard->watched = true;
    shard->watched_day = today;
    struct engine_counts counts = engine_count(shard->engine);
    if (counts.warned == 0)
        return;
    shard_log(
        shard, LOG_WARNING,
        "%zu dues within 60 days, the first on %s, depend on days that no calendar covers yet: type the "
        "year's notice into the calendar, then reload",
        counts.warned, zone_format(calendar_zone(calendar), counts.first_provisional, first));
}
