/* What opens by the clock, recurs, and opens for each department: every period exactly once, whatever
 * happens in between. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "world.h"

static const char settings[] = SCHEDULE_DIR "/cuiban.cfg";
static const char changed_settings[] = SCHEDULE_DIR "/changed.cfg";

static int setup(void **state)
{
    *state = world_open_files(settings, "2026-11-18T12:00", true);
    return 0;
}

static int teardown(void **state)
{
    world_close(*state);
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The open deadlines of a rule, sorted: "period/series/department/key", what they lack left out. */
static const char *open_of(struct world *world, const char *rule)
{
    static const char *const fields[] = {"period", "series", "department", "person", "plan"};
    static char shown[4096];
    char *lines[64];
    size_t n = 0, cursor = 0;
    const struct deadline *deadline;

    while ((deadline = engine_next_deadline(world_engine(world), &cursor)) != NULL) {
        char line[256] = "";

        for (size_t i = 0; strcmp(deadline->rule->name, rule) == 0 && i < 5; i++) {
            const char *value = fields_get(&deadline->fields, fields[i]);
            if (value) {
                (void)snprintf(line + strlen(line), sizeof line - strlen(line), "%s%s", line[0] ? "/" : "",
                               value);
            }
        }
        if (line[0] && n < 64) {
            lines[n++] = strdup(line);
        }
    }
    qsort(lines, n, sizeof *lines, by_text);
    shown[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(shown + strlen(shown), sizeof shown - strlen(shown), "%s%s", i ? " " : "", lines[i]);
        free(lines[i]);
    }
    return shown;
}

static const struct deadline *one_of(struct world *world, const char *rule)
{
    size_t cursor = 0;
    const struct deadline *deadline;

    while ((deadline = engine_next_deadline(world_engine(world), &cursor)) != NULL) {
        if (strcmp(deadline->rule->name, rule) == 0) {
            return deadline;
        }
    }
    fail_msg("no deadline of %s is open", rule);
    return NULL;
}

static size_t count_of(const char *text, const char *word)
{
    size_t n = 0;

    while ((text = strstr(text, word)) != NULL) {
        text += strlen(word);
        n++;
    }
    return n;
}

static bool is_dead_because(const struct world *world, const char *why)
{
    const char *dead;

    for (size_t i = 0; (dead = world_dead(world, i)) != NULL; i++) {
        if (strstr(dead, why)) {
            return true;
        }
    }
    return false;
}

/* A reload, in the midst of whatever is going on, changes nothing. */
static void reload(struct world *world)
{
    char *before = world_snapshot(world);

    world_reload(world);
    assert_null(engine_check(world_engine(world)));
    char *after = world_snapshot(world);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

/* -- by the clock -- */

static void test_clock_opens_each_period_once(void **state)
{
    struct world *world = *state;

    world_until(world, "2026-12-01T08:59");
    assert_string_equal(open_of(world, "demand"), ""); /* November began before the rule was known */
    reload(world);
    world_until(world, "2026-12-01T09:00");
    assert_string_equal(open_of(world, "demand"), "2026-12/rd 2026-12/sales");
    assert_int_equal(one_of(world, "demand")->opened, world_time("2026-12-01T09:00"));
    assert_int_equal(one_of(world, "demand")->due, world_time("2026-12-07T18:00"));
    assert_string_equal(one_of(world, "demand")->owner, "chen.jing");
    reload(world);
    world_until(world, "2026-12-31T12:00");
    assert_string_equal(open_of(world, "demand"), "2026-12/rd 2026-12/sales");
    reload(world);
    world_until(world,
                "2027-01-04T09:00"); /* New Year is a day off by law, the notice of 2027 is not known */
    assert_string_equal(open_of(world, "demand"), "2026-12/rd 2026-12/sales 2027-01/rd 2027-01/sales");
    assert_int_equal(world_stat(world, "2026-12|demand|hr|opened"), 2);
}

static void test_meet_names_the_period_or_takes_the_oldest(void **state)
{
    struct world *world = *state;

    world_until(world, "2027-02-01T09:00");
    assert_string_equal(open_of(world, "demand"),
                        "2026-12/rd 2026-12/sales 2027-01/rd 2027-01/sales 2027-02/rd 2027-02/sales");
    world_event(world, "2027-02-02T10:00", "demand.minutes_filed", "department", "rd", "period", "2027-01",
                NULL);
    assert_string_equal(open_of(world, "demand"),
                        "2026-12/rd 2026-12/sales 2027-01/sales 2027-02/rd 2027-02/sales");
    world_event(world, "2027-02-02T10:01", "demand.minutes_filed", "department", "rd", NULL);
    assert_string_equal(open_of(world, "demand"), "2026-12/sales 2027-01/sales 2027-02/rd 2027-02/sales");
    reload(world);
    world_event(world, "2027-02-02T10:02", "demand.minutes_filed", "department", "rd", NULL);
    assert_string_equal(open_of(world, "demand"), "2026-12/sales 2027-01/sales 2027-02/sales");
    world_event(world, "2027-02-02T10:03", "demand.called_off", "department", "sales", NULL);
    assert_string_equal(open_of(world, "demand"), "");
    world_until(world, "2027-03-01T09:00"); /* the clock goes on */
    assert_string_equal(open_of(world, "demand"), "2027-03/rd 2027-03/sales");
}

static void test_early_meets_of_a_period(void **state)
{
    struct world *world = *state;

    world_until(world, "2026-11-26T12:00");
    world_event(world, "2026-11-26T12:00", "demand.minutes_filed", "department", "rd", NULL);
    world_event(world, "2026-11-26T12:01", "demand.minutes_filed", "department", "sales", "period", "2026-12",
                NULL);
    assert_int_equal(world_table(world, TABLE_EARLY), 2);
    reload(world);
    world_until(world, "2026-12-01T09:00");
    assert_string_equal(open_of(world, "demand"), "");
    assert_int_equal(world_stat(world, "2026-12|demand|hr|met"), 2);
    assert_int_equal(world_table(world, TABLE_EARLY), 0);
    world_until(world, "2027-01-04T09:00");
    assert_string_equal(open_of(world, "demand"), "2027-01/rd 2027-01/sales");
}

static void test_downtime_opens_the_last_period_only(void **state)
{
    struct world *world = *state;

    world_until(world, "2026-11-18T13:00");
    world_reload(world); /* nobody runs for three months */
    world_jump(world, "2027-03-10T10:00");
    assert_string_equal(open_of(world, "demand"), "2027-03/rd 2027-03/sales");
    assert_true(one_of(world, "demand")->late_event); /* nobody is to blame */
    assert_int_equal(one_of(world, "demand")->opened, world_time("2027-03-01T09:00"));
    const char *journal = world_journal(world);
    assert_int_equal(count_of(journal, "period_missed"), 2); /* of demand and of pulse */
    reload(world);
    world_jump(world, "2027-03-10T11:00");
    assert_string_equal(open_of(world, "demand"), "2027-03/rd 2027-03/sales");
}

static void test_catch_up_all_opens_every_period(void **state)
{
    struct world *world = *state;

    world_until(world, "2026-11-18T13:00");
    assert_string_equal(open_of(world, "brief"), "");
    while (world_piece(world, "2026-12-08T10:00")) {
        world_reload(world);
    }
    assert_string_equal(open_of(world, "brief"), "2026-W48 2026-W49 2026-W50");
}

static void test_year_rolls_and_has_one_owner(void **state)
{
    world_close(*state);
    struct world *world = world_open_files(settings, "2026-10-20T09:00", true);

    *state = world;
    world_until(world, "2026-11-02T08:59"); /* the first is a Sunday */
    assert_string_equal(open_of(world, "strategy"), "");
    world_until(world, "2026-11-02T09:00");
    assert_string_equal(open_of(world, "strategy"), "2026");
    assert_string_equal(one_of(world, "strategy")->owner, "wang.qiang");
    world_event(world, "2026-11-20T10:00", "strategy.plan_filed", NULL);
    assert_string_equal(open_of(world, "strategy"), "");
}

static void test_for_each_person(void **state)
{
    struct world *world = *state;

    world_until(world, "2026-12-15T09:00");
    assert_string_equal(open_of(world, "pulse"),
                        "2026-12/rd/li.lei 2026-12/rd/zhang.wei 2026-12/sales/wu.gang");
    world_event(world, "2026-12-15T10:00", "pulse.answered", "person", "li.lei", NULL);
    assert_string_equal(open_of(world, "pulse"), "2026-12/rd/zhang.wei 2026-12/sales/wu.gang");
}

static void test_only_the_home_shard_opens_by_the_clock(void **state)
{
    world_close(*state);
    struct world *world = world_open_files(settings, "2026-11-18T12:00", false);

    *state = world;
    world_until(world, "2027-03-01T10:00");
    assert_int_equal(world_table(world, TABLE_SCHEDULES), 0);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
    world_event(world, "2027-03-01T11:00", "employee.started", "id", "e1", "employee", "zhang.wei",
                "recruiter", "chen.jing", "probation_end", "2027-08-31", NULL);
    world_until(world, "2027-04-01T09:00"); /* what an event began recurs where the event was read */
    assert_string_equal(open_of(world, "talk"), "2027-04");
}

static void test_another_shard_becomes_home(void **state)
{
    struct world *world = *state;

    world_until(world, "2026-11-18T13:00");
    assert_true(world_table(world, TABLE_SCHEDULES) > 0);
    world_set_home(world, false);
    world_reload(world);
    world_until(world, "2026-12-20T10:00");
    assert_int_equal(world_table(world, TABLE_SCHEDULES), 0);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
}

static void test_changed_rules(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-18T13:00", "employee.started", "employee", "zhang.wei", "recruiter",
                "chen.jing", "probation_end", "2027-02-20", NULL);
    world_until(world, "2026-12-01T09:00");
    assert_string_equal(open_of(world, "talk"), "2026-12");
    world_restart_with(world, changed_settings);
    world_until(world, "2026-12-01T09:10"); /* weeks are other periods: they count from now on */
    assert_string_equal(open_of(world, "demand"), "2026-12/rd 2026-12/sales");
    assert_int_equal(world_table(world, TABLE_SCHEDULES), 3); /* demand, strategy, pulse */
    assert_non_null(strstr(world_journal(world), "recurs_ended"));
    world_until(world, "2026-12-08T09:00");
    assert_string_equal(open_of(world, "talk"), "2026-12"); /* what is open goes on */
    assert_string_equal(open_of(world, "demand"), "2026-12/rd 2026-12/sales 2026-W50/rd 2026-W50/sales");
}

/* -- recurrences that an event begins -- */

/* P2: a talk each month of the probation. */
static void test_recurs_until_the_end(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-18T13:00", "employee.started", "id", "e1", "employee", "zhang.wei",
                "recruiter", "chen.jing", "probation_end", "2027-01-20", NULL);
    assert_string_equal(open_of(world, "talk"), "");
    reload(world);
    world_until(world, "2026-12-01T09:00");
    assert_string_equal(open_of(world, "talk"), "2026-12");
    assert_string_equal(one_of(world, "talk")->owner, "li.lei");
    assert_int_equal(one_of(world, "talk")->due, world_time("2026-12-31T18:00"));
    assert_string_equal(fields_get(&one_of(world, "talk")->fields, "probation_end"), "2027-01-20");
    world_event(world, "2026-12-09T10:00", "employee.probation_changed", "employee", "zhang.wei",
                "probation_end", "2027-01-20", "period", "nonsense", NULL);
    world_until(world, "2026-12-09T11:00");
    assert_null(strstr(world_journal(world), "repeat"));    /* no period is opened again */
    assert_string_equal(open_of(world, "talk"), "2026-12"); /* what is part of the identity stays */
    world_event(world, "2026-12-10T10:00", "talk.recorded", "employee", "zhang.wei", NULL);
    reload(world);
    world_event(world, "2026-12-11T10:00", "employee.probation_changed", "employee", "zhang.wei",
                "probation_end", "2027-02-20", "period", "nonsense", NULL);
    world_until(world, "2027-02-01T09:00");
    assert_string_equal(open_of(world, "talk"), "2027-01 2027-02");
    reload(world);
    world_until(world, "2027-02-20T18:00");
    assert_non_null(strstr(world_journal(world), "recurs_ended"));
    world_until(world, "2027-06-01T10:00");
    assert_string_equal(open_of(world, "talk"), "2027-01 2027-02"); /* still owed */
    /* The HR system repeats what has long ended. */
    world_late_event(world, "2027-06-02T10:00", "2026-11-18T13:00", "employee.started", "id", "e9",
                     "employee", "zhang.wei", "recruiter", "chen.jing", "probation_end", "2027-08-20", NULL);
    world_until(world, "2027-08-01T10:00");
    assert_string_equal(open_of(world, "talk"), "2027-01 2027-02");
}

static void test_cancel_ends_recurrence_between_periods(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-18T13:00", "employee.started", "employee", "zhang.wei", "recruiter",
                "chen.jing", "probation_end", "2027-05-20", NULL);
    world_until(world, "2026-12-01T09:00");
    world_event(world, "2026-12-02T10:00", "talk.recorded", "employee", "zhang.wei", NULL);
    world_journal(world);
    world_event(world, "2026-12-03T10:00", "employee.left", "employee", "zhang.wei", NULL);
    assert_non_null(strstr(world_journal(world), "recurs_ended"));
    reload(world);
    world_until(world, "2027-05-21T09:00");
    assert_string_equal(open_of(world, "talk"), "");
}

/* P4: every two weeks from the start of the plan; a meet by another key, of two plans of one person. */
static void test_recurs_from_the_anchor(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-18T15:10", "plan.started", "employee", "zhang.wei", "plan", "p1", "mentor",
                "li.lei", "plan_end", "2027-01-15", NULL);
    world_event(world, "2026-11-19T15:10", "plan.started", "employee", "zhang.wei", "plan", "p2", "mentor",
                "li.lei", "plan_end", "2027-01-15", NULL);
    world_until(world, "2026-12-02T15:09");
    assert_string_equal(open_of(world, "checkpoint"), "");
    world_until(world, "2026-12-17T16:00");
    assert_string_equal(open_of(world, "checkpoint"),
                        "2026-12-02/p1 2026-12-03/p2 2026-12-16/p1 2026-12-17/p2");
    assert_int_equal(one_of(world, "checkpoint")->owner_fixed, true);
    reload(world);
    /* It names neither plan nor period: the oldest of each plan. */
    world_event(world, "2026-12-18T10:00", "checkpoint.recorded", "employee", "zhang.wei", NULL);
    assert_string_equal(open_of(world, "checkpoint"), "2026-12-16/p1 2026-12-17/p2");
    world_event(world, "2026-12-18T11:00", "plan.ended", "plan", "p1", NULL);
    world_until(world, "2027-01-20T10:00");
    assert_string_equal(open_of(world, "checkpoint"), "2026-12-17/p2 2026-12-31/p2 2027-01-14/p2");
}

/* R11: weekly until the first day; the start date moves, the offer is accepted again. */
static void test_weekly_contact(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-18T10:00", "offer.accepted", "offer", "o1", "recruiter", "chen.jing",
                "start_date", "2026-12-04", "call_from", "2026-11-23", NULL);
    world_until(world, "2026-11-26T10:00");
    assert_string_equal(open_of(world, "contact"), ""); /* Friday the 20th lies before `from` */
    world_until(world, "2026-11-27T09:30");
    assert_string_equal(open_of(world, "contact"), "2026-W48");
    assert_int_equal(one_of(world, "contact")->due, world_time("2026-11-27T18:00"));
    world_event(world, "2026-11-30T10:00", "offer.start_date_changed", "offer", "o1", "start_date",
                "2026-12-10", NULL);
    reload(world);
    world_until(world, "2026-12-14T10:00");
    assert_string_equal(open_of(world, "contact"), "2026-W48 2026-W49");
    world_event(world, "2026-12-14T11:00", "offer.accepted", "offer", "o1", "recruiter", "chen.jing",
                "start_date", "2026-12-31", "call_from", "2026-12-14", NULL);
    world_until(world, "2026-12-31T18:00");
    assert_string_equal(open_of(world, "contact"), "2026-W48 2026-W49 2026-W51 2026-W52");
    world_event(world, "2026-12-31T19:00", "offer.accepted", "offer", "o2", "recruiter", "chen.jing",
                "start_date", "soon", "call_from", "2026-12-14", NULL);
    assert_true(is_dead_because(world, "`until` is counted from"));
    assert_string_equal(open_of(world, "contact"), "2026-W48 2026-W49 2026-W51 2026-W52");
}

/* An end that comes nearer is waited for at once, not only when the next period looks for it. */
static void test_an_end_that_comes_nearer(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-23T10:00", "offer.accepted", "offer", "o1", "recruiter", "chen.jing",
                "start_date", "2026-12-31", "call_from", "2026-11-23", NULL);
    world_until(world, "2026-11-27T09:30");
    assert_string_equal(open_of(world, "contact"), "2026-W48");
    world_event(world, "2026-11-30T10:00", "offer.start_date_changed", "offer", "o1", "start_date",
                "2026-12-01", NULL);
    (void)world_journal(world);
    world_until(world, "2026-12-01T17:59");
    assert_null(strstr(world_journal(world), "recurs_ended"));
    world_until(world, "2026-12-01T18:00");
    assert_non_null(strstr(world_journal(world), "recurs_ended"));
}

/* What a weekend rolls to one morning was not missed: all of it opens. */
static void test_periods_that_fall_together(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-19T10:00", "round.begun", "round", "r1", "caller", "zhang.wei", NULL);
    world_until(world, "2026-11-22T10:00");
    assert_string_equal(open_of(world, "daily"), "2026-11-20");
    world_until(world, "2026-11-23T09:00");
    assert_string_equal(open_of(world, "daily"), "2026-11-20 2026-11-21 2026-11-22 2026-11-23");
    reload(world);
    world_event(world, "2026-11-23T09:30", "round.made", "round", "r1", "period", "2026-11-22", NULL);
    world_event(world, "2026-11-23T09:31", "round.made", "round", "r1", NULL);
    assert_string_equal(open_of(world, "daily"), "2026-11-21 2026-11-23");
    world_until(world, "2026-12-23T09:00");
    assert_string_equal(open_of(world, "daily"), "2026-11-21 2026-11-23 2026-11-24 2026-11-25");
}

static void test_late_event_begins_in_the_past(void **state)
{
    struct world *world = *state;

    world_until(world, "2027-02-10T10:00");
    world_late_event(world, "2027-02-10T10:00", "2026-11-18T13:00", "employee.started", "id", "e1",
                     "employee", "zhang.wei", "recruiter", "chen.jing", "probation_end", "2027-05-20", NULL);
    world_jump(world, "2027-02-10T10:01");
    assert_string_equal(open_of(world, "talk"), "2027-02");
}

/* -- for each department -- */

static void test_event_opens_for_each_department(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-18T13:00", "cycle.opened", "id", "c1", "cycle", "2026H2", "department", "hr",
                NULL);
    assert_string_equal(open_of(world, "goals"), "hr rd sales");
    world_event(world, "2026-11-18T13:01", "cycle.opened", "id", "c1", "cycle", "2026H2", NULL);
    world_event(world, "2026-11-18T13:02", "cycle.opened", "id", "c2", "cycle", "2026H2", NULL);
    assert_string_equal(open_of(world, "goals"), "hr rd sales");
    world_event(world, "2026-11-18T14:00", "cycle.goals_confirmed", "cycle", "2026H2", "department", "rd",
                NULL);
    assert_string_equal(open_of(world, "goals"), "hr sales");
    reload(world);
    world_event(world, "2026-11-18T15:00", "cycle.cancelled", "cycle", "2026H2", NULL);
    assert_string_equal(open_of(world, "goals"), "");
}

/* K2: the fifth working day counted from the end of the closed period, asked on the eighth. */
static void test_recurs_for_each_department(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-18T13:00", "round.opened", "plan", "7", "department", "hr", "round_end",
                "2026-12-31", NULL);
    assert_string_equal(open_of(world, "checkin"), "");
    reload(world);
    world_until(world, "2026-11-23T09:30");
    assert_string_equal(open_of(world, "checkin"), "2026-W48/rd/7 2026-W48/sales/7");
    assert_int_equal(one_of(world, "checkin")->due, world_time("2026-11-26T18:00"));
    world_event(world, "2026-11-24T10:00", "checkin.made", "plan", "7", "department", "rd", NULL);
    world_event(world, "2026-11-24T10:01", "round.left", "plan", "7", "department", "sales", NULL);
    assert_string_equal(open_of(world, "checkin"), "");
    reload(world);
    world_until(world, "2026-11-30T09:30"); /* who left one week is there in the next */
    assert_string_equal(open_of(world, "checkin"), "2026-W49/rd/7 2026-W49/sales/7");
    world_event(world, "2026-12-01T10:00", "round.stopped", "plan", "7", NULL);
    assert_string_equal(open_of(world, "checkin"), "");
    world_until(world, "2026-12-31T09:30");
    assert_string_equal(open_of(world, "checkin"), "");
}

static void test_due_from_the_events_period(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-12-01T10:00", "period.closed", "period", "2026-11", "period_end", "2026-11-30",
                NULL);
    assert_string_equal(open_of(world, "data"), "2026-11/rd 2026-11/sales");
    assert_int_equal(one_of(world, "data")->due, world_time("2026-12-07T18:00"));
    world_event(world, "2026-12-02T10:00", "data.delivered", "period", "2026-11", "department", "rd", NULL);
    assert_string_equal(open_of(world, "data"), "2026-11/sales");
    world_event(world, "2026-12-08T10:00", "period.closed", "period", "2026-11b", "period_end", "2026-11-30",
                NULL);
    assert_int_equal(world_table(world, TABLE_DEADLINES) >= 3, true);
    assert_string_equal(open_of(world, "data"), "2026-11/sales 2026-11b/rd 2026-11b/sales");
}

/* -- a series -- */

/* R13: days 1, 3 and 7; the first two meets say which, the last does not. */
static void test_series(void **state)
{
    struct world *world = *state;

    world_event(world, "2026-11-18T09:30", "employee.started", "id", "e1", "employee", "new.one", "recruiter",
                "chen.jing", NULL);
    assert_string_equal(open_of(world, "follow_up"), "day:1@18:00 day:3@18:00 day:7@18:00");
    reload(world);
    world_event(world, "2026-11-19T10:00", "followup.recorded", "employee", "new.one", "day", "3", NULL);
    assert_string_equal(open_of(world, "follow_up"), "day:1@18:00 day:7@18:00");
    world_event(world, "2026-11-19T10:05", "followup.recorded", "employee", "new.one", "day", "day:9", NULL);
    assert_string_equal(open_of(world, "follow_up"), "day:1@18:00 day:7@18:00");
    world_event(world, "2026-11-19T10:10", "followup.recorded", "employee", "new.one", NULL);
    assert_string_equal(open_of(world, "follow_up"), "day:7@18:00");
    assert_int_equal(one_of(world, "follow_up")->due, world_time("2026-11-24T18:00"));
    /* Told again while one is open: nothing that was met opens again. */
    world_event(world, "2026-11-19T11:00", "employee.started", "id", "e2", "employee", "new.one", "recruiter",
                "chen.jing", NULL);
    assert_string_equal(open_of(world, "follow_up"), "day:7@18:00");
    reload(world);
    world_event(world, "2026-11-20T11:00", "employee.left", "employee", "new.one", NULL);
    assert_string_equal(open_of(world, "follow_up"), "");
}

/* Days 3 and 7 of 29 September both roll to the first day after the holiday: the later one stays. */
static void test_series_falls_together(void **state)
{
    world_close(*state);
    struct world *world = world_open_files(settings, "2026-09-29T09:00", true);

    *state = world;
    world_event(world, "2026-09-29T09:30", "employee.started", "employee", "new.one", "recruiter",
                "chen.jing", NULL);
    assert_string_equal(open_of(world, "follow_up"), "day:1@18:00 day:7@18:00");
    assert_int_equal(world_table(world, TABLE_DEADLINES), 2);
}

/* -- the text of a rule -- */

static void test_rules_are_written_out_in_full(void **state)
{
    struct problems problems;
    struct config *config = NULL;
    struct arena *arena = arena_create();
    const struct rule *rules, *again = NULL;

    (void)state;
    problems_init(&problems);
    assert_int_equal(config_load(settings, &problems, &config), 0);
    size_t n = ruleset_rules(config->rules, &rules);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(config_parse_rule(config, arena, rules[i].text, &again), 0);
        assert_string_equal(again->text, rules[i].text);
        assert_string_equal(again->fingerprint, rules[i].fingerprint);
        assert_int_equal(again->key.n, rules[i].key.n);
        assert_int_equal(again->catch_up_all, rules[i].catch_up_all);
        assert_int_equal(again->is_series, rules[i].is_series);
    }
    assert_true(n >= 10);
    arena_destroy(arena);
    config_unload(config);
    problems_finish(&problems);
}

/* -- many departments -- */

enum { MANY = 300 };

static const char *many_company(char folder[static 64], int departments)
{
    static char path[128];

    (void)snprintf(folder, 64, "/tmp/cuiban-many-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/people.cfg", folder);
    FILE *people = fopen(path, "w");
    assert_non_null(people);
    (void)fputs("people = ( { id = \"wang.qiang\"; department = \"d0\"; email = \"wq@example.com\"; } );\n"
                "roles = { hr_director = [ \"wang.qiang\" ]; };\ndepartments = (\n",
                people);
    for (int i = 0; i < departments; i++) {
        (void)fprintf(
            people,
            "  { id = \"d%d\"; head = \"wang.qiang\"; hrbp = \"wang.qiang\"; kind = \"business\"; }%s\n", i,
            i + 1 < departments ? "," : "");
    }
    (void)fputs(");\n", people);
    (void)fclose(people);
    (void)snprintf(path, sizeof path, "%s/cuiban.cfg", folder);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    (void)fprintf(
        out,
        "redis = \"unix:/nonexistent\"; streams = [ \"hr:events\" ]; rules = \"%s/rules.d\"; calendars = "
        "\"%s/../world/calendars.d\";\ntemplates = \"%s/../world/templates\"; directory = \"people.cfg\"; "
        "calendar = \"office\"; channel = \"mail\";\nchannels = { mail = { plugin = \"email\"; server = "
        "\"smtp://127.0.0.1:25\"; from = \"hr@example.com\"; }; };\n",
        SCHEDULE_DIR, SCHEDULE_DIR, SCHEDULE_DIR);
    (void)fclose(out);
    return path;
}

static struct world *open_many(int departments)
{
    char folder[64], path[128];
    const char *file = many_company(folder, departments);
    struct world *world = world_open_files(file, "2026-11-18T12:00", true);

    (void)unlink(file);
    (void)snprintf(path, sizeof path, "%s/people.cfg", folder);
    (void)unlink(path);
    (void)rmdir(folder);
    return world;
}

static size_t opened(struct world *world, const char *rule)
{
    size_t n = 0, cursor = 0;
    const struct deadline *deadline;

    while ((deadline = engine_next_deadline(world_engine(world), &cursor)) != NULL) {
        n += strcmp(deadline->rule->name, rule) == 0;
    }
    return n;
}

static void test_one_event_for_many_departments(void **state)
{
    world_close(*state);
    struct world *world = open_many(MANY);

    *state = world;
    assert_int_equal(
        world_event(world, "2026-11-18T13:00", "cycle.opened", "id", "c1", "cycle", "2026H2", NULL), 0);
    assert_int_equal(opened(world, "goals"), MANY);
    reload(world);
    world_event(world, "2026-11-18T13:05", "cycle.opened", "id", "c2", "cycle", "2026H2", NULL);
    assert_int_equal(opened(world, "goals"), MANY);
}

/* Larger than one commit: a crash after each of them, and every department is asked exactly once. */
static void test_clock_goes_on_where_a_crash_left_it(void **state)
{
    world_close(*state);
    struct world *world = open_many(MANY);
    size_t before = 0, pieces = 0;
    bool more;

    *state = world;
    world_until(world, "2026-11-18T13:00");
    do {
        more = world_piece(world, "2026-12-01T09:00");
        reload(world);
        assert_true(opened(world, "demand") >= before);
        before = opened(world, "demand");
        pieces++;
    } while (more);
    assert_true(pieces >= 2);
    assert_int_equal(opened(world, "demand"), MANY);
    assert_int_equal(world_stat(world, "2026-12|demand|d0|opened"), MANY);
    assert_null(strstr(world_journal(world), "repeat")); /* it did not begin at the beginning */
    world_until(world, "2026-12-02T09:00");
    assert_int_equal(opened(world, "demand"), MANY);
}

/* A downtime begins in the middle of an opening: that one is finished, then the latest follows. */
static void test_downtime_in_the_middle_of_an_opening(void **state)
{
    world_close(*state);
    struct world *world = open_many(MANY);

    *state = world;
    world_until(world, "2026-11-18T13:00");
    assert_true(world_piece(world, "2026-12-01T09:00"));
    assert_true(opened(world, "demand") < MANY);
    reload(world);
    world_jump(world, "2027-03-10T10:00");
    assert_int_equal(opened(world, "demand"), 2 * MANY);
    assert_int_equal(world_stat(world, "2027-03|demand|d0|opened"), MANY);
}

static void test_too_many_at_once_is_a_bad_event(void **state)
{
    world_close(*state);
    struct world *world = open_many(ENGINE_EVENT_DEADLINES_MAX);

    *state = world;
    assert_int_equal(world_event(world, "2026-11-18T13:00", "cycle.opened", "cycle", "2026H2", NULL), 0);
    assert_int_equal(opened(world, "goals"), ENGINE_EVENT_DEADLINES_MAX);
    world_close(world);
    *state = world = open_many(ENGINE_EVENT_DEADLINES_MAX + 1);
    assert_int_equal(world_event(world, "2026-11-18T13:00", "cycle.opened", "cycle", "2026H2", NULL), -E2BIG);
    assert_int_equal(world_table(world, TABLE_DEADLINES), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_clock_opens_each_period_once),
        TEST(test_meet_names_the_period_or_takes_the_oldest),
        TEST(test_early_meets_of_a_period),
        TEST(test_downtime_opens_the_last_period_only),
        TEST(test_catch_up_all_opens_every_period),
        TEST(test_year_rolls_and_has_one_owner),
        TEST(test_for_each_person),
        TEST(test_only_the_home_shard_opens_by_the_clock),
        TEST(test_another_shard_becomes_home),
        TEST(test_changed_rules),
        TEST(test_recurs_until_the_end),
        TEST(test_cancel_ends_recurrence_between_periods),
        TEST(test_recurs_from_the_anchor),
        TEST(test_weekly_contact),
        TEST(test_an_end_that_comes_nearer),
        TEST(test_periods_that_fall_together),
        TEST(test_late_event_begins_in_the_past),
        TEST(test_event_opens_for_each_department),
        TEST(test_recurs_for_each_department),
        TEST(test_due_from_the_events_period),
        TEST(test_series),
        TEST(test_series_falls_together),
        cmocka_unit_test(test_rules_are_written_out_in_full),
        TEST(test_one_event_for_many_departments),
        TEST(test_clock_goes_on_where_a_crash_left_it),
        TEST(test_downtime_in_the_middle_of_an_opening),
        TEST(test_too_many_at_once_is_a_bad_event),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
