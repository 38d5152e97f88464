/* The plan of a reload, for people and for programs. */
#include <string.h>

#include "cli/moment.h"
#include "cli/plan.h"
#include "cli/row.h"
#include "cli/table.h"
#include "cli/why.h"

/* -- for people -- */

static const char *what_word(const struct cli *cli, const struct plan_row *row)
{
    if (strcmp(row->what, "kept") == 0)
        return cli_in(cli, "keeps its old rule", "保留旧规则");
    if (strcmp(row->what, "recounted") == 0)
        return cli_in(cli, "other calendar", "日历变了");
    return row->due == row->was ? cli_in(cli, "other rule, same due", "规则变了，到期不变")
                                : cli_in(cli, "due moves", "到期变了");
}

static void add_told(const struct cli *cli, const struct config *config, const struct plan_row *row,
                     struct buffer *out)
{
    char at[MOMENT_TEXT_MAX];

    for (size_t i = 0; i < row->n_told && i < PLAN_TOLD_MAX; i++)
        buffer_printf(out, "%s%s %s %s", i == 0 ? "" : cli_in(cli, ", ", "，"),
                      setup_person(config, row->told[i].to), row_phase(cli, row->told[i].phase),
                      moment_format(row->told[i].at, setup_zone(config), cli->chinese, at));
    if (row->n_told > PLAN_TOLD_MAX)
        buffer_printf(out, cli_in(cli, " and %zu more", " 等另外 %zu 条"), row->n_told - PLAN_TOLD_MAX);
    if (row->n_withdrawn > 0)
        buffer_printf(out, cli_in(cli, "%swithdrawn: %zu", "%s撤回待发的 %zu 条"),
                      row->n_told > 0 ? cli_in(cli, ", ", "，") : "", row->n_withdrawn);
}

static void add_dues(const struct cli *cli, const struct config *config, const struct plan_row *row,
                     struct buffer *out)
{
    char was[MOMENT_TEXT_MAX], due[MOMENT_TEXT_MAX];

    if (row->due == row->was)
        buffer_add_text(out, moment_format(row->due, setup_zone(config), cli->chinese, due));
    else
        buffer_printf(out, "%s -> %s", moment_format(row->was, setup_zone(config), cli->chinese, was),
                      moment_format(row->due, setup_zone(config), cli->chinese, due));
}

/* Nobody notices a rule that has changed and leaves everything as it was. */
static bool is_noticed(const struct plan_row *row)
{
    return row->due != row->was || row->n_told > 0 || row->n_withdrawn > 0 || strcmp(row->what, "kept") == 0;
}

static void print_rows(const struct cli *cli, const struct config *config, const struct plan *plan)
{
    const char *header[] = {cli_in(cli, "ID", "编号"),   cli_in(cli, "RULE", "规则"),
                            cli_in(cli, "CASE", "对象"), cli_in(cli, "OWNER", "责任人"),
                            cli_in(cli, "DUE", "到期"),  cli_in(cli, "WHAT", "变化"),
                            cli_in(cli, "TOLD", "告知")};
    struct table table;

    table_init(&table, 7, header);
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_row *row = plan->rows[i];
        struct buffer text;

        if (!is_noticed(row))
            continue;
        buffer_init(&text);
        table_add(&table, row->id);
        table_add(&table, row->rule);
        table_add(&table, row->about);
        table_add(&table, setup_person(config, row->owner));
        add_dues(cli, config, row, &text);
        table_add(&table, buffer_text(&text));
        table_addf(&table, strcmp(row->what, "kept") == 0 ? "%s (%s)" : "%s", what_word(cli, row),
                   why_in(cli, row->why));
        buffer_clear(&text);
        add_told(cli, config, row, &text);
        table_add(&table, text.n > 0 ? buffer_text(&text) : NULL);
        buffer_finish(&text);
    }
    if (table_rows(&table) > 0)
        table_print(&table, stdout);
    table_finish(&table);
}

/* What waits to be sent and goes otherwise by the new settings. */
static void print_waits(const struct cli *cli, const struct config *config, const struct plan *plan)
{
    const char *header[] = {cli_in(cli, "NOTIFICATION", "通知"), cli_in(cli, "TO", "收件人"),
                            cli_in(cli, "PHASE", "阶段"), cli_in(cli, "LEAVES", "发送"),
                            cli_in(cli, "CHANNEL", "渠道")};
    struct table table;

    table_init(&table, 5, header);
    for (size_t i = 0; i < plan->n_waits; i++) {
        const struct plan_wait *wait = &plan->waits[i];
        char was[MOMENT_TEXT_MAX], at[MOMENT_TEXT_MAX];

        table_add(&table, wait->id);
        table_add(&table, setup_person(config, wait->to));
        table_add(&table, row_phase(cli, wait->phase));
        if (wait->at == INSTANT_NONE)
            table_add(&table, NULL);
        else
            table_addf(&table, "%s -> %s", moment_format(wait->was, setup_zone(config), cli->chinese, was),
                       wait->at <= plan->now ? cli_in(cli, "at once", "立即")
                                             : moment_format(wait->at, setup_zone(config), cli->chinese, at));
        if (wait->via == NULL)
            table_add(&table, NULL);
        else
            table_addf(&table, "%s -> %s", wait->was_via, wait->via);
    }
    if (table_rows(&table) > 0)
        table_print(&table, stdout);
    table_finish(&table);
}

static void print_wait_sums(const struct cli *cli, const struct plan *plan)
{
    size_t freed = 0, delayed = 0, rerouted = 0;

    for (size_t i = 0; i < plan->n_waits; i++) {
        freed += plan->waits[i].at < plan->waits[i].was;
        delayed += plan->waits[i].at > plan->waits[i].was;
        rerouted += plan->waits[i].via != NULL;
    }
    if (plan->n_waits > 0)
        cli_say(cli,
                "of the messages that wait, %zu would leave earlier, %zu later, %zu on another channel\n",
                "待发的消息中，提前发送 %zu 条，推迟发送 %zu 条，改走其他渠道 %zu 条\n", freed, delayed,
                rerouted);
}

static void print_sums(const struct cli *cli, const struct plan *plan)
{
    size_t moved = 0, withdrawn = 0;

    for (size_t i = 0; i < plan->n; i++) {
        moved += plan->rows[i]->due != plan->rows[i]->was;
        withdrawn += plan->rows[i]->n_withdrawn;
    }
    cli_say(
        cli,
        "%zu deadlines are open: %zu stay as they are, %zu get another due, %zu keep theirs under a changed "
        "rule; %zu messages would leave because of it, %zu that wait would be withdrawn\n",
        "未完事项 %zu 个：不受影响 %zu 个，到期改变 %zu 个，规则变了而到期不变 %zu 个；因此会发出消息 %zu "
        "条，撤回待发的 %zu 条\n",
        plan->open, plan->open - plan->n, moved, plan->n - moved, plan->n_messages, withdrawn);
}

static void print_refusal(const struct cli *cli, const struct plan *plan)
{
    size_t max = sizeof(plan->vanishing) / sizeof(plan->vanishing[0]);

    for (size_t i = 0; i < plan->n_vanishing && i < max; i++)
        cli_say(
            cli,
            "refused: the rule %s is gone, but %zu of its deadlines are open; keep it with retired = true\n",
            "会被拒绝：规则 %s 没有了，但还有 %zu 个未完事项；请保留它并写上 retired = true\n",
            plan->vanishing[i].rule, plan->vanishing[i].open);
}

void plan_print(const struct cli *cli, const struct config *config, const struct plan *plan)
{
    const char *files = ruleset_fingerprint(config->rules);

    if (plan->running[0] == '\0')
        cli_say(cli, "%s: no daemon has ever served this stream\n", "%s：还没有守护进程服务过此事件流\n",
                plan->stream);
    else if (strcmp(plan->running, files) == 0)
        cli_say(cli, "%s: these rules (%.4s) run already\n", "%s：运行中的就是这版规则（%.4s）\n",
                plan->stream, files);
    else
        cli_say(cli, "%s: running rules %.4s -> %.4s\n", "%s：运行中的规则 %.4s -> %.4s\n", plan->stream,
                plan->running, files);
    print_rows(cli, config, plan);
    print_waits(cli, config, plan);
    print_sums(cli, plan);
    print_wait_sums(cli, plan);
    print_refusal(cli, plan);
}

/* -- for programs -- */

static void json_row(struct json_writer *json, const struct zone *zone, const struct plan_row *row)
{
    json_object(json);
    json_key_text(json, "id", row->id);
    json_key_text(json, "rule", row->rule);
    json_key_text(json, "case", row->about);
    json_key_text(json, "owner", row->owner);
    json_key_text(json, "what", row->what);
    json_key_text(json, "why", row->why);
    row_json_instant(json, "was", zone, row->was);
    row_json_instant(json, "due", zone, row->due);
    json_key_int(json, "withdrawn", (int64_t)row->n_withdrawn);
    json_key(json, "told");
    json_array(json);
    for (size_t i = 0; i < row->n_told && i < PLAN_TOLD_MAX; i++) {
        json_object(json);
        json_key_text(json, "to", row->told[i].to);
        json_key_text(json, "phase", row->told[i].phase);
        row_json_instant(json, "at", zone, row->told[i].at);
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
}

static void json_wait(struct json_writer *json, const struct zone *zone, const struct plan_wait *wait)
{
    json_object(json);
    json_key_text(json, "id", wait->id);
    json_key_text(json, "to", wait->to);
    json_key_text(json, "phase", wait->phase);
    if (wait->at != INSTANT_NONE) {
        row_json_instant(json, "was", zone, wait->was);
        row_json_instant(json, "at", zone, wait->at);
    }
    json_key_text(json, "was_via", wait->was_via);
    json_key_text(json, "via", wait->via);
    json_object_end(json);
}

void plan_json(struct json_writer *json, const struct config *config, const struct plan *plan)
{
    size_t max = sizeof(plan->vanishing) / sizeof(plan->vanishing[0]);

    json_object(json);
    json_key_text(json, "stream", plan->stream);
    json_key_text(json, "running", plan->running[0] == '\0' ? NULL : plan->running);
    json_key_text(json, "rules", ruleset_fingerprint(config->rules));
    json_key_int(json, "open", (int64_t)plan->open);
    json_key_int(json, "messages", (int64_t)plan->n_messages);
    json_key(json, "deadlines");
    json_array(json);
    for (size_t i = 0; i < plan->n; i++)
        json_row(json, setup_zone(config), plan->rows[i]);
    json_array_end(json);
    json_key(json, "waiting");
    json_array(json);
    for (size_t i = 0; i < plan->n_waits; i++)
        json_wait(json, setup_zone(config), &plan->waits[i]);
    json_array_end(json);
    json_key(json, "refused");
    json_array(json);
    for (size_t i = 0; i < plan->n_vanishing && i < max; i++) {
        json_object(json);
        json_key_text(json, "rule", plan->vanishing[i].rule);
        json_key_int(json, "open", (int64_t)plan->vanishing[i].open);
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
}
