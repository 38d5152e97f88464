#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/condition.h"
#include "failing_alloc.h"

static const struct field items[] = {
    {"source", "referral"},
    {"urgent", "是"},
    {"round", "2"},
    {"salary", "30000.50"},
    {"id", "00900719925474099312"},
    {"empty", ""},
    {"city", "上海"},
    {"date", "2026-11-18"},
    {"has", "x"},
    {"no", "y"},
    {"off", "FALSE"},
    {"neg", "-3"},
    {"team", "a, b"},
    {"offer.level", "P7"},
};
static const struct fields fields = {items, sizeof items / sizeof *items};

static void test_holding(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool holds;
    } cases[] = {
        {"source == referral", true},
        {"source == internal", false},
        {"source != internal", true},
        {"source!=referral", false},
        {"  source  ==  referral  ", true},
        {"source == \"referral\"", true},
        {"source == 'referral'", true},
        /* missing */
        {"missing == x", false},
        {"missing != x", true},
        {"missing < 3", false},
        {"missing >= 3", false},
        {"missing in (x, y)", false},
        {"has missing", false},
        {"no missing", true},
        {"has source", true},
        {"no source", false},
        {"empty == x", false},
        {"empty != x", true},
        {"has empty", false},
        {"no empty", true},
        /* truth */
        {"urgent == yes", true},
        {"urgent == true", true},
        {"urgent == 1", true},
        {"urgent == TRUE", true},
        {"urgent == 是", true},
        {"urgent == no", false},
        {"urgent != no", true},
        {"off == 否", true},
        {"off == 0", true},
        {"off != yes", true},
        /* numbers */
        {"round == 2", true},
        {"round == 2.0", true},
        {"round == 02", true},
        {"round < 10", true},
        {"round > 10", false},
        {"round <= 2", true},
        {"round >= 2", true},
        {"round < 2", false},
        {"salary > 30000.5", false},
        {"salary >= 30000.5", true},
        {"salary > 30000.49", true},
        {"salary < 30001", true},
        {"neg < -2", true},
        {"neg > -4", true},
        {"neg < 0", true},
        {"neg > -3.5", true},
        {"id == 900719925474099312", true},
        {"id == 900719925474099313", false},
        {"id < 900719925474099313", true},
        {"round > -1", true},
        /* text orders as text; a number and a text do not */
        {"date < 2026-12-01", true},
        {"date >= 2026-11-18", true},
        {"city > 5", false},
        {"round < abc", false},
        /* in */
        {"city in (北京, 上海)", true},
        {"city in (北京)", false},
        {"round in (1, 2.0)", true},
        {"round in( 2 )", true},
        {"urgent in (yes)", true},
        {"team in (\"a, b\", c)", true},
        {"team == a, b", true},
        /* fields with the keywords' names, dotted names */
        {"has == x", true},
        {"no == y", true},
        {"has in (x)", true},
        {"has has", true},
        {"no no", false},
        {"offer.level == P7", true},
        {"offer.level < P8", true},
    };
    struct arena *arena = arena_create();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct condition condition;
        const char *why = "";
        int error = condition_parse(arena, cases[i].text, &condition, &why);
        if (error || condition_holds(&condition, &fields) != cases[i].holds)
            fail_msg("%s: %d %s, expected %s", cases[i].text, error, why, cases[i].holds ? "true" : "false");
        assert_string_equal(condition.text, cases[i].text);
    }
    arena_destroy(arena);
}

static void test_bad_conditions(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "field name is missing"},
        {"source", "after the field comes"},
        {"source referral", "after the field comes"},
        {"source = referral", "write == to compare"},
        {"source ==", "value is missing"},
        {"== referral", "field name is missing"},
        {"source ＝ referral", "full-width"},
        {"source == a && round == 2", "one condition in each string"},
        {"source == a and round == 2", "one condition in each string"},
        {"source == a or b", "one condition in each string"},
        {"source == \"a", "quote is not closed"},
        {"source == \"a\" b", "something follows"},
        {"city in 北京", "in brackets"},
        {"city in （北京）", "full-width"},
        {"city in (北京，上海)", "full-width comma"},
        {"city in (北京", "not closed"},
        {"city in ()", "value is missing"},
        {"city in (a,)", "value is missing"},
        {"city in (a) b", "something follows"},
        {"city not in (a)", "no \"not in\""},
        {"has a b", "something follows"},
        {"has", "after the field comes"},
    };
    struct arena *arena = arena_create();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct condition condition;
        const char *why = "";
        int error = condition_parse(arena, cases[i].text, &condition, &why);
        if (error != -EINVAL || !strstr(why, cases[i].why))
            fail_msg("%s: %d \"%s\", expected \"%s\"", cases[i].text, error, why, cases[i].why);
    }
    arena_destroy(arena);
}

static void test_all_must_hold(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    struct condition all[3];
    const char *why;
    assert_int_equal(condition_parse(arena, "round == 2", &all[0], &why), 0);
    assert_int_equal(condition_parse(arena, "source == internal", &all[1], &why), 0);
    assert_int_equal(condition_parse(arena, "no city", &all[2], &why), 0);
    struct conditions conditions = {all, 3};
    assert_ptr_equal(conditions_failing(&conditions, &fields), &all[1]);
    conditions.n = 1;
    assert_null(conditions_failing(&conditions, &fields));
    conditions.n = 0;
    assert_null(conditions_failing(&conditions, &fields));
    arena_destroy(arena);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    struct condition condition;
    const char *why;
    failing_alloc_after(0);
    assert_int_equal(condition_parse(arena, "a in (b, c)", &condition, &why), -ENOMEM);
    failing_alloc_never();
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_holding),
        cmocka_unit_test(test_bad_conditions),
        cmocka_unit_test(test_all_must_hold),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
