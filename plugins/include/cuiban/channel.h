/* cuiban/channel.h: the whole of what a channel plugin sees.
 *
 * A plugin translates: a message into a request, a response into a verdict. It never blocks, opens no socket
 * and keeps no clock; the host performs the request and gives back the response. So a plugin is tested
 * without a network and cannot stall the daemon.
 *
 * A plugin is a shared object that exports one symbol:
 *
 *     const struct cuiban_channel cuiban_channel = { CUIBAN_CHANNEL_ABI, sizeof(struct cuiban_channel),
 * "log", ... };
 *
 * The host reads `abi` and `size` before anything else and refuses what it does not know. Structs grow at
 * their end only; `size` says how much of one the other side filled in. Calls come from one thread. Texts are
 * UTF-8 and NUL-terminated. Memory: what the host passes lives until the call returns; what a plugin needs
 * for its answer it takes from host->alloc (freed by the host with the request), or keeps in its own state.
 */
#ifndef CUIBAN_CHANNEL_H
#define CUIBAN_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#define CUIBAN_CHANNEL_ABI 1
#define CUIBAN_EXPORT      __attribute__((visibility("default")))

enum cuiban_reach { CUIBAN_REACH_PERSON, CUIBAN_REACH_GROUP };
enum cuiban_dialect {
    CUIBAN_PLAIN,
    CUIBAN_COMMONMARK,
    CUIBAN_WECOM,
    CUIBAN_DINGTALK
}; /* how values are escaped */

struct cuiban_option { /* a setting of the channel, as the administrator wrote it; secrets already read from
                          their file */
    const char *name;
    const char *value;
};

struct cuiban_recipient {
    const char *id; /* person id; "" for a post without a person */
    const char *name;
    const char *address; /* of the kind that the plugin asked for; NULL if unknown */
};

struct cuiban_message {
    size_t size;
    const char *id;          /* the same on every retry: "Q7KM-1" */
    const char *thread;      /* the same for all messages about one deadline: "Q7KM" */
    const char *phase;       /* asked, reminder, overdue, escalation, closed */
    const char *language;    /* "zh-CN" */
    const char *title;       /* one line; values escaped for the plugin's dialect */
    const char *title_plain; /* the same without markup, for subjects */
    const char *body; /* small Markdown in the plugin's dialect: **bold**, [text](url), "> " quotes, "- "
                         lists, paragraphs */
    const char *link; /* where to do it, or "" */
    const struct cuiban_recipient
        *recipients; /* one for a person; those to mention for a group; may be none */
    size_t n_recipients;
    int64_t now_ms;        /* wall time of this attempt, ms since the epoch, UTC */
    int32_t zone_offset_s; /* of the organisation, for Date: headers */
    int32_t attempt;       /* 1 for the first */
};

enum cuiban_request_kind { CUIBAN_REQUEST_HTTP, CUIBAN_REQUEST_SMTP, CUIBAN_REQUEST_FILE };

struct cuiban_request {
    size_t size;
    enum cuiban_request_kind kind;
    const char *url;            /* http(s)://..., smtp(s)://host:port/ehlo-name; a path for FILE (append) */
    const char *const *headers; /* HTTP: "Name: value", NULL-terminated, or NULL */
    const char *body;           /* HTTP: posted; SMTP: the mail with CRLF line ends; FILE: appended */
    size_t body_n;
    const char *from; /* SMTP envelope */
    const char *to;
    const char *user, *password; /* SMTP AUTH, or NULL */
    int require_tls;             /* SMTP: STARTTLS or nothing */
    const char *ca_file;         /* a CA to trust besides the system's, or NULL */
    int64_t timeout_ms;          /* 0: the host's default, 10 s */
};

struct cuiban_response {
    size_t size;
    int transport;    /* 0, or a CURLE_ number: what went wrong below the protocol */
    int sent;         /* the request was sent as a whole, so that the other side may have acted on it */
    long status;      /* HTTP status, or the last SMTP reply code; 0 if there was none */
    const char *body; /* HTTP: at most 64 KiB; SMTP: the last reply line; never NULL */
    size_t body_n;
    int64_t retry_after_ms; /* from Retry-After, -1 if there was none */
    const char *error;      /* libcurl's words, without URL; "" if none */
};

enum cuiban_verdict_kind {
    CUIBAN_DELIVERED,
    CUIBAN_RETRY,         /* transient; delay_ms 0: the host's backoff */
    CUIBAN_BACKOFF,       /* the whole channel waits delay_ms */
    CUIBAN_REAUTH,        /* drop the token and try once more */
    CUIBAN_REFUSED,       /* never for this message and recipient */
    CUIBAN_MISCONFIGURED, /* never, until somebody mends the channel's settings */
    CUIBAN_UNCERTAIN,     /* may have been delivered */
};

struct cuiban_verdict {
    size_t size;
    enum cuiban_verdict_kind kind;
    int64_t delay_ms;
    int32_t code;         /* the vendor's code, 0 if none */
    char reason[200];     /* for people; no secret, no URL */
    char remote_id[64];   /* what the other side calls the message, or "" */
    int32_t shrink_bytes; /* REFUSED as too long: > 0 asks for one more `prepare` with message->attempt + 1
                             and at most this many bytes of body */
};

struct cuiban_host { /* calls that a plugin may make, at any time */
    size_t size;
    void *(*alloc)(void *request_memory, size_t bytes); /* zeroed; NULL when memory is out */
    void (*hmac_sha256)(const void *key, size_t key_n, const void *text, size_t n, unsigned char out[32]);
    void (*sha256)(const void *text, size_t n, unsigned char out[32]);
    size_t (*base64)(const void *bytes, size_t n, char *out,
                     size_t room); /* length written, NUL added; 0: no room */
    size_t (*url_escape)(const char *text, char *out, size_t room); /* RFC 3986 unreserved stay; likewise */
    void (*log)(void *channel,
                const char *text); /* one line in the daemon's log, marked with the channel's name */
};

struct cuiban_channel {
    uint32_t abi;        /* CUIBAN_CHANNEL_ABI */
    uint32_t size;       /* sizeof(struct cuiban_channel) */
    const char *name;    /* "dingtalk" */
    const char *summary; /* one line for `cuibanctl plugin check` */
    enum cuiban_reach reach;
    enum cuiban_dialect dialect;
    const char *address;      /* which address of a person it needs ("email"), or NULL */
    int mentions;             /* a group channel that can mention people */
    const char *default_rate; /* "18/min" */
    int32_t max_bytes; /* of the body that people read; longer ones are cut by the plugin, on characters, link
                          first */
    const char *const *options; /* names it accepts, NULL-terminated; a leading '!' marks a required one */

    /* Takes the options of one channel. The state, or NULL with a sentence in `error` (what, hint). */
    void *(*open)(const struct cuiban_host *host, void *channel, const struct cuiban_option *options,
                  size_t n, char *error, size_t error_room);
    /* 0: `out` is filled in, memory from host->alloc(memory, ...). -1: this message cannot be sent; `verdict`
     * says why. */
    int (*prepare)(void *state, const struct cuiban_message *message, void *memory,
                   struct cuiban_request *out, struct cuiban_verdict *verdict);
    void (*judge)(void *state, const struct cuiban_response *response, struct cuiban_verdict *out);
    void (*close)(void *state);
};

#endif
