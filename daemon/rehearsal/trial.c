#include "rehearsal/trial.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct part {
    const struct config *config;
    struct ruleset *rules; /* of the config's, those that are played here */
    struct ledger *ledger;
    struct rehearsal *rehearsal; /* of the stream at hand; NULL: none, or no rules */
    size_t n_rules;
};

struct trial {
    struct part parts[TRIAL_PARTS];
    struct names *names;
    struct arena *events; /* of the event at hand */
    struct trial_counts counts;
    instant now;     /* INSTANT_NONE: the stream begins with its first event */
    instant until;   /* of the stream at hand */
    uint64_t number; /* of the next event without an id */
    bool is_home;
};

/* -- which rules are played where -- */

/* Rules that open one after another have a say in each other: if one of such a row differs, all of it is
 * played on both sides. A row is known by its first rule. */
struct split {
    const struct ruleset *own, *other;
    const struct names *changed; /* rows that differ */
    bool same; /* wanted are the rules of rows that do not differ, else those of the others */
};

static const char *row_of(const struct ruleset *rules, const struct rule *rule)
{
    for (int i = 0; i < RULE_AFTER_MAX && rule->after != NULL; i++) {
        const struct rule *before = ruleset_find(rules, rule->after);

        if (before == NULL)
            break;
        rule = before;
    }
    return rule->name;
}

static int collect_changed(const struct ruleset *own, const struct ruleset *other, struct names *changed)
{
    const struct rule *rules;
    size_t n = ruleset_rules(own, &rules);

    for (size_t i = 0; i < n; i++) {
        if (ruleset_find_version(other, rules[i].fingerprint) == NULL &&
            names_number(changed, row_of(own, &rules[i])) == NAMES_NONE)
            return -ENOMEM;
    }
    return 0;
}

static bool is_wanted(const void *data, const struct rule *rule)
{
    const struct split *split = data;
    const struct rule *twin = ruleset_find_version(split->other, rule->fingerprint);
    bool same = twin != NULL && names_find(split->changed, row_of(split->own, rule)) == NAMES_NONE &&
                names_find(split->changed, row_of(split->other, twin)) == NAMES_NONE;

    return same == split->same;
}

static int prepare(struct trial *trial, enum trial_part which, const struct config *config,
                   const struct split *split, const struct ledger_choice *choice)
{
    struct part *part = &trial->parts[which];
    const struct rule *unused;
    int error = ruleset_select(split->own, is_wanted, split, &part->rules);

    if (error != 0)
        return error;
    part->config = config;
    part->n_rules = ruleset_rules(part->rules, &unused);
    part->ledger = ledger_create(part->rules, trial->names, choice);
    return part->ledger == NULL ? -ENOMEM : 0;
}

static int split_rules(struct trial *trial, const struct config *then, const struct config *now,
                       const struct ledger_choice *choice)
{
    struct names *changed = names_create();
    const struct split same = {then->rules, now->rules, changed, true};
    const struct split old = {then->rules, now->rules, changed, false};
    const struct split new = {now->rules, then->rules, changed, false};
    int error = changed == NULL ? -ENOMEM : collect_changed(then->rules, now->rules, changed);

    if (error == 0)
        error = collect_changed(now->rules, then->rules, changed);
    if (error == 0)
        error = prepare(trial, TRIAL_SAME, then, &same, choice);
    if (error == 0)
        error = prepare(trial, TRIAL_THEN, then, &old, choice);
    if (error == 0)
        error = prepare(trial, TRIAL_NOW, now, &new, choice);
    names_destroy(changed);
    return error;
}

int trial_create(const struct config *then, const struct config *now, const struct ledger_choice *choice,
                 struct trial **out)
{
    struct trial *trial = calloc(1, sizeof(*trial));
    int error;

    if (trial == NULL)
        return -ENOMEM;
    trial->counts.first = INSTANT_NEVER;
    trial->counts.last = trial->now = INSTANT_NONE;
    trial->names = names_create();
    trial->events = arena_create();
    error = trial->names == NULL || trial->events == NULL ? -ENOMEM : 0;
    if (error == 0)
        error = split_rules(trial, then, now, choice);
    if (error != 0)
        trial_destroy(trial);
    else
        *out = trial;
    return error;
}

static void close_stream(struct trial *trial)
{
    for (size_t i = 0; i < TRIAL_PARTS; i++) {
        rehearsal_destroy(trial->parts[i].rehearsal);
        trial->parts[i].rehearsal = NULL;
    }
}

void trial_destroy(struct trial *trial)
{
    if (trial == NULL)
        return;
    close_stream(trial);
    for (size_t i = 0; i < TRIAL_PARTS; i++) {
        ledger_destroy(trial->parts[i].ledger);
        ruleset_destroy(trial->parts[i].rules);
    }
    names_destroy(trial->names);
    arena_destroy(trial->events);
    free(trial);
}

/* -- a stream -- */

static int open_part(struct part *part, instant at, bool is_home)
{
    const struct rehearsal_options options = {.config = part->config,
                                              .rules = part->rules,
                                              .hooks = ledger_hooks(part->ledger),
                                              .watch = ledger_watch(part->ledger),
                                              .is_home = is_home};

    if (part->n_rules == 0)
        return 0;
    part->rehearsal = rehearsal_create(&options);
    return part->rehearsal == NULL ? -ENOMEM : rehearsal_begin(part->rehearsal, at);
}

static int start(struct trial *trial, instant at)
{
    int error = 0;

    for (size_t i = 0; i < TRIAL_PARTS && error == 0; i++)
        error = open_part(&trial->parts[i], at, trial->is_home);
    trial->now = at;
    trial->counts.first = at < trial->counts.first ? at : trial->counts.first;
    return error;
}

int trial_begin(struct trial *trial, instant at, instant until, bool is_home)
{
    close_stream(trial);
    trial->until = until;
    trial->is_home = is_home;
    trial->now = INSTANT_NONE;
    return at == INSTANT_NONE ? 0 : start(trial, at);
}

/* What a rehearsal says of an event that it could not serve is no reason to end, unless memory is out. */
static int status_of(const struct trial *trial, int error)
{
    for (size_t i = 0; i < TRIAL_PARTS && error == 0; i++)
        error = ledger_error(trial->parts[i].ledger);
    return error;
}

/* A part none of whose rules names the event catches up with the clock later. */
static bool concerns(const struct part *part, const struct event *event)
{
    const struct rule_ref *unused;

    return part->rehearsal != NULL && ruleset_uses(part->rules, event->type, &unused) > 0;
}

static int take(struct trial *trial, const struct event *event, const char **why)
{
    int error = 0, refused = 0;

    for (size_t i = 0; i < TRIAL_PARTS && error != -ENOMEM; i++) {
        if (!concerns(&trial->parts[i], event))
            continue;
        error = rehearsal_take(trial->parts[i].rehearsal, trial->now, event, why);
        refused = error == -E2BIG ? -EINVAL : refused;
    }
    trial->counts.last = trial->now > trial->counts.last ? trial->now : trial->counts.last;
    error = status_of(trial, error == -ENOMEM ? error : 0);
    return error != 0 ? error : refused;
}

/* An event that says when it happened happens then, and one that came late when it came. */
static int set_clock(struct trial *trial, instant at, struct event *event, const char **why)
{
    instant when = at != INSTANT_NONE ? at : event->time_given ? event->time : trial->now;

    if (when == INSTANT_NONE) {
        *why = "the first event has no time";
        return -EINVAL;
    }
    if (when > trial->until)
        return -ERANGE;
    if (trial->now == INSTANT_NONE)
        return start(trial, when);
    trial->counts.disordered += when < trial->now;
    trial->now = when > trial->now ? when : trial->now;
    event->is_late = trial->now - event->time > EVENT_LATE_MS;
    return 0;
}

int trial_put(struct trial *trial, const struct rehearsal_event *put, const char **why)
{
    /* Where the event's own time sets the clock, none is ahead of it. */
    instant now = put->at == INSTANT_NONE ? INSTANT_NEVER / 2 : put->at;
    struct event_place place = {.at = put->id, .time = put->at};
    struct event event;
    int error;

    if (place.at.ms == 0 && place.at.seq == 0)
        place.at.seq = ++trial->number;
    if (put->at == INSTANT_NONE)
        place.time = trial->now == INSTANT_NONE ? 0 : trial->now;
    arena_reset(trial->events);
    error = event_parse(trial->events, &place, put->fields, put->n, now, &event, why) ? 0 : -EINVAL;
    if (error == 0)
        error = set_clock(trial, put->at, &event, why);
    if (error == 0)
        error = take(trial, &event, why);
    trial->counts.events += error != -ERANGE;
    trial->counts.bad += error == -EINVAL;
    return error;
}

/* -- commands -- */

static const char *number_in(const struct part *part, uint64_t opening)
{
    const struct ledger_deadline *deadline = ledger_find(part->ledger, opening);

    return part->rehearsal == NULL || deadline == NULL ? NULL : deadline->id;
}

static int command_part(struct trial *trial, const struct part *part, const struct rehearsal_event *command,
                        const char *number)
{
    struct raw_field fields[EVENT_FIELDS_MAX];
    struct rehearsal_event own = *command;
    const char *unused;
    int error;

    for (size_t i = 0; i < command->n; i++) {
        bool is_number = command->fields[i].name_n == strlen("deadline") &&
                         memcmp(command->fields[i].name, "deadline", strlen("deadline")) == 0;

        fields[i] = command->fields[i];
        if (is_number) {
            fields[i].value = number;
            fields[i].value_n = strlen(number);
        }
    }
    own.fields = fields;
    own.is_command = true;
    own.at = trial->now;
    error = rehearsal_put(part->rehearsal, &own, &unused);
    return error == -ENOMEM ? error : 0;
}

int trial_command(struct trial *trial, const struct rehearsal_event *command, uint64_t opening)
{
    int error = 0;
    bool found = false;

    assert(command->n <= EVENT_FIELDS_MAX && trial->now != INSTANT_NONE);
    trial->now = command->at > trial->now ? command->at : trial->now;
    for (size_t i = 0; i < TRIAL_PARTS && error == 0; i++) {
        const char *number = number_in(&trial->parts[i], opening);

        found = found || number != NULL;
        if (number != NULL)
            error = command_part(trial, &trial->parts[i], command, number);
    }
    if (error == 0 && !found)
        return -ENOENT;
    trial->counts.commands++;
    return status_of(trial, error);
}

int trial_end(struct trial *trial, instant until)
{
    int error = 0;

    for (size_t i = 0; i < TRIAL_PARTS && error == 0; i++) {
        struct part *part = &trial->parts[i];

        if (part->rehearsal == NULL)
            continue;
        error = rehearsal_until(part->rehearsal, until);
        ledger_end(part->ledger, rehearsal_engine(part->rehearsal));
        trial->counts.lacking[i] += engine_count(rehearsal_engine(part->rehearsal)).bad_events;
    }
    trial->now = until > trial->now ? until : trial->now;
    close_stream(trial);
    return status_of(trial, error);
}

/* -- reading -- */

instant trial_now(const struct trial *trial)
{
    return trial->now;
}

const struct ledger *trial_ledger(const struct trial *trial, enum trial_part part)
{
    return trial->parts[part].ledger;
}

size_t trial_rules(const struct trial *trial, enum trial_part part)
{
    return trial->parts[part].n_rules;
}

struct trial_counts trial_count(const struct trial *trial)
{
    return trial->counts;
}
