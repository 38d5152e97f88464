/* `cuibanctl plan`: what a reload of other rules would do to what is open, and that nothing is changed by
 * asking. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "played.h"

/* Opened on Monday 3 March 2036 at 10:00, due on Thursday at 18:00; the owner was reminded on Wednesday at
 * 10:00. */
static void open_one(struct world *world)
{
    submit(world, "2036-03-03T10:00:00+08:00", "REQ-1", "zhang.wei");
    passes(world, "2036-03-05T10:05:00+08:00");
    delivers(world, VERDICT_DELIVERED, "");
}

/* The fixture's rule with another line for `due`, alone in its file. */
static void write_rules(struct world *world, const char *name, const char *extra, char path[static 128])
{
    char text[2048];

    snprintf(text, sizeof(text),
             "%s: { summary = \"岗位需求确认\"; open = { on = \"requisition.submitted\"; }; key = [ "
             "\"requisition\" ];\n"
             " owner = \"hiring_manager\"; department = \"department\"; meet = { on = "
             "\"requisition.confirmed\"; };\n"
             " calendar = \"office\"; %s\n ladder = ( { at = \"due-1wd\"; to = [ \"owner\" ]; }, { at = "
             "\"due\"; to = [ "
             "\"owner\" ]; }, { at = \"due+1wd\"; to = [ \"head\" ]; } ); };\n",
             name, extra);
    ctl_write(&world->ctl, "other.cfg", text);
    ctl_path(&world->ctl, "other.cfg", path);
}

static void nothing_to_do(void **state)
{
    struct world *world = *state;

    open_one(world);
    ctl_run(&world->ctl, "plan", NULL);
    ctl_expect(&world->ctl, 0, "run already", NULL);
    ctl_expect(&world->ctl, 0,
               "1 deadlines are open: 1 stay as they are, 0 get another due, 0 keep theirs under a changed "
               "rule; 0 messages",
               NULL);
}

static void dues_move(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;
    char rules[128], line[256];

    open_one(world);
    write_rules(world, "confirm", "due = \"5wd\";", rules);
    ctl_run(ctl, "plan", "--rules", rules, NULL);
    snprintf(line, sizeof(line),
             "%s  confirm  requisition=REQ-1  张伟   2036-03-06 Thu 18:00 -> 2036-03-10 Mon 18:00  due moves",
             open_id(world));
    ctl_expect(ctl, 0, line, NULL);
    ctl_expect(ctl, 0,
               "0 stay as they are, 1 get another due, 0 keep theirs under a changed rule; 0 messages", NULL);
    ctl_run(ctl, "--lang", "zh", "plan", "--rules", rules, NULL);
    ctl_expect(ctl, 0, "2036-03-06 周四 18:00 -> 2036-03-10 周一 18:00  到期变了", NULL);
    ctl_expect(ctl, 0, "没有改动任何东西", NULL);
}

/* Due on Tuesday by the new rule: the owner hears at once that it is overdue, and no reminder any more. The
 * head's step keeps its gap of four working hours. */
static void somebody_would_be_told(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;
    char rules[128];

    open_one(world);
    write_rules(world, "confirm", "due = \"1wd\";", rules);
    ctl_run(ctl, "plan", "--rules", rules, NULL);
    ctl_expect(ctl, 0, "2036-03-06 Thu 18:00 -> 2036-03-04 Tue 18:00", NULL);
    ctl_expect(ctl, 0, "1 get another due, 0 keep theirs under a changed rule; 1 messages would leave", NULL);
    ctl_expect(ctl, 0, "张伟 overdue 2036-03-05 Wed 10:05", NULL);
    ctl_run(ctl, "--json", "plan", "--rules", rules, NULL);
    ctl_expect(ctl, 0, "\"what\":\"recomputed\"", NULL);
    ctl_expect(ctl, 0, "{\"to\":\"zhang.wei\",\"phase\":\"overdue\",\"at\":\"2036-03-05T", NULL);
    /* It was a rehearsal: by the rules that run nothing has changed. */
    ctl_run(ctl, "plan", NULL);
    ctl_expect(ctl, 0,
               "1 stay as they are, 0 get another due, 0 keep theirs under a changed rule; 0 messages", NULL);
}

/* Overdue, and the owner is about to hear so: the due moves behind now, and nobody does. */
static void what_waits_is_withdrawn(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;
    char rules[128];

    open_one(world);
    passes(world, "2036-03-06T18:05:00+08:00");
    write_rules(world, "confirm", "due = \"5wd\";", rules);
    ctl_run(ctl, "plan", "--rules", rules, NULL);
    ctl_expect(ctl, 0, "due moves  withdrawn: 1\n", NULL);
    ctl_expect(ctl, 0, "0 messages would leave because of it, 1 that wait would be withdrawn", NULL);
    ctl_run(ctl, "--lang", "zh", "plan", "--rules", rules, NULL);
    ctl_expect(ctl, 0, "到期变了  撤回待发的 1 条\n", NULL);
    ctl_run(ctl, "--json", "plan", "--rules", rules, NULL);
    ctl_expect(ctl, 0, "\"withdrawn\":1", NULL);
}

/* The settings file with another line, which the tool sees and the daemon has not taken. */
static void change_settings(struct world *world, const char *line)
{
    char command[512];

    snprintf(command, sizeof(command), "sed -i '/^quiet/d' %s && printf '%%s\\n' '%s' >> %s",
             world->ctl.settings, line, world->ctl.settings);
    assert_int_equal(system(command), 0);
}

/* Overdue on Thursday at 18:00: what nobody may hear before Friday any more, and again what may. */
static void what_waits_is_delayed_and_freed(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    open_one(world);
    passes(world, "2036-03-06T18:05:00+08:00");
    delivers(world, VERDICT_RETRY, "connection refused");
    change_settings(world, "quiet = \"outside calendar\";");
    ctl_run(ctl, "plan", NULL);
    ctl_expect(ctl, 0, "of the messages that wait, 0 would leave earlier, 1 later, 0 on another channel",
               NULL);
    ctl_expect(ctl, 0, "张伟  overdue  2036-03-06 Thu 18:06 -> 2036-03-07 Fri 09:00", NULL);
    ctl_run(ctl, "--lang", "zh", "plan", NULL);
    ctl_expect(ctl, 0, "待发的消息中，提前发送 0 条，推迟发送 1 条，改走其他渠道 0 条", NULL);
    ctl_run(ctl, "--json", "plan", NULL);
    ctl_expect(ctl, 0, "\"was\":\"2036-03-06T18:06:00", NULL);
    ctl_expect(ctl, 0, "\"at\":\"2036-03-07T09:00:00", NULL);
    change_settings(world, "");
    ctl_run(ctl, "plan", NULL);
    assert_null(strstr(buffer_text(&ctl->out), "of the messages that wait"));
}

static void kept(void **state)
{
    struct world *world = *state;
    char rules[128];

    open_one(world);
    write_rules(world, "confirm", "due = \"1wd\"; on_change = \"keep\";", rules);
    ctl_run(&world->ctl, "plan", "--rules", rules, NULL);
    ctl_expect(&world->ctl, 0,
               "1 stay as they are, 0 get another due, 0 keep theirs under a changed rule; 0 messages", NULL);
}

static void a_rule_vanishes(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;
    char rules[128];

    open_one(world);
    write_rules(world, "another", "due = \"1wd\";", rules);
    ctl_run(ctl, "plan", "--rules", rules, NULL);
    ctl_expect(ctl, 1, "refused: the rule confirm is gone, but 1 of its deadlines are open", NULL);
    ctl_run(ctl, "--lang", "zh", "plan", "--rules", rules, NULL);
    ctl_expect(ctl, 1, "规则 confirm 没有了，但还有 1 个未完事项", NULL);
    ctl_run(ctl, "--json", "plan", "--rules", rules, NULL);
    ctl_expect(ctl, 1, "\"refused\":[{\"rule\":\"confirm\",\"open\":1}]", NULL);
}

static void no_daemon_yet(void **state)
{
    struct world *world = *state;

    ctl_run(&world->ctl, "plan", NULL);
    ctl_expect(&world->ctl, 0, "no daemon has ever served this stream", NULL);
    ctl_run(&world->ctl, "plan", "--rules", "/nonexistent", NULL);
    ctl_expect(&world->ctl, 2, NULL, "/nonexistent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_to_do, world_start, world_stop),
        cmocka_unit_test_setup_teardown(dues_move, world_start, world_stop),
        cmocka_unit_test_setup_teardown(somebody_would_be_told, world_start, world_stop),
        cmocka_unit_test_setup_teardown(what_waits_is_withdrawn, world_start, world_stop),
        cmocka_unit_test_setup_teardown(what_waits_is_delayed_and_freed, world_start, world_stop),
        cmocka_unit_test_setup_teardown(kept, world_start, world_stop),
        cmocka_unit_test_setup_teardown(a_rule_vanishes, world_start, world_stop),
        cmocka_unit_test_setup_teardown(no_daemon_yet, world_start, world_stop),
    };

    return cmocka_run_group_tests_name("cuibanctl plan", tests, NULL, NULL);
}
