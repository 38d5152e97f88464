/* dingtalk.c: a custom group robot of DingTalk (钉钉自定义机器人).
 *
 * https://open.dingtalk.com/document/robots/custom-robot-access: POST of JSON, the access token in the
 * address; in addition any of a signature, keywords and a list of IPs. 20 messages a minute, then ten minutes
 * of silence. */
#include <stdlib.h>
#include <string.h>

#include "../kit/markup.h"
#include "../kit/robot.h"
#include "../kit/webhook.h"
#include "dingtalk_judge.h"
#include "dingtalk_text.h"

enum {
    TEXT_BYTES_MAX = 5000,     /* beyond, clients stop showing Markdown well */
    REQUEST_BYTES_MAX = 18000, /* 20000 is refused */
    SECRET_BYTES_MAX = 256,
    KEYWORD_BYTES_MAX = 512,
    SIGNATURE_ROOM = 64,
    SIGNATURE_ESCAPED_ROOM = 192,
};

struct dingtalk {
    const struct cuiban_host *host;
    struct webhook webhook;
    char *secret, *keyword;
    bool card;
    struct dingtalk_history history;
};

static void dingtalk_close(void *state)
{
    struct dingtalk *robot = state;
    if (!robot)
        return;
    webhook_finish(&robot->webhook);
    option_wipe(robot->secret);
    free(robot->keyword);
    free(robot);
}

static const struct webhook_vendor vendor = {
    .host = "oapi.dingtalk.com",
    .path = "/robot/send",
    .parameter = "access_token=",
    .option = "token",
    .missing = "option webhook is missing: the robot's whole address, with ?access_token= in it, as its page "
               "in the group "
               "has it",
    .bad_credential =
        "option token is not a token: it is what follows ?access_token= in the robot's address; or give the "
        "whole address as option webhook",
    .bad_webhook = "option webhook is not the whole address of a DingTalk robot, which ends in "
                   "/robot/send?access_token= "
                   "and the token; without timestamp= and sign=, which are made anew each time",
    .bad_url = "option url is a server alone, http(s)://host[:port]; the robot's whole address goes into "
               "option webhook",
    .twice = "option webhook is the robot's whole address: leave out token and url",
};

static bool secret_is_fine(const char *secret)
{
    size_t n = strlen(secret);
    return n <= SECRET_BYTES_MAX &&
           strspn(secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == n;
}

static const char *options_problem(const struct dingtalk *robot, const char *card)
{
    if (robot->secret && !secret_is_fine(robot->secret))
        return "option secret is not a signing secret; it begins with SEC and stands in the robot's security "
               "settings";
    if (robot->keyword && strlen(robot->keyword) > KEYWORD_BYTES_MAX)
        return "option keyword is longer than 512 bytes; give one of the keywords from the robot's security "
               "settings";
    if (card && strcmp(card, "yes") != 0 && strcmp(card, "no") != 0)
        return "option card is neither \"yes\" nor \"no\"";
    return NULL;
}

static void *dingtalk_open(const struct cuiban_host *host, void *channel, const struct cuiban_option *options,
                           size_t n, char *error, size_t error_room)
{
    (void)channel;
    const char *card = option_find(options, n, "card");
    struct dingtalk *robot = calloc(1, sizeof *robot);
    if (!robot)
        return open_refuse(error, error_room, "out of memory");
    robot->host = host;
    robot->secret = option_copy(option_find(options, n, "secret"));
    robot->keyword = option_copy(option_find(options, n, "keyword"));
    robot->history.is_signed = robot->secret != NULL;
    robot->card = card && strcmp(card, "yes") == 0;
    const char *why = webhook_open(&vendor, options, n, &robot->webhook);
    if (!why)
        why = options_problem(robot, card);
    if (!why)
        return robot;
    dingtalk_close(robot);
    return open_refuse(error, error_room, why);
}

/* timestamp and sign, made anew for each attempt: a signature is good for an hour. */
static bool add_signature(const struct dingtalk *robot, int64_t now_ms, struct text *url)
{
    unsigned char mac[32];
    char encoded[SIGNATURE_ROOM], escaped[SIGNATURE_ESCAPED_ROOM];
    struct text signed_text = {0};
    text_add_format(&signed_text, "%lld\n%s", (long long)now_ms, robot->secret);
    if (!signed_text.failed)
        robot->host->hmac_sha256(robot->secret, strlen(robot->secret), signed_text.bytes, signed_text.n, mac);
    bool fine = !signed_text.failed && robot->host->base64(mac, sizeof mac, encoded, sizeof encoded) > 0 &&
                robot->host->url_escape(encoded, escaped, sizeof escaped) > 0;
    if (fine)
        text_add_format(url, "&timestamp=%lld&sign=%s", (long long)now_ms, escaped);
    if (signed_text.bytes)
        explicit_bzero(signed_text.bytes, signed_text.n);
    text_finish(&signed_text);
    return fine;
}

static bool add_url(const struct dingtalk *robot, int64_t now_ms, struct text *url)
{
    text_add(url, robot->webhook.url);
    return (!robot->secret || add_signature(robot, now_ms, url)) && !url->failed;
}

/* {"atMobiles": [...], "atUserIds": [...], "isAtAll": false}; nobody is ever called by "all". */
static json_t *at_json(const struct cuiban_message *message, size_t n_mentioned)
{
    json_t *mobiles = json_array(), *userids = json_array();
    int failed = !mobiles || !userids;
    for (size_t i = 0; !failed && i < n_mentioned; i++) {
        const char *address = message->recipients[i].address;
        enum dingtalk_address kind = dingtalk_address_kind(address);
        if (kind != DINGTALK_NOBODY)
            failed =
                json_array_append_new(kind == DINGTALK_MOBILE ? mobiles : userids, json_string(address)) != 0;
    }
    if (failed) {
        json_decref(mobiles);
        json_decref(userids);
        return NULL;
    }
    return json_pack("{s:o, s:o, s:b}", "atMobiles", mobiles, "atUserIds", userids, "isAtAll", 0);
}

static bool mentions_anybody(const struct cuiban_message *message)
{
    for (size_t i = 0; i < message->n_recipients; i++) {
        if (dingtalk_address_kind(message->recipients[i].address) != DINGTALK_NOBODY)
            return true;
    }
    return false;
}

/* What stands in the list of conversations. */
static void add_preview(struct text *out, const struct cuiban_message *message)
{
    struct text one = {0};
    text_add_clean(&one, text_is_blank(message->title_plain) ? message->title : message->title_plain,
                   TEXT_ONE_LINE);
    if (one.n == 0 && !one.failed)
        text_add_clean(&one, message->id, TEXT_ONE_LINE);
    if (one.n == 0 && !one.failed)
        text_add(&one, "-");
    text_add_n(out, text_get(&one), text_cut(text_get(&one), one.n, PAGE_TITLE_BYTES_MAX));
    out->failed |= one.failed;
    text_finish(&one);
}

/* The keyword check reads title and text; what has it already is left alone. */
static void add_keyword(const struct dingtalk *robot, struct text *text)
{
    if (!robot->keyword || text_contains(text_get(text), robot->keyword))
        return;
    text_add(text, "\n\n");
    text_add_clean(text, robot->keyword, TEXT_ONE_LINE);
}

static json_t *message_json(const struct dingtalk *robot, const struct cuiban_message *message, size_t max)
{
    struct text title = {0}, body = {0};
    size_t n_mentioned = dingtalk_mentioned(message),
           keyword_bytes = robot->keyword ? strlen(robot->keyword) + 2 : 0;
    add_preview(&title, message);
    dingtalk_compose(message, n_mentioned, max > keyword_bytes ? max - keyword_bytes : 0, &body);
    add_keyword(robot, &body);
    json_t *json;
    if (robot->card && !mentions_anybody(message) && markup_is_link(message->link))
        json = json_pack("{s:s, s:{s:o, s:o, s:s, s:s, s:s}}", "msgtype", "actionCard", "actionCard", "title",
                         robot_string(&title), "text", robot_string(&body), "singleTitle",
                         page_words_for(message->language)->open_link, "singleURL", message->link,
                         "btnOrientation", "0");
    else
        json =
            json_pack("{s:s, s:{s:o, s:o}, s:o}", "msgtype", "markdown", "markdown", "title",
                      robot_string(&title), "text", robot_string(&body), "at", at_json(message, n_mentioned));
    text_finish(&title);
    text_finish(&body);
    return json;
}

static bool is_empty(const struct cuiban_message *message)
{
    return text_is_blank(message->title) && text_is_blank(message->title_plain) &&
           text_is_blank(message->body);
}

static int dingtalk_prepare(void *state, const struct cuiban_message *message, void *memory,
                            struct cuiban_request *out, struct cuiban_verdict *verdict)
{
    const struct dingtalk *robot = state;
    if (is_empty(message))
        return verdict_refuse(verdict, "the message has neither title nor body");
    struct text url = {0};
    json_t *json = message_json(robot, message, TEXT_BYTES_MAX);
    /* Quotation marks and backslashes take two bytes in JSON, so the text alone does not tell. */
    for (size_t max = TEXT_BYTES_MAX / 2;
         max > 0 && json && json_dumpb(json, NULL, 0, JSON_COMPACT) > REQUEST_BYTES_MAX; max /= 2) {
        json_decref(json);
        json = message_json(robot, message, max);
    }
    int result;
    if (add_url(robot, message->now_ms, &url)) {
        result = robot_post(robot->host, memory, json, &url, out, verdict);
    } else {
        json_decref(json);
        result = verdict_no_memory(verdict);
    }
    if (url.bytes)
        explicit_bzero(url.bytes, url.n);
    text_finish(&url);
    return result;
}

static void dingtalk_judge_response(void *state, const struct cuiban_response *response,
                                    struct cuiban_verdict *out)
{
    struct dingtalk *robot = state;
    const struct verdict_secrets secrets = {{robot->webhook.credential, robot->secret}};
    dingtalk_judge(&robot->history, response, &secrets, out);
}

static const char *const dingtalk_options[] = {"webhook", "token", "url", "secret", "keyword", "card", NULL};

CUIBAN_EXPORT const struct cuiban_channel cuiban_channel = {
    .abi = CUIBAN_CHANNEL_ABI,
    .size = sizeof(struct cuiban_channel),
    .name = "dingtalk",
    .summary = "a custom group robot of DingTalk (钉钉自定义机器人)",
    .reach = CUIBAN_REACH_GROUP,
    .dialect = CUIBAN_DINGTALK,
    .address = "dingtalk",
    .mentions = 1,
    .default_rate = "15/min",
    .max_bytes = TEXT_BYTES_MAX,
    .options = dingtalk_options,
    .open = dingtalk_open,
    .prepare = dingtalk_prepare,
    .judge = dingtalk_judge_response,
    .close = dingtalk_close,
};
