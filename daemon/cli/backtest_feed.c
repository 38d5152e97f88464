/* backtest_feed.c: the history that is replayed: a file of events, or the streams of the settings with their
 * commands. Nothing of it is kept. */
#include "cli/backtest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/event_read.h"
#include "cli/history.h"
#include "core/index.h"
#include "store/clock.h"

static const int64_t AFTER_FILE_MS = 30 * DAY_MS; /* how long the clocks run on behind the last event */

static enum cli_status failed(const struct backtest *backtest, int error)
{
    if (error == -E2BIG)
        return cli_fail(
            backtest->cli, "more than %d deadlines or %d messages: choose a shorter time or fewer rules",
            "超过 %d 个事项或 %d 条消息：请缩短时间或减少规则", LEDGER_DEADLINES_MAX, LEDGER_MESSAGES_MAX);
    return cli_fail(backtest->cli, "%s", "%s", cli_error_text(backtest->cli, -error));
}

/* -- a file -- */

struct lines {
    struct arena *arena; /* of the line at hand */
    struct event_draft draft;
    int number;
};

/* 0, or what ends the replay. */
static int put_line(struct backtest *backtest, struct lines *lines, const char *line, size_t n)
{
    struct rehearsal_event event = {.at = INSTANT_NONE, .fields = lines->draft.raw};
    const char *why = "the line is too long";
    bool is_read;
    int error = 0;

    lines->number++;
    if (event_line_is_blank(line))
        return 0;
    arena_reset(lines->arena);
    is_read = n <= EVENT_LINE_BYTES_MAX && event_draft_read(lines->arena, line, n, &lines->draft, &why);
    event.n = lines->draft.n;
    if (is_read)
        error = trial_put(backtest->trial, &event, &why);
    if (is_read && error != -EINVAL)
        return error == -ERANGE ? 0 : error; /* the next one may be earlier again */
    if (trial_count(backtest->trial).bad + backtest->skipped <= BACKTEST_WARNINGS_MAX)
        cli_warn(backtest->cli, "%s:%d: left out: %s", "%s:%d：已略过：%s",
                 cli_option(backtest->cli, "events"), lines->number, why);
    backtest->skipped += !is_read;
    return 0;
}

static int put_lines(struct backtest *backtest, FILE *file)
{
    struct lines *lines = calloc(1, sizeof(*lines));
    char *line = NULL;
    size_t room = 0;
    int error = lines == NULL ? -ENOMEM : 0;
    ssize_t n;

    if (error == 0) {
        lines->arena = arena_create();
        error = lines->arena == NULL ? -ENOMEM : 0;
    }
    while (error == 0 && (n = getline(&line, &room, file)) >= 0)
        error = put_line(backtest, lines, line, (size_t)n);
    if (error == 0 && ferror(file))
        error = -EIO;
    if (lines != NULL)
        arena_destroy(lines->arena);
    free(lines);
    free(line);
    return error;
}

enum cli_status backtest_feed_file(struct backtest *backtest, const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    int error;

    if (file == NULL)
        return cli_fail(backtest->cli, "%s: %s", "%s：%s", path, cli_error_text(backtest->cli, errno));
    error = trial_begin(backtest->trial, INSTANT_NONE,
                        backtest->until == INSTANT_NONE ? INSTANT_NEVER : backtest->until, true);
    if (error == 0)
        error = put_lines(backtest, file);
    if (file != stdin)
        fclose(file);
    if (error == 0 && trial_now(backtest->trial) == INSTANT_NONE)
        return cli_fail(backtest->cli, "%s has no event", "%s 中没有事件", path);
    if (error == 0 && backtest->until == INSTANT_NONE)
        backtest->until = trial_now(backtest->trial) + AFTER_FILE_MS;
    if (error == 0)
        error = trial_end(backtest->trial, backtest->until);
    return error == 0 ? CLI_OK : failed(backtest, error);
}

/* -- the commands of a stream -- */

struct command {
    struct stream_id at;
    const char *deadline; /* its number in reality; NULL: it names none */
    bool is_known;        /* the journal says of which opening it is */
    uint64_t opening;
    struct raw_field *fields;
    size_t n;
};

struct commands {
    struct backtest *backtest;
    struct arena *arena;
    struct command *items;
    size_t n, room, next;
    struct index by_deadline; /* commands */
};

static bool copy_fields(struct commands *commands, struct command *command, const struct raw_field *fields)
{
    command->fields = arena_alloc_array(commands->arena, command->n + 1, sizeof(*fields));
    for (size_t i = 0; i < command->n && command->fields != NULL; i++) {
        struct raw_field *to = &command->fields[i];

        *to = fields[i];
        to->name = arena_strndup(commands->arena, fields[i].name, fields[i].name_n);
        to->value = arena_strndup(commands->arena, fields[i].value, fields[i].value_n);
        if (to->name == NULL || to->value == NULL)
            return false;
        if (strcmp(to->name, "deadline") == 0)
            command->deadline = to->value;
    }
    return command->fields != NULL;
}

static int commands_on_entry(void *data, struct stream_id at, const struct raw_field *fields, size_t n)
{
    struct commands *commands = data;
    struct command command = {.at = at, .n = n};

    if (commands->n == BACKTEST_COMMANDS_MAX || n > EVENT_FIELDS_MAX) {
        commands->backtest->commands_left++;
        return 0;
    }
    if (commands->n == commands->room) {
        size_t room = commands->room == 0 ? 64 : commands->room * 2;
        struct command *items = reallocarray(commands->items, room, sizeof(*items));

        if (items == NULL)
            return -ENOMEM;
        commands->items = items;
        commands->room = room;
    }
    if (!copy_fields(commands, &command, fields))
        return -ENOMEM;
    commands->items[commands->n++] = command;
    return 0;
}

static int index_commands(struct commands *commands)
{
    for (size_t i = 0; i < commands->n; i++) {
        struct command *command = &commands->items[i];

        if (command->deadline != NULL &&
            !index_add(&commands->by_deadline, hash_text(0, command->deadline), command))
            return -ENOMEM;
    }
    return 0;
}

/* An opening as the journal tells it, if a command speaks of that deadline. */
static int commands_on_record(void *data, const struct history_record *record)
{
    struct commands *commands = data;
    const char *id = fields_get(&record->fields, "d"), *event = fields_get(&record->fields, "event");
    const char *identity = fields_get(&record->fields, "k"), *owner = fields_get(&record->fields, "owner");
    const char *name = fields_get(&record->fields, "r");
    const struct rule *rule = name == NULL ? NULL : ruleset_find(commands->backtest->then->rules, name);
    struct stream_id at = {0};
    struct command *command;
    size_t cursor = 0;

    if (strcmp(record->what, "opened") != 0 || id == NULL || identity == NULL || rule == NULL)
        return 0;
    if (event != NULL && !stream_id_parse(event, &at))
        return 0;
    if (rule->n_owners <= 1 && rule->each_of == NULL)
        owner = NULL;
    while ((command = index_find(&commands->by_deadline, hash_text(0, id), &cursor)) != NULL) {
        if (strcmp(command->deadline, id) != 0)
            continue;
        command->opening = ledger_opening(identity, owner, at);
        command->is_known = true;
    }
    return 0;
}

static int read_commands(struct commands *commands, struct query *query)
{
    const struct stream_id since = {(uint64_t)commands->backtest->since, 0};
    char from[STREAM_ID_TEXT_MAX];
    int error = query_range(query, QUERY_COMMANDS, stream_id_format(since, from), "+", 0, false,
                            commands_on_entry, commands);

    if (error == -ENOENT)
        return 0;
    if (error == 0)
        error = index_commands(commands);
    if (error == 0 && commands->n > 0)
        error = history_read(query, since, "\"opened\"", commands_on_record, commands);
    return error == -ENOENT ? 0 : error;
}

/* Commands that came up to and at that instant. */
static int put_commands(struct commands *commands, instant at)
{
    int error = 0;

    while (error == 0 && commands->next < commands->n &&
           (instant)commands->items[commands->next].at.ms <= at) {
        const struct command *command = &commands->items[commands->next++];
        const struct rehearsal_event event = {
            .at = (instant)command->at.ms, .id = command->at, .fields = command->fields, .n = command->n};

        error =
            command->is_known ? trial_command(commands->backtest->trial, &event, command->opening) : -ENOENT;
        commands->backtest->commands_left += error == -ENOENT;
        error = error == -ENOENT ? 0 : error;
    }
    return error;
}

/* -- what really happened -- */

static int sent_on_record(void *data, const struct history_record *record)
{
    struct backtest *backtest = data;

    backtest->sent += strcmp(record->what, "delivered") == 0 && record->now >= backtest->since &&
                      record->now <= backtest->until;
    return 0;
}

static int count_sent(struct backtest *backtest, struct query *query)
{
    const struct stream_id since = {(uint64_t)backtest->since, 0};
    int error = history_read(query, since, "\"delivered\"", sent_on_record, backtest);

    return error == -ENOENT ? 0 : error;
}

/* -- a stream -- */

static int stream_on_entry(void *data, struct stream_id at, const struct raw_field *fields, size_t n)
{
    struct commands *commands = data;
    struct backtest *backtest = commands->backtest;
    const struct rehearsal_event event = {.at = (instant)at.ms, .id = at, .fields = fields, .n = n};
    const char *why;
    int error;

    if (event.at > backtest->until)
        return -ERANGE; /* what follows, too */
    error = put_commands(commands, event.at - 1);
    if (error == 0)
        error = trial_put(backtest->trial, &event, &why);
    return error == -EINVAL ? 0 : error; /* counted there */
}

static int feed_stream(struct backtest *backtest, struct commands *commands, const struct shard_view *shard)
{
    const char *home = backtest->then->settings.home;
    struct query_stream_info info;
    char from[STREAM_ID_TEXT_MAX];
    int error = query_stream_info(shard->query, QUERY_EVENTS, &info);

    if (error != 0)
        return error;
    backtest->is_cut = backtest->is_cut || (info.exists && (instant)info.first.ms > backtest->since &&
                                            (info.added < 0 || (uint64_t)info.added > info.length));
    error = count_sent(backtest, shard->query);
    if (error == 0)
        error = read_commands(commands, shard->query);
    if (error == 0)
        error = trial_begin(backtest->trial, backtest->since, backtest->until,
                            home == NULL || strcmp(home, shard->stream) == 0);
    stream_id_format((struct stream_id){(uint64_t)backtest->since, 0}, from);
    if (error == 0)
        error = query_range(shard->query, QUERY_EVENTS, from, "+", 0, false, stream_on_entry, commands);
    error = error == -ERANGE || error == -ENOENT ? 0 : error;
    if (error == 0)
        error = put_commands(commands, backtest->until);
    return error == 0 ? trial_end(backtest->trial, backtest->until) : error;
}

static enum cli_status feed_shard(struct backtest *backtest, const struct shard_view *shard)
{
    struct commands commands = {.backtest = backtest, .arena = arena_create()};
    int error = commands.arena == NULL ? -ENOMEM : 0;

    index_init(&commands.by_deadline);
    if (error == 0)
        error = feed_stream(backtest, &commands, shard);
    index_finish(&commands.by_deadline);
    arena_destroy(commands.arena);
    free(commands.items);
    if (error == 0)
        return CLI_OK;
    return error == -ENOMEM || error == -E2BIG ? failed(backtest, error)
                                               : setup_query_failed(backtest->cli, shard);
}

enum cli_status backtest_feed_streams(struct backtest *backtest)
{
    struct shards shards;
    enum cli_status status = setup_shards(backtest->cli, backtest->then, &shards);

    if (backtest->until == INSTANT_NONE)
        backtest->until = clock_wall();
    if (status == CLI_OK && (backtest->since < 0 || backtest->since >= backtest->until))
        status = cli_fail(backtest->cli, "--since must be before --until, which is now if it is not said",
                          "--since 必须早于 --until（缺省为现在）");
    for (size_t i = 0; i < shards.n && status == CLI_OK; i++)
        status = feed_shard(backtest, &shards.items[i]);
    setup_shards_close(&shards);
    return status;
}
