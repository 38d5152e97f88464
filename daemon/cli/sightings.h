/* sightings.h: the events of a shard's stream that name given values ("requisition=REQ-320"), read from its
 * newest end, so that "did it ever come?" has an answer with a stated bound. */
#ifndef CUIBAN_CLI_SIGHTINGS_H
#define CUIBAN_CLI_SIGHTINGS_H

#include "cli/snapshot.h"
#include "core/event.h"

enum {
    SIGHTINGS_SEARCHED_MAX = 200000, /* entries of the stream that are looked at, the latest */
    SIGHTINGS_MAX = 500,             /* events that are kept, the latest */
};

enum sighting_kind {
    SIGHTING_WHOLE, /* every given field has the given value */
    SIGHTING_NEAR,  /* a field is missing or empty, or the value differs in case or blanks, or is elsewhere */
    SIGHTING_BAD,   /* could not be understood as an event; it contains a given value */
};

struct sighting {
    struct stream_id at;
    enum sighting_kind kind;
    struct event event;      /* not of a bad one */
    const struct field *odd; /* of a near one: the given field that is not as it should be */
    const char *as;          /* of a near one: the event's field that has that value, or NULL: none */
    const char *why;         /* of a bad one, an English sentence */
};

struct sightings {
    struct sighting *items; /* oldest first */
    size_t n, searched;
    bool cut;      /* a bound was reached: there may be older ones */
    instant since; /* of the oldest entry that was looked at; INSTANT_NONE: the stream is empty */
};

/* `rule` not NULL: a value may also stand under the name that one of the rule's selectors gives the field. */
struct sightings_wanted {
    const struct fields *given;
    const struct rule *rule;
};

/* Everything is from `arena`. CLI_OK, or CLI_USAGE with a complaint. */
enum cli_status sightings_search(struct snapshot *snapshot, const struct sightings_wanted *wanted,
                                 struct arena *arena, struct sightings *out);
/* NULL: that entry is none of them, or `sightings` is NULL. `id` is a stream id as text. */
const struct sighting *sightings_find(const struct sightings *sightings, const char *id);

/* The event with that id, if the stream still holds it and it can be read. False: no, or no memory. */
bool sightings_event(struct snapshot *snapshot, const char *id, struct arena *arena, struct event *out);

#endif
