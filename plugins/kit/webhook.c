#include "webhook.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "answer.h"
#include "text.h"

static const char credential_bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
static const char no_memory[] = "out of memory";

static bool is_credential(const char *text, size_t n)
{
    return n > 0 && n <= WEBHOOK_CREDENTIAL_BYTES_MAX && strspn(text, credential_bytes) >= n;
}

/* Behind "https://" or "http://"; NULL for anything else. */
static const char *host_of(const char *url)
{
    if (strncasecmp(url, "https://", 8) == 0)
        return url + 8;
    return strncasecmp(url, "http://", 7) == 0 ? url + 7 : NULL;
}

/* In a query, or NULL: "key=" is found in "?key=1" and "?debug=1&key=1", not in "?monkey=1". */
static const char *find_parameter(const char *query, const char *name)
{
    for (const char *at = query; at; at = strchr(at, '&')) {
        at++; /* the ? or the & */
        if (strncmp(at, name, strlen(name)) == 0)
            return at + strlen(name);
    }
    return NULL;
}

/* The vendor's own server knows one path, and is not spoken to in clear. */
static bool is_place(const struct webhook_vendor *vendor, const char *url, const char *host, size_t n_host,
                     size_t n_path)
{
    if (n_host != strlen(vendor->host) || strncasecmp(host, vendor->host, n_host) != 0)
        return n_path > 0; /* somebody else's relay: the address says where */
    return host == url + strlen("https://") && n_path == strlen(vendor->path) &&
           memcmp(host + n_host, vendor->path, n_path) == 0;
}

/* A signature in a copied address is good for an hour only. */
static bool has_signature(const char *query)
{
    return find_parameter(query, "sign=") || find_parameter(query, "timestamp=");
}

static const char *open_whole(const struct webhook_vendor *vendor, const char *pasted, struct webhook *out)
{
    out->url = option_copy(pasted);
    if (!out->url)
        return no_memory;
    const char *host = host_of(out->url), *query = strchr(out->url, '?');
    if (!host || !query || host > query || strlen(out->url) > WEBHOOK_BYTES_MAX)
        return vendor->bad_webhook;
    for (const char *p = out->url; *p; p++) {
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7F || strchr("#@\"<>\\", *p))
            return vendor->bad_webhook;
    }
    const char *credential = find_parameter(query, vendor->parameter);
    size_t n = credential ? strcspn(credential, "&") : 0, n_host = strcspn(host, "/?");
    if (n_host == 0 || *host == ':' || n == 0 || !is_credential(credential, n) || has_signature(query) ||
        !is_place(vendor, out->url, host, n_host, (size_t)(query - host) - n_host))
        return vendor->bad_webhook;
    out->credential = strndup(credential, n);
    return out->credential ? NULL : no_memory;
}

/* Bytes of `url` before its path, which may be missing, "/" or the vendor's own; 0 if `url` is nothing like
 * it. */
static size_t base_bytes(const struct webhook_vendor *vendor, const char *url)
{
    const char *host = host_of(url);
    if (!host || !url_is_base(url))
        return 0;
    const char *path = host + strcspn(host, "/");
    bool is_fine = *path == '\0' || strcmp(path, "/") == 0 || strcmp(path, vendor->path) == 0;
    return is_fine ? (size_t)(path - url) : 0;
}

static const char *open_parts(const struct webhook_vendor *vendor, const char *credential, const char *url,
                              struct webhook *out)
{
    struct text whole = {0};
    size_t n = url ? base_bytes(vendor, url) : 0;
    out->credential = option_copy(credential);
    if (!out->credential)
        return no_memory;
    if (!is_credential(out->credential, strlen(out->credential)))
        return vendor->bad_credential;
    if (url && n == 0)
        return vendor->bad_url;
    if (url)
        text_add_n(&whole, url, n);
    else
        text_add_format(&whole, "https://%s", vendor->host);
    text_add_format(&whole, "%s?%s%s", vendor->path, vendor->parameter, out->credential);
    if (whole.failed) {
        text_finish(&whole);
        return no_memory;
    }
    out->url = whole.bytes;
    return NULL;
}

const char *webhook_open(const struct webhook_vendor *vendor, const struct cuiban_option *options, size_t n,
                         struct webhook *out)
{
    const char *webhook = option_find(options, n, "webhook"), *url = option_find(options, n, "url");
    const char *credential = option_find(options, n, vendor->option);
    const char *whole = webhook                                                      ? webhook
                        : credential && strstr(credential, "://")                    ? credential
                        : url && find_parameter(strchr(url, '?'), vendor->parameter) ? url
                                                                                     : NULL;
    *out = (struct webhook){NULL, NULL};
    if (!whole && !credential)
        return vendor->missing;
    if (whole && ((credential && whole != credential) || (url && whole != url)))
        return vendor->twice;
    return whole ? open_whole(vendor, whole, out) : open_parts(vendor, credential, url, out);
}

void webhook_finish(struct webhook *webhook)
{
    option_wipe(webhook->url);
    option_wipe(webhook->credential);
    *webhook = (struct webhook){NULL, NULL};
}
