/* What is told when only one event is of interest: what it touches, and nothing that happens beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/zone.h"
#include "rehearsal/timeline.h"

enum { PAIRS_MAX = 8 };

struct play {
    struct config *config;
    struct timeline timeline;
    struct rehearsal *rehearsal;
};

static instant time_of(const char *text)
{
    char full[INSTANT_TEXT_MAX];
    instant at;

    (void)snprintf(full, sizeof(full), "%s:00+08:00", text);
    assert_true(instant_parse(full, &at));
    return at;
}

static void begin(struct play *play, const char *settings, const char *at)
{
    static const struct channel_facts channels[] = {
        {.name = "mail", .reach = REACH_PERSON, .address = "email"},
        {.name = "rd", .reach = REACH_GROUP, .mentions = true},
        {.name = "held", .reach = REACH_PERSON, .address = "email"}};
    struct rehearsal_options options = {.is_home = true};
    struct problems problems;

    problems_init(&problems);
    assert_int_equal(config_load(settings, &problems, &play->config), 0);
    problems_finish(&problems);
    assert_int_equal(ruleset_set_channels(play->config->rules, channels, 3), 0);
    assert_int_equal(timeline_init(&play->timeline), 0);
    options.config = play->config;
    options.hooks = timeline_hooks(&play->timeline);
    play->rehearsal = rehearsal_create(&options);
    assert_non_null(play->rehearsal);
    assert_int_equal(rehearsal_begin(play->rehearsal, time_of(at)), 0);
}

static void end(struct play *play)
{
    rehearsal_destroy(play->rehearsal);
    timeline_finish(&play->timeline);
    config_unload(play->config);
}

/* Names and values, up to NULL. */
static void put(struct play *play, const char *at, ...)
{
    struct raw_field fields[PAIRS_MAX];
    struct rehearsal_event event = {.at = time_of(at), .fields = fields};
    const char *name, *why = "";
    va_list list;

    va_start(list, at);
    while ((name = va_arg(list, const char *)) != NULL) {
        const char *value = va_arg(list, const char *);

        assert_true(event.n < PAIRS_MAX);
        fields[event.n++] = (struct raw_field){name, value, strlen(name), strlen(value)};
    }
    va_end(list);
    assert_int_equal(timeline_put(&play->timeline, play->rehearsal, &event, &why), 0);
}

static size_t count(const struct play *play, const char *identity, enum timeline_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < play->timeline.n; i++) {
        const struct timeline_line *line = &play->timeline.lines[i];

        n += line->kind == kind && line->identity != NULL && strcmp(line->identity, identity) == 0;
    }
    return n;
}

/* A message that quiet hours held back leaves at the very instant of the event, which has no part in it. */
static void test_what_leaves_at_that_instant(void **state)
{
    struct play play;
    size_t before;

    (void)state;
    begin(&play, QUIET_DIR "/cuiban.cfg", "2026-11-17T20:00");
    put(&play, "2026-11-17T20:00", "type", "apart.opened", "case", "a", "person", "zhang.wei", NULL);
    assert_int_equal(rehearsal_until(play.rehearsal, time_of("2026-11-19T08:59")), 0);
    before = count(&play, "apart|a", TIMELINE_RECORD);
    assert_true(before > 0);
    timeline_follow(&play.timeline);
    put(&play, "2026-11-19T09:00", "type", "apart.opened", "case", "b", "person", "zhang.wei", NULL);
    assert_int_equal(rehearsal_until(play.rehearsal, time_of("2026-11-23T09:00")), 0);
    assert_int_equal(count(&play, "apart|a", TIMELINE_RECORD), before);
    assert_int_equal(count(&play, "apart|a", TIMELINE_MESSAGE), 0);
    assert_int_equal(count(&play, "apart|b", TIMELINE_MESSAGE), 3);
    end(&play);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_leaves_at_that_instant),
    };

    return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
