/* delivery.h: from the outbox to the channels: which notification leaves next, when, and what became of it.
 *
 * For every channel a queue ordered by time, a token bucket, a concurrency limit and a time until which it is
 * blocked. Before a request leaves it is claimed through the ports; after it ended its verdict goes back
 * through them. Delivery never touches durable state itself. Runs on the loop of its creator.
 *
 * Notifications of one deadline and step that go to one group channel leave as one message under one claim.
 * Some attempts are claimed ahead of the requests that run, so that the store can put many claims into one
 * commit; a claimed attempt that cannot leave any more (the channel must wait, the daemon stops) goes back as
 * VERDICT_BACKOFF, which counts as no try. A channel whose requests get no answer five times in a row is cut
 * out for a while and then tried with a single one. The process must ignore SIGPIPE. */
#ifndef CUIBAN_DELIVERY_DELIVERY_H
#define CUIBAN_DELIVERY_DELIVERY_H

#include <uv.h>

#include "core/engine.h"
#include "delivery/plugin_host.h"

struct delivery;

/* What delivery needs from whoever owns the shards; main wires it to store/shard.h. `shard` is the key that
 * was given to delivery_add. None of them is called from inside a delivery_* function except delivery_close
 * (verdicts of what it gives back) and delivery_add and delivery_news (engine, now; refuse for a channel that
 * is not configured). */
struct delivery_ports {
    void *data;
    const struct engine *(*engine)(void *data, void *shard); /* NULL while it is not owned */
    instant (*now)(void *data, void *shard);
    /* `done` must be called once for every claim, from the loop or from inside the call. */
    void (*claim)(void *data, void *shard, const char *const *ids, size_t n, int64_t limit_ms,
                  void (*done)(void *context, const char *const *ids, size_t n), void *context);
    void (*verdict)(void *data, void *shard, const char *const *ids, size_t n, const struct verdict *verdict);
    void (*refuse)(void *data, void *shard, const char *id, const char *reason);
    void (*log)(void *data, int priority, const char *text);
};

struct delivery_options {
    uv_loop_t *loop;
    const struct plugin_channel *const *channels; /* opened by the plugin host; outlive delivery */
    size_t n_channels;
    int64_t attempt_ms;
    int64_t retry_base_ms, retry_cap_ms;
    int32_t speed; /* of a rehearsal clock: waits in shard time are this many times shorter; 1 otherwise */
};

struct delivery *delivery_create(const struct delivery_options *options,
                                 const struct delivery_ports *ports); /* NULL: OOM */
/* Lets running requests end within `limit_ms`, gives their verdicts, then calls `done`; the delivery is gone
 * after it. Requests cut off by the limit end as uncertain if they had been sent. A claim that the store
 * answers only after `done` is still answered with a verdict: the ports must work until the shards are
 * closed. */
void delivery_close(struct delivery *delivery, int64_t limit_ms, void (*done)(void *data), void *data);

/* The shard is owned now: everything in its outbox may leave. */
void delivery_add(struct delivery *delivery, void *shard);
/* It is lost: forget what is queued for it (attempts already on their way end without a verdict; what is
 * claimed but has not left stays here). */
void delivery_drop(struct delivery *delivery, void *shard);
/* Committed news of a shard: notification ids, each NUL-terminated. */
void delivery_news(struct delivery *delivery, void *shard, const struct buffer *queued,
                   const struct buffer *withdrawn);

struct channel_status {
    const char *name;
    size_t queued, running;                          /* waiting here; claimed or on their way */
    uint64_t delivered, retried, refused, uncertain; /* notifications */
    bool is_misconfigured; /* it refuses everything until somebody mends it; false after a delivery */
    instant blocked_until; /* INSTANT_NONE if it is not blocked */
    char problem[200];     /* the last failure's reason, "" after a delivery */
};
size_t delivery_status(const struct delivery *delivery, struct channel_status *out, size_t max);

#endif
