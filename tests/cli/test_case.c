/* case FIELD=VALUE: every deadline of one case on one line of time, and who held it how long. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "played.h"

/* REQ-1 is confirmed late by 张伟; the feedback of its interview is owed by two, paused for a day. */
static void play(struct world *world)
{
    submit(world, "2036-03-03T10:00:00+08:00", "REQ-1", "zhang.wei");
    submit(world, "2036-03-03T10:00:00+08:00", "REQ-2", "zhang.wei");
    passes(world, "2036-03-05T10:05:00+08:00");
    delivers(world, VERDICT_DELIVERED, "");
    passes(world, "2036-03-06T18:05:00+08:00");
    happens(world, "2036-03-07T10:00:00+08:00", "type", "requisition.confirmed", "id", "m", "requisition",
            "REQ-1", (char *)NULL);
    happens(world, "2036-03-07T11:00:00+08:00", "type", "interview.completed", "id", "i", "interview", "iv-1",
            "interviewers", "[\"zhang.wei\", \"han.mei\"]", "department", "rd", "round", "2", "requisition",
            "REQ-1", "recruiter", "nobody", "position", "Java工程师", (char *)NULL);
    happens(world, "2036-03-10T09:00:00+08:00", "type", "interview.feedback", "id", "f", "of", "iv-1", "by",
            "zhang.wei", (char *)NULL);
    happens(world, "2036-03-10T10:05:00+08:00", "type", "requisition.paused", "id", "p", "time",
            "2036-03-10T10:00:00+08:00", "requisition", "REQ-1", (char *)NULL);
    happens(world, "2036-03-11T10:00:00+08:00", "type", "requisition.resumed", "id", "r", "requisition",
            "REQ-1", (char *)NULL);
    passes(world, "2036-03-11T11:00:00+08:00");
}

static void happened_in_order(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    play(world);
    ctl_run(ctl, "case", "requisition=REQ-1", NULL);
    ctl_expect(ctl, 0, "requisition=REQ-1: 3 deadlines, 1 open\nline of time\n", NULL);
    ctl_expect(ctl, 0,
               "  2036-03-05 Wed 10:05  BF8Y  岗位需求确认  delivered  张伟  reminder mail\n"
               "  2036-03-06 Thu 18:05  BF8Y  岗位需求确认  overdue    张伟  -\n"
               "  2036-03-07 Fri 10:00  BF8Y  岗位需求确认  met late   -     late by 1 h of working time\n"
               "  2036-03-07 Fri 11:00  9C40  面试反馈      opened     张伟  due 2036-03-10 Mon 18:00\n",
               NULL);
    ctl_expect(ctl, 0,
               "  2036-03-11 Tue 10:00  RAHH  面试反馈      resumed    -     due 2036-03-11 Tue 18:00\n",
               NULL);
    ctl_run(ctl, "--lang=zh", "case", "requisition=REQ-1", NULL);
    ctl_expect(ctl, 0, "requisition=REQ-1：事项 3 个，进行中 1 个\n时间线\n", NULL);
    ctl_expect(ctl, 0, "逾期完成  -     迟 工作时间1小时\n", NULL);
    ctl_run(ctl, "--json", "case", "requisition=REQ-1", NULL);
    ctl_expect(ctl, 0, "{\"at\":\"2036-03-10T10:00:00+08:00\",\"deadline\":\"RAHH\",\"what\":\"paused\"}",
               NULL);
}

/* Counted by hand: 7 + 3 x 8 + 1 hours; 6 hours of a Friday; 6 + 1 before and 1 after a day of pause. */
static void time_is_held_by_somebody(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    play(world);
    ctl_run(ctl, "case", "requisition=REQ-1", NULL);
    ctl_expect(ctl, 0, "  BF8Y  岗位需求确认  REQ-1 Java工程师  2036-03-06 Thu 18:00  met late ", NULL);
    ctl_expect(ctl, 0, "met late 2036-03-07 Fri 10:00  张伟      4.0           32.0\n", NULL);
    ctl_expect(ctl, 0, "met 2036-03-10 Mon 09:00       张伟      2.9            6.0\n", NULL);
    ctl_expect(ctl, 0, "open                           韩梅      3.0            8.0\n", NULL);
    ctl_expect(ctl, 0, "  张伟            2   6.9           38.0\n  韩梅            1   3.0            8.0\n",
               NULL);
    ctl_run(ctl, "--json", "case", "interview=iv-1", NULL);
    ctl_expect(ctl, 0, "\"held\":[{\"person\":\"han.mei\",\"deadlines\":1,\"elapsed_ms\":259200000,", NULL);
    ctl_expect_not(ctl, "BF8Y");
}

static void a_new_owner_takes_over(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    happens(world, "2036-03-03T09:00:00+08:00", "type", "handover.begun", "id", "h", "employee", "e-1",
            "taker", "li.lei", "department", "rd", (char *)NULL);
    ctl_run(ctl, "case", "employee=e-1", NULL);
    ctl_expect(ctl, 0, "employee=e-1: 1 deadlines, 1 open\n", NULL);
    ctl_expect(ctl, 0, "李雷", NULL);
    happens(world, "2036-03-04T09:00:00+08:00", "type", "handover.moved", "id", "i", "employee", "e-1",
            "taker", "zhang.wei", (char *)NULL);
    happens(world, "2036-03-04T11:00:00+08:00", "type", "handover.moved", "id", "k", "employee", "e-1",
            "taker", "han.mei", (char *)NULL);
    passes(world, "2036-03-04T14:00:00+08:00");
    ctl_run(ctl, "case", "employee=e-1", NULL);
    ctl_expect(ctl, 0, "  李雷            1   1.0            8.0\n", NULL);
    ctl_expect(ctl, 0, "  张伟            1   0.1            2.0\n", NULL);
    ctl_expect(ctl, 0, "  韩梅            1   0.1            2.0\n", NULL);
}

/* The journal keeps 90 days: the durable state still knows beginnings and ends. */
static void without_a_journal(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    play(world);
    freeReplyObject(redis_do(world->redis, "DEL " BASE ":journal"));
    freeReplyObject(redis_do(world->redis, "DEL hr:events"));
    ctl_run(ctl, "case", "requisition=REQ-1", NULL);
    ctl_expect(ctl, 0, "requisition=REQ-1: 2 deadlines, 1 open\n", NULL);
    ctl_expect(ctl, 0, "  2036-03-07 Fri 10:00  BF8Y  岗位需求确认  met late  -     -\n", NULL);
    ctl_expect(ctl, 0, "张伟      4.0           32.0\n", NULL);
}

/* The text of an older rule goes when nothing open needs it: the rule as it is now names the key. */
static void under_a_rule_that_has_changed(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    play(world);
    happens(world, "2036-03-11T12:00:00+08:00", "type", "interview.feedback", "id", "g", "of", "iv-1", "by",
            "han.mei", (char *)NULL);
    ctl_run(ctl, "case", "interview=iv-1", NULL);
    ctl_expect(ctl, 0, "RAHH  面试反馈  met       韩梅    -\n  2036-03-11 Tue 12:00  78Z2  面试总结  opened ",
               NULL);
    change_rule(world, "面试反馈", "反馈");
    freeReplyObject(redis_do(world->redis, "DEL " BASE ":rules"));
    freeReplyObject(redis_do(world->redis, "DEL " BASE ":deadlines"));
    freeReplyObject(redis_do(world->redis, "DEL " BASE ":closed"));
    freeReplyObject(redis_do(world->redis, "DEL hr:events"));
    ctl_run(ctl, "case", "interview=iv-1", NULL);
    ctl_expect(ctl, 0, "interview=iv-1: 3 deadlines, 0 open\n", NULL);
    ctl_expect(ctl, 0, "  9C40  反馈      iv-1            2036-03-10 Mon 18:00  met ", NULL);
}

static void no_such_case(void **state)
{
    struct world *world = *state;

    ctl_run(&world->ctl, "case", "requisition=REQ-1", NULL);
    ctl_expect(&world->ctl, 1, NULL, "no deadline, open or closed, has requisition=REQ-1");
    ctl_run(&world->ctl, "--json", "case", "requisition=REQ-1", NULL);
    ctl_expect(&world->ctl, 1, "{\"deadlines\":[],\"time\":[],\"held\":[],\"cut\":false}\n", NULL);
    ctl_run(&world->ctl, "case", "REQ-1", NULL);
    ctl_expect(&world->ctl, 2, NULL, "is no field=value");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(happened_in_order, world_start, world_stop),
        cmocka_unit_test_setup_teardown(time_is_held_by_somebody, world_start, world_stop),
        cmocka_unit_test_setup_teardown(a_new_owner_takes_over, world_start, world_stop),
        cmocka_unit_test_setup_teardown(without_a_journal, world_start, world_stop),
        cmocka_unit_test_setup_teardown(under_a_rule_that_has_changed, world_start, world_stop),
        cmocka_unit_test_setup_teardown(no_such_case, world_start, world_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
