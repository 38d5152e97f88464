#include <errno.h>

#include "state.h"

static void refuse(struct turn *turn, const struct deadline *deadline, const char *why)
{
    struct journal_record record;
    char at[STREAM_ID_TEXT_MAX];

    journal_begin(&record, turn->changes, "unmatched");
    json_key_text(&record.json, "r", deadline->rule->name);
    json_key_text(&record.json, "event", stream_id_format(turn->event->at, at));
    json_key_text(&record.json, "type", turn->event->type);
    json_key_text(&record.json, "why", why);
    journal_end(&record);
}

/* What a pause takes from max_pause, in the unit of that span: as the due is moved by it. */
static int64_t length(const struct span *max, const struct calendar *calendar, const struct pause *pause)
{
    int32_t from = calendar_day(calendar, pause->from), to = calendar_day(calendar, pause->to);

    switch (max->unit) {
    case SPAN_WORKING:
        return calendar_working_ms(calendar, pause->from, pause->to);
    case SPAN_WORKING_DAYS:
        return calendar_count_working_days(calendar, from, to);
    case SPAN_DAYS:
        return to - from;
    default:
        return pause->to - pause->from;
    }
}

instant pausing_end(const struct engine *engine, const struct deadline *deadline)
{
    const struct calendar *calendar = timing_calendar(engine, deadline);
    struct span left = deadline->rule->max_pause;
    instant from = deadline->pauses[deadline->n_pauses - 1].from;
    struct span_request request = {.span = &left, .calendar = calendar, .start = from};
    instant end;

    if (span_is_none(&left)) {
        return INSTANT_NEVER;
    }
    for (size_t i = 0; i + 1 < deadline->n_pauses; i++) {
        left.count -= length(&left, calendar, &deadline->pauses[i]);
    }
    left.clock = SPAN_CLOCK_SAME;
    if (left.count <= 0) {
        return from;
    }
    return span_resolve(&request, &end) ? INSTANT_NEVER : end;
}

/* When the clock stops: as the event says, but not before it began to run, nor within an earlier pause. */
static instant stop_of(const struct turn *turn, const struct deadline *deadline)
{
    instant from = turn->event->time < deadline->start ? deadline->start : turn->event->time;
    const struct pause *last = deadline->n_pauses > 0 ? &deadline->pauses[deadline->n_pauses - 1] : NULL;

    return last && from < last->to ? last->to : from;
}

void pausing_pause(struct turn *turn, struct deadline *deadline)
{
    struct journal_record record;
    enum deadline_state was = deadline->state;

    if (was == DEADLINE_PAUSED || was == DEADLINE_SLEEPING) {
        refuse(turn, deadline, "it is paused already, or sleeps");
        return;
    }
    instant from = stop_of(turn, deadline);
    int error = deadline_pause(deadline, from);
    if (error) {
        turn->changes->failed |= error == -ENOMEM;
        refuse(turn, deadline, "it has been paused too many times");
        return;
    }
    deadline->pause_ends = pausing_end(turn->engine, deadline);
    if (deadline->pause_ends <= from) {
        deadline->pause_ends = INSTANT_NEVER;
        deadline->n_pauses--;
        refuse(turn, deadline, "max_pause is used up");
        return;
    }
    deadline->state = DEADLINE_PAUSED;
    outbox_withdraw(turn, deadline, "paused");
    journal_begin_deadline(&record, turn->changes, "paused", deadline);
    json_key_int(&record.json, "at", from);
    if (deadline->pause_ends != INSTANT_NEVER) {
        json_key_int(&record.json, "until", deadline->pause_ends);
    }
    json_key_text(&record.json, "type", turn->event->type);
    journal_end(&record);
    timing_arm(turn, deadline);
    state_put_deadline(turn, deadline);
}

/* What was late before the pause stays late: a pause moves no due that has passed. One that began in time and
 * is only told late does. */
static void run_again(struct turn *turn, struct deadline *deadline, instant to, const char *why)
{
    struct pause *last = &deadline->pauses[deadline->n_pauses - 1];

    last->to = to < last->from ? last->from : to;
    deadline->pause_ends = INSTANT_NEVER;
    deadline->state = deadline->was_overdue ? DEADLINE_OVERDUE : DEADLINE_OPEN;
    if (deadline->was_overdue && last->from > deadline->due) {
        struct journal_record record;

        journal_begin_deadline(&record, turn->changes, "resumed", deadline);
        json_key_int(&record.json, "at", last->to);
        json_key_int(&record.json, "due", deadline->due);
        json_key_text(&record.json, "why", why);
        journal_end(&record);
        timing_place(turn->engine, deadline);
    } else {
        opening_recount(turn, deadline, "resumed", last->to, why);
    }
    timing_arm(turn, deadline);
    state_put_deadline(turn, deadline);
}

/* A resume that is told late, after max_pause had ended the pause: it ended when the event says. */
static bool is_within_last(const struct turn *turn, const struct deadline *deadline)
{
    const struct pause *last = deadline->n_pauses > 0 ? &deadline->pauses[deadline->n_pauses - 1] : NULL;

    return last && turn->event->time >= last->from && turn->event->time < last->to;
}

void pausing_resume(struct turn *turn, struct deadline *deadline)
{
    bool paused = deadline->state == DEADLINE_PAUSED;

    if (deadline->state == DEADLINE_SLEEPING || (!paused && !is_within_last(turn, deadline))) {
        refuse(turn, deadline, "it is not paused");
        return;
    }
    instant to = turn->event->time;
    if (paused && to > deadline->pause_ends) {
        to = deadline->pause_ends; /* told before time itself could say so */
    }
    run_again(turn, deadline, to, NULL);
}

void pausing_over(struct turn *turn, struct deadline *deadline)
{
    run_again(turn, deadline, deadline->pause_ends, "max_pause is used up");
}
