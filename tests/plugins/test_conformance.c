/* What every plugin must bear: test_plugin_conformance FILE.so OPTION=VALUE... Options whose name sounds like
 * a secret must not come back in any reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host.h"

struct conformance {
    struct host host;
    struct cuiban_option options[HOST_OPTIONS_MAX];
    size_t n_options;
};

static struct conformance subject;

static bool is_secret(const char *name)
{
    static const char *const names[] = {"key", "token", "secret", "password", "corp_secret", "webhook"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

static void check_no_secret(const char *text, const char *where)
{
    for (size_t i = 0; i < subject.n_options; i++) {
        const char *value = subject.options[i].value, *last = strrchr(value, '=');

        /* of a whole address the credential is what stands last */
        if (is_secret(subject.options[i].name) && strstr(text, last ? last + 1 : value))
            fail_msg("%s shows the value of option %s", where, subject.options[i].name);
    }
}

static void check_verdict(const char *where)
{
    const struct cuiban_verdict *verdict = &subject.host.verdict;
    if ((unsigned)verdict->kind > CUIBAN_UNCERTAIN)
        fail_msg("%s: verdict %d does not exist", where, (int)verdict->kind);
    assert_non_null(memchr(verdict->reason, '\0', sizeof verdict->reason));
    assert_non_null(memchr(verdict->remote_id, '\0', sizeof verdict->remote_id));
    if (!host_is_utf8(verdict->reason, strlen(verdict->reason)))
        fail_msg("%s: the reason is not UTF-8", where);
    for (const char *p = verdict->reason; *p; p++) {
        if ((unsigned char)*p < ' ')
            fail_msg("%s: a control character in the reason", where);
    }
    if (verdict->kind != CUIBAN_DELIVERED && verdict->reason[0] == '\0')
        fail_msg("%s: %s without a reason", where, host_verdict_name(verdict->kind));
    if (verdict->delay_ms < 0 || verdict->shrink_bytes < 0)
        fail_msg("%s: negative delay or size", where);
    if (strstr(verdict->reason, "http://") || strstr(verdict->reason, "https://"))
        fail_msg("%s: a web address in the reason", where);
    check_no_secret(verdict->reason, where);
}

static void check_request(const char *where)
{
    const struct cuiban_request *request = &subject.host.request;
    assert_non_null(request->url);
    assert_true(request->body_n == 0 || request->body != NULL);
    for (const char *p = request->url; *p; p++) {
        if ((unsigned char)*p <= ' ')
            fail_msg("%s: a blank or control character in the address", where);
    }
    if (!host_is_utf8(request->body, request->body_n))
        fail_msg("%s: the body is not UTF-8", where);
    if (request->kind == CUIBAN_REQUEST_SMTP) {
        assert_non_null(request->from);
        assert_non_null(request->to);
        assert_null(strpbrk(request->to, "\r\n <>"));
    }
    for (size_t i = 0; request->headers && request->headers[i]; i++)
        assert_null(strpbrk(request->headers[i], "\r\n"));
}

static void prepare_checked(const struct cuiban_message *message, const char *where)
{
    if (host_prepare(&subject.host, message) == 0)
        check_request(where);
    else
        check_verdict(where);
}

static void open_all(void)
{
    if (!host_open_list(&subject.host, subject.options, subject.n_options))
        fail_msg("open refuses the options given: %s", subject.host.error);
}

static int close_all(void **state)
{
    (void)state;
    subject.host.memory.fail_at = 0;
    host_close(&subject.host);
    return 0;
}

static void test_manifest(void **state)
{
    (void)state;
    const struct cuiban_channel *plugin = subject.host.plugin;
    assert_true(plugin->name && plugin->name[0] && plugin->summary && plugin->summary[0]);
    assert_true(plugin->reach == CUIBAN_REACH_PERSON || plugin->reach == CUIBAN_REACH_GROUP);
    assert_true((unsigned)plugin->dialect <= CUIBAN_DINGTALK);
    assert_true(plugin->default_rate && strchr(plugin->default_rate, '/') && atol(plugin->default_rate) > 0);
    assert_true(plugin->max_bytes > 0);
    assert_non_null(plugin->options);
    assert_true(plugin->open && plugin->prepare && plugin->judge && plugin->close);
}

static void test_missing_options(void **state)
{
    (void)state;
    struct host *host = &subject.host;
    for (size_t skip = 0; skip < subject.n_options; skip++) {
        struct cuiban_option left[HOST_OPTIONS_MAX];
        size_t n = 0;
        for (size_t i = 0; i < subject.n_options; i++) {
            if (i != skip)
                left[n++] = subject.options[i];
        }
        bool opened = host_open_list(host, left, n);
        assert_true(opened || host->error[0]);
        check_no_secret(host->error, "the error of open");
        host_close(host);
    }
    assert_true(host_open_list(host, NULL, 0) || host->error[0]);
    host_close(host);
    host->plugin->close(NULL);
}

/* Required options that hold nonsense: refused or borne, never echoed in full. */
static void test_hostile_options(void **state)
{
    (void)state;
    static const char *const values[] = {
        "", " ", "\n", "\r\nX: y", "https://evil.example/?key=abc", "../../etc/passwd", "\xff\xfe"};
    for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
        for (size_t o = 0; o < subject.n_options; o++) {
            struct cuiban_option options[HOST_OPTIONS_MAX];
            memcpy(options, subject.options, sizeof options);
            options[o].value = values[v];
            bool opened = host_open_list(&subject.host, options, subject.n_options);
            assert_true(opened || subject.host.error[0]);
            check_no_secret(subject.host.error, "the error of open");
            host_close(&subject.host);
        }
    }
}

static void test_recipients(void **state)
{
    (void)state;
    static const struct cuiban_recipient one = {"zhang.wei", "张伟", "zhang.wei@example.com"};
    struct cuiban_recipient many[200];
    open_all();
    for (size_t i = 0; i < sizeof many / sizeof *many; i++)
        many[i] = i % 3 ? one : (struct cuiban_recipient){"x", "无地址", NULL};
    static const size_t counts[] = {0, 1, 20, 200};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct cuiban_message message = host_message(many + 1, counts[i] > 199 ? 199 : counts[i]);
        prepare_checked(&message, "recipients");
    }
}

static char *huge(size_t bytes, const char *unit)
{
    size_t n = strlen(unit);
    char *text = malloc(bytes + n + 1);
    assert_non_null(text);
    for (size_t i = 0; i < bytes; i += n)
        memcpy(text + i, unit, n + 1);
    return text;
}

static void test_bodies(void **state)
{
    (void)state;
    static const struct cuiban_recipient one = {"zhang.wei", "张伟", "zhang.wei@example.com"};
    static const char *const bodies[] = {
        "",
        " ",
        "\n\n\n",
        "\r\n.\r\nQUIT\r\n",
        "<@all> @all [x](http://evil) [y](dtmd://dingtalkclient/sendMessage?content=z)",
        "\xff\xc3\x28 broken",
        "cut \xe5\xbc",
        "\x01\x02\x1b[31mred",
        "<script>alert(1)</script>",
        "![p](http://evil/p.png)",
        "\xe2\x80\xae turned",
        "**",
        "[",
        "](",
        "`````",
        "\\",
        "\"\"\"",
        "> > > > > > > > > >",
        "- - - - - - -",
    };
    open_all();
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct cuiban_message message = host_message(&one, 1);
        message.body = bodies[i];
        prepare_checked(&message, bodies[i]);
        message.title = message.title_plain = message.id = message.thread = message.link = bodies[i];
        prepare_checked(&message, bodies[i]);
    }
    static const char *const units[] = {
        "催办", "a", "\n", "\"\\", "[", "**", "> ", "<@all>", "\xf0\x9f\x94\x94", "- x\n"};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        char *text = huge(300 * 1000, units[i]);
        struct cuiban_message message = host_message(&one, 1);
        message.body = text;
        prepare_checked(&message, "a huge body");
        message.title = message.title_plain = text;
        prepare_checked(&message, "a huge title");
        free(text);
    }
}

/* Of a mail the body is encoded, so only what is readable can be looked through; its header is by its own
 * tests. */
static void test_hidden_characters(void **state)
{
    (void)state;
    open_all();
    if (subject.host.plugin->dialect == CUIBAN_PLAIN)
        return; /* its text is data to a program, which may want it as it is */
    for (size_t i = 0; host_hidden[i]; i++) {
        char text[80];
        snprintf(text, sizeof text, "催%s办 %s", host_hidden[i], host_hidden[i]);
        struct cuiban_recipient one = {"zhang.wei", text, "zhang.wei@example.com"};
        struct cuiban_message message = host_message(&one, 1);
        message.title = message.title_plain = message.body = message.id = text;
        if (host_prepare(&subject.host, &message) != 0)
            continue;
        if (memmem(subject.host.request.body, subject.host.request.body_n, host_hidden[i],
                   strlen(host_hidden[i])))
            fail_msg("hidden character %zu is sent", i);
    }
}

static void test_hostile_recipient(void **state)
{
    (void)state;
    static const char *const words[] = {
        "a@b.c\r\nRCPT TO:<evil@x>", "<@all>", "all", "@all", "\r\nBcc: evil@example.com",
        "[x](http://evil)",          "\xff",   "",    "a\"b", "13800000000 13900000000"};
    open_all();
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct cuiban_recipient recipient = {words[i], words[i], words[i]};
        struct cuiban_message message = host_message(&recipient, 1);
        prepare_checked(&message, words[i]);
        recipient.address = "zhang.wei@example.com";
        prepare_checked(&message, words[i]);
        recipient.name = NULL;
        prepare_checked(&message, words[i]);
    }
}

/* The same message is the same request: what is sent again can be recognised. */
static void test_retry_is_the_same(void **state)
{
    (void)state;
    static const struct cuiban_recipient one = {"zhang.wei", "张伟", "zhang.wei@example.com"};
    struct cuiban_message message = host_message(&one, 1);
    open_all();
    assert_int_equal(host_prepare(&subject.host, &message), 0);
    size_t n = subject.host.request.body_n;
    char *first = malloc(n);
    assert_non_null(first);
    memcpy(first, subject.host.request.body, n);
    assert_int_equal(host_prepare(&subject.host, &message), 0);
    assert_int_equal(subject.host.request.body_n, n);
    assert_memory_equal(subject.host.request.body, first, n);
    free(first);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    static const struct cuiban_recipient one = {"zhang.wei", "张伟", "zhang.wei@example.com"};
    struct cuiban_message message = host_message(&one, 1);
    open_all();
    for (size_t fail_at = 1; fail_at < 12; fail_at++) {
        subject.host.memory.fail_at = fail_at;
        prepare_checked(&message, "memory runs out");
    }
}

static void test_responses(void **state)
{
    (void)state;
    static const long statuses[] = {0,   100, 200, 204, 220, 250, 302, 354, 400, 401, 404, 421,
                                    429, 451, 500, 503, 504, 535, 550, 552, 554, 599, 999, -1};
    char *giant = huge(64 * 1024, "{\"errcode\":");
    char *deep = huge(64 * 1024, "[");
    const char *const bodies[] = {
        "",
        "{}",
        "[]",
        "null",
        "<html>no</html>",
        "{\"errcode\":0}",
        "{\"errcode\":\"0\",\"errmsg\":\"ok\"}",
        "{\"errcode\":-1}",
        "{\"errcode\":99999999999999999999}",
        "{\"errcode\":1e99}",
        "{\"errcode\":\"abc\"}",
        "{\"errcode\":true}",
        "{\"errcode\":7,\"errmsg\":7}",
        "{\"errcode\":7,\"errmsg\":\"\xff\xfe\"}",
        "\xff\xfe\xfd",
        "{\"errcode\":93000,\"errmsg\":\"a\\nb\\u0001 see https://x.example/?key=1\"}",
        "250 2.0.0 Ok: queued as \xe5\xbc\xa0",
        "550 5.1.1 no such user",
        giant,
        deep,
    };
    open_all();
    for (int transport = 0; transport < 100; transport++) {
        for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
            for (size_t k = 0; k < sizeof bodies / sizeof *bodies; k++) {
                if (k >= sizeof bodies / sizeof *bodies - 2 && transport % 25 != 0)
                    continue;
                host_judge_transport(&subject.host, transport, (transport + k) % 2, statuses[i], bodies[k]);
                check_verdict("judge");
            }
        }
    }
    free(giant);
    free(deep);
}

/* A request that went out as a whole, and an answer that is nobody's word: a relay's "ok", a page, nothing.
 * It may have arrived, so "again" (a double of which nobody learns) is wrong, and so is "delivered" for who
 * has a vendor that speaks. */
static void test_what_may_have_arrived(void **state)
{
    (void)state;
    static const struct {
        int transport;
        long http, smtp;
        const char *body;
    } cases[] = {
        {0, 200, 354, "ok"},   {0, 200, 354, "<html>"}, {0, 202, 354, ""}, {0, 502, 354, "<html>"},
        {28, 0, 354, ""},      {52, 0, 354, ""},        {56, 0, 354, ""},  {56, 200, 354, "o"},
        {18, 200, 354, "{\""}, {42, 0, 354, ""},
    };
    static const struct cuiban_recipient one = {"zhang.wei", "张伟", "zhang.wei@example.com"};
    struct cuiban_message message = host_message(&one, 1);
    open_all();
    assert_int_equal(host_prepare(&subject.host, &message), 0);
    bool is_mail = subject.host.request.kind == CUIBAN_REQUEST_SMTP;
    bool is_file = subject.host.request.kind == CUIBAN_REQUEST_FILE;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (is_file && cases[i].transport == 0)
            continue;
        host_judge_transport(&subject.host, cases[i].transport, true, is_mail ? cases[i].smtp : cases[i].http,
                             cases[i].body);
        if (subject.host.verdict.kind != CUIBAN_UNCERTAIN)
            fail_msg("transport %d, status %ld, '%s' may have arrived, but is judged %s", cases[i].transport,
                     is_mail ? cases[i].smtp : cases[i].http, cases[i].body,
                     host_verdict_name(subject.host.verdict.kind));
    }
}

static void test_echoed_secrets(void **state)
{
    (void)state;
    open_all();
    for (size_t i = 0; i < subject.n_options; i++) {
        char body[1024];
        const char *last = strrchr(subject.options[i].value, '=');
        const char *value = last ? last + 1 : subject.options[i].value;
        snprintf(body, sizeof body, "{\"errcode\":40035,\"errmsg\":\"bad %s in https://x/send?key=%s\"}",
                 value, value);
        host_judge_http(&subject.host, 200, body);
        check_verdict("an answer that repeats the secret");
        snprintf(body, sizeof body, "550 5.1.1 <%s> rejected", value);
        struct cuiban_response response = {.size = sizeof response,
                                           .transport = 55,
                                           .status = 550,
                                           .body = body,
                                           .body_n = strlen(body),
                                           .retry_after_ms = -1,
                                           .error = value};
        host_judge(&subject.host, &response);
        check_verdict("a reply that repeats the secret");
    }
}

static bool read_options(int n, char **words)
{
    for (int i = 0; i < n && subject.n_options < HOST_OPTIONS_MAX; i++) {
        char *equals = strchr(words[i], '=');
        if (!equals)
            return false;
        *equals = '\0';
        subject.options[subject.n_options++] = (struct cuiban_option){words[i], equals + 1};
    }
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 2 || !read_options(argc - 2, argv + 2)) {
        fprintf(stderr, "usage: test_plugin_conformance FILE.so OPTION=VALUE...\n");
        return 2;
    }
    host_load(&subject.host, argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_manifest, close_all),
        cmocka_unit_test_teardown(test_missing_options, close_all),
        cmocka_unit_test_teardown(test_hostile_options, close_all),
        cmocka_unit_test_teardown(test_recipients, close_all),
        cmocka_unit_test_teardown(test_bodies, close_all),
        cmocka_unit_test_teardown(test_hidden_characters, close_all),
        cmocka_unit_test_teardown(test_hostile_recipient, close_all),
        cmocka_unit_test_teardown(test_retry_is_the_same, close_all),
        cmocka_unit_test_teardown(test_memory_runs_out, close_all),
        cmocka_unit_test_teardown(test_responses, close_all),
        cmocka_unit_test_teardown(test_what_may_have_arrived, close_all),
        cmocka_unit_test_teardown(test_echoed_secrets, close_all),
    };
    int failed = cmocka_run_group_tests_name(argv[1], tests, NULL, NULL);
    host_unload(&subject.host);
    return failed;
}
