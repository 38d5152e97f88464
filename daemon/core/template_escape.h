/* template_escape.h: how one value becomes harmless text; used by template.c. See template.h for the public
 * part. */
#ifndef CUIBAN_CORE_TEMPLATE_ESCAPE_H
#define CUIBAN_CORE_TEMPLATE_ESCAPE_H

#include "buffer.h"
#include "channel_facts.h"

/* Masked for a group: the first character, then a star. Escaped for the dialect. */
void template_escape_masked(struct buffer *out, enum dialect dialect, const char *name);

/* Percent-encodes all but RFC 3986 unreserved characters. */
void template_escape_url(struct buffer *out, const char *value);
/* Text of a link template itself: only what would end or change a link in Markdown is encoded. */
void template_escape_url_literal(struct buffer *out, const char *text, size_t n);

#endif
