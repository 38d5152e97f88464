/* Reads the rule's own full text again: whatever the language gains is shown without a word here. */
#include "config/rule_words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/rule_read.h"

struct telling {
    struct rule_reading *reading;
    const config_setting_t *group; /* the rule as it was written */
    const struct rule *rule;
    struct rule_word *words;
    size_t n;
};

/* ---- values ---- */

static void add_value(struct buffer *out, const config_setting_t *setting);

static void add_members(struct buffer *out, const config_setting_t *setting)
{
    buffer_add_char(out, '{');
    for (int i = 0; i < config_setting_length(setting); i++) {
        const config_setting_t *member = config_setting_get_elem(setting, (unsigned)i);
        buffer_printf(out, " %s = ", config_setting_name(member));
        add_value(out, member);
        buffer_add_char(out, ';');
    }
    buffer_add_text(out, " }");
}

static void add_elements(struct buffer *out, const config_setting_t *setting)
{
    bool array = config_setting_is_array(setting);
    buffer_add_text(out, array ? "[" : "(");
    for (int i = 0; i < config_setting_length(setting); i++) {
        buffer_add_text(out, i ? ", " : " ");
        add_value(out, config_setting_get_elem(setting, (unsigned)i));
    }
    buffer_add_text(out, array ? " ]" : " )");
}

static void add_value(struct buffer *out, const config_setting_t *setting)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_STRING:
        rule_text_quote(out, config_setting_get_string(setting));
        break;
    case CONFIG_TYPE_BOOL:
        buffer_add_text(out, config_setting_get_bool(setting) ? "true" : "false");
        break;
    case CONFIG_TYPE_INT:
        buffer_printf(out, "%d", config_setting_get_int(setting));
        break;
    case CONFIG_TYPE_GROUP:
        add_members(out, setting);
        break;
    default:
        add_elements(out, setting);
    }
}

/* "600000ms" is what a fingerprint wants; people write 10m. */
static void add_duration(struct buffer *out, int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{DAY_MS, "d"}, {HOUR_MS, "h"}, {MINUTE_MS, "m"}, {SECOND_MS, "s"}, {1, "ms"}};
    size_t i = 0;
    while (ms % units[i].ms != 0)
        i++;
    buffer_printf(out, "\"%" PRId64 "%s\"", ms / units[i].ms, units[i].unit);
}

static const char *value_of(struct telling *telling, const config_setting_t *setting)
{
    struct buffer value;
    buffer_init(&value);
    const char *name = config_setting_name(setting);
    const config_setting_t *span = config_setting_is_group(setting) ? reader_member(setting, "span") : NULL;
    if (name && strcmp(name, "early") == 0)
        add_duration(&value, telling->rule->early_ms);
    else
        add_value(&value, span && config_setting_length(setting) == 1 ? span : setting);
    const char *copy = copy_text(&telling->reading->reader, buffer_text(&value));
    buffer_finish(&value);
    return copy;
}

/* ---- sources ---- */

static void take_place(struct telling *telling, const config_setting_t *setting, struct rule_word *word)
{
    word->file = copy_text(&telling->reading->reader, reader_file(setting));
    word->line = reader_line(setting);
}

static void find_stop(struct telling *telling, const char *name, struct rule_word *word)
{
    const struct rule_reading *reading = telling->reading;
    for (size_t i = 0; i < reading->n_stops; i++) {
        if (strcmp(reading->stops[i].name, name) != 0)
            continue;
        word->source = SOURCE_STOP;
        word->name = reading->stops[i].name;
        take_place(telling, reading->stops[i].setting, word);
    }
}

static void find_ladder(struct telling *telling, const char *name, struct rule_word *word)
{
    const struct rule_reading *reading = telling->reading;
    for (size_t i = 0; i < reading->n_ladders; i++) {
        if (strcmp(reading->ladders[i].name, name) != 0)
            continue;
        word->source = SOURCE_LADDER;
        word->name = reading->ladders[i].name;
        take_place(telling, reading->ladders[i].setting, word);
    }
}

static void find_elsewhere(struct telling *telling, struct rule_word *word)
{
    const struct load *load = telling->reading->load;
    int line = strcmp(word->key, "calendar") == 0 ? load->calendar_line
               : strcmp(word->key, "gap") == 0    ? load->gap_line
                                                  : 0;
    word->source = line ? SOURCE_SETTINGS : SOURCE_BUILT_IN;
    if (line) {
        word->file = load->config->settings.file;
        word->line = line;
    }
}

static void find_source(struct telling *telling, struct rule_word *word)
{
    const config_setting_t *own = reader_member(telling->group, word->key);
    const config_setting_t *written = own ? own : reader_member(telling->reading->defaults, word->key);
    if (!written) {
        find_elsewhere(telling, word);
        return;
    }
    word->source = own ? SOURCE_RULE : SOURCE_DEFAULTS;
    take_place(telling, written, word);
    if (strcmp(word->key, "ladder") == 0 && config_setting_type(written) == CONFIG_TYPE_STRING)
        find_ladder(telling, config_setting_get_string(written), word);
}

/* ---- words ---- */

static struct rule_word *add_word(struct telling *telling, const char *key, const char *value)
{
    struct rule_word *word = &telling->words[telling->n < RULE_WORDS_MAX - 1 ? telling->n++ : telling->n];
    *word = (struct rule_word){.key = copy_text(&telling->reading->reader, key), .value = value};
    find_source(telling, word);
    return word;
}

static bool is_list_of_groups(const config_setting_t *setting)
{
    return config_setting_is_list(setting) && config_setting_length(setting) > 0 &&
           config_setting_is_group(config_setting_get_elem(setting, 0));
}

static void add_each(struct telling *telling, const config_setting_t *list)
{
    const char *key = config_setting_name(list);
    for (int i = 0; i < config_setting_length(list); i++) {
        const config_setting_t *element = config_setting_get_elem(list, (unsigned)i);
        const config_setting_t *stop = reader_member(element, "stop");
        struct rule_word *word = add_word(telling, key, value_of(telling, element));
        if (stop)
            find_stop(telling, config_setting_get_string(stop), word);
        else if (strcmp(key, "ladder") == 0 && (size_t)i < rule_written(telling->rule))
            word->line = telling->rule->steps[i].line;
    }
}

/* What the rule leaves to the settings. */
static void add_gap(struct telling *telling)
{
    char text[SPAN_TEXT_MAX];
    struct buffer value;
    const struct span *gap = &telling->reading->load->policy.gap;
    if (!span_is_none(&telling->rule->gap))
        return;
    buffer_init(&value);
    rule_text_quote(&value, gap->count > 0 ? span_format(gap, text) : "none");
    add_word(telling, "gap", copy_text(&telling->reading->reader, buffer_text(&value)));
    buffer_finish(&value);
}

static void tell(struct telling *telling, const config_setting_t *whole)
{
    for (int i = 0; i < config_setting_length(whole); i++) {
        const config_setting_t *member = config_setting_get_elem(whole, (unsigned)i);
        if (is_list_of_groups(member))
            add_each(telling, member);
        else
            add_word(telling, config_setting_name(member), value_of(telling, member));
    }
    add_gap(telling);
}

void rule_words_find(struct rule_reading *reading, const config_setting_t *group, const struct rule *rule,
                     struct rule_words *out)
{
    struct telling telling = {.reading = reading, .group = group, .rule = rule};
    char *text = strdup(rule->text);
    struct document *document = text ? document_parse(&reading->reader, "", text, strlen(text)) : NULL;
    telling.words = arena_alloc_array(reading->reader.arena, RULE_WORDS_MAX, sizeof *telling.words);
    if (document && telling.words)
        tell(&telling, config_setting_get_elem(document_root(document), 0));
    else
        reader_no_memory(&reading->reader);
    document_destroy(document);
    free(text);
    out->items = telling.words;
    out->n = telling.n;
}
