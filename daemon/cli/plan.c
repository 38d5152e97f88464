/* plan: what a reload would do to what is open. */
#include "cli/plan.h"
#include "cli/verbs.h"

static enum cli_status plan_shard(struct cli *cli, const struct config *config,
                                  const struct shard_view *shard, struct json_writer *json)
{
    struct plan plan;
    enum cli_status status = plan_make(cli, config, shard, &plan);

    if (status == CLI_OK) {
        if (cli->json)
            plan_json(json, config, &plan);
        else
            plan_print(cli, config, &plan);
        status = plan.n_vanishing > 0 ? CLI_FINDING : CLI_OK;
    }
    plan_finish(&plan);
    return status;
}

static enum cli_status plan_shards(struct cli *cli, const struct config *config, const struct shards *shards)
{
    enum cli_status status = CLI_OK;
    struct json_writer json;
    struct buffer out;

    buffer_init(&out);
    json_begin(&json, &out);
    json_array(&json);
    for (size_t i = 0; i < shards->n; i++) {
        enum cli_status one = plan_shard(cli, config, &shards->items[i], &json);

        status = one > status ? one : status;
    }
    json_array_end(&json);
    if (cli->json)
        return cli_print_json(cli, &out, status);
    buffer_finish(&out);
    if (status != CLI_USAGE)
        cli_say(cli, "Nothing was changed.\n", "没有改动任何东西。\n");
    return status;
}

enum cli_status verb_plan(struct cli *cli)
{
    const struct config_choice choice = {.rules = cli_option(cli, "rules")};
    struct config *config = NULL;
    struct shards shards = {0};
    enum cli_status status = setup_load_play(cli, &choice, &config);

    if (status == CLI_OK)
        status = setup_shards(cli, config, &shards);
    if (status == CLI_OK)
        status = plan_shards(cli, config, &shards);
    setup_shards_close(&shards);
    config_unload(config);
    return status;
}
