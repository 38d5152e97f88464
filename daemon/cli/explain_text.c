#include "cli/explain_text.h"

#include <string.h>

#include "cli/count.h"
#include "cli/explain_parts.h"
#include "cli/row.h"

void explain_print(struct cli *cli, struct explain_case *explained)
{
    explain_print_head(cli, explained);
    explain_print_past(cli, explained);
    explain_print_next(cli, explained);
}

/* -- JSON -- */

static void json_records(struct json_writer *json, const struct explain_case *explained)
{
    json_key(json, "past");
    json_array(json);
    for (size_t i = 0; i < explained->n_records; i++) {
        const struct history_record *record = &explained->records[i];

        json_object(json);
        row_json_instant(json, "now", setup_zone(explained->snapshot->config), record->now);
        json_key_int(json, "commit", (int64_t)record->seq);
        for (size_t k = 0; k < record->fields.n; k++)
            json_key_text(json, record->fields.items[k].name, record->fields.items[k].value);
        json_object_end(json);
    }
    json_array_end(json);
}

/* Who is not told, and why; and whether anybody but the owner is. */
static void json_not_told(struct json_writer *json, const struct planned *planned)
{
    for (size_t k = 0; k < planned->n_to; k++)
        if (planned->to[k].stands_for != NULL) {
            json_key_text(json, "fell_to", planned->to[k].person);
            json_key_text(json, "stands_for", planned->to[k].stands_for);
        }
    if (planned->where != NULL)
        json_key_text(json, "where", planned->where);
    if (planned->is_silent)
        json_key_bool(json, "silent", true);
    if (planned->n_missed == 0)
        return;
    json_key(json, "not_told");
    json_array(json);
    for (size_t k = 0; k < planned->n_missed; k++) {
        json_object(json);
        json_key_text(json, "who", planned->missed[k].who);
        json_key_text(json, "why", planned->missed[k].why);
        json_object_end(json);
    }
    json_array_end(json);
}

static void json_next_steps(struct json_writer *json, const struct explain_case *explained)
{
    const struct zone *zone = setup_zone(explained->snapshot->config);

    json_key(json, "next");
    json_array(json);
    for (size_t i = 0; i < explained->n_planned; i++) {
        const struct planned *planned = &explained->planned[i];
        char text[INSTANT_TEXT_MAX];

        json_object(json);
        row_json_instant(json, "at", zone, planned->at);
        row_json_instant(json, "fires", zone, planned->fires);
        json_key_text(json, "step", planned->step == NULL ? NULL : planned->step->name);
        json_key(json, "to");
        json_array(json);
        for (size_t k = 0; k < planned->n_to; k++)
            json_text(json, planned->to[k].group == NULL ? planned->to[k].person : planned->to[k].group);
        json_array_end(json);
        json_key(json, "leaves");
        json_array(json);
        for (size_t k = 0; k < planned->n_to; k++)
            json_text(json, planned->to[k].leaves == INSTANT_NEVER
                                ? "never"
                                : zone_format(zone, planned->to[k].leaves, text));
        json_array_end(json);
        json_not_told(json, planned);
        json_object_end(json);
    }
    json_array_end(json);
}

static void json_closed(struct json_writer *json, const struct explain_case *explained)
{
    json_key_text(json, "id", explained->id);
    json_key_text(json, "stream", explained->snapshot->shard->stream);
    json_key_text(json, "state", explained->closing == NULL ? NULL : explained->closing->what);
    json_key_text(json, "rule", explained->rule_name);
    json_key_text(json, "identity", explained->identity);
    json_key_text(json, "owner", explained->owner);
    json_key_text(json, "department", explained->department);
    row_json_instant(json, "due", setup_zone(explained->snapshot->config), explained->due);
}

static void json_choice(struct json_writer *json, const struct explain_case *explained)
{
    struct buffer text;

    buffer_init(&text);
    explain_say_choice(explained, &text);
    json_key_text(json, "due_because", text.n > 0 ? buffer_text(&text) : NULL);
    buffer_finish(&text);
}

static void json_if_done(struct json_writer *json, const struct explain_case *explained)
{
    const struct snapshot *snapshot = explained->snapshot;
    enum closing how;
    struct buffer month;

    if (explained->open == NULL)
        return;
    how = engine_closing(explained->open, snapshot->now);
    buffer_init(&month);
    explain_say_month(explained, &month);
    json_key(json, "if_done_now");
    json_object(json);
    json_key_text(json, "state", closing_name(how));
    if (how == CLOSED_MET_LATE && explained->calendar != NULL)
        json_key_int(json, "late_working_ms",
                     calendar_working_ms(explained->calendar, explained->due,
                                         deadline_clock(explained->open, snapshot->now)));
    json_key_text(json, "department", explained->department);
    json_key_text(json, "month", buffer_text(&month));
    json_object_end(json);
    buffer_finish(&month);
}

void explain_json(struct json_writer *json, struct explain_case *explained)
{
    const struct snapshot *snapshot = explained->snapshot;
    struct span_request request;
    instant counted;

    json_object(json);
    if (explained->open != NULL)
        row_json_members(json, snapshot, explained->open);
    else
        json_closed(json, explained);
    if (explain_case_count(explained, &request)) {
        json_key_text(json, "calendar", calendar_name(explained->calendar));
        json_key(json, "days");
        count_json(json, &request, &counted);
    }
    json_choice(json, explained);
    json_if_done(json, explained);
    json_records(json, explained);
    json_key(json, "notifications");
    json_array(json);
    for (size_t i = 0; i < snapshot->n_outbox; i++) {
        if (strcmp(snapshot->outbox[i]->deadline_id, explained->id) == 0)
            row_json_notification(json, setup_zone(snapshot->config), snapshot->outbox[i]);
    }
    json_array_end(json);
    json_next_steps(json, explained);
    json_object_end(json);
}
