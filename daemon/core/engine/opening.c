#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "meeting.h"
#include "sending.h"
#include "state.h"

/* Ids are numbers in Crockford's base 32, scattered so that neighbours look different: a mistyped number is
 * then rarely somebody else's. Four characters for the first million, five for the next 33 million, and so
 * on. */
static void number_format(uint64_t number, char into[static DEADLINE_ID_MAX])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint64_t space = UINT64_C(1) << 20;
    int n = 4;

    while (number >= space && n < DEADLINE_ID_MAX - 3) {
        number -= space;
        space <<= 5;
        n++;
    }
    number = (number * UINT64_C(0x9e3779b1) + UINT64_C(0x5bd1e)) & (space - 1);
    into[n] = '\0';
    while (n > 0) {
        into[--n] = digits[number & 31];
        number >>= 5;
    }
}

static void assign_id(struct turn *turn, struct deadline *deadline)
{
    char text[24];

    number_format(turn->engine->numbered++, deadline->id);
    if (turn->changes->is_dry) {
        return;
    }
    int n = snprintf(text, sizeof text, "%llu", (unsigned long long)turn->engine->numbered);
    changes_put(turn->changes, TABLE_HEAD, "ids", text, (size_t)n);
}

/* -- who owes it -- */

struct owners {
    const char *ids[PATH_RESULT_MAX];
    size_t n;
    bool several; /* the rule makes one deadline for each: the owner is part of the identity */
    bool fixed;   /* an event named the person */
};

static int each_owner(struct turn *turn, const struct rule *rule, struct owners *owners)
{
    const char *value = fields_get(&turn->event->fields, rule->each_of);
    const char *ids[EVENT_LIST_MAX];
    int n = value ? event_list(turn->engine->scratch, value, ids) : -1;

    if (n <= 0) {
        return -EINVAL;
    }
    for (int i = 0; i < n && owners->n < PATH_RESULT_MAX; i++) {
        owners->ids[owners->n++] = ids[i];
    }
    owners->several = owners->fixed = true;
    return 0;
}

static const char *path_owner(struct turn *turn, const struct rule *rule, const struct path *path)
{
    struct path_context context = state_owner_context(turn, rule, &turn->event->fields);
    const char *people[PATH_RESULT_MAX];
    const char *why = NULL;

    if (path_people(path, &context, people, &why) > 0) {
        return people[0];
    }
    /* A field that names somebody the directory does not know: the id is kept, so that lateness is counted.
     */
    const char *value =
        path->start == PATH_FIELD && path->n_hops == 0 ? fields_get(&turn->event->fields, path->name) : NULL;
    return value ? value : "";
}

static int find_owners(struct turn *turn, const struct rule *rule, struct owners *owners)
{
    *owners = (struct owners){.several = rule->n_owners > 1};
    if (rule->each_of) {
        return each_owner(turn, rule, owners);
    }
    for (size_t i = 0; i < rule->n_owners; i++) {
        const char *owner = path_owner(turn, rule, &rule->owners[i]);
        bool twice = false;

        for (size_t k = 0; k < owners->n; k++) {
            twice = twice || strcmp(owners->ids[k], owner) == 0;
        }
        if (!twice) {
            owners->ids[owners->n++] = owner;
        }
    }
    owners->fixed = rule->n_owners == 1 && rule->owners[0].start == PATH_FIELD && rule->owners[0].n_hops == 0;
    return 0;
}

size_t opening_estimate(struct turn *turn, const struct rule *rule)
{
    struct owners owners;

    return find_owners(turn, rule, &owners) ? 1 : owners.n;
}

int opening_set_department(struct turn *turn, struct deadline *deadline)
{
    const struct rule *rule = deadline->rule;
    const char *department = NULL;

    if (rule->has_department) {
        struct path_context context = state_path_context(turn, deadline);
        context.department = "";
        department = path_department(&rule->department, &context);
    }
    if (!department) {
        const struct person *owner = directory_person(turn->engine->parts.people, deadline->owner);
        department = owner ? owner->department : NULL;
    }
    if (!department) {
        department = fields_get(&deadline->fields, "department");
    }
    return state_set_text(&deadline->department, department ? department : "") ? 0 : -ENOMEM;
}

/* -- what is there already -- */

/* Of a field that cuiban gave: a deadline of another period, or another of the series, is another one. */
static bool same_given(const struct turn *turn, const struct rule *rule, const struct deadline *deadline,
                       const char *name)
{
    const char *wanted = rule_gives_field(rule, name) ? fields_get(&turn->event->fields, name) : NULL;
    const char *value = wanted ? fields_get(&deadline->fields, name) : NULL;

    return !wanted || (value && strcmp(value, wanted) == 0);
}

static struct deadline *find_open(struct turn *turn, const struct rule *rule, const char *owner)
{
    const char *values[RULE_KEYS_MAX];
    size_t cursor = 0;
    struct deadline *deadline;

    for (size_t i = 0; i < rule->forms[0].n; i++) {
        values[i] = fields_get(&turn->event->fields, rule->forms[0].names[i]);
    }
    uint64_t hash = state_form_hash(rule, &rule->forms[0], values);
    while ((deadline = index_find(&turn->engine->forms, hash, &cursor)) != NULL) {
        bool same =
            strcmp(deadline->rule->name, rule->name) == 0 && (!owner || strcmp(deadline->owner, owner) == 0);

        for (size_t i = 0; same && i < rule->forms[0].n; i++) {
            const char *value = fields_get(&deadline->fields, rule->forms[0].names[i]);
            same = value && strcmp(value, values[i]) == 0;
        }
        same =
            same && same_given(turn, rule, deadline, "period") && same_given(turn, rule, deadline, "series");
        if (same) {
            return deadline;
        }
    }
    return NULL;
}

static void journal_event(struct turn *turn, const char *what, const struct rule *rule, const char *why)
{
    struct journal_record record;
    char at[STREAM_ID_TEXT_MAX];

    journal_begin(&record, turn->changes, what);
    json_key_text(&record.json, "r", rule->name);
    json_key_text(&record.json, "event", stream_id_format(turn->event->at, at));
    json_key_text(&record.json, "type", turn->event->type);
    json_key_text(&record.json, "why", why);
    journal_end(&record);
}

/* The HRIS repeats an opening that has been closed since: it must not raise a deadline that nobody will meet.
 */
static bool is_repeat(struct turn *turn, const struct rule *rule, const char *identity)
{
    const struct memo *memo = memory_find(&turn->engine->closed, identity);

    if (!memo || turn->event->time > memo->opened) {
        return false;
    }
    turn->engine->counts.repeated_events++;
    journal_event(turn, "repeat", rule, "this opening is not newer than one that has been closed");
    return true;
}

/* -- opening -- */

static void journal_opening(struct turn *turn, const struct deadline *deadline, const char *what)
{
    struct journal_record record;
    struct buffer identity;
    char at[STREAM_ID_TEXT_MAX];

    if (turn->changes->is_dry) {
        return;
    }
    buffer_init(&identity);
    deadline_identity(deadline->rule, &deadline->fields, NULL, &identity);
    journal_begin_deadline(&record, turn->changes, what, deadline);
    json_key_text(&record.json, "k", buffer_text(&identity));
    json_key_text(&record.json, "v", deadline->rule->fingerprint);
    json_key_text(&record.json, "owner", deadline->owner);
    json_key_text(&record.json, "dept", deadline->department);
    json_key_int(&record.json, "start", deadline->start);
    json_key_int(&record.json, "received", turn->now);
    if (deadline->state == DEADLINE_SLEEPING) {
        json_key_int(&record.json, "sleeping", deadline->wake);
    } else {
        json_key_int(&record.json, "due", deadline->due);
        json_key_int(&record.json, "case", deadline->due_case);
    }
    if (deadline->reopened[0]) {
        json_key_text(&record.json, "reopened", deadline->reopened);
    }
    if (deadline->after[0]) {
        json_key_text(&record.json, "after", deadline->after);
    }
    if (deadline->provisional) {
        json_key_bool(&record.json, "provisional", true);
    }
    if (deadline->late_event) {
        json_key_bool(&record.json, "late", true);
    }
    if (rule_recurs(deadline->rule)) {
        json_key_text(&record.json, "period", fields_get(&deadline->fields, "period"));
    }
    if (turn->event && turn->event->at.ms > 0) {
        json_key_text(&record.json, "event", stream_id_format(turn->event->at, at));
        json_key_text(&record.json, "type", turn->event->type);
    }
    journal_end(&record);
    buffer_finish(&identity);
}

/* Steps before due that lie before the opening are not for anybody any more. */
static void skip_before(struct turn *turn, struct deadline *deadline, instant opening)
{
    for (size_t i = 0; i < deadline->rule->n_steps; i++) {
        const struct step *step = &deadline->rule->steps[i];

        while (step->before_due && step->anchor != ANCHOR_OPEN && deadline->steps[i].at < opening) {
            ladder_supersede(turn, deadline, i, "superseded", "before the opening");
        }
    }
}

void opening_skip_passed(struct turn *turn, struct deadline *deadline)
{
    skip_before(turn, deadline, turn->now);
}

static bool tells_alike(const struct step *a, const struct step *b)
{
    bool alike = false;

    for (size_t i = 0; i < a->n_to; i++) {
        for (size_t k = 0; k < b->n_to; k++) {
            alike = alike || strcmp(a->to[i].text, b->to[k].text) == 0;
        }
    }
    return alike;
}

/* The first word on the opening itself leaves late rather than never. */
static bool is_told_in_time(const struct turn *turn, const struct deadline *deadline,
                            const struct step *asked, instant since)
{
    for (size_t i = 0; i < rule_written(deadline->rule); i++) {
        const struct step *step = &deadline->rule->steps[i];
        instant at = deadline->steps[i].at;

        if (step->before_due && at != INSTANT_NEVER && tells_alike(step, asked) &&
            !conditions_failing(&step->where, &deadline->fields) &&
            (step->anchor == ANCHOR_OPEN || sending_can_leave(turn->engine, deadline, step, at, since))) {
            return true;
        }
    }
    return false;
}

void opening_ask(struct turn *turn, struct deadline *deadline, instant since)
{
    const struct step *asked = rule_asked(deadline->rule);

    if (!asked) {
        return;
    }
    struct step_state *state = &deadline->steps[asked - deadline->rule->steps];
    deadline->asked = INSTANT_NEVER;
    if (deadline->state == DEADLINE_OPEN && deadline->due > since &&
        !is_told_in_time(turn, deadline, asked, since)) {
        deadline->asked = since;
        state->fired = 0;
    }
    state->at = state->fires = deadline->asked;
}

/* Sets start, wake, due and the steps. 0 or a negative errno with *why. */
static int schedule(struct turn *turn, struct deadline *deadline, const char **why)
{
    const struct rule *rule = deadline->rule;

    deadline->wake = INSTANT_NEVER;
    deadline->start = deadline->opened;
    deadline->state = DEADLINE_OPEN;
    if (!span_is_none(&rule->open_from)) {
        instant wake;

        if (timing_span(turn->engine, deadline, &rule->open_from, &wake)) {
            *why = "the field that `from` is counted from is missing or is not a date";
            return -ENOENT;
        }
        if (wake > turn->now) {
            deadline->state = DEADLINE_SLEEPING;
            deadline->wake = wake;
            deadline->start = wake;
        }
    }
    int error = timing_due(turn->engine, deadline, why);
    if (!error && deadline->state == DEADLINE_OPEN) {
        deadline->late_event = deadline->due < turn->now || (turn->event && turn->event->is_late);
    }
    return error;
}

struct deadline *opening_create(struct turn *turn, const struct rule *rule, const char *owner, bool fixed)
{
    struct deadline *deadline = deadline_create(rule);

    if (!deadline) {
        return NULL;
    }
    deadline->opened = turn->event->time;
    deadline->received = turn->now;
    deadline->event = turn->event->at;
    deadline->owner_fixed = fixed;
    (void)snprintf(deadline->after, sizeof deadline->after, "%s", turn->after ? turn->after : "");
    if (deadline_set_fields(deadline, &turn->event->fields, NULL) ||
        !state_set_text(&deadline->owner, owner) || opening_set_department(turn, deadline)) {
        deadline_destroy(deadline);
        return NULL;
    }
    return deadline;
}

static void warn_owner(struct turn *turn, const struct deadline *deadline)
{
    if (directory_person(turn->engine->parts.people, deadline->owner)) {
        return;
    }
    struct journal_record record;
    journal_begin_deadline(&record, turn->changes, "owner_unknown", deadline);
    json_key_text(&record.json, "owner", deadline->owner);
    json_key_text(&record.json, "why",
                  deadline->owner[0] ? "the directory does not know this person"
                                     : "nobody could be found to owe this");
    journal_end(&record);
}

static void begin(struct turn *turn, struct deadline *deadline)
{
    timing_place(turn->engine, deadline);
    opening_skip_passed(turn, deadline);
    opening_ask(turn, deadline, turn->now);
    timing_arm(turn, deadline);
    state_put_deadline(turn, deadline);
}

/* Counts and numbers it, puts it into every index and into the journal. False, and destroyed, if the event is
 * bad or memory is out. */
static bool admit(struct turn *turn, struct deadline *deadline)
{
    const char *why = NULL;
    int error = schedule(turn, deadline, &why);

    if (error && error != -ENOMEM) {
        intake_bad(turn, why);
        deadline_destroy(deadline);
        return false;
    }
    if (!error) {
        assign_id(turn, deadline);
        error = state_add_deadline(turn->engine, deadline);
    }
    if (error) {
        deadline_destroy(deadline);
        turn->changes->failed = true;
        return false;
    }
    versions_store(turn, deadline->rule);
    journal_opening(turn, deadline, "opened");
    warn_owner(turn, deadline);
    state_count(turn, deadline->rule, deadline->department, deadline->due, "opened");
    if (turn->engine->parts.watch.on_opened) {
        turn->engine->parts.watch.on_opened(turn->engine->parts.watch.data, deadline);
    }
    return true;
}

bool opening_admit(struct turn *turn, struct deadline *take)
{
    bool ok = admit(turn, take);

    if (ok) {
        begin(turn, take);
    }
    return ok;
}

static void open_one(struct turn *turn, const struct rule *rule, const struct owners *owners,
                     const char *owner)
{
    struct buffer identity;

    buffer_init(&identity);
    deadline_identity(rule, &turn->event->fields, owners->several ? owner : NULL, &identity);
    if (!is_repeat(turn, rule, buffer_text(&identity))) {
        struct deadline *deadline = opening_create(turn, rule, owner, owners->fixed);

        if (!deadline) {
            turn->changes->failed = true;
        } else if (admit(turn, deadline) && !meeting_met_early(turn, deadline)) {
            begin(turn, deadline);
        }
    }
    buffer_finish(&identity);
}

static void restart(struct turn *turn, struct deadline *deadline)
{
    const char *why = NULL;
    int error = 0;

    outbox_withdraw(turn, deadline, "restarted");
    for (size_t i = 0; i < deadline->rule->n_steps; i++) {
        deadline->steps[i].fired = 0;
    }
    deadline->n_pauses = 0;
    deadline->due_case = 0;
    deadline->came = 0;
    deadline->came_at = INSTANT_NONE;
    deadline->last.at = INSTANT_NONE;
    deadline->was_overdue = deadline->extended = deadline->late_event = false;
    deadline->opened = turn->event->time;
    deadline->received = turn->now;
    deadline->event = turn->event->at;
    if (turn->after) {
        (void)snprintf(deadline->after, sizeof deadline->after, "%s", turn->after);
    }
    error = schedule(turn, deadline, &why);
    if (error) {
        intake_bad(turn, why);
        deadline->state = DEADLINE_OPEN;
    }
    journal_opening(turn, deadline, "restarted");
    begin(turn, deadline);
}

static void open_again(struct turn *turn, const struct rule *rule, struct deadline *deadline)
{
    enum again again = rule->again;

    if (again == AGAIN_RESTART && turn->event->time <= deadline->opened) {
        again = AGAIN_IGNORE; /* an older opening that came late, or the same one once more */
    }
    switch (again) {
    case AGAIN_IGNORE:
        turn->engine->counts.repeated_events++;
        journal_event(turn, "repeat", rule, "this key is open already");
        break;
    case AGAIN_CHANGE:
        opening_change(turn, deadline);
        break;
    case AGAIN_RESTART:
        opening_change(turn, deadline);
        restart(turn, deadline);
        break;
    }
}

static const char *missing_key(const struct turn *turn, const struct rule *rule)
{
    for (size_t i = 0; i < rule->key.n; i++) {
        if (!fields_get(&turn->event->fields, rule->key.fields[i].name)) {
            return rule->key.fields[i].name;
        }
    }
    return NULL;
}

/* A recurrence begins before cuiban gives its deadlines their department or person. */
static bool lacks_own_key(const struct turn *turn, const struct rule *rule)
{
    for (size_t i = 0; i < rule->key.n; i++) {
        const char *name = rule->key.fields[i].name;

        if (!rule_gives_field(rule, name) && !fields_get(&turn->event->fields, name)) {
            return true;
        }
    }
    return false;
}

bool opening_is_open(struct turn *turn, const struct rule *rule)
{
    return find_open(turn, rule, NULL) != NULL;
}

struct deadline *opening_draft(struct turn *turn, const struct rule *rule)
{
    struct owners owners;

    if (lacks_own_key(turn, rule) || find_owners(turn, rule, &owners) || owners.n == 0) {
        return NULL;
    }
    struct deadline *draft = opening_create(turn, rule, owners.ids[0], owners.fixed);
    if (draft) {
        draft->start = draft->opened;
    } else {
        turn->changes->failed = true;
    }
    return draft;
}

bool opening_open(struct turn *turn, const struct rule *rule)
{
    const char *missing = missing_key(turn, rule);
    struct owners owners;

    if (missing || find_owners(turn, rule, &owners)) {
        const char *why =
            missing ? arena_printf(turn->engine->scratch, "%s: the key field \"%s\" is missing", rule->name,
                                   missing)
                    : arena_printf(turn->engine->scratch,
                                   "%s: the field \"%s\" is missing or is not a JSON array of at most %d ids",
                                   rule->name, rule->each_of, EVENT_LIST_MAX);
        intake_bad(turn, why ? why : "out of memory");
        return false;
    }
    for (size_t i = 0; i < owners.n && !turn->changes->failed; i++) {
        struct deadline *open = find_open(turn, rule, owners.several ? owners.ids[i] : NULL);

        if (open) {
            open_again(turn, rule, open);
        } else {
            open_one(turn, rule, &owners, owners.ids[i]);
        }
    }
    return true;
}

/* -- while it is open -- */

void opening_wake(struct turn *turn, struct deadline *deadline)
{
    const char *why = NULL;

    deadline->state = DEADLINE_OPEN;
    if (!deadline->extended) {
        (void)timing_due(turn->engine, deadline,
                         &why); /* the due of the opening stays if it cannot be counted now */
    }
    journal_opening(turn, deadline, "woke");
    timing_place(turn->engine, deadline);
    skip_before(turn, deadline, deadline->wake);
    opening_ask(turn, deadline, deadline->wake);
    timing_arm(turn, deadline);
    state_put_deadline(turn, deadline);
}

void opening_recount(struct turn *turn, struct deadline *deadline, const char *what, instant at,
                     const char *why)
{
    struct journal_record record;
    instant was = deadline->due;
    const char *wrong = NULL;

    if (!deadline->extended && timing_due(turn->engine, deadline, &wrong)) {
        intake_bad(turn, wrong);
    }
    if (deadline->due > was && deadline->due > turn->now) {
        for (size_t i = 0; i < deadline->rule->n_steps; i++) {
            deadline->steps[i].fired =
                deadline->rule->steps[i].anchor == ANCHOR_DUE ? 0 : deadline->steps[i].fired;
        }
        deadline->was_overdue = deadline->late_event = false;
    }
    deadline->state = deadline->was_overdue ? DEADLINE_OVERDUE : DEADLINE_OPEN;
    journal_begin_deadline(&record, turn->changes, what, deadline);
    json_key_int(&record.json, "at", at);
    json_key_int(&record.json, "due", deadline->due);
    json_key_int(&record.json, "was", was);
    json_key_text(&record.json, "type", turn->event ? turn->event->type : NULL);
    json_key_text(&record.json, "why", why);
    journal_end(&record);
    timing_place(turn->engine, deadline);
    if (deadline->due > was) {
        opening_skip_passed(turn, deadline);
        opening_ask(turn, deadline, turn->now);
    }
}

static void change_owner(struct turn *turn, struct deadline *deadline)
{
    const struct rule *rule = deadline->rule;

    if (rule->n_owners != 1 || !deadline->owner_fixed || rule->owners[0].start != PATH_FIELD) {
        return;
    }
    const char *owner = fields_get(&turn->event->fields, rule->owners[0].name);
    if (!owner || strcmp(owner, deadline->owner) == 0) {
        return;
    }
    struct journal_record record;
    journal_begin_deadline(&record, turn->changes, "owner", deadline);
    json_key_text(&record.json, "was", deadline->owner);
    json_key_text(&record.json, "owner", owner);
    journal_end(&record);
    if (!state_set_text(&deadline->owner, owner) || opening_set_department(turn, deadline)) {
        turn->changes->failed = true;
    }
}

void opening_change(struct turn *turn, struct deadline *deadline)
{
    struct engine *engine = turn->engine;
    struct derived over;

    /* What cuiban gave is the deadline's identity: no event changes it. */
    spread_strip(&over, turn->event, deadline->rule);
    /* The fields decide where it stands in the indexes: out with the old ones, in with the new. */
    agenda_remove(&engine->agenda, &deadline->agenda);
    state_unindex(engine, deadline);
    if (deadline_set_fields(deadline, &deadline->fields, &over.event.fields) ||
        state_add_deadline(engine, deadline)) {
        turn->changes->failed = true;
        return;
    }
    change_owner(turn, deadline);
    if (deadline->state == DEADLINE_SLEEPING) {
        const char *why = NULL;
        if (schedule(turn, deadline, &why)) {
            intake_bad(turn, why);
        }
    }
    if (deadline->state == DEADLINE_OPEN || deadline->state == DEADLINE_OVERDUE) {
        opening_recount(turn, deadline, "changed", turn->event->time, NULL);
    } /* a paused one is counted again when it resumes */
    timing_arm(turn, deadline);
    state_put_deadline(turn, deadline);
}
