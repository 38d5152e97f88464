#include "cli/verbs.h"

#include <string.h>

#include "cli/moment.h"
#include "cli/row.h"

static void print_line(const struct cli *cli, const char *english, const char *in_chinese, const char *text)
{
    char label[64];
    const char *name = cli->chinese ? in_chinese : english;

    snprintf(label, sizeof(label), "%s", name);
    /* Both languages' labels fit into 12 columns; a Chinese character of 3 bytes takes 2. */
    cli_print("  %s%*s%s\n", label, (int)(cli->chinese ? 12 - strlen(name) * 2 / 3 : 12 - strlen(name)), "",
              text);
}

static void print_moment(const struct snapshot *snapshot, const char *english, const char *in_chinese,
                         instant at)
{
    char text[MOMENT_TEXT_MAX];

    if (at != INSTANT_NONE && at != INSTANT_NEVER)
        print_line(snapshot->cli, english, in_chinese,
                   moment_format(at, setup_zone(snapshot->config), snapshot->cli->chinese, text));
}

static void print_person(const struct snapshot *snapshot, const char *english, const char *in_chinese,
                         const char *id)
{
    const char *name = setup_person(snapshot->config, id);
    struct buffer text;

    buffer_init(&text);
    buffer_printf(&text, strcmp(name, id) == 0 || *id == '\0' ? "%s" : "%s (%s)", name, id);
    print_line(snapshot->cli, english, in_chinese, buffer_text(&text));
    buffer_finish(&text);
}

/* Of `meet.all`; in the catalogue's words where it has some. */
static void print_missing(const struct snapshot *snapshot, const struct deadline *deadline)
{
    const struct selector *all = rule_all(deadline->rule);
    struct buffer text;

    buffer_init(&text);
    for (size_t i = 0; all != NULL && i < all->on.n; i++) {
        const struct catalogue_event *event = catalogue_find(&snapshot->config->catalogue, all->on.items[i]);

        if (deadline_has_come(deadline, i))
            continue;
        buffer_printf(&text, "%s%s", text.n == 0 ? "" : cli_in(snapshot->cli, ", ", "、"), all->on.items[i]);
        if (event != NULL && *event->summary != '\0')
            buffer_printf(&text, cli_in(snapshot->cli, " (%s)", "（%s）"), event->summary);
    }
    if (text.n > 0)
        print_line(snapshot->cli, "missing", "还缺", buffer_text(&text));
    buffer_finish(&text);
}

static bool print_fields(const struct snapshot *snapshot, const struct deadline *deadline)
{
    static const char *const english[] = {"FIELD", "VALUE"}, *const in_chinese[] = {"字段", "值"};
    struct table table;
    bool printed = true;

    table_init(&table, 2, snapshot->cli->chinese ? in_chinese : english);
    for (size_t i = 0; i < deadline->fields.n; i++) {
        table_add(&table, deadline->fields.items[i].name);
        table_add(&table, deadline->fields.items[i].value);
    }
    putchar('\n');
    printed = table_print(&table, stdout);
    table_finish(&table);
    return printed;
}

static bool print_outbox(const struct snapshot *snapshot, const struct deadline *deadline)
{
    static const char *const english[] = {"NOTIFICATION", "STATE",     "PHASE",     "TO",
                                          "CHANNEL",      ">ATTEMPTS", "NOT BEFORE"};
    static const char *const in_chinese[] = {"通知", "状态", "阶段", "收件人", "渠道", ">尝试", "不早于"};
    const struct cli *cli = snapshot->cli;
    char text[MOMENT_TEXT_MAX];
    struct table table;
    bool printed = true;

    table_init(&table, 7, cli->chinese ? in_chinese : english);
    for (size_t i = 0; i < snapshot->n_outbox; i++) {
        const struct notification *notification = snapshot->outbox[i];

        if (strcmp(notification->deadline_id, deadline->id) != 0)
            continue;
        table_add(&table, notification->id);
        table_add(&table, notification_state_name(notification->state));
        table_add(&table, row_phase(cli, phase_name(notification->phase)));
        table_add(&table, setup_person(snapshot->config, notification->to));
        table_add(&table, notification->channel);
        table_addf(&table, "%d", (int)notification->attempts);
        table_add(&table,
                  moment_format(notification->not_before, setup_zone(snapshot->config), cli->chinese, text));
    }
    if (table_rows(&table) > 0) {
        putchar('\n');
        printed = table_print(&table, stdout);
    }
    table_finish(&table);
    return printed;
}

static bool print_told(const struct snapshot *snapshot, const struct deadline *deadline)
{
    static const char *const english[] = {"TOLD", "PHASE", "WHEN", "ACKNOWLEDGED"};
    static const char *const in_chinese[] = {"已告知", "阶段", "时间", "已知悉"};
    const struct cli *cli = snapshot->cli;
    char text[MOMENT_TEXT_MAX];
    struct table table;
    bool printed = true;

    table_init(&table, 4, cli->chinese ? in_chinese : english);
    for (size_t i = 0; i < deadline->n_told; i++) {
        const struct told *told = &deadline->told[i];

        table_add(&table, setup_person(snapshot->config, told->person));
        table_add(&table, row_phase(cli, phase_name(told->phase)));
        table_add(&table, moment_format(told->at, setup_zone(snapshot->config), cli->chinese, text));
        table_add(&table,
                  deadline_is_acked(deadline, told->person, snapshot->now) ? cli_in(cli, "yes", "是") : "");
    }
    if (table_rows(&table) > 0) {
        putchar('\n');
        printed = table_print(&table, stdout);
    }
    table_finish(&table);
    return printed;
}

static enum cli_status show_people(const struct snapshot *snapshot, const struct deadline *deadline)
{
    const struct cli *cli = snapshot->cli;
    const struct rule *rule = deadline->rule;
    char event[STREAM_ID_TEXT_MAX];
    struct buffer text;
    bool printed;

    buffer_init(&text);
    snapshot_about(rule, &deadline->fields, &text);
    cli_print("%s  %s  %s", deadline->id, rule->summary, buffer_text(&text));
    buffer_clear(&text);
    row_distance(&text, snapshot, deadline);
    cli_print("  %s  %s\n", row_state(cli, deadline->state), buffer_text(&text));
    print_person(snapshot, "owner", "责任人", deadline->owner);
    print_line(cli, "department", "部门", setup_department(snapshot->config, deadline->department));
    if (*rule->done != '\0')
        print_line(cli, "done when", "完成标准", rule->done);
    print_moment(snapshot, "due", "到期", deadline->due);
    if (deadline->provisional)
        print_line(cli, "provisional", "暂定",
                   cli_in(cli, "due depends on dates that the calendar does not cover yet",
                          "到期取决于日历尚未包含的日期"));
    print_moment(snapshot, "opened", "打开", deadline->opened);
    if (deadline->reopened[0] != '\0')
        print_line(cli, "sent back", "退回自", deadline->reopened);
    print_missing(snapshot, deadline);
    if (deadline->after[0] != '\0')
        print_line(cli, "after", "接续", deadline->after);
    print_moment(snapshot, "sleeps to", "开始",
                 deadline->state == DEADLINE_SLEEPING ? deadline->wake : INSTANT_NONE);
    buffer_clear(&text);
    buffer_printf(&text, "%s  %s:%d  %s", rule->name, cli_short_path(rule->file), rule->line,
                  rule->fingerprint);
    print_line(cli, "rule", "规则", buffer_text(&text));
    print_line(cli, "event", "事件",
               deadline->event.ms > 0 ? stream_id_format(deadline->event, event) : "by the clock 定时");
    buffer_finish(&text);
    printed = print_fields(snapshot, deadline) && print_told(snapshot, deadline) &&
              print_outbox(snapshot, deadline);
    return printed ? CLI_OK : cli_fail(cli, "out of memory", "内存不足");
}

static enum cli_status show_json(const struct snapshot *snapshot, const struct deadline *deadline)
{
    struct json_writer json;
    struct buffer out;

    buffer_init(&out);
    json_begin(&json, &out);
    json_object(&json);
    row_json_members(&json, snapshot, deadline);
    json_key(&json, "notifications");
    json_array(&json);
    for (size_t i = 0; i < snapshot->n_outbox; i++) {
        if (strcmp(snapshot->outbox[i]->deadline_id, deadline->id) == 0)
            row_json_notification(&json, setup_zone(snapshot->config), snapshot->outbox[i]);
    }
    json_array_end(&json);
    json_object_end(&json);
    return cli_print_json(snapshot->cli, &out, CLI_OK);
}

struct showing {
    struct arena *arena;
    struct setup_fields fields;
    size_t n;
};

/* By number, or all that a rule and its key name. */
static bool is_wanted(const struct cli *cli, const struct showing *showing, const struct deadline *deadline)
{
    const char *first = cli->arguments.words[0];

    if (cli->arguments.n == 1)
        return snapshot_names(deadline->id, first);
    return snapshot_is_case(deadline, first, &showing->fields.given);
}

static enum cli_status show_shard(struct cli *cli, const struct config *config,
                                  const struct shard_view *shard, struct showing *showing)
{
    struct snapshot snapshot;
    enum cli_status status = snapshot_load(cli, config, shard, &snapshot);

    for (size_t i = 0; i < snapshot.n_deadlines && status == CLI_OK; i++) {
        const struct deadline *deadline = snapshot.deadlines[i];

        if (!is_wanted(cli, showing, deadline))
            continue;
        if (showing->n++ > 0 && !cli->json)
            putchar('\n');
        status = cli->json ? show_json(&snapshot, deadline) : show_people(&snapshot, deadline);
    }
    snapshot_finish(&snapshot);
    return status;
}

enum cli_status verb_show(struct cli *cli)
{
    struct showing showing = {.arena = arena_create()};
    struct config *config = NULL;
    struct shards shards = {0};
    const char *first = cli->arguments.words[0];
    enum cli_status status = showing.arena == NULL
                                 ? cli_fail(cli, "out of memory", "内存不足")
                                 : setup_read_fields(cli, showing.arena, 1, &showing.fields);

    if (status == CLI_OK)
        status = setup_load_look(cli, &config);
    if (status == CLI_OK)
        status = setup_shards(cli, config, &shards);
    for (size_t i = 0; i < shards.n && status == CLI_OK; i++)
        status = show_shard(cli, config, &shards.items[i], &showing);
    if (status == CLI_OK && showing.n == 0) {
        cli_warn(cli, "%s is not open; cuibanctl explain tells how it ended",
                 "%s 不在进行中；cuibanctl explain 可查看它如何结束", first);
        status = CLI_FINDING;
    }
    setup_shards_close(&shards);
    config_unload(config);
    arena_destroy(showing.arena);
    return status;
}
