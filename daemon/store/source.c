#include "store/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct batch {
    struct batch *next;
    redisReply *reply;
    struct source_entry *entries;
    size_t n, used;
    instant issued;
    bool is_short;
};

void source_init(struct source *source, const char *events, const char *commands)
{
    *source = (struct source){.events = events, .commands = commands, .seen_until = INSTANT_NONE};
}

static void batch_destroy(struct batch *batch)
{
    freeReplyObject(batch->reply);
    free(batch->entries);
    free(batch);
}

void source_finish(struct source *source)
{
    while (source->first) {
        struct batch *next = source->first->next;
        batch_destroy(source->first);
        source->first = next;
    }
    source->last = NULL;
    source->n_batches = 0;
}

void source_reset(struct source *source, struct source_position at, int64_t read)
{
    source_finish(source);
    source->accepted = source->applied = at;
    source->accepted_events = source->applied_events = read;
    source->seen_until = INSTANT_NONE;
}

static struct stream_id *position_of(struct source_position *position, bool is_command)
{
    return is_command ? &position->commands : &position->events;
}

/* The entries of one stream within an XREAD's reply, or NULL. */
static const redisReply *find_stream(const redisReply *reply, const char *name)
{
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++) {
        const redisReply *stream = reply->element[i];
        if (stream->type == REDIS_REPLY_ARRAY && stream->elements == 2 &&
            stream->element[0]->type == REDIS_REPLY_STRING && strcmp(stream->element[0]->str, name) == 0 &&
            stream->element[1]->type == REDIS_REPLY_ARRAY)
            return stream->element[1];
    }
    return NULL;
}

/* One entry: [id, fields]; a deleted one may come as [id, nil] or as nil. */
static bool read_entry(const redisReply *reply, bool is_command, struct source_entry *out)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 1 ||
        reply->element[0]->type != REDIS_REPLY_STRING)
        return false;
    const redisReply *fields = reply->elements > 1 ? reply->element[1] : NULL;
    *out = (struct source_entry){
        .is_command = is_command,
        .is_whole = fields && fields->type == REDIS_REPLY_ARRAY && fields->elements % 2 == 0,
        .fields = fields,
    };
    return stream_id_parse(reply->element[0]->str, &out->at);
}

static size_t read_stream(struct source *source, const redisReply *stream, bool is_command,
                          struct source_entry *out)
{
    struct stream_id *end = position_of(&source->accepted, is_command);
    size_t n = 0;
    for (size_t i = 0; stream && i < stream->elements; i++) {
        struct source_entry entry;
        if (!read_entry(stream->element[i], is_command, &entry) || stream_id_compare(entry.at, *end) <= 0)
            continue;
        *end = entry.at;
        if (!is_command && source->accepted_events >= 0)
            source->accepted_events++;
        out[n++] = entry;
    }
    return n;
}

static int compare_entries(const void *a, const void *b)
{
    const struct source_entry *left = a, *right = b;
    int order = stream_id_compare(left->at, right->at);
    return order ? order : (int)left->is_command - (int)right->is_command;
}

static bool is_xread_reply(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_NIL || reply->type == REDIS_REPLY_ARRAY;
}

int source_accept(struct source *source, redisReply *reply, instant issued, bool *is_short)
{
    struct batch *batch = is_xread_reply(reply) ? calloc(1, sizeof(*batch)) : NULL;
    if (!batch) {
        int error = is_xread_reply(reply) ? -ENOMEM : -EPROTO;
        freeReplyObject(reply);
        return error;
    }
    const redisReply *events = find_stream(reply, source->events);
    const redisReply *commands = find_stream(reply, source->commands);
    size_t n_events = events ? events->elements : 0, n_commands = commands ? commands->elements : 0;
    batch->reply = reply;
    batch->issued = issued;
    batch->is_short = n_events < SOURCE_COUNT && n_commands < SOURCE_COUNT;
    batch->entries = calloc(n_events + n_commands + 1, sizeof(*batch->entries));
    if (!batch->entries) {
        batch_destroy(batch);
        return -ENOMEM;
    }
    batch->n = read_stream(source, events, false, batch->entries);
    batch->n += read_stream(source, commands, true, batch->entries + batch->n);
    qsort(batch->entries, batch->n, sizeof(*batch->entries), compare_entries);
    if (source->last)
        source->last->next = batch;
    else
        source->first = batch;
    source->last = batch;
    source->n_batches++;
    *is_short = batch->is_short;
    return 0;
}

/* Takes away batches that are used up; a short one says until when we have seen everything. */
const struct source_entry *source_peek(struct source *source)
{
    struct batch *batch;
    while ((batch = source->first) && batch->used == batch->n) {
        if (batch->is_short && batch->issued > source->seen_until)
            source->seen_until = batch->issued;
        source->first = batch->next;
        if (!source->first)
            source->last = NULL;
        source->n_batches--;
        batch_destroy(batch);
    }
    return batch ? &batch->entries[batch->used] : NULL;
}

void source_next(struct source *source)
{
    struct batch *batch = source->first;
    const struct source_entry *entry = &batch->entries[batch->used++];
    *position_of(&source->applied, entry->is_command) = entry->at;
    if (!entry->is_command && source->applied_events >= 0)
        source->applied_events++;
}

int64_t source_oldest_ms(const struct source *source)
{
    for (const struct batch *batch = source->first; batch; batch = batch->next)
        if (batch->used < batch->n)
            return (int64_t)batch->entries[batch->used].at.ms;
    return -1;
}

bool source_is_full(const struct source *source)
{
    return source->n_batches >= SOURCE_BATCHES_MAX;
}

size_t source_fields(const struct source_entry *entry, struct raw_field out[static SOURCE_FIELDS_MAX])
{
    size_t n = 0;
    const redisReply *fields = entry->is_whole ? entry->fields : NULL;
    for (size_t i = 0; fields && i + 1 < fields->elements && n < SOURCE_FIELDS_MAX; i += 2) {
        const redisReply *name = fields->element[i], *value = fields->element[i + 1];
        if (name->type != REDIS_REPLY_STRING || value->type != REDIS_REPLY_STRING)
            continue;
        out[n++] = (struct raw_field){name->str, value->str, name->len, value->len};
    }
    return n;
}

int64_t source_lost(struct source *source, int64_t added, struct stream_id last)
{
    if (added < 0 || stream_id_compare(source->accepted.events, last) != 0)
        return 0;
    int64_t lost = source->accepted_events < 0 ? 0 : added - source->accepted_events;
    int64_t waiting = source->accepted_events < 0 ? 0 : source->accepted_events - source->applied_events;
    if (lost < 0) /* XADD with ids of its own, or a counter that was set by hand: believe Redis from now on */
        lost = 0;
    if (source->accepted_events < 0) {
        for (const struct batch *batch = source->first; batch; batch = batch->next)
            for (size_t i = batch->used; i < batch->n; i++)
                waiting += batch->entries[i].is_command ? 0 : 1;
    }
    source->accepted_events = added;
    source->applied_events = added - waiting;
    return lost;
}

bool source_read_info(const redisReply *reply, int64_t *added, int64_t *length, struct stream_id *last)
{
    bool found = false;
    if (reply->type != REDIS_REPLY_ARRAY)
        return false;
    *added = -1;
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        const redisReply *name = reply->element[i], *value = reply->element[i + 1];
        if (name->type != REDIS_REPLY_STRING)
            continue;
        if (strcmp(name->str, "entries-added") == 0)
            *added = value->integer;
        else if (strcmp(name->str, "length") == 0)
            *length = value->integer;
        else if (strcmp(name->str, "last-generated-id") == 0)
            found = value->type == REDIS_REPLY_STRING && stream_id_parse(value->str, last);
    }
    return found;
}

void source_forget_horizon(struct source *source)
{
    source->seen_until = INSTANT_NONE;
    for (struct batch *batch = source->first; batch; batch = batch->next)
        batch->is_short = false;
}
