/* wecom.c: a group robot of WeCom (企业微信消息推送, formerly 群机器人).
 *
 * https://developer.work.weixin.qq.com/document/path/99110: POST of JSON, the key in the address is the only
 * credential, 4096 bytes of Markdown or 2048 of text, 20 messages a minute. Markdown mentions inline, by
 * <@userid>; text has a list beside it, which reaches people on every client. */
#include <stdlib.h>
#include <string.h>

#include "../kit/markup.h"
#include "../kit/page.h"
#include "../kit/robot.h"
#include "../kit/webhook.h"
#include "wecom_judge.h"

enum { MARKDOWN_BYTES_MAX = 4000, TEXT_BYTES_MAX = 2000, USERID_BYTES_MAX = 64 };

enum mention_mode { MENTION_INLINE, MENTION_LIST, MENTION_NOBODY };

struct wecom {
    const struct cuiban_host *host;
    struct webhook webhook;
    enum mention_mode mention;
};

static void wecom_close(void *state)
{
    struct wecom *robot = state;
    if (!robot)
        return;
    webhook_finish(&robot->webhook);
    free(robot);
}

static bool mention_parse(const char *value, enum mention_mode *out)
{
    static const struct {
        const char *name;
        enum mention_mode mode;
    } modes[] = {{"inline", MENTION_INLINE}, {"list", MENTION_LIST}, {"no", MENTION_NOBODY}};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(value ? value : "inline", modes[i].name) == 0) {
            *out = modes[i].mode;
            return true;
        }
    }
    return false;
}

static const struct webhook_vendor vendor = {
    .host = "qyapi.weixin.qq.com",
    .path = "/cgi-bin/webhook/send",
    .parameter = "key=",
    .option = "key",
    .missing = "option webhook is missing: the robot's whole address, with ?key= in it, as its page in the "
               "group has it",
    .bad_credential =
        "option key is not a key: it is what follows ?key= in the robot's address; or give the whole address "
        "as option webhook",
    .bad_webhook = "option webhook is not the whole address of a WeCom robot, which ends in "
                   "/cgi-bin/webhook/send?key= and "
                   "the key",
    .bad_url = "option url is a server alone, http(s)://host[:port]; the robot's whole address goes into "
               "option webhook",
    .twice = "option webhook is the robot's whole address: leave out key and url",
};

static void *wecom_open(const struct cuiban_host *host, void *channel, const struct cuiban_option *options,
                        size_t n, char *error, size_t error_room)
{
    (void)channel;
    struct wecom *robot = calloc(1, sizeof *robot);
    if (!robot)
        return open_refuse(error, error_room, "out of memory");
    robot->host = host;
    const char *why = webhook_open(&vendor, options, n, &robot->webhook);
    if (!why && !mention_parse(option_find(options, n, "mention"), &robot->mention))
        why = "option mention is neither \"inline\", \"list\" nor \"no\"";
    if (!why)
        return robot;
    wecom_close(robot);
    return open_refuse(error, error_room, why);
}

/* A userid of WeCom; "all" and "@all" would call the whole group. */
static bool userid_is_fine(const char *userid)
{
    size_t n = userid ? strlen(userid) : 0;
    return n > 0 && n <= USERID_BYTES_MAX && strcmp(userid, "all") != 0 && userid[0] != '@' &&
           strspn(userid, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.@") == n;
}

static void add_mention(struct text *line, const struct cuiban_recipient *recipient, bool with_userid)
{
    if (!with_userid && text_is_blank(recipient->name))
        return;
    if (line->n > 0)
        text_add(line, " ");
    if (with_userid) {
        text_add_format(line, "<@%s>", recipient->address);
    } else {
        text_add(line, "@");
        markup_add_word(line, recipient->name);
    }
}

/* Who has no userid is named all the same, so that the group knows whom it is about. */
static void add_mentions(struct text *line, const struct wecom *robot, const struct cuiban_message *message)
{
    const struct page_words *words = page_words_for(message->language);
    for (size_t i = 0; i < message->n_recipients; i++) {
        const struct cuiban_recipient *recipient = &message->recipients[i];
        if (i >= PAGE_MENTIONED_MAX || line->n + USERID_BYTES_MAX > PAGE_MENTIONS_BYTES_MAX) {
            page_add_others(line, words, message->n_recipients - i);
            return;
        }
        add_mention(line, recipient, robot->mention == MENTION_INLINE && userid_is_fine(recipient->address));
    }
}

static size_t line_bytes(const char *p)
{
    size_t n = strcspn(p, "\n");
    return n + (p[n] == '\n');
}

/* Robot Markdown has no lists. */
static void add_body(struct text *out, const char *body)
{
    struct text lines = {0};
    markup_add_body(&lines, body);
    const char *p = text_get(&lines);
    while (*p) {
        bool is_item = strncmp(p, "- ", 2) == 0 || strncmp(p, "* ", 2) == 0;
        if (is_item) {
            text_add(out, "· ");
            p += 2;
        }
        size_t n = line_bytes(p);
        text_add_n(out, p, n);
        p += n;
    }
    out->failed |= lines.failed;
    text_finish(&lines);
}

static void compose_markdown(const struct wecom *robot, const struct cuiban_message *message,
                             struct text *out)
{
    const struct page_words *words = page_words_for(message->language);
    struct page page = {.separator = "\n",
                        .link_is_in_body = text_contains(message->body, message->link),
                        .number_is_in_body = text_contains(message->body, message->id)};
    struct text title = {0};
    page_add_title(&title, message);
    const char *bold = title.n > 0 && !strstr(text_get(&title), "**") ? "**" : "";
    text_add_format(&page.title, "%s%s%s", bold, text_get(&title), bold);
    page.title.failed |= title.failed;
    text_finish(&title);
    if (robot->mention != MENTION_NOBODY)
        add_mentions(&page.mentions, robot, message);
    add_body(&page.body, message->body);
    if (markup_is_link(message->link))
        text_add_format(&page.link, "[%s](%s)", words->open_link, message->link);
    if (!text_is_blank(message->id)) {
        text_add_format(&page.number, "<font color=\"comment\">%s ", words->number);
        markup_add_word(&page.number, message->id);
        text_add(&page.number, "</font>");
    }
    page_join(&page, words, MARKDOWN_BYTES_MAX, out);
    page_finish(&page);
}

static void compose_text(const struct cuiban_message *message, struct text *out)
{
    const struct page_words *words = page_words_for(message->language);
    struct page page = {.separator = "\n",
                        .link_is_in_body = text_contains(message->body, message->link),
                        .number_is_in_body = text_contains(message->body, message->id)};
    struct text title = {0};
    page_add_title(&title, message);
    markup_add_plain(&page.title, text_get(&title));
    page.title.failed |= title.failed;
    text_finish(&title);
    markup_add_plain(&page.body, message->body);
    if (markup_is_link(message->link))
        text_add(&page.link, message->link);
    if (!text_is_blank(message->id)) {
        text_add_format(&page.number, "%s ", words->number);
        markup_add_word(&page.number, message->id);
    }
    page_join(&page, words, TEXT_BYTES_MAX, out);
    page_finish(&page);
}

static json_t *mentioned_list(const struct cuiban_message *message)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < message->n_recipients && json_array_size(list) < PAGE_MENTIONED_MAX; i++) {
        if (userid_is_fine(message->recipients[i].address) &&
            json_array_append_new(list, json_string(message->recipients[i].address)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* NULL: memory is out. */
static json_t *markdown_json(const struct wecom *robot, const struct cuiban_message *message)
{
    struct text content = {0};
    compose_markdown(robot, message, &content);
    json_t *json =
        json_pack("{s:s, s:{s:o}}", "msgtype", "markdown", "markdown", "content", robot_string(&content));
    text_finish(&content);
    return json;
}

/* Takes `list`. */
static json_t *text_json(const struct cuiban_message *message, json_t *list)
{
    struct text content = {0};
    compose_text(message, &content);
    json_t *json = json_pack("{s:s, s:{s:o, s:o}}", "msgtype", "text", "text", "content",
                             robot_string(&content), "mentioned_list", list);
    text_finish(&content);
    return json;
}

static bool is_empty(const struct cuiban_message *message)
{
    return text_is_blank(message->title) && text_is_blank(message->title_plain) &&
           text_is_blank(message->body);
}

static int wecom_prepare(void *state, const struct cuiban_message *message, void *memory,
                         struct cuiban_request *out, struct cuiban_verdict *verdict)
{
    const struct wecom *robot = state;
    if (is_empty(message))
        return verdict_refuse(verdict, "the message has neither title nor body");
    json_t *list = mentioned_list(message);
    if (!list)
        return verdict_no_memory(verdict);
    bool as_text = robot->mention == MENTION_LIST && json_array_size(list) > 0;
    json_t *json = as_text ? text_json(message, json_incref(list)) : markdown_json(robot, message);
    json_decref(list);
    struct text url = {0};
    text_add(&url, robot->webhook.url);
    int result = robot_post(robot->host, memory, json, &url, out, verdict);
    if (url.bytes)
        explicit_bzero(url.bytes, url.n);
    text_finish(&url);
    return result;
}

static void wecom_judge_response(void *state, const struct cuiban_response *response,
                                 struct cuiban_verdict *out)
{
    const struct wecom *robot = state;
    const struct verdict_secrets secrets = {{robot->webhook.credential}};
    wecom_judge(response, &secrets, out);
}

static const char *const wecom_options[] = {"webhook", "key", "url", "mention", NULL};

CUIBAN_EXPORT const struct cuiban_channel cuiban_channel = {
    .abi = CUIBAN_CHANNEL_ABI,
    .size = sizeof(struct cuiban_channel),
    .name = "wecom",
    .summary = "a group robot of WeCom (企业微信消息推送)",
    .reach = CUIBAN_REACH_GROUP,
    .dialect = CUIBAN_WECOM,
    .address = "wecom",
    .mentions = 1,
    .default_rate = "18/min",
    .max_bytes = MARKDOWN_BYTES_MAX,
    .options = wecom_options,
    .open = wecom_open,
    .prepare = wecom_prepare,
    .judge = wecom_judge_response,
    .close = wecom_close,
};
