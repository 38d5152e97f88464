#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/bucket.h"

static void test_taking(void **state)
{
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 18, MINUTE_MS, 1000); /* three at once, then sixteen a minute */
    for (int i = 0; i < 3; i++)
        assert_true(bucket_take(&bucket, 1000));
    assert_false(bucket_take(&bucket, 1000));
    assert_int_equal(bucket_next(&bucket, 1000), 4750);
    assert_false(bucket_take(&bucket, 4749));
    assert_true(bucket_take(&bucket, 4750));
    assert_false(bucket_take(&bucket, 4750));
    for (int i = 0; i < 3; i++) /* full again, and never more than full */
        assert_true(bucket_take(&bucket, 10 * HOUR_MS));
    assert_false(bucket_take(&bucket, 10 * HOUR_MS));
}

/* Whoever takes whenever he can never gets more than the rate in any window, wherever it begins, and nearly
 * all of it. */
static void test_no_window_holds_more(void **state)
{
    (void)state;
    static const int64_t rates[] = {1, 2, 7, 9, 15, 18, 100, 400};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct bucket bucket;
        static instant taken[4000];
        size_t n = 0;
        size_t first = 0;
        bucket_init(&bucket, rates[i], MINUTE_MS, 0);
        for (instant now = 0; now < 10 * MINUTE_MS; now += 7) {
            while (n < sizeof taken / sizeof *taken && bucket_take(&bucket, now))
                taken[n++] = now;
            while (first < n && taken[first] <= now - MINUTE_MS)
                first++;
            if ((int64_t)(n - first) > rates[i])
                fail_msg("%lld/min: %zu within a minute at %lld ms", (long long)rates[i], n - first,
                         (long long)now);
        }
        assert_in_range(n, (size_t)(10 * rates[i] * 8 / 9), (size_t)(10 * rates[i]));
    }
}

/* `next` is the first instant at which `take` succeeds. */
static void test_next_tells_the_truth(void **state)
{
    (void)state;
    static const int64_t rates[] = {1, 3, 7, 18, 999};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct bucket bucket;
        instant now = 0;
        bucket_init(&bucket, rates[i], MINUTE_MS, now);
        for (int k = 0; k < 3000; k++) {
            instant next = bucket_next(&bucket, now);
            struct bucket early = bucket;
            if (next > now)
                assert_false(bucket_take(&early, next - 1));
            assert_true(bucket_take(&bucket, next));
            now = next;
        }
    }
}

static void test_a_clock_that_goes_back(void **state)
{
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 1, SECOND_MS, 1000000);
    assert_true(bucket_take(&bucket, 1000000));
    assert_false(bucket_take(&bucket, 500000));
    assert_int_equal(bucket_next(&bucket, 500000), 501000);
    assert_true(bucket_take(&bucket, 501000));
    bucket_init(&bucket, 1, SECOND_MS, INSTANT_NONE);
    assert_true(bucket_take(&bucket, INSTANT_NEVER));
}

static void test_no_limit(void **state)
{
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 0, 0, 0);
    for (int i = 0; i < 1000; i++)
        assert_true(bucket_take(&bucket, 5));
    assert_int_equal(bucket_next(&bucket, 5), 5);
}

static void test_parsing(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t tokens, per_ms; /* tokens 0: refused */
    } cases[] = {{"18/min", 18, MINUTE_MS},
                 {"4/s", 4, SECOND_MS},
                 {"500/h", 500, HOUR_MS},
                 {"400/day", 400, DAY_MS},
                 {"2/hour", 2, HOUR_MS},
                 {"1000000/d", 1000000, DAY_MS},
                 {"1000001/d", 0, 0},
                 {"0/min", 0, 0},
                 {"18", 0, 0},
                 {"18/", 0, 0},
                 {"/min", 0, 0},
                 {"18/week", 0, 0},
                 {"-1/min", 0, 0},
                 {"1.5/min", 0, 0},
                 {"18 / min", 0, 0},
                 {"", 0, 0},
                 {"18/minx", 0, 0},
                 {"99999999999999999999/s", 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t tokens = 0, per_ms = 0;
        bool good = bucket_parse(cases[i].text, &tokens, &per_ms);
        if (good != (cases[i].tokens > 0) || tokens != cases[i].tokens || per_ms != cases[i].per_ms)
            fail_msg("%s: %d, %lld per %lld ms", cases[i].text, good, (long long)tokens, (long long)per_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taking),
        cmocka_unit_test(test_no_window_holds_more),
        cmocka_unit_test(test_next_tells_the_truth),
        cmocka_unit_test(test_a_clock_that_goes_back),
        cmocka_unit_test(test_no_limit),
        cmocka_unit_test(test_parsing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
