/* chinese.h: in Chinese what problems say in English.
 *
 * The code reports in English; a collector whose `language` is chinese_text answers in Chinese. Whoever
 * reports something new adds its line here: tests/config/chinese.py finds what is missing, and formats whose
 * arguments differ. Words that a file is written with (`due`, "24h") stay as they are. */
#ifndef CUIBAN_CONFIG_CHINESE_H
#define CUIBAN_CONFIG_CHINESE_H

#include <stddef.h>

#include "core/problem.h"

/* The Chinese for a text or format, which takes the same arguments; NULL if there is none. */
const char *chinese_text(const char *english);

/* chinese_text for people whose LC_ALL, LC_MESSAGES or LANG, whichever is the first that is set, begins with
 * "zh"; else NULL. */
problem_language *chinese_wanted(void);

/* The tables behind it, one for each kind of file. */
struct chinese_entry {
    const char *english, *chinese;
};
struct chinese_table {
    const struct chinese_entry *entries;
    size_t n;
};
extern const struct chinese_table chinese_rules; /* rule files */
extern const struct chinese_table
    chinese_files; /* settings, calendars, directory, catalogue; libconfig itself */
extern const struct chinese_table chinese_plugins; /* channels that cannot be opened */
extern const struct chinese_table chinese_terms;   /* spans, recurrences, conditions, paths, templates */

#endif
