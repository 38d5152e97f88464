#include "rehearsal/timeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int timeline_init(struct timeline *timeline)
{
    *timeline = (struct timeline){.arena = arena_create(), .records = arena_create()};
    index_init(&timeline->deadlines);
    if (timeline->arena != NULL && timeline->records != NULL)
        return 0;
    timeline_finish(timeline);
    return -ENOMEM;
}

void timeline_finish(struct timeline *timeline)
{
    index_finish(&timeline->deadlines);
    arena_destroy(timeline->arena);
    arena_destroy(timeline->records);
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

/* -- deadlines -- */

static struct timeline_deadline *find_deadline(const struct timeline *timeline, const char *id)
{
    struct timeline_deadline *found;
    size_t cursor = 0;

    while ((found = index_find(&timeline->deadlines, hash_text(0, id), &cursor)) != NULL) {
        if (strcmp(found->id, id) == 0)
            return found;
    }
    return NULL;
}

/* A new one if need be; NULL: out of memory. */
static struct timeline_deadline *get_deadline(struct timeline *timeline, const char *id)
{
    struct timeline_deadline *deadline = find_deadline(timeline, id);

    if (deadline != NULL)
        return deadline;
    deadline = arena_alloc(timeline->arena, sizeof(*deadline));
    if (deadline != NULL)
        *deadline = (struct timeline_deadline){.id = copy(timeline, id)};
    if (deadline == NULL || deadline->id == NULL ||
        !index_add(&timeline->deadlines, hash_text(0, id), deadline)) {
        timeline->failed = true;
        return NULL;
    }
    return deadline;
}

static void name_deadline(struct timeline *timeline, const char *id, const char *identity)
{
    struct timeline_deadline *deadline = get_deadline(timeline, id);

    if (deadline != NULL && (deadline->identity == NULL || strcmp(deadline->identity, identity) != 0))
        deadline->identity = copy(timeline, identity);
}

static const char *identity_of(const struct timeline *timeline, const char *id)
{
    const struct timeline_deadline *deadline = find_deadline(timeline, id);

    return deadline == NULL ? NULL : deadline->identity;
}

void timeline_know(struct timeline *timeline, const struct engine *engine)
{
    const struct deadline *deadline;
    struct buffer identity;
    size_t cursor = 0;

    buffer_init(&identity);
    while (!timeline->failed && (deadline = engine_next_deadline(engine, &cursor)) != NULL) {
        buffer_clear(&identity);
        deadline_identity(deadline->rule, &deadline->fields, NULL, &identity);
        name_deadline(timeline, deadline->id, buffer_text(&identity));
    }
    timeline->failed = timeline->failed || !buffer_ok(&identity);
    buffer_finish(&identity);
}

/* -- following -- */

void timeline_follow(struct timeline *timeline)
{
    timeline->follows = true;
}

static bool is_followed(const struct timeline *timeline, const char *id)
{
    const struct timeline_deadline *deadline = id == NULL ? NULL : find_deadline(timeline, id);

    return deadline != NULL && deadline->followed;
}

static void follow(struct timeline *timeline, const char *id)
{
    struct timeline_deadline *deadline = get_deadline(timeline, id);

    if (deadline != NULL)
        deadline->followed = true;
}

/* A period of a recurrence that was seen to begin: "rule|key|" opens "rule|key|2026-11". */
static bool is_of_recurrence(const struct timeline *timeline, const char *identity)
{
    for (size_t i = 0; i < timeline->n && identity != NULL; i++) {
        const struct timeline_line *line = &timeline->lines[i];
        const char *begun = line->kind == TIMELINE_RECORD && strcmp(line->what, "recurs") == 0
                                ? fields_get(&line->fields, "k")
                                : NULL;

        if (begun != NULL && strncmp(identity, begun, strlen(begun)) == 0)
            return true;
    }
    return false;
}

/* Whether a record is told. What an event touches is followed from then on. */
static bool wants(struct timeline *timeline, const char *deadline, const struct fields *record)
{
    bool wanted = !timeline->follows || timeline->putting;

    if (!wanted && deadline != NULL)
        wanted = is_followed(timeline, deadline) || is_followed(timeline, fields_get(record, "after")) ||
                 is_of_recurrence(timeline, fields_get(record, "k"));
    if (wanted && timeline->follows && deadline != NULL)
        follow(timeline, deadline);
    return wanted;
}

/* -- messages -- */

static void timeline_on_message(void *data, instant at, const struct notification *note)
{
    struct timeline *timeline = data;
    const char *identity;
    struct timeline_line *line;

    if (timeline->follows && !is_followed(timeline, note->deadline_id))
        return;
    identity = identity_of(timeline, note->deadline_id);
    line = add(timeline, TIMELINE_MESSAGE, at);
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

static struct fields copy_fields(struct timeline *timeline, const struct fields *fields)
{
    struct field *items = arena_alloc_array(timeline->arena, fields->n + 1, sizeof(*items));

    timeline->failed = timeline->failed || items == NULL;
    for (size_t i = 0; i < fields->n && items != NULL; i++)
        items[i] =
            (struct field){copy(timeline, fields->items[i].name), copy(timeline, fields->items[i].value)};
    return (struct fields){items, timeline->failed ? 0 : fields->n};
}

static void timeline_on_record(void *data, const struct fields *record)
{
    struct timeline *timeline = data;
    const char *deadline = fields_get(record, "d"), *opened = fields_get(record, "k");
    struct timeline_line *line;

    if (deadline != NULL && opened != NULL)
        name_deadline(timeline, deadline, opened);
    line = wants(timeline, deadline, record) ? add(timeline, TIMELINE_RECORD, timeline->now) : NULL;
    if (line == NULL)
        return;
    line->fields = copy_fields(timeline, record);
    line->what = fields_get(&line->fields, "e");
    line->rule = fields_get(&line->fields, "r");
    line->deadline = fields_get(&line->fields, "d");
    line->identity = deadline == NULL ? NULL : identity_of(timeline, deadline);
}

static void timeline_on_records(void *data, instant now, const char *records)
{
    struct timeline *timeline = data;

    timeline->now = now;
    if (!rehearsal_read_records(records, timeline->records, timeline_on_record, timeline))
        timeline->failed = true;
    arena_reset(timeline->records);
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
    timeline->putting = true;
    if (error == 0)
        error = rehearsal_put(rehearsal, event, why);
    timeline->putting = false;
    return timeline->failed ? -ENOMEM : error;
}
