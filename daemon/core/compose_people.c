#include "compose_values.h"

#include <string.h>

/* -- the people of a deadline -- */

static const struct rule_policy *policy_of(const struct composer *composer)
{
    return ruleset_policy(engine_rules(composer->engine));
}

const struct calendar *compose_calendar(const struct engine *engine, const struct deadline *deadline)
{
    const struct directory *people = engine_people(engine);
    const struct rule *rule = deadline->rule;
    const char *id = NULL;
    if (rule->calendar_of == CALENDAR_OF_DEPARTMENT)
        id = deadline->department;
    if (rule->calendar_of == CALENDAR_OF_OWNER) {
        const struct person *owner = directory_person(people, deadline->owner);
        id = owner ? owner->department : deadline->department;
    }
    const struct department *department = id ? directory_department(people, id) : NULL;
    if (department && department->calendar)
        return department->calendar;
    return rule->calendar ? rule->calendar : ruleset_policy(engine_rules(engine))->calendar;
}

const struct zone *compose_zone(const struct composer *composer)
{
    const struct calendar *calendar = compose_calendar(composer->engine, compose_current(composer)->deadline);
    return calendar ? calendar_zone(calendar) : policy_of(composer)->zone;
}

static struct path_context context_of(const struct composer *composer)
{
    const struct deadline *deadline = compose_current(composer)->deadline;
    const struct calendar *calendar = compose_calendar(composer->engine, deadline);
    return (struct path_context){
        .directory = engine_people(composer->engine),
        .fields = &deadline->fields,
        .owner = deadline->owner ? deadline->owner : "",
        .department = deadline->department ? deadline->department : "",
        .requester = &deadline->rule->requester,
        .day = calendar ? calendar_day(calendar, composer->now) : 0,
    };
}

static const char *first_of(const struct composer *composer, const struct path *path)
{
    struct path_context context = context_of(composer);
    const char *found[PATH_RESULT_MAX], *why;
    return path_people(path, &context, found, &why) ? found[0] : NULL;
}

static const char *requester_of(const struct composer *composer)
{
    const struct path *requester = &compose_current(composer)->deadline->rule->requester;
    return requester->text ? first_of(composer, requester) : NULL;
}

bool compose_is_requester(const struct composer *composer, const char *person)
{
    const char *requester = requester_of(composer);
    return requester && strcmp(requester, person) == 0;
}

static const char *head_of(const struct composer *composer)
{
    static const struct path head = {.start = PATH_DEPARTMENT, .hops = {"head"}, .n_hops = 1, .text = "head"};
    return first_of(composer, &head);
}

static const char *owner_of(const struct composer *composer)
{
    return compose_current(composer)->deadline->owner;
}

static const char *recipient_of(const struct composer *composer)
{
    return compose_current(composer)->notification->to;
}

static const char *absent_of(const struct composer *composer)
{
    return compose_current(composer)->notification->on_behalf;
}

void compose_add_name(const struct composer *composer, const char *id, struct buffer *out)
{
    const struct person *person = directory_person(engine_people(composer->engine), id);
    buffer_add_text(out, person && person->name && *person->name ? person->name : id);
}

void compose_add_department_name(const struct composer *composer, const char *id, struct buffer *out)
{
    const struct department *department =
        id && *id ? directory_department(engine_people(composer->engine), id) : NULL;
    if (department)
        buffer_add_text(out, department->name && *department->name ? department->name : department->id);
    else if (id)
        buffer_add_text(out, id);
}

/* "owner", "owner.name", "owner.id", "owner.phone", "owner.department". False if the name is none of these.
 */
bool compose_add_person_value(const struct composer *composer, const char *name, struct buffer *out)
{
    static const struct {
        const char *name;
        const char *(*person)(const struct composer *composer);
    } roles[] = {{"owner", owner_of},
                 {"requester", requester_of},
                 {"head", head_of},
                 {"recipient", recipient_of},
                 {"on_behalf", absent_of}};
    size_t n = strcspn(name, ".");
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        if (strlen(roles[i].name) != n || strncmp(roles[i].name, name, n) != 0)
            continue;
        const char *id = roles[i].person(composer), *what = name[n] ? name + n + 1 : "name";
        if (!id || !*id)
            return true;
        const struct person *person = directory_person(engine_people(composer->engine), id);
        const char *phone = person ? person_address(person, "phone") : NULL;
        if (strcmp(what, "name") == 0)
            compose_add_name(composer, id, out);
        else if (strcmp(what, "id") == 0)
            buffer_add_text(out, id);
        else if (strcmp(what, "phone") == 0 && phone)
            buffer_add_text(out, phone);
        else if (strcmp(what, "department") == 0 && person)
            compose_add_department_name(composer, person->department, out);
        return true;
    }
    return false;
}

/* -- names joined: "李雷、陈静" -- */

struct names {
    const char *ids[PATH_RESULT_MAX];
    size_t n;
};

static void add_id(struct names *names, const char *id)
{
    if (!id || !*id)
        return;
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->ids[i], id) == 0)
            return;
    if (names->n < PATH_RESULT_MAX)
        names->ids[names->n++] = id;
}

static void add_names(const struct composer *composer, const struct names *names, struct buffer *out)
{
    for (size_t i = 0; i < names->n; i++) {
        if (i)
            buffer_add_text(out, compose_is_chinese(composer) ? "、" : ", ");
        compose_add_name(composer, names->ids[i], out);
    }
}

static bool is_excepted(const struct composer *composer, const char *id)
{
    return reach_is_excepted(compose_current(composer)->deadline, id);
}

static bool is_absent(const struct composer *composer, const char *id)
{
    const char *absent = absent_of(composer);
    return absent && strcmp(absent, id) == 0;
}

/* Those whom the step tells, as it was answered when it fired. */
static void add_step(const struct composer *composer, struct names *names)
{
    const struct deadline *deadline = compose_current(composer)->deadline;
    const struct notification *notification = compose_current(composer)->notification;
    struct reach_question question = {.people = engine_people(composer->engine),
                                      .rules = engine_rules(composer->engine),
                                      .deadline = deadline,
                                      .at = notification->queued};
    struct reach_answer answer;
    while (question.step < deadline->rule->n_steps &&
           strcmp(deadline->rule->steps[question.step].name, notification->step) != 0)
        question.step++;
    if (question.step == deadline->rule->n_steps)
        return;
    reach_ask(&question, &answer);
    for (size_t i = 0; i < answer.n_reached; i++)
        add_id(names, answer.reached[i].person);
}

/* Who else is told by the same step: those known to have been told since it fired, those whom it reaches, and
 * after due the owner. */
void compose_add_told(const struct composer *composer, struct buffer *out)
{
    const struct deadline *deadline = compose_current(composer)->deadline;
    const struct notification *notification = compose_current(composer)->notification;
    struct names all = {.n = 0}, others = {.n = 0};
    bool after_due = notification->phase == PHASE_OVERDUE || notification->phase == PHASE_ESCALATION;
    if (after_due && directory_person(engine_people(composer->engine), deadline->owner))
        add_id(&all, deadline->owner);
    for (size_t i = 0; i < deadline->n_told; i++)
        if (deadline->told[i].at >= notification->queued && deadline->told[i].phase == notification->phase)
            add_id(&all, deadline->told[i].person);
    add_step(composer, &all);
    const char *to = notification->to ? notification->to : "";
    for (size_t i = 0; i < all.n; i++)
        if (strcmp(all.ids[i], to) != 0 && !is_absent(composer, all.ids[i]) &&
            !is_excepted(composer, all.ids[i]))
            add_id(&others, all.ids[i]);
    add_names(composer, &others, out);
}

/* Those who take part, without whoever reads it. */
void compose_add_with(const struct composer *composer, struct buffer *out)
{
    const struct rule *rule = compose_current(composer)->deadline->rule;
    const char *to = compose_current(composer)->notification->to;
    struct path_context context = context_of(composer);
    struct names names = {.n = 0};
    const char *found[PATH_RESULT_MAX], *why;
    for (size_t i = 0; i < rule->n_with; i++) {
        size_t n = path_people(&rule->with[i], &context, found, &why);
        for (size_t k = 0; k < n; k++)
            if ((!to || strcmp(found[k], to) != 0) && !is_excepted(composer, found[k]))
                add_id(&names, found[k]);
    }
    add_names(composer, &names, out);
}

/* -- what comes next -- */

struct next {
    struct names names; /* besides the owner and the reader */
    bool is_reader;     /* nobody but the reader */
    bool is_certain;    /* no field that an event may still change decides about it */
    instant at;
};

/* May an event of the rule still give the field another value? */
static bool may_change(const struct rule *rule, const char *field)
{
    for (size_t i = 0; i < rule->key.n; i++)
        if (strcmp(rule->key.fields[i].name, field) == 0)
            return false;
    return !rule_gives_field(rule, field) && (rule->changes.n > 0 || rule->again == AGAIN_CHANGE);
}

static bool is_certain(const struct rule *rule, const struct step *step)
{
    for (size_t i = 0; i < step->where.n; i++)
        if (may_change(rule, step->where.items[i].field))
            return false;
    return true;
}

static bool is_owners(const struct composer *composer, const struct planned_person *to)
{
    return strcmp(to->on_behalf ? to->on_behalf : to->person, owner_of(composer)) == 0;
}

/* False: the step tells nobody but the owner, or none of them in time. */
static bool read_next(const struct composer *composer, const struct planned *planned, struct next *out)
{
    const char *reader = recipient_of(composer);
    *out = (struct next){.at = INSTANT_NEVER};
    for (size_t k = 0; k < planned->n_to; k++) {
        const struct planned_person *to = &planned->to[k];
        if (to->group || is_owners(composer, to) || to->leaves == INSTANT_NEVER)
            continue;
        if (reader && strcmp(to->person, reader) == 0)
            out->is_reader = true;
        else
            add_id(&out->names, to->person);
        out->at = to->leaves < out->at ? to->leaves : out->at;
    }
    out->is_reader = out->is_reader && out->names.n == 0;
    out->is_certain = is_certain(compose_current(composer)->deadline->rule, planned->step);
    return out->names.n > 0 || out->is_reader;
}

/* The next step that tells somebody besides the owner. False if there is none. */
static bool find_next(const struct composer *composer, struct next *out)
{
    struct planned plan[RULE_STEPS_MAX];
    size_t n = engine_plan(composer->engine, compose_current(composer)->deadline, composer->now, plan,
                           RULE_STEPS_MAX);
    for (size_t i = 0; i < n; i++)
        if (plan[i].step && plan[i].step->anchor != ANCHOR_CLOSED && read_next(composer, &plan[i], out))
            return true;
    return false;
}

void compose_add_next(const struct composer *composer, struct buffer *out)
{
    struct next next;
    if (find_next(composer, &next) && next.is_certain)
        add_names(composer, &next.names, out);
}

void compose_add_next_when(const struct composer *composer, struct buffer *out)
{
    struct next next;
    if (find_next(composer, &next) && next.is_certain)
        compose_when(out, composer->language, compose_zone(composer), next.at, composer->now);
}

bool compose_is_again(const struct composer *composer)
{
    struct next next;
    return find_next(composer, &next) && next.is_certain && next.is_reader;
}

bool compose_may_go_on(const struct composer *composer)
{
    struct next next;
    return find_next(composer, &next) && !next.is_certain;
}

/* -- in whose place -- */

/* A person's name, or what a path means to people. */
void compose_add_stands_for(const struct composer *composer, struct buffer *out)
{
    static const struct {
        const char *path, *chinese, *english;
    } words[] = {
        {"owner", "责任人", "the one who owes it"},
        {"head", "部门负责人", "the head of the department"},
        {"head of department", "部门负责人", "the head of the department"},
        {"up", "上级部门负责人", "the head of the department above"},
        {"head of parent of department", "上级部门负责人", "the head of the department above"},
        {"manager of owner", "责任人的上级", "the manager"},
        {"hrbp of department", "部门 HRBP", "the HRBP"},
        {"requester", "提出人", "whoever asked for it"},
        {"hr", "提出人", "whoever asked for it"},
    };
    const char *whom = compose_current(composer)->notification->stands_for;
    if (!whom)
        return;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].path, whom) == 0) {
            buffer_add_text(out, compose_is_chinese(composer) ? words[i].chinese : words[i].english);
            return;
        }
    if (directory_person(engine_people(composer->engine), whom))
        compose_add_name(composer, whom, out);
    else
        buffer_add_text(out, compose_is_chinese(composer) ? "原定的收件人" : "whoever was meant");
}
