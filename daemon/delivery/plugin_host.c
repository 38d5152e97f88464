#include "plugin_host.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "core/arena.h"
#include "core/bucket.h"
#include "core/problem.h"
#include "delivery/crypto.h"
#include "delivery/plugin_load.h"
#include "delivery/redact.h"

enum { OPTIONS_MAX = 64, LOG_LINE_MAX = 400, ERROR_BYTES_MAX = 5000 };

struct plugin_channel {
    struct arena *texts; /* of what follows */
    const char *name;
    const char *rate; /* or NULL */
    const char *fallback;
    int32_t concurrency;
    enum uncertain_policy uncertain;
    struct quiet quiet;
    void (*log)(void *data, int priority, const char *text);
    void *log_data;
    struct plugin_file file;
    void *state;
};

static void *host_alloc(void *memory, size_t bytes)
{
    return arena_alloc(memory, bytes > 0 ? bytes : 1);
}

static void host_log(void *data, const char *text)
{
    const struct plugin_channel *channel = data;
    char line[LOG_LINE_MAX], safe[LOG_LINE_MAX];

    if (channel->log == NULL || text == NULL)
        return;
    snprintf(line, sizeof(line), "channel=%s: %s", channel->name,
             redact_text(safe, sizeof(safe) - 100, text, strlen(text)));
    channel->log(channel->log_data, LOG_INFO, line);
}

static const struct cuiban_host host = {
    .size = sizeof(struct cuiban_host),
    .alloc = host_alloc,
    .hmac_sha256 = crypto_hmac_sha256,
    .sha256 = crypto_sha256,
    .base64 = crypto_base64,
    .url_escape = crypto_url_escape,
    .log = host_log,
};

/* -- options -- */

static const char *plain_name(const char *option)
{
    return option[0] == '!' ? option + 1 : option;
}

static bool is_known(const struct cuiban_channel *abi, const char *name)
{
    for (size_t i = 0; abi->options[i] != NULL; i++)
        if (strcmp(plain_name(abi->options[i]), name) == 0)
            return true;
    return false;
}

static int unknown_option(const struct cuiban_channel *abi, const char *name,
                          const struct complaint *complaint)
{
    const char *candidates[OPTIONS_MAX];
    size_t n = 0;
    const char *nearest;

    for (; n < OPTIONS_MAX && abi->options[n] != NULL; n++)
        candidates[n] = plain_name(abi->options[n]);
    nearest = problem_nearest(name, candidates, n);
    if (nearest != NULL)
        return complain(complaint, -EINVAL, "the plugin %s has no option \"%s\"; did you mean \"%s\"?",
                        abi->name, name, nearest);
    return complain(complaint, -EINVAL, "the plugin %s has no option \"%s\"", abi->name, name);
}

static int check_options(const struct cuiban_channel *abi, const struct fields *options,
                         const struct complaint *complaint)
{
    if (options->n > OPTIONS_MAX)
        return complain(complaint, -E2BIG, "%zu options; a channel takes at most %d", options->n,
                        OPTIONS_MAX);
    for (size_t i = 0; i < options->n; i++)
        if (!is_known(abi, options->items[i].name))
            return unknown_option(abi, options->items[i].name, complaint);
    for (size_t i = 0; abi->options[i] != NULL; i++) {
        const char *name = plain_name(abi->options[i]);
        const char *value = abi->options[i][0] == '!' ? fields_get(options, name) : "given";

        if (value == NULL || value[0] == '\0')
            return complain(complaint, -EINVAL, "the plugin %s needs the option \"%s\"", abi->name, name);
    }
    return 0;
}

/* -- opening -- */

static bool copy_text(struct arena *arena, const char *text, const char **out)
{
    *out = text == NULL ? NULL : arena_strdup(arena, text);
    return text == NULL || *out != NULL;
}

static struct plugin_channel *channel_create(const struct plugin_channel_options *options)
{
    struct arena *texts = arena_create();
    struct plugin_channel *channel = texts == NULL ? NULL : arena_alloc(texts, sizeof(*channel));

    if (channel == NULL || !copy_text(texts, options->name, &channel->name) ||
        !copy_text(texts, options->rate, &channel->rate) ||
        !copy_text(texts, options->fallback, &channel->fallback)) {
        arena_destroy(texts);
        return NULL;
    }
    channel->texts = texts;
    channel->concurrency = options->concurrency > 0 ? options->concurrency : 1;
    channel->uncertain = options->uncertain;
    channel->quiet = options->quiet;
    channel->log = options->log;
    channel->log_data = options->log_data;
    return channel;
}

static int check_rate(struct plugin_channel *channel, const struct complaint *complaint)
{
    int64_t tokens, per_ms;

    if (channel->rate != NULL && !bucket_parse(channel->rate, &tokens, &per_ms))
        return complain(complaint, -EINVAL,
                        "rate = \"%s\" is not a rate such as \"18/min\", \"4/s\" or \"500/h\"",
                        channel->rate);
    if (channel->rate != NULL)
        return 0;
    channel->rate = channel->file.abi->default_rate;
    if (channel->rate != NULL && !bucket_parse(channel->rate, &tokens, &per_ms))
        return complain(complaint, -ENOEXEC, "the plugin %s has a default rate that nobody can read: \"%s\"",
                        channel->file.abi->name, channel->rate);
    return 0;
}

static int open_state(struct plugin_channel *channel, const struct fields *options,
                      const struct complaint *complaint)
{
    struct cuiban_option list[OPTIONS_MAX];
    char words[400] = "", safe[400];

    for (size_t i = 0; i < options->n; i++)
        list[i] = (struct cuiban_option){options->items[i].name, options->items[i].value};
    channel->state = channel->file.abi->open(&host, channel, list, options->n, words, sizeof(words));
    words[sizeof(words) - 1] = '\0';
    if (channel->state != NULL)
        return 0;
    if (words[0] == '\0')
        return complain(complaint, -EINVAL, "the plugin does not say why it refuses these options");
    const char *known = complaint_say(complaint, words); /* such a sentence has nothing secret in it */
    return complain(complaint, -EINVAL, "%s",
                    known != words ? known : redact_text(safe, sizeof(safe), words, strlen(words)));
}

int plugin_channel_open(const struct plugin_channel_options *options, struct plugin_channel **out,
                        char *error, size_t error_room)
{
    char words[ERROR_BYTES_MAX];
    const struct complaint complaint = {error, error_room, options->language};
    const struct complaint said = {words, sizeof(words), options->language};
    struct plugin_channel *channel = channel_create(options);
    int rc;

    if (channel == NULL)
        return complain(&complaint, -ENOMEM, "channel %s: out of memory", options->name);
    rc = plugin_load(options->plugin, options->directory, &channel->file, &said);
    if (rc == 0 && !options->only_facts) {
        rc = check_options(channel->file.abi, &options->options, &said);
        if (rc == 0)
            rc = check_rate(channel, &said);
        if (rc == 0)
            rc = open_state(channel, &options->options, &said);
        if (rc != 0)
            plugin_unload(&channel->file);
    }
    if (rc != 0) {
        arena_destroy(channel->texts);
        return complain(&complaint, rc, "channel %s: %s", options->name, words);
    }
    *out = channel;
    return 0;
}

void plugin_channel_close(struct plugin_channel *channel)
{
    if (channel == NULL)
        return;
    if (channel->state != NULL)
        channel->file.abi->close(channel->state);
    plugin_unload(&channel->file);
    arena_destroy(channel->texts);
}

const char *plugin_channel_name(const struct plugin_channel *channel)
{
    return channel->name;
}

void plugin_channel_facts(const struct plugin_channel *channel, struct channel_facts *out)
{
    static const enum dialect dialects[] = {
        [CUIBAN_PLAIN] = DIALECT_PLAIN,
        [CUIBAN_COMMONMARK] = DIALECT_COMMONMARK,
        [CUIBAN_WECOM] = DIALECT_WECOM,
        [CUIBAN_DINGTALK] = DIALECT_DINGTALK,
    };
    const struct cuiban_channel *abi = channel->file.abi;

    *out = (struct channel_facts){
        .name = channel->name,
        .plugin = abi->name,
        .reach = abi->reach == CUIBAN_REACH_PERSON ? REACH_PERSON : REACH_GROUP,
        .dialect = dialects[abi->dialect],
        .address = abi->address,
        .fallback = channel->fallback,
        .uncertain = channel->uncertain,
        .mentions = abi->mentions != 0,
        .max_bytes = abi->max_bytes,
        .quiet = channel->quiet,
    };
}

const struct cuiban_channel *plugin_channel_abi(const struct plugin_channel *channel)
{
    return channel->file.abi;
}

const char *plugin_channel_rate(const struct plugin_channel *channel)
{
    return channel->rate;
}

int32_t plugin_channel_concurrency(const struct plugin_channel *channel)
{
    return channel->concurrency;
}

/* -- messages and verdicts -- */

static void verdict_of(const struct cuiban_verdict *from, struct verdict *out)
{
    static const enum verdict_kind kinds[] = {
        [CUIBAN_DELIVERED] = VERDICT_DELIVERED, [CUIBAN_RETRY] = VERDICT_RETRY,
        [CUIBAN_BACKOFF] = VERDICT_BACKOFF,     [CUIBAN_REAUTH] = VERDICT_REAUTH,
        [CUIBAN_REFUSED] = VERDICT_REFUSED,     [CUIBAN_MISCONFIGURED] = VERDICT_MISCONFIGURED,
        [CUIBAN_UNCERTAIN] = VERDICT_UNCERTAIN,
    };

    *out = (struct verdict){.kind = VERDICT_UNCERTAIN}; /* no kind, or one that nobody knows */
    if ((size_t)from->kind < sizeof(kinds) / sizeof(kinds[0]))
        out->kind = kinds[from->kind];
    out->delay_ms = from->delay_ms > 0 ? from->delay_ms : 0;
    out->delay_ms = out->delay_ms > PLUGIN_DELAY_MS_MAX ? PLUGIN_DELAY_MS_MAX : out->delay_ms;
    out->code = from->code;
    redact_text(out->reason, sizeof(out->reason), from->reason, sizeof(from->reason));
    redact_text(out->remote_id, sizeof(out->remote_id), from->remote_id, sizeof(from->remote_id));
}

static void verdict_set(struct verdict *out, enum verdict_kind kind, const char *reason)
{
    *out = (struct verdict){.kind = kind};
    snprintf(out->reason, sizeof(out->reason), "%s", reason);
}

static bool is_usable(const struct cuiban_request *request)
{
    return request->url != NULL && (request->body != NULL || request->body_n == 0) &&
           (unsigned)request->kind <= CUIBAN_REQUEST_FILE;
}

int plugin_prepare(const struct plugin_channel *channel, const struct cuiban_message *message,
                   struct plugin_request *out, struct verdict *verdict)
{
    struct cuiban_verdict answer = {.size = sizeof(answer), .kind = CUIBAN_REFUSED};
    struct arena *memory = arena_create();
    int rc;

    *out = (struct plugin_request){.request = {.size = sizeof(out->request)}, .memory = memory};
    if (memory == NULL) {
        verdict_set(verdict, VERDICT_RETRY, "out of memory");
        return -1;
    }
    rc = channel->file.abi->prepare(channel->state, message, memory, &out->request, &answer);
    if (rc == 0 && is_usable(&out->request))
        return 0;
    plugin_request_finish(out);
    verdict_of(&answer, verdict);
    if (rc == 0)
        verdict_set(verdict, VERDICT_MISCONFIGURED, "the plugin prepared a request that cannot be performed");
    else if (verdict->kind == VERDICT_DELIVERED || verdict->kind == VERDICT_UNCERTAIN)
        verdict->kind = VERDICT_REFUSED; /* nothing has left, so nothing can have arrived */
    if (verdict->reason[0] == '\0')
        snprintf(verdict->reason, sizeof(verdict->reason), "the plugin does not say why");
    return -1;
}

void plugin_request_finish(struct plugin_request *request)
{
    arena_destroy(request->memory);
    request->memory = NULL;
}

void plugin_judge(const struct plugin_channel *channel, const struct cuiban_response *response,
                  struct verdict *out, int32_t *shrink_bytes)
{
    struct cuiban_verdict answer = {.size = sizeof(answer), .kind = CUIBAN_UNCERTAIN};

    channel->file.abi->judge(channel->state, response, &answer);
    verdict_of(&answer, out);
    *shrink_bytes = out->kind == VERDICT_REFUSED && answer.shrink_bytes > 0 ? answer.shrink_bytes : 0;
}
