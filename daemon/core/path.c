#include "path.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "json.h"

enum {
    PATH_TEXT_MAX = 512,
    PARENTS_MAX = 32, /* levels that a vacancy climbs; also ends a circle of parents */
};

/* ---- reading ---- */

struct words {
    char *items[PATH_STEPS_MAX + 2];
    size_t n;
};

static bool is_word(const char *text)
{
    if (!isalpha((unsigned char)*text) && *text != '_')
        return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr("_-.", *text))
            return false;
    return true;
}

/* "head of parent of department" -> head, parent, department. */
static int split(struct arena *arena, const char *text, struct words *out, const char **why)
{
    size_t n = strlen(text);
    char *copy = n <= PATH_TEXT_MAX ? arena_strndup(arena, text, n) : NULL;
    if (!copy) {
        *why = "the path is too long";
        return n <= PATH_TEXT_MAX ? -ENOMEM : -EINVAL;
    }
    bool expect_of = false;
    char *rest = copy, *word;
    while ((word = strsep(&rest, " \t"))) {
        if (!*word)
            continue;
        bool is_of = strcmp(word, "of") == 0;
        if (is_of != expect_of) {
            *why =
                is_of ? "`of` stands between two words" : "words are joined by `of`: \"head of department\"";
            return -EINVAL;
        }
        if (!is_of && out->n == sizeof out->items / sizeof *out->items) {
            *why = "the path has too many steps";
            return -EINVAL;
        }
        if (!is_of)
            out->items[out->n++] = word;
        expect_of = !is_of;
    }
    if (!expect_of) {
        *why = out->n ? "nothing follows `of`" : "the path is empty";
        return -EINVAL;
    }
    return 0;
}

static bool add_hop(struct path *path, const char *hop)
{
    if (path->n_hops == PATH_STEPS_MAX)
        return false;
    path->hops[path->n_hops++] = hop;
    return true;
}

static bool read_prefixed(const char *word, struct path *path)
{
    static const struct {
        const char *prefix;
        enum path_start start;
    } prefixes[] = {{"person:", PATH_PERSON}, {"role:", PATH_ROLE}, {"group:", PATH_GROUP}};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t n = strlen(prefixes[i].prefix);
        if (strncmp(word, prefixes[i].prefix, n) != 0)
            continue;
        path->start = prefixes[i].start;
        path->name = word + n;
        return true;
    }
    return false;
}

static bool read_start(const char *word, struct path *path)
{
    static const struct {
        const char *word;
        enum path_start start;
        const char *hops[2];
    } words[] = {
        {"owner", PATH_OWNER, {NULL}},
        {"requester", PATH_REQUESTER, {NULL}},
        {"hr", PATH_REQUESTER, {NULL}},
        {"department", PATH_DEPARTMENT, {NULL}},
        {"told", PATH_TOLD, {NULL}},
        {"head", PATH_DEPARTMENT, {"head"}},
        {"up", PATH_DEPARTMENT, {"parent", "head"}},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i].word) != 0)
            continue;
        path->start = words[i].start;
        for (size_t h = 0; h < 2 && words[i].hops[h]; h++)
            add_hop(path, words[i].hops[h]);
        return true;
    }
    if (read_prefixed(word, path))
        return *path->name != '\0';
    path->start = PATH_FIELD;
    path->name = word;
    return is_word(word);
}

static bool is_hop(const char *hop, const char *name)
{
    return strcmp(hop, name) == 0;
}

/* What cannot be meant, whatever the directory holds. */
static const char *nonsense(const struct path *path)
{
    bool in_department = path->start == PATH_DEPARTMENT;
    if (path->n_hops && path->start == PATH_GROUP)
        return "a group is a channel; nobody stands above it";
    if (path->n_hops && path->start == PATH_TOLD)
        return "`told` stands alone";
    for (size_t i = 0; i < path->n_hops; i++) {
        if (is_hop(path->hops[i], "manager") && in_department)
            return "a department has no manager: write \"head of ...\"";
        in_department = is_hop(path->hops[i], "parent") || is_hop(path->hops[i], "department");
    }
    return NULL;
}

int path_parse(struct arena *arena, const char *text, struct path *out, const char **why)
{
    struct words words = {.n = 0};
    struct path path = {.start = PATH_FIELD};
    int error = split(arena, text, &words, why);
    if (error)
        return error;
    if (!read_start(words.items[words.n - 1], &path)) {
        *why = path.start == PATH_FIELD ? "not a word that a path knows, nor the name of a field"
                                        : "a name must follow the colon";
        return -EINVAL;
    }
    for (size_t i = words.n - 1; i-- > 0;) {
        if (!is_word(words.items[i]) || !add_hop(&path, words.items[i])) {
            *why = is_word(words.items[i])
                       ? "the path has too many steps"
                       : "left of `of` stands head, parent, hrbp, manager, department or a post";
            return -EINVAL;
        }
    }
    const char *wrong = nonsense(&path);
    if (wrong) {
        *why = wrong;
        return -EINVAL;
    }
    path.text = arena_strdup(arena, text);
    if (!path.text)
        return -ENOMEM;
    *out = path;
    return 0;
}

bool path_is_department(const struct path *path)
{
    if (path->n_hops == 0)
        return path->start == PATH_DEPARTMENT;
    const char *last = path->hops[path->n_hops - 1];
    return is_hop(last, "parent") || is_hop(last, "department");
}

/* ---- resolving ---- */

/* One stop on the way: a person or a department. */
struct place {
    const struct person *person;
    const struct department *department;
};

struct places {
    struct place items[PATH_RESULT_MAX];
    size_t n;
};

static void add_place(struct places *places, struct place place)
{
    if (!place.person && !place.department)
        return;
    for (size_t i = 0; i < places->n; i++)
        if (places->items[i].person == place.person && places->items[i].department == place.department)
            return;
    if (places->n < PATH_RESULT_MAX)
        places->items[places->n++] = place;
}

/* An id of an event field: a department if that is what the way goes on to, else a person first. */
static void add_id(struct places *places, const struct directory *directory, const char *id,
                   bool department_first)
{
    struct place person = {.person = directory_person(directory, id)};
    struct place department = {.department = directory_department(directory, id)};
    if (department_first)
        add_place(places, department.department ? department : person);
    else
        add_place(places, person.person ? person : department);
}

static void add_list(struct places *places, const struct directory *directory, const char *json,
                     bool department_first)
{
    struct json_scanner scanner;
    json_scan_init(&scanner, json, strlen(json));
    if (json_next(&scanner) == JSON_ARRAY)
        while (json_next(&scanner) == JSON_STRING)
            add_id(places, directory, json_value(&scanner), department_first);
    json_scan_finish(&scanner);
}

static const char *start_field(const struct path *path, const struct path_context *context,
                               bool department_first, struct places *out)
{
    const char *value = fields_get(context->fields, path->name);
    if (!value || !*value)
        return "the event has no such field";
    if (*value == '[')
        add_list(out, context->directory, value, department_first);
    else
        add_id(out, context->directory, value, department_first);
    return out->n ? NULL : "the directory does not know whom the field names";
}

static const char *start_department(const struct path_context *context, struct places *out)
{
    const char *id = context->department;
    if (!id || !*id)
        id = fields_get(context->fields, "department");
    if (!id || !*id)
        return "the deadline has no department";
    add_place(out, (struct place){.department = directory_department(context->directory, id)});
    return out->n ? NULL : "the directory does not know the department";
}

static const char *start_role(const struct path *path, const struct path_context *context, struct places *out)
{
    const struct role *role = directory_role(context->directory, path->name);
    if (!role)
        return "the directory has no such role";
    for (size_t i = 0; i < role->n; i++) {
        const struct person *person = directory_person(context->directory, role->holders[i]);
        if (person && !person_has_left(person, context->day))
            add_place(out, (struct place){.person = person});
    }
    return out->n ? NULL : "nobody holds the role";
}

static const char *start_person(const char *id, const struct path_context *context, struct places *out)
{
    if (!id || !*id)
        return "the deadline has no owner";
    add_place(out, (struct place){.person = directory_person(context->directory, id)});
    return out->n ? NULL : "the directory does not know the person";
}

/* The first hop says what an ambiguous field must be. */
static bool wants_department(const struct path *path, bool department_first)
{
    if (path->n_hops == 0)
        return department_first;
    return !is_hop(path->hops[0], "manager") && !is_hop(path->hops[0], "department");
}

static const char *resolve(const struct path *path, const struct path_context *context, bool department_first,
                           struct places *out);

static const char *start(const struct path *path, const struct path_context *context, bool department_first,
                         struct places *out)
{
    switch (path->start) {
    case PATH_OWNER:
        return start_person(context->owner, context, out);
    case PATH_REQUESTER:
        if (!context->requester || context->requester->start == PATH_REQUESTER)
            return "the rule has no requester";
        return resolve(context->requester, context, false, out);
    case PATH_DEPARTMENT:
        return start_department(context, out);
    case PATH_FIELD:
        return start_field(path, context, wants_department(path, department_first), out);
    case PATH_PERSON:
        return start_person(path->name, context, out);
    case PATH_ROLE:
        return start_role(path, context, out);
    case PATH_GROUP:
        return "a group is a channel, not a person";
    case PATH_TOLD:
        return "who was told is known to the deadline alone";
    }
    return "an unknown kind of path";
}

static const struct department *department_at(const struct path_context *context, struct place place)
{
    if (place.department)
        return place.department;
    return place.person ? directory_department(context->directory, place.person->department) : NULL;
}

/* Who holds an office of a department; while it is vacant, who holds it in the department above. */
static const struct person *holder(const struct path_context *context, const struct department *department,
                                   const char *office)
{
    for (int level = 0; department && level < PARENTS_MAX; level++) {
        const char *id;
        if (is_hop(office, "head"))
            id = department->head;
        else if (is_hop(office, "hrbp"))
            id = department->hrbp;
        else
            id = fields_get(&department->posts, office);
        const struct person *person = directory_person(context->directory, id);
        if (person && !person_has_left(person, context->day))
            return person;
        department = directory_department(context->directory, department->parent);
    }
    return NULL;
}

/* The manager who has not left. */
static const struct person *manager(const struct path_context *context, const struct person *person)
{
    for (int level = 0; person && level < PARENTS_MAX; level++) {
        person = directory_person(context->directory, person->manager);
        if (person && !person_has_left(person, context->day))
            return person;
    }
    return NULL;
}

static struct place hop_from(const char *hop, const struct path_context *context, struct place from)
{
    struct place to = {.person = NULL};
    if (is_hop(hop, "manager")) {
        to.person = manager(context, from.person);
        return to;
    }
    const struct department *department = department_at(context, from);
    if (is_hop(hop, "department"))
        to.department = department;
    else if (is_hop(hop, "parent"))
        to.department = department ? directory_department(context->directory, department->parent) : NULL;
    else
        to.person = holder(context, department, hop);
    return to;
}

static const char *missing(const char *hop)
{
    if (is_hop(hop, "manager"))
        return "the person has no manager";
    if (is_hop(hop, "department"))
        return "the person has no department";
    if (is_hop(hop, "parent"))
        return "there is no department above";
    return "nobody holds the office, up to the top";
}

static const char *resolve(const struct path *path, const struct path_context *context, bool department_first,
                           struct places *out)
{
    struct places at = {.n = 0};
    const char *why = start(path, context, department_first, &at);
    for (size_t i = 0; !why && i < path->n_hops; i++) {
        struct places next = {.n = 0};
        for (size_t k = 0; k < at.n; k++)
            add_place(&next, hop_from(path->hops[i], context, at.items[k]));
        at = next;
        if (at.n == 0)
            why = missing(path->hops[i]);
    }
    if (!why)
        *out = at;
    return why;
}

size_t path_people(const struct path *path, const struct path_context *context,
                   const char *out[static PATH_RESULT_MAX], const char **why)
{
    struct places places = {.n = 0};
    const char *reason = resolve(path, context, false, &places);
    size_t n = 0;
    for (size_t i = 0; !reason && i < places.n; i++)
        if (places.items[i].person)
            out[n++] = places.items[i].person->id;
    if (n == 0 && why)
        *why = reason ? reason : "the path names a department, not a person";
    return n;
}

const char *path_department(const struct path *path, const struct path_context *context)
{
    struct places places = {.n = 0};
    if (resolve(path, context, true, &places) || places.n == 0)
        return NULL;
    const struct department *department = department_at(context, places.items[0]);
    return department ? department->id : NULL;
}
