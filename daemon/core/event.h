/* event.h: one entry of an event stream or of a command stream, checked and taken apart.
 *
 * The contract with the HRIS is documented in cuiban-rules(5): flat stream fields, or one field `event` that
 * holds CloudEvents JSON (flattened with dots; the members of `data` lose their prefix). */
#ifndef CUIBAN_CORE_EVENT_H
#define CUIBAN_CORE_EVENT_H

#include "arena.h"
#include "instant.h"

enum {
    EVENT_FIELDS_MAX = 64,
    EVENT_BYTES_MAX = 16 * 1024, /* names and values together */
};
#define EVENT_FUTURE_MAX_MS (MINUTE_MS)   /* further ahead counts as now, flagged */
#define EVENT_LATE_MS       (30 * DAY_MS) /* older is marked late */

struct field {
    const char *name;
    const char *value;
};

struct fields {
    const struct field *items;
    size_t n;
};

const char *fields_get(const struct fields *fields, const char *name); /* NULL if missing */

struct stream_id {
    uint64_t ms;
    uint64_t seq;
};

enum { STREAM_ID_TEXT_MAX = 44 };
bool stream_id_parse(const char *text, struct stream_id *out); /* "1763..-0"; a lone number means "-0" */
const char *stream_id_format(struct stream_id id, char into[static STREAM_ID_TEXT_MAX]);
int stream_id_compare(struct stream_id a, struct stream_id b);

struct event {
    struct stream_id at; /* its place in the stream */
    bool is_command;     /* came in the command stream */
    bool time_given;
    bool in_future; /* `time` was more than EVENT_FUTURE_MAX_MS ahead and has been set to now */
    bool is_late;   /* older than EVENT_LATE_MS */
    instant time;   /* when it happened; the entry's own time if the event does not say */
    const char *type;
    const char *id;       /* "" if it has none */
    const char *source;   /* "" */
    const char *actor;    /* "" */
    struct fields fields; /* all of them, in order */
};

/* Name and value as Redis delivered them: length-counted bytes of any content. */
struct raw_field {
    const char *name, *value;
    size_t name_n, value_n;
};

/* Where an entry was found. */
struct event_place {
    struct stream_id at;
    bool is_command; /* in the command stream */
    instant time;    /* of the entry, on the shard's clock: when it happened, if the event does not say */
};

/* Checks the bounds, takes the event apart, copies into the arena. On failure false, and `*why` says in one
 * English sentence what is wrong (static, or from the arena). */
bool event_parse(struct arena *arena, const struct event_place *place, const struct raw_field *raw, size_t n,
                 instant now, struct event *out, const char **why);

/* Elements of a value that is a JSON array of strings (or one bare id: an array of one). -1 if it is neither.
 */
enum { EVENT_LIST_MAX = 64 };
int event_list(struct arena *arena, const char *value, const char *out[static EVENT_LIST_MAX]);

#endif
