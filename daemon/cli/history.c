#include "cli/history.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/json_members.h"

struct walk {
    const char *word;
    history_on_record *on_record;
    void *data;
    struct arena *arena; /* of one entry */
};

static bool read_record(struct json_scanner *scanner, struct arena *arena, struct history_record *record)
{
    if (!json_read_texts(scanner, arena, &record->fields))
        return false;
    record->what = fields_get(&record->fields, "e");
    return record->what != NULL;
}

bool history_fields(struct arena *arena, const char *json, size_t n, struct fields *out)
{
    struct json_scanner scanner;
    bool read;

    json_scan_init(&scanner, json, n);
    read = json_next(&scanner) == JSON_OBJECT && json_read_texts(&scanner, arena, out);
    json_scan_finish(&scanner);
    return read;
}

static int read_records(struct walk *walk, const char *text, size_t n, struct history_record *record)
{
    struct json_scanner scanner;
    int result = 0;
    enum json_token token;

    json_scan_init(&scanner, text, n);
    token = json_next(&scanner);
    if (token != JSON_ARRAY)
        result = -EINVAL;
    while (result == 0 && (token = json_next(&scanner)) == JSON_OBJECT) {
        result = read_record(&scanner, walk->arena, record) ? walk->on_record(walk->data, record) : -EINVAL;
        record->place++;
    }
    if (result == 0 && token != JSON_ARRAY_END)
        result = -EINVAL;
    json_scan_finish(&scanner);
    return result;
}

static const struct raw_field *find(const struct raw_field *fields, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (fields[i].name_n == strlen(name) && memcmp(fields[i].name, name, fields[i].name_n) == 0)
            return &fields[i];
    }
    return NULL;
}

static int64_t raw_int(const struct raw_field *field)
{
    char text[24];

    if (field == NULL || field->value_n >= sizeof(text))
        return 0;
    memcpy(text, field->value, field->value_n);
    text[field->value_n] = '\0';
    return strtoll(text, NULL, 10);
}

static int walk_on_entry(void *data, struct stream_id at, const struct raw_field *fields, size_t n)
{
    struct walk *walk = data;
    const struct raw_field *records = find(fields, n, "records");
    struct history_record record = {.at = at};

    if (records == NULL)
        return 0;
    if (walk->word != NULL &&
        memmem(records->value, records->value_n, walk->word, strlen(walk->word)) == NULL)
        return 0;
    record.seq = (uint64_t)raw_int(find(fields, n, "seq"));
    record.now = raw_int(find(fields, n, "now"));
    arena_reset(walk->arena);
    return read_records(walk, records->value, records->value_n, &record);
}

int history_read(struct query *query, struct stream_id after, const char *word, history_on_record *on_record,
                 void *data)
{
    struct walk walk = {word, on_record, data, arena_create()};
    char from[STREAM_ID_TEXT_MAX + 1] = "(";
    int result;

    if (walk.arena == NULL)
        return -ENOMEM;
    stream_id_format(after, from + 1);
    result = query_range(query, QUERY_JOURNAL, after.ms == 0 && after.seq == 0 ? "-" : from, "+", 0, false,
                         walk_on_entry, &walk);
    arena_destroy(walk.arena);
    return result;
}

bool history_copy(struct arena *arena, const struct history_record *record, struct history_record *out)
{
    struct field *fields = arena_alloc_array(arena, record->fields.n + 1, sizeof(*fields));

    *out = *record;
    if (fields == NULL)
        return false;
    for (size_t i = 0; i < record->fields.n; i++) {
        fields[i].name = arena_strdup(arena, record->fields.items[i].name);
        fields[i].value = arena_strdup(arena, record->fields.items[i].value);
        if (fields[i].name == NULL || fields[i].value == NULL)
            return false;
    }
    out->fields = (struct fields){fields, record->fields.n};
    out->what = fields_get(&out->fields, "e");
    return true;
}

const char *history_text(const struct history_record *record, const char *name)
{
    const char *value = record == NULL ? NULL : fields_get(&record->fields, name);

    return value == NULL ? "" : value;
}

const struct history_record *history_queueing(const struct history_record *records, size_t n,
                                              const char *notification)
{
    for (size_t i = 0; notification != NULL && i < n; i++) {
        if (strcmp(records[i].what, "queued") == 0 &&
            strcmp(history_text(&records[i], "n"), notification) == 0)
            return &records[i];
    }
    return NULL;
}

const struct history_record *history_waiting(const struct history_record *records, size_t n,
                                             const char *notification)
{
    const struct history_record *found = history_queueing(records, n, notification);

    for (size_t i = 0; found != NULL && i < n; i++) {
        if (strcmp(records[i].what, "moved") == 0 &&
            strcmp(history_text(&records[i], "n"), notification) == 0)
            found = &records[i];
    }
    return found;
}

int64_t history_int(const struct history_record *record, const char *name, int64_t otherwise)
{
    const char *text = fields_get(&record->fields, name);
    char *end;
    int64_t value;

    if (text == NULL || *text == '\0')
        return otherwise;
    value = strtoll(text, &end, 10);
    return *end == '\0' ? value : otherwise;
}

struct lateness history_lateness(const struct history_record *record, const struct calendar *calendar)
{
    struct lateness lateness = {history_int(record, "late_wm", -1), history_int(record, "late_ms", 0)};
    instant at = history_int(record, "at", record->now);

    if (lateness.working_min < 0)
        lateness = lateness_of(calendar, at - lateness.elapsed_ms, at);
    return lateness;
}
