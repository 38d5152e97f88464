/* oracle.h: working time the slow way, to doubt core/calendar and core/span with.
 *
 * Shares nothing with the code under test but its types: daylight saving comes from the written law of three
 * places, every calendar is a long row of minutes that are open or closed, dates are looked at one by one.
 * Instants from 2018 to 2045. A calendar is known by its number in oracle_calendars. */
#ifndef CUIBAN_TESTS_CORE_ORACLE_H
#define CUIBAN_TESTS_CORE_ORACLE_H

#include "core/span.h"

enum { ORACLE_CALENDARS = 12, ORACLE_PAUSES_MAX = 4 };

struct oracle;

/* Reads vectors/calendar-days.tsv by itself. Ends the program if it cannot. */
struct oracle *oracle_create(void);
void oracle_destroy(struct oracle *oracle);

struct oracle_calendar {
    const char *name, *zone;
    const char *week[7]; /* hours, Monday first; "" is a day off */
};
extern const struct oracle_calendar oracle_calendars[ORACLE_CALENDARS];

struct oracle_question {
    int calendar;
    struct span span;
    instant start;
    struct span_field field; /* what at:FIELD finds */
    const struct pause *pauses;
    size_t n_pauses;
};

/* INSTANT_NEVER while a pause lasts that moves it; INSTANT_NONE if there is no such instant in the oracle's
 * years. */
instant oracle_due(const struct oracle *oracle, const struct oracle_question *question);
instant oracle_step(const struct oracle *oracle, int calendar, const struct span *offset, instant due,
                    int32_t step_minute);
instant oracle_share(const struct oracle *oracle, const struct oracle_question *question, instant due,
                     int64_t percent);

bool oracle_is_open(const struct oracle *oracle, int calendar, instant at);
int64_t oracle_working_ms(const struct oracle *oracle, int calendar, instant from, instant to);
int64_t oracle_local(const struct oracle *oracle, int calendar, instant at);
/* The instant of a local wall clock time, in minutes since 1970. */
instant oracle_at(const struct oracle *oracle, int calendar, int64_t local_minute);

#endif
