/* statutory.h: the days off that a state's law fixes for every year, for years whose official arrangement is
 * not known yet.
 *
 * China: the 13 days of the State Council's regulation on public holidays as amended by Decree 795 (in force
 * since 2025-01-01). What the yearly notice adds, bridge days and make-up workdays, cannot be derived. */
#ifndef CUIBAN_CORE_STATUTORY_H
#define CUIBAN_CORE_STATUTORY_H

#include <stddef.h>
#include <stdint.h>

enum { STATUTORY_DAYS_MAX = 13, STATUTORY_YEAR_MIN = 2025, STATUTORY_YEAR_MAX = 2035 };

enum statutory { STATUTORY_NONE, STATUTORY_CN };

struct statutory_day {
    int32_t day; /* civil.h */
    const char *why;
};

/* The year's days off, ascending within each holiday. Returns how many: 0 for STATUTORY_NONE and for years
 * outside of STATUTORY_YEAR_MIN..MAX, whose festivals the table does not know. */
size_t statutory_days(enum statutory which, int32_t year,
                      struct statutory_day out[static STATUTORY_DAYS_MAX]);

#endif
