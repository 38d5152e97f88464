/* agenda.h: what comes next: one binary heap of entries ordered by instant, each of which knows its place, so
 * that it can be moved or removed in O(log n). Entries are embedded in the objects that they stand for. */
#ifndef CUIBAN_CORE_AGENDA_H
#define CUIBAN_CORE_AGENDA_H

#include "instant.h"

#define AGENDA_ABSENT UINT32_MAX

struct agenda_entry {
    instant at;
    uint32_t place; /* AGENDA_ABSENT while it is in no agenda */
};

struct agenda {
    struct agenda_entry **heap;
    size_t n;
    size_t room;
};

void agenda_init(struct agenda *agenda);
void agenda_finish(struct agenda *agenda);
void agenda_entry_init(struct agenda_entry *entry);
bool agenda_set(struct agenda *agenda, struct agenda_entry *entry,
                instant at); /* adds or moves; false: out of memory */
void agenda_remove(struct agenda *agenda, struct agenda_entry *entry); /* absent is fine */
struct agenda_entry *agenda_first(const struct agenda *agenda);        /* NULL if empty */
bool agenda_check(const struct agenda *agenda);

#endif
