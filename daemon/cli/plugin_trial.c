#include "cli/plugin_trial.h"

#include <string.h>

#include "cli/setup.h"
#include "core/arena.h"
#include "delivery/plugin_host.h"

/* What may happen to a request, and what its verdict must not be. Mails and files have no HTTP answer. */
static const struct fate {
    const char *english, *chinese;
    int transport, sent;
    long status;
    const char *body;
    bool is_answer; /* somebody answered, but not the vendor */
} fates[] = {
    {"HTTP 200 \"ok\" of a relay", "中继回答 HTTP 200 \"ok\"", 0, 1, 200, "ok", true},
    {"HTTP 200 and a page", "HTTP 200 与网页", 0, 1, 200, "<html></html>", true},
    {"HTTP 202, empty", "HTTP 202，空", 0, 1, 202, "", true},
    {"sent, no answer in time", "已发出，超时无回答", 28, 1, 0, "", false},
    {"sent, closed without answer", "已发出，未答即断开", 52, 1, 0, "", false},
    {"not connected", "未能连接", 7, 0, 0, "", false},
};

struct plugin_judging {
    struct cli *cli;
    const struct plugin_channel *channel;
    enum cuiban_request_kind kind;
    struct json_writer *json;
    bool has_finding;
};

/* NULL: fine. */
static const char *find_fault(const struct cli *cli, const struct fate *fate, enum verdict_kind said)
{
    bool again = said == VERDICT_RETRY || said == VERDICT_BACKOFF || said == VERDICT_REAUTH;

    if (fate->sent && again)
        return cli_in(cli, "it may have arrived: sent again, nobody would know of the double; say uncertain",
                      "可能已送达：重发会重复而无人知晓；应判为 uncertain");
    if (fate->sent && !fate->is_answer && said != VERDICT_UNCERTAIN)
        return cli_in(cli, "nobody can know: say uncertain", "无从得知：应判为 uncertain");
    if (!fate->sent && (said == VERDICT_DELIVERED || said == VERDICT_UNCERTAIN))
        return cli_in(cli, "nothing was sent: say retry", "并未发出：应判为 retry");
    return NULL;
}

static const char *find_note(const struct cli *cli, const struct fate *fate, enum verdict_kind said)
{
    return fate->is_answer && said == VERDICT_DELIVERED
               ? cli_in(cli, "right only where the status is the vendor's whole answer",
                        "仅当对方只以状态码作答时才对")
               : NULL;
}

static void tell(struct plugin_judging *judging, const struct fate *fate, const struct verdict *verdict)
{
    struct cli *cli = judging->cli;
    const char *fault = find_fault(cli, fate, verdict->kind), *note = find_note(cli, fate, verdict->kind);
    const char *what = cli_in(cli, fate->english, fate->chinese);

    judging->has_finding |= fault != NULL;
    if (judging->json != NULL) {
        json_object(judging->json);
        json_key_text(judging->json, "answer", what);
        json_key_text(judging->json, "verdict", verdict_name(verdict->kind));
        json_key_text(judging->json, "finding", fault);
        json_object_end(judging->json);
        return;
    }
    cli_print("  %s %s: %s%s%s\n", fault != NULL ? "!" : " ", what, verdict_name(verdict->kind),
              fault != NULL || note != NULL ? "; " : "",
              fault != NULL  ? fault
              : note != NULL ? note
                             : "");
}

static void judge_all(struct plugin_judging *judging)
{
    for (size_t i = 0; i < sizeof(fates) / sizeof(fates[0]); i++) {
        const struct fate *fate = &fates[i];
        struct cuiban_response response = {.size = sizeof(response),
                                           .transport = fate->transport,
                                           .sent = fate->sent,
                                           .status = fate->status,
                                           .body = fate->body,
                                           .body_n = strlen(fate->body),
                                           .retry_after_ms = -1,
                                           .error = fate->transport == 0 ? "" : fate->english};
        struct verdict verdict;
        int32_t shrink_bytes;

        if (fate->is_answer && judging->kind != CUIBAN_REQUEST_HTTP)
            continue;
        plugin_judge(judging->channel, &response, &verdict, &shrink_bytes);
        tell(judging, fate, &verdict);
    }
}

static enum cli_status try_message(struct plugin_judging *judging)
{
    const struct cuiban_channel *abi = plugin_channel_abi(judging->channel);
    bool by_mail = abi->address != NULL && strcmp(abi->address, "email") == 0;
    const struct cuiban_recipient recipient = {"zhang.wei", "张伟",
                                               by_mail ? "zhang.wei@example.com" : "zhangwei"};
    const struct cuiban_message message = {.size = sizeof(message),
                                           .id = "TEST-1",
                                           .thread = "TEST",
                                           .phase = "reminder",
                                           .language = "zh-CN",
                                           .title = "TEST",
                                           .title_plain = "TEST",
                                           .body = "TEST",
                                           .link = "",
                                           .recipients = &recipient,
                                           .n_recipients = 1,
                                           .attempt = 1};
    struct plugin_request request;
    struct verdict verdict;

    if (plugin_prepare(judging->channel, &message, &request, &verdict) != 0) {
        cli_warn(judging->cli, "it refuses a plain message: %s", "它拒绝一条普通消息：%s", verdict.reason);
        return CLI_FINDING;
    }
    judging->kind = request.request.kind;
    judge_all(judging);
    plugin_request_finish(&request);
    return judging->has_finding ? CLI_FINDING : CLI_OK;
}

static enum cli_status run(struct cli *cli, const char *path, const struct fields *options,
                           struct json_writer *json)
{
    struct plugin_judging judging = {.cli = cli, .json = json};
    const struct plugin_channel_options wanted = {
        .name = "test", .plugin = path, .options = *options, .language = cli_problem_language(cli)};
    struct plugin_channel *channel = NULL;
    char error[SETUP_ERROR_MAX];
    enum cli_status status;

    if (plugin_channel_open(&wanted, &channel, error, sizeof(error)) != 0) {
        cli_warn(cli, "%s", "%s", error);
        return CLI_FINDING;
    }
    judging.channel = channel;
    if (json != NULL) {
        json_key(json, "judges");
        json_array(json);
    } else {
        cli_say(cli, "  judges\n", "  判断\n");
    }
    status = try_message(&judging);
    if (json != NULL)
        json_array_end(json);
    plugin_channel_close(channel);
    return status;
}

enum cli_status plugin_trial(struct cli *cli, const char *path, size_t from, struct json_writer *json)
{
    struct arena *arena = arena_create();
    struct setup_fields options;
    enum cli_status status;

    if (arena == NULL)
        return cli_fail(cli, "out of memory", "内存不足");
    status = setup_read_fields(cli, arena, from, &options);
    if (status == CLI_OK)
        status = run(cli, path, &options.given, json);
    arena_destroy(arena);
    return status;
}
