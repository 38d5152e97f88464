#include "utf8.h"

#include <stdint.h>
#include <string.h>

/* Length of the well-formed character at `at` (RFC 3629, section 4), 0 if there is none. */
static size_t character(const unsigned char *at, size_t n)
{
    if (n == 0)
        return 0;
    unsigned char lead = at[0];
    if (lead < 0x80)
        return 1;
    size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || n < length)
        return 0;
    /* Only the second byte is narrower than 80..BF, after four leads. */
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    return length;
}

bool utf8_is_valid(const char *bytes, size_t n)
{
    const unsigned char *at = (const unsigned char *)bytes;
    while (n) {
        uint64_t eight;
        if (n >= sizeof eight) {
            memcpy(&eight, at, sizeof eight);
            if (!(eight & UINT64_C(0x8080808080808080))) {
                at += sizeof eight;
                n -= sizeof eight;
                continue;
            }
        }
        size_t length = character(at, n);
        if (!length)
            return false;
        at += length;
        n -= length;
    }
    return true;
}

size_t utf8_cut(const char *bytes, size_t n, size_t max)
{
    if (n <= max)
        return n;
    /* At most three bytes back, so that a row of stray continuation bytes is not eaten up. */
    for (size_t back = 0; back < 4 && back <= max; back++)
        if (((unsigned char)bytes[max - back] & 0xC0) != 0x80)
            return max - back;
    return max;
}

size_t utf8_count(const char *bytes, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)bytes[i] & 0xC0) != 0x80;
    return count;
}

static uint32_t decode(const unsigned char *at, size_t length)
{
    static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = at[0] & lead_bits[length];
    for (size_t i = 1; i < length; i++)
        code = code << 6 | (at[i] & 0x3F);
    return code;
}

struct range {
    uint32_t first, last;
};

static bool is_in(uint32_t code, const struct range *ranges, size_t n)
{
    for (size_t i = 0; i < n && ranges[i].first <= code; i++)
        if (code <= ranges[i].last)
            return true;
    return false;
}

/* After Unicode's EastAsianWidth.txt (W and F), rounded to blocks. */
static const struct range wide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x25FD, 0x25FE},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x26A1, 0x26A1},   {0x2705, 0x2705},   {0x274C, 0x274C},   {0x2753, 0x2757},
    {0x2795, 0x2797},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},
    {0xA000, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
    {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},   {0x17000, 0x18CD5}, {0x1B000, 0x1B2FB}, {0x1F200, 0x1F320},
    {0x1F32D, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
};

/* Combining marks, joiners and other characters that take no column. */
static const struct range narrowest[] = {
    {0x0000, 0x001F},   {0x007F, 0x009F}, {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},
    {0x0610, 0x061A},   {0x064B, 0x065F}, {0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E},
    {0x1AB0, 0x1AFF},   {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F},
    {0x20D0, 0x20F0},   {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0x1F3FB, 0x1F3FF},
    {0xE0100, 0xE01EF},
};

size_t utf8_columns(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t n = strlen(text), columns = 0;
    while (n) {
        size_t length = character(at, n);
        if (!length) { /* what is no character shows as one mark */
            columns++;
            at++;
            n--;
            continue;
        }
        uint32_t code = decode(at, length);
        if (is_in(code, wide, sizeof wide / sizeof *wide))
            columns += 2;
        else if (!is_in(code, narrowest, sizeof narrowest / sizeof *narrowest))
            columns += 1;
        at += length;
        n -= length;
    }
    return columns;
}

/* After Unicode's general categories Cc and Cf, with what breaks lines. The joiners U+200C and U+200D stay:
 * emoji and several scripts need them. */
static const struct range hidden[] = {
    {0x0000, 0x001F}, {0x007F, 0x009F}, {0x00AD, 0x00AD}, {0x061C, 0x061C},
    {0x180E, 0x180E}, {0x200B, 0x200B}, {0x200E, 0x200F}, {0x2028, 0x202E},
    {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
};

size_t utf8_decode(const char *bytes, size_t n, uint32_t *out)
{
    const unsigned char *at = (const unsigned char *)bytes;
    size_t length = character(at, n);
    if (length)
        *out = decode(at, length);
    return length;
}

bool utf8_is_hidden(uint32_t code)
{
    return is_in(code, hidden, sizeof hidden / sizeof *hidden);
}

/* What stands for a hidden character is never longer than it. */
static size_t put_stand_in(char *to, uint32_t code, size_t length)
{
    static const char mark[] = "\xEF\xBF\xBD";
    if (length >= sizeof mark - 1) {
        memcpy(to, mark, sizeof mark - 1);
        return sizeof mark - 1;
    }
    *to = code < 0xA0 ? ' ' : '?';
    return 1;
}

void utf8_disarm(char *text, bool keeps_lines)
{
    size_t n = strlen(text);
    char *to = text;
    for (const char *at = text; n > 0;) {
        size_t length = character((const unsigned char *)at, n);
        uint32_t code = length ? decode((const unsigned char *)at, length) : 0;
        if (length == 0) {
            *to++ = '?';
            length = 1;
        } else if (utf8_is_hidden(code) && !(code == '\n' && keeps_lines)) {
            to += put_stand_in(to, code, length);
        } else {
            memmove(to, at, length);
            to += length;
        }
        at += length;
        n -= length;
    }
    *to = '\0';
}
