/* plan.h: what a reload of other rules would do to the deadlines that are open now. */
#ifndef CUIBAN_CLI_PLAN_H
#define CUIBAN_CLI_PLAN_H

#include "cli/live.h"
#include "core/index.h"

enum { PLAN_TOLD_MAX = 8 /* people who hear of one deadline at once; more are counted */ };

struct plan_told { /* somebody who would hear of it by the reload itself */
    const char *to, *phase;
    instant at; /* when it would leave */
};

struct plan_row { /* one open deadline that does not stay as it is */
    const char *id, *rule, *owner, *about;
    const char *what; /* the record: "recomputed", "kept", "recounted" */
    const char *why;
    instant was, due;
    struct plan_told told[PLAN_TOLD_MAX];
    size_t n_told;
    size_t n_withdrawn; /* messages that wait to be sent and would not be */
};

struct plan_wait { /* a message that waits, and would leave at another time or on another channel */
    const char *id, *to, *phase;
    const char *was_via, *via; /* NULL: the channel stays */
    instant was, at;           /* INSTANT_NONE: the time does */
};

struct plan {
    struct arena *arena;
    const char *stream;
    char running[17];       /* fingerprint of the rules that run */
    struct plan_row **rows; /* by the new due; each in the arena */
    size_t n, room;
    struct index by_id; /* of the rows */
    struct plan_wait *waits;
    size_t n_waits, waits_room;
    struct arena *records; /* the record at hand */
    instant now;           /* of that record */
    size_t open;           /* all deadlines that are open */
    size_t n_messages;     /* of the rows */
    struct {
        const char *id;
        size_t n;
    } withdrawn; /* of the deadline whose change comes next: the journal has them before it */
    struct vanishing vanishing[16];
    size_t n_vanishing; /* rules with open deadlines that the files lack: the reload would be refused */
    bool failed;        /* memory ran out */
};

/* Plays the reload on what the shard holds. The plan's texts live in its arena; the config must outlive it.
 */
enum cli_status plan_make(struct cli *cli, const struct config *config, const struct shard_view *shard,
                          struct plan *out);
void plan_finish(struct plan *plan); /* a zeroed one is fine */

void plan_print(const struct cli *cli, const struct config *config, const struct plan *plan);
void plan_json(struct json_writer *json, const struct config *config, const struct plan *plan);

#endif
