/* meeting.h: what meets a deadline: one event, every one of several (`meet.all`), or one that came before the
 * opening and was remembered (`early`). */
#ifndef CUIBAN_CORE_ENGINE_MEETING_H
#define CUIBAN_CORE_ENGINE_MEETING_H

#include "state.h"

/* The event names an open deadline: it closes, or is a step nearer. */
void meeting_meet(struct turn *turn, const struct rule_ref *ref, struct deadline *deadline);
/* The event names nothing that is open: remembered, or counted as unmatched. */
void meeting_unmatched(struct turn *turn, const struct rule_ref *ref);
/* A deadline has just opened: true if it was met before, and is closed now. */
bool meeting_met_early(struct turn *turn, struct deadline *deadline);

#endif
