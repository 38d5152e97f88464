/* rule_words.h: one rule as the engine understands it, word by word, and where each word was written.
 *
 * Give the name to `config_choice.words`; after a load that went well the words live as long as the config.
 */
#ifndef CUIBAN_CONFIG_RULE_WORDS_H
#define CUIBAN_CONFIG_RULE_WORDS_H

#include <stddef.h>

enum { RULE_WORDS_MAX = 200 };

enum rule_source {
    SOURCE_RULE,
    SOURCE_DEFAULTS,
    SOURCE_LADDER, /* a ladder with a name */
    SOURCE_STOP,   /* one of `stops` */
    SOURCE_SETTINGS,
    SOURCE_BUILT_IN, /* nobody wrote it */
};

struct rule_word {
    const char *key;   /* "due"; a list of groups is one word for each of them */
    const char *value; /* as a rule file would have it */
    enum rule_source source;
    const char *name; /* of the ladder or stop, else NULL */
    const char *file; /* NULL if nobody wrote it */
    int line;
};

struct rule_words {
    const char *rule;
    const struct rule_word *items;
    size_t n; /* 0: there is no such rule */
};

#endif
