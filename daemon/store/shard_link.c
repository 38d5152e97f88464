/* The shard's connections and its lease: command connection -> take the lease with a new token ->
 * shard_load.c. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "core/backoff.h"
#include "store/script.h"
#include "store/shard_inside.h"

enum { RECONNECT_BASE_MS = 100, RECONNECT_CAP_MS = 5000 };

static const struct connection_limits limits = {SHARD_CONNECT_MS, SHARD_COMMAND_MS};

static void on_gone(void *data)
{
    shard_let_go(data);
}

/* -- ends -- */

void shard_forget_load(struct shard *shard)
{
    load_destroy(shard->load);
    shard->load = NULL;
}

/* Throws memory away. Verdicts stay: whether they still count is decided when the head is read again. */
static void forget_engine(struct shard *shard)
{
    shard_forget_load(shard);
    connection_close(shard->reader); /* what it still brings follows positions that are forgotten here */
    shard->reader = NULL;
    shard->reader_ready = shard->reading = false;
    engine_destroy(shard->engine);
    shard->engine = NULL;
    changes_clear(&shard->changes);
    source_reset(&shard->source, (struct source_position){0}, 0);
    struct requests verdicts = {0};
    struct request *request;
    while ((request = request_pop(&shard->applied))) {
        if (request->kind == REQUEST_CLAIM) {
            request->done(request->data, NULL, 0);
            free(request);
        } else {
            request_push(&verdicts, request);
        }
    }
    while ((request = request_pop(&shard->verdicts)))
        request_push(&verdicts, request);
    shard->verdicts = verdicts;
    requests_drop(&shard->claims);
    uv_timer_stop(&shard->wake);
}

void shard_leave(struct shard *shard, enum shard_state state)
{
    bool was_owner = shard->state == SHARD_OWNER;
    shard->state = state;
    if (was_owner && shard->hooks.on_lost)
        shard->hooks.on_lost(shard->hooks.data,
                             shard); /* while the pointers that delivery holds still live */
    forget_engine(shard);
}

static void close_links(struct shard *shard)
{
    connection_close(shard->command);
    connection_close(shard->lessor);
    shard->command = shard->lessor = NULL;
    shard->command_ready = shard->lessor_ready = false;
    shard->taken = shard->asking = shard->renewing = shard->polling = shard->checking = false;
    shard->lease.held = false;
    shard_pulse_is_cut(shard);
}

static void shard_on_reconnect(uv_timer_t *timer)
{
    shard_connect(timer->data);
}

static void reconnect_later(struct shard *shard)
{
    if (shard->shut || shard->state == SHARD_STOPPED)
        return;
    int64_t wait = backoff_ms(RECONNECT_BASE_MS, RECONNECT_CAP_MS, ++shard->tries, shard_random());
    (void)uv_timer_start(&shard->retry, shard_on_reconnect, (uint64_t)wait, 0);
}

void shard_drop(struct shard *shard, const char *why)
{
    shard_log(shard, LOG_WARNING, "lost: %s; what is in memory is thrown away and loaded again", why);
    shard_leave(shard, SHARD_CONNECTING);
    shard->in_flight = false;
    close_links(shard);
    reconnect_later(shard);
}

void shard_stop(struct shard *shard, const char *format, ...)
{
    char reason[SHARD_TEXT_MAX];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(reason, sizeof(reason), format, list);
    va_end(list);
    (void)snprintf(shard->problem, sizeof(shard->problem), "%.199s", reason);
    shard_log(shard, LOG_CRIT, "stopped: %s", reason);
    shard_leave(shard, SHARD_STOPPED);
    close_links(shard);
    requests_drop(&shard->verdicts);
    uv_timer_stop(&shard->retry);
    if (shard->hooks.on_stopped)
        shard->hooks.on_stopped(shard->hooks.data, shard, reason);
}

/* What a closing shard has still to commit; worth another connection. */
static bool has_unfinished(const struct shard *shard)
{
    return shard->state == SHARD_OWNER && (shard->in_flight || shard->verdicts.n > 0);
}

/* The command connection is gone. An owner keeps its memory: what became of the commit in flight is learnt
 * from the head. */
static void command_on_closed(void *data, const char *why)
{
    struct shard *shard = data;
    shard->command = NULL;
    shard->command_ready = shard->taken = shard->asking = shard->polling = shard->checking = false;
    shard->lease.held = false;
    shard_pulse_is_cut(shard);
    if (connection_is_starved(why))
        shard_note_starved(shard, "an answer of Redis cannot be read");
    else
        shard_set_problem(shard, "Redis at %s: %s; connecting again", shard->address.shown, why);
    if (shard->state == SHARD_OWNER) {
        uv_timer_stop(&shard->wake);
        uv_timer_stop(&shard->retry);
    } else {
        shard_leave(shard, SHARD_CONNECTING);
        shard->in_flight = false;
    }
    if (shard->closing && !has_unfinished(shard)) {
        shard_shut(shard);
        return;
    }
    if (shard->closing)
        shard_close_soon(shard);
    reconnect_later(shard);
}

void shard_connect_again(struct shard *shard, const char *why)
{
    connection_close(shard->command);
    command_on_closed(shard, why);
}

/* -- the lease -- */

static void say_why_it_is_refused(struct shard *shard, enum lease_answer answer)
{
    if (answer == LEASE_HELD_BY_OTHER) {
        shard->free_since = (struct monotonic){0};
        shard_clear_problem(shard);
        return;
    }
    shard->holder[0] = '\0'; /* nobody serves the stream */
    if (answer == LEASE_HELD_FOR_EVER) {
        shard_set_problem(shard, "%s has no end, so no daemon has set it: remove that key",
                          shard->keys.names[KEY_LEASE]);
        return;
    }
    if (shard->free_since.ms == 0)
        shard->free_since = clock_monotonic();
    shard_set_problem(shard,
                      "the owner is gone, but it had other rules than this daemon; taking over in 10 minutes "
                      "unless somebody with its rules does");
}

static void take_was_refused(struct shard *shard, enum lease_answer answer)
{
    if (answer == LEASE_HELD_BY_OTHER)
        shard->seen_other = true;
    if (shard->engine) {
        shard_log(shard, LOG_WARNING, "the lease went to %s", shard->holder);
        shard_leave(shard, SHARD_STANDBY);
        shard->in_flight = false;
    }
    if (shard->state != SHARD_STANDBY)
        shard_log(shard, LOG_NOTICE, "standing by");
    shard->state = SHARD_STANDBY;
    say_why_it_is_refused(shard, answer);
}

static void take_on_reply(void *data, redisReply **reply)
{
    struct shard *shard = data;
    instant redis_time = 0;
    shard->asking = false;
    shard_note_answer(shard);
    enum lease_answer answer =
        lease_judge_take(&shard->lease, *reply, shard->asked, &redis_time, shard->holder);
    if (answer == LEASE_ERROR) {
        const char *words = reply_is_error(*reply) ? (*reply)->str : "not an answer";
        shard_set_problem(shard, "Redis does not give the lease: %s", words);
        shard_note_renewal(shard, shard->asked, words);
        if (reply_is_error(*reply) && strncmp((*reply)->str, "READONLY", 8) == 0)
            shard_connect_again(shard, "it is a replica now"); /* the name may lead to the primary by then */
        return;                                                /* else the next beat asks again */
    }
    shard_take_sample(shard, redis_time, shard->asked);
    shard_note_renewal(shard, shard->asked, "");
    if (answer != LEASE_OURS) {
        shard->tries = 0;
        take_was_refused(shard, answer);
        return;
    }
    shard->taken = true;
    shard->holder[0] = '\0';
    shard->free_since = (struct monotonic){0};
    shard->renew_due = (struct monotonic){shard->asked.ms + lease_renew_ms(&shard->lease)};
    shard_ask_head(shard);
}

void shard_ask_lease(struct shard *shard)
{
    if (shard->asking || (shard->closing && !has_unfinished(shard)))
        return;
    int64_t now = clock_monotonic().ms;
    bool waited = shard->free_since.ms > 0 && now - shard->free_since.ms >= SHARD_OTHER_RULES_MS;
    struct lease_wish wish = {
        .rules = shard->rules,
        .strict = shard->seen_other && !waited,
        .count = !shard->loaded_once || shard->seen_other,
    };
    shard->asked = (struct monotonic){now};
    shard->asking = lease_send_take(&shard->lease, shard->command, &shard->keys, &wish, take_on_reply, shard);
}

static void renew_on_reply(void *data, redisReply **reply)
{
    struct shard *shard = data;
    instant redis_time = 0;
    shard->renewing = false;
    if (!shard->taken || strcmp(shard->renew_token, shard->lease.token) != 0)
        return; /* about a token that we have given up */
    const char *refusal = "";
    switch (lease_judge_renew(&shard->lease, *reply, shard->renew_asked, &redis_time, &refusal)) {
    case LEASE_OURS:
        shard_note_renewal(shard, shard->renew_asked, "");
        shard_note_write(shard, refusal);
        shard_take_sample(shard, redis_time, shard->renew_asked);
        return;
    case LEASE_HELD_BY_OTHER:
        shard_drop(shard, "the lease ran out or went to another daemon");
        return;
    default:
        refusal = reply_is_error(*reply) ? (*reply)->str : "not an answer";
        shard_set_problem(shard, "the lease is not renewed: %s", refusal);
        shard_note_renewal(shard, shard->renew_asked, refusal);
    }
}

void shard_renew_lease(struct shard *shard)
{
    struct monotonic now = clock_monotonic();
    if (!shard->lessor_ready || shard->renewing || now.ms < shard->renew_due.ms)
        return;
    shard->renew_asked = now;
    shard->renew_due = (struct monotonic){now.ms + lease_renew_ms(&shard->lease)};
    memcpy(shard->renew_token, shard->lease.token, sizeof(shard->renew_token));
    shard->renewing = lease_send_renew(&shard->lease, shard->lessor, &shard->keys, shard->pulse.health,
                                       renew_on_reply, shard);
    if (!shard->renewing)
        shard_note_starved(shard, "the lease cannot be renewed");
}

static void release_on_reply(void *data, redisReply **reply)
{
    (void)reply;
    shard_shut(data);
}

void shard_release(struct shard *shard)
{
    if (!shard->command_ready || !shard->taken ||
        !lease_send_release(&shard->lease, shard->command, &shard->keys, release_on_reply, shard))
        shard_shut(shard);
    else
        shard_close_soon(shard); /* else it runs out by itself */
}

/* -- connections -- */

static void script_on_loaded(void *data, redisReply **reply)
{
    struct shard *shard = data;
    if (reply_is_text(*reply) && (*reply)->len < sizeof(shard->sha))
        (void)snprintf(shard->sha, sizeof(shard->sha), "%s", (*reply)->str);
}

void shard_load_script(struct shard *shard)
{
    shard->sha[0] = '\0';
    (void)connection_say(shard->command, script_on_loaded, shard, "SCRIPT", "LOAD", script_commit,
                         (char *)NULL);
}

static void command_on_ready(void *data)
{
    struct shard *shard = data;
    shard->command_ready = true;
    if (!shard_ask_server(shard)) {
        shard_starve(shard, "Redis cannot be asked");
        return;
    }
    shard_load_script(shard);
    shard_ask_lease(shard);
}

void shard_connect(struct shard *shard)
{
    struct connection_hooks hooks = {shard, command_on_ready, command_on_closed, on_gone};
    if (shard->state != SHARD_OWNER)
        shard->state = SHARD_CONNECTING;
    int error = lease_renew_token(&shard->lease);
    if (!error)
        shard->command = connection_open(shard->loop, &shard->address, limits, &hooks);
    if (shard->command) {
        shard->alive++;
    } else {
        if (error)
            shard_set_problem(shard, "no connection: %s", strerror(-error));
        else
            shard_note_starved(shard, "no connection can be opened");
        reconnect_later(shard);
    }
}

static void lessor_on_ready(void *data)
{
    struct shard *shard = data;
    shard->lessor_ready = true;
    if (shard->taken)
        shard_renew_lease(shard);
}

static void lessor_on_closed(void *data, const char *why)
{
    struct shard *shard = data;
    shard->lessor = NULL;
    shard->lessor_ready = shard->renewing = false;
    shard->renew_due = (struct monotonic){0}; /* at once when it is back */
    if (connection_is_starved(why))
        shard_note_starved(shard, "the lease's answers cannot be read");
    shard_log(shard, LOG_WARNING, "the lease's connection: %s", why);
}

static void reader_on_ready(void *data)
{
    struct shard *shard = data;
    shard->reader_ready = true;
    shard_read(shard);
}

static void reader_on_closed(void *data, const char *why)
{
    struct shard *shard = data;
    shard->reader = NULL;
    shard->reader_ready = shard->reading = false;
    if (connection_is_starved(why))
        shard_note_starved(shard, "events cannot be read");
    shard_log(shard, LOG_WARNING, "the reader's connection: %s", why);
}

void shard_tend_links(struct shard *shard)
{
    struct connection_hooks lessor = {shard, lessor_on_ready, lessor_on_closed, on_gone};
    struct connection_hooks reader = {shard, reader_on_ready, reader_on_closed, on_gone};
    if (!shard->lessor) {
        shard->lessor = connection_open(shard->loop, &shard->address, limits, &lessor);
        shard->alive += shard->lessor ? 1 : 0;
    }
    if (!shard->reader && !shard->closing && shard->engine && !shard->load) {
        shard->reader = connection_open(shard->loop, &shard->address, limits, &reader);
        shard->alive += shard->reader ? 1 : 0;
    }
}
