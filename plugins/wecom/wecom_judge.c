#include "wecom_judge.h"

#include "../kit/robot.h"

enum { SHRUNK_BYTES = 1200 };

/* developer.work.weixin.qq.com/document/path/90313 (codes), path/99110 (robots). Codes of applications are
 * listed, too: the same service answers, and a known reason is better than "unknown code". */
static const struct robot_row rows[] = {
    {0, 0, CUIBAN_DELIVERED, 0, 0, ""},
    {-1, -1, CUIBAN_RETRY, 5, 0, "WeCom is busy"},
    {6000, 6000, CUIBAN_RETRY, 0, 0, "data version conflict"},
    {40001, 40001, CUIBAN_MISCONFIGURED, 0, 0, "bad secret"},
    {40013, 40013, CUIBAN_MISCONFIGURED, 0, 0, "bad corporation id"},
    {40091, 40091, CUIBAN_MISCONFIGURED, 0, 0, "the secret belongs to another corporation"},
    {40014, 40014, CUIBAN_REAUTH, 0, 0, "invalid access token"},
    {42001, 42001, CUIBAN_REAUTH, 0, 0, "the access token expired"},
    {41001, 41001, CUIBAN_MISCONFIGURED, 0, 0, "no key in the address"},
    {40003, 40003, CUIBAN_REFUSED, 0, 0, "no such user"},
    {40031, 40031, CUIBAN_REFUSED, 0, 0, "no such users"},
    {46004, 46004, CUIBAN_REFUSED, 0, 0, "no such user"},
    {60111, 60111, CUIBAN_REFUSED, 0, 0, "no such user"},
    {40032, 40032, CUIBAN_REFUSED, 0, 0, "too many recipients in one message"},
    {40008, 40008, CUIBAN_REFUSED, 0, 0, "WeCom does not know this type of message"},
    {40033, 40033, CUIBAN_REFUSED, 0, 0, "the request contains \\u escapes"},
    {40035, 40035, CUIBAN_REFUSED, 0, 0, "bad parameters"},
    {40039, 40039, CUIBAN_REFUSED, 0, 0, "a link is longer than 1024 bytes"},
    {40056, 40056, CUIBAN_MISCONFIGURED, 0, 0, "bad agent id"},
    {301002, 301002, CUIBAN_MISCONFIGURED, 0, 0, "the token is not for this agent id"},
    {40058, 40058, CUIBAN_REFUSED, 0, SHRUNK_BYTES,
     "a parameter is not accepted, most often a text that is too long"},
    {40063, 40063, CUIBAN_REFUSED, 0, 0, "a parameter is missing"},
    {42014, 42051, CUIBAN_REFUSED, 0, 0, "a field of the card is not accepted"},
    {43012, 43012, CUIBAN_MISCONFIGURED, 0, 0, "the application has no callback address"},
    {44004, 44004, CUIBAN_REFUSED, 0, 0, "the text is empty"},
    {45002, 45002, CUIBAN_REFUSED, 0, SHRUNK_BYTES, "the text is too long"},
    {45009, 45009, CUIBAN_BACKOFF, 60, 0, "more than 20 messages in a minute"},
    {45033, 45033, CUIBAN_BACKOFF, 10, 0, "too many requests at once"},
    {45034, 45034, CUIBAN_REFUSED, 0, 0, "a link lacks http:// or https://"},
    {48002, 48002, CUIBAN_MISCONFIGURED, 0, 0, "no privilege for this interface"},
    {60011, 60011, CUIBAN_MISCONFIGURED, 0, 0, "no privilege for this"},
    {50003, 50003, CUIBAN_MISCONFIGURED, 0, 0, "the application is disabled"},
    {60020, 60020, CUIBAN_MISCONFIGURED, 0, 0,
     "this host's IP is not among the trusted ones of the application"},
    {60021, 60021, CUIBAN_REFUSED, 0, 0, "the user cannot see the application"},
    {92000, 92000, CUIBAN_REFUSED, 0, 0, "the user cannot see the application"},
    {81013, 81013, CUIBAN_REFUSED, 0, 0, "none of the recipients is valid"},
    {82001, 82001, CUIBAN_REFUSED, 0, 0, "no valid recipient is named"},
    {93000, 93000, CUIBAN_MISCONFIGURED, 0, 0,
     "the robot's key is invalid, or the robot was removed from its group"},
    {93004, 93004, CUIBAN_MISCONFIGURED, 0, 0, "the robot is disabled"},
    {93008, 93008, CUIBAN_MISCONFIGURED, 0, 0, "the robot is not in the group"},
    {40201, 40201, CUIBAN_REFUSED, 0, 0, "held back by WeCom's content filter"},
};

void wecom_judge(const struct cuiban_response *response, const struct verdict_secrets *secrets,
                 struct cuiban_verdict *out)
{
    struct robot_answer answer;
    robot_answer_parse(response->body, response->body_n, &answer);
    if (!answer.has_code) {
        robot_judge_without_code(response, secrets, out);
        return;
    }
    const struct robot_row *row = robot_row_find(rows, sizeof rows / sizeof *rows, answer.code);
    if (row)
        robot_judge_row(row, &answer, secrets, out);
    else
        robot_judge_unknown(&answer, secrets, out);
}
