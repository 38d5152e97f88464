#include "change.h"

#include "index.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANGES_ROOM_MIN = 64 };

const char *change_table_name(enum change_table table)
{
    static const char *const names[TABLES] = {
        [TABLE_DEADLINES] = "deadlines", [TABLE_CLOSED] = "closed",       [TABLE_EARLY] = "early",
        [TABLE_SEEN] = "seen",           [TABLE_SCHEDULES] = "schedules", [TABLE_RULES] = "rules",
        [TABLE_OUTBOX] = "outbox",       [TABLE_STATS] = "stats",         [TABLE_DEAD] = "dead",
        [TABLE_HEAD] = "head",
    };
    return names[table];
}

int changes_init(struct changes *changes)
{
    *changes = (struct changes){0};
    buffer_init(&changes->bytes);
    buffer_init(&changes->journal);
    buffer_init(&changes->queued);
    buffer_init(&changes->withdrawn);
    changes->by_key = calloc(1, sizeof *changes->by_key);
    if (!changes->by_key) {
        changes->failed = true;
        return -1;
    }
    index_init(changes->by_key);
    return 0;
}

void changes_finish(struct changes *changes)
{
    if (changes->by_key) {
        index_finish(changes->by_key);
    }
    free(changes->by_key);
    free(changes->items);
    buffer_finish(&changes->bytes);
    buffer_finish(&changes->journal);
    buffer_finish(&changes->queued);
    buffer_finish(&changes->withdrawn);
    *changes = (struct changes){0};
}

void changes_clear(struct changes *changes)
{
    index_clear(changes->by_key);
    changes->n = 0;
    changes->failed = false;
    buffer_clear(&changes->bytes);
    buffer_clear(&changes->journal);
    buffer_clear(&changes->queued);
    buffer_clear(&changes->withdrawn);
}

const char *change_key(const struct changes *changes, const struct change *change)
{
    return changes->bytes.bytes + change->key;
}

const char *change_value(const struct changes *changes, const struct change *change)
{
    return changes->bytes.bytes + change->value;
}

static uint64_t key_hash(enum change_table table, const char *key, size_t n)
{
    return hash_bytes(UINT64_C(0x63756962) + (uint64_t)table, key, n);
}

/* The index keeps 1-based positions, because the array moves. */
static struct change *find(const struct changes *changes, enum change_table table, const char *key, size_t n)
{
    size_t cursor = 0;
    void *value;

    while ((value = index_find(changes->by_key, key_hash(table, key, n), &cursor)) != NULL) {
        struct change *change = &changes->items[(uintptr_t)value - 1];

        if (change->table == table && change->key_n == n &&
            memcmp(change_key(changes, change), key, n) == 0) {
            return change;
        }
    }
    return NULL;
}

static struct change *append(struct changes *changes, enum change_table table, const char *key, size_t key_n)
{
    if (changes->n == changes->room) {
        size_t room = changes->room ? changes->room * 2 : CHANGES_ROOM_MIN;
        struct change *items = realloc(changes->items, room * sizeof *items);
        if (!items) {
            changes->failed = true;
            return NULL;
        }
        changes->items = items;
        changes->room = room;
    }
    struct change *change = &changes->items[changes->n++];
    *change = (struct change){.table = table, .key = changes->bytes.n, .key_n = key_n};
    buffer_add(&changes->bytes, key, key_n + 1);
    return change;
}

static void set_value(struct changes *changes, struct change *change, const char *value, size_t n)
{
    change->value = changes->bytes.n;
    change->value_n = n;
    buffer_add(&changes->bytes, value, n);
    buffer_add_char(&changes->bytes, '\0');
    if (!buffer_ok(&changes->bytes)) {
        changes->failed = true;
    }
}

static struct change *find_or_append(struct changes *changes, enum change_table table, const char *key)
{
    size_t n = strlen(key);
    struct change *change = changes->is_dry ? NULL : find(changes, table, key, n);

    if (change || changes->is_dry) {
        return change;
    }
    change = append(changes, table, key, n);
    void *position = (void *)(uintptr_t)changes->n; /* NOLINT(performance-no-int-to-ptr) */
    if (change && !index_add(changes->by_key, key_hash(table, key, n), position)) {
        changes->failed = true;
    }
    return change;
}

void changes_put(struct changes *changes, enum change_table table, const char *key, const char *value,
                 size_t value_n)
{
    struct change *change = find_or_append(changes, table, key);

    if (change) {
        change->removes = false;
        set_value(changes, change, value, value_n);
    }
}

void changes_remove(struct changes *changes, enum change_table table, const char *key)
{
    struct change *change = find_or_append(changes, table, key);

    if (change) {
        change->removes = true;
        set_value(changes, change, "", 0);
    }
}

void changes_count(struct changes *changes, const char *counter, int64_t by)
{
    struct change *change = find(changes, TABLE_STATS, counter, strlen(counter));
    char text[24];

    if (change) {
        by += strtoll(change_value(changes, change), NULL, 10);
    }
    int n = snprintf(text, sizeof text, "%" PRId64, by);
    changes_put(changes, TABLE_STATS, counter, text, (size_t)n);
}

void changes_dead(struct changes *changes, const char *json)
{
    struct change *change = changes->is_dry ? NULL : append(changes, TABLE_DEAD, "", 0);

    if (change) {
        set_value(changes, change, json, strlen(json));
    }
}

void changes_journal(struct changes *changes, const char *json)
{
    if (changes->is_dry) {
        return;
    }
    if (changes->journal.n > 0) {
        buffer_add_char(&changes->journal, ',');
    }
    buffer_add_text(&changes->journal, json);
    if (!buffer_ok(&changes->journal)) {
        changes->failed = true;
    }
}

bool changes_is_empty(const struct changes *changes)
{
    return changes->n == 0 && changes->journal.n == 0;
}

size_t changes_bytes(const struct changes *changes)
{
    return changes->bytes.n + changes->journal.n;
}

bool changes_is_full(const struct changes *changes)
{
    return changes->n >= CHANGES_SOFT || changes_bytes(changes) >= CHANGES_BYTES_SOFT;
}
