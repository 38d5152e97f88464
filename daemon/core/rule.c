#include "rule.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *phase_name(enum phase phase)
{
    static const char *const names[] = {
        [PHASE_ASKED] = "asked",           [PHASE_REMINDER] = "reminder", [PHASE_OVERDUE] = "overdue",
        [PHASE_ESCALATION] = "escalation", [PHASE_CLOSED] = "closed",
    };
    return names[phase];
}

bool texts_have(const struct texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->n; i++)
        if (strcmp(texts->items[i], text) == 0)
            return true;
    return false;
}

const struct step *rule_asked(const struct rule *rule)
{
    return rule->n_steps > 0 && rule->steps[rule->n_steps - 1].implied ? &rule->steps[rule->n_steps - 1]
                                                                       : NULL;
}

size_t rule_written(const struct rule *rule)
{
    return rule->n_steps - (rule_asked(rule) ? 1 : 0);
}

const struct step *rule_step(const struct rule *rule, const char *name)
{
    for (size_t i = 0; rule && i < rule->n_steps; i++)
        if (strcmp(rule->steps[i].name, name) == 0)
            return &rule->steps[i];
    return NULL;
}

bool rule_recurs(const struct rule *rule)
{
    return !recurrence_is_none(&rule->every);
}

bool rule_gives_field(const struct rule *rule, const char *name)
{
    if (strcmp(name, "period") == 0)
        return rule_recurs(rule);
    if (strcmp(name, "series") == 0)
        return rule->is_series;
    if (strcmp(name, "department") == 0 || strcmp(name, "department_name") == 0)
        return rule->for_each != FOR_EACH_NOTHING;
    return rule->for_each == FOR_EACH_PERSON &&
           (strcmp(name, "person") == 0 || strcmp(name, "person_name") == 0);
}

const struct selector *rule_all(const struct rule *rule)
{
    for (size_t i = 0; i < rule->meets.n; i++)
        if (rule->meets.items[i].all)
            return &rule->meets.items[i];
    return NULL;
}

const struct span *rule_due_span(const struct rule *rule, int32_t due_case)
{
    size_t i = (size_t)due_case;
    if (due_case < 0 || i >= rule->n_dues + rule->reopens.n)
        return NULL;
    return i < rule->n_dues ? &rule->dues[i].span : &rule->reopens.items[i - rule->n_dues].due;
}

/* "day:3@18:00" begins with "day:3" and has the number 3. */
static bool is_called(const char *name, const char *value)
{
    size_t n = strlen(value), digits = strcspn(name, "0123456789");
    if (n == 0)
        return false;
    if (strncmp(name, value, n) == 0 && (name[n] == '\0' || name[n] == '@'))
        return true;
    return strspn(name + digits, "0123456789") == n && strncmp(name + digits, value, n) == 0;
}

const struct due_case *rule_series_case(const struct rule *rule, const char *value)
{
    for (size_t i = 0; rule->is_series && i < rule->n_dues; i++)
        if (is_called(rule->dues[i].name, value))
            return &rule->dues[i];
    return NULL;
}

void rule_fingerprint(const char *text, char into[static 17])
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    snprintf(into, 17, "%016" PRIx64, hash);
}
