/* edition.h: what one reading of the files gave, and the older texts of rules that open deadlines may still
 * have, read again as rules of these files.
 *
 * edition_load may run in any thread, beside a loop that uses the edition that runs: of that it only looks at
 * what never changes, and at the older texts, which have a lock. */
#ifndef CUIBAN_EDITION_H
#define CUIBAN_EDITION_H

#include "config/config.h"

struct edition;

/* Reads all files. With `running` (NULL at a start) they are read to follow it: the rules that both do not
 * share are read once more from their texts, and if nothing needs a restart, the channels are those that run.
 * `running` must stay meanwhile. 0, -EINVAL (all problems are in `problems`), -ENOMEM. */
int edition_load(const char *file, struct edition *running, struct problems *problems, struct edition **out);
void edition_destroy(struct edition *edition); /* NULL is fine */

const struct config *edition_config(const struct edition *edition);
const char *edition_fingerprint(const struct edition *edition); /* of its rules */
/* What of the settings is other than in the edition that it follows and cannot be taken while the daemon goes
 * on: "channels", "redis"; NULL: nothing. */
const char *edition_difference(const struct edition *edition);

/* As engine_parts.parse_rule wants it; `data` is the edition. */
const struct rule *edition_parse(void *data, const char *text);
/* Older texts that nobody needs are not read again by the next edition. */
void edition_forget(struct edition *edition, bool (*is_needed)(const void *data, const char *fingerprint),
                    const void *data);

#endif
