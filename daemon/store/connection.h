/* connection.h: one asynchronous connection to Redis: hiredis' protocol reader and command formatter on
 * libuv's own streams.
 *
 * hiredis' async context is not used: 0.14's libuv adapter never reports a refused connection, it resolves
 * names by blocking, may not be freed in its own callbacks, and knows no time limits and no TLS. A place for
 * TLS is between the stream and the reader.
 *
 * Life: open -> on_ready (connected, authenticated, database selected) -> commands and replies in order ->
 * on_closed, once, with the reason. Commands that have no reply by then never get one: their outcome is
 * unknown. connection_close ends it from our side and calls nothing but on_gone. After on_closed or
 * connection_close the pointer is dead to its user; the connection frees itself when libuv lets go of it, and
 * says on_gone as its last act. Reconnecting is the user's business. */
#ifndef CUIBAN_STORE_CONNECTION_H
#define CUIBAN_STORE_CONNECTION_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "core/address.h"

struct connection;

struct connection_hooks {
    void *data;
    void (*on_ready)(void *data);
    void (*on_closed)(void *data, const char *why); /* `why` is valid during the call */
    void (*on_gone)(void *data);                    /* may be NULL */
};

struct connection_limits {
    int64_t connect_ms; /* until on_ready */
    int64_t command_ms; /* for a reply, unless the command says otherwise */
};

enum { CONNECTION_PENDING_MAX = 10000 };

/* The reason of on_closed if it is neither Redis nor the net: no memory for an answer. */
bool connection_is_starved(const char *why);

/* The address is copied. NULL: out of memory. Nothing is called back before the loop runs. */
struct connection *connection_open(uv_loop_t *loop, const struct address *address,
                                   struct connection_limits limits, const struct connection_hooks *hooks);
void connection_close(struct connection *connection); /* NULL is fine */

/* `*reply` is freed after the call unless the callee takes it and sets NULL. Error replies are replies. */
typedef void connection_reply(void *data, redisReply **reply);
/* Sends a command of `n` arguments; lengths NULL: all are NUL-terminated. limit_ms 0: the connection's own
 * limit. False if memory is out or too many commands wait: nothing was sent. */
bool connection_send(struct connection *connection, size_t n, const char *const *arguments,
                     const size_t *lengths, int64_t limit_ms, connection_reply *reply, void *data);
/* The same for a few words; the list ends with NULL. */
bool connection_say(struct connection *connection, connection_reply *reply, void *data, ...)
    __attribute__((sentinel));

bool reply_is_error(const redisReply *reply);
bool reply_is_text(const redisReply *reply); /* a bulk or status string */
/* Cuts off an error's words what they repeat of the command, which may be a password. */
void reply_hide_arguments(redisReply *reply);

#endif
