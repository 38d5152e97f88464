/* Corners of the engine that a story of random faults once found, each told plainly. The company and its
 * rules are the simulator's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

static const struct verdict delivered = {.kind = VERDICT_DELIVERED};

static int setup(void **state)
{
    *state = world_open_at(TEST_SOURCE_DIR "/../../sim/world");
    return 0;
}

static int teardown(void **state)
{
    world_close(*state);
    return 0;
}

static size_t waiting_for(struct world *world, const char *person)
{
    const struct notification *note;
    size_t cursor = 0;
    size_t n = 0;

    while ((note = engine_next_notification(world_engine(world), &cursor)) != NULL) {
        n += strcmp(note->to, person) == 0;
    }
    return n;
}

static void ask_review(struct world *world, const char *urgent)
{
    world_event(world, "2026-11-02T09:00", "review.asked", "review", "r1", "candidate", "c1", "reviewer",
                "zhang.wei", "recruiter", "chen.jing", "urgent", urgent, NULL);
}

static void test_a_paused_clock_stands(void **state)
{
    struct world *world = *state;

    ask_review(world, "yes"); /* due 13:00 */
    world_event(world, "2026-11-02T10:00", "candidate.held", "candidate", "c1", NULL);
    world_event(world, "2026-11-02T15:00", "review.done", "review", "r1", NULL);
    assert_string_equal(world_journal(world), "opened paused met");
}

static void test_a_skipped_step_takes_nobody_s_place(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-02T09:00", "form.asked", "form", "f1", "department", "rd", "urgent", "no",
                NULL);
    world_jump(world, "2026-11-06T10:00"); /* the last step passed is for urgent ones only */
    assert_non_null(strstr(world_told(world), "escalation zhao.min mail due+24h"));
}

static void test_only_a_follower_supersedes(void **state)
{
    struct world *world = *state;

    ask_review(world, "no");                /* due on Tuesday at 16:00 */
    world_until(world, "2026-11-04T10:00"); /* head and requester; nobody delivers */
    assert_int_equal(waiting_for(world, "chen.jing"), 1);
    assert_int_equal(waiting_for(world, "li.lei"), 1);
    world_until(world, "2026-11-06T10:05"); /* head and director: nothing more for the requester */
    assert_int_equal(waiting_for(world, "chen.jing"), 1);
}

static void test_a_later_message_ends_the_earlier(void **state)
{
    struct world *world = *state;
    const char *ids[1];
    const struct notification *note;
    size_t cursor = 0;

    ask_review(world, "no");
    world_until(world, "2026-11-02T09:00");
    world_until(world, "2026-11-03T14:00"); /* asked, then reminded */
    while ((note = engine_next_notification(world_engine(world), &cursor)) != NULL) {
        if (note->phase == PHASE_REMINDER) {
            ids[0] = note->id;
        }
    }
    assert_int_equal(world_claim(world, ids, 1, 10000), 1);
    world_verdict(world, ids, 1, &delivered);
    assert_int_equal(waiting_for(world, "zhang.wei"), 0);
}

static void test_no_delegate_hears_of_his_own_lateness(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-12-07T09:00", "interview.completed", "interview", "i1", "candidate", "c1",
                "interviewers", "[\"li.lei\"]", "recruiter", "chen.jing", NULL);
    world_until(world, "2026-12-09T09:00"); /* zhao.min is away, li.lei stands in for him */
    assert_non_null(strstr(world_told(world), "escalation zhao.min mail due+24h"));
}

static void test_a_stand_in_acts_for_himself_first(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-11T09:00", "interview.completed", "interview", "i1", "candidate", "c1",
                "interviewers", "[\"wang.fang\",\"liu.yang\"]", "recruiter", "chen.jing", NULL);
    world_event(world, "2026-11-11T10:00", "feedback.submitted", "interview", "i1", "interviewer",
                "wang.fang", NULL);
    assert_string_equal(world_only(world)->owner, "liu.yang");
    world_event(world, "2026-11-11T11:00", "feedback.submitted", "interview", "i1", "interviewer",
                "wang.fang", NULL);
    assert_string_equal(world_only(world)->rule->name, "summary"); /* nobody owes feedback any more */
}

static void test_an_older_opening_restarts_nothing(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-02T10:00", "form.asked", "form", "f1", "department", "rd", NULL);
    world_late_event(world, "2026-11-02T11:00", "2026-11-02T09:00", "form.asked", "form", "f1", "department",
                     "rd", NULL);
    assert_string_equal(world_journal(world), "opened opened repeat repeat");
}

static void test_a_reminder_ends_at_due(void **state)
{
    struct world *world = *state;
    const char *ids[64];

    ask_review(world, "no");
    world_until(world, "2026-11-03T14:00");
    world_event(world, "2026-11-03T14:01", "review.changed", "review", "r1", "urgent", "yes", NULL);
    world_jump(world, "2026-11-03T14:02"); /* due was yesterday, now */
    size_t n = world_claim_all(world, ids, 10000);
    for (size_t i = 0; i < n; i++) {
        assert_int_not_equal(engine_notification(world_engine(world), ids[i])->phase, PHASE_REMINDER);
    }
}

static void test_a_late_verdict_still_counts(void **state)
{
    struct world *world = *state;
    const char *ids[64];

    ask_review(world, "no");
    world_until(world, "2026-11-02T09:00");
    assert_int_equal(world_claim_all(world, ids, 10000), 1);
    world_until(world, "2026-11-02T09:01"); /* by now the attempt is uncertain and would be sent again */
    world_verdict(world, ids, 1, &delivered);
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);
}

int main(void)
{
#define EDGE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        EDGE_TEST(test_a_paused_clock_stands),
        EDGE_TEST(test_a_skipped_step_takes_nobody_s_place),
        EDGE_TEST(test_only_a_follower_supersedes),
        EDGE_TEST(test_a_later_message_ends_the_earlier),
        EDGE_TEST(test_no_delegate_hears_of_his_own_lateness),
        EDGE_TEST(test_a_stand_in_acts_for_himself_first),
        EDGE_TEST(test_an_older_opening_restarts_nothing),
        EDGE_TEST(test_a_reminder_ends_at_due),
        EDGE_TEST(test_a_late_verdict_still_counts),
    };
    return cmocka_run_group_tests_name("edges", tests, NULL, NULL);
}
