#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "web/metrics.h"

static void expect(struct buffer *out, const char *wanted)
{
    assert_true(buffer_ok(out));
    assert_string_equal(buffer_text(out), wanted);
    buffer_finish(out);
}

static void family_says_help_and_type(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out);
    metrics_family(&out, "cuiban_commits_total", "counter", "Commits \\ of a \"shard\"\nin all.");
    expect(&out, "# HELP cuiban_commits_total Commits \\\\ of a \"shard\"\\nin all.\n"
                 "# TYPE cuiban_commits_total counter\n");
}

static void values_of_labels_are_escaped(void **state)
{
    struct metric_label labels[] = {{"channel", "a\"b\\c\nd"}, {"state", "排队"}};
    struct buffer out;

    (void)state;
    buffer_init(&out);
    metrics_int(&out, "x", labels, 2, -7);
    metrics_int(&out, "y", NULL, 0, 3);
    expect(&out, "x{channel=\"a\\\"b\\\\c\\nd\",state=\"排队\"} -7\ny 3\n");
}

static void counts_use_the_whole_range(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out);
    metrics_count(&out, "x", NULL, 0, UINT64_MAX);
    expect(&out, "x 18446744073709551615\n");
}

static void milliseconds_become_seconds(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "x 0.000\n"},      {1, "x 0.001\n"},      {-500, "x -0.500\n"},
        {61005, "x 61.005\n"}, {-2500, "x -2.500\n"}, {INT64_MIN, "x -9223372036854775.808\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer out;
        buffer_init(&out);
        metrics_seconds(&out, "x", NULL, 0, cases[i].ms);
        expect(&out, cases[i].text);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(family_says_help_and_type),
        cmocka_unit_test(values_of_labels_are_escaped),
        cmocka_unit_test(counts_use_the_whole_range),
        cmocka_unit_test(milliseconds_become_seconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
