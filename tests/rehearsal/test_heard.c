/* A slip that nobody hears: all shipped rules in companies made at random. For every slipped deadline
 * somebody besides the owner hears, nobody above the ceiling or excepted does, and what a message promises
 * comes true.
 *
 * rehearsal_heard [FIRST-SEED [HOW-MANY [TEST]]] plays other companies than those of the suite, and prints
 * the journal of one rule test. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "company.h"
#include "config/rule_tests.h"
#include "core/compose.h"
#include "core/reach.h"
#include "rehearsal/rehearsal.h"

enum { CASES_MAX = 4000, PROMISES_MAX = 40000, AFTER_DAYS = 100, LADDER_DAYS = 50 };

static uint64_t first_seed = 1;
static size_t n_seeds = 16;
static const char *traced = "";

struct affair { /* one deadline */
    char id[DEADLINE_ID_MAX], rule[RULE_NAME_BYTES_MAX], owner[64];
    instant due;
    bool is_overdue, is_closed, is_heard, is_silent;
};

struct promise {
    size_t affair;
    instant said;
    char person[64], when[64];
    bool is_kept;
};

struct play {
    uint64_t seed;
    struct config *config;
    const struct rule_test *test;
    struct rehearsal *rehearsal;
    struct affair affairs[CASES_MAX];
    size_t n_affairs;
    struct promise promises[PROMISES_MAX];
    size_t n_promises, n_kept, n_heard; /* the last two of all plays */
    size_t n_fell;
};

#define CHECK(play, holds, ...)                                                                              \
    do {                                                                                                     \
        if (!(holds)) {                                                                                      \
            print_error("seed %" PRIu64 ", %s: ", (play)->seed, (play)->test->name);                         \
            fail_msg(__VA_ARGS__);                                                                           \
        }                                                                                                    \
    } while (0)

/* -- a company's files -- */

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    fclose(file);
}

static void write_templates(const char *folder)
{
    static const char *const names[] = {"asked", "reminder", "overdue", "escalation",
                                        "chase", "closed",   "care",    "wait_over"};
    char path[600];
    snprintf(path, sizeof path, "%s/templates", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    strcat(path, "/zh-CN");
    assert_int_equal(mkdir(path, 0700), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[40];
        snprintf(name, sizeof name, "%s.md", names[i]);
        write_file(path, name, "{{summary}}\n{{next}}|{{next_when}}|{{#next_again}}again{{/next_again}}|\n");
    }
}

static const char settings[] = "redis = \"unix:/nonexistent\"; streams = [ \"hr:events\" ];\n"
                               "rules = \"" CONF_DIR "/rules.d\"; calendars = \"" CONF_DIR "/calendars.d\";\n"
                               "events = \"" CONF_DIR "/events.d\"; directory = \"people.cfg\";\n"
                               "templates = \"templates\"; zone = \"Asia/Shanghai\"; calendar = \"office\";\n"
                               "language = \"zh-CN\"; channel = \"mail\"; catch_all = \"role:hr_director\";\n"
                               "ceiling = [ \"role:ceo\" ]; quiet = \"21:00-08:30\";\n"
                               "channels = { mail = { plugin = \"log\"; path = \"x\"; };\n"
                               " hr = { plugin = \"log\"; path = \"x\"; fallback = \"mail\"; };\n"
                               " rd = { plugin = \"log\"; path = \"x\"; fallback = \"mail\"; }; };\n";

static struct config *load_company(const char *folder, uint64_t seed)
{
    static const struct channel_facts channels[] = {
        {.name = "mail", .reach = REACH_PERSON, .address = "email"},
        {.name = "hr", .reach = REACH_GROUP, .fallback = "mail"},
        {.name = "rd", .reach = REACH_GROUP, .fallback = "mail"},
    };
    char path[600];
    struct problems problems;
    struct config *config = NULL;

    snprintf(path, sizeof path, "%s/people.cfg", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    company_write(file, seed);
    fclose(file);
    snprintf(path, sizeof path, "%s/cuiban.cfg", folder);
    problems_init(&problems);
    if (config_load(path, &problems, &config))
        for (size_t i = 0; i < problems.n; i++)
            print_error("seed %" PRIu64 ": %s:%d: %s\n", seed, problems.items[i].file, problems.items[i].line,
                        problems.items[i].what);
    problems_finish(&problems);
    assert_non_null(config);
    assert_int_equal(ruleset_set_channels(config->rules, channels, 3), 0);
    return config;
}

/* -- what happens -- */

static struct affair *find(struct play *play, const char *id)
{
    for (size_t i = play->n_affairs; i-- > 0;)
        if (strcmp(play->affairs[i].id, id) == 0)
            return &play->affairs[i];
    return NULL;
}

static void on_opened(void *data, const struct deadline *deadline)
{
    struct play *play = data;
    assert_true(play->n_affairs < CASES_MAX);
    struct affair *affair = &play->affairs[play->n_affairs++];
    *affair = (struct affair){.due = deadline->due};
    snprintf(affair->id, sizeof affair->id, "%s", deadline->id);
    snprintf(affair->rule, sizeof affair->rule, "%s", deadline->rule->name);
    snprintf(affair->owner, sizeof affair->owner, "%s", deadline->owner);
}

static void on_closed(void *data, const struct deadline *deadline, enum closing how, instant at)
{
    (void)how;
    (void)at;
    struct affair *affair = find(data, deadline->id);
    if (affair)
        affair->is_closed = true;
}

static void on_record(void *data, const struct fields *record)
{
    struct play *play = data;
    const char *what = fields_get(record, "e"), *id = fields_get(record, "d");
    struct affair *affair = id ? find(play, id) : NULL;
    if (!affair)
        return;
    affair->is_overdue = affair->is_overdue || strcmp(what, "overdue") == 0;
    affair->is_silent = affair->is_silent || strcmp(what, "silent") == 0;
    play->n_fell += strcmp(what, "fell") == 0;
}

static void on_records(void *data, instant now, const char *records)
{
    struct play *play = data;
    if (strcmp(traced, play->test->name) == 0)
        print_message("%" PRId64 " %s\n", now, records);
    struct arena *arena = arena_create();
    assert_true(rehearsal_read_records(records, arena, on_record, data));
    arena_destroy(arena);
}

static void promise(struct play *play, size_t affair, instant at, const char *person, const char *when)
{
    assert_true(play->n_promises < PROMISES_MAX);
    struct promise *promise = &play->promises[play->n_promises++];
    *promise = (struct promise){.affair = affair, .said = at};
    snprintf(promise->person, sizeof promise->person, "%s", person);
    snprintf(promise->when, sizeof promise->when, "%s", when);
}

/* "li.lei、gao.feng|明天 14:00||" or "|明天 14:00|again|" */
static void read_promises(struct play *play, size_t affair, instant at, const struct notification *note)
{
    struct composed composed;
    const char *why = "";
    composed_init(&composed);
    int error = compose_message(rehearsal_engine(play->rehearsal), &note, 1, at, &composed, &why);
    CHECK(play, error == 0, "%s to %s: %s", note->step, note->to, why);
    char *body = buffer_take(&composed.body), *rest = body;
    char *next = strsep(&rest, "|"), *when = strsep(&rest, "|"), *again = strsep(&rest, "|");
    assert_non_null(again);
    CHECK(play, !strstr(next, note->to), "%s is told that %s hears next", note->to, next);
    if (strcmp(again, "again") == 0)
        promise(play, affair, at, note->to, when);
    while (*next) {
        char *end = strstr(next, "、");
        if (end)
            *end = '\0';
        promise(play, affair, at, next, when);
        next = end ? end + strlen("、") : next + strlen(next);
    }
    free(body);
    composed_finish(&composed);
}

static void keep_promises(struct play *play, size_t affair, instant at, const char *person)
{
    const struct zone *zone = ruleset_policy(play->config->rules)->zone;
    for (size_t i = 0; i < play->n_promises; i++) {
        struct promise *promise = &play->promises[i];
        if (promise->affair != affair || promise->is_kept || promise->said >= at ||
            strcmp(promise->person, person) != 0)
            continue;
        struct buffer when;
        buffer_init(&when);
        compose_when(&when, "zh-CN", zone, at, promise->said);
        promise->is_kept = strcmp(buffer_text(&when), promise->when) == 0;
        buffer_finish(&when);
    }
}

static void on_message(void *data, instant at, const struct notification *note)
{
    struct play *play = data;
    struct affair *affair = find(play, note->deadline_id);
    CHECK(play, !texts_have(&ruleset_policy(play->config->rules)->ceiling, note->to),
          "%s is above the ceiling and hears of %s", note->to, note->rule);
    if (!note->deadline || !affair)
        return;
    CHECK(play, !reach_is_excepted(note->deadline, note->to), "%s is excepted and hears of %s", note->to,
          note->rule);
    if ((note->phase == PHASE_OVERDUE || note->phase == PHASE_ESCALATION) &&
        strcmp(note->to, note->deadline->owner) != 0)
        affair->is_heard = true;
    keep_promises(play, (size_t)(affair - play->affairs), at, note->to);
    read_promises(play, (size_t)(affair - play->affairs), at, note);
}

/* -- playing -- */

/* Only what opens or changes something: nothing is ever done. */
static bool opens(const struct ruleset *rules, const struct rule_test_event *event)
{
    const struct rule_ref *uses;
    for (size_t i = 0; i < event->n; i++) {
        if (strcmp(event->fields[i].name, "type") != 0)
            continue;
        size_t n = ruleset_uses(rules, event->fields[i].value, &uses);
        for (size_t k = 0; k < n; k++)
            if (uses[k].use == USE_OPEN || uses[k].use == USE_CHANGE)
                return true;
    }
    return false;
}

static bool wants(const void *data, const struct rule *rule)
{
    const struct rule_test *test = data;
    return texts_have(&test->rules, rule->name);
}

static bool names_others(const struct rule *rule)
{
    for (size_t i = 0; i < rule->n_steps; i++) {
        const struct step *step = &rule->steps[i];
        if (step->anchor != ANCHOR_DUE || step->before_due || step->where.n > 0)
            continue;
        for (size_t k = 0; k < step->n_to; k++)
            if (step->to[k].start != PATH_TOLD && (step->to[k].start != PATH_OWNER || step->to[k].n_hops > 0))
                return true;
    }
    return false;
}

static void judge(struct play *play, instant last_event, instant until)
{
    for (size_t i = 0; i < play->n_affairs; i++) {
        const struct affair *affair = &play->affairs[i];
        const struct rule *rule = ruleset_find(play->config->rules, affair->rule);
        CHECK(play, !affair->is_silent, "%s of %s: nobody could be told", affair->rule, affair->owner);
        if (!affair->is_overdue || affair->is_closed || affair->due > until - LADDER_DAYS * DAY_MS ||
            !names_others(rule))
            continue;
        CHECK(play, affair->is_heard, "%s of %s has slipped, and nobody else heard", affair->rule,
              affair->owner);
        play->n_heard++;
    }
    for (size_t i = 0; i < play->n_promises; i++) {
        const struct promise *promise = &play->promises[i];
        const struct affair *affair = &play->affairs[promise->affair];
        if (affair->is_closed || promise->said <= last_event || promise->said > until - LADDER_DAYS * DAY_MS)
            continue;
        CHECK(play, promise->is_kept, "%s of %s: %s was to hear %s and did not", affair->rule, affair->owner,
              promise->person, promise->when);
        play->n_kept++;
    }
}

static void play_test(struct play *play, const struct rule_test *test)
{
    struct ruleset *rules = NULL;
    struct rehearsal_options options = {.config = play->config,
                                        .hooks = {play, on_message, on_records},
                                        .watch = {play, on_opened, on_closed},
                                        .is_home = true};
    instant last = test->from;
    play->test = test;
    play->n_affairs = play->n_promises = 0;
    if (test->rules.n > 0)
        assert_int_equal(ruleset_select(play->config->rules, wants, test, &rules), 0);
    options.rules = rules;
    play->rehearsal = rehearsal_create(&options);
    assert_non_null(play->rehearsal);
    assert_int_equal(rehearsal_begin(play->rehearsal, test->from), 0);
    for (size_t i = 0; i < test->n_events; i++) {
        const struct rule_test_event *event = &test->events[i];
        const struct rehearsal_event put = {.at = event->at, .fields = event->fields, .n = event->n};
        const char *why = "";
        if (opens(play->config->rules, event))
            (void)rehearsal_put(play->rehearsal, &put, &why);
        last = event->at;
    }
    instant until = last + AFTER_DAYS * DAY_MS;
    assert_int_equal(rehearsal_until(play->rehearsal, until), 0);
    judge(play, last, until);
    rehearsal_destroy(play->rehearsal);
    ruleset_destroy(rules);
}

static void test_every_slip_is_heard(void **state)
{
    static struct play play;
    char folder[] = "/tmp/cuiban-heard-XXXXXX", command[600];
    struct rule_tests tests;
    struct problems problems;
    (void)state;
    assert_non_null(mkdtemp(folder));
    write_file(folder, "cuiban.cfg", settings);
    write_templates(folder);
    for (uint64_t seed = first_seed; seed < first_seed + n_seeds; seed++) {
        play.seed = seed;
        play.config = load_company(folder, seed);
        problems_init(&problems);
        assert_int_equal(
            rule_tests_read(CONF_DIR "/tests.d", ruleset_policy(play.config->rules)->zone, &problems, &tests),
            0);
        problems_finish(&problems);
        for (size_t i = 0; i < tests.n_files; i++)
            for (size_t k = 0; k < tests.files[i].n; k++)
                play_test(&play, &tests.files[i].tests[k]);
        rule_tests_finish(&tests);
        config_unload(play.config);
    }
    print_message("seeds %" PRIu64 " to %" PRIu64
                  ": %zu slips heard, %zu steps fell to somebody, %zu promises "
                  "kept\n",
                  first_seed, first_seed + n_seeds - 1, play.n_heard, play.n_fell, play.n_kept);
    assert_true(play.n_heard > 0 && play.n_fell > 0 && play.n_kept > 0);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_slip_is_heard)};
    first_seed = argc > 1 ? strtoull(argv[1], NULL, 10) : first_seed;
    n_seeds = argc > 2 ? strtoul(argv[2], NULL, 10) : n_seeds;
    traced = argc > 3 ? argv[3] : traced;
    return cmocka_run_group_tests_name("heard", tests, NULL, NULL);
}
