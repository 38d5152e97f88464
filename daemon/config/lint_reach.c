/* Who hears of a slip: rules that tell the owner alone, and steps after due whose people fall away in some
 * department of the directory. */
#include "config/lint.h"

#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/reach.h"

enum { SHOWN_DEPARTMENTS = 3 };

/* Steps of which the same was found: the first is reported, the others are counted. */
struct finding {
    const struct rule *rule;
    const struct step *step;
    char *departments, *key;
    const char *why, *fell_to;
    size_t others;
};

struct search {
    const struct config *config;
    const struct department *departments;
    size_t n;
    instant now;
    struct finding *findings;
    size_t n_findings;
};

/* -- the owner alone -- */

static bool is_after_due(const struct step *step)
{
    return step->anchor == ANCHOR_DUE && !step->before_due;
}

static bool tells_others(const struct step *step)
{
    for (size_t i = 0; i < step->n_to; i++)
        if (step->to[i].start != PATH_TOLD && (step->to[i].start != PATH_OWNER || step->to[i].n_hops > 0))
            return true;
    return false;
}

static void check_alone(const struct rule *rule, struct problems *problems)
{
    for (size_t i = 0; i < rule->n_steps; i++)
        if (is_after_due(&rule->steps[i]) && tells_others(&rule->steps[i]))
            return;
    if (rule->alone || rule->n_steps == 0)
        return;
    problem_warning(problems, rule->file, rule->line,
                    "%s.ladder: nobody besides the owner hears that it has slipped", rule->name);
    problem_hint(problems,
                 "add a step such as { at = \"due+1wd\"; to = [ \"head\" ]; }, or say `alone = true`");
}

/* -- one deadline of a rule, as an event would open it -- */

static const char *any_member(const struct search *search, const struct department *department)
{
    const struct person *people;
    size_t n = directory_people(search->config->directory, &people);
    for (size_t i = 0; i < n; i++)
        if (people[i].department && strcmp(people[i].department, department->id) == 0 &&
            people[i].left == INT32_MAX && (!department->head || strcmp(people[i].id, department->head) != 0))
            return people[i].id;
    return NULL;
}

/* Who would owe it: of the rule's paths, or where an event names the owner anybody of the department. */
static size_t owners_of(const struct search *search, const struct rule *rule,
                        const struct department *department, const char *out[static PATH_RESULT_MAX])
{
    static const struct fields nothing = {NULL, 0};
    const struct path_context context = {.directory = search->config->directory,
                                         .fields = &nothing,
                                         .owner = "",
                                         .department = department->id,
                                         .requester = &rule->requester};
    const char *why;
    bool named = rule->n_owners > 0 && rule->owners[0].start != PATH_FIELD;
    if (named)
        return path_people(&rule->owners[0], &context, out, &why) > 0 ? 1 : 0;
    out[0] = any_member(search, department);
    return out[0] != NULL;
}

/* What only an event can say cannot be looked at here. */
static bool depends_on_event(const struct rule *rule, const struct step *step)
{
    for (size_t i = 0; i < step->n_to; i++)
        if (step->to[i].start == PATH_FIELD ||
            (step->to[i].start == PATH_REQUESTER && rule->requester.start == PATH_FIELD))
            return true;
    return step->where.n > 0;
}

/* -- what is found -- */

static struct finding *find_same(struct search *search, const char *key)
{
    for (size_t i = 0; i < search->n_findings; i++)
        if (strcmp(search->findings[i].key, key) == 0)
            return &search->findings[i];
    return NULL;
}

static void add_finding(struct search *search, const struct finding *finding, const char *departments,
                        const char *key)
{
    struct finding *same = find_same(search, key);
    if (same) {
        same->others += same->rule != finding->rule;
        return;
    }
    struct finding *findings = realloc(search->findings, (search->n_findings + 1) * sizeof *findings);
    if (!findings)
        return;
    search->findings = findings;
    findings[search->n_findings] = *finding;
    findings[search->n_findings].departments = strdup(departments);
    findings[search->n_findings].key = strdup(key);
    if (findings[search->n_findings].departments && findings[search->n_findings].key)
        search->n_findings++;
}

static void ask(const struct search *search, const struct rule *rule, size_t step,
                const struct department *department, struct reach_answer *out)
{
    struct step_state states[RULE_STEPS_MAX];
    struct field field = {"department", department->id};
    const char *owners[PATH_RESULT_MAX];
    for (size_t i = 0; i < rule->n_steps; i++)
        states[i] = (struct step_state){.at = (instant)i + 1};
    out->fell_to = NULL;
    out->is_silent = false;
    if (owners_of(search, rule, department, owners) == 0)
        return;
    const struct deadline deadline = {.rule = rule,
                                      .owner = (char *)owners[0],
                                      .department = (char *)department->id,
                                      .fields = {&field, 1},
                                      .steps = states};
    const struct reach_question question = {.people = search->config->directory,
                                            .rules = search->config->rules,
                                            .deadline = &deadline,
                                            .step = step,
                                            .at = search->now};
    reach_ask(&question, out);
}

static void check_step(struct search *search, const struct rule *rule, size_t step, bool silent)
{
    struct finding finding = {.rule = rule, .step = &rule->steps[step]};
    struct buffer departments, key;
    size_t n = 0;
    buffer_init(&departments);
    buffer_init(&key);
    buffer_printf(&key, "%d", silent);
    for (size_t i = 0; i < search->n; i++) {
        struct reach_answer answer;
        ask(search, rule, step, &search->departments[i], &answer);
        if (silent ? !answer.is_silent : !answer.fell_to)
            continue;
        finding.why = finding.why || answer.n_missed == 0 ? finding.why : answer.missed[0].why;
        finding.fell_to = finding.fell_to ? finding.fell_to : answer.fell_to;
        if (n++ < SHOWN_DEPARTMENTS)
            buffer_printf(&departments, "%s%s", n > 1 ? ", " : "", search->departments[i].id);
        buffer_printf(&key, "|%s|%s", search->departments[i].id, answer.fell_to ? answer.fell_to : "");
    }
    if (n > SHOWN_DEPARTMENTS)
        buffer_printf(&departments, " +%zu", n - SHOWN_DEPARTMENTS);
    if (n > 0 && buffer_ok(&departments) && buffer_ok(&key))
        add_finding(search, &finding, buffer_text(&departments), buffer_text(&key));
    buffer_finish(&departments);
    buffer_finish(&key);
}

static void report(const struct finding *finding, struct problems *problems)
{
    const struct rule *rule = finding->rule;
    const struct step *step = finding->step;
    if (finding->fell_to)
        problem_warning(
            problems, step->file, step->line,
            "%s.ladder `%s`: nobody is left in %s (%s): it falls to %s; so do steps of %zu other rules",
            rule->name, step->name, finding->departments, problem_text(problems, finding->why),
            finding->fell_to, finding->others);
    else
        problem_warning(
            problems, step->file, step->line,
            "%s.ladder `%s`: nobody at all can be told in %s (%s); nor for steps of %zu other rules",
            rule->name, step->name, finding->departments, problem_text(problems, finding->why),
            finding->others);
    problem_hint(problems,
                 finding->fell_to
                     ? "that is meant where nobody stands above; else fill the post, or name another step"
                     : "set `catch_all` in cuiban.cfg to somebody whom a channel reaches");
}

void lint_reach(const struct config *config, instant now, struct problems *problems)
{
    const struct rule *rules;
    struct search search = {.config = config, .now = now};
    size_t n = ruleset_rules(config->rules, &rules), n_channels;
    const struct channel_facts *channels;
    search.n = directory_departments(config->directory, &search.departments);
    n_channels = ruleset_channels(config->rules, &channels);
    for (size_t i = 0; i < n; i++) {
        if (!rules[i].retired)
            check_alone(&rules[i], problems);
        for (size_t k = 0; k < rules[i].n_steps && !rules[i].retired && n_channels > 0; k++)
            if (is_after_due(&rules[i].steps[k]) && !depends_on_event(&rules[i], &rules[i].steps[k])) {
                check_step(&search, &rules[i], k, true);
                check_step(&search, &rules[i], k, false);
            }
    }
    for (size_t i = 0; i < search.n_findings; i++) {
        report(&search.findings[i], problems);
        free(search.findings[i].departments);
        free(search.findings[i].key);
    }
    free(search.findings);
}
