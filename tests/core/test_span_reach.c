#include "core/span.h"

#include "calendar_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static bool lookup(const void *data, const char *field, struct span_field *out)
{
    (void)field;
    return span_field_parse(data, out);
}

static void test_dates_that_a_span_depends_on(void **state)
{
    static const struct {
        const char *span, *from, *field, *first, *last; /* first NULL: none */
    } cases[] = {
        {"24h", "2026-12-31T15:00:00+08:00", "", NULL, NULL},
        {"24h@open", "2026-12-31T15:00:00+08:00", "", "2027-01-01", "2027-01-01"},
        {"24h@open", "2026-11-06T15:00:00+08:00", "", "2026-11-07", "2026-11-09"},
        {"24h@open", "2026-11-09T15:00:00+08:00", "", "2026-11-10", "2026-11-10"}, /* that it is worked */
        {"8wh", "2026-12-30T15:00:00+08:00", "", "2026-12-30", "2026-12-31"},
        {"5wd", "2026-11-16T15:00:00+08:00", "", "2026-11-16", "2026-11-23"},
        {"2d", "2026-11-16T15:00:00+08:00", "", NULL, NULL},
        {"5d@18:00", "2026-11-16T15:00:00+08:00", "", "2026-11-21", "2026-11-23"},
        {"1mo", "2026-11-16T15:00:00+08:00", "", NULL, NULL},
        {"wday:3@18:00", "2026-11-16T15:00:00+08:00", "", "2026-11-16", "2026-11-18"},
        {"day:6@18:00", "2026-11-16T15:00:00+08:00", "", "2026-11-21", "2026-11-23"},
        {"wdom:2@18:00", "2026-11-16T15:00:00+08:00", "", "2026-11-16", "2026-12-02"},
        {"wdom:-1@18:00", "2026-11-16T15:00:00+08:00", "", "2026-11-16", "2026-11-30"},
        {"wdom:-1@18:00", "2026-10-12T15:00:00+08:00", "", "2026-10-12", "2026-10-31"}, /* due on the 30th */
        {"wdoq:-1@18:00", "2026-11-16T15:00:00+08:00", "", "2026-11-16", "2026-12-31"},
        {"at:f", "2026-11-16T15:00:00+08:00", "2027-01-05", NULL, NULL},
        {"at:f - 5wd", "2026-11-16T15:00:00+08:00", "2026-11-30", "2026-11-23", "2026-11-30"},
        {"at:f - 1mo", "2026-11-16T15:00:00+08:00", "2026-12-28", "2026-11-27", "2026-11-28"},
    };
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span span;
        const char *why = "";
        struct span_request request = {.span = &span,
                                       .calendar = fixture_find(&fixture, "CN-STD"),
                                       .lookup = lookup,
                                       .lookup_data = cases[i].field};
        instant due;
        int32_t first = 0, last = 0;
        assert_int_equal(span_parse(cases[i].span, &span, &why), 0);
        assert_true(instant_parse(cases[i].from, &request.start));
        assert_int_equal(span_resolve(&request, &due), 0);
        bool depends = span_reach(&request, due, &first, &last);
        if (depends != (cases[i].first != NULL) ||
            (depends && (first != fixture_day(cases[i].first) || last != fixture_day(cases[i].last))))
            fail_msg("%s: %d, %d days from %d", cases[i].span, depends, (int)(last - first), (int)first);
    }
    fixture_finish(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_dates_that_a_span_depends_on)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
