#include "store/clock_watch.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* Far ahead, so that nothing but a change of the clock ends it. */
static int arm(int descriptor)
{
    const struct itimerspec never = {.it_value = {.tv_sec = INT32_MAX}};

    return timerfd_settime(descriptor, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0 ? -errno
                                                                                                      : 0;
}

static void watch_on_readable(uv_poll_t *poll, int status, int events)
{
    struct clock_watch *watch = poll->data;
    uint64_t expirations;
    ssize_t n = read(watch->descriptor, &expirations, sizeof expirations);

    (void)status;
    (void)events;
    if (n < 0 && errno != ECANCELED)
        return;
    /* Armed first: a second change while the first is served is not missed. */
    if (arm(watch->descriptor))
        (void)uv_poll_stop(&watch->poll);
    watch->on_set(watch->data);
}

int clock_watch_open(struct clock_watch *watch, uv_loop_t *loop, void (*on_set)(void *data), void *data)
{
    *watch = (struct clock_watch){.descriptor = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC),
                                  .on_set = on_set,
                                  .data = data};
    int error = watch->descriptor < 0 ? -errno : arm(watch->descriptor);

    if (!error)
        error = uv_poll_init(loop, &watch->poll, watch->descriptor);
    if (error) {
        if (watch->descriptor >= 0)
            (void)close(watch->descriptor);
        watch->descriptor = -1;
        return error;
    }
    watch->poll.data = watch;
    (void)uv_poll_start(&watch->poll, UV_READABLE, watch_on_readable); /* cannot fail for a fresh handle */
    return 0;
}

void clock_watch_close(struct clock_watch *watch, uv_close_cb closed)
{
    uv_close((uv_handle_t *)&watch->poll, closed);
    (void)close(watch->descriptor);
    watch->descriptor = -1;
}
