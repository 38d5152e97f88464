/* A test of a rule to start from: met in time, and not met at all, with sample values for the fields that the
 * catalogue asks for, and with what the rule says now as what is expected: to be read, not to be believed. */
#include <stdlib.h>
#include <string.h>

#include "cli/new.h"
#include "cli/test_report.h"
#include "cli/verbs.h"
#include "core/civil.h"
#include "store/clock.h"

#define MET_AFTER_MS    (HOUR_MS)
#define RECURS_FOR_MS   (70 * DAY_MS) /* each month's period is opened by then, and its ladder climbed */
#define SAMPLE_AHEAD_MS (14 * DAY_MS)

/* One event that the test appends. */
struct sample {
    instant at;
    struct raw_field fields[EVENT_FIELDS_MAX]; /* the first is the type */
    size_t n;
};

struct sampler {
    struct cli *cli;
    const struct config *config;
    const struct rule *rule;
    struct arena *arena; /* of the values */
    const struct person *owner, *other;
    instant begin;
    struct sample opens, meets;
    bool failed;
};

/* -- values -- */

static const char *value_of(const struct sample *sample, const char *name)
{
    for (size_t i = 0; i < sample->n; i++) {
        if (strcmp(sample->fields[i].name, name) == 0)
            return sample->fields[i].value;
    }
    return NULL;
}

/* A field that is there already keeps its value. */
static void set(struct sampler *sampler, struct sample *sample, const char *name, const char *value)
{
    if (value == NULL)
        sampler->failed = true;
    else if (value_of(sample, name) == NULL && sample->n < EVENT_FIELDS_MAX)
        sample->fields[sample->n++] = (struct raw_field){name, value, strlen(name), strlen(value)};
}

static const char *join(struct sampler *sampler, const char *before, const char *text, const char *after)
{
    char *joined = arena_alloc(sampler->arena, strlen(before) + strlen(text) + strlen(after) + 1);

    if (joined != NULL)
        stpcpy(stpcpy(stpcpy(joined, before), text), after);
    return joined;
}

static bool is_owner_field(const struct rule *rule, const char *name)
{
    for (size_t i = 0; i < rule->meets.n; i++) {
        if (rule->meets.items[i].owner_field != NULL && strcmp(rule->meets.items[i].owner_field, name) == 0)
            return true;
    }
    for (size_t i = 0; i < rule->n_owners; i++) {
        if (rule->owners[i].start == PATH_FIELD && strcmp(rule->owners[i].name, name) == 0)
            return true;
    }
    return rule->each_of != NULL && strcmp(rule->each_of, name) == 0;
}

static const char *value_of_kind(struct sampler *sampler, const struct catalogue_field *field)
{
    const struct person *person =
        is_owner_field(sampler->rule, field->name) ? sampler->owner : sampler->other;
    char text[INSTANT_TEXT_MAX];

    zone_format(setup_zone(sampler->config), sampler->begin + SAMPLE_AHEAD_MS, text);
    switch (field->kind) {
    case FIELD_INT:
        return "1";
    case FIELD_BOOL:
        return "false";
    case FIELD_DATE:
        return arena_strndup(sampler->arena, text, strlen("2026-12-31"));
    case FIELD_TIME:
        return arena_strdup(sampler->arena, text);
    case FIELD_PERSON:
        return person->id;
    case FIELD_PERSONS:
        return join(sampler, "[\"", person->id, "\"]");
    case FIELD_DEPARTMENT:
        return sampler->owner->department == NULL ? "" : sampler->owner->department;
    case FIELD_TEXT:
        break;
    }
    return join(sampler, field->name, "-1", "");
}

static const char *value_of_field(struct sampler *sampler, const char *type, const char *name)
{
    const struct catalogue_event *event = catalogue_find(&sampler->config->catalogue, type);
    struct catalogue_field field = {.name = name, .kind = FIELD_TEXT};

    for (size_t i = 0; event != NULL && i < event->n_fields; i++) {
        if (strcmp(event->fields[i].name, name) == 0)
            field = event->fields[i];
    }
    return value_of_kind(sampler, &field);
}

/* So that the event is one that the rule takes; what < and > want is left to the reader. */
static void satisfy(struct sampler *sampler, struct sample *sample, const struct conditions *where)
{
    const char *type = sample->fields[0].value;

    for (size_t i = 0; i < where->n; i++) {
        const struct condition *condition = &where->items[i];

        if (condition->op == CONDITION_EQ || condition->op == CONDITION_IN)
            set(sampler, sample, condition->field, condition->values[0]);
        if (condition->op == CONDITION_HAS)
            set(sampler, sample, condition->field, value_of_field(sampler, type, condition->field));
    }
}

static void add_required(struct sampler *sampler, struct sample *sample, const char *type)
{
    const struct catalogue_event *event = catalogue_find(&sampler->config->catalogue, type);

    for (size_t i = 0; event != NULL && i < event->n_fields; i++) {
        if (event->fields[i].required)
            set(sampler, sample, event->fields[i].name, value_of_kind(sampler, &event->fields[i]));
    }
}

static void fill_opening(struct sampler *sampler)
{
    const struct rule *rule = sampler->rule;
    struct sample *opens = &sampler->opens;

    opens->at = sampler->begin;
    set(sampler, opens, "event", rule->open_on.items[0]);
    satisfy(sampler, opens, &rule->open_where);
    add_required(sampler, opens, rule->open_on.items[0]);
    for (size_t i = 0; i < rule->key.n; i++)
        set(sampler, opens, rule->key.fields[i].name,
            value_of_field(sampler, rule->open_on.items[0], rule->key.fields[i].name));
    if (rule->each_of != NULL)
        set(sampler, opens, rule->each_of, join(sampler, "[\"", sampler->owner->id, "\"]"));
    for (size_t i = 0; i < rule->n_owners; i++) {
        if (rule->owners[i].start == PATH_FIELD && !rule_gives_field(rule, rule->owners[i].name))
            set(sampler, opens, rule->owners[i].name, sampler->owner->id);
    }
}

/* The fields of the key come from the opening, under the names that the meeting event has for them. */
static void fill_meeting(struct sampler *sampler)
{
    const struct selector *meet = &sampler->rule->meets.items[0];
    struct sample *meets = &sampler->meets;

    meets->at = sampler->begin + MET_AFTER_MS;
    set(sampler, meets, "event", meet->on.items[0]);
    for (size_t i = 0; i < meet->key.n; i++) {
        const char *value = value_of(&sampler->opens, meet->key.fields[i].name);

        if (value != NULL)
            set(sampler, meets, meet->key.fields[i].event_field, value);
    }
    satisfy(sampler, meets, &meet->where);
    if (meet->owner_field != NULL)
        set(sampler, meets, meet->owner_field, sampler->owner->id);
    add_required(sampler, meets, meet->on.items[0]);
}

/* -- text -- */

static void write_at(struct sampler *sampler, struct buffer *out, instant at)
{
    char text[INSTANT_TEXT_MAX];

    zone_format(setup_zone(sampler->config), at, text);
    buffer_printf(out, "%.10s %.5s", text, text + 11);
}

static void write_quoted(struct buffer *out, const char *text)
{
    buffer_add_char(out, '"');
    for (; *text != '\0'; text++)
        buffer_printf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    buffer_add_char(out, '"');
}

static void write_sample(struct sampler *sampler, struct buffer *out, const struct sample *sample)
{
    buffer_add_text(out, "      { at = \"");
    write_at(sampler, out, sample->at);
    buffer_add_text(out, "\";");
    for (size_t i = 0; i < sample->n; i++) {
        const char *value = sample->fields[i].value;

        buffer_printf(out, " %s = ", sample->fields[i].name);
        if (*value == '[')
            buffer_printf(out, "[ %.*s ]", (int)strlen(value) - 2, value + 1);
        else
            write_quoted(out, value);
        buffer_add_char(out, ';');
    }
    buffer_add_text(out, " }");
}

/* What the rule says now. */
static void write_expected(struct sampler *sampler, struct buffer *out, const struct rule_test *test)
{
    struct rule_test_result result;
    bool first = true;

    if (rule_test_run(sampler->config, test, &result) != 0) {
        sampler->failed = true;
        return;
    }
    buffer_add_text(out, "    expect  = [");
    for (size_t i = 0; i < result.n; i++) {
        if (result.rows[i].came == NULL)
            continue;
        buffer_add_text(out, first ? "\n      \"" : ",\n      \"");
        write_at(sampler, out, result.rows[i].at);
        buffer_add_char(out, ' ');
        test_report_words(out, result.rows[i].came);
        buffer_add_char(out, '"');
        first = false;
    }
    buffer_add_text(out, first ? " ];\n" : "\n    ];\n");
    rule_test_finish(&result);
}

/* The field that a test file calls `event` is the type. */
static struct rule_test_event event_of(struct sampler *sampler, const struct sample *sample)
{
    struct raw_field *fields = arena_alloc_array(sampler->arena, sample->n + 1, sizeof(*fields));

    if (fields == NULL) {
        sampler->failed = true;
        return (struct rule_test_event){.at = sample->at};
    }
    memcpy(fields, sample->fields, sample->n * sizeof(*fields));
    fields[0].name = "type";
    fields[0].name_n = strlen("type");
    return (struct rule_test_event){.at = sample->at, .fields = fields, .n = sample->n};
}

static void write_moment(struct sampler *sampler, struct buffer *out, const char *key, instant at)
{
    buffer_printf(out, "    %s", key);
    write_at(sampler, out, at);
    buffer_add_text(out, "\";\n");
}

static bool recurs_by_event(const struct rule *rule)
{
    return rule_recurs(rule) && rule->open_on.n > 0;
}

static void write_test(struct sampler *sampler, struct buffer *out, const char *suffix, const char *summary,
                       size_t n_events)
{
    const struct sample *samples[] = {&sampler->opens, &sampler->meets};
    struct rule_test_event events[2];
    instant last;
    struct rule_test test = {
        .rules = {&sampler->rule->name, 1}, .from = sampler->begin, .events = events, .n_events = n_events};

    for (size_t i = 0; i < n_events; i++)
        events[i] = event_of(sampler, samples[i]);
    last = n_events == 0 ? sampler->begin : events[n_events - 1].at;
    test.until = last + (recurs_by_event(sampler->rule) ? RECURS_FOR_MS : RULE_TEST_AFTER_MS);
    buffer_printf(out, "  %s_%s:\n  {\n    summary = \"%s\";\n    rule    = \"%s\";\n", sampler->rule->name,
                  suffix, summary, sampler->rule->name);
    if (n_events == 0)
        write_moment(sampler, out, "from    = \"", test.from);
    if (n_events == 0 || recurs_by_event(sampler->rule))
        write_moment(sampler, out, "until   = \"", test.until);
    buffer_add_text(out, "    events  =\n    (\n");
    for (size_t i = 0; i < n_events; i++) {
        write_sample(sampler, out, samples[i]);
        buffer_add_text(out, i + 1 < n_events ? ",\n" : "\n");
    }
    buffer_add_text(out, "    );\n");
    if (!sampler->failed)
        write_expected(sampler, out, &test);
    buffer_add_text(out, "  };\n");
}

static void write_tests(struct sampler *sampler, struct buffer *out)
{
    const struct cli *cli = sampler->cli;

    buffer_printf(out,
                  cli_in(cli,
                         "# Tests of %s; play them with cuibanctl test. Each `expect` is what the rule says "
                         "now: read it,\n"
                         "# and change what you did not mean. An empty list: nobody hears anything.\n",
                         "# 规则 %s 的测试，用 cuibanctl test 运行。expect "
                         "里是规则现在的结果：请逐条核对，不符合本意的就改。\n"
                         "# 空列表表示没有人收到消息。\n"),
                  sampler->rule->name);
    buffer_add_text(out, "tests:\n{\n");
    if (sampler->rule->open_on.n == 0) {
        write_test(sampler, out, "unmet", cli_in(cli, "nothing is done", "一直没有做"), 0);
    } else {
        write_test(sampler, out, "in_time", cli_in(cli, "done in time", "按时完成"), 2);
        write_test(sampler, out, "slips", cli_in(cli, "not done: the ladder climbs", "一直没有做：逐级升级"),
                   1);
    }
    buffer_add_text(out, "};\n");
}

/* -- people and time -- */

/* An owner who has a head above, so that the whole ladder shows; and somebody else for the other fields. */
static bool choose_people(struct sampler *sampler)
{
    const struct person *people;
    size_t n = directory_people(sampler->config->directory, &people);

    for (size_t i = 0; i < n && sampler->owner == NULL; i++) {
        const struct department *department =
            people[i].department == NULL
                ? NULL
                : directory_department(sampler->config->directory, people[i].department);

        if (department != NULL && department->head != NULL && strcmp(department->head, people[i].id) != 0)
            sampler->owner = &people[i];
    }
    if (sampler->owner == NULL && n > 0)
        sampler->owner = &people[0];
    sampler->other = sampler->owner;
    for (size_t i = 0; i < n && sampler->other == sampler->owner; i++)
        sampler->other = &people[i];
    return n > 0;
}

/* The next Monday, 10:00. */
static instant choose_begin(const struct config *config)
{
    const struct zone *zone = setup_zone(config);
    int64_t day = zone_local(zone, clock_wall()) / DAY_MS;

    do
        day++;
    while (civil_weekday((int32_t)day) != 1);
    return zone_instant(zone, day * DAY_MS + 10 * HOUR_MS);
}

/* A rule that opens by the clock is looked at from an hour before its next opening on. */
static instant before_opening(const struct rule *rule, instant begin)
{
    struct recurring recurring = {&rule->every, rule->calendar, INSTANT_NONE};
    int64_t period;
    instant at;

    if (recurrence_after(&recurring, recurrence_before(&recurring, begin), &period, &at) != 0)
        return begin;
    return at - HOUR_MS;
}

static enum cli_status make(struct cli *cli, const struct config *config)
{
    struct sampler sampler = {.cli = cli, .config = config, .arena = arena_create()};
    struct buffer text;

    sampler.rule = ruleset_find(config->rules, cli->arguments.words[0]);
    if (sampler.arena == NULL)
        return cli_fail(cli, "out of memory", "内存不足");
    if (sampler.rule == NULL || !choose_people(&sampler)) {
        arena_destroy(sampler.arena);
        if (sampler.rule == NULL)
            return cli_fail(cli, "there is no rule \"%s\"", "没有规则 \"%s\"", cli->arguments.words[0]);
        return cli_fail(cli, "the directory knows nobody", "通讯录中没有人");
    }
    sampler.begin = choose_begin(config);
    if (sampler.rule->open_on.n == 0) {
        sampler.begin = before_opening(sampler.rule, sampler.begin);
    } else {
        fill_opening(&sampler);
        fill_meeting(&sampler);
    }
    buffer_init(&text);
    write_tests(&sampler, &text);
    text.failed = text.failed || sampler.failed;
    arena_destroy(sampler.arena);
    return new_write(cli, &text, "read what it expects, then cuibanctl test",
                     "核对 expect 的内容，再运行 cuibanctl test");
}

enum cli_status verb_new_test(struct cli *cli)
{
    const struct config_choice choice = {.directory = NULL};
    struct config *config = NULL;
    enum cli_status status = setup_load_play(cli, &choice, &config);

    if (status == CLI_OK)
        status = make(cli, config);
    config_unload(config);
    return status;
}
