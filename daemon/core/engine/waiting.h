/* waiting.h: what is queued and waits to leave, by the settings of today.
 *
 * A notification keeps why it waits: `from`, when its step lets it leave, and `again`, what a verdict or a
 * slow channel asks for. `not_before` is what follows from them by the quiet hours of today, for everybody to
 * read; other files make it follow anew (settle.h). */
#ifndef CUIBAN_CORE_ENGINE_WAITING_H
#define CUIBAN_CORE_ENGINE_WAITING_H

#include "core/engine/state.h"

/* Its step lets it leave at `from`: on the channel that it has it waits from the beginning. */
void waiting_begin(const struct engine *engine, struct notification *note, instant from);
/* A verdict asks it to wait until then. */
void waiting_again(struct turn *turn, struct notification *note, instant at);
/* It is about to leave: does it have to wait after all, because it has become quiet meanwhile? */
bool waiting_hold(struct turn *turn, struct notification *note);
/* On the fallback of its channel, as if its step let it leave now. */
void waiting_fall_back(struct turn *turn, struct notification *note);
/* Its channel is not in the settings any more: another one that reaches the person, with a record in the
 * journal. False: there is none, or its channel is there. */
bool waiting_reroute(struct turn *turn, struct notification *note);

/* Is it where today's settings have it? */
bool waiting_is_settled(const struct engine *engine, const struct notification *note, instant now);
/* Brings it there. `shorter_ms`: by how much the longest life has become shorter. */
void waiting_settle(struct turn *turn, struct notification *note, int64_t shorter_ms);

#endif
