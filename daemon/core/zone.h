/* zone.h: one IANA time zone, read from TZif data (RFC 9636) with the POSIX footer for the years behind its
 * table.
 *
 * Immutable once parsed; safe to share. The caller reads the file; nothing here touches the disk or the
 * environment. */
#ifndef CUIBAN_CORE_ZONE_H
#define CUIBAN_CORE_ZONE_H

#include "instant.h"

struct zone;

/* Parses TZif version 2 or later. 0, -EINVAL (not TZif, cut, or a footer that cannot be read) or -ENOMEM. */
int zone_parse(const char *name, const void *bytes, size_t n, struct zone **out);
void zone_destroy(struct zone *zone);

const char *zone_name(const struct zone *zone);

/* Seconds east of UTC at that instant. */
int32_t zone_offset_s(const struct zone *zone, instant at);

/* Local wall clock of an instant, as milliseconds since 1970-01-01T00:00:00 local. */
int64_t zone_local(const struct zone *zone, instant at);

/* The instant of a local wall clock time. A time that does not exist (the gap in spring) shifts forward by
 * the gap; one that happens twice means the first. */
instant zone_instant(const struct zone *zone, int64_t local_ms);

/* "2026-09-30T17:00:05+08:00"; "2026-09-30T17:00", "2026-09-30 17:00:05" in the zone; "2026-09-30", which is
 * midnight there. */
bool zone_read_time(const struct zone *zone, const char *text, instant *out);

/* Formats an instant as RFC 3339 with the zone's offset. Returns `into`. */
const char *zone_format(const struct zone *zone, instant at, char into[static INSTANT_TEXT_MAX]);

#endif
