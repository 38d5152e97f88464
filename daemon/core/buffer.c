#include "buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 64 };

void buffer_init(struct buffer *buffer)
{
    *buffer = (struct buffer){0};
}

void buffer_finish(struct buffer *buffer)
{
    free(buffer->bytes);
    buffer_init(buffer);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->failed = false;
    buffer_truncate(buffer, 0);
}

void buffer_truncate(struct buffer *buffer, size_t n)
{
    if (n > buffer->n)
        return;
    buffer->n = n;
    if (buffer->bytes)
        buffer->bytes[n] = '\0';
}

/* Room for n more bytes and the NUL. */
static bool reserve(struct buffer *buffer, size_t n)
{
    if (buffer->failed)
        return false;
    if (buffer->room - buffer->n > n)
        return true;
    if (n >= SIZE_MAX / 4 || buffer->n >= SIZE_MAX / 4) {
        buffer->failed = true;
        return false;
    }
    size_t room = buffer->room ? buffer->room * 2 : ROOM_MIN;
    if (room < buffer->n + n + 1)
        room = buffer->n + n + 1;
    char *bytes = realloc(buffer->bytes, room);
    if (!bytes) {
        buffer->failed = true;
        return false;
    }
    buffer->bytes = bytes;
    buffer->room = room;
    return true;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t n)
{
    if (!reserve(buffer, n))
        return;
    if (n)
        memcpy(buffer->bytes + buffer->n, bytes, n);
    buffer->n += n;
    buffer->bytes[buffer->n] = '\0';
}

void buffer_add_text(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_add_char(struct buffer *buffer, char c)
{
    if (!reserve(buffer, 1))
        return;
    buffer->bytes[buffer->n++] = c;
    buffer->bytes[buffer->n] = '\0';
}

void buffer_add_int(struct buffer *buffer, int64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    /* The magnitude of INT64_MIN exists only as an unsigned number. */
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        digits[--at] = '-';
    buffer_add(buffer, digits + at, sizeof digits - at);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        buffer->failed = true;
    if (n < 0 || !reserve(buffer, (size_t)n))
        return;
    va_start(args, format);
    vsnprintf(buffer->bytes + buffer->n, (size_t)n + 1, format, args);
    va_end(args);
    buffer->n += (size_t)n;
}

bool buffer_ok(const struct buffer *buffer)
{
    return !buffer->failed;
}

const char *buffer_text(const struct buffer *buffer)
{
    return buffer->bytes ? buffer->bytes : "";
}

char *buffer_take(struct buffer *buffer)
{
    if (!reserve(buffer, 0)) {
        buffer_finish(buffer);
        return NULL;
    }
    char *bytes = buffer->bytes;
    bytes[buffer->n] = '\0';
    buffer_init(buffer);
    return bytes;
}
