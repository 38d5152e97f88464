/* state.h: what delivery consists of. Private to delivery.c and attempt.c. */
#ifndef CUIBAN_DELIVERY_STATE_H
#define CUIBAN_DELIVERY_STATE_H

#include "delivery/lane.h"
#include "delivery/message.h"
#include "delivery/transport.h"

struct owned_shard {
    void *shard;
    bool has_gap; /* memory was short when something was to be queued */
};

struct delivery {
    uv_loop_t *loop;
    struct delivery_ports ports;
    struct transport *transport;
    struct lane *lanes;
    size_t n_lanes;
    size_t first_lane;  /* whose turn it is: while one attempt is all there may be, they take turns */
    struct index items; /* (shard, id) -> struct item */
    struct index lane_names;
    struct owned_shard *shards;
    size_t n_shards;
    bool has_gap;             /* of any of them */
    struct attempt *attempts; /* all of them */
    size_t n_attempts;
    int64_t attempt_ms;
    int32_t speed;
    instant latest; /* that any shard's clock has shown */
    uint64_t random;
    uv_timer_t timer;    /* the next time that something may leave */
    uv_idle_t next_turn; /* something may leave already */
    uv_timer_t limit;    /* of closing */
    bool is_closing, is_cancelled, is_gone;
    int open; /* libuv handles, and the transport */
    void (*closed)(void *data);
    void *closed_data;
};

enum attempt_stage { ATTEMPT_CLAIMING, ATTEMPT_WAITING, ATTEMPT_RUNNING };

/* One request for one or several notifications, from before its claim to its verdict. */
struct attempt {
    struct delivery *delivery;
    struct lane *lane;
    void *shard;
    struct attempt *next, *previous; /* of delivery->attempts */
    struct attempt *after;           /* of lane->waiting */
    enum attempt_stage stage;
    bool is_dropped; /* its shard was lost: no verdict */
    bool has_reauthenticated, has_shrunk;
    bool is_pointless;            /* found when it was prepared: nothing is left to say */
    int32_t number;               /* 1 for the first */
    int32_t shrink_bytes;         /* 0: none */
    uint64_t ends_ms, started_ms; /* real, monotonic */
    struct plugin_request request;
    size_t n;
    char ids[][NOTIFICATION_ID_MAX];
};

/* -- delivery.c -- */

instant delivery_now(struct delivery *delivery, void *shard);
uint32_t delivery_random(struct delivery *delivery);
uint64_t delivery_real_ms(void);
void delivery_wake(struct delivery *delivery); /* looks what may leave in the loop's next turn */
/* Puts a notification that the engine has as queued into its channel's queue, to leave at `at` or when it
 * may, whichever is later. Everything else is taken out of the queues. */
void delivery_sync(struct delivery *delivery, void *shard, const char *id, instant at);
void delivery_forget(struct delivery *delivery, struct item *item); /* out of the queue, freed */
void delivery_log(struct delivery *delivery, int priority, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void closing_step(struct delivery *delivery); /* while closing: an attempt has ended */

/* -- attempt.c -- */

/* Begins an attempt with the item that is first in its lane, and those that may leave with it. False: out of
 * memory, all stay. */
bool attempt_begin(struct delivery *delivery, struct lane *lane, struct item *item, instant now);
/* Starts what is claimed as far as the lane's limit allows; gives back what cannot leave any more. */
void attempts_run(struct delivery *delivery, struct lane *lane);

#endif
