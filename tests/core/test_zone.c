#include "core/zone.h"

#include "core/civil.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { FILE_BYTES_MAX = 64 * 1024 };

static size_t file_read(const char *name, uint8_t *into)
{
    char path[256];
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s: cannot be opened", path);
    size_t n = fread(into, 1, FILE_BYTES_MAX, file);
    fclose(file);
    return n;
}

static struct zone *zone_open(const char *name)
{
    static uint8_t bytes[FILE_BYTES_MAX];
    struct zone *zone = NULL;
    int status = zone_parse(name, bytes, file_read(name, bytes), &zone);
    if (status != 0)
        fail_msg("%s: status %d", name, status);
    return zone;
}

static instant utc(const char *text)
{
    instant at = 0;
    if (!instant_parse(text, &at))
        fail_msg("%s: no time", text);
    return at;
}

/* Milliseconds of a wall clock: the text read as if it were UTC. */
static int64_t wall(const char *text)
{
    char whole[40];
    snprintf(whole, sizeof whole, "%sZ", text);
    return utc(whole);
}

struct transition {
    const char *zone, *at;
    int32_t before_min, after_min;
};

/* From Python's zoneinfo. The tables of the files end with 2037: what comes later follows from their footers.
 */
static const struct transition transitions[] = {
    {"Europe/Berlin", "2024-03-31T01:00:00Z", 60, 120},
    {"Europe/Berlin", "2024-10-27T01:00:00Z", 120, 60},
    {"Europe/Berlin", "2037-03-29T01:00:00Z", 60, 120},
    {"Europe/Berlin", "2037-10-25T01:00:00Z", 120, 60},
    {"Europe/Berlin", "2038-03-28T01:00:00Z", 60, 120},
    {"Europe/Berlin", "2038-10-31T01:00:00Z", 120, 60},
    {"Europe/Berlin", "2060-03-28T01:00:00Z", 60, 120},
    {"Europe/Berlin", "2060-10-31T01:00:00Z", 120, 60},
    {"Europe/Dublin", "2024-03-31T01:00:00Z", 0, 60},
    {"Europe/Dublin", "2024-10-27T01:00:00Z", 60, 0},
    {"Europe/Dublin", "2037-03-29T01:00:00Z", 0, 60},
    {"Europe/Dublin", "2037-10-25T01:00:00Z", 60, 0},
    {"Europe/Dublin", "2038-03-28T01:00:00Z", 0, 60},
    {"Europe/Dublin", "2038-10-31T01:00:00Z", 60, 0},
    {"Europe/Dublin", "2060-03-28T01:00:00Z", 0, 60},
    {"Europe/Dublin", "2060-10-31T01:00:00Z", 60, 0},
    {"America/New_York", "2024-03-10T07:00:00Z", -300, -240},
    {"America/New_York", "2024-11-03T06:00:00Z", -240, -300},
    {"America/New_York", "2037-03-08T07:00:00Z", -300, -240},
    {"America/New_York", "2037-11-01T06:00:00Z", -240, -300},
    {"America/New_York", "2038-03-14T07:00:00Z", -300, -240},
    {"America/New_York", "2038-11-07T06:00:00Z", -240, -300},
    {"America/New_York", "2060-03-14T07:00:00Z", -300, -240},
    {"America/New_York", "2060-11-07T06:00:00Z", -240, -300},
    {"America/St_Johns", "2024-03-10T05:30:00Z", -210, -150},
    {"America/St_Johns", "2024-11-03T04:30:00Z", -150, -210},
    {"America/St_Johns", "2037-03-08T05:30:00Z", -210, -150},
    {"America/St_Johns", "2037-11-01T04:30:00Z", -150, -210},
    {"America/St_Johns", "2038-03-14T05:30:00Z", -210, -150},
    {"America/St_Johns", "2038-11-07T04:30:00Z", -150, -210},
    {"America/St_Johns", "2060-03-14T05:30:00Z", -210, -150},
    {"America/St_Johns", "2060-11-07T04:30:00Z", -150, -210},
    {"America/Nuuk", "2024-03-31T01:00:00Z", -120, -60},
    {"America/Nuuk", "2024-10-27T01:00:00Z", -60, -120},
    {"America/Nuuk", "2037-03-29T01:00:00Z", -120, -60},
    {"America/Nuuk", "2037-10-25T01:00:00Z", -60, -120},
    {"America/Nuuk", "2038-03-28T01:00:00Z", -120, -60},
    {"America/Nuuk", "2038-10-31T01:00:00Z", -60, -120},
    {"America/Nuuk", "2060-03-28T01:00:00Z", -120, -60},
    {"America/Nuuk", "2060-10-31T01:00:00Z", -60, -120},
    {"America/Santiago", "2024-04-07T03:00:00Z", -180, -240},
    {"America/Santiago", "2024-09-08T04:00:00Z", -240, -180},
    {"America/Santiago", "2037-04-05T03:00:00Z", -180, -240},
    {"America/Santiago", "2037-09-06T04:00:00Z", -240, -180},
    {"America/Santiago", "2038-04-04T03:00:00Z", -180, -240},
    {"America/Santiago", "2038-09-05T04:00:00Z", -240, -180},
    {"America/Santiago", "2060-04-04T03:00:00Z", -180, -240},
    {"America/Santiago", "2060-09-05T04:00:00Z", -240, -180},
    {"Australia/Lord_Howe", "2024-04-06T15:00:00Z", 660, 630},
    {"Australia/Lord_Howe", "2024-10-05T15:30:00Z", 630, 660},
    {"Australia/Lord_Howe", "2037-04-04T15:00:00Z", 660, 630},
    {"Australia/Lord_Howe", "2037-10-03T15:30:00Z", 630, 660},
    {"Australia/Lord_Howe", "2038-04-03T15:00:00Z", 660, 630},
    {"Australia/Lord_Howe", "2038-10-02T15:30:00Z", 630, 660},
    {"Australia/Lord_Howe", "2060-04-03T15:00:00Z", 660, 630},
    {"Australia/Lord_Howe", "2060-10-02T15:30:00Z", 630, 660},
    {"Pacific/Chatham", "2024-04-06T14:00:00Z", 825, 765},
    {"Pacific/Chatham", "2024-09-28T14:00:00Z", 765, 825},
    {"Pacific/Chatham", "2037-04-04T14:00:00Z", 825, 765},
    {"Pacific/Chatham", "2037-09-26T14:00:00Z", 765, 825},
    {"Pacific/Chatham", "2038-04-03T14:00:00Z", 825, 765},
    {"Pacific/Chatham", "2038-09-25T14:00:00Z", 765, 825},
    {"Pacific/Chatham", "2060-04-03T14:00:00Z", 825, 765},
    {"Pacific/Chatham", "2060-09-25T14:00:00Z", 765, 825},
    {"Asia/Jerusalem", "2024-03-29T00:00:00Z", 120, 180},
    {"Asia/Jerusalem", "2024-10-26T23:00:00Z", 180, 120},
    {"Asia/Jerusalem", "2037-03-27T00:00:00Z", 120, 180},
    {"Asia/Jerusalem", "2037-10-24T23:00:00Z", 180, 120},
    {"Asia/Jerusalem", "2038-03-26T00:00:00Z", 120, 180},
    {"Asia/Jerusalem", "2038-10-30T23:00:00Z", 180, 120},
    {"Asia/Jerusalem", "2060-03-26T00:00:00Z", 120, 180},
    {"Asia/Jerusalem", "2060-10-30T23:00:00Z", 180, 120},
};

static void offsets_change_when_they_should(void **state)
{
    (void)state;
    struct zone *zone = NULL;
    for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++) {
        const struct transition *t = &transitions[i];
        if (zone == NULL || strcmp(zone_name(zone), t->zone) != 0) {
            zone_destroy(zone);
            zone = zone_open(t->zone);
        }
        instant at = utc(t->at);
        if (zone_offset_s(zone, at - 1) != t->before_min * 60 || zone_offset_s(zone, at) != t->after_min * 60)
            fail_msg("%s at %s: %d -> %d minutes, not %d -> %d", t->zone, t->at, t->before_min, t->after_min,
                     zone_offset_s(zone, at - 1) / 60, zone_offset_s(zone, at) / 60);
    }
    zone_destroy(zone);
}

static void fixed_zones_never_change(void **state)
{
    static const struct {
        const char *zone;
        int32_t offset_s;
    } cases[] = {
        {"Asia/Shanghai", 8 * 3600},         {"Asia/Kolkata", 5 * 3600 + 1800}, {"UTC", 0},
        {"Asia/Kathmandu", 5 * 3600 + 2700}, {"Africa/Nairobi", 3 * 3600},      {"Etc/GMT+5", -5 * 3600},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zone *zone = zone_open(cases[i].zone);
        for (instant at = utc("2024-01-01T00:00:00Z"); at < utc("2199-01-01T00:00:00Z");
             at += 7 * HOUR_MS * 11) {
            if (zone_offset_s(zone, at) != cases[i].offset_s ||
                zone_instant(zone, zone_local(zone, at)) != at)
                fail_msg("%s at %lld: offset %d", cases[i].zone, (long long)at, zone_offset_s(zone, at));
        }
        zone_destroy(zone);
    }
}

static void local_times_have_one_instant(void **state)
{
    static const struct {
        const char *zone, *local, *at;
    } cases[] = {
        {"America/New_York", "2025-03-09T01:59:59", "2025-03-09T06:59:59Z"},
        {"America/New_York", "2025-03-09T02:00:00", "2025-03-09T07:00:00Z"},
        {"America/New_York", "2025-03-09T02:30:00", "2025-03-09T07:30:00Z"},
        {"America/New_York", "2025-03-09T03:00:00", "2025-03-09T07:00:00Z"},
        {"America/New_York", "2025-11-02T00:59:59", "2025-11-02T04:59:59Z"},
        {"America/New_York", "2025-11-02T01:00:00", "2025-11-02T05:00:00Z"},
        {"America/New_York", "2025-11-02T01:59:59.999", "2025-11-02T05:59:59.999Z"},
        {"America/New_York", "2025-11-02T02:00:00", "2025-11-02T07:00:00Z"},
        {"America/New_York", "2050-03-13T02:30:00", "2050-03-13T07:30:00Z"},
        {"America/New_York", "2050-11-06T01:30:00", "2050-11-06T05:30:00Z"},
        {"Australia/Lord_Howe", "2040-10-07T02:15:00", "2040-10-06T15:45:00Z"},
        {"Australia/Lord_Howe", "2040-04-01T01:45:00", "2040-03-31T14:45:00Z"},
        {"Asia/Shanghai", "2026-11-06T17:00:00", "2026-11-06T09:00:00Z"},
        {"Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T22:00:00Z"}, /* the day that Samoa left out */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zone *zone = zone_open(cases[i].zone);
        char got[INSTANT_TEXT_MAX];
        instant at = zone_instant(zone, wall(cases[i].local));
        if (at != utc(cases[i].at))
            fail_msg("%s in %s: %s, not %s", cases[i].local, cases[i].zone, cases[i].at,
                     instant_format_utc(at, got));
        zone_destroy(zone);
    }
}

/* Local and back is the same instant, or the first of the two that share a wall clock. */
static void local_and_back(void **state)
{
    static const char *const names[] = {"America/New_York", "Europe/Berlin",    "Australia/Lord_Howe",
                                        "America/Nuuk",     "America/Santiago", "Africa/Casablanca"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct zone *zone = zone_open(names[i]);
        for (instant at = utc("2024-01-01T00:00:00Z"); at < utc("2199-12-01T00:00:00Z"); at += 29999999) {
            instant back = zone_instant(zone, zone_local(zone, at));
            if (back == at)
                continue;
            if (back > at || at - back > HOUR_MS || zone_local(zone, back) != zone_local(zone, at))
                fail_msg("%s at %lld: back at %lld", names[i], (long long)at, (long long)back);
            at += DAY_MS;
        }
        zone_destroy(zone);
    }
}

static void put_header(uint8_t *into, char version, uint8_t n_times, uint8_t n_types, uint8_t n_characters)
{
    memset(into, 0, 44);
    memcpy(into, "TZif", 4);
    into[4] = (uint8_t)version;
    into[35] = n_times;
    into[39] = n_types;
    into[43] = n_characters;
}

/* A file without a table: an empty first block, one type, and the footer. */
static size_t file_make(const char *footer, uint8_t *into)
{
    put_header(into, '3', 0, 0, 0);
    put_header(into + 44, '3', 0, 1, 4);
    memset(into + 88, 0, 6 + 4);
    memcpy(into + 94, "LMT", 4);
    size_t n = (size_t)snprintf((char *)into + 98, 256, "\n%s\n", footer);
    return 98 + n;
}

static void footers_are_followed(void **state)
{
    static const struct {
        const char *footer, *at;
        int32_t offset_min;
    } cases[] = {
        {"CST-8", "2030-06-01T00:00:00Z", 480},
        {"<+03>-3", "2030-06-01T00:00:00Z", 180},
        {"<-0330>3:30", "2030-06-01T00:00:00Z", -210},
        {"EST5EDT,M3.2.0,M11.1.0", "2095-03-13T06:59:59Z", -300},
        {"EST5EDT,M3.2.0,M11.1.0", "2095-03-13T07:00:00Z", -240},
        {"EST5EDT,M3.2.0,M11.1.0", "2095-11-06T05:59:59Z", -240},
        {"EST5EDT,M3.2.0,M11.1.0", "2095-11-06T06:00:00Z", -300},
        {"AAA0BBB-2,J60/0,J300/0", "2028-02-29T23:59:59Z", 0}, /* J60 is March 1, in leap years, too */
        {"AAA0BBB-2,J60/0,J300/0", "2028-03-01T00:00:00Z", 120},
        {"AAA0BBB-2,59/0,299/0", "2028-02-28T23:59:59Z", 0}, /* day 59 is February 29 in leap years */
        {"AAA0BBB-2,59/0,299/0", "2028-02-29T00:00:00Z", 120},
        {"AAA0BBB-2,59/0,299/0", "2027-02-28T23:59:59Z", 0},
        {"AAA0BBB-2,59/0,299/0", "2027-03-01T00:00:00Z", 120},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2040-03-25T00:59:59Z", -120},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2040-03-25T01:00:00Z", -60},
        {"IST-2IDT,M3.4.4/26,M10.5.0", "2040-03-22T23:59:59Z", 120},
        {"IST-2IDT,M3.4.4/26,M10.5.0", "2040-03-23T00:00:00Z", 180},
        {"AAA0BBB,M4.1.0/167:59:59,M10.1.0/-167", "2030-04-13T23:59:58Z", 0},
        {"AAA0BBB,M4.1.0/167:59:59,M10.1.0/-167", "2030-04-13T23:59:59Z", 60},
        {"AAA0BBB,M4.1.0/167:59:59,M10.1.0/-167", "2030-09-28T23:59:59Z", 60},
        {"AAA0BBB,M4.1.0/167:59:59,M10.1.0/-167", "2030-09-29T00:00:00Z", 0},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2040-01-15T00:00:00Z", 0}, /* winter is the exception */
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2040-07-15T00:00:00Z", 60},
        {"XXX3EDT4,0/0,J365/23", "2030-12-31T23:30:00Z", -240}, /* summer time all year */
        {"XXX3EDT4,0/0,J365/23", "2031-01-01T02:59:59Z", -240},
        {"XXX3EDT4,0/0,J365/23", "2031-01-01T03:00:00Z", -240},
        {"XXX3EDT4,0/0,J365/25", "2031-07-01T00:00:00Z", -240},
        {"EST5EDT,M3.2.0,M11.1.0", "2199-07-01T00:00:00Z", -240},
    };
    uint8_t bytes[512];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zone *zone = NULL;
        assert_int_equal(zone_parse("made", bytes, file_make(cases[i].footer, bytes), &zone), 0);
        int32_t got_s = zone_offset_s(zone, utc(cases[i].at));
        if (got_s != cases[i].offset_min * 60)
            fail_msg("%s at %s: %d minutes, not %d", cases[i].footer, cases[i].at, cases[i].offset_min,
                     got_s / 60);
        zone_destroy(zone);
    }
}

/* Where the end of one year's summer time meets or passes the beginning of the next, it is summer all year.
 */
static void summer_may_last_all_year(void **state)
{
    static const char *const footers[] = {"XXX3EDT4,0/0,J365/23", "XXX3EDT4,0/0,J365/25",
                                          "XXX3EDT4,J1/-1,J365/23"};
    uint8_t bytes[512];
    (void)state;
    for (size_t i = 0; i < sizeof footers / sizeof *footers; i++) {
        struct zone *zone = NULL;
        assert_int_equal(zone_parse("made", bytes, file_make(footers[i], bytes), &zone), 0);
        for (instant at = utc("2030-12-30T00:00:00Z"); at < utc("2031-01-03T00:00:00Z");
             at += 30 * MINUTE_MS) {
            if (zone_offset_s(zone, at) != -4 * 3600 || zone_instant(zone, at - 4 * HOUR_MS) != at)
                fail_msg("%s at %lld", footers[i], (long long)at);
        }
        zone_destroy(zone);
    }
}

static void rules_hold_for_ever(void **state)
{
    static const int32_t years[] = {2200, 2436, 2437, 2438, 2439, 2440, 2600, 3000, 9000};
    (void)state;
    struct zone *zone = zone_open("America/New_York");
    for (size_t i = 0; i < sizeof years / sizeof *years; i++) {
        int64_t january = civil_day(years[i], 1, 15) * DAY_MS, july = civil_day(years[i], 7, 15) * DAY_MS;
        if (zone_instant(zone, january) != january + 5 * HOUR_MS ||
            zone_instant(zone, july) != july + 4 * HOUR_MS || zone_offset_s(zone, january) != -5 * 3600 ||
            zone_offset_s(zone, july) != -4 * 3600)
            fail_msg("%d", (int)years[i]);
    }
    zone_destroy(zone);
}

static void bad_footers_are_refused(void **state)
{
    static const char *const cases[] = {
        "E5",
        "EST",
        "EST5EDT",
        "EST5EDT,M3.2.0",
        "EST5EDT,M3.2.0,M11.1.0,",
        "EST5EDT,M13.2.0,M11.1.0",
        "EST5EDT,M3.6.0,M11.1.0",
        "EST5EDT,M3.2.7,M11.1.0",
        "EST5EDT,J0,J365",
        "EST5EDT,J366,J1",
        "EST5EDT,366,1",
        "EST25",
        "EST5:60",
        "EST5EDT,M3.2.0/168,M11.1.0",
        "<+0>3",
        "<+03-3",
        "EST5 ",
        "EST5EDT,M3.2.0/,M11.1.0",
        "EST99999999999999999999",
    };
    uint8_t bytes[512];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zone *zone = NULL;
        if (zone_parse("made", bytes, file_make(cases[i], bytes), &zone) != -EINVAL)
            fail_msg("accepted: %s", cases[i]);
    }
    struct zone *zone = NULL;
    assert_int_equal(zone_parse("made", bytes, file_make("", bytes), &zone), 0); /* no rule is a rule */
    assert_int_equal(zone_offset_s(zone, 0), 0);
    zone_destroy(zone);
}

static void cut_and_damaged_files_are_survived(void **state)
{
    static uint8_t bytes[FILE_BYTES_MAX], copy[FILE_BYTES_MAX];
    (void)state;
    size_t n = file_read("America/New_York", bytes);
    for (size_t cut = 0; cut < n; cut++) {
        struct zone *zone = NULL;
        uint8_t *exact = malloc(cut ? cut : 1); /* of this size, so that reading on is noticed */
        assert_non_null(exact);
        memcpy(exact, bytes, cut);
        if (zone_parse("cut", exact, cut, &zone) != -EINVAL)
            fail_msg("accepted with %zu of %zu bytes", cut, n);
        free(exact);
    }
    for (size_t i = 0; i < n; i++) {
        struct zone *zone = NULL;
        memcpy(copy, bytes, n);
        copy[i] ^= 0xa5;
        int status = zone_parse("damaged", copy, n, &zone);
        assert_true(status == 0 || status == -EINVAL);
        if (status == 0)
            zone_instant(zone, utc("2050-03-13T07:30:00Z"));
        zone_destroy(zone);
    }
}

static void the_ends_of_time_are_answered(void **state)
{
    (void)state;
    struct zone *zone = zone_open("America/New_York");
    static const instant cases[] = {INSTANT_NONE, INSTANT_NONE + 1, INSTANT_NEVER - 1, INSTANT_NEVER};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[INSTANT_TEXT_MAX];
        zone_instant(zone, cases[i]);
        zone_local(zone, cases[i]);
        assert_string_equal(zone_format(zone, cases[i], text), cases[i] < 0 ? "none" : "never");
    }
    zone_destroy(zone);
}

static void formats_with_its_offset(void **state)
{
    char text[INSTANT_TEXT_MAX];
    (void)state;
    struct zone *zone = zone_open("Asia/Kolkata");
    assert_string_equal(zone_format(zone, utc("2026-11-17T07:10:00Z"), text), "2026-11-17T12:40:00+05:30");
    zone_destroy(zone);
    zone_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_change_when_they_should),
        cmocka_unit_test(fixed_zones_never_change),
        cmocka_unit_test(local_times_have_one_instant),
        cmocka_unit_test(local_and_back),
        cmocka_unit_test(footers_are_followed),
        cmocka_unit_test(summer_may_last_all_year),
        cmocka_unit_test(rules_hold_for_ever),
        cmocka_unit_test(bad_footers_are_refused),
        cmocka_unit_test(cut_and_damaged_files_are_survived),
        cmocka_unit_test(the_ends_of_time_are_answered),
        cmocka_unit_test(formats_with_its_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
