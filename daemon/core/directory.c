#include "directory.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A full table refuses the entry instead of ending the process. */
#define HASH_NONFATAL_OOM           1
#define uthash_nonfatal_oom(entry)  ((void)(entry))
#define HASH_FUNCTION(key, n, hash) ((hash) = (unsigned)hash_bytes(0, key, n))
#include <uthash.h>

#include "calendar.h"
#include "index.h"

enum { ANSWERS_HOPS_MAX = 8 }; /* how far delegates and managers are followed */

/* One id of a table, and where its record stands. */
struct entry {
    const char *id;
    size_t at;
    UT_hash_handle hh;
};

struct table {
    struct entry *index;
    char *records;
    size_t n, room;
};

struct directory {
    struct arena *arena;
    struct table people, departments, roles;
};

struct directory *directory_create(struct arena *take_arena)
{
    struct directory *directory = calloc(1, sizeof *directory);
    if (!directory) {
        arena_destroy(take_arena);
        return NULL;
    }
    directory->arena = take_arena;
    return directory;
}

static void table_finish(struct table *table)
{
    HASH_CLEAR(hh, table->index);
    free(table->records);
}

void directory_destroy(struct directory *directory)
{
    if (!directory)
        return;
    table_finish(&directory->people);
    table_finish(&directory->departments);
    table_finish(&directory->roles);
    arena_destroy(directory->arena);
    free(directory);
}

static const void *table_find(const struct table *table, const char *id, size_t bytes)
{
    struct entry *entry = NULL;
    if (id && table->index)
        HASH_FIND_STR(table->index, id, entry);
    return entry ? table->records + entry->at * bytes : NULL;
}

static bool table_reserve(struct table *table, size_t bytes)
{
    if (table->n < table->room)
        return true;
    size_t room = table->room ? table->room * 2 : 64;
    if (room > SIZE_MAX / bytes)
        return false;
    char *records = realloc(table->records, room * bytes);
    if (!records)
        return false;
    table->records = records;
    table->room = room;
    return true;
}

static int table_add(struct directory *directory, struct table *table, const char *id, const void *record,
                     size_t bytes)
{
    if (table_find(table, id, bytes))
        return -EEXIST;
    struct entry *entry = arena_alloc(directory->arena, sizeof *entry);
    if (!entry || !table_reserve(table, bytes))
        return -ENOMEM;
    entry->id = id;
    entry->at = table->n;
    size_t before = HASH_COUNT(table->index);
    HASH_ADD_KEYPTR(hh, table->index, entry->id, strlen(entry->id), entry);
    if (HASH_COUNT(table->index) == before)
        return -ENOMEM;
    memcpy(table->records + table->n * bytes, record, bytes);
    table->n++;
    return 0;
}

int directory_add_person(struct directory *directory, const struct person *person)
{
    struct person copy = *person;
    if (!copy.name)
        copy.name = copy.id;
    return table_add(directory, &directory->people, copy.id, &copy, sizeof copy);
}

int directory_add_department(struct directory *directory, const struct department *department)
{
    struct department copy = *department;
    if (!copy.name)
        copy.name = copy.id;
    return table_add(directory, &directory->departments, copy.id, &copy, sizeof copy);
}

int directory_add_role(struct directory *directory, const struct role *role)
{
    return table_add(directory, &directory->roles, role->name, role, sizeof *role);
}

const struct person *directory_person(const struct directory *directory, const char *id)
{
    return table_find(&directory->people, id, sizeof(struct person));
}

const struct department *directory_department(const struct directory *directory, const char *id)
{
    return table_find(&directory->departments, id, sizeof(struct department));
}

const struct role *directory_role(const struct directory *directory, const char *name)
{
    return table_find(&directory->roles, name, sizeof(struct role));
}

size_t directory_people(const struct directory *directory, const struct person **out)
{
    *out = (const struct person *)(const void *)directory->people.records;
    return directory->people.n;
}

size_t directory_departments(const struct directory *directory, const struct department **out)
{
    *out = (const struct department *)(const void *)directory->departments.records;
    return directory->departments.n;
}

size_t directory_roles(const struct directory *directory, const struct role **out)
{
    *out = (const struct role *)(const void *)directory->roles.records;
    return directory->roles.n;
}

bool person_is_away(const struct person *person, int32_t day)
{
    return person->away_from <= day && day <= person->away_to;
}

bool person_has_left(const struct person *person, int32_t day)
{
    return day >= person->left;
}

size_t department_fields(const struct department *department, struct field *out)
{
    const struct field said[DEPARTMENT_FIELDS_MAX] = {
        {"department", department->id}, {"id", department->id},     {"name", department->name},
        {"parent", department->parent}, {"head", department->head}, {"hrbp", department->hrbp},
    };
    size_t n = 0;
    for (size_t i = 0; i < DEPARTMENT_FIELDS_MAX; i++)
        if (said[i].value)
            out[n++] = said[i];
    for (size_t i = 0; i < department->attributes.n; i++)
        out[n++] = department->attributes.items[i];
    return n;
}

const char *person_address(const struct person *person, const char *kind)
{
    const char *address = fields_get(&person->addresses, kind);
    return address && *address ? address : NULL;
}

const struct person *directory_superior(const struct directory *directory, const struct person *person)
{
    const struct person *manager = directory_person(directory, person->manager);
    const char *id = person->department;
    if (manager && manager != person)
        return manager;
    for (int hops = 0; id && hops < ANSWERS_HOPS_MAX; hops++) {
        const struct department *department = directory_department(directory, id);
        const struct person *head = department ? directory_person(directory, department->head) : NULL;
        if (head && head != person)
            return head;
        id = department ? department->parent : NULL;
    }
    return NULL;
}

/* The first one up the line of managers who has not left; NULL if there is nobody. */
static const struct person *still_here(const struct directory *directory, const struct person *person,
                                       int32_t day)
{
    for (int hops = 0; person && hops < ANSWERS_HOPS_MAX; hops++) {
        if (!person_has_left(person, day))
            return person;
        person = directory_person(directory, person->manager);
    }
    return NULL;
}

struct answering {
    const struct directory *directory;
    int32_t day;
    directory_may *may;
    const void *data;
};

static bool is_fit(const struct answering *answering, const struct person *person)
{
    return !answering->may || answering->may(answering->data, person);
}

/* The person or the first in the chain of delegates who is here and fit; NULL. */
static const struct person *present(const struct answering *answering, const struct person *person)
{
    for (int hops = 0; person && hops < ANSWERS_HOPS_MAX; hops++) {
        person = still_here(answering->directory, person, answering->day);
        if (!person)
            break;
        if (!person_is_away(person, answering->day) && is_fit(answering, person))
            return person;
        person = directory_person(answering->directory, person->delegate);
    }
    return NULL;
}

const struct person *directory_answers(const struct directory *directory, const struct person *person,
                                       int32_t day, directory_may *may, const void *data)
{
    const struct answering answering = {directory, day, may, data};
    const struct person *owing = still_here(directory, person, day), *found = NULL, *up = owing;
    if (owing == person && !person_is_away(person, day))
        return person;
    for (int hops = 0; up && !found && hops < ANSWERS_HOPS_MAX; hops++) {
        found = present(&answering, up);
        up = directory_superior(directory, up);
    }
    if (found || !owing || owing == person)
        return found ? found : owing;
    return is_fit(&answering, owing) ? owing : NULL;
}
