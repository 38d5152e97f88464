/* The day-by-day count of a span, as people read it. */
#include "core/span.h"

#include "calendar_fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct fixture fixture;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_finish(&fixture);
    return 0;
}

static struct span span_of(const char *text)
{
    struct span span;
    const char *why = "";
    if (span_parse(text, &span, &why) != 0)
        fail_msg("%s: %s", text, why);
    return span;
}

static const struct calendar *calendar_named(const char *name)
{
    return fixture_find(&fixture, name);
}

static instant at_local(const char *text)
{
    return fixture_local(calendar_named("CN-STD"), text);
}

struct event_field {
    const char *name, *value;
};

static bool lookup(const void *data, const char *name, struct span_field *out)
{
    const struct event_field *field = data;
    return strcmp(field->name, name) == 0 && span_field_parse(field->value, out);
}

struct told {
    char text[2048];
    size_t n;
    int lines;
};

static void tell(void *data, const struct span_day *day)
{
    struct told *told = data;
    struct civil date = civil_of(day->day);
    told->lines++;
    if (told->n > sizeof told->text - 64)
        return;
    told->n += (size_t)snprintf(told->text + told->n, sizeof told->text - told->n, "%s%02d-%02d",
                                told->n ? " " : "", (int)date.month, (int)date.day);
    if (day->number)
        told->n +=
            (size_t)snprintf(told->text + told->n, sizeof told->text - told->n, "#%d", (int)day->number);
    if (day->used_ms)
        told->n += (size_t)snprintf(told->text + told->n, sizeof told->text - told->n, "=%dm",
                                    (int)(day->used_ms / MINUTE_MS));
    if (day->why)
        told->n += (size_t)snprintf(told->text + told->n, sizeof told->text - told->n, "(%s)", day->why);
    told->n +=
        (size_t)snprintf(told->text + told->n, sizeof told->text - told->n, "%s", day->counts ? "" : "!");
}

static void counts_are_explained(void **state)
{
    static const struct {
        const char *start, *span, *from, *to; /* a pause */
        const char *lines;                    /* '!' behind what does not count */
    } cases[] = {
        {"2026-09-29T16:40", "3wd", NULL, NULL,
         "09-29(start)! 09-30#1 10-01(off)! 10-02(off)! 10-03(off)! 10-04(off)! 10-05(off)! 10-06(off)! "
         "10-07(off)! "
         "10-08#2 10-09#3"},
        {"2026-11-09T10:00", "5wd", "2026-11-10T14:00", "2026-11-12T10:00",
         "11-09(start)! 11-10#1 11-11(paused)! 11-12(paused)! 11-13#2 11-14! 11-15! 11-16#3 11-17#4 11-18#5"},
        {"2026-11-06T17:00", "8wh", NULL, NULL, "11-06=60m 11-07! 11-08! 11-09=420m"},
        {"2026-02-13T16:00", "8wh", "2026-02-14T10:00", "2026-02-24T17:00",
         "02-13=120m 02-14=60m(work) 02-15(off)! 02-16(off)! 02-17(off)! 02-18(off)! 02-19(off)! 02-20(off)! "
         "02-21(off)! 02-22(off)! 02-23(off)! 02-24=60m 02-25=240m"},
        {"2026-11-06T17:00", "24h", NULL, NULL, "11-06=420m 11-07=1020m"},
        {"2026-11-06T17:00", "24h@open", NULL, NULL, "11-06=420m 11-07=1020m 11-08! 11-09!"},
        {"2026-09-30T10:00", "24h@open+2wh", NULL, NULL,
         "09-30=840m 10-01=600m(off) 10-02(off)! 10-03(off)! 10-04(off)! 10-05(off)! 10-06(off)! "
         "10-07(off)! 10-08!"},
        {"2026-11-06T17:00", "24h@open", "2026-11-06T18:00", "2026-11-06T20:00",
         "11-06=300m 11-07=1140m 11-08! 11-09!"},
        {"2026-09-24T09:00", "day:3@18:00", NULL, NULL,
         "09-24#1 09-25#2(off) 09-26#3(off) 09-27(off)! 09-28!"},
        {"2026-09-24T09:00", "wday:2@18:00", NULL, NULL,
         "09-24#1 09-25(off)! 09-26(off)! 09-27(off)! 09-28#2"},
        {"2026-10-01T00:00", "wdom:2@18:00", NULL, NULL,
         "10-01(off)! 10-02(off)! 10-03(off)! 10-04(off)! 10-05(off)! 10-06(off)! 10-07(off)! 10-08#1 "
         "10-09#2"},
        {"2026-11-20T00:00", "wdom:-2@18:00", NULL, NULL, "11-27#-2 11-28! 11-29! 11-30#-1"},
        {"2026-04-01T09:00", "6mo@18:00", NULL, NULL,
         "04-01(start)! 10-01(off)! 10-02(off)! 10-03(off)! 10-04(off)! 10-05(off)! 10-06(off)! 10-07(off)! "
         "10-08"},
        {"2026-11-09T10:00", "2d", NULL, NULL, "11-09(start)! 11-10#1 11-11#2"},
        {"2026-11-09T10:00", "-2wd@10:00", NULL, NULL, "11-09(start)! 11-08! 11-07! 11-06#1 11-05#2"},
        {"2026-11-09T10:00", "-2wh", NULL, NULL, "11-06=60m 11-07! 11-08! 11-09=60m"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span span = span_of(cases[i].span);
        struct pause pause = {0};
        struct span_request request = {.span = &span, .calendar = calendar_named("CN-STD"), .pauses = &pause};
        struct told told = {{0}, 0, 0};
        request.start = at_local(cases[i].start);
        if (cases[i].from) {
            pause = (struct pause){at_local(cases[i].from), at_local(cases[i].to)};
            request.n_pauses = 1;
        }
        instant due, explained;
        assert_int_equal(span_resolve(&request, &due), 0);
        assert_int_equal(span_explain(&request, tell, &told, &explained), 0);
        assert_int_equal(due, explained);
        if (strcmp(told.text, cases[i].lines) != 0)
            fail_msg("%s from %s:\n%s, not\n%s", cases[i].span, cases[i].start, cases[i].lines, told.text);
    }
}

static void explanations_are_bounded(void **state)
{
    static const char *const spans[] = {"20y",     "20y@18:00", "3000wd",  "7306d",
                                        "20000wh", "87600h",    "wdoq:-1", "5wd"};
    (void)state;
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        struct span span = span_of(spans[i]);
        struct span_request request = {.span = &span, .calendar = calendar_named("CN-STD")};
        struct told told = {{0}, 0, 0};
        instant due;
        request.start = at_local("2026-11-09T10:00");
        assert_int_equal(span_explain(&request, tell, &told, &due), 0);
        assert_in_range(told.lines, 1, 400);
    }
    struct span span = span_of("at:f");
    struct span_request request = {.span = &span, .calendar = calendar_named("CN-STD")};
    struct told told = {{0}, 0, 0};
    instant due;
    assert_int_equal(span_explain(&request, tell, &told, &due), -ENOENT);
    assert_int_equal(told.lines, 0);
    struct event_field field = {"f", "2026-11-13"};
    request.lookup = lookup;
    request.lookup_data = &field;
    assert_int_equal(span_explain(&request, tell, &told, &due), 0);
    assert_string_equal(told.text, "11-13");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_explained),
        cmocka_unit_test(explanations_are_bounded),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
