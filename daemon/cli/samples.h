/* samples.h: events that a rule would meet in life, with sample values for what the catalogue asks: what
 * opens it (or the rule that it follows), then what meets it, an hour apart. */
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
    struct sample items[SAMPLES_MAX];
    size_t n;
    size_t n_unmet; /* so many come before what meets the rule; 0: the clock opens it */
};

/* The values live in `arena`. 0; -ENOENT: the directory knows nobody who could owe something; -ENOMEM. */
int samples_make(const struct config *config, const struct rule *rule, instant begin, struct arena *arena,
                 struct samples *out);

#endif
