/* explain --who PERSON --on DATE: every message of a day, and every silence, with its reason. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "played.h"

static void ask(struct world *world, const char *person, const char *date)
{
    ctl_run(&world->ctl, "explain", "--who", person, "--on", date, NULL);
}

/* REQ-1 is owed by 韩梅, who is away and has 张伟 answer; REQ-2 by 李雷, the head of both. Reminded on
 * Wednesday. */
static void remind_both(struct world *world)
{
    submit(world, "2036-03-03T10:00:00+08:00", "REQ-1", "han.mei");
    submit(world, "2036-03-03T10:00:00+08:00", "REQ-2", "li.lei");
    passes(world, "2036-03-05T10:00:00+08:00");
    delivers(world, VERDICT_DELIVERED, "");
}

static void each_message_has_its_reason(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    remind_both(world);
    ask(world, "li.lei", "2036-03-05");
    ctl_expect(ctl, 0, "李雷 (li.lei)  2036-03-05 Wed\nsent (1)\n", NULL);
    ctl_expect(ctl, 0, "  03-05 10:00:00  TDPF  岗位需求确认  REQ-2 Java工程师\n", NULL);
    ctl_expect(ctl, 0, "      reminder through mail as owner: delivered on 2036-03-05 Wed 10:00\n", NULL);
    ctl_expect(ctl, 0, "      step due-1wd stood at 2036-03-05 Wed 10:00 (due 2036-03-06 Thu 18:00)\n", NULL);
    ctl_expect(ctl, 0, "not sent to this person then (0)\n", NULL);
    ask(world, "li.lei", "2036-03-04");
    ctl_expect(ctl, 0, "sent (0)\nnot sent to this person then (0)\n", NULL);
    ctl_run(ctl, "--json", "explain", "--who", "li.lei", "--on", "2036-03-05", NULL);
    ctl_expect(ctl, 0, "\"step\":\"due-1wd\",\"as\":\"owner\",\"sent\":true,\"what\":\"delivered\"", NULL);
}

static void one_stands_in_for_another(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    remind_both(world);
    ask(world, "zhang.wei", "2036-03-05");
    ctl_expect(ctl, 0, "reminder through mail as owner, on behalf of 韩梅: delivered", NULL);
    ctl_expect(ctl, 0, "sent (1)\n", NULL);
    ask(world, "han.mei", "2036-03-05");
    ctl_expect(ctl, 0, "sent (0)\nnot sent to this person then (1)\n", NULL);
    ctl_expect(ctl, 0, "reminder through mail as owner: away: 张伟 answers; delivered on", NULL);
}

static void what_waits_and_what_fails(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    remind_both(world);
    passes(world, "2036-03-07T13:30:00+08:00");
    ask(world, "li.lei", "2036-03-07");
    ctl_expect(ctl, 0, "sent (0)\nnot sent to this person then (1)\n", NULL);
    ctl_expect(ctl, 0, "overdue through mail as owner: still waits to be sent\n", NULL);
    ctl_expect(ctl, 0, "; fired only on 2036-03-07 Fri 13:30, after a downtime, ", NULL);
    ctl_expect(ctl, 0, "; quiet hours 13:00-15:00, so not before 2036-03-07 Fri 15:00\n", NULL);
    delivers(world, VERDICT_DELIVERED, "");
    passes(world, "2036-03-07T15:00:00+08:00");
    delivers(world, VERDICT_RETRY, "connection refused");
    passes(world, "2036-03-07T15:30:00+08:00");
    delivers(world, VERDICT_DELIVERED, "");
    ask(world, "li.lei", "2036-03-07");
    ctl_expect(ctl, 0, "sent (1)\n  03-07 15:30:00  TDPF", NULL);
    ctl_expect(ctl, 0, "; 2 attempts; the first that failed: retry  connection refused\n", NULL);
    ctl_run(ctl, "--lang=zh", "explain", "--who", "李雷", "--on", "2036-03-07", NULL);
    ctl_expect(ctl, 0, "李雷 (li.lei)  2036-03-07 周五\n发出（1）\n", NULL);
    ctl_expect(ctl, 0, "跟催，渠道 mail，身份 owner：已于 2036-03-07 周五 15:30 送达\n", NULL);
    ctl_expect(ctl, 0, "；静默时段 13:00-15:00，最早 2036-03-07 周五 15:00；尝试 2 次；首次失败：", NULL);
}

static void what_was_not_sent(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    remind_both(world);
    passes(world, "2036-03-07T13:30:00+08:00");
    delivers(world, VERDICT_DELIVERED, "");
    passes(world, "2036-03-07T15:00:00+08:00");
    delivers(world, VERDICT_DELIVERED, "");
    passes(world, "2036-03-10T11:05:00+08:00");
    delivers(world, VERDICT_DELIVERED, "");
    submit(world, "2036-03-10T12:00:00+08:00", "REQ-9", "li.lei");
    passes(world, "2036-03-14T11:05:00+08:00");
    happens(world, "2036-03-14T13:00:00+08:00", "type", "requisition.confirmed", "id", "m", "requisition",
            "REQ-9", (char *)NULL);
    ask(world, "li.lei", "2036-03-10");
    ctl_expect(ctl, 0, "escalation through mail as head: delivered on 2036-03-10 Mon 11:05\n", NULL);
    ctl_expect(ctl, 0, "(due 2036-03-06 Thu 18:00); held back by the gap after the step before\n", NULL);
    ctl_expect(ctl, 0, "step due+1wd skipped: the top has been reached\n", NULL);
    ask(world, "han.mei", "2036-03-10");
    ctl_expect(ctl, 0, "overdue through mail as the owner's copy of an escalation: delivered", NULL);
    ask(world, "li.lei", "2036-03-14");
    ctl_expect(ctl, 0, "sent (0)\nnot sent to this person then (2)\n", NULL);
    ctl_expect(ctl, 0, "overdue through mail as owner: withdrawn on 2036-03-14 Fri 13:00: met_late\n", NULL);
    ctl_expect(ctl, 0, "  REQ-9 Java工程师\n      step due-1wd superseded: a later step is due, too\n", NULL);
    ask(world, "zhang.wei", "2036-03-14");
    ctl_expect(ctl, 0, "not sent to this person then (0)\n", NULL);
}

static void the_question_is_checked(void **state)
{
    struct world *world = *state;

    ask(world, "li.lie", "2036-03-05");
    ctl_expect(&world->ctl, 1, NULL, "did you mean \"li.lei\"?");
    ask(world, "li.lei", "2036-3-5");
    ctl_expect(&world->ctl, 2, NULL, "on which date?");
    ctl_run(&world->ctl, "explain", "--who", "li.lei", NULL);
    ctl_expect(&world->ctl, 2, NULL, "on which date?");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_message_has_its_reason, world_start, world_stop),
        cmocka_unit_test_setup_teardown(one_stands_in_for_another, world_start, world_stop),
        cmocka_unit_test_setup_teardown(what_waits_and_what_fails, world_start, world_stop),
        cmocka_unit_test_setup_teardown(what_was_not_sent, world_start, world_stop),
        cmocka_unit_test_setup_teardown(the_question_is_checked, world_start, world_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
