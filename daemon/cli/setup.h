/* setup.h: the settings and everything that they name, loaded for one verb; the channels, opened for real;
 * one connection to Redis per event stream. */
#ifndef CUIBAN_CLI_SETUP_H
#define CUIBAN_CLI_SETUP_H

#include "cli/cli.h"
#include "config/config.h"
#include "delivery/plugin_host.h"
#include "store/query.h"

enum {
    SETUP_QUERY_MS = 5000, /* the time limit of one question to Redis */
    SETUP_ERROR_MAX = 512, /* bytes of a sentence about a channel */
};

/* Loads, and complains about every problem if there are errors. CLI_OK or CLI_USAGE. */
enum cli_status setup_load(struct cli *cli, struct config **out);
/* For verbs that look at what a daemon does, which runs on while somebody writes: errors in other files than
 * the settings are said in a line, and what is sound is loaded. */
enum cli_status setup_load_look(struct cli *cli, struct config **out);
enum cli_status setup_load_choice(struct cli *cli, const struct config_choice *choice, struct config **out);
/* The same for playing with the rules: other files where `choice` says so, no secret is read, and the
 * channels are those of the settings as their plugins describe them, without opening any. */
enum cli_status setup_load_play(struct cli *cli, const struct config_choice *choice, struct config **out);
const struct zone *setup_zone(const struct config *config);
/* The calendar of that name, the default one for NULL; NULL if there is none, and that was said. */
const struct calendar *setup_calendar(struct cli *cli, const struct config *config, const char *name);
/* The rule of that name in the files; CLI_USAGE if there is none, and that was said with the nearest. */
enum cli_status setup_rule(struct cli *cli, const struct config *config, const char *name,
                           const struct rule **out);
/* The catalogue's entry of that type; NULL if there is none, and that was said. */
const struct catalogue_event *setup_event(struct cli *cli, const struct config *config, const char *type);
/* The entry whose type the first word is, or without words the whole catalogue: how many there are in *out.
 * 0: none, and that was said. */
size_t setup_events(struct cli *cli, const struct config *config, const struct catalogue_event **out);
/* A person's name, or the id itself for somebody whom the directory does not know; "-" for "" and NULL. */
const char *setup_person(const struct config *config, const char *id);
/* The id of the one person of that name; `text` itself where nobody or more than one bears it. */
const char *setup_person_id(const struct config *config, const char *text);
const char *setup_department(const struct config *config, const char *id);

/* What a channel takes, by its settings or else by its plugin; false: it has no limit. */
bool setup_channel_rate(const struct config *config, const char *name, int64_t *tokens, int64_t *per_ms);
/* 0, or the negative errno of plugin_channel_open with its sentence in `error`. */
int setup_open_channel(const struct cli *cli, const struct config *config,
                       const struct channel_setting *setting, struct plugin_channel **out,
                       char error[static SETUP_ERROR_MAX]);

/* The words from the given one on, each field=value. Names live in `arena`. CLI_OK or CLI_USAGE. */
struct setup_fields {
    struct field items[ARGUMENTS_MAX];
    struct fields given;
};
enum cli_status setup_read_fields(struct cli *cli, struct arena *arena, size_t from,
                                  struct setup_fields *out);

struct shard_view {
    const char *stream;
    struct query *query;
};
struct shards {
    struct shard_view items[CONFIG_STREAMS_MAX];
    size_t n;
};
/* All streams of the settings, or the one that --stream names. */
enum cli_status setup_shards(struct cli *cli, const struct config *config, struct shards *out);
void setup_shards_close(struct shards *shards);
/* The shard's time, that of Redis, unless the daemon's own clock (a rehearsal's at speed) is ahead; and its
 * head, zeroed if it has never started. 0, or what the query returned. */
int setup_now(const struct shard_view *shard, struct query_head *head, instant *now);
/* Says what a question to Redis that failed has come to. Returns CLI_USAGE. */
enum cli_status setup_query_failed(struct cli *cli, const struct shard_view *shard);

#endif
