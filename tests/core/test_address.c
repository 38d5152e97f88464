#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "core/address.h"

static const struct {
    const char *text;
    const char *place; /* NULL: refused, and `user` is a word of the reason */
    int port, db;
    const char *user, *password, *shown;
} cases[] = {
    {"unix:/run/redis.sock", "/run/redis.sock", 0, 0, NULL, NULL, "unix:/run/redis.sock"},
    {"unix:/run/redis.sock?db=3", "/run/redis.sock", 0, 3, NULL, NULL, "unix:/run/redis.sock"},
    {"unix:///run/redis.sock", "/run/redis.sock", 0, 0, NULL, NULL, "unix:/run/redis.sock"},
    {"unix://:s3cret@/run/redis.sock", "/run/redis.sock", 0, 0, NULL, "s3cret", "unix:/run/redis.sock"},
    {"unix://cuiban:s3cret@/run/r?db=1", "/run/r", 0, 1, "cuiban", "s3cret", "unix:/run/r"},
    {"redis://localhost", "localhost", 6379, 0, NULL, NULL, "localhost:6379"},
    {"redis://localhost/", "localhost", 6379, 0, NULL, NULL, "localhost:6379"},
    {"redis://10.0.0.7:7000/15", "10.0.0.7", 7000, 15, NULL, NULL, "10.0.0.7:7000"},
    {"redis://[::1]:7000", "::1", 7000, 0, NULL, NULL, "[::1]:7000"},
    {"redis://[fe80::1]", "fe80::1", 6379, 0, NULL, NULL, "[fe80::1]:6379"},
    {"redis://:p%40ss%2Fw@h", "h", 6379, 0, NULL, "p@ss/w", "h:6379"},
    {"redis://me:a@b@h:1", "h", 1, 0, "me", "a@b", "h:1"},
    {"redis://me:a:b@h", "h", 6379, 0, "me", "a:b", "h:6379"},
    {"unix:run/redis.sock", NULL, 0, 0, "absolute"},
    {"unix:", NULL, 0, 0, "absolute"},
    {"unix:/a?x=1", NULL, 0, 0, "?db="},
    {"unix:/a?db=x", NULL, 0, 0, "?db="},
    {"unix:/a?db=10000", NULL, 0, 0, "?db="},
    {"unix://me@/a", NULL, 0, 0, "password"},
    {"redis://", NULL, 0, 0, "host"},
    {"redis://h:0", NULL, 0, 0, "host"},
    {"redis://h:65536", NULL, 0, 0, "host"},
    {"redis://h:12x", NULL, 0, 0, "host"},
    {"redis://[::1", NULL, 0, 0, "host"},
    {"redis://h/x", NULL, 0, 0, "database"},
    {"redis://me@h", NULL, 0, 0, "password"},
    {"redis://:a%4@h", NULL, 0, 0, "%"},
    {"redis://:a%zz@h", NULL, 0, 0, "%"},
    {"redis://:a%00@h", NULL, 0, 0, "%"},
    {"rediss://h", NULL, 0, 0, "TLS"},
    {"sentinel://a,b/name", NULL, 0, 0, "sentinel"},
    {"cluster://a,b", NULL, 0, 0, "cluster"},
    {"localhost:6379", NULL, 0, 0, "redis://"},
    {"", NULL, 0, 0, "redis://"},
};

static void check_text(const char *text, const char *is, const char *want)
{
    if ((is == NULL) != (want == NULL) || (is && strcmp(is, want) != 0))
        fail_msg("\"%s\": \"%s\" and not \"%s\"", text, is ? is : "-", want ? want : "-");
}

static void check_refused(size_t i, const char *why)
{
    if (!strstr(why, cases[i].user))
        fail_msg("\"%s\": \"%s\"", cases[i].text, why);
    assert_null(strstr(why, "s3cret"));
}

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct address address = {0}, copy = {0};
        const char *why = NULL;
        int error = address_parse(cases[i].text, &address, &why);
        if (error != (cases[i].place ? 0 : -EINVAL))
            fail_msg("\"%s\": %d", cases[i].text, error);
        if (error) {
            check_refused(i, why);
            continue;
        }
        assert_int_equal(address_copy(&address, &copy), 0);
        address_finish(&address);
        check_text(cases[i].text, copy.place, cases[i].place);
        check_text(cases[i].text, copy.user, cases[i].user);
        check_text(cases[i].text, copy.password, cases[i].password);
        check_text(cases[i].text, copy.shown, cases[i].shown);
        assert_int_equal(copy.port, cases[i].port);
        assert_int_equal(copy.db, cases[i].db);
        address_finish(&copy);
    }
}

static void test_socket_path_length(void **state)
{
    (void)state;
    char text[5 + 109 + 1] = "unix:";
    struct address address = {0};
    const char *why = NULL;
    memset(text + 5, 'a', 109);
    text[5] = '/';
    text[5 + 107] = '\0';
    assert_int_equal(address_parse(text, &address, &why), 0);
    address_finish(&address);
    text[5 + 107] = 'a';
    text[5 + 108] = '\0';
    assert_int_equal(address_parse(text, &address, &why), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_socket_path_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
