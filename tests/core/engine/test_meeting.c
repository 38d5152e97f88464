/* What every one of several events meets: in any order, each once, through reloads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

static void approve(struct world *world, const char *at)
{
    world_event(world, at, "move.approved", "move", "m-1", "person", "zhang.wei", NULL);
}

static void come(struct world *world, const char *at, const char *type)
{
    world_event(world, at, type, "move", "m-1", NULL);
}

static void test_all_in_any_order(void **state)
{
    struct world *world = *state;

    approve(world, "2026-11-17T09:00");
    come(world, "2026-11-17T10:00", "move.access_given");
    world_reload_same(world);
    assert_true(deadline_has_come(world_only(world), 2));
    assert_false(deadline_has_come(world_only(world), 0));
    come(world, "2026-11-17T11:00", "move.list_signed");
    world_reload_same(world);
    assert_non_null(strstr(world_records(world), "\"missing\":[\"move.desk_ready\"]"));
    assert_int_equal(world_table(world, TABLE_DEADLINES), 1);
    come(world, "2026-11-18T10:00", "move.desk_ready");
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
    assert_int_equal(world_stat(world, "2026-11|move|rd|met"), 1);
}

static void test_each_counts_once(void **state)
{
    struct world *world = *state;

    approve(world, "2026-11-17T09:00");
    come(world, "2026-11-17T10:00", "move.list_signed");
    come(world, "2026-11-17T11:00", "move.list_signed");
    come(world, "2026-11-17T12:00", "move.list_signed");
    assert_int_equal(world_table(world, TABLE_DEADLINES), 1);
    assert_int_equal(engine_count(world_engine(world)).repeated_events, 2);
    world_event(world, "2026-11-17T13:00", "move.desk_ready", "move", "m-1", "draft", "yes", NULL);
    assert_false(deadline_has_come(world_only(world), 1));
}

/* Late or not is the last one's business, by when it happened. */
static void test_the_last_decides(void **state)
{
    struct world *world = *state;

    approve(world, "2026-11-17T09:00"); /* due on Thursday at 18:00 */
    come(world, "2026-11-19T19:00", "move.list_signed");
    come(world, "2026-11-19T20:00", "move.desk_ready");
    world_late_event(world, "2026-11-20T10:00", "2026-11-18T10:00", "move.access_given", "move", "m-1", NULL);
    assert_int_equal(world_stat(world, "2026-11|move|rd|met_late"), 1);
    /* Two hours, and none of them a working hour: late all the same. */
    assert_non_null(strstr(world_records(world), "\"late_ms\":7200000,\"late_wm\":0"));
}

static bool has_stored(struct world *world, const char *text)
{
    char *snapshot = world_snapshot(world);
    bool has = strstr(snapshot, text) != NULL;

    free(snapshot);
    return has;
}

/* In working minutes, in the journal and in what is kept of the closed one. */
static void test_late_in_working_time(void **state)
{
    struct world *world = *state;

    approve(world, "2026-11-17T09:00"); /* due on Thursday at 18:00 */
    come(world, "2026-11-23T10:30", "move.waived");
    assert_int_equal(world_stat(world, "2026-11|move|rd|met_late"), 1);
    assert_non_null(strstr(world_records(world), "\"late_ms\":318600000,\"late_wm\":570"));
    assert_true(has_stored(world, "\"late_wm\":570"));
}

static void test_in_time_is_not_late(void **state)
{
    struct world *world = *state;

    approve(world, "2026-11-17T09:00");
    come(world, "2026-11-19T18:00", "move.waived");
    assert_null(strstr(world_records(world), "late_"));
    assert_false(has_stored(world, "late_wm"));
}

static void test_another_meet_closes_at_once(void **state)
{
    struct world *world = *state;

    approve(world, "2026-11-17T09:00");
    come(world, "2026-11-17T10:00", "move.list_signed");
    come(world, "2026-11-17T11:00", "move.waived");
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
}

static void test_some_come_early(void **state)
{
    struct world *world = *state;

    come(world, "2026-11-17T08:00", "move.list_signed");
    come(world, "2026-11-17T08:01", "move.desk_ready");
    assert_int_equal(world_table(world, TABLE_EARLY), 2);
    world_reload_same(world);
    approve(world, "2026-11-17T09:00");
    assert_int_equal(world_table(world, TABLE_EARLY), 0);
    assert_true(deadline_has_come(world_only(world), 0));
    assert_true(deadline_has_come(world_only(world), 1));
    world_reload_same(world);
    come(world, "2026-11-17T10:00", "move.access_given");
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
}

static void test_all_come_early(void **state)
{
    struct world *world = *state;

    come(world, "2026-11-15T08:00", "move.list_signed"); /* too early */
    come(world, "2026-11-17T08:01", "move.desk_ready");
    come(world, "2026-11-17T08:02", "move.access_given");
    approve(world, "2026-11-17T09:00");
    assert_int_equal(world_table(world, TABLE_DEADLINES), 1);
    come(world, "2026-11-17T10:00", "move.dropped");
    come(world, "2026-11-17T10:01", "move.list_signed"); /* closed already: not remembered */
    assert_int_equal(world_table(world, TABLE_EARLY), 0);
}

static void test_from_the_beginning_again(void **state)
{
    struct world *world = *state;

    approve(world, "2026-11-17T09:00");
    come(world, "2026-11-17T10:00", "move.list_signed");
    approve(world, "2026-11-17T11:00");
    assert_false(deadline_has_come(world_only(world), 0));
    world_reload_same(world);
    come(world, "2026-11-17T12:00", "move.list_signed");
    come(world, "2026-11-17T12:01", "move.desk_ready");
    come(world, "2026-11-17T12:02", "move.access_given");
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
    come(world, "2026-11-17T13:00", "move.returned");
    assert_int_equal(world_only(world)->came, 0);
}

static void test_each_owner_has_the_own_progress(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "training.ended", "course", "t-1", "people",
                "[\"zhang.wei\",\"wang.fang\"]", NULL);
    world_event(world, "2026-11-17T10:00", "training.form_filed", "course", "t-1", "person", "zhang.wei",
                NULL);
    world_event(world, "2026-11-17T10:01", "training.test_passed", "course", "t-1", "person", "wang.fang",
                NULL);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 2);
    world_event(world, "2026-11-17T10:02", "training.test_passed", "course", "t-1", "person", "zhang.wei",
                NULL);
    assert_string_equal(world_only(world)->owner, "wang.fang");
}

int main(void)
{
#define MEETING_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        MEETING_TEST(test_all_in_any_order),         MEETING_TEST(test_each_counts_once),
        MEETING_TEST(test_the_last_decides),         MEETING_TEST(test_late_in_working_time),
        MEETING_TEST(test_in_time_is_not_late),      MEETING_TEST(test_another_meet_closes_at_once),
        MEETING_TEST(test_some_come_early),          MEETING_TEST(test_all_come_early),
        MEETING_TEST(test_from_the_beginning_again), MEETING_TEST(test_each_owner_has_the_own_progress),
    };
    return cmocka_run_group_tests_name("meeting", tests, NULL, NULL);
}
