/* snapshot.h: the open deadlines and the outbox of one shard as Redis holds them, read once.
 *
 * Deadlines point into the rules of the settings or, when they were opened under older files, into rules that
 * the snapshot parsed from base:rules. An entry that cannot be read is complained about and counted, never
 * skipped silently. */
#ifndef CUIBAN_CLI_SNAPSHOT_H
#define CUIBAN_CLI_SNAPSHOT_H

#include "cli/setup.h"
#include "core/deadline.h"
#include "core/notification.h"

struct snapshot_version { /* one rule text of base:rules */
    char *fingerprint, *text;
    const struct rule *rule; /* once it was asked for */
};

struct snapshot {
    struct cli *cli;
    const struct config *config;
    const struct shard_view *shard;
    struct arena *arena; /* of the parsed rules */
    struct snapshot_version *versions;
    size_t n_versions;
    struct deadline **deadlines; /* by due */
    size_t n_deadlines;
    struct notification **outbox; /* by id */
    size_t n_outbox;
    size_t damaged;
    instant now; /* the shard's time */
};

enum cli_status snapshot_load(struct cli *cli, const struct config *config, const struct shard_view *shard,
                              struct snapshot *out);
void snapshot_finish(struct snapshot *snapshot); /* a zeroed one is fine */

/* By id, in any case of letters; a notification's number ("Q7KM-1") names its deadline. NULL if it is not
 * open. */
const struct deadline *snapshot_find(const struct snapshot *snapshot, const char *id);
/* Whether it is a deadline of that rule whose fields have the given values. */
bool snapshot_is_case(const struct deadline *deadline, const char *rule, const struct fields *given);
/* Whether `id` as a person typed it names the deadline. */
bool snapshot_names(const char *id, const char *typed);

/* The rule of that name and version; NULL if it is nowhere any more. */
const struct rule *snapshot_rule(struct snapshot *snapshot, const char *fingerprint);
/* As engine_parts.parse_rule wants it; `data` is the snapshot. */
const struct rule *snapshot_parse_rule(void *data, const char *text);

/* The calendar that a deadline counts by. */
const struct calendar *snapshot_calendar(const struct config *config, const struct deadline *deadline);
/* The line that names the case to a person: the rule's `about` with the event's fields, else its key. */
void snapshot_about(const struct rule *rule, const struct fields *fields, struct buffer *out);

#endif
