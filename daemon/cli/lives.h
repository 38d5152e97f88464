/* lives.h: the deadlines of one case, open and closed, with what the journal says of each: from the open
 * ones, the journal, and base:closed where the journal does not reach. */
#ifndef CUIBAN_CLI_LIVES_H
#define CUIBAN_CLI_LIVES_H

#include "cli/history.h"
#include "cli/sightings.h"

enum { LIVES_MAX = 200, LIFE_RECORDS_MAX = 400, LIVES_LOOSE_MAX = 1000 };

struct life {
    const char *id, *rule_name;
    const char *owner, *department; /* at the opening; "" */
    const char *event;              /* stream id of what opened it, or NULL: the clock, or nobody knows */
    const char *about;              /* the line that names the case to a person */
    const struct rule *rule;     /* as it was at the opening, else as it is now; NULL: in no file any more */
    const struct deadline *open; /* NULL: closed */
    struct fields fields;        /* of a closed one those of the event that opened it, or of its key alone */
    instant opened, due;         /* INSTANT_NONE where it is not known */
    instant closed;              /* when it was met, cancelled, ...; INSTANT_NONE: it is open */
    const char *how, *by;        /* of the closing: "met_late", the person id; NULL */
    struct history_record *records; /* oldest first; empty where the journal does not reach */
    size_t n_records;
};

struct lives {
    struct life items[LIVES_MAX]; /* in the order in which they opened */
    size_t n;
    bool cut; /* there are more than LIVES_MAX */
    /* Records that name one of the events but no deadline of the case: bad, repeat, early, unmatched ... */
    struct history_record *loose;
    size_t n_loose;
    instant journal_since; /* the oldest record's time; INSTANT_NONE: the journal is empty */
};

/* A deadline belongs to the case if its fields (of an open one), its key, or the event that opened it have
 * the given values; or if its id is wanted. */
struct lives_wanted {
    const char *rule;                  /* NULL: any */
    const struct fields *given;        /* NULL: the ids alone decide */
    const struct sightings *sightings; /* NULL: none */
    const char *const *ids;
    size_t n_ids;
};

/* Everything is from `arena`, or belongs to the snapshot. CLI_OK, or CLI_USAGE with a complaint. */
enum cli_status lives_load(struct snapshot *snapshot, const struct lives_wanted *wanted, struct arena *arena,
                           struct lives *out);

bool life_is_closing(const char *what); /* met, met_late, cancelled, waived */
const struct history_record *life_last(const struct life *life, const char *what); /* NULL: there is none */
size_t life_count(const struct life *life, const char *what);
/* As the directory is on `day`, to resolve paths for the deadline. */
struct path_context life_context(const struct life *life, const struct directory *directory, int32_t day);
const struct calendar *life_calendar(const struct life *life, const struct config *config);
/* The loose record of that kind about that event, of that rule or of none; NULL. `what` NULL: any kind. */
const struct history_record *lives_loose(const struct lives *lives, const char *what, const char *rule,
                                         const char *event);

#endif
