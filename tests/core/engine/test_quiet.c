/* Quiet hours and the gap, through rules as people write them: who hears what when, and that a reload in
 * between changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/civil.h"
#include "world.h"

static const struct verdict delivered = {.kind = VERDICT_DELIVERED};
static const struct verdict dead_channel = {
    .kind = VERDICT_RETRY, .delay_ms = 60 * 60 * 1000, .reason = "down"};

static int setup(void **state)
{
    *state = world_open_at(TEST_SOURCE_DIR "/quiet");
    return 0;
}

static int teardown(void **state)
{
    world_close(*state);
    return 0;
}

/* Friday 20 November 2026: the due falls on Saturday, 15:10. */
static void friday_interview(struct world *world, const char *interviewer)
{
    assert_int_equal(world_event(world, "2026-11-20T15:10", "interview.completed", "interview", "iv-1",
                                 "interviewer", interviewer, "recruiter", "chen.jing", NULL),
                     0);
    assert_int_equal(world_only(world)->due, world_time("2026-11-21T15:10"));
}

/* What is queued for the person, or NULL. */
static const struct notification *waiting(struct world *world, const char *person)
{
    size_t cursor = 0;
    const struct notification *note;

    while ((note = engine_next_notification(world_engine(world), &cursor)) != NULL) {
        if (strcmp(note->to, person) == 0) {
            return note;
        }
    }
    return NULL;
}

static void maybe_reload(struct world *world, bool reload)
{
    if (reload) {
        world_reload(world);
    }
}

static void play_friday(struct world *world, bool reload)
{
    friday_interview(world, "zhang.wei");
    maybe_reload(world, reload);
    /* The reminder stands on Saturday at 11:10, and Monday's opening is behind due. */
    world_live(world, "2026-11-20T17:49", &delivered);
    assert_string_equal(world_told(world), "");
    maybe_reload(world, reload);
    world_live(world, "2026-11-20T17:50", &delivered);
    assert_string_equal(world_told(world), "reminder zhang.wei mail due-4h");
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);

    world_live(world, "2026-11-23T08:59", &delivered);
    assert_string_equal(world_told(world), "overdue zhang.wei mail due");
    maybe_reload(world, reload);
    assert_int_equal(waiting(world, "zhang.wei")->not_before, world_time("2026-11-23T09:00"));
    assert_int_equal(world_only(world)->state, DEADLINE_OVERDUE);
    world_live(world, "2026-11-23T09:00", &delivered);
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);
    maybe_reload(world, reload);

    /* The head stands on Saturday at 23:10; the owner has four working hours first. */
    world_live(world, "2026-11-23T13:59", &delivered);
    assert_string_equal(world_told(world), "");
    maybe_reload(world, reload);
    world_live(world, "2026-11-23T14:00", &delivered);
    assert_string_equal(world_told(world),
                        "escalation li.lei mail due+8h\noverdue zhang.wei mail due+8h copy");
    maybe_reload(world, reload);
    /* due+1wd stood on Monday at 10:00. */
    world_live(world, "2026-11-23T17:59", &delivered);
    assert_string_equal(world_told(world), "");
    world_live(world, "2026-11-24T09:00", &delivered);
    assert_string_equal(world_told(world),
                        "escalation zhao.min mail due+1wd\noverdue zhang.wei mail due+1wd copy");
}

static void test_friday_due_on_saturday(void **state)
{
    play_friday(*state, false);
}

static void test_reload_in_between_changes_nothing(void **state)
{
    struct world *other = world_open_at(TEST_SOURCE_DIR "/quiet");

    play_friday(*state, true);
    play_friday(other, false);
    char *left = world_snapshot(*state), *right = world_snapshot(other);
    assert_string_equal(left, right);
    free(left);
    free(right);
    world_close(other);
}

static void test_plan_says_when_and_why(void **state)
{
    struct world *world = *state;
    struct planned plan[RULE_STEPS_MAX];

    friday_interview(world, "zhang.wei");
    assert_int_equal(
        engine_plan(world_engine(world), world_only(world), world_now(world), plan, RULE_STEPS_MAX), 5);
    assert_string_equal(plan[0].step->name, "due-4h");
    assert_int_equal(plan[0].at, world_time("2026-11-21T11:10"));
    assert_int_equal(plan[0].fires, world_time("2026-11-20T17:50"));
    assert_int_equal(plan[0].to[0].leaves, plan[0].fires);
    assert_string_equal(plan[2].step ? plan[2].step->name : "", "due");
    assert_int_equal(plan[2].fires, world_time("2026-11-21T15:10"));
    assert_int_equal(plan[2].to[0].leaves, world_time("2026-11-23T09:00"));
    assert_string_equal(plan[3].step->name, "due+8h");
    assert_int_equal(plan[3].at, world_time("2026-11-21T23:10"));
    assert_int_equal(plan[3].fires, world_time("2026-11-23T14:00"));
    assert_int_equal(plan[4].fires, world_time("2026-11-23T18:00"));
    assert_int_equal(plan[4].to[0].leaves, world_time("2026-11-24T09:00"));
}

/* 13:00 in Shanghai is 06:00 in Berlin: Hans hears at 16:00, and four working hours later the third rung
 * fires. */
static void test_the_later_of_two_is_waited_for(void **state)
{
    struct world *world = *state;
    struct planned plan[RULE_STEPS_MAX];
    size_t n;

    assert_int_equal(
        world_event(world, "2026-11-16T09:00", "pair.opened", "case", "c-1", "person", "hans", NULL), 0);
    n = engine_plan(world_engine(world), world_only(world), world_now(world), plan, RULE_STEPS_MAX);
    assert_int_equal(plan[n - 1].at, world_time("2026-11-16T14:00"));
    assert_int_equal(plan[n - 1].fires, world_time("2026-11-17T11:00"));
}

/* A dead channel never keeps the head from hearing: two gaps after the overdue note could leave. */
static void test_dead_channel(void **state)
{
    struct world *world = *state;

    friday_interview(world, "zhang.wei");
    world_live(world, "2026-11-23T17:59", &dead_channel);
    assert_null(strstr(world_told(world), "li.lei"));
    world_reload(world);
    world_live(world, "2026-11-23T18:00", &dead_channel);
    assert_string_equal(world_told(world),
                        "escalation li.lei mail due+8h\noverdue zhang.wei mail due+8h copy");
}

/* A message that was refused has ended: one gap is enough. */
static void test_dead_letter_has_ended(void **state)
{
    struct world *world = *state;
    struct verdict refused = {.kind = VERDICT_REFUSED, .reason = "unknown user"};

    friday_interview(world, "zhang.wei");
    world_live(world, "2026-11-23T14:00", &refused);
    assert_non_null(strstr(world_told(world), "escalation li.lei"));
}

/* The owner works in Berlin, the head in Shanghai: each hears in the own working hours, due is counted in the
 * owner's calendar. */
static void test_berlin_owner_shanghai_head(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-17T20:00", "interview.completed", "interview", "iv-1", "interviewer", "hans",
                "recruiter", "chen.jing", NULL); /* 13:00 in Berlin */
    assert_int_equal(world_only(world)->due, world_time("2026-11-18T20:00"));
    world_live(world, "2026-11-18T16:00", &delivered); /* 09:00 there */
    assert_string_equal(world_told(world), "reminder hans mail due-4h");
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);
    world_live(world, "2026-11-18T20:00", &delivered);
    assert_string_equal(world_told(world), "overdue hans mail due");
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);
    /* due+8h is 04:00 in Shanghai and 21:00 in Berlin: the head at 09:00, the copy at 16:00. */
    world_live(world, "2026-11-19T08:59", &delivered);
    assert_string_equal(world_told(world), "escalation li.lei mail due+8h\noverdue hans mail due+8h copy");
    assert_int_equal(waiting(world, "li.lei")->not_before, world_time("2026-11-19T09:00"));
    assert_int_equal(waiting(world, "hans")->not_before, world_time("2026-11-19T16:00"));
    world_reload(world);
    world_live(world, "2026-11-19T09:00", &delivered);
    assert_null(waiting(world, "li.lei"));
    assert_non_null(waiting(world, "hans"));
    world_live(world, "2026-11-19T16:00", &delivered);
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);
}

static void test_urgent_ignores_quiet_hours(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-21T10:00", "hasty.opened", "case", "c", "person", "zhang.wei", NULL);
    world_live(world, "2026-11-21T13:00", &delivered); /* a Saturday */
    assert_string_equal(world_told(world), "asked zhang.wei mail open\nreminder zhang.wei mail due-1h");
    assert_non_null(strstr(world_journal(world), "withdrawn")); /* the first word: it has been overtaken */
    world_live(world, "2026-11-21T14:00", &delivered);
    assert_string_equal(world_told(world), "overdue zhang.wei mail due");
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);
    /* What is not urgent waits for Monday, and for the gap. */
    world_live(world, "2026-11-23T13:59", &delivered);
    assert_string_equal(world_told(world), "");
    world_live(world, "2026-11-23T14:00", &delivered);
    assert_non_null(strstr(world_told(world), "escalation li.lei"));
}

/* Opened and due on a Saturday: on Monday the owner hears once, that it is late. */
static void test_a_first_word_that_waits_is_overtaken(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-21T10:00", "asking.opened", "case", "c", "person", "zhang.wei", NULL);
    world_live(world, "2026-11-23T08:59", &delivered);
    assert_string_equal(world_told(world), "asked zhang.wei mail open\noverdue zhang.wei mail due");
    assert_int_equal(world_table(world, TABLE_OUTBOX), 1);
    assert_int_equal(waiting(world, "zhang.wei")->phase, PHASE_OVERDUE);
}

static void test_own_quiet_hours(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-13T20:00", "apart.opened", "case", "1", "person", "on.call", NULL);
    world_until(world, "2026-11-14T20:00"); /* a Saturday */
    assert_int_equal(waiting(world, "on.call")->not_before, world_now(world));
    world_event(world, "2026-11-16T10:00", "apart.opened", "case", "2", "person", "night.owl", NULL);
    world_until(world, "2026-11-17T10:00");
    assert_int_equal(waiting(world, "night.owl")->not_before, world_time("2026-11-17T14:00"));
}

/* The channel's word is asked before the settings'. */
static void test_channel_that_is_open_at_all_hours(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-21T10:00", "loud.opened", "case", "c", "person", "zhang.wei", NULL);
    world_live(world, "2026-11-21T14:00", &delivered);
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);
    assert_string_equal(world_told(world), "overdue zhang.wei held due");
    world_live(world, "2026-11-21T14:59", &delivered);
    assert_string_equal(world_told(world), "");
    world_live(world, "2026-11-21T15:00", &delivered); /* the rule's own gap */
    assert_non_null(strstr(world_told(world), "escalation li.lei held due+1m"));
}

/* It was to leave at 17:59, but the channel was slow: it is quiet now. */
static void test_a_claim_in_quiet_hours_waits(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-16T17:59", "apart.opened", "case", "c", "person", "zhang.wei", NULL);
    world_until(world, "2026-11-17T18:00");
    assert_int_equal(world_deliver(world, &delivered), 0);
    assert_int_equal(waiting(world, "zhang.wei")->not_before, world_time("2026-11-18T09:00"));
    world_reload(world);
    world_live(world, "2026-11-18T09:00", &delivered);
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);
}

/* Nine days off at the Spring Festival are longer than a message lives. */
static void test_long_holidays_outlive_no_message(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-02-14T17:00", "apart.opened", "case", "c", "person", "zhang.wei", NULL);
    world_live(world, "2026-02-24T08:59", &delivered);
    assert_int_equal(waiting(world, "zhang.wei")->not_before, world_time("2026-02-24T09:00"));
    world_live(world, "2026-02-24T09:00", &delivered);
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);
    assert_null(world_dead(world, 0));
    world_live(world, "2026-02-24T14:00", &delivered);
    assert_non_null(strstr(world_told(world), "escalation li.lei"));
}

/* The same for one that was tried in the last hour before them. */
static void test_a_retry_outlives_long_holidays(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-02-13T17:30", "apart.opened", "case", "c", "person", "zhang.wei", NULL);
    world_live(world, "2026-02-14T18:00", &dead_channel);
    assert_int_equal(waiting(world, "zhang.wei")->attempts, 1);
    assert_int_equal(waiting(world, "zhang.wei")->not_before, world_time("2026-02-24T09:00"));
    world_reload(world);
    world_live(world, "2026-02-24T09:00", &delivered);
    assert_null(waiting(world, "zhang.wei"));
    assert_null(world_dead(world, 0));
}

static void test_pause_ends_what_was_under_way(void **state)
{
    struct world *world = *state;

    friday_interview(world, "zhang.wei");
    world_live(world, "2026-11-22T10:00", &delivered);
    world_event(world, "2026-11-22T10:00", "candidate.on_hold", "interview", "iv-1", NULL);
    assert_int_equal(world_table(world, TABLE_OUTBOX), 0);
    world_reload(world);
    world_event(world, "2026-11-23T09:30", "candidate.resumed", "interview", "iv-1", NULL);
    world_told(world);
    world_live(world, "2026-11-23T14:00", &delivered); /* four working hours after the withdrawal */
    assert_non_null(strstr(world_told(world), "escalation li.lei"));
}

static void test_downtime_does_not_shout(void **state)
{
    struct world *world = *state;

    friday_interview(world, "zhang.wei");
    world_jump(world, "2026-11-24T11:00");
    assert_string_equal(world_told(world),
                        "escalation zhao.min mail due+1wd\noverdue zhang.wei mail due+1wd copy");
    world_live(world, "2026-11-30T11:00", &delivered);
    assert_string_equal(world_told(world), "");
}

/* -- the year -- */

enum { CASES = 16 }; /* working half hours of a day */

struct rungs { /* when the two messages of one case leave */
    char id[DEADLINE_ID_MAX];
    instant note, escalation;
};

static const char *half_hour(instant at, char into[static INSTANT_TEXT_MAX])
{
    instant_format(at, 8 * 3600, into);
    into[strlen("2026-11-17T15:10")] = '\0';
    return into;
}

static void note_down(struct world *world, struct rungs rungs[static CASES], size_t n)
{
    size_t cursor = 0;
    const struct notification *note;

    while ((note = engine_next_notification(world_engine(world), &cursor)) != NULL) {
        for (size_t i = 0; i < n; i++) {
            if (strcmp(rungs[i].id, note->deadline_id) != 0) {
                continue;
            }
            if (note->phase == PHASE_ESCALATION) {
                rungs[i].escalation = note->not_before;
            } else if (!note->copy) {
                rungs[i].note = note->not_before;
            }
        }
    }
}

static bool is_complete(const struct rungs rungs[static CASES], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (rungs[i].escalation == 0) {
            return false;
        }
    }
    return true;
}

/* A case opens at every working half hour of the date. Of how many do the overdue note and the escalation
 * leave at the same instant? */
static int collapsed_on(const char *kind, int32_t day, int *cases)
{
    struct world *world = world_open_at(TEST_SOURCE_DIR "/quiet");
    const struct calendar *calendar = ruleset_policy(engine_rules(world_engine(world)))->calendar;
    struct calendar_range ranges[CALENDAR_WINDOWS_MAX];
    size_t n_ranges = calendar_ranges(calendar, day, ranges), n = 0;
    struct rungs rungs[CASES] = {{.note = 0}};
    char type[32], text[INSTANT_TEXT_MAX];
    int collapsed = 0;

    (void)snprintf(type, sizeof type, "%s.opened", kind);
    for (size_t i = 0; i < n_ranges; i++) {
        for (instant at = ranges[i].from; at < ranges[i].to; at += HOUR_MS / 2) {
            half_hour(at, text);
            world_event(world, text, type, "case", text, "person", "zhang.wei", NULL);
            n++;
        }
    }
    size_t cursor = 0, k = 0;
    for (const struct deadline *open; (open = engine_next_deadline(world_engine(world), &cursor)) != NULL;) {
        memcpy(rungs[k++].id, open->id, sizeof open->id);
    }
    assert_int_equal(k, n);
    for (instant at = world_now(world); !is_complete(rungs, n); at += HOUR_MS / 2) {
        assert_true(at < world_now(world) + 20 * DAY_MS);
        world_until(world, half_hour(at, text));
        note_down(world, rungs, n);
        world_deliver(world, &delivered);
    }
    for (size_t i = 0; i < n; i++) {
        assert_true(rungs[i].note != 0 && rungs[i].escalation >= rungs[i].note);
        collapsed += rungs[i].escalation == rungs[i].note;
    }
    world_close(world);
    *cases += (int)n;
    return collapsed;
}

/* Of the working half hours of 2026 at which a case can open, 16 on each of 248 days: how many collapse, in
 * tenths of a percent. */
static int share_of_year(const char *kind)
{
    int n = 0, collapsed = 0;

    for (int32_t day = civil_day(2026, 1, 1); day <= civil_day(2026, 12, 31); day++) {
        collapsed += collapsed_on(kind, day, &n);
    }
    print_message("%s: %d of %d half hours\n", kind, collapsed, n);
    assert_int_equal(n, 248 * CASES);
    return (collapsed * 1000 + n / 2) / n;
}

static void test_a_fifth_of_the_year_collapses_without_the_gap(void **state)
{
    (void)state;
    assert_int_equal(share_of_year("together"), 206);
    assert_int_equal(share_of_year("apart"), 0);
}

int main(void)
{
#define QUIET_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        QUIET_TEST(test_friday_due_on_saturday),
        QUIET_TEST(test_reload_in_between_changes_nothing),
        QUIET_TEST(test_plan_says_when_and_why),
        QUIET_TEST(test_the_later_of_two_is_waited_for),
        QUIET_TEST(test_dead_channel),
        QUIET_TEST(test_dead_letter_has_ended),
        QUIET_TEST(test_berlin_owner_shanghai_head),
        QUIET_TEST(test_urgent_ignores_quiet_hours),
        QUIET_TEST(test_a_first_word_that_waits_is_overtaken),
        QUIET_TEST(test_own_quiet_hours),
        QUIET_TEST(test_channel_that_is_open_at_all_hours),
        QUIET_TEST(test_a_claim_in_quiet_hours_waits),
        QUIET_TEST(test_long_holidays_outlive_no_message),
        QUIET_TEST(test_a_retry_outlives_long_holidays),
        QUIET_TEST(test_pause_ends_what_was_under_way),
        QUIET_TEST(test_downtime_does_not_shout),
        cmocka_unit_test(test_a_fifth_of_the_year_collapses_without_the_gap),
    };
    return cmocka_run_group_tests_name("quiet", tests, NULL, NULL);
}
