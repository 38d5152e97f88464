#include "markup.h"

#include <string.h>
#include <strings.h>

enum { BODY_BYTES_MAX = 64 * 1024 }; /* far above what any robot takes */
enum { LINK_BYTES_MAX = 1024 };      /* WeCom refuses longer ones (40039) */

static size_t scheme_bytes(const char *url)
{
    if (strncasecmp(url, "https://", 8) == 0)
        return 8;
    return strncasecmp(url, "http://", 7) == 0 ? 7 : 0;
}

bool markup_is_link(const char *url)
{
    size_t scheme = url ? scheme_bytes(url) : 0;
    if (scheme == 0 || strlen(url) > LINK_BYTES_MAX || strchr("/?#", url[scheme]))
        return false;
    for (const char *p = url; *p; p++) {
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7F || strchr("()<>[]\"\\`", *p))
            return false;
    }
    return true;
}

/* `at` stands on "](": is what follows a link that may stay? */
static bool target_is_fine(const char *at)
{
    return scheme_bytes(at + 2) > 0;
}

void markup_add_body(struct text *text, const char *body)
{
    struct text clean = {0};
    size_t n_body = body ? strnlen(body, BODY_BYTES_MAX) : 0;
    text_add_clean_n(&clean, body, n_body == BODY_BYTES_MAX ? text_cut(body, n_body, n_body - 1) : n_body,
                     TEXT_LINES);
    const char *p = text_get(&clean);
    while (*p) {
        size_t n = strcspn(p, "<]");
        text_add_n(text, p, n);
        p += n;
        if (*p == '<')
            text_add(text, p[1] == '@' ? "\xEF\xBC\x9C" : "<");
        else if (*p == ']')
            text_add(text, p[1] == '(' && !target_is_fine(p) ? "\xEF\xBC\xBD" : "]");
        p += *p != '\0';
    }
    text->failed |= clean.failed;
    text_finish(&clean);
}

void markup_add_word(struct text *text, const char *word)
{
    static const struct {
        char mark;
        const char *twin;
    } twins[] = {{'<', "＜"}, {'>', "＞"}, {'[', "［"}, {']', "］"}, {'(', "（"}, {')', "）"},  {'`', "ˋ"},
                 {'*', "＊"}, {'_', "＿"}, {'#', "＃"}, {'@', "＠"}, {'~', "～"}, {'\\', "＼"}, {'!', "！"}};
    struct text clean = {0};
    text_add_clean(&clean, word, TEXT_ONE_LINE);
    for (const char *p = text_get(&clean); *p; p++) {
        size_t i = 0;
        while (i < sizeof twins / sizeof *twins && twins[i].mark != *p)
            i++;
        if (i < sizeof twins / sizeof *twins)
            text_add(text, twins[i].twin);
        else
            text_add_n(text, p, 1);
    }
    text->failed |= clean.failed;
    text_finish(&clean);
}

/* `p` stands on '['. The end of "[words](target)", or NULL if this is none. */
static const char *link_end(const char *p, const char **middle)
{
    const char *bracket = p + 1 + strcspn(p + 1, "[]\n");
    if (bracket[0] != ']' || bracket[1] != '(')
        return NULL;
    const char *close = bracket + 2 + strcspn(bracket + 2, ")\n");
    *middle = bracket;
    return *close == ')' ? close + 1 : NULL;
}

static const char *add_plain_link(struct text *text, const char *p)
{
    const char *middle = NULL, *end = link_end(p, &middle);
    if (!end) {
        text_add_n(text, p, 1);
        return p + 1;
    }
    text_add_n(text, p + 1, (size_t)(middle - p - 1));
    text_add(text, " ");
    text_add_n(text, middle + 2, (size_t)(end - 1 - (middle + 2)));
    return end;
}

void markup_add_plain(struct text *text, const char *body)
{
    struct text inert = {0};
    markup_add_body(&inert, body);
    const char *p = text_get(&inert);
    bool line_start = true;
    while (*p) {
        if (strncmp(p, "**", 2) == 0 || (line_start && strncmp(p, "> ", 2) == 0)) {
            p += 2;
        } else if (line_start && *p == '#') {
            p += strspn(p, "#");
            p += *p == ' ';
        } else if (*p == '[') {
            p = add_plain_link(text, p);
        } else {
            text_add_n(text, p, 1);
            p++;
        }
        line_start = p > text_get(&inert) && p[-1] == '\n';
    }
    text->failed |= inert.failed;
    text_finish(&inert);
}

/* Where the last construct that is still open at `end` began, or `end`. Looks back over one line only. */
static size_t open_construct(const char *bytes, size_t end)
{
    size_t line = end;
    while (line > 0 && bytes[line - 1] != '\n')
        line--;
    for (size_t i = end; i > line; i--) {
        char c = bytes[i - 1];
        if (c == '>' || c == ')')
            return end;
        if (c == '[' || c == '<')
            return i - 1;
    }
    return end;
}

size_t markup_cut(const char *bytes, size_t n, size_t max)
{
    if (n <= max)
        return n;
    size_t end = text_cut(bytes, n, max);
    size_t whole = open_construct(bytes, end);
    if (whole > 0 && bytes[whole - 1] == '*' && bytes[whole] == '*')
        whole--;
    return whole;
}
