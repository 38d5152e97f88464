/* What must hold of every span on every calendar, whatever the answer is.
 *   core_properties [CASES [SEED | fresh]] */
#include "cases.h"
#include "core/civil.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

enum { CASES_SHORT = 20000, SLOW_MS_MAX = 1000 };

static struct subject subject;
static long n_cases = CASES_SHORT;
static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    subject_init(&subject);
    printf("seed %" PRIu64 ", %ld cases\n", seed, n_cases);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    subject_finish(&subject);
    return 0;
}

static int resolve(const struct oracle_question *question, instant start, instant *out)
{
    struct span_request request = {.span = &question->span,
                                   .calendar = subject.calendars[question->calendar],
                                   .start = start,
                                   .pauses = question->pauses,
                                   .n_pauses = question->n_pauses};
    return span_resolve(&request, out);
}

static void ask(struct cases *cases, struct oracle_question *out, struct pause *pauses)
{
    do
        cases_question(cases, &subject, out, pauses);
    while (out->span.unit == SPAN_AT_FIELD);
}

static void fail_on(const struct oracle_question *question, const char *what, instant got)
{
    char text[CASES_TEXT_MAX], at[INSTANT_TEXT_MAX];
    fail_msg("%s: %s: %s", cases_format(&subject, question, text), what,
             zone_format(subject.zones[question->calendar], got, at));
}

static bool leads_back(const struct span *span)
{
    return span->count < 0 && span->unit != SPAN_MONTH_WORKING_DAY && span->unit != SPAN_QUARTER_WORKING_DAY;
}

/* A clock that was set forward swallows up to an hour: a wall clock time there may come before its equal. */
static bool is_near_a_change(int calendar, instant at)
{
    const struct zone *zone = subject.zones[calendar];
    return zone_offset_s(zone, at - DAY_MS) != zone_offset_s(zone, at + DAY_MS);
}

static void due_is_never_before_the_start(void **state)
{
    struct cases cases = {seed};
    struct pause pauses[ORACLE_PAUSES_MAX];
    (void)state;
    for (long i = 0; i < n_cases; i++) {
        struct oracle_question question;
        instant due;
        ask(&cases, &question, pauses);
        if (resolve(&question, question.start, &due) != 0)
            continue;
        if (leads_back(&question.span) ? due > question.start && question.span.clock == SPAN_CLOCK_DEFAULT &&
                                             question.span.unit <= SPAN_MONTHS
                                       : due < question.start)
            fail_on(&question, "on the wrong side of its start", due);
    }
}

/* Spans that keep the start's clock, or its day of a shorter month, are no functions of the start alone: from
 * 31 January at nine and from the 30th at ten one month ends on 28 February. All others are monotone. */
static bool is_monotone(const struct span *span)
{
    bool by_clock = span->clock == SPAN_CLOCK_TIME || span->clock == SPAN_CLOCK_CLOSE;
    switch (span->unit) {
    case SPAN_ELAPSED:
    case SPAN_WORKING:
    case SPAN_MONTH_WORKING_DAY:
    case SPAN_QUARTER_WORKING_DAY:
        return span->clock != SPAN_CLOCK_SAME &&
               span->more_ms == 0; /* 08:59 moves by `more`, 09:00 does not */
    case SPAN_DAYS:
    case SPAN_MONTHS:
    case SPAN_YEARS:
        return by_clock;
    case SPAN_WORKING_DAYS:
    case SPAN_DAY_NUMBER:
    case SPAN_WORKING_DAY_NUMBER:
        return by_clock || span->clock == SPAN_CLOCK_DEFAULT;
    default:
        return false;
    }
}

static void due_is_monotone_in_the_start(void **state)
{
    struct cases cases = {seed + 1};
    struct pause pauses[ORACLE_PAUSES_MAX];
    (void)state;
    for (long i = 0; i < n_cases; i++) {
        struct oracle_question question;
        instant first, second;
        ask(&cases, &question, pauses);
        question.n_pauses = 0;
        instant later = question.start + (int64_t)cases_random(&cases, i % 2 ? 2 * DAY_MS : 40 * DAY_MS);
        if (!is_monotone(&question.span) || resolve(&question, question.start, &first) != 0 ||
            resolve(&question, later, &second) != 0)
            continue;
        if (second < first)
            fail_on(&question, "a later start has an earlier due", second);
    }
}

/* A longer budget ends no earlier. */
static void due_is_monotone_in_the_count(void **state)
{
    struct cases cases = {seed + 2};
    struct pause pauses[ORACLE_PAUSES_MAX];
    (void)state;
    for (long i = 0; i < n_cases; i++) {
        struct oracle_question question;
        instant first, second;
        ask(&cases, &question, pauses);
        if (question.span.clock == SPAN_CLOCK_OPEN)
            question.n_pauses =
                0; /* who waits for an opening gets the next one; who has hours left uses these */
        if (question.span.unit > SPAN_WORKING_DAY_NUMBER || leads_back(&question.span) ||
            question.span.more_ms > 0 || resolve(&question, question.start, &first) != 0)
            continue;
        question.span.count += question.span.unit == SPAN_ELAPSED || question.span.unit == SPAN_WORKING
                                   ? 1 + (int64_t)cases_random(&cases, DAY_MS)
                                   : 1;
        if (resolve(&question, question.start, &second) != 0 || second >= first ||
            is_near_a_change(question.calendar, first))
            continue;
        fail_on(&question, "one more has an earlier due", second);
    }
}

/* A pause that ends never brings a due nearer. */
static void pauses_never_bring_due_nearer(void **state)
{
    struct cases cases = {seed + 3};
    struct pause pauses[ORACLE_PAUSES_MAX];
    (void)state;
    for (long i = 0; i < n_cases; i++) {
        struct oracle_question question;
        instant with, without;
        ask(&cases, &question, pauses);
        if (resolve(&question, question.start, &with) != 0)
            continue;
        question.n_pauses = 0;
        assert_int_equal(resolve(&question, question.start, &without), 0);
        if (with < without && !is_near_a_change(question.calendar, with))
            fail_on(&question, "paused, it is earlier", with);
    }
}

static void backward_undoes_forward(void **state)
{
    struct cases cases = {seed + 4};
    struct pause pauses[ORACLE_PAUSES_MAX];
    (void)state;
    for (long i = 0; i < n_cases; i++) {
        struct oracle_question question;
        instant due, back;
        ask(&cases, &question, pauses);
        const struct calendar *calendar = subject.calendars[question.calendar];
        enum span_unit unit = question.span.unit;
        int32_t day = calendar_day(calendar, question.start);
        question.n_pauses = 0;
        bool by_dates = unit == SPAN_WORKING_DAYS && calendar_is_working(calendar, day);
        if (leads_back(&question.span) || question.span.clock == SPAN_CLOCK_OPEN ||
            (unit != SPAN_ELAPSED && unit != SPAN_WORKING && !by_dates))
            continue;
        if (by_dates)
            question.span.clock = SPAN_CLOCK_SAME;
        assert_int_equal(resolve(&question, question.start, &due), 0);
        question.span.count = -question.span.count;
        assert_int_equal(resolve(&question, due, &back), 0);
        bool undone =
            unit == SPAN_ELAPSED ? back == question.start
            : by_dates ? calendar_day(calendar, back) == day || is_near_a_change(question.calendar, due)
                       : back >= question.start && calendar_working_ms(calendar, question.start, back) == 0;
        if (!undone)
            fail_on(&question, "does not lead back to where it came from", back);
    }
}

/* The processor's time: a busy machine makes nothing slow. */
static int64_t used_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

static struct calendar *closed_for_ever(struct zone *zone)
{
    static const struct window monday[] = {{540, 1080}};
    struct calendar *calendar = calendar_create("closed", zone);
    if (calendar == NULL || calendar_set_week(calendar, 1, monday, 1) != 0)
        abort();
    for (int32_t day = civil_day(1900, 1, 1); day < civil_day(2201, 1, 1); day += 7) {
        if (calendar_set_day(calendar, day, NULL, 0, NULL) != 0)
            abort();
    }
    if (calendar_finish(calendar) != 0)
        abort();
    return calendar;
}

/* Wild counts and starts, and a calendar without a single working date: an answer or a refusal, at once. */
static void no_search_goes_on_for_ever(void **state)
{
    static const int64_t wild[] = {0, 1, -1, 366, 7306, -7306, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
    struct calendar *closed = closed_for_ever(subject.zones[0]);
    struct cases cases = {seed + 5};
    (void)state;
    for (long i = 0; i < n_cases / 10; i++) {
        struct span span = cases_span(&cases);
        struct pause pause = {(20000 + i) * DAY_MS, i % 3 ? INSTANT_NEVER : (20000 + 2 * i) * DAY_MS};
        if (i % 4)
            span.count = wild[cases_random(&cases, sizeof wild / sizeof *wild)];
        bool is_closed = i % 2;
        struct span_request request = {.span = &span, .pauses = &pause, .n_pauses = i % 5 == 0};
        request.calendar = is_closed ? closed : subject.calendars[cases_random(&cases, ORACLE_CALENDARS)];
        request.start = i % 7 ? (20000 + (int64_t)cases_random(&cases, 5000)) * DAY_MS
                              : wild[cases_random(&cases, sizeof wild / sizeof *wild)];
        instant due = 42;
        int64_t begun_ms = used_ms();
        int status = span_resolve(&request, &due);
        if (used_ms() - begun_ms > SLOW_MS_MAX)
            fail_msg("case %ld took %lld ms", i, (long long)(used_ms() - begun_ms));
        if (status != 0 && due != 42)
            fail_msg("case %ld: refused with %d, and yet an answer", i, status);
        if (is_closed && status == 0 && span.unit == SPAN_WORKING_DAYS && span.count > 0 &&
            due != INSTANT_NEVER)
            fail_msg("case %ld: a working day where there is none", i);
    }
    calendar_destroy(closed);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(due_is_never_before_the_start), cmocka_unit_test(due_is_monotone_in_the_start),
        cmocka_unit_test(due_is_monotone_in_the_count),  cmocka_unit_test(pauses_never_bring_due_nearer),
        cmocka_unit_test(backward_undoes_forward),       cmocka_unit_test(no_search_goes_on_for_ever),
    };
    if (argc > 1)
        n_cases = strtol(argv[1], NULL, 10);
    seed = cases_seed(argc > 2 ? argv[2] : NULL);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
