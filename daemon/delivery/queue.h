/* queue.h: what waits for one channel: notifications ordered by the time at which they may leave, urgent ones
 * before all others whose time has come, then first in, first out. Pure; every operation is O(log n). */
#ifndef CUIBAN_DELIVERY_QUEUE_H
#define CUIBAN_DELIVERY_QUEUE_H

#include "core/agenda.h"
#include "core/index.h"
#include "core/notification.h"

struct item {                  /* owned by who added it */
    struct agenda_entry entry; /* first: an entry is its item */
    struct queue *queue;       /* NULL while it is in none */
    void *shard;
    char id[NOTIFICATION_ID_MAX];
    uint64_t group; /* hash of what may leave together in one message of a group channel */
    bool urgent;
};

struct queue {
    struct agenda urgent, normal;
    struct index groups;
    uint64_t order; /* counts what came in */
    size_t n;
};

void queue_init(struct queue *queue);
void queue_finish(struct queue *queue); /* the items stay their owner's */

bool queue_add(struct queue *queue, struct item *item,
               instant at);                                       /* false: out of memory, nothing changed */
void queue_remove(struct item *item);                             /* in no queue: fine */
struct item *queue_first(const struct queue *queue, instant now); /* whose time has come, or NULL */
struct item *queue_peek(const struct queue *queue); /* whose time comes first, or NULL if it is empty */
instant queue_next(const struct queue *queue);      /* when the first one's time comes; INSTANT_NEVER */
instant queue_time(const struct item *item);        /* of an item that is in a queue */
/* All items with that hash, whatever their time: start with *cursor = 0; no changes in between. */
struct item *queue_group(const struct queue *queue, uint64_t group, size_t *cursor);

#endif
