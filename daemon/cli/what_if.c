/* what-if: what events would bring about, played from the state that a shard has now; nothing is changed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/drafts.h"
#include "cli/live.h"
#include "cli/moment.h"
#include "cli/row.h"
#include "cli/story.h"
#include "cli/verbs.h"
#include "store/clock.h"

#define AHEAD_MS (30 * DAY_MS) /* how far it looks without --until */

struct what_if {
    struct cli *cli;
    struct config *config;
    struct shards shards;
    struct live live;
    struct drafts drafts;
    struct timeline timeline;
    instant at, until;
    bool refused; /* an event was bad */
};

/* -- the state to begin from -- */

static enum cli_status begin_empty(struct what_if *what)
{
    const struct rehearsal_options options = {
        .config = what->config, .hooks = timeline_hooks(&what->timeline), .is_home = true};

    what->live.now = clock_wall();
    what->live.rehearsal = rehearsal_create(&options);
    return what->live.rehearsal != NULL ? CLI_OK : cli_fail(what->cli, "out of memory", "内存不足");
}

static enum cli_status begin_live(struct what_if *what)
{
    const struct rehearsal_hooks hooks = timeline_hooks(&what->timeline);
    const char *fingerprint = ruleset_fingerprint(what->config->rules);
    enum cli_status status;

    if (what->config->settings.streams.n > 1 && !cli_flag(what->cli, "stream"))
        return cli_fail(what->cli, "there are several streams: say which with --stream",
                        "有多个事件流：请用 --stream 指定");
    status = setup_shards(what->cli, what->config, &what->shards);
    if (status == CLI_OK)
        status = live_load(what->cli, what->config, &what->shards.items[0], &hooks, &what->live);
    if (status == CLI_OK && what->live.rules[0] != '\0' && strcmp(what->live.rules, fingerprint) != 0)
        cli_warn(what->cli, "these are other rules (%.8s) than those that the daemon runs (%.8s)",
                 "以下所用规则（%.8s）与守护进程正在运行的（%.8s）不同", fingerprint, what->live.rules);
    return status;
}

static enum cli_status read_moment(struct what_if *what, const char *option, instant otherwise, instant *out)
{
    const char *text = cli_option(what->cli, option);

    *out = otherwise;
    if (text != NULL && !zone_read_time(setup_zone(what->config), text, out))
        return cli_fail(what->cli, "--%s \"%s\" is no time; write 2026-09-30T17:00",
                        "--%s \"%s\" 不是时间；请写成 2026-09-30T17:00", option, text);
    return CLI_OK;
}

static enum cli_status read_clock(struct what_if *what)
{
    enum cli_status status = read_moment(what, "at", what->live.now, &what->at);

    if (status == CLI_OK)
        status = read_moment(what, "until", what->at + AHEAD_MS, &what->until);
    if (status == CLI_OK && cli_flag(what->cli, "empty") && what->at < what->live.now)
        what->live.now = what->at;
    if (status == CLI_OK && (what->at < what->live.now || what->until < what->at))
        status = cli_fail(what->cli, "--at must not lie in the past, nor --until before it",
                          "--at 不能早于现在，--until 不能早于 --at");
    return status;
}

/* -- playing -- */

static int play_draft(struct what_if *what, const struct event_draft *draft)
{
    const struct rehearsal_event event = {.at = what->at, .fields = draft->raw, .n = draft->n};
    const char *why = "";
    int error = timeline_put(&what->timeline, what->live.rehearsal, &event, &why);

    if (error == -EINVAL || error == -E2BIG) {
        cli_warn(what->cli, "the daemon would refuse this event: %s", "守护进程不会接受这个事件：%s", why);
        what->refused = true;
        error = 0;
    }
    return error;
}

static enum cli_status play(struct what_if *what)
{
    int error;

    timeline_follow(&what->timeline);
    timeline_know(&what->timeline, rehearsal_engine(what->live.rehearsal));
    error = rehearsal_begin(what->live.rehearsal, what->live.now);
    for (size_t i = 0; i < what->drafts.n && error == 0; i++)
        error = play_draft(what, what->drafts.items[i]);
    if (error == 0)
        error = rehearsal_until(what->live.rehearsal, what->until);
    if (error == 0 && what->timeline.failed)
        error = -ENOMEM;
    return error == 0 ? CLI_OK : cli_fail(what->cli, "%s", "%s", cli_error_text(what->cli, -error));
}

/* -- why nothing -- */

static void say_use(const struct cli *cli, const struct rule_ref *ref, const struct event *event)
{
    const struct conditions *where = ref->selector == NULL ? &ref->rule->open_where : &ref->selector->where;
    const struct condition *failing = conditions_failing(where, &event->fields);

    if (failing == NULL) {
        cli_say(cli, "  %s (%s): nothing is open for its key, or a field of the key is missing\n",
                "  %s（%s）：没有这个键的未完事项，或缺少键的字段\n", ref->rule->name,
                row_use(cli, ref->use));
        return;
    }
    const char *value = fields_get(&event->fields, failing->field);
    cli_say(cli, "  %s (%s): \"%s\" does not hold; %s is %s%s%s\n",
            "  %s（%s）：条件 \"%s\" 不成立；%s %s%s%s\n", ref->rule->name, row_use(cli, ref->use),
            failing->text, failing->field,
            value == NULL ? cli_in(cli, "missing", "缺失") : cli_in(cli, "\"", "为 \""),
            value == NULL ? "" : value, value == NULL ? "" : "\"");
}

static void say_why_nothing(const struct what_if *what)
{
    struct arena *arena = arena_create();

    cli_say(what->cli, "It opens, meets and cancels nothing.\n", "它不打开、不完成、也不取消任何事项。\n");
    for (size_t i = 0; arena != NULL && i < what->drafts.n; i++) {
        const struct event_draft *draft = what->drafts.items[i];
        const struct event_place place = {.time = what->at};
        const struct rule_ref *uses;
        struct event event;
        const char *why;
        size_t n;

        if (!event_parse(arena, &place, draft->raw, draft->n, what->at, &event, &why))
            continue;
        n = ruleset_uses(what->config->rules, event.type, &uses);
        if (n == 0)
            cli_say(what->cli, "  no rule names %s\n", "  没有规则提到 %s\n", event.type);
        for (size_t k = 0; k < n; k++)
            say_use(what->cli, &uses[k], &event);
    }
    arena_destroy(arena);
}

/* -- printing -- */

static size_t count(const struct timeline *timeline, enum timeline_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < timeline->n; i++)
        n += timeline->lines[i].kind == kind;
    return n;
}

static enum cli_status print_json(const struct what_if *what, enum cli_status status)
{
    const struct zone *zone = setup_zone(what->config);
    char text[INSTANT_TEXT_MAX];
    struct json_writer json;
    struct buffer out;

    buffer_init(&out);
    json_begin(&json, &out);
    json_object(&json);
    json_key_text(&json, "at", zone_format(zone, what->at, text));
    json_key_text(&json, "until", zone_format(zone, what->until, text));
    json_key(&json, "lines");
    story_json(&json, zone, &what->timeline);
    json_object_end(&json);
    return cli_print_json(what->cli, &out, status);
}

static enum cli_status print(const struct what_if *what)
{
    static const struct texts all = {NULL, 0};
    enum cli_status status = what->refused ? CLI_FINDING : CLI_OK;
    char until[MOMENT_TEXT_MAX];

    if (what->cli->json)
        return print_json(what, status);
    story_print(what->cli, setup_zone(what->config), &what->timeline, &all);
    if (count(&what->timeline, TIMELINE_RECORD) == 0 && !what->refused)
        say_why_nothing(what);
    cli_say(what->cli, "%zu messages until %s, if nothing else happens. Nothing was changed.\n",
            "到 %2$s 为止共 %1$zu 条消息（若不再发生别的事）。没有改动任何东西。\n",
            count(&what->timeline, TIMELINE_MESSAGE),
            moment_format(what->until, setup_zone(what->config), what->cli->chinese, until));
    return status;
}

/* -- the verb -- */

static enum cli_status read_events(struct what_if *what)
{
    enum cli_status status = drafts_read(what->cli, what->config, what->at, &what->drafts);

    if (status != CLI_OK)
        return status;
    cli_print_problems(what->cli, stderr, &what->drafts.problems);
    if (what->drafts.problems.errors > 0 && !cli_flag(what->cli, "force"))
        return cli_fail(what->cli, "the event has errors (--force plays it all the same)",
                        "事件有误（--force 可照样推演）");
    return CLI_OK;
}

static enum cli_status run(struct what_if *what)
{
    const struct config_choice choice = {.rules = cli_option(what->cli, "rules")};
    enum cli_status status = setup_load_play(what->cli, &choice, &what->config);

    if (status == CLI_OK && timeline_init(&what->timeline) != 0)
        status = cli_fail(what->cli, "out of memory", "内存不足");
    if (status == CLI_OK)
        status = cli_flag(what->cli, "empty") ? begin_empty(what) : begin_live(what);
    if (status == CLI_OK)
        status = read_clock(what);
    if (status == CLI_OK)
        status = read_events(what);
    if (status == CLI_OK)
        status = play(what);
    return status == CLI_OK ? print(what) : status;
}

enum cli_status verb_what_if(struct cli *cli)
{
    struct what_if what = {.cli = cli, .drafts = {.file = cli_option(cli, "file")}};
    enum cli_status status;
    size_t first_field;

    if ((what.drafts.file == NULL) == (drafts_type(cli, &first_field) == NULL))
        return cli_fail(cli, "either an event type and field=value, or --file FILE.jsonl",
                        "请给出事件类型与 字段=值，或 --file 文件.jsonl");
    status = run(&what);
    live_finish(&what.live);
    drafts_finish(&what.drafts);
    timeline_finish(&what.timeline);
    setup_shards_close(&what.shards);
    config_unload(what.config);
    return status;
}
