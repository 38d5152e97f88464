#include "config/chinese.h"

#include <stdlib.h>
#include <string.h>

const char *chinese_text(const char *english)
{
    const struct chinese_table *const tables[] = {&chinese_rules, &chinese_files, &chinese_plugins,
                                                  &chinese_terms};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (size_t k = 0; k < tables[i]->n; k++)
            if (strcmp(tables[i]->entries[k].english, english) == 0)
                return tables[i]->entries[k].chinese;
    return NULL;
}

problem_language *chinese_wanted(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strncmp(value, "zh", 2) == 0 ? chinese_text : NULL;
    }
    return NULL;
}
