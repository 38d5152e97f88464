#include "watched.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_owned(void *data, struct shard *shard)
{
    (void)shard;
    ((struct watched *)data)->owned++;
}

static void on_lost(void *data, struct shard *shard)
{
    (void)shard;
    ((struct watched *)data)->lost++;
}

static void on_committed(void *data, struct shard *shard, const struct buffer *queued,
                         const struct buffer *withdrawn)
{
    (void)shard, (void)withdrawn;
    struct watched *watched = data;
    watched->committed++;
    for (size_t at = 0; at < queued->n && watched->n_queued < 8; at += strlen(queued->bytes + at) + 1)
        (void)snprintf(watched->queued[watched->n_queued++], 40, "%s", queued->bytes + at);
}

static void on_stopped(void *data, struct shard *shard, const char *reason)
{
    (void)shard;
    struct watched *watched = data;
    watched->stopped++;
    (void)snprintf(watched->reason, sizeof(watched->reason), "%s", reason);
}

static void on_log(void *data, struct shard *shard, int priority, const char *text)
{
    (void)shard;
    struct watched *watched = data;
    (void)snprintf(watched->last_log, sizeof(watched->last_log), "%s", text);
    if (getenv("CUIBAN_TEST_LOG"))
        print_message("%p <%d> %s\n", data, priority, text);
}

void open_at(struct world *world, struct watched *watched, const char *address, const char *start)
{
    struct shard_options options = {
        .loop = &world->loop,
        .redis = address,
        .stream = STREAM,
        .start = start,
        .journal_ms = DAY_MS,
        .grace_ms = GRACE_MS,
        .speed = world->speed,
        .parts = {.rules = world->rules},
    };
    struct shard_hooks hooks = {watched, on_owned, on_lost, on_committed, on_stopped, on_log};
    const char *why = NULL;
    *watched = (struct watched){0};
    if (shard_create(&options, &hooks, &watched->shard, &why))
        fail_msg("shard_create: %s", why);
}

void open_shard(struct world *world, struct watched *watched)
{
    open_at(world, watched, redis_fixture_address(world->redis), "begin");
}

/* -- waiting -- */

void world_on_tick(uv_timer_t *timer)
{
    (void)timer;
}

void run_for(struct world *world, uint64_t ms)
{
    uv_timer_t tick;
    (void)uv_timer_init(&world->loop, &tick);
    (void)uv_timer_start(&tick, world_on_tick, 5, 5);
    for (uint64_t until = uv_now(&world->loop) + ms; uv_now(&world->loop) < until;)
        (void)uv_run(&world->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&tick, NULL);
    (void)uv_run(&world->loop, UV_RUN_NOWAIT);
}

static void on_shard_closed(void *data)
{
    ((struct watched *)data)->closed = true;
}

void close_shard(struct world *world, struct watched *watched)
{
    shard_close(watched->shard, 3000, on_shard_closed, watched);
    WAIT_FOR(world, watched->closed);
}

/* As if the process had died: nothing is released. The connections just end. */
void crash_shard(struct world *world, struct watched *watched)
{
    shard_close(watched->shard, 0, on_shard_closed, watched);
    WAIT_FOR(world, watched->closed);
}

/* -- facts in Redis -- */

long long counted(struct world *world, const char *name)
{
    long long number = redis_number(world->redis, "HGET " BASE "stats %s", name);
    return number < 0 ? 0 : number;
}

void add_puts(struct world *world, int from, int to)
{
    for (int i = from; i < to; i++)
        freeReplyObject(redis_do(world->redis, "XADD " STREAM " * type test.put id e%d", i));
}

void check_puts_once(struct world *world, int n)
{
    redisReply *all = redis_do(world->redis, "HGETALL " BASE "deadlines");
    assert_int_equal(all->elements, 2 * n);
    for (size_t i = 0; i + 1 < all->elements; i += 2)
        if (strcmp(all->element[i + 1]->str, "1") != 0)
            fail_msg("event %s was applied %s times", all->element[i]->str, all->element[i + 1]->str);
    freeReplyObject(all);
    assert_int_equal(counted(world, "events"), n);
}

int world_setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    world->redis = redis_fixture_start(NULL);
    assert_int_equal(uv_loop_init(&world->loop), 0);
    struct rule_policy policy = {.seen_ms = DAY_MS};
    assert_int_equal(ruleset_create(arena_create(), NULL, 0, &policy, &world->rules), 0);
    *state = world;
    return 0;
}

int world_teardown(void **state)
{
    struct world *world = *state;
    uint64_t until = uv_hrtime() + (uint64_t)5000 * 1000000; /* a failed test leaves its shards open */
    while (uv_hrtime() < until && uv_run(&world->loop, UV_RUN_ONCE) != 0)
        ;
    if (uv_loop_close(&world->loop) != 0) {
        print_error("the loop is not empty\n");
        redis_fixture_stop(world->redis);
        return -1;
    }
    ruleset_destroy(world->rules);
    redis_fixture_stop(world->redis);
    free(world);
    return 0;
}

void on_claimed(void *data, const char *const *ids, size_t n)
{
    struct watched *watched = data;
    watched->answers++;
    watched->claimed += n;
    if (n > 0)
        assert_non_null(ids[0]);
}
