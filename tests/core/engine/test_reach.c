/* Nobody to tell: a step whose people have all fallen away, absences that nobody answers for, and what
 * messages say of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/compose.h"
#include "world.h"

static const struct verdict delivered = {.kind = VERDICT_DELIVERED};

static int setup(void **state)
{
    *state = world_open_at(TEST_SOURCE_DIR "/reach");
    return 0;
}

static int teardown(void **state)
{
    world_close(*state);
    return 0;
}

static void ask(struct world *world, const char *type, const char *person)
{
    world_event(world, "2026-11-17T09:00", type, "case", "c-1", "person", person, "department", "sales",
                NULL);
}

/* What is told until a time; everything is delivered as it leaves. */
static const char *told_until(struct world *world, const char *at)
{
    world_live(world, at, &delivered);
    return world_told(world);
}

/* The department's head is late himself, and above him is the general manager: whoever asked stands in. */
static void test_a_late_head_under_the_ceiling(void **state)
{
    struct world *world = *state;

    ask(world, "shape.asked", "head");
    assert_string_equal(told_until(world, "2026-11-19T18:00"),
                        "reminder head mail due-2wh\n"
                        "overdue head mail due\n"
                        "escalation asker mail due+1wd in place of ceo\n"
                        "overdue head mail due+1wd copy");
    assert_non_null(strstr(world_records(world), "\"e\":\"fell\""));
    assert_false(world_only(world)->is_silent);
}

/* A step that repeats tells the one who stands in with its first and its last firing. */
static void test_a_repeated_step_that_falls(void **state)
{
    struct world *world = *state;

    ask(world, "shape.asked", "head");
    told_until(world, "2026-11-19T18:00");
    const char *twice = "escalation asker mail due+2wd in place of ceo\n"
                        "overdue head mail due+2wd copy\n"
                        "escalation asker mail due+2wd in place of ceo\n"
                        "overdue head mail due+2wd copy";
    assert_string_equal(told_until(world, "2026-11-30T18:00"), twice);
    assert_non_null(strstr(world_records(world), "with the first and the last time only"));
}

static void test_a_member_is_late(void **state)
{
    struct world *world = *state;

    ask(world, "shape.asked", "member");
    assert_string_equal(told_until(world, "2026-11-20T12:00"),
                        "reminder member mail due-2wh\n"
                        "overdue member mail due\n"
                        "escalation head mail due+1wd\n"
                        "overdue member mail due+1wd copy\n"
                        "escalation asker mail due+2wd in place of ceo\n"
                        "overdue member mail due+2wd copy");
}

/* The requester is excepted, then the HRBP, then whoever catches all. */
static void test_who_stands_in(void **state)
{
    static const struct {
        const char *accused, *stands_in;
    } cases[] = {
        {"[\"other\"]", "asker"},
        {"[\"asker\"]", "hrbp"},
        {"[\"asker\",\"hrbp\"]", "director"},
        {"asker, hrbp", "director"}, /* a list that somebody wrote as a text */
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world *world = world_open_at(TEST_SOURCE_DIR "/reach");
        char wanted[100];

        world_event(world, "2026-11-17T09:00", "shape.asked", "case", "c-1", "person", "head", "department",
                    "sales", "accused", cases[i].accused, NULL);
        (void)snprintf(wanted, sizeof wanted, "escalation %s mail due+1wd in place of ceo",
                       cases[i].stands_in);
        assert_non_null(strstr(told_until(world, "2026-11-19T18:00"), wanted));
        world_close(world);
    }
}

/* Whoever is excepted is not named to the one who stands in. */
static void test_the_excepted_is_not_named(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "shape.asked", "case", "c-1", "person", "member", "department",
                "sales", "accused", "head", NULL);
    assert_non_null(
        strstr(told_until(world, "2026-11-19T18:00"), "escalation asker mail due+1wd in place of head\n"));
}

/* An address that is missing is a dead letter, and somebody hears. */
static void test_nothing_leads_to_the_owner(void **state)
{
    struct world *world = *state;

    ask(world, "shape.asked", "mute");
    assert_string_equal(told_until(world, "2026-11-18T18:00"), "escalation asker mail due in place of mute");
    assert_non_null(world_dead(world, 0)); /* the reminder: skipped, and said so */
    assert_non_null(world_dead(world, 1));
}

/* Nobody can take it: the owner hears, the journal and the counts say that nobody else does. */
static void test_nobody_even_then(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "shape.asked", "case", "c-1", "person", "head", "department",
                "sales", "accused", "[\"asker\",\"hrbp\",\"director\"]", NULL);
    assert_string_equal(told_until(world, "2026-11-19T18:00"),
                        "reminder head mail due-2wh\noverdue head mail due\noverdue head mail due+1wd");
    assert_non_null(strstr(world_records(world), "\"e\":\"silent\""));
    assert_true(world_only(world)->is_silent);
    assert_int_equal(engine_count(world_engine(world)).silent, 1);
    world_reload(world);
    assert_true(world_only(world)->is_silent);
}

/* -- absences -- */

static void test_two_who_answer_for_each_other(void **state)
{
    struct world *world = *state;

    ask(world, "shape.asked", "one");
    assert_string_equal(told_until(world, "2026-11-18T18:00"),
                        "reminder head mail due-2wh for one\noverdue head mail due for one");
}

/* A delegate whom `except` names does not stand in: the superior does. */
static void test_an_excepted_delegate(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "shape.asked", "case", "c-1", "person", "away.wa", "department",
                "sales", "accused", "member", NULL);
    assert_string_equal(told_until(world, "2026-11-18T18:00"),
                        "reminder head mail due-2wh for away.wa\noverdue head mail due for away.wa");
}

/* Where there is nobody above, the absent one after all. */
static void test_nobody_above_the_absent(void **state)
{
    struct world *world = *state;

    ask(world, "shape.asked", "hermit");
    assert_string_equal(told_until(world, "2026-11-18T18:00"),
                        "reminder hermit mail due-2wh\noverdue hermit mail due");
}

static void test_a_leaver_without_a_manager(void **state)
{
    struct world *world = *state;

    ask(world, "shape.asked", "gone");
    assert_string_equal(told_until(world, "2026-11-18T18:00"), "escalation asker mail due in place of gone");
    assert_non_null(strstr(world_records(world), "has left, and nobody answers"));
}

/* -- who else -- */

static void test_told_is_not_the_owner(void **state)
{
    struct world *world = *state;

    ask(world, "echo.asked", "member");
    told_until(world, "2026-11-18T18:00");
    assert_string_equal(told_until(world, "2026-11-19T18:00"), "overdue head mail due+1wd");
}

/* HR is late with what is hers: she is not asked to call herself, her superior is. */
static void test_a_requester_who_owes(void **state)
{
    struct world *world = *state;

    ask(world, "own.asked", "nobody");
    assert_string_equal(told_until(world, "2026-11-18T18:00"),
                        "overdue hrbp mail due\nescalation director mail due");
}

/* Before due a step that nobody is left for goes to whoever catches all; so does what names somebody else. */
static void test_a_field_that_names_nobody(void **state)
{
    struct world *world = *state;

    ask(world, "post.asked", "member");
    assert_string_equal(told_until(world, "2026-11-18T18:00"),
                        "reminder director mail due-2wh in place of helper\n"
                        "escalation hrbp mail due in place of helper\noverdue member mail due copy");
}

/* -- the plan and the words -- */

static const struct planned *planned(struct world *world, const char *step,
                                     struct planned plan[RULE_STEPS_MAX])
{
    size_t n = engine_plan(world_engine(world), world_only(world), world_now(world), plan, RULE_STEPS_MAX);

    for (size_t i = 0; i < n; i++) {
        if (plan[i].step && strcmp(plan[i].step->name, step) == 0) {
            return &plan[i];
        }
    }
    fail_msg("no step %s", step);
    return NULL;
}

static void test_the_plan_says_who_stands_in(void **state)
{
    struct world *world = *state;
    static struct planned plan[RULE_STEPS_MAX];

    ask(world, "shape.asked", "head");
    const struct planned *step = planned(world, "due+1wd", plan);
    assert_int_equal(step->n_to, 2);
    assert_string_equal(step->to[0].person, "asker");
    assert_string_equal(step->to[0].stands_for, "ceo");
    assert_true(step->to[1].copy);
    assert_int_equal(step->n_missed, 1);
    assert_string_equal(step->missed[0].why, "above the ceiling");
    step = planned(world, "due-2wh", plan);
    assert_int_equal(step->n_to, 1);
    assert_string_equal(step->to[0].person, "head");
}

static void expect_words(struct world *world, const char *id, const char *has, const char *has_not)
{
    const struct notification *note = engine_notification(world_engine(world), id);
    struct composed composed;
    const char *why = "";

    assert_non_null(note);
    composed_init(&composed);
    assert_int_equal(compose_message(world_engine(world), &note, 1, world_now(world), &composed, &why), 0);
    const char *body = buffer_text(&composed.body);
    if (!strstr(body, has) || strstr(body, has_not)) {
        fail_msg("%s: wanted %s and not %s in: %s", id, has, has_not, body);
    }
    composed_finish(&composed);
}

/* Neither does a message promise somebody who is never told, nor the reader himself by name. */
static void test_what_messages_promise(void **state)
{
    struct world *world = *state;

    ask(world, "shape.asked", "head");
    world_live(world, "2026-11-18T17:59", &delivered);
    world_until(world, "2026-11-18T18:01");
    expect_words(world, "BF8Y-2", "会请 陈静 协调", "孙磊");
    world_live(world, "2026-11-19T09:59", &delivered);
    world_until(world, "2026-11-19T10:01");
    expect_words(world, "BF8Y-3", "将再次提醒您", "会请 陈静");
    expect_words(world, "BF8Y-3", "本应告知 孙磊", "会请 孙磊");
    expect_words(world, "BF8Y-4", "会请 陈静 协调", "孙磊");
}

/* What an event may still change is not promised by name. */
static void test_what_may_still_change(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T09:00", "choice.asked", "case", "c-1", "person", "member", "department",
                "sales", "urgent", "yes", NULL);
    world_until(world, "2026-11-18T18:01");
    expect_words(world, "BF8Y-1", "可能会请他人协调", "高峰 协调");
}

int main(void)
{
#define REACH_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        REACH_TEST(test_a_late_head_under_the_ceiling),
        REACH_TEST(test_a_repeated_step_that_falls),
        REACH_TEST(test_a_member_is_late),
        cmocka_unit_test(test_who_stands_in),
        REACH_TEST(test_the_excepted_is_not_named),
        REACH_TEST(test_nothing_leads_to_the_owner),
        REACH_TEST(test_nobody_even_then),
        REACH_TEST(test_two_who_answer_for_each_other),
        REACH_TEST(test_an_excepted_delegate),
        REACH_TEST(test_nobody_above_the_absent),
        REACH_TEST(test_a_leaver_without_a_manager),
        REACH_TEST(test_told_is_not_the_owner),
        REACH_TEST(test_a_requester_who_owes),
        REACH_TEST(test_a_field_that_names_nobody),
        REACH_TEST(test_the_plan_says_who_stands_in),
        REACH_TEST(test_what_messages_promise),
        REACH_TEST(test_what_may_still_change),
    };
    return cmocka_run_group_tests_name("reach", tests, NULL, NULL);
}
