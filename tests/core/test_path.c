#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/path.h"

#define STAYS .away_from = 1, .away_to = 0, .left = INT32_MAX

static const struct person people[] = {
    {.id = "ceo", .department = "company", STAYS},
    {.id = "cto", .department = "tech", .manager = "ceo", STAYS},
    {.id = "li.lei", .department = "rd", .manager = "gone", STAYS},
    {.id = "zhang.wei", .department = "rd", .manager = "li.lei", STAYS},
    {.id = "chen.jing", .department = "hr", .manager = "wang.qiang", STAYS},
    {.id = "wang.qiang", .department = "hr", .manager = "ceo", STAYS},
    {.id = "gone", .department = "tech", .manager = "cto", .away_from = 1, .away_to = 0, .left = 100},
    {.id = "drifter", STAYS},
};

static const struct field rd_posts[] = {{"liaison", "zhang.wei"}};
static const struct department departments[] = {
    {.id = "company", .head = "ceo", .hrbp = "wang.qiang"},
    {.id = "tech", .parent = "company", .head = "cto"},
    {.id = "rd", .parent = "tech", .head = "li.lei", .hrbp = "chen.jing", .posts = {rd_posts, 1}},
    {.id = "qa", .parent = "tech"},
    {.id = "ops", .parent = "tech", .head = "gone"},
    {.id = "hr", .parent = "company", .head = "wang.qiang"},
    {.id = "loop1", .parent = "loop2"},
    {.id = "loop2", .parent = "loop1"},
};

static const char *const directors[] = {"gone", "wang.qiang", "unknown", "cto", "wang.qiang"};
static const struct role roles[] = {
    {.name = "hr_director", .holders = directors, .n = 5},
    {.name = "vacant", .holders = directors, .n = 1},
};

static int setup(void **state)
{
    struct directory *directory = directory_create(arena_create());
    for (size_t i = 0; i < sizeof people / sizeof *people; i++)
        assert_int_equal(directory_add_person(directory, &people[i]), 0);
    for (size_t i = 0; i < sizeof departments / sizeof *departments; i++)
        assert_int_equal(directory_add_department(directory, &departments[i]), 0);
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        assert_int_equal(directory_add_role(directory, &roles[i]), 0);
    *state = directory;
    return 0;
}

static int teardown(void **state)
{
    directory_destroy(*state);
    return 0;
}

static void test_parses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum path_start start;
        const char *name;
        const char *hops; /* joined by blanks */
    } cases[] = {
        {"owner", PATH_OWNER, NULL, ""},
        {"requester", PATH_REQUESTER, NULL, ""},
        {"hr", PATH_REQUESTER, NULL, ""},
        {"told", PATH_TOLD, NULL, ""},
        {"head", PATH_DEPARTMENT, NULL, "head"},
        {"up", PATH_DEPARTMENT, NULL, "parent head"},
        {"head of department", PATH_DEPARTMENT, NULL, "head"},
        {"head of parent of department", PATH_DEPARTMENT, NULL, "parent head"},
        {"  manager  of   owner ", PATH_OWNER, NULL, "manager"},
        {"manager of up", PATH_DEPARTMENT, NULL, "parent head manager"},
        {"head of department of owner", PATH_OWNER, NULL, "department head"},
        {"liaison of to_department", PATH_FIELD, "to_department", "liaison"},
        {"hiring_manager", PATH_FIELD, "hiring_manager", ""},
        {"person:li.lei", PATH_PERSON, "li.lei", ""},
        {"role:hr_director", PATH_ROLE, "hr_director", ""},
        {"manager of role:hr_director", PATH_ROLE, "hr_director", "manager"},
        {"group:rd", PATH_GROUP, "rd", ""},
        {"manager of head of department", PATH_DEPARTMENT, NULL, "head manager"},
    };
    struct arena *arena = arena_create();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct path path;
        const char *why = NULL;
        if (path_parse(arena, cases[i].text, &path, &why) != 0)
            fail_msg("%s: %s", cases[i].text, why);
        char hops[256] = "";
        for (size_t h = 0; h < path.n_hops; h++) {
            size_t n = strlen(hops);
            snprintf(hops + n, sizeof hops - n, "%s%s", h ? " " : "", path.hops[h]);
        }
        const char *name = path.name ? path.name : "(none)", *want = cases[i].name ? cases[i].name : "(none)";
        if (path.start != cases[i].start || strcmp(hops, cases[i].hops) != 0 || strcmp(name, want) != 0)
            fail_msg("%s: start %d, name %s, hops %s", cases[i].text, (int)path.start, name, hops);
        assert_string_equal(path.text, cases[i].text);
    }
    arena_destroy(arena);
}

static void test_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "the path is empty"},
        {"  ", "the path is empty"},
        {"head of", "nothing follows `of`"},
        {"of owner", "`of` stands between two words"},
        {"head of of owner", "`of` stands between two words"},
        {"head department", "words are joined by `of`: \"head of department\""},
        {"owner, head", "words are joined by `of`: \"head of department\""},
        {"head of 部门", "not a word that a path knows, nor the name of a field"},
        {"role:", "a name must follow the colon"},
        {"head of group:rd", "a group is a channel; nobody stands above it"},
        {"manager of told", "`told` stands alone"},
        {"manager of department", "a department has no manager: write \"head of ...\""},
        {"manager of parent of department", "a department has no manager: write \"head of ...\""},
        {"a of a of a of a of a of a of a of a of a of a", "the path has too many steps"},
        {"a of a of a of a of a of a of a of a of a of a of a", "the path has too many steps"},
        {"2nd of owner", "left of `of` stands head, parent, hrbp, manager, department or a post"},
    };
    struct arena *arena = arena_create();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct path path;
        const char *why = "accepted";
        int error = path_parse(arena, cases[i].text, &path, &why);
        if (error != -EINVAL || strcmp(why, cases[i].why) != 0)
            fail_msg("\"%s\": %d, %s", cases[i].text, error, why);
    }
    arena_destroy(arena);
}

static void test_knows_a_department(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_department;
    } cases[] = {
        {"department", true}, {"parent of department", true}, {"department of owner", true}, {"head", false},
        {"owner", false},     {"to_department", false},       {"manager of owner", false},
    };
    struct arena *arena = arena_create();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct path path;
        const char *why;
        assert_int_equal(path_parse(arena, cases[i].text, &path, &why), 0);
        if (path_is_department(&path) != cases[i].is_department)
            fail_msg("%s", cases[i].text);
    }
    arena_destroy(arena);
}

static const struct field event_fields[] = {
    {"hiring_manager", "li.lei"},
    {"to_department", "ops"},
    {"nobody", "who"},
    {"empty", ""},
    {"raters", "[\"zhang.wei\",\"who\",\"li.lei\",\"zhang.wei\"]"},
    {"broken", "[\"zhang.wei\""},
    {"department", "qa"},
};

struct world {
    struct path requester;
    struct fields fields;
    struct path_context context;
};

static void build_world(struct world *world, struct arena *arena, const struct directory *directory,
                        const char *owner, const char *department)
{
    const char *why;
    assert_int_equal(path_parse(arena, "hrbp of department", &world->requester, &why), 0);
    world->fields = (struct fields){event_fields, sizeof event_fields / sizeof *event_fields};
    world->context = (struct path_context){
        .directory = directory,
        .fields = &world->fields,
        .owner = owner,
        .department = department,
        .requester = &world->requester,
        .day = 200,
    };
}

static void test_resolves_people(void **state)
{
    static const struct {
        const char *owner, *department, *path, *people; /* joined by blanks, or the reason after '!' */
    } cases[] = {
        {"zhang.wei", "rd", "owner", "zhang.wei"},
        {"zhang.wei", "rd", "head", "li.lei"},
        {"zhang.wei", "rd", "up", "cto"},
        {"zhang.wei", "rd", "requester", "chen.jing"},
        {"zhang.wei", "rd", "hr", "chen.jing"},
        {"zhang.wei", "rd", "manager of requester", "wang.qiang"},
        {"zhang.wei", "rd", "manager of owner", "li.lei"},
        {"li.lei", "rd", "manager of owner", "cto"},
        {"zhang.wei", "rd", "liaison of department", "zhang.wei"},
        {"zhang.wei", "rd", "hiring_manager", "li.lei"},
        {"zhang.wei", "rd", "head of hiring_manager", "li.lei"},
        {"zhang.wei", "rd", "head of department of hiring_manager", "li.lei"},
        {"zhang.wei", "rd", "raters", "zhang.wei li.lei"},
        {"zhang.wei", "rd", "manager of raters", "li.lei cto"},
        {"zhang.wei", "rd", "broken", "zhang.wei"},
        {"zhang.wei", "rd", "role:hr_director", "wang.qiang cto"},
        {"zhang.wei", "rd", "manager of role:hr_director", "ceo"},
        {"zhang.wei", "rd", "person:gone", "gone"},
        {"zhang.wei", "qa", "head", "cto"},
        {"zhang.wei", "ops", "head", "cto"},
        {"zhang.wei", "rd", "head of to_department", "cto"},
        {"zhang.wei", "qa", "hrbp of department", "wang.qiang"},
        {"zhang.wei", "qa", "liaison of department", "!nobody holds the office, up to the top"},
        {"zhang.wei", "", "head", "cto"},
        {"ceo", "company", "up", "!there is no department above"},
        {"ceo", "company", "manager of owner", "!the person has no manager"},
        {"drifter", "rd", "head of department of owner", "!the person has no department"},
        {"", "rd", "owner", "!the deadline has no owner"},
        {"who", "rd", "owner", "!the directory does not know the person"},
        {"zhang.wei", "loop1", "head", "!nobody holds the office, up to the top"},
        {"zhang.wei", "nowhere", "head", "!the directory does not know the department"},
        {"zhang.wei", "rd", "missing", "!the event has no such field"},
        {"zhang.wei", "rd", "empty", "!the event has no such field"},
        {"zhang.wei", "rd", "nobody", "!the directory does not know whom the field names"},
        {"zhang.wei", "rd", "role:unheard", "!the directory has no such role"},
        {"zhang.wei", "rd", "role:vacant", "!nobody holds the role"},
        {"zhang.wei", "rd", "group:rd", "!a group is a channel, not a person"},
        {"zhang.wei", "rd", "told", "!who was told is known to the deadline alone"},
        {"zhang.wei", "rd", "to_department", "!the path names a department, not a person"},
    };
    struct arena *arena = arena_create();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        build_world(&world, arena, *state, cases[i].owner, cases[i].department);
        struct path path;
        const char *why = "no reason";
        assert_int_equal(path_parse(arena, cases[i].path, &path, &why), 0);
        const char *out[PATH_RESULT_MAX];
        char got[512];
        size_t n = path_people(&path, &world.context, out, &why);
        if (n == 0)
            snprintf(got, sizeof got, "!%s", why);
        for (size_t k = 0, at = 0; k < n; k++)
            at += (size_t)snprintf(got + at, sizeof got - at, "%s%s", k ? " " : "", out[k]);
        if (strcmp(got, cases[i].people) != 0)
            fail_msg("%s, owner %s, department %s: %s", cases[i].path, cases[i].owner, cases[i].department,
                     got);
    }
    arena_destroy(arena);
}

static void test_resolves_departments(void **state)
{
    static const struct {
        const char *department, *path, *out;
    } cases[] = {
        {"rd", "department", "rd"},
        {"", "department", "qa"},
        {"rd", "parent of department", "tech"},
        {"rd", "department of owner", "rd"},
        {"rd", "owner", "rd"},
        {"rd", "to_department", "ops"},
        {"rd", "hiring_manager", "rd"},
        {"rd", "department of requester", "hr"},
        {"rd", "department of manager of hiring_manager", "tech"},
        {"company", "parent of department", NULL},
        {"rd", "missing", NULL},
        {"rd", "role:vacant", NULL},
    };
    struct arena *arena = arena_create();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        build_world(&world, arena, *state, "zhang.wei", cases[i].department);
        struct path path;
        const char *why;
        assert_int_equal(path_parse(arena, cases[i].path, &path, &why), 0);
        const char *got = path_department(&path, &world.context);
        const char *shown = got ? got : "(none)", *want = cases[i].out ? cases[i].out : "(none)";
        if (strcmp(shown, want) != 0)
            fail_msg("%s in %s: %s", cases[i].path, cases[i].department, shown);
    }
    arena_destroy(arena);
}

static void test_a_requester_of_itself_is_nobody(void **state)
{
    struct arena *arena = arena_create();
    struct world world;
    build_world(&world, arena, *state, "zhang.wei", "rd");
    const char *why, *out[PATH_RESULT_MAX];
    assert_int_equal(path_parse(arena, "manager of requester", &world.requester, &why), 0);
    struct path path;
    assert_int_equal(path_parse(arena, "hr", &path, &why), 0);
    assert_int_equal(path_people(&path, &world.context, out, &why), 0);
    assert_string_equal(why, "the rule has no requester");
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parses),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_knows_a_department),
        cmocka_unit_test_setup_teardown(test_resolves_people, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resolves_departments, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_requester_of_itself_is_nobody, setup, teardown),
    };
    return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
