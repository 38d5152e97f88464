/* plugin_host.h: loads channel plugins, opens channels, and translates between the core's words and the
 * plugin ABI. */
#ifndef CUIBAN_DELIVERY_PLUGIN_HOST_H
#define CUIBAN_DELIVERY_PLUGIN_HOST_H

#include <cuiban/channel.h>

#include "core/problem.h"
#include "core/compose.h"
#include "core/channel_facts.h"

struct plugin_channel; /* one configured channel of a plugin */

#define PLUGIN_DELAY_MS_MAX DAY_MS /* a plugin's or a vendor's wish to wait longer is cut */

/* What to open; mirrors the entry of `channels` in the settings. */
struct plugin_channel_options {
    const char *name;
    const char *plugin;    /* "wecom", or an absolute path */
    const char *directory; /* where plugins are found */
    const char *rate;      /* or NULL */
    const char *fallback;
    int32_t concurrency;
    enum uncertain_policy uncertain;
    struct quiet quiet;
    struct fields options;
    bool
        only_facts; /* the plugin is not asked to take the options: facts can be asked for, nothing be sent */
    void (*log)(void *data, int priority, const char *text);
    void *log_data;
    problem_language *language; /* of the sentence in `error`; NULL: English */
};

/* Everything is copied. 0, or a negative errno with a sentence in `error` that says what, which file and what
 * to do (another ABI, a missing symbol, an unknown or missing option, a value that the plugin refused). */
int plugin_channel_open(const struct plugin_channel_options *options, struct plugin_channel **out,
                        char *error, size_t error_room);
void plugin_channel_close(
    struct plugin_channel *channel); /* NULL is fine; unloads the plugin with its last channel */

const char *plugin_channel_name(const struct plugin_channel *channel);
void plugin_channel_facts(const struct plugin_channel *channel,
                          struct channel_facts *out); /* texts live as long as it */
const struct cuiban_channel *plugin_channel_abi(const struct plugin_channel *channel);
const char *plugin_channel_rate(const struct plugin_channel *channel);
int32_t plugin_channel_concurrency(const struct plugin_channel *channel);

/* One request, with the memory that it lives in. */
struct plugin_request {
    struct cuiban_request request;
    struct arena *memory;
};
/* 0 and the request, to be finished with plugin_request_finish; -1 and a verdict (never VERDICT_DELIVERED or
 * VERDICT_UNCERTAIN). What `message` points to is not needed afterwards. Texts of verdicts are valid UTF-8
 * without URLs and control characters, cut. */
int plugin_prepare(const struct plugin_channel *channel, const struct cuiban_message *message,
                   struct plugin_request *out, struct verdict *verdict);
void plugin_request_finish(struct plugin_request *request);
/* `shrink_bytes` is 0 unless the plugin asks for one more, shorter try. A plugin that says nothing, or a kind
 * that is unknown here, leaves it uncertain. */
void plugin_judge(const struct plugin_channel *channel, const struct cuiban_response *response,
                  struct verdict *out, int32_t *shrink_bytes);

#endif
