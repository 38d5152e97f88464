#include "core/address.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REDIS_PORT = 6379, SOCKET_PATH_MAX = 107 }; /* sockaddr_un holds 108 bytes with its NUL */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20); /* lower case, if it is a letter */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Copies n bytes and turns %XX into the byte; NULL if memory is out or an escape is broken (*broken). */
static char *decode(const char *text, size_t n, bool *broken)
{
    assert(n < SIZE_MAX);
    char *out = malloc(n + 1);
    if (!out)
        return NULL;
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] != '%') {
            out[used++] = text[i];
            continue;
        }
        int high = i + 2 < n ? hex_digit(text[i + 1]) : -1;
        int low = i + 2 < n ? hex_digit(text[i + 2]) : -1;
        int byte = high < 0 || low < 0 ? 0 : high * 16 + low;
        if (byte == 0) { /* %00 has no place in a C string */
            *broken = true;
            free(out);
            return NULL;
        }
        out[used++] = (char)byte;
        i += 2;
    }
    out[used] = '\0';
    return out;
}

static bool parse_number(const char *text, size_t n, int max, int *out)
{
    if (n == 0 || n > 6)
        return false;
    int value = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isdigit((unsigned char)text[i]))
            return false;
        value = value * 10 + (text[i] - '0');
    }
    if (value > max)
        return false;
    *out = value;
    return true;
}

/* "user:password", "user", ":password". */
static int parse_login(const char *text, size_t n, struct address *out, const char **why)
{
    bool broken = false;
    const char *colon = memchr(text, ':', n);
    size_t user_n = colon ? (size_t)(colon - text) : n;
    if (user_n > 0 && !(out->user = decode(text, user_n, &broken)))
        goto failed;
    if (colon && !(out->password = decode(colon + 1, n - user_n - 1, &broken)))
        goto failed;
    if (out->user && !out->password) {
        *why = "a user needs a password: redis://user:password@host";
        return -EINVAL;
    }
    return 0;
failed:
    if (!broken)
        return -ENOMEM;
    *why = "a '%' in user or password must be followed by two hexadecimal digits; write '%' itself as "
           "%25";
    return -EINVAL;
}

static int parse_unix(const char *text, struct address *out, const char **why)
{
    out->kind = ADDRESS_UNIX;
    if (strncmp(text, "//", 2) == 0) {
        text += 2;
        const char *slash = strchr(text, '/');
        const char *at = slash ? memchr(text, '@', (size_t)(slash - text)) : NULL;
        if (!slash || (slash != text && at != slash - 1)) {
            *why = "a socket is written unix:/path, or unix://user:password@/path";
            return -EINVAL;
        }
        int error = at ? parse_login(text, (size_t)(at - text), out, why) : 0;
        if (error)
            return error;
        text = slash;
    }
    size_t n = strcspn(text, "?");
    if (text[n] == '?' && (strncmp(text + n, "?db=", 4) != 0 ||
                           !parse_number(text + n + 4, strlen(text + n + 4), ADDRESS_DB_MAX, &out->db))) {
        *why = "after the socket's path only ?db=NUMBER may follow";
        return -EINVAL;
    }
    if (text[0] != '/' || n < 2 || n > SOCKET_PATH_MAX) {
        *why = "unix: must be followed by an absolute path of at most 107 bytes";
        return -EINVAL;
    }
    out->place = strndup(text, n);
    return out->place ? 0 : -ENOMEM;
}

/* host, host:port, [v6], [v6]:port */
static int parse_host(const char *text, size_t n, struct address *out, const char **why)
{
    const char *host = text;
    size_t host_n = 0;
    const char *rest = NULL;
    if (n > 0 && text[0] == '[') {
        const char *end = memchr(text, ']', n);
        host = text + 1;
        host_n = end ? (size_t)(end - host) : 0;
        rest = end ? end + 1 : NULL;
    } else {
        const char *colon = memchr(text, ':', n);
        host_n = colon ? (size_t)(colon - text) : n;
        rest = text + host_n;
    }
    size_t rest_n = rest ? n - (size_t)(rest - text) : 0;
    bool port_good = rest_n == 0 || (rest[0] == ':' &&
                                     parse_number(rest + 1, rest_n - 1, 65535, &out->port) && out->port > 0);
    if (host_n == 0 || host_n > 253 || !rest || !port_good || memchr(host, ' ', host_n)) {
        *why = "redis:// must be followed by host or host:port (1..65535; IPv6 in brackets)";
        return -EINVAL;
    }
    out->place = strndup(host, host_n);
    return out->place ? 0 : -ENOMEM;
}

static int parse_tcp(const char *text, struct address *out, const char **why)
{
    out->kind = ADDRESS_TCP;
    out->port = REDIS_PORT;
    size_t authority_n = strcspn(text, "/");
    const char *db = text + authority_n;
    const char *host = text;
    for (size_t i = 0; i < authority_n; i++)
        if (text[i] == '@') /* the last one: a password that holds '@' unescaped is what people paste */
            host = text + i + 1;
    int error = host != text ? parse_login(text, (size_t)(host - text) - 1, out, why) : 0;
    if (!error)
        error = parse_host(host, authority_n - (size_t)(host - text), out, why);
    if (error)
        return error;
    if (*db == '/' && db[1] != '\0' && !parse_number(db + 1, strlen(db + 1), ADDRESS_DB_MAX, &out->db)) {
        *why = "after the host only /NUMBER, the database, may follow";
        return -EINVAL;
    }
    return 0;
}

static int describe(struct address *out)
{
    char text[ADDRESS_TEXT_MAX];
    if (out->kind == ADDRESS_UNIX)
        (void)snprintf(text, sizeof(text), "unix:%s", out->place);
    else
        (void)snprintf(text, sizeof(text), strchr(out->place, ':') ? "[%s]:%d" : "%s:%d", out->place,
                       out->port);
    out->shown = strdup(text);
    return out->shown ? 0 : -ENOMEM;
}

int address_parse(const char *text, struct address *out, const char **why)
{
    struct address parsed = {0};
    int error = -EINVAL;
    *why = "must begin with unix: or redis://";
    if (strlen(text) >= ADDRESS_TEXT_MAX)
        *why = "the address is too long (at most 1023 bytes)";
    else if (strncmp(text, "unix:", 5) == 0)
        error = parse_unix(text + 5, &parsed, why);
    else if (strncmp(text, "redis://", 8) == 0)
        error = parse_tcp(text + 8, &parsed, why);
    else if (strncmp(text, "rediss://", 9) == 0)
        *why = "rediss:// needs a hiredis with TLS, which this build has not; let stunnel or a "
               "sidecar carry TLS "
               "and name its local socket";
    else if (strncmp(text, "sentinel://", 11) == 0 || strncmp(text, "cluster://", 10) == 0)
        *why = "this build does not follow sentinel:// or cluster:// addresses; name the primary "
               "itself or a "
               "proxy that follows it";
    if (!error)
        error = describe(&parsed);
    if (error) {
        address_finish(&parsed);
        return error;
    }
    *out = parsed;
    return 0;
}

static bool copy_text(const char *from, char **to)
{
    *to = from ? strdup(from) : NULL;
    return !from || *to;
}

int address_copy(const struct address *from, struct address *out)
{
    struct address copy = {.kind = from->kind, .port = from->port, .db = from->db};
    if (!copy_text(from->place, &copy.place) || !copy_text(from->user, &copy.user) ||
        !copy_text(from->password, &copy.password) || !copy_text(from->shown, &copy.shown)) {
        address_finish(&copy);
        return -ENOMEM;
    }
    *out = copy;
    return 0;
}

void address_finish(struct address *address)
{
    free(address->place);
    free(address->user);
    if (address->password)
        explicit_bzero(address->password, strlen(address->password));
    free(address->password);
    free(address->shown);
    *address = (struct address){0};
}
