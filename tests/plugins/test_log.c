#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "host.h"

static struct host host;

static void open_log(void)
{
    const char *const pairs[] = {"path", "/var/lib/cuiban/messages.jsonl", NULL};
    if (!host_open(&host, pairs))
        fail_msg("%s", host.error);
}

static int finish(void **state)
{
    (void)state;
    host_close(&host);
    return 0;
}

static void test_line(void **state)
{
    (void)state;
    static const struct cuiban_recipient people[] = {{"zhang.wei", "张伟", "a@example.com"},
                                                     {"li.lei", "李雷", NULL}};
    open_log();
    struct cuiban_message message = host_message(people, 2);
    message.body = "一\n\"二\"\\\x01";
    assert_int_equal(host_prepare(&host, &message), 0);
    assert_int_equal(host.request.kind, CUIBAN_REQUEST_FILE);
    assert_string_equal(host.request.url, "/var/lib/cuiban/messages.jsonl");
    const char *line = host.request.body;
    assert_ptr_equal(memchr(line, '\n', host.request.body_n), line + host.request.body_n - 1);
    json_t *json = json_loadb(line, host.request.body_n, 0, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "id")), "Q7KM-1");
    assert_string_equal(json_string_value(json_object_get(json, "body")), message.body);
    assert_int_equal(json_integer_value(json_object_get(json, "time_ms")), message.now_ms);
    assert_int_equal(json_array_size(json_object_get(json, "to")), 2);
    assert_string_equal(json_string_value(json_array_get(json_object_get(json, "to"), 1)), "li.lei");
    assert_null(strstr(line, "a@example.com"));
    json_decref(json);
}

static void test_judge(void **state)
{
    (void)state;
    open_log();
    static const struct {
        int transport;
        bool sent;
        enum cuiban_verdict_kind kind;
        const char *says;
    } cases[] = {
        {0, true, CUIBAN_DELIVERED, ""},
        {23, false, CUIBAN_RETRY, "could not be written"},
        {23, true, CUIBAN_UNCERTAIN, "did not confirm"}, /* a part of it may stand there */
        {42, true, CUIBAN_UNCERTAIN, "did not confirm"},
        {42, false, CUIBAN_RETRY, "could not be written"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        host_judge_transport(&host, cases[i].transport, cases[i].sent, 0, "");
        assert_int_equal(host.verdict.kind, cases[i].kind);
        assert_non_null(strstr(host.verdict.reason, cases[i].says));
    }
}

static void test_options(void **state)
{
    (void)state;
    const char *const relative[] = {"path", "messages.jsonl", NULL};
    assert_false(host_open(&host, relative));
    assert_non_null(strstr(host.error, "absolute path"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_line, finish),
        cmocka_unit_test_teardown(test_judge, finish),
        cmocka_unit_test_teardown(test_options, finish),
    };
    host_load(&host, argc > 1 ? argv[1] : "log.so");
    int failed = cmocka_run_group_tests_name("log", tests, NULL, NULL);
    host_unload(&host);
    return failed;
}
