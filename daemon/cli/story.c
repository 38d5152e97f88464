#include "cli/story.h"

#include <stdlib.h>
#include <string.h>

#include "cli/moment.h"
#include "cli/table.h"

struct word {
    const char *record;
    const char *english, *chinese;
};

/* The records that are told; the rest are steps on the way to a message, which has a line of its own. */
static const struct word words[] = {
    {"opened", "opened", "打开"},
    {"woke", "woke", "唤醒"},
    {"met", "met in time", "按时完成"},
    {"met_late", "met late", "逾期完成"},
    {"cancelled", "cancelled", "取消"},
    {"waived", "waived", "豁免"},
    {"paused", "paused", "暂停"},
    {"resumed", "resumed", "恢复"},
    {"changed", "changed", "变更"},
    {"reopened", "sent back", "退回重开"},
    {"progress", "part of it", "部分完成"},
    {"not_followed", "nothing follows", "无后续"},
    {"recounted", "recounted", "重算"},
    {"recomputed", "recomputed", "按新规则重算"},
    {"kept", "keeps its old rule", "保留旧规则"},
    {"overdue", "overdue", "逾期"},
    {"early", "met before it was opened", "先于打开完成"},
    {"owner_unknown", "owner unknown", "责任人未知"},
    {"superseded", "not told: superseded", "未发：已被取代"},
    {"skipped", "not told", "未发"},
    {"catch_all", "told to catch_all", "转 catch_all"},
    {"fell", "fell to", "转由他人"},
    {"silent", "nobody to tell", "无人可告知"},
    {"withdrawn", "withdrawn", "撤回"},
    {"recurs", "recurs", "开始定期"},
    {"recurs_ended", "recurs no more", "定期结束"},
    {"unmatched", "met nothing that is open", "没有对应的未完事项"},
    {"repeat", "opens nothing", "不打开"},
    {"bad", "bad event", "事件有误"},
};

static const struct word *find_word(const char *record)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].record, record) == 0)
            return &words[i];
    }
    return NULL;
}

bool story_tells(const struct timeline_line *line)
{
    return line->kind != TIMELINE_RECORD || find_word(line->what) != NULL;
}

static void add_event(const struct timeline_line *line, struct buffer *out)
{
    buffer_add_text(out, line->what == NULL ? "?" : line->what);
    for (size_t i = 0; i < line->fields.n; i++) {
        const struct field *field = &line->fields.items[i];

        if (strcmp(field->name, "type") != 0)
            buffer_printf(out, " %s=%s", field->name, field->value);
    }
}

static void add_message(const struct cli *cli, const struct timeline_line *line, struct buffer *out)
{
    buffer_printf(out, "-> %s %s%s", line->what, line->to, line->copy ? " copy" : "");
    if (line->on_behalf != NULL)
        buffer_printf(out, " for %s", line->on_behalf);
    buffer_printf(out, " via %s", line->channel);
    buffer_printf(out, cli_in(cli, "   %s, step %s", "   %s，台阶 %s"),
                  line->identity == NULL ? line->rule : line->identity, line->step);
}

static void add_due(const struct cli *cli, const struct zone *zone, const char *due, struct buffer *out)
{
    char text[MOMENT_TEXT_MAX];

    if (due != NULL)
        buffer_printf(out, cli_in(cli, ", due %s", "，到期 %s"),
                      moment_format(strtoll(due, NULL, 10), zone, cli->chinese, text));
}

static void add_record(const struct cli *cli, const struct zone *zone, const struct timeline_line *line,
                       struct buffer *out)
{
    const struct word *word = find_word(line->what);
    const char *about = line->identity != NULL ? line->identity : line->rule;
    const char *owner = fields_get(&line->fields, "owner"), *to = fields_get(&line->fields, "to");
    const char *step = fields_get(&line->fields, "s"), *why = fields_get(&line->fields, "why");

    if (about != NULL)
        buffer_printf(out, "%s: ", about);
    buffer_add_text(out, cli_in(cli, word->english, word->chinese));
    if (owner != NULL)
        buffer_printf(out, " %s", owner);
    if (step != NULL)
        buffer_printf(out, " %s", step);
    if (to != NULL)
        buffer_printf(out, " %s", to);
    add_due(cli, zone, fields_get(&line->fields, "due"), out);
    if (why != NULL && *why != '\0')
        buffer_printf(out, cli_in(cli, " (%s)", "（%s）"), why);
}

void story_line(const struct cli *cli, const struct zone *zone, const struct timeline_line *line,
                struct buffer *out)
{
    if (line->kind == TIMELINE_EVENT)
        add_event(line, out);
    else if (line->kind == TIMELINE_MESSAGE)
        add_message(cli, line, out);
    else
        add_record(cli, zone, line, out);
}

static bool concerns(const struct timeline_line *line, const struct texts *rules)
{
    bool found = rules->n == 0 || line->rule == NULL;

    for (size_t i = 0; i < rules->n && !found; i++)
        found = strcmp(rules->items[i], line->rule) == 0;
    return found;
}

void story_print(const struct cli *cli, const struct zone *zone, const struct timeline *timeline,
                 const struct texts *rules)
{
    struct table table;

    table_init(&table, 2, NULL);
    for (size_t i = 0; i < timeline->n; i++) {
        const struct timeline_line *line = &timeline->lines[i];
        char at[MOMENT_TEXT_MAX];
        struct buffer text;

        if (!story_tells(line) || !concerns(line, rules))
            continue;
        buffer_init(&text);
        story_line(cli, zone, line, &text);
        table_addf(&table, "     %s", moment_format(line->at, zone, cli->chinese, at));
        table_add(&table, buffer_text(&text));
        buffer_finish(&text);
    }
    table_print(&table, stdout);
    table_finish(&table);
}

static void add_json_fields(struct json_writer *json, const struct fields *fields)
{
    json_key(json, "fields");
    json_object(json);
    for (size_t i = 0; i < fields->n; i++)
        json_key_text(json, fields->items[i].name, fields->items[i].value);
    json_object_end(json);
}

static void add_json_line(struct json_writer *json, const struct zone *zone, const struct timeline_line *line)
{
    static const char *const kinds[] = {
        [TIMELINE_EVENT] = "event", [TIMELINE_RECORD] = "record", [TIMELINE_MESSAGE] = "message"};
    char at[INSTANT_TEXT_MAX];

    json_object(json);
    json_key_text(json, "kind", kinds[line->kind]);
    json_key_text(json, "at", zone_format(zone, line->at, at));
    json_key_text(json, "what", line->what);
    json_key_text(json, "rule", line->rule);
    json_key_text(json, "deadline", line->deadline);
    json_key_text(json, "case", line->identity);
    json_key_text(json, "to", line->to);
    json_key_text(json, "for", line->on_behalf);
    json_key_text(json, "channel", line->channel);
    json_key_text(json, "step", line->step);
    if (line->copy)
        json_key_bool(json, "copy", true);
    if (line->kind != TIMELINE_MESSAGE)
        add_json_fields(json, &line->fields);
    json_object_end(json);
}

void story_json(struct json_writer *json, const struct zone *zone, const struct timeline *timeline)
{
    json_array(json);
    for (size_t i = 0; i < timeline->n; i++) {
        if (story_tells(&timeline->lines[i]))
            add_json_line(json, zone, &timeline->lines[i]);
    }
    json_array_end(json);
}
