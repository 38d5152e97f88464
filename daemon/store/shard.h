/* shard.h: one event stream with the state that belongs to it: the lease, the engine, the commits.
 *
 * A shard stands by until it gets the lease, loads, and then owns: it reads events, lets the engine decide,
 * and commits one numbered list of changes at a time (DESIGN.md section 4). All inputs meet in one turn:
 * events and commands read, time passed, claims and verdicts that delivery asked for. Runs on the loop of its
 * creator; no thread. The process must ignore SIGPIPE: libuv writes to sockets that Redis may have closed.
 *
 * Losing the connection, the lease or the numbering throws the engine away and starts again at stand-by;
 * `on_lost` says so and every engine pointer handed out before is dead. A shard that must not go on (damaged
 * or missing durable state) stops for good with a reason. */
#ifndef CUIBAN_STORE_SHARD_H
#define CUIBAN_STORE_SHARD_H

#include <uv.h>

#include "core/engine.h"
#include "store/clock.h"

struct shard;

enum shard_state { SHARD_CONNECTING, SHARD_STANDBY, SHARD_LOADING, SHARD_OWNER, SHARD_STOPPED };
const char *shard_state_name(enum shard_state state);

struct shard_options {
    uv_loop_t *loop;
    const char *redis; /* unix:/path, redis://[user[:password]@]host[:port][/db] */
    const char *stream;
    const char *start; /* "now", "begin", or a stream id: where a shard begins that has no head yet */
    int64_t journal_ms;
    int64_t grace_ms;
    int64_t lease_ms;   /* time to live of the lease; 0: 30 s */
    struct speed speed; /* the clock's rate; {0} for real time */
    struct engine_parts parts;
};

struct shard_hooks { /* all are called from the loop, never from inside a shard_* call */
    void *data;
    void (*on_owned)(void *data,
                     struct shard *shard); /* the first commit is in: delivery may look at the outbox */
    void (*on_lost)(void *data, struct shard *shard);
    /* A commit has been acknowledged: `queued` and `withdrawn` are lists of notification ids, each
     * NUL-terminated. */
    void (*on_committed)(void *data, struct shard *shard, const struct buffer *queued,
                         const struct buffer *withdrawn);
    void (*on_stopped)(void *data, struct shard *shard, const char *reason);
    void (*on_log)(void *data, struct shard *shard, int priority, const char *text); /* syslog(3) priority */
    /* Memory has run out; the log says where. The shard has let go of what it had: a process that is started
     * again has room, this one may never have. May be NULL: it loads again. */
    void (*on_starved)(void *data, struct shard *shard);
};

/* 0, -EINVAL (redis address or stream name that cannot be used; *why: what and hint, static) or -ENOMEM. */
int shard_create(const struct shard_options *options, const struct shard_hooks *hooks, struct shard **out,
                 const char **why);
/* Stops reading, lets the commit in flight end within `limit_ms`, releases the lease, closes; then calls
 * `done`, after which the shard is gone. A Redis that is away or mute is waited for for a second: what could
 * not be committed counts as uncertain. */
void shard_close(struct shard *shard, int64_t limit_ms, void (*done)(void *data), void *data);

/* Takes other rules, people and templates with the next commit, which is the record of that alone (everything
 * else that the options held must be the same). Whatever the parts point to, old and new, must stay until
 * shard_is_settled. */
void shard_reload(struct shard *shard, const struct engine_parts *parts);
/* Nothing points to the parts before the last reload any more, and no deadline waits to be brought over. */
bool shard_is_settled(const struct shard *shard);
/* Other files were not taken: the journal and the head say so, as soon as the shard is owned. */
void shard_refuse_reload(struct shard *shard, size_t errors, const char *why);

enum shard_state shard_state(const struct shard *shard);
const char *shard_stream(const struct shard *shard);
const struct engine *shard_engine(const struct shard *shard); /* NULL unless SHARD_OWNER */
instant shard_now(const struct shard *shard);                 /* the shard's time */

/* Asks for a claim of the notifications; the ids are copied. After the commit is acknowledged, `done` gets
 * the ids that were really claimed (n = 0: none, nothing may be sent), valid during the call. The attempt
 * must end `limit_ms` after the call of `done`; a shard whose lease would end sooner claims nothing. `done`
 * is always called once, with n = 0 if the shard was lost meanwhile. */
typedef void shard_claimed(void *data, const char *const *ids, size_t n);
void shard_claim(struct shard *shard, const char *const *ids, size_t n, int64_t limit_ms, shard_claimed *done,
                 void *data);
/* The end of an attempt. Kept through reconnects while this daemon owns the shard again before somebody else.
 */
void shard_verdict(struct shard *shard, const char *const *ids, size_t n, const struct verdict *verdict);
/* See engine_refuse. */
void shard_refuse(struct shard *shard, const char *id, const char *reason);

struct shard_status {
    enum shard_state state;
    uint64_t seq; /* of the last acknowledged commit */
    uint64_t events, commits, lost_events;
    uint64_t loaded; /* entries in memory */
    int64_t lag_ms;  /* age of the oldest event not applied yet, 0 if none is known */
    int64_t commit_ms_last;
    bool held;         /* firing is held: the clocks disagree */
    char holder[64];   /* who holds the lease, if it is somebody else */
    char problem[200]; /* what is wrong now, or "" */
    /* How long each has gone wrong, in real milliseconds; 0: not at all (core/health.h). */
    int64_t silent_ms;   /* since Redis answered last; about a second if all is well */
    int64_t unserved_ms; /* since it was owned or stood by */
    int64_t unread_ms, uncommitted_ms, unrenewed_ms, unclaimed_ms;
    char held_words[200], refused_words[200], renewal_words[200];
    bool has_no_aof;
    char evicts[32]; /* the maxmemory-policy, if it is one that evicts */
};
struct shard_status shard_get_status(const struct shard *shard);
/* What others are to read about the health of this shard: written beside the lease at each renewal, and gone
 * with it. At most SHARD_HEALTH_MAX bytes. */
enum { SHARD_HEALTH_MAX = 16 * 1024 };
void shard_tell_health(struct shard *shard, const char *json);

#endif
