#include "template.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char *language;
    char *name;
    struct template *template;
};

struct templates {
    struct entry *entries;
    size_t n;
    size_t room;
    char *language; /* the default, or NULL: that of the first template */
};

struct templates *templates_create(void)
{
    return calloc(1, sizeof(struct templates));
}

static void finish_entry(struct entry *entry)
{
    free(entry->language);
    free(entry->name);
    template_destroy(entry->template);
}

void templates_destroy(struct templates *templates)
{
    if (!templates)
        return;
    for (size_t i = 0; i < templates->n; i++)
        finish_entry(&templates->entries[i]);
    free(templates->entries);
    free(templates->language);
    free(templates);
}

int templates_set_default(struct templates *templates, const char *language)
{
    char *copy = strdup(language);
    if (!copy)
        return -ENOMEM;
    free(templates->language);
    templates->language = copy;
    return 0;
}

static struct entry *find_exactly(const struct templates *templates, const char *language, const char *name)
{
    for (size_t i = 0; i < templates->n; i++)
        if (strcmp(templates->entries[i].name, name) == 0 &&
            strcmp(templates->entries[i].language, language) == 0)
            return &templates->entries[i];
    return NULL;
}

int templates_add(struct templates *templates, const char *language, const char *name, struct template *take)
{
    if (find_exactly(templates, language, name)) {
        template_destroy(take);
        return -EEXIST;
    }
    struct entry entry = {strdup(language), strdup(name), take};
    if (templates->n == templates->room) {
        size_t room = templates->room ? templates->room * 2 : 16;
        struct entry *entries = realloc(templates->entries, room * sizeof *entries);
        if (entries) {
            templates->entries = entries;
            templates->room = room;
        }
    }
    if (!entry.language || !entry.name || templates->n == templates->room) {
        finish_entry(&entry);
        return -ENOMEM;
    }
    templates->entries[templates->n++] = entry;
    return 0;
}

/* "en-US" is served by "en", and "zh" by "zh-CN". */
static bool is_same_primary(const char *a, const char *b)
{
    size_t n = strcspn(a, "-_");
    return n == strcspn(b, "-_") && strncmp(a, b, n) == 0;
}

static const struct template *find_for(const struct templates *templates, const char *language,
                                       const char *name)
{
    const struct entry *exact = find_exactly(templates, language, name);
    if (exact)
        return exact->template;
    for (size_t i = 0; i < templates->n; i++)
        if (strcmp(templates->entries[i].name, name) == 0 &&
            is_same_primary(templates->entries[i].language, language))
            return templates->entries[i].template;
    return NULL;
}

const struct template *templates_find(const struct templates *templates, const char *language,
                                      const char *name)
{
    const struct template *found = language ? find_for(templates, language, name) : NULL;
    if (!found && templates->language)
        found = find_for(templates, templates->language, name);
    for (size_t i = 0; !found && i < templates->n; i++)
        if (strcmp(templates->entries[i].name, name) == 0)
            found = templates->entries[i].template;
    return found;
}
