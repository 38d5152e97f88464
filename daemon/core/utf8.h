/* utf8.h: UTF-8 as RFC 3629 has it. */
#ifndef CUIBAN_CORE_UTF8_H
#define CUIBAN_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

bool utf8_is_valid(const char *bytes, size_t n); /* no surrogates, nothing overlong, nothing above U+10FFFF */
/* The largest length <= max that does not cut a character. */
size_t utf8_cut(const char *bytes, size_t n, size_t max);
size_t utf8_count(const char *bytes, size_t n);
/* Columns that a terminal gives the text: CJK and full-width characters take two. */
size_t utf8_columns(const char *text);

#endif
