/* live.h: a rehearsal that begins from what a shard holds in Redis: what would happen next, without touching
 * it. */
#ifndef CUIBAN_CLI_LIVE_H
#define CUIBAN_CLI_LIVE_H

#include "cli/setup.h"
#include "rehearsal/rehearsal.h"

struct live {
    struct rehearsal *rehearsal; /* loaded, not begun */
    instant now;                 /* the shard's time */
    char rules[17];              /* fingerprint of the rule set that committed last, or "" */
};

/* CLI_OK or CLI_USAGE, and that was said. A shard that has never started is empty. */
enum cli_status live_load(struct cli *cli, const struct config *config, const struct shard_view *shard,
                          const struct rehearsal_hooks *hooks, struct live *out);
void live_finish(struct live *live);

#endif
