/* following.h: a rule opens after another (`open.after`): when the last deadline of that rule with the key
 * has closed, in the same commit.
 *
 * Every open deadline of a rule that others follow stands in engine->groups once for each follower, by the
 * values of the follower's key. A closing that leaves others of its group open is remembered in base:closed,
 * unless it was a cancelling: a group that is cancelled as a whole opens nothing. */
#ifndef CUIBAN_CORE_ENGINE_FOLLOWING_H
#define CUIBAN_CORE_ENGINE_FOLLOWING_H

#include "state.h"

int following_enter(struct engine *engine, struct deadline *deadline); /* into its groups; 0 or -ENOMEM */
void following_leave(struct engine *engine, struct deadline *deadline);
bool following_knows(const struct engine *engine, const struct deadline *deadline); /* an invariant */

/* A deadline closes; it still stands in its groups. */
void following_closed(struct turn *turn, const struct deadline *deadline, const struct closing_cause *cause);
/* At the end of an input: opens what follows on its closings. */
void following_settle(struct turn *turn);

/* How many deadlines open at the most when these close, all of one rule; */
size_t following_estimate(struct turn *turn, struct deadline *const *closing, size_t n);
/* when so many of a rule open, of which some may have been met early. */
size_t following_estimate_early(struct turn *turn, const struct rule *rule, size_t opened);

#endif
