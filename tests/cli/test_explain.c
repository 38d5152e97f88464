/* explain: the whole story of one deadline, line by line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "played.h"

/* 韩梅 owes feedback by Thursday evening and is away until Friday: 张伟 answers. HR alone hears on Friday,
 * the head on Monday. */
static void interview(struct world *world, const char *received)
{
    happens(world, received, "type", "interview.completed", "id", "i", "time", "2036-03-05T11:00:00+08:00",
            "interview", "iv-1", "interviewers", "[\"han.mei\"]", "department", "rd", "round", "2",
            "requisition", "REQ-1", "recruiter", "nobody", "position", "Java工程师", (char *)NULL);
}

static void let_it_climb(struct world *world)
{
    interview(world, "2036-03-05T11:00:07+08:00");
    passes(world, "2036-03-06T18:00:00+08:00");
    world->attempt_ms = 400;
    delivers(world, VERDICT_DELIVERED, "");
    passes(world, "2036-03-07T14:00:00+08:00");
    delivers(world, VERDICT_DELIVERED, "");
}

static void explain(struct world *world)
{
    ctl_run(&world->ctl, "explain", "feedback", "interview=iv-1", NULL);
}

static void who_owes_what(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    let_it_climb(world);
    explain(world);
    ctl_expect(ctl, 0, "面试反馈  iv-1 Java工程师  overdue  late by 4 h of working time  number ", NULL);
    ctl_expect(ctl, 0, "  owner  韩梅  研发部  (away 03-05 Wed to 03-07 Fri; 张伟 answers)\n", NULL);
    ctl_expect(ctl, 0, "  asked by  无邮箱\n", NULL);
    ctl_expect(ctl, 0, "  done when  面试官交反馈 = interview.feedback of=iv-1 by=han.mei\n", NULL);
    ctl_expect(ctl, 0, "due 2036-03-06 Thu 18:00 = 1wd from 2036-03-05 Wed 11:00, calendar office\n", NULL);
    ctl_expect(ctl, 0, "  not 4wh: \"urgent == yes\" does not hold (urgent is missing)\n", NULL);
    ctl_run(ctl, "--lang=zh", "explain", "feedback", "interview=iv-1", NULL);
    ctl_expect(ctl, 0, "  责任人  韩梅  研发部（休假 03-05 周三 至 03-07 周五，张伟 代）\n", NULL);
    ctl_expect(ctl, 0, "  提出人  无邮箱\n", NULL);
    ctl_expect(ctl, 0, "  不用 4wh：“urgent == yes”不成立（urgent 缺失）\n", NULL);
    ctl_run(ctl, "--json", "explain", "feedback", "interview=iv-1", NULL);
    ctl_expect(ctl, 0, "\"due_because\":\"not 4wh: \\\"urgent == yes\\\" does not hold (urgent is missing)\"",
               NULL);
}

static void an_urgent_one_says_why(void **state)
{
    struct world *world = *state;

    happens(world, "2036-03-04T11:00:00+08:00", "type", "interview.completed", "id", "i", "interview", "iv-2",
            "interviewers", "[\"zhang.wei\"]", "department", "rd", "round", "2", "requisition", "REQ-1",
            "urgent", "是", (char *)NULL);
    ctl_run(&world->ctl, "explain", "feedback", "interview=iv-2", NULL);
    ctl_expect(&world->ctl, 0, " = 4wh from 2036-03-04 Tue 11:00, calendar office\n", NULL);
    ctl_expect(&world->ctl, 0, "  \"urgent == yes\" holds (urgent = 是)\n", NULL);
}

static void what_happened(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    let_it_climb(world);
    explain(world);
    ctl_expect(ctl, 0, "opened     韩梅 due 2036-03-06 Thu 18:00 (HRIS 7 s late) interview.completed ", NULL);
    ctl_expect(ctl, 0, "03-06 18:00:00  delivered  overdue 张伟 (for 韩梅) mail in 0.4 s\n", NULL);
    ctl_run(ctl, "--lang=zh", "explain", "feedback", "interview=iv-1", NULL);
    ctl_expect(ctl, 0, "打开    韩梅 到期 2036-03-06 周四 18:00（HRIS 迟到 7 秒） interview.completed ",
               NULL);
    ctl_expect(ctl, 0, "已送达  跟催 张伟（代韩梅） mail，用时 0.4 秒\n", NULL);
}

static void what_was_not_sent(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    let_it_climb(world);
    explain(world);
    ctl_expect(ctl, 0, "not sent\n  03-06 18:00:00  away      overdue 韩梅: 张伟 has it instead\n", NULL);
    ctl_expect(ctl, 0, "  03-07 14:00:00  not told  韩梅: the step due+4wh is for hr alone (", NULL);
    ctl_expect(ctl, 0, "fixture/rules.d/interviews.cfg:20)\n", NULL);
    ctl_run(ctl, "--lang=zh", "explain", "feedback", "interview=iv-1", NULL);
    ctl_expect(ctl, 0, "没有发\n  03-06 18:00:00  休假    跟催 韩梅：由 张伟 代收\n", NULL);
    ctl_expect(ctl, 0, "  03-07 14:00:00  不告知  韩梅：台阶 due+4wh 只告知 hr（", NULL);
}

/* Two steps of one instant: one is for the owner, the other is not. */
static void one_step_left_the_owner_out(void **state)
{
    struct world *world = *state;

    happens(world, "2036-03-03T09:00:00+08:00", "type", "handover.begun", "id", "h", "employee", "e-1",
            "taker", "zhang.wei", "department", "rd", (char *)NULL);
    passes(world, "2036-03-10T18:00:00+08:00");
    ctl_run(&world->ctl, "explain", "takeover", "employee=e-1", NULL);
    ctl_expect(&world->ctl, 0, "not sent\n  03-10 18:00:00  not told  张伟: the step hears is for hr alone (",
               NULL);
    ctl_expect_not(&world->ctl, "the step due is for");
    ctl_expect(&world->ctl, 0, "employee=e-1  overdue    number ", NULL); /* not a millisecond late yet */
    ctl_expect(&world->ctl, 0, "  done when  handover.done employee=e-1\n", NULL);
}

static void if_it_were_done_now(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    interview(world, "2036-03-05T11:00:00+08:00");
    explain(world);
    ctl_expect(ctl, 0, "  if done now: met; counted for 研发部 in 2036-03\n", NULL);
    passes(world, "2036-03-07T14:00:00+08:00");
    explain(world);
    ctl_expect(ctl, 0,
               "  if done now: met_late, late by 4 h of working time; counted for 研发部 in 2036-03\n", NULL);
    ctl_run(ctl, "--lang=zh", "explain", "feedback", "interview=iv-1", NULL);
    ctl_expect(ctl, 0, "  若此刻完成：记为逾期完成，迟 工作时间4小时，计入 研发部 2036-03\n", NULL);
    ctl_run(ctl, "--json", "explain", "feedback", "interview=iv-1", NULL);
    ctl_expect(ctl, 0,
               "\"if_done_now\":{\"state\":\"met_late\",\"late_working_ms\":14400000,\"department\":\"rd\","
               "\"month\":\"2036-03\"}",
               NULL);
}

/* What the journal lacks, the event that opened it still has. */
static void a_closed_one_names_its_case(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    let_it_climb(world);
    happens(world, "2036-03-07T15:00:00+08:00", "type", "interview.feedback", "id", "f", "of", "iv-1", "by",
            "han.mei", (char *)NULL);
    explain(world);
    ctl_expect(ctl, 0, "面试反馈  iv-1 Java工程师  met late  number ", NULL);
    ctl_expect(ctl, 0, "  not 4wh: ", NULL);
    ctl_expect_not(ctl, "if done now");
    freeReplyObject(redis_do(world->redis, "DEL hr:events"));
    explain(world);
    ctl_expect(ctl, 0, "面试反馈  feedback|iv-1  met late  number ", NULL);
}

static void another_rule_with_the_same_ladder(void **state)
{
    struct world *world = *state;

    interview(world, "2036-03-05T11:00:00+08:00");
    explain(world);
    ctl_expect(&world->ctl, 0, "  rule   feedback ", NULL);
    ctl_expect_not(&world->ctl, "when it opened");
    change_rule(world, "span = \"1wd\"", "span = \"2wd\"");
    explain(world);
    ctl_expect(&world->ctl, 0, " now: the ladder is the same\n", NULL);
    ctl_expect(&world->ctl, 0, " = 1wd from ", NULL);
}

static void another_rule_with_another_ladder(void **state)
{
    struct world *world = *state;

    interview(world, "2036-03-05T11:00:00+08:00");
    change_rule(world, "to = \\[ \"hr\" \\]", "to = [ \"hr\", \"owner\" ]");
    ctl_run(&world->ctl, "--lang=zh", "explain", "feedback", "interview=iv-1", NULL);
    ctl_expect(&world->ctl, 0, "：阶梯不同\n", NULL);
}

/* Whoever may write events must not be able to write to the terminal of who asks. */
static void no_escape_reaches_the_terminal(void **state)
{
    static const char *const verbs[][3] = {{"explain", "confirm", "requisition=\033[2JREQ"},
                                           {"case", "requisition=\033[2JREQ"},
                                           {"show"},
                                           {"list"}};
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    submit(world, "2036-03-03T09:00:00+08:00", "\033[2JREQ", "\033[31m\xc2\x9bwho");
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        const char *which = verbs[i][1] != NULL                ? verbs[i][1]
                            : strcmp(verbs[i][0], "show") == 0 ? open_id(world)
                                                               : NULL;

        ctl_run(ctl, verbs[i][0], which, verbs[i][2], NULL);
        ctl_expect(ctl, 0, "who", NULL);
        ctl_expect_not(ctl, "\033");
        ctl_expect_not(ctl, "\xc2\x9b");
    }
    ctl_run(ctl, "explain", "\033[2Jnope", "requisition=1", NULL);
    ctl_expect(ctl, 2, NULL, " [2Jnope");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_owes_what, world_start, world_stop),
        cmocka_unit_test_setup_teardown(an_urgent_one_says_why, world_start, world_stop),
        cmocka_unit_test_setup_teardown(what_happened, world_start, world_stop),
        cmocka_unit_test_setup_teardown(what_was_not_sent, world_start, world_stop),
        cmocka_unit_test_setup_teardown(one_step_left_the_owner_out, world_start, world_stop),
        cmocka_unit_test_setup_teardown(if_it_were_done_now, world_start, world_stop),
        cmocka_unit_test_setup_teardown(a_closed_one_names_its_case, world_start, world_stop),
        cmocka_unit_test_setup_teardown(another_rule_with_the_same_ladder, world_start, world_stop),
        cmocka_unit_test_setup_teardown(another_rule_with_another_ladder, world_start, world_stop),
        cmocka_unit_test_setup_teardown(no_escape_reaches_the_terminal, world_start, world_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
