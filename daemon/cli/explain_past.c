#include "cli/explain_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/moment.h"
#include "cli/row.h"
#include "cli/table.h"
#include "cli/why.h"

/* -- one record -- */

static void say_recipient(struct buffer *out, const struct explain_case *explained,
                          const struct history_record *record)
{
    const struct cli *cli = explained->snapshot->cli;
    const struct config *config = explained->snapshot->config;
    const struct history_record *queueing =
        history_queueing(explained->records, explained->n_records, fields_get(&record->fields, "n"));
    const struct fields *facts = queueing == NULL ? &record->fields : &queueing->fields;
    const char *phase = fields_get(facts, "phase"), *to = fields_get(facts, "to");
    const char *behalf = fields_get(facts, "on_behalf"), *via = fields_get(&record->fields, "via");

    if (phase != NULL)
        buffer_printf(out, " %s", row_phase(cli, phase));
    if (to != NULL)
        buffer_printf(out, " %s", *to == '\0' ? cli_in(cli, "the group", "群") : setup_person(config, to));
    if (behalf != NULL && *behalf != '\0')
        buffer_printf(out, cli_in(cli, " (for %s)", "（代%s）"), setup_person(config, behalf));
    if (fields_get(facts, "copy") != NULL)
        buffer_add_text(out, cli_in(cli, " (copy)", "（抄送）"));
    if (via == NULL)
        via = fields_get(facts, "via");
    if (via != NULL)
        buffer_printf(out, " %s", via);
}

static void say_due(struct buffer *out, const struct explain_case *explained,
                    const struct history_record *record)
{
    const struct cli *cli = explained->snapshot->cli;
    const struct zone *zone = setup_zone(explained->snapshot->config);
    int64_t due = history_int(record, "due", 0), was = history_int(record, "was", 0);
    char text[MOMENT_TEXT_MAX];

    if (due == 0 || due == INSTANT_NEVER || strcmp(record->what, "overdue") == 0)
        return;
    if (was != 0 && was != INSTANT_NEVER && was != due)
        buffer_printf(out, cli_in(cli, " due %s ->", " 到期 %s ->"),
                      moment_format(was, zone, cli->chinese, text));
    else
        buffer_add_text(out, cli_in(cli, " due", " 到期"));
    buffer_printf(out, " %s", moment_format(due, zone, cli->chinese, text));
}

/* Of what waits, when other settings have it leave. */
static void say_moved(struct buffer *out, const struct explain_case *explained,
                      const struct history_record *record)
{
    const struct cli *cli = explained->snapshot->cli;
    const struct zone *zone = setup_zone(explained->snapshot->config);
    char was[MOMENT_TEXT_MAX], at[MOMENT_TEXT_MAX];

    if (strcmp(record->what, "moved") != 0)
        return;
    buffer_printf(out, " %s -> %s", moment_format(history_int(record, "was", 0), zone, cli->chinese, was),
                  moment_format(history_int(record, "not_before", 0), zone, cli->chinese, at));
}

static void say_people(struct buffer *out, const struct explain_case *explained,
                       const struct history_record *record)
{
    const struct cli *cli = explained->snapshot->cli;
    const struct config *config = explained->snapshot->config;
    const char *owner = fields_get(&record->fields, "owner"), *was = fields_get(&record->fields, "was");
    const char *by = fields_get(&record->fields, "by");
    bool changes = strcmp(record->what, "owner") == 0 || strcmp(record->what, "reassigned") == 0;

    if (changes && was != NULL)
        buffer_printf(out, " %s ->", setup_person(config, was));
    if (owner != NULL && *owner != '\0' && (changes || strcmp(record->what, "opened") == 0))
        buffer_printf(out, " %s", setup_person(config, owner));
    if (by != NULL && *by != '\0')
        buffer_printf(out, cli_in(cli, " by %s", " %s 所为"), setup_person(config, by));
}

/* Where a deadline comes from, and where it goes on. */
static void say_kin(struct buffer *out, const struct explain_case *explained,
                    const struct history_record *record)
{
    static const struct {
        const char *name, *english, *chinese;
    } kin[] = {
        {"as", ", goes on as", "，新编号"},
        {"reopened", ", sent back from", "，退回自"},
        {"after", ", after", "，接续"},
        {"missing", ", still missing:", "，还缺："},
        {"follower", "; does not open:", "；不打开："},
    };

    for (size_t i = 0; i < sizeof(kin) / sizeof(kin[0]); i++) {
        const char *id = fields_get(&record->fields, kin[i].name);
        if (id != NULL)
            buffer_printf(out, "%s %s", cli_in(explained->snapshot->cli, kin[i].english, kin[i].chinese), id);
    }
}

/* The line begins with the record's own word already. */
static bool repeats_record(const struct cli *cli, const struct history_record *record, const char *why)
{
    const char *word = why_record(cli, record->what, NULL);

    return word != NULL && strcmp(word, why_in(cli, why)) == 0;
}

static void say_lateness(struct buffer *out, const struct explain_case *explained,
                         const struct history_record *record)
{
    const struct cli *cli = explained->snapshot->cli;
    const struct calendar *calendar = explained->calendar != NULL
                                          ? explained->calendar
                                          : ruleset_policy(explained->snapshot->config->rules)->calendar;
    struct lateness lateness = history_lateness(record, calendar);

    if (lateness.elapsed_ms <= 0)
        return;
    buffer_add_text(out, " ");
    lateness_say(out, cli->chinese, calendar, lateness, true);
}

static void say_rest(struct buffer *out, const struct explain_case *explained,
                     const struct history_record *record)
{
    static const char *const plain[] = {"type", "event", "stop", "remote", NULL};
    const struct cli *cli = explained->snapshot->cli;
    int64_t until = history_int(record, "until", 0), next = history_int(record, "next", 0);
    const char *step = fields_get(&record->fields, "s"), *why = fields_get(&record->fields, "why");
    const char *code = fields_get(&record->fields, "code");
    char text[MOMENT_TEXT_MAX];

    if (step != NULL && fields_get(&record->fields, "n") == NULL)
        buffer_printf(out, " [%s]", step);
    for (size_t i = 0; plain[i] != NULL; i++) {
        const char *value = fields_get(&record->fields, plain[i]);
        if (value != NULL && *value != '\0')
            buffer_printf(out, " %s", value);
    }
    if (until > 0 && until != INSTANT_NEVER)
        buffer_printf(out, cli_in(cli, " until %s", " 至 %s"),
                      moment_format(until, setup_zone(explained->snapshot->config), cli->chinese, text));
    say_lateness(out, explained, record);
    if (code != NULL)
        buffer_printf(out, " %s", code);
    if (why != NULL && *why != '\0' && !repeats_record(cli, record, why))
        buffer_printf(out, cli_in(cli, ": %s", "：%s"), why_in(cli, why));
    if (next > record->now)
        buffer_printf(out, cli_in(cli, ", next try in %s", "，%s 后重试"),
                      moment_format_length(next - record->now, cli->chinese, text));
}

/* How long the attempt took: from the commit that claimed it to the one that has its end. */
static void say_duration(struct buffer *out, const struct explain_case *explained,
                         const struct history_record *record)
{
    const char *notification = fields_get(&record->fields, "n");
    int64_t tenths = 0;

    for (size_t i = 0; notification != NULL && i < explained->n_records; i++) {
        const struct history_record *claim = &explained->records[i];
        const char *n = fields_get(&claim->fields, "n");

        if (claim->seq < record->seq && strcmp(claim->what, "claimed") == 0 && n != NULL &&
            strcmp(n, notification) == 0)
            tenths = (record->now - claim->now + 50) / 100;
    }
    if (tenths > 0 && strcmp(record->what, "delivered") == 0)
        buffer_printf(out, cli_in(explained->snapshot->cli, " in %d.%d s", "，用时 %d.%d 秒"),
                      (int)(tenths / 10), (int)(tenths % 10));
}

/* The HRIS's clock, or a hand, was ahead of ours. */
static void say_future(struct buffer *out, const struct explain_case *explained,
                       const struct history_record *record)
{
    if (fields_get(&record->fields, "future") != NULL)
        buffer_add_text(out, cli_in(explained->snapshot->cli, " (stamped in the future: counted as now)",
                                    "（事件时间在将来：按当时计）"));
}

/* How late the HRIS told of it. */
static void say_arrival(struct buffer *out, const struct explain_case *explained,
                        const struct history_record *record)
{
    const struct cli *cli = explained->snapshot->cli;
    int64_t late_ms = explained->opened == INSTANT_NONE ? 0 : record->now - explained->opened;
    char text[MOMENT_TEXT_MAX];

    if (strcmp(record->what, "opened") == 0 && fields_get(&record->fields, "event") != NULL && late_ms >= 0)
        buffer_printf(out, cli_in(cli, " (HRIS %s late)", "（HRIS 迟到 %s）"),
                      moment_format_length(late_ms, cli->chinese, text));
}

static void add_record(struct table *table, const struct explain_case *explained,
                       const struct history_record *record)
{
    const struct cli *cli = explained->snapshot->cli;
    char when[MOMENT_TEXT_MAX];
    struct buffer text;

    table_addf(table, "  %s",
               moment_format_short(record->now, setup_zone(explained->snapshot->config), when));
    table_add(table, why_record(cli, record->what, NULL));
    buffer_init(&text);
    say_recipient(&text, explained, record);
    say_people(&text, explained, record);
    say_due(&text, explained, record);
    say_moved(&text, explained, record);
    say_arrival(&text, explained, record);
    say_future(&text, explained, record);
    say_rest(&text, explained, record);
    say_kin(&text, explained, record);
    say_duration(&text, explained, record);
    table_add(table, text.n > 0 ? buffer_text(&text) + 1 : "");
    buffer_finish(&text);
}

/* -- what was not sent, though no record says so -- */

/* Whoever is away hears nothing: somebody else does. */
static void add_away(struct table *table, const struct explain_case *explained,
                     const struct history_record *queued)
{
    const struct cli *cli = explained->snapshot->cli;
    const struct config *config = explained->snapshot->config;
    char when[MOMENT_TEXT_MAX];

    table_addf(table, "  %s", moment_format_short(queued->now, setup_zone(config), when));
    table_add(table, cli_in(cli, "away", "休假"));
    table_addf(table, cli_in(cli, "%s %s: %s has it instead", "%s %s：由 %s 代收"),
               row_phase(cli, history_text(queued, "phase")),
               setup_person(config, history_text(queued, "on_behalf")),
               setup_person(config, history_text(queued, "to")));
}

static bool names(const struct history_record *record, const char *person)
{
    return strcmp(history_text(record, "to"), person) == 0 ||
           strcmp(history_text(record, "on_behalf"), person) == 0;
}

/* The records of one firing follow it in the same commit. */
static bool step_reached(const struct explain_case *explained, size_t fired, const char *person)
{
    const struct history_record *step = &explained->records[fired];

    for (size_t i = fired + 1; i < explained->n_records && explained->records[i].seq == step->seq; i++) {
        const struct history_record *record = &explained->records[i];

        if (strcmp(history_text(record, "s"), history_text(step, "s")) == 0 && names(record, person))
            return true;
    }
    return false;
}

/* The one who owes it and was not told by a step that told others: by the rule's own words. */
static void add_left_out(struct table *table, const struct explain_case *explained, size_t fired)
{
    const struct cli *cli = explained->snapshot->cli;
    const struct history_record *record = &explained->records[fired];
    const struct step *step = rule_step(explained->rule, history_text(record, "s"));
    const char *owner = explained->owner == NULL ? "" : explained->owner;
    struct buffer to;
    char when[MOMENT_TEXT_MAX];

    if (step == NULL || *owner == '\0' || step_reached(explained, fired, owner))
        return;
    buffer_init(&to);
    for (size_t i = 0; i < step->n_to; i++)
        buffer_printf(&to, "%s%s", i == 0 ? "" : ", ", step->to[i].text);
    table_addf(table, "  %s",
               moment_format_short(record->now, setup_zone(explained->snapshot->config), when));
    table_add(table, cli_in(cli, "not told", "不告知"));
    table_addf(table,
               cli_in(cli, "%s: the step %s is for %s alone (%s:%d)", "%s：台阶 %s 只告知 %s（%s:%d）"),
               setup_person(explained->snapshot->config, owner), step->name, buffer_text(&to),
               cli_short_path(explained->rule->file), step->line);
    buffer_finish(&to);
}

/* -- the lists -- */

static void add_happened(struct table *table, const struct explain_case *explained, size_t i)
{
    const struct history_record *record = &explained->records[i];
    bool is_unsent;

    if (why_record(explained->snapshot->cli, record->what, &is_unsent) != NULL && !is_unsent)
        add_record(table, explained, record);
}

static void add_unsent(struct table *table, const struct explain_case *explained, size_t i)
{
    const struct history_record *record = &explained->records[i];
    bool is_unsent;

    if (why_record(explained->snapshot->cli, record->what, &is_unsent) != NULL && is_unsent)
        add_record(table, explained, record);
    else if (strcmp(record->what, "queued") == 0 && *history_text(record, "on_behalf") != '\0')
        add_away(table, explained, record);
    else if (strcmp(record->what, "step") == 0)
        add_left_out(table, explained, i);
}

static void print_list(struct cli *cli, const struct explain_case *explained, const char *title,
                       void (*add)(struct table *table, const struct explain_case *explained, size_t i))
{
    struct table table;

    table_init(&table, 3, NULL);
    for (size_t i = 0; i < explained->n_records; i++)
        add(&table, explained, i);
    if (table_rows(&table) > 0) {
        cli_print("%s\n", title);
        if (!table_print(&table, stdout))
            cli_fail(cli, "out of memory", "内存不足");
    }
    table_finish(&table);
}

void explain_print_past(struct cli *cli, const struct explain_case *explained)
{
    print_list(cli, explained, cli_in(cli, "so far", "经过"), add_happened);
    print_list(cli, explained, cli_in(cli, "not sent", "没有发"), add_unsent);
}
