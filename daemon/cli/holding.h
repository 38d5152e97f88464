/* holding.h: who held a deadline, from when to when, and how much time that was. */
#ifndef CUIBAN_CLI_HOLDING_H
#define CUIBAN_CLI_HOLDING_H

#include "cli/lives.h"

enum { HOLDINGS_MAX = 32 }; /* owners of one deadline, one after the other */

struct holding {
    const char *person; /* id, or "" */
    instant from, to;   /* of an open one until now */
    int64_t elapsed_ms; /* less the pauses */
    int64_t working_ms; /* likewise, in the deadline's calendar; 0 without one */
};

/* In order; the last one takes over what more there were. 0: it has not begun, or its opening is not known.
 */
size_t holding_list(const struct life *life, const struct config *config, instant now,
                    struct holding out[static HOLDINGS_MAX]);

#endif
