/* sending.h: when the messages of a step may leave: quiet hours of the channel and of the person, the pull
 * forward of what would be told too late, and the gap between one rung and the next (cuiban-rules(5), DUE AND
 * SEND). */
#ifndef CUIBAN_CORE_ENGINE_SENDING_H
#define CUIBAN_CORE_ENGINE_SENDING_H

#include "core/engine/state.h"

struct recipient {
    const char *person;  /* id; "" for a post to a group */
    const char *channel; /* name, or NULL: none is known */
};
struct departure {
    instant fires;  /* in: when the step was to fire */
    instant leave;  /* when the message may leave, now or later */
    instant counts; /* from when the gap counts: `leave`, less the moments that firing took */
};
bool sending_has_quiet(const struct engine *engine);
/* When what the step plans for `at` would leave: the next opening, or for a step before due that would be
 * pushed to due or behind it the last open moment before `at`. */
instant sending_leave(const struct engine *engine, const struct deadline *deadline, const struct step *step,
                      const struct recipient *to, instant at);
/* The same for a step that fires now. False: it is quiet until due or longer, the step before due is of no
 * use. */
bool sending_now(const struct turn *turn, const struct deadline *deadline, const struct step *step,
                 const struct recipient *to, struct departure *out);
/* For people: when the message of a step that stands at `at` and fires at `fires` would leave for one of its
 * recipients; INSTANT_NEVER if it is quiet until after due. */
instant sending_plan(const struct engine *engine, const struct deadline *deadline, const struct step *step,
                     const struct recipient *to, instant at, instant fires);
/* Does anybody hear of what a step before due plans for `at`, from `since` on and before due? */
bool sending_can_leave(const struct engine *engine, const struct deadline *deadline, const struct step *step,
                       instant at, instant since);
const struct quiet *sending_quiet(const struct engine *engine, const struct notification *note);
/* When what is queued and would leave at `at` does: the next opening, or if that is not before `limit` the
 * last open moment before `at`. */
instant sending_open(const struct engine *engine, const struct notification *note, instant at, instant limit);
/* When every step that has a next firing fires, if `last` is the rung that fired last. */
void sending_fires(const struct engine *engine, const struct deadline *deadline, const struct rung *last,
                   instant fires[static RULE_STEPS_MAX]);
/* Sets step_state.fires of every step: pulled forward out of quiet hours, held back by the gap. */
void sending_place(const struct engine *engine, struct deadline *deadline);
/* A step has fired, its notifications are queued. `ended` of `fired` is not looked at. */
void sending_fired(struct turn *turn, struct deadline *deadline, const struct rung *fired);
bool sending_is_of_last(const struct notification *note); /* the rung that fired last waits for its end */
/* A notification of the last rung is gone. True if that was the last one: the deadline is armed anew and has
 * to be put. */
bool sending_ended(struct turn *turn, struct deadline *deadline);

#endif
