/* keys.h: the names of a shard's keys. All of them hash to the slot of the event stream itself, so that one
 * script may touch them on Redis Cluster, too (https://redis.io/docs/reference/cluster-spec/, hash tags). */
#ifndef CUIBAN_STORE_KEYS_H
#define CUIBAN_STORE_KEYS_H

#include "core/change.h"

/* The order of the first twelve is the order of KEYS[] in the commit script. */
enum key_name {
    KEY_LEASE,
    KEY_HEAD,
    KEY_DEADLINES,
    KEY_CLOSED,
    KEY_EARLY,
    KEY_SEEN,
    KEY_SCHEDULES,
    KEY_RULES,
    KEY_OUTBOX,
    KEY_STATS,
    KEY_DEAD,
    KEY_JOURNAL,
    KEYS_OF_COMMIT,
    KEY_COMMANDS = KEYS_OF_COMMIT,
    KEY_HEALTH, /* what its owner says of itself, as long as the lease */
    KEY_STREAM, /* the event stream itself */
    KEY_NAMES,
};

struct keys {
    char *names[KEY_NAMES];
};

/* 0, -EINVAL (*why: static) for a name that cannot be a shard's stream, or -ENOMEM. */
int keys_init(struct keys *keys, const char *stream, const char **why);
void keys_finish(struct keys *keys); /* a zeroed one is fine */

enum key_name key_of_table(enum change_table table);

#endif
