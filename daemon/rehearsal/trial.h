/* trial.h: two sets of rules on one history: what the running rules make of it and what others would, both on
 * the production engine, with one directory.
 *
 * Rules whose text is the same on both sides are played once, unless they open after one that is not, or one
 * that is not after them: else no rule has a say in what another does. So a trial of one changed rule costs
 * hardly more than one replay.
 *
 * Order: create; for each stream begin, events and commands, end; then the ledgers are complete. Streams are
 * played one after the other, each from the beginning of time. */
#ifndef CUIBAN_REHEARSAL_TRIAL_H
#define CUIBAN_REHEARSAL_TRIAL_H

#include "rehearsal/ledger.h"

struct trial;

enum trial_part { TRIAL_SAME, TRIAL_THEN, TRIAL_NOW, TRIAL_PARTS };

/* Both know the channels; they and the texts of the choice must outlive it. 0 or -ENOMEM. */
int trial_create(const struct config *then, const struct config *now, const struct ledger_choice *choice,
                 struct trial **out);
void trial_destroy(struct trial *trial); /* NULL is fine */

/* A stream begins; `at` INSTANT_NONE: with its first event. No event after `until` is taken. 0 or -ENOMEM. */
int trial_begin(struct trial *trial, instant at, instant until, bool is_home);
/* An event of the stream; `at` INSTANT_NONE: at its own time, or at once if that has passed. 0; -EINVAL with
 * *why: a bad event, left out (also an event without a time that opens a stream); -ERANGE: it is
 * after `until`; -ENOMEM; -E2BIG: a bound of the ledgers. */
int trial_put(struct trial *trial, const struct rehearsal_event *put, const char **why);
/* A command; on each side its field `deadline` becomes the number that the deadline of this opening has
 * there. -ENOENT: on neither side there is one. */
int trial_command(struct trial *trial, const struct rehearsal_event *command, uint64_t opening);
/* Everything up to and at `until` happens, and the stream is over. */
int trial_end(struct trial *trial, instant until);

instant trial_now(const struct trial *trial); /* of the stream at hand, or of the last one; INSTANT_NONE */
const struct ledger *trial_ledger(const struct trial *trial, enum trial_part part);
size_t trial_rules(const struct trial *trial, enum trial_part part);

struct trial_counts {
    uint64_t events, bad; /* events taken; of those left out */
    uint64_t disordered;  /* events that happened before one that came earlier */
    uint64_t commands;
    uint64_t lacking[TRIAL_PARTS]; /* times that an event lacked what a rule needs: a key, a date */
    instant first, last;           /* of all streams: the beginning and the last event */
};
struct trial_counts trial_count(const struct trial *trial);

#endif
