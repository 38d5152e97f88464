/* rehearsal.h: the production engine on a virtual clock, with channels that deliver everything at once.
 *
 * What the rules would do with events, without a Redis, without a plugin, without a wait: the tools that test
 * and compare rules stand on it. Every notification is claimed and delivered at the instant at which it may
 * leave. The clock only goes forward. A commit is a list that is thrown away once the hooks have seen it.
 *
 * Order: create, any number of loads, begin, then events and the clock. The config must outlive it, and its
 * ruleset must know the channels (ruleset_set_channels). */
#ifndef CUIBAN_REHEARSAL_REHEARSAL_H
#define CUIBAN_REHEARSAL_REHEARSAL_H

#include "config/config.h"
#include "core/engine.h"

struct rehearsal;

struct rehearsal_hooks { /* each may be NULL */
    void *data;
    /* A message leaves. `note` is valid during the call; its deadline is NULL once that has closed. */
    void (*on_message)(void *data, instant at, const struct notification *note);
    /* The journal of one commit: JSON objects, comma-separated, never empty. */
    void (*on_records)(void *data, instant now, const char *records);
};

/* The records that `on_records` was given, one after the other; their texts live in the arena. False: memory
 * ran out. */
bool rehearsal_read_records(const char *records, struct arena *arena,
                            void (*on_record)(void *data, const struct fields *record), void *data);

struct rehearsal_options {
    const struct config *config;
    const struct ruleset *rules; /* NULL: the config's */
    struct rehearsal_hooks hooks;
    struct engine_watch watch;
    bool is_home; /* rules open by the clock */
};

struct rehearsal *rehearsal_create(const struct rehearsal_options *options); /* NULL: out of memory */
void rehearsal_destroy(struct rehearsal *rehearsal);                         /* NULL is fine */

/* One entry of the durable state, to begin from what a daemon has: as engine_load. TABLE_RULES first. */
int rehearsal_load(struct rehearsal *rehearsal, enum change_table table, const char *key, const char *value,
                   size_t n, const char **why);
/* The clock starts; what was loaded is brought to the config's rules and calendars, as by a reload. 0 or
 * -ENOMEM. */
int rehearsal_begin(struct rehearsal *rehearsal, instant now);

/* What the HRIS appends, or a command, at an instant that is not before the clock's. Steps that stand at that
 * very instant fire after it, as in the daemon. 0; -EINVAL: it is a bad event, and *why (static, or valid
 * until the next call) says so; -E2BIG: it would touch too many deadlines; -ENOMEM. */
struct rehearsal_event {
    instant at;
    struct stream_id id; /* 0-0: counted up */
    bool is_command;
    const struct raw_field *fields;
    size_t n;
};
int rehearsal_put(struct rehearsal *rehearsal, const struct rehearsal_event *put, const char **why);
/* The same with an event that was taken apart already, at `at` or now. */
int rehearsal_take(struct rehearsal *rehearsal, instant at, const struct event *event, const char **why);
/* Everything up to and at that instant happens. 0 or -ENOMEM. */
int rehearsal_until(struct rehearsal *rehearsal, instant at);
/* The next instant at which something happens by itself; INSTANT_NEVER. */
instant rehearsal_next(const struct rehearsal *rehearsal);

const struct engine *rehearsal_engine(const struct rehearsal *rehearsal);
instant rehearsal_now(const struct rehearsal *rehearsal);

#endif
