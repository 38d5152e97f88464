/* The verbs that look at Redis, against state that the engine itself produced: no daemon runs, the test
 * commits. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "played.h"

static void nothing_yet(void **state)
{
    struct world *world = *state;

    ctl_run(&world->ctl, "list", NULL);
    ctl_expect(&world->ctl, 0, "nothing is open\n", NULL);
    ctl_run(&world->ctl, "--json", "list", NULL);
    ctl_expect(&world->ctl, 0, "[]\n", NULL);
    ctl_run(&world->ctl, "dead", "list", NULL);
    ctl_expect(&world->ctl, 0, "no dead letters\n", NULL);
    ctl_run(&world->ctl, "status", NULL);
    ctl_expect(&world->ctl, 1, "no daemon has ever served this stream", NULL);
    ctl_run(&world->ctl, "explain", "ZZZZ", NULL);
    ctl_expect(&world->ctl, 1, NULL, "know \"ZZZZ\"");
}

static void open_deadlines_are_listed(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    let_it_slip(world);
    submit(world, "2036-03-06T19:00:00+08:00", "REQ-2", "li.lei");
    ctl_run(ctl, "list", NULL);
    ctl_expect(ctl, 0, open_id(world), NULL);
    ctl_expect(ctl, 0, "2036-03-06 Thu 18:00", NULL);
    ctl_expect(ctl, 0, "张伟", NULL);
    ctl_expect(ctl, 0, "REQ-1 Java工程师\n", NULL);
    ctl_expect(ctl, 0, "2036-03-11 Tue 18:00", NULL);
    ctl_run(ctl, "list", "state=overdue", "owner=zhang.wei", "requisition=REQ-1", NULL);
    ctl_expect(ctl, 0, "REQ-1", NULL);
    ctl_expect_not(ctl, "REQ-2");
    ctl_run(ctl, "list", "owner=li.lei", "rule=confirm", "department=rd", NULL);
    ctl_expect(ctl, 0, "REQ-2", NULL);
    ctl_expect_not(ctl, "REQ-1");
    ctl_run(ctl, "list", "position=none", NULL);
    ctl_expect(ctl, 0, "no open deadline matches", NULL);
    ctl_run(ctl, "--lang=zh", "list", "state=overdue", NULL);
    ctl_expect(ctl, 0, "逾期  2036-03-06 周四 18:00", NULL);
    ctl_run(ctl, "--lang=zh", "list", "state=逾期", "owner=张伟", "department=研发部", NULL);
    ctl_expect(ctl, 0, "REQ-1", NULL);
    ctl_run(ctl, "list", "rule=comfirm", NULL);
    ctl_expect(ctl, 2, NULL, "did you mean \"confirm\"?");
    ctl_run(ctl, "list", "owner=张维", NULL);
    ctl_expect(ctl, 2, NULL, "no person \"张维\"");
    ctl_run(ctl, "list", "department=研发", NULL);
    ctl_expect(ctl, 2, NULL, "no department \"研发\"");
    ctl_run(ctl, "--json", "list", "state=overdue", NULL);
    ctl_expect(ctl, 0, "\"due\":\"2036-03-06T18:00:00+08:00\"", NULL);
    ctl_expect(ctl, 0, "\"position\":\"Java工程师\"", NULL);
}

static void one_is_shown(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    let_it_slip(world);
    ctl_run(ctl, "show", open_id(world), NULL);
    ctl_expect(ctl, 0, "张伟 (zhang.wei)", NULL);
    ctl_expect(ctl, 0, "hiring_manager  zhang.wei\n", NULL);
    ctl_expect(ctl, 0, "queued", NULL);
    ctl_expect(ctl, 0, "reminder", NULL);
    ctl_run(ctl, "show", "confirm", "requisition=REQ-1", NULL);
    ctl_expect(ctl, 0, open_id(world), NULL);
    ctl_run(ctl, "--json", "show", open_id(world), NULL);
    ctl_expect(ctl, 0, "\"notifications\":[{", NULL);
    ctl_run(ctl, "show", "ZZZZ", NULL);
    ctl_expect(ctl, 1, NULL, "is not open");
}

static void an_open_one_is_explained(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    let_it_slip(world);
    ctl_run(ctl, "explain", open_id(world), NULL);
    ctl_expect(ctl, 0, "due 2036-03-06 Thu 18:00 = 3wd from 2036-03-03 Mon 10:00, calendar office\n", NULL);
    ctl_expect(ctl, 0, "03-06 Thu  day 3  due 18:00\n", NULL);
    ctl_expect(ctl, 0, "03-03 10:00:00  opened", NULL);
    ctl_expect(ctl, 0, "03-05 10:05:00  delivered      reminder 张伟 mail\n", NULL);
    ctl_expect(ctl, 0, "connection refused", NULL);
    ctl_expect(ctl, 0, "on the way\n", NULL);
    ctl_expect(ctl, 0,
               "2036-03-07 Fri 14:00  [due+1wd]  李雷 (quiet until 2036-03-07 Fri 15:00), 张伟 (copy)  "
               "held back from 2036-03-07 Fri 10:00: the gap after the step before\n",
               NULL);
    ctl_run(ctl, "--lang", "zh", "explain", "confirm", "requisition=REQ-1", NULL);
    ctl_expect(ctl, 0, "到期 2036-03-06 周四 18:00 = 3wd", NULL);
    ctl_expect(ctl, 0, "已送达", NULL);
    ctl_expect(ctl, 0, "接下来\n", NULL);
    ctl_run(ctl, "--json", "explain", open_id(world), NULL);
    ctl_expect(ctl, 0, "\"e\":\"delivered\"", NULL);
    ctl_expect(
        ctl, 0,
        "\"fires\":\"2036-03-07T14:00:00+08:00\",\"step\":\"due+1wd\",\"to\":[\"li.lei\",\"zhang.wei\"],"
        "\"leaves\":[\"2036-03-07T15:00:00+08:00\",\"2036-03-07T14:00:00+08:00\"]",
        NULL);
    ctl_run(ctl, "explain", "confirm", NULL);
    ctl_expect(ctl, 0, "REQ-1", NULL);
}

static void a_closed_one_is_explained(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;
    char id[DEADLINE_ID_MAX];

    let_it_slip(world);
    snprintf(id, sizeof(id), "%s", open_id(world));
    happens(world, "2036-03-06T20:00:00+08:00", "type", "requisition.confirmed", "id", "c1", "time",
            "2036-03-06T20:00:00+08:00", "requisition", "REQ-1", (char *)NULL);
    ctl_run(ctl, "list", NULL);
    ctl_expect(ctl, 0, "nothing is open", NULL);
    ctl_run(ctl, "show", id, NULL);
    ctl_expect(ctl, 1, NULL, "is not open");
    ctl_run(ctl, "explain", id, NULL);
    ctl_expect(ctl, 0, "met late", NULL);
    ctl_expect(ctl, 0, " done after working hours\n", NULL);
    ctl_expect(ctl, 0, "not sent\n", NULL);
    ctl_expect(ctl, 0, "withdrawn", NULL);
    ctl_run(ctl, "explain", "confirm", "requisition=REQ-1", NULL);
    ctl_expect(ctl, 0, "met late", NULL);
    ctl_run(ctl, "explain", "confirm", NULL);
    ctl_expect(ctl, 2, NULL, "requisition=...");
    ctl_run(ctl, "explain", "confrim", "requisition=REQ-1", NULL);
    ctl_expect(ctl, 2, NULL, "did you mean \"confirm\"?");
    ctl_run(ctl, "explain", "confirm", "requisition=REQ-9", NULL);
    ctl_expect(ctl, 1, NULL, "know");
}

/* Somebody is in the middle of writing; the daemon runs on, and so do those who look at it. */
static void broken_files_do_not_blind(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    let_it_slip(world);
    change_rule(world, "meet ", "meeet ");
    ctl_run(ctl, "list", NULL);
    ctl_expect(ctl, 0, "张伟", "errors (cuibanctl check); what follows goes by what is sound in them");
    ctl_run(ctl, "explain", open_id(world), NULL);
    ctl_expect(ctl, 0, "= 3wd from 2036-03-03", "what is sound");
    ctl_run(ctl, "--lang", "zh", "status", NULL);
    ctl_expect(ctl, 1, "磁盘上的文件有错误：reload 会被拒绝", "以下按其中无误的部分显示");
    ctl_run(ctl, "plan", NULL);
    ctl_expect(ctl, 2, NULL, "meeet");
}

static void what_was_sent_back_names_the_old_one(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;
    char old[DEADLINE_ID_MAX], line[64];

    let_it_slip(world);
    snprintf(old, sizeof(old), "%s", open_id(world));
    happens(world, "2036-03-06T20:00:00+08:00", "type", "requisition.confirmed", "id", "c1", "time",
            "2036-03-06T20:00:00+08:00", "requisition", "REQ-1", (char *)NULL);
    happens(world, "2036-03-07T09:00:00+08:00", "type", "requisition.returned", "id", "c2", "time",
            "2036-03-07T09:00:00+08:00", "requisition", "REQ-1", (char *)NULL);
    ctl_run(ctl, "list", NULL);
    ctl_expect(ctl, 0, "open again", NULL);
    ctl_run(ctl, "show", open_id(world), NULL);
    snprintf(line, sizeof(line), "sent back   %s\n", old);
    ctl_expect(ctl, 0, line, NULL);
    ctl_run(ctl, "--json", "show", open_id(world), NULL);
    snprintf(line, sizeof(line), "\"reopened\":\"%s\"", old);
    ctl_expect(ctl, 0, line, NULL);
    ctl_run(ctl, "explain", open_id(world), NULL);
    ctl_expect(ctl, 0, "due 2036-03-10 Mon 18:00 = 1wd from 2036-03-07", NULL);
    snprintf(line, sizeof(line), "sent back from %s\n", old);
    ctl_expect(ctl, 0, line, NULL);
    ctl_run(ctl, "--lang", "zh", "explain", old, NULL);
    snprintf(line, sizeof(line), "新编号 %s\n", open_id(world));
    ctl_expect(ctl, 0, line, NULL);
}

static void what_is_missing_is_shown(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    submit(world, "2036-03-03T10:00:00+08:00", "REQ-1", "zhang.wei");
    happens(world, "2036-03-04T10:00:00+08:00", "type", "requisition.budgeted", "id", "b1", "time",
            "2036-03-04T10:00:00+08:00", "requisition", "REQ-1", (char *)NULL);
    ctl_run(ctl, "--lang", "zh", "show", open_id(world), NULL);
    ctl_expect(ctl, 0, "还缺        requisition.graded（定级）\n", NULL);
    ctl_run(ctl, "--json", "show", open_id(world), NULL);
    ctl_expect(ctl, 0, "\"came\":[\"requisition.budgeted\"],\"missing\":[\"requisition.graded\"]", NULL);
    ctl_run(ctl, "explain", open_id(world), NULL);
    ctl_expect(ctl, 0, "requisition.budgeted, still missing: requisition.graded\n", NULL);
}

static void status_counts_and_warns(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    let_it_slip(world);
    ctl_run(ctl, "status", NULL);
    ctl_expect(ctl, 1, "0 open, 1 overdue", NULL);
    ctl_expect(ctl, 1, "nobody holds the lease", NULL);
    ctl_expect(ctl, 1, "unread      0\n", NULL);
    ctl_expect_not(ctl, "appendonly");
    freeReplyObject(redis_do(world->redis, "XADD hr:events * type x"));
    freeReplyObject(redis_do(world->redis, "CONFIG SET appendonly no"));
    freeReplyObject(redis_do(world->redis, "HSET " BASE ":head begun 9999 rules 0123456789abcdef"));
    ctl_run(ctl, "status", NULL);
    ctl_expect(ctl, 1, "unread      1, ", NULL);
    ctl_expect(ctl, 1, "appendonly off", NULL);
    ctl_expect(ctl, 1, "commit 9999 broke off", NULL);
    ctl_expect(ctl, 1, "0123456789abcdef; on disk", NULL);
    freeReplyObject(redis_do(world->redis, "HSET " BASE ":outbox K-1 %s",
                             "{\"d\":\"K\",\"rule\":\"r\",\"step\":\"due\",\"phase\":\"overdue\",\"message\":"
                             "\"overdue\",\"to\":\"a\",\"via\":\"hr\",\"state\":\"queued\",\"deaths\":2}"));
    ctl_run(ctl, "status", NULL);
    ctl_expect(ctl, 1, "the daemon died 2 times while channel hr worked on notification K-1 alone", NULL);
    ctl->language = "zh_CN.UTF-8";
    ctl_run(ctl, "status", NULL);
    ctl_expect(ctl, 1, "渠道 hr 只在处理通知 K-1 时守护进程崩溃了 2 次", NULL);
    ctl_run(ctl, "--json", "status", NULL);
    ctl_expect(ctl, 1, "\"overdue\":1", NULL);
    ctl_expect(ctl, 1, "nobody holds the lease", NULL);
}

static void dead_letters_have_their_reason(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    happens(world, "2036-03-03T10:00:00+08:00", "requisition", "REQ-1", (char *)NULL);
    freeReplyObject(redis_do(world->redis, "XADD " BASE ":dead 2088122400001-1 entry %s",
                             "{\"what\":\"notification\",\"n\":\"K-1\",\"via\":\"hr\",\"plugin\":\"wecom\","
                             "\"why\":\"it died\"}"));
    ctl_run(ctl, "dead", "list", NULL);
    ctl_expect(ctl, 1, "it died (channel hr, plugin wecom)", NULL);
    ctl_expect(ctl, 1, "2088122400000-1", NULL);
    ctl_expect(ctl, 1, "type", NULL);
    ctl_run(ctl, "--json", "dead", "list", NULL);
    ctl_expect(ctl, 1, "\"what\":\"event\"", NULL);
}

static void events_are_sent(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;
    redisReply *reply;
    char path[128];

    ctl_run(ctl, "event", "send", "requisition.confirmed", "requisition=REQ-1", NULL);
    ctl_expect(ctl, 2, NULL, "--create");
    ctl_run(ctl, "event", "send", "--type", "requisition.confirmed", "--id", "mine", "requisition=REQ-1",
            "--create", NULL);
    ctl_expect(ctl, 0, "hr:events ", NULL);
    reply = redis_do(world->redis, "XRANGE hr:events - +");
    assert_int_equal(reply->elements, 1);
    assert_string_equal(reply->element[0]->element[1]->element[1]->str, "requisition.confirmed");
    assert_string_equal(reply->element[0]->element[1]->element[3]->str, "mine");
    freeReplyObject(reply);
    ctl_write(
        ctl, "e.jsonl",
        "{\"type\":\"requisition.confirmed\",\"id\":\"a\",\"requisition\":\"R1\",\"list\":[\"x\", \"y\"]}\n"
        "{\"type\":\"requisition.confirmd\",\"id\":\"b\",\"requisition\":\"R2\"}\n");
    ctl_path(ctl, "e.jsonl", path);
    ctl_run(ctl, "event", "send", "--file", path, NULL);
    ctl_expect(ctl, 1, NULL, "nothing was sent");
    assert_int_equal(redis_number(world->redis, "XLEN hr:events"), 1);
    ctl_run(ctl, "--json", "event", "send", "--file", path, "--force", NULL);
    ctl_expect(ctl, 0, "[\"", NULL);
    assert_int_equal(redis_number(world->redis, "XLEN hr:events"), 3);
    reply = redis_do(world->redis, "XRANGE hr:events - +");
    assert_string_equal(reply->element[1]->element[1]->element[7]->str, "[\"x\", \"y\"]");
    freeReplyObject(reply);
}

static void commands_are_queued(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;
    redisReply *reply;

    let_it_slip(world);
    ctl_run(ctl, "ack", open_id(world), "--until", "1wd", "--note", "在途", NULL);
    ctl_expect(ctl, 0, "queued as command", NULL);
    reply = redis_do(world->redis, "XRANGE " BASE ":commands - +");
    assert_int_equal(reply->elements, 1);
    static const char *const wanted[] = {
        "type", "cuiban.ack", "id", NULL,        "time",  "2036-03-06T19:00:00+08:00", "deadline", NULL,
        "by",   "tester",     "to", "zhang.wei", "until", "2036-03-07T18:00:00+08:00", "note",     "在途"};
    assert_int_equal(reply->element[0]->element[1]->elements, sizeof(wanted) / sizeof(wanted[0]));
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (wanted[i] != NULL)
            assert_string_equal(reply->element[0]->element[1]->element[i]->str, wanted[i]);
    }
    freeReplyObject(reply);
    ctl_run(ctl, "done", open_id(world), "--at", "2036-03-06T17:00", "--by", "li.lei", NULL);
    ctl_expect(ctl, 0, "done ", NULL);
    ctl_run(ctl, "--lang=zh", "cancel", open_id(world), NULL);
    ctl_expect(ctl, 0, "已排队", NULL);
    assert_int_equal(redis_number(world->redis, "XLEN " BASE ":commands"), 3);
    ctl_run(ctl, "done", open_id(world), "--at", "2036-03-07T17:00", NULL);
    ctl_expect(ctl, 2, NULL, "in the future");
    ctl_run(ctl, "ack", open_id(world), "--until", "soon", NULL);
    ctl_expect(ctl, 2, NULL, "neither a time");
    ctl_run(ctl, "ack", open_id(world), "--to", "zhang.wie", NULL);
    ctl_expect(ctl, 2, NULL, "no person");
    ctl_run(ctl, "cancel", "ZZZZ", NULL);
    ctl_expect(ctl, 1, NULL, "is not open");
    assert_int_equal(redis_number(world->redis, "XLEN " BASE ":commands"), 3);
}

/* No daemon answers: it says so after the limit. Then the head and the journal say what a daemon would. */
static void waiting_for_the_answer(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    let_it_slip(world);
    ctl_run(ctl, "done", open_id(world), "--wait", "--wait-seconds", "1", NULL);
    ctl_expect(ctl, 1, NULL, "it stays queued");
    freeReplyObject(redis_do(world->redis, "HSET " BASE ":head commands 9999999999999-0"));
    ctl_run(ctl, "done", open_id(world), "--wait", NULL);
    ctl_expect(ctl, 1, NULL, "has no answer");
}

/* What the daemon would do: read the first command, then commit a record that answers it. */
static void answer_first_command(const char *socket, const char *rest)
{
    redisContext *redis = redisConnectUnix(socket);
    redisReply *reply = NULL;

    for (int tries = 0; redis != NULL && tries < 1000; tries++) {
        reply = redisCommand(redis, "XRANGE " BASE ":commands - + COUNT 1");
        if (reply != NULL && reply->elements > 0)
            break;
        freeReplyObject(reply);
        reply = NULL;
        usleep(10000);
    }
    if (reply != NULL) {
        const char *id = reply->element[0]->element[0]->str;
        char records[400];

        snprintf(records, sizeof(records), "[{\"e\":\"command\",\"event\":\"%s\",%s}]", id, rest);
        freeReplyObject(redisCommand(redis, "XADD " BASE ":journal * seq 77 now 1 records %s", records));
        freeReplyObject(redisCommand(redis, "HSET " BASE ":head commands %s", id));
        freeReplyObject(reply);
    }
    redisFree(redis);
}

static void the_answer_is_told(void **state)
{
    static const struct {
        const char *rest;
        int status;
        const char *out, *err;
    } cases[] = {
        {"\"ok\":true", 0, "applied (commit 77)", NULL},
        {"\"ok\":false,\"why\":\"no open deadline has this number\"", 1, NULL, "refused: no open deadline"},
    };
    struct world *world = *state;

    let_it_slip(world);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int status;
        pid_t child;

        freeReplyObject(redis_do(world->redis, "DEL " BASE ":commands"));
        freeReplyObject(redis_do(world->redis, "HSET " BASE ":head commands 0-0"));
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            answer_first_command(redis_fixture_socket(world->redis), cases[i].rest);
            _exit(0);
        }
        ctl_run(&world->ctl, "done", open_id(world), "--wait", NULL);
        assert_int_equal(waitpid(child, &status, 0), child);
        ctl_expect(&world->ctl, cases[i].status, cases[i].out, cases[i].err);
    }
}

static void damage_is_told(void **state)
{
    struct world *world = *state;
    struct ctl *ctl = &world->ctl;

    let_it_slip(world);
    freeReplyObject(redis_do(world->redis, "HSET " BASE ":deadlines BROKEN {"));
    ctl_run(ctl, "list", NULL);
    ctl_expect(ctl, 1, "REQ-1", "BROKEN");
    ctl_run(ctl, "status", NULL);
    ctl_expect(ctl, 1, "1 entries of the durable state cannot be read", NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_yet, world_start, world_stop),
        cmocka_unit_test_setup_teardown(open_deadlines_are_listed, world_start, world_stop),
        cmocka_unit_test_setup_teardown(one_is_shown, world_start, world_stop),
        cmocka_unit_test_setup_teardown(an_open_one_is_explained, world_start, world_stop),
        cmocka_unit_test_setup_teardown(a_closed_one_is_explained, world_start, world_stop),
        cmocka_unit_test_setup_teardown(broken_files_do_not_blind, world_start, world_stop),
        cmocka_unit_test_setup_teardown(what_was_sent_back_names_the_old_one, world_start, world_stop),
        cmocka_unit_test_setup_teardown(what_is_missing_is_shown, world_start, world_stop),
        cmocka_unit_test_setup_teardown(status_counts_and_warns, world_start, world_stop),
        cmocka_unit_test_setup_teardown(dead_letters_have_their_reason, world_start, world_stop),
        cmocka_unit_test_setup_teardown(events_are_sent, world_start, world_stop),
        cmocka_unit_test_setup_teardown(commands_are_queued, world_start, world_stop),
        cmocka_unit_test_setup_teardown(waiting_for_the_answer, world_start, world_stop),
        cmocka_unit_test_setup_teardown(the_answer_is_told, world_start, world_stop),
        cmocka_unit_test_setup_teardown(damage_is_told, world_start, world_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
