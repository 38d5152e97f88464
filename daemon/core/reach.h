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
    int32_t firing;                      /* of a step that repeats: how many came before this one */
    bool counts_acks;                    /* whoever acknowledged is not told again */
    const struct closing_cause *closing; /* of a step at "closed"; else NULL */
};

struct reached {            /* one message */
    const char *person;     /* "" for a post to a group */
    const char *on_behalf;  /* whom the person answers for, or NULL */
    const char *stands_for; /* whom the step named and nothing reaches: a person's id or a path; or NULL */
    const char *group;      /* channel of a post, or NULL */
    const char *channel;
    enum phase phase;
    bool copy; /* the owner's, of what somebody else is told */
    bool is_requester;
};

enum missed_kind {
    MISSED_SKIPPED,   /* is not told again, or need not be: nobody takes the place */
    MISSED_FALLEN,    /* has fallen away */
    MISSED_DEAD,      /* the same, and nothing leads to this person: a dead letter */
    MISSED_CATCH_ALL, /* a path that names nobody: catch_all is told instead */
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
    const char *fell_to; /* all that a step at or after due names besides the owner have fallen away: who is
                            told in their place (with the first and the last of its firings); or NULL */
    const char *stands_for; /* in whose place; NULL if nobody has fallen away */
    bool is_silent;         /* they have, and there is nobody to take it: nobody but the owner hears */
};

/* At due and after it a step whose people have all fallen away (a vacancy, a leaver, the ceiling, `except`,
 * the late person himself, no channel) goes to the first of requester, HRBP of the department, catch_all who
 * is not the owner and can be told. What falls away before due is skipped. */
void reach_ask(const struct reach_question *question, struct reach_answer *out);
/* Does anybody besides the owner hear? */
bool reach_is_heard(const struct reach_question *question, const struct reach_answer *answer);
bool reach_is_excepted(const struct deadline *deadline, const char *person); /* by the rule's `except` */

/* The person's own channel, else the department's, else the default, or the fallback that reaches the person;
 * NULL. */
const struct channel_facts *reach_direct(const struct directory *people, const struct ruleset *rules,
                                         const struct person *person, bool direct_only);
/* The channel after `channel` in the chain of fallbacks on which the person can be reached, or NULL. */
const struct channel_facts *reach_fallback(const struct ruleset *rules, const char *channel,
                                           const struct person *person, bool direct_only);

#endif
