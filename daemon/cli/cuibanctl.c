/* cuibanctl.c: the command line of cuiban: finds the verb, reads its options, and lets it run. */
#include <stdlib.h>
#include <string.h>

#include "cli/table.h"
#include "cli/verbs.h"
#include "config/chinese.h"

#ifndef CUIBAN_SETTINGS
#define CUIBAN_SETTINGS "/etc/cuiban/cuiban.cfg"
#endif

enum { OPTIONS_MAX = 32 };

static const struct argument_option common_options[] = {{"config", true, 'c'}, {"lang", true, 0},
                                                        {"json", false, 0},    {"help", false, 'h'},
                                                        {"version", false, 0}, {NULL}};

static const struct argument_option check_options[] = {{"show", true, 0}, {NULL}};
static const struct argument_option backtest_options[] = {
    {"rules", true, 0}, {"since", true, 0}, {"events", true, 0}, {"until", true, 0},
    {"show", true, 0},  {"case", true, 0},  {"stream", true, 0}, {NULL}};
static const struct argument_option due_options[] = {
    {"calendar", true, 0}, {"from", true, 0}, {"explain", false, 0}, {NULL}};
static const struct argument_option import_options[] = {{"name", true, 0}, {"years", true, 0}, {NULL}};
static const struct argument_option stream_options[] = {{"stream", true, 0}, {NULL}};
static const struct argument_option explain_options[] = {
    {"not", false, 0}, {"who", true, 0}, {"on", true, 0}, {"stream", true, 0}, {NULL}};
static const struct argument_option ack_options[] = {
    {"to", true, 0},    {"until", true, 0},        {"by", true, 0},     {"note", true, 0},
    {"wait", false, 0}, {"wait-seconds", true, 0}, {"stream", true, 0}, {NULL}};
static const struct argument_option done_options[] = {
    {"at", true, 0},     {"by", true, 0}, {"note", true, 0}, {"wait", false, 0}, {"wait-seconds", true, 0},
    {"stream", true, 0}, {NULL}};
static const struct argument_option cancel_options[] = {{"by", true, 0},     {"note", true, 0},
                                                        {"wait", false, 0},  {"wait-seconds", true, 0},
                                                        {"stream", true, 0}, {NULL}};
static const struct argument_option clock_options[] = {
    {"by", true, 0}, {"note", true, 0}, {"stream", true, 0}, {NULL}};
static const struct argument_option event_options[] = {
    {"type", true, 0},     {"id", true, 0},     {"time", true, 0},
    {"file", true, 0},     {"stream", true, 0}, {"create", false, 0},
    {"dry-run", false, 0}, {"force", false, 0}, {NULL}};
static const struct argument_option test_options[] = {
    {"verbose", false, 'v'}, {"only", true, 0}, {"junit", true, 0}, {NULL}};
static const struct argument_option plan_options[] = {{"rules", true, 0}, {"stream", true, 0}, {NULL}};
static const struct argument_option what_if_options[] = {{"rules", true, 0},
                                                         {"type", true, 0},
                                                         {"id", true, 0},
                                                         {"time", true, 0},
                                                         {"file", true, 0},
                                                         {"at", true, 0},
                                                         {"until", true, 0},
                                                         {"stream", true, 0},
                                                         {"empty", false, 0},
                                                         {"force", false, 0},
                                                         {NULL}};
static const struct argument_option new_rule_options[] = {
    {"on", true, 0}, {"meet", true, 0}, {"owner", true, 0}, {"to", true, 0}, {NULL}};
static const struct argument_option new_test_options[] = {{"to", true, 0}, {NULL}};
static const struct argument_option schema_options[] = {{"strict", false, 0}, {NULL}};
static const struct argument_option send_options[] = {{"text", true, 0}, {NULL}};

static const struct cli_verb verbs[] = {
    {"check", "[FILE] [--show RULE]",
     "read all settings and rules, report every error; show one rule written out in full",
     "检查设置与规则，列出全部错误；或把一条规则完整写出", check_options, 0, 1, verb_check},
    {"test", "[FILE | DIR ...] [-v] [--only PATTERN] [--junit FILE]",
     "play the tests of the rules and compare who hears what, when", "运行规则测试：谁在何时收到什么",
     test_options, 0, ARGUMENTS_MAX, verb_test},
    {"plan", "[--rules DIR]", "what a reload would do to the deadlines that are open now",
     "重新加载会使未完事项怎样变化", plan_options, 0, 0, verb_plan},
    {"what-if", "[--at T] [--until T] [--rules DIR] [--empty] TYPE field=value ... | --file FILE.jsonl",
     "what an event would open, meet and cancel, and who would hear when; changes nothing",
     "假如来了这个事件：会打开、完成、取消什么，谁何时收到什么；不改动任何东西", what_if_options, 0,
     ARGUMENTS_MAX, verb_what_if},
    {"new rule", "NAME [--on TYPE] [--meet TYPE] [--owner FIELD] [--to FILE]",
     "a commented rule to start from", "带注释的规则骨架", new_rule_options, 1, 1, verb_new_rule},
    {"new test", "RULE [--to FILE]", "a test of a rule to start from", "规则测试的骨架", new_test_options, 1,
     1, verb_new_test},
    {"backtest",
     "--rules DIR --since DATE | --events FILE.jsonl [--until DATE] [--show RULE] [--case FIELD=VALUE]",
     "who would hear more or less under new rules", "用以往事件比较新旧规则：谁会多收或少收消息",
     backtest_options, 0, 0, verb_backtest},
    {"due", "[--calendar CALENDAR] [--from T] [--explain] SPAN [field=value ...]",
     "when a span of time is over", "计算时长的到期时刻", due_options, 1, ARGUMENTS_MAX, verb_due},
    {"calendar show", "[CALENDAR] [2026-10 | 2026]", "a month's days off and hours, or a year's months",
     "某月的放假、补班与工时，或全年各月", NULL, 0, 2, verb_calendar_show},
    {"calendar coverage", "", "which years the calendars know", "各日历覆盖的年份", NULL, 0, 0,
     verb_calendar_coverage},
    {"calendar lint", "", "what looks wrong in the calendars", "检查日历中的可疑之处", NULL, 0, 0,
     verb_calendar_lint},
    {"calendar import", "FILE.ics | FILE.json [--name N] [--years 2026..2027]",
     "holidays as a text for calendars.d", "把节假日数据转成 calendars.d 的写法", import_options, 1, 1,
     verb_calendar_import},
    {"list",
     "[rule=RULE] [owner=PERSON] [department=DEPARTMENT] [state=STATE] [provisional=yes] [field=value ...]",
     "open deadlines", "未完成的事项", stream_options, 0, ARGUMENTS_MAX, verb_list},
    {"show", "ID | RULE field=value ...", "one open deadline with all its fields", "一个事项的全部内容",
     stream_options, 1, ARGUMENTS_MAX, verb_show},
    {"explain", "ID | [--not] RULE field=value ... | --who PERSON --on DATE",
     "why: how its due was counted, what was sent and what was not, what comes next",
     "说明：到期如何计算，发了什么，为何没发，接下来如何", explain_options, 0, ARGUMENTS_MAX, verb_explain},
    {"case", "FIELD=VALUE ...", "all deadlines of one case on one line of time, and who held them how long",
     "一个对象的全部事项：时间线，在谁手中多久", stream_options, 1, ARGUMENTS_MAX, verb_case},
    {"status", "", "the daemon and its streams, as Redis shows them", "守护进程与事件流的状态",
     stream_options, 0, 0, verb_status},
    {"ack", "ID [--to PERSON] [--until T] [--note N] [--wait]", "acknowledge: stops repeats to one person",
     "已知悉：不再向此人重复", ack_options, 1, 1, verb_ack},
    {"done", "ID [--at T] [--note N] [--wait]", "it has been done", "标记为已完成", done_options, 1, 1,
     verb_done},
    {"cancel", "ID [--note N] [--wait]", "it need not be done", "取消", cancel_options, 1, 1, verb_cancel},
    {"clock accept", "[--by WHO] [--note N] [--stream S]",
     "the clock of Redis is right: firing that is held for it goes on",
     "确认 Redis 的时钟正确：恢复因此暂停的触发", clock_options, 0, 0, verb_clock_accept},
    {"event send", "[--type TYPE | TYPE] [--id I] [--time T] field=value ... | --file FILE.jsonl [--dry-run]",
     "append events to the stream", "向事件流追加事件", event_options, 0, ARGUMENTS_MAX, verb_event_send},
    {"event list", "[TYPE]", "what the HRIS may send, and what the rules do on it",
     "事件目录：HRIS 可发送的事件，以及规则对它们的反应", NULL, 0, 1, verb_event_list},
    {"event schema", "[TYPE] [--strict]", "the catalogue as JSON Schema", "把事件目录导出为 JSON Schema",
     schema_options, 0, 1, verb_event_schema},
    {"event check", "FILE.jsonl", "check events against the catalogue", "按目录检查事件", NULL, 1, 1,
     verb_event_check},
    {"dead list", "", "what was given up, and why", "死信及其原因", stream_options, 0, 0, verb_dead_list},
    {"send", "CHANNEL [PERSON] [--text T]", "send a test message through a channel", "通过渠道发送测试消息",
     send_options, 1, 2, verb_send},
    {"plugin check", "FILE.so [OPTION=VALUE ...]",
     "load a channel plugin, show what it says of itself and how it judges", "加载渠道插件，显示其说明和判断",
     NULL, 1, ARGUMENTS_MAX, verb_plugin_check},
    {"complete", "-- WORD ...", "what could stand at the end of a command line", "补全命令行", NULL, 1,
     ARGUMENTS_MAX, verb_complete, true},
};
enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

/* -- help -- */

static enum cli_status print_help(const struct cli *cli, FILE *to)
{
    struct table table;

    fprintf(to, "%s\n",
            cli_in(cli, "usage: cuibanctl [-c FILE] [--json] [--lang zh|en] VERB ...",
                   "用法：cuibanctl [-c 文件] [--json] [--lang zh|en] 命令 ..."));
    table_init(&table, 2, NULL);
    for (size_t i = 0; i < VERBS; i++) {
        if (verbs[i].hidden)
            continue;
        table_addf(&table, "  %s", verbs[i].name);
        table_add(&table, cli->chinese ? verbs[i].chinese : verbs[i].english);
    }
    table_print(&table, to);
    table_finish(&table);
    fprintf(
        to, "%s\n",
        cli_in(cli,
               "cuibanctl VERB --help tells more. Exit status: 0, 1 (a finding), 2 (usage or configuration).",
               "cuibanctl 命令 --help 查看用法。退出状态：0，1（有发现），2（用法或配置错误）。"));
    return to == stderr ? CLI_USAGE : CLI_OK;
}

static enum cli_status print_usage(const struct cli *cli, const struct cli_verb *verb, FILE *to)
{
    fprintf(to, "%scuibanctl %s %s\n", cli_in(cli, "usage: ", "用法："), verb->name, verb->usage);
    if (to == stdout)
        fprintf(to, "  %s\n", cli->chinese ? verb->chinese : verb->english);
    return to == stderr ? CLI_USAGE : CLI_OK;
}

/* -- finding the verb -- */

/* How many words of argv, from `at`, are this verb's name; 0: another verb. */
static size_t verb_words(const struct cli_verb *verb, char *const *argv, size_t n)
{
    const char *space = strchr(verb->name, ' ');
    size_t first_n = space == NULL ? strlen(verb->name) : (size_t)(space - verb->name);

    if (n < 1 || strlen(argv[0]) != first_n || memcmp(argv[0], verb->name, first_n) != 0)
        return 0;
    if (space == NULL)
        return 1;
    return n >= 2 && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

static const struct cli_verb *find_verb(char *const *argv, size_t n, size_t *words)
{
    for (size_t i = 0; i < VERBS; i++) {
        *words = verb_words(&verbs[i], argv, n);
        if (*words > 0)
            return &verbs[i];
    }
    return NULL;
}

static enum cli_status unknown_verb(struct cli *cli, char *const *argv, size_t n)
{
    const char *names[VERBS], *nearest;

    for (size_t i = 0; i < VERBS; i++) {
        size_t name_n = strlen(argv[0]);

        if (strncmp(verbs[i].name, argv[0], name_n) == 0 && verbs[i].name[name_n] == ' ')
            return cli_fail(cli, "%s %s: no such verb; for example: cuibanctl %s",
                            "没有命令 %s %s。例如：cuibanctl %s", argv[0], n > 1 ? argv[1] : "",
                            verbs[i].name);
        names[i] = verbs[i].name;
    }
    nearest = problem_nearest(argv[0], names, VERBS);
    if (nearest != NULL)
        return cli_fail(cli, "there is no verb \"%s\"; did you mean \"%s\"?",
                        "没有命令 \"%s\"，是否 \"%s\"？", argv[0], nearest);
    return cli_fail(cli, "there is no verb \"%s\"; see cuibanctl --help",
                    "没有命令 \"%s\"，见 cuibanctl --help", argv[0]);
}

/* -- options -- */

/* Words behind a program's --json are for nobody in particular: they do not depend on who runs it. */
static bool choose_language(struct cli *cli)
{
    const char *lang = cli_option(cli, "lang");

    cli->json = cli_flag(cli, "json");
    cli->chinese = lang == NULL ? !cli->json && chinese_wanted() != NULL : strncmp(lang, "zh", 2) == 0;
    return lang == NULL || cli->chinese || strncmp(lang, "en", 2) == 0;
}

static enum cli_status misunderstood(const struct cli *cli, enum arguments_error error, const char *what)
{
    if (error == ARGUMENTS_UNKNOWN)
        return cli_fail(cli, "there is no option %s here", "此处没有选项 %s", what);
    if (error == ARGUMENTS_NO_VALUE)
        return cli_fail(cli, "the option %s wants a value", "选项 %s 需要一个值", what);
    if (error == ARGUMENTS_SUPERFLUOUS_VALUE)
        return cli_fail(cli, "the option in %s takes no value", "%s 中的选项不带值", what);
    return cli_fail(cli, "too many arguments", "参数太多");
}

static void join_options(const struct cli_verb *verb, struct argument_option out[static OPTIONS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; common_options[i].name != NULL; i++)
        out[n++] = common_options[i];
    for (size_t i = 0; verb != NULL && verb->options != NULL && verb->options[i].name != NULL; i++)
        out[n++] = verb->options[i];
    out[n] = (struct argument_option){NULL};
}

static enum cli_status run_verb(struct cli *cli, const struct cli_verb *verb)
{
    if (cli_flag(cli, "help"))
        return print_usage(cli, verb, stdout);
    if (cli->arguments.n < verb->words_min || cli->arguments.n > verb->words_max)
        return print_usage(cli, verb, stderr);
    cli->settings = cli_flag(cli, "config") ? cli_option(cli, "config") : getenv("CUIBAN_CONFIG");
    if (cli->settings == NULL || *cli->settings == '\0')
        cli->settings = CUIBAN_SETTINGS;
    return verb->run(cli);
}

/* Options may stand before the verb, too: the common ones are taken out first, then the verb's words, then
 * the rest. */
static size_t find_first_word(char *const *argv, size_t n)
{
    size_t at = 0;

    while (at < n && argv[at][0] == '-') {
        bool takes_value = strcmp(argv[at], "-c") == 0 || strcmp(argv[at], "--config") == 0 ||
                           strcmp(argv[at], "--lang") == 0;
        at += takes_value ? 2 : 1;
    }
    return at < n ? at : n;
}

static enum cli_status run(struct cli *cli, size_t n, char **argv)
{
    struct argument_option options[OPTIONS_MAX];
    size_t at = find_first_word(argv, n), words = 0, rest_n;
    const struct cli_verb *verb = find_verb(argv + at, n - at, &words);
    const char *what = "";
    enum arguments_error error;

    /* What stands before the verb moves behind it. */
    char **rest = calloc(n + 1, sizeof(char *));
    if (rest == NULL)
        return cli_fail(cli, "out of memory", "内存不足");
    rest_n = n - words;
    memcpy(rest, argv, at * sizeof(char *));
    memcpy(rest + at, argv + at + words, (rest_n - at) * sizeof(char *));
    join_options(verb, options);
    error = arguments_parse(options, verb == NULL ? at : rest_n, rest, &cli->arguments, &what);
    free(rest);
    if (!choose_language(cli))
        return cli_fail(cli, "--lang is zh or en", "--lang 只能是 zh 或 en");
    if (error != ARGUMENTS_OK)
        return misunderstood(cli, error, what);
    if (verb == NULL && at < n)
        return unknown_verb(cli, argv + at, n - at);
    if (verb != NULL)
        return run_verb(cli, verb);
    if (cli_flag(cli, "version")) {
        printf("cuibanctl %s\n", CUIBAN_VERSION);
        return CLI_OK;
    }
    return print_help(cli, cli_flag(cli, "help") ? stdout : stderr);
}

int main(int argc, char **argv)
{
    struct cli cli = {.verbs = verbs, .n_verbs = VERBS, .options = common_options};
    enum cli_status status = run(&cli, (size_t)argc - 1, argv + 1);

    if (fflush(stdout) != 0 || ferror(stdout))
        status = cli_fail(&cli, "the output could not be written", "无法写出结果");
    return (int)status;
}
