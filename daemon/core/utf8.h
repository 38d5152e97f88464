/* utf8.h: UTF-8 as RFC 3629 has it. */
#ifndef CUIBAN_CORE_UTF8_H
#define CUIBAN_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool utf8_is_valid(const char *bytes, size_t n); /* no surrogates, nothing overlong, nothing above U+10FFFF */
/* The largest length <= max that does not cut a character. */
size_t utf8_cut(const char *bytes, size_t n, size_t max);
size_t utf8_count(const char *bytes, size_t n);
/* Columns that a terminal gives the text: CJK and full-width characters take two. */
size_t utf8_columns(const char *text);
/* The character that begins at `bytes`, and its length; 0 if there is none. */
size_t utf8_decode(const char *bytes, size_t n, uint32_t *out);
/* What a reader cannot see: control characters, and marks that turn the order of a text around, break its
 * lines or hide a part of it. */
bool utf8_is_hidden(uint32_t code);
/* Makes a text safe for a terminal or a log, in place: controls become spaces, other hidden characters U+FFFD
 * (the two-byte ones a question mark), so that one sees that something is there; broken bytes become '?'.
 * With `keeps_lines` line feeds stay. */
void utf8_disarm(char *text, bool keeps_lines);

#endif
