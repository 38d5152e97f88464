/* Short notice: if no step before due can leave any more, the first word leaves at the opening, so that
 * nobody's first word is that it is late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "world.h"

static const struct verdict delivered = {.kind = VERDICT_DELIVERED};

#define RULE(name, more)                                                                                     \
    name ": { open = { on = \"" name ".asked\"; }; key = [ \"task\" ]; meet = { on = \"" name                \
         ".done\"; }; change = { on = \"" name ".changed\"; }; gap = \"none\"; " more " };\n"
#define PAUSES "pause = { on = \"span.held\"; }; resume = { on = \"span.back\"; }; owner = \"person\"; "
#define DUE    "{ at = \"due\"; to = [ \"owner\" ]; }"

static const char rules[] = RULE(
    "task", "owner = \"person\"; due = \"at:by\"; ladder = ( { at = \"due-4h\"; to = [ \"owner\" ]; }, " DUE
            ", { at = \"due+1h\"; to = [ \"head\" ]; } );")
    RULE("span", PAUSES "due = \"4h\"; ladder = ( { at = \"75%\"; to = [ \"owner\" ]; }, " DUE " );") RULE(
        "picky", "owner = \"person\"; due = \"8h\"; ladder = ( { at = \"due-4h\"; to = [ \"owner\" ]; "
                 "where = [ \"loud == yes\" ]; }, " DUE " );")
        RULE("other", "owner = \"person\"; due = \"at:by\"; ladder = ( { at = \"due-4h\"; to = [ \"head\" ]; "
                      "}, { at = \"due-6h\"; to = [ \"owner\" ]; }, " DUE " );")
            RULE("every", "owner = \"each of people\"; due = \"at:by\"; ladder = ( { at = \"due-4h\"; to = "
                          "[ \"owner\" ]; }, " DUE " );")
                RULE("open", "owner = \"person\"; due = \"at:by\"; ladder = ( { at = \"open\"; to = [ "
                             "\"owner\" ]; }, { at = \"due-4h\"; to = [ \"owner\" ]; }, " DUE " );")
                    RULE("silent", "owner = \"person\"; due = \"at:by\"; ladder = ( " DUE " );")
                        RULE("own", "owner = \"person\"; due = \"at:by\"; ladder = ( { name = \"asked\"; at "
                                    "= \"due-4h\"; to = [ \"owner\" ]; }, " DUE
                                    " );") "sleeper: { open = { on = \"sleeper.asked\"; from = \"at:by - "
                                           "2h\"; }; key = [ \"task\" ]; owner = \"person\"; "
                                           "meet = { on = \"sleeper.done\"; }; due = \"at:by\"; ladder = ( { "
                                           "at = \"due-4h\"; to = [ \"owner\" ]; }, " DUE " ); };\n";

struct play {
    struct world *world;
    char folder[64], file[96];
};

static void write_rules(const struct play *play, const char *text)
{
    FILE *file = fopen(play->file, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void take(const struct play *play, const char *text)
{
    write_rules(play, text);
    world_take(play->world, &(struct config_choice){.rules = play->folder});
}

static int begin(void **state, const char *settings)
{
    struct play *play = calloc(1, sizeof *play);

    (void)snprintf(play->folder, sizeof play->folder, "/tmp/cuiban-notice-XXXXXX");
    assert_non_null(mkdtemp(play->folder));
    (void)snprintf(play->file, sizeof play->file, "%s/rules.cfg", play->folder);
    play->world = world_open_files(settings, "2026-11-16T09:00", true);
    take(play, rules);
    *state = play;
    return 0;
}

static int setup(void **state)
{
    return begin(state, TEST_SOURCE_DIR "/world/cuiban.cfg");
}

static int setup_quiet(void **state)
{
    return begin(state, TEST_SOURCE_DIR "/quiet/cuiban.cfg");
}

static int teardown(void **state)
{
    struct play *play = *state;

    world_close(play->world);
    (void)unlink(play->file);
    (void)rmdir(play->folder);
    free(play);
    return 0;
}

/* What is then is so after a crash, too. */
static void reload(const struct play *play)
{
    const char *differs = world_differs(play->world);

    if (differs) {
        fail_msg("%s", differs);
    }
    world_reload(play->world);
}

/* The day and the zone come by themselves: everything happens on Tuesday, 17 November 2026. */
static const char *moment(const char *hour)
{
    static char text[40];

    (void)snprintf(text, sizeof text, "2026-11-17T%s", hour);
    return text;
}

static void happens(const struct play *play, const char *hour, const char *type, const char *by)
{
    char due[40];

    (void)snprintf(due, sizeof due, "2026-11-17T%s:00+08:00", by);
    assert_int_equal(world_event(play->world, moment(hour), type, "task", "t", "person", "zhang.wei", "by",
                                 due, "people", "[\"zhang.wei\",\"liu.yang\"]", NULL),
                     0);
}

static void assert_told(const struct play *play, const char *until, const char *wanted)
{
    world_live(play->world, moment(until), &delivered);
    assert_string_equal(world_told(play->world), wanted);
}

/* -- whether -- */

static void test_the_first_word_is_a_request(void **state)
{
    struct play *play = *state;

    happens(play, "10:00", "task.asked", "13:00");
    reload(play);
    assert_told(play, "10:00", "asked zhang.wei mail asked");
    reload(play);
    assert_told(play, "12:59", "");
    assert_told(play, "13:00", "overdue zhang.wei mail due");
    assert_told(play, "14:00", "escalation li.lei mail due+1h\noverdue zhang.wei mail due+1h copy");
}

static void test_a_step_that_can_leave_is_enough(void **state)
{
    struct play *play = *state;

    happens(play, "10:00", "task.asked", "14:00"); /* it stands at the opening itself */
    assert_told(play, "10:00", "reminder zhang.wei mail due-4h");
    assert_told(play, "14:00", "overdue zhang.wei mail due");
}

static void test_a_share_can_always_leave(void **state)
{
    struct play *play = *state;

    happens(play, "10:00", "span.asked", "00:00");
    assert_told(play, "13:00", "reminder zhang.wei mail 75%");
}

static void test_a_step_that_has_nothing_to_say_is_not_enough(void **state)
{
    struct play *play = *state;

    happens(play, "10:00", "picky.asked", "00:00");
    assert_told(play, "10:00", "asked zhang.wei mail asked");
    assert_told(play, "18:00", "overdue zhang.wei mail due");
}

/* What the head hears is no word to the owner, who is the one to be asked. */
static void test_a_step_for_somebody_else_is_not_enough(void **state)
{
    struct play *play = *state;

    happens(play, "10:00", "other.asked", "15:00");
    assert_told(play, "10:00", "asked zhang.wei mail asked");
    assert_told(play, "11:00", "reminder li.lei mail due-4h");
}

static void test_each_owner_is_asked(void **state)
{
    struct play *play = *state;

    happens(play, "10:00", "every.asked", "13:00");
    assert_told(play, "10:00", "asked zhang.wei mail asked\nasked wang.fang mail asked for liu.yang");
}

static void test_who_hears_at_the_opening_is_not_asked_twice(void **state)
{
    struct play *play = *state;

    happens(play, "10:00", "open.asked", "13:00");
    assert_told(play, "10:00", "asked zhang.wei mail open");
    assert_told(play, "12:59", "");
}

static void test_a_rule_that_never_speaks_before_due(void **state)
{
    struct play *play = *state;

    happens(play, "10:00", "silent.asked", "13:00");
    assert_told(play, "12:59", "");
}

static void test_a_step_of_that_name(void **state)
{
    struct play *play = *state;

    happens(play, "10:00", "own.asked", "13:00");
    assert_told(play, "12:59", "");
    assert_told(play, "13:00", "overdue zhang.wei mail due");
}

/* It opens overdue, and says so once. */
static void test_what_is_late_already(void **state)
{
    struct play *play = *state;

    happens(play, "10:00", "task.asked", "09:00");
    assert_told(play, "10:00", "overdue zhang.wei mail due");
}

/* The reminder would have to be pulled forward to before the opening. */
static void test_quiet_until_due(void **state)
{
    struct play *play = *state;

    assert_int_equal(world_event(play->world, "2026-11-17T17:55", "task.asked", "task", "t", "person",
                                 "zhang.wei", "by", "2026-11-18T08:30:00+08:00", NULL),
                     0);
    assert_told(play, "17:55", "asked zhang.wei mail asked");
    assert_told(play, "23:00", "");
}

/* The reminder leaves at nine, in good time. */
static void test_an_opening_in_quiet_hours(void **state)
{
    struct play *play = *state;

    assert_int_equal(world_event(play->world, "2026-11-17T20:00", "task.asked", "task", "t", "person",
                                 "zhang.wei", "by", "2026-11-18T11:00:00+08:00", NULL),
                     0);
    world_live(play->world, "2026-11-18T10:59", &delivered);
    assert_string_equal(world_told(play->world), "reminder zhang.wei mail due-4h");
}

/* Nobody can be told before such a due: what leaves at nine says what is true then, and only that. */
static void test_quiet_over_due(void **state)
{
    struct play *play = *state;

    happens(play, "20:00", "task.asked", "23:30");
    assert_told(play, "20:00", "asked zhang.wei mail asked");
    assert_told(play, "23:45", "overdue zhang.wei mail due");
    assert_int_equal(world_table(play->world, TABLE_OUTBOX), 1);
}

/* -- when -- */

static void test_a_downtime_at_the_opening(void **state)
{
    struct play *play = *state;

    happens(play, "10:00", "task.asked", "13:00");
    world_jump(play->world, moment("12:30"));
    assert_string_equal(world_told(play->world), "asked zhang.wei mail asked");
}

static void test_a_downtime_over_due(void **state)
{
    struct play *play = *state;

    happens(play, "10:00", "task.asked", "13:00");
    world_jump(play->world, moment("13:30"));
    assert_string_equal(world_told(play->world), "overdue zhang.wei mail due");
}

static void test_waking(void **state)
{
    struct play *play = *state;

    happens(play, "09:00", "sleeper.asked", "16:00");
    assert_told(play, "13:59", "");
    reload(play);
    assert_told(play, "14:00", "asked zhang.wei mail asked");
    assert_told(play, "16:00", "overdue zhang.wei mail due");
}

static void test_a_later_due_is_asked_for_again(void **state)
{
    struct play *play = *state;

    happens(play, "10:00", "task.asked", "13:00");
    assert_told(play, "10:00", "asked zhang.wei mail asked");
    happens(play, "10:30", "task.changed", "14:00");
    reload(play);
    assert_told(play, "10:30", "asked zhang.wei mail asked");
    happens(play, "11:00", "task.changed", "13:30"); /* earlier: nobody is told again */
    assert_told(play, "11:00", "");
    happens(play, "11:30", "task.changed", "18:00"); /* now there is time for the reminder */
    assert_told(play, "13:59", "");
    assert_told(play, "14:00", "reminder zhang.wei mail due-4h");
}

static void test_a_pause_that_moves_due(void **state)
{
    struct play *play = *state;

    happens(play, "10:00", "span.asked", "00:00");
    assert_told(play, "13:00", "reminder zhang.wei mail 75%");
    take(play, RULE("span",
                    PAUSES "due = \"4h\"; ladder = ( { at = \"due-3h\"; to = [ \"owner\" ]; }, " DUE " );"));
    world_live(play->world, moment("13:00"), &delivered);
    (void)world_told(play->world);
    happens(play, "13:30", "span.held", "00:00");
    happens(play, "15:30", "span.back", "00:00");
    assert_told(play, "15:30", "asked zhang.wei mail asked");
    assert_told(play, "16:00", "overdue zhang.wei mail due");
}

static void test_other_rules_ask_nobody_but_for_a_later_due(void **state)
{
    struct play *play = *state;

    happens(play, "10:00", "task.asked", "13:00");
    assert_told(play, "11:00", "asked zhang.wei mail asked");
    take(play,
         RULE("task",
              "owner = \"person\"; due = \"at:by\"; ladder = ( { at = \"due-5h\"; to = [ \"owner\" ]; }, " DUE
              " );"));
    assert_told(play, "11:30", "");
    take(play, RULE("task", "owner = \"person\"; due = \"at:by + 30m\"; ladder = ( { at = \"due-5h\"; to = [ "
                            "\"owner\" ]; }, " DUE " );"));
    reload(play);
    assert_told(play, "11:30", "asked zhang.wei mail asked");
    assert_told(play, "13:30", "overdue zhang.wei mail due");
}

/* As an older daemon has opened it: nobody is asked in retrospect. */
static void test_what_is_open_since_long(void **state)
{
    struct play *play = *state;
    struct buffer text;

    happens(play, "10:00", "task.asked", "13:00");
    assert_told(play, "10:00", "asked zhang.wei mail asked");
    struct deadline *deadline = (struct deadline *)world_only(play->world);
    deadline->asked = INSTANT_NEVER;
    deadline->steps[deadline->rule->n_steps - 1].fired = 0;
    buffer_init(&text);
    deadline_encode(deadline, &text);
    assert_null(strstr(buffer_text(&text), "asked\":"));
    world_spoil(play->world, TABLE_DEADLINES, deadline->id, buffer_text(&text));
    buffer_finish(&text);
    world_reload(play->world);
    assert_told(play, "12:59", "");
    assert_told(play, "13:00", "overdue zhang.wei mail due");
}

static void test_the_plan_names_it(void **state)
{
    struct play *play = *state;
    struct planned plan[RULE_STEPS_MAX];

    happens(play, "10:00", "task.asked", "13:00");
    size_t n = engine_plan(world_engine(play->world), world_only(play->world), world_now(play->world), plan,
                           RULE_STEPS_MAX);
    assert_true(n >= 2);
    assert_string_equal(plan[0].step->name, "asked");
    assert_string_equal(plan[0].to[0].person, "zhang.wei");
}

#define NOTICE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define QUIET_TEST(name)  cmocka_unit_test_setup_teardown(name, setup_quiet, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NOTICE_TEST(test_the_first_word_is_a_request),
        NOTICE_TEST(test_a_step_that_can_leave_is_enough),
        NOTICE_TEST(test_a_share_can_always_leave),
        NOTICE_TEST(test_a_step_that_has_nothing_to_say_is_not_enough),
        NOTICE_TEST(test_a_step_for_somebody_else_is_not_enough),
        NOTICE_TEST(test_each_owner_is_asked),
        NOTICE_TEST(test_who_hears_at_the_opening_is_not_asked_twice),
        NOTICE_TEST(test_a_rule_that_never_speaks_before_due),
        NOTICE_TEST(test_a_step_of_that_name),
        NOTICE_TEST(test_what_is_late_already),
        QUIET_TEST(test_quiet_until_due),
        QUIET_TEST(test_an_opening_in_quiet_hours),
        QUIET_TEST(test_quiet_over_due),
        NOTICE_TEST(test_a_downtime_at_the_opening),
        NOTICE_TEST(test_a_downtime_over_due),
        NOTICE_TEST(test_waking),
        NOTICE_TEST(test_a_later_due_is_asked_for_again),
        NOTICE_TEST(test_a_pause_that_moves_due),
        NOTICE_TEST(test_other_rules_ask_nobody_but_for_a_later_due),
        NOTICE_TEST(test_what_is_open_since_long),
        NOTICE_TEST(test_the_plan_names_it),
    };
    return cmocka_run_group_tests_name("notice", tests, NULL, NULL);
}
