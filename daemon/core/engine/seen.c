#include "seen.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEN_ROOM_MIN = 256 };

/* Two independent seeds make 128 bits. */
#define SEED_HIGH UINT64_C(0x63756962616e2d31)
#define SEED_LOW  UINT64_C(0x73656e2d6576656e)

void seen_init(struct seen *seen)
{
    *seen = (struct seen){0};
    index_init(&seen->set);
}

void seen_finish(struct seen *seen)
{
    index_finish(&seen->set);
    free(seen->entries);
    *seen = (struct seen){0};
}

static void mix_text(struct seen_entry *entry, const char *text)
{
    /* The NUL is part of it, so that "ab" + "c" is not "a" + "bc". */
    entry->high = hash_bytes(entry->high, text, strlen(text) + 1);
    entry->low = hash_bytes(entry->low, text, strlen(text) + 1);
}

bool seen_key(const struct event *event, struct seen_entry *out)
{
    *out = (struct seen_entry){.high = SEED_HIGH, .low = SEED_LOW};
    if (event->id[0]) {
        mix_text(out, event->source);
        mix_text(out, event->id);
    } else if (event->time_given) {
        for (size_t i = 0; i < event->fields.n; i++) {
            mix_text(out, event->fields.items[i].name);
            mix_text(out, event->fields.items[i].value);
        }
    } else {
        return false;
    }
    out->low |= 1; /* never a null pointer in the index */
    return true;
}

const char *seen_format(const struct seen_entry *entry, char into[static SEEN_KEY_MAX])
{
    (void)snprintf(into, SEEN_KEY_MAX, "%016" PRIx64 "%016" PRIx64, entry->high, entry->low);
    return into;
}

static bool parse_hex(const char *text, uint64_t *out)
{
    *out = 0;
    for (int i = 0; i < 16; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;

        if (!digit) {
            return false;
        }
        *out = *out << 4 | (uint64_t)(digit - digits);
    }
    return true;
}

bool seen_parse(const char *text, struct seen_entry *out)
{
    return strlen(text) == 32 && parse_hex(text, &out->high) && parse_hex(text + 16, &out->low);
}

static void *as_value(const struct seen_entry *entry)
{
    static_assert(sizeof(void *) == sizeof(uint64_t), "the low half is kept in a pointer");
    return (void *)(uintptr_t)entry->low; /* NOLINT(performance-no-int-to-ptr) */
}

bool seen_has(const struct seen *seen, const struct seen_entry *entry)
{
    size_t cursor = 0;
    void *value;

    while ((value = index_find(&seen->set, entry->high, &cursor)) != NULL) {
        if (value == as_value(entry)) {
            return true;
        }
    }
    return false;
}

static bool make_room(struct seen *seen)
{
    if (seen->n < seen->room) {
        return true;
    }
    size_t room = seen->room ? seen->room * 2 : SEEN_ROOM_MIN;
    struct seen_entry *entries = malloc(room * sizeof *entries);
    if (!entries) {
        return false;
    }
    assert(seen->room > 0 || seen->n == 0);
    for (size_t i = 0; i < seen->n; i++) {
        entries[i] = seen->entries[(seen->first + i) % seen->room];
    }
    free(seen->entries);
    seen->entries = entries;
    seen->first = 0;
    seen->room = room;
    return true;
}

int seen_add(struct seen *seen, const struct seen_entry *entry)
{
    if (seen_has(seen, entry)) {
        return -EEXIST;
    }
    if (!make_room(seen) || !index_add(&seen->set, entry->high, as_value(entry))) {
        return -ENOMEM;
    }
    assert(seen->room > seen->n);
    seen->entries[(seen->first + seen->n++) % seen->room] = *entry;
    return 0;
}

const struct seen_entry *seen_oldest(const struct seen *seen)
{
    return seen->n > 0 ? &seen->entries[seen->first] : NULL;
}

void seen_forget_oldest(struct seen *seen)
{
    const struct seen_entry *oldest = seen_oldest(seen);

    if (oldest) {
        index_remove(&seen->set, oldest->high, as_value(oldest));
        seen->first = (seen->first + 1) % seen->room;
        seen->n--;
    }
}

static int by_time(const void *a, const void *b)
{
    const struct seen_entry *left = a;
    const struct seen_entry *right = b;

    return (left->at > right->at) - (left->at < right->at);
}

void seen_sort(struct seen *seen)
{
    if (seen->n > 0) { /* loading only ever appended: the ring has not turned */
        qsort(seen->entries + seen->first, seen->n, sizeof *seen->entries, by_time);
    }
}
