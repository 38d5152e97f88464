/* The engine, input by input: what opens, what meets, who is told and when, and that a reload changes
 * nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

static const struct verdict delivered = {.kind = VERDICT_DELIVERED};

/* Tuesday 17 November 2026, 15:10, an interview ends. */
static void complete_interview(struct world *world, const char *interviewers)
{
    assert_int_equal(world_event(world, "2026-11-17T15:10", "interview.completed", "id", "e1", "interview",
                                 "iv-1", "candidate", "c-1", "candidate_name", "王小明", "interviewers",
                                 interviewers, "recruiter", "chen.jing", "department", "rd", NULL),
                     0);
}

static void test_ladder_climbs(void **state)
{
    struct world *world = *state;

    complete_interview(world, "[\"zhang.wei\"]");
    assert_string_equal(world_told(world), "");
    assert_int_equal(world_only(world)->due, world_time("2026-11-18T15:10"));
    world_until(world, "2026-11-18T11:09");
    assert_string_equal(world_told(world), "");
    world_until(world, "2026-11-18T11:10");
    assert_string_equal(world_told(world), "reminder zhang.wei mail due-4h");
    world_deliver(world, &delivered);
    world_until(world, "2026-11-18T15:10");
    assert_string_equal(world_told(world), "overdue zhang.wei mail due\noverdue chen.jing mail due");
    world_deliver(world, &delivered);
    world_until(world, "2026-11-19T15:10");
    assert_string_equal(world_told(world),
                        "escalation li.lei mail due+8wh\noverdue zhang.wei mail due+8wh copy");
    world_deliver(world, &delivered);
    world_until(world, "2026-11-20T10:09"); /* four working hours after the step before it */
    assert_string_equal(world_told(world), "");
    world_until(world, "2026-11-20T10:10");
    assert_string_equal(world_told(world),
                        "escalation zhao.min mail due+2wd\noverdue zhang.wei mail due+2wd copy");
    world_deliver(world, &delivered);
    world_until(world, "2026-11-30T10:00");
    assert_string_equal(world_told(world),
                        "escalation zhao.min mail due+2wd\noverdue zhang.wei mail due+2wd copy\n"
                        "escalation zhao.min mail due+2wd\noverdue zhang.wei mail due+2wd copy");
}

static void test_met_in_time_is_silent(void **state)
{
    struct world *world = *state;

    complete_interview(world, "[\"zhang.wei\"]");
    world_event(world, "2026-11-17T16:00", "interview.feedback_submitted", "interview", "iv-1", "interviewer",
                "zhang.wei", NULL);
    world_until(world, "2026-12-30T10:00");
    assert_string_equal(world_told(world), "");
    assert_string_equal(world_journal(world), "opened met");
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);
    assert_int_equal(world_stat(world, "2026-11|feedback|rd|met"), 1);
}

static void test_each_owner_owes_alone(void **state)
{
    struct world *world = *state;

    complete_interview(world, "[\"zhang.wei\",\"wang.fang\"]");
    assert_int_equal(world_table(world, TABLE_DEADLINES), 2);
    world_event(world, "2026-11-17T16:00", "interview.feedback_submitted", "interview", "iv-1", "interviewer",
                "wang.fang", NULL);
    assert_string_equal(world_only(world)->owner, "zhang.wei");
}

static void test_told_hear_that_it_is_over(void **state)
{
    struct world *world = *state;

    complete_interview(world, "[\"zhang.wei\"]");
    world_until(world, "2026-11-18T15:10");
    world_deliver(world, &delivered);
    world_told(world);
    world_event(world, "2026-11-18T16:20", "interview.feedback_submitted", "interview", "iv-1", "interviewer",
                "zhang.wei", NULL);
    assert_string_equal(world_told(world), "closed chen.jing mail closed");
    world_reload(world);
    assert_int_equal(world_deliver(world, &delivered), 1);
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);
    assert_int_equal(world_stat(world, "2026-11|feedback|rd|met_late"), 1);
}

static void test_who_is_spared_the_work_hears_of_it(void **state)
{
    struct world *world = *state;

    complete_interview(world, "[\"zhang.wei\"]");
    world_until(world, "2026-11-18T11:10");
    world_deliver(world, &delivered);
    world_told(world);
    world_event(world, "2026-11-18T12:00", "candidate.withdrawn", "candidate", "c-1", NULL);
    assert_string_equal(world_told(world), "closed zhang.wei mail closed");
}

static void test_who_did_it_is_not_told_that_it_is_done(void **state)
{
    struct world *world = *state;

    complete_interview(world, "[\"liu.yang\"]");
    world_until(world, "2026-11-18T11:10");
    world_deliver(world, &delivered); /* to wang.fang, who stands in */
    world_told(world);
    world_event(world, "2026-11-18T12:00", "interview.feedback_submitted", "interview", "iv-1", "interviewer",
                "wang.fang", NULL);
    assert_string_equal(world_told(world), "");
}

static void test_close_withdraws_what_is_queued(void **state)
{
    struct world *world = *state;
    const char *ids[64];

    complete_interview(world, "[\"zhang.wei\"]");
    world_until(world, "2026-11-18T15:10");
    assert_int_equal(world_table(world, TABLE_OUTBOX), 2); /* the reminder that nobody sent is superseded */
    world_event(world, "2026-11-18T15:11", "candidate.withdrawn", "candidate", "c-1", NULL);
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);
    assert_int_equal(world_claim_all(world, ids, 10000), 0);
    assert_non_null(strstr(world_journal(world), "cancelled withdrawn"));
}

static void test_close_while_on_its_way(void **state)
{
    struct world *world = *state;
    const char *ids[64];
    struct verdict retry = {.kind = VERDICT_RETRY, .delay_ms = 5000};

    complete_interview(world, "[\"zhang.wei\"]");
    world_until(world, "2026-11-18T11:10");
    assert_int_equal(world_claim_all(world, ids, 10000), 1);
    world_event(world, "2026-11-18T11:10", "candidate.withdrawn", "candidate", "c-1", NULL);
    assert_int_equal(world_table(world, TABLE_OUTBOX), 1);
    world_reload(world);
    struct changes changes;
    changes_init(&changes);
    engine_verdict(world_engine(world), ids, 1, &retry, world_now(world), &changes);
    assert_non_null(strstr(buffer_text(&changes.journal), "withdrawn"));
    assert_null(engine_notification(world_engine(world), ids[0]));
    changes_finish(&changes);
}

static void test_repeats_open_nothing(void **state)
{
    struct world *world = *state;

    complete_interview(world, "[\"zhang.wei\"]");
    complete_interview(world, "[\"zhang.wei\"]"); /* the same id */
    assert_int_equal(world_table(world, TABLE_DEADLINES), 1);
    world_event(world, "2026-11-17T15:20", "interview.completed", "id", "e2", "interview", "iv-1",
                "interviewers", "[\"zhang.wei\"]", NULL); /* the same key */
    assert_int_equal(world_table(world, TABLE_DEADLINES), 1);
    world_event(world, "2026-11-17T16:00", "interview.feedback_submitted", "interview", "iv-1", "interviewer",
                "zhang.wei", NULL);
    world_late_event(world, "2026-11-17T17:00", "2026-11-17T15:10", "interview.completed", "id", "e3",
                     "interview", "iv-1", "interviewers", "[\"zhang.wei\"]", NULL);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
    assert_non_null(strstr(world_journal(world), "met repeat"));
    world_event(world, "2026-11-17T18:00", "interview.completed", "id", "e4", "interview", "iv-1",
                "interviewers", "[\"zhang.wei\"]", NULL); /* a new one, later than the one that was closed */
    assert_int_equal(world_table(world, TABLE_DEADLINES), 1);
}

static void test_early_meet(void **state)
{
    struct world *world = *state;

    world_late_event(world, "2026-11-17T15:09", "2026-11-17T15:11", "interview.feedback_submitted", "id",
                     "m1", "interview", "iv-1", "interviewer", "zhang.wei", NULL);
    assert_int_equal(world_table(world, TABLE_EARLY), 1);
    world_reload(world);
    complete_interview(world, "[\"zhang.wei\",\"wang.fang\"]");
    assert_string_equal(world_only(world)->owner, "wang.fang");
    assert_int_equal(world_table(world, TABLE_EARLY), 0);
}

static void test_early_meet_of_all_owners(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T10:00", "joint.done", "case", "j-1", NULL);
    world_reload(world);
    world_event(world, "2026-11-17T10:01", "joint.asked", "case", "j-1", "department", "rd", NULL);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
    world_event(world, "2026-11-17T11:00", "joint.asked", "case", "j-1", "department", "rd", NULL);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 2); /* asked again later: that was not met */
}

static void test_stamped_in_time_but_late_is_cured(void **state)
{
    struct world *world = *state;

    complete_interview(world, "[\"zhang.wei\"]");
    world_until(world, "2026-11-18T15:20");
    world_late_event(world, "2026-11-18T15:30", "2026-11-18T15:00", "interview.feedback_submitted",
                     "interview", "iv-1", "interviewer", "zhang.wei", NULL);
    assert_int_equal(world_stat(world, "2026-11|feedback|rd|met"), 1);
}

static void test_due_is_inclusive(void **state)
{
    struct world *world = *state;

    complete_interview(world, "[\"zhang.wei\"]");
    world_event(world, "2026-11-18T15:10", "interview.feedback_submitted", "interview", "iv-1", "interviewer",
                "zhang.wei", NULL);
    assert_int_equal(world_stat(world, "2026-11|feedback|rd|met"), 1);
}

static void test_dual_approval(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "approval.requested", "requisition", "R-1", "department", "rd",
                NULL);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 2);
    world_event(world, "2026-11-17T10:00", "approval.refused", "requisition", "R-1", "approver", "li.lei",
                NULL);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
    assert_int_equal(world_stat(world, "2026-11|approval|rd|met"), 1);
    assert_int_equal(world_stat(world, "2026-11|approval|hr|cancelled"), 1);
}

static void test_the_late_head_is_not_escalated_to_himself(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "approval.requested", "requisition", "R-1", "department", "rd",
                NULL);
    world_event(world, "2026-11-17T10:00", "approval.given", "requisition", "R-1", "approver", "chen.jing",
                NULL);
    world_until(world, "2026-11-17T13:00");
    assert_string_equal(world_told(world), "reminder li.lei mail due-1wh");
    world_until(world, "2026-11-18T10:00");
    assert_string_equal(world_told(world),
                        "escalation zhao.min mail due+4wh\noverdue li.lei mail due+4wh copy");
}

static void test_downtime_does_not_shout(void **state)
{
    struct world *world = *state;

    complete_interview(world, "[\"zhang.wei\"]");
    world_jump(world, "2026-11-19T16:00");
    assert_string_equal(world_told(world),
                        "escalation li.lei mail due+8wh\noverdue zhang.wei mail due+8wh copy");
    assert_string_equal(world_journal(world), "opened overdue superseded superseded step queued queued");
}

static void test_reminder_after_due_is_superseded(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "approval.requested", "requisition", "R-1", "department", "rd",
                NULL);
    world_jump(world, "2026-11-17T14:30"); /* due at 14:00; the next step stands at 10:00 tomorrow */
    assert_string_equal(world_told(world), "");
    assert_int_equal(world_table(world, TABLE_DEADLINES), 2);
}

static void test_late_opening_says_so_once(void **state)
{
    struct world *world = *state;

    world_late_event(world, "2026-11-20T10:00", "2026-11-17T15:10", "interview.completed", "interview",
                     "iv-9", "interviewers", "[\"zhang.wei\"]", "recruiter", "chen.jing", NULL);
    assert_true(world_only(world)->late_event);
    world_until(world, "2026-11-20T10:01");
    assert_string_equal(world_told(world), "overdue zhang.wei mail due\noverdue chen.jing mail due");
    world_until(world, "2026-11-20T18:00"); /* eight working hours from the opening: Monday 10:00 */
    assert_string_equal(world_told(world), "");
    world_until(world, "2026-11-23T10:00");
    assert_string_equal(world_told(world),
                        "escalation li.lei mail due+8wh\noverdue zhang.wei mail due+8wh copy");
}

static void test_pause_and_resume(void **state)
{
    struct world *world = *state;

    complete_interview(world, "[\"zhang.wei\"]");
    world_event(world, "2026-11-17T16:10", "candidate.on_hold", "candidate", "c-1", NULL);
    world_until(world, "2026-11-25T00:00");
    assert_string_equal(world_told(world), "");
    world_reload(world);
    assert_int_equal(world_only(world)->state, DEADLINE_PAUSED);
    world_event(world, "2026-11-25T16:10", "candidate.resumed", "candidate", "c-1", NULL);
    assert_int_equal(world_only(world)->due, world_time("2026-11-26T15:10"));
    world_until(world, "2026-11-26T11:10");
    assert_string_equal(world_told(world), "reminder zhang.wei mail due-4h");
}

static void test_sleeps_until_its_time(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-08-03T10:00", "transfer.approved", "transfer", "t-1", "old_manager", "li.lei",
                "from_department", "rd", "move_date", "2026-12-01", NULL);
    assert_int_equal(world_only(world)->state, DEADLINE_SLEEPING);
    world_reload(world);
    world_until(world, "2026-10-12T10:00");
    assert_int_equal(world_only(world)->state, DEADLINE_OPEN);
    assert_int_equal(world_only(world)->due, world_time("2026-11-24T18:00"));
    world_event(world, "2026-11-02T10:00", "transfer.move_date_changed", "transfer", "t-1", "move_date",
                "2026-12-08", NULL);
    assert_int_equal(world_only(world)->due, world_time("2026-12-01T18:00"));
    world_until(world, "2026-11-30T10:00");
    assert_string_equal(world_told(world), "reminder li.lei mail due-1wd");
    world_until(world, "2026-12-01T18:00");
    assert_string_equal(world_told(world), "escalation zhao.min mail due\noverdue li.lei mail due copy");
}

static void test_least_keeps_it_from_being_born_overdue(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-02T10:00", "transfer.approved", "transfer", "t-1", "old_manager", "li.lei",
                "from_department", "rd", "move_date", "2026-11-03", NULL);
    assert_int_equal(world_only(world)->due, world_time("2026-11-04T18:00"));
    assert_false(world_only(world)->late_event);
}

static void test_restart(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-02T10:00", "requirement.changed", "requisition", "R-1", "department", "rd",
                NULL);
    world_until(world, "2026-11-02T10:01");
    assert_string_equal(world_told(world), "asked li.lei mail open");
    world_event(world, "2026-11-03T10:00", "requirement.changed", "requisition", "R-1", "department", "rd",
                NULL);
    assert_int_equal(world_only(world)->due, world_time("2026-11-05T18:00"));
    world_until(world, "2026-11-05T18:00");
    assert_string_equal(world_told(world), "asked li.lei mail open\noverdue li.lei mail due");
}

static void test_the_accused_is_never_told(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-02T10:00", "conflict.reported", "conflict", "k-1", "department", "rd",
                "accused", "li.lei", NULL);
    world_until(world, "2026-11-04T10:00");
    assert_null(strstr(world_told(world), "li.lei"));
    assert_non_null(strstr(world_journal(world), "skipped"));
}

static void test_away_goes_to_the_delegate(void **state)
{
    struct world *world = *state;

    complete_interview(world, "[\"liu.yang\"]");
    world_until(world, "2026-11-18T11:10");
    assert_string_equal(world_told(world), "reminder wang.fang mail due-4h for liu.yang");
    world_event(world, "2026-11-18T12:00", "interview.feedback_submitted", "interview", "iv-1", "interviewer",
                "wang.fang", NULL);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
}

static void test_group_robot_and_its_fallback(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "survey.opened", "survey", "s-1", "person", "zhang.wei", NULL);
    world_event(world, "2026-11-17T09:00", "survey.opened", "survey", "s-2", "person", "wang.fang", NULL);
    world_event(world, "2026-11-17T09:00", "survey.opened", "survey", "s-3", "person", "no.mail", NULL);
    world_until(world, "2026-11-17T11:00");
    const char *told = world_told(world);
    assert_non_null(strstr(told, "overdue zhang.wei rd due"));
    assert_non_null(strstr(told, "overdue wang.fang mail due")); /* nobody knows her number for the robot */
    assert_null(strstr(told, "overdue no.mail"));
    assert_non_null(strstr(told, "escalation chen.jing mail due in place of no.mail"));
    assert_non_null(strstr(world_dead(world, 0), "no.mail"));
    world_until(world, "2026-11-18T11:00"); /* two gaps after due, which nobody has delivered */
    assert_non_null(strstr(world_told(world), "escalation - rd due+1wh"));
}

static void test_unknown_owner_goes_to_catch_all(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "survey.opened", "survey", "s-1", "person", "nobody.knows", NULL);
    assert_string_equal(world_only(world)->owner, "nobody.knows");
    world_until(world, "2026-11-17T11:00");
    assert_string_equal(world_told(world), "escalation wang.qiang mail due in place of owner");
    assert_non_null(strstr(world_journal(world), "owner_unknown"));
}

static void test_department_without_a_head_goes_up(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "approval.requested", "requisition", "R-1", "department", "void",
                NULL);
    world_event(world, "2026-11-17T09:01", "approval.given", "requisition", "R-1", "approver", "chen.jing",
                NULL);
    assert_string_equal(world_only(world)->owner, "zhao.min");
}

/* Wang Fang heads the lab and sits in R&D: as time passes, the lab's head is still looked for in the lab. */
static void test_a_head_who_sits_elsewhere_stays_owner(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "requirement.changed", "requisition", "R-1", "department", "lab",
                NULL);
    assert_string_equal(world_only(world)->department, "rd");
    world_until(world, "2026-11-19T18:05");
    assert_string_equal(world_only(world)->owner, "wang.fang");
    assert_string_equal(world_told(world), "asked wang.fang mail open\noverdue wang.fang mail due");
}

static void test_bad_events_are_kept(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "interview.completed", "interviewers", "[\"zhang.wei\"]", NULL);
    world_event(world, "2026-11-17T09:00", "interview.completed", "interview", "iv-1", NULL);
    world_event(world, "2026-11-17T09:00", "transfer.approved", "transfer", "t", "old_manager", "li.lei",
                NULL);
    world_event(world, "2026-11-17T09:00", "", "interview", "iv-1", NULL);
    assert_non_null(strstr(world_dead(world, 0), "key field \\\"interview\\\""));
    assert_non_null(strstr(world_dead(world, 1), "interviewers"));
    assert_non_null(strstr(world_dead(world, 2), "missing"));
    assert_non_null(strstr(world_dead(world, 3), "\"what\":\"event\""));
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
    complete_interview(world, "[\"zhang.wei\"]");
    assert_int_equal(world_table(world, TABLE_DEADLINES), 1);
}

static void test_retry_then_expiry(void **state)
{
    struct world *world = *state;
    struct verdict retry = {.kind = VERDICT_RETRY, .delay_ms = 60000, .reason = "busy"};

    complete_interview(world, "[\"zhang.wei\"]");
    world_until(world, "2026-11-18T11:10");
    assert_int_equal(world_deliver(world, &retry), 1);
    assert_int_equal(world_deliver(world, &retry), 0); /* not before its time */
    world_until(world, "2026-11-18T11:11");
    assert_int_equal(world_deliver(world, &retry), 1);
    world_until(world, "2026-11-18T15:10"); /* a reminder is of no use once due has passed */
    assert_non_null(strstr(world_dead(world, 0), "expired"));
}

static void test_refused_goes_to_the_fallback(void **state)
{
    struct world *world = *state;
    struct verdict refused = {.kind = VERDICT_REFUSED, .reason = "robot removed"};

    world_event(world, "2026-11-17T09:00", "survey.opened", "survey", "s-1", "person", "zhang.wei", NULL);
    world_until(world, "2026-11-17T11:00");
    world_deliver(world, &refused);
    size_t cursor = 0;
    assert_string_equal(engine_next_notification(world_engine(world), &cursor)->channel, "mail");
    world_deliver(world, &refused);
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);
    assert_non_null(strstr(world_dead(world, 0), "robot removed"));
}

/* The channel had to wait, not the message: it counts as no try, however often. What fails counts, and what
 * goes to another channel begins anew there. */
static void test_what_counts_as_a_try(void **state)
{
    struct world *world = *state;
    const struct verdict throttled = {.kind = VERDICT_BACKOFF},
                         misfit = {.kind = VERDICT_MISCONFIGURED, .delay_ms = 1},
                         failed = {.kind = VERDICT_RETRY}, refused = {.kind = VERDICT_REFUSED};
    size_t cursor = 0;

    world_event(world, "2026-11-17T09:00", "survey.opened", "survey", "s-1", "person", "zhang.wei", NULL);
    world_until(world, "2026-11-17T11:00");
    const struct notification *note = engine_next_notification(world_engine(world), &cursor);
    assert_string_equal(note->channel, "rd");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(world_deliver(world, &throttled), 1);
        assert_int_equal(note->attempts, 0);
    }
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(world_deliver(world, &failed), 1);
        assert_int_equal(note->attempts, i);
    }
    world_deliver(world, &refused);
    assert_string_equal(note->channel, "mail");
    assert_int_equal(note->attempts, 0);
    assert_int_equal(note->uncertain, 0);
    world_deliver(world, &misfit); /* there is no other channel: it waits for the repair */
    assert_int_equal(note->attempts, 0);
}

/* A post to a group has no reader of its own: nobody's mailbox can take its place. */
static void test_a_group_post_falls_back_to_no_person(void **state)
{
    struct world *world = *state;
    const struct verdict refused = {.kind = VERDICT_REFUSED, .reason = "robot removed"};

    world_event(world, "2026-11-17T09:00", "survey.opened", "survey", "s-1", "person", "zhang.wei", NULL);
    world_until(world, "2026-11-17T11:00");
    world_deliver(world, &delivered);
    world_until(world, "2026-11-18T11:00");
    assert_non_null(strstr(world_told(world), "escalation - rd due+1wh"));
    assert_null(world_dead(world, 0));
    world_deliver(world, &refused);
    assert_non_null(strstr(world_dead(world, 0), "robot removed"));
    const struct notification *note; /* the owner's copy went on to a mailbox */
    for (size_t cursor = 0; (note = engine_next_notification(world_engine(world), &cursor)) != NULL;) {
        assert_string_not_equal(note->to, "");
    }
}

static void test_claim_without_verdict_is_uncertain(void **state)
{
    struct world *world = *state;
    const char *ids[64];

    complete_interview(world, "[\"zhang.wei\"]");
    world_until(world, "2026-11-18T11:10");
    world_journal(world);
    assert_int_equal(world_claim_all(world, ids, 10000), 1);
    world_reload(world);
    assert_int_equal(world_claim_all(world, ids, 10000), 0);
    world_jump(world, "2026-11-18T11:11");
    assert_string_equal(world_journal(world), "claimed uncertain");
    assert_int_equal(world_claim_all(world, ids, 10000), 1);
}

static void test_three_attempts_without_an_answer_end_it(void **state)
{
    struct world *world = *state;
    struct verdict uncertain = {.kind = VERDICT_UNCERTAIN};

    complete_interview(world, "[\"zhang.wei\"]");
    world_until(world, "2026-11-18T11:10");
    world_journal(world);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(world_deliver(world, &uncertain), 1);
    }
    assert_string_equal(world_journal(world), "claimed uncertain claimed uncertain claimed uncertain dead");
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);
}

static void test_uncertain_is_held_where_the_channel_says_so(void **state)
{
    struct world *world = *state;
    struct verdict uncertain = {.kind = VERDICT_UNCERTAIN};

    world_event(world, "2026-11-17T09:00", "letter.asked", "letter", "l-1", "person", "zhang.wei", NULL);
    world_until(world, "2026-11-17T11:00");
    world_deliver(world, &uncertain);
    world_until(world, "2026-12-17T11:00");
    assert_int_equal(world_deliver(world, &delivered), 0);
    assert_int_equal(engine_count(world_engine(world)).held, 1);
    world_reload(world);
    assert_int_equal(engine_count(world_engine(world)).held, 1);
}

static void test_commands(void **state)
{
    struct world *world = *state;

    complete_interview(world, "[\"zhang.wei\"]");
    world_until(world, "2026-11-20T15:10");
    world_deliver(world, &delivered);
    world_told(world);
    world_command(world, "2026-11-20T16:00", "cuiban.ack", "deadline", world_only(world)->id, "by",
                  "zhao.min", "until", "2026-11-24T00:00:00+08:00", NULL);
    world_until(world, "2026-11-23T23:00");
    assert_string_equal(world_told(world), "");
    world_journal(world);
    world_command(world, "2026-11-24T11:00", "cuiban.done", "deadline", world_only(world)->id, "by",
                  "chen.jing", NULL);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
    world_command(world, "2026-11-24T11:00", "cuiban.cancel", "deadline", "NONE", "by", "chen.jing", NULL);
    const char *journal = world_journal(world);
    assert_non_null(strstr(journal, "command met_late"));
}

static void test_future_time_counts_as_now(void **state)
{
    struct world *world = *state;

    world_late_event(world, "2026-11-17T15:10", "2026-11-27T15:10", "interview.completed", "interview",
                     "iv-1", "interviewers", "[\"zhang.wei\"]", NULL);
    assert_int_equal(world_only(world)->due, world_time("2026-11-18T15:10"));
    assert_non_null(strstr(world_journal(world), "future"));
    assert_non_null(strstr(world_records(world), "\"future\":true"));
}

static void test_reload_changes_nothing(void **state)
{
    struct world *worlds[2] = {*state, world_open()};
    char *snapshots[2];

    for (int i = 0; i < 2; i++) {
        struct world *world = worlds[i];

        complete_interview(world, "[\"zhang.wei\",\"wang.fang\",\"liu.yang\"]");
        world_event(world, "2026-11-17T15:20", "approval.requested", "requisition", "R-1", "department", "rd",
                    NULL);
        for (int hour = 0; hour < 100; hour++) {
            char at[32];

            (void)snprintf(at, sizeof at, "2026-11-%02dT%02d:00", 18 + hour / 24, hour % 24);
            world_until(world, at);
            world_deliver(world, &delivered);
            if (i == 1) {
                world_reload(world);
            }
        }
        snapshots[i] = world_snapshot(world);
    }
    assert_string_equal(snapshots[0], snapshots[1]);
    free(snapshots[0]);
    free(snapshots[1]);
    world_close(worlds[1]);
}

int main(void)
{
#define ENGINE_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(test_ladder_climbs),
        ENGINE_TEST(test_met_in_time_is_silent),
        ENGINE_TEST(test_each_owner_owes_alone),
        ENGINE_TEST(test_told_hear_that_it_is_over),
        ENGINE_TEST(test_who_is_spared_the_work_hears_of_it),
        ENGINE_TEST(test_who_did_it_is_not_told_that_it_is_done),
        ENGINE_TEST(test_close_withdraws_what_is_queued),
        ENGINE_TEST(test_close_while_on_its_way),
        ENGINE_TEST(test_repeats_open_nothing),
        ENGINE_TEST(test_early_meet),
        ENGINE_TEST(test_early_meet_of_all_owners),
        ENGINE_TEST(test_stamped_in_time_but_late_is_cured),
        ENGINE_TEST(test_due_is_inclusive),
        ENGINE_TEST(test_dual_approval),
        ENGINE_TEST(test_the_late_head_is_not_escalated_to_himself),
        ENGINE_TEST(test_downtime_does_not_shout),
        ENGINE_TEST(test_reminder_after_due_is_superseded),
        ENGINE_TEST(test_late_opening_says_so_once),
        ENGINE_TEST(test_pause_and_resume),
        ENGINE_TEST(test_sleeps_until_its_time),
        ENGINE_TEST(test_least_keeps_it_from_being_born_overdue),
        ENGINE_TEST(test_restart),
        ENGINE_TEST(test_the_accused_is_never_told),
        ENGINE_TEST(test_away_goes_to_the_delegate),
        ENGINE_TEST(test_group_robot_and_its_fallback),
        ENGINE_TEST(test_unknown_owner_goes_to_catch_all),
        ENGINE_TEST(test_department_without_a_head_goes_up),
        ENGINE_TEST(test_a_head_who_sits_elsewhere_stays_owner),
        ENGINE_TEST(test_bad_events_are_kept),
        ENGINE_TEST(test_retry_then_expiry),
        ENGINE_TEST(test_refused_goes_to_the_fallback),
        ENGINE_TEST(test_what_counts_as_a_try),
        ENGINE_TEST(test_a_group_post_falls_back_to_no_person),
        ENGINE_TEST(test_claim_without_verdict_is_uncertain),
        ENGINE_TEST(test_three_attempts_without_an_answer_end_it),
        ENGINE_TEST(test_uncertain_is_held_where_the_channel_says_so),
        ENGINE_TEST(test_commands),
        ENGINE_TEST(test_future_time_counts_as_now),
        ENGINE_TEST(test_reload_changes_nothing),
    };
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
