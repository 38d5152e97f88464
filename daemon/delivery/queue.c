#include "queue.h"

/* An agenda does not say which of two entries of the same instant comes first, so the order of arrival is put
 * below the milliseconds. 2^20 arrivals within one millisecond would be told apart; the instants reach to the
 * year 2248. */
#define ORDER_SLOTS INT64_C(1048576)

static instant slot_of(instant at, uint64_t order)
{
    if (at < 0)
        at = 0;
    if (at > INT64_MAX / ORDER_SLOTS - 1)
        at = INT64_MAX / ORDER_SLOTS - 1;
    return at * ORDER_SLOTS + (int64_t)(order % (uint64_t)ORDER_SLOTS);
}

void queue_init(struct queue *queue)
{
    *queue = (struct queue){.n = 0};
    agenda_init(&queue->urgent);
    agenda_init(&queue->normal);
    index_init(&queue->groups);
}

void queue_finish(struct queue *queue)
{
    agenda_finish(&queue->urgent);
    agenda_finish(&queue->normal);
    index_finish(&queue->groups);
}

bool queue_add(struct queue *queue, struct item *item, instant at)
{
    struct agenda *agenda = item->urgent ? &queue->urgent : &queue->normal;

    agenda_entry_init(&item->entry);
    if (!index_add(&queue->groups, item->group, item))
        return false;
    if (!agenda_set(agenda, &item->entry, slot_of(at, queue->order))) {
        index_remove(&queue->groups, item->group, item);
        return false;
    }
    queue->order++;
    queue->n++;
    item->queue = queue;
    return true;
}

void queue_remove(struct item *item)
{
    struct queue *queue = item->queue;

    if (queue == NULL)
        return;
    agenda_remove(item->urgent ? &queue->urgent : &queue->normal, &item->entry);
    index_remove(&queue->groups, item->group, item);
    queue->n--;
    item->queue = NULL;
}

static struct item *first_of(const struct agenda *agenda, instant now)
{
    struct agenda_entry *entry = agenda_first(agenda);

    return entry != NULL && entry->at / ORDER_SLOTS <= now ? (struct item *)entry : NULL;
}

struct item *queue_first(const struct queue *queue, instant now)
{
    struct item *item = first_of(&queue->urgent, now);

    return item != NULL ? item : first_of(&queue->normal, now);
}

struct item *queue_peek(const struct queue *queue)
{
    struct agenda_entry *urgent = agenda_first(&queue->urgent);
    struct agenda_entry *normal = agenda_first(&queue->normal);

    return (struct item *)(urgent == NULL || (normal != NULL && normal->at < urgent->at) ? normal : urgent);
}

instant queue_next(const struct queue *queue)
{
    const struct item *item = queue_peek(queue);

    return item == NULL ? INSTANT_NEVER : queue_time(item);
}

instant queue_time(const struct item *item)
{
    return item->entry.at / ORDER_SLOTS;
}

struct item *queue_group(const struct queue *queue, uint64_t group, size_t *cursor)
{
    return index_find(&queue->groups, group, cursor);
}
