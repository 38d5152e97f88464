/* How long a round of callbacks has held the loop: what was waited for does not count, not even if a signal
 * ended the wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <unistd.h>

#include "held.h"

enum { IDLE_MS = 700, BUSY_MS = 300 };

static struct held held;
static int signals;

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    held_reset(&held); /* as a reload does */
    signals++;
    uv_close((uv_handle_t *)handle, NULL);
}

static void on_end(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
}

static void on_busy(uv_timer_t *timer)
{
    uint64_t until = uv_hrtime() + (uint64_t)BUSY_MS * 1000 * 1000;

    while (uv_hrtime() < until)
        ;
    on_end(timer);
}

/* A signal that comes while the loop waits, and not before: sent by somebody else. */
static void send_later(void *data)
{
    (void)data;
    (void)usleep(IDLE_MS * 1000);
    (void)kill(getpid(), SIGHUP);
}

/* A round is reckoned when the next one begins. */
static void run_another_round(uv_loop_t *loop, uv_timer_cb callback)
{
    uv_timer_t timer;

    uv_timer_init(loop, &timer);
    uv_timer_start(&timer, callback, 1, 0);
    uv_run(loop, UV_RUN_DEFAULT);
}

static void test_a_wait_that_a_signal_ends(void **state)
{
    uv_loop_t loop;
    uv_signal_t hangup;
    uv_thread_t sender;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    held_open(&held, &loop);
    uv_signal_init(&loop, &hangup);
    uv_signal_start(&hangup, on_signal, SIGHUP);
    assert_int_equal(uv_thread_create(&sender, send_later, NULL), 0);
    uv_run(&loop, UV_RUN_DEFAULT); /* ends with the signal's handle */
    uv_thread_join(&sender);
    assert_int_equal(signals, 1);
    run_another_round(&loop, on_end);
    assert_true(held_max_ms(&held) < IDLE_MS / 2);
    assert_true(held_recent_ms(&held) < IDLE_MS / 2);

    run_another_round(&loop, on_busy);
    run_another_round(&loop, on_end);
    assert_true(held_max_ms(&held) >= BUSY_MS);
    held_close(&held);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_wait_that_a_signal_ends)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
