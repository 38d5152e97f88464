#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES_MIN = 4096, BLOCK_BYTES_MAX = 256 * 1024 };

static const size_t alignment = _Alignof(max_align_t);

struct block {
    struct block *next;
    size_t room;
    size_t used;
    max_align_t bytes[];
};

struct arena {
    struct block *blocks; /* the one that is filled now first */
    size_t bytes;
};

struct arena *arena_create(void)
{
    return calloc(1, sizeof(struct arena));
}

static void free_blocks(struct block *block)
{
    while (block) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_destroy(struct arena *arena)
{
    if (!arena)
        return;
    free_blocks(arena->blocks);
    free(arena);
}

void arena_reset(struct arena *arena)
{
    struct block *kept = arena->blocks;
    if (!kept)
        return;
    free_blocks(kept->next);
    kept->next = NULL;
    kept->used = 0;
    arena->bytes = sizeof *kept + kept->room;
}

/* Each block is twice the one before, up to a bound; what is larger than that has a block of its own size. */
static struct block *add_block(struct arena *arena, size_t bytes)
{
    size_t room = arena->blocks ? arena->blocks->room * 2 : BLOCK_BYTES_MIN;
    if (room > BLOCK_BYTES_MAX)
        room = BLOCK_BYTES_MAX;
    if (room < bytes)
        room = bytes;
    if (room > SIZE_MAX - sizeof(struct block))
        return NULL;
    struct block *block = malloc(sizeof *block + room);
    if (!block)
        return NULL;
    block->room = room;
    block->used = 0;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->bytes += sizeof *block + room;
    return block;
}

/* Zeroing is the caller's. Never returns the same address twice, not even for 0 bytes. */
static void *take(struct arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX - alignment)
        return NULL;
    bytes = bytes ? (bytes + alignment - 1) / alignment * alignment : alignment;
    struct block *block = arena->blocks;
    if (!block || block->room - block->used < bytes)
        block = add_block(arena, bytes);
    if (!block)
        return NULL;
    void *memory = (char *)block->bytes + block->used;
    block->used += bytes;
    return memory;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    void *memory = take(arena, bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

void *arena_alloc_array(struct arena *arena, size_t n, size_t bytes)
{
    if (bytes && n > SIZE_MAX / bytes)
        return NULL;
    return arena_alloc(arena, n * bytes);
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_strndup(arena, text, strlen(text));
}

char *arena_strndup(struct arena *arena, const char *text, size_t n)
{
    if (n == SIZE_MAX)
        return NULL;
    char *copy = take(arena, n + 1);
    if (!copy)
        return NULL;
    if (n)
        memcpy(copy, text, n);
    copy[n] = '\0';
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = n >= 0 ? take(arena, (size_t)n + 1) : NULL;
    if (text)
        vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}

size_t arena_bytes(const struct arena *arena)
{
    return sizeof *arena + arena->bytes;
}
