/* test_attempts.c: what one attempt asks for and what is made of its end, with a fake engine, a fake store
 * and a fake transport: nothing here takes time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/compose.h"
#include "delivery/delivery.h"
#include "delivery/transport.h"

enum { NOTES_MAX = 8, TEXT_MAX = 2000, ATTEMPT_MS = 3000, TURNS = 20, LOOKS_MAX = 10 * 1000 };

/* -- an engine that knows notifications only; its functions stand in for the real ones -- */

static struct deadline open_deadline;

struct engine {
    struct notification notes[NOTES_MAX];
    size_t n;
    struct ruleset *rules;
    struct directory *people;
};

const struct notification *engine_notification(const struct engine *engine, const char *id)
{
    for (size_t i = 0; i < engine->n; i++)
        if (strcmp(engine->notes[i].id, id) == 0)
            return &engine->notes[i];
    return NULL;
}

bool engine_is_watching(const struct engine *engine, instant now)
{
    (void)engine;
    (void)now;
    return false;
}

const struct notification *engine_next_notification(const struct engine *engine, size_t *cursor)
{
    return *cursor < engine->n ? &engine->notes[(*cursor)++] : NULL;
}

const struct ruleset *engine_rules(const struct engine *engine)
{
    return engine->rules;
}

const struct directory *engine_people(const struct engine *engine)
{
    return engine->people;
}

void composed_init(struct composed *composed)
{
    buffer_init(&composed->title);
    buffer_init(&composed->body);
    buffer_init(&composed->link);
}

void composed_finish(struct composed *composed)
{
    buffer_finish(&composed->title);
    buffer_finish(&composed->body);
    buffer_finish(&composed->link);
}

int compose_message(const struct engine *engine, const struct notification *const *notifications, size_t n,
                    instant now, struct composed *out, const char **why)
{
    (void)engine;
    (void)now;
    (void)why;
    buffer_add_text(&out->title, "title");
    buffer_printf(&out->body, "%s, %zu", phase_name(notifications[0]->phase), n);
    return 0;
}

/* -- a transport that keeps what it is given; it stands in for the real one -- */

struct sent {
    char body[200];
    int64_t limit_ms;
    transport_done *done;
    void *data;
};

struct transport {
    struct sent sent[NOTES_MAX];
    size_t n, n_ended;
};

static struct transport transport;

struct transport *transport_create(uv_loop_t *loop, size_t concurrency)
{
    (void)loop;
    (void)concurrency;
    transport = (struct transport){.n = 0};
    return &transport;
}

void transport_close(struct transport *closed, void (*done)(void *data), void *data)
{
    (void)closed;
    done(data);
}

int transport_start(struct transport *into, const struct cuiban_request *request, int64_t limit_ms,
                    transport_done *done, void *data)
{
    struct sent *sent = &into->sent[into->n++];

    assert_in_range(into->n, 1, NOTES_MAX);
    *sent = (struct sent){.limit_ms = limit_ms, .done = done, .data = data};
    snprintf(sent->body, sizeof(sent->body), "%.*s", (int)request->body_n, request->body);
    return 0;
}

void transport_cancel_all(struct transport *cancelled)
{
    (void)cancelled;
}

static void end(struct cuiban_response response)
{
    struct sent *sent = &transport.sent[transport.n_ended++];

    assert_in_range(transport.n_ended, 1, transport.n);
    response.size = sizeof(response);
    response.retry_after_ms = -1;
    response.error = response.error != NULL ? response.error : "";
    response.body = "";
    sent->done(sent->data, &response);
}

/* -- the store: what is asked for is claimed -- */

struct bench {
    uv_loop_t loop;
    struct engine engine;
    struct delivery *delivery;
    struct plugin_channel *channels[2];
    instant now;
    int looks;        /* at the clock since something was to leave */
    int64_t limit_ms; /* of the last claim */
    bool withdraws;   /* before they are claimed */
    struct verdict verdict;
    char log[TEXT_MAX];
    bool closed;
};

static const struct engine *port_engine(void *data, void *shard)
{
    (void)shard;
    return &((struct bench *)data)->engine;
}

static instant port_now(void *data, void *shard)
{
    struct bench *bench = data;

    (void)shard;
    if (++bench->looks > LOOKS_MAX)
        fail_msg("one pass of the loop does not end");
    return bench->now;
}

static struct notification *note_of(struct bench *bench, const char *id)
{
    return (struct notification *)engine_notification(&bench->engine, id);
}

static void port_claim(void *data, void *shard, const char *const *ids, size_t n, int64_t limit_ms,
                       void (*done)(void *context, const char *const *ids, size_t n), void *context)
{
    struct bench *bench = data;

    (void)shard;
    bench->limit_ms = limit_ms;
    for (size_t i = 0; i < n; i++) {
        note_of(bench, ids[i])->state = bench->withdraws ? NOTIFICATION_HELD : NOTIFICATION_CLAIMED;
        note_of(bench, ids[i])->attempts++;
    }
    done(context, ids, bench->withdraws ? 0 : n);
}

static void port_verdict(void *data, void *shard, const char *const *ids, size_t n,
                         const struct verdict *verdict)
{
    struct bench *bench = data;
    bool ends = verdict->kind == VERDICT_DELIVERED || verdict->kind == VERDICT_REFUSED;
    struct buffer queued;

    buffer_init(&queued);
    bench->verdict = *verdict;
    for (size_t i = 0; i < n; i++) {
        struct notification *note = note_of(bench, ids[i]);
        size_t length = strlen(bench->log);

        snprintf(bench->log + length, TEXT_MAX - length, "%s:%s ", ids[i], verdict_name(verdict->kind));
        note->state = ends ? NOTIFICATION_HELD : NOTIFICATION_QUEUED;
        note->not_before = bench->now + verdict->delay_ms;
        buffer_add(&queued, ids[i], strlen(ids[i]) + 1);
    }
    if (!bench->closed)
        delivery_news(bench->delivery, shard, &queued, NULL);
    buffer_finish(&queued);
}

static void port_refuse(void *data, void *shard, const char *id, const char *reason)
{
    (void)data;
    (void)shard;
    fail_msg("%s: %s", id, reason);
}

static void on_closed(void *data)
{
    ((struct bench *)data)->closed = true;
}

/* -- setting up -- */

static struct plugin_channel *open_channel(const char *name, const char *plugin, const char *rate)
{
    char error[400] = "";
    struct field field = {"url", "http://127.0.0.1:9/"};
    struct plugin_channel_options options = {.name = name,
                                             .plugin = plugin,
                                             .directory = TEST_PLUGINS,
                                             .rate = rate,
                                             .concurrency = 4,
                                             .options = {&field, 1}};
    struct plugin_channel *channel = NULL;

    if (plugin_channel_open(&options, &channel, error, sizeof(error)) != 0)
        fail_msg("%s", error);
    return channel;
}

static void people_open(struct engine *engine)
{
    static const char *const people[] = {"a", "b"};
    struct arena *arena = arena_create();
    struct rule_policy policy = {.language = "en"};

    assert_int_equal(ruleset_create(arena_create(), NULL, 0, &policy, &engine->rules), 0);
    engine->people = directory_create(arena);
    for (size_t i = 0; i < 2; i++) {
        struct field *email = arena_alloc(arena, sizeof(*email));
        struct person person = {.id = people[i], .name = people[i], .left = INT32_MAX, .away_from = 1};

        *email = (struct field){"email", people[i]};
        person.addresses = (struct fields){email, 1};
        assert_int_equal(directory_add_person(engine->people, &person), 0);
    }
}

static struct bench *bench_open(const char *rate)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    struct delivery_ports ports = {bench, port_engine, port_now, port_claim, port_verdict, port_refuse, NULL};
    struct delivery_options options = {
        .attempt_ms = ATTEMPT_MS, .retry_base_ms = 1000, .retry_cap_ms = 8000, .speed = 1};

    uv_loop_init(&bench->loop);
    bench->now = 1000000;
    people_open(&bench->engine);
    bench->channels[0] = open_channel("mail", "person", rate);
    bench->channels[1] = open_channel("robot", "group", rate);
    options.loop = &bench->loop;
    options.channels = (const struct plugin_channel *const *)bench->channels;
    options.n_channels = 2;
    bench->delivery = delivery_create(&options, &ports);
    assert_non_null(bench->delivery);
    return bench;
}

static struct notification *add_note(struct bench *bench, const char *to, const char *channel)
{
    struct notification *note = &bench->engine.notes[bench->engine.n++];

    snprintf(note->id, sizeof(note->id), "D-%zu", bench->engine.n);
    snprintf(note->deadline_id, sizeof(note->deadline_id), "D");
    note->deadline = &open_deadline;
    note->phase = PHASE_OVERDUE;
    note->to = (char *)to;
    note->step = (char *)"due";
    note->channel = (char *)channel;
    note->message = (char *)"overdue";
    note->not_before = bench->now;
    note->expires = INSTANT_NEVER;
    return note;
}

/* Whatever may leave now does. */
static void leave(struct bench *bench)
{
    bench->looks = 0;
    delivery_add(bench->delivery, bench);
    for (int i = 0; i < TURNS; i++)
        uv_run(&bench->loop, UV_RUN_NOWAIT);
}

static void bench_close(struct bench *bench)
{
    while (transport.n_ended < transport.n)
        end((struct cuiban_response){.status = 200, .sent = true});
    delivery_close(bench->delivery, 0, on_closed, bench);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_true(bench->closed);
    assert_int_equal(uv_loop_close(&bench->loop), 0);
    plugin_channel_close(bench->channels[0]);
    plugin_channel_close(bench->channels[1]);
    ruleset_destroy(bench->engine.rules);
    directory_destroy(bench->engine.people);
    free(bench);
}

/* -- the cases -- */

/* Its verdict has to be there before the claim counts as one without any. */
static void test_an_attempt_ends_before_its_claim(void **state)
{
    struct bench *bench = bench_open(NULL);

    (void)state;
    add_note(bench, "a", "mail");
    leave(bench);
    assert_int_equal(bench->limit_ms, ATTEMPT_MS);
    assert_int_equal(transport.n, 1);
    assert_in_range(transport.sent[0].limit_ms, ATTEMPT_MS / 2, ATTEMPT_MS - ATTEMPT_MS / 100);
    bench_close(bench);
}

/* The plugin says "delivered" of any 200: not of one that belongs to a request which was never complete. */
static void test_what_was_not_sent_is_not_delivered(void **state)
{
    static const struct {
        struct cuiban_response response;
        const char *log;
    } cases[] = {
        {{.transport = 0, .status = 200, .sent = true}, "D-1:delivered "},
        {{.transport = 56, .status = 200, .sent = false, .error = "cut off"}, "D-1:retry "},
        {{.transport = 7, .status = 0, .sent = false, .error = "refused"}, "D-1:retry "},
        {{.transport = 28, .status = 0, .sent = true, .error = "time-out"}, "D-1:uncertain "},
        {{.transport = 56, .status = 429, .sent = true, .error = "cut off"}, "D-1:backoff "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench *bench = bench_open(NULL);

        add_note(bench, "a", "mail");
        leave(bench);
        end(cases[i].response);
        assert_string_equal(bench->log, cases[i].log);
        bench_close(bench);
    }
}

/* What is asked of one and said of another are two messages, though it is one step. */
static void test_two_phases_are_two_posts(void **state)
{
    struct bench *bench = bench_open(NULL);

    (void)state;
    add_note(bench, "a", "robot")->phase = PHASE_ASKED;
    add_note(bench, "b", "robot");
    leave(bench);
    assert_int_equal(transport.n, 2);
    assert_string_equal(transport.sent[0].body, "D-1|1|a |asked, 1");
    assert_string_equal(transport.sent[1].body, "D-2|1|b |overdue, 1");
    bench_close(bench);
}

static void test_a_group_post_is_tried_again_as_one(void **state)
{
    struct bench *bench = bench_open(NULL);

    (void)state;
    add_note(bench, "b", "robot");
    add_note(bench, "a", "robot");
    leave(bench);
    assert_int_equal(transport.n, 1);
    assert_string_equal(transport.sent[0].body, "D-1|1|b a |overdue, 2");
    end((struct cuiban_response){.status = 500, .sent = true});
    assert_string_equal(bench->log, "D-1:retry D-2:retry ");
    leave(bench);
    assert_int_equal(transport.n, 1); /* it waits */
    bench->now += bench->verdict.delay_ms;
    leave(bench);
    assert_int_equal(transport.n, 2);
    assert_string_equal(transport.sent[1].body, "D-1|2|b a |overdue, 2"); /* the same id, the same people */
    bench_close(bench);
}

static void test_a_permit_comes_back_when_nothing_is_claimed(void **state)
{
    struct bench *bench = bench_open("1/min");

    (void)state;
    add_note(bench, "a", "mail");
    bench->withdraws = true;
    leave(bench);
    assert_int_equal(transport.n, 0);
    bench->withdraws = false;
    add_note(bench, "b", "mail");
    leave(bench);
    assert_int_equal(transport.n, 1);
    assert_string_equal(transport.sent[0].body, "D-2|1|b |overdue, 1");
    bench_close(bench);
}

static size_t queued(const struct bench *bench)
{
    struct channel_status status[2];

    assert_int_equal(delivery_status(bench->delivery, status, 2), 2);
    return status[0].queued;
}

/* It can neither leave nor stay at the head of the queue; the engine ends it, or gives it more time. */
static void test_expired_while_the_channel_is_used_up(void **state)
{
    struct bench *bench = bench_open("1/min");

    (void)state;
    add_note(bench, "a", "mail");
    struct notification *second = add_note(bench, "b", "mail");
    second->expires = bench->now + SECOND_MS;
    leave(bench);
    assert_int_equal(transport.n, 1);
    assert_int_equal(queued(bench), 1);
    bench->now += MINUTE_MS;
    leave(bench);
    assert_int_equal(transport.n, 1);
    assert_int_equal(queued(bench), 0);
    second->expires = INSTANT_NEVER;
    leave(bench);
    assert_int_equal(transport.n, 2);
    bench_close(bench);
}

/* The same without any news: it was first in the queue when the clock went past it. */
static void test_expires_at_the_head_of_the_queue(void **state)
{
    struct bench *bench = bench_open("1/min");

    (void)state;
    add_note(bench, "a", "mail");
    add_note(bench, "b", "mail")->expires = bench->now + SECOND_MS;
    leave(bench);
    bench->now += MINUTE_MS;
    bench->looks = 0;
    end((struct cuiban_response){.status = 200, .sent = true}); /* wakes the queue */
    for (int i = 0; i < TURNS; i++)
        uv_run(&bench->loop, UV_RUN_NOWAIT);
    assert_int_equal(transport.n, 1);
    assert_int_equal(queued(bench), 0);
    bench_close(bench);
}

static void test_closed_before_the_second_request(void **state)
{
    static const long firsts[] = {401, 413}; /* a new token, a shorter text */

    (void)state;
    for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
        struct bench *bench = bench_open(NULL);
        struct channel_status status[2];

        struct notification *note = add_note(bench, "a", "mail");
        leave(bench);
        note->deadline = NULL;
        end((struct cuiban_response){.status = firsts[i], .sent = true});
        assert_string_equal(bench->log, "D-1:backoff ");
        assert_int_equal(bench->verdict.delay_ms, 0);
        assert_string_equal(bench->verdict.reason, "nothing left to say");
        assert_int_equal(transport.n, 1);
        delivery_status(bench->delivery, status, 2);
        assert_true(status[0].blocked_until == INSTANT_NONE);
        assert_string_equal(status[0].problem, "");
        note->state = NOTIFICATION_HELD; /* the engine withdraws it */
        bench_close(bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_attempt_ends_before_its_claim),
        cmocka_unit_test(test_what_was_not_sent_is_not_delivered),
        cmocka_unit_test(test_two_phases_are_two_posts),
        cmocka_unit_test(test_a_group_post_is_tried_again_as_one),
        cmocka_unit_test(test_a_permit_comes_back_when_nothing_is_claimed),
        cmocka_unit_test(test_expired_while_the_channel_is_used_up),
        cmocka_unit_test(test_expires_at_the_head_of_the_queue),
        cmocka_unit_test(test_closed_before_the_second_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
