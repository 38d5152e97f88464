/* state.h: what the parts of the engine share. Nobody outside core/engine includes it.
 *
 *   state.c    creation, loading, queries, the invariants
 *   intake.c   events: which rules, which deadlines          command.c   what people ask for
 *   passing.c  time: what falls due, what ends               plan.c      what comes next, for people
 *   opening.c  a deadline opens, changes, restarts           spread.c    one opening, several deadlines
 *   closing.c  it is met, cancelled, waived                  schedule.c  openings by the clock, recurrences
 *   meeting.c  what meets, also in parts (meeting.h)         reopening.c what is closed is sent back
 *   timing.c   due, steps, the agenda                        pausing.c   the clock stops and runs again
 *   settle.c   other rules or calendars run now (settle.h)   recount.c   one deadline by them (recount.h)
 *   ladder.c   a step fires: who is told, on which channel   versions.c  the texts of rules (versions.h)
 *   sending.c  when its messages may leave (sending.h)       outbox.c    claims, verdicts, withdrawals
 *   waiting.c  what is queued waits (waiting.h)
 *   memory.c   closings and early meets (memory.h)           seen.c      event ids (seen.h)
 *   following.c a rule opens after another (following.h) */
#ifndef CUIBAN_CORE_ENGINE_STATE_H
#define CUIBAN_CORE_ENGINE_STATE_H

#include "core/engine.h"
#include "core/index.h"
#include "core/journal.h"
#include "core/engine/memory.h"
#include "core/engine/schedule.h"
#include "core/engine/seen.h"
#include "core/engine/recount.h"
#include "core/engine/settle.h"
#include "core/engine/versions.h"

enum { SPREAD_FIELDS_MAX = 6 }; /* period, series, department and person with their names */

struct engine {
    struct engine_parts parts;
    const struct rule_policy *policy;
    struct index versions;       /* by fingerprint */
    const struct rule **adopted; /* older rules that deadlines still have, read again */
    size_t n_adopted;
    struct index deadlines;     /* by id */
    struct index forms;         /* by rule name, names and values of a form */
    struct index groups;        /* of rules that others follow: see following.c */
    struct index notifications; /* by id */
    struct agenda agenda;       /* deadlines */
    struct agenda outbox;       /* notifications */
    struct agenda watched;      /* those of them that were under way when a daemon died */
    uint64_t life;              /* the lease's number: who claims writes it into the claim */
    struct index schedules;     /* by id */
    struct index anchors;       /* those that an event began, by form as deadlines are */
    struct agenda clock;        /* schedules */
    struct memory closed, early;
    struct seen seen;
    bool has_quiet;                     /* somebody, some channel or the settings have quiet hours */
    bool pruned;                        /* texts of rules that nobody needs were removed once after loading */
    uint64_t numbered;                  /* deadline ids given so far */
    char calendars[17], counted_by[17]; /* fingerprint of all calendars: as they are, as last counted by */
    char ran[17];                       /* fingerprint of the rules that were committed last */
    struct settling settling;
    bool has_unread; /* a deadline has a rule whose text could not be read */
    struct engine_counts counts;
    struct arena *scratch; /* of one input */
    struct buffer text;    /* likewise */
};

/* What is true while one input is served. */
struct turn {
    struct engine *engine;
    struct changes *changes;
    instant now;
    const struct event *event; /* NULL when time passes or an attempt ends */
    const char *after;         /* the deadline whose closing opens now, or NULL */
    struct follow *follows;    /* what has closed and is followed by a rule, first to last */
};

/* -- state.c -- */
int state_add_deadline(struct engine *engine, struct deadline *deadline); /* into every index; 0 or -ENOMEM */
void state_unindex(struct engine *engine, struct deadline *deadline);     /* out of every index, kept */
/* It goes on under another rule, with the steps of the same names; 0, or -ENOMEM and it is in no form. */
int state_set_rule(struct engine *engine, struct deadline *deadline, const struct rule *rule);
void state_drop_deadline(struct engine *engine,
                         struct deadline *deadline); /* out of every index, and destroyed */
void state_put_deadline(struct turn *turn, const struct deadline *deadline); /* a change */
void state_put_notification(struct turn *turn, const struct notification *notification);
int state_add_notification(struct engine *engine, struct notification *notification);
void state_drop_notification(struct turn *turn,
                             struct notification *notification); /* the change, and destroyed */
uint64_t state_form_hash(const struct rule *rule, const struct form *form, const char *const *values);
/* False if the deadline's fields lack one of the form's names: then no event can name it that way. */
bool state_form_of(const struct deadline *deadline, const struct form *form, uint64_t *hash);
struct deadline *state_find_deadline(const struct engine *engine, const char *id);
struct notification *state_find_notification(const struct engine *engine, const char *id);
/* month|rule|department|what in the statistics, by the month of `at`. */
void state_count(struct turn *turn, const struct rule *rule, const char *department, instant at,
                 const char *what);
bool state_set_text(char **text, const char *value); /* false: out of memory */
struct path_context state_path_context(const struct turn *turn, const struct deadline *deadline);
/* What the rule's owner is looked up with, at the opening and ever after: `department` is the rule's own,
 * else the one that the event names, never the department that the owner of the day happens to sit in. */
struct path_context state_owner_context(const struct turn *turn, const struct rule *rule,
                                        const struct fields *fields);
int32_t state_today(const struct turn *turn);

/* -- timing.c -- */
const struct calendar *timing_calendar(const struct engine *engine, const struct deadline *deadline);
/* Chooses the due case and counts; 0, or a negative errno with *why. Writes deadline->due and due_case on
 * success. */
int timing_due(const struct engine *engine, struct deadline *deadline, const char **why);
/* Which of the rule's dues counts: the first whose conditions hold, or the one of the series; what was
 * reopened with a due of its own keeps it. -1: none. */
int32_t timing_choose(const struct deadline *deadline);
/* Where one of the rule's dues would lead, within the bounds. */
int timing_case(const struct engine *engine, const struct deadline *deadline, size_t i, instant *due);
/* Resolves a span from the deadline's start with its fields. */
int timing_span(const struct engine *engine, const struct deadline *deadline, const struct span *span,
                instant *out);
void timing_place(const struct engine *engine, struct deadline *deadline); /* the next firing of every step */
/* The next action goes into the agenda, or none does (paused, or everything done). */
void timing_arm(struct turn *turn, struct deadline *deadline);
void timing_repeat(const struct engine *engine, struct deadline *deadline, size_t i); /* after one firing */
/* Where the latest of the firings so far stands in the ladder as it is now; INSTANT_NONE. */
instant timing_told(const struct engine *engine, const struct deadline *deadline);
instant timing_next(const struct deadline *deadline); /* of its steps, its due, its waking, the end of its
                                                         longest pause; INSTANT_NEVER */
/* From where the steps after due count: a deadline that was late before it opened starts its ladder at the
 * opening. */
instant timing_ladder_base(const struct deadline *deadline);
/* Of the department or of the nearest one above that has one; NULL. */
const struct calendar *timing_department_calendar(const struct directory *people, const char *id);

bool timing_is_provisional(const struct engine *engine, const struct deadline *deadline);
#define TIMING_WARNING_MS (60 * DAY_MS)
instant timing_warning(const struct deadline *deadline); /* of a provisional due; INSTANT_NEVER */

/* -- pausing.c -- */
void pausing_pause(struct turn *turn, struct deadline *deadline);
void pausing_resume(struct turn *turn, struct deadline *deadline);
void pausing_over(struct turn *turn,
                  struct deadline *deadline); /* max_pause is used up: the clock runs again */
/* Of a paused one: when the rule's max_pause is used up; INSTANT_NEVER if it has none. */
instant pausing_end(const struct engine *engine, const struct deadline *deadline);

/* -- opening.c -- */
/* False: the event is bad and has gone to the dead letters. */
bool opening_open(struct turn *turn, const struct rule *rule);
/* Whether a deadline is open for the event's key, and for the period and the series it names. */
bool opening_is_open(struct turn *turn, const struct rule *rule);
/* What the event would open, with fields, owner and department, in no index and without an id; the caller
 * destroys it. NULL: the event is bad, or memory is out. */
struct deadline *opening_draft(struct turn *turn, const struct rule *rule);
/* With the fields and the time of the event, an owner and the department, in no index and without an id;
 * fixed: an event or a person said who owes it. NULL: out of memory. */
struct deadline *opening_create(struct turn *turn, const struct rule *rule, const char *owner, bool fixed);
/* A deadline with fields, owner, department and times of its opening begins: counted, numbered, in every
 * index, in the journal, armed. False, and destroyed: the event is bad, or memory is out. */
bool opening_admit(struct turn *turn, struct deadline *take);
void opening_change(struct turn *turn, struct deadline *deadline);
void opening_wake(struct turn *turn, struct deadline *deadline); /* a sleeping one's time has come */
/* Counts the due again and places the steps; those that were told are told again only if it moved later. */
void opening_recount(struct turn *turn, struct deadline *deadline, const char *what, instant at,
                     const char *why);
void opening_skip_passed(struct turn *turn, struct deadline *deadline); /* steps before due that are past */
/* The steps have been placed by a due that was not known before `since`: if none of those before due can
 * leave any more, the first word leaves then (rule_asked). */
void opening_ask(struct turn *turn, struct deadline *deadline, instant since);
size_t opening_estimate(struct turn *turn,
                        const struct rule *rule); /* deadlines that it would open at the most */
/* department -> deadline->department, by the rule or by the owner. 0 or -ENOMEM. */
int opening_set_department(struct turn *turn, struct deadline *deadline);

/* -- spread.c -- */
/* An event with fields added or taken away; points into the one it was made from. */
struct derived {
    struct event event;
    struct field fields[EVENT_FIELDS_MAX + SPREAD_FIELDS_MAX];
};
void spread_strip(struct derived *out, const struct event *event, const struct rule *rule);
void spread_give(struct derived *derived, const char *name,
                 const char *value); /* wins over the event's own */
/* Everything that one event, or one period, opens: for each department or person, each of a series. */
void spread_open(struct turn *turn, const struct rule *rule);
size_t spread_estimate(struct turn *turn, const struct rule *rule); /* deadlines at the most */
/* Those whom one opening is repeated for, sorted by id, in the scratch arena; -ENOMEM. */
struct members {
    const char **ids;
    size_t n;
};
int spread_members(struct turn *turn, const struct rule *rule, struct members *out);
/* Opens for one of them ("" if the rule has no for_each). False: the event is bad. */
bool spread_open_member(struct turn *turn, const struct rule *rule, const char *member);

/* -- closing.c -- */
/* Met on time or late? While a deadline is paused its clock stands at the beginning of the pause. */
enum closing closing_met(const struct deadline *deadline, instant at);
void closing_close(struct turn *turn, struct deadline *deadline, const struct closing_cause *cause);
/* A recurrence has ended: an event that repeats its opening begins no other. */
void closing_remember_anchor(struct turn *turn, const struct deadline *anchor, const char *identity);

/* -- reopening.c -- */
void reopening_reopen(struct turn *turn, const struct rule_ref *ref);
size_t reopening_estimate(struct turn *turn, const struct rule_ref *ref); /* deadlines at the most */

/* -- ladder.c -- */
/* Would the step tell anybody if it fired now? Not when its `where` fails, nor as a reminder after due. */
bool ladder_speaks(const struct deadline *deadline, size_t index, instant horizon);
void ladder_fire(struct turn *turn, struct deadline *deadline, size_t index, instant planned);
/* An owner given as a path is followed until due: the department may have a new head by now. */
void ladder_follow_owner(struct turn *turn, struct deadline *deadline);
void ladder_closed(struct turn *turn, struct deadline *deadline, const struct closing_cause *cause);
void ladder_supersede(struct turn *turn, struct deadline *deadline, size_t step, const char *what,
                      const char *why);

/* -- outbox.c -- */
void outbox_queue(struct turn *turn, struct notification *take);
void outbox_requeue(struct turn *turn, struct notification *note); /* it waits otherwise, or elsewhere */
/* Notifications are numbered from 1 within their deadline, so they are found without an index of their own.
 */
struct notification *outbox_numbered(const struct engine *engine, const struct deadline *deadline,
                                     int32_t number);
void outbox_withdraw(struct turn *turn, struct deadline *deadline,
                     const char *why);                             /* everything still queued */
void outbox_overdue(struct turn *turn, struct notification *note); /* its `expires` or `ends` has passed */
void outbox_end_reminders(struct turn *turn, struct deadline *deadline); /* its due has passed */
void outbox_dead(struct turn *turn, struct notification *note, const char *why);
/* A recipient who cannot be reached at all: a dead letter without a notification. */
void outbox_dead_recipient(struct turn *turn, const struct deadline *deadline, const struct step *step,
                           const char *to, const char *why);

/* -- intake.c -- */
void intake_bad(struct turn *turn, const char *why); /* the current event goes to the dead letters */
/* The values under which an event names deadlines by a selector's key; false if one is missing. */
bool intake_values(const struct turn *turn, const struct rule_ref *ref,
                   const char *values[static RULE_KEYS_MAX]);
/* The same as fields. */
bool intake_key(const struct turn *turn, const struct rule_ref *ref, struct field key[static RULE_KEYS_MAX]);
bool intake_has_values(const struct deadline *deadline, const struct form *form, const char *const *values);
/* The owner, or whoever answers while the owner is away. */
bool intake_acts_for(const struct turn *turn, const char *owner_id, const char *actor);
/* What an event says of the period and of the series that it means; NULL where it says nothing. */
const char *intake_named_period(const struct turn *turn, const struct rule_ref *ref);
const char *intake_named_series(const struct turn *turn, const struct rule_ref *ref);
/* The event does nothing: counted and in the journal. */
void intake_unmatched(struct turn *turn, const struct rule_ref *ref, const char *why);
void intake_repeated(struct turn *turn, const struct rule_ref *ref, const char *why);
void intake_journal(struct turn *turn, const struct rule_ref *ref, const char *what, const char *why);

/* -- command.c -- */
int command_serve(struct turn *turn);
size_t command_estimate(struct turn *turn); /* deadlines that it may open at the most */

#endif
