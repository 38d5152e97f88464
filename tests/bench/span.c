/* span.c: what counting costs: microseconds for the due of each form of span on an office with lunch,
 * holidays and make-up days, and for all working days of a month. Prints "NAME MICROSECONDS" lines; asserts
 * nothing. */
#include "core/civil.h"
#include "core/span.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { STARTS = 4096, ROUNDS = 20, ZONE_BYTES_MAX = 64 * 1024, HOLIDAYS = 6 };

static struct zone *read_zone(const char *path, const char *name)
{
    static unsigned char bytes[ZONE_BYTES_MAX];
    struct zone *zone = NULL;
    FILE *file = fopen(path, "rb");
    size_t n = file ? fread(bytes, 1, sizeof bytes, file) : 0;

    if (file)
        fclose(file);
    if (zone_parse(name, bytes, n, &zone) != 0) {
        (void)fprintf(stderr, "%s: cannot be read\n", path);
        exit(2);
    }
    return zone;
}

/* Monday to Friday with lunch, and 60 days that differ: what ten years of notices come to is less. */
static struct calendar *office(const struct zone *zone)
{
    static const struct window hours[] = {{540, 720}, {780, 1080}};
    static const int month_days[HOLIDAYS][2] = {{1, 1}, {2, 16}, {4, 6}, {5, 1}, {10, 1}, {10, 2}};
    struct calendar *calendar = calendar_create("office", zone);
    bool ok = calendar != NULL;

    for (int32_t day = 1; ok && day <= 5; day++)
        ok = calendar_set_week(calendar, day, hours, 2) == 0;
    for (int32_t year = 2023; ok && year < 2033; year++) {
        for (size_t i = 0; ok && i < HOLIDAYS; i++)
            ok = calendar_set_day(calendar, civil_day(year, month_days[i][0], month_days[i][1]), NULL, 0,
                                  "off") == 0;
    }
    if (!ok || calendar_finish(calendar) != 0)
        exit(2);
    return calendar;
}

/* What this program has used: others on the machine do not count. */
static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void measure(const struct calendar *calendar, const char *text)
{
    struct span span;
    const char *why;
    instant due, sum = 0;

    if (span_parse(text, &span, &why) != 0)
        exit(2);
    double begun_us = now_us();
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < STARTS; i++) {
            /* Seven hours apart: every hour of the day, three years. */
            struct span_request request = {.span = &span, .calendar = calendar};
            request.start = INT64_C(1767225600000) + i * 7 * HOUR_MS;
            if (span_resolve(&request, &due) == 0)
                sum += due;
        }
    }
    (void)printf("%-16s %8.3f%s\n", text, (now_us() - begun_us) / ((double)ROUNDS * STARTS),
                 sum == 0 ? " ?" : "");
}

/* The first to the last working day of each month, as wdom:N. */
static void measure_months(const struct calendar *calendar)
{
    int32_t first = civil_day(2026, 1, 1), months = 24;
    instant due, sum = 0;
    double begun_us = now_us();

    for (int round = 0; round < ROUNDS; round++) {
        for (int32_t month = 0; month < months; month++) {
            int32_t begin = civil_add_months(first, month), end = civil_add_months(begin, 1);
            int32_t n = calendar_count_working_days(calendar, begin - 1, end - 1);
            for (int32_t i = 1; i <= n; i++) {
                struct span span = {.unit = SPAN_MONTH_WORKING_DAY, .count = i};
                struct span_request request = {.span = &span, .calendar = calendar};
                request.start = calendar_at(calendar, begin, 0);
                if (span_resolve(&request, &due) == 0)
                    sum += due;
            }
        }
    }
    (void)printf("%-16s %8.3f%s\n", "month's ordinals", (now_us() - begun_us) / ((double)ROUNDS * months),
                 sum == 0 ? " ?" : "");
}

int main(void)
{
    static const char *const spans[] = {
        "4wh",   "8wh",       "40wh",      "160wh",        "2000wh",        "24h",         "5wd",
        "250wd", "30d@close", "1mo@18:00", "wday:5@18:00", "wdom:-1@18:00", "wdoq:5@18:00"};
    static const char *const zones[][2] = {{"/usr/share/zoneinfo/Asia/Shanghai", "Asia/Shanghai"},
                                           {"/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"}};

    for (size_t k = 0; k < 2; k++) {
        struct zone *zone = read_zone(zones[k][0], zones[k][1]);
        struct calendar *calendar = office(zone);
        (void)printf("# %s, microseconds\n", zones[k][1]);
        for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
            measure(calendar, spans[i]);
        measure_months(calendar);
        calendar_destroy(calendar);
        zone_destroy(zone);
    }
    return 0;
}
