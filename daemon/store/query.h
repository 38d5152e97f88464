/* query.h: a look at a shard's durable state from outside, and the two things that a tool may write: an event
 * and a command. Synchronous, for cuibanctl; no loop, one thread, every call ends within the time limit.
 *
 * All calls return 0 or a negative errno; query_problem then says in one sentence what went wrong (-ENOENT is
 * no problem: what was asked for is not there). After -ETIMEDOUT, -ECONNRESET or -EPROTO the connection is
 * dead: close. */
#ifndef CUIBAN_STORE_QUERY_H
#define CUIBAN_STORE_QUERY_H

#include "core/change.h"
#include "core/event.h"
#include "core/instant.h"

struct query;

enum { QUERY_PROBLEM_MAX = 256 };

/* Connects, authenticates, selects. On failure `problem` (QUERY_PROBLEM_MAX bytes) says why: -EINVAL for the
 * address or the stream's name, else the connection's trouble. */
int query_open(const char *redis, const char *stream, int64_t limit_ms, struct query **out,
               char problem[static QUERY_PROBLEM_MAX]);
void query_close(struct query *query); /* NULL is fine */
const char *query_problem(const struct query *query);

struct query_refusal { /* of the last reload */
    instant at;
    int64_t errors;
    char why[300]; /* the first of them */
};
struct query_head {
    int format;
    uint64_t seq, begun; /* different: a commit broke off in the middle, the shard is stopped */
    struct stream_id cursor, commands;
    int64_t read;                 /* events consumed; -1: not known yet */
    instant clock;                /* the shard's time at its last commit */
    char rules[17];               /* fingerprint of the rule set that committed last */
    int takes;                    /* times the lease was taken since a commit came through */
    char trying[64];              /* the event on trial after crashes, or "" */
    struct query_refusal refused; /* .errors 0: the last reload was taken, or there was none */
};
int query_head(struct query *query, struct query_head *out); /* -ENOENT: this shard has never started */

/* One field of a table (for TABLE_SEEN the score, for TABLE_STATS the count). -ENOENT if it is not there.
 * `out` is cleared first. Not for TABLE_DEAD, a stream. */
int query_get(struct query *query, enum change_table table, const char *key, struct buffer *out);

/* Every field of a table, in no order; a field that changes meanwhile may come twice. A callback that returns
 * other than 0 ends the walk, and that is what the call returns. */
typedef int query_entry(void *data, const char *key, const char *value, size_t value_n);
int query_each(struct query *query, enum change_table table, query_entry *entry, void *data);
int query_count(struct query *query, enum change_table table,
                uint64_t *out); /* entries of a table or of `dead` */

enum query_stream {
    QUERY_JOURNAL, /* fields seq, now (ms), records (a JSON array) */
    QUERY_DEAD,    /* fields seq, now (ms), entry (JSON) */
    QUERY_EVENTS,
    QUERY_COMMANDS,
};
/* Entries from one id to another, both included ("-" and "+" are the ends; "(ID" leaves ID out), at most
 * `max` (0: all), oldest first, or newest first if `reverse` (then `from` is still the older end). The
 * callback as above; names and values are length-counted and valid during the call. */
typedef int query_item(void *data, struct stream_id at, const struct raw_field *fields, size_t n);
int query_range(struct query *query, enum query_stream stream, const char *from, const char *to, size_t max,
                bool reverse, query_item *item, void *data);
/* Appends to the event stream or the command stream (others: -EINVAL). A stream that does not exist is
 * created only if `create`; else -ENOENT. `at` gets the new id. */
int query_add(struct query *query, enum query_stream stream, const struct field *fields, size_t n,
              bool create, struct stream_id *at);
/* Takes a dead letter away, after it was played again or read. -ENOENT if it is gone. */
int query_remove_dead(struct query *query, struct stream_id at);

struct query_stream_info {
    bool exists;
    uint64_t length;
    int64_t added; /* ever; -1 before Redis 7 */
    struct stream_id first, last;
};
int query_stream_info(struct query *query, enum query_stream stream, struct query_stream_info *out);

/* Who owns the shard: "host:pid", and for how long the lease still runs. -ENOENT: nobody. */
int query_holder(struct query *query, char *out, size_t room, int64_t *left_ms);

/* What the owner says of its health, as long as it holds the lease: JSON as in core/health.h. -ENOENT:
 * nothing. `out` is cleared first. */
int query_health(struct query *query, struct buffer *out);

struct query_server {
    char version[32];
    char role[16];             /* master, slave */
    char maxmemory_policy[32]; /* anything but noeviction is refused by the daemon */
    bool appendonly;
    uint64_t used_bytes, max_bytes; /* max 0: no limit */
    int connected_replicas;
    instant now; /* Redis TIME */
};
int query_server(struct query *query, struct query_server *out);

/* Where the shard's keys are, for messages: "cuiban:{hr:events}:head". */
const char *query_head_key(const struct query *query);

#endif
