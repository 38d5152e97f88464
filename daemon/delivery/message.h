/* message.h: from notifications to the request that a channel's plugin makes of them. */
#ifndef CUIBAN_DELIVERY_MESSAGE_H
#define CUIBAN_DELIVERY_MESSAGE_H

#include "core/engine.h"
#include "delivery/plugin_host.h"

enum { MESSAGE_NOTIFICATIONS_MAX = 64 }; /* in one message to a group */

struct message_order {
    const struct plugin_channel *channel;
    const struct engine *engine;
    const struct notification *const
        *notifications; /* one, or several of one step to one group; the first gives the id */
    size_t n;
    instant now;
    int32_t attempt;
    int32_t body_bytes_max; /* 0: as long as it is */
};

/* 0 and a request; -1 and a verdict: VERDICT_RETRY if only memory is short, else why this can never be sent.
 */
int message_prepare(const struct message_order *order, struct plugin_request *out, struct verdict *verdict);

/* A title as it reads without the marks of its dialect: for subjects and previews. */
void message_plain_title(struct buffer *out, enum dialect dialect, const char *title);

#endif
