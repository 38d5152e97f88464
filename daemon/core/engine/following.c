#include "following.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct follow { /* a group of which the last one closed during this input */
    const struct rule *rule;
    struct event event; /* what closed it, with that deadline's fields */
    char after[DEADLINE_ID_MAX];
    uint64_t group;
    instant met; /* the latest of this input; INSTANT_NONE: all were cancelled */
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

/* -- what is remembered of a group while others of it are open: when the latest was met -- */

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

static void put_memo(struct turn *turn, const char *name, instant met)
{
    const struct memo *known = memory_find(&turn->engine->closed, name);
    instant latest = known && known->opened > met ? known->opened : met;
    struct memo *memo = memory_keep(&turn->engine->closed, name, turn->now);
    struct buffer *text = &turn->engine->text;
    struct json_writer json;

    buffer_clear(text);
    json_begin(&json, text);
    json_object(&json);
    json_key_text(&json, "how", "others_open");
    json_key_int(&json, "opened", latest);
    json_key_int(&json, "kept", turn->now);
    json_object_end(&json);
    if (!memo || !buffer_ok(text)) {
        turn->changes->failed = true;
        return;
    }
    memo->opened = latest;
    changes_put(turn->changes, TABLE_CLOSED, name, buffer_text(text), text->n);
}

static void remember(struct turn *turn, const struct rule *follower, const struct fields *fields, instant met)
{
    struct buffer name;

    buffer_init(&name);
    add_memo_name(follower, fields, &name);
    if (!buffer_ok(&name)) {
        turn->changes->failed = true;
    } else if (met != INSTANT_NONE) {
        put_memo(turn, buffer_text(&name), met);
    }
    buffer_finish(&name);
}

/* When the latest of the group was met, this input's included; INSTANT_NONE: all were cancelled. */
static instant forget(struct turn *turn, const struct follow *follow)
{
    instant met = follow->met;
    struct buffer name;

    buffer_init(&name);
    add_memo_name(follow->rule, &follow->event.fields, &name);
    struct memo *memo = buffer_ok(&name) ? memory_find(&turn->engine->closed, buffer_text(&name)) : NULL;
    turn->changes->failed |= !buffer_ok(&name);
    if (memo) {
        met = memo->opened > met ? memo->opened : met;
        changes_remove(turn->changes, TABLE_CLOSED, memo->identity);
        memory_forget(&turn->engine->closed, memo);
    }
    buffer_finish(&name);
    return met;
}

/* -- one of a group closes -- */

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

/* The group's place in the queue, which it may have already: something opened and closed again. */
static struct follow *place(struct turn *turn, const struct rule *follower, const struct deadline *deadline,
                            uint64_t group)
{
    struct follow **last = &turn->follows;

    while (*last) {
        struct follow *known = *last;

        if (known->rule == follower && known->group == group &&
            is_same_group(follower, &known->event.fields, &deadline->fields)) {
            return known;
        }
        last = &known->next;
    }
    *last = arena_alloc(turn->engine->scratch, sizeof **last);
    if (*last) {
        **last = (struct follow){.rule = follower, .group = group, .met = INSTANT_NONE};
    }
    return *last;
}

/* It opens once everything else that the input does has been done. */
static void queue(struct turn *turn, const struct rule *follower, const struct deadline *deadline,
                  uint64_t group, instant met)
{
    struct follow *follow = place(turn, follower, deadline, group);

    if (!follow) {
        turn->changes->failed = true;
        return;
    }
    follow->met = met > follow->met ? met : follow->met;
    follow->event = *turn->event;
    memcpy(follow->after, deadline->id, sizeof follow->after);
    if (!copy_fields(turn->engine->scratch, follower, &deadline->fields, &follow->event.fields)) {
        turn->changes->failed = true;
    }
}

static void close_one(struct turn *turn, const struct rule *follower, const struct deadline *deadline,
                      const struct closing_cause *cause)
{
    instant met = cause->how == CLOSED_CANCELLED ? INSTANT_NONE : cause->at;
    uint64_t group;

    if (follower->retired || !group_of(follower, &deadline->fields, &group)) {
        return;
    }
    if (has_open(turn->engine, follower, &deadline->fields, group, deadline)) {
        remember(turn, follower, &deadline->fields, met);
    } else {
        queue(turn, follower, deadline, group, met);
    }
}

void following_closed(struct turn *turn, const struct deadline *deadline, const struct closing_cause *cause)
{
    const struct rule *const *followers;
    size_t n = ruleset_followers(turn->engine->parts.rules, deadline->rule->name, &followers);

    for (size_t i = 0; i < n && !turn->changes->failed; i++) {
        close_one(turn, followers[i], deadline, cause);
    }
}

static void journal_nothing(struct turn *turn, const struct follow *follow)
{
    struct journal_record record;

    journal_begin(&record, turn->changes, "not_followed");
    json_key_text(&record.json, "d", follow->after);
    json_key_text(&record.json, "r", follow->rule->after);
    json_key_text(&record.json, "follower", follow->rule->name);
    json_key_text(&record.json, "why", "all of them were cancelled");
    journal_end(&record);
}

static void settle(struct turn *turn, struct follow *follow)
{
    if (has_open(turn->engine, follow->rule, &follow->event.fields, follow->group, NULL)) {
        remember(turn, follow->rule, &follow->event.fields, follow->met); /* the input opened another one */
        return;
    }
    follow->event.time = forget(turn, follow);
    if (follow->event.time == INSTANT_NONE) {
        journal_nothing(turn, follow);
    } else if (!conditions_failing(&follow->rule->open_where, &follow->event.fields)) {
        turn->event = &follow->event;
        turn->after = follow->after;
        spread_open(turn, follow->rule);
    }
}

void following_settle(struct turn *turn)
{
    const struct event *event = turn->event;

    while (turn->follows && !turn->changes->failed) {
        struct follow *first = turn->follows;

        turn->follows = first->next;
        settle(turn, first);
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
