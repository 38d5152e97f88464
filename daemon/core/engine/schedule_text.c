#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/json_members.h"

#include "state.h"

/* The JSON of base:schedules:
 *   every    the recurrence as the rule wrote it, by which `last` counts
 *   last     number of the period opened last; `period`: its name, for people
 *   opening  number of the period that is being opened; `done`: for every member up to this id
 *   rule, opened, received, event, owner, dept, fields: of the event that began it */

static void encode_anchor(const struct deadline *anchor, struct json_writer *json)
{
    char event[STREAM_ID_TEXT_MAX];

    json_key_text(json, "rule", anchor->rule->name);
    json_key_int(json, "opened", anchor->opened);
    json_key_int(json, "received", anchor->received);
    json_key_text(json, "event", stream_id_format(anchor->event, event));
    json_key_text(json, "owner", anchor->owner);
    json_key_text(json, "dept", anchor->department);
    json_key(json, "fields");
    json_object(json);
    for (size_t i = 0; i < anchor->fields.n; i++) {
        json_key_text(json, anchor->fields.items[i].name, anchor->fields.items[i].value);
    }
    json_object_end(json);
}

void schedule_encode(const struct engine *engine, const struct schedule *schedule, struct buffer *out)
{
    struct recurring recurring = schedule_recurring(engine, schedule);
    struct json_writer json;
    char text[RECURRENCE_TEXT_MAX], name[RECURRENCE_NAME_MAX];
    instant at;

    json_begin(&json, out);
    json_object(&json);
    json_key_text(&json, "every", recurrence_format(&schedule->rule->every, text));
    json_key_int(&json, "last", schedule->last);
    if (recurrence_at(&recurring, schedule->last, &at) == 0) {
        json_key_text(&json, "period", recurrence_name(&recurring, schedule->last, name));
    }
    if (schedule->is_opening) {
        json_key_int(&json, "opening", schedule->period);
        json_key_text(&json, "done", schedule->done);
    }
    if (schedule->anchor) {
        encode_anchor(schedule->anchor, &json);
    }
    json_object_end(&json);
}

/* -- reading -- */

enum { DRAFT_FIELDS_MAX = 2 * EVENT_FIELDS_MAX };

struct draft {
    struct arena *arena;
    char *rule, *every, *done, *owner, *department;
    int64_t last, opening, opened, received;
    bool has_last, has_opening;
    struct stream_id event;
    struct fields fields;
};

static bool read_event(struct draft *draft, struct json_scanner *scanner)
{
    return json_next(scanner) == JSON_STRING && stream_id_parse(json_value(scanner), &draft->event);
}

static bool read_member(void *data, struct json_scanner *scanner)
{
    struct draft *draft = data;
    const struct json_member members[] = {
        {"rule", .text = &draft->rule},
        {"every", .text = &draft->every},
        {"done", .text = &draft->done},
        {"owner", .text = &draft->owner},
        {"dept", .text = &draft->department},
        {"last", .number = &draft->last, .there = &draft->has_last},
        {"opening", .number = &draft->opening, .there = &draft->has_opening},
        {"opened", .number = &draft->opened},
        {"received", .number = &draft->received},
    };
    int read = json_read_member(scanner, draft->arena, members, sizeof members / sizeof *members);

    if (read != 0) {
        return read > 0;
    }
    if (strcmp(json_value(scanner), "fields") == 0) {
        return json_read_fields(scanner, draft->arena, DRAFT_FIELDS_MAX, &draft->fields);
    }
    if (strcmp(json_value(scanner), "event") == 0) {
        return read_event(draft, scanner);
    }
    return json_skip(scanner); /* a member that a later version writes */
}

static bool read_all(struct draft *draft, const char *json, size_t n)
{
    return json_read_object(json, n, read_member, draft) && draft->every && draft->has_last;
}

const struct rule *schedule_rule(const struct engine *engine, const char *id, const char *anchor_rule)
{
    const struct rule *rule = ruleset_find(engine->parts.rules, anchor_rule ? anchor_rule : id);

    if (!rule || !rule_recurs(rule)) {
        return NULL;
    }
    if (anchor_rule) {
        return rule->open_on.n > 0 ? rule : NULL;
    }
    return rule->open_on.n == 0 && !rule->retired && engine->parts.is_home ? rule : NULL;
}

static int read_anchor(struct schedule *schedule, const struct draft *draft)
{
    struct deadline *anchor = deadline_create(schedule->rule);

    if (!anchor) {
        return -ENOMEM;
    }
    schedule->anchor = anchor;
    anchor->opened = anchor->start = draft->opened;
    anchor->received = draft->received;
    anchor->event = draft->event;
    if (deadline_set_fields(anchor, &draft->fields, NULL) ||
        !state_set_text(&anchor->owner, draft->owner ? draft->owner : "") ||
        !state_set_text(&anchor->department, draft->department ? draft->department : "")) {
        return -ENOMEM;
    }
    return 0;
}

/* Periods that are counted in another way have other numbers. */
static bool counts_alike(const struct recurrence *recurrence, const char *text)
{
    struct recurrence was;
    const char *why;

    return recurrence_parse(text, &was, &why) == 0 && was.unit == recurrence->unit &&
           was.every == recurrence->every;
}

static int fill(struct schedule *schedule, const struct draft *draft)
{
    if (!schedule->rule) {
        return 0; /* stays unsaved: it is removed */
    }
    schedule->last = draft->last;
    schedule->is_opening = draft->has_opening;
    schedule->period = draft->opening;
    schedule->begins_anew = !counts_alike(&schedule->rule->every, draft->every);
    schedule->unsaved = false;
    if (draft->done && !state_set_text(&schedule->done, draft->done)) {
        return -ENOMEM;
    }
    return draft->rule ? read_anchor(schedule, draft) : 0;
}

int schedule_load(struct engine *engine, const char *id, const char *json, size_t n, const char **why)
{
    struct draft draft = {.arena = engine->scratch};

    arena_reset(engine->scratch);
    if (!read_all(&draft, json, n)) {
        *why = "not the JSON of a schedule";
        return -EINVAL;
    }
    if (schedule_find(engine, id)) {
        return 0; /* a scan may repeat itself */
    }
    struct schedule *schedule = schedule_create(id, schedule_rule(engine, id, draft.rule));
    int error = schedule ? fill(schedule, &draft) : -ENOMEM;
    if (!error) {
        error = schedule_add(engine, schedule);
    }
    if (error) {
        schedule_destroy(schedule);
    }
    return error;
}
