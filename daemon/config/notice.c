#include "config/notice.h"

#include <string.h>

enum { OPENINGS = 100 }; /* that are tried */

static bool tells_alike(const struct step *a, const struct step *b)
{
    for (size_t i = 0; i < a->n_to; i++)
        for (size_t k = 0; k < b->n_to; k++)
            if (strcmp(a->to[i].text, b->to[k].text) == 0)
                return true;
    return false;
}

/* Whether those who would be asked hear of every opening at once. */
static bool is_told_at_opening(const struct rule *rule, const struct step *asked)
{
    for (size_t i = 0; i < rule_written(rule); i++)
        if (rule->steps[i].anchor == ANCHOR_OPEN && rule->steps[i].where.n == 0 &&
            tells_alike(&rule->steps[i], asked))
            return true;
    return false;
}

static bool is_in_time(const struct trial *trial, const struct step *asked, instant opening, instant due)
{
    const struct rule *rule = trial->rule;
    for (size_t i = 0; i < rule_written(rule); i++) {
        const struct step *step = &rule->steps[i];
        instant leaves;
        if (step->before_due && tells_alike(step, asked) && trial_leave(trial, step, opening, due, &leaves) &&
            leaves >= opening && leaves < due)
            return true;
    }
    return false;
}

static int percent_short(const struct trial *trial, const struct step *asked)
{
    size_t tried = 0, is_short = 0, every = trial->n_openings / OPENINGS + 1;
    for (size_t i = 0; i < trial->n_openings; i += every) {
        instant due;
        if (!trial_due(trial, trial->openings[i], &due))
            continue;
        tried++;
        is_short += !is_in_time(trial, asked, trial->openings[i], due);
    }
    return tried ? (int)((is_short * 100 + tried - 1) / tried) : 0;
}

size_t notice_find(struct trial *trial, const struct rule *rule, struct notice out[static NOTICES_MAX])
{
    const struct step *asked = rule_asked(rule);
    size_t n = 0;
    if (!asked || is_told_at_opening(rule, asked) || !trial_take(trial, rule))
        return 0;
    for (size_t i = 0; i < rule->n_dues && n < NOTICES_MAX; i++) {
        struct notice notice = {.due = &rule->dues[i], .year = trial->year};
        trial->due = &rule->dues[i].span;
        notice.is_by_event = trial->due->unit == SPAN_AT_FIELD || rule->latest.unit == SPAN_AT_FIELD;
        /* The clock opens at its own hours, which are nobody's short notice. */
        if (!notice.is_by_event && !rule_recurs(rule))
            notice.percent = percent_short(trial, asked);
        if (notice.is_by_event || notice.percent > 0)
            out[n++] = notice;
    }
    return n;
}
