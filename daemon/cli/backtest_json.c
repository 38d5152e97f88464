/* backtest_json.c: what came of a replay, as one JSON object. */
#include <stdlib.h>

#include "cli/backtest.h"
#include "cli/row.h"
#include "core/civil.h"

static const char *const sides[TALLY_SIDES] = {"then", "now"};

static void write_rules(struct json_writer *json, const struct tally_rule *rows, size_t n)
{
    json_key(json, "rules");
    json_array(json);
    for (size_t i = 0; i < n; i++) {
        json_object(json);
        json_key_text(json, "rule", rows[i].name);
        json_key_bool(json, "same", rows[i].is_same);
        for (int k = 0; k < TALLY_SIDES; k++) {
            const struct tally_rule_side *side = &rows[i].sides[k];

            if (!side->exists)
                continue;
            json_key(json, sides[k]);
            json_object(json);
            json_key_int(json, "deadlines", (int64_t)side->deadlines);
            json_key_int(json, "met", (int64_t)side->met);
            json_key_int(json, "overdue", (int64_t)side->overdue);
            json_key_int(json, "escalations", (int64_t)side->escalations);
            json_key_int(json, "messages", (int64_t)side->messages);
            json_object_end(json);
        }
        json_key_int(json, "dues_earlier", (int64_t)rows[i].dues_earlier);
        json_key_int(json, "dues_later", (int64_t)rows[i].dues_later);
        json_key_int(json, "spared", (int64_t)rows[i].spared);
        json_object_end(json);
    }
    json_array_end(json);
}

static void write_day(struct json_writer *json, int32_t day)
{
    struct civil date = civil_of(day);
    struct buffer text;

    buffer_init(&text);
    buffer_printf(&text, "%04d-%02d-%02d", (int)date.year, (int)date.month, (int)date.day);
    json_key_text(json, "most_on", buffer_text(&text));
    buffer_finish(&text);
}

static void write_recipients(struct json_writer *json, const struct names *names,
                             const struct tally_recipient *rows, size_t n)
{
    json_key(json, "recipients");
    json_array(json);
    for (size_t i = 0; i < n; i++) {
        json_object(json);
        json_key_text(json, "to", names_text(names, rows[i].name));
        for (int k = 0; k < TALLY_SIDES; k++) {
            const struct tally_recipient_side *side = &rows[i].sides[k];

            json_key(json, sides[k]);
            json_object(json);
            json_key_int(json, "messages", (int64_t)side->messages);
            json_key_int(json, "most", (int64_t)side->most);
            if (side->most > 0)
                write_day(json, side->most_day);
            json_key_int(json, "crowded", (int64_t)side->crowded);
            json_object_end(json);
        }
        json_object_end(json);
    }
    json_array_end(json);
}

static void write_channels(struct json_writer *json, const struct names *names,
                           const struct tally_channel *rows, size_t n)
{
    json_key(json, "channels");
    json_array(json);
    for (size_t i = 0; i < n; i++) {
        json_object(json);
        json_key_text(json, "channel", names_text(names, rows[i].name));
        for (int k = 0; k < TALLY_SIDES; k++) {
            const struct tally_channel_side *side = &rows[i].sides[k];

            json_key(json, sides[k]);
            json_object(json);
            json_key_int(json, "messages", (int64_t)side->messages);
            json_key_int(json, "peak", (int64_t)side->peak);
            json_key_int(json, "delayed", (int64_t)side->delayed);
            json_key_int(json, "delay_ms", side->delay_ms);
            json_object_end(json);
        }
        json_object_end(json);
    }
    json_array_end(json);
}

static void write_totals(struct json_writer *json, const struct backtest *backtest)
{
    const struct ledger_message *unused;
    size_t same = ledger_messages(trial_ledger(backtest->trial, TRIAL_SAME), &unused);

    json_key(json, "totals");
    json_object(json);
    for (int i = 0; i < DIFFERENCES; i++)
        json_key_int(json, backtest_difference((enum difference)i),
                     (int64_t)(backtest->comparison.totals[i] + (i == DIFFERENCE_NONE ? same : 0)));
    json_object_end(json);
}

static void write_line(struct json_writer *json, const struct backtest *backtest,
                       const struct backtest_line *line)
{
    const struct zone *zone = setup_zone(backtest->then);
    const struct names *names = ledger_names(line->ledger);
    const struct ledger_message *message = line->message;

    json_object(json);
    json_key_text(json, "rule", ledger_rule(line->ledger, line->deadline)->name);
    json_key_text(json, "case", ledger_case(line->ledger, line->deadline));
    json_key_text(json, "to", names_text(names, message->to));
    json_key_text(json, "on_behalf",
                  message->on_behalf == NAMES_NONE ? NULL : names_text(names, message->on_behalf));
    json_key_bool(json, "copy", message->copy);
    json_key_text(json, "message", phase_name((enum phase)message->phase));
    json_key_text(json, "via", names_text(names, message->channel));
    if (line->compared.then != NULL)
        row_json_instant(json, "then", zone, line->compared.then->at);
    if (line->compared.now != NULL)
        row_json_instant(json, "now", zone, line->compared.now->at);
    json_key_text(json, "difference", backtest_difference(line->compared.difference));
    if (line->why.cause != CAUSE_NONE) {
        json_key_text(json, "cause", backtest_cause(line->why.cause));
        json_key_text(json, "file", line->why.file);
        json_key_int(json, "line", line->why.line);
    }
    json_object_end(json);
}

static int write_lines(struct json_writer *json, const struct backtest *backtest)
{
    size_t n = 0;
    struct backtest_line *lines = backtest_lines(backtest, &n);

    if (lines == NULL)
        return -1;
    json_key(json, "messages");
    json_array(json);
    for (size_t i = 0; i < n; i++)
        write_line(json, backtest, &lines[i]);
    json_array_end(json);
    free(lines);
    return 0;
}

static int write_tallies(struct json_writer *json, const struct backtest *backtest)
{
    const struct tally_request request = backtest_tally(backtest);
    const struct names *names = ledger_names(request.same);
    struct tally_rule *rules = NULL;
    struct tally_recipient *recipients = NULL;
    struct tally_channel *channels = NULL;
    size_t n_rules, n_recipients, n_channels;
    int error = tally_rules(&request, &rules, &n_rules);

    if (error == 0)
        error = tally_recipients(&request, &recipients, &n_recipients);
    if (error == 0)
        error = tally_channels(&request, backtest_rate, (void *)backtest, &channels, &n_channels);
    if (error == 0) {
        write_rules(json, rules, n_rules);
        write_recipients(json, names, recipients, n_recipients);
        write_channels(json, names, channels, n_channels);
    }
    free(rules);
    free(recipients);
    free(channels);
    return error;
}

static void write_header(struct json_writer *json, const struct backtest *backtest)
{
    const struct trial_counts counts = trial_count(backtest->trial);
    const struct zone *zone = setup_zone(backtest->then);

    row_json_instant(json, "from", zone, counts.first);
    row_json_instant(json, "until", zone, backtest->until);
    json_key_int(json, "events", (int64_t)counts.events);
    json_key_int(json, "left_out", (int64_t)(counts.bad + backtest->skipped));
    json_key_int(json, "out_of_order", (int64_t)counts.disordered);
    json_key_int(json, "lacking_then", (int64_t)(counts.lacking[TRIAL_SAME] + counts.lacking[TRIAL_THEN]));
    json_key_int(json, "lacking_now", (int64_t)(counts.lacking[TRIAL_SAME] + counts.lacking[TRIAL_NOW]));
    json_key_int(json, "commands", (int64_t)counts.commands);
    json_key_int(json, "commands_left_out", (int64_t)backtest->commands_left);
    json_key_bool(json, "trimmed", backtest->is_cut);
    if (cli_flag(backtest->cli, "since"))
        json_key_int(json, "really_sent", (int64_t)backtest->sent);
    json_key_int(json, "took_ms", backtest->took_ms);
}

enum cli_status backtest_json(const struct backtest *backtest)
{
    const struct cli *cli = backtest->cli;
    struct json_writer json;
    struct buffer out;
    int error;

    buffer_init(&out);
    json_begin(&json, &out);
    json_object(&json);
    write_header(&json, backtest);
    write_totals(&json, backtest);
    error = write_tallies(&json, backtest);
    if (error == 0 && (cli_flag(cli, "show") || cli_flag(cli, "case")))
        error = write_lines(&json, backtest);
    json_object_end(&json);
    if (error == 0)
        return cli_print_json(cli, &out, CLI_OK);
    buffer_finish(&out);
    return cli_fail(cli, "out of memory", "内存不足");
}
