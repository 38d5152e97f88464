/* row.h: one open deadline, one notification, as a line of a table and as JSON. */
#ifndef CUIBAN_CLI_ROW_H
#define CUIBAN_CLI_ROW_H

#include "cli/snapshot.h"
#include "cli/table.h"

const char *row_state(const struct cli *cli, enum deadline_state state);
/* What an event does to the deadlines of a rule: "opens", "meets", ... */
const char *row_use(const struct cli *cli, enum rule_use use);
const char *row_notification(const struct cli *cli, enum notification_state state);
const char *row_phase(const struct cli *cli, const char *phase); /* by its name in records */

void row_table_init(const struct cli *cli, struct table *table);
void row_table(struct table *table, const struct snapshot *snapshot, const struct deadline *deadline);
/* An object: all that is known of the deadline, its event fields included. */
void row_json(struct json_writer *json, const struct snapshot *snapshot, const struct deadline *deadline);
/* The members of row_json without the braces, for objects that say more. */
void row_json_members(struct json_writer *json, const struct snapshot *snapshot,
                      const struct deadline *deadline);
void row_json_instant(struct json_writer *json, const char *key, const struct zone *zone, instant at);
void row_json_notification(struct json_writer *json, const struct zone *zone,
                           const struct notification *notification);

/* What is left, or how late it is, as of the snapshot: "3 h left", "迟 2个工作日". */
void row_distance(struct buffer *out, const struct snapshot *snapshot, const struct deadline *deadline);

#endif
