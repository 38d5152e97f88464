#include "cli/verbs.h"

#include <string.h>

#include "cli/moment.h"
#include "cli/row.h"
#include "cli/snapshot.h"
#include "cli/table.h"

/* Deadlines are filtered by words: rule=, owner=, department=, state=, provisional=, and field=value of what
 * the events said. */
static bool word_matches(const struct deadline *deadline, const char *word)
{
    char name[128];
    const char *value, *is;
    size_t name_n;

    if (!arguments_is_assignment(word, &name_n) || name_n >= sizeof(name))
        return false;
    memcpy(name, word, name_n);
    name[name_n] = '\0';
    value = word + name_n + 1;
    if (strcmp(name, "rule") == 0)
        is = deadline->rule->name;
    else if (strcmp(name, "owner") == 0)
        is = deadline->owner;
    else if (strcmp(name, "department") == 0)
        is = deadline->department;
    else if (strcmp(name, "state") == 0)
        is = deadline_state_name(deadline->state);
    else if (strcmp(name, "provisional") == 0)
        is = deadline->provisional ? "yes" : "no";
    else
        is = fields_get(&deadline->fields, name);
    return is != NULL && strcmp(is, value) == 0;
}

static bool matches(const struct cli *cli, const struct deadline *deadline)
{
    for (size_t i = 0; i < cli->arguments.n; i++) {
        if (!word_matches(deadline, cli->arguments.words[i]))
            return false;
    }
    return true;
}

static enum cli_status check_words(struct cli *cli)
{
    static const char *const states[] = {"sleeping", "open", "overdue", "paused"};
    size_t name_n;

    for (size_t i = 0; i < cli->arguments.n; i++) {
        const char *word = cli->arguments.words[i];
        bool known = strncmp(word, "state=", 6) != 0;

        if (!arguments_is_assignment(word, &name_n))
            return cli_fail(
                cli,
                "\"%s\" is no filter; write rule=NAME, owner=ID, department=ID, state=STATE, provisional=yes "
                "or field=value",
                "\"%s\" 不是筛选条件；请写 rule=、owner=、department=、state=、provisional= 或 字段=值",
                word);
        for (size_t s = 0; s < 4 && !known; s++)
            known = strcmp(word + 6, states[s]) == 0;
        if (!known)
            return cli_fail(cli, "\"%s\": a state is sleeping, open, overdue or paused",
                            "\"%s\"：状态只有 sleeping、open、overdue、paused", word);
    }
    return CLI_OK;
}

struct listing {
    struct table table;
    struct json_writer json;
    size_t n;
};

static void list_shard(struct cli *cli, const struct snapshot *snapshot, struct listing *listing)
{
    for (size_t i = 0; i < snapshot->n_deadlines; i++) {
        const struct deadline *deadline = snapshot->deadlines[i];

        if (!matches(cli, deadline))
            continue;
        listing->n++;
        if (cli->json)
            row_json(&listing->json, snapshot, deadline);
        else
            row_table(&listing->table, snapshot, deadline);
    }
}

static enum cli_status list_all(struct cli *cli, const struct config *config, const struct shards *shards,
                                struct listing *listing)
{
    enum cli_status status = CLI_OK;
    bool has_damage = false;

    for (size_t i = 0; i < shards->n && status == CLI_OK; i++) {
        struct snapshot snapshot;

        status = snapshot_load(cli, config, &shards->items[i], &snapshot);
        if (status == CLI_OK)
            list_shard(cli, &snapshot, listing);
        has_damage = has_damage || snapshot.damaged > 0;
        snapshot_finish(&snapshot);
    }
    return status == CLI_OK && has_damage ? CLI_FINDING : status;
}

static enum cli_status list_table(struct cli *cli, const struct config *config, const struct shards *shards)
{
    struct listing listing = {0};
    enum cli_status status;

    row_table_init(cli, &listing.table);
    status = list_all(cli, config, shards, &listing);
    if (status != CLI_USAGE && listing.n == 0 && cli->arguments.n > 0)
        cli_say(cli, "no open deadline matches\n", "没有符合条件的未完成事项\n");
    else if (status != CLI_USAGE && listing.n == 0)
        cli_say(cli, "nothing is open\n", "没有未完成的事项\n");
    else if (status != CLI_USAGE && !table_print(&listing.table, stdout))
        status = cli_fail(cli, "out of memory", "内存不足");
    table_finish(&listing.table);
    return status;
}

static enum cli_status list_json(struct cli *cli, const struct config *config, const struct shards *shards)
{
    struct listing listing = {0};
    struct buffer out;
    enum cli_status status;

    buffer_init(&out);
    json_begin(&listing.json, &out);
    json_array(&listing.json);
    status = list_all(cli, config, shards, &listing);
    json_array_end(&listing.json);
    if (status != CLI_USAGE)
        return cli_print_json(cli, &out, status);
    buffer_finish(&out);
    return status;
}

enum cli_status verb_list(struct cli *cli)
{
    struct config *config = NULL;
    struct shards shards = {0};
    enum cli_status status = check_words(cli);

    if (status == CLI_OK)
        status = setup_load(cli, &config);
    if (status == CLI_OK)
        status = setup_shards(cli, config, &shards);
    if (status == CLI_OK)
        status = cli->json ? list_json(cli, config, &shards) : list_table(cli, config, &shards);
    setup_shards_close(&shards);
    config_unload(config);
    return status;
}
