/* The catalogue as JSON Schema (draft 2020-12), for the HRIS's own tests: of the flat form, in which lists
 * are JSON arrays and numbers and truths may stand as such or as text. It accepts what `event check` accepts,
 * and with --strict refuses what that warns of, as far as one event alone can show it. */
#include "cli/verbs.h"

#define DATE "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
#define CLOCK                                                                                                \
    "[Tt "                                                                                                   \
    "]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\\\\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
#define DATE_SCHEMA "{\"type\":\"string\",\"format\":\"date\",\"pattern\":\"^" DATE "$\"}"
#define TIME_SCHEMA "{\"type\":\"string\",\"format\":\"date-time\",\"pattern\":\"^" DATE CLOCK "$\"}"
#define ID_SCHEMA   "{\"type\":[\"string\",\"integer\"],\"minLength\":1}"

/* Patterns stand beside formats because a validator may leave formats unchecked. */
static const char *const kind_schemas[] = {
    [FIELD_TEXT] = "{\"type\":[\"string\",\"number\",\"boolean\",\"array\"],\"minLength\":1}",
    [FIELD_INT] = "{\"type\":[\"integer\",\"string\"],\"pattern\":\"^[+-]?[0-9]+$\"}",
    [FIELD_BOOL] = "{\"enum\":[true,false,1,0,\"true\",\"false\",\"yes\",\"no\",\"1\",\"0\",\"是\",\"否\"]}",
    [FIELD_DATE] = "{\"anyOf\":[" DATE_SCHEMA "," TIME_SCHEMA "]}",
    [FIELD_TIME] = TIME_SCHEMA,
    [FIELD_PERSON] = ID_SCHEMA,
    [FIELD_PERSONS] = "{\"anyOf\":[{\"type\":\"array\",\"items\":{\"type\":\"string\",\"minLength\":1},"
                      "\"maxItems\":64},{\"type\":\"string\",\"pattern\":\"^(\\\\[.*\\\\]|[^,;\\\\[\\\\]{}"
                      "\\\"\\\\n，、]+)$\"}]}",
    [FIELD_DEPARTMENT] = ID_SCHEMA,
};
enum { KINDS = sizeof(kind_schemas) / sizeof(kind_schemas[0]) };

static const char absent[] = "{\"enum\":[\"\",null]}"; /* a field without a value counts as missing */

static void write_kinds(struct json_writer *json)
{
    json_key(json, "$defs");
    json_object(json);
    for (int kind = 0; kind < KINDS; kind++) {
        json_key(json, field_kind_name((enum field_kind)kind));
        json_raw(json, kind_schemas[kind]);
    }
    json_key(json, "absent");
    json_raw(json, absent);
    json_object_end(json);
}

static void write_ref(struct json_writer *json, const char *name)
{
    struct buffer ref;

    buffer_init(&ref);
    buffer_printf(&ref, "#/$defs/%s", name);
    json_key_text(json, "$ref", buffer_text(&ref));
    buffer_finish(&ref);
}

static void write_alternative(struct json_writer *json, const char *name)
{
    json_object(json);
    write_ref(json, name);
    json_object_end(json);
}

static void write_field(struct json_writer *json, const struct catalogue_field *field)
{
    const char *kind = field_kind_name(field->kind);

    json_key(json, field->name);
    json_object(json);
    if (field->is_private)
        json_key_text(json, "$comment", "private: masked in groups");
    if (field->required) {
        write_ref(json, kind);
    } else {
        json_key(json, "anyOf");
        json_array(json);
        write_alternative(json, kind);
        write_alternative(json, "absent");
        json_array_end(json);
    }
    json_object_end(json);
}

static void write_fields(struct json_writer *json, const struct catalogue_field *fields, size_t n)
{
    json_key(json, "properties");
    json_object(json);
    for (size_t i = 0; i < n; i++)
        write_field(json, &fields[i]);
    json_object_end(json);
    json_key(json, "required");
    json_array(json);
    for (size_t i = 0; i < n; i++) {
        if (fields[i].required)
            json_text(json, fields[i].name);
    }
    json_array_end(json);
}

/* Only events of that type are held against its fields. */
static void write_event(struct json_writer *json, const struct catalogue_event *event)
{
    json_object(json);
    json_key(json, "if");
    json_object(json);
    json_key(json, "properties");
    json_object(json);
    json_key(json, "type");
    json_object(json);
    json_key_text(json, "const", event->type);
    json_object_end(json);
    json_object_end(json);
    json_key(json, "required");
    json_raw(json, "[\"type\"]");
    json_object_end(json);
    json_key(json, "then");
    json_object(json);
    json_key_text(json, "title", event->summary);
    write_fields(json, event->fields, event->n_fields);
    json_object_end(json);
    json_object_end(json);
}

static void write_types(struct json_writer *json, const struct catalogue_event *events, size_t n)
{
    json_object(json);
    json_key(json, "properties");
    json_object(json);
    json_key(json, "type");
    json_object(json);
    json_key(json, "enum");
    json_array(json);
    for (size_t i = 0; i < n; i++)
        json_text(json, events[i].type);
    json_array_end(json);
    json_object_end(json);
    json_object_end(json);
    json_object_end(json);
}

static void write_schema(struct json_writer *json, const struct catalogue_event *events, size_t n,
                         bool strict)
{
    const struct catalogue_field envelope[] = {{"type", FIELD_TEXT, true, false},
                                               {"id", FIELD_TEXT, strict, false},
                                               {"time", FIELD_TIME, strict, false},
                                               {"source", FIELD_TEXT, false, false},
                                               {"actor", FIELD_PERSON, false, false}};

    json_object(json);
    json_key_text(json, "$schema", "https://json-schema.org/draft/2020-12/schema");
    json_key_text(json, "title", "cuiban events, flat form");
    json_key_text(json, "type", "object");
    json_key_int(json, "maxProperties", EVENT_FIELDS_MAX);
    write_fields(json, envelope, sizeof(envelope) / sizeof(envelope[0]));
    json_key(json, "allOf");
    json_array(json);
    write_types(json, events, n);
    for (size_t i = 0; i < n; i++)
        write_event(json, &events[i]);
    json_array_end(json);
    json_key(json, "unevaluatedProperties");
    json_raw(json, strict ? "false" : "{\"not\":{\"type\":\"object\"}}");
    write_kinds(json);
    json_object_end(json);
}

static enum cli_status print_schema(struct cli *cli, const struct config *config)
{
    const struct catalogue_event *events;
    size_t n = setup_events(cli, config, &events);
    struct json_writer json;
    struct buffer out;

    if (n == 0)
        return CLI_FINDING;
    buffer_init(&out);
    json_begin(&json, &out);
    write_schema(&json, events, n, cli_flag(cli, "strict"));
    return cli_print_json(cli, &out, CLI_OK);
}

enum cli_status verb_event_schema(struct cli *cli)
{
    struct config *config = NULL;
    enum cli_status status = setup_load(cli, &config);

    if (status == CLI_OK)
        status = print_schema(cli, config);
    config_unload(config);
    return status;
}
