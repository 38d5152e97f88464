#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/problem.h"
#include "failing_alloc.h"

static void test_collecting(void **state)
{
    (void)state;
    struct problems problems;
    problems_init(&problems);
    problem_hint(&problems, "belongs to nothing");
    problem_error(&problems, "rules.d/a.cfg", 12, "%s: unknown key \"%s\"", "R7", "ower");
    problem_hint(&problems, "did you mean \"%s\"?", "owner");
    problem_warning(&problems, NULL, 0, "no AOF");
    assert_int_equal(problems.n, 2);
    assert_int_equal(problems.errors, 1);
    assert_int_equal(problems.warnings, 1);
    assert_string_equal(problems.items[0].what, "R7: unknown key \"ower\"");
    assert_string_equal(problems.items[0].hint, "did you mean \"owner\"?");
    assert_string_equal(problems.items[0].file, "rules.d/a.cfg");
    assert_null(problems.items[1].file);
    assert_null(problems.items[1].hint);
    assert_true(problems.items[1].warning);
    problems_finish(&problems);
    problems_finish(&problems);
}

/* Listed once, met twice; what would be its hint belongs to no other problem. */
static void test_repeats(void **state)
{
    (void)state;
    struct problems problems;
    problems_init(&problems);
    problem_error(&problems, "f", 1, "inherited");
    problem_hint(&problems, "mend it");
    size_t before = problems_met(&problems);
    assert_int_equal(before, 1);
    problem_repeat(&problems, false);
    problem_hint(&problems, "mend the other one");
    assert_int_equal(problems_met(&problems), before + 1);
    problem_repeat(&problems, true);
    assert_int_equal(problems_met(&problems), before + 1);
    assert_int_equal(problems.n, 1);
    assert_int_equal(problems.errors, 1);
    assert_int_equal(problems.warnings, 0);
    assert_string_equal(problems.items[0].hint, "mend it");
    problem_error(&problems, "f", 2, "another");
    problem_hint(&problems, "its own");
    assert_string_equal(problems.items[1].hint, "its own");
    problems_finish(&problems);
}

static void test_more_are_counted(void **state)
{
    (void)state;
    struct problems problems;
    problems_init(&problems);
    for (int i = 0; i < PROBLEMS_MAX; i++)
        problem_error(&problems, "f", i, "x");
    problem_error(&problems, "f", 1, "one too many");
    problem_hint(&problems, "must not go to another problem");
    assert_int_equal(problems.n, PROBLEMS_MAX);
    assert_int_equal(problems.errors, PROBLEMS_MAX + 1);
    assert_null(problems.items[PROBLEMS_MAX - 1].hint);
    problems_sort(&problems);
    problems_finish(&problems);
}

static void test_sorting(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        int line;
        const char *what;
    } in[] = {{"b", 9, "1"}, {"a", 5, "2"}, {"b", 2, "3"}, {NULL, 0, "4"},
              {"a", 5, "5"}, {"b", 9, "6"}, {"a", 0, "7"}};
    struct problems problems;
    problems_init(&problems);
    for (size_t i = 0; i < 7; i++)
        problem_error(&problems, in[i].file, in[i].line, "%s", in[i].what);
    problems_sort(&problems);
    char order[8] = "";
    for (size_t i = 0; i < 7; i++)
        order[i] = problems.items[i].what[0];
    assert_string_equal(order, "3167254");
    problems_finish(&problems);
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const candidates[] = {
        "owner", "open", "due", "requester", "calendar", "负责人", "interview_feedback"};
    static const struct {
        const char *word, *nearest;
    } cases[] = {{"ower", "owner"},
                 {"onwer", "owner"},
                 {"owner", "owner"},
                 {"reqester", "requester"},
                 {"calender", "calendar"},
                 {"负责任", "负责人"},
                 {"intervew_fedback", "interview_feedback"},
                 {"zebra", NULL},
                 {"", NULL},
                 {"du", "due"},
                 {"xy", NULL},
                 {"x", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *nearest =
            problem_nearest(cases[i].word, candidates, sizeof candidates / sizeof *candidates);
        if (!nearest != !cases[i].nearest || (nearest && strcmp(nearest, cases[i].nearest) != 0))
            fail_msg("%s: %s, expected %s", cases[i].word, nearest ? nearest : "none",
                     cases[i].nearest ? cases[i].nearest : "none");
    }
    char large[300];
    memset(large, 'a', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    assert_null(problem_nearest(large, candidates, 7));
    assert_null(problem_nearest("owner", NULL, 0));
}

static void test_out_of_memory_still_counts(void **state)
{
    (void)state;
    for (long n = 0; n < 3; n++) {
        struct problems problems;
        problems_init(&problems);
        failing_alloc_after(n);
        problem_error(&problems, "file", 1, "what");
        problem_hint(&problems, "hint");
        failing_alloc_never();
        assert_int_equal(problems.errors, 1);
        assert_int_equal(problems.n, 0);
        problems_finish(&problems);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collecting),       cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_more_are_counted), cmocka_unit_test(test_sorting),
        cmocka_unit_test(test_nearest),          cmocka_unit_test(test_out_of_memory_still_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
