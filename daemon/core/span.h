/* span.h: lengths of time as rules write them, and where they lead on a calendar.
 *
 * The forms and their meaning are DESIGN.md section 5 and cuiban-rules(5): `24h 90s 15m` elapsed, `2d 1mo 1y`
 * civil, `8wh 30wm` working time, `5wd` working days, with `@HH:MM`, `@close`, `@same`; `day:3@18:00
 * wday:3@18:00`, `wdom:-1@18:00 wdoq:5@close`, `at:FIELD` with an optional `+ span`, `- span` or `@HH:MM`,
 * `75%`, and a leading minus for steps before due. Elapsed time may end in working hours only: `24h@open`,
 * `24h@open+2wh`. Pure: the calendar and every instant are parameters. */
#ifndef CUIBAN_CORE_SPAN_H
#define CUIBAN_CORE_SPAN_H

#include "calendar.h"

enum span_unit {
    SPAN_NONE,    /* no span: a zeroed struct */
    SPAN_ELAPSED, /* count in milliseconds */
    SPAN_DAYS,
    SPAN_MONTHS,
    SPAN_YEARS,
    SPAN_WORKING, /* count in working milliseconds */
    SPAN_WORKING_DAYS,
    SPAN_DAY_NUMBER,         /* day:N */
    SPAN_WORKING_DAY_NUMBER, /* wday:N */
    SPAN_MONTH_WORKING_DAY,  /* wdom:N, N may be negative */
    SPAN_QUARTER_WORKING_DAY,
    SPAN_AT_FIELD, /* at:FIELD */
    SPAN_SHARE,    /* count in percent of the whole budget; only for steps */
};

enum span_clock {
    SPAN_CLOCK_DEFAULT,
    SPAN_CLOCK_TIME,
    SPAN_CLOCK_CLOSE,
    SPAN_CLOCK_SAME,
    SPAN_CLOCK_OPEN, /* of elapsed time: an end outside working time moves to the next opening */
};

enum { SPAN_FIELD_MAX = 64, SPAN_TEXT_MAX = 192 };

/* One term. A value that owns nothing and may be copied. */
struct span {
    enum span_unit unit;
    enum span_clock clock;
    int64_t count;              /* signed; its unit is `unit`'s */
    int32_t minute;             /* of the day, for SPAN_CLOCK_TIME */
    int64_t more_ms;            /* working time behind the opening, for SPAN_CLOCK_OPEN */
    char field[SPAN_FIELD_MAX]; /* of SPAN_AT_FIELD */
    enum span_unit then_unit;   /* SPAN_AT_FIELD: counted from there; SPAN_NONE if nothing follows */
    enum span_clock then_clock;
    int64_t then_count;
    int32_t then_minute;
    int64_t then_more_ms;
};

/* Reads one span. 0 or -EINVAL; then `*why` is a static sentence in English that says what is wrong. */
int span_parse(const char *text, struct span *out, const char **why);
const char *span_format(const struct span *span, char into[static SPAN_TEXT_MAX]);

bool span_is_none(const struct span *span);
/* A fixed cut-off (at:, wdom:, wdoq:, day:, wday:) does not move with a pause. */
bool span_is_fixed(const struct span *span);

/* What a value of the named event field is: an instant ("2026-12-31T18:00:00+08:00") or a date
 * ("2026-12-31"). */
struct span_field {
    bool is_date;
    int32_t day;
    instant at;
};
bool span_field_parse(const char *text, struct span_field *out);
typedef bool span_field_lookup(const void *data, const char *field, struct span_field *out);

struct pause {
    instant from;
    instant to; /* INSTANT_NEVER while it lasts */
};

/* Where the span leads from `start`, the pauses lived through in between taken out (in order, not
 * overlapping); INSTANT_NEVER while a pause lasts that moves it. `wh` budgets resume what is left, elapsed
 * time shifts by the elapsed pause, working and civil days by those days in (date of the pause, date of the
 * resumption]. A pause that begins at due or later moves nothing; none moves a fixed cut-off or a span that
 * leads backwards.
 *
 * Days that have a time (`@`, and everything in wd, day:, wday:) roll on to a working date, or back when they
 * are counted backwards; months and years backwards always roll back. A due that has passed on its own date
 * when it is counted goes to the next working date; `at:` may lie in the past. wdom: and wdoq: are the first
 * after the start. A field that holds a date without a time stands for its close; for a span behind it that
 * leads on, for its beginning (`at:D + 1wd` does not count D, `at:D + wday:1` does). Spans in days from there
 * end at a close.
 *
 * `24h@open`: an end within working time, both ends of a window included, stays. Any other moves to the next
 * opening, and by the working time that is written behind it. A pause that begins before the opening and ends
 * behind the elapsed end moves it to the next opening behind the resumption, so that nobody resumes into
 * being late; of the working time behind an opening what is left runs on from the resumption. No pause brings
 * a due nearer.
 *
 * `lookup` serves at:FIELD and may be NULL. 0, -ENOENT (the field is missing or unreadable), -ERANGE (no such
 * instant within 20 years, or a start outside the years of civil.h), -EINVAL (a share, which needs
 * span_share). */
struct span_request {
    const struct span *span;
    const struct calendar *calendar;
    instant start;
    const struct pause *pauses;
    size_t n_pauses;
    span_field_lookup *lookup;
    const void *lookup_data;
};
int span_resolve(const struct span_request *request, instant *out);

/* The dates that `answer`, what span_resolve said, depends on: from *first to *last. False if it depends on
 * no calendar at all: elapsed time without `@open`, an instant that the event carries. */
bool span_reach(const struct span_request *request, instant answer, int32_t *first, int32_t *last);

/* The instant at which `percent` (0..100) of the budget from start to due is used, measured in the unit of
 * `budget` (working time for wh and wd budgets, elapsed time otherwise; of `24h@open` the 24 hours). Never
 * behind due. 0, -EINVAL (no
 * such percentage) or -ERANGE. */
int span_share(const struct span *budget, const struct calendar *calendar, instant start, instant due,
               int64_t percent, instant *out);
/* The same with the pauses of the request taken out, as span_resolve took them out of `due`. */
int span_share_paused(const struct span_request *request, instant due, int64_t percent, instant *out);

/* Where a step stands: `offset` from due (negative before, positive after; SPAN_NONE = due itself). A step in
 * working or civil days without a time goes out at `step_minute` of its day; one with a time at that time; on
 * a day off it rolls away from due. -EINVAL for units that are no offset. */
int span_step(const struct span *offset, const struct calendar *calendar, instant due, int32_t step_minute,
              instant *out);

/* The day-by-day count of a resolved span, for people: `line` is called once per date, in order (backwards
 * where days are counted backwards), at most 400 times; never while due is INSTANT_NEVER. Months and years
 * show the start, the date that they name and how it rolls. Returns what span_resolve would. */
struct span_day {
    int32_t day;
    bool counts;
    int32_t
        number; /* which working or civil day; negative from a period's end; 0 if it is not counted by days */
    int64_t used_ms;  /* of a budget of time on this date */
    instant from, to; /* between which it was used, breaks and pauses included; nothing used: both 0 */
    bool is_due;      /* due is on this date, or belongs to it: the close of its night, its 24:00 */
    const char *why;  /* name of the day off or make-up day, "start", "paused", or NULL */
};
int span_explain(const struct span_request *request, void (*line)(void *data, const struct span_day *day),
                 void *data, instant *out);

#endif
