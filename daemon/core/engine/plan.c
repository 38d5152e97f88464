#include <stdlib.h>
#include <string.h>

#include "sending.h"
#include "state.h"

static void resolve(struct turn *turn, const struct deadline *deadline, struct planned *planned)
{
    struct path_context context = state_path_context(turn, deadline);

    for (size_t i = 0; i < planned->step->n_to; i++) {
        const char *people[PATH_RESULT_MAX];
        const char *why;
        size_t n = path_people(&planned->step->to[i], &context, people, &why);

        for (size_t k = 0; k < n && planned->n_to < PATH_RESULT_MAX; k++) {
            planned->leaves[planned->n_to] =
                sending_plan(turn->engine, deadline, planned->step, people[k], planned->at, planned->fires);
            planned->to[planned->n_to++] = people[k];
        }
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
    struct turn turn = {.engine = (struct engine *)engine, .now = now}; /* only read */
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
            resolve(&turn, deadline, &out[n++]);
        }
    }
    qsort(out, n, sizeof *out, by_time);
    return n;
}
