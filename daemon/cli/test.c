/* test: the tests of the rules, played on the production engine. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/event_read.h"
#include "cli/test_report.h"
#include "cli/verbs.h"

struct run {
    struct cli *cli;
    struct config *config;
    struct config_choice choice; /* that `config` was loaded with */
    struct test_report report;
};

static const struct config_choice own = {.directory = NULL}; /* as in the settings */

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* -- what only the settings know -- */

static void check_rules(const struct config *config, const struct rule_test *test, struct problems *problems)
{
    const struct rule *rules;
    size_t n = ruleset_rules(config->rules, &rules);
    const char **names = calloc(n + 1, sizeof(*names));

    for (size_t i = 0; names != NULL && i < n; i++)
        names[i] = rules[i].name;
    for (size_t i = 0; i < test->rules.n; i++) {
        const char *name = test->rules.items[i], *nearest;

        if (ruleset_find(config->rules, name) != NULL)
            continue;
        problem_error(problems, test->file, test->line, "%s: there is no rule \"%s\"", test->name, name);
        nearest = names == NULL ? NULL : problem_nearest(name, names, n);
        if (nearest != NULL)
            problem_hint(problems, "did you mean \"%s\"?", nearest);
    }
    free(names);
}

static void check_events(const struct config *config, const struct rule_test *test, struct problems *problems)
{
    for (size_t i = 0; i < test->n_events; i++) {
        const struct rule_test_event *event = &test->events[i];
        struct event_draft draft = {.line = event->line};

        draft.n = event->n < EVENT_FIELDS_MAX + 1 ? event->n : EVENT_FIELDS_MAX + 1;
        memcpy(draft.raw, event->fields, draft.n * sizeof(draft.raw[0]));
        event_draft_check_fields(config, &draft, test->file, event->at, problems);
    }
}

/* A slip of the pen in a test would make it pass for the wrong reason: warnings are told, errors end it. */
static bool check_file(struct run *run, const struct rule_test_file *file)
{
    struct problems problems;
    bool sound;

    cli_problems_init(run->cli, &problems);
    for (size_t i = 0; i < file->n; i++) {
        check_rules(run->config, &file->tests[i], &problems);
        check_events(run->config, &file->tests[i], &problems);
    }
    problems_sort(&problems);
    cli_print_problems(run->cli, stderr, &problems);
    sound = problems.errors == 0;
    problems_finish(&problems);
    return sound;
}

/* -- running -- */

static bool same_place(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The settings with the people and calendars that a file asks for, loaded anew only if they are others. */
static bool use_choice(struct run *run, const struct config_choice *choice)
{
    if (run->config == NULL || !same_place(choice->directory, run->choice.directory) ||
        !same_place(choice->calendars, run->choice.calendars)) {
        config_unload(run->config);
        run->config = NULL;
        if (setup_load_play(run->cli, choice, &run->config) != CLI_OK)
            return false;
        run->choice = *choice;
    }
    run->report.config = run->config;
    return true;
}

static bool run_test(struct run *run, const struct rule_test *test)
{
    const char *pattern = cli_option(run->cli, "only");
    char *name = test_report_name(test);
    struct rule_test_result result;
    double begun = seconds_now();
    int error = name == NULL ? -ENOMEM : 0;

    if (error == 0 && (pattern == NULL || fnmatch(pattern, name, 0) == 0)) {
        error = rule_test_run(run->config, test, &result);
        if (error == 0) {
            test_report_add(&run->report, name, &result, seconds_now() - begun);
            rule_test_finish(&result);
        }
    }
    free(name);
    if (error != 0)
        cli_fail(run->cli, "%s: %s", "%s：%s", test->name, cli_error_text(run->cli, -error));
    return error == 0;
}

static bool run_file(struct run *run, const struct rule_test_file *file)
{
    const struct config_choice choice = {.directory = file->company, .calendars = file->calendars};

    if (!use_choice(run, &choice) || !check_file(run, file))
        return false;
    for (size_t i = 0; i < file->n; i++) {
        if (!run_test(run, &file->tests[i]))
            return false;
    }
    return true;
}

static bool run_path(struct run *run, const char *path)
{
    struct rule_tests tests;
    struct problems problems;
    bool going = true;
    int error;

    if (!use_choice(run, &own))
        return false;
    cli_problems_init(run->cli, &problems);
    error = rule_tests_read(path, setup_zone(run->config), &problems, &tests);
    problems_sort(&problems);
    cli_print_problems(run->cli, stderr, &problems);
    if (error != 0 && problems.errors == 0)
        cli_fail(run->cli, "%s: %s", "%s：%s", path, cli_error_text(run->cli, -error));
    for (size_t i = 0; error == 0 && going && i < tests.n_files; i++)
        going = run_file(run, &tests.files[i]);
    use_choice(run, &own); /* the names of the other places die with the tests */
    problems_finish(&problems);
    rule_tests_finish(&tests);
    return error == 0 && going;
}

/* "tests.d" beside the settings. The caller frees. */
static char *usual_path(const struct cli *cli)
{
    const char *slash = strrchr(cli->settings, '/');
    char *path;

    return asprintf(&path, "%.*stests.d", slash == NULL ? 0 : (int)(slash + 1 - cli->settings),
                    cli->settings) < 0
               ? NULL
               : path;
}

static bool run_paths(struct run *run)
{
    const struct arguments *arguments = &run->cli->arguments;
    bool going = true;

    if (arguments->n == 0) {
        char *path = usual_path(run->cli);

        going = path != NULL && run_path(run, path);
        free(path);
    }
    for (size_t i = 0; i < arguments->n && going; i++)
        going = run_path(run, arguments->words[i]);
    return going;
}

static enum cli_status write_junit(struct run *run, double seconds)
{
    const char *path = cli_option(run->cli, "junit");
    int error = path == NULL ? 0 : test_report_write_junit(&run->report, path, seconds);

    return error == 0 ? CLI_OK
                      : cli_fail(run->cli, "%s: %s", "%s：%s", path, cli_error_text(run->cli, -error));
}

enum cli_status verb_test(struct cli *cli)
{
    struct run run = {.cli = cli};
    enum cli_status status = CLI_USAGE;
    double begun = seconds_now();

    if (setup_load_play(cli, NULL, &run.config) != CLI_OK)
        return CLI_USAGE;
    test_report_begin(&run.report, cli);
    if (run_paths(&run)) {
        double seconds = seconds_now() - begun;

        if (run.report.passed + run.report.failed == 0)
            status = cli_fail(cli, "there is no test here", "这里没有测试");
        else if (write_junit(&run, seconds) == CLI_OK)
            status = test_report_end(&run.report, seconds);
    }
    test_report_finish(&run.report);
    config_unload(run.config);
    return status;
}
