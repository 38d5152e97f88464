/* tally.h: what two sets of rules come to, counted: per rule, per recipient, per channel.
 *
 * A side is up to two ledgers: that of the rules that are the same on both sides, played once, and that of
 * the side's own. All names are numbers of the ledgers' common table; arrays are the caller's to free. */
#ifndef CUIBAN_REHEARSAL_TALLY_H
#define CUIBAN_REHEARSAL_TALLY_H

#include "core/zone.h"
#include "rehearsal/comparison.h"

enum tally_side { TALLY_THEN, TALLY_NOW, TALLY_SIDES };

struct tally_request {
    const struct ledger *same;           /* of both sides */
    const struct comparison *comparison; /* of what differs */
    const struct zone *zone;             /* whose days and minutes */
};

struct tally_rule_side {
    bool exists;
    size_t deadlines, met, overdue; /* overdue: met late, or open past its due */
    size_t messages, escalations;   /* without the owner's copies */
};
struct tally_rule {
    const char *name;
    bool is_same; /* played once for both sides */
    struct tally_rule_side sides[TALLY_SIDES];
    size_t differences[DIFFERENCES];
    size_t dues_earlier, dues_later; /* of deadlines that both sides opened */
    size_t spared;           /* escalations no longer sent, because it was over before the new step came */
    const char *spared_step; /* the step, if it is one and the same; NULL */
};
/* By name. 0 or -ENOMEM. */
int tally_rules(const struct tally_request *request, struct tally_rule **out, size_t *n);

struct tally_recipient_side {
    size_t messages;
    size_t most; /* on one day */
    int32_t most_day;
    size_t crowded; /* instants at which messages of three or more steps arrived */
};
struct tally_recipient {
    uint32_t name;
    struct tally_recipient_side sides[TALLY_SIDES];
};
/* By name's number. 0 or -ENOMEM. */
int tally_recipients(const struct tally_request *request, struct tally_recipient **out, size_t *n);

struct tally_channel_side {
    size_t messages;
    size_t peak;      /* in any 60 seconds */
    instant peak_at;  /* where they begin */
    size_t delayed;   /* those that its rate would hold back */
    int64_t delay_ms; /* the longest */
};
struct tally_channel {
    uint32_t name;
    struct tally_channel_side sides[TALLY_SIDES];
};
/* What the channel takes, or false: no limit. */
typedef bool tally_rate(void *data, const char *channel, int64_t *tokens, int64_t *per_ms);
int tally_channels(const struct tally_request *request, tally_rate *rate, void *data,
                   struct tally_channel **out, size_t *n);

size_t tally_deadlines(const struct tally_request *request, enum tally_side side);
size_t tally_messages(const struct tally_request *request, enum tally_side side);

#endif
