/* explain_who.h: explain --who PERSON --on DATE: why this person got these messages, and no others. */
#ifndef CUIBAN_CLI_EXPLAIN_WHO_H
#define CUIBAN_CLI_EXPLAIN_WHO_H

#include "cli/cli.h"

/* CLI_FINDING for somebody whom neither the directory nor that day's journal knows. */
enum cli_status explain_who(struct cli *cli);

#endif
