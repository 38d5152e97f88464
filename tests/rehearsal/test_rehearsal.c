/* The engine on a virtual clock: who hears when, and that nothing comes after a meet. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/zone.h"
#include "rehearsal/rehearsal.h"

struct play {
    struct config *config;
    struct rehearsal *rehearsal;
    struct buffer heard; /* a line a message */
    size_t records;
};

static void on_message(void *data, instant at, const struct notification *note)
{
    struct play *play = data;
    char time[INSTANT_TEXT_MAX];

    zone_format(ruleset_policy(play->config->rules)->zone, at, time);
    buffer_printf(&play->heard, "%.16s %s %s%s\n", time, phase_name(note->phase), note->to,
                  note->copy ? " copy" : "");
}

static void on_records(void *data, instant now, const char *records)
{
    struct play *play = data;

    (void)now;
    assert_int_equal(*records, '{');
    play->records++;
}

static instant time_of(const char *text)
{
    char full[INSTANT_TEXT_MAX];
    instant at;

    (void)snprintf(full, sizeof full, "%s:00+08:00", text);
    assert_true(instant_parse(full, &at));
    return at;
}

static int open_play(void **state)
{
    static const struct channel_facts mail = {.name = "mail", .reach = REACH_PERSON, .address = "email"};
    static const struct channel_facts rd = {.name = "rd", .reach = REACH_GROUP, .mentions = true};
    static const struct channel_facts held = {.name = "held", .reach = REACH_PERSON, .address = "email"};
    static struct play play;
    struct rehearsal_options options = {.hooks = {&play, on_message, on_records}};
    struct problems problems;

    problems_init(&problems);
    assert_int_equal(config_load(WORLD_DIR "/cuiban.cfg", &problems, &play.config), 0);
    problems_finish(&problems);
    assert_int_equal(ruleset_set_channels(play.config->rules, (struct channel_facts[]){mail, rd, held}, 3),
                     0);
    options.config = play.config;
    buffer_init(&play.heard);
    play.records = 0;
    play.rehearsal = rehearsal_create(&options);
    assert_non_null(play.rehearsal);
    assert_int_equal(rehearsal_begin(play.rehearsal, time_of("2026-11-17T09:00")), 0);
    *state = &play;
    return 0;
}

static int close_play(void **state)
{
    struct play *play = *state;

    rehearsal_destroy(play->rehearsal);
    config_unload(play->config);
    buffer_finish(&play->heard);
    return 0;
}

static int put(struct play *play, const char *at, const char *type, const char *interviewers)
{
    const char *pairs[] = {"type",      type,           "interview",  "iv-1",        "candidate",
                           "c-1",       "interviewers", interviewers, "interviewer", "zhang.wei",
                           "recruiter", "chen.jing",    "department", "rd"};
    struct raw_field fields[sizeof pairs / sizeof *pairs / 2];
    struct rehearsal_event event = {.at = time_of(at), .fields = fields, .n = sizeof fields / sizeof *fields};
    const char *why;

    for (size_t i = 0; i < event.n; i++)
        fields[i] = (struct raw_field){pairs[2 * i], pairs[2 * i + 1], strlen(pairs[2 * i]),
                                       strlen(pairs[2 * i + 1])};
    return rehearsal_put(play->rehearsal, &event, &why);
}

static void climb(struct play *play)
{
    assert_int_equal(put(play, "2026-11-17T15:10", "interview.completed", "[\"zhang.wei\"]"), 0);
    assert_int_equal(rehearsal_next(play->rehearsal), time_of("2026-11-18T11:10"));
    assert_int_equal(rehearsal_until(play->rehearsal, time_of("2026-11-20T10:09")), 0);
    assert_string_equal(buffer_text(&play->heard), "2026-11-18T11:10 reminder zhang.wei\n"
                                                   "2026-11-18T15:10 overdue zhang.wei\n"
                                                   "2026-11-18T15:10 overdue chen.jing\n"
                                                   "2026-11-19T15:10 escalation li.lei\n"
                                                   "2026-11-19T15:10 overdue zhang.wei copy\n");
    assert_int_equal(rehearsal_now(play->rehearsal), time_of("2026-11-20T10:09"));
}

static void test_ladder(void **state)
{
    struct play *play = *state;

    climb(play);
    assert_true(play->records > 5);
}

/* Without a listener for its journal nothing is written, and everybody hears the same. */
static void test_dry(void **state)
{
    struct play *play = *state;
    struct rehearsal_options options = {.config = play->config, .hooks = {play, on_message, NULL}};

    rehearsal_destroy(play->rehearsal);
    play->rehearsal = rehearsal_create(&options);
    assert_non_null(play->rehearsal);
    assert_int_equal(rehearsal_begin(play->rehearsal, time_of("2026-11-17T09:00")), 0);
    climb(play);
    assert_int_equal(play->records, 0);
}

static void put_handin(struct play *play, const char *at, const char *type)
{
    const struct raw_field fields[] = {
        {"type", type, 4, strlen(type)}, {"case", "h-1", 4, 3}, {"person", "zhang.wei", 6, 9}};
    const struct rehearsal_event event = {.at = time_of(at), .fields = fields, .n = 3};
    const char *why;

    assert_int_equal(rehearsal_put(play->rehearsal, &event, &why), 0);
}

/* What was closed is remembered for that, too. */
static void test_dry_sent_back(void **state)
{
    struct play *play = *state;
    struct rehearsal_options options = {.config = play->config, .hooks = {play, on_message, NULL}};

    rehearsal_destroy(play->rehearsal);
    play->rehearsal = rehearsal_create(&options);
    assert_non_null(play->rehearsal);
    assert_int_equal(rehearsal_begin(play->rehearsal, time_of("2026-11-17T09:00")), 0);
    put_handin(play, "2026-11-17T09:00", "handin.asked");
    put_handin(play, "2026-11-18T10:00", "handin.filed");
    put_handin(play, "2026-11-19T09:00", "handin.returned");
    assert_int_equal(rehearsal_until(play->rehearsal, time_of("2026-11-19T18:00")), 0);
    assert_string_equal(buffer_text(&play->heard), "2026-11-17T09:00 asked zhang.wei\n"
                                                   "2026-11-19T09:00 asked zhang.wei\n"
                                                   "2026-11-19T14:00 overdue zhang.wei\n");
}

/* A meet at the very instant of a step comes first: due is inclusive. */
static void test_meet_at_due(void **state)
{
    struct play *play = *state;

    assert_int_equal(put(play, "2026-11-17T15:10", "interview.completed", "[\"zhang.wei\"]"), 0);
    assert_int_equal(put(play, "2026-11-18T15:10", "interview.feedback_submitted", "[]"), 0);
    assert_int_equal(rehearsal_until(play->rehearsal, time_of("2026-12-20T10:00")), 0);
    assert_string_equal(buffer_text(&play->heard), "2026-11-18T11:10 reminder zhang.wei\n");
    assert_int_equal(engine_count(rehearsal_engine(play->rehearsal)).deadlines, 0);
}

static void test_bad_event(void **state)
{
    struct play *play = *state;
    struct raw_field field = {"nothing", "x", 7, 1};
    struct rehearsal_event event = {.at = time_of("2026-11-17T15:10"), .fields = &field, .n = 1};
    const char *why = NULL;

    assert_int_equal(rehearsal_put(play->rehearsal, &event, &why), -EINVAL);
    assert_non_null(why);
    assert_int_equal(engine_count(rehearsal_engine(play->rehearsal)).bad_events, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ladder, open_play, close_play),
        cmocka_unit_test_setup_teardown(test_dry, open_play, close_play),
        cmocka_unit_test_setup_teardown(test_dry_sent_back, open_play, close_play),
        cmocka_unit_test_setup_teardown(test_meet_at_due, open_play, close_play),
        cmocka_unit_test_setup_teardown(test_bad_event, open_play, close_play),
    };

    return cmocka_run_group_tests_name("rehearsal", tests, NULL, NULL);
}
