#include "rehearsal/rule_test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* -- playing -- */

static int play_events(struct rehearsal *rehearsal, const struct rule_test *test,
                       struct rule_test_result *out)
{
    for (size_t i = 0; i < test->n_events; i++) {
        const struct rule_test_event *event = &test->events[i];
        const struct rehearsal_event put = {.at = event->at, .fields = event->fields, .n = event->n};
        const char *why = "";
        int error = timeline_put(&out->timeline, rehearsal, &put, &why);

        if (error == -ENOMEM)
            return error;
        if (error != 0 && out->bad_line == 0) {
            out->bad_line = event->line;
            out->bad_reason = arena_strdup(out->timeline.arena, why);
        }
    }
    return rehearsal_until(rehearsal, test->until);
}

static int play(const struct config *config, const struct rule_test *test, struct rule_test_result *out)
{
    const struct rehearsal_options options = {
        .config = config, .hooks = timeline_hooks(&out->timeline), .is_home = true};
    struct rehearsal *rehearsal = rehearsal_create(&options);
    int error = rehearsal == NULL ? -ENOMEM : rehearsal_begin(rehearsal, test->from);

    if (error == 0)
        error = play_events(rehearsal, test, out);
    rehearsal_destroy(rehearsal);
    return error == 0 && out->timeline.failed ? -ENOMEM : error;
}

/* -- comparing -- */

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static instant minute_of(instant at)
{
    return at - at % MINUTE_MS;
}

static bool agrees(const struct rule_test_message *expected, const struct timeline_line *came)
{
    return minute_of(expected->at) == minute_of(came->at) && strcmp(expected->message, came->what) == 0 &&
           strcmp(expected->to, came->to) == 0 && expected->copy == came->copy &&
           same_text(expected->on_behalf, came->on_behalf) &&
           (expected->via == NULL || strcmp(expected->via, came->channel) == 0);
}

bool rule_test_compares(const struct rule_test *test, const struct timeline_line *line)
{
    bool compares = test->rules.n == 0;

    if (line->kind != TIMELINE_MESSAGE)
        return false;
    for (size_t i = 0; i < test->rules.n && !compares; i++)
        compares = strcmp(test->rules.items[i], line->rule) == 0;
    return compares;
}

/* The expectation that names a channel takes its message before one that names none could. */
static const struct rule_test_message *find_expected(const struct rule_test *test, const bool *taken,
                                                     const struct timeline_line *came)
{
    const struct rule_test_message *found = NULL;

    for (size_t i = 0; i < test->n_expected; i++) {
        const struct rule_test_message *expected = &test->expected[i];

        if (!taken[i] && agrees(expected, came) && (found == NULL || expected->via != NULL))
            found = expected;
    }
    return found;
}

static int by_time(const void *a, const void *b)
{
    const struct rule_test_row *left = a, *right = b;

    if (left->at != right->at)
        return left->at < right->at ? -1 : 1;
    return (int)left->sign - (int)right->sign;
}

static int compare(const struct rule_test *test, struct rule_test_result *out)
{
    struct timeline *timeline = &out->timeline;
    bool *taken = arena_alloc_array(timeline->arena, test->n_expected + 1, sizeof(*taken));
    size_t n = 0;

    out->rows = arena_alloc_array(timeline->arena, timeline->n + test->n_expected + 1, sizeof(*out->rows));
    if (taken == NULL || out->rows == NULL)
        return -ENOMEM;
    out->passed = out->bad_line == 0 && timeline->dropped == 0;
    for (size_t i = 0; i < timeline->n; i++) {
        const struct timeline_line *came = &timeline->lines[i];
        const struct rule_test_message *expected;

        if (!rule_test_compares(test, came))
            continue;
        expected = find_expected(test, taken, came);
        if (expected != NULL)
            taken[expected - test->expected] = true;
        out->passed = out->passed && expected != NULL;
        out->rows[n++] =
            (struct rule_test_row){.sign = expected == NULL ? RULE_TEST_SURPLUS : RULE_TEST_AGREED,
                                   .at = minute_of(came->at),
                                   .expected = expected,
                                   .came = came};
    }
    for (size_t i = 0; i < test->n_expected; i++) {
        if (taken[i])
            continue;
        out->passed = false;
        out->rows[n++] = (struct rule_test_row){
            .sign = RULE_TEST_MISSING, .at = minute_of(test->expected[i].at), .expected = &test->expected[i]};
    }
    qsort(out->rows, n, sizeof(*out->rows), by_time);
    out->n = n;
    return 0;
}

int rule_test_run(const struct config *config, const struct rule_test *test, struct rule_test_result *out)
{
    int error;

    *out = (struct rule_test_result){.test = test};
    error = timeline_init(&out->timeline);
    if (error == 0)
        error = play(config, test, out);
    if (error == 0)
        error = compare(test, out);
    if (error != 0)
        rule_test_finish(out);
    return error;
}

void rule_test_finish(struct rule_test_result *result)
{
    timeline_finish(&result->timeline);
    result->rows = NULL;
    result->n = 0;
}
