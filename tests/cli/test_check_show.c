/* `cuibanctl check --show RULE`: every word of a rule, where it was written, and the ladder in sentences. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

static const char rules[] =
    "defaults: { again = \"restart\"; };\n"
    "ladders:\n"
    "{\n"
    "  climb =\n"
    "  (\n"
    "    { at = \"open\";    to = [ \"owner\" ]; via = [ \"team\" ]; },\n"
    "    { at = \"50%\";     to = [ \"owner\" ]; },\n"
    "    { at = \"due-4wh\"; to = [ \"owner\" ]; },\n"
    "    { at = \"due\";     to = [ \"owner\", \"hr\", \"head\" ]; },\n"
    "    { at = \"due+1wd\"; to = [ \"head\" ]; every = \"2wd\"; times = 3; },\n"
    "    { at = \"closed\";  to = [ \"told\" ]; }\n"
    "  );\n"
    "};\n"
    "stops: { off = { on = \"requisition.confirmed\"; where = [ \"requisition != x\" ]; }; };\n"
    "confirm:\n"
    "{\n"
    "  open   = { on = \"requisition.submitted\"; };\n"
    "  key    = [ \"requisition\" ];\n"
    "  owner  = \"hiring_manager\";\n"
    "  meet   = { on = \"requisition.confirmed\"; };\n"
    "  cancel = [ \"off\" ];\n"
    "  due    = \"3wd\";\n"
    "  ladder = \"climb\";\n"
    "};\n";

static int start(void **state)
{
    struct ctl *ctl = malloc(sizeof(*ctl));
    struct buffer settings;
    char line[512];
    FILE *file;

    ctl_start(ctl, "unix:/nonexistent/redis.sock");
    ctl_write(ctl, "rules.cfg", rules);
    buffer_init(&settings);
    file = fopen(ctl->settings, "re");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL)
        buffer_add_text(&settings,
                        strncmp(line, "rules ", 6) == 0 ? "rules = \"rules.cfg\"; gap = \"2wh\";\n" : line);
    fclose(file);
    ctl_write(ctl, "cuiban.cfg", buffer_text(&settings));
    buffer_finish(&settings);
    *state = ctl;
    return 0;
}

static int stop(void **state)
{
    ctl_stop(*state);
    free(*state);
    return 0;
}

/* What the line of a key says, its columns parted by one blank. */
static void expect_line(const struct ctl *ctl, const char *key, const char *wanted)
{
    const char *at = buffer_text(&ctl->out);
    char line[512] = "";
    size_t n = 0;

    while (at != NULL && strncmp(at, key, strlen(key)) != 0)
        at = (at = strchr(at, '\n')) == NULL ? NULL : at + 1;
    for (; at != NULL && *at != '\n' && n + 1 < sizeof(line); at++) {
        if (*at != ' ' || n == 0 || line[n - 1] != ' ')
            line[n++] = *at;
    }
    line[n] = '\0';
    if (strcmp(line, wanted) != 0)
        fail_msg("expected: %s\ngot: %s\nin:\n%s", wanted, line, buffer_text(&ctl->out));
}

static void each_word_has_its_source(void **state)
{
    struct ctl *ctl = *state;
    char path[128], wanted[512];

    ctl_run(ctl, "check", "--show", "confirm", NULL);
    ctl_expect(ctl, 0, "confirm: confirm, version ", NULL);
    ctl_path(ctl, "rules.cfg", path);
    snprintf(wanted, sizeof(wanted), "due rule %s:22 \"3wd\"", path);
    expect_line(ctl, "due", wanted);
    snprintf(wanted, sizeof(wanted), "again defaults %s:1 \"restart\"", path);
    expect_line(ctl, "again", wanted);
    snprintf(wanted, sizeof(wanted),
             "ladder ladder climb %s:6 { at = \"open\"; to = [ \"owner\" ]; via = [ \"team\" ]; }", path);
    expect_line(ctl, "ladder", wanted);
    snprintf(wanted, sizeof(wanted),
             "cancel stop off %s:14 { on = [ \"requisition.confirmed\" ]; where = [ \"requisition != x\" ]; "
             "key = [ \"requisition\" ]; stop = \"off\"; }",
             path);
    expect_line(ctl, "cancel", wanted);
    expect_line(ctl, "early", "early built-in - \"10m\"");
    expect_line(ctl, "requester", "requester built-in - \"hrbp of department\"");
    snprintf(wanted, sizeof(wanted), "gap settings %s:3 \"2wh\"", ctl->settings);
    expect_line(ctl, "gap", wanted);
}

static void the_ladder_is_told(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "check", "--show", "confirm", NULL);
    ctl_expect(
        ctl, 0,
        "Who hears what, when:\n"
        "  when it opens: asked to the owner, by team\n"
        "  when 50 % of the time is used: reminder to the owner\n"
        "  4 working hours before due: reminder to the owner\n"
        "  at due: overdue to the owner, the requester; escalation to the head of the department\n"
        "  1 working day after due, at 10:00: escalation to the head of the department, copy to the owner; "
        "again every 2 working days, 3 times in all\n"
        "  when it closes: closed to everybody who was told\n"
        "  at short notice, when nothing before due can leave any more: asked to the owner\n",
        NULL);
    ctl_run(ctl, "--lang", "zh", "check", "--show", "confirm", NULL);
    ctl_expect(ctl, 0,
               "谁在何时收到什么：\n"
               "  打开时：请办 责任人，走渠道 team\n"
               "  期限用掉 50% 时：提醒 责任人\n"
               "  到期前 4 个工作小时：提醒 责任人\n"
               "  到期时：跟催 责任人、提出人；升级 部门负责人\n"
               "  到期后 1 个工作日 10:00：升级 部门负责人，抄送责任人；每 2 个工作日一次，共 3 次\n"
               "  关闭时：结束 之前被告知过的人\n"
               "  时间太紧、到期前的台阶都来不及时：请办 责任人\n",
               NULL);
    /* Whoever opens it asks at once. */
    assert_null(strstr(buffer_text(&ctl->out), "来不及：\n"));
}

/* Half of a due, and a day before a date that the event brings. */
static void short_notice_is_named(void **state)
{
    static const char more[] =
        "hurried: { open = { on = \"requisition.submitted\"; }; key = [ \"requisition\" ]; owner = "
        "\"hiring_manager\"; meet = { on = \"requisition.graded\"; }; due = ( { where = [ \"requisition == "
        "x\" ]; span = \"2wh\"; }, { span = \"5wd\"; } ); ladder = ( { at = \"due-4wh\"; to = [ \"owner\" ]; "
        "}, { at = \"due\"; to = [ \"owner\" ]; } ); };\ndated: { open = { on = \"requisition.submitted\"; "
        "}; key = [ \"requisition\" ]; owner = \"hiring_manager\"; meet = { on = \"requisition.budgeted\"; "
        "}; due = \"10wd\"; latest = \"at:start\"; ladder = ( { at = \"due-1wd\"; to = [ \"owner\" ]; }, { "
        "at = \"due\"; to = [ \"owner\" ]; } ); };\n";
    struct ctl *ctl = *state;
    char text[sizeof(rules) + sizeof(more)];

    snprintf(text, sizeof(text), "%s%s", rules, more);
    ctl_write(ctl, "rules.cfg", text);
    ctl_run(ctl, "check", "--show", "hurried", NULL);
    ctl_expect(
        ctl, 0,
        "\nShort notice, no step before due can leave:\n  due 2wh (requisition == x): after 100 % of the "
        "openings in working time of ",
        NULL);
    assert_null(strstr(buffer_text(&ctl->out), "due 5wd:"));
    ctl_run(ctl, "--json", "check", "--show", "hurried", NULL);
    ctl_expect(ctl, 0,
               "\"short_notice\":[{\"due\":\"2wh (requisition == x)\",\"by_event\":false,\"percent\":100}]",
               NULL);
    ctl_run(ctl, "--lang", "zh", "check", "--show", "dated", NULL);
    ctl_expect(ctl, 0, "时间太紧、到期前的台阶都来不及：\n  到期 10wd：事件来得比这些台阶还晚时\n", NULL);
    ctl_run(ctl, "check", NULL);
    ctl_expect(ctl, 0,
               "at short notice 2 rules ask at the opening (check --show RULE says when): hurried, dated\n",
               NULL);
    ctl_run(ctl, "--json", "check", NULL);
    ctl_expect(ctl, 0, "\"short_notice\":[\"hurried\",\"dated\"]", NULL);
}

static void programs_read_json(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "--json", "check", "--show", "confirm", NULL);
    ctl_expect(ctl, 0, "{\"key\":\"early\",\"value\":\"\\\"10m\\\"\",\"from\":\"built-in\"}", NULL);
    ctl_expect(ctl, 0, "\"from\":\"ladder\",\"name\":\"climb\",\"file\":", NULL);
    ctl_expect(ctl, 0,
               "{\"step\":\"due-4wh\",\"words\":\"4 working hours before due: reminder to the owner\"}",
               NULL);
}

static void an_unknown_rule_is_refused(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "check", "--show", "confrim", NULL);
    ctl_expect(ctl, 2, NULL, "there is no rule \"confrim\"; did you mean \"confirm\"?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_word_has_its_source, start, stop),
        cmocka_unit_test_setup_teardown(the_ladder_is_told, start, stop),
        cmocka_unit_test_setup_teardown(short_notice_is_named, start, stop),
        cmocka_unit_test_setup_teardown(programs_read_json, start, stop),
        cmocka_unit_test_setup_teardown(an_unknown_rule_is_refused, start, stop),
    };

    return cmocka_run_group_tests_name("check --show", tests, NULL, NULL);
}
