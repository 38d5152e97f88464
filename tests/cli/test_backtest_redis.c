/* `cuibanctl backtest --since`: the streams of a real Redis, with a journal that the engine wrote. 2024-03-05
 * is a Tuesday. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "backtest_rules.h"
#include "played.h"

/* REQ-1 is confirmed on Friday at noon: in time for three working days, late for two. */
static void add_history(struct world *world, char *number, size_t room)
{
    submit(world, "2024-03-05T10:00:00+08:00", "REQ-2", "zhang.wei");
    (void)snprintf(number, room, "%s", open_id(world));
    submit(world, "2024-03-05T10:01:00+08:00", "REQ-1", "zhang.wei");
    happens(world, "2024-03-08T12:00:00+08:00", "type", "requisition.confirmed", "id", "c-1", "requisition",
            "REQ-1", (char *)NULL);
}

static void command(struct world *world, const char *time, const char *number)
{
    char id[32];
    const char *words[] = {"XADD",     BASE ":commands", id,   "type",     "cuiban.cancel",
                           "deadline", number,           "by", "chen.jing"};
    instant at;

    assert_true(instant_parse(time, &at));
    (void)snprintf(id, sizeof(id), "%lld-0", (long long)at);
    freeReplyObject(redis_do_words(world->redis, 9, words));
}

static void streams(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;
    char rules[128], number[DEADLINE_ID_MAX];

    backtest_rules(ctl, "new", "2wd", rules);
    add_history(world, number, sizeof(number));
    ctl_run(ctl, "backtest", "--rules", rules, "--since", "2024-03-01", "--until", "2024-04-30", NULL);
    ctl_expect(ctl, 0, "2024-03-01 Fri 00:00 .. 2024-04-30 Tue 00:00: 3 events, 2 deadlines", NULL);
    ctl_expect(ctl, 0, "messages: 0 unchanged, 5 earlier, 0 later, 0 no longer sent, 1 new\n", NULL);
    ctl_expect_not(ctl, "trimmed");
    ctl_expect_not(ctl, "commands");
    /* What came before is not known, so the meet finds nothing. */
    ctl_run(ctl, "backtest", "--rules", rules, "--since", "2024-03-06", "--until", "2024-04-30", NULL);
    ctl_expect(ctl, 0, "1 events, 0 deadlines", NULL);
    ctl_run(ctl, "backtest", "--rules", rules, "--since", "2024-03-01", "--until", "2024-03-07 12:00", NULL);
    ctl_expect(ctl, 0, "2 events, 2 deadlines", NULL);
    ctl_run(ctl, "backtest", "--rules", rules, "--since", "2024-03-01", "--until", "2024-02-01", NULL);
    ctl_expect(ctl, 2, NULL, "--since must be before --until");
}

static void really_sent(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;
    char rules[128];

    backtest_rules(ctl, "new", "2wd", rules);
    submit(world, "2024-03-05T10:00:00+08:00", "REQ-2", "zhang.wei");
    passes(world, "2024-03-07T10:05:00+08:00");
    delivers(world, VERDICT_DELIVERED, "");
    passes(world, "2024-03-08T18:05:00+08:00");
    delivers(world, VERDICT_REFUSED, "no such mailbox");
    ctl_run(ctl, "backtest", "--rules", rules, "--since", "2024-03-01", "--until", "2024-04-30", NULL);
    ctl_expect(ctl, 0, "really sent in that time: 1 messages, as the journal has it\n", NULL);
    ctl_run(ctl, "--json", "backtest", "--rules", rules, "--since", "2024-03-01", "--until", "2024-03-07",
            NULL);
    ctl_expect(ctl, 0, "\"really_sent\":0,", NULL);
}

static void trimmed(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;
    char rules[128], number[DEADLINE_ID_MAX];

    backtest_rules(ctl, "new", "2wd", rules);
    add_history(world, number, sizeof(number));
    freeReplyObject(redis_do(world->redis, "XTRIM hr:events MAXLEN 2"));
    ctl_run(ctl, "backtest", "--rules", rules, "--since", "2024-03-01", "--until", "2024-04-30", NULL);
    ctl_expect(ctl, 0, "the stream begins later than --since", NULL);
    ctl_run(ctl, "backtest", "--rules", rules, "--since", "2024-03-06", "--until", "2024-04-30", NULL);
    ctl_expect_not(ctl, "the stream begins later");
}

/* A command names a deadline by the number that it had; the journal knows of which opening that was. */
static void commands(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;
    char rules[128], number[DEADLINE_ID_MAX];

    backtest_rules(ctl, "new", "2wd", rules);
    add_history(world, number, sizeof(number));
    command(world, "2024-03-06T09:00:00+08:00", number); /* before any word of REQ-2 on either side */
    command(world, "2024-03-06T09:01:00+08:00", "ZZZZ");
    ctl_run(ctl, "backtest", "--rules", rules, "--since", "2024-03-01", "--until", "2024-04-30", NULL);
    ctl_expect(ctl, 0, "commands: 1 replayed; 1 left out", NULL);
    ctl_expect(ctl, 0, "messages: 0 unchanged, 1 earlier, 0 later, 0 no longer sent, 1 new\n", NULL);
    ctl_run(ctl, "backtest", "--rules", rules, "--since", "2024-03-01", "--until", "2024-04-30", "--case",
            "REQ-2", NULL);
    ctl_expect(ctl, 0, "cancelled  2024-03-07 Thu 18:00  cancelled\n", NULL);
    ctl_expect(ctl, 0, "no message\n", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(streams, world_start, world_stop),
        cmocka_unit_test_setup_teardown(really_sent, world_start, world_stop),
        cmocka_unit_test_setup_teardown(trimmed, world_start, world_stop),
        cmocka_unit_test_setup_teardown(commands, world_start, world_stop),
    };

    return cmocka_run_group_tests_name("backtest_redis", tests, NULL, NULL);
}
