#include "config/catalogue.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const keys[] = {"type", "summary", "required", "optional"};

struct builder {
    struct load *load;
    struct catalogue_event *events;
    const config_setting_t **groups; /* beside `events` */
    size_t n;
};

const struct catalogue_event *catalogue_find(const struct catalogue *catalogue, const char *type)
{
    size_t low = 0, high = catalogue->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(catalogue->events[middle].type, type);
        if (order == 0)
            return &catalogue->events[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const char *catalogue_nearest(const struct catalogue *catalogue, const char *type)
{
    const char **types = calloc(catalogue->n + 1, sizeof *types), *nearest = NULL;
    for (size_t i = 0; types && i < catalogue->n; i++)
        types[i] = catalogue->events[i].type;
    if (types)
        nearest = problem_nearest(type, types, catalogue->n);
    free(types);
    return nearest;
}

const struct catalogue_field *catalogue_field(const struct catalogue_event *event, const char *name)
{
    for (size_t i = 0; i < event->n_fields; i++)
        if (strcmp(event->fields[i].name, name) == 0)
            return &event->fields[i];
    return NULL;
}

static const char *const kinds[] = {
    [FIELD_TEXT] = "text",       [FIELD_INT] = "int",
    [FIELD_BOOL] = "bool",       [FIELD_DATE] = "date",
    [FIELD_TIME] = "time",       [FIELD_PERSON] = "person",
    [FIELD_PERSONS] = "persons", [FIELD_DEPARTMENT] = "department",
};

const char *field_kind_name(enum field_kind kind)
{
    return kinds[kind];
}

static bool is_field_name(const char *text, size_t n)
{
    if (n == 0 || !(isalpha((unsigned char)*text) || *text == '_'))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("_-.", text[i]))
            return false;
    return true;
}

/* "name", "name:kind", "name:kind private". */
static bool read_field(struct load *load, const config_setting_t *at, const char *text,
                       struct catalogue_field *out)
{
    struct reader *reader = &load->reader;
    size_t n = strcspn(text, ": \t");
    const char *rest = text + n, *kind = "text";
    size_t kind_n = 4;
    if (*rest == ':') {
        kind = rest + 1;
        kind_n = strcspn(kind, " \t");
        rest = kind + kind_n;
    }
    rest += strspn(rest, " \t");
    out->is_private = strcmp(rest, "private") == 0;
    if (!is_field_name(text, n) || (*rest && !out->is_private)) {
        reader_error(reader, at, "\"%s\" describes no field", text);
        reader_hint(reader, "write \"name\", \"name:kind\" or \"name:kind private\"");
        return false;
    }
    out->name = arena_strndup(reader->arena, text, n);
    const char *word = arena_strndup(reader->arena, kind, kind_n);
    if (!out->name || !word) {
        reader_no_memory(reader);
        return false;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        out->kind = (enum field_kind)i;
        if (strcmp(kinds[i], word) == 0)
            return true;
    }
    reader_unknown(reader, at, "kind of field", word, kinds, sizeof kinds / sizeof *kinds);
    return false;
}

static void read_fields(struct load *load, const config_setting_t *group, const char *key,
                        struct catalogue_event *event, struct catalogue_field *fields)
{
    struct texts texts;
    const config_setting_t *at = reader_member(group, key);
    if (!at || !reader_texts(&load->reader, at, &texts))
        return;
    for (size_t i = 0; i < texts.n; i++) {
        struct catalogue_field field = {.required = *key == 'r'};
        if (!read_field(load, at, texts.items[i], &field))
            continue;
        event->fields = fields;
        if (catalogue_field(event, field.name))
            reader_error(&load->reader, at, "the field `%s` stands here a second time", field.name);
        else if (event->n_fields == CATALOGUE_FIELDS_MAX)
            reader_error(&load->reader, at, "an event has at most %d fields", CATALOGUE_FIELDS_MAX);
        else
            fields[event->n_fields++] = field;
    }
    event->fields = fields;
}

static bool is_known_group(struct builder *builder, const config_setting_t *group, const char *name)
{
    for (size_t i = 0; i < builder->n; i++) {
        if (strcmp(builder->events[i].name, name) != 0)
            continue;
        load_duplicate(builder->load, group, builder->groups[i]);
        return true;
    }
    return false;
}

static bool is_known_type(struct builder *builder, const config_setting_t *at, const char *type)
{
    for (size_t i = 0; i < builder->n; i++) {
        const struct catalogue_event *event = &builder->events[i];
        if (strcmp(event->type, type) != 0)
            continue;
        reader_error(&builder->load->reader, at, "the type \"%s\" is described twice; first in %s:%d", type,
                     event->file, event->line);
        return true;
    }
    return false;
}

static void add_event(struct builder *builder, const config_setting_t *group)
{
    struct load *load = builder->load;
    struct reader *reader = &load->reader;
    if (!reader_is_group(reader, group) || is_known_group(builder, group, config_setting_name(group)))
        return;
    reader_check_keys(reader, group, keys, sizeof keys / sizeof *keys);
    const config_setting_t *type = reader_member(group, "type");
    struct catalogue_event event = {.summary = "", .file = reader_file(group), .line = reader_line(group)};
    if (!type) {
        reader_error(reader, group, "has no type");
        return;
    }
    if (!reader_text(reader, type, &event.type) || is_known_type(builder, type, event.type))
        return;
    if (strncmp(event.type, "cuiban.", 7) == 0)
        reader_error(reader, type, "types that begin with \"cuiban.\" are cuiban's own");
    if (builder->n == CATALOGUE_MAX) {
        reader_error(reader, group, "more than %d events", CATALOGUE_MAX);
        return;
    }
    struct catalogue_field *fields = arena_alloc_array(reader->arena, CATALOGUE_FIELDS_MAX, sizeof *fields);
    event.name = arena_strdup(reader->arena, config_setting_name(group));
    if (!fields || !event.name) {
        reader_no_memory(reader);
        return;
    }
    reader_get_text(reader, group, "summary", &event.summary);
    read_fields(load, group, "required", &event, fields);
    read_fields(load, group, "optional", &event, fields);
    builder->groups[builder->n] = group;
    builder->events[builder->n++] = event;
    names_add(reader, &load->events_known, event.type);
}

static void add_members(struct builder *builder, const config_setting_t *group)
{
    for (int i = 0; i < config_setting_length(group); i++)
        add_event(builder, config_setting_get_elem(group, (unsigned)i));
}

/* A file of events.d holds one group `events`, or the events themselves. */
static void add_file(struct builder *builder, const config_setting_t *root)
{
    const config_setting_t *events = reader_member(root, "events");
    if (!events) {
        add_members(builder, root);
        return;
    }
    static const char *const top[] = {"events"};
    reader_check_keys(&builder->load->reader, root, top, 1);
    if (reader_is_group(&builder->load->reader, events))
        add_members(builder, events);
}

static int by_type(const void *a, const void *b)
{
    return strcmp(((const struct catalogue_event *)a)->type, ((const struct catalogue_event *)b)->type);
}

void catalogue_load(struct load *load, const struct documents *more)
{
    struct reader *reader = &load->reader;
    struct documents documents;
    documents_read(reader, load->events.path, load->events.written, &documents);
    load->catalogue_incomplete = documents.incomplete || more->incomplete;
    struct builder builder = {
        .load = load,
        .events = arena_alloc_array(reader->arena, CATALOGUE_MAX, sizeof *builder.events),
        .groups = calloc(CATALOGUE_MAX, sizeof *builder.groups),
    };
    if (builder.events && builder.groups) {
        for (size_t i = 0; i < documents.n; i++)
            add_file(&builder, document_root(documents.items[i]));
        for (size_t i = 0; i < more->n; i++) {
            const config_setting_t *events = reader_member(document_root(more->items[i]), "events");
            if (events && reader_is_group(reader, events))
                add_members(&builder, events);
        }
        qsort(builder.events, builder.n, sizeof *builder.events, by_type);
        load->config->catalogue = (struct catalogue){builder.events, builder.n};
    } else {
        reader_no_memory(reader);
    }
    free(builder.groups);
    documents_finish(&documents);
}
