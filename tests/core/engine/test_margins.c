/* What is decided by minutes: how real leaving and planned leaving differ, how long a message lives, what
 * came just before or just after. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

static const struct verdict delivered = {.kind = VERDICT_DELIVERED};
static const struct verdict down = {.kind = VERDICT_RETRY, .delay_ms = 60 * 60 * 1000, .reason = "down"};

static int quiet_setup(void **state)
{
    *state = world_open_at(TEST_SOURCE_DIR "/quiet");
    return 0;
}

/* Opened on a Friday afternoon, due on Saturday: the overdue note leaves on Monday at 09:00, the head stands
 * on Saturday night and hears a gap of four working hours later. */
static void open_on_friday(struct world *world)
{
    assert_int_equal(world_event(world, "2026-11-20T15:10", "interview.completed", "interview", "iv-1",
                                 "interviewer", "zhang.wei", "recruiter", "chen.jing", NULL),
                     0);
    world_live(world, "2026-11-21T15:09", &delivered);
    (void)world_told(world);
}

/* The first minute of `from`..`until` ("2026-11-23T", "10:00") at which the person is told something. */
static void assert_told_at(struct world *world, const char *before, const char *at, const char *whom)
{
    world_live(world, before, &down);
    const char *told = world_told(world);
    if (strstr(told, whom))
        fail_msg("told before %s already: %s", at, told);
    world_live(world, at, &down);
    told = world_told(world);
    if (!strstr(told, whom))
        fail_msg("not told at %s: %s", at, told);
}

/* What is on its way for ten minutes counts as told when it was to leave; longer, and the gap runs from when
 * it really had ended. */
static void test_the_gap_counts_from_the_real_leaving(void **state)
{
    static const struct {
        const char *ends, *before, *at;
    } cases[] = {
        {"2026-11-23T09:10", "2026-11-23T13:59", "2026-11-23T14:00"},
        {"2026-11-23T09:11", "2026-11-23T14:10", "2026-11-23T14:11"},
        {"2026-11-23T11:00", "2026-11-23T15:59", "2026-11-23T16:00"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world *world = world_open_at(TEST_SOURCE_DIR "/quiet");
        open_on_friday(world);
        world_until(world, cases[i].ends);
        assert_int_equal(world_deliver(world, &delivered), 1);
        world_reload(world);
        assert_told_at(world, cases[i].before, cases[i].at, "escalation li.lei");
        world_close(world);
    }
}

/* After a downtime until eleven the note leaves at eleven, not at nine, and the two gaps that a dead channel
 * may hold the head back are counted from there. */
static void test_after_a_downtime_it_leaves_when_it_can(void **state)
{
    struct world *world = *state;

    open_on_friday(world);
    world_jump(world, "2026-11-23T11:00");
    world_live(world, "2026-11-23T11:00", &down);
    assert_string_equal(world_told(world), "overdue zhang.wei mail due");
    assert_told_at(world, "2026-11-24T10:59", "2026-11-24T11:00", "escalation li.lei");
}

/* -- how long a message lives -- */

static void open_feedback(struct world *world)
{
    world_event(world, "2026-11-17T10:00", "interview.completed", "interview", "iv-1", "interviewers",
                "[\"zhang.wei\"]", "recruiter", "chen.jing", "candidate", "c-1", NULL);
}

static const struct notification *find(struct world *world, enum phase phase)
{
    const struct notification *note;
    size_t cursor = 0;

    while ((note = engine_next_notification(world_engine(world), &cursor)) != NULL) {
        if (note->phase == phase) {
            return note;
        }
    }
    return NULL;
}

/* A reminder that was tried in vain speaks of a due to come: it ends with the due, and is listed. */
static void test_a_tried_reminder_ends_with_its_due(void **state)
{
    struct world *world = *state;

    open_feedback(world);
    world_live(world, "2026-11-18T09:59", &down);
    assert_non_null(find(world, PHASE_REMINDER));
    assert_true(find(world, PHASE_REMINDER)->attempts > 0);
    assert_int_equal(world_table(world, TABLE_DEAD), 0);
    world_live(world, "2026-11-18T10:00", &down);
    assert_null(find(world, PHASE_REMINDER));
    assert_non_null(strstr(world_dead(world, 0), "it expired before it could be delivered"));
}

/* Two rungs to one person five minutes apart: the first has its half hour all the same. */
static void test_the_least_life_of_a_message(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T10:00", "brisk.asked", "case", "c1", "person", "zhang.wei", NULL);
    world_until(world, "2026-11-17T10:00");
    const struct notification *note = find(world, PHASE_ASKED);
    assert_non_null(note);
    assert_int_equal(note->expires, world_time("2026-11-17T10:30"));
}

/* A channel that asks to wait counts as no try; one that fails does. */
static void test_a_backoff_is_no_attempt(void **state)
{
    static const struct verdict later = {
        .kind = VERDICT_BACKOFF, .delay_ms = 20 * 60 * 1000, .reason = "429"};
    struct world *world = *state;

    open_feedback(world);
    world_until(world, "2026-11-18T06:00");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(world_deliver(world, &later), 1);
        assert_int_equal(find(world, PHASE_REMINDER)->attempts, 0);
        assert_int_equal(find(world, PHASE_REMINDER)->not_before, world_now(world) + later.delay_ms);
        assert_int_equal(world_deliver(world, &later), 0);
        world_advance(world, world_now(world) + later.delay_ms);
    }
    assert_int_equal(world_deliver(world, &down), 1);
    assert_int_equal(find(world, PHASE_REMINDER)->attempts, 1);
}

/* -- just before, just after -- */

/* The answer was written before the question, and is read after it: only within `early` (ten minutes). */
static void test_a_meet_stamped_before_the_opening(void **state)
{
    struct world *world = *state;

    open_feedback(world);
    world_late_event(world, "2026-11-17T10:20", "2026-11-17T09:49", "interview.feedback_submitted",
                     "interview", "iv-1", "interviewer", "zhang.wei", NULL);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 1);
    world_late_event(world, "2026-11-17T10:21", "2026-11-17T09:50", "interview.feedback_submitted",
                     "interview", "iv-1", "interviewer", "zhang.wei", NULL);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
}

/* Four working hours of pause are allowed. A resume of later on that is read before the clock could say so
 * does not make the pause longer. */
static void test_max_pause_ends_before_a_late_resume(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "hours.asked", "case", "c1", "person", "zhang.wei", NULL);
    world_event(world, "2026-11-17T10:00", "hours.held", "case", "c1", NULL);
    assert_int_equal(world_only(world)->pause_ends, world_time("2026-11-17T15:00"));
    world_event(world, "2026-11-17T17:00", "hours.resumed", "case", "c1", NULL);
    assert_int_equal(world_only(world)->state, DEADLINE_OPEN);
    assert_int_equal(world_only(world)->due, world_time("2026-11-18T14:00"));
}

/* -- what is counted and written down -- */

static void test_what_is_overdue_is_counted(void **state)
{
    struct world *world = *state;

    open_feedback(world);
    world_until(world, "2026-11-18T09:59");
    assert_int_equal(world_stat(world, "2026-11|feedback|rd|overdue"), 0);
    assert_int_equal(engine_count(world_engine(world)).overdue, 0);
    world_until(world, "2026-11-18T10:00");
    assert_int_equal(world_stat(world, "2026-11|feedback|rd|overdue"), 1);
    assert_int_equal(engine_count(world_engine(world)).overdue, 1);
    world_reload(world);
    assert_int_equal(engine_count(world_engine(world)).overdue, 1);
    world_until(world, "2026-11-19T10:00");
    assert_int_equal(world_stat(world, "2026-11|feedback|rd|overdue"), 1);
}

/* The closing's own record, not the command's. */
static void test_the_record_says_who_closed_it(void **state)
{
    struct world *world = *state;

    open_feedback(world);
    (void)world_records(world);
    world_command(world, "2026-11-17T11:00", "cuiban.done", "deadline", world_only(world)->id, "by",
                  "chen.jing", NULL);
    const char *records = world_records(world);
    const char *met = strstr(records, "{\"e\":\"met\"");
    assert_non_null(met);
    const char *by = strstr(met, "\"by\":\"chen.jing\"");
    if (!by || memchr(met, '}', (size_t)(by - met)))
        fail_msg("it does not say by whom: %s", met);
}

#define IN_QUIET(test)    cmocka_unit_test_setup_teardown(test, quiet_setup, world_teardown)
#define MARGIN_TEST(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_gap_counts_from_the_real_leaving),
        IN_QUIET(test_after_a_downtime_it_leaves_when_it_can),
        MARGIN_TEST(test_a_tried_reminder_ends_with_its_due),
        MARGIN_TEST(test_the_least_life_of_a_message),
        MARGIN_TEST(test_a_backoff_is_no_attempt),
        MARGIN_TEST(test_a_meet_stamped_before_the_opening),
        MARGIN_TEST(test_max_pause_ends_before_a_late_resume),
        MARGIN_TEST(test_what_is_overdue_is_counted),
        MARGIN_TEST(test_the_record_says_who_closed_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
