/* bucket.h: a token bucket: how many messages a channel may send. Pure; time is a parameter.
 *
 * "18/min" is a promise about every minute, wherever it begins: never more than 18 in any 60 s. So a ninth of
 * it may go out at once after a rest, and what flows in is that much less: a bucket that held all 18 would
 * let 36 pass in its first minute, and the vendors block a robot for less. */
#ifndef CUIBAN_CORE_BUCKET_H
#define CUIBAN_CORE_BUCKET_H

#include "instant.h"

struct bucket {
    int64_t per_ms;
    int64_t rate;  /* tokens that flow in during per_ms; 0: no limit */
    int64_t burst; /* capacity */
    int64_t level; /* in units of 1/per_ms tokens, so that refilling is exact in integers */
    instant refilled;
};

/* At most `tokens` in any per_ms. Full at the start. tokens 0 means no limit. */
void bucket_init(struct bucket *bucket, int64_t tokens, int64_t per_ms, instant now);
bool bucket_take(struct bucket *bucket, instant now);
instant bucket_next(const struct bucket *bucket,
                    instant now); /* when the next token is there; now if one is */
/* "18/min", "4/s", "500/h", "400/day". */
bool bucket_parse(const char *text, int64_t *tokens, int64_t *per_ms);

#endif
