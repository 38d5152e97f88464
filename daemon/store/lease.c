#include "store/lease.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "store/script.h"

enum { RANDOM_BYTES = 16, HOST_MAX = 40, FIXED_WORDS = 10 };
enum { TTL_TEXT_MAX = 24 };

void lease_init(struct lease *lease, int64_t ttl_ms)
{
    *lease = (struct lease){.ttl_ms = ttl_ms};
}

static const char *ttl_text(const struct lease *lease, char into[static TTL_TEXT_MAX])
{
    (void)snprintf(into, TTL_TEXT_MAX, "%lld", (long long)lease->ttl_ms);
    return into;
}

static void remember(struct lease *lease)
{
    if (!lease->token[0])
        return;
    if (lease->n_old == LEASE_OLD_MAX) { /* the oldest must then run out by itself */
        memmove(lease->old[0], lease->old[1], sizeof(lease->old) - sizeof(lease->old[0]));
        lease->n_old--;
    }
    memcpy(lease->old[lease->n_old++], lease->token, sizeof(lease->token));
}

int lease_renew_token(struct lease *lease)
{
    unsigned char random[RANDOM_BYTES];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return errno ? -errno : -EIO;
    remember(lease);
    char hex[2 * RANDOM_BYTES + 1];
    for (size_t i = 0; i < sizeof(random); i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", random[i]);
    char host[HOST_MAX + 1] = "";
    if (gethostname(host, HOST_MAX) != 0 || !host[0])
        (void)snprintf(host, sizeof(host), "unknown");
    (void)snprintf(lease->token, sizeof(lease->token), "%s@%s:%ld", hex, host, (long)getpid());
    lease->held = false;
    return 0;
}

bool lease_send_take(const struct lease *lease, struct connection *connection, const struct keys *keys,
                     const struct lease_wish *wish, connection_reply *reply, void *data)
{
    char ttl[TTL_TEXT_MAX];
    const char *words[FIXED_WORDS + LEASE_OLD_MAX] = {
        "EVAL",       script_take,          "2",         keys->names[KEY_LEASE],   keys->names[KEY_HEAD],
        lease->token, ttl_text(lease, ttl), wish->rules, wish->strict ? "1" : "0", wish->count ? "1" : "0",
    };
    size_t n = FIXED_WORDS;
    for (size_t i = 0; i < lease->n_old; i++)
        words[n++] = lease->old[i];
    return connection_send(connection, n, words, NULL, 0, reply, data);
}

bool lease_send_renew(const struct lease *lease, struct connection *connection, const struct keys *keys,
                      const char *health, connection_reply *reply, void *data)
{
    char ttl[TTL_TEXT_MAX];
    return connection_say(connection, reply, data, "EVAL", script_renew, "2", keys->names[KEY_LEASE],
                          keys->names[KEY_HEALTH], lease->token, ttl_text(lease, ttl), health ? health : "",
                          (char *)NULL);
}

bool lease_send_release(const struct lease *lease, struct connection *connection, const struct keys *keys,
                        connection_reply *reply, void *data)
{
    return connection_say(connection, reply, data, "EVAL", script_release, "3", keys->names[KEY_LEASE],
                          keys->names[KEY_HEAD], keys->names[KEY_HEALTH], lease->token, (char *)NULL);
}

static bool read_time(const redisReply *seconds, const redisReply *micros, instant *out)
{
    if (!reply_is_text(seconds) || !reply_is_text(micros))
        return false;
    *out = strtoll(seconds->str, NULL, 10) * SECOND_MS + strtoll(micros->str, NULL, 10) / 1000;
    return true;
}

static void hold(struct lease *lease, struct monotonic asked)
{
    lease->held = true;
    lease->until = (struct monotonic){asked.ms + lease->ttl_ms};
}

enum lease_answer lease_judge_take(struct lease *lease, const redisReply *reply, struct monotonic asked,
                                   instant *redis_time, char holder[LEASE_HOLDER_MAX])
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 4 || !reply_is_text(reply->element[1]) ||
        !read_time(reply->element[2], reply->element[3], redis_time))
        return LEASE_ERROR;
    lease->held = false;
    switch (reply->element[0]->integer) {
    case 1:
        hold(lease, asked);
        lease->n_old = 0; /* a late take by an old token finds neither itself nor its elders in there */
        return LEASE_OURS;
    case 2:
        return LEASE_OTHER_RULES;
    case 3:
        return LEASE_HELD_FOR_EVER;
    default:
        if (holder)
            lease_describe(reply->element[1]->str, holder, LEASE_HOLDER_MAX);
        return LEASE_HELD_BY_OTHER;
    }
}

enum lease_answer lease_judge_renew(struct lease *lease, const redisReply *reply, struct monotonic asked,
                                    instant *redis_time, const char **refusal)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 4 || !reply_is_text(reply->element[3]) ||
        !read_time(reply->element[1], reply->element[2], redis_time))
        return LEASE_ERROR;
    *refusal = reply->element[3]->str;
    if (reply->element[0]->integer != 1) {
        lease->held = false;
        return LEASE_HELD_BY_OTHER;
    }
    hold(lease, asked);
    return LEASE_OURS;
}

int64_t lease_renew_ms(const struct lease *lease)
{
    return lease->ttl_ms / LEASE_RENEWALS;
}

bool lease_has_time(const struct lease *lease, int64_t attempt_ms)
{
    return lease_left_ms(lease) - lease->ttl_ms / LEASE_MARGIN_SHARE >= attempt_ms;
}

int64_t lease_left_ms(const struct lease *lease)
{
    return lease->held ? lease->until.ms - clock_monotonic().ms : 0;
}

void lease_describe(const char *token, char *out, size_t room)
{
    const char *at = strchr(token, '@');
    (void)snprintf(out, room, "%s", at ? at + 1 : "unknown");
}
