/* How late: in the working time of the calendar, said in the same words everywhere. */
#include "core/lateness.h"

#include "calendar_fixture.h"

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

static void test_words(void **state)
{
    static const struct {
        const char *calendar, *due, *at, *zh, *en;
        int working_min;
    } cases[] = {
        {"CN-STD", "2026-11-18T15:10", "2026-11-18T15:40", "迟 30分钟", "late by 30 min", 30},
        {"CN-STD", "2026-11-18T09:00", "2026-11-18T10:00", "迟 1小时", "late by 1 h", 60},
        {"CN-STD", "2026-11-18T15:10", "2026-11-18T15:10:20", "迟 1分钟", "late by 1 min", 1},
        {"CN-STD", "2026-11-18T15:10", "2026-11-18T15:11:59", "迟 1分钟", "late by 1 min", 1},
        {"CN-STD", "2026-11-18T15:10", "2026-11-18T17:30", "迟 2小时20分钟", "late by 2 h 20 min", 140},
        /* neither the night nor lunch counts, and it is said */
        {"CN-STD", "2026-11-18T17:00", "2026-11-19T09:30", "迟 工作时间1小时30分钟",
         "late by 1 h 30 min of working time", 90},
        {"CN-STD", "2026-11-18T11:30", "2026-11-18T13:15", "迟 工作时间45分钟",
         "late by 45 min of working time", 45},
        /* eight hours are a day, on whatever dates they lie */
        {"CN-STD", "2026-11-18T15:10", "2026-11-19T15:09", "迟 工作时间7小时59分钟",
         "late by 7 h 59 min of working time", 479},
        {"CN-STD", "2026-11-18T15:10", "2026-11-19T15:10", "迟 1个工作日", "late by 1 working day", 480},
        {"CN-STD", "2026-11-18T15:10", "2026-11-20T15:09", "迟 1个工作日", "late by 1 working day", 959},
        {"CN-STD", "2026-11-18T15:10", "2026-11-20T16:00", "迟 2个工作日", "late by 2 working days", 1010},
        {"CN-STD", "2026-11-20T15:10", "2026-11-23T15:10", "迟 1个工作日", "late by 1 working day", 480},
        {"CN-SAT", "2026-11-20T18:00", "2026-11-21T12:00", "迟 工作时间3小时", "late by 3 h of working time",
         180},
        /* National Day: seven days off are no lateness */
        {"CN-STD", "2026-10-01T10:00", "2026-10-08T08:31", "下班后完成", "done after working hours", 0},
        {"CN-STD", "2026-10-01T10:00", "2026-10-08T09:30", "迟 工作时间30分钟",
         "late by 30 min of working time", 30},
        {"CN-STD", "2026-11-20T18:00", "2026-11-21T10:00", "下班后完成", "done after working hours", 0},
        {"DE-BER", "2026-11-20T17:30", "2026-11-23T17:30", "迟 1个工作日", "late by 1 working day", 480},
        /* where somebody is always there, a day has twenty-four hours */
        {"US-247", "2026-11-20T18:00", "2026-11-21T17:59", "迟 23小时59分钟", "late by 23 h 59 min", 1439},
        {"US-247", "2026-11-20T18:00", "2026-11-22T18:00", "迟 2个工作日", "late by 2 working days", 2880},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct calendar *calendar = fixture_find(&fixture, cases[i].calendar);
        instant due = fixture_local(calendar, cases[i].due), at = fixture_local(calendar, cases[i].at);
        struct lateness lateness = lateness_of(calendar, due, at);
        struct buffer zh, en;
        buffer_init(&zh);
        buffer_init(&en);
        lateness_say(&zh, true, calendar, lateness, true);
        lateness_say(&en, false, calendar, lateness, true);
        if (lateness.elapsed_ms != at - due || lateness.working_min != cases[i].working_min ||
            strcmp(buffer_text(&zh), cases[i].zh) != 0 || strcmp(buffer_text(&en), cases[i].en) != 0)
            fail_msg("%s to %s: %d minutes, %s, %s", cases[i].due, cases[i].at, (int)lateness.working_min,
                     buffer_text(&zh), buffer_text(&en));
        buffer_finish(&zh);
        buffer_finish(&en);
    }
}

/* What is not done yet is late from the due on, whatever the hour, and nothing is done after hours. */
static void test_not_done_yet(void **state)
{
    const struct calendar *calendar = fixture_find(&fixture, "CN-STD");
    instant due = fixture_local(calendar, "2026-11-20T18:00");
    struct lateness lateness = lateness_of(calendar, due, due + HOUR_MS);
    struct buffer text;
    (void)state;
    buffer_init(&text);
    lateness_add(&text, true, calendar, lateness);
    assert_string_equal(buffer_text(&text), "");
    lateness_say(&text, true, calendar, lateness, false);
    assert_string_equal(buffer_text(&text), "迟，之后尚无工作时间");
    buffer_clear(&text);
    lateness_say(&text, false, calendar, lateness, false);
    assert_string_equal(buffer_text(&text), "late, no working time since");
    buffer_finish(&text);
}

static void test_not_late(void **state)
{
    const struct calendar *calendar = fixture_find(&fixture, "CN-STD");
    instant due = fixture_local(calendar, "2026-11-18T15:10");
    (void)state;
    for (instant at = due - HOUR_MS; at <= due; at += HOUR_MS) {
        struct lateness lateness = lateness_of(calendar, due, at);
        assert_int_equal(lateness.elapsed_ms, 0);
        assert_int_equal(lateness.working_min, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_not_done_yet),
        cmocka_unit_test(test_not_late),
    };
    return cmocka_run_group_tests_name("lateness", tests, set_up, tear_down);
}
