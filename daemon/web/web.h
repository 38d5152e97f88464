/* web.h: a small HTTP server on the daemon's loop: /livez (the loop turns), /healthz (it does its work; JSON
 * for who asks with `Accept: application/json` or ?format=json), /metrics (Prometheus), /status (JSON).
 * Read-only.
 *
 * libmicrohttpd with an external epoll descriptor: no thread; every call and every callback is on the loop of
 * the creator. What is told comes from callbacks that the composition root wires: nothing here knows the
 * store or the channels. It listens on the given address alone. Connections are limited in number, by showing
 * out the one that has waited longest, and in the time that they take to say what they want (guests.h); what
 * is no plain GET or HEAD gets a 4xx. */
#ifndef CUIBAN_WEB_WEB_H
#define CUIBAN_WEB_WEB_H

#include <uv.h>

#include "core/buffer.h"

enum {
    WEB_CONNECTIONS_MAX = 64, /* at once; a further one takes the place of the one that waits longest */
    WEB_HEAD_MS = 2500,       /* for a new connection to send its whole request */
    WEB_TIMEOUT_S = 10,       /* without progress of an answer, or without a further request */
    WEB_TARGET_MAX = 1024,    /* bytes of path and query: nothing here needs more */
    WEB_ARGUMENTS_MAX = 16,
    WEB_ADDRESS_MAX = 64, /* bytes of a formatted address */
    WEB_ANSWER_BYTES_MAX = 8 * 1024 * 1024,
};

struct web;

/* Each writes one answer into an empty buffer and returns soon: it runs on the loop. */
struct web_content {
    void *data;
    void (*metrics)(void *data, struct buffer *out); /* Prometheus text; see web/metrics.h */
    void (*status)(void *data, struct buffer *out);  /* one JSON value */
    /* True: 200. False: 503. Lines that say what is wrong (or "ok"), or one JSON value that does. */
    bool (*health)(void *data, bool as_json, struct buffer *out);
};

struct web_options {
    uv_loop_t *loop;
    const char *listen;      /* "127.0.0.1:9560", "[::1]:9560"; a numeric address; port 0: any free one */
    int32_t connections_max; /* 0: WEB_CONNECTIONS_MAX */
    int32_t timeout_s;       /* 0: WEB_TIMEOUT_S */
    int32_t head_ms;         /* 0: WEB_HEAD_MS */
};

/* 0; -EINVAL: not an address and a port; -EADDRINUSE, -EADDRNOTAVAIL, -EACCES: it cannot be bound; -ENOMEM.
 * On failure `error` holds a sentence that names the address and says what to do. */
int web_open(const struct web_options *options, const struct web_content *content, struct web **out,
             char *error, size_t error_room);
/* Drops all connections and calls `done` from the loop when the handles are closed; the web is gone then. */
void web_close(struct web *web, void (*done)(void *data), void *data);

/* Connections let in and answers given so far. */
uint64_t web_served(const struct web *web);

/* The address it really listens on ("127.0.0.1:43817"); lives as long as it. */
const char *web_address(const struct web *web);

#endif
