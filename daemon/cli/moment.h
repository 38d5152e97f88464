/* moment.h: instants as people read them, in one zone (core/zone.h reads what they type). */
#ifndef CUIBAN_CLI_MOMENT_H
#define CUIBAN_CLI_MOMENT_H

#include "core/zone.h"

enum { MOMENT_TEXT_MAX = 64 };

/* "2026-10-09 周五 18:00", "2026-10-09 Fri 18:00"; "-" for none and never. */
const char *moment_format(instant at, const struct zone *zone, bool chinese,
                          char into[static MOMENT_TEXT_MAX]);
/* "10-09 18:00:02": for lists of what happened. */
const char *moment_format_short(instant at, const struct zone *zone, char into[static MOMENT_TEXT_MAX]);
/* "10-09 周五" */
const char *moment_format_day(int32_t day, bool chinese, char into[static MOMENT_TEXT_MAX]);
/* "2 h 5 min", "3 d 4 h": how long, rounded down, for people. */
const char *moment_format_length(int64_t ms, bool chinese, char into[static MOMENT_TEXT_MAX]);

#endif
