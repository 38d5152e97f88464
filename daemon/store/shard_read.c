/* Reading the two streams, and the horizon up to which steps may fire: the issue time of a read that came
 * back short and is applied, less the grace. The blocking reader serves arrival; one timer looks once more
 * before something fires. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "store/shard_inside.h"

#define COUNT_TEXT "256"
#define BLOCK_TEXT "5000"
static_assert(SOURCE_COUNT == 256 && SHARD_BLOCK_MS == 5000, "the texts say the same");

struct issue { /* when a read was */
    instant at;
    struct monotonic asked;
};

static void take_read(struct shard *shard, redisReply **reply, struct issue issue, bool *is_short)
{
    *is_short = false;
    if (reply_is_error(*reply)) { /* -UNBLOCKED, -LOADING, a stream key of another type */
        shard_set_problem(shard, "reading %s: %s", shard->keys.names[KEY_STREAM], (*reply)->str);
        shard_note_read(shard, issue.asked, false);
        return;
    }
    shard_note_read(shard, issue.asked, true);
    if (strncmp(shard->problem, "reading ", 8) == 0)
        shard_clear_problem(shard);
    int error = source_accept(&shard->source, *reply, issue.at, is_short);
    *reply = NULL;
    if (error == -ENOMEM)
        shard_starve(shard, "events cannot be held");
    else if (error)
        shard_drop(shard, "XREAD: not an answer");
    else
        shard_soon(shard);
}

static void reader_on_reply(void *data, redisReply **reply)
{
    struct shard *shard = data;
    bool is_short, failed = reply_is_error(*reply);
    shard->reading = false;
    if (!shard->engine || shard->load)
        return;
    take_read(shard, reply, (struct issue){shard->read_issued, shard->read_asked}, &is_short);
    if (shard->engine && !failed) /* after an error the beat begins again */
        shard_read(shard);
}

void shard_read(struct shard *shard)
{
    if (!shard->reader_ready || shard->reading || !shard->engine || shard->load || shard->closing ||
        source_is_full(&shard->source))
        return;
    char events[STREAM_ID_TEXT_MAX], commands[STREAM_ID_TEXT_MAX];
    const char *words[] = {
        "XREAD",
        "COUNT",
        COUNT_TEXT,
        "BLOCK",
        BLOCK_TEXT,
        "STREAMS",
        shard->keys.names[KEY_STREAM],
        shard->keys.names[KEY_COMMANDS],
        stream_id_format(shard->source.accepted.events, events),
        stream_id_format(shard->source.accepted.commands, commands),
    };
    shard->read_issued = clock_now(&shard->clock);
    shard->read_asked = clock_monotonic();
    shard->reading = connection_send(shard->reader, sizeof(words) / sizeof(words[0]), words, NULL,
                                     SHARD_BLOCK_MS + SHARD_COMMAND_MS, reader_on_reply, shard);
}

/* -- the look before something fires -- */

static void poll_on_reply(void *data, redisReply **reply)
{
    struct shard *shard = data;
    shard->polling = false;
    if (!shard->engine || shard->load)
        return;
    if (shard->first_turn && reply_is_error(*reply)) {
        shard_drop(shard, (*reply)->str);
        return;
    }
    take_read(shard, reply, (struct issue){shard->poll_issued, shard->poll_asked}, &shard->poll_short);
}

/* XINFO STREAM right behind the read: if nothing came between, all that the stream ever got is accounted for.
 */
static void check_on_reply(void *data, redisReply **reply)
{
    struct shard *shard = data;
    int64_t added, length = 0;
    struct stream_id last;
    shard->checking = false;
    shard_arm_wake(shard);
    if (!shard->engine || !shard->poll_short || !source_read_info(*reply, &added, &length, &last))
        return;
    int64_t lost = source_lost(&shard->source, added, last);
    if (lost == 0)
        return;
    shard->lost_events += (uint64_t)lost;
    shard->lost_news += lost;
    shard_log(shard, LOG_ALERT, "%lld events were trimmed from the stream before they could be read",
              (long long)lost);
    shard_set_problem(shard, "%llu events were trimmed from the stream before they could be read",
                      (unsigned long long)shard->lost_events);
    shard_soon(shard);
}

void shard_poll(struct shard *shard, bool check)
{
    if (!shard->taken || shard->polling || shard->checking || source_is_full(&shard->source))
        return;
    char events[STREAM_ID_TEXT_MAX], commands[STREAM_ID_TEXT_MAX];
    shard->poll_issued = clock_now(&shard->clock);
    shard->poll_asked = clock_monotonic();
    shard->polling =
        connection_say(shard->command, poll_on_reply, shard, "XREAD", "COUNT", COUNT_TEXT, "STREAMS",
                       shard->keys.names[KEY_STREAM], shard->keys.names[KEY_COMMANDS],
                       stream_id_format(shard->source.accepted.events, events),
                       stream_id_format(shard->source.accepted.commands, commands), (char *)NULL);
    if (shard->polling && check)
        shard->checking = connection_say(shard->command, check_on_reply, shard, "XINFO", "STREAM",
                                         shard->keys.names[KEY_STREAM], (char *)NULL);
}

static void shard_on_wake(uv_timer_t *timer)
{
    struct shard *shard = timer->data;
    instant next = shard->engine ? engine_next(shard->engine) : INSTANT_NEVER;
    if (next == INSTANT_NEVER || shard->held || !shard->taken)
        return; /* the beat and the next turn arm it again */
    if (clock_now(&shard->clock) >= next + shard->grace_ms)
        shard_poll(shard, false);
    else
        shard_arm_wake(shard);
}

void shard_arm_wake(struct shard *shard)
{
    if (!shard->engine || shard->load || shard->first_turn || shard->held || shard->polling ||
        shard->closing || !shard->taken)
        return;
    instant next = engine_next(shard->engine);
    if (next == INSTANT_NEVER) {
        uv_timer_stop(&shard->wake);
        return;
    }
    int64_t wait = clock_wait_ms(&shard->clock, next + shard->grace_ms);
    (void)uv_timer_start(&shard->wake, shard_on_wake, (uint64_t)wait, 0);
}

/* -- every few seconds -- */

static void ignore_reply(void *data, redisReply **reply)
{
    (void)data;
    (void)reply;
}

/* For people's tools only; a stream without the group, or Redis 6.2 without ENTRIESREAD, answers with an
 * error. */
void shard_mirror(struct shard *shard)
{
    struct monotonic now = clock_monotonic();
    if (shard->state != SHARD_OWNER || shard->closing || now.ms < shard->mirror_due.ms)
        return;
    shard->mirror_due = (struct monotonic){now.ms + SHARD_MIRROR_MS};
    shard_read(shard);
    shard_poll(shard, true);
    if (stream_id_compare(shard->mirrored, shard->source.applied.events) == 0)
        return;
    shard->mirrored = shard->source.applied.events;
    char cursor[STREAM_ID_TEXT_MAX], read[24];
    const char *stream = shard->keys.names[KEY_STREAM];
    (void)stream_id_format(shard->source.applied.events, cursor);
    (void)snprintf(read, sizeof(read), "%lld", (long long)shard->source.applied_events);
    (void)connection_say(shard->command, ignore_reply, shard, "XGROUP", "CREATE", stream, "cuiban", cursor,
                         (char *)NULL);
    if (shard->source.applied_events >= 0)
        (void)connection_say(shard->command, ignore_reply, shard, "XGROUP", "SETID", stream, "cuiban", cursor,
                             "ENTRIESREAD", read, (char *)NULL);
    else
        (void)connection_say(shard->command, ignore_reply, shard, "XGROUP", "SETID", stream, "cuiban", cursor,
                             (char *)NULL);
}

void shard_watch_lag(struct shard *shard)
{
    int64_t oldest = source_oldest_ms(&shard->source);
    int64_t lag = oldest < 0 ? 0 : clock_now(&shard->redis) - oldest;
    bool said = strncmp(shard->problem, "behind:", 7) == 0;
    if (lag > SHARD_BEHIND_MS && !said && !shard->problem[0])
        shard_set_problem(shard,
                          "behind: events wait for more than a minute; nothing fires until they are applied");
    else if (lag <= SHARD_BEHIND_MS && said)
        shard_clear_problem(shard);
}
