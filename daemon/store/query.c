#include "store/query.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "core/address.h"
#include "store/connection.h"
#include "store/keys.h"
#include "core/json_members.h"
#include "store/lease.h"
#include "store/info.h"

enum { PAGE = 1000, WORDS_MAX = 16, FIELDS_MAX = 512 };

struct query {
    redisContext *redis;
    struct keys keys;
    char problem[QUERY_PROBLEM_MAX];
};

static int fail(struct query *query, int error, const char *text)
{
    (void)snprintf(query->problem, sizeof(query->problem), "%s", text);
    return error;
}

/* Sends one command and judges the answer: a reply that is no error, or NULL with *error and the problem's
 * text. */
static redisReply *ask_words(struct query *query, int n, const char **words, const size_t *lengths,
                             int *error)
{
    redisReply *reply = redisCommandArgv(query->redis, n, words, lengths);
    if (!reply) {
        bool late = query->redis->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK);
        *error = late ? -ETIMEDOUT : query->redis->err == REDIS_ERR_PROTOCOL ? -EPROTO : -ECONNRESET;
        (void)fail(query, *error, late ? "Redis did not answer in time" : query->redis->errstr);
        return NULL;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        reply_hide_arguments(reply);
        *error = fail(query, -EIO, reply->str);
        freeReplyObject(reply);
        return NULL;
    }
    return reply;
}

static redisReply *ask(struct query *query, int *error, ...) __attribute__((sentinel));
static redisReply *ask(struct query *query, int *error, ...)
{
    const char *words[WORDS_MAX];
    int n = 0;
    va_list list;
    va_start(list, error);
    for (const char *word = va_arg(list, const char *); word && n < WORDS_MAX;
         word = va_arg(list, const char *))
        words[n++] = word;
    va_end(list);
    return ask_words(query, n, words, NULL, error);
}

/* -- the connection -- */

static int greet(struct query *query, const struct address *address)
{
    int error = 0;
    char db[16];
    redisReply *reply = NULL;
    if (address->password) {
        reply = address->user ? ask(query, &error, "AUTH", address->user, address->password, (char *)NULL)
                              : ask(query, &error, "AUTH", address->password, (char *)NULL);
        freeReplyObject(reply);
    }
    if (!error && address->db) {
        (void)snprintf(db, sizeof(db), "%d", address->db);
        reply = ask(query, &error, "SELECT", db, (char *)NULL);
        freeReplyObject(reply);
    }
    return error;
}

static int connect_to(struct query *query, const struct address *address, int64_t limit_ms)
{
    struct timeval limit = {limit_ms / 1000, (limit_ms % 1000) * 1000};
    query->redis = address->kind == ADDRESS_UNIX
                       ? redisConnectUnixWithTimeout(address->place, limit)
                       : redisConnectWithTimeout(address->place, address->port, limit);
    if (!query->redis)
        return fail(query, -ENOMEM, "out of memory");
    if (query->redis->err) {
        (void)snprintf(query->problem, sizeof(query->problem), "no connection to Redis at %s: %s",
                       address->shown, query->redis->errstr);
        return -ECONNREFUSED;
    }
    (void)redisSetTimeout(query->redis, limit);
    return greet(query, address);
}

int query_open(const char *redis, const char *stream, int64_t limit_ms, struct query **out,
               char problem[static QUERY_PROBLEM_MAX])
{
    struct address address = {0};
    const char *why = "out of memory";
    struct query *query = calloc(1, sizeof(*query));
    if (!query) {
        (void)snprintf(problem, QUERY_PROBLEM_MAX, "out of memory");
        return -ENOMEM;
    }
    int error = address_parse(redis, &address, &why);
    if (!error)
        error = keys_init(&query->keys, stream, &why);
    if (error)
        (void)fail(query, error, error == -ENOMEM ? "out of memory" : why);
    else
        error = connect_to(query, &address, limit_ms);
    address_finish(&address);
    if (error) {
        memcpy(problem, query->problem, QUERY_PROBLEM_MAX);
        query_close(query);
        return error;
    }
    *out = query;
    return 0;
}

void query_close(struct query *query)
{
    if (!query)
        return;
    if (query->redis)
        redisFree(query->redis);
    keys_finish(&query->keys);
    free(query);
}

const char *query_problem(const struct query *query)
{
    return query->problem;
}

const char *query_head_key(const struct query *query)
{
    return query->keys.names[KEY_HEAD];
}

/* -- the head -- */

struct refusal_draft {
    struct query_refusal *refusal;
    char *why;
};

static bool read_refusal_member(void *data, struct json_scanner *scanner)
{
    struct refusal_draft *draft = data;
    const struct json_member members[] = {
        {"at", .number = &draft->refusal->at},
        {"errors", .number = &draft->refusal->errors},
        {"why", .text = &draft->why},
    };
    int read = json_read_member(scanner, NULL, members, sizeof(members) / sizeof(members[0]));
    return read > 0 || (read == 0 && json_skip(scanner));
}

static void read_refusal(struct query_refusal *refusal, const char *json)
{
    struct refusal_draft draft = {.refusal = refusal};
    if (!json_read_object(json, strlen(json), read_refusal_member, &draft))
        refusal->errors = 0;
    (void)snprintf(refusal->why, sizeof(refusal->why), "%s", draft.why ? draft.why : "");
    free(draft.why);
}

static void read_head_field(struct query_head *head, const char *name, const char *value)
{
    if (strcmp(name, "v") == 0)
        head->format = (int)strtol(value, NULL, 10);
    else if (strcmp(name, "seq") == 0)
        head->seq = strtoull(value, NULL, 10);
    else if (strcmp(name, "begun") == 0)
        head->begun = strtoull(value, NULL, 10);
    else if (strcmp(name, "cursor") == 0)
        (void)stream_id_parse(value, &head->cursor);
    else if (strcmp(name, "commands") == 0)
        (void)stream_id_parse(value, &head->commands);
    else if (strcmp(name, "read") == 0)
        head->read = *value ? strtoll(value, NULL, 10) : -1;
    else if (strcmp(name, "clock") == 0)
        head->clock = strtoll(value, NULL, 10);
    else if (strcmp(name, "takes") == 0)
        head->takes = (int)strtol(value, NULL, 10);
    else if (strcmp(name, "rules") == 0)
        (void)snprintf(head->rules, sizeof(head->rules), "%s", value);
    else if (strcmp(name, "reload_failed") == 0)
        read_refusal(&head->refused, value);
    else if (strcmp(name, "trying") == 0)
        (void)snprintf(head->trying, sizeof(head->trying), "%s", value);
}

int query_head(struct query *query, struct query_head *out)
{
    int error = 0;
    redisReply *reply = ask(query, &error, "HGETALL", query->keys.names[KEY_HEAD], (char *)NULL);
    if (!reply)
        return error;
    struct query_head head = {.read = -1};
    for (size_t i = 0; i + 1 < reply->elements; i += 2)
        read_head_field(&head, reply->element[i]->str, reply->element[i + 1]->str);
    error = reply->elements > 0 ? 0 : -ENOENT;
    freeReplyObject(reply);
    if (!error)
        *out = head;
    return error;
}

/* -- tables -- */

static const char *table_key(const struct query *query, enum change_table table)
{
    return query->keys.names[key_of_table(table)];
}

/* A text, or -ENOENT. The reply is freed. */
static int take_text(struct query *query, redisReply *reply, struct buffer *out)
{
    int error = 0;
    buffer_clear(out);
    if (reply->type == REDIS_REPLY_STRING)
        buffer_add(out, reply->str, reply->len);
    else
        error = -ENOENT;
    freeReplyObject(reply);
    if (!error && !buffer_ok(out))
        error = fail(query, -ENOMEM, "out of memory");
    return error;
}

int query_get(struct query *query, enum change_table table, const char *key, struct buffer *out)
{
    int error = 0;
    if (table == TABLE_DEAD)
        return fail(query, -EINVAL, "the dead letters are a stream");
    redisReply *reply = ask(query, &error, table == TABLE_SEEN ? "ZSCORE" : "HGET", table_key(query, table),
                            key, (char *)NULL);
    return reply ? take_text(query, reply, out) : error;
}

/* One piece of a scan; `cursor` is moved on. */
static int walk_piece(struct query *query, enum change_table table, char cursor[24], query_entry *entry,
                      void *data)
{
    int error = 0;
    redisReply *reply = ask(query, &error, table == TABLE_SEEN ? "ZSCAN" : "HSCAN", table_key(query, table),
                            cursor, "COUNT", "1000", (char *)NULL);
    if (!reply)
        return error;
    if (reply->elements != 2 || reply->element[1]->type != REDIS_REPLY_ARRAY) {
        freeReplyObject(reply);
        return fail(query, -EPROTO, "not an answer to a scan");
    }
    (void)snprintf(cursor, 24, "%s", reply->element[0]->str);
    const redisReply *list = reply->element[1];
    for (size_t i = 0; i + 1 < list->elements && !error; i += 2)
        error = entry(data, list->element[i]->str, list->element[i + 1]->str, list->element[i + 1]->len);
    freeReplyObject(reply);
    return error;
}

int query_each(struct query *query, enum change_table table, query_entry *entry, void *data)
{
    if (table == TABLE_DEAD)
        return fail(query, -EINVAL, "the dead letters are a stream");
    char cursor[24] = "0";
    int error;
    do
        error = walk_piece(query, table, cursor, entry, data);
    while (!error && strcmp(cursor, "0") != 0);
    return error;
}

int query_count(struct query *query, enum change_table table, uint64_t *out)
{
    int error = 0;
    const char *verb = table == TABLE_SEEN ? "ZCARD" : table == TABLE_DEAD ? "XLEN" : "HLEN";
    redisReply *reply = ask(query, &error, verb, table_key(query, table), (char *)NULL);
    if (!reply)
        return error;
    *out = (uint64_t)reply->integer;
    freeReplyObject(reply);
    return 0;
}

/* -- streams -- */

static const char *stream_key(const struct query *query, enum query_stream stream)
{
    static const enum key_name names[] = {
        [QUERY_JOURNAL] = KEY_JOURNAL,
        [QUERY_DEAD] = KEY_DEAD,
        [QUERY_EVENTS] = KEY_STREAM,
        [QUERY_COMMANDS] = KEY_COMMANDS,
    };
    return query->keys.names[names[stream]];
}

static int give_item(const redisReply *reply, struct stream_id *last, query_item *item, void *data)
{
    struct raw_field fields[FIELDS_MAX];
    size_t n = 0;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
        reply->element[0]->type != REDIS_REPLY_STRING || !stream_id_parse(reply->element[0]->str, last))
        return 0;
    const redisReply *list = reply->element[1];
    for (size_t i = 0; list->type == REDIS_REPLY_ARRAY && i + 1 < list->elements && n < FIELDS_MAX; i += 2)
        fields[n++] = (struct raw_field){list->element[i]->str, list->element[i + 1]->str,
                                         list->element[i]->len, list->element[i + 1]->len};
    return item(data, *last, fields, n);
}

struct range {
    const char *key;
    char bound[STREAM_ID_TEXT_MAX + 1]; /* where the next piece begins */
    const char *end;
    size_t left; /* 0: no limit */
    bool limited, reverse;
};

/* *more: the piece was full, so there may be another. */
static int range_piece(struct query *query, struct range *range, query_item *item, void *data, bool *more)
{
    int error = 0;
    size_t want = range->limited && range->left < PAGE ? range->left : PAGE;
    char count[24], id[STREAM_ID_TEXT_MAX];
    (void)snprintf(count, sizeof(count), "%zu", want);
    redisReply *reply = ask(query, &error, range->reverse ? "XREVRANGE" : "XRANGE", range->key, range->bound,
                            range->end, "COUNT", count, (char *)NULL);
    if (!reply)
        return error;
    struct stream_id last = {0};
    for (size_t i = 0; i < reply->elements && !error; i++)
        error = give_item(reply->element[i], &last, item, data);
    size_t n = reply->elements;
    freeReplyObject(reply);
    if (range->limited)
        range->left -= n < range->left ? n : range->left;
    *more = n == want && n > 0 && (!range->limited || range->left > 0);
    (void)snprintf(range->bound, sizeof(range->bound), "(%s", stream_id_format(last, id));
    return error;
}

int query_range(struct query *query, enum query_stream stream, const char *from, const char *to, size_t max,
                bool reverse, query_item *item, void *data)
{
    struct range range = {
        .key = stream_key(query, stream),
        .end = reverse ? from : to,
        .left = max,
        .limited = max > 0,
        .reverse = reverse,
    };
    (void)snprintf(range.bound, sizeof(range.bound), "%s", reverse ? to : from);
    bool more = true;
    int error = 0;
    while (!error && more)
        error = range_piece(query, &range, item, data, &more);
    return error;
}

int query_add(struct query *query, enum query_stream stream, const struct field *fields, size_t n,
              bool create, struct stream_id *at)
{
    const char *words[4 + 2 * EVENT_FIELDS_MAX];
    int count = 0, error = 0;
    if ((stream != QUERY_EVENTS && stream != QUERY_COMMANDS) || n == 0 || n > EVENT_FIELDS_MAX)
        return fail(query, -EINVAL, "an event or a command has 1 to 64 fields");
    words[count++] = "XADD";
    words[count++] = stream_key(query, stream);
    if (!create)
        words[count++] = "NOMKSTREAM";
    words[count++] = "*";
    for (size_t i = 0; i < n; i++) {
        words[count++] = fields[i].name;
        words[count++] = fields[i].value;
    }
    redisReply *reply = ask_words(query, count, words, NULL, &error);
    if (!reply)
        return error;
    if (reply->type == REDIS_REPLY_NIL)
        error = fail(query, -ENOENT, "the stream does not exist");
    else if (reply->type != REDIS_REPLY_STRING || !stream_id_parse(reply->str, at))
        error = fail(query, -EPROTO, "not an answer to XADD");
    freeReplyObject(reply);
    return error;
}

int query_remove_dead(struct query *query, struct stream_id at)
{
    int error = 0;
    char id[STREAM_ID_TEXT_MAX];
    redisReply *reply =
        ask(query, &error, "XDEL", query->keys.names[KEY_DEAD], stream_id_format(at, id), (char *)NULL);
    if (!reply)
        return error;
    error = reply->integer > 0 ? 0 : -ENOENT;
    freeReplyObject(reply);
    return error;
}

/* The first entry's id of XINFO STREAM's `first-entry`, which is nil for an empty stream. */
static void read_first(const redisReply *entry, struct stream_id *out)
{
    if (entry->type == REDIS_REPLY_ARRAY && entry->elements > 0 &&
        entry->element[0]->type == REDIS_REPLY_STRING)
        (void)stream_id_parse(entry->element[0]->str, out);
}

int query_stream_info(struct query *query, enum query_stream stream, struct query_stream_info *out)
{
    int error = 0;
    struct query_stream_info info = {.added = -1};
    redisReply *reply = ask(query, &error, "XINFO", "STREAM", stream_key(query, stream), (char *)NULL);
    if (!reply && error == -EIO && strstr(query->problem, "no such key")) {
        *out = info;
        return 0;
    }
    if (!reply)
        return error;
    info.exists = true;
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        const char *name = reply->element[i]->str;
        const redisReply *value = reply->element[i + 1];
        if (strcmp(name, "length") == 0)
            info.length = (uint64_t)value->integer;
        else if (strcmp(name, "entries-added") == 0)
            info.added = value->integer;
        else if (strcmp(name, "last-generated-id") == 0)
            (void)stream_id_parse(value->str, &info.last);
        else if (strcmp(name, "first-entry") == 0)
            read_first(value, &info.first);
    }
    freeReplyObject(reply);
    *out = info;
    return 0;
}

/* -- lease and server -- */

int query_holder(struct query *query, char *out, size_t room, int64_t *left_ms)
{
    int error = 0;
    const char *key = query->keys.names[KEY_LEASE];
    redisReply *token = ask(query, &error, "GET", key, (char *)NULL);
    if (!token)
        return error;
    redisReply *left = ask(query, &error, "PTTL", key, (char *)NULL);
    if (left && (token->type != REDIS_REPLY_STRING || left->integer <= 0))
        error = -ENOENT;
    if (left && !error) {
        lease_describe(token->str, out, room);
        *left_ms = left->integer;
    }
    freeReplyObject(token);
    freeReplyObject(left);
    return error;
}

int query_health(struct query *query, struct buffer *out)
{
    int error = 0;
    redisReply *reply = ask(query, &error, "GET", query->keys.names[KEY_HEALTH], (char *)NULL);
    return reply ? take_text(query, reply, out) : error;
}

static uint64_t info_number(const char *info, const char *name)
{
    char text[32];
    info_text(info, name, text, sizeof(text));
    return strtoull(text, NULL, 10);
}

int query_server(struct query *query, struct query_server *out)
{
    int error = 0;
    struct query_server server = {0};
    redisReply *reply = ask(query, &error, "INFO", (char *)NULL);
    if (!reply)
        return error;
    const char *info = reply->str ? reply->str : "";
    info_text(info, "\nredis_version:", server.version, sizeof(server.version));
    info_text(info, "\nrole:", server.role, sizeof(server.role));
    info_text(info, "\nmaxmemory_policy:", server.maxmemory_policy, sizeof(server.maxmemory_policy));
    server.appendonly = info_number(info, "\naof_enabled:") == 1;
    server.used_bytes = info_number(info, "\nused_memory:");
    server.max_bytes = info_number(info, "\nmaxmemory:");
    server.connected_replicas = (int)info_number(info, "\nconnected_slaves:");
    freeReplyObject(reply);
    reply = ask(query, &error, "TIME", (char *)NULL);
    if (!reply)
        return error;
    if (reply->elements == 2)
        server.now = strtoll(reply->element[0]->str, NULL, 10) * SECOND_MS +
                     strtoll(reply->element[1]->str, NULL, 10) / 1000;
    freeReplyObject(reply);
    *out = server;
    return 0;
}
