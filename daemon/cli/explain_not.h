/* explain_not.h: explain --not RULE FIELD=VALUE ...: why nobody got anything. */
#ifndef CUIBAN_CLI_EXPLAIN_NOT_H
#define CUIBAN_CLI_EXPLAIN_NOT_H

#include "cli/cli.h"

/* The rule and the fields are the words of the command line. CLI_FINDING if no event, deadline or dead letter
 * names the case. */
enum cli_status explain_not(struct cli *cli);

#endif
