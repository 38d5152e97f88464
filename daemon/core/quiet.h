/* quiet.h: quiet hours: when a message may leave, on somebody's calendar.
 *
 * Quiet hours move the sending of a message, never the due of what it speaks of. Pure: the calendar and every
 * instant are parameters. Days off of the calendar are quiet whenever there are quiet hours at all. */
#ifndef CUIBAN_CORE_QUIET_H
#define CUIBAN_CORE_QUIET_H

#include "calendar.h"

enum quiet_kind {
    QUIET_UNSAID,  /* a zeroed struct: whoever is asked next decides */
    QUIET_NONE,    /* "none": messages may leave at any time */
    QUIET_OUTSIDE, /* "outside calendar": they leave within the calendar's windows */
    QUIET_HOURS,   /* "21:00-08:30": on working dates outside of these hours of local wall clock */
};

enum {
    QUIET_TEXT_MAX = 20,
    QUIET_LEAD_MS = 10 * 60 * 1000, /* what is pulled forward leaves this long before the quiet hours begin,
                                  so that grace and the way to the channel still fall into the open hours */
};

/* A value that owns nothing and may be copied. */
struct quiet {
    enum quiet_kind kind;
    int32_t from_min, to_min; /* of QUIET_HOURS: minutes of the day, 0..1439, from != to */
};

/* Reads one of the three forms. 0 or -EINVAL; then `*why` is a static sentence in English that says what is
 * wrong. */
int quiet_parse(const char *text, struct quiet *out, const char **why);
/* "" for QUIET_UNSAID. Returns `into`. */
const char *quiet_format(const struct quiet *quiet, char into[static QUIET_TEXT_MAX]);

/* Whether there are quiet hours at all: neither unsaid nor "none". NULL: no. */
bool quiet_is_on(const struct quiet *quiet);

/* The first instant at or after `at` that is not quiet. INSTANT_NEVER if there is none within 20 years; `at`
 * itself if there are no quiet hours. */
instant quiet_next(const struct quiet *quiet, const struct calendar *calendar, instant at);
/* The last open moment before `at`, QUIET_LEAD_MS before the quiet hours begin; `at` itself if that is open.
 * INSTANT_NONE if there is none within 20 years. */
instant quiet_last(const struct quiet *quiet, const struct calendar *calendar, instant at);
/* When what was to leave at `at` leaves: then, or at the next opening; if that is not before `due`, at the
 * last open moment before. INSTANT_NEVER as `due` means that nothing is pulled forward. */
instant quiet_leave(const struct quiet *quiet, const struct calendar *calendar, instant at, instant due);

#endif
