#include "index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { INDEX_ROOM_MIN = 16 };

void index_init(struct index *index)
{
    *index = (struct index){0};
}

void index_finish(struct index *index)
{
    free(index->slots);
    *index = (struct index){0};
}

void index_clear(struct index *index)
{
    if (index->n > 0) {
        memset(index->slots, 0, (index->mask + 1) * sizeof *index->slots);
    }
    index->n = 0;
}

static void place(struct index *index, uint64_t hash, void *value)
{
    size_t i = hash & index->mask;

    assert(index->slots);
    while (index->slots[i].value) {
        i = (i + 1) & index->mask;
    }
    index->slots[i] = (struct index_slot){hash, value};
}

static bool grow(struct index *index)
{
    size_t room = index->slots ? (index->mask + 1) * 2 : INDEX_ROOM_MIN;
    struct index old = *index;
    struct index_slot *slots = calloc(room, sizeof *slots);

    if (!slots) {
        return false;
    }
    index->slots = slots;
    index->mask = room - 1;
    for (size_t i = 0; old.slots && i <= old.mask; i++) {
        if (old.slots[i].value) {
            place(index, old.slots[i].hash, old.slots[i].value);
        }
    }
    free(old.slots);
    return true;
}

bool index_add(struct index *index, uint64_t hash, void *value)
{
    size_t room = index->slots ? index->mask + 1 : 0;

    /* Linear probing stays short up to two thirds. */
    if ((index->n + 1) * 3 > room * 2 && !grow(index)) {
        return false;
    }
    place(index, hash, value);
    index->n++;
    return true;
}

/* Closes the hole at i by moving back what was pushed past it (no tombstones). */
static void close_hole(struct index *index, size_t i)
{
    size_t j = i;

    for (;;) {
        j = (j + 1) & index->mask;
        if (!index->slots[j].value) {
            break;
        }
        size_t home = index->slots[j].hash & index->mask;
        if (((j - home) & index->mask) >= ((j - i) & index->mask)) {
            index->slots[i] = index->slots[j];
            i = j;
        }
    }
    index->slots[i] = (struct index_slot){0};
}

bool index_remove(struct index *index, uint64_t hash, const void *value)
{
    if (!index->slots) {
        return false;
    }
    for (size_t i = hash & index->mask; index->slots[i].value; i = (i + 1) & index->mask) {
        if (index->slots[i].hash == hash && index->slots[i].value == value) {
            close_hole(index, i);
            index->n--;
            return true;
        }
    }
    return false;
}

void *index_find(const struct index *index, uint64_t hash, size_t *cursor)
{
    if (!index->slots) {
        return NULL;
    }
    for (size_t i = (hash + *cursor) & index->mask; index->slots[i].value; i = (i + 1) & index->mask) {
        ++*cursor;
        if (index->slots[i].hash == hash) {
            return index->slots[i].value;
        }
    }
    return NULL;
}

void *index_next(const struct index *index, size_t *cursor)
{
    while (index->slots && *cursor <= index->mask) {
        void *value = index->slots[(*cursor)++].value;

        if (value) {
            return value;
        }
    }
    return NULL;
}

static uint64_t mix(uint64_t h)
{
    h ^= h >> 33;
    h *= UINT64_C(0xff51afd7ed558ccd);
    h ^= h >> 33;
    h *= UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ h >> 33;
}

uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    uint64_t h = seed ^ n * UINT64_C(0x9e3779b97f4a7c15);

    for (; n >= 8; n -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        h = mix(h ^ word);
    }
    if (n > 0) {
        uint64_t word = 0;
        memcpy(&word, at, n);
        h = mix(h ^ word);
    }
    return mix(h + 1);
}

uint64_t hash_text(uint64_t seed, const char *text)
{
    return hash_bytes(seed, text, strlen(text));
}
