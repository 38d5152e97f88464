#include "cli/live.h"

#include <errno.h>
#include <string.h>

struct loading {
    struct rehearsal *rehearsal;
    enum change_table table;
    const char *why;
};

static int loading_on_entry(void *data, const char *key, const char *value, size_t value_n)
{
    struct loading *loading = data;

    return rehearsal_load(loading->rehearsal, loading->table, key, value, value_n, &loading->why);
}

static int load_tables(struct query *query, struct loading *loading)
{
    static const enum change_table tables[] = {TABLE_RULES, TABLE_DEADLINES, TABLE_CLOSED, TABLE_EARLY,
                                               TABLE_SEEN,  TABLE_SCHEDULES, TABLE_OUTBOX};
    int error = 0;

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && error == 0; i++) {
        loading->table = tables[i];
        error = query_each(query, tables[i], loading_on_entry, loading);
    }
    return error;
}

/* The fields of the head that are the engine's own. */
static int load_head(struct query *query, struct loading *loading)
{
    static const char *const names[] = {"ids", "calendars", "rules"};
    struct buffer value;
    int error = 0;

    buffer_init(&value);
    loading->table = TABLE_HEAD;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && error == 0; i++) {
        error = query_get(query, TABLE_HEAD, names[i], &value);
        if (error == 0)
            error = loading_on_entry(loading, names[i], buffer_text(&value), value.n);
        else if (error == -ENOENT)
            error = 0;
    }
    buffer_finish(&value);
    return error;
}

enum cli_status live_load(struct cli *cli, const struct config *config, const struct shard_view *shard,
                          const struct rehearsal_hooks *hooks, struct live *out)
{
    const struct rehearsal_options options = {
        .config = config,
        .hooks = *hooks,
        .is_home = strcmp(shard->stream, config->settings.home) == 0,
    };
    struct loading loading = {.why = ""};
    struct query_head head;
    int error;

    *out = (struct live){.rehearsal = rehearsal_create(&options)};
    loading.rehearsal = out->rehearsal;
    error = out->rehearsal == NULL ? -ENOMEM : setup_now(shard, &head, &out->now);
    if (error == 0)
        memcpy(out->rules, head.rules, sizeof(out->rules));
    if (error == 0)
        error = load_tables(shard->query, &loading);
    if (error == 0)
        error = load_head(shard->query, &loading);
    if (error == 0)
        return CLI_OK;
    live_finish(out);
    if (error == -ENOMEM)
        return cli_fail(cli, "out of memory", "内存不足");
    if (*loading.why != '\0')
        return cli_fail(cli, "%s: %s cannot be read: %s", "%s：%s 无法读取：%s", shard->stream,
                        change_table_name(loading.table), loading.why);
    return setup_query_failed(cli, shard);
}

void live_finish(struct live *live)
{
    rehearsal_destroy(live->rehearsal);
    live->rehearsal = NULL;
}
