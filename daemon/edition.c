#include "edition.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct older { /* NULL: the text cannot be read with these files */
    char fingerprint[17];
    const char *text;
    const struct rule *rule;
};

struct edition {
    struct config *config;
    struct arena *arena;  /* of the older rules */
    pthread_mutex_t lock; /* of those: a shard may load while another thread reads the files anew */
    struct older *older;
    size_t n_older, room;
    const char *difference;
};

/* -- what cannot be taken while the daemon goes on -- */

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_texts(const struct texts *a, const struct texts *b)
{
    bool same = a->n == b->n;

    for (size_t i = 0; same && i < a->n; i++) {
        same = strcmp(a->items[i], b->items[i]) == 0;
    }
    return same;
}

static bool same_fields(const struct fields *a, const struct fields *b)
{
    bool same = a->n == b->n;

    for (size_t i = 0; same && i < a->n; i++) {
        same = strcmp(a->items[i].name, b->items[i].name) == 0 &&
               strcmp(a->items[i].value, b->items[i].value) == 0;
    }
    return same;
}

static bool same_quiet(const struct quiet *a, const struct quiet *b)
{
    return a->kind == b->kind && a->from_min == b->from_min && a->to_min == b->to_min;
}

static bool same_channel(const struct channel_setting *a, const struct channel_setting *b)
{
    return same_text(a->name, b->name) && same_text(a->plugin, b->plugin) &&
           same_text(a->fallback, b->fallback) && same_text(a->rate, b->rate) &&
           a->concurrency == b->concurrency && a->uncertain == b->uncertain &&
           same_quiet(&a->quiet, &b->quiet) && same_fields(&a->options, &b->options);
}

static bool same_channels(const struct settings *a, const struct settings *b)
{
    bool same = a->n_channels == b->n_channels && same_text(a->plugins, b->plugins);

    for (size_t i = 0; same && i < a->n_channels; i++) {
        same = same_channel(&a->channels[i], &b->channels[i]);
    }
    return same;
}

static const char *difference(const struct settings *a, const struct settings *b)
{
    if (!same_text(a->redis, b->redis)) {
        return "redis";
    }
    if (!same_texts(&a->streams, &b->streams) || !same_text(a->home, b->home)) {
        return "streams";
    }
    if (!same_channels(a, b)) {
        return "channels";
    }
    if (a->lease_ms != b->lease_ms || a->attempt_ms != b->attempt_ms || a->journal_ms != b->journal_ms ||
        a->retry_base_ms != b->retry_base_ms || a->retry_cap_ms != b->retry_cap_ms) {
        return "lease, attempt, retry or journal";
    }
    return NULL;
}

/* -- older rules -- */

static struct older *find(const struct edition *edition, const char *fingerprint)
{
    for (size_t i = 0; i < edition->n_older; i++) {
        if (strcmp(edition->older[i].fingerprint, fingerprint) == 0) {
            return &edition->older[i];
        }
    }
    return NULL;
}

static const struct older *add(struct edition *edition, const char *text)
{
    struct older older = {.text = arena_strdup(edition->arena, text)};

    if (edition->n_older == edition->room) {
        size_t room = edition->room ? edition->room * 2 : 16;
        struct older *more = realloc(edition->older, room * sizeof *more);

        if (!more) {
            return NULL;
        }
        edition->older = more;
        edition->room = room;
    }
    rule_fingerprint(text, older.fingerprint);
    if (!older.text || config_parse_rule(edition->config, edition->arena, text, &older.rule) == -ENOMEM) {
        return NULL;
    }
    edition->older[edition->n_older++] = older;
    return &edition->older[edition->n_older - 1];
}

const struct rule *edition_parse(void *data, const char *text)
{
    struct edition *edition = data;
    const struct rule *rule = NULL;
    char fingerprint[17];

    rule_fingerprint(text, fingerprint);
    (void)pthread_mutex_lock(&edition->lock);
    const struct older *older = find(edition, fingerprint);
    older = older ? older : add(edition, text);
    rule = older ? older->rule : NULL;
    (void)pthread_mutex_unlock(&edition->lock);
    return rule;
}

void edition_forget(struct edition *edition, bool (*is_needed)(const void *data, const char *fingerprint),
                    const void *data)
{
    size_t n = 0;

    (void)pthread_mutex_lock(&edition->lock);
    for (size_t i = 0; i < edition->n_older; i++) {
        if (is_needed(data, edition->older[i].fingerprint)) {
            edition->older[n++] = edition->older[i];
        }
    }
    edition->n_older = n;
    (void)pthread_mutex_unlock(&edition->lock);
}

static int add_unless_running(struct edition *edition, const char *fingerprint, const char *text)
{
    bool runs = ruleset_find_version(edition->config->rules, fingerprint) != NULL;

    return runs || find(edition, fingerprint) || add(edition, text) ? 0 : -ENOMEM;
}

/* All of them, whether or not a deadline has it by now: while the files are read, more may be opened. */
static int add_older(struct edition *edition, struct edition *running)
{
    const struct rule *rules;
    size_t n = ruleset_rules(running->config->rules, &rules);
    int error = 0;

    for (size_t i = 0; i < n && !error; i++) {
        error = add_unless_running(edition, rules[i].fingerprint, rules[i].text);
    }
    (void)pthread_mutex_lock(&running->lock);
    for (size_t i = 0; i < running->n_older && !error; i++) {
        error = add_unless_running(edition, running->older[i].fingerprint, running->older[i].text);
    }
    (void)pthread_mutex_unlock(&running->lock);
    return error;
}

/* -- reading -- */

static int follow(struct edition *edition, struct edition *running, struct problems *problems)
{
    const struct channel_facts *channels;
    size_t n = ruleset_channels(running->config->rules, &channels);
    int error = add_older(edition, running);

    edition->difference = difference(&running->config->settings, &edition->config->settings);
    if (error || edition->difference) {
        return error;
    }
    error = ruleset_set_channels(edition->config->rules, channels, n);
    if (!error) {
        config_check_channels(edition->config, problems);
    }
    return error ? error : problems->errors > 0 ? -EINVAL : 0;
}

int edition_load(const char *file, struct edition *running, struct problems *problems, struct edition **out)
{
    struct edition *edition = calloc(1, sizeof *edition);

    if (!edition) {
        return -ENOMEM;
    }
    (void)pthread_mutex_init(&edition->lock, NULL); /* of the default kind: cannot fail */
    edition->arena = arena_create();
    int error = edition->arena ? config_load(file, problems, &edition->config) : -ENOMEM;
    if (!error && running) {
        error = follow(edition, running, problems);
    }
    if (error) {
        edition_destroy(edition);
        return error;
    }
    *out = edition;
    return 0;
}

void edition_destroy(struct edition *edition)
{
    if (!edition) {
        return;
    }
    config_unload(edition->config);
    arena_destroy(edition->arena);
    free(edition->older);
    (void)pthread_mutex_destroy(&edition->lock);
    free(edition);
}

const struct config *edition_config(const struct edition *edition)
{
    return edition->config;
}

const char *edition_fingerprint(const struct edition *edition)
{
    return ruleset_fingerprint(edition->config->rules);
}

const char *edition_difference(const struct edition *edition)
{
    return edition->difference;
}
