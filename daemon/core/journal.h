/* journal.h: the records of the journal: what was decided, done and told, one JSON object each. `explain`
 * reads them.
 *
 * One journal entry per commit (fields `seq`, `now` in ms, `records`: a JSON array). Every record has `e`,
 * what happened, and, if it concerns one deadline, `d`, its id, and `r`, its rule. Times are ms since the
 * epoch.
 *
 *   opened      k (identity), owner, dept, due, start, event, received, span, case (index of the due case),
 *               late, sleeping (until), provisional, period,
 *   early       k: a meet came before its opening and is remembered; met_early: it met the opening
 *   met met_late cancelled waived   at (event time), by, event, late_ms, stop
 *   paused resumed   at, due (new), why (resumed because max_pause is used up)
 *   recounted   due, was, why, sleeping (until), provisional: the calendars have changed
 *   provisional   due, calendar, why: it comes within 60 days and still depends on dates that are not covered
 *   changed     due, was; restarted; extended (by, why); reassigned (owner, was, by, why); owner (followed:
 * owner, was) overdue     the due has passed step        s (name), at (planned): it fired; superseded /
 * skipped: s, why queued      n (notification), to, via, phase, on_behalf, copy; withdrawn: n, why; expired,
 * dead: n, why claimed     n, attempt, ends; delivered: n, via, ms, remote;
 * retry/backoff/reauth/refused/misconfigured/uncertain: n, code, why, next; held: n; fallback: n, via, was
 *   recurs (k, next, until): an event began a recurrence; recurs_changed; recurs_ended: k, why
 *   period_missed  period, n: openings of a downtime that came too late to matter
 *   ack         by, to, until
 *   unmatched repeat bad future   event, type, why; command: type, by, ok, why
 *   lost (events, before): trimmed before they were read; gap (from, to): commits that Redis lost in a
 * failover
 */
#ifndef CUIBAN_CORE_JOURNAL_H
#define CUIBAN_CORE_JOURNAL_H

#include "change.h"
#include "deadline.h"
#include "json.h"
#include "notification.h"

/* Opens one record and leaves it open for further members; journal_end appends it to the list. */
struct journal_record {
    struct json_writer json;
    struct buffer text;
    struct changes *changes;
};
void journal_begin(struct journal_record *record, struct changes *changes, const char *what);
void journal_begin_deadline(struct journal_record *record, struct changes *changes, const char *what,
                            const struct deadline *deadline);
void journal_begin_notification(struct journal_record *record, struct changes *changes, const char *what,
                                const struct notification *notification);
void journal_end(struct journal_record *record);

#endif
