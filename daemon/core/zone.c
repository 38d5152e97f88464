#include "zone.h"

#include "civil.h"
#include "zone_rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADER_BYTES = 44,
    TYPE_BYTES = 6,
    TYPES_MAX = 256,
    CHARACTERS_MAX = 4096,
    TRANSITIONS_MAX = 4096,
    FOOTER_MAX = 128,
    OFFSET_S_MIN = -89999, /* RFC 9636 section 3.2 */
    OFFSET_S_MAX = 93599,
    FIRST_RULE_YEAR = 1900, /* of a zone whose table is empty */
    LAST_TABLE_YEAR = 9999, /* a table beyond is no table of a zone */
    CYCLE_YEARS = 400,
    RULE_YEARS = CYCLE_YEARS + 3,
};

/* The Gregorian calendar repeats itself, weekdays included, after 400 years. */
#define CYCLE_S (INT64_C(146097) * 86400)

struct transition {
    int64_t at_s;
    int32_t offset_s; /* from then on */
};

struct zone {
    char *name;
    int32_t first_offset_s; /* before the first transition */
    size_t n;
    struct transition *transitions; /* strictly ascending */
    int64_t repeats_after_s; /* later instants behave like the ones 400 years earlier; INT64_MAX: do not */
};

struct header {
    char version;
    uint32_t n_utc, n_standard, n_leaps, n_times, n_types, n_characters;
};

static uint32_t big_endian_32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int64_t big_endian_64(const uint8_t *bytes)
{
    return (int64_t)((uint64_t)big_endian_32(bytes) << 32 | big_endian_32(bytes + 4));
}

static bool header_read(const uint8_t *bytes, size_t n, struct header *out)
{
    if (n < HEADER_BYTES || memcmp(bytes, "TZif", 4) != 0)
        return false;
    out->version = (char)bytes[4];
    out->n_utc = big_endian_32(bytes + 20);
    out->n_standard = big_endian_32(bytes + 24);
    out->n_leaps = big_endian_32(bytes + 28);
    out->n_times = big_endian_32(bytes + 32);
    out->n_types = big_endian_32(bytes + 36);
    out->n_characters = big_endian_32(bytes + 40);
    return out->version >= '2' && out->n_times <= TRANSITIONS_MAX && out->n_types <= TYPES_MAX &&
           out->n_characters <= CHARACTERS_MAX && out->n_utc <= TYPES_MAX && out->n_standard <= TYPES_MAX &&
           out->n_leaps <= TRANSITIONS_MAX;
}

static size_t block_bytes(const struct header *header, size_t time_bytes)
{
    return header->n_times * (time_bytes + 1) + (size_t)header->n_types * TYPE_BYTES + header->n_characters +
           header->n_leaps * (time_bytes + 4) + header->n_standard + header->n_utc;
}

static bool append(struct zone *zone, int64_t at_s, int32_t offset_s)
{
    int32_t before = zone->n ? zone->transitions[zone->n - 1].offset_s : zone->first_offset_s;
    if (before == offset_s)
        return false;
    zone->transitions[zone->n++] = (struct transition){at_s, offset_s};
    return true;
}

/* The 64-bit block. A zone that counts leap seconds ("right/...") is refused: an instant has none. */
static bool table_read(struct zone *zone, const struct header *header, const uint8_t *block, int64_t *last_s)
{
    const uint8_t *indexes = block + (size_t)header->n_times * 8;
    const uint8_t *types = indexes + header->n_times;

    if (header->n_types == 0 || header->n_leaps != 0)
        return false;
    zone->first_offset_s = (int32_t)big_endian_32(types);
    for (size_t i = 0; i < header->n_types; i++) {
        int32_t offset_s = (int32_t)big_endian_32(types + i * TYPE_BYTES);
        if (offset_s < OFFSET_S_MIN || offset_s > OFFSET_S_MAX)
            return false;
    }
    for (size_t i = 0; i < header->n_times; i++) {
        int64_t at_s = big_endian_64(block + i * 8);
        if (indexes[i] >= header->n_types || (i > 0 && at_s <= *last_s))
            return false;
        *last_s = at_s;
        append(zone, at_s, (int32_t)big_endian_32(types + (size_t)indexes[i] * TYPE_BYTES));
    }
    return header->n_times == 0 || *last_s < (int64_t)civil_day(LAST_TABLE_YEAR, 1, 1) * 86400;
}

/* Two changes that meet or cross cancel each other: summer time all year (RFC 9636 section 3.3.1), or never.
 */
static void rule_append(struct zone *zone, size_t n_table, int64_t at_s, int32_t offset_s)
{
    if (zone->n > n_table && at_s <= zone->transitions[zone->n - 1].at_s)
        zone->n--;
    else
        append(zone, at_s, offset_s);
}

static void rule_expand(struct zone *zone, const struct zone_rule *rule, bool has_table, int64_t last_s)
{
    size_t n_table = zone->n;
    int32_t year = FIRST_RULE_YEAR;
    if (!has_table)
        zone->first_offset_s = rule->standard_s;
    else if (last_s > (int64_t)civil_day(FIRST_RULE_YEAR, 1, 1) * 86400)
        year = civil_of((int32_t)(last_s / 86400)).year - (last_s < 0 ? 1 : 0);
    if (!rule->has_summer) {
        append(zone, has_table ? last_s + 1 : INT64_MIN, rule->standard_s);
        return;
    }
    for (int32_t i = 0; i < RULE_YEARS; i++, year++) {
        struct transition begin = {zone_rule_begin(rule, year), rule->summer_s};
        struct transition end = {zone_rule_end(rule, year), rule->standard_s};
        bool southern = end.at_s < begin.at_s;
        struct transition first = southern ? end : begin, second = southern ? begin : end;
        if (!has_table || first.at_s > last_s)
            rule_append(zone, n_table, first.at_s, first.offset_s);
        if (!has_table || second.at_s > last_s)
            rule_append(zone, n_table, second.at_s, second.offset_s);
    }
    zone->repeats_after_s = (int64_t)civil_day(year - 1, 1, 1) * 86400;
}

static int footer_read(struct zone *zone, const uint8_t *bytes, size_t n, bool has_table, int64_t last_s)
{
    struct zone_rule rule;
    const uint8_t *end = n > 1 && bytes[0] == '\n' ? memchr(bytes + 1, '\n', n - 1) : NULL;
    if (end == NULL || end - bytes > FOOTER_MAX)
        return -EINVAL;
    if (end == bytes + 1)
        return 0; /* no rule: the last offset stays */
    if (!zone_rule_parse((const char *)bytes + 1, (size_t)(end - bytes - 1), &rule))
        return -EINVAL;
    rule_expand(zone, &rule, has_table, last_s);
    return 0;
}

static int zone_read(struct zone *zone, const struct header *header, const uint8_t *block, size_t n)
{
    int64_t last_s = INT64_MIN;
    size_t bytes = block_bytes(header, 8);
    zone->transitions = calloc((size_t)header->n_times + 2 * (size_t)RULE_YEARS, sizeof *zone->transitions);
    if (zone->transitions == NULL)
        return -ENOMEM;
    if (!table_read(zone, header, block, &last_s))
        return -EINVAL;
    return footer_read(zone, block + bytes, n - bytes, header->n_times > 0, last_s);
}

int zone_parse(const char *name, const void *bytes, size_t n, struct zone **out)
{
    const uint8_t *at = bytes;
    struct header header;

    if (!header_read(at, n, &header))
        return -EINVAL;
    size_t skip = HEADER_BYTES + block_bytes(&header, 4);
    if (skip > n || !header_read(at + skip, n - skip, &header))
        return -EINVAL;
    skip += HEADER_BYTES;
    if (block_bytes(&header, 8) > n - skip)
        return -EINVAL;

    struct zone *zone = calloc(1, sizeof *zone);
    if (zone == NULL)
        return -ENOMEM;
    zone->repeats_after_s = INT64_MAX;
    zone->name = strdup(name);
    int status = zone->name ? zone_read(zone, &header, at + skip, n - skip) : -ENOMEM;
    if (status < 0) {
        zone_destroy(zone);
        return status;
    }
    *out = zone;
    return 0;
}

void zone_destroy(struct zone *zone)
{
    if (zone == NULL)
        return;
    free(zone->transitions);
    free(zone->name);
    free(zone);
}

const char *zone_name(const struct zone *zone)
{
    return zone->name;
}

static int64_t floor_seconds(int64_t ms)
{
    return ms / 1000 - (ms % 1000 < 0 ? 1 : 0);
}

static int64_t saturating_add(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return b > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

/* How many seconds to go back so that the table answers. */
static int64_t cycles_s(const struct zone *zone, int64_t at_s)
{
    if (at_s < zone->repeats_after_s)
        return 0;
    return ((at_s - zone->repeats_after_s) / CYCLE_S + 1) * CYCLE_S;
}

/* How many transitions have happened by then. */
static size_t periods_by(const struct zone *zone, int64_t at_s)
{
    size_t low = 0, high = zone->n;
    if (high > 0 && zone->transitions[high - 1].at_s <= at_s)
        return high; /* most zones have settled long ago */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->transitions[middle].at_s <= at_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int32_t period_offset_s(const struct zone *zone, size_t period)
{
    return period == 0 ? zone->first_offset_s : zone->transitions[period - 1].offset_s;
}

int32_t zone_offset_s(const struct zone *zone, instant at)
{
    int64_t at_s = floor_seconds(at);
    return period_offset_s(zone, periods_by(zone, at_s - cycles_s(zone, at_s)));
}

int64_t zone_local(const struct zone *zone, instant at)
{
    return saturating_add(at, zone_offset_s(zone, at) * SECOND_MS);
}

instant zone_instant(const struct zone *zone, int64_t local_ms)
{
    int64_t local_s = floor_seconds(local_ms);
    local_s -= cycles_s(zone, saturating_add(local_s, 2 * 86400));

    /* The first period that has not ended by this wall clock time: of two readings it is the earlier one. */
    size_t period = periods_by(zone, saturating_add(local_s, -OFFSET_S_MAX));
    while (period < zone->n && local_s - period_offset_s(zone, period) >= zone->transitions[period].at_s)
        period++;
    int32_t offset_s = period_offset_s(zone, period);
    bool in_gap = period > 0 && local_s - offset_s < zone->transitions[period - 1].at_s;
    if (in_gap)
        offset_s = period_offset_s(zone, period - 1);
    return saturating_add(local_ms, -offset_s * SECOND_MS);
}

const char *zone_format(const struct zone *zone, instant at, char into[static INSTANT_TEXT_MAX])
{
    return instant_format(at, zone_offset_s(zone, at), into);
}
