#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/ruleset.h"

static const char *const opened[] = {"case.opened"};
static const char *const answered[] = {"case.answered", "case.answered"};
static const char *const decided[] = {"case.decided"};

static const struct selector meets[] = {{.on = {answered, 2}}, {.on = {decided, 1}}};
static const struct selector cancels[] = {{.on = {decided, 1}}};
static const struct selector pauses[] = {{.on = {answered, 1}}};

static void build(struct rule rules[3])
{
    memset(rules, 0, 3 * sizeof *rules);
    rules[0] =
        (struct rule){.name = "second", .open_on = {opened, 1}, .meets = {meets, 2}, .cancels = {cancels, 1}};
    rules[1] =
        (struct rule){.name = "first", .open_on = {decided, 1}, .pauses = {pauses, 1}, .changes = {meets, 1}};
    rules[2] = (struct rule){.name = "third", .open_on = {decided, 1}, .resumes = {cancels, 1}};
    for (int i = 0; i < 3; i++)
        rule_fingerprint(rules[i].name, rules[i].fingerprint);
}

static struct ruleset *create(const struct rule *rules, size_t n)
{
    struct rule_policy policy = {.step_minute = 600};
    struct ruleset *ruleset = NULL;
    assert_int_equal(ruleset_create(arena_create(), rules, n, &policy, &ruleset), 0);
    return ruleset;
}

static void test_finds_rules(void **state)
{
    (void)state;
    struct rule rules[3];
    build(rules);
    struct ruleset *ruleset = create(rules, 3);
    const struct rule *all;
    assert_int_equal(ruleset_rules(ruleset, &all), 3);
    assert_ptr_equal(ruleset_find(ruleset, "first"), &all[1]);
    assert_null(ruleset_find(ruleset, "fourth"));
    assert_ptr_equal(ruleset_find_version(ruleset, rules[2].fingerprint), &all[2]);
    assert_null(ruleset_find_version(ruleset, "0000000000000000"));
    assert_int_equal(ruleset_policy(ruleset)->step_minute, 600);
    ruleset_destroy(ruleset);
}

static void test_names_every_use_of_a_type(void **state)
{
    (void)state;
    static const struct {
        const char *type, *uses; /* rule/use, joined by blanks */
    } cases[] = {
        {"case.opened", "second/0"},
        {"case.answered", "second/1 first/5 first/3"},
        {"case.decided", "second/1 second/2 first/0 third/4 third/0"},
        {"case.unheard", ""},
    };
    struct rule rules[3];
    build(rules);
    struct ruleset *ruleset = create(rules, 3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct rule_ref *refs;
        size_t n = ruleset_uses(ruleset, cases[i].type, &refs);
        char got[256] = "";
        for (size_t k = 0, at = 0; k < n; k++)
            at += (size_t)snprintf(got + at, sizeof got - at, "%s%s/%d", k ? " " : "", refs[k].rule->name,
                                   (int)refs[k].use);
        if (strcmp(got, cases[i].uses) != 0)
            fail_msg("%s: %s", cases[i].type, got);
        for (size_t k = 0; k < n; k++)
            assert_int_equal(refs[k].selector == NULL, refs[k].use == USE_OPEN);
    }
    ruleset_destroy(ruleset);
}

static void test_fingerprints(void **state)
{
    (void)state;
    char text[17];
    rule_fingerprint("", text);
    assert_string_equal(text, "cbf29ce484222325");
    rule_fingerprint("foobar", text);
    assert_string_equal(text, "85944171f73967e8");

    struct rule rules[3], turned[3], changed[3];
    build(rules);
    build(changed);
    rule_fingerprint("another text", changed[1].fingerprint);
    for (int i = 0; i < 3; i++)
        turned[i] = rules[2 - i];
    struct ruleset *a = create(rules, 3), *b = create(turned, 3), *c = create(changed, 3),
                   *d = create(rules, 2);
    assert_string_equal(ruleset_fingerprint(a), ruleset_fingerprint(b));
    assert_string_not_equal(ruleset_fingerprint(a), ruleset_fingerprint(c));
    assert_string_not_equal(ruleset_fingerprint(a), ruleset_fingerprint(d));
    ruleset_destroy(a);
    ruleset_destroy(b);
    ruleset_destroy(c);
    ruleset_destroy(d);
}

static void test_channels_are_copied(void **state)
{
    (void)state;
    struct ruleset *ruleset = create(NULL, 0);
    char name[] = "mail";
    struct channel_facts facts[2] = {
        {.name = name, .reach = REACH_PERSON, .address = "email", .fallback = "robot"},
        {.name = "robot", .reach = REACH_GROUP, .mentions = true}};
    assert_int_equal(ruleset_set_channels(ruleset, facts, 2), 0);
    name[0] = 'X';
    assert_string_equal(ruleset_channel(ruleset, "mail")->address, "email");
    assert_true(ruleset_channel(ruleset, "robot")->mentions);
    assert_null(ruleset_channel(ruleset, "Xail"));
    assert_null(ruleset_channel(ruleset, NULL));
    const struct channel_facts *all;
    assert_int_equal(ruleset_channels(ruleset, &all), 2);
    facts[0].name = "robot";
    assert_int_equal(ruleset_set_channels(ruleset, facts, 2), -EINVAL);
    ruleset_destroy(ruleset);
}

static bool is_not_second(const void *data, const struct rule *rule)
{
    return strcmp(rule->name, data) != 0;
}

static void test_selects_some(void **state)
{
    (void)state;
    struct rule rules[3];
    build(rules);
    struct ruleset *all = create(rules, 3), *some = NULL;
    struct channel_facts mail = {.name = "mail"};
    const struct rule_ref *refs;
    assert_int_equal(ruleset_set_channels(all, &mail, 1), 0);
    assert_int_equal(ruleset_select(all, is_not_second, "second", &some), 0);
    const struct rule *left;
    assert_int_equal(ruleset_rules(some, &left), 2);
    assert_string_equal(left[0].name, "first");
    assert_null(ruleset_find(some, "second"));
    assert_int_equal(ruleset_uses(some, "case.opened", &refs), 0);
    assert_int_equal(ruleset_uses(some, "case.answered", &refs), 2);
    assert_non_null(ruleset_channel(some, "mail"));
    assert_int_equal(ruleset_policy(some)->step_minute, 600);
    ruleset_destroy(some);
    ruleset_destroy(all);
}

static void test_phases_have_names(void **state)
{
    (void)state;
    assert_string_equal(phase_name(PHASE_ASKED), "asked");
    assert_string_equal(phase_name(PHASE_REMINDER), "reminder");
    assert_string_equal(phase_name(PHASE_OVERDUE), "overdue");
    assert_string_equal(phase_name(PHASE_ESCALATION), "escalation");
    assert_string_equal(phase_name(PHASE_CLOSED), "closed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_rules),  cmocka_unit_test(test_names_every_use_of_a_type),
        cmocka_unit_test(test_fingerprints), cmocka_unit_test(test_channels_are_copied),
        cmocka_unit_test(test_selects_some), cmocka_unit_test(test_phases_have_names),
    };
    return cmocka_run_group_tests_name("rule", tests, NULL, NULL);
}
