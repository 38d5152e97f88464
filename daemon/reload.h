/* reload.h: the service that runs, and how it takes other files.
 *
 * They are read in another thread, while everything goes on. If one of them has an error, or a rule vanishes
 * that has open deadlines, nothing changes and everybody is told. If only rules, calendars, people, templates
 * or the catalogue are others, the running shards take them; if the channels, Redis or the streams are, the
 * service is replaced: a second one is opened, the first one closes in good order, and the second starts. */
#ifndef CUIBAN_RELOAD_H
#define CUIBAN_RELOAD_H

#include "held.h"
#include "service.h"

struct reload;

struct reload_options {
    const char *file;             /* the settings file */
    struct log *log;              /* its level follows the settings */
    struct held *held;            /* how long the loop was held by a reload is told */
    void (*on_taken)(void *data); /* other files run now; `data` is the service's; may be NULL */
    struct service_options service;
};

/* Reads the files and opens the channels; nothing runs yet. 0, -EINVAL (all problems are in `problems`),
 * -ENOMEM. */
int reload_open(const struct reload_options *options, struct problems *problems, struct reload **out);
void reload_destroy(struct reload *reload); /* nothing runs (any more) */
/* 0, or a negative errno with a sentence in `error`. */
int reload_start(struct reload *reload, char *error, size_t error_room);
/* Ends what is under way in good order within `limit_ms`, then calls `done`, once. */
void reload_stop(struct reload *reload, int64_t limit_ms, void (*done)(void *data), void *data);

/* Reads the files again. What is asked while that is under way is done afterwards, once. */
void reload_ask(struct reload *reload);

struct service *reload_service(const struct reload *reload);
void reload_metrics(struct reload *reload, struct buffer *out);
/* Members of an object. Looks, in another thread and now and then, what the files on disk are by now. */
void reload_status(struct reload *reload, struct json_writer *json);

#endif
