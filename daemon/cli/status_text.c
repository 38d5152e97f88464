#include "cli/status_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "cli/moment.h"
#include "cli/table.h"
#include "core/deadline.h"
#include "core/notification.h"
#include "store/clock.h"

#define warn status_add_warning

void status_add_warning(const struct cli *cli, struct status *status, const char *english,
                        const char *chinese, ...)
{
    va_list list;

    if (status->n_warnings == STATUS_WARNINGS_MAX)
        return;
    va_start(list, chinese);
    vsnprintf(status->warnings[status->n_warnings++], sizeof(status->warnings[0]),
              cli_in(cli, english, chinese), list);
    va_end(list);
}

static void warn_of_server(const struct cli *cli, struct status *status)
{
    const struct query_server *server = &status->server;

    if (!server->appendonly)
        warn(cli, status, "Redis has appendonly off: a crash of Redis loses what it has not saved",
             "Redis 未开启 appendonly：Redis 崩溃会丢失尚未保存的数据");
    if (strcmp(server->maxmemory_policy, "noeviction") != 0)
        warn(cli, status, "maxmemory-policy is %s: the daemon refuses to run unless it is noeviction",
             "maxmemory-policy 为 %s：须为 noeviction，否则守护进程拒绝运行", server->maxmemory_policy);
    if (server->max_bytes > 0 && server->used_bytes >= server->max_bytes)
        warn(cli, status, "Redis is out of memory (maxmemory): nothing can be written",
             "Redis 内存已满（maxmemory）：无法写入");
    else if (server->max_bytes > 0 && server->used_bytes > server->max_bytes / 10 * 9)
        warn(cli, status, "Redis uses more than 90%% of its maxmemory", "Redis 已使用超过 90%% 的 maxmemory");
    if (strcmp(server->role, "master") != 0)
        warn(cli, status, "this Redis is a %s: nothing can be written here", "这个 Redis 是 %s：无法写入",
             server->role);
}

static void warn_of_channels(const struct cli *cli, struct status *status)
{
    for (size_t i = 0; i < status->n_channels; i++) {
        const struct status_channel *channel = &status->channels[i];

        if (channel->deaths >= NOTIFICATION_DEATHS_CUT)
            warn(cli, status,
                 "the daemon died %d times while channel %s worked on notification %s alone: the channel is "
                 "cut "
                 "out for a while; at %d deaths the notification is given up",
                 "渠道 %2$s 只在处理通知 %3$s 时守护进程崩溃了 %1$d 次：渠道暂停使用一段时间；满 %4$d "
                 "次即放弃该通知",
                 (int)channel->deaths, channel->name, channel->killer, (int)NOTIFICATION_DEATHS_MAX);
    }
}

void status_warn(const struct cli *cli, const struct zone *zone, struct status *status)
{
    char at[MOMENT_TEXT_MAX];

    warn_of_server(cli, status);
    status_warn_of_health(cli, status);
    if (!status->started)
        warn(cli, status, "no daemon has ever served this stream", "还没有守护进程服务过此事件流");
    else if (!status->held)
        warn(cli, status, "nobody holds the lease: no daemon is running for this stream",
             "无人持有租约：没有守护进程在服务此事件流");
    bool is_told = strstr(buffer_text(&status->health), "\"code\":\"held\"") != NULL;
    if (status->started && !is_told && status->head.clock - status->server.now > CLOCK_DISAGREE_MS)
        warn(cli, status,
             "the last commit is stamped %s after Redis' clock: nothing fires until that time; if Redis is "
             "right: "
             "cuibanctl clock accept",
             "上次提交的时间比 Redis 的时钟晚 %s：在此之前不会触发任何步骤；若 Redis 的时间正确：cuibanctl "
             "clock accept",
             moment_format_length(status->head.clock - status->server.now, cli->chinese, at));
    if (status->started && status->head.begun != status->head.seq)
        warn(cli, status, "commit %" PRIu64 " broke off in the middle: the shard is stopped",
             "提交 %" PRIu64 " 中途断开：此分片已停止", status->head.begun);
    if (*status->rules_on_disk == '\0')
        warn(cli, status, "the files on disk have errors: a reload would be refused",
             "磁盘上的文件有错误：reload 会被拒绝");
    else if (status->started && strcmp(status->head.rules, status->rules_on_disk) != 0)
        warn(cli, status,
             "running rules %.4s, on disk %.4s: changed, not reloaded (cuibanctl plan, then systemctl reload "
             "cuiban)",
             "运行中的规则 %.4s，磁盘上 %.4s：已修改，尚未生效（先 cuibanctl plan，再 systemctl reload "
             "cuiban）",
             status->head.rules, status->rules_on_disk);
    if (status->head.refused.errors > 0)
        warn(cli, status, "the reload at %s was refused, %d errors (cuibanctl plan or check tells them): %s",
             "%s 的 reload 被拒绝，%d 处错误（用 cuibanctl plan 或 check 看原因）：%s",
             moment_format(status->head.refused.at, zone, cli->chinese, at), (int)status->head.refused.errors,
             status->head.refused.why);
    if (status->head.takes >= 3)
        warn(cli, status, "the lease was taken %d times without a commit: the daemon keeps dying%s%s",
             "租约被取得 %d 次而没有任何提交：守护进程反复崩溃%s%s", status->head.takes,
             status->head.trying[0] == '\0' ? "" : " @ ", status->head.trying);
    warn_of_channels(cli, status);
    if (!status->events.exists)
        warn(cli, status, "the stream does not exist yet: nothing was ever sent",
             "事件流尚不存在：还没有发送过任何事件");
    if (status->warned > 0)
        warn(cli, status,
             "%zu dues within 60 days depend on days that no calendar covers yet: type the notice into the "
             "calendar, then reload",
             "60天内有 %zu 个期限取决于日历尚未包含的日期：请把放假通知补进日历后 reload", status->warned);
    if (status->silent > 0)
        warn(cli, status,
             "%zu deadlines have slipped and nobody besides the owner could be told (cuibanctl list "
             "silent=yes; "
             "cuibanctl check says why)",
             "有 %zu 项已逾期，而除责任人外无人可告知（cuibanctl list silent=yes 可查看，cuibanctl check "
             "说明原因）",
             status->silent);
    if (status->damaged > 0)
        warn(cli, status, "%zu entries of the durable state cannot be read", "有 %zu 条持久状态无法读取",
             status->damaged);
}

static void print_owner(const struct cli *cli, const struct status *status)
{
    char left[MOMENT_TEXT_MAX];

    if (status->held)
        cli_say(cli, "  held by     %s, lease %s more\n", "  持有者      %s，租约还有 %s\n", status->holder,
                moment_format_length(status->lease_ms, cli->chinese, left));
    else
        cli_say(cli, "  held by     nobody\n", "  持有者      无\n");
}

static void print_head(const struct cli *cli, const struct zone *zone, const struct status *status)
{
    char cursor[STREAM_ID_TEXT_MAX], clock[MOMENT_TEXT_MAX], age[MOMENT_TEXT_MAX];

    if (!status->started)
        return;
    cli_say(cli, "  commit      %" PRIu64 ", at %s\n", "  提交        %" PRIu64 "，%s\n", status->head.seq,
            moment_format(status->head.clock, zone, cli->chinese, clock));
    cli_say(cli, "  cursor      %s\n", "  位置        %s\n", stream_id_format(status->head.cursor, cursor));
    if (status->unread == 0)
        cli_say(cli, "  unread      0\n", "  未读        0\n");
    else
        cli_say(cli, "  unread      %zu%s, the oldest %s old\n", "  未读        %zu%s，最旧的已等待 %s\n",
                status->unread, status->unread == STATUS_UNREAD_MAX ? "+" : "",
                moment_format_length(status->server.now - status->oldest_unread, cli->chinese, age));
    if (strcmp(status->head.rules, status->rules_on_disk) == 0)
        cli_say(cli, "  rules       %s\n", "  规则        %s\n", status->head.rules);
    else
        cli_say(cli, "  rules       %s; on disk %s\n", "  规则        %s；磁盘上 %s\n", status->head.rules,
                *status->rules_on_disk == '\0' ? cli_in(cli, "with errors", "有错误")
                                               : status->rules_on_disk);
}

static void print_channels(const struct cli *cli, const struct status *status)
{
    static const char *const english[] = {"  CHANNEL", ">QUEUED", ">CLAIMED", ">HELD"};
    static const char *const in_chinese[] = {"  渠道", ">排队", ">发送中", ">搁置"};
    struct table table;

    if (status->n_channels == 0)
        return;
    table_init(&table, 4, cli->chinese ? in_chinese : english);
    for (size_t i = 0; i < status->n_channels; i++) {
        const struct status_channel *channel = &status->channels[i];

        table_addf(&table, "  %s", channel->name);
        table_addf(&table, "%zu", channel->counts[NOTIFICATION_QUEUED]);
        table_addf(&table, "%zu", channel->counts[NOTIFICATION_CLAIMED]);
        table_addf(&table, "%zu", channel->counts[NOTIFICATION_HELD]);
    }
    table_print(&table, stdout);
    table_finish(&table);
}

void status_print(const struct cli *cli, const struct zone *zone, const struct status *status)
{
    cli_print("%s  (Redis %s, %s)\n", status->stream, status->server.version, status->server.role);
    print_owner(cli, status);
    print_head(cli, zone, status);
    cli_say(cli, "  deadlines   %zu open, %zu overdue, %zu paused, %zu sleeping\n",
            "  期限        进行中 %zu，逾期 %zu，暂停 %zu，未开始 %zu\n", status->deadlines[DEADLINE_OPEN],
            status->deadlines[DEADLINE_OVERDUE], status->deadlines[DEADLINE_PAUSED],
            status->deadlines[DEADLINE_SLEEPING]);
    if (status->provisional > 0)
        cli_say(cli, "  provisional %zu (cuibanctl list provisional=yes)\n",
                "  暂定        %zu（cuibanctl list provisional=yes 可查看）\n", status->provisional);
    cli_say(cli, "  dead        %" PRIu64 "\n", "  死信        %" PRIu64 "\n", status->dead);
    print_channels(cli, status);
    for (size_t i = 0; i < status->n_warnings; i++)
        cli_print("  ! %s\n", status->warnings[i]);
}

static void json_head(struct json_writer *json, const struct status *status)
{
    char cursor[STREAM_ID_TEXT_MAX], clock[INSTANT_TEXT_MAX];

    json_key_int(json, "seq", (int64_t)status->head.seq);
    json_key_int(json, "begun", (int64_t)status->head.begun);
    json_key_text(json, "cursor", stream_id_format(status->head.cursor, cursor));
    if (status->head.clock > 0)
        json_key_text(json, "clock", instant_format_utc(status->head.clock, clock));
    json_key_text(json, "rules", status->head.rules);
    json_key_int(json, "takes", status->head.takes);
    if (status->head.trying[0] != '\0')
        json_key_text(json, "trying", status->head.trying);
    json_key_int(json, "unread", (int64_t)status->unread);
    if (status->unread > 0)
        json_key_int(json, "lag_ms", status->server.now - status->oldest_unread);
}

static void json_counts(struct json_writer *json, const struct status *status)
{
    json_key(json, "deadlines");
    json_object(json);
    for (int i = DEADLINE_SLEEPING; i <= DEADLINE_PAUSED; i++)
        json_key_int(json, deadline_state_name((enum deadline_state)i), (int64_t)status->deadlines[i]);
    json_object_end(json);
    json_key_int(json, "provisional", (int64_t)status->provisional);
    json_key_int(json, "provisional_near", (int64_t)status->warned);
    json_key_int(json, "silent", (int64_t)status->silent);
    json_key(json, "outbox");
    json_object(json);
    for (size_t c = 0; c < status->n_channels; c++) {
        json_key(json, status->channels[c].name);
        json_object(json);
        for (int i = NOTIFICATION_QUEUED; i <= NOTIFICATION_HELD; i++)
            json_key_int(json, notification_state_name((enum notification_state)i),
                         (int64_t)status->channels[c].counts[i]);
        json_object_end(json);
    }
    json_object_end(json);
}

static void json_refusal(struct json_writer *json, const struct query_refusal *refusal)
{
    char at[INSTANT_TEXT_MAX];

    json_key(json, "reload_failed");
    json_object(json);
    json_key_text(json, "at", instant_format_utc(refusal->at, at));
    json_key_int(json, "errors", refusal->errors);
    json_key_text(json, "why", refusal->why);
    json_object_end(json);
}

void status_json(struct json_writer *json, const struct status *status)
{
    json_object(json);
    json_key_text(json, "stream", status->stream);
    json_key_text(json, "redis", status->server.version);
    json_key_bool(json, "started", status->started);
    json_key_text(json, "holder", status->held ? status->holder : NULL);
    if (status->held)
        json_key_int(json, "lease_ms", status->lease_ms);
    if (status->started)
        json_head(json, status);
    json_key_text(json, "rules_on_disk", *status->rules_on_disk == '\0' ? NULL : status->rules_on_disk);
    if (status->head.refused.errors > 0)
        json_refusal(json, &status->head.refused);
    json_counts(json, status);
    json_key_int(json, "dead", (int64_t)status->dead);
    if (status->health.n > 0) {
        json_key(json, "health");
        json_raw(json, buffer_text(&status->health));
    }
    json_key(json, "warnings");
    json_array(json);
    for (size_t i = 0; i < status->n_warnings; i++)
        json_text(json, status->warnings[i]);
    json_array_end(json);
    json_object_end(json);
}
