/* What only a finished rule, or all of them together, can show to be wrong. */
#include "config/rule_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/catalogue.h"
#include "core/compose.h"
#include "core/template.h"

/* ---- fields against the catalogue ---- */

/* Fields that every event has, or that cuiban adds. */
static bool is_common(const char *field)
{
    static const char *const common[] = {"type", "id", "time", "source", "actor", "subject", "period"};
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        if (strcmp(common[i], field) == 0)
            return true;
    return false;
}

enum { FIELD_TYPES_MAX = 32 };

struct field_check {
    struct rule_reading *reading;
    const config_setting_t *at;
    const struct texts *types[FIELD_TYPES_MAX]; /* the events that may carry the field */
    size_t n_types;
    bool in_every;            /* each of them must, not just one */
    bool in_path;             /* of recipients, who have words of their own */
    const struct rule *giver; /* whose deadlines have fields of their own, or NULL: those of an event */
};

static void report_field(struct field_check *check, const char *field, const char *type)
{
    static const char *const people[] = {"owner", "hr", "head", "up", "told", "requester"};
    struct names known = {.n = 0};
    struct reader *reader = &check->reading->reader;
    for (size_t i = 0; check->in_path && i < sizeof people / sizeof *people; i++)
        names_add(reader, &known, people[i]);
    for (size_t t = 0; t < check->n_types; t++) {
        for (size_t i = 0; i < check->types[t]->n; i++) {
            const struct catalogue_event *event =
                catalogue_find(&check->reading->config->catalogue, check->types[t]->items[i]);
            for (size_t k = 0; event && k < event->n_fields; k++)
                names_add(reader, &known, event->fields[k].name);
        }
    }
    reader_error(reader, check->at, "the event %s has no field `%s`", type, field);
    const char *nearest = problem_nearest(field, known.items, known.n);
    if (nearest && strcmp(nearest, field) != 0)
        reader_hint(reader, "did you mean `%s`?", nearest);
}

/* Its deadlines have what those of the rule before it had. */
static bool is_given(const struct field_check *check, const char *field)
{
    const struct rule *rule = check->giver;
    for (int i = 0; rule && i < RULE_AFTER_MAX; i++) {
        if (rule_gives_field(rule, field))
            return true;
        rule = rule_before(check->reading, rule);
    }
    return false;
}

static void check_field(struct field_check *check, const char *field)
{
    const struct catalogue *catalogue = &check->reading->config->catalogue;
    const char *lacking = NULL;
    bool found = false;
    if (!field || is_common(field) || is_given(check, field))
        return;
    for (size_t t = 0; t < check->n_types; t++) {
        for (size_t i = 0; i < check->types[t]->n; i++) {
            const struct catalogue_event *event = catalogue_find(catalogue, check->types[t]->items[i]);
            if (!event)
                return; /* the event itself is unknown and has been reported */
            if (catalogue_field(event, field))
                found = true;
            else if (!lacking)
                lacking = event->type;
        }
    }
    if (lacking && (check->in_every || !found))
        report_field(check, field, lacking);
    else if (!lacking && !found && check->giver)
        reader_error(&check->reading->reader, check->at,
                     "the rule opens by the clock: no event brings the field `%s`", field);
}

static void check_conditions(struct field_check *check, const struct conditions *conditions)
{
    for (size_t i = 0; i < conditions->n; i++)
        check_field(check, conditions->items[i].field);
}

static void check_paths(struct field_check *check, const struct path *paths, size_t n)
{
    check->in_path = true;
    for (size_t i = 0; i < n; i++)
        if (paths[i].start == PATH_FIELD)
            check_field(check, paths[i].name);
    check->in_path = false;
}

static void check_span(struct field_check *check, const struct span *span)
{
    if (span->unit == SPAN_AT_FIELD)
        check_field(check, span->field);
}

static void add_types(struct field_check *check, const struct selectors *selectors)
{
    for (size_t i = 0; i < selectors->n && check->n_types < FIELD_TYPES_MAX; i++)
        check->types[check->n_types++] = &selectors->items[i].on;
}

/* Fields of the deadline are those of the events that open, change or reopen it, or the ones before it. */
static void deadline_fields(struct field_check *check, const struct rule *rule)
{
    check->n_types = 0;
    check->in_every = false;
    check->giver = rule;
    for (int i = 0; rule && i < RULE_AFTER_MAX; i++) {
        if (check->n_types < FIELD_TYPES_MAX)
            check->types[check->n_types++] = &rule->open_on;
        add_types(check, &rule->changes);
        add_types(check, &rule->reopens);
        rule = rule_before(check->reading, rule);
    }
}

static void event_fields(struct field_check *check, const struct texts *on)
{
    check->n_types = 1;
    check->types[0] = on;
    check->in_every = true;
    check->giver = NULL;
}

static const config_setting_t *place(struct rule_reading *reading, const config_setting_t *group,
                                     const char *name)
{
    const config_setting_t *member = rule_member(reading, group, name);
    return member ? member : group;
}

static void check_selectors(struct field_check *check, const config_setting_t *group, const char *name,
                            const struct rule *rule, const struct selectors *selectors)
{
    check->at = place(check->reading, group, name);
    for (size_t i = 0; i < selectors->n; i++) {
        const struct selector *selector = &selectors->items[i];
        event_fields(check, &selector->on);
        check_conditions(check, &selector->where);
        check_field(check, selector->owner_field);
        check_field(check, selector->series_field);
        for (size_t k = 0; k < selector->key.n; k++)
            check_field(check, selector->key.fields[k].event_field);
        deadline_fields(check, rule);
        for (size_t k = 0; k < selector->key.n; k++)
            check_field(check, selector->key.fields[k].name);
        check_span(check, &selector->due);
    }
}

static void check_opening(struct field_check *check, const config_setting_t *group, const struct rule *rule)
{
    check->at = place(check->reading, group, "open");
    if (rule->after)
        deadline_fields(check, rule_before(check->reading, rule));
    else
        event_fields(check, &rule->open_on);
    check->in_every = false;
    check_conditions(check, &rule->open_where);
    check_span(check, &rule->open_from);
    check_span(check, &rule->open_until);
    check->at = place(check->reading, group, "key");
    check->in_every = true;
    check->giver = rule;
    for (size_t i = 0; !rule->after && i < rule->key.n; i++)
        check_field(check, rule->key.fields[i].event_field);
}

static void check_template_name(void *data, const char *name, int line)
{
    (void)line;
    if (!compose_knows(name))
        check_field(data, name);
}

/* `about` and `link` must be readable, and with a catalogue name fields that there are. */
static void check_line(struct field_check *check, const config_setting_t *group, const char *name,
                       const char *text, bool with_fields)
{
    struct reader *reader = &check->reading->reader;
    struct template *template = NULL;
    const char *why = "";
    int line;
    if (!*text)
        return;
    check->at = place(check->reading, group, name);
    int error = template_parse(text, strlen(text), &template, &why, &line);
    if (error == -EINVAL)
        reader_error(reader, check->at, "%s", problem_text(reader->problems, why));
    else if (error)
        reader_no_memory(reader);
    else if (with_fields)
        template_names(template, check_template_name, check);
    template_destroy(template);
}

static void check_lines(struct rule_reading *reading, const config_setting_t *group, const struct rule *rule,
                        bool with_fields)
{
    struct field_check check = {.reading = reading};
    deadline_fields(&check, rule);
    check_line(&check, group, "about", rule->about, with_fields);
    check_line(&check, group, "link", rule->link, with_fields);
}

static bool has_catalogue(const struct rule_reading *reading)
{
    return reading->load->events_known.n && !reading->load->catalogue_incomplete;
}

void rule_check_fields(struct rule_reading *reading, const config_setting_t *group, const struct rule *rule)
{
    struct field_check check = {.reading = reading};
    if (!has_catalogue(reading))
        return;
    check_lines(reading, group, rule, true);
    check_opening(&check, group, rule);
    check_selectors(&check, group, "meet", rule, &rule->meets);
    check_selectors(&check, group, "cancel", rule, &rule->cancels);
    check_selectors(&check, group, "pause", rule, &rule->pauses);
    check_selectors(&check, group, "resume", rule, &rule->resumes);
    check_selectors(&check, group, "change", rule, &rule->changes);
    check_selectors(&check, group, "reopen", rule, &rule->reopens);
    deadline_fields(&check, rule);
    check.at = place(reading, group, "owner");
    check_field(&check, rule->each_of);
    check_paths(&check, rule->owners, rule->n_owners);
    check.at = place(reading, group, "requester");
    check_paths(&check, &rule->requester, 1);
    check.at = place(reading, group, "department");
    check_paths(&check, &rule->department, rule->has_department);
    check.at = place(reading, group, "with");
    check_paths(&check, rule->with, rule->n_with);
    check.at = place(reading, group, "except");
    for (size_t i = 0; i < rule->except.n; i++)
        check_field(&check, rule->except.items[i]);
    check.at = place(reading, group, "due");
    for (size_t i = 0; i < rule->n_dues; i++) {
        check_conditions(&check, &rule->dues[i].where);
        check_span(&check, &rule->dues[i].span);
    }
    check.at = place(reading, group, "latest");
    check_span(&check, &rule->latest);
    check.at = place(reading, group, "least");
    check_span(&check, &rule->least);
    check.at = place(reading, group, "ladder");
    for (size_t i = 0; i < rule_written(rule); i++) {
        check_conditions(&check, &rule->steps[i].where);
        check_paths(&check, rule->steps[i].to, rule->steps[i].n_to);
    }
}

/* ---- what contradicts itself ---- */

static void check_pause(struct rule_reading *reading, const config_setting_t *group, const struct rule *rule)
{
    char text[SPAN_TEXT_MAX];
    if (rule->pauses.n == 0) {
        const config_setting_t *max = reader_member(group, "max_pause");
        if (max && !rule_member(reading, group, "pause"))
            reader_error(&reading->reader, max, "`max_pause` bounds a pause, but nothing pauses this rule");
        return;
    }
    for (size_t i = 0; i < rule->n_dues + rule->reopens.n; i++) {
        const struct span *span = rule_due_span(rule, (int32_t)i);
        if (!span_is_fixed(span))
            continue;
        reader_error(&reading->reader, place(reading, group, "pause"),
                     "a pause cannot move the fixed cut-off \"%s\" of `due`", span_format(span, text));
        reader_hint(&reading->reader, "leave `pause` out, or use `change` with a new date");
        return;
    }
    if (rule->resumes.n == 0 && span_is_none(&rule->max_pause) && !rule_member(reading, group, "resume"))
        reader_error(&reading->reader, place(reading, group, "pause"),
                     "nothing ends the pause: `resume` is missing");
}

static void check_audience(struct rule_reading *reading, const config_setting_t *group,
                           const struct rule *rule)
{
    for (size_t k = 0; rule->audience_direct && k < rule_written(rule); k++)
        for (size_t i = 0; i < rule->steps[k].n_to; i++)
            if (rule->steps[k].to[i].start == PATH_GROUP)
                reader_error(&reading->reader, place(reading, group, "ladder"),
                             "the step `%s` posts to the group `%s`, but audience is \"direct\"",
                             rule->steps[k].name, rule->steps[k].to[i].name);
}

void rule_check(struct rule_reading *reading, const config_setting_t *group, const struct rule *rule)
{
    check_pause(reading, group, rule);
    check_audience(reading, group, rule);
    if (rule->after || !has_catalogue(reading))
        check_lines(reading, group, rule, false);
    if (!rule->after)
        rule_check_fields(reading, group, rule);
}

/* ---- one rule against another ---- */

static bool share_a_text(const struct texts *a, const struct texts *b)
{
    for (size_t i = 0; i < a->n; i++)
        if (texts_have(b, a->items[i]))
            return true;
    return false;
}

static bool same_conditions(const struct conditions *a, const struct conditions *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        bool found = false;
        for (size_t k = 0; !found && k < b->n; k++)
            found = strcmp(a->items[i].text, b->items[k].text) == 0;
        if (!found)
            return false;
    }
    return true;
}

static bool same_key(const struct rule *a, const struct rule *b)
{
    if (a->forms[0].n != b->forms[0].n)
        return false;
    for (size_t i = 0; i < a->forms[0].n; i++)
        if (strcmp(a->forms[0].names[i], b->forms[0].names[i]) != 0)
            return false;
    return true;
}

static bool same_meet(const struct rule *a, const struct rule *b)
{
    for (size_t i = 0; i < a->meets.n; i++)
        for (size_t k = 0; k < b->meets.n; k++)
            if (a->meets.items[i].all == b->meets.items[k].all &&
                share_a_text(&a->meets.items[i].on, &b->meets.items[k].on) &&
                same_conditions(&a->meets.items[i].where, &b->meets.items[k].where))
                return true;
    return false;
}

/* One event may open several things (an accepted offer opens four); the same thing twice is a mistake. */
static void check_twins(struct rule_reading *reading, const config_setting_t *const *groups)
{
    const struct rule *rules = reading->rules;
    for (size_t i = 0; i < reading->n_rules; i++) {
        for (size_t k = 0; !rules[i].retired && k < i; k++) {
            const struct rule *a = &rules[k], *b = &rules[i];
            if (a->retired || !share_a_text(&a->open_on, &b->open_on) || !same_key(a, b) ||
                !same_conditions(&a->open_where, &b->open_where) || !same_meet(a, b))
                continue;
            reader_error(
                &reading->reader, groups[i],
                "opens on the same event, under the same conditions, for the same key and is met by the same "
                "event as `%s` (%s:%d)",
                a->name, a->file, a->line);
            break;
        }
    }
}

void rules_check_all(struct rule_reading *reading, const config_setting_t *const *groups)
{
    check_twins(reading, groups);
    for (size_t i = 0; i < reading->n_rules; i++)
        if (reading->rules[i].after)
            rule_check_after(reading, groups[i], &reading->rules[i]);
}
