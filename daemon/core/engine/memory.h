/* memory.h: what the engine remembers of deadlines that are closed and of meets that came early: a bounded
 * map from an identity to a few facts, the oldest forgotten first. Those that an event may reopen are found
 * by their case, too, and keep the text that base:closed has of them. */
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
    char *text;               /* the closing as stored, or NULL: nothing reopens it */
    size_t case_n;            /* with a text: so many bytes of the identity are the case */
};

struct memory {
    struct index by_identity, by_case;
    struct memo *oldest, *newest;
    size_t n;
};

void memory_init(struct memory *memory);
void memory_finish(struct memory *memory);
struct memo *memory_find(const struct memory *memory, const char *identity);
/* Adds or renews; the memo is the newest then. NULL: out of memory. */
struct memo *memory_keep(struct memory *memory, const char *identity, instant kept);
/* Copies the text, or with NULL forgets it. 0 or -ENOMEM. */
int memory_set_text(struct memory *memory, struct memo *memo, const char *text, size_t case_n);
/* Those with a text, one after another; *cursor begins with 0. */
struct memo *memory_find_case(const struct memory *memory, const char *text, size_t *cursor);
void memory_forget(struct memory *memory, struct memo *memo);
/* Puts the list in order of `kept` after loading. 0 or -ENOMEM. */
int memory_sort(struct memory *memory);

#endif
