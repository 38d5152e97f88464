/* redact.h: takes out of a text for people what must not be in it: URLs (webhook addresses are secrets),
 * control characters, broken UTF-8. */
#ifndef CUIBAN_DELIVERY_REDACT_H
#define CUIBAN_DELIVERY_REDACT_H

#include <stddef.h>

/* Copies at most `n` bytes of `text` (up to a NUL) into `into`, cut on a character so that it fits with its
 * NUL. Every URL becomes "(url)", control characters become spaces, bytes that are not UTF-8 become '?'.
 * Returns `into`. */
const char *redact_text(char *into, size_t room, const char *text, size_t n);

#endif
