/* seen.h: which events have been taken: 128-bit hashes of their ids, the oldest forgotten first. */
#ifndef CUIBAN_CORE_ENGINE_SEEN_H
#define CUIBAN_CORE_ENGINE_SEEN_H

#include "core/event.h"
#include "core/index.h"

enum { SEEN_KEY_MAX = 33 };

struct seen_entry {
    uint64_t high, low;
    instant at;
};

struct seen {
    struct index set;           /* high -> low, kept in the pointer itself */
    struct seen_entry *entries; /* a ring, oldest at `first` */
    size_t first, n, room;
};

void seen_init(struct seen *seen);
void seen_finish(struct seen *seen);

/* What stands for an event: source and id, or all its fields if it has no id but says its time. False if it
 * has neither: then every entry is a new event. */
bool seen_key(const struct event *event, struct seen_entry *out);
const char *seen_format(const struct seen_entry *entry, char into[static SEEN_KEY_MAX]);
bool seen_parse(const char *text, struct seen_entry *out);

bool seen_has(const struct seen *seen, const struct seen_entry *entry);
int seen_add(struct seen *seen, const struct seen_entry *entry); /* 0 or -ENOMEM; -EEXIST */
const struct seen_entry *seen_oldest(const struct seen *seen);   /* NULL if empty */
void seen_forget_oldest(struct seen *seen);
void seen_sort(struct seen *seen); /* by time, after loading */

#endif
