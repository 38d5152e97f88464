/* engine.h: the state of one shard and the function from (state, input, now) to changes.
 *
 * Pure: no I/O, no clock, no log. Every input changes the memory at once and appends what must be made
 * durable to a list; the caller commits lists in order, one at a time, and throws the engine away if a commit
 * turns out not to be ours. One engine a shard; one thread.
 *
 * Inputs: events and commands (engine_event, engine_bad_event), time (engine_advance), attempts
 * (engine_claim) and their ends (engine_verdict), other files (engine_reload). Every input is followed by a
 * look at changes.failed. */
#ifndef CUIBAN_CORE_ENGINE_H
#define CUIBAN_CORE_ENGINE_H

#include "change.h"
#include "deadline.h"
#include "directory.h"
#include "notification.h"
#include "reach.h"
#include "ruleset.h"
#include "template.h"

enum {
    ENGINE_EVENT_DEADLINES_MAX = 1000
}; /* deadlines that one event may open or touch; more: a bad event */

struct engine;

/* Who wants to see deadlines come and go; each may be NULL. Called while an input is served. */
struct engine_watch {
    void *data;
    void (*on_opened)(void *data, const struct deadline *deadline);
    void (*on_closed)(void *data, const struct deadline *deadline, enum closing how, instant at);
};

struct engine_parts {
    const struct ruleset *rules;
    const struct directory *people;
    const struct templates *templates;
    /* Parses the text of one rule as base:rules keeps it (rules of deadlines that were opened under older
     * files). NULL if it cannot be read. The rule must outlive the engine. */
    const struct rule *(*parse_rule)(void *data, const char *text);
    void *parse_data;
    bool is_home; /* rules open by the clock here; with several shards in one of them only */
    struct engine_watch watch;
};

struct engine *engine_create(const struct engine_parts *parts); /* NULL: out of memory */
void engine_destroy(struct engine *engine);

/* -- loading: rules first, then the other tables in any order, then engine_loaded -- */

/* One entry as Redis keeps it. 0, or -EINVAL/-ENOENT with *why: a sentence that names the key's trouble. The
 * caller stops the shard: durable state is never skipped. */
int engine_load(struct engine *engine, enum change_table table, const char *key, const char *value, size_t n,
                const char **why);
/* Everything is in: arms every deadline and notification. */
int engine_loaded(struct engine *engine, instant now);

/* -- the daemon before this one -- */

/* Claims that a load has found: their attempts have no verdict, so far. */
struct engine_left {
    size_t n;                        /* that were made under the lease before this one */
    const struct notification *only; /* one of them, if they were a single attempt; else NULL */
};
/* Once after engine_loaded, before any claim: what was under way under the lease before is written down.
 * `died`: who held it is gone, and did not just lose it. Then what it had claimed is watched, until an
 * attempt of it has ended; and if that was a single attempt, this counts against its notifications. */
struct engine_left engine_take_over(struct engine *engine, bool died, instant now, struct changes *changes);
/* Is something that was under way when a daemon died without an end yet, or about to be tried again? Then
 * there must be no other attempt beside one, in the whole daemon: if it dies again, what was claimed tells at
 * which message, plugin and channel. */
bool engine_is_watching(const struct engine *engine, instant now);

/* -- other files while it runs -- */

/* The rules that the new files lack although deadlines of theirs are open: such files must be refused. At
 * most `max` are written; returns how many. The names live until the engine's next input. */
struct vanishing {
    const char *rule;
    size_t open;
};
size_t engine_vanishing(const struct engine *engine, const struct ruleset *rules, struct vanishing *out,
                        size_t max);
/* Does an open deadline have the text with this fingerprint? */
bool engine_has_version(const struct engine *engine, const char *fingerprint);
/* From now on these rules, people and templates. Must be settled. The old ones must stay until it is settled
 * again: deadlines come over a part at a time. Each keeps its own text of the rule, or is counted by the new
 * one, as that one's `on_change` says; the journal has the old and the new due. 0 or -ENOMEM. */
int engine_reload(struct engine *engine, const struct engine_parts *parts, instant now);
/* After engine_loaded or engine_reload: does every deadline stand by today's rules and calendars? */
bool engine_is_settled(const struct engine *engine);
/* Some milliseconds of that work; true if there is more. The first part after a reload is its record in the
 * journal alone. Events and time settle first what is left, as far as the list has room. */
bool engine_settle(struct engine *engine, instant now, struct changes *changes);

/* -- inputs -- */

/* 0; -EAGAIN: the list is too full for this event, or something is to be settled first: commit and try again;
 * -E2BIG: it would touch more than ENGINE_EVENT_DEADLINES_MAX deadlines (nothing was changed; give it to
 * engine_bad_event); -ENOMEM. */
int engine_event(struct engine *engine, const struct event *event, instant now, struct changes *changes);
/* An entry that could not be understood, or that must not be served: counted, journalled, kept in `dead`. */
void engine_bad_event(struct engine *engine, struct stream_id at, const char *reason,
                      const struct raw_field *raw, size_t n, instant now, struct changes *changes);

/* Fires what falls due at or before `horizon` (<= now), until the list is full. True if more is due already.
 */
bool engine_advance(struct engine *engine, instant horizon, instant now, struct changes *changes);
instant
engine_next(const struct engine *engine); /* the next instant at which advance has work; INSTANT_NEVER */

/* Claims those of the notifications that are still queued, due to leave and not expired; their ids are kept
 * in `ids`, the others dropped. Returns how many. `ends`: the attempt's latest end. */
size_t engine_claim(struct engine *engine, const char **ids, size_t n, instant now, instant ends,
                    struct changes *changes);
/* The end of an attempt for each of the notifications that it carried. */
void engine_verdict(struct engine *engine, const char *const *ids, size_t n, const struct verdict *verdict,
                    instant now, struct changes *changes);
/* A notification that could not even be composed or claimed by its channel: refused before any request left.
 */
void engine_refuse(struct engine *engine, const char *id, const char *reason, instant now,
                   struct changes *changes);

/* -- queries -- */

const struct deadline *engine_deadline(const struct engine *engine, const char *id); /* NULL if not open */
const struct deadline *engine_next_deadline(const struct engine *engine, size_t *cursor); /* start with 0 */
const struct notification *engine_notification(const struct engine *engine, const char *id);
const struct notification *engine_next_notification(const struct engine *engine, size_t *cursor);
const struct ruleset *engine_rules(const struct engine *engine);
const struct directory *engine_people(const struct engine *engine);
const struct templates *engine_templates(const struct engine *engine);

/* Entries of a table that the working copy holds, in no time: what the auditor compares with Redis after
 * every commit. 0 for tables that are not part of it. */
size_t engine_entries(const struct engine *engine, enum change_table table);

struct engine_counts {
    size_t deadlines, sleeping, open, overdue, paused;
    size_t silent; /* slipped, and nobody besides the owner could be told */
    size_t provisional,
        warned; /* dues that depend on dates no calendar covers; of those, due within 60 days */
    instant first_provisional; /* the earliest of these dues; INSTANT_NEVER */
    size_t notifications, claimed, held;
    size_t closed, early, seen;
    uint64_t events, bad_events, repeated_events, unmatched_events; /* since the engine was created */
};
struct engine_counts
engine_count(const struct engine *engine); /* looks at every deadline: not for a hot path */

/* Every open deadline has exactly one armed next action or is parked for a stated reason, every index agrees
 * with every deadline, every notification with its deadline. For tests, the simulator and the auditor.
 * Returns NULL, or what is wrong (static). */
const char *engine_check(const struct engine *engine);

/* How an open deadline would be closed if it were met at that instant: on time or late. */
enum closing engine_closing(const struct deadline *deadline, instant at);

/* What the steps of a deadline will do if nothing else happens: the instants still to come, in order. */
struct planned_person {
    const char *person;     /* "" for a post to a group */
    const char *on_behalf;  /* whom the person answers for, or NULL */
    const char *stands_for; /* in whose place: a person's id or a path; or NULL */
    const char *group;      /* channel of a post, or NULL */
    instant leaves;         /* when that one's message would leave: later than `fires` for quiet hours;
                               INSTANT_NEVER: quiet until after due, so never */
    bool copy;              /* the owner's */
};
enum { PLANNED_MISSED_MAX = 8 };
struct planned {
    instant at;              /* where it stands in the ladder */
    instant fires;           /* earlier: pulled forward out of quiet hours; later: held back by the gap */
    const struct step *step; /* NULL: due itself */
    const char *where;       /* the condition of the step that fails today, or NULL */
    bool is_silent;          /* nobody besides the owner is left, nor anybody to stand in */
    size_t n_to;
    struct planned_person to[PATH_RESULT_MAX]; /* as `reach` answers, as things are */
    size_t n_missed;
    struct missed missed[PLANNED_MISSED_MAX]; /* who is not told, and why */
};
size_t engine_plan(const struct engine *engine, const struct deadline *deadline, instant now,
                   struct planned *out, size_t max);

#endif
