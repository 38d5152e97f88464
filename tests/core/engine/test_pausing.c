/* The pause ledger: how long a pause may last, what it does to the due, and pauses that are told late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

static void say(struct world *world, const char *at, const char *type)
{
    assert_int_equal(world_event(world, at, type, "case", "c", "person", "zhang.wei", NULL), 0);
}

static void reload_changes_nothing(struct world *world)
{
    char *before = world_snapshot(world);
    instant next = engine_next(world_engine(world));
    world_reload(world);
    char *after = world_snapshot(world);
    assert_string_equal(before, after);
    assert_true(next == engine_next(world_engine(world)));
    free(before);
    free(after);
}

static void test_the_clock_runs_again_by_itself(void **state)
{
    struct world *world = *state;

    say(world, "2026-11-16T10:00", "days.asked"); /* a Monday */
    world_until(world, "2026-11-17T09:00");
    assert_int_equal(world_only(world)->due, world_time("2026-11-23T18:00"));
    say(world, "2026-11-17T10:00", "days.held");
    assert_int_equal(world_only(world)->pause_ends, world_time("2026-11-20T10:00"));
    reload_changes_nothing(world);
    assert_int_equal(world_only(world)->pause_ends, world_time("2026-11-20T10:00"));
    world_until(world, "2026-11-20T09:59");
    assert_int_equal(world_only(world)->state, DEADLINE_PAUSED);
    world_until(world, "2026-11-20T10:00");
    assert_int_equal(world_only(world)->state, DEADLINE_OPEN);
    assert_int_equal(world_only(world)->due, world_time("2026-11-26T18:00"));
    assert_non_null(strstr(world_records(world), "\"why\":\"max_pause is used up\""));
    reload_changes_nothing(world);
    world_until(world, "2026-11-26T18:00");
    assert_string_equal(world_told(world), "reminder zhang.wei mail due-1wd\noverdue zhang.wei mail due");
}

static void test_several_pauses_share_the_bound(void **state)
{
    struct world *world = *state;

    say(world, "2026-11-16T09:00", "hours.asked"); /* due 18:00 */
    say(world, "2026-11-16T10:00", "hours.held");
    say(world, "2026-11-16T11:00", "hours.resumed");
    assert_int_equal(world_only(world)->due, world_time("2026-11-17T10:00"));
    say(world, "2026-11-16T14:00", "hours.held"); /* three hours are left */
    assert_int_equal(world_only(world)->pause_ends, world_time("2026-11-16T17:00"));
    world_until(world, "2026-11-16T17:30");
    assert_int_equal(world_only(world)->due, world_time("2026-11-17T14:00"));
    world_journal(world);
    say(world, "2026-11-16T17:40", "hours.held");
    assert_string_equal(world_journal(world), "unmatched");
    assert_int_equal(world_only(world)->state, DEADLINE_OPEN);
    assert_int_equal(world_only(world)->n_pauses, 2);
}

static void test_downtime_ends_the_pause_where_it_ended(void **state)
{
    struct world *world = *state;

    say(world, "2026-11-16T09:00", "hours.asked");
    say(world, "2026-11-16T10:00", "hours.held");
    world_jump(world, "2026-11-16T17:30"); /* it ended at 15:00 */
    assert_int_equal(world_only(world)->due, world_time("2026-11-17T14:00"));
    say(world, "2026-11-16T17:30", "hours.done");
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
}

/* The resume happened before the bound was reached, and is told after. */
static void test_a_late_resume_ends_the_pause_where_it_says(void **state)
{
    struct world *world = *state;

    say(world, "2026-11-16T09:00", "hours.asked");
    say(world, "2026-11-16T10:00", "hours.held");
    world_until(world, "2026-11-16T15:30");
    assert_int_equal(world_only(world)->due, world_time("2026-11-17T14:00"));
    world_late_event(world, "2026-11-16T15:40", "2026-11-16T11:00", "hours.resumed", "case", "c", NULL);
    assert_int_equal(world_only(world)->due, world_time("2026-11-17T10:00"));
    assert_int_equal(world_only(world)->state, DEADLINE_OPEN);
    reload_changes_nothing(world);
}

/* Due has passed when a pause is told that began before it: nobody was late. */
static void test_a_late_pause_takes_the_breach_back(void **state)
{
    struct world *world = *state;

    say(world, "2026-11-16T09:00", "hours.asked");
    world_until(world, "2026-11-16T18:30");
    assert_int_equal(world_only(world)->state, DEADLINE_OVERDUE);
    world_late_event(world, "2026-11-17T09:00", "2026-11-16T16:00", "hours.held", "case", "c", NULL);
    assert_int_equal(world_only(world)->state, DEADLINE_PAUSED);
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0); /* what was not sent yet is not sent any more */
    say(world, "2026-11-17T10:00", "hours.resumed");
    assert_int_equal(world_only(world)->state, DEADLINE_OPEN);
    assert_int_equal(world_only(world)->due, world_time("2026-11-17T12:00"));
}

static void test_what_was_late_before_the_pause_stays_late(void **state)
{
    struct world *world = *state;

    say(world, "2026-11-16T09:00", "hours.asked");
    world_until(world, "2026-11-17T09:00");
    say(world, "2026-11-17T09:30", "hours.held");
    say(world, "2026-11-17T10:00", "hours.resumed");
    assert_int_equal(world_only(world)->state, DEADLINE_OVERDUE);
    assert_int_equal(world_only(world)->due, world_time("2026-11-16T18:00"));
}

/* The clock stands still: what is done meanwhile is not late. */
static void test_met_while_paused_is_in_time(void **state)
{
    struct world *world = *state;

    say(world, "2026-11-16T09:00", "hours.asked");
    say(world, "2026-11-16T15:30", "hours.held");
    world_until(world, "2026-11-17T09:30");
    say(world, "2026-11-17T09:30", "hours.done");
    assert_int_equal(world_stat(world, "2026-11|bounded_hours|rd|met"), 1);
    assert_int_equal(world_stat(world, "2026-11|bounded_hours|rd|met_late"), 0);
}

/* It was late by then, and does not become later while the clock stands still. */
static void test_met_while_paused_is_as_late_as_it_was(void **state)
{
    struct world *world = *state;

    say(world, "2026-11-16T09:00", "hours.asked");
    world_until(world, "2026-11-17T09:00");
    say(world, "2026-11-17T09:30", "hours.held");
    say(world, "2026-11-17T11:30", "hours.done");
    assert_int_equal(world_stat(world, "2026-11|bounded_hours|rd|met_late"), 1);
    assert_non_null(strstr(world_records(world), "\"late_ms\":55800000,\"late_wm\":30"));
}

/* What was paused before a change counts after it, too. */
static void test_a_change_keeps_the_ledger(void **state)
{
    struct world *world = *state;

    say(world, "2026-11-16T10:00", "days.asked");
    say(world, "2026-11-17T10:00", "days.held");
    say(world, "2026-11-18T10:00", "days.resumed");
    assert_int_equal(world_only(world)->due, world_time("2026-11-24T18:00"));
    assert_int_equal(world_event(world, "2026-11-18T11:00", "days.changed", "case", "c", "long", "yes", NULL),
                     0);
    assert_int_equal(world_only(world)->due, world_time("2026-12-01T18:00"));
    say(world, "2026-11-19T10:00", "days.held"); /* two of three working days are left */
    assert_int_equal(world_only(world)->pause_ends, world_time("2026-11-23T10:00"));
}

/* A pause told out of order does not reach into the one before. */
static void test_pauses_do_not_overlap(void **state)
{
    struct world *world = *state;

    say(world, "2026-11-16T09:00", "hours.asked");
    say(world, "2026-11-16T10:00", "hours.held");
    say(world, "2026-11-16T11:00", "hours.resumed");
    world_late_event(world, "2026-11-16T11:30", "2026-11-16T10:30", "hours.held", "case", "c", NULL);
    assert_int_equal(world_only(world)->pauses[1].from, world_time("2026-11-16T11:00"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

/* Whatever waits would be asked for again and again until the deadline runs on, and nobody hears of it then.
 */
static void test_nothing_waits_while_it_is_paused(void **state)
{
    struct world *world = *state;
    const struct verdict retry = {.kind = VERDICT_RETRY, .delay_ms = 1000};
    const char *ids[64];

    say(world, "2026-11-16T10:00", "days.asked");
    world_until(world, "2026-11-20T18:00"); /* due-1wd */
    assert_int_equal(world_claim_all(world, ids, 1000), 1);
    say(world, "2026-11-20T18:01", "days.held");
    assert_non_null(engine_notification(world_engine(world), ids[0])); /* on its way: its verdict decides */
    world_journal(world);
    world_verdict(world, ids, 1, &retry);
    assert_string_equal(world_journal(world), "retry withdrawn");
    assert_null(engine_notification(world_engine(world), ids[0]));
    reload_changes_nothing(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_clock_runs_again_by_itself),
        TEST(test_several_pauses_share_the_bound),
        TEST(test_downtime_ends_the_pause_where_it_ended),
        TEST(test_a_late_resume_ends_the_pause_where_it_says),
        TEST(test_a_late_pause_takes_the_breach_back),
        TEST(test_what_was_late_before_the_pause_stays_late),
        TEST(test_met_while_paused_is_in_time),
        TEST(test_met_while_paused_is_as_late_as_it_was),
        TEST(test_a_change_keeps_the_ledger),
        TEST(test_pauses_do_not_overlap),
        TEST(test_nothing_waits_while_it_is_paused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
