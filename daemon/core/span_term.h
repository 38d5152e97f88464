/* span_term.h: what span.c, span_parse.c and span_explain.c share. Nobody else needs it. */
#ifndef CUIBAN_CORE_SPAN_TERM_H
#define CUIBAN_CORE_SPAN_TERM_H

#include "span.h"

/* One of the two terms of a span. */
struct span_term {
    enum span_unit unit;
    enum span_clock clock;
    int64_t count;
    int32_t minute;
    int64_t more_ms;
};

struct span_term span_first_term(const struct span *span);
struct span_term span_then_term(const struct span *span); /* what follows at:FIELD */

/* From where a term counts. */
struct span_base {
    const struct calendar *calendar;
    instant at;   /* of a date: its midnight for spans that lead forward, its close otherwise */
    int32_t day;  /* local date of `at` */
    bool is_date; /* a date without a time */
};

/* The greatest count of a unit, either way: 20 years' worth, or the most days that a month or quarter has. */
int64_t span_count_max(enum span_unit unit);

/* wdom: and wdoq: count from the end of their period when negative, which is not backwards in time. */
bool span_term_is_backward(const struct span_term *term);

/* The base and the term that decide; *done with *out set where the field alone does. */
int span_begin(const struct span_request *request, struct span_base *base, struct span_term *term, bool *done,
               instant *out);

int span_term_resolve(const struct span_term *term, const struct span_base *base, const struct pause *pauses,
                      size_t n_pauses, instant *out);

/* Where elapsed time ends by itself, before it moves to an opening; INSTANT_NEVER while a pause lasts. */
int span_term_raw_end(const struct span_term *term, const struct span_base *base, const struct pause *pauses,
                      size_t n_pauses, instant *out);

/* What ends the term's day where it counts from this base: never SPAN_CLOCK_DEFAULT. */
enum span_clock span_term_clock(const struct span_term *term, const struct span_base *base);

/* The date that a civil term names, before it rolls to a working date. */
int32_t span_term_civil_day(const struct span_term *term, int32_t day);

#endif
