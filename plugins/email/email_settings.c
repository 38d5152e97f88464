#include "email_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../kit/answer.h"
#include "../kit/text.h"
#include "mime.h"

static const char out_of_memory[] = "out of memory";

enum tls_mode { TLS_REQUIRED, TLS_NONE, TLS_IMPLICIT };

void email_settings_finish(struct email_settings *settings)
{
    free(settings->server);
    free(settings->from);
    free(settings->from_name);
    free(settings->reply_to);
    free(settings->domain);
    option_wipe(settings->user);
    option_wipe(settings->password);
    free(settings->ca_file);
    memset(settings, 0, sizeof *settings);
}

static bool tls_parse(const char *value, bool smtps, enum tls_mode *out)
{
    if (!value || strcmp(value, "required") == 0)
        *out = smtps ? TLS_IMPLICIT : TLS_REQUIRED;
    else if (strcmp(value, "none") == 0)
        *out = TLS_NONE;
    else if (strcmp(value, "implicit") == 0)
        *out = TLS_IMPLICIT;
    else
        return false;
    return true;
}

static bool is_loopback(const char *host, size_t n)
{
    static const char *const names[] = {"localhost", "[::1]", "127.0.0.1"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strlen(names[i]) == n && strncasecmp(host, names[i], n) == 0)
            return true;
    }
    return n > 4 && strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") >= n;
}

/* Length of the host in "host", "host:port", "[v6]", "[v6]:port"; 0 if it is none of these. */
static size_t host_bytes(const char *authority)
{
    if (authority[0] == '[') {
        size_t n = 1 + strspn(authority + 1, "0123456789abcdefABCDEF:.");
        return authority[n] == ']' && n > 2 ? n + 1 : 0;
    }
    return strspn(authority, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_");
}

static bool port_is_fine(const char *port)
{
    size_t n = strspn(port, "0123456789");
    return n > 0 && n <= 5 && port[n] == '\0' && strtol(port, NULL, 10) > 0 &&
           strtol(port, NULL, 10) <= 65535;
}

static const char *read_server(const char *value, const char *tls, struct email_settings *out)
{
    static const char shape[] = "option server must be smtp://host:port or smtps://host:port";
    bool smtps = strncasecmp(value, "smtps://", 8) == 0;
    if (!smtps && strncasecmp(value, "smtp://", 7) != 0)
        return shape;
    const char *host = value + (smtps ? 8 : 7);
    size_t n = host_bytes(host), tail = strlen(host + n);
    tail -= tail > 0 && host[n + tail - 1] == '/';
    char port[8] = "";
    if (n == 0 || tail >= sizeof port)
        return shape;
    snprintf(port, sizeof port, "%.*s", (int)tail, host + n);
    if (tail > 0 && (port[0] != ':' || !port_is_fine(port + 1)))
        return shape;
    enum tls_mode mode;
    if (!tls_parse(tls, smtps, &mode))
        return "option tls is neither \"required\", \"implicit\" nor \"none\"";
    if (mode == TLS_NONE && smtps)
        return "option tls = \"none\" contradicts smtps://; write smtp:// for a relay without TLS";
    if (mode == TLS_NONE && !is_loopback(host, n))
        return "option tls = \"none\" is for a relay on this host only (localhost); mail would travel in "
               "clear";
    static const char *const default_port[] = {
        [TLS_REQUIRED] = ":587", [TLS_NONE] = ":25", [TLS_IMPLICIT] = ":465"};
    struct text server = {0};
    text_add(&server, mode == TLS_IMPLICIT ? "smtps://" : "smtp://");
    text_add_n(&server, host, n);
    text_add(&server, port[0] ? port : default_port[mode]);
    out->require_tls = mode == TLS_REQUIRED;
    out->server = server.failed ? NULL : server.bytes;
    if (server.failed)
        text_finish(&server);
    return out->server ? NULL : out_of_memory;
}

/* "人事部 <hr@example.com>", "\"HR\" <hr@example.com>" or "hr@example.com". */
static const char *read_from(const char *value, struct email_settings *out)
{
    static const char shape[] = "option from must be an address or \"name <address>\"";
    const char *open = strrchr(value, '<');
    if (!open) {
        out->from = option_copy(value);
        return mime_address_is_fine(out->from) ? NULL : shape;
    }
    const char *close = strchr(open, '>');
    if (!close || !text_is_blank(close + 1))
        return shape;
    out->from = strndup(open + 1, (size_t)(close - open - 1));
    char *name = strndup(value, (size_t)(open - value));
    out->from_name = name ? option_copy(name) : NULL;
    free(name);
    size_t n = out->from_name ? strlen(out->from_name) : 0;
    if (n >= 2 && out->from_name[0] == '"' && out->from_name[n - 1] == '"') {
        memmove(out->from_name, out->from_name + 1, n - 2);
        out->from_name[n - 2] = '\0';
    }
    return mime_address_is_fine(out->from) ? NULL : shape;
}

static const char *read_domain(const char *value, struct email_settings *out)
{
    out->domain = option_copy(value ? value : strchr(out->from, '@') + 1);
    if (!out->domain)
        return out_of_memory;
    struct text probe = {0};
    text_add_format(&probe, "a@%s", out->domain);
    bool fine = mime_address_is_fine(text_get(&probe));
    text_finish(&probe);
    return fine ? NULL : "option domain must be a host name, such as hr.example.com";
}

static bool has_control(const char *value)
{
    for (; value && *value; value++) {
        if ((unsigned char)*value < ' ' || *value == 0x7F)
            return true;
    }
    return false;
}

const char *email_settings_read(const struct cuiban_option *options, size_t n, struct email_settings *out)
{
    memset(out, 0, sizeof *out);
    const char *server = option_find(options, n, "server"), *from = option_find(options, n, "from");
    const char *tls = option_find(options, n, "tls");
    if (!server)
        return "option server is missing; for example smtp://mail.example.com:587";
    if (!from)
        return "option from is missing; for example \"人事部 <hr@example.com>\"";
    const char *why = read_server(server, tls, out);
    why = why ? why : read_from(from, out);
    why = why ? why : read_domain(option_find(options, n, "domain"), out);
    if (why)
        return why;
    out->reply_to = option_copy(option_find(options, n, "reply_to"));
    out->user = option_copy(option_find(options, n, "user"));
    out->password = option_copy(option_find(options, n, "password"));
    out->ca_file = option_copy(option_find(options, n, "ca_file"));
    if (out->reply_to && !mime_address_is_fine(out->reply_to))
        return "option reply_to must be one address";
    if (!out->user != !out->password)
        return "options user and password go together; give both or neither";
    if (has_control(out->user) || has_control(out->password))
        return "options user and password must be one line without control characters";
    if (out->ca_file && out->ca_file[0] != '/')
        return "option ca_file must be an absolute path";
    return NULL;
}
