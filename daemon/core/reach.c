#include "reach.h"

#include <string.h>

#include "json.h"

/* -- what the question knows -- */

struct listener { /* one person, or one group, before the channel is chosen */
    const char *person, *on_behalf, *group, *stands_for;
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
    bool after;              /* the step stands at due or after it */
    const struct path *path; /* of the step, the one that is being followed */
    const struct texts *via; /* the channels of the step; empty: each one's own */
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

/* `place` is whose place is to be taken: the one who must not hear of it is not named to others. */
static void fall(struct asking *asking, const char *who, const char *place, const char *why,
                 enum missed_kind kind)
{
    miss(asking, who, why, kind);
    if (!asking->out->stands_for) {
        asking->out->stands_for = place;
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

/* Is the id one of a list that somebody wrote as one text ("li.lei, wang.fang")? Rather one too many. */
static bool stands_in_text(const char *text, const char *person)
{
    static const char separators[] = ",;[]{}\"\n\t ";
    size_t n = strlen(person);

    for (const char *at = strstr(text, person); n > 0 && at; at = strstr(at + 1, person)) {
        bool begins = at == text || strchr(separators, at[-1]) || (at[-1] & 0x80);
        if (begins && (!at[n] || strchr(separators, at[n]) || (at[n] & 0x80))) {
            return true;
        }
    }
    return false;
}

static bool stands_in_list(const char *json, const char *person)
{
    struct json_scanner scanner;
    bool found = false;

    json_scan_init(&scanner, json, strlen(json));
    if (json_next(&scanner) == JSON_ARRAY) {
        while (!found && json_next(&scanner) == JSON_STRING) {
            found = strcmp(json_value(&scanner), person) == 0;
        }
    }
    json_scan_finish(&scanner);
    return found;
}

bool reach_is_excepted(const struct deadline *deadline, const char *person)
{
    for (size_t i = 0; i < deadline->rule->except.n; i++) {
        const char *value = fields_get(&deadline->fields, deadline->rule->except.items[i]);

        if (value && (*value == '[' ? stands_in_list(value, person) : stands_in_text(value, person))) {
            return true;
        }
    }
    return false;
}

static bool is_excepted(const struct asking *asking, const char *person)
{
    return reach_is_excepted(asking->deadline, person);
}

static bool is_above_ceiling(const struct asking *asking, const char *person)
{
    return texts_have(&asking->policy->ceiling, person);
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

static bool is_reachable(const struct asking *asking, const struct texts *via, const struct person *person)
{
    const struct reach_question *question = asking->question;
    bool direct_only = asking->rule->audience_direct;
    bool found = via->n == 0 && reach_direct(question->people, question->rules, person, direct_only) != NULL;

    for (size_t i = 0; i < via->n && !found; i++) {
        found = reaching(question->rules, via->items[i], person, direct_only) != NULL;
    }
    return found;
}

/* -- who answers -- */

static bool may_hear(const struct asking *asking, const char *person)
{
    return !is_excepted(asking, person) && !is_above_ceiling(asking, person);
}

/* Whoever is away is answered for, but by nobody who must not hear of it, nor after due by the late person
 * for somebody else. */
static bool may_answer(const void *data, const struct person *person)
{
    const struct asking *asking = data;

    return may_hear(asking, person->id) && !(asking->after && is_owner(asking, person->id)) &&
           is_reachable(asking, asking->via, person);
}

static const struct person *answering(const struct asking *asking, const struct person *person)
{
    return directory_answers(asking->question->people, person, asking->day, may_answer, asking);
}

/* -- the late person -- */

static bool is_chase(const struct path *path)
{
    return path->n_hops == 0 && (path->start == PATH_OWNER || path->start == PATH_REQUESTER);
}

static bool leads_higher(const struct asking *asking, const struct step *step, const struct path *path)
{
    struct path_context context = context_of(asking);
    const char *people[PATH_RESULT_MAX];
    const char *why;

    if (is_chase(path) || path->start == PATH_TOLD) {
        return false;
    }
    if (path->start == PATH_GROUP) {
        return true;
    }
    size_t n = path_people(path, &context, people, &why);
    for (size_t i = 0; i < n; i++) {
        const struct person *person = directory_person(asking->question->people, people[i]);

        person = person && !is_owner(asking, people[i]) && may_hear(asking, people[i])
                     ? answering(asking, person)
                     : NULL;
        if (person && is_reachable(asking, &step->via, person)) {
            return true;
        }
    }
    return false;
}

/* Does a later step tell somebody above, and really? */
static bool has_higher_step(const struct asking *asking)
{
    const struct step_state *states = asking->deadline->steps;
    instant at = states[asking->question->step].at;

    at = at == INSTANT_NEVER ? asking->question->at : at; /* its last firing is over */
    for (size_t i = 0; i < asking->rule->n_steps; i++) {
        const struct step *step = &asking->rule->steps[i];

        if (states[i].at == INSTANT_NEVER || states[i].at <= at ||
            conditions_failing(&step->where, &asking->deadline->fields)) {
            continue;
        }
        for (size_t k = 0; k < step->n_to; k++) {
            if (leads_higher(asking, step, &step->to[k])) {
                return true;
            }
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

    if (person && directory_person(people, person->manager) && !is_owner(asking, person->manager)) {
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

static bool has_acknowledged(const struct asking *asking, const char *person)
{
    const struct reach_question *question = asking->question;

    return question->counts_acks && question->firing > 0 &&
           deadline_is_acked(asking->deadline, person, question->at);
}

/* Whoever is away or gone is answered for. False: nobody answers for one who has left. */
static bool stand_in(const struct asking *asking, struct listener *listener)
{
    const struct person *person = directory_person(asking->question->people, listener->person);
    const struct person *answers = person ? answering(asking, person) : NULL;

    if (answers && answers != person && !(listener->copy && is_listed(asking, answers->id))) {
        listener->on_behalf = person->id;
        listener->person = answers->id;
    }
    return !person || answers;
}

static const char no_channel[] = "no channel reaches this person: no address is known for any of them";

static void take(struct asking *asking, const struct listener *listener)
{
    const struct person *person = directory_person(asking->question->people, listener->person);

    if (is_listed(asking, listener->person)) {
        return;
    }
    if (asking->n == PATH_RESULT_MAX) {
        miss(asking, listener->person, "the step has too many recipients", MISSED_DEAD);
    } else if (!is_reachable(asking, asking->via, person)) {
        fall(asking, listener->person, listener->person, no_channel, MISSED_DEAD);
    } else {
        asking->listeners[asking->n++] = *listener;
    }
}

static void add_listener(struct asking *asking, struct listener listener)
{
    const char *person = listener.person;

    if (is_excepted(asking, person)) {
        fall(asking, person, asking->path->text, "the rule never tells this person about this case",
             MISSED_FALLEN);
    } else if (is_above_ceiling(asking, person)) {
        fall(asking, person, person, "above the ceiling", MISSED_FALLEN);
    } else if (!stand_in(asking, &listener)) {
        fall(asking, person, person, "has left, and nobody answers for this person", MISSED_FALLEN);
    } else if (has_acknowledged(asking, listener.person)) {
        miss(asking, listener.person, "acknowledged", MISSED_SKIPPED);
    } else {
        take(asking, &listener);
    }
}

/* The late person is never escalated to himself, nor asked to call himself. */
static void add_late(struct asking *asking, const char *person)
{
    const struct path *path = asking->path;

    if (is_chase(path)) { /* what he owes he hears all the same */
        add_listener(asking, (struct listener){.person = person, .phase = PHASE_OVERDUE});
    }
    if (has_higher_step(asking)) {
        miss(asking, person, "the late person is not escalated to himself; a later step goes higher",
             MISSED_SKIPPED);
        return;
    }
    const char *above = one_level_up(asking);
    if (!above) {
        fall(asking, person, path->text, "the top has been reached", MISSED_FALLEN);
        return;
    }
    add_listener(asking, (struct listener){.person = above, .phase = PHASE_ESCALATION});
}

static void add_person(struct asking *asking, const char *person)
{
    const struct path *path = asking->path;
    bool means_owner = path->start == PATH_OWNER && path->n_hops == 0;

    if (asking->after && !means_owner && is_owner(asking, person)) {
        add_late(asking, person);
        return;
    }
    add_listener(asking, (struct listener){.person = person,
                                           .phase = phase_of(asking, path),
                                           .is_requester = path->start == PATH_REQUESTER});
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
    if (!ruleset_channel(asking->question->rules, path->name)) {
        fall(asking, path->text, path->text, "there is no such channel", MISSED_FALLEN);
    } else if (asking->n < PATH_RESULT_MAX) {
        asking->listeners[asking->n++] =
            (struct listener){.person = "", .group = path->name, .phase = phase_of(asking, path)};
    }
}

static void add_path(struct asking *asking, const struct path *path)
{
    struct path_context context = context_of(asking);
    const char *people[PATH_RESULT_MAX];
    const char *why = "nobody";

    asking->path = path;
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
        add_person(asking, people[i]);
    }
    if (n == 0) { /* the top of the tree is said, not sent to catch_all */
        fall(asking, path->text, path->text, why, path->n_hops > 0 ? MISSED_FALLEN : MISSED_CATCH_ALL);
    }
}

/* -- nobody to tell -- */

static void add_catch_all(struct asking *asking, const struct path *path)
{
    struct path_context context = context_of(asking);
    const char *people[PATH_RESULT_MAX];
    const char *why;
    size_t n = path_people(&asking->policy->catch_all_path, &context, people, &why);

    for (size_t i = 0; i < n; i++) {
        add_listener(asking, (struct listener){.person = people[i],
                                               .phase = phase_of(asking, path),
                                               .stands_for = path->text});
    }
}

/* A role without a holder, a field that names nobody: whoever catches all hears what they would have. */
static void replace_unknown(struct asking *asking, bool is_deserted)
{
    struct reach_answer *out = asking->out;
    bool tells = asking->policy->catch_all && !is_deserted;

    for (size_t i = 0; i < out->n_missed; i++) {
        struct missed *missed = &out->missed[i];

        if (missed->kind != MISSED_CATCH_ALL) {
            continue;
        }
        missed->kind = tells ? MISSED_CATCH_ALL : MISSED_FALLEN;
        for (size_t k = 0; k < asking->step->n_to && tells; k++) {
            if (asking->step->to[k].text == missed->who) {
                add_catch_all(asking, &asking->step->to[k]);
            }
        }
    }
}

/* Have all whom the step names besides the owner fallen away? */
static bool is_deserted(const struct asking *asking)
{
    const struct reach_answer *out = asking->out;
    bool deserted = asking->after && out->stands_for;

    for (size_t i = 0; i < asking->n && deserted; i++) {
        const struct listener *listener = &asking->listeners[i];
        deserted = !listener->group &&
                   is_owner(asking, listener->on_behalf ? listener->on_behalf : listener->person);
    }
    for (size_t i = 0; i < out->n_missed && deserted; i++) {
        deserted = out->missed[i].kind != MISSED_SKIPPED || is_owner(asking, out->missed[i].who);
    }
    return deserted;
}

static bool can_take_it(const struct asking *asking, const char *id, struct listener *out)
{
    const struct person *person = directory_person(asking->question->people, id);

    if (!person || is_owner(asking, id) || !may_hear(asking, id)) {
        return false;
    }
    const struct person *answers = answering(asking, person);
    if (!answers || is_listed(asking, answers->id) || !is_reachable(asking, asking->via, answers)) {
        return false;
    }
    *out = (struct listener){.person = answers->id,
                             .on_behalf = answers == person ? NULL : id,
                             .stands_for = asking->out->stands_for,
                             .phase = PHASE_ESCALATION};
    return true;
}

/* The first of the requester, the HRBP of the department and catch_all who can. */
static bool find_stand_in(const struct asking *asking, struct listener *out)
{
    static const struct path hrbp = {.start = PATH_DEPARTMENT, .hops = {"hrbp"}, .n_hops = 1};
    const struct path *const paths[] = {&asking->rule->requester, &hrbp,
                                        asking->policy->catch_all ? &asking->policy->catch_all_path : NULL};
    struct path_context context = context_of(asking);

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *people[PATH_RESULT_MAX];
        const char *why;
        size_t n = paths[i] && (i > 0 || paths[i]->text) ? path_people(paths[i], &context, people, &why) : 0;

        for (size_t k = 0; k < n; k++) {
            if (can_take_it(asking, people[k], out)) {
                return true;
            }
        }
    }
    return false;
}

/* Whoever stands in at every firing of a step that repeats would hear as often as the one who is meant. */
static bool is_first_or_last(const struct asking *asking)
{
    int32_t firing = asking->question->firing;

    return firing == 0 || firing + 1 >= asking->step->times;
}

static void fall_to_somebody(struct asking *asking)
{
    static const struct texts own_channel = {NULL, 0};
    struct listener listener;

    asking->via = &own_channel;
    if (!find_stand_in(asking, &listener)) {
        asking->out->is_silent = true;
        add_listener(asking, (struct listener){.person = asking->deadline->owner, .phase = PHASE_OVERDUE});
    } else if (!is_first_or_last(asking)) {
        miss(asking, listener.person, "stands in, and hears with the first and the last time only",
             MISSED_SKIPPED);
    } else if (has_acknowledged(asking, listener.person)) {
        miss(asking, listener.person, "acknowledged", MISSED_SKIPPED);
    } else {
        asking->out->fell_to = listener.person;
        asking->listeners[asking->n++] = listener;
    }
    asking->via = &asking->step->via;
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

/* -- the answer -- */

static void add_message(struct asking *asking, const struct listener *listener,
                        const struct channel_facts *channel)
{
    struct reach_answer *out = asking->out;

    if (!channel) { /* one of several channels of the step */
        miss(asking, listener->person, no_channel, MISSED_DEAD);
    } else if (out->n_reached == REACHED_MAX) {
        miss(asking, listener->person, "the step has too many recipients", MISSED_DEAD);
    } else {
        out->reached[out->n_reached++] = (struct reached){.person = listener->person,
                                                          .on_behalf = listener->on_behalf,
                                                          .stands_for = listener->stands_for,
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
    bool direct_only = asking->rule->audience_direct;
    bool stands_in = listener->person == asking->out->fell_to;

    if (listener->group) {
        add_message(asking, listener, ruleset_channel(rules, listener->group));
    } else if (asking->via->n == 0 || stands_in) {
        add_message(asking, listener, reach_direct(people, rules, person, direct_only));
    } else {
        for (size_t i = 0; i < asking->via->n; i++) {
            add_message(asking, listener, reaching(rules, asking->via->items[i], person, direct_only));
        }
    }
}

static struct asking begin(const struct reach_question *question, struct reach_answer *out)
{
    const struct rule_policy *policy = ruleset_policy(question->rules);
    const struct rule *rule = question->deadline->rule;
    const struct step *step = &rule->steps[question->step];

    out->where = out->fell_to = out->stands_for = NULL;
    out->n_reached = out->n_missed = 0;
    out->is_silent = false;
    return (struct asking){
        .question = question,
        .deadline = question->deadline,
        .rule = rule,
        .step = step,
        .policy = policy,
        .via = &step->via,
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
    bool deserted = is_deserted(&asking);
    replace_unknown(&asking, deserted);
    if (deserted) {
        fall_to_somebody(&asking);
    }
    if (asking.step->anchor != ANCHOR_CLOSED) {
        add_copy(&asking);
    }
    for (size_t i = 0; i < asking.n; i++) {
        add_messages(&asking, &asking.listeners[i]);
    }
}

bool reach_is_heard(const struct reach_question *question, const struct reach_answer *answer)
{
    for (size_t i = 0; i < answer->n_reached; i++) {
        const struct reached *reached = &answer->reached[i];
        const char *person = reached->on_behalf ? reached->on_behalf : reached->person;

        if (reached->group || strcmp(person, question->deadline->owner) != 0) {
            return true;
        }
    }
    return false;
}
