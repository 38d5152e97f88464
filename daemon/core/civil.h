/* civil.h: dates of the proleptic Gregorian calendar as day numbers. Day 0 is 1970-01-01. */
#ifndef CUIBAN_CORE_CIVIL_H
#define CUIBAN_CORE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

enum { CIVIL_YEAR_MIN = 1900, CIVIL_YEAR_MAX = 2200 }; /* what text may name; dates outside are refused */

struct civil {
    int32_t year;
    int32_t month; /* 1..12 */
    int32_t day;   /* 1..31 */
};

int32_t civil_day(int32_t year, int32_t month, int32_t day); /* day number; month and day must be valid */
struct civil civil_of(int32_t day);
int32_t civil_weekday(int32_t day); /* 1 = Monday .. 7 = Sunday (ISO 8601) */
int32_t civil_month_days(int32_t year, int32_t month);

/* Same day of the month `months` later or earlier, clamped to that month's last day. */
int32_t civil_add_months(int32_t day, int32_t months);

/* Reads "2026-10-01" exactly; false if it is no such date. */
bool civil_parse(const char *text, int32_t *day);

#endif
