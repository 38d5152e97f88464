#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "delivery/evidence.h"
#include "delivery/state.h"

enum {
    CLAIM_AGAIN_MS = 1000, /* a claim came back empty although the notification still waits */
    STATUS_TRANSPORT_CANCELLED = 42,
};

static const char nothing_left[] = "nothing left to say"; /* its deadline has closed meanwhile */

/* -- memory -- */

static struct attempt *attempt_create(struct delivery *delivery, struct lane *lane, void *shard, size_t n)
{
    struct attempt *attempt = calloc(1, sizeof(*attempt) + n * sizeof(attempt->ids[0]));

    if (attempt == NULL)
        return NULL;
    attempt->delivery = delivery;
    attempt->lane = lane;
    attempt->shard = shard;
    attempt->n = n;
    attempt->next = delivery->attempts;
    if (delivery->attempts != NULL)
        delivery->attempts->previous = attempt;
    delivery->attempts = attempt;
    delivery->n_attempts++;
    return attempt;
}

static void attempt_destroy(struct attempt *attempt)
{
    struct delivery *delivery = attempt->delivery;

    plugin_request_finish(&attempt->request);
    if (attempt->previous != NULL)
        attempt->previous->next = attempt->next;
    else
        delivery->attempts = attempt->next;
    if (attempt->next != NULL)
        attempt->next->previous = attempt->previous;
    free(attempt);
    delivery->n_attempts--;
    if (delivery->is_closing)
        closing_step(delivery);
    else
        delivery_wake(delivery);
}

static void id_pointers(const struct attempt *attempt, const char **out)
{
    for (size_t i = 0; i < attempt->n; i++)
        out[i] = attempt->ids[i];
}

/* -- the end: a verdict, told and remembered -- */

static void attempt_give_verdict(struct attempt *attempt, const struct verdict *verdict)
{
    const char *ids[MESSAGE_NOTIFICATIONS_MAX];
    const struct delivery_ports *ports = &attempt->delivery->ports;

    id_pointers(attempt, ids);
    if (!attempt->is_dropped)
        ports->verdict(ports->data, attempt->shard, ids, attempt->n, verdict);
}

/* It was claimed, but nothing has left: the claim goes back without counting as a try, and the channel has
 * learnt nothing. */
static void attempt_give_back(struct attempt *attempt, int64_t delay_ms, const char *reason)
{
    struct verdict verdict = {.kind = VERDICT_BACKOFF, .delay_ms = delay_ms};

    snprintf(verdict.reason, sizeof(verdict.reason), "%s", reason);
    attempt_give_verdict(attempt, &verdict);
    if (!attempt->delivery->is_gone)
        lane_give_back(attempt->lane);
    attempt_destroy(attempt);
}

static void attempt_log(const struct attempt *attempt, const struct verdict *verdict)
{
    struct delivery *delivery = attempt->delivery;
    int priority = verdict->kind == VERDICT_DELIVERED ? LOG_DEBUG : LOG_WARNING;
    char more[40] = "";

    if (attempt->n > 1)
        snprintf(more, sizeof(more), " (and %zu more)", attempt->n - 1);
    if (verdict->kind == VERDICT_DELIVERED)
        delivery_log(delivery, priority, "channel=%s notification=%s%s attempt=%d: delivered",
                     attempt->lane->facts.name, attempt->ids[0], more, attempt->number);
    else
        delivery_log(delivery, priority, "channel=%s notification=%s%s attempt=%d: %s: %s",
                     attempt->lane->facts.name, attempt->ids[0], more, attempt->number,
                     verdict_name(verdict->kind), verdict->reason);
}

static void attempt_end(struct attempt *attempt, struct verdict *verdict, bool answered)
{
    struct delivery *delivery = attempt->delivery;
    struct lane_lesson lesson = {verdict, attempt->n, attempt->number, answered};

    lane_learn(attempt->lane, &lesson, delivery_now(delivery, attempt->shard), delivery_random(delivery));
    attempt_log(attempt, verdict);
    attempt_give_verdict(attempt, verdict);
    attempt_destroy(attempt);
}

/* -- the request -- */

/* Those notifications of an attempt of which there is still something to say; returns how many. */
static size_t attempt_look_up(const struct attempt *attempt, const struct engine **engine,
                              const struct notification **out)
{
    const struct delivery_ports *ports = &attempt->delivery->ports;
    size_t n = 0;

    *engine = attempt->is_dropped ? NULL : ports->engine(ports->data, attempt->shard);
    for (size_t i = 0; *engine != NULL && i < attempt->n; i++) {
        out[n] = engine_notification(*engine, attempt->ids[i]);
        n += out[n] != NULL && !notification_is_pointless(out[n]);
    }
    return n;
}

/* Not 0: no request can be made, and `verdict` says why. */
static int attempt_prepare(struct attempt *attempt, int32_t extra, struct verdict *verdict)
{
    const struct notification *notifications[MESSAGE_NOTIFICATIONS_MAX];
    struct message_order order = {
        .channel = attempt->lane->channel,
        .notifications = notifications,
        .attempt = attempt->number + extra,
        .body_bytes_max = attempt->shrink_bytes,
    };

    plugin_request_finish(&attempt->request);
    order.n = attempt_look_up(attempt, &order.engine, notifications);
    attempt->is_pointless = order.n == 0;
    if (attempt->is_pointless)
        return -1;
    order.now = delivery_now(attempt->delivery, attempt->shard);
    return message_prepare(&order, &attempt->request, verdict);
}

static bool is_answered(const struct attempt *attempt, const struct cuiban_response *response)
{
    switch (attempt->request.request.kind) {
    case CUIBAN_REQUEST_HTTP:
        return response->status > 0 && response->status < 500;
    case CUIBAN_REQUEST_SMTP:
        return response->status > 0 && response->status != 421 &&
               (response->transport == 0 || response->status >= 400);
    default:
        return response->transport == 0;
    }
}

static void attempt_on_done(void *data, const struct cuiban_response *response);

/* At least a part of a second, and not behind the end that was claimed. */
static int64_t time_left_ms(const struct attempt *attempt)
{
    int64_t left_ms = (int64_t)(attempt->ends_ms - delivery_real_ms());

    return left_ms - left_ms / 50;
}

static bool attempt_send(struct attempt *attempt)
{
    struct delivery *delivery = attempt->delivery;

    attempt->started_ms = delivery_real_ms();
    if (transport_start(delivery->transport, &attempt->request.request, time_left_ms(attempt),
                        attempt_on_done, attempt) != 0)
        return false;
    attempt->stage = ATTEMPT_RUNNING;
    attempt->lane->running++;
    return true;
}

/* A second request under the same claim: with a new token, or a shorter text. False if there is no time for
 * it, if the plugin has already had its one more try, or if no request can be made: then that is the verdict.
 */
static bool attempt_send_again(struct attempt *attempt, struct verdict *verdict, int32_t shrink_bytes)
{
    bool reauthenticates = verdict->kind == VERDICT_REAUTH && !attempt->has_reauthenticated;
    bool shrinks = verdict->kind == VERDICT_REFUSED && shrink_bytes > 0 && !attempt->has_shrunk;

    if (verdict->kind == VERDICT_REAUTH && attempt->has_reauthenticated)
        verdict->kind = VERDICT_MISCONFIGURED; /* a new token did not help either */
    if ((!reauthenticates && !shrinks) || attempt->delivery->is_closing ||
        time_left_ms(attempt) < attempt->delivery->attempt_ms / 4)
        return false;
    attempt->has_reauthenticated |= reauthenticates;
    attempt->has_shrunk |= shrinks;
    if (shrinks)
        attempt->shrink_bytes = shrink_bytes;
    if (attempt_prepare(attempt, attempt->has_shrunk, verdict) != 0)
        return false;
    *verdict = (struct verdict){.kind = VERDICT_RETRY, .reason = "out of memory"};
    return attempt_send(attempt);
}

static void attempt_cancelled(struct attempt *attempt, const struct cuiban_response *response)
{
    struct verdict verdict = {.kind = VERDICT_UNCERTAIN,
                              .reason = "the daemon stopped before an answer came"};

    if (!response->sent) {
        attempt_give_back(attempt, 0, "the daemon stopped before the request was sent");
        return;
    }
    attempt_end(attempt, &verdict, true);
}

static void attempt_on_done(void *data, const struct cuiban_response *response)
{
    struct attempt *attempt = data;
    struct delivery *delivery = attempt->delivery;
    struct lane *lane = attempt->lane;
    struct verdict verdict;
    int32_t shrink_bytes = 0;

    lane->running--;
    lane_took(lane, (int64_t)(delivery_real_ms() - attempt->started_ms));
    if (delivery->is_cancelled && response->transport == STATUS_TRANSPORT_CANCELLED) {
        attempt_cancelled(attempt, response);
        return;
    }
    plugin_judge(lane->channel, response, &verdict, &shrink_bytes);
    evidence_correct(attempt->request.request.kind, response, &verdict);
    if (attempt_send_again(attempt, &verdict, shrink_bytes))
        return;
    if (attempt->is_pointless)
        attempt_give_back(attempt, 0, nothing_left);
    else
        attempt_end(attempt, &verdict, is_answered(attempt, response));
    attempts_run(delivery, lane);
}

/* -- the claim -- */

static struct attempt *take_waiting(struct lane *lane)
{
    struct attempt *attempt = lane->waiting;

    lane->waiting = attempt->after;
    if (lane->waiting == NULL)
        lane->waiting_last = NULL;
    lane->n_waiting--;
    return attempt;
}

static void attempt_run(struct attempt *attempt, instant now)
{
    struct delivery *delivery = attempt->delivery;
    struct lane *lane = attempt->lane;
    struct verdict verdict = {.kind = VERDICT_RETRY, .reason = "out of memory"};

    if (attempt->is_dropped)
        attempt_destroy(attempt);
    else if (delivery->is_closing)
        attempt_give_back(attempt, 0, "the daemon stops");
    else if (lane_is_blocked(lane, now))
        attempt_give_back(attempt, lane->blocked_until - now, "the channel waits");
    else if (time_left_ms(attempt) < delivery->attempt_ms / 2)
        attempt_give_back(attempt, 0, "the channel was busy for too long");
    else if (!attempt_send(attempt))
        attempt_end(attempt, &verdict, true);
}

void attempts_run(struct delivery *delivery, struct lane *lane)
{
    while (lane->waiting != NULL && (lane->running < lane->concurrency || delivery->is_closing)) {
        struct attempt *attempt = take_waiting(lane);

        attempt_run(attempt, delivery_now(delivery, attempt->shard));
    }
}

/* Keeps the ids that were claimed. The others were withdrawn, or wait on if the engine still has them as
 * queued. */
static void keep_claimed(struct attempt *attempt, const char *const *ids, size_t n)
{
    instant again = delivery_now(attempt->delivery, attempt->shard) + CLAIM_AGAIN_MS;
    size_t kept = 0;

    for (size_t i = 0; i < attempt->n; i++) {
        bool claimed = false;

        for (size_t j = 0; j < n && !claimed; j++)
            claimed = strcmp(ids[j], attempt->ids[i]) == 0;
        if (claimed)
            memmove(attempt->ids[kept++], attempt->ids[i], sizeof(attempt->ids[i]));
        else if (!attempt->is_dropped && !attempt->delivery->is_closing)
            delivery_sync(attempt->delivery, attempt->shard, attempt->ids[i], again);
    }
    attempt->n = kept;
}

/* Delivery has gone while the store was busy with the claim. */
static void attempt_too_late(struct attempt *attempt, const char *const *ids, size_t n)
{
    struct delivery *delivery = attempt->delivery;
    const struct delivery_ports *ports = &delivery->ports;
    struct verdict verdict = {.kind = VERDICT_BACKOFF, .reason = "the daemon stops"};

    if (n > 0 && !attempt->is_dropped)
        ports->verdict(ports->data, attempt->shard, ids, n, &verdict);
    attempt_destroy(attempt);
}

static void attempt_unprepared(struct attempt *attempt, struct verdict *verdict)
{
    if (attempt->is_pointless) {
        attempt_give_back(attempt, 0, nothing_left);
        return;
    }
    lane_give_back(attempt->lane);
    attempt_end(attempt, verdict, true);
}

static void attempt_on_claimed(void *context, const char *const *ids, size_t n)
{
    struct attempt *attempt = context;
    struct delivery *delivery = attempt->delivery;
    struct lane *lane = attempt->lane;
    struct verdict verdict;

    if (delivery->is_gone) {
        attempt_too_late(attempt, ids, n);
        return;
    }
    lane->claiming--;
    keep_claimed(attempt, ids, n);
    if (attempt->n == 0) {
        lane_give_back(lane);
        attempt_destroy(attempt);
        return;
    }
    attempt->ends_ms = delivery_real_ms() + (uint64_t)delivery->attempt_ms;
    /* The plugin sees a message only once the attempt is on record: one that kills the daemon is then found
     * without a verdict, and after three times gives way. */
    if (!delivery->is_closing && attempt_prepare(attempt, 0, &verdict) != 0) {
        attempt_unprepared(attempt, &verdict);
        return;
    }
    attempt->stage = ATTEMPT_WAITING;
    if (lane->waiting_last != NULL)
        lane->waiting_last->after = attempt;
    else
        lane->waiting = attempt;
    lane->waiting_last = attempt;
    lane->n_waiting++;
    attempts_run(delivery, lane);
}

/* -- the beginning -- */

struct company { /* notifications that leave in one message */
    const struct notification *notifications[MESSAGE_NOTIFICATIONS_MAX];
    struct item *items[MESSAGE_NOTIFICATIONS_MAX];
    size_t n;
};

static bool may_leave(const struct lane *lane, const struct notification *notification, instant now)
{
    return notification != NULL && notification->state == NOTIFICATION_QUEUED &&
           notification->not_before <= now && notification->expires > now &&
           strcmp(notification->channel, lane->facts.name) == 0;
}

static int64_t number_of(const struct notification *notification)
{
    const char *dash = strrchr(notification->id, '-');

    return dash == NULL ? 0 : strtoll(dash + 1, NULL, 10);
}

/* Sorted by number, so that the message has the same id on every try. */
static void company_add(struct company *company, const struct notification *notification, struct item *item)
{
    size_t i = company->n++;

    for (; i > 0 && number_of(company->notifications[i - 1]) > number_of(notification); i--) {
        company->notifications[i] = company->notifications[i - 1];
        company->items[i] = company->items[i - 1];
    }
    company->notifications[i] = notification;
    company->items[i] = item;
}

static bool belongs_together(const struct notification *a, const struct notification *b)
{
    return !a->alone && !b->alone && strcmp(a->deadline_id, b->deadline_id) == 0 &&
           strcmp(a->step, b->step) == 0 && a->phase == b->phase;
}

static void gather(struct lane *lane, const struct engine *engine, struct item *first, instant now,
                   struct company *company)
{
    const struct notification *notification = engine_notification(engine, first->id);
    size_t cursor = 0;
    struct item *item;

    company->n = 0;
    if (!may_leave(lane, notification, now))
        return;
    company_add(company, notification, first);
    if (lane->facts.reach != REACH_GROUP)
        return;
    while (company->n < MESSAGE_NOTIFICATIONS_MAX &&
           (item = queue_group(&lane->queue, first->group, &cursor)) != NULL) {
        const struct notification *other =
            item == first || item->shard != first->shard ? NULL : engine_notification(engine, item->id);

        if (may_leave(lane, other, now) && belongs_together(notification, other) && queue_time(item) <= now)
            company_add(company, other, item);
    }
}

bool attempt_begin(struct delivery *delivery, struct lane *lane, struct item *item, instant now)
{
    const struct delivery_ports *ports = &delivery->ports;
    const struct engine *engine = ports->engine(ports->data, item->shard);
    const char *ids[MESSAGE_NOTIFICATIONS_MAX];
    struct company company = {.n = 0};
    struct attempt *attempt;

    if (engine != NULL)
        gather(lane, engine, item, now, &company);
    if (company.n == 0) { /* changed since it was queued; whatever it is, not at once again */
        char id[NOTIFICATION_ID_MAX];

        memcpy(id, item->id, sizeof(id));
        delivery_sync(delivery, item->shard, id, now + CLAIM_AGAIN_MS);
        return true;
    }
    attempt = attempt_create(delivery, lane, item->shard, company.n);
    if (attempt == NULL)
        return false;
    attempt->number = company.notifications[0]->attempts + 1;
    for (size_t i = 0; i < company.n; i++) {
        memcpy(attempt->ids[i], company.items[i]->id, sizeof(attempt->ids[i]));
        delivery_forget(delivery, company.items[i]);
    }
    lane_take(lane, now);
    lane->claiming++;
    id_pointers(attempt, ids);
    ports->claim(ports->data, attempt->shard, ids, attempt->n, delivery->attempt_ms, attempt_on_claimed,
                 attempt);
    return true;
}
