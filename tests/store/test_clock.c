#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "store/clock.h"

static const instant noon = INT64_C(1790000000000);

static struct monotonic ago(int64_t ms)
{
    return (struct monotonic){clock_monotonic().ms - ms};
}

static bool is_about(instant is, instant want)
{
    return is >= want && is < want + 2000; /* a busy machine */
}

static void test_carries_a_sample_on(void **state)
{
    (void)state;
    struct clock clock;
    clock_init(&clock, (struct speed){0});
    clock_sample(&clock, noon, ago(10 * SECOND_MS));
    assert_true(is_about(clock_now(&clock), noon + 10 * SECOND_MS));
    assert_int_equal(clock.first, noon);
}

static void test_never_goes_back(void **state)
{
    (void)state;
    struct clock clock;
    clock_init(&clock, (struct speed){0});
    clock_sample(&clock, noon, ago(0));
    instant told = clock_now(&clock);
    clock_sample(&clock, noon - 5 * SECOND_MS, ago(0));
    assert_int_equal(clock_now(&clock), told);
    clock_sample(&clock, noon + MINUTE_MS, ago(0));
    assert_true(is_about(clock_now(&clock), noon + MINUTE_MS));
}

static void test_before_any_sample(void **state)
{
    (void)state;
    struct clock clock;
    clock_init(&clock, (struct speed){0});
    instant before = clock_wall(), told = clock_now(&clock);
    assert_in_range(told - before, 0, 2000); /* of this machine, and not a constant */
    clock_init(&clock, (struct speed){1800, noon});
    assert_int_equal(clock_now(&clock), noon);
}

static void test_rehearsal(void **state)
{
    (void)state;
    struct clock clock;
    clock_init(&clock, (struct speed){1800, noon});
    clock_sample(&clock, 5, ago(2000));
    assert_true(clock_now(&clock) >= noon + HOUR_MS);
    assert_true(clock_now(&clock) < noon + 3 * HOUR_MS);
    clock_sample(&clock, 6, ago(0)); /* only the first sample starts it */
    assert_true(clock_now(&clock) >= noon + HOUR_MS);
}

static void test_waits(void **state)
{
    (void)state;
    static const struct {
        int32_t factor;
        int64_t ahead_ms, least_ms, most_ms;
    } cases[] = {
        {0, -1, 0, 0},         {0, 0, 0, 0},
        {0, 5000, 3000, 5000}, {0, DAY_MS, 30000, 30000},
        {1, 5000, 3000, 5000}, {1800, HOUR_MS, 1, 2000},
        {1800, 1, 0, 1},       {1800, 30 * DAY_MS, 30000, 30000},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct clock clock;
        clock_init(&clock, (struct speed){cases[i].factor, noon});
        clock_sample(&clock, noon, ago(0));
        int64_t wait = clock_wait_ms(&clock, clock_now(&clock) + cases[i].ahead_ms);
        if (wait < cases[i].least_ms || wait > cases[i].most_ms)
            fail_msg("case %zu: %lld ms", i, (long long)wait);
        assert_int_equal(clock_wait_ms(&clock, INSTANT_NEVER), 30000);
        assert_int_equal(clock_wait_ms(&clock, INSTANT_NONE), 0);
    }
}

/* A small step back: the clock stands still until it has caught up, and the timer waits for that instead of
 * looking again every few milliseconds. */
static void test_waits_through_a_step_back(void **state)
{
    (void)state;
    struct clock clock;
    clock_init(&clock, (struct speed){0});
    clock_sample(&clock, noon, ago(0));
    instant told = clock_now(&clock);
    clock_sample(&clock, noon - 20 * SECOND_MS, ago(0));
    assert_int_equal(clock_now(&clock), told);
    int64_t wait = clock_wait_ms(&clock, told + 1);
    assert_true(wait > 18 * SECOND_MS && wait <= 20 * SECOND_MS + 1000);
    assert_int_equal(clock_wait_ms(&clock, told), 0); /* has been told already */
}

/* A small step ahead is taken at once: what lies between is late by it, not lost. */
static void test_takes_a_small_step_ahead(void **state)
{
    (void)state;
    struct clock clock;
    clock_init(&clock, (struct speed){0});
    clock_sample(&clock, noon, ago(0));
    clock_sample(&clock, noon + 50 * SECOND_MS, ago(0));
    assert_true(is_about(clock_now(&clock), noon + 50 * SECOND_MS));
    assert_int_equal(clock_wait_ms(&clock, noon + 30 * SECOND_MS), 0);
}

/* Setting this machine's clock does not move the time that is counted: only samples do. */
static void test_judges(void **state)
{
    (void)state;
    enum { S = 1000, H = 3600 * S };
    static const struct {
        const char *what;
        int64_t redis, wall, head, counted; /* beside noon */
        bool has_head, has_counted;
        enum clock_verdict verdict;
        int64_t off_ms;
    } cases[] = {
        {"all agree", 0, 0, 0, 0, true, true, CLOCK_AGREES, 0},
        {"the first sample of the first start", 0, 0, 0, 0, false, false, CLOCK_AGREES, 0},
        {"a minute is allowed", 60 * S, 0, 0, 0, true, true, CLOCK_AGREES, 60 * S},
        {"a minute the other way", -60 * S, 0, 0, 0, true, true, CLOCK_AGREES, -60 * S},
        {"Redis alone stepped ahead", H, 0, 0, 0, true, true, CLOCK_BESIDE_WALL, H},
        {"Redis alone stepped back", -H, 0, 0, 0, true, true, CLOCK_BESIDE_WALL, -H},
        {"this machine alone stepped ahead", 0, H, 0, 0, true, true, CLOCK_BESIDE_WALL, -H},
        {"both stepped ahead", H, H, 0, 0, true, true, CLOCK_JUMPED, H},
        {"both stepped back", -H, -H, 0, 0, true, true, CLOCK_BEFORE_HEAD, -H},
        {"both stepped back, no commit yet", -H, -H, 0, 0, false, true, CLOCK_JUMPED, -H},
        {"a start after a downtime", H, H, 0, 0, true, false, CLOCK_AGREES, 0},
        {"a start with clocks set back", -H, -H, 0, 0, true, false, CLOCK_BEFORE_HEAD, -H},
        {"woken from sleep: what is counted has gone on", H, H, 0, H, true, true, CLOCK_AGREES, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct clock_facts facts = {
            .redis = noon + cases[i].redis,
            .wall = noon + cases[i].wall,
            .head = cases[i].has_head ? noon + cases[i].head : INSTANT_NONE,
            .counted = cases[i].has_counted ? noon + cases[i].counted : INSTANT_NONE,
        };
        int64_t off_ms;
        enum clock_verdict verdict = clock_judge(&facts, &off_ms);
        if (verdict != cases[i].verdict || off_ms != cases[i].off_ms)
            fail_msg("%s: %d, %lld ms", cases[i].what, (int)verdict, (long long)off_ms);
    }
}

static void test_others_have_told_later(void **state)
{
    (void)state;
    struct clock clock;
    clock_init(&clock, (struct speed){0});
    clock_not_before(&clock, INSTANT_NONE);
    clock_sample(&clock, noon, ago(0));
    clock_not_before(&clock, noon + HOUR_MS);
    assert_int_equal(clock_now(&clock), noon + HOUR_MS);
    clock_not_before(&clock, noon); /* it knows better */
    assert_int_equal(clock_now(&clock), noon + HOUR_MS);
    clock_start_over(&clock, noon, ago(0));
    assert_true(is_about(clock_now(&clock), noon));
}

static void test_descriptions(void **state)
{
    static const struct {
        enum clock_verdict verdict;
        int64_t off_ms;
        const char *says;
    } cases[] = {
        {CLOCK_AGREES, 0, ""},
        {CLOCK_JUMPED, HOUR_MS, "both clocks jumped by 3600 s"},
        {CLOCK_JUMPED, HOUR_MS - 400,
         "both clocks jumped by 3600 s"}, /* the answer was on its way for 0.4 s */
        {CLOCK_JUMPED, -HOUR_MS - 400, "both clocks jumped by -3600 s"},
        {CLOCK_BESIDE_WALL, HOUR_MS - 1, "Redis' clock is 3600 s ahead of this machine's"},
        {CLOCK_BESIDE_WALL, -HOUR_MS, "Redis' clock is 3600 s behind this machine's"},
        {CLOCK_BEFORE_HEAD, -2 * HOUR_MS,
         "7200 s before the last commit; if it is right: cuibanctl clock accept"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[CLOCK_TEXT_MAX];
        clock_describe(cases[i].verdict, cases[i].off_ms, text);
        if (!strstr(text, cases[i].says) || !text[0] != !cases[i].says[0])
            fail_msg("case %zu: %s", i, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_through_a_step_back),
        cmocka_unit_test(test_takes_a_small_step_ahead),
        cmocka_unit_test(test_judges),
        cmocka_unit_test(test_carries_a_sample_on),
        cmocka_unit_test(test_never_goes_back),
        cmocka_unit_test(test_before_any_sample),
        cmocka_unit_test(test_others_have_told_later),
        cmocka_unit_test(test_descriptions),
        cmocka_unit_test(test_rehearsal),
        cmocka_unit_test(test_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
