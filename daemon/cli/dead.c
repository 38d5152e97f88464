#include "cli/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/history.h"
#include "cli/moment.h"
#include "cli/table.h"

enum { DEAD_MAX = 1000, REASON_MAX = 600 };

struct dead_list {
    struct cli *cli;
    const struct shard_view *shard;
    const struct zone *zone;
    struct table table;
    struct json_writer json;
    size_t n;
};

static const struct raw_field *find(const struct raw_field *fields, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (fields[i].name_n == strlen(name) && memcmp(fields[i].name, name, fields[i].name_n) == 0)
            return &fields[i];
    }
    return NULL;
}

static const char *first_of(const struct fields *fields, const char *const *names)
{
    for (; *names != NULL; names++) {
        const char *value = fields_get(fields, *names);
        if (value != NULL && *value != '\0')
            return value;
    }
    return "";
}

static void add_row(struct dead_list *list, struct stream_id at, const struct fields *entry)
{
    static const char *const kinds[] = {"what", NULL}, *const ids[] = {"n", "event", "d", NULL};
    static const char *const reasons[] = {"why", NULL};
    const char *plugin = fields_get(entry, "plugin"), *via = fields_get(entry, "via");
    char text[STREAM_ID_TEXT_MAX], time[MOMENT_TEXT_MAX], reason[REASON_MAX];

    table_add(&list->table, stream_id_format(at, text));
    table_add(&list->table, moment_format_short((instant)at.ms, list->zone, time));
    table_add(&list->table, first_of(entry, kinds));
    table_add(&list->table, first_of(entry, ids));
    if (plugin != NULL && via != NULL)
        snprintf(reason, sizeof(reason),
                 cli_in(list->cli, "%s (channel %s, plugin %s)", "%s（渠道 %s，插件 %s）"),
                 first_of(entry, reasons), via, plugin);
    else
        snprintf(reason, sizeof(reason), "%s", first_of(entry, reasons));
    table_add(&list->table, reason);
}

static void add_json(struct dead_list *list, struct stream_id at, const struct raw_field *entry,
                     struct arena *arena)
{
    char text[STREAM_ID_TEXT_MAX];
    const char *json = arena_strndup(arena, entry->value, entry->value_n);

    json_object(&list->json);
    json_key_text(&list->json, "at", stream_id_format(at, text));
    json_key_text(&list->json, "stream", list->shard->stream);
    if (json != NULL) {
        json_key(&list->json, "entry");
        json_raw(&list->json, json);
    }
    json_object_end(&list->json);
}

static int dead_on_item(void *data, struct stream_id at, const struct raw_field *fields, size_t n)
{
    struct dead_list *list = data;
    const struct raw_field *entry = find(fields, n, "entry");
    struct arena *arena = arena_create();
    struct fields members = {0};

    if (arena == NULL)
        return -ENOMEM;
    list->n++;
    if (entry != NULL && history_fields(arena, entry->value, entry->value_n, &members)) {
        if (list->cli->json)
            add_json(list, at, entry, arena);
        else
            add_row(list, at, &members);
    } else {
        cli_warn(list->cli, "%s: a dead letter cannot be read", "%s：有一封死信无法读取",
                 list->shard->stream);
    }
    arena_destroy(arena);
    return 0;
}

static enum cli_status list_all(struct cli *cli, const struct shards *shards, struct dead_list *list)
{
    for (size_t i = 0; i < shards->n; i++) {
        int result;

        list->shard = &shards->items[i];
        result = query_range(list->shard->query, QUERY_DEAD, "-", "+", DEAD_MAX, true, dead_on_item, list);
        if (result == -ENOMEM)
            return cli_fail(cli, "out of memory", "内存不足");
        if (result != 0 && result != -ENOENT)
            return setup_query_failed(cli, list->shard);
    }
    return CLI_OK;
}

static enum cli_status print_list(struct cli *cli, const struct config *config, const struct shards *shards)
{
    static const char *const english[] = {"ENTRY", "WHEN", "WHAT", "OF", "REASON"};
    static const char *const in_chinese[] = {"编号", "时间", "类别", "对象", "原因"};
    struct dead_list list = {.cli = cli, .zone = setup_zone(config)};
    struct buffer out;
    enum cli_status status;

    buffer_init(&out);
    json_begin(&list.json, &out);
    json_array(&list.json);
    table_init(&list.table, 5, cli->chinese ? in_chinese : english);
    status = list_all(cli, shards, &list);
    json_array_end(&list.json);
    if (status == CLI_OK && cli->json) {
        status = cli_print_json(cli, &out, CLI_OK);
    } else if (status == CLI_OK && list.n == 0) {
        cli_say(cli, "no dead letters\n", "没有死信\n");
    } else if (status == CLI_OK) {
        table_print(&list.table, stdout);
        if (list.n >= DEAD_MAX)
            cli_say(cli, "the latest %d only\n", "仅列出最近 %d 封\n", DEAD_MAX);
    }
    table_finish(&list.table);
    buffer_finish(&out);
    return status == CLI_OK && list.n > 0 ? CLI_FINDING : status;
}

enum cli_status verb_dead_list(struct cli *cli)
{
    struct config *config = NULL;
    struct shards shards = {0};
    enum cli_status status = setup_load_look(cli, &config);

    if (status == CLI_OK)
        status = setup_shards(cli, config, &shards);
    if (status == CLI_OK)
        status = print_list(cli, config, &shards);
    setup_shards_close(&shards);
    config_unload(config);
    return status;
}
