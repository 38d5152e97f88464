/* cases.h: random questions about working time: one seed, the same questions for ever. */
#ifndef CUIBAN_TESTS_CORE_CASES_H
#define CUIBAN_TESTS_CORE_CASES_H

#include "oracle.h"

struct cases {
    uint64_t state;
};

/* The seed that was typed: a number; "fresh" for one that nobody has seen; NULL: the same one every time. */
uint64_t cases_seed(const char *typed);
uint64_t cases_random(struct cases *cases, uint64_t below);

/* The calendars of the oracle, built with the code under test. */
struct subject {
    struct zone *zones[ORACLE_CALENDARS];
    struct calendar *calendars[ORACLE_CALENDARS];
};
void subject_init(struct subject *subject);
void subject_finish(struct subject *subject);

/* A start: ordinary, at the edge of a window, near a change of the clock, or in the years behind 2037. */
instant cases_start(struct cases *cases, const struct subject *subject, int calendar);
/* Every form of span, forwards and backwards. */
struct span cases_span(struct cases *cases);
/* An offset of a step. */
struct span cases_offset(struct cases *cases);
/* In order, on whole minutes, some for ever. */
size_t cases_pauses(struct cases *cases, instant start, struct pause out[static ORACLE_PAUSES_MAX]);
/* A whole question; its pauses are written to `pauses`. */
void cases_question(struct cases *cases, const struct subject *subject, struct oracle_question *out,
                    struct pause pauses[static ORACLE_PAUSES_MAX]);

enum { CASES_TEXT_MAX = 512 };
/* One line that a person can paste: calendar, start, span, field, pauses. */
const char *cases_format(const struct subject *subject, const struct oracle_question *question,
                         char into[static CASES_TEXT_MAX]);

#endif
