#include "dingtalk_judge.h"

#include "../kit/robot.h"

enum {
    FIRST_BLOCK_S = 60, /* some gateways forgive after a minute, */
    LONG_BLOCK_S = 600, /* the document says ten */
    SLOW_RETRY_S = 120,
    SLOW_RETRIES = 3,
    DAY_LEFT_S = 6 * 3600, /* the daily cap: the plugin keeps no clock, so it asks again four times a day */
    SHRUNK_BYTES = 2000,
    CODE_SECURITY = 310000,
};

/* open.dingtalk.com: custom-robots-send-group-messages and customize-robot-security-settings, with what users
 * report. 310000, 300001, 300005 and the throttling codes depend on what came before and stand below. */
static const struct robot_row rows[] = {
    {0, 0, CUIBAN_DELIVERED, 0, 0, ""},
    {-1, -1, CUIBAN_RETRY, 30, 0, "DingTalk is busy"},
    {90030, 90030, CUIBAN_BACKOFF, DAY_LEFT_S, 0, "the day's number of calls is used up"},
    {88, 88, CUIBAN_MISCONFIGURED, 0, 0, "not authorised"},
    {400101, 400101, CUIBAN_MISCONFIGURED, 0, 0, "the access token does not exist"},
    {400013, 400013, CUIBAN_MISCONFIGURED, 0, 0, "the group was dissolved"},
    {400102, 400102, CUIBAN_MISCONFIGURED, 0, 0, "the robot is stopped"},
    {400106, 400106, CUIBAN_MISCONFIGURED, 0, 0, "the robot is not in the group"},
    {400105, 400105, CUIBAN_REFUSED, 0, 0, "DingTalk does not know this type of message"},
    {40035, 40035, CUIBAN_REFUSED, 0, 0, "a parameter is missing or bad"},
    {43002, 43002, CUIBAN_MISCONFIGURED, 0, 0, "DingTalk did not see a POST; a proxy in between?"},
    {43004, 43004, CUIBAN_MISCONFIGURED, 0, 0, "DingTalk did not see the Content-Type; a proxy in between?"},
    {460101, 460101, CUIBAN_REFUSED, 0, SHRUNK_BYTES, "the message is too long"},
    {101002, 101002, CUIBAN_REFUSED, 0, SHRUNK_BYTES, "the message is too long"},
    {430101, 430101, CUIBAN_REFUSED, 0, 0, "held back by DingTalk's audit: an unsafe link"},
    {430102, 430102, CUIBAN_REFUSED, 0, 0, "held back by DingTalk's audit: the text"},
    {430103, 430103, CUIBAN_REFUSED, 0, 0, "held back by DingTalk's audit: a picture"},
    {430104, 430104, CUIBAN_REFUSED, 0, 0, "held back by DingTalk's audit: the content"},
};

static bool says_any(const char *words, const char *const *signs)
{
    for (; *signs; signs++) {
        if (text_contains_any_case(words, *signs))
            return true;
    }
    return false;
}

/* One code, three reasons: a keyword is missing, the signature is wrong or too old, our IP is not on the
 * list. */
static struct robot_row security_row(struct dingtalk_history *history, const char *words)
{
    static const char *const keyword[] = {"keyword", "关键词", "关键字", NULL};
    static const char *const ip[] = {"whitelist", "white list", "白名单", "ip ", NULL};
    static const char *const sign[] = {"sign", "签名", "timestamp", "时间戳", NULL};
    struct robot_row row = {
        CODE_SECURITY, CODE_SECURITY, CUIBAN_MISCONFIGURED, 0, 0, "the robot's security check failed"};
    if (says_any(words, keyword)) {
        row.what = "the robot asks for a keyword: set the option keyword to one that it knows";
    } else if (says_any(words, sign) && !history->is_signed) {
        row.what = "the robot asks for a signature: set the option secret";
    } else if (says_any(words, sign)) {
        bool first = history->badly_signed++ == 0;
        row.kind = first ? CUIBAN_RETRY : CUIBAN_MISCONFIGURED;
        row.delay_s = first ? 1 : 0;
        row.what = first ? "the signature was not accepted; signing again"
                         : "the signature is not accepted: check the option secret and this host's clock";
    } else if (says_any(words, ip)) {
        row.what = "this host's IP is not on the robot's list";
    }
    return row;
}

static bool history_row(struct dingtalk_history *history, const struct robot_answer *answer,
                        struct robot_row *out)
{
    int32_t code = answer->code;
    *out = (struct robot_row){.first = code, .last = code};
    if (code == 130101 || code == 410100 || answer->is_punished) {
        out->kind = CUIBAN_BACKOFF;
        out->delay_s = history->throttled++ == 0 ? FIRST_BLOCK_S : LONG_BLOCK_S;
        out->what = "more than 20 messages in a minute";
        return true;
    }
    if (code == 300001 || code == 300005) {
        bool again = history->no_token++ < SLOW_RETRIES;
        out->kind = again ? CUIBAN_RETRY : CUIBAN_MISCONFIGURED;
        out->delay_s = again ? SLOW_RETRY_S : 0;
        out->what = again ? "DingTalk does not know the token (which it sometimes says of valid ones)"
                          : "DingTalk does not know the token: check the option token";
        return true;
    }
    if (code == CODE_SECURITY) {
        *out = security_row(history, answer->words);
        return true;
    }
    return false;
}

void dingtalk_judge(struct dingtalk_history *history, const struct cuiban_response *response,
                    const struct verdict_secrets *secrets, struct cuiban_verdict *out)
{
    struct robot_answer answer;
    robot_answer_parse(response->body, response->body_n, &answer);
    if (!answer.has_code && !answer.is_punished) {
        robot_judge_without_code(response, secrets, out);
        return;
    }
    struct robot_row own;
    bool delivered = answer.has_code && answer.code == 0 && !answer.is_punished;
    if (delivered)
        *history = (struct dingtalk_history){.is_signed = history->is_signed};
    const struct robot_row *row = history_row(history, &answer, &own)
                                      ? &own
                                      : robot_row_find(rows, sizeof rows / sizeof *rows, answer.code);
    if (row)
        robot_judge_row(row, &answer, secrets, out);
    else
        robot_judge_unknown(&answer, secrets, out);
}
