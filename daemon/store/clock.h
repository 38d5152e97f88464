/* clock.h: the shard's time: Redis TIME sampled now and then, carried on by the monotonic clock; or, in a
 * rehearsal, a clock that runs N times faster from a given instant. */
#ifndef CUIBAN_STORE_CLOCK_H
#define CUIBAN_STORE_CLOCK_H

#include "core/instant.h"

struct speed {
    int32_t factor; /* 0 or 1: real time */
    instant at;     /* what the clock shows at its first sample */
};

struct clock {
    struct speed speed;
    bool sampled;
    instant base;           /* wall time of the sample */
    struct monotonic taken; /* when it was taken */
    instant first;          /* wall time of the first sample */
    instant last;           /* the latest instant ever told: the clock never goes back */
};

struct monotonic clock_monotonic(void); /* CLOCK_BOOTTIME */
instant clock_wall(void);               /* this machine's wall clock, for comparison only */

void clock_init(struct clock *clock, struct speed speed);
/* Takes a sample of Redis TIME; `asked` is when the question left. */
void clock_sample(struct clock *clock, instant redis_time, struct monotonic asked);
instant clock_now(struct clock *clock);
/* How long to wait, in real milliseconds, until the clock shows `at` (0 if it does already; at most 30 s). */
int64_t clock_wait_ms(struct clock *clock, instant at);

#endif
