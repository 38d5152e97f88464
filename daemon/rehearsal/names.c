#include "rehearsal/names.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/index.h"

struct name {
    uint32_t number;
    char text[];
};

struct names {
    struct arena *arena;
    struct index by_text;
    struct name **items;
    size_t n, room;
};

struct names *names_create(void)
{
    struct names *names = calloc(1, sizeof(*names));

    if (names == NULL)
        return NULL;
    index_init(&names->by_text);
    names->arena = arena_create();
    if (names->arena == NULL) {
        names_destroy(names);
        return NULL;
    }
    return names;
}

void names_destroy(struct names *names)
{
    if (names == NULL)
        return;
    index_finish(&names->by_text);
    arena_destroy(names->arena);
    free(names->items);
    free(names);
}

static struct name *find(const struct names *names, uint64_t hash, const char *text)
{
    size_t cursor = 0;
    struct name *name;

    while ((name = index_find(&names->by_text, hash, &cursor)) != NULL) {
        if (strcmp(name->text, text) == 0)
            return name;
    }
    return NULL;
}

static bool has_room(struct names *names)
{
    size_t room = names->room == 0 ? 64 : names->room * 2;
    struct name **items;

    if (names->n == NAMES_MAX)
        return false;
    if (names->n < names->room)
        return true;
    items = reallocarray(names->items, room, sizeof(*items));
    if (items == NULL)
        return false;
    names->items = items;
    names->room = room;
    return true;
}

uint32_t names_number(struct names *names, const char *text)
{
    uint64_t hash = hash_text(0, text);
    struct name *name = find(names, hash, text);

    if (name != NULL)
        return name->number;
    if (!has_room(names))
        return NAMES_NONE;
    name = arena_alloc(names->arena, sizeof(*name) + strlen(text) + 1);
    if (name == NULL || !index_add(&names->by_text, hash, name))
        return NAMES_NONE;
    memcpy(name->text, text, strlen(text) + 1);
    name->number = (uint32_t)names->n;
    names->items[names->n++] = name;
    return name->number;
}

uint32_t names_find(const struct names *names, const char *text)
{
    const struct name *name = find(names, hash_text(0, text), text);

    return name == NULL ? NAMES_NONE : name->number;
}

const char *names_text(const struct names *names, uint32_t number)
{
    assert(number < names->n);
    return names->items[number]->text;
}

size_t names_count(const struct names *names)
{
    return names->n;
}
