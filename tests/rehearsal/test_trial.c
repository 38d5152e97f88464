/* Two sets of rules on one small history, with every difference counted by hand. 2026-11-16 is a Monday. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/bucket.h"
#include "core/zone.h"
#include "rehearsal/tally.h"
#include "rehearsal/trial.h"

struct world {
    struct config *then, *now;
    struct trial *trial;
    struct comparison comparison;
};

static struct config *load(const char *rules)
{
    static const struct channel_facts mail = {.name = "mail", .reach = REACH_PERSON, .address = "email"};
    const struct config_choice choice = {.rules = rules, .without_secrets = true};
    struct problems problems;
    struct config *config = NULL;

    problems_init(&problems);
    if (config_load_choice(WORLD_DIR "/cuiban.cfg", &choice, &problems, &config) != 0)
        fail_msg("%s:%d: %s", rules, problems.items[0].line, problems.items[0].what);
    problems_finish(&problems);
    assert_int_equal(ruleset_set_channels(config->rules, &mail, 1), 0);
    return config;
}

static instant time_of(const char *text)
{
    char full[INSTANT_TEXT_MAX];
    instant at;

    (void)snprintf(full, sizeof(full), "2026-11-%s:00+08:00", text);
    assert_true(instant_parse(full, &at));
    return at;
}

enum { WORDS_MAX = 12 };

/* Name, value, ... NULL behind type and time ("16T09:00", or NULL: none). */
static int put(struct world *world, const char *type, const char *time, ...)
{
    struct raw_field fields[WORDS_MAX];
    struct rehearsal_event event = {.at = INSTANT_NONE, .fields = fields};
    char full[INSTANT_TEXT_MAX];
    const char *why = NULL, *name = "type", *value = type;
    int error;
    va_list list;

    va_start(list, time);
    while (name != NULL) {
        fields[event.n++] = (struct raw_field){name, value, strlen(name), strlen(value)};
        assert_true(event.n < WORDS_MAX);
        name = va_arg(list, const char *);
        value = name == NULL ? NULL : va_arg(list, const char *);
    }
    va_end(list);
    if (time != NULL) {
        (void)snprintf(full, sizeof(full), "2026-11-%s:00+08:00", time);
        fields[event.n++] = (struct raw_field){"time", full, 4, strlen(full)};
    }
    error = trial_put(world->trial, &event, &why);
    assert_true(error != -EINVAL || why != NULL);
    return error;
}

static void interview(struct world *world, const char *id, const char *time, const char *who)
{
    assert_int_equal(put(world, "interview.completed", time, "interview", id, "interviewers", who,
                         "recruiter", "chen.jing", "department", "rd", (char *)NULL),
                     0);
}

static void asked(struct world *world, const char *type, const char *time, const char *person)
{
    assert_int_equal(put(world, type, time, "plan", "p-1", "person", person, (char *)NULL), 0);
}

static void play(struct world *world)
{
    assert_int_equal(trial_begin(world->trial, INSTANT_NONE, INSTANT_NEVER, true), 0);
    interview(world, "iv-3", "16T09:00", "[\"zhang.wei\"]");
    asked(world, "moved.asked", "16T09:00", "zhao.min");
    interview(world, "iv-2", "16T10:00", "[\"wang.fang\"]");
    asked(world, "plain.asked", "16T11:00", "zhang.wei");
    asked(world, "old.asked", "16T11:00", "wang.fang");
    asked(world, "fewer.asked", "16T11:00", "chen.jing");
    assert_int_equal(put(world, "interview.feedback_submitted", "16T12:00", "interview", "iv-2",
                         "interviewer", "wang.fang", (char *)NULL),
                     0);
    interview(world, "iv-1", "16T15:00", "[\"zhang.wei\"]");
    assert_int_equal(put(world, "interview.feedback_submitted", "18T12:00", "interview", "iv-1",
                         "interviewer", "zhang.wei", (char *)NULL),
                     0);
    assert_int_equal(trial_end(world->trial, time_of("30T00:00")), 0);
    assert_int_equal(comparison_create(trial_ledger(world->trial, TRIAL_THEN),
                                       trial_ledger(world->trial, TRIAL_NOW), &world->comparison),
                     0);
}

static int open_world(void **state)
{
    static const struct ledger_choice choice = {.rule = "feedback", .field = "plan", .value = "p-1"};
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    world->then = load(TRIAL_DIR "/then");
    world->now = load(TRIAL_DIR "/now");
    assert_int_equal(trial_create(world->then, world->now, &choice, &world->trial), 0);
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;

    comparison_finish(&world->comparison);
    trial_destroy(world->trial);
    config_unload(world->then);
    config_unload(world->now);
    free(world);
    return 0;
}

/* -- message by message -- */

static const char *short_time(const struct ledger_message *message, char into[static INSTANT_TEXT_MAX])
{
    if (message == NULL)
        return "-";
    (void)instant_format(message->at, 8 * 3600, into);
    into[16] = '\0';
    return into + 8;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "feedback interview=iv-1 (zhang.wei) li.lei: escalation 17T23:00 > - cause 8, line 13": each on a line. */
static void describe(const struct world *world, struct buffer *out)
{
    char *lines[64];
    size_t n = world->comparison.n;

    assert_true(n < 64);
    for (size_t i = 0; i < n; i++) {
        const struct compared *compared = &world->comparison.items[i];
        const struct comparison_cause why = comparison_why(&world->comparison, compared);
        const struct ledger_message *message = compared->now == NULL ? compared->then : compared->now;
        const struct ledger *ledger = compared->now == NULL ? world->comparison.then : world->comparison.now;
        char then[INSTANT_TEXT_MAX], now[INSTANT_TEXT_MAX];

        assert_true(asprintf(&lines[i], "%s %s %s %s%s %s > %s cause %d line %d",
                             comparison_rule(&world->comparison, compared),
                             ledger_case(ledger, ledger_deadline(ledger, message)),
                             names_text(ledger_names(ledger), message->to),
                             phase_name((enum phase)message->phase), message->copy ? " copy" : "",
                             short_time(compared->then, then), short_time(compared->now, now), why.cause,
                             why.line) > 0);
    }
    qsort(lines, n, sizeof(*lines), by_text);
    for (size_t i = 0; i < n; i++) {
        buffer_printf(out, "%s\n", lines[i]);
        free(lines[i]);
    }
}

static void test_differences(void **state)
{
    struct world *world = *state;
    const size_t *totals = world->comparison.totals;
    struct buffer text;

    play(world);
    buffer_init(&text);
    describe(world, &text);
    assert_string_equal(
        buffer_text(&text),
        "feedback interview=iv-1 (zhang.wei) chen.jing overdue 17T15:00 > 17T15:00 cause 0 line 0\n"
        "feedback interview=iv-1 (zhang.wei) li.lei escalation 17T23:00 > - cause 8 line 13\n"
        "feedback interview=iv-1 (zhang.wei) zhang.wei overdue 17T15:00 > 17T15:00 cause 0 line 0\n"
        "feedback interview=iv-1 (zhang.wei) zhang.wei overdue copy 17T23:00 > - cause 8 line 13\n"
        "feedback interview=iv-1 (zhang.wei) zhang.wei reminder 17T11:00 > 17T11:00 cause 0 line 0\n"
        "feedback interview=iv-3 (zhang.wei) chen.jing overdue 17T09:00 > 17T09:00 cause 0 line 0\n"
        "feedback interview=iv-3 (zhang.wei) li.lei escalation 17T17:00 > 17T18:00 cause 6 line 13\n"
        "feedback interview=iv-3 (zhang.wei) zhang.wei overdue 17T09:00 > 17T09:00 cause 0 line 0\n"
        "feedback interview=iv-3 (zhang.wei) zhang.wei overdue copy 17T17:00 > 17T18:00 cause 6 line 13\n"
        "feedback interview=iv-3 (zhang.wei) zhang.wei reminder 17T05:00 > 17T05:00 cause 0 line 0\n"
        "fewer plan=p-1 chen.jing overdue 16T12:00 > - cause 3 line 19\n"
        "fresh plan=p-1 wang.fang overdue - > 16T14:00 cause 2 line 17\n"
        "moved plan=p-1 zhao.min overdue 16T11:00 > 16T14:00 cause 5 line 18\n"
        "old plan=p-1 wang.fang overdue 16T13:00 > - cause 1 line 17\n");
    buffer_finish(&text);
    assert_int_equal(totals[DIFFERENCE_NONE], 6);
    assert_int_equal(totals[DIFFERENCE_LATER], 3);
    assert_int_equal(totals[DIFFERENCE_DROPPED], 4);
    assert_int_equal(totals[DIFFERENCE_NEW], 1);
    assert_int_equal(totals[DIFFERENCE_EARLIER] + totals[DIFFERENCE_CHANNEL], 0);
}

/* What is the same on both sides is played once. */
static void test_parts(void **state)
{
    struct world *world = *state;
    const struct ledger_message *messages;
    const struct ledger_deadline *deadlines;
    const struct ledger *same = trial_ledger(world->trial, TRIAL_SAME);
    struct trial_counts counts;

    play(world);
    assert_int_equal(trial_rules(world->trial, TRIAL_SAME), 2);
    assert_int_equal(trial_rules(world->trial, TRIAL_THEN), 6);
    assert_int_equal(trial_rules(world->trial, TRIAL_NOW), 6);
    assert_int_equal(ledger_messages(same, &messages), 2);
    assert_int_equal(ledger_deadlines(same, &deadlines), 2);
    assert_true(deadlines[0].is_chosen);
    assert_string_equal(ledger_case(same, &deadlines[0]), "plan=p-1");
    assert_int_equal(messages[0].at, time_of("17T18:00"));
    counts = trial_count(world->trial);
    assert_int_equal(counts.events, 9);
    assert_int_equal(counts.bad, 0);
    assert_int_equal(counts.first, time_of("16T09:00"));
    assert_int_equal(counts.last, time_of("18T12:00"));
}

/* -- counted -- */

static struct tally_request request_of(const struct world *world)
{
    return (struct tally_request){trial_ledger(world->trial, TRIAL_SAME), &world->comparison,
                                  ruleset_policy(world->then->rules)->zone};
}

static void test_rules(void **state)
{
    struct world *world = *state;
    struct tally_rule *rows;
    size_t n;

    play(world);
    const struct tally_request request = request_of(world);
    assert_int_equal(tally_rules(&request, &rows, &n), 0);
    assert_int_equal(n, 9); /* also feedback fewer first fresh moved old plain second */
    const struct tally_rule *feedback = &rows[1], *fewer = &rows[2], *fresh = &rows[4], *moved = &rows[5];
    assert_string_equal(feedback->name, "feedback");
    assert_false(feedback->is_same);
    for (int i = 0; i < TALLY_SIDES; i++) {
        assert_int_equal(feedback->sides[i].deadlines, 3);
        assert_int_equal(feedback->sides[i].met, 1);
        assert_int_equal(feedback->sides[i].overdue, 2);
        assert_int_equal(feedback->sides[i].escalations, i == TALLY_THEN ? 2 : 1);
        assert_int_equal(feedback->sides[i].messages, i == TALLY_THEN ? 10 : 8);
    }
    assert_int_equal(feedback->dues_earlier + feedback->dues_later, 0);
    assert_int_equal(feedback->spared, 1);
    assert_string_equal(feedback->spared_step, "due+8wh");
    assert_int_equal(fewer->sides[TALLY_THEN].deadlines, 1);
    assert_int_equal(fewer->sides[TALLY_NOW].deadlines, 0);
    assert_false(fresh->sides[TALLY_THEN].exists);
    assert_true(fresh->sides[TALLY_NOW].exists);
    assert_int_equal(moved->dues_later, 1);
    assert_true(rows[0].is_same && rows[7].is_same && !rows[8].is_same);
    assert_int_equal(rows[7].differences[DIFFERENCE_NONE], 1);
    free(rows);
}

static const struct tally_recipient *find(const struct tally_request *request,
                                          const struct tally_recipient *rows, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names_text(ledger_names(request->same), rows[i].name), name) == 0)
            return &rows[i];
    }
    fail_msg("%s has no row", name);
    return NULL;
}

static void test_recipients(void **state)
{
    struct world *world = *state;
    struct tally_recipient *rows;
    const struct tally_recipient *row;
    size_t n;

    play(world);
    const struct tally_request request = request_of(world);
    assert_int_equal(tally_recipients(&request, &rows, &n), 0);
    assert_int_equal(n, 5);
    row = find(&request, rows, n, "zhang.wei");
    assert_int_equal(row->sides[TALLY_THEN].messages, 8);
    assert_int_equal(row->sides[TALLY_NOW].messages, 7);
    assert_int_equal(row->sides[TALLY_THEN].most, 8);
    assert_int_equal(row->sides[TALLY_NOW].most, 7);
    assert_int_equal(row->sides[TALLY_NOW].most_day, 20774); /* 2026-11-17 */
    assert_int_equal(row->sides[TALLY_THEN].crowded, 0);
    assert_int_equal(row->sides[TALLY_NOW].crowded, 1); /* at 18:00: plain, also, and the copy for iv-3 */
    row = find(&request, rows, n, "li.lei");
    assert_int_equal(row->sides[TALLY_THEN].messages, 2);
    assert_int_equal(row->sides[TALLY_NOW].messages, 1);
    free(rows);
}

static bool rate_of(void *data, const char *channel, int64_t *tokens, int64_t *per_ms)
{
    assert_string_equal(channel, "mail");
    return bucket_parse(data, tokens, per_ms);
}

static void test_channels(void **state)
{
    struct world *world = *state;
    struct tally_channel *rows;
    size_t n;

    play(world);
    const struct tally_request request = request_of(world);
    assert_int_equal(tally_channels(&request, rate_of, "2/min", &rows, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].sides[TALLY_THEN].messages, 15);
    assert_int_equal(rows[0].sides[TALLY_NOW].messages, 12);
    assert_int_equal(rows[0].sides[TALLY_THEN].peak, 2);
    assert_int_equal(rows[0].sides[TALLY_NOW].peak, 4);
    assert_int_equal(rows[0].sides[TALLY_NOW].peak_at, time_of("17T18:00"));
    assert_int_equal(rows[0].sides[TALLY_THEN].delayed, 5); /* the second of each pair */
    assert_int_equal(rows[0].sides[TALLY_NOW].delayed, 6);  /* of three pairs, and three of four */
    assert_int_equal(rows[0].sides[TALLY_THEN].delay_ms, MINUTE_MS / 2);
    assert_int_equal(rows[0].sides[TALLY_NOW].delay_ms, 3 * MINUTE_MS / 2);
    free(rows);
}

/* -- what is not as it should be, and commands -- */

static void test_bad_events(void **state)
{
    struct world *world = *state;

    assert_int_equal(trial_begin(world->trial, INSTANT_NONE, INSTANT_NEVER, true), 0);
    assert_int_equal(put(world, "plain.asked", NULL, "plan", "p-1", (char *)NULL), -EINVAL);
    assert_int_equal(trial_now(world->trial), INSTANT_NONE);
    asked(world, "plain.asked", "16T11:00", "zhang.wei");
    assert_int_equal(put(world, "No Type", "16T12:00", (char *)NULL), -EINVAL);
    asked(world, "old.asked", "16T10:00", "wang.fang"); /* came late: the clock does not go back */
    assert_int_equal(trial_now(world->trial), time_of("16T11:00"));
    assert_int_equal(put(world, "moved.asked", NULL, "plan", "p-2", "person", "zhao.min", (char *)NULL), 0);
    assert_int_equal(put(world, "moved.asked", NULL, "person", "zhao.min", (char *)NULL),
                     0); /* without its key */
    assert_int_equal(trial_end(world->trial, time_of("16T11:30")), 0);
    assert_int_equal(trial_count(world->trial).lacking[TRIAL_SAME], 0);
    assert_int_equal(trial_count(world->trial).lacking[TRIAL_THEN], 1);
    assert_int_equal(trial_count(world->trial).lacking[TRIAL_NOW], 1);
    assert_int_equal(trial_count(world->trial).bad, 2);
    assert_int_equal(trial_count(world->trial).events, 6);
}

static void test_commands(void **state)
{
    struct world *world = *state;
    const struct raw_field opened[] = {
        {"type", "old.asked", 4, 9}, {"plan", "p-9", 4, 3}, {"person", "wang.fang", 6, 9}};
    const struct raw_field done[] = {{"type", "cuiban.done", 4, 11}, {"deadline", "ZZZZ", 8, 4}};
    const struct rehearsal_event event = {.at = time_of("16T11:00"), .id = {77, 1}, .fields = opened, .n = 3};
    const struct rehearsal_event command = {.at = time_of("16T13:30"), .id = {78, 0}, .fields = done, .n = 2};
    const struct ledger_deadline *deadline;
    const char *why;

    assert_int_equal(trial_begin(world->trial, time_of("16T00:00"), INSTANT_NEVER, true), 0);
    assert_int_equal(trial_put(world->trial, &event, &why), 0);
    assert_int_equal(
        trial_command(world->trial, &command, ledger_opening("old|p-9", NULL, (struct stream_id){77, 2})),
        -ENOENT);
    assert_int_equal(trial_command(world->trial, &command, ledger_opening("old|p-9", NULL, event.id)), 0);
    assert_int_equal(trial_command(world->trial, &command, ledger_opening("fresh|p-9", NULL, event.id)), 0);
    assert_int_equal(trial_end(world->trial, time_of("17T00:00")), 0);
    assert_int_equal(trial_count(world->trial).commands, 2);
    deadline = ledger_find(trial_ledger(world->trial, TRIAL_THEN), ledger_opening("old|p-9", NULL, event.id));
    assert_non_null(deadline);
    assert_int_equal(deadline->state, LEDGER_MET_LATE); /* due at 13:00 */
    deadline =
        ledger_find(trial_ledger(world->trial, TRIAL_NOW), ledger_opening("fresh|p-9", NULL, event.id));
    assert_non_null(deadline);
    assert_int_equal(deadline->state, LEDGER_MET); /* due at 14:00 */
    assert_int_equal(deadline->closed, command.at);
}

/* `second` is the same on both sides, but opens after `first`, which is not. */
static void test_rows(void **state)
{
    struct world *world = *state;
    const struct ledger_message *messages;

    assert_int_equal(trial_begin(world->trial, INSTANT_NONE, INSTANT_NEVER, true), 0);
    asked(world, "first.asked", "16T09:00", "zhang.wei");
    asked(world, "first.done", "16T09:30", "zhang.wei");
    assert_int_equal(trial_end(world->trial, time_of("18T00:00")), 0);
    assert_int_equal(ledger_messages(trial_ledger(world->trial, TRIAL_SAME), &messages), 0);
    for (int part = TRIAL_THEN; part <= TRIAL_NOW; part++) {
        assert_int_equal(ledger_messages(trial_ledger(world->trial, (enum trial_part)part), &messages), 1);
        assert_int_equal(messages[0].at, time_of("16T10:30"));
    }
}

static void test_until(void **state)
{
    struct world *world = *state;

    assert_int_equal(trial_begin(world->trial, INSTANT_NONE, time_of("16T12:00"), true), 0);
    asked(world, "plain.asked", "16T12:00", "zhang.wei");
    assert_int_equal(put(world, "old.asked", "16T12:01", "plan", "p-1", "person", "wang.fang", (char *)NULL),
                     -ERANGE);
    assert_int_equal(trial_count(world->trial).events, 1);
    assert_int_equal(trial_count(world->trial).bad, 0);
}

/* Rules play together as they play apart: nothing is lost by playing what is the same once. */
static void test_parts_are_the_whole(void **state)
{
    struct world *world = *state;
    const struct ledger_choice none = {.rule = NULL};
    const struct ledger_message *messages;
    size_t apart, together;

    play(world);
    apart = ledger_messages(trial_ledger(world->trial, TRIAL_SAME), &messages) +
            ledger_messages(trial_ledger(world->trial, TRIAL_NOW), &messages);
    comparison_finish(&world->comparison);
    trial_destroy(world->trial);
    assert_int_equal(trial_create(world->now, world->now, &none, &world->trial), 0);
    play(world);
    together = ledger_messages(trial_ledger(world->trial, TRIAL_SAME), &messages);
    assert_int_equal(trial_rules(world->trial, TRIAL_NOW), 0);
    assert_int_equal(apart, together);
    assert_int_equal(together, 12);
}

/* Each stream begins anew, and the ledgers go on. */
static void test_streams(void **state)
{
    struct world *world = *state;
    const struct ledger_message *messages;

    for (int i = 0; i < 2; i++) {
        assert_int_equal(trial_begin(world->trial, time_of("16T00:00"), INSTANT_NEVER, i == 0), 0);
        asked(world, "moved.asked", "16T09:00", i == 0 ? "zhao.min" : "wang.fang");
        assert_int_equal(trial_end(world->trial, time_of("18T00:00")), 0);
    }
    assert_int_equal(ledger_messages(trial_ledger(world->trial, TRIAL_NOW), &messages), 2);
    assert_int_equal(messages[1].at, time_of("16T14:00"));
    assert_int_not_equal(messages[0].to, messages[1].to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_differences, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_parts, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_rules, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_recipients, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_channels, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_bad_events, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_commands, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_rows, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_until, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_parts_are_the_whole, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_streams, open_world, close_world),
    };

    return cmocka_run_group_tests_name("trial", tests, NULL, NULL);
}
