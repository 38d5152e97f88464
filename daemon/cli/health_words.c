/* What the owner of a stream says of its health (core/health.h), as warnings of `cuibanctl status`. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/status_text.h"
#include "core/health.h"
#include "core/json_members.h"

/* What follows the stream's or the channel's name. */
static const struct {
    const char *english, *chinese;
} words[HEALTH_CODES] = {
    [HEALTH_STOPPED] = {"the stream is stopped for good", "事件流已彻底停止"},
    [HEALTH_UNREACHABLE] = {"the daemon has no answer from Redis", "守护进程得不到 Redis 的应答"},
    [HEALTH_UNSERVED] = {"the stream is not served", "事件流未被服务"},
    [HEALTH_UNOWNED] = {"the stream is owned by nobody", "事件流无人服务"},
    [HEALTH_UNREAD] = {"events cannot be read", "无法读取事件"},
    [HEALTH_UNCOMMITTED] = {"nothing can be committed", "无法提交"},
    [HEALTH_UNRENEWED] = {"the lease is not renewed", "租约无法续期"},
    [HEALTH_UNCLAIMED] = {"messages cannot be claimed, so none leaves", "消息无法登记，因此一条也发不出"},
    [HEALTH_HELD] = {"firing is held", "已暂停触发"},
    [HEALTH_BEHIND] = {"nothing fires until the events that wait are applied",
                       "积压的事件处理完之前不触发任何步骤"},
    [HEALTH_MISCONFIGURED] = {"channel misconfigured", "渠道配置有误"},
};

struct draft {
    char *code, *about, *detail;
    int64_t for_ms;
};

static bool read_member(struct draft *draft, struct json_scanner *scanner)
{
    const struct json_member members[] = {
        {"code", .text = &draft->code},
        {"about", .text = &draft->about},
        {"detail", .text = &draft->detail},
        {"for_ms", .number = &draft->for_ms},
    };
    int read = json_read_member(scanner, NULL, members, sizeof(members) / sizeof(members[0]));

    return read > 0 || (read == 0 && json_skip(scanner));
}

static void warn_of(const struct cli *cli, struct status *status, const struct draft *draft)
{
    enum health_code code;
    char age[32] = "";
    const char *name = draft->about ? draft->about : "";
    const char *detail = draft->detail ? draft->detail : "";
    bool of_channel;

    if (!draft->code || !health_code_parse(draft->code, &code) || words[code].english == NULL)
        return; /* of a later version, or what status sees for itself */
    of_channel = code == HEALTH_MISCONFIGURED;
    if (draft->for_ms > 0)
        snprintf(age, sizeof(age), cli_in(cli, ", for %" PRId64 " s", "，已 %" PRId64 " 秒"),
                 draft->for_ms / 1000);
    status_add_warning(cli, status, "%s%s%s%s%s%s", "%s%s%s%s%s%s",
                       cli_in(cli, words[code].english, words[code].chinese), of_channel ? " " : "",
                       of_channel ? name : "", age, *detail == '\0' ? "" : cli_in(cli, ": ", "："), detail);
}

static bool read_reason(const struct cli *cli, struct status *status, struct json_scanner *scanner)
{
    struct draft draft = {0};
    bool ok = true;
    enum json_token token;

    while (ok && (token = json_next(scanner)) != JSON_OBJECT_END)
        ok = token == JSON_KEY && read_member(&draft, scanner);
    if (ok)
        warn_of(cli, status, &draft);
    free(draft.code);
    free(draft.about);
    free(draft.detail);
    return ok;
}

struct reading {
    const struct cli *cli;
    struct status *status;
};

static bool read_part(void *data, struct json_scanner *scanner)
{
    struct reading *reading = data;
    bool ok = true;

    if (strcmp(json_value(scanner), "reasons") != 0)
        return json_skip(scanner);
    if (json_next(scanner) != JSON_ARRAY)
        return false;
    while (ok) {
        enum json_token token = json_next(scanner);

        if (token == JSON_ARRAY_END)
            break;
        ok = token == JSON_OBJECT && read_reason(reading->cli, reading->status, scanner);
    }
    return ok;
}

void status_warn_of_health(const struct cli *cli, struct status *status)
{
    struct reading reading = {cli, status};

    /* A text that cannot be read says nothing: it is another version's. */
    (void)json_read_object(buffer_text(&status->health), status->health.n, read_part, &reading);
}
