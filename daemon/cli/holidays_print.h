/* holidays_print.h: days off and make-up days as calendars.d writes them. */
#ifndef CUIBAN_CLI_HOLIDAYS_PRINT_H
#define CUIBAN_CLI_HOLIDAYS_PRINT_H

#include "cli/cli.h"
#include "cli/holidays.h"

/* A calendar of this name for calendars.d, to standard output; `from` is the file. */
void holidays_print(const struct holidays *holidays, const struct cli *cli, const char *name,
                    const char *from);
enum cli_status holidays_print_json(const struct holidays *holidays, const struct cli *cli, const char *name);

#endif
