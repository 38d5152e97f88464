#include "cli/case.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/moment.h"
#include "cli/row.h"
#include "cli/table.h"
#include "cli/why.h"
#include "core/lateness.h"

static const char *summary_of(const struct life *life)
{
    return life->rule == NULL ? life->rule_name : life->rule->summary;
}

static void add_length(struct table *table, int64_t ms, int64_t unit_ms)
{
    int64_t tenths = (ms * 10 + unit_ms / 2) / unit_ms;

    table_addf(table, "%" PRId64 ".%" PRId64, tenths / 10, tenths % 10);
}

static void print_table(const struct cli *cli, struct table *table, const char *title)
{
    cli_print("%s\n", title);
    if (!table_print(table, stdout))
        cli_fail(cli, "out of memory", "内存不足");
    table_finish(table);
}

/* -- the line of time -- */

static const char *number(const struct history_record *record, const char *name)
{
    return record == NULL ? NULL : fields_get(&record->fields, name);
}

/* "due 10-09 18:00", "late 2 h", "by mail": what a person wants to know besides. */
static void say_more(const struct case_file *file, const struct cli *cli, const struct case_moment *moment,
                     struct buffer *out)
{
    const struct history_record *record = moment->record;
    const struct life *life = moment->life;
    const char *phase =
        number(history_queueing(life->records, life->n_records, number(record, "n")), "phase");
    const char *via = number(record, "via"), *stop = number(record, "stop"), *why = number(record, "why");
    instant due = record == NULL ? INSTANT_NONE : history_int(record, "due", INSTANT_NONE);
    const struct calendar *calendar = life_calendar(life, file->config);
    struct lateness lateness = record == NULL ? (struct lateness){0, 0} : history_lateness(record, calendar);
    char text[MOMENT_TEXT_MAX];

    if (due != INSTANT_NONE && due != INSTANT_NEVER && strcmp(moment->what, "overdue") != 0)
        buffer_printf(out, cli_in(cli, " due %s", " 到期 %s"),
                      moment_format(due, setup_zone(file->config), cli->chinese, text));
    if (lateness.elapsed_ms > 0) {
        buffer_add_text(out, " ");
        lateness_say(out, cli->chinese, calendar, lateness, true);
    }
    if (phase != NULL)
        buffer_printf(out, " %s", row_phase(cli, phase));
    if (via != NULL)
        buffer_printf(out, " %s", via);
    if (stop != NULL)
        buffer_printf(out, " %s", stop);
    if (why != NULL && *why != '\0')
        buffer_printf(out, " %s", why_in(cli, why));
}

static void print_moments(const struct cli *cli, const struct case_file *file)
{
    static const char *const english[] = {"  WHEN", "ID", "WHAT", "HAPPENED", "WHO", ""};
    static const char *const in_chinese[] = {"  时间", "编号", "事项", "经过", "谁", ""};
    struct table table;
    struct buffer more;
    char text[MOMENT_TEXT_MAX];

    buffer_init(&more);
    table_init(&table, 6, cli->chinese ? in_chinese : english);
    for (size_t i = 0; i < file->n_moments; i++) {
        const struct case_moment *moment = &file->moments[i];

        table_addf(&table, "  %s", moment_format(moment->at, setup_zone(file->config), cli->chinese, text));
        table_add(&table, moment->life->id);
        table_add(&table, summary_of(moment->life));
        table_add(&table, why_record(cli, moment->what, NULL));
        table_add(&table, *moment->person == '\0' ? "" : setup_person(file->config, moment->person));
        buffer_clear(&more);
        say_more(file, cli, moment, &more);
        table_add(&table, more.n > 0 ? buffer_text(&more) + 1 : "");
    }
    buffer_finish(&more);
    print_table(cli, &table, cli_in(cli, "line of time", "时间线"));
}

/* -- deadlines and who held them -- */

static void add_state(struct table *table, const struct cli *cli, const struct case_file *file,
                      const struct life *life)
{
    char text[MOMENT_TEXT_MAX];

    if (life->open != NULL)
        table_add(table, row_state(cli, life->open->state));
    else
        table_addf(table, "%s %s", life->how == NULL ? "" : why_record(cli, life->how, NULL),
                   moment_format(life->closed, setup_zone(file->config), cli->chinese, text));
}

/* One line a holding; what does not change from line to line stands in the first. */
static void add_deadline(struct table *table, const struct cli *cli, const struct case_file *file,
                         const struct life *life)
{
    struct holding holdings[HOLDINGS_MAX];
    size_t n = holding_list(life, file->config, file->now, holdings);
    char text[MOMENT_TEXT_MAX];

    for (size_t i = 0; i < n || i == 0; i++) {
        table_addf(table, "  %s", i == 0 ? life->id : "");
        table_add(table, i == 0 ? summary_of(life) : "");
        table_add(table, i == 0 ? life->about : "");
        table_add(table, i > 0 ? "" : moment_format(life->due, setup_zone(file->config), cli->chinese, text));
        if (i == 0)
            add_state(table, cli, file, life);
        else
            table_add(table, "");
        table_add(table, setup_person(file->config, n == 0 ? life->owner : holdings[i].person));
        add_length(table, n == 0 ? 0 : holdings[i].elapsed_ms, DAY_MS);
        add_length(table, n == 0 ? 0 : holdings[i].working_ms, HOUR_MS);
    }
}

static void print_deadlines(const struct cli *cli, const struct case_file *file)
{
    static const char *const english[] = {"  ID",  "WHAT",    "CASE",  "DUE",
                                          "STATE", "HELD BY", ">DAYS", ">WORKING HOURS"};
    static const char *const in_chinese[] = {"  编号", "事项",   "对象",  "到期",
                                             "状态",   "责任人", ">天数", ">工作小时"};
    const struct life *life;
    struct table table;
    size_t cursor = 0;

    table_init(&table, 8, cli->chinese ? in_chinese : english);
    while ((life = case_next(file, &cursor)) != NULL)
        add_deadline(&table, cli, file, life);
    print_table(cli, &table, cli_in(cli, "deadlines", "事项"));
}

static void print_holders(const struct cli *cli, const struct case_file *file)
{
    static const char *const english[] = {"  PERSON", ">DEADLINES", ">DAYS", ">WORKING HOURS"};
    static const char *const in_chinese[] = {"  姓名", ">事项数", ">天数", ">工作小时"};
    struct table table;

    table_init(&table, 4, cli->chinese ? in_chinese : english);
    for (size_t i = 0; i < file->n_holders; i++) {
        table_addf(&table, "  %s", setup_person(file->config, file->holders[i].person));
        table_addf(&table, "%zu", file->holders[i].deadlines);
        add_length(&table, file->holders[i].elapsed_ms, DAY_MS);
        add_length(&table, file->holders[i].working_ms, HOUR_MS);
    }
    print_table(cli, &table, cli_in(cli, "held by", "在谁手中"));
}

void case_print(struct cli *cli, const struct case_file *file)
{
    size_t open = 0, cursor = 0;
    const struct life *life;

    while ((life = case_next(file, &cursor)) != NULL)
        open += life->open != NULL;
    cli_say(cli, "%s: %zu deadlines, %zu open\n", "%s：事项 %zu 个，进行中 %zu 个\n", cli->arguments.words[0],
            file->n_lives, open);
    print_moments(cli, file);
    print_deadlines(cli, file);
    print_holders(cli, file);
    if (file->cut)
        cli_say(cli, "there is more than was searched or can be shown here\n",
                "内容过多，未全部查出或列出\n");
}

/* -- JSON -- */

static void json_holdings(struct json_writer *json, const struct case_file *file, const struct life *life)
{
    const struct zone *zone = setup_zone(file->config);
    struct holding holdings[HOLDINGS_MAX];
    size_t n = holding_list(life, file->config, file->now, holdings);

    json_key(json, "held");
    json_array(json);
    for (size_t i = 0; i < n; i++) {
        json_object(json);
        json_key_text(json, "person", holdings[i].person);
        row_json_instant(json, "from", zone, holdings[i].from);
        row_json_instant(json, "to", zone, holdings[i].to);
        json_key_int(json, "elapsed_ms", holdings[i].elapsed_ms);
        json_key_int(json, "working_ms", holdings[i].working_ms);
        json_object_end(json);
    }
    json_array_end(json);
}

static void json_deadline(struct json_writer *json, const struct case_file *file, const struct life *life)
{
    const struct zone *zone = setup_zone(file->config);

    json_object(json);
    json_key_text(json, "id", life->id);
    json_key_text(json, "rule", life->rule_name);
    json_key_text(json, "summary", summary_of(life));
    json_key_text(json, "about", life->about);
    json_key_text(json, "state", life->open != NULL ? deadline_state_name(life->open->state) : life->how);
    json_key_text(json, "department", life->department);
    row_json_instant(json, "opened", zone, life->opened);
    row_json_instant(json, "due", zone, life->due);
    row_json_instant(json, "closed", zone, life->closed);
    json_holdings(json, file, life);
    json_object_end(json);
}

static void json_moment(struct json_writer *json, const struct case_file *file,
                        const struct case_moment *moment)
{
    json_object(json);
    row_json_instant(json, "at", setup_zone(file->config), moment->at);
    json_key_text(json, "deadline", moment->life->id);
    json_key_text(json, "what", moment->what);
    json_key_text(json, "person", *moment->person == '\0' ? NULL : moment->person);
    json_key_text(json, "via", number(moment->record, "via"));
    json_key_text(json, "event", number(moment->record, "event"));
    json_key_text(json, "why", number(moment->record, "why"));
    json_object_end(json);
}

static void json_holder(struct json_writer *json, const struct case_holder *holder)
{
    json_object(json);
    json_key_text(json, "person", holder->person);
    json_key_int(json, "deadlines", (int64_t)holder->deadlines);
    json_key_int(json, "elapsed_ms", holder->elapsed_ms);
    json_key_int(json, "working_ms", holder->working_ms);
    json_object_end(json);
}

void case_json(struct json_writer *json, const struct case_file *file)
{
    const struct life *life;
    size_t cursor = 0;

    json_object(json);
    json_key(json, "deadlines");
    json_array(json);
    while ((life = case_next(file, &cursor)) != NULL)
        json_deadline(json, file, life);
    json_array_end(json);
    json_key(json, "time");
    json_array(json);
    for (size_t i = 0; i < file->n_moments; i++)
        json_moment(json, file, &file->moments[i]);
    json_array_end(json);
    json_key(json, "held");
    json_array(json);
    for (size_t i = 0; i < file->n_holders; i++)
        json_holder(json, &file->holders[i]);
    json_array_end(json);
    json_key_bool(json, "cut", file->cut);
    json_object_end(json);
}
