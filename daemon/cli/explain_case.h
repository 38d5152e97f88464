/* explain_case.h: everything that is known of one deadline, open or closed: its state, its journal, what is
 * still to come. */
#ifndef CUIBAN_CLI_EXPLAIN_CASE_H
#define CUIBAN_CLI_EXPLAIN_CASE_H

#include "cli/history.h"
#include "cli/snapshot.h"
#include "core/engine.h"

enum { EXPLAIN_RECORDS_MAX = 2000, EXPLAIN_PLANNED_MAX = 64, EXPLAIN_PAUSES_MAX = 64 };

struct explain_case {
    struct snapshot *snapshot;
    struct arena *arena; /* of the records */
    char id[DEADLINE_ID_MAX];
    const struct deadline *open; /* NULL: closed */
    const struct rule *rule;     /* as it was when it opened; NULL if that text is nowhere any more */
    const char *rule_name, *owner, *department, *identity;
    const struct calendar *calendar;
    /* Of a closed one those of the event that opened it, if the stream still has that; else NULL. */
    const struct fields *fields;
    struct event opening; /* of a closed one: what `fields` points into */
    instant opened, start, due;
    int32_t due_case;
    struct pause pauses[EXPLAIN_PAUSES_MAX];
    size_t n_pauses;
    struct history_record *records; /* oldest first */
    size_t n_records;
    const struct history_record *closing; /* NULL: open, or not in the journal any more */
    struct engine *engine;
    struct planned planned[EXPLAIN_PLANNED_MAX];
    size_t n_planned;
};

/* Collects. `id` names a deadline that is open or in the journal: CLI_FINDING if it is neither (nothing is
 * said). */
enum cli_status explain_case_load(struct snapshot *snapshot, const char *id, struct explain_case *out);
void explain_case_finish(struct explain_case *explained);

/* The count of its due can be told: the rule, the start and the calendar are known. */
bool explain_case_count(const struct explain_case *explained, struct span_request *out);

/* Ids of deadlines of a rule whose key has the given values, open ones first, then those that the journal
 * remembers, the latest first. Ids are from `arena`. Returns CLI_OK, or CLI_USAGE with a complaint. */
enum { EXPLAIN_FOUND_MAX = 20 };
struct explain_found {
    const char *ids[EXPLAIN_FOUND_MAX];
    size_t n;
};
enum cli_status explain_find(struct snapshot *snapshot, const char *name, const struct fields *given,
                             struct arena *arena, struct explain_found *out);

#endif
