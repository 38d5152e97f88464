#include "core/civil.h"
#include "core/json_members.h"

#include "crash.h"
#include "following.h"
#include "sending.h"
#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct engine *engine_create(const struct engine_parts *parts)
{
    struct engine *engine = calloc(1, sizeof *engine);

    if (!engine) {
        return NULL;
    }
    engine->parts = *parts;
    engine->policy = ruleset_policy(parts->rules);
    index_init(&engine->deadlines);
    index_init(&engine->forms);
    index_init(&engine->groups);
    index_init(&engine->notifications);
    agenda_init(&engine->agenda);
    agenda_init(&engine->outbox);
    agenda_init(&engine->watched);
    schedule_init(engine);
    versions_init(engine);
    memory_init(&engine->closed);
    memory_init(&engine->early);
    seen_init(&engine->seen);
    engine->has_quiet = sending_has_quiet(engine);
    buffer_init(&engine->text);
    engine->scratch = arena_create();
    if (!engine->scratch) {
        engine_destroy(engine);
        return NULL;
    }
    return engine;
}

void engine_destroy(struct engine *engine)
{
    if (!engine) {
        return;
    }
    size_t cursor = 0;
    struct deadline *deadline;
    while ((deadline = index_next(&engine->deadlines, &cursor)) != NULL) {
        deadline_destroy(deadline);
    }
    cursor = 0;
    struct notification *notification;
    while ((notification = index_next(&engine->notifications, &cursor)) != NULL) {
        notification_destroy(notification);
    }
    versions_finish(engine);
    index_finish(&engine->deadlines);
    index_finish(&engine->forms);
    index_finish(&engine->groups);
    index_finish(&engine->notifications);
    agenda_finish(&engine->agenda);
    agenda_finish(&engine->outbox);
    agenda_finish(&engine->watched);
    schedule_finish(engine);
    memory_finish(&engine->closed);
    memory_finish(&engine->early);
    seen_finish(&engine->seen);
    buffer_finish(&engine->text);
    arena_destroy(engine->scratch);
    free(engine);
}

bool state_set_text(char **text, const char *value)
{
    char *copy = strdup(value);

    if (!copy) {
        return false;
    }
    free(*text);
    *text = copy;
    return true;
}

int32_t state_today(const struct turn *turn)
{
    return calendar_day(turn->engine->policy->calendar, turn->now);
}

struct path_context state_path_context(const struct turn *turn, const struct deadline *deadline)
{
    return (struct path_context){
        .directory = turn->engine->parts.people,
        .fields = &deadline->fields,
        .owner = deadline->owner,
        .department = deadline->department,
        .requester = &deadline->rule->requester,
        .day = state_today(turn),
    };
}

struct path_context state_owner_context(const struct turn *turn, const struct rule *rule,
                                        const struct fields *fields)
{
    const char *department = rule->has_department ? NULL : fields_get(fields, "department");
    struct path_context context = {
        .directory = turn->engine->parts.people,
        .fields = fields,
        .owner = "",
        .department = department ? department : "",
        .requester = &rule->requester,
        .day = state_today(turn),
    };

    if (rule->has_department) {
        /* "department of owner" cannot be known yet: the path then starts from the event's own department. */
        const char *found = path_department(&rule->department, &context);

        department = found ? found : fields_get(fields, "department");
        context.department = department ? department : "";
    }
    return context;
}

uint64_t state_form_hash(const struct rule *rule, const struct form *form, const char *const *values)
{
    uint64_t hash = hash_text(0, rule->name);

    for (size_t i = 0; i < form->n; i++) {
        hash = hash_text(hash, form->names[i]);
        hash = hash_text(hash, values[i]);
    }
    return hash;
}

bool state_form_of(const struct deadline *deadline, const struct form *form, uint64_t *hash)
{
    const char *values[RULE_KEYS_MAX];

    for (size_t i = 0; i < form->n; i++) {
        values[i] = fields_get(&deadline->fields, form->names[i]);
        if (!values[i]) {
            return false;
        }
    }
    *hash = state_form_hash(deadline->rule, form, values);
    return true;
}

static void leave_forms(struct engine *engine, struct deadline *deadline)
{
    for (size_t i = 0; i < deadline->rule->n_forms; i++) {
        uint64_t hash;

        if (state_form_of(deadline, &deadline->rule->forms[i], &hash)) {
            index_remove(&engine->forms, hash, deadline);
        }
    }
}

static int enter_forms(struct engine *engine, struct deadline *deadline)
{
    for (size_t i = 0; i < deadline->rule->n_forms; i++) {
        uint64_t hash;

        if (state_form_of(deadline, &deadline->rule->forms[i], &hash) &&
            !index_add(&engine->forms, hash, deadline)) {
            leave_forms(engine, deadline);
            return -ENOMEM;
        }
    }
    return 0;
}

int state_add_deadline(struct engine *engine, struct deadline *deadline)
{
    if (!versions_enter(engine, deadline->rule)) {
        return -ENOMEM;
    }
    if (enter_forms(engine, deadline)) {
        versions_leave(engine, deadline->rule);
        return -ENOMEM;
    }
    if (following_enter(engine, deadline) ||
        !index_add(&engine->deadlines, hash_text(0, deadline->id), deadline)) {
        following_leave(engine, deadline);
        leave_forms(engine, deadline);
        versions_leave(engine, deadline->rule);
        return -ENOMEM;
    }
    return 0;
}

void state_unindex(struct engine *engine, struct deadline *deadline)
{
    following_leave(engine, deadline);
    leave_forms(engine, deadline);
    versions_leave(engine, deadline->rule);
    index_remove(&engine->deadlines, hash_text(0, deadline->id), deadline);
}

int state_set_rule(struct engine *engine, struct deadline *deadline, const struct rule *rule)
{
    if (!versions_enter(engine, rule)) {
        return -ENOMEM;
    }
    leave_forms(engine, deadline);
    versions_leave(engine, deadline->rule);
    int error = deadline_set_rule(deadline, rule);
    return error ? error : enter_forms(engine, deadline);
}

void state_drop_deadline(struct engine *engine, struct deadline *deadline)
{
    agenda_remove(&engine->agenda, &deadline->agenda);
    state_unindex(engine, deadline);
    deadline_destroy(deadline);
}

void state_put_deadline(struct turn *turn, const struct deadline *deadline)
{
    struct buffer *text = &turn->engine->text;

    if (turn->changes->is_dry) {
        return;
    }
    buffer_clear(text);
    deadline_encode(deadline, text);
    if (!buffer_ok(text)) {
        turn->changes->failed = true;
        return;
    }
    changes_put(turn->changes, TABLE_DEADLINES, deadline->id, buffer_text(text), text->n);
}

void state_put_notification(struct turn *turn, const struct notification *notification)
{
    struct buffer *text = &turn->engine->text;

    if (turn->changes->is_dry) {
        return;
    }
    buffer_clear(text);
    notification_encode(notification, text);
    if (!buffer_ok(text)) {
        turn->changes->failed = true;
        return;
    }
    changes_put(turn->changes, TABLE_OUTBOX, notification->id, buffer_text(text), text->n);
}

int state_add_notification(struct engine *engine, struct notification *notification)
{
    return index_add(&engine->notifications, hash_text(0, notification->id), notification) ? 0 : -ENOMEM;
}

void state_drop_notification(struct turn *turn, struct notification *notification)
{
    changes_remove(turn->changes, TABLE_OUTBOX, notification->id);
    agenda_remove(&turn->engine->outbox, &notification->agenda);
    agenda_remove(&turn->engine->watched, &notification->watch);
    index_remove(&turn->engine->notifications, hash_text(0, notification->id), notification);
    settle_gone(turn->engine);
    notification_destroy(notification);
}

struct deadline *state_find_deadline(const struct engine *engine, const char *id)
{
    size_t cursor = 0;
    struct deadline *deadline;

    while ((deadline = index_find(&engine->deadlines, hash_text(0, id), &cursor)) != NULL) {
        if (strcmp(deadline->id, id) == 0) {
            return deadline;
        }
    }
    return NULL;
}

struct notification *state_find_notification(const struct engine *engine, const char *id)
{
    size_t cursor = 0;
    struct notification *notification;

    while ((notification = index_find(&engine->notifications, hash_text(0, id), &cursor)) != NULL) {
        if (strcmp(notification->id, id) == 0) {
            return notification;
        }
    }
    return NULL;
}

void state_count(struct turn *turn, const struct rule *rule, const char *department, instant at,
                 const char *what)
{
    struct buffer *text = &turn->engine->text;

    if (turn->changes->is_dry) {
        return;
    }
    struct civil date = civil_of(calendar_day(turn->engine->policy->calendar, at));
    buffer_clear(text);
    buffer_printf(text, "%04d-%02d|%s|%s|%s", (int)date.year, (int)date.month, rule ? rule->name : "",
                  department, what);
    if (buffer_ok(text)) {
        changes_count(turn->changes, buffer_text(text), 1);
    } else {
        turn->changes->failed = true;
    }
}

static const struct rule *find_rule(const void *data, const char *name, const char *fingerprint)
{
    const struct engine *engine = data;
    const struct rule *rule = versions_find(engine, fingerprint);

    /* A text that cannot be read any more (its calendar is gone): the deadline goes on under the rule of
     * today rather than under none. */
    return rule && strcmp(rule->name, name) == 0 ? rule : ruleset_find(engine->parts.rules, name);
}

static int load_deadline(struct engine *engine, const char *id, const char *json, size_t n, const char **why)
{
    struct deadline *deadline;

    if (strlen(id) >= DEADLINE_ID_MAX) {
        *why = "the id is too long";
        return -EINVAL;
    }
    if (state_find_deadline(engine, id)) {
        return 0; /* a scan may repeat itself */
    }
    int error = deadline_decode(json, n, find_rule, engine, &deadline, why);
    if (error) {
        return error;
    }
    memcpy(deadline->id, id, strlen(id) + 1);
    if (!deadline_check(deadline)) {
        *why = "the state and the times of the deadline contradict each other";
        deadline_destroy(deadline);
        return -EINVAL;
    }
    engine->has_unread = engine->has_unread || deadline->is_unread;
    error = state_add_deadline(engine, deadline);
    if (error) {
        deadline_destroy(deadline);
    }
    return error;
}

static int load_notification(struct engine *engine, const char *id, const char *json, size_t n,
                             const char **why)
{
    struct notification *notification;

    if (state_find_notification(engine, id)) {
        return 0;
    }
    int error = notification_decode(id, json, n, &notification, why);
    if (error) {
        return error;
    }
    error = state_add_notification(engine, notification);
    if (error) {
        notification_destroy(notification);
    }
    return error;
}

struct memo_draft {
    struct arena *arena;
    char *id;
    int64_t opened, kept, case_n;
    bool has_kept, has_case;
};

/* The members of a memo that the engine needs; the rest of a closing is for people and for a reopening. */
static bool read_memo_member(void *data, struct json_scanner *scanner)
{
    struct memo_draft *draft = data;
    const struct json_member members[] = {
        {"id", .text = &draft->id},
        {"opened", .number = &draft->opened},
        {"kept", .number = &draft->kept, .there = &draft->has_kept},
        {"case", .number = &draft->case_n, .there = &draft->has_case},
    };
    int read = json_read_member(scanner, draft->arena, members, sizeof members / sizeof *members);

    return read > 0 || (read == 0 && json_skip(scanner));
}

static int load_memo(struct engine *engine, struct memory *memory, const char *identity, const char *json,
                     size_t n, const char **why)
{
    struct memo_draft draft = {.arena = engine->scratch};

    arena_reset(engine->scratch);
    if (!json_read_object(json, n, read_memo_member, &draft) || !draft.has_kept ||
        (draft.id && strlen(draft.id) >= DEADLINE_ID_MAX) || draft.case_n < 0 ||
        (size_t)draft.case_n > strlen(identity)) {
        *why = "not the JSON of a closing or of an early meet";
        return -EINVAL;
    }
    struct memo *memo = memory_keep(memory, identity, draft.kept);
    if (!memo) {
        return -ENOMEM;
    }
    memo->opened = draft.opened;
    (void)snprintf(memo->id, sizeof memo->id, "%s", draft.id ? draft.id : "");
    return draft.has_case ? memory_set_text(memory, memo, json, (size_t)draft.case_n) : 0;
}

static int load_seen(struct engine *engine, const char *key, const char *score, const char **why)
{
    struct seen_entry entry;

    if (!seen_parse(key, &entry)) {
        *why = "not the hash of an event id";
        return -EINVAL;
    }
    entry.at = (instant)strtod(score, NULL); /* Redis writes large scores as 1.7e+12 */
    int error = seen_add(&engine->seen, &entry);
    return error == -EEXIST ? 0 : error;
}

int engine_load(struct engine *engine, enum change_table table, const char *key, const char *value, size_t n,
                const char **why)
{
    switch (table) {
    case TABLE_RULES:
        return versions_load(engine, key, value);
    case TABLE_DEADLINES:
        return load_deadline(engine, key, value, n, why);
    case TABLE_OUTBOX:
        return load_notification(engine, key, value, n, why);
    case TABLE_CLOSED:
        return load_memo(engine, &engine->closed, key, value, n, why);
    case TABLE_EARLY:
        return load_memo(engine, &engine->early, key, value, n, why);
    case TABLE_SEEN:
        return load_seen(engine, key, value, why);
    case TABLE_HEAD:
        if (strcmp(key, "ids") == 0) {
            engine->numbered = strtoull(value, NULL, 10);
        } else if (strcmp(key, "calendars") == 0) {
            (void)snprintf(engine->counted_by, sizeof engine->counted_by, "%s", value);
        } else if (strcmp(key, "rules") == 0) {
            (void)snprintf(engine->ran, sizeof engine->ran, "%s", value);
        } else if (strcmp(key, "life") == 0) {
            engine->life = strtoull(value, NULL, 10);
        }
        return 0;
    case TABLE_SCHEDULES:
        return schedule_load(engine, key, value, n, why);
    default:
        return 0; /* statistics and dead letters are not part of the working copy */
    }
}

int engine_loaded(struct engine *engine, instant now)
{
    struct changes unused = {0};
    struct turn turn = {.engine = engine, .changes = &unused, .now = now};
    size_t cursor = 0;
    struct deadline *deadline;
    struct notification *notification;

    while ((deadline = index_next(&engine->deadlines, &cursor)) != NULL) {
        timing_place(engine, deadline);
        timing_arm(&turn, deadline);
    }
    cursor = 0;
    while ((notification = index_next(&engine->notifications, &cursor)) != NULL) {
        bool claimed = notification->state == NOTIFICATION_CLAIMED;

        notification->deadline = state_find_deadline(engine, notification->deadline_id);
        if (notification->state != NOTIFICATION_HELD &&
            !agenda_set(&engine->outbox, &notification->agenda,
                        claimed ? notification->ends : notification->expires)) {
            return -ENOMEM;
        }
        if (!crash_loaded(engine, notification)) {
            return -ENOMEM;
        }
    }
    if (!settle_loaded(engine, now)) {
        return -ENOMEM;
    }
    seen_sort(&engine->seen);
    if (schedule_loaded(engine, now)) {
        return -ENOMEM;
    }
    int error = memory_sort(&engine->closed);
    if (!error) {
        error = memory_sort(&engine->early);
    }
    return error ? error : unused.failed ? -ENOMEM : 0;
}

const struct deadline *engine_deadline(const struct engine *engine, const char *id)
{
    return state_find_deadline(engine, id);
}

const struct deadline *engine_next_deadline(const struct engine *engine, size_t *cursor)
{
    return index_next(&engine->deadlines, cursor);
}

const struct notification *engine_notification(const struct engine *engine, const char *id)
{
    return state_find_notification(engine, id);
}

const struct notification *engine_next_notification(const struct engine *engine, size_t *cursor)
{
    return index_next(&engine->notifications, cursor);
}

const struct ruleset *engine_rules(const struct engine *engine)
{
    return engine->parts.rules;
}

const struct directory *engine_people(const struct engine *engine)
{
    return engine->parts.people;
}

const struct templates *engine_templates(const struct engine *engine)
{
    return engine->parts.templates;
}

size_t engine_entries(const struct engine *engine, enum change_table table)
{
    switch (table) {
    case TABLE_DEADLINES:
        return engine->deadlines.n;
    case TABLE_OUTBOX:
        return engine->notifications.n;
    case TABLE_CLOSED:
        return engine->closed.n;
    case TABLE_EARLY:
        return engine->early.n;
    case TABLE_SEEN:
        return engine->seen.n;
    case TABLE_SCHEDULES:
        return engine->schedules.n;
    default:
        return 0;
    }
}

struct engine_counts engine_count(const struct engine *engine)
{
    struct engine_counts counts = engine->counts;
    size_t cursor = 0;

    counts.first_provisional = INSTANT_NEVER;
    const struct deadline *deadline;
    const struct notification *notification;

    while ((deadline = engine_next_deadline(engine, &cursor)) != NULL) {
        counts.sleeping += deadline->state == DEADLINE_SLEEPING;
        counts.open += deadline->state == DEADLINE_OPEN;
        counts.overdue += deadline->state == DEADLINE_OVERDUE;
        counts.paused += deadline->state == DEADLINE_PAUSED;
        counts.provisional += deadline->provisional;
        counts.warned += deadline->warned;
        counts.silent += deadline->is_silent;
        if (deadline->provisional && deadline->due < counts.first_provisional) {
            counts.first_provisional = deadline->due;
        }
    }
    cursor = 0;
    while ((notification = engine_next_notification(engine, &cursor)) != NULL) {
        counts.claimed += notification->state == NOTIFICATION_CLAIMED;
        counts.held += notification->state == NOTIFICATION_HELD;
    }
    counts.deadlines = engine->deadlines.n;
    counts.notifications = engine->notifications.n;
    counts.closed = engine->closed.n;
    counts.early = engine->early.n;
    counts.seen = engine->seen.n;
    return counts;
}

static const char *check_deadline(const struct engine *engine, struct deadline *deadline)
{
    instant next = timing_next(deadline);
    bool armed = deadline->agenda.place != AGENDA_ABSENT;

    if (!deadline_check(deadline)) {
        return "a deadline's state and times contradict each other";
    }
    if (armed && deadline->agenda.at != next) {
        return "a deadline is armed for another instant than its next action";
    }
    if (!armed && next != INSTANT_NEVER) {
        return "a deadline has a next action but is not armed";
    }
    for (size_t i = 0; i < deadline->rule->n_forms; i++) {
        uint64_t hash;
        size_t cursor = 0;
        void *found = NULL;

        if (state_form_of(deadline, &deadline->rule->forms[i], &hash)) {
            while ((found = index_find(&engine->forms, hash, &cursor)) != NULL && found != deadline) {
            }
            if (!found) {
                return "a deadline is missing in an index";
            }
        }
    }
    bool is_coming =
        engine->settling.is_on && engine->settling.is_reload; /* into the groups of other rules */
    return is_coming || following_knows(engine, deadline)
               ? NULL
               : "a deadline is missing in a group that a rule follows";
}

static const char *check_notification(const struct engine *engine, const struct notification *notification)
{
    const struct deadline *deadline = state_find_deadline(engine, notification->deadline_id);
    bool held = notification->state == NOTIFICATION_HELD;

    if (notification->deadline != deadline) {
        return "a notification and its deadline do not know each other";
    }
    if (!deadline && notification->state == NOTIFICATION_QUEUED && !notification->title) {
        return "a notification is queued for a deadline that has closed";
    }
    if (held != (notification->agenda.place == AGENDA_ABSENT)) {
        return "a notification has no end, or a held one has";
    }
    if ((notification->watched && !held) == (notification->watch.place == AGENDA_ABSENT)) {
        return "a notification that a daemon died with is not watched, or another one is";
    }
    return NULL;
}

const char *engine_check(const struct engine *engine)
{
    size_t cursor = 0;
    struct deadline *deadline;
    const struct notification *notification;
    const char *wrong =
        agenda_check(&engine->agenda) && agenda_check(&engine->outbox) && agenda_check(&engine->watched)
            ? schedule_check(engine)
            : "a heap is out of order";

    while (!wrong && (deadline = index_next(&engine->deadlines, &cursor)) != NULL) {
        wrong = check_deadline(engine, deadline);
    }
    cursor = 0;
    while (!wrong && (notification = engine_next_notification(engine, &cursor)) != NULL) {
        wrong = check_notification(engine, notification);
    }
    return wrong;
}
