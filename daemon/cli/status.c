#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/moment.h"
#include "cli/snapshot.h"
#include "cli/status_text.h"
#include "cli/verbs.h"

static int count_unread(void *data, struct stream_id at, const struct raw_field *fields, size_t n)
{
    struct status *status = data;

    (void)fields;
    (void)n;
    if (status->unread++ == 0)
        status->oldest_unread = (instant)at.ms;
    return 0;
}

/* What lies behind the cursor is counted rather than reckoned from totals, which say nothing about where a
 * shard began. */
static int read_lag(struct query *query, struct status *status)
{
    char from[STREAM_ID_TEXT_MAX + 1] = "(";
    int result = query_stream_info(query, QUERY_EVENTS, &status->events);

    if (result != 0 || !status->events.exists || !status->started ||
        stream_id_compare(status->head.cursor, status->events.last) >= 0)
        return result == -ENOENT ? 0 : result;
    stream_id_format(status->head.cursor, from + 1);
    return query_range(query, QUERY_EVENTS, from, "+", STATUS_UNREAD_MAX, false, count_unread, status);
}

static int read_state(struct query *query, struct status *status)
{
    int result = query_server(query, &status->server);

    if (result != 0)
        return result;
    result = query_head(query, &status->head);
    status->started = result == 0;
    if (result != 0 && result != -ENOENT)
        return result;
    result = query_holder(query, status->holder, sizeof(status->holder), &status->lease_ms);
    status->held = result == 0;
    if (result != 0 && result != -ENOENT)
        return result;
    result = query_health(query, &status->health);
    if (result != 0 && result != -ENOENT)
        return result;
    result = query_count(query, TABLE_DEAD, &status->dead);
    return result == 0 ? read_lag(query, status) : result;
}

static void count_channels(const struct snapshot *snapshot, struct status *status)
{
    for (size_t i = 0; i < snapshot->n_outbox; i++) {
        const struct notification *notification = snapshot->outbox[i];
        size_t at = 0;

        while (at < status->n_channels && strcmp(status->channels[at].name, notification->channel) != 0)
            at++;
        if (at == STATUS_CHANNELS_MAX)
            continue;
        if (at == status->n_channels) {
            snprintf(status->channels[at].name, sizeof(status->channels[at].name), "%s",
                     notification->channel);
            status->n_channels++;
        }
        status->channels[at].counts[notification->state]++;
        if (notification->deaths > status->channels[at].deaths) {
            status->channels[at].deaths = notification->deaths;
            memcpy(status->channels[at].killer, notification->id, sizeof(notification->id));
        }
    }
}

static enum cli_status read_shard(struct cli *cli, const struct config *config,
                                  const struct shard_view *shard, struct status *status)
{
    struct snapshot snapshot;
    enum cli_status result;

    buffer_finish(&status->health);
    memset(status, 0, sizeof(*status));
    buffer_init(&status->health);
    status->stream = shard->stream;
    status->rules_on_disk = config->is_faulty ? "" : ruleset_fingerprint(config->rules);
    if (read_state(shard->query, status) != 0)
        return setup_query_failed(cli, shard);
    result = snapshot_load(cli, config, shard, &snapshot);
    for (size_t i = 0; i < snapshot.n_deadlines; i++) {
        status->deadlines[snapshot.deadlines[i]->state]++;
        status->provisional += snapshot.deadlines[i]->provisional;
        status->warned += snapshot.deadlines[i]->warned;
        status->silent += snapshot.deadlines[i]->is_silent;
    }
    count_channels(&snapshot, status);
    status->damaged = snapshot.damaged;
    snapshot_finish(&snapshot);
    status_warn(cli, setup_zone(config), status);
    return result;
}

enum cli_status verb_status(struct cli *cli)
{
    struct config *config = NULL;
    struct shards shards = {0};
    struct status *shard = calloc(1, sizeof(*shard));
    struct json_writer json;
    struct buffer out;
    enum cli_status result =
        shard == NULL ? cli_fail(cli, "out of memory", "内存不足") : setup_load_look(cli, &config);
    bool has_warnings = false;

    if (result == CLI_OK)
        result = setup_shards(cli, config, &shards);
    buffer_init(&out);
    json_begin(&json, &out);
    json_array(&json);
    for (size_t i = 0; shard != NULL && i < shards.n && result == CLI_OK; i++) {
        result = read_shard(cli, config, &shards.items[i], shard);
        if (result == CLI_OK && cli->json)
            status_json(&json, shard);
        else if (result == CLI_OK)
            status_print(cli, setup_zone(config), shard);
        has_warnings = has_warnings || shard->n_warnings > 0;
    }
    json_array_end(&json);
    if (result == CLI_OK && cli->json)
        result = cli_print_json(cli, &out, CLI_OK);
    buffer_finish(&out);
    setup_shards_close(&shards);
    config_unload(config);
    if (shard != NULL)
        buffer_finish(&shard->health);
    free(shard);
    return result == CLI_OK && has_warnings ? CLI_FINDING : result;
}
