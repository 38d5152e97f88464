/* Connections that are refused, killed, black holes, or want a password. */
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "store/connection.h"
#include "support/redis_fixture.h"

enum { LIMIT_MS = 5000 };

struct watched {
    uv_loop_t loop;
    struct connection *connection;
    int ready, closed, gone, replies;
    bool close_in_reply;
    char why[200], text[200];
};

static void on_ready(void *data)
{
    ((struct watched *)data)->ready++;
}

static void on_closed(void *data, const char *why)
{
    struct watched *watched = data;
    watched->closed++;
    watched->connection = NULL;
    (void)snprintf(watched->why, sizeof(watched->why), "%s", why);
}

static void on_gone(void *data)
{
    ((struct watched *)data)->gone++;
}

static void on_reply(void *data, redisReply **reply)
{
    struct watched *watched = data;
    watched->replies++;
    if ((*reply)->str)
        (void)snprintf(watched->text, sizeof(watched->text), "%s", (*reply)->str);
    if (watched->close_in_reply) {
        connection_close(watched->connection);
        watched->connection = NULL;
    }
}

static void start(struct watched *watched, const char *text, int64_t connect_ms, int64_t command_ms)
{
    struct address address = {0};
    const char *why = NULL;
    *watched = (struct watched){0};
    assert_int_equal(uv_loop_init(&watched->loop), 0);
    assert_int_equal(address_parse(text, &address, &why), 0);
    struct connection_hooks hooks = {watched, on_ready, on_closed, on_gone};
    watched->connection =
        connection_open(&watched->loop, &address, (struct connection_limits){connect_ms, command_ms}, &hooks);
    assert_non_null(watched->connection);
    assert_int_equal(watched->ready + watched->closed, 0); /* nothing from inside the call */
    address_finish(&address);
}

/* Runs the loop until one of the counters is there. */
static void wait_for(struct watched *watched, const int *counter, int value)
{
    uint64_t until = uv_hrtime() + (uint64_t)LIMIT_MS * 1000000;
    while (*counter < value && uv_hrtime() < until)
        if (!uv_run(&watched->loop, UV_RUN_ONCE))
            break;
    if (*counter < value)
        fail_msg("ready %d closed %d (%s) replies %d", watched->ready, watched->closed, watched->why,
                 watched->replies);
}

static void finish(struct watched *watched)
{
    connection_close(watched->connection);
    (void)uv_run(&watched->loop, UV_RUN_DEFAULT);
    assert_int_equal(watched->gone, 1);
    assert_true(watched->closed <= 1);
    assert_int_equal(uv_loop_close(&watched->loop), 0);
}

static bool say(struct watched *watched, const char *word, const char *argument)
{
    return connection_say(watched->connection, on_reply, watched, word, argument, (char *)NULL);
}

static void test_answers(void **state)
{
    struct watched watched;
    start(&watched, redis_fixture_address(*state), 1000, 1000);
    assert_false(say(&watched, "PING", NULL)); /* not before it is ready */
    wait_for(&watched, &watched.ready, 1);
    for (int i = 0; i < 100; i++)
        assert_true(say(&watched, "ECHO", "hello"));
    wait_for(&watched, &watched.replies, 100);
    assert_string_equal(watched.text, "hello");
    assert_true(say(&watched, "NONSENSE", NULL));
    wait_for(&watched, &watched.replies, 101); /* an error is an answer */
    assert_int_equal(watched.closed, 0);
    finish(&watched);
    assert_int_equal(watched.closed, 0); /* our own end says nothing */
}

static void test_large_answer(void **state)
{
    struct watched watched;
    start(&watched, redis_fixture_address(*state), 1000, 4000);
    wait_for(&watched, &watched.ready, 1);
    static char big[300 * 1024];
    memset(big, 'x', sizeof(big) - 1);
    assert_true(say(&watched, "ECHO", big));
    wait_for(&watched, &watched.replies, 1);
    assert_int_equal(strlen(watched.text), sizeof(watched.text) - 1);
    finish(&watched);
}

static void test_close_in_reply(void **state)
{
    struct watched watched;
    start(&watched, redis_fixture_address(*state), 1000, 1000);
    wait_for(&watched, &watched.ready, 1);
    watched.close_in_reply = true;
    assert_true(say(&watched, "PING", NULL));
    assert_true(say(&watched, "PING", NULL));
    wait_for(&watched, &watched.gone, 1);
    assert_int_equal(watched.replies, 1);
    finish(&watched);
}

static void test_close_while_connecting(void **state)
{
    struct watched watched;
    start(&watched, redis_fixture_address(*state), 1000, 1000);
    finish(&watched);
    start(&watched, "redis://localhost:1", 1000, 1000);
    finish(&watched);
    assert_int_equal(watched.ready + watched.closed, 0);
}

/* A bare chroot has no /etc/hosts. */
static bool knows_localhost(void)
{
    struct addrinfo *found = NULL;
    bool known = getaddrinfo("localhost", NULL, NULL, &found) == 0;

    if (known)
        freeaddrinfo(found);
    return known;
}

static void test_refused(void **state)
{
    (void)state;
    const struct {
        const char *text, *why;
    } cases[] = {
        {"redis://127.0.0.1:1", "refused"},
        {"redis://localhost:1", knows_localhost() ? "refused" : "unknown"},
        {"unix:/tmp/cuiban-no-such-socket", "no such file"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct watched watched;
        start(&watched, cases[i].text, 2000, 1000);
        wait_for(&watched, &watched.closed, 1);
        if (!strstr(watched.why, cases[i].why))
            fail_msg("%s: %s", cases[i].text, watched.why);
        finish(&watched);
    }
}

/* Listens and never answers: the greeting (SELECT) and the first command run into their limits. */
static void test_black_hole(void **state)
{
    (void)state;
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(place);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&place, sizeof(place)), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&place, &n), 0);
    char text[64];
    struct watched watched;
    (void)snprintf(text, sizeof(text), "redis://127.0.0.1:%d/1", ntohs(place.sin_port));
    start(&watched, text, 200, 1000);
    wait_for(&watched, &watched.closed, 1);
    assert_string_equal(watched.why, "no connection within 200 ms");
    finish(&watched);
    (void)snprintf(text, sizeof(text), "redis://127.0.0.1:%d", ntohs(place.sin_port));
    start(&watched, text, 1000, 200);
    wait_for(&watched, &watched.ready, 1);
    assert_true(say(&watched, "PING", NULL));
    wait_for(&watched, &watched.closed, 1);
    assert_string_equal(watched.why, "no answer within 200 ms");
    assert_int_equal(watched.replies, 0);
    finish(&watched);
    (void)close(listener);
}

static void test_killed(void **state)
{
    (void)state;
    struct redis_fixture *redis = redis_fixture_start(NULL);
    struct watched watched;
    start(&watched, redis_fixture_address(redis), 1000, 60000);
    wait_for(&watched, &watched.ready, 1);
    assert_true(connection_say(watched.connection, on_reply, &watched, "XREAD", "BLOCK", "0", "STREAMS", "s",
                               "0", (char *)NULL));
    redis_fixture_kill(redis);
    wait_for(&watched, &watched.closed, 1);
    assert_int_equal(watched.replies, 0);
    finish(&watched);
    redis_fixture_stop(redis);
}

static void test_login(void **state)
{
    (void)state;
    const char *extra[] = {"--requirepass", "s3cret", NULL};
    struct redis_fixture *redis = redis_fixture_start(extra);
    static const struct {
        const char *login;
        bool good;
    } cases[] = {
        {":s3cret@", true}, {"default:s3cret@", true}, {":wr0ng@", false}, {"nobody:s3cret@", false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256];
        struct watched watched;
        (void)snprintf(text, sizeof(text), "unix://%s%s?db=2", cases[i].login, redis_fixture_socket(redis));
        start(&watched, text, 1000, 1000);
        wait_for(&watched, cases[i].good ? &watched.ready : &watched.closed, 1);
        if (cases[i].good) {
            assert_true(
                connection_say(watched.connection, on_reply, &watched, "SET", "key", "value", (char *)NULL));
            wait_for(&watched, &watched.replies, 1);
            assert_string_equal(watched.text, "OK");
        } else {
            assert_non_null(strstr(watched.why, "login"));
            assert_null(strstr(watched.why, "cret"));
        }
        finish(&watched);
    }
    freeReplyObject(redis_do(redis, "SELECT 2"));
    assert_int_equal(redis_number(redis, "EXISTS key"), 1);
    redis_fixture_stop(redis);
}

/* A server without AUTH answers with the words of the command. */
static void test_login_unknown(void **state)
{
    (void)state;
    const char *extra[] = {"--rename-command", "AUTH", "HIDDEN", NULL};
    struct redis_fixture *redis = redis_fixture_start(extra);
    char text[256];
    struct watched watched;
    (void)snprintf(text, sizeof(text), "unix://:s3cret@%s", redis_fixture_socket(redis));
    start(&watched, text, 1000, 1000);
    wait_for(&watched, &watched.closed, 1);
    assert_non_null(strstr(watched.why, "unknown command"));
    assert_null(strstr(watched.why, "s3cret"));
    finish(&watched);
    redis_fixture_stop(redis);
}

static int setup(void **state)
{
    *state = redis_fixture_start(NULL);
    return 0;
}

static int teardown(void **state)
{
    redis_fixture_stop(*state);
    return 0;
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),        cmocka_unit_test(test_large_answer),
        cmocka_unit_test(test_close_in_reply), cmocka_unit_test(test_close_while_connecting),
        cmocka_unit_test(test_refused),        cmocka_unit_test(test_black_hole),
        cmocka_unit_test(test_killed),         cmocka_unit_test(test_login),
        cmocka_unit_test(test_login_unknown),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
