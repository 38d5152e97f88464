/* json.h: a small JSON writer and a pull scanner (RFC 8259) for the hot path; no tree is built.
 *
 * Writer: commas are its own business; strings must be valid UTF-8 (utf8.h) and are escaped.
 * Scanner: walks one text once. Depth at most 16. Numbers are kept as text. */
#ifndef CUIBAN_CORE_JSON_H
#define CUIBAN_CORE_JSON_H

#include "buffer.h"

struct json_writer {
    struct buffer *out;
    uint32_t first; /* one bit per open level: nothing written in it yet */
    int depth;
    bool after_key;
};

void json_begin(struct json_writer *writer, struct buffer *out); /* NULL: nothing is written at all */
void json_object(struct json_writer *writer);
void json_object_end(struct json_writer *writer);
void json_array(struct json_writer *writer);
void json_array_end(struct json_writer *writer);
void json_key(struct json_writer *writer, const char *key);
void json_text(struct json_writer *writer, const char *text); /* NULL writes null */
void json_text_n(struct json_writer *writer, const char *text, size_t n);
void json_int(struct json_writer *writer, int64_t value);
void json_bool(struct json_writer *writer, bool value);
void json_raw(struct json_writer *writer, const char *json); /* a value that is JSON already */
void json_key_text(struct json_writer *writer, const char *key,
                   const char *text); /* nothing if text is NULL */
void json_key_int(struct json_writer *writer, const char *key, int64_t value);
void json_key_bool(struct json_writer *writer, const char *key, bool value);

enum json_token {
    JSON_ERROR,
    JSON_END, /* the text is finished */
    JSON_OBJECT,
    JSON_OBJECT_END,
    JSON_ARRAY,
    JSON_ARRAY_END,
    JSON_KEY,
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

struct json_scanner {
    const char *at;
    const char *end;
    const char *start;
    struct buffer text; /* decoded text of the last key, string or number */
    uint32_t in_object; /* one bit per level */
    int depth;
    int expect; /* internal */
};

void json_scan_init(struct json_scanner *scanner, const char *text, size_t n);
void json_scan_finish(struct json_scanner *scanner);
/* The next token; JSON_ERROR once means JSON_ERROR for ever. Strings are checked to be UTF-8 without NUL. */
enum json_token json_next(struct json_scanner *scanner);
const char *json_value(const struct json_scanner *scanner); /* of the last KEY, STRING or NUMBER */
int64_t json_value_int(const struct json_scanner *scanner); /* 0 if it is not an integer that fits */
bool json_skip(struct json_scanner
                   *scanner); /* the rest of the value that the last token began; after a KEY: its value */

#endif
