#include "core/calendar.h"

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

static const struct calendar *calendar_named(const char *name)
{
    return fixture_find(&fixture, name);
}

static const struct window office[] = {{540, 720}, {780, 1080}};
static const struct window morning[] = {{540, 720}};

static struct calendar *weekly(const char *name, int32_t last_weekday)
{
    struct calendar *calendar = calendar_create(name, fixture.zones[0]);
    assert_non_null(calendar);
    for (int32_t weekday = 1; weekday <= last_weekday; weekday++)
        assert_int_equal(calendar_set_week(calendar, weekday, office, 2), 0);
    return calendar;
}

static void months_of_2026_have_their_working_days(void **state)
{
    static const int32_t expected[12] = {21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23};
    (void)state;
    const struct calendar *calendar = calendar_named("CN-STD");
    for (int32_t month = 1; month <= 12; month++) {
        int32_t first = civil_day(2026, month, 1);
        int32_t got = calendar_count_working_days(calendar, first - 1, civil_add_months(first, 1) - 1);
        if (got != expected[month - 1])
            fail_msg("2026-%02d has %d working days, not %d", (int)month, (int)expected[month - 1], (int)got);
    }
}

/* A year without its notice has the law's days off, unless somebody says otherwise; nothing of it where the
 * notice is there. */
static void uncovered_years_have_the_statutory_days(void **state)
{
    (void)state;
    struct calendar *cn = calendar_create("cn", NULL), *calendar = weekly("office", 5);
    int32_t national = civil_day(2027, 10, 1), eve = civil_day(2027, 2, 5);
    assert_int_equal(calendar_cover(cn, 2023, 2026), 0);
    assert_int_equal(calendar_set_statutory(cn, STATUTORY_CN), 0);
    assert_true(calendar_has_years(cn));
    assert_int_equal(calendar_inherit(calendar, cn), 0);
    assert_int_equal(calendar_set_day(calendar, eve, morning, 1, "half a day"), 0);
    assert_int_equal(calendar_finish(calendar), 0);
    assert_true(calendar_has_years(calendar));
    assert_int_equal(calendar_set_statutory(calendar, STATUTORY_NONE), -EINVAL);
    assert_false(calendar_is_working(calendar, national));
    assert_string_equal(calendar_why(calendar, national), "国庆节");
    assert_true(calendar_is_working(calendar, eve));
    assert_true(calendar_is_working(calendar, civil_day(2026, 10, 1)));
    assert_false(calendar_covers(calendar, national));
    assert_int_equal(calendar_count_working_days(calendar, civil_day(2026, 12, 31), civil_day(2027, 12, 31)),
                     261 - 7 + 1); /* of the 13 days six fall on weekends; the eve is worked */
    calendar_destroy(calendar);
    calendar_destroy(cn);
}

static uint64_t print_of(int32_t last_weekday, int32_t covered, int32_t day_off, const char *why)
{
    struct calendar *calendar = weekly("office", last_weekday);
    assert_int_equal(calendar_cover(calendar, 2023, covered), 0);
    assert_int_equal(calendar_set_day(calendar, day_off, NULL, 0, why), 0);
    assert_int_equal(calendar_finish(calendar), 0);
    uint64_t print = calendar_fingerprint(calendar);
    calendar_destroy(calendar);
    return print;
}

static void fingerprints_tell_what_decides(void **state)
{
    (void)state;
    uint64_t print = print_of(5, 2026, 20800, "a");
    assert_true(print == print_of(5, 2026, 20800, "b"));
    assert_true(print != print_of(6, 2026, 20800, "a"));
    assert_true(print != print_of(5, 2027, 20800, "a"));
    assert_true(print != print_of(5, 2026, 20801, "a"));
}

/* The quick ways against counting date by date. */
static void counting_agrees_with_walking(void **state)
{
    (void)state;
    for (size_t i = 0; i < FIXTURE_CALENDARS; i++) {
        const struct calendar *calendar = fixture.calendars[i];
        int32_t from = civil_day(2023, 12, 20), count = 0;
        for (int32_t day = from + 1; day < from + 900; day++) {
            count += calendar_is_working(calendar, day) ? 1 : 0;
            if (calendar_count_working_days(calendar, from, day) != count ||
                calendar_count_working_days(calendar, day, from) != -count)
                fail_msg("%s: day %d", calendar_name(calendar), (int)day);
            int32_t found;
            if (!calendar_is_working(calendar, day))
                continue;
            assert_int_equal(calendar_add_working_days(calendar, from, count, &found), 0);
            if (found != day)
                fail_msg("%s: %d working days lead to %d, not %d", calendar_name(calendar), (int)count,
                         (int)day, (int)found);
            assert_int_equal(calendar_add_working_days(calendar, day, -count + 1, &found), 0);
            assert_int_equal(calendar_count_working_days(calendar, found - 1, day), count);
            assert_int_equal(calendar_add_working_days(calendar, day + 1, -1, &found), 0);
            assert_int_equal(found, day);
        }
    }
}

static void searches_are_bounded(void **state)
{
    int32_t day;
    instant at;
    (void)state;
    const struct calendar *calendar = calendar_named("CN-STD");
    assert_int_equal(calendar_add_working_days(calendar, 20000, 10000, &day), -ERANGE);
    assert_int_equal(calendar_add_working_days(calendar, 20000, -10000, &day), -ERANGE);
    assert_int_equal(calendar_add_working_days(calendar, 20000, INT32_MAX, &day), -ERANGE);
    assert_int_equal(calendar_add_working_days(calendar, 20000, INT32_MIN, &day), -ERANGE);
    assert_int_equal(calendar_add_working_days(calendar, 20000, 0, &day), 0);
    assert_int_equal(day, 20000);
    assert_int_equal(calendar_add_working_ms(calendar, 0, INT64_MAX, &at), -ERANGE);
    assert_int_equal(calendar_subtract_working_ms(calendar, 0, INT64_MAX, &at), -ERANGE);
    assert_int_equal(calendar_next_open(calendar, INSTANT_NEVER), INSTANT_NEVER);
    /* All weeks of the first twenty years after 1900, which no holiday of the fixture reaches, and no more.
     */
    instant from = calendar_at(calendar, civil_day(1900, 1, 1), 0), years = CALENDAR_SEARCH_DAYS;
    int64_t twenty_ms = calendar_working_ms(calendar, from, from + years * DAY_MS);
    assert_int_equal(twenty_ms,
                     calendar_count_working_days(calendar, calendar_day(calendar, from) - 1,
                                                 calendar_day(calendar, from) + (int32_t)years - 1) *
                         8 * HOUR_MS);
    assert_true(twenty_ms > 5200 * 8 * HOUR_MS);
    assert_int_equal(calendar_working_ms(calendar, from, INSTANT_NEVER), twenty_ms);
    assert_int_equal(calendar_working_ms(calendar, 10, 10), 0);
    assert_int_equal(calendar_working_ms(calendar, 10, 9), 0);
    assert_false(calendar_is_open(calendar, INSTANT_NEVER));
    (void)calendar_add_working_days(calendar, INT32_MAX, 1, &day);
    (void)calendar_add_working_days(calendar, INT32_MIN, -1, &day);
}

/* A calendar that ends: every date of 21 years is off. */
static void a_calendar_without_dates_is_survived(void **state)
{
    int32_t day;
    instant at;
    (void)state;
    struct calendar *calendar = calendar_create("closed", fixture.zones[0]);
    assert_int_equal(calendar_set_week(calendar, 1, office, 2), 0);
    int32_t first = civil_day(2026, 1, 1), end = civil_day(2047, 1, 1);
    for (int32_t off = first - 7; off < end; off++)
        assert_int_equal(calendar_set_day(calendar, off, NULL, 0, "closed"), 0);
    assert_int_equal(calendar_finish(calendar), 0);
    assert_int_equal(calendar_add_working_days(calendar, first, 1, &day), -ERANGE);
    assert_int_equal(calendar_next_open(calendar, first * DAY_MS), INSTANT_NEVER);
    assert_int_equal(calendar_add_working_ms(calendar, first * DAY_MS, 1, &at), -ERANGE);
    assert_int_equal(calendar_working_ms(calendar, first * DAY_MS, end * DAY_MS), 0);
    calendar_destroy(calendar);
}

static void instants_know_their_windows(void **state)
{
    static const struct {
        const char *calendar, *at;
        bool open;
        const char *next_open;
    } cases[] = {
        {"CN-STD", "2026-11-09T08:59:59", false, "2026-11-09T09:00"},
        {"CN-STD", "2026-11-09T09:00", true, "2026-11-09T09:00"},
        {"CN-STD", "2026-11-09T11:59:59", true, "2026-11-09T11:59:59"},
        {"CN-STD", "2026-11-09T12:00", false, "2026-11-09T13:00"},
        {"CN-STD", "2026-11-09T18:00", false, "2026-11-10T09:00"},
        {"CN-STD", "2026-09-30T18:00", false, "2026-10-08T09:00"},
        {"CN-STD", "2026-10-10T10:00", true, "2026-10-10T10:00"},
        {"CN-CO", "2024-03-08T13:00", false, "2024-03-11T09:00"},
        {"US-NIGHT", "2025-03-09T05:59:59", true, "2025-03-09T05:59:59"},
        {"US-NIGHT", "2025-03-09T06:00", false, "2025-03-09T22:00"},
        {"US-247", "2025-11-02T01:30", true, "2025-11-02T01:30"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct calendar *calendar = calendar_named(cases[i].calendar);
        instant at = fixture_local(calendar, cases[i].at);
        if (calendar_is_open(calendar, at) != cases[i].open ||
            calendar_next_open(calendar, at) != fixture_local(calendar, cases[i].next_open))
            fail_msg("%s at %s", cases[i].calendar, cases[i].at);
    }
}

static void days_close(void **state)
{
    static const struct {
        const char *calendar, *day, *close;
    } cases[] = {
        {"CN-STD", "2026-11-09", "2026-11-09T18:00"}, {"CN-SAT", "2026-11-14", "2026-11-14T12:00"},
        {"CN-CO", "2024-03-08", "2024-03-08T12:00"},  {"US-NIGHT", "2025-03-08", "2025-03-09T06:00"},
        {"CN-STD", "2026-11-08", "2026-11-08T18:00"}, /* a Sunday, as a cut-off that an event names */
        {"US-247", "2025-11-02", "2025-11-03T00:00"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct calendar *calendar = calendar_named(cases[i].calendar);
        if (calendar_close(calendar, fixture_day(cases[i].day)) != fixture_local(calendar, cases[i].close))
            fail_msg("%s closes %s not at %s", cases[i].calendar, cases[i].day, cases[i].close);
    }
}

static void working_time_is_measured(void **state)
{
    static const struct {
        const char *calendar, *from, *to;
        int32_t minutes;
    } cases[] = {
        {"CN-STD", "2026-11-06T17:00", "2026-11-09T17:00", 480},
        {"CN-STD", "2026-11-09T12:00", "2026-11-09T13:00", 0},
        {"CN-STD", "2026-11-09T11:59", "2026-11-09T13:01", 2},
        {"CN-STD", "2026-09-30T18:00", "2026-10-08T09:00", 0},
        {"CN-STD", "2026-01-01T00:00", "2027-01-01T00:00", 248 * 480},
        {"US-NIGHT", "2025-03-08T22:00", "2025-03-09T22:00", 7 * 60},
        {"US-247", "2025-03-09T00:00", "2025-03-10T00:00", 23 * 60},
        {"US-247", "2025-11-02T00:00", "2025-11-03T00:00", 25 * 60},
        {"US-247", "2025-01-01T00:00", "2026-01-01T00:00", 365 * 24 * 60},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct calendar *calendar = calendar_named(cases[i].calendar);
        int64_t got_ms = calendar_working_ms(calendar, fixture_local(calendar, cases[i].from),
                                             fixture_local(calendar, cases[i].to));
        if (got_ms != cases[i].minutes * MINUTE_MS)
            fail_msg("%s %s to %s: %d minutes, not %lld ms", cases[i].calendar, cases[i].from, cases[i].to,
                     (int)cases[i].minutes, (long long)got_ms);
    }
}

/* Forward and back again, measured on the way; monotone in the budget. */
static void working_time_is_consistent(void **state)
{
    (void)state;
    for (size_t i = 0; i < FIXTURE_CALENDARS; i++) {
        const struct calendar *calendar = fixture.calendars[i];
        for (instant from = INT64_C(1740000000000); from < INT64_C(1772000000000);
             from += INT64_C(86399123) * 3) {
            instant last = from;
            for (int64_t budget_ms = 1; budget_ms < 100 * HOUR_MS; budget_ms = budget_ms * 7 + 60000) {
                instant end, back;
                assert_int_equal(calendar_add_working_ms(calendar, from, budget_ms, &end), 0);
                assert_int_equal(calendar_subtract_working_ms(calendar, end, budget_ms, &back), 0);
                if (end < last || calendar_working_ms(calendar, from, end) != budget_ms ||
                    calendar_working_ms(calendar, end - 1, end) != 1 || back < from ||
                    calendar_working_ms(calendar, from, back) != 0)
                    fail_msg("%s: %lld and %lld ms: end %lld, back %lld", calendar_name(calendar),
                             (long long)from, (long long)budget_ms, (long long)end, (long long)back);
                last = end;
            }
        }
    }
}

static void days_and_weeks_are_inherited(void **state)
{
    (void)state;
    struct calendar *country = calendar_create("cn", NULL); /* only days, as a yearly notice lists them */
    assert_int_equal(calendar_set_day(country, civil_day(2026, 10, 1), NULL, 0, "国庆节"), 0);
    assert_int_equal(calendar_set_day(country, civil_day(2026, 10, 2), NULL, 0, "国庆节"), 0);
    assert_int_equal(calendar_set_makeup(country, civil_day(2026, 10, 10), "国庆节调休"), 0);
    assert_int_equal(calendar_cover(country, 2023, 2026), 0);
    assert_int_equal(calendar_finish(country), -EINVAL);

    struct calendar *parent = weekly("office", 5);
    assert_int_equal(calendar_inherit(parent, country), 0);
    struct calendar *child = calendar_create("shop", NULL);
    assert_int_equal(calendar_inherit(child, parent), 0);
    assert_int_equal(calendar_set_day(child, civil_day(2026, 10, 2), morning, 1, "盘点"), 0);
    assert_int_equal(calendar_finish(child), 0); /* before its parent */
    assert_int_equal(calendar_finish(parent), 0);
    calendar_destroy(country);

    const struct window *windows;
    assert_false(calendar_is_working(child, civil_day(2026, 10, 1)));
    assert_string_equal(calendar_why(child, civil_day(2026, 10, 1)), "国庆节");
    assert_int_equal(calendar_windows(child, civil_day(2026, 10, 2), &windows), 1);
    assert_string_equal(calendar_why(child, civil_day(2026, 10, 2)), "盘点");
    assert_false(calendar_is_working(parent, civil_day(2026, 10, 2)));
    assert_int_equal(calendar_windows(child, civil_day(2026, 10, 10), &windows), 2); /* a Saturday */
    assert_int_equal(windows[1].to_min, 1080);
    assert_false(calendar_is_working(child, civil_day(2026, 10, 11)));
    assert_null(calendar_why(child, civil_day(2026, 10, 11)));
    assert_true(calendar_covers(child, civil_day(2026, 12, 31)));
    assert_false(calendar_covers(child, civil_day(2027, 1, 1)));
    assert_ptr_equal(calendar_zone(child), fixture.zones[0]);
    assert_int_equal(calendar_count_working_days(child, civil_day(2026, 9, 30), civil_day(2026, 10, 11)), 7);
    calendar_destroy(child);
    calendar_destroy(parent);
}

/* A shop that rests on Mondays and opens late on Fridays: its first working weekday is a Tuesday, and it is
 * that one's hours that are made up for, and at whose close a day off would end. */
static void a_makeup_day_has_the_usual_hours(void **state)
{
    static const struct window tuesday[] = {{600, 1200}}, friday[] = {{720, 1320}};
    const struct window *windows;
    (void)state;
    struct calendar *shop = calendar_create("shop", fixture.zones[0]);
    for (int32_t weekday = 2; weekday <= 7; weekday++)
        assert_int_equal(calendar_set_week(shop, weekday, weekday == 5 ? friday : tuesday, 1), 0);
    int32_t monday = civil_day(2026, 11, 9);
    assert_int_equal(calendar_set_makeup(shop, monday, "made up"), 0);
    assert_int_equal(calendar_set_makeup(shop, monday + 4, "a Friday, made up"), 0);
    assert_int_equal(calendar_finish(shop), 0);
    assert_int_equal(calendar_windows(shop, monday, &windows), 1);
    assert_int_equal(windows[0].from_min, 600);
    assert_int_equal(windows[0].to_min, 1200);
    assert_int_equal(calendar_windows(shop, monday + 4, &windows), 1);
    assert_int_equal(windows[0].from_min, 600);
    assert_int_equal(calendar_windows(shop, monday + 11, &windows), 1); /* the Friday behind is its own */
    assert_int_equal(windows[0].from_min, 720);
    assert_true(calendar_close(shop, monday + 7) == calendar_at(shop, monday + 7, 1200)); /* a day off */
    calendar_destroy(shop);
}

/* What the notice says for a year is all that is off in it: the law's days stay out of the first year that is
 * covered, of the last, and come in one year before and behind. */
static void covered_years_have_the_notice_alone(void **state)
{
    static const struct {
        int32_t year;
        bool is_working;
    } cases[] = {{2027, false}, {2028, true}, {2029, true}, {2030, true}, {2031, false}};
    (void)state;
    struct calendar *calendar = weekly("office", 7);
    assert_int_equal(calendar_set_statutory(calendar, STATUTORY_CN), 0);
    assert_int_equal(calendar_cover(calendar, 2028, 2030), 0);
    assert_int_equal(calendar_finish(calendar), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(calendar_is_working(calendar, civil_day(cases[i].year, 5, 1)), cases[i].is_working);
        assert_int_equal(calendar_is_working(calendar, civil_day(cases[i].year, 1, 1)), cases[i].is_working);
    }
    calendar_destroy(calendar);
}

static void the_last_word_wins(void **state)
{
    const struct window *windows;
    (void)state;
    struct calendar *calendar = weekly("office", 5);
    int32_t day = civil_day(2026, 11, 9);
    assert_int_equal(calendar_set_day(calendar, day, NULL, 0, "off"), 0);
    assert_int_equal(calendar_set_day(calendar, day - 1, NULL, 0, NULL), 0);
    assert_int_equal(calendar_set_day(calendar, day, morning, 1, "half"), 0);
    assert_int_equal(calendar_finish(calendar), 0);
    assert_int_equal(calendar_windows(calendar, day, &windows), 1);
    assert_string_equal(calendar_why(calendar, day), "half");
    assert_true(calendar_covers(calendar, 0)); /* years were never said */
    calendar_destroy(calendar);
}

static void nonsense_is_refused(void **state)
{
    static const struct window overlap[] = {{540, 720}, {719, 1080}};
    static const struct window unordered[] = {{780, 1080}, {540, 720}};
    static const struct window empty[] = {{540, 540}};
    static const struct window negative[] = {{-1, 540}};
    static const struct window late[] = {{1440, 1500}};
    static const struct window endless[] = {{540, 2881}};
    static const struct window many[CALENDAR_WINDOWS_MAX + 1] = {
        {0, 1}, {2, 3}, {4, 5}, {6, 7}, {8, 9}, {10, 11}, {12, 13}, {14, 15}, {16, 17}};
    (void)state;
    struct calendar *calendar = calendar_create("bad", fixture.zones[0]);
    struct calendar *other = weekly("other", 5);
    assert_int_equal(calendar_finish(calendar), -EINVAL); /* no week */
    assert_int_equal(calendar_set_week(calendar, 1, overlap, 2), -EINVAL);
    assert_int_equal(calendar_set_week(calendar, 1, unordered, 2), -EINVAL);
    assert_int_equal(calendar_set_week(calendar, 1, empty, 1), -EINVAL);
    assert_int_equal(calendar_set_week(calendar, 1, negative, 1), -EINVAL);
    assert_int_equal(calendar_set_week(calendar, 1, late, 1), -EINVAL);
    assert_int_equal(calendar_set_day(calendar, 1, endless, 1, NULL), -EINVAL);
    assert_int_equal(calendar_set_day(calendar, 1, many, CALENDAR_WINDOWS_MAX + 1, NULL), -EINVAL);
    assert_int_equal(calendar_set_day(calendar, 1, many, CALENDAR_WINDOWS_MAX, NULL), 0);
    assert_int_equal(calendar_set_day(calendar, INT32_MAX, office, 2, NULL), -EINVAL);
    assert_int_equal(calendar_set_week(calendar, 0, office, 2), -EINVAL);
    assert_int_equal(calendar_set_week(calendar, 8, office, 2), -EINVAL);
    assert_int_equal(calendar_cover(calendar, 2027, 2026), -EINVAL);
    assert_int_equal(calendar_inherit(calendar, calendar), -EINVAL);
    assert_int_equal(calendar_inherit(calendar, other), 0);
    assert_int_equal(calendar_inherit(other, calendar), -EINVAL); /* a circle */
    assert_int_equal(calendar_inherit(calendar, other), -EINVAL); /* a second parent */
    assert_int_equal(calendar_finish(calendar), 0);
    assert_int_equal(calendar_set_week(calendar, 1, office, 2), -EINVAL);
    assert_int_equal(calendar_set_makeup(calendar, 1, NULL), -EINVAL);
    assert_int_equal(calendar_finish(calendar), 0); /* again is fine */
    calendar_destroy(calendar);
    calendar_destroy(other);
    calendar_destroy(NULL);
}

/* A night that runs to ten meets a day that opens at nine: the hour between belongs to the night alone. */
static void overlapping_dates_count_once(void **state)
{
    static const struct window night[] = {{1320, 1440 + 600}};
    struct calendar_range ranges[CALENDAR_WINDOWS_MAX];
    (void)state;
    struct calendar *calendar = calendar_create("mixed", fixture.zones[0]);
    assert_int_equal(calendar_set_week(calendar, 1, night, 1), 0);
    assert_int_equal(calendar_set_week(calendar, 2, office, 2), 0);
    assert_int_equal(calendar_finish(calendar), 0);
    instant from = calendar_at(calendar, civil_day(2026, 11, 9), 0); /* a Monday */
    assert_int_equal(calendar_working_ms(calendar, from, from + 2 * DAY_MS), (12 + 2 + 5) * HOUR_MS);
    assert_int_equal(calendar_ranges(calendar, civil_day(2026, 11, 10), ranges), 2);
    assert_int_equal(ranges[0].from, from + DAY_MS + 10 * HOUR_MS);
    calendar_destroy(calendar);
}

/* The hour from two to three is lost in New York on 2025-03-09, and a shift inside it with it. */
static void swallowed_windows_are_left_out(void **state)
{
    static const struct window two_to_three[] = {{120, 180}};
    struct calendar_range ranges[CALENDAR_WINDOWS_MAX];
    (void)state;
    struct calendar *calendar =
        calendar_create("two", fixture_find(&fixture, "US-NY") ? fixture.zones[4] : NULL);
    for (int32_t weekday = 1; weekday <= 7; weekday++)
        assert_int_equal(calendar_set_week(calendar, weekday, two_to_three, 1), 0);
    assert_int_equal(calendar_finish(calendar), 0);
    assert_int_equal(calendar_ranges(calendar, civil_day(2025, 3, 9), ranges), 0);
    assert_int_equal(calendar_ranges(calendar, civil_day(2025, 3, 10), ranges), 1);
    instant end;
    instant from = calendar_at(calendar, civil_day(2025, 3, 8), 150);
    assert_int_equal(calendar_add_working_ms(calendar, from, HOUR_MS, &end), 0);
    assert_int_equal(end, calendar_at(calendar, civil_day(2025, 3, 10), 150));
    calendar_destroy(calendar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(months_of_2026_have_their_working_days),
        cmocka_unit_test(uncovered_years_have_the_statutory_days),
        cmocka_unit_test(fingerprints_tell_what_decides),
        cmocka_unit_test(counting_agrees_with_walking),
        cmocka_unit_test(searches_are_bounded),
        cmocka_unit_test(a_calendar_without_dates_is_survived),
        cmocka_unit_test(instants_know_their_windows),
        cmocka_unit_test(days_close),
        cmocka_unit_test(working_time_is_measured),
        cmocka_unit_test(working_time_is_consistent),
        cmocka_unit_test(days_and_weeks_are_inherited),
        cmocka_unit_test(a_makeup_day_has_the_usual_hours),
        cmocka_unit_test(covered_years_have_the_notice_alone),
        cmocka_unit_test(the_last_word_wins),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(overlapping_dates_count_once),
        cmocka_unit_test(swallowed_windows_are_left_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
