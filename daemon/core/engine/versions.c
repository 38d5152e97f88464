#include "versions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

void versions_init(struct engine *engine)
{
    index_init(&engine->versions);
}

static void destroy(struct version *version)
{
    if (version) {
        free(version->name);
        free(version);
    }
}

void versions_finish(struct engine *engine)
{
    size_t cursor = 0;
    struct version *version;

    while ((version = index_next(&engine->versions, &cursor)) != NULL) {
        destroy(version);
    }
    index_finish(&engine->versions);
    free(engine->adopted);
}

static struct version *find(const struct engine *engine, const char *fingerprint)
{
    size_t cursor = 0;
    struct version *version;

    while ((version = index_find(&engine->versions, hash_text(0, fingerprint), &cursor)) != NULL) {
        if (strcmp(version->fingerprint, fingerprint) == 0) {
            return version;
        }
    }
    return NULL;
}

static struct version *find_or_add(struct engine *engine, const char *fingerprint)
{
    struct version *version = find(engine, fingerprint);

    if (version || strlen(fingerprint) >= sizeof version->fingerprint) {
        return version;
    }
    version = calloc(1, sizeof *version);
    if (!version || !index_add(&engine->versions, hash_text(0, fingerprint), version)) {
        free(version);
        return NULL;
    }
    memcpy(version->fingerprint, fingerprint, strlen(fingerprint) + 1);
    return version;
}

bool versions_enter(struct engine *engine, const struct rule *rule)
{
    struct version *version = find_or_add(engine, rule->fingerprint);

    if (!version || (!version->name && !state_set_text(&version->name, rule->name))) {
        return false;
    }
    version->open++;
    return true;
}

void versions_leave(struct engine *engine, const struct rule *rule)
{
    find(engine, rule->fingerprint)->open--;
}

/* -- base:rules -- */

int versions_load(struct engine *engine, const char *fingerprint, const char *text)
{
    struct version *version = find_or_add(engine, fingerprint);

    if (!version) {
        return -ENOMEM;
    }
    version->is_stored = true;
    if (!versions_find(engine, fingerprint)) {
        (void)versions_adopt(engine, fingerprint, text); /* missed only if a deadline has it */
    }
    return 0;
}

void versions_store(struct turn *turn, const struct rule *rule)
{
    struct version *version = find_or_add(turn->engine, rule->fingerprint);

    if (!version) {
        turn->changes->failed = true;
    } else if (!version->is_stored) {
        version->is_stored = true;
        changes_put(turn->changes, TABLE_RULES, rule->fingerprint, rule->text, strlen(rule->text));
    }
}

static bool is_needed(const struct engine *engine, const struct version *version)
{
    return version->open > 0 || ruleset_find_version(engine->parts.rules, version->fingerprint);
}

bool versions_prune(struct turn *turn)
{
    struct engine *engine = turn->engine;
    size_t cursor = 0;
    struct version *version;

    while (!changes_is_full(turn->changes)) {
        version = index_next(&engine->versions, &cursor);
        if (!version) {
            return true;
        }
        if (version->is_stored && !is_needed(engine, version)) {
            changes_remove(turn->changes, TABLE_RULES, version->fingerprint);
            version->is_stored = false;
        }
    }
    return false;
}

/* -- older texts -- */

static const struct rule *find_adopted(const struct engine *engine, const char *fingerprint)
{
    for (size_t i = 0; i < engine->n_adopted; i++) {
        if (strcmp(engine->adopted[i]->fingerprint, fingerprint) == 0) {
            return engine->adopted[i];
        }
    }
    return NULL;
}

const struct rule *versions_find(const struct engine *engine, const char *fingerprint)
{
    const struct rule *rule = ruleset_find_version(engine->parts.rules, fingerprint);

    return rule ? rule : find_adopted(engine, fingerprint);
}

const struct rule *versions_adopt(struct engine *engine, const char *fingerprint, const char *text)
{
    const struct rule *rule = versions_find(engine, fingerprint);
    const struct rule **adopted;

    if (rule || !engine->parts.parse_rule) {
        return rule;
    }
    rule = engine->parts.parse_rule(engine->parts.parse_data, text);
    adopted = rule ? realloc(engine->adopted, (engine->n_adopted + 1) * sizeof(*adopted)) : NULL;
    if (!adopted) {
        return NULL;
    }
    engine->adopted = adopted;
    adopted[engine->n_adopted++] = rule;
    return rule;
}

bool versions_are_behind(const struct engine *engine)
{
    size_t cursor = 0;
    const struct version *version;

    while ((version = index_next(&engine->versions, &cursor)) != NULL) {
        const struct rule *running =
            version->open > 0 ? ruleset_find(engine->parts.rules, version->name) : NULL;

        if (running && running->on_change == ON_CHANGE_RECOMPUTE &&
            strcmp(running->fingerprint, version->fingerprint) != 0) {
            return true;
        }
    }
    return false;
}

bool engine_has_version(const struct engine *engine, const char *fingerprint)
{
    const struct version *version = find(engine, fingerprint);

    return version && version->open > 0;
}

size_t engine_vanishing(const struct engine *engine, const struct ruleset *rules, struct vanishing *out,
                        size_t max)
{
    size_t cursor = 0, n = 0;
    const struct version *version;

    while ((version = index_next(&engine->versions, &cursor)) != NULL) {
        size_t i = 0;

        if (version->open == 0 || ruleset_find(rules, version->name)) {
            continue;
        }
        while (i < n && strcmp(out[i].rule, version->name) != 0) {
            i++;
        }
        if (i == max) {
            continue;
        }
        out[i] = i < n ? out[i] : (struct vanishing){.rule = version->name};
        out[i].open += version->open;
        n = i < n ? n : n + 1;
    }
    return n;
}
