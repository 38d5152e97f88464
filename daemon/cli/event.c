#include "cli/verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/drafts.h"
#include "store/clock.h"

static void write_drafts(struct json_writer *json, const struct drafts *drafts)
{
    json_array(json);
    for (size_t i = 0; i < drafts->n; i++) {
        json_object(json);
        for (size_t k = 0; k < drafts->items[i]->n; k++)
            json_key_text(json, drafts->items[i]->raw[k].name, drafts->items[i]->raw[k].value);
        json_object_end(json);
    }
    json_array_end(json);
}

/* `stream`: where they would go, or NULL: they are only checked. */
static enum cli_status print_check_json(struct cli *cli, const struct drafts *drafts, const char *stream,
                                        enum cli_status status)
{
    struct json_writer json;
    struct buffer out;

    buffer_init(&out);
    json_begin(&json, &out);
    json_object(&json);
    json_key_int(&json, "events", (int64_t)drafts->n);
    json_key_int(&json, "errors", (int64_t)drafts->problems.errors);
    json_key_int(&json, "warnings", (int64_t)drafts->problems.warnings);
    json_key(&json, "problems");
    cli_json_problems(&json, &drafts->problems);
    json_key_text(&json, "stream", stream);
    if (stream != NULL) {
        json_key(&json, "would_send");
        write_drafts(&json, drafts);
    }
    json_object_end(&json);
    return cli_print_json(cli, &out, status);
}

static enum cli_status print_check(struct cli *cli, const struct drafts *drafts, const char *stream)
{
    enum cli_status status = drafts->problems.errors > 0 ? CLI_FINDING : CLI_OK;

    if (cli->json)
        return print_check_json(cli, drafts, stream, status);
    cli_print_problems(cli, stdout, &drafts->problems);
    cli_say(cli, "%zu events, %zu errors, %zu warnings\n", "事件 %zu 个，错误 %zu 处，警告 %zu 处\n",
            drafts->n, drafts->problems.errors, drafts->problems.warnings);
    return status;
}

/* -- a dry run -- */

/* As a shell reads it back. */
static void add_word(struct buffer *out, const char *word)
{
    bool plain =
        *word != '\0' && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                      "_-+.,:/@%=") == strlen(word);

    buffer_add_text(out, plain ? " " : " '");
    for (const char *c = word; *c != '\0'; c++) {
        if (*c == '\'')
            buffer_add_text(out, "'\\''");
        else
            buffer_add_char(out, *c);
    }
    buffer_add_text(out, plain ? "" : "'");
}

static void print_command(const struct cli *cli, const struct event_draft *draft, const char *stream)
{
    struct buffer line;
    char *text;

    buffer_init(&line);
    buffer_add_text(&line, "XADD");
    add_word(&line, stream);
    buffer_add_text(&line, cli_flag(cli, "create") ? " '*'" : " NOMKSTREAM '*'");
    for (size_t i = 0; i < draft->n; i++) {
        add_word(&line, draft->raw[i].name);
        add_word(&line, draft->raw[i].value);
    }
    text = buffer_take(&line);
    if (text != NULL) {
        cli_clean(text);
        cli_print("%s\n", text);
    }
    free(text);
    buffer_finish(&line);
}

static bool has_stream(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->settings.streams.n; i++) {
        if (strcmp(config->settings.streams.items[i], name) == 0)
            return true;
    }
    return false;
}

static enum cli_status choose_stream(struct cli *cli, const struct config *config, const char **out)
{
    const char *only = cli_option(cli, "stream");

    if (only == NULL && config->settings.streams.n > 1)
        return cli_fail(cli, "there are several streams: say which with --stream",
                        "有多个事件流：请用 --stream 指定");
    if (only == NULL && config->settings.streams.n == 0)
        return cli_fail(cli, "the settings name no stream", "设置中没有任何事件流");
    if (only != NULL && !has_stream(config, only))
        return cli_fail(cli, "the settings name no stream \"%s\"", "设置中没有事件流 \"%s\"", only);
    *out = only != NULL ? only : config->settings.streams.items[0];
    return CLI_OK;
}

static enum cli_status print_dry_run(struct cli *cli, const struct config *config,
                                     const struct drafts *drafts)
{
    const char *stream = NULL;
    enum cli_status status = choose_stream(cli, config, &stream);

    for (size_t i = 0; i < drafts->n && stream != NULL && !cli->json; i++)
        print_command(cli, drafts->items[i], stream);
    if (status == CLI_OK)
        status = print_check(cli, drafts, stream);
    if (!cli->json && status != CLI_USAGE)
        cli_say(cli, "nothing was sent\n", "什么也没有发送\n");
    return status;
}

/* -- sending -- */

/* What event_parse accepted holds no NUL, so the values are texts. */
static int send_draft(struct query *query, const struct event_draft *draft, bool create, struct stream_id *at)
{
    struct field fields[EVENT_FIELDS_MAX + 1];

    for (size_t i = 0; i < draft->n; i++)
        fields[i] = (struct field){draft->raw[i].name, draft->raw[i].value};
    return query_add(query, QUERY_EVENTS, fields, draft->n, create, at);
}

static enum cli_status send_failed(struct cli *cli, const struct shard_view *shard,
                                   const struct drafts *drafts, size_t sent, int result)
{
    if (result == -ENOENT)
        cli_fail(cli, "the stream %s does not exist; --create makes it",
                 "事件流 %s 不存在；--create 可创建它", shard->stream);
    else
        setup_query_failed(cli, shard);
    if (sent > 0 && drafts->file != NULL)
        cli_warn(cli, "%zu events were sent; go on with line %d", "已发送 %zu 个事件；请从第 %d 行继续", sent,
                 drafts->items[sent]->line);
    return CLI_USAGE;
}

static enum cli_status send_drafts(struct cli *cli, const struct shard_view *shard,
                                   const struct drafts *drafts)
{
    char text[STREAM_ID_TEXT_MAX];
    struct json_writer json;
    struct buffer out;
    enum cli_status status = CLI_OK;

    buffer_init(&out);
    json_begin(&json, &out);
    json_array(&json);
    for (size_t i = 0; i < drafts->n && status == CLI_OK; i++) {
        struct stream_id at;
        int result = send_draft(shard->query, drafts->items[i], cli_flag(cli, "create"), &at);

        if (result != 0)
            status = send_failed(cli, shard, drafts, i, result);
        else if (cli->json)
            json_text(&json, stream_id_format(at, text));
        else
            cli_print("%s %s\n", shard->stream, stream_id_format(at, text));
    }
    json_array_end(&json);
    if (cli->json)
        return cli_print_json(cli, &out, status);
    buffer_finish(&out);
    return status;
}

static enum cli_status send_checked(struct cli *cli, const struct config *config, const struct drafts *drafts)
{
    struct shards shards = {0};
    enum cli_status status;
    const char *stream = NULL;

    cli_print_problems(cli, stderr, &drafts->problems);
    if (drafts->problems.errors > 0 && !cli_flag(cli, "force")) {
        cli_warn(cli, "nothing was sent (--force sends what the catalogue does not know)",
                 "什么也没有发送（--force 可发送目录之外的事件）");
        return CLI_FINDING;
    }
    status = choose_stream(cli, config, &stream);
    if (status == CLI_OK)
        status = setup_shards(cli, config, &shards);
    if (status == CLI_OK)
        status = send_drafts(cli, &shards.items[0], drafts);
    setup_shards_close(&shards);
    return status;
}

enum cli_status verb_event_send(struct cli *cli)
{
    struct drafts drafts = {.file = cli_option(cli, "file")};
    struct config *config = NULL;
    enum cli_status status;
    size_t first_field;

    if (drafts.file != NULL && (cli->arguments.n > 0 || cli_flag(cli, "type")))
        return cli_fail(cli, "neither a type nor field=value goes with --file",
                        "--file 不能与类型、字段=值同时使用");
    if (drafts.file == NULL && drafts_type(cli, &first_field) == NULL)
        return cli_fail(cli, "either --type TYPE and field=value, or --file FILE.jsonl",
                        "请用 --type 类型 加 字段=值，或 --file 文件.jsonl");
    status = setup_load(cli, &config);
    if (status == CLI_OK) {
        status = drafts_read(cli, config, clock_wall(), &drafts);
        if (status == CLI_OK)
            status = cli_flag(cli, "dry-run") ? print_dry_run(cli, config, &drafts)
                                              : send_checked(cli, config, &drafts);
        drafts_finish(&drafts);
    }
    config_unload(config);
    return status;
}

enum cli_status verb_event_check(struct cli *cli)
{
    struct drafts drafts = {.file = cli->arguments.words[0]};
    struct config *config = NULL;
    enum cli_status status = setup_load(cli, &config);

    if (status == CLI_OK) {
        status = drafts_read(cli, config, clock_wall(), &drafts);
        if (status == CLI_OK)
            status = print_check(cli, &drafts, NULL);
        drafts_finish(&drafts);
    }
    config_unload(config);
    return status;
}
