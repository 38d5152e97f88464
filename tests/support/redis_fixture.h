/* redis_fixture.h: a private redis-server on a unix socket in a folder of its own, for one test. */
#ifndef CUIBAN_TESTS_REDIS_FIXTURE_H
#define CUIBAN_TESTS_REDIS_FIXTURE_H

#include <hiredis/hiredis.h>
#include <stdbool.h>

struct redis_fixture;

/* Starts it and waits until it answers. `extra`: further arguments ("--requirepass", "x", NULL), or NULL.
 * Fails the test if it does not come up. Runs with appendonly yes and fsync always, so that a kill loses
 * nothing. */
struct redis_fixture *redis_fixture_start(const char *const *extra);
void redis_fixture_stop(
    struct redis_fixture *fixture); /* ends the server, removes the folder; NULL is fine */

void redis_fixture_kill(struct redis_fixture *fixture);               /* kill -9, keeps the folder */
void redis_fixture_again(struct redis_fixture *fixture);              /* starts it again on the same folder */
void redis_fixture_pause(struct redis_fixture *fixture, bool paused); /* SIGSTOP, SIGCONT */

const char *redis_fixture_address(const struct redis_fixture *fixture); /* "unix:/tmp/.../redis.sock" */
const char *redis_fixture_socket(const struct redis_fixture *fixture);
const char *redis_fixture_folder(const struct redis_fixture *fixture);

/* Runs one command on a connection of the fixture's own; fails the test if there is no answer. The caller
 * frees. */
redisReply *redis_do(struct redis_fixture *fixture, const char *format, ...);
redisReply *redis_do_words(struct redis_fixture *fixture, int n, const char **words);
/* The same where only a number (or the number in a text) matters; -1 for nil, and for an error. */
long long redis_number(struct redis_fixture *fixture, const char *format, ...);

#endif
