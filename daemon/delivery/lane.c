#include "lane.h"

#include <stdio.h>
#include <string.h>

#include "core/backoff.h"

/* What may have arrived has few tries, and each of them may be a double: 8 times the wait, so that a short
 * trouble of the other side is over by then. */
enum { UNCERTAIN_DOUBLINGS = 3 };

void lane_init(struct lane *lane, const struct plugin_channel *channel, int64_t base_ms, int64_t cap_ms)
{
    *lane = (struct lane){.channel = channel, .took_ms = -1, .blocked_until = INSTANT_NONE};
    plugin_channel_facts(channel, &lane->facts);
    queue_init(&lane->queue);
    lane->concurrency = (size_t)plugin_channel_concurrency(channel);
    lane->base_ms = base_ms;
    lane->cap_ms = cap_ms;
}

void lane_finish(struct lane *lane)
{
    queue_finish(&lane->queue);
}

/* How many attempts may be under way at once. Waiting for the commit of a claim must not leave the channel
 * idle, so some are claimed ahead; few enough that they leave soon, because what is claimed can no longer be
 * withdrawn. A channel that is being tried again after it was cut out gets one. */
static size_t lane_window(const struct lane *lane)
{
    int64_t factor;

    if (lane->failures >= LANE_FAILURES_MAX || lane->backoffs > 0 || lane->misfits > 0)
        return 1;
    if (lane->took_ms < 0)
        return lane->concurrency;
    factor = 1 + LANE_AHEAD_MS / (lane->took_ms + 1);
    return lane->concurrency * (size_t)(factor < LANE_AHEAD_FACTOR_MAX ? factor : LANE_AHEAD_FACTOR_MAX);
}

static void lane_start(struct lane *lane, instant now)
{
    const char *rate = plugin_channel_rate(lane->channel);
    int64_t tokens = 0, per_ms = 1;

    if (rate != NULL)
        bucket_parse(rate, &tokens, &per_ms);
    bucket_init(&lane->bucket, tokens, per_ms, now);
    lane->is_started = true;
}

instant lane_free_at(struct lane *lane, instant now)
{
    if (!lane->is_started)
        lane_start(lane, now);
    if (lane->bucket.refilled > now)
        lane->bucket.refilled = now; /* the clock went back: go on from here */
    if (lane->claiming + lane->n_waiting + lane->running >= lane_window(lane))
        return INSTANT_NEVER;
    if (lane_is_blocked(lane, now))
        return lane->blocked_until;
    return lane->spare > 0 ? now : bucket_next(&lane->bucket, now);
}

bool lane_take(struct lane *lane, instant now)
{
    if (lane->spare > 0) {
        lane->spare--;
        return true;
    }
    return bucket_take(&lane->bucket, now);
}

void lane_give_back(struct lane *lane)
{
    if (lane->spare < lane->bucket.burst)
        lane->spare++;
}

bool lane_is_blocked(const struct lane *lane, instant now)
{
    return lane->blocked_until != INSTANT_NONE && lane->blocked_until > now;
}

static void lane_block(struct lane *lane, instant until)
{
    if (lane->blocked_until == INSTANT_NONE || lane->blocked_until < until)
        lane->blocked_until = until;
}

bool lane_cut_out(struct lane *lane, instant until, const char *problem)
{
    if (lane->blocked_until != INSTANT_NONE && lane->blocked_until >= until)
        return false;
    lane->blocked_until = until;
    snprintf(lane->problem, sizeof(lane->problem), "%s", problem);
    return true;
}

/* The wish of the other side, doubled each time that it comes again although the channel had waited. Several
 * answers to requests of the same moment are one. */
static int64_t backoff_wait(struct lane *lane, int64_t wish_ms, instant now)
{
    int64_t wait_ms = wish_ms > 0 ? wish_ms : lane->base_ms;
    int64_t cap_ms = wait_ms > lane->cap_ms ? wait_ms : lane->cap_ms;

    if (!lane_is_blocked(lane, now))
        lane->backoffs++;
    for (uint32_t i = 1; i < lane->backoffs && wait_ms < cap_ms; i++)
        wait_ms *= 2;
    return wait_ms < cap_ms ? wait_ms : cap_ms;
}

static void lane_fail(struct lane *lane, bool answered, instant now, uint32_t random)
{
    if (answered) {
        lane->failures = 0;
        return;
    }
    if (lane_is_blocked(lane, now))
        return;
    lane->failures++;
    if (lane->failures >= LANE_FAILURES_MAX)
        lane_block(lane, now + backoff_ms(lane->base_ms, lane->cap_ms, lane->failures - LANE_FAILURES_MAX + 1,
                                          random));
}

/* With a fallback the others should learn quickly that they must take it; without one they had better wait
 * for the repair. */
static void lane_misfit(struct lane *lane, instant now, uint32_t random)
{
    lane->failures = 0;
    lane->is_misfit = true;
    if (lane->facts.fallback != NULL || lane_is_blocked(lane, now))
        return;
    lane->misfits++;
    lane_block(lane, now + backoff_ms(lane->base_ms, lane->cap_ms, lane->misfits, random));
}

static void lane_delivered(struct lane *lane, size_t n)
{
    lane->delivered += n;
    lane->failures = lane->misfits = lane->backoffs = 0;
    lane->is_misfit = false;
    lane->problem[0] = '\0';
}

void lane_learn(struct lane *lane, const struct lane_lesson *lesson, instant now, uint32_t random)
{
    struct verdict *verdict = lesson->verdict;
    uint32_t attempt = lesson->attempt > 0 ? (uint32_t)lesson->attempt : 1;

    if (verdict->kind == VERDICT_DELIVERED) {
        lane_delivered(lane, lesson->n);
        return;
    }
    memcpy(lane->problem, verdict->reason, sizeof(lane->problem));
    switch (verdict->kind) {
    case VERDICT_BACKOFF:
        verdict->delay_ms = backoff_wait(lane, verdict->delay_ms, now);
        lane_block(lane, now + verdict->delay_ms);
        lane->retried += lesson->n;
        return;
    case VERDICT_REFUSED:
        lane->refused += lesson->n;
        lane->failures = 0;
        return;
    case VERDICT_MISCONFIGURED:
        lane->refused += lesson->n;
        lane_misfit(lane, now, random);
        return; /* the engine knows how often such a channel is tried */
    case VERDICT_UNCERTAIN:
        lane->uncertain += lesson->n;
        lane_fail(lane, lesson->answered, now, random);
        attempt += UNCERTAIN_DOUBLINGS;
        break;
    default:
        lane->retried += lesson->n;
        lane_fail(lane, lesson->answered, now, random);
        break;
    }
    if (verdict->delay_ms == 0)
        verdict->delay_ms = backoff_ms(lane->base_ms, lane->cap_ms, attempt, random);
}

void lane_took(struct lane *lane, int64_t real_ms)
{
    lane->took_ms = lane->took_ms < 0 ? real_ms : (lane->took_ms * 7 + real_ms + 7) / 8;
}
