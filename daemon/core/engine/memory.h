/* memory.h: what the engine remembers of deadlines that are closed and of meets that came early: a bounded
 * map from an identity to a few facts, the oldest forgotten first. */
#ifndef CUIBAN_CORE_ENGINE_MEMORY_H
#define CUIBAN_CORE_ENGINE_MEMORY_H

#include "core/deadline.h"
#include "core/index.h"

struct memo {
    char *identity;
    struct memo *older, *newer;
    instant kept;   /* when it was remembered: the order of forgetting */
    instant opened; /* closed: event time of the opening; early: event time of the meet */
    enum closing how;
    char id[DEADLINE_ID_MAX]; /* closed: the deadline */
};

struct memory {
    struct index by_identity;
    struct memo *oldest, *newest;
    size_t n;
};

void memory_init(struct memory *memory);
void memory_finish(struct memory *memory);
struct memo *memory_find(const struct memory *memory, const char *identity);
/* Adds or renews; the memo is the newest then. NULL: out of memory. */
struct memo *memory_keep(struct memory *memory, const char *identity, instant kept);
void memory_forget(struct memory *memory, struct memo *memo);
/* Puts the list in order of `kept` after loading. 0 or -ENOMEM. */
int memory_sort(struct memory *memory);

#endif
