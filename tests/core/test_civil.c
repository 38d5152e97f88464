#include "core/civil.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static int32_t day_of(const char *text)
{
    int32_t day = 0;
    if (!civil_parse(text, &day))
        fail_msg("%s: no date", text);
    return day;
}

static void counts_every_date_of_six_centuries(void **state)
{
    (void)state;
    int32_t day = civil_day(1800, 1, 1);
    int32_t weekday = 3; /* it was a Wednesday */
    for (int32_t year = 1800; year < 2400; year++) {
        for (int32_t month = 1; month <= 12; month++) {
            for (int32_t of_month = 1; of_month <= civil_month_days(year, month); of_month++) {
                struct civil date = civil_of(day);
                if (civil_day(year, month, of_month) != day || date.year != year || date.month != month ||
                    date.day != of_month || civil_weekday(day) != weekday)
                    fail_msg("%d-%02d-%02d is not day %d", (int)year, (int)month, (int)of_month, (int)day);
                day++;
                weekday = weekday % 7 + 1;
            }
        }
    }
}

static void knows_some_dates(void **state)
{
    (void)state;
    assert_int_equal(civil_day(1970, 1, 1), 0);
    assert_int_equal(civil_day(1969, 12, 31), -1);
    assert_int_equal(civil_day(2000, 3, 1), 11017);
    assert_int_equal(civil_day(2026, 11, 21), 20778);
    assert_int_equal(civil_weekday(civil_day(2026, 11, 21)), 6);
    assert_int_equal(civil_weekday(0), 4);
    assert_int_equal(civil_weekday(-1), 3);
    assert_int_equal(civil_month_days(2024, 2), 29);
    assert_int_equal(civil_month_days(2026, 2), 28);
    assert_int_equal(civil_month_days(1900, 2), 28);
    assert_int_equal(civil_month_days(2000, 2), 29);
    assert_int_equal(civil_of(-719162).year, 1);
}

static void adds_months(void **state)
{
    static const struct {
        const char *from;
        int32_t months;
        const char *to;
    } cases[] = {
        {"2026-01-31", 1, "2026-02-28"},     {"2024-01-31", 1, "2024-02-29"},
        {"2026-01-31", 3, "2026-04-30"},     {"2024-02-29", 12, "2025-02-28"},
        {"2024-02-29", 48, "2028-02-29"},    {"2026-03-31", -1, "2026-02-28"},
        {"2026-01-15", -1, "2025-12-15"},    {"2026-12-15", 1, "2027-01-15"},
        {"2026-01-15", -13, "2024-12-15"},   {"2026-05-05", 0, "2026-05-05"},
        {"1970-01-31", -1, "1969-12-31"},    {"2026-11-30", 240, "2046-11-30"},
        {"2000-01-31", -1199, "1900-02-28"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct civil got = civil_of(civil_add_months(day_of(cases[i].from), cases[i].months));
        if (civil_day(got.year, got.month, got.day) != day_of(cases[i].to))
            fail_msg("%s and %d months: %s, not %d-%02d-%02d", cases[i].from, (int)cases[i].months,
                     cases[i].to, (int)got.year, (int)got.month, (int)got.day);
    }
}

static void refuses_what_is_no_date(void **state)
{
    static const char *const cases[] = {
        "",           "2026",       "2026-10",    "2026-1-01",  "2026-10-1",   "2026-10-32",  "2026-00-01",
        "2026-13-01", "2026-10-00", "2026-02-29", "1900-02-29", "2026-10-01 ", "26-10-01",    "2026.10.01",
        "1899-12-31", "2201-01-01", "2026-10-0a", "-026-10-01", "20261001",    "2026-10-01T", "2026-04-31",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t day = 42;
        if (civil_parse(cases[i], &day))
            fail_msg("accepted: %s", cases[i]);
        assert_int_equal(day, 42);
    }
    assert_int_equal(day_of("2024-02-29"), civil_day(2024, 2, 29));
    assert_int_equal(day_of("1900-01-01"), civil_day(1900, 1, 1));
    assert_int_equal(day_of("2200-12-31"), civil_day(2200, 12, 31));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_every_date_of_six_centuries),
        cmocka_unit_test(knows_some_dates),
        cmocka_unit_test(adds_months),
        cmocka_unit_test(refuses_what_is_no_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
