/* clock.h: the shard's time: Redis TIME sampled now and then, carried on by the monotonic clock; or, in a
 * rehearsal, a clock that runs N times faster from a given instant. */
#ifndef CUIBAN_STORE_CLOCK_H
#define CUIBAN_STORE_CLOCK_H

#include "core/instant.h"

/* A sample whose question and answer lie further apart says too little: a machine that slept in between. */
enum { CLOCK_SAMPLE_MS_MAX = 5000, CLOCK_DISAGREE_MS = 60 * 1000 };

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
/* Takes a sample of Redis TIME. `taken` is when it was true at the latest, the arrival of the answer: the
 * clock is then behind Redis' by the answer's way, never ahead of it, so that nothing fires early. */
void clock_sample(struct clock *clock, instant redis_time, struct monotonic taken);
instant clock_now(struct clock *clock);
/* What a sample says of the clocks: of Redis, of this machine, of the last commit, and what was counted since
 * the last sample. They must agree to CLOCK_DISAGREE_MS, or something is set wrong and everything would fire
 * at once or not at all. */
struct clock_facts {
    instant redis, wall;
    instant head;    /* of the last commit; INSTANT_NONE */
    instant counted; /* carried on from the last sample; INSTANT_NONE before the first */
};
enum clock_verdict {
    CLOCK_AGREES,
    CLOCK_BESIDE_WALL, /* Redis and this machine differ */
    CLOCK_BEFORE_HEAD, /* Redis is behind the last commit */
    CLOCK_JUMPED,      /* Redis and this machine have both been set */
};
/* *off_ms: by how much; what Redis is ahead, negative where it is behind. */
enum clock_verdict clock_judge(const struct clock_facts *facts, int64_t *off_ms);

/* What to do about it, in words; "" for CLOCK_AGREES. */
enum { CLOCK_TEXT_MAX = 160 };
void clock_describe(enum clock_verdict verdict, int64_t off_ms, char text[static CLOCK_TEXT_MAX]);

/* The clock never tells what lies before that: what others have told by it. */
void clock_not_before(struct clock *clock, instant told);
/* Somebody has said that Redis is right: it may go back, too. */
void clock_start_over(struct clock *clock, instant redis_time, struct monotonic taken);

/* How long to wait, in real milliseconds, until the clock shows `at` (0 if it does already; at most 30 s). */
int64_t clock_wait_ms(struct clock *clock, instant at);

#endif
