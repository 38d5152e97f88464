#include "server.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct sending {
    uv_write_t write; /* first */
    char bytes[];
};

static void on_sent(uv_write_t *write, int status)
{
    (void)status;
    free(write);
}

static void peer_send(struct peer *peer, const char *bytes, size_t n)
{
    struct sending *sending = malloc(sizeof(*sending) + n);
    uv_buf_t buffer;

    assert(sending != NULL);
    memcpy(sending->bytes, bytes, n);
    buffer = uv_buf_init(sending->bytes, (unsigned)n);
    if (peer->is_closing || uv_write(&sending->write, (uv_stream_t *)&peer->tcp, &buffer, 1, on_sent) != 0)
        free(sending);
}

void peer_reply(struct peer *peer, int status, const char *headers, const char *body, size_t n)
{
    struct buffer out;

    buffer_init(&out);
    buffer_printf(&out, "HTTP/1.1 %d Answer\r\nContent-Length: %zu\r\n%s\r\n", status, n, headers);
    buffer_add(&out, body, n);
    peer_send(peer, out.bytes, out.n);
    buffer_finish(&out);
}

void peer_line(struct peer *peer, const char *line)
{
    struct buffer out;

    buffer_init(&out);
    buffer_add_text(&out, line);
    buffer_add_text(&out, "\r\n");
    peer_send(peer, out.bytes, out.n);
    buffer_finish(&out);
}

static void on_closed(uv_handle_t *handle)
{
    struct peer *peer = (struct peer *)handle;
    struct peer **at = &peer->server->peers;

    while (*at != peer)
        at = &(*at)->next;
    *at = peer->next;
    buffer_finish(&peer->in);
    free(peer);
}

void peer_close(struct peer *peer)
{
    if (peer->is_closing)
        return;
    peer->is_closing = true;
    uv_close((uv_handle_t *)peer, on_closed);
}

void peer_reset(struct peer *peer)
{
    if (peer->is_closing)
        return;
    peer->is_closing = true;
    uv_tcp_close_reset(&peer->tcp, on_closed);
}

/* One whole HTTP request at the start of what came in: its length, or 0. */
static size_t http_length(const struct buffer *in, size_t *head)
{
    const char *end = in->n == 0 ? NULL : strstr(in->bytes, "\r\n\r\n");
    const char *length = end == NULL ? NULL : strcasestr(in->bytes, "\r\nContent-Length:");
    size_t body = length == NULL || length > end ? 0 : strtoul(length + 17, NULL, 10);

    if (end == NULL)
        return 0;
    *head = (size_t)(end - in->bytes) + 4;
    return in->n >= *head + body ? *head + body : 0;
}

static void drop_front(struct buffer *in, size_t n)
{
    memmove(in->bytes, in->bytes + n, in->n - n);
    buffer_truncate(in, in->n - n);
}

static bool take_http(struct peer *peer)
{
    size_t head = 0, whole = http_length(&peer->in, &head);
    char path[200] = "";
    char *body;

    if (whole == 0)
        return false;
    sscanf(peer->in.bytes, "%*s %199s", path);
    body = strndup(peer->in.bytes + head, whole - head);
    assert(body != NULL);
    drop_front(&peer->in, whole);
    peer->requests++;
    peer->server->requests++;
    peer->server->on_request(peer, path, body);
    free(body);
    return true;
}

static bool take_line(struct peer *peer)
{
    char *end = peer->in.n == 0 ? NULL : strstr(peer->in.bytes, "\r\n");
    char *line;

    if (end == NULL)
        return false;
    line = strndup(peer->in.bytes, (size_t)(end - peer->in.bytes));
    assert(line != NULL);
    drop_front(&peer->in, strlen(line) + 2);
    buffer_printf(&peer->server->log, "%s\n", line);
    peer->server->on_request(peer, NULL, line);
    free(line);
    return true;
}

static void on_memory(uv_handle_t *handle, size_t wanted, uv_buf_t *out)
{
    (void)handle;
    *out = uv_buf_init(malloc(wanted), (unsigned)wanted);
}

static void on_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    struct peer *peer = (struct peer *)stream;

    if (n > 0)
        buffer_add(&peer->in, bytes->base, (size_t)n);
    free(bytes->base);
    if (n < 0) {
        peer_close(peer);
        return;
    }
    while (!peer->is_closing && (peer->server->speaks_lines ? take_line(peer) : take_http(peer)))
        continue;
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct server *server = (struct server *)stream;
    struct peer *peer = calloc(1, sizeof(*peer));

    assert(status == 0 && peer != NULL);
    buffer_init(&peer->in);
    peer->server = server;
    peer->next = server->peers;
    server->peers = peer;
    uv_tcp_init(server->loop, &peer->tcp);
    if (uv_accept(stream, (uv_stream_t *)&peer->tcp) != 0) {
        peer_close(peer);
        return;
    }
    server->connections++;
    if (server->greeting != NULL)
        peer_line(peer, server->greeting);
    if (!server->reads_nothing)
        uv_read_start((uv_stream_t *)&peer->tcp, on_memory, on_bytes);
}

void server_open(struct server *server, uv_loop_t *loop)
{
    struct sockaddr_in address;
    int n = sizeof(address);

    server->loop = loop;
    buffer_init(&server->log);
    uv_ip4_addr("127.0.0.1", 0, &address);
    uv_tcp_init(loop, &server->listener);
    assert(uv_tcp_bind(&server->listener, (struct sockaddr *)&address, 0) == 0);
    assert(uv_listen((uv_stream_t *)&server->listener, 512, on_connection) == 0);
    assert(uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address, &n) == 0);
    server->port = ntohs(address.sin_port);
}

void server_close(struct server *server)
{
    uv_close((uv_handle_t *)&server->listener, NULL);
    for (struct peer *peer = server->peers; peer != NULL; peer = peer->next)
        peer_close(peer);
}

void server_finish(struct server *server)
{
    buffer_finish(&server->log);
}
