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
static const struct cuiban_recipient zhang = {"zhang.wei", "张伟", "ZhangWei"};

static void open_with(const char *mention)
{
    const char *const pairs[] = {"key",     "0a1b2c3d-key\n", "url", "http://127.0.0.1:8080/",
                                 "mention", mention,          NULL};
    if (!host_open(&host, pairs))
        fail_msg("%s", host.error);
}

static int finish(void **state)
{
    (void)state;
    host_close(&host);
    return 0;
}

/* The content of what was prepared; the caller frees the JSON. */
static const char *content(json_t **json, const char *type)
{
    assert_int_equal(host.request.kind, CUIBAN_REQUEST_HTTP);
    *json = json_loadb(host.request.body, host.request.body_n, 0, NULL);
    assert_non_null(*json);
    assert_string_equal(json_string_value(json_object_get(*json, "msgtype")), type);
    const char *text = json_string_value(json_object_get(json_object_get(*json, type), "content"));
    assert_non_null(text);
    return text;
}

static void test_markdown(void **state)
{
    (void)state;
    open_with("inline");
    struct cuiban_message message = host_message(&zhang, 1);
    assert_int_equal(host_prepare(&host, &message), 0);
    assert_string_equal(host.request.url, "http://127.0.0.1:8080/cgi-bin/webhook/send?key=0a1b2c3d-key");
    assert_string_equal(host.request.headers[0], "Content-Type: application/json; charset=utf-8");
    assert_null(strstr(host.request.body, "\\u"));
    json_t *json;
    assert_string_equal(
        content(&json, "markdown"),
        "**面试反馈，请在今天 15:10 前提交**\n<@ZhangWei>\n王小明 · Java工程师 · 第2轮\n"
        "要做：提交面试评价表\n[去处理](https://hr.example.com/interviews/iv-20931/feedback)\n"
        "<font color=\"comment\">编号 Q7KM-1</font>");
    json_decref(json);
}

static void test_body_that_says_it_all(void **state)
{
    (void)state;
    open_with("inline");
    struct cuiban_message message = host_message(NULL, 0);
    message.body = "- 一\n- 二\n[去填写](https://hr.example.com/interviews/iv-20931/feedback)\n编号 Q7KM-1";
    assert_int_equal(host_prepare(&host, &message), 0);
    json_t *json;
    assert_string_equal(content(&json, "markdown"),
                        "**面试反馈，请在今天 15:10 前提交**\n· 一\n· 二\n"
                        "[去填写](https://hr.example.com/interviews/iv-20931/feedback)\n编号 Q7KM-1");
    json_decref(json);
}

static void test_text_with_list(void **state)
{
    (void)state;
    open_with("list");
    const struct cuiban_recipient people[] = {zhang, {"x", "李雷", NULL}, {"y", "evil", "@all"}};
    struct cuiban_message message = host_message(people, 3);
    message.body = "**粗** [看](https://a.example/b) <@all>\n> 引";
    assert_int_equal(host_prepare(&host, &message), 0);
    json_t *json;
    const char *text = content(&json, "text");
    assert_non_null(strstr(text, "粗 看 https://a.example/b ＜@all>\n引"));
    assert_non_null(strstr(text, "https://hr.example.com/interviews"));
    json_t *list = json_object_get(json_object_get(json, "text"), "mentioned_list");
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(json_string_value(json_array_get(list, 0)), "ZhangWei");
    json_decref(json);
}

static void test_injection(void **state)
{
    (void)state;
    open_with("inline");
    const struct cuiban_recipient people[] = {{"a", "<@all>\r\n# [x](http://evil)", NULL},
                                              {"b", "b", "all"},
                                              {"c", "c", "@all"},
                                              {"d", "d", "x><@all"}};
    struct cuiban_message message = host_message(people, 4);
    message.title = "标题\r\n<@all> [x](javascript:y)";
    message.body = "<@all> [x](dtmd://dingtalkclient/sendMessage?content=z)\xe2\x80\xae";
    assert_int_equal(host_prepare(&host, &message), 0);
    json_t *json;
    const char *text = content(&json, "markdown");
    if (strstr(text, "<@") || strstr(text, "](dtmd") || strstr(text, "](javascript") ||
        strstr(text, "](http://evil") || strstr(text, "\xe2\x80\xae"))
        fail_msg("%s", text);
    json_decref(json);
}

static void test_length(void **state)
{
    (void)state;
    static const char *const modes[] = {"inline", "list"};
    static const char *const units[] = {"催办",   "a",   "🔔", "[催办](https://hr.example.com/a) ",
                                        "**粗**", "\"\\"};
    for (size_t m = 0; m < 2; m++) {
        open_with(modes[m]);
        size_t max = m == 0 ? 4096 : 2048;
        for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
            char *body = calloc(1, 40 * 1000);
            for (size_t i = 0; i < 600; i++)
                memcpy(body + i * strlen(units[u]), units[u], strlen(units[u]) + 1);
            struct cuiban_message message = host_message(&zhang, 1);
            for (size_t pad = 0; pad < 8; pad++) {
                message.title = &"aaaaaaaa"[pad];
                message.body = body;
                assert_int_equal(host_prepare(&host, &message), 0);
                json_t *json;
                const char *text = content(&json, m == 0 ? "markdown" : "text");
                if (strlen(text) > max || !host_is_utf8(text, strlen(text)))
                    fail_msg("%s: %zu bytes of '%s'", modes[m], strlen(text), units[u]);
                bool marks_only = m == 1 && strcmp(units[u], "**粗**") == 0; /* shorter without its marks */
                if (strlen(body) > max && !marks_only) {
                    assert_non_null(strstr(text, "https://hr.example.com/interviews/iv-20931/feedback"));
                    assert_true(strstr(text, "https://hr.example.com/interviews") < strstr(text, units[u]) ||
                                u > 2);
                    assert_non_null(strstr(text, "已截断"));
                    assert_true(strlen(text) > max - 200);
                }
                json_decref(json);
            }
            free(body);
        }
        host_close(&host);
    }
}

/* Every row of the vendor's table. */
static void test_codes(void **state)
{
    (void)state;
    static const struct {
        int code;
        enum cuiban_verdict_kind kind;
        int64_t delay_ms;
        bool shrinks;
    } cases[] = {
        {0, CUIBAN_DELIVERED, 0, false},         {-1, CUIBAN_RETRY, 5000, false},
        {6000, CUIBAN_RETRY, 0, false},          {40001, CUIBAN_MISCONFIGURED, 0, false},
        {40013, CUIBAN_MISCONFIGURED, 0, false}, {40091, CUIBAN_MISCONFIGURED, 0, false},
        {40014, CUIBAN_REAUTH, 0, false},        {42001, CUIBAN_REAUTH, 0, false},
        {41001, CUIBAN_MISCONFIGURED, 0, false}, {40003, CUIBAN_REFUSED, 0, false},
        {40031, CUIBAN_REFUSED, 0, false},       {46004, CUIBAN_REFUSED, 0, false},
        {60111, CUIBAN_REFUSED, 0, false},       {40032, CUIBAN_REFUSED, 0, false},
        {40008, CUIBAN_REFUSED, 0, false},       {40033, CUIBAN_REFUSED, 0, false},
        {40035, CUIBAN_REFUSED, 0, false},       {40039, CUIBAN_REFUSED, 0, false},
        {40056, CUIBAN_MISCONFIGURED, 0, false}, {301002, CUIBAN_MISCONFIGURED, 0, false},
        {40058, CUIBAN_REFUSED, 0, true},        {40063, CUIBAN_REFUSED, 0, false},
        {42014, CUIBAN_REFUSED, 0, false},       {42028, CUIBAN_REFUSED, 0, false},
        {42051, CUIBAN_REFUSED, 0, false},       {43012, CUIBAN_MISCONFIGURED, 0, false},
        {44004, CUIBAN_REFUSED, 0, false},       {45002, CUIBAN_REFUSED, 0, true},
        {45009, CUIBAN_BACKOFF, 60000, false},   {45033, CUIBAN_BACKOFF, 10000, false},
        {45034, CUIBAN_REFUSED, 0, false},       {48002, CUIBAN_MISCONFIGURED, 0, false},
        {60011, CUIBAN_MISCONFIGURED, 0, false}, {50003, CUIBAN_MISCONFIGURED, 0, false},
        {60020, CUIBAN_MISCONFIGURED, 0, false}, {60021, CUIBAN_REFUSED, 0, false},
        {92000, CUIBAN_REFUSED, 0, false},       {81013, CUIBAN_REFUSED, 0, false},
        {82001, CUIBAN_REFUSED, 0, false},       {93000, CUIBAN_MISCONFIGURED, 0, false},
        {93004, CUIBAN_MISCONFIGURED, 0, false}, {93008, CUIBAN_MISCONFIGURED, 0, false},
        {40201, CUIBAN_REFUSED, 0, false},       {12345, CUIBAN_REFUSED, 0, false},
    };
    open_with("inline");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int as_string = 0; as_string < 2; as_string++) {
            char body[160];
            snprintf(body, sizeof body, "{\"errcode\":%s%d%s,\"errmsg\":\"words, hint: [1]\"}",
                     as_string ? "\"" : "", cases[i].code, as_string ? "\"" : "");
            host_judge_http(&host, 200, body);
            if (host.verdict.kind != cases[i].kind || host.verdict.delay_ms != cases[i].delay_ms ||
                (host.verdict.shrink_bytes > 0) != cases[i].shrinks || host.verdict.code != cases[i].code)
                fail_msg("%s: %s, %lld ms", body, host_verdict_name(host.verdict.kind),
                         (long long)host.verdict.delay_ms);
            if (cases[i].code != 0)
                assert_non_null(strstr(host.verdict.reason, "hint: [1]"));
        }
    }
}

static void test_words_of_unknown_codes(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{\"errcode\":987,\"errmsg\":\"send too fast\"}",
                                         "{\"errcode\":987,\"errmsg\":\"API freq out of limit\"}",
                                         "{\"errcode\":987,\"errmsg\":\"触发限流\"}"};
    open_with("inline");
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        host_judge_http(&host, 200, bodies[i]);
        assert_int_equal(host.verdict.kind, CUIBAN_BACKOFF);
        assert_int_equal(host.verdict.delay_ms, 60000);
    }
}

static void test_answers(void **state)
{
    (void)state;
    open_with("inline");
    host_check_foreign_answers(&host);
    host_judge_transport(&host, 56, true, 200, "{\"errcode\":0}");
    assert_int_equal(host.verdict.kind, CUIBAN_DELIVERED);
    host_judge_http(&host, 502, "{\"errcode\":0}"); /* the vendor's word, whoever brings it */
    assert_int_equal(host.verdict.kind, CUIBAN_DELIVERED);
    host_judge_http(&host, 200, "ok");
    assert_non_null(strstr(host.verdict.reason, "it may have been delivered"));
}

#define WEBHOOK "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0a1b-2c"

/* However it is given, this is where the message goes. */
static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *pairs[5];
        const char *url;
    } cases[] = {
        {{"webhook", WEBHOOK, NULL}, WEBHOOK},
        {{"webhook", "\n " WEBHOOK "\r\n", NULL}, WEBHOOK}, /* a file ends in a newline */
        {{"key", WEBHOOK, NULL}, WEBHOOK},
        {{"url", WEBHOOK, NULL}, WEBHOOK},
        {{"key", "0a1b-2c", NULL}, WEBHOOK},
        {{"key", "0a1b-2c", "url", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send", NULL}, WEBHOOK},
        {{"key", "k", "url", "http://h:8080/", NULL}, "http://h:8080/cgi-bin/webhook/send?key=k"},
        {{"key", "k", "url", "http://h:8080", NULL}, "http://h:8080/cgi-bin/webhook/send?key=k"},
        {{"webhook", "http://relay:81/robot/send?debug=1&key=k", NULL},
         "http://relay:81/robot/send?debug=1&key=k"},
    };
    struct cuiban_message message = host_message(NULL, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!host_open(&host, cases[i].pairs))
            fail_msg("case %zu: %s", i, host.error);
        assert_int_equal(host_prepare(&host, &message), 0);
        assert_string_equal(host.request.url, cases[i].url);
        host_judge_http(&host, 200, "{\"errcode\":40035,\"errmsg\":\"bad key 0a1b-2c\"}");
        if (strstr(host.verdict.reason, "0a1b-2c") && strstr(cases[i].url, "0a1b-2c"))
            fail_msg("case %zu shows the key: %s", i, host.verdict.reason);
        host_close(&host);
    }
}

static void test_options(void **state)
{
    (void)state;
    static const struct {
        const char *pairs[5];
        const char *says;
    } cases[] = {
        {{NULL}, "option webhook is missing"},
        {{"key", "a b", NULL}, "option key is not a key"},
        {{"key", "abc", "url", "ftp://x", NULL}, "option url is a server alone"},
        {{"key", "abc", "url", "http://host/robot/send", NULL}, "option url is a server alone"},
        {{"key", "abc", "url", "http://host/wecom/", NULL}, "option url is a server alone"},
        {{"url", "http://host", NULL}, "option webhook is missing"},
        {{"key", "abc", "webhook", WEBHOOK, NULL}, "leave out key and url"},
        {{"url", "http://host", "webhook", WEBHOOK, NULL}, "leave out key and url"},
        {{"url", "http://host", "key", WEBHOOK, NULL}, "leave out key and url"},
        {{"webhook", "abc", NULL}, "not the whole address"},
        {{"webhook", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send", NULL}, "not the whole address"},
        {{"webhook", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=", NULL}, "not the whole address"},
        {{"webhook", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a%20b", NULL},
         "not the whole address"},
        {{"webhook", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?monkey=1", NULL},
         "not the whole address"},
        {{"webhook", "https://qyapi.weixin.qq.com/?key=1", NULL}, "not the whole address"},
        {{"webhook", "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1", NULL}, "not the whole address"},
        {{"webhook", "https://oapi.dingtalk.com/robot/send?access_token=1", NULL}, "not the whole address"},
        {{"webhook", "https://?key=1", NULL}, "not the whole address"},
        {{"webhook", "https://a@b/x?key=1", NULL}, "not the whole address"},
        {{"webhook", "https://b/x?key=1#y", NULL}, "not the whole address"},
        {{"webhook", "https://b/x y?key=1", NULL}, "not the whole address"},
        {{"webhook", "ftp://b/x?key=1", NULL}, "not the whole address"},
        {{"key", "abc", "mention", "everybody", NULL}, "option mention"},
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
        cmocka_unit_test_teardown(test_body_that_says_it_all, finish),
        cmocka_unit_test_teardown(test_text_with_list, finish),
        cmocka_unit_test_teardown(test_injection, finish),
        cmocka_unit_test_teardown(test_length, finish),
        cmocka_unit_test_teardown(test_codes, finish),
        cmocka_unit_test_teardown(test_words_of_unknown_codes, finish),
        cmocka_unit_test_teardown(test_answers, finish),
        cmocka_unit_test_teardown(test_addresses, finish),
        cmocka_unit_test_teardown(test_options, finish),
    };
    host_load(&host, argc > 1 ? argv[1] : "wecom.so");
    int failed = cmocka_run_group_tests_name("wecom", tests, NULL, NULL);
    host_unload(&host);
    return failed;
}
