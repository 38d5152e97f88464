#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "failing_alloc.h"

static void test_appending(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer);
    assert_string_equal(buffer_text(&buffer), "");
    buffer_add_text(&buffer, "到期 ");
    buffer_add_char(&buffer, '#');
    buffer_add(&buffer, "12345", 2);
    buffer_printf(&buffer, " %s=%d", "n", -7);
    assert_string_equal(buffer_text(&buffer), "到期 #12 n=-7");
    assert_int_equal(buffer.n, strlen(buffer_text(&buffer)));
    buffer_truncate(&buffer, 6);
    assert_string_equal(buffer_text(&buffer), "到期");
    buffer_truncate(&buffer, 100);
    assert_string_equal(buffer_text(&buffer), "到期");
    buffer_clear(&buffer);
    assert_string_equal(buffer_text(&buffer), "");
    for (int i = 0; i < 5000; i++)
        buffer_printf(&buffer, "%04d", i % 10000);
    assert_int_equal(buffer.n, 20000);
    assert_memory_equal(buffer_text(&buffer) + 4 * 4321, "4321", 4);
    assert_true(buffer_ok(&buffer));
    buffer_finish(&buffer);
    buffer_finish(&buffer);
}

static void test_integers(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        const char *text;
    } cases[] = {{0, "0"},
                 {7, "7"},
                 {-7, "-7"},
                 {10, "10"},
                 {1763363400000, "1763363400000"},
                 {INT64_MAX, "9223372036854775807"},
                 {INT64_MIN, "-9223372036854775808"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer buffer;
        buffer_init(&buffer);
        buffer_add_int(&buffer, cases[i].value);
        assert_string_equal(buffer_text(&buffer), cases[i].text);
        buffer_finish(&buffer);
    }
}

static void test_taking(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer);
    char *taken = buffer_take(&buffer);
    assert_string_equal(taken, "");
    free(taken);
    buffer_add_text(&buffer, "abc");
    taken = buffer_take(&buffer);
    assert_string_equal(taken, "abc");
    free(taken);
    assert_string_equal(buffer_text(&buffer), "");
    buffer_finish(&buffer);
}

static void test_a_failure_sticks(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer);
    buffer_add_text(&buffer, "kept");
    failing_alloc_after(0);
    buffer_printf(&buffer, "%0200d", 1);
    failing_alloc_never();
    assert_false(buffer_ok(&buffer));
    buffer_add_text(&buffer, "x");
    buffer_add_char(&buffer, 'x');
    buffer_add_int(&buffer, 1);
    assert_string_equal(buffer_text(&buffer), "kept");
    assert_null(buffer_take(&buffer));
    assert_true(buffer_ok(&buffer));

    failing_alloc_after(0);
    buffer_add_text(&buffer, "x");
    failing_alloc_never();
    assert_false(buffer_ok(&buffer));
    assert_string_equal(buffer_text(&buffer), "");
    buffer_clear(&buffer);
    assert_true(buffer_ok(&buffer));
    buffer_add_text(&buffer, "again");
    assert_string_equal(buffer_text(&buffer), "again");
    buffer_finish(&buffer);
}

static void test_a_length_that_overflows(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer);
    buffer_add(&buffer, "x", SIZE_MAX);
    assert_false(buffer_ok(&buffer));
    buffer_finish(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appending),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_taking),
        cmocka_unit_test(test_a_failure_sticks),
        cmocka_unit_test(test_a_length_that_overflows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
