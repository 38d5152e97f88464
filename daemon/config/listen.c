#include "config/listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_MAX = INET6_ADDRSTRLEN + 2, PORT_DIGITS_MAX = 5 };

static bool parse_port(const char *text, in_port_t *out)
{
    size_t digits = strspn(text, "0123456789");
    unsigned long port = digits > 0 && digits <= PORT_DIGITS_MAX ? strtoul(text, NULL, 10) : UINT32_MAX;
    if (text[digits] != '\0' || port > UINT16_MAX)
        return false;
    *out = htons((uint16_t)port);
    return true;
}

static bool parse_four(const char *host, in_port_t port, struct sockaddr_storage *out, socklen_t *out_n)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = port};
    if (inet_pton(AF_INET, host, &four.sin_addr) != 1)
        return false;
    memcpy(out, &four, sizeof four);
    *out_n = sizeof four;
    return true;
}

static bool parse_six(char *host, in_port_t port, struct sockaddr_storage *out, socklen_t *out_n)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = port};
    size_t n = strlen(host);
    if (host[0] != '[' || host[n - 1] != ']')
        return false;
    host[n - 1] = '\0';
    if (inet_pton(AF_INET6, host + 1, &six.sin6_addr) != 1)
        return false;
    memcpy(out, &six, sizeof six);
    *out_n = sizeof six;
    return true;
}

bool listen_parse(const char *text, struct sockaddr_storage *out, socklen_t *out_n)
{
    const char *colon = strrchr(text, ':');
    char host[HOST_MAX + 1];
    size_t host_n = colon ? (size_t)(colon - text) : 0;
    in_port_t port;
    if (host_n == 0 || host_n > HOST_MAX || !parse_port(colon + 1, &port))
        return false;
    memcpy(host, text, host_n);
    host[host_n] = '\0';
    *out = (struct sockaddr_storage){0};
    return parse_four(host, port, out, out_n) || parse_six(host, port, out, out_n);
}
