/* count.h: the day-by-day count of a due, as lines for people. */
#ifndef CUIBAN_CLI_COUNT_H
#define CUIBAN_CLI_COUNT_H

#include "cli/cli.h"
#include "core/span.h"

/* Prints the count, one line a date, runs of dates that do not count for one reason as one line. Returns what
 * span_explain does. */
int count_print(const struct cli *cli, const struct span_request *request, const char *indent, instant *out);
/* The same as a JSON array (a value). */
int count_json(struct json_writer *json, const struct span_request *request, instant *out);

/* What a failed span_resolve means, for people. */
const char *count_error(const struct cli *cli, int status);

/* Looks a field up for at:FIELD; `data` is a struct fields. */
bool count_lookup(const void *data, const char *field, struct span_field *out);

#endif
