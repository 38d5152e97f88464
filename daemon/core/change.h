/* change.h: what the engine answers with: the list of changes that one commit makes durable.
 *
 * A change names a table (DESIGN.md section 4), a key and a value. The same key twice in one list: the later
 * wins. Everything is copied. */
#ifndef CUIBAN_CORE_CHANGE_H
#define CUIBAN_CORE_CHANGE_H

#include "buffer.h"
#include "instant.h"

enum {
    CHANGES_MAX = 4096, /* one commit; one event may close every department of a survey */
    CHANGES_BYTES_MAX = 4 * 1024 * 1024,
    CHANGES_SOFT = 256, /* no further input is applied once a list is this long */
    CHANGES_BYTES_SOFT = 384 * 1024,
};

enum change_table {
    TABLE_DEADLINES,
    TABLE_CLOSED,
    TABLE_EARLY,
    TABLE_SEEN, /* sorted set: the value is the score in decimal */
    TABLE_SCHEDULES,
    TABLE_RULES,
    TABLE_OUTBOX,
    TABLE_STATS, /* counters: the value is the increment in decimal; adds add up */
    TABLE_DEAD,  /* stream: the value is JSON, the key is ignored */
    TABLE_HEAD,  /* fields of the head other than those the commit itself keeps */
    TABLES,
};
const char *change_table_name(enum change_table table); /* "deadlines", ... */

struct change {
    enum change_table table;
    bool removes;
    size_t key, key_n; /* offsets into `bytes` */
    size_t value, value_n;
};

struct changes {
    struct change *items;
    size_t n, room;
    struct buffer bytes;
    struct buffer journal; /* JSON objects, comma-separated, without brackets */
    struct buffer
        queued; /* ids of notifications queued or put back, each NUL-terminated: for delivery, not stored */
    struct buffer withdrawn; /* ids of notifications taken away, likewise */
    struct index *by_key;
    bool is_dry; /* nobody will commit it: only `queued` and `withdrawn` are kept. Set once, after init */
    bool is_of_future; /* the event that is being applied is stamped ahead: its records of deadlines say so */
    bool failed;       /* an allocation failed: the list must not be committed */
};

int changes_init(struct changes *changes);
void changes_finish(struct changes *changes);
void changes_clear(struct changes *changes);

void changes_put(struct changes *changes, enum change_table table, const char *key, const char *value,
                 size_t value_n);
void changes_remove(struct changes *changes, enum change_table table, const char *key);
void changes_count(struct changes *changes, const char *counter, int64_t by); /* TABLE_STATS */
void changes_dead(struct changes *changes, const char *json);
void changes_journal(struct changes *changes, const char *json);

bool changes_is_empty(const struct changes *changes); /* neither changes nor journal */
bool changes_is_full(const struct changes *changes);  /* a soft bound is reached */
size_t changes_bytes(const struct changes *changes);
const char *change_key(const struct changes *changes, const struct change *change);
const char *change_value(const struct changes *changes, const struct change *change);

#endif
