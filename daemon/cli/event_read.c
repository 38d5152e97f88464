#include "cli/event_read.h"

#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/span.h"

static const char out_of_memory[] = "out of memory";

bool event_draft_add(struct event_draft *draft, const char *name, const char *value)
{
    if (draft->n > EVENT_FIELDS_MAX)
        return false;
    draft->raw[draft->n++] = (struct raw_field){name, value, strlen(name), strlen(value)};
    return true;
}

bool event_line_is_blank(const char *line)
{
    return line[strspn(line, " \t\r\n")] == '\0';
}

/* -- JSON -- */

/* The value behind a key. Lists are passed on as they stand. */
static const char *read_value(struct json_scanner *scanner, struct arena *arena, const char **why)
{
    enum json_token token = json_next(scanner);
    const char *begin = scanner->at - 1, *value = NULL;

    *why = out_of_memory;
    switch (token) {
    case JSON_STRING:
    case JSON_NUMBER:
        value = arena_strdup(arena, json_value(scanner));
        break;
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        return "";
    case JSON_ARRAY:
        if (json_skip(scanner))
            value = arena_strndup(arena, begin, (size_t)(scanner->at - begin));
        else
            *why = "this is not valid JSON";
        break;
    case JSON_OBJECT:
        *why = "an event is flat: a member must not be an object (or write CloudEvents, with specversion and "
               "data)";
        break;
    default:
        *why = "this is not valid JSON";
    }
    return value;
}

static bool read_members(struct json_scanner *scanner, struct arena *arena, struct event_draft *draft,
                         const char **why)
{
    enum json_token token;

    while ((token = json_next(scanner)) == JSON_KEY) {
        const char *name = arena_strdup(arena, json_value(scanner));
        const char *value = name == NULL ? NULL : read_value(scanner, arena, why);

        if (name == NULL)
            *why = out_of_memory;
        if (value == NULL)
            return false;
        if (!event_draft_add(draft, name, value)) {
            *why = "too many members: an event has at most 64 fields";
            return false;
        }
    }
    *why = "this is not valid JSON";
    return token == JSON_OBJECT_END && json_next(scanner) == JSON_END;
}

static bool is_cloud_event(const char *json, size_t n)
{
    struct json_scanner scanner;
    bool found = false;

    if (memmem(json, n, "specversion", strlen("specversion")) == NULL)
        return false;
    json_scan_init(&scanner, json, n);
    if (json_next(&scanner) == JSON_OBJECT) {
        while (!found && json_next(&scanner) == JSON_KEY) {
            found = strcmp(json_value(&scanner), "specversion") == 0;
            if (!json_skip(&scanner))
                break;
        }
    }
    json_scan_finish(&scanner);
    return found;
}

/* Files that were saved on Windows begin with it. */
static const char utf8_bom[] = "\xef\xbb\xbf";

bool event_draft_read(struct arena *arena, const char *json, size_t n, struct event_draft *draft,
                      const char **why)
{
    struct json_scanner scanner;
    bool read = false;

    draft->n = 0;
    if (n >= strlen(utf8_bom) && memcmp(json, utf8_bom, strlen(utf8_bom)) == 0) {
        json += strlen(utf8_bom);
        n -= strlen(utf8_bom);
    }
    if (is_cloud_event(json, n)) {
        const char *text = arena_strndup(arena, json, n);
        *why = out_of_memory;
        return text != NULL && event_draft_add(draft, "event", text);
    }
    json_scan_init(&scanner, json, n);
    *why = "a line must be one JSON object";
    if (json_next(&scanner) == JSON_OBJECT)
        read = read_members(&scanner, arena, draft, why);
    json_scan_finish(&scanner);
    return read;
}

/* -- the catalogue -- */

static bool is_among(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(*words, text) == 0)
            return true;
    }
    return false;
}

static bool is_integer(const char *text)
{
    char *end;

    strtoll(text, &end, 10);
    return end != text && *end == '\0';
}

static const char *wrong_kind(struct arena *arena, enum field_kind kind, const char *value)
{
    static const char *const truths[] = {"true", "false", "yes", "no", "1", "0", "是", "否", NULL};
    const char *list[EVENT_LIST_MAX];
    struct span_field date;
    instant at;

    if (kind == FIELD_INT && !is_integer(value))
        return "is no integer";
    if (kind == FIELD_BOOL && !is_among(value, truths))
        return "is neither true nor false";
    if (kind == FIELD_DATE && !span_field_parse(value, &date))
        return "is no date (2026-12-31) and no time";
    if (kind == FIELD_TIME && !instant_parse(value, &at))
        return "is no time (RFC 3339 with an offset)";
    if (kind == FIELD_PERSONS && event_list(arena, value, list) < 0)
        return "is no JSON array of person ids";
    return NULL;
}

/* Somebody unknown is a warning only: the directory may learn of a newcomer after the HRIS. */
static void check_known(const struct config *config, struct arena *arena, const struct catalogue_field *field,
                        const char *value, const char *file, int line, struct problems *problems)
{
    const char *list[EVENT_LIST_MAX] = {value};
    int n = 1;

    if (field->kind == FIELD_DEPARTMENT && directory_department(config->directory, value) == NULL)
        problem_warning(problems, file, line, "%s: the directory knows no department \"%s\"", field->name,
                        value);
    if (field->kind != FIELD_PERSON && field->kind != FIELD_PERSONS)
        return;
    if (field->kind == FIELD_PERSONS)
        n = event_list(arena, value, list);
    for (int i = 0; i < n; i++) {
        if (directory_person(config->directory, list[i]) == NULL)
            problem_warning(problems, file, line, "%s: the directory knows no person \"%s\"", field->name,
                            list[i]);
    }
}

static void check_required(const struct config *config, struct arena *arena, const struct event *event,
                           const struct catalogue_event *entry, const char *file, int line,
                           struct problems *problems)
{
    for (size_t i = 0; i < entry->n_fields; i++) {
        const struct catalogue_field *field = &entry->fields[i];
        const char *value = fields_get(&event->fields, field->name), *wrong;

        if (value == NULL || *value == '\0') {
            if (field->required)
                problem_error(problems, file, line, "%s: the field \"%s\" is missing", event->type,
                              field->name);
            continue;
        }
        wrong = wrong_kind(arena, field->kind, value);
        if (wrong != NULL)
            problem_error(problems, file, line, "%s: \"%s\" %s", field->name, value,
                          problem_text(problems, wrong));
        else
            check_known(config, arena, field, value, file, line, problems);
    }
}

static void check_superfluous(const struct event *event, const struct catalogue_event *entry,
                              const char *file, int line, struct problems *problems)
{
    static const char *const always[] = {"type",       "id",          "time",    "source",
                                         "actor",      "specversion", "subject", "datacontenttype",
                                         "dataschema", NULL};
    const char *names[EVENT_FIELDS_MAX];
    size_t n = entry->n_fields < EVENT_FIELDS_MAX ? entry->n_fields : EVENT_FIELDS_MAX;

    for (size_t i = 0; i < n; i++)
        names[i] = entry->fields[i].name;
    for (size_t i = 0; i < event->fields.n; i++) {
        const char *name = event->fields.items[i].name, *nearest;
        bool known = is_among(name, always);

        for (size_t f = 0; f < entry->n_fields && !known; f++)
            known = strcmp(entry->fields[f].name, name) == 0;
        if (known)
            continue;
        problem_warning(problems, file, line, "the catalogue gives %s no field \"%s\"", event->type, name);
        nearest = problem_nearest(name, names, n);
        if (nearest != NULL)
            problem_hint(problems, "did you mean \"%s\"?", nearest);
    }
}

static void check_type(const struct config *config, const struct event *event, const char *file, int line,
                       struct problems *problems)
{
    const char *nearest = catalogue_nearest(&config->catalogue, event->type);

    problem_error(problems, file, line, "the event type \"%s\" is not in the catalogue", event->type);
    if (nearest != NULL)
        problem_hint(problems, "did you mean \"%s\"?", nearest);
}

static void check_envelope(const struct event *event, const char *file, int line, struct problems *problems)
{
    if (strncmp(event->type, "cuiban.", 7) == 0)
        problem_error(problems, file, line, "\"%s\": the prefix cuiban. is reserved for commands",
                      event->type);
    if (*event->id == '\0')
        problem_warning(problems, file, line,
                        "no id: a retry of this event cannot be told from a second one");
    if (!event->time_given)
        problem_warning(problems, file, line, "no time: it will count as happening when Redis takes it");
    if (event->in_future)
        problem_warning(problems, file, line, "time is in the future: it will count as now");
    if (event->is_late)
        problem_warning(problems, file, line, "time is more than 30 days ago: it will be marked as late");
}

static void check_catalogue(const struct config *config, struct arena *arena, const struct event *event,
                            const char *file, int line, struct problems *problems)
{
    const struct catalogue_event *entry = catalogue_find(&config->catalogue, event->type);

    if (entry != NULL) {
        check_required(config, arena, event, entry, file, line, problems);
        check_superfluous(event, entry, file, line, problems);
    } else if (config->catalogue.n > 0 && strncmp(event->type, "cuiban.", 7) != 0) {
        check_type(config, event, file, line, problems);
    }
}

static void check(const struct config *config, const struct event_draft *draft, const char *file, instant now,
                  bool with_envelope, struct problems *problems)
{
    struct arena *arena = arena_create();
    const struct stream_id at = {(uint64_t)(now < 0 ? 0 : now), 0};
    const char *why = out_of_memory;
    struct event event;

    if (arena == NULL ||
        !event_parse(arena, &(struct event_place){at, false, now}, draft->raw, draft->n, now, &event, &why)) {
        problem_error(problems, file, draft->line, "%s", why);
        arena_destroy(arena);
        return;
    }
    if (with_envelope)
        check_envelope(&event, file, draft->line, problems);
    check_catalogue(config, arena, &event, file, draft->line, problems);
    arena_destroy(arena);
}

void event_draft_check(const struct config *config, const struct event_draft *draft, const char *file,
                       instant now, struct problems *problems)
{
    check(config, draft, file, now, true, problems);
}

void event_draft_check_fields(const struct config *config, const struct event_draft *draft, const char *file,
                              instant now, struct problems *problems)
{
    check(config, draft, file, now, false, problems);
}
