#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

/* -- events with other fields -- */

static void add_field(struct derived *derived, const char *name, const char *value)
{
    if (derived->event.fields.n < EVENT_FIELDS_MAX + SPREAD_FIELDS_MAX) {
        derived->fields[derived->event.fields.n++] = (struct field){name, value};
    }
}

static void begin(struct derived *out, const struct event *event)
{
    out->event = *event;
    out->event.fields = (struct fields){out->fields, 0};
}

void spread_strip(struct derived *out, const struct event *event, const struct rule *rule)
{
    begin(out, event);
    for (size_t i = 0; i < event->fields.n; i++) {
        if (!rule_gives_field(rule, event->fields.items[i].name)) {
            add_field(out, event->fields.items[i].name, event->fields.items[i].value);
        }
    }
}

static void copy(struct derived *out, const struct event *event)
{
    begin(out, event);
    for (size_t i = 0; i < event->fields.n; i++) {
        add_field(out, event->fields.items[i].name, event->fields.items[i].value);
    }
}

void spread_give(struct derived *derived, const char *name, const char *value)
{
    for (size_t i = 0; i < derived->event.fields.n; i++) {
        if (strcmp(derived->fields[i].name, name) == 0) {
            derived->fields[i].value = value;
            return;
        }
    }
    add_field(derived, name, value);
}

/* -- for each -- */

enum { PERSON_FIELDS_MAX = 8 }; /* besides the attributes of the department */

struct member_fields {
    struct field *items;
    size_t n;
};

static void say(struct member_fields *fields, const char *name, const char *value)
{
    if (value) {
        fields->items[fields->n++] = (struct field){name, value};
    }
}

static bool fits(const struct conditions *among, const struct member_fields *said)
{
    struct fields fields = {said->items, said->n};

    return !conditions_failing(among, &fields);
}

static bool department_fits(struct turn *turn, const struct rule *rule, const struct department *department)
{
    struct member_fields said = {.n = 0};

    said.items = arena_alloc_array(turn->engine->scratch, DEPARTMENT_FIELDS_MAX + department->attributes.n,
                                   sizeof *said.items);
    if (!said.items) {
        turn->changes->failed = true;
        return false;
    }
    said.n = department_fields(department, said.items);
    return fits(&rule->among, &said);
}

/* A person has the attributes of the department, too. */
static bool person_fits(struct turn *turn, const struct rule *rule, const struct person *person)
{
    const struct department *department =
        person->department ? directory_department(turn->engine->parts.people, person->department) : NULL;
    size_t n = department ? department->attributes.n : 0;
    struct member_fields said = {.n = 0};

    if (person_has_left(person, state_today(turn))) {
        return false;
    }
    said.items = arena_alloc_array(turn->engine->scratch, PERSON_FIELDS_MAX + n, sizeof *said.items);
    if (!said.items) {
        turn->changes->failed = true;
        return false;
    }
    say(&said, "person", person->id);
    say(&said, "id", person->id);
    say(&said, "name", person->name);
    say(&said, "department", person->department);
    say(&said, "manager", person->manager);
    say(&said, "language", person->language);
    for (size_t i = 0; i < n; i++) {
        say(&said, department->attributes.items[i].name, department->attributes.items[i].value);
    }
    return fits(&rule->among, &said);
}

static int by_id(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int spread_members(struct turn *turn, const struct rule *rule, struct members *out)
{
    const struct directory *people = turn->engine->parts.people;
    const struct department *departments;
    const struct person *persons;
    bool of_people = rule->for_each == FOR_EACH_PERSON;
    size_t n_departments = directory_departments(people, &departments);
    size_t n = of_people ? directory_people(people, &persons) : n_departments;

    *out = (struct members){.n = 0};
    out->ids = arena_alloc_array(turn->engine->scratch, n + 1, sizeof *out->ids);
    if (!out->ids) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        if (of_people ? person_fits(turn, rule, &persons[i]) : department_fits(turn, rule, &departments[i])) {
            out->ids[out->n++] = of_people ? persons[i].id : departments[i].id;
        }
    }
    qsort(out->ids, out->n, sizeof *out->ids, by_id);
    return turn->changes->failed ? -ENOMEM : 0;
}

/* -- series -- */

static bool open_as(struct turn *turn, const struct rule *rule, const char *series)
{
    struct derived derived;
    const struct event *event = turn->event;

    copy(&derived, event);
    spread_give(&derived, "series", series);
    turn->event = &derived.event;
    bool ok = opening_open(turn, rule);
    turn->event = event;
    return ok;
}

static bool is_open_as(struct turn *turn, const struct rule *rule, const char *series)
{
    struct derived derived;
    const struct event *event = turn->event;

    copy(&derived, event);
    spread_give(&derived, "series", series);
    turn->event = &derived.event;
    bool open = opening_is_open(turn, rule);
    turn->event = event;
    return open;
}

/* Of two that fall on one date the later one stays. */
static bool is_outlived(const struct calendar *calendar, const instant *dues, size_t n, size_t i)
{
    for (size_t k = 0; k < n; k++) {
        bool later = dues[k] > dues[i] || (dues[k] == dues[i] && k > i);

        if (dues[k] != INSTANT_NEVER && later &&
            calendar_day(calendar, dues[k]) == calendar_day(calendar, dues[i])) {
            return true;
        }
    }
    return false;
}

/* What is not counted (a missing field) is opened all the same: the opening says what is wrong. */
static void count_dues(struct turn *turn, const struct deadline *draft, instant *dues)
{
    for (size_t i = 0; i < draft->rule->n_dues; i++) {
        if (timing_case(turn->engine, draft, i, &dues[i])) {
            dues[i] = INSTANT_NEVER;
        }
    }
}

static bool open_series(struct turn *turn, const struct rule *rule)
{
    struct deadline *draft = opening_draft(turn, rule);
    instant *dues = arena_alloc_array(turn->engine->scratch, rule->n_dues, sizeof *dues);
    bool ok = true, any_open = false;

    if (!draft || !dues) {
        deadline_destroy(draft);
        return turn->changes->failed ? false : opening_open(turn, rule); /* which says what is wrong */
    }
    count_dues(turn, draft, dues);
    for (size_t i = 0; i < rule->n_dues; i++) {
        any_open = any_open || is_open_as(turn, rule, rule->dues[i].name);
    }
    const struct calendar *calendar = timing_calendar(turn->engine, draft);
    for (size_t i = 0; ok && i < rule->n_dues && !turn->changes->failed; i++) {
        const char *name = rule->dues[i].name;
        bool again = any_open && is_open_as(turn, rule, name);

        if (any_open ? again : dues[i] == INSTANT_NEVER || !is_outlived(calendar, dues, rule->n_dues, i)) {
            ok = open_as(turn, rule, name);
        }
    }
    deadline_destroy(draft);
    return ok;
}

/* -- all of it -- */

/* Who it is for this time: the words of a rule and of a message. */
static void give_member(struct turn *turn, const struct rule *rule, const char *member, struct derived *out)
{
    const struct directory *people = turn->engine->parts.people;
    const struct department *department;

    if (rule->for_each == FOR_EACH_PERSON) {
        const struct person *person = directory_person(people, member);

        spread_give(out, "person", member);
        spread_give(out, "person_name", person ? person->name : member);
        member = person && person->department ? person->department : "";
    }
    department = directory_department(people, member);
    spread_give(out, "department", member);
    spread_give(out, "department_name", department && department->name ? department->name : member);
}

bool spread_open_member(struct turn *turn, const struct rule *rule, const char *member)
{
    const struct event *event = turn->event;
    struct derived derived;

    if (rule->for_each != FOR_EACH_NOTHING) {
        copy(&derived, event);
        give_member(turn, rule, member, &derived);
        turn->event = &derived.event;
    }
    bool ok = rule->is_series ? open_series(turn, rule) : opening_open(turn, rule);
    turn->event = event;
    return ok;
}

void spread_open(struct turn *turn, const struct rule *rule)
{
    struct members members;

    if (rule->for_each == FOR_EACH_NOTHING) {
        (void)spread_open_member(turn, rule, "");
        return;
    }
    if (spread_members(turn, rule, &members)) {
        turn->changes->failed = true;
        return;
    }
    for (size_t i = 0; i < members.n && !turn->changes->failed; i++) {
        if (!spread_open_member(turn, rule, members.ids[i])) {
            return; /* what is wrong with the event is wrong for all of them */
        }
    }
}

size_t spread_estimate(struct turn *turn, const struct rule *rule)
{
    struct members members = {.n = 1};

    if (rule_recurs(rule)) {
        return 1; /* the recurrence; its periods open as time passes */
    }
    if (rule->for_each != FOR_EACH_NOTHING && spread_members(turn, rule, &members)) {
        turn->changes->failed = true;
        return 0;
    }
    size_t owners = opening_estimate(turn, rule);
    if (rule->for_each != FOR_EACH_NOTHING && owners < rule->n_owners) {
        owners = rule->n_owners; /* nobody knows yet who they are: no member has been named */
    }
    return members.n * owners * (rule->is_series ? rule->n_dues : 1);
}
