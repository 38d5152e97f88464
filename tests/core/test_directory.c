#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/directory.h"

#define STAYS .left = INT32_MAX
#define HERE  .away_from = 1, .away_to = 0

static struct directory *empty(void)
{
    struct arena *arena = arena_create();
    assert_non_null(arena);
    struct directory *directory = directory_create(arena);
    assert_non_null(directory);
    return directory;
}

static void add(struct directory *directory, struct person person)
{
    assert_int_equal(directory_add_person(directory, &person), 0);
}

static void test_finds_what_was_added(void **state)
{
    (void)state;
    struct directory *directory = empty();
    assert_null(directory_person(directory, "zhang.wei"));
    add(directory, (struct person){.id = "zhang.wei", .name = "张伟", HERE, STAYS});
    add(directory, (struct person){.id = "li.lei", HERE, STAYS});
    struct department rd = {.id = "rd"};
    assert_int_equal(directory_add_department(directory, &rd), 0);
    static const char *const holders[] = {"li.lei"};
    struct role role = {.name = "hr_director", .holders = holders, .n = 1};
    assert_int_equal(directory_add_role(directory, &role), 0);

    assert_string_equal(directory_person(directory, "zhang.wei")->name, "张伟");
    assert_string_equal(directory_person(directory, "li.lei")->name, "li.lei");
    assert_string_equal(directory_department(directory, "rd")->name, "rd");
    assert_int_equal(directory_role(directory, "hr_director")->n, 1);
    assert_null(directory_person(directory, NULL));
    assert_null(directory_department(directory, "hr"));
    const struct person *people;
    assert_int_equal(directory_people(directory, &people), 2);
    assert_string_equal(people[1].id, "li.lei");
    directory_destroy(directory);
}

static void test_refuses_an_id_twice(void **state)
{
    (void)state;
    struct directory *directory = empty();
    struct person person = {.id = "a", .name = "first"};
    struct department department = {.id = "a"};
    struct role role = {.name = "a"};
    assert_int_equal(directory_add_person(directory, &person), 0);
    person.name = "second";
    assert_int_equal(directory_add_person(directory, &person), -EEXIST);
    assert_string_equal(directory_person(directory, "a")->name, "first");
    assert_int_equal(directory_add_department(directory, &department), 0);
    assert_int_equal(directory_add_department(directory, &department), -EEXIST);
    assert_int_equal(directory_add_role(directory, &role), 0);
    assert_int_equal(directory_add_role(directory, &role), -EEXIST);
    directory_destroy(directory);
}

static void test_many_people(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    struct directory *directory = directory_create(arena);
    for (int i = 0; i < 20000; i++)
        add(directory, (struct person){.id = arena_printf(arena, "p%d", i), HERE, STAYS});
    for (int i = 0; i < 20000; i++) {
        char id[16];
        snprintf(id, sizeof id, "p%d", i);
        const struct person *person = directory_person(directory, id);
        assert_non_null(person);
        assert_string_equal(person->id, id);
    }
    directory_destroy(directory);
}

static void test_addresses(void **state)
{
    (void)state;
    static const struct field items[] = {{"email", "a@example.com"}, {"wecom", ""}};
    struct person person = {.id = "a", .addresses = {items, 2}};
    assert_string_equal(person_address(&person, "email"), "a@example.com");
    assert_null(person_address(&person, "wecom"));
    assert_null(person_address(&person, "dingtalk"));
}

static void test_who_answers(void **state)
{
    (void)state;
    struct directory *directory = empty();
    add(directory, (struct person){.id = "here", HERE, STAYS});
    add(directory, (struct person){.id = "away", .delegate = "here", .away_from = 10, .away_to = 20, STAYS});
    add(directory, (struct person){.id = "twice", .delegate = "away", .away_from = 15, .away_to = 30, STAYS});
    add(directory, (struct person){.id = "alone", .away_from = 10, .away_to = 20, STAYS});
    add(directory,
        (struct person){.id = "round1", .delegate = "round2", .away_from = 0, .away_to = 99, STAYS});
    add(directory,
        (struct person){.id = "round2", .delegate = "round1", .away_from = 0, .away_to = 99, STAYS});
    add(directory, (struct person){.id = "circle1",
                                   .manager = "under",
                                   .delegate = "circle2",
                                   .away_from = 0,
                                   .away_to = 99,
                                   STAYS});
    add(directory,
        (struct person){.id = "circle2", .delegate = "circle1", .away_from = 0, .away_to = 99, STAYS});
    add(directory, (struct person){.id = "under", .manager = "twice", .away_from = 0, .away_to = 99, STAYS});
    add(directory,
        (struct person){.id = "member", .department = "team", .away_from = 0, .away_to = 99, STAYS});
    assert_int_equal(directory_add_department(directory, &(struct department){.id = "team", .parent = "all"}),
                     0);
    assert_int_equal(directory_add_department(directory, &(struct department){.id = "all", .head = "here"}),
                     0);
    add(directory, (struct person){.id = "left", .manager = "here", HERE, .left = 15});
    add(directory, (struct person){.id = "left_under_away", .manager = "away", HERE, .left = 15});
    add(directory, (struct person){.id = "left_under_alone", .manager = "alone", HERE, .left = 15});
    add(directory, (struct person){.id = "left_orphan", .manager = "nobody", HERE, .left = 15});
    add(directory,
        (struct person){.id = "to_leaver", .delegate = "left", .away_from = 10, .away_to = 20, STAYS});
    static const struct {
        const char *person;
        int32_t day;
        const char *answers;
    } cases[] = {
        {"here", 15, "here"},
        {"away", 9, "away"},
        {"away", 10, "here"},
        {"away", 20, "here"},
        {"away", 21, "away"},
        {"twice", 15, "here"},
        {"twice", 25, "away"},
        {"alone", 15, "alone"},
        {"round1", 15, "round1"},
        {"circle1", 15, "here"}, /* the manager is away, too: whoever answers for hers */
        {"circle1", 25, "away"},
        {"circle2", 15, "circle2"},
        {"member", 15, "here"},
        {"left", 14, "left"},
        {"left", 15, "here"},
        {"left_under_away", 15, "here"},
        {"left_under_alone", 15, "alone"},
        {"left_orphan", 15, NULL},
        {"to_leaver", 15, "here"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct person *person = directory_person(directory, cases[i].person);
        const struct person *answers = directory_answers(directory, person, cases[i].day, NULL, NULL);
        const char *id = answers ? answers->id : "nobody";
        if (strcmp(id, cases[i].answers ? cases[i].answers : "nobody") != 0)
            fail_msg("%s on day %d: %s answers, not %s", cases[i].person, (int)cases[i].day, id,
                     cases[i].answers ? cases[i].answers : "nobody");
    }
    directory_destroy(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_what_was_added), cmocka_unit_test(test_refuses_an_id_twice),
        cmocka_unit_test(test_many_people),          cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_who_answers),
    };
    return cmocka_run_group_tests_name("directory", tests, NULL, NULL);
}
