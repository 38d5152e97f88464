/* `open.after`: what a rule and the one that it follows must have in common. */
#include "config/rule_read.h"

#include <stdio.h>
#include <string.h>

const struct rule *rule_before(const struct rule_reading *reading, const struct rule *rule)
{
    for (size_t i = 0; rule->after && i < reading->n_rules; i++)
        if (strcmp(reading->rules[i].name, rule->after) == 0)
            return &reading->rules[i];
    return NULL;
}

static const config_setting_t *place(const config_setting_t *group, const char *name)
{
    const config_setting_t *member = reader_member(group, name);
    return member ? member : group;
}

static bool is_written(const struct rule_reading *reading, const char *name)
{
    for (size_t i = 0; i < reading->n_written; i++)
        if (strcmp(config_setting_name(reading->written[i]), name) == 0)
            return true;
    return false;
}

/* One that is written and could not be read has been reported. */
static void report_unknown(struct rule_reading *reading, const config_setting_t *after,
                           const struct rule *rule)
{
    struct names known = {.n = 0};
    if (reading->incomplete || is_written(reading, rule->after))
        return;
    for (size_t i = 0; i < reading->n_written; i++)
        names_add(&reading->reader, &known, config_setting_name(reading->written[i]));
    reader_unknown(&reading->reader, after, "rule", rule->after, known.items, known.n);
}

/* Of a circle, one member is enough to report: the first in the files. */
static bool check_circle(struct rule_reading *reading, const config_setting_t *after, const struct rule *rule)
{
    const struct rule *before = rule, *first = rule;
    for (int i = 0; i < RULE_AFTER_MAX; i++) {
        before = rule_before(reading, before);
        if (!before)
            return true;
        if (before == rule) {
            if (rule == rule_before(reading, rule))
                reader_error(&reading->reader, after, "opens after itself");
            else if (first == rule)
                reader_error(&reading->reader, after, "`%s` opens after `%s`, which opens after it",
                             rule->name, rule->after);
            return false;
        }
        first = before < first ? before : first;
    }
    reader_error(&reading->reader, after, "more than %d rules stand in a row, each after the one before",
                 RULE_AFTER_MAX);
    return false;
}

static bool key_has(const struct rule *rule, const char *name)
{
    for (size_t i = 0; i < rule->key.n; i++)
        if (strcmp(rule->key.fields[i].name, name) == 0)
            return true;
    return false;
}

static void hint_key(struct rule_reading *reading, const struct rule *before)
{
    char names[256] = "";
    for (size_t i = 0; i < before->key.n; i++) {
        size_t n = strlen(names);
        snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", before->key.fields[i].name);
    }
    if (rule_recurs(before)) {
        size_t n = strlen(names);
        snprintf(names + n, sizeof names - n, "%speriod", n ? ", " : "");
    }
    reader_hint(&reading->reader, "the key of `%s` has: %s; take all or some of them", before->name, names);
}

/* The deadlines that must have closed are those with the values of this key. */
static void check_key(struct rule_reading *reading, const config_setting_t *group, const struct rule *rule,
                      const struct rule *before)
{
    size_t shared = 0;
    for (size_t i = 0; i < rule->key.n; i++) {
        const char *name = rule->key.fields[i].name;
        if (rule_gives_field(rule, name))
            continue;
        shared++;
        if (key_has(before, name) || (rule_recurs(before) && strcmp(name, "period") == 0))
            continue;
        reader_error(&reading->reader, place(group, "key"),
                     "the deadlines of `%s`, which this rule follows, are not told apart by `%s`",
                     before->name, name);
        hint_key(reading, before);
        return;
    }
    if (shared == 0) {
        reader_error(&reading->reader, place(group, "key"), "has no field of `%s`, which this rule follows",
                     before->name);
        hint_key(reading, before);
    }
}

void rule_check_after(struct rule_reading *reading, const config_setting_t *group, const struct rule *rule)
{
    const config_setting_t *after = place(place(group, "open"), "after");
    const struct rule *before = rule_before(reading, rule);
    if (!before) {
        report_unknown(reading, after, rule);
        return;
    }
    if (!check_circle(reading, after, rule))
        return;
    check_key(reading, group, rule, before);
    rule_check_fields(reading, group, rule);
}
