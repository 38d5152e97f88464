#include "event.h"

#include "json.h"
#include "utf8.h"

#include <string.h>

static const char out_of_memory[] = "out of memory";

enum { QUOTE_BYTES_MAX = 40, FLATTEN_DEPTH_MAX = 8 };

const char *fields_get(const struct fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->n; i++)
        if (strcmp(fields->items[i].name, name) == 0)
            return fields->items[i].value;
    return NULL;
}

/* -- stream ids -- */

static const char *parse_part(const char *at, uint64_t *out)
{
    uint64_t value = 0;
    const char *from = at;
    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return NULL;
        value = value * 10 + digit;
    }
    *out = value;
    return at == from ? NULL : at;
}

bool stream_id_parse(const char *text, struct stream_id *out)
{
    struct stream_id id = {0};
    const char *at = parse_part(text, &id.ms);
    if (at && *at == '-')
        at = parse_part(at + 1, &id.seq);
    if (!at || *at)
        return false;
    *out = id;
    return true;
}

/* By hand: nearly every record of the journal names an event. */
static size_t format_part(uint64_t value, char *into)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    memcpy(into, digits + at, sizeof digits - at);
    return sizeof digits - at;
}

const char *stream_id_format(struct stream_id id, char into[static STREAM_ID_TEXT_MAX])
{
    size_t n = format_part(id.ms, into);
    into[n++] = '-';
    n += format_part(id.seq, into + n);
    into[n] = '\0';
    return into;
}

int stream_id_compare(struct stream_id a, struct stream_id b)
{
    if (a.ms != b.ms)
        return a.ms < b.ms ? -1 : 1;
    return a.seq < b.seq ? -1 : a.seq > b.seq;
}

/* -- taking apart -- */

struct parser {
    struct arena *arena;
    const char *why; /* the first thing that is wrong */
    struct field items[EVENT_FIELDS_MAX];
    size_t n;
    size_t bytes;
};

/* A piece of what was sent, short and without control characters, for a reason that people read. */
static const char *quote(struct parser *parser, const char *text)
{
    size_t n = strlen(text), kept = utf8_cut(text, n, QUOTE_BYTES_MAX);
    char *copy = arena_strndup(parser->arena, text, kept);
    if (!copy)
        return "?";
    for (char *at = copy; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F)
            *at = '?';
    if (kept == n)
        return copy;
    const char *marked = arena_printf(parser->arena, "%s...", copy);
    return marked ? marked : copy;
}

static bool bad(struct parser *parser, const char *why)
{
    if (!parser->why)
        parser->why = why ? why : out_of_memory;
    return false;
}

#define BAD(parser, ...) bad(parser, arena_printf((parser)->arena, __VA_ARGS__))

static const char *text_trouble(const char *bytes, size_t n)
{
    if (memchr(bytes, '\0', n))
        return "contains a NUL byte";
    return utf8_is_valid(bytes, n) ? NULL : "is not valid UTF-8";
}

/* Name and value must live in the arena. */
static bool add_field(struct parser *parser, const char *name, const char *value)
{
    if (!*name)
        return bad(parser, "a field has no name");
    for (size_t i = 0; i < parser->n; i++)
        if (strcmp(parser->items[i].name, name) == 0)
            return BAD(parser, "the field %s comes twice", quote(parser, name));
    if (parser->n == EVENT_FIELDS_MAX)
        return BAD(parser, "it has more than %d fields", EVENT_FIELDS_MAX);
    parser->bytes += strlen(name) + strlen(value);
    if (parser->bytes > EVENT_BYTES_MAX)
        return BAD(parser, "it has more than %d bytes of field names and values", EVENT_BYTES_MAX);
    parser->items[parser->n++] = (struct field){name, value};
    return true;
}

static bool add_flat(struct parser *parser, const struct raw_field *raw)
{
    const char *trouble = text_trouble(raw->name, raw->name_n);
    if (trouble)
        return BAD(parser, "a field name %s", trouble);
    char *name = arena_strndup(parser->arena, raw->name, raw->name_n);
    if (!name)
        return bad(parser, NULL);
    trouble = text_trouble(raw->value, raw->value_n);
    if (trouble)
        return BAD(parser, "the field %s %s", quote(parser, name), trouble);
    const char *value = arena_strndup(parser->arena, raw->value, raw->value_n);
    return value ? add_field(parser, name, value) : bad(parser, NULL);
}

/* Before anything is copied: a sender's mistake must not cost memory. */
static bool check_bounds(struct parser *parser, const struct raw_field *raw, size_t n)
{
    if (!n)
        return bad(parser, "it has no fields");
    if (n > EVENT_FIELDS_MAX)
        return BAD(parser, "it has %zu fields, more than %d", n, EVENT_FIELDS_MAX);
    size_t left = EVENT_BYTES_MAX;
    for (size_t i = 0; i < n; i++) {
        if (raw[i].name_n > left || raw[i].value_n > left - raw[i].name_n)
            return BAD(parser, "it has more than %d bytes of field names and values", EVENT_BYTES_MAX);
        left -= raw[i].name_n + raw[i].value_n;
    }
    return true;
}

/* -- CloudEvents JSON -- */

static bool flatten(struct parser *parser, struct json_scanner *scanner, const char *prefix, int depth);

static bool bad_json(struct parser *parser, const struct json_scanner *scanner)
{
    return BAD(parser, "the field event is not JSON that can be read: trouble near byte %zu",
               (size_t)(scanner->at - scanner->start));
}

/* Behind '['. Ids stay a list of strings whether the sender wrote them as strings or as numbers; an array of
 * anything else is kept as it was written. */
static const char *read_array(struct parser *parser, struct json_scanner *scanner)
{
    const char *from = scanner->at - 1, *value = NULL;
    struct buffer list;
    struct json_writer writer;
    buffer_init(&list);
    json_begin(&writer, &list);
    json_array(&writer);
    enum json_token token = json_next(scanner);
    for (; token == JSON_STRING || token == JSON_NUMBER; token = json_next(scanner))
        json_text(&writer, json_value(scanner));
    json_array_end(&writer);
    if (token == JSON_ARRAY_END) {
        value = buffer_ok(&list) ? arena_strndup(parser->arena, list.bytes, list.n) : NULL;
    } else {
        int inside = scanner->depth - (token == JSON_OBJECT || token == JSON_ARRAY);
        while (token != JSON_ERROR && scanner->depth >= inside)
            token = json_next(scanner);
        if (token == JSON_ERROR)
            bad_json(parser, scanner);
        else
            value = arena_strndup(parser->arena, from, (size_t)(scanner->at - from));
    }
    buffer_finish(&list);
    if (!value)
        bad(parser, NULL);
    return value;
}

static bool add_value(struct parser *parser, struct json_scanner *scanner, enum json_token token,
                      const char *name, int depth)
{
    const char *value = NULL;
    switch (token) {
    case JSON_NULL:
        return true;
    case JSON_OBJECT:
        return flatten(parser, scanner, name, depth + 1);
    case JSON_ARRAY:
        value = read_array(parser, scanner);
        break;
    case JSON_STRING:
    case JSON_NUMBER:
        value = arena_strndup(parser->arena, scanner->text.n ? json_value(scanner) : "", scanner->text.n);
        break;
    case JSON_TRUE:
        value = "true";
        break;
    case JSON_FALSE:
        value = "false";
        break;
    default:
        return bad_json(parser, scanner);
    }
    return value ? add_field(parser, name, value) : bad(parser, NULL);
}

/* Behind '{' of an object inside the event; `prefix` "" for `data` itself. */
static bool flatten(struct parser *parser, struct json_scanner *scanner, const char *prefix, int depth)
{
    if (depth > FLATTEN_DEPTH_MAX)
        return BAD(parser, "the field event nests objects deeper than %d", FLATTEN_DEPTH_MAX);
    for (;;) {
        enum json_token token = json_next(scanner);
        if (token == JSON_OBJECT_END)
            return true;
        if (token != JSON_KEY)
            return bad_json(parser, scanner);
        if (!scanner->text.n)
            return bad(parser, "a field has no name");
        const char *name =
            arena_printf(parser->arena, "%s%s%s", prefix, *prefix ? "." : "", json_value(scanner));
        if (!name)
            return bad(parser, NULL);
        if (!add_value(parser, scanner, json_next(scanner), name, depth))
            return false;
    }
}

static bool add_data(struct parser *parser, struct json_scanner *scanner)
{
    enum json_token token = json_next(scanner);
    if (token == JSON_NULL)
        return true;
    if (token == JSON_OBJECT)
        return flatten(parser, scanner, "", 1);
    if (token == JSON_ERROR)
        return bad_json(parser, scanner);
    return bad(parser, "the member data of the CloudEvent must be a JSON object");
}

/* What says how the envelope is written, and nothing about what happened. */
static bool is_envelope(const char *name)
{
    static const char *const names[] = {"specversion", "datacontenttype", "dataschema"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool read_envelope(struct parser *parser, struct json_scanner *scanner, const char *name)
{
    enum json_token token = json_next(scanner);
    if (token == JSON_ERROR)
        return bad_json(parser, scanner);
    if (strcmp(name, "specversion") == 0 &&
        (token != JSON_STRING || strncmp(json_value(scanner), "1.", 2) != 0))
        return bad(parser, "specversion must be \"1.0\"");
    return token == JSON_OBJECT || token == JSON_ARRAY ? json_skip(scanner) || bad_json(parser, scanner)
                                                       : true;
}

static bool add_member(struct parser *parser, struct json_scanner *scanner)
{
    if (strcmp(json_value(scanner), "data") == 0)
        return add_data(parser, scanner);
    if (strcmp(json_value(scanner), "data_base64") == 0)
        return bad(parser, "data_base64 is not read: send data as a JSON object");
    const char *name = arena_strdup(parser->arena, json_value(scanner));
    if (!name)
        return bad(parser, NULL);
    if (is_envelope(name))
        return read_envelope(parser, scanner, name);
    return add_value(parser, scanner, json_next(scanner), name, 1);
}

static bool add_cloud_event(struct parser *parser, const struct raw_field *raw)
{
    const char *trouble = text_trouble(raw->value, raw->value_n);
    if (trouble)
        return BAD(parser, "the field event %s", trouble);
    struct json_scanner scanner;
    json_scan_init(&scanner, raw->value, raw->value_n);
    bool good = json_next(&scanner) == JSON_OBJECT ||
                bad(parser, "the field event must hold a JSON object (CloudEvents)");
    while (good) {
        enum json_token token = json_next(&scanner);
        if (token == JSON_OBJECT_END)
            break;
        good = token == JSON_KEY ? add_member(parser, &scanner) : bad_json(parser, &scanner);
    }
    if (good && json_next(&scanner) != JSON_END)
        good = bad_json(parser, &scanner);
    json_scan_finish(&scanner);
    return good;
}

/* -- what all events must have -- */

static bool is_raw(const struct raw_field *raw, const char *name)
{
    return raw->name_n == strlen(name) && memcmp(raw->name, name, raw->name_n) == 0;
}

static bool add_all(struct parser *parser, const struct raw_field *raw, size_t n)
{
    if (n == 1 && is_raw(&raw[0], "event"))
        return add_cloud_event(parser, &raw[0]);
    for (size_t i = 0; i < n; i++)
        if (!add_flat(parser, &raw[i]))
            return false;
    return true;
}

static bool is_type(const char *type)
{
    bool dotted = false, empty = true;
    for (; *type; type++) {
        bool word = (*type >= 'a' && *type <= 'z') || (*type >= '0' && *type <= '9') || *type == '_';
        if (!word && (*type != '.' || empty))
            return false;
        dotted = dotted || !word;
        empty = !word;
    }
    return dotted && !empty;
}

static bool check_type(struct parser *parser, const struct fields *fields, struct event *event)
{
    const char *type = fields_get(fields, "type");
    if (!type && fields_get(fields, "event"))
        return bad(
            parser,
            "the field type is missing: either all fields are flat, or the one field event holds everything");
    if (!type || !*type)
        return bad(parser, "the field type is missing");
    if (!is_type(type))
        return BAD(parser,
                   "type \"%s\" is not like noun.verb: lower-case letters, digits and _ with dots between",
                   quote(parser, type));
    if (!event->is_command && strncmp(type, "cuiban.", 7) == 0)
        return BAD(parser, "type \"%s\": the prefix cuiban. is reserved, commands have a stream of their own",
                   quote(parser, type));
    event->type = type;
    return true;
}

static bool set_time(struct parser *parser, const struct fields *fields, instant entry_ms, instant now,
                     struct event *event)
{
    const char *time = fields_get(fields, "time");
    event->time_given = time && *time;
    event->time = entry_ms;
    if (event->time_given && !instant_parse(time, &event->time))
        return BAD(parser,
                   "time \"%s\" cannot be read: write it like 2026-11-17T15:10:00+08:00, with the offset",
                   quote(parser, time));
    event->in_future = event->time > now && event->time - now > EVENT_FUTURE_MAX_MS;
    if (event->in_future)
        event->time = now;
    event->is_late = event->time < now && now - event->time > EVENT_LATE_MS;
    return true;
}

static const char *text_of(const struct fields *fields, const char *name)
{
    const char *value = fields_get(fields, name);
    return value ? value : "";
}

bool event_parse(struct arena *arena, const struct event_place *place, const struct raw_field *raw, size_t n,
                 instant now, struct event *out, const char **why)
{
    struct parser parser;
    parser.arena = arena;
    parser.why = NULL;
    parser.n = parser.bytes = 0;
    struct event event = {.at = place->at, .is_command = place->is_command};
    if (!check_bounds(&parser, raw, n) || !add_all(&parser, raw, n))
        goto fail;
    struct fields fields = {parser.items, parser.n};
    if (!check_type(&parser, &fields, &event) || !set_time(&parser, &fields, place->time, now, &event))
        goto fail;
    event.id = text_of(&fields, "id");
    event.source = text_of(&fields, "source");
    event.actor = text_of(&fields, "actor");
    struct field *items = arena_alloc_array(arena, parser.n, sizeof *items);
    if (!items) {
        bad(&parser, NULL);
        goto fail;
    }
    memcpy(items, parser.items, parser.n * sizeof *items);
    event.fields = (struct fields){items, parser.n};
    *out = event;
    return true;
fail:
    *why = parser.why;
    return false;
}

/* -- lists -- */

static int read_list(struct arena *arena, struct json_scanner *scanner,
                     const char *out[static EVENT_LIST_MAX])
{
    if (json_next(scanner) != JSON_ARRAY)
        return -1;
    for (int n = 0;;) {
        enum json_token token = json_next(scanner);
        if (token == JSON_ARRAY_END)
            return json_next(scanner) == JSON_END ? n : -1;
        if (token != JSON_STRING || !scanner->text.n || n == EVENT_LIST_MAX)
            return -1;
        const char *element = arena_strdup(arena, json_value(scanner));
        if (!element)
            return -1;
        out[n++] = element;
    }
}

int event_list(struct arena *arena, const char *value, const char *out[static EVENT_LIST_MAX])
{
    if (*value == '[') {
        struct json_scanner scanner;
        json_scan_init(&scanner, value, strlen(value));
        int n = read_list(arena, &scanner, out);
        json_scan_finish(&scanner);
        return n;
    }
    if (!*value)
        return 0;
    /* "a, b" is a list that somebody forgot to write as one: no id has these. */
    if (strpbrk(value, ",;[]{}\"\n") || strstr(value, "，") || strstr(value, "、"))
        return -1;
    const char *element = arena_strdup(arena, value);
    if (!element)
        return -1;
    out[0] = element;
    return 1;
}
