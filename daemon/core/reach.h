/* reach.h: who is told by a step of a deadline, on which channel, and who is not and why: the one answer that
 * firing, plans, messages and `check` go by (cuiban-rules(5), RECIPIENTS).
 *
 * Pure and silent: the question is only read, texts of the answer belong to the rule, the directory, the
 * deadline or to nobody (static). Nothing about time: quiet hours and gaps are the caller's. */
#ifndef CUIBAN_CORE_REACH_H
#define CUIBAN_CORE_REACH_H

#include "deadline.h"
#include "directory.h"
#include "ruleset.h"

enum { REACHED_MAX = 2 * PATH_RESULT_MAX, MISSED_MAX = PATH_RESULT_MAX };

struct reach_question {
    const struct directory *people;
    const struct ruleset *rules;
    const struct deadline *deadline;
    size_t step;
    instant at;                          /* when it fires: who is away, who has left */
    bool counts_acks;                    /* whoever acknowledged is not told again */
    const struct closing_cause *closing; /* of a step at "closed"; else NULL */
};

struct reached {           /* one message */
    const char *person;    /* "" for a post to a group */
    const char *on_behalf; /* whom the person answers for, or NULL */
    const char *group;     /* channel of a post, or NULL */
    const char *channel;
    enum phase phase;
    bool copy; /* the owner's, of what somebody else is told */
    bool is_requester;
};

enum missed_kind {
    MISSED_SKIPPED,   /* said in the journal, and that is all */
    MISSED_CATCH_ALL, /* a path that names nobody: catch_all is told instead */
    MISSED_DEAD,      /* nothing leads to this person: a dead letter */
};

struct missed {
    const char *who; /* a person's id, or a path as written */
    const char *why; /* static English sentence */
    enum missed_kind kind;
};

struct reach_answer {
    const char *where; /* the condition of the step that fails, or NULL: then nobody is told or missed */
    struct reached reached[REACHED_MAX];
    size_t n_reached;
    struct missed missed[MISSED_MAX];
    size_t n_missed;
};

void reach_ask(const struct reach_question *question, struct reach_answer *out);

/* The person's own channel, else the department's, else the default, or the fallback that reaches the person;
 * NULL. */
const struct channel_facts *reach_direct(const struct directory *people, const struct ruleset *rules,
                                         const struct person *person, bool direct_only);
/* The channel after `channel` in the chain of fallbacks on which the person can be reached, or NULL. */
const struct channel_facts *reach_fallback(const struct ruleset *rules, const char *channel,
                                           const struct person *person, bool direct_only);

#endif
