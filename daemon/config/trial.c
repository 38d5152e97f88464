#include "config/trial.h"

#include "core/civil.h"

#define HALF_HOUR_MS (30 * MINUTE_MS)

void trial_init(struct trial *trial, const struct config *config, instant now, struct problems *problems)
{
    *trial = (struct trial){.policy = ruleset_policy(config->rules), .problems = problems};
    trial->year = civil_of((int32_t)(now / DAY_MS)).year;
}

/* Half hours of working time, `skip` apart, so that all hours and weekdays come up. */
static void find_openings(struct trial *trial)
{
    int32_t first = civil_day(trial->year, 1, 1), last = civil_day(trial->year, 12, 31);
    struct calendar_range ranges[CALENDAR_WINDOWS_MAX];
    int64_t skip = 7 * HALF_HOUR_MS, left = 0;
    trial->n_openings = 0;
    for (int32_t day = first; day <= last; day++) {
        size_t n = calendar_ranges(trial->calendar, day, ranges);
        for (size_t i = 0; i < n; i++) {
            instant at = ranges[i].from + left;
            for (; at < ranges[i].to && trial->n_openings < TRIAL_OPENINGS_MAX; at += skip)
                trial->openings[trial->n_openings++] = at;
            left = at - ranges[i].to;
        }
    }
}

bool trial_take(struct trial *trial, const struct rule *rule)
{
    const struct calendar *calendar = rule->calendar ? rule->calendar : trial->policy->calendar;
    trial->rule = rule;
    if (!calendar || rule->retired)
        return false;
    if (calendar != trial->calendar) {
        trial->calendar = calendar;
        find_openings(trial);
    }
    return true;
}

bool trial_due(const struct trial *trial, instant opening, instant *due)
{
    struct span_request request = {.span = trial->due, .calendar = trial->calendar, .start = opening};
    return span_resolve(&request, due) == 0;
}

bool trial_place(const struct trial *trial, const struct step *step, instant opening, instant due,
                 instant *at)
{
    int error = -1;
    if (step->anchor == ANCHOR_OPEN)
        *at = opening;
    else if (step->anchor == ANCHOR_SHARE)
        error = span_share(trial->due, trial->calendar, opening, due, step->offset.count, at);
    else if (step->anchor == ANCHOR_DUE)
        error = span_step(&step->offset, trial->calendar, due, trial->policy->step_minute, at);
    return (step->anchor == ANCHOR_OPEN || error == 0) && *at >= opening;
}

bool trial_leave(const struct trial *trial, const struct step *step, instant opening, instant due,
                 instant *out)
{
    instant at;
    if (!trial_place(trial, step, opening, due, &at))
        return false;
    instant limit = step->before_due && step->anchor != ANCHOR_OPEN ? due : INSTANT_NEVER;
    *out = step->urgent ? at : quiet_leave(&trial->policy->quiet, trial->calendar, at, limit);
    return true;
}
