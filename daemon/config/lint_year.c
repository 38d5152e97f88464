/* Calendars whose years end before the dues of today's openings. */
#include "config/lint.h"

#include "core/civil.h"

struct beyond {
    const struct calendar *calendar;
    const struct rule *first; /* the first rule whose due lies beyond */
    size_t n;                 /* how many do */
    int32_t day;              /* the due of `first` */
};

/* The due that an opening at `now` gets; a due of an event's own date cannot be known. */
static bool is_beyond(const struct rule *rule, const struct calendar *calendar, instant now, int32_t *day)
{
    for (size_t i = 0; i < rule->n_dues; i++) {
        struct span_request request = {.span = &rule->dues[i].span, .calendar = calendar, .start = now};
        int32_t first;
        instant due;
        if (span_resolve(&request, &due) == 0 && span_reach(&request, due, &first, day) &&
            !calendar_covers(calendar, *day))
            return true;
    }
    return false;
}

static void report(const struct beyond *reach, struct problems *problems)
{
    int32_t first, last;
    struct civil due = civil_of(reach->day);
    if (!reach->n || !calendar_years(reach->calendar, &first, &last))
        return;
    problem_warning(problems, reach->first->file, reach->first->line,
                    "%s: what opens today is due on %04d-%02d-%02d, and the calendar `%s` knows the days off "
                    "until %d only "
                    "(%zu rules)",
                    reach->first->name, (int)due.year, (int)due.month, (int)due.day,
                    calendar_name(reach->calendar), (int)last, reach->n);
    problem_hint(
        problems,
        "add the days off of %d to calendars.d (cuibanctl calendar import); until then such dues are "
        "provisional",
        (int)last + 1);
}

void lint_years(const struct config *config, instant now, struct problems *problems)
{
    const struct rule *rules;
    size_t n = ruleset_rules(config->rules, &rules);
    for (size_t c = 0; c < config->n_calendars; c++) {
        struct beyond reach = {.calendar = config->calendars[c]};
        for (size_t i = 0; i < n; i++) {
            int32_t day;
            if (rules[i].retired || rules[i].calendar != reach.calendar ||
                !is_beyond(&rules[i], reach.calendar, now, &day))
                continue;
            if (reach.n++ == 0) {
                reach.first = &rules[i];
                reach.day = day;
            }
        }
        report(&reach, problems);
    }
}
