/* A deadline as Redis keeps it: the JSON of base:deadlines. */
#include "deadline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_members.h"

static void encode_lists(const struct deadline *deadline, struct json_writer *json)
{
    if (deadline->n_pauses > 0) {
        json_key(json, "pauses");
        json_array(json);
        for (size_t i = 0; i < deadline->n_pauses; i++) {
            json_int(json, deadline->pauses[i].from);
            json_int(json, deadline->pauses[i].to == INSTANT_NEVER ? 0 : deadline->pauses[i].to);
        }
        json_array_end(json);
    }
    if (deadline->n_told > 0) {
        json_key(json, "told");
        json_array(json);
        for (size_t i = 0; i < deadline->n_told; i++) {
            json_text(json, deadline->told[i].person);
            json_int(json, (int64_t)deadline->told[i].phase);
            json_int(json, deadline->told[i].at);
        }
        json_array_end(json);
    }
    if (deadline->n_acks > 0) {
        json_key(json, "acks");
        json_array(json);
        for (size_t i = 0; i < deadline->n_acks; i++) {
            json_text(json, deadline->acks[i].person);
            json_int(json, deadline->acks[i].until);
        }
        json_array_end(json);
    }
}

static void encode_came(const struct deadline *deadline, struct json_writer *json)
{
    const struct selector *all = rule_all(deadline->rule);

    if (!all || deadline->came == 0) {
        return;
    }
    json_key_int(json, "came_at", deadline->came_at);
    json_key(json, "came");
    json_array(json);
    for (size_t i = 0; i < all->on.n; i++) {
        if (deadline_has_come(deadline, i)) {
            json_text(json, all->on.items[i]);
        }
    }
    json_array_end(json);
}

static void encode_steps(const struct deadline *deadline, struct json_writer *json)
{
    bool any = false;

    for (size_t i = 0; i < deadline->rule->n_steps; i++) {
        if (deadline->steps[i].fired > 0) {
            if (!any) {
                json_key(json, "steps");
                json_object(json);
            }
            any = true;
            json_key_int(json, deadline->rule->steps[i].name, deadline->steps[i].fired);
        }
    }
    if (any) {
        json_object_end(json);
    }
}

static void encode_last(const struct rung *last, struct json_writer *json)
{
    if (last->at == INSTANT_NONE) {
        return;
    }
    json_key(json, "last");
    json_array(json);
    json_int(json, last->at);
    json_int(json, last->left);
    json_int(json, last->ended == INSTANT_NEVER ? 0 : last->ended);
    json_int(json, last->first);
    json_array_end(json);
}

static void encode_fields(const struct deadline *deadline, struct json_writer *json)
{
    json_key(json, "fields");
    json_object(json);
    for (size_t i = 0; i < deadline->fields.n; i++) {
        json_key_text(json, deadline->fields.items[i].name, deadline->fields.items[i].value);
    }
    json_object_end(json);
}

void deadline_encode(const struct deadline *deadline, struct buffer *out)
{
    struct json_writer json;
    char event[STREAM_ID_TEXT_MAX];

    json_begin(&json, out);
    json_object(&json);
    json_key_text(&json, "rule", deadline->rule->name);
    json_key_text(&json, "v", deadline->rule->fingerprint);
    json_key_text(&json, "state", deadline_state_name(deadline->state));
    json_key_text(&json, "owner", deadline->owner);
    json_key_text(&json, "dept", deadline->department);
    json_key_int(&json, "opened", deadline->opened);
    json_key_int(&json, "received", deadline->received);
    if (deadline->start != deadline->opened) {
        json_key_int(&json, "start", deadline->start);
    }
    if (deadline->wake != INSTANT_NEVER) {
        json_key_int(&json, "wake", deadline->wake);
    }
    if (deadline->due != INSTANT_NEVER) {
        json_key_int(&json, "due", deadline->due);
    }
    if (deadline->due_case > 0) {
        json_key_int(&json, "case", deadline->due_case);
    }
    if (deadline->numbered > 0) {
        json_key_int(&json, "n", deadline->numbered);
    }
    json_key_text(&json, "event", stream_id_format(deadline->event, event));
    if (deadline->reopened[0]) {
        json_key_text(&json, "reopened", deadline->reopened);
    }
    if (deadline->after[0]) {
        json_key_text(&json, "after", deadline->after);
    }
    if (deadline->late_event) {
        json_key_bool(&json, "late", true);
    }
    if (deadline->was_overdue) {
        json_key_bool(&json, "was_overdue", true);
    }
    if (deadline->extended) {
        json_key_bool(&json, "extended", true);
    }
    if (deadline->owner_fixed) {
        json_key_bool(&json, "owner_fixed", true);
    }
    if (deadline->provisional) {
        json_key_bool(&json, "provisional", true);
    }
    if (deadline->warned) {
        json_key_bool(&json, "warned", true);
    }
    if (deadline->asked != INSTANT_NEVER) {
        json_key_int(&json, "asked", deadline->asked);
    }
    if (deadline->is_silent) {
        json_key_bool(&json, "silent", true);
    }
    encode_came(deadline, &json);
    encode_steps(deadline, &json);
    encode_last(&deadline->last, &json);
    encode_lists(deadline, &json);
    encode_fields(deadline, &json);
    json_object_end(&json);
}

/* Decoding goes through a flat draft, because the rule that sizes the deadline comes with the members. */
enum { DRAFT_FIELDS_MAX = 2 * EVENT_FIELDS_MAX };

struct draft {
    char *rule, *version, *state, *owner, *department, *reopened, *after;
    int64_t opened, received, start, wake, due, due_case, numbered;
    bool late_event, was_overdue, extended, owner_fixed, provisional, warned, is_silent;
    struct stream_id event;
    struct fields fields;
    struct fields steps; /* name -> firings in decimal */
    char *came[RULE_ALL_MAX];
    size_t n_came;
    int64_t came_at;
    bool has_came_at;
    int64_t asked;
    bool has_asked;
    int64_t last[4]; /* at, left, ended, first */
    size_t n_last;
    int64_t pauses[2 * DEADLINE_PAUSES_MAX];
    size_t n_pauses;
    struct told told[DEADLINE_TOLD_MAX];
    size_t n_told;
    struct ack acks[DEADLINE_ACKS_MAX];
    size_t n_acks;
    struct arena *arena;
};

static bool draft_pauses(struct draft *draft, struct json_scanner *scanner)
{
    enum json_token token;

    if (json_next(scanner) != JSON_ARRAY) {
        return false;
    }
    while ((token = json_next(scanner)) == JSON_NUMBER && draft->n_pauses < 2 * DEADLINE_PAUSES_MAX) {
        draft->pauses[draft->n_pauses++] = json_value_int(scanner);
    }
    return token == JSON_ARRAY_END && draft->n_pauses % 2 == 0;
}

static bool draft_last(struct draft *draft, struct json_scanner *scanner)
{
    enum json_token token;

    if (json_next(scanner) != JSON_ARRAY) {
        return false;
    }
    while ((token = json_next(scanner)) == JSON_NUMBER && draft->n_last < 4) {
        draft->last[draft->n_last++] = json_value_int(scanner);
    }
    return token == JSON_ARRAY_END && draft->n_last == 4;
}

static bool draft_told(struct draft *draft, struct json_scanner *scanner)
{
    enum json_token token;

    if (json_next(scanner) != JSON_ARRAY) {
        return false;
    }
    while ((token = json_next(scanner)) == JSON_STRING && draft->n_told < DEADLINE_TOLD_MAX) {
        struct told *told = &draft->told[draft->n_told++];
        int64_t phase;

        told->person = arena_strdup(draft->arena, json_value(scanner));
        if (!told->person || !json_read_int(scanner, &phase) || phase < 0 || phase > PHASE_CLOSED ||
            !json_read_int(scanner, &told->at)) {
            return false;
        }
        told->phase = (enum phase)phase;
    }
    return token == JSON_ARRAY_END;
}

static bool draft_acks(struct draft *draft, struct json_scanner *scanner)
{
    enum json_token token;

    if (json_next(scanner) != JSON_ARRAY) {
        return false;
    }
    while ((token = json_next(scanner)) == JSON_STRING && draft->n_acks < DEADLINE_ACKS_MAX) {
        struct ack *ack = &draft->acks[draft->n_acks++];

        ack->person = arena_strdup(draft->arena, json_value(scanner));
        if (!ack->person || !json_read_int(scanner, &ack->until)) {
            return false;
        }
    }
    return token == JSON_ARRAY_END;
}

static bool draft_came(struct draft *draft, struct json_scanner *scanner)
{
    enum json_token token;

    if (json_next(scanner) != JSON_ARRAY) {
        return false;
    }
    while ((token = json_next(scanner)) == JSON_STRING && draft->n_came < RULE_ALL_MAX) {
        draft->came[draft->n_came] = arena_strdup(draft->arena, json_value(scanner));
        if (!draft->came[draft->n_came++]) {
            return false;
        }
    }
    return token == JSON_ARRAY_END;
}

static bool draft_event(struct draft *draft, struct json_scanner *scanner)
{
    return json_next(scanner) == JSON_STRING && stream_id_parse(json_value(scanner), &draft->event);
}

static bool draft_list(struct draft *draft, struct json_scanner *scanner, const char *key)
{
    if (strcmp(key, "fields") == 0) {
        return json_read_fields(scanner, draft->arena, DRAFT_FIELDS_MAX, &draft->fields);
    }
    if (strcmp(key, "steps") == 0) {
        return json_read_fields(scanner, draft->arena, RULE_STEPS_MAX, &draft->steps);
    }
    if (strcmp(key, "last") == 0) {
        return draft_last(draft, scanner);
    }
    if (strcmp(key, "pauses") == 0) {
        return draft_pauses(draft, scanner);
    }
    if (strcmp(key, "told") == 0) {
        return draft_told(draft, scanner);
    }
    if (strcmp(key, "acks") == 0) {
        return draft_acks(draft, scanner);
    }
    if (strcmp(key, "came") == 0) {
        return draft_came(draft, scanner);
    }
    if (strcmp(key, "event") == 0) {
        return draft_event(draft, scanner);
    }
    return json_skip(scanner); /* a member that a later version writes */
}

static bool draft_member(void *data, struct json_scanner *scanner)
{
    struct draft *draft = data;
    const struct json_member members[] = {
        {"rule", .text = &draft->rule},
        {"v", .text = &draft->version},
        {"state", .text = &draft->state},
        {"owner", .text = &draft->owner},
        {"dept", .text = &draft->department},
        {"opened", .number = &draft->opened},
        {"received", .number = &draft->received},
        {"start", .number = &draft->start},
        {"wake", .number = &draft->wake},
        {"due", .number = &draft->due},
        {"case", .number = &draft->due_case},
        {"n", .number = &draft->numbered},
        {"late", .flag = &draft->late_event},
        {"was_overdue", .flag = &draft->was_overdue},
        {"extended", .flag = &draft->extended},
        {"owner_fixed", .flag = &draft->owner_fixed},
        {"warned", .flag = &draft->warned},
        {"silent", .flag = &draft->is_silent},
        {"provisional", .flag = &draft->provisional},
        {"came_at", .number = &draft->came_at, .there = &draft->has_came_at},
        {"asked", .number = &draft->asked, .there = &draft->has_asked},
        {"reopened", .text = &draft->reopened},
        {"after", .text = &draft->after},
    };
    int read = json_read_member(scanner, draft->arena, members, sizeof members / sizeof *members);

    return read > 0 || (read == 0 && draft_list(draft, scanner, json_value(scanner)));
}

static bool state_parse(const char *name, enum deadline_state *out)
{
    for (int i = DEADLINE_SLEEPING; i <= DEADLINE_PAUSED; i++) {
        if (strcmp(name, deadline_state_name((enum deadline_state)i)) == 0) {
            *out = (enum deadline_state)i;
            return true;
        }
    }
    return false;
}

static void fill_came(struct deadline *deadline, const struct draft *draft)
{
    const struct selector *all = rule_all(deadline->rule);

    deadline->came_at = draft->has_came_at ? draft->came_at : INSTANT_NONE;
    for (size_t i = 0; all && i < all->on.n; i++) {
        for (size_t k = 0; k < draft->n_came; k++) {
            if (strcmp(all->on.items[i], draft->came[k]) == 0) {
                deadline->came |= UINT32_C(1) << i;
            }
        }
    }
}

static int fill_lists(struct deadline *deadline, const struct draft *draft)
{
    int error = deadline_set_fields(deadline, &draft->fields, NULL);

    for (size_t i = 0; i < draft->n_pauses && !error; i += 2) {
        error = deadline_pause(deadline, draft->pauses[i]);
        if (!error && draft->pauses[i + 1] != 0) {
            deadline->pauses[i / 2].to = draft->pauses[i + 1];
        }
    }
    for (size_t i = 0; i < draft->n_told && !error; i++) {
        error = deadline_tell(deadline, draft->told[i].person, draft->told[i].phase, draft->told[i].at);
    }
    for (size_t i = 0; i < draft->n_acks && !error; i++) {
        error = deadline_ack(deadline, draft->acks[i].person, draft->acks[i].until);
    }
    for (size_t i = 0; i < draft->steps.n; i++) {
        const struct step *step = rule_step(deadline->rule, draft->steps.items[i].name);

        if (step) {
            deadline->steps[step - deadline->rule->steps].fired =
                (uint16_t)strtol(draft->steps.items[i].value, NULL, 10);
        }
    }
    return error;
}

static void copy_id(char into[static DEADLINE_ID_MAX], const char *id)
{
    (void)snprintf(into, DEADLINE_ID_MAX, "%s", id ? id : "");
}

static int fill(struct deadline *deadline, const struct draft *draft)
{
    char *owner = strdup(draft->owner);
    char *department = strdup(draft->department ? draft->department : "");

    if (!owner || !department) {
        free(owner);
        free(department);
        return -ENOMEM;
    }
    free(deadline->owner);
    free(deadline->department);
    deadline->owner = owner;
    deadline->department = department;
    deadline->opened = draft->opened;
    deadline->received = draft->received;
    deadline->start = draft->start ? draft->start : draft->opened;
    deadline->wake = draft->wake ? draft->wake : INSTANT_NEVER;
    deadline->asked = draft->has_asked ? draft->asked : INSTANT_NEVER;
    deadline->due = draft->due ? draft->due : INSTANT_NEVER;
    deadline->due_case = (int32_t)draft->due_case;
    deadline->is_unread = strcmp(deadline->rule->fingerprint, draft->version) != 0;
    if (deadline->is_unread && !rule_due_span(deadline->rule, deadline->due_case)) {
        deadline->due_case = 0;
    }
    deadline->numbered = (int32_t)draft->numbered;
    deadline->late_event = draft->late_event;
    deadline->was_overdue = draft->was_overdue;
    deadline->extended = draft->extended;
    deadline->owner_fixed = draft->owner_fixed;
    deadline->provisional = draft->provisional;
    deadline->warned = draft->warned;
    deadline->is_silent = draft->is_silent;
    deadline->event = draft->event;
    copy_id(deadline->reopened, draft->reopened);
    copy_id(deadline->after, draft->after);
    if (draft->n_last > 0) {
        deadline->last =
            (struct rung){draft->last[0], draft->last[1],
                          draft->last[2] == 0 ? INSTANT_NEVER : draft->last[2], (int32_t)draft->last[3]};
    }
    fill_came(deadline, draft);
    return fill_lists(deadline, draft);
}

static int from_draft(const struct draft *draft, deadline_find_rule *find, const void *data,
                      struct deadline **out, const char **why)
{
    enum deadline_state state;

    if (!draft->rule || !draft->version || !draft->state || !draft->owner ||
        !state_parse(draft->state, &state)) {
        *why = "a member is missing or has another type";
        return -EINVAL;
    }
    const struct rule *rule = find(data, draft->rule, draft->version);
    if (!rule) {
        *why = "its rule is not in the rule files, and its text in the rules hash is missing or names what "
               "is not there any more";
        return -ENOENT;
    }
    struct deadline *deadline = deadline_create(rule);
    if (!deadline) {
        return -ENOMEM;
    }
    deadline->state = state;
    int error = fill(deadline, draft);
    if (error) {
        deadline_destroy(deadline);
        return error;
    }
    *out = deadline;
    return 0;
}

int deadline_decode(const char *json, size_t n, deadline_find_rule *find, const void *data,
                    struct deadline **out, const char **why)
{
    struct draft draft = {.arena = arena_create()};
    int error = -EINVAL;

    if (!draft.arena) {
        return -ENOMEM;
    }
    *why = "not the JSON of a deadline";
    if (json_read_object(json, n, draft_member, &draft)) {
        error = from_draft(&draft, find, data, out, why);
    }
    arena_destroy(draft.arena);
    return error;
}
