/* rule_tests.h: what operators write to test their rules: events at times, and the messages that must follow.
 *
 * The form of the files is documented in cuiban-rules(5). Everything lives in the arena of the set and is
 * immutable. Whether rules, people and event types exist is not asked here: a file may bring a company of its
 * own. */
#ifndef CUIBAN_CONFIG_RULE_TESTS_H
#define CUIBAN_CONFIG_RULE_TESTS_H

#include "config/config.h"
#include "core/event.h"

enum {
    RULE_TEST_EVENTS_MAX = 1000,
    RULE_TEST_EXPECTED_MAX = 1000,
    RULE_TESTS_MAX = 20000, /* of one set */
};
#define RULE_TEST_AFTER_MS (30 * DAY_MS) /* how long the clock runs on after the last event */

struct rule_test_event { /* one that the HRIS appends */
    instant at;
    const struct raw_field *fields;
    size_t n;
    int line;
};

struct rule_test_message { /* "2026-09-30 16:30 reminder zhang.wei copy for li.lei via mail" */
    instant at;
    const char *message;   /* name of the template */
    const char *to;        /* a person, or "group:CHANNEL" */
    const char *on_behalf; /* or NULL */
    const char *via;       /* or NULL: whichever channel */
    bool copy;
};

struct rule_test {
    const char *name, *summary; /* the summary may be "" */
    struct texts rules;         /* whose messages are compared; none: all rules' */
    instant from, until;
    const struct rule_test_event *events; /* in the order of `at` */
    size_t n_events;
    const struct rule_test_message *expected; /* in the order of `at` */
    size_t n_expected;
    const char *file;
    int line, expect_line;
};

struct rule_test_file {
    const char *path;
    const char *company;   /* its people and departments, or NULL: as in the settings */
    const char *calendars; /* likewise */
    const struct rule_test *tests;
    size_t n;
};

struct rule_tests {
    struct arena *arena;
    struct rule_test_file *files;
    size_t n_files, n; /* tests of all files */
};

/* Reads one file, or all *.cfg of a directory. 0, -EINVAL (all errors are in `problems`), -ENOMEM. */
int rule_tests_read(const char *path, const struct zone *zone, struct problems *problems,
                    struct rule_tests *out);
void rule_tests_finish(struct rule_tests *tests);

#endif
