/* status_text.h: what is known of one shard from outside, and how it is told. */
#ifndef CUIBAN_CLI_STATUS_TEXT_H
#define CUIBAN_CLI_STATUS_TEXT_H

#include "cli/cli.h"
#include "core/buffer.h"
#include "core/notification.h"
#include "core/zone.h"
#include "store/query.h"

enum {
    STATUS_CHANNELS_MAX = 64,
    STATUS_WARNINGS_MAX = 24,
    STATUS_UNREAD_MAX = 100000,
    STATUS_WARNING_MAX = 512
};

struct status_channel {
    char name[64];
    size_t counts[3]; /* by enum notification_state */
    int32_t deaths;   /* of the daemon, with nothing but `killer` under way */
    char killer[NOTIFICATION_ID_MAX];
};

struct status {
    const char *stream;
    const char *rules_on_disk; /* fingerprint; "": the files have errors */
    struct query_server server;
    bool started;
    struct query_head head;
    bool held;
    char holder[64];
    int64_t lease_ms;
    struct query_stream_info events;
    size_t unread; /* at most STATUS_UNREAD_MAX are counted */
    instant oldest_unread;
    size_t deadlines[4]; /* by enum deadline_state */
    size_t provisional;  /* dues that depend on dates no calendar covers */
    size_t warned;       /* of those, due within 60 days */
    size_t silent;       /* slipped, and nobody besides the owner could be told */
    struct status_channel channels[STATUS_CHANNELS_MAX];
    size_t n_channels;
    uint64_t dead;
    size_t damaged;
    struct buffer health; /* what the owner says of itself, JSON; empty: nothing */
    char warnings[STATUS_WARNINGS_MAX][STATUS_WARNING_MAX];
    size_t n_warnings;
};

/* Each reason of the owner's health as a warning; see health_words.c. */
void status_warn_of_health(const struct cli *cli, struct status *status);
void status_warn(const struct cli *cli, const struct zone *zone,
                 struct status *status); /* fills `warnings` from the rest */
void status_add_warning(const struct cli *cli, struct status *status, const char *english,
                        const char *chinese, ...) __attribute__((format(printf, 3, 5), format(printf, 4, 5)));
void status_print(const struct cli *cli, const struct zone *zone, const struct status *status);
void status_json(struct json_writer *json, const struct status *status);

#endif
