#include "json_members.h"

#include <stdlib.h>
#include <string.h>

bool json_read_text(struct json_scanner *scanner, struct arena *arena, char **out)
{
    if (json_next(scanner) != JSON_STRING) {
        return false;
    }
    if (arena) {
        *out = arena_strdup(arena, json_value(scanner));
    } else {
        free(*out);
        *out = strdup(json_value(scanner));
    }
    return *out != NULL;
}

bool json_read_int(struct json_scanner *scanner, int64_t *out)
{
    if (json_next(scanner) != JSON_NUMBER) {
        return false;
    }
    *out = json_value_int(scanner);
    return true;
}

bool json_read_bool(struct json_scanner *scanner, bool *out)
{
    enum json_token token = json_next(scanner);

    *out = token == JSON_TRUE;
    return token == JSON_TRUE || token == JSON_FALSE;
}

bool json_read_fields(struct json_scanner *scanner, struct arena *arena, size_t max, struct fields *out)
{
    struct field *items = arena_alloc_array(arena, max, sizeof *items);
    size_t n = 0;
    enum json_token token;

    if (!items || json_next(scanner) != JSON_OBJECT) {
        return false;
    }
    while ((token = json_next(scanner)) == JSON_KEY && n < max) {
        items[n].name = arena_strdup(arena, json_value(scanner));
        token = json_next(scanner);
        if (token != JSON_STRING && token != JSON_NUMBER) {
            return false;
        }
        items[n].value = arena_strdup(arena, json_value(scanner));
        if (!items[n].name || !items[n].value) {
            return false;
        }
        n++;
    }
    *out = (struct fields){items, n};
    return token == JSON_OBJECT_END;
}

static bool read_value(struct json_scanner *scanner, struct arena *arena, const struct json_member *member)
{
    if (member->text) {
        return json_read_text(scanner, arena, member->text);
    }
    return member->number ? json_read_int(scanner, member->number) : json_read_bool(scanner, member->flag);
}

int json_read_member(struct json_scanner *scanner, struct arena *arena, const struct json_member *members,
                     size_t n)
{
    const char *key = json_value(scanner);

    for (size_t i = 0; i < n; i++) {
        if (strcmp(key, members[i].key) != 0) {
            continue;
        }
        if (!read_value(scanner, arena, &members[i])) {
            return -1;
        }
        if (members[i].there) {
            *members[i].there = true;
        }
        return 1;
    }
    return 0;
}

bool json_read_object(const char *json, size_t n, json_member_reader *member, void *data)
{
    struct json_scanner scanner;
    enum json_token token;
    bool ok;

    json_scan_init(&scanner, json, n);
    ok = json_next(&scanner) == JSON_OBJECT;
    while (ok && (token = json_next(&scanner)) != JSON_OBJECT_END) {
        ok = token == JSON_KEY && member(data, &scanner);
    }
    ok = ok && json_next(&scanner) == JSON_END;
    json_scan_finish(&scanner);
    return ok;
}

/* -- members of any kind, as texts -- */

/* The value whose first token was just read, as text. NULL: damaged or no memory. */
static const char *value_text(struct json_scanner *scanner, enum json_token token, struct arena *arena)
{
    struct buffer joined;
    char *text = NULL;

    if (token == JSON_STRING || token == JSON_NUMBER)
        return arena_strdup(arena, json_value(scanner));
    if (token == JSON_TRUE || token == JSON_FALSE)
        return token == JSON_TRUE ? "true" : "false";
    if (token == JSON_NULL)
        return "";
    if (token == JSON_OBJECT)
        return json_skip(scanner) ? "" : NULL;
    if (token != JSON_ARRAY)
        return NULL;
    buffer_init(&joined);
    while ((token = json_next(scanner)) != JSON_ARRAY_END && token != JSON_ERROR && token != JSON_END) {
        if (joined.n > 0)
            buffer_add_text(&joined, ", ");
        if (token == JSON_STRING || token == JSON_NUMBER)
            buffer_add_text(&joined, json_value(scanner));
        else if (!json_skip(scanner))
            break;
    }
    if (token == JSON_ARRAY_END && buffer_ok(&joined))
        text = arena_strdup(arena, buffer_text(&joined));
    buffer_finish(&joined);
    return text;
}

bool json_read_texts(struct json_scanner *scanner, struct arena *arena, struct fields *out)
{
    struct field *fields = arena_alloc_array(arena, JSON_TEXTS_MAX, sizeof(*fields));
    enum json_token token;

    if (fields == NULL)
        return false;
    *out = (struct fields){fields, 0};
    while ((token = json_next(scanner)) == JSON_KEY) {
        const char *name = arena_strdup(arena, json_value(scanner));
        const char *value = name == NULL ? NULL : value_text(scanner, json_next(scanner), arena);

        if (value == NULL)
            return false;
        if (out->n < JSON_TEXTS_MAX)
            fields[out->n++] = (struct field){name, value};
    }
    return token == JSON_OBJECT_END;
}
