#include "transport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "delivery/append.h"
#include "delivery/call.h"
#include "delivery/mail.h"

enum { CONNECTIONS_SPARE = 16 };

/* One socket that libcurl wants watched. Freed when libuv has closed the handle, never earlier. */
struct watch {
    uv_poll_t poll;
    struct transport *transport;
    curl_socket_t socket;
};

struct transport {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;   /* libcurl's next time limit */
    bool in_timer;      /* its callback runs */
    uv_timer_t refusal; /* answers requests that were refused before they began */
    struct call *running;
    struct call *refused; /* a part of those that run, linked by `next` */
    struct call *idle, *idle_mails;
    struct mail *mail;
    size_t n_running;
    size_t open;      /* libuv handles, and files that are being written for nobody */
    uv_mutex_t mutex; /* of the sockets: mails open theirs on other threads */
    int *sockets;     /* of libcurl: to be shut down at the end */
    size_t n_sockets, sockets_room;
    void (*closed)(void *data);
    void *closed_data;
};

static void list_add(struct call **list, struct call *call)
{
    call->previous = NULL;
    call->next = *list;
    if (*list != NULL)
        (*list)->previous = call;
    *list = call;
}

static void list_remove(struct call **list, struct call *call)
{
    if (call->previous != NULL)
        call->previous->next = call->next;
    else
        *list = call->next;
    if (call->next != NULL)
        call->next->previous = call->previous;
}

static struct call *call_take(struct call **idle)
{
    struct call *call = *idle;

    if (call == NULL)
        return call_create();
    list_remove(idle, call);
    return call;
}

/* As many as ever ran at once; a mail's handle keeps its connection. */
static void call_give_back(struct transport *transport, struct call *call, bool is_mail)
{
    call_clear(call);
    list_add(is_mail ? &transport->idle_mails : &transport->idle, call);
}

/* Takes the request out, tells its owner, keeps the handle. */
static void call_end(struct transport *transport, struct call *call, int code)
{
    struct cuiban_response response;

    call_answer(call, code, &response);
    list_remove(call->refused != 0 ? &transport->refused : &transport->running, call);
    transport->n_running--;
    call->done(call->data, &response);
    call_give_back(transport, call, call->is_mail);
}

/* -- sockets and time: libcurl says what to watch, the loop says what happened -- */

static void destroy_all(struct call *call)
{
    struct call *next;

    for (; call != NULL; call = next) {
        next = call->next;
        call_destroy(call);
    }
}

static void transport_finish(struct transport *transport)
{
    if (transport->open > 0)
        return;
    destroy_all(transport->idle);
    destroy_all(transport->idle_mails);
    uv_mutex_destroy(&transport->mutex);
    free(transport->sockets);
    curl_global_cleanup();
    void (*closed)(void *) = transport->closed;
    void *data = transport->closed_data;
    free(transport);
    if (closed != NULL)
        closed(data);
}

static void transport_on_closed(uv_handle_t *handle)
{
    struct transport *transport = handle->data;

    transport->open--;
    transport_finish(transport);
}

static void transport_on_mail_closed(void *data)
{
    struct transport *transport = data;

    transport->open--;
    transport_finish(transport);
}

static void watch_on_closed(uv_handle_t *handle)
{
    struct watch *watch = handle->data;
    struct transport *transport = watch->transport;

    free(watch);
    transport->open--;
    transport_finish(transport);
}

static void transport_collect(struct transport *transport)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(transport->multi, &left)) != NULL) {
        struct call *call = NULL;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&call);
        curl_multi_remove_handle(transport->multi, easy);
        call_end(transport, call, (int)code);
    }
}

static void watch_on_event(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    struct transport *transport = watch->transport;
    int flags = 0, running;

    flags |= status < 0 ? CURL_CSELECT_ERR : 0;
    flags |= (events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0;
    flags |= (events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0;
    curl_multi_socket_action(transport->multi, watch->socket, flags, &running);
    transport_collect(transport);
}

static void transport_on_timer(uv_timer_t *timer)
{
    struct transport *transport = timer->data;
    int running;

    transport->in_timer = true;
    curl_multi_socket_action(transport->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    transport_collect(transport);
    transport->in_timer = false;
}

/* Only arms the timer: libcurl refuses to be called from inside its own callbacks. Set to 0 in its own
 * callback it would run again before any socket is looked at. */
static int transport_on_time_wanted(CURLM *multi, long wait_ms, void *data)
{
    struct transport *transport = data;

    (void)multi;
    if (wait_ms < 0)
        uv_timer_stop(&transport->timer);
    else
        uv_timer_start(&transport->timer, transport_on_timer,
                       wait_ms == 0 && transport->in_timer ? 1 : (uint64_t)wait_ms, 0);
    return 0;
}

static struct watch *watch_open(struct transport *transport, curl_socket_t socket)
{
    struct watch *watch = calloc(1, sizeof(*watch));

    if (watch == NULL)
        return NULL;
    if (uv_poll_init_socket(transport->loop, &watch->poll, socket) != 0) {
        free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    watch->transport = transport;
    watch->socket = socket;
    transport->open++;
    return watch;
}

static int transport_on_socket_wanted(CURL *easy, curl_socket_t socket, int what, void *data,
                                      void *socket_data)
{
    struct transport *transport = data;
    struct watch *watch = socket_data;
    int events = 0;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch == NULL)
            return 0;
        curl_multi_assign(transport->multi, socket, NULL);
        uv_poll_stop(&watch->poll);
        uv_close((uv_handle_t *)&watch->poll, watch_on_closed);
        return 0;
    }
    if (watch == NULL) {
        watch = watch_open(transport, socket);
        if (watch == NULL)
            return -1; /* libcurl fails the transfers */
        curl_multi_assign(transport->multi, socket, watch);
    }
    events |= (what & CURL_POLL_IN) != 0 ? UV_READABLE : 0;
    events |= (what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0;
    uv_poll_start(&watch->poll, events, watch_on_event);
    return 0;
}

/* -- every connection's socket, known by number: see transport_close -- */

static bool has_room(struct transport *transport)
{
    size_t room = transport->sockets_room == 0 ? 64 : transport->sockets_room * 2;
    int *sockets;

    if (transport->n_sockets < transport->sockets_room)
        return true;
    sockets = realloc(transport->sockets, room * sizeof(*sockets));
    if (sockets == NULL)
        return false;
    transport->sockets = sockets;
    transport->sockets_room = room;
    return true;
}

static curl_socket_t transport_on_open(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transport *transport = data;
    int fd = CURL_SOCKET_BAD;

    (void)purpose;
    uv_mutex_lock(&transport->mutex);
    if (has_room(transport))
        fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd >= 0)
        transport->sockets[transport->n_sockets++] = fd;
    uv_mutex_unlock(&transport->mutex);
    return fd;
}

static int transport_on_close(void *data, curl_socket_t socket)
{
    struct transport *transport = data;

    uv_mutex_lock(&transport->mutex);
    for (size_t i = 0; i < transport->n_sockets; i++)
        if (transport->sockets[i] == socket) {
            transport->sockets[i] = transport->sockets[--transport->n_sockets];
            break;
        }
    uv_mutex_unlock(&transport->mutex);
    return close(socket);
}

static bool set_socket_callbacks(struct transport *transport, CURL *easy)
{
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, transport_on_open) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, (void *)transport) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, transport_on_close) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, (void *)transport) == CURLE_OK;
}

/* -- mails -- */

static void transport_on_mail(void *data, struct call *call)
{
    struct transport *transport = data;

    if (atomic_load(&call->is_given_up))
        call_give_back(transport, call, true);
    else
        call_end(transport, call, call->code);
}

/* The thread may still be at it, so what is known is what it had begun. */
static void mail_cancel(struct transport *transport, struct call *call)
{
    struct cuiban_response response = {
        .size = sizeof(response),
        .transport = CURLE_ABORTED_BY_CALLBACK,
        .body = "",
        .retry_after_ms = -1,
        .error = "cancelled",
    };

    response.sent = mail_give_up(transport->mail, call);
    list_remove(&transport->running, call);
    transport->n_running--;
    call->done(call->data, &response);
}

/* -- create and close -- */

struct transport *transport_create(uv_loop_t *loop, size_t concurrency)
{
    struct transport *transport;
    long connections = (long)concurrency + CONNECTIONS_SPARE;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return NULL;
    transport = calloc(1, sizeof(*transport));
    if (transport != NULL)
        transport->multi = curl_multi_init();
    if (transport != NULL && transport->multi != NULL)
        transport->mail = mail_create(loop, concurrency, transport_on_mail, transport);
    if (transport == NULL || transport->mail == NULL) {
        if (transport != NULL)
            curl_multi_cleanup(transport->multi);
        free(transport);
        curl_global_cleanup();
        return NULL;
    }
    transport->loop = loop;
    uv_mutex_init(&transport->mutex);
    uv_timer_init(loop, &transport->timer);
    uv_timer_init(loop, &transport->refusal);
    transport->timer.data = transport->refusal.data = transport;
    transport->open = 3;
    curl_multi_setopt(transport->multi, CURLMOPT_SOCKETFUNCTION, transport_on_socket_wanted);
    curl_multi_setopt(transport->multi, CURLMOPT_SOCKETDATA, (void *)transport);
    curl_multi_setopt(transport->multi, CURLMOPT_TIMERFUNCTION, transport_on_time_wanted);
    curl_multi_setopt(transport->multi, CURLMOPT_TIMERDATA, (void *)transport);
    /* With fewer than may run at once libcurl would open a connection for every request. */
    curl_multi_setopt(transport->multi, CURLMOPT_MAXCONNECTS, connections);
    return transport;
}

void transport_close(struct transport *transport, void (*done)(void *data), void *data)
{
    /* libcurl says QUIT on an idle mail connection and waits for the answer, up to two minutes and without
     * the loop; on a socket that is shut down it does not. */
    uv_mutex_lock(&transport->mutex);
    for (size_t i = 0; i < transport->n_sockets; i++)
        shutdown(transport->sockets[i], SHUT_RDWR);
    uv_mutex_unlock(&transport->mutex);
    curl_multi_cleanup(transport->multi);
    transport->multi = NULL;
    transport->closed = done;
    transport->closed_data = data;
    uv_close((uv_handle_t *)&transport->timer, transport_on_closed);
    uv_close((uv_handle_t *)&transport->refusal, transport_on_closed);
    mail_close(transport->mail, transport_on_mail_closed, transport);
}

/* -- requests -- */

static void transport_on_refusal(uv_timer_t *timer)
{
    struct transport *transport = timer->data;

    while (transport->refused != NULL)
        call_end(transport, transport->refused, transport->refused->refused);
}

static void file_response(struct cuiban_response *response, int error, bool is_left)
{
    *response = (struct cuiban_response){
        .size = sizeof(*response), .sent = error == 0 || is_left, .body = "", .retry_after_ms = -1};
    response->transport = error == 0 ? CURLE_OK : CURLE_WRITE_ERROR;
    response->error = error == 0 ? "" : uv_strerror(error);
}

struct file_call {
    struct call call; /* `easy` is NULL */
    struct transport *transport;
    struct append *append;
};

static void file_on_done(void *data, struct append *append, int error, bool is_left)
{
    struct file_call *file = data;
    struct transport *transport = file->transport;
    struct cuiban_response response;

    (void)append;
    file_response(&response, error, is_left);
    list_remove(&transport->running, &file->call);
    transport->n_running--;
    file->call.done(file->call.data, &response);
    free(file);
}

static void file_on_done_for_nobody(void *data, struct append *append, int error, bool is_left)
{
    struct transport *transport = data;

    (void)append;
    (void)error;
    (void)is_left;
    transport->open--;
    transport_finish(transport);
}

static int file_start(struct transport *transport, const struct cuiban_request *request, transport_done *done,
                      void *data)
{
    struct file_call *file = calloc(1, sizeof(*file));

    if (file == NULL)
        return -ENOMEM;
    file->call.request = request;
    file->call.done = done;
    file->call.data = data;
    file->transport = transport;
    file->append = append_start(transport->loop, request->url == NULL ? "" : request->url, request->body,
                                request->body_n, file_on_done, file);
    if (file->append == NULL) {
        free(file);
        return -ENOMEM;
    }
    list_add(&transport->running, &file->call);
    transport->n_running++;
    return 0;
}

/* Hands a request that is set up to libcurl, or to the threads for mail. */
static bool hand_over(struct transport *transport, struct call *call)
{
    if (!set_socket_callbacks(transport, call->easy))
        return false;
    if (call->is_mail)
        return mail_start(transport->mail, call) == 0;
    return curl_multi_add_handle(transport->multi, call->easy) == CURLM_OK;
}

int transport_start(struct transport *transport, const struct cuiban_request *request, int64_t limit_ms,
                    transport_done *done, void *data)
{
    int64_t wanted_ms = request->timeout_ms > 0 ? request->timeout_ms : TRANSPORT_LIMIT_MS_DEFAULT;
    bool is_mail = request->kind == CUIBAN_REQUEST_SMTP;
    struct call *call;
    int rc;

    if (request->kind == CUIBAN_REQUEST_FILE)
        return file_start(transport, request, done, data);
    call = call_take(is_mail ? &transport->idle_mails : &transport->idle);
    if (call == NULL)
        return -ENOMEM;
    wanted_ms = wanted_ms < limit_ms ? wanted_ms : limit_ms;
    wanted_ms = wanted_ms < 1 ? 1 : wanted_ms;
    call->request = request;
    call->done = done;
    call->data = data;
    call->ends_ns = uv_hrtime() + (uint64_t)wanted_ms * 1000000;
    rc = call_setup(call, wanted_ms);
    if (rc == -EINVAL) {
        list_add(&transport->refused, call);
        transport->n_running++;
        uv_timer_start(&transport->refusal, transport_on_refusal, 0, 0);
        return 0;
    }
    if (rc != 0 || !hand_over(transport, call)) {
        call_give_back(transport, call, is_mail);
        return -ENOMEM;
    }
    list_add(&transport->running, call);
    transport->n_running++;
    return 0;
}

static void file_cancel(struct transport *transport, struct file_call *file)
{
    struct cuiban_response response;

    file_response(&response, 0, true);
    response.transport = CURLE_ABORTED_BY_CALLBACK;
    response.error = "cancelled";
    append_redirect(file->append, file_on_done_for_nobody, transport);
    transport->open++;
    list_remove(&transport->running, &file->call);
    transport->n_running--;
    file->call.done(file->call.data, &response);
    free(file);
}

void transport_cancel_all(struct transport *transport)
{
    while (transport->refused != NULL)
        call_end(transport, transport->refused, CURLE_ABORTED_BY_CALLBACK);
    while (transport->running != NULL) {
        struct call *call = transport->running;

        if (call->easy == NULL) {
            file_cancel(transport, (struct file_call *)call);
            continue;
        }
        if (call->is_mail) {
            mail_cancel(transport, call);
            continue;
        }
        curl_multi_remove_handle(transport->multi, call->easy);
        call_end(transport, call, CURLE_ABORTED_BY_CALLBACK);
    }
}

size_t transport_running(const struct transport *transport)
{
    return transport->n_running;
}
