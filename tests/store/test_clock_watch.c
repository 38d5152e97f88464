/* The kernel tells a timerfd that the clock was set by ECANCELED (timerfd_create(2)). No test may set the
 * machine's clock: a pipe stands for the timerfd here. */
#include "store/clock_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
    int ends[2]; /* what the watch reads, where the test writes; -1: timerfd_create fails */
    int armed, told, closed;
    int flags;
} fake;

int __wrap_timerfd_create(int clock, int flags);
int __wrap_timerfd_settime(int descriptor, int flags, const struct itimerspec *value, struct itimerspec *old);
ssize_t __wrap_read(int descriptor, void *into, size_t n);
ssize_t __real_read(int descriptor, void *into, size_t n); /* names that the linker's --wrap wants */

int __wrap_timerfd_create(int clock, int flags)
{
    assert_int_equal(clock, CLOCK_REALTIME);
    assert_true(flags & TFD_NONBLOCK && flags & TFD_CLOEXEC);
    errno = EMFILE;
    return fake.ends[0];
}

int __wrap_timerfd_settime(int descriptor, int flags, const struct itimerspec *value, struct itimerspec *old)
{
    assert_int_equal(descriptor, fake.ends[0]);
    assert_true(value->it_value.tv_sec > time(NULL) + 365 * 24 * 3600);
    assert_null(old);
    fake.flags = flags;
    fake.armed++;
    return 0;
}

ssize_t __wrap_read(int descriptor, void *into, size_t n)
{
    char byte;
    if (descriptor != fake.ends[0])
        return __real_read(descriptor, into, n);
    assert_int_equal(n, sizeof(uint64_t));
    ssize_t taken = __real_read(descriptor, &byte, 1);
    errno = taken == 1 ? ECANCELED : EAGAIN;
    return -1;
}

static void on_set(void *data)
{
    (void)data;
    fake.told++;
}

static void on_closed(uv_handle_t *handle)
{
    assert_non_null(handle->data);
    fake.closed++;
}

static void turn(uv_loop_t *loop)
{
    (void)uv_run(loop, UV_RUN_NOWAIT);
}

static void test_tells_every_change(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct clock_watch watch;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(pipe2(fake.ends, O_NONBLOCK | O_CLOEXEC), 0);
    assert_int_equal(clock_watch_open(&watch, &loop, on_set, NULL), 0);
    assert_int_equal(fake.armed, 1);
    assert_int_equal(fake.flags, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
    turn(&loop);
    assert_int_equal(fake.told, 0);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(write(fake.ends[1], "x", 1), 1);
        turn(&loop);
        assert_int_equal(fake.told, i);
        assert_int_equal(fake.armed, 1 + i); /* again, or the next change would go by */
    }
    clock_watch_close(&watch, on_closed);
    turn(&loop);
    assert_int_equal(fake.closed, 1);
    assert_int_equal(uv_loop_close(&loop), 0);
    (void)close(fake.ends[1]);
}

static void test_a_refused_timer_is_said(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct clock_watch watch;
    assert_int_equal(uv_loop_init(&loop), 0);
    fake.ends[0] = -1;
    assert_int_equal(clock_watch_open(&watch, &loop, on_set, NULL), -EMFILE);
    assert_int_equal(watch.descriptor, -1);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tells_every_change),
        cmocka_unit_test(test_a_refused_timer_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
