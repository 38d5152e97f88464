/* Other files while a shard runs: they are taken between two commits, and the first commit under them says so
 * and nothing else. What the deadlines make of it follows a part at a time, each a commit. */
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "core/json.h"
#include "store/shard_inside.h"

#define REFUSED_FIELD                                                                                        \
    "reload_failed" /* of the head: why the last reload was refused; "" after a good one                     \
                     */

static void take(struct shard *shard)
{
    const struct rule_policy *policy = ruleset_policy(shard->next.rules);

    shard->parts = shard->next;
    shard->next = (struct engine_parts){0};
    shard->refused_errors = 0;
    shard->refused_is_news = false;
    shard->grace_ms = policy->grace_ms;
    (void)snprintf(shard->rules, sizeof(shard->rules), "%s", ruleset_fingerprint(shard->parts.rules));
}

void shard_reload(struct shard *shard, const struct engine_parts *parts)
{
    shard->next = *parts;
    if (shard->engine)
        shard_soon(shard);
    else
        take(shard);
}

void shard_take_before_load(struct shard *shard)
{
    if (shard->next.rules)
        take(shard);
}

bool shard_take_files(struct shard *shard, instant now)
{
    if (!shard->next.rules || !engine_is_settled(shard->engine))
        return false;
    take(shard);
    if (engine_reload(shard->engine, &shard->parts, now))
        shard->changes.failed = true;
    (void)engine_settle(shard->engine, now, &shard->changes); /* its record, and nothing else */
    if (shard->refused_on_record)
        changes_put(&shard->changes, TABLE_HEAD, REFUSED_FIELD, "", 0);
    shard->refused_on_record = false;
    return true;
}

bool shard_is_settled(const struct shard *shard)
{
    return !shard->next.rules && (!shard->engine || shard->load || engine_is_settled(shard->engine));
}

void shard_refuse_reload(struct shard *shard, size_t errors, const char *why)
{
    if (shard->state == SHARD_STOPPED)
        return;
    shard->refused_errors = errors;
    shard->refused_is_news = true;
    (void)snprintf(shard->refused_why, sizeof(shard->refused_why), "%s", why);
    shard_soon(shard);
}

static void describe(const struct shard *shard, instant at, struct buffer *out)
{
    struct json_writer json;

    json_begin(&json, out);
    json_object(&json);
    if (at != INSTANT_NONE)
        json_key_int(&json, "at", at);
    else
        json_key_text(&json, "e", REFUSED_FIELD);
    json_key_int(&json, "errors", (int64_t)shard->refused_errors);
    json_key_text(&json, "why", shard->refused_why);
    json_object_end(&json);
}

void shard_add_refusal(struct shard *shard, instant now)
{
    struct buffer text;

    if (!shard->refused_is_news)
        return;
    buffer_init(&text);
    describe(shard, INSTANT_NONE, &text);
    changes_journal(&shard->changes, buffer_text(&text));
    buffer_clear(&text);
    describe(shard, now, &text);
    changes_put(&shard->changes, TABLE_HEAD, REFUSED_FIELD, buffer_text(&text), text.n);
    shard->changes.failed |= !buffer_ok(&text);
    buffer_finish(&text);
    shard->refused_is_news = false;
    shard->refused_on_record = true;
}

/* The files of a start are good, else there would be no daemon; a reload since then may have been refused. */
void shard_forget_refusal(struct shard *shard)
{
    if (shard->first_turn && shard->refused_on_record && shard->refused_errors == 0) {
        changes_put(&shard->changes, TABLE_HEAD, REFUSED_FIELD, "", 0);
        shard->refused_on_record = false;
    }
}
