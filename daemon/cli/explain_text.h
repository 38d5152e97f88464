/* explain_text.h: a case as people read it, and as JSON. */
#ifndef CUIBAN_CLI_EXPLAIN_TEXT_H
#define CUIBAN_CLI_EXPLAIN_TEXT_H

#include "cli/explain_case.h"

void explain_print(struct cli *cli, struct explain_case *explained);
void explain_json(struct json_writer *json, struct explain_case *explained); /* one object */

#endif
