/* comparison.h: two ledgers of one history, side by side: which messages come earlier or later, which no
 * longer, which are new, and why, as far as the rules say it.
 *
 * A message is the same on both sides if it tells the same person of the same opening in the same phase.
 * Steps of one name are matched first, then what is left in the order of time: a step that moved from due+8h
 * to due+8wh has moved, it is not another one. The ledgers must outlive the comparison. */
#ifndef CUIBAN_REHEARSAL_COMPARISON_H
#define CUIBAN_REHEARSAL_COMPARISON_H

#include "rehearsal/ledger.h"

enum difference {
    DIFFERENCE_NONE,
    DIFFERENCE_CHANNEL, /* at the same instant, another way */
    DIFFERENCE_EARLIER,
    DIFFERENCE_LATER,
    DIFFERENCE_DROPPED, /* no longer sent */
    DIFFERENCE_NEW,
    DIFFERENCES,
};

struct compared {                            /* one message, on either side or on both */
    const struct ledger_message *then, *now; /* NULL: not there */
    enum difference difference;
};

struct comparison {
    const struct ledger *then, *now;
    struct compared *items; /* messages of one opening stand together */
    size_t n;
    size_t totals[DIFFERENCES];
};

int comparison_create(const struct ledger *then, const struct ledger *now,
                      struct comparison *out); /* -ENOMEM */
void comparison_finish(struct comparison *comparison);

/* The rule that a message is of; its name is the same on both sides. */
const char *comparison_rule(const struct comparison *comparison, const struct compared *compared);

enum cause {
    CAUSE_NONE,
    CAUSE_RULE_GONE,  /* no rule has this name any more; the line is of the old one */
    CAUSE_RULE_NEW,   /* none had it */
    CAUSE_NOT_OPENED, /* this case is not opened any more */
    CAUSE_OPENED,     /* this case was not opened before */
    CAUSE_DUE,        /* the due is another one */
    CAUSE_STEP,       /* the step stands elsewhere, or may leave at another time */
    CAUSE_NO_STEP,    /* there is no such step any more */
    CAUSE_CLOSED,     /* it was over before the step came */
    CAUSE_RECIPIENT,  /* the step tells others */
    CAUSE_CHANNEL,
};

struct comparison_cause {
    enum cause cause;
    const char *file; /* of the line that says so: of the new rules, but for CAUSE_RULE_GONE */
    int line;
    const char *step;                     /* its name, or NULL */
    instant due_then, due_now, closed_at; /* of CAUSE_DUE and CAUSE_CLOSED */
};
struct comparison_cause comparison_why(const struct comparison *comparison, const struct compared *compared);

#endif
