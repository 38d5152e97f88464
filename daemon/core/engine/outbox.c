#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/reach.h"

#include "crash.h"
#include "sending.h"
#include "state.h"
#include "waiting.h"

enum {
    UNCERTAIN_MAX = 3,         /* attempts without a verdict, then a dead letter */
    CLAIM_SLACK_MS = 5000,     /* how long after its latest end an attempt's verdict is still waited for */
    PROBE_MS = 10 * 60 * 1000, /* how often a misconfigured channel is tried */
};

static void tell_delivery(struct turn *turn, struct buffer *list, const char *id)
{
    buffer_add(list, id, strlen(id) + 1);
    if (!buffer_ok(list)) {
        turn->changes->failed = true;
    }
}

static void arm(struct turn *turn, struct notification *note)
{
    struct engine *engine = turn->engine;
    bool ok = true;

    switch (note->state) {
    case NOTIFICATION_QUEUED:
        ok = agenda_set(&engine->outbox, &note->agenda, note->expires);
        break;
    case NOTIFICATION_CLAIMED:
        ok = agenda_set(&engine->outbox, &note->agenda, note->ends + CLAIM_SLACK_MS);
        break;
    case NOTIFICATION_HELD:
        agenda_remove(&engine->outbox, &note->agenda);
        break;
    }
    if (!ok) {
        turn->changes->failed = true;
    }
    crash_watch(turn, note);
}

/* Queued again, or still: durable, armed, and known to delivery. */
static void put_queued(struct turn *turn, struct notification *note)
{
    note->state = NOTIFICATION_QUEUED;
    arm(turn, note);
    state_put_notification(turn, note);
    tell_delivery(turn, &turn->changes->queued, note->id);
}

void outbox_requeue(struct turn *turn, struct notification *note)
{
    put_queued(turn, note);
}

static void journal_note(struct turn *turn, const struct notification *note, const char *what,
                         const char *why)
{
    struct journal_record record;

    journal_begin_notification(&record, turn->changes, what, note);
    json_key_text(&record.json, "why", why);
    journal_end(&record);
}

static void make_room(struct turn *turn)
{
    struct engine *engine = turn->engine;

    if (engine->notifications.n < engine->policy->outbox_max) {
        return;
    }
    struct notification *oldest = (struct notification *)agenda_first(&engine->outbox);
    if (oldest && oldest->state == NOTIFICATION_QUEUED) {
        outbox_dead(turn, oldest, "the outbox is full; the oldest gives way");
    }
}

void outbox_queue(struct turn *turn, struct notification *take)
{
    struct notification *note = take;
    struct journal_record record;

    make_room(turn);
    if (state_add_notification(turn->engine, note)) {
        turn->changes->failed = true;
        notification_destroy(note);
        return;
    }
    journal_begin_notification(&record, turn->changes, "queued", note);
    json_key_text(&record.json, "s", note->step);
    json_key_text(&record.json, "phase", phase_name(note->phase));
    json_key_text(&record.json, "to", note->to);
    json_key_text(&record.json, "via", note->channel);
    json_key_text(&record.json, "on_behalf", note->on_behalf);
    json_key_text(&record.json, "stands_for", note->stands_for);
    if (note->copy) {
        json_key_bool(&record.json, "copy", true);
    }
    if (note->not_before > turn->now) {
        char quiet[QUIET_TEXT_MAX];

        json_key_int(&record.json, "not_before", note->not_before);
        json_key_text(&record.json, "quiet", quiet_format(sending_quiet(turn->engine, note), quiet));
    }
    journal_end(&record);
    put_queued(turn, note);
}

/* Drops it; what waits for its end is armed anew. */
static void finish(struct turn *turn, struct notification *note)
{
    struct deadline *deadline = note->deadline;
    bool of_last = sending_is_of_last(note);

    state_drop_notification(turn, note);
    if (of_last && sending_ended(turn, deadline)) {
        state_put_deadline(turn, deadline);
    }
}

static void withdraw(struct turn *turn, struct notification *note, const char *why)
{
    journal_note(turn, note, "withdrawn", why);
    tell_delivery(turn, &turn->changes->withdrawn, note->id);
    finish(turn, note);
}

struct notification *outbox_numbered(const struct engine *engine, const struct deadline *deadline,
                                     int32_t number)
{
    char id[NOTIFICATION_ID_MAX];

    notification_number(deadline->id, number, id);
    return state_find_notification(engine, id);
}

void outbox_withdraw(struct turn *turn, struct deadline *deadline, const char *why)
{
    bool closes = strcmp(why, "paused") != 0 && strcmp(why, "restarted") != 0;

    for (int32_t i = deadline->numbered; i > 0; i--) {
        struct notification *note = outbox_numbered(turn->engine, deadline, i);

        if (!note || note->phase == PHASE_CLOSED) {
            continue;
        }
        if (note->state != NOTIFICATION_CLAIMED) {
            note->deadline = closes ? NULL : deadline; /* nothing waits for its end any more */
            withdraw(turn, note, why);
        } else if (closes) {
            note->deadline = NULL; /* on its way: its verdict decides */
        }
    }
}

struct dead_letter {
    const char *id, *deadline, *rule, *step, *to, *via, *plugin, *why; /* NULL: not known */
};

static void put_dead(struct turn *turn, const struct dead_letter *letter)
{
    struct buffer *text = &turn->engine->text;
    struct json_writer json;

    buffer_clear(text);
    json_begin(&json, text);
    json_object(&json);
    json_key_text(&json, "what", "notification");
    json_key_text(&json, "n", letter->id);
    json_key_text(&json, "d", letter->deadline);
    json_key_text(&json, "r", letter->rule);
    json_key_text(&json, "s", letter->step);
    json_key_text(&json, "to", letter->to);
    json_key_text(&json, "via", letter->via);
    json_key_text(&json, "plugin", letter->plugin);
    json_key_text(&json, "why", letter->why);
    json_key_int(&json, "at", turn->now);
    json_object_end(&json);
    if (buffer_ok(text)) {
        changes_dead(turn->changes, buffer_text(text));
    } else {
        turn->changes->failed = true;
    }
}

/* The plugin is named where the message killed it. */
void outbox_dead(struct turn *turn, struct notification *note, const char *why)
{
    const struct channel_facts *facts = ruleset_channel(turn->engine->parts.rules, note->channel);
    const struct dead_letter letter = {
        .id = note->id,
        .deadline = note->deadline_id,
        .rule = note->rule,
        .step = note->step,
        .to = note->to,
        .via = note->channel,
        .plugin = note->deaths > 0 && facts ? facts->plugin : NULL,
        .why = why,
    };

    journal_note(turn, note, "dead", why);
    put_dead(turn, &letter);
    tell_delivery(turn, &turn->changes->withdrawn, note->id);
    finish(turn, note);
}

void outbox_dead_recipient(struct turn *turn, const struct deadline *deadline, const struct step *step,
                           const char *to, const char *why)
{
    struct journal_record record;

    journal_begin_deadline(&record, turn->changes, "dead", deadline);
    json_key_text(&record.json, "s", step->name);
    json_key_text(&record.json, "to", to);
    json_key_text(&record.json, "why", why);
    journal_end(&record);
    put_dead(turn, &(struct dead_letter){.deadline = deadline->id,
                                         .rule = deadline->rule->name,
                                         .step = step->name,
                                         .to = to,
                                         .why = why});
}

/* A closing's message has outlived its deadline, but not its rule's discretion. */
static bool is_direct(const struct engine *engine, const struct notification *note)
{
    const struct rule *rule =
        note->deadline ? note->deadline->rule : ruleset_find(engine->parts.rules, note->rule);

    return !rule || rule->audience_direct;
}

/* Not while its deadline is paused, of which nobody hears. */
static void queue_again(struct turn *turn, struct notification *note)
{
    if (note->deadline && note->deadline->state == DEADLINE_PAUSED) {
        withdraw(turn, note, "paused");
    } else {
        put_queued(turn, note);
    }
}

static bool fall_back(struct turn *turn, struct notification *note, const char *why)
{
    const struct engine *engine = turn->engine;
    bool direct_only = is_direct(engine, note);
    const struct channel_facts *other =
        note->fell_back ? NULL
                        : reach_fallback(engine->parts.rules, note->channel,
                                         directory_person(engine->parts.people, note->to), direct_only);
    struct journal_record record;

    if (!other || strcmp(other->name, note->channel) == 0 || (other->reach == REACH_PERSON && !note->to[0])) {
        return false;
    }
    journal_begin_notification(&record, turn->changes, "fallback", note);
    json_key_text(&record.json, "was", note->channel);
    json_key_text(&record.json, "via", other->name);
    json_key_text(&record.json, "why", why);
    journal_end(&record);
    if (!state_set_text(&note->channel, other->name)) {
        turn->changes->failed = true;
    }
    note->fell_back = true;
    note->attempts = note->uncertain = note->lost = 0;
    crash_survived(note); /* another plugin works on it now */
    waiting_fall_back(turn, note);
    queue_again(turn, note);
    return true;
}

static void journal_verdict(struct turn *turn, const struct notification *note, const struct verdict *verdict)
{
    struct journal_record record;

    journal_begin_notification(&record, turn->changes, verdict_name(verdict->kind), note);
    json_key_text(&record.json, "to", note->to);
    json_key_text(&record.json, "via", note->channel);
    if (verdict->code != 0) {
        json_key_int(&record.json, "code", verdict->code);
    }
    json_key_text(&record.json, "why", verdict->reason[0] ? verdict->reason : NULL);
    json_key_text(&record.json, "remote", verdict->remote_id[0] ? verdict->remote_id : NULL);
    if (verdict->kind == VERDICT_RETRY || verdict->kind == VERDICT_BACKOFF) {
        json_key_int(&record.json, "next", turn->now + verdict->delay_ms);
    }
    journal_end(&record);
}

/* Do both speak of the same deadline to the same person (or group), and `newer` of a later step? */
static bool supersedes(const struct notification *newer, const struct notification *older)
{
    return newer->deadline && newer->deadline == older->deadline && newer->queued > older->queued &&
           strcmp(newer->to, older->to) == 0 && (older->to[0] || strcmp(newer->channel, older->channel) == 0);
}

/* Whoever has read the later message needs no earlier one. */
static void withdraw_older(struct turn *turn, const struct notification *note)
{
    for (int32_t i = note->deadline ? note->deadline->numbered : 0; i > 0; i--) {
        struct notification *older = outbox_numbered(turn->engine, note->deadline, i);

        if (older && older->state == NOTIFICATION_QUEUED && supersedes(note, older)) {
            withdraw(turn, older, "superseded");
        }
    }
}

static void delivered(struct turn *turn, struct notification *note)
{
    struct deadline *deadline = note->deadline;

    if (deadline && note->to[0]) {
        if (deadline_tell(deadline, note->to, note->phase, turn->now)) {
            turn->changes->failed = true;
        }
        state_put_deadline(turn, deadline);
    }
    state_count(turn, NULL, note->channel, turn->now, "delivered");
    withdraw_older(turn, note);
    finish(turn, note);
}

static void again(struct turn *turn, struct notification *note, int64_t delay_ms, const char *why)
{
    if (notification_is_pointless(note)) {
        withdraw(turn, note, "closed");
    } else if (note->attempts - note->lost >= NOTIFICATION_ATTEMPTS_MAX) {
        outbox_dead(turn, note, why);
    } else {
        waiting_again(turn, note, turn->now + delay_ms);
        queue_again(turn, note);
    }
}

static enum uncertain_policy policy_of(const struct engine *engine, const char *channel)
{
    const struct channel_facts *facts = ruleset_channel(engine->parts.rules, channel);

    return facts ? facts->uncertain : UNCERTAIN_RESEND;
}

/* It may have been delivered, and nobody can know: as the channel's policy says. */
static void go_on_uncertain(struct turn *turn, struct notification *note, int64_t delay_ms)
{
    switch (policy_of(turn->engine, note->channel)) {
    case UNCERTAIN_HOLD:
        journal_note(turn, note, "held", "the channel's policy: an operator decides");
        note->state = NOTIFICATION_HELD;
        arm(turn, note);
        state_put_notification(turn, note);
        return;
    case UNCERTAIN_FALLBACK:
        if (fall_back(turn, note, "uncertain")) {
            return;
        }
        break;
    case UNCERTAIN_RESEND:
        break;
    }
    again(turn, note, delay_ms, "uncertain");
}

static void uncertain(struct turn *turn, struct notification *note, int64_t delay_ms)
{
    note->uncertain++;
    if (notification_is_pointless(note)) {
        withdraw(turn, note, "closed");
    } else if (note->uncertain >= UNCERTAIN_MAX) {
        outbox_dead(turn, note, "three attempts ended without a verdict");
    } else {
        go_on_uncertain(turn, note, delay_ms);
    }
}

/* Its end was not seen: the daemon died, or lost the stream. That says nothing against the message, however
 * often it happens, unless nothing else was under way. */
static void lost(struct turn *turn, struct notification *note)
{
    struct verdict verdict = {.kind = VERDICT_UNCERTAIN};
    bool cuts = note->deaths >= NOTIFICATION_DEATHS_CUT && !note->alone;

    note->lost++;
    crash_reason(note, &verdict);
    journal_verdict(turn, note, &verdict);
    if (notification_is_pointless(note)) {
        withdraw(turn, note, "closed");
    } else if (note->deaths < NOTIFICATION_DEATHS_MAX) {
        go_on_uncertain(turn, note, cuts ? turn->engine->policy->cut_out_ms : 0);
    } else if (!fall_back(turn, note, CRASH_DEAD)) {
        outbox_dead(turn, note, CRASH_DEAD);
    }
}

static void judge(struct turn *turn, struct notification *note, const struct verdict *verdict)
{
    journal_verdict(turn, note, verdict);
    if (verdict->kind != VERDICT_BACKOFF) { /* with that, a plugin may not have seen it */
        crash_survived(note);
    }
    switch (verdict->kind) {
    case VERDICT_DELIVERED:
        delivered(turn, note);
        break;
    case VERDICT_BACKOFF:
        note->attempts--;
        again(turn, note, verdict->delay_ms, verdict->reason);
        break;
    case VERDICT_RETRY:
    case VERDICT_REAUTH:
        again(turn, note, verdict->delay_ms, verdict->reason);
        break;
    case VERDICT_REFUSED:
        if (notification_is_pointless(note)) {
            withdraw(turn, note, "closed");
        } else if (!fall_back(turn, note, verdict->reason)) {
            outbox_dead(turn, note, verdict->reason);
        }
        break;
    case VERDICT_MISCONFIGURED:
        if (notification_is_pointless(note) || !fall_back(turn, note, verdict->reason)) {
            note->attempts--;
            again(turn, note, verdict->delay_ms > 0 ? verdict->delay_ms : PROBE_MS, verdict->reason);
        }
        break;
    case VERDICT_UNCERTAIN:
        uncertain(turn, note, verdict->delay_ms);
        break;
    }
}

/* Is a fresher message waiting, or is there nothing left to be reminded of? Then this one is old news. */
static bool is_superseded(const struct turn *turn, const struct notification *note)
{
    const struct deadline *deadline = note->deadline;

    if (deadline && note->phase == PHASE_REMINDER && deadline->due <= turn->now) {
        return true;
    }
    for (int32_t i = deadline ? deadline->numbered : 0; i > 0; i--) {
        const struct notification *other = outbox_numbered(turn->engine, deadline, i);

        if (other && supersedes(other, note)) {
            return true;
        }
    }
    return false;
}

/* What has not been tried, or may have arrived, is only old news then; what is known to have failed is given
 * up. `expires` was set for when the next step should have spoken to the same person. A step may be skipped,
 * or find somebody else: what nothing has followed lives on. */
static void end_life(struct turn *turn, struct notification *note)
{
    instant from = note->attempts == 0 && note->not_before > note->queued ? note->not_before : note->queued;
    instant end = from + turn->engine->policy->expires_max_ms;

    if (is_superseded(turn, note) && note->attempts == note->uncertain + note->lost) {
        withdraw(turn, note, "superseded");
    } else if (note->expires >= end || is_superseded(turn, note)) {
        outbox_dead(turn, note, "it expired before it could be delivered");
    } else {
        note->expires = end;
        put_queued(turn, note);
    }
}

void outbox_end_reminders(struct turn *turn, struct deadline *deadline)
{
    for (int32_t i = deadline->numbered; i > 0; i--) {
        struct notification *note = outbox_numbered(turn->engine, deadline, i);

        if (note && note->phase == PHASE_REMINDER && note->state == NOTIFICATION_QUEUED) {
            end_life(turn, note);
        }
    }
}

void outbox_overdue(struct turn *turn, struct notification *note)
{
    if (note->state == NOTIFICATION_QUEUED) {
        end_life(turn, note);
        return;
    }
    lost(turn, note);
}

size_t engine_claim(struct engine *engine, const char **ids, size_t n, instant now, instant ends,
                    struct changes *changes)
{
    struct turn turn = {.engine = engine, .changes = changes, .now = now};
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        struct notification *note = state_find_notification(engine, ids[i]);

        if (!note || note->state != NOTIFICATION_QUEUED || note->not_before > now || note->expires <= now ||
            notification_is_pointless(note) || (note->deadline && note->deadline->state == DEADLINE_PAUSED)) {
            continue;
        }
        if (waiting_hold(&turn, note)) { /* the channel was slow, or the daemon away: it has become quiet */
            put_queued(&turn, note);
            continue;
        }
        struct journal_record record;
        note->state = NOTIFICATION_CLAIMED;
        note->attempts++;
        note->ends = ends;
        note->life = engine->life;
        (void)snprintf(note->with, sizeof note->with, "%s", kept > 0 ? ids[0] : "");
        arm(&turn, note);
        state_put_notification(&turn, note);
        journal_begin_notification(&record, changes, "claimed", note);
        json_key_int(&record.json, "attempt", note->attempts);
        json_key_int(&record.json, "ends", ends);
        journal_end(&record);
        ids[kept++] = ids[i];
    }
    return kept;
}

void engine_verdict(struct engine *engine, const char *const *ids, size_t n, const struct verdict *verdict,
                    instant now, struct changes *changes)
{
    struct turn turn = {.engine = engine, .changes = changes, .now = now};

    for (size_t i = 0; i < n; i++) {
        struct notification *note = state_find_notification(engine, ids[i]);

        /* Late, but not too late: what is known to have arrived is not sent again. */
        bool known = note && note->uncertain + note->lost > 0 && verdict->kind == VERDICT_DELIVERED;

        if (note && (note->state == NOTIFICATION_CLAIMED || known)) {
            judge(&turn, note, verdict);
        }
    }
}

void engine_refuse(struct engine *engine, const char *id, const char *reason, instant now,
                   struct changes *changes)
{
    struct turn turn = {.engine = engine, .changes = changes, .now = now};
    struct notification *note = state_find_notification(engine, id);

    if (!note || note->state != NOTIFICATION_QUEUED) {
        return;
    }
    if (waiting_reroute(&turn, note)) { /* other files have taken its channel away */
        put_queued(&turn, note);
        return;
    }
    journal_note(&turn, note, "refused", reason);
    if (!fall_back(&turn, note, reason)) {
        outbox_dead(&turn, note, reason);
    }
}
