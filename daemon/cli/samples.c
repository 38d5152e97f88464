#include "cli/samples.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STEP_MS (HOUR_MS) /* from one event to the next */

struct sampler {
    const struct config *config;
    const struct zone *zone;
    const struct rule *subject; /* whose ladder is to show */
    const struct rule *rule;    /* the one at hand */
    struct arena *arena;
    const struct person *owner, *other;
    instant begin;
    int64_t ahead_ms;
    const struct sample_opening *met; /* the one that is being met, or NULL */
    struct samples *out;
    bool failed;
};

static bool choose_people(struct sampler *sampler);
static void add_rule(struct sampler *sampler, const struct rule *rule, int depth);
static void add_meetings(struct sampler *sampler, instant first, int64_t step_ms);

static int sampler_init(struct sampler *sampler, const struct config *config, const struct rule *rule,
                        instant begin, int64_t ahead_ms, struct arena *arena, struct samples *out)
{
    *sampler = (struct sampler){.config = config,
                                .zone = ruleset_policy(config->rules)->zone,
                                .subject = rule,
                                .rule = rule,
                                .arena = arena,
                                .begin = begin,
                                .ahead_ms = ahead_ms,
                                .out = out};
    return choose_people(sampler) ? 0 : -ENOENT;
}

int samples_make(const struct config *config, const struct rule *rule, instant begin, int64_t ahead_ms,
                 struct arena *arena, struct samples *out)
{
    struct sampler sampler;
    int error = sampler_init(&sampler, config, rule, begin, ahead_ms, arena, out);

    out->n = out->n_unmet = 0;
    if (error != 0)
        return error;
    add_rule(&sampler, rule, 0);
    out->n_unmet = out->n;
    return sampler.failed ? -ENOMEM : 0;
}

/* An hour after the opening, or sooner, so that all that it takes is there before the due; on the minute. */
static int64_t meeting_step(const struct sample_opening *opening, size_t n_events)
{
    int64_t room_ms = opening->due > opening->at ? opening->due - opening->at : 0;
    int64_t step_ms = room_ms / (int64_t)(n_events + 1);

    step_ms = step_ms < STEP_MS ? step_ms : STEP_MS;
    step_ms -= step_ms % MINUTE_MS;
    return step_ms < MINUTE_MS ? MINUTE_MS : step_ms;
}

static int by_time(const void *a, const void *b)
{
    const struct sample *left = a, *right = b;

    return (left->at > right->at) - (left->at < right->at);
}

int samples_meet(const struct config *config, const struct rule *rule, instant begin, int64_t ahead_ms,
                 const struct sample_opening *openings, size_t n, struct arena *arena,
                 struct samples *samples)
{
    const struct selector *meet = &rule->meets.items[0];
    size_t n_events = meet->all ? meet->on.n : 1;
    struct sampler sampler;
    int error = sampler_init(&sampler, config, rule, begin, ahead_ms, arena, samples);

    if (error == 0 && samples->n + n * n_events > SAMPLES_MAX)
        error = -E2BIG;
    for (size_t i = 0; i < n && error == 0; i++) {
        int64_t step_ms = meeting_step(&openings[i], n_events);

        sampler.met = &openings[i];
        add_meetings(&sampler, openings[i].at + step_ms, step_ms);
        error = sampler.failed ? -ENOMEM : 0;
    }
    if (error == 0)
        qsort(samples->items, samples->n, sizeof(samples->items[0]), by_time);
    return error;
}

/* -- people -- */

static bool is_never_told(const struct sampler *sampler, const char *id)
{
    const struct texts *ceiling = &ruleset_policy(sampler->config->rules)->ceiling;

    for (size_t i = 0; i < ceiling->n; i++) {
        if (strcmp(ceiling->items[i], id) == 0)
            return true;
    }
    return false;
}

/* An owner who has a head above, so that the whole ladder shows; and somebody else for the other fields. */
static bool choose_people(struct sampler *sampler)
{
    const struct directory *directory = sampler->config->directory;
    const struct person *people;
    size_t n = directory_people(directory, &people);

    for (size_t i = 0; i < n && sampler->owner == NULL; i++) {
        const struct department *department =
            people[i].department == NULL ? NULL : directory_department(directory, people[i].department);

        if (department != NULL && department->head != NULL && strcmp(department->head, people[i].id) != 0)
            sampler->owner = &people[i];
    }
    if (sampler->owner == NULL && n > 0)
        sampler->owner = &people[0];
    sampler->other = sampler->owner;
    for (size_t i = 0; i < n && sampler->other == sampler->owner; i++) {
        if (!is_never_told(sampler, people[i].id))
            sampler->other = &people[i];
    }
    return n > 0;
}

/* -- values -- */

static const char *value_of(const struct sample *sample, const char *name)
{
    for (size_t i = 0; i < sample->n; i++) {
        if (strcmp(sample->fields[i].name, name) == 0)
            return sample->fields[i].value;
    }
    return NULL;
}

/* A field that is there already keeps its value. */
static void set(struct sampler *sampler, struct sample *sample, const char *name, const char *value)
{
    if (value == NULL)
        sampler->failed = true;
    else if (value_of(sample, name) == NULL && sample->n < EVENT_FIELDS_MAX)
        sample->fields[sample->n++] = (struct raw_field){name, value, strlen(name), strlen(value)};
}

static const char *join(struct sampler *sampler, const char *before, const char *text, const char *after)
{
    char *joined = arena_alloc(sampler->arena, strlen(before) + strlen(text) + strlen(after) + 1);

    if (joined != NULL)
        stpcpy(stpcpy(stpcpy(joined, before), text), after);
    return joined;
}

static bool is_owner_field(const struct rule *rule, const char *name)
{
    for (size_t i = 0; i < rule->meets.n; i++) {
        if (rule->meets.items[i].owner_field != NULL && strcmp(rule->meets.items[i].owner_field, name) == 0)
            return true;
    }
    for (size_t i = 0; i < rule->n_owners; i++) {
        if (rule->owners[i].start == PATH_FIELD && strcmp(rule->owners[i].name, name) == 0)
            return true;
    }
    return rule->each_of != NULL && strcmp(rule->each_of, name) == 0;
}

static const char *value_of_kind(struct sampler *sampler, const struct catalogue_field *field)
{
    bool owes = is_owner_field(sampler->rule, field->name) || is_owner_field(sampler->subject, field->name);
    const struct person *person = owes ? sampler->owner : sampler->other;
    char text[INSTANT_TEXT_MAX];

    zone_format(sampler->zone, sampler->begin + sampler->ahead_ms, text);
    switch (field->kind) {
    case FIELD_INT:
        return "1";
    case FIELD_BOOL:
        return "false";
    case FIELD_DATE:
        return arena_strndup(sampler->arena, text, strlen("2026-12-31"));
    case FIELD_TIME:
        return arena_strdup(sampler->arena, text);
    case FIELD_PERSON:
        return person->id;
    case FIELD_PERSONS:
        return join(sampler, "[\"", person->id, "\"]");
    case FIELD_DEPARTMENT:
        return sampler->owner->department == NULL ? "" : sampler->owner->department;
    case FIELD_TEXT:
        break;
    }
    return join(sampler, field->name, "-1", "");
}

static const char *value_of_field(struct sampler *sampler, const char *type, const char *name)
{
    const struct catalogue_event *event = catalogue_find(&sampler->config->catalogue, type);
    struct catalogue_field field = {.name = name, .kind = FIELD_TEXT};

    for (size_t i = 0; event != NULL && i < event->n_fields; i++) {
        if (strcmp(event->fields[i].name, name) == 0)
            field = event->fields[i];
    }
    return value_of_kind(sampler, &field);
}

/* What an event said before, the latest first: cases and their keys stay the same. */
static const char *value_before(const struct sampler *sampler, const char *name)
{
    const char *value = NULL;

    for (size_t i = sampler->out->n; i > 0 && value == NULL; i--)
        value = value_of(&sampler->out->items[i - 1], name);
    return value;
}

/* -- events -- */

/* So that the event is one that the rule takes; what < and > want is left to the reader. */
static void satisfy(struct sampler *sampler, struct sample *sample, const struct conditions *where)
{
    const char *type = sample->fields[0].value;

    for (size_t i = 0; i < where->n; i++) {
        const struct condition *condition = &where->items[i];

        if (condition->op == CONDITION_EQ || condition->op == CONDITION_IN)
            set(sampler, sample, condition->field, condition->values[0]);
        if (condition->op == CONDITION_HAS)
            set(sampler, sample, condition->field, value_of_field(sampler, type, condition->field));
    }
}

static void add_required(struct sampler *sampler, struct sample *sample)
{
    const char *type = sample->fields[0].value;
    const struct catalogue_event *event = catalogue_find(&sampler->config->catalogue, type);

    for (size_t i = 0; event != NULL && i < event->n_fields; i++) {
        if (event->fields[i].required)
            set(sampler, sample, event->fields[i].name, value_of_kind(sampler, &event->fields[i]));
    }
}

/* An hour after the one before. */
static instant next_time(const struct sampler *sampler)
{
    return sampler->begin + (int64_t)sampler->out->n * STEP_MS;
}

/* It counts only once it is taken into `n`. */
static struct sample *next_sample(struct sampler *sampler, const char *type, instant at)
{
    struct sample *sample = &sampler->out->items[sampler->out->n];

    *sample = (struct sample){.at = at};
    set(sampler, sample, "type", type);
    return sample;
}

static void add_opening(struct sampler *sampler)
{
    const struct rule *rule = sampler->rule;
    const char *type = rule->open_on.items[0];
    struct sample *sample = next_sample(sampler, type, next_time(sampler));

    satisfy(sampler, sample, &rule->open_where);
    add_required(sampler, sample);
    for (size_t i = 0; i < rule->key.n; i++) {
        if (!rule_gives_field(rule, rule->key.fields[i].name))
            set(sampler, sample, rule->key.fields[i].name,
                value_of_field(sampler, type, rule->key.fields[i].name));
    }
    if (rule->each_of != NULL)
        set(sampler, sample, rule->each_of, join(sampler, "[\"", sampler->owner->id, "\"]"));
    for (size_t i = 0; i < rule->n_owners; i++) {
        if (rule->owners[i].start == PATH_FIELD && !rule_gives_field(rule, rule->owners[i].name))
            set(sampler, sample, rule->owners[i].name, sampler->owner->id);
    }
    sampler->out->n++;
}

/* The n-th value of an identity (rule|value|value...). */
static const char *identity_value(struct sampler *sampler, size_t n)
{
    const char *bar = strchr(sampler->met->identity, '|'), *value;

    for (size_t i = 0; i < n && bar != NULL; i++)
        bar = strchr(bar + 1, '|');
    if (bar == NULL)
        return NULL;
    value = arena_strndup(sampler->arena, bar + 1, strcspn(bar + 1, "|"));
    sampler->failed = sampler->failed || value == NULL;
    return value;
}

/* A field of the key as the deadline has it; else as an event before said. */
static const char *key_value(struct sampler *sampler, const char *name)
{
    const struct key *key = &sampler->rule->key;

    for (size_t i = 0; sampler->met != NULL && i < key->n; i++) {
        if (strcmp(key->fields[i].name, name) == 0)
            return identity_value(sampler, i);
    }
    return value_before(sampler, name);
}

/* Which period, where the event can say so: it stands last in the identity. */
static void add_period(struct sampler *sampler, struct sample *sample)
{
    const struct catalogue_event *event =
        catalogue_find(&sampler->config->catalogue, sample->fields[0].value);
    const char *last = sampler->met == NULL ? NULL : strrchr(sampler->met->identity, '|');

    for (size_t i = 0; event != NULL && last != NULL && i < event->n_fields; i++) {
        if (strcmp(event->fields[i].name, "period") == 0)
            set(sampler, sample, "period", last + 1);
    }
}

/* The fields of the key under the names that the meeting event has for them. */
static void add_meeting(struct sampler *sampler, const struct selector *meet, const char *type, instant at)
{
    struct sample *sample = next_sample(sampler, type, at);
    const char *owner = sampler->met != NULL ? sampler->met->owner : sampler->owner->id;

    for (size_t i = 0; i < meet->key.n; i++) {
        const char *value = key_value(sampler, meet->key.fields[i].name);

        if (value != NULL)
            set(sampler, sample, meet->key.fields[i].event_field, value);
    }
    if (rule_recurs(sampler->rule) && !sampler->rule->is_series)
        add_period(sampler, sample);
    satisfy(sampler, sample, &meet->where);
    if (meet->owner_field != NULL)
        set(sampler, sample, meet->owner_field, owner);
    add_required(sampler, sample);
    sampler->out->n++;
}

static void add_meetings(struct sampler *sampler, instant first, int64_t step_ms)
{
    const struct selector *meet = &sampler->rule->meets.items[0];
    size_t n = meet->all ? meet->on.n : 1;

    for (size_t i = 0; i < n && sampler->out->n < SAMPLES_MAX; i++)
        add_meeting(sampler, meet, meet->on.items[i], first + (int64_t)i * step_ms);
}

/* A rule that follows another is opened by what meets that one. */
static void add_rule(struct sampler *sampler, const struct rule *rule, int depth)
{
    const struct rule *before =
        rule->after == NULL ? NULL : ruleset_find(sampler->config->rules, rule->after);

    if (before != NULL && depth < RULE_AFTER_MAX) {
        add_rule(sampler, before, depth + 1);
        if (sampler->out->n > 0)
            add_meetings(sampler, next_time(sampler), STEP_MS);
    }
    sampler->rule = rule;
    if (rule->open_on.n > 0 && sampler->out->n < SAMPLES_MAX)
        add_opening(sampler);
}
