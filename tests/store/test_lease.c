#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session.h"
#include "store/lease.h"
#include "support/redis_fixture.h"

#define BASE "cuiban:{s}:"
static const char rules_a[] = "aaaaaaaaaaaaaaaa", rules_b[] = "bbbbbbbbbbbbbbbb";

struct contender {
    struct session session;
    struct lease lease;
    char holder[LEASE_HOLDER_MAX];
    instant time;
    const char *health, *refusal;
};

static struct redis_fixture *redis;
static struct keys keys;

static void enter(struct contender *contender)
{
    *contender = (struct contender){0};
    session_open(&contender->session, redis_fixture_address(redis));
    lease_init(&contender->lease, LEASE_TTL_MS);
    assert_int_equal(lease_renew_token(&contender->lease), 0);
}

static void leave(struct contender *contender)
{
    session_close(&contender->session);
}

static enum lease_answer take(struct contender *contender, const char *rules, bool strict, bool count)
{
    struct lease_wish wish = {rules, strict, count};
    struct monotonic asked = clock_monotonic();
    assert_true(lease_send_take(&contender->lease, contender->session.connection, &keys, &wish,
                                session_on_reply, &contender->session));
    return lease_judge_take(&contender->lease, session_wait(&contender->session), asked, &contender->time,
                            contender->holder);
}

static enum lease_answer renew(struct contender *contender)
{
    struct monotonic asked = clock_monotonic();
    assert_true(lease_send_renew(&contender->lease, contender->session.connection, &keys, contender->health,
                                 session_on_reply, &contender->session));
    return lease_judge_renew(&contender->lease, session_wait(&contender->session), asked, &contender->time,
                             &contender->refusal);
}

static long long release(struct contender *contender)
{
    assert_true(lease_send_release(&contender->lease, contender->session.connection, &keys, session_on_reply,
                                   &contender->session));
    return session_wait(&contender->session)->integer;
}

static void test_two_contenders(void **state)
{
    (void)state;
    struct contender a, b;
    enter(&a);
    enter(&b);
    assert_string_not_equal(a.lease.token, b.lease.token);
    assert_int_equal(take(&a, rules_a, false, true), LEASE_OURS);
    assert_true(lease_left_ms(&a.lease) > LEASE_TTL_MS - 2000 && lease_left_ms(&a.lease) <= LEASE_TTL_MS);
    assert_true(llabs(a.time - clock_wall()) < 5000);
    assert_int_equal(take(&b, rules_a, false, true), LEASE_HELD_BY_OTHER);
    assert_null(strstr(b.holder, "@"));
    assert_non_null(strstr(a.lease.token, b.holder)); /* host:pid of a, without its secret */
    assert_int_equal(lease_left_ms(&b.lease), 0);
    assert_int_equal(renew(&b), LEASE_HELD_BY_OTHER);
    assert_int_equal(release(&b), 0);
    assert_int_equal(renew(&a), LEASE_OURS);
    assert_int_equal(release(&a), 1);
    assert_int_equal(take(&b, rules_a, false, true), LEASE_OURS);
    assert_int_equal(release(&b), 1);
    leave(&a);
    leave(&b);
}

/* What Redis keeps, not what the owner believes. */
static void test_renewing_extends_it(void **state)
{
    (void)state;
    struct contender a;
    enter(&a);
    a.health = "{}";
    assert_int_equal(take(&a, rules_a, false, true), LEASE_OURS);
    assert_in_range(redis_number(redis, "PTTL " BASE "lease"), LEASE_TTL_MS / 2, LEASE_TTL_MS);
    assert_int_equal(redis_number(redis, "PEXPIRE " BASE "lease 5000"), 1);
    assert_int_equal(renew(&a), LEASE_OURS);
    assert_in_range(redis_number(redis, "PTTL " BASE "lease"), LEASE_TTL_MS / 2, LEASE_TTL_MS);
    assert_in_range(redis_number(redis, "PTTL " BASE "health"), LEASE_TTL_MS / 2, LEASE_TTL_MS);
    assert_string_equal(a.refusal, "");
    assert_int_equal(release(&a), 1);
    assert_int_equal(redis_number(redis, "EXISTS " BASE "lease " BASE "health"), 0);
    leave(&a);
}

/* Nothing else happens meanwhile: the renewal is what tells that Redis is full; and it goes through. */
static void test_a_full_redis_is_noticed(void **state)
{
    (void)state;
    struct contender a;
    enter(&a);
    a.health = "{}";
    assert_int_equal(take(&a, rules_a, false, true), LEASE_OURS);
    freeReplyObject(redis_do(redis, "CONFIG SET maxmemory 1"));
    assert_int_equal(renew(&a), LEASE_OURS);
    assert_non_null(strstr(a.refusal, "OOM"));
    assert_int_equal(redis_number(redis, "EXISTS " BASE "health"), 1); /* and it can be read why */
    freeReplyObject(redis_do(redis, "CONFIG SET maxmemory 0"));
    assert_int_equal(renew(&a), LEASE_OURS);
    assert_string_equal(a.refusal, "");
    assert_int_equal(release(&a), 1);
    leave(&a);
}

/* The owner counts from its question: an answer that was long on its way leaves so much less. */
static void test_it_is_counted_from_the_question(void **state)
{
    (void)state;
    enum { AWAY_MS = 7000, SLACK_MS = 5000 };
    struct contender a;
    struct monotonic asked = {clock_monotonic().ms - AWAY_MS};
    struct lease_wish wish = {rules_a, false, true};
    enter(&a);
    assert_true(lease_send_take(&a.lease, a.session.connection, &keys, &wish, session_on_reply, &a.session));
    assert_int_equal(lease_judge_take(&a.lease, session_wait(&a.session), asked, &a.time, a.holder),
                     LEASE_OURS);
    assert_in_range(lease_left_ms(&a.lease), LEASE_TTL_MS - AWAY_MS - SLACK_MS, LEASE_TTL_MS - AWAY_MS);
    asked = (struct monotonic){clock_monotonic().ms - AWAY_MS};
    assert_true(lease_send_renew(&a.lease, a.session.connection, &keys, NULL, session_on_reply, &a.session));
    assert_int_equal(lease_judge_renew(&a.lease, session_wait(&a.session), asked, &a.time, &a.refusal),
                     LEASE_OURS);
    assert_in_range(lease_left_ms(&a.lease), LEASE_TTL_MS - AWAY_MS - SLACK_MS, LEASE_TTL_MS - AWAY_MS);
    assert_int_equal(release(&a), 1);
    leave(&a);
}

static void test_an_attempt_ends_well_before_it(void **state)
{
    (void)state;
    enum { MARGIN_MS = LEASE_TTL_MS / LEASE_MARGIN_SHARE, ATTEMPT_MS = 10000, SLACK_MS = 5000 };
    struct lease lease;
    lease_init(&lease, LEASE_TTL_MS);
    assert_false(lease_has_time(&lease, 0)); /* not held */
    lease.held = true;
    lease.until = (struct monotonic){clock_monotonic().ms + ATTEMPT_MS + MARGIN_MS};
    (void)usleep(2000);
    assert_false(lease_has_time(&lease, ATTEMPT_MS)); /* it would end within the margin */
    assert_true(lease_has_time(&lease, ATTEMPT_MS - SLACK_MS));
}

/* A lease without an end was set by no daemon. */
static void test_a_lease_for_ever(void **state)
{
    (void)state;
    struct contender a;
    enter(&a);
    freeReplyObject(redis_do(redis, "SET " BASE "lease somebody"));
    assert_int_equal(take(&a, rules_a, false, true), LEASE_HELD_FOR_EVER);
    freeReplyObject(redis_do(redis, "PEXPIRE " BASE "lease 60000"));
    assert_int_equal(take(&a, rules_a, false, true), LEASE_HELD_BY_OTHER);
    freeReplyObject(redis_do(redis, "DEL " BASE "lease"));
    leave(&a);
}

static void test_expiry(void **state)
{
    (void)state;
    struct contender a, b;
    enter(&a);
    enter(&b);
    assert_int_equal(take(&a, rules_a, false, true), LEASE_OURS);
    assert_int_equal(redis_number(redis, "PEXPIRE " BASE "lease 30"), 1);
    (void)usleep(60 * 1000);
    assert_int_equal(renew(&a), LEASE_HELD_BY_OTHER); /* nobody has it, but it is not ours any more */
    assert_int_equal(lease_left_ms(&a.lease), 0);
    assert_int_equal(take(&b, rules_a, false, true), LEASE_OURS);
    assert_int_equal(release(&b), 1);
    leave(&a);
    leave(&b);
}

/* A new connection's token takes the place of ours, whichever of ours is in there, and of nobody else's. */
static void test_new_token_for_a_new_connection(void **state)
{
    (void)state;
    struct contender a, b;
    enter(&a);
    enter(&b);
    assert_int_equal(take(&a, rules_a, false, true), LEASE_OURS);
    struct lease first = a.lease;
    for (int i = 0; i < LEASE_OLD_MAX; i++)
        assert_int_equal(lease_renew_token(&a.lease), 0); /* connections that came to nothing */
    assert_int_equal(take(&a, rules_a, false, false), LEASE_OURS);
    assert_int_equal(a.lease.n_old, 0);
    struct lease now = a.lease;
    a.lease = first; /* the old connection's bytes */
    assert_int_equal(renew(&a), LEASE_HELD_BY_OTHER);
    a.lease = now;
    assert_int_equal(take(&b, rules_a, false, true), LEASE_HELD_BY_OTHER);
    assert_int_equal(release(&a), 1);
    leave(&a);
    leave(&b);
}

static void test_takes_are_counted(void **state)
{
    (void)state;
    struct contender a;
    enter(&a);
    assert_int_equal(take(&a, rules_a, false, true), LEASE_OURS);
    assert_int_equal(redis_number(redis, "EXISTS " BASE "head"), 0); /* no head from a take alone */
    assert_int_equal(release(&a), 1);
    freeReplyObject(redis_do(redis, "HSET " BASE "head seq 1 takes 1 trying e1-1"));
    assert_int_equal(take(&a, rules_a, false, true), LEASE_OURS);
    assert_int_equal(redis_number(redis, "HGET " BASE "head takes"), 2);
    freeReplyObject(redis_do(redis, "DEL " BASE "lease"));
    assert_int_equal(take(&a, rules_a, false, false), LEASE_OURS);
    assert_int_equal(redis_number(redis, "HGET " BASE "head takes"), 2);
    assert_int_equal(release(&a), 1); /* a clean end is no death */
    assert_int_equal(redis_number(redis, "HGET " BASE "head takes"), 0);
    freeReplyObject(redis_do(redis, "DEL " BASE "head"));
    leave(&a);
}

static void test_other_rules(void **state)
{
    (void)state;
    struct contender a;
    enter(&a);
    freeReplyObject(redis_do(redis, "HSET " BASE "head seq 1 rules %s", rules_a));
    assert_int_equal(take(&a, rules_b, true, true), LEASE_OTHER_RULES);
    assert_int_equal(redis_number(redis, "EXISTS " BASE "lease"), 0);
    assert_int_equal(take(&a, rules_a, true, true), LEASE_OURS);
    assert_int_equal(release(&a), 1);
    assert_int_equal(take(&a, rules_b, false, true), LEASE_OURS);
    assert_int_equal(release(&a), 1);
    leave(&a);
}

static void test_errors_change_nothing(void **state)
{
    (void)state;
    struct contender a;
    enter(&a);
    freeReplyObject(redis_do(redis, "HSET " BASE "lease a hash"));
    assert_int_equal(take(&a, rules_a, false, true), LEASE_ERROR);
    assert_int_equal(renew(&a), LEASE_ERROR);
    assert_int_equal(lease_left_ms(&a.lease), 0);
    freeReplyObject(redis_do(redis, "DEL " BASE "lease"));
    leave(&a);
}

static int setup(void **state)
{
    (void)state;
    const char *why = NULL;
    redis = redis_fixture_start(NULL);
    return keys_init(&keys, "s", &why);
}

static int teardown(void **state)
{
    (void)state;
    keys_finish(&keys);
    redis_fixture_stop(redis);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_contenders),
        cmocka_unit_test(test_renewing_extends_it),
        cmocka_unit_test(test_a_full_redis_is_noticed),
        cmocka_unit_test(test_it_is_counted_from_the_question),
        cmocka_unit_test(test_an_attempt_ends_well_before_it),
        cmocka_unit_test(test_a_lease_for_ever),
        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_new_token_for_a_new_connection),
        cmocka_unit_test(test_takes_are_counted),
        cmocka_unit_test(test_other_rules),
        cmocka_unit_test(test_errors_change_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
