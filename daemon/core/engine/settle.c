#include "settle.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "following.h"
#include "sending.h"
#include "state.h"
#include "waiting.h"

enum {
    SETTLE_SLICE = 1024, /* what one part of the work may cost: a few milliseconds */
    SETTLE_SAME = 1,     /* a deadline whose rule has not changed */
    SETTLE_COUNTED = 8,  /* one that is counted again, or a recurrence */
    SETTLE_RESTARTS_MAX = 3,
};

/* -- which calendars -- */

static void add_calendar(struct buffer *text, const struct calendar *calendar)
{
    if (calendar) {
        buffer_printf(text, "%s %016llx\n", calendar_name(calendar),
                      (unsigned long long)calendar_fingerprint(calendar));
    } else {
        buffer_add_text(text, "-\n");
    }
}

/* Of every calendar that a due can be counted by, in the order of the files. */
static bool fingerprint(struct engine *engine)
{
    struct buffer *text = &engine->text;
    const struct rule *rules;
    const struct department *departments;
    const struct calendar *last = NULL;
    size_t n_rules = ruleset_rules(engine->parts.rules, &rules);
    size_t n_departments = directory_departments(engine->parts.people, &departments);

    buffer_clear(text);
    add_calendar(text, engine->policy->calendar);
    for (size_t i = 0; i < n_rules; i++) {
        if (rules[i].calendar != last) { /* most rules share one */
            add_calendar(text, rules[i].calendar);
        }
        last = rules[i].calendar;
    }
    for (size_t i = 0; i < n_departments; i++) {
        add_calendar(text, departments[i].calendar);
    }
    if (!buffer_ok(text)) {
        return false;
    }
    rule_fingerprint(buffer_text(text), engine->calendars);
    return true;
}

/* -- beginning -- */

static bool begin(struct engine *engine, instant now)
{
    if (!fingerprint(engine)) {
        return false;
    }
    engine->settling.since = now;
    engine->settling.by_calendars = strcmp(engine->calendars, engine->counted_by) != 0;
    return true;
}

/* Does something wait that the settings of today would have wait otherwise? */
static bool waits_otherwise(const struct engine *engine, instant now)
{
    size_t cursor = 0;
    const struct notification *note;

    while ((note = index_next(&engine->notifications, &cursor)) != NULL) {
        if (!waiting_is_settled(engine, note, now)) {
            return true;
        }
    }
    return false;
}

bool settle_loaded(struct engine *engine, instant now)
{
    struct settling *settling = &engine->settling;

    *settling = (struct settling){0};
    if (!begin(engine, now)) {
        return false;
    }
    settling->is_news = engine->ran[0] && strcmp(engine->ran, ruleset_fingerprint(engine->parts.rules)) != 0;
    settling->is_on = settling->is_news || settling->by_calendars || engine->has_unread ||
                      versions_are_behind(engine) || waits_otherwise(engine, now);
    return true;
}

static void compare(struct settling *settling, const struct ruleset *old, const struct ruleset *now)
{
    const struct rule *rules;
    size_t n = ruleset_rules(now, &rules);

    for (size_t i = 0; i < n; i++) {
        settling->n_new += !ruleset_find(old, rules[i].name);
        settling->n_changed +=
            ruleset_find(old, rules[i].name) && !ruleset_find_version(old, rules[i].fingerprint);
    }
    n = ruleset_rules(old, &rules);
    for (size_t i = 0; i < n; i++) {
        settling->n_gone += !ruleset_find(now, rules[i].name);
    }
}

int engine_reload(struct engine *engine, const struct engine_parts *parts, instant now)
{
    struct settling settling = {.is_on = true, .is_news = true, .is_reload = true};

    assert(!engine->settling.is_on);
    settling.shorter_ms = engine->policy->expires_max_ms - ruleset_policy(parts->rules)->expires_max_ms;
    settling.shorter_ms = settling.shorter_ms > 0 ? settling.shorter_ms : 0;
    compare(&settling, engine->parts.rules, parts->rules);
    engine->settling = settling;
    memcpy(engine->ran, ruleset_fingerprint(engine->parts.rules), sizeof engine->ran);
    engine->parts = *parts;
    engine->policy = ruleset_policy(parts->rules);
    engine->has_quiet = sending_has_quiet(engine);
    engine->n_adopted = 0;
    index_clear(&engine->groups); /* other rules may follow others */
    return begin(engine, now) ? 0 : -ENOMEM;
}

bool engine_is_settled(const struct engine *engine)
{
    return !engine->settling.is_on;
}

/* -- one deadline -- */

static void journal_kept(struct turn *turn, const struct deadline *deadline, const char *why)
{
    struct journal_record record;

    journal_begin_deadline(&record, turn->changes, "kept", deadline);
    json_key_text(&record.json, "v", deadline->rule->fingerprint);
    json_key_text(&record.json, "why", why);
    journal_end(&record);
}

/* It stays with the text that it has, on today's calendars. */
static void keep(struct turn *turn, struct deadline *deadline, const struct rule *running)
{
    const struct rule *was = deadline->rule;
    const struct rule *rule = versions_adopt(turn->engine, was->fingerprint, was->text);

    if (rule && strcmp(rule->fingerprint, was->fingerprint) == 0) {
        deadline->rule = rule;
    } else if (running) {
        recount_keep_due(turn, deadline, running, "its own text names what is not there any more");
    } else {
        turn->changes->failed = true;
    }
    turn->engine->settling.n_kept++;
}

static void follow_rule(struct turn *turn, struct deadline *deadline)
{
    struct settling *settling = &turn->engine->settling;
    const struct rule *running = ruleset_find(turn->engine->parts.rules, deadline->rule->name);
    const struct rule *same = ruleset_find_version(turn->engine->parts.rules, deadline->rule->fingerprint);
    const char *why = NULL;

    if (same && !deadline->is_unread) {
        deadline->rule = same;
    } else if (running && running->on_change == ON_CHANGE_RECOMPUTE &&
               recount_by_rule(turn, deadline, running, &why)) {
        settling->n_recomputed++;
    } else if (deadline->is_unread) {
        recount_keep_due(turn, deadline, running, "its own text cannot be read any more");
        settling->n_kept++;
    } else {
        if (why && settling->is_reload) {
            journal_kept(turn, deadline, why);
        }
        keep(turn, deadline, running);
    }
    deadline->is_unread = false;
}

/* Returns what it has cost. */
static int settle_deadline(struct turn *turn, struct deadline *deadline)
{
    struct settling *settling = &turn->engine->settling;
    size_t recomputed = settling->n_recomputed;

    follow_rule(turn, deadline);
    if (settling->by_calendars) {
        settling->n_recounted += recount_by_calendars(turn, deadline);
    }
    if (settling->is_reload && following_enter(turn->engine, deadline)) {
        turn->changes->failed = true;
    }
    if (settling->is_reload) { /* people and quiet hours may be others, too */
        timing_place(turn->engine, deadline);
        timing_arm(turn, deadline);
    }
    bool same = settling->n_recomputed == recomputed && !settling->by_calendars && !turn->engine->has_quiet;
    return same ? SETTLE_SAME : SETTLE_COUNTED;
}

/* -- all of them -- */

static void journal_reload(struct turn *turn)
{
    struct engine *engine = turn->engine;
    const struct settling *settling = &engine->settling;
    struct journal_record record;

    journal_begin(&record, turn->changes, "reload");
    json_key_text(&record.json, "was", engine->ran);
    json_key_text(&record.json, "rules", ruleset_fingerprint(engine->parts.rules));
    if (settling->is_reload) {
        json_key_int(&record.json, "new", (int64_t)settling->n_new);
        json_key_int(&record.json, "changed", (int64_t)settling->n_changed);
        json_key_int(&record.json, "gone", (int64_t)settling->n_gone);
    } else {
        json_key_text(&record.json, "why", "the daemon was started with other files");
    }
    journal_end(&record);
    memcpy(engine->ran, ruleset_fingerprint(engine->parts.rules), sizeof engine->ran);
}

static void journal_reloaded(struct turn *turn)
{
    const struct settling *settling = &turn->engine->settling;
    struct journal_record record;

    journal_begin(&record, turn->changes, "reloaded");
    json_key_text(&record.json, "rules", ruleset_fingerprint(turn->engine->parts.rules));
    json_key_int(&record.json, "recomputed", (int64_t)settling->n_recomputed);
    json_key_int(&record.json, "kept", (int64_t)settling->n_kept);
    json_key_int(&record.json, "recounted", (int64_t)settling->n_recounted);
    journal_end(&record);
}

/* Once a rule has changed, or a calendar: then all is as if the daemon had been started with these files. */
static void end(struct turn *turn)
{
    struct engine *engine = turn->engine;
    struct settling *settling = &engine->settling;

    if (settling->is_reload && schedule_add_missing(turn)) {
        turn->changes->failed = true;
    }
    if (settling->by_calendars) {
        memcpy(engine->counted_by, engine->calendars, sizeof engine->counted_by);
        changes_put(turn->changes, TABLE_HEAD, "calendars", engine->calendars, strlen(engine->calendars));
    }
    if (settling->is_reload || settling->n_recomputed > 0) {
        journal_reloaded(turn);
    }
    settling->is_on = false;
    engine->has_unread = false;
    engine->pruned = versions_prune(turn); /* the rest when time passes */
}

void settle_gone(struct engine *engine)
{
    struct settling *settling = &engine->settling;

    if (settling->is_on && settling->restarts < SETTLE_RESTARTS_MAX && settling->notification > 0) {
        settling->notification = 0;
        settling->restarts++;
    }
}

/* Returns what it has cost. True: there may be more. */
static bool settle_waiting(struct turn *turn, int *cost)
{
    struct settling *settling = &turn->engine->settling;
    struct notification *note;

    while (*cost < SETTLE_SLICE && !changes_is_full(turn->changes)) {
        note = index_next(&turn->engine->notifications, &settling->notification);
        if (!note) {
            return false;
        }
        waiting_settle(turn, note, settling->restarts > 0 ? 0 : settling->shorter_ms);
        *cost += turn->engine->has_quiet ? SETTLE_COUNTED : SETTLE_SAME;
    }
    return true;
}

static bool settle_slice(struct turn *turn)
{
    struct engine *engine = turn->engine;
    struct settling *settling = &engine->settling;
    struct schedule *schedule;
    struct deadline *deadline;
    int cost = 0;

    while (settling->is_reload && cost < SETTLE_SLICE &&
           (schedule = index_next(&engine->schedules, &settling->schedule)) != NULL) {
        schedule_follow(turn, schedule);
        cost += SETTLE_COUNTED;
    }
    while (cost < SETTLE_SLICE && !changes_is_full(turn->changes)) {
        deadline = index_next(&engine->deadlines, &settling->deadline);
        if (!deadline) {
            if (settle_waiting(turn, &cost)) {
                return true;
            }
            end(turn);
            return false;
        }
        arena_reset(engine->scratch);
        cost += settle_deadline(turn, deadline);
    }
    return true;
}

bool engine_settle(struct engine *engine, instant now, struct changes *changes)
{
    struct turn turn = {.engine = engine, .changes = changes, .now = now};

    if (!engine->settling.is_on) {
        return false;
    }
    if (engine->settling.is_news) {
        engine->settling.is_news = false;
        journal_reload(&turn);
        return true;
    }
    return settle_slice(&turn) && !changes->failed;
}

bool settle_all(struct turn *turn)
{
    while (engine_settle(turn->engine, turn->now, turn->changes)) {
        if (changes_is_full(turn->changes)) {
            return false;
        }
    }
    return !turn->changes->failed;
}
