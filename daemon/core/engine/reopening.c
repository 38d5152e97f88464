/* reopening.c: what is closed is sent back as incomplete: a new deadline that names the old one.
 *
 * Its fields are those of the closed one with those of the event laid over; the owner is who owed it last. */
#include <stdlib.h>
#include <string.h>

#include "core/json_members.h"

#include "state.h"

enum { CLOSED_FIELDS_MAX = 2 * EVENT_FIELDS_MAX };

struct closed { /* what base:closed has of it */
    struct memo *memo;
    struct arena *arena;
    char *owner;
    bool owner_fixed;
    bool is_open; /* another one is, of the same identity */
    struct fields fields;
};

struct finds {
    struct closed *items; /* in the scratch arena */
    size_t n;
    bool any_open; /* some need not be reopened */
};

/* -- which of them -- */

static bool read_member(void *data, struct json_scanner *scanner)
{
    struct closed *closed = data;
    const struct json_member members[] = {
        {"owner", .text = &closed->owner},
        {"owner_fixed", .flag = &closed->owner_fixed},
    };
    int read = json_read_member(scanner, closed->arena, members, sizeof members / sizeof *members);

    if (read == 0 && strcmp(json_value(scanner), "fields") == 0) {
        return json_read_fields(scanner, closed->arena, CLOSED_FIELDS_MAX, &closed->fields);
    }
    return read > 0 || (read == 0 && json_skip(scanner));
}

/* The case that the event names; false if a field of the key is missing. */
static bool add_case(const struct turn *turn, const struct rule_ref *ref, struct buffer *out)
{
    struct field key[RULE_KEYS_MAX];

    if (!intake_key(turn, ref, key)) {
        return false;
    }
    deadline_case(ref->rule, &(struct fields){key, ref->rule->key.n}, out);
    return buffer_ok(out);
}

static bool is_given(const struct closed *closed, const char *name, const char *value)
{
    const char *own = fields_get(&closed->fields, name);

    return !value || (own && strcmp(own, value) == 0);
}

static bool fits(const struct turn *turn, const struct rule_ref *ref, const struct closed *closed)
{
    const char *field = ref->selector->owner_field;
    const char *actor = field ? fields_get(&turn->event->fields, field) : NULL;

    if (field && (!actor || !intake_acts_for(turn, closed->owner, actor))) {
        return false;
    }
    return is_given(closed, "period", intake_named_period(turn, ref)) &&
           is_given(closed, "series", intake_named_series(turn, ref));
}

/* Opened again since, by whatever event. */
static bool is_open(const struct turn *turn, const struct rule *rule, const struct closed *closed)
{
    const struct deadline *deadline;
    struct buffer identity;
    size_t cursor = 0;
    uint64_t hash;
    struct deadline like = {.rule = rule, .fields = closed->fields};
    bool same = false;

    if (!state_form_of(&like, &rule->forms[0], &hash)) {
        return false;
    }
    buffer_init(&identity);
    while (!same && (deadline = index_find(&turn->engine->forms, hash, &cursor)) != NULL) {
        buffer_clear(&identity);
        deadline_identity(deadline->rule, &deadline->fields, deadline_identity_owner(deadline), &identity);
        same = strcmp(buffer_text(&identity), closed->memo->identity) == 0;
    }
    turn->changes->failed |= !buffer_ok(&identity);
    buffer_finish(&identity);
    return same;
}

static void collect(struct turn *turn, const struct rule_ref *ref, const char *text, struct finds *finds)
{
    struct memo *memo;
    size_t cursor = 0, n = 0;

    while (memory_find_case(&turn->engine->closed, text, &cursor)) {
        n++;
    }
    finds->items = arena_alloc_array(turn->engine->scratch, n + 1, sizeof *finds->items);
    if (!finds->items) {
        turn->changes->failed = true;
        return;
    }
    cursor = 0;
    while ((memo = memory_find_case(&turn->engine->closed, text, &cursor)) != NULL) {
        struct closed *closed = &finds->items[finds->n];

        *closed = (struct closed){.memo = memo, .arena = turn->engine->scratch};
        if (!json_read_object(memo->text, strlen(memo->text), read_member, closed) || !closed->owner ||
            !fits(turn, ref, closed)) {
            continue;
        }
        closed->is_open = is_open(turn, ref->rule, closed);
        finds->n++;
    }
}

/* Does the actor owe something of this case that is open? */
static bool owes(const struct turn *turn, const struct rule_ref *ref, const char *actor)
{
    const struct form *form = &ref->rule->forms[ref->selector->key.form];
    const char *values[RULE_KEYS_MAX];
    const struct deadline *deadline;
    size_t cursor = 0;

    if (!intake_values(turn, ref, values)) {
        return false;
    }
    uint64_t hash = state_form_hash(ref->rule, form, values);
    while ((deadline = index_find(&turn->engine->forms, hash, &cursor)) != NULL) {
        if (strcmp(deadline->rule->name, ref->rule->name) == 0 && strcmp(deadline->owner, actor) == 0 &&
            intake_has_values(deadline, form, values)) {
            return true;
        }
    }
    return false;
}

/* One who owes himself and also stands in for another sends back his own. */
static void prefer_owner(const struct turn *turn, const struct rule_ref *ref, struct finds *finds)
{
    const char *field = ref->selector->owner_field;
    const char *actor = field ? fields_get(&turn->event->fields, field) : NULL;
    size_t own = 0;

    for (size_t i = 0; actor && i < finds->n; i++) {
        if (strcmp(finds->items[i].owner, actor) == 0) {
            finds->items[own++] = finds->items[i];
        }
    }
    if (own > 0) {
        finds->n = own;
    } else if (actor && owes(turn, ref, actor)) {
        *finds = (struct finds){.any_open = true};
    }
}

/* Of several periods, or of a series, the one that closed last stays for each owner. */
static void keep_latest(struct finds *finds)
{
    size_t n = 0;

    for (size_t i = 0; i < finds->n; i++) {
        struct closed closed = finds->items[i];
        size_t k = 0;

        while (k < n && strcmp(finds->items[k].owner, closed.owner) != 0) {
            k++;
        }
        if (k == n) {
            finds->items[n++] = closed;
        } else if (closed.memo->kept > finds->items[k].memo->kept ||
                   (closed.memo->kept == finds->items[k].memo->kept &&
                    closed.memo->opened > finds->items[k].memo->opened)) {
            finds->items[k] = closed;
        }
    }
    finds->n = n;
}

static void drop_open(struct finds *finds)
{
    size_t n = 0;

    for (size_t i = 0; i < finds->n; i++) {
        if (!finds->items[i].is_open) {
            finds->items[n++] = finds->items[i];
        }
    }
    finds->any_open |= n < finds->n;
    finds->n = n;
}

static void find(struct turn *turn, const struct rule_ref *ref, struct finds *finds)
{
    struct buffer text;

    *finds = (struct finds){.n = 0};
    buffer_init(&text);
    if (add_case(turn, ref, &text)) {
        collect(turn, ref, buffer_text(&text), finds);
        prefer_owner(turn, ref, finds);
        drop_open(finds);
        keep_latest(finds);
    }
    buffer_finish(&text);
}

size_t reopening_estimate(struct turn *turn, const struct rule_ref *ref)
{
    struct finds finds;

    find(turn, ref, &finds);
    return finds.n;
}

/* -- a new one -- */

/* The event with the closed deadline's fields under its own; what cuiban gave stays as it was. */
static bool lay_over(struct turn *turn, const struct closed *closed, const struct rule *rule,
                     struct event *out)
{
    struct derived own;
    struct field *items =
        arena_alloc_array(turn->engine->scratch, closed->fields.n + turn->event->fields.n + 1, sizeof *items);
    size_t n = 0;

    if (!items) {
        turn->changes->failed = true;
        return false;
    }
    spread_strip(&own, turn->event, rule);
    for (size_t i = 0; i < closed->fields.n; i++) {
        if (!fields_get(&own.event.fields, closed->fields.items[i].name)) {
            items[n++] = closed->fields.items[i];
        }
    }
    for (size_t i = 0; i < own.event.fields.n; i++) {
        items[n++] = own.event.fields.items[i];
    }
    *out = *turn->event;
    out->fields = (struct fields){items, n};
    return true;
}

/* Who owed it last, unless the rule takes the owner from a field and the event names somebody else. */
static const char *owner_of(const struct turn *turn, const struct rule *rule, const struct closed *closed)
{
    bool by_field = rule->n_owners == 1 && rule->owners[0].start == PATH_FIELD && rule->owners[0].n_hops == 0;
    const char *named = by_field ? fields_get(&turn->event->fields, rule->owners[0].name) : NULL;

    return named ? named : closed->owner;
}

/* The old one's explanation ends with where it goes on. */
static void journal(struct turn *turn, const struct rule *rule, const char *old, const char *as)
{
    struct journal_record record;
    char at[STREAM_ID_TEXT_MAX];

    journal_begin(&record, turn->changes, "reopened");
    json_key_text(&record.json, "d", old);
    json_key_text(&record.json, "r", rule->name);
    json_key_text(&record.json, "as", as);
    json_key_int(&record.json, "at", turn->event->time);
    json_key_text(&record.json, "event", stream_id_format(turn->event->at, at));
    json_key_text(&record.json, "type", turn->event->type);
    journal_end(&record);
}

static void reopen(struct turn *turn, const struct rule_ref *ref, const struct closed *closed)
{
    const struct rule *rule = ref->rule;
    const struct event *event = turn->event;
    struct event laid;

    if (!lay_over(turn, closed, rule, &laid)) {
        return;
    }
    turn->event = &laid;
    struct deadline *deadline = opening_create(turn, rule, owner_of(turn, rule, closed), closed->owner_fixed);
    turn->event = event;
    if (!deadline) {
        turn->changes->failed = true;
        return;
    }
    memcpy(deadline->reopened, closed->memo->id, sizeof deadline->reopened);
    if (!span_is_none(&ref->selector->due)) {
        deadline->due_case = (int32_t)(rule->n_dues + (size_t)(ref->selector - rule->reopens.items));
    }
    if (opening_admit(turn, deadline)) {
        journal(turn, rule, closed->memo->id, deadline->id);
    }
}

void reopening_reopen(struct turn *turn, const struct rule_ref *ref)
{
    struct finds finds;

    find(turn, ref, &finds);
    if (finds.n == 0) {
        intake_unmatched(turn, ref,
                         finds.any_open ? "it is still open" : "nothing of this key has been closed");
    }
    for (size_t i = 0; i < finds.n && !turn->changes->failed; i++) {
        if (turn->event->time <= finds.items[i].memo->opened) {
            intake_repeated(turn, ref, "this is not newer than the opening of what has been closed");
        } else {
            reopen(turn, ref, &finds.items[i]);
        }
    }
}
