#include "core/instant.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void reads_rfc3339(void **state)
{
    static const struct {
        const char *text;
        instant at;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T08:00:00+08:00", 0},
        {"2026-11-17T15:10:00+08:00", INT64_C(1794899400000)},
        {"2026-11-17 15:10:00+08:00", INT64_C(1794899400000)},
        {"2026-11-17t07:10:00z", INT64_C(1794899400000)},
        {"2026-11-17T07:10:00-00:00", INT64_C(1794899400000)},
        {"2026-11-17T02:40:00.5-04:30", INT64_C(1794899400500)},
        {"2026-11-17T07:10:00.1239999999999Z", INT64_C(1794899400123)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228799000)},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2024-02-29T00:00:00Z", INT64_C(1709164800000)},
        {"1900-01-01T00:00:00Z", INT64_C(-2208988800000)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        instant at = INSTANT_NONE;
        if (!instant_parse(cases[i].text, &at) || at != cases[i].at)
            fail_msg("%s: %lld, not %lld", cases[i].text, (long long)cases[i].at, (long long)at);
    }
}

static void refuses_everything_else(void **state)
{
    static const char *const cases[] = {
        "",
        "2026",
        "2026-11-17",
        "2026-11-17T",
        "2026-11-17T15",
        "2026-11-17T15:10",
        "2026-11-17T15:10:00",
        "2026-11-17T15:10+08:00",
        "2026-11-17T15:10:00+08",
        "2026-11-17T15:10:00+0800",
        "2026-11-17T15:10:00+24:00",
        "2026-11-17T15:10:00+08:60",
        "2026-11-17T15:10:00+08:00 ",
        " 2026-11-17T15:10:00+08:00",
        "2026-11-17T15:10:00Zulu",
        "2026-11-17T15:10:00.Z",
        "2026-11-17T15:10:00,5Z",
        "2026-11-17T24:00:00Z",
        "2026-11-17T15:60:00Z",
        "2026-11-17T15:10:61Z",
        "2026-02-29T15:10:00Z",
        "2026-13-01T15:10:00Z",
        "2026-00-10T15:10:00Z",
        "1899-12-31T15:10:00Z",
        "2201-01-01T15:10:00Z",
        "2026-11-17X15:10:00Z",
        "2026/11/17T15:10:00Z",
        "+026-11-17T15:10:00Z",
        "1794899400000",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        instant at = 42;
        if (instant_parse(cases[i], &at))
            fail_msg("accepted: %s", cases[i]);
        assert_int_equal(at, 42);
    }
}

static void writes_rfc3339(void **state)
{
    static const struct {
        instant at;
        int32_t offset_s;
        const char *text;
    } cases[] = {
        {0, 0, "1970-01-01T00:00:00+00:00"},
        {INT64_C(1794899400000), 8 * 3600, "2026-11-17T15:10:00+08:00"},
        {INT64_C(1794899400050), -(4 * 3600 + 1800), "2026-11-17T02:40:00.050-04:30"},
        {-1, 0, "1969-12-31T23:59:59.999+00:00"},
        {-1, -60, "1969-12-31T23:58:59.999-00:01"},
        {0, 8 * 3600 + 343, "1970-01-01T08:05:00+08:05"},
        {INT64_C(4133980799000), 0, "2100-12-31T23:59:59+00:00"},
        {INSTANT_NEVER, 8 * 3600, "never"},
        {INSTANT_NEVER - 1, 8 * 3600, "never"},
        {INSTANT_NONE, 8 * 3600, "none"},
        {INSTANT_NONE + 1, INT32_MAX, "none"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[INSTANT_TEXT_MAX];
        assert_string_equal(instant_format(cases[i].at, cases[i].offset_s, text), cases[i].text);
    }
}

static void writes_utc(void **state)
{
    char text[INSTANT_TEXT_MAX];
    (void)state;
    assert_string_equal(instant_format_utc(INT64_C(1794899400000), text), "2026-11-17T07:10:00Z");
    assert_string_equal(instant_format_utc(INT64_C(1794899400007), text), "2026-11-17T07:10:00.007Z");
    assert_string_equal(instant_format_utc(INSTANT_NEVER, text), "never");
}

static void reads_what_it_writes(void **state)
{
    (void)state;
    for (instant at = INT64_C(-2208000000000); at < INT64_C(7258000000000); at += INT64_C(98765432101)) {
        for (int32_t offset_s = -12 * 3600; offset_s <= 14 * 3600; offset_s += 2700) {
            char text[INSTANT_TEXT_MAX];
            instant again = 0;
            if (!instant_parse(instant_format(at, offset_s, text), &again) || again != at)
                fail_msg("%s", text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_rfc3339),        cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(writes_rfc3339),       cmocka_unit_test(writes_utc),
        cmocka_unit_test(reads_what_it_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
