/* Conditions that compare a department with what is no department's id: they never hold, and nothing else
 * says so. */
#include <string.h>

#include "config/lint.h"

struct comparing {
    const struct config *config;
    const struct rule *rule;
    struct problems *problems;
};

static bool is_department_field(const struct comparing *comparing, const char *name)
{
    const struct texts *on = &comparing->rule->open_on;
    for (size_t i = 0; i < on->n; i++) {
        const struct catalogue_event *event = catalogue_find(&comparing->config->catalogue, on->items[i]);
        for (size_t k = 0; event && k < event->n_fields; k++)
            if (event->fields[k].kind == FIELD_DEPARTMENT && strcmp(event->fields[k].name, name) == 0)
                return true;
    }
    return false;
}

/* The department that was meant: the one of that name, or the nearest id. */
static const char *meant(const struct config *config, const char *value)
{
    const struct department *departments;
    size_t n = directory_departments(config->directory, &departments);
    const char *ids[256];
    for (size_t i = 0; i < n; i++)
        if (strcmp(departments[i].name, value) == 0)
            return departments[i].id;
    n = n < 256 ? n : 256;
    for (size_t i = 0; i < n; i++)
        ids[i] = departments[i].id;
    return problem_nearest(value, ids, n);
}

static void check_condition(const struct comparing *comparing, const struct condition *condition,
                            const char *file, int line)
{
    for (size_t i = 0; i < condition->n_values; i++) {
        const char *value = condition->values[i];
        if (directory_department(comparing->config->directory, value))
            continue;
        problem_warning(comparing->problems, file, line, "%s: \"%s\": the directory knows no department `%s`",
                        comparing->rule->name, condition->text, value);
        const char *id = meant(comparing->config, value);
        if (id)
            problem_hint(comparing->problems, "did you mean `%s`?", id);
    }
}

static void check_conditions(const struct comparing *comparing, const struct conditions *where,
                             const char *file, int line)
{
    for (size_t i = 0; i < where->n; i++)
        if (is_department_field(comparing, where->items[i].field))
            check_condition(comparing, &where->items[i], file, line);
}

void lint_conditions(const struct config *config, struct problems *problems)
{
    const struct rule *rules;
    size_t n = ruleset_rules(config->rules, &rules);
    for (size_t i = 0; i < n; i++) {
        const struct rule *rule = &rules[i];
        const struct comparing comparing = {config, rule, problems};
        check_conditions(&comparing, &rule->open_where, rule->file, rule->line);
        for (size_t k = 0; k < rule->n_dues; k++)
            check_conditions(&comparing, &rule->dues[k].where, rule->file, rule->dues[k].line);
        for (size_t k = 0; k < rule_written(rule); k++)
            check_conditions(&comparing, &rule->steps[k].where, rule->steps[k].file, rule->steps[k].line);
    }
}
