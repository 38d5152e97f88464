#include "oracle_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EARLY (10 * MINUTE)

struct oracle *oracle_open(void)
{
    struct oracle *oracle = calloc(1, sizeof *oracle);

    oracle->records = json_loads("[]", 0, NULL); /* the core has a json_array of its own */
    oracle->spoken = json_loads("[]", 0, NULL);
    return oracle;
}

void oracle_close(struct oracle *oracle)
{
    json_decref(oracle->records);
    json_decref(oracle->spoken);
    free(oracle);
}

void oracle_complain(struct oracle *oracle, const char *format, ...)
{
    va_list args;

    if (oracle->wrong[0]) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(oracle->wrong, sizeof oracle->wrong, format, args);
    va_end(args);
}

void oracle_trace(struct oracle *oracle)
{
    json_t *record;
    size_t i;

    json_array_foreach(oracle->spoken, i, record)
    {
        char *line = json_dumps(record, JSON_COMPACT);
        printf("    %s\n", line);
        free(line);
    }
    json_array_clear(oracle->spoken);
}

size_t oracle_affairs(const struct oracle *oracle, const struct affair **out)
{
    *out = oracle->affairs;
    return oracle->n;
}

void oracle_sum(const struct oracle *oracle, size_t *opened, size_t *closed, size_t *told, size_t *dead)
{
    *opened = oracle->n;
    *closed = *told = *dead = 0;
    for (size_t i = 0; i < oracle->n; i++) {
        *closed += oracle->affairs[i].standing == CLOSED;
    }
    for (size_t i = 0; i < oracle->n_notes; i++) {
        *told += oracle->notes[i].delivered;
        *dead += oracle->notes[i].dead;
    }
}

/* -- when -- */

static int64_t due_of(const struct affair *affair)
{
    switch (affair->which) {
    case FEEDBACK:
        return company_elapsed(affair->start, 1440, affair->pauses, affair->n_pauses);
    case REVIEW:
        return company_worked(affair->start,
                              affair->from[0]  ? 480
                              : affair->urgent ? 240
                                               : 960,
                              affair->pauses, affair->n_pauses);
    case FORM:
    case KIT:
        return affair->start + 2 * DAY;
    case SUMMARY:
        return company_elapsed(affair->start, 1800, NULL, 0);
    default:
        return affair->due; /* the event says it */
    }
}

bool oracle_is_before_due(const struct law_rung *rung)
{
    return rung->offset < 0;
}

int64_t oracle_planned(const struct affair *affair, size_t step)
{
    const struct law_rung *rung = &laws[affair->which].rungs[step];
    int64_t base = affair->late && affair->due < affair->received ? affair->received : affair->due;
    int64_t at = NEVER;

    if (affair->fired[step] >= rung->times) {
        return NEVER;
    }
    switch (rung->place) {
    case AT_OPENING:
        at = affair->wake ? affair->wake : affair->received;
        break;
    case ELAPSED:
        at = base + rung->offset * MINUTE;
        break;
    case WORKING:
        at = company_worked(base, rung->offset, NULL, 0);
        break;
    case WORKDAYS:
        at = company_workday(base, rung->offset);
        break;
    case AT_NOTICE:
        at = affair->asked;
        break;
    case AT_CLOSING:
        return NEVER;
    }
    return at + affair->fired[step] * rung->every * MINUTE;
}

/* -- events -- */

static const char *field(const struct happening *event, const char *name)
{
    for (size_t i = 0; i < event->n; i++) {
        if (strcmp(event->names[i], name) == 0) {
            return event->values[i];
        }
    }
    return NULL;
}

static void copy(char into[static NAME_SIZE], const char *text)
{
    (void)snprintf(into, NAME_SIZE, "%s", text ? text : "");
}

static bool is_open(const struct affair *affair)
{
    return affair->standing != CLOSED;
}

static struct round *round_of(struct oracle *oracle, const char *key)
{
    for (size_t i = 0; i < oracle->n_rounds; i++) {
        if (strcmp(oracle->rounds[i].key, key) == 0) {
            return &oracle->rounds[i];
        }
    }
    struct round *round = &oracle->rounds[oracle->n_rounds++];
    copy(round->key, key);
    round->met = -1;
    return round;
}

static void close_affair(struct oracle *oracle, struct affair *affair, const char *how, int64_t at)
{
    affair->standing = CLOSED;
    affair->how = how;
    oracle->want++;
    if (affair->which == FEEDBACK) {
        struct round *round = round_of(oracle, affair->key);

        round->met = strcmp(how, "cancelled") != 0 && at > round->met ? at : round->met;
        round->last = (size_t)(affair - oracle->affairs);
        round->has_closed = true;
    }
}

/* A paused clock stands at the beginning of the pause. */
static const char *how_met(const struct affair *affair, int64_t at)
{
    if (affair->standing == ASLEEP) {
        return "met";
    }
    if (affair->standing == STOPPED && affair->pauses[affair->n_pauses - 1].from < at) {
        at = affair->pauses[affair->n_pauses - 1].from;
    }
    return at > affair->due ? "met_late" : "met";
}

static bool is_several(enum which which)
{
    return which == FEEDBACK || which == FORM;
}

static void remember_early(struct oracle *oracle, enum which which, const char *key, const char *actor,
                           int64_t time)
{
    for (size_t i = 0; i < oracle->n; i++) { /* what has been closed is not met early */
        const struct affair *affair = &oracle->affairs[i];
        if (affair->which == which && strcmp(affair->key, key) == 0 && affair->standing == CLOSED &&
            (!is_several(which) || strcmp(affair->owner, actor) == 0)) {
            return;
        }
    }
    struct early *early = &oracle->earlies[oracle->n_earlies++];
    early->which = which;
    copy(early->key, key);
    copy(early->actor, is_several(which) || which == KIT ? actor : "");
    early->time = time;
}

/* The owner himself before anybody who stands in for him. */
static void meet(struct oracle *oracle, enum which which, const char *key, const char *actor, int64_t time,
                 int64_t now)
{
    bool himself = false;
    bool found = false;

    for (size_t i = 0; i < oracle->n; i++) {
        const struct affair *affair = &oracle->affairs[i];
        himself = himself || (affair->which == which && is_open(affair) && strcmp(affair->key, key) == 0 &&
                              actor && strcmp(affair->owner, actor) == 0);
    }
    for (size_t i = 0; i < oracle->n; i++) {
        struct affair *affair = &oracle->affairs[i];
        if (affair->which != which || !is_open(affair) || strcmp(affair->key, key) != 0 ||
            (actor && strcmp(himself ? affair->owner : company_reader(affair->owner, now), actor) != 0)) {
            continue;
        }
        found = true;
        if (time >= affair->opened - EARLY) {
            close_affair(oracle, affair, how_met(affair, time), time);
        }
    }
    if (!found) {
        remember_early(oracle, which, key, actor ? actor : "", time);
    }
}

static struct affair *find_open(struct oracle *oracle, enum which which, const char *key, const char *owner)
{
    for (size_t i = 0; i < oracle->n; i++) {
        struct affair *affair = &oracle->affairs[i];
        if (affair->which == which && is_open(affair) && strcmp(affair->key, key) == 0 &&
            (!owner || strcmp(affair->owner, owner) == 0)) {
            return affair;
        }
    }
    return NULL;
}

static bool is_old_news(const struct oracle *oracle, enum which which, const char *key, const char *owner,
                        int64_t time)
{
    bool old = false;

    for (size_t i = 0; i < oracle->n; i++) { /* the last one that was closed counts */
        const struct affair *affair = &oracle->affairs[i];
        if (affair->which == which && strcmp(affair->key, key) == 0 &&
            (!is_several(which) || strcmp(affair->owner, owner) == 0) && affair->standing == CLOSED) {
            old = time <= affair->opened;
        }
    }
    return old;
}

/* Of several meets that came before a late opening the latest counts: the engine keeps no other. */
static const struct early *take_early(struct oracle *oracle, const struct affair *affair)
{
    static struct early best;
    const char *actor = is_several(affair->which) ? affair->owner : "";
    bool found = false;
    size_t kept = 0;

    for (size_t i = 0; i < oracle->n_earlies; i++) {
        const struct early *early = &oracle->earlies[i];
        if (early->which != affair->which || strcmp(early->key, affair->key) != 0 ||
            strcmp(early->actor, actor) != 0) {
            oracle->earlies[kept++] = *early;
        } else if (early->time >= affair->opened - EARLY && (!found || early->time > best.time)) {
            best = *early;
            found = true;
        }
    }
    oracle->n_earlies = kept;
    return found ? &best : NULL;
}

/* Of several that must come, what was told last counts. */
static bool take_part(struct oracle *oracle, const struct affair *affair, const char *type, int64_t *time)
{
    bool counts = false;
    size_t kept = 0;

    for (size_t i = 0; i < oracle->n_earlies; i++) {
        const struct early *early = &oracle->earlies[i];
        if (early->which != KIT || strcmp(early->key, affair->key) != 0 || strcmp(early->actor, type) != 0) {
            oracle->earlies[kept++] = *early;
        } else {
            *time = early->time;
            counts = early->time >= affair->opened - EARLY;
        }
    }
    oracle->n_earlies = kept;
    return counts;
}

static void begin(struct affair *affair, const struct happening *event, int64_t now)
{
    const char *ends = field(event, "ends_at");
    instant at = 0;

    affair->opened = affair->start = event->time;
    affair->received = now;
    affair->standing = OPEN;
    affair->wake = 0;
    if (ends && instant_parse(ends, &at)) {
        affair->due = at;
        if (at - 2 * DAY > now) {
            affair->standing = ASLEEP;
            affair->wake = affair->start = at - 2 * DAY;
        }
    }
    affair->due = due_of(affair);
    affair->late = affair->due < now;
    reading_notice(affair, now);
}

static void open_one(struct oracle *oracle, const struct happening *event, enum which which, const char *key,
                     const char *owner, int64_t now)
{
    if (is_old_news(oracle, which, key, owner, event->time)) {
        return;
    }
    struct affair *affair = &oracle->affairs[oracle->n++];
    const char *urgent = field(event, "urgent");
    *affair = (struct affair){.which = which, .urgent = urgent && strcmp(urgent, "yes") == 0};
    copy(affair->key, key);
    copy(affair->owner, owner);
    copy(affair->department, company_department(owner));
    copy(affair->candidate, field(event, "candidate"));
    copy(affair->requester, field(event, "recruiter"));
    begin(affair, event, now);
    oracle->want++;
    const struct early *early = take_early(oracle, affair);
    if (early) {
        close_affair(oracle, affair, how_met(affair, early->time), early->time);
    }
}

static const char *const kit_parts[] = {"kit.desk", "kit.card", "kit.key"};

static void come(struct oracle *oracle, struct affair *affair, size_t part, int64_t time)
{
    affair->came |= 1U << part;
    affair->came_at = time > affair->came_at ? time : affair->came_at;
    if (affair->came == 7) {
        close_affair(oracle, affair, how_met(affair, affair->came_at), affair->came_at);
    }
}

static void serve_kit(struct oracle *oracle, const struct happening *event, int64_t now)
{
    const char *key = field(event, "kit");
    struct affair *open = find_open(oracle, KIT, key, NULL);

    if (strcmp(event->type, "kit.asked") == 0 && !open) {
        open_one(oracle, event, KIT, key, field(event, "person"), now);
        open = find_open(oracle, KIT, key, NULL);
        for (size_t i = 0; open && i < 3 && is_open(open); i++) {
            int64_t time;
            if (take_part(oracle, open, kit_parts[i], &time)) {
                come(oracle, open, i, time);
            }
        }
    }
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(event->type, kit_parts[i]) != 0) {
            continue;
        }
        if (!open) {
            remember_early(oracle, KIT, key, event->type, event->time);
        } else if (event->time >= open->opened - EARLY && !(open->came >> i & 1)) {
            come(oracle, open, i, event->time);
        }
    }
}

/* -- sent back -- */

static bool is_latest(const struct oracle *oracle, size_t i)
{
    const struct affair *affair = &oracle->affairs[i];

    for (size_t k = i + 1; k < oracle->n; k++) {
        const struct affair *other = &oracle->affairs[k];
        if (other->which == affair->which && strcmp(other->key, affair->key) == 0 &&
            (!is_several(affair->which) || strcmp(other->owner, affair->owner) == 0)) {
            return false;
        }
    }
    return true;
}

static void send_back(struct oracle *oracle, const struct affair *old, const struct happening *event,
                      int64_t now)
{
    struct affair *affair = &oracle->affairs[oracle->n++];
    const char *urgent = field(event, "urgent");
    const char *reviewer = field(event, "reviewer");

    *affair = (struct affair){.which = old->which};
    copy(affair->key, old->key);
    copy(affair->owner, reviewer ? reviewer : old->owner);
    copy(affair->department, company_department(affair->owner));
    copy(affair->candidate, old->candidate);
    copy(affair->requester, old->requester);
    copy(affair->from, old->id);
    affair->urgent = urgent ? strcmp(urgent, "yes") == 0 : old->urgent;
    begin(affair, event, now);
    oracle->want++;
}

/* Whoever is named himself before anybody whom he stands in for. */
static void reopen(struct oracle *oracle, enum which which, const char *key, const char *actor,
                   const struct happening *event, int64_t now)
{
    bool himself = false;
    size_t n = oracle->n;

    for (size_t i = 0; i < n; i++) {
        const struct affair *affair = &oracle->affairs[i];
        himself = himself || (actor && affair->which == which && strcmp(affair->key, key) == 0 &&
                              strcmp(affair->owner, actor) == 0);
    }
    for (size_t i = 0; i < n; i++) {
        const struct affair *affair = &oracle->affairs[i];
        if (affair->which == which && strcmp(affair->key, key) == 0 && !is_open(affair) &&
            is_latest(oracle, i) && event->time > affair->opened &&
            (!actor || strcmp(himself ? affair->owner : company_reader(affair->owner, now), actor) == 0)) {
            send_back(oracle, affair, event, now);
        }
    }
}

static void restart(struct oracle *oracle, struct affair *affair, const struct happening *event, int64_t now)
{
    const char *urgent = field(event, "urgent");

    affair->urgent = urgent ? strcmp(urgent, "yes") == 0 : affair->urgent;
    affair->n_pauses = 0;
    affair->overdue = false;
    memset(affair->fired, 0, sizeof affair->fired);
    begin(affair, event, now);
    oracle->want += 2; /* "changed" and "restarted" */
}

static void open_for(struct oracle *oracle, const struct happening *event, enum which which, const char *key,
                     const char *owner, int64_t now)
{
    struct affair *open = find_open(oracle, which, key, is_several(which) ? owner : NULL);

    if (open && which == FORM && event->time > open->opened) {
        restart(oracle, open, event, now);
    } else if (!open) {
        open_one(oracle, event, which, key, owner, now);
    }
}

/* Once no feedback of an interview is open, and not all of it was cancelled, somebody sums it up. */
static void sum_up(struct oracle *oracle, int64_t now)
{
    for (size_t i = 0; i < oracle->n_rounds; i++) {
        struct round *round = &oracle->rounds[i];
        struct happening closing = {.time = round->met};

        if (!round->has_closed) {
            continue;
        }
        round->has_closed = false;
        if (find_open(oracle, FEEDBACK, round->key, NULL)) {
            continue;
        }
        round->met = -1;
        if (closing.time >= 0) {
            open_for(oracle, &closing, SUMMARY, round->key, oracle->affairs[round->last].requester, now);
        }
    }
}

static void open_each(struct oracle *oracle, const struct happening *event, const char *key, int64_t now)
{
    json_t *people = json_loads(field(event, "interviewers"), 0, NULL);
    json_t *person;
    size_t i;

    json_array_foreach(people, i, person)
    {
        open_for(oracle, event, FEEDBACK, key, json_string_value(person), now);
    }
    json_decref(people);
}

static void recount(struct oracle *oracle, struct affair *affair, int64_t now)
{
    int64_t was = affair->due;

    affair->due = due_of(affair);
    oracle->want++;
    if (affair->due <= was || affair->due <= now) {
        return;
    }
    for (size_t i = 0; i < laws[affair->which].n; i++) {
        enum place place = laws[affair->which].rungs[i].place;

        if (place != AT_OPENING && place != AT_NOTICE) {
            affair->fired[i] = 0;
        }
    }
    affair->overdue = affair->late = false;
    reading_notice(affair, now);
}

static void hold(struct oracle *oracle, struct affair *affair, const struct happening *event)
{
    if (affair->standing != OPEN || affair->n_pauses == PAUSES_MAX) {
        return;
    }
    int64_t from = event->time < affair->start ? affair->start : event->time;
    if (affair->n_pauses > 0 && from < affair->pauses[affair->n_pauses - 1].to) {
        from = affair->pauses[affair->n_pauses - 1].to; /* told out of order */
    }
    affair->pauses[affair->n_pauses++] = (struct stop_clock){from, NEVER};
    affair->standing = STOPPED;
    oracle->want++;
}

static void go_on(struct oracle *oracle, struct affair *affair, const struct happening *event, int64_t now)
{
    if (affair->standing == ASLEEP || affair->n_pauses == 0) {
        return;
    }
    struct stop_clock *last = &affair->pauses[affair->n_pauses - 1];
    if (affair->standing != STOPPED && (event->time < last->from || event->time >= last->to)) {
        return; /* one that is told late, and lies within the last pause, ends it where it says */
    }
    last->to = event->time < last->from ? last->from : event->time;
    affair->standing = OPEN;
    if (affair->overdue && last->from > affair->due) {
        oracle->want++; /* late before the pause began */
    } else {
        recount(oracle, affair, now);
    }
}

static void change(struct oracle *oracle, struct affair *affair, const struct happening *event, int64_t now)
{
    const char *urgent = field(event, "urgent");
    const char *reviewer = field(event, "reviewer");

    affair->urgent = urgent ? strcmp(urgent, "yes") == 0 : affair->urgent;
    if (reviewer && strcmp(reviewer, affair->owner) != 0) {
        copy(affair->owner, reviewer);
        copy(affair->department, company_department(reviewer));
        oracle->want++;
    }
    if (affair->standing == OPEN) {
        recount(oracle, affair, now);
    }
}

static void each_of_candidate(struct oracle *oracle, const struct happening *event, int64_t now)
{
    const char *candidate = field(event, "candidate");

    for (size_t i = 0; i < oracle->n; i++) {
        struct affair *affair = &oracle->affairs[i];
        if (!is_open(affair) || affair->which > REVIEW || strcmp(affair->candidate, candidate) != 0) {
            continue;
        }
        if (strcmp(event->type, "candidate.left") == 0) {
            close_affair(oracle, affair, "cancelled", event->time);
        } else if (strcmp(event->type, "candidate.held") == 0) {
            hold(oracle, affair, event);
        } else {
            go_on(oracle, affair, event, now);
        }
    }
}

static void acknowledge(struct affair *affair, const char *person, int64_t until)
{
    size_t i = 0;

    while (i < affair->n_acked && strcmp(affair->acked[i], person) != 0) {
        i++;
    }
    if (i < ACKS_MAX) {
        copy(affair->acked[i], person);
        affair->acked_until[i] = until;
        affair->n_acked = i < affair->n_acked ? affair->n_acked : i + 1;
    }
}

static void command(struct oracle *oracle, const struct happening *event, int64_t now)
{
    for (size_t i = 0; i < oracle->n; i++) {
        struct affair *affair = &oracle->affairs[i];
        if (!is_open(affair) || strcmp(affair->id, field(event, "deadline")) != 0) {
            continue;
        }
        if (strcmp(event->type, "cuiban.ack") == 0) {
            acknowledge(affair, field(event, "to"), now + 2 * DAY);
        } else if (strcmp(event->type, "cuiban.done") == 0) {
            close_affair(oracle, affair, how_met(affair, event->time), event->time);
        } else {
            close_affair(oracle, affair, "cancelled", event->time);
        }
    }
}

static bool was_seen(struct oracle *oracle, const char *id)
{
    for (size_t i = 0; i < oracle->n_seen; i++) {
        if (strcmp(oracle->seen[i], id) == 0) {
            return true;
        }
    }
    copy(oracle->seen[oracle->n_seen++], id);
    return false;
}

static void serve_form(struct oracle *oracle, const struct happening *event, int64_t now)
{
    const char *key = field(event, "form");

    if (strcmp(event->type, "form.asked") == 0) {
        const char *department = field(event, "department");
        open_for(oracle, event, FORM, key, company_head(department), now);
        open_for(oracle, event, FORM, key, company_hrbp(department), now);
        return;
    }
    meet(oracle, FORM, key, field(event, "approver"), event->time, now);
    for (size_t i = 0; i < oracle->n && strcmp(event->type, "form.refused") == 0; i++) {
        struct affair *affair = &oracle->affairs[i];
        if (affair->which == FORM && is_open(affair) && strcmp(affair->key, key) == 0) {
            close_affair(oracle, affair, "cancelled", event->time);
        }
    }
}

static void serve_review(struct oracle *oracle, const struct happening *event, int64_t now)
{
    const char *key = field(event, "review");

    if (strcmp(event->type, "review.asked") == 0) {
        open_for(oracle, event, REVIEW, key, field(event, "reviewer"), now);
    } else if (strcmp(event->type, "review.done") == 0) {
        meet(oracle, REVIEW, key, NULL, event->time, now);
    } else if (strcmp(event->type, "review.returned") == 0) {
        reopen(oracle, REVIEW, key, NULL, event, now);
    } else {
        struct affair *affair = find_open(oracle, REVIEW, key, NULL);
        if (affair) {
            change(oracle, affair, event, now);
        }
    }
}

void oracle_event(struct oracle *oracle, const struct happening *event, int64_t now)
{
    if (was_seen(oracle, event->id)) {
        return;
    }
    if (strncmp(event->type, "cuiban.", 7) == 0) {
        command(oracle, event, now);
    } else if (strncmp(event->type, "candidate.", 10) == 0) {
        each_of_candidate(oracle, event, now);
    } else if (strncmp(event->type, "review.", 7) == 0) {
        serve_review(oracle, event, now);
    } else if (strncmp(event->type, "form.", 5) == 0) {
        serve_form(oracle, event, now);
    } else if (strcmp(event->type, "interview.completed") == 0) {
        open_each(oracle, event, field(event, "interview"), now);
    } else if (strcmp(event->type, "feedback.submitted") == 0) {
        meet(oracle, FEEDBACK, field(event, "interview"), field(event, "interviewer"), event->time, now);
    } else if (strcmp(event->type, "feedback.returned") == 0) {
        reopen(oracle, FEEDBACK, field(event, "interview"), field(event, "interviewer"), event, now);
    } else if (strcmp(event->type, "summary.sent") == 0) {
        meet(oracle, SUMMARY, field(event, "interview"), NULL, event->time, now);
    } else if (strncmp(event->type, "kit.", 4) == 0) {
        serve_kit(oracle, event, now);
    } else if (strcmp(event->type, "probation.begun") == 0) {
        open_for(oracle, event, PROBATION, field(event, "employee"), field(event, "person"), now);
    } else if (strcmp(event->type, "probation.judged") == 0) {
        meet(oracle, PROBATION, field(event, "employee"), NULL, event->time, now);
    }
    sum_up(oracle, now);
}

/* -- the engine against the oracle -- */

static enum deadline_state state_of(const struct affair *affair)
{
    switch (affair->standing) {
    case ASLEEP:
        return DEADLINE_SLEEPING;
    case STOPPED:
        return DEADLINE_PAUSED;
    default:
        return affair->overdue ? DEADLINE_OVERDUE : DEADLINE_OPEN;
    }
}

static void check_affair(struct oracle *oracle, const struct affair *affair, struct world *world, int64_t now,
                         bool fired)
{
    const struct deadline *deadline = engine_deadline(world_engine(world), affair->id);

    if (!deadline || deadline->state != state_of(affair) || strcmp(deadline->owner, affair->owner) != 0 ||
        deadline->due != affair->due || deadline->came != affair->came ||
        strcmp(deadline->reopened, affair->from) != 0 ||
        (deadline->after[0] != '\0') != (affair->which == SUMMARY)) {
        oracle_complain(oracle, "%s %s: the engine has state %d, owner %s, due %+lld min", affair->id,
                        laws[affair->which].name, deadline ? (int)deadline->state : -1,
                        deadline ? deadline->owner : "",
                        deadline ? (long long)((deadline->due - affair->due) / MINUTE) : 0);
        return;
    }
    if (!fired || affair->standing == STOPPED) {
        return;
    }
    if (affair->standing == ASLEEP ? affair->wake <= now : affair->overdue != (affair->due <= now)) {
        oracle_complain(oracle, "%s: it overslept, or its due", affair->id);
    }
    for (size_t i = 0; i < laws[affair->which].n && affair->standing == OPEN; i++) {
        if (oracle_planned(affair, i) <= now) {
            oracle_complain(oracle, "%s: the step %s has come and nothing happened", affair->id,
                            laws[affair->which].rungs[i].name);
        }
    }
}

static void check_notes(struct oracle *oracle, struct world *world)
{
    static const enum notification_state states[] = {NOTIFICATION_QUEUED, NOTIFICATION_CLAIMED,
                                                     NOTIFICATION_HELD};
    size_t n = 0;

    for (size_t i = 0; i < oracle->n_notes; i++) {
        const struct note *note = &oracle->notes[i];
        const struct notification *his = engine_notification(world_engine(world), note->id);
        if (note->state == GONE ? his != NULL : !his || his->state != states[note->state]) {
            oracle_complain(oracle, "%s: the journal and the outbox disagree", note->id);
        }
        n += note->state != GONE;
    }
    if (n != engine_entries(world_engine(world), TABLE_OUTBOX)) {
        oracle_complain(oracle, "a notification is in the outbox that no journal record speaks of");
    }
}

const char *oracle_judge(struct oracle *oracle, struct world *world, int64_t now, bool fired)
{
    size_t open = 0;

    reading_judge(oracle, now);
    if (!oracle->wrong[0] && oracle->want != oracle->got) {
        oracle_complain(oracle, "%zu records must tell of this input, %zu do", oracle->want, oracle->got);
    }
    oracle->want = oracle->got = 0;
    for (size_t i = 0; i < oracle->n; i++) {
        const struct affair *affair = &oracle->affairs[i];
        if (is_open(affair)) {
            open++;
            check_affair(oracle, affair, world, now, fired);
        } else if (!affair->ended) {
            oracle_complain(oracle, "%s %s: its closing is missing in the journal", affair->id, affair->how);
        }
    }
    if (open != engine_entries(world_engine(world), TABLE_DEADLINES)) {
        oracle_complain(oracle, "the engine has %zu deadlines and the oracle %zu",
                        engine_entries(world_engine(world), TABLE_DEADLINES), open);
    }
    check_notes(oracle, world);
    return oracle->wrong[0] ? oracle->wrong : NULL;
}
