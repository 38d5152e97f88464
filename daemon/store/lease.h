/* lease.h: who owns a shard: a key with a random token and a time to live. A new token for every command
 * connection, taken by compare-and-set from the token before, shuts out bytes of the old connection that are
 * still on their way.
 *
 * The owner counts the lease from before it sent the request, by CLOCK_BOOTTIME, so it never believes in it
 * longer than Redis does. */
#ifndef CUIBAN_STORE_LEASE_H
#define CUIBAN_STORE_LEASE_H

#include "store/clock.h"
#include "store/commit.h"

enum {
    LEASE_TTL_MS = 30 * 1000, /* by default */
    LEASE_RENEWALS = 6,       /* in one time to live */
    LEASE_MARGIN_SHARE = 15,  /* an attempt ends this part of the time to live before the lease does */
    LEASE_OLD_MAX = 8,
    LEASE_HOLDER_MAX = 64,
};

struct lease {
    int64_t ttl_ms;
    char token[COMMIT_TOKEN_MAX];
    char old[LEASE_OLD_MAX][COMMIT_TOKEN_MAX]; /* ours, sent to Redis with an outcome that we do not know */
    size_t n_old;
    bool held;
    struct monotonic until;
};

void lease_init(struct lease *lease, int64_t ttl_ms);
/* A new token for a new connection; the one before is remembered. 0 or a negative errno of getrandom. */
int lease_renew_token(struct lease *lease);

struct lease_wish {
    const char *rules; /* fingerprint */
    bool strict;       /* do not take it from a head that has other rules */
    bool count;        /* count this take: it may follow a death */
};
bool lease_send_take(const struct lease *lease, struct connection *connection, const struct keys *keys,
                     const struct lease_wish *wish, connection_reply *reply, void *data);
/* `health` (NULL: nothing) is kept beside the lease for others to read, as long as the lease. */
bool lease_send_renew(const struct lease *lease, struct connection *connection, const struct keys *keys,
                      const char *health, connection_reply *reply, void *data);
bool lease_send_release(const struct lease *lease, struct connection *connection, const struct keys *keys,
                        connection_reply *reply, void *data);

enum lease_answer {
    LEASE_HELD_BY_OTHER,
    LEASE_OURS,
    LEASE_OTHER_RULES,
    LEASE_HELD_FOR_EVER, /* by a hand that set no end: no daemon does that */
    LEASE_ERROR,
};
/* Judges an answer to take or renew that was asked at `asked`, and notes the new end. `redis_time` is written
 * unless LEASE_ERROR; `holder` (may be NULL) gets "host:pid" for LEASE_HELD_BY_OTHER. */
enum lease_answer lease_judge_take(struct lease *lease, const redisReply *reply, struct monotonic asked,
                                   instant *redis_time, char holder[LEASE_HOLDER_MAX]);
/* *refusal: why Redis would not write the health ("OOM ..."), or ""; as long as the reply. */
enum lease_answer lease_judge_renew(struct lease *lease, const redisReply *reply, struct monotonic asked,
                                    instant *redis_time, const char **refusal);

/* What is left of it, in ms; 0 or less: over. */
int64_t lease_left_ms(const struct lease *lease);
int64_t lease_renew_ms(const struct lease *lease); /* how often it is renewed */
bool lease_has_time(const struct lease *lease,
                    int64_t attempt_ms); /* an attempt of that length would end well before it */
/* The part of a token that may be shown: "host:pid". */
void lease_describe(const char *token, char *out, size_t room);

#endif
