#include "config/rules.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/rule_read.h"
#include "config/rule_words.h"
#include "core/calendar.h"

static const char *const reserved[] = {"defaults", "ladders", "stops", "digests", "events"};

static bool is_reserved(const char *name)
{
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strcmp(reserved[i], name) == 0)
            return true;
    return false;
}

bool config_is_rule_name(const char *name)
{
    if (!isalpha((unsigned char)*name) || strlen(name) > RULE_NAME_BYTES_MAX || is_reserved(name))
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && *name != '_' && *name != '-')
            return false;
    return true;
}

/* Calls `member` for each member of the groups of that name, in all files. */
static void each_member(struct rule_reading *reading, const struct documents *documents, const char *name,
                        void (*member)(struct rule_reading *reading, const config_setting_t *setting))
{
    for (size_t i = 0; i < documents->n; i++) {
        const config_setting_t *group = reader_member(document_root(documents->items[i]), name);
        if (!group || !reader_is_group(&reading->reader, group))
            continue;
        for (int k = 0; k < config_setting_length(group); k++)
            member(reading, config_setting_get_elem(group, (unsigned)k));
    }
}

static void add_ladder(struct rule_reading *reading, const config_setting_t *setting)
{
    struct named_ladder ladder = {.name = copy_text(&reading->reader, config_setting_name(setting)),
                                  .setting = setting};
    for (size_t i = 0; i < reading->n_ladders; i++) {
        if (strcmp(reading->ladders[i].name, ladder.name) != 0)
            continue;
        load_duplicate(reading->load, setting, reading->ladders[i].setting);
        return;
    }
    ladder_read(reading, setting, &ladder.steps, &ladder.n);
    reading->ladders[reading->n_ladders++] = ladder;
}

static void add_stop(struct rule_reading *reading, const config_setting_t *setting)
{
    struct named_stop stop = {.name = copy_text(&reading->reader, config_setting_name(setting)),
                              .setting = setting};
    for (size_t i = 0; i < reading->n_stops; i++) {
        if (strcmp(reading->stops[i].name, stop.name) != 0)
            continue;
        load_duplicate(reading->load, setting, reading->stops[i].setting);
        return;
    }
    size_t errors = problems_met(reading->reader.problems);
    if (!selector_read(reading, setting, &stop.selector) || problems_met(reading->reader.problems) > errors)
        stop.selector.on.n = 0;
    stop.selector.stop = stop.name;
    reading->stops[reading->n_stops++] = stop;
}

static size_t count_members(const struct documents *documents, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < documents->n; i++) {
        const config_setting_t *root = document_root(documents->items[i]);
        const config_setting_t *group = name ? reader_member(root, name) : root;
        if (group && config_setting_is_group(group))
            n += (size_t)config_setting_length(group);
    }
    return n;
}

/* `defaults` stands once over all files. */
static void find_defaults(struct rule_reading *reading, const struct documents *documents)
{
    for (size_t i = 0; i < documents->n; i++) {
        const config_setting_t *defaults = reader_member(document_root(documents->items[i]), "defaults");
        if (defaults && reading->defaults)
            load_duplicate(reading->load, defaults, reading->defaults);
        else if (defaults)
            reading->defaults = defaults;
    }
    rule_check_defaults(reading);
    if (reading->defaults && !config_setting_is_group(reading->defaults))
        reading->defaults = NULL;
}

/* What the settings do not say, `defaults` may. */
static void find_calendar(struct rule_reading *reading)
{
    struct load *load = reading->load;
    const config_setting_t *calendar = reader_member(reading->defaults, "calendar");
    const char *name = calendar ? config_setting_get_string(calendar) : NULL;
    if (!load->policy.calendar && name)
        load->policy.calendar = config_calendar(load->config, name);
    reading->calendar = load->policy.calendar;
}

static void refuse_digests(struct rule_reading *reading, const struct documents *documents)
{
    for (size_t i = 0; i < documents->n; i++) {
        const config_setting_t *digests = reader_member(document_root(documents->items[i]), "digests");
        if (digests)
            reader_error(&reading->reader, digests, "is not supported by this version");
    }
}

struct rule_list {
    struct rule *rules;
    const config_setting_t **groups; /* of the rules that could be used */
    const config_setting_t **all;    /* of every rule, for duplicates */
    size_t n, n_all;
};

static void add_rule(struct rule_reading *reading, struct rule_list *list, const config_setting_t *group)
{
    for (size_t i = 0; i < list->n_all; i++) {
        if (strcmp(config_setting_name(list->all[i]), config_setting_name(group)) != 0)
            continue;
        load_duplicate(reading->load, group, list->all[i]);
        return;
    }
    list->all[list->n_all++] = group;
    if (list->n_all > RULES_MAX) {
        reader_error(&reading->reader, group, "more than %d rules", RULES_MAX);
        return;
    }
    if (!rule_read(reading, group, &list->rules[list->n]))
        return;
    const struct config_choice *choice = reading->load->choice;
    if (choice && choice->words && strcmp(choice->words->rule, list->rules[list->n].name) == 0)
        rule_words_find(reading, group, &list->rules[list->n], choice->words);
    list->groups[list->n++] = group;
}

static void read_rules(struct rule_reading *reading, const struct documents *documents,
                       struct rule_list *list)
{
    find_defaults(reading, documents);
    find_calendar(reading);
    refuse_digests(reading, documents);
    each_member(reading, documents, "ladders", add_ladder);
    each_member(reading, documents, "stops", add_stop);
    for (size_t i = 0; i < documents->n; i++) {
        const config_setting_t *root = document_root(documents->items[i]);
        for (int k = 0; k < config_setting_length(root) && list->n_all <= RULES_MAX; k++) {
            const config_setting_t *member = config_setting_get_elem(root, (unsigned)k);
            if (!is_reserved(config_setting_name(member)))
                add_rule(reading, list, member);
        }
    }
    reading->rules = list->rules;
    reading->n_rules = list->n;
    reading->written = list->all;
    reading->n_written = list->n_all;
    rules_check_all(reading, list->groups);
    if (list->n_all == 0 && !documents->incomplete)
        problem_warning(reading->reader.problems, reading->load->rules.path, 0, "there are no rules");
}

void rules_load(struct load *load, const struct documents *documents)
{
    struct rule_reading reading = {
        .reader = {.arena = arena_create(), .problems = load->reader.problems},
        .load = load,
        .config = load->config,
        .incomplete = documents->incomplete,
    };
    struct rule_list list = {.n = 0};
    size_t n = count_members(documents, NULL);
    if (reading.reader.arena) {
        reading.ladders = arena_alloc_array(reading.reader.arena, count_members(documents, "ladders") + 1,
                                            sizeof *reading.ladders);
        reading.stops = arena_alloc_array(reading.reader.arena, count_members(documents, "stops") + 1,
                                          sizeof *reading.stops);
        list.rules = arena_alloc_array(reading.reader.arena, n + 1, sizeof *list.rules);
    }
    list.groups = calloc(n + 1, sizeof(void *));
    list.all = calloc(n + 1, sizeof(void *));
    if (reading.ladders && reading.stops && list.rules && list.groups && list.all)
        read_rules(&reading, documents, &list);
    else
        reader_no_memory(&reading.reader);
    free(list.groups);
    free(list.all);
    if (!reading.reader.failed &&
        ruleset_create(reading.reader.arena, list.rules, list.n, &load->policy, &load->config->rules) == 0)
        return;
    if (reading.reader.failed)
        arena_destroy(reading.reader.arena);
    reader_no_memory(&load->reader);
}

/* ---- the text of one rule ---- */

static int parse_text(struct rule_reading *reading, const char *text, struct rule *out)
{
    char *copy = strdup(text);
    struct document *document = copy ? document_parse(&reading->reader, "", copy, strlen(copy)) : NULL;
    free(copy);
    if (!document)
        return -ENOMEM;
    const config_setting_t *root = document_root(document);
    bool ok = document->readable && config_setting_length(root) == 1 &&
              rule_read(reading, config_setting_get_elem(root, 0), out);
    document_destroy(document);
    return ok ? 0 : reading->reader.failed ? -ENOMEM : -EINVAL;
}

int config_parse_rule(const struct config *config, struct arena *arena, const char *text,
                      const struct rule **out)
{
    struct problems problems;
    problems_init(&problems);
    struct rule_reading reading = {
        .reader = {.arena = arena, .problems = &problems},
        .config = config,
        .calendar = ruleset_policy(config->rules)->calendar,
    };
    struct rule *rule = arena_alloc(arena, sizeof *rule);
    int error = rule ? parse_text(&reading, text, rule) : -ENOMEM;
    problems_finish(&problems);
    if (!error)
        *out = rule;
    return error;
}
