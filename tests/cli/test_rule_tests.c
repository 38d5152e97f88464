/* `cuibanctl test`: the tests of the rules, those that pass, those that do not, and those with a slip. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "ctl.h"

/* Opened on Tuesday 22 September 2026 at 16:40; 3wd are Wednesday, Thursday, Friday. The head
 * hears on Monday, four working hours after the step at due, and not before 15:00: he is quiet until then. */
#define SUBMITTED                                                                                            \
    "{ at = \"2026-09-22 16:40\"; event = \"requisition.submitted\"; requisition = \"REQ-1\";\n"             \
    "  hiring_manager = \"zhang.wei\"; department = \"rd\"; position = \"Java\"; }"
#define CONFIRMED(when) "{ at = \"" when "\"; event = \"requisition.confirmed\"; requisition = \"REQ-1\"; }"

/* Writes one file with these tests, and runs it with the words. */
static void play_tests(struct ctl *ctl, const char *tests, const char *word)
{
    char path[128], text[4096];

    snprintf(text, sizeof(text), "tests:\n{\n%s\n};\n", tests);
    ctl_write(ctl, "confirm.cfg", text);
    ctl_path(ctl, "confirm.cfg", path);
    ctl_run(ctl, "test", path, word, NULL);
}

static void silence_and_ladder(void **state)
{
    struct ctl *ctl = *state;

    play_tests(ctl,
               "in_time: { summary = \"in time\"; rule = \"confirm\"; events = ( " SUBMITTED
               ", " CONFIRMED("2026-09-23 09:00") " ); expect = [ ]; };\n"
                                                  "late: { events = ( " SUBMITTED
                                                  " ); until = \"2026-09-29 12:00\"; expect = [\n"
                                                  " \"2026-09-28 15:00 escalation li.lei via mail\", "
                                                  "\"2026-09-24 10:00 reminder zhang.wei\",\n"
                                                  " \"2026-09-25 18:00 overdue zhang.wei\", \"2026-09-28 "
                                                  "14:00 escalation zhang.wei copy\" ]; };",
               NULL);
    ctl_expect(ctl, 0, "ok   confirm/in_time  in time", NULL);
    ctl_expect(ctl, 0, "ok   confirm/late", NULL);
    ctl_expect(ctl, 0, "2 passed, 0 failed", NULL);
}

static void differences(void **state)
{
    struct ctl *ctl = *state;
    static const char tests[] =
        "late: { events = ( " SUBMITTED " ); until = \"2026-09-26 12:00\"; expect = [\n"
        " \"2026-09-24 10:01 reminder zhang.wei\" ]; };";

    play_tests(ctl, tests, NULL);
    ctl_expect(ctl, 1, "FAIL confirm/late", NULL);
    ctl_expect(ctl, 1, "    + 2026-09-24 Thu 10:00  -", NULL);
    ctl_expect(ctl, 1, "confirm|REQ-1 due-1wd, due 2026-09-25 Fri 18:00; recruiting.cfg:15", NULL);
    ctl_expect(ctl, 1, "    - 2026-09-24 Thu 10:01  reminder zhang.wei  (nothing)", NULL);
    ctl_expect(ctl, 1, "    + 2026-09-25 Fri 18:00", NULL);
    ctl_expect(ctl, 1, "0 passed, 1 failed", NULL);
    ctl->language = "zh_CN.UTF-8";
    play_tests(ctl, tests, "-v");
    ctl_expect(ctl, 1, "通过 0，失败 1", NULL);
    ctl_expect(ctl, 1, "requisition.submitted requisition=REQ-1 hiring_manager=zhang.wei", NULL);
    ctl_expect(ctl, 1, "confirm|REQ-1: 打开 zhang.wei，到期 2026-09-25 周五 18:00", NULL);
    play_tests(ctl, tests, "--json");
    ctl_expect(ctl, 1, "\"sign\":\"missing\",\"at\":\"2026-09-24T10:01:00+08:00\"", NULL);
    ctl_expect(ctl, 1, "\"failed\":1", NULL);
}

/* Each word of an expectation counts: one that differs in it alone is not met. */
static void every_word_counts(void **state)
{
    static const struct {
        const char *copied;
        int status;
    } cases[] = {
        {"2026-09-28 14:00 escalation zhang.wei copy", 0},
        {"2026-09-28 14:00 escalation zhang.wei copy via mail", 0},
        {"2026-09-28 14:00 escalation zhang.wei", 1},
        {"2026-09-28 14:00 escalation zhang.wei copy via team", 1},
        {"2026-09-28 14:00 escalation zhang.wei copy for li.lei", 1},
        {"2026-09-28 14:00 overdue zhang.wei copy", 1},
        {"2026-09-28 14:00 escalation nobody copy", 1},
        {"2026-09-28 14:01 escalation zhang.wei copy", 1},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ctl *ctl = *state;
        char test[1024];

        snprintf(test, sizeof(test),
                 "late: { events = ( " SUBMITTED
                 " ); until = \"2026-09-28 14:30\"; expect = [ \"2026-09-24 10:00 "
                 "reminder zhang.wei\", \"2026-09-25 18:00 overdue zhang.wei\", \"%s\" ]; };",
                 cases[i].copied);
        play_tests(ctl, test, NULL);
        ctl_expect(ctl, cases[i].status, cases[i].status == 0 ? "1 passed" : "1 failed", NULL);
    }
}

static void only_and_junit(void **state)
{
    struct ctl *ctl = *state;
    char report[128], option[160], line[512];
    bool seen = false;
    FILE *file;

    ctl_path(ctl, "junit.xml", report);
    snprintf(option, sizeof(option), "--junit=%s", report);
    play_tests(ctl, "in_time: { events = ( " SUBMITTED " ); expect = [ \"2026-09-24 10:00 <b> x\" ]; };",
               option);
    ctl_expect(ctl, 1, "FAIL", NULL);
    file = fopen(report, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL)
        seen = seen || strstr(line, "- 2026-09-24T10:00 &lt;b&gt; x") != NULL;
    fclose(file);
    assert_true(seen);
    play_tests(ctl, "in_time: { events = ( " SUBMITTED " ); expect = [ ]; };", "--only=other/*");
    ctl_expect(ctl, 2, NULL, "there is no test here");
}

/* Tests that would pass for the wrong reason. */
static void slips(void **state)
{
    static const struct {
        const char *test, *complaint;
    } cases[] = {
        {"a: { rule = \"confrim\"; events = ( " SUBMITTED " ); expect = [ ]; };",
         "did you mean \"confirm\"?"},
        {"a: { events = ( { at = \"2026-09-22 16:40\"; event = \"requisition.submited\"; } ); expect = [ ]; "
         "};",
         "did you mean \"requisition.submitted\"?"},
        {"a: { events = ( { at = \"2026-09-22 16:40\"; event = \"requisition.submitted\"; requisition = "
         "\"1\"; } "
         "); expect = [ ]; };",
         "the field \"hiring_manager\" is missing"},
        {"a: { events = ( " SUBMITTED " ); };", "says nothing of what to `expect`"},
        {"a: { events = ( " SUBMITTED " ); expect = [ \"2026-09-22 reminder zhang.wei\" ]; };",
         "describes no message"},
        {"a: { events = ( " SUBMITTED " ); expect = [ \"2026-09-31 10:00 reminder zhang.wei\" ]; };",
         "\"2026-09-31 10:00\" is no time"},
        {"a: { expect = [ ]; };", "the clock does not know where to begin"},
        {"a: { events = ( " SUBMITTED " ); until = \"2026-09-01\"; expect = [ ]; };",
         "`until` comes before the last event"},
        {"a: { events = ( " SUBMITTED " ); expects = [ ]; };", "did you mean `expect`?"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ctl *ctl = *state;

        play_tests(ctl, cases[i].test, NULL);
        ctl_expect(ctl, 2, NULL, cases[i].complaint);
    }
}

/* A file may bring its own people; the settings' channels stay. */
static void company(void **state)
{
    struct ctl *ctl = *state;
    char path[128];

    ctl_write(ctl, "company.cfg",
              "people = ( { id = \"a\"; name = \"A\"; department = \"d\"; email = \"a@example.com\"; } );\n"
              "departments = ( { id = \"d\"; name = \"D\"; head = \"a\"; } );\n");
    ctl_write(
        ctl, "own.cfg",
        "company = \"company.cfg\";\ntests: { a: { events = ( { at = \"2026-09-22 16:40\"; event = "
        "\"requisition.submitted\"; requisition = \"1\"; hiring_manager = \"a\"; department = \"d\"; "
        "position = \"x\"; } );\n until = \"2026-09-25 12:00\"; expect = [ \"2026-09-24 10:00 reminder a\" "
        "]; }; };\n");
    ctl_path(ctl, "own.cfg", path);
    ctl_run(ctl, "test", path, NULL);
    ctl_expect(ctl, 0, "1 passed", NULL);
}

/* And its own calendars: with Thursday off the third working day is Monday. */
static void calendars(void **state)
{
    struct ctl *ctl = *state;
    char path[128];

    ctl_write(ctl, "closed.cfg",
              "office: { zone = \"Asia/Shanghai\"; week = [ \"Mon-Fri 09:00-18:00\" ]; off = [ "
              "\"2026-09-24\" ]; };\n");
    ctl_write(ctl, "own.cfg",
              "calendars = \"closed.cfg\";\ntests: { a: { events = ( " SUBMITTED
              " );\n until = \"2026-09-26\"; expect = [ "
              "\"2026-09-25 10:00 reminder zhang.wei\" ]; }; };\n");
    ctl_path(ctl, "own.cfg", path);
    ctl_run(ctl, "test", path, NULL);
    ctl_expect(ctl, 0, "1 passed", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(silence_and_ladder, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(differences, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(every_word_counts, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(only_and_junit, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(slips, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(company, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(calendars, ctl_setup, ctl_teardown),
    };

    return cmocka_run_group_tests_name("cuibanctl test", tests, NULL, NULL);
}
