/* source.h: what was read of a shard's two streams and is not applied yet: batches in order, every entry
 * once.
 *
 * Two readers feed it, the one that blocks for what comes and the one that looks before something fires; each
 * reads on from where everything accepted ends, so what both bring is dropped the second time. Pure but for
 * hiredis' reply objects, which it owns: an entry's text is valid until the entry is taken. */
#ifndef CUIBAN_STORE_SOURCE_H
#define CUIBAN_STORE_SOURCE_H

#include <hiredis/hiredis.h>

#include "core/event.h"
#include "core/instant.h"

enum {
    SOURCE_COUNT = 256,     /* entries of each stream asked for at once */
    SOURCE_BATCHES_MAX = 2, /* the one being applied, and the next */
    SOURCE_FIELDS_MAX =
        256 /* names and values shown of a bad entry; event_parse refuses more than 64 fields */
};

struct source_position {
    struct stream_id events, commands;
};

struct source_entry {
    struct stream_id at;
    bool is_command;
    bool is_whole; /* false: the reply had no readable fields for it */
    const redisReply *fields;
};

struct batch;

struct source {
    const char *events, *commands;   /* names of the streams */
    struct source_position accepted; /* the end of all batches: where reads go on */
    struct source_position applied;
    int64_t accepted_events; /* of the event stream, ever; -1: not known (see head.read) */
    int64_t applied_events;
    struct batch *first, *last;
    size_t n_batches;
    instant
        seen_until; /* the issue time of the latest read that came back short and is applied; INSTANT_NONE */
};

void source_init(struct source *source, const char *events, const char *commands);
void source_finish(struct source *source);
/* Forgets all batches and stands at a position of which `read` events are behind it. */
void source_reset(struct source *source, struct source_position at, int64_t read);

/* Takes the reply of an XREAD (nil: nothing there) that was issued at `issued`, the shard's time. 0, -EPROTO
 * or -ENOMEM; the reply is taken in any case. `is_short`: neither stream came back with SOURCE_COUNT entries.
 */
int source_accept(struct source *source, redisReply *reply, instant issued, bool *is_short);

/* The next entry to apply, or NULL. */
const struct source_entry *source_peek(struct source *source);
void source_next(struct source *source); /* it has been applied: the positions move on */
int64_t
source_oldest_ms(const struct source *source); /* the id's time of the oldest event waiting; -1: none waits */
bool source_is_full(const struct source *source);
/* Reads that are under way or not applied yet tell nothing about how far the streams are seen: the clock that
 * they were issued by went back. */
void source_forget_horizon(struct source *source);
/* Names and values of an entry; returns how many fields were put into `out`. */
size_t source_fields(const struct source_entry *entry, struct raw_field out[static SOURCE_FIELDS_MAX]);

/* Reads an answer to XINFO STREAM; `added` is -1 before Redis 7. False if it is none. */
bool source_read_info(const redisReply *reply, int64_t *added, int64_t *length, struct stream_id *last);

/* Counts events that were trimmed before we could read them: all of those known to be lost when everything
 * that the stream ever got (`added`, up to `last`) is accepted. 0 if that moment is not now. */
int64_t source_lost(struct source *source, int64_t added, struct stream_id last);

#endif
