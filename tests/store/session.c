#include "session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { LIMIT_MS = 5000 };

static void on_ready(void *data)
{
    ((struct session *)data)->ready = true;
}

static void on_closed(void *data, const char *why)
{
    (void)why;
    ((struct session *)data)->closed = true;
}

void session_on_reply(void *data, redisReply **reply)
{
    struct session *session = data;
    session->reply = *reply;
    *reply = NULL;
}

static void run_until(struct session *session, const bool *ready)
{
    uint64_t until = uv_hrtime() + (uint64_t)LIMIT_MS * 1000000;
    while (!session->closed && uv_hrtime() < until && (ready ? !*ready : !session->reply))
        (void)uv_run(&session->loop, UV_RUN_ONCE);
}

void session_open(struct session *session, const char *text)
{
    struct address address = {0};
    const char *why = NULL;
    struct connection_hooks hooks = {session, on_ready, on_closed, NULL};
    *session = (struct session){0};
    assert_int_equal(uv_loop_init(&session->loop), 0);
    assert_int_equal(address_parse(text, &address, &why), 0);
    session->connection =
        connection_open(&session->loop, &address, (struct connection_limits){LIMIT_MS, LIMIT_MS}, &hooks);
    address_finish(&address);
    run_until(session, &session->ready);
    assert_true(session->ready);
}

void session_close(struct session *session)
{
    if (!session->closed)
        connection_close(session->connection);
    (void)uv_run(&session->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&session->loop), 0);
    freeReplyObject(session->reply);
}

const redisReply *session_wait(struct session *session)
{
    freeReplyObject(session->reply);
    session->reply = NULL;
    run_until(session, NULL);
    assert_non_null(session->reply);
    return session->reply;
}
