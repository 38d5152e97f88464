/* A running engine takes other files: what stays, what is counted again, who is told. */
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

static const struct verdict delivered = {.kind = VERDICT_DELIVERED};

struct play {
    struct world *world;
    char folder[64];
};

static int setup(void **state)
{
    struct play *play = calloc(1, sizeof *play);

    play->world = world_open_files(WORLD_DIR "/cuiban.cfg", "2026-11-16T09:00", true);
    (void)snprintf(play->folder, sizeof play->folder, "/tmp/cuiban-reload-XXXXXX");
    assert_non_null(mkdtemp(play->folder));
    *state = play;
    return 0;
}

static const char *file_of(const struct play *play)
{
    static char path[96];

    (void)snprintf(path, sizeof path, "%s/rules.cfg", play->folder);
    return path;
}

static int teardown(void **state)
{
    struct play *play = *state;

    world_close(play->world);
    (void)unlink(file_of(play));
    (void)rmdir(play->folder);
    free(play);
    return 0;
}

static void write_rules(const struct play *play, const char *rules)
{
    FILE *file = fopen(file_of(play), "we");

    assert_non_null(file);
    assert_true(fputs(rules, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static struct config_choice choice_of(const struct play *play)
{
    return (struct config_choice){.rules = play->folder};
}

/* What the engine is then, it is after a crash, too. */
static void take(const struct play *play, const char *rules)
{
    struct config_choice choice = choice_of(play);
    const char *differs;

    write_rules(play, rules);
    world_take(play->world, &choice);
    differs = world_differs(play->world);
    if (differs) {
        fail_msg("%s", differs);
    }
}

/* One rule; `more` are lines that it has besides. */
#define RULE(due, ladder, more)                                                                               \
    "task: { summary = \"任务\"; open = { on = \"task.asked\"; }; key = [ \"task\" ]; owner = \"person\"; " \
    "meet = { on = \"task.done\"; }; pause = { on = \"task.held\"; }; resume = { on = \"task.resumed\"; }; "  \
    "gap = \"none\"; due = \"" due "\"; ladder = ( " ladder " ); " more " };\n"
#define OWNER(at) "{ at = \"" at "\"; to = [ \"owner\" ]; }"
#define HEAD(at)  "{ at = \"" at "\"; to = [ \"head\" ]; }"

static void ask(const struct play *play, const char *at, const char *task)
{
    assert_int_equal(world_event(play->world, at, "task.asked", "task", task, "person", "zhang.wei", NULL),
                     0);
}

static void hush(const struct play *play)
{
    (void)world_journal(play->world);
    (void)world_records(play->world);
    (void)world_told(play->world);
}

static void assert_has(const char *text, const char *wanted)
{
    if (!strstr(text, wanted)) {
        fail_msg("\"%s\" is not in: %s", wanted, text);
    }
}

static const struct deadline *of_task(const struct play *play, const char *task)
{
    size_t cursor = 0;
    const struct deadline *deadline;

    while ((deadline = engine_next_deadline(world_engine(play->world), &cursor)) != NULL) {
        if (strcmp(fields_get(&deadline->fields, "task"), task) == 0) {
            return deadline;
        }
    }
    fail_msg("no open deadline for %s", task);
    return NULL;
}

/* -- what does not concern a deadline -- */

static void test_the_same_text_touches_nothing(void **state)
{
    struct play *play = *state;

    take(play, RULE("24h", OWNER("due"), ""));
    ask(play, "2026-11-16T10:00", "a");
    hush(play);
    char *before = world_snapshot(play->world);
    take(play, "# a remark\n" RULE("24h", OWNER("due"), ""));
    char *after = world_snapshot(play->world);
    assert_string_equal(before, after);
    assert_string_equal(world_journal(play->world), "reload reloaded");
    free(before);
    free(after);
    world_until(play->world, "2026-11-17T10:00");
    assert_string_equal(world_told(play->world), "overdue zhang.wei mail due");
}

/* -- the due moves -- */

static void test_an_earlier_due(void **state)
{
    struct play *play = *state;

    take(play, RULE("24h", OWNER("due-4h") ", " OWNER("due"), ""));
    ask(play, "2026-11-16T10:00", "a");
    const char *old = of_task(play, "a")->rule->fingerprint;
    char wanted[256];
    (void)snprintf(wanted, sizeof wanted, "\"old\":\"%s\",\"due\":1794823200000,\"was\":1794880800000", old);
    hush(play);
    take(play, RULE("8h", OWNER("due-4h") ", " OWNER("due"), ""));
    const char *records = world_records(play->world);
    assert_has(records, wanted);
    assert_has(records, "\"why\":\"the rule has changed\"");
    assert_has(records, "{\"e\":\"reloaded\"");
    assert_has(records, "\"recomputed\":1,\"kept\":0,\"recounted\":0");
    assert_string_equal(world_journal(play->world), "reload recomputed reloaded");
    assert_int_equal(of_task(play, "a")->due, world_time("2026-11-16T18:00"));
    assert_int_equal(world_stat(play->world, "2026-11|task|rd|recounted"), 1);
    world_until(play->world, "2026-11-16T18:00");
    assert_string_equal(world_told(play->world),
                        "reminder zhang.wei mail due-4h\noverdue zhang.wei mail due");
}

#define STEPS OWNER("due-1h") ", " OWNER("due") ", " HEAD("due+8h") ", " HEAD("due+9d")

/* Two days too late by the new rule: of three rungs that have passed only the last one is told. */
static void test_missed_rungs_collapse(void **state)
{
    struct play *play = *state;

    take(play, RULE("10d", STEPS, ""));
    for (int i = 0; i < 3; i++) {
        ask(play, "2026-11-16T10:00", (const char *[]){"a", "b", "c"}[i]);
    }
    world_until(play->world, "2026-11-18T10:00");
    hush(play);
    take(play, RULE("1h", STEPS, ""));
    world_jump(play->world, "2026-11-18T10:00");
    assert_string_equal(world_told(play->world),
                        "escalation li.lei mail due+8h\noverdue zhang.wei mail due+8h copy\n"
                        "escalation li.lei mail due+8h\noverdue zhang.wei mail due+8h copy\n"
                        "escalation li.lei mail due+8h\noverdue zhang.wei mail due+8h copy");
    assert_has(world_records(play->world), "\"why\":\"a later step is due, too\"");
    assert_int_equal(of_task(play, "a")->state, DEADLINE_OVERDUE);
}

/* And back again: nobody is late any more, what has not left is not sent, the ladder begins anew. */
static void test_a_later_due_takes_the_breach_back(void **state)
{
    struct play *play = *state;

    take(play, RULE("1h", OWNER("due"), ""));
    ask(play, "2026-11-16T10:00", "a");
    world_until(play->world, "2026-11-16T12:00");
    assert_int_equal(of_task(play, "a")->state, DEADLINE_OVERDUE);
    hush(play);
    take(play, RULE("24h", OWNER("due"), ""));
    assert_string_equal(world_journal(play->world), "reload withdrawn recomputed reloaded");
    assert_int_equal(of_task(play, "a")->state, DEADLINE_OPEN);
    assert_int_equal(world_table(play->world, TABLE_OUTBOX), 0);
    world_until(play->world, "2026-11-17T10:00");
    assert_string_equal(world_told(play->world), "overdue zhang.wei mail due");
}

static void test_a_paused_one_is_counted_when_it_resumes(void **state)
{
    struct play *play = *state;

    take(play, RULE("24h", OWNER("due"), ""));
    ask(play, "2026-11-16T10:00", "a");
    world_event(play->world, "2026-11-16T11:00", "task.held", "task", "a", NULL);
    take(play, RULE("8h", OWNER("due"), ""));
    assert_int_equal(of_task(play, "a")->due, world_time("2026-11-17T10:00"));
    world_event(play->world, "2026-11-16T13:00", "task.resumed", "task", "a", NULL);
    assert_int_equal(of_task(play, "a")->due, world_time("2026-11-16T20:00"));
}

/* -- the ladder changes -- */

static void test_steps_are_known_by_name(void **state)
{
    struct play *play = *state;

    take(play, RULE("24h", OWNER("due-4h") ", " OWNER("due"), ""));
    ask(play, "2026-11-16T10:00", "a");
    world_live(play->world, "2026-11-17T07:00", &delivered);
    assert_string_equal(world_told(play->world), "reminder zhang.wei mail due-4h");
    hush(play);
    /* One before it and one behind it are new, and the one that was told stands elsewhere. */
    take(play, RULE("24h", OWNER("due-9h") ", " OWNER("due") ", " OWNER("due-4h") ", " HEAD("due-2h"), ""));
    assert_string_equal(world_journal(play->world), "reload recomputed superseded reloaded");
    assert_has(world_records(play->world), "\"why\":\"a later step has been told already\"");
    world_live(play->world, "2026-11-17T10:00", &delivered);
    assert_string_equal(world_told(play->world), "reminder li.lei mail due-2h\noverdue zhang.wei mail due");
}

static void test_a_first_word_is_for_new_openings(void **state)
{
    struct play *play = *state;

    take(play, RULE("24h", OWNER("due"), ""));
    ask(play, "2026-11-16T10:00", "a");
    world_until(play->world, "2026-11-16T11:00");
    hush(play);
    take(play, RULE("24h", OWNER("open") ", " OWNER("due"), ""));
    world_until(play->world, "2026-11-16T12:00");
    assert_string_equal(world_told(play->world), "");
    assert_has(world_records(play->world), "\"why\":\"it was open already\"");
    ask(play, "2026-11-16T12:00", "b");
    world_until(play->world, "2026-11-16T12:01");
    assert_string_equal(world_told(play->world), "asked zhang.wei mail open");
}

/* -- what has come, what was sent back, what follows -- */

#define ALL(events)                                                                                          \
    "task: { open = { on = \"task.asked\"; }; key = [ \"task\" ]; owner = \"person\"; meet = { all = "       \
    "[ " events " ]; }; due = \"24h\"; ladder = ( " OWNER("due") " ); };\n"

static void test_what_has_come_of_all(void **state)
{
    struct play *play = *state;

    take(play, ALL("\"a.done\", \"b.done\", \"c.done\""));
    ask(play, "2026-11-16T10:00", "a");
    world_event(play->world, "2026-11-16T11:00", "c.done", "task", "a", NULL);
    hush(play);
    take(play, ALL("\"e.done\", \"c.done\", \"d.done\""));
    assert_string_equal(world_journal(play->world), "reload recomputed reloaded");
    world_event(play->world, "2026-11-16T11:00", "d.done", "task", "a", NULL);
    /* What has come would be all: it waits as it did before. */
    take(play, ALL("\"c.done\", \"d.done\""));
    assert_has(world_records(play->world), "\"why\":\"the rule wants no more than what has come already\"");
    assert_int_equal(world_table(play->world, TABLE_DEADLINES), 1);
    world_event(play->world, "2026-11-16T12:00", "e.done", "task", "a", NULL);
    assert_int_equal(world_table(play->world, TABLE_DEADLINES), 0);
}

static void test_sent_back(void **state)
{
    struct play *play = *state;

    take(play, RULE("24h", OWNER("due"), "reopen = { on = \"task.returned\"; due = \"4h\"; };"));
    ask(play, "2026-11-16T10:00", "a");
    world_event(play->world, "2026-11-16T11:00", "task.done", "task", "a", NULL);
    world_event(play->world, "2026-11-16T12:00", "task.returned", "task", "a", NULL);
    assert_int_equal(of_task(play, "a")->due, world_time("2026-11-16T16:00"));
    take(play, RULE("48h", OWNER("due"), "reopen = { on = \"task.returned\"; due = \"6h\"; };"));
    assert_int_equal(of_task(play, "a")->due, world_time("2026-11-16T18:00"));
    take(play, RULE("48h", OWNER("due"), ""));
    assert_int_equal(of_task(play, "a")->due, world_time("2026-11-18T12:00"));
}

/* A rule that follows others opens behind what was open before it came. */
static void test_a_follower_is_new(void **state)
{
    static const char follower[] =
        "next: { open = { after = \"task\"; }; key = [ \"task\" ]; owner = \"person\"; "
        "meet = { on = \"next.done\"; }; due = \"24h\"; ladder = ( { at = \"due\"; to = [ \"owner\" ]; } ); "
        "};\n";
    struct play *play = *state;
    char rules[2048];

    take(play, RULE("24h", OWNER("due"), ""));
    ask(play, "2026-11-16T10:00", "a");
    (void)snprintf(rules, sizeof rules, "%s%s", RULE("24h", OWNER("due"), ""), follower);
    take(play, rules);
    world_event(play->world, "2026-11-16T11:00", "task.done", "task", "a", NULL);
    assert_int_equal(world_table(play->world, TABLE_DEADLINES), 1);
    assert_string_equal(of_task(play, "a")->rule->name, "next");
}

/* -- deadlines that keep their text -- */

static void test_kept(void **state)
{
    struct play *play = *state;

    take(play, RULE("24h", OWNER("due"), ""));
    ask(play, "2026-11-16T10:00", "a");
    hush(play);
    take(play, RULE("8h", OWNER("due"), "on_change = \"keep\";"));
    assert_string_equal(world_journal(play->world), "reload reloaded");
    assert_int_equal(of_task(play, "a")->due, world_time("2026-11-17T10:00"));
    ask(play, "2026-11-16T10:00", "b");
    assert_int_equal(of_task(play, "b")->due, world_time("2026-11-16T18:00"));
    assert_int_equal(world_table(play->world, TABLE_RULES), 2);
    hush(play);
    /* Its old text meets it, and nothing says that the new one found nothing. */
    world_event(play->world, "2026-11-16T11:00", "task.done", "task", "a", NULL);
    world_event(play->world, "2026-11-16T11:00", "task.done", "task", "b", NULL);
    assert_string_equal(world_journal(play->world), "met met");
    assert_int_equal(world_table(play->world, TABLE_EARLY), 0);
    take(play, RULE("8h", OWNER("due"), "on_change = \"keep\";"));
    world_jump(play->world, "2026-11-16T11:01");
    assert_int_equal(world_table(play->world, TABLE_RULES), 1); /* nobody has the first text any more */
}

/* Kept at first; a later reload with "recompute" brings it over. */
static void test_kept_until_told_otherwise(void **state)
{
    struct play *play = *state;

    take(play, RULE("24h", OWNER("due"), ""));
    ask(play, "2026-11-16T10:00", "a");
    take(play, RULE("8h", OWNER("due"), "on_change = \"keep\";"));
    world_reload(play->world);
    assert_int_equal(of_task(play, "a")->due, world_time("2026-11-17T10:00"));
    take(play, RULE("9h", OWNER("due"), "on_change = \"keep\";"));
    assert_int_equal(of_task(play, "a")->due, world_time("2026-11-17T10:00"));
    take(play, RULE("8h", OWNER("due"), ""));
    assert_int_equal(of_task(play, "a")->due, world_time("2026-11-16T18:00"));
}

static void test_another_key_keeps(void **state)
{
    struct play *play = *state;

    take(play, RULE("24h", OWNER("due"), ""));
    ask(play, "2026-11-16T10:00", "a");
    hush(play);
    take(play, "task: { open = { on = \"task.asked\"; }; key = [ \"task\", \"person\" ]; owner = \"person\"; "
               "meet = { on = \"task.done\"; }; due = \"8h\"; ladder = ( " OWNER("due") " ); };\n");
    assert_string_equal(world_journal(play->world), "reload kept reloaded");
    assert_has(world_records(play->world), "\"why\":\"the rule's key is another one now\"");
    world_event(play->world, "2026-11-16T11:00", "task.done", "task", "a", NULL);
    assert_int_equal(world_table(play->world, TABLE_DEADLINES), 0);
}

/* -- rules that go -- */

static void test_vanishing(void **state)
{
    struct play *play = *state;
    struct vanishing vanishing[4];
    struct config_choice choice = choice_of(play);
    struct config *config;
    struct problems problems;

    take(play, RULE("24h", OWNER("due"), ""));
    write_rules(play, "");
    problems_init(&problems);
    assert_int_equal(config_load_choice(WORLD_DIR "/cuiban.cfg", &choice, &problems, &config), 0);
    problems_finish(&problems);
    assert_int_equal(engine_vanishing(world_engine(play->world), config->rules, vanishing, 4), 0);
    ask(play, "2026-11-16T10:00", "a");
    take(play, RULE("8h", OWNER("due"), "on_change = \"keep\";"));
    ask(play, "2026-11-16T10:00", "b");
    assert_int_equal(engine_vanishing(world_engine(play->world), config->rules, vanishing, 4), 1);
    assert_string_equal(vanishing[0].rule, "task");
    assert_int_equal(vanishing[0].open, 2);
    world_event(play->world, "2026-11-16T11:00", "task.done", "task", "a", NULL);
    world_event(play->world, "2026-11-16T11:00", "task.done", "task", "b", NULL);
    assert_int_equal(engine_vanishing(world_engine(play->world), config->rules, vanishing, 4), 0);
    config_unload(config);
}

/* At a start nobody can be refused: what is open goes on by the text that Redis keeps. */
static void test_vanished_at_a_start(void **state)
{
    struct play *play = *state;

    take(play, RULE("24h", OWNER("due"), ""));
    ask(play, "2026-11-16T10:00", "a");
    write_rules(play, "");
    struct config_choice choice = choice_of(play);
    world_begin_taking(play->world, &choice);
    world_reload(play->world);
    world_until(play->world, "2026-11-17T10:00");
    assert_string_equal(world_told(play->world), "overdue zhang.wei mail due");
    world_event(play->world, "2026-11-17T11:00", "task.done", "task", "a", NULL);
    assert_int_equal(world_table(play->world, TABLE_DEADLINES), 0);
}

static void test_retired(void **state)
{
    struct play *play = *state;

    take(play, RULE("24h", OWNER("due"), ""));
    ask(play, "2026-11-16T10:00", "a");
    take(play, RULE("24h", OWNER("due"), "retired = true;"));
    ask(play, "2026-11-16T10:00", "b");
    assert_int_equal(world_table(play->world, TABLE_DEADLINES), 1);
    world_until(play->world, "2026-11-17T10:00");
    assert_string_equal(world_told(play->world), "overdue zhang.wei mail due");
}

/* -- texts that cannot be read any more -- */

static void test_its_calendar_is_gone(void **state)
{
    struct play *play = *state;

    take(play, RULE("24h", OWNER("due"), "calendar = \"office\";"));
    ask(play, "2026-11-16T10:00", "a");
    const char *key = of_task(play, "a")->rule->fingerprint;
    char copy[17];
    memcpy(copy, key, sizeof copy);
    world_spoil(play->world, TABLE_RULES, copy, "task: { calendar = \"gone\"; };");
    write_rules(play, RULE("8h", OWNER("due"), ""));
    struct config_choice choice = choice_of(play);
    world_begin_taking(play->world, &choice);
    world_reload(play->world);
    hush(play);
    world_jump(play->world, "2026-11-16T10:01");
    assert_has(world_records(play->world), "\"e\":\"recomputed\"");
    assert_int_equal(of_task(play, "a")->due, world_time("2026-11-16T18:00"));
    assert_null(world_differs(play->world));
}

/* -- in parts -- */

enum { MANY = 600 };

static void ask_many(const struct play *play)
{
    char task[16];

    for (int i = 0; i < MANY; i++) {
        (void)snprintf(task, sizeof task, "t%d", i);
        ask(play, "2026-11-16T10:00", task);
    }
}

static size_t count_due(const struct play *play, const char *due)
{
    size_t cursor = 0, n = 0;
    const struct deadline *deadline;

    while ((deadline = engine_next_deadline(world_engine(play->world), &cursor)) != NULL) {
        n += deadline->due == world_time(due);
    }
    return n;
}

/* The first commit is the record alone; a daemon that dies in the middle does the rest after it has loaded.
 */
static void test_killed_in_the_middle(void **state)
{
    struct play *play = *state;
    struct config_choice choice = choice_of(play);

    take(play, RULE("24h", OWNER("due"), ""));
    ask_many(play);
    hush(play);
    write_rules(play, RULE("8h", OWNER("due"), ""));
    world_begin_taking(play->world, &choice);
    assert_true(world_settle(play->world));
    assert_string_equal(world_journal(play->world), "reload");
    assert_int_equal(count_due(play, "2026-11-16T18:00"), 0);
    assert_true(world_settle(play->world));
    assert_true(world_settle(play->world));
    size_t done = count_due(play, "2026-11-16T18:00");
    assert_in_range(done, 1, MANY - 1);
    world_reload(play->world);
    assert_int_equal(count_due(play, "2026-11-16T18:00"), done);
    while (world_settle(play->world)) {
    }
    assert_int_equal(count_due(play, "2026-11-16T18:00"), MANY);
    assert_null(world_differs(play->world));
    world_jump(play->world, "2026-11-16T10:01");
    assert_int_equal(world_table(play->world, TABLE_RULES), 1);
}

/* An event waits for the rest; it meets what it is about under the new rule. */
static void test_an_event_in_the_middle(void **state)
{
    struct play *play = *state;
    struct config_choice choice = choice_of(play);
    int tries = 0;

    take(play, RULE("24h", OWNER("due"), ""));
    ask_many(play);
    write_rules(play, RULE("1h", OWNER("due"), ""));
    world_begin_taking(play->world, &choice);
    hush(play);
    while (world_event(play->world, "2026-11-16T12:00", "task.done", "task", "t7", NULL) == -EAGAIN) {
        tries++;
    }
    assert_in_range(tries, 1, 10);
    assert_true(engine_is_settled(world_engine(play->world)));
    assert_has(world_journal(play->world), "met_late");
    assert_int_equal(world_table(play->world, TABLE_DEADLINES), MANY - 1);
}

/* Nothing fires by the old rule once the reload is on record. */
static void test_time_in_the_middle(void **state)
{
    struct play *play = *state;
    struct config_choice choice = choice_of(play);

    take(play, RULE("1h", OWNER("due"), ""));
    ask_many(play);
    write_rules(play, RULE("24h", OWNER("due"), ""));
    world_begin_taking(play->world, &choice);
    hush(play);
    world_jump(play->world, "2026-11-16T11:00");
    assert_string_equal(world_told(play->world), "");
    assert_int_equal(count_due(play, "2026-11-17T10:00"), MANY);
}

/* -- what else the files hold -- */

static void test_other_calendars(void **state)
{
    struct play *play = *state;
    struct config_choice choice = {.rules = play->folder, .calendars = WORLD_DIR "/calendars-2027.d"};

    take(play, RULE("30wd", OWNER("due"), ""));
    ask(play, "2026-12-29T10:00", "a");
    assert_int_equal(of_task(play, "a")->due, world_time("2027-02-12T18:00"));
    hush(play);
    world_take(play->world, &choice);
    assert_int_equal(of_task(play, "a")->due, world_time("2027-02-16T18:00"));
    assert_has(world_records(play->world), "\"recomputed\":0,\"kept\":0,\"recounted\":1");
    assert_null(world_differs(play->world));
}

/* Recurrences go on, begin anew or end just as after a restart. */
static void test_recurrences(void **state)
{
    struct config_choice changed = {.rules = SCHEDULE_DIR "/changed.d"};
    char *texts[2];

    (void)state;
    for (int restarted = 0; restarted < 2; restarted++) {
        struct world *world = world_open_files(SCHEDULE_DIR "/cuiban.cfg", "2026-11-18T12:00", true);

        world_event(world, "2026-11-18T13:00", "employee.started", "employee", "zhang.wei", "recruiter",
                    "chen.jing", "probation_end", "2027-02-20", NULL);
        world_until(world, "2026-12-01T09:00");
        if (restarted) {
            world_restart_with(world, SCHEDULE_DIR "/changed.cfg");
            world_advance(world, world_now(world));
        } else {
            world_take(world, &changed);
            world_advance(world, world_now(world));
            assert_has(world_journal(world), "recurs_ended");
        }
        world_until(world, "2026-12-08T09:00");
        assert_null(world_differs(world));
        texts[restarted] = world_snapshot(world);
        world_close(world);
    }
    assert_string_equal(texts[0], texts[1]);
    free(texts[0]);
    free(texts[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_text_touches_nothing),
        TEST(an_earlier_due),
        TEST(missed_rungs_collapse),
        TEST(a_later_due_takes_the_breach_back),
        TEST(a_paused_one_is_counted_when_it_resumes),
        TEST(steps_are_known_by_name),
        TEST(a_first_word_is_for_new_openings),
        TEST(what_has_come_of_all),
        TEST(sent_back),
        TEST(a_follower_is_new),
        TEST(kept),
        TEST(kept_until_told_otherwise),
        TEST(another_key_keeps),
        TEST(vanishing),
        TEST(vanished_at_a_start),
        TEST(retired),
        TEST(its_calendar_is_gone),
        TEST(killed_in_the_middle),
        TEST(an_event_in_the_middle),
        TEST(time_in_the_middle),
        TEST(other_calendars),
        TEST(recurrences),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
