#include "cli/explain_who.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/moment.h"
#include "cli/row.h"
#include "cli/told.h"
#include "cli/why.h"
#include "core/civil.h"

#define PROMPT_MS (10 * MINUTE_MS) /* a step that fires later than this fires late */

struct answer {
    struct cli *cli;
    const struct config *config;
    struct told_day *day;
    struct buffer *out; /* of one line */
};

static bool is(const struct history_record *record, const char *what)
{
    return record->what != NULL && strcmp(record->what, what) == 0;
}

static const char *when(const struct answer *answer, instant at, char into[static MOMENT_TEXT_MAX])
{
    return moment_format(at, setup_zone(answer->config), answer->cli->chinese, into);
}

/* -- why at that instant -- */

static void say_place(const struct answer *answer, const struct told_message *message)
{
    const struct cli *cli = answer->cli;
    const struct life *life = told_life(answer->day, &message->queued);
    instant stood =
        message->step.what == NULL ? INSTANT_NONE : history_int(&message->step, "at", INSTANT_NONE);
    char text[MOMENT_TEXT_MAX];

    buffer_printf(answer->out, cli_in(cli, "step %s", "台阶 %s"), history_text(&message->queued, "s"));
    if (stood != INSTANT_NONE)
        buffer_printf(answer->out, cli_in(cli, " stood at %s", " 定于 %s"), when(answer, stood, text));
    if (life != NULL && life->due != INSTANT_NONE)
        buffer_printf(answer->out, cli_in(cli, " (due %s)", "（到期 %s）"), when(answer, life->due, text));
    if (*history_text(&message->step, "why") != '\0')
        buffer_printf(answer->out, cli_in(cli, "; %s", "；%s"),
                      why_in(cli, history_text(&message->step, "why")));
    else if (stood != INSTANT_NONE && message->step.now > stood + PROMPT_MS)
        buffer_printf(answer->out,
                      cli_in(cli,
                             "; fired only on %s, after a downtime, a backlog or an event that came late",
                             "；%s 才触发：此前停机、积压，或事件迟到"),
                      when(answer, message->step.now, text));
}

static void say_delay(const struct answer *answer, const struct told_message *message)
{
    const struct cli *cli = answer->cli;
    const char *quiet = history_text(&message->waits, "quiet");
    instant not_before = history_int(&message->waits, "not_before", INSTANT_NONE);
    char text[MOMENT_TEXT_MAX];

    if (*quiet != '\0')
        buffer_printf(answer->out,
                      cli_in(cli, "; quiet hours %s, so not before %s", "；静默时段 %s，最早 %s"), quiet,
                      when(answer, not_before, text));
    if (message->attempts > 1)
        buffer_printf(answer->out, cli_in(cli, "; %d attempts", "；尝试 %d 次"), message->attempts);
    if (message->failed.what != NULL)
        buffer_printf(answer->out, cli_in(cli, "; the first that failed: %s %s %s", "；首次失败：%s %s %s"),
                      message->failed.what, history_text(&message->failed, "code"),
                      why_in(cli, history_text(&message->failed, "why")));
}

/* -- what became of it -- */

/* The one whom the step meant: not who stands in. */
static const char *path_of(const struct answer *answer, const struct told_message *message)
{
    const char *behalf = history_text(&message->queued, "on_behalf");

    return told_path(answer->day, answer->config, &message->queued,
                     *behalf == '\0' ? history_text(&message->queued, "to") : behalf);
}

static void say_role(const struct answer *answer, const struct told_message *message)
{
    const char *path = path_of(answer, message);

    if (*history_text(&message->queued, "copy") != '\0')
        buffer_add_text(answer->out,
                        cli_in(answer->cli, " as the owner's copy of an escalation", "，升级时抄送责任人"));
    else if (path != NULL)
        buffer_printf(answer->out, cli_in(answer->cli, " as %s", "，身份 %s"), path);
}

static const char *channel_of(const struct told_message *message)
{
    const char *via = history_text(&message->last, "via");

    return *via == '\0' ? history_text(&message->queued, "via") : via;
}

static void say_end(const struct answer *answer, const struct told_message *message)
{
    const struct cli *cli = answer->cli;
    const struct history_record *last = &message->last;
    const char *to = history_text(&message->queued, "to");
    char text[MOMENT_TEXT_MAX];

    if (strcmp(to, answer->day->person) != 0)
        buffer_printf(answer->out, cli_in(cli, "away: %s answers; ", "休假，由 %s 代收；"),
                      setup_person(answer->config, to));
    if (is(last, "delivered"))
        buffer_printf(answer->out, cli_in(cli, "delivered on %s", "已于 %s 送达"),
                      when(answer, last->now, text));
    else if (is(last, "withdrawn"))
        buffer_printf(answer->out, cli_in(cli, "withdrawn on %s: %s", "已于 %s 撤回：%s"),
                      when(answer, last->now, text), why_in(cli, history_text(last, "why")));
    else if (is(last, "dead"))
        buffer_printf(answer->out, cli_in(cli, "given up on %s: %s", "已于 %s 放弃：%s"),
                      when(answer, last->now, text), why_in(cli, history_text(last, "why")));
    else
        buffer_add_text(answer->out, cli_in(cli, "still waits to be sent", "仍待发送"));
}

static void say_case(const struct answer *answer, const struct history_record *record)
{
    const struct life *life = told_life(answer->day, record);
    const char *summary =
        life == NULL || life->rule == NULL ? history_text(record, "r") : life->rule->summary;

    buffer_printf(answer->out, "%s  %s  %s", history_text(record, "d"), summary,
                  life == NULL ? "" : life->about);
}

static void print_line(const struct answer *answer, const char *indent)
{
    if (answer->out->n > 0)
        cli_clean(answer->out->bytes);
    cli_print("%s%s\n", indent, buffer_text(answer->out));
    buffer_clear(answer->out);
}

static void print_message(const struct answer *answer, const struct told_message *message)
{
    const struct cli *cli = answer->cli;
    const char *behalf = history_text(&message->queued, "on_behalf");
    bool sent = told_was_sent(answer->day, message);
    char text[MOMENT_TEXT_MAX];

    buffer_printf(answer->out, "%s  ",
                  moment_format_short(sent ? message->last.now : message->queued.now,
                                      setup_zone(answer->config), text));
    say_case(answer, &message->queued);
    print_line(answer, "  ");
    buffer_printf(answer->out, cli_in(cli, "%s through %s", "%s，渠道 %s"),
                  row_phase(cli, history_text(&message->queued, "phase")), channel_of(message));
    say_role(answer, message);
    if (sent && *behalf != '\0')
        buffer_printf(answer->out, cli_in(cli, ", on behalf of %s", "，代 %s 接收"),
                      setup_person(answer->config, behalf));
    buffer_add_text(answer->out, cli_in(cli, ": ", "："));
    say_end(answer, message);
    print_line(answer, "      ");
    say_place(answer, message);
    say_delay(answer, message);
    print_line(answer, "      ");
}

static void print_silence(const struct answer *answer, const struct told_silence *silence)
{
    static const char *const kinds[][3] = {{"skipped", "skipped", "略过"},
                                           {"superseded", "superseded", "被更晚的台阶取代"},
                                           {"dead", "given up", "放弃"}};
    const struct history_record *record = &silence->record;
    const char *kind = record->what;
    char text[MOMENT_TEXT_MAX];

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i][0], record->what) == 0)
            kind = cli_in(answer->cli, kinds[i][1], kinds[i][2]);
    }
    buffer_printf(answer->out, "%s  ", moment_format_short(record->now, setup_zone(answer->config), text));
    say_case(answer, record);
    print_line(answer, "  ");
    buffer_printf(answer->out, cli_in(answer->cli, "step %s %s: %s", "台阶 %s %s：%s"),
                  history_text(record, "s"), kind, why_in(answer->cli, history_text(record, "why")));
    print_line(answer, "      ");
}

static size_t count_sent(const struct told_day *day)
{
    size_t n = 0;

    for (size_t i = 0; i < day->n_messages; i++)
        n += told_was_sent(day, &day->messages[i]);
    return n;
}

static void print_day(const struct answer *answer)
{
    const struct told_day *day = answer->day;
    size_t sent = count_sent(day);

    cli_say(answer->cli, "sent (%zu)\n", "发出（%zu）\n", sent);
    for (size_t i = 0; i < day->n_messages; i++) {
        if (told_was_sent(day, &day->messages[i]))
            print_message(answer, &day->messages[i]);
    }
    cli_say(answer->cli, "not sent to this person then (%zu)\n", "当日未发给此人（%zu）\n",
            day->n_messages - sent + day->n_silences);
    for (size_t i = 0; i < day->n_messages; i++) {
        if (!told_was_sent(day, &day->messages[i]))
            print_message(answer, &day->messages[i]);
    }
    for (size_t i = 0; i < day->n_silences; i++)
        print_silence(answer, &day->silences[i]);
    if (day->cut)
        cli_say(answer->cli, "there was more than can be shown here\n", "内容过多，未全部列出\n");
}

/* -- JSON -- */

static void json_case(struct json_writer *json, const struct answer *answer,
                      const struct history_record *record)
{
    const struct life *life = told_life(answer->day, record);

    json_key_text(json, "deadline", history_text(record, "d"));
    json_key_text(json, "rule", history_text(record, "r"));
    json_key_text(json, "about", life == NULL ? NULL : life->about);
    json_key_text(json, "step", history_text(record, "s"));
}

static void json_message(struct json_writer *json, const struct answer *answer,
                         const struct told_message *message)
{
    const struct zone *zone = setup_zone(answer->config);
    const char *why = history_text(&message->last, "why");

    json_object(json);
    json_key_text(json, "id", history_text(&message->queued, "n"));
    json_case(json, answer, &message->queued);
    json_key_text(json, "as", path_of(answer, message));
    json_key_bool(json, "sent", told_was_sent(answer->day, message));
    json_key_text(json, "what", message->last.what);
    row_json_instant(json, "at", zone, message->last.now);
    json_key_text(json, "why", *why == '\0' ? NULL : why);
    json_key_text(json, "phase", history_text(&message->queued, "phase"));
    json_key_text(json, "to", history_text(&message->queued, "to"));
    json_key_text(json, "on_behalf", fields_get(&message->queued.fields, "on_behalf"));
    json_key_text(json, "via", channel_of(message));
    json_key_bool(json, "copy", *history_text(&message->queued, "copy") != '\0');
    json_key_int(json, "attempts", message->attempts);
    if (message->step.what != NULL)
        row_json_instant(json, "stood", zone, history_int(&message->step, "at", INSTANT_NONE));
    row_json_instant(json, "queued", zone, message->queued.now);
    row_json_instant(json, "not_before", zone, history_int(&message->waits, "not_before", INSTANT_NONE));
    json_object_end(json);
}

static void json_day(struct json_writer *json, const struct answer *answer)
{
    const struct told_day *day = answer->day;

    for (size_t i = 0; i < day->n_messages; i++)
        json_message(json, answer, &day->messages[i]);
    for (size_t i = 0; i < day->n_silences; i++) {
        const struct history_record *record = &day->silences[i].record;

        json_object(json);
        json_case(json, answer, record);
        json_key_bool(json, "sent", false);
        json_key_text(json, "what", record->what);
        row_json_instant(json, "at", setup_zone(answer->config), record->now);
        json_key_text(json, "why", history_text(record, "why"));
        json_object_end(json);
    }
}

/* -- the verb -- */

struct question {
    const char *person;
    int32_t date;
    struct json_writer json;
    size_t told; /* messages and silences */
};

static enum cli_status read_date(struct cli *cli, struct question *question)
{
    const char *on = cli_option(cli, "on");

    if (on == NULL || !civil_parse(on, &question->date))
        return cli_fail(cli, "explain --who: on which date? Write --on 2026-10-10",
                        "explain --who：哪一天？请写 --on 2026-10-10");
    return CLI_OK;
}

static enum cli_status answer_shard(struct cli *cli, const struct config *config,
                                    const struct shard_view *shard, struct question *question)
{
    struct told_day *day = calloc(1, sizeof(*day));
    struct arena *arena = arena_create();
    struct snapshot snapshot = {0};
    struct buffer text;
    struct answer answer = {cli, config, day, &text};
    enum cli_status status = CLI_USAGE;

    buffer_init(&text);
    if (day == NULL || arena == NULL)
        cli_fail(cli, "out of memory", "内存不足");
    else
        status = snapshot_load(cli, config, shard, &snapshot);
    if (status == CLI_OK) {
        day->person = question->person;
        day->from = zone_instant(setup_zone(config), question->date * DAY_MS);
        day->to = zone_instant(setup_zone(config), (question->date + 1) * DAY_MS);
        status = told_load(&snapshot, arena, day);
    }
    if (status == CLI_OK) {
        question->told += day->n_messages + day->n_silences;
        if (cli->json)
            json_day(&question->json, &answer);
        else
            print_day(&answer);
    }
    snapshot_finish(&snapshot);
    arena_destroy(arena);
    free(day);
    buffer_finish(&text);
    return status;
}

static enum cli_status unknown_person(struct cli *cli, const struct config *config, const char *id)
{
    const struct person *people;
    size_t n = directory_people(config->directory, &people);
    const char **names = calloc(n + 1, sizeof(*names)), *nearest = NULL;

    for (size_t i = 0; names != NULL && i < n; i++)
        names[i] = people[i].id;
    if (names != NULL)
        nearest = problem_nearest(id, names, n);
    free(names);
    if (nearest != NULL)
        cli_warn(cli, "the directory has no person \"%s\"; did you mean \"%s\"?",
                 "通讯录中没有 \"%s\"，是否 \"%s\"？", id, nearest);
    else
        cli_warn(cli, "the directory has no person \"%s\"", "通讯录中没有 \"%s\"", id);
    return CLI_FINDING;
}

static enum cli_status answer_all(struct cli *cli, const struct config *config, struct question *question)
{
    struct shards shards = {0};
    char text[MOMENT_TEXT_MAX];
    struct buffer out;
    enum cli_status status = setup_shards(cli, config, &shards);

    buffer_init(&out);
    json_begin(&question->json, &out);
    json_array(&question->json);
    if (status == CLI_OK && !cli->json)
        cli_print("%s (%s)  %04d-%s\n", setup_person(config, question->person), question->person,
                  (int)civil_of(question->date).year, moment_format_day(question->date, cli->chinese, text));
    for (size_t i = 0; i < shards.n && status == CLI_OK; i++) {
        if (shards.n > 1 && !cli->json)
            cli_print("%s\n", shards.items[i].stream);
        status = answer_shard(cli, config, &shards.items[i], question);
    }
    json_array_end(&question->json);
    if (status == CLI_OK && question->told == 0 &&
        directory_person(config->directory, question->person) == NULL)
        status = unknown_person(cli, config, question->person);
    if (status != CLI_USAGE && cli->json)
        status = cli_print_json(cli, &out, status);
    setup_shards_close(&shards);
    buffer_finish(&out);
    return status;
}

enum cli_status explain_who(struct cli *cli)
{
    struct question question = {.person = cli_option(cli, "who")};
    struct config *config = NULL;
    enum cli_status status = read_date(cli, &question);

    if (status == CLI_OK)
        status = setup_load_look(cli, &config);
    if (status == CLI_OK) {
        question.person = setup_person_id(config, question.person);
        status = answer_all(cli, config, &question);
    }
    config_unload(config);
    return status;
}
