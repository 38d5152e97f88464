/* An engine that only counts, in place of the real one: `type put` puts a deadline named by `id` whose value
 * is how often it was put; `notify` queues a notification; `timer` fires `in` ms after its event; `huge`
 * concerns too much. */
#include "core/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS_MAX = 20000, NAME_MAX_BYTES = 40 };

struct item {
    char name[NAME_MAX_BYTES];
    int count;    /* of a deadline: how often it was put */
    bool claimed; /* of a notification */
    instant at;   /* of a timer */
};

struct table {
    struct item items[ITEMS_MAX];
    size_t n;
};

struct engine {
    struct table deadlines, notifications, timers;
    struct deadline shown;
    int64_t puts;  /* ever: kept in the head */
    int unsettled; /* parts of a reload still to come */
};

struct engine *engine_create(const struct engine_parts *parts)
{
    (void)parts;
    return calloc(1, sizeof(struct engine));
}

void engine_destroy(struct engine *engine)
{
    free(engine);
}

static struct item *find(struct table *table, const char *name, bool add)
{
    for (size_t i = 0; i < table->n; i++)
        if (strcmp(table->items[i].name, name) == 0)
            return &table->items[i];
    if (!add || table->n == ITEMS_MAX)
        return NULL;
    struct item *item = &table->items[table->n++];
    *item = (struct item){0};
    (void)snprintf(item->name, sizeof(item->name), "%s", name);
    return item;
}

static void take_away(struct table *table, struct item *item)
{
    *item = table->items[--table->n];
}

int engine_load(struct engine *engine, enum change_table table, const char *key, const char *value, size_t n,
                const char **why)
{
    (void)n;
    if (strcmp(value, "damaged") == 0) {
        *why = "it is damaged";
        return -EINVAL;
    }
    if (table == TABLE_DEADLINES)
        find(&engine->deadlines, key, true)->count = atoi(value);
    if (table == TABLE_OUTBOX)
        find(&engine->notifications, key, true)->claimed = strcmp(value, "claimed") == 0;
    if (table == TABLE_SCHEDULES)
        find(&engine->timers, key, true)->at = strtoll(value, NULL, 10);
    if (table == TABLE_HEAD && strcmp(key, "puts") == 0)
        engine->puts = strtoll(value, NULL, 10);
    return 0;
}

int engine_loaded(struct engine *engine, instant now)
{
    (void)engine, (void)now;
    return 0;
}

struct engine_left engine_take_over(struct engine *engine, bool died, instant now, struct changes *changes)
{
    (void)engine, (void)died, (void)now, (void)changes;
    return (struct engine_left){0};
}

int engine_reload(struct engine *engine, const struct engine_parts *parts, instant now)
{
    (void)parts, (void)now;
    engine->unsettled = 3;
    return 0;
}

bool engine_is_settled(const struct engine *engine)
{
    return engine->unsettled == 0;
}

bool engine_settle(struct engine *engine, instant now, struct changes *changes)
{
    (void)now;
    if (engine->unsettled == 0)
        return false;
    changes_journal(changes, engine->unsettled == 3 ? "{\"e\":\"reload\"}" : "{\"e\":\"part\"}");
    return --engine->unsettled > 0;
}

static void put_number(struct changes *changes, enum change_table table, const char *key, int64_t number)
{
    char text[24];
    int n = snprintf(text, sizeof(text), "%lld", (long long)number);
    changes_put(changes, table, key, text, (size_t)n);
}

static void queue(struct engine *engine, const char *id, struct changes *changes)
{
    find(&engine->notifications, id, true)->claimed = false;
    changes_put(changes, TABLE_OUTBOX, id, "queued", 6);
    buffer_add(&changes->queued, id, strlen(id) + 1);
}

int engine_event(struct engine *engine, const struct event *event, instant now, struct changes *changes)
{
    (void)now;
    if (changes_is_full(changes))
        return -EAGAIN;
    if (strcmp(event->type, "test.huge") == 0)
        return -E2BIG;
    if (strcmp(event->type, "test.put") == 0) {
        struct item *item = find(&engine->deadlines, event->id, true);
        put_number(changes, TABLE_DEADLINES, event->id, ++item->count);
        put_number(changes, TABLE_HEAD, "puts", ++engine->puts);
        changes_journal(changes, "{\"e\":\"opened\"}");
    }
    if (strcmp(event->type, "test.notify") == 0)
        queue(engine, event->id, changes);
    if (strcmp(event->type, "test.timer") == 0) {
        const char *in = fields_get(&event->fields, "in");
        struct item *item = find(&engine->timers, event->id, true);
        item->at = event->time + (in ? atoi(in) : 0);
        put_number(changes, TABLE_SCHEDULES, event->id, item->at);
    }
    changes_count(changes, event->is_command ? "commands" : "events", 1);
    return 0;
}

void engine_bad_event(struct engine *engine, struct stream_id at, const char *reason,
                      const struct raw_field *raw, size_t n, instant now, struct changes *changes)
{
    (void)engine, (void)at, (void)raw, (void)n, (void)now;
    char text[200];
    (void)snprintf(text, sizeof(text), "{\"reason\":\"%.150s\"}", reason);
    changes_dead(changes, text);
    changes_count(changes, "bad", 1);
}

bool engine_advance(struct engine *engine, instant horizon, instant now, struct changes *changes)
{
    (void)now;
    for (size_t i = 0; i < engine->timers.n;) {
        struct item *item = &engine->timers.items[i];
        if (item->at > horizon) {
            i++;
            continue;
        }
        changes_remove(changes, TABLE_SCHEDULES, item->name);
        changes_count(changes, "fired", 1);
        take_away(&engine->timers, item);
    }
    return false;
}

instant engine_next(const struct engine *engine)
{
    instant next = INSTANT_NEVER;
    for (size_t i = 0; i < engine->timers.n; i++)
        if (engine->timers.items[i].at < next)
            next = engine->timers.items[i].at;
    return next;
}

size_t engine_claim(struct engine *engine, const char **ids, size_t n, instant now, instant ends,
                    struct changes *changes)
{
    (void)now, (void)ends;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        struct item *item = find(&engine->notifications, ids[i], false);
        if (!item || item->claimed)
            continue;
        item->claimed = true;
        changes_put(changes, TABLE_OUTBOX, ids[i], "claimed", 7);
        changes_count(changes, "claimed", 1);
        ids[kept++] = ids[i];
    }
    return kept;
}

void engine_verdict(struct engine *engine, const char *const *ids, size_t n, const struct verdict *verdict,
                    instant now, struct changes *changes)
{
    (void)now;
    for (size_t i = 0; i < n; i++) {
        struct item *item = find(&engine->notifications, ids[i], false);
        if (!item)
            continue;
        changes_count(changes, verdict_name(verdict->kind), 1);
        if (verdict->kind == VERDICT_RETRY || verdict->kind == VERDICT_BACKOFF) {
            queue(engine, ids[i], changes);
            continue;
        }
        changes_remove(changes, TABLE_OUTBOX, ids[i]);
        take_away(&engine->notifications, item);
    }
}

void engine_refuse(struct engine *engine, const char *id, const char *reason, instant now,
                   struct changes *changes)
{
    (void)reason;
    static const struct verdict refused = {.kind = VERDICT_REFUSED};
    engine_verdict(engine, &id, 1, &refused, now, changes);
}

size_t engine_entries(const struct engine *engine, enum change_table table)
{
    return table == TABLE_DEADLINES ? engine->deadlines.n
           : table == TABLE_OUTBOX  ? engine->notifications.n
                                    : 0;
}

struct engine_counts engine_count(const struct engine *engine)
{
    return (struct engine_counts){.deadlines = engine->deadlines.n, .notifications = engine->notifications.n};
}

const struct deadline *engine_deadline(const struct engine *engine, const char *id)
{
    return find((struct table *)(uintptr_t)&engine->deadlines, id, false) ? &engine->shown : NULL;
}
