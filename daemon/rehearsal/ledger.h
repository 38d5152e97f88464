/* ledger.h: what one set of rules has done with a history: every deadline with its end, every message with
 * its instant, in a form that fits by the million.
 *
 * A rehearsal writes it (ledger_watch, ledger_hooks); one rehearsal after the other may, each ended with
 * ledger_end. What belongs together in two ledgers has the same `opening`: rule, case, owner if there are
 * several, and the event that opened it, wherever and under whichever rules it was played. */
#ifndef CUIBAN_REHEARSAL_LEDGER_H
#define CUIBAN_REHEARSAL_LEDGER_H

#include "rehearsal/names.h"
#include "rehearsal/rehearsal.h"

enum { LEDGER_DEADLINES_MAX = 2 * 1000 * 1000, LEDGER_MESSAGES_MAX = 4 * 1000 * 1000 };

struct ledger;

enum ledger_state { LEDGER_OPEN, LEDGER_MET, LEDGER_MET_LATE, LEDGER_CANCELLED, LEDGER_WAIVED };

struct ledger_deadline {
    char id[DEADLINE_ID_MAX]; /* in its rehearsal */
    uint64_t opening;
    instant due, closed; /* as last known; INSTANT_NEVER while open */
    uint32_t text;       /* of its case, for ledger_case; 0: not kept */
    uint16_t rule;       /* its place in the rules */
    uint16_t due_case;
    uint8_t state;
    bool was_overdue;
    bool is_chosen; /* the case that was asked for */
};

struct ledger_message {
    instant at;
    uint32_t deadline;      /* its place in the ledger */
    uint32_t to, on_behalf; /* names: a person, or "group:CHANNEL"; NAMES_NONE */
    uint32_t channel;
    uint8_t step; /* its place in the rule's ladder */
    uint8_t phase;
    bool copy;
};

/* Of which cases the text is kept, because they will be listed. */
struct ledger_choice {
    const char *rule;          /* all of this rule; NULL */
    const char *field, *value; /* whose field has this value; field NULL: any field; value NULL: none */
};

/* Rules, names and the texts of the choice must outlive it. NULL: out of memory. */
struct ledger *ledger_create(const struct ruleset *rules, struct names *names,
                             const struct ledger_choice *choice);
void ledger_destroy(struct ledger *ledger);

struct engine_watch ledger_watch(struct ledger *ledger);
struct rehearsal_hooks ledger_hooks(struct ledger *ledger);
/* The rehearsal is over: what is open stays so. */
void ledger_end(struct ledger *ledger, const struct engine *engine);
int ledger_error(const struct ledger *ledger); /* 0; -ENOMEM; -E2BIG: more than its bounds allow */

size_t ledger_deadlines(const struct ledger *ledger, const struct ledger_deadline **out);
size_t ledger_messages(const struct ledger *ledger, const struct ledger_message **out);
const struct names *ledger_names(const struct ledger *ledger);
const struct ruleset *ledger_rules(const struct ledger *ledger);
/* Of a message. */
const struct ledger_deadline *ledger_deadline(const struct ledger *ledger,
                                              const struct ledger_message *message);
const struct rule *ledger_rule(const struct ledger *ledger, const struct ledger_deadline *deadline);
const struct step *ledger_step(const struct ledger *ledger, const struct ledger_message *message);
/* "interview=iv-1 2026-11": the key, the owner where there are several, the period and the series. "" if not
 * kept. */
const char *ledger_case(const struct ledger *ledger, const struct ledger_deadline *deadline);

const struct ledger_deadline *ledger_find(const struct ledger *ledger, uint64_t opening); /* NULL */
/* `identity` as deadline_identity has it without an owner; owner NULL: there is one only. */
uint64_t ledger_opening(const char *identity, const char *owner, struct stream_id event);

#endif
