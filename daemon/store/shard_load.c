/* What a shard does once the lease is its own: it reads the head and loads, or goes on where the last
 * connection broke (DESIGN.md section 4). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "store/shard_inside.h"

/* -- loading -- */

static void begin_owning(struct shard *shard)
{
    struct engine *engine = shard->engine;
    int error = engine_loaded(engine, clock_now(&shard->clock));
    if (error == -ENOMEM) {
        shard_starve(shard, "the state that was loaded cannot be held");
        return;
    }
    if (error) {
        shard_drop(shard, strerror(-error));
        return;
    }
    source_reset(&shard->source, shard->head.at, shard->head.read);
    shard->seq = shard->head.seq;
    memcpy(shard->by, shard->head.by, sizeof(shard->by));
    shard->refused_on_record = shard->head.refused;
    shard->careful = shard->head.takes >= SHARD_CAREFUL_TAKES;
    shard->careful_left = SHARD_CAREFUL_EVENTS;
    shard->poison[0] = '\0';
    if (shard->careful && strcmp(shard->head.trying, shard->trying) != 0)
        memcpy(shard->poison, shard->head.trying, sizeof(shard->poison));
    memcpy(shard->trying, shard->head.trying, sizeof(shard->trying));
    if (shard->careful)
        shard_log(shard, LOG_WARNING, "taken %d times without a commit: reading one event at a time",
                  shard->head.takes);
    shard->first_turn = true;
    shard->taken_over = false;
    shard->poll_short = false;
    shard_tend_links(shard);
    shard_poll(shard, true);
    if (!shard->polling)
        shard_starve(shard, "Redis cannot be asked");
}

static bool is_own_field(const char *name)
{
    static const char *const own[] = {"v",    "seq",   "begun", "cursor", "commands",
                                      "read", "clock", "takes", "trying", "by"};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (strcmp(name, own[i]) == 0)
            return true;
    return false;
}

/* The fields of the head that are the engine's. False: the shard has stopped. */
static bool load_head_fields(struct shard *shard)
{
    const redisReply *head = shard->head_reply;
    for (size_t i = 0; head && i + 1 < head->elements; i += 2) {
        const redisReply *name = head->element[i], *value = head->element[i + 1];
        const char *why = "out of memory";
        if (is_own_field(name->str) ||
            !engine_load(shard->engine, TABLE_HEAD, name->str, value->str, value->len, &why))
            continue;
        shard_stop(shard, "%s: the field '%.40s' cannot be read: %s", shard->keys.names[KEY_HEAD], name->str,
                   why);
        return false;
    }
    return true;
}

static void load_on_done(void *data, int error, const char *why)
{
    struct shard *shard = data;
    if (error == -EINVAL) {
        shard_stop(shard, "%s", why);
        return;
    }
    if (error == -ENOMEM) {
        shard_starve(shard, why);
        return;
    }
    if (error) {
        shard_drop(shard, why);
        return;
    }
    shard_forget_load(shard);
    if (load_head_fields(shard))
        begin_owning(shard);
}

static void begin_load(struct shard *shard)
{
    shard->state = SHARD_LOADING;
    shard_take_before_load(shard);
    shard->engine = engine_create(&shard->parts);
    if (shard->engine)
        shard->load = load_start(shard->command, &shard->keys, shard->engine, load_on_done, shard);
    if (!shard->load)
        shard_starve(shard, "loading cannot begin");
}

/* Takes out the verdicts that were in flight and have arrived all the same. */
static void sort_out_arrived(struct shard *shard)
{
    uint64_t flight = commit_seq(shard->commit);
    if (flight == 0 || shard->head.seq != flight || strcmp(shard->head.by, shard->flight_token) != 0)
        return;
    struct requests waiting = {0};
    struct request *request;
    while ((request = request_pop(&shard->verdicts))) {
        if (request->seq == flight)
            free(request);
        else
            request_push(&waiting, request);
    }
    shard->verdicts = waiting;
}

/* Verdicts of attempts that we claimed still count if nobody else has committed since, or if Redis lost the
 * writes. */
static void judge_verdicts(struct shard *shard)
{
    const struct head *head = &shard->head;
    bool ours = strcmp(head->by, shard->by) == 0 || strcmp(head->by, shard->flight_token) == 0;
    bool regressed = head->seq < shard->seq;
    shard->died = !shard->loaded_once || (!ours && !regressed);
    if (shard->loaded_once && !ours && !regressed && shard->verdicts.n > 0) {
        shard_log(shard, LOG_WARNING,
                  "%zu verdicts are dropped: somebody else owned the shard meanwhile; the attempts count as "
                  "uncertain",
                  shard->verdicts.n);
        requests_drop(&shard->verdicts);
    }
    if (shard->loaded_once && regressed) {
        struct requests again = {0};
        struct request *request;
        shard->gap_from = head->seq;
        shard->gap_to = shard->seq;
        while ((request = request_pop(&shard->recent))) {
            if (request->seq > head->seq)
                request_push(&again, request);
            else
                free(request);
        }
        while ((request = request_pop(&shard->verdicts)))
            request_push(&again, request);
        shard->verdicts = again;
        shard_log(shard, LOG_ALERT,
                  "Redis lost commits %llu to %llu; going on from what it kept, %zu verdicts again",
                  (unsigned long long)head->seq + 1, (unsigned long long)shard->seq, shard->verdicts.n);
    }
}

static void reload(struct shard *shard)
{
    shard->in_flight = false;
    if (shard->engine)
        shard_leave(shard, SHARD_LOADING);
    sort_out_arrived(shard);
    judge_verdicts(shard);
    begin_load(shard);
}

/* Where a shard begins that has no head yet: the answer of XINFO STREAM says what is before it. */
static void start_on_info(void *data, redisReply **reply)
{
    struct shard *shard = data;
    int64_t added = -1, length = 0;
    struct stream_id last = {0};
    bool exists = source_read_info(*reply, &added, &length, &last);
    struct head *head = &shard->head;
    *head = (struct head){0};
    head->takes = 1;
    struct stream_id id;
    if (!exists && !(reply_is_error(*reply) && strstr((*reply)->str, "no such key"))) {
        shard_drop(shard, reply_is_error(*reply) ? (*reply)->str : "XINFO STREAM: not an answer");
        return;
    }
    if (strcmp(shard->start, "now") == 0) {
        head->at.events = last;
        head->read = exists ? added : 0;
    } else if (strcmp(shard->start, "begin") == 0) {
        head->read = !exists ? 0 : added < 0 ? -1 : added - length;
    } else if (stream_id_parse(shard->start, &id)) {
        head->at.events = id;
        head->read = -1;
    }
    char text[STREAM_ID_TEXT_MAX];
    shard_log(shard, LOG_NOTICE, "first start, from %s", stream_id_format(head->at.events, text));
    reload(shard);
}

/* -- the head -- */

static bool head_is(const redisReply *name, const char *text)
{
    return strcmp(name->str, text) == 0;
}

static bool read_head_field(struct head *head, const char *version_ours, const redisReply *name,
                            const redisReply *value, bool *version_known)
{
    if (head_is(name, "v"))
        *version_known = strcmp(value->str, version_ours) == 0;
    else if (head_is(name, "seq"))
        head->seq = strtoull(value->str, NULL, 10);
    else if (head_is(name, "begun"))
        head->begun = strtoull(value->str, NULL, 10);
    else if (head_is(name, "cursor"))
        return stream_id_parse(value->str, &head->at.events);
    else if (head_is(name, "commands"))
        return stream_id_parse(value->str, &head->at.commands);
    else if (head_is(name, "read"))
        head->read = value->len > 0 ? strtoll(value->str, NULL, 10) : -1;
    else if (head_is(name, "clock"))
        head->clock = strtoll(value->str, NULL, 10);
    else if (head_is(name, "takes"))
        head->takes = (int)strtol(value->str, NULL, 10);
    else if (head_is(name, "by"))
        (void)snprintf(head->by, sizeof(head->by), "%s", value->str);
    else if (head_is(name, "reload_failed"))
        head->refused = value->len > 0;
    else if (head_is(name, "trying"))
        (void)snprintf(head->trying, sizeof(head->trying), "%s", value->str);
    return true;
}

/* NULL, or what is wrong with it. */
static const char *read_head(struct head *head, const redisReply *reply)
{
    bool version_known = true, readable = true;
    *head = (struct head){.exists = reply->elements > 0, .read = -1};
    for (size_t i = 0; i + 1 < reply->elements; i += 2)
        readable &= read_head_field(head, "1", reply->element[i], reply->element[i + 1], &version_known);
    if (!version_known)
        return "was written by another version of the format";
    if (!readable)
        return "has a position that cannot be read";
    if (head->begun != head->seq)
        return "shows a commit that broke off in the middle (begun differs from seq): restore the keys of "
               "this shard from "
               "a backup, or remove them all to begin anew";
    return NULL;
}

static void recover(struct shard *shard)
{
    const struct head *head = &shard->head;
    uint64_t flight = shard->in_flight ? commit_seq(shard->commit) : 0;
    bool at_ours = head->seq == shard->seq && strcmp(head->by, shard->by) == 0;
    if (shard->in_flight && head->seq == flight && strcmp(head->by, shard->flight_token) == 0) {
        shard_log(shard, LOG_INFO, "connected again; commit %llu had arrived", (unsigned long long)flight);
        shard_acknowledge(shard, NULL);
    } else if (at_ours && shard->in_flight) {
        shard_log(shard, LOG_INFO, "connected again; commit %llu is sent again", (unsigned long long)flight);
        shard_send_commit(shard);
    } else if (at_ours) {
        shard_log(shard, LOG_INFO, "connected again");
        shard->tries = 0;
        shard_soon(shard);
    } else {
        shard_log(shard, LOG_WARNING, "connected again, but the head is at %llu and not at %llu: loading",
                  (unsigned long long)head->seq, (unsigned long long)shard->seq);
        reload(shard);
        return;
    }
    shard_tend_links(shard);
    shard_arm_wake(shard);
}

static void head_on_exists(void *data, redisReply **reply)
{
    struct shard *shard = data;
    if (shard->head.exists)
        return; /* asked in one go with the head; only a missing head needs it */
    if ((*reply)->type == REDIS_REPLY_INTEGER && (*reply)->integer > 0) {
        shard_stop(shard,
                   "%s is missing, but there are deadlines or an outbox beside it: durable state was "
                   "damaged. Restore "
                   "%s from a backup, or remove all its keys to begin anew",
                   shard->keys.names[KEY_HEAD], shard->keys.names[KEY_STREAM]);
        return;
    }
    if (shard->loaded_once) {
        shard_stop(shard,
                   "%s is gone while this daemon ran (FLUSHALL, or an empty replica was promoted): restore "
                   "the data, "
                   "or start the daemon again to begin anew",
                   shard->keys.names[KEY_HEAD]);
        return;
    }
    if (!connection_say(shard->command, start_on_info, shard, "XINFO", "STREAM",
                        shard->keys.names[KEY_STREAM], (char *)NULL))
        shard_starve(shard, "Redis cannot be asked");
}

static void head_on_reply(void *data, redisReply **reply)
{
    struct shard *shard = data;
    if ((*reply)->type != REDIS_REPLY_ARRAY) {
        shard_drop(shard, reply_is_error(*reply) ? (*reply)->str : "HGETALL: not an answer");
        return;
    }
    freeReplyObject(shard->head_reply);
    shard->head_reply = *reply;
    *reply = NULL;
    const char *wrong = read_head(&shard->head, shard->head_reply);
    if (wrong) {
        shard_stop(shard, "%s %s", shard->keys.names[KEY_HEAD], wrong);
        return;
    }
    shard_clear_problem(shard);
    shard_take_sample(shard, clock_now(&shard->redis),
                      clock_monotonic()); /* now that the last commit's clock is known */
    if (!shard->head.exists)
        return; /* head_on_exists goes on */
    if (shard->engine)
        recover(shard);
    else
        reload(shard);
}

void shard_ask_head(struct shard *shard)
{
    if (!connection_say(shard->command, head_on_reply, shard, "HGETALL", shard->keys.names[KEY_HEAD],
                        (char *)NULL) ||
        !connection_say(shard->command, head_on_exists, shard, "EXISTS", shard->keys.names[KEY_DEADLINES],
                        shard->keys.names[KEY_OUTBOX], shard->keys.names[KEY_CLOSED], (char *)NULL))
        shard_starve(shard, "Redis cannot be asked");
}
