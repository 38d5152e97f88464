#include "cli/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/bucket.h"

static void complain(struct cli *cli, int status, struct problems *problems)
{
    problems_sort(problems);
    cli_print_problems(cli, stderr, problems);
    if (problems->errors == 0)
        cli_fail(cli, "%s: %s", "%s：%s", cli->settings, cli_error_text(cli, -status));
    else if (access(cli->settings, F_OK) != 0)
        cli_fail(cli, "the settings file %s is not there; name it with -c or in CUIBAN_CONFIG",
                 "没有设置文件 %s；用 -c 或环境变量 CUIBAN_CONFIG 指明", cli->settings);
    else
        cli_fail(cli, "nothing was done: %zu errors, as above", "没有执行：有 %zu 处错误，如上",
                 problems->errors);
}

enum cli_status setup_load_choice(struct cli *cli, const struct config_choice *choice, struct config **out)
{
    struct problems problems;
    int status;

    cli_problems_init(cli, &problems);
    status = config_load_choice(cli->settings, choice, &problems, out);
    if (status != 0)
        complain(cli, status, &problems);
    problems_finish(&problems);
    return status == 0 ? CLI_OK : CLI_USAGE;
}

enum cli_status setup_load_look(struct cli *cli, struct config **out)
{
    static const struct config_choice choice = {.despite_errors = true};
    struct config *config = NULL;
    struct problems problems;
    int status;

    cli_problems_init(cli, &problems);
    status = config_load_choice(cli->settings, &choice, &problems, &config);
    if (config == NULL)
        complain(cli, status, &problems);
    else if (status != 0)
        cli_warn(
            cli, "the files have %zu errors (cuibanctl check); what follows goes by what is sound in them",
            "磁盘上的文件有 %zu 处错误（见 cuibanctl check）；以下按其中无误的部分显示", problems.errors);
    problems_finish(&problems);
    if (config == NULL)
        return CLI_USAGE;
    *out = config;
    return CLI_OK;
}

enum cli_status setup_load(struct cli *cli, struct config **out)
{
    return setup_load_choice(cli, NULL, out);
}

const struct zone *setup_zone(const struct config *config)
{
    return ruleset_policy(config->rules)->zone;
}

static void unknown_calendar(struct cli *cli, const struct config *config, const char *name)
{
    const char *names[256];
    size_t n = config->n_calendars < 256 ? config->n_calendars : 256;
    const char *nearest;

    for (size_t i = 0; i < n; i++)
        names[i] = calendar_name(config->calendars[i]);
    nearest = problem_nearest(name, names, n);
    if (nearest != NULL)
        cli_fail(cli, "no calendar \"%s\"; did you mean \"%s\"?", "没有日历 \"%s\"，是否 \"%s\"？", name,
                 nearest);
    else
        cli_fail(cli, "no calendar with hours is called \"%s\"", "没有名为 \"%s\" 且有工作时段的日历", name);
}

const struct calendar *setup_calendar(struct cli *cli, const struct config *config, const char *name)
{
    const struct calendar *calendar =
        name == NULL ? ruleset_policy(config->rules)->calendar : config_calendar(config, name);

    if (calendar == NULL && name != NULL)
        unknown_calendar(cli, config, name);
    else if (calendar == NULL)
        cli_fail(cli, "which calendar? The settings name none by default, so name one",
                 "请指明日历：设置中没有默认日历");
    return calendar;
}

enum cli_status setup_rule(struct cli *cli, const struct config *config, const char *name,
                           const struct rule **out)
{
    const struct rule *rules;
    size_t n = ruleset_rules(config->rules, &rules);
    const char **names = calloc(n + 1, sizeof(*names)), *nearest = NULL;

    *out = ruleset_find(config->rules, name);
    for (size_t i = 0; names != NULL && i < n; i++)
        names[i] = rules[i].name;
    if (names != NULL)
        nearest = problem_nearest(name, names, n);
    free(names);
    if (*out != NULL)
        return CLI_OK;
    if (nearest != NULL)
        return cli_fail(cli, "no rule \"%s\"; did you mean \"%s\"?", "没有规则 \"%s\"，是否 \"%s\"？", name,
                        nearest);
    return cli_fail(cli, "no rule \"%s\"", "没有规则 \"%s\"", name);
}

const struct catalogue_event *setup_event(struct cli *cli, const struct config *config, const char *type)
{
    const struct catalogue_event *event = catalogue_find(&config->catalogue, type);
    const char *nearest = event == NULL ? catalogue_nearest(&config->catalogue, type) : NULL;

    if (nearest != NULL)
        cli_warn(cli, "the event type \"%s\" is not in the catalogue; did you mean \"%s\"?",
                 "目录中没有事件 \"%s\"，是否 \"%s\"？", type, nearest);
    else if (event == NULL)
        cli_warn(cli, "the event type \"%s\" is not in the catalogue; see cuibanctl event list",
                 "目录中没有事件 \"%s\"，见 cuibanctl event list", type);
    return event;
}

size_t setup_events(struct cli *cli, const struct config *config, const struct catalogue_event **out)
{
    if (cli->arguments.n > 0) {
        *out = setup_event(cli, config, cli->arguments.words[0]);
        return *out == NULL ? 0 : 1;
    }
    *out = config->catalogue.events;
    if (config->catalogue.n == 0)
        cli_warn(cli, "the settings name no catalogue of events", "设置中没有事件目录");
    return config->catalogue.n;
}

const char *setup_person(const struct config *config, const char *id)
{
    const struct person *person;

    if (id == NULL || *id == '\0')
        return "-";
    person = directory_person(config->directory, id);
    return person == NULL ? id : person->name;
}

const char *setup_person_id(const struct config *config, const char *text)
{
    const struct person *people, *found = NULL;
    size_t n = directory_people(config->directory, &people), named = 0;

    for (size_t i = 0; i < n; i++) {
        if (strcmp(people[i].name, text) == 0) {
            found = &people[i];
            named++;
        }
    }
    return named == 1 && directory_person(config->directory, text) == NULL ? found->id : text;
}

const char *setup_department(const struct config *config, const char *id)
{
    const struct department *department;

    if (id == NULL || *id == '\0')
        return "-";
    department = directory_department(config->directory, id);
    return department == NULL ? id : department->name;
}

static void ignore_log(void *data, int priority, const char *text)
{
    (void)data;
    (void)priority;
    (void)text;
}

static struct plugin_channel_options channel_options(const struct config *config,
                                                     const struct channel_setting *setting)
{
    return (struct plugin_channel_options){
        .name = setting->name,
        .plugin = setting->plugin,
        .directory = config->settings.plugins,
        .rate = setting->rate,
        .fallback = setting->fallback,
        .concurrency = setting->concurrency,
        .uncertain = setting->uncertain,
        .quiet = setting->quiet,
        .options = setting->options,
        .log = ignore_log,
    };
}

int setup_open_channel(const struct cli *cli, const struct config *config,
                       const struct channel_setting *setting, struct plugin_channel **out,
                       char error[static SETUP_ERROR_MAX])
{
    struct plugin_channel_options options = channel_options(config, setting);

    options.language = cli_problem_language(cli);
    return plugin_channel_open(&options, out, error, SETUP_ERROR_MAX);
}

bool setup_channel_rate(const struct config *config, const char *name, int64_t *tokens, int64_t *per_ms)
{
    for (size_t i = 0; i < config->settings.n_channels; i++) {
        struct plugin_channel_options options = channel_options(config, &config->settings.channels[i]);
        struct plugin_channel *channel;
        char error[512];
        bool known = false;

        options.only_facts = true;
        if (strcmp(options.name, name) != 0 ||
            plugin_channel_open(&options, &channel, error, sizeof(error)) != 0)
            continue;
        if (plugin_channel_rate(channel) != NULL)
            known = bucket_parse(plugin_channel_rate(channel), tokens, per_ms);
        plugin_channel_close(channel);
        return known;
    }
    return false;
}

/* Copies what the plugins say of themselves; they are gone again afterwards. */
static enum cli_status describe_channels(struct cli *cli, const struct config *config)
{
    struct channel_facts facts[CONFIG_CHANNELS_MAX] = {{.name = NULL}};
    struct plugin_channel *channels[CONFIG_CHANNELS_MAX] = {NULL};
    enum cli_status status = CLI_OK;
    size_t n = 0;
    char error[512];

    for (; n < config->settings.n_channels && status == CLI_OK; n++) {
        struct plugin_channel_options options = channel_options(config, &config->settings.channels[n]);

        options.language = cli_problem_language(cli);
        options.only_facts = true;
        if (plugin_channel_open(&options, &channels[n], error, sizeof(error)) != 0)
            status = cli_fail(cli, "%s", "%s", error);
        else
            plugin_channel_facts(channels[n], &facts[n]);
    }
    if (status == CLI_OK && ruleset_set_channels(config->rules, facts, n) != 0)
        status = cli_fail(cli, "out of memory", "内存不足");
    for (size_t i = 0; i < n; i++)
        plugin_channel_close(channels[i]);
    return status;
}

enum cli_status setup_load_play(struct cli *cli, const struct config_choice *choice, struct config **out)
{
    struct config_choice chosen = choice == NULL ? (struct config_choice){.rules = NULL} : *choice;
    struct config *config;

    chosen.without_secrets = true;
    if (setup_load_choice(cli, &chosen, &config) != CLI_OK)
        return CLI_USAGE;
    if (describe_channels(cli, config) != CLI_OK) {
        config_unload(config);
        return CLI_USAGE;
    }
    *out = config;
    return CLI_OK;
}

enum cli_status setup_read_fields(struct cli *cli, struct arena *arena, size_t from, struct setup_fields *out)
{
    out->given = (struct fields){out->items, 0};
    for (size_t i = from; i < cli->arguments.n; i++) {
        const char *word = cli->arguments.words[i], *name;
        size_t name_n;

        if (!arguments_is_assignment(word, &name_n))
            return cli_fail(cli, "\"%s\" is no field=value", "\"%s\" 不是 字段=值", word);
        name = arena_strndup(arena, word, name_n);
        if (name == NULL)
            return cli_fail(cli, "out of memory", "内存不足");
        out->items[out->given.n++] = (struct field){name, word + name_n + 1};
    }
    return CLI_OK;
}

enum cli_status setup_shards(struct cli *cli, const struct config *config, struct shards *out)
{
    const char *only = cli_option(cli, "stream");
    char problem[QUERY_PROBLEM_MAX];

    out->n = 0;
    for (size_t i = 0; i < config->settings.streams.n; i++) {
        struct shard_view *shard = &out->items[out->n];

        shard->stream = config->settings.streams.items[i];
        if (only != NULL && strcmp(only, shard->stream) != 0)
            continue;
        if (query_open(config->settings.redis, shard->stream, SETUP_QUERY_MS, &shard->query, problem) != 0) {
            setup_shards_close(out);
            return cli_fail(cli, "%s: %s", "%s：%s", shard->stream, problem);
        }
        out->n++;
    }
    if (out->n > 0)
        return CLI_OK;
    if (only != NULL)
        return cli_fail(cli, "the settings name no stream \"%s\"", "设置中没有事件流 \"%s\"", only);
    return cli_fail(cli, "the settings name no stream", "设置中没有任何事件流");
}

void setup_shards_close(struct shards *shards)
{
    for (size_t i = 0; i < shards->n; i++)
        query_close(shards->items[i].query);
    shards->n = 0;
}

int setup_now(const struct shard_view *shard, struct query_head *head, instant *now)
{
    struct query_server server;
    int error = query_server(shard->query, &server);

    *head = (struct query_head){.format = 0};
    if (error == 0)
        error = query_head(shard->query, head);
    if (error == 0)
        *now = head->clock > server.now ? head->clock : server.now;
    else if (error == -ENOENT)
        *now = server.now;
    return error == -ENOENT ? 0 : error;
}

enum cli_status setup_query_failed(struct cli *cli, const struct shard_view *shard)
{
    return cli_fail(cli, "%s: %s", "%s：%s", shard->stream, query_problem(shard->query));
}
