/* session.h: one connection on a loop of its own, used step by step: send something, then wait for its
 * answer. */
#ifndef CUIBAN_TESTS_SESSION_H
#define CUIBAN_TESTS_SESSION_H

#include "store/connection.h"

struct session {
    uv_loop_t loop;
    struct connection *connection;
    redisReply *reply; /* the last one taken */
    bool ready, closed;
};

void session_open(struct session *session, const char *address);
void session_close(struct session *session);
void session_on_reply(void *data, redisReply **reply);   /* `data` is the session */
const redisReply *session_wait(struct session *session); /* for the next reply; valid until the one after */

#endif
