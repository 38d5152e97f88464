/* A rule that opens after another: when the last deadline of a key has closed, once, whatever happens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

static size_t count_open(struct world *world, const char *rule)
{
    size_t cursor = 0, n = 0;
    const struct deadline *deadline;

    while ((deadline = engine_next_deadline(world_engine(world), &cursor)) != NULL) {
        n += strcmp(deadline->rule->name, rule) == 0;
    }
    return n;
}

static const struct deadline *one_of(struct world *world, const char *rule)
{
    size_t cursor = 0;
    const struct deadline *deadline;

    assert_int_equal(count_open(world, rule), 1);
    while ((deadline = engine_next_deadline(world_engine(world), &cursor)) != NULL) {
        if (strcmp(deadline->rule->name, rule) == 0) {
            return deadline;
        }
    }
    return NULL;
}

static void ask(struct world *world, const char *at)
{
    world_event(world, at, "panel.asked", "case", "p-1", "name", "王小明", "person", "chen.jing", "raters",
                "[\"zhang.wei\",\"wang.fang\"]", NULL);
}

static void answer(struct world *world, const char *at, const char *rater)
{
    world_event(world, at, "panel.answered", "case", "p-1", "rater", rater, NULL);
}

static void test_opens_after_the_last(void **state)
{
    struct world *world = *state;
    char last[DEADLINE_ID_MAX];

    ask(world, "2026-11-17T09:00");
    answer(world, "2026-11-17T10:00", "zhang.wei");
    assert_int_equal(count_open(world, "summary"), 0);
    world_reload_same(world);
    (void)snprintf(last, sizeof last, "%s", one_of(world, "panel")->id);
    answer(world, "2026-11-18T11:00", "wang.fang");
    const struct deadline *summary = one_of(world, "summary");
    assert_string_equal(summary->after, last);
    assert_string_equal(summary->owner, "chen.jing");
    assert_string_equal(fields_get(&summary->fields, "name"), "王小明");
    assert_int_equal(summary->opened, world_time("2026-11-18T11:00"));
    assert_int_equal(summary->due, world_time("2026-11-19T18:00"));
    assert_int_equal(world_table(world, TABLE_CLOSED), 2); /* what was kept meanwhile is gone */
    world_reload_same(world);
    world_until(world, "2026-11-19T18:00");
    assert_non_null(strstr(world_told(world), "overdue chen.jing mail due"));
    world_event(world, "2026-11-19T19:00", "summary.sent", "case", "p-1", NULL);
    assert_string_equal(one_of(world, "archive")->owner, "wang.qiang"); /* and so on */
}

static void test_a_cancelled_one_counts_as_closed(void **state)
{
    struct world *world = *state;

    ask(world, "2026-11-17T09:00");
    answer(world, "2026-11-17T10:00", "zhang.wei");
    world_reload_same(world);
    world_event(world, "2026-11-17T12:00", "panel.dropped", "case", "p-1", NULL);
    assert_int_equal(one_of(world, "summary")->opened, world_time("2026-11-17T10:00"));
}

static void test_all_cancelled_opens_nothing(void **state)
{
    struct world *world = *state;

    ask(world, "2026-11-17T09:00");
    world_event(world, "2026-11-17T12:00", "panel.dropped", "case", "p-1", NULL);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
    assert_non_null(strstr(world_journal(world), "not_followed"));
    ask(world, "2026-11-17T13:00"); /* what was met in an earlier round does not count in this one */
    answer(world, "2026-11-17T14:00", "zhang.wei");
    answer(world, "2026-11-17T15:00", "wang.fang");
    world_event(world, "2026-11-17T16:00", "summary.sent", "case", "p-1", NULL);
    ask(world, "2026-11-18T09:00");
    world_event(world, "2026-11-18T10:00", "panel.dropped", "case", "p-1", NULL);
    assert_int_equal(count_open(world, "summary"), 0);
}

static void test_counts_from_the_latest(void **state)
{
    struct world *world = *state;

    ask(world, "2026-11-17T09:00");
    answer(world, "2026-11-17T15:00", "zhang.wei");
    world_late_event(world, "2026-11-17T17:00", "2026-11-17T11:00", "panel.answered", "case", "p-1", "rater",
                     "wang.fang", NULL);
    assert_int_equal(one_of(world, "summary")->opened, world_time("2026-11-17T15:00"));
}

static void test_where_is_of_the_last(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "panel.asked", "case", "p-1", "size", "small", "person",
                "chen.jing", "raters", "[\"zhang.wei\"]", NULL);
    answer(world, "2026-11-17T10:00", "zhang.wei");
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
}

static void test_what_is_sent_back_meanwhile(void **state)
{
    struct world *world = *state;
    char summary[DEADLINE_ID_MAX];

    ask(world, "2026-11-17T09:00");
    answer(world, "2026-11-17T10:00", "zhang.wei");
    answer(world, "2026-11-17T11:00", "wang.fang");
    (void)snprintf(summary, sizeof summary, "%s", one_of(world, "summary")->id);
    world_event(world, "2026-11-17T12:00", "panel.answer_returned", "case", "p-1", "rater", "wang.fang",
                NULL);
    world_reload_same(world);
    answer(world, "2026-11-17T13:00", "wang.fang");
    assert_string_equal(one_of(world, "summary")->id, summary); /* is open: one is enough */
    world_event(world, "2026-11-17T14:00", "summary.sent", "case", "p-1", NULL);
    world_event(world, "2026-11-17T15:00", "panel.answer_returned", "case", "p-1", "rater", "wang.fang",
                NULL);
    assert_int_equal(count_open(world, "summary"), 0);
    answer(world, "2026-11-17T16:00", "wang.fang");
    assert_string_not_equal(one_of(world, "summary")->id, summary); /* what was sent is out of date */
}

static void test_opened_again_by_the_same_event(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "relay.begun", "case", "r-1", "person", "zhang.wei", NULL);
    world_event(world, "2026-11-17T10:00", "relay.passed", "case", "r-1", NULL);
    assert_int_equal(count_open(world, "relay"), 1);
    assert_int_equal(count_open(world, "relay_done"), 0);
}

static void test_a_command_closes_the_last(void **state)
{
    struct world *world = *state;

    ask(world, "2026-11-17T09:00");
    answer(world, "2026-11-17T10:00", "zhang.wei");
    world_command(world, "2026-11-17T11:00", "cuiban.done", "deadline", one_of(world, "panel")->id, "by",
                  "chen.jing", NULL);
    assert_int_equal(one_of(world, "summary")->due, world_time("2026-11-18T18:00"));
    assert_null(fields_get(&one_of(world, "summary")->fields, "by")); /* the command's words are its own */
}

static void test_what_was_met_early(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T08:00", "summary.archived", "case", "p-1", NULL);
    answer(world, "2026-11-17T08:58", "zhang.wei");
    answer(world, "2026-11-17T08:59", "wang.fang");
    ask(world, "2026-11-17T09:00");
    assert_int_equal(count_open(world, "panel"), 0);
    assert_int_equal(count_open(world, "summary"), 1);
    world_event(world, "2026-11-17T10:00", "summary.sent", "case", "p-1", NULL);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0); /* archived, too, in the same breath */
    assert_int_equal(world_stat(world, "2026-11|archive|hr|met"), 1);
}

/* The first is met while the second is not open yet: that is remembered all the same. */
static void test_met_before_the_next_one_opened(void **state)
{
    struct world *world = *state;

    answer(world, "2026-11-17T08:59", "zhang.wei");
    ask(world, "2026-11-17T09:00");
    assert_int_equal(count_open(world, "panel"), 1);
    assert_int_equal(count_open(world, "summary"), 0);
    world_reload_same(world);
    world_event(world, "2026-11-17T10:00", "panel.dropped", "case", "p-1", NULL);
    assert_int_equal(one_of(world, "summary")->opened, world_time("2026-11-17T08:59"));
}

static void test_part_of_the_key(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "poll.opened", "round", "7", NULL);
    assert_int_equal(count_open(world, "poll"), 4);
    world_event(world, "2026-11-17T10:00", "poll.answered", "round", "7", "department", "rd", NULL);
    world_event(world, "2026-11-17T10:01", "poll.answered", "round", "7", "department", "tech", NULL);
    world_reload_same(world);
    world_event(world, "2026-11-17T10:02", "poll.answered", "round", "7", "department", "hr", NULL);
    assert_int_equal(count_open(world, "poll_report"), 0);
    world_event(world, "2026-11-17T10:03", "poll.opened", "round", "8", NULL);
    world_event(world, "2026-11-17T10:04", "poll.answered", "round", "7", "department", "void", NULL);
    assert_int_equal(count_open(world, "poll_report"), 2); /* one for each of its series */
    world_event(world, "2026-11-17T10:05", "poll.stopped", "round", "8", NULL);
    assert_int_equal(count_open(world, "poll_report"), 2);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 2);
}

static void test_a_lost_commit_leaves_nothing(void **state)
{
    struct world *world = *state;

    ask(world, "2026-11-17T09:00");
    answer(world, "2026-11-17T10:00", "zhang.wei");
    for (int i = 0; i < 3; i++) {
        world_lose(world, true);
        answer(world, "2026-11-17T11:00", "wang.fang");
        world_lose(world, false);
        assert_int_equal(count_open(world, "summary"), 0);
    }
    answer(world, "2026-11-17T11:00", "wang.fang");
    world_reload_same(world);
    assert_int_equal(count_open(world, "summary"), 1);
    assert_int_equal(world_stat(world, "2026-11|summary|hr|opened"), 1);
}

int main(void)
{
#define FOLLOW_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        FOLLOW_TEST(test_opens_after_the_last),
        FOLLOW_TEST(test_a_cancelled_one_counts_as_closed),
        FOLLOW_TEST(test_all_cancelled_opens_nothing),
        FOLLOW_TEST(test_counts_from_the_latest),
        FOLLOW_TEST(test_where_is_of_the_last),
        FOLLOW_TEST(test_what_is_sent_back_meanwhile),
        FOLLOW_TEST(test_opened_again_by_the_same_event),
        FOLLOW_TEST(test_a_command_closes_the_last),
        FOLLOW_TEST(test_what_was_met_early),
        FOLLOW_TEST(test_met_before_the_next_one_opened),
        FOLLOW_TEST(test_part_of_the_key),
        FOLLOW_TEST(test_a_lost_commit_leaves_nothing),
    };
    return cmocka_run_group_tests_name("following", tests, NULL, NULL);
}
