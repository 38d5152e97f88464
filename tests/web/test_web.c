/* The server on a real loop, asked by a raw TCP client on the same loop. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "web/web.h"

enum { LIMIT_MS = 5000, HEAD_MS = 400, GUESTS = 3, IDLE_S = 2 };

struct fixture {
    uv_loop_t loop;
    struct web *web;
    bool healthy;
    size_t huge;
    int asked;
    bool closed;
};

static void say_metrics(void *data, struct buffer *out)
{
    struct fixture *fixture = data;

    fixture->asked++;
    for (size_t i = 0; i < fixture->huge; i++)
        buffer_add_char(out, 'x');
    buffer_add_text(out, "cuiban_up 1\n");
}

static void say_status(void *data, struct buffer *out)
{
    (void)data;
    buffer_add_text(out, "{\"shards\":[]}");
}

static bool say_health(void *data, bool as_json, struct buffer *out)
{
    struct fixture *fixture = data;

    if (as_json)
        buffer_add_text(out, fixture->healthy ? "{\"healthy\":true}" : "{\"healthy\":false}");
    else
        buffer_add_text(out, fixture->healthy ? "ok\n" : "hr:events: no connection to Redis\n");
    return fixture->healthy;
}

static int open_web(struct fixture *fixture, const char *listen, int32_t timeout_s, int32_t head_ms,
                    char error[static 200])
{
    struct web_options options = {&fixture->loop, listen, GUESTS, timeout_s, head_ms};
    struct web_content content = {fixture, say_metrics, say_status, say_health};

    return web_open(&options, &content, &fixture->web, error, 200);
}

static int start_with(void **state, int32_t timeout_s, int32_t head_ms)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    char error[200];

    fixture->healthy = true;
    uv_loop_init(&fixture->loop);
    assert_int_equal(open_web(fixture, "127.0.0.1:0", timeout_s, head_ms, error), 0);
    *state = fixture;
    return 0;
}

static int start(void **state)
{
    return start_with(state, IDLE_S, HEAD_MS);
}

static int start_patient(void **state)
{
    return start_with(state, 4 * LIMIT_MS / 1000, 4 * LIMIT_MS);
}

static void on_web_closed(void *data)
{
    ((struct fixture *)data)->closed = true;
}

static int stop(void **state)
{
    struct fixture *fixture = *state;

    web_close(fixture->web, on_web_closed, fixture);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_true(fixture->closed);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    free(fixture);
    return 0;
}

/* -- a client -- */

struct client {
    uv_tcp_t tcp;
    uv_timer_t limit;
    uv_connect_t connect;
    uv_write_t write;
    const char *request;
    struct buffer answer;
    char room[4096];
    bool ended; /* the server closed */
    bool late;
};

static void client_on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *out)
{
    struct client *client = handle->data;

    (void)wanted;
    *out = uv_buf_init(client->room, sizeof(client->room));
}

static void client_on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    struct client *client = stream->data;

    if (n > 0)
        buffer_add(&client->answer, bytes->base, (size_t)n);
    if (n < 0)
        client->ended = true;
}

static void client_on_connect(uv_connect_t *connect, int status)
{
    struct client *client = connect->data;
    uv_buf_t text = uv_buf_init((char *)client->request, (unsigned)strlen(client->request));

    assert_int_equal(status, 0);
    uv_read_start((uv_stream_t *)&client->tcp, client_on_alloc, client_on_read);
    uv_write(&client->write, (uv_stream_t *)&client->tcp, &text, 1, NULL);
}

static void client_on_limit(uv_timer_t *timer)
{
    ((struct client *)timer->data)->late = true;
}

static void client_start(struct client *client, struct fixture *fixture, const char *request)
{
    struct sockaddr_in to;
    const char *address = web_address(fixture->web);

    memset(client, 0, sizeof(*client));
    buffer_init(&client->answer);
    client->request = request;
    uv_ip4_addr("127.0.0.1", (int)strtol(strrchr(address, ':') + 1, NULL, 10), &to);
    uv_tcp_init(&fixture->loop, &client->tcp);
    uv_timer_init(&fixture->loop, &client->limit);
    client->tcp.data = client->limit.data = client->connect.data = client;
    uv_timer_start(&client->limit, client_on_limit, LIMIT_MS, 0);
    assert_int_equal(
        uv_tcp_connect(&client->connect, &client->tcp, (struct sockaddr *)&to, client_on_connect), 0);
}

static void client_wait(struct client *client, struct fixture *fixture)
{
    while (!client->ended && !client->late)
        uv_run(&fixture->loop, UV_RUN_ONCE);
}

static void client_stop(struct client *client, struct fixture *fixture)
{
    uv_close((uv_handle_t *)&client->tcp, NULL);
    uv_close((uv_handle_t *)&client->limit, NULL);
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
    buffer_finish(&client->answer);
}

/* -- cases -- */

struct exchange {
    const char *request;
    const char *wanted[4]; /* pieces that the answer must have */
};

static void check_exchange(struct fixture *fixture, const struct exchange *exchange)
{
    struct client client;

    client_start(&client, fixture, exchange->request);
    client_wait(&client, fixture);
    if (client.late)
        fail_msg("no answer to %s", exchange->request);
    for (size_t i = 0; i < 4 && exchange->wanted[i] != NULL; i++) {
        if (strstr(buffer_text(&client.answer), exchange->wanted[i]) == NULL)
            fail_msg("%s\n  has no: %s\n  but is: %s", exchange->request, exchange->wanted[i],
                     buffer_text(&client.answer));
    }
    client_stop(&client, fixture);
}

#define REQUEST(line) line " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

static void answers(void **state)
{
    static const struct exchange cases[] = {
        {REQUEST("GET /metrics"), {"HTTP/1.1 200 ", "version=0.0.4", "no-store", "\r\n\r\ncuiban_up 1\n"}},
        {REQUEST("GET /status"), {"HTTP/1.1 200 ", "application/json", "{\"shards\":[]}"}},
        {REQUEST("GET /healthz"), {"HTTP/1.1 200 ", "\r\n\r\nok\n"}},
        {REQUEST("GET /healthz?format=json"), {"HTTP/1.1 200 ", "application/json", "{\"healthy\":true}"}},
        {"GET /healthz HTTP/1.1\r\nHost: x\r\nAccept: text/html, application/json;q=0.9\r\nConnection: "
         "close\r\n\r\n",
         {"HTTP/1.1 200 ", "application/json", "{\"healthy\":true}"}},
        {REQUEST("GET /healthz?format=text"), {"HTTP/1.1 200 ", "text/plain", "\r\n\r\nok\n"}},
        {REQUEST("GET /livez"), {"HTTP/1.1 200 ", "\r\n\r\nalive\n"}},
        {REQUEST("GET /"), {"HTTP/1.1 404 ", "/healthz"}},
        {REQUEST("GET /metrics/../status"), {"HTTP/1.1 404 "}},
        {REQUEST("GET /metrics?x=1"), {"HTTP/1.1 200 "}},
        {REQUEST("DELETE /status"), {"HTTP/1.1 405 ", "Allow: GET, HEAD"}},
        {"POST /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
         {"HTTP/1.1 405 "}},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_exchange(*state, &cases[i]);
}

static void nonsense_ends_the_connection(void **state)
{
    struct fixture *fixture = *state;
    struct client client;

    client_start(&client, fixture, "nonsense\r\n\r\n");
    client_wait(&client, fixture);
    assert_false(client.late);
    assert_int_equal(fixture->asked, 0);
    client_stop(&client, fixture);
}

static void head_has_no_body(void **state)
{
    struct fixture *fixture = *state;
    struct client client;

    client_start(&client, fixture, REQUEST("HEAD /metrics"));
    client_wait(&client, fixture);
    assert_non_null(strstr(buffer_text(&client.answer), "HTTP/1.1 200 "));
    assert_null(strstr(buffer_text(&client.answer), "cuiban_up"));
    client_stop(&client, fixture);
}

static void ill_health_is_503(void **state)
{
    static const struct exchange cases[] = {
        {REQUEST("GET /healthz"), {"HTTP/1.1 503 ", "no connection to Redis\n"}},
        {REQUEST("GET /healthz?format=json"), {"HTTP/1.1 503 ", "{\"healthy\":false}"}},
        {REQUEST("GET /livez"), {"HTTP/1.1 200 ", "alive\n"}}, /* restarting it would mend nothing */
    };
    struct fixture *fixture = *state;

    fixture->healthy = false;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_exchange(fixture, &cases[i]);
}

static void large_answers_arrive_whole(void **state)
{
    struct fixture *fixture = *state;
    struct client client;

    fixture->huge = 3 * 1024 * 1024;
    client_start(&client, fixture, REQUEST("GET /metrics"));
    client_wait(&client, fixture);
    assert_false(client.late);
    assert_true(client.answer.n > fixture->huge);
    assert_string_equal(buffer_text(&client.answer) + client.answer.n - 12, "cuiban_up 1\n");
    client_stop(&client, fixture);
}

static void one_connection_serves_many_requests(void **state)
{
    struct fixture *fixture = *state;
    struct client client;

    client_start(&client, fixture,
                 "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
                 "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" REQUEST("GET /healthz"));
    client_wait(&client, fixture);
    assert_false(client.late);
    assert_int_equal(fixture->asked, 2);
    assert_non_null(strstr(buffer_text(&client.answer), "\r\n\r\nok\n"));
    client_stop(&client, fixture);
}

/* Ten times as many as may be there at once, and all of them would be waited for longer than the client
 * waits. */
static void silent_connections_lock_nobody_out(void **state)
{
    static const struct exchange healthy = {REQUEST("GET /healthz"), {"HTTP/1.1 200 "}};
    struct fixture *fixture = *state;
    struct client silent[10 * GUESTS];
    size_t n = sizeof(silent) / sizeof(silent[0]);

    for (size_t i = 0; i < n; i++) {
        client_start(&silent[i], fixture, "GET /metr");
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
    }
    check_exchange(fixture, &healthy);
    client_wait(&silent[0], fixture); /* the first made room */
    assert_false(silent[0].late);
    for (size_t i = 0; i < n; i++)
        client_stop(&silent[i], fixture);
}

static void client_on_drip(uv_timer_t *timer)
{
    struct client *client = timer->data;
    uv_buf_t one = uv_buf_init("a", 1);

    if (!client->ended)
        uv_try_write((uv_stream_t *)&client->tcp, &one, 1);
}

/* A byte now and then is progress for whoever measures silence alone. */
static void a_request_byte_by_byte_is_ended(void **state)
{
    struct fixture *fixture = *state;
    struct client client;
    uv_timer_t drip;

    client_start(&client, fixture, "GET /");
    uv_timer_init(&fixture->loop, &drip);
    uv_unref((uv_handle_t *)&drip); /* of a test that has failed */
    drip.data = &client;
    uv_timer_start(&drip, client_on_drip, HEAD_MS / 8, HEAD_MS / 8);
    client_wait(&client, fixture);
    assert_false(client.late);
    assert_int_equal(client.answer.n, 0);
    uv_close((uv_handle_t *)&drip, NULL);
    client_stop(&client, fixture);
}

/* Who was answered may take as long as ever for its next request. */
static void a_known_guest_has_time(void **state)
{
    struct fixture *fixture = *state;
    struct client client;
    uint64_t begun = uv_hrtime();

    client_start(&client, fixture, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    client_wait(&client, fixture);
    assert_false(client.late);
    assert_non_null(strstr(buffer_text(&client.answer), "alive\n"));
    assert_true(uv_hrtime() - begun >= UINT64_C(1000000000) * (IDLE_S - 1));
    client_stop(&client, fixture);
}

static void check_long(struct fixture *fixture, const char *piece, size_t bytes, const char *wanted)
{
    struct buffer request;
    struct exchange exchange = {.wanted = {wanted}};

    buffer_init(&request);
    buffer_add_text(&request, "GET /livez?");
    while (request.n < strlen("GET ") + bytes)
        buffer_add_text(&request, piece);
    buffer_truncate(&request, strlen("GET ") + bytes);
    buffer_add_text(&request, " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    exchange.request = buffer_text(&request);
    check_exchange(fixture, &exchange);
    buffer_finish(&request);
}

static void long_requests_are_answered(void **state)
{
    static const char *const pieces[] = {"a", "&", "a&", "a=1&", "%26"};

    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        check_long(*state, pieces[i], WEB_ARGUMENTS_MAX + strlen("/livez?") - 1, "HTTP/1.1 200 ");
        check_long(*state, pieces[i], 2 * 1024, "HTTP/1.1 414 ");
        check_long(*state, pieces[i], 16 * 1024, "HTTP/1.1 414 ");
    }
    check_long(*state, "a", WEB_TARGET_MAX, "HTTP/1.1 200 ");
    check_long(*state, "a", WEB_TARGET_MAX + 1, "HTTP/1.1 414 ");
    check_long(*state, "&", WEB_TARGET_MAX, "HTTP/1.1 414 "); /* not long, but many */
}

/* More than a connection's memory. What the server has not read when it closes makes the kernel send a reset,
 * which may overtake the answer: that there is an end is what can be held to, and that no answer says
 * otherwise. */
static void huge_heads_come_to_an_end(void **state)
{
    static const size_t lengths[] = {1, 20, 2000, 100 * 1000};

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct buffer request;
        struct client client;

        buffer_init(&request);
        buffer_add_text(&request, "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        while (request.n < 100 * 1000)
            buffer_printf(&request, "X: %0*d\r\n", (int)lengths[i], 1);
        buffer_add_text(&request, "\r\n");
        client_start(&client, *state, buffer_text(&request));
        client_wait(&client, *state);
        assert_false(client.late);
        assert_true(client.answer.n == 0 || strstr(buffer_text(&client.answer), "HTTP/1.1 431 ") != NULL);
        client_stop(&client, *state);
        buffer_finish(&request);
    }
}

static void requests_with_a_body_are_refused(void **state)
{
    static const char head[] = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    static const struct {
        const char *method, *rest, *wanted;
    } cases[] = {
        {"GET /livez", "Content-Length: 0\r\n\r\n", "HTTP/1.1 200 "},
        {"GET /livez", "Content-Length: 5\r\n\r\nhello", "HTTP/1.1 400 "},
        {"GET /livez", "Content-Length: 500000\r\n\r\n", "HTTP/1.1 400 "}, /* and it never comes */
        {"HEAD /livez", "Content-Length: 5\r\n\r\nhello", "HTTP/1.1 400 "},
        {"GET /livez", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "HTTP/1.1 400 "},
        {"GET /livez", "Content-Length: nonsense\r\n\r\n", "HTTP/1.1 400 "},
        {"POST /livez", "Content-Length: 500000\r\n\r\n", "HTTP/1.1 405 "},
        {"PUT /livez", "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 405 "},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer request;

        buffer_init(&request);
        buffer_printf(&request, "%s%s%s", cases[i].method, head, cases[i].rest);
        check_exchange(*state, &(struct exchange){buffer_text(&request), {cases[i].wanted}});
        buffer_finish(&request);
    }
}

static void bad_addresses_are_explained(void **state)
{
    static const char *const cases[] = {
        "",
        "9560",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:x",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "localhost:9560",
        "::1:9560",
        "[::1:9560",
        "[]:1",
        "*:9560",
        ":9560",
        "127.0.0.1:80 ",
    };
    struct fixture *fixture = *state;
    struct fixture other = {.loop = fixture->loop};
    char error[200];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (open_web(&other, cases[i], 0, 0, error) != -EINVAL)
            fail_msg("%s was accepted", cases[i]);
        if (strstr(error, cases[i]) == NULL || strstr(error, "127.0.0.1:9560") == NULL)
            fail_msg("%s: %s", cases[i], error);
    }
    assert_int_equal(open_web(&other, web_address(fixture->web), 0, 0, error), -EADDRINUSE);
    assert_non_null(strstr(error, "another program listens there"));
    assert_int_equal(open_web(&other, "192.0.2.1:9560", 0, 0, error), -EADDRNOTAVAIL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers, start, stop),
        cmocka_unit_test_setup_teardown(nonsense_ends_the_connection, start, stop),
        cmocka_unit_test_setup_teardown(head_has_no_body, start, stop),
        cmocka_unit_test_setup_teardown(ill_health_is_503, start, stop),
        cmocka_unit_test_setup_teardown(large_answers_arrive_whole, start, stop),
        cmocka_unit_test_setup_teardown(one_connection_serves_many_requests, start, stop),
        cmocka_unit_test_setup_teardown(silent_connections_lock_nobody_out, start_patient, stop),
        cmocka_unit_test_setup_teardown(a_request_byte_by_byte_is_ended, start, stop),
        cmocka_unit_test_setup_teardown(a_known_guest_has_time, start, stop),
        cmocka_unit_test_setup_teardown(long_requests_are_answered, start, stop),
        cmocka_unit_test_setup_teardown(huge_heads_come_to_an_end, start, stop),
        cmocka_unit_test_setup_teardown(requests_with_a_body_are_refused, start, stop),
        cmocka_unit_test_setup_teardown(bad_addresses_are_explained, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
