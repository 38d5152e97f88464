/* test_plugin_host.c: good and bad plugins, options, verdict texts, host calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "delivery/crypto.h"
#include "delivery/plugin_host.h"

static char logged[400];

static void on_log(void *data, int priority, const char *text)
{
    (void)data;
    (void)priority;
    snprintf(logged, sizeof(logged), "%s", text);
}

static struct plugin_channel_options options_of(const char *plugin, const struct field *fields, size_t n)
{
    return (struct plugin_channel_options){
        .name = "test",
        .plugin = plugin,
        .directory = TEST_PLUGINS,
        .concurrency = 3,
        .options = {fields, n},
        .log = on_log,
    };
}

static void test_refusals(void **state)
{
    static const struct field url[] = {{"url", "http://x/"}};
    static const struct field typo[] = {{"url", "http://x/"}, {"color", "red"}};
    static const struct field strange[] = {{"url", "http://x/"}, {"zzzzzzzz", "red"}};
    static const struct field bad[] = {{"url", "bad"}};
    static const struct {
        const char *plugin;
        const struct field *fields;
        size_t n;
        const char *rate;
        int rc;
        const char *words[3];
    } cases[] = {
        {"persons", url, 1, NULL, -ENOENT, {"\"persons\"", "did you mean \"person\"?"}},
        {"/nowhere/at/all.so", url, 1, NULL, -ENOENT, {"/nowhere/at/all.so", "does not exist"}},
        {"../person", url, 1, NULL, -EINVAL, {"neither a plain name nor an absolute path"}},
        {"", url, 1, NULL, -EINVAL, {"neither a plain name nor an absolute path"}},
        {"otherabi", url, 1, NULL, -ENOEXEC, {"version 99", "version 1"}},
        {"small", url, 1, NULL, -ENOEXEC, {"40 bytes", "sizeof(struct cuiban_channel)"}},
        {"nosymbol", url, 1, NULL, -ENOEXEC, {"exports no symbol `cuiban_channel`"}},
        {"noprepare", url, 1, NULL, -ENOEXEC, {"no `prepare`"}},
        {"person", NULL, 0, NULL, -EINVAL, {"needs the option \"url\""}},
        {"person", typo, 2, NULL, -EINVAL, {"\"color\"", "did you mean \"colour\"?"}},
        {"person", strange, 2, NULL, -EINVAL, {"no option \"zzzzzzzz\""}},
        {"person", bad, 1, NULL, -EINVAL, {"is no address"}},
        {"person", url, 1, "fast", -EINVAL, {"rate = \"fast\""}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct plugin_channel_options options = options_of(cases[i].plugin, cases[i].fields, cases[i].n);
        struct plugin_channel *channel = NULL;
        char error[1000] = "";
        int rc;

        options.rate = cases[i].rate;
        rc = plugin_channel_open(&options, &channel, error, sizeof(error));
        bool fits =
            rc == cases[i].rc && strstr(error, "channel test: ") == error && strstr(error, "SECRET") == NULL;

        for (size_t k = 0; k < 3 && cases[i].words[k] != NULL; k++)
            fits = fits && strstr(error, cases[i].words[k]) != NULL;
        if (!fits)
            fail_msg("case %zu: %d \"%s\"", i, rc, error);
    }
}

/* A copy of a good plugin that others may change. */
static void test_writable_plugin_is_refused(void **state)
{
    char folder[] = "/tmp/cuiban-plugin-XXXXXX", path[100] = "", error[1000] = "";
    static const struct field url[] = {{"url", "http://x/"}};
    struct plugin_channel_options options = options_of(path, url, 1);
    struct plugin_channel *channel = NULL;
    static char bytes[4 * 1024 * 1024];
    size_t n;
    FILE *from = fopen(TEST_PLUGINS "/person.so", "rb"), *to;

    (void)state;
    assert_non_null(from);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/copy.so", folder);
    n = fread(bytes, 1, sizeof(bytes), from);
    fclose(from);
    to = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, n, to), n);
    fclose(to);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(plugin_channel_open(&options, &channel, error, sizeof(error)), -EACCES);
    assert_non_null(strstr(error, "can be changed by others than its owner"));
    assert_int_equal(chmod(path, 0775), 0); /* a developer's umask; the file is our own */
    assert_int_equal(plugin_channel_open(&options, &channel, error, sizeof(error)), 0);
    plugin_channel_close(channel);
    unlink(path);
    rmdir(folder);
}

static void test_a_good_channel(void **state)
{
    static const struct field url[] = {{"url", "http://x/"}};
    struct plugin_channel_options options = options_of("group", url, 1);
    struct cuiban_message message = {.size = sizeof(message), .id = "Q-1", .body = "text"};
    struct cuiban_response response = {.size = sizeof(response), .status = 413, .body = "", .error = ""};
    struct plugin_channel *channel = NULL;
    struct plugin_request request;
    struct channel_facts facts;
    struct verdict verdict;
    char error[1000] = "";
    int32_t shrink = -1;

    (void)state;
    options.rate = "18/min";
    options.fallback = "mail";
    assert_int_equal(plugin_channel_open(&options, &channel, error, sizeof(error)), 0);
    assert_string_equal(logged, "channel=test: opened for (url)");
    plugin_channel_facts(channel, &facts);
    assert_string_equal(facts.name, "test");
    assert_int_equal(facts.reach, REACH_GROUP);
    assert_string_equal(facts.address, "email");
    assert_string_equal(facts.fallback, "mail");
    assert_true(facts.mentions);
    assert_string_equal(plugin_channel_rate(channel), "18/min");
    assert_int_equal(plugin_channel_concurrency(channel), 3);
    assert_int_equal(plugin_prepare(channel, &message, &request, &verdict), 0);
    assert_string_equal(request.request.body, "Q-1|0||text");
    plugin_request_finish(&request);
    message.body = "REFUSE";
    assert_int_equal(plugin_prepare(channel, &message, &request, &verdict), -1);
    assert_int_equal(verdict.kind, VERDICT_REFUSED);
    assert_string_equal(verdict.reason, "no ? such see (url)");
    plugin_judge(channel, &response, &verdict, &shrink);
    assert_int_equal(verdict.kind, VERDICT_REFUSED);
    assert_int_equal(shrink, 10);
    plugin_channel_close(channel);
}

static void test_host_calls(void **state)
{
    /* The worked example of DingTalk's signature. */
    static const char secret[] = "SEC000000000000000000000000000000000000000000000000000000000000000001";
    static const struct {
        const char *in, *out;
    } encodings[] = {{"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}};
    unsigned char digest[32];
    char text[200], out[200], tight[5];

    (void)state;
    snprintf(text, sizeof(text), "1577262236758\n%s", secret);
    crypto_hmac_sha256(secret, strlen(secret), text, strlen(text), digest);
    assert_int_equal(crypto_base64(digest, sizeof(digest), out, sizeof(out)), 44);
    assert_string_equal(out, "Sv6YbyX3k+Jg/mccYJhHHJx7/kEPdDfrIBTuTRsXK+Y=");
    crypto_url_escape(out, text, sizeof(text));
    assert_string_equal(text, "Sv6YbyX3k%2BJg%2FmccYJhHHJx7%2FkEPdDfrIBTuTRsXK%2BY%3D");
    for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
        crypto_base64(encodings[i].in, strlen(encodings[i].in), out, sizeof(out));
        assert_string_equal(out, encodings[i].out);
    }
    assert_int_equal(crypto_base64("foo", 3, tight, 4), 0);
    assert_int_equal(crypto_base64("foo", 3, tight, 5), 4);
    assert_int_equal(crypto_url_escape("a b", tight, 5), 0);
    assert_int_equal(crypto_url_escape("abcd", tight, 5), 4);
    crypto_sha256("abc", 3, digest);
    assert_int_equal(digest[0], 0xba);
    assert_int_equal(digest[31], 0xad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_writable_plugin_is_refused),
        cmocka_unit_test(test_a_good_channel),
        cmocka_unit_test(test_host_calls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
