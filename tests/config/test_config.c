/* The good files of base/, read as a whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "core/calendar.h"
#include "core/civil.h"

static struct config *load(const char *path)
{
    struct problems problems;
    struct config *config = NULL;
    problems_init(&problems);
    int error = config_load(path, &problems, &config);
    for (size_t i = 0; i < problems.n; i++)
        fprintf(stderr, "%s:%d: %s\n", problems.items[i].file, problems.items[i].line,
                problems.items[i].what);
    assert_int_equal(problems.n, 0);
    assert_int_equal(error, 0);
    problems_finish(&problems);
    return config;
}

static int setup(void **state)
{
    *state = load(TEST_SOURCE_DIR "/base/cuiban.cfg");
    return 0;
}

static int teardown(void **state)
{
    config_unload(*state);
    return 0;
}

static void test_settings(void **state)
{
    const struct config *config = *state;
    const struct settings *settings = &config->settings;
    assert_string_equal(settings->file, TEST_SOURCE_DIR "/base/cuiban.cfg");
    assert_string_equal(settings->redis, "unix:/run/redis.sock");
    assert_int_equal(settings->streams.n, 1);
    assert_string_equal(settings->streams.items[0], "hr:events");
    assert_string_equal(settings->start, "now");
    assert_string_equal(settings->plugins, TEST_SOURCE_DIR "/base/plugins");
    assert_string_equal(settings->web_listen, "127.0.0.1:9560");
    assert_string_equal(settings->log_level, "debug");
    assert_true(settings->journal_ms == 30 * DAY_MS);
    assert_true(settings->retry_base_ms == SECOND_MS && settings->retry_cap_ms == MINUTE_MS);
    assert_true(settings->attempt_ms == 8 * SECOND_MS);
}

static void test_channels(void **state)
{
    const struct config *config = *state;
    assert_int_equal(config->settings.n_channels, 2);
    const struct channel_setting *mail = &config->settings.channels[0],
                                 *robot = &config->settings.channels[1];
    assert_string_equal(mail->name, "mail");
    assert_string_equal(mail->plugin, "email");
    assert_null(mail->fallback);
    assert_null(mail->rate);
    assert_int_equal(mail->concurrency, 2);
    assert_int_equal(mail->uncertain, UNCERTAIN_HOLD);
    assert_int_equal(mail->options.n, 4);
    assert_string_equal(fields_get(&mail->options, "server"), "smtp://localhost:25");
    assert_string_equal(fields_get(&mail->options, "password"), "geheim");
    assert_string_equal(fields_get(&mail->options, "port"), "25");
    assert_string_equal(fields_get(&mail->options, "tls"), "true");
    assert_string_equal(robot->fallback, "mail");
    assert_string_equal(robot->rate, "18/min");
    assert_int_equal(robot->concurrency, 4);
    assert_int_equal(robot->uncertain, UNCERTAIN_RESEND);
}

static void test_policy(void **state)
{
    const struct config *config = *state;
    const struct rule_policy *policy = ruleset_policy(config->rules);
    assert_string_equal(zone_name(policy->zone), "Asia/Shanghai");
    assert_ptr_equal(policy->calendar, config_calendar(config, "office"));
    assert_string_equal(policy->channel, "mail");
    assert_string_equal(policy->language, "zh-CN");
    assert_string_equal(policy->catch_all, "role:hr_director");
    assert_int_equal(policy->catch_all_path.start, PATH_ROLE);
    assert_int_equal(policy->ceiling.n, 3);
    assert_string_equal(policy->ceiling.items[1], "li.lei");
    assert_int_equal(policy->step_minute, 9 * 60 + 35);
    assert_true(policy->grace_ms == 3000 && policy->seen_ms == 8 * DAY_MS &&
                policy->closed_ms == 50 * DAY_MS);
    assert_true(policy->expires_max_ms == 2 * DAY_MS);
    assert_int_equal(policy->seen_max, 5000);
    assert_int_equal(policy->outbox_max, 100000);
}

static void test_calendars(void **state)
{
    const struct config *config = *state;
    static const struct {
        const char *calendar, *day;
        size_t windows;
        int32_t from, to; /* of the first */
    } cases[] = {
        {"office", "2026-01-05", 2, 540, 720}, {"office", "2026-01-02", 0, 0, 0},
        {"office", "2026-01-04", 2, 540, 720}, {"office", "2026-02-13", 0, 0, 0},
        {"office", "2026-03-09", 1, 540, 720}, {"office", "2026-10-01", 0, 0, 0},
        {"shop", "2026-10-01", 0, 0, 0},       {"shop", "2026-10-17", 1, 1320, 1560},
        {"shop", "2026-10-09", 1, 600, 1140},  {"branch", "2026-02-13", 0, 0, 0},
        {"branch", "2026-01-05", 2, 540, 720},
    };
    assert_int_equal(config->n_calendars, 3);
    assert_null(config_calendar(config, "cn"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t day;
        const struct window *windows;
        const struct calendar *calendar = config_calendar(config, cases[i].calendar);
        assert_non_null(calendar);
        assert_true(civil_parse(cases[i].day, &day));
        size_t n = calendar_windows(calendar, day, &windows);
        if (n != cases[i].windows ||
            (n && (windows->from_min != cases[i].from || windows->to_min != cases[i].to)))
            fail_msg("%s %s: %zu windows", cases[i].calendar, cases[i].day, n);
    }
    const struct calendar *office = config_calendar(config, "office");
    assert_string_equal(zone_name(calendar_zone(config_calendar(config, "shop"))), "Asia/Tokyo");
    assert_string_equal(zone_name(calendar_zone(config_calendar(config, "branch"))), "Asia/Shanghai");
    assert_string_equal(calendar_why(office, civil_day(2026, 1, 3)), "元旦");
    assert_string_equal(calendar_why(office, civil_day(2026, 3, 9)), "妇女节");
    assert_true(calendar_covers(office, civil_day(2026, 12, 31)));
    assert_false(calendar_covers(office, civil_day(2027, 1, 1)));
}

static void test_directory(void **state)
{
    const struct config *config = *state;
    const struct person *li = directory_person(config->directory, "li.lei");
    const struct person *zhang = directory_person(config->directory, "zhang.wei");
    const struct department *rd = directory_department(config->directory, "rd");
    assert_non_null(li);
    assert_string_equal(li->name, "李雷");
    assert_true(person_is_away(li, civil_day(2026, 10, 12)));
    assert_false(person_is_away(li, civil_day(2026, 10, 13)));
    assert_true(person_has_left(zhang, civil_day(2026, 12, 31)));
    assert_false(person_has_left(zhang, civil_day(2026, 12, 30)));
    assert_string_equal(person_address(zhang, "slack"), "U1");
    assert_string_equal(zhang->language, "en");
    assert_string_equal(zhang->channel, "mail");
    assert_ptr_equal(rd->calendar, config_calendar(config, "shop"));
    assert_string_equal(fields_get(&rd->posts, "liaison"), "zhang.wei");
    assert_string_equal(fields_get(&rd->attributes, "kind"), "business");
    assert_string_equal(fields_get(&rd->attributes, "level"), "2");
    assert_int_equal(directory_role(config->directory, "hr_director")->n, 1);
    assert_int_equal(directory_role(config->directory, "committee")->n, 2);
}

static void test_catalogue(void **state)
{
    const struct config *config = *state;
    const struct catalogue_event *event = catalogue_find(&config->catalogue, "interview.completed");
    assert_int_equal(config->catalogue.n, 7);
    assert_non_null(event);
    assert_null(catalogue_find(&config->catalogue, "interview"));
    assert_string_equal(event->name, "interview_completed");
    assert_string_equal(event->summary, "面试结束");
    assert_int_equal(event->n_fields, 9);
    assert_string_equal(event->fields[2].name, "interviewers");
    assert_int_equal(event->fields[2].kind, FIELD_PERSONS);
    assert_true(event->fields[2].required);
    assert_string_equal(event->fields[6].name, "candidate_name");
    assert_true(event->fields[6].is_private);
    assert_false(event->fields[6].required);
}

static void test_templates(void **state)
{
    const struct config *config = *state;
    assert_non_null(templates_find(config->templates, "zh-CN", "reminder"));
    assert_non_null(templates_find(config->templates, "en", "chase"));
    assert_null(templates_find(config->templates, "zh-CN", "nothing"));
}

static void test_a_rule(void **state)
{
    const struct config *config = *state;
    const struct rule *rule = ruleset_find(config->rules, "interview_feedback");
    assert_non_null(rule);
    assert_int_equal(rule->line, 1);
    assert_string_equal(rule->summary, "面试反馈");
    assert_string_equal(rule->each_of, "interviewers");
    assert_int_equal(rule->n_owners, 0);
    assert_int_equal(rule->open_where.n, 1);
    assert_int_equal(rule->calendar_of, CALENDAR_OF_OWNER);
    assert_ptr_equal(rule->calendar, config_calendar(config, "office"));
    assert_int_equal(rule->again, AGAIN_RESTART);
    assert_int_equal(rule->on_change, ON_CHANGE_KEEP);
    assert_true(rule->merge_owner);
    assert_false(rule->audience_direct);
    assert_true(rule->early_ms == HOUR_MS);
    assert_int_equal(rule->n_forms, 2);
    assert_string_equal(rule->forms[0].names[0], "interview");
    assert_string_equal(rule->forms[1].names[0], "candidate");
    assert_int_equal(rule->meets.items[0].key.form, 0);
    assert_string_equal(rule->meets.items[0].owner_field, "interviewer");
    assert_int_equal(rule->cancels.n, 2);
    assert_null(rule->cancels.items[0].stop);
    assert_string_equal(rule->cancels.items[1].stop, "candidate_left");
    assert_int_equal(rule->cancels.items[1].key.form, 1);
    assert_int_equal(rule->n_dues, 2);
    assert_int_equal(rule->dues[0].span.unit, SPAN_WORKING);
    assert_int_equal(rule->dues[1].where.n, 0);
    assert_int_equal(rule_written(rule), 8);
}

static void test_steps(void **state)
{
    const struct config *config = *state;
    const struct rule *rule = ruleset_find(config->rules, "interview_feedback");
    static const struct {
        const char *name;
        enum anchor anchor;
        bool before_due;
        int32_t times;
    } cases[] = {
        {"open", ANCHOR_OPEN, true, 1},      {"75%", ANCHOR_SHARE, true, 1},
        {"due - 4h", ANCHOR_DUE, true, 1},   {"due", ANCHOR_DUE, false, 1},
        {"due-group", ANCHOR_DUE, false, 1}, {"due+8wh", ANCHOR_DUE, false, 1},
        {"due+2wd", ANCHOR_DUE, false, 3},   {"closed", ANCHOR_CLOSED, false, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct step *step = &rule->steps[i];
        if (strcmp(step->name, cases[i].name) != 0 || step->anchor != cases[i].anchor ||
            step->before_due != cases[i].before_due || step->times != cases[i].times)
            fail_msg("step %zu is %s, anchor %d, %d times", i, step->name, (int)step->anchor,
                     (int)step->times);
    }
    assert_true(rule->steps[2].offset.count == -4 * HOUR_MS);
    assert_int_equal(rule->steps[2].via.n, 0);
    assert_string_equal(rule->steps[4].via.items[0], "robot");
    assert_int_equal(rule->steps[4].to[0].start, PATH_GROUP);
    assert_string_equal(rule->steps[3].message, "chase");
    assert_null(rule->steps[0].message);
    assert_true(rule->steps[6].urgent);
    assert_int_equal(rule->steps[6].every.unit, SPAN_WORKING_DAYS);
    assert_true(span_is_none(&rule->steps[5].every));
    assert_int_equal(rule->steps[1].where.n, 1);
}

/* To the owner of the first step before due that tells him, in its manner, and no part of the text. */
static void test_what_a_ladder_implies(void **state)
{
    const struct config *config = *state;
    const struct rule *rule = ruleset_find(config->rules, "interview_feedback");
    const struct step *asked = rule_asked(rule);

    assert_non_null(asked);
    assert_ptr_equal(asked, &rule->steps[8]);
    assert_ptr_equal(rule_step(rule, "asked"), asked);
    assert_int_equal(asked->anchor, ANCHOR_OPEN);
    assert_true(asked->before_due && asked->implied && asked->times == 1 && !asked->message);
    assert_ptr_equal(asked->to, rule->steps[1].to);
    assert_int_equal(asked->where.n, 0);
    assert_null(strstr(rule->text, "asked"));
    /* Who never speaks before due is not made to. */
    assert_null(rule_asked(ruleset_find(config->rules, "started")));
}

static void test_a_rule_by_defaults(void **state)
{
    const struct config *config = *state;
    const struct rule *rule = ruleset_find(config->rules, "started");
    assert_non_null(rule);
    assert_string_equal(rule->summary, "started");
    assert_string_equal(rule->requester.text, "hrbp of department");
    assert_int_equal(rule->calendar_of, CALENDAR_NAMED);
    assert_int_equal(rule->open_from.unit, SPAN_AT_FIELD);
    assert_int_equal(rule->n_owners, 2);
    assert_true(rule->has_department);
    assert_true(rule->audience_direct);
    assert_int_equal(rule->n_steps, 2);
    assert_int_equal(rule->latest.unit, SPAN_AT_FIELD);
    assert_string_equal(rule->forms[0].names[0], "candidate");
    assert_string_equal(rule->forms[0].names[1], "interview");
    assert_string_equal(rule->key.fields[0].name, "interview");
}

static void test_when_people_are_disturbed(void **state)
{
    const struct config *config = *state;
    const struct rule_policy *policy = ruleset_policy(config->rules);
    assert_int_equal(policy->quiet.kind, QUIET_HOURS);
    assert_int_equal(policy->quiet.from_min, 21 * 60);
    assert_int_equal(policy->quiet.to_min, 8 * 60 + 30);
    assert_int_equal(policy->gap.unit, SPAN_WORKING);
    assert_true(policy->gap.count == 3 * HOUR_MS);
    assert_int_equal(config->settings.channels[0].quiet.kind, QUIET_NONE);
    assert_int_equal(config->settings.channels[1].quiet.kind, QUIET_UNSAID);
    assert_int_equal(directory_person(config->directory, "chen.jing")->quiet.kind, QUIET_OUTSIDE);
    assert_int_equal(directory_person(config->directory, "li.lei")->quiet.kind, QUIET_UNSAID);
    assert_true(ruleset_find(config->rules, "interview_feedback")->gap.count == 90 * MINUTE_MS);
    const struct rule *none = ruleset_find(config->rules, "started");
    assert_true(!span_is_none(&none->gap) && none->gap.count == 0);
}

/* What Redis keeps of a rule reads back as the same rule, even where the names of its files are gone. */
static void test_texts_read_back(void **state)
{
    const struct config *config = *state;
    const struct rule *rules;
    size_t n = ruleset_rules(config->rules, &rules);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++) {
        char fingerprint[17];
        struct arena *arena = arena_create();
        const struct rule *again = NULL;
        rule_fingerprint(rules[i].text, fingerprint);
        assert_string_equal(fingerprint, rules[i].fingerprint);
        assert_int_equal(config_parse_rule(config, arena, rules[i].text, &again), 0);
        assert_string_equal(again->text, rules[i].text);
        assert_string_equal(again->fingerprint, rules[i].fingerprint);
        assert_string_equal(again->name, rules[i].name);
        assert_int_equal(again->n_steps, rules[i].n_steps);
        assert_int_equal(again->n_forms, rules[i].n_forms);
        assert_ptr_equal(again->calendar, rules[i].calendar);
        assert_true(again->early_ms == rules[i].early_ms);
        assert_int_equal(again->gap.unit, rules[i].gap.unit);
        assert_true(again->gap.count == rules[i].gap.count);
        arena_destroy(arena);
    }
}

static void test_damaged_texts(void **state)
{
    const struct config *config = *state;
    static const char *const texts[] = {
        "", "x", "x = 1;", "x = { };", "a = { }; b = { };", "x = { \"\xff\" };"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct arena *arena = arena_create();
        const struct rule *rule = NULL;
        if (config_parse_rule(config, arena, texts[i], &rule) != -EINVAL || rule)
            fail_msg("%s was read", texts[i]);
        arena_destroy(arena);
    }
}

static void test_channels_against_their_plugins(void **state)
{
    const struct config *config = *state;
    static const struct channel_facts good[] = {{.name = "mail", .reach = REACH_PERSON, .address = "email"},
                                                {.name = "robot", .reach = REACH_GROUP, .fallback = "mail"}};
    static const struct channel_facts bad[] = {{.name = "mail", .reach = REACH_GROUP}};
    struct problems problems;
    problems_init(&problems);
    assert_int_equal(ruleset_set_channels(config->rules, good, 2), 0);
    config_check_channels(config, &problems);
    assert_int_equal(problems.errors, 0);
    assert_int_equal(problems.warnings, 1);
    assert_string_equal(problems.items[0].what,
                        "directory: person `zhang.wei` has no address for the channel `mail`");
    problems_finish(&problems);
    problems_init(&problems);
    assert_int_equal(ruleset_set_channels(config->rules, bad, 1), 0);
    config_check_channels(config, &problems);
    assert_int_equal(problems.errors, 2);
    assert_string_equal(problems.items[0].what,
                        "channel: the default channel `mail` reaches a group, not a person");
    assert_string_equal(problems.items[1].what,
                        "interview_feedback.ladder `due-group`: the channel `robot` is not open");
    problems_finish(&problems);
}

static void test_zones(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int error;
    } cases[] = {
        {"Asia/Shanghai", 0},     {"UTC", 0},    {"Asia/Nowhere", -ENOENT}, {"../../etc/passwd", -EINVAL},
        {"/etc/passwd", -EINVAL}, {"", -EINVAL}, {"Asia", -EINVAL},         {"Asia/../UTC", -EINVAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zone *zone = NULL;
        int error = config_zone(cases[i].name, &zone);
        if (error != cases[i].error)
            fail_msg("%s: %d", cases[i].name, error);
        zone_destroy(zone);
    }
}

/* A byte order mark and carriage returns of a Windows editor are nobody's mistake. */
static void test_files_from_windows(void **state)
{
    (void)state;
    char folder[] = "/tmp/cuiban-config-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/cuiban.cfg", folder);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fprintf(
        out,
        "\xef\xbb\xbfredis = \"unix:/x\";\r\nstreams = \"s\";\r\ncalendar = \"office\";\r\nchannel = "
        "\"mail\";\r\n"
        "channels = { mail = { plugin = \"log\"; }; robot = { plugin = \"log\"; }; };\r\n"
        "rules = \"%1$s/rules.d\"; calendars = \"%1$s/calendars.d\"; directory = \"%1$s/directory.d\";\r\n"
        "events = \"%1$s/events.d\"; templates = \"%1$s/templates\";\r\n",
        TEST_SOURCE_DIR "/base");
    assert_int_equal(fclose(out), 0);
    struct config *config = load(path);
    assert_string_equal(config->settings.redis, "unix:/x");
    config_unload(config);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_settings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_channels, setup, teardown),
        cmocka_unit_test_setup_teardown(test_policy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_calendars, setup, teardown),
        cmocka_unit_test_setup_teardown(test_directory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_catalogue, setup, teardown),
        cmocka_unit_test_setup_teardown(test_templates, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_rule, setup, teardown),
        cmocka_unit_test_setup_teardown(test_steps, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_a_ladder_implies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_rule_by_defaults, setup, teardown),
        cmocka_unit_test_setup_teardown(test_when_people_are_disturbed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_texts_read_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_channels_against_their_plugins, setup, teardown),
        cmocka_unit_test(test_zones),
        cmocka_unit_test(test_files_from_windows),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
