/* call.h: one HTTP or SMTP request as libcurl sees it: checked, set up on an easy handle, and its answer
 * taken apart. Private to the transport. */
#ifndef CUIBAN_DELIVERY_CALL_H
#define CUIBAN_DELIVERY_CALL_H

#include <curl/curl.h>
#include <stdatomic.h>

#include "core/buffer.h"
#include "delivery/transport.h"

enum {
    CALL_REPLY_BYTES_MAX = 64 * 1024, /* kept of a response body */
    CALL_REPLY_BYTES_DROPPED_MAX =
        1024 * 1024,           /* read and dropped so that the connection can be used again */
    CALL_LINE_BYTES_MAX = 512, /* of an SMTP reply line, RFC 5321 section 4.5.3.1.5 */
    CALL_CONNECT_MS_MAX = 5000,
    CALL_CONNECTION_AGE_S =
        50, /* an idle connection is not used again: gateways drop theirs after about a minute */
    CALL_URL_BYTES_MAX = 8000,
};

/* Of a mail, which a thread of its own performs: whoever moves it on first decides whether the text still
 * leaves. */
enum call_stage { CALL_READY, CALL_SENDING, CALL_CANCELLED };

struct call {
    CURL *easy; /* NULL for a file */
    struct call *next, *previous;
    const struct cuiban_request *request;
    transport_done *done;
    void *data;
    struct curl_slist *headers, *recipients;
    const char *body; /* of the request; a mail has its own copy */
    size_t body_n;
    char *copy;
    bool is_mail;
    atomic_int stage;        /* enum call_stage */
    atomic_bool is_given_up; /* nobody waits for its end any more */
    uint64_t ends_ns;        /* mail: uv_hrtime() at which its time is over */
    struct call *after;      /* mail: the next in a queue */
    int code;                /* mail: what libcurl said at the end */
    size_t offset;           /* of the body: handed to libcurl so far */
    bool
        sent_once; /* the whole body went out on a connection that died, and libcurl asked to send it again */
    bool data_wanted; /* SMTP: 354 was seen */
    bool cut;         /* the response was longer than anybody wants; reading stopped */
    long reply_code;  /* SMTP */
    size_t dropped;
    struct buffer reply;
    char line[CALL_LINE_BYTES_MAX]; /* SMTP */
    int refused;                    /* a CURLE_ number if the request is not even begun; 0 */
    char error[CURL_ERROR_SIZE];
    char words[CURL_ERROR_SIZE]; /* the same, fit for people */
};

struct call *call_create(void); /* NULL: out of memory */
void call_destroy(struct call *call);

/* Sets up call->easy for call->request. 0; -EINVAL: call->refused and call->error say why it must not leave;
 * -ENOMEM. */
int call_setup(struct call *call, int64_t limit_ms);
/* What came of it; the texts live in `call`. */
void call_answer(struct call *call, int code, struct cuiban_response *out);
/* Makes it ready for another request; the easy handle and the memory stay. */
void call_clear(struct call *call);

#endif
