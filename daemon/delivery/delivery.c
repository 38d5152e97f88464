#include "delivery.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "delivery/state.h"

enum {
    PUMP_ATTEMPTS_MAX = 512,         /* one channel, one turn of the loop */
    WAIT_MS_MAX = 30 * 1000,         /* the timer is never armed further ahead: the shard's clock may jump */
    WAIT_MEMORY_MS = 1000,           /* real time */
    CLOCK_DIFFERENCE_MS = 60 * 1000, /* shards on several servers may differ by as much */
    LOG_BYTES_MAX = 400,
};

/* -- clocks, chance, words -- */

/* Never goes back by a little, because the shards' clocks differ by a little. */
instant delivery_now(struct delivery *delivery, void *shard)
{
    instant now = delivery->ports.now(delivery->ports.data, shard);

    if (now < delivery->latest && delivery->latest - now < CLOCK_DIFFERENCE_MS)
        return delivery->latest;
    delivery->latest = now;
    return now;
}

uint64_t delivery_real_ms(void)
{
    return uv_hrtime() / 1000000;
}

/* xorshift64*: jitter needs no better. */
uint32_t delivery_random(struct delivery *delivery)
{
    uint64_t x = delivery->random;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    delivery->random = x;
    return (uint32_t)((x * UINT64_C(2685821657736338717)) >> 32);
}

void delivery_log(struct delivery *delivery, int priority, const char *format, ...)
{
    char text[LOG_BYTES_MAX];
    va_list arguments;

    if (delivery->ports.log == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    delivery->ports.log(delivery->ports.data, priority, text);
}

/* -- items: what the engine has as queued -- */

static uint64_t hash_item(const void *shard, const char *id)
{
    return hash_text(hash_bytes(0, &shard, sizeof(shard)), id);
}

static struct item *find_item(const struct delivery *delivery, const void *shard, const char *id)
{
    uint64_t hash = hash_item(shard, id);
    size_t cursor = 0;
    struct item *item;

    while ((item = index_find(&delivery->items, hash, &cursor)) != NULL)
        if (item->shard == shard && strcmp(item->id, id) == 0)
            return item;
    return NULL;
}

static struct lane *find_lane(const struct delivery *delivery, const char *name)
{
    size_t cursor = 0;
    struct lane *lane;

    while ((lane = index_find(&delivery->lane_names, hash_text(0, name), &cursor)) != NULL)
        if (strcmp(lane->facts.name, name) == 0)
            return lane;
    return NULL;
}

void delivery_forget(struct delivery *delivery, struct item *item)
{
    if (item == NULL)
        return;
    queue_remove(item);
    index_remove(&delivery->items, hash_item(item->shard, item->id), item);
    free(item);
}

static struct owned_shard *find_shard(struct delivery *delivery, const void *shard)
{
    for (size_t i = 0; i < delivery->n_shards; i++)
        if (delivery->shards[i].shard == shard)
            return &delivery->shards[i];
    return NULL;
}

/* Memory is short: the shard's outbox is looked through again later, so that nothing stays behind. */
static void remember_gap(struct delivery *delivery, const void *shard)
{
    struct owned_shard *owned = find_shard(delivery, shard);

    if (owned != NULL)
        owned->has_gap = true;
    delivery->has_gap = true;
}

static void add_item(struct delivery *delivery, struct lane *lane, void *shard,
                     const struct notification *notification, instant at)
{
    struct item *item = calloc(1, sizeof(*item));
    uint64_t hash = hash_item(shard, notification->id);

    if (item == NULL) {
        remember_gap(delivery, shard);
        return;
    }
    item->shard = shard;
    item->urgent = notification->urgent;
    memcpy(item->id, notification->id, sizeof(item->id));
    item->group = lane->facts.reach != REACH_GROUP
                      ? hash
                      : hash_text(hash_text(hash_bytes(1, &shard, sizeof(shard)), notification->deadline_id),
                                  notification->step);
    if (!index_add(&delivery->items, hash, item)) {
        free(item);
        remember_gap(delivery, shard);
        return;
    }
    if (!queue_add(&lane->queue, item, at)) {
        delivery_forget(delivery, item);
        remember_gap(delivery, shard);
    }
}

/* The daemon died twice while nothing but this was under way: until it is tried for the last time, its
 * channel rests. What waits for the channel waits on. */
static void cut_out(struct delivery *delivery, void *shard, const struct notification *notification)
{
    struct lane *lane = find_lane(delivery, notification->channel);
    bool is_queued = notification->state == NOTIFICATION_QUEUED;
    instant until = is_queued ? notification->not_before : notification->ends;
    char reason[NOTIFICATION_REASON_MAX];

    if (lane == NULL || notification->deaths < NOTIFICATION_DEATHS_CUT || notification->alone ||
        notification->state == NOTIFICATION_HELD || until <= delivery_now(delivery, shard))
        return;
    snprintf(reason, sizeof(reason),
             "the daemon died %d times in a row while the plugin \"%.40s\" worked on notification %s alone: "
             "the channel is cut out for a while",
             (int)notification->deaths, lane->facts.plugin, notification->id);
    if (lane_cut_out(lane, until, reason))
        delivery_log(delivery, LOG_ALERT, "channel=%s: %s", lane->facts.name, reason);
}

void delivery_sync(struct delivery *delivery, void *shard, const char *id, instant at)
{
    const struct delivery_ports *ports = &delivery->ports;
    const struct engine *engine = ports->engine(ports->data, shard);
    const struct notification *notification = engine == NULL ? NULL : engine_notification(engine, id);
    struct item *item = find_item(delivery, shard, id);
    struct lane *lane;
    char reason[NOTIFICATION_REASON_MAX];

    if (notification != NULL)
        cut_out(delivery, shard, notification);
    if (notification == NULL || notification->state != NOTIFICATION_QUEUED) {
        delivery_forget(delivery, item);
        return;
    }
    at = at > notification->not_before ? at : notification->not_before;
    if (at >= notification->expires || delivery_now(delivery, shard) >= notification->expires) {
        delivery_forget(delivery, item); /* the engine ends it, or gives it more time and says so */
        return;
    }
    lane = find_lane(delivery, notification->channel);
    if (item != NULL && lane != NULL && item->queue == &lane->queue && item->urgent == notification->urgent &&
        queue_time(item) == at)
        return;
    delivery_forget(delivery, item);
    if (lane == NULL) {
        snprintf(reason, sizeof(reason), "there is no channel \"%.100s\"", notification->channel);
        delivery_log(delivery, LOG_ERR, "notification=%s: %s", id, reason);
        ports->refuse(ports->data, shard, id, reason);
        return;
    }
    add_item(delivery, lane, shard, notification, at);
}

/* -- the pump: everything that may leave now begins its way -- */

/* When the lane has work again, in its shard's time; `*now` is the time there. */
static instant lane_next(struct delivery *delivery, struct lane *lane, instant *now)
{
    const struct item *item = queue_peek(&lane->queue);
    instant due, free_at;

    if (item == NULL)
        return INSTANT_NEVER;
    *now = delivery_now(delivery, item->shard);
    due = queue_next(&lane->queue);
    free_at = lane_free_at(lane, *now);
    return due > free_at ? due : free_at;
}

/* After a death with attempts under way there is one at a time, whatever the channel. */
static bool may_begin(struct delivery *delivery)
{
    for (size_t i = 0; i < delivery->n_shards && delivery->n_attempts > 0; i++) {
        void *shard = delivery->shards[i].shard;
        const struct engine *engine = delivery->ports.engine(delivery->ports.data, shard);

        if (engine != NULL && engine_is_watching(engine, delivery_now(delivery, shard)))
            return false;
    }
    return true;
}

/* Real milliseconds until the lane has work again. */
static uint64_t lane_pump(struct delivery *delivery, struct lane *lane)
{
    instant now = 0, next = INSTANT_NEVER;

    for (int i = 0; i < PUMP_ATTEMPTS_MAX; i++) {
        struct item *item;

        next = lane_next(delivery, lane, &now);
        if (next > now || next == INSTANT_NEVER)
            break;
        if (!may_begin(delivery))
            return WAIT_MS_MAX; /* the end of the one under way wakes us */
        item = queue_first(&lane->queue, now);
        if (item == NULL)
            break;
        if (!attempt_begin(delivery, lane, item, now))
            return WAIT_MEMORY_MS;
        delivery->first_lane = (size_t)(lane - delivery->lanes) + 1;
    }
    if (next == INSTANT_NEVER)
        return WAIT_MS_MAX;
    if (next <= now)
        return 0;
    next = (next - now) / delivery->speed;
    return next < 1 ? 1 : next > WAIT_MS_MAX ? WAIT_MS_MAX : (uint64_t)next;
}

/* Everything that the engine has as queued; what is in its queue already stays there. */
static void queue_all(struct delivery *delivery, void *shard)
{
    const struct engine *engine = delivery->ports.engine(delivery->ports.data, shard);
    const struct notification *notification;
    size_t cursor = 0;

    if (find_shard(delivery, shard) == NULL) {
        struct owned_shard *longer =
            realloc(delivery->shards, (delivery->n_shards + 1) * sizeof(*delivery->shards));

        if (longer != NULL) {
            delivery->shards = longer;
            delivery->shards[delivery->n_shards++] = (struct owned_shard){.shard = shard};
        }
    }
    while (engine != NULL && (notification = engine_next_notification(engine, &cursor)) != NULL)
        if (notification->state == NOTIFICATION_QUEUED || notification->deaths > 0)
            delivery_sync(delivery, shard, notification->id, INSTANT_NONE);
}

static void mend_gaps(struct delivery *delivery)
{
    delivery->has_gap = false;
    for (size_t i = 0; i < delivery->n_shards; i++)
        if (delivery->shards[i].has_gap) {
            delivery->shards[i].has_gap = false;
            queue_all(delivery, delivery->shards[i].shard);
        }
}

static void delivery_on_timer(uv_timer_t *timer);

/* Every lane as far as it goes, then again when one of them has work: at once means in the next turn. */
static void pump(struct delivery *delivery)
{
    uint64_t wait_ms = WAIT_MS_MAX;

    if (delivery->has_gap)
        mend_gaps(delivery);
    for (size_t i = 0, first = delivery->first_lane; i < delivery->n_lanes; i++) {
        uint64_t lane_ms = lane_pump(delivery, &delivery->lanes[(first + i) % delivery->n_lanes]);

        wait_ms = lane_ms < wait_ms ? lane_ms : wait_ms;
    }
    if (delivery->has_gap && wait_ms > WAIT_MEMORY_MS)
        wait_ms = WAIT_MEMORY_MS;
    if (wait_ms == 0)
        delivery_wake(delivery);
    else
        uv_timer_start(&delivery->timer, delivery_on_timer, wait_ms, 0);
}

static void delivery_on_timer(uv_timer_t *timer)
{
    pump(timer->data);
}

static void delivery_on_turn(uv_idle_t *idle)
{
    struct delivery *delivery = idle->data;

    uv_idle_stop(idle);
    if (!delivery->is_closing)
        pump(delivery);
}

/* Not by a timer of 0 ms: set in a timer's callback it runs in the same pass of the loop, before anything is
 * read, and again if it is set in its own. */
void delivery_wake(struct delivery *delivery)
{
    if (!delivery->is_closing)
        uv_idle_start(&delivery->next_turn, delivery_on_turn);
}

/* -- shards -- */

void delivery_add(struct delivery *delivery, void *shard)
{
    if (delivery->is_closing)
        return;
    queue_all(delivery, shard);
    delivery_wake(delivery);
}

void delivery_drop(struct delivery *delivery, void *shard)
{
    struct owned_shard *owned = find_shard(delivery, shard);
    size_t cursor = 0, n = 0, room = delivery->items.n;
    struct item **lost = room == 0 ? NULL : malloc(room * sizeof(struct item *));
    struct item *item;

    /* Without memory they stay, and are found to have no engine when their turn comes. */
    while (lost != NULL && (item = index_next(&delivery->items, &cursor)) != NULL)
        if (item->shard == shard)
            lost[n++] = item;
    for (size_t i = 0; i < n; i++)
        delivery_forget(delivery, lost[i]);
    free(lost);
    for (struct attempt *attempt = delivery->attempts; attempt != NULL; attempt = attempt->next)
        attempt->is_dropped = attempt->is_dropped || attempt->shard == shard;
    if (owned != NULL)
        *owned = delivery->shards[--delivery->n_shards];
}

void delivery_news(struct delivery *delivery, void *shard, const struct buffer *queued,
                   const struct buffer *withdrawn)
{
    const struct buffer *lists[] = {queued, withdrawn};

    if (delivery->is_closing)
        return;
    /* The engine knows what holds now; an id may be in both lists. */
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        const char *id = lists[i] == NULL ? "" : buffer_text(lists[i]);
        const char *end = lists[i] == NULL ? id : id + lists[i]->n;

        for (; id < end; id += strlen(id) + 1)
            delivery_sync(delivery, shard, id, INSTANT_NONE);
    }
    delivery_wake(delivery);
}

size_t delivery_status(const struct delivery *delivery, struct channel_status *out, size_t max)
{
    size_t n = delivery->n_lanes < max ? delivery->n_lanes : max;

    for (size_t i = 0; i < n; i++) {
        const struct lane *lane = &delivery->lanes[i];

        out[i] = (struct channel_status){
            .name = lane->facts.name,
            .queued = lane->queue.n,
            .running = lane->claiming + lane->n_waiting + lane->running,
            .delivered = lane->delivered,
            .retried = lane->retried,
            .refused = lane->refused,
            .uncertain = lane->uncertain,
            .is_misconfigured = lane->is_misfit,
            .blocked_until = INSTANT_NONE,
        };
        if (lane_is_blocked(lane, delivery->latest))
            out[i].blocked_until = lane->blocked_until;
        snprintf(out[i].problem, sizeof(out[i].problem), "%s", lane->problem);
    }
    return n;
}

/* -- create and close -- */

static void release(struct delivery *delivery)
{
    size_t cursor = 0;
    struct item *item;

    while ((item = index_next(&delivery->items, &cursor)) != NULL) {
        item->queue = NULL;
        free(item);
    }
    for (size_t i = 0; i < delivery->n_lanes; i++)
        lane_finish(&delivery->lanes[i]);
    delivery->n_lanes = 0;
    index_finish(&delivery->items);
    index_finish(&delivery->lane_names);
    free(delivery->lanes);
    free(delivery->shards);
    delivery->lanes = NULL;
    delivery->shards = NULL;
}

static bool create_lanes(struct delivery *delivery, const struct delivery_options *options)
{
    delivery->lanes = calloc(options->n_channels + 1, sizeof(*delivery->lanes));
    if (delivery->lanes == NULL)
        return false;
    for (size_t i = 0; i < options->n_channels; i++) {
        struct lane *lane = &delivery->lanes[i];

        lane_init(lane, options->channels[i], options->retry_base_ms, options->retry_cap_ms);
        delivery->n_lanes++;
        if (!index_add(&delivery->lane_names, hash_text(0, lane->facts.name), lane))
            return false;
    }
    return true;
}

struct delivery *delivery_create(const struct delivery_options *options, const struct delivery_ports *ports)
{
    struct delivery *delivery = calloc(1, sizeof(*delivery));
    size_t concurrency = 0;

    if (delivery == NULL)
        return NULL;
    delivery->loop = options->loop;
    delivery->ports = *ports;
    delivery->attempt_ms = options->attempt_ms > 0 ? options->attempt_ms : TRANSPORT_LIMIT_MS_DEFAULT;
    delivery->speed = options->speed > 1 ? options->speed : 1;
    delivery->random = uv_hrtime() | 1;
    delivery->latest = INSTANT_NONE;
    index_init(&delivery->items);
    index_init(&delivery->lane_names);
    for (size_t i = 0; i < options->n_channels; i++)
        concurrency += (size_t)plugin_channel_concurrency(options->channels[i]);
    if (create_lanes(delivery, options))
        delivery->transport = transport_create(options->loop, concurrency);
    if (delivery->transport == NULL) {
        release(delivery);
        free(delivery);
        return NULL;
    }
    uv_timer_init(options->loop, &delivery->timer);
    uv_timer_init(options->loop, &delivery->limit);
    uv_idle_init(options->loop, &delivery->next_turn);
    delivery->timer.data = delivery->limit.data = delivery->next_turn.data = delivery;
    delivery->open = 4;
    return delivery;
}

/* The last one out: claims that the store still works on keep the memory, nothing else. */
static void closing_on_closed(struct delivery *delivery)
{
    void (*closed)(void *);
    void *data;
    bool is_last;

    if (--delivery->open > 0)
        return;
    release(delivery);
    delivery->is_gone = true;
    is_last = delivery->n_attempts == 0;
    closed = delivery->closed;
    data = delivery->closed_data;
    if (is_last)
        free(delivery);
    closed(data);
}

static void closing_on_handle_closed(uv_handle_t *handle)
{
    closing_on_closed(handle->data);
}

static void closing_on_transport_closed(void *data)
{
    closing_on_closed(data);
}

/* In a turn of its own: attempts end inside the transport's callbacks, where it cannot be closed. */
static void closing_on_turn(uv_timer_t *timer)
{
    struct delivery *delivery = timer->data;
    size_t claiming = 0;

    for (size_t i = 0; i < delivery->n_lanes; i++)
        claiming += delivery->lanes[i].claiming;
    if (delivery->n_attempts > (delivery->is_cancelled ? claiming : 0))
        return;
    delivery->is_cancelled = true;
    uv_close((uv_handle_t *)&delivery->timer, closing_on_handle_closed);
    uv_close((uv_handle_t *)&delivery->limit, closing_on_handle_closed);
    uv_close((uv_handle_t *)&delivery->next_turn, closing_on_handle_closed);
    transport_close(delivery->transport, closing_on_transport_closed, delivery);
}

void closing_step(struct delivery *delivery)
{
    if (delivery->is_gone) {
        if (delivery->n_attempts == 0)
            free(delivery);
        return;
    }
    if (!uv_is_closing((uv_handle_t *)&delivery->timer))
        uv_timer_start(&delivery->timer, closing_on_turn, 0, 0);
}

static void closing_on_limit(uv_timer_t *timer)
{
    struct delivery *delivery = timer->data;

    delivery->is_cancelled = true;
    transport_cancel_all(delivery->transport);
    closing_step(delivery);
}

void delivery_close(struct delivery *delivery, int64_t limit_ms, void (*done)(void *data), void *data)
{
    delivery->is_closing = true;
    delivery->closed = done;
    delivery->closed_data = data;
    for (size_t i = 0; i < delivery->n_lanes; i++)
        attempts_run(delivery, &delivery->lanes[i]);
    uv_timer_start(&delivery->limit, closing_on_limit, limit_ms > 0 ? (uint64_t)limit_ms : 0, 0);
    closing_step(delivery);
}
