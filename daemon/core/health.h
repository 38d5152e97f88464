/* health.h: whether the daemon does its work, and if not, why: one verdict from a handful of facts.
 *
 * Everybody who tells of it (the web side, the metrics, systemd's status line, the log, cuibanctl) asks here,
 * so that nobody says "ok" while another one complains. Pure: ages are facts, in real milliseconds. */
#ifndef CUIBAN_CORE_HEALTH_H
#define CUIBAN_CORE_HEALTH_H

#include "json.h"

enum {
    HEALTH_PATIENCE_MS = 5000,    /* what lasts no longer is a hiccup */
    HEALTH_BEHIND_MS = 60 * 1000, /* nothing fires while an event waits longer than this */
    HEALTH_REASONS_MAX = 64,      /* further ones are only counted */
};

enum health_code {
    HEALTH_STOPPED,       /* a stream has stopped for good */
    HEALTH_UNREACHABLE,   /* Redis does not answer */
    HEALTH_UNSERVED,      /* neither owned nor standing by: connecting or loading for too long */
    HEALTH_UNOWNED,       /* standing by, but nobody owns the stream */
    HEALTH_UNREAD,        /* an owned stream cannot be read */
    HEALTH_UNCOMMITTED,   /* Redis refuses commits, or does not answer one */
    HEALTH_UNRENEWED,     /* the lease is not renewed: soon no claim is possible */
    HEALTH_UNCLAIMED,     /* messages wait, but cannot be claimed */
    HEALTH_HELD,          /* firing is held: the clocks disagree */
    HEALTH_BEHIND,        /* nothing fires: events wait */
    HEALTH_MISCONFIGURED, /* a channel refuses everything until somebody mends it */
    HEALTH_NO_AOF,        /* warnings from here on: Redis may lose what it has acknowledged */
    HEALTH_EVICTS,        /* Redis may evict keys */
    HEALTH_CODES,
};

enum health_role { HEALTH_CONNECTS, HEALTH_STANDS_BY, HEALTH_LOADS, HEALTH_OWNS, HEALTH_HAS_STOPPED };

/* Ages are 0 where nothing is wrong. */
struct health_stream {
    const char *name;
    enum health_role role;
    const char *holder;  /* of the lease, while standing by; "" or NULL: nobody */
    const char *problem; /* what is wrong, in words; "" or NULL */
    int64_t silent_ms;   /* since Redis answered last */
    int64_t unserved_ms; /* since it was owned or stood by last */
    int64_t unread_ms, uncommitted_ms, unrenewed_ms, unclaimed_ms;
    int64_t lag_ms; /* age of the oldest event that waits */
    bool is_held;
    const char *held_words, *refused_words, *renewal_words; /* causes of their own; "" or NULL: `problem` */
    bool has_no_aof;
    const char *evicts; /* the maxmemory-policy if it is one that evicts; else "" or NULL */
};

struct health_channel {
    const char *name;
    bool is_misconfigured;
    const char *problem;
};

struct health_facts {
    const struct health_stream *streams;
    size_t n_streams;
    const struct health_channel *channels;
    size_t n_channels;
    int64_t idle_ms; /* since there are no streams at all: starting, going over to other files */
};

struct health_reason {
    enum health_code code;
    const char *about;  /* a stream, a channel, or "" */
    int64_t for_ms;     /* 0: not known */
    const char *detail; /* in words of whoever complained, or "" */
};

struct health { /* points into the facts */
    bool is_healthy;
    const struct health_facts *facts;
    struct health_reason reasons[HEALTH_REASONS_MAX], warnings[HEALTH_REASONS_MAX];
    size_t n_reasons, n_warnings, left_out;
};

void health_judge(const struct health_facts *facts, struct health *out);

const char *health_code_name(enum health_code code); /* "held" */
bool health_code_parse(const char *name, enum health_code *out);
bool health_code_is_warning(enum health_code code);
size_t health_count(const struct health *health, enum health_code code);

/* One reason as a sentence without an end: "hr:events cannot be read for 12 s: connection refused". */
void health_reason_text(const struct health_reason *reason, struct buffer *out);
/* Several lines: "ok" or "not healthy", then reasons, warnings, and how each stream is served. */
void health_text(const struct health *health, struct buffer *out);
/* One line of all that: for systemd. */
void health_line(const struct health *health, struct buffer *out);
/* One object: healthy, reasons and warnings (code, about, for_ms, detail, text), streams (stream, role,
 * holder). `stream` not NULL: without what is said of other streams. */
void health_json(const struct health *health, const char *stream, struct json_writer *json);

#endif
