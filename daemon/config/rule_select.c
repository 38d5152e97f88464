/* Events in rules: what opens, and what meets, cancels, pauses, resumes or changes. */
#include "config/rule_read.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SELECTORS_MAX = 64, CONDITIONS_MAX = 32 };

static const char *const open_keys[] = {"on",    "where", "from",     "every", "for_each", "among",
                                        "until", "after", "catch_up", "count", "over",     "reaches"};
static const char *const open_unserved[] = {"count", "over", "reaches"};
static const char *const selector_keys[] = {"on", "where", "key", "owner", "series", "due", "all"};
static const char *const selector_text_keys[] = {"on",     "where", "key", "owner",
                                                 "series", "due",   "all", "stop"};

bool types_read(struct rule_reading *reading, const config_setting_t *setting, struct texts *out)
{
    struct load *load = reading->load;
    if (!reader_texts(&reading->reader, setting, out))
        return false;
    if (out->n == 0) {
        reader_error(&reading->reader, setting, "names no event");
        return false;
    }
    bool ok = true;
    for (size_t i = 0; load && load->events_known.n && !load->catalogue_incomplete && i < out->n; i++) {
        if (catalogue_find(&load->config->catalogue, out->items[i]))
            continue;
        reader_unknown(&reading->reader, setting, "event", out->items[i], load->events_known.items,
                       load->events_known.n);
        ok = false;
    }
    return ok;
}

bool conditions_read(struct rule_reading *reading, const config_setting_t *group, const char *name,
                     struct conditions *out)
{
    const config_setting_t *where = reader_member(group, name);
    struct texts texts;
    if (!where)
        return true;
    if (!reader_texts(&reading->reader, where, &texts))
        return false;
    if (texts.n > CONDITIONS_MAX) {
        reader_error(&reading->reader, where, "has more than %d conditions", CONDITIONS_MAX);
        return false;
    }
    struct condition *items = arena_alloc_array(reading->reader.arena, texts.n + 1, sizeof *items);
    bool ok = items != NULL;
    if (!items)
        reader_no_memory(&reading->reader);
    for (size_t i = 0; items && i < texts.n; i++) {
        const char *why = NULL;
        int error = condition_parse(reading->reader.arena, texts.items[i], &items[i], &why);
        ok = ok && !error;
        if (error == -ENOMEM)
            reader_no_memory(&reading->reader);
        else if (error)
            reader_refuse(&reading->reader, where, texts.items[i], why);
    }
    *out = (struct conditions){items, ok ? texts.n : 0};
    return ok;
}

static bool is_field(const char *text)
{
    if (!isalpha((unsigned char)*text) && *text != '_')
        return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr("_-.", *text))
            return false;
    return true;
}

/* "interview", or "interviewer = submitted_by". */
static bool read_key_field(struct rule_reading *reading, const config_setting_t *at, const char *text,
                           bool may_rename, struct key_field *out)
{
    const char *equals = strchr(text, '=');
    size_t n = equals ? (size_t)(equals - text) : strlen(text);
    while (n && text[n - 1] == ' ')
        n--;
    const char *from = equals ? equals + 1 + strspn(equals + 1, " ") : NULL;
    out->name = arena_strndup(reading->reader.arena, text, n);
    if (!out->name) {
        reader_no_memory(&reading->reader);
        return false;
    }
    out->event_field = from ? from : out->name;
    if (equals && !may_rename) {
        reader_error(&reading->reader, at,
                     "\"%s\": the opening key names fields as the opening event calls them", text);
        reader_hint(&reading->reader, "rename in the `key` of `meet` or another selector");
        return false;
    }
    if (is_field(out->name) && is_field(out->event_field))
        return true;
    reader_error(&reading->reader, at, "\"%s\" names no field", text);
    reader_hint(&reading->reader, "write \"interview\" or \"interviewer = submitted_by\"");
    return false;
}

static bool key_read(struct rule_reading *reading, const config_setting_t *setting, bool may_rename,
                     struct key *out)
{
    struct texts texts;
    if (!reader_texts(&reading->reader, setting, &texts))
        return false;
    if (texts.n == 0 || texts.n > RULE_KEYS_MAX) {
        reader_error(&reading->reader, setting,
                     texts.n ? "has more than %d fields" : "names no field (at most %d)", RULE_KEYS_MAX);
        return false;
    }
    struct key_field *fields = arena_alloc_array(reading->reader.arena, texts.n, sizeof *fields);
    if (!fields) {
        reader_no_memory(&reading->reader);
        return false;
    }
    bool ok = true;
    for (size_t i = 0; i < texts.n; i++) {
        ok = read_key_field(reading, setting, texts.items[i], may_rename, &fields[i]) && ok;
        for (size_t k = 0; ok && k < i; k++) {
            if (strcmp(fields[k].name, fields[i].name) != 0)
                continue;
            reader_error(&reading->reader, setting, "the field `%s` stands here twice", fields[i].name);
            ok = false;
        }
    }
    if (ok)
        *out = (struct key){.fields = fields, .n = texts.n};
    return ok;
}

static int by_key_name(const void *a, const void *b)
{
    return strcmp(((const struct key_field *)a)->name, ((const struct key_field *)b)->name);
}

static bool is_form(const struct form *form, const struct key_field *sorted, size_t n)
{
    if (form->n != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (strcmp(form->names[i], sorted[i].name) != 0)
            return false;
    return true;
}

/* Which of the rule's sets of names the key is; a new one is added. -1: there are too many. */
static int find_form(struct rule *rule, const struct key *key)
{
    struct key_field sorted[RULE_KEYS_MAX];
    for (size_t i = 0; i < key->n; i++)
        sorted[i] = key->fields[i];
    qsort(sorted, key->n, sizeof *sorted, by_key_name);
    for (size_t i = 0; i < rule->n_forms; i++)
        if (is_form(&rule->forms[i], sorted, key->n))
            return (int)i;
    if (rule->n_forms == RULE_FORMS_MAX)
        return -1;
    struct form *form = &rule->forms[rule->n_forms];
    form->n = key->n;
    for (size_t i = 0; i < key->n; i++)
        form->names[i] = sorted[i].name;
    return (int)rule->n_forms++;
}

/* The period is part of the identity by itself; whoever writes it into the key means the same. */
static void drop_period(const struct rule *rule, struct key *key)
{
    struct key_field *fields = (struct key_field *)key->fields; /* just read, nobody else's yet */
    size_t n = 0;
    for (size_t i = 0; rule_recurs(rule) && i < key->n; i++)
        if (strcmp(fields[i].name, "period") != 0)
            fields[n++] = fields[i];
    key->n = rule_recurs(rule) ? n : key->n;
}

/* A rule that opens by the clock alone has nothing else to name: its key need not be said. */
static bool read_opening_key(struct rule_reading *reading, const config_setting_t *group, bool by_clock,
                             struct rule *rule)
{
    static const struct key_field department = {"department", "department"}, person = {"person", "person"};
    const config_setting_t *key = reader_member(group, "key");
    if (!key && !by_clock) {
        reader_error(&reading->reader, group, "has no `key`");
        return false;
    }
    if (key && !key_read(reading, key, false, &rule->key))
        return false;
    if (!key && rule->for_each == FOR_EACH_DEPARTMENT)
        rule->key = (struct key){.fields = &department, .n = 1};
    if (!key && rule->for_each == FOR_EACH_PERSON)
        rule->key = (struct key){.fields = &person, .n = 1};
    if (key)
        drop_period(rule, &rule->key);
    rule->key.form = find_form(rule, &rule->key);
    return true;
}

/* The rule itself is looked up when all have been read. */
static bool read_after(struct rule_reading *reading, const config_setting_t *open, struct rule *rule)
{
    static const char *const others[] = {"on", "every"};
    const config_setting_t *after = reader_member(open, "after");
    bool ok = !after || reader_text(&reading->reader, after, &rule->after);
    for (size_t i = 0; after && i < sizeof others / sizeof *others; i++) {
        if (!reader_member(open, others[i]))
            continue;
        reader_error(&reading->reader, after, "cannot stand beside `%s`", others[i]);
        reader_hint(&reading->reader, "write two rules, or leave one of them out");
        ok = false;
    }
    return ok;
}

bool open_read(struct rule_reading *reading, const config_setting_t *group, struct rule *rule)
{
    struct reader *reader = &reading->reader;
    const config_setting_t *open = reader_member(group, "open");
    if (!open)
        reader_error(reader, group, "has no `open`");
    if (!open || !reader_is_group(reader, open)) {
        (void)read_opening_key(reading, group, false, rule);
        return false;
    }
    reader_check_keys(reader, open, open_keys, sizeof open_keys / sizeof *open_keys);
    refuse_unserved(reading, open, open_unserved, sizeof open_unserved / sizeof *open_unserved);
    const config_setting_t *on = reader_member(open, "on"), *from = reader_member(open, "from");
    bool ok = true;
    if (on)
        ok = types_read(reading, on, &rule->open_on);
    else if (!reader_member(open, "every") && !reader_member(open, "after") &&
             !reader_member(open, "count")) {
        reader_error(reader, open, "has neither `on`, `every` nor `after`");
        reader_hint(reader, "write on = \"noun.verb\" for an event, every = \"wdom:1@09:00\" for the clock, "
                            "after = \"RULE\" for what follows a rule");
        ok = false;
    }
    ok = read_after(reading, open, rule) && ok;
    ok = conditions_read(reading, open, "where", &rule->open_where) && ok;
    if (from && span_read(reading, from, &rule->open_from) && rule->open_from.unit != SPAN_AT_FIELD) {
        reader_error(reader, from, "must be counted from a field of the event");
        reader_hint(reader, "write \"at:FIELD - 2mo\"");
        ok = false;
    }
    ok = recur_read(reading, group, open, rule) && ok;
    return read_opening_key(reading, group, !on && reader_member(open, "every"), rule) && ok;
}

/* `on`: any of these events; `all`: every one of them. */
static bool read_types(struct rule_reading *reading, const config_setting_t *group, struct selector *out)
{
    struct reader *reader = &reading->reader;
    const config_setting_t *on = reader_member(group, "on"), *all = reader_member(group, "all");
    bool ok = true;
    if (on && all) {
        reader_error(reader, all, "stands beside `on`: it takes its place");
        reader_hint(reader, "leave one of the two out");
        return false;
    }
    if (!on && !all) {
        reader_error(reader, group, "has no `on`");
        return false;
    }
    out->all = all != NULL;
    if (!types_read(reading, on ? on : all, &out->on))
        return false;
    if (all && (out->on.n < 2 || out->on.n > RULE_ALL_MAX)) {
        reader_error(reader, all, "must name between 2 and %d events", RULE_ALL_MAX);
        return false;
    }
    for (size_t i = 0; all && i < out->on.n; i++)
        for (size_t k = 0; ok && k < i; k++)
            if (strcmp(out->on.items[i], out->on.items[k]) == 0) {
                reader_error(reader, all, "\"%s\" stands here twice", out->on.items[i]);
                ok = false;
            }
    return ok;
}

bool selector_read(struct rule_reading *reading, const config_setting_t *group, struct selector *out)
{
    struct reader *reader = &reading->reader;
    if (!reader_is_group(reader, group))
        return false;
    if (reading->load)
        reader_check_keys(reader, group, selector_keys, sizeof selector_keys / sizeof *selector_keys);
    else
        reader_check_keys(reader, group, selector_text_keys,
                          sizeof selector_text_keys / sizeof *selector_text_keys);
    const config_setting_t *key = reader_member(group, "key");
    const config_setting_t *owner = reader_member(group, "owner"), *series = reader_member(group, "series");
    const config_setting_t *due = reader_member(group, "due");
    out->line = reader_line(group);
    bool ok = read_types(reading, group, out);
    ok = conditions_read(reading, group, "where", &out->where) && ok;
    if (key)
        ok = key_read(reading, key, true, &out->key) && ok;
    if (series && reader_text(reader, series, &out->series_field) && !is_field(out->series_field)) {
        reader_error(reader, series,
                     "\"%s\" names no field: here stands the event's field that says which one",
                     out->series_field);
        ok = false;
    }
    if (owner && reader_text(reader, owner, &out->owner_field) && !is_field(out->owner_field)) {
        reader_error(reader, owner,
                     "\"%s\" names no field: here stands the event's field that says who acted",
                     out->owner_field);
        ok = false;
    }
    if (due)
        ok = span_read(reading, due, &out->due) && ok;
    reader_get_text(reader, group, "stop", &out->stop);
    return ok;
}

static bool find_stop(struct rule_reading *reading, const config_setting_t *at, struct selector *out)
{
    const char *name;
    struct names known = {.n = 0};
    if (!reader_text(&reading->reader, at, &name))
        return false;
    for (size_t i = 0; i < reading->n_stops; i++) {
        if (strcmp(reading->stops[i].name, name) != 0)
            continue;
        *out = reading->stops[i].selector;
        return out->on.n > 0;
    }
    for (size_t i = 0; i < reading->n_stops; i++)
        names_add(&reading->reader, &known, reading->stops[i].name);
    if (!reading->incomplete)
        reader_unknown(&reading->reader, at, "stop", name, known.items, known.n);
    return false;
}

/* Sorted like the form it belongs to; without fields of its own it is the opening key. */
static bool settle_key(struct rule_reading *reading, const config_setting_t *at, struct rule *rule,
                       struct key *key)
{
    struct key own = *key;
    const struct key *from = own.n ? &own : &rule->key;
    if (from->n == 0 && !rule_recurs(rule))
        return false; /* the opening key was wrong and has been reported */
    struct key_field *fields = arena_alloc_array(reading->reader.arena, from->n + 1, sizeof *fields);
    if (!fields) {
        reader_no_memory(&reading->reader);
        return false;
    }
    for (size_t i = 0; i < from->n; i++)
        fields[i] = from->fields[i];
    qsort(fields, from->n, sizeof *fields, by_key_name);
    *key = (struct key){fields, from->n, 0};
    drop_period(rule, key);
    key->form = find_form(rule, key);
    if (key->form >= 0)
        return true;
    reader_error(&reading->reader, at, "the rule uses more than %d different keys", RULE_FORMS_MAX);
    return false;
}

static void add_selector(struct rule_reading *reading, const config_setting_t *at, struct rule *rule,
                         struct selector *items, size_t *n)
{
    struct selector selector = {.line = 0};
    bool ok = config_setting_type(at) == CONFIG_TYPE_STRING ? find_stop(reading, at, &selector)
                                                            : selector_read(reading, at, &selector);
    if (ok && settle_key(reading, at, rule, &selector.key))
        items[(*n)++] = selector;
}

void selectors_read(struct rule_reading *reading, const config_setting_t *group, const char *name,
                    struct rule *rule, struct selectors *out)
{
    const config_setting_t *setting = rule_member(reading, group, name);
    if (!setting)
        return;
    bool is_list = config_setting_is_list(setting) || config_setting_is_array(setting);
    int length = is_list ? config_setting_length(setting) : 1;
    if (!is_list && !config_setting_is_group(setting) && config_setting_type(setting) != CONFIG_TYPE_STRING) {
        reader_error(&reading->reader, setting, "must be a group, a list of groups, or names of `stops`");
        return;
    }
    if (length > SELECTORS_MAX) {
        reader_error(&reading->reader, setting, "has more than %d elements", SELECTORS_MAX);
        return;
    }
    struct selector *items = arena_alloc_array(reading->reader.arena, (size_t)length + 1, sizeof *items);
    size_t n = 0;
    if (!items) {
        reader_no_memory(&reading->reader);
        return;
    }
    for (int i = 0; i < length; i++)
        add_selector(reading, is_list ? config_setting_get_elem(setting, (unsigned)i) : setting, rule, items,
                     &n);
    *out = (struct selectors){items, n};
}

/* ---- what stands in the wrong selector ---- */

static const config_setting_t *member_or(const config_setting_t *group, const char *name)
{
    const config_setting_t *member = reader_member(group, name);
    return member ? member : group;
}

static void check_series(struct rule_reading *reading, const config_setting_t *group, const char *name,
                         const struct selectors *selectors, const struct rule *rule)
{
    bool serves = strcmp(name, "meet") == 0 || strcmp(name, "reopen") == 0;
    for (size_t i = 0; i < selectors->n; i++) {
        if (!selectors->items[i].series_field)
            continue;
        if (!serves)
            reader_error(&reading->reader, member_or(group, name),
                         "`series` stands in `meet` and `reopen` only");
        else if (!rule->is_series && rule->n_dues > 0)
            reader_error(&reading->reader, member_or(group, name),
                         "`series` says which of a series is meant, but the rule has no `series`");
    }
}

/* What is closed is remembered by the rule's own key. */
static void check_reopen(struct rule_reading *reading, const config_setting_t *group, const struct rule *rule)
{
    for (size_t i = 0; i < rule->reopens.n; i++) {
        if (rule->reopens.items[i].key.form == rule->key.form)
            continue;
        reader_error(&reading->reader, member_or(group, "reopen"),
                     "a closed deadline is found by the rule's own `key` only");
        reader_hint(&reading->reader, "leave `key` out, or rename: \"interview = interview_no\"");
    }
}

void selectors_check(struct rule_reading *reading, const config_setting_t *group, const struct rule *rule)
{
    static const char *const names[] = {"meet", "cancel", "pause", "resume", "change", "reopen"};
    const struct selectors *all[] = {&rule->meets,   &rule->cancels, &rule->pauses,
                                     &rule->resumes, &rule->changes, &rule->reopens};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        check_series(reading, group, names[i], all[i], rule);
        for (size_t k = 0; all[i] != &rule->reopens && k < all[i]->n; k++)
            if (!span_is_none(&all[i]->items[k].due))
                reader_error(&reading->reader, member_or(group, names[i]), "`due` stands in `reopen` only");
        for (size_t k = 0; all[i] != &rule->meets && k < all[i]->n; k++)
            if (all[i]->items[k].all)
                reader_error(&reading->reader, member_or(group, names[i]), "`all` stands in `meet` only");
    }
    for (size_t i = 0; i < rule->meets.n; i++)
        if (rule->meets.items[i].all && &rule->meets.items[i] != rule_all(rule))
            reader_error(&reading->reader, member_or(group, "meet"), "one `all` is enough for a rule");
    check_reopen(reading, group, rule);
}
