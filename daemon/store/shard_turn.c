/* The turn: all inputs that have come meet the engine in a fixed order, and what it answers becomes one
 * numbered commit. While that commit has no answer nothing else is applied. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "core/backoff.h"
#include "store/shard_inside.h"

/* What one turn gathers besides changes. */
struct turn {
    instant now;
    struct source_position before; /* applied at its start */
    bool only_trial;               /* nothing but the note that an event is on trial */
    bool trial_ended;
    bool failed; /* memory is out: the engine cannot be trusted any more */
};

/* -- events -- */

static void describe_trial(const struct source_entry *entry, char out[static SHARD_TRYING_MAX])
{
    char id[STREAM_ID_TEXT_MAX];
    (void)snprintf(out, SHARD_TRYING_MAX, "%c%s", entry->is_command ? 'c' : 'e',
                   stream_id_format(entry->at, id));
}

static void give_up_entry(struct shard *shard, const struct source_entry *entry, const char *reason,
                          instant now)
{
    struct raw_field raw[SOURCE_FIELDS_MAX];
    size_t n = source_fields(entry, raw);
    engine_bad_event(shard->engine, entry->at, reason, raw, n, now, &shard->changes);
}

/* 0: applied, one way or the other; -EAGAIN: the list is too full; -ENOMEM. */
static int apply_entry(struct shard *shard, const struct source_entry *entry, instant now)
{
    struct raw_field raw[SOURCE_FIELDS_MAX];
    struct event event;
    const char *why = "it was deleted from the stream before it could be read";
    char trial[SHARD_TRYING_MAX];
    describe_trial(entry, trial);
    if (shard->poison[0] && strcmp(trial, shard->poison) == 0) {
        shard->poison[0] = '\0';
        give_up_entry(shard, entry, "the daemon died again and again while it worked on this event", now);
        return 0;
    }
    /* A rehearsal's stream carries real ids beside a clock of its own: there, an entry's time is the time it
     * is read. */
    struct event_place place = {entry->at, entry->is_command,
                                shard->clock.speed.factor > 1 ? now : (instant)entry->at.ms};
    size_t n = source_fields(entry, raw);
    arena_reset(shard->arena);
    if (!entry->is_whole || !event_parse(shard->arena, &place, raw, n, now, &event, &why)) {
        give_up_entry(shard, entry, why, now);
        return 0;
    }
    int error = engine_event(shard->engine, &event, now, &shard->changes);
    if (error == -E2BIG || (error == -EAGAIN && changes_is_empty(&shard->changes))) {
        give_up_entry(shard, entry, "it concerns more deadlines than one event may", now);
        return 0;
    }
    if (!error && event.is_command && strcmp(event.type, "cuiban.clock") == 0)
        shard_accept_time(shard);
    return error;
}

static void apply_entries(struct shard *shard, struct turn *turn)
{
    const struct source_entry *entry;
    while (!turn->failed && !changes_is_full(&shard->changes) && (entry = source_peek(&shard->source))) {
        int error = apply_entry(shard, entry, turn->now);
        if (error == -EAGAIN)
            return;
        turn->failed = error != 0 || shard->changes.failed;
        shard->events += entry->is_command ? 0 : 1;
        source_next(&shard->source);
    }
}

/* After crashes: an event is first noted as being on trial, in a commit of its own; then it alone is applied.
 */
static void apply_carefully(struct shard *shard, struct turn *turn)
{
    const struct source_entry *entry = source_peek(&shard->source);
    char trial[SHARD_TRYING_MAX];
    if (!entry || shard->careful_left == 0) {
        shard->careful = false;
        turn->trial_ended = true;
        return;
    }
    describe_trial(entry, trial);
    if (strcmp(trial, shard->trying) != 0) {
        memcpy(shard->trying, trial, sizeof(trial));
        turn->only_trial = true;
        return;
    }
    shard->careful_left--;
    turn->failed = apply_entry(shard, entry, turn->now) != 0;
    shard->events += entry->is_command ? 0 : 1;
    source_next(&shard->source);
}

/* -- time, verdicts, claims -- */

static void apply_time(struct shard *shard, const struct turn *turn)
{
    (void)source_peek(&shard->source); /* lets batches go that are used up */
    if (shard->held || shard->closing || shard->source.seen_until == INSTANT_NONE)
        return;
    instant horizon = shard->source.seen_until - shard->grace_ms;
    if (horizon > turn->now)
        horizon = turn->now;
    if (engine_next(shard->engine) <= horizon && !changes_is_full(&shard->changes))
        (void)engine_advance(shard->engine, horizon, turn->now, &shard->changes);
}

static void mark_applied(struct shard *shard, struct request *request)
{
    request->seq = shard->seq + 1;
    request->applied = clock_monotonic();
    request_push(&shard->applied, request);
}

static void apply_verdicts(struct shard *shard, const struct turn *turn)
{
    while (shard->verdicts.first && !changes_is_full(&shard->changes)) {
        struct request *request = request_pop(&shard->verdicts);
        if (request->kind == REQUEST_REFUSE)
            engine_refuse(shard->engine, request->ids[0], request->reason, turn->now, &shard->changes);
        else
            engine_verdict(shard->engine, request->ids, request->n, &request->verdict, turn->now,
                           &shard->changes);
        mark_applied(shard, request);
    }
}

static bool has_time_for(const struct shard *shard, int64_t limit_ms)
{
    return shard->taken && lease_has_time(&shard->lease, limit_ms);
}

static void apply_claims(struct shard *shard, const struct turn *turn)
{
    int64_t rate = shard->clock.speed.factor > 1 ? shard->clock.speed.factor : 1;
    while (shard->claims.first && !changes_is_full(&shard->changes)) {
        struct request *request = request_pop(&shard->claims);
        instant ends = turn->now + (request->limit_ms + SHARD_CLAIM_SLACK_MS) * rate;
        if (request->n > 0 && has_time_for(shard, request->limit_ms)) {
            request->n =
                engine_claim(shard->engine, request->ids, request->n, turn->now, ends, &shard->changes);
        } else {
            if (request->n > 0)
                shard_note_claim(shard, false);
            request->n = 0;
        }
        if (request->n > 0) {
            mark_applied(shard, request);
            continue;
        }
        request->done(request->data, NULL, 0);
        free(request);
    }
}

/* -- the commit -- */

static void add_news(struct shard *shard, instant now)
{
    char text[160], id[STREAM_ID_TEXT_MAX];
    if (shard->lost_news > 0) {
        (void)snprintf(text, sizeof(text), "{\"e\":\"lost\",\"events\":%" PRId64 ",\"before\":\"%s\"}",
                       shard->lost_news, stream_id_format(shard->source.applied.events, id));
        changes_journal(&shard->changes, text);
        shard->lost_news = 0;
    }
    if (shard->gap_to > 0) {
        (void)snprintf(text, sizeof(text), "{\"e\":\"gap\",\"from\":%" PRIu64 ",\"to\":%" PRIu64 "}",
                       shard->gap_from + 1, shard->gap_to);
        changes_journal(&shard->changes, text);
        shard->gap_to = 0;
    }
    if (shard->time_was != 0) {
        (void)snprintf(text, sizeof(text), "{\"e\":\"clock\",\"was\":%" PRId64 ",\"at\":%" PRId64 "}",
                       shard->time_was, now);
        changes_journal(&shard->changes, text);
        shard->time_was = 0;
    }
    shard_forget_refusal(shard);
    shard_add_refusal(shard, now);
}

static bool has_moved(const struct shard *shard, const struct turn *turn)
{
    return stream_id_compare(shard->source.applied.events, turn->before.events) != 0 ||
           stream_id_compare(shard->source.applied.commands, turn->before.commands) != 0;
}

static void build_commit(struct shard *shard, const struct turn *turn)
{
    struct monotonic now = clock_monotonic();
    int64_t seen_ms = ruleset_policy(shard->parts.rules)->seen_ms;
    bool trims = seen_ms > 0 && now.ms >= shard->seen_trim_due.ms;
    bool settles = (shard->first_turn && !shard->careful) || turn->trial_ended;
    if (trims)
        shard->seen_trim_due = (struct monotonic){now.ms + SHARD_SEEN_TRIM_MS};
    if (settles)
        shard->trying[0] = '\0';
    struct commit_frame frame = {
        .seq = shard->seq + 1,
        .now = turn->now,
        .cursor = shard->source.applied.events,
        .commands = shard->source.applied.commands,
        .read = shard->source.applied_events,
        .rules = shard->rules,
        .takes = settles ? 0 : -1,
        .trying = settles || shard->careful ? shard->trying : NULL,
        .oldest_ms = clock_now(&shard->redis) - shard->journal_ms,
        .seen_min = trims ? turn->now - seen_ms : INSTANT_NONE,
    };
    if (commit_build(shard->commit, &frame, &shard->changes)) {
        shard_starve(shard, "a commit cannot be made");
        return;
    }
    shard->in_flight = true;
    shard->refusals = 0;
    memcpy(shard->flight_token, shard->lease.token, sizeof(shard->flight_token));
    shard->flight_at = now;
    shard_send_commit(shard);
}

/* What the daemon before left under way. Said before it is tried again: another death may follow at once. */
static void log_left(struct shard *shard, const struct engine_left *left)
{
    const struct notification *note = left->only;
    const struct channel_facts *facts = note ? ruleset_channel(shard->parts.rules, note->channel) : NULL;
    if (left->n > 0 && !note)
        shard_log(shard, LOG_WARNING,
                  "whoever owned it before ended with %zu notifications under way: they are tried again one "
                  "at a time, as soon as no answer can come any more",
                  left->n);
    if (note)
        shard_log(shard, LOG_WARNING,
                  "channel=%s plugin=%s notification=%s: whoever owned the stream before ended while nothing "
                  "else was under way, %d of %d times",
                  note->channel, facts && facts->plugin ? facts->plugin : "?", note->id, (int)note->deaths,
                  (int)NOTIFICATION_DEATHS_MAX);
}

static void take_over(struct shard *shard, const struct turn *turn)
{
    if (shard->taken_over)
        return;
    struct engine_left left = engine_take_over(shard->engine, shard->died, turn->now, &shard->changes);
    shard->taken_over = true;
    if (shard->died)
        log_left(shard, &left);
}

/* Verdicts come before time, which calls a claim without one uncertain, and before events, of which a backlog
 * could fill every commit: however long Redis was away, a known verdict is never taken for a lost one. */
static void gather(struct shard *shard, struct turn *turn)
{
    bool settled = engine_is_settled(shard->engine);
    bool careful = shard->careful && !shard->closing; /* then an event is alone in its commit, or first */
    take_over(shard, turn);
    if (careful && settled)
        apply_carefully(shard, turn);
    if (turn->only_trial || turn->failed)
        return;
    apply_verdicts(shard, turn);
    if (!settled && !shard->closing)
        (void)engine_settle(shard->engine, turn->now, &shard->changes);
    else if (settled && !careful && !shard->closing)
        apply_entries(shard, turn);
    if (turn->failed)
        return;
    if (settled)
        apply_time(shard, turn);
    if (!shard->first_turn)
        apply_claims(shard, turn);
    add_news(shard, turn->now);
}

static void answer_claims_of_nobody(struct shard *shard)
{
    if (shard->state != SHARD_OWNER || shard->closing)
        requests_drop(&shard->claims);
}

/* The last turns of a shard that closes: what was told to us is committed, then the lease goes. */
static bool has_closed(struct shard *shard)
{
    if (!shard->closing || shard->in_flight)
        return false;
    if (shard->state == SHARD_OWNER && shard->verdicts.n > 0)
        return false;
    shard_release(shard);
    return true;
}

void shard_turn(struct shard *shard)
{
    answer_claims_of_nobody(shard);
    if (shard->shut || has_closed(shard))
        return;
    bool first_read_missing = shard->first_turn &&
                              (shard->polling || shard->source.seen_until == INSTANT_NONE) &&
                              shard->source.n_batches == 0;
    if (!shard->engine || shard->load || !shard->taken || shard->in_flight || first_read_missing)
        return;
    struct turn turn = {.now = clock_now(&shard->clock), .before = shard->source.applied};
    changes_clear(&shard->changes);
    if (!shard_take_files(shard, turn.now))
        gather(shard, &turn);
    if (turn.failed || shard->changes.failed) {
        shard_starve(shard, "what the engine decides cannot be held");
        return;
    }
    if (!changes_is_empty(&shard->changes) || has_moved(shard, &turn) || shard->first_turn ||
        turn.only_trial || turn.trial_ended)
        build_commit(shard, &turn);
    if (!shard->engine)
        return;
    if (!shard->in_flight && !engine_is_settled(shard->engine))
        shard_soon(shard); /* a part without any change */
    shard_read(shard);
    shard_arm_wake(shard);
}

/* -- its answer -- */

static void shard_on_resend(uv_timer_t *timer)
{
    struct shard *shard = timer->data;
    if (shard->in_flight && shard->taken)
        shard_send_commit(shard);
}

static void resend_later(struct shard *shard, const redisReply *reply)
{
    int64_t wait = backoff_ms(SHARD_RETRY_BASE_MS, SHARD_RETRY_CAP_MS, ++shard->refusals, shard_random());
    const char *words = reply_is_error(reply) ? reply->str : "not an answer";
    shard_set_problem(shard, "Redis refuses commits: %.140s", words);
    if (strncmp(words, "READONLY", 8) == 0) {
        shard_connect_again(shard, "it is a replica now");
        return;
    }
    (void)uv_timer_start(&shard->retry, shard_on_resend, (uint64_t)wait, 0);
}

static void commit_on_reply(void *data, redisReply **reply)
{
    struct shard *shard = data;
    struct commit_result result;
    switch (commit_judge(*reply, &result)) {
    case COMMIT_ANSWER_OK:
        shard_acknowledge(shard, &result);
        return;
    case COMMIT_ANSWER_NOSCRIPT:
        shard_load_script(shard);
        shard_send_commit(shard);
        return;
    case COMMIT_ANSWER_STALE:
        shard_drop(shard, (*reply)->str);
        return;
    case COMMIT_ANSWER_DAMAGED:
        shard_stop(shard, "Redis refuses commit %" PRIu64 ": %s", commit_seq(shard->commit), (*reply)->str);
        return;
    case COMMIT_ANSWER_REFUSED:
        resend_later(shard, *reply);
    }
}

void shard_send_commit(struct shard *shard)
{
    if (!commit_send(shard->commit, shard->command, shard->lease.token, shard->sha, 0, commit_on_reply,
                     shard))
        shard_starve(shard, "a commit cannot be sent");
    else /* the token under which it may be found in the head */
        memcpy(shard->flight_token, shard->lease.token, sizeof(shard->flight_token));
}

/* A claim that came back too late to send: we know that nothing left, so it is neither an uncertain attempt
 * nor a try. */
static void give_back(struct shard *shard, struct request *request)
{
    request->kind = REQUEST_VERDICT;
    request->verdict = (struct verdict){.kind = VERDICT_BACKOFF};
    (void)snprintf(request->verdict.reason, sizeof(request->verdict.reason),
                   "the claim was committed too late; nothing was sent");
    request->done(request->data, NULL, 0);
    request_push(&shard->verdicts, request);
    shard_soon(shard);
}

static void answer_request(struct shard *shard, struct request *request)
{
    if (request->kind != REQUEST_CLAIM) {
        request_push(&shard->recent, request);
        if (shard->recent.n > SHARD_RECENT_MAX)
            free(request_pop(&shard->recent));
        return;
    }
    bool late = clock_monotonic().ms - request->applied.ms > SHARD_CLAIM_SLACK_MS;
    if (late || shard->closing || !has_time_for(shard, request->limit_ms)) {
        give_back(shard, request);
        return;
    }
    shard_note_claim(shard, true);
    request->done(request->data, request->ids, request->n);
    free(request);
}

/* The auditor: what Redis counts is what memory holds. */
static void audit(struct shard *shard, const struct commit_result *result)
{
    size_t deadlines = engine_entries(shard->engine, TABLE_DEADLINES);
    size_t notifications = engine_entries(shard->engine, TABLE_OUTBOX);
    if (result->deadlines != deadlines || result->outbox != notifications)
        shard_set_problem(shard,
                          "Redis holds %" PRIu64 " deadlines and %" PRIu64
                          " notifications, memory %zu and %zu: somebody "
                          "else writes to these keys, or this is a defect",
                          result->deadlines, result->outbox, deadlines, notifications);
}

void shard_acknowledge(struct shard *shard, const struct commit_result *result)
{
    bool is_first = shard->first_turn;
    shard->in_flight = false;
    shard->first_turn = false;
    shard->seq = commit_seq(shard->commit);
    memcpy(shard->by, shard->flight_token, sizeof(shard->by));
    shard->commits++;
    shard->head.exists = true;
    shard->head.clock = commit_now(shard->commit);
    shard->commit_ms_last = clock_monotonic().ms - shard->flight_at.ms;
    if (shard->refusals > 0)
        shard_clear_problem(shard);
    shard_note_write(shard, "");
    shard->refusals = 0;
    shard->tries = 0; /* not before: what breaks each load must not be tried ten times a second */
    if (result)
        audit(shard, result);
    if (is_first) {
        shard->state = SHARD_OWNER;
        shard->loaded_once = true;
        shard->seen_other = false;
        shard_log(shard, LOG_NOTICE, "owned; %zu deadlines, %zu notifications",
                  engine_entries(shard->engine, TABLE_DEADLINES),
                  engine_entries(shard->engine, TABLE_OUTBOX));
        if (shard->hooks.on_owned)
            shard->hooks.on_owned(shard->hooks.data, shard);
    } else if (shard->hooks.on_committed) {
        shard->hooks.on_committed(shard->hooks.data, shard, &shard->changes.queued,
                                  &shard->changes.withdrawn);
    }
    struct request *request;
    while ((request = request_pop(&shard->applied)))
        answer_request(shard, request);
    shard_soon(shard);
}
