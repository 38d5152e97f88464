/* index.h: a multimap from a 64-bit hash to pointers. Several values may share a hash: the caller compares
 * the real key. 16 bytes a slot, open addressing; uthash would need 56 bytes an entry and one handle for each
 * index an object is in. */
#ifndef CUIBAN_CORE_INDEX_H
#define CUIBAN_CORE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct index_slot {
    uint64_t hash;
    void *value;
};

struct index {
    struct index_slot *slots;
    size_t mask; /* capacity - 1, or 0 with slots NULL */
    size_t n;
};

void index_init(struct index *index);
void index_finish(struct index *index);
void index_clear(struct index *index);                           /* keeps the memory */
bool index_add(struct index *index, uint64_t hash, void *value); /* false: out of memory, nothing changed */
bool index_remove(struct index *index, uint64_t hash, const void *value); /* false: it was not there */
/* Iterates over the values of one hash: start with *cursor = 0; NULL at the end. No changes in between. */
void *index_find(const struct index *index, uint64_t hash, size_t *cursor);
/* Iterates over everything: start with *cursor = 0. */
void *index_next(const struct index *index, size_t *cursor);

/* Well-mixed and stable on one kind of machine; not for what an attacker may choose to collide. */
uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t n);
uint64_t hash_text(uint64_t seed, const char *text);

#endif
