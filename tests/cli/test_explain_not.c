/* explain --not: every reason for which nobody got anything. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "played.h"

static void ask(struct world *world, const char *rule, const char *field)
{
    ctl_run(&world->ctl, "explain", "--not", rule, field, NULL);
}

static void complete(struct world *world, const char *when, const char *round, const char *requisition)
{
    happens(world, when, "type", "interview.completed", "id", when, "time", when, "interview", "iv-1",
            "interviewers", "[\"zhang.wei\"]", "department", "rd", "round", round, "requisition", requisition,
            "recruiter", "nobody", (char *)NULL);
}

static void no_event_came(void **state)
{
    struct world *world = *state;

    ask(world, "confirm", "requisition=REQ-1");
    ctl_expect(&world->ctl, 1, "no daemon has ever served this stream", NULL);
    submit(world, "2036-03-03T10:00:00+08:00", "REQ-2", "zhang.wei");
    ask(world, "confirm", "requisition=REQ-1");
    ctl_expect(
        &world->ctl, 1,
        "verdict: nobody got anything because no event with requisition=REQ-1 is among the 1 latest of "
        "the stream hr:events (since 2036-03-03 Mon 10:00).\n",
        NULL);
    ctl_run(&world->ctl, "--json", "explain", "--not", "confirm", "requisition=REQ-1", NULL);
    ctl_expect(&world->ctl, 1, "\"verdict\":\"no_event\"", NULL);
}

static void the_event_nearly_names_it(void **state)
{
    struct world *world = *state;

    happens(world, "2036-03-03T10:00:00+08:00", "type", "requisition.submitted", "id", "a", "requisition_no",
            "REQ-7", "hiring_manager", "zhang.wei", "department", "rd", (char *)NULL);
    ask(world, "confirm", "requisition=REQ-7");
    ctl_expect(&world->ctl, 0, "it has \"REQ-7\" in the field requisition_no, and no requisition.", NULL);
    submit(world, "2036-03-03T11:00:00+08:00", " req-8", "zhang.wei");
    ask(world, "confirm", "requisition=REQ-8");
    ctl_expect(&world->ctl, 0, "but its requisition is written \" req-8\", not \"REQ-8\".", NULL);
    happens(world, "2036-03-03T12:00:00+08:00", "type", "requisition.closed", "id", "c", "requisition",
            "REQ-9", (char *)NULL);
    ask(world, "confirm", "requisition=REQ-9");
    ctl_expect(&world->ctl, 0, "events of it came, but none that opens the rule (requisition.submitted).",
               NULL);
    ctl_expect(&world->ctl, 0, "requisition.closed  means nothing to this rule", NULL);
}

static void the_event_was_not_taken(void **state)
{
    struct world *world = *state;

    happens(world, "2036-03-03T09:00:00+08:00", "requisition", "REQ-1", (char *)NULL);
    ask(world, "confirm", "requisition=REQ-1");
    ctl_expect(&world->ctl, 0, "went to the dead letters: the field type is missing.", NULL);
    freeReplyObject(redis_do(world->redis, "XTRIM hr:events MAXLEN 0"));
    ask(world, "confirm", "requisition=REQ-1");
    ctl_expect(&world->ctl, 0, "the event 2088118800000-1 is a dead letter: the field type is missing.",
               NULL);
    submit(world, "2036-03-03T10:00:00+08:00", "REQ-2", "zhang.wei");
    happens(world, "2036-03-03T11:00:00+08:00", "type", "requisition.submitted", "id", "REQ-2", "requisition",
            "REQ-3", "hiring_manager", "zhang.wei", "department", "rd", (char *)NULL);
    ask(world, "confirm", "requisition=REQ-3");
    ctl_expect(&world->ctl, 0,
               "an event with its id had been taken before, so it was ignored: 2088122400000-2 "
               "requisition.submitted requisition=REQ-2.",
               NULL);
    arrives(world, "2036-03-03T12:00:00+08:00", "type", "requisition.submitted", "id", "x", "requisition",
            "REQ-4", "hiring_manager", "zhang.wei", "department", "rd", (char *)NULL);
    ask(world, "confirm", "requisition=REQ-4");
    ctl_expect(&world->ctl, 0, "the daemon has not read it yet.", NULL);
}

static void the_rule_did_not_open(void **state)
{
    struct world *world = *state;

    complete(world, "2036-03-03T10:00:00+08:00", "1", "REQ-1");
    ask(world, "feedback", "interview=iv-1");
    ctl_expect(&world->ctl, 0, "\"round >= 2\" is false: the event says round = \"1\".", NULL);
    ctl_run(&world->ctl, "--lang=zh", "explain", "--not", "feedback", "interview=iv-1", NULL);
    ctl_expect(&world->ctl, 0,
               "没有人收到：事件 2088122400000-1：条件“round >= 2”不成立：事件中 round =“1”。", NULL);
    complete(world, "2036-03-03T11:00:00+08:00", "2", "");
    ask(world, "feedback", "interview=iv-1");
    ctl_expect(&world->ctl, 0, "\"has requisition\" is false: the event has no requisition.", NULL);
    happens(world, "2036-03-03T12:00:00+08:00", "type", "interview.completed", "id", "l", "interview", "iv-2",
            "interviewers", "\"zhang", "department", "rd", "round", "2", "requisition", "R", (char *)NULL);
    ask(world, "feedback", "interview=iv-2");
    ctl_expect(&world->ctl, 0, "the field \"interviewers\" is missing or is not a JSON array", NULL);
    happens(world, "2036-03-03T13:00:00+08:00", "type", "employee.left", "id", "e", "employee", "e-1",
            "manager", "li.lei", (char *)NULL);
    ask(world, "goodbye", "employee=e-1");
    ctl_expect(&world->ctl, 0, "the rule is retired: it opens nothing new.", NULL);
    ctl_expect(&world->ctl, 0, "(retired), opened by employee.left", NULL);
    happens(world, "2036-03-03T14:00:00+08:00", "type", "interview.completed", "id", "k", "interviewers",
            "[\"zhang.wei\"]", "department", "rd", "round", "2", "requisition", "REQ-5", (char *)NULL);
    ask(world, "feedback", "requisition=REQ-5");
    ctl_expect(&world->ctl, 0, "the key field interview is missing or empty.", NULL);
}

/* The daemon read the event under rules that did not have this one: nothing is on record. */
static void the_rule_was_not_there(void **state)
{
    struct world *world = *state;

    submit(world, "2036-03-03T09:00:00+08:00", "REQ-1", "zhang.wei");
    arrives(world, "2036-03-03T10:00:00+08:00", "type", "requisition.submitted", "id", "x", "requisition",
            "REQ-4", "hiring_manager", "zhang.wei", "department", "rd", (char *)NULL);
    happens(world, "2036-03-03T11:00:00+08:00", "type", "requisition.closed", "requisition", "R",
            (char *)NULL);
    ask(world, "confirm", "requisition=REQ-4");
    ctl_expect(&world->ctl, 0, "when the event was read, the rule did not exist or was another one.", NULL);
    freeReplyObject(redis_do(world->redis, "HSET " BASE ":head rules 0123456789abcdef"));
    ask(world, "confirm", "requisition=REQ-4");
    ctl_expect(&world->ctl, 0, "(the daemon runs rules 0123456789abcdef, on disk are ", NULL);
    freeReplyObject(redis_do(world->redis, "DEL " BASE ":journal"));
    ask(world, "confirm", "requisition=REQ-4");
    ctl_expect(&world->ctl, 0, "the journal does not reach back to it.", NULL);
}

static void it_is_open_and_waits(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    submit(world, "2036-03-03T10:00:00+08:00", "REQ-1", "li.lei");
    submit(world, "2036-03-03T10:30:00+08:00", "REQ-1", "li.lei");
    ask(world, "confirm", "requisition=REQ-1");
    ctl_expect(
        ctl, 0,
        "has been open since 2036-03-03 Mon 10:00; its next step due-1wd is still to come, on 2036-03-05 "
        "Wed 10:00, to 李雷.",
        NULL);
    ctl_expect(ctl, 0, "an event with its id had been taken before", NULL);
    happens(world, "2036-03-03T11:00:00+08:00", "type", "requisition.submitted", "id", "again", "requisition",
            "REQ-1", "hiring_manager", "li.lei", "department", "rd", (char *)NULL);
    ask(world, "confirm", "requisition=REQ-1");
    ctl_expect(ctl, 0, "had been open since 2036-03-03 Mon 10:00: the repeated opening was ignored", NULL);
    passes(world, "2036-03-05T13:30:00+08:00");
    ask(world, "confirm", "requisition=REQ-1");
    ctl_expect(ctl, 0, "a message to 李雷 waits for the end of quiet hours, until 2036-03-05 Wed 15:00.",
               NULL);
    passes(world, "2036-03-05T15:00:00+08:00");
    delivers(world, VERDICT_RETRY, "connection refused");
    ctl_run(ctl, "--lang=zh", "explain", "--not", "confirm", "requisition=REQ-1", NULL);
    ctl_expect(ctl, 0, "给 李雷 的消息经 mail 发送中（排队，已尝试 1 次），最近一次：connection refused。",
               NULL);
    passes(world, "2036-03-05T15:30:00+08:00");
    delivers(world, VERDICT_DELIVERED, "");
    ask(world, "confirm", "requisition=REQ-1");
    ctl_expect(ctl, 0, "somebody did get something: ", NULL);
    ctl_expect(ctl, 0, "told 李雷 on 2036-03-05 Wed 15:30 through mail (1 delivered).", NULL);
    ctl_run(ctl, "--lang=zh", "explain", "--not", "confirm", "requisition=REQ-1", NULL);
    ctl_expect(ctl, 0, "其实有人收到了：", NULL);
    ctl_expect(ctl, 0, "已于 2036-03-05 周三 15:30 经 mail 告知 李雷（共送达 1 条）。", NULL);
}

static void it_is_open_and_tells_nobody(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    submit(world, "2036-03-03T10:00:00+08:00", "REQ-1", "zhang.san");
    ask(world, "confirm", "requisition=REQ-1");
    ctl_expect(ctl, 0, "; its owner \"zhang.san\" is not in the directory.", NULL);
    passes(world, "2036-03-05T10:00:00+08:00");
    ask(world, "confirm", "requisition=REQ-1");
    ctl_expect(ctl, 0, " told nobody: step due-1wd for owner was skipped: ", NULL);
    ctl_expect(ctl, 0, "; its next step due is still to come, on 2036-03-06 Thu 18:00, to 李雷", NULL);
    complete(world, "2036-03-05T11:00:00+08:00", "2", "REQ-1");
    happens(world, "2036-03-05T12:00:00+08:00", "type", "requisition.paused", "id", "p", "requisition",
            "REQ-1", (char *)NULL);
    ask(world, "feedback", "interview=iv-1");
    ctl_expect(ctl, 0, "it is paused.", NULL);
}

static void it_was_closed_first(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    submit(world, "2036-03-03T10:00:00+08:00", "REQ-1", "li.lei");
    happens(world, "2036-03-03T12:00:00+08:00", "type", "requisition.confirmed", "id", "m", "requisition",
            "REQ-1", (char *)NULL);
    ask(world, "confirm", "requisition=REQ-1");
    ctl_expect(
        ctl, 0,
        "was closed on 2036-03-03 Mon 12:00 (met) by requisition.confirmed before a message of its had "
        "left.",
        NULL);
    happens(world, "2036-03-03T13:00:00+08:00", "type", "requisition.submitted", "id", "again", "time",
            "2036-03-03T09:00:00+08:00", "requisition", "REQ-1", "hiring_manager", "li.lei", "department",
            "rd", (char *)NULL);
    ask(world, "confirm", "requisition=REQ-1");
    ctl_expect(ctl, 0, "it is not newer than the opening of ", NULL);
    ctl_expect(ctl, 0, "which was closed on 2036-03-03 Mon 12:00 (met).", NULL);
    happens(world, "2036-03-04T09:00:00+08:00", "type", "requisition.confirmed", "id", "early", "requisition",
            "REQ-6", (char *)NULL);
    submit(world, "2036-03-04T09:05:00+08:00", "REQ-6", "li.lei");
    ask(world, "confirm", "requisition=REQ-6");
    ctl_expect(ctl, 0, "was closed as soon as it opened: it had been met early, on 2036-03-04 Tue 09:00.",
               NULL);
    ctl_expect(ctl, 0, "requisition.confirmed  meets  no such deadline is open yet: remembered", NULL);
}

static void it_opens_as_time_passes(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    happens(world, "2036-03-03T10:00:00+08:00", "type", "employee.hired", "id", "h", "employee", "e-1",
            "manager", "li.lei", "probation_end", "2036-06-30", (char *)NULL);
    ask(world, "review", "employee=e-1");
    ctl_expect(ctl, 0, " has been open since 2036-03-03 Mon 10:00; it sleeps until 2036-06-02 Mon 18:00.",
               NULL);
    ask(world, "weekly", "employee=e-1");
    ctl_expect(ctl, 0, "it began a recurrence; the first period opens on 2036-03-10 Mon 09:30.", NULL);
    ask(world, "monthly", "department=rd");
    ctl_expect(ctl, 1, "not for this department: \"hrbp != li.lei\" is false in the directory.", NULL);
    ask(world, "monthly", "department=hr");
    ctl_expect(ctl, 1, "the rule opens by the clock, and has opened nothing for this yet.", NULL);
}

static void it_opens_after_another(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    complete(world, "2036-03-03T10:00:00+08:00", "1", "REQ-1");
    ask(world, "summary", "interview=iv-1");
    ctl_expect(ctl, 0, "when the last of the rule feedback has closed, and none of that has opened (see",
               NULL);
    ctl_expect(ctl, 0, ", opened by the end of feedback where round < 3\n", NULL);
    complete(world, "2036-03-03T11:00:00+08:00", "3", "REQ-1");
    ask(world, "summary", "interview=iv-1");
    ctl_expect(ctl, 0, " (张伟) is still open, due 2036-03-04 Tue 18:00.", NULL);
    happens(world, "2036-03-03T12:00:00+08:00", "type", "interview.feedback", "id", "f", "of", "iv-1", "by",
            "zhang.wei", (char *)NULL);
    ask(world, "summary", "interview=iv-1");
    ctl_expect(ctl, 0, "\"round < 3\" is false: ", NULL);
    ctl_expect(ctl, 0, " has round = \"3\".", NULL);
}

static void what_it_follows_was_cancelled(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    complete(world, "2036-03-03T10:00:00+08:00", "2", "REQ-1");
    happens(world, "2036-03-03T12:00:00+08:00", "type", "requisition.closed", "id", "c", "requisition",
            "REQ-1", (char *)NULL);
    ask(world, "summary", "interview=iv-1");
    ctl_expect(ctl, 0, "when the last of the rule feedback has closed, and all of those were cancelled.",
               NULL);
    ctl_run(ctl, "--json", "explain", "--not", "summary", "interview=iv-1", NULL);
    ctl_expect(ctl, 0, "\"verdict\":\"after_cancelled\"", NULL);
}

static void the_question_is_checked(void **state)
{
    struct world *world = *state;

    ask(world, "confrim", "requisition=REQ-1");
    ctl_expect(&world->ctl, 2, NULL, "did you mean \"confirm\"?");
    ctl_run(&world->ctl, "explain", "--not", "confirm", NULL);
    ctl_expect(&world->ctl, 2, NULL, "of which case?");
    ctl_run(&world->ctl, "explain", NULL);
    ctl_expect(&world->ctl, 2, NULL, "explain which?");
}

/* A value that a selector calls by another name, and a terminal's escape in an event's text. */
static void names_and_texts(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    happens(world, "2036-03-03T09:00:00+08:00", "type", "interview.feedback", "id", "f", "of", "iv-3", "by",
            "zhang.wei", (char *)NULL);
    ask(world, "feedback", "interview=iv-3");
    ctl_expect(ctl, 0, "interview.feedback  meets  no such deadline is open yet: remembered\n", NULL);
    ctl_expect(ctl, 0, "none that opens the rule (interview.completed)", NULL);
    complete(world, "2036-03-03T10:00:00+08:00", "\033[31m", "REQ-1");
    ask(world, "feedback", "interview=iv-1");
    ctl_expect(ctl, 0, "verdict: ", NULL);
    ctl_expect_not(ctl, "\033");
    ctl_run(ctl, "--json", "explain", "--not", "feedback", "interview=iv-1", NULL);
    ctl_expect(ctl, 0, "\"match\":\"whole\",\"type\":\"interview.completed\"", NULL);
    ctl_expect(ctl, 0, "\"what\":\"where_false\"", NULL);
    ctl_expect(ctl, 0, "\"verdict\":\"where_false\"", NULL);
}

/* 李雷 is left alone until three in the afternoon, 张伟 has heard: somebody did get something. */
static void of_several_owners_one_was_told(void **state)
{
    struct world *world = *state;

    happens(world, "2036-03-03T13:30:00+08:00", "type", "interview.completed", "id", "s", "interview", "iv-5",
            "interviewers", "[\"zhang.wei\",\"li.lei\"]", "department", "rd", "round", "2", "requisition",
            "REQ-1", "urgent", "yes", "recruiter", "nobody", (char *)NULL);
    passes(world, "2036-03-04T09:30:00+08:00");
    passes(world, "2036-03-04T13:00:00+08:00");
    delivers(world, VERDICT_DELIVERED, "");
    ask(world, "feedback", "interview=iv-5");
    ctl_expect(&world->ctl, 0, "verdict: somebody did get something: ", NULL);
}

/* So many that not all were looked at: what is not found is not said to be missing. */
static void more_than_can_be_looked_at(void **state)
{
    enum { MANY = 210 };
    struct world *world = *state;
    char requisition[16];

    for (int i = 0; i < MANY; i++) {
        (void)snprintf(requisition, sizeof(requisition), "REQ-%d", i);
        submit(world, "2036-03-03T10:00:00+08:00", requisition, "zhang.wei");
    }
    ask(world, "confirm", "department=rd");
    ctl_expect(&world->ctl, 0, "only the first 200 deadlines were looked at: say more of the case", NULL);
    ctl_expect(&world->ctl, 0, "  and more: say more of the case\n", NULL);
    ctl_expect_not(&world->ctl, "nothing is on record");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_event_came, world_start, world_stop),
        cmocka_unit_test_setup_teardown(the_event_nearly_names_it, world_start, world_stop),
        cmocka_unit_test_setup_teardown(the_event_was_not_taken, world_start, world_stop),
        cmocka_unit_test_setup_teardown(the_rule_did_not_open, world_start, world_stop),
        cmocka_unit_test_setup_teardown(the_rule_was_not_there, world_start, world_stop),
        cmocka_unit_test_setup_teardown(it_is_open_and_waits, world_start, world_stop),
        cmocka_unit_test_setup_teardown(it_is_open_and_tells_nobody, world_start, world_stop),
        cmocka_unit_test_setup_teardown(it_was_closed_first, world_start, world_stop),
        cmocka_unit_test_setup_teardown(it_opens_as_time_passes, world_start, world_stop),
        cmocka_unit_test_setup_teardown(it_opens_after_another, world_start, world_stop),
        cmocka_unit_test_setup_teardown(what_it_follows_was_cancelled, world_start, world_stop),
        cmocka_unit_test_setup_teardown(the_question_is_checked, world_start, world_stop),
        cmocka_unit_test_setup_teardown(names_and_texts, world_start, world_stop),
        cmocka_unit_test_setup_teardown(of_several_owners_one_was_told, world_start, world_stop),
        cmocka_unit_test_setup_teardown(more_than_can_be_looked_at, world_start, world_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
