/* progress.h: ends a daemon whose loop turns without getting anything done.
 *
 * Two kinds. A pass of the loop that does not end (a callback that never returns, a timer that is set to 0 in
 * its own callback) keeps everything else from running: the processor time of the thread is counted while one
 * pass lasts, by a timer of the kernel; the process says where it is and is gone, because nothing else can be
 * done from there. Time in which it only waits, or is stopped, does not count. A loop that passes quickly,
 * hears everything and does nothing is the other kind: there its owner is told, and can still stop in good
 * order. */
#ifndef CUIBAN_PROGRESS_H
#define CUIBAN_PROGRESS_H

#include <signal.h>
#include <stdbool.h>
#include <time.h>

#include <uv.h>

enum {
    PROGRESS_EXIT = 70,          /* EX_SOFTWARE of sysexits.h: systemd starts the daemon again */
    PROGRESS_PASS_CPU_MS = 5000, /* of one pass; the longest that was measured is below a second */
    PROGRESS_PASSES_MAX = 1000,  /* a second; a daemon that waits needs a few dozen */
    PROGRESS_WINDOWS_MAX = 30,   /* seconds in a row with more of them and no work: longer than any attempt */
    PROGRESS_WINDOW_MS = 1000,
};

struct progress_options {
    uv_loop_t *loop;
    /* A number that changes with whatever is done: read, committed, sent, accepted, loaded. */
    uint64_t (*work)(void *data);
    void (*on_spinning)(void *data, uint64_t passes, int64_t ms); /* once */
    void *data;
    int64_t pass_cpu_ms, window_ms; /* 0: as above */
    int windows;
};

struct progress {
    struct progress_options options;
    uv_prepare_t prepare;
    timer_t timer;
    bool has_timer;
    volatile sig_atomic_t passes, seen,
        ticks; /* of the loop; as of the timer's last look; looks since then */
    const char *volatile doing;
    uint64_t window_ns, window_passes, window_work; /* when the window began, and what was so far */
    uint64_t idle_passes, idle_ns;                  /* of the windows without work, in a row */
    int idle_windows;
};

/* On the thread that runs the loop. SIGVTALRM is taken. */
void progress_open(struct progress *progress, const struct progress_options *options);
void progress_close(struct progress *progress);
/* What runs now, for the last words: a static text. The end of the pass forgets it. NULL is no progress. */
void progress_doing(struct progress *progress, const char *what);

#endif
