#include "checkup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "notify.h"
#include "reload.h"
#include "store/clock.h"
#include "web/metrics.h"

enum { BEAT_MS = 1000 };

struct checkup {
    uv_timer_t beat;
    const struct log *log;
    const struct reload *reload;
    struct monotonic idle_since; /* no stream is open; {0}: some are */
    struct service_facts facts;
    struct health health;
    uint64_t said;      /* the codes that the log has, one bit each */
    struct buffer line; /* systemd has this one */
};

const struct health *checkup_now(struct checkup *checkup)
{
    struct monotonic now = clock_monotonic();

    service_facts(reload_service(checkup->reload), &checkup->facts);
    if (checkup->facts.health.n_streams > 0)
        checkup->idle_since = (struct monotonic){0};
    else if (checkup->idle_since.ms == 0)
        checkup->idle_since = now;
    checkup->facts.health.idle_ms = checkup->idle_since.ms ? now.ms - checkup->idle_since.ms : 0;
    health_judge(&checkup->facts.health, &checkup->health);
    return &checkup->health;
}

/* What is new is logged; that it lasts is not. */
static void log_news(struct checkup *checkup, const char *line)
{
    uint64_t codes = 0;

    for (int code = 0; code < HEALTH_CODES; code++)
        if (health_count(&checkup->health, (enum health_code)code) > 0)
            codes |= UINT64_C(1) << code;
    if (codes == checkup->said)
        return;
    checkup->said = codes;
    log_line(checkup->log, checkup->health.is_healthy ? LOG_NOTICE : LOG_WARNING, "health: %s", line);
}

static void tell_systemd(struct checkup *checkup, const char *line)
{
    struct buffer state;

    if (strcmp(line, buffer_text(&checkup->line)) == 0)
        return;
    buffer_clear(&checkup->line);
    buffer_add_text(&checkup->line, line);
    buffer_init(&state);
    buffer_printf(&state, "STATUS=%s", line);
    if (buffer_ok(&state))
        (void)notify_send(buffer_text(&state));
    buffer_finish(&state);
}

static void checkup_on_beat(uv_timer_t *timer)
{
    struct checkup *checkup = timer->data;
    struct buffer line;

    (void)checkup_now(checkup);
    buffer_init(&line);
    health_line(&checkup->health, &line);
    log_news(checkup, buffer_text(&line));
    tell_systemd(checkup, buffer_text(&line));
    buffer_finish(&line);
    service_tell_health(reload_service(checkup->reload), &checkup->health);
}

void checkup_metrics(struct checkup *checkup, struct buffer *out)
{
    const struct health *health = checkup_now(checkup);

    metrics_family(out, "cuiban_healthy", "gauge", "1 if /healthz answers 200");
    metrics_int(out, "cuiban_healthy", NULL, 0, health->is_healthy);
    metrics_family(
        out, "cuiban_health_reasons", "gauge",
        "streams or channels to which this reason applies; those of severity \"error\" make it not "
        "healthy");
    for (int code = 0; code < HEALTH_CODES; code++) {
        struct metric_label labels[] = {
            {"reason", health_code_name((enum health_code)code)},
            {"severity", health_code_is_warning((enum health_code)code) ? "warning" : "error"},
        };
        metrics_int(out, "cuiban_health_reasons", labels, 2,
                    (int64_t)health_count(health, (enum health_code)code));
    }
}

int checkup_open(uv_loop_t *loop, const struct log *log, const struct reload *reload, struct checkup **out)
{
    struct checkup *checkup = calloc(1, sizeof *checkup);

    if (!checkup)
        return -ENOMEM;
    checkup->log = log;
    checkup->reload = reload;
    buffer_init(&checkup->line);
    (void)uv_timer_init(loop, &checkup->beat);
    checkup->beat.data = checkup;
    (void)uv_timer_start(&checkup->beat, checkup_on_beat, BEAT_MS, BEAT_MS);
    *out = checkup;
    return 0;
}

static void checkup_on_closed(uv_handle_t *handle)
{
    struct checkup *checkup = handle->data;

    buffer_finish(&checkup->line);
    free(checkup);
}

void checkup_close(struct checkup *checkup)
{
    if (checkup)
        uv_close((uv_handle_t *)&checkup->beat, checkup_on_closed);
}
