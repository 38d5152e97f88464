#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "failing_alloc.h"

static void test_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    assert_non_null(arena);
    for (size_t bytes = 0; bytes < 300; bytes++) {
        unsigned char *memory = arena_alloc(arena, bytes);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < bytes; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xFF, bytes);
    }
    assert_true(arena_bytes(arena) > 300 * 150);
    arena_destroy(arena);
    arena_destroy(NULL);
}

static void test_blocks_do_not_overlap(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    static char *memory[2000];
    for (size_t i = 0; i < 2000; i++) {
        memory[i] = arena_alloc(arena, 1 + i % 700);
        memset(memory[i], (int)(i & 0xFF), 1 + i % 700);
    }
    for (size_t i = 0; i < 2000; i++)
        for (size_t j = 0; j < 1 + i % 700; j++)
            if ((unsigned char)memory[i][j] != (i & 0xFF))
                fail_msg("piece %zu was overwritten at byte %zu", i, j);
    arena_destroy(arena);
}

static void test_text(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    assert_string_equal(arena_strdup(arena, "面试"), "面试");
    assert_string_equal(arena_strdup(arena, ""), "");
    assert_string_equal(arena_strndup(arena, "abcdef", 3), "abc");
    assert_string_equal(arena_printf(arena, "%s-%d", "Q7KM", 42), "Q7KM-42");
    char *large = arena_printf(arena, "%0*d", 1000000, 7);
    assert_int_equal(strlen(large), 1000000);
    arena_destroy(arena);
}

static void test_sizes_that_overflow(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    assert_null(arena_alloc_array(arena, SIZE_MAX / 2, 3));
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_null(arena_alloc(arena, SIZE_MAX - 40));
    assert_null(arena_strndup(arena, "", SIZE_MAX));
    assert_non_null(arena_alloc_array(arena, 0, 8));
    assert_non_null(arena_alloc(arena, 16));
    arena_destroy(arena);
}

static void test_reset_keeps_one_block(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    arena_reset(arena);
    for (int i = 0; i < 100; i++)
        assert_non_null(arena_alloc(arena, 1000));
    size_t grown = arena_bytes(arena);
    arena_reset(arena);
    size_t kept = arena_bytes(arena);
    assert_true(kept < grown);
    for (int round = 0; round < 50; round++) {
        char *memory = arena_alloc(arena, 512);
        assert_int_equal(memory[0], 0);
        memset(memory, 1, 512);
        arena_reset(arena);
    }
    assert_int_equal(arena_bytes(arena), kept);
    arena_destroy(arena);
}

static void test_every_allocation_failing(void **state)
{
    (void)state;
    failing_alloc_after(0);
    assert_null(arena_create());
    failing_alloc_never();
    struct arena *arena = arena_create();
    failing_alloc_after(0);
    assert_null(arena_alloc(arena, 8));
    assert_null(arena_strdup(arena, "a"));
    assert_null(arena_printf(arena, "%d", 1));
    failing_alloc_never();
    assert_non_null(arena_alloc(arena, 8));
    failing_alloc_after(0);
    assert_null(arena_alloc(arena, 100000));
    assert_non_null(arena_alloc(arena, 8));
    failing_alloc_never();
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zeroed_and_aligned),
        cmocka_unit_test(test_blocks_do_not_overlap),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_sizes_that_overflow),
        cmocka_unit_test(test_reset_keeps_one_block),
        cmocka_unit_test(test_every_allocation_failing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
