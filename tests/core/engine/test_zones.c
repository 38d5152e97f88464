/* Deadlines whose owner and head live in different time zones: the due is counted in the owner's calendar,
 * over the nights on which clocks change, also behind the year 2037. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

static instant at(const char *text)
{
    instant out;

    if (!instant_parse(text, &out))
        fail_msg("%s: no time", text);
    return out;
}

/* The same instant as the tests' world writes it: Shanghai's wall clock, which is eight hours from UTC. */
static const char *in_shanghai(const char *text, char into[static INSTANT_TEXT_MAX])
{
    instant_format(at(text), 8 * 3600, into);
    into[strlen("2026-11-17T15:10")] = '\0';
    return into;
}

/* Opens `rule` for `who`; nothing but the opening may depend on when the engine was built. */
static instant opened_due(const char *rule, const char *who, const char *opened, const char *until)
{
    struct world *world = world_open();
    char type[32], local[INSTANT_TEXT_MAX];

    (void)snprintf(type, sizeof type, "%s.asked", rule);
    assert_int_equal(world_event(world, in_shanghai(opened, local), type, "id", "e1", "case", "c1", "who",
                                 who, "until", until, NULL),
                     0);
    char *before = world_snapshot(world);
    world_reload(world);
    char *after = world_snapshot(world);
    assert_string_equal(before, after);
    free(before);
    free(after);
    instant due = world_only(world)->due;
    world_close(world);
    return due;
}

static void dues_are_counted_where_the_owner_is(void **state)
{
    static const struct {
        const char *rule, *who, *opened, *due;
        const char *until;
    } cases[] = {
        /* Friday afternoon before Berlin's clocks go forward, and back. */
        {"hours", "anna", "2026-03-27T16:00:00+01:00", "2026-03-30T16:00:00+02:00", "-"},
        {"hours", "anna", "2026-10-23T16:00:00+02:00", "2026-10-26T16:00:00+01:00", "-"},
        {"days", "anna", "2026-03-27T16:00:00+01:00", "2026-03-31T17:30:00+02:00", "-"},
        {"days", "li.lei", "2026-03-27T16:00:00+01:00", "2026-03-31T18:00:00+08:00", "-"},
        /* Friday 23:30 in Shanghai is Friday in Berlin; Saturday 00:30 is, too. */
        {"days", "anna", "2026-03-28T00:30:00+08:00", "2026-03-31T17:30:00+02:00", "-"},
        {"elapsed", "anna", "2026-03-28T12:00:00+01:00", "2026-03-29T13:00:00+02:00", "-"},
        {"elapsed", "anna", "2026-10-24T12:00:00+02:00", "2026-10-25T11:00:00+01:00", "-"},
        /* Half past two does not exist; half past two comes twice, and the first is meant. */
        {"civil", "anna", "2026-03-28T02:30:00+01:00", "2026-03-29T03:30:00+02:00", "-"},
        {"civil", "anna", "2026-10-24T02:30:00+02:00", "2026-10-25T02:30:00+02:00", "-"},
        {"civil", "li.lei", "2026-03-28T02:30:00+01:00", "2026-03-29T09:30:00+08:00", "-"},
        /* The years that zone files do not list any more. */
        {"hours", "anna", "2041-03-29T16:00:00+01:00", "2041-04-01T16:00:00+02:00", "-"},
        {"hours", "anna", "2041-10-25T16:00:00+02:00", "2041-10-28T16:00:00+01:00", "-"},
        {"civil", "anna", "2041-03-30T02:30:00+01:00", "2041-03-31T03:30:00+02:00", "-"},
        {"civil", "anna", "2041-10-26T02:30:00+02:00", "2041-10-27T02:30:00+02:00", "-"},
        {"year", "anna", "2036-07-01T10:00:00+02:00", "2037-07-01T18:00:00+02:00", "-"},
        {"year", "anna", "2037-07-01T10:00:00+02:00", "2038-07-01T18:00:00+02:00", "-"},
        {"year", "anna", "2037-12-31T10:00:00+01:00", "2038-12-31T18:00:00+01:00", "-"},
        /* A night of 22 to 6 lasts seven hours in March, nine in November. */
        {"night", "nick", "2026-03-07T20:00:00-05:00", "2026-03-08T06:00:00-04:00", "-"},
        {"night", "nick", "2026-10-31T20:00:00-04:00", "2026-11-01T04:00:00-05:00", "-"},
        {"night", "nick", "2040-03-10T20:00:00-05:00", "2040-03-11T06:00:00-04:00", "-"},
        {"night", "nick", "2040-11-03T20:00:00-04:00", "2040-11-04T04:00:00-05:00", "-"},
        /* A date that an event names is a date where the owner is; an instant is the same everywhere. */
        {"named", "anna", "2026-03-02T10:00:00+01:00", "2026-03-31T17:30:00+02:00", "2026-03-31"},
        {"named", "li.lei", "2026-03-02T10:00:00+01:00", "2026-03-31T18:00:00+08:00", "2026-03-31"},
        {"named", "anna", "2026-03-02T10:00:00+01:00", "2026-03-31T18:00:00+08:00",
         "2026-03-31T18:00:00+08:00"},
        {"before", "anna", "2026-03-02T10:00:00+01:00", "2026-03-27T16:30:00+01:00",
         "2026-03-30T12:30:00+02:00"},
        {"before", "anna", "2041-03-04T10:00:00+01:00", "2041-04-01T13:30:00+02:00", "2041-04-01"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[INSTANT_TEXT_MAX];
        instant due = opened_due(cases[i].rule, cases[i].who, cases[i].opened, cases[i].until);
        if (due != at(cases[i].due))
            fail_msg("%s of %s, opened %s: %s, not %s", cases[i].rule, cases[i].who, cases[i].opened,
                     instant_format_utc(due, got), cases[i].due);
    }
}

/* Anna owes it, Li Lei hears of it: due and its steps are counted in Berlin. */
static void a_ladder_climbs_on_the_owners_clock(void **state)
{
    static const struct verdict delivered = {.kind = VERDICT_DELIVERED};
    struct world *world = *state;
    char local[INSTANT_TEXT_MAX];

    world_event(world, in_shanghai("2026-03-27T16:00:00+01:00", local), "hours.asked", "id", "e1", "case",
                "c1", "who", "anna", NULL);
    world_until(world, in_shanghai("2026-03-30T15:59:00+02:00", local));
    assert_string_equal(world_told(world), "");
    world_until(world, in_shanghai("2026-03-30T16:00:00+02:00", local));
    assert_string_equal(world_told(world), "overdue anna mail due");
    world_deliver(world, &delivered);
    /* Half an hour of Monday's lunch lies behind; ten o'clock on Tuesday is Berlin's. */
    world_until(world, in_shanghai("2026-03-31T09:59:00+02:00", local));
    assert_string_equal(world_told(world), "");
    world_until(world, in_shanghai("2026-03-31T10:00:00+02:00", local));
    assert_string_equal(world_told(world), "escalation li.lei mail due+1wd\noverdue anna mail due+1wd copy");
    world_deliver(world, &delivered);
    world_reload(world);
    world_until(world, in_shanghai("2026-03-31T11:29:00+02:00", local));
    assert_string_equal(world_told(world), "");
    world_until(world, in_shanghai("2026-03-31T11:30:00+02:00", local));
    assert_string_equal(world_told(world), "escalation li.lei mail due+4wh\noverdue anna mail due+4wh copy");
}

/* A pause over the night on which the clocks change takes out what passed on the owner's clock. */
static void a_pause_over_a_change_of_the_clock(void **state)
{
    struct world *world = *state;
    char local[INSTANT_TEXT_MAX];

    world_event(world, in_shanghai("2026-03-28T12:00:00+01:00", local), "elapsed.asked", "id", "e1", "case",
                "c1", "who", "anna", NULL);
    world_event(world, in_shanghai("2026-03-28T20:00:00+01:00", local), "case.held", "case", "c1", NULL);
    world_event(world, in_shanghai("2026-03-29T08:00:00+02:00", local), "case.resumed", "case", "c1", NULL);
    /* Eleven hours of pause, though the wall clocks say twelve. */
    assert_int_equal(world_only(world)->due, at("2026-03-30T00:00:00+02:00"));
}

static void hours_paused_in_berlin_are_berlins(void **state)
{
    struct world *world = *state;
    char local[INSTANT_TEXT_MAX];

    world_event(world, in_shanghai("2026-03-27T16:00:00+01:00", local), "hours.asked", "id", "e1", "case",
                "c1", "who", "anna", NULL);
    world_event(world, in_shanghai("2026-03-27T17:00:00+01:00", local), "case.held", "case", "c1", NULL);
    world_event(world, in_shanghai("2026-03-30T09:30:00+02:00", local), "case.resumed", "case", "c1", NULL);
    /* One hour is used on Friday; seven remain from Monday half past nine, lunch is not counted. */
    assert_int_equal(world_only(world)->due, at("2026-03-30T17:00:00+02:00"));
}

/* Li Lei leads when it opens; Anna leads when it is looked at next. Its due stays, its steps go by her clock.
 */
static void a_new_owner_brings_the_own_clock(void **state)
{
    static const struct config_choice moved = {.directory = TEST_SOURCE_DIR "/world-zones/moved.d"};
    struct world *world = *state;
    char local[INSTANT_TEXT_MAX];

    world_event(world, "2026-03-24T10:00", "led.asked", "id", "e1", "case", "c1", "department", "rd", NULL);
    world_until(world, "2026-03-25T09:00");
    world_take(world, &moved);
    assert_string_equal(world_only(world)->owner, "li.lei");
    world_until(world, "2026-03-25T10:00");
    assert_string_equal(world_only(world)->owner, "anna");
    assert_int_equal(world_only(world)->due, at("2026-03-26T18:00:00+08:00"));
    assert_string_equal(world_told(world), ""); /* not yet ten in Berlin */
    world_until(world, in_shanghai("2026-03-25T09:59:00+01:00", local));
    assert_string_equal(world_told(world), "");
    world_until(world, in_shanghai("2026-03-25T10:00:00+01:00", local));
    assert_string_equal(world_told(world), "reminder anna mail due-1wd");
    /* Thursday 18:00 in Shanghai is eleven in Berlin: four of her working hours later, lunch left out. */
    world_until(world, in_shanghai("2026-03-26T15:29:00+01:00", local));
    assert_string_equal(world_told(world), "overdue anna mail due");
    world_until(world, in_shanghai("2026-03-26T15:30:00+01:00", local));
    assert_string_equal(world_told(world), "escalation nick mail due+4wh\noverdue anna mail due+4wh copy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dues_are_counted_where_the_owner_is),
        cmocka_unit_test_setup_teardown(a_ladder_climbs_on_the_owners_clock, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(a_pause_over_a_change_of_the_clock, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(a_new_owner_brings_the_own_clock, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(hours_paused_in_berlin_are_berlins, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
