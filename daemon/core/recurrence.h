/* recurrence.h: what opens by the clock: `wdom:1@09:00`, `wdoq:-1@close`, `week:Mon@09:30`,
 * `2week:Mon@09:30`, `day 15@09:00 next`, `year:11-01@09:00 next`, and `2w` counted from an anchor.
 *
 * A recurrence is a sequence of periods, numbered by consecutive integers, each with a name that people use
 * (2026-11, 2026-Q4, 2026-W47, 2026; the date for `2w`) and one instant at which it opens. Openings never run
 * backwards: a later period opens at the same instant or later. A period that lacks its day (the 23rd working
 * day of a short month) has no opening. Pure: the calendar and every instant are parameters. */
#ifndef CUIBAN_CORE_RECURRENCE_H
#define CUIBAN_CORE_RECURRENCE_H

#include "calendar.h"

enum recurrence_unit {
    RECURRENCE_NONE, /* no recurrence: a zeroed struct */
    RECURRENCE_MONTH_WORKING_DAY,
    RECURRENCE_QUARTER_WORKING_DAY,
    RECURRENCE_WEEK,
    RECURRENCE_MONTH_DAY, /* clamped to the month's last day */
    RECURRENCE_YEAR_DAY,  /* likewise */
    RECURRENCE_DAYS,      /* from the anchor */
    RECURRENCE_MONTHS,    /* from the anchor */
};

/* What a day off does to an opening on it. */
enum day_off {
    DAY_OFF_STAYS, /* "none": nothing */
    DAY_OFF_NEXT,  /* goes to the next working date */
    DAY_OFF_PREV,
};

enum recurrence_clock {
    RECURRENCE_AT_MINUTE,
    RECURRENCE_AT_CLOSE,
    RECURRENCE_AT_ANCHOR, /* the anchor's own time of day */
};

enum { RECURRENCE_TEXT_MAX = 48, RECURRENCE_NAME_MAX = 40 };

/* Owns nothing and may be copied. */
struct recurrence {
    enum recurrence_unit unit;
    enum day_off day_off;
    enum recurrence_clock clock;
    int32_t minute; /* of the day */
    int32_t number; /* working day (negative: from the end), ISO weekday, day of the month; of the year */
    int32_t month;  /* of RECURRENCE_YEAR_DAY */
    int32_t every;  /* weeks, days or months from one period to the next */
};

/* 0 or -EINVAL; then *why is a static English sentence. */
int recurrence_parse(const char *text, struct recurrence *out, const char **why);
const char *recurrence_format(const struct recurrence *recurrence, char into[static RECURRENCE_TEXT_MAX]);

bool recurrence_is_none(const struct recurrence *recurrence);
/* `2w` means nothing without an anchor. */
bool recurrence_needs_anchor(const struct recurrence *recurrence);

/* A recurrence on a calendar. `anchor` is the instant of the event that began it, or INSTANT_NONE: by the
 * clock alone. With one, `2week` counts its weeks from the first that opens at or after the anchor; without,
 * from the week of 5 January 1970. */
struct recurring {
    const struct recurrence *recurrence;
    const struct calendar *calendar;
    instant anchor;
};

/* When the period opens. 0, or -ERANGE: it has no such day, or lies outside the years of civil.h. */
int recurrence_at(const struct recurring *recurring, int64_t period, instant *out);
const char *recurrence_name(const struct recurring *recurring, int64_t period,
                            char into[static RECURRENCE_NAME_MAX]);
/* The first period behind `period` that opens at all, and when. 0, or -ERANGE: none within 20 years. */
int recurrence_after(const struct recurring *recurring, int64_t period, int64_t *next, instant *at);
/* The last period that opens at or before an instant. 0, or -ERANGE as above (also: before the anchor). */
int recurrence_last(const struct recurring *recurring, instant at, int64_t *period);
/* The last period that opens before an instant: what stands in front of everything that opens from then on.
 */
int64_t recurrence_before(const struct recurring *recurring, instant at);

#endif
