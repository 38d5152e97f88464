/* absence.h: why nobody got anything: what came of each event that should have opened a deadline, and
 * what became of the deadlines that did open. */
#ifndef CUIBAN_CLI_ABSENCE_H
#define CUIBAN_CLI_ABSENCE_H

#include "cli/explain_case.h"
#include "cli/lives.h"

enum absence {
    /* of the stream */
    ABSENCE_NO_EVENT,        /* nothing names the values */
    ABSENCE_NEAR,            /* something nearly does */
    ABSENCE_DEAD,            /* only a dead letter does */
    ABSENCE_NO_OPENING,      /* events came, none that opens this rule */
    ABSENCE_CLOCK,           /* the rule opens by the clock */
    ABSENCE_AMONG,           /* ... but not for this department */
    ABSENCE_AFTER,           /* it opens after another rule, of which nothing has opened */
    ABSENCE_AFTER_OPEN,      /* ... of which one is still open */
    ABSENCE_AFTER_CANCELLED, /* ... of which all were cancelled */
    ABSENCE_AFTER_CLOSED,    /* ... of which all have closed, and still it did not open */
    ABSENCE_NEVER_SERVED,    /* no daemon has ever read this stream */
    /* of one event */
    ABSENCE_UNREAD,
    ABSENCE_BAD,
    ABSENCE_SEEN,    /* an event with its id had been taken before */
    ABSENCE_WHERE,   /* a condition was false */
    ABSENCE_RETIRED, /* the rule opens nothing new */
    ABSENCE_KEY,     /* a field of the key is missing or empty */
    ABSENCE_OPEN_ALREADY,
    ABSENCE_CLOSED_BEFORE, /* not newer than an opening that has been closed */
    ABSENCE_RECURS,        /* it began a recurrence */
    ABSENCE_OPENED,
    ABSENCE_NO_RULE, /* nothing on record: the rule was not there, or was another */
    ABSENCE_NO_JOURNAL,
    ABSENCE_BEYOND, /* its deadline may be one of those that were too many to look at */
    /* of a deadline */
    ABSENCE_TOLD, /* somebody did get something */
    ABSENCE_EARLY,
    ABSENCE_CLOSED,
    ABSENCE_SLEEPING,
    ABSENCE_PAUSED,
    ABSENCE_QUIET,   /* a message waits for the end of quiet hours */
    ABSENCE_SENDING, /* a message is on its way, or has failed and will be tried again */
    ABSENCE_LATER,   /* its next step is still to come */
    ABSENCE_NOBODY,  /* its steps fired and told nobody */
    ABSENCE_NO_STEP,
};
const char *absence_name(enum absence what); /* "where_false": for programs */

/* Which of the facts are set depends on `what`. */
struct reason {
    enum absence what;
    const struct sighting *event;
    const struct condition *condition;
    const char *field;
    const struct life *life;
    const struct history_record *record;
    const struct notification *notification;
    const struct planned *planned;
};

struct absence_case {
    struct snapshot *snapshot;
    struct arena *arena;
    const struct rule *rule;
    const struct fields *given;
    struct sightings sightings;
    struct lives *lives;
    struct lives *before; /* of the rule that this one opens after; NULL: it does not */
    struct query_head head;
    bool served;                       /* a daemon has read this stream */
    const char *dead_event, *dead_why; /* of a dead letter that names the values; NULL */
    struct explain_case *open;         /* the deadline that the verdict is about, if it is open */
    struct reason verdict;
    struct sightings same_id; /* all events with the id of the one that was taken for a repetition */
};

/* Collects and decides. `given` has at least one field. CLI_OK, or CLI_USAGE with a complaint; finish in any
 * case. */
enum cli_status absence_load(struct snapshot *snapshot, const struct rule *rule, const struct fields *given,
                             struct absence_case *out);
void absence_finish(struct absence_case *asked);

bool absence_opens(const struct absence_case *asked, const struct sighting *sighting);
/* What came of one event that opens the rule. */
struct reason absence_of_event(const struct absence_case *asked, const struct sighting *event);
/* Whether the shard has anything to tell: an event, a deadline, a dead letter. */
bool absence_found(const struct absence_case *asked);

#endif
