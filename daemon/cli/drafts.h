/* drafts.h: the events that a verb was given, as words (`TYPE field=value ...`) or as a file of JSON lines.
 */
#ifndef CUIBAN_CLI_DRAFTS_H
#define CUIBAN_CLI_DRAFTS_H

#include "cli/event_read.h"
#include "cli/setup.h"

struct drafts {
    struct arena *arena;
    const char *file; /* set before reading; NULL: from the command line; "-": stdin */
    struct event_draft **items;
    size_t n;
    struct problems problems; /* what the bounds and the catalogue say, sorted */
};

/* Reads and checks. From words: the options type, id and time count, and an event without them gets an id of
 * its own and happens `now`. CLI_OK whatever the problems say. To be finished in any case. */
enum cli_status drafts_read(struct cli *cli, const struct config *config, instant now, struct drafts *drafts);
void drafts_finish(struct drafts *drafts);

/* The event type that was typed, `--type T` or the first word; NULL: none. `*first_field`: the word behind.
 */
const char *drafts_type(const struct cli *cli, size_t *first_field);

#endif
