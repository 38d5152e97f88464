#include <errno.h>
#include <string.h>

#include "core/utf8.h"

#include "following.h"
#include "meeting.h"
#include "state.h"

enum {
    CHANGES_PER_DEADLINE = 8,   /* what touching one deadline costs at the most, for the look ahead */
    CHANGES_PER_OPENING = 4,    /* what opening one costs: itself, its count, an early meet */
    BYTES_PER_OPENING = 1024,   /* of the deadline and its journal record, the event's fields apart */
    DEAD_BYTES_MAX = 16 * 1024, /* of the fields of a dead event */
};

struct matches {
    struct deadline *items[ENGINE_EVENT_DEADLINES_MAX];
    size_t n;
    bool too_many;
};

struct uses {               /* of an event: all places that name its type */
    struct rule_ref *items; /* in the scratch arena */
    size_t n;
};

/* -- which deadlines an event names -- */

static const char *selected_value(const struct selector *selector, const struct event *event,
                                  const char *name)
{
    for (size_t i = 0; i < selector->key.n; i++) {
        if (strcmp(selector->key.fields[i].name, name) == 0) {
            return fields_get(&event->fields, selector->key.fields[i].event_field);
        }
    }
    return NULL;
}

bool intake_has_values(const struct deadline *deadline, const struct form *form, const char *const *values)
{
    for (size_t i = 0; i < form->n; i++) {
        const char *value = fields_get(&deadline->fields, form->names[i]);

        if (!value || strcmp(value, values[i]) != 0) {
            return false;
        }
    }
    return true;
}

bool intake_acts_for(const struct turn *turn, const char *owner_id, const char *actor)
{
    const struct directory *people = turn->engine->parts.people;
    const struct person *owner = directory_person(people, owner_id);

    if (strcmp(owner_id, actor) == 0) {
        return true;
    }
    owner = owner ? directory_answers(people, owner, state_today(turn), NULL, NULL) : NULL;
    return owner && strcmp(owner->id, actor) == 0;
}

static bool fits(const struct turn *turn, const struct rule_ref *ref, const struct deadline *deadline,
                 const char *actor)
{
    if (deadline->rule != ref->rule) {
        return false;
    }
    return !ref->selector->owner_field || (actor && intake_acts_for(turn, deadline->owner, actor));
}

/* One who owes himself and also stands in for another acts for himself. */
static void prefer_owner(struct matches *matches, const char *actor)
{
    size_t own = 0;

    for (size_t i = 0; i < matches->n; i++) {
        if (strcmp(matches->items[i]->owner, actor) == 0) {
            matches->items[own++] = matches->items[i];
        }
    }
    matches->n = own > 0 ? own : matches->n;
}

bool intake_values(const struct turn *turn, const struct rule_ref *ref,
                   const char *values[static RULE_KEYS_MAX])
{
    const struct form *form = &ref->rule->forms[ref->selector->key.form];

    for (size_t i = 0; i < form->n; i++) {
        values[i] = selected_value(ref->selector, turn->event, form->names[i]);
        if (!values[i]) {
            return false;
        }
    }
    return true;
}

bool intake_key(const struct turn *turn, const struct rule_ref *ref, struct field key[static RULE_KEYS_MAX])
{
    const struct form *form = &ref->rule->forms[ref->selector->key.form];
    const char *values[RULE_KEYS_MAX];

    if (!intake_values(turn, ref, values)) {
        return false;
    }
    for (size_t i = 0; i < form->n; i++) {
        key[i] = (struct field){form->names[i], values[i]};
    }
    return true;
}

/* -- which of several periods, or of a series -- */

const char *intake_named_period(const struct turn *turn, const struct rule_ref *ref)
{
    return rule_recurs(ref->rule) ? fields_get(&turn->event->fields, "period") : NULL;
}

const char *intake_named_series(const struct turn *turn, const struct rule_ref *ref)
{
    const char *field = ref->rule->is_series ? ref->selector->series_field : NULL;
    const char *value = field ? fields_get(&turn->event->fields, field) : NULL;
    const struct due_case *found = value ? rule_series_case(ref->rule, value) : NULL;

    return found ? found->name : value;
}

static const char *given(const struct deadline *deadline, const char *name)
{
    const char *value = rule_gives_field(deadline->rule, name) ? fields_get(&deadline->fields, name) : NULL;

    return value ? value : "";
}

static bool is_same_case(const struct deadline *a, const struct deadline *b)
{
    const struct form *key = &a->rule->forms[0];

    for (size_t i = 0; i < key->n; i++) {
        const char *left = fields_get(&a->fields, key->names[i]);
        const char *right = fields_get(&b->fields, key->names[i]);

        if (!left || !right || strcmp(left, right) != 0) {
            return false;
        }
    }
    return true;
}

/* Of one case, but of an older period, or the earlier of the series. */
static bool is_older(const struct deadline *a, const struct deadline *b)
{
    int periods = strcmp(given(a, "period"), given(b, "period"));

    if (periods == 0 && strcmp(given(a, "series"), given(b, "series")) == 0) {
        return false; /* several owners of one and the same */
    }
    if (a->opened != b->opened) {
        return a->opened < b->opened;
    }
    return periods != 0 ? periods < 0 : a->due < b->due;
}

/* A meet closes the period that it names, else the oldest open one of each case. */
static void narrow(const struct turn *turn, const struct rule_ref *ref, struct matches *matches)
{
    const char *period = intake_named_period(turn, ref);
    const char *series = intake_named_series(turn, ref);
    bool keeps[ENGINE_EVENT_DEADLINES_MAX];
    size_t n = 0;

    for (size_t i = 0; i < matches->n; i++) {
        const struct deadline *deadline = matches->items[i];

        if ((!period || strcmp(given(deadline, "period"), period) == 0) &&
            (!series || strcmp(given(deadline, "series"), series) == 0)) {
            matches->items[n++] = matches->items[i];
        }
    }
    matches->n = n;
    for (size_t i = 0; i < n; i++) {
        keeps[i] = true;
        for (size_t k = 0; k < n && keeps[i]; k++) {
            keeps[i] = !is_same_case(matches->items[i], matches->items[k]) ||
                       !is_older(matches->items[k], matches->items[i]);
        }
    }
    matches->n = 0;
    for (size_t i = 0; i < n; i++) {
        if (keeps[i]) {
            matches->items[matches->n++] = matches->items[i];
        }
    }
}

static void match(const struct turn *turn, const struct rule_ref *ref, struct matches *matches)
{
    const struct selector *selector = ref->selector;
    const struct form *form = &ref->rule->forms[selector->key.form];
    const char *values[RULE_KEYS_MAX];
    const char *actor =
        selector->owner_field ? fields_get(&turn->event->fields, selector->owner_field) : NULL;
    size_t cursor = 0;
    struct deadline *deadline;

    matches->n = 0;
    matches->too_many = false;
    if (!intake_values(turn, ref, values)) {
        return;
    }
    uint64_t hash = state_form_hash(ref->rule, form, values);
    while ((deadline = index_find(&turn->engine->forms, hash, &cursor)) != NULL) {
        if (!fits(turn, ref, deadline, actor) || !intake_has_values(deadline, form, values)) {
            continue;
        }
        if (matches->n == ENGINE_EVENT_DEADLINES_MAX) {
            matches->too_many = true;
            return;
        }
        matches->items[matches->n++] = deadline;
    }
    if (actor) {
        prefer_owner(matches, actor);
    }
    if (ref->use == USE_MEET && (rule_recurs(ref->rule) || ref->rule->is_series)) {
        narrow(turn, ref, matches);
    }
}

/* -- what finds nothing -- */

void intake_journal(struct turn *turn, const struct rule_ref *ref, const char *what, const char *why)
{
    struct journal_record record;
    char at[STREAM_ID_TEXT_MAX];

    journal_begin(&record, turn->changes, what);
    json_key_text(&record.json, "r", ref->rule->name);
    json_key_text(&record.json, "event", stream_id_format(turn->event->at, at));
    json_key_text(&record.json, "type", turn->event->type);
    json_key_text(&record.json, "why", why);
    journal_end(&record);
}

void intake_unmatched(struct turn *turn, const struct rule_ref *ref, const char *why)
{
    turn->engine->counts.unmatched_events++;
    state_count(turn, ref->rule, "", turn->now, "unmatched");
    intake_journal(turn, ref, "unmatched", why);
}

void intake_repeated(struct turn *turn, const struct rule_ref *ref, const char *why)
{
    turn->engine->counts.repeated_events++;
    intake_journal(turn, ref, "repeat", why);
}

static void touch(struct turn *turn, const struct rule_ref *ref, struct deadline *deadline)
{
    struct closing_cause cancelled = {.how = CLOSED_CANCELLED,
                                      .at = turn->event->time,
                                      .by = turn->event->actor,
                                      .stop = ref->selector->stop};

    switch (ref->use) {
    case USE_MEET:
        meeting_meet(turn, ref, deadline);
        break;
    case USE_CANCEL:
        closing_close(turn, deadline, &cancelled);
        break;
    case USE_PAUSE:
        pausing_pause(turn, deadline);
        break;
    case USE_RESUME:
        pausing_resume(turn, deadline);
        break;
    case USE_CHANGE:
        opening_change(turn, deadline);
        break;
    case USE_REOPEN:
    case USE_OPEN:
        break;
    }
}

static bool opens(const struct rule_ref *ref)
{
    return ref->use == USE_OPEN || ref->use == USE_REOPEN;
}

static bool applies(const struct turn *turn, const struct rule_ref *ref)
{
    const struct conditions *where = ref->use == USE_OPEN ? &ref->rule->open_where : &ref->selector->where;

    return !conditions_failing(where, &turn->event->fields) && !(opens(ref) && ref->rule->retired);
}

/* A running rule that finds nothing has nothing to complain of if an older text of it, which some deadlines
 * still have, finds what the event is about. */
static bool is_answered(const struct turn *turn, const struct uses *uses, const struct rule_ref *ref)
{
    struct matches older;

    if (ruleset_find(turn->engine->parts.rules, ref->rule->name) != ref->rule) {
        return true; /* itself the older one */
    }
    for (size_t i = 0; i < uses->n; i++) {
        const struct rule_ref *other = &uses->items[i];

        if (other->rule == ref->rule || other->use != ref->use ||
            strcmp(other->rule->name, ref->rule->name) != 0 || !applies(turn, other)) {
            continue;
        }
        match(turn, other, &older);
        if (older.n > 0) {
            return true;
        }
    }
    return false;
}

static void use(struct turn *turn, const struct uses *uses, const struct rule_ref *ref,
                struct matches *matches)
{
    if (!applies(turn, ref)) {
        return;
    }
    if (ref->use == USE_OPEN) {
        if (rule_recurs(ref->rule)) {
            schedule_begin(turn, ref->rule);
        } else {
            spread_open(turn, ref->rule);
        }
        return;
    }
    if (ref->use == USE_REOPEN) {
        reopening_reopen(turn, ref);
        return;
    }
    match(turn, ref, matches);
    if (schedule_touch(turn, ref) == 0 && matches->n == 0 && !is_answered(turn, uses, ref)) {
        if (ref->use == USE_MEET) {
            meeting_unmatched(turn, ref);
        } else {
            state_count(turn, ref->rule, "", turn->now, "unmatched");
        }
    }
    for (size_t i = 0; i < matches->n && !turn->changes->failed; i++) {
        touch(turn, ref, matches->items[i]);
    }
}

/* -- all uses of an event -- */

static size_t selectors_of(const struct rule *rule)
{
    return rule->changes.n + rule->meets.n + rule->cancels.n + rule->pauses.n + rule->resumes.n;
}

static void add_selectors(struct uses *uses, const struct rule *rule, const struct selectors *selectors,
                          enum rule_use use, const char *type)
{
    for (size_t i = 0; i < selectors->n; i++) {
        if (texts_have(&selectors->items[i].on, type)) {
            uses->items[uses->n++] = (struct rule_ref){rule, use, &selectors->items[i]};
        }
    }
}

/* Change before meet before cancel before reopen before open, over the running rules and the older ones that
 * still have deadlines. */
static bool collect(struct engine *engine, const char *type, struct uses *uses)
{
    const struct rule_ref *refs;
    size_t n = ruleset_uses(engine->parts.rules, type, &refs);
    size_t first = 0; /* that opens something */
    size_t room = n;

    for (size_t i = 0; i < engine->n_adopted; i++) {
        room += selectors_of(engine->adopted[i]);
    }
    uses->n = 0;
    uses->items = arena_alloc(engine->scratch, (room + 1) * sizeof *uses->items);
    if (!uses->items) {
        return false;
    }
    while (first < n && !opens(&refs[first])) {
        uses->items[uses->n++] = refs[first++];
    }
    for (size_t i = 0; i < engine->n_adopted; i++) {
        const struct rule *rule = engine->adopted[i];

        add_selectors(uses, rule, &rule->changes, USE_CHANGE, type);
        add_selectors(uses, rule, &rule->meets, USE_MEET, type);
        add_selectors(uses, rule, &rule->cancels, USE_CANCEL, type);
        add_selectors(uses, rule, &rule->pauses, USE_PAUSE, type);
        add_selectors(uses, rule, &rule->resumes, USE_RESUME, type);
    }
    for (size_t i = first; i < n; i++) {
        uses->items[uses->n++] = refs[i];
    }
    return true;
}

static size_t fields_bytes(const struct fields *fields)
{
    size_t bytes = 0;

    for (size_t i = 0; i < fields->n; i++) {
        bytes += strlen(fields->items[i].name) + strlen(fields->items[i].value);
    }
    return bytes;
}

/* Adds what one use would touch and open at the most. */
static void estimate(struct turn *turn, const struct rule_ref *ref, struct matches *matches, size_t *touched,
                     size_t *opened)
{
    if (opens(ref)) {
        size_t n = ref->use == USE_OPEN ? spread_estimate(turn, ref->rule) : reopening_estimate(turn, ref);

        *opened += n + following_estimate_early(turn, ref->rule, n);
        return;
    }
    match(turn, ref, matches);
    *touched += matches->too_many ? ENGINE_EVENT_DEADLINES_MAX + 1 : matches->n;
    *touched += schedule_estimate(turn, ref);
    if (ref->use == USE_MEET || ref->use == USE_CANCEL) {
        *opened += following_estimate(turn, matches->items, matches->n);
    }
}

/* How many deadlines the event would touch, so that nothing is half done when it would be too many. */
static int look_ahead(struct turn *turn, const struct uses *uses, struct matches *matches)
{
    size_t touched = 0, opened = 0;

    for (size_t i = 0; i < uses->n; i++) {
        if (applies(turn, &uses->items[i])) {
            estimate(turn, &uses->items[i], matches, &touched, &opened);
        }
    }
    opened += turn->event->is_command ? command_estimate(turn) : 0;
    size_t n = touched * CHANGES_PER_DEADLINE + opened * CHANGES_PER_OPENING;
    size_t bytes = opened * (BYTES_PER_OPENING + fields_bytes(&turn->event->fields));
    if (touched + opened > ENGINE_EVENT_DEADLINES_MAX || n > CHANGES_MAX || bytes > CHANGES_BYTES_MAX) {
        return -E2BIG;
    }
    if (turn->changes->n > 0 &&
        (turn->changes->n + n > CHANGES_MAX || changes_bytes(turn->changes) + bytes > CHANGES_BYTES_MAX)) {
        return -EAGAIN;
    }
    return 0;
}

/* -- events seen before -- */

static bool was_seen(struct turn *turn, const struct seen_entry *entry)
{
    if (!seen_has(&turn->engine->seen, entry)) {
        return false;
    }
    struct journal_record record;
    char at[STREAM_ID_TEXT_MAX];
    turn->engine->counts.repeated_events++;
    journal_begin(&record, turn->changes, "repeat");
    json_key_text(&record.json, "event", stream_id_format(turn->event->at, at));
    json_key_text(&record.json, "type", turn->event->type);
    json_key_text(&record.json, "why", "an event with this id has been taken already");
    journal_end(&record);
    return true;
}

static void remember_seen(struct turn *turn, struct seen_entry *entry)
{
    enum { FORGET_MAX = 4 };
    struct engine *engine = turn->engine;
    char key[SEEN_KEY_MAX];
    struct buffer *text = &engine->text;

    entry->at = turn->now;
    if (seen_add(&engine->seen, entry)) {
        turn->changes->failed = true;
        return;
    }
    if (!turn->changes->is_dry) {
        buffer_clear(text);
        buffer_add_int(text, entry->at);
        changes_put(turn->changes, TABLE_SEEN, seen_format(entry, key), buffer_text(text), text->n);
    }
    for (int i = 0; i < FORGET_MAX; i++) {
        const struct seen_entry *oldest = seen_oldest(&engine->seen);

        if (engine->seen.n <= engine->policy->seen_max && oldest->at > turn->now - engine->policy->seen_ms) {
            break;
        }
        if (!turn->changes->is_dry) {
            changes_remove(turn->changes, TABLE_SEEN, seen_format(oldest, key));
        }
        seen_forget_oldest(&engine->seen);
    }
}

static void note_future(struct turn *turn)
{
    struct journal_record record;
    char at[STREAM_ID_TEXT_MAX];

    if (!turn->event->in_future) {
        return;
    }
    journal_begin(&record, turn->changes, "future");
    json_key_text(&record.json, "event", stream_id_format(turn->event->at, at));
    json_key_text(&record.json, "type", turn->event->type);
    json_key_text(&record.json, "why", "its time is more than a minute ahead: it counts as now");
    journal_end(&record);
}

int engine_event(struct engine *engine, const struct event *event, instant now, struct changes *changes)
{
    struct turn turn = {.engine = engine, .changes = changes, .now = now, .event = event};
    struct uses uses;
    struct matches matches;
    struct seen_entry entry;

    if (!settle_all(&turn)) {
        return changes->failed ? -ENOMEM : -EAGAIN;
    }
    arena_reset(engine->scratch);
    if (!collect(engine, event->type, &uses)) {
        return -ENOMEM;
    }
    bool known = seen_key(event, &entry);
    if (uses.n > 0 || event->is_command) {
        if (known && was_seen(&turn, &entry)) {
            return 0;
        }
        int error = look_ahead(&turn, &uses, &matches);
        if (error) {
            return error;
        }
    }
    engine->counts.events++;
    if (event->is_command) {
        command_serve(&turn);
    }
    note_future(&turn);
    changes->is_of_future = event->in_future;
    for (size_t i = 0; i < uses.n && !changes->failed; i++) {
        use(&turn, &uses, &uses.items[i], &matches);
    }
    following_settle(&turn);
    changes->is_of_future = false;
    if (known && (uses.n > 0 || event->is_command)) {
        remember_seen(&turn, &entry);
    }
    return changes->failed ? -ENOMEM : 0;
}

/* -- events that cannot be served -- */

/* Bytes that are not UTF-8 are shown as '?', so that the dead letter is readable JSON. */
static void add_lossy(struct buffer *out, const char *bytes, size_t n, size_t room)
{
    n = n < room ? n : room;
    while (n > 0) {
        size_t take = utf8_cut(bytes, n, n > 4 ? 4 : n);
        size_t k = take > 0 ? take : 1;

        while (k > 1 && !utf8_is_valid(bytes, k)) {
            k--;
        }
        if (utf8_is_valid(bytes, k) && bytes[0] != '\0') {
            buffer_add(out, bytes, k);
        } else {
            buffer_add_char(out, '?');
        }
        bytes += k;
        n -= k;
    }
}

static void write_dead(struct turn *turn, struct stream_id at, const char *why, const struct raw_field *raw,
                       size_t n)
{
    struct buffer text, part;
    struct json_writer json;
    char id[STREAM_ID_TEXT_MAX];
    size_t room = DEAD_BYTES_MAX;

    buffer_init(&text);
    buffer_init(&part);
    json_begin(&json, &text);
    json_object(&json);
    json_key_text(&json, "what", "event");
    json_key_text(&json, "event", stream_id_format(at, id));
    json_key_text(&json, "why", why);
    json_key_int(&json, "at", turn->now);
    json_key(&json, "fields");
    json_array(&json);
    for (size_t i = 0; i < n && room > 0; i++) {
        buffer_clear(&part);
        add_lossy(&part, raw[i].name, raw[i].name_n, room);
        room -= part.n < room ? part.n : room;
        json_text(&json, buffer_text(&part));
        buffer_clear(&part);
        add_lossy(&part, raw[i].value, raw[i].value_n, room);
        room -= part.n < room ? part.n : room;
        json_text(&json, buffer_text(&part));
    }
    json_array_end(&json);
    json_object_end(&json);
    if (buffer_ok(&text) && buffer_ok(&part)) {
        changes_dead(turn->changes, buffer_text(&text));
    } else {
        turn->changes->failed = true;
    }
    buffer_finish(&text);
    buffer_finish(&part);
}

static void journal_bad(struct turn *turn, struct stream_id at, const char *why)
{
    struct journal_record record;
    char id[STREAM_ID_TEXT_MAX];

    turn->engine->counts.bad_events++;
    journal_begin(&record, turn->changes, "bad");
    json_key_text(&record.json, "event", stream_id_format(at, id));
    json_key_text(&record.json, "type", turn->event ? turn->event->type : NULL);
    json_key_text(&record.json, "why", why);
    journal_end(&record);
    state_count(turn, NULL, "", turn->now, "bad");
}

void intake_bad(struct turn *turn, const char *why)
{
    struct raw_field raw[EVENT_FIELDS_MAX];
    size_t n = 0;

    if (!turn->event) {
        return; /* time passed, no event is to blame: the journal of the caller says what happened */
    }
    for (size_t i = 0; i < turn->event->fields.n && n < EVENT_FIELDS_MAX; i++) {
        const struct field *field = &turn->event->fields.items[i];

        raw[n++] = (struct raw_field){field->name, field->value, strlen(field->name), strlen(field->value)};
    }
    journal_bad(turn, turn->event->at, why);
    write_dead(turn, turn->event->at, why, raw, n);
}

void engine_bad_event(struct engine *engine, struct stream_id at, const char *reason,
                      const struct raw_field *raw, size_t n, instant now, struct changes *changes)
{
    struct turn turn = {.engine = engine, .changes = changes, .now = now};

    journal_bad(&turn, at, reason);
    write_dead(&turn, at, reason, raw, n);
}
