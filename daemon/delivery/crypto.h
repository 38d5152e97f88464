/* crypto.h: what plugins need to sign and to encode: the host calls of the plugin ABI. */
#ifndef CUIBAN_DELIVERY_CRYPTO_H
#define CUIBAN_DELIVERY_CRYPTO_H

#include <stddef.h>

/* RFC 2104 with SHA-256. `out` is all zeros if libcrypto is out of memory: a signature that nobody takes. */
void crypto_hmac_sha256(const void *key, size_t key_n, const void *text, size_t n, unsigned char out[32]);
void crypto_sha256(const void *text, size_t n, unsigned char out[32]);

/* RFC 4648 section 4, with padding and without line breaks. Returns the length written and adds a NUL; 0 if
 * there is no room (or nothing to write). `out` is then "" if there is room for that. */
size_t crypto_base64(const void *bytes, size_t n, char *out, size_t room);
/* Percent-encodes all but the unreserved characters of RFC 3986 section 2.3. Likewise. */
size_t crypto_url_escape(const char *text, char *out, size_t room);

#endif
