/* Random questions to core/span and to the oracle: the answers must be the same.
 *   core_oracle [CASES [SEED | fresh]]      a failing seed, given again, asks the same questions */
#include "cases.h"
#include "core/civil.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

enum { CASES_SHORT = 20000, WRONG_SHOWN = 10, LINES_TOLD_MAX = 400 };

static struct subject subject;
static struct oracle *oracle;
static long n_cases = CASES_SHORT;
static uint64_t seed;
static int wrong;

static int set_up(void **state)
{
    (void)state;
    subject_init(&subject);
    oracle = oracle_create();
    printf("seed %" PRIu64 ", %ld cases\n", seed, n_cases);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    oracle_destroy(oracle);
    subject_finish(&subject);
    return 0;
}

static bool lookup(const void *data, const char *field, struct span_field *out)
{
    (void)field;
    *out = *(const struct span_field *)data;
    return true;
}

static struct span_request request_of(const struct oracle_question *question)
{
    return (struct span_request){&question->span,    subject.calendars[question->calendar],
                                 question->start,    question->pauses,
                                 question->n_pauses, lookup,
                                 &question->field};
}

static void complain(const struct oracle_question *question, const char *what, instant got, instant expected)
{
    char text[CASES_TEXT_MAX], left[INSTANT_TEXT_MAX] = "never", right[INSTANT_TEXT_MAX] = "never";
    const struct zone *zone = subject.zones[question->calendar];
    if (wrong++ >= WRONG_SHOWN)
        return;
    if (got != INSTANT_NEVER)
        zone_format(zone, got, left);
    if (expected != INSTANT_NEVER)
        zone_format(zone, expected, right);
    print_error("%s: %s is %s, not %s\n", cases_format(&subject, question, text), what, left, right);
}

/* What the ledger adds up to. */
struct ledger {
    int lines, counted, dues, last_number;
    int64_t used_ms;
    int32_t last_day, step; /* 1: forwards, -1: backwards, from the second line on */
    bool ordered;
};

static void ledger_on_day(void *data, const struct span_day *day)
{
    struct ledger *ledger = data;
    int32_t step = day->day > ledger->last_day ? 1 : day->day < ledger->last_day ? -1 : 0;
    if (ledger->lines == 1)
        ledger->step = step;
    if (ledger->lines > 0 && (step == 0 || step != ledger->step))
        ledger->ordered = false;
    ledger->lines++;
    ledger->counted += day->counts;
    ledger->dues += day->is_due;
    ledger->used_ms += day->used_ms;
    ledger->last_day = day->day;
    if (day->number != 0)
        ledger->last_number = day->number;
}

static bool ledger_holds(enum span_unit unit, int64_t count, const struct ledger *ledger)
{
    int64_t size = count < 0 ? -count : count;
    if (ledger->lines >= LINES_TOLD_MAX)
        return true; /* it was cut */
    if (ledger->dues != 1)
        return false;
    switch (unit) {
    case SPAN_ELAPSED:
    case SPAN_WORKING:
        return ledger->used_ms == size;
    case SPAN_WORKING_DAYS:
    case SPAN_WORKING_DAY_NUMBER:
        return ledger->counted == size && ledger->last_number == size;
    case SPAN_MONTH_WORKING_DAY:
    case SPAN_QUARTER_WORKING_DAY:
        return ledger->counted == size && ledger->last_number == (count > 0 ? count : -1);
    default:
        return ledger->lines > 0;
    }
}

static void check_ledger(const struct oracle_question *question, instant due)
{
    struct span_request request = request_of(question);
    struct ledger ledger = {.ordered = true};
    const struct span *span = &question->span;
    bool of_field = span->unit == SPAN_AT_FIELD;
    instant told = INSTANT_NONE;
    if (span_explain(&request, ledger_on_day, &ledger, &told) != 0 || told != due)
        complain(question, "the explained due", told, due);
    if (due != INSTANT_NEVER &&
        (!ledger.ordered || !ledger_holds(of_field ? span->then_unit : span->unit,
                                          of_field ? span->then_count : span->count, &ledger)))
        complain(question, "the ledger does not add up; its due", told, due);
}

static void check_share(struct cases *cases, const struct oracle_question *question, instant due)
{
    struct span_request request = request_of(question);
    int64_t percent = (int64_t)cases_random(cases, 101);
    instant got = INSTANT_NONE, expected = oracle_share(oracle, question, due, percent);
    if (span_share_paused(&request, due, percent, &got) != 0 || got != expected)
        complain(question, "a share", got, expected);
}

static void dues_agree(void **state)
{
    struct cases cases = {seed};
    struct pause pauses[ORACLE_PAUSES_MAX];
    long asked = 0;
    (void)state;
    wrong = 0;
    for (long i = 0; i < n_cases; i++) {
        struct oracle_question question;
        cases_question(&cases, &subject, &question, pauses);
        instant expected = oracle_due(oracle, &question), got = INSTANT_NONE;
        if (expected == INSTANT_NONE)
            continue; /* behind the years that the oracle knows */
        asked++;
        struct span_request request = request_of(&question);
        if (span_resolve(&request, &got) != 0 || got != expected) {
            complain(&question, "due", got, expected);
            continue;
        }
        check_ledger(&question, got);
        if (got != INSTANT_NEVER && got - question.start < 30 * DAY_MS && question.span.unit != SPAN_AT_FIELD)
            check_share(&cases, &question, got);
    }
    assert_int_equal(wrong, 0);
    assert_true(asked >= n_cases / 10 * 9);
}

static void steps_agree(void **state)
{
    struct cases cases = {seed + 1};
    (void)state;
    wrong = 0;
    for (long i = 0; i < n_cases / 4; i++) {
        struct oracle_question question = {.calendar = (int)cases_random(&cases, ORACLE_CALENDARS)};
        question.start = cases_start(&cases, &subject, question.calendar);
        question.span = cases_offset(&cases);
        int32_t minute = (int32_t)cases_random(&cases, 1440);
        instant got = INSTANT_NONE;
        instant expected = oracle_step(oracle, question.calendar, &question.span, question.start, minute);
        if (expected == INSTANT_NONE)
            continue;
        if (span_step(&question.span, subject.calendars[question.calendar], question.start, minute, &got) !=
                0 ||
            got != expected)
            complain(&question, "the step", got, expected);
    }
    assert_int_equal(wrong, 0);
}

static void working_time_agrees(void **state)
{
    struct cases cases = {seed + 2};
    (void)state;
    wrong = 0;
    for (long i = 0; i < n_cases / 4; i++) {
        struct oracle_question question = {.calendar = (int)cases_random(&cases, ORACLE_CALENDARS)};
        const struct calendar *calendar = subject.calendars[question.calendar];
        instant from = question.start = cases_start(&cases, &subject, question.calendar);
        instant to = from + (int64_t)cases_random(&cases, (uint64_t)(10 * DAY_MS));
        int64_t expected = oracle_working_ms(oracle, question.calendar, from, to);
        if (calendar_working_ms(calendar, from, to) != expected)
            complain(&question, "the working time", from + calendar_working_ms(calendar, from, to),
                     from + expected);
        if (calendar_is_open(calendar, from) != oracle_is_open(oracle, question.calendar, from))
            complain(&question, "open or not", from, from);
        instant next = calendar_next_open(calendar, from);
        if (!oracle_is_open(oracle, question.calendar, next) ||
            oracle_working_ms(oracle, question.calendar, from, next) != 0)
            complain(&question, "the next opening", next, from);
        if (zone_local(calendar_zone(calendar), from) != oracle_local(oracle, question.calendar, from))
            complain(&question, "the wall clock", from, from);
    }
    assert_int_equal(wrong, 0);
}

/* Every hour at which a clock of the zones changes, until 2044, from both sides. */
static void every_change_of_the_clock_agrees(void **state)
{
    (void)state;
    wrong = 0;
    for (int calendar = 0; calendar < ORACLE_CALENDARS; calendar++) {
        for (instant at = civil_day(2022, 1, 1) * DAY_MS; at < civil_day(2044, 1, 1) * DAY_MS;
             at += 30 * MINUTE_MS) {
            struct oracle_question question = {.calendar = calendar, .start = at};
            const struct zone *zone = subject.zones[calendar];
            int64_t local = zone_local(zone, at), expected = oracle_local(oracle, calendar, at);
            if (local != expected)
                complain(&question, "the wall clock", local, expected);
            if (zone_instant(zone, at) != oracle_at(oracle, calendar, at / MINUTE_MS))
                complain(&question, "the instant of that wall clock", zone_instant(zone, at),
                         oracle_at(oracle, calendar, at / MINUTE_MS));
        }
    }
    assert_int_equal(wrong, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dues_agree),
        cmocka_unit_test(steps_agree),
        cmocka_unit_test(working_time_agrees),
        cmocka_unit_test(every_change_of_the_clock_agrees),
    };
    if (argc > 1)
        n_cases = strtol(argv[1], NULL, 10);
    seed = cases_seed(argc > 2 ? argv[2] : NULL);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
