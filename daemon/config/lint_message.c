/* Messages that are longer than a channel takes, with the longest values that are known. */
#include "config/lint.h"

#include <string.h>

#include "core/buffer.h"

enum {
    FIELD_BYTES = 60,   /* of an event's field, of a date written out: what is usual at most */
    TOLD_NAMES = 5,     /* people who were told in one step */
    PRIOR_MESSAGES = 8, /* COMPOSE_PRIOR_MAX: people who were told before */
    VALUE_BYTES = 1000, /* of one value; the renderer cuts sooner, but for links */
};

/* The longest of each kind of value, in bytes. */
struct longest {
    size_t person, department, summary, about, done, link;
    bool to_others; /* sections that tell apart whom a message is for: as for somebody else in person */
};

static void grow(size_t *most, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    if (n > *most)
        *most = n < VALUE_BYTES ? n : VALUE_BYTES;
}

static void find_longest(const struct config *config, struct longest *out)
{
    const struct person *people;
    const struct department *departments;
    const struct rule *rules;
    size_t n = directory_people(config->directory, &people);
    for (size_t i = 0; i < n; i++)
        grow(&out->person, people[i].name);
    n = directory_departments(config->directory, &departments);
    for (size_t i = 0; i < n; i++)
        grow(&out->department, departments[i].name);
    n = ruleset_rules(config->rules, &rules);
    for (size_t i = 0; i < n; i++) {
        grow(&out->summary, rules[i].summary);
        grow(&out->about, rules[i].about);
        grow(&out->done, rules[i].done);
        grow(&out->link, rules[i].link);
    }
}

/* ---- rendering ---- */

static bool is_person(const char *name)
{
    static const char *const parts[] = {"owner",     "requester", "head", "recipient",
                                        "on_behalf", "who",       "next"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t n = strlen(parts[i]);
        if (strncmp(name, parts[i], n) == 0 && (name[n] == '.' || name[n] == 0))
            return true;
    }
    return false;
}

static size_t length_of(const struct longest *longest, const char *name)
{
    const struct {
        const char *name;
        size_t n;
    } known[] = {
        {"summary", longest->summary},
        {"rule", longest->summary},
        {"about", longest->about},
        {"done", longest->done},
        {"link", longest->link},
        {"department", longest->department},
        {"told", TOLD_NAMES * (longest->person + 3)},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, name) == 0)
            return known[i].n;
    return is_person(name) ? longest->person : FIELD_BYTES;
}

static bool value(void *data, const char *name, struct buffer *out, bool *is_private)
{
    size_t n = length_of(data, name);
    *is_private = false;
    for (size_t i = 0; i < n && i < VALUE_BYTES; i++)
        buffer_add_char(out, 'x'); /* which no dialect escapes */
    return n > 0;
}

static size_t section(void *data, const char *name)
{
    static const char *const apart[] = {"group", "copy", "to_owner", "to_requester"};
    const struct longest *longest = data;
    if (strcmp(name, "many") == 0 || strcmp(name, "items") == 0)
        return 0;
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
        if (strcmp(name, apart[i]) == 0)
            return !longest->to_others;
    return strcmp(name, "prior") == 0 ? PRIOR_MESSAGES : 1;
}

static void enter(void *data, const char *name, size_t i)
{
    (void)data;
    (void)name;
    (void)i;
}

static void leave(void *data)
{
    (void)data;
}

static size_t bytes_of(const struct template *template, struct longest *longest, enum dialect dialect)
{
    const struct template_values values = {longest, value, section, enter, leave};
    const struct template_options options = {.dialect = dialect};
    size_t most = 0;
    for (int others = 0; others < 2; others++) {
        struct buffer title, body;
        buffer_init(&title);
        buffer_init(&body);
        longest->to_others = others;
        if (template_render(template, &values, &options, &title, &body) == 0 && title.n + body.n > most)
            most = title.n + body.n;
        buffer_finish(&title);
        buffer_finish(&body);
    }
    return most;
}

/* ---- what is used ---- */

static bool names(const struct step *step, const char *channel)
{
    for (size_t i = 0; i < step->via.n; i++)
        if (strcmp(step->via.items[i], channel) == 0)
            return true;
    for (size_t i = 0; i < step->n_to; i++)
        if (step->to[i].start == PATH_GROUP && strcmp(step->to[i].name, channel) == 0)
            return true;
    return false;
}

/* A channel that reaches people may serve any step that goes out directly. */
static bool is_used(const struct config *config, const struct channel_facts *channel)
{
    const struct rule *rules;
    size_t n = ruleset_rules(config->rules, &rules);
    bool used = channel->reach == REACH_PERSON;
    for (size_t i = 0; i < n && !used; i++)
        for (size_t k = 0; k < rules[i].n_steps && !used; k++)
            used = names(&rules[i].steps[k], channel->name);
    return used;
}

/* ---- one channel ---- */

struct lookout {
    const struct config *config;
    struct longest *longest;
    const struct channel_facts *channel;
    const struct channel_setting *setting;
    struct problems *problems;
};

static void check_template(const struct lookout *lookout, const char *name)
{
    const struct config *config = lookout->config;
    const char *language = ruleset_policy(config->rules)->language;
    const struct template *template = templates_find(config->templates, language, name);
    size_t n = template ? bytes_of(template, lookout->longest, lookout->channel->dialect) : 0;
    if (n <= (size_t)lookout->channel->max_bytes)
        return;
    problem_warning(lookout->problems, lookout->setting->file, lookout->setting->line,
                    "channels.%s: the message `%s` may have %zu bytes, the channel takes %d: its end is cut",
                    lookout->channel->name, name, n, (int)lookout->channel->max_bytes);
    problem_hint(lookout->problems, "shorten the template %s.md", name);
}

/* Templates by phase, and those that steps name; each once, by the first step that names it. */
static void check_templates(const struct lookout *lookout)
{
    const struct rule *rules;
    const char *seen[16];
    size_t n = ruleset_rules(lookout->config->rules, &rules), n_seen = 0;
    for (int phase = PHASE_ASKED; phase <= PHASE_CLOSED; phase++)
        check_template(lookout, seen[n_seen++] = phase_name((enum phase)phase));
    check_template(lookout, seen[n_seen++] = "chase");
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < rules[i].n_steps; k++) {
            const char *name = rules[i].steps[k].message;
            size_t s = 0;
            while (name && s < n_seen && strcmp(seen[s], name) != 0)
                s++;
            if (name && s == n_seen && n_seen < sizeof seen / sizeof *seen)
                check_template(lookout, seen[n_seen++] = name);
        }
    }
}

static const struct channel_setting *setting_of(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->settings.n_channels; i++)
        if (strcmp(config->settings.channels[i].name, name) == 0)
            return &config->settings.channels[i];
    return NULL;
}

void lint_messages(const struct config *config, struct problems *problems)
{
    const struct channel_facts *channels;
    struct longest longest = {.link = 0};
    size_t n = ruleset_channels(config->rules, &channels);
    find_longest(config, &longest);
    for (size_t i = 0; i < n; i++) {
        const struct lookout lookout = {
            config, &longest, &channels[i], setting_of(config, channels[i].name), problems,
        };
        if (channels[i].max_bytes > 0 && lookout.setting && is_used(config, &channels[i]))
            check_templates(&lookout);
    }
}
