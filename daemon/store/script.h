/* script.h: the four Lua texts. Each first checks everything that could fail and writes only then: Redis does
 * not roll a script back.
 *
 * A token is 32 random hexadecimal digits, '@', and "host:pid" for people. Error replies that begin with
 * STALE mean that somebody else owns the shard or moved its number; DAMAGED means durable state that no
 * commit may follow. */
#ifndef CUIBAN_STORE_SCRIPT_H
#define CUIBAN_STORE_SCRIPT_H

/* KEYS lease head; ARGV: new token, ttl ms, fingerprint of our rules, strict (1: refuse if head.rules
 * differs), count (1: count this take in head.takes), then the tokens of ours that may still be in there.
 * Returns { 1 taken | 0 held | 2 free but the rules differ, lease before, seconds, microseconds }. */
extern const char script_take[];

/* KEYS lease; ARGV: token, ttl ms. Returns { 1 or 0, seconds, microseconds }. */
extern const char script_renew[];

/* KEYS lease head; ARGV: token. A clean end: nobody died, so the counter of takes starts again. Returns 1 or
 * 0. */
extern const char script_release[];

/* KEYS: the twelve of keys.h. ARGV: see enum commit_argument, then sections: key number, letter, count of
 * arguments, arguments. Letters: S HSET, D HDEL, Z ZADD, z ZREM, I HINCRBY, X XADD (one field each). Returns
 * { seq, HLEN deadlines, HLEN outbox }. */
extern const char script_commit[];

enum commit_argument { /* ARGV counts from 1 */
                       COMMIT_TOKEN = 1,
                       COMMIT_FOLLOWS, /* the number that this commit follows; "0" for the first of a shard */
                       COMMIT_SEQ,
                       COMMIT_NOW,
                       COMMIT_CURSOR,
                       COMMIT_COMMANDS,
                       COMMIT_READ,
                       COMMIT_RULES,
                       COMMIT_TAKES,       /* "" leaves it as it is */
                       COMMIT_TRYING,      /* "-" leaves it as it is */
                       COMMIT_RECORDS,     /* of the journal, without brackets; "" writes no entry */
                       COMMIT_OLDEST,      /* journal entries before this id may go */
                       COMMIT_JOURNAL_MAX, /* and so may those beyond this many */
                       COMMIT_DEAD_MAX,    /* entries of `dead` kept */
                       COMMIT_SEEN_MIN,    /* seen ids scored lower go; "" leaves them */
                       COMMIT_FIXED = COMMIT_SEEN_MIN,
};

#endif
