/* commit.h: one numbered list of changes as one EVALSHA. Kept until it is acknowledged, so that the very same
 * commit can be sent again, under another token if need be. */
#ifndef CUIBAN_STORE_COMMIT_H
#define CUIBAN_STORE_COMMIT_H

#include "core/arena.h"
#include "core/change.h"
#include "core/event.h"
#include "store/connection.h"
#include "store/keys.h"

enum {
    COMMIT_TOKEN_MAX = 100,        /* a token's bytes, NUL included */
    COMMIT_SECTION_MAX = 3500 * 2, /* arguments of one HSET: Lua's unpack fails at about 8000 */
    COMMIT_DEAD_KEPT = 10000,
    COMMIT_JOURNAL_KEPT = 2 * 1000 * 1000,
};

/* What is committed besides the changes. */
struct commit_frame {
    uint64_t seq; /* the number of this commit; it follows seq - 1 */
    instant now;
    struct stream_id cursor, commands;
    int64_t read; /* events consumed; -1: not known, written as "" */
    const char *rules;
    int takes;           /* -1 leaves it */
    const char *trying;  /* NULL leaves it */
    int64_t oldest_ms;   /* journal entries older than this may go; Redis time */
    int64_t journal_max; /* entries of the journal, looked at now and then; 0: COMMIT_JOURNAL_KEPT */
    instant seen_min;    /* INSTANT_NONE leaves the seen set alone */
};

struct commit;

struct commit *commit_create(const struct keys *keys); /* keys outlive it; NULL: out of memory */
void commit_destroy(struct commit *commit);

/* Writes the arguments down. The changes are pointed into, not copied: they must not change before the commit
 * is acknowledged. -ENOMEM. */
int commit_build(struct commit *commit, const struct commit_frame *frame, const struct changes *changes);
uint64_t commit_seq(const struct commit *commit); /* 0: nothing was built yet */
instant commit_now(const struct commit *commit);
size_t commit_bytes(const struct commit *commit);

/* Sends it under a token. `sha` is the script's, as SCRIPT LOAD told it; "" sends the whole script (after
 * NOSCRIPT, or where SCRIPT is forbidden). False: out of memory, nothing was sent. */
bool commit_send(struct commit *commit, struct connection *connection, const char *token, const char *sha,
                 int64_t limit_ms, connection_reply *reply, void *data);

enum commit_answer {
    COMMIT_ANSWER_OK,
    COMMIT_ANSWER_NOSCRIPT, /* send the whole script */
    COMMIT_ANSWER_STALE,    /* somebody else owns the shard, or its number is another */
    COMMIT_ANSWER_DAMAGED,  /* stop for good */
    COMMIT_ANSWER_REFUSED,  /* not applied: the same again after a while */
};
struct commit_result { /* of COMMIT_ANSWER_OK */
    uint64_t seq, deadlines, outbox;
};
enum commit_answer commit_judge(const redisReply *reply, struct commit_result *out);

#endif
