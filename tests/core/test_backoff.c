#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/backoff.h"

static void test_bounds(void **state)
{
    (void)state;
    static const struct {
        int64_t base, cap;
        uint32_t attempt;
        int64_t low, high;
    } cases[] = {
        {1000, 60000, 1, 500, 1000},
        {1000, 60000, 2, 1000, 2000},
        {1000, 60000, 3, 2000, 4000},
        {1000, 60000, 6, 16000, 32000},
        {1000, 60000, 7, 30000, 60000},
        {1000, 60000, 4000000000u, 30000, 60000},
        {1000, 60000, 0, 500, 1000},
        {90000, 60000, 1, 30000, 60000},
        {1, 10, 1, 1, 1},
        {0, 60000, 5, 0, 0},
        {0, 60000, 4000000000u, 0, 0},
        {5, INT64_MAX, 4000000000u, INT64_MAX / 2, INT64_MAX},
    };
    static const uint32_t randoms[] = {0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t last = 0;
        for (size_t k = 0; k < sizeof randoms / sizeof *randoms; k++) {
            int64_t ms = backoff_ms(cases[i].base, cases[i].cap, cases[i].attempt, randoms[k]);
            if (ms < cases[i].low || ms > cases[i].high || ms < last)
                fail_msg("case %zu, random %x: %lld", i, randoms[k], (long long)ms);
            last = ms;
        }
        assert_int_equal(last, cases[i].high); /* the largest random number reaches the whole */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
