#include "held.h"

#include <time.h>

enum { NS_PER_MS = 1000 * 1000 };
#define NS_PER_MINUTE (UINT64_C(60) * 1000 * NS_PER_MS)

static uint64_t thread_cpu_ns(void)
{
    struct timespec spent = {0};

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return (uint64_t)spent.tv_sec * 1000 * NS_PER_MS + (uint64_t)spent.tv_nsec;
}

static void turn_minute(struct held *held, uint64_t now_ns)
{
    uint64_t minute = now_ns / NS_PER_MINUTE;

    if (minute == held->minute) {
        return;
    }
    held->minute_ns = minute == held->minute + 1 ? held->now_ns : 0;
    held->now_ns = 0;
    held->minute = minute;
}

/* What a round took is the time that has passed less the time that the loop waited for something to do. */
static void held_on_prepare(uv_prepare_t *handle)
{
    struct held *held = handle->data;
    uint64_t now_ns = uv_hrtime();
    uint64_t idle_ns = uv_metrics_idle_time(handle->loop);
    uint64_t passed_ns = now_ns - held->at_ns, waited_ns = idle_ns - held->idle_ns;
    uint64_t took_ns = passed_ns > waited_ns ? passed_ns - waited_ns : 0;
    uint64_t cpu_ns = thread_cpu_ns();

    turn_minute(held, now_ns);
    held->max_ns = took_ns > held->max_ns ? took_ns : held->max_ns;
    held->now_ns = took_ns > held->now_ns ? took_ns : held->now_ns;
    held->max_cpu_ns = cpu_ns - held->cpu_ns > held->max_cpu_ns ? cpu_ns - held->cpu_ns : held->max_cpu_ns;
    held->cpu_ns = cpu_ns;
    held->at_ns = now_ns;
    held->idle_ns = idle_ns;
}

void held_open(struct held *held, uv_loop_t *loop)
{
    *held = (struct held){.at_ns = uv_hrtime(), .cpu_ns = thread_cpu_ns()};
    (void)uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
    (void)uv_prepare_init(loop, &held->prepare);
    held->prepare.data = held;
    (void)uv_prepare_start(&held->prepare, held_on_prepare);
    uv_unref((uv_handle_t *)&held->prepare);
}

void held_close(struct held *held)
{
    uv_close((uv_handle_t *)&held->prepare, NULL);
}

void held_reset(struct held *held)
{
    held->max_ns = held->max_cpu_ns = 0;
    held->at_ns = uv_hrtime();
    held->idle_ns = uv_metrics_idle_time(held->prepare.loop);
    held->cpu_ns = thread_cpu_ns();
}

int64_t held_max_ms(const struct held *held)
{
    return (int64_t)(held->max_ns / NS_PER_MS);
}

int64_t held_max_cpu_ms(const struct held *held)
{
    return (int64_t)(held->max_cpu_ns / NS_PER_MS);
}

int64_t held_recent_ms(const struct held *held)
{
    uint64_t ns = held->now_ns > held->minute_ns ? held->now_ns : held->minute_ns;

    return (int64_t)(ns / NS_PER_MS);
}
