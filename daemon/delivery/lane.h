/* lane.h: how much one channel may do now: its rate, its requests at once, and the times at which it is cut
 * out. Pure; time is the shard's and a parameter. */
#ifndef CUIBAN_DELIVERY_LANE_H
#define CUIBAN_DELIVERY_LANE_H

#include "core/bucket.h"
#include "delivery/delivery.h"
#include "delivery/queue.h"

enum {
    LANE_FAILURES_MAX = 5,      /* requests in a row without any answer, then the channel is cut out */
    LANE_AHEAD_MS = 1000,       /* as many attempts are claimed ahead as should end within this time ... */
    LANE_AHEAD_FACTOR_MAX = 64, /* ... but no more than this many times the requests at once */
};

struct attempt;

struct lane {
    const struct plugin_channel *channel;
    struct channel_facts facts;
    struct queue queue;
    int64_t base_ms, cap_ms; /* of waits without a wish of the other side */

    struct bucket bucket;
    bool is_started;
    int32_t spare; /* permits taken for attempts that never left */

    size_t concurrency;
    size_t claiming, running;               /* attempts whose claim is asked for; requests on their way */
    struct attempt *waiting, *waiting_last; /* claimed, and waiting for one of the running to end */
    size_t n_waiting;
    int64_t took_ms; /* a request's usual length in real time; -1: not known yet */

    instant blocked_until;                /* INSTANT_NONE */
    uint32_t backoffs, failures, misfits; /* in a row */
    bool is_misfit;                       /* the last that it said of itself: misconfigured */
    uint64_t delivered, retried, refused, uncertain;
    char problem[NOTIFICATION_REASON_MAX];
};

void lane_init(struct lane *lane, const struct plugin_channel *channel, int64_t base_ms, int64_t cap_ms);
void lane_finish(struct lane *lane);

/* From when on another attempt may be begun, as far as the limits go: now, a later instant, or INSTANT_NEVER:
 * when one of those under way has ended. */
instant lane_free_at(struct lane *lane, instant now);
bool lane_take(struct lane *lane, instant now); /* one permit of the rate */
void lane_give_back(struct lane *lane);         /* it was not used */
/* Nothing leaves before `until`, because of what the text says. False: it was to wait that long anyway. */
bool lane_cut_out(struct lane *lane, instant until, const char *problem);
bool lane_is_blocked(const struct lane *lane, instant now);

/* What an attempt of `n` notifications taught about the channel; `answered`: the other side said something
 * that shows it alive. Sets verdict->delay_ms where the other side asked for none. `random`: any 32 bits. */
struct lane_lesson {
    struct verdict *verdict;
    size_t n;
    int32_t attempt; /* which one it was for these notifications; 1: the first */
    bool answered;
};
void lane_learn(struct lane *lane, const struct lane_lesson *lesson, instant now, uint32_t random);
void lane_took(struct lane *lane, int64_t real_ms);

#endif
