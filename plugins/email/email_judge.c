#include "email_judge.h"

#include <stdlib.h>
#include <string.h>

#include "../kit/text.h"

/* Greylists ask for five minutes, most of them silently. */
enum { GREYLIST_MS = 5 * 60 * 1000, SHRUNK_BYTES = 16 * 1024, REPLY_BYTES_MAX = 512 };

/* Numbers of libcurl. */
enum {
    CURL_UNSUPPORTED_PROTOCOL = 1,
    CURL_URL_MALFORMAT = 3,
    CURL_NOT_BUILT_IN = 4,
    CURL_WEIRD_SERVER_REPLY = 8,
    CURL_ACCESS_DENIED = 9,
    CURL_UPLOAD_FAILED = 25,
    CURL_TIMEDOUT = 28,
    CURL_SSL_CONNECT = 35,
    CURL_PEER_VERIFICATION_OLD = 51,
    CURL_SEND_ERROR = 55,
    CURL_RECV_ERROR = 56,
    CURL_SSL_CERTPROBLEM = 58,
    CURL_SSL_CIPHER = 59,
    CURL_PEER_VERIFICATION = 60,
    CURL_USE_SSL_FAILED = 64,
    CURL_SSL_ENGINE = 66,
    CURL_LOGIN_DENIED = 67,
    CURL_SSL_CACERT_BADFILE = 77,
    CURL_SSL_CRL_BADFILE = 82,
    CURL_SSL_ISSUER = 83,
    CURL_PINNED_KEY = 90,
    CURL_CERT_STATUS = 91,
    CURL_AUTH_ERROR = 94,
};

struct reply {
    long status;
    int transport;
    bool sent;
    const char *line;
};

static bool says_any(const char *words, const char *const *signs)
{
    for (; *signs; signs++) {
        if (text_contains_any_case(words, *signs))
            return true;
    }
    return false;
}

/* The N of an enhanced status code 5.7.N (RFC 3463: it stands right behind the reply code), else -1. */
static long security_detail(const char *line)
{
    static const char subject[] = "5.7.";
    if (strlen(line) < 4 || strncmp(line + 4, subject, strlen(subject)) != 0)
        return -1;
    const char *digits = line + 4 + strlen(subject);
    return *digits >= '0' && *digits <= '9' ? strtol(digits, NULL, 10) : -1;
}

/* Not we, but this recipient: a list that we may not write to (5.7.2), an address that has changed hands
 * (RFC 7293: 5.7.17, 5.7.18), a mailbox that takes mail from a chosen few (Exchange). */
static bool is_about_recipient(const struct reply *reply)
{
    static const char *const personal[] = {"restricted", "resolver.rst", NULL};
    long detail = security_detail(reply->line);
    return detail == 2 || detail == 17 || detail == 18 || says_any(reply->line, personal);
}

/* RFC 4954 and 5248: 523 and 538 want encryption, 524, 534 another mechanism, 525 a working account, 530 and
 * 535 a password; RFC 7504: 521 is a host that takes no mail at all. */
static bool status_is_about_us(long status)
{
    return status == 521 || (status >= 523 && status <= 525) || status == 530 || status == 534 ||
           status == 535 || status == 538;
}

/* Before any MAIL FROM: the greeting (libcurl calls that weird) or EHLO was refused. */
static bool is_before_mail(const struct reply *reply)
{
    return reply->transport == CURL_ACCESS_DENIED ||
           (reply->transport == CURL_WEIRD_SERVER_REPLY && !reply->sent);
}

/* It is we who are not allowed, not the recipient who does not exist: every further mail would fare the same.
 */
static bool is_about_us(const struct reply *reply)
{
    static const char *const relay[] = {"relay", "authentication required", "not authenticated", "auth first",
                                        NULL};
    static const char *const spam[] = {"spam", "blacklist", "blocklist", "blocked", "reputation",
                                       "spf",  "dkim",      "dmarc",     NULL};
    if (status_is_about_us(reply->status) || is_before_mail(reply))
        return true;
    if (is_about_recipient(reply))
        return false;
    if (says_any(reply->line, relay))
        return true;
    if (reply->status == 554)
        return says_any(reply->line, spam);
    return reply->status == 550 && security_detail(reply->line) >= 0;
}

static void judge_refusal(const struct reply *reply, struct cuiban_verdict *out, const char **what)
{
    static const char *const mailbox_full[] = {"5.2.2", "mailbox full", "over quota", "quota exceeded", NULL};
    if (is_about_us(reply)) {
        verdict_set(out, CUIBAN_MISCONFIGURED, 0, (int32_t)reply->status);
        *what = "the mail server does not take mail from us";
        return;
    }
    verdict_set(out, CUIBAN_REFUSED, 0, (int32_t)reply->status);
    *what = "the mail server refused the message";
    if (reply->status == 550 || reply->status == 551 || reply->status == 553)
        *what = "the mail server does not take mail for this recipient";
    if (reply->status == 552 && says_any(reply->line, mailbox_full)) {
        *what = "the recipient's mailbox is full";
    } else if (reply->status == 552) {
        out->shrink_bytes = SHRUNK_BYTES;
        *what = "the mail is too large";
    }
}

/* No final word came. Once the server has asked for the mail (354) it may have had all of it. */
static void judge_silence(const struct reply *reply, struct cuiban_verdict *out, const char **what,
                          const char *what_unsent)
{
    bool may_have_arrived = reply->sent || reply->status == 354;
    verdict_set(out, may_have_arrived ? CUIBAN_UNCERTAIN : CUIBAN_RETRY, 0, reply->transport);
    *what = may_have_arrived ? "the mail was sent, but the server did not confirm it" : what_unsent;
}

static void judge_by_status(const struct reply *reply, struct cuiban_verdict *out, const char **what)
{
    if (reply->transport == CURL_LOGIN_DENIED) {
        bool later = reply->status >= 400 && reply->status < 500;
        verdict_set(out, later ? CUIBAN_RETRY : CUIBAN_MISCONFIGURED, later ? GREYLIST_MS : 0,
                    (int32_t)reply->status);
        *what = later ? "the mail server cannot check the password now"
                      : "the mail server does not accept user and password";
    } else if (reply->status >= 500 && reply->status < 600) {
        judge_refusal(reply, out, what);
    } else if (reply->status >= 400 && reply->status < 500) {
        /* At the greeting it is only busy; later on it names the recipient or the message. */
        verdict_set(out, CUIBAN_RETRY, reply->status == 421 ? 0 : GREYLIST_MS, (int32_t)reply->status);
        *what = "the mail server asks to try again later";
    } else {
        /* 250 and 354 are lines of an earlier command. */
        judge_silence(reply, out, what, "the connection to the mail server broke");
    }
}

/* What the server calls the mail: "250 2.0.0 Ok: queued as 4F1D22", "250 OK id=1rABCD-0000". */
static void find_remote_id(const char *line, struct cuiban_verdict *out)
{
    static const char *const marks[] = {"queued as ", "id="};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const char *at = strcasestr(line, marks[i]);
        if (!at)
            continue;
        at += strlen(marks[i]);
        size_t n = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.@");
        n = n < sizeof out->remote_id ? n : sizeof out->remote_id - 1;
        memcpy(out->remote_id, at, n);
        out->remote_id[n] = '\0';
        return;
    }
}

static const char *transport_problem(int transport)
{
    switch (transport) {
    case CURL_UNSUPPORTED_PROTOCOL:
    case CURL_URL_MALFORMAT:
    case CURL_NOT_BUILT_IN:
        return "the option server cannot be used";
    case CURL_PEER_VERIFICATION_OLD:
    case CURL_PEER_VERIFICATION:
    case CURL_SSL_ISSUER:
    case CURL_PINNED_KEY:
    case CURL_CERT_STATUS:
        return "the mail server's certificate is not trusted; a private CA goes into the option ca_file";
    case CURL_SSL_CERTPROBLEM:
    case CURL_SSL_CIPHER:
    case CURL_SSL_ENGINE:
    case CURL_SSL_CACERT_BADFILE:
    case CURL_SSL_CRL_BADFILE:
        return "TLS cannot be used as it is set up; is the option ca_file readable?";
    case CURL_USE_SSL_FAILED:
        return "the mail server offers no TLS, and mail does not travel without";
    case CURL_AUTH_ERROR:
        return "logging in to the mail server failed";
    default:
        return NULL;
    }
}

static bool status_decides(int transport)
{
    return transport == CURL_WEIRD_SERVER_REPLY || transport == CURL_ACCESS_DENIED ||
           transport == CURL_UPLOAD_FAILED || transport == CURL_SEND_ERROR || transport == CURL_RECV_ERROR ||
           transport == CURL_LOGIN_DENIED;
}

static void judge_failure(const struct reply *reply, struct cuiban_verdict *out, const char **what)
{
    *what = transport_problem(reply->transport);
    if (*what) {
        verdict_set(out, CUIBAN_MISCONFIGURED, 0, reply->transport);
    } else if (status_decides(reply->transport)) {
        judge_by_status(reply, out, what);
    } else {
        judge_silence(reply, out, what,
                      reply->transport == CURL_SSL_CONNECT ? "TLS with the mail server failed"
                                                           : "the mail server was not reached");
    }
}

void email_judge(const struct cuiban_response *response, const struct verdict_secrets *secrets,
                 struct cuiban_verdict *out)
{
    char line[REPLY_BYTES_MAX];
    size_t n = text_cut(response->body, response->body_n, sizeof line - 1);
    memcpy(line, response->body, n);
    line[n] = '\0';
    struct reply reply = {response->status, response->transport, response->sent != 0, line};
    const char *what = "";
    /* RFC 5321 section 4.2.5: the mail is theirs with 250 behind its end, and with nothing else. */
    if (response->transport == 0 && response->status == 250) {
        verdict_set(out, CUIBAN_DELIVERED, 0, 0);
        find_remote_id(line, out);
        return;
    }
    if (response->transport == 0)
        judge_by_status(&reply, out, &what);
    else
        judge_failure(&reply, out, &what);
    verdict_say(out, secrets, what, n > 0 && response->status >= 400 ? line : response->error);
}
