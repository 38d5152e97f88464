/* Recurrences: what is read, what is refused and why, when each period opens and what it is called. */
#include "core/recurrence.h"

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

static struct recurrence recurrence_of(const char *text)
{
    struct recurrence recurrence;
    const char *why = "";
    if (recurrence_parse(text, &recurrence, &why) != 0)
        fail_msg("%s: %s", text, why);
    return recurrence;
}

static void texts_are_read_and_written_again(void **state)
{
    static const char *const texts[] = {
        "wdom:1@09:00",
        "wdom:-1@close",
        "wdoq:1@09:00",
        "wdoq:-1@18:00",
        "week:Mon@09:30",
        "2week:Fri@09:30 next",
        "day 15@09:00 next",
        "day 31@close prev",
        "year:11-01@09:00 next",
        "year:02-29@00:00",
        "2w",
        "10d@09:00",
        "1mo",
        "3mo@09:00 prev",
        "week:Sun@23:59",
    };
    char again[RECURRENCE_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct recurrence recurrence = recurrence_of(texts[i]);
        assert_string_equal(recurrence_format(&recurrence, again), texts[i]);
        assert_false(recurrence_is_none(&recurrence));
    }
    struct recurrence spaced = recurrence_of("  week:Mon@09:30   none ");
    assert_string_equal(recurrence_format(&spaced, again), "week:Mon@09:30");
    struct recurrence fortnight = recurrence_of("14d");
    assert_string_equal(recurrence_format(&fortnight, again), "2w");
    assert_true(recurrence_needs_anchor(&fortnight));
    assert_false(recurrence_needs_anchor(&spaced));
}

static void texts_are_refused_with_a_reason(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "there are wdom:N"},
        {"monthly", "there are wdom:N"},
        {"wdom:1", "the time is missing"},
        {"week:Mon", "the time is missing"},
        {"day:15@09:00", "day:N is a span"},
        {"wdom:0@09:00", "days are counted from 1"},
        {"wdom:32@09:00", "days are counted from 1"},
        {"wdoq:93@09:00", "days are counted from 1"},
        {"week:Monday@09:00", "the time is missing"},
        {"week:mon@09:00", "the weekday is one of"},
        {"53week:Mon@09:00", "at most 52week"},
        {"0week:Mon@09:00", "there are wdom:N"},
        {"day 32@09:00", "from 1 to 31"},
        {"day 15@9:00", "after @ comes a time"},
        {"day 15@24:00", "no such time of day"},
        {"day 15@09:00next", "something follows"},
        {"day 15@09:00 after", "behind the time stands"},
        {"day 15@09:00 next!", "something follows"},
        {"wdom:1@09:00 next", "a working day is never a day off"},
        {"year:13-01@09:00", "written as month and day"},
        {"year:02-30@09:00", "written as month and day"},
        {"year:2-3@09:00", "written as month and day"},
        {"2wd", "something follows"},
        {"60w", "at most 52w"},
        {"25mo", "at most 52w"},
        {"5wh", "something follows"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct recurrence recurrence;
        const char *why = NULL;
        if (recurrence_parse(cases[i].text, &recurrence, &why) != -EINVAL || !strstr(why, cases[i].why))
            fail_msg("\"%s\": %s", cases[i].text, why ? why : "was read");
    }
}

/* The next openings after an instant, on one calendar: "instant name" each. */
struct row {
    const char *text, *calendar;
    const char *anchor; /* or NULL */
    const char *after;
    const char *opens[4]; /* local time, then the period's name */
};

static const struct row rows[] = {
    {"wdom:1@09:00",
     "CN-STD",
     NULL,
     "2026-09-20T00:00",
     {"2026-10-08T09:00 2026-10", "2026-11-02T09:00 2026-11", "2026-12-01T09:00 2026-12"}},
    {"wdom:1@09:00",
     "CN-STD",
     NULL,
     "2026-11-02T08:59",
     {"2026-11-02T09:00 2026-11", "2026-12-01T09:00 2026-12"}},
    {"wdom:1@09:00", "CN-STD", NULL, "2026-11-02T09:00", {"2026-12-01T09:00 2026-12"}},
    {"wdom:-1@close",
     "CN-STD",
     NULL,
     "2026-01-10T00:00",
     {"2026-01-30T18:00 2026-01", "2026-02-28T18:00 2026-02", "2026-03-31T18:00 2026-03"}},
    /* February 2026 has 16 working days: it has no 20th, and is left out. */
    {"wdom:20@09:00",
     "CN-STD",
     NULL,
     "2026-01-20T00:00",
     {"2026-01-29T09:00 2026-01", "2026-03-27T09:00 2026-03"}},
    {"wdoq:1@09:00", "CN-STD", NULL, "2026-07-15T00:00", {"2026-10-08T09:00 2026-Q4"}},
    {"wdoq:-1@18:00",
     "CN-STD",
     NULL,
     "2026-07-15T00:00",
     {"2026-09-30T18:00 2026-Q3", "2026-12-31T18:00 2026-Q4"}},
    {"week:Mon@09:30",
     "CN-STD",
     NULL,
     "2026-12-24T00:00",
     {"2026-12-28T09:30 2026-W53", "2027-01-04T09:30 2027-W01", "2027-01-11T09:30 2027-W02"}},
    {"week:Mon@09:30", "CN-STD", NULL, "2024-12-29T00:00", {"2024-12-30T09:30 2025-W01"}},
    /* Spring Festival 2026-02-15..23: two Mondays are rolled to one morning, as periods of their own. */
    {"week:Mon@09:30 next",
     "CN-STD",
     NULL,
     "2026-02-12T00:00",
     {"2026-02-24T09:30 2026-W08", "2026-02-24T09:30 2026-W09", "2026-03-02T09:30 2026-W10"}},
    {"week:Mon@09:30 prev",
     "CN-STD",
     NULL,
     "2026-02-10T00:00",
     {"2026-02-14T09:30 2026-W08", "2026-02-14T09:30 2026-W09", "2026-03-02T09:30 2026-W10"}},
    {"week:Mon@09:30", "CN-STD", NULL, "2026-02-10T00:00", {"2026-02-16T09:30 2026-W08"}},
    {"2week:Mon@09:30",
     "CN-STD",
     NULL,
     "2026-11-18T00:00",
     {"2026-11-23T09:30 2026-W48", "2026-12-07T09:30 2026-W50"}},
    /* With an anchor the count begins at the first Monday behind it. */
    {"2week:Mon@09:30",
     "CN-STD",
     "2026-11-18T15:00",
     "2026-11-18T15:00",
     {"2026-11-23T09:30 2026-W48", "2026-12-07T09:30 2026-W50"}},
    {"2week:Mon@09:30",
     "CN-STD",
     "2026-11-23T10:00",
     "2026-11-23T10:00",
     {"2026-11-30T09:30 2026-W49", "2026-12-14T09:30 2026-W51"}},
    {"2week:Mon@09:30", "CN-STD", "2026-11-23T09:30", "2026-11-23T09:29", {"2026-11-23T09:30 2026-W48"}},
    {"day 15@09:00 next",
     "CN-STD",
     NULL,
     "2026-08-01T00:00",
     {"2026-08-17T09:00 2026-08", "2026-09-15T09:00 2026-09", "2026-10-15T09:00 2026-10",
      "2026-11-16T09:00 2026-11"}},
    {"day 15@09:00 prev", "CN-STD", NULL, "2026-08-01T00:00", {"2026-08-14T09:00 2026-08"}},
    {"day 15@09:00", "CN-STD", NULL, "2026-08-01T00:00", {"2026-08-15T09:00 2026-08"}},
    {"day 31@09:00",
     "CN-STD",
     NULL,
     "2026-02-01T00:00",
     {"2026-02-28T09:00 2026-02", "2026-03-31T09:00 2026-03"}},
    {"year:11-01@09:00 next",
     "CN-STD",
     NULL,
     "2026-03-01T00:00",
     {"2026-11-02T09:00 2026", "2027-11-01T09:00 2027"}},
    {"year:02-29@09:00",
     "CN-STD",
     NULL,
     "2026-03-01T00:00",
     {"2027-02-28T09:00 2027", "2028-02-29T09:00 2028"}},
    {"2w",
     "CN-STD",
     "2026-11-18T15:10",
     "2026-11-18T15:10",
     {"2026-12-02T15:10 2026-12-02", "2026-12-16T15:10 2026-12-16"}},
    {"2w@09:00", "CN-STD", "2026-11-18T15:10", "2026-12-02T09:00", {"2026-12-16T09:00 2026-12-16"}},
    {"2w@09:00 next",
     "CN-STD",
     "2026-09-19T15:10",
     "2026-09-20T00:00",
     {"2026-10-08T09:00 2026-10-03", "2026-10-19T09:00 2026-10-17"}},
    {"1mo",
     "CN-STD",
     "2026-01-31T10:00",
     "2026-01-31T10:00",
     {"2026-02-28T10:00 2026-02-28", "2026-03-31T10:00 2026-03-31"}},
    /* A wall clock time stays the same when the clocks change. */
    {"2w", "DE-BER", "2026-03-20T10:00", "2026-03-20T10:00", {"2026-04-03T10:00 2026-04-03"}},
    {"week:Sun@02:30",
     "DE-247",
     NULL,
     "2026-03-28T12:00",
     {"2026-03-29T03:30 2026-W13", "2026-04-05T02:30 2026-W14"}},
};

static void check_row(const struct row *row)
{
    const struct calendar *calendar = fixture_find(&fixture, row->calendar);
    struct recurrence recurrence = recurrence_of(row->text);
    struct recurring recurring = {.recurrence = &recurrence,
                                  .calendar = calendar,
                                  .anchor =
                                      row->anchor ? fixture_local(calendar, row->anchor) : INSTANT_NONE};
    instant at, after = fixture_local(calendar, row->after);
    int64_t period = recurrence_before(&recurring, after + 1);
    char name[RECURRENCE_NAME_MAX], shown[64], got[128];
    for (size_t i = 0; i < 4 && row->opens[i]; i++) {
        assert_int_equal(recurrence_after(&recurring, period, &period, &at), 0);
        assert_true(at > after);
        zone_format(calendar_zone(calendar), at, shown);
        snprintf(got, sizeof got, "%.16s %s", shown, recurrence_name(&recurring, period, name));
        if (strcmp(got, row->opens[i]) != 0)
            fail_msg("%s after %s: %s instead of %s", row->text, row->after, got, row->opens[i]);
        int64_t last;
        instant last_at;
        assert_int_equal(recurrence_last(&recurring, at, &last), 0);
        assert_int_equal(recurrence_at(&recurring, last, &last_at), 0);
        assert_int_equal(last_at, at);
        assert_true(last >= period);
    }
}

static void periods_open(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i]);
}

/* Whoever walks on from period to period meets each instant's last period, and no opening runs backwards. */
static void openings_never_run_backwards(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct calendar *calendar = fixture_find(&fixture, rows[i].calendar);
        struct recurrence recurrence = recurrence_of(rows[i].text);
        struct recurring recurring = {
            &recurrence, calendar, rows[i].anchor ? fixture_local(calendar, rows[i].anchor) : INSTANT_NONE};
        instant before = fixture_local(calendar, rows[i].after), at;
        int64_t period = recurrence_before(&recurring, before + 1), last;
        for (int k = 0; k < 60; k++) {
            assert_int_equal(recurrence_after(&recurring, period, &period, &at), 0);
            assert_true(at >= before);
            assert_int_equal(recurrence_last(&recurring, at, &last), 0);
            assert_true(last >= period);
            assert_true(recurrence_before(&recurring, at) < period);
            assert_int_equal(recurrence_before(&recurring, at + 1), last);
            before = at;
        }
    }
}

static void nothing_opens_where_nothing_can(void **state)
{
    struct recurrence never = recurrence_of("wdom:31@09:00"), fortnight = recurrence_of("2w");
    const struct calendar *calendar = fixture_find(&fixture, "CN-STD");
    struct recurring recurring = {&never, calendar, INSTANT_NONE};
    int64_t period;
    instant at;
    (void)state;
    assert_int_equal(recurrence_after(&recurring, 24320, &period, &at), -ERANGE);
    assert_int_equal(recurrence_at(&recurring, INT64_MAX / 2, &at), -ERANGE);
    recurring = (struct recurring){&fortnight, calendar, fixture_local(calendar, "2026-11-18T15:10")};
    assert_int_equal(recurrence_at(&recurring, 0, &at), -ERANGE); /* the anchor itself opens nothing */
    assert_int_equal(recurrence_last(&recurring, recurring.anchor, &period), -ERANGE);
    assert_int_equal(recurrence_before(&recurring, recurring.anchor), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_read_and_written_again),
        cmocka_unit_test(texts_are_refused_with_a_reason),
        cmocka_unit_test(periods_open),
        cmocka_unit_test(openings_never_run_backwards),
        cmocka_unit_test(nothing_opens_where_nothing_can),
    };
    return cmocka_run_group_tests_name("recurrence", tests, set_up, tear_down);
}
