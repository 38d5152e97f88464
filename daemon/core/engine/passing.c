/* passing.c: time passes: what falls due fires, what nobody waits for any more ends. */

#include "state.h"

/* The latest passed step that has something to say is sent; those before it are superseded, so that nobody is
 * shouted at after a downtime. */
static void fire_passed(struct turn *turn, struct deadline *deadline, instant horizon)
{
    instant latest = INSTANT_NONE;
    size_t n = deadline->rule->n_steps;

    for (size_t i = 0; i < n; i++) {
        instant at = deadline->steps[i].at;
        instant fires = deadline->steps[i].fires;
        latest = fires <= horizon && at > latest && ladder_speaks(deadline, i, horizon) ? at : latest;
    }
    for (size_t i = 0; i < n; i++) {
        const struct step *step = &deadline->rule->steps[i];

        while (deadline->steps[i].at < latest && deadline->steps[i].fires <= horizon) {
            ladder_supersede(turn, deadline, i, "superseded", "a later step is due, too");
        }
        if (deadline->steps[i].fires > horizon) {
            continue;
        }
        if (step->before_due && step->anchor != ANCHOR_OPEN && deadline->due <= horizon) {
            ladder_supersede(turn, deadline, i, "superseded", "due has passed");
        } else {
            ladder_fire(turn, deadline, i, deadline->steps[i].at);
        }
    }
}

static void pass_due(struct turn *turn, struct deadline *deadline)
{
    struct journal_record record;

    deadline->was_overdue = true;
    deadline->state = DEADLINE_OVERDUE;
    journal_begin_deadline(&record, turn->changes, "overdue", deadline);
    json_key_int(&record.json, "due", deadline->due);
    json_key_text(&record.json, "owner", deadline->owner);
    journal_end(&record);
    state_count(turn, deadline->rule, deadline->department, deadline->due, "overdue");
    outbox_end_reminders(turn, deadline);
}

static void advance_deadline(struct turn *turn, struct deadline *deadline, instant horizon)
{
    if (deadline->state == DEADLINE_PAUSED) {
        pausing_over(turn, deadline);
        return;
    }
    if (timing_warning(deadline) <= horizon) {
        recount_warn(turn, deadline);
    }
    if (deadline->state == DEADLINE_SLEEPING && deadline->wake <= horizon) {
        opening_wake(turn, deadline);
        return;
    }
    if (deadline->state == DEADLINE_SLEEPING) {
        timing_arm(turn, deadline);
        state_put_deadline(turn, deadline);
        return;
    }
    if (!deadline->was_overdue) {
        ladder_follow_owner(turn, deadline);
    }
    if (!deadline->was_overdue && deadline->due <= horizon) {
        pass_due(turn, deadline);
    }
    fire_passed(turn, deadline, horizon);
    timing_arm(turn, deadline);
    state_put_deadline(turn, deadline);
}

bool engine_advance(struct engine *engine, instant horizon, instant now, struct changes *changes)
{
    struct turn turn = {.engine = engine, .changes = changes, .now = now};
    struct agenda_entry *first;

    if (!settle_all(&turn)) {
        return true;
    }
    if (!engine->pruned) {
        engine->pruned = versions_prune(&turn);
    }
    while (!changes->failed && (first = agenda_first(&engine->clock)) != NULL && first->at <= horizon) {
        if (changes_is_full(changes)) {
            return true;
        }
        schedule_advance(&turn, (struct schedule *)first, horizon);
    }
    while (!changes->failed && (first = agenda_first(&engine->agenda)) != NULL && first->at <= horizon) {
        if (changes_is_full(changes)) {
            return true;
        }
        arena_reset(engine->scratch);
        advance_deadline(&turn, (struct deadline *)first, horizon);
    }
    while (!changes->failed && (first = agenda_first(&engine->outbox)) != NULL && first->at <= now) {
        if (changes_is_full(changes)) {
            return true;
        }
        outbox_overdue(&turn, (struct notification *)first);
    }
    return false;
}

instant engine_next(const struct engine *engine)
{
    const struct agenda_entry *deadline = agenda_first(&engine->agenda);
    const struct agenda_entry *note = agenda_first(&engine->outbox);
    const struct agenda_entry *schedule = agenda_first(&engine->clock);
    instant next = deadline ? deadline->at : INSTANT_NEVER;

    if (schedule && schedule->at < next) {
        next = schedule->at;
    }
    if (engine->settling.is_on && engine->settling.since < next) {
        next = engine->settling.since; /* at once */
    }
    return note && note->at < next ? note->at : next;
}
