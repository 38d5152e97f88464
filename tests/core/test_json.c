#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "failing_alloc.h"

static void test_writing(void **state)
{
    (void)state;
    struct buffer out;
    struct json_writer writer;
    buffer_init(&out);
    json_begin(&writer, &out);
    json_object(&writer);
    json_key_text(&writer, "id", "Q7KM");
    json_key_text(&writer, "missing", NULL);
    json_key_int(&writer, "due", -1);
    json_key_bool(&writer, "late", true);
    json_key(&writer, "list");
    json_array(&writer);
    json_array(&writer);
    json_array_end(&writer);
    json_text(&writer, NULL);
    json_text_n(&writer, "面试x", 6);
    json_object(&writer);
    json_object_end(&writer);
    json_bool(&writer, false);
    json_raw(&writer, "{\"a\":1}");
    json_int(&writer, 5);
    json_array_end(&writer);
    json_key_text(&writer, "a\"b\\", "\"\\/\b\f\n\r\t\x01\x1f\x7f");
    json_object_end(&writer);
    assert_string_equal(
        buffer_text(&out),
        "{\"id\":\"Q7KM\",\"due\":-1,\"late\":true,\"list\":[[],null,\"面试\",{},false,{\"a\":1},5],"
        "\"a\\\"b\\\\\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"}");
    buffer_finish(&out);
}

static const char letters[] = "!.{}[]ksntf0"; /* one for each token */

/* The tokens of a text, each one letter; keys, strings and numbers followed by their value. */
static void test_writing_nothing(void **state)
{
    (void)state;
    struct json_writer json;
    json_begin(&json, NULL);
    json_object(&json);
    json_key_text(&json, "a", "b");
    json_key_int(&json, "n", 1);
    json_key_bool(&json, "yes", true);
    json_key(&json, "list");
    json_array(&json);
    json_text(&json, NULL);
    json_raw(&json, "1");
    json_array_end(&json);
    json_object_end(&json);
}

static void scan(const char *text, size_t n, struct buffer *out)
{
    struct json_scanner scanner;
    json_scan_init(&scanner, text, n);
    enum json_token token;
    do {
        token = json_next(&scanner);
        buffer_add_char(out, letters[token]);
        if (token == JSON_KEY || token == JSON_STRING || token == JSON_NUMBER)
            buffer_printf(out, "(%s)", json_value(&scanner));
    } while (token != JSON_ERROR && token != JSON_END);
    if (token == JSON_ERROR)
        assert_int_equal(json_next(&scanner), JSON_ERROR);
    json_scan_finish(&scanner);
}

static void test_scanning(void **state)
{
    (void)state;
    static const struct {
        const char *text, *tokens;
    } cases[] = {
        {"{}", "{}."},
        {" [ ] ", "[]."},
        {"{\"a\":1,\"b\":[true,false,null],\"c\":{\"d\":\"e\"}}", "{k(a)n(1)k(b)[tf0]k(c){k(d)s(e)}}."},
        {"\"x\"", "s(x)."},
        {"-0", "n(-0)."},
        {"-12.50e+3", "n(-12.50e+3)."},
        {"\"\\u9762\\u8bd5 \\ud83d\\ude00 \\\"\\\\\\/\\b\\f\\n\\r\\t\"",
         "s(面试 \xF0\x9F\x98\x80 \"\\/\b\f\n\r\t)."},
        {"\"\\u00e9\"", "s(é)."},
        {"{\"\":\"\"}", "{k()s()}."},
        {"[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", "[[[[[[[[[[[[[[[[n(1)]]]]]]]]]]]]]]]]."},
        {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "[[[[[[[[[[[[[[[[!"},
        {"", "!"},
        {" ", "!"},
        {"{", "{!"},
        {"[1,]", "[n(1)!"},
        {"[,1]", "[!"},
        {"[1 2]", "[n(1)!"},
        {"{\"a\" 1}", "{!"},
        {"{\"a\":1,}", "{k(a)n(1)!"},
        {"{\"a\":}", "{k(a)!"},
        {"{1:2}", "{!"},
        {"[1}", "[n(1)!"},
        {"{\"a\":1]", "{k(a)n(1)!"},
        {"1 2", "n(1)!"},
        {"01", "!"},
        {"1.", "!"},
        {".5", "!"},
        {"+1", "!"},
        {"1e", "!"},
        {"-", "!"},
        {"tru", "!"},
        {"nulll", "0!"},
        {"\"abc", "!"},
        {"\"a\nb\"", "!"},
        {"\"\\x\"", "!"},
        {"\"\\", "!"},
        {"\"\\u00", "!"},
        {"\"\\u0000\"", "!"},
        {"\"\\ud83d\"", "!"},
        {"\"\\ud83d\\u0041\"", "!"},
        {"\"\\ude00\"", "!"},
        {"\"\xC3\"", "!"},
        {"]", "!"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer tokens;
        buffer_init(&tokens);
        scan(cases[i].text, strlen(cases[i].text), &tokens);
        if (strcmp(buffer_text(&tokens), cases[i].tokens) != 0)
            fail_msg("%s\n  gives    %s\n  expected %s", cases[i].text, buffer_text(&tokens),
                     cases[i].tokens);
        buffer_finish(&tokens);
    }
}

static void test_a_cut_text_is_an_error(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,\"\\u9762\",true,null,-1.5e3,{\"b\":{}}],\"c\":\"面\"}";
    for (size_t n = 0; n < sizeof text - 1; n++) {
        struct buffer tokens;
        buffer_init(&tokens);
        char *copy = malloc(n ? n : 1); /* exactly as long, so that a sanitizer sees a byte too far */
        memcpy(copy, text, n);
        scan(copy, n, &tokens);
        assert_int_equal(buffer_text(&tokens)[tokens.n - 1], '!');
        free(copy);
        buffer_finish(&tokens);
    }
}

static void test_integers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } cases[] = {{"0", 0},
                 {"-1", -1},
                 {"1763363400000", 1763363400000},
                 {"9223372036854775807", INT64_MAX},
                 {"-9223372036854775808", INT64_MIN},
                 {"9223372036854775808", 0},
                 {"-9223372036854775809", 0},
                 {"1.5", 0},
                 {"1e3", 0},
                 {"99999999999999999999", 0},
                 {"\"12\"", 12},
                 {"\"\"", 0},
                 {"\"-\"", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_scanner scanner;
        json_scan_init(&scanner, cases[i].text, strlen(cases[i].text));
        assert_int_not_equal(json_next(&scanner), JSON_ERROR);
        if (json_value_int(&scanner) != cases[i].value)
            fail_msg("%s: %lld", cases[i].text, (long long)json_value_int(&scanner));
        json_scan_finish(&scanner);
    }
}

static void test_skipping(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":{\"x\":[1,{}]},\"b\":7,\"c\":[[],2],\"d\":\"e\"}";
    struct json_scanner scanner;
    json_scan_init(&scanner, text, strlen(text));
    assert_int_equal(json_next(&scanner), JSON_OBJECT);
    assert_int_equal(json_next(&scanner), JSON_KEY);
    assert_true(json_skip(&scanner)); /* an object behind its key */
    assert_int_equal(json_next(&scanner), JSON_KEY);
    assert_string_equal(json_value(&scanner), "b");
    assert_true(json_skip(&scanner));
    assert_int_equal(json_next(&scanner), JSON_KEY);
    assert_int_equal(json_next(&scanner), JSON_ARRAY);
    assert_true(json_skip(&scanner)); /* the rest of an array that was begun */
    assert_int_equal(json_next(&scanner), JSON_KEY);
    assert_int_equal(json_next(&scanner), JSON_STRING);
    assert_true(json_skip(&scanner)); /* a scalar has no rest */
    assert_int_equal(json_next(&scanner), JSON_OBJECT_END);
    assert_int_equal(json_next(&scanner), JSON_END);
    json_scan_finish(&scanner);

    json_scan_init(&scanner, "{\"a\":[1,", 8);
    json_next(&scanner);
    assert_false(json_skip(&scanner));
    assert_false(json_skip(&scanner));
    json_scan_finish(&scanner);
}

/* What is written can be read, whatever the text. */
static void test_round_trip(void **state)
{
    (void)state;
    uint32_t random = 12345;
    for (int round = 0; round < 2000; round++) {
        char text[64];
        size_t n = 0;
        while (n < 40) {
            random = random * 1103515245 + 12345;
            uint32_t pick = random >> 16;
            if (pick % 5 == 0) {
                memcpy(text + n, "面", 3);
                n += 3;
            } else {
                text[n++] = (char)(1 + pick % 127);
            }
        }
        text[n] = '\0';
        struct buffer out;
        struct json_writer writer;
        buffer_init(&out);
        json_begin(&writer, &out);
        json_text(&writer, text);
        struct json_scanner scanner;
        json_scan_init(&scanner, buffer_text(&out), out.n);
        assert_int_equal(json_next(&scanner), JSON_STRING);
        assert_string_equal(json_value(&scanner), text);
        assert_int_equal(json_next(&scanner), JSON_END);
        json_scan_finish(&scanner);
        buffer_finish(&out);
    }
}

static void test_out_of_memory(void **state)
{
    (void)state;
    struct json_scanner scanner;
    json_scan_init(&scanner, "\"abc\"", 5);
    failing_alloc_after(0);
    assert_int_equal(json_next(&scanner), JSON_ERROR);
    failing_alloc_never();
    assert_int_equal(json_next(&scanner), JSON_ERROR);
    json_scan_finish(&scanner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writing),    cmocka_unit_test(test_writing_nothing),
        cmocka_unit_test(test_scanning),   cmocka_unit_test(test_a_cut_text_is_an_error),
        cmocka_unit_test(test_integers),   cmocka_unit_test(test_skipping),
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
