/* Members of an object into variables: each kind, unknown ones, wrong types, texts on the heap and in an
 * arena. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/json_members.h"

struct thing {
    char *name;
    int64_t count;
    bool good, counted;
    struct fields fields;
};

static bool read_thing(const char *json, struct arena *arena, struct thing *thing)
{
    const struct json_member members[] = {
        {"name", .text = &thing->name},
        {"count", .number = &thing->count, .there = &thing->counted},
        {"good", .flag = &thing->good},
    };
    struct json_scanner scanner;
    enum json_token token;

    json_scan_init(&scanner, json, strlen(json));
    bool ok = json_next(&scanner) == JSON_OBJECT;
    while (ok && (token = json_next(&scanner)) != JSON_OBJECT_END) {
        int read = token == JSON_KEY ? json_read_member(&scanner, arena, members, 3) : -1;

        if (read == 0 && strcmp(json_value(&scanner), "fields") == 0) {
            ok = json_read_fields(&scanner, arena, 2, &thing->fields);
        } else {
            ok = read > 0 || (read == 0 && json_skip(&scanner));
        }
    }
    json_scan_finish(&scanner);
    return ok;
}

static void test_each_kind(void **state)
{
    (void)state;
    struct thing thing = {0};

    assert_true(
        read_thing("{\"name\":\"王\",\"later\":[{\"a\":1}],\"count\":-7,\"good\":true}", NULL, &thing));
    assert_string_equal(thing.name, "王");
    assert_true(thing.count == -7 && thing.counted && thing.good);
    assert_true(
        read_thing("{\"name\":\"again\",\"good\":false}", NULL, &thing)); /* the text before is freed */
    assert_string_equal(thing.name, "again");
    assert_false(thing.good);
    free(thing.name);
}

static void test_wrong_types(void **state)
{
    static const char *const wrong[] = {"{\"name\":1}", "{\"count\":\"1\"}", "{\"good\":1}",
                                        "{\"good\":null}", "{\"count\":true}"};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct thing thing = {0};

        if (read_thing(wrong[i], NULL, &thing)) {
            fail_msg("%s was taken", wrong[i]);
        }
        assert_false(thing.counted);
        free(thing.name);
    }
}

static void test_fields(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    struct thing thing = {0};

    assert_true(read_thing("{\"name\":\"n\",\"fields\":{\"a\":\"1\",\"b\":2}}", arena, &thing));
    assert_int_equal(thing.fields.n, 2);
    assert_string_equal(fields_get(&thing.fields, "b"), "2");
    assert_false(read_thing("{\"fields\":{\"a\":\"1\",\"b\":2,\"c\":3}}", arena, &thing)); /* at most two */
    assert_false(read_thing("{\"fields\":{\"a\":[]}}", arena, &thing));
    assert_false(read_thing("{\"fields\":[]}", arena, &thing));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind),
        cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
