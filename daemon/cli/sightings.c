#include "cli/sightings.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

struct search {
    const struct sightings_wanted *wanted;
    struct arena *arena, *scratch; /* `scratch`: of one entry */
    struct sightings *out;
    instant now;
};

/* -- one value -- */

static size_t trim(const char **text)
{
    size_t n;

    *text += strspn(*text, " \t\r\n");
    n = strlen(*text);
    while (n > 0 && strchr(" \t\r\n", (*text)[n - 1]) != NULL)
        n--;
    return n;
}

static bool is_nearly(const char *a, const char *b)
{
    size_t a_n = trim(&a), b_n = trim(&b);

    return a_n > 0 && a_n == b_n && strncasecmp(a, b, a_n) == 0;
}

static bool contains(const struct raw_field *field, const char *value)
{
    const char *from = value;
    size_t n = trim(&from);

    for (size_t i = 0; n > 0 && i + n <= field->value_n; i++) {
        if (strncasecmp(field->value + i, from, n) == 0)
            return true;
    }
    return false;
}

/* Parsing is what costs: most entries are passed over by their bytes. */
static bool mentions(const struct search *search, const struct raw_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < search->wanted->given->n; k++) {
            if (contains(&fields[i], search->wanted->given->items[k].value))
                return true;
        }
    }
    return false;
}

/* -- one event -- */

static const char *renamed_in(const struct selectors *selectors, const struct event *event,
                              const struct field *given)
{
    for (size_t i = 0; i < selectors->n; i++) {
        const struct selector *selector = &selectors->items[i];

        for (size_t k = 0; texts_have(&selector->on, event->type) && k < selector->key.n; k++) {
            const char *value = fields_get(&event->fields, selector->key.fields[k].event_field);
            bool is_it = strcmp(selector->key.fields[k].name, given->name) == 0;

            if (is_it && value != NULL && strcmp(value, given->value) == 0)
                return selector->key.fields[k].event_field;
        }
    }
    return NULL;
}

static bool is_renamed(const struct rule *rule, const struct event *event, const struct field *given)
{
    return rule != NULL && (renamed_in(&rule->meets, event, given) != NULL ||
                            renamed_in(&rule->cancels, event, given) != NULL ||
                            renamed_in(&rule->changes, event, given) != NULL ||
                            renamed_in(&rule->pauses, event, given) != NULL ||
                            renamed_in(&rule->resumes, event, given) != NULL);
}

static const char *elsewhere(const struct event *event, const struct field *given)
{
    for (size_t i = 0; i < event->fields.n; i++) {
        if (is_nearly(event->fields.items[i].value, given->value))
            return event->fields.items[i].name;
    }
    return NULL;
}

enum likeness { IS_OTHER, IS_ABSENT, IS_LIKE, IS_SAME };

static enum likeness compare(const struct search *search, const struct event *event,
                             const struct field *given, const char **as)
{
    const char *value = fields_get(&event->fields, given->name);

    *as = given->name;
    if ((value != NULL && strcmp(value, given->value) == 0) || is_renamed(search->wanted->rule, event, given))
        return IS_SAME;
    if (value != NULL && *value != '\0')
        return is_nearly(value, given->value) ? IS_LIKE : IS_OTHER;
    *as = elsewhere(event, given);
    return *as == NULL ? IS_ABSENT : IS_LIKE;
}

/* False: it is about something else. */
static bool judge(const struct search *search, struct sighting *sighting)
{
    const struct fields *given = search->wanted->given;
    size_t found = 0;

    sighting->kind = SIGHTING_WHOLE;
    for (size_t i = 0; i < given->n; i++) {
        const char *as;
        enum likeness likeness = compare(search, &sighting->event, &given->items[i], &as);

        if (likeness == IS_OTHER)
            return false;
        found += likeness != IS_ABSENT;
        if (likeness != IS_SAME && sighting->odd == NULL) {
            sighting->kind = SIGHTING_NEAR;
            sighting->odd = &given->items[i];
            sighting->as = as;
        }
    }
    return found > 0;
}

/* -- the stream -- */

static bool read_event(struct arena *arena, struct stream_id at, const struct raw_field *fields, size_t n,
                       struct sighting *out, instant now)
{
    const struct event_place place = {at, false, (instant)at.ms};

    return event_parse(arena, &place, fields, n, now, &out->event, &out->why);
}

static int keep(struct search *search, struct stream_id at, const struct raw_field *fields, size_t n)
{
    struct sightings *out = search->out;
    struct sighting sighting = {.at = at, .kind = SIGHTING_BAD};

    arena_reset(search->scratch);
    if (read_event(search->scratch, at, fields, n, &sighting, search->now) && !judge(search, &sighting))
        return 0;
    if (out->n == SIGHTINGS_MAX) {
        out->cut = true;
        return -ECANCELED;
    }
    /* What is kept is read again into memory that stays, and judged by it. */
    sighting = (struct sighting){.at = at, .kind = SIGHTING_BAD};
    if (read_event(search->arena, at, fields, n, &sighting, search->now))
        judge(search, &sighting);
    else if (sighting.why == NULL)
        return -ENOMEM;
    out->items[out->n++] = sighting;
    return 0;
}

static int search_on_item(void *data, struct stream_id at, const struct raw_field *fields, size_t n)
{
    struct search *search = data;

    search->out->searched++;
    search->out->since = (instant)at.ms;
    return mentions(search, fields, n) ? keep(search, at, fields, n) : 0;
}

static void turn_around(struct sightings *sightings)
{
    for (size_t i = 0; i < sightings->n / 2; i++) {
        struct sighting *other = &sightings->items[sightings->n - 1 - i], swapped = sightings->items[i];

        sightings->items[i] = *other;
        *other = swapped;
    }
}

enum cli_status sightings_search(struct snapshot *snapshot, const struct sightings_wanted *wanted,
                                 struct arena *arena, struct sightings *out)
{
    struct search search = {
        .wanted = wanted, .arena = arena, .scratch = arena_create(), .out = out, .now = snapshot->now};
    int status;

    *out = (struct sightings){.since = INSTANT_NONE};
    out->items = arena_alloc_array(arena, SIGHTINGS_MAX, sizeof(*out->items));
    status = out->items == NULL || search.scratch == NULL ? -ENOMEM : 0;
    if (status == 0)
        status = query_range(snapshot->shard->query, QUERY_EVENTS, "-", "+", SIGHTINGS_SEARCHED_MAX, true,
                             search_on_item, &search);
    arena_destroy(search.scratch);
    if (status == -ENOMEM)
        return cli_fail(snapshot->cli, "out of memory", "内存不足");
    if (status != 0 && status != -ENOENT && status != -ECANCELED)
        return setup_query_failed(snapshot->cli, snapshot->shard);
    out->cut = out->cut || out->searched >= SIGHTINGS_SEARCHED_MAX;
    turn_around(out);
    return CLI_OK;
}

const struct sighting *sightings_find(const struct sightings *sightings, const char *id)
{
    struct stream_id at;

    if (sightings == NULL || id == NULL || !stream_id_parse(id, &at))
        return NULL;
    for (size_t i = 0; i < sightings->n; i++) {
        if (stream_id_compare(sightings->items[i].at, at) == 0)
            return &sightings->items[i];
    }
    return NULL;
}

struct single {
    struct arena *arena;
    struct event *out;
    instant now;
    bool found;
};

static int single_on_item(void *data, struct stream_id at, const struct raw_field *fields, size_t n)
{
    struct single *single = data;
    struct sighting sighting = {.at = at};

    single->found = read_event(single->arena, at, fields, n, &sighting, single->now);
    if (single->found)
        *single->out = sighting.event;
    return 0;
}

bool sightings_event(struct snapshot *snapshot, const char *id, struct arena *arena, struct event *out)
{
    struct single single = {arena, out, snapshot->now, false};

    return id != NULL &&
           query_range(snapshot->shard->query, QUERY_EVENTS, id, id, 1, false, single_on_item, &single) ==
               0 &&
           single.found;
}
