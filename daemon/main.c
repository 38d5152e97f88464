/* main.c: cuiband, the daemon: arguments, signals, the loop. service.c wires the rooms together, reload.c
 * keeps the service. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <uv.h>

#include "checkup.h"
#include "config/chinese.h"
#include "log.h"
#include "notify.h"
#include "progress.h"
#include "reload.h"
#include "webside.h"

enum { EXIT_USAGE = 2, SPEED_MAX = 100000, STOP_LIMIT_MS = 8000 };

struct arguments {
    const char *file;
    bool check, help, version;
    struct speed speed;
};

struct daemon {
    struct arguments arguments;
    struct log log;
    uv_loop_t loop;
    uv_signal_t terminate, interrupt, hangup;
    uv_timer_t watchdog;
    struct held held;
    struct progress progress;
    struct reload *reload;
    struct checkup *checkup;
    struct webside *webside;
    bool stopping;
    int status;
};

/* -- arguments -- */

static const char usage[] =
    "usage: cuiband -c FILE [--check] [--speed N --at TIME]\n"
    "  -c, --config FILE  the settings file (cuiban.cfg(5))\n"
    "      --check        read all files, open all channels, report every problem, and end\n"
    "      --speed N      a rehearsal: the clock runs N times faster, from --at\n"
    "      --at TIME      where that clock starts, RFC 3339 with an offset\n"
    "  -h, --help         this text\n"
    "  -V, --version      the version\n";

static bool parse_speed(struct arguments *arguments, const char *text)
{
    char *end;
    long factor = strtol(text, &end, 10);

    if (*end || factor < 1 || factor > SPEED_MAX) {
        (void)fprintf(stderr, "cuiband: --speed %s: a whole number from 1 to %d is expected\n", text,
                      SPEED_MAX);
        return false;
    }
    arguments->speed.factor = (int32_t)factor;
    return true;
}

static bool parse_at(struct arguments *arguments, const char *text)
{
    if (!instant_parse(text, &arguments->speed.at)) {
        (void)fprintf(stderr, "cuiband: --at %s: an RFC 3339 time with an offset is expected, such as %s\n",
                      text, "2026-11-16T08:30:00+08:00");
        return false;
    }
    return true;
}

static bool check_arguments(const struct arguments *arguments)
{
    if (arguments->help || arguments->version) {
        return true;
    }
    if (!arguments->file) {
        (void)fprintf(stderr, "cuiband: -c FILE is missing\n%s", usage);
        return false;
    }
    if ((arguments->speed.factor > 0) != (arguments->speed.at != INSTANT_NONE)) {
        (void)fprintf(stderr, "cuiband: --speed and --at go together\n");
        return false;
    }
    return true;
}

static bool parse_arguments(int argc, char **argv, struct arguments *out)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, 'k'},
        {"speed", required_argument, NULL, 's'},
        {"at", required_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int option;

    *out = (struct arguments){.speed = {.at = INSTANT_NONE}};
    while ((option = getopt_long(argc, argv, "c:hV", options, NULL)) !=
           -1) { /* NOLINT(concurrency-mt-unsafe) */
        bool ok = true;

        switch (option) {
        case 'c':
            out->file = optarg;
            break;
        case 'k':
            out->check = true;
            break;
        case 's':
            ok = parse_speed(out, optarg);
            break;
        case 'a':
            ok = parse_at(out, optarg);
            break;
        case 'h':
            out->help = true;
            break;
        case 'V':
            out->version = true;
            break;
        default:
            (void)fputs(usage, stderr);
            ok = false;
        }
        if (!ok) {
            return false;
        }
    }
    if (optind < argc) {
        (void)fprintf(stderr, "cuiband: %s: unexpected\n%s", argv[optind], usage);
        return false;
    }
    return check_arguments(out);
}

/* -- problems -- */

static void print_problems(struct problems *problems)
{
    problems_sort(problems);
    for (size_t i = 0; i < problems->n; i++) {
        const struct problem *problem = &problems->items[i];

        if (problem->file) {
            (void)fprintf(stderr, "%s:%d: ", problem->file, problem->line);
        }
        (void)fprintf(stderr, "%s: %s\n", problem_text(problems, problem->warning ? "warning" : "error"),
                      problem->what);
        if (problem->hint) {
            (void)fprintf(stderr, "    %s\n", problem->hint);
        }
    }
    if (problems->errors > 0) {
        (void)fprintf(stderr, problem_text(problems, "cuiband: %zu errors, %zu warnings\n"), problems->errors,
                      problems->warnings);
    }
}

/* -- the web -- */

static void web_metrics(void *data, struct buffer *out)
{
    const struct daemon *daemon = data;

    checkup_metrics(daemon->checkup, out);
    service_metrics(reload_service(daemon->reload), out);
    reload_metrics(daemon->reload, out);
}

static void web_status(void *data, struct buffer *out)
{
    const struct daemon *daemon = data;
    struct json_writer json;

    json_begin(&json, out);
    json_object(&json);
    json_key_text(&json, "version", CUIBAN_VERSION);
    reload_status(daemon->reload, &json);
    service_status(reload_service(daemon->reload), &json);
    json_object_end(&json);
}

static bool web_health(void *data, bool as_json, struct buffer *out)
{
    const struct daemon *daemon = data;
    const struct health *health = checkup_now(daemon->checkup);
    struct json_writer json;

    json_begin(&json, out);
    if (as_json) {
        health_json(health, NULL, &json);
    } else {
        health_text(health, out);
    }
    return health->is_healthy;
}

static void on_taken(void *data)
{
    struct daemon *daemon = data;

    webside_listen(daemon->webside, service_config(reload_service(daemon->reload))->settings.web_listen);
}

static bool open_webside(struct daemon *daemon)
{
    struct web_content content = {daemon, web_metrics, web_status, web_health};

    daemon->webside = webside_create(&daemon->loop, &daemon->log, &content);
    return daemon->webside != NULL;
}

/* -- stopping -- */

static void close_handles(struct daemon *daemon)
{
    uv_close((uv_handle_t *)&daemon->terminate, NULL);
    uv_close((uv_handle_t *)&daemon->interrupt, NULL);
    uv_close((uv_handle_t *)&daemon->hangup, NULL);
    uv_close((uv_handle_t *)&daemon->watchdog, NULL);
    checkup_close(daemon->checkup);
    held_close(&daemon->held);
    progress_close(&daemon->progress);
}

static void on_web_closed(void *data)
{
    close_handles(data);
}

static void on_service_stopped(void *data)
{
    struct daemon *daemon = data;

    if (daemon->webside) {
        webside_close(daemon->webside, on_web_closed, daemon);
    } else {
        close_handles(daemon);
    }
}

static void stop(struct daemon *daemon)
{
    if (daemon->stopping) {
        return;
    }
    daemon->stopping = true;
    (void)notify_send("STOPPING=1");
    reload_stop(daemon->reload, STOP_LIMIT_MS, on_service_stopped, daemon);
}

static void on_stop_signal(uv_signal_t *handle, int number)
{
    struct daemon *daemon = handle->data;

    log_line(&daemon->log, LOG_NOTICE, "signal %d: stopping", number);
    stop(daemon);
}

static void on_hangup(uv_signal_t *handle, int number)
{
    struct daemon *daemon = handle->data;

    (void)number;
    reload_ask(daemon->reload);
}

static void on_failed(void *data)
{
    struct daemon *daemon = data;

    daemon->status = EXIT_FAILURE;
    stop(daemon);
}

/* -- a loop that turns without getting anything done -- */

static uint64_t progress_work(void *data)
{
    const struct daemon *daemon = data;

    uint64_t served = daemon->webside && !daemon->stopping ? webside_served(daemon->webside) : 0;

    return service_work(reload_service(daemon->reload)) + served;
}

static void progress_on_spinning(void *data, uint64_t passes, int64_t ms)
{
    struct daemon *daemon = data;
    struct buffer status;

    buffer_init(&status);
    web_status(daemon, &status);
    log_line(&daemon->log, LOG_CRIT,
             "the loop passed %" PRIu64 " times in %" PRId64
             " ms and got nothing done; stopping, to be started again; "
             "as it stands: %s",
             passes, ms, buffer_text(&status));
    buffer_finish(&status);
    daemon->status = PROGRESS_EXIT;
    stop(daemon);
}

static void open_progress(struct daemon *daemon)
{
    struct progress_options options = {
        .loop = &daemon->loop, .work = progress_work, .on_spinning = progress_on_spinning, .data = daemon};

    progress_open(&daemon->progress, &options);
}

/* -- running -- */

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    (void)notify_send("WATCHDOG=1");
}

static void on_first_owned(void *data, instant now)
{
    struct daemon *daemon = data;
    char text[INSTANT_TEXT_MAX];
    const struct rule_policy *policy = ruleset_policy(service_config(reload_service(daemon->reload))->rules);

    (void)printf("cuiband: ready at %s speed %d\n", zone_format(policy->zone, now, text),
                 daemon->arguments.speed.factor > 0 ? (int)daemon->arguments.speed.factor : 1);
    (void)fflush(stdout);
}

static struct reload_options reload_options(struct daemon *daemon)
{
    return (struct reload_options){
        .file = daemon->arguments.file,
        .log = &daemon->log,
        .held = &daemon->held,
        .on_taken = on_taken,
        .service =
            {
                .loop = &daemon->loop,
                .log = &daemon->log,
                .progress = &daemon->progress,
                .speed = daemon->arguments.speed.factor > 0 ? daemon->arguments.speed : (struct speed){0},
                .on_owned = on_first_owned,
                .on_failed = on_failed,
                .data = daemon,
            },
    };
}

static void start_signals(struct daemon *daemon)
{
    int64_t watchdog_ms = notify_watchdog_ms();

    uv_signal_init(&daemon->loop, &daemon->terminate);
    uv_signal_init(&daemon->loop, &daemon->interrupt);
    uv_signal_init(&daemon->loop, &daemon->hangup);
    uv_timer_init(&daemon->loop, &daemon->watchdog);
    daemon->terminate.data = daemon->interrupt.data = daemon->hangup.data = daemon;
    uv_signal_start(&daemon->terminate, on_stop_signal, SIGTERM);
    uv_signal_start(&daemon->interrupt, on_stop_signal, SIGINT);
    uv_signal_start(&daemon->hangup, on_hangup, SIGHUP);
    if (watchdog_ms > 0) {
        uv_timer_start(&daemon->watchdog, on_watchdog, 0, (uint64_t)watchdog_ms / 2);
    }
}

/* What the files can be blamed for does not mend itself: nobody starts the daemon again. Anything else may
 * pass. */
static int exit_status(int error)
{
    return error == -EINVAL ? EXIT_USAGE : EXIT_FAILURE;
}

static void run(struct daemon *daemon)
{
    char error[512] = "out of memory";

    held_open(&daemon->held, &daemon->loop);
    open_progress(daemon);
    start_signals(daemon);
    int result = open_webside(daemon)
                     ? checkup_open(&daemon->loop, &daemon->log, daemon->reload, &daemon->checkup)
                     : -ENOMEM;
    if (!result) {
        result = reload_start(daemon->reload, error, sizeof error);
    }
    if (result) {
        log_line(&daemon->log, LOG_ERR, "%s", error);
        daemon->status = exit_status(result);
        stop(daemon);
    } else {
        on_taken(daemon);
        (void)notify_send("READY=1");
    }
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
}

static int serve(struct daemon *daemon)
{
    struct reload_options options = reload_options(daemon);
    struct problems problems;

    problems_init(&problems);
    problems.language = chinese_wanted();
    int error = reload_open(&options, &problems, &daemon->reload);
    print_problems(&problems);
    problems_finish(&problems);
    if (error) {
        if (error != -EINVAL) {
            (void)fprintf(stderr, "cuiband: %s\n", strerror(-error));
        }
        return exit_status(error);
    }
    log_init(&daemon->log, service_config(reload_service(daemon->reload))->settings.log_level);
    if (!daemon->arguments.check) {
        run(daemon);
    }
    reload_destroy(daemon->reload);
    return daemon->status;
}

int main(int argc, char **argv)
{
    struct daemon daemon = {.status = EXIT_SUCCESS};

    if (!parse_arguments(argc, argv, &daemon.arguments)) {
        return EXIT_USAGE;
    }
    if (daemon.arguments.help || daemon.arguments.version) {
        (void)fputs(daemon.arguments.help ? usage : "cuiband " CUIBAN_VERSION "\n", stdout);
        return EXIT_SUCCESS;
    }
    (void)signal(SIGHUP, SIG_IGN); /* until it is listened to */
    (void)signal(SIGPIPE, SIG_IGN);
    log_init(&daemon.log, NULL);
    int error = uv_loop_init(&daemon.loop);
    if (error) {
        (void)fprintf(stderr, "cuiband: the loop cannot be made: %s\n", uv_strerror(error));
        return EXIT_FAILURE;
    }
    int status = serve(&daemon);
    if (uv_loop_close(&daemon.loop)) {
        (void)fprintf(stderr, "cuiband: a handle was left open\n");
        status = status ? status : EXIT_FAILURE;
    }
    return status;
}
