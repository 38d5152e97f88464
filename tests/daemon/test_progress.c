/* test_progress.c: loops that spin, in one pass and over many, and loops that only look as if they did. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sys/wait.h>
#include <unistd.h>

#include "progress.h"

enum { TEXT_MAX = 8000, WINDOW_MS = 50, WINDOWS = 5, PASS_CPU_MS = 100, LIMIT_MS = 20 * 1000 };

struct bench {
    uv_loop_t loop;
    struct progress progress;
    uv_timer_t timer, end;
    uv_idle_t idle;
    uint64_t work, spinning; /* passes that were told */
    int ticks;
};

static uint64_t work_of(void *data)
{
    return ((struct bench *)data)->work;
}

static void on_spinning(void *data, uint64_t passes, int64_t ms)
{
    struct bench *bench = data;

    assert_int_equal(bench->spinning, 0); /* once */
    assert_true(ms >= WINDOWS * WINDOW_MS);
    bench->spinning = passes;
    uv_stop(&bench->loop);
}

static void on_end(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void bench_open(struct bench *bench, uint64_t limit_ms)
{
    struct progress_options options = {.loop = &bench->loop,
                                       .work = work_of,
                                       .on_spinning = on_spinning,
                                       .data = bench,
                                       .pass_cpu_ms = PASS_CPU_MS,
                                       .window_ms = WINDOW_MS,
                                       .windows = WINDOWS};

    memset(bench, 0, sizeof *bench);
    assert_int_equal(uv_loop_init(&bench->loop), 0);
    (void)uv_timer_init(&bench->loop, &bench->timer);
    (void)uv_timer_init(&bench->loop, &bench->end);
    (void)uv_idle_init(&bench->loop, &bench->idle);
    bench->timer.data = bench->idle.data = bench;
    progress_open(&bench->progress, &options);
    (void)uv_timer_start(&bench->end, on_end, limit_ms, 0);
}

static void bench_close(struct bench *bench)
{
    progress_close(&bench->progress);
    uv_close((uv_handle_t *)&bench->timer, NULL);
    uv_close((uv_handle_t *)&bench->end, NULL);
    uv_close((uv_handle_t *)&bench->idle, NULL);
    (void)uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&bench->loop), 0);
}

/* -- over many passes -- */

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

static void on_idle_work(uv_idle_t *idle)
{
    struct bench *bench = idle->data;

    bench->work++;
}

static void test_passes_without_work(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, LIMIT_MS);
    (void)uv_idle_start(&bench.idle, on_idle);
    (void)uv_run(&bench.loop, UV_RUN_DEFAULT);
    assert_true(bench.spinning > WINDOWS * WINDOW_MS * PROGRESS_PASSES_MAX / 1000);
    bench_close(&bench);
}

static void test_passes_with_work(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, 2 * WINDOWS * WINDOW_MS);
    (void)uv_idle_start(&bench.idle, on_idle_work);
    (void)uv_run(&bench.loop, UV_RUN_DEFAULT);
    assert_int_equal(bench.spinning, 0);
    bench_close(&bench);
}

static void on_timer(uv_timer_t *timer)
{
    struct bench *bench = timer->data;

    bench->ticks++;
}

static void test_few_passes(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, 2 * WINDOWS * WINDOW_MS);
    (void)uv_timer_start(&bench.timer, on_timer, 2, 2);
    (void)uv_run(&bench.loop, UV_RUN_DEFAULT);
    assert_true(bench.ticks > 0);
    assert_int_equal(bench.spinning, 0);
    bench_close(&bench);
}

/* -- in one pass: in a process of its own -- */

static void on_timer_again(uv_timer_t *timer)
{
    struct bench *bench = timer->data;

    progress_doing(&bench->progress, "a timer of 0 ms");
    (void)uv_timer_start(timer, on_timer_again, 0, 0);
}

static void on_timer_for_ever(uv_timer_t *timer)
{
    struct bench *bench = timer->data;

    while (bench->ticks >= 0) {
        bench->ticks = (bench->ticks + 1) % 1000;
    }
}

/* Long, but it only waits. */
static void on_timer_asleep(uv_timer_t *timer)
{
    (void)timer;
    (void)usleep(3 * PASS_CPU_MS * 1000);
}

/* The exit status of a process whose loop runs this, and what it says. */
static int play(uv_timer_cb callback, char text[static TEXT_MAX])
{
    int ends[2], status;
    size_t n = 0;
    ssize_t got;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct bench bench;

        (void)alarm(20); /* the test's own end, if nothing else comes */
        (void)dup2(ends[1], STDERR_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        bench_open(&bench, 10 * PASS_CPU_MS);
        (void)uv_timer_start(&bench.timer, callback, 0, 0);
        (void)uv_run(&bench.loop, UV_RUN_DEFAULT);
        _exit(0);
    }
    (void)close(ends[1]);
    while ((got = read(ends[0], text + n, TEXT_MAX - 1 - n)) > 0) {
        n += (size_t)got;
    }
    text[n] = '\0';
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_a_pass_that_does_not_end(void **state)
{
    char text[TEXT_MAX];

    (void)state;
    assert_int_equal(play(on_timer_again, text), PROGRESS_EXIT);
    assert_non_null(strstr(text, "while: a timer of 0 ms;"));
    assert_non_null(strstr(text, "libuv")); /* where it is */
    assert_int_equal(play(on_timer_for_ever, text), PROGRESS_EXIT);
    assert_non_null(strstr(text, "while: nothing that is known here;"));
}

static void test_a_pass_that_waits(void **state)
{
    char text[TEXT_MAX];

    (void)state;
    assert_int_equal(play(on_timer_asleep, text), 0);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passes_without_work), cmocka_unit_test(test_passes_with_work),
        cmocka_unit_test(test_few_passes),          cmocka_unit_test(test_a_pass_that_does_not_end),
        cmocka_unit_test(test_a_pass_that_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
