/* rule_test.h: plays one test of a rule file and says where the messages differ from what it expects. */
#ifndef CUIBAN_REHEARSAL_RULE_TEST_H
#define CUIBAN_REHEARSAL_RULE_TEST_H

#include "config/rule_tests.h"
#include "rehearsal/timeline.h"

enum rule_test_sign {
    RULE_TEST_AGREED,  /* expected, and it came */
    RULE_TEST_MISSING, /* expected; it did not come */
    RULE_TEST_SURPLUS, /* it came; nobody expected it */
};

struct rule_test_row {
    enum rule_test_sign sign;
    instant at;                               /* the start of the minute */
    const struct rule_test_message *expected; /* NULL: surplus */
    const struct timeline_line *came;         /* NULL: missing */
};

struct rule_test_result {
    const struct rule_test *test;
    bool passed;
    int bad_line;           /* the event that was refused; 0: none */
    const char *bad_reason; /* why */
    struct timeline timeline;
    struct rule_test_row *rows; /* by time; in the timeline's arena */
    size_t n;
};

/* 0 with a result, whether it passed or not; -ENOMEM. The config must know its channels. */
int rule_test_run(const struct config *config, const struct rule_test *test, struct rule_test_result *out);
void rule_test_finish(struct rule_test_result *result);

/* Whether a line is a message of one of the test's rules. */
bool rule_test_compares(const struct rule_test *test, const struct timeline_line *line);

#endif
