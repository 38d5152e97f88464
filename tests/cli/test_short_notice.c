/* Every shipped rule at the shortest notice: whatever comes in whatever hour, the first word that the owner
 * hears is not that it is late. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cli/samples.h"
#include "rehearsal/rehearsal.h"

enum { HEARD_MAX = 64, FIELDS_MAX = 16 };

/* Rules that mean to say nothing before due: each with its reason. */
static const struct {
    const char *rule, *reason;
} silent[] = {
    {"publicity_period", "nobody owes anything: it is a wait that ends"},
    {"first_week_follow_up", "three of them open at once: the first asks for all"},
    {"transition_week", "one word a week, on the day itself"},
};

struct play {
    const struct config *config;
    const struct rule *rule;
    char heard[HEARD_MAX][DEADLINE_ID_MAX];
    size_t n_heard, n_checked, n_late;
    char moment[80];
};

static bool has_heard(struct play *play, const char *id)
{
    for (size_t i = 0; i < play->n_heard; i++) {
        if (strcmp(play->heard[i], id) == 0)
            return true;
    }
    assert_true(play->n_heard < HEARD_MAX);
    memcpy(play->heard[play->n_heard++], id, DEADLINE_ID_MAX);
    return false;
}

static void saw_message(void *data, instant at, const struct notification *note)
{
    struct play *play = data;
    const struct deadline *deadline = note->deadline;

    (void)at;
    if (deadline == NULL || note->phase == PHASE_CLOSED || deadline->due <= deadline->received ||
        (strcmp(note->to, deadline->owner) != 0 &&
         (note->on_behalf == NULL || strcmp(note->on_behalf, deadline->owner) != 0)) ||
        has_heard(play, deadline->id))
        return;
    if (note->phase != PHASE_ASKED && note->phase != PHASE_REMINDER && play->n_late++ == 0)
        print_error("%s, %s: the first word to %s is %s, step %s\n", play->rule->name, play->moment,
                    deadline->owner, phase_name(note->phase), note->step);
    play->n_checked++;
}

static bool is_subject(const void *data, const struct rule *rule)
{
    const struct rule *subject = data;

    return rule == subject || (subject->after != NULL && strcmp(rule->name, subject->after) == 0);
}

/* What the conditions of the due want, instead of what the sample has. */
static void bend(struct sample *sample, const struct due_case *due, const char *date)
{
    for (size_t i = 0; i < due->where.n; i++) {
        const struct condition *condition = &due->where.items[i];
        const char *value = condition->n_values > 0 ? condition->values[0] : date;
        size_t k = 0;

        while (k < sample->n && strcmp(sample->fields[k].name, condition->field) != 0)
            k++;
        assert_true(k < EVENT_FIELDS_MAX);
        sample->fields[k] =
            (struct raw_field){condition->field, value, strlen(condition->field), strlen(value)};
        sample->n = k < sample->n ? sample->n : k + 1;
    }
}

static void feed(struct play *play, const struct samples *samples, instant begin, int64_t ahead_ms)
{
    struct ruleset *alone;
    struct rehearsal *rehearsal;

    play->n_heard = 0;
    assert_int_equal(ruleset_select(play->config->rules, is_subject, play->rule, &alone), 0);
    rehearsal =
        rehearsal_create(&(struct rehearsal_options){.config = play->config,
                                                     .rules = alone,
                                                     .hooks = {.data = play, .on_message = saw_message},
                                                     .is_home = true});
    assert_non_null(rehearsal);
    assert_int_equal(rehearsal_begin(rehearsal, begin), 0);
    for (size_t i = 0; i < samples->n; i++) {
        const struct rehearsal_event event = {
            .at = samples->items[i].at, .fields = samples->items[i].fields, .n = samples->items[i].n};
        const char *why = "";

        if (rehearsal_put(rehearsal, &event, &why) != 0)
            fail_msg("%s, %s: %s", play->rule->name, play->moment, why);
    }
    assert_int_equal(rehearsal_until(rehearsal, begin + ahead_ms + 45 * DAY_MS), 0);
    rehearsal_destroy(rehearsal);
    ruleset_destroy(alone);
}

static void play_at(struct play *play, instant begin, int64_t ahead_ms)
{
    const struct zone *zone = ruleset_policy(play->config->rules)->zone;

    for (size_t i = 0; i < play->rule->n_dues; i++) {
        struct arena *arena = arena_create();
        static struct samples samples;
        char date[INSTANT_TEXT_MAX], from[INSTANT_TEXT_MAX], span[SPAN_TEXT_MAX];

        assert_int_equal(samples_make(play->config, play->rule, begin, ahead_ms, arena, &samples), 0);
        zone_format(zone, begin + ahead_ms, date);
        zone_format(zone, begin, from);
        for (size_t k = 0; k < samples.n; k++)
            bend(&samples.items[k], &play->rule->dues[i], date);
        snprintf(play->moment, sizeof(play->moment), "%.16s for %.16s, due %s", from, date,
                 span_format(&play->rule->dues[i].span, span));
        feed(play, &samples, begin, ahead_ms);
        arena_destroy(arena);
    }
}

static bool is_silent(const struct rule *rule)
{
    for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
        if (strcmp(silent[i].rule, rule->name) == 0) {
            assert_null(rule_asked(rule));
            return true;
        }
    }
    return false;
}

/* Monday in the morning, Friday before the weekend and before the quiet hours, the last working day before
 * the Spring Festival, and the days before the clock opens what comes once a year. */
static const char *const begins[] = {"2026-11-16T09:05:00+08:00", "2026-11-20T16:30:00+08:00",
                                     "2026-11-20T20:40:00+08:00", "2026-02-14T16:00:00+08:00",
                                     "2026-06-30T16:00:00+08:00", "2026-10-30T16:00:00+08:00"};
static const int64_t aheads[] = {-9 * DAY_MS, -5 * DAY_MS, 2 * HOUR_MS, 10 * HOUR_MS, 1 * DAY_MS, 2 * DAY_MS,
                                 3 * DAY_MS,  5 * DAY_MS,  9 * DAY_MS,  16 * DAY_MS,  35 * DAY_MS};

static struct config *load(void)
{
    static const struct config_choice choice = {.without_secrets = true};
    struct problems problems;
    struct config *config = NULL;
    struct channel_facts facts[CONFIG_CHANNELS_MAX] = {{.name = NULL}};

    problems_init(&problems);
    if (config_load_choice(CONF_DIR "/cuiban.cfg", &choice, &problems, &config) != 0)
        fail_msg("the shipped files have an error: %s", problems.n > 0 ? problems.items[0].what : "?");
    problems_finish(&problems);
    for (size_t i = 0; i < config->settings.n_channels; i++)
        facts[i] = (struct channel_facts){.name = config->settings.channels[i].name,
                                          .quiet = config->settings.channels[i].quiet};
    assert_int_equal(ruleset_set_channels(config->rules, facts, config->settings.n_channels), 0);
    return config;
}

static void the_first_word_is_not_late(void **state)
{
    struct config *config = load();
    const struct rule *rules;
    size_t n = ruleset_rules(config->rules, &rules), n_late = 0, n_mute = 0;

    (void)state;
    for (size_t i = 0; i < n; i++) {
        struct play play = {.config = config, .rule = &rules[i]};

        if (is_silent(&rules[i]))
            continue;
        for (size_t k = 0; k < sizeof(begins) / sizeof(begins[0]); k++) {
            instant begin;

            assert_true(instant_parse(begins[k], &begin));
            for (size_t j = 0; j < sizeof(aheads) / sizeof(aheads[0]); j++)
                play_at(&play, begin, aheads[j]);
        }
        n_late += play.n_late > 0;
        if (play.n_checked == 0)
            print_error("%s: nobody heard\n", rules[i].name);
        n_mute += play.n_checked == 0;
    }
    assert_int_equal(n_late, 0);
    assert_int_equal(n_mute, 0);
    config_unload(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_first_word_is_not_late)};

    return cmocka_run_group_tests_name("short notice", tests, NULL, NULL);
}
