#include "mail.h"

#include <errno.h>
#include <stdlib.h>

struct mail {
    uv_async_t async; /* wakes the loop: something has ended */
    uv_mutex_t mutex; /* of all below, up to the blank line */
    uv_cond_t work;
    struct call *waiting, *waiting_last;
    struct call *ended;
    size_t n_waiting, n_idle, n_gone;
    bool is_closing;

    uv_thread_t threads[MAIL_THREADS_MAX];
    size_t n_threads, threads_max;
    void (*on_ended)(void *data, struct call *call);
    void *data;
    void (*closed)(void *data);
    void *closed_data;
};

static int perform(struct call *call)
{
    uint64_t now_ns = uv_hrtime();

    if (atomic_load(&call->is_given_up))
        return CURLE_ABORTED_BY_CALLBACK;
    if (now_ns >= call->ends_ns)
        return CURLE_OPERATION_TIMEDOUT;
    curl_easy_setopt(call->easy, CURLOPT_TIMEOUT_MS, (long)((call->ends_ns - now_ns) / 1000000) + 1);
    return (int)curl_easy_perform(call->easy);
}

static struct call *take_waiting(struct mail *mail)
{
    struct call *call = mail->waiting;

    mail->waiting = call->after;
    if (mail->waiting == NULL)
        mail->waiting_last = NULL;
    mail->n_waiting--;
    return call;
}

static void mail_thread(void *data)
{
    struct mail *mail = data;

    uv_mutex_lock(&mail->mutex);
    for (;;) {
        while (mail->waiting == NULL && !mail->is_closing) {
            mail->n_idle++;
            uv_cond_wait(&mail->work, &mail->mutex);
            mail->n_idle--;
        }
        if (mail->waiting == NULL)
            break;
        struct call *call = take_waiting(mail);

        uv_mutex_unlock(&mail->mutex);
        call->code = perform(call);
        uv_mutex_lock(&mail->mutex);
        call->after = mail->ended;
        mail->ended = call;
        uv_async_send(&mail->async);
    }
    mail->n_gone++;
    uv_async_send(&mail->async);
    uv_mutex_unlock(&mail->mutex);
}

static void mail_on_closed(uv_handle_t *handle)
{
    struct mail *mail = handle->data;
    void (*closed)(void *) = mail->closed;
    void *data = mail->closed_data;

    uv_cond_destroy(&mail->work);
    uv_mutex_destroy(&mail->mutex);
    free(mail);
    closed(data);
}

static void mail_on_async(uv_async_t *async)
{
    struct mail *mail = async->data;
    struct call *call, *next;
    bool all_gone;

    uv_mutex_lock(&mail->mutex);
    call = mail->ended;
    mail->ended = NULL;
    all_gone = mail->is_closing && mail->n_gone == mail->n_threads;
    uv_mutex_unlock(&mail->mutex);
    for (; call != NULL; call = next) {
        next = call->after;
        mail->on_ended(mail->data, call);
    }
    if (!all_gone || uv_is_closing((uv_handle_t *)async))
        return;
    for (size_t i = 0; i < mail->n_threads; i++)
        uv_thread_join(&mail->threads[i]);
    uv_close((uv_handle_t *)async, mail_on_closed);
}

struct mail *mail_create(uv_loop_t *loop, size_t threads, void (*ended)(void *data, struct call *call),
                         void *data)
{
    struct mail *mail = calloc(1, sizeof(*mail));

    if (mail == NULL)
        return NULL;
    if (uv_async_init(loop, &mail->async, mail_on_async) != 0) {
        free(mail);
        return NULL;
    }
    mail->async.data = mail;
    uv_mutex_init(&mail->mutex);
    uv_cond_init(&mail->work);
    mail->threads_max = threads < 1 ? 1 : threads < MAIL_THREADS_MAX ? threads : MAIL_THREADS_MAX;
    mail->on_ended = ended;
    mail->data = data;
    return mail;
}

int mail_start(struct mail *mail, struct call *call)
{
    bool needs_thread;

    uv_mutex_lock(&mail->mutex);
    needs_thread = mail->n_idle <= mail->n_waiting && mail->n_threads < mail->threads_max;
    uv_mutex_unlock(&mail->mutex);
    if (needs_thread && uv_thread_create(&mail->threads[mail->n_threads], mail_thread, mail) == 0)
        mail->n_threads++;
    if (mail->n_threads == 0)
        return -ENOMEM;
    call->after = NULL;
    uv_mutex_lock(&mail->mutex);
    if (mail->waiting_last != NULL)
        mail->waiting_last->after = call;
    else
        mail->waiting = call;
    mail->waiting_last = call;
    mail->n_waiting++;
    uv_cond_signal(&mail->work);
    uv_mutex_unlock(&mail->mutex);
    return 0;
}

bool mail_give_up(struct mail *mail, struct call *call)
{
    int stage = CALL_READY;

    (void)mail;
    atomic_store(&call->is_given_up, true);
    return !atomic_compare_exchange_strong(&call->stage, &stage, CALL_CANCELLED);
}

void mail_close(struct mail *mail, void (*closed)(void *data), void *data)
{
    mail->closed = closed;
    mail->closed_data = data;
    uv_mutex_lock(&mail->mutex);
    mail->is_closing = true;
    uv_cond_broadcast(&mail->work);
    uv_mutex_unlock(&mail->mutex);
    uv_async_send(&mail->async);
}
