#include "config/channels.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { CONCURRENCY_DEFAULT = 4, CONCURRENCY_MAX = 64 };

static const char *const own_keys[] = {"plugin", "fallback", "rate", "concurrency", "uncertain", "quiet"};

static bool is_own(const char *name)
{
    for (size_t i = 0; i < sizeof own_keys / sizeof *own_keys; i++)
        if (strcmp(own_keys[i], name) == 0)
            return true;
    return false;
}

/* "18/min", "4/s", "400/day"; what it means is the host's. */
static bool is_rate(const char *text)
{
    static const char *const units[] = {"s", "sec", "min", "m", "h", "hour", "day", "d"};
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 7 || text[digits] != '/' || strspn(text, "0") == digits)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(text + digits + 1, units[i]) == 0)
            return true;
    return false;
}

static void read_options(struct load *load, const config_setting_t *group, struct fields *out)
{
    struct reader *reader = &load->reader;
    size_t length = (size_t)config_setting_length(group), n = 0;
    struct field *items = arena_alloc_array(reader->arena, length + 1, sizeof *items);
    if (!items) {
        reader_no_memory(reader);
        return;
    }
    for (size_t i = 0; i < length; i++) {
        const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
        if (is_own(config_setting_name(member)) || !reader_option(reader, member, &items[n].value))
            continue;
        items[n].name = arena_strdup(reader->arena, config_setting_name(member));
        if (items[n].name)
            n++;
        else
            reader_no_memory(reader);
    }
    *out = (struct fields){items, n};
}

static void read_channel(struct load *load, const config_setting_t *group, struct channel_setting *out)
{
    static const char *const policies[] = {
        [UNCERTAIN_RESEND] = "resend", [UNCERTAIN_HOLD] = "hold", [UNCERTAIN_FALLBACK] = "fallback"};
    struct reader *reader = &load->reader;
    const config_setting_t *uncertain = reader_member(group, "uncertain"),
                           *rate = reader_member(group, "rate");
    size_t concurrency = CONCURRENCY_DEFAULT;
    int policy = UNCERTAIN_RESEND;
    out->file = load->config->settings.file;
    out->line = reader_line(group);
    reader_get_text(reader, group, "plugin", &out->plugin);
    if (!reader_member(group, "plugin")) {
        reader_error(reader, group, "has no plugin");
        reader_hint(reader, "write plugin = \"email\" (or wecom, dingtalk, log)");
    }
    reader_get_text(reader, group, "fallback", &out->fallback);
    if (rate && reader_text(reader, rate, &out->rate) && !is_rate(out->rate)) {
        reader_error(reader, rate, "\"%s\" is no rate", out->rate);
        reader_hint(reader, "write \"18/min\", \"4/s\" or \"400/day\"");
    }
    reader_get_count(reader, group, "concurrency", CONCURRENCY_MAX, &concurrency);
    if (uncertain)
        reader_choice(reader, uncertain, policies, sizeof policies / sizeof *policies, &policy);
    reader_get_quiet(reader, group, &out->quiet);
    out->concurrency = (int32_t)concurrency;
    out->uncertain = (enum uncertain_policy)policy;
    if (out->uncertain == UNCERTAIN_FALLBACK && !reader_member(group, "fallback"))
        reader_error(reader, uncertain, "\"fallback\" needs a `fallback` channel");
    read_options(load, group, &out->options);
}

static const struct channel_setting *find(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->n_channels; i++)
        if (strcmp(settings->channels[i].name, name) == 0)
            return &settings->channels[i];
    return NULL;
}

/* A message that falls back must come to an end. */
static void check_fallback(struct load *load, const config_setting_t *group,
                           const struct channel_setting *channel)
{
    const struct settings *settings = &load->config->settings;
    const config_setting_t *at = reader_member(reader_member(group, channel->name), "fallback");
    if (!channel->fallback)
        return;
    if (!find(settings, channel->fallback)) {
        reader_unknown(&load->reader, at, "channel", channel->fallback, load->channels.items,
                       load->channels.n);
        return;
    }
    const struct channel_setting *next = channel;
    for (size_t hops = 0; next && next->fallback; hops++) {
        next = find(settings, next->fallback);
        if (next != channel && hops <= settings->n_channels)
            continue;
        if (next == channel)
            reader_error(&load->reader, at, "the fallbacks go in a circle back to `%s`", channel->name);
        return;
    }
}

void channels_read(struct load *load, const config_setting_t *group)
{
    struct settings *settings = &load->config->settings;
    struct reader *reader = &load->reader;
    if (!group || !reader_is_group(reader, group))
        return;
    int n = config_setting_length(group);
    if (n > CONFIG_CHANNELS_MAX) {
        reader_error(reader, group, "more than %d channels", CONFIG_CHANNELS_MAX);
        load->channels_incomplete = true;
        return;
    }
    struct channel_setting *channels = arena_alloc_array(reader->arena, (size_t)n + 1, sizeof *channels);
    if (!channels) {
        reader_no_memory(reader);
        return;
    }
    for (int i = 0; i < n; i++) {
        const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
        struct channel_setting *channel = &channels[settings->n_channels];
        if (!reader_is_group(reader, member))
            continue;
        channel->name = arena_strdup(reader->arena, config_setting_name(member));
        if (!channel->name) {
            reader_no_memory(reader);
            return;
        }
        if (strcmp(channel->name, "direct") == 0)
            reader_error(reader, member,
                         "`direct` means the recipient's own channel and cannot be a channel's name");
        read_channel(load, member, channel);
        names_add(reader, &load->channels, channel->name);
        settings->n_channels++;
    }
    settings->channels = channels;
    for (size_t i = 0; i < settings->n_channels; i++)
        check_fallback(load, group, &channels[i]);
}

/* ---- once the plugins are loaded ---- */

static void check_step(const struct config *config, const struct rule *rule, const struct step *step,
                       struct problems *problems)
{
    for (size_t i = 0; i < step->via.n; i++) {
        const struct channel_facts *facts = ruleset_channel(config->rules, step->via.items[i]);
        if (!facts) {
            problem_error(problems, step->file, step->line, "%s.ladder `%s`: the channel `%s` is not open",
                          rule->name, step->name, step->via.items[i]);
        } else if (rule->audience_direct && facts->reach == REACH_GROUP) {
            problem_error(problems, step->file, step->line,
                          "%s.ladder `%s`: the channel `%s` reaches a group, but audience is \"direct\"",
                          rule->name, step->name, facts->name);
            problem_hint(problems, "name a channel that reaches a person, or leave `via` out");
        }
    }
}

/* Whether a message on this channel, or on what it falls back to, reaches this person. */
static bool reaches(const struct config *config, const char *channel, const struct person *person)
{
    size_t n = config->settings.n_channels;
    const struct channel_facts *facts = ruleset_channel(config->rules, channel);
    for (size_t hops = 0; facts && hops <= n; hops++) {
        if (!facts->address || person_address(person, facts->address))
            return true;
        facts = ruleset_channel(config->rules, facts->fallback);
    }
    return false;
}

static void check_people(const struct config *config, struct problems *problems)
{
    const struct person *people;
    const char *usual = ruleset_policy(config->rules)->channel;
    size_t n = directory_people(config->directory, &people);
    for (size_t i = 0; i < n; i++) {
        const struct department *department = directory_department(config->directory, people[i].department);
        const char *channel = people[i].channel;
        if (!channel && department)
            channel = department->channel;
        if (!channel)
            channel = usual;
        if (!channel || reaches(config, channel, &people[i]))
            continue;
        problem_warning(problems, NULL, 0, "directory: person `%s` has no address for the channel `%s`",
                        people[i].id, channel);
    }
}

void config_check_channels(const struct config *config, struct problems *problems)
{
    const struct rule *rules;
    size_t n = ruleset_rules(config->rules, &rules);
    const char *usual = ruleset_policy(config->rules)->channel;
    const struct channel_facts *facts = ruleset_channel(config->rules, usual);
    if (usual && facts && facts->reach == REACH_GROUP)
        problem_error(problems, config->settings.file, 0,
                      "channel: the default channel `%s` reaches a group, not a person", usual);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < rule_written(&rules[i]); k++)
            check_step(config, &rules[i], &rules[i].steps[k], problems);
    check_people(config, problems);
}
