#include "cli/verbs.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/moment.h"
#include "cli/history.h"
#include "cli/random_id.h"
#include "cli/snapshot.h"
#include "store/clock.h"

enum { FIELDS_MAX = 12, WAIT_S_DEFAULT = 10, WAIT_S_MAX = 600, POLL_MS = 100 };

struct command {
    const char *type;
    const struct shard_view *shard;
    const struct deadline *deadline;
    const struct calendar *calendar;
    instant now;
    struct field fields[FIELDS_MAX];
    size_t n;
    char id[RANDOM_ID_MAX];
    char time[INSTANT_TEXT_MAX], until[INSTANT_TEXT_MAX], at[INSTANT_TEXT_MAX];
};

static void add_field(struct command *command, const char *name, const char *value)
{
    if (value != NULL)
        command->fields[command->n++] = (struct field){name, value};
}

/* Behind sudo the person, not root. */
static const char *who(const struct cli *cli)
{
    const char *by = cli_option(cli, "by");
    const struct passwd *user;

    if (by == NULL)
        by = getenv("SUDO_USER");
    if (by == NULL || *by == '\0')
        by = getenv("USER");
    if (by != NULL && *by != '\0')
        return by;
    user = getpwuid(getuid());
    return user == NULL ? "unknown" : user->pw_name;
}

/* --until: a time, or a span from now on the deadline's calendar. */
static enum cli_status read_until(struct cli *cli, struct command *command)
{
    const char *text = cli_option(cli, "until"), *why;
    const struct zone *zone = calendar_zone(command->calendar);
    struct span span;
    instant until;

    if (text == NULL)
        return CLI_OK;
    if (!zone_read_time(zone, text, &until)) {
        struct span_request request = {.span = &span, .calendar = command->calendar, .start = command->now};

        if (span_parse(text, &span, &why) != 0 || span_resolve(&request, &until) != 0)
            return cli_fail(cli, "--until \"%s\" is neither a time (2026-10-12T09:00) nor a span (4wh, 1wd)",
                            "--until \"%s\" 既不是时间（2026-10-12T09:00），也不是时长（4wh、1wd）", text);
    }
    if (until <= command->now)
        return cli_fail(cli, "--until \"%s\" has passed", "--until \"%s\" 已经过去", text);
    add_field(command, "until", zone_format(zone, until, command->until));
    return CLI_OK;
}

static enum cli_status read_at(struct cli *cli, struct command *command)
{
    const char *text = cli_option(cli, "at");
    const struct zone *zone = calendar_zone(command->calendar);
    instant at;

    if (text == NULL)
        return CLI_OK;
    if (!zone_read_time(zone, text, &at))
        return cli_fail(cli, "--at \"%s\" is no time; write 2026-10-12T09:00",
                        "--at \"%s\" 不是时间；请写成 2026-10-12T09:00", text);
    if (at > command->now)
        return cli_fail(cli, "--at \"%s\" is in the future", "--at \"%s\" 在未来", text);
    add_field(command, "at", zone_format(zone, at, command->at));
    return CLI_OK;
}

static enum cli_status read_to(struct cli *cli, const struct config *config, struct command *command)
{
    const char *to = cli_option(cli, "to");

    if (to != NULL && directory_person(config->directory, to) == NULL)
        return cli_fail(cli, "the directory knows no person \"%s\"", "通讯录中没有 \"%s\"", to);
    if (to == NULL)
        to = command->deadline->owner;
    if (*to == '\0')
        return cli_fail(cli, "%s has no owner; say who acknowledges: --to PERSON",
                        "%s 没有责任人；请用 --to 指定谁已知悉", command->deadline->id);
    add_field(command, "to", to);
    return CLI_OK;
}

static enum cli_status fill(struct cli *cli, const struct config *config, struct command *command)
{
    enum cli_status status = CLI_OK;

    random_id(command->id);
    add_field(command, "type", command->type);
    add_field(command, "id", command->id);
    add_field(command, "time", zone_format(setup_zone(config), command->now, command->time));
    add_field(command, "deadline", command->deadline->id);
    add_field(command, "by", who(cli));
    if (strcmp(command->type, "cuiban.ack") == 0) {
        status = read_to(cli, config, command);
        if (status == CLI_OK)
            status = read_until(cli, command);
    }
    if (status == CLI_OK)
        status = read_at(cli, command);
    add_field(command, "note", cli_option(cli, "note"));
    return status;
}

/* -- waiting for the daemon's answer -- */

struct answer_search {
    char event[STREAM_ID_TEXT_MAX];
    struct history_record answer;
    struct arena *arena;
};

/* The engine answers every command with one record of its own. */
static int search_on_record(void *data, const struct history_record *record)
{
    struct answer_search *search = data;
    const char *event = fields_get(&record->fields, "event");

    if (strcmp(record->what, "command") != 0 || event == NULL || strcmp(event, search->event) != 0)
        return 0;
    return history_copy(search->arena, record, &search->answer) ? 1 : -ENOMEM;
}

static enum cli_status report_answer(struct cli *cli, const struct answer_search *search)
{
    const char *ok = fields_get(&search->answer.fields, "ok"),
               *why = fields_get(&search->answer.fields, "why");

    if (search->answer.what == NULL) {
        cli_warn(cli, "the daemon read the command, but its journal has no answer to it",
                 "守护进程已读取命令，但日志中没有答复");
        return CLI_FINDING;
    }
    if (ok == NULL || strcmp(ok, "true") != 0) {
        cli_warn(cli, "refused: %s", "被拒绝：%s", why == NULL ? "?" : why);
        return CLI_FINDING;
    }
    if (!cli->json)
        cli_say(cli, "applied (commit %" PRIu64 ")\n", "已生效（提交 %" PRIu64 "）\n", search->answer.seq);
    return CLI_OK;
}

/* The head's position in the command stream says that ours was read; the journal since then says what it did.
 */
static enum cli_status wait_for(struct cli *cli, const struct command *command, struct stream_id at,
                                struct stream_id journal_before)
{
    const char *text = cli_option(cli, "wait-seconds");
    long limit_s = text == NULL ? WAIT_S_DEFAULT : strtol(text, NULL, 10);
    int64_t end =
        clock_monotonic().ms + (limit_s > 0 && limit_s <= WAIT_S_MAX ? limit_s : WAIT_S_DEFAULT) * SECOND_MS;
    struct answer_search search = {.arena = arena_create()};
    struct query_head head;
    enum cli_status status;
    int result;

    if (search.arena == NULL)
        return cli_fail(cli, "out of memory", "内存不足");
    stream_id_format(at, search.event);
    while ((result = query_head(command->shard->query, &head)) != 0 ||
           stream_id_compare(head.commands, at) < 0) {
        const struct timespec pause = {0, POLL_MS * 1000000L};

        if ((result != 0 && result != -ENOENT) || clock_monotonic().ms >= end)
            break;
        nanosleep(&pause, NULL);
    }
    if (result == 0 && stream_id_compare(head.commands, at) >= 0)
        result = history_read(command->shard->query, journal_before, search.event, search_on_record, &search);
    else if (result == 0 || result == -ENOENT)
        result = -ETIMEDOUT;
    if (result == -ETIMEDOUT) {
        cli_warn(cli, "no daemon has read the command yet; it stays queued",
                 "尚无守护进程读取该命令；命令已排队");
        status = CLI_FINDING;
    } else {
        status = result < 0 ? setup_query_failed(cli, command->shard) : report_answer(cli, &search);
    }
    arena_destroy(search.arena);
    return status;
}

/* -- sending -- */

static enum cli_status print_sent(struct cli *cli, const struct command *command, struct stream_id at)
{
    char text[STREAM_ID_TEXT_MAX];
    struct json_writer json;
    struct buffer out;

    stream_id_format(at, text);
    if (!cli->json) {
        cli_say(cli, "%s %s: queued as command %s\n", "%s %s：已排队，命令 %s\n",
                command->type + strlen("cuiban."), command->deadline->id, text);
        return CLI_OK;
    }
    buffer_init(&out);
    json_begin(&json, &out);
    json_object(&json);
    for (size_t i = 0; i < command->n; i++)
        json_key_text(&json, command->fields[i].name, command->fields[i].value);
    json_key_text(&json, "entry", text);
    json_object_end(&json);
    return cli_print_json(cli, &out, CLI_OK);
}

static enum cli_status send_command(struct cli *cli, const struct config *config, struct command *command)
{
    enum cli_status status = fill(cli, config, command);
    struct query_stream_info journal;
    struct stream_id at;
    int result;

    if (status != CLI_OK)
        return status;
    result = query_stream_info(command->shard->query, QUERY_JOURNAL, &journal);
    if (result != 0 && result != -ENOENT)
        return setup_query_failed(cli, command->shard);
    if (result != 0 || !journal.exists)
        journal.last = (struct stream_id){0, 0};
    /* The command stream is cuiban's own: the first command may create it. */
    if (query_add(command->shard->query, QUERY_COMMANDS, command->fields, command->n, true, &at) != 0)
        return setup_query_failed(cli, command->shard);
    status = print_sent(cli, command, at);
    if (status == CLI_OK && cli_flag(cli, "wait"))
        status = wait_for(cli, command, at, journal.last);
    return status;
}

static enum cli_status command_deadline(struct cli *cli, const char *type)
{
    struct config *config = NULL;
    struct shards shards = {0};
    const char *id = cli->arguments.words[0];
    enum cli_status status = setup_load_look(cli, &config);
    bool found = false;

    if (status == CLI_OK)
        status = setup_shards(cli, config, &shards);
    for (size_t i = 0; i < shards.n && status == CLI_OK && !found; i++) {
        struct snapshot snapshot;
        struct command command = {.type = type, .shard = &shards.items[i]};

        status = snapshot_load(cli, config, &shards.items[i], &snapshot);
        command.deadline = status == CLI_OK ? snapshot_find(&snapshot, id) : NULL;
        found = command.deadline != NULL;
        if (found) {
            command.now = snapshot.now;
            command.calendar = snapshot_calendar(config, command.deadline);
            status = send_command(cli, config, &command);
        }
        snapshot_finish(&snapshot);
    }
    if (status == CLI_OK && !found) {
        cli_warn(cli, "%s is not open; cuibanctl explain %s tells how it ended",
                 "%s 不在进行中；用 cuibanctl explain %s 查看它如何结束", id, id);
        status = CLI_FINDING;
    }
    setup_shards_close(&shards);
    config_unload(config);
    return status;
}

enum cli_status verb_ack(struct cli *cli)
{
    return command_deadline(cli, "cuiban.ack");
}

enum cli_status verb_cancel(struct cli *cli)
{
    return command_deadline(cli, "cuiban.cancel");
}

enum cli_status verb_done(struct cli *cli)
{
    return command_deadline(cli, "cuiban.done");
}

/* -- the clock -- */

static enum cli_status accept_clock(struct cli *cli, const struct config *config,
                                    const struct shard_view *shard)
{
    struct command command = {.type = "cuiban.clock", .shard = shard};
    char entry[STREAM_ID_TEXT_MAX], time[MOMENT_TEXT_MAX];
    struct query_server server;
    struct stream_id at;

    if (query_server(shard->query, &server) != 0)
        return setup_query_failed(cli, shard);
    random_id(command.id);
    add_field(&command, "type", command.type);
    add_field(&command, "id", command.id);
    add_field(&command, "time", zone_format(setup_zone(config), server.now, command.time));
    add_field(&command, "by", who(cli));
    add_field(&command, "note", cli_option(cli, "note"));
    if (query_add(shard->query, QUERY_COMMANDS, command.fields, command.n, true, &at) != 0)
        return setup_query_failed(cli, shard);
    cli_say(cli, "%s: %s is right; queued as command %s\n", "%s：%s 是正确的时间；已排队，命令 %s\n",
            shard->stream, moment_format(server.now, setup_zone(config), cli->chinese, time),
            stream_id_format(at, entry));
    return CLI_OK;
}

enum cli_status verb_clock_accept(struct cli *cli)
{
    struct config *config = NULL;
    struct shards shards = {0};
    enum cli_status status = setup_load_look(cli, &config);

    if (status == CLI_OK)
        status = setup_shards(cli, config, &shards);
    for (size_t i = 0; i < shards.n && status == CLI_OK; i++)
        status = accept_clock(cli, config, &shards.items[i]);
    setup_shards_close(&shards);
    config_unload(config);
    return status;
}
