/* Quiet hours on calendars: when a message may leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/civil.h"
#include "core/quiet.h"

#include "calendar_fixture.h"

static void test_forms(void **state)
{
    static const struct {
        const char *text, *shown;
    } good[] = {
        {"none", "none"},
        {"outside calendar", "outside calendar"},
        {"21:00-08:30", "21:00-08:30"},
        {"12:00-13:30", "12:00-13:30"},
        {"22:00-24:00", "22:00-00:00"},
        {"00:00-07:59", "00:00-07:59"},
    };
    static const char *const bad[] = {"",
                                      "night",
                                      "21-8",
                                      "21:00-8:30",
                                      "21:00 - 08:30",
                                      "21:00-8",
                                      "24:01-08:00",
                                      "25:00-08:00",
                                      "21:60-08:00",
                                      "08:00-08:00",
                                      "00:00-24:00",
                                      "21:00-24:01",
                                      "outside",
                                      "21:00-08:3x",
                                      "-1:00-08:00",
                                      "21:00-08:300",
                                      "None"};
    char text[QUIET_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct quiet quiet;
        const char *why = NULL;

        assert_int_equal(quiet_parse(good[i].text, &quiet, &why), 0);
        assert_string_equal(quiet_format(&quiet, text), good[i].shown);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct quiet quiet;
        const char *why = NULL;

        if (quiet_parse(bad[i], &quiet, &why) == 0 || !why) {
            fail_msg("\"%s\" was read", bad[i]);
        }
    }
    assert_string_equal(quiet_format(&(struct quiet){0}, text), "");
    assert_false(quiet_is_on(&(struct quiet){0}));
    assert_false(quiet_is_on(NULL));
}

static struct fixture fixture;

static int setup(void **state)
{
    (void)state;
    fixture_init(&fixture);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_finish(&fixture);
    return 0;
}

struct leave_case {
    const char *calendar, *quiet;
    const char *at;    /* local time of the calendar */
    const char *due;   /* NULL: nothing is pulled forward */
    const char *leave; /* NULL: at once */
};

static void test_when_it_leaves(void **state)
{
    /* 20 November 2026 is a Friday; 1 October a holiday in China, 10 October a Saturday that is worked. */
    static const struct leave_case cases[] = {
        {"CN-STD", "none", "2026-11-21T03:00", NULL, NULL},
        {"CN-STD", "21:00-08:30", "2026-11-20T08:30", NULL, NULL},
        {"CN-STD", "21:00-08:30", "2026-11-20T08:29", NULL, "2026-11-20T08:30"},
        {"CN-STD", "21:00-08:30", "2026-11-19T20:59", NULL, NULL},
        {"CN-STD", "21:00-08:30", "2026-11-19T21:00", NULL, "2026-11-20T08:30"},
        {"CN-STD", "21:00-08:30", "2026-11-20T21:00", NULL, "2026-11-23T08:30"},
        {"CN-STD", "21:00-08:30", "2026-11-21T12:00", NULL, "2026-11-23T08:30"},
        {"CN-STD", "21:00-08:30", "2026-09-30T22:00", NULL, "2026-10-08T08:30"},
        {"CN-STD", "21:00-08:30", "2026-10-10T12:00", NULL, NULL},
        {"CN-STD", "12:00-14:00", "2026-11-20T12:00", NULL, "2026-11-20T14:00"},
        {"CN-STD", "12:00-14:00", "2026-11-20T23:59", NULL, NULL},
        {"CN-STD", "12:00-14:00", "2026-11-21T00:00", NULL, "2026-11-23T00:00"},
        {"CN-STD", "18:00-24:00", "2026-11-20T19:00", NULL, "2026-11-23T00:00"},
        {"CN-STD", "outside calendar", "2026-11-20T12:30", NULL, "2026-11-20T13:00"},
        {"CN-STD", "outside calendar", "2026-11-20T18:00", NULL, "2026-11-23T09:00"},
        {"CN-SAT", "outside calendar", "2026-11-20T18:00", NULL, "2026-11-21T09:00"},
        {"US-247", "outside calendar", "2026-11-21T03:00", NULL, NULL},
        {"US-NIGHT", "outside calendar", "2026-11-21T03:00", NULL, NULL},
        {"US-NIGHT", "outside calendar", "2026-11-21T07:00", NULL, "2026-11-21T22:00"},
        /* before due: pushed if the opening comes in time, else pulled */
        {"CN-STD", "21:00-08:30", "2026-11-20T06:00", "2026-11-20T10:00", "2026-11-20T08:30"},
        {"CN-STD", "21:00-08:30", "2026-11-20T04:30", "2026-11-20T08:30", "2026-11-19T20:50"},
        {"CN-STD", "21:00-08:30", "2026-11-21T11:10", "2026-11-21T15:10", "2026-11-20T20:50"},
        {"CN-STD", "21:00-08:30", "2026-10-03T10:00", "2026-10-04T10:00", "2026-09-30T20:50"},
        {"CN-STD", "outside calendar", "2026-11-20T12:10", "2026-11-20T12:50", "2026-11-20T11:50"},
        {"CN-STD", "outside calendar", "2026-11-20T11:55", "2026-11-20T12:50", NULL},
        {"DE-BER", "12:05-12:00", "2026-11-21T10:00", "2026-11-21T12:00", "2026-11-20T12:00"},
        /* 29 March 2026: the clocks of Berlin go from 02:00 to 03:00; 25 October: from 03:00 to 02:00 */
        {"DE-247", "01:00-02:30", "2026-03-29T01:30", NULL, "2026-03-29T03:30"},
        {"DE-247", "22:00-02:30", "2026-10-25T01:00", NULL, "2026-10-25T02:30"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct leave_case *row = &cases[i];
        const struct calendar *calendar = fixture_find(&fixture, row->calendar);
        instant at = fixture_local(calendar, row->at);
        instant due = row->due ? fixture_local(calendar, row->due) : INSTANT_NEVER;
        instant wanted = fixture_local(calendar, row->leave ? row->leave : row->at);
        struct quiet quiet;
        const char *why;
        char got[INSTANT_TEXT_MAX];

        assert_int_equal(quiet_parse(row->quiet, &quiet, &why), 0);
        instant leave = quiet_leave(&quiet, calendar, at, due);
        if (leave != wanted) {
            fail_msg("%s, quiet %s, at %s due %s: %s, not %s", row->calendar, row->quiet, row->at,
                     row->due ? row->due : "-", instant_format_utc(leave, got),
                     row->leave ? row->leave : row->at);
        }
    }
}

/* Over a year and a change of the clocks: what leaves is open, is the first open moment, and comes in order.
 */
static void test_next_and_last_agree(void **state)
{
    static const char *const calendars[] = {"CN-STD", "CN-SAT", "DE-BER", "DE-NIGHT", "US-NY"};
    static const char *const forms[] = {"21:00-08:30", "outside calendar", "12:00-14:00", "02:00-03:00"};

    (void)state;
    for (size_t i = 0; i < 5 * 4; i++) {
        const struct calendar *calendar = fixture_find(&fixture, calendars[i % 5]);
        struct quiet quiet;
        const char *why;
        instant before = INSTANT_NONE;

        assert_int_equal(quiet_parse(forms[i / 5], &quiet, &why), 0);
        for (instant at = fixture_local(calendar, "2026-01-01T00:07");
             at < fixture_local(calendar, "2026-12-20T00:00"); at += 13 * HOUR_MS / 4) {
            instant next = quiet_next(&quiet, calendar, at), last = quiet_last(&quiet, calendar, at);

            assert_true(next >= at && next >= before && last <= at);
            assert_int_equal(quiet_next(&quiet, calendar, next), next);
            assert_int_equal(quiet_next(&quiet, calendar, last), last);
            assert_int_equal(quiet_last(&quiet, calendar, next), next);
            if (next > at) { /* it has just opened */
                assert_true(quiet_next(&quiet, calendar, next - 1) == next);
                assert_true(quiet_next(&quiet, calendar, next - MINUTE_MS) == next);
            }
            before = next;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_when_it_leaves),
        cmocka_unit_test(test_next_and_last_agree),
    };
    return cmocka_run_group_tests_name("quiet", tests, setup, teardown);
}
