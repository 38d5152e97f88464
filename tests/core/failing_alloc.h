/* failing_alloc.h: makes the allocations of a test executable fail on demand.
 *
 * Include it in the one source file of a test: it defines the functions that the linker's --wrap puts in
 * front of the allocator's. tests/core/CMakeLists.txt adds the link options to every test that includes this
 * header. */
#ifndef CUIBAN_TESTS_FAILING_ALLOC_H
#define CUIBAN_TESTS_FAILING_ALLOC_H

#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

static long failing_alloc_left = LONG_MAX; /* allocations that still succeed */

/* The next `n` allocations succeed, all later ones fail. */
static inline void failing_alloc_after(long n)
{
    failing_alloc_left = n;
}

static inline void failing_alloc_never(void)
{
    failing_alloc_left = LONG_MAX;
}

static inline int failing_alloc_fails(void)
{
    if (failing_alloc_left == LONG_MAX)
        return 0;
    if (failing_alloc_left == 0)
        return 1;
    failing_alloc_left--;
    return 0;
}

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
int __real_vasprintf(char **out, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
int __real___vasprintf_chk(char **out, int flag, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
int __wrap___vasprintf_chk(char **out, int flag, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);
int __wrap_vasprintf(char **out, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

void *__wrap_malloc(size_t bytes)
{
    return failing_alloc_fails() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t n, size_t bytes)
{
    return failing_alloc_fails() ? NULL : __real_calloc(n, bytes);
}

void *__wrap_realloc(void *memory, size_t bytes)
{
    return failing_alloc_fails() ? NULL : __real_realloc(memory, bytes);
}

char *__wrap_strdup(const char *text)
{
    return failing_alloc_fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t n)
{
    return failing_alloc_fails() ? NULL : __real_strndup(text, n);
}

int __wrap_vasprintf(char **out, const char *format, va_list args)
{
    return failing_alloc_fails() ? -1 : __real_vasprintf(out, format, args);
}

/* What vasprintf becomes under _FORTIFY_SOURCE. */
int __wrap___vasprintf_chk(char **out, int flag, const char *format, va_list args)
{
    return failing_alloc_fails() ? -1 : __real___vasprintf_chk(out, flag, format, args);
}

#endif
