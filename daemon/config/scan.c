#include "config/scan.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"

enum { SHOWN_MAX = 60 }; /* bytes of a word that a message repeats */

/* What a Chinese keyboard types, and what was meant. A quotation mark begins a string; a blank is nothing. */
static const struct wide_mark {
    const char *wide;
    char narrow;
} wide_marks[] = {
    {"；", ';'}, {"，", ','}, {"：", ':'}, {"＝", '='},     {"（", '('}, {"）", ')'},
    {"｛", '{'}, {"｝", '}'}, {"［", '['}, {"］", ']'},     {"【", '['}, {"】", ']'},
    {"、", ','}, {"。", ';'}, {"“", '"'},  {"”", '"'},      {"＂", '"'}, {"‘", '"'},
    {"’", '"'},  {"＃", '#'}, {"　", ' '}, {"\u00a0", ' '}, /* no-break: pasted from a web page or a chat */
};

void scan_init(struct scan *scan, const char *file, const char *text, size_t n, struct problems *problems)
{
    *scan = (struct scan){
        .at = text,
        .end = text + n,
        .line_start = text,
        .line = 1,
        .file = file,
        .problems = problems,
        .token_line = 1,
    };
}

void scan_error(struct scan *scan, int line, const char *format, ...)
{
    char what[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, problem_text(scan->problems, format), arguments);
    va_end(arguments);
    problem_error(scan->problems, scan->file, line, "%s", what);
    scan->broken = true;
}

static int column(const struct scan *scan)
{
    return (int)utf8_count(scan->line_start, (size_t)(scan->at - scan->line_start)) + 1;
}

static bool starts(const struct scan *scan, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(scan->end - scan->at) >= n && memcmp(scan->at, text, n) == 0;
}

/* The full-width mark that stands here, or NULL. Most of a file is ASCII, and asked byte by byte. */
static const struct wide_mark *wide_here(const struct scan *scan)
{
    if ((unsigned char)*scan->at < 0x80)
        return NULL;
    for (size_t i = 0; i < sizeof wide_marks / sizeof *wide_marks; i++)
        if (starts(scan, wide_marks[i].wide))
            return &wide_marks[i];
    return NULL;
}

static void new_line(struct scan *scan)
{
    scan->line++;
    scan->line_start = scan->at;
}

static void skip_to_line_end(struct scan *scan)
{
    while (scan->at < scan->end && *scan->at != '\n')
        scan->at++;
}

static void skip_block_comment(struct scan *scan)
{
    int begun = scan->line;
    scan->at += 2;
    while (scan->at < scan->end && !starts(scan, "*/"))
        if (*scan->at++ == '\n')
            new_line(scan);
    if (scan->at < scan->end)
        scan->at += 2;
    else
        scan_error(scan, begun, "a comment begins with /* and is never closed with */");
}

/* Over blanks, line ends and comments. */
static void skip_space(struct scan *scan)
{
    while (scan->at < scan->end) {
        if (*scan->at == '\n') {
            scan->at++;
            new_line(scan);
        } else if (isspace((unsigned char)*scan->at)) {
            scan->at++;
        } else if (*scan->at == '#' || starts(scan, "//")) {
            skip_to_line_end(scan);
        } else if (starts(scan, "/*")) {
            skip_block_comment(scan);
        } else {
            return;
        }
    }
}

static enum token take(struct scan *scan, enum token token, size_t n)
{
    scan->token = token;
    scan->text = scan->at;
    scan->n = n;
    scan->at += n;
    return token;
}

/* From an opening quote, of whatever width, to the closing one on the same line. */
static enum token take_string(struct scan *scan, size_t opening)
{
    size_t n = opening;
    size_t left = (size_t)(scan->end - scan->at);
    while (n < left && scan->at[n] != '"' && scan->at[n] != '\n')
        n += scan->at[n] == '\\' && n + 1 < left && scan->at[n + 1] != '\n' ? 2 : 1;
    if (n < left && scan->at[n] == '"')
        return take(scan, TOKEN_STRING, n + 1);
    scan_error(scan, scan->line, "a string begins in line %d and is not closed in that line", scan->line);
    problem_hint(scan->problems, "close it with \" before the line ends; a line break inside is written \\n");
    return take(scan, TOKEN_STRING, n);
}

/* A string in curly quotes ends with the next quote of either kind. */
static enum token take_wide_string(struct scan *scan, size_t opening)
{
    static const char *const closing[] = {"”", "“", "’", "‘", "＂", "\""};
    struct scan probe = *scan;
    probe.at += opening;
    while (probe.at < probe.end && *probe.at != '\n') {
        for (size_t i = 0; i < sizeof closing / sizeof *closing; i++)
            if (starts(&probe, closing[i]))
                return take(scan, TOKEN_STRING, (size_t)(probe.at - scan->at) + strlen(closing[i]));
        probe.at++;
    }
    return take(scan, TOKEN_STRING, (size_t)(probe.at - scan->at));
}

static enum token take_mark(struct scan *scan, char mark, size_t n)
{
    scan->mark = mark;
    return take(scan, TOKEN_MARK, n);
}

/* True if a full-width mark stands here: reported, and *token is what was meant (TOKEN_END: nothing, a
 * blank). */
static bool take_wide(struct scan *scan, enum token *token)
{
    const struct wide_mark *mark = wide_here(scan);
    if (!mark)
        return false;
    char narrow = mark->narrow;
    scan_error(scan, scan->line, "full-width %s in line %d, column %d",
               narrow == ' ' ? problem_text(scan->problems, "blank") : mark->wide, scan->line, column(scan));
    problem_hint(scan->problems, narrow == ' ' ? "type an ordinary blank" : "type %c", narrow);
    *token = TOKEN_END;
    if (narrow == '"')
        *token = take_wide_string(scan, strlen(mark->wide));
    else if (narrow == '#')
        skip_to_line_end(scan);
    else if (narrow == ' ')
        scan->at += strlen(mark->wide);
    else
        *token = take_mark(scan, narrow, strlen(mark->wide));
    return true;
}

static bool is_word_byte(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || strchr("_-+.*/%@<>!?$&|~^'\\", c);
}

/* A run of what is no mark, no blank and no quote; a ':' inside (at:FIELD, 18:00) belongs to it unless it
 * ends it. */
static size_t word_length(const struct scan *scan)
{
    size_t n = 0, left = (size_t)(scan->end - scan->at);
    while (n < left) {
        struct scan probe = *scan;
        probe.at += n;
        if (wide_here(&probe))
            return n;
        if (n && starts(&probe, "//"))
            return n;
        bool inner_colon = scan->at[n] == ':' && n && n + 1 < left &&
                           isalnum((unsigned char)scan->at[n + 1]) && scan->at[n + 1] != '"';
        if (!is_word_byte(scan->at[n]) && !inner_colon)
            return n;
        n++;
    }
    return n;
}

static bool equals(const char *text, size_t n, const char *word)
{
    return n == strlen(word) && strncasecmp(text, word, n) == 0;
}

/* libconfig's integers: decimal or hex, with L for 64 bits. */
static bool is_integer(const char *text, size_t n, bool *is_long)
{
    size_t i = 0;
    *is_long = false;
    while (n && (text[n - 1] == 'L' || text[n - 1] == 'l')) {
        *is_long = true;
        n--;
    }
    if (n > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        for (i = 2; i < n && isxdigit((unsigned char)text[i]); i++)
            ;
        return i == n;
    }
    if (n && (text[0] == '-' || text[0] == '+'))
        i = 1;
    size_t first = i;
    while (i < n && isdigit((unsigned char)text[i]))
        i++;
    return i == n && i > first;
}

static bool is_float(const char *text, size_t n)
{
    char copy[64], *end;
    if (n >= sizeof copy || !strpbrk("0123456789.+-", (char[]){text[0], 0}))
        return false;
    memcpy(copy, text, n);
    copy[n] = 0;
    strtod(copy, &end);
    return *end == 0 && strpbrk(copy, ".eE") && !strpbrk(copy, "xXpPnN");
}

/* libconfig 1.5 cuts what does not fit 32 bits, or 64 with L, and says nothing. */
static void check_size(struct scan *scan, const char *text, size_t n, bool is_long)
{
    char copy[64];
    if (n < sizeof copy) {
        memcpy(copy, text, n);
        copy[n] = 0;
        bool hex = strchr(copy, 'x') || strchr(copy, 'X');
        char *digits = copy + strspn(copy, "+-");
        size_t width = strspn(digits, "0123456789");
        long long value = strtoll(copy, NULL, hex ? 16 : 10);
        if (hex ? strlen(digits) <= 9
                : width <= 18 && (is_long || (value >= INT32_MIN && value <= INT32_MAX)))
            return;
    }
    int shown = scan->hide ? 0 : (int)(n < 40 ? n : 40);
    problem_error(scan->problems, scan->file, scan->line, "the number%s%.*s is too large", shown ? " " : "",
                  shown, text);
    problem_hint(scan->problems,
                 "write a length of time as a text (\"72h\"), any other large number as a text, too");
}

static enum token take_word(struct scan *scan)
{
    size_t n = word_length(scan);
    bool is_long;
    if (n == 0) {
        size_t bytes = utf8_cut(scan->at, (size_t)(scan->end - scan->at), 4);
        scan_error(scan, scan->line, "nothing is known to begin with %.*s (line %d, column %d)",
                   (int)(bytes ? 1 : 0), scan->at, scan->line, column(scan));
        scan->at++;
        return scan_next(scan);
    }
    if (equals(scan->at, n, "true") || equals(scan->at, n, "false"))
        return take(scan, TOKEN_BOOLEAN, n);
    if (is_integer(scan->at, n, &is_long)) {
        check_size(scan, scan->at, n, is_long);
        return take(scan, TOKEN_NUMBER, n);
    }
    return take(scan, is_float(scan->at, n) ? TOKEN_NUMBER : TOKEN_NAME, n);
}

enum token scan_next(struct scan *scan)
{
    for (;;) {
        skip_space(scan);
        scan->token_line = scan->line;
        if (scan->at == scan->end)
            return take(scan, TOKEN_END, 0);
        enum token token;
        if (take_wide(scan, &token)) {
            if (token == TOKEN_END)
                continue;
            return token;
        }
        if (*scan->at == '"')
            return take_string(scan, 1);
        if (strchr("{}[]()=:;,", *scan->at))
            return take_mark(scan, *scan->at, 1);
        return take_word(scan);
    }
}
