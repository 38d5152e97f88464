/* markup.h: the small Markdown of messages, as group robots show it.
 *
 * The host has escaped the values of events already. What is here holds even where it has not: no text
 * mentions anybody, no link leaves http and https. Mentions are made by the plugin, from the recipients
 * alone. */
#ifndef CUIBAN_PLUGINS_KIT_MARKUP_H
#define CUIBAN_PLUGINS_KIT_MARKUP_H

#include "text.h"

/* Adds a body: clean lines, "<@" made inert, links to anything but http(s) shown as words. */
void markup_add_body(struct text *text, const char *body);
/* Adds a name or another bare word, with everything that could be markup replaced by its full-width twin. */
void markup_add_word(struct text *text, const char *word);
/* Adds a body without its marks: **a** as a, [a](b) as "a b". */
void markup_add_plain(struct text *text, const char *body);
/* The largest length <= max that cuts neither a character nor a link nor a tag. */
size_t markup_cut(const char *bytes, size_t n, size_t max);

/* http:// or https://, a host, and nothing that could end a Markdown link or a header. */
bool markup_is_link(const char *url);

#endif
