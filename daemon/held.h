/* held.h: for how long one round of callbacks has held the loop: what everybody else had to wait. */
#ifndef CUIBAN_HELD_H
#define CUIBAN_HELD_H

#include <uv.h>

struct held {
    uv_prepare_t prepare;
    uint64_t at_ns, idle_ns;     /* when the last round began to wait, and what had been waited until then */
    uint64_t cpu_ns;             /* processor time of this thread until then */
    uint64_t max_ns, max_cpu_ns; /* since held_reset */
    uint64_t now_ns, minute_ns;  /* the longest of this minute and of the one before */
    uint64_t minute;
};

/* Before anything else of the loop runs; the loop's option UV_METRICS_IDLE_TIME is set here. */
void held_open(struct held *held, uv_loop_t *loop);
void held_close(struct held *held);

/* Begins anew, and with it the round: called from a signal's callback it also forgets the wait that the
 * signal ended, which libuv 1.44 does not count as one. */
void held_reset(struct held *held);
int64_t held_max_ms(const struct held *held); /* since then */
int64_t
held_max_cpu_ms(const struct held *held); /* the same in processor time of ours: on a busy machine less */
int64_t held_recent_ms(const struct held *held); /* of the last one to two minutes */

#endif
