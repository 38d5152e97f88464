/* step_words.h: the steps of a ladder in plain sentences: when, to whom, what. */
#ifndef CUIBAN_CLI_STEP_WORDS_H
#define CUIBAN_CLI_STEP_WORDS_H

#include "cli/cli.h"
#include "core/ruleset.h"

/* "1 working day before due, at 10:00: reminder to the owner". */
void step_words(const struct cli *cli, const struct rule_policy *policy, const struct step *step,
                struct buffer *out);
/* "3 working days", "24 hours". */
void step_span_words(const struct cli *cli, const struct span *span, struct buffer *out);

#endif
