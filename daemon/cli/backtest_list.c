/* backtest_list.c: message by message: what differs of one rule, or all of one case on both sides, its
 * deadlines first. */
#include <stdlib.h>
#include <string.h>

#include "cli/backtest.h"
#include "cli/moment.h"
#include "cli/row.h"
#include "cli/table.h"

/* -- which messages -- */

struct lines {
    const struct backtest *backtest;
    const char *rule; /* NULL: of any */
    bool only_chosen; /* of the case that was asked for, whether they differ or not */
    struct backtest_line *items;
    size_t n;
};

static bool is_wanted(const struct lines *lines, const struct backtest_line *line)
{
    const char *name = ledger_rule(line->ledger, line->deadline)->name;

    if (lines->rule != NULL && strcmp(lines->rule, name) != 0)
        return false;
    return lines->only_chosen ? line->deadline->is_chosen : line->compared.difference != DIFFERENCE_NONE;
}

static void add_line(struct lines *lines, const struct ledger *ledger, const struct compared *compared)
{
    struct backtest_line *line = &lines->items[lines->n];

    *line = (struct backtest_line){.compared = *compared, .ledger = ledger};
    line->message = compared->now != NULL ? compared->now : compared->then;
    line->deadline = ledger_deadline(ledger, line->message);
    lines->n += is_wanted(lines, line);
}

static int by_instant(const void *a, const void *b)
{
    const struct backtest_line *left = a, *right = b;
    const struct compared *first = &left->compared, *second = &right->compared;
    instant one = first->then != NULL ? first->then->at : first->now->at;
    instant two = second->then != NULL ? second->then->at : second->now->at;

    if (one != two)
        return one < two ? -1 : 1;
    return strcmp(ledger_case(left->ledger, left->deadline), ledger_case(right->ledger, right->deadline));
}

struct backtest_line *backtest_lines(const struct backtest *backtest, size_t *n)
{
    const struct comparison *comparison = &backtest->comparison;
    const struct ledger *same = trial_ledger(backtest->trial, TRIAL_SAME);
    const struct ledger_message *messages;
    size_t n_same = ledger_messages(same, &messages);
    struct lines lines = {.backtest = backtest,
                          .rule = cli_option(backtest->cli, "show"),
                          .only_chosen = cli_flag(backtest->cli, "case"),
                          .items = calloc(comparison->n + n_same + 1, sizeof(*lines.items))};

    if (lines.items == NULL)
        return NULL;
    for (size_t i = 0; i < comparison->n; i++) {
        const struct compared *compared = &comparison->items[i];

        add_line(&lines, compared->now != NULL ? comparison->now : comparison->then, compared);
    }
    for (size_t i = 0; i < n_same; i++)
        add_line(&lines, same, &(struct compared){&messages[i], &messages[i], DIFFERENCE_NONE});
    qsort(lines.items, lines.n, sizeof(*lines.items), by_instant);
    for (size_t i = 0; i < lines.n; i++)
        lines.items[i].why = comparison_why(comparison, &lines.items[i].compared);
    *n = lines.n;
    return lines.items;
}

/* -- for programs -- */

const char *backtest_difference(enum difference difference)
{
    static const char *const names[DIFFERENCES] = {"unchanged", "channel", "earlier",
                                                   "later",     "dropped", "new"};

    return names[difference];
}

const char *backtest_cause(enum cause cause)
{
    static const char *const names[] = {"none", "rule_gone", "rule_new", "not_opened", "opened", "due",
                                        "step", "no_step",   "closed",   "recipient",  "channel"};

    return names[cause];
}

/* -- for people -- */

static void add_when(struct table *table, const struct backtest *backtest,
                     const struct ledger_message *message)
{
    char text[MOMENT_TEXT_MAX];

    table_add(table, message == NULL ? NULL
                                     : moment_format(message->at, setup_zone(backtest->then),
                                                     backtest->cli->chinese, text));
}

static void add_recipient(struct table *table, const struct backtest *backtest,
                          const struct backtest_line *line)
{
    const struct names *names = ledger_names(line->ledger);
    const struct ledger_message *message = line->message;
    struct buffer text;

    buffer_init(&text);
    buffer_add_text(&text, setup_person(backtest->then, names_text(names, message->to)));
    if (message->on_behalf != NAMES_NONE)
        buffer_printf(&text, cli_in(backtest->cli, " for %s", "（代%s）"),
                      setup_person(backtest->then, names_text(names, message->on_behalf)));
    if (message->copy)
        buffer_add_text(&text, cli_in(backtest->cli, " (copy)", "（抄送）"));
    table_add(table, buffer_text(&text));
    buffer_finish(&text);
}

static void word_closed(struct buffer *out, const struct backtest *backtest,
                        const struct comparison_cause *why)
{
    char at[MOMENT_TEXT_MAX];

    buffer_printf(out, cli_in(backtest->cli, "over on %s, before %s", "%s 已了结，早于 %s"),
                  moment_format(why->closed_at, setup_zone(backtest->then), backtest->cli->chinese, at),
                  why->step);
}

static void word_due(struct buffer *out, const struct backtest *backtest, const struct comparison_cause *why)
{
    const struct zone *zone = setup_zone(backtest->then);
    char then[MOMENT_TEXT_MAX], now[MOMENT_TEXT_MAX];

    buffer_printf(out, cli_in(backtest->cli, "due %s → %s", "到期 %s → %s"),
                  moment_format(why->due_then, zone, backtest->cli->chinese, then),
                  moment_format(why->due_now, zone, backtest->cli->chinese, now));
}

static void word_cause(struct buffer *out, const struct backtest *backtest,
                       const struct comparison_cause *why)
{
    static const char *const words[][2] = {
        [CAUSE_RULE_GONE] = {"the rule is gone", "规则已删除"},
        [CAUSE_RULE_NEW] = {"a new rule", "新增的规则"},
        [CAUSE_NOT_OPENED] = {"not opened any more", "不再打开"},
        [CAUSE_OPENED] = {"not opened before", "原先不打开"},
        [CAUSE_NO_STEP] = {"no such step any more", "已无此台阶"},
        [CAUSE_RECIPIENT] = {"other recipients", "收件人不同"},
        [CAUSE_CHANNEL] = {"another channel", "渠道不同"},
    };

    switch (why->cause) {
    case CAUSE_NONE:
        return;
    case CAUSE_CLOSED:
        word_closed(out, backtest, why);
        break;
    case CAUSE_DUE:
        word_due(out, backtest, why);
        break;
    case CAUSE_STEP:
        buffer_add_text(out, why->step);
        break;
    default:
        buffer_add_text(out, words[why->cause][backtest->cli->chinese]);
        break;
    }
    buffer_printf(out, "  %s:%d", cli_short_path(why->file), why->line);
}

static void add_line_row(struct table *table, const struct backtest *backtest,
                         const struct backtest_line *line)
{
    const struct rule *rule = ledger_rule(line->ledger, line->deadline);
    struct buffer text;

    if (cli_option(backtest->cli, "show") == NULL)
        table_add(table, rule->name);
    table_add(table, ledger_case(line->ledger, line->deadline));
    add_recipient(table, backtest, line);
    table_add(table, row_phase(backtest->cli, phase_name((enum phase)line->message->phase)));
    add_when(table, backtest, line->compared.then);
    add_when(table, backtest, line->compared.now);
    buffer_init(&text);
    word_cause(&text, backtest, &line->why);
    table_add(table, buffer_text(&text));
    buffer_finish(&text);
}

/* -- the deadlines of a case -- */

static void add_end(struct table *table, const struct cli *cli, const struct ledger_deadline *deadline)
{
    static const char *const words[][2] = {[LEDGER_OPEN] = {"open", "未完成"},
                                           [LEDGER_MET] = {"met", "按时完成"},
                                           [LEDGER_MET_LATE] = {"met late", "逾期完成"},
                                           [LEDGER_CANCELLED] = {"cancelled", "取消"},
                                           [LEDGER_WAIVED] = {"waived", "豁免"}};

    if (deadline == NULL)
        table_add(table, NULL);
    else if (deadline->state == LEDGER_OPEN && deadline->was_overdue)
        table_add(table, cli_in(cli, "overdue", "逾期"));
    else
        table_add(table, words[deadline->state][cli->chinese]);
}

static void add_deadline(struct table *table, const struct backtest *backtest, const struct ledger *ledger,
                         const struct ledger_deadline *const sides[static TALLY_SIDES])
{
    const struct ledger_deadline *any = sides[TALLY_NOW] != NULL ? sides[TALLY_NOW] : sides[TALLY_THEN];
    char due[MOMENT_TEXT_MAX];

    table_add(table, ledger_rule(ledger, any)->name);
    table_add(table, ledger_case(ledger, any));
    for (int i = 0; i < TALLY_SIDES; i++) {
        table_add(table, sides[i] == NULL ? NULL
                                          : moment_format(sides[i]->due, setup_zone(backtest->then),
                                                          backtest->cli->chinese, due));
        add_end(table, backtest->cli, sides[i]);
    }
}

/* The chosen ones of a ledger; each with what `other`, if there is one, has of the same opening. */
static void add_deadlines(struct table *table, const struct backtest *backtest, enum trial_part part)
{
    const struct ledger *ledger = trial_ledger(backtest->trial, part);
    const struct ledger *then = trial_ledger(backtest->trial, TRIAL_THEN);
    const struct ledger *now = trial_ledger(backtest->trial, TRIAL_NOW);
    const struct ledger_deadline *deadlines;
    size_t n = ledger_deadlines(ledger, &deadlines);

    for (size_t i = 0; i < n; i++) {
        const struct ledger_deadline *sides[TALLY_SIDES] = {&deadlines[i], &deadlines[i]};

        if (part == TRIAL_THEN)
            sides[TALLY_NOW] = ledger_find(now, deadlines[i].opening);
        if (part == TRIAL_NOW)
            sides[TALLY_THEN] = ledger_find(then, deadlines[i].opening);
        if (deadlines[i].is_chosen && (part != TRIAL_THEN || sides[TALLY_NOW] == NULL))
            add_deadline(table, backtest, ledger, sides);
    }
}

static enum cli_status print_deadlines(const struct backtest *backtest)
{
    static const char *const english[] = {"RULE", "CASE", "DUE THEN", "END", "DUE NEW", "END"};
    static const char *const chinese[] = {"规则", "对象", "原到期", "结果", "新到期", "结果"};
    const struct cli *cli = backtest->cli;
    struct table table;
    bool found, printed;

    table_init(&table, 6, cli->chinese ? chinese : english);
    for (int part = 0; part < TRIAL_PARTS; part++)
        add_deadlines(&table, backtest, (enum trial_part)part);
    found = table_rows(&table) > 0;
    putchar('\n');
    printed = !found || table_print(&table, stdout);
    table_finish(&table);
    if (!printed)
        return cli_fail(cli, "out of memory", "内存不足");
    if (!found)
        cli_say(cli, "no deadline is about %s\n", "没有关于 %s 的事项\n", cli_option(cli, "case"));
    return found ? CLI_OK : CLI_FINDING;
}

static enum cli_status print_lines(const struct backtest *backtest)
{
    static const char *const english[] = {"RULE", "CASE", "RECIPIENT", "MESSAGE", "THEN", "NEW", "CAUSE"};
    static const char *const chinese[] = {"规则", "对象", "收件人", "消息", "原", "新", "原因"};
    const struct cli *cli = backtest->cli;
    size_t skip = cli_option(cli, "show") != NULL ? 1 : 0, n = 0;
    struct backtest_line *lines = backtest_lines(backtest, &n);
    struct table table;
    bool printed;

    if (lines == NULL)
        return cli_fail(cli, "out of memory", "内存不足");
    table_init(&table, 7 - skip, (cli->chinese ? chinese : english) + skip);
    for (size_t i = 0; i < n; i++)
        add_line_row(&table, backtest, &lines[i]);
    free(lines);
    putchar('\n');
    printed = n == 0 || table_print(&table, stdout);
    table_finish(&table);
    if (n == 0)
        cli_say(cli, "no message%s\n", "没有%s消息\n",
                cli_flag(cli, "case") ? "" : cli_in(cli, " differs", "不同的"));
    return printed ? CLI_OK : cli_fail(cli, "out of memory", "内存不足");
}

enum cli_status backtest_list(const struct backtest *backtest)
{
    enum cli_status status = cli_flag(backtest->cli, "case") ? print_deadlines(backtest) : CLI_OK;

    return status == CLI_OK ? print_lines(backtest) : status;
}
