/* The shard's time: that of Redis, compared at every sample with this machine, the last commit and what was
 * counted; and what somebody says who knows better. */
#include <stdio.h>
#include <syslog.h>

#include "store/shard_inside.h"

static void hold_firing(struct shard *shard, enum clock_verdict verdict, const char *text)
{
    /* What to do differs with the verdict, so a new one is said, too; the seconds in the text vary. */
    if (!shard->held || shard->held_for != verdict)
        shard_log(shard, LOG_ALERT, "firing is held: %s", text);
    shard->held_for = verdict;
    shard->held = true;
    (void)snprintf(shard->held_words, sizeof(shard->held_words), "%s", text);
    (void)snprintf(shard->problem, sizeof(shard->problem), "firing is held: %s", text);
    uv_timer_stop(&shard->wake);
}

static void let_fire(struct shard *shard)
{
    if (shard->held) {
        shard->held = false;
        shard_clear_problem(shard);
        shard_log(shard, LOG_NOTICE, "the clocks agree again: firing goes on");
    }
    shard_arm_wake(shard); /* the sample may have moved the clock */
}

/* The time of commits may go back now; the next one says so. */
static void start_over(struct shard *shard, instant redis_time, struct monotonic now)
{
    shard->time_was = shard_now(shard);
    shard->head.clock = redis_time;
    clock_start_over(&shard->clock, redis_time, now);
    source_forget_horizon(&shard->source);
    shard->read_issued = shard->poll_issued = INSTANT_NONE;
    shard_log(shard, LOG_NOTICE, "the clock of Redis was accepted");
    shard_soon(shard);
}

static struct clock_facts facts_of(const struct shard *shard, instant redis_time)
{
    bool is_accepted = shard->time_accepted;
    return (struct clock_facts){
        .redis = redis_time,
        .wall = clock_wall(),
        .head = shard->head.exists && !is_accepted ? shard->head.clock : INSTANT_NONE,
        /* What was counted from a sample that nobody believed says nothing. */
        .counted = shard->time_agreed && !is_accepted ? shard_now(shard) : INSTANT_NONE,
    };
}

static void judge_sample(struct shard *shard, const struct clock_facts *facts, struct monotonic now)
{
    char text[CLOCK_TEXT_MAX];
    int64_t off_ms;
    enum clock_verdict verdict = clock_judge(facts, &off_ms);
    bool is_accepted = shard->time_accepted;
    shard->time_accepted = false;
    if (verdict != CLOCK_AGREES) {
        if (is_accepted)
            shard_log(shard, LOG_WARNING, "Redis and this machine differ: that cannot be accepted");
        if (!shard->time_agreed) /* commits need some time: that of Redis, not this machine's */
            clock_sample(&shard->clock, facts->redis, now);
        clock_describe(verdict, off_ms, text);
        hold_firing(shard, verdict, text);
        return;
    }
    if (is_accepted)
        start_over(shard, facts->redis, now);
    else
        clock_sample(&shard->clock, facts->redis, now);
    shard->time_agreed = true;
    let_fire(shard);
}

/* Redis' clock is the shard's. While the clocks disagree the shard goes on counting from the last good
 * sample, reads and commits, but lets nothing fire. */
void shard_take_sample(struct shard *shard, instant redis_time, struct monotonic asked)
{
    struct monotonic now = clock_monotonic();
    if (now.ms - asked.ms > CLOCK_SAMPLE_MS_MAX && shard->redis.sampled) {
        shard->renew_due = (struct monotonic){0}; /* asks again at the next beat */
        return;
    }
    clock_sample(&shard->redis, redis_time, now);
    if (shard->clock.speed.factor > 1) {
        clock_sample(&shard->clock, redis_time, now);
        return;
    }
    /* Nor does it go back from one daemon to the next. */
    if (shard->head.exists && !shard->time_accepted)
        clock_not_before(&shard->clock, shard->head.clock);
    struct clock_facts facts = facts_of(shard, redis_time);
    judge_sample(shard, &facts, now);
}

void shard_accept_time(struct shard *shard)
{
    shard->time_accepted = true;
    shard->renew_due = (struct monotonic){0};
    shard_renew_lease(shard);
}
