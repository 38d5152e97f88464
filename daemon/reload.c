#include "reload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "notify.h"
#include "web/metrics.h"

enum {
    SETTLE_POLL_MS = 20,
    LOOK_MS = 60 * 1000, /* the files on disk are looked at no more often */
    WHY_MAX = 300,
    CLOSE_LIMIT_MS = 8000,
};

enum stage {
    STAGE_IDLE,
    STAGE_LOOKING,   /* what is on disk? Nothing changes */
    STAGE_READING,   /* files that are to be taken */
    STAGE_SETTLING,  /* the deadlines come over */
    STAGE_REPLACING, /* the service that ran closes */
};

struct reading { /* of the other thread, while it works */
    struct edition *edition;
    struct problems problems;
    int error;
};

struct trouble {
    size_t errors; /* 0: none */
    char why[WHY_MAX];
};

struct reload {
    struct reload_options options;
    struct service *service, *next;
    enum stage stage;
    bool is_again, is_stopping;
    uv_work_t work;
    uv_timer_t settle;
    struct reading reading;
    struct monotonic began;
    uint64_t succeeded, failed;
    instant succeeded_at, failed_at;   /* INSTANT_NONE: never */
    int64_t took_ms, held_ms, busy_ms; /* the last good one; the longest round of the loop meanwhile, and its
                                          processor time */
    struct trouble refusal;            /* why the last one failed; until the next good one */
    struct {
        struct monotonic at;
        char fingerprint[17]; /* "" if they have errors */
        struct trouble trouble;
    } disk;
    int64_t limit_ms;
    void (*on_stopped)(void *data);
    void *stopped_data;
};

static void ask(struct reload *reload, enum stage stage);

/* -- problems -- */

static void describe(const struct problem *problem, char out[static WHY_MAX])
{
    if (problem->file) {
        (void)snprintf(out, WHY_MAX, "%s:%d: %s", problem->file, problem->line, problem->what);
    } else {
        (void)snprintf(out, WHY_MAX, "%s", problem->what);
    }
}

static struct trouble trouble_of(const struct problems *problems)
{
    struct trouble trouble = {.errors = problems->errors, .why = "out of memory"};

    for (size_t i = 0; i < problems->n; i++) {
        if (!problems->items[i].warning) {
            describe(&problems->items[i], trouble.why);
            break;
        }
    }
    trouble.errors = trouble.errors > 0 ? trouble.errors : 1;
    return trouble;
}

static void log_problems(const struct reload *reload, struct problems *problems)
{
    problems_sort(problems);
    for (size_t i = 0; i < problems->n; i++) {
        const struct problem *problem = &problems->items[i];
        char text[WHY_MAX];

        describe(problem, text);
        log_line(reload->options.log, problem->warning ? LOG_WARNING : LOG_ERR, "%s: %s%s%s%s",
                 problem->warning ? "warning" : "error", text, problem->hint ? " (" : "",
                 problem->hint ? problem->hint : "", problem->hint ? ")" : "");
    }
}

/* -- ends -- */

static void forget(struct reload *reload)
{
    reload->stage = STAGE_IDLE;
    problems_finish(&reload->reading.problems);
    edition_destroy(reload->reading.edition);
    reload->reading.edition = NULL;
}

static void finish(struct reload *reload)
{
    if (reload->stage != STAGE_LOOKING) {
        (void)notify_send("READY=1");
    }
    forget(reload);
    if (reload->is_again && !reload->is_stopping) {
        reload->is_again = false;
        ask(reload, STAGE_READING);
    }
}

static void refuse(struct reload *reload)
{
    reload->refusal = trouble_of(&reload->reading.problems);
    reload->failed++;
    reload->failed_at = clock_wall();
    log_problems(reload, &reload->reading.problems);
    log_line(reload->options.log, LOG_ERR, "reload refused, %zu errors; the running rules are untouched: %s",
             reload->refusal.errors, edition_fingerprint(service_edition(reload->service)));
    service_refuse_reload(reload->service, reload->refusal.errors, reload->refusal.why);
    finish(reload);
}

static void succeed(struct reload *reload)
{
    const struct config *config = service_config(reload->service);

    log_init(reload->options.log, config->settings.log_level);
    reload->succeeded++;
    reload->succeeded_at = clock_wall();
    reload->refusal = (struct trouble){0};
    reload->took_ms = clock_monotonic().ms - reload->began.ms;
    reload->held_ms = held_max_ms(reload->options.held);
    reload->busy_ms = held_max_cpu_ms(reload->options.held);
    log_line(reload->options.log, LOG_NOTICE,
             "reloaded: rules %s, after %lld ms; the loop was held for %lld ms at most",
             ruleset_fingerprint(config->rules), (long long)reload->took_ms, (long long)reload->held_ms);
    if (reload->options.on_taken) {
        reload->options.on_taken(reload->options.service.data);
    }
    finish(reload);
}

/* -- the service is replaced -- */

static void reload_on_stopped(void *data)
{
    struct reload *reload = data;

    uv_close((uv_handle_t *)&reload->settle, NULL);
    reload->on_stopped(reload->stopped_data);
}

static bool is_over(struct reload *reload)
{
    if (!reload->is_stopping) {
        return false;
    }
    service_destroy(reload->next);
    reload->next = NULL;
    reload_on_stopped(reload);
    return true;
}

/* What could not start has closed again: the service that ran goes on. */
static void reload_on_given_up(void *data)
{
    struct reload *reload = data;
    char error[512];

    if (is_over(reload)) {
        return;
    }
    service_destroy(reload->next);
    reload->next = NULL;
    if (service_start(reload->service, error, sizeof error) == 0) {
        refuse(reload);
        return;
    }
    log_line(reload->options.log, LOG_ERR, "nor can what ran before be started again: %s", error);
    forget(reload);
    reload->options.service.on_failed(reload->options.service.data);
}

static void reload_on_closed(void *data)
{
    struct reload *reload = data;
    char error[512];

    if (is_over(reload)) {
        return;
    }
    if (service_start(reload->next, error, sizeof error)) {
        problem_error(&reload->reading.problems, NULL, 0, "the new settings could not be started: %s", error);
        service_stop(reload->next, CLOSE_LIMIT_MS, reload_on_given_up, reload);
        return;
    }
    service_destroy(reload->service);
    reload->service = reload->next;
    reload->next = NULL;
    succeed(reload);
}

static void replace(struct reload *reload, const char *why)
{
    struct edition *edition = reload->reading.edition;

    reload->reading.edition = NULL;
    if (service_open(&reload->options.service, edition, &reload->reading.problems, &reload->next)) {
        refuse(reload);
        return;
    }
    log_line(reload->options.log, LOG_NOTICE,
             "the files have other settings (%s): connections are opened anew", why);
    reload->stage = STAGE_REPLACING;
    service_stop(reload->service, CLOSE_LIMIT_MS, reload_on_closed, reload);
}

/* -- the service goes on -- */

static void reload_on_settle(uv_timer_t *timer)
{
    struct reload *reload = timer->data;

    if (reload->is_stopping || !service_settle(reload->service)) {
        return;
    }
    uv_timer_stop(timer);
    succeed(reload);
}

static void go_on(struct reload *reload)
{
    struct edition *edition = reload->reading.edition;

    reload->reading.edition = NULL;
    log_problems(reload, &reload->reading.problems); /* warnings */
    service_reload(reload->service, edition);
    reload->stage = STAGE_SETTLING;
    (void)uv_timer_start(&reload->settle, reload_on_settle, SETTLE_POLL_MS, SETTLE_POLL_MS);
}

/* -- reading, in another thread -- */

static void read_files(uv_work_t *work)
{
    struct reload *reload = work->data;
    struct reading *reading = &reload->reading;

    reading->error = edition_load(reload->options.file, service_edition(reload->service), &reading->problems,
                                  &reading->edition);
}

static void remember_disk(struct reload *reload)
{
    const struct reading *reading = &reload->reading;

    reload->disk.at = clock_monotonic();
    reload->disk.trouble = reading->error ? trouble_of(&reading->problems) : (struct trouble){0};
    (void)snprintf(reload->disk.fingerprint, sizeof reload->disk.fingerprint, "%s",
                   reading->error ? "" : edition_fingerprint(reading->edition));
}

static void judge(struct reload *reload)
{
    struct reading *reading = &reload->reading;

    if (!reading->error) {
        (void)service_can_follow(reload->service, reading->edition, &reading->problems);
    }
    if (reading->error || reading->problems.errors > 0) {
        refuse(reload);
        return;
    }
    const char *why = service_needs_restart(reload->service, reading->edition);
    if (why) {
        replace(reload, why);
    } else {
        go_on(reload);
    }
}

static void reload_on_read(uv_work_t *work, int status)
{
    struct reload *reload = work->data;

    (void)status; /* nobody cancels it */
    remember_disk(reload);
    if (reload->is_stopping || reload->stage == STAGE_LOOKING) {
        finish(reload);
    } else {
        judge(reload);
    }
}

static void ask(struct reload *reload, enum stage stage)
{
    if (stage == STAGE_READING) {
        (void)notify_send("RELOADING=1");
        reload->began = clock_monotonic();
        held_reset(reload->options.held);
    }
    reload->stage = stage;
    problems_init(&reload->reading.problems);
    service_forget_texts(reload->service);
    (void)uv_queue_work(reload->options.service.loop, &reload->work, read_files, reload_on_read);
}

void reload_ask(struct reload *reload)
{
    if (reload->is_stopping) {
        return;
    }
    if (reload->stage != STAGE_IDLE) {
        reload->is_again = true;
        return;
    }
    ask(reload, STAGE_READING);
}

/* -- life -- */

int reload_open(const struct reload_options *options, struct problems *problems, struct reload **out)
{
    struct reload *reload = calloc(1, sizeof *reload);
    struct edition *edition = NULL;
    int error = reload ? edition_load(options->file, NULL, problems, &edition) : -ENOMEM;

    if (!error) {
        reload->options = *options;
        reload->succeeded_at = reload->failed_at = INSTANT_NONE;
        error = service_open(&options->service, edition, problems, &reload->service);
    }
    if (error) {
        free(reload);
        return error;
    }
    reload->disk.at = clock_monotonic();
    (void)snprintf(reload->disk.fingerprint, sizeof reload->disk.fingerprint, "%s",
                   edition_fingerprint(service_edition(reload->service)));
    reload->work.data = reload->settle.data = reload;
    *out = reload;
    return 0;
}

void reload_destroy(struct reload *reload)
{
    if (!reload) {
        return;
    }
    if (reload->stage != STAGE_IDLE) {
        forget(reload);
    }
    service_destroy(reload->service);
    free(reload);
}

int reload_start(struct reload *reload, char *error, size_t error_room)
{
    (void)uv_timer_init(reload->options.service.loop, &reload->settle);
    reload->settle.data = reload;
    return service_start(reload->service, error, error_room);
}

void reload_stop(struct reload *reload, int64_t limit_ms, void (*done)(void *data), void *data)
{
    reload->is_stopping = true;
    reload->on_stopped = done;
    reload->stopped_data = data;
    if (reload->stage != STAGE_REPLACING) { /* else the service stops already */
        service_stop(reload->service, limit_ms, reload_on_stopped, reload);
    }
}

struct service *reload_service(const struct reload *reload)
{
    return reload->service;
}

/* -- telling how it goes -- */

static void look(struct reload *reload)
{
    bool old = clock_monotonic().ms - reload->disk.at.ms >= LOOK_MS;

    if (reload->stage == STAGE_IDLE && !reload->is_stopping && old) {
        ask(reload, STAGE_LOOKING);
    }
}

static bool differs(const struct reload *reload)
{
    return strcmp(reload->disk.fingerprint, edition_fingerprint(service_edition(reload->service))) != 0;
}

static void metric(struct buffer *out, const char *name, const char *type, const char *help, int64_t value)
{
    metrics_family(out, name, type, help);
    metrics_int(out, name, NULL, 0, value);
}

void reload_metrics(struct reload *reload, struct buffer *out)
{
    look(reload);
    metric(out, "cuiban_reloads_total", "counter", "reloads that were taken", (int64_t)reload->succeeded);
    metric(out, "cuiban_reload_failures_total", "counter", "reloads that were refused",
           (int64_t)reload->failed);
    metric(out, "cuiban_reload_failed", "gauge", "1 after a reload was refused, until one is taken",
           reload->refusal.errors > 0);
    metric(out, "cuiban_rules_on_disk_differ", "gauge",
           "1 if the files hold other rules than those that run, or errors", differs(reload));
    metric(out, "cuiban_loop_held_max_milliseconds", "gauge",
           "the longest time that anything had to wait for the loop in the last minute",
           held_recent_ms(reload->options.held));
}

static void add_trouble(struct json_writer *json, const struct trouble *trouble, instant at)
{
    char text[INSTANT_TEXT_MAX];

    json_object(json);
    if (at != INSTANT_NONE) {
        json_key_text(json, "at", instant_format_utc(at, text));
    }
    json_key_int(json, "errors", (int64_t)trouble->errors);
    json_key_text(json, "why", trouble->why);
    json_object_end(json);
}

static const char *stage_name(enum stage stage)
{
    static const char *const names[] = {
        [STAGE_IDLE] = "idle",         [STAGE_LOOKING] = "idle",        [STAGE_READING] = "reading",
        [STAGE_SETTLING] = "settling", [STAGE_REPLACING] = "replacing",
    };
    return names[stage];
}

static void add_reload(const struct reload *reload, struct json_writer *json)
{
    char text[INSTANT_TEXT_MAX];

    json_object(json);
    json_key_text(json, "state", stage_name(reload->stage));
    json_key_int(json, "taken", (int64_t)reload->succeeded);
    json_key_int(json, "refused", (int64_t)reload->failed);
    if (reload->succeeded > 0) {
        json_key_text(json, "taken_at", instant_format_utc(reload->succeeded_at, text));
        json_key_int(json, "took_ms", reload->took_ms);
        json_key_int(json, "held_ms", reload->held_ms);
        json_key_int(json, "busy_ms", reload->busy_ms);
    }
    if (reload->refusal.errors > 0) {
        json_key(json, "failure");
        add_trouble(json, &reload->refusal, reload->failed_at);
    }
    json_object_end(json);
}

void reload_status(struct reload *reload, struct json_writer *json)
{
    look(reload);
    json_key_text(json, "rules", edition_fingerprint(service_edition(reload->service)));
    json_key_text(json, "rules_on_disk", reload->disk.fingerprint[0] ? reload->disk.fingerprint : NULL);
    if (reload->disk.trouble.errors > 0) {
        json_key(json, "on_disk");
        add_trouble(json, &reload->disk.trouble, INSTANT_NONE);
    }
    json_key(json, "reload");
    add_reload(reload, json);
}
