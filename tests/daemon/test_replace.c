/* A reload that has to open everything anew, and cannot: the service that ran goes on. Shards are counted as
 * they are created, and fail when they are told to; Redis is away throughout, which is no reason for
 * anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reload.h"
#include "store/shard.h"

static int created, fail_from, fail_n; /* which of the shards cannot be created, counted from 1 */

int __real_shard_create(const struct shard_options *options, const struct shard_hooks *hooks,
                        struct shard **out, const char **why);
int __wrap_shard_create(const struct shard_options *options, const struct shard_hooks *hooks,
                        struct shard **out, const char **why);

int __wrap_shard_create(const struct shard_options *options, const struct shard_hooks *hooks,
                        struct shard **out, const char **why)
{
    created++;
    if (created >= fail_from && created < fail_from + fail_n)
        return -ENOMEM;
    return __real_shard_create(options, hooks, out, why);
}

struct world {
    uv_loop_t loop;
    struct log log;
    struct held held;
    struct reload *reload;
    char folder[64], settings[80];
    int taken, failed;
    bool stopped;
};

static void write_settings(const struct world *world, const char *redis)
{
    static const char *const kinds[] = {"rules", "calendars", "directory", "events"};
    static const char *const channels[] = {"mail", "robot"};
    FILE *out = fopen(world->settings, "we");
    assert_non_null(out);
    fprintf(out,
            "redis = \"unix:%s/%s\"; streams = [ \"a\", \"b\" ]; calendar = \"office\"; log = \"error\";\n",
            world->folder, redis);
    fprintf(out, "plugins = \"%s\"; templates = \"%s/templates\";\n", PLUGINS_DIR, BASE_DIR);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        fprintf(out, "%s = \"%s/%s.d\";\n", kinds[i], BASE_DIR, kinds[i]);
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++)
        fprintf(out, "%s%s = { plugin = \"log\"; path = \"%s/log\"; };%s", i ? " " : "channels = { ",
                channels[i], world->folder, i + 1 == sizeof channels / sizeof *channels ? " };\n" : "");
    assert_int_equal(fclose(out), 0);
}

static void on_taken(void *data)
{
    ((struct world *)data)->taken++;
}

static void on_failed(void *data)
{
    ((struct world *)data)->failed++;
}

static void on_stopped(void *data)
{
    ((struct world *)data)->stopped = true;
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct problems problems;
    char error[512];
    snprintf(world->folder, sizeof world->folder, "/tmp/cuiban-replace-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->settings, sizeof world->settings, "%s/cuiban.cfg", world->folder);
    write_settings(world, "first");
    log_init(&world->log, "error");
    assert_int_equal(uv_loop_init(&world->loop), 0);
    held_open(&world->held, &world->loop);
    struct reload_options options = {
        .file = world->settings,
        .log = &world->log,
        .held = &world->held,
        .on_taken = on_taken,
        .service = {.loop = &world->loop, .log = &world->log, .on_failed = on_failed, .data = world},
    };
    created = fail_from = fail_n = 0;
    problems_init(&problems);
    if (reload_open(&options, &problems, &world->reload))
        fail_msg("%s: %s", world->settings, problems.n ? problems.items[0].what : "?");
    problems_finish(&problems);
    assert_int_equal(reload_start(world->reload, error, sizeof error), 0);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    reload_stop(world->reload, 1000, on_stopped, world);
    held_close(&world->held);
    uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_true(world->stopped);
    reload_destroy(world->reload);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    unlink(world->settings);
    rmdir(world->folder);
    free(world);
    return 0;
}

static void status_of(struct world *world, struct buffer *out)
{
    struct json_writer json;
    buffer_init(out);
    json_begin(&json, out);
    json_object(&json);
    reload_status(world->reload, &json);
    json_object_end(&json);
}

static bool is_idle(struct world *world)
{
    struct buffer status;
    status_of(world, &status);
    bool idle = strstr(buffer_text(&status), "\"state\":\"idle\"") != NULL;
    buffer_finish(&status);
    return idle;
}

static void reload(struct world *world, const char *redis)
{
    write_settings(world, redis);
    reload_ask(world->reload);
    while (!is_idle(world) && world->failed == 0)
        uv_run(&world->loop, UV_RUN_ONCE);
}

static bool runs_with(struct world *world, const char *redis)
{
    const char *running = service_config(reload_service(world->reload))->settings.redis;
    return strcmp(strrchr(running, '/') + 1, redis) == 0;
}

static void test_replaced(void **state)
{
    struct world *world = *state;
    reload(world, "second");
    assert_true(runs_with(world, "second"));
    assert_int_equal(world->taken, 1);
    assert_int_equal(created, 4);
}

/* The first stream of the new service comes, the second does not; both of the old one are there again. */
static void test_the_new_one_cannot_start(void **state)
{
    struct world *world = *state;
    struct buffer status;
    fail_from = 4;
    fail_n = 1;
    reload(world, "second");
    assert_true(runs_with(world, "first"));
    assert_int_equal(created, 6);
    assert_int_equal(world->taken, 0);
    assert_int_equal(world->failed, 0);
    status_of(world, &status);
    assert_non_null(strstr(buffer_text(&status),
                           "the new settings could not be started: stream \\\"b\\\": out of memory"));
    assert_non_null(strstr(buffer_text(&status), "\"refused\":1"));
    buffer_finish(&status);
    reload(world, "second"); /* and with memory it works */
    assert_true(runs_with(world, "second"));
    assert_int_equal(world->taken, 1);
    status_of(world, &status);
    assert_null(strstr(buffer_text(&status), "could not be started"));
    buffer_finish(&status);
}

static void test_neither_can_start(void **state)
{
    struct world *world = *state;
    fail_from = 4;
    fail_n = 2;
    reload(world, "second");
    assert_int_equal(world->failed, 1); /* once: main ends the process, and it is started again */
    assert_int_equal(world->taken, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_new_one_cannot_start, setup, teardown),
        cmocka_unit_test_setup_teardown(test_neither_can_start, setup, teardown),
    };
    return cmocka_run_group_tests_name("replace", tests, NULL, NULL);
}
