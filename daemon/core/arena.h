/* arena.h: memory that lives and dies together: a ruleset, a batch of events. No single free. */
#ifndef CUIBAN_CORE_ARENA_H
#define CUIBAN_CORE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_create(void);
void arena_destroy(struct arena *arena); /* NULL is fine */
void arena_reset(struct arena *arena);   /* forgets everything, keeps one block for reuse */

/* Zeroed, aligned for any type. NULL when memory is out. */
void *arena_alloc(struct arena *arena, size_t bytes);
void *arena_alloc_array(struct arena *arena, size_t n, size_t bytes); /* NULL on overflow, too */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t n);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
size_t arena_bytes(const struct arena *arena); /* taken from the system */

#endif
