#include <stdlib.h>
#include <string.h>

#include "core/compose.h"

#include "sending.h"
#include "state.h"
#include "waiting.h"

/* One person (or group) that a step tells. */
struct listener {
    const char *person;    /* "" for a post to a group */
    const char *on_behalf; /* of whom, or NULL */
    const char *group;     /* channel of a post, or NULL */
    enum phase phase;
    bool is_requester;
    bool copy;
};

struct audience {
    struct listener items[PATH_RESULT_MAX];
    size_t n;
};

struct firing {
    struct turn *turn;
    struct deadline *deadline;
    const struct step *step;
    size_t index;
    bool after;                          /* at or after due */
    const struct closing_cause *closing; /* of a step at "closed" */
    instant fires;                       /* when it was to fire, for what its recipients are told */
    instant left; /* when the last message so far may leave; INSTANT_NONE: there is none */
    struct audience audience;
};

static void journal_step(struct turn *turn, const struct deadline *deadline, const struct step *step,
                         const char *what, const char *who, const char *why, instant at)
{
    struct journal_record record;

    journal_begin_deadline(&record, turn->changes, what, deadline);
    json_key_text(&record.json, "s", step->name);
    json_key_text(&record.json, "to", who);
    json_key_text(&record.json, "why", why);
    if (at != INSTANT_NONE) {
        json_key_int(&record.json, "at", at);
    }
    journal_end(&record);
}

void ladder_supersede(struct turn *turn, struct deadline *deadline, size_t step, const char *what,
                      const char *why)
{
    journal_step(turn, deadline, &deadline->rule->steps[step], what, NULL, why, deadline->steps[step].at);
    timing_repeat(turn->engine, deadline, step);
}

static void skip(struct firing *firing, const char *who, const char *why)
{
    journal_step(firing->turn, firing->deadline, firing->step, "skipped", who, why, INSTANT_NONE);
}

/* -- who -- */

static bool is_listed(const struct audience *audience, const char *person)
{
    for (size_t i = 0; i < audience->n; i++) {
        if (strcmp(audience->items[i].person, person) == 0) {
            return true;
        }
    }
    return false;
}

/* The people that the rule's `except` fields name. */
static bool is_excepted(const struct firing *firing, const char *person)
{
    const struct rule *rule = firing->deadline->rule;

    for (size_t i = 0; i < rule->except.n; i++) {
        const char *value = fields_get(&firing->deadline->fields, rule->except.items[i]);
        const char *ids[EVENT_LIST_MAX];
        int n = value ? event_list(firing->turn->engine->scratch, value, ids) : 0;

        for (int k = 0; k < n; k++) {
            if (strcmp(ids[k], person) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool is_above_ceiling(const struct engine *engine, const char *person)
{
    for (size_t i = 0; i < engine->policy->ceiling.n; i++) {
        if (strcmp(engine->policy->ceiling.items[i], person) == 0) {
            return true;
        }
    }
    return false;
}

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

static bool has_higher_step(const struct firing *firing)
{
    const struct rule *rule = firing->deadline->rule;

    for (size_t i = 0; i < rule->n_steps; i++) {
        if (i != firing->index && firing->deadline->steps[i].at != INSTANT_NEVER &&
            firing->deadline->steps[i].at > firing->deadline->steps[firing->index].at &&
            !is_for_owner(&rule->steps[i])) {
            return true;
        }
    }
    return false;
}

/* Who stands above the owner: the manager, else the nearest head above the owing department. NULL at the top.
 */
static const char *one_level_up(const struct firing *firing)
{
    enum { CLIMB_MAX = 16 };
    const struct directory *people = firing->turn->engine->parts.people;
    const char *owner = firing->deadline->owner;
    const struct person *person = directory_person(people, owner);
    const char *id = firing->deadline->department;

    if (person && person->manager && strcmp(person->manager, owner) != 0) {
        return person->manager;
    }
    for (int i = 0; id && i < CLIMB_MAX; i++) {
        const struct department *department = directory_department(people, id);

        if (department && department->head && strcmp(department->head, owner) != 0) {
            return department->head;
        }
        id = department ? department->parent : NULL;
    }
    return NULL;
}

static enum phase phase_of(const struct firing *firing, const struct path *path)
{
    bool chase = path->n_hops == 0 && (path->start == PATH_OWNER || path->start == PATH_REQUESTER);

    if (firing->step->anchor == ANCHOR_OPEN) {
        return PHASE_ASKED;
    }
    if (!firing->after) {
        return PHASE_REMINDER;
    }
    return chase ? PHASE_OVERDUE : PHASE_ESCALATION;
}

/* Whoever is away is answered for, unless that tells one who must not hear of it, or the late person about
 * himself: then the message waits for the one it is meant for. */
static void stand_in(const struct firing *firing, const struct person *person, struct listener *listener)
{
    const struct engine *engine = firing->turn->engine;
    const struct person *answers =
        person ? directory_answers(engine->parts.people, person, state_today(firing->turn)) : NULL;

    if (!answers || answers == person || is_excepted(firing, answers->id) ||
        is_above_ceiling(engine, answers->id) ||
        (listener->phase == PHASE_ESCALATION && strcmp(answers->id, firing->deadline->owner) == 0)) {
        return;
    }
    listener->on_behalf = person->id;
    listener->person = answers->id;
}

static void add_listener(struct firing *firing, struct listener listener)
{
    struct engine *engine = firing->turn->engine;
    const struct person *person = directory_person(engine->parts.people, listener.person);

    if (is_excepted(firing, listener.person)) {
        skip(firing, listener.person, "the rule never tells this person about this case");
        return;
    }
    if (is_above_ceiling(engine, listener.person)) {
        skip(firing, listener.person, "above the ceiling");
        return;
    }
    stand_in(firing, person, &listener);
    if (firing->deadline->steps[firing->index].fired > 0 &&
        deadline_is_acked(firing->deadline, listener.person, firing->turn->now)) {
        skip(firing, listener.person, "acknowledged");
        return;
    }
    if (is_listed(&firing->audience, listener.person)) {
        return;
    }
    if (firing->audience.n == PATH_RESULT_MAX) {
        outbox_dead_recipient(firing->turn, firing->deadline, firing->step, listener.person,
                              "the step has too many recipients");
        return;
    }
    firing->audience.items[firing->audience.n++] = listener;
}

/* The late person is never escalated to himself. */
static void add_person(struct firing *firing, const struct path *path, const char *person)
{
    struct listener listener = {.person = person, .phase = phase_of(firing, path)};

    listener.is_requester = path->start == PATH_REQUESTER;
    if (listener.phase == PHASE_ESCALATION && strcmp(person, firing->deadline->owner) == 0) {
        if (has_higher_step(firing)) {
            skip(firing, person, "the late person is not escalated to himself; a later step goes higher");
            return;
        }
        listener.person = one_level_up(firing);
        if (!listener.person) {
            skip(firing, person, "the top has been reached");
            return;
        }
    }
    add_listener(firing, listener);
}

static void add_catch_all(struct firing *firing, const struct path *path, const char *why)
{
    const struct rule_policy *policy = firing->turn->engine->policy;
    struct path_context context = state_path_context(firing->turn, firing->deadline);
    const char *people[PATH_RESULT_MAX];
    const char *unused;
    size_t n = policy->catch_all ? path_people(&policy->catch_all_path, &context, people, &unused) : 0;

    journal_step(firing->turn, firing->deadline, firing->step, n > 0 ? "catch_all" : "skipped", path->text,
                 why, INSTANT_NONE);
    for (size_t i = 0; i < n; i++) {
        add_listener(firing, (struct listener){.person = people[i], .phase = phase_of(firing, path)});
    }
}

/* Who did it need not be told that it is done; an owner whom a cancellation spares the work must be. */
static bool knows_already(const struct firing *firing, const char *person)
{
    const struct closing_cause *closing = firing->closing;
    bool met = closing && (closing->how == CLOSED_MET || closing->how == CLOSED_MET_LATE);

    if (closing && strcmp(person, closing->by) == 0) {
        return true;
    }
    return (met || !closing) && strcmp(person, firing->deadline->owner) == 0;
}

static void add_told(struct firing *firing)
{
    const struct deadline *deadline = firing->deadline;

    for (size_t i = 0; i < deadline->n_told; i++) {
        if (!knows_already(firing, deadline->told[i].person)) {
            add_listener(firing,
                         (struct listener){.person = deadline->told[i].person,
                                           .phase = firing->step->anchor == ANCHOR_CLOSED ? PHASE_CLOSED
                                                                                          : PHASE_OVERDUE});
        }
    }
}

static void add_path(struct firing *firing, const struct path *path)
{
    struct path_context context = state_path_context(firing->turn, firing->deadline);
    const char *people[PATH_RESULT_MAX];
    const char *why = "nobody";

    if (path->start == PATH_TOLD) {
        add_told(firing);
        return;
    }
    if (path->start == PATH_GROUP) {
        if (firing->audience.n < PATH_RESULT_MAX) {
            firing->audience.items[firing->audience.n++] =
                (struct listener){.person = "", .group = path->name, .phase = phase_of(firing, path)};
        }
        return;
    }
    size_t n = path_people(path, &context, people, &why);
    for (size_t i = 0; i < n; i++) {
        add_person(firing, path, people[i]);
    }
    if (n == 0 && path->n_hops == 0) {
        add_catch_all(firing, path, why);
    } else if (n == 0) {
        skip(firing, path->text, why); /* the top of the tree: said, not sent to catch_all */
    }
}

/* Nobody is escalated behind their back. */
static void add_copy(struct firing *firing)
{
    bool escalates = false;

    for (size_t i = 0; i < firing->audience.n; i++) {
        escalates = escalates || firing->audience.items[i].phase == PHASE_ESCALATION;
    }
    if (escalates && directory_person(firing->turn->engine->parts.people, firing->deadline->owner)) {
        add_listener(firing, (struct listener){
                                 .person = firing->deadline->owner, .phase = PHASE_OVERDUE, .copy = true});
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
static const struct channel_facts *reaching(const struct engine *engine, const char *name,
                                            const struct person *person, bool direct_only)
{
    enum { CHAIN_MAX = 8 };

    for (int i = 0; name && i < CHAIN_MAX; i++) {
        const struct channel_facts *channel = ruleset_channel(engine->parts.rules, name);

        if (can_reach(channel, person, direct_only)) {
            return channel;
        }
        name = channel ? channel->fallback : NULL;
    }
    return NULL;
}

const struct channel_facts *ladder_fallback(const struct engine *engine, const char *channel,
                                            const char *person, bool direct_only)
{
    const struct channel_facts *facts = ruleset_channel(engine->parts.rules, channel);

    return facts && facts->fallback ? reaching(engine, facts->fallback,
                                               directory_person(engine->parts.people, person), direct_only)
                                    : NULL;
}

const struct channel_facts *ladder_direct(const struct engine *engine, const struct person *person,
                                          bool direct_only)
{
    const struct department *department =
        person && person->department ? directory_department(engine->parts.people, person->department) : NULL;
    const char *const names[] = {
        person ? person->channel : NULL,
        department ? department->channel : NULL,
        engine->policy->channel,
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct channel_facts *channel = reaching(engine, names[i], person, direct_only);
        if (channel) {
            return channel;
        }
    }
    return NULL;
}

/* -- the notification -- */

/* The next step that tells somebody on the same path ends this one's life: then a fresher message comes. It
 * is given time to be queued. One after due does not come before this one has left: the gap holds it back. No
 * reminder outlives its due. */
static instant expiry(const struct firing *firing, enum phase phase, instant leave)
{
    enum { LIFE_MIN_MS = 30 * 60 * 1000, FOLLOW_MS = 60 * 1000 };
    const struct deadline *deadline = firing->deadline;
    const struct rule *rule = deadline->rule;
    instant now = firing->turn->now;
    instant end = leave + firing->turn->engine->policy->expires_max_ms;

    for (size_t i = 0; i < rule->n_steps && phase != PHASE_CLOSED; i++) {
        bool same = rule->steps[i].n_to > 0 && firing->step->n_to > 0 &&
                    strcmp(rule->steps[i].to[0].text, firing->step->to[0].text) == 0;

        instant fires = deadline->steps[i].fires;
        if (same && fires > now && fires < end - FOLLOW_MS && (fires > leave || firing->step->before_due)) {
            end = fires + FOLLOW_MS;
        }
    }
    end = end > leave && end < leave + LIFE_MIN_MS ? leave + LIFE_MIN_MS : end;
    return phase == PHASE_REMINDER && deadline->due > now && deadline->due < end ? deadline->due : end;
}

static const char *template_of(const struct firing *firing, const struct listener *listener)
{
    const struct rule_policy *policy = firing->turn->engine->policy;

    if (firing->step->message && !listener->copy) {
        return firing->step->message;
    }
    if (listener->copy) { /* what the head was asked, told to the owner */
        return phase_name(PHASE_ESCALATION);
    }
    if (listener->phase == PHASE_OVERDUE && listener->is_requester &&
        templates_find(firing->turn->engine->parts.templates, policy->language, "chase")) {
        return "chase";
    }
    return phase_name(listener->phase);
}

static struct notification *make(const struct firing *firing, const struct listener *listener,
                                 const char *channel)
{
    struct notification *note = calloc(1, sizeof *note);

    if (!note) {
        return NULL;
    }
    agenda_entry_init(&note->agenda);
    note->deadline = firing->step->anchor == ANCHOR_CLOSED ? NULL : firing->deadline;
    memcpy(note->deadline_id, firing->deadline->id, sizeof note->deadline_id);
    note->phase = listener->phase;
    note->copy = listener->copy;
    note->urgent = firing->step->urgent;
    note->queued = firing->turn->now;
    if (!state_set_text(&note->rule, firing->deadline->rule->name) ||
        !state_set_text(&note->step, firing->step->name) ||
        !state_set_text(&note->message, template_of(firing, listener)) ||
        !state_set_text(&note->to, listener->person) || !state_set_text(&note->channel, channel) ||
        (listener->on_behalf && !state_set_text(&note->on_behalf, listener->on_behalf))) {
        notification_destroy(note);
        return NULL;
    }
    waiting_begin(firing->turn->engine, note, firing->fires);
    note->expires = expiry(firing, listener->phase, note->not_before);
    return note;
}

static struct notification *queue(struct firing *firing, const struct listener *listener, const char *channel)
{
    struct notification *note = make(firing, listener, channel);

    if (!note) {
        firing->turn->changes->failed = true;
        return NULL;
    }
    firing->deadline->numbered++;
    notification_number(firing->deadline->id, firing->deadline->numbered, note->id);
    return note;
}

static void send_on(struct firing *firing, const struct listener *listener,
                    const struct channel_facts *channel,
                    void (*finish)(struct firing *firing, struct notification *note))
{
    if (!channel) {
        outbox_dead_recipient(firing->turn, firing->deadline, firing->step, listener->person,
                              "no channel reaches this person: no address is known for any of them");
        return;
    }
    struct recipient to = {listener->person, channel->name};
    struct departure departure = {.fires = firing->fires};
    if (!sending_now(firing->turn, firing->deadline, firing->step, &to, &departure)) {
        skip(firing, listener->person, "quiet hours until after due");
        return;
    }
    firing->left = departure.counts > firing->left ? departure.counts : firing->left;
    struct notification *note = queue(firing, listener, channel->name);
    if (note && finish) {
        finish(firing, note);
    }
    if (note) {
        outbox_queue(firing->turn, note);
    }
}

static void send(struct firing *firing, const struct listener *listener,
                 void (*finish)(struct firing *firing, struct notification *note))
{
    const struct engine *engine = firing->turn->engine;
    const struct person *person = directory_person(engine->parts.people, listener->person);
    bool direct_only = firing->deadline->rule->audience_direct;

    if (listener->group) {
        send_on(firing, listener, ruleset_channel(engine->parts.rules, listener->group), finish);
    } else if (firing->step->via.n == 0) {
        send_on(firing, listener, ladder_direct(engine, person, direct_only), finish);
    }
    for (size_t i = 0; i < firing->step->via.n && !listener->group; i++) {
        send_on(firing, listener, reaching(engine, firing->step->via.items[i], person, direct_only), finish);
    }
}

/* -- firing -- */

void ladder_follow_owner(struct turn *turn, struct deadline *deadline)
{
    const struct rule *rule = deadline->rule;
    struct path_context context = state_owner_context(turn, rule, &deadline->fields);
    struct journal_record record;
    const char *people[PATH_RESULT_MAX];
    const char *why;

    if (deadline->owner_fixed || rule->each_of || rule->n_owners != 1) {
        return;
    }
    if (path_people(&rule->owners[0], &context, people, &why) == 0 ||
        strcmp(people[0], deadline->owner) == 0) {
        return;
    }
    journal_begin_deadline(&record, turn->changes, "owner", deadline);
    json_key_text(&record.json, "was", deadline->owner);
    json_key_text(&record.json, "owner", people[0]);
    journal_end(&record);
    if (!state_set_text(&deadline->owner, people[0])) {
        turn->changes->failed = true;
    }
    timing_place(turn->engine, deadline); /* the calendar may be the owner's */
    timing_arm(turn, deadline);
}

bool ladder_speaks(const struct deadline *deadline, size_t index, instant horizon)
{
    const struct step *step = &deadline->rule->steps[index];
    bool too_late = step->before_due && step->anchor != ANCHOR_OPEN && deadline->due <= horizon;

    return !too_late && !conditions_failing(&step->where, &deadline->fields);
}

static const char *moved(instant fires, instant planned)
{
    if (fires == planned) {
        return NULL;
    }
    return fires < planned ? "pulled forward, out of quiet hours that last until due"
                           : "held back by the gap after the step before";
}

void ladder_fire(struct turn *turn, struct deadline *deadline, size_t index, instant planned)
{
    const struct step *step = &deadline->rule->steps[index];
    struct firing firing = {.turn = turn, .deadline = deadline, .step = step, .index = index};
    const struct condition *failing = conditions_failing(&step->where, &deadline->fields);
    struct rung rung = {.at = planned, .first = deadline->numbered};

    firing.fires = step->before_due ? planned : deadline->steps[index].fires;
    firing.left = INSTANT_NONE;
    firing.after = step->anchor == ANCHOR_DUE && !step->before_due;
    if (failing) {
        journal_step(turn, deadline, step, "skipped", NULL, failing->text, planned);
        timing_repeat(turn->engine, deadline, index);
        return;
    }
    journal_step(turn, deadline, step, "step", NULL, moved(deadline->steps[index].fires, planned), planned);
    for (size_t i = 0; i < step->n_to; i++) {
        add_path(&firing, &step->to[i]);
    }
    add_copy(&firing);
    timing_repeat(turn->engine, deadline, index);
    for (size_t i = 0; i < firing.audience.n; i++) {
        send(&firing, &firing.audience.items[i], NULL);
    }
    rung.left = firing.left == INSTANT_NONE ? turn->now : firing.left;
    sending_fired(turn, deadline, &rung);
}

/* -- closing -- */

/* The deadline is gone when the message leaves: its words are made now. */
static void render_closing(struct firing *firing, struct notification *note)
{
    const struct closing_cause *cause = firing->closing;
    struct composed composed;
    const char *why = "";

    composed_init(&composed);
    if (firing->turn->changes->is_dry || /* nobody will read it */
        compose_closing(firing->turn->engine, firing->deadline, note, cause->how, cause->at,
                        firing->turn->now, &composed, &why) ||
        !state_set_text(&note->title, buffer_text(&composed.title)) ||
        !state_set_text(&note->body, buffer_text(&composed.body))) {
        (void)state_set_text(&note->title, firing->deadline->rule->summary);
        (void)state_set_text(&note->body, "");
    }
    composed_finish(&composed);
}

void ladder_closed(struct turn *turn, struct deadline *deadline, const struct closing_cause *cause)
{
    for (size_t i = 0; i < deadline->rule->n_steps; i++) {
        const struct step *step = &deadline->rule->steps[i];

        if (step->anchor != ANCHOR_CLOSED || conditions_failing(&step->where, &deadline->fields)) {
            continue;
        }
        struct firing firing = {.turn = turn,
                                .deadline = deadline,
                                .step = step,
                                .index = i,
                                .closing = cause,
                                .fires = turn->now};
        for (size_t k = 0; k < step->n_to; k++) {
            add_path(&firing, &step->to[k]);
        }
        for (size_t k = 0; k < firing.audience.n; k++) {
            firing.audience.items[k].phase = PHASE_CLOSED;
            send(&firing, &firing.audience.items[k], render_closing);
        }
    }
}
