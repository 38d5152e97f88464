#include "progress.h"

#include <errno.h>
#include <execinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id /* glibc names it from 2.38 on */
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { TICKS_MAX = 5, FRAMES_MAX = 40, MS_PER_S = 1000, NS_PER_MS = 1000 * 1000 };

/* -- a pass that does not end -- */

static void say(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));

    (void)written; /* there is nobody else to tell */
}

/* Whatever runs here was interrupted in the midst of anything: no memory, no locks, no stdio. */
static void end(const char *doing)
{
    void *frames[FRAMES_MAX];

    say("cuiband: the loop does not come to the end of a pass, nothing is served any more; while: ");
    say(doing ? doing : "nothing that is known here");
    say("; ending, to be started again. Where it is:\n");
    backtrace_symbols_fd(frames, backtrace(frames, FRAMES_MAX), STDERR_FILENO);
    _exit(PROGRESS_EXIT);
}

static void on_tick(int number, siginfo_t *info, void *context)
{
    struct progress *progress = info->si_value.sival_ptr;
    int error = errno;

    (void)number;
    (void)context;
    if (info->si_code != SI_TIMER) {
        return; /* somebody's kill(1) */
    }
    if (progress->seen != progress->passes) {
        progress->seen = progress->passes;
        progress->ticks = 0;
    } else if (++progress->ticks >= TICKS_MAX) {
        end(progress->doing);
    }
    errno = error;
}

/* It runs with the processor time of this thread, and its signal comes to this thread. Without it only the
 * watchdog of systemd is left. */
static void start_timer(struct progress *progress)
{
    int64_t tick_ms =
        (progress->options.pass_cpu_ms > 0 ? progress->options.pass_cpu_ms : PROGRESS_PASS_CPU_MS) /
        TICKS_MAX;
    struct timespec tick = {.tv_sec = tick_ms / MS_PER_S, .tv_nsec = tick_ms % MS_PER_S * NS_PER_MS};
    struct itimerspec each = {.it_interval = tick, .it_value = tick};
    struct sigaction action = {.sa_sigaction = on_tick, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGVTALRM};
    void *frames[1];

    (void)backtrace(frames, 1); /* its first call asks for memory */
    event.sigev_value.sival_ptr = progress;
    event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    progress->has_timer = sigaction(SIGVTALRM, &action, NULL) == 0 &&
                          timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &progress->timer) == 0;
    if (progress->has_timer) {
        (void)timer_settime(progress->timer, 0, &each, NULL);
    }
}

/* -- passes that do nothing -- */

static void begin_window(struct progress *progress, uint64_t now_ns, uint64_t work)
{
    progress->window_ns = now_ns;
    progress->window_passes = 0;
    progress->window_work = work;
}

static void end_window(struct progress *progress, uint64_t took_ns, uint64_t work)
{
    uint64_t took_ms = took_ns / NS_PER_MS;

    if (work != progress->window_work ||
        progress->window_passes * MS_PER_S <= PROGRESS_PASSES_MAX * took_ms) {
        progress->idle_windows = 0;
        progress->idle_passes = progress->idle_ns = 0;
        return;
    }
    progress->idle_passes += progress->window_passes;
    progress->idle_ns += took_ns;
    if (++progress->idle_windows == progress->options.windows) {
        progress->options.on_spinning(progress->options.data, progress->idle_passes,
                                      (int64_t)(progress->idle_ns / NS_PER_MS));
    }
}

static void progress_on_prepare(uv_prepare_t *prepare)
{
    struct progress *progress = prepare->data;
    uint64_t now_ns = uv_hrtime(), took_ns = now_ns - progress->window_ns;

    progress->passes = (progress->passes + 1) & 0xffff;
    progress->doing = NULL;
    progress->window_passes++;
    if (took_ns < (uint64_t)progress->options.window_ms * NS_PER_MS) {
        return;
    }
    uint64_t work = progress->options.work(progress->options.data);
    end_window(progress, took_ns, work);
    begin_window(progress, now_ns, work);
}

/* -- life -- */

void progress_open(struct progress *progress, const struct progress_options *options)
{
    *progress = (struct progress){.options = *options};
    if (progress->options.window_ms <= 0) {
        progress->options.window_ms = PROGRESS_WINDOW_MS;
    }
    if (progress->options.windows <= 0) {
        progress->options.windows = PROGRESS_WINDOWS_MAX;
    }
    (void)uv_prepare_init(options->loop, &progress->prepare);
    progress->prepare.data = progress;
    (void)uv_prepare_start(&progress->prepare, progress_on_prepare);
    uv_unref((uv_handle_t *)&progress->prepare);
    begin_window(progress, uv_hrtime(), options->work(options->data));
    start_timer(progress);
}

void progress_close(struct progress *progress)
{
    if (progress->has_timer) {
        (void)timer_delete(progress->timer);
    }
    uv_close((uv_handle_t *)&progress->prepare, NULL);
}

void progress_doing(struct progress *progress, const char *what)
{
    if (progress) {
        progress->doing = what;
    }
}
