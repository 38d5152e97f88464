/* samples.h: events that a rule would meet in life, with sample values for what the catalogue asks: what
 * opens it (or the rule that it follows), an hour apart, and then what meets it. */
#ifndef CUIBAN_CLI_SAMPLES_H
#define CUIBAN_CLI_SAMPLES_H

#include "config/config.h"
#include "core/event.h"

enum { SAMPLES_MAX = 48 };

struct sample {
    instant at;
    struct raw_field fields[EVENT_FIELDS_MAX]; /* the first is the type */
    size_t n;
};

struct samples {
    struct sample items[SAMPLES_MAX]; /* in the order of `at` */
    size_t n;
    size_t n_unmet; /* so many come before what meets the rule; 0: the clock opens it */
};

struct sample_opening { /* a deadline that the events, or the clock, opened: as the journal tells it */
    instant at, due;
    const char *identity, *owner; /* rule|value|value...; a person */
};

/* What opens the rule; the dates in the events lie `ahead_ms` behind `begin`. The values live in `arena`. 0;
 * -ENOENT: the directory knows nobody who could owe something; -ENOMEM. */
int samples_make(const struct config *config, const struct rule *rule, instant begin, int64_t ahead_ms,
                 struct arena *arena, struct samples *out);
/* Adds what meets each of these deadlines soon after it has opened, and before its due where there is time.
 * `samples` are from samples_make with the same begin, ahead and arena. 0; -E2BIG: more than SAMPLES_MAX;
 * -ENOENT and -ENOMEM as above. */
int samples_meet(const struct config *config, const struct rule *rule, instant begin, int64_t ahead_ms,
                 const struct sample_opening *openings, size_t n, struct arena *arena,
                 struct samples *samples);

#endif
