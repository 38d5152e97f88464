#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"

static void test_validity(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        bool valid;
    } cases[] = {
        {"", true},
        {"plain text of more than eight bytes", true},
        {"面试反馈，请在今天前提交", true},
        {"12345678é", true},
        {"\xF0\x9F\x98\x80", true},  /* U+1F600 */
        {"\xF4\x8F\xBF\xBF", true},  /* U+10FFFF */
        {"\xEF\xBF\xBF", true},      /* U+FFFF */
        {"\xED\x9F\xBF", true},      /* U+D7FF */
        {"\xF4\x90\x80\x80", false}, /* above U+10FFFF */
        {"\xED\xA0\x80", false},     /* a surrogate */
        {"\xC0\xAF", false},         /* overlong "/" */
        {"\xE0\x80\xAF", false},     /* overlong "/" */
        {"\xF0\x80\x80\xAF", false}, /* overlong "/" */
        {"\xC1\xBF", false},         /* overlong */
        {"\x80", false},             /* a lone continuation */
        {"abc\xE9\x9D", false},      /* cut */
        {"\xE9\x9D"
         "a",
         false}, /* not continued */
        {"\xFF", false},
        {"\xF8\x88\x80\x80\x80", false},
        {"12345678\xC3", false},
        {"\xB0\xA1", false}, /* GBK */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (utf8_is_valid(cases[i].bytes, strlen(cases[i].bytes)) != cases[i].valid)
            fail_msg("case %zu: expected %s", i, cases[i].valid ? "valid" : "invalid");
    assert_true(utf8_is_valid("a\0b", 3));
}

/* Every code point, encoded by an encoder of the test's own, and every two-byte string. */
static void test_every_code_point(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 0x120000; code++) {
        char bytes[4];
        size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
        for (size_t i = n; i-- > 0;)
            bytes[i] = (char)((code >> 6 * (n - 1 - i) & 0x3F) | 0x80);
        bytes[0] = n == 1 ? (char)code : (char)(leads[n] | code >> 6 * (n - 1));
        bool valid = code < 0x110000 && (code < 0xD800 || code > 0xDFFF);
        if (utf8_is_valid(bytes, n) != valid)
            fail_msg("U+%04X: expected %s", code, valid ? "valid" : "invalid");
    }
}

static void test_cutting(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t max, cut;
    } cases[] = {
        {"面试", 6, 6}, {"面试", 100, 6}, {"面试", 5, 3}, {"面试", 4, 3}, {"面试", 3, 3},
        {"面试", 2, 0}, {"面试", 0, 0},   {"abc", 2, 2},  {"", 0, 0},     {"a\xF0\x9F\x98\x80", 4, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t cut = utf8_cut(cases[i].text, strlen(cases[i].text), cases[i].max);
        if (cut != cases[i].cut)
            fail_msg("\"%s\" at %zu: %zu, expected %zu", cases[i].text, cases[i].max, cut, cases[i].cut);
    }
    assert_true(utf8_cut("\x80\x80\x80\x80\x80\x80", 6, 5) <= 5);
}

static void test_counting(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t characters, columns;
    } cases[] = {{"", 0, 0},          {"abc", 3, 3},         {"面试 R7", 5, 7}, {"（", 1, 2},
                 {"e\xCC\x81", 2, 1}, {"한국", 2, 4},        {"é", 1, 1},       {"\xF0\x9F\x98\x80", 1, 2},
                 {"·", 1, 1},         {"\xE2\x80\x8B", 1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = cases[i].text;
        if (utf8_count(text, strlen(text)) != cases[i].characters || utf8_columns(text) != cases[i].columns)
            fail_msg("\"%s\": %zu characters, %zu columns", text, utf8_count(text, strlen(text)),
                     utf8_columns(text));
    }
    assert_int_equal(utf8_columns("\xFF"), 1);
}

/* As Unicode names them: what a text must not bring into a terminal, a log or a message. */
static const struct {
    uint32_t first, last;
} hidden[] = {{0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},
              {0x180E, 0x180E}, {0x200B, 0x200B}, {0x200E, 0x200F}, {0x2028, 0x202E},
              {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F}};

static bool is_one_of_the_hidden(uint32_t code)
{
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (code >= hidden[i].first && code <= hidden[i].last)
            return true;
    return false;
}

static size_t encode(uint32_t code, char out[5])
{
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 0;)
        out[i] = (char)((code >> 6 * (n - 1 - i) & 0x3F) | 0x80);
    out[0] = n == 1 ? (char)code : (char)(leads[n] | code >> 6 * (n - 1));
    out[n] = '\0';
    return n;
}

static void test_every_hidden_character(void **state)
{
    (void)state;
    for (uint32_t code = 1; code < 0x110000; code++) {
        char text[8] = "a", was[8];
        uint32_t decoded = 0;
        if (code >= 0xD800 && code <= 0xDFFF)
            continue;
        size_t n = encode(code, text + 1);
        text[1 + n] = 'b';
        text[2 + n] = '\0';
        memcpy(was, text, sizeof was);
        if (utf8_is_hidden(code) != is_one_of_the_hidden(code))
            fail_msg("U+%04X: expected %s", code, is_one_of_the_hidden(code) ? "hidden" : "not hidden");
        if (utf8_decode(text + 1, n, &decoded) != n || decoded != code)
            fail_msg("U+%04X is decoded as U+%04X", code, decoded);
        utf8_disarm(text, false);
        const char *stand_in = code < 0xA0 ? " " : code < 0x800 ? "?" : "\xEF\xBF\xBD";
        char wanted[8];
        snprintf(wanted, sizeof wanted, "a%sb", stand_in);
        if (strcmp(text, is_one_of_the_hidden(code) ? wanted : was) != 0)
            fail_msg("U+%04X becomes \"%s\"", code, text);
    }
}

static void test_disarming(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool keeps_lines;
        const char *becomes;
    } cases[] = {
        {"", true, ""},
        {"面试\n反馈\n", true, "面试\n反馈\n"},
        {"面试\n反馈", false, "面试 反馈"},
        {"a\r\nb\tc", true, "a \nb c"},
        {"\xE2\x80\xAEgnp.exe", true, "\xEF\xBF\xBDgnp.exe"},
        {"a\xFF\xE2\x80", true, "a???"},
        {"\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9", true,
         "\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9"}, /* a family, joined */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[40];
        memcpy(text, cases[i].text, strlen(cases[i].text) + 1);
        utf8_disarm(text, cases[i].keeps_lines);
        if (strcmp(text, cases[i].becomes) != 0)
            fail_msg("case %zu becomes \"%s\"", i, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_validity),
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_cutting),
        cmocka_unit_test(test_counting),
        cmocka_unit_test(test_every_hidden_character),
        cmocka_unit_test(test_disarming),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
