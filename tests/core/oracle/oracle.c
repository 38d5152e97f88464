#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    YEAR_FIRST = 2018,
    YEAR_LAST = 2045,
    DAYS = 10227, /* of those 28 years */
    DAY = 24 * 60,
    MINUTES = DAYS * DAY,
    LINE_MAX_BYTES = 512,
    WINDOWS = 8,
};
static const int64_t first_day = 17532; /* 2018-01-01 */

const struct oracle_calendar oracle_calendars[ORACLE_CALENDARS] = {
#define FIVE(hours)                                                                                          \
    {                                                                                                        \
        hours, hours, hours, hours, hours, "", ""                                                            \
    }
#define SEVEN(hours)                                                                                         \
    {                                                                                                        \
        hours, hours, hours, hours, hours, hours, hours                                                      \
    }
    {"CN-STD", "Asia/Shanghai", FIVE("09:00-12:00,13:00-18:00")},
    {"CN-SAT",
     "Asia/Shanghai",
     {"09:00-12:00,13:00-18:00", "09:00-12:00,13:00-18:00", "09:00-12:00,13:00-18:00",
      "09:00-12:00,13:00-18:00", "09:00-12:00,13:00-18:00", "09:00-12:00", ""}},
    {"CN-CONT", "Asia/Shanghai", FIVE("09:00-18:00")},
    {"CN-CO", "Asia/Shanghai", FIVE("09:00-12:00,13:00-18:00")},
    {"US-NY", "America/New_York", FIVE("09:00-17:00")},
    {"US-247", "America/New_York", SEVEN("00:00-24:00")},
    {"US-NIGHT", "America/New_York", SEVEN("22:00-30:00")},
    {"DE-BER", "Europe/Berlin", FIVE("09:00-12:00,12:30-17:30")},
    {"DE-247", "Europe/Berlin", SEVEN("00:00-24:00")},
    {"DE-NIGHT", "Europe/Berlin", SEVEN("22:00-30:00")},
    /* Edges inside the hour that is missing or comes twice, and nights that run into a day's hours. */
    {"US-EDGE", "America/New_York", SEVEN("01:15-02:30,02:45-05:00")},
    {"DE-SHIFT",
     "Europe/Berlin",
     {"06:00-14:00,22:00-30:30", "06:00-14:00,22:00-30:30", "06:00-14:00", "", "06:00-10:00",
      "02:15-02:45,20:00-26:30", "02:30-09:00"}},
};

/* ---- dates, by walking through the years */

struct date {
    int year, month, day; /* month and day from 1 */
};

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

static struct date date_of(int64_t day)
{
    struct date date = {1970, 1, 1};
    while (day >= 365 + is_leap(date.year))
        day -= 365 + is_leap(date.year++);
    while (day >= month_days(date.year, date.month))
        day -= month_days(date.year, date.month++);
    date.day += (int)day;
    return date;
}

static int64_t day_of(int year, int month, int day)
{
    int64_t days = day - 1;
    for (int y = 1970; y < year; y++)
        days += 365 + is_leap(y);
    for (int m = 1; m < month; m++)
        days += month_days(year, m);
    return days;
}

static int weekday_of(int64_t day) /* 0 = Monday */
{
    return (int)((day + 3) % 7);
}

static int64_t months_later(int64_t day, int months)
{
    struct date date = date_of(day);
    int month = date.year * 12 + date.month - 1 + months;
    int last = month_days(month / 12, month % 12 + 1);
    return day_of(month / 12, month % 12 + 1, date.day < last ? date.day : last);
}

/* ---- zones, by the law */

enum zone_law { SHANGHAI, NEW_YORK, BERLIN };

struct oracle {
    struct {
        uint8_t *open; /* one bit a minute */
        bool working[DAYS];
        int closes[DAYS];   /* minute of local time at which the date's last window ends */
        char own[DAYS][64]; /* hours of dates that differ; "-" is a day off */
        enum zone_law law;
    } calendars[ORACLE_CALENDARS];
    /* In minutes of UTC, for each year: the summer's begin and end. */
    int64_t summers[3][YEAR_LAST - YEAR_FIRST + 3][2];
};

static int64_t sunday(int year, int month, int which) /* from 1; -1: the last */
{
    int64_t day = which > 0 ? day_of(year, month, 1) : day_of(year, month, month_days(year, month));
    while (weekday_of(day) != 6)
        day += which > 0 ? 1 : -1;
    return which > 0 ? day + (int64_t)7 * (which - 1) : day;
}

static void make_summers(struct oracle *oracle)
{
    for (int year = YEAR_FIRST - 1; year <= YEAR_LAST + 1; year++) {
        int i = year - YEAR_FIRST + 1;
        /* Energy Policy Act of 2005: two o'clock local time. */
        oracle->summers[NEW_YORK][i][0] = sunday(year, 3, 2) * DAY + 7 * 60;
        oracle->summers[NEW_YORK][i][1] = sunday(year, 11, 1) * DAY + 6 * 60;
        /* Directive 2000/84/EC: one o'clock UTC. */
        oracle->summers[BERLIN][i][0] = sunday(year, 3, -1) * DAY + 60;
        oracle->summers[BERLIN][i][1] = sunday(year, 10, -1) * DAY + 60;
    }
}

static int standard_offset(enum zone_law law)
{
    return law == SHANGHAI ? 8 * 60 : law == NEW_YORK ? -5 * 60 : 60;
}

static int64_t local_minute(const struct oracle *oracle, enum zone_law law, int64_t utc)
{
    int64_t local = utc + standard_offset(law);
    for (int i = 0; law != SHANGHAI && i < YEAR_LAST - YEAR_FIRST + 3; i++) {
        if (utc >= oracle->summers[law][i][0] && utc < oracle->summers[law][i][1])
            return local + 60;
    }
    return local;
}

/* The first minute of UTC that shows this local time; where none does, the one that would have come had the
 * clock not been set forward. */
static int64_t utc_minute(const struct oracle *oracle, enum zone_law law, int64_t local)
{
    int64_t winter = local - standard_offset(law);
    if (local_minute(oracle, law, winter - 60) == local)
        return winter - 60;
    return winter;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t oracle_local(const struct oracle *oracle, int calendar, instant at)
{
    int64_t minute = floor_div(at, MINUTE_MS);
    return local_minute(oracle, oracle->calendars[calendar].law, minute) * MINUTE_MS + at -
           minute * MINUTE_MS;
}

instant oracle_at(const struct oracle *oracle, int calendar, int64_t minute)
{
    return utc_minute(oracle, oracle->calendars[calendar].law, minute) * MINUTE_MS;
}

/* ---- calendars, as rows of minutes */

static int read_hours(const char *text, int windows[WINDOWS][2])
{
    int n = 0, used, h[4];
    while (sscanf(text, "%d:%d-%d:%d%n", &h[0], &h[1], &h[2], &h[3], &used) == 4) {
        windows[n][0] = h[0] * 60 + h[1];
        windows[n++][1] = h[2] * 60 + h[3];
        text += used + (text[used] == ',');
    }
    return n;
}

static void read_days(struct oracle *oracle)
{
    char line[LINE_MAX_BYTES], name[32], kind[32], hours[64];
    int year, month, day;
    FILE *file = fopen(TEST_SOURCE_DIR "/../vectors/calendar-days.tsv", "r");
    if (file == NULL || fgets(line, sizeof line, file) == NULL)
        abort();
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "%31s %d-%d-%d %31s %63s", name, &year, &month, &day, kind, hours) != 6)
            abort();
        for (int i = 0; i < ORACLE_CALENDARS; i++) {
            if (strcmp(oracle_calendars[i].name, name) == 0)
                snprintf(oracle->calendars[i].own[day_of(year, month, day) - first_day], 64, "%s", hours);
        }
    }
    fclose(file);
}

static void open_minutes(struct oracle *oracle, int calendar, int64_t from, int64_t to)
{
    for (int64_t minute = from - first_day * DAY; minute < to - first_day * DAY; minute++) {
        if (minute >= 0 && minute < MINUTES)
            oracle->calendars[calendar].open[minute / 8] |= (uint8_t)(1U << minute % 8);
    }
}

static void make_calendar(struct oracle *oracle, int calendar)
{
    const struct oracle_calendar *facts = &oracle_calendars[calendar];
    enum zone_law law = facts->zone[1] == 's' ? SHANGHAI : facts->zone[0] == 'A' ? NEW_YORK : BERLIN;
    int windows[WINDOWS][2];
    int usual = windows[read_hours(facts->week[0], windows) - 1][1];
    oracle->calendars[calendar].law = law;
    oracle->calendars[calendar].open = calloc(MINUTES / 8 + 1, 1);
    if (oracle->calendars[calendar].open == NULL)
        abort();
    for (int64_t i = 0; i < DAYS; i++) {
        const char *own = oracle->calendars[calendar].own[i];
        int n = read_hours(*own ? own : facts->week[weekday_of(first_day + i)], windows);
        int64_t midnight = (first_day + i) * DAY;
        oracle->calendars[calendar].working[i] = n > 0;
        oracle->calendars[calendar].closes[i] = n > 0 ? windows[n - 1][1] : usual;
        for (int k = 0; k < n; k++)
            open_minutes(oracle, calendar, utc_minute(oracle, law, midnight + windows[k][0]),
                         utc_minute(oracle, law, midnight + windows[k][1]));
    }
}

struct oracle *oracle_create(void)
{
    struct oracle *oracle = calloc(1, sizeof *oracle);
    if (oracle == NULL)
        abort();
    make_summers(oracle);
    read_days(oracle);
    for (int i = 0; i < ORACLE_CALENDARS; i++)
        make_calendar(oracle, i);
    return oracle;
}

void oracle_destroy(struct oracle *oracle)
{
    for (int i = 0; i < ORACLE_CALENDARS; i++)
        free(oracle->calendars[i].open);
    free(oracle);
}

static bool is_known(int64_t minute)
{
    return minute >= first_day * DAY && minute < first_day * DAY + MINUTES;
}

static bool is_open_minute(const struct oracle *oracle, int calendar, int64_t minute)
{
    int64_t i = minute - first_day * DAY;
    return i >= 0 && i < MINUTES && (oracle->calendars[calendar].open[i / 8] >> i % 8 & 1);
}

bool oracle_is_open(const struct oracle *oracle, int calendar, instant at)
{
    return is_open_minute(oracle, calendar, floor_div(at, MINUTE_MS));
}

int64_t oracle_working_ms(const struct oracle *oracle, int calendar, instant from, instant to)
{
    int64_t sum = 0;
    while (from < to) {
        int64_t minute = floor_div(from, MINUTE_MS);
        instant next = (minute + 1) * MINUTE_MS < to ? (minute + 1) * MINUTE_MS : to;
        sum += is_open_minute(oracle, calendar, minute) ? next - from : 0;
        from = next;
    }
    return sum;
}

static bool is_working(const struct oracle *oracle, int calendar, int64_t day)
{
    return day >= first_day && day < first_day + DAYS && oracle->calendars[calendar].working[day - first_day];
}

static int64_t day_at(const struct oracle *oracle, int calendar, instant at)
{
    return floor_div(oracle_local(oracle, calendar, at), DAY_MS);
}

static instant close_of(const struct oracle *oracle, int calendar, int64_t day)
{
    return oracle_at(oracle, calendar, day * DAY + oracle->calendars[calendar].closes[day - first_day]);
}

/* ---- spans: what one term leads to from one place */

struct from {
    const struct oracle *oracle;
    int calendar;
    instant at;
    int64_t day;
    bool is_date; /* a date without a time */
    const struct pause *pauses;
    size_t n_pauses;
};

struct term {
    enum span_unit unit;
    enum span_clock clock;
    int64_t count;
    int32_t minute;
    int64_t more_ms;
};

/* Lies in a pause; `for_ever` if that pause has no end. Pauses begin and end on whole minutes. */
static bool is_paused(const struct from *from, instant at, bool *for_ever)
{
    for (size_t i = 0; i < from->n_pauses; i++) {
        if (at >= from->pauses[i].from && at < from->pauses[i].to) {
            *for_ever = from->pauses[i].to == INSTANT_NEVER;
            return true;
        }
    }
    return false;
}

/* A clock that ticks a minute at a time while `works` allows and no pause holds it. */
static instant tick(const struct from *from, bool works, int64_t budget_ms)
{
    instant at = from->at;
    bool for_ever;
    while (budget_ms > 0) {
        int64_t minute = floor_div(at, MINUTE_MS), ticked = (minute + 1) * MINUTE_MS - at;
        if (!is_known(minute))
            return INSTANT_NONE;
        if (is_paused(from, at, &for_ever)) {
            if (for_ever)
                return INSTANT_NEVER;
        } else if (!works || is_open_minute(from->oracle, from->calendar, minute)) {
            if (ticked >= budget_ms)
                return at + budget_ms;
            budget_ms -= ticked;
        }
        at = (minute + 1) * MINUTE_MS;
    }
    return at;
}

static instant tick_back(const struct from *from, bool works, int64_t budget_ms)
{
    instant at = from->at;
    while (budget_ms > 0) {
        int64_t minute = floor_div(at - 1, MINUTE_MS), ticked = at - minute * MINUTE_MS;
        if (!is_known(minute))
            return INSTANT_NONE;
        if (!works || is_open_minute(from->oracle, from->calendar, minute)) {
            if (ticked >= budget_ms)
                return at - budget_ms;
            budget_ms -= ticked;
        }
        at = minute * MINUTE_MS;
    }
    return at;
}

static bool is_civil(enum span_unit unit)
{
    return unit == SPAN_DAYS || unit == SPAN_MONTHS || unit == SPAN_YEARS;
}

/* What the written rules say of a term without a clock, and of dates that have no time to keep. */
static enum span_clock clock_of(const struct from *from, const struct term *term)
{
    enum span_clock clock = term->clock;
    if (clock == SPAN_CLOCK_DEFAULT)
        clock = is_civil(term->unit) ? SPAN_CLOCK_SAME : SPAN_CLOCK_CLOSE;
    return clock == SPAN_CLOCK_SAME && from->is_date ? SPAN_CLOCK_CLOSE : clock;
}

static instant on_date(const struct from *from, const struct term *term, int64_t day)
{
    enum span_clock clock = clock_of(from, term);
    if (clock == SPAN_CLOCK_TIME)
        return oracle_at(from->oracle, from->calendar, day * DAY + term->minute);
    if (clock == SPAN_CLOCK_CLOSE)
        return close_of(from->oracle, from->calendar, day);
    if (day == from->day)
        return from->at;
    int64_t local = oracle_local(from->oracle, from->calendar, from->at) + (day - from->day) * DAY_MS;
    int64_t minute = floor_div(local, MINUTE_MS);
    return oracle_at(from->oracle, from->calendar, minute) + local - minute * MINUTE_MS;
}

static int64_t next_working(const struct from *from, int64_t day, int step)
{
    do
        day += step;
    while (day > first_day && day < first_day + DAYS - 1 && !is_working(from->oracle, from->calendar, day));
    return day;
}

/* From a date that the term names to the one on which it ends. */
static int64_t roll(const struct from *from, const struct term *term, int64_t day, bool backward)
{
    bool keeps_clock = clock_of(from, term) == SPAN_CLOCK_SAME;
    if (term->unit == SPAN_DAYS && keeps_clock)
        return day;
    if ((term->unit == SPAN_MONTHS || term->unit == SPAN_YEARS) && keeps_clock && !backward)
        return day;
    if (!is_working(from->oracle, from->calendar, day))
        day = next_working(from, day, backward ? -1 : 1);
    if (!backward && on_date(from, term, day) < from->at)
        day = next_working(from, day, 1);
    return day;
}

/* Days that pauses take: those in (its date, the date of the resumption], of every pause that begins before
 * `due`. */
static int64_t paused_days(const struct from *from, bool works, instant due, bool *for_ever)
{
    int64_t days = 0;
    *for_ever = false;
    for (size_t i = 0; i < from->n_pauses; i++) {
        struct pause pause = from->pauses[i];
        if (pause.from < from->at)
            pause.from = from->at;
        if (pause.to <= pause.from || pause.from >= due)
            continue;
        if (pause.to == INSTANT_NEVER) {
            *for_ever = true;
            return 0;
        }
        int64_t last = day_at(from->oracle, from->calendar, pause.to);
        for (int64_t day = day_at(from->oracle, from->calendar, pause.from) + 1; day <= last; day++)
            days += !works || is_working(from->oracle, from->calendar, day);
    }
    return days;
}

/* Walks from date to date until as many have passed as the span has and the pauses took. */
static instant walk(const struct from *from, const struct term *term, int64_t named)
{
    bool works = term->unit == SPAN_WORKING_DAYS, for_ever;
    int64_t passed = works ? 0 : named - from->day, needed = works ? term->count : passed;
    for (int64_t day = works ? from->day : named; day < first_day + DAYS - 366; day++) {
        if (works && day > from->day)
            passed += is_working(from->oracle, from->calendar, day);
        else if (!works)
            passed = day - from->day;
        if (passed < needed || (works && needed > 0 && !is_working(from->oracle, from->calendar, day)))
            continue;
        instant due = on_date(from, term, roll(from, term, day, false));
        int64_t lost = paused_days(from, works, due, &for_ever);
        if (for_ever)
            return INSTANT_NEVER;
        if (passed >= needed + lost)
            return due;
    }
    return INSTANT_NONE;
}

static instant walk_back(const struct from *from, const struct term *term)
{
    int64_t day = from->day;
    if (term->unit == SPAN_WORKING_DAYS) {
        for (int64_t n = term->count; n < 0; n++)
            day = next_working(from, day, -1);
    } else if (term->unit == SPAN_DAYS) {
        day += term->count;
    } else {
        day = months_later(day, (int)term->count * (term->unit == SPAN_YEARS ? 12 : 1));
    }
    return on_date(from, term, roll(from, term, day, true));
}

static instant numbered(const struct from *from, const struct term *term)
{
    int64_t day = from->day, number = term->unit == SPAN_DAY_NUMBER;
    if (term->unit == SPAN_WORKING_DAY_NUMBER)
        number = is_working(from->oracle, from->calendar, day);
    while (number < term->count) {
        day++;
        number += term->unit == SPAN_DAY_NUMBER || is_working(from->oracle, from->calendar, day);
    }
    return on_date(from, term, roll(from, term, day, false));
}

/* Every period there is, one after the other, until one has such a day behind the start. */
static instant of_period(const struct from *from, const struct term *term)
{
    int months = term->unit == SPAN_QUARTER_WORKING_DAY ? 3 : 1;
    for (int month = YEAR_FIRST * 12 + months; month < YEAR_LAST * 12 - months; month += months) {
        int64_t first = day_of(month / 12, month % 12 + 1, 1);
        int64_t end = months_later(first, months);
        int64_t n = 0, found = 0;
        for (int64_t i = first; i < end; i++) {
            int64_t day = term->count > 0 ? i : end - 1 - (i - first);
            n += is_working(from->oracle, from->calendar, day);
            if (n == llabs(term->count)) {
                found = day;
                break;
            }
        }
        if (found && on_date(from, term, found) > from->at)
            return on_date(from, term, found);
    }
    return INSTANT_NONE;
}

static bool is_open_at(const struct from *from, instant at)
{
    return is_open_minute(from->oracle, from->calendar, floor_div(at, MINUTE_MS));
}

/* The first minute behind `at` that is open although the one before it is not. */
static instant opening_behind(const struct from *from, instant at)
{
    for (int64_t minute = floor_div(at, MINUTE_MS) + 1; is_known(minute); minute++) {
        if (is_open_minute(from->oracle, from->calendar, minute) &&
            !is_open_minute(from->oracle, from->calendar, minute - 1))
            return minute * MINUTE_MS;
    }
    return INSTANT_NONE;
}

/* The hours end where they end by day and night; at work, and at the very close, that is the due. Else it is
 * the next opening; while somebody pauses nobody waits for it, and after the pause the next one counts. */
static instant to_opening(const struct from *from, const struct term *term)
{
    instant end = tick(from, false, term->count), at = end;
    instant alone = from->at + term->count; /* without any pause */
    if (end == INSTANT_NEVER || end == INSTANT_NONE)
        return end;
    bool works = is_open_at(from, end) || is_open_at(from, end - 1);
    bool owes = term->more_ms > 0 && !is_open_at(from, alone) && !is_open_at(from, alone - 1);
    if (works && !owes)
        return end;
    if (term->more_ms > 0) {
        struct from behind = *from;
        behind.at = works ? end : opening_behind(from, end);
        return behind.at == INSTANT_NONE ? INSTANT_NONE : tick(&behind, true, term->more_ms);
    }
    for (size_t i = 0; i < from->n_pauses; i++) {
        const struct pause *pause = &from->pauses[i];
        if (pause->to <= at || pause->from >= opening_behind(from, at))
            continue;
        if (pause->to == INSTANT_NEVER)
            return INSTANT_NEVER;
        at = pause->to;
    }
    return opening_behind(from, at);
}

static instant lead(const struct from *from, const struct term *term)
{
    if (term->unit == SPAN_ELAPSED && term->clock == SPAN_CLOCK_OPEN)
        return to_opening(from, term);
    switch (term->unit) {
    case SPAN_ELAPSED:
    case SPAN_WORKING:
        if (term->count < 0)
            return tick_back(from, term->unit == SPAN_WORKING, -term->count);
        return tick(from, term->unit == SPAN_WORKING, term->count);
    case SPAN_DAYS:
    case SPAN_WORKING_DAYS:
        return term->count < 0 ? walk_back(from, term) : walk(from, term, from->day + term->count);
    case SPAN_MONTHS:
    case SPAN_YEARS:
        if (term->count < 0)
            return walk_back(from, term);
        return walk(from, term,
                    months_later(from->day, (int)term->count * (term->unit == SPAN_YEARS ? 12 : 1)));
    case SPAN_DAY_NUMBER:
    case SPAN_WORKING_DAY_NUMBER:
        return numbered(from, term);
    case SPAN_MONTH_WORKING_DAY:
    case SPAN_QUARTER_WORKING_DAY:
        return of_period(from, term);
    case SPAN_NONE:
    case SPAN_AT_FIELD:
    case SPAN_SHARE:
        break;
    }
    return from->at;
}

/* ---- whole spans */

static instant field_due(const struct oracle *oracle, const struct oracle_question *question)
{
    const struct span *span = &question->span;
    const struct span_field *field = &question->field;
    struct term then = {span->then_unit, span->then_clock, span->then_count, span->then_minute,
                        span->then_more_ms};
    bool from_end = then.unit == SPAN_MONTH_WORKING_DAY || then.unit == SPAN_QUARTER_WORKING_DAY;
    struct from from = {.oracle = oracle, .calendar = question->calendar};
    from.day = field->is_date ? field->day : day_at(oracle, from.calendar, field->at);
    if (span->clock == SPAN_CLOCK_TIME)
        from.at = oracle_at(oracle, from.calendar, from.day * DAY + span->minute);
    else if (span->clock == SPAN_CLOCK_CLOSE)
        from.at = close_of(oracle, from.calendar, from.day);
    else if (!field->is_date)
        from.at = field->at;
    else if (then.unit == SPAN_NONE || (then.count < 0 && !from_end))
        from.at = close_of(oracle, from.calendar, from.day);
    else
        from.at = oracle_at(oracle, from.calendar, from.day * DAY);
    from.is_date = field->is_date && span->clock == SPAN_CLOCK_DEFAULT && then.unit != SPAN_NONE;
    if (!field->is_date)
        from.day = day_at(oracle, from.calendar, from.at);
    return lead(&from, &then);
}

static struct from from_start(const struct oracle *oracle, const struct oracle_question *question)
{
    bool moves = question->span.unit != SPAN_DAY_NUMBER && question->span.unit != SPAN_WORKING_DAY_NUMBER &&
                 question->span.unit != SPAN_MONTH_WORKING_DAY &&
                 question->span.unit != SPAN_QUARTER_WORKING_DAY && question->span.unit != SPAN_AT_FIELD;
    return (struct from){.oracle = oracle,
                         .calendar = question->calendar,
                         .at = question->start,
                         .day = day_at(oracle, question->calendar, question->start),
                         .pauses = question->pauses,
                         .n_pauses = moves ? question->n_pauses : 0};
}

instant oracle_due(const struct oracle *oracle, const struct oracle_question *question)
{
    const struct span *span = &question->span;
    if (span->unit == SPAN_AT_FIELD)
        return field_due(oracle, question);
    struct from from = from_start(oracle, question);
    return lead(&from, &(struct term){span->unit, span->clock, span->count, span->minute, span->more_ms});
}

instant oracle_step(const struct oracle *oracle, int calendar, const struct span *offset, instant due,
                    int32_t step_minute)
{
    struct term term = {offset->unit, offset->clock, offset->count, offset->minute, offset->more_ms};
    struct from from = {.oracle = oracle, .calendar = calendar, .at = due};
    from.day = day_at(oracle, calendar, due);
    if (term.clock == SPAN_CLOCK_DEFAULT && term.unit != SPAN_ELAPSED && term.unit != SPAN_WORKING) {
        term.clock = SPAN_CLOCK_TIME;
        term.minute = step_minute;
    }
    return lead(&from, &term);
}

/* The budget as a clock saw it pass that stood still in pauses. */
static int64_t budget_ms(const struct from *from, bool works, instant due)
{
    int64_t sum = 0;
    bool for_ever;
    for (instant at = from->at; at < due;) {
        int64_t minute = floor_div(at, MINUTE_MS);
        instant next = (minute + 1) * MINUTE_MS < due ? (minute + 1) * MINUTE_MS : due;
        if (!is_paused(from, at, &for_ever) &&
            (!works || is_open_minute(from->oracle, from->calendar, minute)))
            sum += next - at;
        at = next;
    }
    return sum;
}

instant oracle_share(const struct oracle *oracle, const struct oracle_question *question, instant due,
                     int64_t percent)
{
    struct from from = from_start(oracle, question);
    bool works = question->span.unit == SPAN_WORKING || question->span.unit == SPAN_WORKING_DAYS;
    if (due <= question->start)
        return due;
    bool opens = question->span.clock == SPAN_CLOCK_OPEN && question->span.unit == SPAN_ELAPSED;
    int64_t whole_ms = works ? budget_ms(&from, true, due) : opens ? question->span.count : 0;
    if (whole_ms == 0) {
        works = false;
        whole_ms = budget_ms(&from, false, due);
    }
    instant at = tick(&from, works, whole_ms * percent / 100);
    return at < due ? at : due;
}
