/* Verdicts against a real Redis that answers late, or forgets: each counts once, and none is lost. */
#include "watched.h"

#include <signal.h>
#include <stdio.h>

#include "proxy.h"

/* The verdict's commit arrives, its answer does not, and then somebody else holds the lease for a while: what
 * was in memory is gone, and the verdict is known to be in what is loaded. */
static void test_an_arrived_verdict_counts_once(void **state)
{
    struct world *world = *state;
    struct watched watched;
    char socket[128], address[140];
    const char *ids[] = {"n1"};
    struct verdict again = {.kind =
                                VERDICT_RETRY}; /* leaves it in the outbox, where it could be judged twice */
    (void)snprintf(socket, sizeof(socket), "%s/proxy.sock", redis_fixture_folder(world->redis));
    (void)snprintf(address, sizeof(address), "unix:%s", socket);
    struct proxy *proxy = proxy_start(&world->loop, redis_fixture_socket(world->redis), socket);
    open_at(world, &watched, address, "begin");
    WAIT_FOR(world, watched.owned == 1);
    freeReplyObject(redis_do(world->redis, "XADD " STREAM " * type test.notify id n1"));
    WAIT_FOR(world, watched.n_queued == 1);
    shard_claim(watched.shard, ids, 1, 1000, on_claimed, &watched);
    WAIT_FOR(world, watched.claimed == 1);
    proxy_mute(proxy, true);
    shard_verdict(watched.shard, ids, 1, &again);
    WAIT_FOR(world, counted(world, "retry") == 1);
    freeReplyObject(redis_do(world->redis, "SET " BASE "lease other PX 1500"));
    proxy_mute(proxy, false);
    proxy_cut(proxy);
    WAIT_FOR(world, watched.lost == 1);
    WAIT_FOR(world, watched.owned == 2);
    freeReplyObject(redis_do(world->redis, "XADD " STREAM " * type test.put id after"));
    WAIT_FOR(world, counted(world, "events") == 2); /* verdicts come first: a second one would be in there */
    assert_int_equal(counted(world, "retry"), 1);
    close_shard(world, &watched);
    proxy_stop(proxy);
}

static redisReply *remember(struct world *world, const char *key)
{
    return redis_do(world->redis, "HGETALL " BASE "%s", key);
}

static void put_back(struct world *world, const char *key, redisReply *all)
{
    freeReplyObject(redis_do(world->redis, "DEL " BASE "%s", key));
    for (size_t i = 0; i + 1 < all->elements; i += 2)
        freeReplyObject(redis_do(world->redis, "HSET " BASE "%s %s %s", key, all->element[i]->str,
                                 all->element[i + 1]->str));
    freeReplyObject(all);
}

/* Two verdicts in two commits, and Redis keeps neither: both are known here, and none is lost. */
static void test_lost_verdicts_are_replayed(void **state)
{
    struct world *world = *state;
    struct watched watched;
    const char *ids[] = {"n1", "n2"};
    struct verdict delivered = {.kind = VERDICT_DELIVERED};
    open_shard(world, &watched);
    WAIT_FOR(world, watched.owned == 1);
    freeReplyObject(redis_do(world->redis, "XADD " STREAM " * type test.notify id n1"));
    freeReplyObject(redis_do(world->redis, "XADD " STREAM " * type test.notify id n2"));
    WAIT_FOR(world, watched.n_queued == 2);
    shard_claim(watched.shard, ids, 2, 1000, on_claimed, &watched);
    WAIT_FOR(world, watched.claimed == 2);
    redisReply *head = remember(world, "head"), *outbox = remember(world, "outbox"),
               *stats = remember(world, "stats");
    int before = watched.committed;
    shard_verdict(watched.shard, ids, 1, &delivered);
    WAIT_FOR(world, watched.committed == before + 1);
    shard_verdict(watched.shard, ids + 1, 1, &delivered);
    WAIT_FOR(world, watched.committed == before + 2);
    put_back(world, "head", head);
    put_back(world, "outbox", outbox);
    put_back(world, "stats", stats);
    add_puts(world, 0, 1);
    WAIT_FOR(world, counted(world, "delivered") == 2 && counted(world, "events") == 3);
    assert_int_equal(redis_number(world->redis, "HLEN " BASE "outbox"), 0);
    close_shard(world, &watched);
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
#define CASE(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_an_arrived_verdict_counts_once),
        CASE(test_lost_verdicts_are_replayed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
