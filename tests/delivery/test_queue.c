/* test_queue.c: what leaves first, and what leaves together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/queue.h"

enum { NOW = 1000000 };

static void add(struct queue *queue, struct item *item, instant at, bool urgent)
{
    *item = (struct item){.group = 7, .urgent = urgent};
    assert_true(queue_add(queue, item, at));
}

static void test_urgent_ones_leave_first(void **state)
{
    struct queue queue;
    struct item early, late, urgent;

    (void)state;
    queue_init(&queue);
    add(&queue, &early, NOW - 500, false);
    add(&queue, &late, NOW - 400, false);
    add(&queue, &urgent, NOW, true);
    assert_ptr_equal(queue_first(&queue, NOW), &urgent);
    assert_ptr_equal(queue_first(&queue, NOW - 1), &early); /* its time has not come */
    assert_ptr_equal(queue_peek(&queue), &early);           /* the first to become free */
    queue_remove(&urgent);
    assert_ptr_equal(queue_first(&queue, NOW), &early);
    queue_remove(&early);
    assert_ptr_equal(queue_first(&queue, NOW), &late);
    assert_null(queue_first(&queue, NOW - 401));
    queue_remove(&late);
    assert_int_equal(queue.n, 0);
    assert_true(queue_next(&queue) == INSTANT_NEVER);
    queue_finish(&queue);
}

static void test_the_next_time_is_that_of_whoever_comes_first(void **state)
{
    struct queue queue;
    struct item normal, urgent;

    (void)state;
    queue_init(&queue);
    add(&queue, &normal, NOW + 20, false);
    assert_true(queue_next(&queue) == NOW + 20);
    add(&queue, &urgent, NOW + 10, true);
    assert_true(queue_next(&queue) == NOW + 10);
    queue_remove(&urgent);
    add(&queue, &urgent, NOW + 30, true);
    assert_true(queue_next(&queue) == NOW + 20);
    queue_finish(&queue);
}

static void test_of_one_moment_in_order_of_arrival(void **state)
{
    enum { N = 50 };
    struct queue queue;
    struct item items[N];

    (void)state;
    queue_init(&queue);
    for (int i = 0; i < N; i++)
        add(&queue, &items[i], NOW, false);
    for (int i = 0; i < N; i++) {
        assert_ptr_equal(queue_first(&queue, NOW), &items[i]);
        queue_remove(&items[i]);
    }
    queue_finish(&queue);
}

static size_t together(const struct queue *queue)
{
    size_t cursor = 0, n = 0;

    while (queue_group(queue, 7, &cursor) != NULL)
        n++;
    return n;
}

/* Its owner frees it: whoever left it in the group would send what is gone. */
static void test_what_has_left_is_in_no_group(void **state)
{
    struct queue queue;
    struct item first, second;

    (void)state;
    queue_init(&queue);
    add(&queue, &first, NOW, false);
    add(&queue, &second, NOW, true);
    assert_int_equal(together(&queue), 2);
    queue_remove(&first);
    assert_int_equal(together(&queue), 1);
    assert_null(first.queue);
    queue_remove(&first); /* in no queue: fine */
    assert_int_equal(queue.n, 1);
    queue_remove(&second);
    assert_int_equal(together(&queue), 0);
    queue_finish(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urgent_ones_leave_first),
        cmocka_unit_test(test_the_next_time_is_that_of_whoever_comes_first),
        cmocka_unit_test(test_of_one_moment_in_order_of_arrival),
        cmocka_unit_test(test_what_has_left_is_in_no_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
