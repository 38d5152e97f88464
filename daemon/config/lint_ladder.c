/* The steps of each rule, tried out on openings of one year: what is decided by where a calendar leads cannot
 * be seen in the spans alone. */
#include "config/lint.h"
#include "config/trial.h"

#include <string.h>

enum {
    SAMPLES_FIRST = 75,   /* what shows itself in none of these is too rare to warn of */
    TOGETHER_PERCENT = 5, /* of the openings: more is worth a word */
};

/* ---- never sent ---- */

static bool is_ever_sent(const struct trial *trial, const struct step *step)
{
    bool tried = false;
    for (size_t i = 0; i < trial->n_openings; i++) {
        instant due, at;
        if (!trial_due(trial, trial->openings[i], &due))
            continue;
        if (trial_place(trial, step, trial->openings[i], due, &at))
            return true;
        tried = true;
    }
    return !tried;
}

/* A step that every due of the rule puts before the opening. */
static void check_sent(struct trial *trial, const struct step *step)
{
    const struct rule *rule = trial->rule;
    bool sent = step->anchor != ANCHOR_DUE || !step->before_due || !span_is_none(&rule->least);
    for (size_t i = 0; i < rule->n_dues && !sent; i++) {
        trial->due = &rule->dues[i].span;
        sent = trial->due->unit == SPAN_AT_FIELD || is_ever_sent(trial, step);
    }
    if (sent)
        return;
    problem_warning(trial->problems, step->file, step->line,
                    "%s.ladder `%s` is never sent: it stands before the opening", rule->name, step->name);
    problem_hint(trial->problems, "write a shorter span before due, or `open` for as soon as it opens");
}

static bool tells_somebody(const struct step *step)
{
    for (size_t i = 0; i < step->n_to; i++)
        if (step->to[i].start != PATH_TOLD)
            return true;
    return false;
}

/* `told` are those whom a step before has told. */
static void check_told(struct trial *trial)
{
    const struct rule *rule = trial->rule;
    for (size_t i = 0; i < rule_written(rule); i++)
        if (tells_somebody(&rule->steps[i]) && rule->steps[i].anchor != ANCHOR_CLOSED)
            return;
    if (rule_written(rule) == 0)
        return;
    problem_warning(trial->problems, rule->steps[0].file, rule->steps[0].line,
                    "%s.ladder: nobody is told before it closes: only `told` or `closed` stand here",
                    rule->name);
    problem_hint(trial->problems, "add a step such as { at = \"due\"; to = [ \"owner\" ]; }");
}

/* ---- nights and weekends ---- */

static bool counts_work(const struct span *span)
{
    return span->unit == SPAN_WORKING || span->unit == SPAN_WORKING_DAYS ||
           span->unit == SPAN_WORKING_DAY_NUMBER || span->unit == SPAN_MONTH_WORKING_DAY ||
           span->unit == SPAN_QUARTER_WORKING_DAY;
}

static bool is_after_due(const struct step *step)
{
    return step->anchor == ANCHOR_DUE && !step->before_due;
}

/* Whether the rule counts working time where it is late, too. */
static bool works_beside(const struct rule *rule)
{
    for (size_t i = 0; i < rule->n_dues; i++)
        if (counts_work(&rule->dues[i].span))
            return true;
    for (size_t i = 0; i < rule_written(rule); i++)
        if (is_after_due(&rule->steps[i]) && counts_work(&rule->steps[i].offset))
            return true;
    return false;
}

static int percent_on_days_off(const struct trial *trial, const struct step *step)
{
    size_t tried = 0, off = 0;
    for (size_t i = 0; i < trial->n_openings; i++) {
        instant due, at;
        if (!trial_due(trial, trial->openings[i], &due) ||
            !trial_place(trial, step, trial->openings[i], due, &at))
            continue;
        tried++;
        off += !calendar_is_working(trial->calendar, calendar_day(trial->calendar, at));
    }
    return tried ? (int)(off * 100 / tried) : 0;
}

/* `h` beside `wh`: whoever reads +8h thinks of a working day. */
static void check_hours(struct trial *trial, const struct step *step)
{
    if (!is_after_due(step) || step->offset.unit != SPAN_ELAPSED || !works_beside(trial->rule))
        return;
    int percent = percent_on_days_off(trial, step);
    if (percent < TOGETHER_PERCENT)
        return;
    problem_warning(
        trial->problems, step->file, step->line,
        "%s.ladder `%s` counts nights and weekends: %d %% of the openings of %d lead to a day off",
        trial->rule->name, step->at, percent, trial->year);
    problem_hint(trial->problems, "write working hours: due+8wh");
}

/* ---- at the same instant ---- */

static bool has_gap(const struct trial *trial)
{
    const struct span *gap = span_is_none(&trial->rule->gap) ? &trial->policy->gap : &trial->rule->gap;
    return gap->count > 0;
}

/* What can be excluded without trying: a gap holds apart what comes after due; a day at its time hardly ever
 * meets the opening; what is before due stays before it. */
static bool may_meet(const struct trial *trial, const struct step *a, const struct step *b)
{
    if (a->anchor == ANCHOR_CLOSED || b->anchor == ANCHOR_CLOSED || a->before_due != b->before_due)
        return false;
    if (!a->before_due)
        return !has_gap(trial);
    bool quiet = quiet_is_on(&trial->policy->quiet);
    bool one_unit = a->anchor == b->anchor && a->offset.unit == b->offset.unit;
    bool by_days = a->offset.unit == SPAN_WORKING_DAYS || b->offset.unit == SPAN_WORKING_DAYS;
    return one_unit ? quiet && a->offset.unit == SPAN_ELAPSED : !by_days;
}

static size_t count_together(const struct trial *trial, const struct step *a, const struct step *b,
                             size_t every)
{
    size_t together = 0;
    for (size_t i = 0; i < trial->n_openings; i += every) {
        instant opening = trial->openings[i], due, first, second;
        if (trial_due(trial, opening, &due) && trial_leave(trial, a, opening, due, &first) &&
            trial_leave(trial, b, opening, due, &second))
            together += first == second;
    }
    return together;
}

static void check_pair(struct trial *trial, const struct step *a, const struct step *b)
{
    if (!may_meet(trial, a, b) || trial->n_openings < SAMPLES_FIRST ||
        count_together(trial, a, b, trial->n_openings / SAMPLES_FIRST) == 0)
        return;
    size_t percent = count_together(trial, a, b, 1) * 100 / trial->n_openings;
    if (percent < TOGETHER_PERCENT)
        return;
    char due[SPAN_TEXT_MAX];
    problem_warning(trial->problems, b->file, b->line,
                    "%s.ladder: `%s` and `%s` leave at the same instant after %d %% of the openings of %d, "
                    "for a due of %s",
                    trial->rule->name, a->name, b->name, (int)percent, trial->year,
                    span_format(trial->due, due));
    problem_hint(trial->problems, b->before_due ? "leave one of them out, or move it"
                                                : "write working hours, such as due+8wh, or a `gap`");
}

/* ---- one rule ---- */

static void check_due(struct trial *trial)
{
    const struct rule *rule = trial->rule;
    for (size_t b = 0; b < rule_written(rule); b++) {
        check_hours(trial, &rule->steps[b]);
        for (size_t a = 0; a < b; a++)
            check_pair(trial, &rule->steps[a], &rule->steps[b]);
    }
}

/* The first of the dues that the calendar decides: the last case is the usual one. */
static const struct span *usual_due(const struct rule *rule)
{
    for (size_t i = rule->n_dues; i-- > 0;)
        if (rule->dues[i].span.unit != SPAN_AT_FIELD)
            return &rule->dues[i].span;
    return NULL;
}

static void check_rule(struct trial *trial, const struct rule *rule)
{
    if (!trial_take(trial, rule))
        return;
    check_told(trial);
    for (size_t i = 0; i < rule_written(rule); i++)
        check_sent(trial, &rule->steps[i]);
    trial->due = usual_due(rule);
    if (trial->due)
        check_due(trial);
}

static bool same_span(const struct span *a, const struct span *b)
{
    char one[SPAN_TEXT_MAX], other[SPAN_TEXT_MAX];
    return strcmp(span_format(a, one), span_format(b, other)) == 0;
}

/* A rule whose trial would come to what that of another has: the same ladder under the same due. */
static bool is_alike(const struct rule *a, const struct rule *b)
{
    if (a->steps != b->steps || a->calendar != b->calendar || a->n_dues != b->n_dues ||
        a->retired != b->retired || !same_span(&a->gap, &b->gap) ||
        span_is_none(&a->least) != span_is_none(&b->least))
        return false;
    for (size_t i = 0; i < a->n_dues; i++)
        if (!same_span(&a->dues[i].span, &b->dues[i].span))
            return false;
    return true;
}

static bool is_known(const struct rule *rules, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (is_alike(&rules[k], &rules[i]))
            return true;
    return false;
}

void lint_ladders(const struct config *config, instant now, struct problems *problems)
{
    const struct rule *rules;
    size_t n = ruleset_rules(config->rules, &rules);
    struct trial trial;
    trial_init(&trial, config, now, problems);
    for (size_t i = 0; i < n; i++) {
        if (!is_known(rules, i))
            check_rule(&trial, &rules[i]);
    }
}
