/* What waits to leave goes by the settings of today: quiet hours, channels, addresses and lives that change
 * while it waits free it, hold it or send it elsewhere. */
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
static const struct verdict in_two_hours = {
    .kind = VERDICT_RETRY, .delay_ms = 2 * 60 * 60 * 1000, .reason = "down"};

struct play {
    struct world *world;
    char folder[64], settings[96], people[96];
    const char *gap;
};

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* The owner and the second in quiet hours are as `owner` and `second` say. */
static void write_people(const struct play *play, const char *owner, const char *second)
{
    char text[1024];

    (void)snprintf(
        text, sizeof text,
        "people = ( { id = \"ann\"; name = \"安\"; department = \"rd\"; manager = \"boss\"; email = "
        "\"a@example.com\"; wecom = \"Ann\"; %s },\n"
        " { id = \"ben\"; name = \"本\"; department = \"rd\"; email = \"b@example.com\"; wecom = \"Ben\"; %s "
        "},\n"
        " { id = \"boss\"; name = \"波\"; department = \"rd\"; email = \"c@example.com\"; wecom = \"Boss\"; "
        "quiet = \"none\"; } );\n"
        "departments = ( { id = \"rd\"; name = \"研发\"; head = \"boss\"; hrbp = \"ben\"; } );\n",
        owner, second);
    write_file(play->people, text);
}

#define APP  "app = { plugin = \"wecom_app\"; corp = \"c\"; agent = 1; secret = \"s\"; };"
#define MAIL "mail = { plugin = \"email\"; server = \"smtp://127.0.0.1:25\"; from = \"hr@example.com\"; };"

static void write_settings(const struct play *play, const char *channel, const char *channels,
                           const char *more)
{
    char text[1024];

    (void)snprintf(text, sizeof text,
                   "redis = \"unix:/nonexistent\"; streams = [ \"hr:events\" ]; rules = \"rules.cfg\";\n"
                   "calendars = \"" TEST_SOURCE_DIR "/quiet/calendars.d\"; directory = \"people.cfg\";\n"
                   "templates = \"" TEST_SOURCE_DIR "/quiet/templates\"; zone = \"Asia/Shanghai\";\n"
                   "calendar = \"office\"; gap = \"%s\"; channel = \"%s\"; channels = { %s }; %s\n",
                   play->gap, channel, channels, more);
    write_file(play->settings, text);
}

static const char rules[] =
    "task: { open = { on = \"task.asked\"; }; key = [ \"task\" ]; owner = \"person\"; requester = "
    "\"person:ben\"; meet = { on = \"task.done\"; }; due = \"4h\";\n"
    " ladder = ( { at = \"due\"; to = [ \"owner\" ]; }, { at = \"due+30m\"; to = [ \"head\" ]; } ); };\n"
    "early: { open = { on = \"early.asked\"; }; key = [ \"task\" ]; owner = \"person\"; requester = "
    "\"person:ben\"; meet = { on = \"task.done\"; }; due = \"24h\";\n"
    " ladder = ( { at = \"due-4h\"; to = [ \"owner\", \"requester\" ]; }, { at = \"due+1wd\"; to = [ "
    "\"head\" ]; } ); };\n";

static int setup(void **state)
{
    struct play *play = calloc(1, sizeof *play);
    char path[96];

    (void)snprintf(play->folder, sizeof play->folder, "/tmp/cuiban-waiting-XXXXXX");
    assert_non_null(mkdtemp(play->folder));
    (void)snprintf(play->settings, sizeof play->settings, "%s/cuiban.cfg", play->folder);
    (void)snprintf(play->people, sizeof play->people, "%s/people.cfg", play->folder);
    (void)snprintf(path, sizeof path, "%s/rules.cfg", play->folder);
    write_file(path, rules);
    write_people(play, "", "");
    play->gap = "1h";
    *state = play;
    return 0;
}

static int teardown(void **state)
{
    struct play *play = *state;
    char path[96];

    world_close(play->world);
    (void)snprintf(path, sizeof path, "%s/rules.cfg", play->folder);
    (void)unlink(path);
    (void)unlink(play->settings);
    (void)unlink(play->people);
    (void)rmdir(play->folder);
    free(play);
    return 0;
}

static void begin(struct play *play, const char *more)
{
    write_settings(play, "app", APP MAIL, more);
    play->world = world_open_files(play->settings, "2026-11-16T09:00", true);
}

/* What the engine is then, it is after a crash, too. */
static void take(struct play *play)
{
    const char *differs;

    world_take_settings(play->world, play->settings);
    differs = world_differs(play->world);
    if (differs) {
        fail_msg("%s", differs);
    }
}

static void take_more(struct play *play, const char *more)
{
    write_settings(play, "app", APP MAIL, more);
    take(play);
}

/* On Friday: what is due at four hours later. */
static void ask(const struct play *play, const char *at, const char *type)
{
    assert_int_equal(world_event(play->world, at, type, "task", "t", "person", "ann", NULL), 0);
}

static const struct notification *to(const struct play *play, const char *person)
{
    size_t cursor = 0;
    const struct notification *note;

    while ((note = engine_next_notification(world_engine(play->world), &cursor)) != NULL) {
        if (strcmp(note->to, person) == 0) {
            return note;
        }
    }
    fail_msg("nothing waits for %s", person);
    return NULL;
}

static void assert_leaves(const struct play *play, const char *person, const char *at)
{
    assert_int_equal(to(play, person)->not_before, world_time(at));
}

static void assert_record(const struct play *play, const char *wanted)
{
    const char *records = world_records(play->world);

    if (!strstr(records, wanted)) {
        fail_msg("\"%s\" is not in: %s", wanted, records);
    }
}

static void hush(const struct play *play)
{
    (void)world_journal(play->world);
    (void)world_records(play->world);
    (void)world_told(play->world);
}

/* -- quiet hours -- */

static void test_no_quiet_hours_any_more_free_it(void **state)
{
    struct play *play = *state;

    begin(play, "quiet = \"outside calendar\";");
    ask(play, "2026-11-20T15:00", "task.asked");
    world_until(play->world, "2026-11-20T19:10");
    assert_leaves(play, "ann", "2026-11-23T09:00");
    hush(play);
    take_more(play, "quiet = \"none\";");
    assert_record(play, "\"e\":\"moved\"");
    assert_leaves(play, "ann", "2026-11-20T19:00");
    assert_int_equal(to(play, "ann")->expires, world_time("2026-11-23T19:00"));
    assert_int_equal(world_deliver(play->world, &delivered), 1);
    hush(play);
    /* The head's rung keeps the gap to when the owner was told, not to Monday. */
    world_until(play->world, "2026-11-20T20:09");
    assert_string_equal(world_told(play->world), "");
    world_until(play->world, "2026-11-20T20:10");
    assert_string_equal(world_told(play->world), "escalation boss app due+30m\noverdue ann app due+30m copy");
}

static void test_other_files_at_a_start_free_it(void **state)
{
    struct play *play = *state;

    begin(play, "quiet = \"outside calendar\";");
    ask(play, "2026-11-20T15:00", "task.asked");
    world_until(play->world, "2026-11-20T19:10");
    write_settings(play, "app", APP MAIL, "quiet = \"none\";");
    world_restart_with(play->world, play->settings);
    while (world_settle(play->world)) {
    }
    assert_leaves(play, "ann", "2026-11-20T19:00");
    assert_int_equal(world_deliver(play->world, &delivered), 1);
}

static void test_a_start_with_the_same_files_moves_nothing(void **state)
{
    struct play *play = *state;

    begin(play, "quiet = \"outside calendar\";");
    ask(play, "2026-11-20T15:00", "task.asked");
    world_until(play->world, "2026-11-20T19:10");
    hush(play);
    world_reload_same(play->world);
    assert_true(engine_is_settled(world_engine(play->world)));
    assert_string_equal(world_journal(play->world), "");
}

static void test_new_quiet_hours_hold_what_is_tried_again(void **state)
{
    struct play *play = *state;

    begin(play, "quiet = \"none\";");
    ask(play, "2026-11-20T13:00", "task.asked");
    world_until(play->world, "2026-11-20T17:00");
    assert_int_equal(world_deliver(play->world, &in_two_hours), 1);
    assert_leaves(play, "ann", "2026-11-20T19:00");
    instant end = to(play, "ann")->expires;
    take_more(play, "quiet = \"outside calendar\";");
    assert_leaves(play, "ann", "2026-11-23T09:00");
    assert_int_equal(to(play, "ann")->expires - end,
                     world_time("2026-11-23T09:00") - world_time("2026-11-20T19:00"));
    take_more(play, "quiet = \"none\";");
    assert_leaves(play, "ann", "2026-11-20T19:00");
    assert_int_equal(to(play, "ann")->expires, end);
}

/* It could have left, and has not yet: the channel is slow. */
static void test_new_quiet_hours_hold_what_may_leave(void **state)
{
    struct play *play = *state;

    begin(play, "quiet = \"none\";");
    ask(play, "2026-11-20T15:00", "task.asked");
    world_until(play->world, "2026-11-20T19:10");
    take_more(play, "quiet = \"outside calendar\";");
    assert_int_equal(world_deliver(play->world, &delivered), 0);
    assert_leaves(play, "ann", "2026-11-23T09:00");
    take_more(play, "quiet = \"none\";");
    assert_leaves(play, "ann", "2026-11-20T19:00");
    assert_int_equal(world_deliver(play->world, &delivered), 1);
}

/* What was pulled forward for the owner's quiet hours alone: the other one has no such hours, then has. */
static void test_what_was_pulled_forward(void **state)
{
    struct play *play = *state;

    write_people(play, "", "quiet = \"none\";");
    begin(play, "quiet = \"outside calendar\";");
    ask(play, "2026-11-20T15:10", "early.asked");
    world_until(play->world, "2026-11-20T17:50");
    assert_leaves(play, "ann", "2026-11-20T17:50");
    assert_leaves(play, "ben", "2026-11-21T11:10");
    write_people(play, "quiet = \"none\";", "");
    take(play);
    assert_leaves(play, "ann", "2026-11-21T11:10");
    assert_leaves(play, "ben", "2026-11-20T17:50");
}

/* -- the rung behind -- */

/* The head has no quiet hours. The owner's message comes too late for Friday: the head does not hear before
 * Monday either. */
static void test_a_hold_moves_the_rung_behind(void **state)
{
    struct play *play = *state;

    begin(play, "quiet = \"outside calendar\";");
    ask(play, "2026-11-20T13:50", "task.asked");
    world_until(play->world, "2026-11-20T17:50");
    assert_leaves(play, "ann", "2026-11-20T17:50");
    world_until(play->world, "2026-11-20T18:05");
    assert_int_equal(world_deliver(play->world, &delivered), 0);
    hush(play);
    assert_leaves(play, "ann", "2026-11-23T09:00");
    world_reload_same(play->world);
    world_until(play->world, "2026-11-23T09:00");
    assert_string_equal(world_told(play->world), "");
    assert_int_equal(world_deliver(play->world, &delivered), 1);
    world_until(play->world, "2026-11-23T10:00");
    assert_string_equal(world_told(play->world), "escalation boss app due+30m\noverdue ann app due+30m copy");
}

/* A channel that fails day after day keeps nobody from hearing. */
static void test_what_fails_holds_nobody_back(void **state)
{
    struct play *play = *state;

    begin(play, "quiet = \"outside calendar\";");
    ask(play, "2026-11-20T13:30", "task.asked");
    world_until(play->world, "2026-11-20T17:30");
    hush(play);
    assert_int_equal(world_deliver(play->world, &in_two_hours), 1);
    assert_leaves(play, "ann", "2026-11-23T09:00");
    world_until(play->world, "2026-11-20T19:30");
    assert_string_equal(world_told(play->world), "escalation boss app due+30m\noverdue ann app due+30m copy");
}

/* The head's rung stands half an hour behind the owner's, and waits for the gap of today. */
static void test_another_gap(void **state)
{
    struct play *play = *state;

    begin(play, "quiet = \"none\";");
    ask(play, "2026-11-20T13:00", "task.asked");
    world_until(play->world, "2026-11-20T17:00");
    assert_int_equal(world_deliver(play->world, &delivered), 1);
    hush(play);
    play->gap = "45m";
    take_more(play, "quiet = \"none\";");
    world_until(play->world, "2026-11-20T17:44");
    assert_string_equal(world_told(play->world), "");
    play->gap = "3h";
    take_more(play, "quiet = \"none\";");
    world_until(play->world, "2026-11-20T19:59");
    assert_string_equal(world_told(play->world), "");
    world_until(play->world, "2026-11-20T20:00");
    assert_string_equal(world_told(play->world), "escalation boss app due+30m\noverdue ann app due+30m copy");
}

/* -- channels and lives -- */

static void test_a_channel_is_gone(void **state)
{
    struct play *play = *state;

    begin(play, "quiet = \"outside calendar\";");
    ask(play, "2026-11-20T15:00", "task.asked");
    world_until(play->world, "2026-11-20T19:10");
    hush(play);
    write_settings(play, "mail", MAIL, "quiet = \"outside calendar\";");
    take(play);
    assert_record(play, "\"e\":\"rerouted\"");
    assert_string_equal(to(play, "ann")->channel, "mail");
    assert_leaves(play, "ann", "2026-11-23T09:00");
}

/* Delivery looks before it is settled. */
static void test_a_refusal_for_a_channel_that_is_gone(void **state)
{
    struct play *play = *state;
    struct changes changes;

    begin(play, "");
    ask(play, "2026-11-20T15:00", "task.asked");
    world_until(play->world, "2026-11-20T19:00");
    write_settings(play, "mail", MAIL, "");
    world_restart_with(play->world, play->settings);
    assert_int_equal(changes_init(&changes), 0);
    engine_refuse(world_engine(play->world), to(play, "ann")->id, "there is no channel \"app\"",
                  world_now(play->world), &changes);
    assert_string_equal(to(play, "ann")->channel, "mail");
    assert_false(to(play, "ann")->fell_back);
    changes_finish(&changes);
}

static void test_a_person_has_another_channel(void **state)
{
    struct play *play = *state;

    begin(play, "quiet = \"outside calendar\";");
    ask(play, "2026-11-20T15:00", "task.asked");
    world_until(play->world, "2026-11-20T19:10");
    write_people(play, "channel = \"mail\"; quiet = \"none\";", "");
    take(play);
    assert_string_equal(to(play, "ann")->channel, "mail");
    assert_leaves(play, "ann", "2026-11-20T19:00");
}

static void test_another_longest_life(void **state)
{
    struct play *play = *state;

    begin(play, "quiet = \"none\"; expires = \"3d\";");
    ask(play, "2026-11-20T15:00", "task.asked");
    world_until(play->world, "2026-11-20T19:00");
    assert_int_equal(to(play, "ann")->expires, world_time("2026-11-23T19:00"));
    take_more(play, "quiet = \"none\"; expires = \"2h\";");
    assert_int_equal(to(play, "ann")->expires, world_time("2026-11-20T21:00"));
    world_jump(play->world, "2026-11-20T21:00");
    assert_record(play, "\"why\":\"superseded\""); /* by the copy of what the head was told */
}

/* -- what an older daemon has written -- */

static void test_notes_of_an_older_daemon(void **state)
{
    static const char waiting[] =
        "{\"d\":\"%s\",\"rule\":\"task\",\"step\":\"due\",\"phase\":\"overdue\",\"message\":\"overdue\","
        "\"to\":\"ann\",\"via\":\"app\",\"state\":\"queued\",\"queued\":%lld,\"not_before\":%lld,"
        "\"expires\":%lld%s}";
    struct play *play = *state;
    char json[512], id[NOTIFICATION_ID_MAX];
    long long queued = world_time("2026-11-20T19:00"), monday = world_time("2026-11-23T09:00"),
              end = world_time("2026-11-26T09:00");

    begin(play, "quiet = \"outside calendar\";");
    ask(play, "2026-11-20T15:00", "task.asked");
    world_until(play->world, "2026-11-20T19:10");
    (void)snprintf(id, sizeof id, "%s", to(play, "ann")->id);
    (void)snprintf(json, sizeof json, waiting, world_only(play->world)->id, queued, monday, end, "");
    world_spoil(play->world, TABLE_OUTBOX, id, json);
    world_reload(play->world);
    assert_true(engine_is_settled(world_engine(play->world)));
    assert_leaves(play, "ann", "2026-11-23T09:00");
    take_more(play, "quiet = \"none\";");
    assert_leaves(play, "ann", "2026-11-20T19:00");

    /* What was tried waits for its verdict's time. */
    (void)snprintf(json, sizeof json, waiting, world_only(play->world)->id, queued,
                   (long long)world_time("2026-11-20T20:00"), end, ",\"attempts\":1");
    world_spoil(play->world, TABLE_OUTBOX, id, json);
    world_reload(play->world);
    assert_leaves(play, "ann", "2026-11-20T20:00");
    assert_true(engine_is_settled(world_engine(play->world)));
    take_more(play, "quiet = \"outside calendar\";");
    assert_leaves(play, "ann", "2026-11-23T09:00");
}

#define WAITING_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WAITING_TEST(test_no_quiet_hours_any_more_free_it),
        WAITING_TEST(test_other_files_at_a_start_free_it),
        WAITING_TEST(test_a_start_with_the_same_files_moves_nothing),
        WAITING_TEST(test_new_quiet_hours_hold_what_is_tried_again),
        WAITING_TEST(test_new_quiet_hours_hold_what_may_leave),
        WAITING_TEST(test_what_was_pulled_forward),
        WAITING_TEST(test_a_hold_moves_the_rung_behind),
        WAITING_TEST(test_what_fails_holds_nobody_back),
        WAITING_TEST(test_another_gap),
        WAITING_TEST(test_a_channel_is_gone),
        WAITING_TEST(test_a_refusal_for_a_channel_that_is_gone),
        WAITING_TEST(test_a_person_has_another_channel),
        WAITING_TEST(test_another_longest_life),
        WAITING_TEST(test_notes_of_an_older_daemon),
    };
    return cmocka_run_group_tests_name("waiting", tests, NULL, NULL);
}
