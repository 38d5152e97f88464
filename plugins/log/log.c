/* log.c: writes every message as one line of JSON to a file. The smallest channel there is, and the one to
 * copy from when you write your own: it needs <cuiban/channel.h> and libc, nothing else.
 *
 * What a plugin is
 *
 *   cuiban decides who hears what, and when. A plugin only translates: `prepare` turns a message into a
 * request, `judge` turns the other side's response into a verdict. The daemon sits between the two and
 * performs the request: it opens the connection, checks certificates, keeps time limits, waits, retries and
 * counts. Therefore a plugin
 *
 *     - never opens a socket or a file, never sleeps, never asks what time it is (message->now_ms says so),
 *     - has no state but what `open` made, and no globals but constants,
 *     - never writes a secret or an address of the web into a verdict: people read verdicts.
 *
 * How to build and try one
 *
 *     cc -shared -fPIC -fvisibility=hidden -o log.so log.c
 *     cuibanctl plugin check ./log.so
 *
 * and in cuiban.cfg, where the name of the file without .so is the name of the plugin:
 *
 *     channels = { diary = { plugin = "log"; path = "/var/lib/cuiban/messages.jsonl"; }; };
 *
 * How the calls follow each other
 *
 *     open -> (prepare -> judge)* -> close        all from one thread; two messages may be on their way at
 * once, so do not assume that a judge belongs to the last prepare. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cuiban/channel.h>

/* Every bound has a name. A line of this length is still read at once by tail and by log collectors. */
enum { BODY_BYTES_MAX = 64 * 1024 };

/* What one configured channel needs to remember. There may be several channels of one plugin, each with its
 * own state. */
struct log_channel {
    const struct cuiban_host *host;
    char *path;
};

/* The host has checked the names already: an option that is not in the table below never arrives, a required
 * one is always there. What it cannot know is whether a value makes sense. Say what is wrong and what to do
 * about it; the administrator sees this sentence beside the file and line. */
static void *log_open(const struct cuiban_host *host, void *channel, const struct cuiban_option *options,
                      size_t n, char *error, size_t error_room)
{
    (void)channel; /* only for host->log */
    const char *path = NULL;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(options[i].name, "path") == 0)
            path = options[i].value;
    }
    if (!path || path[0] != '/') {
        snprintf(error, error_room,
                 "option path must be an absolute path, such as /var/lib/cuiban/messages.jsonl");
        return NULL;
    }
    struct log_channel *log = calloc(1, sizeof *log);
    if (log)
        log->path = strdup(path); /* `options` is gone when this call returns */
    if (!log || !log->path) {
        free(log);
        snprintf(error, error_room, "out of memory");
        return NULL;
    }
    log->host = host;
    return log;
}

static void log_close(void *state)
{
    struct log_channel *log = state;
    if (!log)
        return;
    free(log->path);
    free(log);
}

/* The line is written twice by the same code: first with `to` NULL, which only counts, then into memory of
 * that size. So there is one allocation and nothing can overflow. */
struct line {
    char *to;
    size_t n;
};

static void add_bytes(struct line *line, const char *bytes, size_t n)
{
    if (line->to)
        memcpy(line->to + line->n, bytes, n);
    line->n += n;
}

static void add(struct line *line, const char *text)
{
    add_bytes(line, text, strlen(text));
}

/* Length of the UTF-8 character at `p`, 0 if it is broken. Texts come as UTF-8, yet what ends up in a file
 * that others parse should not depend on it. */
static size_t character(const unsigned char *p)
{
    static const struct {
        unsigned char first, last, low, high, bytes;
    } shapes[] = {{0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
                  {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
                  {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
    if (p[0] < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (p[0] < shapes[i].first || p[0] > shapes[i].last)
            continue;
        bool fine = p[1] >= shapes[i].low && p[1] <= shapes[i].high;
        for (size_t k = 2; fine && k < shapes[i].bytes; k++)
            fine = (p[k] & 0xC0) == 0x80;
        return fine ? shapes[i].bytes : 0;
    }
    return 0;
}

static void add_character(struct line *line, const char *p, size_t n)
{
    char escape[8];
    if (n == 0) {
        add(line, "\xEF\xBF\xBD"); /* U+FFFD stands for what was broken */
    } else if (*p == '"' || *p == '\\') {
        add_bytes(line, "\\", 1);
        add_bytes(line, p, 1);
    } else if (*p == '\n') {
        add(line, "\\n");
    } else if ((unsigned char)*p < 0x20 || *p == 0x7F) {
        snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(unsigned char)*p);
        add(line, escape);
    } else {
        add_bytes(line, p, n);
    }
}

/* A JSON string, cut on a character if it is longer than `max` bytes. */
static void add_string(struct line *line, const char *text, size_t max)
{
    add(line, "\"");
    for (const char *p = text ? text : ""; *p;) {
        size_t n = character((const unsigned char *)p);
        size_t step = n > 0 ? n : 1;
        if ((size_t)(p - text) + step > max) {
            add(line, "…");
            break;
        }
        add_character(line, p, n);
        p += step;
    }
    add(line, "\"");
}

static void add_field(struct line *line, const char *name, const char *text)
{
    add(line, line->n == 0 ? "{\"" : ",\"");
    add(line, name);
    add(line, "\":");
    add_string(line, text, BODY_BYTES_MAX);
}

static void add_number(struct line *line, const char *name, long long number)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%lld", number);
    add(line, line->n == 0 ? "{\"" : ",\"");
    add(line, name);
    add(line, "\":");
    add(line, digits);
}

/* Ids of people, not names or addresses: a log lives longer than one thinks. */
static void add_recipients(struct line *line, const struct cuiban_message *message)
{
    add(line, ",\"to\":[");
    for (size_t i = 0; i < message->n_recipients; i++) {
        if (i > 0)
            add(line, ",");
        add_string(line, message->recipients[i].id, BODY_BYTES_MAX);
    }
    add(line, "]");
}

static void write_line(struct line *line, const struct cuiban_message *message)
{
    add_number(line, "time_ms", message->now_ms);
    add_field(line, "id", message->id);
    add_field(line, "thread", message->thread);
    add_field(line, "phase", message->phase);
    add_number(line, "attempt", message->attempt);
    add_recipients(line, message);
    add_field(line, "title", message->title_plain);
    add_field(line, "body", message->body);
    add_field(line, "link", message->link);
    add(line, "}\n");
}

/* A request is of one of three kinds: HTTP (url, headers, body), SMTP (url, from, to, body) or FILE (url is
 * the path, body is appended in one write). What it points to comes from host->alloc with the `memory` of
 * this request: the host frees it, whatever becomes of the request. A string of our own state may be pointed
 * to as well, it lives until close.
 *
 * Return -1 with a verdict for a message that can never be sent this way, for example because an address is
 * missing. */
static int log_prepare(void *state, const struct cuiban_message *message, void *memory,
                       struct cuiban_request *out, struct cuiban_verdict *verdict)
{
    const struct log_channel *log = state;
    struct line line = {NULL, 0};
    write_line(&line, message);
    line.to = log->host->alloc(memory, line.n + 1);
    if (!line.to) {
        verdict->kind = CUIBAN_RETRY;
        snprintf(verdict->reason, sizeof verdict->reason, "out of memory");
        return -1;
    }
    line.n = 0;
    write_line(&line, message);
    out->kind = CUIBAN_REQUEST_FILE;
    out->url = log->path;
    out->body = line.to;
    out->body_n = line.n;
    return 0;
}

/* The question is always the same: did it arrive, could it arrive later, or will it never?
 *
 *   DELIVERED      it did. For a vendor's API this means the vendor's own "ok", hardly ever HTTP 200 alone.
 *   RETRY          not now; delay_ms 0 leaves the wait to the host.
 *   BACKOFF        the whole channel has to be quiet for delay_ms (rate limits).
 *   REFUSED        never, for this message and recipient.
 *   MISCONFIGURED  never, until an administrator changes something: a wrong key, a robot that was removed.
 *   UNCERTAIN      it was sent and nobody knows: response->sent is set and no answer came, or one that is not
 * the vendor's (a relay's "ok", a gateway's 502). Be honest about this one: whoever says RETRY here sends the
 * message twice, and nobody learns of it. The host acts on it by the channel's policy.
 *
 * For a file there is little to ask. A full disk may be emptied, so RETRY; but a line that was written, at
 * least in part, before the system failed may have been read. */
static void log_judge(void *state, const struct cuiban_response *response, struct cuiban_verdict *out)
{
    (void)state;
    out->delay_ms = 0;
    out->code = response->transport;
    out->shrink_bytes = 0;
    out->remote_id[0] = '\0';
    out->reason[0] = '\0';
    out->kind = response->transport == 0 ? CUIBAN_DELIVERED
                : response->sent         ? CUIBAN_UNCERTAIN
                                         : CUIBAN_RETRY;
    if (out->kind == CUIBAN_RETRY)
        snprintf(out->reason, sizeof out->reason,
                 "the line could not be written; does the folder of option path exist?");
    else if (out->kind == CUIBAN_UNCERTAIN)
        snprintf(out->reason, sizeof out->reason,
                 "the line was written, but the system did not confirm that it is whole");
}

/* '!' marks what must be given. Options that every channel has (plugin, rate, fallback, ...) are the host's
 * and are not listed. */
static const char *const log_options[] = {"!path", NULL};

CUIBAN_EXPORT const struct cuiban_channel cuiban_channel = {
    .abi = CUIBAN_CHANNEL_ABI, /* the first two say what this was compiled against; the host looks at them
                                  first */
    .size = sizeof(struct cuiban_channel),
    .name = "log",
    .summary = "one line of JSON for each message, appended to a file",
    .reach = CUIBAN_REACH_PERSON, /* a message for each person; CUIBAN_REACH_GROUP: one for all, who may be
                                     mentioned */
    .dialect = CUIBAN_PLAIN,      /* how the host escapes values that come from events */
    .address = NULL, /* a file reaches everybody; else the kind of address: "email", "wecom", ... */
    .mentions = 0,
    .default_rate = "1000/s", /* what the other side bears, less a margin */
    .max_bytes = BODY_BYTES_MAX,
    .options = log_options,
    .open = log_open,
    .prepare = log_prepare,
    .judge = log_judge,
    .close = log_close,
};
