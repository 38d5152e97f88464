#include "host.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void *host_alloc(void *request_memory, size_t bytes)
{
    struct host_memory *memory = request_memory;
    if (memory->n >= HOST_BLOCKS_MAX || (memory->fail_at > 0 && memory->n + 1 >= memory->fail_at))
        return NULL;
    void *block = calloc(1, bytes ? bytes : 1);
    if (block)
        memory->blocks[memory->n++] = block;
    return block;
}

static void host_hmac(const void *key, size_t key_n, const void *text, size_t n, unsigned char out[32])
{
    unsigned length = 32;
    HMAC(EVP_sha256(), key, (int)key_n, text, n, out, &length);
}

static void host_sha256(const void *text, size_t n, unsigned char out[32])
{
    SHA256(text, n, out);
}

static size_t host_base64(const void *bytes, size_t n, char *out, size_t room)
{
    size_t length = (n + 2) / 3 * 4;
    if (length + 1 > room)
        return 0;
    EVP_EncodeBlock((unsigned char *)out, bytes, (int)n);
    return length;
}

static size_t host_url_escape(const char *text, char *out, size_t room)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t n = 0;
    for (; *text; text++) {
        if (n + 4 > room)
            return 0;
        if (strchr(unreserved, *text))
            out[n++] = *text;
        else
            n += (size_t)snprintf(out + n, room - n, "%%%02X", (unsigned)(unsigned char)*text);
    }
    out[n] = '\0';
    return n;
}

static void host_log(void *channel, const char *text)
{
    (void)channel;
    (void)text;
}

static const struct cuiban_host calls = {
    .size = sizeof(struct cuiban_host),
    .alloc = host_alloc,
    .hmac_sha256 = host_hmac,
    .sha256 = host_sha256,
    .base64 = host_base64,
    .url_escape = host_url_escape,
    .log = host_log,
};

static void free_memory(struct host *host)
{
    for (size_t i = 0; i < host->memory.n; i++)
        free(host->memory.blocks[i]);
    host->memory.n = 0;
}

void host_load(struct host *host, const char *file)
{
    memset(host, 0, sizeof *host);
    host->library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (host->library)
        host->plugin = dlsym(host->library, "cuiban_channel");
    if (!host->plugin || host->plugin->abi != CUIBAN_CHANNEL_ABI ||
        host->plugin->size < sizeof(struct cuiban_channel)) {
        fprintf(stderr, "%s is no plugin: %s\n", file, host->library ? "symbol or version" : dlerror());
        exit(2);
    }
}

bool host_open_list(struct host *host, const struct cuiban_option *options, size_t n)
{
    host->error[0] = '\0';
    host->state = host->plugin->open(&calls, host, options, n, host->error, sizeof host->error);
    return host->state != NULL;
}

bool host_open(struct host *host, const char *const *pairs)
{
    struct cuiban_option options[HOST_OPTIONS_MAX];
    size_t n = 0;
    for (; pairs[2 * n] && n < HOST_OPTIONS_MAX; n++)
        options[n] = (struct cuiban_option){pairs[2 * n], pairs[2 * n + 1]};
    return host_open_list(host, options, n);
}

static void clear_verdict(struct host *host)
{
    memset(&host->verdict, 0, sizeof host->verdict);
    host->verdict.size = sizeof host->verdict;
}

int host_prepare(struct host *host, const struct cuiban_message *message)
{
    free_memory(host);
    clear_verdict(host);
    memset(&host->request, 0, sizeof host->request);
    host->request.size = sizeof host->request;
    return host->plugin->prepare(host->state, message, &host->memory, &host->request, &host->verdict);
}

void host_judge(struct host *host, const struct cuiban_response *response)
{
    clear_verdict(host);
    host->plugin->judge(host->state, response, &host->verdict);
}

void host_judge_transport(struct host *host, int transport, bool sent, long status, const char *body)
{
    struct cuiban_response response = {.size = sizeof response,
                                       .transport = transport,
                                       .sent = sent,
                                       .status = status,
                                       .body = body,
                                       .body_n = strlen(body),
                                       .retry_after_ms = -1,
                                       .error = transport ? "libcurl says so" : ""};
    host_judge(host, &response);
}

void host_judge_http(struct host *host, long status, const char *body)
{
    host_judge_transport(host, 0, true, status, body);
}

const char *const host_hidden[] = {"\xC2\x85",
                                   "\xC2\x9B",
                                   "\xC2\xAD",
                                   "\xD8\x9C",
                                   "\xE1\xA0\x8E",
                                   "\xE2\x80\x8B",
                                   "\xE2\x80\x8E",
                                   "\xE2\x80\x8F",
                                   "\xE2\x80\xA8",
                                   "\xE2\x80\xA9",
                                   "\xE2\x80\xAA",
                                   "\xE2\x80\xAE",
                                   "\xE2\x81\xA0",
                                   "\xE2\x81\xA6",
                                   "\xE2\x81\xA9",
                                   "\xEF\xBB\xBF",
                                   "\xEF\xBF\xB9",
                                   "\xF3\xA0\x80\xA0",
                                   NULL};

struct foreign {
    int transport;
    bool sent;
    long status;
    int64_t retry_after_ms;
    enum cuiban_verdict_kind kind;
    int64_t delay_ms;
};

static const struct foreign foreign[] = {
    /* answered in full */
    {0, true, 100, -1, CUIBAN_UNCERTAIN, 0},
    {0, true, 200, -1, CUIBAN_UNCERTAIN, 0},
    {0, true, 201, -1, CUIBAN_UNCERTAIN, 0},
    {0, true, 202, -1, CUIBAN_UNCERTAIN, 0},
    {0, true, 204, -1, CUIBAN_UNCERTAIN, 0},
    {0, true, 301, -1, CUIBAN_MISCONFIGURED, 0},
    {0, true, 307, -1, CUIBAN_MISCONFIGURED, 0},
    {0, true, 400, -1, CUIBAN_RETRY, 0},
    {0, true, 401, -1, CUIBAN_MISCONFIGURED, 0},
    {0, true, 403, -1, CUIBAN_MISCONFIGURED, 0},
    {0, true, 404, -1, CUIBAN_MISCONFIGURED, 0},
    {0, true, 405, -1, CUIBAN_MISCONFIGURED, 0},
    {0, true, 407, -1, CUIBAN_MISCONFIGURED, 0},
    {0, true, 408, -1, CUIBAN_RETRY, 0},
    {0, true, 410, -1, CUIBAN_MISCONFIGURED, 0},
    {0, true, 413, -1, CUIBAN_RETRY, 0},
    {0, true, 429, -1, CUIBAN_BACKOFF, 60000},
    {0, true, 429, 7000, CUIBAN_BACKOFF, 7000},
    {0, true, 429, INT64_C(90000000), CUIBAN_BACKOFF, 3600000},
    {0, true, 499, -1, CUIBAN_RETRY, 0},
    {0, true, 500, -1, CUIBAN_UNCERTAIN, 0},
    {0, true, 500, 7000, CUIBAN_UNCERTAIN, 0},
    {0, true, 501, -1, CUIBAN_MISCONFIGURED, 0},
    {0, true, 502, -1, CUIBAN_UNCERTAIN, 0},
    {0, true, 503, -1, CUIBAN_RETRY, 0},
    {0, true, 503, 0, CUIBAN_RETRY, 0},
    {0, true, 503, 1, CUIBAN_BACKOFF, 1},
    {0, true, 503, 120000, CUIBAN_BACKOFF, 120000},
    {0, true, 503, INT64_C(90000000), CUIBAN_BACKOFF, 3600000},
    {0, true, 504, -1, CUIBAN_UNCERTAIN, 0},
    {0, true, 505, -1, CUIBAN_MISCONFIGURED, 0},
    {0, true, 511, -1, CUIBAN_MISCONFIGURED, 0},
    {0, true, 520, -1, CUIBAN_UNCERTAIN, 0},
    /* answered before the request was complete */
    {0, false, 200, -1, CUIBAN_RETRY, 0},
    {0, false, 404, -1, CUIBAN_MISCONFIGURED, 0},
    {0, false, 500, -1, CUIBAN_RETRY, 0},
    {0, false, 503, 9000, CUIBAN_BACKOFF, 9000},
    /* never complete */
    {3, false, 0, -1, CUIBAN_MISCONFIGURED, 0},
    {5, false, 0, -1, CUIBAN_RETRY, 0},
    {6, false, 0, -1, CUIBAN_RETRY, 0},
    {7, false, 0, -1, CUIBAN_RETRY, 0},
    {28, false, 0, -1, CUIBAN_RETRY, 0},
    {35, false, 0, -1, CUIBAN_RETRY, 0},
    {42, false, 0, -1, CUIBAN_RETRY, 0},
    {55, false, 0, -1, CUIBAN_RETRY, 0},
    {60, false, 0, -1, CUIBAN_MISCONFIGURED, 0},
    /* complete, and no answer, or a part of one */
    {28, true, 0, -1, CUIBAN_UNCERTAIN, 0},
    {28, true, 200, -1, CUIBAN_UNCERTAIN, 0},
    {42, true, 0, -1, CUIBAN_UNCERTAIN, 0},
    {52, true, 0, -1, CUIBAN_UNCERTAIN, 0},
    {56, true, 0, -1, CUIBAN_UNCERTAIN, 0},
    {18, true, 200, -1, CUIBAN_UNCERTAIN, 0},
    {18, true, 404, -1, CUIBAN_MISCONFIGURED, 0},
    {56, true, 502, -1, CUIBAN_UNCERTAIN, 0},
    {56, true, 503, -1, CUIBAN_RETRY, 0},
    {60, true, 0, -1, CUIBAN_UNCERTAIN, 0},
};

static void check_foreign(struct host *host, const struct foreign *one, const char *body)
{
    struct cuiban_response response = {.size = sizeof response,
                                       .transport = one->transport,
                                       .sent = one->sent,
                                       .status = one->status,
                                       .body = body,
                                       .body_n = strlen(body),
                                       .retry_after_ms = one->retry_after_ms,
                                       .error = one->transport ? "libcurl says so" : ""};
    host_judge(host, &response);
    if (host->verdict.kind != one->kind || host->verdict.delay_ms != one->delay_ms ||
        host->verdict.reason[0] == '\0')
        fail_msg("transport %d, sent %d, status %ld, Retry-After %lld ms, '%s': %s, %lld ms, '%s'",
                 one->transport, one->sent, one->status, (long long)one->retry_after_ms, body,
                 host_verdict_name(host->verdict.kind), (long long)host->verdict.delay_ms,
                 host->verdict.reason);
}

void host_check_foreign_answers(struct host *host)
{
    static const char *const bodies[] = {"",
                                         "ok",
                                         "OK\n",
                                         "success",
                                         "0",
                                         "null",
                                         "{}",
                                         "[{\"errcode\":0}]",
                                         "{\"errmsg\":\"ok\"}",
                                         "{\"code\":0}",
                                         "{\"errcode\":null}",
                                         "{\"errcode\":true}",
                                         "{\"errcode\":\"ok\"}",
                                         "{\"errcode\":",
                                         "{\"data\":{\"errcode\":0}}",
                                         "<html>502 Bad Gateway</html>",
                                         "\xff\xfe"};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        for (size_t k = 0; k < sizeof bodies / sizeof *bodies; k++)
            check_foreign(host, &foreign[i], bodies[k]);
    }
}

void host_close(struct host *host)
{
    free_memory(host);
    if (host->state)
        host->plugin->close(host->state);
    host->state = NULL;
}

void host_unload(struct host *host)
{
    host_close(host);
    if (host->library)
        dlclose(host->library);
    host->library = NULL;
}

struct cuiban_message host_message(const struct cuiban_recipient *recipients, size_t n)
{
    return (struct cuiban_message){
        .size = sizeof(struct cuiban_message),
        .id = "Q7KM-1",
        .thread = "Q7KM",
        .phase = "reminder",
        .language = "zh-CN",
        .title = "面试反馈，请在今天 15:10 前提交",
        .title_plain = "面试反馈，请在今天 15:10 前提交",
        .body = "王小明 · Java工程师 · 第2轮\n要做：提交面试评价表",
        .link = "https://hr.example.com/interviews/iv-20931/feedback",
        .recipients = recipients,
        .n_recipients = n,
        .now_ms = INT64_C(1763694600000), /* 2025-11-21 11:10 in Shanghai */
        .zone_offset_s = 8 * 3600,
        .attempt = 1,
    };
}

const char *host_verdict_name(enum cuiban_verdict_kind kind)
{
    static const char *const names[] = {
        [CUIBAN_DELIVERED] = "delivered", [CUIBAN_RETRY] = "retry",
        [CUIBAN_BACKOFF] = "backoff",     [CUIBAN_REAUTH] = "reauth",
        [CUIBAN_REFUSED] = "refused",     [CUIBAN_MISCONFIGURED] = "misconfigured",
        [CUIBAN_UNCERTAIN] = "uncertain",
    };
    return (size_t)kind < sizeof names / sizeof *names ? names[kind] : "?";
}

static size_t sequence(const unsigned char *p, size_t left)
{
    size_t n = p[0] < 0x80                   ? 1
               : p[0] >= 0xC2 && p[0] < 0xE0 ? 2
               : (p[0] & 0xF0) == 0xE0       ? 3
               : p[0] >= 0xF0 && p[0] < 0xF5 ? 4
                                             : 0;
    if (n == 0 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    }
    return n;
}

bool host_is_utf8(const char *bytes, size_t n)
{
    const unsigned char *p = (const unsigned char *)bytes;
    while (n > 0) {
        size_t step = sequence(p, n);
        if (step == 0)
            return false;
        p += step;
        n -= step;
    }
    return true;
}
