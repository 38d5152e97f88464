/* clock_watch.h: tells when somebody sets this machine's clock (NTP step, date, resume from suspend).
 *
 * By a timerfd with TFD_TIMER_CANCEL_ON_SET (timerfd_create(2)): the kernel cancels it on every discontinuous
 * change of CLOCK_REALTIME. Slewing does not show, and need not. On the loop of its creator. */
#ifndef CUIBAN_STORE_CLOCK_WATCH_H
#define CUIBAN_STORE_CLOCK_WATCH_H

#include <uv.h>

struct clock_watch {
    uv_poll_t poll;
    int descriptor; /* -1: not watching */
    void (*on_set)(void *data);
    void *data;
};

/* 0 or a negative errno: then nothing is watched and clock_watch_close must not be called. */
int clock_watch_open(struct clock_watch *watch, uv_loop_t *loop, void (*on_set)(void *data), void *data);
/* `closed` gets watch->poll, whose `data` is the watch, when libuv has let go. */
void clock_watch_close(struct clock_watch *watch, uv_close_cb closed);

#endif
