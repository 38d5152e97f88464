/* Whom each department has nobody for: a post that is not filled is noticed here, not on the day when a step
 * falls due. */
#include "config/lint.h"

#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"

enum { SHOWN_DEPARTMENTS = 3 };

/* What one path comes to in each department: why nobody is found, NULL where somebody is. Many rules say the
 * same. */
struct answer {
    const char *path, *requester;
    const char **why;
};

/* What was reported: the same path in the same departments is said once. */
struct said {
    const char *path;
    char *departments;
};

struct search {
    const struct config *config;
    struct problems *problems;
    const struct department *departments;
    size_t n;
    int32_t day;
    struct answer *answers;
    size_t n_answers;
    bool *concerned; /* the departments that the rule opens for */
    struct field *fields;
    struct said *said;
    size_t n_said;
};

/* ---- answers ---- */

/* Where a path begins in the end: the requester is a path of its own. */
static const struct path *starting(const struct path *path, const struct rule *rule)
{
    return path->start == PATH_REQUESTER ? &rule->requester : path;
}

static bool depends_on_department(const struct path *path, const struct rule *rule)
{
    return starting(path, rule)->start == PATH_DEPARTMENT;
}

static size_t count_parents(const struct path *path)
{
    size_t n = 0;
    for (size_t i = 0; i < path->n_hops; i++)
        n += strcmp(path->hops[i], "parent") == 0;
    return n;
}

/* Above the top there is nobody, and that is meant: the step is skipped. */
static bool is_over_the_top(const struct search *search, const struct department *department,
                            const struct path *path, const struct rule *rule)
{
    size_t levels = count_parents(path);
    if (path->start == PATH_REQUESTER)
        levels += count_parents(&rule->requester);
    for (; levels > 0 && department; levels--)
        department = directory_department(search->config->directory, department->parent);
    return !department;
}

static const char *ask(const struct search *search, const struct department *department,
                       const struct path *path, const struct rule *rule)
{
    static const struct fields nothing = {NULL, 0};
    const struct path_context context = {
        .directory = search->config->directory,
        .fields = &nothing,
        .owner = "",
        .department = department->id,
        .requester = &rule->requester,
        .day = search->day,
    };
    const char *people[PATH_RESULT_MAX], *why = NULL;
    if (path_people(path, &context, people, &why) > 0 || is_over_the_top(search, department, path, rule))
        return NULL;
    return why;
}

static const struct answer *answer_of(struct search *search, const struct path *path, const struct rule *rule)
{
    const char *requester = path->start == PATH_REQUESTER ? rule->requester.text : "";
    for (size_t i = 0; i < search->n_answers; i++)
        if (strcmp(search->answers[i].path, path->text) == 0 &&
            strcmp(search->answers[i].requester, requester) == 0)
            return &search->answers[i];
    struct answer *answers = realloc(search->answers, (search->n_answers + 1) * sizeof *answers);
    if (!answers)
        return NULL;
    search->answers = answers;
    struct answer *answer = &answers[search->n_answers];
    *answer = (struct answer){path->text, requester, calloc(search->n + 1, sizeof *answer->why)};
    if (!answer->why)
        return NULL;
    for (size_t i = 0; i < search->n; i++)
        answer->why[i] = ask(search, &search->departments[i], path, rule);
    search->n_answers++;
    return answer;
}

/* ---- departments ---- */

/* What an event says of its department, if the rule asks for it at all. */
static bool may_open_for(const struct rule *rule, const char *department)
{
    struct field field = {"department", department};
    const struct fields fields = {&field, 1};
    for (size_t i = 0; i < rule->open_where.n; i++) {
        const struct condition *condition = &rule->open_where.items[i];
        if (strcmp(condition->field, "department") == 0 && !condition_holds(condition, &fields))
            return false;
    }
    return true;
}

static void find_concerned(struct search *search, const struct rule *rule)
{
    for (size_t i = 0; i < search->n; i++) {
        const struct department *department = &search->departments[i];
        struct fields fields = {search->fields, department_fields(department, search->fields)};
        search->concerned[i] =
            may_open_for(rule, department->id) &&
            (rule->for_each != FOR_EACH_DEPARTMENT || !conditions_failing(&rule->among, &fields));
    }
}

/* ---- reporting ---- */

static bool said_before(struct search *search, const char *path, const char *departments)
{
    struct said *said = search->said;
    for (size_t i = 0; i < search->n_said; i++)
        if (strcmp(said[i].path, path) == 0 && strcmp(said[i].departments, departments) == 0)
            return true;
    said = realloc(said, (search->n_said + 1) * sizeof *said);
    if (!said)
        return false;
    search->said = said;
    said[search->n_said] = (struct said){path, strdup(departments)};
    search->n_said += said[search->n_said].departments != NULL;
    return false;
}

/* "rd, sales, finance ..." of the departments that are concerned and have nobody; *why: of the first. */
static void list_vacancies(const struct search *search, const struct answer *answer, struct buffer *out,
                           const char **why)
{
    size_t n = 0;
    for (size_t i = 0; i < search->n; i++) {
        if (!search->concerned[i] || !answer->why[i])
            continue;
        if (n == 0)
            *why = answer->why[i];
        if (n < SHOWN_DEPARTMENTS)
            buffer_printf(out, "%s%s", n ? ", " : "", search->departments[i].id);
        n++;
    }
    if (n > SHOWN_DEPARTMENTS)
        buffer_printf(out, " +%zu", n - SHOWN_DEPARTMENTS);
}

static void report(struct search *search, const struct rule *rule, const struct step *step,
                   const struct path *path, const char *departments, const char *why)
{
    why = problem_text(search->problems, why);
    if (step)
        problem_warning(search->problems, step->file, step->line,
                        "%s.ladder `%s`: `%s` finds nobody in %s: %s", rule->name, step->name, path->text,
                        departments, why);
    else
        problem_warning(search->problems, rule->file, rule->line, "%s.owner: `%s` finds nobody in %s: %s",
                        rule->name, path->text, departments, why);
    problem_hint(
        search->problems,
        "fill the post in the directory, there or in a department above; until then `catch_all` hears it");
}

/* Where the department does not matter: a role whose holders have all left. */
static void check_role(struct search *search, const struct rule *rule, const struct path *path)
{
    static const struct department nowhere = {.id = ""};
    const char *why = ask(search, &nowhere, path, rule);
    if (!why || said_before(search, path->text, ""))
        return;
    problem_warning(search->problems, rule->file, rule->line, "%s: `%s` finds nobody: %s", rule->name,
                    path->text, problem_text(search->problems, why));
    problem_hint(search->problems,
                 "name somebody else in `roles` of the directory; until then `catch_all` hears it");
}

/* `step` is NULL for the owner. */
static void check_path(struct search *search, const struct rule *rule, const struct step *step,
                       const struct path *path)
{
    struct buffer departments;
    const char *why = NULL;
    if (starting(path, rule)->start == PATH_ROLE)
        check_role(search, rule, path);
    const struct answer *answer = depends_on_department(path, rule) ? answer_of(search, path, rule) : NULL;
    if (!answer)
        return;
    buffer_init(&departments);
    list_vacancies(search, answer, &departments, &why);
    if (why && !said_before(search, path->text, buffer_text(&departments)))
        report(search, rule, step, path, buffer_text(&departments), why);
    buffer_finish(&departments);
}

static void check_rule(struct search *search, const struct rule *rule)
{
    find_concerned(search, rule);
    for (size_t i = 0; i < rule->n_owners; i++)
        check_path(search, rule, NULL, &rule->owners[i]);
    for (size_t k = 0; k < rule_written(rule); k++)
        for (size_t i = 0; i < rule->steps[k].n_to; i++)
            check_path(search, rule, &rule->steps[k], &rule->steps[k].to[i]);
}

static size_t most_fields(const struct search *search)
{
    size_t most = 0;
    for (size_t i = 0; i < search->n; i++)
        if (search->departments[i].attributes.n > most)
            most = search->departments[i].attributes.n;
    return most + DEPARTMENT_FIELDS_MAX;
}

static void finish(struct search *search)
{
    for (size_t i = 0; i < search->n_answers; i++)
        free(search->answers[i].why);
    for (size_t i = 0; i < search->n_said; i++)
        free(search->said[i].departments);
    free(search->answers);
    free(search->said);
    free(search->concerned);
    free(search->fields);
}

void lint_recipients(const struct config *config, instant now, struct problems *problems)
{
    const struct rule *rules;
    struct search search = {.config = config, .problems = problems};
    size_t n = ruleset_rules(config->rules, &rules);
    const struct calendar *calendar = ruleset_policy(config->rules)->calendar;
    search.n = directory_departments(config->directory, &search.departments);
    search.day = calendar ? calendar_day(calendar, now) : (int32_t)(now / DAY_MS);
    search.concerned = calloc(search.n + 1, sizeof *search.concerned);
    search.fields = calloc(most_fields(&search), sizeof *search.fields);
    for (size_t i = 0; i < n && search.concerned && search.fields; i++)
        if (!rules[i].retired)
            check_rule(&search, &rules[i]);
    finish(&search);
}
