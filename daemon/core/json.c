#include "json.h"

#include "utf8.h"

#include <assert.h>
#include <string.h>

enum { WRITER_DEPTH_MAX = 31, SCANNER_DEPTH_MAX = 16 };

/* -- writer -- */

void json_begin(struct json_writer *writer, struct buffer *out)
{
    *writer = (struct json_writer){.out = out};
}

/* The comma before a value or a key, unless it is the first of its level or follows its key. */
static void separate(struct json_writer *writer)
{
    if (writer->after_key) {
        writer->after_key = false;
        return;
    }
    if (!writer->depth)
        return;
    uint32_t bit = UINT32_C(1) << writer->depth;
    if (writer->first & bit)
        writer->first &= ~bit;
    else
        buffer_add_char(writer->out, ',');
}

static void begin_level(struct json_writer *writer, char bracket)
{
    if (!writer->out)
        return;
    assert(writer->depth < WRITER_DEPTH_MAX);
    separate(writer);
    buffer_add_char(writer->out, bracket);
    writer->depth++;
    writer->first |= UINT32_C(1) << writer->depth;
}

static void end_level(struct json_writer *writer, char bracket)
{
    if (!writer->out)
        return;
    assert(writer->depth > 0 && !writer->after_key);
    buffer_add_char(writer->out, bracket);
    writer->depth--;
}

void json_object(struct json_writer *writer)
{
    begin_level(writer, '{');
}

void json_object_end(struct json_writer *writer)
{
    end_level(writer, '}');
}

void json_array(struct json_writer *writer)
{
    begin_level(writer, '[');
}

void json_array_end(struct json_writer *writer)
{
    end_level(writer, ']');
}

static void add_escape(struct buffer *out, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    static const char shorts[32] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    char escape[6] = {'\\', (char)c};
    if (c >= 0x20) {
        buffer_add(out, escape, 2);
    } else if (shorts[c]) {
        escape[1] = shorts[c];
        buffer_add(out, escape, 2);
    } else {
        escape[1] = 'u';
        escape[2] = escape[3] = '0';
        escape[4] = digits[c >> 4];
        escape[5] = digits[c & 15];
        buffer_add(out, escape, sizeof escape);
    }
}

static void add_string(struct buffer *out, const char *text, size_t n)
{
    buffer_add_char(out, '"');
    size_t from = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buffer_add(out, text + from, i - from);
        add_escape(out, c);
        from = i + 1;
    }
    buffer_add(out, text + from, n - from);
    buffer_add_char(out, '"');
}

void json_key(struct json_writer *writer, const char *key)
{
    if (!writer->out)
        return;
    assert(writer->depth > 0 && !writer->after_key);
    separate(writer);
    add_string(writer->out, key, strlen(key));
    buffer_add_char(writer->out, ':');
    writer->after_key = true;
}

void json_text(struct json_writer *writer, const char *text)
{
    if (text)
        json_text_n(writer, text, strlen(text));
    else
        json_raw(writer, "null");
}

void json_text_n(struct json_writer *writer, const char *text, size_t n)
{
    if (!writer->out)
        return;
    separate(writer);
    add_string(writer->out, text, n);
}

void json_int(struct json_writer *writer, int64_t value)
{
    if (!writer->out)
        return;
    separate(writer);
    buffer_add_int(writer->out, value);
}

void json_bool(struct json_writer *writer, bool value)
{
    json_raw(writer, value ? "true" : "false");
}

void json_raw(struct json_writer *writer, const char *json)
{
    if (!writer->out)
        return;
    separate(writer);
    buffer_add_text(writer->out, json);
}

void json_key_text(struct json_writer *writer, const char *key, const char *text)
{
    if (!text || !writer->out)
        return;
    json_key(writer, key);
    json_text(writer, text);
}

void json_key_int(struct json_writer *writer, const char *key, int64_t value)
{
    json_key(writer, key);
    json_int(writer, value);
}

void json_key_bool(struct json_writer *writer, const char *key, bool value)
{
    json_key(writer, key);
    json_bool(writer, value);
}

/* -- scanner -- */

enum expect {
    EXPECT_VALUE,
    EXPECT_KEY_OR_END,   /* behind '{' */
    EXPECT_VALUE_OR_END, /* behind '[' */
    EXPECT_COMMA_OR_END,
    EXPECT_NOTHING, /* the one value is complete */
    EXPECT_FAILED,
};

void json_scan_init(struct json_scanner *scanner, const char *text, size_t n)
{
    *scanner = (struct json_scanner){.at = text, .end = text + n, .start = text, .expect = EXPECT_VALUE};
    buffer_init(&scanner->text);
}

void json_scan_finish(struct json_scanner *scanner)
{
    buffer_finish(&scanner->text);
}

static enum json_token fail(struct json_scanner *scanner)
{
    scanner->expect = EXPECT_FAILED;
    return JSON_ERROR;
}

static void skip_space(struct json_scanner *scanner)
{
    while (scanner->at < scanner->end &&
           (*scanner->at == ' ' || *scanner->at == '\n' || *scanner->at == '\r' || *scanner->at == '\t'))
        scanner->at++;
}

static bool in_object(const struct json_scanner *scanner)
{
    return scanner->depth && (scanner->in_object >> scanner->depth & 1);
}

static void value_done(struct json_scanner *scanner)
{
    scanner->expect = scanner->depth ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
}

static enum json_token open_level(struct json_scanner *scanner, bool object)
{
    if (scanner->depth == SCANNER_DEPTH_MAX)
        return fail(scanner);
    scanner->depth++;
    uint32_t bit = UINT32_C(1) << scanner->depth;
    scanner->in_object = object ? scanner->in_object | bit : scanner->in_object & ~bit;
    scanner->expect = object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
    return object ? JSON_OBJECT : JSON_ARRAY;
}

static enum json_token close_level(struct json_scanner *scanner)
{
    bool object = in_object(scanner);
    if (*scanner->at != (object ? '}' : ']'))
        return fail(scanner);
    scanner->at++;
    scanner->depth--;
    value_done(scanner);
    return object ? JSON_OBJECT_END : JSON_ARRAY_END;
}

static bool read_hex4(struct json_scanner *scanner, uint32_t *out)
{
    if (scanner->end - scanner->at < 4)
        return false;
    uint32_t code = 0;
    for (int i = 0; i < 4; i++) {
        char c = *scanner->at++;
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (digit == 16)
            return false;
        code = code << 4 | digit;
    }
    *out = code;
    return true;
}

static void add_code(struct buffer *out, uint32_t code)
{
    char bytes[4];
    size_t n;
    if (code < 0x80) {
        bytes[0] = (char)code;
        n = 1;
    } else if (code < 0x800) {
        bytes[0] = (char)(0xC0 | code >> 6);
        n = 2;
    } else if (code < 0x10000) {
        bytes[0] = (char)(0xE0 | code >> 12);
        n = 3;
    } else {
        bytes[0] = (char)(0xF0 | code >> 18);
        n = 4;
    }
    for (size_t i = 1; i < n; i++)
        bytes[i] = (char)(0x80 | (code >> 6 * (n - 1 - i) & 0x3F));
    buffer_add(out, bytes, n);
}

/* Behind "\u". A lone surrogate is no character, and NUL would end the text early. */
static bool read_code(struct json_scanner *scanner)
{
    uint32_t code, low;
    if (!read_hex4(scanner, &code) || code == 0 || (code >= 0xDC00 && code <= 0xDFFF))
        return false;
    if (code >= 0xD800 && code <= 0xDBFF) {
        if (scanner->end - scanner->at < 6 || scanner->at[0] != '\\' || scanner->at[1] != 'u')
            return false;
        scanner->at += 2;
        if (!read_hex4(scanner, &low) || low < 0xDC00 || low > 0xDFFF)
            return false;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    add_code(&scanner->text, code);
    return true;
}

/* Behind the backslash. */
static bool read_escape(struct json_scanner *scanner)
{
    if (scanner->at == scanner->end)
        return false;
    char c = *scanner->at++;
    switch (c) {
    case '"':
    case '\\':
    case '/':
        break;
    case 'b':
        c = '\b';
        break;
    case 'f':
        c = '\f';
        break;
    case 'n':
        c = '\n';
        break;
    case 'r':
        c = '\r';
        break;
    case 't':
        c = '\t';
        break;
    case 'u':
        return read_code(scanner);
    default:
        return false;
    }
    buffer_add_char(&scanner->text, c);
    return true;
}

/* At the opening quote; decodes into scanner->text. */
static bool read_string(struct json_scanner *scanner)
{
    buffer_clear(&scanner->text);
    scanner->at++;
    for (;;) {
        const char *from = scanner->at, *at = from;
        while (at < scanner->end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20)
            at++;
        if (at == scanner->end || (unsigned char)*at < 0x20)
            return false;
        buffer_add(&scanner->text, from, (size_t)(at - from));
        scanner->at = at + 1;
        if (*at == '"')
            break;
        if (!read_escape(scanner))
            return false;
    }
    return buffer_ok(&scanner->text) && utf8_is_valid(buffer_text(&scanner->text), scanner->text.n);
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

static bool read_number(struct json_scanner *scanner)
{
    const char *at = scanner->at, *end = scanner->end, *from = at;
    if (at < end && *at == '-')
        at++;
    const char *digits = at;
    at = skip_digits(at, end);
    if (at == digits || (*digits == '0' && at - digits > 1))
        return false;
    if (at < end && *at == '.') {
        digits = ++at;
        at = skip_digits(at, end);
        if (at == digits)
            return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        digits = at;
        at = skip_digits(at, end);
        if (at == digits)
            return false;
    }
    buffer_clear(&scanner->text);
    buffer_add(&scanner->text, from, (size_t)(at - from));
    scanner->at = at;
    return buffer_ok(&scanner->text);
}

static enum json_token read_word(struct json_scanner *scanner)
{
    static const struct {
        const char *word;
        size_t n;
        enum json_token token;
    } words[] = {{"true", 4, JSON_TRUE}, {"false", 5, JSON_FALSE}, {"null", 4, JSON_NULL}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if ((size_t)(scanner->end - scanner->at) < words[i].n ||
            memcmp(scanner->at, words[i].word, words[i].n) != 0)
            continue;
        scanner->at += words[i].n;
        value_done(scanner);
        return words[i].token;
    }
    return fail(scanner);
}

static enum json_token read_value(struct json_scanner *scanner)
{
    switch (*scanner->at) {
    case '{':
        scanner->at++;
        return open_level(scanner, true);
    case '[':
        scanner->at++;
        return open_level(scanner, false);
    case '"':
        if (!read_string(scanner))
            return fail(scanner);
        value_done(scanner);
        return JSON_STRING;
    case 't':
    case 'f':
    case 'n':
        return read_word(scanner);
    default:
        if (!read_number(scanner))
            return fail(scanner);
        value_done(scanner);
        return JSON_NUMBER;
    }
}

static enum json_token read_key(struct json_scanner *scanner)
{
    skip_space(scanner);
    if (scanner->at == scanner->end || *scanner->at != '"' || !read_string(scanner))
        return fail(scanner);
    skip_space(scanner);
    if (scanner->at == scanner->end || *scanner->at != ':')
        return fail(scanner);
    scanner->at++;
    scanner->expect = EXPECT_VALUE;
    return JSON_KEY;
}

enum json_token json_next(struct json_scanner *scanner)
{
    if (scanner->expect == EXPECT_FAILED)
        return JSON_ERROR;
    skip_space(scanner);
    bool at_end = scanner->at == scanner->end;
    if (scanner->expect == EXPECT_NOTHING)
        return at_end ? JSON_END : fail(scanner);
    if (at_end)
        return fail(scanner);
    switch (scanner->expect) {
    case EXPECT_KEY_OR_END:
        return *scanner->at == '}' ? close_level(scanner) : read_key(scanner);
    case EXPECT_VALUE_OR_END:
        return *scanner->at == ']' ? close_level(scanner) : read_value(scanner);
    case EXPECT_COMMA_OR_END:
        if (*scanner->at != ',')
            return close_level(scanner);
        scanner->at++;
        if (in_object(scanner))
            return read_key(scanner);
        skip_space(scanner);
        if (scanner->at == scanner->end)
            return fail(scanner);
        return read_value(scanner);
    default:
        return read_value(scanner);
    }
}

const char *json_value(const struct json_scanner *scanner)
{
    return buffer_text(&scanner->text);
}

int64_t json_value_int(const struct json_scanner *scanner)
{
    const char *at = json_value(scanner);
    bool negative = *at == '-';
    at += negative;
    if (!*at)
        return 0;
    uint64_t limit = (uint64_t)INT64_MAX + negative, value = 0;
    for (; *at; at++) {
        if (*at < '0' || *at > '9')
            return 0;
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > (limit - digit) / 10)
            return 0;
        value = value * 10 + digit;
    }
    return negative ? (int64_t)(0 - value) : (int64_t)value;
}

static bool skip_level(struct json_scanner *scanner)
{
    int outside = scanner->depth - 1;
    while (scanner->depth > outside)
        if (json_next(scanner) == JSON_ERROR)
            return false;
    return true;
}

bool json_skip(struct json_scanner *scanner)
{
    if (scanner->expect == EXPECT_FAILED)
        return false;
    if (scanner->expect == EXPECT_VALUE) {
        enum json_token token = json_next(scanner);
        if (token == JSON_ERROR)
            return false;
        if (token != JSON_OBJECT && token != JSON_ARRAY)
            return true;
    }
    if (scanner->expect == EXPECT_KEY_OR_END || scanner->expect == EXPECT_VALUE_OR_END)
        return skip_level(scanner);
    return true;
}
