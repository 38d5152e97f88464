#include "health.h"

#include <inttypes.h>
#include <string.h>

static const struct {
    const char *name, *says; /* what follows the stream's or the channel's name */
    bool warning;
} codes[HEALTH_CODES] = {
    [HEALTH_STOPPED] = {"stopped", "has stopped for good", false},
    [HEALTH_UNREACHABLE] = {"unreachable", "has no answer from Redis", false},
    [HEALTH_UNSERVED] = {"unserved", "is not served", false},
    [HEALTH_UNOWNED] = {"unowned", "is owned by nobody", false},
    [HEALTH_UNREAD] = {"unread", "cannot be read", false},
    [HEALTH_UNCOMMITTED] = {"uncommitted", "cannot be committed", false},
    [HEALTH_UNRENEWED] = {"unrenewed", "has a lease that is not renewed", false},
    [HEALTH_UNCLAIMED] = {"unclaimed", "has messages that cannot be claimed", false},
    [HEALTH_HELD] = {"held", "fires nothing", false},
    [HEALTH_BEHIND] = {"behind", "fires nothing: events wait", false},
    [HEALTH_MISCONFIGURED] = {"misconfigured", "is misconfigured", false},
    [HEALTH_NO_AOF] = {"no_aof", "is kept by a Redis with appendonly no: a crash of Redis loses the latest",
                       true},
    [HEALTH_EVICTS] = {"evicts", "is kept by a Redis that may evict keys: set maxmemory-policy noeviction",
                       true},
};

const char *health_code_name(enum health_code code)
{
    return codes[code].name;
}

bool health_code_parse(const char *name, enum health_code *out)
{
    for (int code = 0; code < HEALTH_CODES; code++) {
        if (strcmp(codes[code].name, name) == 0) {
            *out = (enum health_code)code;
            return true;
        }
    }
    return false;
}

bool health_code_is_warning(enum health_code code)
{
    return codes[code].warning;
}

/* -- the verdict -- */

static void add(struct health *out, enum health_code code, const char *about, int64_t for_ms,
                const char *detail)
{
    struct health_reason reason = {code, about ? about : "", for_ms, detail ? detail : ""};

    if (codes[code].warning && out->n_warnings < HEALTH_REASONS_MAX)
        out->warnings[out->n_warnings++] = reason;
    else if (!codes[code].warning && out->n_reasons < HEALTH_REASONS_MAX)
        out->reasons[out->n_reasons++] = reason;
    else
        out->left_out++;
}

/* `words`: the cause of just this; else what is known to be wrong with the stream. */
static void add_if_long(struct health *out, enum health_code code, const struct health_stream *stream,
                        int64_t for_ms, const char *words)
{
    if (for_ms > HEALTH_PATIENCE_MS)
        add(out, code, stream->name, for_ms, words && words[0] ? words : stream->problem);
}

static void judge_owner(struct health *out, const struct health_stream *stream)
{
    if (stream->silent_ms <= HEALTH_PATIENCE_MS) { /* else it is the cause of all of these */
        add_if_long(out, HEALTH_UNREAD, stream, stream->unread_ms, NULL);
        add_if_long(out, HEALTH_UNCOMMITTED, stream, stream->uncommitted_ms, stream->refused_words);
        add_if_long(out, HEALTH_UNRENEWED, stream, stream->unrenewed_ms, stream->renewal_words);
        add_if_long(out, HEALTH_UNCLAIMED, stream, stream->unclaimed_ms, NULL);
    }
    if (stream->is_held)
        add(out, HEALTH_HELD, stream->name, 0, stream->held_words);
    if (stream->lag_ms > HEALTH_BEHIND_MS)
        add(out, HEALTH_BEHIND, stream->name, stream->lag_ms, NULL);
}

static void judge_stream(struct health *out, const struct health_stream *stream)
{
    if (stream->role == HEALTH_HAS_STOPPED) {
        add(out, HEALTH_STOPPED, stream->name, 0, stream->problem);
        return;
    }
    add_if_long(out, HEALTH_UNREACHABLE, stream, stream->silent_ms, NULL);
    if (stream->role == HEALTH_OWNS)
        judge_owner(out, stream);
    else if (stream->role == HEALTH_STANDS_BY && (!stream->holder || !stream->holder[0]))
        add(out, HEALTH_UNOWNED, stream->name, 0, stream->problem);
    else if (stream->role != HEALTH_STANDS_BY && stream->silent_ms <= HEALTH_PATIENCE_MS)
        add_if_long(out, HEALTH_UNSERVED, stream, stream->unserved_ms, stream->renewal_words);
    if (stream->has_no_aof)
        add(out, HEALTH_NO_AOF, stream->name, 0, NULL);
    if (stream->evicts && stream->evicts[0])
        add(out, HEALTH_EVICTS, stream->name, 0, stream->evicts);
}

void health_judge(const struct health_facts *facts, struct health *out)
{
    *out = (struct health){.facts = facts};
    for (size_t i = 0; i < facts->n_streams; i++)
        judge_stream(out, &facts->streams[i]);
    if (facts->n_streams == 0 && facts->idle_ms > HEALTH_PATIENCE_MS)
        add(out, HEALTH_UNSERVED, "", facts->idle_ms, NULL);
    for (size_t i = 0; i < facts->n_channels; i++)
        if (facts->channels[i].is_misconfigured)
            add(out, HEALTH_MISCONFIGURED, facts->channels[i].name, 0, facts->channels[i].problem);
    out->is_healthy = out->n_reasons == 0;
}

size_t health_count(const struct health *health, enum health_code code)
{
    bool warning = codes[code].warning;
    const struct health_reason *list = warning ? health->warnings : health->reasons;
    size_t n = warning ? health->n_warnings : health->n_reasons, count = 0;

    for (size_t i = 0; i < n; i++)
        count += list[i].code == code;
    return count;
}

/* -- words -- */

void health_reason_text(const struct health_reason *reason, struct buffer *out)
{
    if (reason->code == HEALTH_MISCONFIGURED)
        buffer_add_text(out, "channel ");
    buffer_printf(out, "%s %s", reason->about[0] ? reason->about : "every stream", codes[reason->code].says);
    if (reason->for_ms > 0)
        buffer_printf(out, " for %" PRId64 " s", reason->for_ms / 1000);
    if (reason->detail[0])
        buffer_printf(out, ": %s", reason->detail);
}

static void role_text(const struct health_stream *stream, struct buffer *out)
{
    switch (stream->role) {
    case HEALTH_OWNS:
        buffer_printf(out, "%s is owned", stream->name);
        break;
    case HEALTH_STANDS_BY:
        buffer_printf(out, "%s is owned by %s; standing by", stream->name,
                      stream->holder && stream->holder[0] ? stream->holder : "nobody");
        break;
    case HEALTH_LOADS:
        buffer_printf(out, "%s is being loaded", stream->name);
        break;
    case HEALTH_CONNECTS:
        buffer_printf(out, "%s: connecting to Redis", stream->name);
        break;
    case HEALTH_HAS_STOPPED:
        buffer_printf(out, "%s is stopped", stream->name);
        break;
    }
}

static void list_text(const struct health_reason *list, size_t n, const char *before, const char *after,
                      struct buffer *out)
{
    for (size_t i = 0; i < n; i++) {
        buffer_add_text(out, before);
        health_reason_text(&list[i], out);
        buffer_add_text(out, after);
    }
}

void health_text(const struct health *health, struct buffer *out)
{
    buffer_add_text(out, health->is_healthy ? "ok\n" : "not healthy\n");
    list_text(health->reasons, health->n_reasons, "! ", "\n", out);
    if (health->left_out > 0)
        buffer_printf(out, "! and %zu more\n", health->left_out);
    list_text(health->warnings, health->n_warnings, "warning: ", "\n", out);
    for (size_t i = 0; i < health->facts->n_streams; i++) {
        role_text(&health->facts->streams[i], out);
        buffer_add_char(out, '\n');
    }
    if (health->facts->n_streams == 0)
        buffer_add_text(out, "no stream is open at the moment: starting, reloading or stopping\n");
}

void health_line(const struct health *health, struct buffer *out)
{
    size_t owned = 0;

    for (size_t i = 0; i < health->facts->n_streams; i++)
        owned += health->facts->streams[i].role == HEALTH_OWNS;
    buffer_printf(out, "%s: owns %zu of %zu streams", health->is_healthy ? "healthy" : "NOT HEALTHY", owned,
                  health->facts->n_streams);
    list_text(health->reasons, health->n_reasons, "; ", "", out);
    list_text(health->warnings, health->n_warnings, "; warning: ", "", out);
}

/* -- JSON -- */

static bool is_of(const struct health_reason *reason, const char *stream)
{
    return !stream || reason->code == HEALTH_MISCONFIGURED || strcmp(reason->about, stream) == 0;
}

static void list_json(const struct health_reason *list, size_t n, const char *stream,
                      struct json_writer *json)
{
    json_array(json);
    for (size_t i = 0; i < n; i++) {
        struct buffer text;

        if (!is_of(&list[i], stream))
            continue;
        buffer_init(&text);
        health_reason_text(&list[i], &text);
        json_object(json);
        json_key_text(json, "code", codes[list[i].code].name);
        json_key_text(json, "about", list[i].about);
        json_key_int(json, "for_ms", list[i].for_ms);
        json_key_text(json, "detail", list[i].detail);
        json_key_text(json, "text", buffer_text(&text));
        json_object_end(json);
        buffer_finish(&text);
    }
    json_array_end(json);
}

static void streams_json(const struct health *health, const char *stream, struct json_writer *json)
{
    static const char *const roles[] = {"connecting", "standby", "loading", "owner", "stopped"};

    json_array(json);
    for (size_t i = 0; i < health->facts->n_streams; i++) {
        const struct health_stream *one = &health->facts->streams[i];

        if (stream && strcmp(one->name, stream) != 0)
            continue;
        json_object(json);
        json_key_text(json, "stream", one->name);
        json_key_text(json, "role", roles[one->role]);
        json_key_text(json, "holder", one->holder && one->holder[0] ? one->holder : NULL);
        json_object_end(json);
    }
    json_array_end(json);
}

void health_json(const struct health *health, const char *stream, struct json_writer *json)
{
    json_object(json);
    json_key_bool(json, "healthy", health->is_healthy);
    json_key(json, "reasons");
    list_json(health->reasons, health->n_reasons, stream, json);
    json_key(json, "warnings");
    list_json(health->warnings, health->n_warnings, stream, json);
    json_key(json, "streams");
    streams_json(health, stream, json);
    json_object_end(json);
}
