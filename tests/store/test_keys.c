#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "core/stream_name.h"
#include "store/keys.h"

static const struct {
    const char *stream;
    const char *head; /* NULL: refused */
} cases[] = {
    {"hr:events", "cuiban:{hr:events}:head"},
    {"{hr:0}:events", "cuiban:{hr:0}:events:head"},
    {"a{hr}b", "cuiban:a{hr}b:head"},
    {"a{b", "cuiban:{a{b}:head"},
    {"x{}y", NULL},
    {"a}b", NULL},
    {"}{", NULL},
    {"{}{a}", NULL},
    {"", NULL},
    {"two words", NULL},
    {"line\nbreak", NULL},
    {"cuiban:{x}:commands", NULL},
    {"人事:事件", "cuiban:{人事:事件}:head"},
};

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct keys keys;
        const char *why = NULL;
        int error = keys_init(&keys, cases[i].stream, &why);
        if (error != (cases[i].head ? 0 : -EINVAL))
            fail_msg("\"%s\": %d", cases[i].stream, error);
        if (error) {
            assert_non_null(strstr(why, "stream"));
            continue;
        }
        if (strcmp(keys.names[KEY_HEAD], cases[i].head) != 0)
            fail_msg("\"%s\": %s", cases[i].stream, keys.names[KEY_HEAD]);
        assert_string_equal(keys.names[KEY_STREAM], cases[i].stream);
        keys_finish(&keys);
    }
}

static void test_too_long(void **state)
{
    (void)state;
    char name[STREAM_NAME_MAX + 2];
    struct keys keys;
    const char *why = NULL;
    memset(name, 'a', sizeof(name));
    name[STREAM_NAME_MAX] = '\0';
    assert_int_equal(keys_init(&keys, name, &why), 0);
    keys_finish(&keys);
    name[STREAM_NAME_MAX] = 'a';
    name[STREAM_NAME_MAX + 1] = '\0';
    assert_int_equal(keys_init(&keys, name, &why), -EINVAL);
}

static void test_tables(void **state)
{
    (void)state;
    struct keys keys;
    const char *why = NULL;
    assert_int_equal(keys_init(&keys, "s", &why), 0);
    for (int table = 0; table < TABLES; table++) {
        const char *name = keys.names[key_of_table((enum change_table)table)];
        if (!strstr(name, change_table_name((enum change_table)table)))
            fail_msg("table %s is kept in %s", change_table_name((enum change_table)table), name);
    }
    keys_finish(&keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
