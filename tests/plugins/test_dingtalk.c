#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "host.h"

static struct host host;
static const struct cuiban_recipient by_mobile = {"zhang.wei", "张伟", "13800000000"};
static const struct cuiban_recipient by_userid = {"li.lei", "李雷", "manager4220"};

static void open_with(const char *name, const char *value)
{
    const char *const pairs[] = {"token", "7f8e9d0c", "url", "http://127.0.0.1:8080", name, value, NULL};
    if (!host_open(&host, pairs))
        fail_msg("%s", host.error);
}

static int finish(void **state)
{
    (void)state;
    host_close(&host);
    return 0;
}

static json_t *request_json(void)
{
    json_t *json = json_loadb(host.request.body, host.request.body_n, 0, NULL);
    assert_non_null(json);
    return json;
}

static const char *text_of(const json_t *json)
{
    const char *type = json_string_value(json_object_get(json, "msgtype"));
    return json_string_value(json_object_get(json_object_get(json, type), "text"));
}

static void test_markdown(void **state)
{
    (void)state;
    open_with(NULL, NULL);
    const struct cuiban_recipient people[] = {by_mobile, by_userid, {"x", "王[芳]", NULL}};
    struct cuiban_message message = host_message(people, 3);
    assert_int_equal(host_prepare(&host, &message), 0);
    assert_string_equal(host.request.url, "http://127.0.0.1:8080/robot/send?access_token=7f8e9d0c");
    json_t *json = request_json();
    assert_string_equal(text_of(json),
                        "#### 面试反馈，请在今天 15:10 前提交\n\n@13800000000 @manager4220 @王［芳］\n\n"
                        "王小明 · Java工程师 · 第2轮\n\n要做：提交面试评价表\n\n"
                        "[去处理](https://hr.example.com/interviews/iv-20931/feedback)\n\n编号 Q7KM-1");
    assert_string_equal(json_string_value(json_object_get(json_object_get(json, "markdown"), "title")),
                        "面试反馈，请在今天 15:10 前提交");
    json_t *at = json_object_get(json, "at");
    assert_string_equal(json_string_value(json_array_get(json_object_get(at, "atMobiles"), 0)),
                        "13800000000");
    assert_string_equal(json_string_value(json_array_get(json_object_get(at, "atUserIds"), 0)),
                        "manager4220");
    assert_int_equal(json_array_size(json_object_get(at, "atMobiles")), 1);
    assert_int_equal(json_array_size(json_object_get(at, "atUserIds")), 1);
    assert_true(json_is_false(json_object_get(at, "isAtAll")));
    json_decref(json);
}

/* The worked examples of the reference: the first has + and / in its base64. */
static void test_signature(void **state)
{
    (void)state;
    static const struct {
        int64_t now_ms;
        const char *query;
    } cases[] = {
        {INT64_C(1577262236758),
         "&timestamp=1577262236758&sign=Sv6YbyX3k%2BJg%2FmccYJhHHJx7%2FkEPdDfrIBTuTRsXK%2BY%3D"},
        {INT64_C(1577262236757),
         "&timestamp=1577262236757&sign=4IcPAsOh9zjGHQyaMduhWd1nl6ZFSc9Egw08CtakPLU%3D"},
    };
    open_with("secret", "SEC000000000000000000000000000000000000000000000000000000000000000001\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cuiban_message message = host_message(NULL, 0);
        message.now_ms = cases[i].now_ms;
        assert_int_equal(host_prepare(&host, &message), 0);
        assert_string_equal(strchr(host.request.url, '&'), cases[i].query);
    }
}

static void test_lines(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"一\n二", "一\n\n二"},
        {"一\r\n\r\n\r\n\r\n二", "一\n\n二"},
        {"- 一\n- 二\n三", "- 一\n- 二\n\n三"},
        {"1. 一\n2. 二", "1. 一\n2. 二"},
        {"> 一\n> 二\n三", "> 一  \n> 二\n\n三"},
    };
    open_with(NULL, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cuiban_message message = host_message(NULL, 0);
        message.title = message.title_plain = message.id = message.link = "";
        message.body = cases[i][0];
        assert_int_equal(host_prepare(&host, &message), 0);
        json_t *json = request_json();
        assert_string_equal(text_of(json), cases[i][1]);
        json_decref(json);
    }
}

static void test_mention_in_place(void **state)
{
    (void)state;
    open_with(NULL, NULL);
    struct cuiban_message message = host_message(&by_mobile, 1);
    message.body = "@13800000000 王* · Java工程师";
    assert_int_equal(host_prepare(&host, &message), 0);
    json_t *json = request_json();
    const char *first = strstr(text_of(json), "@13800000000");
    assert_non_null(first);
    assert_null(strstr(first + 1, "@13800000000"));
    json_decref(json);
    message.body = "@138000000001"; /* somebody else's number begins alike */
    assert_int_equal(host_prepare(&host, &message), 0);
    json = request_json();
    assert_non_null(strstr(text_of(json), "@13800000000\n"));
    json_decref(json);
}

static void test_card(void **state)
{
    (void)state;
    open_with("card", "yes");
    struct cuiban_message message = host_message(NULL, 0);
    assert_int_equal(host_prepare(&host, &message), 0);
    json_t *json = request_json();
    assert_string_equal(json_string_value(json_object_get(json, "msgtype")), "actionCard");
    assert_string_equal(json_string_value(json_object_get(json_object_get(json, "actionCard"), "singleURL")),
                        message.link);
    json_decref(json);
    message = host_message(&by_mobile, 1); /* a card calls nobody */
    assert_int_equal(host_prepare(&host, &message), 0);
    json = request_json();
    assert_string_equal(json_string_value(json_object_get(json, "msgtype")), "markdown");
    json_decref(json);
}

static void test_keyword(void **state)
{
    (void)state;
    open_with("keyword", "催办");
    struct cuiban_message message = host_message(NULL, 0);
    assert_int_equal(host_prepare(&host, &message), 0);
    json_t *json = request_json();
    assert_non_null(strstr(text_of(json), "\n\n催办"));
    json_decref(json);
    message.body = "来自催办的提醒";
    assert_int_equal(host_prepare(&host, &message), 0);
    json = request_json();
    assert_null(strstr(text_of(json), "\n\n催办"));
    json_decref(json);
}

/* One that no message has room for would leave nothing to cut. */
static void test_keyword_too_long(void **state)
{
    (void)state;
    char keyword[20000];
    memset(keyword, 'k', sizeof keyword - 1);
    keyword[sizeof keyword - 1] = '\0';
    const char *const pairs[] = {"token", "7f8e9d0c", "keyword", keyword, NULL};
    assert_false(host_open(&host, pairs));
    assert_non_null(strstr(host.error, "keyword"));
}

static void test_injection(void **state)
{
    (void)state;
    open_with(NULL, NULL);
    const struct cuiban_recipient people[] = {
        {"a", "a", "13800000000 @all"}, {"b", "[x](http://evil)\r\n@13900000000", NULL}, {"c", "c", "all"}};
    struct cuiban_message message = host_message(people, 3);
    message.body = "[x](dtmd://dingtalkclient/sendMessage?content=y) @13700000000 ![p](file:///x)";
    assert_int_equal(host_prepare(&host, &message), 0);
    json_t *json = request_json(), *at = json_object_get(json, "at");
    assert_int_equal(json_array_size(json_object_get(at, "atMobiles")), 0);
    assert_int_equal(json_array_size(json_object_get(at, "atUserIds")), 0);
    assert_true(json_is_false(json_object_get(at, "isAtAll")));
    const char *text = text_of(json);
    if (strstr(text, "](dtmd") || strstr(text, "](file") || strstr(text, "](http://evil") ||
        strstr(text, "@13900000000"))
        fail_msg("%s", text);
    json_decref(json);
}

static void test_length(void **state)
{
    (void)state;
    static const char *const units[] = {"催办", "a", "🔔", "\"\\", "\n", "[催](https://hr.example.com/a)"};
    struct cuiban_recipient people[200];
    for (size_t i = 0; i < 200; i++)
        people[i] = i % 2 ? by_mobile : by_userid;
    for (size_t k = 0; k < 2; k++) {
        open_with("keyword", k ? "催办系统提醒" : NULL);
        for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
            size_t n = strlen(units[u]);
            char *body = calloc(1, 40 * 1000 + n);
            for (size_t i = 0; i + n < 40 * 1000; i += n)
                memcpy(body + i, units[u], n);
            struct cuiban_message message = host_message(people, k ? 200 : 0);
            message.body = body;
            assert_int_equal(host_prepare(&host, &message), 0);
            json_t *json = request_json();
            const char *text = text_of(json);
            if (host.request.body_n > 18000 || strlen(text) > 5000 || !host_is_utf8(text, strlen(text)))
                fail_msg("'%s': %zu bytes, request %zu", units[u], strlen(text), host.request.body_n);
            assert_non_null(strstr(text, "https://hr.example.com/interviews/iv-20931/feedback"));
            assert_true(!k || strstr(text, "催办系统提醒"));
            json_decref(json);
            free(body);
        }
        host_close(&host);
    }
}

/* Every row of the vendor's table, each against a robot without history. */
static void test_codes(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum cuiban_verdict_kind kind;
        int64_t delay_ms;
        bool shrinks;
    } cases[] = {
        {"{\"errcode\":0,\"errmsg\":\"ok\"}", CUIBAN_DELIVERED, 0, false},
        {"{\"errcode\":\"0\",\"errmsg\":\"ok\"}", CUIBAN_DELIVERED, 0, false},
        {"{\"errcode\":-1}", CUIBAN_RETRY, 30000, false},
        {"{\"errcode\":310000,\"errmsg\":\"keywords not in content, more: [https://x.example]\"}",
         CUIBAN_MISCONFIGURED, 0, false},
        {"{\"errcode\":310000,\"errmsg\":\"sign not match\"}", CUIBAN_RETRY, 1000, false},
        {"{\"errcode\":310000,\"errmsg\":\"机器人发送签名不匹配\"}", CUIBAN_RETRY, 1000, false},
        {"{\"errcode\":310000,\"errmsg\":\"invalid timestamp\"}", CUIBAN_RETRY, 1000, false},
        {"{\"errcode\":310000,\"errmsg\":\"ip 1.2.3.4 not in whitelist\"}", CUIBAN_MISCONFIGURED, 0, false},
        {"{\"errcode\":310000,\"errmsg\":\"\"}", CUIBAN_MISCONFIGURED, 0, false},
        {"{\"errcode\":130101,\"errmsg\":\"send too fast, exceed 20 times per minute\"}", CUIBAN_BACKOFF,
         60000, false},
        {"{\"errcode\":410100}", CUIBAN_BACKOFF, 60000, false},
        {"{\"status\":1111,\"wait\":5,\"source\":\"x5\",\"punish\":\"deny\",\"uuid\":\"u\"}", CUIBAN_BACKOFF,
         60000, false},
        {"{\"errcode\":0,\"status\":1111,\"punish\":\"deny\"}", CUIBAN_BACKOFF, 60000, false},
        {"{\"errcode\":90030}", CUIBAN_BACKOFF, 21600000, false},
        {"{\"errcode\":88,\"sub_code\":\"40035\",\"sub_msg\":\"access_token blank\"}", CUIBAN_MISCONFIGURED,
         0, false},
        {"{\"errcode\":300001}", CUIBAN_RETRY, 120000, false},
        {"{\"errcode\":300005,\"errmsg\":\"token is not exist\"}", CUIBAN_RETRY, 120000, false},
        {"{\"errcode\":400101}", CUIBAN_MISCONFIGURED, 0, false},
        {"{\"errcode\":400013}", CUIBAN_MISCONFIGURED, 0, false},
        {"{\"errcode\":400102}", CUIBAN_MISCONFIGURED, 0, false},
        {"{\"errcode\":400106}", CUIBAN_MISCONFIGURED, 0, false},
        {"{\"errcode\":400105}", CUIBAN_REFUSED, 0, false},
        {"{\"errcode\":40035}", CUIBAN_REFUSED, 0, false},
        {"{\"errcode\":43002}", CUIBAN_MISCONFIGURED, 0, false},
        {"{\"errcode\":43004}", CUIBAN_MISCONFIGURED, 0, false},
        {"{\"errcode\":460101,\"errmsg\":\"message too long, exceed 20000 bytes\"}", CUIBAN_REFUSED, 0, true},
        {"{\"errcode\":101002}", CUIBAN_REFUSED, 0, true},
        {"{\"errcode\":430101}", CUIBAN_REFUSED, 0, false},
        {"{\"errcode\":430102}", CUIBAN_REFUSED, 0, false},
        {"{\"errcode\":430103}", CUIBAN_REFUSED, 0, false},
        {"{\"errcode\":430104}", CUIBAN_REFUSED, 0, false},
        {"{\"errcode\":19024}", CUIBAN_REFUSED, 0, false},
        {"{\"errcode\":555,\"errmsg\":\"发送太快\"}", CUIBAN_BACKOFF, 60000, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        open_with("secret", "SECabc");
        host_judge_http(&host, 200, cases[i].body);
        if (host.verdict.kind != cases[i].kind || host.verdict.delay_ms != cases[i].delay_ms ||
            (host.verdict.shrink_bytes > 0) != cases[i].shrinks)
            fail_msg("%s: %s, %lld ms", cases[i].body, host_verdict_name(host.verdict.kind),
                     (long long)host.verdict.delay_ms);
        host_close(&host);
    }
}

static void test_foreign_answers(void **state)
{
    (void)state;
    open_with("secret", "SECabc");
    host_check_foreign_answers(&host);
    host_judge_transport(&host, 56, true, 200, "{\"errcode\":0}");
    assert_int_equal(host.verdict.kind, CUIBAN_DELIVERED);
}

/* What an answer means depends on the ones before it. */
static void test_history(void **state)
{
    (void)state;
    static const char throttled[] = "{\"errcode\":130101}",
                      sign[] = "{\"errcode\":310000,\"errmsg\":\"sign not match\"}";
    static const char token[] = "{\"errcode\":300005}", fine[] = "{\"errcode\":0}";
    static const struct {
        const char *body;
        enum cuiban_verdict_kind kind;
        int64_t delay_ms;
    } steps[] = {
        {throttled, CUIBAN_BACKOFF, 60000},  {throttled, CUIBAN_BACKOFF, 600000},
        {throttled, CUIBAN_BACKOFF, 600000}, {fine, CUIBAN_DELIVERED, 0},
        {throttled, CUIBAN_BACKOFF, 60000},  {sign, CUIBAN_RETRY, 1000},
        {sign, CUIBAN_MISCONFIGURED, 0},     {fine, CUIBAN_DELIVERED, 0},
        {sign, CUIBAN_RETRY, 1000},          {token, CUIBAN_RETRY, 120000},
        {token, CUIBAN_RETRY, 120000},       {token, CUIBAN_RETRY, 120000},
        {token, CUIBAN_MISCONFIGURED, 0},    {fine, CUIBAN_DELIVERED, 0},
        {token, CUIBAN_RETRY, 120000},
    };
    open_with("secret", "SECabc");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        host_judge_http(&host, 200, steps[i].body);
        if (host.verdict.kind != steps[i].kind || host.verdict.delay_ms != steps[i].delay_ms)
            fail_msg("step %zu, %s: %s, %lld ms", i, steps[i].body, host_verdict_name(host.verdict.kind),
                     (long long)host.verdict.delay_ms);
    }
    host_close(&host);
    open_with(NULL, NULL);
    host_judge_http(&host, 200, sign);
    assert_int_equal(host.verdict.kind, CUIBAN_MISCONFIGURED);
    assert_non_null(strstr(host.verdict.reason, "set the option secret"));
}

#define WEBHOOK "https://oapi.dingtalk.com/robot/send?access_token=7f8e-9d"

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *pairs[7];
        const char *url;
    } cases[] = {
        {{"webhook", WEBHOOK, NULL}, WEBHOOK},
        {{"token", WEBHOOK, NULL}, WEBHOOK},
        {{"url", WEBHOOK, NULL}, WEBHOOK},
        {{"token", "7f8e-9d", NULL}, WEBHOOK},
        {{"token", "t", "url", "http://host/robot/send", NULL}, "http://host/robot/send?access_token=t"},
        {{"webhook", WEBHOOK, "secret", "SECabc", NULL}, WEBHOOK "&timestamp="},
    };
    struct cuiban_message message = host_message(NULL, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!host_open(&host, cases[i].pairs))
            fail_msg("case %zu: %s", i, host.error);
        assert_int_equal(host_prepare(&host, &message), 0);
        bool is_signed = cases[i].url[strlen(cases[i].url) - 1] == '=';
        if (is_signed ? strncmp(host.request.url, cases[i].url, strlen(cases[i].url)) != 0
                      : strcmp(host.request.url, cases[i].url) != 0)
            fail_msg("case %zu posts to %s", i, host.request.url);
        host_close(&host);
    }
}

static void test_options(void **state)
{
    (void)state;
    static const struct {
        const char *pairs[7];
        const char *says;
    } cases[] = {
        {{NULL}, "option webhook is missing"},
        {{"token", "a b", NULL}, "option token is not a token"},
        {{"token", "abc", "url", "http://host/robot", NULL}, "option url is a server alone"},
        {{"token", "abc", "webhook", WEBHOOK, NULL}, "leave out token and url"},
        {{"webhook", "https://oapi.dingtalk.com/robot/send", NULL}, "not the whole address"},
        {{"webhook", WEBHOOK "&timestamp=1&sign=x", NULL}, "made anew"},
        {{"webhook", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1", NULL},
         "not the whole address"},
        {{"token", "abc", "secret", "a b", NULL}, "option secret"},
        {{"token", "abc", "url", "oapi.dingtalk.com", NULL}, "option url"},
        {{"token", "abc", "card", "maybe", NULL}, "option card"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (host_open(&host, cases[i].pairs) || !strstr(host.error, cases[i].says))
            fail_msg("case %zu says '%s', not '%s'", i, host.error, cases[i].says);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_markdown, finish),
        cmocka_unit_test_teardown(test_signature, finish),
        cmocka_unit_test_teardown(test_lines, finish),
        cmocka_unit_test_teardown(test_card, finish),
        cmocka_unit_test_teardown(test_mention_in_place, finish),
        cmocka_unit_test_teardown(test_keyword, finish),
        cmocka_unit_test_teardown(test_keyword_too_long, finish),
        cmocka_unit_test_teardown(test_injection, finish),
        cmocka_unit_test_teardown(test_length, finish),
        cmocka_unit_test_teardown(test_codes, finish),
        cmocka_unit_test_teardown(test_foreign_answers, finish),
        cmocka_unit_test_teardown(test_history, finish),
        cmocka_unit_test_teardown(test_addresses, finish),
        cmocka_unit_test_teardown(test_options, finish),
    };
    host_load(&host, argc > 1 ? argv[1] : "dingtalk.so");
    int failed = cmocka_run_group_tests_name("dingtalk", tests, NULL, NULL);
    host_unload(&host);
    return failed;
}
