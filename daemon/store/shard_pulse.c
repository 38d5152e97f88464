/* Whether Redis does what a shard asks of it, and since when not: the facts that its health is judged by
 * (core/health.h). A question a second on the command connection tells a Redis that is frozen from one that
 * has nothing to say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "store/shard_inside.h"
#include "store/info.h"

static int64_t age_of(struct monotonic since)
{
    int64_t age = clock_monotonic().ms - since.ms;
    return since.ms == 0 ? 0 : age > 0 ? age : 1;
}

static void begin(struct monotonic *since)
{
    if (since->ms == 0)
        *since = clock_monotonic();
}

static void end(struct monotonic *since)
{
    *since = (struct monotonic){0};
}

/* -- how Redis is set up -- */

static void judge_append_only(struct shard *shard, const char *info)
{
    bool has_none = strstr(info, "\naof_enabled:0") != NULL;
    if (has_none && !shard->pulse.has_no_aof)
        shard_log(
            shard, LOG_WARNING,
            "Redis at %s runs with appendonly no: after a crash of Redis up to minutes of deadlines and "
            "messages are gone; set appendonly yes",
            shard->address.shown);
    shard->pulse.has_no_aof = has_none;
}

/* A daemon does not begin on a Redis that may evict its keys; one that serves goes on, and says so: ending
 * would make sure of what is only feared. */
static void judge_eviction(struct shard *shard, const char *info, bool has_served)
{
    char policy[sizeof(shard->pulse.evicts)];
    info_text(info, "\nmaxmemory_policy:", policy, sizeof(policy));
    if (strcmp(policy, "noeviction") == 0)
        policy[0] = '\0';
    bool is_news = strcmp(policy, shard->pulse.evicts) != 0;
    memcpy(shard->pulse.evicts, policy, sizeof(policy));
    if (policy[0] && !has_served)
        shard_stop(shard,
                   "Redis at %s may evict keys when memory is short, and with them deadlines: set "
                   "maxmemory-policy noeviction",
                   shard->address.shown);
    else if (policy[0] && is_news)
        shard_log(shard, LOG_ALERT,
                  "Redis at %s may evict keys since its maxmemory-policy became %s, and with them deadlines: "
                  "set maxmemory-policy noeviction",
                  shard->address.shown, policy);
}

/* INFO, not CONFIG GET: the same facts, and an account that is not an administrator may ask for them. */
static void info_on_reply(void *data, redisReply **reply)
{
    struct shard *shard = data;
    bool has_served = shard->pulse.server_due.ms != 0;
    shard->pulse.server_due = (struct monotonic){clock_monotonic().ms + SHARD_SERVER_MS};
    if (reply_is_text(*reply)) {
        judge_append_only(shard, (*reply)->str);
        judge_eviction(shard, (*reply)->str, has_served);
    } else if (!has_served) {
        shard_log(shard, LOG_WARNING, "INFO is refused (%s): whether Redis may evict keys is not known",
                  reply_is_error(*reply) ? (*reply)->str : "no text");
    }
}

bool shard_ask_server(struct shard *shard)
{
    return connection_say(shard->command, info_on_reply, shard, "INFO", (char *)NULL);
}

/* -- the beat -- */

/* An error is an answer, too; what it means is seen where something is wanted. */
void shard_note_answer(struct shard *shard)
{
    shard->pulse.heard = clock_monotonic();
}

static void pulse_on_reply(void *data, redisReply **reply)
{
    struct shard *shard = data;
    (void)reply;
    shard->pulse.asking = false;
    shard_note_answer(shard);
}

static void ask_server_again(struct shard *shard)
{
    struct monotonic now = clock_monotonic();
    if (shard->pulse.server_due.ms == 0 || now.ms < shard->pulse.server_due.ms)
        return;
    shard->pulse.server_due = (struct monotonic){now.ms + SHARD_SERVER_MS};
    (void)shard_ask_server(shard);
}

void shard_beat_pulse(struct shard *shard)
{
    if (shard->state == SHARD_OWNER || shard->state == SHARD_STANDBY)
        end(&shard->pulse.unserved);
    else
        begin(&shard->pulse.unserved);
    if (!shard->command_ready || shard->pulse.asking)
        return;
    shard->pulse.asking = connection_say(shard->command, pulse_on_reply, shard, "PING", (char *)NULL);
    ask_server_again(shard);
}

void shard_pulse_is_cut(struct shard *shard)
{
    shard->pulse.asking = false;
}

/* -- what went well, or not -- */

static void set_words(char into[static 200], const char *words)
{
    (void)snprintf(into, 200, "%s", words);
}

void shard_note_renewal(struct shard *shard, struct monotonic asked, const char *refusal)
{
    set_words(shard->pulse.renewal, refusal);
    if (refusal[0])
        return;
    shard->pulse.renewed = asked;
    if (strncmp(shard->problem, "the lease is not renewed", 24) == 0)
        shard_clear_problem(shard);
    if (lease_has_time(&shard->lease, 0))
        end(&shard->pulse.unclaimed); /* as far as it was for want of a lease */
}

void shard_note_write(struct shard *shard, const char *refusal)
{
    bool was_refused = shard->pulse.refused[0] != '\0';
    set_words(shard->pulse.refused, refusal);
    if (refusal[0]) {
        if (!was_refused)
            shard_set_problem(shard, "Redis refuses to write: %.160s", refusal);
        return;
    }
    shard->pulse.wrote = clock_monotonic();
    if (strncmp(shard->problem, "Redis refuses to write", 22) == 0)
        shard_clear_problem(shard);
}

/* An answer says what was so when it was asked for: a blocked read that comes to its end proves nothing
 * against a later one that was refused. After a refusal the next beat reads again. */
void shard_note_read(struct shard *shard, struct monotonic asked, bool ok)
{
    struct shard_pulse *pulse = &shard->pulse;
    if (!ok) {
        pulse->refusals++;
        pulse->refused_read = asked;
        shard->mirror_due = (struct monotonic){0};
    } else if (asked.ms >= pulse->refused_read.ms) {
        pulse->refusals = 0;
        pulse->read = asked;
    }
}

void shard_note_claim(struct shard *shard, bool ok)
{
    if (ok)
        end(&shard->pulse.unclaimed);
    else
        begin(&shard->pulse.unclaimed);
}

void shard_tell_health(struct shard *shard, const char *json)
{
    char *copy = strlen(json) <= SHARD_HEALTH_MAX ? strdup(json) : NULL;
    if (!copy)
        return;
    free(shard->pulse.health);
    shard->pulse.health = copy;
}

/* -- the facts -- */

/* What is refused counts from when it last went well. A read is refused now and then while Redis changes its
 * role: twice is no accident. */
static int64_t unread_ms(const struct shard *shard)
{
    return shard->pulse.refusals > 1 ? age_of(shard->pulse.read) : 0;
}

static int64_t unrenewed_ms(const struct shard *shard)
{
    int64_t age = age_of(shard->pulse.renewed);
    return shard->pulse.renewal[0] || age > shard->lease.ttl_ms / 2 ? age : 0;
}

/* A lease that went because it could not be renewed was not served from then on. */
static int64_t unserved_ms(const struct shard *shard)
{
    int64_t unrenewed = shard->pulse.renewal[0] ? age_of(shard->pulse.renewed) : 0;
    int64_t age = age_of(shard->pulse.unserved);
    return unrenewed > age ? unrenewed : age;
}

static int64_t uncommitted_ms(const struct shard *shard)
{
    int64_t refused = shard->pulse.refused[0] ? age_of(shard->pulse.wrote) : 0;
    int64_t waiting = shard->in_flight ? age_of(shard->flight_at) : 0;
    return refused > waiting ? refused : waiting;
}

void shard_fill_pulse(const struct shard *shard, struct shard_status *out)
{
    const struct shard_pulse *pulse = &shard->pulse;
    bool owns = shard->state == SHARD_OWNER;
    bool serves = owns || shard->state == SHARD_STANDBY;
    out->silent_ms = age_of(pulse->heard);
    out->unserved_ms = serves ? 0 : unserved_ms(shard);
    out->unread_ms = owns ? unread_ms(shard) : 0;
    out->uncommitted_ms = owns ? uncommitted_ms(shard) : 0;
    out->unrenewed_ms = owns ? unrenewed_ms(shard) : 0;
    out->unclaimed_ms = owns ? age_of(pulse->unclaimed) : 0;
    out->has_no_aof = pulse->has_no_aof;
    memcpy(out->evicts, pulse->evicts, sizeof(out->evicts));
    if (shard->held)
        memcpy(out->held_words, shard->held_words, sizeof(out->held_words));
    memcpy(out->renewal_words, pulse->renewal, sizeof(out->renewal_words));
    /* A commit that is refused says so in `problem`; this is the writing beside the lease. */
    memcpy(out->refused_words, pulse->refused, sizeof(out->refused_words));
}
