/* case.h: all deadlines of one requisition, employee or candidate, over all streams: what happened to them on
 * one line of time, and who held them how long. */
#ifndef CUIBAN_CLI_CASE_H
#define CUIBAN_CLI_CASE_H

#include "cli/holding.h"

enum { CASE_MOMENTS_MAX = 5000, CASE_HOLDERS_MAX = 200 };

struct case_moment {
    instant at;
    const struct life *life;
    const char *what;                    /* "opened", "overdue", "delivered", "met_late" ... */
    const char *person;                  /* whom it concerns: owner, recipient, who did it; "" */
    const struct history_record *record; /* NULL where the journal does not reach */
};

struct case_holder { /* one person over all deadlines of the case */
    const char *person;
    size_t deadlines;
    int64_t elapsed_ms, working_ms;
};

struct case_file {
    const struct config *config;
    struct arena *arena;
    struct snapshot *shards; /* one each */
    struct lives **lives;
    size_t n_shards, n_lives;
    instant now;
    bool cut;                    /* a bound was reached: there may be more */
    struct case_moment *moments; /* in order of time */
    size_t n_moments;
    struct case_holder holders[CASE_HOLDERS_MAX]; /* the one with most working time first */
    size_t n_holders;
};

/* CLI_OK, or CLI_USAGE with a complaint; finish in any case. */
enum cli_status case_load(struct cli *cli, const struct config *config, const struct shards *shards,
                          const struct fields *given, struct case_file *out);
void case_finish(struct case_file *file);

/* All deadlines, shard by shard: start with *cursor = 0; NULL at the end. */
const struct life *case_next(const struct case_file *file, size_t *cursor);

void case_print(struct cli *cli, const struct case_file *file);
void case_json(struct json_writer *json, const struct case_file *file);

#endif
