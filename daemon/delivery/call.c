#include "call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/utf8.h"
#include "delivery/redact.h"

enum { ADDRESS_BYTES_MAX = 254 }; /* RFC 5321 section 4.5.3.1.3, erratum 1690 */

/* libcurl 7.88 writes CR LF in an address or a header to the wire as it is, so nothing gets there unchecked.
 */
static bool is_clean(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

static bool is_word(const char *text, size_t n, const char *marks)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80)
            continue;
        if (c == '\0' || strchr(marks, c) == NULL)
            return false;
    }
    return n > 0;
}

/* A mailbox without quoting, comments or address literals (RFC 5321 section 4.1.2, UTF-8 as RFC 6531 has it).
 */
static bool is_address(const char *text)
{
    const char *at = text == NULL ? NULL : strchr(text, '@');
    size_t n = text == NULL ? 0 : strlen(text);

    return at != NULL && n <= ADDRESS_BYTES_MAX && utf8_is_valid(text, n) &&
           is_word(text, (size_t)(at - text), "!#$%&'*+-/=?^_`{|}~.") &&
           is_word(at + 1, strlen(at + 1), "-._");
}

static bool is_header(const char *text)
{
    const char *colon = strchr(text, ':');

    return colon != NULL && is_clean(text) && is_word(text, (size_t)(colon - text), "-_") &&
           (unsigned char)text[0] < 0x80;
}

static bool is_url(const struct cuiban_request *request)
{
    const char *plain = request->kind == CUIBAN_REQUEST_HTTP ? "http://" : "smtp://";
    const char *secure = request->kind == CUIBAN_REQUEST_HTTP ? "https://" : "smtps://";
    const char *url = request->url;

    if (url == NULL || strlen(url) > CALL_URL_BYTES_MAX)
        return false;
    if (strncasecmp(url, plain, strlen(plain)) != 0 && strncasecmp(url, secure, strlen(secure)) != 0)
        return false;
    for (; *url != '\0'; url++)
        if (*url <= ' ' || *url > '~')
            return false;
    return true;
}

static int refuse(struct call *call, int code, const char *why)
{
    call->refused = code;
    snprintf(call->error, sizeof(call->error), "%s", why);
    return -EINVAL;
}

static int check(struct call *call)
{
    const struct cuiban_request *request = call->request;

    if (!is_url(request))
        return refuse(call, CURLE_URL_MALFORMAT, "the request has no URL that this kind of channel can use");
    if ((request->user != NULL && !is_clean(request->user)) ||
        (request->password != NULL && !is_clean(request->password)))
        return refuse(call, CURLE_BAD_FUNCTION_ARGUMENT, "user or password contain control characters");
    if (request->kind == CUIBAN_REQUEST_SMTP && !is_address(request->from))
        return refuse(call, CURLE_BAD_FUNCTION_ARGUMENT, "the sender is not a mail address");
    if (request->kind == CUIBAN_REQUEST_SMTP && !is_address(request->to))
        return refuse(call, CURLE_BAD_FUNCTION_ARGUMENT, "the recipient is not a mail address");
    for (size_t i = 0; request->headers != NULL && request->headers[i] != NULL; i++)
        if (!is_header(request->headers[i]))
            return refuse(call, CURLE_BAD_FUNCTION_ARGUMENT, "a header is not \"Name: value\" on one line");
    return 0;
}

static size_t call_on_read(char *into, size_t size, size_t n, void *data)
{
    struct call *call = data;
    size_t left = call->body_n - call->offset;
    size_t take = size * n < left ? size * n : left;
    int stage = CALL_READY;

    if (!atomic_compare_exchange_strong(&call->stage, &stage, CALL_SENDING) && stage == CALL_CANCELLED)
        return CURL_READFUNC_ABORT;
    if (take > 0)
        memcpy(into, call->body + call->offset, take);
    call->offset += take;
    return take;
}

static int call_on_progress(void *data, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                            curl_off_t up)
{
    struct call *call = data;

    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return atomic_load(&call->is_given_up);
}

/* libcurl sends a request a second time by itself when a kept-alive connection dies without an answer.
 * Harmless as long as the body was not complete; after that the other side may have acted, and sending again
 * is not for libcurl to decide. */
static int call_on_seek(void *data, curl_off_t offset, int origin)
{
    struct call *call = data;

    if (origin != SEEK_SET || offset < 0 || (size_t)offset > call->body_n)
        return CURL_SEEKFUNC_FAIL;
    if (call->offset == call->body_n) {
        call->sent_once = true;
        return CURL_SEEKFUNC_FAIL;
    }
    call->offset = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

static size_t call_on_write(char *bytes, size_t size, size_t n, void *data)
{
    struct call *call = data;
    size_t got = size * n;
    size_t room = CALL_REPLY_BYTES_MAX - call->reply.n;

    if (call->is_mail)
        return got;
    buffer_add(&call->reply, bytes, got < room ? got : room);
    call->dropped += got < room ? 0 : got - room;
    call->cut = call->dropped > CALL_REPLY_BYTES_DROPPED_MAX;
    return call->cut || !buffer_ok(&call->reply) ? 0 : got;
}

static size_t call_on_header(char *bytes, size_t size, size_t n, void *data)
{
    struct call *call = data;
    size_t got = size * n, length = got;

    if (!call->is_mail)
        return got;
    while (length > 0 && (bytes[length - 1] == '\r' || bytes[length - 1] == '\n'))
        length--;
    if (length < 3 || strspn(bytes, "0123456789") < 3)
        return got;
    if (memcmp(bytes, "221", 3) == 0)
        return got; /* the answer to libcurl's QUIT says nothing about the mail */
    call->reply_code = (bytes[0] - '0') * 100L + (bytes[1] - '0') * 10L + (bytes[2] - '0');
    call->data_wanted = call->data_wanted || call->reply_code == 354;
    if (length >= sizeof(call->line))
        length = sizeof(call->line) - 1;
    memcpy(call->line, bytes, length);
    call->line[length] = '\0';
    return got;
}

static bool append(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);

    if (longer == NULL)
        return false;
    *list = longer;
    return true;
}

static bool set_http(struct call *call)
{
    const struct cuiban_request *request = call->request;
    CURL *easy = call->easy;
    bool ok = append(&call->headers, "Expect:"); /* the body goes out at once */

    for (size_t i = 0; ok && request->headers != NULL && request->headers[i] != NULL; i++)
        ok = append(&call->headers, request->headers[i]);
    return ok && curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_n) == CURLE_OK &&
           /* HTTP/2 in libcurl 7.88 fails when the server answers before it has read the body. */
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
}

static bool set_smtp(struct call *call)
{
    const struct cuiban_request *request = call->request;
    CURL *easy = call->easy;
    /* Never CURLUSESSL_TRY: whoever sits in between can take the offer away. */
    long security = request->require_tls ? CURLUSESSL_ALL : CURLUSESSL_NONE;

    return append(&call->recipients, request->to) &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK && /* the environment's are for the web */
           curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, call_on_progress) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFODATA, (void *)call) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_MAIL_FROM, request->from) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, call->recipients) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)call->body_n) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USE_SSL, security) == CURLE_OK;
}

static bool set_callbacks(struct call *call)
{
    CURL *easy = call->easy;

    return curl_easy_setopt(easy, CURLOPT_PRIVATE, (void *)call) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READFUNCTION, call_on_read) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READDATA, (void *)call) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, call_on_seek) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SEEKDATA, (void *)call) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, call_on_write) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, (void *)call) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, call_on_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, (void *)call) == CURLE_OK;
}

static bool set_limits(struct call *call, int64_t limit_ms)
{
    CURL *easy = call->easy;
    long connect_ms = limit_ms < CALL_CONNECT_MS_MAX ? (long)limit_ms : CALL_CONNECT_MS_MAX;

    return curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)limit_ms) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)((limit_ms + 999) / 1000)) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           /* Without it a name server that does not answer stalls the whole loop when the time limit comes.
            */
           curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)CALL_CONNECTION_AGE_S) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
}

static bool set_common(struct call *call)
{
    const struct cuiban_request *request = call->request;
    CURL *easy = call->easy;

    return curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK &&
           (request->user == NULL || curl_easy_setopt(easy, CURLOPT_USERNAME, request->user) == CURLE_OK) &&
           (request->password == NULL ||
            curl_easy_setopt(easy, CURLOPT_PASSWORD, request->password) == CURLE_OK) &&
           (request->ca_file == NULL || curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file) == CURLE_OK);
}

int call_setup(struct call *call, int64_t limit_ms)
{
    const struct cuiban_request *request = call->request;
    int rc = check(call);

    if (rc != 0)
        return rc;
    call->is_mail = request->kind == CUIBAN_REQUEST_SMTP;
    call->body = request->body;
    call->body_n = request->body_n;
    if (call->is_mail) {
        call->copy = malloc(request->body_n + 1);
        if (call->copy == NULL)
            return -ENOMEM;
        if (request->body_n > 0)
            memcpy(call->copy, request->body, request->body_n);
        call->body = call->copy;
    }
    if (limit_ms < 1)
        limit_ms = 1;
    if (!set_callbacks(call) || !set_limits(call, limit_ms) || !set_common(call))
        return -ENOMEM;
    return (!call->is_mail ? set_http(call) : set_smtp(call)) ? 0 : -ENOMEM;
}

/* Whether the other side has all that it needs to act. An HTTP body counts once libcurl has written it to the
 * socket; a mail once the server asked for it (354) and libcurl took its last byte, behind which it writes
 * the closing dot. */
static bool is_sent(const struct call *call)
{
    curl_off_t uploaded = 0;
    long request_bytes = 0;
    bool is_complete = call->offset == call->body_n;

    if (call->sent_once)
        return true;
    if (call->is_mail)
        return call->data_wanted && is_complete;
    curl_easy_getinfo(call->easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
    curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
    return is_complete && request_bytes > 0 && (uint64_t)uploaded >= call->body_n;
}

void call_answer(struct call *call, int code, struct cuiban_response *out)
{
    curl_off_t retry_after_s = 0;
    const char *words = call->error[0] != '\0' ? call->error : curl_easy_strerror((CURLcode)code);

    if (code == CURLE_WRITE_ERROR && call->cut)
        code = CURLE_OK;
    *out = (struct cuiban_response){.size = sizeof(*out), .transport = code, .retry_after_ms = -1};
    out->error = code == CURLE_OK ? "" : redact_text(call->words, sizeof(call->words), words, strlen(words));
    out->body = "";
    if (call->refused != 0)
        return;
    out->sent = is_sent(call);
    if (call->is_mail) {
        out->status = call->reply_code;
        out->body = call->line;
        out->body_n = strlen(call->line);
        return;
    }
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &out->status);
    if (curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &retry_after_s) == CURLE_OK &&
        retry_after_s > 0 && retry_after_s < INT64_MAX / 1000)
        out->retry_after_ms = retry_after_s * 1000;
    out->body = buffer_text(&call->reply);
    out->body_n = call->reply.n;
}

void call_clear(struct call *call)
{
    CURL *easy = call->easy;
    struct buffer reply = call->reply;

    curl_slist_free_all(call->headers);
    curl_slist_free_all(call->recipients);
    free(call->copy);
    if (easy != NULL)
        curl_easy_reset(easy);
    buffer_clear(&reply);
    memset(call, 0, sizeof(*call));
    call->easy = easy;
    call->reply = reply;
}

struct call *call_create(void)
{
    struct call *call = calloc(1, sizeof(*call));

    if (call == NULL)
        return NULL;
    buffer_init(&call->reply);
    call->easy = curl_easy_init();
    if (call->easy == NULL) {
        free(call);
        return NULL;
    }
    return call;
}

void call_destroy(struct call *call)
{
    if (call == NULL)
        return;
    CURL *easy = call->easy;

    call_clear(call);
    curl_easy_cleanup(easy);
    buffer_finish(&call->reply);
    free(call);
}
