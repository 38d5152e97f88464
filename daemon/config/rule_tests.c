#include "config/rule_tests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/reader.h"
#include "core/json.h"
#include "core/zone.h"

enum { WORDS_MAX = 9 };

struct building {
    struct reader reader;
    const struct zone *zone;
    struct rule_tests *out;
};

static void *array(struct building *building, size_t n, size_t bytes)
{
    void *memory = arena_alloc_array(building->reader.arena, n + 1, bytes);

    if (!memory)
        reader_no_memory(&building->reader);
    return memory;
}

/* ---- times ---- */

static bool read_time(struct building *building, const config_setting_t *at, const char *text, instant *out)
{
    if (zone_read_time(building->zone, text, out))
        return true;
    reader_error(&building->reader, at, "\"%s\" is no time", text);
    reader_hint(&building->reader, "write \"2026-09-30 16:30\", in the zone of the settings");
    return false;
}

static bool get_time(struct building *building, const config_setting_t *group, const char *name, instant *out)
{
    const config_setting_t *at = reader_member(group, name);
    const char *text;

    return at && reader_text(&building->reader, at, &text) && read_time(building, at, text, out);
}

/* ---- events ---- */

static const char *joined(struct building *building, const config_setting_t *list)
{
    struct buffer out;
    struct json_writer json;
    struct texts texts;
    const char *text = NULL;

    if (!reader_texts(&building->reader, list, &texts))
        return NULL;
    buffer_init(&out);
    json_begin(&json, &out);
    json_array(&json);
    for (size_t i = 0; i < texts.n; i++)
        json_text(&json, texts.items[i]);
    json_array_end(&json);
    if (buffer_ok(&out))
        text = arena_strdup(building->reader.arena, buffer_text(&out));
    buffer_finish(&out);
    if (!text)
        reader_no_memory(&building->reader);
    return text;
}

static const char *field_value(struct building *building, const config_setting_t *member)
{
    const char *text;

    if (config_setting_is_array(member) || config_setting_is_list(member))
        return joined(building, member);
    return reader_option(&building->reader, member, &text) ? text : NULL;
}

static void add_field(struct raw_field *fields, size_t *n, const char *name, const char *value)
{
    fields[(*n)++] = (struct raw_field){name, value, strlen(name), strlen(value)};
}

/* Every member but `at` and `event` is a field of the event. */
static bool read_event(struct building *building, const config_setting_t *group, struct rule_test_event *out)
{
    struct reader *reader = &building->reader;
    int length = config_setting_length(group);
    struct raw_field *fields = array(building, (size_t)length + 1, sizeof *fields);
    const config_setting_t *type = reader_member(group, "event");
    const char *value;

    *out = (struct rule_test_event){.fields = fields, .line = reader_line(group)};
    if (!fields || !get_time(building, group, "at", &out->at) || !type ||
        !reader_text(reader, type, &value)) {
        if (!reader_member(group, "at") || !type) {
            reader_error(reader, group, "an event needs `at` and `event`");
            reader_hint(reader, "write { at = \"2026-09-29 16:30\"; event = \"interview.completed\"; "
                                "interview = \"iv-1\"; }");
        }
        return false;
    }
    add_field(fields, &out->n, "type", value);
    for (int i = 0; i < length; i++) {
        const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(member);

        if (strcmp(name, "at") == 0 || strcmp(name, "event") == 0)
            continue;
        value = field_value(building, member);
        if (!value)
            return false;
        name = arena_strdup(reader->arena, name);
        if (!name) {
            reader_no_memory(reader);
            return false;
        }
        add_field(fields, &out->n, name, value);
    }
    return true;
}

/* The order of the file breaks ties: qsort alone is not stable. */
static int by_time(const void *a, const void *b)
{
    const struct rule_test_event *left = a, *right = b;

    if (left->at != right->at)
        return left->at < right->at ? -1 : 1;
    return left->line - right->line;
}

static void read_events(struct building *building, const config_setting_t *list, struct rule_test *test)
{
    struct rule_test_event *events;
    int n = config_setting_length(list);

    if (!config_setting_is_list(list) || n > RULE_TEST_EVENTS_MAX) {
        reader_error(&building->reader, list, "must be a list ( { ... }, { ... } ) of at most %d events",
                     RULE_TEST_EVENTS_MAX);
        return;
    }
    events = array(building, (size_t)n, sizeof *events);
    for (int i = 0; events && i < n; i++) {
        const config_setting_t *group = config_setting_get_elem(list, (unsigned)i);

        if (reader_is_group(&building->reader, group) && read_event(building, group, &events[test->n_events]))
            test->n_events++;
    }
    if (events)
        qsort(events, test->n_events, sizeof *events, by_time);
    test->events = events;
}

/* ---- what is expected ---- */

static size_t split(char *text, char *words[static WORDS_MAX])
{
    size_t n = 0;
    char *save = NULL;

    for (char *word = strtok_r(text, " \t", &save); word && n < WORDS_MAX;
         word = strtok_r(NULL, " \t", &save))
        words[n++] = word;
    return n;
}

/* "copy", "for PERSON", "via CHANNEL", in any order. */
static bool read_rest(char *const *words, size_t n, struct rule_test_message *out)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(words[i], "copy") == 0)
            out->copy = true;
        else if (strcmp(words[i], "for") == 0 && i + 1 < n)
            out->on_behalf = words[++i];
        else if (strcmp(words[i], "via") == 0 && i + 1 < n)
            out->via = words[++i];
        else
            return false;
    }
    return true;
}

static bool read_message(struct building *building, const config_setting_t *at, const char *text,
                         struct rule_test_message *out)
{
    char *words[WORDS_MAX], *copy = arena_strdup(building->reader.arena, text);
    const char *time;
    size_t n = copy ? split(copy, words) : 0;

    if (!copy)
        reader_no_memory(&building->reader);
    *out = (struct rule_test_message){.copy = false};
    if (n < 4 || n == WORDS_MAX || !read_rest(words + 4, n - 4, out)) {
        reader_error(&building->reader, at, "\"%s\" describes no message", text);
        reader_hint(&building->reader,
                    "write \"2026-09-30 16:30 reminder zhang.wei\", then perhaps \"copy\", \"for PERSON\", "
                    "\"via CHANNEL\"");
        return false;
    }
    out->message = words[2];
    out->to = words[3];
    time = arena_printf(building->reader.arena, "%s %s", words[0], words[1]);
    return time && read_time(building, at, time, &out->at);
}

static int by_instant(const void *a, const void *b)
{
    const struct rule_test_message *left = a, *right = b;

    return left->at == right->at ? strcmp(left->to, right->to) : left->at < right->at ? -1 : 1;
}

static void read_expected(struct building *building, const config_setting_t *list, struct rule_test *test)
{
    struct texts texts;
    struct rule_test_message *messages;

    test->expect_line = reader_line(list);
    if (!reader_texts(&building->reader, list, &texts))
        return;
    if (texts.n > RULE_TEST_EXPECTED_MAX) {
        reader_error(&building->reader, list, "has more than %d elements", RULE_TEST_EXPECTED_MAX);
        return;
    }
    messages = array(building, texts.n, sizeof *messages);
    for (size_t i = 0; messages && i < texts.n; i++)
        if (read_message(building, list, texts.items[i], &messages[test->n_expected]))
            test->n_expected++;
    if (messages)
        qsort(messages, test->n_expected, sizeof *messages, by_instant);
    test->expected = messages;
}

/* ---- a test ---- */

static void read_clock(struct building *building, const config_setting_t *group, struct rule_test *test)
{
    struct reader *reader = &building->reader;
    instant last = test->n_events > 0 ? test->events[test->n_events - 1].at : INSTANT_NONE;

    test->from = test->n_events > 0 ? test->events[0].at : INSTANT_NONE;
    get_time(building, group, "from", &test->from);
    if (test->from == INSTANT_NONE) {
        if (!reader_member(group, "from")) {
            reader_error(reader, group, "without events the clock does not know where to begin");
            reader_hint(reader, "add from = \"2026-09-28 09:00\";");
        }
        return;
    }
    test->until = (last > test->from ? last : test->from) + RULE_TEST_AFTER_MS;
    get_time(building, group, "until", &test->until);
    if (test->n_events > 0 && test->from > test->events[0].at)
        reader_error(reader, group, "`from` comes after the first event");
    if (test->until < last || test->until < test->from)
        reader_error(reader, group, "`until` comes before the last event");
}

static void read_test(struct building *building, const config_setting_t *group, struct rule_test *test)
{
    static const char *const keys[] = {"summary", "rule", "from", "until", "events", "expect"};
    struct reader *reader = &building->reader;
    const config_setting_t *rule = reader_member(group, "rule"), *events = reader_member(group, "events");
    const config_setting_t *expect = reader_member(group, "expect");

    reader_check_keys(reader, group, keys, sizeof keys / sizeof *keys);
    *test = (struct rule_test){.name = arena_strdup(reader->arena, config_setting_name(group)),
                               .summary = "",
                               .file = arena_strdup(reader->arena, reader_file(group)),
                               .line = reader_line(group)};
    if (!test->name || !test->file)
        reader_no_memory(reader);
    reader_get_text(reader, group, "summary", &test->summary);
    if (rule)
        reader_texts(reader, rule, &test->rules);
    if (events)
        read_events(building, events, test);
    if (expect) {
        read_expected(building, expect, test);
    } else {
        reader_error(reader, group, "says nothing of what to `expect`");
        reader_hint(reader, "write expect = [ ]; for nothing at all");
    }
    read_clock(building, group, test);
}

/* A file or folder beside the test file; NULL: not said. */
static const char *read_place(struct reader *reader, const config_setting_t *root, const char *key)
{
    const config_setting_t *at = reader_member(root, key);
    const char *name;

    return at && reader_text(reader, at, &name) ? reader_path(reader, reader_file(at), name) : NULL;
}

static void read_file(struct building *building, const config_setting_t *root, const char *path,
                      struct rule_test_file *out)
{
    static const char *const keys[] = {"company", "calendars", "tests"};
    struct reader *reader = &building->reader;
    const config_setting_t *tests = reader_member(root, "tests");
    struct rule_test *items;

    *out = (struct rule_test_file){.path = arena_strdup(reader->arena, path)};
    if (!out->path)
        reader_no_memory(reader);
    reader_check_keys(reader, root, keys, sizeof keys / sizeof *keys);
    out->company = read_place(reader, root, "company");
    out->calendars = read_place(reader, root, "calendars");
    if (!tests) {
        reader_error(reader, root, "there is no group `tests`");
        return;
    }
    if (!reader_is_group(reader, tests))
        return;
    items = array(building, (size_t)config_setting_length(tests), sizeof *items);
    for (int i = 0; items && i < config_setting_length(tests); i++) {
        const config_setting_t *group = config_setting_get_elem(tests, (unsigned)i);

        if (reader_is_group(reader, group))
            read_test(building, group, &items[out->n++]);
    }
    out->tests = items;
}

int rule_tests_read(const char *path, const struct zone *zone, struct problems *problems,
                    struct rule_tests *out)
{
    struct documents documents;
    struct building building = {
        .reader = {.arena = arena_create(), .problems = problems}, .zone = zone, .out = out};
    size_t errors = problems_met(problems);

    *out = (struct rule_tests){.arena = building.reader.arena};
    if (!out->arena)
        return -ENOMEM;
    documents_read(&building.reader, path, true, &documents);
    out->files = array(&building, documents.n, sizeof *out->files);
    for (size_t i = 0; out->files && i < documents.n; i++) {
        if (!documents.items[i]->readable)
            continue;
        read_file(&building, document_root(documents.items[i]), documents.items[i]->file,
                  &out->files[out->n_files]);
        out->n += out->files[out->n_files++].n;
    }
    if (out->n > RULE_TESTS_MAX)
        problem_error(problems, path, 0, "more than %d tests", RULE_TESTS_MAX);
    documents_finish(&documents);
    if (building.reader.failed)
        return -ENOMEM;
    return problems_met(problems) > errors ? -EINVAL : 0;
}

void rule_tests_finish(struct rule_tests *tests)
{
    arena_destroy(tests->arena);
    *tests = (struct rule_tests){.arena = NULL};
}
