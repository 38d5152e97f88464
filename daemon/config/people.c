#include "config/people.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/calendars.h"
#include "core/civil.h"

enum { PARENTS_MAX = 32 }; /* departments one above the other */

static const char *const top_keys[] = {"people", "departments", "roles"};
static const char *const person_keys[] = {"id",    "name",     "department", "manager",  "delegate",
                                          "away",  "left",     "channel",    "language", "email",
                                          "wecom", "dingtalk", "feishu",     "phone",    "quiet"};
static const char *const department_keys[] = {"id",      "name",     "parent", "head", "hrbp",
                                              "channel", "calendar", "posts",  "kind", "level"};

/* A record with the setting it came from, for the checks that need all of them. */
struct origin {
    const char *id;
    const config_setting_t *group;
};

struct builder {
    struct load *load;
    struct reader reader; /* its arena is the directory's */
    struct directory *directory;
    struct origin *people, *departments, *roles;
    size_t n_people, n_departments, n_roles;
    struct names ids, department_ids; /* for "did you mean" */
};

static bool add_origin(struct builder *builder, struct origin **list, size_t *n, struct origin origin)
{
    if ((*n & (*n - 1)) == 0) { /* room for the next power of two */
        struct origin *grown = realloc(*list, (*n ? *n * 2 : 1) * sizeof *grown);
        if (!grown) {
            reader_no_memory(&builder->reader);
            return false;
        }
        *list = grown;
    }
    (*list)[(*n)++] = origin;
    return true;
}

static const config_setting_t *find_origin(const struct origin *list, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].id, id) == 0)
            return list[i].group;
    return NULL;
}

static bool in(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

/* Members that no key claims are addresses of channels, or attributes; a near miss of a key is taken for a
 * mistake. */
static void read_rest(struct builder *builder, const config_setting_t *group, const char *const *known,
                      size_t n_known, const char *const *listed, size_t n_listed, struct fields *out)
{
    struct reader *reader = &builder->reader;
    size_t length = (size_t)config_setting_length(group);
    struct field *items = arena_alloc_array(reader->arena, length + 1, sizeof *items);
    if (!items) {
        reader_no_memory(reader);
        return;
    }
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(member);
        bool is_key = in(name, known, n_known);
        if (is_key && !in(name, listed, n_listed))
            continue;
        if (!is_key && problem_nearest(name, known, n_known)) {
            reader_unknown(reader, member, "key", name, known, n_known);
            continue;
        }
        const char *copy = arena_strdup(reader->arena, name);
        if (!copy)
            reader_no_memory(reader);
        else if (reader_option(reader, member, &items[n].value))
            items[n++].name = copy;
    }
    *out = (struct fields){items, n};
}

static bool read_id(struct builder *builder, const config_setting_t *group, const char **out)
{
    const config_setting_t *id = reader_member(group, "id");
    if (!id) {
        reader_error(&builder->reader, group, "has no id");
        return false;
    }
    return reader_text(&builder->reader, id, out);
}

static void bad_date(struct reader *reader, const config_setting_t *at, const char *text, const char *hint)
{
    reader_error(reader, at, "\"%s\" is no date", text);
    reader_hint(reader, "%s", problem_text(reader->problems, hint));
}

/* "2026-10-08..2026-10-12" or one date. */
static void read_away(struct reader *reader, const config_setting_t *group, struct person *person)
{
    const config_setting_t *at = reader_member(group, "away");
    const char *text;
    if (!at || !reader_text(reader, at, &text))
        return;
    char first[11] = "";
    const char *last = text;
    const char *dots = strstr(text, "..");
    if (dots && dots - text == 10) {
        memcpy(first, text, 10);
        last = dots + 2;
    }
    int32_t from, to;
    if (!civil_parse(last, &to) || !civil_parse(dots ? first : last, &from) || from > to) {
        bad_date(reader, at, text, "write \"2026-10-08..2026-10-12\"");
        return;
    }
    person->away_from = from;
    person->away_to = to;
}

static void read_left(struct reader *reader, const config_setting_t *group, struct person *person)
{
    const config_setting_t *at = reader_member(group, "left");
    const char *text;
    if (at && reader_text(reader, at, &text) && !civil_parse(text, &person->left))
        bad_date(reader, at, text, "write \"2026-12-31\": gone from that day on");
}

static void check_channel(struct builder *builder, const config_setting_t *group, const char *channel)
{
    const struct load *load = builder->load;
    if (channel && !load->channels_incomplete && !names_have(&load->channels, channel))
        reader_unknown(&builder->reader, reader_member(group, "channel"), "channel", channel,
                       load->channels.items, load->channels.n);
}

static void add_person(struct builder *builder, const config_setting_t *group)
{
    struct reader *reader = &builder->reader;
    static const char *const addresses[] = {"email", "wecom", "dingtalk", "feishu", "phone"};
    struct person person = {.away_from = 1, .away_to = 0, .left = INT32_MAX};
    if (!reader_is_group(reader, group) || !read_id(builder, group, &person.id))
        return;
    reader_get_text(reader, group, "name", &person.name);
    reader_get_text(reader, group, "department", &person.department);
    reader_get_text(reader, group, "manager", &person.manager);
    reader_get_text(reader, group, "delegate", &person.delegate);
    reader_get_text(reader, group, "channel", &person.channel);
    reader_get_text(reader, group, "language", &person.language);
    read_away(reader, group, &person);
    read_left(reader, group, &person);
    reader_get_quiet(reader, group, &person.quiet);
    read_rest(builder, group, person_keys, sizeof person_keys / sizeof *person_keys, addresses,
              sizeof addresses / sizeof *addresses, &person.addresses);
    check_channel(builder, group, person.channel);
    int error = directory_add_person(builder->directory, &person);
    if (error == -EEXIST)
        load_duplicate(builder->load, group, find_origin(builder->people, builder->n_people, person.id));
    else if (error)
        reader_no_memory(reader);
    else if (add_origin(builder, &builder->people, &builder->n_people, (struct origin){person.id, group}))
        names_add(reader, &builder->ids, person.id);
}

static void read_posts(struct builder *builder, const config_setting_t *group, struct fields *out)
{
    struct reader *reader = &builder->reader;
    const config_setting_t *posts = reader_member(group, "posts");
    if (!posts || !reader_is_group(reader, posts))
        return;
    size_t length = (size_t)config_setting_length(posts), n = 0;
    struct field *items = arena_alloc_array(reader->arena, length + 1, sizeof *items);
    for (size_t i = 0; items && i < length; i++) {
        const config_setting_t *post = config_setting_get_elem(posts, (unsigned)i);
        items[n].name = arena_strdup(reader->arena, config_setting_name(post));
        if (!items[n].name)
            break;
        if (!reader_text(reader, post, &items[n].value))
            continue;
        if (!names_have(&builder->load->posts, items[n].name))
            names_add(&builder->load->reader, &builder->load->posts, items[n].name);
        n++;
    }
    if (!items || (n < length && !items[n].name))
        reader_no_memory(reader);
    else
        *out = (struct fields){items, n};
}

static const struct calendar *read_calendar(struct builder *builder, const config_setting_t *group)
{
    struct load *load = builder->load;
    const config_setting_t *at = reader_member(group, "calendar");
    const char *name;
    if (!at || !reader_text(&builder->reader, at, &name))
        return NULL;
    const struct calendar *calendar = config_calendar(load->config, name);
    if (!calendar)
        calendars_report(load, &builder->reader, at, name);
    return calendar;
}

static void add_department(struct builder *builder, const config_setting_t *group)
{
    struct reader *reader = &builder->reader;
    static const char *const attributes[] = {"kind", "level"};
    struct department department = {.id = NULL};
    if (!reader_is_group(reader, group) || !read_id(builder, group, &department.id))
        return;
    reader_get_text(reader, group, "name", &department.name);
    reader_get_text(reader, group, "parent", &department.parent);
    reader_get_text(reader, group, "head", &department.head);
    reader_get_text(reader, group, "hrbp", &department.hrbp);
    reader_get_text(reader, group, "channel", &department.channel);
    department.calendar = read_calendar(builder, group);
    read_posts(builder, group, &department.posts);
    read_rest(builder, group, department_keys, sizeof department_keys / sizeof *department_keys, attributes,
              sizeof attributes / sizeof *attributes, &department.attributes);
    check_channel(builder, group, department.channel);
    int error = directory_add_department(builder->directory, &department);
    if (error == -EEXIST)
        load_duplicate(builder->load, group,
                       find_origin(builder->departments, builder->n_departments, department.id));
    else if (error)
        reader_no_memory(reader);
    else if (add_origin(builder, &builder->departments, &builder->n_departments,
                        (struct origin){department.id, group}))
        names_add(reader, &builder->department_ids, department.id);
}

static void add_role(struct builder *builder, const config_setting_t *setting)
{
    struct texts holders;
    struct role role = {.name = arena_strdup(builder->reader.arena, config_setting_name(setting))};
    if (!role.name || builder->n_roles == ROLES_MAX) {
        reader_no_memory(&builder->reader);
        return;
    }
    if (!reader_texts(&builder->reader, setting, &holders))
        return;
    role.holders = holders.items;
    role.n = holders.n;
    int error = directory_add_role(builder->directory, &role);
    if (error == -EEXIST)
        load_duplicate(builder->load, setting, find_origin(builder->roles, builder->n_roles, role.name));
    else if (error)
        reader_no_memory(&builder->reader);
    else if (add_origin(builder, &builder->roles, &builder->n_roles, (struct origin){role.name, setting}))
        names_add(&builder->load->reader, &builder->load->roles, role.name);
}

static void each_element(struct builder *builder, const config_setting_t *root, const char *name,
                         void (*add)(struct builder *builder, const config_setting_t *element))
{
    const config_setting_t *list = reader_member(root, name);
    if (!list)
        return;
    bool is_group = strcmp(name, "roles") == 0;
    if (is_group ? !config_setting_is_group(list) : !config_setting_is_list(list)) {
        reader_error(&builder->reader, list, is_group ? "must be a group" : "must be a list of groups");
        reader_hint(&builder->reader,
                    is_group ? "write { name = [ \"id\" ]; }" : "write ( { ... }, { ... } )");
        return;
    }
    for (int i = 0; i < config_setting_length(list); i++)
        add(builder, config_setting_get_elem(list, (unsigned)i));
}

static void check_person(struct builder *builder, const config_setting_t *at, const char *id)
{
    if (!at || !id || builder->load->directory_incomplete || directory_person(builder->directory, id))
        return;
    reader_unknown(&builder->reader, at, "person", id, builder->ids.items, builder->ids.n);
}

static void check_department(struct builder *builder, const config_setting_t *at, const char *id)
{
    if (!at || !id || builder->load->directory_incomplete || directory_department(builder->directory, id))
        return;
    reader_unknown(&builder->reader, at, "department", id, builder->department_ids.items,
                   builder->department_ids.n);
}

static void check_circle(struct builder *builder, const struct origin *origin)
{
    const struct department *at = directory_department(builder->directory, origin->id);
    for (int level = 0; at && at->parent; level++) {
        at = directory_department(builder->directory, at->parent);
        if (level < PARENTS_MAX)
            continue;
        reader_error(&builder->reader, reader_member(origin->group, "parent"),
                     "the departments above go in a circle, or are more than %d", PARENTS_MAX);
        return;
    }
}

/* Whoever is named must be known; only now is everybody. */
static void check_references(struct builder *builder)
{
    for (size_t i = 0; i < builder->n_people; i++) {
        const config_setting_t *group = builder->people[i].group;
        const struct person *person = directory_person(builder->directory, builder->people[i].id);
        check_person(builder, reader_member(group, "manager"), person->manager);
        check_person(builder, reader_member(group, "delegate"), person->delegate);
        check_department(builder, reader_member(group, "department"), person->department);
    }
    for (size_t i = 0; i < builder->n_departments; i++) {
        const config_setting_t *group = builder->departments[i].group;
        const struct department *department =
            directory_department(builder->directory, builder->departments[i].id);
        check_person(builder, reader_member(group, "head"), department->head);
        check_person(builder, reader_member(group, "hrbp"), department->hrbp);
        check_department(builder, reader_member(group, "parent"), department->parent);
        for (size_t k = 0; k < department->posts.n; k++)
            check_person(builder,
                         reader_member(reader_member(group, "posts"), department->posts.items[k].name),
                         department->posts.items[k].value);
        check_circle(builder, &builder->departments[i]);
    }
    for (size_t i = 0; i < builder->n_roles; i++) {
        const struct role *role = directory_role(builder->directory, builder->roles[i].id);
        for (size_t k = 0; k < role->n; k++)
            check_person(builder, builder->roles[i].group, role->holders[k]);
    }
}

void people_load(struct load *load)
{
    struct builder builder = {.load = load, .reader = {.problems = load->reader.problems}};
    builder.reader.arena = arena_create();
    builder.directory = builder.reader.arena ? directory_create(builder.reader.arena) : NULL;
    if (!builder.directory) {
        reader_no_memory(&load->reader);
        return;
    }
    load->config->directory = builder.directory;
    struct documents documents;
    documents_read(&builder.reader, load->directory.path, load->directory.written, &documents);
    load->directory_incomplete = documents.incomplete;
    for (size_t i = 0; i < documents.n; i++) {
        const config_setting_t *root = document_root(documents.items[i]);
        reader_check_keys(&builder.reader, root, top_keys, sizeof top_keys / sizeof *top_keys);
        each_element(&builder, root, "people", add_person);
        each_element(&builder, root, "departments", add_department);
        each_element(&builder, root, "roles", add_role);
    }
    check_references(&builder);
    if (builder.reader.failed)
        reader_no_memory(&load->reader);
    free(builder.people);
    free(builder.departments);
    free(builder.roles);
    documents_finish(&documents);
}
