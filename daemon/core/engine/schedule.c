#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "following.h"
#include "state.h"

/* -- the set of them -- */

void schedule_init(struct engine *engine)
{
    index_init(&engine->schedules);
    index_init(&engine->anchors);
    agenda_init(&engine->clock);
}

void schedule_destroy(struct schedule *schedule)
{
    if (!schedule) {
        return;
    }
    deadline_destroy(schedule->anchor);
    free(schedule->done);
    free(schedule->id);
    free(schedule);
}

void schedule_finish(struct engine *engine)
{
    size_t cursor = 0;
    struct schedule *schedule;

    while ((schedule = index_next(&engine->schedules, &cursor)) != NULL) {
        schedule_destroy(schedule);
    }
    index_finish(&engine->schedules);
    index_finish(&engine->anchors);
    agenda_finish(&engine->clock);
}

struct schedule *schedule_create(const char *id, const struct rule *rule)
{
    struct schedule *schedule = calloc(1, sizeof *schedule);

    if (!schedule) {
        return NULL;
    }
    agenda_entry_init(&schedule->agenda);
    schedule->rule = rule;
    schedule->until = INSTANT_NEVER;
    schedule->unsaved = true;
    schedule->id = strdup(id);
    if (!schedule->id) {
        schedule_destroy(schedule);
        return NULL;
    }
    return schedule;
}

struct schedule *schedule_find(const struct engine *engine, const char *id)
{
    size_t cursor = 0;
    struct schedule *schedule;

    while ((schedule = index_find(&engine->schedules, hash_text(0, id), &cursor)) != NULL) {
        if (strcmp(schedule->id, id) == 0) {
            return schedule;
        }
    }
    return NULL;
}

static void leave_anchors(struct engine *engine, struct schedule *schedule)
{
    for (size_t i = 0; schedule->anchor && i < schedule->rule->n_forms; i++) {
        uint64_t hash;

        if (state_form_of(schedule->anchor, &schedule->rule->forms[i], &hash)) {
            index_remove(&engine->anchors, hash, schedule);
        }
    }
}

static int enter_anchors(struct engine *engine, struct schedule *schedule)
{
    for (size_t i = 0; schedule->anchor && i < schedule->rule->n_forms; i++) {
        uint64_t hash;

        if (state_form_of(schedule->anchor, &schedule->rule->forms[i], &hash) &&
            !index_add(&engine->anchors, hash, schedule)) {
            leave_anchors(engine, schedule);
            return -ENOMEM;
        }
    }
    return 0;
}

int schedule_add(struct engine *engine, struct schedule *schedule)
{
    if (!index_add(&engine->schedules, hash_text(0, schedule->id), schedule)) {
        return -ENOMEM;
    }
    if (enter_anchors(engine, schedule)) {
        index_remove(&engine->schedules, hash_text(0, schedule->id), schedule);
        return -ENOMEM;
    }
    return 0;
}

static void drop(struct turn *turn, struct schedule *schedule)
{
    struct engine *engine = turn->engine;

    changes_remove(turn->changes, TABLE_SCHEDULES, schedule->id);
    agenda_remove(&engine->clock, &schedule->agenda);
    leave_anchors(engine, schedule);
    index_remove(&engine->schedules, hash_text(0, schedule->id), schedule);
    schedule_destroy(schedule);
}

static void save(struct turn *turn, struct schedule *schedule)
{
    struct buffer *text = &turn->engine->text;

    buffer_clear(text);
    schedule_encode(turn->engine, schedule, text);
    if (!buffer_ok(text)) {
        turn->changes->failed = true;
        return;
    }
    schedule->unsaved = false;
    changes_put(turn->changes, TABLE_SCHEDULES, schedule->id, buffer_text(text), text->n);
}

/* -- when -- */

struct recurring schedule_recurring(const struct engine *engine, const struct schedule *schedule)
{
    const struct calendar *calendar = schedule->rule->calendar;

    if (schedule->anchor) {
        calendar = timing_calendar(engine, schedule->anchor);
    }
    return (struct recurring){
        .recurrence = &schedule->rule->every,
        .calendar = calendar ? calendar : engine->policy->calendar,
        .anchor = schedule->anchor ? schedule->anchor->opened : INSTANT_NONE,
    };
}

/* The next period that opens before the end, or false. */
static bool next_period(const struct engine *engine, const struct schedule *schedule, int64_t *period,
                        instant *at)
{
    struct recurring recurring = schedule_recurring(engine, schedule);

    return recurrence_after(&recurring, schedule->last, period, at) == 0 && *at <= schedule->until;
}

/* INSTANT_NEVER: parked, because the rule is retired or nothing will ever open. */
static instant next_action(const struct engine *engine, const struct schedule *schedule)
{
    int64_t period;
    instant at;

    if (!schedule->rule) {
        return INSTANT_NONE; /* goes at once */
    }
    if (schedule->rule->retired) {
        return INSTANT_NEVER;
    }
    if (schedule->is_opening) {
        struct recurring recurring = schedule_recurring(engine, schedule);
        return recurrence_at(&recurring, schedule->period, &at) ? INSTANT_NONE : at;
    }
    return next_period(engine, schedule, &period, &at) ? at : schedule->until;
}

static void arm(struct turn *turn, struct schedule *schedule)
{
    instant at = next_action(turn->engine, schedule);

    if (at == INSTANT_NEVER) {
        agenda_remove(&turn->engine->clock, &schedule->agenda);
    } else if (!agenda_set(&turn->engine->clock, &schedule->agenda, at)) {
        turn->changes->failed = true;
    }
}

/* From where and until when it recurs, by the anchor's fields. 0 or a negative errno with *why. */
static int bounds(const struct engine *engine, const struct schedule *schedule, instant *from, instant *until,
                  const char **why)
{
    const struct deadline *anchor = schedule->anchor;
    const struct rule *rule = schedule->rule;
    instant given;

    *from = anchor->opened;
    *until = INSTANT_NEVER;
    if (!span_is_none(&rule->open_from)) {
        if (timing_span(engine, anchor, &rule->open_from, &given)) {
            *why = "the field that `from` is counted from is missing or is not a date";
            return -ENOENT;
        }
        *from = given > *from ? given : *from;
    }
    if (!span_is_none(&rule->open_until) && timing_span(engine, anchor, &rule->open_until, until)) {
        *why = "the field that `until` is counted from is missing or is not a date";
        return -ENOENT;
    }
    return 0;
}

/* -- journal -- */

static void note(struct turn *turn, const struct schedule *schedule, const char *what, const char *why)
{
    struct journal_record record;
    char at[STREAM_ID_TEXT_MAX];
    int64_t period;
    instant next;

    journal_begin(&record, turn->changes, what);
    json_key_text(&record.json, "r", schedule->rule ? schedule->rule->name : NULL);
    json_key_text(&record.json, "k", schedule->id);
    if (schedule->rule && !why && next_period(turn->engine, schedule, &period, &next)) {
        json_key_int(&record.json, "next", next);
    }
    if (schedule->until != INSTANT_NEVER) {
        json_key_int(&record.json, "until", schedule->until);
    }
    if (turn->event) {
        json_key_text(&record.json, "event", stream_id_format(turn->event->at, at));
        json_key_text(&record.json, "type", turn->event->type);
    }
    json_key_text(&record.json, "why", why);
    journal_end(&record);
}

static void note_missed(struct turn *turn, const struct schedule *schedule, int64_t first, int64_t end)
{
    struct recurring recurring = schedule_recurring(turn->engine, schedule);
    struct journal_record record;
    char name[RECURRENCE_NAME_MAX];

    journal_begin(&record, turn->changes, "period_missed");
    json_key_text(&record.json, "r", schedule->rule->name);
    json_key_text(&record.json, "k", schedule->id);
    json_key_text(&record.json, "period", recurrence_name(&recurring, first, name));
    json_key_int(&record.json, "n", end - first);
    json_key_text(&record.json, "why", "a later period opens, too");
    journal_end(&record);
}

/* -- an event begins, changes or ends a recurrence -- */

static void end(struct turn *turn, struct schedule *schedule, const char *why)
{
    note(turn, schedule, "recurs_ended", why);
    if (schedule->anchor) {
        closing_remember_anchor(turn, schedule->anchor, schedule->id);
    }
    drop(turn, schedule);
}

static void repeated(struct turn *turn, const struct schedule *schedule, const char *id, const char *why)
{
    struct journal_record record;
    char at[STREAM_ID_TEXT_MAX];

    turn->engine->counts.repeated_events++;
    journal_begin(&record, turn->changes, "repeat");
    json_key_text(&record.json, "r", schedule ? schedule->rule->name : NULL);
    json_key_text(&record.json, "k", id);
    json_key_text(&record.json, "event", stream_id_format(turn->event->at, at));
    json_key_text(&record.json, "type", turn->event->type);
    json_key_text(&record.json, "why", why);
    journal_end(&record);
}

static void change(struct turn *turn, struct schedule *schedule)
{
    struct engine *engine = turn->engine;
    struct recurring recurring = schedule_recurring(engine, schedule);
    struct derived over;
    instant was_from, from, until;
    const char *why = NULL;
    bool untouched = bounds(engine, schedule, &was_from, &until, &why) == 0 &&
                     schedule->last == recurrence_before(&recurring, was_from);

    spread_strip(&over, turn->event, schedule->rule);
    leave_anchors(engine, schedule);
    if (deadline_set_fields(schedule->anchor, &schedule->anchor->fields, &over.event.fields) ||
        enter_anchors(engine, schedule)) {
        turn->changes->failed = true;
        return;
    }
    if (bounds(engine, schedule, &from, &until, &why)) {
        intake_bad(turn, why); /* what was known before stays */
    } else {
        int64_t first = recurrence_before(&recurring, from);

        schedule->last = untouched || first > schedule->last ? first : schedule->last;
        schedule->until = until;
    }
    note(turn, schedule, "recurs_changed", NULL);
    save(turn, schedule);
    arm(turn, schedule);
}

static void begin_anew(struct turn *turn, const struct rule *rule, const char *id,
                       struct deadline *take_anchor)
{
    struct schedule *schedule = schedule_create(id, rule);
    const char *why = NULL;
    instant from;

    if (!schedule) {
        deadline_destroy(take_anchor);
        turn->changes->failed = true;
        return;
    }
    schedule->anchor = take_anchor;
    if (bounds(turn->engine, schedule, &from, &schedule->until, &why)) {
        intake_bad(turn, why);
        schedule_destroy(schedule);
        return;
    }
    struct recurring recurring = schedule_recurring(turn->engine, schedule);
    schedule->last = recurrence_before(&recurring, from);
    if (schedule_add(turn->engine, schedule)) {
        turn->changes->failed = true;
        schedule_destroy(schedule);
        return;
    }
    note(turn, schedule, "recurs", NULL);
    save(turn, schedule);
    arm(turn, schedule);
}

static void begin_again(struct turn *turn, struct schedule *schedule, struct deadline *take_anchor)
{
    const struct rule *rule = schedule->rule;
    char *id = strdup(schedule->id);

    if (!id) {
        turn->changes->failed = true;
    } else if (rule->again == AGAIN_RESTART) {
        drop(turn, schedule);
        begin_anew(turn, rule, id, take_anchor);
        take_anchor = NULL;
    } else if (rule->again == AGAIN_CHANGE) {
        change(turn, schedule);
    } else {
        repeated(turn, schedule, id, "this key recurs already");
    }
    free(id);
    deadline_destroy(take_anchor);
}

static void begin(struct turn *turn, const struct rule *rule, struct deadline *take_anchor)
{
    struct buffer id;

    buffer_init(&id);
    deadline_identity(rule, &take_anchor->fields, NULL, &id);
    if (!buffer_ok(&id)) {
        turn->changes->failed = true;
        deadline_destroy(take_anchor);
        return;
    }
    struct schedule *schedule = schedule_find(turn->engine, buffer_text(&id));
    const struct memo *memo = memory_find(&turn->engine->closed, buffer_text(&id));
    if (schedule && schedule->anchor) {
        begin_again(turn, schedule, take_anchor);
    } else if (memo && take_anchor->opened <= memo->opened) {
        repeated(turn, NULL, buffer_text(&id),
                 "this opening is not newer than one whose recurrence has ended");
        deadline_destroy(take_anchor);
    } else {
        begin_anew(turn, rule, buffer_text(&id), take_anchor);
    }
    buffer_finish(&id);
}

void schedule_begin(struct turn *turn, const struct rule *rule)
{
    const struct event *event = turn->event;
    struct derived plain;

    spread_strip(&plain, event, rule);
    turn->event = &plain.event;
    struct deadline *anchor = opening_draft(turn, rule);
    if (anchor) {
        begin(turn, rule, anchor);
    } else if (!turn->changes->failed) {
        (void)opening_open(turn, rule); /* which says what is wrong with the event */
    }
    turn->event = event;
}

/* The first recurrence that the selector names; *cursor goes on from there. */
static struct schedule *match(const struct turn *turn, const struct rule_ref *ref, size_t *cursor)
{
    const struct form *form = &ref->rule->forms[ref->selector->key.form];
    const char *values[RULE_KEYS_MAX];
    struct schedule *schedule;

    /* Who acted says something about one owner's deadline, not about the case. */
    if (ref->selector->owner_field || !intake_values(turn, ref, values)) {
        return NULL;
    }
    uint64_t hash = state_form_hash(ref->rule, form, values);
    while ((schedule = index_find(&turn->engine->anchors, hash, cursor)) != NULL) {
        if (schedule->rule == ref->rule && intake_has_values(schedule->anchor, form, values)) {
            return schedule;
        }
    }
    return NULL;
}

size_t schedule_estimate(struct turn *turn, const struct rule_ref *ref)
{
    size_t cursor = 0, n = 0;
    bool touches = ref->use == USE_CANCEL || ref->use == USE_CHANGE;

    while (touches && rule_recurs(ref->rule) && match(turn, ref, &cursor)) {
        n++;
    }
    return n;
}

size_t schedule_touch(struct turn *turn, const struct rule_ref *ref)
{
    struct schedule *found[ENGINE_EVENT_DEADLINES_MAX];
    size_t cursor = 0, n = 0;
    bool touches = ref->use == USE_CANCEL || ref->use == USE_CHANGE;

    while (touches && rule_recurs(ref->rule) && n < ENGINE_EVENT_DEADLINES_MAX &&
           (found[n] = match(turn, ref, &cursor)) != NULL) {
        n++;
    }
    for (size_t i = 0; i < n && !turn->changes->failed; i++) {
        if (ref->use == USE_CANCEL) {
            end(turn, found[i], "cancelled");
        } else {
            change(turn, found[i]);
        }
    }
    return n;
}

/* -- time passes -- */

/* Which period opens now. Of several that a downtime missed only the last does, unless the rule says
 * otherwise; periods that open at the same instant (a long holiday rolled them together) all do. */
static void choose(struct turn *turn, struct schedule *schedule, instant horizon)
{
    struct recurring recurring = schedule_recurring(turn->engine, schedule);
    instant end = schedule->until < horizon ? schedule->until : horizon;
    int64_t first, last, period;
    instant at, last_at;

    if (schedule->rule->retired || !next_period(turn->engine, schedule, &period, &at) || at > end) {
        return;
    }
    first = period;
    if (!schedule->rule->catch_up_all && recurrence_last(&recurring, end, &last) == 0 &&
        recurrence_at(&recurring, last, &last_at) == 0) {
        while (at < last_at && recurrence_after(&recurring, period, &period, &at) == 0) {
        }
    }
    if (period > first) {
        note_missed(turn, schedule, first, period);
    }
    schedule->is_opening = true;
    schedule->period = period;
}

static void finish_period(struct schedule *schedule)
{
    schedule->last = schedule->period;
    schedule->is_opening = false;
    free(schedule->done);
    schedule->done = NULL;
}

/* Opens for those whose turn has not come yet, until the list is full. */
static void open_members(struct turn *turn, struct schedule *schedule)
{
    static const char *const nobody[] = {""};
    struct members members = {.ids = (const char **)nobody, .n = 1};

    if (schedule->rule->for_each != FOR_EACH_NOTHING && spread_members(turn, schedule->rule, &members)) {
        turn->changes->failed = true;
        return;
    }
    for (size_t i = 0; i < members.n; i++) {
        if (schedule->done && strcmp(members.ids[i], schedule->done) <= 0) {
            continue;
        }
        if (changes_is_full(turn->changes)) {
            return;
        }
        (void)spread_open_member(turn, schedule->rule, members.ids[i]);
        if (turn->changes->failed || !state_set_text(&schedule->done, members.ids[i])) {
            turn->changes->failed = true;
            return;
        }
    }
    finish_period(schedule);
}

static void open_period(struct turn *turn, struct schedule *schedule)
{
    struct recurring recurring = schedule_recurring(turn->engine, schedule);
    struct event event = {.type = "cuiban.period", .id = "", .source = "", .actor = ""};
    char name[RECURRENCE_NAME_MAX];
    struct derived derived;

    if (recurrence_at(&recurring, schedule->period, &event.time)) {
        finish_period(schedule); /* the calendar has changed since: the period lacks its day now */
        return;
    }
    if (schedule->anchor) {
        event.at = schedule->anchor->event;
        event.fields = schedule->anchor->fields;
    }
    spread_strip(&derived, &event, schedule->rule);
    spread_give(&derived, "period", recurrence_name(&recurring, schedule->period, name));
    turn->event = &derived.event;
    open_members(turn, schedule);
    turn->event = NULL;
}

void schedule_advance(struct turn *turn, struct schedule *schedule, instant horizon)
{
    int64_t period;
    instant at;

    arena_reset(turn->engine->scratch);
    if (!schedule->rule) {
        note(turn, schedule, "recurs_ended", "no rule recurs like this any more");
        drop(turn, schedule);
        return;
    }
    if (!schedule->is_opening) {
        choose(turn, schedule, horizon);
    }
    if (schedule->is_opening) {
        open_period(turn, schedule);
        following_settle(turn); /* what was met early */
    }
    if (!schedule->is_opening && schedule->until <= horizon &&
        !next_period(turn->engine, schedule, &period, &at)) {
        end(turn, schedule, "until has come");
        return;
    }
    save(turn, schedule);
    arm(turn, schedule);
}

/* -- after loading -- */

/* What opened before this instant is none of its business. */
static void begin_at(const struct engine *engine, struct schedule *schedule, instant now)
{
    struct recurring recurring = schedule_recurring(engine, schedule);

    schedule->last = recurrence_before(&recurring, now + 1);
    schedule->is_opening = false;
    free(schedule->done);
    schedule->done = NULL;
    schedule->unsaved = true;
}

static void settle(struct turn *turn, struct schedule *schedule)
{
    const char *why;
    instant from;

    if (schedule->anchor && bounds(turn->engine, schedule, &from, &schedule->until, &why)) {
        schedule->until = INSTANT_NEVER; /* the rule asks for a field now that the event did not bring */
    }
    if (schedule->begins_anew) {
        begin_at(turn->engine, schedule, turn->now);
        schedule->begins_anew = false;
    }
}

static void resume(struct turn *turn, struct schedule *schedule)
{
    if (schedule->rule) {
        settle(turn, schedule);
    }
    arm(turn, schedule);
    if (schedule->unsaved && !agenda_set(&turn->engine->clock, &schedule->agenda, turn->now)) {
        turn->changes->failed = true; /* else the next advance writes it */
    }
}

static int add_by_clock(struct turn *turn, const struct rule *rule)
{
    struct engine *engine = turn->engine;

    if (schedule_find(engine, rule->name)) {
        return 0;
    }
    struct schedule *schedule = schedule_create(rule->name, rule);
    if (!schedule) {
        return -ENOMEM;
    }
    begin_at(engine, schedule, turn->now);
    int error = schedule_add(engine, schedule);
    if (error) {
        schedule_destroy(schedule);
        return error;
    }
    resume(turn, schedule);
    return 0;
}

int schedule_add_missing(struct turn *turn)
{
    struct engine *engine = turn->engine;
    const struct rule *rules;
    size_t n = ruleset_rules(engine->parts.rules, &rules);

    for (size_t i = 0; i < n && engine->parts.is_home; i++) {
        bool by_clock = rule_recurs(&rules[i]) && rules[i].open_on.n == 0 && !rules[i].retired;

        if (by_clock && add_by_clock(turn, &rules[i])) {
            return -ENOMEM;
        }
    }
    return turn->changes->failed ? -ENOMEM : 0;
}

int schedule_loaded(struct engine *engine, instant now)
{
    struct changes unused = {0};
    struct turn turn = {.engine = engine, .changes = &unused, .now = now};
    struct schedule *schedule;
    size_t cursor = 0;

    while ((schedule = index_next(&engine->schedules, &cursor)) != NULL) {
        resume(&turn, schedule);
    }
    return schedule_add_missing(&turn);
}

/* -- after a reload -- */

static bool counts_alike(const struct recurrence *a, const struct recurrence *b)
{
    return a->unit == b->unit && a->every == b->every;
}

void schedule_follow(struct turn *turn, struct schedule *schedule)
{
    const struct rule *was = schedule->rule;
    const struct rule *rule = schedule_rule(turn->engine, schedule->id, schedule->anchor ? was->name : NULL);

    if (!was) {
        return; /* it ends anyhow */
    }
    leave_anchors(turn->engine, schedule);
    schedule->rule = rule;
    if (!rule) {
        deadline_destroy(schedule->anchor);
        schedule->anchor = NULL;
        schedule->unsaved = true;
    } else {
        schedule->begins_anew = !counts_alike(&was->every, &rule->every);
        if (schedule->anchor &&
            (deadline_set_rule(schedule->anchor, rule) || enter_anchors(turn->engine, schedule))) {
            turn->changes->failed = true;
        }
    }
    resume(turn, schedule);
}

const char *schedule_check(const struct engine *engine)
{
    size_t cursor = 0;
    struct schedule *schedule;

    if (!agenda_check(&engine->clock)) {
        return "the heap of schedules is out of order";
    }
    while ((schedule = index_next(&engine->schedules, &cursor)) != NULL) {
        bool armed = schedule->agenda.place != AGENDA_ABSENT;
        instant next = next_action(engine, schedule);

        if (schedule->unsaved ? !armed : armed != (next != INSTANT_NEVER)) {
            return "a schedule has a next action but is not armed, or is armed without one";
        }
        if (!schedule->unsaved && armed && schedule->agenda.at != next) {
            return "a schedule is armed for another instant than its next period";
        }
    }
    return NULL;
}
