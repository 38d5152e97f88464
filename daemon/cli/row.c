#include "cli/row.h"

#include <string.h>

#include "cli/moment.h"
#include "core/lateness.h"

const char *row_state(const struct cli *cli, enum deadline_state state)
{
    static const char *const in_chinese[] = {"未开始", "进行中", "逾期", "暂停"};

    return cli->chinese ? in_chinese[state] : deadline_state_name(state);
}

const char *row_notification(const struct cli *cli, enum notification_state state)
{
    static const char *const in_chinese[] = {"排队", "发送中", "搁置"};

    return cli->chinese ? in_chinese[state] : notification_state_name(state);
}

const char *row_use(const struct cli *cli, enum rule_use use)
{
    static const char *const english[] = {
        [USE_OPEN] = "opens",     [USE_MEET] = "meets",     [USE_CANCEL] = "cancels", [USE_PAUSE] = "pauses",
        [USE_RESUME] = "resumes", [USE_CHANGE] = "changes", [USE_REOPEN] = "reopens"};
    static const char *const chinese[] = {
        [USE_OPEN] = "打开",   [USE_MEET] = "完成",   [USE_CANCEL] = "取消",    [USE_PAUSE] = "暂停",
        [USE_RESUME] = "恢复", [USE_CHANGE] = "变更", [USE_REOPEN] = "退回重开"};

    return cli_in(cli, english[use], chinese[use]);
}

const char *row_phase(const struct cli *cli, const char *phase)
{
    static const char *const names[][2] = {{"asked", "请办"},
                                           {"reminder", "提醒"},
                                           {"overdue", "跟催"},
                                           {"escalation", "升级"},
                                           {"closed", "结束"}};

    for (size_t i = 0; cli->chinese && phase != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i][0], phase) == 0)
            return names[i][1];
    }
    return phase;
}

void row_distance(struct buffer *out, const struct snapshot *snapshot, const struct deadline *deadline)
{
    const struct cli *cli = snapshot->cli;
    char text[MOMENT_TEXT_MAX];

    if (deadline->due == INSTANT_NONE || deadline->due == INSTANT_NEVER)
        return;
    if (deadline->state == DEADLINE_OVERDUE && snapshot->now > deadline->due) {
        const struct calendar *calendar = snapshot_calendar(snapshot->config, deadline);
        lateness_say(out, cli->chinese, calendar, lateness_of(calendar, deadline->due, snapshot->now), false);
    } else if (deadline->state == DEADLINE_OPEN) {
        buffer_printf(out, cli_in(cli, "%s left", "还有 %s"),
                      moment_format_length(deadline->due - snapshot->now, cli->chinese, text));
    }
}

void row_table_init(const struct cli *cli, struct table *table)
{
    static const char *const english[] = {"ID", "STATE", "DUE", "", "OWNER", "DEPARTMENT", "WHAT", "CASE"};
    static const char *const in_chinese[] = {"编号", "状态", "到期", "", "责任人", "部门", "事项", "对象"};

    table_init(table, 8, cli->chinese ? in_chinese : english);
}

void row_table(struct table *table, const struct snapshot *snapshot, const struct deadline *deadline)
{
    const struct config *config = snapshot->config;
    char due[MOMENT_TEXT_MAX];
    struct buffer text;

    table_add(table, deadline->id);
    table_addf(table, "%s%s", row_state(snapshot->cli, deadline->state),
               deadline->reopened[0] ? cli_in(snapshot->cli, " again", "（退回）") : "");
    table_addf(table, "%s%s", moment_format(deadline->due, setup_zone(config), snapshot->cli->chinese, due),
               deadline->provisional ? cli_in(snapshot->cli, " provisional", "（暂定）") : "");
    buffer_init(&text);
    row_distance(&text, snapshot, deadline);
    table_add(table, buffer_text(&text));
    table_add(table, setup_person(config, deadline->owner));
    table_add(table, setup_department(config, deadline->department));
    table_add(table, deadline->rule->summary);
    buffer_clear(&text);
    snapshot_about(deadline->rule, &deadline->fields, &text);
    table_add(table, buffer_text(&text));
    buffer_finish(&text);
}

void row_json_instant(struct json_writer *json, const char *key, const struct zone *zone, instant at)
{
    char text[INSTANT_TEXT_MAX];

    if (at != INSTANT_NONE && at != INSTANT_NEVER)
        json_key_text(json, key, zone_format(zone, at, text));
}

static void told_json(struct json_writer *json, const struct zone *zone, const struct deadline *deadline)
{
    json_key(json, "told");
    json_array(json);
    for (size_t i = 0; i < deadline->n_told; i++) {
        const struct told *told = &deadline->told[i];

        json_object(json);
        json_key_text(json, "person", told->person);
        json_key_text(json, "phase", phase_name(told->phase));
        row_json_instant(json, "at", zone, told->at);
        json_object_end(json);
    }
    json_array_end(json);
    json_key(json, "acknowledged");
    json_array(json);
    for (size_t i = 0; i < deadline->n_acks; i++) {
        json_object(json);
        json_key_text(json, "person", deadline->acks[i].person);
        row_json_instant(json, "until", zone, deadline->acks[i].until);
        json_object_end(json);
    }
    json_array_end(json);
}

static void progress_json(struct json_writer *json, const struct deadline *deadline)
{
    const struct selector *all = rule_all(deadline->rule);

    for (int came = 1; all != NULL && came >= 0; came--) {
        json_key(json, came ? "came" : "missing");
        json_array(json);
        for (size_t i = 0; i < all->on.n; i++) {
            if (deadline_has_come(deadline, i) == (came == 1))
                json_text(json, all->on.items[i]);
        }
        json_array_end(json);
    }
}

void row_json_members(struct json_writer *json, const struct snapshot *snapshot,
                      const struct deadline *deadline)
{
    const struct zone *zone = setup_zone(snapshot->config);
    char event[STREAM_ID_TEXT_MAX];
    struct buffer about;

    json_key_text(json, "id", deadline->id);
    json_key_text(json, "stream", snapshot->shard->stream);
    json_key_text(json, "state", deadline_state_name(deadline->state));
    json_key_text(json, "rule", deadline->rule->name);
    json_key_text(json, "version", deadline->rule->fingerprint);
    json_key_text(json, "summary", deadline->rule->summary);
    buffer_init(&about);
    snapshot_about(deadline->rule, &deadline->fields, &about);
    json_key_text(json, "about", buffer_text(&about));
    buffer_finish(&about);
    json_key_text(json, "owner", deadline->owner);
    json_key_text(json, "department", deadline->department);
    row_json_instant(json, "due", zone, deadline->due);
    row_json_instant(json, "opened", zone, deadline->opened);
    row_json_instant(json, "received", zone, deadline->received);
    json_key_text(json, "event", deadline->event.ms > 0 ? stream_id_format(deadline->event, event) : NULL);
    json_key_bool(json, "late_event", deadline->late_event);
    json_key_bool(json, "extended", deadline->extended);
    json_key_bool(json, "provisional", deadline->provisional);
    if (deadline->is_silent)
        json_key_bool(json, "silent", true);
    json_key_text(json, "reopened", deadline->reopened[0] ? deadline->reopened : NULL);
    json_key_text(json, "after", deadline->after[0] ? deadline->after : NULL);
    progress_json(json, deadline);
    json_key(json, "fields");
    json_object(json);
    for (size_t i = 0; i < deadline->fields.n; i++)
        json_key_text(json, deadline->fields.items[i].name, deadline->fields.items[i].value);
    json_object_end(json);
    told_json(json, zone, deadline);
}

void row_json(struct json_writer *json, const struct snapshot *snapshot, const struct deadline *deadline)
{
    json_object(json);
    row_json_members(json, snapshot, deadline);
    json_object_end(json);
}

void row_json_notification(struct json_writer *json, const struct zone *zone,
                           const struct notification *notification)
{
    json_object(json);
    json_key_text(json, "id", notification->id);
    json_key_text(json, "state", notification_state_name(notification->state));
    json_key_text(json, "phase", phase_name(notification->phase));
    json_key_text(json, "step", notification->step);
    json_key_text(json, "to", notification->to);
    json_key_text(json, "on_behalf", notification->on_behalf);
    json_key_text(json, "channel", notification->channel);
    json_key_bool(json, "copy", notification->copy);
    json_key_int(json, "attempts", notification->attempts);
    row_json_instant(json, "queued", zone, notification->queued);
    row_json_instant(json, "not_before", zone, notification->not_before);
    row_json_instant(json, "expires", zone, notification->expires);
    json_object_end(json);
}
