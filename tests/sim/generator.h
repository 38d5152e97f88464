/* generator.h: what might happen next, by a seed. The same seed and steps, the same story everywhere. */
#ifndef CUIBAN_TESTS_SIM_GENERATOR_H
#define CUIBAN_TESTS_SIM_GENERATOR_H

#include "oracle.h"

struct generator {
    uint64_t state;
    unsigned events; /* made so far: their ids */
    struct happening latest[8];
};

void generator_init(struct generator *generator, uint64_t seed);
uint64_t generator_below(struct generator *generator, uint64_t bound); /* 0..bound-1 */
bool generator_chance(struct generator *generator, unsigned percent);
/* Some event: an opening, a meet, a stop, a repetition. */
void generator_event(struct generator *generator, int64_t now, struct happening *out);
/* A command about one of the affairs. False if none is open. */
bool generator_command(struct generator *generator, const struct affair *affairs, size_t n, int64_t now,
                       struct happening *out);
void generator_verdict(struct generator *generator, struct verdict *out);
int64_t generator_pass(struct generator *generator); /* how much time passes */

#endif
