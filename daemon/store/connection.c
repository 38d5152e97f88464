#include "store/connection.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READ_BYTES = 64 * 1024, WORDS_MAX = 16, WHY_MAX = 200, KEEPALIVE_S = 15 };

static const char starved[] = "out of memory for an answer";

struct pending {
    struct pending *next;
    connection_reply *reply;
    void *data;
    uint64_t sent_ms, limit_ms;
};

struct outgoing {
    uv_write_t request;
    char *bytes;
};

enum stage { STAGE_RESOLVING, STAGE_CONNECTING, STAGE_GREETING, STAGE_READY, STAGE_CLOSED };

struct connection {
    uv_loop_t *loop;
    struct address address;
    struct connection_limits limits;
    struct connection_hooks hooks;
    enum stage stage;
    union {
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } link;
    bool link_open;
    uv_timer_t timer;
    uv_getaddrinfo_t resolve;
    uv_connect_t connect;
    struct addrinfo *found, *trying;
    int holds; /* handles and requests that libuv still has */
    bool resolving, silent;
    int greetings; /* AUTH and SELECT on their way */
    redisReader *reader;
    struct pending *first, *last;
    size_t n_pending;
    char *input;
    char why[WHY_MAX];
};

static void connect_next(struct connection *connection);
static void arm_timer(struct connection *connection);

static void connection_release(struct connection *connection)
{
    if (--connection->holds > 0)
        return;
    while (connection->first) {
        struct pending *next = connection->first->next;
        free(connection->first);
        connection->first = next;
    }
    if (connection->found)
        uv_freeaddrinfo(connection->found);
    if (connection->reader)
        redisReaderFree(connection->reader);
    address_finish(&connection->address);
    free(connection->input);
    struct connection_hooks hooks = connection->hooks;
    free(connection);
    if (hooks.on_gone)
        hooks.on_gone(hooks.data);
}

bool connection_is_starved(const char *why)
{
    return strcmp(why, starved) == 0;
}

static void connection_on_handle_closed(uv_handle_t *handle)
{
    connection_release(handle->data);
}

static void connection_shut(struct connection *connection)
{
    connection->stage = STAGE_CLOSED;
    if (connection->resolving)
        (void)uv_cancel((uv_req_t *)&connection->resolve);
    if (connection->link_open) {
        connection->link_open = false;
        uv_close((uv_handle_t *)&connection->link, connection_on_handle_closed);
    }
    uv_close((uv_handle_t *)&connection->timer, connection_on_handle_closed);
}

/* The end of it; safe from any callback of ours, since memory stays until the handles are closed. */
static void connection_fail(struct connection *connection, const char *why)
{
    if (connection->stage == STAGE_CLOSED)
        return;
    char text[WHY_MAX];
    (void)snprintf(text, sizeof(text), "%s", why);
    connection_shut(connection);
    if (!connection->silent)
        connection->hooks.on_closed(connection->hooks.data, text);
}

void connection_close(struct connection *connection)
{
    if (!connection || connection->stage == STAGE_CLOSED)
        return;
    connection->silent = true;
    connection_shut(connection);
}

/* -- time limits -- */

static void connection_on_timer(uv_timer_t *timer)
{
    struct connection *connection = timer->data;
    char text[WHY_MAX];
    if (connection->why[0])
        (void)snprintf(text, sizeof(text), "%s", connection->why);
    else if (connection->stage != STAGE_READY)
        (void)snprintf(text, sizeof(text), "no connection within %lld ms",
                       (long long)connection->limits.connect_ms);
    else if (connection->first)
        (void)snprintf(text, sizeof(text), "no answer within %llu ms",
                       (unsigned long long)connection->first->limit_ms);
    else
        return;
    connection_fail(connection, text);
}

/* One timer for the oldest command without a reply: Redis answers in order. */
static void arm_timer(struct connection *connection)
{
    if (connection->stage != STAGE_READY)
        return; /* the connect limit runs */
    if (!connection->first) {
        uv_timer_stop(&connection->timer);
        return;
    }
    uint64_t ends = connection->first->sent_ms + connection->first->limit_ms;
    uint64_t now = uv_now(connection->loop);
    (void)uv_timer_start(&connection->timer, connection_on_timer, ends > now ? ends - now : 0, 0);
}

/* -- replies -- */

bool reply_is_error(const redisReply *reply)
{
    return reply && reply->type == REDIS_REPLY_ERROR;
}

bool reply_is_text(const redisReply *reply)
{
    return reply && (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS);
}

static void take_reply(struct connection *connection, redisReply *reply)
{
    struct pending *pending = connection->first;
    if (!pending) { /* "-ERR max number of clients reached" comes unasked */
        connection_fail(connection, reply_is_error(reply) ? reply->str : "an answer that nobody asked for");
        freeReplyObject(reply);
        return;
    }
    connection->first = pending->next;
    if (!connection->first)
        connection->last = NULL;
    connection->n_pending--;
    if (connection->first) /* Redis could not look at it sooner */
        connection->first->sent_ms = uv_now(connection->loop);
    struct pending taken = *pending;
    free(pending);
    if (taken.reply)
        taken.reply(taken.data, &reply);
    freeReplyObject(reply);
    if (connection->stage != STAGE_CLOSED)
        arm_timer(connection);
}

static void take_input(struct connection *connection, size_t n)
{
    if (redisReaderFeed(connection->reader, connection->input, n) != REDIS_OK) {
        connection_fail(connection, starved);
        return;
    }
    while (connection->stage != STAGE_CLOSED) {
        void *reply = NULL;
        if (redisReaderGetReply(connection->reader, &reply) != REDIS_OK) {
            connection_fail(connection,
                            connection->reader->err == REDIS_ERR_OOM ? starved : connection->reader->errstr);
            return;
        }
        if (!reply)
            return;
        take_reply(connection, reply);
    }
}

static void connection_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    struct connection *connection = handle->data;
    *buffer = uv_buf_init(connection->input, READ_BYTES);
}

static void connection_on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    (void)buffer;
    struct connection *connection = stream->data;
    if (n == UV_EOF)
        connection_fail(connection, connection->why[0] ? connection->why : "closed by Redis");
    else if (n < 0)
        connection_fail(connection, uv_strerror((int)n));
    else if (n > 0)
        take_input(connection, (size_t)n);
}

/* -- commands -- */

static void connection_on_written(uv_write_t *request, int status)
{
    struct outgoing *outgoing = (struct outgoing *)request;
    struct connection *connection = request->handle->data;
    free(outgoing->bytes);
    free(outgoing);
    if (status < 0 && status != UV_ECANCELED)
        connection_fail(connection, uv_strerror(status));
}

static bool add_pending(struct connection *connection, int64_t limit_ms, connection_reply *reply, void *data)
{
    struct pending *pending = calloc(1, sizeof(*pending));
    if (!pending)
        return false;
    *pending = (struct pending){
        .reply = reply,
        .data = data,
        .sent_ms = uv_now(connection->loop),
        .limit_ms = (uint64_t)(limit_ms > 0 ? limit_ms : connection->limits.command_ms),
    };
    if (connection->last)
        connection->last->next = pending;
    else
        connection->first = pending;
    connection->last = pending;
    connection->n_pending++;
    arm_timer(connection);
    return true;
}

bool connection_send(struct connection *connection, size_t n, const char *const *arguments,
                     const size_t *lengths, int64_t limit_ms, connection_reply *reply, void *data)
{
    if (connection->stage < STAGE_GREETING || connection->stage == STAGE_CLOSED ||
        connection->n_pending >= CONNECTION_PENDING_MAX || n > INT32_MAX)
        return false;
    struct outgoing *outgoing = calloc(1, sizeof(*outgoing));
    if (!outgoing)
        return false;
    const char **words =
        (const char **)(uintptr_t)arguments; /* NOLINT(performance-no-int-to-ptr): only const goes */
    int bytes = redisFormatCommandArgv(&outgoing->bytes, (int)n, words, lengths);
    if (bytes < 0 || !add_pending(connection, limit_ms, reply, data)) {
        if (bytes >= 0)
            free(outgoing->bytes);
        free(outgoing);
        return false;
    }
    uv_buf_t buffer = uv_buf_init(outgoing->bytes, (unsigned)bytes);
    int error = uv_write(&outgoing->request, &connection->link.stream, &buffer, 1, connection_on_written);
    if (error) {
        /* The command counts as sent: the caller hears of the broken connection from the loop, never from in
         * here. */
        (void)snprintf(connection->why, sizeof(connection->why), "%s", uv_strerror(error));
        free(outgoing->bytes);
        free(outgoing);
        (void)uv_timer_start(&connection->timer, connection_on_timer, 0, 0);
    }
    return true;
}

bool connection_say(struct connection *connection, connection_reply *reply, void *data, ...)
{
    const char *words[WORDS_MAX];
    size_t n = 0;
    va_list list;
    va_start(list, data);
    for (const char *word = va_arg(list, const char *); word; word = va_arg(list, const char *)) {
        assert(n < WORDS_MAX);
        words[n++] = word;
    }
    va_end(list);
    return connection_send(connection, n, words, NULL, 0, reply, data);
}

/* -- the way up -- */

static void connection_is_ready(struct connection *connection)
{
    connection->stage = STAGE_READY;
    uv_timer_stop(&connection->timer);
    connection->hooks.on_ready(connection->hooks.data);
}

/* A server that does not know AUTH repeats what it was told, and with it the password: "unknown command
 * 'AUTH', with args beginning with: ...". */
void reply_hide_arguments(redisReply *reply)
{
    char *arguments = reply->str ? strstr(reply->str, ", with args") : NULL;
    if (arguments)
        *arguments = '\0';
}

static void connection_on_greeting(void *data, redisReply **reply)
{
    struct connection *connection = data;
    if (reply_is_error(*reply)) {
        char text[WHY_MAX];
        reply_hide_arguments(*reply);
        (void)snprintf(text, sizeof(text), "login or database refused: %s", (*reply)->str);
        connection_fail(connection, text);
        return;
    }
    if (--connection->greetings == 0)
        connection_is_ready(connection);
}

static void greet(struct connection *connection)
{
    const struct address *address = &connection->address;
    char db[16];
    (void)snprintf(db, sizeof(db), "%d", address->db);
    connection->stage = STAGE_GREETING;
    connection->greetings = (address->password ? 1 : 0) + (address->db ? 1 : 0);
    if (connection->greetings == 0) {
        connection_is_ready(connection);
        return;
    }
    bool sent = true;
    if (address->password && address->user)
        sent = connection_say(connection, connection_on_greeting, connection, "AUTH", address->user,
                              address->password, (char *)NULL);
    else if (address->password)
        sent = connection_say(connection, connection_on_greeting, connection, "AUTH", address->password,
                              (char *)NULL);
    if (sent && address->db)
        sent = connection_say(connection, connection_on_greeting, connection, "SELECT", db, (char *)NULL);
    if (!sent)
        connection_fail(connection, "out of memory");
}

/* A refused try closes its socket; only then does the next address get its turn. */
static void connection_on_try_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    if (connection->stage == STAGE_CONNECTING)
        connect_next(connection);
    connection_release(connection);
}

static void connection_on_connect(uv_connect_t *request, int status)
{
    struct connection *connection = request->data;
    if (connection->stage == STAGE_CLOSED || status == UV_ECANCELED)
        return;
    if (status == 0) {
        if (connection->address.kind == ADDRESS_TCP) {
            (void)uv_tcp_nodelay(&connection->link.tcp, 1);
            (void)uv_tcp_keepalive(&connection->link.tcp, 1, KEEPALIVE_S);
        }
        status = uv_read_start(&connection->link.stream, connection_on_alloc, connection_on_read);
        if (status == 0) {
            greet(connection);
            return;
        }
    }
    (void)snprintf(connection->why, sizeof(connection->why), "%s", uv_strerror(status));
    connection->link_open = false;
    uv_close((uv_handle_t *)&connection->link, connection_on_try_closed);
}

static void connect_next(struct connection *connection)
{
    struct addrinfo *trying = connection->trying;
    if (!trying) {
        connection_fail(connection, connection->why[0] ? connection->why : "the host has no address");
        return;
    }
    connection->trying = trying->ai_next;
    int error = uv_tcp_init(connection->loop, &connection->link.tcp);
    if (!error) {
        connection->link_open = true;
        connection->holds++;
        connection->link.stream.data = connection;
        connection->connect.data = connection;
        error = uv_tcp_connect(&connection->connect, &connection->link.tcp, trying->ai_addr,
                               connection_on_connect);
    }
    if (error)
        connection_fail(connection, uv_strerror(error));
}

static void connection_on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct connection *connection = request->data;
    connection->resolving = false;
    connection->found = found;
    connection->trying = found;
    if (connection->stage == STAGE_RESOLVING) {
        connection->stage = STAGE_CONNECTING;
        if (status < 0)
            connection_fail(connection, uv_strerror(status));
        else
            connect_next(connection);
    }
    connection_release(connection);
}

static int connect_pipe(struct connection *connection)
{
    int error = uv_pipe_init(connection->loop, &connection->link.pipe, 0);
    if (error)
        return error;
    connection->link_open = true;
    connection->holds++;
    connection->link.stream.data = connection;
    connection->connect.data = connection;
    connection->stage = STAGE_CONNECTING;
    uv_pipe_connect(&connection->connect, &connection->link.pipe, connection->address.place,
                    connection_on_connect);
    return 0;
}

static int resolve(struct connection *connection)
{
    char port[8];
    (void)snprintf(port, sizeof(port), "%d", connection->address.port);
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    connection->resolve.data = connection;
    int error = uv_getaddrinfo(connection->loop, &connection->resolve, connection_on_resolved,
                               connection->address.place, port, &hints);
    if (!error) {
        connection->resolving = true;
        connection->holds++;
    }
    return error;
}

static struct connection *connection_create(uv_loop_t *loop, const struct address *address)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    if (!connection)
        return NULL;
    connection->input = malloc(READ_BYTES);
    connection->reader = redisReaderCreate();
    if (!connection->input || !connection->reader || address_copy(address, &connection->address) ||
        uv_timer_init(loop, &connection->timer)) {
        if (connection->reader)
            redisReaderFree(connection->reader);
        address_finish(&connection->address);
        free(connection->input);
        free(connection);
        return NULL;
    }
    connection->loop = loop;
    connection->holds = 1; /* the timer */
    connection->timer.data = connection;
    return connection;
}

struct connection *connection_open(uv_loop_t *loop, const struct address *address,
                                   struct connection_limits limits, const struct connection_hooks *hooks)
{
    struct connection *connection = connection_create(loop, address);
    if (!connection)
        return NULL;
    connection->limits = limits;
    connection->hooks = *hooks;
    uv_update_time(loop);
    (void)uv_timer_start(&connection->timer, connection_on_timer, (uint64_t)limits.connect_ms, 0);
    int error = address->kind == ADDRESS_UNIX ? connect_pipe(connection) : resolve(connection);
    if (error) { /* reported by the timer, so that nothing is called back from in here */
        (void)snprintf(connection->why, sizeof(connection->why), "%s", uv_strerror(error));
        (void)uv_timer_start(&connection->timer, connection_on_timer, 0, 0);
    }
    return connection;
}
