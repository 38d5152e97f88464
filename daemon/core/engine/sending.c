/* When what a step owes may leave: quiet hours of each recipient, and the gap that keeps the rungs of a
 * ladder apart. */
#include <stdlib.h>
#include <string.h>

#include "core/reach.h"

#include "sending.h"
#include "state.h"

/* What was on its way for no longer than this counts as told when it left: else the seconds that a message
 * needs would push a step of due+4wh behind the lunch break. */
enum { SENDING_WAY_MS = 10 * 60 * 1000 };

bool sending_has_quiet(const struct engine *engine)
{
    const struct channel_facts *channels;
    const struct person *people;
    size_t n = ruleset_channels(engine->parts.rules, &channels);
    bool found = quiet_is_on(&engine->policy->quiet);

    for (size_t i = 0; i < n && !found; i++) {
        found = quiet_is_on(&channels[i].quiet);
    }
    n = directory_people(engine->parts.people, &people);
    for (size_t i = 0; i < n && !found; i++) {
        found = quiet_is_on(&people[i].quiet);
    }
    return found;
}

/* -- one recipient -- */

/* Who has a word of his own is not asked for the channel's, nor the channel for the settings'. */
static const struct quiet *quiet_of(const struct engine *engine, const struct person *person,
                                    const char *channel)
{
    const struct channel_facts *facts = channel ? ruleset_channel(engine->parts.rules, channel) : NULL;

    if (person && person->quiet.kind != QUIET_UNSAID) {
        return &person->quiet;
    }
    return facts && facts->quiet.kind != QUIET_UNSAID ? &facts->quiet : &engine->policy->quiet;
}

/* The recipient's; a post to a group is read by those whom the deadline concerns. */
static const struct calendar *calendar_of(const struct engine *engine, const struct deadline *deadline,
                                          const struct person *person)
{
    const struct calendar *calendar =
        person ? timing_department_calendar(engine->parts.people, person->department) : NULL;

    if (!calendar && (!person || !engine->policy->calendar) && deadline) {
        calendar = timing_calendar(engine, deadline);
    }
    return calendar ? calendar : engine->policy->calendar;
}

/* What a step before due must not be pushed behind. The first word is late rather than never. */
static instant limit_of(const struct deadline *deadline, const struct step *step)
{
    return step->before_due && step->anchor != ANCHOR_OPEN ? deadline->due : INSTANT_NEVER;
}

/* As quiet_leave has it. Whom no calendar ever lets hear anything hears at once. */
static instant leave_of(const struct engine *engine, const struct deadline *deadline,
                        const struct recipient *to, instant at, instant limit)
{
    const struct person *person = directory_person(engine->parts.people, to->person);
    const struct calendar *calendar = calendar_of(engine, deadline, person);
    instant leave = at;

    if (engine->has_quiet && calendar) {
        leave = quiet_leave(quiet_of(engine, person, to->channel), calendar, at, limit);
    }
    return leave == INSTANT_NEVER ? at : leave;
}

instant sending_leave(const struct engine *engine, const struct deadline *deadline, const struct step *step,
                      const struct recipient *to, instant at)
{
    return step->urgent ? at : leave_of(engine, deadline, to, at, limit_of(deadline, step));
}

bool sending_now(const struct turn *turn, const struct deadline *deadline, const struct step *step,
                 const struct recipient *to, struct departure *out)
{
    const struct engine *engine = turn->engine;
    instant planned = sending_leave(engine, deadline, step, to, out->fires);
    instant from = planned > turn->now ? planned : turn->now;

    out->leave = step->urgent ? from : leave_of(engine, deadline, to, from, INSTANT_NEVER);
    out->counts = out->leave - planned <= SENDING_WAY_MS ? planned : out->leave;
    return out->leave == from || out->leave < limit_of(deadline, step);
}

const struct quiet *sending_quiet(const struct engine *engine, const struct notification *note)
{
    return quiet_of(engine, directory_person(engine->parts.people, note->to), note->channel);
}

instant sending_open(const struct engine *engine, const struct notification *note, instant at, instant limit)
{
    const struct recipient to = {note->to, note->channel};

    return note->urgent ? at : leave_of(engine, note->deadline, &to, at, limit);
}

/* -- everybody of one step, as it would be resolved on the day of `at` -- */

struct leaving {
    instant first, last;
};

struct asking {
    const struct engine *engine;
    const struct deadline *deadline;
    const struct step *step;
    instant at;
    instant since;          /* nothing is pulled forward to before that */
    size_t n;               /* who was found, told or not */
    struct leaving leaving; /* first: INSTANT_NEVER until somebody is found */
};

static instant opening_of(const struct deadline *deadline)
{
    return deadline->wake == INSTANT_NEVER ? deadline->received : deadline->wake;
}

static void ask(struct asking *asking, const char *person, const char *channel)
{
    const struct recipient to = {person, channel};
    const struct deadline *deadline = asking->deadline;
    instant leave = sending_leave(asking->engine, deadline, asking->step, &to, asking->at);

    asking->n++;
    if (leave < asking->at && leave < asking->since) {
        return; /* it cannot be pulled forward to before the opening: this one is not told */
    }
    asking->leaving.first = leave < asking->leaving.first ? leave : asking->leaving.first;
    asking->leaving.last = leave > asking->leaving.last ? leave : asking->leaving.last;
}

instant sending_plan(const struct engine *engine, const struct deadline *deadline, const struct step *step,
                     const struct recipient *to, instant at, instant fires)
{
    bool before = limit_of(deadline, step) != INSTANT_NEVER;
    struct asking asking = {
        engine, deadline, step, before ? at : fires, opening_of(deadline), 0, {INSTANT_NEVER, INSTANT_NONE}};

    ask(&asking, to->person, to->channel);
    return asking.leaving.first;
}

static void ask_all(struct asking *asking)
{
    const struct deadline *deadline = asking->deadline;
    size_t step = (size_t)(asking->step - deadline->rule->steps);
    struct reach_question question = {.people = asking->engine->parts.people,
                                      .rules = asking->engine->parts.rules,
                                      .deadline = deadline,
                                      .step = step,
                                      .at = asking->at,
                                      .firing = deadline->steps[step].fired};
    struct reach_answer answer;

    reach_ask(&question, &answer);
    for (size_t i = 0; i < answer.n_reached; i++) {
        ask(asking, answer.reached[i].person, answer.reached[i].channel);
    }
}

static struct leaving leaving_of(const struct engine *engine, const struct deadline *deadline,
                                 const struct step *step, instant at)
{
    struct asking asking = {
        engine, deadline, step, at, opening_of(deadline), 0, {INSTANT_NEVER, INSTANT_NONE}};

    if (step->urgent || !engine->has_quiet) {
        return (struct leaving){at, at};
    }
    ask_all(&asking);
    return asking.leaving.first == INSTANT_NEVER ? (struct leaving){at, at} : asking.leaving;
}

/* If nobody is found at all, it is somebody else who hears, not an hour that is too late. */
bool sending_can_leave(const struct engine *engine, const struct deadline *deadline, const struct step *step,
                       instant at, instant since)
{
    struct asking asking = {
        engine, deadline, step, at > since ? at : since, since, 0, {INSTANT_NEVER, INSTANT_NONE}};

    ask_all(&asking);
    return (asking.n == 0 ? asking.at : asking.leaving.first) < deadline->due;
}

/* -- the gap -- */

static const struct span *gap_of(const struct engine *engine, const struct deadline *deadline)
{
    const struct span *own = &deadline->rule->gap;

    return span_is_none(own) ? &engine->policy->gap : own;
}

static instant after(const struct engine *engine, const struct deadline *deadline, instant from, int times)
{
    struct span gap = *gap_of(engine, deadline);
    struct span_request request = {
        .span = &gap, .calendar = timing_calendar(engine, deadline), .start = from};
    instant end;

    gap.count *= times;
    return gap.count == 0 || span_resolve(&request, &end) ? from : end;
}

/* Until when the next rung waits: the one before it has ended for a gap, or could leave two gaps ago, so that
 * a dead channel never keeps anybody from hearing. */
static instant gap_end(const struct engine *engine, const struct deadline *deadline,
                       const struct rung *before)
{
    if (gap_of(engine, deadline)->count == 0) {
        return INSTANT_NONE;
    }
    bool on_way = before->ended > before->left && before->ended != INSTANT_NEVER &&
                  before->ended - before->left <= SENDING_WAY_MS;
    if (on_way || before->ended == before->left) { /* most often; one gap is over before two are */
        return after(engine, deadline, before->left, 1);
    }
    instant end = after(engine, deadline, before->left, 2);
    instant ended = before->ended == INSTANT_NEVER ? end : after(engine, deadline, before->ended, 1);
    return ended < end ? ended : end;
}

static size_t in_order(const struct deadline *deadline, size_t order[static RULE_STEPS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < deadline->rule->n_steps; i++) {
        instant at = deadline->steps[i].at;
        size_t place = n;

        if (at == INSTANT_NEVER) {
            continue;
        }
        for (; place > 0 && deadline->steps[order[place - 1]].at > at; place--) {
            order[place] = order[place - 1];
        }
        order[place] = i;
        n++;
    }
    return n;
}

static bool waits(const struct deadline *deadline, const struct step *step, instant at)
{
    return step->anchor == ANCHOR_DUE && !step->before_due && at > timing_ladder_base(deadline);
}

/* Does the rung behind it have to know when this one leaves? */
static bool asks_back(const struct deadline *deadline, size_t rung, size_t next)
{
    instant at = deadline->steps[next].at;

    return at == deadline->steps[rung].at || waits(deadline, &deadline->rule->steps[next], at);
}

void sending_fires(const struct engine *engine, const struct deadline *deadline, const struct rung *last,
                   instant fires[static RULE_STEPS_MAX])
{
    size_t order[RULE_STEPS_MAX];
    size_t n = in_order(deadline, order);
    struct rung before = *last;
    instant fired = INSTANT_NONE; /* when the rung before does, if it is yet to */

    for (size_t k = 0; k < n; k++) {
        const struct step *step = &deadline->rule->steps[order[k]];
        instant at = deadline->steps[order[k]].at, when = at;

        if (limit_of(deadline, step) != INSTANT_NEVER) {
            instant first = leaving_of(engine, deadline, step, at).first;
            when = first < at ? first : at;
        } else if (waits(deadline, step, at) && before.at != INSTANT_NONE) {
            instant end = before.at < at ? gap_end(engine, deadline, &before) : fired;
            when = end > at ? end : at;
        }
        fires[order[k]] = fired = when;
        if (k + 1 < n && asks_back(deadline, order[k], order[k + 1])) {
            instant left = leaving_of(engine, deadline, step, when).last;
            left = before.at == at && before.left > left ? before.left : left;
            before = (struct rung){.at = at, .left = left, .ended = left};
        }
    }
}

void sending_place(const struct engine *engine, struct deadline *deadline)
{
    instant fires[RULE_STEPS_MAX] = {0};

    sending_fires(engine, deadline, &deadline->last, fires);
    for (size_t i = 0; i < deadline->rule->n_steps; i++) {
        bool has = deadline->steps[i].at != INSTANT_NEVER;
        deadline->steps[i].fires = has ? fires[i] : INSTANT_NEVER;
    }
}

/* -- the rung that fired last -- */

static int32_t number_of(const struct notification *note)
{
    const char *dash = strrchr(note->id, '-');

    return dash ? (int32_t)strtol(dash + 1, NULL, 10) : 0;
}

static bool is_under_way(const struct turn *turn, const struct deadline *deadline)
{
    for (int32_t i = deadline->numbered; i > deadline->last.first; i--) {
        if (outbox_numbered(turn->engine, deadline, i)) {
            return true;
        }
    }
    return false;
}

void sending_fired(struct turn *turn, struct deadline *deadline, const struct rung *fired)
{
    struct rung *last = &deadline->last;

    if (last->at == fired->at && last->ended == INSTANT_NEVER) {
        last->left = fired->left > last->left ? fired->left : last->left;
    } else {
        *last = *fired;
    }
    last->ended = is_under_way(turn, deadline) ? INSTANT_NEVER : turn->now;
}

bool sending_is_of_last(const struct notification *note)
{
    const struct deadline *deadline = note->deadline;

    return deadline && deadline->last.at != INSTANT_NONE && deadline->last.ended == INSTANT_NEVER &&
           number_of(note) > deadline->last.first;
}

bool sending_ended(struct turn *turn, struct deadline *deadline)
{
    if (deadline->last.at == INSTANT_NONE || deadline->last.ended != INSTANT_NEVER ||
        is_under_way(turn, deadline)) {
        return false;
    }
    deadline->last.ended = turn->now;
    timing_arm(turn, deadline);
    return true;
}
