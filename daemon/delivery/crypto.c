#include "crypto.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { SHA256_BYTES = 32 };

void crypto_hmac_sha256(const void *key, size_t key_n, const void *text, size_t n, unsigned char out[32])
{
    unsigned int written = 0;

    if (key_n > INT_MAX || HMAC(EVP_sha256(), key_n > 0 ? key : "", (int)key_n,
                                n > 0 ? text : (const void *)"", n, out, &written) == NULL)
        memset(out, 0, SHA256_BYTES);
}

void crypto_sha256(const void *text, size_t n, unsigned char out[32])
{
    unsigned int written = 0;

    if (EVP_Digest(n > 0 ? text : "", n, out, &written, EVP_sha256(), NULL) != 1)
        memset(out, 0, SHA256_BYTES);
}

static size_t give_up(char *out, size_t room)
{
    if (room > 0)
        out[0] = '\0';
    return 0;
}

size_t crypto_base64(const void *bytes, size_t n, char *out, size_t room)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = bytes;
    size_t used = 0;

    if (n > SIZE_MAX / 4 || (n + 2) / 3 * 4 >= room)
        return give_up(out, room);
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t group = (uint32_t)in[i] << 16;

        group |= left > 1 ? (uint32_t)in[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)in[i + 2] : 0;
        out[used++] = digits[group >> 18 & 63];
        out[used++] = digits[group >> 12 & 63];
        out[used++] = '=';
        out[used++] = '=';
        if (left > 1)
            out[used - 2] = digits[group >> 6 & 63];
        if (left > 2)
            out[used - 1] = digits[group & 63];
    }
    out[used] = '\0';
    return used;
}

static int is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

size_t crypto_url_escape(const char *text, char *out, size_t room)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t used = 0;

    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        size_t need = is_unreserved(c) ? 1 : 3;

        if (room <= need || used >= room - need)
            return give_up(out, room);
        if (need == 1) {
            out[used++] = (char)c;
            continue;
        }
        out[used++] = '%';
        out[used++] = digits[c >> 4];
        out[used++] = digits[c & 15];
    }
    if (used >= room)
        return 0;
    out[used] = '\0';
    return used;
}
