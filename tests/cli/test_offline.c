/* The verbs that need no Redis, as a user sees them: outputs, exit statuses, both languages. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <string.h>

#include "ctl.h"

#define FIXTURE TEST_SOURCE_DIR "/fixture"

static void help_and_misuse(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "--help", NULL);
    ctl_expect(ctl, 0, "usage: cuibanctl", NULL);
    ctl_expect(ctl, 0, "explain", NULL);
    ctl_run(ctl, "--version", NULL);
    ctl_expect(ctl, 0, "cuibanctl 0.", NULL);
    ctl_run(ctl, NULL);
    ctl_expect(ctl, 2, NULL, "usage: cuibanctl");
    ctl_run(ctl, "chek", NULL);
    ctl_expect(ctl, 2, NULL, "did you mean \"check\"?");
    ctl_run(ctl, "event", NULL);
    ctl_expect(ctl, 2, NULL, "cuibanctl event send");
    ctl_run(ctl, "due", "--help", NULL);
    ctl_expect(ctl, 0, "usage: cuibanctl due", NULL);
    ctl_run(ctl, "due", "--form", "x", "5wd", NULL);
    ctl_expect(ctl, 2, NULL, "no option --form");
    ctl_run(ctl, "due", "5wd", "--from", NULL);
    ctl_expect(ctl, 2, NULL, "wants a value");
    ctl_run(ctl, "show", NULL);
    ctl_expect(ctl, 2, NULL, "usage: cuibanctl show");
    ctl_run(ctl, "--lang", "fr", "check", NULL);
    ctl_expect(ctl, 2, NULL, "zh or en");
}

static void languages(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "--lang", "zh", "--help", NULL);
    ctl_expect(ctl, 0, "用法：cuibanctl", NULL);
    ctl->language = "zh_CN.UTF-8";
    ctl_run(ctl, "--help", NULL);
    ctl_expect(ctl, 0, "用法：cuibanctl", NULL);
    ctl_run(ctl, "--lang=en", "--help", NULL);
    ctl_expect(ctl, 0, "usage: cuibanctl", NULL);
    ctl_run(ctl, "chek", NULL);
    ctl_expect(ctl, 2, NULL, "是否 \"check\"？");
}

static void check_accepts_the_fixture(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "check", NULL);
    ctl_expect(ctl, 0, "8 rules, 2 channels, 4 people, 1 departments", NULL);
    ctl_run(ctl, "--lang", "zh", "check", NULL);
    ctl_expect(ctl, 0, "规则 8 条", NULL);
    ctl_run(ctl, "--json", "check", NULL);
    ctl_expect(ctl, 0, "\"errors\":0", NULL);
}

static void check_reports_problems(void **state)
{
    struct ctl *ctl = *state;

    ctl_write(
        ctl, "broken.cfg",
        "redis = \"unix:/x\";\nstrems = [ \"hr:events\" ];\nchannels = { m = { plugin = \"log\"; } ; };\n");
    ctl_run(ctl, "-c", "/nonexistent.cfg", "check", NULL);
    ctl_expect(ctl, 2, NULL, "cannot read the settings file /nonexistent.cfg");
    char path[128];
    ctl_path(ctl, "broken.cfg", path);
    ctl_run(ctl, "check", path, NULL);
    ctl_expect(ctl, 1, "broken.cfg:2: error: ", NULL);
    ctl_expect(ctl, 1, "a running daemon keeps its rules", NULL);
    ctl_run(ctl, "--lang", "zh", "check", path, NULL);
    ctl_expect(ctl, 1, "broken.cfg:2: 错误: strems：没有这个设置项：`strems`\n    提示：是否 `streams`？",
               NULL);
    ctl_run(ctl, "--lang", "zh", "due", "5wd", "-c", path, NULL);
    ctl_expect(ctl, 2, NULL, "缺少 streams（事件流）");
    ctl_path(ctl, "nowhere.cfg", path);
    ctl_run(ctl, "--lang", "zh", "due", "5wd", "-c", path, NULL);
    ctl_expect(ctl, 2, NULL, "没有设置文件");
    ctl_expect(ctl, 2, NULL, "CUIBAN_CONFIG");
    ctl_run(ctl, "--lang", "zh", "check", path, NULL);
    ctl_expect(ctl, 2, NULL, "没有这个文件或目录");
    ctl_path(ctl, "broken.cfg", path);
    ctl_run(ctl, "check", "--json", path, NULL);
    ctl_expect(ctl, 1, "\"line\":2", NULL);
    ctl_run(ctl, "due", "5wd", "-c", path, NULL);
    ctl_expect(ctl, 2, NULL, "nothing was done: 4 errors, as above");
}

static void check_opens_the_plugins(void **state)
{
    struct ctl *ctl = *state;
    struct ctl other;

    ctl_start(&other,
              "unix:/nonexistent/redis.sock\";\nweb = { listen = \"127.0.0.1:9560\"; };\nstart = \"now");
    ctl_run(&other, "check", NULL);
    ctl_expect(&other, 0, "2 channels", NULL);
    ctl_stop(&other);
    ctl_write(ctl, "plugin.cfg",
              "redis = \"unix:/x\"; streams = [ \"hr:events\" ]; zone = \"Asia/Shanghai\";\n"
              "rules = \"none.d\"; calendars = \"none.d\"; directory = \"none.d\";\n"
              "events = \"none.d\"; templates = \"none.d\"; plugins = \"" PLUGINS_DIR "\";\n"
              "channels = { mail = { plugin = \"lgo\"; path = \"/tmp/x\"; }; };\n");
    char path[128];
    ctl_path(ctl, "plugin.cfg", path);
    ctl_run(ctl, "check", path, NULL);
    ctl_expect(ctl, 1, "error: ", NULL);
}

/* What the host and a shipped plugin say of a channel, in both languages. */
static void channels_are_refused(void **state)
{
    struct ctl *ctl = *state;
    char path[128];

    ctl_write(
        ctl, "refused.cfg",
        "redis = \"unix:/x\"; streams = [ \"hr:events\" ]; zone = \"Asia/Shanghai\"; calendar = \"office\";\n"
        "rules = \"" FIXTURE "/rules.d\"; calendars = \"" FIXTURE "/calendars.d\"; directory = \"" FIXTURE
        "/directory.d\";\n"
        "events = \"" FIXTURE "/events.d\"; templates = \"" FIXTURE "/templates\"; plugins = \"" PLUGINS_DIR
        "\";\n"
        "channels =\n{\n"
        "  mail = { plugin = \"log\"; path = \"messages.jsonl\"; };\n"
        "  team = { plugin = \"log\"; pth = \"/tmp/x\"; };\n"
        "};\n");
    ctl_path(ctl, "refused.cfg", path);
    ctl_run(ctl, "check", path, NULL);
    ctl_expect(ctl, 1, "refused.cfg:6: error: channel mail: option path must be an absolute path", NULL);
    ctl_expect(
        ctl, 1,
        "refused.cfg:7: error: channel team: the plugin log has no option \"pth\"; did you mean \"path\"?",
        NULL);
    ctl_run(ctl, "--lang", "zh", "check", path, NULL);
    ctl_expect(ctl, 1, "refused.cfg:6: 错误: 渠道 mail：选项 path 须是绝对路径", NULL);
    ctl_expect(ctl, 1, "refused.cfg:7: 错误: 渠道 team：插件 log 没有选项 \"pth\"，是否 \"path\"？", NULL);
}

static void due_counts(void **state)
{
    static const struct {
        const char *from, *span, *due;
    } cases[] = {
        {"2026-09-30T17:00", "5wd", "2026-10-13T18:00:00+08:00\n"},
        {"2026-09-30T17:00:00+08:00", "24h", "2026-10-01T17:00:00+08:00\n"},
        {"2026-11-06T17:00", "8wh", "2026-11-09T17:00:00+08:00\n"},
        {"2026-10-12T10:00", "-4wh", "2026-10-10T15:00:00+08:00\n"},
        {"2026-10-09T09:00", "wdom:-1@close", "2026-10-30T18:00:00+08:00\n"},
    };
    struct ctl *ctl = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ctl_run(ctl, "due", "--calendar", "office", "--from", cases[i].from, cases[i].span, NULL);
        ctl_expect(ctl, 0, cases[i].due, NULL);
    }
    ctl_run(ctl, "due", "--from", "2026-09-30T17:00", "at:start - 1wd", "start=2026-10-12", NULL);
    ctl_expect(ctl, 0, "2026-10-10T18:00:00+08:00\n", NULL);
}

static void due_explains(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "due", "--from", "2026-09-30T17:00", "--explain", "3wd", NULL);
    ctl_expect(ctl, 0, "10-01 Thu .. 10-07 Wed  国庆节  not counted\n", NULL);
    ctl_expect(ctl, 0, "10-10 Sat  day 3  国庆节调休  due 18:00\n", NULL);
    ctl_expect(ctl, 0, "\n2026-10-10T18:00:00+08:00\n", NULL);
    ctl_run(ctl, "--lang", "zh", "due", "--from", "2026-09-30T17:00", "--explain", "3wd", NULL);
    ctl_expect(ctl, 0, "09-30 周三  开始日  不计\n", NULL);
    ctl_expect(ctl, 0, "10-08 周四  第1天\n", NULL);
    ctl_run(ctl, "--json", "due", "--from", "2026-09-30T17:00", "--explain", "3wd", NULL);
    ctl_expect(ctl, 0, "\"due\":\"2026-10-10T18:00:00+08:00\"", NULL);
    ctl_expect(ctl, 0, "{\"date\":\"2026-10-08\",\"counts\":true,\"number\":1}", NULL);
}

static void due_refuses(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "due", "5dw", NULL);
    ctl_expect(ctl, 2, NULL, "\"5dw\": ");
    ctl_run(ctl, "due", "--calendar", "ofice", "5wd", NULL);
    ctl_expect(ctl, 2, NULL, "did you mean \"office\"?");
    ctl_run(ctl, "due", "--from", "yesterday", "5wd", NULL);
    ctl_expect(ctl, 2, NULL, "is no time");
    ctl_run(ctl, "due", "1wd", "2wd", NULL);
    ctl_expect(ctl, 2, NULL, "one span at a time");
    ctl_run(ctl, "due", "x=y", NULL);
    ctl_expect(ctl, 2, NULL, "which span?");
    ctl_run(ctl, "due", "at:start", NULL);
    ctl_expect(ctl, 1, NULL, "missing");
    ctl_run(ctl, "due", "75%", NULL);
    ctl_expect(ctl, 1, NULL, "share");
}

static void events_are_checked(void **state)
{
    static const struct {
        const char *line;
        int status;
        const char *piece;
    } cases[] = {
        {"{\"type\":\"requisition.confirmed\",\"id\":\"e1\",\"time\":\"2020-10-09T10:00:00+08:00\","
         "\"requisition\":\"R1\"}",
         0, "0 errors, 1 warnings"},
        {"{\"type\":\"requisition.confirmd\",\"id\":\"e1\",\"requisition\":\"R1\"}", 1,
         "did you mean \"requisition.confirmed\"?"},
        {"{\"type\":\"requisition.confirmed\",\"id\":\"e1\"}", 1, "the field \"requisition\" is missing"},
        {"{\"type\":\"requisition.confirmed\",\"requisition\":\"R1\"}", 0, "no id"},
        {"{\"type\":\"requisition.confirmed\",\"requisition\":\"R1\",\"requisitoin\":\"R1\"}", 0,
         "did you mean \"requisition\"?"},
        {"{\"type\":\"requisition.submitted\",\"requisition\":\"R1\",\"hiring_manager\":\"zhang.wei\","
         "\"department\":\"rd\",\"headcount\":\"two\"}",
         1, "is no integer"},
        {"{\"type\":\"requisition.submitted\",\"requisition\":\"R1\",\"hiring_manager\":\"zhang.wie\","
         "\"department\":\"rd\",\"headcount\":2}",
         0, "no person \"zhang.wie\""},
        {"{\"type\":\"cuiban.done\",\"deadline\":\"Q7KM\"}", 1, "reserved"},
        {"{\"type\":\"requisition.confirmed\",\"requisition\":{\"id\":1}}", 1, "flat"},
        {"{\"type\":\"requisition.confirmed\",", 1, "not valid JSON"},
        {"[1]", 1, "one JSON object"},
        {"{\"specversion\":\"1.0\",\"type\":\"requisition.confirmed\",\"id\":\"e1\",\"source\":\"/"
         "ats\",\"time\":\"2020-10-09T10:00:00+08:00\",\"data\":{\"requisition\":\"R1\"}}",
         0, "0 errors"},
        {"", 2, NULL},
    };
    struct ctl *ctl = *state;
    char path[128];

    ctl_path(ctl, "events.jsonl", path);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ctl_write(ctl, "events.jsonl", cases[i].line);
        ctl_run(ctl, "event", "check", path, NULL);
        ctl_expect(ctl, cases[i].status, cases[i].piece, NULL);
    }
    ctl_write(ctl, "events.jsonl",
              "{\"type\":\"requisition.confirmed\",\"id\":\"a\",\"requisition\":\"R1\"}\n\n{}\n");
    ctl_run(ctl, "event", "check", path, NULL);
    ctl_expect(ctl, 1, "events.jsonl:3: error: ", NULL);
    ctl_run(ctl, "event", "check", "--json", path, NULL);
    ctl_expect(ctl, 1, "\"line\":3", NULL);
    ctl_write(ctl, "events.jsonl",
              "{\"type\":\"requisition.confirmd\"}\n{\"type\":\"requisition.confirmed\"}\n");
    ctl_run(ctl, "--lang", "zh", "event", "check", path, NULL);
    ctl_expect(ctl, 1,
               "目录中没有事件类型 \"requisition.confirmd\"\n    提示：是否 \"requisition.confirmed\"？",
               NULL);
    ctl_expect(ctl, 1, "requisition.confirmed：缺少字段 \"requisition\"", NULL);
}

static void the_catalogue_is_listed(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "event", "list", NULL);
    ctl_expect(ctl, 0, "requisition.submitted", NULL);
    ctl_expect(ctl, 0, "meets confirm", NULL);
    ctl_run(ctl, "--lang", "zh", "event", "list", "requisition.confirmed", NULL);
    ctl_expect(ctl, 0, "完成  confirm", NULL);
    ctl_run(ctl, "event", "list", "requisition.submitted", NULL);
    ctl_expect(ctl, 0, "headcount       int", NULL);
    ctl_expect(ctl, 0, "opens  confirm", NULL);
    ctl_run(ctl, "--json", "event", "list", "requisition.submitted", NULL);
    ctl_expect(ctl, 0, "{\"name\":\"headcount\",\"kind\":\"int\",\"required\":false,\"private\":false}",
               NULL);
    ctl_expect(ctl, 0, "{\"rule\":\"confirm\",\"use\":\"open\"}", NULL);
    ctl_expect_not(ctl, "\"type\":\"requisition.confirmed\"");
    ctl_run(ctl, "event", "list", "requisition.submited", NULL);
    ctl_expect(ctl, 1, NULL, "did you mean \"requisition.submitted\"?");
    ctl_run(ctl, "event", "schema", "nothing.like_it", NULL);
    ctl_expect(ctl, 1, NULL, "see cuibanctl event list");
}

static void event_send_needs_redis_only_to_send(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "event", "send", "--type", "requisition.confirmed", "requisition=R1", "--dry-run", NULL);
    ctl_expect(ctl, 0, "1 events, 0 errors, 0 warnings", NULL);
    ctl_expect(ctl, 0, "nothing was sent", NULL);
    ctl_run(ctl, "event", "send", "requisition.confirmed", "--id", "e1", "--time", "2026-10-09T10:00",
            "requisition=R 1's", "--dry-run", NULL);
    ctl_expect(ctl, 0,
               "XADD hr:events NOMKSTREAM '*' type requisition.confirmed id e1 time "
               "2026-10-09T10:00:00+08:00 requisition 'R 1'\\''s'\n",
               NULL);
    ctl_run(ctl, "event", "send", "requisition.confirmed", "requisitoin=R1", "--dry-run", NULL);
    ctl_expect(ctl, 1, "the field \"requisition\" is missing", NULL);
    ctl_run(ctl, "--json", "event", "send", "requisition.confirmed", "--id=e1", "requisition=R1", "--dry-run",
            NULL);
    ctl_expect(ctl, 0,
               "\"stream\":\"hr:events\",\"would_send\":[{\"type\":\"requisition.confirmed\",\"id\":\"e1\"",
               NULL);
    ctl_run(ctl, "event", "send", "requisition.confirmed", "requisition=R1", "--dry-run", "--stream", "hr:x",
            NULL);
    ctl_expect(ctl, 2, NULL, "no stream \"hr:x\"");
    ctl_run(ctl, "event", "send", "requisition.confirmed", "requisition=R1", NULL);
    ctl_expect(ctl, 2, NULL, "hr:events");
    ctl_run(ctl, "event", "send", "requisition.confirmed", NULL);
    ctl_expect(ctl, 1, NULL, "nothing was sent");
    ctl_run(ctl, "event", "send", "requisition=R1", NULL);
    ctl_expect(ctl, 2, NULL, "--type");
    ctl_run(ctl, "event", "send", "--file", "/nonexistent.jsonl", NULL);
    ctl_expect(ctl, 2, NULL, "No such file");
}

static void send_tries_a_channel(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "send", "mail", "zhang.wei", NULL);
    ctl_expect(ctl, 0, "mail: delivered", NULL);
    ctl_run(ctl, "--lang=zh", "send", "mail", "zhang.wei", NULL);
    ctl_expect(ctl, 0, "mail: 已送达", NULL);
    ctl_run(ctl, "--json", "send", "mail", "zhang.wei", NULL);
    ctl_expect(ctl, 0, "\"verdict\":\"delivered\"", NULL);
    ctl_run(ctl, "send", "team", "zhang.wei", NULL);
    ctl_expect(ctl, 1, "team: ", NULL);
    ctl_run(ctl, "send", "mial", NULL);
    ctl_expect(ctl, 2, NULL, "did you mean \"mail\"?");
    ctl_run(ctl, "send", "mail", "zhang.wie", NULL);
    ctl_expect(ctl, 2, NULL, "no person");
}

/* The last line of the file that the channel `mail` writes has the piece. */
static void expect_mail(const struct ctl *ctl, const char *piece)
{
    char path[128], line[2000] = "";

    ctl_path(ctl, "mail.jsonl", path);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL)
        ;
    fclose(file);
    if (strstr(line, piece) == NULL)
        fail_msg("\"%s\" is not in %s", piece, line);
}

/* Whoever tries a channel may have another language than the one who reads the message. */
static void send_speaks_as_the_recipient_does(void **state)
{
    static const char chinese[] = "渠道测试", english[] = "test of this channel";
    struct ctl *ctl = *state;

    ctl_run(ctl, "--lang=en", "send", "mail", "zhang.wei", NULL);
    expect_mail(ctl, chinese); /* he has none of his own: the settings' */
    ctl_run(ctl, "--lang=zh", "send", "mail", "han.mei", NULL);
    expect_mail(ctl, english);
    ctl_run(ctl, "--lang=zh", "send", "mail", "han.mei", "--text", "您好", NULL);
    expect_mail(ctl, "您好");
}

static void plugins_are_shown(void **state)
{
    struct ctl *ctl = *state;
    char path[128];

    ctl_run(ctl, "plugin", "check", PLUGINS_DIR "/log.so", NULL);
    ctl_expect(ctl, 0, "log: ", NULL);
    ctl_expect(ctl, 0, "path (required)", NULL);
    ctl_run(ctl, "--json", "plugin", "check", PLUGINS_DIR "/log.so", NULL);
    ctl_expect(ctl, 0, "\"name\":\"log\"", NULL);
    ctl_run(ctl, "plugin", "check", PLUGINS_DIR "/log.so", "path=/x/y.jsonl", NULL);
    ctl_expect(ctl, 0, "sent, no answer in time: uncertain\n", NULL);
    ctl_expect(ctl, 0, "not connected: retry\n", NULL);
    ctl_expect_not(ctl, "HTTP");
    ctl_run(ctl, "plugin", "check", PLUGINS_DIR "/wecom.so", "key=made-up", NULL);
    ctl_expect(ctl, 0, "HTTP 200 \"ok\" of a relay: uncertain\n", NULL);
    ctl_run(ctl, "plugin", "check", PLUGINS_DIR "/wecom.so", "key=a b", NULL);
    ctl_expect(ctl, 1, NULL, "option key is not a key");
    ctl_run(ctl, "plugin", "check", PLUGINS_DIR "/wecom.so", "made-up", NULL);
    ctl_expect(ctl, 2, NULL, "made-up");
    ctl_run(ctl, "plugin", "check", FAKE_PLUGIN, "url=http://x/",
            NULL); /* takes 200 for all, and sends again without */
    ctl_expect(ctl, 1, "HTTP 200 \"ok\" of a relay: delivered; right only where", NULL);
    ctl_expect(ctl, 1, "! HTTP 202, empty: retry; it may have arrived", NULL);
    ctl_expect(ctl, 1, "! sent, no answer in time: retry; it may have arrived", NULL);
    ctl_run(ctl, "--json", "plugin", "check", FAKE_PLUGIN, "url=http://x/", NULL);
    ctl_expect(ctl, 1, "\"verdict\":\"retry\",\"finding\":\"it may", NULL);
    ctl_run(ctl, "plugin", "check", "/nonexistent.so", NULL);
    ctl_expect(ctl, 2, NULL, "there is no file");
    ctl_write(ctl, "fake.so", "no plugin");
    ctl_path(ctl, "fake.so", path);
    ctl_run(ctl, "plugin", "check", path, NULL);
    ctl_expect(ctl, 1, NULL, "fake.so");
}

static void without_redis_the_address_is_named(void **state)
{
    static const char *const verbs[] = {"list", "status"};
    struct ctl *ctl = *state;

    for (size_t i = 0; i < 2; i++) {
        ctl_run(ctl, verbs[i], NULL);
        ctl_expect(ctl, 2, NULL, "hr:events: ");
    }
    ctl_run(ctl, "list", "owner", NULL);
    ctl_expect(ctl, 2, NULL, "is no filter");
    ctl_run(ctl, "list", "state=late", NULL);
    ctl_expect(ctl, 2, NULL, "overdue");
    ctl_run(ctl, "list", "--stream", "hr:other", NULL);
    ctl_expect(ctl, 2, NULL, "no stream \"hr:other\"");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(help_and_misuse, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(languages, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(check_accepts_the_fixture, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(check_reports_problems, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(check_opens_the_plugins, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(channels_are_refused, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(due_counts, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(due_explains, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(due_refuses, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(events_are_checked, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(the_catalogue_is_listed, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(event_send_needs_redis_only_to_send, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(send_tries_a_channel, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(send_speaks_as_the_recipient_does, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(plugins_are_shown, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(without_redis_the_address_is_named, ctl_setup, ctl_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
