#include <stdlib.h>
#include <string.h>

#include "sending.h"
#include "state.h"

static void add_person(const struct engine *engine, const struct deadline *deadline,
                       const struct reached *reached, struct planned *planned)
{
    instant leaves =
        sending_plan(engine, deadline, planned->step, &(struct recipient){reached->person, reached->channel},
                     planned->at, planned->fires);
    size_t i = 0;

    while (i < planned->n_to && (strcmp(planned->to[i].person, reached->person) != 0 || reached->group)) {
        i++;
    }
    if (i < planned->n_to) { /* on another channel, too */
        planned->to[i].leaves = leaves < planned->to[i].leaves ? leaves : planned->to[i].leaves;
    } else if (i < PATH_RESULT_MAX) {
        planned->to[planned->n_to++] = (struct planned_person){.person = reached->person,
                                                               .on_behalf = reached->on_behalf,
                                                               .stands_for = reached->stands_for,
                                                               .group = reached->group,
                                                               .leaves = leaves,
                                                               .copy = reached->copy};
    }
}

static void resolve(const struct engine *engine, const struct deadline *deadline, size_t step,
                    struct planned *planned)
{
    struct reach_question question = {.people = engine->parts.people,
                                      .rules = engine->parts.rules,
                                      .deadline = deadline,
                                      .step = step,
                                      .at = planned->fires,
                                      .firing = deadline->steps[step].fired,
                                      .counts_acks = true};
    struct reach_answer answer;

    reach_ask(&question, &answer);
    planned->where = answer.where;
    planned->is_silent = answer.is_silent;
    for (size_t i = 0; i < answer.n_reached; i++) {
        add_person(engine, deadline, &answer.reached[i], planned);
    }
    for (size_t i = 0; i < answer.n_missed && i < PLANNED_MISSED_MAX; i++) {
        planned->missed[planned->n_missed++] = answer.missed[i];
    }
}

static int by_time(const void *a, const void *b)
{
    const struct planned *left = a;
    const struct planned *right = b;

    return left->fires != right->fires ? (left->fires > right->fires) - (left->fires < right->fires)
                                       : (left->at > right->at) - (left->at < right->at);
}

size_t engine_plan(const struct engine *engine, const struct deadline *deadline, instant now,
                   struct planned *out, size_t max)
{
    struct rung last = deadline->last;
    instant fires[RULE_STEPS_MAX];
    size_t n = 0;

    if (last.ended == INSTANT_NEVER) { /* what is under way will arrive; a plan is for when it does */
        last.ended = last.left > now ? last.left : now;
    }
    sending_fires(engine, deadline, &last, fires);
    if (!deadline->was_overdue && deadline->due != INSTANT_NEVER && n < max) {
        out[n++] = (struct planned){.at = deadline->due, .fires = deadline->due};
    }
    for (size_t i = 0; i < deadline->rule->n_steps && n < max; i++) {
        if (deadline->steps[i].at != INSTANT_NEVER) {
            out[n] = (struct planned){
                .at = deadline->steps[i].at, .fires = fires[i], .step = &deadline->rule->steps[i]};
            resolve(engine, deadline, i, &out[n++]);
        }
    }
    qsort(out, n, sizeof *out, by_time);
    return n;
}
