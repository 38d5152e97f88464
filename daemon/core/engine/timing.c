#include <errno.h>
#include <string.h>

#include "sending.h"
#include "state.h"

const struct calendar *timing_department_calendar(const struct directory *people, const char *id)
{
    enum { CLIMB_MAX = 16 };

    for (int i = 0; id && i < CLIMB_MAX; i++) {
        const struct department *department = directory_department(people, id);

        if (!department) {
            return NULL;
        }
        if (department->calendar) {
            return department->calendar;
        }
        id = department->parent;
    }
    return NULL;
}

const struct calendar *timing_calendar(const struct engine *engine, const struct deadline *deadline)
{
    const struct rule *rule = deadline->rule;
    const struct calendar *calendar = NULL;

    if (rule->calendar_of == CALENDAR_OF_OWNER) {
        const struct person *owner = directory_person(engine->parts.people, deadline->owner);
        calendar = owner ? timing_department_calendar(engine->parts.people, owner->department) : NULL;
    } else if (rule->calendar_of == CALENDAR_OF_DEPARTMENT) {
        calendar = timing_department_calendar(engine->parts.people, deadline->department);
    }
    if (!calendar) {
        calendar = rule->calendar;
    }
    return calendar ? calendar : engine->policy->calendar;
}

static bool lookup_field(const void *data, const char *name, struct span_field *out)
{
    const struct deadline *deadline = data;
    const char *value = fields_get(&deadline->fields, name);

    return value && span_field_parse(value, out);
}

static struct span_request span_of(const struct engine *engine, const struct deadline *deadline,
                                   const struct span *span)
{
    return (struct span_request){
        .span = span,
        .calendar = timing_calendar(engine, deadline),
        .start = deadline->start,
        .pauses = deadline->pauses,
        .n_pauses = deadline->n_pauses,
        .lookup = lookup_field,
        .lookup_data = deadline,
    };
}

int timing_span(const struct engine *engine, const struct deadline *deadline, const struct span *span,
                instant *out)
{
    struct span_request request = span_of(engine, deadline, span);

    return span_resolve(&request, out);
}

static bool reaches_beyond(const struct span_request *request, instant answer)
{
    int32_t first, last;

    return span_reach(request, answer, &first, &last) &&
           !(calendar_covers(request->calendar, first) && calendar_covers(request->calendar, last));
}

/* Whether the span's answer depends on a date that the calendar does not cover. */
static bool is_uncovered(const struct engine *engine, const struct deadline *deadline,
                         const struct span *span)
{
    struct span_request request = span_of(engine, deadline, span);
    instant answer;

    return !span_is_none(span) && !span_resolve(&request, &answer) && reaches_beyond(&request, answer);
}

/* Whether the due is bounded or yet to be counted from somewhere else. */
static bool depends_on_more(const struct deadline *deadline)
{
    const struct rule *rule = deadline->rule;

    return !span_is_none(&rule->latest) || !span_is_none(&rule->least) ||
           deadline->state == DEADLINE_SLEEPING;
}

bool timing_is_provisional(const struct engine *engine, const struct deadline *deadline)
{
    const struct rule *rule = deadline->rule;

    return !deadline->extended &&
           (is_uncovered(engine, deadline, rule_due_span(rule, deadline->due_case)) ||
            is_uncovered(engine, deadline, &rule->latest) || is_uncovered(engine, deadline, &rule->least) ||
            (deadline->state == DEADLINE_SLEEPING && is_uncovered(engine, deadline, &rule->open_from)));
}

/* The same where the due has just been counted. */
static bool is_provisional_now(const struct engine *engine, const struct deadline *deadline)
{
    struct span_request request =
        span_of(engine, deadline, rule_due_span(deadline->rule, deadline->due_case));

    return depends_on_more(deadline) || deadline->extended ? timing_is_provisional(engine, deadline)
                                                           : reaches_beyond(&request, deadline->due);
}

/* Earlier of due and `latest`, later of that and `least`. */
static int bound(const struct engine *engine, const struct deadline *deadline, instant *due)
{
    const struct rule *rule = deadline->rule;
    instant bound;
    int error = 0;

    if (!span_is_none(&rule->latest)) {
        error = timing_span(engine, deadline, &rule->latest, &bound);
        *due = !error && bound < *due ? bound : *due;
    }
    if (!error && !span_is_none(&rule->least)) {
        error = timing_span(engine, deadline, &rule->least, &bound);
        *due = !error && bound > *due ? bound : *due;
    }
    return error;
}

int32_t timing_choose(const struct deadline *deadline)
{
    const struct rule *rule = deadline->rule;
    const char *series = rule->is_series ? fields_get(&deadline->fields, "series") : NULL;
    int32_t n = (int32_t)rule->n_dues;

    if (deadline->due_case >= n) {
        return deadline->due_case;
    }
    for (int32_t i = 0; i < n; i++) {
        if (rule->is_series ? series && strcmp(rule->dues[i].name, series) == 0
                            : !conditions_failing(&rule->dues[i].where, &deadline->fields)) {
            return i;
        }
    }
    return -1;
}

int timing_case(const struct engine *engine, const struct deadline *deadline, size_t i, instant *due)
{
    int error = timing_span(engine, deadline, rule_due_span(deadline->rule, (int32_t)i), due);

    return error ? error : bound(engine, deadline, due);
}

int timing_due(const struct engine *engine, struct deadline *deadline, const char **why)
{
    int32_t i = timing_choose(deadline);
    instant due;

    if (i < 0) {
        *why = "none of the rule's dues fits the event";
        return -EINVAL;
    }
    int error = timing_case(engine, deadline, (size_t)i, &due);
    if (error) {
        *why = error == -ENOENT
                   ? "the field that the due is counted from is missing or is not a date"
                   : "no due can be found within 20 years: the calendar has too few working days";
        return error;
    }
    deadline->due = due;
    deadline->due_case = i;
    deadline->provisional = is_provisional_now(engine, deadline);
    deadline->warned = deadline->warned && deadline->provisional;
    return 0;
}

instant timing_ladder_base(const struct deadline *deadline)
{
    return deadline->late_event && deadline->due < deadline->received ? deadline->received : deadline->due;
}

static int first_firing(const struct engine *engine, const struct deadline *deadline, const struct step *step,
                        instant *out)
{
    const struct rule *rule = deadline->rule;
    const struct calendar *calendar = timing_calendar(engine, deadline);
    instant opening = deadline->wake == INSTANT_NEVER ? deadline->received : deadline->wake;

    switch (step->anchor) {
    case ANCHOR_OPEN:
        *out = step->implied ? deadline->asked : opening;
        return 0;
    case ANCHOR_SHARE:
        return span_share_paused(&(struct span_request){.span = rule_due_span(rule, deadline->due_case),
                                                        .calendar = calendar,
                                                        .start = deadline->start,
                                                        .pauses = deadline->pauses,
                                                        .n_pauses = deadline->n_pauses},
                                 deadline->due, step->offset.count, out);
    case ANCHOR_DUE:
        return span_step(&step->offset, calendar, timing_ladder_base(deadline), engine->policy->step_minute,
                         out);
    case ANCHOR_CLOSED:
        break;
    }
    *out = INSTANT_NEVER;
    return 0;
}

static instant following(const struct engine *engine, const struct deadline *deadline,
                         const struct step *step, instant at)
{
    struct span_request request = {
        .span = &step->every, .calendar = timing_calendar(engine, deadline), .start = at};
    instant next;

    if (span_resolve(&request, &next) || next <= at) {
        return INSTANT_NEVER;
    }
    /* "every 1wd" of a step at 10:00 means 10:00 again, not the close of the day. */
    if (step->every.unit == SPAN_WORKING_DAYS && step->every.clock == SPAN_CLOCK_DEFAULT) {
        struct span same = step->every;

        same.clock = SPAN_CLOCK_SAME;
        request.span = &same;
        if (span_resolve(&request, &next) || next <= at) {
            return INSTANT_NEVER;
        }
    }
    return next;
}

/* Where its firing after so many others stands. */
static instant firing(const struct engine *engine, const struct deadline *deadline, const struct step *step,
                      int32_t before)
{
    instant at;

    if (first_firing(engine, deadline, step, &at)) {
        return INSTANT_NEVER;
    }
    for (int32_t k = 0; k < before && at != INSTANT_NEVER; k++) {
        at = following(engine, deadline, step, at);
    }
    return at;
}

static void place_step(const struct engine *engine, struct deadline *deadline, size_t i)
{
    const struct step *step = &deadline->rule->steps[i];
    struct step_state *state = &deadline->steps[i];

    state->at = state->fires =
        state->fired < step->times ? firing(engine, deadline, step, state->fired) : INSTANT_NEVER;
}

void timing_place(const struct engine *engine, struct deadline *deadline)
{
    deadline->pause_ends = deadline->state == DEADLINE_PAUSED ? pausing_end(engine, deadline) : INSTANT_NEVER;
    for (size_t i = 0; i < deadline->rule->n_steps; i++) {
        if (deadline->state == DEADLINE_SLEEPING) {
            deadline->steps[i].at = deadline->steps[i].fires = INSTANT_NEVER;
        } else {
            place_step(engine, deadline, i);
        }
    }
}

void timing_repeat(const struct engine *engine, struct deadline *deadline, size_t i)
{
    const struct step *step = &deadline->rule->steps[i];
    struct step_state *state = &deadline->steps[i];

    state->fired++;
    state->at = state->fired >= step->times || span_is_none(&step->every)
                    ? INSTANT_NEVER
                    : following(engine, deadline, step, state->at);
    state->fires = state->at;
}

instant timing_warning(const struct deadline *deadline)
{
    return deadline->provisional && !deadline->warned && deadline->state != DEADLINE_PAUSED
               ? deadline->due - TIMING_WARNING_MS
               : INSTANT_NEVER;
}

instant timing_told(const struct engine *engine, const struct deadline *deadline)
{
    instant latest = INSTANT_NONE;

    for (size_t i = 0; i < deadline->rule->n_steps; i++) {
        int32_t fired = deadline->steps[i].fired;
        instant at =
            fired > 0 ? firing(engine, deadline, &deadline->rule->steps[i], fired - 1) : INSTANT_NEVER;

        latest = at != INSTANT_NEVER && at > latest ? at : latest;
    }
    return latest;
}

instant timing_next(const struct deadline *deadline)
{
    instant warning = timing_warning(deadline);

    if (deadline->state == DEADLINE_PAUSED) {
        return deadline->pause_ends;
    }
    if (deadline->state == DEADLINE_SLEEPING) {
        return warning < deadline->wake ? warning : deadline->wake;
    }
    instant next = deadline->was_overdue ? INSTANT_NEVER : deadline->due;
    next = warning < next ? warning : next;
    for (size_t i = 0; i < deadline->rule->n_steps; i++) {
        if (deadline->steps[i].fires < next) {
            next = deadline->steps[i].fires;
        }
    }
    return next;
}

void timing_arm(struct turn *turn, struct deadline *deadline)
{
    sending_place(turn->engine, deadline);
    instant next = timing_next(deadline);

    if (next == INSTANT_NEVER) {
        agenda_remove(&turn->engine->agenda, &deadline->agenda);
    } else if (!agenda_set(&turn->engine->agenda, &deadline->agenda, next)) {
        turn->changes->failed = true;
    }
}
