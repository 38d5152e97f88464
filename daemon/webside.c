#include "webside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "core/backoff.h"

enum { RETRY_BASE_MS = 500, RETRY_CAP_MS = 30 * 1000, PROBLEM_MAX = 256 };

struct webside {
    uv_loop_t *loop;
    const struct log *log;
    struct web_content content;
    char listen[WEB_ADDRESS_MAX]; /* "": nowhere */
    struct web *web;              /* NULL: it does not listen */
    uv_timer_t retry;
    uint32_t tries;
    char problem[PROBLEM_MAX];
    int closing; /* webs that are on their way out, and the timer */
    void (*done)(void *data);
    void *done_data;
};

static void attempt(struct webside *webside);

static void webside_on_retry(uv_timer_t *timer)
{
    attempt(timer->data);
}

static uint32_t chance(void)
{
    return (uint32_t)(uv_hrtime() / 1000); /* jitter needs no better */
}

static void try_again_later(struct webside *webside, const char *why)
{
    int64_t wait = backoff_ms(RETRY_BASE_MS, RETRY_CAP_MS, ++webside->tries, chance());

    if (strcmp(webside->problem, why) != 0) {
        log_line(webside->log, LOG_WARNING, "%s; everything else runs, and this is tried again", why);
    }
    (void)snprintf(webside->problem, sizeof webside->problem, "%s", why);
    (void)uv_timer_start(&webside->retry, webside_on_retry, (uint64_t)wait, 0);
}

static void attempt(struct webside *webside)
{
    struct web_options options = {.loop = webside->loop, .listen = webside->listen};
    char error[PROBLEM_MAX];

    if (web_open(&options, &webside->content, &webside->web, error, sizeof error)) {
        try_again_later(webside, error);
        return;
    }
    webside->tries = 0;
    webside->problem[0] = '\0';
    log_line(webside->log, LOG_INFO, "metrics, health and status on http://%s/", web_address(webside->web));
}

static void let_go(struct webside *webside)
{
    if (--webside->closing > 0 || !webside->done) {
        return;
    }
    void (*done)(void *data) = webside->done;
    void *data = webside->done_data;
    free(webside);
    done(data);
}

static void webside_on_web_closed(void *data)
{
    let_go(data);
}

static void webside_on_timer_closed(uv_handle_t *handle)
{
    let_go(handle->data);
}

static void stop_listening(struct webside *webside)
{
    (void)uv_timer_stop(&webside->retry);
    webside->tries = 0;
    webside->problem[0] = '\0';
    if (webside->web) {
        webside->closing++;
        web_close(webside->web, webside_on_web_closed, webside);
        webside->web = NULL;
    }
}

struct webside *webside_create(uv_loop_t *loop, const struct log *log, const struct web_content *content)
{
    struct webside *webside = calloc(1, sizeof *webside);

    if (!webside) {
        return NULL;
    }
    webside->loop = loop;
    webside->log = log;
    webside->content = *content;
    (void)uv_timer_init(loop, &webside->retry);
    webside->retry.data = webside;
    return webside;
}

/* An address that only the one before keeps busy is free when that one has closed: the retry finds it. */
void webside_listen(struct webside *webside, const char *address)
{
    const char *wanted = address ? address : "";

    if (strcmp(wanted, webside->listen) == 0) {
        return;
    }
    stop_listening(webside);
    (void)snprintf(webside->listen, sizeof webside->listen, "%s", wanted);
    if (webside->listen[0]) {
        attempt(webside);
    }
}

void webside_close(struct webside *webside, void (*done)(void *data), void *data)
{
    stop_listening(webside);
    webside->done = done;
    webside->done_data = data;
    webside->closing++;
    uv_close((uv_handle_t *)&webside->retry, webside_on_timer_closed);
}

uint64_t webside_served(const struct webside *webside)
{
    return webside->web ? web_served(webside->web) : 0;
}

const char *webside_problem(const struct webside *webside)
{
    return webside->problem;
}
