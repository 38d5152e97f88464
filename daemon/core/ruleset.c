#include "ruleset.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A full table refuses the entry instead of ending the process. */
#define HASH_NONFATAL_OOM           1
#define uthash_nonfatal_oom(entry)  ((void)(entry))
#define HASH_FUNCTION(key, n, hash) ((hash) = (unsigned)hash_bytes(0, key, n))
#include <uthash.h>

#include "buffer.h"
#include "index.h"

struct rule_entry {
    const struct rule *rule;
    const struct rule **followers;
    size_t n_followers;
    UT_hash_handle by_name, by_fingerprint;
};

struct type_entry { /* all places where one event type is named */
    const char *type;
    struct rule_ref *refs;
    size_t n, room;
    UT_hash_handle hh;
};

struct ruleset {
    struct arena *arena;
    struct rule_policy policy;
    const struct rule *rules;
    size_t n;
    struct rule_entry *names, *fingerprints;
    struct type_entry *types;
    char fingerprint[17];
    struct channel_facts *channels;
    size_t n_channels;
};

const char *rule_use_name(enum rule_use use)
{
    static const char *const names[] = {
        [USE_OPEN] = "open",     [USE_MEET] = "meet",     [USE_CANCEL] = "cancel", [USE_PAUSE] = "pause",
        [USE_RESUME] = "resume", [USE_CHANGE] = "change", [USE_REOPEN] = "reopen",
    };
    static_assert(sizeof names / sizeof *names == USE_REOPEN + 1, "each use has its word");
    return names[use];
}

static struct type_entry *type_entry(struct ruleset *ruleset, const char *type)
{
    struct type_entry *entry = NULL;
    HASH_FIND_STR(ruleset->types, type, entry);
    if (entry)
        return entry;
    entry = arena_alloc(ruleset->arena, sizeof *entry);
    if (!entry)
        return NULL;
    entry->type = type;
    size_t before = HASH_COUNT(ruleset->types);
    HASH_ADD_KEYPTR(hh, ruleset->types, entry->type, strlen(entry->type), entry);
    return HASH_COUNT(ruleset->types) > before ? entry : NULL;
}

static bool add_ref(struct ruleset *ruleset, const char *type, const struct rule_ref *ref)
{
    struct type_entry *entry = type_entry(ruleset, type);
    if (!entry)
        return false;
    const struct rule_ref *last = entry->n ? &entry->refs[entry->n - 1] : NULL;
    if (last && last->rule == ref->rule && last->use == ref->use && last->selector == ref->selector)
        return true; /* a list that names a type twice means it once */
    if (entry->n == entry->room) {
        size_t room = entry->room ? entry->room * 2 : 4;
        struct rule_ref *refs = arena_alloc_array(ruleset->arena, room, sizeof *refs);
        if (!refs)
            return false;
        assert(entry->refs || entry->n == 0);
        for (size_t i = 0; i < entry->n; i++)
            refs[i] = entry->refs[i];
        entry->refs = refs;
        entry->room = room;
    }
    assert(entry->refs);
    entry->refs[entry->n++] = *ref;
    return true;
}

static bool add_selectors(struct ruleset *ruleset, const struct rule *rule, enum rule_use use,
                          const struct selectors *selectors)
{
    for (size_t i = 0; i < selectors->n; i++) {
        const struct selector *selector = &selectors->items[i];
        struct rule_ref ref = {.rule = rule, .use = use, .selector = selector};
        for (size_t k = 0; k < selector->on.n; k++)
            if (!add_ref(ruleset, selector->on.items[k], &ref))
                return false;
    }
    return true;
}

static bool add_uses(struct ruleset *ruleset, const struct rule *rule)
{
    if (!add_selectors(ruleset, rule, USE_CHANGE, &rule->changes) ||
        !add_selectors(ruleset, rule, USE_MEET, &rule->meets) ||
        !add_selectors(ruleset, rule, USE_CANCEL, &rule->cancels) ||
        !add_selectors(ruleset, rule, USE_PAUSE, &rule->pauses) ||
        !add_selectors(ruleset, rule, USE_RESUME, &rule->resumes) ||
        !add_selectors(ruleset, rule, USE_REOPEN, &rule->reopens))
        return false;
    struct rule_ref ref = {.rule = rule, .use = USE_OPEN};
    for (size_t i = 0; i < rule->open_on.n; i++)
        if (!add_ref(ruleset, rule->open_on.items[i], &ref))
            return false;
    return true;
}

/* The first of two rules with one name, or one text, stays the one that is found. */
static bool add_rule(struct ruleset *ruleset, const struct rule *rule)
{
    struct rule_entry *entry = arena_alloc(ruleset->arena, sizeof *entry);
    if (!entry)
        return false;
    entry->rule = rule;
    struct rule_entry *known = NULL;
    HASH_FIND(by_name, ruleset->names, rule->name, strlen(rule->name), known);
    if (!known) {
        unsigned before = HASH_CNT(by_name, ruleset->names);
        HASH_ADD_KEYPTR(by_name, ruleset->names, rule->name, strlen(rule->name), entry);
        if (HASH_CNT(by_name, ruleset->names) == before)
            return false;
    }
    HASH_FIND(by_fingerprint, ruleset->fingerprints, rule->fingerprint, strlen(rule->fingerprint), known);
    if (!known) {
        unsigned before = HASH_CNT(by_fingerprint, ruleset->fingerprints);
        HASH_ADD_KEYPTR(by_fingerprint, ruleset->fingerprints, rule->fingerprint, strlen(rule->fingerprint),
                        entry);
        if (HASH_CNT(by_fingerprint, ruleset->fingerprints) == before)
            return false;
    }
    return add_uses(ruleset, rule);
}

/* Rules are few that follow the same one, and they are added once: the list grows by copies. */
static bool add_follower(struct ruleset *ruleset, const struct rule *rule)
{
    struct rule_entry *entry = NULL;
    if (rule->after)
        HASH_FIND(by_name, ruleset->names, rule->after, strlen(rule->after), entry);
    if (!entry)
        return true;
    const struct rule **followers =
        arena_alloc_array(ruleset->arena, entry->n_followers + 1, sizeof *followers);
    if (!followers)
        return false;
    for (size_t i = 0; i < entry->n_followers; i++)
        followers[i] = entry->followers[i];
    followers[entry->n_followers++] = rule;
    entry->followers = followers;
    return true;
}

static int compare_names(const void *a, const void *b)
{
    const struct rule *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

/* Independent of the files' order: the same rules in other files are the same rules. */
static bool fingerprint_all(struct ruleset *ruleset)
{
    const struct rule **sorted = arena_alloc_array(ruleset->arena, ruleset->n + 1, sizeof *sorted);
    struct buffer text;
    if (!sorted)
        return false;
    for (size_t i = 0; i < ruleset->n; i++)
        sorted[i] = &ruleset->rules[i];
    qsort(sorted, ruleset->n, sizeof *sorted, compare_names);
    buffer_init(&text);
    for (size_t i = 0; i < ruleset->n; i++)
        buffer_printf(&text, "%s=%s\n", sorted[i]->name, sorted[i]->fingerprint);
    rule_fingerprint(buffer_text(&text), ruleset->fingerprint);
    bool ok = buffer_ok(&text);
    buffer_finish(&text);
    return ok;
}

int ruleset_create(struct arena *take_arena, const struct rule *rules, size_t n,
                   const struct rule_policy *policy, struct ruleset **out)
{
    struct ruleset *ruleset = calloc(1, sizeof *ruleset);
    if (!ruleset) {
        arena_destroy(take_arena);
        return -ENOMEM;
    }
    ruleset->arena = take_arena;
    ruleset->policy = *policy;
    ruleset->rules = rules;
    ruleset->n = n;
    bool ok = fingerprint_all(ruleset);
    for (size_t i = 0; ok && i < n; i++)
        ok = add_rule(ruleset, &rules[i]);
    for (size_t i = 0; ok && i < n; i++)
        ok = add_follower(ruleset, &rules[i]);
    if (!ok) {
        ruleset_destroy(ruleset);
        return -ENOMEM;
    }
    *out = ruleset;
    return 0;
}

int ruleset_select(const struct ruleset *from, bool (*wants)(const void *data, const struct rule *rule),
                   const void *data, struct ruleset **out)
{
    struct arena *arena = arena_create();
    struct rule *rules = arena ? arena_alloc_array(arena, from->n + 1, sizeof *rules) : NULL;
    struct ruleset *ruleset = NULL;
    size_t n = 0;

    if (!rules) {
        arena_destroy(arena);
        return -ENOMEM;
    }
    for (size_t i = 0; i < from->n; i++)
        if (wants(data, &from->rules[i]))
            rules[n++] = from->rules[i];
    if (ruleset_create(arena, rules, n, &from->policy, &ruleset) ||
        ruleset_set_channels(ruleset, from->channels, from->n_channels)) {
        ruleset_destroy(ruleset);
        return -ENOMEM;
    }
    *out = ruleset;
    return 0;
}

void ruleset_destroy(struct ruleset *ruleset)
{
    if (!ruleset)
        return;
    HASH_CLEAR(by_name, ruleset->names);
    HASH_CLEAR(by_fingerprint, ruleset->fingerprints);
    HASH_CLEAR(hh, ruleset->types);
    arena_destroy(ruleset->arena);
    free(ruleset);
}

size_t ruleset_rules(const struct ruleset *ruleset, const struct rule **out)
{
    *out = ruleset->rules;
    return ruleset->n;
}

const struct rule *ruleset_find(const struct ruleset *ruleset, const char *name)
{
    struct rule_entry *entry = NULL;
    HASH_FIND(by_name, ruleset->names, name, strlen(name), entry);
    return entry ? entry->rule : NULL;
}

const struct rule *ruleset_find_version(const struct ruleset *ruleset, const char *fingerprint)
{
    struct rule_entry *entry = NULL;
    HASH_FIND(by_fingerprint, ruleset->fingerprints, fingerprint, strlen(fingerprint), entry);
    return entry ? entry->rule : NULL;
}

const struct rule_policy *ruleset_policy(const struct ruleset *ruleset)
{
    return &ruleset->policy;
}

size_t ruleset_uses(const struct ruleset *ruleset, const char *type, const struct rule_ref **out)
{
    struct type_entry *entry = NULL;
    HASH_FIND_STR(ruleset->types, type, entry);
    *out = entry ? entry->refs : NULL;
    return entry ? entry->n : 0;
}

size_t ruleset_followers(const struct ruleset *ruleset, const char *name, const struct rule *const **out)
{
    struct rule_entry *entry = NULL;
    HASH_FIND(by_name, ruleset->names, name, strlen(name), entry);
    *out = entry ? entry->followers : NULL;
    return entry ? entry->n_followers : 0;
}

const char *ruleset_fingerprint(const struct ruleset *ruleset)
{
    return ruleset->fingerprint;
}

static bool copy_text(struct arena *arena, const char *text, const char **out)
{
    *out = text ? arena_strdup(arena, text) : NULL;
    return !text || *out;
}

int ruleset_set_channels(struct ruleset *ruleset, const struct channel_facts *channels, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(channels[i].name, channels[k].name) == 0)
                return -EINVAL;
    struct channel_facts *copy = arena_alloc_array(ruleset->arena, n + 1, sizeof *copy);
    if (!copy)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        copy[i] = channels[i];
        if (!copy_text(ruleset->arena, channels[i].name, &copy[i].name) ||
            !copy_text(ruleset->arena, channels[i].plugin, &copy[i].plugin) ||
            !copy_text(ruleset->arena, channels[i].address, &copy[i].address) ||
            !copy_text(ruleset->arena, channels[i].fallback, &copy[i].fallback))
            return -ENOMEM;
    }
    ruleset->channels = copy;
    ruleset->n_channels = n;
    return 0;
}

const struct channel_facts *ruleset_channel(const struct ruleset *ruleset, const char *name)
{
    for (size_t i = 0; name && i < ruleset->n_channels; i++)
        if (strcmp(ruleset->channels[i].name, name) == 0)
            return &ruleset->channels[i];
    return NULL;
}

size_t ruleset_channels(const struct ruleset *ruleset, const struct channel_facts **out)
{
    *out = ruleset->channels;
    return ruleset->n_channels;
}
