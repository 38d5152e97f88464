#include "config/chinese.h"

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
