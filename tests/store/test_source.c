/* What two readers bring is accepted once and in order; what was trimmed is counted once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/source.h"

/* Texts in RESP: what Redis would send. */
static redisReply *reply_of(const char *resp)
{
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;
    assert_int_equal(redisReaderFeed(reader, resp, strlen(resp)), REDIS_OK);
    assert_int_equal(redisReaderGetReply(reader, &reply), REDIS_OK);
    assert_non_null(reply);
    redisReaderFree(reader);
    return reply;
}

#define ENTRY(id)   "*2\r\n$3\r\n" id "\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n"
#define NAMED(name) "*2\r\n$1\r\n" name "\r\n"

static void accept_text(struct source *source, const char *resp, instant issued)
{
    bool is_short = false;
    assert_int_equal(source_accept(source, reply_of(resp), issued, &is_short), 0);
    assert_true(is_short);
}

static void take(struct source *source, uint64_t ms, bool is_command)
{
    const struct source_entry *entry = source_peek(source);
    assert_non_null(entry);
    assert_int_equal(entry->at.ms, ms);
    assert_int_equal(entry->is_command, is_command);
    source_next(source);
}

static void begin(struct source *source)
{
    source_init(source, "E", "C");
    source_reset(source, (struct source_position){0}, 0);
}

static void test_order_and_once(void **state)
{
    (void)state;
    struct source source;
    begin(&source);
    accept_text(&source,
                "*2\r\n" NAMED("E") "*2\r\n" ENTRY("1-0") ENTRY("4-0") NAMED("C") "*1\r\n" ENTRY("2-0"), 100);
    accept_text(&source, "*1\r\n" NAMED("E") "*2\r\n" ENTRY("4-0") ENTRY("5-0"),
                90); /* the other reader: 4 again */
    assert_true(source_is_full(&source));
    assert_int_equal(source_oldest_ms(&source), 1);
    take(&source, 1, false);
    take(&source, 2, true);
    assert_true(source.seen_until == INSTANT_NONE);
    take(&source, 4, false);
    take(&source, 5, false);
    assert_null(source_peek(&source));
    assert_int_equal(source.seen_until, 100);
    assert_int_equal(source.applied_events, 3);
    assert_int_equal(source.applied.commands.ms, 2);
    assert_int_equal(source_oldest_ms(&source), -1);
    source_finish(&source);
}

static void test_nothing_there(void **state)
{
    (void)state;
    struct source source;
    bool is_short;
    begin(&source);
    accept_text(&source, "*-1\r\n", 77);
    assert_null(source_peek(&source));
    assert_int_equal(source.seen_until, 77);
    assert_int_equal(source_accept(&source, reply_of(":1\r\n"), 80, &is_short), -EPROTO);
    source_finish(&source);
}

static void test_deleted_entries(void **state)
{
    (void)state;
    struct source source;
    struct raw_field fields[SOURCE_FIELDS_MAX];
    begin(&source);
    accept_text(&source,
                "*1\r\n" NAMED("E") "*4\r\n*2\r\n$3\r\n1-0\r\n*-1\r\n*-1\r\n*2\r\n$3\r\nx-y\r\n*0\r\n*2\r\n$"
                                    "3\r\n2-0\r\n*1\r\n$1\r\na\r\n",
                1);
    const struct source_entry *entry = source_peek(&source);
    assert_false(entry->is_whole);
    assert_int_equal(source_fields(entry, fields), 0);
    take(&source, 1, false);
    assert_false(source_peek(&source)->is_whole); /* a name without a value */
    take(&source, 2, false);
    assert_null(source_peek(&source));
    source_finish(&source);
}

static void test_full_reads_show_no_end(void **state)
{
    (void)state;
    struct source source;
    static char text[SOURCE_COUNT * 64 + 64];
    size_t n = (size_t)snprintf(text, sizeof(text), "*1\r\n*2\r\n$1\r\nE\r\n*%d\r\n", SOURCE_COUNT);
    for (int i = 0; i < SOURCE_COUNT; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "*2\r\n$5\r\n%03d-0\r\n*0\r\n", i + 1);
    bool is_short = true;
    begin(&source);
    assert_int_equal(source_accept(&source, reply_of(text), 5, &is_short), 0);
    assert_false(is_short);
    for (int i = 0; i < SOURCE_COUNT; i++)
        take(&source, (uint64_t)i + 1, false);
    assert_null(source_peek(&source));
    assert_true(source.seen_until == INSTANT_NONE);
    source_finish(&source);
}

static void test_lost(void **state)
{
    (void)state;
    struct source source;
    begin(&source);
    accept_text(&source, "*1\r\n" NAMED("E") "*2\r\n" ENTRY("8-0") ENTRY("9-0"), 1);
    assert_int_equal(source_lost(&source, 9, (struct stream_id){10, 0}), 0); /* one is not read yet */
    assert_int_equal(source_lost(&source, -1, (struct stream_id){9, 0}), 0); /* Redis 6.2 does not say */
    assert_int_equal(source_lost(&source, 9, (struct stream_id){9, 0}), 7);
    assert_int_equal(source_lost(&source, 9, (struct stream_id){9, 0}), 0); /* counted once */
    assert_int_equal(source.applied_events, 7);
    take(&source, 8, false);
    take(&source, 9, false);
    assert_int_equal(source.applied_events, 9);
    source_finish(&source);
}

static void test_unknown_count_is_learnt(void **state)
{
    (void)state;
    struct source source;
    begin(&source);
    source_reset(&source, (struct source_position){{5, 0}, {0, 0}}, -1);
    accept_text(&source, "*1\r\n" NAMED("E") "*2\r\n" ENTRY("8-0") ENTRY("9-0"), 1);
    take(&source, 8, false);
    assert_int_equal(source.applied_events, -1);
    assert_int_equal(source_lost(&source, 40, (struct stream_id){9, 0}), 0);
    assert_int_equal(source.accepted_events, 40);
    assert_int_equal(source.applied_events, 39);
    source_finish(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_once),
        cmocka_unit_test(test_nothing_there),
        cmocka_unit_test(test_deleted_entries),
        cmocka_unit_test(test_full_reads_show_no_end),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_unknown_count_is_learnt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
