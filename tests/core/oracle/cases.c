#include "cases.h"

#include "../calendar_fixture.h"

#include <time.h>

enum { MOMENTS = 8, SEED_ALWAYS = 20261118 };

uint64_t cases_seed(const char *typed)
{
    if (typed == NULL)
        return SEED_ALWAYS;
    return strcmp(typed, "fresh") == 0 ? (uint64_t)time(NULL) : strtoull(typed, NULL, 10);
}

/* splitmix64 */
uint64_t cases_random(struct cases *cases, uint64_t below)
{
    uint64_t z = cases->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

static bool chance(struct cases *cases, int percent)
{
    return cases_random(cases, 100) < (uint64_t)percent;
}

static int64_t between(struct cases *cases, int64_t from, int64_t to)
{
    return from + (int64_t)cases_random(cases, (uint64_t)(to - from + 1));
}

static void set_days(struct subject *subject)
{
    char line[FIXTURE_LINE_MAX], name[32], date[16], kind[16], hours[64];
    struct window windows[CALENDAR_WINDOWS_MAX];
    FILE *file = fopen(TEST_SOURCE_DIR "/../vectors/calendar-days.tsv", "r");
    if (file == NULL || fgets(line, sizeof line, file) == NULL)
        abort();
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "%31s %15s %15s %63s", name, date, kind, hours) != 4)
            abort();
        size_t n = fixture_windows(hours, windows);
        for (int i = 0; i < ORACLE_CALENDARS; i++) {
            if (strcmp(oracle_calendars[i].name, name) == 0 &&
                calendar_set_day(subject->calendars[i], fixture_day(date), windows, n, kind) != 0)
                abort();
        }
    }
    fclose(file);
}

void subject_init(struct subject *subject)
{
    struct window windows[CALENDAR_WINDOWS_MAX];
    for (int i = 0; i < ORACLE_CALENDARS; i++) {
        const struct oracle_calendar *facts = &oracle_calendars[i];
        subject->zones[i] = fixture_zone(facts->zone);
        subject->calendars[i] = calendar_create(facts->name, subject->zones[i]);
        for (int32_t day = 1; day <= 7; day++) {
            size_t n = fixture_windows(facts->week[day - 1], windows);
            if (calendar_set_week(subject->calendars[i], day, windows, n) != 0)
                abort();
        }
    }
    set_days(subject);
    for (int i = 0; i < ORACLE_CALENDARS; i++) {
        if (calendar_finish(subject->calendars[i]) != 0)
            abort();
    }
}

void subject_finish(struct subject *subject)
{
    for (int i = 0; i < ORACLE_CALENDARS; i++) {
        calendar_destroy(subject->calendars[i]);
        zone_destroy(subject->zones[i]);
    }
}

instant cases_start(struct cases *cases, const struct subject *subject, int calendar)
{
    /* Dates around which something happens: clocks change, holidays begin, data end. */
    static const char *const moments[MOMENTS] = {"2023-03-12", "2024-02-09", "2025-11-02", "2026-03-29",
                                                 "2026-09-30", "2026-12-31", "2038-01-19", "2039-10-30"};
    const struct calendar *on = subject->calendars[calendar];
    const struct window *windows;
    int32_t day;
    if (chance(cases, 30))
        day = fixture_day(moments[cases_random(cases, MOMENTS)]) + (int32_t)between(cases, -3, 3);
    else if (chance(cases, 20))
        day = civil_day((int32_t)between(cases, 2036, 2040), 1, 1) + (int32_t)between(cases, 0, 364);
    else
        day = civil_day(2022, 12, 1) + (int32_t)between(cases, 0, 1490);
    size_t n = calendar_windows(on, day, &windows);
    if (n > 0 && chance(cases, 25)) {
        const struct window *window = &windows[cases_random(cases, n)];
        return calendar_at(on, day, chance(cases, 50) ? window->from_min : window->to_min);
    }
    int64_t ms = between(cases, 0, DAY_MS - 1);
    if (chance(cases, 60))
        ms -= ms % (5 * MINUTE_MS);
    return day * DAY_MS + ms;
}

static void choose_clock(struct cases *cases, enum span_clock *clock, int32_t *minute)
{
    *clock = (enum span_clock)cases_random(cases, 4);
    if (*clock == SPAN_CLOCK_TIME)
        *minute = chance(cases, 70) ? (int32_t)between(cases, 0, 48) * 30 : (int32_t)between(cases, 0, 1440);
}

static int64_t choose_count(struct cases *cases, enum span_unit unit)
{
    bool is_long = chance(cases, 5);
    switch (unit) {
    case SPAN_ELAPSED:
        return between(cases, 0, is_long ? 3000 * HOUR_MS : 100 * HOUR_MS);
    case SPAN_WORKING:
        return between(cases, 0, is_long ? 60000 : 6000) * MINUTE_MS;
    case SPAN_DAYS:
        return between(cases, 0, is_long ? 800 : 40);
    case SPAN_WORKING_DAYS:
        return between(cases, 1, is_long ? 500 : 30);
    case SPAN_MONTHS:
        return between(cases, 0, 26);
    case SPAN_YEARS:
        return between(cases, 0, 3);
    case SPAN_DAY_NUMBER:
    case SPAN_WORKING_DAY_NUMBER:
        return between(cases, 1, is_long ? 200 : 12);
    case SPAN_MONTH_WORKING_DAY:
        return between(cases, 1, 24) * (chance(cases, 50) ? -1 : 1);
    case SPAN_QUARTER_WORKING_DAY:
        return between(cases, 1, 66) * (chance(cases, 50) ? -1 : 1);
    default:
        return 0;
    }
}

static bool may_lead_back(enum span_unit unit)
{
    return unit >= SPAN_ELAPSED && unit <= SPAN_WORKING_DAYS;
}

static void choose_term(struct cases *cases, int back_percent, struct span *out)
{
    out->unit = (enum span_unit)between(cases, SPAN_ELAPSED, SPAN_QUARTER_WORKING_DAY);
    out->count = choose_count(cases, out->unit);
    if (out->unit != SPAN_ELAPSED && out->unit != SPAN_WORKING)
        choose_clock(cases, &out->clock, &out->minute);
    if (out->unit == SPAN_ELAPSED && chance(cases, 40)) {
        out->clock = SPAN_CLOCK_OPEN;
        out->more_ms = chance(cases, 50) ? between(cases, 1, 900) * MINUTE_MS : 0;
        return;
    }
    if (may_lead_back(out->unit) && chance(cases, back_percent))
        out->count = -out->count / (out->unit == SPAN_MONTHS || out->unit == SPAN_YEARS ? 3 : 1);
}

struct span cases_span(struct cases *cases)
{
    struct span span = {.unit = SPAN_NONE}, then = {.unit = SPAN_NONE};
    if (!chance(cases, 15)) {
        choose_term(cases, 12, &span);
        return span;
    }
    span.unit = SPAN_AT_FIELD;
    snprintf(span.field, sizeof span.field, "f");
    choose_clock(cases, &span.clock, &span.minute);
    if (span.clock == SPAN_CLOCK_SAME)
        span.clock = SPAN_CLOCK_DEFAULT;
    if (chance(cases, 80))
        choose_term(cases, 40, &then);
    span.then_unit = then.unit;
    span.then_clock = then.clock;
    span.then_count = then.count;
    span.then_minute = then.minute;
    span.then_more_ms = then.more_ms;
    return span;
}

struct span cases_offset(struct cases *cases)
{
    struct span offset;
    do {
        offset = (struct span){.unit = SPAN_NONE};
        choose_term(cases, 50, &offset);
    } while (!may_lead_back(offset.unit));
    return offset;
}

size_t cases_pauses(struct cases *cases, instant start, struct pause out[static ORACLE_PAUSES_MAX])
{
    size_t n = chance(cases, 60) ? 0 : cases_random(cases, ORACLE_PAUSES_MAX + 1);
    int64_t at = start / MINUTE_MS + between(cases, -2 * 1440, 4 * 1440);
    for (size_t i = 0; i < n; i++) {
        out[i].from = at * MINUTE_MS;
        at += between(cases, 1, chance(cases, 50) ? 600 : 7200);
        out[i].to = at * MINUTE_MS;
        at += between(cases, 0, chance(cases, 50) ? 600 : 7200);
        if (chance(cases, 8)) {
            out[i].to = INSTANT_NEVER;
            return i + 1;
        }
    }
    return n;
}

void cases_question(struct cases *cases, const struct subject *subject, struct oracle_question *out,
                    struct pause pauses[static ORACLE_PAUSES_MAX])
{
    *out = (struct oracle_question){.calendar = (int)cases_random(cases, ORACLE_CALENDARS)};
    out->start = cases_start(cases, subject, out->calendar);
    out->span = cases_span(cases);
    out->pauses = pauses;
    out->n_pauses = cases_pauses(cases, out->start, pauses);
    out->field.is_date = chance(cases, 50);
    out->field.at = out->field.is_date ? INSTANT_NONE : cases_start(cases, subject, out->calendar);
    if (out->field.is_date)
        out->field.day = (int32_t)(cases_start(cases, subject, out->calendar) / DAY_MS);
}

const char *cases_format(const struct subject *subject, const struct oracle_question *question,
                         char into[static CASES_TEXT_MAX])
{
    const struct zone *zone = subject->zones[question->calendar];
    char span[SPAN_TEXT_MAX], at[INSTANT_TEXT_MAX];
    int n = snprintf(into, CASES_TEXT_MAX, "%s from %s on %s", span_format(&question->span, span),
                     zone_format(zone, question->start, at), oracle_calendars[question->calendar].name);
    if (question->span.unit == SPAN_AT_FIELD && question->field.is_date)
        n += snprintf(into + n, (size_t)(CASES_TEXT_MAX - n), ", f is the day %d", (int)question->field.day);
    else if (question->span.unit == SPAN_AT_FIELD)
        n += snprintf(into + n, (size_t)(CASES_TEXT_MAX - n), ", f is %s",
                      zone_format(zone, question->field.at, at));
    for (size_t i = 0; i < question->n_pauses; i++) {
        const struct pause *pause = &question->pauses[i];
        n += snprintf(into + n, (size_t)(CASES_TEXT_MAX - n), ", paused %s",
                      zone_format(zone, pause->from, at));
        n += snprintf(into + n, (size_t)(CASES_TEXT_MAX - n), " to %s",
                      pause->to == INSTANT_NEVER ? "never" : zone_format(zone, pause->to, at));
    }
    return into;
}
