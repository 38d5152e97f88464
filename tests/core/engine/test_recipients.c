/* Who is told at the ends of the tree, under a ceiling, and when only people may hear of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

static void climb(struct world *world, const char *person)
{
    world_event(world, "2026-11-17T09:00", "climb.asked", "case", "c-1", "person", person, NULL);
    world_until(world, "2026-11-20T09:00");
}

static void test_climbs_step_by_step(void **state)
{
    struct world *world = *state;

    climb(world, "zhang.wei");
    assert_string_equal(world_told(world),
                        "overdue zhang.wei mail due\n"
                        "escalation li.lei mail due+2wh\noverdue zhang.wei mail due+2wh copy\n"
                        "escalation zhao.min mail due+4wh\noverdue zhang.wei mail due+4wh copy");
}

/* What is above the ceiling is said, not sent: no later step goes higher then, and HR stands in. */
static void test_the_ceiling(void **state)
{
    struct world *world = *state;

    climb(world, "zhao.min");
    assert_string_equal(world_told(world), "overdue zhao.min mail due\n"
                                           "escalation chen.jing mail due+2wh in place of boss\n"
                                           "overdue zhao.min mail due+2wh copy\n"
                                           "escalation chen.jing mail due+4wh in place of boss\n"
                                           "overdue zhao.min mail due+4wh copy");
    assert_non_null(strstr(world_records(world), "above the ceiling"));
    assert_null(world_dead(world, 0));
}

/* The late head is skipped where a later step goes higher. */
static void test_a_later_step_goes_higher(void **state)
{
    struct world *world = *state;

    climb(world, "li.lei");
    assert_string_equal(world_told(world), "overdue li.lei mail due\n"
                                           "escalation zhao.min mail due+4wh\n"
                                           "overdue li.lei mail due+4wh copy");
    assert_non_null(strstr(world_records(world), "a later step goes higher"));
}

static void test_the_top_has_been_reached(void **state)
{
    struct world *world = *state;

    climb(world, "boss"); /* the department above the topmost one has no head */
    assert_string_equal(world_told(world), "escalation wang.qiang mail due in place of boss\n"
                                           "escalation wang.qiang mail due+2wh in place of head\n"
                                           "escalation wang.qiang mail due+4wh in place of up");
    assert_non_null(strstr(world_records(world), "\"s\":\"due+4wh\",\"to\":\"up\""));
    world_event(world, "2026-11-23T09:00", "summit.asked", "case", "s-1", "person", "boss", NULL);
    world_until(world, "2026-11-24T09:00");
    assert_string_equal(world_told(world), "escalation wang.qiang mail due in place of head");
    assert_non_null(strstr(world_records(world), "the top has been reached"));
}

static void test_nobody_reads_it_in_a_group(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "discreet.asked", "case", "d-1", "person", "zhang.wei", NULL);
    world_until(world, "2026-11-17T11:00");
    assert_string_equal(world_told(world), "overdue zhang.wei mail due\noverdue chen.jing mail due");
}

/* Neither the accused nor a witness, not even as the head of the owner. */
static void test_several_are_excepted(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "discreet.asked", "case", "d-1", "person", "zhang.wei", "accused",
                "li.lei", "witnesses", "[\"wang.fang\",\"chen.jing\"]", NULL);
    world_until(world, "2026-11-20T09:00");
    const char *told = world_told(world);
    assert_non_null(strstr(told, "overdue zhang.wei mail due"));
    assert_null(strstr(told, "chen.jing"));
    assert_null(strstr(told, "li.lei"));
}

/* Liu Yang is away, and Wang Fang, who answers, is the second of several witnesses: the head answers. */
static void test_a_delegate_among_several_who_are_excepted(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "discreet.asked", "case", "d-1", "person", "liu.yang", "accused",
                "zhang.wei", "witnesses", "[\"chen.jing\",\"wang.fang\"]", NULL);
    world_until(world, "2026-11-17T11:00");
    assert_string_equal(world_told(world), "overdue li.lei mail due for liu.yang\n"
                                           "escalation wang.qiang mail due in place of hr\n"
                                           "overdue liu.yang mail due copy"); /* reads it when back */
}

int main(void)
{
#define RECIPIENT_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        RECIPIENT_TEST(test_climbs_step_by_step),
        RECIPIENT_TEST(test_the_ceiling),
        RECIPIENT_TEST(test_the_top_has_been_reached),
        RECIPIENT_TEST(test_nobody_reads_it_in_a_group),
        RECIPIENT_TEST(test_several_are_excepted),
        RECIPIENT_TEST(test_a_later_step_goes_higher),
        RECIPIENT_TEST(test_a_delegate_among_several_who_are_excepted),
    };
    return cmocka_run_group_tests_name("recipients", tests, NULL, NULL);
}
