/* The commit script: it refuses before it has written anything, and writes everything once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "session.h"
#include "store/commit.h"
#include "store/script.h"
#include "support/redis_fixture.h"

#define BASE "cuiban:{s}:"
static const char token[] = "00112233445566778899aabbccddeeff@host:1";

static struct redis_fixture *redis;
static struct session session;
static struct keys keys;
static struct commit *commit;
static struct changes changes;

static struct commit_frame frame_of(uint64_t seq)
{
    return (struct commit_frame){
        .seq = seq,
        .now = 1000 + (instant)seq,
        .cursor = {seq, 1},
        .commands = {seq, 2},
        .read = (int64_t)seq * 10,
        .rules = "0123456789abcdef",
        .takes = -1,
        .seen_min = INSTANT_NONE,
    };
}

static enum commit_answer send_again(const char *with, const char *sha, struct commit_result *result)
{
    assert_true(commit_send(commit, session.connection, with, sha, 0, session_on_reply, &session));
    return commit_judge(session_wait(&session), result);
}

static enum commit_answer send_seq(uint64_t seq)
{
    struct commit_frame frame = frame_of(seq);
    struct commit_result result;
    assert_int_equal(commit_build(commit, &frame, &changes), 0);
    return send_again(token, "", &result);
}

static int begin(void **state)
{
    (void)state;
    freeReplyObject(redis_do(redis, "FLUSHALL"));
    freeReplyObject(redis_do(redis, "SET " BASE "lease %s", token));
    changes_clear(&changes);
    return 0;
}

static void test_everything_is_written(void **state)
{
    (void)state;
    changes_put(&changes, TABLE_DEADLINES, "d1", "{}", 2);
    changes_put(&changes, TABLE_DEADLINES, "d2", "{\"x\":\"\xe7\x8e\x8b\"}", 11);
    changes_put(&changes, TABLE_SEEN, "id1", "12", 2);
    changes_put(&changes, TABLE_HEAD, "next_id", "77", 2);
    changes_count(&changes, "2026-11:r:d:opened", 2);
    changes_dead(&changes, "{\"reason\":\"x\"}");
    changes_journal(&changes, "{\"e\":\"opened\"}");
    changes_journal(&changes, "{\"e\":\"queued\"}");
    struct commit_frame frame = frame_of(1);
    struct commit_result result = {0};
    frame.takes = 0;
    frame.trying = "";
    assert_int_equal(commit_build(commit, &frame, &changes), 0);
    assert_int_equal(send_again(token, "", &result), COMMIT_ANSWER_OK);
    assert_int_equal(result.seq, 1);
    assert_int_equal(result.deadlines, 2);
    assert_int_equal(result.outbox, 0);
    redisReply *head = redis_do(
        redis, "HMGET " BASE "head v seq begun cursor commands read clock rules takes trying by next_id");
    static const char *const want[] = {"1", "1", "1",   "1-1", "1-2", "10", "1001", "0123456789abcdef",
                                       "0", "",  token, "77"};
    for (size_t i = 0; i < head->elements; i++)
        if (!head->element[i]->str || strcmp(head->element[i]->str, want[i]) != 0)
            fail_msg("head field %zu is %s", i, head->element[i]->str ? head->element[i]->str : "missing");
    freeReplyObject(head);
    redisReply *journal = redis_do(redis, "XRANGE " BASE "journal - +");
    assert_int_equal(journal->elements, 1);
    assert_string_equal(journal->element[0]->element[1]->element[5]->str,
                        "[{\"e\":\"opened\"},{\"e\":\"queued\"}]");
    freeReplyObject(journal);
    assert_int_equal(redis_number(redis, "HGET " BASE "stats 2026-11:r:d:opened"), 2);
    assert_int_equal(redis_number(redis, "ZSCORE " BASE "seen id1"), 12);
    assert_int_equal(redis_number(redis, "XLEN " BASE "dead"), 1);

    changes_clear(&changes);
    changes_remove(&changes, TABLE_DEADLINES, "d1");
    changes_remove(&changes, TABLE_SEEN, "id1");
    changes_count(&changes, "2026-11:r:d:opened", -3);
    assert_int_equal(send_seq(2), COMMIT_ANSWER_OK);
    assert_int_equal(redis_number(redis, "HLEN " BASE "deadlines"), 1);
    assert_int_equal(redis_number(redis, "ZCARD " BASE "seen"), 0);
    assert_int_equal(redis_number(redis, "HGET " BASE "stats 2026-11:r:d:opened"), -1);
    assert_int_equal(redis_number(redis, "XLEN " BASE "journal"), 1); /* nothing to say, no entry */
}

static void test_large_lists(void **state)
{
    (void)state;
    char key[24];
    for (int i = 0; i < CHANGES_MAX; i++) {
        (void)snprintf(key, sizeof(key), "d%d", i);
        changes_put(&changes, TABLE_DEADLINES, key, "v", 1);
    }
    assert_int_equal(send_seq(1), COMMIT_ANSWER_OK);
    assert_int_equal(redis_number(redis, "HLEN " BASE "deadlines"), CHANGES_MAX);
    changes_clear(&changes);
    for (int i = 0; i < CHANGES_MAX; i++) {
        (void)snprintf(key, sizeof(key), "d%d", i);
        changes_remove(&changes, TABLE_DEADLINES, key);
    }
    assert_int_equal(send_seq(2), COMMIT_ANSWER_OK);
    assert_int_equal(redis_number(redis, "EXISTS " BASE "deadlines"), 0);
}

struct refusal {
    const char *before; /* what is wrong in Redis */
    uint64_t seq;
    enum commit_answer answer;
};

static void test_refusals_write_nothing(void **state)
{
    static const struct refusal cases[] = {
        {"SET " BASE "lease other", 3, COMMIT_ANSWER_STALE},
        {"DEL " BASE "lease", 3, COMMIT_ANSWER_STALE},
        {"PING", 2, COMMIT_ANSWER_STALE},
        {"PING", 4, COMMIT_ANSWER_STALE},
        {"DEL " BASE "head", 3, COMMIT_ANSWER_STALE},
        {"HSET " BASE "head begun 3", 3, COMMIT_ANSWER_DAMAGED},
        {"HSET " BASE "stats n many", 3, COMMIT_ANSWER_DAMAGED},
        {"HSET " BASE "stats n 9223372036854775807", 3, COMMIT_ANSWER_DAMAGED},
        {"SET " BASE "early text", 3, COMMIT_ANSWER_REFUSED},
        {"SADD " BASE "seen set", 3, COMMIT_ANSWER_REFUSED},
        {"SET " BASE "journal text", 3, COMMIT_ANSWER_REFUSED},
        {"CONFIG SET maxmemory 1", 3, COMMIT_ANSWER_REFUSED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)begin(state);
        assert_int_equal(send_seq(1), COMMIT_ANSWER_OK);
        assert_int_equal(send_seq(2), COMMIT_ANSWER_OK);
        freeReplyObject(redis_do(redis, cases[i].before));
        changes_put(&changes, TABLE_DEADLINES, "d", "v", 1);
        changes_count(&changes, "n", 1);
        changes_journal(&changes, "{}");
        enum commit_answer answer = send_seq(cases[i].seq);
        if (answer != cases[i].answer)
            fail_msg("%s: %d %s", cases[i].before, answer, session.reply->str);
        freeReplyObject(redis_do(redis, "CONFIG SET maxmemory 0"));
        assert_int_equal(redis_number(redis, "EXISTS " BASE "deadlines"), 0);
        if (strncmp(cases[i].before, "DEL " BASE "head", 16) != 0)
            assert_int_equal(redis_number(redis, "HGET " BASE "head seq"), 2);
    }
}

/* Twice the same bytes, as after a lost answer: the second time is refused. */
static void test_never_twice(void **state)
{
    (void)state;
    struct commit_result result;
    changes_count(&changes, "n", 1);
    assert_int_equal(send_seq(1), COMMIT_ANSWER_OK);
    assert_int_equal(send_again(token, "", &result), COMMIT_ANSWER_STALE);
    assert_int_equal(redis_number(redis, "HGET " BASE "stats n"), 1);
    freeReplyObject(redis_do(redis, "SET " BASE "lease another"));
    assert_int_equal(send_again("another", "", &result), COMMIT_ANSWER_STALE);
    assert_int_equal(redis_number(redis, "HGET " BASE "stats n"), 1);
}

static void test_noscript(void **state)
{
    (void)state;
    struct commit_result result;
    assert_true(connection_say(session.connection, session_on_reply, &session, "SCRIPT", "LOAD",
                               script_commit, (char *)NULL));
    char sha[64];
    (void)snprintf(sha, sizeof(sha), "%s", session_wait(&session)->str);
    struct commit_frame frame = frame_of(1);
    assert_int_equal(commit_build(commit, &frame, &changes), 0);
    freeReplyObject(redis_do(redis, "SCRIPT FLUSH"));
    assert_int_equal(send_again(token, sha, &result), COMMIT_ANSWER_NOSCRIPT);
    assert_int_equal(send_again(token, "", &result), COMMIT_ANSWER_OK);
    assert_int_equal(commit_build(commit,
                                  &(struct commit_frame){.seq = 2, .rules = "", .seen_min = INSTANT_NONE},
                                  &changes),
                     0);
    assert_int_equal(send_again(token, sha, &result), COMMIT_ANSWER_OK); /* EVAL has put it back */
    assert_int_equal(result.seq, 2);
}

static void test_old_things_go(void **state)
{
    (void)state;
    freeReplyObject(redis_do(redis, "ZADD " BASE "seen 10 old 20 edge 30 new"));
    struct commit_frame frame = frame_of(1);
    struct commit_result result;
    frame.seen_min = 20;
    assert_int_equal(commit_build(commit, &frame, &changes), 0);
    assert_int_equal(send_again(token, "", &result), COMMIT_ANSWER_OK);
    assert_int_equal(redis_number(redis, "ZCARD " BASE "seen"), 2);
    for (int i = 1; i <= 1000; i++)
        freeReplyObject(redis_do(redis, "XADD " BASE "journal %d-0 a b", i));
    changes_journal(&changes, "{}");
    frame = frame_of(2);
    frame.oldest_ms = 1000;
    assert_int_equal(commit_build(commit, &frame, &changes), 0);
    assert_int_equal(send_again(token, "", &result), COMMIT_ANSWER_OK);
    long long left = redis_number(redis, "XLEN " BASE "journal");
    assert_true(left >= 2 && left <= 102); /* whole nodes of the stream go */
}

static long long journal_after(uint64_t seq)
{
    struct commit_frame frame = frame_of(seq);
    struct commit_result result;
    char before[24];
    (void)snprintf(before, sizeof(before), "%llu", (unsigned long long)seq - 1);
    freeReplyObject(redis_do(redis, "HSET " BASE "head seq %s begun %s", before, before));
    frame.journal_max = 300;
    changes_clear(&changes);
    changes_journal(&changes, "{}");
    assert_int_equal(commit_build(commit, &frame, &changes), 0);
    assert_int_equal(send_again(token, "", &result), COMMIT_ANSWER_OK);
    return redis_number(redis, "XLEN " BASE "journal");
}

/* None of them is old, and there are too many. */
static void test_the_journal_has_a_length(void **state)
{
    (void)state;
    for (int i = 1; i <= 1000; i++)
        freeReplyObject(redis_do(redis, "XADD " BASE "journal %d-0 a b", i));
    assert_int_equal(journal_after(63), 1001);    /* not with every commit */
    assert_in_range(journal_after(64), 300, 400); /* whole nodes of the stream go */
    assert_in_range(journal_after(65), 300, 401);
}

static int setup(void **state)
{
    (void)state;
    const char *why = NULL;
    redis = redis_fixture_start(NULL);
    session_open(&session, redis_fixture_address(redis));
    if (keys_init(&keys, "s", &why) || changes_init(&changes))
        return -1;
    commit = commit_create(&keys);
    return commit ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    session_close(&session);
    commit_destroy(commit);
    changes_finish(&changes);
    keys_finish(&keys);
    redis_fixture_stop(redis);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_everything_is_written, begin),
        cmocka_unit_test_setup(test_large_lists, begin),
        cmocka_unit_test_setup(test_refusals_write_nothing, begin),
        cmocka_unit_test_setup(test_never_twice, begin),
        cmocka_unit_test_setup(test_noscript, begin),
        cmocka_unit_test_setup(test_old_things_go, begin),
        cmocka_unit_test_setup(test_the_journal_has_a_length, begin),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
