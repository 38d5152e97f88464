#include "config/prescan.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/scan.h"
#include "core/utf8.h"

/* A name of a group, to notice the second of its kind. Level 0 is the file. */
struct seen_name {
    const char *text;
    size_t n;
    int line;
    int group;
};

struct walk {
    struct scan scan;
    int depth;
    int groups; /* how many were begun: each has a number */
    struct seen_name *names;
    size_t n_names, room;
    int last_line;                       /* of the word before the present one */
    char closing[PRESCAN_DEPTH_MAX + 1]; /* what each open bracket waits for */
};

static bool parse_value(struct walk *walk);

static int shown(const struct scan *scan)
{
    return (int)utf8_cut(scan->text, scan->n, 60);
}

static enum token advance(struct walk *walk)
{
    walk->last_line = walk->scan.token_line;
    return scan_next(&walk->scan);
}

static bool at_mark(const struct walk *walk, char mark)
{
    return walk->scan.token == TOKEN_MARK && walk->scan.mark == mark;
}

static bool at_end(const struct walk *walk)
{
    return walk->scan.token == TOKEN_END;
}

static bool is_closing(const struct walk *walk)
{
    return at_mark(walk, '}') || at_mark(walk, ']') || at_mark(walk, ')');
}

static bool is_scalar(const struct walk *walk)
{
    enum token token = walk->scan.token;
    return token == TOKEN_STRING || token == TOKEN_NUMBER || token == TOKEN_BOOLEAN;
}

/* Names: what libconfig's grammar takes. */
static bool is_name(const char *text, size_t n)
{
    if (!isalpha((unsigned char)text[0]) && text[0] != '*')
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("-_*", text[i]))
            return false;
    return true;
}

static void remember_name(struct walk *walk, int group)
{
    struct scan *scan = &walk->scan;
    for (size_t i = walk->n_names; i-- > 0;) {
        const struct seen_name *name = &walk->names[i];
        if (name->group != group || name->n != scan->n || memcmp(name->text, scan->text, scan->n) != 0)
            continue;
        scan_error(scan, scan->token_line, "`%.*s` stands here a second time; the first is in line %d",
                   shown(scan), scan->text, name->line);
        return;
    }
    if (walk->n_names == walk->room) {
        size_t room = walk->room ? walk->room * 2 : 256;
        struct seen_name *names =
            room <= PRESCAN_NAMES_MAX * 2 ? realloc(walk->names, room * sizeof *names) : NULL;
        if (!names)
            return; /* libconfig will still notice */
        walk->names = names;
        walk->room = room;
    }
    walk->names[walk->n_names++] = (struct seen_name){scan->text, scan->n, scan->token_line, group};
}

/* A word without quotes where a value belongs. */
static void refuse_bare_word(struct walk *walk)
{
    static const char *const yes[] = {"yes", "on", "是"}, *const no[] = {"no", "off", "否"};
    struct scan *scan = &walk->scan;
    const char *meant = NULL;
    for (size_t i = 0; i < 3; i++) {
        if (scan->n == strlen(yes[i]) && strncasecmp(scan->text, yes[i], scan->n) == 0)
            meant = "true";
        if (scan->n == strlen(no[i]) && strncasecmp(scan->text, no[i], scan->n) == 0)
            meant = "false";
    }
    int length = scan->hide ? 0 : shown(scan);
    scan_error(scan, scan->token_line, "the value%s%.*s stands without quotes", length ? " " : "", length,
               scan->text);
    if (meant)
        problem_hint(scan->problems, "write %s", meant);
    else if (scan->hide)
        problem_hint(scan->problems, "write it in quotes: \"...\"");
    else
        problem_hint(scan->problems, "write \"%.*s\"", shown(scan), scan->text);
}

static bool enter(struct walk *walk, char closing, int line)
{
    if (++walk->depth <= PRESCAN_DEPTH_MAX) {
        walk->closing[walk->depth] = closing;
        return true;
    }
    scan_error(&walk->scan, line, "more than %d levels of brackets", PRESCAN_DEPTH_MAX);
    return false;
}

/* After the last value of a bracket: its closing mark, or a word about what stands there instead. */
static void close_bracket(struct walk *walk, char opening, char closing, int line)
{
    struct scan *scan = &walk->scan;
    walk->depth--;
    if (at_mark(walk, closing)) {
        advance(walk);
        return;
    }
    if (at_end(walk)) {
        scan_error(scan, line, "the %c of line %d is never closed", opening, line);
        return;
    }
    scan_error(scan, scan->token_line, "the %c of line %d is closed with %c", opening, line, scan->mark);
    problem_hint(scan->problems, "a %c is closed with %c", opening, closing);
    for (int i = 1; i <= walk->depth && i <= PRESCAN_DEPTH_MAX; i++)
        if (walk->closing[i] == scan->mark)
            return; /* it belongs to a bracket further out */
    advance(walk);
}

/* Two values of a list without a comma between them. */
static void refuse_missing_comma(struct walk *walk, bool after_string)
{
    struct scan *scan = &walk->scan;
    const char *between = "values";
    if (at_mark(walk, '{'))
        between = "groups";
    else if (scan->token == TOKEN_STRING && after_string)
        between = "strings";
    scan_error(scan, walk->last_line, "a comma is missing between two %s, line %d",
               problem_text(scan->problems, between), walk->last_line);
}

static void check_same_kind(struct walk *walk, enum token *kind, bool array)
{
    struct scan *scan = &walk->scan;
    bool is_bracket = at_mark(walk, '{') || at_mark(walk, '[') || at_mark(walk, '(');
    if (!array || (!is_scalar(walk) && !is_bracket))
        return;
    if (is_bracket) {
        scan_error(scan, scan->token_line, "inside [ ] stand plain values only");
        problem_hint(scan->problems, "a list of groups is written ( { ... }, { ... } )");
    } else if (*kind != TOKEN_END && *kind != scan->token) {
        scan_error(scan, scan->token_line, "the values inside [ ] are of different kinds");
        problem_hint(scan->problems, "write all of them as texts, in quotes");
    }
    *kind = scan->token;
}

/* [ a, b ] or ( a, { ... } ). */
static void parse_list(struct walk *walk, bool array)
{
    struct scan *scan = &walk->scan;
    char opening = array ? '[' : '(', closing = array ? ']' : ')';
    int line = scan->token_line;
    enum token kind = TOKEN_END;
    bool inside = enter(walk, closing, line);
    advance(walk);
    while (inside && !at_end(walk) && !is_closing(walk)) {
        bool was_string = scan->token == TOKEN_STRING;
        check_same_kind(walk, &kind, array);
        if (!parse_value(walk) && !at_mark(walk, ','))
            break;
        if (at_mark(walk, ',')) {
            int comma = scan->token_line;
            advance(walk);
            if (is_closing(walk)) {
                scan_error(scan, comma, "a comma stands after the last value, before the %c", scan->mark);
                problem_hint(scan->problems, "remove the comma");
            }
        } else if (!at_end(walk) && !is_closing(walk) && !at_mark(walk, ';')) {
            refuse_missing_comma(walk, was_string);
        } else if (at_mark(walk, ';')) {
            scan_error(scan, scan->token_line, "a ; stands between the values of a list");
            problem_hint(scan->problems, "values are separated with a comma");
            advance(walk);
        }
    }
    close_bracket(walk, opening, closing, line);
}

/* Names under which channels keep what nobody may read. */
static bool is_secret(const char *name, size_t n)
{
    static const char *const names[] = {"key", "secret", "token", "password", "redis", "webhook", "url"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == n && memcmp(names[i], name, n) == 0)
            return true;
    return false;
}

/* What follows the = of a setting. */
static bool parse_assigned(struct walk *walk, const char *name, int n, int line)
{
    struct scan *scan = &walk->scan;
    scan->hide = is_secret(name, (size_t)n);
    advance(walk);
    if (at_end(walk) || is_closing(walk) || at_mark(walk, ';') || at_mark(walk, ',')) {
        scan_error(scan, line, "`%.*s` has no value", n, name);
    } else {
        bool was_string = scan->token == TOKEN_STRING;
        if (!parse_value(walk))
            return false;
        if (scan->token == TOKEN_STRING && was_string) {
            scan_error(scan, walk->last_line, "two strings stand side by side after `%.*s`", n, name);
            problem_hint(scan->problems, "close the first with ; or write a list: [ \"...\", \"...\" ]");
            parse_value(walk);
        }
    }
    scan->hide = false;
    return true;
}

/* One `name = value;`. False if nothing was taken, so that the caller skips a word. */
static bool parse_setting(struct walk *walk, int group)
{
    struct scan *scan = &walk->scan;
    if (scan->token != TOKEN_NAME || !is_name(scan->text, scan->n)) {
        bool include = scan->n > 0 && scan->text[0] == '@';
        scan_error(scan, scan->token_line, "expected a name, found %.*s", shown(scan), scan->text);
        if (include)
            problem_hint(scan->problems,
                         "@include is not supported: every *.cfg of a directory is read by itself");
        else if (scan->token == TOKEN_STRING)
            problem_hint(scan->problems, "names stand without quotes");
        else if (at_mark(walk, ';') || at_mark(walk, ','))
            problem_hint(scan->problems, "one ; or , too many");
        else if (scan->token == TOKEN_NAME)
            problem_hint(scan->problems, "a name begins with a letter and has letters, digits, _ and -");
        return false;
    }
    const char *name = scan->text;
    int n = shown(scan), line = scan->token_line;
    remember_name(walk, group);
    advance(walk);
    if (!at_mark(walk, '=') && !at_mark(walk, ':')) {
        scan_error(scan, line, "an = is missing after `%.*s`", n, name);
        if (scan->token != TOKEN_NAME && !parse_value(walk))
            return false;
    } else if (!parse_assigned(walk, name, n, line)) {
        return false;
    }
    if (at_mark(walk, ';') || at_mark(walk, ','))
        advance(walk);
    return true;
}

static void parse_settings(struct walk *walk, bool top)
{
    int group = ++walk->groups;
    size_t names = walk->n_names;
    while (!at_end(walk) && (top || !is_closing(walk))) {
        if (parse_setting(walk, group))
            continue;
        advance(walk);
        while (!at_end(walk) && walk->scan.token != TOKEN_NAME && !is_closing(walk) && !at_mark(walk, ';'))
            advance(walk);
        if (at_mark(walk, ';') || (top && is_closing(walk)))
            advance(walk);
        if (top && at_mark(walk, ';'))
            advance(walk);
    }
    walk->n_names = names;
}

/* Reads one value; false if there is none. */
static bool parse_value(struct walk *walk)
{
    struct scan *scan = &walk->scan;
    if (is_scalar(walk)) {
        advance(walk);
        return true;
    }
    if (scan->token == TOKEN_NAME) {
        refuse_bare_word(walk);
        int line = scan->token_line;
        advance(walk);
        while (scan->token == TOKEN_NAME && scan->token_line == line)
            advance(walk); /* the rest of an unquoted sentence */
        return true;
    }
    if (at_mark(walk, '[') || at_mark(walk, '(')) {
        parse_list(walk, at_mark(walk, '['));
        return true;
    }
    if (at_mark(walk, '{')) {
        int line = scan->token_line;
        bool inside = enter(walk, '}', line);
        advance(walk);
        if (inside)
            parse_settings(walk, false);
        close_bracket(walk, '{', '}', line);
        return inside;
    }
    if (at_end(walk)) {
        scan_error(scan, scan->token_line, "a value is missing at the end of the file");
        return false;
    }
    scan_error(scan, scan->token_line, "a value is missing before %c", scan->mark);
    if (at_mark(walk, ','))
        problem_hint(scan->problems, "one comma too many");
    return false;
}

static bool is_text(const char *file, const char *text, size_t n, struct problems *problems)
{
    const char *nul = memchr(text, 0, n);
    bool utf16 = n >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
    if (!nul && !utf16 && utf8_is_valid(text, n))
        return true;
    int line = 1;
    const char *start = text, *end = text + n;
    for (const char *at; !utf16 && (at = memchr(start, '\n', (size_t)(end - start))); start = at + 1, line++)
        if (!utf8_is_valid(start, (size_t)(at - start)) || memchr(start, 0, (size_t)(at - start)))
            break;
    problem_error(problems, file, line, nul && !utf16 ? "not a text file" : "not UTF-8");
    problem_hint(problems, "save as UTF-8");
    return false;
}

bool prescan(const char *file, char *text, size_t n, struct problems *problems)
{
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        memset(text, ' ', 3);
    if (!is_text(file, text, n, problems))
        return false;
    for (size_t i = 0; i < n; i++)
        if (text[i] == '\r')
            text[i] = ' ';
    struct walk walk = {.n_names = 0};
    scan_init(&walk.scan, file, text, n, problems);
    advance(&walk);
    parse_settings(&walk, true);
    free(walk.names);
    return !walk.scan.broken;
}
