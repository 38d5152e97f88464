#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/civil.h"

enum { ENTRIES_MAX = 16384, DEAD_MAX = 4096 };

struct entry {
    enum change_table table;
    char *key, *value;
};
struct world {
    const char *directory; /* of its settings */
    char *settings;
    struct config *config;
    struct config *old; /* deadlines may still stand by it */
    struct engine *engine;
    struct changes changes;
    struct arena *arena, *rules_arena;
    struct entry entries[ENTRIES_MAX];
    size_t n;
    char *dead[DEAD_MAX];
    size_t n_dead;
    struct buffer told, journal, records, shown;
    instant now;
    uint64_t number;
    bool losing;
    void (*saw)(void *data, const char *records);
    void *saw_data;
    bool is_home;
};

instant world_time(const char *text)
{
    char full[INSTANT_TEXT_MAX];
    instant at;

    (void)snprintf(full, sizeof full, "%s%s+08:00", text, strlen(text) == 16 ? ":00" : "");
    assert_true(instant_parse(full, &at));
    return at;
}

static const struct rule *parse_rule(void *data, const char *text)
{
    struct world *world = data;
    const struct rule *rule = NULL;

    return config_parse_rule(world->config, world->rules_arena, text, &rule) == 0 ? rule : NULL;
}

static struct engine_parts parts_of(struct world *world)
{
    return (struct engine_parts){.rules = world->config->rules,
                                 .people = world->config->directory,
                                 .templates = world->config->templates,
                                 .parse_rule = parse_rule,
                                 .parse_data = world,
                                 .is_home = world->is_home};
}

static struct engine *new_engine(struct world *world)
{
    struct engine_parts parts = parts_of(world);
    struct engine *engine = engine_create(&parts);
    assert_non_null(engine);
    return engine;
}

static int set_channels(struct config *config)
{
    static const struct channel_facts channels[] = {
        {.name = "mail", .reach = REACH_PERSON, .dialect = DIALECT_COMMONMARK, .address = "email"},
        {.name = "app", .reach = REACH_PERSON, .dialect = DIALECT_PLAIN, .address = "wecom"},
        {.name = "held",
         .reach = REACH_PERSON,
         .dialect = DIALECT_COMMONMARK,
         .address = "email",
         .uncertain = UNCERTAIN_HOLD},
        {.name = "rd",
         .reach = REACH_GROUP,
         .dialect = DIALECT_DINGTALK,
         .address = "dingtalk",
         .fallback = "mail",
         .mentions = true},
    };
    struct channel_facts facts[sizeof channels / sizeof *channels];
    size_t n = 0;

    for (size_t i = 0; i < config->settings.n_channels; i++) {
        for (size_t k = 0; k < sizeof channels / sizeof *channels; k++) {
            if (strcmp(channels[k].name, config->settings.channels[i].name) == 0) {
                facts[n] = channels[k];
                facts[n].plugin = config->settings.channels[i].plugin;
                facts[n++].quiet = config->settings.channels[i].quiet;
            }
        }
    }
    return ruleset_set_channels(config->rules, facts, n);
}

static void load_choice(struct world *world, const struct config_choice *choice)
{
    struct problems problems;

    problems_init(&problems);
    if (config_load_choice(world->settings, choice, &problems, &world->config)) {
        for (size_t i = 0; i < problems.n; i++) {
            print_message("%s:%d: %s\n", problems.items[i].file, problems.items[i].line,
                          problems.items[i].what);
        }
        fail_msg("the world's files are not good");
    }
    problems_finish(&problems);
    assert_int_equal(set_channels(world->config), 0);
}

static void load_files(struct world *world, const char *settings)
{
    char *copy = strdup(settings);

    free(world->settings);
    world->settings = copy;
    load_choice(world, &(struct config_choice){0});
}

static void load_config(struct world *world, const char *file)
{
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/%s", world->directory, file);
    load_files(world, path);
}

struct world *world_open(void)
{
    return world_open_at(WORLD_DIR);
}

struct world *world_open_at(const char *directory)
{
    char file[4096];

    (void)snprintf(file, sizeof file, "%s/cuiban.cfg", directory);
    struct world *world = world_open_files(file, "2026-11-01T09:00", true);
    world->directory = directory;
    return world;
}

struct world *world_open_files(const char *settings, const char *now, bool is_home)
{
    struct world *world = calloc(1, sizeof *world);

    load_files(world, settings);
    changes_init(&world->changes);
    world->arena = arena_create();
    world->rules_arena = arena_create();
    buffer_init(&world->told);
    buffer_init(&world->journal);
    buffer_init(&world->records);
    buffer_init(&world->shown);
    world->now = world_time(now);
    world->is_home = is_home;
    world->engine = new_engine(world);
    assert_int_equal(engine_loaded(world->engine, world->now), 0);
    return world;
}

void world_close(struct world *world)
{
    engine_destroy(world->engine);
    config_unload(world->config);
    config_unload(world->old);
    free(world->settings);
    changes_finish(&world->changes);
    arena_destroy(world->arena);
    arena_destroy(world->rules_arena);
    buffer_finish(&world->told);
    buffer_finish(&world->journal);
    buffer_finish(&world->records);
    buffer_finish(&world->shown);
    for (size_t i = 0; i < world->n; i++) {
        free(world->entries[i].key);
        free(world->entries[i].value);
    }
    for (size_t i = 0; i < world->n_dead; i++) {
        free(world->dead[i]);
    }
    free(world);
}

int world_setup(void **state)
{
    *state = world_open();
    return 0;
}

int world_teardown(void **state)
{
    world_close(*state);
    return 0;
}

/* -- the model of the store -- */

static struct entry *find(struct world *world, enum change_table table, const char *key)
{
    for (size_t i = 0; i < world->n; i++) {
        if (world->entries[i].table == table && strcmp(world->entries[i].key, key) == 0) {
            return &world->entries[i];
        }
    }
    return NULL;
}

static void store(struct world *world, enum change_table table, const char *key, const char *value)
{
    struct entry *entry = find(world, table, key);
    char sum[32];

    if (table == TABLE_STATS && entry) {
        (void)snprintf(sum, sizeof sum, "%ld", strtol(entry->value, NULL, 10) + strtol(value, NULL, 10));
        value = sum;
    }
    if (!entry) {
        assert_true(world->n < ENTRIES_MAX);
        entry = &world->entries[world->n++];
        *entry = (struct entry){table, strdup(key), NULL};
    }
    free(entry->value);
    entry->value = strdup(value);
}

static void drop(struct world *world, enum change_table table, const char *key)
{
    struct entry *entry = find(world, table, key);

    if (entry) {
        free(entry->key);
        free(entry->value);
        *entry = world->entries[--world->n];
    }
}

static void read_journal(struct world *world)
{
    const char *at = buffer_text(&world->changes.journal);

    buffer_add_text(&world->records, at);
    while ((at = strstr(at, "{\"e\":\"")) != NULL) {
        at += strlen("{\"e\":\"");
        buffer_printf(&world->journal, "%s%.*s", world->journal.n > 0 ? " " : "", (int)strcspn(at, "\""), at);
    }
}

static void read_queued(struct world *world)
{
    const char *id = buffer_text(&world->changes.queued), *end = id + world->changes.queued.n;

    for (; id < end; id += strlen(id) + 1) {
        const struct notification *note = engine_notification(world->engine, id);

        if (note && note->attempts == 0 && !note->fell_back) {
            buffer_printf(&world->told, "%s%s %s %s %s%s%s%s%s%s", world->told.n > 0 ? "\n" : "",
                          phase_name(note->phase), note->to[0] ? note->to : "-", note->channel, note->step,
                          note->copy ? " copy" : "", note->on_behalf ? " for " : "",
                          note->on_behalf ? note->on_behalf : "", note->stands_for ? " in place of " : "",
                          note->stands_for ? note->stands_for : "");
        }
    }
}

static void commit(struct world *world)
{
    const char *wrong = engine_check(world->engine);

    assert_false(world->changes.failed);
    assert_true(world->changes.n <= CHANGES_MAX);
    if (wrong) {
        fail_msg("%s", wrong);
    }
    if (world->losing) {
        changes_clear(&world->changes);
        world_reload(world);
        return;
    }
    for (size_t i = 0; i < world->changes.n; i++) {
        const struct change *change = &world->changes.items[i];
        const char *key = change_key(&world->changes, change);

        if (change->table == TABLE_DEAD) {
            assert_true(world->n_dead < DEAD_MAX);
            world->dead[world->n_dead++] = strdup(change_value(&world->changes, change));
        } else if (change->removes) {
            drop(world, change->table, key);
        } else {
            store(world, change->table, key, change_value(&world->changes, change));
        }
    }
    if (world->saw) {
        world->saw(world->saw_data, buffer_text(&world->changes.journal));
    } else {
        read_journal(world);
        read_queued(world);
    }
    changes_clear(&world->changes);
}

static void load_table(struct world *world, struct engine *engine, enum change_table table)
{
    for (size_t i = 0; i < world->n; i++) {
        const struct entry *entry = &world->entries[i];
        const char *why = "";

        if (entry->table == table &&
            engine_load(engine, table, entry->key, entry->value, strlen(entry->value), &why)) {
            fail_msg("%s %s: %s", change_table_name(table), entry->key, why);
        }
    }
}

static struct engine *rebuild(struct world *world)
{
    struct engine *engine = new_engine(world);

    load_table(world, engine, TABLE_RULES);
    for (int table = 0; table < TABLES; table++) {
        if (table != TABLE_RULES) {
            load_table(world, engine, (enum change_table)table);
        }
    }
    assert_int_equal(engine_loaded(engine, world->now), 0);
    return engine;
}

static void forget_old(struct world *world)
{
    config_unload(world->old);
    world->old = NULL;
}

void world_reload(struct world *world)
{
    engine_destroy(world->engine);
    forget_old(world);
    world->engine = rebuild(world);
}

struct engine_left world_take_over(struct world *world, bool died)
{
    world_reload(world);
    struct engine_left left = engine_take_over(world->engine, died, world->now, &world->changes);
    commit(world);
    return left;
}

bool world_settle(struct world *world)
{
    bool more = engine_settle(world->engine, world->now, &world->changes);

    commit(world);
    if (engine_is_settled(world->engine)) {
        forget_old(world);
    }
    return more;
}

void world_begin_taking(struct world *world, const struct config_choice *choice)
{
    struct engine_parts parts;

    while (world_settle(world)) { /* what the load left to do */
    }
    assert_null(world->old);
    world->old = world->config;
    load_choice(world, choice);
    parts = parts_of(world);
    assert_int_equal(engine_reload(world->engine, &parts, world->now), 0);
}

void world_take(struct world *world, const struct config_choice *choice)
{
    world_begin_taking(world, choice);
    while (world_settle(world)) {
    }
}

void world_take_settings(struct world *world, const char *settings)
{
    char *copy = strdup(settings);

    free(world->settings);
    world->settings = copy;
    world_take(world, &(struct config_choice){0});
}

/* -- the running engine beside one that was built again -- */

static bool same_deadline(const struct deadline *a, const struct deadline *b)
{
    struct buffer left, right;

    if (a->agenda.place == AGENDA_ABSENT ? b->agenda.place != AGENDA_ABSENT : b->agenda.at != a->agenda.at) {
        return false;
    }
    for (size_t i = 0; i < a->rule->n_steps; i++) {
        if (a->steps[i].at != b->steps[i].at || a->steps[i].fired != b->steps[i].fired) {
            return false;
        }
    }
    buffer_init(&left);
    buffer_init(&right);
    deadline_encode(a, &left);
    deadline_encode(b, &right);
    bool same = strcmp(buffer_text(&left), buffer_text(&right)) == 0;
    buffer_finish(&left);
    buffer_finish(&right);
    return same;
}

/* A claim that is found at loading ends at `ends`; the daemon that made it waits a little longer. */
static bool same_notification(const struct notification *a, const struct notification *b)
{
    struct buffer left, right;

    if (!b || (a->agenda.place == AGENDA_ABSENT) != (b->agenda.place == AGENDA_ABSENT) ||
        (a->state == NOTIFICATION_QUEUED && a->agenda.at != b->agenda.at)) {
        return false;
    }
    buffer_init(&left);
    buffer_init(&right);
    notification_encode(a, &left);
    notification_encode(b, &right);
    bool same = strcmp(buffer_text(&left), buffer_text(&right)) == 0;
    buffer_finish(&left);
    buffer_finish(&right);
    return same;
}

static const char *differing(struct world *world, const struct engine *other)
{
    static const enum change_table tables[] = {TABLE_DEADLINES, TABLE_OUTBOX, TABLE_CLOSED, TABLE_EARLY,
                                               TABLE_SEEN};
    const struct deadline *deadline;
    const struct notification *note;
    size_t cursor = 0;

    while ((deadline = engine_next_deadline(world->engine, &cursor)) != NULL) {
        const struct deadline *twin = engine_deadline(other, deadline->id);
        if (!twin || !same_deadline(deadline, twin)) {
            return "a deadline is another one after loading";
        }
    }
    cursor = 0;
    while ((note = engine_next_notification(world->engine, &cursor)) != NULL) {
        if (!same_notification(note, engine_notification(other, note->id))) {
            return "a notification is another one after loading";
        }
    }
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        if (engine_entries(world->engine, tables[i]) != engine_entries(other, tables[i]) ||
            engine_entries(other, tables[i]) != world_table(world, tables[i])) {
            return "a table has more or fewer entries than the store";
        }
    }
    return engine_check(other);
}

const char *world_differs(struct world *world)
{
    struct engine *other = rebuild(world);
    const char *what = differing(world, other);

    engine_destroy(other);
    return what;
}

void world_reload_same(struct world *world)
{
    assert_null(world_differs(world));
    world_reload(world);
}

void world_reload_with(struct world *world, const char *file)
{
    engine_destroy(world->engine);
    world->engine = NULL;
    config_unload(world->config);
    load_config(world, file);
    world_reload(world);
}

void world_set_home(struct world *world, bool is_home)
{
    world->is_home = is_home;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *world_snapshot(struct world *world)
{
    char *lines[ENTRIES_MAX];
    struct buffer out;
    size_t n = 0;

    buffer_init(&out);
    for (size_t i = 0; i < world->n; i++) {
        if (asprintf(&lines[n++], "%s %s %s\n", change_table_name(world->entries[i].table),
                     world->entries[i].key, world->entries[i].value) < 0) {
            abort();
        }
    }
    qsort(lines, n, sizeof *lines, by_text);
    for (size_t i = 0; i < n; i++) {
        buffer_add_text(&out, lines[i]);
        free(lines[i]);
    }
    return buffer_take(&out);
}

void world_spoil(struct world *world, enum change_table table, const char *key, const char *value)
{
    assert_non_null(find(world, table, key));
    store(world, table, key, value);
}

size_t world_table(const struct world *world, enum change_table table)
{
    size_t n = 0;

    for (size_t i = 0; i < world->n; i++) {
        n += world->entries[i].table == table;
    }
    return n;
}

const char *world_dead(const struct world *world, size_t i)
{
    return i < world->n_dead ? world->dead[i] : NULL;
}

long world_stat(const struct world *world, const char *key)
{
    const struct entry *entry = find((struct world *)world, TABLE_STATS, key);

    return entry ? strtol(entry->value, NULL, 10) : 0;
}

/* -- inputs -- */

int world_put(struct world *world, instant now, bool command, const struct raw_field *raw, size_t n)
{
    const char *why = "";
    struct event event;
    struct stream_id at = {(uint64_t)now, world->number++};
    int error = 0;

    world->now = now;
    arena_reset(world->arena);
    if (event_parse(world->arena, &(struct event_place){at, command, now}, raw, n, now, &event, &why)) {
        error = engine_event(world->engine, &event, now, &world->changes);
    } else {
        engine_bad_event(world->engine, at, why, raw, n, now, &world->changes);
    }
    commit(world);
    return error;
}

static int feed(struct world *world, instant now, const char *time, bool command, const char *type,
                va_list args)
{
    struct raw_field raw[EVENT_FIELDS_MAX];
    size_t n = 0;
    const char *name;

    raw[n++] = (struct raw_field){"type", type, 4, strlen(type)};
    if (time) {
        raw[n++] = (struct raw_field){"time", time, 4, strlen(time)};
    }
    while ((name = va_arg(args, const char *)) != NULL) {
        const char *value = va_arg(args, const char *);
        raw[n++] = (struct raw_field){name, value, strlen(name), strlen(value)};
    }
    return world_put(world, now, command, raw, n);
}

int world_event(struct world *world, const char *at, const char *type, ...)
{
    va_list args;

    va_start(args, type);
    int error = feed(world, world_time(at), NULL, false, type, args);
    va_end(args);
    return error;
}

int world_late_event(struct world *world, const char *now, const char *at, const char *type, ...)
{
    char time[INSTANT_TEXT_MAX];
    va_list args;

    (void)snprintf(time, sizeof time, "%s:00+08:00", at);
    va_start(args, type);
    int error = feed(world, world_time(now), time, false, type, args);
    va_end(args);
    return error;
}

int world_command(struct world *world, const char *at, const char *type, ...)
{
    va_list args;

    va_start(args, type);
    int error = feed(world, world_time(at), NULL, true, type, args);
    va_end(args);
    return error;
}

bool world_piece(struct world *world, const char *at)
{
    instant end = world_time(at);

    world->now = end > world->now ? end : world->now;
    bool more = engine_advance(world->engine, end, world->now, &world->changes);
    commit(world);
    return more;
}

void world_advance(struct world *world, instant at)
{
    bool more;

    world->now = at > world->now ? at : world->now;
    do {
        more = engine_advance(world->engine, at, world->now, &world->changes);
        commit(world);
    } while (more && !world->losing);
}

void world_lose(struct world *world, bool lose)
{
    world->losing = lose;
}

void world_watch(struct world *world, void (*saw)(void *data, const char *records), void *data)
{
    world->saw = saw;
    world->saw_data = data;
}

size_t world_claim(struct world *world, const char **ids, size_t n, int64_t limit_ms)
{
    n = engine_claim(world->engine, ids, n, world->now, world->now + limit_ms, &world->changes);
    commit(world);
    return n;
}

void world_verdict(struct world *world, const char *const *ids, size_t n, const struct verdict *verdict)
{
    engine_verdict(world->engine, ids, n, verdict, world->now, &world->changes);
    commit(world);
}

void world_until(struct world *world, const char *at)
{
    instant end = world_time(at);
    instant next;

    while ((next = engine_next(world->engine)) <= end) {
        world_advance(world, next > world->now ? next : world->now);
    }
    world_advance(world, end);
}

void world_jump(struct world *world, const char *at)
{
    world_advance(world, world_time(at));
}

/* When the next notification that waits may leave. */
static instant next_leave(struct world *world)
{
    size_t cursor = 0;
    instant next = INSTANT_NEVER;
    const struct notification *note;

    while ((note = engine_next_notification(world->engine, &cursor)) != NULL) {
        if (note->state == NOTIFICATION_QUEUED && note->not_before < next) {
            next = note->not_before;
        }
    }
    return next;
}

void world_live(struct world *world, const char *at, const struct verdict *verdict)
{
    instant end = world_time(at);

    for (;;) {
        instant next = engine_next(world->engine);
        instant leave = next_leave(world);

        next = leave < next ? leave : next;
        if (next > end) {
            break;
        }
        world_advance(world, next);
        if (leave <= next) {
            world_deliver(world, verdict);
        }
    }
    world_advance(world, end);
}

size_t world_claim_all(struct world *world, const char *ids[static 64], int64_t limit_ms)
{
    static char names[64][NOTIFICATION_ID_MAX];
    size_t cursor = 0, n = 0;
    const struct notification *note;

    while ((note = engine_next_notification(world->engine, &cursor)) != NULL && n < 64) {
        memcpy(names[n], note->id, sizeof note->id);
        ids[n] = names[n];
        n++;
    }
    return world_claim(world, ids, n, limit_ms);
}

size_t world_deliver(struct world *world, const struct verdict *verdict)
{
    const char *ids[64];
    size_t n = world_claim_all(world, ids, 10000);

    world_verdict(world, ids, n, verdict);
    return n;
}

/* -- outputs -- */

static const char *show(struct world *world, struct buffer *from)
{
    buffer_clear(&world->shown);
    buffer_add_text(&world->shown, buffer_text(from));
    buffer_clear(from);
    return buffer_text(&world->shown);
}

const char *world_told(struct world *world)
{
    return show(world, &world->told);
}

const char *world_records(struct world *world)
{
    return show(world, &world->records);
}

const char *world_journal(struct world *world)
{
    return show(world, &world->journal);
}

struct engine *world_engine(struct world *world)
{
    return world->engine;
}

instant world_now(const struct world *world)
{
    return world->now;
}

const struct deadline *world_only(struct world *world)
{
    size_t cursor = 0;
    const struct deadline *first = engine_next_deadline(world->engine, &cursor);

    assert_non_null(first);
    assert_null(engine_next_deadline(world->engine, &cursor));
    return first;
}

void world_restart_with(struct world *world, const char *settings)
{
    engine_destroy(world->engine);
    world->engine = NULL;
    config_unload(world->config);
    load_files(world, settings);
    world_reload(world);
}
