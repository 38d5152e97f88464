/* calendar.h: working time: a zone, weekly windows, and days that differ.
 *
 * Built by the config room (create, set, finish), immutable afterwards. A day is a civil day number
 * (civil.h), always in the calendar's zone. A working date is a date with at least one window: the one test
 * that every unit uses. Order of precedence for a date: its own `calendar_set_day`, then the nearest parent
 * that sets it, then the week. */
#ifndef CUIBAN_CORE_CALENDAR_H
#define CUIBAN_CORE_CALENDAR_H

#include "instant.h"
#include "statutory.h"
#include "zone.h"

enum {
    CALENDAR_WINDOWS_MAX = 8,    /* a day */
    CALENDAR_SEARCH_DAYS = 7306, /* 20 years and a day: nothing is looked for beyond */
};

struct window {
    int32_t from_min; /* minutes of local wall clock since midnight of the date, 0..1439 */
    int32_t to_min;   /* > from_min; up to 2880: a window may run into the next date and belongs to where it
                         began */
};

struct calendar;

/* NULL: out of memory. The zone is kept, not copied; NULL takes the parent's. */
struct calendar *calendar_create(const char *name, const struct zone *zone);
void calendar_destroy(struct calendar *calendar);

/* All setters: 0, -EINVAL (windows unordered, overlapping, too many; no such weekday or day; already
 * finished) or -ENOMEM. Windows are copied. No windows at all make a day off. A day that is set twice is what
 * it was set to last. */
int calendar_set_week(struct calendar *calendar, int32_t weekday, const struct window *windows, size_t n);
int calendar_set_day(struct calendar *calendar, int32_t day, const struct window *windows, size_t n,
                     const char *why);
/* A make-up workday without hours of its own works the hours of the first working weekday, counted from
 * Monday, of the calendar that inherits it in the end. */
int calendar_set_makeup(struct calendar *calendar, int32_t day, const char *why);
/* Days; the week too if none is set, the zone, the years and the statutory days if they are not. One parent a
 * calendar; no circles. The parent need not be finished (one that only lists days has no week to finish
 * with), but must live until this one is finished; it is not needed afterwards. */
int calendar_inherit(struct calendar *calendar, const struct calendar *parent);
int calendar_cover(struct calendar *calendar, int32_t first_year, int32_t last_year);
/* In the years outside of `covers`, the law's days are off, until somebody sets them otherwise. */
int calendar_set_statutory(struct calendar *calendar, enum statutory statutory);
/* Sorts and precomputes; -EINVAL if no weekday has a window or there is no zone. Nothing below may be asked
 * before. */
int calendar_finish(struct calendar *calendar);

const char *calendar_name(const struct calendar *calendar); /* may be asked before */
const struct zone *calendar_zone(const struct calendar *calendar);
bool calendar_covers(const struct calendar *calendar, int32_t day); /* true where `covers` was never said */
/* Whether `covers` was said, by the calendar or by one that it inherits; may be asked before. */
bool calendar_has_years(const struct calendar *calendar);
/* Of everything that decides where a span leads (names and reasons are left out): equal facts, equal numbers,
 * on every machine and in every version. */
uint64_t calendar_fingerprint(const struct calendar *calendar);

size_t calendar_windows(const struct calendar *calendar, int32_t day, const struct window **out);
bool calendar_is_working(const struct calendar *calendar, int32_t day);
/* Name of the day off or make-up, or NULL. */
const char *calendar_why(const struct calendar *calendar, int32_t day);
/* The hours of a weekday (1 = Monday) on which nothing is different. */
size_t calendar_week(const struct calendar *calendar, int32_t weekday, const struct window **out);
/* How much is worked on the first working weekday, counted from Monday: what people call a day. */
int64_t calendar_usual_ms(const struct calendar *calendar);
/* The years that it covers; false where `covers` was never said. */
bool calendar_years(const struct calendar *calendar, int32_t *first_year, int32_t *last_year);

/* The nth working date strictly after (n > 0) or strictly before (n < 0) `day`; `day` itself for 0.
 * 0 or -ERANGE (none within 20 years). */
int calendar_add_working_days(const struct calendar *calendar, int32_t day, int32_t n, int32_t *out);
/* Working dates in (from, to]; negative if to < from. */
int32_t calendar_count_working_days(const struct calendar *calendar, int32_t from, int32_t to);

/* Local date of an instant, and the instant of a local wall clock time (minutes, 1440 and more allowed). */
int32_t calendar_day(const struct calendar *calendar, instant at);
instant calendar_at(const struct calendar *calendar, int32_t day, int32_t minute);
/* End of the date's last window. A date without one closes, for a cut-off that names it, when the first
 * working weekday would. */
instant calendar_close(const struct calendar *calendar, int32_t day);
/* Inside [from, to) of a window; the first such instant at or after `at`, INSTANT_NEVER if none within 20
 * years. */
bool calendar_is_open(const struct calendar *calendar, instant at);
instant calendar_next_open(const struct calendar *calendar, instant at);
/* The first beginning of working time strictly behind `at`; windows that meet are one. */
instant calendar_next_opening(const struct calendar *calendar, instant at);

/* The date's windows as instants, in order: where a window runs into the next date's, the time belongs to the
 * earlier one; a window that daylight saving swallows is left out. */
struct calendar_range {
    instant from;
    instant to; /* > from */
};
size_t calendar_ranges(const struct calendar *calendar, int32_t day,
                       struct calendar_range out[static CALENDAR_WINDOWS_MAX]);

/* Working milliseconds from one instant to a later one, 0 if it is not later; what lies more than 20 years
 * behind `from` is not counted. Costs time in proportion to the dates between. */
int64_t calendar_working_ms(const struct calendar *calendar, instant from, instant to);
/* The instant at which a budget of working milliseconds (>= 0) is used up: a start outside waits for the next
 * opening; a budget that ends exactly at a close ends there; none at all ends at `from`. -ERANGE as above. */
int calendar_add_working_ms(const struct calendar *calendar, instant from, int64_t budget_ms, instant *out);
/* Backwards: the latest instant from which `budget_ms` working milliseconds remain until `to`. */
int calendar_subtract_working_ms(const struct calendar *calendar, instant to, int64_t budget_ms,
                                 instant *out);

#endif
