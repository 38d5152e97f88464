/* test_delivery.c: what leaves, when, and what is said about it, with a fake engine, a fake store, a fake
 * plugin and a real HTTP server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>

#include "core/compose.h"
#include "delivery/delivery.h"
#include "server.h"

enum { NOTES_MAX = 4200, ROUNDS_MAX = 20000, TEXT_MAX = 4000, LOOKS_MAX = 100 * 1000 };

/* -- an engine that knows notifications only; its functions stand in for the real ones -- */

static struct deadline open_deadline; /* of every notification; NULL: it has closed */

struct engine {
    struct notification notes[NOTES_MAX];
    size_t n;
    struct ruleset *rules;
    struct directory *people;
    bool is_watching;
};

bool engine_is_watching(const struct engine *engine, instant now)
{
    (void)now;
    return engine->is_watching;
}

const struct notification *engine_notification(const struct engine *engine, const char *id)
{
    size_t number = strtoul(strrchr(id, '-') + 1, NULL, 10);

    return number >= 1 && number <= engine->n && engine->notes[number - 1].channel != NULL
               ? &engine->notes[number - 1]
               : NULL;
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
    *why = "no such template";
    if (strcmp(notifications[0]->message, "missing") == 0)
        return -ENOENT;
    buffer_add_text(&out->title, "title");
    if (strcmp(notifications[0]->message, "REFUSE") == 0)
        buffer_add_text(&out->body, "REFUSE");
    else
        buffer_printf(&out->body, "%zu items: %s", n, notifications[0]->message);
    return 0;
}

/* -- the store: claims wait until the test lets them through -- */

struct claim {
    void (*done)(void *context, const char *const *ids, size_t n);
    void *context;
    char ids[64][NOTIFICATION_ID_MAX];
    size_t n;
};

struct bench {
    uv_loop_t loop;
    uv_timer_t tick;
    struct server server;
    struct engine *engine;
    struct delivery *delivery;
    struct plugin_channel *channels[2];
    instant now;
    int32_t speed;
    uint64_t began;
    bool holds_claims, is_lost;
    int looks; /* at the clock since the last turn */
    struct claim claims[NOTES_MAX];
    size_t n_claims, n_answered;
    char log[TEXT_MAX]; /* what happened, one word each */
    int status;         /* of the next answers of the server; -1: none, 0: connection closed */
    const char *headers;
    size_t claimed;
    int verdicts;
    struct verdict verdict; /* the last one */
    char bodies[TEXT_MAX];
    bool closed;
};

static void note_down(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note_down(char *text, const char *format, ...)
{
    size_t n = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text + n, TEXT_MAX - n, format, arguments);
    va_end(arguments);
}

static const struct engine *port_engine(void *data, void *shard)
{
    struct bench *bench = data;

    (void)shard;
    return bench->is_lost ? NULL : bench->engine;
}

static instant port_now(void *data, void *shard)
{
    struct bench *bench = data;

    (void)shard;
    if (++bench->looks > LOOKS_MAX)
        fail_msg("one turn of the loop does not end");
    if (bench->speed > 1)
        bench->now = (instant)((uv_hrtime() - bench->began) / 1000000) * bench->speed;
    return bench->now;
}

static struct notification *note_of(struct bench *bench, const char *id)
{
    return (struct notification *)engine_notification(bench->engine, id);
}

static void answer_claim(struct bench *bench, struct claim *claim)
{
    const char *ids[64];
    size_t n = 0;

    for (size_t i = 0; i < claim->n; i++) {
        struct notification *note = note_of(bench, claim->ids[i]);

        if (bench->is_lost || note == NULL || note->state != NOTIFICATION_QUEUED ||
            note->not_before > bench->now)
            continue;
        note->state = NOTIFICATION_CLAIMED;
        note->attempts++;
        ids[n++] = claim->ids[i];
    }
    bench->claimed += n;
    claim->done(claim->context, ids, n);
}

static void port_claim(void *data, void *shard, const char *const *ids, size_t n, int64_t limit_ms,
                       void (*done)(void *context, const char *const *ids, size_t n), void *context)
{
    struct bench *bench = data;
    struct claim *claim = &bench->claims[bench->n_claims++];

    (void)shard;
    (void)limit_ms;
    assert_true(bench->n_claims < NOTES_MAX);
    claim->done = done;
    claim->context = context;
    claim->n = n;
    for (size_t i = 0; i < n; i++)
        snprintf(claim->ids[i], sizeof(claim->ids[i]), "%s", ids[i]);
}

static void port_verdict(void *data, void *shard, const char *const *ids, size_t n,
                         const struct verdict *verdict)
{
    struct bench *bench = data;
    struct buffer queued;

    buffer_init(&queued);
    bench->verdicts++;
    bench->verdict = *verdict;
    for (size_t i = 0; i < n; i++) {
        struct notification *note = note_of(bench, ids[i]);

        note_down(bench->log, "%s:%s ", ids[i], verdict_name(verdict->kind));
        assert_int_equal(note->state, NOTIFICATION_CLAIMED);
        if (verdict->kind == VERDICT_DELIVERED || verdict->kind == VERDICT_REFUSED) {
            note->state = NOTIFICATION_HELD;
            continue;
        }
        note->state = NOTIFICATION_QUEUED;
        note->not_before = bench->now + verdict->delay_ms;
        buffer_add(&queued, ids[i], strlen(ids[i]) + 1);
    }
    if (!bench->closed)
        delivery_news(bench->delivery, shard, &queued, NULL);
    buffer_finish(&queued);
}

static void port_refuse(void *data, void *shard, const char *id, const char *reason)
{
    struct bench *bench = data;

    (void)shard;
    note_down(bench->log, "%s:refused before(%s) ", id, reason);
    note_of(bench, id)->state = NOTIFICATION_HELD;
}

static void on_request(struct peer *peer, const char *path, const char *body)
{
    struct bench *bench = peer->server->data;

    (void)path;
    note_down(bench->bodies, "%s\n", body);
    if (bench->status == 0)
        peer_close(peer);
    else if (bench->status > 0)
        peer_reply(peer, bench->status, bench->headers != NULL ? bench->headers : "", "", 0);
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static void on_closed(void *data)
{
    ((struct bench *)data)->closed = true;
}

/* -- setting up -- */

static struct plugin_channel *open_channel(struct bench *bench, const char *name, const char *plugin,
                                           const char *rate)
{
    char url[100], error[400] = "";
    struct field field = {"url", url};
    struct plugin_channel_options options = {
        .name = name,
        .plugin = plugin,
        .directory = TEST_PLUGINS,
        .rate = rate,
        .concurrency = 4,
        .options = {&field, 1},
    };
    struct plugin_channel *channel = NULL;

    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", bench->server.port);
    if (plugin_channel_open(&options, &channel, error, sizeof(error)) != 0)
        fail_msg("%s", error);
    return channel;
}

static struct engine *engine_open(void)
{
    static const char *const people[][2] = {{"a", "a@x"}, {"b", "b@x"}, {"c", NULL}};
    struct engine *engine = calloc(1, sizeof(*engine));
    struct arena *arena = arena_create();
    struct rule_policy policy = {.language = "en"};

    assert_int_equal(ruleset_create(arena_create(), NULL, 0, &policy, &engine->rules), 0);
    engine->people = directory_create(arena);
    for (size_t i = 0; i < 3; i++) {
        struct field *email = arena_alloc(arena, sizeof(*email));
        struct person person = {.id = people[i][0], .name = people[i][0], .left = INT32_MAX, .away_from = 1};

        *email = (struct field){"email", people[i][1]};
        person.addresses = (struct fields){email, people[i][1] != NULL};
        assert_int_equal(directory_add_person(engine->people, &person), 0);
    }

    return engine;
}

/* `speed` 1: the clock stands, else it runs that many times faster than real time. */
static struct bench *bench_open_at(const char *rate, int32_t speed)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    struct delivery_ports ports = {bench, port_engine, port_now, port_claim, port_verdict, port_refuse, NULL};
    struct delivery_options options = {
        .attempt_ms = 3000, .retry_base_ms = 1000, .retry_cap_ms = 8000, .speed = speed};

    uv_loop_init(&bench->loop);
    uv_timer_init(&bench->loop, &bench->tick);
    uv_timer_start(&bench->tick, on_tick, 1, 1);
    bench->server.on_request = on_request;
    bench->server.data = bench;
    server_open(&bench->server, &bench->loop);
    bench->status = 200;
    bench->now = 1000000;
    bench->speed = speed;
    bench->began = uv_hrtime();
    bench->engine = engine_open();
    bench->channels[0] = open_channel(bench, "mail", "person", rate);
    bench->channels[1] = open_channel(bench, "robot", "group", rate);
    options.loop = &bench->loop;
    options.channels = (const struct plugin_channel *const *)bench->channels;
    options.n_channels = 2;
    bench->delivery = delivery_create(&options, &ports);
    assert_non_null(bench->delivery);
    return bench;
}

static struct bench *bench_open(const char *rate)
{
    return bench_open_at(rate, 1);
}

/* A notification about the deadline D<deadline>, with the next number. */
static void add_note(struct bench *bench, int deadline, const char *to, const char *channel,
                     const char *message)
{
    struct notification *note = &bench->engine->notes[bench->engine->n++];

    snprintf(note->id, sizeof(note->id), "D%d-%zu", deadline, bench->engine->n);
    snprintf(note->deadline_id, sizeof(note->deadline_id), "D%d", deadline);
    note->deadline = &open_deadline;
    note->to = (char *)to;
    note->step = (char *)"due";
    note->channel = (char *)channel;
    note->message = (char *)message;
    note->not_before = bench->now;
    note->expires = INSTANT_NEVER;
}

static void turn(struct bench *bench)
{
    while (!bench->holds_claims && bench->n_answered < bench->n_claims)
        answer_claim(bench, &bench->claims[bench->n_answered++]);
    bench->looks = 0;
    uv_run(&bench->loop, UV_RUN_ONCE);
}

static void run_until(struct bench *bench, const char *log)
{
    for (int i = 0; i < ROUNDS_MAX && strcmp(bench->log, log) != 0; i++)
        turn(bench);
    if (strcmp(bench->log, log) != 0)
        fail_msg("wanted \"%s\", got \"%s\"", log, bench->log);
    bench->log[0] = '\0';
}

/* Long enough for anything that could leave by mistake. */
static void run_a_while(struct bench *bench)
{
    for (int i = 0; i < 60; i++)
        turn(bench);
}

static void bench_close(struct bench *bench, int64_t limit_ms)
{
    if (!bench->closed)
        delivery_close(bench->delivery, limit_ms, on_closed, bench);
    for (int i = 0; i < ROUNDS_MAX && !bench->closed; i++)
        turn(bench);
    assert_true(bench->closed);
    while (bench->n_answered < bench->n_claims)
        answer_claim(bench, &bench->claims[bench->n_answered++]);
    server_close(&bench->server);
    uv_close((uv_handle_t *)&bench->tick, NULL);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&bench->loop), 0);
    server_finish(&bench->server);
    plugin_channel_close(bench->channels[0]);
    plugin_channel_close(bench->channels[1]);
    ruleset_destroy(bench->engine->rules);
    directory_destroy(bench->engine->people);
    free(bench->engine);
    free(bench);
}

/* -- the cases -- */

static void test_delivered_after_its_claim(void **state)
{
    struct bench *bench = bench_open(NULL);

    (void)state;
    add_note(bench, 1, "a", "mail", "hello");
    bench->holds_claims = true;
    delivery_add(bench->delivery, bench);
    run_a_while(bench);
    assert_int_equal(bench->n_claims, 1);
    assert_int_equal(bench->server.requests, 0);
    bench->holds_claims = false;
    run_until(bench, "D1-1:delivered ");
    assert_string_equal(bench->bodies, "D1-1|1|a@x |1 items: hello\n");
    bench_close(bench, 1000);
}

static void test_withdrawn_before_the_claim(void **state)
{
    struct bench *bench = bench_open(NULL);

    (void)state;
    add_note(bench, 1, "a", "mail", "hello");
    bench->holds_claims = true;
    delivery_add(bench->delivery, bench);
    run_a_while(bench);
    bench->engine->notes[0].state = NOTIFICATION_HELD;
    bench->holds_claims = false;
    run_a_while(bench);
    assert_int_equal(bench->server.requests, 0);
    assert_string_equal(bench->log, "");
    bench_close(bench, 1000);
}

/* Twelve hours of quiet on a clock that runs 432000 times faster: a tenth of a second. */
static void test_wakes_when_it_may_leave(void **state)
{
    struct bench *bench = bench_open_at(NULL, 432000);

    (void)state;
    add_note(bench, 1, "a", "mail", "good morning");
    bench->engine->notes[0].not_before = bench->now = port_now(bench, bench) + 12 * HOUR_MS;
    delivery_add(bench->delivery, bench);
    instant not_before = bench->engine->notes[0].not_before;
    for (int i = 0; i < ROUNDS_MAX && bench->n_claims == 0; i++)
        turn(bench);
    assert_int_equal(bench->n_claims, 1); /* by the one timer: nobody told of news */
    assert_true(bench->now >= not_before);
    run_until(bench, "D1-1:delivered ");
    bench_close(bench, 1000);
}

static void test_order_is_by_time(void **state)
{
    struct bench *bench = bench_open("1/min");

    (void)state;
    for (int i = 1; i <= 4; i++) {
        add_note(bench, i, "a", "mail", "x");
        bench->engine->notes[i - 1].not_before -= i == 3 ? 500 : 0;
        bench->engine->notes[i - 1].urgent = i == 4;
    }
    delivery_add(bench->delivery, bench);
    run_until(bench, "D4-4:delivered ");
    bench->now += MINUTE_MS;
    delivery_add(bench->delivery, bench);
    run_until(bench, "D3-3:delivered ");
    bench->now += MINUTE_MS;
    delivery_add(bench->delivery, bench);
    run_until(bench, "D1-1:delivered ");
    run_a_while(bench);
    assert_int_equal(bench->server.requests, 3);
    bench_close(bench, 1000);
}

static void test_group_leaves_as_one_message(void **state)
{
    struct bench *bench = bench_open(NULL);

    (void)state;
    add_note(bench, 1, "a", "robot", "hello");
    add_note(bench, 1, "c", "robot", "hello"); /* no address: told, not mentioned */
    add_note(bench, 2, "a", "robot", "other");
    add_note(bench, 1, "b", "robot", "hello");
    bench->holds_claims = true;
    delivery_add(bench->delivery, bench);
    run_a_while(bench);
    assert_int_equal(bench->n_claims, 2);
    bench->engine->notes[3].state = NOTIFICATION_HELD; /* b is withdrawn before the claim */
    bench->holds_claims = false;
    run_until(bench, "D1-1:delivered D1-2:delivered D2-3:delivered ");
    assert_non_null(strstr(bench->bodies, "D1-1|1|a@x |2 items: hello\n"));
    bench_close(bench, 1000);
}

static void test_refused_without_a_request(void **state)
{
    struct bench *bench = bench_open(NULL);

    (void)state;
    add_note(bench, 1, "c", "mail", "x");
    add_note(bench, 2, "a", "mail", "missing");
    add_note(bench, 3, "a", "mail", "REFUSE");
    add_note(bench, 4, "a", "nowhere", "x");
    delivery_add(bench->delivery, bench);
    run_until(bench,
              "D4-4:refused before(there is no channel \"nowhere\") D1-1:refused D2-2:refused D3-3:refused ");
    assert_int_equal(bench->n_claims, 3); /* the plugin sees no message before its attempt is on record */
    assert_int_equal(bench->server.requests, 0);
    bench_close(bench, 1000);
}

static void test_verdicts(void **state)
{
    static const struct {
        int status;
        const char *headers;
        enum verdict_kind kind;
        int64_t delay_min_ms, delay_max_ms;
        int requests;
    } cases[] = {
        {500, "", VERDICT_RETRY, 500, 1000, 1},
        {500, "Retry-After: 77\r\n", VERDICT_RETRY, 77000, 77000, 1},
        {429, "Retry-After: 60\r\n", VERDICT_BACKOFF, 60000, 60000, 1},
        {400, "", VERDICT_REFUSED, 0, INT64_MAX, 1},
        {403, "", VERDICT_MISCONFIGURED, 0, INT64_MAX, 1},
        {401, "", VERDICT_MISCONFIGURED, 0, INT64_MAX, 2}, /* once more with a new token */
        {413, "", VERDICT_REFUSED, 0, INT64_MAX, 2},       /* once more, shorter */
        {0, "", VERDICT_UNCERTAIN, 4000, 8000, 1},         /* closed after the request was read */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench *bench = bench_open(NULL);

        add_note(bench, 1, "a", "mail", "a rather long text");
        bench->status = cases[i].status;
        bench->headers = cases[i].headers;
        delivery_add(bench->delivery, bench);
        for (int round = 0; round < ROUNDS_MAX && bench->verdicts == 0; round++)
            turn(bench);
        if (bench->verdicts != 1 || bench->verdict.kind != cases[i].kind ||
            bench->server.requests != cases[i].requests || bench->verdict.delay_ms < cases[i].delay_min_ms ||
            bench->verdict.delay_ms > cases[i].delay_max_ms)
            fail_msg("status %d: %s, delay %lld, %d requests", cases[i].status,
                     verdict_name(bench->verdict.kind), (long long)bench->verdict.delay_ms,
                     bench->server.requests);
        if (cases[i].status == 413)
            assert_string_equal(bench->bodies,
                                "D1-1|1|a@x |1 items: a rather long text\nD1-1|2|a@x |1 items: a\n");
        bench_close(bench, 1000);
    }
}

static void test_backoff_grows_and_blocks_the_channel_alone(void **state)
{
    struct bench *bench = bench_open(NULL);
    struct channel_status status[2];

    (void)state;
    bench->status = 429;
    add_note(bench, 1, "a", "mail", "x");
    delivery_add(bench->delivery, bench);
    run_until(bench, "D1-1:backoff ");
    assert_int_equal(bench->verdict.delay_ms, 1000);
    assert_int_equal(delivery_status(bench->delivery, status, 2), 2);
    assert_int_equal(status[0].blocked_until, bench->now + 1000);
    assert_int_equal(status[1].blocked_until, INSTANT_NONE);
    bench->status = 200;
    add_note(bench, 2, "a", "robot", "x");
    add_note(bench, 3, "a", "mail", "x");
    delivery_add(bench->delivery, bench);
    run_until(bench, "D2-2:delivered ");
    run_a_while(bench);
    assert_int_equal(bench->server.requests, 2);
    bench->status = 429;
    bench->now += 1000;
    delivery_add(bench->delivery, bench);
    run_until(bench, "D3-3:backoff ");
    assert_int_equal(bench->verdict.delay_ms, 2000);
    bench_close(bench, 1000);
}

static void test_silent_channel_is_cut_out(void **state)
{
    struct bench *bench = bench_open(NULL);
    struct channel_status status[2];

    (void)state;
    bench->status = 500;
    for (int i = 1; i <= 40; i++)
        add_note(bench, i, "a", "mail", "x");
    delivery_add(bench->delivery, bench);
    for (int i = 0; i < ROUNDS_MAX && bench->verdicts < 5; i++)
        turn(bench);
    run_a_while(bench);
    delivery_status(bench->delivery, status, 2);
    assert_true(status[0].blocked_until > bench->now);
    assert_true(bench->server.requests < 20);
    bench_close(bench, 1000);
}

static void test_storm(void **state)
{
    enum { N = 4000 };
    struct bench *bench = bench_open(NULL);
    struct channel_status status[2];

    (void)state;
    for (int i = 1; i <= N; i++)
        add_note(bench, i, "a", "mail", "x");
    delivery_add(bench->delivery, bench);
    for (int i = 0; i < ROUNDS_MAX * 5 && bench->verdicts < N; i++) {
        turn(bench);
        bench->log[0] = bench->bodies[0] = '\0';
    }
    delivery_status(bench->delivery, status, 2);
    assert_int_equal(status[0].delivered, N);
    assert_int_equal(status[0].queued, 0);
    assert_true(bench->server.connections <= 8);
    bench_close(bench, 1000);
}

static void test_close_gives_verdicts(void **state)
{
    struct bench *bench = bench_open(NULL);

    (void)state;
    bench->status = -1; /* no answer */
    for (int i = 1; i <= 6; i++)
        add_note(bench, i, "a", "mail", "x");
    delivery_add(bench->delivery, bench);
    for (int i = 0; i < ROUNDS_MAX && bench->server.requests < 4; i++)
        turn(bench);
    assert_int_equal(bench->server.requests, 4);
    delivery_close(bench->delivery, 50, on_closed, bench);
    for (int i = 0; i < ROUNDS_MAX && !bench->closed; i++)
        turn(bench);
    assert_int_equal(bench->verdicts, 4);
    assert_int_equal(bench->verdict.kind, VERDICT_UNCERTAIN);
    bench_close(bench, 0);
}

static void test_claim_that_comes_too_late(void **state)
{
    struct bench *bench = bench_open(NULL);

    (void)state;
    add_note(bench, 1, "a", "mail", "x");
    bench->holds_claims = true;
    delivery_add(bench->delivery, bench);
    run_a_while(bench);
    delivery_close(bench->delivery, 20, on_closed, bench);
    for (int i = 0; i < ROUNDS_MAX && !bench->closed; i++)
        turn(bench);
    assert_true(bench->closed);
    assert_int_equal(bench->verdicts, 0);
    bench_close(bench, 0); /* answers the claim */
}

static void test_lost_shard_gets_no_verdict(void **state)
{
    struct bench *bench = bench_open(NULL);

    (void)state;
    for (int i = 1; i <= 8; i++)
        add_note(bench, i, "a", "mail", "x");
    bench->status = -1;
    delivery_add(bench->delivery, bench);
    for (int i = 0; i < ROUNDS_MAX && bench->server.requests < 4; i++)
        turn(bench);
    bench->is_lost = true;
    delivery_drop(bench->delivery, bench);
    bench_close(bench, 20);
}

/* Something that was under way when the daemon died is tried again: nothing else is under way meanwhile, and
 * the channels take turns. */
static void test_one_at_a_time_after_a_death(void **state)
{
    struct bench *bench = bench_open(NULL);

    (void)state;
    for (int i = 1; i <= 8; i++)
        add_note(bench, i, "a", i <= 4 ? "mail" : "robot", "x");
    bench->engine->is_watching = true;
    delivery_add(bench->delivery, bench);
    for (int i = 0; i < ROUNDS_MAX && bench->verdicts < 8; i++) {
        turn(bench);
        assert_in_range(bench->n_claims, bench->verdicts, bench->verdicts + 1);
    }
    run_until(bench, "D1-1:delivered D5-5:delivered D2-2:delivered D6-6:delivered "
                     "D3-3:delivered D7-7:delivered D4-4:delivered D8-8:delivered ");
    bench->engine->is_watching = false;
    for (int i = 9; i <= 12; i++)
        add_note(bench, i, "a", "mail", "x");
    bench->holds_claims = true;
    delivery_add(bench->delivery, bench);
    run_a_while(bench);
    assert_int_equal(bench->n_claims, 12);
    bench->holds_claims = false;
    run_until(bench, "D9-9:delivered D10-10:delivered D11-11:delivered D12-12:delivered ");
    bench_close(bench, 1000);
}

static void test_cut_out_after_two_deaths(void **state)
{
    struct bench *bench = bench_open(NULL);
    struct channel_status status[2];

    (void)state;
    for (int i = 1; i <= 3; i++)
        add_note(bench, i, "a", i == 3 ? "robot" : "mail", "x");
    bench->engine->notes[0].deaths = NOTIFICATION_DEATHS_CUT;
    bench->engine->notes[0].not_before += MINUTE_MS;
    delivery_add(bench->delivery, bench);
    run_until(bench, "D3-3:delivered ");
    run_a_while(bench);
    assert_int_equal(bench->n_claims, 1);
    assert_int_equal(delivery_status(bench->delivery, status, 2), 2);
    assert_true(status[0].blocked_until == bench->now + MINUTE_MS);
    assert_non_null(strstr(status[0].problem, "the plugin \"fake\" worked on notification D1-1 alone"));
    assert_true(status[1].blocked_until == INSTANT_NONE);
    bench->now += MINUTE_MS;
    delivery_add(bench->delivery, bench);
    run_until(bench, "D2-2:delivered D1-1:delivered ");
    bench_close(bench, 1000);
}

static void test_what_is_to_be_alone_shares_nothing(void **state)
{
    struct bench *bench = bench_open(NULL);

    (void)state;
    for (int i = 1; i <= 3; i++) {
        add_note(bench, 1, "a", "robot", "x");
        bench->engine->notes[i - 1].alone = i == 1;
    }
    delivery_add(bench->delivery, bench);
    run_until(bench, "D1-1:delivered D1-2:delivered D1-3:delivered ");
    assert_int_equal(bench->n_claims, 2);
    bench_close(bench, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_at_a_time_after_a_death),
        cmocka_unit_test(test_cut_out_after_two_deaths),
        cmocka_unit_test(test_what_is_to_be_alone_shares_nothing),
        cmocka_unit_test(test_delivered_after_its_claim),
        cmocka_unit_test(test_withdrawn_before_the_claim),
        cmocka_unit_test(test_wakes_when_it_may_leave),
        cmocka_unit_test(test_order_is_by_time),
        cmocka_unit_test(test_group_leaves_as_one_message),
        cmocka_unit_test(test_refused_without_a_request),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_backoff_grows_and_blocks_the_channel_alone),
        cmocka_unit_test(test_silent_channel_is_cut_out),
        cmocka_unit_test(test_storm),
        cmocka_unit_test(test_close_gives_verdicts),
        cmocka_unit_test(test_claim_that_comes_too_late),
        cmocka_unit_test(test_lost_shard_gets_no_verdict),
    };

    signal(SIGPIPE, SIG_IGN);
    unsetenv("http_proxy");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
