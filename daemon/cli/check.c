#include "cli/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/notice.h"
#include "store/clock.h"

/* Opens every channel as the daemon would; what a plugin says is a problem of the line that configures it. */
static int check_plugins(const struct cli *cli, const struct config *config, struct problems *problems)
{
    size_t n = config->settings.n_channels, opened = 0;
    struct plugin_channel **channels = calloc(n + 1, sizeof(struct plugin_channel *));
    struct channel_facts *facts = calloc(n + 1, sizeof(*facts));
    size_t errors = problems->errors;
    int status = channels == NULL || facts == NULL ? -ENOMEM : 0;

    for (size_t i = 0; i < n && status == 0; i++) {
        const struct channel_setting *setting = &config->settings.channels[i];
        char error[SETUP_ERROR_MAX];

        if (setup_open_channel(cli, config, setting, &channels[opened], error) == 0) {
            plugin_channel_facts(channels[opened], &facts[opened]);
            opened++;
        } else {
            problem_error(problems, setting->file, setting->line, "%s", error);
        }
    }
    if (status == 0)
        status = ruleset_set_channels(config->rules, facts, opened);
    /* A channel that could not be opened is unknown to the rules: they would be blamed for it. */
    if (status == 0 && problems->errors == errors)
        config_check_channels(config, problems);
    if (status == 0)
        config_lint(config, clock_wall(), problems);
    for (size_t i = 0; i < opened; i++)
        plugin_channel_close(channels[i]);
    free(channels);
    free(facts);
    return status;
}

struct checked {
    size_t rules, channels, people, departments;
};

static void count(const struct config *config, struct checked *out)
{
    const struct rule *rules;
    const struct person *people;
    const struct department *departments;

    out->rules = ruleset_rules(config->rules, &rules);
    out->channels = config->settings.n_channels;
    out->people = directory_people(config->directory, &people);
    out->departments = directory_departments(config->directory, &departments);
}

static void print_summary(const struct cli *cli, const struct problems *problems,
                          const struct checked *checked)
{
    if (problems->errors == 0 && problems->warnings == 0)
        cli_say(cli, "ok", "没有问题");
    else
        cli_say(cli, "%zu errors, %zu warnings", "错误 %zu 处，警告 %zu 处", problems->errors,
                problems->warnings);
    if (checked != NULL)
        cli_say(cli, "; %zu rules, %zu channels, %zu people, %zu departments\n",
                "；规则 %zu 条，渠道 %zu 个，人员 %zu 人，部门 %zu 个\n", checked->rules, checked->channels,
                checked->people, checked->departments);
    else
        cli_say(cli, "; a running daemon keeps its rules\n", "；运行中的规则不受影响\n");
}

/* The rules that may leave too little time for every step before due. */
static size_t find_short(const struct config *config, const char *names[static RULES_MAX])
{
    struct notice notices[NOTICES_MAX];
    const struct rule *rules;
    size_t n = ruleset_rules(config->rules, &rules), found = 0;
    struct trial trial;

    trial_init(&trial, config, clock_wall(), NULL);
    for (size_t i = 0; i < n; i++) {
        if (notice_find(&trial, &rules[i], notices) > 0)
            names[found++] = rules[i].name;
    }
    return found;
}

static void print_short(const struct cli *cli, const struct config *config)
{
    const char *names[RULES_MAX];
    size_t n = find_short(config, names);

    if (n == 0)
        return;
    cli_say(cli, "at short notice %zu rules ask at the opening (check --show RULE says when):",
            "时间太紧时，%zu 条规则打开即请办（check --show 规则 说明何时）：", n);
    for (size_t i = 0; i < n; i++)
        cli_print("%s%s", i == 0 ? " " : ", ", names[i]);
    putchar('\n');
}

static void json_short(struct json_writer *json, const struct config *config)
{
    const char *names[RULES_MAX];
    size_t n = find_short(config, names);

    json_key(json, "short_notice");
    json_array(json);
    for (size_t i = 0; i < n; i++)
        json_text(json, names[i]);
    json_array_end(json);
}

static enum cli_status print_json(const struct cli *cli, const struct config *config,
                                  const struct problems *problems, const struct checked *checked,
                                  enum cli_status status)
{
    struct buffer out;
    struct json_writer json;

    buffer_init(&out);
    json_begin(&json, &out);
    json_object(&json);
    json_key_int(&json, "errors", (int64_t)problems->errors);
    json_key_int(&json, "warnings", (int64_t)problems->warnings);
    if (checked != NULL) {
        json_key_int(&json, "rules", (int64_t)checked->rules);
        json_key_int(&json, "channels", (int64_t)checked->channels);
        json_key_int(&json, "people", (int64_t)checked->people);
        json_key_int(&json, "departments", (int64_t)checked->departments);
    }
    json_key(&json, "problems");
    cli_json_problems(&json, problems);
    if (config != NULL)
        json_short(&json, config);
    json_object_end(&json);
    return cli_print_json(cli, &out, status);
}

/* The difference between "your rules have errors" and "there is nothing here to check". */
static bool is_readable(const char *path, int *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char byte;
    bool readable = fd >= 0 && read(fd, &byte, 1) >= 0;

    *error = errno;
    if (fd >= 0)
        close(fd);
    return readable;
}

enum cli_status verb_check(struct cli *cli)
{
    struct problems problems;
    struct checked checked = {0};
    struct config *config = NULL;
    enum cli_status status;
    int result, error;

    if (cli->arguments.n == 1)
        cli->settings = cli->arguments.words[0];
    if (!is_readable(cli->settings, &error))
        return cli_fail(
            cli, "cannot read the settings file %s: %s; another one is named with -c or in CUIBAN_CONFIG",
            "无法读取设置文件 %s：%s；用 -c 或环境变量 CUIBAN_CONFIG 指明另一个", cli->settings,
            cli_error_text(cli, error));
    if (cli_option(cli, "show") != NULL)
        return check_show(cli, cli_option(cli, "show"));
    cli_problems_init(cli, &problems);
    result = config_load(cli->settings, &problems, &config);
    if (result == 0) {
        count(config, &checked);
        result = check_plugins(cli, config, &problems);
    }
    problems_sort(&problems);
    status = problems.errors > 0 ? CLI_FINDING : CLI_OK;
    if (result != 0 && problems.errors == 0) {
        status = cli_fail(cli, "%s: %s", "%s：%s", cli->settings, cli_error_text(cli, -result));
    } else if (cli->json) {
        status = print_json(cli, config, &problems, config != NULL ? &checked : NULL, status);
    } else {
        cli_print_problems(cli, stdout, &problems);
        print_summary(cli, &problems, config != NULL ? &checked : NULL);
        if (config != NULL)
            print_short(cli, config);
    }
    config_unload(config);
    problems_finish(&problems);
    return status;
}
