/* test_lane.c: what a channel may do, and what its answers teach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/lane.h"

enum { NOW = 1000000, BASE_MS = 1000, CAP_MS = 8000, CONCURRENCY = 4 };

struct bench {
    struct plugin_channel *channel;
    struct lane lane;
};

static struct plugin_channel *open_channel(const char *rate, const char *fallback)
{
    char error[400] = "";
    struct field field = {"url", "http://127.0.0.1:9/"};
    struct plugin_channel_options options = {
        .name = "mail",
        .plugin = "person",
        .directory = TEST_PLUGINS,
        .rate = rate,
        .fallback = fallback,
        .concurrency = CONCURRENCY,
        .options = {&field, 1},
    };
    struct plugin_channel *channel = NULL;

    if (plugin_channel_open(&options, &channel, error, sizeof(error)) != 0)
        fail_msg("%s", error);
    return channel;
}

static void bench_open(struct bench *bench, const char *rate, const char *fallback)
{
    bench->channel = open_channel(rate, fallback);
    lane_init(&bench->lane, bench->channel, BASE_MS, CAP_MS);
}

static void bench_close(struct bench *bench)
{
    lane_finish(&bench->lane);
    plugin_channel_close(bench->channel);
}

/* What an attempt that ended like this makes of the delay. */
static int64_t learn(struct lane *lane, enum verdict_kind kind, int64_t wish_ms, instant now)
{
    struct verdict verdict = {.kind = kind, .delay_ms = wish_ms, .reason = "why"};
    struct lane_lesson lesson = {&verdict, 1, 1, false};

    lane_learn(lane, &lesson, now, 0);
    return verdict.delay_ms;
}

static void test_a_permit_that_was_not_used_is_used_by_the_next(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, "1/min", NULL);
    assert_true(lane_free_at(&bench.lane, NOW) == NOW);
    assert_true(lane_take(&bench.lane, NOW));
    assert_true(lane_free_at(&bench.lane, NOW) == NOW + MINUTE_MS);
    lane_give_back(&bench.lane);
    assert_true(lane_free_at(&bench.lane, NOW) == NOW);
    assert_true(lane_take(&bench.lane, NOW));
    assert_true(lane_free_at(&bench.lane, NOW) == NOW + MINUTE_MS);
    for (int i = 0; i < 5; i++) /* no more than the rate has */
        lane_give_back(&bench.lane);
    assert_true(lane_take(&bench.lane, NOW));
    assert_false(lane_take(&bench.lane, NOW));
    bench_close(&bench);
}

/* The first request after the wait shows whether the other side is ready: one, not all. */
static void test_a_channel_that_was_throttled_is_tried_with_one(void **state)
{
    static const enum verdict_kind kinds[] = {VERDICT_BACKOFF, VERDICT_MISCONFIGURED};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct bench bench;

        bench_open(&bench, NULL, NULL);
        bench.lane.running = 1;
        assert_true(lane_free_at(&bench.lane, NOW) == NOW);
        learn(&bench.lane, kinds[i], 0, NOW);
        assert_true(lane_free_at(&bench.lane, NOW + 2 * CAP_MS) == INSTANT_NEVER);
        bench.lane.running = 0;
        assert_true(lane_free_at(&bench.lane, NOW + 2 * CAP_MS) == NOW + 2 * CAP_MS);
        learn(&bench.lane, VERDICT_DELIVERED, 0, NOW + 2 * CAP_MS);
        bench.lane.running = 1;
        assert_true(lane_free_at(&bench.lane, NOW + 2 * CAP_MS) == NOW + 2 * CAP_MS);
        bench_close(&bench);
    }
}

static void test_one_that_gives_no_answer_is_tried_with_one(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, NULL, NULL);
    bench.lane.running = 1;
    for (int i = 1; i < LANE_FAILURES_MAX; i++)
        learn(&bench.lane, VERDICT_RETRY, 0, NOW);
    assert_true(lane_free_at(&bench.lane, NOW) == NOW);
    learn(&bench.lane, VERDICT_RETRY, 0, NOW);
    assert_true(lane_is_blocked(&bench.lane, NOW));
    assert_true(lane_free_at(&bench.lane, NOW + CAP_MS) == INSTANT_NEVER);
    learn(&bench.lane, VERDICT_DELIVERED, 0, NOW + CAP_MS);
    assert_true(lane_free_at(&bench.lane, NOW + CAP_MS) == NOW + CAP_MS);
    bench_close(&bench);
}

static void test_several_answers_of_one_moment_are_one(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, NULL, NULL);
    for (int i = 0; i < CONCURRENCY; i++)
        assert_int_equal(learn(&bench.lane, VERDICT_BACKOFF, 0, NOW + i), BASE_MS);
    /* again, although it had waited */
    assert_int_equal(learn(&bench.lane, VERDICT_BACKOFF, 0, NOW + 2 * BASE_MS), 2 * BASE_MS);
    assert_int_equal(learn(&bench.lane, VERDICT_BACKOFF, 0, NOW + 5 * BASE_MS), 4 * BASE_MS);
    assert_int_equal(learn(&bench.lane, VERDICT_BACKOFF, 0, NOW + 10 * BASE_MS), CAP_MS);
    assert_int_equal(learn(&bench.lane, VERDICT_BACKOFF, 0, NOW + 20 * BASE_MS), CAP_MS);
    bench_close(&bench);
}

static void test_a_delivery_begins_anew(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, NULL, NULL);
    learn(&bench.lane, VERDICT_BACKOFF, 0, NOW);
    learn(&bench.lane, VERDICT_BACKOFF, 0, NOW + 2 * BASE_MS);
    learn(&bench.lane, VERDICT_DELIVERED, 0, NOW + 5 * BASE_MS);
    assert_int_equal(learn(&bench.lane, VERDICT_BACKOFF, 0, NOW + 6 * BASE_MS), BASE_MS);
    bench_close(&bench);
}

/* The other side's wish is kept, and doubled only when it comes again; longer than our own longest wait. */
static void test_a_wish_is_kept(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, NULL, NULL);
    assert_int_equal(learn(&bench.lane, VERDICT_BACKOFF, 60 * 1000, NOW), 60 * 1000);
    assert_true(bench.lane.blocked_until == NOW + 60 * 1000);
    assert_int_equal(learn(&bench.lane, VERDICT_BACKOFF, 5 * 1000, NOW + 1), 5 * 1000);
    assert_true(bench.lane.blocked_until == NOW + 60 * 1000); /* never sooner than was asked for */
    bench_close(&bench);
}

static void test_a_misconfigured_one_with_a_fallback_is_not_blocked(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, NULL, "other");
    learn(&bench.lane, VERDICT_MISCONFIGURED, 0, NOW);
    assert_false(lane_is_blocked(&bench.lane, NOW));
    bench_close(&bench);
    bench_open(&bench, NULL, NULL);
    learn(&bench.lane, VERDICT_MISCONFIGURED, 0, NOW);
    assert_true(lane_is_blocked(&bench.lane, NOW));
    bench_close(&bench);
}

static void test_the_clock_goes_back(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, "1/min", NULL);
    assert_true(lane_free_at(&bench.lane, NOW) == NOW);
    assert_true(lane_take(&bench.lane, NOW));
    assert_true(lane_free_at(&bench.lane, NOW - HOUR_MS) <= NOW - HOUR_MS + MINUTE_MS);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_permit_that_was_not_used_is_used_by_the_next),
        cmocka_unit_test(test_a_channel_that_was_throttled_is_tried_with_one),
        cmocka_unit_test(test_one_that_gives_no_answer_is_tried_with_one),
        cmocka_unit_test(test_several_answers_of_one_moment_are_one),
        cmocka_unit_test(test_a_delivery_begins_anew),
        cmocka_unit_test(test_a_wish_is_kept),
        cmocka_unit_test(test_a_misconfigured_one_with_a_fallback_is_not_blocked),
        cmocka_unit_test(test_the_clock_goes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
