/* instant.h: points in time, and their text.
 *
 * Wall time is an `instant`: milliseconds since 1970-01-01T00:00:00Z, without leap seconds. Time that only
 * measures how long something took is a `struct monotonic`, a different type, so that the two cannot be mixed
 * by accident. Nothing here reads a clock. */
#ifndef CUIBAN_CORE_INSTANT_H
#define CUIBAN_CORE_INSTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t instant;

#define INSTANT_NONE     INT64_MIN /* no instant at all */
#define INSTANT_NEVER    INT64_MAX /* later than everything */
#define INSTANT_TEXT_MAX 40        /* bytes that any formatted instant fits into, NUL included */

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

struct monotonic {
    int64_t ms; /* since an arbitrary start; never goes back */
};

/* Reads an RFC 3339 time that carries an offset ("2026-11-17T15:10:00+08:00", "...Z", fraction allowed and
 * cut to milliseconds; 'T' or a space between date and time; a leap second counts as the second before it).
 * False if the text is anything else; *out is written only on success. */
bool instant_parse(const char *text, instant *out);

/* Writes RFC 3339 with the given offset in seconds and without a fraction unless there is one. Returns
 * `into`. */
const char *instant_format(instant at, int32_t offset_s, char into[static INSTANT_TEXT_MAX]);

/* Writes RFC 3339 in UTC ("...Z"). Returns `into`. */
const char *instant_format_utc(instant at, char into[static INSTANT_TEXT_MAX]);

#endif
