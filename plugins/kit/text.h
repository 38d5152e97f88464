/* text.h: a growing text for what a plugin composes, and the few rules of UTF-8 that it needs.
 *
 * A failed allocation is remembered in `failed` and further additions do nothing, so that callers check once,
 * at the end. Whatever comes in leaves as valid UTF-8. */
#ifndef CUIBAN_PLUGINS_KIT_TEXT_H
#define CUIBAN_PLUGINS_KIT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <cuiban/channel.h>

struct text {
    char *bytes; /* NUL-terminated once something was added; NULL before */
    size_t n, room;
    bool failed;
};

void text_finish(struct text *text);
const char *text_get(const struct text *text); /* never NULL */

void text_add_n(struct text *text, const char *bytes, size_t n); /* as it is */
void text_add(struct text *text, const char *words);             /* as it is */
__attribute__((format(printf, 2, 3))) void text_add_format(struct text *text, const char *format, ...);

enum text_lines { TEXT_ONE_LINE, TEXT_LINES };
/* Without control and other hidden characters, broken bytes as U+FFFD. TEXT_ONE_LINE: every run of white
 * space is one space; TEXT_LINES: CR LF and CR are LF, at most one empty line in a row. `words` may be NULL.
 */
void text_add_clean(struct text *text, const char *words, enum text_lines lines);
void text_add_clean_n(struct text *text, const char *words, size_t n_words, enum text_lines lines);

/* A copy in the request's memory, NUL-terminated. NULL: memory is out, here or before. */
char *text_keep(const struct text *text, const struct cuiban_host *host, void *memory);

/* Length of the character that starts at `bytes`, 0 if it is not one (RFC 3629: no surrogates, nothing
 * overlong). */
size_t text_character(const char *bytes, size_t n);
/* The largest length <= max that does not cut a character. */
size_t text_cut(const char *bytes, size_t n, size_t max);
bool text_is_blank(const char *words);                   /* NULL, "" or white space alone */
bool text_contains(const char *words, const char *part); /* false if either is NULL or `part` is "" */
bool text_contains_any_case(const char *words, const char *part); /* ASCII letters alike */

#endif
