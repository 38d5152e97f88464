/* A test of a rule to start from: met in time, and not met at all, with what the rule says now as what is
 * expected: to be read, not to be believed. */
#include <errno.h>
#include <string.h>

#include "cli/new.h"
#include "cli/samples.h"
#include "cli/test_report.h"
#include "cli/verbs.h"
#include "core/civil.h"
#include "store/clock.h"

#define RECURS_FOR_MS (70 * DAY_MS) /* each month's period is opened by then, and its ladder climbed */

struct writing {
    const struct cli *cli;
    const struct config *config;
    const struct rule *rule;
    instant begin;
    struct samples samples;
    struct buffer *out;
    int error;
};

/* -- one event -- */

static void write_at(const struct writing *writing, instant at)
{
    char text[INSTANT_TEXT_MAX];

    zone_format(setup_zone(writing->config), at, text);
    buffer_printf(writing->out, "%.10s %.5s", text, text + strlen("2026-12-31T"));
}

static void write_quoted(struct buffer *out, const char *text)
{
    buffer_add_char(out, '"');
    for (; *text != '\0'; text++)
        buffer_printf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    buffer_add_char(out, '"');
}

/* A test calls the type `event`. */
static void write_sample(const struct writing *writing, const struct sample *sample)
{
    struct buffer *out = writing->out;

    buffer_add_text(out, "      { at = \"");
    write_at(writing, sample->at);
    buffer_add_text(out, "\";");
    for (size_t i = 0; i < sample->n; i++) {
        const char *value = sample->fields[i].value;

        buffer_printf(out, " %s = ", i == 0 ? "event" : sample->fields[i].name);
        if (*value == '[')
            buffer_printf(out, "[ %.*s ]", (int)strlen(value) - 2, value + 1);
        else
            write_quoted(out, value);
        buffer_add_char(out, ';');
    }
    buffer_add_text(out, " }");
}

/* -- one test -- */

static bool recurs_by_event(const struct rule *rule)
{
    return rule_recurs(rule) && rule->open_on.n > 0;
}

static void write_moment(const struct writing *writing, const char *key, instant at)
{
    buffer_printf(writing->out, "    %s = \"", key);
    write_at(writing, at);
    buffer_add_text(writing->out, "\";\n");
}

static void write_head(const struct writing *writing, const struct rule_test *test)
{
    buffer_printf(writing->out, "  %s_%s:\n  {\n    summary = \"%s\";\n    rule    = \"%s\";\n",
                  writing->rule->name, test->name, test->summary, writing->rule->name);
    if (test->n_events == 0)
        write_moment(writing, "from   ", test->from);
    if (test->n_events == 0 || recurs_by_event(writing->rule))
        write_moment(writing, "until  ", test->until);
    buffer_add_text(writing->out, "    events  =\n    (\n");
    for (size_t i = 0; i < test->n_events; i++) {
        write_sample(writing, &writing->samples.items[i]);
        buffer_add_text(writing->out, i + 1 < test->n_events ? ",\n" : "\n");
    }
    buffer_add_text(writing->out, "    );\n");
}

/* What the rule says now. */
static void write_expected(struct writing *writing, const struct rule_test *test)
{
    struct buffer *out = writing->out;
    struct rule_test_result result;
    const char *before = "\n      \"";

    writing->error = rule_test_run(writing->config, test, &result);
    if (writing->error != 0)
        return;
    buffer_add_text(out, "    expect  = [");
    for (size_t i = 0; i < result.n; i++) {
        if (result.rows[i].came == NULL)
            continue;
        buffer_add_text(out, before);
        write_at(writing, result.rows[i].at);
        buffer_add_char(out, ' ');
        test_report_words(out, result.rows[i].came);
        buffer_add_char(out, '"');
        before = ",\n      \"";
    }
    buffer_add_text(out, *before == ',' ? "\n    ];\n  };\n" : " ];\n  };\n");
    rule_test_finish(&result);
}

/* With the first so many of the sample events. */
static void write_test(struct writing *writing, const char *name, const char *summary, size_t n_events)
{
    struct rule_test_event events[SAMPLES_MAX];
    struct rule_test test = {.name = name,
                             .summary = summary,
                             .rules = {&writing->rule->name, 1},
                             .from = writing->begin,
                             .events = events,
                             .n_events = n_events};
    instant last = writing->begin;

    for (size_t i = 0; i < n_events; i++) {
        const struct sample *sample = &writing->samples.items[i];

        events[i] = (struct rule_test_event){.at = sample->at, .fields = sample->fields, .n = sample->n};
        last = sample->at;
    }
    test.until = last + (recurs_by_event(writing->rule) ? RECURS_FOR_MS : RULE_TEST_AFTER_MS);
    write_head(writing, &test);
    if (writing->error == 0)
        write_expected(writing, &test);
}

/* -- the file -- */

static void write_tests(struct writing *writing)
{
    const struct cli *cli = writing->cli;
    const struct samples *samples = &writing->samples;

    buffer_printf(
        writing->out,
        cli_in(cli,
               "# Tests of %s; play them with cuibanctl test. Each `expect` is what the rule says now:\n"
               "# read it, and change what you did not mean. An empty list: nobody hears anything.\n",
               "# 规则 %s 的测试，用 cuibanctl test 运行。expect 是规则现在的结果：\n"
               "# 请逐条核对，不符合本意的就改。空列表表示没有人收到消息。\n"),
        writing->rule->name);
    buffer_add_text(writing->out, "tests:\n{\n");
    if (samples->n > 0)
        write_test(writing, "in_time", cli_in(cli, "done in time", "按时完成"), samples->n);
    write_test(writing, "slips", cli_in(cli, "not done: the ladder climbs", "一直没有做：逐级升级"),
               samples->n_unmet);
    buffer_add_text(writing->out, "};\n");
}

/* The next Monday, 10:00. */
static instant next_monday(const struct zone *zone)
{
    int64_t day = zone_local(zone, clock_wall()) / DAY_MS;

    do
        day++;
    while (civil_weekday((int32_t)day) != 1);
    return zone_instant(zone, day * DAY_MS + 10 * HOUR_MS);
}

/* A rule that opens by the clock is looked at from an hour before its next opening on. */
static instant choose_begin(const struct config *config, const struct rule *rule)
{
    struct recurring recurring = {&rule->every, rule->calendar, INSTANT_NONE};
    instant monday = next_monday(setup_zone(config)), at;
    int64_t period;

    if (!rule_recurs(rule) || rule->open_on.n > 0 ||
        recurrence_after(&recurring, recurrence_before(&recurring, monday), &period, &at) != 0)
        return monday;
    return at - HOUR_MS;
}

static enum cli_status make(struct cli *cli, const struct config *config, const struct rule *rule)
{
    struct arena *arena = arena_create();
    struct buffer text;
    struct writing writing = {.cli = cli, .config = config, .rule = rule, .out = &text};

    buffer_init(&text);
    writing.begin = choose_begin(config, rule);
    writing.error =
        arena == NULL ? -ENOMEM : samples_make(config, rule, writing.begin, arena, &writing.samples);
    if (writing.error == 0)
        write_tests(&writing);
    arena_destroy(arena);
    if (writing.error == 0)
        return new_write(cli, &text, "read what it expects, then cuibanctl test",
                         "核对 expect 的内容，再运行 cuibanctl test");
    buffer_finish(&text);
    if (writing.error == -ENOENT)
        return cli_fail(cli, "the directory knows nobody", "通讯录中没有人");
    return cli_fail(cli, "out of memory", "内存不足");
}

enum cli_status verb_new_test(struct cli *cli)
{
    const struct config_choice choice = {.directory = NULL};
    struct config *config = NULL;
    const struct rule *rule;
    enum cli_status status = setup_load_play(cli, &choice, &config);

    if (status == CLI_OK) {
        rule = ruleset_find(config->rules, cli->arguments.words[0]);
        status = rule == NULL
                     ? cli_fail(cli, "there is no rule \"%s\"", "没有规则 \"%s\"", cli->arguments.words[0])
                     : make(cli, config, rule);
    }
    config_unload(config);
    return status;
}
