/* service.h: one run of the daemon under one configuration: the channels, the delivery and the shards, wired
 * together.
 *
 * A reload opens a second service from the new files, lets the first one close, and starts the second:
 * nothing of the old configuration is touched in place. */
#ifndef CUIBAN_SERVICE_H
#define CUIBAN_SERVICE_H

#include <uv.h>

#include "config/config.h"
#include "log.h"
#include "store/clock.h"

struct service;

struct service_options {
    uv_loop_t *loop;
    const struct log *log;
    const char *file;                          /* the settings file */
    struct speed speed;                        /* {0}: real time */
    void (*on_owned)(void *data, instant now); /* a shard is owned for the first time; may be NULL */
    void *data;
};

/* Reads the files and opens the channels; nothing runs yet. All problems are in `problems`. 0, -EINVAL or
 * -ENOMEM. */
int service_open(const struct service_options *options, struct problems *problems, struct service **out);
void service_destroy(struct service *service); /* one that is not running; NULL is fine */

/* 0, or a negative errno with a sentence in `error`. */
int service_start(struct service *service, char *error, size_t error_room);
/* Stops sending and reading in good order within `limit_ms`, then calls `done`; service_destroy is the
 * caller's. */
void service_stop(struct service *service, int64_t limit_ms, void (*done)(void *data), void *data);

const struct config *service_config(const struct service *service);
bool service_is_healthy(const struct service *service, struct buffer *out); /* a line that says why not */
void service_metrics(const struct service *service, struct buffer *out);    /* Prometheus text */
void service_status(const struct service *service, struct buffer *out);     /* JSON */

#endif
