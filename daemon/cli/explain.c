#include "cli/verbs.h"

#include <stdlib.h>

#include "cli/explain_not.h"
#include "cli/explain_text.h"
#include "cli/explain_who.h"

/* "explain Q7KM" or "explain RULE requisition=REQ-311". */
struct wanted {
    struct arena *arena;
    struct setup_fields fields;
};

struct telling {
    struct json_writer json;
    size_t n;
};

static enum cli_status tell(struct cli *cli, struct snapshot *snapshot, const char *id,
                            struct telling *telling)
{
    struct explain_case *explained = calloc(1, sizeof(*explained));
    enum cli_status status;

    if (explained == NULL)
        return cli_fail(cli, "out of memory", "内存不足");
    status = explain_case_load(snapshot, id, explained);
    if (status == CLI_OK) {
        if (cli->json) {
            explain_json(&telling->json, explained);
        } else {
            if (telling->n > 0)
                putchar('\n');
            explain_print(cli, explained);
        }
        telling->n++;
    }
    explain_case_finish(explained);
    free(explained);
    return status == CLI_FINDING ? CLI_OK : status;
}

static enum cli_status tell_shard(struct cli *cli, struct snapshot *snapshot, const struct wanted *wanted,
                                  struct telling *telling)
{
    const char *first = cli->arguments.words[0];
    struct explain_found found = {0};
    enum cli_status status;

    if (cli->arguments.n == 1 && ruleset_find(snapshot->config->rules, first) == NULL)
        return tell(cli, snapshot, first, telling);
    status = explain_find(snapshot, first, &wanted->fields.given, wanted->arena, &found);
    for (size_t i = 0; i < found.n && status == CLI_OK; i++)
        status = tell(cli, snapshot, found.ids[i], telling);
    return status;
}

static enum cli_status tell_all(struct cli *cli, const struct config *config, const struct shards *shards,
                                const struct wanted *wanted)
{
    struct telling telling = {0};
    struct buffer out;
    enum cli_status status = CLI_OK;

    buffer_init(&out);
    json_begin(&telling.json, &out);
    json_array(&telling.json);
    for (size_t i = 0; i < shards->n && status == CLI_OK; i++) {
        struct snapshot snapshot;

        status = snapshot_load(cli, config, &shards->items[i], &snapshot);
        if (status == CLI_OK)
            status = tell_shard(cli, &snapshot, wanted, &telling);
        snapshot_finish(&snapshot);
    }
    json_array_end(&telling.json);
    if (status == CLI_OK && telling.n == 0) {
        cli_warn(cli, "neither the open deadlines nor the journal know \"%s\"",
                 "未完成事项和日志中都没有“%s”", cli->arguments.words[0]);
        status = CLI_FINDING;
    }
    if (status == CLI_OK && cli->json)
        status = cli_print_json(cli, &out, status);
    buffer_finish(&out);
    return status;
}

static enum cli_status explain_deadline(struct cli *cli)
{
    struct wanted wanted = {.arena = arena_create()};
    struct config *config = NULL;
    struct shards shards = {0};
    enum cli_status status = wanted.arena == NULL ? cli_fail(cli, "out of memory", "内存不足")
                                                  : setup_read_fields(cli, wanted.arena, 1, &wanted.fields);

    if (status == CLI_OK)
        status = setup_load_look(cli, &config);
    if (status == CLI_OK)
        status = setup_shards(cli, config, &shards);
    if (status == CLI_OK)
        status = tell_all(cli, config, &shards, &wanted);
    setup_shards_close(&shards);
    config_unload(config);
    arena_destroy(wanted.arena);
    return status;
}

enum cli_status verb_explain(struct cli *cli)
{
    if (cli_flag(cli, "who"))
        return explain_who(cli);
    if (cli->arguments.n == 0)
        return cli_fail(cli, "explain which? Write ID, or RULE FIELD=VALUE",
                        "说明哪一个？请写编号，或 规则 字段=值");
    return cli_flag(cli, "not") ? explain_not(cli) : explain_deadline(cli);
}
