#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "config/listen.h"

static const struct {
    const char *text;
    const char *host; /* NULL: refused */
    int port;
} cases[] = {
    {"127.0.0.1:9560", "127.0.0.1", 9560},
    {"0.0.0.0:0", "0.0.0.0", 0},
    {"[::1]:9560", "::1", 9560},
    {"[2001:db8::7]:65535", "2001:db8::7", 65535},
    {"127.0.0.1:notaport", NULL, 0},
    {"127.0.0.1:65536", NULL, 0},
    {"127.0.0.1:4294967296", NULL, 0},
    {"127.0.0.1:-1", NULL, 0},
    {"127.0.0.1:+1", NULL, 0},
    {"127.0.0.1:1 ", NULL, 0},
    {"127.0.0.1:", NULL, 0},
    {"127.0.0.1", NULL, 0},
    {"127.0.0:80", NULL, 0},
    {"localhost:9560", NULL, 0},
    {"::1:9560", NULL, 0},
    {"[::1:9560", NULL, 0},
    {"[]:9560", NULL, 0},
    {"[:1", NULL, 0},
    {"[fe80::1%eth0]:80", NULL, 0},
    {"[1111:2222:3333:4444:5555:6666:7777:8888:9999]:80", NULL, 0},
    {"[111111111111111111111111111111111111111111111111111111111111111111]:80", NULL, 0},
    {":9560", NULL, 0},
    {":", NULL, 0},
    {"", NULL, 0},
};

static int port_of(const struct sockaddr_storage *address, char host[static INET6_ADDRSTRLEN])
{
    const struct sockaddr_in *four = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
    const void *bytes =
        address->ss_family == AF_INET ? (const void *)&four->sin_addr : (const void *)&six->sin6_addr;
    assert_non_null(inet_ntop(address->ss_family, bytes, host, INET6_ADDRSTRLEN));
    return ntohs(address->ss_family == AF_INET ? four->sin_port : six->sin6_port);
}

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sockaddr_storage address;
        socklen_t n = 0;
        char host[INET6_ADDRSTRLEN] = "";
        print_message("\"%s\"\n", cases[i].text);
        assert_int_equal(listen_parse(cases[i].text, &address, &n), cases[i].host != NULL);
        if (!cases[i].host)
            continue;
        assert_int_equal(port_of(&address, host), cases[i].port);
        assert_string_equal(host, cases[i].host);
        assert_int_equal(n, address.ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                                         : sizeof(struct sockaddr_in6));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse)};
    return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
