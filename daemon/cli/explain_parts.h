/* explain_parts.h: the parts of an explanation as people read it, in the order in which they stand. */
#ifndef CUIBAN_CLI_EXPLAIN_PARTS_H
#define CUIBAN_CLI_EXPLAIN_PARTS_H

#include "cli/explain_case.h"

/* What it is about, who owes it and who asked, what "done" means, which rule; then how its due was counted.
 */
void explain_print_head(struct cli *cli, const struct explain_case *explained);
/* What happened, and what was not sent and why. */
void explain_print_past(struct cli *cli, const struct explain_case *explained);
/* What is on the way, what comes when, and how it would count if it were done now. */
void explain_print_next(struct cli *cli, const struct explain_case *explained);

/* Why this due and not another of the rule's: the conditions that decided. Appends nothing where the rule has
 * one due or the event is not known. */
void explain_say_choice(const struct explain_case *explained, struct buffer *out);
/* The month that an open deadline counts in: "2026-10". */
void explain_say_month(const struct explain_case *explained, struct buffer *out);

#endif
