/* timeline.h: what happened in a rehearsal, line by line: the events, what the engine decided, who was told.
 *
 * Collects through rehearsal_hooks; everything is copied. For stories that a person reads or a test compares,
 * not for a year of events. */
#ifndef CUIBAN_REHEARSAL_TIMELINE_H
#define CUIBAN_REHEARSAL_TIMELINE_H

#include "core/index.h"
#include "rehearsal/rehearsal.h"

enum { TIMELINE_LINES_MAX = 200000 }; /* more are counted in `dropped` */

enum timeline_kind {
    TIMELINE_EVENT,   /* what was put in */
    TIMELINE_RECORD,  /* of the journal (core/journal.h) */
    TIMELINE_MESSAGE, /* what left */
};

struct timeline_line {
    enum timeline_kind kind;
    instant at;
    const char *what;     /* the event's type, the record's `e`, the name of the message's template */
    struct fields fields; /* the event's fields, the record's members as texts */

    /* Of records and messages that concern a deadline; else NULL. */
    const char *rule, *deadline; /* name; id */
    const char *identity;        /* rule|value|value: as the opening's record tells it */

    /* Of messages. */
    const char *to;        /* person, or "group:CHANNEL" */
    const char *on_behalf; /* or NULL */
    const char *channel, *step;
    enum phase phase;
    bool copy;
    instant due; /* as it stands; INSTANT_NONE once the deadline has closed */
};

struct timeline_deadline { /* what is known of one; in the arena */
    const char *id, *identity;
    bool followed;
};

struct timeline {
    struct arena *arena;
    struct timeline_line *lines;
    size_t n, room, dropped;
    bool failed; /* memory ran out */

    struct index deadlines; /* struct timeline_deadline, by the hash of its id */
    struct arena *records;  /* those at hand, until it is known whether they are told */
    instant now;            /* of these records */
    bool follows;           /* only some deadlines are of interest (timeline_follow) */
    bool putting;           /* what is recorded is what the event did */
};

int timeline_init(struct timeline *timeline); /* 0 or -ENOMEM */
void timeline_finish(struct timeline *timeline);
struct rehearsal_hooks timeline_hooks(struct timeline *timeline);
/* What the deadlines that are open already are about: their openings come before the first line. */
void timeline_know(struct timeline *timeline, const struct engine *engine);
/* From now on only what concerns the deadlines that an event put in touches, and what its recurrences open
 * later. To begin from a state in which thousands of others are open. */
void timeline_follow(struct timeline *timeline);
/* Puts the event in, and a line before what follows from it. As rehearsal_put. */
int timeline_put(struct timeline *timeline, struct rehearsal *rehearsal, const struct rehearsal_event *event,
                 const char **why);

#endif
