#include "proxy.h"

#include <stdlib.h>
#include <string.h>

enum { LINKS_MAX = 64, BYTES = 65536 };

struct link {
    struct proxy *proxy;
    uv_pipe_t client, server;
    uv_connect_t connect;
    bool client_open, server_open, cut;
    char *held;
    size_t n_held;
    char input[BYTES];
};

struct proxy {
    uv_loop_t *loop;
    uv_pipe_t listener;
    char upstream[128];
    struct link *links[LINKS_MAX];
    size_t n, muted;
    bool hold, mute;
};

struct sending {
    uv_write_t request;
    char bytes[];
};

static void on_sent(uv_write_t *request, int status)
{
    (void)status;
    free(request);
}

static void send_bytes(uv_pipe_t *to, const char *bytes, size_t n)
{
    struct sending *sending = malloc(sizeof(*sending) + n);
    memcpy(sending->bytes, bytes, n);
    uv_buf_t buffer = uv_buf_init(sending->bytes, (unsigned)n);
    if (uv_write(&sending->request, (uv_stream_t *)to, &buffer, 1, on_sent))
        free(sending);
}

static void close_client(struct link *link)
{
    if (link->client_open)
        uv_close((uv_handle_t *)&link->client, NULL);
    link->client_open = false;
}

static void close_server(struct link *link)
{
    if (link->server_open)
        uv_close((uv_handle_t *)&link->server, NULL);
    link->server_open = false;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    struct link *link = handle->data;
    *buffer = uv_buf_init(link->input, BYTES);
}

static void on_client_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct link *link = stream->data;
    if (n < 0) {
        close_client(link);
        if (!link->n_held)
            close_server(link);
    } else if (link->proxy->hold) {
        link->held = realloc(link->held, link->n_held + (size_t)n);
        memcpy(link->held + link->n_held, buffer->base, (size_t)n);
        link->n_held += (size_t)n;
    } else if (link->server_open) {
        send_bytes(&link->server, buffer->base, (size_t)n);
    }
}

static void on_server_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct link *link = stream->data;
    if (n < 0) {
        close_server(link);
        close_client(link);
    } else if (link->proxy->mute) {
        link->proxy->muted += (size_t)n;
    } else if (link->client_open) {
        send_bytes(&link->client, buffer->base, (size_t)n);
    }
}

static void on_connected(uv_connect_t *request, int status)
{
    struct link *link = request->data;
    if (status) {
        close_client(link);
        close_server(link);
        return;
    }
    (void)uv_read_start((uv_stream_t *)&link->server, on_alloc, on_server_read);
    if (link->client_open)
        (void)uv_read_start((uv_stream_t *)&link->client, on_alloc, on_client_read);
}

static void on_accept(uv_stream_t *listener, int status)
{
    struct proxy *proxy = listener->data;
    if (status || proxy->n == LINKS_MAX)
        return;
    struct link *link = calloc(1, sizeof(*link));
    proxy->links[proxy->n++] = link;
    link->proxy = proxy;
    (void)uv_pipe_init(proxy->loop, &link->client, 0);
    (void)uv_pipe_init(proxy->loop, &link->server, 0);
    link->client.data = link->server.data = link->connect.data = link;
    link->client_open = link->server_open = true;
    (void)uv_accept(listener, (uv_stream_t *)&link->client);
    uv_pipe_connect(&link->connect, &link->server, proxy->upstream, on_connected);
}

struct proxy *proxy_start(uv_loop_t *loop, const char *upstream_socket, const char *listen_socket)
{
    struct proxy *proxy = calloc(1, sizeof(*proxy));
    proxy->loop = loop;
    (void)strncpy(proxy->upstream, upstream_socket, sizeof(proxy->upstream) - 1);
    (void)uv_pipe_init(loop, &proxy->listener, 0);
    proxy->listener.data = proxy;
    if (uv_pipe_bind(&proxy->listener, listen_socket) ||
        uv_listen((uv_stream_t *)&proxy->listener, 16, on_accept))
        abort();
    return proxy;
}

static void on_stopped(uv_handle_t *handle)
{
    struct proxy *proxy = handle->data;
    for (size_t i = 0; i < proxy->n; i++) {
        free(proxy->links[i]->held);
        free(proxy->links[i]);
    }
    free(proxy);
}

static void on_settled(uv_handle_t *handle)
{
    struct proxy *proxy = handle->data;
    free(handle);
    uv_close((uv_handle_t *)&proxy->listener, on_stopped);
}

/* The links' handles close in one turn of the loop, the listener in the next: only then may their memory go.
 */
void proxy_stop(struct proxy *proxy)
{
    for (size_t i = 0; i < proxy->n; i++) {
        close_client(proxy->links[i]);
        close_server(proxy->links[i]);
    }
    uv_idle_t *settle = calloc(1, sizeof(*settle));
    (void)uv_idle_init(proxy->loop, settle);
    settle->data = proxy;
    uv_close((uv_handle_t *)settle, on_settled);
}

void proxy_hold(struct proxy *proxy, bool hold)
{
    proxy->hold = hold;
}

bool proxy_holds_bytes(const struct proxy *proxy)
{
    for (size_t i = 0; i < proxy->n; i++)
        if (proxy->links[i]->n_held > 0)
            return true;
    return false;
}

void proxy_mute(struct proxy *proxy, bool mute)
{
    proxy->mute = mute;
}

size_t proxy_muted_bytes(const struct proxy *proxy)
{
    return proxy->muted;
}

void proxy_cut(struct proxy *proxy)
{
    for (size_t i = 0; i < proxy->n; i++) {
        proxy->links[i]->cut = true;
        close_client(proxy->links[i]);
        if (!proxy->links[i]->n_held)
            close_server(proxy->links[i]);
    }
}

void proxy_deliver(struct proxy *proxy)
{
    for (size_t i = 0; i < proxy->n; i++) {
        struct link *link = proxy->links[i];
        if (!link->cut || !link->n_held || !link->server_open)
            continue;
        send_bytes(&link->server, link->held, link->n_held);
        link->n_held = 0;
    }
}
