/* The day-by-day count of a span, for people who doubt it. */
#include "span.h"

#include "civil.h"
#include "span_term.h"

enum { LINES_MAX = 400, DAY_MINUTES = 24 * 60 };

struct teller {
    const struct span_request *request;
    const struct span_term *term;
    const struct span_base *base;
    instant due;
    instant used_until; /* due, or where elapsed time ended before it moved to an opening */
    int32_t due_day;
    void (*line)(void *data, const struct span_day *day);
    void *data;
    int lines;
};

static void tell(struct teller *teller, const struct span_day *day)
{
    struct span_day line = *day;
    line.is_due = day->day == teller->due_day;
    if (teller->lines++ < LINES_MAX)
        teller->line(teller->data, &line);
}

static bool has_room(const struct teller *teller)
{
    return teller->lines < LINES_MAX;
}

static const struct calendar *calendar_of(const struct teller *teller)
{
    return teller->base->calendar;
}

/* Whether a pause that began before due takes this date out: it lies in (date of the pause, date of the
 * resumption]. */
static bool is_paused_date(const struct teller *teller, int32_t day)
{
    const struct span_request *request = teller->request;
    for (size_t i = 0; i < request->n_pauses; i++) {
        struct pause pause = request->pauses[i];
        if (pause.from < teller->base->at)
            pause.from = teller->base->at;
        if (pause.to <= pause.from || pause.from >= teller->due)
            continue;
        if (day > calendar_day(calendar_of(teller), pause.from) &&
            day <= calendar_day(calendar_of(teller), pause.to))
            return true;
    }
    return false;
}

/* Spans that count dates: working ones (`by_working`) or all of them, the start date as `number` or not at
 * all. */
static void tell_counted(struct teller *teller, bool by_working, bool start_counts, int32_t last)
{
    int32_t number = 0;
    for (int32_t day = teller->base->day; day <= last && has_room(teller); day++) {
        struct span_day line = {.day = day, .why = calendar_why(calendar_of(teller), day)};
        bool is_start = day == teller->base->day;
        if (is_start && !start_counts) {
            line.why = "start";
        } else if (!start_counts && is_paused_date(teller, day)) {
            line.why = "paused";
        } else if (!by_working || calendar_is_working(calendar_of(teller), day)) {
            line.counts = number < teller->term->count;
            line.number = line.counts ? ++number : 0;
        }
        tell(teller, &line);
    }
}

/* From due back to the start: every date before the first is left out. */
static void tell_backward(struct teller *teller, bool by_working, int32_t first)
{
    int32_t number = 0;
    for (int32_t day = teller->base->day; day >= first && has_room(teller); day--) {
        struct span_day line = {.day = day, .why = calendar_why(calendar_of(teller), day)};
        if (day == teller->base->day) {
            line.why = "start";
        } else if (!by_working || calendar_is_working(calendar_of(teller), day)) {
            line.counts = number < -teller->term->count;
            line.number = line.counts ? ++number : 0;
        }
        tell(teller, &line);
    }
}

/* The part of [from, to) that no pause takes away. */
static int64_t unpaused_ms(const struct teller *teller, instant from, instant to)
{
    const struct span_request *request = teller->request;
    int64_t sum = to > from ? to - from : 0;
    for (size_t i = 0; i < request->n_pauses && sum > 0; i++) {
        instant begin = request->pauses[i].from > from ? request->pauses[i].from : from;
        instant end = request->pauses[i].to < to ? request->pauses[i].to : to;
        sum -= end > begin ? end - begin : 0;
    }
    return sum;
}

/* Fills in what a date takes of a budget. */
static void use(const struct teller *teller, instant from, instant to, struct span_day *line)
{
    struct calendar_range ranges[CALENDAR_WINDOWS_MAX];
    size_t n = calendar_ranges(calendar_of(teller), line->day, ranges);
    if (teller->term->unit == SPAN_ELAPSED) {
        n = 1;
        ranges[0] = (struct calendar_range){calendar_at(calendar_of(teller), line->day, 0),
                                            calendar_at(calendar_of(teller), line->day + 1, 0)};
    }
    for (size_t i = 0; i < n; i++) {
        instant begin = ranges[i].from > from ? ranges[i].from : from;
        instant end = ranges[i].to < to ? ranges[i].to : to;
        int64_t used_ms = unpaused_ms(teller, begin, end);
        if (used_ms <= 0)
            continue;
        if (line->used_ms == 0)
            line->from = begin;
        line->to = end;
        line->used_ms += used_ms;
    }
    line->counts = line->used_ms > 0;
}

/* Spans that are used up; a night shift that began on the date before has its line, too. What moved to an
 * opening is shown up to that one. */
static void tell_used(struct teller *teller)
{
    instant from = teller->base->at, to = teller->used_until;
    if (to < from) {
        from = teller->due;
        to = teller->base->at;
    }
    int32_t first = calendar_day(calendar_of(teller), from), last = calendar_day(calendar_of(teller), to);
    for (int32_t day = first - 1; day <= last && has_room(teller); day++) {
        struct span_day line = {.day = day, .why = calendar_why(calendar_of(teller), day)};
        use(teller, from, to, &line);
        if (day >= first || line.counts)
            tell(teller, &line);
    }
    for (int32_t day = last + 1; day <= teller->due_day && has_room(teller); day++)
        tell(teller, &(struct span_day){.day = day, .why = calendar_why(calendar_of(teller), day)});
}

/* Months and years are not counted by days: the start, the date that they name, and how it rolls from there
 * to due. */
static void tell_civil(struct teller *teller, int32_t last)
{
    int32_t named = span_term_civil_day(teller->term, teller->base->day), day = named;
    int32_t step = named <= last ? 1 : -1;
    if (named != teller->base->day)
        tell(teller, &(struct span_day){.day = teller->base->day, .why = "start"});
    for (; day != last + step && has_room(teller); day += step) {
        struct span_day line = {.day = day, .why = calendar_why(calendar_of(teller), day)};
        line.counts = day == last;
        tell(teller, &line);
    }
}

/* From the first of the month or quarter to due, or from due to its end where days are counted from there. */
static void tell_period(struct teller *teller, int32_t last)
{
    int32_t months = teller->term->unit == SPAN_QUARTER_WORKING_DAY ? 3 : 1;
    struct civil date = civil_of(last);
    int32_t first = civil_day(date.year, (date.month - 1) / months * months + 1, 1);
    int32_t end = last;
    int32_t number = 0;
    if (teller->term->count < 0) {
        first = last;
        end = civil_add_months(civil_day(date.year, (date.month - 1) / months * months + 1, 1), months) - 1;
        number = (int32_t)teller->term->count - 1;
    }
    for (int32_t day = first; day <= end && has_room(teller); day++) {
        struct span_day line = {.day = day, .why = calendar_why(calendar_of(teller), day)};
        line.counts = calendar_is_working(calendar_of(teller), day);
        line.number = line.counts ? ++number : 0;
        tell(teller, &line);
    }
}

static bool is_budget(enum span_unit unit)
{
    return unit == SPAN_ELAPSED || unit == SPAN_WORKING;
}

/* The last date that a budget uses (the first one, backwards): the night before, if its window runs on to
 * due. */
static int32_t budget_date(const struct teller *teller, int32_t day)
{
    instant from = teller->base->at, to = teller->due;
    if (to < from) {
        from = teller->due;
        to = teller->base->at;
    }
    bool forward = teller->term->count >= 0;
    struct span_day today = {.day = day}, night = {.day = day - 1};
    use(teller, from, to, &today);
    use(teller, from, to, &night);
    return (forward ? !today.counts : night.counts) && night.counts ? day - 1 : day;
}

/* The date whose close or time `due` is: that of a night shift's close, and of 24:00, is the date before. */
static int32_t due_date(const struct teller *teller)
{
    int32_t day = calendar_day(calendar_of(teller), teller->due);
    enum span_clock clock = span_term_clock(teller->term, teller->base);
    if (is_budget(teller->term->unit))
        return budget_date(teller, day);
    if (clock == SPAN_CLOCK_SAME) /* what counts from a night's close keeps a time of the morning after */
        return day - (calendar_day(calendar_of(teller), teller->base->at) - teller->base->day);
    if (clock == SPAN_CLOCK_TIME)
        return teller->term->minute == DAY_MINUTES ? day - 1 : day;
    if (clock == SPAN_CLOCK_CLOSE && calendar_close(calendar_of(teller), day) != teller->due &&
        calendar_close(calendar_of(teller), day - 1) == teller->due)
        return day - 1;
    return day;
}

static void tell_all(struct teller *teller)
{
    const struct span_term *term = teller->term;
    int32_t last = teller->due_day;
    bool by_working = term->unit == SPAN_WORKING_DAYS || term->unit == SPAN_WORKING_DAY_NUMBER;
    switch (term->unit) {
    case SPAN_ELAPSED:
    case SPAN_WORKING:
        tell_used(teller);
        break;
    case SPAN_DAYS:
    case SPAN_WORKING_DAYS:
        if (term->count < 0)
            tell_backward(teller, by_working, last);
        else
            tell_counted(teller, by_working, false, last);
        break;
    case SPAN_DAY_NUMBER:
    case SPAN_WORKING_DAY_NUMBER:
        tell_counted(teller, by_working, true, last);
        break;
    case SPAN_MONTHS:
    case SPAN_YEARS:
        tell_civil(teller, last);
        break;
    case SPAN_MONTH_WORKING_DAY:
    case SPAN_QUARTER_WORKING_DAY:
        tell_period(teller, last);
        break;
    case SPAN_NONE:
    case SPAN_AT_FIELD:
    case SPAN_SHARE:
        tell(teller,
             &(struct span_day){.day = last, .counts = true, .why = calendar_why(calendar_of(teller), last)});
        break;
    }
}

int span_explain(const struct span_request *request, void (*line)(void *data, const struct span_day *day),
                 void *data, instant *out)
{
    struct span_base base;
    struct span_term term;
    bool done;
    instant due;
    int status = span_resolve(request, &due);
    if (status < 0)
        return status;
    instant ignored;
    status = span_begin(request, &base, &term, &done, &ignored);
    if (status < 0)
        return status;
    struct span_request effective = *request;
    if (span_is_fixed(request->span) || span_term_is_backward(&term))
        effective.n_pauses = 0;
    if (due != INSTANT_NEVER) {
        struct teller teller = {&effective, &term, &base, due, due, 0, line, data, 0};
        if (term.clock == SPAN_CLOCK_OPEN)
            (void)span_term_raw_end(&term, &base, effective.pauses, effective.n_pauses, &teller.used_until);
        teller.due_day = due_date(&teller);
        tell_all(&teller);
    }
    *out = due;
    return 0;
}
