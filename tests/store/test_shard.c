/* Shards against a real Redis: every event is applied once, whatever breaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "proxy.h"
#include "watched.h"

/* -- tests -- */

static void test_events_become_commits(void **state)
{
    struct world *world = *state;
    struct watched watched;
    add_puts(world, 0, 600);
    open_shard(world, &watched);
    WAIT_FOR(world, watched.owned == 1);
    assert_non_null(shard_engine(watched.shard));
    WAIT_FOR(world, counted(world, "events") == 600);
    add_puts(world, 600, 605);
    freeReplyObject(redis_do(world->redis, "XADD " BASE "commands * type cuiban.ack id c1"));
    WAIT_FOR(world, counted(world, "events") == 605 && counted(world, "commands") == 1);
    check_puts_once(world, 605);
    close_shard(world, &watched);
    assert_int_equal(redis_number(world->redis, "HGET " BASE "head read"), 605);
    assert_int_equal(redis_number(world->redis, "HGET " BASE "head takes"), 0);
    assert_int_equal(redis_number(world->redis, "EXISTS " BASE "lease"), 0);
    assert_int_equal(redis_number(world->redis, "HGET " BASE "head seq"),
                     redis_number(world->redis, "HGET " BASE "head begun"));
    assert_true(redis_number(world->redis, "XLEN " BASE "journal") > 0);
}

static void test_bad_entries_move_on(void **state)
{
    struct world *world = *state;
    struct watched watched;
    freeReplyObject(redis_do(world->redis, "XADD " STREAM " * nonsense %b", "\xff\xfe", (size_t)2));
    freeReplyObject(redis_do(world->redis, "XADD " STREAM " * type test.huge id h1"));
    add_puts(world, 0, 1);
    open_shard(world, &watched);
    WAIT_FOR(world, counted(world, "events") == 1);
    assert_int_equal(counted(world, "bad"), 2);
    assert_int_equal(redis_number(world->redis, "XLEN " BASE "dead"), 2);
    close_shard(world, &watched);
}

static void test_start_now_leaves_the_past(void **state)
{
    struct world *world = *state;
    struct watched watched;
    add_puts(world, 0, 10);
    open_at(world, &watched, redis_fixture_address(world->redis), "now");
    WAIT_FOR(world, watched.owned == 1);
    add_puts(world, 10, 11);
    WAIT_FOR(world, counted(world, "events") == 1);
    run_for(world, 1500);
    assert_int_equal(shard_get_status(watched.shard).lost_events, 0);
    close_shard(world, &watched);
    assert_int_equal(redis_number(world->redis, "HGET " BASE "head read"), 11);
}

static void test_idle_shard_commits_nothing(void **state)
{
    struct world *world = *state;
    struct watched watched;
    open_shard(world, &watched);
    WAIT_FOR(world, watched.owned == 1);
    run_for(world, 2500);
    assert_int_equal(shard_get_status(watched.shard).commits, 1);
    close_shard(world, &watched);
}

static void test_timer_fires_after_grace(void **state)
{
    struct world *world = *state;
    struct watched watched;
    open_shard(world, &watched);
    WAIT_FOR(world, watched.owned == 1);
    uint64_t began = uv_hrtime(); /* before it is applied: the timer and the grace are no shorter than this */
    freeReplyObject(redis_do(world->redis, "XADD " STREAM " * type test.timer id t1 in 700"));
    WAIT_FOR(world, counted(world, "fired") == 1);
    uint64_t took_ms = (uv_hrtime() - began) / 1000000;
    assert_in_range(took_ms, 700 + GRACE_MS - 2, 10000); /* 2: two clocks in whole milliseconds */
    assert_int_equal(shard_get_status(watched.shard).commits, 3);
    close_shard(world, &watched);
}

static void test_claims_and_verdicts(void **state)
{
    struct world *world = *state;
    struct watched watched;
    const char *ids[] = {"n1", "n2", "unknown"};
    struct verdict delivered = {.kind = VERDICT_DELIVERED};
    open_shard(world, &watched);
    shard_claim(watched.shard, ids, 3, 1000, on_claimed, &watched);
    WAIT_FOR(world, watched.owned == 1);
    assert_int_equal(watched.answers, 1);
    assert_int_equal(watched.claimed, 0); /* not owned yet */
    freeReplyObject(redis_do(world->redis, "XADD " STREAM " * type test.notify id n1"));
    freeReplyObject(redis_do(world->redis, "XADD " STREAM " * type test.notify id n2"));
    WAIT_FOR(world, watched.n_queued == 2);
    uint64_t before = shard_get_status(watched.shard).commits;
    shard_claim(watched.shard, ids, 3, 1000, on_claimed, &watched);
    shard_claim(watched.shard, ids, 1, 1000, on_claimed, &watched); /* claimed a moment ago */
    assert_int_equal(watched.answers, 1);                           /* never from inside the call */
    WAIT_FOR(world, watched.answers == 3);
    assert_int_equal(watched.claimed, 2);
    assert_int_equal(shard_get_status(watched.shard).commits, before + 1);
    shard_claim(watched.shard, ids, 1, 60 * 60 * 1000, on_claimed, &watched); /* longer than any lease */
    shard_verdict(watched.shard, ids, 2, &delivered);
    WAIT_FOR(world, watched.answers == 4 && counted(world, "delivered") == 2);
    assert_int_equal(watched.claimed, 2);
    assert_int_equal(redis_number(world->redis, "HLEN " BASE "outbox"), 0);
    close_shard(world, &watched);
}

static void test_second_shard_takes_over(void **state)
{
    struct world *world = *state;
    struct watched first, second;
    open_shard(world, &first);
    WAIT_FOR(world, first.owned == 1);
    open_shard(world, &second);
    WAIT_FOR(world, shard_state(second.shard) == SHARD_STANDBY);
    add_puts(world, 0, 100);
    WAIT_FOR(world, counted(world, "events") == 100);
    assert_true(strlen(shard_get_status(second.shard).holder) > 0);
    assert_int_equal(second.owned, 0);
    close_shard(world, &first);
    WAIT_FOR(world, second.owned == 1);
    add_puts(world, 100, 200);
    WAIT_FOR(world, counted(world, "events") == 200);
    check_puts_once(world, 200);
    assert_int_equal(redis_number(world->redis, "HGET " BASE "head puts"), 200); /* the engine's own field */
    close_shard(world, &second);
}

static void test_stolen_lease_ends_the_owner(void **state)
{
    struct world *world = *state;
    struct watched first, second;
    open_shard(world, &first);
    WAIT_FOR(world, first.owned == 1);
    freeReplyObject(redis_do(world->redis, "DEL " BASE "lease"));
    open_shard(world, &second);
    WAIT_FOR(world, second.owned == 1);
    add_puts(world, 0, 50); /* both read them; one may commit */
    WAIT_FOR(world, counted(world, "events") == 50 && first.lost == 1);
    check_puts_once(world, 50);
    assert_null(shard_engine(first.shard));
    close_shard(world, &first);
    close_shard(world, &second);
}

static void test_redis_restarts_under_it(void **state)
{
    struct world *world = *state;
    struct watched watched;
    open_shard(world, &watched);
    WAIT_FOR(world, watched.owned == 1);
    for (int round = 0; round < 3; round++) {
        add_puts(world, round * 100, round * 100 + 100);
        redis_fixture_kill(world->redis);
        run_for(world, 200);
        redis_fixture_again(world->redis);
        WAIT_FOR(world, counted(world, "events") == (round + 1) * 100);
    }
    check_puts_once(world, 300);
    freeReplyObject(redis_do(world->redis, "XADD " STREAM " * type test.timer id t1 in 300"));
    WAIT_FOR(world, counted(world, "fired") == 1);
    assert_int_equal(watched.lost, 0);
    close_shard(world, &watched);
}

/* The case that applied one event twice in review: a commit's bytes stay in the network, the client gives the
 * connection up, connects anew, commits the event, and then the old bytes arrive. */
static void test_late_bytes_of_an_old_connection(void **state)
{
    struct world *world = *state;
    struct watched watched;
    char socket[128], address[140];
    (void)snprintf(socket, sizeof(socket), "%s/proxy.sock", redis_fixture_folder(world->redis));
    (void)snprintf(address, sizeof(address), "unix:%s", socket);
    struct proxy *proxy = proxy_start(&world->loop, redis_fixture_socket(world->redis), socket);
    open_at(world, &watched, address, "begin");
    WAIT_FOR(world, watched.owned == 1);
    for (int round = 0; round < 3; round++) {
        proxy_hold(proxy, true);
        add_puts(world, round, round + 1);
        WAIT_FOR(world, proxy_holds_bytes(proxy));
        run_for(world, 50);
        proxy_cut(proxy);
        proxy_hold(proxy, false);
        WAIT_FOR(world, counted(world, "events") == round + 1);
        proxy_deliver(proxy);
        run_for(world, 100);
    }
    check_puts_once(world, 3);
    assert_int_equal(redis_number(world->redis, "HGET " BASE "head begun"),
                     redis_number(world->redis, "HGET " BASE "head seq"));
    close_shard(world, &watched);
    proxy_stop(proxy);
}

/* The commit arrives, its answer does not. */
static void test_lost_answer(void **state)
{
    struct world *world = *state;
    struct watched watched;
    char socket[128], address[140];
    (void)snprintf(socket, sizeof(socket), "%s/proxy.sock", redis_fixture_folder(world->redis));
    (void)snprintf(address, sizeof(address), "unix:%s", socket);
    struct proxy *proxy = proxy_start(&world->loop, redis_fixture_socket(world->redis), socket);
    open_at(world, &watched, address, "begin");
    WAIT_FOR(world, watched.owned == 1);
    const char *ids[] = {"n1"};
    freeReplyObject(redis_do(world->redis, "XADD " STREAM " * type test.notify id n1"));
    WAIT_FOR(world, watched.n_queued == 1);
    proxy_mute(proxy, true);
    shard_claim(watched.shard, ids, 1, 1000, on_claimed, &watched);
    WAIT_FOR(world, counted(world, "claimed") == 1);
    proxy_mute(proxy, false);
    proxy_cut(proxy);
    WAIT_FOR(world, watched.answers == 1);
    assert_int_equal(watched.claimed, 1);
    struct verdict delivered = {.kind = VERDICT_DELIVERED};
    proxy_cut(proxy);
    shard_verdict(watched.shard, ids, 1, &delivered);
    WAIT_FOR(world, counted(world, "delivered") == 1);
    assert_int_equal(watched.lost, 0);
    close_shard(world, &watched);
    proxy_stop(proxy);
}

static void test_script_flush(void **state)
{
    struct world *world = *state;
    struct watched watched;
    open_shard(world, &watched);
    WAIT_FOR(world, watched.owned == 1);
    freeReplyObject(redis_do(world->redis, "SCRIPT FLUSH"));
    add_puts(world, 0, 5);
    WAIT_FOR(world, counted(world, "events") == 5);
    check_puts_once(world, 5);
    close_shard(world, &watched);
}

static void test_refusals_are_tried_again(void **state)
{
    struct world *world = *state;
    struct watched watched;
    open_shard(world, &watched);
    WAIT_FOR(world, watched.owned == 1);
    freeReplyObject(redis_do(world->redis, "CONFIG SET maxmemory 1"));
    freeReplyObject(redis_do(world->redis, "CONFIG SET maxmemory 0"));
    freeReplyObject(redis_do(world->redis, "SET " BASE "early text"));
    add_puts(world, 0, 5);
    WAIT_FOR(world, strstr(shard_get_status(watched.shard).problem, "not a hash") != NULL);
    assert_int_equal(redis_number(world->redis, "HGET " BASE "head begun"), 1);
    assert_int_equal(redis_number(world->redis, "EXISTS " BASE "deadlines"), 0);
    freeReplyObject(redis_do(world->redis, "DEL " BASE "early"));
    WAIT_FOR(world, counted(world, "events") == 5);
    WAIT_FOR(world, shard_get_status(watched.shard).problem[0] == '\0');
    check_puts_once(world, 5);
    close_shard(world, &watched);
}

static void test_trimmed_events_are_counted(void **state)
{
    struct world *world = *state;
    struct watched watched;
    open_shard(world, &watched);
    WAIT_FOR(world, watched.owned == 1);
    add_puts(world, 0, 3);
    WAIT_FOR(world, counted(world, "events") == 3);
    close_shard(world, &watched);
    add_puts(world, 3, 10);
    freeReplyObject(redis_do(world->redis, "XTRIM " STREAM " MAXLEN 2"));
    open_shard(world, &watched);
    WAIT_FOR(world, shard_get_status(watched.shard).lost_events == 5);
    WAIT_FOR(world, counted(world, "events") == 5);
    run_for(world, 100);
    assert_non_null(strstr(shard_get_status(watched.shard).problem, "5 events were trimmed"));
    close_shard(world, &watched);
    assert_int_equal(redis_number(world->redis, "HGET " BASE "head read"), 10);
    open_shard(world, &watched); /* counted once */
    WAIT_FOR(world, watched.owned == 1);
    run_for(world, 1500);
    assert_int_equal(shard_get_status(watched.shard).lost_events, 0);
    close_shard(world, &watched);
}

struct damage {
    const char *commands[3];
    const char *reason;
};

static void test_damaged_state_stops_for_good(void **state)
{
    struct world *world = *state;
    static const struct damage cases[] = {
        {{"HSET " BASE "head begun 99"}, "broke off in the middle"},
        {{"HSET " BASE "head v 2"}, "another version"},
        {{"HSET " BASE "head cursor nonsense"}, "position"},
        {{"DEL " BASE "head"}, "is missing"},
        {{"HSET " BASE "deadlines x damaged"}, "cannot be read"},
        {{"CONFIG SET maxmemory-policy allkeys-lru"}, "noeviction"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct watched watched;
        freeReplyObject(redis_do(world->redis, "FLUSHALL"));
        add_puts(world, 0, 1);
        open_shard(world, &watched);
        WAIT_FOR(world, counted(world, "events") == 1);
        close_shard(world, &watched);
        for (size_t k = 0; k < 3 && cases[i].commands[k]; k++)
            freeReplyObject(redis_do(world->redis, cases[i].commands[k]));
        open_shard(world, &watched);
        WAIT_FOR(world, watched.stopped == 1);
        if (!strstr(watched.reason, cases[i].reason))
            fail_msg("%s: stopped with \"%s\"", cases[i].commands[0], watched.reason);
        assert_int_equal(shard_state(watched.shard), SHARD_STOPPED);
        close_shard(world, &watched);
    }
    freeReplyObject(redis_do(world->redis, "CONFIG SET maxmemory-policy noeviction"));
}

/* Deaths in a row before any commit: the event on trial goes to the dead letters, its neighbours do not. */
static void test_crash_loop_gives_one_event_up(void **state)
{
    struct world *world = *state;
    struct watched watched;
    add_puts(world, 0, 3);
    open_shard(world, &watched);
    WAIT_FOR(world, counted(world, "events") == 3);
    close_shard(world, &watched);
    add_puts(world, 3, 6);
    redisReply *entries = redis_do(world->redis, "XREVRANGE " STREAM " + - COUNT 2");
    freeReplyObject(
        redis_do(world->redis, "HSET " BASE "head takes 3 trying e%s", entries->element[1]->element[0]->str));
    freeReplyObject(entries);
    open_shard(world, &watched);
    WAIT_FOR(world, counted(world, "bad") == 1 && redis_number(world->redis, "HGET " BASE "head takes") == 0);
    assert_int_equal(counted(world, "events"), 5);
    assert_int_equal(redis_number(world->redis, "HEXISTS " BASE "deadlines e4"), 0);
    assert_int_equal(redis_number(world->redis, "HEXISTS " BASE "deadlines e3"), 1);
    assert_int_equal(redis_number(world->redis, "HEXISTS " BASE "deadlines e5"), 1);
    close_shard(world, &watched);
}

/* A crash leaves the lease; the next one waits until it runs out. */
static void test_crash_leaves_the_lease(void **state)
{
    struct world *world = *state;
    struct watched first, second;
    open_shard(world, &first);
    WAIT_FOR(world, first.owned == 1);
    crash_shard(world, &first);
    assert_int_equal(redis_number(world->redis, "EXISTS " BASE "lease"), 1);
    open_shard(world, &second);
    WAIT_FOR(world, shard_state(second.shard) == SHARD_STANDBY);
    assert_int_equal(redis_number(world->redis, "PEXPIRE " BASE "lease 100"), 1);
    WAIT_FOR(world, second.owned == 1);
    close_shard(world, &second);
}

/* A write of Redis is lost: the shard goes on from what is left and says so. */
static void test_lost_writes(void **state)
{
    struct world *world = *state;
    struct watched watched;
    open_shard(world, &watched);
    WAIT_FOR(world, watched.owned == 1);
    add_puts(world, 0, 1);
    WAIT_FOR(world, counted(world, "events") == 1);
    redisReply *head = redis_do(world->redis, "HGETALL " BASE "head");
    add_puts(world, 1, 2);
    WAIT_FOR(world, counted(world, "events") == 2);
    freeReplyObject(redis_do(world->redis, "HDEL " BASE "deadlines e1"));
    freeReplyObject(redis_do(world->redis, "HSET " BASE "stats events 1"));
    for (size_t i = 0; i + 1 < head->elements; i += 2)
        freeReplyObject(redis_do(world->redis, "HSET " BASE "head %s %s", head->element[i]->str,
                                 head->element[i + 1]->str));
    freeReplyObject(head);
    add_puts(world, 2, 3);
    WAIT_FOR(world, counted(world, "events") == 3);
    check_puts_once(world, 3);
    assert_int_equal(watched.lost, 1);
    close_shard(world, &watched);
}

/* A stand-by that was started under other rules does not take over at once. */
static void test_other_rules_wait(void **state)
{
    struct world *world = *state;
    struct watched first, second;
    open_shard(world, &first);
    WAIT_FOR(world, first.owned == 1);
    open_shard(world, &second);
    WAIT_FOR(world, shard_state(second.shard) == SHARD_STANDBY);
    crash_shard(world, &first);
    freeReplyObject(redis_do(world->redis, "HSET " BASE "head rules 0123456789abcdef"));
    freeReplyObject(redis_do(world->redis, "DEL " BASE "lease"));
    WAIT_FOR(world, strstr(shard_get_status(second.shard).problem, "other rules") != NULL);
    assert_int_equal(second.owned, 0);
    close_shard(world, &second);
    open_shard(world, &first); /* a fresh start has read its rules just now */
    WAIT_FOR(world, first.owned == 1);
    close_shard(world, &first);
}

static void test_rehearsal_clock(void **state)
{
    struct world *world = *state;
    struct watched watched;
    instant start = INT64_C(1790000000000);
    world->speed = (struct speed){1800, start};
    open_shard(world, &watched);
    WAIT_FOR(world, watched.owned == 1);
    freeReplyObject(redis_do(world->redis, "XADD " STREAM " * type test.timer id t1 in 1800000"));
    WAIT_FOR(world, counted(world, "fired") == 1);
    instant now = shard_now(watched.shard);
    assert_true(now >= start + 30 * MINUTE_MS && now < start + 12 * HOUR_MS);
    close_shard(world, &watched);
}

static void test_clock_behind_the_last_commit(void **state)
{
    struct world *world = *state;
    struct watched watched;
    open_shard(world, &watched);
    WAIT_FOR(world, watched.owned == 1);
    close_shard(world, &watched);
    freeReplyObject(redis_do(world->redis, "HSET " BASE "head clock 99999999999999"));
    freeReplyObject(redis_do(world->redis, "XADD " STREAM " * type test.timer id t1 in 1"));
    open_shard(world, &watched);
    WAIT_FOR(world, counted(world, "events") == 1); /* reading goes on */
    run_for(world, 700);
    assert_int_equal(counted(world, "fired"), 0);
    assert_non_null(strstr(shard_get_status(watched.shard).problem, "firing is held"));
    close_shard(world, &watched);
}

/* Somebody else owned the shard meanwhile: an old verdict must not touch what it decided. */
static void test_verdict_after_a_real_loss(void **state)
{
    struct world *world = *state;
    struct watched first, second;
    const char *ids[] = {"n1"};
    struct verdict delivered = {.kind = VERDICT_DELIVERED};
    open_shard(world, &first);
    WAIT_FOR(world, first.owned == 1);
    freeReplyObject(redis_do(world->redis, "XADD " STREAM " * type test.notify id n1"));
    WAIT_FOR(world, first.n_queued == 1);
    freeReplyObject(redis_do(world->redis, "DEL " BASE "lease"));
    open_shard(world, &second);
    WAIT_FOR(world, second.owned == 1);
    shard_verdict(first.shard, ids, 1, &delivered);
    WAIT_FOR(world, first.lost == 1);
    close_shard(world, &second);
    WAIT_FOR(world, first.owned == 2);
    run_for(world, 100);
    assert_int_equal(counted(world, "delivered"), 0);
    assert_int_equal(redis_number(world->redis, "HLEN " BASE "outbox"), 1);
    close_shard(world, &first);
}

static void test_bad_options(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *redis, *stream, *start, *why;
    } cases[] = {
        {"rediss://h", STREAM, "now", "TLS"},
        {"unix:/tmp/x", "a}b", "now", "hash tag"},
        {"unix:/tmp/x", STREAM, "yesterday", "start"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct shard_options options = {.loop = &world->loop,
                                        .redis = cases[i].redis,
                                        .stream = cases[i].stream,
                                        .start = cases[i].start,
                                        .parts = {.rules = world->rules}};
        struct shard_hooks hooks = {0};
        struct shard *shard = NULL;
        const char *why = NULL;
        assert_int_equal(shard_create(&options, &hooks, &shard, &why), -EINVAL);
        if (!strstr(why, cases[i].why))
            fail_msg("case %zu: %s", i, why);
    }
}

/* -- other files -- */

static struct ruleset *other_rules(void)
{
    static const struct rule rule = {.name = "other", .fingerprint = "0123456789abcdef"};
    struct rule_policy policy = {.seen_ms = DAY_MS, .grace_ms = GRACE_MS};
    struct ruleset *rules = NULL;
    assert_int_equal(ruleset_create(arena_create(), &rule, 1, &policy, &rules), 0);
    return rules;
}

/* The records of all commits, one after the other. */
static redisReply *read_journal(struct world *world)
{
    static const char script[] =
        "local t = {} for _, e in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do for k = 1, #e[2], 2 do "
        "if e[2][k] == 'records' then t[#t + 1] = e[2][k + 1] end end end return table.concat(t)";
    return redis_do(world->redis, "EVAL %s 1 " BASE "journal", script);
}

static void test_a_reload_is_a_commit_of_its_own(void **state)
{
    struct world *world = *state;
    struct watched watched;
    struct ruleset *rules = other_rules();
    open_shard(world, &watched);
    WAIT_FOR(world, watched.owned == 1);
    add_puts(world, 0, 2); /* in the stream when the files are taken: they wait until all has come over */
    shard_reload(watched.shard, &(struct engine_parts){.rules = rules});
    assert_false(shard_is_settled(watched.shard));
    WAIT_FOR(world, shard_is_settled(watched.shard) && counted(world, "events") == 2);
    redisReply *journal = read_journal(world);
    assert_non_null(strstr(journal->str, "[{\"e\":\"reload\"}][{\"e\":\"part\"}][{\"e\":\"part\"}]"
                                         "[{\"e\":\"opened\"},{\"e\":\"opened\"}]"));
    freeReplyObject(journal);
    redisReply *head = redis_do(world->redis, "HGET " BASE "head rules");
    assert_string_equal(head->str, ruleset_fingerprint(rules));
    freeReplyObject(head);
    close_shard(world, &watched);
    ruleset_destroy(rules);
}

static void test_a_refused_reload_is_on_record(void **state)
{
    struct world *world = *state;
    struct watched watched;
    struct ruleset *rules = other_rules();
    open_shard(world, &watched);
    shard_refuse_reload(watched.shard, 1, "nobody owns it yet");
    WAIT_FOR(world, watched.owned == 1);
    WAIT_FOR(world, redis_number(world->redis, "HSTRLEN " BASE "head reload_failed") > 0);
    long long commits = redis_number(world->redis, "HGET " BASE "head seq");
    shard_refuse_reload(watched.shard, 3, "rules.cfg:7: \"x\" is unknown");
    WAIT_FOR(world, redis_number(world->redis, "HGET " BASE "head seq") > commits);
    redisReply *text = redis_do(world->redis, "HGET " BASE "head reload_failed");
    assert_non_null(strstr(text->str, "\"errors\":3,\"why\":\"rules.cfg:7: \\\"x\\\" is unknown\"}"));
    freeReplyObject(text);
    shard_reload(watched.shard, &(struct engine_parts){.rules = rules});
    WAIT_FOR(world, redis_number(world->redis, "HSTRLEN " BASE "head reload_failed") == 0);
    close_shard(world, &watched);
    ruleset_destroy(rules);
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
#define CASE(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_events_become_commits),
        CASE(test_bad_entries_move_on),
        CASE(test_start_now_leaves_the_past),
        CASE(test_idle_shard_commits_nothing),
        CASE(test_timer_fires_after_grace),
        CASE(test_claims_and_verdicts),
        CASE(test_second_shard_takes_over),
        CASE(test_stolen_lease_ends_the_owner),
        CASE(test_redis_restarts_under_it),
        CASE(test_late_bytes_of_an_old_connection),
        CASE(test_lost_answer),
        CASE(test_script_flush),
        CASE(test_refusals_are_tried_again),
        CASE(test_trimmed_events_are_counted),
        CASE(test_damaged_state_stops_for_good),
        CASE(test_crash_loop_gives_one_event_up),
        CASE(test_crash_leaves_the_lease),
        CASE(test_lost_writes),
        CASE(test_other_rules_wait),
        CASE(test_rehearsal_clock),
        CASE(test_clock_behind_the_last_commit),
        CASE(test_verdict_after_a_real_loss),
        CASE(test_bad_options),
        CASE(test_a_reload_is_a_commit_of_its_own),
        CASE(test_a_refused_reload_is_on_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
