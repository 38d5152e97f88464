#include "rehearsal/rehearsal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/json_members.h"

enum { CLAIM_MAX = 64, ATTEMPT_MS = 1000 };

struct waiting { /* a notification that will leave */
    struct agenda_entry agenda;
    char id[NOTIFICATION_ID_MAX];
};

struct rehearsal {
    const struct config *config;
    struct rehearsal_hooks hooks;
    struct engine *engine;
    struct changes changes;
    struct agenda agenda;
    struct arena *events, *rules; /* of the event at hand; of rules that only the durable state knows */
    uint64_t number;              /* of the next event without an id */
    instant now;
    bool failed; /* memory ran out */
};

static const struct rule *parse_rule(void *data, const char *text)
{
    struct rehearsal *rehearsal = data;
    const struct rule *rule = NULL;

    return config_parse_rule(rehearsal->config, rehearsal->rules, text, &rule) == 0 ? rule : NULL;
}

struct rehearsal *rehearsal_create(const struct rehearsal_options *options)
{
    struct rehearsal *rehearsal = calloc(1, sizeof(*rehearsal));

    if (rehearsal == NULL)
        return NULL;
    rehearsal->config = options->config;
    rehearsal->hooks = options->hooks;
    rehearsal->now = INSTANT_NONE;
    agenda_init(&rehearsal->agenda);
    rehearsal->events = arena_create();
    rehearsal->rules = arena_create();
    const struct engine_parts parts = {.rules =
                                           options->rules == NULL ? options->config->rules : options->rules,
                                       .people = options->config->directory,
                                       .templates = options->config->templates,
                                       .parse_rule = parse_rule,
                                       .parse_data = rehearsal,
                                       .is_home = options->is_home,
                                       .watch = options->watch};
    int error = changes_init(&rehearsal->changes);
    rehearsal->changes.is_dry = options->hooks.on_records == NULL;
    rehearsal->engine = engine_create(&parts);
    if (error != 0 || rehearsal->engine == NULL || rehearsal->events == NULL || rehearsal->rules == NULL) {
        rehearsal_destroy(rehearsal);
        return NULL;
    }
    return rehearsal;
}

static struct waiting *first_waiting(const struct rehearsal *rehearsal)
{
    return (struct waiting *)agenda_first(&rehearsal->agenda);
}

static void drop_first(struct rehearsal *rehearsal)
{
    struct waiting *first = first_waiting(rehearsal);

    agenda_remove(&rehearsal->agenda, &first->agenda);
    free(first);
}

void rehearsal_destroy(struct rehearsal *rehearsal)
{
    if (rehearsal == NULL)
        return;
    while (first_waiting(rehearsal) != NULL)
        drop_first(rehearsal);
    agenda_finish(&rehearsal->agenda);
    engine_destroy(rehearsal->engine);
    changes_finish(&rehearsal->changes);
    arena_destroy(rehearsal->events);
    arena_destroy(rehearsal->rules);
    free(rehearsal);
}

/* -- what waits to leave -- */

static void add_waiting(struct rehearsal *rehearsal, const char *id)
{
    const struct notification *note = engine_notification(rehearsal->engine, id);
    struct waiting *waiting = note == NULL ? NULL : malloc(sizeof(*waiting));

    if (note == NULL)
        return;
    if (waiting == NULL) {
        rehearsal->failed = true;
        return;
    }
    agenda_entry_init(&waiting->agenda);
    memcpy(waiting->id, note->id, sizeof(waiting->id));
    if (!agenda_set(&rehearsal->agenda, &waiting->agenda, note->not_before)) {
        rehearsal->failed = true;
        free(waiting);
    }
}

/* -- what hooks read -- */

bool rehearsal_read_records(const char *records, struct arena *arena,
                            void (*on_record)(void *data, const struct fields *record), void *data)
{
    struct json_scanner scanner;
    struct buffer array;
    bool ok;

    buffer_init(&array);
    buffer_printf(&array, "[%s]", records);
    json_scan_init(&scanner, buffer_text(&array), array.n);
    ok = buffer_ok(&array) && json_next(&scanner) == JSON_ARRAY;
    while (ok && json_next(&scanner) == JSON_OBJECT) {
        struct fields record;

        ok = json_read_texts(&scanner, arena, &record);
        if (ok)
            on_record(data, &record);
    }
    json_scan_finish(&scanner);
    buffer_finish(&array);
    return ok;
}

/* -- commits -- */

static void commit(struct rehearsal *rehearsal)
{
    struct changes *changes = &rehearsal->changes;
    const char *id = buffer_text(&changes->queued), *end = id + changes->queued.n;

    rehearsal->failed = rehearsal->failed || changes->failed;
    if (changes->journal.n > 0 && rehearsal->hooks.on_records != NULL)
        rehearsal->hooks.on_records(rehearsal->hooks.data, rehearsal->now, buffer_text(&changes->journal));
    for (; id < end; id += strlen(id) + 1)
        add_waiting(rehearsal, id);
    changes_clear(changes);
}

static void fire(struct rehearsal *rehearsal)
{
    bool more;

    do {
        more = engine_advance(rehearsal->engine, rehearsal->now, rehearsal->now, &rehearsal->changes);
        commit(rehearsal);
    } while (more && !rehearsal->failed);
}

/* Sends those of the ids that may really leave now; what was withdrawn or waits longer is left out. */
static void send(struct rehearsal *rehearsal, const char **ids, size_t n)
{
    static const struct verdict delivered = {.kind = VERDICT_DELIVERED};

    n = engine_claim(rehearsal->engine, ids, n, rehearsal->now, rehearsal->now + ATTEMPT_MS,
                     &rehearsal->changes);
    for (size_t i = 0; i < n && rehearsal->hooks.on_message != NULL; i++)
        rehearsal->hooks.on_message(rehearsal->hooks.data, rehearsal->now,
                                    engine_notification(rehearsal->engine, ids[i]));
    commit(rehearsal);
    engine_verdict(rehearsal->engine, ids, n, &delivered, rehearsal->now, &rehearsal->changes);
    commit(rehearsal);
}

static bool leaves_now(const struct rehearsal *rehearsal)
{
    const struct waiting *first = first_waiting(rehearsal);

    return first != NULL && first->agenda.at <= rehearsal->now;
}

static void send_due(struct rehearsal *rehearsal)
{
    while (leaves_now(rehearsal) && !rehearsal->failed) {
        char names[CLAIM_MAX][NOTIFICATION_ID_MAX];
        const char *ids[CLAIM_MAX];
        size_t n = 0;

        while (n < CLAIM_MAX && leaves_now(rehearsal)) {
            memcpy(names[n], first_waiting(rehearsal)->id, NOTIFICATION_ID_MAX);
            ids[n] = names[n];
            n++;
            drop_first(rehearsal);
        }
        send(rehearsal, ids, n);
    }
}

/* -- beginning -- */

int rehearsal_load(struct rehearsal *rehearsal, enum change_table table, const char *key, const char *value,
                   size_t n, const char **why)
{
    return engine_load(rehearsal->engine, table, key, value, n, why);
}

/* Other rules or calendars than those that the state stands by: as after a reload. */
static void settle(struct rehearsal *rehearsal)
{
    bool more = !engine_is_settled(rehearsal->engine);

    while (more && !rehearsal->failed) {
        more = engine_settle(rehearsal->engine, rehearsal->now, &rehearsal->changes);
        commit(rehearsal);
    }
}

int rehearsal_begin(struct rehearsal *rehearsal, instant now)
{
    const struct notification *note;
    size_t cursor = 0;
    int error;

    rehearsal->now = now;
    error = engine_loaded(rehearsal->engine, now);
    while (error == 0 && (note = engine_next_notification(rehearsal->engine, &cursor)) != NULL)
        if (note->state == NOTIFICATION_QUEUED)
            add_waiting(rehearsal, note->id);
    if (error == 0)
        settle(rehearsal);
    return rehearsal->failed ? -ENOMEM : error;
}

/* -- the clock -- */

instant rehearsal_next(const struct rehearsal *rehearsal)
{
    const struct waiting *first = first_waiting(rehearsal);
    instant next = engine_next(rehearsal->engine);

    next = first != NULL && first->agenda.at < next ? first->agenda.at : next;
    return next < rehearsal->now ? rehearsal->now : next;
}

int rehearsal_until(struct rehearsal *rehearsal, instant at)
{
    instant next;

    while (!rehearsal->failed && (next = rehearsal_next(rehearsal)) <= at && next != INSTANT_NEVER) {
        rehearsal->now = next;
        fire(rehearsal);
        send_due(rehearsal);
    }
    rehearsal->now = at > rehearsal->now ? at : rehearsal->now;
    return rehearsal->failed ? -ENOMEM : 0;
}

/* -- events -- */

static int serve(struct rehearsal *rehearsal, const struct event *event)
{
    int error = engine_event(rehearsal->engine, event, rehearsal->now, &rehearsal->changes);

    commit(rehearsal);
    while (error == -EAGAIN) { /* only a list that is not empty is too full */
        error = engine_event(rehearsal->engine, event, rehearsal->now, &rehearsal->changes);
        commit(rehearsal);
    }
    return error;
}

/* Up to just before the event; steps of its very instant come after it. */
static int reach(struct rehearsal *rehearsal, instant at)
{
    int error = rehearsal_until(rehearsal, at - 1);

    rehearsal->now = error == 0 && at > rehearsal->now ? at : rehearsal->now;
    return error;
}

static void refuse(struct rehearsal *rehearsal, struct stream_id at, const struct rehearsal_event *put,
                   const char *why)
{
    engine_bad_event(rehearsal->engine, at, why, put->fields, put->n, rehearsal->now, &rehearsal->changes);
    commit(rehearsal);
}

int rehearsal_take(struct rehearsal *rehearsal, instant at, const struct event *event, const char **why)
{
    int error = reach(rehearsal, at);

    if (error == 0)
        error = serve(rehearsal, event);
    if (error == -E2BIG)
        *why = "it touches too many deadlines";
    return rehearsal->failed ? -ENOMEM : error;
}

int rehearsal_put(struct rehearsal *rehearsal, const struct rehearsal_event *put, const char **why)
{
    struct event event;
    struct event_place place = {.at = put->id, .is_command = put->is_command, .time = put->at};
    int error = reach(rehearsal, put->at);

    if (error != 0)
        return error;
    if (place.at.ms == 0 && place.at.seq == 0)
        place.at = (struct stream_id){(uint64_t)put->at, rehearsal->number++};
    arena_reset(rehearsal->events);
    if (!event_parse(rehearsal->events, &place, put->fields, put->n, rehearsal->now, &event, why)) {
        refuse(rehearsal, place.at, put, *why);
        return -EINVAL;
    }
    error = rehearsal_take(rehearsal, put->at, &event, why);
    if (error == -E2BIG)
        refuse(rehearsal, place.at, put, *why);
    return error;
}

const struct engine *rehearsal_engine(const struct rehearsal *rehearsal)
{
    return rehearsal->engine;
}

instant rehearsal_now(const struct rehearsal *rehearsal)
{
    return rehearsal->now;
}
