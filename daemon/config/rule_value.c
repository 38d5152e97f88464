#include "config/rule_read.h"

#include <errno.h>
#include <string.h>

const char *copy_text(struct reader *reader, const char *text)
{
    const char *copy = arena_strdup(reader->arena, text);
    if (!copy)
        reader_no_memory(reader);
    return copy ? copy : "";
}

void refuse_unserved(struct rule_reading *reading, const config_setting_t *group, const char *const *words,
                     size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const config_setting_t *member = reader_member(group, words[i]);
        if (member)
            reader_error(&reading->reader, member, "is not supported by this version");
    }
}

static bool check_name(struct rule_reading *reading, const config_setting_t *at, const char *kind,
                       const char *name, const struct names *known, bool incomplete)
{
    if (incomplete || names_have(known, name))
        return true;
    reader_unknown(&reading->reader, at, kind, name, known->items, known->n);
    return false;
}

static bool is_builtin_hop(const char *hop)
{
    static const char *const hops[] = {"department", "parent", "head", "hrbp", "manager"};
    for (size_t i = 0; i < sizeof hops / sizeof *hops; i++)
        if (strcmp(hops[i], hop) == 0)
            return true;
    return false;
}

/* A post that no department has is a misspelt word. */
static bool check_hops(struct rule_reading *reading, const config_setting_t *at, const struct path *path)
{
    struct load *load = reading->load;
    struct names known = {.n = 0};
    static const char *const hops[] = {"head", "hrbp", "manager", "parent", "department"};
    for (size_t i = 0; i < path->n_hops; i++) {
        if (is_builtin_hop(path->hops[i]) || load->directory_incomplete ||
            names_have(&load->posts, path->hops[i]))
            continue;
        for (size_t k = 0; k < sizeof hops / sizeof *hops; k++)
            names_add(&reading->reader, &known, hops[k]);
        for (size_t k = 0; k < load->posts.n; k++)
            names_add(&reading->reader, &known, load->posts.items[k]);
        reader_unknown(&reading->reader, at, "post", path->hops[i], known.items, known.n);
        return false;
    }
    return true;
}

static bool check_names(struct rule_reading *reading, const config_setting_t *at, const struct path *path)
{
    struct load *load = reading->load;
    if (!load)
        return true;
    if (path->start == PATH_ROLE)
        return check_name(reading, at, "role", path->name, &load->roles, load->directory_incomplete) &&
               check_hops(reading, at, path);
    if (path->start == PATH_GROUP)
        return check_name(reading, at, "channel", path->name, &load->channels, load->channels_incomplete);
    if (path->start == PATH_PERSON && !load->directory_incomplete &&
        !directory_person(load->config->directory, path->name)) {
        reader_error(&reading->reader, at, "unknown person `%s`", path->name);
        return false;
    }
    return check_hops(reading, at, path);
}

/* What a place cannot mean; NULL if it is fine. */
static const char *misplaced(const struct path *path, enum path_use use)
{
    bool is_step = use == PATH_FOR_STEP;
    if (path->start == PATH_GROUP && !is_step)
        return "a group is a channel, not a person";
    if (path->start == PATH_TOLD && !is_step)
        return "`told` stands in a ladder only";
    if (path_is_department(path) && use != PATH_FOR_DEPARTMENT)
        return "names a department; write \"head of ...\" for its head";
    if (use == PATH_FOR_OWNER && path->start == PATH_OWNER)
        return "the owner cannot be found through the owner";
    if (use == PATH_FOR_REQUESTER && path->start == PATH_REQUESTER)
        return "the requester cannot be found through the requester";
    return NULL;
}

bool path_read(struct rule_reading *reading, const config_setting_t *at, const char *text, enum path_use use,
               struct path *out)
{
    const char *why = NULL;
    int error = path_parse(reading->reader.arena, text, out, &why);
    if (error == -ENOMEM) {
        reader_no_memory(&reading->reader);
        return false;
    }
    if (!error)
        why = misplaced(out, use);
    if (why) {
        reader_refuse(&reading->reader, at, text, why);
        return false;
    }
    return check_names(reading, at, out);
}

bool paths_read(struct rule_reading *reading, const config_setting_t *setting, enum path_use use,
                const struct path **out, size_t *n)
{
    struct texts texts;
    if (!reader_texts(&reading->reader, setting, &texts))
        return false;
    if (texts.n > PATH_RESULT_MAX) {
        reader_error(&reading->reader, setting, "has more than %d elements", PATH_RESULT_MAX);
        return false;
    }
    struct path *paths = arena_alloc_array(reading->reader.arena, texts.n + 1, sizeof *paths);
    if (!paths) {
        reader_no_memory(&reading->reader);
        return false;
    }
    bool ok = true;
    for (size_t i = 0; i < texts.n; i++)
        ok = path_read(reading, setting, texts.items[i], use, &paths[i]) && ok;
    *out = paths;
    *n = ok ? texts.n : 0;
    return ok;
}

bool span_read(struct rule_reading *reading, const config_setting_t *setting, struct span *out)
{
    const char *text, *why = NULL;
    struct span span;
    if (config_setting_is_number(setting)) {
        reader_error(&reading->reader, setting, "is a number without a unit");
        reader_hint(&reading->reader, "write a span in quotes: \"3wd\", \"24h\"");
        return false;
    }
    if (!reader_text(&reading->reader, setting, &text))
        return false;
    if (span_parse(text, &span, &why) == 0) {
        bool numbered = span.unit == SPAN_MONTH_WORKING_DAY || span.unit == SPAN_QUARTER_WORKING_DAY;
        if (span.unit == SPAN_SHARE)
            why = "a share stands in a ladder only";
        else if (span.count < 0 && !numbered)
            why = "must lead forward";
    }
    if (why) {
        reader_refuse(&reading->reader, setting, text, why);
        return false;
    }
    *out = span;
    return true;
}
