#include "web/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "web/guests.h"

#include "config/listen.h"

/* More sockets than guests: those that are shown out are there until their end is noticed. */
enum { BACKLOG = 64, HANDLES = 2, SOCKETS_FACTOR = 4 };

struct web {
    struct web_content content;
    struct MHD_Daemon *mhd;
    struct guests guests;
    uv_poll_t poll;
    uv_timer_t timer;
    char address[WEB_ADDRESS_MAX];
    uint64_t served;
    void (*done)(void *data);
    void *done_data;
    int open_handles;
};

/* -- addresses -- */

static void address_format(int fd, char into[static WEB_ADDRESS_MAX])
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } bound = {0};
    socklen_t n = sizeof(bound);
    char host[INET6_ADDRSTRLEN] = "";

    getsockname(fd, &bound.any, &n);
    if (bound.any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &bound.six.sin6_addr, host, sizeof(host));
        snprintf(into, WEB_ADDRESS_MAX, "[%s]:%u", host, ntohs(bound.six.sin6_port));
    } else {
        inet_ntop(AF_INET, &bound.four.sin_addr, host, sizeof(host));
        snprintf(into, WEB_ADDRESS_MAX, "%s:%u", host, ntohs(bound.four.sin_port));
    }
}

/* A listening socket of our own, so that what went wrong keeps its errno; MHD says only that it did. */
static int address_listen(const char *text, int *out)
{
    struct sockaddr_storage address = {0};
    socklen_t n = 0;
    int one = 1, status, fd;

    if (!listen_parse(text, &address, &n))
        return -EINVAL;
    fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    /* A restart must not wait for old connections in TIME_WAIT. */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (address.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&address, n) != 0 || listen(fd, BACKLOG) != 0) {
        status = -errno;
        close(fd);
        return status;
    }
    *out = fd;
    return 0;
}

static void address_explain(const char *listen, int status, char *error, size_t room)
{
    const char *hint = strerror(-status);

    if (status == -EINVAL)
        hint = "write a numeric address and a port, as in \"127.0.0.1:9560\" or \"[::1]:9560\"";
    else if (status == -EADDRINUSE)
        hint = "another program listens there; choose another port or stop that program";
    else if (status == -EADDRNOTAVAIL)
        hint = "this machine has no such address";
    else if (status == -EACCES)
        hint = "no right to use this port; choose one above 1023";
    snprintf(error, room, "web.listen = \"%s\": %s", listen, hint);
}

/* -- answers -- */

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
                              struct buffer *text)
{
    struct MHD_Response *response;
    enum MHD_Result result;

    if (!buffer_ok(text) || text->n > WEB_ANSWER_BYTES_MAX)
        return MHD_NO; /* drops the connection: half an answer would be read as a whole one */
    response = MHD_create_response_from_buffer(text->n, (void *)buffer_text(text), MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static bool wants_json(struct MHD_Connection *connection)
{
    const char *format = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "format");
    const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);

    return format ? strcmp(format, "json") == 0 : accept && strstr(accept, "application/json");
}

static unsigned health_content(struct web *web, struct MHD_Connection *connection, const char **type,
                               struct buffer *text)
{
    bool as_json = wants_json(connection);
    bool is_healthy = web->content.health(web->content.data, as_json, text);

    if (as_json)
        *type = "application/json";
    return is_healthy ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}

static unsigned web_content_for(struct web *web, struct MHD_Connection *connection, const char *path,
                                const char **type, struct buffer *text)
{
    *type = "text/plain; charset=utf-8";
    if (strcmp(path, "/metrics") == 0) {
        *type = "text/plain; version=0.0.4; charset=utf-8";
        web->content.metrics(web->content.data, text);
        return MHD_HTTP_OK;
    }
    if (strcmp(path, "/status") == 0) {
        *type = "application/json";
        web->content.status(web->content.data, text);
        return MHD_HTTP_OK;
    }
    if (strcmp(path, "/livez") == 0) {
        buffer_add_text(text, "alive\n"); /* that the loop turned to say so is all that it says */
        return MHD_HTTP_OK;
    }
    if (strcmp(path, "/healthz") == 0)
        return health_content(web, connection, type, text);
    buffer_add_text(text, "There is /livez, /healthz, /metrics and /status.\n");
    return MHD_HTTP_NOT_FOUND;
}

static const char target_too_long[] = "a mark: the request's target is too long";

/* MHD calls this with the target before it takes it to pieces, and hands the answer on to web_on_request. A
 * query of many small arguments would fill the connection's memory, and MHD 0.9 then neither answers nor
 * closes: what will be refused is made one argument. */
static void *web_on_target(void *data, const char *target, struct MHD_Connection *connection)
{
    size_t n = 0, arguments = 0;

    (void)data;
    (void)connection;
    for (; target[n] != '\0'; n++)
        arguments += target[n] == '&';
    if (n <= WEB_TARGET_MAX && arguments < WEB_ARGUMENTS_MAX)
        return NULL;
    for (char *at = (char *)target; *at != '\0'; at++)
        if (*at == '&')
            *at = '.';
    return (void *)target_too_long;
}

static bool has_body(struct MHD_Connection *connection)
{
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

    return (length != NULL && strcmp(length, "0") != 0) ||
           MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING) !=
               NULL;
}

static bool is_reading(const char *method)
{
    return strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

/* 0, or the status of a refusal and its text. */
static unsigned web_refusal(struct MHD_Connection *connection, const char *method, bool is_too_long,
                            struct buffer *text)
{
    if (is_too_long) {
        buffer_printf(text, "Path and query may have at most %d bytes and %d arguments.\n", WEB_TARGET_MAX,
                      WEB_ARGUMENTS_MAX);
        return MHD_HTTP_URI_TOO_LONG;
    }
    if (!is_reading(method)) {
        buffer_add_text(text, "Nothing can be changed here.\n");
        return MHD_HTTP_METHOD_NOT_ALLOWED;
    }
    if (has_body(connection)) {
        buffer_add_text(text, "A request to read has no body.\n");
        return MHD_HTTP_BAD_REQUEST;
    }
    return 0;
}

static struct guest *guest_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
}

/* NOLINTNEXTLINE(readability-function-size): libmicrohttpd wants these parameters */
static enum MHD_Result web_on_request(void *data, struct MHD_Connection *connection, const char *path,
                                      const char *method, const char *version, const char *upload,
                                      size_t *upload_n, void **request)
{
    struct web *web = data;
    const char *type = "text/plain; charset=utf-8";
    struct buffer text;
    enum MHD_Result result = MHD_YES;
    struct guest *guest = guest_of(connection);

    (void)version;
    (void)upload;
    *upload_n = 0;
    if (guest != NULL)
        guests_asks(guest);
    web->served++;
    buffer_init(&text);
    /* A refusal goes out at once, and MHD closes behind it: the body is not waited for. MHD asks first with
     * the head alone; answering a good request then would break pipelining. */
    unsigned status = web_refusal(connection, method, *request == target_too_long, &text);
    if (status != 0 || *request == web) {
        if (status == 0)
            status = web_content_for(web, connection, path, &type, &text);
        result = answer(connection, status, type, &text);
    }
    *request = web;
    buffer_finish(&text);
    return result;
}

/* -- guests -- */

static uint64_t web_now_ms(void)
{
    return uv_hrtime() / (1000 * 1000);
}

static void web_on_connection(void *data, struct MHD_Connection *connection, void **context,
                              enum MHD_ConnectionNotificationCode what)
{
    struct web *web = data;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        web->served++;
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = info == NULL ? NULL : guests_enter(&web->guests, info->connect_fd, web_now_ms());
    } else {
        guests_leave(&web->guests, *context);
        *context = NULL;
    }
}

static void web_on_completed(void *data, struct MHD_Connection *connection, void **request,
                             enum MHD_RequestTerminationCode how)
{
    struct web *web = data;
    struct guest *guest = guest_of(connection);

    (void)request;
    (void)how;
    if (guest != NULL)
        guests_answered(&web->guests, guest, web_now_ms());
}

/* -- the loop -- */

static void web_on_timer(uv_timer_t *timer);

static unsigned web_connections(const struct web *web)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(web->mhd, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    return info == NULL ? 0 : info->num_connections;
}

/* At its connection limit MHD takes the listening socket out of its epoll set, and puts it back at the begin
 * of a run only: without a further run after connections ended, nobody would be let in again. */
static void web_run(struct web *web)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;
    unsigned before = web_connections(web);

    guests_show_out(&web->guests, web_now_ms());
    MHD_run(web->mhd);
    if (web_connections(web) < before)
        MHD_run(web->mhd);
    int64_t guests_ms = guests_wait_ms(&web->guests, web_now_ms());
    if (MHD_get_timeout(web->mhd, &wait_ms) != MHD_YES)
        wait_ms = UINT64_MAX;
    if (guests_ms >= 0 && (uint64_t)guests_ms < wait_ms)
        wait_ms = (uint64_t)guests_ms;
    if (wait_ms == UINT64_MAX)
        uv_timer_stop(&web->timer);
    else
        uv_timer_start(&web->timer, web_on_timer, wait_ms > 0 ? wait_ms : 1, 0);
}

static void web_on_ready(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    web_run(poll->data);
}

static void web_on_timer(uv_timer_t *timer)
{
    web_run(timer->data);
}

static void web_on_closed(uv_handle_t *handle)
{
    struct web *web = handle->data;
    void (*done)(void *data) = web->done;
    void *data = web->done_data;

    if (--web->open_handles > 0)
        return;
    MHD_stop_daemon(web->mhd);
    free(web);
    if (done != NULL)
        done(data);
}

/* -- life -- */

static struct MHD_Daemon *web_start_mhd(struct web *web, const struct web_options *options, int fd)
{
    unsigned connections =
        options->connections_max > 0 ? (unsigned)options->connections_max : WEB_CONNECTIONS_MAX;
    unsigned timeout_s = options->timeout_s > 0 ? (unsigned)options->timeout_s : WEB_TIMEOUT_S;

    web->guests = (struct guests){
        .max = connections,
        .first_ms = options->head_ms > 0 ? (uint64_t)options->head_ms : WEB_HEAD_MS,
        .idle_ms = (uint64_t)timeout_s * 1000,
    };
    return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, web_on_request, web, MHD_OPTION_LISTEN_SOCKET, fd,
                            MHD_OPTION_CONNECTION_LIMIT, connections * SOCKETS_FACTOR,
                            MHD_OPTION_CONNECTION_TIMEOUT, timeout_s, MHD_OPTION_NOTIFY_CONNECTION,
                            web_on_connection, web, MHD_OPTION_NOTIFY_COMPLETED, web_on_completed, web,
                            MHD_OPTION_URI_LOG_CALLBACK, web_on_target, web, MHD_OPTION_END);
}

static int web_attach(struct web *web, uv_loop_t *loop)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(web->mhd, MHD_DAEMON_INFO_EPOLL_FD);
    int status;

    if (info == NULL || info->epoll_fd < 0)
        return -EIO;
    status = uv_poll_init(loop, &web->poll, info->epoll_fd);
    if (status != 0)
        return status;
    uv_timer_init(loop, &web->timer);
    web->poll.data = web;
    web->timer.data = web;
    web->open_handles = HANDLES;
    uv_poll_start(&web->poll, UV_READABLE, web_on_ready);
    return 0;
}

int web_open(const struct web_options *options, const struct web_content *content, struct web **out,
             char *error, size_t error_room)
{
    struct web *web = calloc(1, sizeof(*web));
    int fd = -1, status = web == NULL ? -ENOMEM : address_listen(options->listen, &fd);

    if (status != 0)
        goto fail;
    web->content = *content;
    address_format(fd, web->address);
    web->mhd = web_start_mhd(web, options, fd);
    if (web->mhd == NULL) {
        close(fd);
        status = -ENOMEM;
        goto fail;
    }
    status = web_attach(web, options->loop);
    if (status != 0)
        goto fail;
    *out = web;
    return 0;
fail:
    address_explain(options->listen, status, error, error_room);
    if (web != NULL && web->mhd != NULL)
        MHD_stop_daemon(web->mhd); /* closes the socket, too */
    free(web);
    return status;
}

void web_close(struct web *web, void (*done)(void *data), void *data)
{
    web->done = done;
    web->done_data = data;
    uv_poll_stop(&web->poll);
    uv_close((uv_handle_t *)&web->poll, web_on_closed);
    uv_close((uv_handle_t *)&web->timer, web_on_closed);
}

uint64_t web_served(const struct web *web)
{
    return web->served;
}

const char *web_address(const struct web *web)
{
    return web->address;
}
