#include "following.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct follow { /* a group that has closed during this input */
    const struct rule *rule;
    struct event event; /* what closed the last one, with that one's fields */
    char after[DEADLINE_ID_MAX];
    uint64_t group;
    struct follow *next;
};

/* -- groups -- */

/* The field tells one group from another: part of the follower's key, and not given by the follower itself.
 */
static bool divides(const struct rule *follower, size_t i)
{
    return !rule_gives_field(follower, follower->forms[0].names[i]);
}

/* False if the fields lack one of the follower's key. */
static bool group_of(const struct rule *follower, const struct fields *fields, uint64_t *hash)
{
    *hash = hash_text(0, follower->name);
    for (size_t i = 0; i < follower->forms[0].n; i++) {
        const char *value = divides(follower, i) ? fields_get(fields, follower->forms[0].names[i]) : "";

        if (!value) {
            return false;
        }
        *hash = hash_text(*hash, value);
    }
    return true;
}

static bool is_same_group(const struct rule *follower, const struct fields *a, const struct fields *b)
{
    for (size_t i = 0; i < follower->forms[0].n; i++) {
        const char *name = follower->forms[0].names[i];
        const char *left = fields_get(a, name), *right = fields_get(b, name);

        if (divides(follower, i) && (!left || !right || strcmp(left, right) != 0)) {
            return false;
        }
    }
    return true;
}

void following_leave(struct engine *engine, struct deadline *deadline)
{
    const struct rule *const *followers;
    size_t n = ruleset_followers(engine->parts.rules, deadline->rule->name, &followers);
    uint64_t hash;

    for (size_t i = 0; i < n; i++) {
        if (group_of(followers[i], &deadline->fields, &hash)) {
            index_remove(&engine->groups, hash, deadline);
        }
    }
}

int following_enter(struct engine *engine, struct deadline *deadline)
{
    const struct rule *const *followers;
    size_t n = ruleset_followers(engine->parts.rules, deadline->rule->name, &followers);
    uint64_t hash;

    for (size_t i = 0; i < n; i++) {
        if (group_of(followers[i], &deadline->fields, &hash) && !index_add(&engine->groups, hash, deadline)) {
            following_leave(engine, deadline);
            return -ENOMEM;
        }
    }
    return 0;
}

bool following_knows(const struct engine *engine, const struct deadline *deadline)
{
    const struct rule *const *followers;
    size_t n = ruleset_followers(engine->parts.rules, deadline->rule->name, &followers);
    uint64_t hash;

    for (size_t i = 0; i < n; i++) {
        size_t cursor = 0;
        void *found = NULL;

        if (!group_of(followers[i], &deadline->fields, &hash)) {
            continue;
        }
        while ((found = index_find(&engine->groups, hash, &cursor)) != NULL && found != deadline) {
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* Is another deadline of the group open? */
static bool has_open(const struct engine *engine, const struct rule *follower, const struct fields *fields,
                     uint64_t group, const struct deadline *but)
{
    const struct deadline *deadline;
    size_t cursor = 0;

    while ((deadline = index_find(&engine->groups, group, &cursor)) != NULL) {
        if (deadline != but && strcmp(deadline->rule->name, follower->after) == 0 &&
            is_same_group(follower, fields, &deadline->fields)) {
            return true;
        }
    }
    return false;
}

/* -- one of a group closes -- */

/* No rule's name has a space: this is nobody's identity. */
static void add_memo_name(const struct rule *follower, const struct fields *fields, struct buffer *out)
{
    struct field key[RULE_KEYS_MAX];
    size_t n = 0;

    for (size_t i = 0; i < follower->forms[0].n; i++) {
        if (divides(follower, i)) {
            const char *name = follower->forms[0].names[i];

            key[n++] = (struct field){name, fields_get(fields, name)};
        }
    }
    buffer_add_text(out, "after ");
    deadline_case(follower, &(struct fields){key, n}, out);
}

static void remember(struct turn *turn, const char *name, const struct deadline *deadline, instant at)
{
    const struct memo *known = memory_find(&turn->engine->closed, name);
    instant met = known && known->opened > at ? known->opened : at;
    struct memo *memo = memory_keep(&turn->engine->closed, name, turn->now);
    struct buffer *text = &turn->engine->text;
    struct json_writer json;

    buffer_clear(text);
    json_begin(&json, text);
    json_object(&json);
    json_key_text(&json, "how", "others_open");
    json_key_text(&json, "id", deadline->id);
    json_key_int(&json, "opened", met); /* the latest that counts */
    json_key_int(&json, "kept", turn->now);
    json_object_end(&json);
    if (!memo || !buffer_ok(text)) {
        turn->changes->failed = true;
        return;
    }
    memo->opened = met;
    memcpy(memo->id, deadline->id, sizeof memo->id);
    changes_put(turn->changes, TABLE_CLOSED, name, buffer_text(text), text->n);
}

/* When the last of the group that was not cancelled closed; INSTANT_NONE: all were cancelled. */
static instant forget(struct turn *turn, const char *name, const struct closing_cause *cause)
{
    struct memo *memo = memory_find(&turn->engine->closed, name);
    instant at = cause->how == CLOSED_CANCELLED ? INSTANT_NONE : cause->at;

    if (memo) {
        at = memo->opened > at ? memo->opened : at;
        changes_remove(turn->changes, TABLE_CLOSED, name);
        memory_forget(&turn->engine->closed, memo);
    }
    return at;
}

static void journal_nothing(struct turn *turn, const struct rule *follower, const struct deadline *deadline)
{
    struct journal_record record;

    journal_begin_deadline(&record, turn->changes, "not_followed", deadline);
    json_key_text(&record.json, "why",
                  arena_printf(turn->engine->scratch, "%s does not open: all that it follows were cancelled",
                               follower->name));
    journal_end(&record);
}

/* Those of the key stand first: what has too many fields loses others. */
static bool copy_fields(struct arena *arena, const struct rule *follower, const struct fields *from,
                        struct fields *out)
{
    struct field *items = arena_alloc_array(arena, from->n + 1, sizeof *items);
    size_t n = 0;

    for (int key = 1; items && key >= 0; key--) {
        for (size_t i = 0; i < from->n; i++) {
            const struct field *field = &from->items[i];
            bool of_key = false;

            for (size_t k = 0; k < follower->key.n; k++) {
                of_key = of_key || strcmp(follower->key.fields[k].name, field->name) == 0;
            }
            if (of_key != (key == 1) || rule_gives_field(follower, field->name)) {
                continue;
            }
            items[n] = (struct field){arena_strdup(arena, field->name), arena_strdup(arena, field->value)};
            if (!items[n].name || !items[n].value) {
                return false;
            }
            n++;
        }
    }
    *out = (struct fields){items, n};
    return items != NULL;
}

/* It opens once everything else that the input does has been done. */
static void queue(struct turn *turn, const struct rule *follower, const struct deadline *deadline, instant at,
                  uint64_t group)
{
    struct arena *arena = turn->engine->scratch;
    struct follow *follow = arena_alloc(arena, sizeof *follow), **last = &turn->follows;

    if (!follow) {
        turn->changes->failed = true;
        return;
    }
    *follow = (struct follow){.rule = follower, .event = *turn->event, .group = group};
    follow->event.time = at;
    memcpy(follow->after, deadline->id, sizeof follow->after);
    if (!copy_fields(arena, follower, &deadline->fields, &follow->event.fields)) {
        turn->changes->failed = true;
        return;
    }
    while (*last) {
        last = &(*last)->next;
    }
    *last = follow;
}

static void close_one(struct turn *turn, const struct rule *follower, const struct deadline *deadline,
                      const struct closing_cause *cause)
{
    struct buffer name;
    uint64_t group;

    if (follower->retired || !group_of(follower, &deadline->fields, &group)) {
        return;
    }
    buffer_init(&name);
    add_memo_name(follower, &deadline->fields, &name);
    if (!buffer_ok(&name)) {
        turn->changes->failed = true;
    } else if (!has_open(turn->engine, follower, &deadline->fields, group, deadline)) {
        instant at = forget(turn, buffer_text(&name), cause);

        if (at == INSTANT_NONE) {
            journal_nothing(turn, follower, deadline);
        } else {
            queue(turn, follower, deadline, at, group);
        }
    } else if (cause->how != CLOSED_CANCELLED) {
        remember(turn, buffer_text(&name), deadline, cause->at);
    }
    buffer_finish(&name);
}

void following_closed(struct turn *turn, const struct deadline *deadline, const struct closing_cause *cause)
{
    const struct rule *const *followers;
    size_t n = ruleset_followers(turn->engine->parts.rules, deadline->rule->name, &followers);

    for (size_t i = 0; i < n && !turn->changes->failed; i++) {
        close_one(turn, followers[i], deadline, cause);
    }
}

void following_settle(struct turn *turn)
{
    const struct event *event = turn->event;

    while (turn->follows && !turn->changes->failed) {
        const struct follow *first = turn->follows;

        turn->follows = first->next;
        if (has_open(turn->engine, first->rule, &first->event.fields, first->group, NULL) ||
            conditions_failing(&first->rule->open_where, &first->event.fields)) {
            continue; /* the same input opened another one, or the rule does not want this one */
        }
        turn->event = &first->event;
        turn->after = first->after;
        spread_open(turn, first->rule);
    }
    turn->event = event;
    turn->after = NULL;
    turn->follows = NULL;
}

/* -- how much that may be -- */

/* All that may open behind one group with these fields. */
static size_t estimate(struct turn *turn, const struct rule *follower, const struct fields *fields)
{
    const struct event *event = turn->event;
    struct event derived = *event;
    const struct rule *const *followers;
    size_t n = ruleset_followers(turn->engine->parts.rules, follower->name, &followers);

    derived.fields = *fields;
    turn->event = &derived;
    size_t opened = spread_estimate(turn, follower);
    turn->event = event;
    for (size_t i = 0; i < n; i++) {
        opened += estimate(turn, followers[i], fields);
    }
    return opened;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static size_t count_groups(const struct rule *follower, struct deadline *const *closing, size_t n)
{
    uint64_t groups[ENGINE_EVENT_DEADLINES_MAX];
    size_t found = 0, distinct = 0;

    for (size_t i = 0; i < n && found < ENGINE_EVENT_DEADLINES_MAX; i++) {
        found += group_of(follower, &closing[i]->fields, &groups[found]);
    }
    qsort(groups, found, sizeof *groups, by_value);
    for (size_t i = 0; i < found; i++) {
        distinct += i == 0 || groups[i] != groups[i - 1];
    }
    return distinct;
}

size_t following_estimate(struct turn *turn, struct deadline *const *closing, size_t n)
{
    const struct rule *const *followers;
    size_t n_followers =
        n > 0 ? ruleset_followers(turn->engine->parts.rules, closing[0]->rule->name, &followers) : 0;
    size_t opened = 0;

    for (size_t i = 0; i < n_followers; i++) {
        opened += count_groups(followers[i], closing, n) * estimate(turn, followers[i], &closing[0]->fields);
    }
    return opened;
}

size_t following_estimate_early(struct turn *turn, const struct rule *rule, size_t opened)
{
    const struct rule *const *followers;
    size_t n = ruleset_followers(turn->engine->parts.rules, rule->name, &followers), more = 0;

    opened = opened < turn->engine->early.n ? opened : turn->engine->early.n;
    for (size_t i = 0; i < n && opened > 0; i++) {
        more += opened * estimate(turn, followers[i], &turn->event->fields);
    }
    return more;
}
