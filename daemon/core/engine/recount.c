#include <string.h>

#include "state.h"

struct before {
    instant due, wake;
    bool provisional;
};

static struct before before_of(const struct deadline *deadline)
{
    return (struct before){deadline->due, deadline->wake, deadline->provisional};
}

static void add_moves(struct journal_record *record, const struct deadline *deadline,
                      const struct before *before, const char *why)
{
    json_key_int(&record->json, "due", deadline->due);
    json_key_int(&record->json, "was", before->due);
    json_key_text(&record->json, "why", why);
    if (deadline->wake != before->wake) {
        json_key_int(&record->json, "sleeping", deadline->wake);
    }
    if (deadline->provisional) {
        json_key_bool(&record->json, "provisional", true);
    }
}

/* As after a change of the due: what was told before the old one is told again before a later one. */
static void move(struct turn *turn, struct deadline *deadline, instant was, const char *what)
{
    if (deadline->due > was && deadline->due > turn->now) {
        for (size_t i = 0; i < deadline->rule->n_steps; i++) {
            deadline->steps[i].fired =
                deadline->rule->steps[i].anchor == ANCHOR_DUE ? 0 : deadline->steps[i].fired;
        }
        if (deadline->was_overdue) {
            outbox_withdraw(turn, deadline, what);
            deadline->was_overdue = deadline->late_event = false;
            deadline->state = deadline->state == DEADLINE_OVERDUE ? DEADLINE_OPEN : deadline->state;
        }
    }
    state_count(turn, deadline->rule, deadline->department, deadline->due, "recounted");
}

/* -- the calendars -- */

/* A pause that began when the deadline was late already moved nothing: how many of them, from the first on,
 * did?
 */
static size_t moving_pauses(const struct deadline *deadline)
{
    size_t n = deadline->n_pauses;

    while (deadline->was_overdue && n > 0 && deadline->pauses[n - 1].from > deadline->due) {
        n--;
    }
    return n;
}

static void count(struct turn *turn, struct deadline *deadline)
{
    const char *why = NULL;
    instant was = deadline->due, wake;

    if (deadline->state == DEADLINE_SLEEPING &&
        !timing_span(turn->engine, deadline, &deadline->rule->open_from, &wake)) {
        deadline->wake = deadline->start = wake > turn->now ? wake : turn->now;
    }
    size_t n_pauses = deadline->n_pauses;
    deadline->n_pauses = moving_pauses(deadline);
    (void)timing_due(turn->engine, deadline, &why); /* a due that cannot be counted any more stays */
    deadline->n_pauses = n_pauses;
    if (!deadline->was_overdue && deadline->due <= turn->now) {
        deadline->due = was; /* nobody becomes late because a calendar was corrected */
    }
}

bool recount_by_calendars(struct turn *turn, struct deadline *deadline)
{
    struct before before = before_of(deadline);
    struct journal_record record;

    if (deadline->state == DEADLINE_PAUSED) {
        return false; /* counted when it resumes */
    }
    if (deadline->rule->on_change == ON_CHANGE_KEEP || deadline->extended) {
        deadline->provisional = timing_is_provisional(turn->engine, deadline);
    } else {
        count(turn, deadline);
    }
    if (deadline->due == before.due && deadline->wake == before.wake &&
        deadline->provisional == before.provisional) {
        return false;
    }
    if (deadline->due != before.due) {
        move(turn, deadline, before.due, "recounted");
    }
    journal_begin_deadline(&record, turn->changes, "recounted", deadline);
    add_moves(&record, deadline, &before, "the calendars have changed");
    journal_end(&record);
    timing_place(turn->engine, deadline);
    if (deadline->due > before.due && deadline->state != DEADLINE_SLEEPING) {
        opening_skip_passed(turn, deadline);
        opening_ask(turn, deadline, turn->now);
    }
    timing_arm(turn, deadline);
    state_put_deadline(turn, deadline);
    return true;
}

/* -- another text of the rule -- */

static bool has_same_key(const struct rule *a, const struct rule *b)
{
    bool same = a->forms[0].n == b->forms[0].n;

    for (size_t i = 0; same && i < a->forms[0].n; i++) {
        same = strcmp(a->forms[0].names[i], b->forms[0].names[i]) == 0;
    }
    return same;
}

static bool has_several_owners(const struct rule *rule)
{
    return rule->each_of || rule->n_owners > 1;
}

/* What a deadline is known by must be the same, or events would look for it in vain. */
static const char *differing(const struct deadline *deadline, const struct rule *rule)
{
    const struct rule *was = deadline->rule;
    const char *series = was->is_series ? fields_get(&deadline->fields, "series") : NULL;

    if (!has_same_key(was, rule)) {
        return "the rule's key is another one now";
    }
    if (has_several_owners(was) != has_several_owners(rule)) {
        return "the rule makes another number of deadlines of one opening now";
    }
    if (rule_recurs(was) != rule_recurs(rule) || was->for_each != rule->for_each ||
        was->is_series != rule->is_series) {
        return "the rule opens in another way now";
    }
    if (rule->is_series && (!series || !rule_series_case(rule, series))) {
        return "it is not one of the rule's series any more";
    }
    if (deadline_would_be_met(deadline, rule)) {
        return "the rule wants no more than what has come already";
    }
    return NULL;
}

/* What was sent back has a due of its own, behind those of the rule: the same place under the other text. */
static int32_t same_case(const struct deadline *deadline, const struct rule *rule)
{
    int32_t behind = deadline->due_case - (int32_t)deadline->rule->n_dues;
    int32_t there = (int32_t)rule->n_dues + behind;

    const struct span *span = behind >= 0 ? rule_due_span(rule, there) : NULL;

    return span && !span_is_none(span) ? there : 0;
}

static bool same_span(const struct span *a, const struct span *b)
{
    char left[SPAN_TEXT_MAX], right[SPAN_TEXT_MAX];

    return strcmp(span_is_none(a) ? "" : span_format(a, left),
                  span_is_none(b) ? "" : span_format(b, right)) == 0;
}

static bool same_conditions(const struct conditions *a, const struct conditions *b)
{
    bool same = a->n == b->n;

    for (size_t i = 0; same && i < a->n; i++) {
        same = strcmp(a->items[i].text, b->items[i].text) == 0;
    }
    return same;
}

static bool same_calendar(const struct rule *a, const struct rule *b)
{
    const char *left = a->calendar ? calendar_name(a->calendar) : "";
    const char *right = b->calendar ? calendar_name(b->calendar) : "";

    return a->calendar_of == b->calendar_of && strcmp(left, right) == 0;
}

/* Other words, another ladder: then no due moves, whatever has happened to it since the opening. */
static bool counts_alike(const struct deadline *deadline, const struct rule *rule)
{
    const struct rule *was = deadline->rule;
    bool same = was->n_dues == rule->n_dues && same_calendar(was, rule) &&
                same_span(&was->latest, &rule->latest) && same_span(&was->least, &rule->least) &&
                same_span(&was->open_from, &rule->open_from);

    for (size_t i = 0; same && i < rule->n_dues; i++) {
        same = same_conditions(&was->dues[i].where, &rule->dues[i].where) &&
               same_span(&was->dues[i].span, &rule->dues[i].span);
    }
    const struct span *span = rule_due_span(rule, deadline->due_case);
    return same && span && same_span(rule_due_span(was, deadline->due_case), span);
}

/* A due that was set by hand stays; that of a paused one is counted when it resumes. */
static bool counts(const struct deadline *deadline)
{
    return deadline->state != DEADLINE_PAUSED && !deadline->extended;
}

static bool try_rule(const struct turn *turn, struct deadline *trial, const char **why)
{
    const struct rule *rule = trial->rule;
    instant wake = turn->now;
    int32_t due_case = timing_choose(trial);

    if (due_case < 0) {
        *why = "none of the rule's dues fits it";
        return false;
    }
    if (trial->state == DEADLINE_SLEEPING) {
        if (!span_is_none(&rule->open_from) && timing_span(turn->engine, trial, &rule->open_from, &wake)) {
            *why = "the field that the rule's `from` is counted from is missing";
            return false;
        }
        trial->wake = trial->start = wake > turn->now ? wake : turn->now;
    }
    trial->due_case = due_case;
    if (!counts(trial)) {
        return true;
    }
    trial->n_pauses = moving_pauses(trial);
    return timing_due(turn->engine, trial, why) == 0;
}

/* Of what stands in the past by the new ladder only the latest is told, and only if nothing later was told
 * already; the first word of an opening is not for one that has been open for long. */
static void skip_told(struct turn *turn, struct deadline *deadline, const struct rule *was)
{
    instant told = timing_told(turn->engine, deadline);

    for (size_t i = 0; i < deadline->rule->n_steps && deadline->state != DEADLINE_SLEEPING; i++) {
        const struct step *step = &deadline->rule->steps[i];
        bool is_first_word = step->anchor == ANCHOR_OPEN && !rule_step(was, step->name);
        instant until = is_first_word ? turn->now : told < turn->now ? told : turn->now;

        while (deadline->steps[i].at < until) {
            ladder_supersede(turn, deadline, i, "superseded",
                             is_first_word ? "it was open already" : "a later step has been told already");
        }
    }
}

/* Under the rule from now on: the journal, the steps, the agenda. */
static void settle_in(struct turn *turn, struct deadline *deadline, const struct rule *was,
                      const struct before *before, const char *why)
{
    struct journal_record record;

    if (deadline->due != before->due) {
        move(turn, deadline, before->due, "recomputed");
    }
    journal_begin_deadline(&record, turn->changes, "recomputed", deadline);
    json_key_text(&record.json, "v", deadline->rule->fingerprint);
    json_key_text(&record.json, "old", was == deadline->rule ? NULL : was->fingerprint);
    add_moves(&record, deadline, before, why);
    journal_end(&record);
    timing_place(turn->engine, deadline);
    skip_told(turn, deadline, was);
    if (deadline->due > before->due && deadline->state != DEADLINE_SLEEPING) {
        opening_ask(turn, deadline, turn->now);
    }
    timing_arm(turn, deadline);
    versions_store(turn, deadline->rule);
    state_put_deadline(turn, deadline);
}

bool recount_by_rule(struct turn *turn, struct deadline *deadline, const struct rule *rule, const char **why)
{
    const struct rule *was = deadline->rule;
    struct before before = before_of(deadline);
    struct deadline trial = *deadline;

    *why = differing(deadline, rule);
    trial.rule = rule;
    trial.due_case = same_case(deadline, rule);
    bool same = !deadline->is_unread && counts_alike(deadline, rule);
    if (*why || (!same && !try_rule(turn, &trial, why))) {
        return false;
    }
    if (state_set_rule(turn->engine, deadline, rule)) {
        turn->changes->failed = true;
        return true;
    }
    deadline->wake = trial.wake;
    deadline->start = trial.start;
    deadline->due = trial.due;
    deadline->due_case = same ? deadline->due_case : trial.due_case;
    deadline->provisional = trial.provisional;
    deadline->warned = trial.warned;
    settle_in(turn, deadline, was, &before, "the rule has changed");
    return true;
}

void recount_keep_due(struct turn *turn, struct deadline *deadline, const struct rule *rule, const char *why)
{
    const struct rule *was = deadline->rule;
    struct before before = before_of(deadline);

    if (state_set_rule(turn->engine, deadline, rule)) {
        turn->changes->failed = true;
        return;
    }
    deadline->due_case = same_case(&(struct deadline){.rule = was, .due_case = deadline->due_case}, rule);
    int32_t due_case = timing_choose(deadline);
    deadline->due_case = due_case < 0 ? 0 : due_case;
    settle_in(turn, deadline, was, &before, why);
}

/* -- dues that are not settled -- */

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
