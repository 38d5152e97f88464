/* calendar_fixture.h: the calendars that vectors/ speaks of, built with the public interface. */
#ifndef CUIBAN_TESTS_CORE_CALENDAR_FIXTURE_H
#define CUIBAN_TESTS_CORE_CALENDAR_FIXTURE_H

#include "core/calendar.h"

#include "core/civil.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIXTURE_LINE_MAX = 512, FIXTURE_ZONE_BYTES_MAX = 64 * 1024, FIXTURE_CALENDARS = 10 };

static inline struct zone *fixture_zone(const char *name)
{
    char path[256];
    static uint8_t bytes[FIXTURE_ZONE_BYTES_MAX];
    struct zone *zone = NULL;
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    FILE *file = fopen(path, "rb");
    size_t n = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    if (zone_parse(name, bytes, n, &zone) != 0) {
        fprintf(stderr, "%s: cannot be read\n", path);
        abort();
    }
    return zone;
}

/* "09:00-12:00,13:00-18:00"; 30:00 is six o'clock on the next morning. */
static inline size_t fixture_windows(const char *text, struct window *out)
{
    size_t n = 0;
    int from_hour, from_minute, to_hour, to_minute, used;
    while (sscanf(text, "%d:%d-%d:%d%n", &from_hour, &from_minute, &to_hour, &to_minute, &used) == 4) {
        out[n++] = (struct window){from_hour * 60 + from_minute, to_hour * 60 + to_minute};
        text += used + (text[used] == ',');
    }
    return n;
}

static inline int32_t fixture_day(const char *text)
{
    int32_t day;
    if (!civil_parse(text, &day)) {
        fprintf(stderr, "%s: no date\n", text);
        abort();
    }
    return day;
}

struct fixture_calendar {
    const char *name, *zone;
    const char *weekdays; /* hours of Monday to Friday */
    const char *saturday, *sunday;
};

static const struct fixture_calendar fixture_calendars[FIXTURE_CALENDARS] = {
    {"CN-STD", "Asia/Shanghai", "09:00-12:00,13:00-18:00", "", ""},
    {"CN-SAT", "Asia/Shanghai", "09:00-12:00,13:00-18:00", "09:00-12:00", ""},
    {"CN-CONT", "Asia/Shanghai", "09:00-18:00", "", ""},
    {"CN-CO", "Asia/Shanghai", "09:00-12:00,13:00-18:00", "", ""},
    {"US-NY", "America/New_York", "09:00-17:00", "", ""},
    {"US-247", "America/New_York", "00:00-24:00", "00:00-24:00", "00:00-24:00"},
    {"US-NIGHT", "America/New_York", "22:00-30:00", "22:00-30:00", "22:00-30:00"},
    {"DE-BER", "Europe/Berlin", "09:00-12:00,12:30-17:30", "", ""},
    {"DE-247", "Europe/Berlin", "00:00-24:00", "00:00-24:00", "00:00-24:00"},
    {"DE-NIGHT", "Europe/Berlin", "22:00-30:00", "22:00-30:00", "22:00-30:00"},
};

struct fixture {
    struct zone *zones[FIXTURE_CALENDARS];
    struct calendar *calendars[FIXTURE_CALENDARS];
};

static inline void fixture_set_days(struct fixture *fixture)
{
    char line[FIXTURE_LINE_MAX], name[32], date[16], kind[16], hours[64];
    struct window windows[CALENDAR_WINDOWS_MAX];
    FILE *file = fopen(TEST_SOURCE_DIR "/vectors/calendar-days.tsv", "r");
    if (file == NULL)
        abort();
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "%31s %15s %15s %63s", name, date, kind, hours) != 4)
            abort();
        for (size_t i = 0; i < FIXTURE_CALENDARS; i++) {
            if (strcmp(fixture_calendars[i].name, name) != 0)
                continue;
            if (calendar_set_day(fixture->calendars[i], fixture_day(date), windows,
                                 fixture_windows(hours, windows), kind) != 0)
                abort();
        }
    }
    fclose(file);
}

static inline void fixture_init(struct fixture *fixture)
{
    struct window windows[CALENDAR_WINDOWS_MAX];
    for (size_t i = 0; i < FIXTURE_CALENDARS; i++) {
        const struct fixture_calendar *facts = &fixture_calendars[i];
        fixture->zones[i] = fixture_zone(facts->zone);
        fixture->calendars[i] = calendar_create(facts->name, fixture->zones[i]);
        for (int32_t weekday = 1; weekday <= 7; weekday++) {
            const char *hours = weekday == 6   ? facts->saturday
                                : weekday == 7 ? facts->sunday
                                               : facts->weekdays;
            size_t n = fixture_windows(hours, windows);
            if (calendar_set_week(fixture->calendars[i], weekday, windows, n) != 0)
                abort();
        }
    }
    fixture_set_days(fixture);
    for (size_t i = 0; i < FIXTURE_CALENDARS; i++) {
        if (calendar_finish(fixture->calendars[i]) != 0)
            abort();
    }
}

static inline void fixture_finish(struct fixture *fixture)
{
    for (size_t i = 0; i < FIXTURE_CALENDARS; i++) {
        calendar_destroy(fixture->calendars[i]);
        zone_destroy(fixture->zones[i]);
    }
}

static inline const struct calendar *fixture_find(const struct fixture *fixture, const char *name)
{
    for (size_t i = 0; i < FIXTURE_CALENDARS; i++) {
        if (strcmp(calendar_name(fixture->calendars[i]), name) == 0)
            return fixture->calendars[i];
    }
    fprintf(stderr, "%s: no such calendar\n", name);
    abort();
}

/* A local wall clock time: "2026-11-06T17:00" or with seconds. */
static inline instant fixture_local(const struct calendar *calendar, const char *text)
{
    char whole[128];
    instant at;
    snprintf(whole, sizeof whole, "%s%sZ", text, strlen(text) == 16 ? ":00" : "");
    if (!instant_parse(whole, &at)) {
        fprintf(stderr, "%s: no time\n", text);
        abort();
    }
    return zone_instant(calendar_zone(calendar), at);
}

#endif
