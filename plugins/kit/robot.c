#include "robot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTE_MS = 60 * 1000, RETRY_AFTER_MS_MAX = 60 * MINUTE_MS, ANSWER_BYTES_MAX = 64 * 1024 };

int robot_post(const struct cuiban_host *host, void *memory, json_t *json, const struct text *url,
               struct cuiban_request *out, struct cuiban_verdict *verdict)
{
    static const char *const headers[] = {"Content-Type: application/json; charset=utf-8", NULL};
    /* Not JSON_ENSURE_ASCII: WeCom refuses \uXXXX (40033). */
    char *dump = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    struct text body = {.bytes = dump, .n = dump ? strlen(dump) : 0, .failed = !dump};
    out->kind = CUIBAN_REQUEST_HTTP;
    out->url = text_keep(url, host, memory);
    out->headers = headers;
    out->body = text_keep(&body, host, memory);
    out->body_n = body.n;
    free(dump);
    return out->url && out->body ? 0 : verdict_no_memory(verdict);
}

json_t *robot_string(const struct text *text)
{
    return text->failed ? NULL : json_stringn(text_get(text), text->n);
}

/* 0, "0" and "40058" are all seen; 1e300, true and "abc" are not codes. */
static bool code_parse(const json_t *value, int32_t *out)
{
    long long number = 0;
    if (json_is_integer(value)) {
        number = json_integer_value(value);
    } else if (json_is_string(value)) {
        const char *digits = json_string_value(value);
        char *end = NULL;
        errno = 0;
        number = strtoll(digits, &end, 10);
        if (errno != 0 || end == digits || *end != '\0')
            return false;
    } else {
        return false;
    }
    if (number < INT32_MIN || number > INT32_MAX)
        return false;
    *out = (int32_t)number;
    return true;
}

static void add_words(struct text *text, const json_t *value)
{
    if (json_is_string(value) && json_string_length(value) > 0)
        text_add_format(text, "%s%s", text->n > 0 ? ", " : "", json_string_value(value));
    else if (json_is_integer(value))
        text_add_format(text, "%s%lld", text->n > 0 ? ", " : "", (long long)json_integer_value(value));
}

void robot_answer_parse(const char *body, size_t n, struct robot_answer *out)
{
    memset(out, 0, sizeof *out);
    json_t *json = n <= ANSWER_BYTES_MAX ? json_loadb(body, n, 0, NULL) : NULL;
    if (json_is_object(json)) {
        struct text words = {0};
        out->has_code = code_parse(json_object_get(json, "errcode"), &out->code);
        out->is_punished = json_object_get(json, "punish") != NULL;
        add_words(&words, json_object_get(json, "errmsg"));
        add_words(&words, json_object_get(json, "sub_code"));
        add_words(&words, json_object_get(json, "sub_msg"));
        size_t some = text_cut(text_get(&words), words.n, sizeof out->words - 1);
        memcpy(out->words, text_get(&words), some);
        text_finish(&words);
    }
    json_decref(json);
}

const struct robot_row *robot_row_find(const struct robot_row *rows, size_t n, int32_t code)
{
    for (size_t i = 0; i < n; i++) {
        if (code >= rows[i].first && code <= rows[i].last)
            return &rows[i];
    }
    return NULL;
}

void robot_judge_row(const struct robot_row *row, const struct robot_answer *answer,
                     const struct verdict_secrets *secrets, struct cuiban_verdict *out)
{
    verdict_set(out, row->kind, (int64_t)row->delay_s * 1000, answer->code);
    if (row->kind == CUIBAN_DELIVERED)
        return;
    out->shrink_bytes = row->shrink_bytes;
    verdict_say(out, secrets, row->what, answer->words);
}

/* The vendors ask not to rely on their words, so these only decide about codes that nobody has documented. */
static bool says_throttled(const char *words)
{
    static const char *const signs[] = {"too fast", "too many", "frequen", "limit", "限流", "频率", "太快"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (text_contains_any_case(words, signs[i]))
            return true;
    }
    return false;
}

void robot_judge_unknown(const struct robot_answer *answer, const struct verdict_secrets *secrets,
                         struct cuiban_verdict *out)
{
    bool throttled = says_throttled(answer->words);
    verdict_set(out, throttled ? CUIBAN_BACKOFF : CUIBAN_REFUSED, throttled ? MINUTE_MS : 0, answer->code);
    verdict_say(out, secrets, throttled ? "throttled, by an unknown code" : "refused with an unknown code",
                answer->words);
}

/* RFC 9110 section 15: which statuses say for certain that nobody has acted on the request. 2xx says the
 * opposite, and so may most of 5xx: a relay or a gateway may have passed the message on before it failed. */
static bool status_denies(long status)
{
    return (status >= 300 && status < 500) || status == 501 || status == 503 || status == 505 ||
           status == 511;
}

static bool status_needs_mending(long status)
{
    switch (status) {
    case 401:
    case 403:
    case 404:
    case 405:
    case 407:
    case 410:
    case 501: /* not implemented */
    case 505: /* HTTP version */
    case 511: /* a captive portal */
        return true;
    default:
        return status >= 300 && status < 400;
    }
}

static void judge_denial(const struct cuiban_response *response, struct cuiban_verdict *out)
{
    long status = response->status;
    char what[80];
    if (status == 429 || (status == 503 && response->retry_after_ms > 0)) {
        int64_t wait_ms = response->retry_after_ms > 0 ? response->retry_after_ms : MINUTE_MS;
        verdict_set(out, CUIBAN_BACKOFF, wait_ms > RETRY_AFTER_MS_MAX ? RETRY_AFTER_MS_MAX : wait_ms,
                    (int32_t)status);
        snprintf(what, sizeof what, "throttled with HTTP status %ld", status);
    } else if (status_needs_mending(status)) {
        verdict_set(out, CUIBAN_MISCONFIGURED, 0, (int32_t)status);
        snprintf(what, sizeof what, "HTTP status %ld: does the option url lead to the robot's service?",
                 status);
    } else {
        verdict_set(out, CUIBAN_RETRY, 0, (int32_t)status);
        snprintf(what, sizeof what, "an answer without errcode, HTTP status %ld", status);
    }
    verdict_say(out, NULL, what, NULL);
}

/* Somebody answered, but not the vendor: a relay, a gateway, a portal. Whether the message went on from there
 * is not in the answer. */
static void judge_foreign(const struct cuiban_response *response, struct cuiban_verdict *out)
{
    char what[120];
    verdict_set(out, response->sent ? CUIBAN_UNCERTAIN : CUIBAN_RETRY, 0, (int32_t)response->status);
    snprintf(what, sizeof what,
             response->sent ? "HTTP status %ld without the vendor's errcode: it may have been delivered"
                            : "HTTP status %ld before the message was sent",
             response->status);
    verdict_say(out, NULL, what, NULL);
}

/* Numbers of libcurl: what only an administrator can mend. */
static bool transport_needs_mending(int transport)
{
    switch (transport) {
    case 1:  /* protocol not supported */
    case 3:  /* malformed URL */
    case 4:  /* not built in */
    case 51: /* the certificate is not this host's */
    case 58: /* own certificate */
    case 59: /* no such cipher */
    case 60: /* certificate not trusted */
    case 66: /* TLS engine */
    case 77: /* CA file not readable */
    case 82: /* CRL file */
    case 83: /* issuer */
    case 90: /* pinned key */
    case 91: /* certificate status */
        return true;
    default:
        return false;
    }
}

void robot_judge_without_code(const struct cuiban_response *response, const struct verdict_secrets *secrets,
                              struct cuiban_verdict *out)
{
    if (status_denies(response->status)) {
        judge_denial(response, out);
        return;
    }
    if (response->transport == 0) {
        judge_foreign(response, out);
        return;
    }
    const char *what = "the connection failed";
    enum cuiban_verdict_kind kind = CUIBAN_RETRY;
    if (response->sent) {
        kind = CUIBAN_UNCERTAIN;
        what = "sent, but no answer came";
    } else if (transport_needs_mending(response->transport)) {
        kind = CUIBAN_MISCONFIGURED;
        what = "the connection is refused by our own checks (address or certificate)";
    }
    verdict_set(out, kind, 0, response->transport);
    verdict_say(out, secrets, what, response->error);
}
