/* mime.h: the parts of a mail as RFC 5322, 2047 and 2045 write them. CR LF everywhere. */
#ifndef CUIBAN_PLUGINS_EMAIL_MIME_H
#define CUIBAN_PLUGINS_EMAIL_MIME_H

#include <stdint.h>

#include "../kit/text.h"

/* One address that is safe in a header and in an SMTP command: ASCII, one @, at most 254 bytes, nothing that
 * could end the command (libcurl 7.88 passes CR LF on). */
bool mime_address_is_fine(const char *address);

/* Words of a header: ASCII as it is (folded), other text in encoded words of at most 75 characters that split
 * no character. Control characters are gone: nobody begins a header of his own. */
void mime_add_words(struct text *out, const char *words);
/* `name <address>`, or the address alone. */
void mime_add_mailbox(struct text *out, const char *name, const char *address);
/* "Sat, 21 Nov 2026 18:00:00 +0800". */
void mime_add_date(struct text *out, int64_t now_ms, int32_t zone_offset_s);
/* Base64 in lines of 76, each with its CR LF. */
void mime_add_base64(struct text *out, const struct cuiban_host *host, const char *bytes, size_t n);
/* The first 32 hex digits of the SHA-256 of parts joined by "|". */
enum { MIME_HASH_DIGITS = 32 };
void mime_add_hash(struct text *out, const struct cuiban_host *host, const char *const *parts, size_t n);

#endif
