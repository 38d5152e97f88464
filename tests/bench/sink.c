/* sink.c: the fastest robot that is still honest: reads whole HTTP requests, answers {"errcode":0}, and keeps
 * how many came, when the first and the last did, and how late each was against the "due=<ms>" in its text.
 * GET /stats tells; GET /reset forgets. Prints its port. For the benchmarks only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <uv.h>

enum { CLIENT_BYTES_MAX = 64 * 1024, LATENESSES_MAX = 1 << 20 };

struct client {
    uv_tcp_t tcp;
    char bytes[CLIENT_BYTES_MAX];
    size_t n;
};

static struct {
    size_t count;
    int64_t first_us, last_us;
    int32_t lateness_us[LATENESSES_MAX];
    size_t n_lateness;
} stats;

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_written(uv_write_t *request, int status)
{
    (void)status;
    free(request);
}

static void answer(struct client *client, const char *body)
{
    int n = (int)strlen(body);
    uv_write_t *request = malloc(sizeof *request + 256 + (size_t)n);
    char *text = (char *)(request + 1);
    uv_buf_t buffer;

    if (!request) {
        abort();
    }
    n = snprintf(text, 256 + (size_t)n,
                 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", n,
                 body);
    buffer = uv_buf_init(text, (unsigned)n);
    uv_write(request, (uv_stream_t *)&client->tcp, &buffer, 1, on_written);
}

static int by_value(const void *a, const void *b)
{
    const int32_t *left = a;
    const int32_t *right = b;

    return (*left > *right) - (*left < *right);
}

static void answer_stats(struct client *client)
{
    char text[256];
    size_t n = stats.n_lateness;

    qsort(stats.lateness_us, n, sizeof *stats.lateness_us, by_value);
    (void)snprintf(text, sizeof text,
                   "{\"count\":%zu,\"seconds\":%.6f,\"p50_us\":%d,\"p99_us\":%d,\"max_us\":%d}", stats.count,
                   (double)(stats.last_us - stats.first_us) / 1e6, n ? stats.lateness_us[n / 2] : 0,
                   n ? stats.lateness_us[n * 99 / 100] : 0, n ? stats.lateness_us[n - 1] : 0);
    answer(client, text);
}

static void count(const char *body)
{
    int64_t now = now_us();
    const char *due = strstr(body, "due=");

    stats.first_us = stats.count++ == 0 ? now : stats.first_us;
    stats.last_us = now;
    if (due && stats.n_lateness < LATENESSES_MAX) {
        stats.lateness_us[stats.n_lateness++] = (int32_t)(now - strtoll(due + 4, NULL, 10) * 1000);
    }
}

/* Serves one request at the front of the bytes; how long it was, 0 if it is not whole yet. */
static size_t serve(struct client *client)
{
    char *end = strstr(client->bytes, "\r\n\r\n");
    const char *length = end ? strcasestr(client->bytes, "content-length:") : NULL;

    if (!end) {
        return 0;
    }
    size_t body = length && length < end ? strtoul(length + 15, NULL, 10) : 0;
    size_t whole = (size_t)(end + 4 - client->bytes) + body;
    if (client->n < whole) {
        return 0;
    }
    if (strncmp(client->bytes, "GET /stats", 10) == 0) {
        answer_stats(client);
    } else if (strncmp(client->bytes, "GET /reset", 10) == 0) {
        stats.count = stats.n_lateness = 0;
        answer(client, "{}");
    } else {
        count(end + 4);
        answer(client, "{\"errcode\":0,\"errmsg\":\"ok\"}");
    }
    return whole;
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *out)
{
    struct client *client = handle->data;

    (void)wanted;
    *out = uv_buf_init(client->bytes + client->n, (unsigned)(sizeof client->bytes - client->n - 1));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct client *client = stream->data;
    size_t served;

    (void)buffer;
    if (n < 0) {
        uv_close((uv_handle_t *)stream, on_closed);
        return;
    }
    client->n += (size_t)n;
    client->bytes[client->n] = '\0';
    while ((served = serve(client)) > 0) {
        client->n -= served;
        memmove(client->bytes, client->bytes + served, client->n + 1);
    }
}

static void on_connection(uv_stream_t *server, int status)
{
    struct client *client = status ? NULL : calloc(1, sizeof *client);

    if (!client) {
        return;
    }
    uv_tcp_init(server->loop, &client->tcp);
    client->tcp.data = client;
    uv_accept(server, (uv_stream_t *)&client->tcp);
    uv_tcp_nodelay(&client->tcp, 1);
    uv_read_start((uv_stream_t *)&client->tcp, on_alloc, on_read);
}

int main(void)
{
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t server;
    struct sockaddr_in address;
    int size = sizeof address;

    uv_tcp_init(loop, &server);
    uv_ip4_addr("127.0.0.1", 0, &address);
    uv_tcp_bind(&server, (const struct sockaddr *)&address, 0);
    uv_listen((uv_stream_t *)&server, 511, on_connection);
    uv_tcp_getsockname(&server, (struct sockaddr *)&address, &size);
    (void)printf("%d\n", ntohs(address.sin_port));
    (void)fflush(stdout);
    return uv_run(loop, UV_RUN_DEFAULT);
}
