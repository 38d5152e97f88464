/* why.h: the reasons that the engine writes into the journal, in the user's language. */
#ifndef CUIBAN_CLI_WHY_H
#define CUIBAN_CLI_WHY_H

#include "cli/cli.h"

/* The reason as the journal has it, or its Chinese where the user reads that and the reason is a known one
 * (vendors' answers are not). NULL gives "". */
const char *why_in(const struct cli *cli, const char *why);

#endif
