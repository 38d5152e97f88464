#include <stdio.h>
#include <string.h>

#include "state.h"

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
    for (size_t i = 0; i < n_rules + engine->n_adopted; i++) {
        const struct rule *rule = i < n_rules ? &rules[i] : engine->adopted[i - n_rules];

        if (rule->calendar != last) { /* most rules share one */
            add_calendar(text, rule->calendar);
        }
        last = rule->calendar;
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

bool recount_begin(struct engine *engine)
{
    size_t cursor = 0;
    struct deadline *deadline;

    if (!fingerprint(engine)) {
        return false;
    }
    engine->recounting = strcmp(engine->calendars, engine->counted_by) != 0;
    while (engine->recounting && (deadline = index_next(&engine->deadlines, &cursor)) != NULL) {
        deadline->stale = true;
    }
    return true;
}

struct before {
    instant due, wake;
    bool provisional;
};

static void journal_recounted(struct turn *turn, const struct deadline *deadline, const struct before *before)
{
    struct journal_record record;

    journal_begin_deadline(&record, turn->changes, "recounted", deadline);
    json_key_int(&record.json, "due", deadline->due);
    json_key_int(&record.json, "was", before->due);
    json_key_text(&record.json, "why", "the calendars have changed");
    if (deadline->wake != before->wake) {
        json_key_int(&record.json, "sleeping", deadline->wake);
    }
    if (deadline->provisional) {
        json_key_bool(&record.json, "provisional", true);
    }
    journal_end(&record);
}

static void count(struct turn *turn, struct deadline *deadline)
{
    const char *why = NULL;
    instant was = deadline->due, wake;

    if (deadline->state == DEADLINE_SLEEPING &&
        !timing_span(turn->engine, deadline, &deadline->rule->open_from, &wake)) {
        deadline->wake = deadline->start = wake > turn->now ? wake : turn->now;
    }
    (void)timing_due(turn->engine, deadline, &why); /* a due that cannot be counted any more stays */
    if (!deadline->was_overdue && deadline->due <= turn->now) {
        deadline->due = was; /* nobody becomes late because a calendar was corrected */
    }
}

/* As after a change of the due: what was told before the old one is told again before a later one. */
static void move(struct turn *turn, struct deadline *deadline, const struct before *before)
{
    if (deadline->due > before->due && deadline->due > turn->now) {
        for (size_t i = 0; i < deadline->rule->n_steps; i++) {
            deadline->steps[i].fired =
                deadline->rule->steps[i].anchor == ANCHOR_DUE ? 0 : deadline->steps[i].fired;
        }
        if (deadline->was_overdue) {
            outbox_withdraw(turn, deadline, "recounted");
            deadline->was_overdue = deadline->late_event = false;
            deadline->state = DEADLINE_OPEN;
        }
    }
    state_count(turn, deadline->rule, deadline->department, deadline->due, "recounted");
}

void recount_deadline(struct turn *turn, struct deadline *deadline)
{
    struct before before = {deadline->due, deadline->wake, deadline->provisional};

    if (!deadline->stale) {
        return;
    }
    deadline->stale = false;
    if (deadline->state == DEADLINE_PAUSED) {
        return; /* counted when it resumes */
    }
    if (deadline->rule->on_change == ON_CHANGE_KEEP || deadline->extended) {
        deadline->provisional = timing_is_provisional(turn->engine, deadline);
    } else {
        count(turn, deadline);
    }
    if (deadline->due == before.due && deadline->wake == before.wake &&
        deadline->provisional == before.provisional) {
        return;
    }
    if (deadline->due != before.due) {
        move(turn, deadline, &before);
    }
    journal_recounted(turn, deadline, &before);
    timing_place(turn->engine, deadline);
    if (deadline->due > before.due && deadline->state != DEADLINE_SLEEPING) {
        opening_skip_passed(turn, deadline);
    }
    timing_arm(turn, deadline);
    state_put_deadline(turn, deadline);
}

bool recount_continue(struct turn *turn)
{
    struct engine *engine = turn->engine;
    size_t cursor = 0;
    struct deadline *deadline;

    if (!engine->recounting) {
        return false;
    }
    while ((deadline = index_next(&engine->deadlines, &cursor)) != NULL) {
        if (deadline->stale && changes_is_full(turn->changes)) {
            return true;
        }
        arena_reset(engine->scratch);
        recount_deadline(turn, deadline);
    }
    engine->recounting = false;
    memcpy(engine->counted_by, engine->calendars, sizeof engine->counted_by);
    changes_put(turn->changes, TABLE_HEAD, "calendars", engine->calendars, strlen(engine->calendars));
    return false;
}

void recount_warn(struct turn *turn, struct deadline *deadline)
{
    struct journal_record record;

    deadline->warned = true;
    journal_begin_deadline(&record, turn->changes, "provisional", deadline);
    json_key_int(&record.json, "due", deadline->due);
    json_key_text(&record.json, "calendar", calendar_name(timing_calendar(turn->engine, deadline)));
    json_key_text(&record.json, "why", "its due depends on dates that the calendar does not cover yet");
    journal_end(&record);
    state_count(turn, deadline->rule, deadline->department, deadline->due, "provisional");
}
