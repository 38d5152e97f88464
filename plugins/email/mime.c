#include "mime.h"

#include <string.h>

enum {
    ADDRESS_BYTES_MAX = 254,
    LOCAL_BYTES_MAX = 64,
    ENCODED_WORD_RAW_MAX = 45, /* 60 of base64 and 12 around it: RFC 2047 allows 75 */
    LINE_BYTES_MAX = 76,
    FOLD_BYTES = 72,
    ASCII_WORD_BYTES_MAX = 200, /* longer ones are encoded, so that they can be folded */
    BASE64_LINE_RAW = 57,
};

static bool domain_is_fine(const char *domain)
{
    size_t n = strlen(domain);
    return n > 0 && domain[0] != '.' && domain[0] != '-' && domain[n - 1] != '.' && !strstr(domain, "..") &&
           strspn(domain, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.") == n;
}

bool mime_address_is_fine(const char *address)
{
    const char *at = address ? strchr(address, '@') : NULL;
    if (!at || at == address || strlen(address) > ADDRESS_BYTES_MAX || at - address > LOCAL_BYTES_MAX)
        return false;
    size_t local = (size_t)(at - address);
    bool dots = address[0] == '.' || at[-1] == '.' || memmem(address, local, "..", 2) != NULL;
    return !dots && domain_is_fine(at + 1) &&
           strspn(address,
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.!#$%&'*+/=?^_`{|}~-") ==
               local;
}

/* Base64 of a piece that is known to be short. */
static void add_base64_piece(struct text *out, const unsigned char *bytes, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16;
        group |= i + 1 < n ? (uint32_t)bytes[i + 1] << 8 : 0;
        group |= i + 2 < n ? bytes[i + 2] : 0;
        char four[4] = {digits[group >> 18], digits[group >> 12 & 63],
                        i + 1 < n ? digits[group >> 6 & 63] : '=', i + 2 < n ? digits[group & 63] : '='};
        text_add_n(out, four, sizeof four);
    }
}

static void add_encoded(struct text *out, const char *words, size_t n)
{
    bool first = true;
    while (n > 0) {
        size_t piece = text_cut(words, n, ENCODED_WORD_RAW_MAX);
        text_add(out, first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
        add_base64_piece(out, (const unsigned char *)words, piece);
        text_add(out, "?=");
        words += piece;
        n -= piece;
        first = false;
    }
}

/* Plain enough to stand unencoded: ASCII, nothing that looks like an encoded word, no endless word. */
static bool is_plain(const char *words)
{
    size_t word = 0;
    if (strstr(words, "=?"))
        return false;
    for (const char *p = words; *p; p++) {
        word = *p == ' ' ? 0 : word + 1;
        if ((unsigned char)*p >= 0x7F || word > ASCII_WORD_BYTES_MAX)
            return false;
    }
    return true;
}

static void add_folded(struct text *out, const char *words)
{
    size_t column = 0;
    while (*words) {
        size_t n = strcspn(words + 1, " ") + 1;
        if (column + n > FOLD_BYTES && words[0] == ' ') {
            text_add(out, "\r\n");
            column = 0;
        }
        text_add_n(out, words, n);
        column += n;
        words += n;
    }
}

void mime_add_words(struct text *out, const char *words)
{
    struct text clean = {0};
    text_add_clean(&clean, words, TEXT_ONE_LINE);
    if (is_plain(text_get(&clean)))
        add_folded(out, text_get(&clean));
    else
        add_encoded(out, text_get(&clean), clean.n);
    out->failed |= clean.failed;
    text_finish(&clean);
}

static void add_quoted(struct text *out, const char *name)
{
    text_add(out, "\"");
    for (; *name; name++) {
        if (*name == '"' || *name == '\\')
            text_add(out, "\\");
        text_add_n(out, name, 1);
    }
    text_add(out, "\"");
}

void mime_add_mailbox(struct text *out, const char *name, const char *address)
{
    enum { NAME_BYTES_MAX = 200, QUOTED_BYTES_MAX = 60 };
    struct text clean = {0};
    text_add_clean(&clean, name, TEXT_ONE_LINE);
    size_t n = text_cut(text_get(&clean), clean.n, NAME_BYTES_MAX);
    if (clean.n > 0) {
        clean.bytes[n] = '\0';
        if (is_plain(clean.bytes) && n <= QUOTED_BYTES_MAX)
            add_quoted(out, clean.bytes);
        else
            add_encoded(out, clean.bytes, n);
        text_add_format(out, "%s<%s>", n > QUOTED_BYTES_MAX / 2 ? "\r\n " : " ", address);
    } else {
        text_add(out, address);
    }
    out->failed |= clean.failed;
    text_finish(&clean);
}

/* Howard Hinnant's civil_from_days, for days since 1970-01-01. */
static void civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned day_of_era = (unsigned)(days - era * 146097);
    unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month_from_march = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    *month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    *year = (int64_t)year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

void mime_add_date(struct text *out, int64_t now_ms, int32_t zone_offset_s)
{
    static const char *const weekdays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    enum { DAY_S = 86400, SECONDS_MAX = 1 << 30 };
    int32_t zone_min = zone_offset_s / 60 % (24 * 60);
    int64_t local_s = now_ms / 1000 + (int64_t)zone_min * 60;
    if (now_ms < 0 || local_s < 0 || local_s / DAY_S > SECONDS_MAX)
        local_s = 0;
    int64_t days = local_s / DAY_S, year;
    unsigned month, day, second = (unsigned)(local_s % DAY_S),
                         zone = (unsigned)(zone_min < 0 ? -zone_min : zone_min);
    civil_from_days(days, &year, &month, &day);
    text_add_format(out, "%s, %u %s %04lld %02u:%02u:%02u %c%02u%02u", weekdays[days % 7], day,
                    months[month - 1], (long long)year, second / 3600, second / 60 % 60, second % 60,
                    zone_min < 0 ? '-' : '+', zone / 60, zone % 60);
}

void mime_add_base64(struct text *out, const struct cuiban_host *host, const char *bytes, size_t n)
{
    char line[LINE_BYTES_MAX + 4];
    for (size_t i = 0; i < n; i += BASE64_LINE_RAW) {
        size_t piece = n - i < BASE64_LINE_RAW ? n - i : BASE64_LINE_RAW;
        size_t length = host->base64(bytes + i, piece, line, sizeof line);
        out->failed |= length == 0;
        text_add_n(out, line, length);
        text_add(out, "\r\n");
    }
}

void mime_add_hash(struct text *out, const struct cuiban_host *host, const char *const *parts, size_t n)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char digest[32] = {0};
    struct text joined = {0};
    for (size_t i = 0; i < n; i++) {
        text_add(&joined, i > 0 ? "|" : "");
        text_add(&joined, parts[i] ? parts[i] : "");
    }
    host->sha256(text_get(&joined), joined.n, digest);
    for (size_t i = 0; i < MIME_HASH_DIGITS / 2; i++) {
        char two[2] = {hex[digest[i] >> 4], hex[digest[i] & 15]};
        text_add_n(out, two, sizeof two);
    }
    out->failed |= joined.failed;
    text_finish(&joined);
}
