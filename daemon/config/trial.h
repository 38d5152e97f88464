/* trial.h: the steps of a rule tried out on openings of one year: what is decided by where a calendar leads
 * cannot be seen in the spans alone. Inside of the config room. */
#ifndef CUIBAN_CONFIG_TRIAL_H
#define CUIBAN_CONFIG_TRIAL_H

#include "config/config.h"

enum { TRIAL_OPENINGS_MAX = 600 }; /* spread over the working half hours of the year */

struct trial {
    const struct rule_policy *policy;
    const struct rule *rule;
    const struct calendar *calendar;
    const struct span *due; /* the one that is tried */
    struct problems *problems;
    instant openings[TRIAL_OPENINGS_MAX];
    size_t n_openings;
    int year;
};

void trial_init(struct trial *trial, const struct config *config, instant now, struct problems *problems);
/* The openings are those of its calendar; false if nothing of it can be tried. */
bool trial_take(struct trial *trial, const struct rule *rule);
bool trial_due(const struct trial *trial, instant opening, instant *due);
/* Where the step stands; false if nowhere, or before the opening: it is skipped. */
bool trial_place(const struct trial *trial, const struct step *step, instant opening, instant due,
                 instant *at);
/* When it leaves, by the quiet hours of the settings. */
bool trial_leave(const struct trial *trial, const struct step *step, instant opening, instant due,
                 instant *out);

#endif
