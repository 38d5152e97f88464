#include "cli/test_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/moment.h"
#include "cli/story.h"
#include "cli/table.h"

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

char *test_report_name(const struct rule_test *test)
{
    const char *base = base_name(test->file), *dot = strrchr(base, '.');
    int base_n = (int)(dot == NULL ? strlen(base) : (size_t)(dot - base));
    char *name;

    return asprintf(&name, "%.*s/%s", base_n, base, test->name) < 0 ? NULL : name;
}

void test_report_begin(struct test_report *report, const struct cli *cli)
{
    *report = (struct test_report){.cli = cli};
    buffer_init(&report->junit);
    buffer_init(&report->failures);
    buffer_init(&report->json_text);
    json_begin(&report->json, &report->json_text);
    json_object(&report->json);
    json_key(&report->json, "tests");
    json_array(&report->json);
}

void test_report_finish(struct test_report *report)
{
    buffer_finish(&report->junit);
    buffer_finish(&report->failures);
    buffer_finish(&report->json_text);
}

static const struct zone *zone_of(const struct test_report *report)
{
    return ruleset_policy(report->config->rules)->zone;
}

/* -- one message, in the words of the test files -- */

static void add_words(struct buffer *out, const char *message, const char *to, bool copy)
{
    buffer_printf(out, "%s %s%s", message, to, copy ? " copy" : "");
}

static void add_expected(struct buffer *out, const struct rule_test_message *expected)
{
    add_words(out, expected->message, expected->to, expected->copy);
    if (expected->on_behalf != NULL)
        buffer_printf(out, " for %s", expected->on_behalf);
    if (expected->via != NULL)
        buffer_printf(out, " via %s", expected->via);
}

void test_report_words(struct buffer *out, const struct timeline_line *came)
{
    add_words(out, came->what, came->to, came->copy);
    if (came->on_behalf != NULL)
        buffer_printf(out, " for %s", came->on_behalf);
}

/* Where a message comes from: the step, the due that it hangs on, the line of the rule. */
static void add_cause(const struct test_report *report, struct buffer *out, const struct timeline_line *came)
{
    const struct rule *rule = ruleset_find(report->config->rules, came->rule);
    char due[MOMENT_TEXT_MAX];

    buffer_printf(out, "%s %s", came->identity == NULL ? came->rule : came->identity, came->step);
    if (came->due != INSTANT_NONE)
        buffer_printf(out, cli_in(report->cli, ", due %s", "，到期 %s"),
                      moment_format(came->due, zone_of(report), report->cli->chinese, due));
    for (size_t i = 0; rule != NULL && i < rule->n_steps; i++) {
        if (strcmp(rule->steps[i].name, came->step) == 0)
            buffer_printf(out, "; %s:%d", base_name(rule->steps[i].file), rule->steps[i].line);
    }
}

/* -- for people -- */

static void print_row(const struct test_report *report, struct table *table, const struct rule_test_row *row)
{
    static const char *const signs[] = {
        [RULE_TEST_AGREED] = "      ", [RULE_TEST_MISSING] = "    - ", [RULE_TEST_SURPLUS] = "    + "};
    struct buffer text;
    char at[MOMENT_TEXT_MAX];

    buffer_init(&text);
    table_addf(table, "%s%s", signs[row->sign],
               moment_format(row->at, zone_of(report), report->cli->chinese, at));
    if (row->expected != NULL)
        add_expected(&text, row->expected);
    table_add(table, buffer_text(&text));
    buffer_clear(&text);
    if (row->came != NULL)
        test_report_words(&text, row->came);
    else
        buffer_add_text(&text, cli_in(report->cli, "(nothing)", "（无）"));
    table_add(table, buffer_text(&text));
    buffer_clear(&text);
    if (row->sign == RULE_TEST_SURPLUS)
        add_cause(report, &text, row->came);
    table_add(table, buffer_text(&text));
    buffer_finish(&text);
}

static void print_rows(const struct test_report *report, const struct rule_test_result *result)
{
    const struct cli *cli = report->cli;
    const char *header[] = {cli_in(cli, "      when", "      时刻"), cli_in(cli, "expected", "期望"),
                            cli_in(cli, "came", "实际"), cli_in(cli, "because", "原因")};
    struct table table;

    table_init(&table, 4, header);
    for (size_t i = 0; i < result->n; i++)
        print_row(report, &table, &result->rows[i]);
    table_print(&table, stdout);
    table_finish(&table);
}

static void print_result(const struct test_report *report, const char *name,
                         const struct rule_test_result *result)
{
    const struct cli *cli = report->cli;
    const struct rule_test *test = result->test;

    if (result->passed)
        cli_print("ok   %s  %s\n", name, test->summary);
    else
        cli_print("FAIL %s  %s   %s:%d\n", name, test->summary, cli_short_path(test->file),
                  test->expect_line > 0 ? test->expect_line : test->line);
    if (result->bad_line > 0)
        cli_say(cli, "     %s:%d: the event is refused: %s\n", "     %s:%d：事件不被接受：%s\n",
                cli_short_path(test->file), result->bad_line, result->bad_reason);
    if (result->timeline.dropped > 0)
        cli_say(cli, "     more than %d lines of events and messages: shorten the span of the test\n",
                "     事件与消息超过 %d 行：请缩短测试的时间范围\n", TIMELINE_LINES_MAX);
    if (!result->passed)
        print_rows(report, result);
    if (cli_flag(cli, "verbose"))
        story_print(cli, zone_of(report), &result->timeline, &test->rules);
}

/* -- for programs -- */

static void add_json_rows(struct json_writer *json, const struct test_report *report,
                          const struct rule_test_result *result)
{
    static const char *const signs[] = {
        [RULE_TEST_AGREED] = "agreed", [RULE_TEST_MISSING] = "missing", [RULE_TEST_SURPLUS] = "surplus"};
    char at[INSTANT_TEXT_MAX];

    json_key(json, "messages");
    json_array(json);
    for (size_t i = 0; i < result->n; i++) {
        const struct rule_test_row *row = &result->rows[i];
        struct buffer text;

        buffer_init(&text);
        if (row->came != NULL)
            test_report_words(&text, row->came);
        else
            add_expected(&text, row->expected);
        json_object(json);
        json_key_text(json, "sign", signs[row->sign]);
        json_key_text(json, "at", zone_format(zone_of(report), row->at, at));
        json_key_text(json, "message", buffer_text(&text));
        if (row->came != NULL) {
            json_key_text(json, "rule", row->came->rule);
            json_key_text(json, "step", row->came->step);
            json_key_text(json, "channel", row->came->channel);
        }
        json_object_end(json);
        buffer_finish(&text);
    }
    json_array_end(json);
}

static void add_json(struct test_report *report, const char *name, const struct rule_test_result *result)
{
    struct json_writer *json = &report->json;

    json_object(json);
    json_key_text(json, "name", name);
    json_key_text(json, "file", result->test->file);
    json_key_int(json, "line", result->test->line);
    json_key_bool(json, "passed", result->passed);
    json_key_text(json, "refused", result->bad_reason);
    add_json_rows(json, report, result);
    json_object_end(json);
}

/* XML 1.0: the five entities; control characters cannot be written at all. */
static void add_xml(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '<')
            buffer_add_text(out, "&lt;");
        else if (*text == '>')
            buffer_add_text(out, "&gt;");
        else if (*text == '&')
            buffer_add_text(out, "&amp;");
        else if (*text == '"')
            buffer_add_text(out, "&quot;");
        else
            buffer_add_char(out, (unsigned char)*text < ' ' && *text != '\n' ? ' ' : *text);
    }
}

static void add_junit_failure(struct test_report *report, const struct rule_test_result *result)
{
    char at[INSTANT_TEXT_MAX];
    struct buffer text;

    buffer_add_text(&report->junit, "<failure message=\"");
    add_xml(&report->junit, result->bad_reason != NULL ? result->bad_reason : "other messages than expected");
    buffer_add_text(&report->junit, "\">");
    for (size_t i = 0; i < result->n; i++) {
        const struct rule_test_row *row = &result->rows[i];

        buffer_init(&text);
        buffer_printf(&text, "%c %.16s ", " -+"[row->sign], zone_format(zone_of(report), row->at, at));
        if (row->came != NULL)
            test_report_words(&text, row->came);
        else
            add_expected(&text, row->expected);
        buffer_add_char(&text, '\n');
        add_xml(&report->junit, buffer_text(&text));
        buffer_finish(&text);
    }
    buffer_add_text(&report->junit, "</failure>");
}

static void add_junit(struct test_report *report, const char *name, const struct rule_test_result *result,
                      double seconds)
{
    const char *slash = strchr(name, '/');

    buffer_printf(&report->junit, "  <testcase classname=\"%.*s\" name=\"%s\" file=\"", (int)(slash - name),
                  name, slash + 1);
    add_xml(&report->junit, cli_short_path(result->test->file));
    buffer_printf(&report->junit, "\" line=\"%d\" time=\"%.3f\">", result->test->line, seconds);
    if (!result->passed)
        add_junit_failure(report, result);
    buffer_add_text(&report->junit, "</testcase>\n");
}

void test_report_add(struct test_report *report, const char *name, const struct rule_test_result *result,
                     double seconds)
{
    report->passed += result->passed;
    report->failed += !result->passed;
    if (!result->passed)
        buffer_printf(&report->failures, "FAIL %s\n", name);
    add_junit(report, name, result, seconds);
    if (report->cli->json)
        add_json(report, name, result);
    else
        print_result(report, name, result);
}

enum cli_status test_report_end(struct test_report *report, double seconds)
{
    enum cli_status status = report->failed > 0 ? CLI_FINDING : CLI_OK;

    if (!report->cli->json) {
        cli_say(report->cli, "%zu passed, %zu failed, %.2f s\n", "通过 %zu，失败 %zu，%.2f 秒\n",
                report->passed, report->failed, seconds);
        if (report->passed > 0)
            cli_print("%s", buffer_text(&report->failures));
        return status;
    }
    json_array_end(&report->json);
    json_key_int(&report->json, "passed", (int64_t)report->passed);
    json_key_int(&report->json, "failed", (int64_t)report->failed);
    json_object_end(&report->json);
    return cli_print_json(report->cli, &report->json_text, status);
}

int test_report_write_junit(const struct test_report *report, const char *path, double seconds)
{
    FILE *file = fopen(path, "we");
    int error = 0;

    if (file == NULL)
        return -errno;
    if (!buffer_ok(&report->junit))
        error = -ENOMEM;
    fprintf(file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    fprintf(file, "<testsuite name=\"cuiban rules\" tests=\"%zu\" failures=\"%zu\" time=\"%.3f\">\n",
            report->passed + report->failed, report->failed, seconds);
    fputs(buffer_text(&report->junit), file);
    fprintf(file, "</testsuite>\n");
    if (ferror(file))
        error = -EIO;
    if (fclose(file) != 0 && error == 0)
        error = -errno;
    return error;
}
