/* watched.h: a shard against a real Redis, and what it tells: for the tests of shards. */
#ifndef CUIBAN_TESTS_STORE_WATCHED_H
#define CUIBAN_TESTS_STORE_WATCHED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/shard.h"
#include "support/redis_fixture.h"

enum { LIMIT_MS = 20000, GRACE_MS = 100 };
#define STREAM "hr:events"
#define BASE   "cuiban:{" STREAM "}:"

struct watched { /* one shard and what it told */
    struct shard *shard;
    int owned, lost, stopped, committed;
    char reason[400], last_log[600];
    char queued[8][40];
    int n_queued;
    int answers;
    size_t claimed;
    bool closed;
};

struct world {
    struct speed speed;
    struct redis_fixture *redis;
    uv_loop_t loop;
    struct ruleset *rules;
};

/* Setup and teardown of a cmocka test: its state is the world. */
int world_setup(void **state);
int world_teardown(void **state);

void open_at(struct world *world, struct watched *watched, const char *address, const char *start);
void open_shard(struct world *world, struct watched *watched);
void close_shard(struct world *world, struct watched *watched);
/* As if the process had died: nothing is released. The connections just end. */
void crash_shard(struct world *world, struct watched *watched);
void on_claimed(void *data, const char *const *ids, size_t n); /* `data` is the watched */

void run_for(struct world *world, uint64_t ms);
void world_on_tick(uv_timer_t *timer);
/* The loop turns until it is so, within a limit. */
#define WAIT_FOR(world, condition)                                                                           \
    do {                                                                                                     \
        uv_timer_t tick;                                                                                     \
        (void)uv_timer_init(&(world)->loop, &tick);                                                          \
        (void)uv_timer_start(&tick, world_on_tick, 5, 5);                                                    \
        uint64_t until = uv_now(&(world)->loop) + LIMIT_MS;                                                  \
        while (!(condition) && uv_now(&(world)->loop) < until)                                               \
            (void)uv_run(&(world)->loop, UV_RUN_ONCE);                                                       \
        bool came = (condition);                                                                             \
        uv_close((uv_handle_t *)&tick, NULL);                                                                \
        (void)uv_run(&(world)->loop, UV_RUN_NOWAIT);                                                         \
        if (!came)                                                                                           \
            fail_msg("not within %d ms: %s", LIMIT_MS, #condition);                                          \
    } while (0)

/* Facts in Redis: of the engine that counts (counting_engine.c). */
long long counted(struct world *world, const char *name);
void add_puts(struct world *world, int from, int to);
void check_puts_once(struct world *world, int n);

#endif
