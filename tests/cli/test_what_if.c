/* `cuibanctl what-if` on an empty state: what opens, who hears, and why nothing happens. With a daemon's
 * state: tests/system/test_what_if.py. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ctl.h"

#define SUBMITTED "requisition.submitted", "requisition=REQ-1", "hiring_manager=zhang.wei", "department=rd"

static void opens(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "what-if", "--empty", "--at", "2026-09-22 16:40", SUBMITTED, NULL);
    ctl_expect(ctl, 0, "confirm|REQ-1: opened zhang.wei, due 2026-09-25 Fri 18:00", NULL);
    ctl_expect(ctl, 0, "2026-09-24 Thu 10:00  -> reminder zhang.wei via mail   confirm|REQ-1, step due-1wd",
               NULL);
    ctl_expect(ctl, 0, "2026-09-28 Mon 15:00  -> escalation li.lei via mail", NULL);
    ctl_expect(ctl, 0, "4 messages until 2026-10-22 Thu 16:40", NULL);
    ctl_run(ctl, "--lang", "zh", "what-if", "--empty", "--at", "2026-09-22 16:40", "--until",
            "2026-09-24 12:00", SUBMITTED, NULL);
    ctl_expect(ctl, 0, "confirm|REQ-1: 打开 zhang.wei，到期 2026-09-25 周五 18:00", NULL);
    ctl_expect(ctl, 0, "到 2026-09-24 周四 12:00 为止共 1 条消息", NULL);
    ctl_run(ctl, "--json", "what-if", "--empty", "--at", "2026-09-22 16:40", SUBMITTED, NULL);
    ctl_expect(ctl, 0, "\"kind\":\"message\",\"at\":\"2026-09-24T10:00:00+08:00\",\"what\":\"reminder\"",
               NULL);
}

/* Due within two working hours: the reminder would have stood before the opening. */
static void short_notice(void **state)
{
    struct ctl *ctl = *state;
    char path[128];

    ctl_path(ctl, "short.cfg", path);
    ctl_write(
        ctl, "short.cfg",
        "confirm: { open = { on = \"requisition.submitted\"; }; key = [ \"requisition\" ]; owner = "
        "\"hiring_manager\"; meet = { on = \"requisition.confirmed\"; }; due = \"2wh\"; ladder = ( { at = "
        "\"due-4wh\"; to = [ \"owner\" ]; }, { at = \"due\"; to = [ \"owner\" ]; } ); };\n");
    ctl_run(ctl, "what-if", "--empty", "--rules", path, "--at", "2026-09-22 14:00", SUBMITTED, NULL);
    ctl_expect(ctl, 0, "2026-09-22 Tue 14:00  -> asked zhang.wei via mail   confirm|REQ-1, step asked", NULL);
    ctl_expect(ctl, 0, "2026-09-22 Tue 16:00  -> overdue zhang.wei via mail", NULL);
}

static void several_events(void **state)
{
    struct ctl *ctl = *state;
    char path[128];

    ctl_write(ctl, "story.jsonl",
              "{\"type\":\"requisition.submitted\",\"id\":\"1\",\"time\":\"2026-09-22T16:40:00+08:00\","
              "\"requisition\":"
              "\"REQ-1\",\"hiring_manager\":\"zhang.wei\",\"department\":\"rd\"}\n"
              "{\"type\":\"requisition.confirmed\",\"id\":\"2\",\"time\":\"2026-09-22T16:40:00+08:00\","
              "\"requisition\":"
              "\"REQ-1\"}\n");
    ctl_path(ctl, "story.jsonl", path);
    ctl_run(ctl, "what-if", "--empty", "--at", "2026-09-22 16:40", "--file", path, NULL);
    ctl_expect(ctl, 0, "confirm|REQ-1: met in time", NULL);
    ctl_expect(ctl, 0, "0 messages until", NULL);
}

static void nothing(void **state)
{
    struct ctl *ctl = *state;
    char path[128];

    ctl_run(ctl, "what-if", "--empty", "--force", "requisition.unknown", "requisition=1", NULL);
    ctl_expect(ctl, 0, "It opens, meets and cancels nothing.", NULL);
    ctl_expect(ctl, 0, "no rule names requisition.unknown", NULL);
    ctl_path(ctl, "urgent.cfg", path);
    ctl_write(
        ctl, "urgent.cfg",
        "confirm: { open = { on = \"requisition.submitted\"; where = [ \"urgent == yes\" ]; }; key = [ "
        "\"requisition\" ]; owner = \"hiring_manager\"; meet = { on = \"requisition.confirmed\"; }; due = "
        "\"3wd\"; ladder = ( { at = \"due\"; to = [ \"owner\" ]; } ); };\n");
    ctl_run(ctl, "what-if", "--empty", "--rules", path, SUBMITTED, NULL);
    ctl_expect(ctl, 0, "confirm (opens): \"urgent == yes\" does not hold; urgent is missing", NULL);
    ctl_run(ctl, "--lang", "zh", "what-if", "--empty", "--rules", path, SUBMITTED, "urgent=no", NULL);
    ctl_expect(ctl, 0, "confirm（打开）：条件 \"urgent == yes\" 不成立；urgent 为 \"no\"", NULL);
}

/* What the daemon would not take is told, and does not end the story. */
static void refused(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "what-if", "--empty", "--force", "--at", "2026-09-22 16:40", "Requisition", "requisition=1",
            NULL);
    ctl_expect(ctl, 1, "Tue 16:40  bad event (type \"Requisition\" is not like noun.verb",
               "would refuse this event");
}

static void misuse(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "what-if", NULL);
    ctl_expect(ctl, 2, NULL, "either an event type");
    ctl_run(ctl, "what-if", "--empty", "requisition.submitted", "requisition=1", NULL);
    ctl_expect(ctl, 2, NULL, "the field \"hiring_manager\" is missing");
    ctl_run(ctl, "what-if", "--empty", "--until", "2020-01-01", SUBMITTED, NULL);
    ctl_expect(ctl, 2, NULL, "nor --until before it");
    ctl_run(ctl, "what-if", SUBMITTED, NULL);
    ctl_expect(ctl, 2, NULL, "/nonexistent/redis.sock");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(opens, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(short_notice, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(several_events, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(nothing, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(misuse, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(refused, ctl_setup, ctl_teardown),
    };

    return cmocka_run_group_tests_name("cuibanctl what-if", tests, NULL, NULL);
}
