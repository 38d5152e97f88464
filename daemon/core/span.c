#include "span.h"

#include "civil.h"
#include "span_term.h"

#include <errno.h>

enum {
    YEARS_MAX = 20,
    DAYS_MAX = CALENDAR_SEARCH_DAYS,
    MONTH_DAYS_MAX = 31,
    QUARTER_DAYS_MAX = 92,
    PERCENT_MAX = 100,
};

int64_t span_count_max(enum span_unit unit)
{
    switch (unit) {
    case SPAN_ELAPSED:
    case SPAN_WORKING:
        return DAYS_MAX * DAY_MS;
    case SPAN_DAYS:
    case SPAN_WORKING_DAYS:
    case SPAN_DAY_NUMBER:
    case SPAN_WORKING_DAY_NUMBER:
        return DAYS_MAX;
    case SPAN_MONTHS:
        return YEARS_MAX * 12;
    case SPAN_YEARS:
        return YEARS_MAX;
    case SPAN_MONTH_WORKING_DAY:
        return MONTH_DAYS_MAX;
    case SPAN_QUARTER_WORKING_DAY:
        return QUARTER_DAYS_MAX;
    case SPAN_SHARE:
        return PERCENT_MAX;
    case SPAN_NONE:
    case SPAN_AT_FIELD:
        break;
    }
    return 0;
}

bool span_is_none(const struct span *span)
{
    return span->unit == SPAN_NONE;
}

bool span_is_fixed(const struct span *span)
{
    return span->unit == SPAN_AT_FIELD || span->unit == SPAN_DAY_NUMBER ||
           span->unit == SPAN_WORKING_DAY_NUMBER || span->unit == SPAN_MONTH_WORKING_DAY ||
           span->unit == SPAN_QUARTER_WORKING_DAY;
}

static bool is_of_period(enum span_unit unit)
{
    return unit == SPAN_MONTH_WORKING_DAY || unit == SPAN_QUARTER_WORKING_DAY;
}

static bool is_civil(enum span_unit unit)
{
    return unit == SPAN_DAYS || unit == SPAN_MONTHS || unit == SPAN_YEARS;
}

struct span_term span_first_term(const struct span *span)
{
    return (struct span_term){span->unit, span->clock, span->count, span->minute, span->more_ms};
}

struct span_term span_then_term(const struct span *span)
{
    return (struct span_term){span->then_unit, span->then_clock, span->then_count, span->then_minute,
                              span->then_more_ms};
}

bool span_term_is_backward(const struct span_term *term)
{
    return term->count < 0 && !is_of_period(term->unit);
}

static bool is_sane(instant at)
{
    return at >= civil_day(CIVIL_YEAR_MIN, 1, 1) * DAY_MS &&
           at < civil_day(CIVIL_YEAR_MAX + 1, 1, 1) * DAY_MS;
}

enum span_clock span_term_clock(const struct span_term *term, const struct span_base *base)
{
    if (base->is_date && (term->clock == SPAN_CLOCK_DEFAULT || term->clock == SPAN_CLOCK_SAME))
        return SPAN_CLOCK_CLOSE; /* a date has no time that could stay the same */
    if (term->clock != SPAN_CLOCK_DEFAULT)
        return term->clock;
    return is_civil(term->unit) ? SPAN_CLOCK_SAME : SPAN_CLOCK_CLOSE;
}

/* The term's time on a date. */
static instant on_day(const struct span_term *term, const struct span_base *base, int32_t day)
{
    switch (span_term_clock(term, base)) {
    case SPAN_CLOCK_TIME:
        return calendar_at(base->calendar, day, term->minute);
    case SPAN_CLOCK_SAME:
        if (day == base->day)
            return base->at; /* also where the wall clock shows this time twice */
        return zone_instant(calendar_zone(base->calendar),
                            zone_local(calendar_zone(base->calendar), base->at) + (day - base->day) * DAY_MS);
    case SPAN_CLOCK_CLOSE:
    case SPAN_CLOCK_DEFAULT:
    case SPAN_CLOCK_OPEN: /* no date has it */
        break;
    }
    return calendar_close(base->calendar, day);
}

static bool rolls(const struct span_term *term, const struct span_base *base)
{
    if (!is_civil(term->unit))
        return true;
    bool by_months = term->unit != SPAN_DAYS;
    return span_term_clock(term, base) != SPAN_CLOCK_SAME || (by_months && span_term_is_backward(term));
}

int32_t span_term_civil_day(const struct span_term *term, int32_t day)
{
    int32_t count = (int32_t)term->count;
    if (term->unit == SPAN_MONTHS)
        return civil_add_months(day, count);
    if (term->unit == SPAN_YEARS)
        return civil_add_months(day, count * 12);
    return term->unit == SPAN_DAY_NUMBER ? day + count - 1 : day + count;
}

/* The date that the term leads to, `shift` days later because of pauses, not rolled yet. */
static int target_day(const struct span_term *term, const struct span_base *base, int32_t shift, int32_t *out)
{
    if (term->unit == SPAN_WORKING_DAYS)
        return calendar_add_working_days(base->calendar, base->day, (int32_t)term->count + shift, out);
    if (term->unit == SPAN_WORKING_DAY_NUMBER)
        return calendar_add_working_days(base->calendar, base->day - 1, (int32_t)term->count, out);
    *out = span_term_civil_day(term, base->day) + shift;
    return 0;
}

/* A due that has passed on its own date when it is counted ("wday:1@09:00", opened at ten) goes to the next
 * working date: nothing is born overdue by its own span. */
static int resolve_dated(const struct span_term *term, const struct span_base *base, int32_t shift,
                         instant *out)
{
    int32_t day;
    int status = target_day(term, base, shift, &day);
    if (status < 0)
        return status;
    bool backward = span_term_is_backward(term);
    if (rolls(term, base)) {
        if (!calendar_is_working(base->calendar, day))
            status = calendar_add_working_days(base->calendar, day, backward ? -1 : 1, &day);
        if (status == 0 && !backward && on_day(term, base, day) < base->at)
            status = calendar_add_working_days(base->calendar, day, 1, &day);
    }
    if (status == 0)
        *out = on_day(term, base, day);
    return status;
}

/* The working date `count` of a period, or false if the period has fewer. */
static bool period_day(const struct calendar *calendar, int32_t first, int32_t months, int64_t count,
                       int32_t *out)
{
    int32_t next = civil_add_months(first, months);
    int32_t from = count > 0 ? first - 1 : next;
    return calendar_add_working_days(calendar, from, (int32_t)count, out) == 0 && *out >= first &&
           *out < next;
}

/* The first one after the base; on a period's first date the one before is asked, too: its last window may
 * run on through that date, but no further (calendar.h: to_min). */
static int resolve_of_period(const struct span_term *term, const struct span_base *base, instant *out)
{
    int32_t months = term->unit == SPAN_QUARTER_WORKING_DAY ? 3 : 1;
    struct civil date = civil_of(base->day);
    int32_t first = civil_day(date.year, (date.month - 1) / months * months + 1, 1);
    for (int32_t i = base->day > first ? 0 : -1; i <= YEARS_MAX * 12 / months; i++) {
        int32_t day;
        if (!period_day(base->calendar, civil_add_months(first, i * months), months, term->count, &day))
            continue;
        instant at = on_day(term, base, day);
        if (at > base->at) {
            *out = at;
            return 0;
        }
    }
    return -ERANGE;
}

/* The part of a pause that lies behind `from`; false if there is none. */
static bool pause_after(const struct pause *pause, instant from, struct pause *out)
{
    *out = *pause;
    if (out->from < from)
        out->from = from;
    return out->to > out->from;
}

int span_term_raw_end(const struct span_term *term, const struct span_base *base, const struct pause *pauses,
                      size_t n_pauses, instant *out)
{
    instant due = base->at + term->count;
    for (size_t i = 0; i < n_pauses; i++) {
        struct pause pause;
        if (!pause_after(&pauses[i], base->at, &pause))
            continue;
        if (pause.from >= due)
            break;
        if (pause.to == INSTANT_NEVER) {
            *out = INSTANT_NEVER;
            return 0;
        }
        if (__builtin_add_overflow(due, pause.to - pause.from, &due))
            return -ERANGE;
    }
    *out = due;
    return 0;
}

static int resolve_working(const struct span_term *term, const struct span_base *base,
                           const struct pause *pauses, size_t n_pauses, instant *out)
{
    int64_t left_ms = term->count;
    instant from = base->at;
    if (left_ms < 0)
        return calendar_subtract_working_ms(base->calendar, from, -left_ms, out);
    for (size_t i = 0; i < n_pauses; i++) {
        struct pause pause;
        if (!pause_after(&pauses[i], from, &pause))
            continue;
        int64_t used_ms = calendar_working_ms(base->calendar, from, pause.from);
        if (used_ms >= left_ms)
            break;
        if (pause.to == INSTANT_NEVER) {
            *out = INSTANT_NEVER;
            return 0;
        }
        left_ms -= used_ms;
        from = pause.to;
    }
    return calendar_add_working_ms(base->calendar, from, left_ms, out);
}

/* Whoever acts at the very close is still in time. */
static bool is_within(const struct calendar *calendar, instant at)
{
    return calendar_is_open(calendar, at) || calendar_is_open(calendar, at - 1);
}

/* The opening behind `raw`, or behind the resumption where a pause begins before the opening comes. */
static int open_behind(const struct span_base *base, instant raw, const struct pause *pauses, size_t n_pauses,
                       instant *out)
{
    instant opening = calendar_next_opening(base->calendar, raw);

    for (size_t i = 0; i < n_pauses; i++) {
        struct pause pause;
        if (!pause_after(&pauses[i], raw, &pause))
            continue;
        if (pause.from >= opening)
            break;
        if (pause.to == INSTANT_NEVER) {
            *out = INSTANT_NEVER;
            return 0;
        }
        opening = calendar_next_opening(base->calendar, pause.to);
    }
    if (opening == INSTANT_NEVER)
        return -ERANGE;
    *out = opening;
    return 0;
}

/* The time behind the opening is owed once the hours themselves end outside: a pause that moves their end
 * into working time takes nothing of it, or it would bring the due nearer. */
static int resolve_open(const struct span_term *term, const struct span_base *base,
                        const struct pause *pauses, size_t n_pauses, instant *out)
{
    const struct span_term more = {.unit = SPAN_WORKING, .count = term->more_ms};
    struct span_base behind = {.calendar = base->calendar};
    instant raw;
    int status = span_term_raw_end(term, base, pauses, n_pauses, &raw);

    if (status < 0)
        return status;
    bool within = raw != INSTANT_NEVER && is_within(base->calendar, raw);
    bool owes_more = term->more_ms > 0 && !is_within(base->calendar, base->at + term->count);
    if (raw == INSTANT_NEVER || (within && !owes_more)) {
        *out = raw;
        return 0;
    }
    if (term->more_ms == 0)
        return open_behind(base, raw, pauses, n_pauses, out);
    behind.at = raw;
    status = within ? 0 : open_behind(base, raw, NULL, 0, &behind.at);
    return status < 0 ? status : resolve_working(&more, &behind, pauses, n_pauses, out);
}

static int resolve_elapsed(const struct span_term *term, const struct span_base *base,
                           const struct pause *pauses, size_t n_pauses, instant *out)
{
    return term->clock == SPAN_CLOCK_OPEN ? resolve_open(term, base, pauses, n_pauses, out)
                                          : span_term_raw_end(term, base, pauses, n_pauses, out);
}

/* How many days a pause moves a due date: those in (its date, the date of the resumption]. */
static int64_t pause_days(const struct span_term *term, const struct calendar *calendar,
                          const struct pause *pause)
{
    int32_t from = calendar_day(calendar, pause->from), to = calendar_day(calendar, pause->to);
    return term->unit == SPAN_WORKING_DAYS ? calendar_count_working_days(calendar, from, to) : to - from;
}

static int resolve_days(const struct span_term *term, const struct span_base *base,
                        const struct pause *pauses, size_t n_pauses, instant *out)
{
    instant due;
    int64_t shift = 0;
    int status = resolve_dated(term, base, 0, &due);
    for (size_t i = 0; i < n_pauses && status == 0 && !span_term_is_backward(term); i++) {
        struct pause pause;
        if (!pause_after(&pauses[i], base->at, &pause))
            continue;
        if (pause.from >= due)
            break;
        if (pause.to == INSTANT_NEVER) {
            *out = INSTANT_NEVER;
            return 0;
        }
        shift += pause_days(term, base->calendar, &pause);
        status = shift > DAYS_MAX ? -ERANGE : resolve_dated(term, base, (int32_t)shift, &due);
    }
    if (status == 0)
        *out = due;
    return status;
}

int span_term_resolve(const struct span_term *term, const struct span_base *base, const struct pause *pauses,
                      size_t n_pauses, instant *out)
{
    int64_t max = span_count_max(term->unit);
    if (!is_sane(base->at) || term->count > max || term->count < -max)
        return -ERANGE;
    switch (term->unit) {
    case SPAN_ELAPSED:
        return resolve_elapsed(term, base, pauses, n_pauses, out);
    case SPAN_WORKING:
        return resolve_working(term, base, pauses, n_pauses, out);
    case SPAN_DAYS:
    case SPAN_MONTHS:
    case SPAN_YEARS:
    case SPAN_WORKING_DAYS:
        return resolve_days(term, base, pauses, n_pauses, out);
    case SPAN_DAY_NUMBER:
    case SPAN_WORKING_DAY_NUMBER:
        return term->count < 1 ? -EINVAL : resolve_dated(term, base, 0, out);
    case SPAN_MONTH_WORKING_DAY:
    case SPAN_QUARTER_WORKING_DAY:
        return term->count == 0 ? -EINVAL : resolve_of_period(term, base, out);
    case SPAN_NONE:
        *out = base->at;
        return 0;
    case SPAN_AT_FIELD:
    case SPAN_SHARE:
        break;
    }
    return -EINVAL;
}

/* What `at:FIELD` alone says: a date closes when its day does, unless a time is written. */
static instant field_instant(const struct span *span, const struct calendar *calendar,
                             const struct span_field *field)
{
    int32_t day = field->is_date ? field->day : calendar_day(calendar, field->at);
    if (span->clock == SPAN_CLOCK_TIME)
        return calendar_at(calendar, day, span->minute);
    if (span->clock == SPAN_CLOCK_CLOSE || field->is_date)
        return calendar_close(calendar, day);
    return field->at;
}

int span_begin(const struct span_request *request, struct span_base *base, struct span_term *term, bool *done,
               instant *out)
{
    const struct span *span = request->span;
    struct span_field field;

    *done = false;
    *base = (struct span_base){.calendar = request->calendar, .at = request->start};
    *term = span_first_term(span);
    if (span->unit == SPAN_AT_FIELD) {
        if (request->lookup == NULL || !request->lookup(request->lookup_data, span->field, &field))
            return -ENOENT;
        *term = span_then_term(span);
        base->at = field_instant(span, request->calendar, &field);
        base->is_date = field.is_date && span->clock == SPAN_CLOCK_DEFAULT && term->unit != SPAN_NONE;
        if (base->is_date && !span_term_is_backward(term))
            base->at = calendar_at(request->calendar, field.day, 0);
        *done = term->unit == SPAN_NONE;
        if (*done)
            *out = base->at;
        base->day = field.is_date ? field.day : calendar_day(request->calendar, base->at);
        return 0;
    }
    if (!is_sane(base->at))
        return -ERANGE;
    base->day = calendar_day(request->calendar, base->at);
    return 0;
}

int span_resolve(const struct span_request *request, instant *out)
{
    struct span_base base;
    struct span_term term;
    bool done;
    int status = span_begin(request, &base, &term, &done, out);
    if (status < 0 || done)
        return status;
    bool moves = !span_is_fixed(request->span);
    return span_term_resolve(&term, &base, request->pauses, moves ? request->n_pauses : 0, out);
}

/* The part of the time until due that no pause takes away, in working or in elapsed time. */
static int64_t unpaused_ms(const struct span_request *request, bool works, instant due)
{
    int64_t sum = works ? calendar_working_ms(request->calendar, request->start, due) : due - request->start;
    for (size_t i = 0; i < request->n_pauses; i++) {
        struct pause pause;
        if (!pause_after(&request->pauses[i], request->start, &pause) || pause.from >= due)
            continue;
        instant to = pause.to < due ? pause.to : due;
        sum -= works ? calendar_working_ms(request->calendar, pause.from, to) : to - pause.from;
    }
    return sum > 0 ? sum : 0;
}

static int share_between(const struct span_request *request, instant due, int64_t percent, instant *out)
{
    enum span_unit unit = request->span->unit;
    bool works = unit == SPAN_WORKING || unit == SPAN_WORKING_DAYS;
    bool opens = request->span->clock == SPAN_CLOCK_OPEN;
    int64_t whole_ms = works ? unpaused_ms(request, true, due) : opens ? request->span->count : 0;
    if (whole_ms == 0) {
        works = false; /* also for a budget of working time without any between its ends */
        whole_ms = unpaused_ms(request, false, due);
    }
    struct span_term term = {.unit = works ? SPAN_WORKING : SPAN_ELAPSED};
    term.count = whole_ms / PERCENT_MAX * percent + whole_ms % PERCENT_MAX * percent / PERCENT_MAX;
    struct span_base base = {.calendar = request->calendar, .at = request->start};
    return works ? resolve_working(&term, &base, request->pauses, request->n_pauses, out)
                 : resolve_elapsed(&term, &base, request->pauses, request->n_pauses, out);
}

int span_share_paused(const struct span_request *request, instant due, int64_t percent, instant *out)
{
    struct span_request moving = *request;
    if (percent < 0 || percent > PERCENT_MAX)
        return -EINVAL;
    if (!is_sane(request->start) || !is_sane(due))
        return -ERANGE;
    if (due <= request->start) {
        *out = due;
        return 0;
    }
    if (span_is_fixed(request->span))
        moving.n_pauses = 0;
    instant at;
    int status = share_between(&moving, due, percent, &at);
    if (status == 0)
        *out = at < due ? at : due;
    return status;
}

int span_share(const struct span *budget, const struct calendar *calendar, instant start, instant due,
               int64_t percent, instant *out)
{
    struct span_request request = {.span = budget, .calendar = calendar, .start = start};
    return span_share_paused(&request, due, percent, out);
}

int span_step(const struct span *offset, const struct calendar *calendar, instant due, int32_t step_minute,
              instant *out)
{
    struct span_term term = span_first_term(offset);
    if (term.unit == SPAN_NONE) {
        *out = due;
        return 0;
    }
    bool by_days = is_civil(term.unit) || term.unit == SPAN_WORKING_DAYS;
    if (!by_days && term.unit != SPAN_ELAPSED && term.unit != SPAN_WORKING)
        return -EINVAL;
    if (by_days && term.clock == SPAN_CLOCK_DEFAULT) {
        term.clock = SPAN_CLOCK_TIME;
        term.minute = step_minute;
    }
    if (!is_sane(due))
        return -ERANGE;
    struct span_base base = {.calendar = calendar, .at = due, .day = calendar_day(calendar, due)};
    return span_term_resolve(&term, &base, NULL, 0, out);
}
