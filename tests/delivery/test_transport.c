/* test_transport.c: requests against real sockets on the loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "delivery/transport.h"
#include "server.h"

enum { LIMIT_MS = 8000, ROUNDS_MAX = 20000 };

struct bench {
    uv_loop_t loop;
    uv_timer_t tick; /* lets every turn of the loop end */
    struct transport *transport;
    struct server server;
    bool closed;
};

struct outcome {
    int calls;
    struct cuiban_response response;
    char body[300];
    size_t body_n;
    char error[300];
};

static void on_done(void *data, const struct cuiban_response *response)
{
    struct outcome *outcome = data;

    outcome->calls++;
    outcome->response = *response;
    outcome->body_n = response->body_n;
    snprintf(outcome->body, sizeof(outcome->body), "%s", response->body);
    snprintf(outcome->error, sizeof(outcome->error), "%s", response->error);
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static void on_closed(void *data)
{
    *(bool *)data = true;
}

/* What the HTTP server does is written in the path. */
static void answer_http(struct peer *peer, const char *path, const char *body)
{
    static char big[2 * 1024 * 1024];
    char location[100];

    (void)body;
    if (strcmp(path, "/hang") == 0)
        return;
    if (strcmp(path, "/close") == 0 || (strcmp(path, "/once") == 0 && peer->requests > 1)) {
        peer_close(peer);
    } else if (strcmp(path, "/reset") == 0) {
        peer_reset(peer);
    } else if (strcmp(path, "/big") == 0) {
        memset(big, 'x', sizeof(big));
        peer_reply(peer, 200, "", big, 200 * 1024);
    } else if (strcmp(path, "/endless") == 0) { /* more than is read and dropped: the answer counts, cut */
        memset(big, 'x', sizeof(big));
        peer_reply(peer, 200, "", big, sizeof(big));
    } else if (strcmp(path, "/busy") == 0) {
        peer_reply(peer, 429, "Retry-After: 7\r\n", "slow", 4);
    } else if (strcmp(path, "/redirect") == 0) {
        snprintf(location, sizeof(location), "Location: http://127.0.0.1:%d/200\r\n", peer->server->port);
        peer_reply(peer, 302, location, "", 0);
    } else {
        peer_reply(peer, strcmp(path, "/500") == 0 ? 500 : 200, "", "{\"errcode\":0}", 13);
    }
}

static void bench_open(struct bench *bench)
{
    memset(bench, 0, sizeof(*bench));
    assert_int_equal(uv_loop_init(&bench->loop), 0);
    uv_timer_init(&bench->loop, &bench->tick);
    uv_timer_start(&bench->tick, on_tick, 5, 5);
    bench->transport = transport_create(&bench->loop, 8);
    assert_non_null(bench->transport);
    bench->server.on_request = answer_http;
    server_open(&bench->server, &bench->loop);
}

static void bench_close(struct bench *bench)
{
    transport_close(bench->transport, on_closed, &bench->closed);
    server_close(&bench->server);
    uv_close((uv_handle_t *)&bench->tick, NULL);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_true(bench->closed);
    assert_int_equal(uv_loop_close(&bench->loop), 0);
    server_finish(&bench->server);
}

static void wait_for(struct bench *bench, const struct outcome *outcomes, size_t n)
{
    for (int round = 0; round < ROUNDS_MAX; round++) {
        size_t ended = 0;

        for (size_t i = 0; i < n; i++)
            ended += outcomes[i].calls > 0;
        if (ended == n)
            return;
        uv_run(&bench->loop, UV_RUN_ONCE);
    }
    fail_msg("requests do not end");
}

static struct outcome run(struct bench *bench, const struct cuiban_request *request, int64_t limit_ms)
{
    struct outcome outcome = {.calls = 0};

    assert_int_equal(transport_start(bench->transport, request, limit_ms, on_done, &outcome), 0);
    assert_int_equal(outcome.calls, 0);
    wait_for(bench, &outcome, 1);
    assert_int_equal(outcome.calls, 1);
    return outcome;
}

static struct cuiban_request http_request(char *url, size_t room, int port, const char *path)
{
    snprintf(url, room, "http://127.0.0.1:%d%s", port, path);
    return (struct cuiban_request){
        .size = sizeof(struct cuiban_request), .url = url, .body = "{\"a\":1}", .body_n = 7};
}

static void test_http_answers(void **state)
{
    static const struct {
        const char *path;
        int64_t limit_ms;
        int transport; /* -1: anything but 0 */
        long status;
        int sent;
        size_t body_n;
        int64_t retry_after_ms;
    } cases[] = {
        {"/200", LIMIT_MS, 0, 200, 1, 13, -1},
        {"/500", LIMIT_MS, 0, 500, 1, 13, -1},
        {"/busy", LIMIT_MS, 0, 429, 1, 4, 7000},
        {"/big", LIMIT_MS, 0, 200, 1, 64 * 1024, -1},
        {"/endless", LIMIT_MS, 0, 200, 1, 64 * 1024, -1},
        {"/redirect", LIMIT_MS, 0, 302, 1, 0, -1},
        {"/hang", 300, CURLE_OPERATION_TIMEDOUT, 0, 1, 0, -1},
        {"/close", LIMIT_MS, -1, 0, 1, 0, -1},
        {"/reset", LIMIT_MS, -1, 0, 1, 0, -1},
    };
    struct bench bench;

    (void)state;
    bench_open(&bench);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char url[100];
        struct cuiban_request request = http_request(url, sizeof(url), bench.server.port, cases[i].path);
        struct outcome got = run(&bench, &request, cases[i].limit_ms);
        bool fits = cases[i].transport < 0 ? got.response.transport != 0
                                           : got.response.transport == cases[i].transport;

        if (!fits || got.response.status != cases[i].status || got.response.sent != cases[i].sent ||
            got.body_n != cases[i].body_n || got.response.retry_after_ms != cases[i].retry_after_ms ||
            strstr(got.error, "://") != NULL)
            fail_msg("%s: transport %d, status %ld, sent %d, %zu bytes, retry after %lld, error \"%s\"",
                     cases[i].path, got.response.transport, got.response.status, got.response.sent,
                     got.body_n, (long long)got.response.retry_after_ms, got.error);
    }
    bench_close(&bench);
}

static void test_refused_connection_is_not_sent(void **state)
{
    struct bench bench;
    struct server closed = {.on_request = answer_http};
    char url[100];
    struct cuiban_request request;
    struct outcome got;

    (void)state;
    bench_open(&bench);
    server_open(&closed, &bench.loop);
    server_close(&closed);
    uv_run(&bench.loop, UV_RUN_NOWAIT);
    request = http_request(url, sizeof(url), closed.port, "/200?key=SECRET");
    got = run(&bench, &request, LIMIT_MS);
    assert_int_equal(got.response.transport, CURLE_COULDNT_CONNECT);
    assert_int_equal(got.response.sent, 0);
    assert_null(strstr(got.error, "SECRET"));
    server_finish(&closed);
    bench_close(&bench);
}

static void test_timeout_before_the_body_is_read(void **state)
{
    enum { BIG = 32 * 1024 * 1024 };
    struct bench bench;
    char url[100];
    char *body = calloc(1, BIG);
    struct cuiban_request request;
    struct outcome got;

    (void)state;
    bench_open(&bench);
    bench.server.reads_nothing = true;
    request = http_request(url, sizeof(url), bench.server.port, "/200");
    request.body = body;
    request.body_n = BIG;
    got = run(&bench, &request, 500);
    assert_int_equal(got.response.transport, CURLE_OPERATION_TIMEDOUT);
    assert_int_equal(got.response.sent, 0);
    free(body);
    bench_close(&bench);
}

/* libcurl would send it again on a new connection, although the server may have acted. */
static void test_no_second_try_by_libcurl(void **state)
{
    struct bench bench;
    char url[100];
    struct cuiban_request request;
    struct outcome got;

    (void)state;
    bench_open(&bench);
    request = http_request(url, sizeof(url), bench.server.port, "/once");
    got = run(&bench, &request, LIMIT_MS);
    assert_int_equal(got.response.status, 200);
    got = run(&bench, &request, LIMIT_MS);
    assert_int_not_equal(got.response.transport, 0);
    assert_int_equal(got.response.sent, 1);
    assert_int_equal(bench.server.requests, 2);
    bench_close(&bench);
}

static void test_two_hundred_in_parallel_reuse_connections(void **state)
{
    enum { N = 200 };
    struct bench bench;
    char url[100];
    struct outcome *got = calloc(N, sizeof(*got));
    struct cuiban_request request;
    int connections;

    (void)state;
    bench_open(&bench);
    request = http_request(url, sizeof(url), bench.server.port, "/200");
    for (int i = 0; i < N; i++)
        assert_int_equal(transport_start(bench.transport, &request, LIMIT_MS, on_done, &got[i]), 0);
    assert_int_equal(transport_running(bench.transport), N);
    wait_for(&bench, got, N);
    for (int i = 0; i < N; i++)
        assert_int_equal(got[i].response.status, 200);
    assert_int_equal(transport_running(bench.transport), 0);
    connections = bench.server.connections;
    for (int i = 0; i < 50; i++) {
        struct outcome one = run(&bench, &request, LIMIT_MS);

        assert_int_equal(one.response.status, 200);
    }
    assert_int_equal(bench.server.connections, connections);
    free(got);
    bench_close(&bench);
}

static void test_cancel_all(void **state)
{
    struct bench bench;
    char url[100];
    struct outcome got[3] = {0};
    struct cuiban_request request;

    (void)state;
    bench_open(&bench);
    request = http_request(url, sizeof(url), bench.server.port, "/hang");
    for (int i = 0; i < 3; i++)
        transport_start(bench.transport, &request, LIMIT_MS, on_done, &got[i]);
    while (bench.server.requests < 3)
        uv_run(&bench.loop, UV_RUN_ONCE);
    transport_cancel_all(bench.transport);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(got[i].calls, 1);
        assert_int_equal(got[i].response.transport, CURLE_ABORTED_BY_CALLBACK);
        assert_int_equal(got[i].response.sent, 1);
    }
    bench_close(&bench);
}

static void test_bad_requests_never_leave(void **state)
{
    static const char *const injected[] = {"X-Id: a\r\nX-Evil: b", NULL};
    static const char *const nameless[] = {"no colon", NULL};
    static const struct {
        const char *name;
        struct cuiban_request request;
        int transport;
    } cases[] = {
        {"file scheme", {.url = "file:///etc/passwd"}, CURLE_URL_MALFORMAT},
        {"mail scheme", {.url = "smtp://127.0.0.1"}, CURLE_URL_MALFORMAT},
        {"no url", {.url = NULL}, CURLE_URL_MALFORMAT},
        {"blank", {.url = "http://127.0.0.1/a b"}, CURLE_URL_MALFORMAT},
        {"line end", {.url = "http://127.0.0.1/\r\nX: y"}, CURLE_URL_MALFORMAT},
        {"header", {.url = "http://127.0.0.1/", .headers = injected}, CURLE_BAD_FUNCTION_ARGUMENT},
        {"nameless", {.url = "http://127.0.0.1/", .headers = nameless}, CURLE_BAD_FUNCTION_ARGUMENT},
    };
    struct bench bench;

    (void)state;
    bench_open(&bench);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome got = run(&bench, &cases[i].request, LIMIT_MS);

        if (got.response.transport != cases[i].transport || got.response.sent || got.error[0] == '\0' ||
            strstr(got.error, "://") != NULL)
            fail_msg("%s: transport %d, error \"%s\"", cases[i].name, got.response.transport, got.error);
    }
    bench_close(&bench);
}

/* -- mail -- */

static void answer_smtp(struct peer *peer, const char *path, const char *line)
{
    (void)path;
    if (peer->in_data) {
        if (strcmp(line, ".") != 0)
            return;
        peer->in_data = false;
        if (strstr(buffer_text(&peer->server->log), "<hang@") == NULL)
            peer_line(peer, "250 2.0.0 Ok: queued as 4F1A2");
        return;
    }
    if (strncmp(line, "EHLO", 4) == 0)
        peer_line(peer, "250-test greets you\r\n250 SIZE 1000000");
    else if (strncmp(line, "RCPT", 4) == 0 && strstr(line, "<busy@") != NULL)
        peer_line(peer, "451 4.7.1 come back later");
    else if (strncmp(line, "RCPT", 4) == 0 && strstr(line, "<gone@") != NULL)
        peer_line(peer, "550 5.1.1 nobody here");
    else if (strcmp(line, "DATA") == 0) {
        peer->in_data = true;
        peer_line(peer, "354 go on");
    } else if (strcmp(line, "QUIT") == 0) {
        peer_line(peer, "221 bye");
        peer_close(peer);
    } else {
        peer_line(peer, "250 2.0.0 ok");
    }
}

static struct cuiban_request mail_request(char *url, size_t room, int port, const char *to)
{
    snprintf(url, room, "smtp://127.0.0.1:%d/test", port);
    return (struct cuiban_request){
        .size = sizeof(struct cuiban_request),
        .kind = CUIBAN_REQUEST_SMTP,
        .url = url,
        .from = "hr@example.com",
        .to = to,
        .body = "Subject: x\r\n\r\nhello\r\n",
        .body_n = 21,
    };
}

static void test_mail_answers(void **state)
{
    static const struct {
        const char *to;
        const char *greeting;
        int require_tls;
        int64_t limit_ms;
        int transport;
        long status;
        int sent;
        const char *line;
    } cases[] = {
        {"ok@example.com", "220 ready", 0, LIMIT_MS, 0, 250, 1, "250 2.0.0 Ok: queued as 4F1A2"},
        {"busy@example.com", "220 ready", 0, LIMIT_MS, CURLE_SEND_ERROR, 451, 0, "451 4.7.1 come back later"},
        {"gone@example.com", "220 ready", 0, LIMIT_MS, CURLE_SEND_ERROR, 550, 0, "550 5.1.1 nobody here"},
        {"ok@example.com", "421 too busy", 0, LIMIT_MS, CURLE_WEIRD_SERVER_REPLY, 421, 0, "421 too busy"},
        {"ok@example.com", "220 ready", 1, LIMIT_MS, CURLE_USE_SSL_FAILED, 250, 0, "250 SIZE 1000000"},
        {"hang@example.com", "220 ready", 0, 400, CURLE_OPERATION_TIMEDOUT, 354, 1, "354 go on"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench bench;
        struct outcome got;
        char url[100];
        struct cuiban_request request;

        bench_open(&bench);
        bench.server.speaks_lines = true;
        bench.server.on_request = answer_smtp;
        bench.server.greeting = cases[i].greeting;
        request = mail_request(url, sizeof(url), bench.server.port, cases[i].to);
        request.require_tls = cases[i].require_tls;
        got = run(&bench, &request, cases[i].limit_ms);
        if (got.response.transport != cases[i].transport || got.response.status != cases[i].status ||
            got.response.sent != cases[i].sent || strcmp(got.body, cases[i].line) != 0)
            fail_msg("case %zu: transport %d, status %ld, sent %d, \"%s\", error \"%s\"", i,
                     got.response.transport, got.response.status, got.response.sent, got.body, got.error);
        bench_close(&bench);
    }
}

static void test_mail_addresses(void **state)
{
    static const char *const bad[] = {
        "a@example.com>\r\nRCPT TO:<evil@example.com",
        "a@example.com\nX",
        "a b@example.com",
        "<a@example.com>",
        "a@b@example.com",
        "a\"b@example.com",
        "a,b@example.com",
        "@example.com",
        "a@",
        "plain",
        "",
        "a@[127.0.0.1]",
        "a@exa\xff\xfemple.com",
    };
    struct bench bench;
    char url[100];

    (void)state;
    bench_open(&bench);
    bench.server.speaks_lines = true;
    bench.server.on_request = answer_smtp;
    bench.server.greeting = "220 ready";
    for (size_t i = 0; i < 2 * sizeof(bad) / sizeof(bad[0]); i++) {
        struct cuiban_request request = mail_request(url, sizeof(url), bench.server.port, "ok@example.com");
        struct outcome got;

        *(i % 2 == 0 ? &request.to : &request.from) = bad[i / 2];
        got = run(&bench, &request, LIMIT_MS);
        if (got.response.transport != CURLE_BAD_FUNCTION_ARGUMENT || got.response.sent)
            fail_msg("address %zu: transport %d", i / 2, got.response.transport);
    }
    assert_int_equal(bench.server.connections, 0);
    struct cuiban_request request =
        mail_request(url, sizeof(url), bench.server.port, "zhang.wei+hr@example.com");
    struct outcome got = run(&bench, &request, LIMIT_MS);

    assert_int_equal(got.response.transport, 0);
    assert_non_null(strstr(buffer_text(&bench.server.log), "RCPT TO:<zhang.wei+hr@example.com>\n"));
    bench_close(&bench);
}

/* -- files -- */

static void test_append(void **state)
{
    char folder[] = "/tmp/cuiban-append-XXXXXX", path[100], text[100] = "";
    struct bench bench;
    struct cuiban_request request = {.kind = CUIBAN_REQUEST_FILE, .body = "line\n", .body_n = 5};
    struct outcome got;
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/log", folder);
    bench_open(&bench);
    request.url = path;
    for (int i = 0; i < 3; i++) {
        got = run(&bench, &request, LIMIT_MS);
        assert_int_equal(got.response.transport, 0);
        assert_int_equal(got.response.sent, 1);
    }
    file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof(text), file), 15);
    fclose(file);
    assert_string_equal(text, "line\nline\nline\n");
    request.url = folder;
    got = run(&bench, &request, LIMIT_MS);
    assert_int_equal(got.response.transport, CURLE_WRITE_ERROR);
    assert_int_equal(got.response.sent, 0);
    assert_null(strstr(got.error, folder));
    request.url = "/dev/full";
    got = run(&bench, &request, LIMIT_MS);
    assert_int_equal(got.response.transport, CURLE_WRITE_ERROR);
    bench_close(&bench);
    unlink(path);
    rmdir(folder);
}

/* A pipe takes a part and cannot give it back: a retry would be a double of that part, so it counts as sent.
 * A file can. */
static void test_append_of_a_part(void **state)
{
    enum { ENTRY_BYTES = 1024 * 1024 }; /* more than any pipe holds by default */
    char folder[] = "/tmp/cuiban-append-XXXXXX", path[100];
    struct bench bench;
    char *body = calloc(1, ENTRY_BYTES);
    struct cuiban_request request = {
        .kind = CUIBAN_REQUEST_FILE, .url = path, .body = body, .body_n = ENTRY_BYTES};

    (void)state;
    assert_non_null(body);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    bench_open(&bench);
    struct outcome got = run(&bench, &request, LIMIT_MS);

    assert_int_equal(got.response.transport, CURLE_WRITE_ERROR);
    assert_int_equal(got.response.sent, 1);
    got = run(&bench, &request, LIMIT_MS); /* it is full now: not a byte of it was taken */
    assert_int_equal(got.response.transport, CURLE_WRITE_ERROR);
    assert_int_equal(got.response.sent, 0);
    close(reader);
    unlink(path);

    struct rlimit old, small = {ENTRY_BYTES / 2, RLIM_INFINITY};
    struct stat file;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    got = run(&bench, &request, LIMIT_MS);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(got.response.transport, CURLE_WRITE_ERROR);
    assert_int_equal(got.response.sent, 0);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_size, 0);
    bench_close(&bench);
    free(body);
    unlink(path);
    rmdir(folder);
}

static void test_append_cancelled_outlives_its_request(void **state)
{
    char folder[] = "/tmp/cuiban-append-XXXXXX", path[100];
    struct bench bench;
    char *body = strdup("last\n");
    struct cuiban_request request = {.kind = CUIBAN_REQUEST_FILE, .url = path, .body = body, .body_n = 5};
    struct outcome got = {0};

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/log", folder);
    bench_open(&bench);
    assert_int_equal(transport_start(bench.transport, &request, LIMIT_MS, on_done, &got), 0);
    transport_cancel_all(bench.transport);
    free(body);
    assert_int_equal(got.calls, 1);
    assert_int_equal(got.response.transport, CURLE_ABORTED_BY_CALLBACK);
    bench_close(&bench);
    assert_int_equal(unlink(path), 0);
    rmdir(folder);
}

/* -- TLS, with servers of their own -- */

struct child {
    uv_process_t process;
    FILE *in, *out; /* seen from the child */
    int port;
};

/* Starts /usr/bin/python3 SCRIPT CERTIFICATE KEY and waits for its port. */
static void child_start(struct child *child, uv_loop_t *loop, const char *script, const char *folder)
{
    int in[2], out[2];
    char path[300], certificate[100], key[100];
    char *arguments[] = {(char *)"/usr/bin/python3", path, certificate, key, NULL};
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_INHERIT_FD}, {.flags = UV_INHERIT_FD}, {.flags = UV_INHERIT_FD}};
    uv_process_options_t options = {
        .file = arguments[0], .args = arguments, .stdio = stdio, .stdio_count = 3};

    snprintf(path, sizeof(path), "%s/%s", TEST_SOURCE_DIR, script);
    snprintf(certificate, sizeof(certificate), "%s/cert.pem", folder);
    snprintf(key, sizeof(key), "%s/key.pem", folder);
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    stdio[0].data.fd = in[0];
    stdio[1].data.fd = out[1];
    stdio[2].data.fd = 2;
    assert_int_equal(uv_spawn(loop, &child->process, &options), 0);
    close(in[0]);
    close(out[1]);
    child->in = fdopen(in[1], "w");
    child->out = fdopen(out[0], "r");
    assert_int_equal(fscanf(child->out, "%d", &child->port), 1);
}

static void child_stop(struct child *child)
{
    fclose(child->in); /* its standard input ends, and so does it */
    fclose(child->out);
    uv_process_kill(&child->process, SIGTERM);
    uv_close((uv_handle_t *)&child->process, NULL);
}

static void make_certificate(const char *folder)
{
    char command[600];

    snprintf(command, sizeof(command),
             "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext "
             "subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout %s/key.pem -out %s/cert.pem 2>/dev/null",
             folder, folder);
    assert_int_equal(system(command), 0);
}

static void remove_certificate(const char *folder)
{
    char path[100];

    snprintf(path, sizeof(path), "%s/key.pem", folder);
    unlink(path);
    snprintf(path, sizeof(path), "%s/cert.pem", folder);
    unlink(path);
    rmdir(folder);
}

static void test_https_is_verified(void **state)
{
    char folder[] = "/tmp/cuiban-tls-XXXXXX", ca[100], url[100];
    struct bench bench;
    struct child child = {.port = 0};
    struct cuiban_request request = {.url = url, .body = "x", .body_n = 1};
    struct outcome got;

    (void)state;
    assert_non_null(mkdtemp(folder));
    make_certificate(folder);
    bench_open(&bench);
    child_start(&child, &bench.loop, "https_server.py", folder);
    snprintf(ca, sizeof(ca), "%s/cert.pem", folder);
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/?key=SECRET", child.port);
    got = run(&bench, &request, LIMIT_MS);
    assert_int_equal(got.response.transport, CURLE_PEER_FAILED_VERIFICATION);
    assert_int_equal(got.response.sent, 0);
    assert_null(strstr(got.error, "SECRET"));
    request.ca_file = ca;
    got = run(&bench, &request, LIMIT_MS);
    assert_int_equal(got.response.transport, 0);
    assert_int_equal(got.response.status, 200);
    request.ca_file = NULL; /* the connection that was verified with the file is not used for this one */
    got = run(&bench, &request, LIMIT_MS);
    assert_int_equal(got.response.transport, CURLE_PEER_FAILED_VERIFICATION);
    child_stop(&child);
    bench_close(&bench);
    remove_certificate(folder);
}

static void test_mail_through_starttls(void **state)
{
    char folder[] = "/tmp/cuiban-tls-XXXXXX", ca[100], url[100], to[100] = "", subject[100] = "";
    struct bench bench;
    struct child child = {.port = 0};
    struct cuiban_request request;
    struct outcome got;

    (void)state;
    if (system("/usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null") != 0)
        skip();
    assert_non_null(mkdtemp(folder));
    make_certificate(folder);
    bench_open(&bench);
    child_start(&child, &bench.loop, "smtp_server.py", folder);
    snprintf(ca, sizeof(ca), "%s/cert.pem", folder);
    request = mail_request(url, sizeof(url), child.port, "li.lei@example.com");
    got = run(&bench, &request, LIMIT_MS);
    assert_int_equal(got.response.status, 530); /* the server insists on TLS */
    assert_int_equal(got.response.sent, 0);
    request.require_tls = 1;
    got = run(&bench, &request, LIMIT_MS);
    assert_int_equal(got.response.transport, CURLE_PEER_FAILED_VERIFICATION);
    request.ca_file = ca;
    got = run(&bench, &request, LIMIT_MS);
    assert_string_equal(got.body, "250 2.0.0 Ok: queued as REAL1");
    assert_int_equal(got.response.transport, 0);
    assert_int_equal(fscanf(child.out, "%99s %99s", to, subject), 2);
    assert_string_equal(to, "li.lei@example.com");
    child_stop(&child);
    bench_close(&bench);
    remove_certificate(folder);
}

/* libcurl waits for the server's last word without the loop; the loop must go on all the same. */
static void test_slow_mail_holds_nobody_up(void **state)
{
    struct bench bench;
    struct server mail = {.speaks_lines = true, .on_request = answer_smtp, .greeting = "220 ready"};
    char url[100], mail_url[100];
    struct cuiban_request slow, quick;
    struct outcome mails[2] = {{0}}, got;

    (void)state;
    bench_open(&bench);
    server_open(&mail, &bench.loop);
    slow = mail_request(mail_url, sizeof(mail_url), mail.port, "hang@example.com");
    quick = http_request(url, sizeof(url), bench.server.port, "/200");
    for (int i = 0; i < 2; i++)
        assert_int_equal(transport_start(bench.transport, &slow, 60000, on_done, &mails[i]), 0);
    for (int i = 0; i < ROUNDS_MAX && strstr(buffer_text(&mail.log), "\n.\n") == NULL; i++)
        uv_run(&bench.loop, UV_RUN_ONCE);
    got = run(&bench, &quick, LIMIT_MS);
    assert_int_equal(got.response.status, 200);
    assert_int_equal(mails[0].calls + mails[1].calls, 0);
    transport_cancel_all(bench.transport);
    assert_int_equal(mails[0].calls + mails[1].calls, 2);
    assert_int_equal(mails[0].response.transport, CURLE_ABORTED_BY_CALLBACK);
    assert_true(mails[0].response.sent || mails[1].response.sent);
    server_close(&mail);
    bench_close(&bench);
    server_finish(&mail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_answers),
        cmocka_unit_test(test_refused_connection_is_not_sent),
        cmocka_unit_test(test_timeout_before_the_body_is_read),
        cmocka_unit_test(test_no_second_try_by_libcurl),
        cmocka_unit_test(test_two_hundred_in_parallel_reuse_connections),
        cmocka_unit_test(test_cancel_all),
        cmocka_unit_test(test_bad_requests_never_leave),
        cmocka_unit_test(test_mail_answers),
        cmocka_unit_test(test_mail_addresses),
        cmocka_unit_test(test_slow_mail_holds_nobody_up),
        cmocka_unit_test(test_https_is_verified),
        cmocka_unit_test(test_mail_through_starttls),
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_append_of_a_part),
        cmocka_unit_test(test_append_cancelled_outlives_its_request),
    };

    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < 4; i++)
        unsetenv((const char *[]){"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"}[i]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
