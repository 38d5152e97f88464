/* The daemon dies while attempts are under way: what that says of a message, and what it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

enum { LIMIT_MS = 10000, ENDED_MS = LIMIT_MS + 5000, CUT_OUT_MS = 10 * 60 * 1000 };

static const struct verdict delivered = {.kind = VERDICT_DELIVERED};

/* Each interview owes zhang.wei one reminder by mail, which may leave from 11:10 on. */
static void open_interviews(struct world *world, int n)
{
    char id[16];

    for (int i = 0; i < n; i++) {
        (void)snprintf(id, sizeof id, "iv-%d", i);
        assert_int_equal(world_event(world, "2026-11-17T15:10", "interview.completed", "id", id, "interview",
                                     id, "candidate", "c-1", "interviewers", "[\"zhang.wei\"]", "recruiter",
                                     "chen.jing", "department", "rd", NULL),
                         0);
    }
    world_until(world, "2026-11-18T11:10");
    (void)world_journal(world);
}

static const struct notification *first(struct world *world)
{
    size_t cursor = 0;

    return engine_next_notification(world_engine(world), &cursor);
}

/* One attempt for each notification that may leave. */
static size_t claim_apart(struct world *world, size_t n_max)
{
    const struct notification *note;
    size_t cursor = 0, n = 0;

    while ((note = engine_next_notification(world_engine(world), &cursor)) != NULL && n < n_max) {
        const char *id = note->id;

        n += world_claim(world, &id, 1, LIMIT_MS);
    }
    return n;
}

static void wait_ms(struct world *world, int64_t ms)
{
    world_advance(world, world_now(world) + ms);
}

static bool is_watching(struct world *world)
{
    return engine_is_watching(world_engine(world), world_now(world));
}

static void test_deaths_with_many_under_way_give_nothing_up(void **state)
{
    struct world *world = *state;

    open_interviews(world, 16);
    for (int deaths = 0; deaths < 9; deaths++) {
        assert_int_equal(claim_apart(world, 16), 16);
        struct engine_left left = world_take_over(world, true);
        assert_int_equal(left.n, 16);
        assert_null(left.only);
        wait_ms(world, ENDED_MS);
    }
    assert_int_equal(world_deliver(world, &delivered), 16);
    assert_int_equal(world_table(world, TABLE_DEAD), 0);
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);
}

static void test_deaths_with_one_under_way_name_it(void **state)
{
    struct world *world = *state;

    open_interviews(world, 1);
    for (int deaths = 1; deaths <= NOTIFICATION_DEATHS_MAX; deaths++) {
        assert_int_equal(claim_apart(world, 1), 1);
        struct engine_left left = world_take_over(world, true);
        assert_int_equal(left.n, 1);
        assert_ptr_equal(left.only, first(world));
        assert_int_equal(left.only->deaths, deaths);
        instant ends = world_now(world) + ENDED_MS;
        wait_ms(world, ENDED_MS);
        if (deaths < NOTIFICATION_DEATHS_MAX) {
            assert_true(first(world)->not_before ==
                        ends + (deaths == NOTIFICATION_DEATHS_CUT ? CUT_OUT_MS : 0));
            wait_ms(world, CUT_OUT_MS);
        }
    }
    assert_string_equal(world_journal(world), "claimed uncertain claimed uncertain claimed uncertain dead");
    assert_non_null(strstr(world_dead(world, 0), "the daemon died three times"));
    assert_non_null(strstr(world_dead(world, 0), "\"via\":\"mail\",\"plugin\":\"email\""));
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);
    assert_false(is_watching(world));
}

/* The others have been found open before: they say nothing about what happened since. */
static void test_only_what_the_last_life_claimed_counts(void **state)
{
    struct world *world = *state;

    open_interviews(world, 4);
    assert_int_equal(claim_apart(world, 3), 3);
    assert_null(world_take_over(world, true).only);
    assert_int_equal(claim_apart(world, 4), 1);
    struct engine_left left = world_take_over(world, true);
    assert_int_equal(left.n, 1);
    assert_int_equal(left.only->deaths, 1);
    left = world_take_over(world, true); /* and nothing since */
    assert_int_equal(left.n, 0);
    wait_ms(world, ENDED_MS);
    assert_int_equal(world_deliver(world, &delivered), 4);
}

static void test_a_verdict_clears_it(void **state)
{
    struct world *world = *state;
    const struct verdict retry = {.kind = VERDICT_RETRY, .reason = "busy"};
    const struct verdict backoff = {.kind = VERDICT_BACKOFF, .reason = "the daemon stops"};

    open_interviews(world, 1);
    for (int deaths = 0; deaths < 8; deaths++) {
        assert_int_equal(claim_apart(world, 1), 1);
        assert_int_equal(world_take_over(world, true).only->deaths, 1);
        wait_ms(world, ENDED_MS);
        assert_true(is_watching(world));
        assert_int_equal(world_deliver(world, &backoff), 1); /* it may not have come to the plugin */
        assert_int_equal(first(world)->deaths, 1);
        assert_true(is_watching(world));
        assert_int_equal(world_deliver(world, &retry), 1);
        assert_int_equal(first(world)->deaths, 0);
        assert_false(is_watching(world));
    }
}

static void test_it_is_watched_until_an_attempt_has_ended(void **state)
{
    struct world *world = *state;
    const char *id;

    open_interviews(world, 2);
    assert_false(is_watching(world));
    assert_int_equal(claim_apart(world, 2), 2);
    assert_false(is_watching(world));
    world_take_over(world, true);
    assert_true(is_watching(world));
    wait_ms(world, ENDED_MS);
    assert_true(is_watching(world));
    assert_null(world_differs(world));
    world_take_over(world, true); /* what has no end yet is watched by the next one, too */
    assert_true(is_watching(world));
    assert_int_equal(claim_apart(world, 1), 1);
    assert_true(is_watching(world));
    id = first(world)->id;
    world_verdict(world, &id, 1, &delivered);
    assert_true(is_watching(world));
    assert_int_equal(world_deliver(world, &delivered), 1);
    assert_false(is_watching(world));
}

/* What waits for its time, a channel that is cut out among others, holds nobody up meanwhile. */
static void test_what_waits_is_not_watched(void **state)
{
    struct world *world = *state;

    open_interviews(world, 1);
    for (int deaths = 0; deaths < NOTIFICATION_DEATHS_CUT; deaths++) {
        assert_int_equal(claim_apart(world, 1), 1);
        world_take_over(world, true);
        wait_ms(world, ENDED_MS);
    }
    assert_false(is_watching(world));
    wait_ms(world, CUT_OUT_MS);
    assert_true(is_watching(world));
}

static void test_a_stream_that_was_lost_is_no_death(void **state)
{
    struct world *world = *state;

    open_interviews(world, 1);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(claim_apart(world, 1), 1);
        (void)world_take_over(world, false);
        assert_int_equal(first(world)->deaths, 0);
        assert_false(is_watching(world));
        wait_ms(world, ENDED_MS);
    }
    assert_int_equal(world_deliver(world, &delivered), 1);
}

/* One attempt carried both: each is tried alone before it is given up, and the innocent one arrives. */
static void test_what_shared_an_attempt_is_tried_apart(void **state)
{
    struct world *world = *state;
    const char *ids[64];

    open_interviews(world, 2);
    for (int deaths = 0; deaths < NOTIFICATION_DEATHS_MAX; deaths++) {
        assert_int_equal(world_claim_all(world, ids, LIMIT_MS), 2);
        assert_non_null(world_take_over(world, true).only);
        wait_ms(world, ENDED_MS);
        wait_ms(world, CUT_OUT_MS);
    }
    assert_int_equal(world_table(world, TABLE_OUTBOX), 2);
    assert_true(first(world)->alone);
    assert_int_equal(claim_apart(world, 1), 1);
    const struct notification *only = world_take_over(world, true).only;
    assert_int_equal(only->deaths, NOTIFICATION_DEATHS_MAX);
    wait_ms(world, ENDED_MS);
    assert_non_null(strstr(world_dead(world, 0), "the daemon died three times"));
    assert_int_equal(world_deliver(world, &delivered), 1);
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);
}

static void test_the_fallback_takes_what_kills_its_channel(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "survey.opened", "survey", "s-1", "person", "zhang.wei", NULL);
    world_until(world, "2026-11-17T11:00");
    for (int deaths = 0; deaths < NOTIFICATION_DEATHS_MAX; deaths++) {
        assert_int_equal(claim_apart(world, 1), 1);
        world_take_over(world, true);
        wait_ms(world, ENDED_MS);
        wait_ms(world, CUT_OUT_MS);
    }
    assert_string_equal(first(world)->channel, "mail");
    assert_int_equal(first(world)->deaths, 0);
    assert_int_equal(world_deliver(world, &delivered), 1);
}

/* Its attempt was cut off and may have arrived; by the time it may be tried again it is old news. */
static void test_what_may_have_arrived_is_old_news_and_not_given_up(void **state)
{
    struct world *world = *state;
    const struct verdict retry = {.kind = VERDICT_RETRY, .delay_ms = 60000, .reason = "busy"};

    open_interviews(world, 2);
    const char *failed = first(world)->id;
    assert_int_equal(claim_apart(world, 2), 2);
    world_verdict(world, &failed, 1, &retry);
    world_take_over(world, true);
    world_until(world, "2026-11-18T15:10"); /* due */
    assert_non_null(strstr(world_journal(world), "withdrawn"));
    assert_non_null(strstr(world_dead(world, 0), "expired"));
}

int main(void)
{
#define CRASH_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        CRASH_TEST(test_deaths_with_many_under_way_give_nothing_up),
        CRASH_TEST(test_deaths_with_one_under_way_name_it),
        CRASH_TEST(test_only_what_the_last_life_claimed_counts),
        CRASH_TEST(test_a_verdict_clears_it),
        CRASH_TEST(test_it_is_watched_until_an_attempt_has_ended),
        CRASH_TEST(test_what_waits_is_not_watched),
        CRASH_TEST(test_a_stream_that_was_lost_is_no_death),
        CRASH_TEST(test_what_shared_an_attempt_is_tried_apart),
        CRASH_TEST(test_the_fallback_takes_what_kills_its_channel),
        CRASH_TEST(test_what_may_have_arrived_is_old_news_and_not_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
