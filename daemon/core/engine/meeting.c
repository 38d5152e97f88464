#include "meeting.h"

#include <string.h>

#define EARLY_KEPT_MS (40 * DAY_MS)

/* -- one of several -- */

static void journal_progress(struct turn *turn, const struct deadline *deadline, const char *type, instant at)
{
    const struct selector *all = rule_all(deadline->rule);
    struct journal_record record;

    journal_begin_deadline(&record, turn->changes, "progress", deadline);
    json_key_text(&record.json, "type", type);
    json_key_int(&record.json, "at", at);
    json_key(&record.json, "missing");
    json_array(&record.json);
    for (size_t i = 0; i < all->on.n; i++) {
        if (!deadline_has_come(deadline, i)) {
            json_text(&record.json, all->on.items[i]);
        }
    }
    json_array_end(&record.json);
    journal_end(&record);
}

/* One of `all` has come. True: it was the last that was missing. */
static bool add_progress(struct turn *turn, struct deadline *deadline, size_t i, instant at)
{
    const struct selector *all = rule_all(deadline->rule);

    deadline->came |= UINT32_C(1) << i;
    deadline->came_at = at > deadline->came_at ? at : deadline->came_at;
    journal_progress(turn, deadline, all->on.items[i], at);
    return deadline->came == (UINT32_C(1) << all->on.n) - 1;
}

static size_t index_of(const struct texts *types, const char *type)
{
    size_t i = 0;

    while (i < types->n && strcmp(types->items[i], type) != 0) {
        i++;
    }
    return i;
}

/* True if the event completes what must come; *at is then when the last of it happened. */
static bool completes(struct turn *turn, const struct rule_ref *ref, struct deadline *deadline, instant *at)
{
    size_t i = index_of(&ref->selector->on, turn->event->type);

    if (deadline_has_come(deadline, i)) {
        intake_repeated(turn, ref, "this one of `all` has come already");
        return false;
    }
    if (!add_progress(turn, deadline, i, *at)) {
        state_put_deadline(turn, deadline);
        return false;
    }
    *at = deadline->came_at;
    return true;
}

void meeting_meet(struct turn *turn, const struct rule_ref *ref, struct deadline *deadline)
{
    const char *actor = ref->selector->owner_field
                            ? fields_get(&turn->event->fields, ref->selector->owner_field)
                            : turn->event->actor;
    struct closing_cause cause = {.at = turn->event->time, .by = actor ? actor : ""};

    if (cause.at < deadline->opened - deadline->rule->early_ms) {
        intake_journal(turn, ref, "unmatched", "stamped before the opening");
        return;
    }
    if (ref->selector->all && !completes(turn, ref, deadline, &cause.at)) {
        return;
    }
    cause.how = closing_met(deadline, cause.at);
    closing_close(turn, deadline, &cause);
}

/* -- before the opening -- */

/* Of `all`, each event is remembered by itself; no identity has a space before its rule's name. */
static void add_kind(struct buffer *out, const char *type)
{
    if (type) {
        buffer_printf(out, "%s ", type);
    }
}

static void put_early(struct turn *turn, const struct rule_ref *ref, const char *name)
{
    struct engine *engine = turn->engine;
    const struct memo *known = memory_find(&engine->early, name);
    instant before = known ? known->opened : INSTANT_NONE;
    struct memo *memo = memory_keep(&engine->early, name, turn->now);
    struct buffer *text = &engine->text;
    struct json_writer json;

    if (!memo) {
        turn->changes->failed = true;
        return;
    }
    memo->opened =
        turn->event->time > before ? turn->event->time : before; /* the later one counts for longer */
    buffer_clear(text);
    json_begin(&json, text);
    json_object(&json);
    json_key_int(&json, "opened", memo->opened);
    json_key_int(&json, "kept", memo->kept);
    json_object_end(&json);
    changes_put(turn->changes, TABLE_EARLY, name, buffer_text(text), text->n);
    intake_journal(turn, ref, "early", "no such deadline is open yet: remembered");
    while (engine->early.n > engine->policy->early_max ||
           (engine->early.oldest != memo && engine->early.oldest->kept < turn->now - EARLY_KEPT_MS)) {
        changes_remove(turn->changes, TABLE_EARLY, engine->early.oldest->identity);
        memory_forget(&engine->early, engine->early.oldest);
    }
}

/* The identity that the opening of the met deadline would have; false if the event cannot know it. */
static bool early_identity(const struct turn *turn, const struct rule_ref *ref, struct buffer *out)
{
    const struct rule *rule = ref->rule;
    struct field fields[RULE_KEYS_MAX + 2];
    struct fields list = {fields, rule->key.n};
    const char *period = intake_named_period(turn, ref), *series = intake_named_series(turn, ref);
    const char *actor = NULL;

    if (ref->selector->key.form != rule->key.form || !intake_key(turn, ref, fields)) {
        return false;
    }
    if (period) {
        fields[list.n++] = (struct field){"period", period};
    }
    if (series) {
        fields[list.n++] = (struct field){"series", series};
    }
    if ((rule->n_owners > 1 || rule->each_of) && ref->selector->owner_field) {
        actor = fields_get(&turn->event->fields, ref->selector->owner_field);
    }
    deadline_identity(rule, &list, actor, out);
    return true;
}

void meeting_unmatched(struct turn *turn, const struct rule_ref *ref)
{
    struct buffer identity, name;

    buffer_init(&identity);
    buffer_init(&name);
    bool known = early_identity(turn, ref, &identity);
    bool closed = known && memory_find(&turn->engine->closed, buffer_text(&identity));
    if (known && !closed && ref->rule->early_ms > 0 && !ref->rule->retired) {
        add_kind(&name, ref->selector->all ? turn->event->type : NULL);
        buffer_add_text(&name, buffer_text(&identity));
        turn->engine->counts.unmatched_events++;
        put_early(turn, ref, buffer_text(&name));
    } else {
        intake_unmatched(turn, ref, closed ? "closed already" : "no such deadline is open");
    }
    turn->changes->failed |= !buffer_ok(&identity) || !buffer_ok(&name);
    buffer_finish(&identity);
    buffer_finish(&name);
}

/* -- at the opening -- */

static struct memo *find(struct turn *turn, const struct rule *rule, const struct fields *fields,
                         const char *owner, const char *type)
{
    struct buffer name;

    buffer_init(&name);
    add_kind(&name, type);
    deadline_identity(rule, fields, owner, &name);
    struct memo *memo = buffer_ok(&name) ? memory_find(&turn->engine->early, buffer_text(&name)) : NULL;
    buffer_finish(&name);
    return memo;
}

/* A meet that named neither period nor which of the series is remembered without them; one that did not say
 * who acted, without an owner: it meets what each of them owes (*for_all). */
static struct memo *find_early(struct turn *turn, const struct deadline *deadline, const char *type,
                               bool *for_all)
{
    const struct rule *rule = deadline->rule;
    const char *owner = deadline_identity_owner(deadline);
    struct memo *memo = find(turn, rule, &deadline->fields, owner, type);
    struct field key[RULE_KEYS_MAX];
    struct fields plain = {key, rule->key.n};

    for (size_t i = 0; i < rule->key.n; i++) {
        const char *value = fields_get(&deadline->fields, rule->key.fields[i].name);
        key[i] = (struct field){rule->key.fields[i].name, value ? value : ""};
    }
    *for_all = false;
    if (!memo && (rule_recurs(rule) || rule->is_series)) {
        memo = find(turn, rule, &plain, owner, type);
    }
    if (!memo && owner) {
        memo = find(turn, rule, &plain, NULL, type);
        *for_all = memo != NULL;
    }
    return memo;
}

/* True if such a meet came early and counts; it is forgotten. */
static bool take_early(struct turn *turn, const struct deadline *deadline, const char *type, instant *at)
{
    bool for_all;
    struct memo *memo = find_early(turn, deadline, type, &for_all);

    if (!memo) {
        return false;
    }
    *at = memo->opened;
    if (!for_all) { /* else the other owners' deadlines want it, too; it is forgotten in time */
        changes_remove(turn->changes, TABLE_EARLY, memo->identity);
        memory_forget(&turn->engine->early, memo);
    }
    return *at >= deadline->opened - deadline->rule->early_ms;
}

static bool is_complete(struct turn *turn, struct deadline *deadline, instant *at)
{
    const struct selector *all = rule_all(deadline->rule);
    bool complete = take_early(turn, deadline, NULL, at);

    for (size_t i = 0; all && !complete && i < all->on.n; i++) {
        instant came;

        if (take_early(turn, deadline, all->on.items[i], &came) && add_progress(turn, deadline, i, came)) {
            *at = deadline->came_at;
            complete = true;
        }
    }
    return complete;
}

bool meeting_met_early(struct turn *turn, struct deadline *deadline)
{
    struct closing_cause cause = {.by = deadline->owner, .note = "met early"};

    if (!is_complete(turn, deadline, &cause.at)) {
        return false;
    }
    cause.how = closing_met(deadline, cause.at);
    closing_close(turn, deadline, &cause);
    return true;
}
