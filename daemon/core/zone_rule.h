/* zone_rule.h: the footer of a TZif file: what a zone does in the years behind its table.
 *
 * The TZ string of POSIX.1-2017 section 8.3 with the extensions of RFC 9636 section 3.3.1 (hours of a change
 * from -167 to 167). Belongs to zone.c; nobody else needs it. */
#ifndef CUIBAN_CORE_ZONE_RULE_H
#define CUIBAN_CORE_ZONE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum zone_change_kind {
    ZONE_CHANGE_JULIAN,  /* Jn: 1..365, February 29 is never counted */
    ZONE_CHANGE_DAY,     /* n: 0..365, February 29 is counted */
    ZONE_CHANGE_WEEKDAY, /* Mm.w.d: the wth d-day of month m, 5 = the last one */
};

struct zone_change {
    enum zone_change_kind kind;
    int32_t month, week, day;
    int32_t
        clock_s; /* local wall clock before the change, seconds after that day's midnight; may be negative */
};

struct zone_rule {
    int32_t standard_s; /* seconds east of UTC */
    bool has_summer;
    int32_t summer_s;
    struct zone_change begin, end; /* of summer time */
};

/* Reads the `n` characters between the footer's newlines. False if they are no such string. */
bool zone_rule_parse(const char *text, size_t n, struct zone_rule *out);

/* Seconds since 1970 UTC at which summer time begins or ends in that year. */
int64_t zone_rule_begin(const struct zone_rule *rule, int32_t year);
int64_t zone_rule_end(const struct zone_rule *rule, int32_t year);

#endif
