#include "store/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const enum change_table order[] = {
    TABLE_RULES, TABLE_DEADLINES, TABLE_CLOSED, TABLE_EARLY, TABLE_SEEN, TABLE_SCHEDULES, TABLE_OUTBOX,
};
enum { TABLES_LOADED = sizeof(order) / sizeof(order[0]) };

struct load {
    struct connection *connection;
    const struct keys *keys;
    struct engine *engine;
    load_done *done;
    void *data;
    size_t at; /* index into `order` of the scan that is on its way */
};

static void load_on_reply(void *data, redisReply **reply);

static bool ask(struct load *load, const char *cursor)
{
    enum change_table table = order[load->at];
    return connection_say(load->connection, load_on_reply, load, table == TABLE_SEEN ? "ZSCAN" : "HSCAN",
                          load->keys->names[key_of_table(table)], cursor, "COUNT", "1000", (char *)NULL);
}

/* Sends the next piece's question before this one's entries are read. False: memory is out. */
static bool ask_next(struct load *load, const char *cursor)
{
    if (strcmp(cursor, "0") != 0)
        return ask(load, cursor);
    load->at++;
    return load->at == TABLES_LOADED || ask(load, "0");
}

static int load_entries(struct load *load, enum change_table table, const redisReply *list, char *problem)
{
    for (size_t i = 0; i + 1 < list->elements; i += 2) {
        const redisReply *key = list->element[i], *value = list->element[i + 1];
        const char *why = NULL;
        int error = engine_load(load->engine, table, key->str, value->str, value->len, &why);
        if (error) {
            (void)snprintf(problem, LOAD_PROBLEM_MAX,
                           "%s: the entry '%.80s' cannot be read: %s. Nothing was changed; mend or remove "
                           "it, then start "
                           "the daemon again",
                           load->keys->names[key_of_table(table)], key->str, why ? why : strerror(-error));
            return error == -ENOMEM ? -ENOMEM : -EINVAL;
        }
    }
    return 0;
}

static bool is_scan_reply(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && reply_is_text(reply->element[0]) &&
           reply->element[1]->type == REDIS_REPLY_ARRAY;
}

static void load_on_reply(void *data, redisReply **reply)
{
    struct load *load = data;
    enum change_table table = order[load->at];
    char problem[LOAD_PROBLEM_MAX] = "out of memory";
    int error = 0;
    if (!is_scan_reply(*reply)) {
        (void)snprintf(problem, sizeof(problem), "%s cannot be read: %s",
                       load->keys->names[key_of_table(table)],
                       reply_is_error(*reply) ? (*reply)->str : "not an answer to a scan");
        error = -EAGAIN;
    } else if (!ask_next(load, (*reply)->element[0]->str)) {
        error = -ENOMEM;
    } else {
        error = load_entries(load, table, (*reply)->element[1], problem);
    }
    if (error || load->at == TABLES_LOADED)
        load->done(load->data, error, problem);
}

struct load *load_start(struct connection *connection, const struct keys *keys, struct engine *engine,
                        load_done *done, void *data)
{
    struct load *load = calloc(1, sizeof(*load));
    if (!load)
        return NULL;
    *load =
        (struct load){.connection = connection, .keys = keys, .engine = engine, .done = done, .data = data};
    if (!ask(load, "0")) {
        free(load);
        return NULL;
    }
    return load;
}

void load_destroy(struct load *load)
{
    free(load);
}
