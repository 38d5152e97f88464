#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/event.h"
#include "failing_alloc.h"

enum { PAIRS_MAX = 80 };
#define NOW INT64_C(1763449800000) /* 2025-11-18T15:10:00+08:00 */

/* Flat names and values, ended by NULL. */
static bool parse(struct arena *arena, const char *const *pairs, bool is_command, struct event *out,
                  const char **why)
{
    struct raw_field raw[PAIRS_MAX];
    size_t n = 0;
    for (; pairs[2 * n]; n++)
        raw[n] = (struct raw_field){pairs[2 * n], pairs[2 * n + 1], strlen(pairs[2 * n]),
                                    strlen(pairs[2 * n + 1])};
    return event_parse(arena, &(struct event_place){{5, 1}, is_command, NOW}, raw, n, NOW, out, why);
}

static void test_flat(void **state)
{
    (void)state;
    static const char *const pairs[] = {"type",
                                        "interview.completed",
                                        "id",
                                        "ats-1",
                                        "time",
                                        "2025-11-18T14:00:00+08:00",
                                        "source",
                                        "/ats",
                                        "interview",
                                        "iv-20931",
                                        "candidate_name",
                                        "王小明",
                                        "interviewers",
                                        "[\"zhang.wei\",\"liu.yang\"]",
                                        "actor",
                                        "chen.jing",
                                        NULL};
    struct arena *arena = arena_create();
    struct event event;
    const char *why = "";
    if (!parse(arena, pairs, false, &event, &why))
        fail_msg("%s", why);
    assert_string_equal(event.type, "interview.completed");
    assert_string_equal(event.id, "ats-1");
    assert_string_equal(event.source, "/ats");
    assert_string_equal(event.actor, "chen.jing");
    assert_int_equal(event.time, INT64_C(1763445600000));
    assert_true(event.time_given && !event.in_future && !event.is_late && !event.is_command);
    assert_int_equal(event.at.ms, 5);
    assert_int_equal(event.fields.n, 8);
    assert_string_equal(event.fields.items[5].name, "candidate_name");
    assert_string_equal(fields_get(&event.fields, "candidate_name"), "王小明");
    assert_null(fields_get(&event.fields, "nothing"));
    arena_destroy(arena);
}

static void test_cloud_event(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *fields; /* name=value; in order */
    } cases[] = {
        {"{\"specversion\":\"1.0\",\"id\":\"7\",\"source\":\"/ats\",\"type\":\"a.b\","
         "\"time\":\"2025-11-18T14:00:00+08:00\",\"data\":{\"x\":\"y\",\"n\":12.50,\"t\":true,\"f\":false,"
         "\"z\":null}}",
         "id=7;source=/ats;type=a.b;time=2025-11-18T14:00:00+08:00;x=y;n=12.50;t=true;f=false;"},
        {"{\"type\":\"a.b\",\"data\":{\"offer\":{\"level\":\"P7\",\"city\":{\"name\":\"上海\"}},\"p\":[\"a\","
         "\"b\"]}}",
         "type=a.b;offer.level=P7;offer.city.name=上海;p=[\"a\",\"b\"];"},
        {"{\"data\":{\"ids\":[1001,\"b\"],\"none\":[],\"odd\":[ \"a\", {\"b\":[1]}, 2 "
         "],\"deep\":[[1]],\"m\":[null]},"
         "\"type\":\"a.b\"}",
         "ids=[\"1001\",\"b\"];none=[];odd=[ \"a\", {\"b\":[1]}, 2 ];deep=[[1]];m=[null];type=a.b;"},
        {"{\"type\":\"a.b\",\"data\":null,\"subject\":\"s\",\"datacontenttype\":\"application/"
         "json\",\"ext\":1}",
         "type=a.b;subject=s;ext=1;"},
        {"{\"type\":\"a.b\",\"data\":{\"e\":\"\",\"o\":{}}}", "type=a.b;e=;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const pairs[] = {"event", cases[i].json, NULL};
        struct arena *arena = arena_create();
        struct event event;
        const char *why = "";
        if (!parse(arena, pairs, false, &event, &why))
            fail_msg("case %zu: %s", i, why);
        char text[1000] = "";
        for (size_t k = 0; k < event.fields.n; k++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s=%s;", event.fields.items[k].name,
                     event.fields.items[k].value);
        assert_string_equal(text, cases[i].fields);
        assert_string_equal(event.type, "a.b");
        arena_destroy(arena);
    }
}

static void test_bad_events(void **state)
{
    (void)state;
    static const struct {
        const char *const pairs[9];
        const char *why;
    } cases[] = {
        {{"id", "1", NULL}, "type is missing"},
        {{"type", "", NULL}, "type is missing"},
        {{"event", "{}", "id", "1", NULL}, "either all fields are flat"},
        {{"type", "interview", NULL}, "not like noun.verb"},
        {{"type", "Interview.Done", NULL}, "\"Interview.Done\""},
        {{"type", "a..b", NULL}, "not like noun.verb"},
        {{"type", ".a", NULL}, "not like noun.verb"},
        {{"type", "a.", NULL}, "not like noun.verb"},
        {{"type", "a.b\n", NULL}, "\"a.b?\""},
        {{"type", "面试.完成", NULL}, "not like noun.verb"},
        {{"type", "cuiban.done", NULL}, "reserved"},
        {{"type", "a.b", "time", "yesterday", NULL}, "time \"yesterday\" cannot be read"},
        {{"type", "a.b", "time", "2025-11-18T14:00:00", NULL}, "with the offset"},
        {{"type", "a.b", "x", "1", "x", "2", NULL}, "the field x comes twice"},
        {{"type", "a.b", "", "1", NULL}, "no name"},
        {{"type", "a.b", "x", "\xB0\xA1", NULL}, "the field x is not valid UTF-8"},
        {{"type", "a.b", "\xB0", "1", NULL}, "a field name is not valid UTF-8"},
        {{"event", "[]", NULL}, "JSON object"},
        {{"event", "{\"type\":\"a.b\"", NULL}, "near byte 13"},
        {{"event", "{\"type\":\"a.b\"} x", NULL}, "near byte"},
        {{"event", "{\"type\":\"a.b\",\"data\":[]}", NULL}, "data of the CloudEvent must be a JSON object"},
        {{"event", "{\"type\":\"a.b\",\"data\":{\"type\":\"c\"}}", NULL}, "the field type comes twice"},
        {{"event", "{\"type\":\"a.b\",\"data_base64\":\"aa\"}", NULL}, "data_base64"},
        {{"event", "{\"type\":\"a.b\",\"specversion\":\"0.3\"}", NULL}, "specversion"},
        {{"event", "{\"type\":\"a.b\",\"data\":{\"x\":\"\\u0000\"}}", NULL}, "near byte"},
        {{"event", "{\"type\":\"a.b\",\"data\":{\"\":1}}", NULL}, "no name"},
        {{"event", "{\"data\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}",
          NULL},
         "deeper than 8"},
        {{NULL}, "no fields"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_create();
        struct event event;
        const char *why = "";
        if (parse(arena, cases[i].pairs, false, &event, &why) || !strstr(why, cases[i].why))
            fail_msg("case %zu: \"%s\", expected \"%s\"", i, why, cases[i].why);
        arena_destroy(arena);
    }
}

static void test_bounds(void **state)
{
    (void)state;
    static char names[PAIRS_MAX][8];
    static char large[EVENT_BYTES_MAX + 1];
    const char *pairs[2 * PAIRS_MAX + 1] = {"type", "a.b"};
    struct arena *arena = arena_create();
    struct event event;
    const char *why = "";
    for (int i = 1; i < 65; i++) {
        snprintf(names[i], sizeof names[i], "f%d", i);
        pairs[2 * i] = names[i];
        pairs[2 * i + 1] = "v";
    }
    pairs[128] = NULL;
    assert_true(parse(arena, pairs, false, &event, &why));
    assert_int_equal(event.fields.n, 64);
    pairs[128] = names[64];
    pairs[130] = NULL;
    assert_false(parse(arena, pairs, false, &event, &why));
    assert_string_equal(why, "it has 65 fields, more than 64");

    memset(large, 'x', sizeof large - 1);
    const char *one[] = {"type", "a.b", "x", large + 8, NULL};
    assert_true(parse(arena, one, false, &event, &why));
    one[3] = large + 7;
    assert_false(parse(arena, one, false, &event, &why));
    assert_non_null(strstr(why, "16384 bytes"));

    static char json[EVENT_BYTES_MAX];
    size_t n = (size_t)sprintf(json, "{\"type\":\"a.b\",\"data\":{\"o\":{");
    for (int i = 0; i < 64; i++)
        n += (size_t)snprintf(json + n, sizeof json - n, "\"f%d\":%d,", i, i);
    snprintf(json + n - 1, sizeof json - n, "}}}");
    const char *const wrapped[] = {"event", json, NULL};
    assert_false(parse(arena, wrapped, false, &event, &why));
    assert_string_equal(why, "it has more than 64 fields");

    struct raw_field raw[] = {{"type", "a.b", 4, 3}, {"x", "a\0b", 1, 3}, {"x\0", "y", 2, 1}};
    assert_false(event_parse(arena, &(struct event_place){{1, 1}, false, NOW}, raw, 2, NOW, &event, &why));
    assert_string_equal(why, "the field x contains a NUL byte");
    raw[1] = raw[2];
    assert_false(event_parse(arena, &(struct event_place){{1, 1}, false, NOW}, raw, 2, NOW, &event, &why));
    assert_string_equal(why, "a field name contains a NUL byte");
    arena_destroy(arena);
}

static void test_time(void **state)
{
    (void)state;
    static const struct {
        const char *time;
        instant at;
        bool given, in_future, is_late;
    } cases[] = {
        {"2025-11-18T15:10:00+08:00", NOW, true, false, false},
        {"2025-11-18T07:10:00Z", NOW, true, false, false},
        {"2025-11-18T15:11:00+08:00", NOW + 60000, true, false, false}, /* a minute is still believed */
        {"2025-11-18T15:11:01+08:00", NOW, true, true, false},
        {"2099-01-01T00:00:00+08:00", NOW, true, true, false},
        {"2025-10-19T15:10:00+08:00", NOW - 30 * DAY_MS, true, false, false},
        {"2025-10-19T15:09:59+08:00", NOW - 30 * DAY_MS - 1000, true, false, true},
        {"", NOW, false, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const pairs[] = {"type", "a.b", "time", cases[i].time, NULL};
        struct arena *arena = arena_create();
        struct event event;
        const char *why = "";
        if (!parse(arena, pairs, false, &event, &why))
            fail_msg("%s: %s", cases[i].time, why);
        if (event.time != cases[i].at || event.time_given != cases[i].given ||
            event.in_future != cases[i].in_future || event.is_late != cases[i].is_late)
            fail_msg("%s: %lld %d %d %d", cases[i].time, (long long)event.time, event.time_given,
                     event.in_future, event.is_late);
        arena_destroy(arena);
    }
    const char *const command[] = {"type", "cuiban.done", NULL};
    struct arena *arena = arena_create();
    struct event event;
    const char *why;
    assert_true(parse(arena, command, true, &event, &why));
    assert_true(event.is_command);
    arena_destroy(arena);
}

static void test_lists(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int n;
        const char *last;
    } cases[] = {
        {"[\"zhang.wei\",\"liu.yang\"]", 2, "liu.yang"},
        {"[]", 0, NULL},
        {"[ \"a\" ]", 1, "a"},
        {"zhang.wei", 1, "zhang.wei"},
        {"", 0, NULL},
        {"1001", 1, "1001"},
        {"[1]", -1, NULL},
        {"[\"a\"", -1, NULL},
        {"[\"a\"] x", -1, NULL},
        {"[\"\"]", -1, NULL},
        {"[[\"a\"]]", -1, NULL},
        {"{\"a\":1}", -1, NULL},
        {"\"a\"", -1, NULL},
        {"a,b", -1, NULL},
        {"张三、李四", -1, NULL},
        {"a，b", -1, NULL},
    };
    struct arena *arena = arena_create();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *out[EVENT_LIST_MAX];
        int n = event_list(arena, cases[i].value, out);
        if (n != cases[i].n || (cases[i].last && strcmp(out[n - 1], cases[i].last) != 0))
            fail_msg("%s: %d", cases[i].value, n);
    }
    char many[400] = "[";
    for (int i = 0; i < EVENT_LIST_MAX; i++)
        strncat(many, "\"a\",", sizeof many - strlen(many) - 1);
    const char *out[EVENT_LIST_MAX];
    many[strlen(many) - 1] = ']';
    assert_int_equal(event_list(arena, many, out), EVENT_LIST_MAX);
    many[strlen(many) - 1] = '\0';
    strncat(many, ",\"a\"]", sizeof many - strlen(many) - 1);
    assert_int_equal(event_list(arena, many, out), -1);
    arena_destroy(arena);
}

static void test_stream_ids(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        uint64_t ms, seq;
    } cases[] = {{"1763449800000-3", true, 1763449800000, 3},
                 {"5", true, 5, 0},
                 {"0-0", true, 0, 0},
                 {"18446744073709551615-18446744073709551615", true, UINT64_MAX, UINT64_MAX},
                 {"18446744073709551616-0", false, 0, 0},
                 {"", false, 0, 0},
                 {"-1", false, 0, 0},
                 {"1-", false, 0, 0},
                 {"1-2-3", false, 0, 0},
                 {"1 ", false, 0, 0},
                 {"$", false, 0, 0}};
    char text[STREAM_ID_TEXT_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stream_id id = {7, 7};
        if (stream_id_parse(cases[i].text, &id) != cases[i].good)
            fail_msg("%s", cases[i].text);
        assert_true(id.ms == (cases[i].good ? cases[i].ms : 7) &&
                    id.seq == (cases[i].good ? cases[i].seq : 7));
    }
    assert_string_equal(stream_id_format((struct stream_id){UINT64_MAX, UINT64_MAX}, text),
                        "18446744073709551615-18446744073709551615");
    assert_true(stream_id_compare((struct stream_id){1, 9}, (struct stream_id){2, 0}) < 0);
    assert_true(stream_id_compare((struct stream_id){2, 1}, (struct stream_id){2, 0}) > 0);
    assert_true(stream_id_compare((struct stream_id){2, 1}, (struct stream_id){2, 1}) == 0);
}

static void test_every_allocation_failing(void **state)
{
    (void)state;
    const char *const pairs[] = {"event", "{\"type\":\"a.b\",\"data\":{\"p\":[\"a\",1],\"o\":{\"x\":[{}]}}}",
                                 NULL};
    for (long n = 0;; n++) {
        struct arena *arena = arena_create();
        arena_alloc(arena, 1);
        struct event event;
        const char *why = NULL;
        failing_alloc_after(n);
        bool good = parse(arena, pairs, false, &event, &why);
        failing_alloc_never();
        arena_destroy(arena);
        if (good)
            break;
        assert_non_null(why);
        assert_in_range(n, 0, 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flat),       cmocka_unit_test(test_cloud_event),
        cmocka_unit_test(test_bad_events), cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_time),       cmocka_unit_test(test_lists),
        cmocka_unit_test(test_stream_ids), cmocka_unit_test(test_every_allocation_failing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
