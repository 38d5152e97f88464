/* Dues that depend on days no calendar covers yet: marked, warned of, counted again when the notice is there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

static const struct verdict delivered = {.kind = VERDICT_DELIVERED};

static void ask(struct world *world, const char *at, const char *type)
{
    assert_int_equal(world_event(world, at, type, "plan", "p", "person", "zhang.wei", NULL), 0);
}

static void cut_off(struct world *world, const char *at, const char *plan, const char *day)
{
    assert_int_equal(
        world_event(world, at, "cutoff.asked", "plan", plan, "person", "zhang.wei", "day", day, NULL), 0);
}

static void reload_changes_nothing(struct world *world)
{
    char *before = world_snapshot(world);
    world_reload(world);
    world_jump(world, "2026-01-01T00:00"); /* nothing is due, but a recount would come */
    char *after = world_snapshot(world);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

/* Seven working days from Tuesday 29 December: 30 and 31, not 1 January by law, then 4 to 8 January. */
static void test_opened_into_an_uncovered_year(void **state)
{
    struct world *world = *state;

    ask(world, "2026-12-29T10:00", "plan.asked");
    assert_true(world_only(world)->provisional);
    assert_int_equal(world_only(world)->due, world_time("2027-01-08T18:00"));
    assert_non_null(strstr(world_records(world), "\"provisional\":true"));
    assert_int_equal(engine_count(world_engine(world)).provisional, 1);
    assert_int_equal(engine_count(world_engine(world)).first_provisional, world_time("2027-01-08T18:00"));
    world_jump(world, "2026-12-29T10:00");
    reload_changes_nothing(world);
}

static void test_within_the_known_years_it_is_not(void **state)
{
    struct world *world = *state;

    ask(world, "2026-11-16T10:00", "plan.asked");
    assert_false(world_only(world)->provisional);
    cut_off(world, "2026-11-16T10:00", "q", "2026-12-30");
    assert_int_equal(engine_count(world_engine(world)).provisional, 0);
    /* The due lies in 2026, the dates that it is counted from do not. */
    cut_off(world, "2026-11-16T10:00", "r", "2027-01-05");
    assert_int_equal(engine_count(world_engine(world)).provisional, 1);
}

static void test_warned_of_sixty_days_before(void **state)
{
    struct world *world = *state;

    assert_int_equal(world_event(world, "2026-11-02T10:00", "plan.asked", "plan", "p", "person", "zhang.wei",
                                 "long", "yes", NULL),
                     0);
    assert_int_equal(world_only(world)->due, world_time("2027-01-26T18:00"));
    world_until(world, "2026-11-27T17:59");
    assert_int_equal(engine_count(world_engine(world)).warned, 0);
    world_journal(world);
    world_until(world, "2026-11-27T18:00");
    assert_string_equal(world_journal(world), "provisional");
    assert_int_equal(engine_count(world_engine(world)).warned, 1);
    assert_int_equal(world_stat(world, "2027-01|plan|rd|provisional"), 1);
    reload_changes_nothing(world);
    world_until(world, "2026-12-20T18:00");
    assert_string_equal(world_journal(world), ""); /* once */
    assert_string_equal(world_told(world), "");    /* operators hear of it, not the owner */
}

/* The notice says what the law said: the due stays, and is settled. */
static void test_settled_by_the_notice(void **state)
{
    struct world *world = *state;

    ask(world, "2026-12-29T10:00", "plan.asked");
    world_journal(world);
    world_reload_with(world, "cuiban-2027.cfg");
    world_jump(world, "2026-12-29T10:01");
    assert_string_equal(world_journal(world), "recounted");
    assert_int_equal(world_only(world)->due, world_time("2027-01-08T18:00"));
    assert_false(world_only(world)->provisional);
    world_reload(world);
    assert_true(engine_next(world_engine(world)) > world_now(world)); /* once */
}

static void test_moved_by_the_notice(void **state)
{
    struct world *world = *state;

    /* Three working days before 12 February: by law 11, 10, 9; by the notice 3, 2, 1. */
    cut_off(world, "2026-11-02T10:00", "p", "2027-02-12");
    assert_int_equal(world_only(world)->due, world_time("2027-02-09T18:00"));
    world_until(world, "2026-12-15T10:00");
    world_journal(world);
    world_records(world);
    world_reload_with(world, "cuiban-2027.cfg");
    world_jump(world, "2026-12-15T10:01");
    assert_string_equal(world_journal(world), "recounted");
    assert_int_equal(world_only(world)->due, world_time("2027-02-01T18:00"));
    assert_false(world_only(world)->provisional);
    assert_false(world_only(world)->warned);
    const char *records = world_records(world);
    assert_non_null(strstr(records, "\"why\":\"the calendars have changed\""));
    assert_non_null(strstr(records, "\"was\":1802167200000"));
    reload_changes_nothing(world);
    world_until(world, "2027-02-01T17:00");
    assert_string_equal(world_told(world), "reminder zhang.wei mail due-1wd"); /* 30 January, a Saturday */
}

/* It was late by the old calendar; by the new one it is not: what is not sent yet is not sent, the ladder
 * begins anew. */
static void test_a_later_due_takes_the_breach_back(void **state)
{
    struct world *world = *state;

    ask(world, "2027-01-31T10:00", "plan.asked"); /* by law: 1, 2, 3, 4, 9, 10, 11 February */
    world_until(world, "2027-02-11T18:00");
    assert_int_equal(world_only(world)->state, DEADLINE_OVERDUE);
    assert_int_equal(world_table(world, TABLE_OUTBOX), 1);
    world_told(world);
    world_reload_with(world, "cuiban-2027.cfg");
    world_jump(world, "2027-02-11T18:01"); /* by the notice: 1, 2, 3, 12, 13, 15, 16 February */
    assert_int_equal(world_only(world)->due, world_time("2027-02-16T18:00"));
    assert_int_equal(world_only(world)->state, DEADLINE_OPEN);
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);
    assert_string_equal(world_told(world), "");
    assert_int_equal(world_stat(world, "2027-02|plan|rd|recounted"), 1);
    world_until(world, "2027-02-16T18:00");
    assert_string_equal(world_told(world), "reminder zhang.wei mail due-1wd\noverdue zhang.wei mail due");
}

/* The notice moves the due before now: nobody becomes late by that. */
static void test_nobody_becomes_late_by_a_notice(void **state)
{
    struct world *world = *state;

    cut_off(world, "2027-01-20T10:00", "p", "2027-02-12");
    world_until(world, "2027-02-02T10:00");
    world_told(world);
    world_journal(world);
    world_reload_with(world, "cuiban-2027.cfg");
    world_jump(world, "2027-02-02T10:01");
    assert_int_equal(world_only(world)->due, world_time("2027-02-09T18:00"));
    assert_int_equal(world_only(world)->state, DEADLINE_OPEN);
    assert_false(world_only(world)->provisional);
    assert_string_equal(world_journal(world), "recounted");
    assert_string_equal(world_told(world), "");
}

/* The rung before the new due has passed: it is told once, and the due when it comes. */
static void test_an_earlier_due_does_not_shout(void **state)
{
    struct world *world = *state;

    cut_off(world, "2027-01-20T10:00", "p", "2027-02-12");
    world_until(world, "2027-01-31T10:00");
    assert_string_equal(world_told(world), "");
    world_reload_with(world, "cuiban-2027.cfg");
    world_jump(world, "2027-01-31T10:01");
    assert_int_equal(world_only(world)->due, world_time("2027-02-01T18:00"));
    assert_string_equal(world_told(world), "reminder zhang.wei mail due-1wd");
    world_until(world, "2027-02-01T18:00");
    assert_string_equal(world_told(world), "overdue zhang.wei mail due");
    world_deliver(world, &delivered);
}

static void test_keep_keeps_the_due(void **state)
{
    struct world *world = *state;

    ask(world, "2027-01-29T10:00", "kept.asked"); /* by law: 1, 2, 3, 4, 9, 10, 11 February */
    assert_int_equal(world_only(world)->due, world_time("2027-02-11T18:00"));
    assert_true(world_only(world)->provisional);
    world_reload_with(world, "cuiban-2027.cfg");
    world_jump(world, "2027-01-29T10:01");
    assert_int_equal(world_only(world)->due, world_time("2027-02-11T18:00"));
    assert_false(world_only(world)->provisional);
}

static void test_a_paused_one_is_counted_when_it_resumes(void **state)
{
    struct world *world = *state;

    ask(world, "2027-01-27T10:00", "plan.asked"); /* by law: 28, 29 January, 1, 2, 3, 4, 9 February */
    assert_int_equal(world_only(world)->due, world_time("2027-02-09T18:00"));
    ask(world, "2027-01-27T11:00", "plan.held");
    world_reload_with(world, "cuiban-2027.cfg");
    world_jump(world, "2027-01-27T12:00");
    assert_int_equal(world_only(world)->state, DEADLINE_PAUSED);
    ask(world, "2027-01-27T15:00",
        "plan.resumed"); /* by the notice: 28, 29, 30 January, 1, 2, 3, 12 February */
    assert_int_equal(world_only(world)->due, world_time("2027-02-12T18:00"));
    assert_false(world_only(world)->provisional);
}

/* The pauses are replayed: a due that a pause had moved is not counted as if there had been none. */
static void test_pauses_are_replayed(void **state)
{
    struct world *world = *state;

    ask(world, "2027-01-26T10:00", "plan.asked"); /* 27, 28, 29 January, 1, 2, 3, 4 February */
    assert_int_equal(world_only(world)->due, world_time("2027-02-04T18:00"));
    ask(world, "2027-01-26T11:00", "plan.held");
    ask(world, "2027-01-27T11:00", "plan.resumed"); /* one working day */
    assert_int_equal(world_only(world)->due, world_time("2027-02-09T18:00"));
    world_reload_with(world, "cuiban-2027.cfg");
    world_jump(world, "2027-01-27T11:01"); /* 28, 29, 30 January, 1, 2, 3 and 12 February */
    assert_int_equal(world_only(world)->due, world_time("2027-02-12T18:00"));
}

/* Met between the reload and the recount: judged by the new calendar. */
static void test_an_event_finds_the_new_due(void **state)
{
    struct world *world = *state;

    ask(world, "2027-01-26T10:00", "plan.asked");
    world_until(world, "2027-02-03T10:00");
    world_reload_with(world, "cuiban-2027.cfg");
    world_journal(world);
    ask(world, "2027-02-03T11:00", "plan.filed");
    assert_int_equal(world_stat(world, "2027-02|plan|rd|met"), 1);
    assert_string_equal(world_journal(world), "recounted met withdrawn");
}

static void test_a_sleeping_one_wakes_by_the_new_calendar(void **state)
{
    struct world *world = *state;

    assert_int_equal(world_event(world, "2026-11-02T10:00", "transfer.approved", "transfer", "t",
                                 "old_manager", "zhang.wei", "from_department", "rd", "move_date",
                                 "2027-04-04", NULL),
                     0);
    assert_int_equal(world_only(world)->state, DEADLINE_SLEEPING);
    assert_true(world_only(world)->provisional);
    assert_int_equal(world_only(world)->wake, world_time("2027-02-04T18:00"));
    world_reload_with(world, "cuiban-2027.cfg");
    world_jump(world, "2026-11-02T10:01");
    assert_int_equal(world_only(world)->state, DEADLINE_SLEEPING);
    assert_false(world_only(world)->provisional);
    assert_int_equal(world_only(world)->wake, world_time("2027-02-03T18:00"));
    assert_true(world_only(world)->start == world_only(world)->wake);
    reload_changes_nothing(world);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_opened_into_an_uncovered_year),
        TEST(test_within_the_known_years_it_is_not),
        TEST(test_warned_of_sixty_days_before),
        TEST(test_settled_by_the_notice),
        TEST(test_moved_by_the_notice),
        TEST(test_a_later_due_takes_the_breach_back),
        TEST(test_nobody_becomes_late_by_a_notice),
        TEST(test_an_earlier_due_does_not_shout),
        TEST(test_keep_keeps_the_due),
        TEST(test_a_paused_one_is_counted_when_it_resumes),
        TEST(test_pauses_are_replayed),
        TEST(test_an_event_finds_the_new_due),
        TEST(test_a_sleeping_one_wakes_by_the_new_calendar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
