#include "store/shard.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>

#include "core/stream_name.h"
#include "store/shard_inside.h"

const char *shard_state_name(enum shard_state state)
{
    static const char *const names[] = {"connecting", "standby", "loading", "owner", "stopped"};
    return names[state];
}

void shard_log(struct shard *shard, int priority, const char *format, ...)
{
    char text[SHARD_TEXT_MAX], line[SHARD_TEXT_MAX + STREAM_NAME_MAX + 16];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    (void)snprintf(line, sizeof(line), "stream=%s: %s", shard->keys.names[KEY_STREAM], text);
    if (shard->hooks.on_log)
        shard->hooks.on_log(shard->hooks.data, shard, priority, line);
}

void shard_set_problem(struct shard *shard, const char *format, ...)
{
    char text[sizeof(shard->problem)];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    if (strcmp(text, shard->problem) == 0)
        return;
    memcpy(shard->problem, text, sizeof(text));
    shard_log(shard, LOG_WARNING, "%s", text);
}

void shard_clear_problem(struct shard *shard)
{
    if (shard->held) /* only the clocks' agreement ends that */
        return;
    shard->problem[0] = '\0';
}

uint32_t shard_random(void)
{
    uint32_t random = 0;
    (void)!getrandom(&random, sizeof(random), 0); /* jitter only: zero would do */
    return random;
}

void shard_note_starved(struct shard *shard, const char *what)
{
    shard->starved = true;
    shard_set_problem(shard, "this daemon is out of memory: %s", what);
}

void shard_starve(struct shard *shard, const char *what)
{
    shard_note_starved(shard, what);
    shard_drop(shard, "this daemon is out of memory");
}

/* -- requests -- */

void request_push(struct requests *requests, struct request *request)
{
    request->next = NULL;
    if (requests->last)
        requests->last->next = request;
    else
        requests->first = request;
    requests->last = request;
    requests->n++;
}

struct request *request_pop(struct requests *requests)
{
    struct request *request = requests->first;
    if (!request)
        return NULL;
    requests->first = request->next;
    if (!requests->first)
        requests->last = NULL;
    requests->n--;
    return request;
}

void requests_drop(struct requests *requests)
{
    struct request *request;
    while ((request = request_pop(requests))) {
        if (request->kind == REQUEST_CLAIM)
            request->done(request->data, NULL, 0);
        free(request);
    }
}

/* One block: the request, the pointers, the texts. */
static struct request *request_create(enum request_kind kind, const char *const *ids, size_t n,
                                      const char *reason)
{
    size_t bytes = sizeof(struct request) + n * sizeof(char *) + (reason ? strlen(reason) + 1 : 0);
    for (size_t i = 0; i < n; i++)
        bytes += strlen(ids[i]) + 1;
    struct request *request = calloc(1, bytes);
    if (!request)
        return NULL;
    request->kind = kind;
    request->n = n;
    request->ids = (const char **)(request + 1);
    char *text = (char *)(request->ids + n);
    for (size_t i = 0; i < n; i++) {
        size_t id_bytes = strlen(ids[i]) + 1;
        request->ids[i] = memcpy(text, ids[i], id_bytes);
        text += id_bytes;
    }
    if (reason)
        request->reason = memcpy(text, reason, strlen(reason) + 1);
    return request;
}

static bool is_closed_to_claims(const struct shard *shard)
{
    return shard->state != SHARD_OWNER || shard->closing || shard->claims.n >= SHARD_REQUESTS_MAX;
}

void shard_claim(struct shard *shard, const char *const *ids, size_t n, int64_t limit_ms, shard_claimed *done,
                 void *data)
{
    bool refused = is_closed_to_claims(shard);
    struct request *request = request_create(REQUEST_CLAIM, ids, refused ? 0 : n, NULL);
    if (!request) { /* the one case where the answer comes at once */
        done(data, NULL, 0);
        return;
    }
    request->limit_ms = limit_ms;
    request->done = done;
    request->data = data;
    request_push(&shard->claims, request);
    shard_soon(shard);
}

void shard_verdict(struct shard *shard, const char *const *ids, size_t n, const struct verdict *verdict)
{
    if (shard->state == SHARD_STOPPED)
        return;
    struct request *request =
        shard->verdicts.n < SHARD_REQUESTS_MAX ? request_create(REQUEST_VERDICT, ids, n, NULL) : NULL;
    if (!request) {
        shard_log(shard, LOG_ERR, "no memory for a verdict of %zu notifications: they count as uncertain", n);
        return;
    }
    request->verdict = *verdict;
    request_push(&shard->verdicts, request);
    shard_soon(shard);
}

void shard_refuse(struct shard *shard, const char *id, const char *reason)
{
    if (shard->state == SHARD_STOPPED)
        return;
    struct request *request = request_create(REQUEST_REFUSE, &id, 1, reason);
    if (!request) {
        shard_log(shard, LOG_ERR, "no memory to refuse notification=%s: it stays queued", id);
        return;
    }
    request_push(&shard->verdicts, request);
    shard_soon(shard);
}

/* -- timers -- */

static void shard_on_soon(uv_idle_t *idle)
{
    (void)uv_idle_stop(idle);
    shard_turn(idle->data);
}

/* Not by a timer without delay: one that is set in its own callback runs again before anything else does. */
void shard_soon(struct shard *shard)
{
    if (!shard->shut)
        (void)uv_idle_start(&shard->soon, shard_on_soon);
}

/* About once a second: whatever has no event of its own. */
static void shard_on_beat(uv_timer_t *timer)
{
    struct shard *shard = timer->data;
    uint64_t jitter = shard_random() % (SHARD_BEAT_MS / 5);
    (void)uv_timer_start(&shard->beat, shard_on_beat, SHARD_BEAT_MS - SHARD_BEAT_MS / 10 + jitter, 0);
    if (shard->starved && shard->hooks.on_starved)
        shard->hooks.on_starved(shard->hooks.data, shard);
    shard->starved = false;
    if (shard->state == SHARD_STOPPED)
        return;
    shard_beat_pulse(shard);
    if (shard->command_ready && !shard->taken)
        shard_ask_lease(shard);
    if (shard->taken) {
        shard_tend_links(shard);
        shard_renew_lease(shard);
        shard_mirror(shard);
        shard_watch_lag(shard);
        shard_watch_calendars(shard);
        shard_arm_wake(shard);
    }
}

/* -- life -- */

static const char *check_start(const char *start)
{
    struct stream_id id;
    if (strcmp(start, "now") == 0 || strcmp(start, "begin") == 0 || stream_id_parse(start, &id))
        return NULL;
    return "start: write \"now\", \"begin\" or a stream id such as 1763363400000-0";
}

static void shard_free(struct shard *shard)
{
    engine_destroy(shard->engine);
    load_destroy(shard->load);
    freeReplyObject(shard->head_reply);
    source_finish(&shard->source);
    changes_finish(&shard->changes);
    commit_destroy(shard->commit);
    arena_destroy(shard->arena);
    address_finish(&shard->address);
    keys_finish(&shard->keys);
    free(shard->start);
    free(shard->pulse.health);
    explicit_bzero(&shard->lease, sizeof(shard->lease));
    free(shard);
}

static int shard_fill(struct shard *shard, const struct shard_options *options, const char **why)
{
    const char *start = options->start ? options->start : "now";
    *why = check_start(start);
    if (*why)
        return -EINVAL;
    int error = address_parse(options->redis, &shard->address, why);
    if (!error)
        error = keys_init(&shard->keys, options->stream, why);
    if (!error && changes_init(&shard->changes))
        error = -ENOMEM;
    if (error)
        return error;
    shard->start = strdup(start);
    shard->commit = commit_create(&shard->keys);
    shard->arena = arena_create();
    source_init(&shard->source, shard->keys.names[KEY_STREAM], shard->keys.names[KEY_COMMANDS]);
    clock_init(&shard->clock, options->speed);
    clock_init(&shard->redis, (struct speed){0});
    lease_init(&shard->lease, options->lease_ms > 0 ? options->lease_ms : LEASE_TTL_MS);
    (void)snprintf(shard->rules, sizeof(shard->rules), "%s", ruleset_fingerprint(options->parts.rules));
    return shard->start && shard->commit && shard->arena ? 0 : -ENOMEM;
}

int shard_create(const struct shard_options *options, const struct shard_hooks *hooks, struct shard **out,
                 const char **why)
{
    struct shard *shard = calloc(1, sizeof(*shard));
    if (!shard)
        return -ENOMEM;
    shard->hooks = *hooks;
    shard->loop = options->loop;
    shard->journal_ms = options->journal_ms;
    shard->grace_ms = options->grace_ms;
    shard->parts = options->parts;
    shard->pulse.heard = shard->pulse.unserved = clock_monotonic();
    int error = shard_fill(shard, options, why);
    if (error) {
        shard_free(shard);
        return error;
    }
    uv_timer_t *const timers[] = {&shard->wake, &shard->beat, &shard->retry, &shard->closer};
    for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
        (void)uv_timer_init(options->loop, timers[i]); /* cannot fail */
        timers[i]->data = shard;
    }
    (void)uv_idle_init(options->loop, &shard->soon);
    shard->soon.data = shard;
    shard->alive = sizeof(timers) / sizeof(timers[0]) + 1;
    (void)uv_timer_start(&shard->beat, shard_on_beat, SHARD_BEAT_MS, 0);
    shard_watch_open(shard);
    shard_connect(shard);
    *out = shard;
    return 0;
}

void shard_let_go(struct shard *shard)
{
    if (--shard->alive > 0)
        return;
    void (*done)(void *data) = shard->on_closed;
    void *data = shard->closed_data;
    shard_free(shard);
    if (done)
        done(data);
}

static void shard_on_handle_closed(uv_handle_t *handle)
{
    shard_let_go(handle->data);
}

void shard_shut(struct shard *shard)
{
    if (!shard->shut) {
        shard->shut = true;
        connection_close(shard->command);
        connection_close(shard->lessor);
        connection_close(shard->reader);
        shard->command = shard->lessor = shard->reader = NULL;
        shard_watch_close(shard);
        requests_drop(&shard->claims);
        requests_drop(&shard->applied);
        if (shard->verdicts.n > 0 && shard->state != SHARD_STOPPED)
            shard_log(shard, LOG_WARNING,
                      "%zu verdicts could not be committed: their attempts count as uncertain",
                      shard->verdicts.n);
        requests_drop(&shard->verdicts);
        requests_drop(&shard->recent);
        uv_timer_t *const timers[] = {&shard->wake, &shard->beat, &shard->retry, &shard->closer};
        for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++)
            uv_close((uv_handle_t *)timers[i], shard_on_handle_closed);
        uv_close((uv_handle_t *)&shard->soon, shard_on_handle_closed);
    }
}

static void shard_on_close_limit(uv_timer_t *timer)
{
    struct shard *shard = timer->data;
    shard_log(shard, LOG_WARNING, "not closed in time; the lease runs out by itself");
    shard_shut(shard);
}

void shard_close_soon(struct shard *shard)
{
    if (uv_timer_get_due_in(&shard->closer) > SHARD_AWAY_MS)
        (void)uv_timer_start(&shard->closer, shard_on_close_limit, SHARD_AWAY_MS, 0);
}

void shard_close(struct shard *shard, int64_t limit_ms, void (*done)(void *data), void *data)
{
    assert(!shard->closing);
    shard->closing = true;
    shard->on_closed = done;
    shard->closed_data = data;
    connection_close(shard->reader);
    shard->reader = NULL;
    shard->reader_ready = shard->reading = false;
    (void)uv_timer_start(&shard->closer, shard_on_close_limit, limit_ms > 0 ? (uint64_t)limit_ms : 0, 0);
    bool is_mute = shard->in_flight && clock_monotonic().ms - shard->flight_at.ms > SHARD_AWAY_MS;
    if (!shard->command_ready || is_mute)
        shard_close_soon(shard);
    shard_soon(shard);
}

/* -- queries -- */

enum shard_state shard_state(const struct shard *shard)
{
    return shard->state;
}

const char *shard_stream(const struct shard *shard)
{
    return shard->keys.names[KEY_STREAM];
}

const struct engine *shard_engine(const struct shard *shard)
{
    return shard->state == SHARD_OWNER ? shard->engine : NULL;
}

instant shard_now(const struct shard *shard)
{
    struct clock clock = shard->clock; /* reading it does not change what it has told */
    return clock_now(&clock);
}

static int64_t lag_of(const struct shard *shard)
{
    int64_t oldest = source_oldest_ms(&shard->source);
    if (oldest < 0)
        return 0;
    struct clock redis = shard->redis;
    int64_t lag = clock_now(&redis) - oldest;
    return lag > 0 ? lag : 0;
}

static uint64_t loaded_of(const struct shard *shard)
{
    uint64_t n = 0;
    for (int table = 0; shard->engine && table < TABLES; table++)
        n += engine_entries(shard->engine, table);
    return n;
}

struct shard_status shard_get_status(const struct shard *shard)
{
    struct shard_status status = {
        .state = shard->state,
        .seq = shard->seq,
        .events = shard->events,
        .commits = shard->commits,
        .lost_events = shard->lost_events,
        .loaded = loaded_of(shard),
        .lag_ms = lag_of(shard),
        .commit_ms_last = shard->commit_ms_last,
        .held = shard->held,
    };
    if (shard->state == SHARD_STANDBY)
        (void)snprintf(status.holder, sizeof(status.holder), "%s", shard->holder);
    (void)snprintf(status.problem, sizeof(status.problem), "%s", shard->problem);
    shard_fill_pulse(shard, &status);
    return status;
}
