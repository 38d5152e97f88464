/* crash.h: the daemon died while attempts were under way. Which of them killed it? The claim is the mark:
 * what was claimed then is watched, and while anything watched is tried no other attempt is under way; so
 * when the daemon dies again exactly one is claimed, and names notification, plugin and channel. */
#ifndef CUIBAN_CORE_ENGINE_CRASH_H
#define CUIBAN_CORE_ENGINE_CRASH_H

#include "core/engine/state.h"

#define CRASH_DEAD "the daemon died three times while its channel worked on nothing but this"
void crash_watch(struct turn *turn, struct notification *note); /* its state or time has changed */
bool crash_loaded(struct engine *engine, struct notification *note);
/* What is said of an attempt whose end nobody saw. */
void crash_reason(const struct notification *note, struct verdict *verdict);
/* A plugin has seen it, and the daemon lives. */
void crash_survived(struct notification *note);

#endif
