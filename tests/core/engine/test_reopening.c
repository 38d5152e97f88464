/* What is closed is sent back: a new deadline that names the old one, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

static void ask(struct world *world)
{
    world_event(world, "2026-11-17T09:00", "handin.asked", "case", "h-1", "person", "zhang.wei", "name",
                "王小明", NULL);
}

/* Asked for on Tuesday, filed on Wednesday, in time. */
static void file(struct world *world)
{
    ask(world);
    world_event(world, "2026-11-18T10:00", "handin.filed", "case", "h-1", NULL);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
    world_told(world);
    world_journal(world);
}

static size_t count_open(struct world *world, const char *rule)
{
    size_t cursor = 0, n = 0;
    const struct deadline *deadline;

    while ((deadline = engine_next_deadline(world_engine(world), &cursor)) != NULL) {
        n += strcmp(deadline->rule->name, rule) == 0;
    }
    return n;
}

static void test_names_the_old_one(void **state)
{
    struct world *world = *state;
    char old[DEADLINE_ID_MAX];

    ask(world);
    (void)snprintf(old, sizeof old, "%s", world_only(world)->id);
    world_event(world, "2026-11-18T10:00", "handin.filed", "case", "h-1", NULL);
    world_reload_same(world);
    world_records(world);
    world_event(world, "2026-11-19T09:00", "handin.returned", "case", "h-1", "reason", "incomplete", NULL);
    const struct deadline *again = world_only(world);
    assert_string_equal(again->reopened, old);
    assert_string_not_equal(again->id, old);
    assert_string_equal(again->owner, "zhang.wei");
    assert_string_equal(fields_get(&again->fields, "name"), "王小明"); /* what was known before stays */
    assert_string_equal(fields_get(&again->fields, "reason"), "incomplete");
    assert_int_equal(again->due, world_time("2026-11-19T14:00")); /* the reopening's own */
    const char *records = world_records(world);
    assert_non_null(strstr(records, "\"reopened\":\""));
    assert_non_null(strstr(records, "\"as\":\""));
    world_reload_same(world);
    world_until(world, "2026-11-19T09:01");
    assert_string_equal(world_told(world), "asked zhang.wei mail open");
    world_event(world, "2026-11-19T10:00", "handin.filed", "case", "h-1", NULL);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
    assert_int_equal(world_stat(world, "2026-11|handin|rd|met"), 2);
    world_event(world, "2026-11-20T09:00", "handin.returned", "case", "h-1", NULL); /* once more */
    assert_string_not_equal(world_only(world)->reopened, old);
}

static void test_its_due_survives_pause_and_reload(void **state)
{
    struct world *world = *state;

    file(world);
    world_event(world, "2026-11-19T09:00", "handin.returned", "case", "h-1", "urgent", "yes", NULL);
    world_event(world, "2026-11-19T10:00", "handin.held", "case", "h-1", NULL);
    world_reload_same(world);
    world_event(world, "2026-11-19T11:00", "handin.resumed", "case", "h-1", NULL);
    assert_int_equal(world_only(world)->due, world_time("2026-11-19T15:00"));
    world_reload_same(world);
    world_until(world, "2026-11-19T15:00");
    assert_int_equal(world_only(world)->state, DEADLINE_OVERDUE);
}

static void test_without_a_due_the_rules_counts(void **state)
{
    struct world *world = *state;

    file(world);
    world_event(world, "2026-11-19T09:00", "handin.reviewed", "file", "h-1", "case", "another", NULL);
    assert_int_equal(world_only(world)->due, world_time("2026-11-23T18:00"));
    assert_string_equal(fields_get(&world_only(world)->fields, "file"), "h-1");
}

static void test_what_is_open_or_unknown_is_unmatched(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T08:00", "handin.returned", "case", "h-1", NULL);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
    assert_int_equal(world_stat(world, "2026-11|handin||unmatched"), 1);
    ask(world);
    world_event(world, "2026-11-17T10:00", "handin.returned", "case", "h-1", NULL);
    assert_int_equal(world_stat(world, "2026-11|handin||unmatched"), 2);
    assert_string_equal(world_only(world)->reopened, "");
    world_event(world, "2026-11-17T11:00", "handin.filed", "case", "h-1", NULL);
    world_event(world, "2026-11-17T12:00", "handin.returned", "case", "h-1", "reason", "late", NULL);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
    world_event(world, "2026-11-17T13:00", "handin.returned", "case", "h-1", NULL);
    world_event(world, "2026-11-17T13:01", "handin.returned", "case", "h-1", NULL);
    assert_int_equal(world_stat(world, "2026-11|handin||unmatched"), 3);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 1);
    assert_int_equal(engine_count(world_engine(world)).unmatched_events, 3);
}

static void test_a_retry_reopens_nothing(void **state)
{
    struct world *world = *state;

    file(world);
    world_event(world, "2026-11-19T09:00", "handin.returned", "id", "r1", "case", "h-1", NULL);
    world_event(world, "2026-11-19T10:00", "handin.filed", "case", "h-1", NULL);
    world_late_event(world, "2026-11-19T11:00", "2026-11-19T09:00", "handin.returned", "id", "r2", "case",
                     "h-1", NULL);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
    assert_non_null(strstr(world_journal(world), "repeat"));
}

static void test_whoever_is_named_or_all(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "panel.asked", "case", "p-1", "raters",
                "[\"zhang.wei\",\"wang.fang\",\"li.lei\"]", NULL);
    world_event(world, "2026-11-17T10:00", "panel.answered", "case", "p-1", "rater", "zhang.wei", NULL);
    world_event(world, "2026-11-17T10:01", "panel.answered", "case", "p-1", "rater", "wang.fang", NULL);
    world_reload_same(world);
    world_event(world, "2026-11-17T11:00", "panel.answer_returned", "case", "p-1", "rater", "zhang.wei",
                NULL);
    assert_int_equal(count_open(world, "panel"), 2);
    world_event(world, "2026-11-17T11:30", "panel.answer_returned", "case", "p-1", "rater", "li.lei", NULL);
    assert_int_equal(count_open(world, "panel"), 2);
    assert_int_equal(world_stat(world, "2026-11|panel||unmatched"), 1);
    world_event(world, "2026-11-17T12:00", "panel.answered", "case", "p-1", "rater", "zhang.wei", NULL);
    world_event(world, "2026-11-17T12:01", "panel.answered", "case", "p-1", "rater", "li.lei", NULL);
    world_event(world, "2026-11-17T13:00", "panel.all_returned", "case", "p-1", NULL);
    assert_int_equal(count_open(world, "panel"), 3);
    world_reload_same(world);
    assert_int_equal(count_open(world, "panel"), 3);
}

/* Who answers for somebody who is away sends back his own, if he has one, and nobody else's. */
static void test_a_delegate_is_asked_for_the_own(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "panel.asked", "case", "p-1", "raters",
                "[\"liu.yang\",\"wang.fang\"]", NULL);
    world_event(world, "2026-11-17T10:00", "panel.answered", "case", "p-1", "rater", "liu.yang", NULL);
    world_event(world, "2026-11-17T11:00", "panel.answer_returned", "case", "p-1", "rater", "wang.fang",
                NULL);
    assert_int_equal(count_open(world, "panel"), 1); /* hers is open still */
    world_event(world, "2026-11-17T12:00", "panel.answered", "case", "p-1", "rater", "wang.fang", NULL);
    world_event(world, "2026-11-17T13:00", "panel.answer_returned", "case", "p-1", "rater", "wang.fang",
                NULL);
    assert_int_equal(count_open(world, "panel"), 1);
    world_event(world, "2026-11-17T14:00", "panel.answer_returned", "case", "p-1", "rater", "liu.yang", NULL);
    assert_int_equal(count_open(world, "panel"), 2); /* so it was hers alone */
    assert_int_equal(world_stat(world, "2026-11|panel||unmatched"), 1);
}

static void test_one_of_a_series(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "visits.asked", "case", "v-1", "person", "zhang.wei", NULL);
    world_event(world, "2026-11-17T10:00", "visits.made", "case", "v-1", "day", "1", NULL);
    world_event(world, "2026-11-17T11:00", "visits.made", "case", "v-1", "day", "3", NULL);
    world_event(world, "2026-11-17T12:00", "visits.returned", "case", "v-1", "day", "1", NULL);
    assert_string_equal(fields_get(&world_only(world)->fields, "series"), "day:1@18:00");
    world_event(world, "2026-11-17T13:00", "visits.made", "case", "v-1", "day", "1", NULL);
    world_event(world, "2026-11-17T14:00", "visits.returned", "case", "v-1", NULL); /* closed last: day 1 */
    assert_string_equal(fields_get(&world_only(world)->fields, "series"), "day:1@18:00");
}

static void test_one_event_meets_and_reopens(void **state)
{
    struct world *world = *state;
    char old[DEADLINE_ID_MAX];

    world_event(world, "2026-11-17T09:00", "relay.begun", "case", "r-1", "person", "zhang.wei", NULL);
    (void)snprintf(old, sizeof old, "%s", world_only(world)->id);
    world_event(world, "2026-11-17T10:00", "relay.passed", "case", "r-1", "person", "wang.fang", NULL);
    assert_string_equal(world_only(world)->reopened, old);
    assert_string_equal(world_only(world)->owner, "wang.fang"); /* the event names somebody else */
}

static void test_what_was_cancelled_too(void **state)
{
    struct world *world = *state;

    ask(world);
    world_event(world, "2026-11-17T10:00", "handin.dropped", "case", "h-1", NULL);
    world_event(world, "2026-11-17T11:00", "handin.returned", "case", "h-1", NULL);
    assert_int_equal(count_open(world, "handin"), 1);
}

int main(void)
{
#define REOPEN_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        REOPEN_TEST(test_names_the_old_one),
        REOPEN_TEST(test_its_due_survives_pause_and_reload),
        REOPEN_TEST(test_without_a_due_the_rules_counts),
        REOPEN_TEST(test_what_is_open_or_unknown_is_unmatched),
        REOPEN_TEST(test_a_retry_reopens_nothing),
        REOPEN_TEST(test_whoever_is_named_or_all),
        REOPEN_TEST(test_a_delegate_is_asked_for_the_own),
        REOPEN_TEST(test_one_of_a_series),
        REOPEN_TEST(test_one_event_meets_and_reopens),
        REOPEN_TEST(test_what_was_cancelled_too),
    };
    return cmocka_run_group_tests_name("reopening", tests, NULL, NULL);
}
