#include "bucket.h"

#include <string.h>

enum { BUCKET_TOKENS_MAX = 1000000, BURST_SHARE = 9 };

void bucket_init(struct bucket *bucket, int64_t tokens, int64_t per_ms, instant now)
{
    int64_t extra = tokens / BURST_SHARE;

    *bucket = (struct bucket){.per_ms = per_ms, .rate = tokens - extra, .burst = 1 + extra, .refilled = now};
    bucket->level = bucket->burst * per_ms;
}

/* The level at `now`, in units of 1/per_ms tokens: each millisecond brings `rate` of them. A clock that
 * went back brings nothing and takes nothing. */
static int64_t level_at(const struct bucket *bucket, instant now)
{
    int64_t full = bucket->burst * bucket->per_ms;
    if (now <= bucket->refilled)
        return bucket->level;
    /* Subtracted unsigned: instants may stand at either end of the range. */
    uint64_t elapsed_ms = (uint64_t)now - (uint64_t)bucket->refilled;
    if (elapsed_ms >= 2 * (uint64_t)bucket->per_ms) /* more than it takes to fill it */
        return full;
    int64_t level = bucket->level + (int64_t)elapsed_ms * bucket->rate;
    return level < full ? level : full;
}

bool bucket_take(struct bucket *bucket, instant now)
{
    if (!bucket->rate)
        return true;
    bucket->level = level_at(bucket, now);
    bucket->refilled = now;
    if (bucket->level < bucket->per_ms)
        return false;
    bucket->level -= bucket->per_ms;
    return true;
}

instant bucket_next(const struct bucket *bucket, instant now)
{
    if (!bucket->rate)
        return now;
    int64_t missing = bucket->per_ms - level_at(bucket, now);
    if (missing <= 0)
        return now;
    return now + (missing + bucket->rate - 1) / bucket->rate;
}

bool bucket_parse(const char *text, int64_t *tokens, int64_t *per_ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"s", SECOND_MS},  {"sec", SECOND_MS}, {"min", MINUTE_MS}, {"h", HOUR_MS},
                 {"hour", HOUR_MS}, {"d", DAY_MS},      {"day", DAY_MS}};
    int64_t count = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        count = count * 10 + (*at - '0');
        if (count > BUCKET_TOKENS_MAX)
            return false;
    }
    /* "0/min" could mean "never" as well as "without limit": refused. */
    if (at == text || !count || *at != '/')
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(at + 1, units[i].name) != 0)
            continue;
        *tokens = count;
        *per_ms = units[i].ms;
        return true;
    }
    return false;
}
