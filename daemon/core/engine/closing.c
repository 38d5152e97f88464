#include <stdio.h>
#include <string.h>

#include "core/lateness.h"

#include "following.h"
#include "state.h"

/* What a reopening needs: kept if the rule, as it is now, can be reopened. */
static bool is_reopenable(const struct engine *engine, const struct deadline *deadline)
{
    const struct rule *rule = ruleset_find(engine->parts.rules, deadline->rule->name);

    return rule && rule->reopens.n > 0;
}

static void add_reopenable(struct json_writer *json, const struct deadline *deadline, size_t case_n)
{
    json_key_int(json, "case", (int64_t)case_n);
    if (deadline->owner_fixed) {
        json_key_bool(json, "owner_fixed", true);
    }
    json_key(json, "fields");
    json_object(json);
    for (size_t i = 0; i < deadline->fields.n; i++) {
        json_key_text(json, deadline->fields.items[i].name, deadline->fields.items[i].value);
    }
    json_object_end(json);
}

static struct lateness lateness_at(const struct turn *turn, const struct deadline *deadline,
                                   const struct closing_cause *cause)
{
    return lateness_of(timing_calendar(turn->engine, deadline), deadline->due,
                       deadline_clock(deadline, cause->at));
}

/* The closing as people and later rules need it: base:closed. */
static void put_closing(struct turn *turn, const struct deadline *deadline, const struct closing_cause *cause,
                        struct memo *memo)
{
    struct buffer *text = &turn->engine->text;
    struct json_writer json;
    size_t case_n = 0;
    bool reopenable = is_reopenable(turn->engine, deadline);

    if (turn->changes->is_dry && !reopenable) {
        return;
    }
    buffer_clear(text);
    deadline_case(deadline->rule, &deadline->fields, text);
    case_n = text->n;
    buffer_clear(text);
    json_begin(&json, text);
    json_object(&json);
    json_key_text(&json, "id", deadline->id);
    json_key_text(&json, "how", closing_name(cause->how));
    json_key_text(&json, "owner", deadline->owner);
    json_key_text(&json, "dept", deadline->department);
    json_key_int(&json, "opened", deadline->opened);
    json_key_int(&json, "due", deadline->due == INSTANT_NEVER ? 0 : deadline->due);
    json_key_int(&json, "at", cause->at);
    json_key_int(&json, "kept", turn->now);
    json_key_text(&json, "by", cause->by[0] ? cause->by : NULL);
    if (cause->how == CLOSED_MET_LATE) {
        json_key_int(&json, "late_wm", lateness_at(turn, deadline, cause).working_min);
    }
    json_key(&json, "told");
    json_array(&json);
    for (size_t i = 0; i < deadline->n_told; i++) {
        json_text(&json, deadline->told[i].person);
    }
    json_array_end(&json);
    if (reopenable) {
        add_reopenable(&json, deadline, case_n);
    }
    json_object_end(&json);
    if (!buffer_ok(text) ||
        memory_set_text(&turn->engine->closed, memo, reopenable ? buffer_text(text) : NULL, case_n)) {
        turn->changes->failed = true;
        return;
    }
    changes_put(turn->changes, TABLE_CLOSED, memo->identity, buffer_text(text), text->n);
}

static void forget_old(struct turn *turn)
{
    enum { FORGET_MAX = 4 }; /* a closing: keeps up with any rate without a long pause */
    struct engine *engine = turn->engine;
    struct memory *closed = &engine->closed;

    for (int i = 0; i < FORGET_MAX && closed->oldest; i++) {
        if (closed->n <= engine->policy->closed_max &&
            closed->oldest->kept > turn->now - engine->policy->closed_ms) {
            break;
        }
        changes_remove(turn->changes, TABLE_CLOSED, closed->oldest->identity);
        memory_forget(closed, closed->oldest);
    }
}

static void remember(struct turn *turn, const struct deadline *deadline, const struct closing_cause *cause)
{
    struct buffer identity;

    buffer_init(&identity);
    deadline_identity(deadline->rule, &deadline->fields, deadline_identity_owner(deadline), &identity);
    forget_old(turn);
    struct memo *memo =
        buffer_ok(&identity) ? memory_keep(&turn->engine->closed, buffer_text(&identity), turn->now) : NULL;
    if (memo) {
        memo->opened = deadline->opened;
        memo->how = cause->how;
        memcpy(memo->id, deadline->id, sizeof memo->id);
        put_closing(turn, deadline, cause, memo);
    } else {
        turn->changes->failed = true;
    }
    buffer_finish(&identity);
}

void closing_remember_anchor(struct turn *turn, const struct deadline *anchor, const char *identity)
{
    struct buffer *text = &turn->engine->text;
    struct json_writer json;
    struct memo *memo;

    forget_old(turn);
    memo = memory_keep(&turn->engine->closed, identity, turn->now);
    buffer_clear(text);
    json_begin(&json, text);
    json_object(&json);
    json_key_text(&json, "how", "recurs_ended");
    json_key_int(&json, "opened", anchor->opened);
    json_key_int(&json, "kept", turn->now);
    json_object_end(&json);
    if (!memo || !buffer_ok(text)) {
        turn->changes->failed = true;
        return;
    }
    memo->opened = anchor->opened;
    changes_put(turn->changes, TABLE_CLOSED, identity, buffer_text(text), text->n);
}

static void journal_closing(struct turn *turn, const struct deadline *deadline,
                            const struct closing_cause *cause)
{
    struct journal_record record;
    char at[STREAM_ID_TEXT_MAX];

    if (turn->changes->is_dry) {
        return;
    }
    journal_begin_deadline(&record, turn->changes, closing_name(cause->how), deadline);
    json_key_int(&record.json, "at", cause->at);
    json_key_text(&record.json, "by", cause->by[0] ? cause->by : NULL);
    json_key_text(&record.json, "owner", deadline->owner);
    json_key_text(&record.json, "dept", deadline->department);
    if (turn->event) {
        json_key_text(&record.json, "event", stream_id_format(turn->event->at, at));
        json_key_text(&record.json, "type", turn->event->type);
    }
    if (cause->how == CLOSED_MET_LATE) {
        struct lateness lateness = lateness_at(turn, deadline, cause);

        json_key_int(&record.json, "late_ms", lateness.elapsed_ms);
        json_key_int(&record.json, "late_wm", lateness.working_min);
    }
    if (cause->how == CLOSED_MET && deadline->was_overdue) {
        json_key_bool(&record.json, "cured", true); /* stamped in time, arrived late */
    }
    json_key_text(&record.json, "stop", cause->stop);
    json_key_text(&record.json, "why", cause->note);
    journal_end(&record);
}

enum closing closing_met(const struct deadline *deadline, instant at)
{
    if (deadline->state == DEADLINE_SLEEPING) {
        return CLOSED_MET;
    }
    return deadline_clock(deadline, at) > deadline->due ? CLOSED_MET_LATE : CLOSED_MET;
}

enum closing engine_closing(const struct deadline *deadline, instant at)
{
    return closing_met(deadline, at);
}

void closing_close(struct turn *turn, struct deadline *deadline, const struct closing_cause *cause)
{
    instant counted = deadline->due == INSTANT_NEVER ? turn->now : deadline->due;

    const struct engine_watch *watch = &turn->engine->parts.watch;

    if (watch->on_closed) {
        watch->on_closed(watch->data, deadline, cause->how, cause->at);
    }
    journal_closing(turn, deadline, cause);
    outbox_withdraw(turn, deadline, closing_name(cause->how));
    ladder_closed(turn, deadline, cause);
    remember(turn, deadline, cause);
    state_count(turn, deadline->rule, deadline->department, counted, closing_name(cause->how));
    following_closed(turn, deadline, cause);
    changes_remove(turn->changes, TABLE_DEADLINES, deadline->id);
    state_drop_deadline(turn->engine, deadline);
}
