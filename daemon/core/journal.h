/* journal.h: the records of the journal: what was decided, done and told, one JSON object each. `explain`
 * reads them.
 *
 * One journal entry per commit (fields `seq`, `now` in ms, `records`: a JSON array). Every record has `e`,
 * what happened, and, if it concerns one deadline, `d`, its id, and `r`, its rule. `future` is true where an
 * event brought it about that was stamped ahead and counted as now. Times are ms since the epoch.
 *
 *   opened         k (identity), owner, dept, due, start, event, received, case (which of the dues),
 *                  period, late, sleeping (until), provisional; woke: the same when it wakes
 *   owner_unknown  owner, why
 *   early          k: a meet came before its opening and is remembered
 *   met met_late cancelled waived     at (event time), by, event, late_ms (elapsed), late_wm (working minutes
 *                  of its calendar; 0: none, and late all the same), stop, why
 *   paused resumed at, due (new), why (resumed because max_pause is used up)
 *   changed        due, was; restarted: as opened; owner: owner, was
 *   recounted      due, was, why, sleeping (until), provisional: the calendars have changed
 *   recomputed     v (fingerprint of the rule's text), old, and as recounted: the rule has changed
 *   kept           v, why: the rule has changed, but the deadline cannot stand by the new text
 *   reload         was, rules (fingerprints of all rules), new, changed, gone (rules): other files from here
 * on reloaded       rules, recomputed, kept, recounted: how many deadlines; all of them have come over
 *   provisional    due, calendar, why: it comes within 60 days and depends on dates that are not covered
 *   overdue        the due has passed
 *   step           s (name), at (planned): it fired; superseded, skipped, catch_all: s, to, why
 *   fell           s, to, for: all whom the step names have fallen away; silent: s, why: and nobody takes it
 *   queued         n (notification), to, via, phase, on_behalf, stands_for, copy, not_before, quiet
 *   claimed        n, attempt, ends
 *   delivered      n, to, via, remote
 *   retry backoff reauth refused misconfigured uncertain     n, code, why, next
 *   moved          n, phase, to, via, was, not_before, quiet, why: it waits otherwise by other settings
 *   rerouted       n, phase, to, was, via, why: by other settings it leaves on another channel
 *   withdrawn      n, why; held, dead: n, why; fallback: n, via, was, why
 *   recurs         k, next, until: an event began a recurrence; recurs_changed; recurs_ended: k, why
 *   period_missed  period, n: openings of a downtime that came too late to matter
 *   ack            by, to, until; command: type, by, ok, why
 *   unmatched repeat bad future       event, type, why
 *   lost           events, before: trimmed before they were read
 *   gap            from, to: commits that Redis lost in a failover
 *   clock          was, at: the shard's time went from one to the other, because somebody said that it is
 * right
 */
#ifndef CUIBAN_CORE_JOURNAL_H
#define CUIBAN_CORE_JOURNAL_H

#include "change.h"
#include "deadline.h"
#include "json.h"
#include "notification.h"

/* Begins one record at the end of the list and leaves it open for further members until journal_end: one
 * record at a time. */
struct journal_record {
    struct json_writer json;
    struct changes *changes;
};
void journal_begin(struct journal_record *record, struct changes *changes, const char *what);
void journal_begin_deadline(struct journal_record *record, struct changes *changes, const char *what,
                            const struct deadline *deadline);
void journal_begin_notification(struct journal_record *record, struct changes *changes, const char *what,
                                const struct notification *notification);
void journal_end(struct journal_record *record);

#endif
