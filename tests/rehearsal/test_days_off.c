/* The shipped rules over days off: an interview on the day before National Day. Nobody is late while the
 * office is closed, and nobody is asked to phone before it opens. In Chinese, as people read it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/compose.h"
#include "core/zone.h"
#include "rehearsal/rehearsal.h"

struct play {
    struct config *config;
    struct rehearsal *rehearsal;
    struct buffer heard; /* "time person: title", then the line about the agreed time */
};

/* The line that begins with `word`, up to its end. */
static void add_line(struct buffer *out, const char *body, const char *word)
{
    const char *line = strstr(body, word);

    if (line != NULL)
        buffer_printf(out, "  %.*s\n", (int)strcspn(line, "\n"), line);
}

static void on_message(void *data, instant at, const struct notification *note)
{
    struct play *play = data;
    struct composed composed;
    char time[INSTANT_TEXT_MAX];
    const char *why = NULL;

    composed_init(&composed);
    if (compose_message(rehearsal_engine(play->rehearsal), &note, 1, at, &composed, &why) != 0)
        fail_msg("%s: %s", note->id, why);
    zone_format(ruleset_policy(play->config->rules)->zone, at, time);
    buffer_printf(&play->heard, "%.16s %s: %s\n", time, note->to, buffer_text(&composed.title));
    add_line(&play->heard, buffer_text(&composed.body), "请在");
    add_line(&play->heard, buffer_text(&composed.body), "约定时间");
    composed_finish(&composed);
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
    static const struct channel_facts channels[] = {
        {.name = "mail", .reach = REACH_PERSON, .address = "email"},
        {.name = "hr", .reach = REACH_GROUP, .mentions = true},
        {.name = "rd", .reach = REACH_GROUP, .mentions = true}};
    static const struct config_choice choice = {.without_secrets = true};
    static struct play play;
    struct rehearsal_options options = {.hooks = {.data = &play, .on_message = on_message}};
    struct problems problems;

    problems_init(&problems);
    if (config_load_choice(CONF_DIR "/cuiban.cfg", &choice, &problems, &play.config) != 0)
        fail_msg("%s:%d: %s", problems.items[0].file, problems.items[0].line, problems.items[0].what);
    problems_finish(&problems);
    assert_int_equal(ruleset_set_channels(play.config->rules, channels, 3), 0);
    options.config = play.config;
    buffer_init(&play.heard);
    play.rehearsal = rehearsal_create(&options);
    assert_non_null(play.rehearsal);
    assert_int_equal(rehearsal_begin(play.rehearsal, time_of("2026-09-30T09:00")), 0);
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

static void interview(struct play *play, const char *at)
{
    const char *pairs[][2] = {{"type", "interview.completed"},
                              {"interview", "iv-1"},
                              {"candidate", "c-1"},
                              {"requisition", "REQ-1"},
                              {"recruiter", "chen.jing"},
                              {"interviewers", "[\"zhang.wei\"]"},
                              {"department", "rd"},
                              {"candidate_name", "王小明"},
                              {"position", "Java工程师"},
                              {"round", "2"}};
    enum { N = sizeof pairs / sizeof *pairs };
    struct raw_field fields[N];
    struct rehearsal_event event = {.at = time_of(at), .fields = fields, .n = N};
    const char *why = NULL;

    for (size_t i = 0; i < N; i++)
        fields[i] = (struct raw_field){pairs[i][0], pairs[i][1], strlen(pairs[i][0]), strlen(pairs[i][1])};
    if (rehearsal_put(play->rehearsal, &event, &why) != 0)
        fail_msg("%s", why);
}

static void test_national_day(void **state)
{
    struct play *play = *state;

    interview(play, "2026-09-30T10:00");
    assert_int_equal(rehearsal_until(play->rehearsal, time_of("2026-10-08T20:00")), 0);
    /* 24 hours end on a day off: due when the office opens; four working hours before that is the 30th at
     * 14:00. */
    assert_string_equal(buffer_text(&play->heard),
                        "2026-09-30T14:00 zhang.wei: 面试反馈，请在 10月8日 周四 09:00 前完成\n"
                        "  约定时间：10月8日 周四 09:00\n"
                        "2026-10-08T09:00 zhang.wei: 面试反馈，已过约定时间（今天 09:00）\n"
                        "  约定时间：10月8日 周四 09:00（今天）\n"
                        "2026-10-08T09:00 chen.jing: 请致电 张伟：面试反馈未按时完成\n"
                        "  约定时间：10月8日 周四 09:00（今天）\n"
                        "2026-10-08T18:00 li.lei: 请协调：研发部 1 项面试反馈晚了 1个工作日\n"
                        "  约定时间：10月8日 周四 09:00（今天）\n"
                        "2026-10-08T18:00 zhang.wei: 面试反馈：已请 李雷 协调\n"
                        "  约定时间：10月8日 周四 09:00（今天）\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_national_day, open_play, close_play),
    };
    return cmocka_run_group_tests_name("days_off", tests, NULL, NULL);
}
