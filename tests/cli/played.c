#include "played.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { EVENT_WORDS_MAX = 32 };

static instant at(const char *text)
{
    instant out;

    assert_true(instant_parse(text, &out));
    return out;
}

/* -- a commit as the daemon makes it -- */

static void put(struct world *world, const struct change *change)
{
    const char *table = change_table_name(change->table), *key = change_key(&world->changes, change);
    const char *value = change_value(&world->changes, change);

    if (change->table == TABLE_DEAD)
        freeReplyObject(redis_do(world->redis, "XADD " BASE ":dead * seq %llu now %lld entry %b",
                                 (unsigned long long)world->seq, (long long)world->now, value,
                                 change->value_n));
    else if (change->table == TABLE_SEEN || change->table == TABLE_STATS)
        return; /* no verb of these tests looks at them */
    else if (change->removes)
        freeReplyObject(redis_do(world->redis, "HDEL " BASE ":%s %s", table, key));
    else
        freeReplyObject(redis_do(world->redis, "HSET " BASE ":%s %s %b", table, key, value, change->value_n));
}

static void commit(struct world *world)
{
    struct buffer records;

    assert_false(world->changes.failed);
    world->seq++;
    for (size_t i = 0; i < world->changes.n; i++)
        put(world, &world->changes.items[i]);
    buffer_init(&records);
    buffer_printf(&records, "[%s]", buffer_text(&world->changes.journal));
    freeReplyObject(redis_do(world->redis, "XADD " BASE ":journal * seq %llu now %lld records %s",
                             (unsigned long long)world->seq, (long long)world->now, buffer_text(&records)));
    buffer_finish(&records);
    freeReplyObject(redis_do(
        world->redis,
        "HSET " BASE ":head v 1 seq %llu begun %llu cursor %llu-%llu commands 0-0 read %llu "
        "clock %lld takes 0 rules %s",
        (unsigned long long)world->seq, (unsigned long long)world->seq, (unsigned long long)world->read.ms,
        (unsigned long long)world->read.seq, (unsigned long long)world->entry, (long long)world->now,
        ruleset_fingerprint(world->config->rules)));
    changes_clear(&world->changes);
}

/* An entry's id says when it came; the number behind keeps those of one instant apart. */
static size_t append(struct world *world, struct raw_field *raw, va_list list)
{
    const char *words[3 + 2 * EVENT_WORDS_MAX] = {"XADD", "hr:events"};
    char id[64];
    const char *word;
    int count = 3;
    size_t n = 0;

    world->entry++;
    snprintf(id, sizeof(id), "%lld-%llu", (long long)world->now, (unsigned long long)world->entry);
    words[2] = id;
    while (n < EVENT_WORDS_MAX && (word = va_arg(list, const char *)) != NULL) {
        const char *value = va_arg(list, const char *);

        raw[n++] = (struct raw_field){word, value, strlen(word), strlen(value)};
        words[count++] = word;
        words[count++] = value;
    }
    freeReplyObject(redis_do_words(world->redis, count, words));
    return n;
}

void arrives(struct world *world, const char *when, ...)
{
    struct raw_field raw[EVENT_WORDS_MAX];
    va_list list;

    world->now = at(when);
    va_start(list, when);
    append(world, raw, list);
    va_end(list);
}

void happens(struct world *world, const char *when, ...)
{
    struct raw_field raw[EVENT_WORDS_MAX];
    struct event event;
    const char *why = "";
    struct stream_id id;
    size_t n;
    va_list list;

    world->now = at(when);
    va_start(list, when);
    n = append(world, raw, list);
    va_end(list);
    id = (struct stream_id){(uint64_t)world->now, world->entry};
    if (event_parse(world->arena, &(struct event_place){id, false, world->now}, raw, n, world->now, &event,
                    &why))
        assert_int_equal(engine_event(world->engine, &event, world->now, &world->changes), 0);
    else
        engine_bad_event(world->engine, id, why, raw, n, world->now, &world->changes);
    world->read = id;
    commit(world);
}

void passes(struct world *world, const char *until)
{
    world->now = at(until);
    while (engine_advance(world->engine, world->now, world->now, &world->changes))
        commit(world);
    commit(world);
}

void delivers(struct world *world, enum verdict_kind kind, const char *reason)
{
    struct verdict verdict = {.kind = kind, .delay_ms = 60000};
    const struct notification *notification;
    size_t cursor = 0;
    char id[NOTIFICATION_ID_MAX];

    while ((notification = engine_next_notification(world->engine, &cursor)) != NULL) {
        const char *ids[1] = {id};

        snprintf(id, sizeof(id), "%s", notification->id);
        snprintf(verdict.reason, sizeof(verdict.reason), "%s", reason);
        if (engine_claim(world->engine, ids, 1, world->now, world->now + 10000, &world->changes) == 0)
            continue;
        commit(world);
        world->now += world->attempt_ms;
        ids[0] = id;
        engine_verdict(world->engine, ids, 1, &verdict, world->now, &world->changes);
        commit(world);
        cursor = 0;
        if (kind != VERDICT_DELIVERED)
            return;
    }
}

const char *open_id(const struct world *world)
{
    size_t cursor = 0;
    const struct deadline *deadline = engine_next_deadline(world->engine, &cursor);

    assert_non_null(deadline);
    return deadline->id;
}

/* -- the case -- */

int world_start(void **state)
{
    static const struct channel_facts channels[] = {
        {.name = "mail", .reach = REACH_PERSON, .address = "email"},
        {.name = "team", .reach = REACH_PERSON},
    };
    struct world *world = calloc(1, sizeof(*world));
    struct engine_parts parts = {0};
    struct problems problems;

    world->redis = redis_fixture_start(NULL);
    ctl_start(&world->ctl, redis_fixture_address(world->redis));
    problems_init(&problems);
    if (config_load(world->ctl.settings, &problems, &world->config) != 0)
        fail_msg("the fixture has an error: %s", problems.n > 0 ? problems.items[0].what : "?");
    problems_finish(&problems);
    assert_int_equal(ruleset_set_channels(world->config->rules, channels, 2), 0);
    parts.rules = world->config->rules;
    parts.people = world->config->directory;
    parts.templates = world->config->templates;
    world->arena = arena_create();
    world->engine = engine_create(&parts);
    assert_int_equal(engine_loaded(world->engine, 0), 0);
    assert_int_equal(changes_init(&world->changes), 0);
    *state = world;
    return 0;
}

int world_stop(void **state)
{
    struct world *world = *state;

    changes_finish(&world->changes);
    engine_destroy(world->engine);
    config_unload(world->config);
    arena_destroy(world->arena);
    ctl_stop(&world->ctl);
    redis_fixture_stop(world->redis);
    free(world);
    return 0;
}

void submit(struct world *world, const char *when, const char *requisition, const char *owner)
{
    happens(world, when, "type", "requisition.submitted", "id", requisition, "time", when, "requisition",
            requisition, "hiring_manager", owner, "department", "rd", "position", "Java工程师", (char *)NULL);
}

/* REQ-1 opened on a Monday, its owner reminded on Wednesday, overdue since Thursday evening. */
void let_it_slip(struct world *world)
{
    submit(world, "2036-03-03T10:00:00+08:00", "REQ-1", "zhang.wei");
    passes(world, "2036-03-05T10:05:00+08:00");
    delivers(world, VERDICT_DELIVERED, "");
    passes(world, "2036-03-06T19:00:00+08:00");
    delivers(world, VERDICT_RETRY, "connection refused");
}

void change_rule(struct world *world, const char *from, const char *to)
{
    static const char source[] = TEST_SOURCE_DIR "/fixture/rules.d/interviews.cfg";
    char command[1200], folder[128];

    ctl_path(&world->ctl, "rules.d", folder);
    if (mkdir(folder, 0700) != 0)
        fail_msg("%s cannot be made", folder);
    snprintf(command, sizeof(command),
             "sed 's|%s|%s|' %s > %s/interviews.cfg && sed -i 's|\"[^\"]*/rules.d\"|\"%s\"|' %s", from, to,
             source, folder, folder, world->ctl.settings);
    assert_int_equal(system(command), 0);
}
