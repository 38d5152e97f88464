#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TEXT_FIRST_BYTES = 256, TEXT_BYTES_MAX = 8 * 1024 * 1024 };

void text_finish(struct text *text)
{
    free(text->bytes);
    memset(text, 0, sizeof *text);
}

const char *text_get(const struct text *text)
{
    return text->bytes ? text->bytes : "";
}

static bool text_reserve(struct text *text, size_t more)
{
    if (text->failed || more > TEXT_BYTES_MAX || text->n + more + 1 > TEXT_BYTES_MAX) {
        text->failed = true;
        return false;
    }
    if (text->n + more + 1 <= text->room)
        return true;
    size_t room = text->room ? text->room : TEXT_FIRST_BYTES;
    while (room < text->n + more + 1)
        room *= 2;
    char *bytes = realloc(text->bytes, room);
    if (!bytes) {
        text->failed = true;
        return false;
    }
    text->bytes = bytes;
    text->room = room;
    return true;
}

void text_add_n(struct text *text, const char *bytes, size_t n)
{
    if (!text_reserve(text, n))
        return;
    if (n > 0)
        memcpy(text->bytes + text->n, bytes, n);
    text->n += n;
    text->bytes[text->n] = '\0';
}

void text_add(struct text *text, const char *words)
{
    text_add_n(text, words, strlen(words));
}

void text_add_format(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n =
        vsnprintf(NULL, 0, format, arguments); /* NOLINT(clang-analyzer-valist.Uninitialized): it is not */
    va_end(arguments);
    if (n < 0 || !text_reserve(text, (size_t)n)) {
        text->failed = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(text->bytes + text->n, (size_t)n + 1, format, arguments);
    va_end(arguments);
    text->n += (size_t)n;
}

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

size_t text_character(const char *bytes, size_t n)
{
    const unsigned char *p = (const unsigned char *)bytes;
    if (n == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xC2 && p[0] <= 0xDF)
        return n >= 2 && is_continuation(p[1]) ? 2 : 0;
    if (p[0] >= 0xE0 && p[0] <= 0xEF) {
        unsigned char low = p[0] == 0xE0 ? 0xA0 : 0x80, high = p[0] == 0xED ? 0x9F : 0xBF;
        return n >= 3 && p[1] >= low && p[1] <= high && is_continuation(p[2]) ? 3 : 0;
    }
    if (p[0] >= 0xF0 && p[0] <= 0xF4) {
        unsigned char low = p[0] == 0xF0 ? 0x90 : 0x80, high = p[0] == 0xF4 ? 0x8F : 0xBF;
        return n >= 4 && p[1] >= low && p[1] <= high && is_continuation(p[2]) && is_continuation(p[3]) ? 4
                                                                                                       : 0;
    }
    return 0;
}

size_t text_cut(const char *bytes, size_t n, size_t max)
{
    if (n <= max)
        return n;
    size_t end = max;
    while (end > 0 && is_continuation((unsigned char)bytes[end]))
        end--;
    return end;
}

static uint32_t code_of(const char *bytes, size_t n)
{
    static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = (unsigned char)bytes[0] & lead_bits[n];
    for (size_t i = 1; i < n; i++)
        code = code << 6 | ((unsigned char)bytes[i] & 0x3F);
    return code;
}

/* Beyond ASCII: C1 controls, marks that would let a value turn round what stands beside it, break lines where
 * nobody expects it, or hide. The joiners U+200C and U+200D stay: emoji and several scripts need them. */
static bool is_hidden(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {{0x80, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},    {0x180E, 0x180E},
                  {0x200B, 0x200B}, {0x200E, 0x200F}, {0x2028, 0x202E},  {0x2060, 0x206F},
                  {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F}};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        if (code >= hidden[i].first && code <= hidden[i].last)
            return true;
    }
    return false;
}

static void add_newline(struct text *text, size_t begin)
{
    while (text->n > begin && (text->bytes[text->n - 1] == ' '))
        text->n--;
    bool full = text->n >= begin + 2 && text->bytes[text->n - 1] == '\n' && text->bytes[text->n - 2] == '\n';
    if (!full)
        text_add_n(text, "\n", 1);
}

static void add_space(struct text *text, size_t begin)
{
    if (text->n > begin && text->bytes[text->n - 1] != ' ')
        text_add_n(text, " ", 1);
}

/* A CR before a LF is dropped like any other control character. */
static void add_ascii(struct text *text, const char *at, bool before_newline, size_t begin,
                      enum text_lines lines)
{
    char c = *at;
    bool is_break = c == '\n' || (c == '\r' && !before_newline);
    if (is_break && lines == TEXT_LINES)
        add_newline(text, begin);
    else if (lines == TEXT_ONE_LINE && (is_break || c == '\t' || c == ' '))
        add_space(text, begin);
    else if (c == '\t')
        text_add_n(text, " ", 1);
    else if ((unsigned char)c >= 0x20 && c != 0x7F)
        text_add_n(text, &c, 1);
}

void text_add_clean(struct text *text, const char *words, enum text_lines lines)
{
    text_add_clean_n(text, words, words ? strlen(words) : 0, lines);
}

void text_add_clean_n(struct text *text, const char *words, size_t n_words, enum text_lines lines)
{
    size_t begin = text->n, left = n_words;
    while (left > 0 && !text->failed) {
        size_t n = text_character(words, left);
        if (n == 0)
            text_add(text, "\xEF\xBF\xBD");
        else if (n == 1)
            add_ascii(text, words, left > 1 && words[1] == '\n', begin, lines);
        else if (!is_hidden(code_of(words, n)))
            text_add_n(text, words, n);
        words += n ? n : 1;
        left -= n ? n : 1;
    }
    while (text->n > begin && (text->bytes[text->n - 1] == ' ' || text->bytes[text->n - 1] == '\n'))
        text->n--;
    if (text->bytes)
        text->bytes[text->n] = '\0';
}

char *text_keep(const struct text *text, const struct cuiban_host *host, void *memory)
{
    char *copy = text->failed ? NULL : host->alloc(memory, text->n + 1);
    if (copy && text->n > 0)
        memcpy(copy, text->bytes, text->n);
    if (copy)
        copy[text->n] = '\0';
    return copy;
}

bool text_is_blank(const char *words)
{
    return !words || words[strspn(words, " \t\r\n")] == '\0';
}

bool text_contains(const char *words, const char *part)
{
    return words && part && *part && strstr(words, part);
}

bool text_contains_any_case(const char *words, const char *part)
{
    return words && part && *part && strcasestr(words, part);
}
