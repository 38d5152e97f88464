/* buffer.h: a byte string that grows. A failed allocation sticks: later appends do nothing and buffer_ok says
 * so, so that a writer checks once, at the end. The content is always NUL-terminated. */
#ifndef CUIBAN_CORE_BUFFER_H
#define CUIBAN_CORE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
    char *bytes; /* NULL while nothing was ever appended; use buffer_text */
    size_t n;
    size_t room;
    bool failed;
};

void buffer_init(struct buffer *buffer);
void buffer_finish(struct buffer *buffer);
void buffer_clear(struct buffer *buffer); /* keeps the memory, forgets a failure */
void buffer_truncate(struct buffer *buffer, size_t n);

void buffer_add(struct buffer *buffer, const void *bytes, size_t n);
void buffer_add_text(struct buffer *buffer, const char *text);
void buffer_add_char(struct buffer *buffer, char c);
void buffer_add_int(struct buffer *buffer, int64_t value); /* decimal; much faster than printf */
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

bool buffer_ok(const struct buffer *buffer);
const char *buffer_text(const struct buffer *buffer); /* "" if empty; valid until the next append */
char *buffer_take(struct buffer *buffer);             /* the caller frees; NULL if an append failed */

#endif
