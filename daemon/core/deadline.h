/* deadline.h: one thing that one owner owes by one time, and its text in Redis.
 *
 * Owned by the engine. Everything a message or an explanation needs is in here or in its rule: the fields of
 * the events that opened and changed it are kept. */
#ifndef CUIBAN_CORE_DEADLINE_H
#define CUIBAN_CORE_DEADLINE_H

#include "agenda.h"
#include "buffer.h"
#include "rule.h"

enum {
    DEADLINE_ID_MAX = 16,
    DEADLINE_TOLD_MAX = 32,   /* the latest are kept */
    DEADLINE_ACKS_MAX = 16,   /* likewise */
    DEADLINE_PAUSES_MAX = 64, /* more are refused and journalled */
};

enum deadline_state {
    DEADLINE_SLEEPING, /* opened, but its `from` has not come */
    DEADLINE_OPEN,
    DEADLINE_OVERDUE,
    DEADLINE_PAUSED,
};
const char *deadline_state_name(enum deadline_state state);

enum closing { CLOSED_MET, CLOSED_MET_LATE, CLOSED_CANCELLED, CLOSED_WAIVED };
const char *closing_name(enum closing closing); /* "met", "met_late", "cancelled", "waived" */

struct closing_cause {
    enum closing how;
    instant at;       /* event time */
    const char *by;   /* person id or "" */
    const char *stop; /* the named stop, or NULL */
    const char *note; /* what an operator said, or NULL */
};

struct step_state {
    instant at;     /* where its next firing stands in the ladder; INSTANT_NEVER: it has none (any more) */
    instant fires;  /* when that happens: earlier for quiet hours, later for the gap */
    uint16_t fired; /* firings so far, those not sent included */
};

/* The latest rung that fired: what the gap before the next one after due is counted from. */
struct rung {
    instant at;    /* where it stood; INSTANT_NONE: none has fired */
    instant left;  /* when the last of its messages could leave */
    instant ended; /* when none of them was under way any more; INSTANT_NEVER: one still is */
    int32_t first; /* its notifications have higher numbers than this */
};

struct told { /* one person who was told */
    char *person;
    enum phase phase;
    instant at;
};

struct ack { /* no repeats to this person */
    char *person;
    instant until;
};

struct deadline {
    struct agenda_entry agenda; /* first: an agenda entry is its deadline */
    char id[DEADLINE_ID_MAX];
    const struct rule *rule;
    enum deadline_state state;
    char *owner;          /* person id; "" if nobody could be found */
    char *department;     /* id; "" */
    struct fields fields; /* one block, owned */
    char *fields_block;
    instant opened;   /* event time of the opening */
    instant received; /* the shard's time when it was applied */
    instant wake;     /* of a sleeping one */
    instant asked;    /* where the step stands that short notice implies; INSTANT_NEVER: it is not needed */
    instant due;
    instant start; /* from where due is counted: opened, or wake */
    struct pause *pauses;
    size_t n_pauses;
    struct step_state *steps; /* one for each step of the rule */
    struct rung last;
    struct told *told;
    size_t n_told;
    struct ack *acks;
    size_t n_acks;
    int32_t due_case;               /* which of the rule's dues was chosen: see rule_due_span */
    int32_t numbered;               /* notifications so far: the next is <id>-<numbered + 1> */
    bool late_event;                /* opened by an event that came late: nobody is to blame */
    bool was_overdue;               /* has passed its due while open; stays through a pause */
    bool extended;                  /* due was set by an `extend` command: not recounted */
    bool owner_fixed;               /* reassigned, or from an event field: not followed */
    bool provisional;               /* due depends on dates that no calendar covers yet */
    bool warned;                    /* of that, in the journal */
    bool is_silent;                 /* a step had nobody left to tell, and nobody has heard since */
    bool is_unread;                 /* its own rule's text could not be read: it has today's; not stored */
    instant pause_ends;             /* of a paused one: when the rule's max_pause is used up; not stored */
    char reopened[DEADLINE_ID_MAX]; /* the closed one that was sent back, or "" */
    char after[DEADLINE_ID_MAX];    /* the one whose closing opened this one (`open.after`), or "" */
    uint32_t came;                  /* of `meet.all`: a bit for each event of rule_all() that has come */
    instant came_at;                /* the latest of them; INSTANT_NONE */
    struct stream_id event;
};

struct deadline *deadline_create(const struct rule *rule); /* NULL: out of memory */
void deadline_destroy(struct deadline *deadline);          /* must be in no agenda */
/* It goes on under another text of its rule: what its steps have done is known by their names. 0 or -ENOMEM.
 */
int deadline_set_rule(struct deadline *deadline, const struct rule *rule);
/* Have all events come that this text wants all of? */
bool deadline_would_be_met(const struct deadline *deadline, const struct rule *rule);

/* Remembers that a person was told, or that one acknowledged; the oldest are forgotten. 0 or -ENOMEM. */
int deadline_tell(struct deadline *deadline, const char *person, enum phase phase, instant at);
int deadline_ack(struct deadline *deadline, const char *person, instant until);
bool deadline_has_come(const struct deadline *deadline, size_t i); /* the event of `meet.all` */
bool deadline_is_acked(const struct deadline *deadline, const char *person, instant now);
int deadline_pause(struct deadline *deadline, instant from); /* -E2BIG: DEADLINE_PAUSES_MAX */

/* Copies the fields; those in `over` win over those in `base`. 0 or -ENOMEM. */
int deadline_set_fields(struct deadline *deadline, const struct fields *base, const struct fields *over);

/* rule|value|value: the case that a deadline is about, the beginning of its identity. */
void deadline_case(const struct rule *rule, const struct fields *fields, struct buffer *out);
/* rule|value|value[|owner][|period][|series]: what is unique among the open deadlines, and the key of
 * `closed` and `early`.
 * '|' and '\' in values are escaped with '\'. `owner` NULL leaves it out. */
void deadline_identity(const struct rule *rule, const struct fields *fields, const char *owner,
                       struct buffer *out);
/* The owner as far as the identity has it: NULL if one case of the rule has one owner. */
const char *deadline_identity_owner(const struct deadline *deadline);

/* JSON in base:deadlines; the id is the hash field and not repeated in the text. `deadline_decode` finds the
 * rule by its fingerprint through `find`; -ENOENT if it is unknown, -EINVAL with *why (static) if the text is
 * damaged. */
void deadline_encode(const struct deadline *deadline, struct buffer *out);
typedef const struct rule *deadline_find_rule(const void *data, const char *name, const char *fingerprint);
int deadline_decode(const char *json, size_t n, deadline_find_rule *find, const void *data,
                    struct deadline **out, const char **why);

/* Where its clock stands at an instant: while it is paused, where the pause began. */
instant deadline_clock(const struct deadline *deadline, instant at);

bool deadline_check(const struct deadline *deadline); /* its invariants */

#endif
