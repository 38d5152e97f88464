#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/health.h"

#define OWNED .name = "s", .role = HEALTH_OWNS
enum { LONG = HEALTH_PATIENCE_MS + 1 };

static struct health judge(const struct health_facts *facts)
{
    struct health health;

    health_judge(facts, &health);
    return health;
}

static void one_stream(void **state)
{
    static const struct {
        struct health_stream stream;
        const char *says; /* the whole text */
        bool healthy;
    } cases[] = {
        {{OWNED, .silent_ms = 1000}, "ok\ns is owned\n", true},
        {{OWNED, .silent_ms = LONG, .unread_ms = LONG, .uncommitted_ms = LONG, .problem = "refused"},
         "not healthy\n! s has no answer from Redis for 5 s: refused\ns is owned\n",
         false},
        {{OWNED, .unread_ms = HEALTH_PATIENCE_MS}, "ok\ns is owned\n", true},
        {{OWNED, .unread_ms = 12000, .problem = "WRONGTYPE"},
         "not healthy\n! s cannot be read for 12 s: WRONGTYPE\ns is owned\n",
         false},
        {{OWNED, .uncommitted_ms = HEALTH_PATIENCE_MS}, "ok\ns is owned\n", true},
        {{OWNED, .uncommitted_ms = 7000, .problem = "other", .refused_words = "OOM"},
         "not healthy\n! s cannot be committed for 7 s: OOM\ns is owned\n",
         false},
        {{OWNED, .uncommitted_ms = 7000, .problem = "Redis refuses commits", .refused_words = ""},
         "not healthy\n! s cannot be committed for 7 s: Redis refuses commits\ns is owned\n",
         false},
        {{OWNED, .unrenewed_ms = 6000, .renewal_words = "READONLY"},
         "not healthy\n! s has a lease that is not renewed for 6 s: READONLY\ns is owned\n",
         false},
        {{OWNED, .unclaimed_ms = 6000},
         "not healthy\n! s has messages that cannot be claimed for 6 s\ns is owned\n",
         false},
        {{OWNED, .is_held = true, .held_words = "clocks"},
         "not healthy\n! s fires nothing: clocks\ns is owned\n",
         false},
        {{OWNED, .lag_ms = HEALTH_BEHIND_MS}, "ok\ns is owned\n", true},
        {{OWNED, .lag_ms = HEALTH_BEHIND_MS + 1},
         "not healthy\n! s fires nothing: events wait for 60 s\ns is owned\n",
         false},
        {{OWNED, .has_no_aof = true, .evicts = "allkeys-lru"},
         "ok\nwarning: s is kept by a Redis with appendonly no: a crash of Redis loses the latest\n"
         "warning: s is kept by a Redis that may evict keys: set maxmemory-policy noeviction: allkeys-lru\n"
         "s is owned\n",
         true},
        {{"s", HEALTH_STANDS_BY, .holder = "host:12"}, "ok\ns is owned by host:12; standing by\n", true},
        {{"s", HEALTH_STANDS_BY, .holder = "host:12", .silent_ms = LONG, .unread_ms = LONG},
         "not healthy\n! s has no answer from Redis for 5 s\ns is owned by host:12; standing by\n",
         false},
        {{"s", HEALTH_STANDS_BY, .holder = "", .problem = "other rules"},
         "not healthy\n! s is owned by nobody: other rules\ns is owned by nobody; standing by\n",
         false},
        {{"s", HEALTH_CONNECTS, .unserved_ms = HEALTH_PATIENCE_MS}, "ok\ns: connecting to Redis\n", true},
        {{"s", HEALTH_LOADS, .unserved_ms = LONG},
         "not healthy\n! s is not served for 5 s\ns is being loaded\n",
         false},
        {{"s", HEALTH_CONNECTS, .unserved_ms = LONG, .silent_ms = LONG},
         "not healthy\n! s has no answer from Redis for 5 s\ns: connecting to Redis\n",
         false},
        {{"s", HEALTH_HAS_STOPPED, .problem = "damaged", .silent_ms = LONG},
         "not healthy\n! s has stopped for good: damaged\ns is stopped\n",
         false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct health_facts facts = {.streams = &cases[i].stream, .n_streams = 1};
        struct health health = judge(&facts);
        struct buffer text;

        buffer_init(&text);
        health_text(&health, &text);
        if (strcmp(buffer_text(&text), cases[i].says) != 0 || health.is_healthy != cases[i].healthy)
            fail_msg("case %zu:\n%s\nbut is:\n%s", i, cases[i].says, buffer_text(&text));
        buffer_finish(&text);
    }
}

static void a_channel_that_is_misconfigured(void **state)
{
    const struct health_stream stream = {OWNED};
    const struct health_channel channels[] = {{"mail", false, "421 later"},
                                              {"robot", true, "93000 invalid key"}};
    struct health_facts facts = {&stream, 1, channels, 2, 0};
    struct health health = judge(&facts);
    struct buffer line;

    (void)state;
    buffer_init(&line);
    health_line(&health, &line);
    assert_string_equal(buffer_text(&line),
                        "NOT HEALTHY: owns 1 of 1 streams; channel robot is misconfigured: 93000 "
                        "invalid key");
    assert_int_equal(health_count(&health, HEALTH_MISCONFIGURED), 1);
    assert_int_equal(health_count(&health, HEALTH_NO_AOF), 0);
    buffer_finish(&line);
}

static void no_stream_at_all(void **state)
{
    struct health_facts facts = {.idle_ms = HEALTH_PATIENCE_MS};

    (void)state;
    assert_true(judge(&facts).is_healthy); /* going over to other files */
    facts.idle_ms++;
    assert_false(judge(&facts).is_healthy);
}

static void json_of_one_stream(void **state)
{
    const struct health_stream streams[] = {
        {OWNED, .is_held = true, .held_words = "clocks", .has_no_aof = true}, {"t", HEALTH_HAS_STOPPED}};
    const struct health_channel channel = {"robot", true, "93000"};
    struct health_facts facts = {streams, 2, &channel, 1, 0};
    struct health health = judge(&facts);
    struct buffer text;
    struct json_writer json;

    (void)state;
    buffer_init(&text);
    json_begin(&json, &text);
    health_json(&health, "s", &json);
    assert_string_equal(
        buffer_text(&text),
        "{\"healthy\":false,\"reasons\":[{\"code\":\"held\",\"about\":\"s\",\"for_ms\":0,\"detail\":"
        "\"clocks\","
        "\"text\":\"s fires nothing: clocks\"},{\"code\":\"misconfigured\",\"about\":\"robot\",\"for_ms\":0,"
        "\"detail\":\"93000\",\"text\":\"channel robot is misconfigured: "
        "93000\"}],\"warnings\":[{\"code\":\"no_aof\","
        "\"about\":\"s\",\"for_ms\":0,\"detail\":\"\",\"text\":\"s is kept by a Redis with appendonly no: a "
        "crash of "
        "Redis loses the latest\"}],\"streams\":[{\"stream\":\"s\",\"role\":\"owner\"}]}");
    buffer_clear(&text);
    json_begin(&json, &text);
    health_json(&health, NULL, &json);
    assert_non_null(strstr(buffer_text(&text), "\"stopped\",\"about\":\"t\""));
    assert_non_null(strstr(buffer_text(&text), "{\"stream\":\"t\",\"role\":\"stopped\"}"));
    buffer_finish(&text);
}

static void codes_have_names(void **state)
{
    enum health_code found;

    (void)state;
    for (int code = 0; code < HEALTH_CODES; code++) {
        assert_true(health_code_parse(health_code_name((enum health_code)code), &found));
        assert_int_equal(found, code);
    }
    assert_false(health_code_parse("nonsense", &found));
}

static void more_than_can_be_listed(void **state)
{
    struct health_channel channels[HEALTH_REASONS_MAX + 3];
    struct health_facts facts = {.channels = channels, .n_channels = HEALTH_REASONS_MAX + 3};
    struct buffer text;

    (void)state;
    for (size_t i = 0; i < facts.n_channels; i++)
        channels[i] = (struct health_channel){"c", true, ""};
    struct health health = judge(&facts);
    buffer_init(&text);
    health_text(&health, &text);
    assert_non_null(strstr(buffer_text(&text), "! and 3 more\n"));
    buffer_finish(&text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_stream),       cmocka_unit_test(a_channel_that_is_misconfigured),
        cmocka_unit_test(no_stream_at_all), cmocka_unit_test(json_of_one_stream),
        cmocka_unit_test(codes_have_names), cmocka_unit_test(more_than_can_be_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
