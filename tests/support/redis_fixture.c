#include "support/redis_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EXTRA_MAX = 16, UP_LIMIT_MS = 15000 };

struct redis_fixture {
    char folder[64], socket[96], address[112];
    const char *extra[EXTRA_MAX];
    const char *password;
    pid_t pid;
    redisContext *context;
};

static void sleep_ms(long ms)
{
    struct timespec wait = {ms / 1000, (ms % 1000) * 1000000};
    (void)nanosleep(&wait, NULL);
}

static void run_server(const struct redis_fixture *fixture)
{
    const char *words[32] = {"redis-server",  "--port", "0", "--unixsocket", fixture->socket, "--dir",
                             fixture->folder, "--save", "",  "--appendonly", "yes",           "--appendfsync",
                             "always"};
    size_t n = 13;
    for (size_t i = 0; i < EXTRA_MAX && fixture->extra[i]; i++)
        words[n++] = fixture->extra[i];
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* no server outlives a test that crashed */
    int log = open("/dev/null", O_WRONLY);
    (void)dup2(log, STDOUT_FILENO);
    (void)dup2(log, STDERR_FILENO);
    (void)execvp("redis-server", (char *const *)(uintptr_t)words);
    _exit(127);
}

static bool is_up(struct redis_fixture *fixture)
{
    redisContext *context = redisConnectUnix(fixture->socket);
    if (context && !context->err && fixture->password)
        freeReplyObject(redisCommand(context, "AUTH %s", fixture->password));
    redisReply *reply = context && !context->err ? redisCommand(context, "PING") : NULL;
    bool up = reply && reply->type == REDIS_REPLY_STATUS && strcmp(reply->str, "PONG") == 0;
    freeReplyObject(reply);
    if (up)
        fixture->context = context;
    else if (context)
        redisFree(context);
    return up;
}

void redis_fixture_again(struct redis_fixture *fixture)
{
    fixture->pid = fork();
    if (fixture->pid == 0)
        run_server(fixture);
    assert_true(fixture->pid > 0);
    for (int waited = 0; waited < UP_LIMIT_MS; waited += 10) {
        if (is_up(fixture))
            return;
        sleep_ms(10);
    }
    fail_msg("redis-server did not come up in %d ms", UP_LIMIT_MS);
}

struct redis_fixture *redis_fixture_start(const char *const *extra)
{
    struct redis_fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    (void)snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/cuiban-redis-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    (void)snprintf(fixture->socket, sizeof(fixture->socket), "%s/redis.sock", fixture->folder);
    (void)snprintf(fixture->address, sizeof(fixture->address), "unix:%s", fixture->socket);
    for (size_t i = 0; extra && extra[i]; i++) {
        assert_true(i + 1 < EXTRA_MAX);
        fixture->extra[i] = extra[i];
        if (strcmp(extra[i], "--requirepass") == 0)
            fixture->password = extra[i + 1];
    }
    redis_fixture_again(fixture);
    return fixture;
}

static void end_server(struct redis_fixture *fixture, int number)
{
    if (fixture->context)
        redisFree(fixture->context);
    fixture->context = NULL;
    if (fixture->pid > 0) {
        (void)kill(fixture->pid, number);
        (void)kill(fixture->pid, SIGCONT);
        (void)waitpid(fixture->pid, NULL, 0);
    }
    fixture->pid = 0;
}

void redis_fixture_kill(struct redis_fixture *fixture)
{
    end_server(fixture, SIGKILL);
}

void redis_fixture_pause(struct redis_fixture *fixture, bool paused)
{
    (void)kill(fixture->pid, paused ? SIGSTOP : SIGCONT);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

void redis_fixture_stop(struct redis_fixture *fixture)
{
    if (!fixture)
        return;
    end_server(fixture, SIGKILL);
    (void)nftw(fixture->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(fixture);
}

const char *redis_fixture_address(const struct redis_fixture *fixture)
{
    return fixture->address;
}

const char *redis_fixture_socket(const struct redis_fixture *fixture)
{
    return fixture->socket;
}

const char *redis_fixture_folder(const struct redis_fixture *fixture)
{
    return fixture->folder;
}

redisReply *redis_do_words(struct redis_fixture *fixture, int n, const char **words)
{
    redisReply *reply = redisCommandArgv(fixture->context, n, words, NULL);
    if (!reply)
        fail_msg("redis-server does not answer to \"%s\": %s", words[0], fixture->context->errstr);
    return reply;
}

redisReply *redis_do(struct redis_fixture *fixture, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    redisReply *reply = redisvCommand(fixture->context, format, list);
    va_end(list);
    if (!reply)
        fail_msg("redis-server does not answer to \"%s\": %s", format, fixture->context->errstr);
    return reply;
}

long long redis_number(struct redis_fixture *fixture, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    redisReply *reply = redisvCommand(fixture->context, format, list);
    va_end(list);
    if (!reply)
        fail_msg("redis-server does not answer to \"%s\": %s", format, fixture->context->errstr);
    long long number = -1;
    if (reply->type == REDIS_REPLY_INTEGER)
        number = reply->integer;
    else if (reply->type == REDIS_REPLY_STRING)
        number = strtoll(reply->str, NULL, 10);
    freeReplyObject(reply);
    return number;
}
