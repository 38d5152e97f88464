#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/query.h"
#include "support/redis_fixture.h"

#define STREAM "hr:events"
#define BASE   "cuiban:{" STREAM "}:"

struct world {
    struct redis_fixture *redis;
    struct query *query;
};
static struct world world;

static void test_head(void **state)
{
    (void)state;
    struct query_head head;
    assert_int_equal(query_head(world.query, &head), -ENOENT);
    freeReplyObject(redis_do(
        world.redis, "HSET " BASE "head v 1 seq 7 begun 8 cursor 12-3 commands 4-0 read 99 clock 1234 "
                     "rules 0123456789abcdef takes 2 trying e12-4"));
    assert_int_equal(query_head(world.query, &head), 0);
    assert_int_equal(head.format, 1);
    assert_int_equal(head.seq, 7);
    assert_int_equal(head.begun, 8);
    assert_int_equal(head.cursor.ms, 12);
    assert_int_equal(head.cursor.seq, 3);
    assert_int_equal(head.read, 99);
    assert_int_equal(head.clock, 1234);
    assert_string_equal(head.rules, "0123456789abcdef");
    assert_int_equal(head.takes, 2);
    assert_string_equal(head.trying, "e12-4");
}

static int count_entry(void *data, const char *key, const char *value, size_t n)
{
    (void)key;
    assert_int_equal(strlen(value), n);
    return ++*(int *)data == 3000 ? 42 : 0;
}

static void test_tables(void **state)
{
    (void)state;
    struct buffer value;
    uint64_t n = 0;
    int seen = 0;
    buffer_init(&value);
    assert_int_equal(query_get(world.query, TABLE_DEADLINES, "d1", &value), -ENOENT);
    for (int i = 0; i < 2500; i++)
        freeReplyObject(redis_do(world.redis, "HSET " BASE "deadlines d%d value%d", i, i));
    assert_int_equal(query_get(world.query, TABLE_DEADLINES, "d17", &value), 0);
    assert_string_equal(buffer_text(&value), "value17");
    assert_int_equal(query_count(world.query, TABLE_DEADLINES, &n), 0);
    assert_int_equal(n, 2500);
    assert_int_equal(query_each(world.query, TABLE_DEADLINES, count_entry, &seen), 0);
    assert_int_equal(seen, 2500);
    seen = 2990;
    assert_int_equal(query_each(world.query, TABLE_DEADLINES, count_entry, &seen), 42);
    freeReplyObject(redis_do(world.redis, "ZADD " BASE "seen 5 id1"));
    assert_int_equal(query_get(world.query, TABLE_SEEN, "id1", &value), 0);
    assert_string_equal(buffer_text(&value), "5");
    freeReplyObject(redis_do(world.redis, "SET " BASE "closed text"));
    assert_int_equal(query_count(world.query, TABLE_CLOSED, &n), -EIO);
    assert_non_null(strstr(query_problem(world.query), "WRONGTYPE"));
    freeReplyObject(redis_do(world.redis, "DEL " BASE "closed"));
    buffer_finish(&value);
}

struct walk {
    size_t n;
    uint64_t last;
    bool down;
};

static int see_item(void *data, struct stream_id at, const struct raw_field *fields, size_t n)
{
    struct walk *walk = data;
    assert_int_equal(n, 1);
    assert_int_equal(fields[0].name_n, 1);
    assert_true(walk->n == 0 || (walk->down ? at.ms < walk->last : at.ms > walk->last));
    walk->last = at.ms;
    walk->n++;
    return 0;
}

static void test_ranges(void **state)
{
    (void)state;
    for (int i = 1; i <= 2500; i++)
        freeReplyObject(redis_do(world.redis, "XADD " BASE "journal %d-0 a b", i));
    static const struct {
        const char *from, *to;
        size_t max;
        bool reverse;
        size_t n;
        uint64_t last;
    } cases[] = {
        {"-", "+", 0, false, 2500, 2500},    {"-", "+", 0, true, 2500, 1},
        {"-", "+", 1500, false, 1500, 1500}, {"-", "+", 3, true, 3, 2498},
        {"(10", "20", 0, false, 10, 20},     {"10", "20", 0, true, 11, 10},
        {"-", "+", 1000, false, 1000, 1000}, {"3000", "+", 0, false, 0, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct walk walk = {.down = cases[i].reverse};
        assert_int_equal(query_range(world.query, QUERY_JOURNAL, cases[i].from, cases[i].to, cases[i].max,
                                     cases[i].reverse, see_item, &walk),
                         0);
        if (walk.n != cases[i].n || walk.last != cases[i].last)
            fail_msg("case %zu: %zu entries, last %llu", i, walk.n, (unsigned long long)walk.last);
    }
}

static void test_add(void **state)
{
    (void)state;
    struct stream_id at;
    struct query_stream_info info;
    struct field fields[] = {{"type", "interview.completed"}, {"name", "王小明 %s"}};
    assert_int_equal(query_stream_info(world.query, QUERY_EVENTS, &info), 0);
    assert_false(info.exists);
    assert_int_equal(query_add(world.query, QUERY_EVENTS, fields, 2, false, &at), -ENOENT);
    assert_int_equal(query_add(world.query, QUERY_EVENTS, fields, 2, true, &at), 0);
    assert_int_equal(query_add(world.query, QUERY_COMMANDS, fields, 2, true, &at), 0);
    assert_int_equal(query_add(world.query, QUERY_JOURNAL, fields, 2, true, &at), -EINVAL);
    assert_int_equal(redis_number(world.redis, "XLEN " STREAM), 1);
    assert_int_equal(redis_number(world.redis, "XLEN " BASE "commands"), 1);
    assert_int_equal(query_stream_info(world.query, QUERY_EVENTS, &info), 0);
    assert_true(info.exists && info.length == 1 && info.added == 1);
    assert_int_equal(stream_id_compare(info.first, info.last), 0);
    freeReplyObject(redis_do(world.redis, "XADD " BASE "dead 5-0 entry x"));
    assert_int_equal(query_remove_dead(world.query, (struct stream_id){5, 0}), 0);
    assert_int_equal(query_remove_dead(world.query, (struct stream_id){5, 0}), -ENOENT);
}

static void test_holder_and_server(void **state)
{
    (void)state;
    char holder[64];
    int64_t left = 0;
    struct query_server server;
    assert_int_equal(query_holder(world.query, holder, sizeof(holder), &left), -ENOENT);
    freeReplyObject(
        redis_do(world.redis, "SET " BASE "lease 00112233445566778899aabbccddeeff@hr1:77 PX 20000"));
    assert_int_equal(query_holder(world.query, holder, sizeof(holder), &left), 0);
    assert_string_equal(holder, "hr1:77");
    assert_true(left > 10000 && left <= 20000);
    assert_int_equal(query_server(world.query, &server), 0);
    assert_string_equal(server.role, "master");
    assert_string_equal(server.maxmemory_policy, "noeviction");
    assert_true(server.appendonly && server.used_bytes > 0 && server.now > INT64_C(1700000000000));
}

static void test_failures(void **state)
{
    (void)state;
    static const struct {
        const char *redis, *stream;
        int error;
        const char *problem;
    } cases[] = {
        {"nonsense", STREAM, -EINVAL, "redis://"},
        {"unix:/tmp/cuiban-no-such-socket", STREAM, -ECONNREFUSED, "No such file"},
        {"unix:/tmp/x", "a}b", -EINVAL, "tag"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct query *query = NULL;
        char problem[QUERY_PROBLEM_MAX] = "";
        assert_int_equal(query_open(cases[i].redis, cases[i].stream, 500, &query, problem), cases[i].error);
        if (!strstr(problem, cases[i].problem))
            fail_msg("%s: %s", cases[i].redis, problem);
    }
    struct query_head head;
    struct query *query = NULL;
    char problem[QUERY_PROBLEM_MAX] = "";
    assert_int_equal(query_open(redis_fixture_address(world.redis), STREAM, 300, &query, problem), 0);
    redis_fixture_pause(world.redis, true);
    assert_int_equal(query_head(query, &head), -ETIMEDOUT);
    redis_fixture_pause(world.redis, false);
    query_close(query);
}

static int setup(void **state)
{
    (void)state;
    char problem[QUERY_PROBLEM_MAX];
    world.redis = redis_fixture_start(NULL);
    return query_open(redis_fixture_address(world.redis), STREAM, 5000, &world.query, problem);
}

static int teardown(void **state)
{
    (void)state;
    query_close(world.query);
    redis_fixture_stop(world.redis);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_holder_and_server),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
