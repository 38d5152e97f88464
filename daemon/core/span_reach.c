/* Which dates a span's answer depends on. */
#include "civil.h"
#include "span_term.h"

static bool works(enum span_unit unit)
{
    return unit == SPAN_WORKING || unit == SPAN_WORKING_DAYS || unit == SPAN_WORKING_DAY_NUMBER ||
           unit == SPAN_MONTH_WORKING_DAY || unit == SPAN_QUARTER_WORKING_DAY;
}

/* Elapsed time never looks at the calendar unless it ends in working hours only; civil days only where the
 * last one must be a working date or shows when that date closes. */
static bool needs_calendar(const struct span_term *term, const struct span_base *base)
{
    if (works(term->unit) || term->unit == SPAN_DAY_NUMBER || term->clock == SPAN_CLOCK_OPEN)
        return true;
    if (term->unit != SPAN_DAYS && term->unit != SPAN_MONTHS && term->unit != SPAN_YEARS)
        return false;
    bool same = term->clock == SPAN_CLOCK_SAME || (term->clock == SPAN_CLOCK_DEFAULT && !base->is_date);
    return !same || (term->unit != SPAN_DAYS && span_term_is_backward(term));
}

static void stretch(int32_t day, int32_t *first, int32_t *last)
{
    *first = day < *first ? day : *first;
    *last = day > *last ? day : *last;
}

/* The Nth working day of a period depends on those before it, the Nth last on those behind it. */
static void stretch_period(const struct span_term *term, int32_t day, int32_t *first, int32_t *last)
{
    int32_t months = term->unit == SPAN_QUARTER_WORKING_DAY ? 3 : 1;
    struct civil date = civil_of(day);
    int32_t begin = civil_day(date.year, (date.month - 1) / months * months + 1, 1);

    stretch(term->count > 0 ? begin : civil_add_months(begin, months) - 1, first, last);
}

/* From the date on which the elapsed time ends by itself to the one on which there is an opening. */
static bool reach_of_opening(const struct span_request *request, const struct span_term *term,
                             const struct span_base *base, int32_t day, int32_t *first, int32_t *last)
{
    size_t n_pauses = span_is_fixed(request->span) ? 0 : request->n_pauses;
    instant raw;

    if (span_term_raw_end(term, base, request->pauses, n_pauses, &raw) < 0 || raw == INSTANT_NEVER)
        return false;
    *first = *last = calendar_day(request->calendar, raw);
    stretch(day, first, last);
    return true;
}

bool span_reach(const struct span_request *request, instant answer, int32_t *first, int32_t *last)
{
    struct span_base base;
    struct span_term term;
    instant field;
    bool done;

    if (answer == INSTANT_NEVER || span_begin(request, &base, &term, &done, &field) < 0 || done ||
        !needs_calendar(&term, &base))
        return false;
    int32_t day = calendar_day(request->calendar, answer);
    if (term.clock == SPAN_CLOCK_OPEN)
        return reach_of_opening(request, &term, &base, day, first, last);
    bool counts = works(term.unit);
    *first = *last = counts ? base.day : day;
    stretch(day, first, last);
    if (!counts)
        stretch(span_term_civil_day(&term, base.day), first, last); /* from where it rolled */
    if (term.unit == SPAN_MONTH_WORKING_DAY || term.unit == SPAN_QUARTER_WORKING_DAY)
        stretch_period(&term, day, first, last);
    return true;
}
