#include "crash.h"

#include <stdio.h>
#include <string.h>

enum { LIFE_TEXT_MAX = 24 };

static bool is_watchable(const struct notification *note)
{
    return note->watched && note->state != NOTIFICATION_HELD;
}

/* Claimed: until the attempt has an end. Queued: once it may be tried, not through its quiet hours. */
static bool set_watch(struct engine *engine, struct notification *note)
{
    instant from = note->state == NOTIFICATION_QUEUED ? note->not_before : INSTANT_NONE;

    if (is_watchable(note)) {
        return agenda_set(&engine->watched, &note->watch, from);
    }
    agenda_remove(&engine->watched, &note->watch);
    return true;
}

void crash_watch(struct turn *turn, struct notification *note)
{
    if (!set_watch(turn->engine, note)) {
        turn->changes->failed = true;
    }
}

bool crash_loaded(struct engine *engine, struct notification *note)
{
    return set_watch(engine, note);
}

bool engine_is_watching(const struct engine *engine, instant now)
{
    const struct agenda_entry *first = agenda_first(&engine->watched);

    return first && first->at <= now;
}

void crash_survived(struct notification *note)
{
    note->watched = false;
    note->deaths = 0;
}

void crash_reason(const struct notification *note, struct verdict *verdict)
{
    if (note->deaths == 0) {
        (void)snprintf(verdict->reason, sizeof verdict->reason,
                       "no verdict is known: the daemon ended meanwhile");
        return;
    }
    (void)snprintf(verdict->reason, sizeof verdict->reason,
                   "the daemon died, and nothing else was under way: %d of %d times", (int)note->deaths,
                   (int)NOTIFICATION_DEATHS_MAX);
}

static const char *attempt_of(const struct notification *note)
{
    return note->with[0] ? note->with : note->id;
}

/* Claimed under the lease that is gone, and not found open once before. */
static bool is_fresh(const struct engine *engine, const struct notification *note)
{
    return note->state == NOTIFICATION_CLAIMED && note->life == engine->life;
}

static struct engine_left find_left(const struct engine *engine)
{
    struct engine_left left = {0};
    size_t cursor = 0;
    const struct notification *note;
    bool several = false;

    while ((note = index_next(&engine->notifications, &cursor)) != NULL) {
        if (!is_fresh(engine, note)) {
            continue;
        }
        several = several || (left.only && strcmp(attempt_of(left.only), attempt_of(note)) != 0);
        left.only = left.only ? left.only : note;
        left.n++;
    }
    left.only = several ? NULL : left.only;
    return left;
}

static void watch_claimed(struct turn *turn)
{
    size_t cursor = 0;
    struct notification *note;

    while ((note = index_next(&turn->engine->notifications, &cursor)) != NULL) {
        if (note->state == NOTIFICATION_CLAIMED) {
            note->watched = true;
            crash_watch(turn, note);
        }
    }
}

/* What shared an attempt is tried apart, each once, before any of it is given up. */
static void count_death(struct turn *turn, struct notification *note, bool shared)
{
    note->deaths++;
    if (shared && note->deaths >= NOTIFICATION_DEATHS_MAX) {
        note->deaths = NOTIFICATION_DEATHS_MAX - 1;
        note->alone = true;
    }
    state_put_notification(turn, note);
}

static void count_deaths(struct turn *turn, const struct engine_left *left)
{
    size_t cursor = 0;
    struct notification *note;

    while ((note = index_next(&turn->engine->notifications, &cursor)) != NULL) {
        if (is_fresh(turn->engine, note)) {
            count_death(turn, note, left->n > 1);
        }
    }
}

struct engine_left engine_take_over(struct engine *engine, bool died, instant now, struct changes *changes)
{
    struct turn turn = {.engine = engine, .changes = changes, .now = now};
    struct engine_left left = find_left(engine);
    char text[LIFE_TEXT_MAX];

    if (died) {
        watch_claimed(&turn);
    }
    if (died && left.only) {
        count_deaths(&turn, &left);
    }
    engine->life++;
    int n = snprintf(text, sizeof text, "%llu", (unsigned long long)engine->life);
    changes_put(changes, TABLE_HEAD, "life", text, (size_t)n);
    return left;
}
