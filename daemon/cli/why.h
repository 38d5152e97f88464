/* why.h: what the engine writes into the journal, what happened and why, in the user's language. */
#ifndef CUIBAN_CLI_WHY_H
#define CUIBAN_CLI_WHY_H

#include "cli/cli.h"

/* The reason as the journal has it, or its Chinese where the user reads that and the reason is a known one
 * (vendors' answers are not). NULL gives "". */
const char *why_in(const struct cli *cli, const char *why);

/* "met_late" -> "met late", "逾期完成". NULL for records that a person who reads of one deadline need not
 * see.
 * `*is_unsent`, where wanted: it says that a message was not sent. */
const char *why_record(const struct cli *cli, const char *what, bool *is_unsent);

#endif
