/* history.h: the journal, record by record; what the records mean is in core/journal.h. */
#ifndef CUIBAN_CLI_HISTORY_H
#define CUIBAN_CLI_HISTORY_H

#include "core/arena.h"
#include "core/event.h"
#include "core/lateness.h"
#include "store/query.h"

struct history_record {
    struct stream_id at; /* of the journal entry, that is of the commit */
    uint64_t seq;
    size_t place;         /* among the records of the commit, from 0 */
    instant now;          /* the shard's time of the commit */
    const char *what;     /* its `e` */
    struct fields fields; /* all members as text, "d" and "r" included; lists joined by ", " */
};

/* Calls `on_record` for the records of all entries after `after`, oldest first; other than 0 from it ends the
 * walk and is returned. A record is valid during the call. `word` not NULL: entries whose text does not
 * contain it are passed over unread. 0, -EINVAL (a damaged entry), or what query_range returned. */
typedef int history_on_record(void *data, const struct history_record *record);
int history_read(struct query *query, struct stream_id after, const char *word, history_on_record *on_record,
                 void *data);

/* The members of one JSON object as text, in the way of a record. False: damaged, or no memory. */
bool history_fields(struct arena *arena, const char *json, size_t n, struct fields *out);

bool history_copy(struct arena *arena, const struct history_record *record, struct history_record *out);
/* A member's text; "" if it is missing, or if there is no record. */
const char *history_text(const struct history_record *record, const char *name);
/* The record that queued a notification, among those of its deadline; NULL. It says what later ones do not:
 * phase, for whom, whether a copy. `notification` may be NULL. */
const struct history_record *history_queueing(const struct history_record *records, size_t n,
                                              const char *notification);
/* The record that says until when it waits for quiet hours: that one, or a later one of other settings. NULL.
 */
const struct history_record *history_waiting(const struct history_record *records, size_t n,
                                             const char *notification);
/* Of a closing: how late it was; elapsed_ms is 0 if it was not. What was written before working minutes were
 * is counted by `calendar`. */
struct lateness history_lateness(const struct history_record *record, const struct calendar *calendar);
int64_t history_int(const struct history_record *record, const char *name, int64_t otherwise);

#endif
