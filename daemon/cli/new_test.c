/* A test of a rule to start from: met in time, and not met at all, with what the rule says now as what is
 * expected: to be read, not to be believed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/new.h"
#include "cli/samples.h"
#include "cli/test_report.h"
#include "cli/verbs.h"
#include "core/civil.h"
#include "store/clock.h"

/* How far ahead the dates in the events lie, and how long the clock runs on behind them. Tried in turn until
 * the ladder is seen to climb: a month's end, a quarter's or a year's may be far. */
struct horizon {
    int64_t ahead_ms, after_ms;
};

static const struct horizon horizons[] = {
    {14 * DAY_MS, RULE_TEST_AFTER_MS}, {14 * DAY_MS, 75 * DAY_MS},   {45 * DAY_MS, 75 * DAY_MS},
    {100 * DAY_MS, 150 * DAY_MS},      {200 * DAY_MS, 250 * DAY_MS}, {400 * DAY_MS, 450 * DAY_MS},
};

struct writing {
    const struct cli *cli;
    const struct config *config;
    const struct rule *rule;
    instant begin;
    const struct horizon *horizon;
    struct arena *arena;
    struct samples samples;
    struct sample_opening openings[SAMPLES_MAX];
    size_t n_openings;
    struct buffer *out;
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

struct play { /* a test, and what came of it */
    struct rule_test test;
    struct rule_test_event events[SAMPLES_MAX];
    struct rule_test_result result;
};

static instant last_event(const struct writing *writing)
{
    size_t n = writing->samples.n;

    return n == 0 ? writing->begin : writing->samples.items[n - 1].at;
}

/* With the sample events there are. 0 or -ENOMEM; then nothing is to be finished. */
static int play(const struct writing *writing, const char *name, const char *summary, instant until,
                struct play *out)
{
    size_t n_events = writing->samples.n;

    for (size_t i = 0; i < n_events; i++) {
        const struct sample *sample = &writing->samples.items[i];

        out->events[i] = (struct rule_test_event){.at = sample->at, .fields = sample->fields, .n = sample->n};
    }
    out->test = (struct rule_test){.name = name,
                                   .summary = summary,
                                   .rules = {&writing->rule->name, 1},
                                   .from = writing->begin,
                                   .until = until,
                                   .events = out->events,
                                   .n_events = n_events};
    return rule_test_run(writing->config, &out->test, &out->result);
}

static void play_finish(struct play *play)
{
    rule_test_finish(&play->result);
}

/* Whether the rule tells somebody once the due has passed. One that only reminds has nothing more to show. */
static bool tells_when_late(const struct rule *rule)
{
    for (size_t i = 0; i < rule->n_steps; i++) {
        if (rule->steps[i].anchor == ANCHOR_DUE && !rule->steps[i].before_due)
            return true;
    }
    return false;
}

/* Somebody is told that it is late. */
static bool is_late(const struct play *play)
{
    for (size_t i = 0; i < play->result.n; i++) {
        const struct timeline_line *came = play->result.rows[i].came;

        if (came != NULL && (came->phase == PHASE_OVERDUE || came->phase == PHASE_ESCALATION))
            return true;
    }
    return false;
}

static bool shows_ladder(const struct writing *writing, const struct play *play)
{
    return tells_when_late(writing->rule) ? is_late(play) : play->result.n > 0;
}

/* Deadlines of the rule that are met in this play. */
static size_t count_met(const struct writing *writing, const struct play *play)
{
    const struct timeline *timeline = &play->result.timeline;
    size_t n = 0;

    for (size_t i = 0; i < timeline->n; i++) {
        const struct timeline_line *line = &timeline->lines[i];

        n += line->kind == TIMELINE_RECORD && line->rule != NULL && strcmp(line->what, "met") == 0 &&
             strcmp(line->rule, writing->rule->name) == 0;
    }
    return n;
}

static void write_moment(const struct writing *writing, const char *key, instant at)
{
    buffer_printf(writing->out, "    %s = \"", key);
    write_at(writing, at);
    buffer_add_text(writing->out, "\";\n");
}

static void write_head(const struct writing *writing, const struct rule_test *test)
{
    bool is_by_clock = writing->samples.n_unmet == 0;

    buffer_printf(writing->out, "  %s_%s:\n  {\n    summary = \"%s\";\n    rule    = \"%s\";\n",
                  writing->rule->name, test->name, test->summary, writing->rule->name);
    if (is_by_clock)
        write_moment(writing, "from   ", test->from);
    if (is_by_clock || test->until != last_event(writing) + RULE_TEST_AFTER_MS)
        write_moment(writing, "until  ", test->until);
    buffer_add_text(writing->out, "    events  =\n    (\n");
    for (size_t i = 0; i < test->n_events; i++) {
        write_sample(writing, &writing->samples.items[i]);
        buffer_add_text(writing->out, i + 1 < test->n_events ? ",\n" : "\n");
    }
    buffer_add_text(writing->out, "    );\n");
}

/* What the rule says now. */
static void write_expected(const struct writing *writing, const struct rule_test_result *result)
{
    struct buffer *out = writing->out;
    const char *before = "\n      \"";

    buffer_add_text(out, "    expect  = [");
    for (size_t i = 0; i < result->n; i++) {
        if (result->rows[i].came == NULL)
            continue;
        buffer_add_text(out, before);
        write_at(writing, result->rows[i].at);
        buffer_add_char(out, ' ');
        test_report_words(out, result->rows[i].came);
        buffer_add_char(out, '"');
        before = ",\n      \"";
    }
    buffer_add_text(out, *before == ',' ? "\n    ];\n  };\n" : " ];\n  };\n");
}

static void write_play(const struct writing *writing, const struct play *play)
{
    write_head(writing, &play->test);
    write_expected(writing, &play->result);
}

/* -- the two of them -- */

/* The deadlines that the rule opened; those behind SAMPLES_MAX are left out. */
static void note_openings(struct writing *writing, const struct play *play)
{
    const struct timeline *timeline = &play->result.timeline;

    writing->n_openings = 0;
    for (size_t i = 0; i < timeline->n && writing->n_openings < SAMPLES_MAX; i++) {
        const struct timeline_line *line = &timeline->lines[i];
        const char *due = line->kind == TIMELINE_RECORD ? fields_get(&line->fields, "due") : NULL;
        const char *identity = line->kind == TIMELINE_RECORD ? fields_get(&line->fields, "k") : NULL;

        if (due != NULL && identity != NULL && strcmp(line->rule, writing->rule->name) == 0)
            writing->openings[writing->n_openings++] = (struct sample_opening){
                .at = line->at,
                .due = strtoll(due, NULL, 10),
                .identity = arena_strdup(writing->arena, identity),
                .owner = arena_strdup(writing->arena, fields_get(&line->fields, "owner")),
            };
    }
}

/* Plays what happens if nobody does anything, with the nearest horizon that shows the ladder; if none does,
 * with the farthest. 0, and `out` is to be finished; a negative errno. */
static int play_slip(struct writing *writing, struct play *out)
{
    const struct cli *cli = writing->cli;
    const char *summary =
        tells_when_late(writing->rule)
            ? cli_in(cli, "not done: the ladder climbs", "一直没有做：逐级升级")
            : cli_in(cli, "not done: a reminder, no escalation", "一直没有做：只提醒，不升级");
    size_t n = sizeof(horizons) / sizeof(horizons[0]);

    for (size_t i = 0; i < n; i++) {
        int error;

        writing->horizon = &horizons[i];
        error = samples_make(writing->config, writing->rule, writing->begin, horizons[i].ahead_ms,
                             writing->arena, &writing->samples);
        if (error == 0)
            error = play(writing, "slips", summary, last_event(writing) + horizons[i].after_ms, out);
        if (error != 0)
            return error;
        if (shows_ladder(writing, out) || i + 1 == n)
            break;
        play_finish(out);
    }
    note_openings(writing, out);
    return 0;
}

/* What recurs would open again and again: it is looked at as long as the slip was. */
static instant in_time_until(const struct writing *writing, const struct play *slip)
{
    instant last = last_event(writing);

    if (rule_recurs(writing->rule))
        return slip->test.until > last ? slip->test.until : last;
    return last + RULE_TEST_AFTER_MS;
}

/* Written only if every deadline that opens is met, and nobody hears that one is late. */
static int write_in_time(struct writing *writing, const struct play *slip, bool *was_written)
{
    const struct cli *cli = writing->cli;
    struct play in_time;
    int error = samples_meet(writing->config, writing->rule, writing->begin, writing->horizon->ahead_ms,
                             writing->openings, writing->n_openings, writing->arena, &writing->samples);

    *was_written = false;
    if (error == -E2BIG)
        return 0;
    if (error == 0)
        error = play(writing, "in_time", cli_in(cli, "done in time", "按时完成"),
                     in_time_until(writing, slip), &in_time);
    if (error != 0)
        return error;
    if (writing->n_openings > 0 && count_met(writing, &in_time) >= writing->n_openings &&
        !is_late(&in_time)) {
        write_play(writing, &in_time);
        *was_written = true;
    }
    play_finish(&in_time);
    return 0;
}

static void write_remark(const struct writing *writing, const char *english, const char *chinese)
{
    buffer_printf(writing->out, "  # %s\n", cli_in(writing->cli, english, chinese));
}

static int write_tests(struct writing *writing)
{
    struct play slip;
    bool has_in_time = false;
    size_t unmet;
    int error = play_slip(writing, &slip);

    if (error != 0)
        return error;
    buffer_printf(
        writing->out,
        cli_in(writing->cli,
               "# Tests of %s; play them with cuibanctl test. Each `expect` is what the rule says now:\n"
               "# read it, and change what you did not mean. An empty list: nobody hears anything.\n",
               "# 规则 %s 的测试，用 cuibanctl test 运行。expect 是规则现在的结果：\n"
               "# 请逐条核对，不符合本意的就改。空列表表示没有人收到消息。\n"),
        writing->rule->name);
    buffer_add_text(writing->out, "tests:\n{\n");
    unmet = writing->samples.n;
    error = write_in_time(writing, &slip, &has_in_time);
    writing->samples.n = unmet;
    if (!has_in_time)
        write_remark(writing,
                     "what is done in time is not among them: no sample events were found that meet all",
                     "没有“按时完成”的测试：没有找到能让全部按时完成的示例事件");
    if (!shows_ladder(writing, &slip))
        write_remark(writing, "with these sample events the ladder does not show: give it others",
                     "按这些示例事件看不到升级过程：请换成别的事件");
    write_play(writing, &slip);
    buffer_add_text(writing->out, "};\n");
    play_finish(&slip);
    return error;
}

/* -- the file -- */

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
    struct writing *writing = calloc(1, sizeof(*writing));
    struct buffer text;
    int error = -ENOMEM;

    buffer_init(&text);
    if (arena != NULL && writing != NULL) {
        *writing = (struct writing){.cli = cli, .config = config, .rule = rule, .arena = arena, .out = &text};
        writing->begin = choose_begin(config, rule);
        error = write_tests(writing);
    }
    free(writing);
    arena_destroy(arena);
    if (error == 0)
        return new_write(cli, &text, "read what it expects, then cuibanctl test",
                         "核对 expect 的内容，再运行 cuibanctl test");
    buffer_finish(&text);
    if (error == -ENOENT)
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
