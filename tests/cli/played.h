/* played.h: a shard as the engine itself wrote it, for the verbs that look at Redis: no daemon runs, the test
 * commits. */
#ifndef CUIBAN_TESTS_CLI_PLAYED_H
#define CUIBAN_TESTS_CLI_PLAYED_H

#include "config/config.h"
#include "core/engine.h"
#include "ctl.h"
#include "support/redis_fixture.h"

#define BASE "cuiban:{hr:events}"

struct world {
    struct ctl ctl;
    struct redis_fixture *redis;
    struct config *config;
    struct engine *engine;
    struct changes changes;
    struct arena *arena;
    uint64_t seq, entry;
    struct stream_id read; /* the cursor */
    instant now;
    int64_t attempt_ms; /* how long each attempt takes */
};

int world_start(void **state); /* setup and teardown of a cmocka test */
int world_stop(void **state);

/* Name, value, ... NULL: appended to the stream at that time, taken by the engine, committed. */
void happens(struct world *world, const char *when, ...) __attribute__((sentinel));
/* The same, but the daemon has not read it. */
void arrives(struct world *world, const char *when, ...) __attribute__((sentinel));
void passes(struct world *world, const char *until);
/* Every notification that may leave now, up to the first that fails. */
void delivers(struct world *world, enum verdict_kind kind, const char *reason);
const char *open_id(const struct world *world); /* of the first that is open */

/* The tool, unlike the engine, sees interviews.cfg alone and with a text replaced (as sed does). Once a test.
 */
void change_rule(struct world *world, const char *from, const char *to);

/* The fixture's rule: requisition.submitted in the department rd. */
void submit(struct world *world, const char *when, const char *requisition, const char *owner);
/* REQ-1 opened on a Monday, its owner reminded on Wednesday, overdue since Thursday evening. */
void let_it_slip(struct world *world);

#endif
