#include "template_escape.h"

#include "template.h"
#include "utf8.h"

#include <stdint.h>
#include <string.h>

/* One character of a value that utf8_is_valid has seen. */
static uint32_t next_code(const char **at)
{
    const unsigned char *bytes = (const unsigned char *)*at;
    size_t n = bytes[0] < 0x80 ? 1 : bytes[0] < 0xE0 ? 2 : bytes[0] < 0xF0 ? 3 : 4;
    static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = bytes[0] & lead_bits[n];
    for (size_t i = 1; i < n; i++)
        code = code << 6 | (bytes[i] & 0x3F);
    *at += n;
    return code;
}

static bool is_space(uint32_t code)
{
    return code == ' ' || (code >= 0x09 && code <= 0x0D) || code == 0x85 || code == 0xA0 || code == 0x2028 ||
           code == 0x2029;
}

/* One line without invisible characters, spaces collapsed, at most TEMPLATE_VALUE_BYTES_MAX bytes and an
 * ellipsis. */
static size_t clean(const char *value, char into[static TEMPLATE_VALUE_BYTES_MAX + 4])
{
    size_t n = 0, length = strlen(value);
    bool space = false;
    if (!utf8_is_valid(value, length))
        value = "?";
    while (*value) {
        const char *from = value;
        uint32_t code = next_code(&value);
        if (is_space(code)) {
            space = n > 0;
            continue;
        }
        if (utf8_is_hidden(code))
            continue;
        size_t bytes = (size_t)(value - from);
        if (n + space + bytes > TEMPLATE_VALUE_BYTES_MAX) {
            memcpy(into + n, "…", sizeof "…" - 1);
            n += sizeof "…" - 1;
            break;
        }
        if (space)
            into[n++] = ' ';
        space = false;
        memcpy(into + n, from, bytes);
        n += bytes;
    }
    into[n] = '\0';
    return n;
}

static bool is_word(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* "://" of any scheme: no value is ever a link, and no client may make one of it. */
static bool is_scheme(const char *at)
{
    return begins_with(at, "://");
}

/* In the chat dialects a backslash is not known to escape, so that what could be markup is replaced by its
 * full-width form (reference: the vendors' pages on Markdown messages say nothing of escapes). */
static const char *chat_replacement(const char *text, size_t i)
{
    static const char *const always[128] = {['<'] = "＜", ['>'] = "＞", ['['] = "［", ['\\'] = "＼",
                                            [']'] = "］", ['`'] = "ˋ",  ['*'] = "＊", ['~'] = "～"};
    static const char *const first[128] = {
        ['#'] = "＃", ['-'] = "－", ['+'] = "＋", ['='] = "＝", ['('] = "（", ['|'] = "｜", ['!'] = "！"};
    unsigned char c = (unsigned char)text[i];
    if (c >= 128)
        return NULL;
    /* A star behind a word and before a space opens nothing; a masked name has one. */
    if (c == '*' && i > 0 && is_word((unsigned char)text[i - 1]) && text[i + 1] == ' ')
        return NULL;
    if (always[c])
        return always[c];
    if (i == 0 && first[c])
        return first[c];
    /* "@13800000000" mentions; an address such as a@example.com does not. */
    if (c == '@' && (i == 0 || !is_word((unsigned char)text[i - 1]) || (unsigned char)text[i - 1] >= 0x80))
        return "＠";
    /* Two of them emphasise, in pairs at the edge of a word. */
    if (c == '_' && (i == 0 || !is_word((unsigned char)text[i - 1]) || !is_word((unsigned char)text[i + 1])))
        return "＿";
    return NULL;
}

static bool commonmark_escapes(const char *text, size_t i)
{
    unsigned char c = (unsigned char)text[i];
    if (strchr("\\`*[]<>&~|", c))
        return true;
    if (c == '_')
        return i == 0 || !is_word((unsigned char)text[i - 1]) || !is_word((unsigned char)text[i + 1]);
    if (i == 0)
        return strchr("#+-=(!", c) != NULL;
    /* "1." and "1)" at the beginning would be a list. */
    return (c == '.' || c == ')') && strspn(text, "0123456789") == i;
}

static bool plain_mentions(const char *at)
{
    return begins_with(at, "<@") || begins_with(at, "<at") || begins_with(at, "<At") ||
           begins_with(at, "<aT") || begins_with(at, "<AT");
}

static void add_escaped(struct buffer *out, enum dialect dialect, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *replacement = NULL;
        if (is_scheme(text + i))
            replacement = "：";
        else if (dialect == DIALECT_WECOM || dialect == DIALECT_DINGTALK)
            replacement = chat_replacement(text, i);
        else if (dialect == DIALECT_PLAIN && plain_mentions(text + i))
            replacement = "＜";
        if (replacement) {
            buffer_add_text(out, replacement);
            continue;
        }
        if (dialect == DIALECT_COMMONMARK && commonmark_escapes(text, i))
            buffer_add_char(out, '\\');
        buffer_add_char(out, text[i]);
    }
}

void template_escape(struct buffer *out, enum dialect dialect, const char *value)
{
    char text[TEMPLATE_VALUE_BYTES_MAX + 4];
    size_t n = clean(value, text);
    add_escaped(out, dialect, text, n);
}

static size_t first_character(const char *text, size_t n)
{
    size_t length = n > 0;
    while (length < n && ((unsigned char)text[length] & 0xC0) == 0x80)
        length++;
    return length;
}

void template_mask(struct buffer *out, const char *name)
{
    char text[TEMPLATE_VALUE_BYTES_MAX + 4];
    size_t length = first_character(text, clean(name, text));
    if (!length)
        return;
    buffer_add(out, text, length);
    buffer_add_char(out, '*');
}

void template_escape_masked(struct buffer *out, enum dialect dialect, const char *name)
{
    char text[TEMPLATE_VALUE_BYTES_MAX + 4];
    size_t length = first_character(text, clean(name, text));
    if (!length)
        return;
    text[length] = '\0';
    add_escaped(out, dialect, text, length);
    buffer_add_text(out, dialect == DIALECT_COMMONMARK ? "\\*" : "*");
}

static void add_percent(struct buffer *out, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF";
    char code[3] = {'%', digits[c >> 4], digits[c & 15]};
    buffer_add(out, code, sizeof code);
}

void template_escape_url(struct buffer *out, const char *value)
{
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        if (c < 0x80 && (is_word(c) || strchr("-._~", c)))
            buffer_add_char(out, (char)c);
        else
            add_percent(out, c);
    }
}

void template_escape_url_literal(struct buffer *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= 0x20 || c >= 0x7F || strchr("()<>[]\"\\^`{|}", c))
            add_percent(out, c);
        else
            buffer_add_char(out, (char)c);
    }
}
