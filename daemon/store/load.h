/* load.h: the tables of a shard from Redis into its engine: HSCAN in pieces, the next one on its way while
 * one is read. Nobody else writes while the lease is ours, so the pieces are one snapshot. */
#ifndef CUIBAN_STORE_LOAD_H
#define CUIBAN_STORE_LOAD_H

#include "core/engine.h"
#include "store/connection.h"
#include "store/keys.h"

enum { LOAD_PROBLEM_MAX = 400 };

/* 0: all is in. -EINVAL: an entry cannot be read, the shard must stop; -EAGAIN: Redis refused (LOADING ...);
 * -ENOMEM. `why` says it in one sentence, valid during the call. */
typedef void load_done(void *data, int error, const char *why);

struct load;
/* Nothing is called back once load_destroy was called or the connection is closed. NULL: out of memory. */
struct load *load_start(struct connection *connection, const struct keys *keys, struct engine *engine,
                        load_done *done, void *data);
/* NULL is fine. Only after the connection that it runs on was closed, or after `done`. */
void load_destroy(struct load *load);

#endif
