#include "rehearsal/timeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/json_members.h"

int timeline_init(struct timeline *timeline)
{
    *timeline = (struct timeline){.arena = arena_create()};
    return timeline->arena == NULL ? -ENOMEM : 0;
}

void timeline_finish(struct timeline *timeline)
{
    arena_destroy(timeline->arena);
    free(timeline->lines);
    *timeline = (struct timeline){.arena = NULL};
}

static const char *copy(struct timeline *timeline, const char *text)
{
    const char *copied = text == NULL ? NULL : arena_strdup(timeline->arena, text);

    timeline->failed = timeline->failed || (text != NULL && copied == NULL);
    return copied;
}

/* The next line, empty; NULL if there is no room. */
static struct timeline_line *add(struct timeline *timeline, enum timeline_kind kind, instant at)
{
    if (timeline->n == TIMELINE_LINES_MAX) {
        timeline->dropped++;
        return NULL;
    }
    if (timeline->n == timeline->room) {
        size_t room = timeline->room == 0 ? 64 : timeline->room * 2;
        struct timeline_line *lines = realloc(timeline->lines, room * sizeof(*lines));

        if (lines == NULL) {
            timeline->failed = true;
            return NULL;
        }
        timeline->lines = lines;
        timeline->room = room;
    }
    timeline->lines[timeline->n] = (struct timeline_line){.kind = kind, .at = at, .due = INSTANT_NONE};
    return &timeline->lines[timeline->n++];
}

/* -- messages -- */

static const char *identity_of(const struct timeline *timeline, const char *deadline)
{
    for (size_t i = timeline->n; i > 0; i--) {
        const struct timeline_line *line = &timeline->lines[i - 1];

        if (line->identity != NULL && strcmp(line->deadline, deadline) == 0)
            return line->identity;
    }
    return NULL;
}

static void timeline_on_message(void *data, instant at, const struct notification *note)
{
    struct timeline *timeline = data;
    const char *identity = identity_of(timeline, note->deadline_id);
    struct timeline_line *line = add(timeline, TIMELINE_MESSAGE, at);

    if (line == NULL)
        return;
    line->what = copy(timeline, note->message);
    line->rule = copy(timeline, note->rule);
    line->deadline = copy(timeline, note->deadline_id);
    line->identity = identity;
    line->to = note->to[0] != '\0' ? copy(timeline, note->to)
                                   : arena_printf(timeline->arena, "group:%s", note->channel);
    line->on_behalf = copy(timeline, note->on_behalf);
    line->channel = copy(timeline, note->channel);
    line->step = copy(timeline, note->step);
    line->phase = note->phase;
    line->copy = note->copy;
    line->due = note->deadline == NULL ? INSTANT_NONE : note->deadline->due;
    timeline->failed = timeline->failed || line->to == NULL;
}

/* -- records -- */

static void add_record(struct timeline *timeline, instant now, const struct fields *fields)
{
    const char *deadline = fields_get(fields, "d"), *opened = fields_get(fields, "k");
    const char *identity = opened != NULL || deadline == NULL ? opened : identity_of(timeline, deadline);
    struct timeline_line *line = add(timeline, TIMELINE_RECORD, now);

    if (line == NULL)
        return;
    line->what = fields_get(fields, "e");
    line->rule = fields_get(fields, "r");
    line->deadline = deadline;
    line->identity = deadline == NULL ? NULL : identity;
    line->fields = *fields;
}

static void timeline_on_records(void *data, instant now, const char *records)
{
    struct timeline *timeline = data;
    struct json_scanner scanner;
    struct buffer array;

    buffer_init(&array);
    buffer_printf(&array, "[%s]", records);
    json_scan_init(&scanner, buffer_text(&array), array.n);
    timeline->failed = timeline->failed || !buffer_ok(&array) || json_next(&scanner) != JSON_ARRAY;
    while (!timeline->failed && json_next(&scanner) == JSON_OBJECT) {
        struct fields fields;

        if (json_read_texts(&scanner, timeline->arena, &fields))
            add_record(timeline, now, &fields);
        else
            timeline->failed = true;
    }
    json_scan_finish(&scanner);
    buffer_finish(&array);
}

struct rehearsal_hooks timeline_hooks(struct timeline *timeline)
{
    return (struct rehearsal_hooks){timeline, timeline_on_message, timeline_on_records};
}

/* -- events -- */

static struct fields copy_raw(struct timeline *timeline, const struct rehearsal_event *event)
{
    struct field *fields = arena_alloc_array(timeline->arena, event->n + 1, sizeof(*fields));

    timeline->failed = timeline->failed || fields == NULL;
    for (size_t i = 0; i < event->n && fields != NULL; i++) {
        const struct raw_field *raw = &event->fields[i];

        fields[i].name = arena_strndup(timeline->arena, raw->name, raw->name_n);
        fields[i].value = arena_strndup(timeline->arena, raw->value, raw->value_n);
        timeline->failed = timeline->failed || fields[i].name == NULL || fields[i].value == NULL;
    }
    return (struct fields){fields, timeline->failed ? 0 : event->n};
}

int timeline_put(struct timeline *timeline, struct rehearsal *rehearsal, const struct rehearsal_event *event,
                 const char **why)
{
    int error = rehearsal_until(rehearsal, event->at - 1);
    struct timeline_line *line = error == 0 ? add(timeline, TIMELINE_EVENT, event->at) : NULL;

    if (line != NULL) {
        line->fields = copy_raw(timeline, event);
        line->what = fields_get(&line->fields, "type");
    }
    if (error == 0)
        error = rehearsal_put(rehearsal, event, why);
    return timeline->failed ? -ENOMEM : error;
}
