#include <string.h>

#include "cli/complete.h"

/* The shells complete files by themselves: this line asks for it. */
static const char files[] = ":files";

static const struct config *config_of(struct completion *completion)
{
    struct problems problems;

    if (completion->tried)
        return completion->config;
    completion->tried = true;
    problems_init(&problems);
    (void)config_load(completion->cli->settings, &problems, &completion->config);
    problems_finish(&problems);
    return completion->config;
}

static void offer_rules(struct completion *completion, const struct config *config, const char *prefix)
{
    const struct rule *rules;
    size_t n = ruleset_rules(config->rules, &rules);

    for (size_t i = 0; i < n; i++)
        completion_offer(completion, prefix, rules[i].name, rules[i].summary);
}

static void offer_types(struct completion *completion, const struct config *config, const char *prefix)
{
    for (size_t i = 0; i < config->catalogue.n; i++)
        completion_offer(completion, prefix, config->catalogue.events[i].type,
                         config->catalogue.events[i].summary);
}

static void offer_people(struct completion *completion, const struct config *config, const char *prefix)
{
    const struct person *people;
    size_t n = directory_people(config->directory, &people);

    for (size_t i = 0; i < n; i++)
        completion_offer(completion, prefix, people[i].id, people[i].name);
}

static void offer_departments(struct completion *completion, const struct config *config, const char *prefix)
{
    const struct department *departments;
    size_t n = directory_departments(config->directory, &departments);

    for (size_t i = 0; i < n; i++)
        completion_offer(completion, prefix, departments[i].id, departments[i].name);
}

static void offer_channels(struct completion *completion, const struct config *config, const char *prefix)
{
    for (size_t i = 0; i < config->settings.n_channels; i++)
        completion_offer(completion, prefix, config->settings.channels[i].name,
                         config->settings.channels[i].plugin);
}

static void offer_calendars(struct completion *completion, const struct config *config, const char *prefix)
{
    for (size_t i = 0; i < config->n_calendars; i++)
        completion_offer(completion, prefix, calendar_name(config->calendars[i]), NULL);
}

static void offer_streams(struct completion *completion, const struct config *config, const char *prefix)
{
    for (size_t i = 0; i < config->settings.streams.n; i++)
        completion_offer(completion, prefix, config->settings.streams.items[i], NULL);
}

static void offer_states(struct completion *completion, const struct config *config, const char *prefix)
{
    static const char *const states[] = {"sleeping", "open", "overdue", "paused"};

    (void)config;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        completion_offer(completion, prefix, states[i], NULL);
}

void completion_offer_names(struct completion *completion, const char *prefix, struct usage_word kind)
{
    static const struct {
        const char *kind;
        void (*offer)(struct completion *completion, const struct config *config, const char *prefix);
    } kinds[] = {
        {"RULE", offer_rules},         {"TYPE", offer_types},       {"EVENT", offer_types},
        {"PERSON", offer_people},      {"CHANNEL", offer_channels}, {"DEPARTMENT", offer_departments},
        {"CALENDAR", offer_calendars}, {"STREAM", offer_streams},   {"STATE", offer_states},
    };

    if (strncmp(kind.text, "FILE", 4) == 0 || strncmp(kind.text, "DIR", 3) == 0) {
        cli_print("%s\n", files);
        return;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (usage_word_is(&kind, kinds[i].kind) && config_of(completion) != NULL)
            kinds[i].offer(completion, completion->config, prefix);
    }
}

void completion_offer_fields(struct completion *completion)
{
    const struct config *config = completion->subject == NULL ? NULL : config_of(completion);
    const struct catalogue_event *event;
    const struct rule *rule;
    char name[128];

    if (config == NULL)
        return;
    event = catalogue_find(&config->catalogue, completion->subject);
    for (size_t i = 0; event != NULL && i < event->n_fields; i++) {
        snprintf(name, sizeof(name), "%s=", event->fields[i].name);
        completion_offer(completion, "", name, field_kind_name(event->fields[i].kind));
    }
    rule = ruleset_find(config->rules, completion->subject);
    for (size_t i = 0; rule != NULL && i < rule->key.n; i++) {
        snprintf(name, sizeof(name), "%s=", rule->key.fields[i].name);
        completion_offer(completion, "", name, NULL);
    }
}
