/* schedule.h: what opens as time passes: one schedule for each rule that opens by the clock, and one for each
 * key for which an event began a recurrence.
 *
 * A schedule is durable (base:schedules): the last period that it has opened, and, while one is being opened,
 * how far that has come. It is committed together with what it opens, so that each period opens exactly once
 * whatever happens in between. */
#ifndef CUIBAN_CORE_ENGINE_SCHEDULE_H
#define CUIBAN_CORE_ENGINE_SCHEDULE_H

#include "core/engine.h"

struct turn;

struct schedule {
    struct agenda_entry agenda; /* first: an entry of the clock is its schedule */
    char *id;                   /* the rule's name, or the identity of the key without a period */
    const struct rule *rule;    /* NULL: no rule recurs like this any more; removed at the next advance */
    struct deadline *anchor; /* what the event said: fields, owner, department, opened; NULL: by the clock */
    instant until;           /* no period opens after it; INSTANT_NEVER */
    int64_t last;            /* the period that was opened last, or stands before the first */
    bool is_opening;         /* `period` has been begun and not ended */
    int64_t period;
    char *done;       /* whom it has been opened for: every member up to this id; NULL: nobody yet */
    bool begins_anew; /* the rule counts its periods in another way now: from the load on */
    bool unsaved;     /* differs from base:schedules: written, or removed, at the next advance */
};

void schedule_init(struct engine *engine);
void schedule_finish(struct engine *engine);
int schedule_load(struct engine *engine, const char *id, const char *json, size_t n, const char **why);
/* Makes schedules for rules that have none and arms all of them. 0 or -ENOMEM. */
int schedule_loaded(struct engine *engine, instant now);
/* After a reload: each goes on under today's rule, or ends; then those that are missing begin. */
void schedule_follow(struct turn *turn, struct schedule *schedule);
int schedule_add_missing(struct turn *turn);
const char *schedule_check(const struct engine *engine); /* NULL, or what is wrong */

/* The event opens a rule that recurs. */
void schedule_begin(struct turn *turn, const struct rule *rule);
/* How many recurrences a cancel or a change would touch. */
size_t schedule_estimate(struct turn *turn, const struct rule_ref *ref);
/* A cancel ends, a change changes the recurrences that the event names. Returns how many. */
size_t schedule_touch(struct turn *turn, const struct rule_ref *ref);
/* Opens what is due, at least a part of it if the list has room. */
void schedule_advance(struct turn *turn, struct schedule *schedule, instant horizon);

/* -- shared by schedule.c and schedule_text.c -- */
struct schedule *schedule_find(const struct engine *engine, const char *id);
struct schedule *schedule_create(const char *id, const struct rule *rule);
void schedule_destroy(struct schedule *schedule);
int schedule_add(struct engine *engine, struct schedule *schedule); /* into every index; 0 or -ENOMEM */
struct recurring schedule_recurring(const struct engine *engine, const struct schedule *schedule);
/* The rule that goes on with it, or NULL: it is gone, or does not recur like this any more. `anchor_rule` is
 * the name of the rule that an event began it for; NULL: it opens by the clock. */
const struct rule *schedule_rule(const struct engine *engine, const char *id, const char *anchor_rule);
void schedule_encode(const struct engine *engine, const struct schedule *schedule, struct buffer *out);

#endif
