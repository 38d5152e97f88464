/* `cuibanctl backtest`: two small sets of rules on a history of three events from a file. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "backtest_rules.h"

/* REQ-1 is confirmed on Friday at noon: in time for three working days, late for two. REQ-2 never is. */
static const char history[] =
    "{\"type\":\"requisition.submitted\",\"id\":\"1\",\"time\":\"2026-09-22T16:40:00+08:00\","
    "\"requisition\":\"REQ-1\",\"hiring_manager\":\"zhang.wei\",\"department\":\"rd\"}\n"
    "\n"
    "{\"type\":\"requisition.submitted\",\"id\":\"2\",\"time\":\"2026-09-22T16:40:00+08:00\","
    "\"requisition\":\"REQ-2\",\"hiring_manager\":\"zhang.wei\",\"department\":\"rd\"}\n"
    "this is no event\n"
    "{\"type\":\"requisition.confirmed\",\"id\":\"3\",\"time\":\"2026-09-25T12:00:00+08:00\","
    "\"requisition\":\"REQ-1\"}\n";

struct world {
    struct ctl ctl;
    char rules[128], same[128], bad[128], events[128];
};

static int start(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    ctl_start(&world->ctl, "unix:/nonexistent/redis.sock");
    backtest_rules(&world->ctl, "new", "2wd", world->rules);
    backtest_rules(&world->ctl, "same", "3wd", world->same);
    backtest_rules(&world->ctl, "bad", "3wx", world->bad);
    ctl_write(&world->ctl, "history.jsonl", history);
    ctl_path(&world->ctl, "history.jsonl", world->events);
    *state = world;
    return 0;
}

static int stop(void **state)
{
    struct world *world = *state;

    ctl_stop(&world->ctl);
    free(world);
    return 0;
}

static void counts(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    ctl_run(ctl, "backtest", "--rules", world->rules, "--events", world->events, NULL);
    ctl_expect(ctl, 0, "2026-09-22 Tue 16:40 .. 2026-10-25 Sun 12:00: 3 events, 2 deadlines",
               "history.jsonl:4: left out: a line must be one JSON object");
    ctl_expect(ctl, 0, "\"then\": the same events replayed under the running rules, not what was really sent",
               NULL);
    ctl_expect(ctl, 0, " the same, 1 changed, 0 gone, 0 new\n", NULL);
    ctl_expect(ctl, 0, "1 events could not be understood", NULL);
    ctl_expect(ctl, 0,
               "confirm      2 → 2  50 % → 0 %    1 → 2        1 → 1     5 → 6  due earlier 2, later 0",
               NULL);
    /* zhang.wei: both reminders on Thursday 24th; then on Wednesday 23rd, as are both notes of Thursday. */
    ctl_expect(ctl, 0, "4 → 5  2 (09-24) → 2 (09-23)            0 → 0", NULL);
    ctl_expect_not(ctl, "李雷 研发部");
    ctl_expect(ctl, 0, "mail        2 → 2", NULL);
    ctl_expect(ctl, 0, "messages: 0 unchanged, 5 earlier, 0 later, 0 no longer sent, 1 new\n", NULL);
}

static void speaks_chinese(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    ctl->language = "zh_CN.UTF-8";
    ctl_run(ctl, "backtest", "--rules", world->rules, "--events", world->events, NULL);
    ctl_expect(ctl, 0, "“原”是同样的事件按现行规则重放的结果，并非当时实际所发", "已略过");
    ctl_expect(ctl, 0, "期限提前 2，推迟 0", NULL);
    ctl_expect(ctl, 0, "消息：未变 0，提前 5，推迟 0，不再发 0，新增 1\n", NULL);
    ctl_run(ctl, "backtest", "--rules", world->rules, "--events", world->events, "--show", "confirm", NULL);
    ctl_expect(ctl, 0, "requisition=REQ-1  张伟          跟催  -                      2026-09-24 周四 18:00",
               NULL);
}

static void same_rules(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    ctl_run(ctl, "backtest", "--rules", world->same, "--events", world->events, NULL);
    ctl_expect(ctl, 0, " the same, 0 changed, 0 gone, 0 new\n", NULL);
    ctl_expect(ctl, 0, "messages: 5 unchanged, 0 earlier, 0 later, 0 no longer sent, 0 new\n", NULL);
    ctl_run(ctl, "backtest", "--rules", world->same, "--events", world->events, "--show", "confirm", NULL);
    ctl_expect(ctl, 0, "no message differs\n", NULL);
}

static void lists_a_rule(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    ctl_run(ctl, "backtest", "--rules", world->rules, "--events", world->events, "--show", "confirm", NULL);
    ctl_expect(ctl, 0,
               "requisition=REQ-1  张伟         reminder    2026-09-24 Thu 10:00  2026-09-23 Wed 10:00  due "
               "2026-09-25 Fri 18:00 → 2026-09-24 Thu 18:00  ",
               NULL);
    ctl_expect(ctl, 0, "new/recruiting.cfg:", NULL);
    ctl_expect(ctl, 0,
               "requisition=REQ-2  李雷         escalation  2026-09-28 Mon 15:00  2026-09-25 Fri 15:00",
               NULL);
    ctl_expect(ctl, 0,
               "requisition=REQ-2  张伟 (copy)  overdue     2026-09-28 Mon 14:00  2026-09-25 Fri 14:00",
               NULL);
    ctl_run(ctl, "backtest", "--rules", world->rules, "--events", world->events, "--show", "nothing", NULL);
    ctl_expect(ctl, 2, NULL, "have a rule of this name");
}

static void lists_a_case(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    ctl_run(ctl, "backtest", "--rules", world->rules, "--events", world->events, "--case",
            "requisition=REQ-1", NULL);
    ctl_expect(ctl, 0,
               "confirm  requisition=REQ-1  2026-09-25 Fri 18:00  met  2026-09-24 Thu 18:00  met late\n",
               NULL);
    ctl_expect(ctl, 0,
               "confirm  requisition=REQ-1  张伟       overdue   -                     2026-09-24 Thu 18:00",
               NULL);
    ctl_expect_not(ctl, "REQ-2");
    ctl_run(ctl, "backtest", "--rules", world->same, "--events", world->events, "--case", "REQ-2", NULL);
    ctl_expect(ctl, 0,
               "confirm  requisition=REQ-2  2026-09-25 Fri 18:00  overdue  2026-09-25 Fri 18:00  overdue\n",
               NULL);
    ctl_expect(ctl, 0, "reminder    2026-09-24 Thu 10:00  2026-09-24 Thu 10:00  -\n", NULL);
    ctl_run(ctl, "backtest", "--rules", world->rules, "--events", world->events, "--case",
            "requisition=REQ-3", NULL);
    ctl_expect(ctl, 1, "no deadline is about requisition=REQ-3\n", NULL);
}

static void until(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    ctl_run(ctl, "backtest", "--rules", world->rules, "--events", world->events, "--until", "2026-09-24",
            NULL);
    ctl_expect(ctl, 0, "messages: 0 unchanged, 0 earlier, 0 later, 0 no longer sent, 2 new\n", NULL);
}

/* What was exported from tables is seldom in order, and a slip of the pen names a year to come. */
static void out_of_order(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    ctl_write(
        ctl, "history.jsonl",
        "\xef\xbb\xbf{\"type\":\"requisition.submitted\",\"id\":\"1\",\"time\":\"2026-09-22T16:40:00+08:00\","
        "\"requisition\":\"REQ-1\",\"hiring_manager\":\"zhang.wei\",\"department\":\"rd\"}\n"
        "{\"type\":\"requisition.submitted\",\"id\":\"2\",\"time\":\"2062-09-22T16:40:00+08:00\","
        "\"requisition\":\"REQ-2\",\"hiring_manager\":\"zhang.wei\",\"department\":\"rd\"}\n"
        "{\"type\":\"requisition.submitted\",\"id\":\"3\",\"time\":\"2026-09-22T16:30:00+08:00\","
        "\"requisition\":\"REQ-3\",\"hiring_manager\":\"zhang.wei\",\"department\":\"rd\"}\n");
    ctl_run(ctl, "backtest", "--rules", world->rules, "--events", world->events, "--until", "2026-10-01",
            NULL);
    ctl_expect(ctl, 0, "2 events, 2 deadlines", NULL);
    ctl_expect(ctl, 0, "1 events are older than one above them, and count as told late", NULL);
    ctl_run(ctl, "--json", "backtest", "--rules", world->rules, "--events", world->events, NULL);
    ctl_expect(ctl, 0, "\"events\":3,\"left_out\":0,\"out_of_order\":1,", NULL);
}

static void speaks_json(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    ctl_run(ctl, "--json", "backtest", "--rules", world->rules, "--events", world->events, "--show",
            "confirm", NULL);
    ctl_expect(ctl, 0,
               "{\"from\":\"2026-09-22T16:40:00+08:00\",\"until\":\"2026-10-25T12:00:00+08:00\",\"events\":3,"
               "\"left_out\":1,",
               NULL);
    ctl_expect(ctl, 0,
               "\"totals\":{\"unchanged\":0,\"channel\":0,\"earlier\":5,\"later\":0,\"dropped\":0,\"new\":1}",
               NULL);
    ctl_expect(
        ctl, 0,
        "{\"to\":\"zhang.wei\",\"then\":{\"messages\":4,\"most\":2,\"most_on\":\"2026-09-24\",\"crowded\":0},"
        "\"now\":{\"messages\":5,\"most\":2,\"most_on\":\"2026-09-23\",\"crowded\":0}}",
        NULL);
    ctl_expect(
        ctl, 0,
        "\"case\":\"requisition=REQ-1\",\"to\":\"zhang.wei\",\"copy\":false,\"message\":\"overdue\",\"via\":"
        "\"mail\",\"now\":\"2026-09-24T18:00:00+08:00\",\"difference\":\"new\",\"cause\":\"due\"",
        NULL);
}

static void complains(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    ctl_run(ctl, "backtest", "--events", world->events, NULL);
    ctl_expect(ctl, 2, NULL, "--rules DIR");
    ctl_run(ctl, "backtest", "--rules", world->rules, NULL);
    ctl_expect(ctl, 2, NULL, "Either --since DATE (from Redis) or --events FILE.jsonl");
    ctl_run(ctl, "backtest", "--rules", world->rules, "--since", "yesterday", NULL);
    ctl_expect(ctl, 2, NULL, "--since \"yesterday\" is no time");
    ctl_run(ctl, "backtest", "--rules", world->bad, "--events", world->events, NULL);
    ctl_expect(ctl, 2, NULL, "error: confirm.due: \"3wx\"");
    ctl_run(ctl, "backtest", "--rules", world->rules, "--events", "/nonexistent.jsonl", NULL);
    ctl_expect(ctl, 2, NULL, "/nonexistent.jsonl: No such file");
    ctl_write(ctl, "history.jsonl", "\n");
    ctl_run(ctl, "backtest", "--rules", world->rules, "--events", world->events, NULL);
    ctl_expect(ctl, 2, NULL, "has no event");
    ctl_run(ctl, "backtest", "--rules", world->rules, "--since", "2026-09-01", NULL);
    ctl_expect(ctl, 2, NULL, "hr:events: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(counts, start, stop),
        cmocka_unit_test_setup_teardown(speaks_chinese, start, stop),
        cmocka_unit_test_setup_teardown(same_rules, start, stop),
        cmocka_unit_test_setup_teardown(lists_a_rule, start, stop),
        cmocka_unit_test_setup_teardown(lists_a_case, start, stop),
        cmocka_unit_test_setup_teardown(until, start, stop),
        cmocka_unit_test_setup_teardown(out_of_order, start, stop),
        cmocka_unit_test_setup_teardown(speaks_json, start, stop),
        cmocka_unit_test_setup_teardown(complains, start, stop),
    };

    return cmocka_run_group_tests_name("backtest", tests, NULL, NULL);
}
