/* service.h: the channels, the delivery and the shards, wired together under one reading of the files.
 *
 * Another reading of them is taken while it runs if only rules, calendars, people or templates are others; if
 * channels or Redis are, a second service is opened, the first one closes, and the second starts (reload.h).
 */
#ifndef CUIBAN_SERVICE_H
#define CUIBAN_SERVICE_H

#include <uv.h>

#include "core/health.h"
#include "delivery/delivery.h"
#include "edition.h"
#include "log.h"
#include "progress.h"
#include "store/shard.h"

struct service;

struct service_options {
    uv_loop_t *loop;
    const struct log *log;
    struct progress *progress;                 /* is told what runs; may be NULL */
    struct speed speed;                        /* {0}: real time */
    void (*on_owned)(void *data, instant now); /* a shard is owned for the first time; may be NULL */
    void (*on_failed)(void *data);             /* memory has run out, or nothing can be started any more */
    void *data;
};

/* Opens the channels; nothing runs yet. The edition is taken in any case. All problems are in `problems`. 0,
 * -EINVAL or -ENOMEM. */
int service_open(const struct service_options *options, struct edition *take, struct problems *problems,
                 struct service **out);
void service_destroy(struct service *service); /* one that is not running; NULL is fine */

/* 0, or a negative errno with a sentence in `error`; stop it in that case, too. One that has stopped may be
 * started again. */
int service_start(struct service *service, char *error, size_t error_room);
/* Stops sending and reading in good order within `limit_ms`, then calls `done`; service_destroy is the
 * caller's. */
void service_stop(struct service *service, int64_t limit_ms, void (*done)(void *data), void *data);

/* -- other files -- */
/* Before another edition is read to follow the one that runs: texts that no deadline has are dropped. */
void service_forget_texts(struct service *service);
/* False: a rule that has open deadlines is not in the edition; `problems` says which. */
bool service_can_follow(const struct service *service, const struct edition *edition,
                        struct problems *problems);
/* What is there that cannot be taken while it runs, in words; NULL: nothing. */
const char *service_needs_restart(const struct service *service, const struct edition *edition);
/* The shards take it with their next commit. Not before the last one is settled. */
void service_reload(struct service *service, struct edition *take);
bool service_settle(
    struct service *service); /* true: every deadline stands by the edition; call again if not */
void service_refuse_reload(struct service *service, size_t errors, const char *why); /* on the record */

/* A number that changes with whatever is read, committed, sent or loaded. */
uint64_t service_work(const struct service *service);

const struct config *service_config(const struct service *service);
struct edition *service_edition(const struct service *service);

/* -- telling how it goes -- */
struct service_facts { /* what the verdict on its health is made from */
    struct shard_status shards[CONFIG_STREAMS_MAX];
    struct channel_status channels[CONFIG_CHANNELS_MAX];
    struct health_stream streams[CONFIG_STREAMS_MAX];
    struct health_channel of_channels[CONFIG_CHANNELS_MAX];
    struct health_facts health; /* points to the rest */
};
void service_facts(const struct service *service, struct service_facts *out);
void service_tell_health(struct service *service,
                         const struct health *health);                        /* the shards, for cuibanctl */
void service_metrics(const struct service *service, struct buffer *out);      /* Prometheus text */
void service_status(const struct service *service, struct json_writer *json); /* members of an object */

#endif
