#include "core/statutory.h"

#include "core/civil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *written(int32_t year)
{
    static char text[STATUTORY_DAYS_MAX * 8];
    struct statutory_day days[STATUTORY_DAYS_MAX];
    size_t n = statutory_days(STATUTORY_CN, year, days), used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        struct civil date = civil_of(days[i].day);
        assert_int_equal(date.year, year);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%02d-%02d", i ? " " : "",
                                 (int)date.month, (int)date.day);
    }
    return text;
}

static void test_years(void **state)
{
    static const struct {
        int32_t year;
        const char *days;
    } cases[] = {
        {2026, "01-01 02-16 02-17 02-18 02-19 04-05 05-01 05-02 06-19 10-01 10-02 10-03 09-25"},
        {2027, "01-01 02-05 02-06 02-07 02-08 04-05 05-01 05-02 06-09 10-01 10-02 10-03 09-15"},
        {2028, "01-01 01-25 01-26 01-27 01-28 04-04 05-01 05-02 05-28 10-01 10-02 10-03 10-04"},
        {2030, "01-01 02-02 02-03 02-04 02-05 04-05 05-01 05-02 06-05 10-01 10-02 10-03 09-12"},
        {2031, "01-01 01-22 01-23 01-24 01-25 04-05 05-01 05-02 06-24 10-01 10-02 10-03 10-04"},
        {2033, "01-01 01-30 01-31 02-01 02-02 04-04 05-01 05-02 06-01 10-01 10-02 10-03 09-08"},
        {2035, "01-01 02-07 02-08 02-09 02-10 04-05 05-01 05-02 06-10 10-01 10-02 10-03 09-16"},
        {2024, ""},
        {2036, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (strcmp(written(cases[i].year), cases[i].days) != 0)
            fail_msg("%d: %s", (int)cases[i].year, written(cases[i].year));
}

static void test_every_year_has_thirteen_days(void **state)
{
    struct statutory_day days[STATUTORY_DAYS_MAX];
    (void)state;
    for (int32_t year = STATUTORY_YEAR_MIN; year <= STATUTORY_YEAR_MAX; year++) {
        assert_int_equal(statutory_days(STATUTORY_CN, year, days), STATUTORY_DAYS_MAX);
        for (size_t i = 0; i < STATUTORY_DAYS_MAX; i++)
            for (size_t k = 0; k < i; k++)
                assert_int_not_equal(days[i].day, days[k].day);
    }
    assert_int_equal(statutory_days(STATUTORY_NONE, 2027, days), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_years),
        cmocka_unit_test(test_every_year_has_thirteen_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
