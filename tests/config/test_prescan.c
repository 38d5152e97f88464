#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/prescan.h"

/* Runs the text and writes "line: what" of all problems, joined by " | ". */
static bool run(const char *text, size_t n, char *out, size_t room)
{
    struct problems problems;
    char *copy = malloc(n + 1);
    assert_non_null(copy);
    memcpy(copy, text, n);
    copy[n] = 0;
    problems_init(&problems);
    bool readable = prescan("x.cfg", copy, n, &problems);
    size_t at = 0;
    out[0] = 0;
    for (size_t i = 0; i < problems.n && at < room; i++)
        at += (size_t)snprintf(out + at, room - at, "%s%d: %s", i ? " | " : "", problems.items[i].line,
                               problems.items[i].what);
    assert_int_equal(problems.warnings, 0);
    problems_finish(&problems);
    free(copy);
    return readable;
}

static void test_good_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "\n\n# only a comment",
        "a = 1;",
        "a = 1",
        "a = 1 b = 2",
        "a : { b = 2; };",
        "a = { b = 2, c = 3 }",
        "a = [ ]; b = ( ); c = { };",
        "a = [ 1, 2, 3 ]; b = ( 1, \"x\", { c = true; }, ( 1 ) );",
        "a = -5; b = 0x1F; c = 5000000000L; d = 1.5; e = 1e3; f = FALSE; g = True;",
        "a = 2147483647; b = -2147483648;",
        "a = \"x; y, {}[]() = # // /* ； ，\";",
        "a = \"quote \\\" and \\\\\";",
        "a = 1; // comment \"\n b = 2; /* ；\n */ c = 3; # “",
        "a-b_c = 1; *x = 2;",
        "a = \"x\"; a1 = \"y\";\r\nb = 1;\r\n",
        "\xef\xbb\xbf a = 1;",
        "a = { x = 1; }; b = { x = 1; };",
        "a = ( { x = 1; }, { x = 2; } );",
    };
    char got[1024];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!run(texts[i], strlen(texts[i]), got, sizeof got) || *got)
            fail_msg("%s\n  %s", texts[i], got);
}

static void test_bad_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text, *problems;
    } cases[] = {
        {"a = [ \"x\" \"y\" ];", "1: a comma is missing between two strings, line 1"},
        {"a = [\n\"x\"\n\"y\" ];", "2: a comma is missing between two strings, line 2"},
        {"a = ( { b = 1; }\n{ c = 2; } );", "1: a comma is missing between two groups, line 1"},
        {"a = ( 1 2 );", "1: a comma is missing between two values, line 1"},
        {"a = [ 1, ];", "1: a comma stands after the last value, before the ]"},
        {"a = [ , 1 ];", "1: a value is missing before ,"},
        {"a = ( 1; 2 );", "1: a ; stands between the values of a list"},
        {"a = 1；\nb = 2;", "1: full-width ； in line 1, column 6"},
        {"名 = 1;", "1: expected a name, found 名"},
        {"a = “x”;", "1: full-width “ in line 1, column 5"},
        {"a = \"中文\"，b = 2;", "1: full-width ， in line 1, column 9"},
        {"a　= 1;", "1: full-width blank in line 1, column 2"},
        {"a = 1; ＃ note\nb = 2;", "1: full-width ＃ in line 1, column 8"},
        {"a = \"x;\nb = 2;", "1: a string begins in line 1 and is not closed in that line"},
        {"a = yes;", "1: the value yes stands without quotes"},
        {"secret = hunter2; token = [ hunter2 ]; password = 5000000000;\nb = c;",
         "1: the value stands without quotes | 1: the value stands without quotes | 1: the number is too "
         "large | 2: the "
         "value c stands without quotes"},
        {"webhook = hunter2; url = hunter2;",
         "1: the value stands without quotes | 1: the value stands without quotes"},
        {"a = 24h;", "1: the value 24h stands without quotes"},
        {"a = due-4h;", "1: the value due-4h stands without quotes"},
        {"a = at:start_date;", "1: the value at:start_date stands without quotes"},
        {"a = [ owner, head of department ];",
         "1: the value owner stands without quotes | 1: the value head stands without quotes"},
        {"a = 5000000000;", "1: the number 5000000000 is too large"},
        {"a = 0xFFFFFFFFFF;", "1: the number 0xFFFFFFFFFF is too large"},
        {"a = 99999999999999999999L;", "1: the number 99999999999999999999L is too large"},
        {"a = { b = 1;", "1: the { of line 1 is never closed"},
        {"a = (\n{ b = 1; )\n;", "2: the { of line 2 is closed with )"},
        {"a = { b = [ 1 } ;", "1: the [ of line 1 is closed with }"},
        {"a = 1; };", "1: expected a name, found }"},
        {"a;", "1: an = is missing after `a` | 1: a value is missing before ;"},
        {"a = ;", "1: `a` has no value"},
        {"a = 1;; b = 2;", "1: expected a name, found ;"},
        {"a = 1;\nb = 2;\na = 3;", "3: `a` stands here a second time; the first is in line 1"},
        {"a = { b = 1;\nb = 2; };", "2: `b` stands here a second time; the first is in line 1"},
        {"a = \"x\" \"y\";", "1: two strings stand side by side after `a`"},
        {"a = [ 1, \"x\" ];", "1: the values inside [ ] are of different kinds"},
        {"@include \"x\"", "1: expected a name, found @include"},
        {"/* a = 1;\n", "1: a comment begins with /* and is never closed with */"},
        {"a = 1;\nb = \"\xc4\xe3\";", "2: not UTF-8"},
        {"a = ((((((((((((((((((1))))))))))))))))));", "1: more than 16 levels of brackets"},
    };
    char got[2048];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool readable = run(cases[i].text, strlen(cases[i].text), got, sizeof got);
        bool number = strstr(cases[i].problems, "too large") && !strchr(cases[i].problems, '|');
        bool deep = strstr(cases[i].problems, "levels") != NULL;
        if (readable != number ||
            (deep ? !strstr(got, cases[i].problems) : strcmp(got, cases[i].problems) != 0))
            fail_msg("%s\n  %s", cases[i].text, got);
    }
}

static void test_a_nul_is_no_text(void **state)
{
    (void)state;
    char got[256];
    assert_false(run("a = 1;\n\0b", 9, got, sizeof got));
    assert_string_equal(got, "2: not a text file");
}

/* Whatever is cut off or put in, it ends, and without touching what is not its own. */
static void test_damaged_texts(void **state)
{
    (void)state;
    static const char text[] =
        "a = [ \"x\", “y” ]; /* c */ b : { c = ( 1, { d = 0x10L; } ); }; // ；\n@x = 24h；";
    static const char put[] = "{}[]()=:;,\"#\\/*\n\x80\xef@";
    char got[8192], copy[sizeof text];
    for (size_t n = 0; n < sizeof text; n++)
        run(text, n, got, sizeof got);
    for (size_t i = 0; i + 1 < sizeof text; i++) {
        for (size_t k = 0; k + 1 < sizeof put; k++) {
            memcpy(copy, text, sizeof text);
            copy[i] = put[k];
            run(copy, sizeof copy - 1, got, sizeof got);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_texts),
        cmocka_unit_test(test_bad_texts),
        cmocka_unit_test(test_a_nul_is_no_text),
        cmocka_unit_test(test_damaged_texts),
    };
    return cmocka_run_group_tests_name("prescan", tests, NULL, NULL);
}
