#include "reach.h"

#include <string.h>

#include "json.h"

/* -- what the question knows -- */

struct listener { /* one person, or one group, before the channel is chosen */
    const char *person, *on_behalf, *group;
    enum phase phase;
    bool is_requester, copy;
};

struct asking {
    const struct reach_question *question;
    const struct deadline *deadline;
    const struct rule *rule;
    const struct step *step;
    const struct rule_policy *policy;
    int32_t day;
    bool after; /* the step stands at due or after it */
    struct listener listeners[PATH_RESULT_MAX];
    size_t n;
    struct reach_answer *out;
};

static struct path_context context_of(const struct asking *asking)
{
    return (struct path_context){
        .directory = asking->question->people,
        .fields = &asking->deadline->fields,
        .owner = asking->deadline->owner,
        .department = asking->deadline->department,
        .requester = &asking->rule->requester,
        .day = asking->day,
    };
}

static void miss(struct asking *asking, const char *who, const char *why, enum missed_kind kind)
{
    struct reach_answer *out = asking->out;

    if (out->n_missed < MISSED_MAX) {
        out->missed[out->n_missed++] = (struct missed){who, why, kind};
    }
}

static bool is_owner(const struct asking *asking, const char *person)
{
    return strcmp(person, asking->deadline->owner) == 0;
}

static bool is_listed(const struct asking *asking, const char *person)
{
    for (size_t i = 0; i < asking->n; i++) {
        if (strcmp(asking->listeners[i].person, person) == 0) {
            return true;
        }
    }
    return false;
}

/* -- who must not hear of it -- */

static bool names(const char *value, const char *person)
{
    struct json_scanner scanner;
    bool found = false;

    if (*value != '[') {
        return strcmp(value, person) == 0;
    }
    json_scan_init(&scanner, value, strlen(value));
    if (json_next(&scanner) == JSON_ARRAY) {
        while (!found && json_next(&scanner) == JSON_STRING) {
            found = strcmp(json_value(&scanner), person) == 0;
        }
    }
    json_scan_finish(&scanner);
    return found;
}

/* The people that the rule's `except` fields name. */
static bool is_excepted(const struct asking *asking, const char *person)
{
    for (size_t i = 0; i < asking->rule->except.n; i++) {
        const char *value = fields_get(&asking->deadline->fields, asking->rule->except.items[i]);

        if (value && names(value, person)) {
            return true;
        }
    }
    return false;
}

static bool is_above_ceiling(const struct asking *asking, const char *person)
{
    return texts_have(&asking->policy->ceiling, person);
}

/* -- the late person -- */

static bool is_for_owner(const struct step *step)
{
    for (size_t i = 0; i < step->n_to; i++) {
        if (step->to[i].n_hops > 0 ||
            (step->to[i].start != PATH_OWNER && step->to[i].start != PATH_REQUESTER)) {
            return false;
        }
    }
    return true;
}

static bool has_higher_step(const struct asking *asking)
{
    const struct step_state *steps = asking->deadline->steps;
    size_t index = asking->question->step;

    for (size_t i = 0; i < asking->rule->n_steps; i++) {
        if (i != index && steps[i].at != INSTANT_NEVER && steps[i].at > steps[index].at &&
            !is_for_owner(&asking->rule->steps[i])) {
            return true;
        }
    }
    return false;
}

/* Who stands above the owner: the manager, else the nearest head above the owing department. NULL at the top.
 */
static const char *one_level_up(const struct asking *asking)
{
    enum { CLIMB_MAX = 16 };
    const struct directory *people = asking->question->people;
    const struct person *person = directory_person(people, asking->deadline->owner);
    const char *id = asking->deadline->department;

    if (person && person->manager && !is_owner(asking, person->manager)) {
        return person->manager;
    }
    for (int i = 0; id && i < CLIMB_MAX; i++) {
        const struct department *department = directory_department(people, id);

        if (department && department->head && !is_owner(asking, department->head)) {
            return department->head;
        }
        id = department ? department->parent : NULL;
    }
    return NULL;
}

/* -- who -- */

static bool is_chase(const struct path *path)
{
    return path->n_hops == 0 && (path->start == PATH_OWNER || path->start == PATH_REQUESTER);
}

static enum phase phase_of(const struct asking *asking, const struct path *path)
{
    if (asking->step->anchor == ANCHOR_CLOSED) {
        return PHASE_CLOSED;
    }
    if (asking->step->anchor == ANCHOR_OPEN) {
        return PHASE_ASKED;
    }
    if (!asking->after) {
        return PHASE_REMINDER;
    }
    return is_chase(path) ? PHASE_OVERDUE : PHASE_ESCALATION;
}

/* Whoever is away is answered for, unless that tells one who must not hear of it, or the late person about
 * himself: then the message waits for the one it is meant for. */
static void stand_in(const struct asking *asking, struct listener *listener)
{
    const struct directory *people = asking->question->people;
    const struct person *person = directory_person(people, listener->person);
    const struct person *answers = person ? directory_answers(people, person, asking->day) : NULL;

    if (!answers || answers == person || is_excepted(asking, answers->id) ||
        is_above_ceiling(asking, answers->id) ||
        (listener->phase == PHASE_ESCALATION && is_owner(asking, answers->id))) {
        return;
    }
    listener->on_behalf = person->id;
    listener->person = answers->id;
}

static bool has_acknowledged(const struct asking *asking, const char *person)
{
    const struct reach_question *question = asking->question;

    return question->counts_acks && asking->deadline->steps[question->step].fired > 0 &&
           deadline_is_acked(asking->deadline, person, question->at);
}

static void add_listener(struct asking *asking, struct listener listener)
{
    if (is_excepted(asking, listener.person)) {
        miss(asking, listener.person, "the rule never tells this person about this case", MISSED_SKIPPED);
        return;
    }
    if (is_above_ceiling(asking, listener.person)) {
        miss(asking, listener.person, "above the ceiling", MISSED_SKIPPED);
        return;
    }
    stand_in(asking, &listener);
    if (has_acknowledged(asking, listener.person)) {
        miss(asking, listener.person, "acknowledged", MISSED_SKIPPED);
    } else if (is_listed(asking, listener.person)) {
        return;
    } else if (asking->n == PATH_RESULT_MAX) {
        miss(asking, listener.person, "the step has too many recipients", MISSED_DEAD);
    } else {
        asking->listeners[asking->n++] = listener;
    }
}

/* The late person is never escalated to himself. */
static void add_person(struct asking *asking, const struct path *path, const char *person)
{
    struct listener listener = {.person = person, .phase = phase_of(asking, path)};

    listener.is_requester = path->start == PATH_REQUESTER;
    if (listener.phase == PHASE_ESCALATION && is_owner(asking, person)) {
        if (has_higher_step(asking)) {
            miss(asking, person, "the late person is not escalated to himself; a later step goes higher",
                 MISSED_SKIPPED);
            return;
        }
        listener.person = one_level_up(asking);
        if (!listener.person) {
            miss(asking, person, "the top has been reached", MISSED_SKIPPED);
            return;
        }
    }
    add_listener(asking, listener);
}

static void add_catch_all(struct asking *asking, const struct path *path, const char *why)
{
    const struct rule_policy *policy = asking->policy;
    struct path_context context = context_of(asking);
    const char *people[PATH_RESULT_MAX];
    const char *unused;
    size_t n = policy->catch_all ? path_people(&policy->catch_all_path, &context, people, &unused) : 0;

    miss(asking, path->text, why, n > 0 ? MISSED_CATCH_ALL : MISSED_SKIPPED);
    for (size_t i = 0; i < n; i++) {
        add_listener(asking, (struct listener){.person = people[i], .phase = phase_of(asking, path)});
    }
}

/* Who did it need not be told that it is done; an owner whom a cancellation spares the work must be. */
static bool knows_already(const struct asking *asking, const char *person)
{
    const struct closing_cause *closing = asking->question->closing;
    bool met = closing && (closing->how == CLOSED_MET || closing->how == CLOSED_MET_LATE);

    if (closing && strcmp(person, closing->by) == 0) {
        return true;
    }
    return (met || !closing) && is_owner(asking, person);
}

static void add_told(struct asking *asking)
{
    enum phase phase = asking->step->anchor == ANCHOR_CLOSED ? PHASE_CLOSED : PHASE_OVERDUE;

    for (size_t i = 0; i < asking->deadline->n_told; i++) {
        const char *person = asking->deadline->told[i].person;

        if (!knows_already(asking, person)) {
            add_listener(asking, (struct listener){.person = person, .phase = phase});
        }
    }
}

static void add_group(struct asking *asking, const struct path *path)
{
    if (asking->n < PATH_RESULT_MAX) {
        asking->listeners[asking->n++] =
            (struct listener){.person = "", .group = path->name, .phase = phase_of(asking, path)};
    }
}

static void add_path(struct asking *asking, const struct path *path)
{
    struct path_context context = context_of(asking);
    const char *people[PATH_RESULT_MAX];
    const char *why = "nobody";

    if (path->start == PATH_TOLD) {
        add_told(asking);
        return;
    }
    if (path->start == PATH_GROUP) {
        add_group(asking, path);
        return;
    }
    size_t n = path_people(path, &context, people, &why);
    for (size_t i = 0; i < n; i++) {
        add_person(asking, path, people[i]);
    }
    if (n == 0 && path->n_hops == 0) {
        add_catch_all(asking, path, why);
    } else if (n == 0) {
        miss(asking, path->text, why, MISSED_SKIPPED); /* the top of the tree: said, not sent to catch_all */
    }
}

/* Nobody is escalated behind their back. */
static void add_copy(struct asking *asking)
{
    bool escalates = false;

    for (size_t i = 0; i < asking->n; i++) {
        escalates = escalates || asking->listeners[i].phase == PHASE_ESCALATION;
    }
    if (escalates && directory_person(asking->question->people, asking->deadline->owner)) {
        add_listener(asking, (struct listener){
                                 .person = asking->deadline->owner, .phase = PHASE_OVERDUE, .copy = true});
    }
}

/* -- on which channel -- */

static bool can_reach(const struct channel_facts *channel, const struct person *person, bool direct_only)
{
    if (!channel || (direct_only && channel->reach == REACH_GROUP)) {
        return false;
    }
    return !channel->address || (person && person_address(person, channel->address));
}

/* The channel itself if it reaches the person, else the first of its fallbacks that does. */
static const struct channel_facts *reaching(const struct ruleset *rules, const char *name,
                                            const struct person *person, bool direct_only)
{
    enum { CHAIN_MAX = 8 };

    for (int i = 0; name && i < CHAIN_MAX; i++) {
        const struct channel_facts *channel = ruleset_channel(rules, name);

        if (can_reach(channel, person, direct_only)) {
            return channel;
        }
        name = channel ? channel->fallback : NULL;
    }
    return NULL;
}

const struct channel_facts *reach_fallback(const struct ruleset *rules, const char *channel,
                                           const struct person *person, bool direct_only)
{
    const struct channel_facts *facts = ruleset_channel(rules, channel);

    return facts && facts->fallback ? reaching(rules, facts->fallback, person, direct_only) : NULL;
}

const struct channel_facts *reach_direct(const struct directory *people, const struct ruleset *rules,
                                         const struct person *person, bool direct_only)
{
    const struct department *department =
        person && person->department ? directory_department(people, person->department) : NULL;
    const char *const names[] = {
        person ? person->channel : NULL,
        department ? department->channel : NULL,
        ruleset_policy(rules)->channel,
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct channel_facts *channel = reaching(rules, names[i], person, direct_only);
        if (channel) {
            return channel;
        }
    }
    return NULL;
}

static void add_message(struct asking *asking, const struct listener *listener,
                        const struct channel_facts *channel)
{
    struct reach_answer *out = asking->out;

    if (!channel) {
        miss(asking, listener->person, "no channel reaches this person: no address is known for any of them",
             MISSED_DEAD);
    } else if (out->n_reached == REACHED_MAX) {
        miss(asking, listener->person, "the step has too many recipients", MISSED_DEAD);
    } else {
        out->reached[out->n_reached++] = (struct reached){.person = listener->person,
                                                          .on_behalf = listener->on_behalf,
                                                          .group = listener->group,
                                                          .channel = channel->name,
                                                          .phase = listener->phase,
                                                          .copy = listener->copy,
                                                          .is_requester = listener->is_requester};
    }
}

static void add_messages(struct asking *asking, const struct listener *listener)
{
    const struct directory *people = asking->question->people;
    const struct ruleset *rules = asking->question->rules;
    const struct person *person = directory_person(people, listener->person);
    const struct texts *via = &asking->step->via;
    bool direct_only = asking->rule->audience_direct;

    if (listener->group) {
        add_message(asking, listener, ruleset_channel(rules, listener->group));
        return;
    }
    if (via->n == 0) {
        add_message(asking, listener, reach_direct(people, rules, person, direct_only));
    }
    for (size_t i = 0; i < via->n; i++) {
        add_message(asking, listener, reaching(rules, via->items[i], person, direct_only));
    }
}

/* -- the answer -- */

static struct asking begin(const struct reach_question *question, struct reach_answer *out)
{
    const struct rule_policy *policy = ruleset_policy(question->rules);
    const struct rule *rule = question->deadline->rule;
    const struct step *step = &rule->steps[question->step];

    out->where = NULL;
    out->n_reached = out->n_missed = 0;
    return (struct asking){
        .question = question,
        .deadline = question->deadline,
        .rule = rule,
        .step = step,
        .policy = policy,
        .day = policy->calendar ? calendar_day(policy->calendar, question->at) : 0,
        .after = step->anchor == ANCHOR_DUE && !step->before_due,
        .out = out,
    };
}

void reach_ask(const struct reach_question *question, struct reach_answer *out)
{
    struct asking asking = begin(question, out);
    const struct condition *failing = conditions_failing(&asking.step->where, &asking.deadline->fields);

    if (failing) {
        out->where = failing->text;
        return;
    }
    for (size_t i = 0; i < asking.step->n_to; i++) {
        add_path(&asking, &asking.step->to[i]);
    }
    if (asking.step->anchor != ANCHOR_CLOSED) {
        add_copy(&asking);
    }
    for (size_t i = 0; i < asking.n; i++) {
        add_messages(&asking, &asking.listeners[i]);
    }
}
