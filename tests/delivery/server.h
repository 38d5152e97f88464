/* server.h: a small server on the test's own loop: speaks HTTP/1.1, or lines such as SMTP's, as the test
 * tells it. */
#ifndef CUIBAN_TESTS_DELIVERY_SERVER_H
#define CUIBAN_TESTS_DELIVERY_SERVER_H

#include <uv.h>

#include "core/buffer.h"

struct server;

struct peer {
    uv_tcp_t tcp; /* first */
    struct server *server;
    struct buffer in;
    int requests; /* on this connection */
    bool in_data; /* lines: behind DATA */
    bool is_closing;
    struct peer *next;
};

struct server {
    uv_tcp_t listener; /* first */
    uv_loop_t *loop;
    int port;
    int connections, requests;
    bool reads_nothing; /* accepts, and leaves the bytes in the socket */
    bool speaks_lines;
    const char *greeting; /* lines: sent first */
    /* HTTP: one whole request. Lines: one line, without its end; path is NULL. */
    void (*on_request)(struct peer *peer, const char *path, const char *body);
    void *data;
    struct buffer log; /* lines: everything that was received, with \n */
    struct peer *peers;
};

void server_open(struct server *server, uv_loop_t *loop); /* on a free port of the loopback; asserts */
void server_close(struct server *server);                 /* closes all; run the loop afterwards */
void server_finish(struct server *server);                /* memory */

void peer_reply(struct peer *peer, int status, const char *headers, const char *body, size_t n);
void peer_line(struct peer *peer, const char *line);
void peer_close(struct peer *peer);
void peer_reset(struct peer *peer);

#endif
