#include <stdlib.h>
#include <string.h>

#include "core/compose.h"
#include "core/reach.h"

#include "sending.h"
#include "state.h"
#include "waiting.h"

struct firing {
    struct turn *turn;
    struct deadline *deadline;
    const struct step *step;
    const struct closing_cause *closing; /* of a step at "closed" */
    instant fires;                       /* when it was to fire, for what its recipients are told */
    instant left; /* when the last message so far may leave; INSTANT_NONE: there is none */
};

static void journal_step(struct turn *turn, const struct deadline *deadline, const struct step *step,
                         const char *what, const char *who, const char *why, instant at)
{
    struct journal_record record;

    journal_begin_deadline(&record, turn->changes, what, deadline);
    json_key_text(&record.json, "s", step->name);
    json_key_text(&record.json, "to", who);
    json_key_text(&record.json, "why", why);
    if (at != INSTANT_NONE) {
        json_key_int(&record.json, "at", at);
    }
    journal_end(&record);
}

void ladder_supersede(struct turn *turn, struct deadline *deadline, size_t step, const char *what,
                      const char *why)
{
    journal_step(turn, deadline, &deadline->rule->steps[step], what, NULL, why, deadline->steps[step].at);
    timing_repeat(turn->engine, deadline, step);
}

static void skip(struct firing *firing, const char *who, const char *why)
{
    journal_step(firing->turn, firing->deadline, firing->step, "skipped", who, why, INSTANT_NONE);
}

/* -- the notification -- */

/* The next step that tells somebody on the same path ends this one's life: then a fresher message comes. It
 * is given time to be queued. One after due does not come before this one has left: the gap holds it back. No
 * reminder outlives its due. */
static instant expiry(const struct firing *firing, enum phase phase, instant leave)
{
    enum { LIFE_MIN_MS = 30 * 60 * 1000, FOLLOW_MS = 60 * 1000 };
    const struct deadline *deadline = firing->deadline;
    const struct rule *rule = deadline->rule;
    instant now = firing->turn->now;
    instant end = leave + firing->turn->engine->policy->expires_max_ms;

    for (size_t i = 0; i < rule->n_steps && phase != PHASE_CLOSED; i++) {
        bool same = rule->steps[i].n_to > 0 && firing->step->n_to > 0 &&
                    strcmp(rule->steps[i].to[0].text, firing->step->to[0].text) == 0;

        instant fires = deadline->steps[i].fires;
        if (same && fires > now && fires < end - FOLLOW_MS && (fires > leave || firing->step->before_due)) {
            end = fires + FOLLOW_MS;
        }
    }
    end = end > leave && end < leave + LIFE_MIN_MS ? leave + LIFE_MIN_MS : end;
    return phase == PHASE_REMINDER && deadline->due > now && deadline->due < end ? deadline->due : end;
}

static const char *template_of(const struct firing *firing, const struct reached *reached)
{
    const struct rule_policy *policy = firing->turn->engine->policy;

    if (firing->step->message && !reached->copy) {
        return firing->step->message;
    }
    if (reached->copy) { /* what the head was asked, told to the owner */
        return phase_name(PHASE_ESCALATION);
    }
    if (reached->phase == PHASE_OVERDUE && reached->is_requester &&
        templates_find(firing->turn->engine->parts.templates, policy->language, "chase")) {
        return "chase";
    }
    return phase_name(reached->phase);
}

static struct notification *make(const struct firing *firing, const struct reached *reached)
{
    struct notification *note = calloc(1, sizeof *note);

    if (!note) {
        return NULL;
    }
    agenda_entry_init(&note->agenda);
    agenda_entry_init(&note->watch);
    note->deadline = firing->step->anchor == ANCHOR_CLOSED ? NULL : firing->deadline;
    memcpy(note->deadline_id, firing->deadline->id, sizeof note->deadline_id);
    note->phase = reached->phase;
    note->copy = reached->copy;
    note->urgent = firing->step->urgent;
    note->queued = firing->turn->now;
    if (!state_set_text(&note->rule, firing->deadline->rule->name) ||
        !state_set_text(&note->step, firing->step->name) ||
        !state_set_text(&note->message, template_of(firing, reached)) ||
        !state_set_text(&note->to, reached->person) || !state_set_text(&note->channel, reached->channel) ||
        (reached->on_behalf && !state_set_text(&note->on_behalf, reached->on_behalf)) ||
        (reached->stands_for && !state_set_text(&note->stands_for, reached->stands_for))) {
        notification_destroy(note);
        return NULL;
    }
    waiting_begin(firing->turn->engine, note, firing->fires);
    note->expires = expiry(firing, reached->phase, note->not_before);
    return note;
}

static struct notification *queue(struct firing *firing, const struct reached *reached)
{
    struct notification *note = make(firing, reached);

    if (!note) {
        firing->turn->changes->failed = true;
        return NULL;
    }
    firing->deadline->numbered++;
    notification_number(firing->deadline->id, firing->deadline->numbered, note->id);
    return note;
}

static void send(struct firing *firing, const struct reached *reached,
                 void (*finish)(struct firing *firing, struct notification *note))
{
    struct recipient to = {reached->person, reached->channel};
    struct departure departure = {.fires = firing->fires};

    if (!sending_now(firing->turn, firing->deadline, firing->step, &to, &departure)) {
        skip(firing, reached->person, "quiet hours until after due");
        return;
    }
    firing->left = departure.counts > firing->left ? departure.counts : firing->left;
    struct notification *note = queue(firing, reached);
    if (note && finish) {
        finish(firing, note);
    }
    if (note) {
        outbox_queue(firing->turn, note);
    }
}

static void say_missed(const struct firing *firing, const struct missed *missed)
{
    if (missed->kind == MISSED_DEAD) {
        outbox_dead_recipient(firing->turn, firing->deadline, firing->step, missed->who, missed->why);
    } else {
        journal_step(firing->turn, firing->deadline, firing->step,
                     missed->kind == MISSED_CATCH_ALL ? "catch_all" : "skipped", missed->who, missed->why,
                     INSTANT_NONE);
    }
}

/* Nobody is left whom the step names. */
static void say_fallen(struct firing *firing, const struct reach_answer *answer)
{
    struct journal_record record;

    if (!answer->fell_to && !answer->is_silent) {
        return;
    }
    journal_begin_deadline(&record, firing->turn->changes, answer->fell_to ? "fell" : "silent",
                           firing->deadline);
    json_key_text(&record.json, "s", firing->step->name);
    json_key_text(&record.json, "to", answer->fell_to);
    json_key_text(&record.json, "for", answer->stands_for);
    if (answer->is_silent) {
        json_key_text(&record.json, "why", "nobody is left to be told, nor anybody to stand in");
    }
    journal_end(&record);
}

static void tell(struct firing *firing, const struct reach_answer *answer,
                 void (*finish)(struct firing *firing, struct notification *note))
{
    for (size_t i = 0; i < answer->n_missed; i++) {
        say_missed(firing, &answer->missed[i]);
    }
    say_fallen(firing, answer);
    for (size_t i = 0; i < answer->n_reached; i++) {
        send(firing, &answer->reached[i], finish);
    }
}

static struct reach_question question_of(const struct turn *turn, const struct deadline *deadline,
                                         size_t index)
{
    return (struct reach_question){
        .people = turn->engine->parts.people,
        .rules = turn->engine->parts.rules,
        .deadline = deadline,
        .step = index,
        .at = turn->now,
        .firing = deadline->steps[index].fired,
        .counts_acks = true,
    };
}

/* -- firing -- */

void ladder_follow_owner(struct turn *turn, struct deadline *deadline)
{
    const struct rule *rule = deadline->rule;
    struct path_context context = state_owner_context(turn, rule, &deadline->fields);
    struct journal_record record;
    const char *people[PATH_RESULT_MAX];
    const char *why;

    if (deadline->owner_fixed || rule->each_of || rule->n_owners != 1) {
        return;
    }
    if (path_people(&rule->owners[0], &context, people, &why) == 0 ||
        strcmp(people[0], deadline->owner) == 0) {
        return;
    }
    journal_begin_deadline(&record, turn->changes, "owner", deadline);
    json_key_text(&record.json, "was", deadline->owner);
    json_key_text(&record.json, "owner", people[0]);
    journal_end(&record);
    if (!state_set_text(&deadline->owner, people[0])) {
        turn->changes->failed = true;
    }
    timing_place(turn->engine, deadline); /* the calendar may be the owner's */
    timing_arm(turn, deadline);
}

bool ladder_speaks(const struct deadline *deadline, size_t index, instant horizon)
{
    const struct step *step = &deadline->rule->steps[index];
    bool too_late = step->before_due && step->anchor != ANCHOR_OPEN && deadline->due <= horizon;

    return !too_late && !conditions_failing(&step->where, &deadline->fields);
}

static const char *moved(instant fires, instant planned)
{
    if (fires == planned) {
        return NULL;
    }
    return fires < planned ? "pulled forward, out of quiet hours that last until due"
                           : "held back by the gap after the step before";
}

void ladder_fire(struct turn *turn, struct deadline *deadline, size_t index, instant planned)
{
    const struct step *step = &deadline->rule->steps[index];
    struct firing firing = {.turn = turn, .deadline = deadline, .step = step};
    struct reach_question question = question_of(turn, deadline, index);
    struct rung rung = {.at = planned, .first = deadline->numbered};
    struct reach_answer answer;

    firing.fires = step->before_due ? planned : deadline->steps[index].fires;
    firing.left = INSTANT_NONE;
    reach_ask(&question, &answer);
    deadline->is_silent = answer.is_silent || (deadline->is_silent && !reach_is_heard(&question, &answer));
    if (answer.where) {
        journal_step(turn, deadline, step, "skipped", NULL, answer.where, planned);
        timing_repeat(turn->engine, deadline, index);
        return;
    }
    journal_step(turn, deadline, step, "step", NULL,
                 step->implied ? "no step before due can leave any more"
                               : moved(deadline->steps[index].fires, planned),
                 planned);
    timing_repeat(turn->engine, deadline, index);
    tell(&firing, &answer, NULL);
    rung.left = firing.left == INSTANT_NONE ? turn->now : firing.left;
    sending_fired(turn, deadline, &rung);
}

/* -- closing -- */

/* The deadline is gone when the message leaves: its words are made now. */
static void render_closing(struct firing *firing, struct notification *note)
{
    const struct closing_cause *cause = firing->closing;
    struct composed composed;
    const char *why = "";

    composed_init(&composed);
    if (firing->turn->changes->is_dry || /* nobody will read it */
        compose_closing(firing->turn->engine, firing->deadline, note, cause->how, cause->at,
                        firing->turn->now, &composed, &why) ||
        !state_set_text(&note->title, buffer_text(&composed.title)) ||
        !state_set_text(&note->body, buffer_text(&composed.body))) {
        (void)state_set_text(&note->title, firing->deadline->rule->summary);
        (void)state_set_text(&note->body, "");
    }
    composed_finish(&composed);
}

void ladder_closed(struct turn *turn, struct deadline *deadline, const struct closing_cause *cause)
{
    for (size_t i = 0; i < deadline->rule->n_steps; i++) {
        const struct step *step = &deadline->rule->steps[i];
        struct firing firing = {
            .turn = turn, .deadline = deadline, .step = step, .closing = cause, .fires = turn->now};
        struct reach_question question = question_of(turn, deadline, i);
        struct reach_answer answer;

        if (step->anchor == ANCHOR_CLOSED) {
            question.closing = cause;
            reach_ask(&question, &answer);
            tell(&firing, &answer, render_closing);
        }
    }
}
