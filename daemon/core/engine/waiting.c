#include "waiting.h"

#include <string.h>

#include "core/reach.h"

#include "sending.h"

enum { LIFE_MIN_MS = 30 * 60 * 1000 };

static instant later(instant a, instant b)
{
    return a > b ? a : b;
}

/* -- when -- */

/* What a step before due must not be pushed behind. */
static instant limit_of(const struct notification *note)
{
    return note->phase == PHASE_REMINDER && note->deadline ? note->deadline->due : INSTANT_NEVER;
}

/* What follows from its causes. */
static instant leaves(const struct engine *engine, const struct notification *note)
{
    instant planned = sending_open(engine, note, note->from, limit_of(note));
    instant at = later(later(planned, note->queued), note->again);

    return sending_open(engine, note, at, INSTANT_NEVER);
}

/* -- its end -- */

/* It would live as long as anything may: no fresher message ends it. */
static bool is_whole_life(const struct engine *engine, const struct notification *note)
{
    return note->expires - note->not_before >= engine->policy->expires_max_ms;
}

/* Held by quiet hours until `until` instead of `at`. One that was tried is still what its recipient has to
 * hear, unless it speaks of a due to come. */
static void lengthen(const struct engine *engine, struct notification *note, instant at, instant until)
{
    if (is_whole_life(engine, note) || (note->attempts > 0 && note->phase != PHASE_REMINDER)) {
        note->expires += until - at;
    }
}

/* -- the rung behind it -- */

/* The rung that fired last leaves with it: the next one must not be told before. */
static void move_rung(struct turn *turn, const struct notification *note)
{
    struct deadline *deadline = note->deadline;

    if (sending_is_of_last(note) && note->not_before > deadline->last.left) {
        deadline->last.left = note->not_before;
        timing_arm(turn, deadline);
        state_put_deadline(turn, deadline);
    }
}

/* -- waiting -- */

void waiting_begin(const struct engine *engine, struct notification *note, instant from)
{
    note->from = from;
    note->again = INSTANT_NONE;
    note->not_before = leaves(engine, note);
}

void waiting_again(struct turn *turn, struct notification *note, instant at)
{
    note->again = note->not_before = at;
    instant open = leaves(turn->engine, note);
    lengthen(turn->engine, note, at, open);
    note->not_before = open; /* the rung behind does not wait: a dead channel keeps nobody from hearing */
}

bool waiting_hold(struct turn *turn, struct notification *note)
{
    instant open = sending_open(turn->engine, note, turn->now, INSTANT_NEVER);
    bool is_first = note->again == INSTANT_NONE;

    if (open == turn->now) {
        return false;
    }
    lengthen(turn->engine, note, turn->now, open);
    note->again = turn->now;
    note->not_before = open;
    if (is_first) {
        move_rung(turn, note);
    }
    return true;
}

void waiting_fall_back(struct turn *turn, struct notification *note)
{
    note->not_before = turn->now;
    instant open = sending_open(turn->engine, note, turn->now, INSTANT_NEVER);
    lengthen(turn->engine, note, turn->now, open);
    note->from = turn->now;
    note->again = turn->now;
    note->not_before = open;
    if (open > turn->now) {
        move_rung(turn, note);
    }
}

/* -- other settings -- */

static void journal_moved(struct turn *turn, const struct notification *note, instant was)
{
    char quiet[QUIET_TEXT_MAX];
    struct journal_record record;

    journal_begin_notification(&record, turn->changes, "moved", note);
    json_key_text(&record.json, "phase", phase_name(note->phase));
    json_key_text(&record.json, "to", note->to);
    json_key_text(&record.json, "via", note->channel);
    json_key_int(&record.json, "was", was);
    json_key_int(&record.json, "not_before", note->not_before);
    if (note->not_before > turn->now) {
        json_key_text(&record.json, "quiet", quiet_format(sending_quiet(turn->engine, note), quiet));
    }
    json_key_text(&record.json, "why", "the settings have changed");
    journal_end(&record);
}

/* The person's own channel of today, for what nobody has tried on another and no `via` names. */
static const struct channel_facts *channel_of_today(const struct engine *engine,
                                                    const struct notification *note)
{
    const struct rule *rule =
        note->deadline ? note->deadline->rule : ruleset_find(engine->parts.rules, note->rule);
    const struct step *step = rule ? rule_step(rule, note->step) : NULL;
    bool is_gone = !ruleset_channel(engine->parts.rules, note->channel);
    bool is_free = step && step->via.n == 0 && !note->fell_back && note->attempts == 0;

    if (!note->to[0] || (!is_gone && !is_free)) {
        return NULL;
    }
    return reach_direct(engine->parts.people, engine->parts.rules,
                        directory_person(engine->parts.people, note->to), !rule || rule->audience_direct);
}

static bool is_on(const struct notification *note, const struct channel_facts *channel)
{
    return !channel || strcmp(channel->name, note->channel) == 0;
}

static bool change_channel(struct turn *turn, struct notification *note)
{
    const struct channel_facts *channel = channel_of_today(turn->engine, note);
    struct journal_record record;

    if (is_on(note, channel)) {
        return false;
    }
    journal_begin_notification(&record, turn->changes, "rerouted", note);
    json_key_text(&record.json, "phase", phase_name(note->phase));
    json_key_text(&record.json, "to", note->to);
    json_key_text(&record.json, "was", note->channel);
    json_key_text(&record.json, "via", channel->name);
    json_key_text(&record.json, "why", "the settings have changed");
    journal_end(&record);
    if (!state_set_text(&note->channel, channel->name)) {
        turn->changes->failed = true;
    }
    return true;
}

bool waiting_reroute(struct turn *turn, struct notification *note)
{
    bool is_gone = !ruleset_channel(turn->engine->parts.rules, note->channel);

    return is_gone && change_channel(turn, note);
}

/* What may leave already is where it was, whatever it waited for. */
static bool is_moved(const struct notification *note, instant to, instant now)
{
    return to != note->not_before && later(to, note->not_before) > now;
}

/* The longest life of what was not tried counts from when it may leave. */
static instant end_of_life(const struct engine *engine, const struct notification *note)
{
    int64_t life = engine->policy->expires_max_ms;

    if (note->attempts > 0) {
        return INSTANT_NEVER;
    }
    return later(note->not_before, note->queued) + (life > LIFE_MIN_MS ? life : LIFE_MIN_MS);
}

bool waiting_is_settled(const struct engine *engine, const struct notification *note, instant now)
{
    return note->state != NOTIFICATION_QUEUED ||
           (is_on(note, channel_of_today(engine, note)) && !is_moved(note, leaves(engine, note), now) &&
            note->expires <= end_of_life(engine, note));
}

/* When the rung that fired last leaves, now that one of its messages does at another time: those that have
 * left did so before now, and what was tried holds nobody back for longer. */
static void settle_rung(struct turn *turn, struct deadline *deadline)
{
    instant left = deadline->last.left < turn->now ? deadline->last.left : turn->now;

    for (int32_t i = deadline->numbered; i > deadline->last.first; i--) {
        const struct notification *note = outbox_numbered(turn->engine, deadline, i);

        if (!note || note->state != NOTIFICATION_QUEUED) {
            continue;
        }
        bool is_bounded = note->again != INSTANT_NONE && note->not_before > deadline->last.left;
        left = later(left, is_bounded ? deadline->last.left : note->not_before);
    }
    if (left != deadline->last.left) {
        deadline->last.left = left;
        timing_arm(turn, deadline);
        state_put_deadline(turn, deadline);
    }
}

/* A life that a fresher message ends stays as it is, but for its least length. */
static void settle_life(const struct engine *engine, struct notification *note, instant to)
{
    bool whole = is_whole_life(engine, note);
    instant least = to + LIFE_MIN_MS;

    if (note->attempts > 0) {
        note->expires += to - note->not_before;
    } else if (!whole && limit_of(note) != INSTANT_NEVER && note->deadline->due < least) {
        least = note->deadline->due;
    }
    note->not_before = to;
    note->expires = whole && note->attempts == 0 ? end_of_life(engine, note) : later(note->expires, least);
}

void waiting_settle(struct turn *turn, struct notification *note, int64_t shorter_ms)
{
    instant was = note->not_before, end = note->expires;

    if (note->state != NOTIFICATION_QUEUED) {
        return;
    }
    bool rerouted = change_channel(turn, note);
    instant to = leaves(turn->engine, note);
    bool moved = is_moved(note, to, turn->now);
    if (moved) {
        settle_life(turn->engine, note, to);
        journal_moved(turn, note, was);
    }
    if (note->attempts > 0) {
        note->expires -= shorter_ms;
    } else if (note->expires > end_of_life(turn->engine, note)) {
        note->expires = end_of_life(turn->engine, note);
    }
    if (rerouted || moved || note->expires != end) {
        outbox_requeue(turn, note);
    }
    if (moved && sending_is_of_last(note)) {
        settle_rung(turn, note->deadline);
    }
}
