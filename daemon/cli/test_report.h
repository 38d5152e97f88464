/* test_report.h: the results of rule tests, for people as they come, and for a CI as a JUnit file. */
#ifndef CUIBAN_CLI_TEST_REPORT_H
#define CUIBAN_CLI_TEST_REPORT_H

#include "cli/cli.h"
#include "rehearsal/rule_test.h"

struct test_report {
    const struct cli *cli;
    const struct config *config; /* of the test at hand */
    struct buffer junit;         /* the cases so far */
    struct json_writer json;     /* with --json: the array of results so far */
    struct buffer json_text;
    struct buffer failures; /* their names, said again behind the sum */
    size_t passed, failed;
};

/* A message in the words of the test files: "reminder zhang.wei copy". Appends. */
void test_report_words(struct buffer *out, const struct timeline_line *came);

void test_report_begin(struct test_report *report, const struct cli *cli);
void test_report_finish(struct test_report *report);
/* "recruiting/feedback_in_time": the file without folder and ending, then the test. The caller frees; NULL:
 * no memory. */
char *test_report_name(const struct rule_test *test);
void test_report_add(struct test_report *report, const char *name, const struct rule_test_result *result,
                     double seconds);
/* The sum, after the last one. */
enum cli_status test_report_end(struct test_report *report, double seconds);
/* Writes the JUnit file (the form that Jenkins and GitLab read). 0 or negative errno. */
int test_report_write_junit(const struct test_report *report, const char *path, double seconds);

#endif
