#include "memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void memory_init(struct memory *memory)
{
    *memory = (struct memory){0};
    index_init(&memory->by_identity);
    index_init(&memory->by_case);
}

static void memo_destroy(struct memo *memo)
{
    free(memo->identity);
    free(memo->text);
    free(memo);
}

void memory_finish(struct memory *memory)
{
    struct memo *memo = memory->oldest;

    while (memo) {
        struct memo *newer = memo->newer;

        memo_destroy(memo);
        memo = newer;
    }
    index_finish(&memory->by_identity);
    index_finish(&memory->by_case);
    *memory = (struct memory){0};
}

static uint64_t identity_hash(const char *identity)
{
    return hash_text(0, identity);
}

struct memo *memory_find(const struct memory *memory, const char *identity)
{
    uint64_t hash = identity_hash(identity);
    size_t cursor = 0;
    struct memo *memo;

    while ((memo = index_find(&memory->by_identity, hash, &cursor)) != NULL) {
        if (strcmp(memo->identity, identity) == 0) {
            return memo;
        }
    }
    return NULL;
}

static void unlink_memo(struct memory *memory, struct memo *memo)
{
    *(memo->older ? &memo->older->newer : &memory->oldest) = memo->newer;
    *(memo->newer ? &memo->newer->older : &memory->newest) = memo->older;
}

static void append_memo(struct memory *memory, struct memo *memo)
{
    memo->newer = NULL;
    memo->older = memory->newest;
    *(memory->newest ? &memory->newest->newer : &memory->oldest) = memo;
    memory->newest = memo;
}

static struct memo *memo_create(struct memory *memory, const char *identity)
{
    struct memo *memo = calloc(1, sizeof *memo);

    if (!memo) {
        return NULL;
    }
    memo->identity = strdup(identity);
    if (!memo->identity || !index_add(&memory->by_identity, identity_hash(identity), memo)) {
        memo_destroy(memo);
        return NULL;
    }
    memory->n++;
    return memo;
}

struct memo *memory_keep(struct memory *memory, const char *identity, instant kept)
{
    struct memo *memo = memory_find(memory, identity);

    if (memo) {
        unlink_memo(memory, memo);
    } else {
        memo = memo_create(memory, identity);
        if (!memo) {
            return NULL;
        }
    }
    memo->kept = kept;
    append_memo(memory, memo);
    return memo;
}

static uint64_t case_hash(const char *identity, size_t n)
{
    return hash_bytes(0, identity, n);
}

int memory_set_text(struct memory *memory, struct memo *memo, const char *text, size_t case_n)
{
    char *copy = text ? strdup(text) : NULL;

    if (memo->text) {
        index_remove(&memory->by_case, case_hash(memo->identity, memo->case_n), memo);
        free(memo->text);
        memo->text = NULL;
    }
    if (!text) {
        return 0;
    }
    if (!copy || !index_add(&memory->by_case, case_hash(memo->identity, case_n), memo)) {
        free(copy);
        return -ENOMEM;
    }
    memo->text = copy;
    memo->case_n = case_n;
    return 0;
}

struct memo *memory_find_case(const struct memory *memory, const char *text, size_t *cursor)
{
    size_t n = strlen(text);
    struct memo *memo;

    while ((memo = index_find(&memory->by_case, case_hash(text, n), cursor)) != NULL) {
        if (memo->case_n == n && memcmp(memo->identity, text, n) == 0) {
            return memo;
        }
    }
    return NULL;
}

void memory_forget(struct memory *memory, struct memo *memo)
{
    (void)memory_set_text(memory, memo, NULL, 0);
    index_remove(&memory->by_identity, identity_hash(memo->identity), memo);
    unlink_memo(memory, memo);
    memory->n--;
    memo_destroy(memo);
}

static int by_kept(const void *a, const void *b)
{
    const struct memo *const *left = a;
    const struct memo *const *right = b;

    return ((*left)->kept > (*right)->kept) - ((*left)->kept < (*right)->kept);
}

int memory_sort(struct memory *memory)
{
    struct memo **all = calloc(memory->n + 1, sizeof(*all));
    size_t n = 0;

    if (!all) {
        return -ENOMEM;
    }
    for (struct memo *memo = memory->oldest; memo; memo = memo->newer) {
        all[n++] = memo;
    }
    qsort(all, n, sizeof(*all), by_kept);
    memory->oldest = memory->newest = NULL;
    for (size_t i = 0; i < n; i++) {
        append_memo(memory, all[i]);
    }
    free(all);
    return 0;
}
