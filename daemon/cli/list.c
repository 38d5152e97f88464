#include "cli/verbs.h"

#include <string.h>

#include "cli/moment.h"
#include "cli/row.h"
#include "cli/snapshot.h"
#include "cli/table.h"

/* Deadlines are filtered by words: rule=, owner=, department=, state=, provisional=, silent=, and field=value
 * of what the events said. People, departments and states also by the names under which the table shows them.
 */
static bool word_matches(const struct snapshot *snapshot, const struct deadline *deadline, const char *word)
{
    char name[128];
    const char *value, *is, *shown = NULL;
    size_t name_n;

    if (!arguments_is_assignment(word, &name_n) || name_n >= sizeof(name))
        return false;
    memcpy(name, word, name_n);
    name[name_n] = '\0';
    value = word + name_n + 1;
    if (strcmp(name, "rule") == 0)
        is = deadline->rule->name;
    else if (strcmp(name, "owner") == 0)
        is = deadline->owner, shown = setup_person(snapshot->config, is);
    else if (strcmp(name, "department") == 0)
        is = deadline->department, shown = setup_department(snapshot->config, is);
    else if (strcmp(name, "state") == 0)
        is = deadline_state_name(deadline->state), shown = row_state(snapshot->cli, deadline->state);
    else if (strcmp(name, "provisional") == 0)
        is = deadline->provisional ? "yes" : "no";
    else if (strcmp(name, "silent") == 0)
        is = deadline->is_silent ? "yes" : "no";
    else
        is = fields_get(&deadline->fields, name);
    return is != NULL && (strcmp(is, value) == 0 || (shown != NULL && strcmp(shown, value) == 0));
}

static bool matches(const struct snapshot *snapshot, const struct deadline *deadline)
{
    const struct arguments *arguments = &snapshot->cli->arguments;

    for (size_t i = 0; i < arguments->n; i++) {
        if (!word_matches(snapshot, deadline, arguments->words[i]))
            return false;
    }
    return true;
}

static bool is_state(const struct cli *cli, const char *text)
{
    bool known = false;

    for (enum deadline_state state = DEADLINE_SLEEPING; state <= DEADLINE_PAUSED && !known; state++)
        known = strcmp(text, deadline_state_name(state)) == 0 || strcmp(text, row_state(cli, state)) == 0;
    return known;
}

static enum cli_status check_words(struct cli *cli)
{
    size_t name_n;

    for (size_t i = 0; i < cli->arguments.n; i++) {
        const char *word = cli->arguments.words[i];

        if (!arguments_is_assignment(word, &name_n))
            return cli_fail(cli,
                            "\"%s\" is no filter; write rule=NAME, owner=ID, department=ID, state=STATE, "
                            "provisional=yes, silent=yes "
                            "or field=value",
                            "\"%s\" 不是筛选条件；请写 "
                            "rule=、owner=、department=、state=、provisional=、silent= 或 字段=值",
                            word);
        if (strncmp(word, "state=", 6) == 0 && !is_state(cli, word + 6))
            return cli_fail(
                cli, "\"%s\": a state is sleeping, open, overdue or paused",
                "\"%s\"：状态只有 未开始（sleeping）、进行中（open）、逾期（overdue）、暂停（paused）", word);
    }
    return CLI_OK;
}

static bool is_department(const struct config *config, const char *text)
{
    const struct department *departments;
    size_t n = directory_departments(config->directory, &departments);

    for (size_t i = 0; i < n; i++) {
        if (strcmp(departments[i].id, text) == 0 || strcmp(departments[i].name, text) == 0)
            return true;
    }
    return false;
}

/* Nothing matches: a name that nothing has is more likely mistyped than empty. */
static enum cli_status doubt_words(struct cli *cli, const struct config *config)
{
    const struct rule *rule;

    for (size_t i = 0; i < cli->arguments.n; i++) {
        const char *word = cli->arguments.words[i], *value = strchr(word, '=') + 1;

        if (strncmp(word, "rule=", 5) == 0 && setup_rule(cli, config, value, &rule) != CLI_OK)
            return CLI_USAGE;
        if (strncmp(word, "owner=", 6) == 0 &&
            directory_person(config->directory, setup_person_id(config, value)) == NULL)
            return cli_fail(cli, "the directory knows no person \"%s\"", "通讯录中没有 \"%s\"", value);
        if (strncmp(word, "department=", 11) == 0 && !is_department(config, value))
            return cli_fail(cli, "the directory knows no department \"%s\"", "通讯录中没有部门 \"%s\"",
                            value);
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

        if (!matches(snapshot, deadline))
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
    if (status == CLI_OK && listing.n == 0)
        status = doubt_words(cli, config);
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
        status = setup_load_look(cli, &config);
    if (status == CLI_OK)
        status = setup_shards(cli, config, &shards);
    if (status == CLI_OK)
        status = cli->json ? list_json(cli, config, &shards) : list_table(cli, config, &shards);
    setup_shards_close(&shards);
    config_unload(config);
    return status;
}
