/* company.h: what the oracle knows of the simulated company, written down a second time and in the simplest
 * way: tables, and time counted minute by minute. It shares no line with the code that it judges.
 *
 * Instants are ms since the epoch on whole minutes; the company lives eight hours ahead of UTC, all year. */
#ifndef CUIBAN_TESTS_SIM_COMPANY_H
#define CUIBAN_TESTS_SIM_COMPANY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define NEVER  INT64_MAX

enum { STEPS_MAX = 7, PAUSES_MAX = 64, NAME_SIZE = 24 };

enum which { FEEDBACK, REVIEW, FORM, PROBATION, SUMMARY, KIT, WHICH };

enum place { AT_NOTICE, AT_OPENING, ELAPSED, WORKING, WORKDAYS, AT_CLOSING };

enum who { OWNER = 1, REQUESTER = 2, HEAD = 4, UP = 8, DIRECTOR = 16, TOLD = 32 };

struct law_rung { /* one step of a ladder */
    const char *name;
    enum place place;
    int64_t offset; /* from due: minutes, or days */
    unsigned to;    /* of enum who */
    int64_t every;  /* minutes */
    int times;
    bool urgent_only;
};

struct law { /* one rule */
    const char *name;
    size_t n;
    struct law_rung rungs[STEPS_MAX];
};

struct stop_clock { /* a pause */
    int64_t from, to;
};

extern const struct law laws[WHICH];

int64_t company_elapsed(int64_t start, int64_t minutes, const struct stop_clock *pauses, size_t n);
int64_t company_worked(int64_t start, int64_t minutes, const struct stop_clock *pauses,
                       size_t n);                     /* negative: back */
int64_t company_workday(int64_t start, int64_t days); /* N working dates later, ten o'clock */

const char *company_department(const char *person);
const char *company_head(const char *department);
const char *company_up(const char *department); /* the head above; NULL at the top */
const char *company_hrbp(const char *department);
/* Who reads what is sent to a person: the delegate while the person is away. */
const char *company_reader(const char *person, int64_t now);

#endif
