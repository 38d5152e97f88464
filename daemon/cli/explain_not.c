#include "cli/explain_not.h"

#include <stdlib.h>
#include <string.h>

#include "cli/absence_words.h"
#include "cli/row.h"
#include "cli/table.h"
#include "cli/why.h"

enum { EVENTS_SHOWN_MAX = 40 }; /* the latest; JSON has all */

/* -- the events -- */

static void say_use(const struct telling *telling, const struct sighting *event)
{
    const struct rule_ref *refs;
    size_t n = ruleset_uses(telling->asked->snapshot->config->rules, event->event.type, &refs);
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        if (refs[i].rule != telling->asked->rule)
            continue;
        buffer_printf(telling->out, "%s%s", any ? cli_in(telling->cli, ", ", "、") : "",
                      row_use(telling->cli, refs[i].use));
        any = true;
    }
    if (!any)
        buffer_add_text(telling->out, cli_in(telling->cli, "means nothing to this rule", "此规则不涉及"));
}

static void add_event(const struct telling *telling, struct table *table, const struct sighting *event)
{
    char text[MOMENT_TEXT_MAX], id[STREAM_ID_TEXT_MAX];
    bool is_bad = event->kind == SIGHTING_BAD;

    table_addf(table, "  %s", stream_id_format(event->at, id));
    table_add(table, absence_when(telling, is_bad ? (instant)event->at.ms : event->event.time, text));
    table_add(table, is_bad ? "?" : event->event.type);
    buffer_clear(telling->out);
    if (!is_bad)
        say_use(telling, event);
    table_add(table, buffer_text(telling->out));
    buffer_clear(telling->out);
    absence_say_outcome(telling, event);
    table_add(table, buffer_text(telling->out));
}

static void print_events(struct cli *cli, const struct telling *telling)
{
    const struct sightings *sightings = &telling->asked->sightings;
    size_t from = sightings->n > EVENTS_SHOWN_MAX ? sightings->n - EVENTS_SHOWN_MAX : 0;
    struct table table;

    cli_say(cli, "events: %zu of the latest %zu of the stream %s\n",
            "事件：事件流最近 %2$zu 条（%3$s）中有 %1$zu 条\n", sightings->n, sightings->searched,
            telling->asked->snapshot->shard->stream);
    table_init(&table, 5, NULL);
    for (size_t i = from; i < sightings->n; i++)
        add_event(telling, &table, &sightings->items[i]);
    if (table_rows(&table) > 0 && !table_print(&table, stdout))
        cli_fail(cli, "out of memory", "内存不足");
    table_finish(&table);
    if (sightings->cut)
        cli_say(cli, "  older events were not searched\n", "  更早的事件未查\n");
}

static void print_rule(struct cli *cli, const struct telling *telling)
{
    const struct rule *rule = telling->asked->rule;

    buffer_clear(telling->out);
    absence_say_given(telling);
    cli_print("%s  %s\n", rule->summary, buffer_text(telling->out));
    buffer_clear(telling->out);
    absence_say_opening_types(telling);
    if (rule->after != NULL)
        buffer_printf(telling->out, cli_in(cli, "the end of %s", "%s 结束"), rule->after);
    else if (rule->open_on.n == 0)
        buffer_add_text(telling->out, cli_in(cli, "the clock", "时钟"));
    for (size_t i = 0; i < rule->open_where.n; i++)
        buffer_printf(telling->out, "%s%s",
                      i == 0 ? cli_in(cli, " where ", "，条件 ") : cli_in(cli, " and ", " 且 "),
                      rule->open_where.items[i].text);
    cli_say(cli, "  rule   %s %s:%d%s, opened by %s\n", "  规则    %s %s:%d%s，打开条件：%s\n", rule->name,
            cli_short_path(rule->file), rule->line,
            rule->retired ? cli_in(cli, " (retired)", "（已停用）") : "", buffer_text(telling->out));
}

static void print_lives(struct cli *cli, const struct telling *telling)
{
    const struct lives *lives = telling->asked->lives;
    char opened[MOMENT_TEXT_MAX], closed[MOMENT_TEXT_MAX];

    for (size_t i = 0; i < lives->n; i++) {
        const struct life *life = &lives->items[i];

        cli_say(cli, "  %s  opened %s  %s  %s%s%s  %zu delivered\n",
                "  %s  打开 %s  %s  %s%s%s  送达 %zu 条\n", life->id,
                absence_when(telling, life->opened, opened), absence_person(telling, life->owner),
                life->open != NULL ? row_state(cli, life->open->state) : why_in(cli, life->how),
                life->open != NULL ? "" : " ",
                life->open != NULL ? "" : absence_when(telling, life->closed, closed),
                life_count(life, "delivered"));
    }
    if (lives->cut)
        cli_say(cli, "  and more: say more of the case\n", "  还有更多：请写得更具体\n");
}

static void print(struct cli *cli, const struct absence_case *asked)
{
    struct buffer text;
    const struct telling telling = {cli, asked, &text};

    buffer_init(&text);
    print_rule(cli, &telling);
    print_events(cli, &telling);
    if (asked->lives->n > 0)
        cli_say(cli, "deadlines\n", "事项\n");
    print_lives(cli, &telling);
    buffer_clear(&text);
    absence_say_verdict(&telling);
    cli_clean(text.bytes);
    cli_say(cli, "verdict: %s\n", "结论：%s\n", buffer_text(&text));
    buffer_finish(&text);
}

/* -- JSON -- */

static void json_event(struct json_writer *json, const struct telling *telling, const struct sighting *event)
{
    static const char *const kinds[] = {"whole", "near", "bad"};
    const struct zone *zone = setup_zone(telling->asked->snapshot->config);
    bool is_bad = event->kind == SIGHTING_BAD, opens = absence_opens(telling->asked, event);
    char id[STREAM_ID_TEXT_MAX];

    json_object(json);
    json_key_text(json, "event", stream_id_format(event->at, id));
    json_key_text(json, "match", kinds[event->kind]);
    json_key_text(json, "type", is_bad ? NULL : event->event.type);
    if (!is_bad)
        row_json_instant(json, "time", zone, event->event.time);
    json_key_bool(json, "opens", opens);
    if (opens && event->kind == SIGHTING_WHOLE)
        json_key_text(json, "what", absence_name(absence_of_event(telling->asked, event).what));
    buffer_clear(telling->out);
    absence_say_outcome(telling, event);
    json_key_text(json, "why", telling->out->n > 0 ? buffer_text(telling->out) : NULL);
    json_object_end(json);
}

static void json_life(struct json_writer *json, const struct telling *telling, const struct life *life)
{
    const struct zone *zone = setup_zone(telling->asked->snapshot->config);

    json_object(json);
    json_key_text(json, "id", life->id);
    json_key_text(json, "state", life->open != NULL ? deadline_state_name(life->open->state) : life->how);
    json_key_text(json, "owner", life->owner);
    row_json_instant(json, "opened", zone, life->opened);
    row_json_instant(json, "due", zone, life->due);
    row_json_instant(json, "closed", zone, life->closed);
    json_key_int(json, "delivered", (int64_t)life_count(life, "delivered"));
    json_object_end(json);
}

static void json_case(struct json_writer *json, const struct absence_case *asked)
{
    struct buffer text;
    const struct telling telling = {asked->snapshot->cli, asked, &text};

    buffer_init(&text);
    json_object(json);
    json_key_text(json, "rule", asked->rule->name);
    json_key_text(json, "stream", asked->snapshot->shard->stream);
    json_key_int(json, "searched", (int64_t)asked->sightings.searched);
    row_json_instant(json, "since", setup_zone(asked->snapshot->config), asked->sightings.since);
    json_key_bool(json, "cut", asked->sightings.cut || asked->lives->cut);
    json_key(json, "events");
    json_array(json);
    for (size_t i = 0; i < asked->sightings.n; i++)
        json_event(json, &telling, &asked->sightings.items[i]);
    json_array_end(json);
    json_key(json, "deadlines");
    json_array(json);
    for (size_t i = 0; i < asked->lives->n; i++)
        json_life(json, &telling, &asked->lives->items[i]);
    json_array_end(json);
    json_key_text(json, "verdict", absence_name(asked->verdict.what));
    buffer_clear(&text);
    absence_say_verdict(&telling);
    json_key_text(json, "why", buffer_text(&text));
    json_object_end(json);
    buffer_finish(&text);
}

/* -- the verb -- */

struct asking {
    const struct rule *rule;
    struct arena *arena;
    struct setup_fields fields;
    struct json_writer json;
    size_t told;
};

static enum cli_status ask_shard(struct cli *cli, const struct config *config, const struct shard_view *shard,
                                 struct asking *asking, bool is_last)
{
    struct snapshot snapshot;
    struct absence_case asked = {0};
    enum cli_status status = snapshot_load(cli, config, shard, &snapshot);

    if (status == CLI_OK)
        status = absence_load(&snapshot, asking->rule, &asking->fields.given, &asked);
    /* Where nothing is to be told, the last stream speaks for all. */
    if (status == CLI_OK && (absence_found(&asked) || (is_last && asking->told == 0))) {
        asking->told += absence_found(&asked);
        if (cli->json)
            json_case(&asking->json, &asked);
        else
            print(cli, &asked);
    }
    absence_finish(&asked);
    snapshot_finish(&snapshot);
    return status;
}

static enum cli_status ask_all(struct cli *cli, const struct config *config, struct asking *asking)
{
    struct shards shards = {0};
    struct buffer out;
    enum cli_status status = setup_shards(cli, config, &shards);

    buffer_init(&out);
    json_begin(&asking->json, &out);
    json_array(&asking->json);
    for (size_t i = 0; i < shards.n && status == CLI_OK; i++)
        status = ask_shard(cli, config, &shards.items[i], asking, i + 1 == shards.n);
    json_array_end(&asking->json);
    if (status == CLI_OK && asking->told == 0)
        status = CLI_FINDING;
    if (status != CLI_USAGE && cli->json)
        status = cli_print_json(cli, &out, status);
    setup_shards_close(&shards);
    buffer_finish(&out);
    return status;
}

enum cli_status explain_not(struct cli *cli)
{
    struct asking asking = {.arena = arena_create()};
    struct config *config = NULL;
    enum cli_status status = asking.arena == NULL ? cli_fail(cli, "out of memory", "内存不足")
                                                  : setup_read_fields(cli, asking.arena, 1, &asking.fields);

    if (status == CLI_OK && asking.fields.given.n == 0)
        status = cli_fail(cli, "explain --not: of which case? Write RULE FIELD=VALUE",
                          "explain --not：哪一个对象？请写 规则 字段=值");
    if (status == CLI_OK)
        status = setup_load_look(cli, &config);
    if (status == CLI_OK)
        status = setup_rule(cli, config, cli->arguments.words[0], &asking.rule);
    if (status == CLI_OK)
        status = ask_all(cli, config, &asking);
    config_unload(config);
    arena_destroy(asking.arena);
    return status;
}
