#include "cli/explain_text.h"

#include <string.h>

#include "cli/count.h"
#include "cli/explain_parts.h"
#include "cli/row.h"
#include "cli/table.h"
#include "cli/why.h"

/* -- records -- */

static const struct {
    const char *what, *english, *chinese;
    bool is_unsent; /* belongs to what was not sent */
} words[] = {
    {"opened", "opened", "打开", false},
    {"met", "met", "按时完成", false},
    {"met_late", "met late", "逾期完成", false},
    {"met_early", "met early", "提前完成", false},
    {"cancelled", "cancelled", "取消", false},
    {"waived", "waived", "豁免", false},
    {"paused", "paused", "暂停", false},
    {"resumed", "resumed", "恢复", false},
    {"changed", "changed", "变更", false},
    {"recounted", "counted again", "重新计算", false},
    {"provisional", "still provisional", "仍为暂定", false},
    {"restarted", "restarted", "重新开始", false},
    {"progress", "part of it", "部分完成", false},
    {"reopened", "sent back", "退回", false},
    {"not_followed", "nothing follows", "无后续", false},
    {"extended", "extended", "延期", false},
    {"reassigned", "reassigned", "转交", false},
    {"owner", "new owner", "责任人变更", false},
    {"owner_unknown", "owner unknown", "责任人不明", false},
    {"overdue", "overdue", "逾期", false},
    {"ack", "acknowledged", "已知悉", false},
    {"delivered", "delivered", "已送达", false},
    {"retry", "failed, again", "失败，将重试", false},
    {"backoff", "channel waits", "渠道等待", false},
    {"reauth", "new token", "重新认证", false},
    {"refused", "refused", "被拒绝", false},
    {"misconfigured", "misconfigured", "渠道配置有误", false},
    {"uncertain", "uncertain", "结果不明", false},
    {"fallback", "other channel", "改走备用渠道", false},
    {"held", "held", "搁置", false},
    {"superseded", "superseded", "被更晚的台阶取代", true},
    {"skipped", "skipped", "略过", true},
    {"withdrawn", "withdrawn", "撤回", true},
    {"expired", "expired", "过期", true},
    {"dead", "given up", "放弃", true},
};
enum { WORDS = sizeof(words) / sizeof(words[0]) };

static size_t word_of(const char *what)
{
    size_t i = 0;

    while (i < WORDS && strcmp(words[i].what, what) != 0)
        i++;
    return i;
}

/* A notification's queueing says what its end does not: the phase, for whom, whether a copy. */
static const struct history_record *queueing_of(const struct explain_case *explained,
                                                const char *notification)
{
    for (size_t i = 0; notification != NULL && i < explained->n_records; i++) {
        const struct history_record *record = &explained->records[i];
        const char *n = fields_get(&record->fields, "n");

        if (strcmp(record->what, "queued") == 0 && n != NULL && strcmp(n, notification) == 0)
            return record;
    }
    return NULL;
}

static void say_recipient(struct buffer *out, const struct explain_case *explained,
                          const struct history_record *record)
{
    const struct cli *cli = explained->snapshot->cli;
    const struct config *config = explained->snapshot->config;
    const struct history_record *queueing = queueing_of(explained, fields_get(&record->fields, "n"));
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
    };

    for (size_t i = 0; i < sizeof(kin) / sizeof(kin[0]); i++) {
        const char *id = fields_get(&record->fields, kin[i].name);
        if (id != NULL)
            buffer_printf(out, "%s %s", cli_in(explained->snapshot->cli, kin[i].english, kin[i].chinese), id);
    }
}

static void say_rest(struct buffer *out, const struct explain_case *explained,
                     const struct history_record *record)
{
    static const char *const plain[] = {"type", "event", "stop", "remote", NULL};
    const struct cli *cli = explained->snapshot->cli;
    int64_t until = history_int(record, "until", 0), late_ms = history_int(record, "late_ms", 0),
            next = history_int(record, "next", 0);
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
    if (late_ms > 0)
        buffer_printf(out, cli_in(cli, " %s late", " 迟 %s"),
                      moment_format_length(late_ms, cli->chinese, text));
    if (code != NULL)
        buffer_printf(out, " %s", code);
    if (why != NULL && *why != '\0')
        buffer_printf(out, ": %s", why_in(cli, why));
    if (next > record->now)
        buffer_printf(out, cli_in(cli, ", next try in %s", "，%s 后重试"),
                      moment_format_length(next - record->now, cli->chinese, text));
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
    say_rest(&text, explained, record);
    say_kin(&text, explained, record);
    table_add(table, text.n > 0 ? buffer_text(&text) + 1 : "");
    buffer_finish(&text);
}

static void print_records(struct cli *cli, const struct explain_case *explained, bool unsent,
                          const char *title)
{
    struct table table;

    table_init(&table, 3, NULL);
    for (size_t i = 0; i < explained->n_records; i++) {
        bool is_unsent;

        if (why_record(cli, explained->records[i].what, &is_unsent) != NULL && is_unsent == unsent)
            add_record(&table, explained, &explained->records[i]);
    }
    if (table_rows(&table) > 0) {
        printf("%s\n", title);
        if (!table_print(&table, stdout))
            cli_fail(cli, "out of memory", "内存不足");
    }
    table_finish(&table);
}

/* -- head -- */

static void print_title(struct cli *cli, const struct explain_case *explained)
{
    const struct snapshot *snapshot = explained->snapshot;
    struct buffer text;

    buffer_init(&text);
    printf("%s  ", explained->rule == NULL ? explained->rule_name : explained->rule->summary);
    if (explained->open != NULL) {
        snapshot_about(explained->rule, explained->fields, &text);
        printf("%s  %s  ", buffer_text(&text), row_state(cli, explained->open->state));
        buffer_clear(&text);
        row_distance(&text, snapshot, explained->open);
        printf("%s  ", buffer_text(&text));
    } else {
        printf("%s  ", explained->identity == NULL ? "" : explained->identity);
        if (explained->closing != NULL)
            printf("%s  ", why_record(cli, explained->closing->what, NULL));
    }
    cli_say(cli, "number %s\n", "编号 %s\n", explained->id);
    buffer_finish(&text);
}

static void print_owner(struct cli *cli, const struct explain_case *explained)
{
    const struct config *config = explained->snapshot->config;
    const struct person *owner =
        explained->owner == NULL ? NULL : directory_person(config->directory, explained->owner);
    int32_t today = calendar_day(explained->calendar != NULL ? explained->calendar
                                                             : ruleset_policy(config->rules)->calendar,
                                 explained->snapshot->now);

    cli_say(cli, "  owner  %s  %s", "  责任人  %s  %s", setup_person(config, explained->owner),
            setup_department(config, explained->department));
    if (owner != NULL && person_is_away(owner, today))
        cli_say(cli, "  (away; %s answers)", "（休假，%s 代）",
                directory_answers(config->directory, owner, today)->name);
    putchar('\n');
}

static void print_rule(struct cli *cli, const struct explain_case *explained)
{
    const struct rule *rule = explained->rule, *now;

    if (rule == NULL) {
        cli_say(cli, "  rule   %s: this version is kept nowhere any more\n",
                "  规则    %s：此版本已不再保存\n",
                explained->rule_name == NULL ? "?" : explained->rule_name);
        return;
    }
    if (*rule->done != '\0')
        cli_say(cli, "  done when  %s\n", "  完成标准  %s\n", rule->done);
    now = ruleset_find(explained->snapshot->config->rules, rule->name);
    if (now == NULL)
        cli_say(cli, "  rule   %s version %s; it is in no file any more\n",
                "  规则    %s 版本 %s；现已不在文件中\n", rule->name, rule->fingerprint);
    else if (strcmp(now->fingerprint, rule->fingerprint) == 0)
        cli_say(cli, "  rule   %s %s:%d version %s\n", "  规则    %s %s:%d 版本 %s\n", rule->name, now->file,
                now->line, rule->fingerprint);
    else
        cli_say(cli, "  rule   %s %s:%d version %s when it opened, %s now\n",
                "  规则    %s %s:%d 打开时版本 %s，现行 %s\n", rule->name, cli_short_path(now->file),
                now->line, rule->fingerprint, now->fingerprint);
}

/* -- due -- */

static void print_due(struct cli *cli, const struct explain_case *explained)
{
    const struct zone *zone = setup_zone(explained->snapshot->config);
    char due[MOMENT_TEXT_MAX], start[MOMENT_TEXT_MAX], span[SPAN_TEXT_MAX];
    struct span_request request;
    instant counted;
    int status;

    if (!explain_case_count(explained, &request)) {
        cli_say(cli, "due %s\n", "到期 %s\n", moment_format(explained->due, zone, cli->chinese, due));
        return;
    }
    cli_say(cli, "due %s = %s from %s, calendar %s\n", "到期 %s = %s，自 %s，日历 %s\n",
            moment_format(explained->due, zone, cli->chinese, due), span_format(request.span, span),
            moment_format(explained->start, zone, cli->chinese, start), calendar_name(explained->calendar));
    if (explained->open != NULL && explained->open->provisional)
        cli_say(cli, "  provisional: %s does not cover all of these dates yet; counted again when it does\n",
                "  暂定：日历 %s 尚未包含其中全部日期；补齐后会重新计算\n",
                calendar_name(explained->calendar));
    status = count_print(cli, &request, "  ", &counted);
    if (status == 0 && counted != explained->due)
        cli_say(cli, "  the count gives %s; a bound of the rule, a change or an extension made it differ\n",
                "  按此计算为 %s；因规则的上下限、变更或延期而不同\n",
                moment_format(counted, zone, cli->chinese, due));
}

/* -- what comes -- */

static void print_wait(struct cli *cli, const struct explain_case *explained,
                       const struct notification *notification)
{
    const struct history_record *queueing = queueing_of(explained, notification->id);
    const char *quiet = queueing == NULL ? NULL : fields_get(&queueing->fields, "quiet");

    if (quiet != NULL && notification->attempts == 0 && notification->not_before > explained->snapshot->now)
        cli_say(cli, "  (quiet until then: %s)", "（静默至此：%s）", quiet);
}

static void print_outbox(struct cli *cli, const struct explain_case *explained)
{
    const struct snapshot *snapshot = explained->snapshot;
    char when[MOMENT_TEXT_MAX];
    bool has_title = false;

    for (size_t i = 0; i < snapshot->n_outbox; i++) {
        const struct notification *notification = snapshot->outbox[i];

        if (strcmp(notification->deadline_id, explained->id) != 0)
            continue;
        if (!has_title)
            cli_say(cli, "on the way\n", "发送中\n");
        has_title = true;
        printf("  %s  %s %s %s %s  %s", notification->id, notification_state_name(notification->state),
               row_phase(cli, phase_name(notification->phase)),
               setup_person(snapshot->config, notification->to), notification->channel,
               moment_format(notification->not_before, setup_zone(snapshot->config), cli->chinese, when));
        if (notification->attempts > 0)
            cli_say(cli, "  (%d attempts)", "（已尝试 %d 次）", (int)notification->attempts);
        print_wait(cli, explained, notification);
        putchar('\n');
    }
}

/* When each of them hears, where that is not when the step fires. */
static void print_people(struct cli *cli, const struct config *config, const struct planned *planned)
{
    char when[MOMENT_TEXT_MAX];

    for (size_t k = 0; k < planned->n_to; k++) {
        printf("%s%s", k == 0 ? "  " : cli_in(cli, ", ", "、"), setup_person(config, planned->to[k]));
        if (planned->leaves[k] == INSTANT_NEVER)
            cli_say(cli, " (not told: quiet until after due)", "（不告知：静默到到期之后）");
        else if (planned->leaves[k] > planned->fires)
            cli_say(cli, " (quiet until %s)", "（静默至 %s）",
                    moment_format(planned->leaves[k], setup_zone(config), cli->chinese, when));
    }
    if (planned->n_to == 0)
        cli_say(cli, "  nobody", "  无人");
}

static void print_moved(struct cli *cli, const struct config *config, const struct planned *planned)
{
    char at[MOMENT_TEXT_MAX];

    moment_format(planned->at, setup_zone(config), cli->chinese, at);
    if (planned->fires < planned->at)
        cli_say(cli, "  pulled forward from %s: quiet from then until due", "  自 %s 提前：其后静默直到到期",
                at);
    else if (planned->fires > planned->at)
        cli_say(cli, "  held back from %s: the gap after the step before", "  自 %s 推迟：与上一台阶保持间隔",
                at);
}

static void print_planned(struct cli *cli, const struct explain_case *explained)
{
    const struct config *config = explained->snapshot->config;
    char when[MOMENT_TEXT_MAX];

    for (size_t i = 0; i < explained->n_planned; i++) {
        const struct planned *planned = &explained->planned[i];

        printf("  %s  ", moment_format(planned->fires, setup_zone(config), cli->chinese, when));
        if (planned->step == NULL) {
            cli_say(cli, "due: late from here on\n", "到期：此后即为逾期\n");
            continue;
        }
        printf("[%s]", planned->step->name);
        print_people(cli, config, planned);
        print_moved(cli, config, planned);
        putchar('\n');
    }
}

static void print_pause(struct cli *cli, const struct explain_case *explained)
{
    const struct engine *engine = explained->engine;
    const struct deadline *deadline = engine == NULL ? NULL : engine_deadline(engine, explained->id);
    char when[MOMENT_TEXT_MAX];

    if (deadline == NULL || deadline->pause_ends == INSTANT_NEVER)
        cli_say(cli, "  paused: waits to be resumed\n", "  暂停中：等待恢复\n");
    else
        cli_say(
            cli, "  paused: waits to be resumed, until %s at the latest (max_pause)\n",
            "  暂停中：等待恢复，最迟 %s 恢复计时（max_pause）\n",
            moment_format(deadline->pause_ends, setup_zone(explained->snapshot->config), cli->chinese, when));
}

static void print_next(struct cli *cli, const struct explain_case *explained)
{
    if (explained->open == NULL)
        return;
    cli_say(cli, "next\n", "接下来\n");
    print_planned(cli, explained);
    if (explained->open->state == DEADLINE_PAUSED)
        print_pause(cli, explained);
    else if (explained->n_planned == 0 && explained->open->state == DEADLINE_OVERDUE)
        cli_say(cli, "  no further step; it stays overdue until it is met\n",
                "  没有后续台阶；保持逾期，等待完成\n");
    else if (explained->n_planned == 0)
        cli_say(cli, "  nothing is planned\n", "  没有安排\n");
}

void explain_print(struct cli *cli, struct explain_case *explained)
{
    explain_print_head(cli, explained);
    explain_print_past(cli, explained);
    explain_print_next(cli, explained);
}

/* -- JSON -- */

static void json_records(struct json_writer *json, const struct explain_case *explained)
{
    json_key(json, "past");
    json_array(json);
    for (size_t i = 0; i < explained->n_records; i++) {
        const struct history_record *record = &explained->records[i];

        json_object(json);
        row_json_instant(json, "now", setup_zone(explained->snapshot->config), record->now);
        json_key_int(json, "commit", (int64_t)record->seq);
        for (size_t k = 0; k < record->fields.n; k++)
            json_key_text(json, record->fields.items[k].name, record->fields.items[k].value);
        json_object_end(json);
    }
    json_array_end(json);
}

static void json_next_steps(struct json_writer *json, const struct explain_case *explained)
{
    const struct zone *zone = setup_zone(explained->snapshot->config);

    json_key(json, "next");
    json_array(json);
    for (size_t i = 0; i < explained->n_planned; i++) {
        const struct planned *planned = &explained->planned[i];
        char text[INSTANT_TEXT_MAX];

        json_object(json);
        row_json_instant(json, "at", zone, planned->at);
        row_json_instant(json, "fires", zone, planned->fires);
        json_key_text(json, "step", planned->step == NULL ? NULL : planned->step->name);
        json_key(json, "to");
        json_array(json);
        for (size_t k = 0; k < planned->n_to; k++)
            json_text(json, planned->to[k]);
        json_array_end(json);
        json_key(json, "leaves");
        json_array(json);
        for (size_t k = 0; k < planned->n_to; k++)
            json_text(json, planned->leaves[k] == INSTANT_NEVER
                                ? "never"
                                : zone_format(zone, planned->leaves[k], text));
        json_array_end(json);
        json_object_end(json);
    }
    json_array_end(json);
}

static void json_closed(struct json_writer *json, const struct explain_case *explained)
{
    json_key_text(json, "id", explained->id);
    json_key_text(json, "stream", explained->snapshot->shard->stream);
    json_key_text(json, "state", explained->closing == NULL ? NULL : explained->closing->what);
    json_key_text(json, "rule", explained->rule_name);
    json_key_text(json, "identity", explained->identity);
    json_key_text(json, "owner", explained->owner);
    json_key_text(json, "department", explained->department);
    row_json_instant(json, "due", setup_zone(explained->snapshot->config), explained->due);
}

static void json_choice(struct json_writer *json, const struct explain_case *explained)
{
    struct buffer text;

    buffer_init(&text);
    explain_say_choice(explained, &text);
    json_key_text(json, "due_because", text.n > 0 ? buffer_text(&text) : NULL);
    buffer_finish(&text);
}

static void json_if_done(struct json_writer *json, const struct explain_case *explained)
{
    const struct snapshot *snapshot = explained->snapshot;
    enum closing how;
    struct buffer month;

    if (explained->open == NULL)
        return;
    how = engine_closing(explained->open, snapshot->now);
    buffer_init(&month);
    explain_say_month(explained, &month);
    json_key(json, "if_done_now");
    json_object(json);
    json_key_text(json, "state", closing_name(how));
    if (how == CLOSED_MET_LATE && explained->calendar != NULL)
        json_key_int(json, "late_working_ms",
                     calendar_working_ms(explained->calendar, explained->due, snapshot->now));
    json_key_text(json, "department", explained->department);
    json_key_text(json, "month", buffer_text(&month));
    json_object_end(json);
    buffer_finish(&month);
}

void explain_json(struct json_writer *json, struct explain_case *explained)
{
    const struct snapshot *snapshot = explained->snapshot;
    struct span_request request;
    instant counted;

    json_object(json);
    if (explained->open != NULL)
        row_json_members(json, snapshot, explained->open);
    else
        json_closed(json, explained);
    if (explain_case_count(explained, &request)) {
        json_key_text(json, "calendar", calendar_name(explained->calendar));
        json_key(json, "days");
        count_json(json, &request, &counted);
    }
    json_choice(json, explained);
    json_if_done(json, explained);
    json_records(json, explained);
    json_key(json, "notifications");
    json_array(json);
    for (size_t i = 0; i < snapshot->n_outbox; i++) {
        if (strcmp(snapshot->outbox[i]->deadline_id, explained->id) == 0)
            row_json_notification(json, setup_zone(snapshot->config), snapshot->outbox[i]);
    }
    json_array_end(json);
    json_next_steps(json, explained);
    json_object_end(json);
}
