/* recount.h: what other calendars, or another text of its rule, mean to one deadline. */
#ifndef CUIBAN_CORE_ENGINE_RECOUNT_H
#define CUIBAN_CORE_ENGINE_RECOUNT_H

#include "core/engine.h"

struct turn;

/* The due, the waking and the steps by other calendars. Nobody becomes late by it. False: nothing has moved.
 */
bool recount_by_calendars(struct turn *turn, struct deadline *deadline);
/* By another text of its rule, from the opening and with the pauses; what was told stays told. False, with
 * *why: it cannot be counted by that rule, and nothing has changed. */
bool recount_by_rule(struct turn *turn, struct deadline *deadline, const struct rule *rule, const char **why);
/* The rule, but not the due: for a deadline that no rule can be found for otherwise. */
void recount_keep_due(struct turn *turn, struct deadline *deadline, const struct rule *rule, const char *why);
void recount_warn(struct turn *turn, struct deadline *deadline); /* its due is near and still provisional */

#endif
