#include "store/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WAIT_MAX_MS = 30 * 1000 }; /* a longer sleep would miss a step of Redis' clock */

static int64_t read_clock(clockid_t id)
{
    struct timespec now;
    (void)clock_gettime(id, &now); /* cannot fail for these two */
    return (int64_t)now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

struct monotonic clock_monotonic(void)
{
    return (struct monotonic){read_clock(CLOCK_BOOTTIME)};
}

instant clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}

static bool runs_fast(const struct clock *clock)
{
    return clock->speed.factor > 1;
}

void clock_init(struct clock *clock, struct speed speed)
{
    *clock = (struct clock){.speed = speed, .last = INSTANT_NONE};
}

/* A rehearsal takes its start once and then counts by itself: Redis TIME says nothing about it. */
void clock_sample(struct clock *clock, instant redis_time, struct monotonic taken)
{
    if (runs_fast(clock) && clock->sampled)
        return;
    clock->base = runs_fast(clock) ? clock->speed.at : redis_time;
    clock->taken = taken;
    if (!clock->sampled)
        clock->first = clock->base;
    clock->sampled = true;
}

/* What the last sample says, which may be before what was told already. */
static instant carried(const struct clock *clock)
{
    if (!clock->sampled)
        return runs_fast(clock) ? clock->speed.at : clock_wall();
    int64_t elapsed = clock_monotonic().ms - clock->taken.ms;
    return clock->base + (runs_fast(clock) ? elapsed * clock->speed.factor : elapsed);
}

enum clock_verdict clock_judge(const struct clock_facts *facts, int64_t *off_ms)
{
    *off_ms = facts->redis - facts->wall;
    if (*off_ms > CLOCK_DISAGREE_MS || *off_ms < -CLOCK_DISAGREE_MS)
        return CLOCK_BESIDE_WALL;
    *off_ms = facts->head == INSTANT_NONE ? 0 : facts->redis - facts->head;
    if (*off_ms < -CLOCK_DISAGREE_MS)
        return CLOCK_BEFORE_HEAD;
    *off_ms = facts->counted == INSTANT_NONE ? 0 : facts->redis - facts->counted;
    return *off_ms > CLOCK_DISAGREE_MS || *off_ms < -CLOCK_DISAGREE_MS ? CLOCK_JUMPED : CLOCK_AGREES;
}

/* An answer takes its way, so what is said is rounded: an hour is 3600 s and not 3599. */
void clock_describe(enum clock_verdict verdict, int64_t off_ms, char text[static CLOCK_TEXT_MAX])
{
    long long off_s = (llabs(off_ms) + SECOND_MS / 2) / SECOND_MS;
    text[0] = '\0';
    switch (verdict) {
    case CLOCK_BESIDE_WALL:
        (void)snprintf(text, CLOCK_TEXT_MAX, "Redis' clock is %lld s %s this machine's; set both right",
                       off_s, off_ms > 0 ? "ahead of" : "behind");
        break;
    case CLOCK_BEFORE_HEAD:
        (void)snprintf(
            text, CLOCK_TEXT_MAX,
            "Redis' clock is %lld s before the last commit; if it is right: cuibanctl clock accept", off_s);
        break;
    case CLOCK_JUMPED:
        (void)snprintf(
            text, CLOCK_TEXT_MAX,
            "both clocks jumped by %s%lld s; if they are right: cuibanctl clock accept, or a reload",
            off_ms < 0 ? "-" : "", off_s);
        break;
    case CLOCK_AGREES:
        break;
    }
}

void clock_not_before(struct clock *clock, instant told)
{
    if (told != INSTANT_NONE && (clock->last == INSTANT_NONE || told > clock->last))
        clock->last = told;
}

void clock_start_over(struct clock *clock, instant redis_time, struct monotonic taken)
{
    clock_init(clock, clock->speed);
    clock_sample(clock, redis_time, taken);
}

instant clock_now(struct clock *clock)
{
    instant now = carried(clock);
    if (clock->last == INSTANT_NONE || now > clock->last)
        clock->last = now;
    return clock->last;
}

int64_t clock_wait_ms(struct clock *clock, instant at)
{
    /* After a small step back clock_now stands still until the clock has caught up: what is waited for comes
     * when it has, and not at every look. */
    instant now = carried(clock);
    if (at <= now || at <= clock_now(clock))
        return 0;
    if (at - now > WAIT_MAX_MS * (runs_fast(clock) ? (int64_t)clock->speed.factor : 1))
        return WAIT_MAX_MS;
    int64_t wait = at - now;
    return runs_fast(clock) ? (wait + clock->speed.factor - 1) / clock->speed.factor : wait;
}
