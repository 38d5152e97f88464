/* backtest_print.c: what came of a replay, for people: per rule, per recipient, per channel, in all. */
#include <stdlib.h>
#include <string.h>

#include "cli/backtest.h"
#include "cli/moment.h"
#include "cli/table.h"

#define MONTH_MS (365.0 / 12 * (double)DAY_MS)

struct tally_request backtest_tally(const struct backtest *backtest)
{
    return (struct tally_request){trial_ledger(backtest->trial, TRIAL_SAME), &backtest->comparison,
                                  setup_zone(backtest->then)};
}

/* -- the header -- */

static void print_left_out(const struct backtest *backtest, const struct trial_counts *counts)
{
    const struct cli *cli = backtest->cli;
    size_t then = (size_t)(counts->lacking[TRIAL_SAME] + counts->lacking[TRIAL_THEN]);
    size_t now = (size_t)(counts->lacking[TRIAL_SAME] + counts->lacking[TRIAL_NOW]);

    if (counts->bad + backtest->skipped > 0)
        cli_say(cli, "%zu events could not be understood, and were left out\n",
                "有 %zu 个事件无法理解，已略过\n", (size_t)counts->bad + backtest->skipped);
    if (then + now > 0)
        cli_say(cli, "events that lacked what a rule needs (a key, a date): then %zu, now %zu\n",
                "缺少规则所需字段（键、日期）的事件：原 %zu 次，新 %zu 次\n", then, now);
    if (counts->disordered > 0)
        cli_say(cli,
                "%zu events are older than one above them, and count as told late: sort the file by time\n",
                "有 %zu 个事件早于排在其前的事件，按迟到处理：请先按时间排序\n", (size_t)counts->disordered);
    if (counts->commands > 0 || backtest->commands_left > 0)
        cli_say(cli, "commands: %zu replayed; %zu left out, because the replay has no such deadline\n",
                "命令：重放 %zu 条；略去 %zu 条（重放中没有对应的事项）\n", (size_t)counts->commands,
                backtest->commands_left);
    if (backtest->is_cut)
        cli_say(cli, "the stream begins later than --since: what was before has been trimmed\n",
                "事件流的开头晚于 --since：更早的事件已被清理\n");
}

static void print_rule_counts(const struct backtest *backtest)
{
    const struct rule *rules;
    size_t n = ruleset_rules(backtest->then->rules, &rules), same = 0, changed = 0;
    size_t now = ruleset_rules(backtest->now->rules, &(const struct rule *){NULL});

    for (size_t i = 0; i < n; i++) {
        const struct rule *other = ruleset_find(backtest->now->rules, rules[i].name);
        bool is_same = other != NULL && strcmp(other->fingerprint, rules[i].fingerprint) == 0;

        same += is_same;
        changed += other != NULL && !is_same;
    }
    cli_say(backtest->cli, "rules: %zu the same, %zu changed, %zu gone, %zu new\n",
            "规则：相同 %zu 条，改动 %zu 条，删除 %zu 条，新增 %zu 条\n", same, changed, n - same - changed,
            now - same - changed);
}

void backtest_print_header(const struct backtest *backtest)
{
    const struct cli *cli = backtest->cli;
    const struct tally_request request = backtest_tally(backtest);
    const struct trial_counts counts = trial_count(backtest->trial);
    const struct zone *zone = request.zone;
    char from[MOMENT_TEXT_MAX], until[MOMENT_TEXT_MAX];

    cli_say(cli, "%s .. %s: %zu events, %zu deadlines, %.1f s\n",
            "%s 至 %s：%zu 个事件，%zu 个事项，%.1f 秒\n",
            moment_format(counts.first, zone, cli->chinese, from),
            moment_format(backtest->until, zone, cli->chinese, until), (size_t)counts.events,
            tally_deadlines(&request, TALLY_THEN), (double)backtest->took_ms / 1000);
    cli_say(cli,
            "\"then\": the same events replayed under the running rules, not what was really sent.\n"
            "Both sides know today's people, calendars and settings, start with nothing open, and every "
            "message arrives.\n",
            "“原”是同样的事件按现行规则重放的结果，并非当时实际所发。\n"
            "两边都用今天的人员、日历和设置，从没有未完事项开始，每条消息都送达。\n");
    print_rule_counts(backtest);
    if (cli_flag(cli, "since"))
        cli_say(cli, "really sent in that time: %zu messages, as the journal has it\n",
                "当时实际发出：%zu 条消息（据操作记录）\n", backtest->sent);
    print_left_out(backtest, &counts);
}

/* -- rules -- */

static void add_share(struct table *table, const struct tally_rule *row)
{
    char texts[TALLY_SIDES][8];

    for (int i = 0; i < TALLY_SIDES; i++) {
        const struct tally_rule_side *side = &row->sides[i];
        size_t all = side->met + side->overdue;

        if (all == 0)
            memcpy(texts[i], "-", sizeof("-"));
        else
            (void)snprintf(texts[i], sizeof(texts[i]), "%zu %%", (side->met * 100 + all / 2) / all % 1000);
    }
    table_addf(table, "%s → %s", texts[TALLY_THEN], texts[TALLY_NOW]);
}

static void add_pair(struct table *table, size_t then, size_t now)
{
    table_addf(table, "%zu → %zu", then, now);
}

static void add_remark(struct table *table, const struct cli *cli, const struct tally_rule *row)
{
    struct buffer text;

    buffer_init(&text);
    if (!row->sides[TALLY_THEN].exists)
        buffer_add_text(&text, cli_in(cli, "a new rule", "新增的规则"));
    else if (!row->sides[TALLY_NOW].exists)
        buffer_add_text(&text, cli_in(cli, "the rule is gone", "规则已删除"));
    else if (row->dues_earlier + row->dues_later == 0)
        buffer_add_text(&text, cli_in(cli, "due unchanged", "期限未变"));
    else
        buffer_printf(&text, cli_in(cli, "due earlier %zu, later %zu", "期限提前 %zu，推迟 %zu"),
                      row->dues_earlier, row->dues_later);
    if (row->spared > 0 && row->spared_step != NULL)
        buffer_printf(&text,
                      cli_in(cli, "; %zu escalations less: over before %s", "；少升级 %zu 次：%s 前已了结"),
                      row->spared, row->spared_step);
    else if (row->spared > 0)
        buffer_printf(&text,
                      cli_in(cli, "; %zu escalations less: over before", "；少升级 %zu 次：此前已了结"),
                      row->spared);
    table_add(table, buffer_text(&text));
    buffer_finish(&text);
}

static void add_rule(struct table *table, const struct cli *cli, const struct tally_rule *row)
{
    const struct tally_rule_side *then = &row->sides[TALLY_THEN], *now = &row->sides[TALLY_NOW];

    table_add(table, row->name);
    add_pair(table, then->deadlines, now->deadlines);
    add_share(table, row);
    add_pair(table, then->overdue, now->overdue);
    add_pair(table, then->escalations, now->escalations);
    add_pair(table, then->messages, now->messages);
    add_remark(table, cli, row);
}

static enum cli_status print_table(const struct cli *cli, struct table *table)
{
    bool printed = true;

    if (table_rows(table) > 0) {
        putchar('\n');
        printed = table_print(table, stdout);
    }
    table_finish(table);
    return printed ? CLI_OK : cli_fail(cli, "out of memory", "内存不足");
}

/* One that is the same is shown if the rules that it opens after have changed what it does. */
static bool is_shown(const struct backtest *backtest, const struct tally_rule *row)
{
    const struct rule *then = ruleset_find(backtest->then->rules, row->name);
    const struct rule *now = ruleset_find(backtest->now->rules, row->name);
    size_t differences = row->dues_earlier + row->dues_later;

    for (int i = DIFFERENCE_NONE + 1; i < DIFFERENCES; i++)
        differences += row->differences[i];
    return differences > 0 || then == NULL || now == NULL || strcmp(then->fingerprint, now->fingerprint) != 0;
}

static enum cli_status print_rules(const struct backtest *backtest)
{
    static const char *const english[] = {"RULE",         ">DEADLINES", ">ON TIME", ">OVERDUE",
                                          ">ESCALATIONS", ">MESSAGES",  "REMARK"};
    static const char *const chinese[] = {"规则", ">事项", ">按时", ">逾期", ">升级", ">消息", "说明"};
    const struct cli *cli = backtest->cli;
    const struct tally_request request = backtest_tally(backtest);
    struct tally_rule *rows;
    struct table table;
    size_t n;

    if (tally_rules(&request, &rows, &n) != 0)
        return cli_fail(cli, "out of memory", "内存不足");
    table_init(&table, 7, cli->chinese ? chinese : english);
    for (size_t i = 0; i < n; i++) {
        if (is_shown(backtest, &rows[i]))
            add_rule(&table, cli, &rows[i]);
    }
    free(rows);
    return print_table(cli, &table);
}

/* -- recipients -- */

static size_t change_of(const struct tally_recipient *row)
{
    size_t then = row->sides[TALLY_THEN].messages, now = row->sides[TALLY_NOW].messages;

    return then > now ? then - now : now - then;
}

static bool differs(const struct tally_recipient *row)
{
    const struct tally_recipient_side *then = &row->sides[TALLY_THEN], *now = &row->sides[TALLY_NOW];

    return then->messages != now->messages || then->most != now->most || then->crowded != now->crowded;
}

static int by_change(const void *a, const void *b)
{
    const struct tally_recipient *left = a, *right = b;
    size_t first = change_of(left), second = change_of(right);

    if (first != second)
        return first > second ? -1 : 1;
    return left->name < right->name ? -1 : left->name > right->name;
}

static double months(const struct backtest *backtest)
{
    double passed = (double)(backtest->until - trial_count(backtest->trial).first) / MONTH_MS;

    return passed > 1 ? passed : 1; /* a few days are not blown up to a month */
}

static void add_name(struct table *table, const struct config *config, const char *name)
{
    const struct person *person = directory_person(config->directory, name);

    if (person == NULL)
        table_add(table, name);
    else
        table_addf(table, "%s %s", person->name, setup_department(config, person->department));
}

static void add_most(struct table *table, const struct tally_recipient *row)
{
    char days[TALLY_SIDES][MOMENT_TEXT_MAX];
    struct buffer text;

    buffer_init(&text);
    for (int i = 0; i < TALLY_SIDES; i++) {
        const struct tally_recipient_side *side = &row->sides[i];

        buffer_printf(&text, "%s%zu", i == 0 ? "" : " → ", side->most);
        if (side->most > 0)
            buffer_printf(&text, " (%.5s)", moment_format_day(side->most_day, false, days[i]));
    }
    table_add(table, buffer_text(&text));
    buffer_finish(&text);
}

static void add_recipient(struct table *table, const struct backtest *backtest,
                          const struct tally_recipient *row)
{
    const struct tally_recipient_side *then = &row->sides[TALLY_THEN], *now = &row->sides[TALLY_NOW];
    double per = months(backtest);

    add_name(table, backtest->then,
             names_text(ledger_names(trial_ledger(backtest->trial, TRIAL_SAME)), row->name));
    table_addf(table, "%.0f → %.0f", (double)then->messages / per, (double)now->messages / per);
    add_most(table, row);
    add_pair(table, then->crowded, now->crowded);
    table_add(table, now->messages > 2 * then->messages && then->messages > 0
                         ? cli_in(backtest->cli, "! more than doubled", "! 翻倍以上")
                         : "");
}

static enum cli_status print_recipients(const struct backtest *backtest)
{
    static const char *const english[] = {"RECIPIENT", ">MESSAGES/MONTH", "MOST ON ONE DAY",
                                          ">3 STEPS AT ONCE", "REMARK"};
    static const char *const chinese[] = {"收件人", ">消息/月", "单日最多", ">同一刻≥3级", "说明"};
    const struct cli *cli = backtest->cli;
    const struct tally_request request = backtest_tally(backtest);
    struct tally_recipient *rows;
    struct table table;
    size_t n, shown = 0, more = 0;
    enum cli_status status;

    if (tally_recipients(&request, &rows, &n) != 0)
        return cli_fail(cli, "out of memory", "内存不足");
    qsort(rows, n, sizeof(*rows), by_change);
    table_init(&table, 5, cli->chinese ? chinese : english);
    for (size_t i = 0; i < n; i++) {
        if (differs(&rows[i]) && shown++ < BACKTEST_ROWS_MAX)
            add_recipient(&table, backtest, &rows[i]);
        more += differs(&rows[i]) && shown > BACKTEST_ROWS_MAX;
    }
    status = print_table(cli, &table);
    if (more > 0)
        cli_say(cli, "and %zu more whose messages differ; --json has all\n",
                "另有 %zu 人的消息有变；--json 列出全部\n", more);
    free(rows);
    return status;
}

/* -- channels -- */

bool backtest_rate(void *data, const char *channel, int64_t *tokens, int64_t *per_ms)
{
    const struct backtest *backtest = data;

    return setup_channel_rate(backtest->then, channel, tokens, per_ms);
}

static enum cli_status print_channels(const struct backtest *backtest)
{
    static const char *const english[] = {"CHANNEL", ">PEAK/MIN", ">LIMIT/MIN", ">DELAYED", "LONGEST DELAY"};
    static const char *const chinese[] = {"渠道", ">峰值/分", ">上限/分", ">会延后", "最长延后"};
    const struct cli *cli = backtest->cli;
    const struct tally_request request = backtest_tally(backtest);
    struct tally_channel *rows;
    struct table table;
    size_t n;

    if (tally_channels(&request, backtest_rate, (void *)backtest, &rows, &n) != 0)
        return cli_fail(cli, "out of memory", "内存不足");
    table_init(&table, 5, cli->chinese ? chinese : english);
    for (size_t i = 0; i < n; i++) {
        const struct tally_channel_side *then = &rows[i].sides[TALLY_THEN], *now = &rows[i].sides[TALLY_NOW];
        const char *name = names_text(ledger_names(request.same), rows[i].name);
        char before[MOMENT_TEXT_MAX], after[MOMENT_TEXT_MAX];
        int64_t tokens, per_ms;

        table_add(&table, name);
        add_pair(&table, then->peak, now->peak);
        if (setup_channel_rate(backtest->then, name, &tokens, &per_ms))
            table_addf(&table, "%.10g", (double)tokens * (double)MINUTE_MS / (double)per_ms);
        else
            table_add(&table, NULL);
        add_pair(&table, then->delayed, now->delayed);
        if (then->delayed + now->delayed > 0)
            table_addf(&table, "%s → %s", moment_format_length(then->delay_ms, cli->chinese, before),
                       moment_format_length(now->delay_ms, cli->chinese, after));
        else
            table_add(&table, NULL);
    }
    free(rows);
    return print_table(cli, &table);
}

/* -- in all -- */

static void print_totals(const struct backtest *backtest)
{
    const struct cli *cli = backtest->cli;
    const size_t *totals = backtest->comparison.totals;
    const struct ledger_message *unused;
    size_t same = ledger_messages(trial_ledger(backtest->trial, TRIAL_SAME), &unused);

    putchar('\n');
    cli_say(cli, "messages: %zu unchanged, %zu earlier, %zu later, %zu no longer sent, %zu new",
            "消息：未变 %zu，提前 %zu，推迟 %zu，不再发 %zu，新增 %zu", same + totals[DIFFERENCE_NONE],
            totals[DIFFERENCE_EARLIER], totals[DIFFERENCE_LATER], totals[DIFFERENCE_DROPPED],
            totals[DIFFERENCE_NEW]);
    if (totals[DIFFERENCE_CHANNEL] > 0)
        cli_say(cli, ", %zu on another channel", "，改走其他渠道 %zu", totals[DIFFERENCE_CHANNEL]);
    cli_say(cli, "\n--show RULE lists them one by one; --case FIELD=VALUE shows one case on both sides\n",
            "\n--show 规则 逐条列出；--case 字段=值 看一个事项的两边\n");
}

enum cli_status backtest_print(const struct backtest *backtest)
{
    enum cli_status status = print_rules(backtest);

    if (status == CLI_OK)
        status = print_recipients(backtest);
    if (status == CLI_OK)
        status = print_channels(backtest);
    if (status == CLI_OK)
        print_totals(backtest);
    return status;
}
