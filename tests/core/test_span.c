#include "core/span.h"

#include "calendar_fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct fixture fixture;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_finish(&fixture);
    return 0;
}

static struct span span_of(const char *text)
{
    struct span span;
    const char *why = "";
    if (span_parse(text, &span, &why) != 0)
        fail_msg("%s: %s", text, why);
    return span;
}

static const struct calendar *calendar_named(const char *name)
{
    return fixture_find(&fixture, name);
}

static instant at_local(const char *text)
{
    return fixture_local(calendar_named("CN-STD"), text);
}

static const char *shown(const struct calendar *calendar, instant at, char *into)
{
    return zone_format(calendar_zone(calendar), at, into);
}

/* "2026-11-06T17:00+08:00" has no seconds in the vectors. */
static instant vector_instant(const char *text)
{
    char whole[40];
    instant at;
    snprintf(whole, sizeof whole, "%.16s:00%s", text, text + 16);
    assert_true(instant_parse(whole, &at));
    return at;
}

struct vector {
    char id[8], calendar[16], start[24], rule[96], due[32];
};

static void resolve_vector(const struct vector *vector, struct span_request *request, instant *out)
{
    char rule[96];
    struct span span;
    struct pause pause;
    snprintf(rule, sizeof rule, "%s", vector->rule);
    char *paused = strstr(rule, ";pause=");
    if (paused) {
        *paused = '\0';
        char *slash = strchr(paused + 7, '/');
        *slash = '\0';
        pause.from = fixture_local(request->calendar, paused + 7);
        pause.to = fixture_local(request->calendar, slash + 1);
        request->pauses = &pause;
        request->n_pauses = 1;
    }
    span = span_of(rule);
    request->span = &span;
    int status = span_resolve(request, out);
    request->span = NULL;
    request->pauses = NULL;
    if (status != 0)
        fail_msg("%s: %s from %s: status %d", vector->id, vector->rule, vector->start, status);
}

static void vectors_hold(void **state)
{
    (void)state;
    char line[FIXTURE_LINE_MAX], got[INSTANT_TEXT_MAX];
    int cases = 0, wrong = 0;
    FILE *file = fopen(TEST_SOURCE_DIR "/vectors/working-time.tsv", "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    while (fgets(line, sizeof line, file)) {
        struct vector vector;
        instant due;
        if (sscanf(line, "%7s %15s %23s %95s %31s", vector.id, vector.calendar, vector.start, vector.rule,
                   vector.due) != 5)
            fail_msg("cannot be read: %s", line);
        const struct calendar *calendar = calendar_named(vector.calendar);
        struct span_request request = {.calendar = calendar, .start = fixture_local(calendar, vector.start)};
        resolve_vector(&vector, &request, &due);
        cases++;
        if (due != vector_instant(vector.due)) {
            wrong++;
            print_error("%s %s from %s on %s: %s, not %s\n", vector.id, vector.rule, vector.start,
                        vector.calendar, vector.due, shown(calendar, due, got));
        }
    }
    fclose(file);
    assert_int_equal(wrong, 0);
    assert_true(cases >= 50);
}

struct event_field {
    const char *name, *value;
};

static bool lookup(const void *data, const char *name, struct span_field *out)
{
    const struct event_field *field = data;
    return strcmp(field->name, name) == 0 && span_field_parse(field->value, out);
}

static int resolve(const char *calendar, const char *start, const char *text, const struct event_field *field,
                   instant *out)
{
    struct span span = span_of(text);
    struct span_request request = {.span = &span, .calendar = calendar_named(calendar)};
    request.start = fixture_local(request.calendar, start);
    request.lookup = field ? lookup : NULL;
    request.lookup_data = field;
    return span_resolve(&request, out);
}

static void spans_lead_where_they_should(void **state)
{
    static const struct {
        const char *calendar, *start, *span, *due;
    } cases[] = {
        /* A due that has passed on its own day goes to the next working date. */
        {"CN-STD", "2026-11-09T10:00", "wday:1@09:00", "2026-11-10T09:00"},
        {"CN-STD", "2026-11-09T10:00", "wday:1@10:00", "2026-11-09T10:00"},
        {"CN-STD", "2026-11-06T19:00", "day:1@18:00", "2026-11-09T18:00"},
        {"CN-STD", "2026-11-06T19:00", "0wd", "2026-11-09T18:00"},
        {"CN-STD", "2026-11-06T10:00", "0wd", "2026-11-06T18:00"},
        {"CN-STD", "2026-11-07T10:00", "0wd", "2026-11-09T18:00"},
        {"CN-STD", "2026-11-06T10:00", "0d@09:00", "2026-11-09T09:00"},
        {"CN-STD", "2026-11-06T10:00", "0d", "2026-11-06T10:00"},
        {"CN-STD", "2026-11-06T22:00", "0wh", "2026-11-06T22:00"},
        /* Days without a time keep their clock and never roll. */
        {"CN-STD", "2026-11-06T17:31:07", "1d", "2026-11-07T17:31:07"},
        {"CN-STD", "2026-11-06T17:00", "1d@same", "2026-11-07T17:00"},
        {"CN-STD", "2026-11-06T17:00", "1d@17:00", "2026-11-09T17:00"},
        {"CN-STD", "2026-11-06T17:31", "3wd@same", "2026-11-11T17:31"},
        {"CN-STD", "2026-11-06T17:00", "1d@24:00", "2026-11-10T00:00"},
        {"CN-STD", "2026-09-24T09:00", "day:3", "2026-09-28T18:00"},
        {"CN-STD", "2026-09-24T09:00", "day:3@same", "2026-09-28T09:00"},
        {"CN-STD", "2026-09-26T09:00", "wday:1", "2026-09-28T18:00"},
        {"CN-SAT", "2026-11-13T09:00", "1wd", "2026-11-14T12:00"},
        {"US-NIGHT", "2025-03-08T12:00", "1wd", "2025-03-10T06:00"},
        {"US-247", "2025-11-01T01:30", "1d", "2025-11-02T01:30"},
        /* The Nth working day of a period that has it, after the start. */
        {"CN-STD", "2026-10-13T17:59", "wdom:5@18:00", "2026-10-13T18:00"},
        {"CN-STD", "2026-10-13T18:00", "wdom:5@18:00", "2026-11-06T18:00"},
        {"CN-STD", "2026-10-31T12:00", "wdom:-1", "2026-11-30T18:00"},
        {"CN-STD", "2026-01-15T12:00", "wdom:20", "2026-01-29T18:00"},
        {"CN-STD", "2026-02-01T12:00", "wdom:20", "2026-03-27T18:00"},      /* February has 16 */
        {"CN-STD", "2026-12-31T19:00", "wdom:1@09:00", "2027-01-01T09:00"}, /* no data for 2027 yet */
        {"CN-STD", "2026-12-31T18:00", "wdoq:-1@18:00", "2027-03-31T18:00"},
        {"US-NIGHT", "2025-11-01T03:00", "wdom:-1", "2025-11-01T06:00"}, /* the night of October 31 */
        /* Backwards. */
        {"CN-STD", "2026-02-24T10:00", "-4wh", "2026-02-14T15:00"},
        {"CN-STD", "2026-02-24T10:00", "-1wh", "2026-02-24T09:00"},
        {"CN-STD", "2026-11-09T12:30", "-1wh", "2026-11-09T11:00"},
        {"CN-STD", "2026-11-09T10:00", "-24h", "2026-11-08T10:00"},
        {"CN-STD", "2026-11-09T10:00", "-1wd@10:00", "2026-11-06T10:00"},
        {"CN-STD", "2026-11-09T10:00", "-1wd", "2026-11-06T18:00"},
        {"CN-STD", "2026-11-09T10:00", "-1wd@same", "2026-11-06T10:00"},
        {"CN-STD", "2026-11-09T10:00", "-2d", "2026-11-07T10:00"},
        {"CN-STD", "2026-11-09T10:00", "-2d@10:00", "2026-11-06T10:00"},
        {"CN-STD", "2026-12-08T10:00", "-1mo", "2026-11-06T10:00"}, /* 11-08 is a Sunday: rolls back */
        {"CN-STD", "2027-02-28T10:00", "-1y", "2026-02-28T10:00"},
        {"CN-STD", "2026-11-09T10:00", "20y", "2046-11-09T10:00"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct calendar *calendar = calendar_named(cases[i].calendar);
        char got[INSTANT_TEXT_MAX];
        instant due = INSTANT_NONE;
        int status = resolve(cases[i].calendar, cases[i].start, cases[i].span, NULL, &due);
        if (status != 0 || due != fixture_local(calendar, cases[i].due))
            fail_msg("%s from %s on %s: %s, not %s (status %d)", cases[i].span, cases[i].start,
                     cases[i].calendar, cases[i].due, shown(calendar, due, got), status);
    }
}

/* A shift of the month's last date that runs on to the end of the next month's first: up to there it is still
 * the last working day of the month before. */
static void a_month_ends_with_its_last_shift(void **state)
{
    static const struct window night[] = {{1320, 2880}};
    static const struct {
        const char *start, *due;
    } cases[] = {{"2026-10-31T12:00", "2026-11-02T00:00"},
                 {"2026-11-01T23:59", "2026-11-02T00:00"},
                 {"2026-11-02T00:00", "2026-12-02T00:00"}};
    struct calendar *calendar = calendar_create("shifts", fixture.zones[0]);
    struct span span = span_of("wdom:-1");
    (void)state;
    for (int32_t weekday = 1; weekday <= 7; weekday++)
        assert_int_equal(calendar_set_week(calendar, weekday, night, 1), 0);
    assert_int_equal(calendar_finish(calendar), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span_request request = {
            .span = &span, .calendar = calendar, .start = at_local(cases[i].start)};
        instant due;
        assert_int_equal(span_resolve(&request, &due), 0);
        if (due != at_local(cases[i].due))
            fail_msg("wdom:-1 from %s", cases[i].start);
    }
    calendar_destroy(calendar);
}

static void fields_lead_where_they_should(void **state)
{
    static const struct {
        const char *span, *value, *due;
    } cases[] = {
        {"at:f", "2026-12-31T18:30:00+08:00", "2026-12-31T18:30"},
        {"at:f", "2026-12-31T18:30:00Z", "2027-01-01T02:30"},
        {"at:f", "2026-12-31", "2026-12-31T18:00"},
        {"at:f", "2026-11-08", "2026-11-08T18:00"}, /* a Sunday stays what it is */
        {"at:f@12:00", "2026-12-31", "2026-12-31T12:00"},
        {"at:f@12:00", "2026-12-31T18:30:00+08:00", "2026-12-31T12:00"},
        {"at:f@close", "2026-12-31T08:30:00+08:00", "2026-12-31T18:00"},
        /* A date: its close for spans that lead back. */
        {"at:f - 5wd", "2026-11-13", "2026-11-06T18:00"},
        {"at:f - 5wd", "2026-11-15", "2026-11-09T18:00"},
        {"at:f - 5wd@10:00", "2026-11-13", "2026-11-06T10:00"},
        {"at:f - 4wh", "2026-11-13", "2026-11-13T14:00"},
        {"at:f - 24h", "2026-11-13", "2026-11-12T18:00"},
        {"at:f - 3d", "2026-11-11", "2026-11-06T18:00"},
        {"at:f - 1mo", "2026-12-10", "2026-11-10T18:00"},
        {"at:f - 1mo", "2026-12-15", "2026-11-13T18:00"}, /* 11-15 is a Sunday: rolls back */
        {"at:f - 2mo", "2026-12-01", "2026-09-30T18:00"},
        {"at:f - 1mo", "2026-12-15T09:00:00+08:00", "2026-11-13T09:00"},
        {"at:f@09:00 - 1mo", "2026-12-15", "2026-11-13T09:00"},
        /* And the day itself for spans that lead on. */
        {"at:f + 4wh", "2026-11-13", "2026-11-13T14:00"},
        {"at:f + 24h", "2026-11-13", "2026-11-14T00:00"},
        {"at:f + 5wd", "2026-11-13", "2026-11-20T18:00"},
        {"at:f + 1wd@same", "2026-11-13", "2026-11-16T18:00"},
        {"at:f + 1d", "2026-11-13", "2026-11-16T18:00"},
        {"at:f + 1mo", "2026-11-13", "2026-12-14T18:00"},
        {"at:f + wday:1", "2026-11-13", "2026-11-13T18:00"},
        {"at:f + wdom:5@18:00", "2026-10-31", "2026-11-06T18:00"},
        {"at:f + wdom:5@18:00", "2026-11-06", "2026-11-06T18:00"},
        {"at:f + wdoq:-1", "2026-10-31", "2026-12-31T18:00"},
        {"at:f@12:00 + 2h", "2026-11-13", "2026-11-13T14:00"},
        {"at:f", "2061-05-05T08:00:00+08:00", "2061-05-05T08:00"}, /* retirement is not looked for */
    };
    (void)state;
    const struct calendar *calendar = calendar_named("CN-STD");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct event_field field = {"f", cases[i].value};
        char got[INSTANT_TEXT_MAX];
        instant due = INSTANT_NONE;
        int status = resolve("CN-STD", "2026-11-20T10:00", cases[i].span, &field, &due);
        if (status != 0 || due != fixture_local(calendar, cases[i].due))
            fail_msg("%s with %s: %s, not %s (status %d)", cases[i].span, cases[i].value, cases[i].due,
                     shown(calendar, due, got), status);
    }
}

static void what_cannot_be_resolved_says_why(void **state)
{
    static const struct event_field none = {"g", "2026-11-13"}, broken = {"f", "tomorrow"};
    instant due = 42;
    (void)state;
    assert_int_equal(resolve("CN-STD", "2026-11-20T10:00", "at:f", NULL, &due), -ENOENT);
    assert_int_equal(resolve("CN-STD", "2026-11-20T10:00", "at:f", &none, &due), -ENOENT);
    assert_int_equal(resolve("CN-STD", "2026-11-20T10:00", "at:f - 5wd", &broken, &due), -ENOENT);
    assert_int_equal(resolve("CN-STD", "2026-11-20T10:00", "75%", NULL, &due), -EINVAL);
    assert_int_equal(resolve("CN-STD", "2026-11-20T10:00", "wdom:31", NULL, &due), -ERANGE);
    assert_int_equal(resolve("CN-STD", "2026-11-20T10:00", "7000wd", NULL, &due), -ERANGE);
    assert_int_equal(resolve("CN-STD", "2026-11-20T10:00", "100000wh", NULL, &due), -ERANGE);
    assert_int_equal(resolve("CN-STD", "2026-11-20T10:00", "-100000wh", NULL, &due), -ERANGE);
    struct span wild = {.unit = SPAN_ELAPSED, .count = INT64_MAX};
    struct span_request request = {.span = &wild, .calendar = calendar_named("CN-STD"), .start = 0};
    assert_int_equal(span_resolve(&request, &due), -ERANGE);
    wild = span_of("5wd");
    request.start = INSTANT_NEVER;
    assert_int_equal(span_resolve(&request, &due), -ERANGE);
    request.start = INSTANT_NONE;
    assert_int_equal(span_resolve(&request, &due), -ERANGE);
    assert_int_equal(due, 42);
    wild = (struct span){.unit = SPAN_NONE};
    request.start = 7;
    assert_int_equal(span_resolve(&request, &due), 0);
    assert_int_equal(due, 7);
    assert_true(span_is_none(&wild));
}

static void assert_paused_due(size_t number, const char *start, const char *text, const char *const *times,
                              const char *wanted)
{
    struct span span = span_of(text);
    struct pause pauses[2];
    struct span_request request = {.span = &span, .calendar = calendar_named("CN-STD"), .pauses = pauses};
    char got[INSTANT_TEXT_MAX];
    instant due = INSTANT_NONE;

    request.start = at_local(start);
    for (size_t k = 0; k < 4 && times[k]; k += 2)
        pauses[request.n_pauses++] =
            (struct pause){at_local(times[k]), times[k + 1] ? at_local(times[k + 1]) : INSTANT_NEVER};
    int status = span_resolve(&request, &due);
    if (status != 0 || due != (wanted ? at_local(wanted) : INSTANT_NEVER))
        fail_msg("case %zu, %s from %s: %s, not %s (status %d)", number, text, start,
                 wanted ? wanted : "never", shown(request.calendar, due, got), status);
}

static void pauses_are_taken_out(void **state)
{
    static const struct {
        const char *start, *span;
        const char *pauses[4]; /* from, to, from, to */
        const char *due;       /* NULL: never, while the pause lasts */
    } cases[] = {
        {"2026-11-09T10:00", "24h", {"2026-11-09T12:00", "2026-11-09T15:00"}, "2026-11-10T13:00"},
        {"2026-11-09T10:00",
         "24h",
         {"2026-11-09T12:00", "2026-11-09T15:00", "2026-11-10T11:00", "2026-11-10T12:00"},
         "2026-11-10T14:00"},
        {"2026-11-09T10:00", "24h", {"2026-11-10T10:00", "2026-11-10T12:00"}, "2026-11-10T10:00"},
        {"2026-11-09T10:00", "24h", {"2026-11-09T08:00", "2026-11-09T12:00"}, "2026-11-10T12:00"},
        {"2026-11-09T10:00", "24h", {"2026-11-08T08:00", "2026-11-08T12:00"}, "2026-11-10T10:00"},
        {"2026-11-09T10:00", "24h", {"2026-11-09T12:00", NULL}, NULL},
        {"2026-11-09T10:00", "24h", {"2026-11-10T12:00", NULL}, "2026-11-10T10:00"},
        {"2026-11-09T10:00", "8wh", {"2026-11-09T11:00", "2026-11-09T14:00"}, "2026-11-10T12:00"},
        {"2026-11-09T10:00",
         "8wh",
         {"2026-11-09T11:00", "2026-11-09T14:00", "2026-11-09T15:00", "2026-11-09T17:00"},
         "2026-11-10T15:00"},
        {"2026-11-09T10:00", "8wh", {"2026-11-09T11:00", NULL}, NULL},
        {"2026-11-09T10:00", "2wh", {"2026-11-09T12:00", "2026-11-09T17:00"}, "2026-11-09T12:00"},
        {"2026-11-09T10:00", "5wd", {"2026-11-10T14:00", "2026-11-10T16:00"}, "2026-11-16T18:00"},
        {"2026-11-09T10:00", "5wd", {"2026-11-13T14:00", "2026-11-15T10:00"}, "2026-11-16T18:00"},
        {"2026-11-09T10:00", "5wd", {"2026-11-13T14:00", "2026-11-16T10:00"}, "2026-11-17T18:00"},
        {"2026-11-09T10:00",
         "5wd",
         {"2026-11-10T14:00", "2026-11-12T10:00", "2026-11-17T14:00", "2026-11-18T10:00"},
         "2026-11-19T18:00"},
        {"2026-11-09T10:00", "5wd", {"2026-11-10T14:00", NULL}, NULL},
        {"2026-11-09T10:00", "5wd", {"2026-11-17T14:00", "2026-11-19T10:00"}, "2026-11-16T18:00"},
        {"2026-11-09T10:00", "5wd", {"2026-11-17T14:00", NULL}, "2026-11-16T18:00"},
        {"2026-11-09T10:00", "7d", {"2026-11-10T14:00", "2026-11-12T10:00"}, "2026-11-18T10:00"},
        {"2026-11-09T10:00", "1mo@18:00", {"2026-11-10T14:00", "2026-11-12T10:00"}, "2026-12-11T18:00"},
        /* Fixed cut-offs stand. */
        {"2026-11-09T10:00", "wdom:-1@18:00", {"2026-11-10T14:00", "2026-11-12T10:00"}, "2026-11-30T18:00"},
        {"2026-11-09T10:00", "wday:5@18:00", {"2026-11-10T14:00", "2026-11-12T10:00"}, "2026-11-13T18:00"},
        {"2026-11-09T10:00", "day:5@18:00", {"2026-11-10T14:00", NULL}, "2026-11-13T18:00"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_paused_due(i, cases[i].start, cases[i].span, cases[i].pauses, cases[i].due);
}

/* Friday 6 November 2026 and the week behind it; the holidays of October are off from the 1st to the 7th. */
static void elapsed_hours_end_in_working_time(void **state)
{
    static const struct {
        const char *start, *span;
        const char *pauses[4]; /* from, to, from, to */
        const char *due;       /* NULL: never, while the pause lasts */
    } cases[] = {
        {"2026-11-09T10:00", "24h@open", {NULL}, "2026-11-10T10:00"},
        {"2026-09-30T10:00", "24h@open", {NULL}, "2026-10-08T09:00"},
        {"2026-11-06T10:00", "24h@open", {NULL}, "2026-11-09T09:00"},
        {"2026-11-06T10:00", "24h@open+2wh", {NULL}, "2026-11-09T11:00"},
        {"2026-11-06T10:00", "24h@open+4wh", {NULL}, "2026-11-09T14:00"},
        {"2026-11-09T12:30", "24h@open", {NULL}, "2026-11-10T13:00"}, /* lunch */
        {"2026-11-09T20:00", "2h@open", {NULL}, "2026-11-10T09:00"},
        /* Both ends of a window are within it; what ends within is left alone. */
        {"2026-11-09T09:00", "24h@open+2wh", {NULL}, "2026-11-10T09:00"},
        {"2026-11-09T08:59", "24h@open+2wh", {NULL}, "2026-11-10T11:00"},
        {"2026-11-09T12:00", "24h@open+2wh", {NULL}, "2026-11-10T12:00"},
        {"2026-11-09T12:01", "24h@open", {NULL}, "2026-11-10T13:00"},
        {"2026-11-09T18:00", "24h@open", {NULL}, "2026-11-10T18:00"},
        {"2026-11-09T18:01", "24h@open", {NULL}, "2026-11-11T09:00"},
        {"2026-11-07T10:00", "0h@open", {NULL}, "2026-11-09T09:00"},
        /* A pause before the elapsed end moves that. */
        {"2026-11-09T10:00", "24h@open", {"2026-11-09T12:00", "2026-11-09T15:00"}, "2026-11-10T13:00"},
        {"2026-11-09T10:00", "24h@open", {"2026-11-09T12:00", "2026-11-09T22:00"}, "2026-11-11T09:00"},
        {"2026-11-09T10:00", "24h@open", {"2026-11-10T10:00", "2026-11-10T15:00"}, "2026-11-10T10:00"},
        /* One that begins while the opening is waited for: nobody resumes into being late. */
        {"2026-11-06T10:00", "24h@open", {"2026-11-07T12:00", "2026-11-08T12:00"}, "2026-11-09T09:00"},
        {"2026-11-06T10:00", "24h@open", {"2026-11-07T12:00", "2026-11-09T09:00"}, "2026-11-09T13:00"},
        {"2026-11-06T10:00", "24h@open", {"2026-11-07T12:00", "2026-11-10T15:00"}, "2026-11-11T09:00"},
        {"2026-11-06T10:00", "24h@open", {"2026-11-07T10:00", "2026-11-10T20:00"}, "2026-11-11T09:00"},
        {"2026-11-06T10:00",
         "24h@open",
         {"2026-11-07T12:00", "2026-11-08T12:00", "2026-11-08T13:00", "2026-11-09T10:00"},
         "2026-11-09T13:00"},
        {"2026-11-06T10:00", "24h@open", {"2026-11-07T12:00", NULL}, NULL},
        {"2026-11-06T10:00", "24h@open", {"2026-11-09T09:00", NULL}, "2026-11-09T09:00"},
        /* What is left of the time behind the opening runs on from the resumption. */
        {"2026-11-06T10:00", "24h@open+2wh", {"2026-11-09T10:00", "2026-11-10T15:00"}, "2026-11-10T16:00"},
        {"2026-11-06T10:00", "24h@open+2wh", {"2026-11-07T12:00", "2026-11-10T15:00"}, "2026-11-10T17:00"},
        {"2026-11-06T10:00", "24h@open+2wh", {"2026-11-09T10:00", NULL}, NULL},
        /* Nor does a pause that moves the end into working time: Saturday 10:00 becomes Monday 09:30. */
        {"2026-11-06T10:00", "24h@open+2wh", {"2026-11-06T12:00", "2026-11-08T11:30"}, "2026-11-09T11:30"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_paused_due(i, cases[i].start, cases[i].span, cases[i].pauses, cases[i].due);
}

static void elapsed_hours_behind_a_field(void **state)
{
    static const struct {
        const char *span, *field, *due;
    } cases[] = {
        {"at:f + 24h@open", "2026-11-06T10:00:00+08:00", "2026-11-09T09:00"},
        {"at:f + 24h@open+2wh", "2026-11-06T10:00:00+08:00", "2026-11-09T11:00"},
        {"at:f + 24h@open", "2026-11-09T10:00:00+08:00", "2026-11-10T10:00"},
        {"at:f + 24h@open", "2026-11-06", "2026-11-09T09:00"}, /* from the date's beginning: Saturday 00:00 */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span span = span_of(cases[i].span);
        struct event_field field = {"f", cases[i].field};
        struct span_request request = {
            .span = &span, .calendar = calendar_named("CN-STD"), .lookup = lookup, .lookup_data = &field};
        instant due;
        request.start = at_local("2026-11-01T10:00");
        assert_int_equal(span_resolve(&request, &due), 0);
        assert_int_equal(due, at_local(cases[i].due));
    }
}

/* Where there is always an opening, none is waited for; where windows meet, none lies between. */
static void nights_and_round_the_clock(void **state)
{
    struct span span = span_of("3h@open");
    struct span_request request = {.span = &span, .calendar = calendar_named("US-247")};
    instant due;

    (void)state;
    request.start = at_local("2026-11-07T10:00");
    assert_int_equal(span_resolve(&request, &due), 0);
    assert_int_equal(due, request.start + 3 * HOUR_MS);
    assert_int_equal(calendar_next_opening(request.calendar, request.start), INSTANT_NEVER);
    request.calendar = calendar_named("US-NIGHT"); /* 22:00 to 06:00, every night */
    request.start = fixture_local(request.calendar, "2026-11-10T04:00");
    assert_int_equal(span_resolve(&request, &due), 0);
    assert_int_equal(due, fixture_local(request.calendar, "2026-11-10T22:00"));
    request.start = fixture_local(request.calendar, "2026-11-10T03:00");
    assert_int_equal(span_resolve(&request, &due), 0);
    assert_int_equal(due, fixture_local(request.calendar, "2026-11-10T06:00"));
}

/* What an event names stands as well, also with a span behind it. */
static void named_instants_do_not_move(void **state)
{
    static const struct event_field field = {"f", "2026-11-13"};
    static const char *const spans[][2] = {{"at:f", "2026-11-13T18:00"},
                                           {"at:f + 5wd", "2026-11-20T18:00"},
                                           {"at:f + 24h", "2026-11-14T00:00"},
                                           {"at:f - 5wd", "2026-11-06T18:00"}};
    struct pause pause = {at_local("2026-11-09T10:00"), at_local("2026-11-18T10:00")};
    (void)state;
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        struct span span = span_of(spans[i][0]);
        struct span_request request = {
            &span, calendar_named("CN-STD"), at_local("2026-11-05T10:00"), &pause, 1, lookup, &field};
        instant due = INSTANT_NONE;
        if (span_resolve(&request, &due) != 0 || due != at_local(spans[i][1]))
            fail_msg("%s: not %s", spans[i][0], spans[i][1]);
    }
}

/* New York, 2025-11-02: half past one comes twice. The second one is not before itself. */
static void the_same_time_of_the_same_day_is_the_start(void **state)
{
    static const char *const spans[] = {"0d", "0wd@same", "day:1@same", "wday:1@same"};
    struct span_request request = {.calendar = calendar_named("US-247")};
    (void)state;
    assert_true(instant_parse("2025-11-02T01:30:00-05:00", &request.start));
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        struct span span = span_of(spans[i]);
        instant due = INSTANT_NONE;
        request.span = &span;
        if (span_resolve(&request, &due) != 0 || due != request.start)
            fail_msg("%s: %lld", spans[i], (long long)due);
    }
}

static void fixed_cut_offs_are_known(void **state)
{
    static const struct {
        const char *span;
        bool fixed;
    } cases[] = {
        {"24h", false},   {"8wh", false}, {"5wd", false},       {"2d", false},    {"1mo", false},
        {"1y", false},    {"at:f", true}, {"day:3", true},      {"wday:3", true}, {"wdom:-1", true},
        {"wdoq:1", true}, {"75%", false}, {"at:f - 5wd", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span span = span_of(cases[i].span);
        if (span_is_fixed(&span) != cases[i].fixed)
            fail_msg("%s", cases[i].span);
    }
}

static void shares_are_measured_in_their_unit(void **state)
{
    static const struct {
        const char *budget, *start, *due;
        int percent;
        const char *at;
    } cases[] = {
        {"24h", "2026-11-06T17:00", "2026-11-07T17:00", 75, "2026-11-07T11:00"},
        {"24h@open", "2026-11-06T17:00", "2026-11-09T09:00", 75, "2026-11-07T11:00"}, /* of the 24 hours */
        {"24h@open", "2026-11-06T17:00", "2026-11-06T20:00", 75, "2026-11-06T20:00"}, /* never behind due */
        {"8wh", "2026-11-06T17:00", "2026-11-09T17:00", 75, "2026-11-09T15:00"},
        {"8wh", "2026-11-06T17:00", "2026-11-09T17:00", 50, "2026-11-09T12:00"},
        {"8wh", "2026-11-06T17:00", "2026-11-09T17:00", 100, "2026-11-09T17:00"},
        {"5wd", "2026-11-06T18:00", "2026-11-13T18:00", 60, "2026-11-11T18:00"},
        {"5wd", "2026-11-06T17:00", "2026-11-13T18:00", 100, "2026-11-13T18:00"},
        {"wdom:-1", "2026-11-09T00:00", "2026-11-19T00:00", 10, "2026-11-10T00:00"},
        {"8wh", "2026-11-07T10:00", "2026-11-07T12:00", 50, "2026-11-07T11:00"}, /* no working time between */
        {"8wh", "2026-11-09T17:00", "2026-11-09T17:00", 50, "2026-11-09T17:00"},
        {"8wh", "2026-11-09T17:00", "2026-11-09T16:00", 50, "2026-11-09T16:00"},
    };
    (void)state;
    const struct calendar *calendar = calendar_named("CN-STD");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span budget = span_of(cases[i].budget);
        char got[INSTANT_TEXT_MAX];
        instant at;
        int status = span_share(&budget, calendar, at_local(cases[i].start), at_local(cases[i].due),
                                cases[i].percent, &at);
        if (status != 0 || at != at_local(cases[i].at))
            fail_msg("%d%% of %s from %s: %s, not %s (status %d)", cases[i].percent, cases[i].budget,
                     cases[i].start, cases[i].at, shown(calendar, at, got), status);
    }
    struct span budget = span_of("24h");
    instant at;
    assert_int_equal(span_share(&budget, calendar, 0, DAY_MS, 101, &at), -EINVAL);
    assert_int_equal(span_share(&budget, calendar, 0, DAY_MS, -1, &at), -EINVAL);
    assert_int_equal(span_share(&budget, calendar, 0, INSTANT_NEVER, 50, &at), -ERANGE);
}

static void shares_leave_pauses_out(void **state)
{
    static const struct {
        const char *budget, *start, *from, *to;
        int percent;
        const char *at;
    } cases[] = {
        {"24h", "2026-11-09T10:00", "2026-11-09T11:00", "2026-11-19T11:00", 75, "2026-11-20T04:00"},
        {"24h", "2026-11-09T10:00", "2026-11-10T09:00", "2026-11-19T11:00", 75, "2026-11-10T04:00"},
        {"8wh", "2026-11-09T10:00", "2026-11-09T11:00", "2026-11-12T09:00", 75, "2026-11-12T15:00"},
        {"8wh", "2026-11-09T10:00", "2026-11-08T11:00", "2026-11-12T09:00", 50, "2026-11-12T14:00"},
        {"wdom:-1@10:00", "2026-11-20T10:00", "2026-11-22T11:00", "2026-11-28T09:00", 50, "2026-11-25T10:00"},
        {"5wd", "2026-11-06T18:00", "2026-11-09T18:00", "2026-11-11T18:00", 60, "2026-11-13T18:00"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span budget = span_of(cases[i].budget);
        struct pause pause = {at_local(cases[i].from), at_local(cases[i].to)};
        struct span_request request = {
            .span = &budget, .calendar = calendar_named("CN-STD"), .pauses = &pause};
        char got[INSTANT_TEXT_MAX];
        instant due, at = INSTANT_NONE;
        request.start = at_local(cases[i].start);
        request.n_pauses = 1;
        assert_int_equal(span_resolve(&request, &due), 0);
        int status = span_share_paused(&request, due, cases[i].percent, &at);
        if (status != 0 || at != at_local(cases[i].at))
            fail_msg("%d%% of %s from %s: %s, not %s (status %d)", cases[i].percent, cases[i].budget,
                     cases[i].start, cases[i].at, shown(request.calendar, at, got), status);
    }
}

static void steps_stand_where_they_should(void **state)
{
    static const struct {
        const char *due, *offset, *at;
    } cases[] = {
        {"2026-11-13T18:00", "-4wh", "2026-11-13T14:00"},
        {"2026-02-24T10:00", "-4wh", "2026-02-14T15:00"},
        {"2026-11-13T18:00", "-4h", "2026-11-13T14:00"},
        {"2026-11-13T18:00", "4wh", "2026-11-16T14:00"},
        {"2026-11-13T18:00", "-1wd", "2026-11-12T10:00"},
        {"2026-11-16T18:00", "-1wd", "2026-11-13T10:00"},
        {"2026-11-13T18:00", "1wd", "2026-11-16T10:00"},
        {"2026-11-13T18:00", "1wd@15:30", "2026-11-16T15:30"},
        {"2026-11-13T18:00", "1wd@close", "2026-11-16T18:00"},
        {"2026-11-13T17:00", "1wd@same", "2026-11-16T17:00"},
        {"2026-09-30T18:00", "2wd", "2026-10-09T10:00"},
        {"2026-11-13T18:00", "-2d", "2026-11-11T10:00"},
        {"2026-11-16T18:00", "-1d", "2026-11-13T10:00"}, /* a Sunday: before due rolls back, */
        {"2026-11-13T18:00", "1d", "2026-11-16T10:00"},  /* after it on */
        {"2026-12-15T18:00", "-1mo", "2026-11-13T10:00"},
    };
    (void)state;
    const struct calendar *calendar = calendar_named("CN-STD");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span offset = span_of(cases[i].offset);
        char got[INSTANT_TEXT_MAX];
        instant at = INSTANT_NONE;
        int status = span_step(&offset, calendar, at_local(cases[i].due), 600, &at);
        if (status != 0 || at != at_local(cases[i].at))
            fail_msg("due%s with due %s: %s, not %s (status %d)", cases[i].offset, cases[i].due, cases[i].at,
                     shown(calendar, at, got), status);
    }
    struct span none = {0}, share = span_of("75%"), fixed = span_of("wdom:5");
    instant at;
    assert_int_equal(span_step(&none, calendar, 1234, 600, &at), 0);
    assert_int_equal(at, 1234);
    assert_int_equal(span_step(&share, calendar, 0, 600, &at), -EINVAL);
    assert_int_equal(span_step(&fixed, calendar, 0, 600, &at), -EINVAL);
}

/* Due is never before the start, and a later start never has an earlier due. Days and months that keep their
 * clock are no part of the second: 01-30 and 01-31 both lead to 02-28, each at its own time. */
static void due_is_after_the_start_and_monotone(void **state)
{
    static const struct {
        const char *span;
        bool monotone;
    } spans[] = {
        {"24h", true},          {"8wh", true},         {"30wm", true},          {"5wd", true},
        {"1wd@09:00", true},    {"3wd@same", false},   {"2d", false},           {"2d@18:00", true},
        {"30d@close", true},    {"1mo", false},        {"1mo@18:00", true},     {"1y", false},
        {"day:1@18:00", true},  {"day:3@09:00", true}, {"wday:1@09:00", true},  {"wday:3", true},
        {"wdom:5@18:00", true}, {"wdom:-1", true},     {"wdoq:-1@18:00", true}, {"wdoq:5", true},
        {"0wd", true},          {"0d@12:00", true},    {"0wh", true},
    };
    (void)state;
    for (size_t i = 0; i < FIXTURE_CALENDARS; i++) {
        for (size_t k = 0; k < sizeof spans / sizeof *spans; k++) {
            struct span span = span_of(spans[k].span);
            struct span_request request = {.span = &span, .calendar = fixture.calendars[i]};
            instant last = INSTANT_NONE, due;
            for (request.start = INT64_C(1735000000000); request.start < INT64_C(1767000000000);
                 request.start += INT64_C(19999123)) {
                assert_int_equal(span_resolve(&request, &due), 0);
                if (due < request.start || (spans[k].monotone && due < last))
                    fail_msg("%s on %s from %lld: %lld", spans[k].span, calendar_name(request.calendar),
                             (long long)request.start, (long long)due);
                last = due;
            }
        }
    }
}

/* Steps before and after due undo each other where a length of time is the same both ways. */
static void backward_undoes_forward(void **state)
{
    static const char *const spans[][2] = {
        {"24h", "-24h"}, {"8wh", "-8wh"}, {"45wm", "-45wm"}, {"3wd@same", "-3wd@same"}};
    (void)state;
    for (size_t i = 0; i < FIXTURE_CALENDARS; i++) {
        const struct calendar *calendar = fixture.calendars[i];
        for (size_t k = 0; k < sizeof spans / sizeof *spans; k++) {
            struct span forward = span_of(spans[k][0]), backward = span_of(spans[k][1]);
            for (instant at = INT64_C(1736000000000); at < INT64_C(1740000000000); at += INT64_C(3599123)) {
                instant end, back;
                if (!calendar_is_open(calendar, at) ||
                    !calendar_is_working(calendar, calendar_day(calendar, at)))
                    continue;
                assert_int_equal(span_step(&forward, calendar, at, 600, &end), 0);
                assert_int_equal(span_step(&backward, calendar, end, 600, &back), 0);
                if (back != at)
                    fail_msg("%s on %s from %lld: back at %lld", spans[k][0], calendar_name(calendar),
                             (long long)at, (long long)back);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_hold),
        cmocka_unit_test(spans_lead_where_they_should),
        cmocka_unit_test(a_month_ends_with_its_last_shift),
        cmocka_unit_test(fields_lead_where_they_should),
        cmocka_unit_test(what_cannot_be_resolved_says_why),
        cmocka_unit_test(pauses_are_taken_out),
        cmocka_unit_test(elapsed_hours_end_in_working_time),
        cmocka_unit_test(elapsed_hours_behind_a_field),
        cmocka_unit_test(nights_and_round_the_clock),
        cmocka_unit_test(named_instants_do_not_move),
        cmocka_unit_test(the_same_time_of_the_same_day_is_the_start),
        cmocka_unit_test(fixed_cut_offs_are_known),
        cmocka_unit_test(shares_are_measured_in_their_unit),
        cmocka_unit_test(shares_leave_pauses_out),
        cmocka_unit_test(steps_stand_where_they_should),
        cmocka_unit_test(due_is_after_the_start_and_monotone),
        cmocka_unit_test(backward_undoes_forward),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
