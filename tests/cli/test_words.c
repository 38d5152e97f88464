/* Arguments, tables and moments. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/moment.h"
#include "cli/table.h"
#include "config/config.h"

static const struct argument_option options[] = {{"from", true, 'f'}, {"explain", false, 'e'}, {NULL}};

static void arguments_are_told_apart(void **state)
{
    static const struct {
        const char *words[6];
        enum arguments_error error;
        const char *from, *explain;
        size_t n;
    } cases[] = {
        {{"5wd"}, ARGUMENTS_OK, NULL, NULL, 1},
        {{"--from", "x", "5wd", "--explain"}, ARGUMENTS_OK, "x", "", 1},
        {{"--from=x=y", "a", "b"}, ARGUMENTS_OK, "x=y", NULL, 2},
        {{"-f", "x", "-e"}, ARGUMENTS_OK, "x", "", 0},
        {{"-fx"}, ARGUMENTS_OK, "x", NULL, 0},
        {{"-4wh"}, ARGUMENTS_OK, NULL, NULL, 1},
        {{"--", "--explain"}, ARGUMENTS_OK, NULL, NULL, 1},
        {{"-"}, ARGUMENTS_OK, NULL, NULL, 1},
        {{"--from", "a", "--from", "b"}, ARGUMENTS_OK, "b", NULL, 0},
        {{"--from="}, ARGUMENTS_OK, "", NULL, 0},
        {{"--from"}, ARGUMENTS_NO_VALUE, NULL, NULL, 0},
        {{"--explain=yes"}, ARGUMENTS_SUPERFLUOUS_VALUE, NULL, NULL, 0},
        {{"--fro", "x"}, ARGUMENTS_UNKNOWN, NULL, NULL, 0},
        {{"-x"}, ARGUMENTS_UNKNOWN, NULL, NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static struct arguments arguments;
        const char *what, *from, *explain;
        size_t n = 0;
        enum arguments_error error;

        while (n < 6 && cases[i].words[n] != NULL)
            n++;
        error = arguments_parse(options, n, (char *const *)cases[i].words, &arguments, &what);
        if (error != cases[i].error)
            fail_msg("case %zu (%s): error %d", i, cases[i].words[0], (int)error);
        if (error != ARGUMENTS_OK)
            continue;
        from = arguments_option(&arguments, "from");
        explain = arguments_option(&arguments, "explain");
        if (arguments.n != cases[i].n || (from == NULL) != (cases[i].from == NULL) ||
            (explain == NULL) != (cases[i].explain == NULL) ||
            (from != NULL && strcmp(from, cases[i].from) != 0))
            fail_msg("case %zu (%s)", i, cases[i].words[0]);
    }
}

static void too_many_words_are_refused(void **state)
{
    static char *words[ARGUMENTS_MAX + 1];
    static struct arguments arguments;
    const char *what;

    (void)state;
    for (size_t i = 0; i <= ARGUMENTS_MAX; i++)
        words[i] = (char *)"x";
    assert_int_equal(arguments_parse(options, ARGUMENTS_MAX, words, &arguments, &what), ARGUMENTS_OK);
    assert_int_equal(arguments_parse(options, ARGUMENTS_MAX + 1, words, &arguments, &what),
                     ARGUMENTS_TOO_MANY);
}

static void tables_align_by_columns(void **state)
{
    static const char *const header[] = {"NAME", ">N", "WHAT"};
    struct table table;
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);

    (void)state;
    table_init(&table, 3, header);
    table_add(&table, "张伟");
    table_addf(&table, "%d", 7);
    table_add(&table, "面试\x1b[31m反馈\xc2\x9b\n");
    table_add(&table, "li.lei");
    table_addf(&table, "%d", 123);
    table_add(&table, NULL);
    assert_int_equal(table_rows(&table), 2);
    assert_true(table_print(&table, to));
    fclose(to);
    assert_string_equal(text, "NAME      N  WHAT\n"
                              "张伟      7  面试 [31m反馈  \n"
                              "li.lei  123  -\n");
    free(text);
    table_finish(&table);
}

static void moments_are_read_and_told(void **state)
{
    static const struct {
        const char *text, *told; /* NULL: refused */
    } cases[] = {
        {"2026-09-30T17:00", "2026-09-30 Wed 17:00"},
        {"2026-09-30 17:00:59", "2026-09-30 Wed 17:00"},
        {"2026-09-30", "2026-09-30 Wed 00:00"},
        {"2026-09-30T17:00:00Z", "2026-10-01 Thu 01:00"},
        {"2026-09-30T17:00:00+08:00", "2026-09-30 Wed 17:00"},
        {"2026-09-31", NULL},
        {"2026-09-30T24:00", NULL},
        {"2026-09-30T17", NULL},
        {"2026-09-30T17:00:0", NULL},
        {"tomorrow", NULL},
        {"", NULL},
    };
    struct zone *zone;
    char text[MOMENT_TEXT_MAX];

    (void)state;
    assert_int_equal(config_zone("Asia/Shanghai", &zone), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        instant at;
        bool read = zone_read_time(zone, cases[i].text, &at);

        if (read != (cases[i].told != NULL))
            fail_msg("%s: %s", cases[i].text, read ? "read" : "refused");
        if (read && strcmp(moment_format(at, zone, false, text), cases[i].told) != 0)
            fail_msg("%s: %s", cases[i].text, text);
    }
    assert_string_equal(moment_format(0, zone, true, text), "1970-01-01 周四 08:00");
    assert_string_equal(moment_format(-9 * HOUR_MS, zone, true, text), "1969-12-31 周三 23:00");
    assert_string_equal(moment_format(INSTANT_NEVER, zone, true, text), "-");
    zone_destroy(zone);
}

static void lengths_are_told_in_two_units(void **state)
{
    static const struct {
        int64_t ms;
        const char *english, *chinese;
    } cases[] = {
        {0, "0 s", "0 秒"},         {-5, "0 s", "0 秒"},
        {59999, "59 s", "59 秒"},   {61000, "1 min 1 s", "1 分钟 1 秒"},
        {HOUR_MS, "1 h", "1 小时"}, {2 * DAY_MS + 3 * HOUR_MS + MINUTE_MS, "2 d 3 h", "2 天 3 小时"},
    };
    char text[MOMENT_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(moment_format_length(cases[i].ms, false, text), cases[i].english);
        assert_string_equal(moment_format_length(cases[i].ms, true, text), cases[i].chinese);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_are_told_apart),      cmocka_unit_test(too_many_words_are_refused),
        cmocka_unit_test(tables_align_by_columns),       cmocka_unit_test(moments_are_read_and_told),
        cmocka_unit_test(lengths_are_told_in_two_units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
