/* The typed getters of reader.h. */
#include "config/reader.h"

#include <ctype.h>
#include <inttypes.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"

#define GAP_MAX_MS (30 * DAY_MS)

const config_setting_t *reader_member(const config_setting_t *group, const char *name)
{
    return group && config_setting_is_group(group) ? config_setting_get_member(group, name) : NULL;
}

bool reader_is_group(struct reader *reader, const config_setting_t *setting)
{
    if (config_setting_is_group(setting))
        return true;
    reader_error(reader, setting, "must be a group");
    reader_hint(reader, "write { ... }");
    return false;
}

void reader_check_keys(struct reader *reader, const config_setting_t *group, const char *const *known,
                       size_t n)
{
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(member);
        bool is_known = false;
        for (size_t k = 0; !is_known && k < n; k++)
            is_known = strcmp(known[k], name) == 0;
        if (!is_known)
            reader_unknown(reader, member, "key", name, known, n);
    }
}

static const char *copy(struct reader *reader, const char *text)
{
    const char *copied = arena_strdup(reader->arena, text);
    if (!copied)
        reader_no_memory(reader);
    return copied ? copied : "";
}

bool reader_text(struct reader *reader, const config_setting_t *setting, const char **out)
{
    const char *text =
        config_setting_type(setting) == CONFIG_TYPE_STRING ? config_setting_get_string(setting) : NULL;
    if (!text) {
        reader_error(reader, setting, "must be a text");
        reader_hint(reader, "write it in quotes: \"...\"");
        return false;
    }
    if (!*text) {
        reader_error(reader, setting, "must not be empty");
        return false;
    }
    if (!utf8_is_valid(text, strlen(text))) {
        reader_error(reader, setting, "is not UTF-8");
        return false;
    }
    *out = copy(reader, text);
    return true;
}

bool reader_texts(struct reader *reader, const config_setting_t *setting, struct texts *out)
{
    bool is_list = config_setting_is_array(setting) || config_setting_is_list(setting);
    int n = is_list ? config_setting_length(setting) : 1;
    if (!is_list && config_setting_type(setting) != CONFIG_TYPE_STRING) {
        reader_error(reader, setting, "must be a text or a list of texts");
        return false;
    }
    if (n > READER_LIST_MAX) {
        reader_error(reader, setting, "has more than %d elements", READER_LIST_MAX);
        return false;
    }
    const char **items = arena_alloc_array(reader->arena, (size_t)n + 1, sizeof *items);
    if (!items) {
        reader_no_memory(reader);
        return false;
    }
    bool ok = true;
    for (int i = 0; i < n; i++)
        ok = reader_text(reader, is_list ? config_setting_get_elem(setting, (unsigned)i) : setting,
                         &items[i]) &&
             ok;
    if (ok)
        *out = (struct texts){items, (size_t)n};
    return ok;
}

bool reader_bool(struct reader *reader, const config_setting_t *setting, bool *out)
{
    if (config_setting_type(setting) != CONFIG_TYPE_BOOL) {
        reader_error(reader, setting, "must be true or false, without quotes");
        return false;
    }
    *out = config_setting_get_bool(setting) != CONFIG_FALSE;
    return true;
}

bool reader_int(struct reader *reader, const config_setting_t *setting, int64_t min, int64_t max,
                int64_t *out)
{
    int type = config_setting_type(setting);
    if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) {
        reader_error(reader, setting, "must be a whole number, without quotes");
        return false;
    }
    int64_t value =
        type == CONFIG_TYPE_INT ? config_setting_get_int(setting) : config_setting_get_int64(setting);
    if (value < min || value > max) {
        reader_error(reader, setting, "must be between %" PRId64 " and %" PRId64, min, max);
        return false;
    }
    *out = value;
    return true;
}

bool reader_choice(struct reader *reader, const config_setting_t *setting, const char *const *words, size_t n,
                   int *out)
{
    const char *text;
    if (!reader_text(reader, setting, &text))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(words[i], text) != 0)
            continue;
        *out = (int)i;
        return true;
    }
    char all[256] = "";
    for (size_t i = 0, at = 0; i < n && at < sizeof all; i++)
        at += (size_t)snprintf(all + at, sizeof all - at, "%s\"%s\"", i ? ", " : "", words[i]);
    const char *nearest = problem_nearest(text, words, n);
    reader_error(reader, setting, "\"%s\" is not one of %s", text, all);
    if (nearest)
        reader_hint(reader, "did you mean \"%s\"?", nearest);
    return false;
}

bool duration_parse(const char *text, int64_t *out)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"ms", 1},      {"s", SECOND_MS}, {"m", MINUTE_MS},
                 {"h", HOUR_MS}, {"d", DAY_MS},    {"w", 7 * DAY_MS}};
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 12)
        return false;
    int64_t count = strtoll(text, NULL, 10);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text + digits, units[i].unit) != 0)
            continue;
        if (count > 100 * 366 * DAY_MS / units[i].ms)
            return false;
        *out = count * units[i].ms;
        return true;
    }
    return false;
}

bool reader_duration(struct reader *reader, const config_setting_t *setting, int64_t *out)
{
    int type = config_setting_type(setting);
    if (type == CONFIG_TYPE_STRING && duration_parse(config_setting_get_string(setting), out))
        return true;
    reader_error(reader, setting, "must be a length of time");
    reader_hint(reader, "write a number and a unit (ms, s, m, h, d, w): \"2s\", \"90d\"");
    return false;
}

/* The file's content up to its last line end; nothing of it reaches a problem. */
static bool read_secret(struct reader *reader, const config_setting_t *setting, const char *name,
                        const char **out)
{
    char *text;
    size_t n;
    const char *path = reader_path(reader, reader_file(setting), name);
    int error = reader_slurp(path, READER_SECRET_BYTES_MAX, &text, &n);
    if (error == -ENOMEM)
        reader_no_memory(reader);
    if (error) {
        reader_error(reader, setting, "the file %s cannot be read: %s", path,
                     problem_text(reader->problems, strerror(-error)));
        return false;
    }
    while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        text[--n] = 0;
    bool ok = n > 0 && !memchr(text, 0, n) && utf8_is_valid(text, n);
    if (ok)
        *out = copy(reader, text);
    else
        reader_error(reader, setting, n ? "the file %s is not a text" : "the file %s is empty", path);
    explicit_bzero(text, n);
    free(text);
    return ok;
}

bool reader_option(struct reader *reader, const config_setting_t *setting, const char **out)
{
    const char *text;
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_STRING:
        text = config_setting_get_string(setting);
        if (text[0] == '@' && text[1] && !reader->without_secrets)
            return read_secret(reader, setting, text + 1, out);
        if (!utf8_is_valid(text, strlen(text))) {
            reader_error(reader, setting, "is not UTF-8");
            return false;
        }
        *out = copy(reader, text);
        return true;
    case CONFIG_TYPE_BOOL:
        *out = config_setting_get_bool(setting) ? "true" : "false";
        return true;
    case CONFIG_TYPE_INT:
        text = arena_printf(reader->arena, "%d", config_setting_get_int(setting));
        break;
    case CONFIG_TYPE_INT64:
        text = arena_printf(reader->arena, "%lld", config_setting_get_int64(setting));
        break;
    case CONFIG_TYPE_FLOAT:
        text = arena_printf(reader->arena, "%g", config_setting_get_float(setting));
        break;
    default:
        reader_error(reader, setting, "must be a plain value");
        return false;
    }
    if (!text)
        reader_no_memory(reader);
    *out = text ? text : "";
    return true;
}

void reader_get_text(struct reader *reader, const config_setting_t *group, const char *name, const char **out)
{
    const config_setting_t *setting = reader_member(group, name);
    if (setting)
        reader_text(reader, setting, out);
}

void reader_get_duration(struct reader *reader, const config_setting_t *group, const char *name, int64_t *out)
{
    const config_setting_t *setting = reader_member(group, name);
    if (setting)
        reader_duration(reader, setting, out);
}

void reader_get_count(struct reader *reader, const config_setting_t *group, const char *name, size_t max,
                      size_t *out)
{
    const config_setting_t *setting = reader_member(group, name);
    int64_t value;
    if (setting && reader_int(reader, setting, 1, (int64_t)max, &value))
        *out = (size_t)value;
}

void reader_get_quiet(struct reader *reader, const config_setting_t *group, struct quiet *out)
{
    const config_setting_t *setting = reader_member(group, "quiet");
    const char *text, *why = NULL;
    if (!setting || !reader_text(reader, setting, &text) || quiet_parse(text, out, &why) == 0)
        return;
    reader_refuse(reader, setting, text, why);
    reader_hint(reader, "write \"21:00-08:30\": nothing leaves between these times, nor on days off");
}

bool reader_gap(struct reader *reader, const config_setting_t *setting, struct span *out)
{
    const char *text, *why = NULL;
    struct span span = {.unit = SPAN_ELAPSED};
    if (!reader_text(reader, setting, &text))
        return false;
    if (strcmp(text, "none") != 0 && span_parse(text, &span, &why) == 0 &&
        ((span.unit != SPAN_ELAPSED && span.unit != SPAN_WORKING) || span.clock != SPAN_CLOCK_DEFAULT ||
         span.count < 1))
        why = "a gap is a plain number of hours or minutes";
    else if (!why && span.count > GAP_MAX_MS)
        why = "a gap is not longer than 30 days";
    if (why) {
        reader_refuse(reader, setting, text, why);
        reader_hint(reader, "write \"4wh\" for working hours, \"4h\", or \"none\"");
        return false;
    }
    *out = span;
    return true;
}
