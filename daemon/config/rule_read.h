/* rule_read.h: one rule from its group of settings. Inside of the config room; rules.c calls it.
 *
 * The same code reads the files of rules.d and the texts that Redis keeps of rules that deadlines were opened
 * under. Those texts say everything themselves, and what they name may be gone: `load` is NULL then, and
 * names are not checked. */
#ifndef CUIBAN_CONFIG_RULE_READ_H
#define CUIBAN_CONFIG_RULE_READ_H

#include "config/load.h"
#include "core/buffer.h"

struct named_ladder {
    const char *name;
    const config_setting_t *setting;
    const struct step *steps;
    size_t n;
};

struct named_stop {
    const char *name;
    const config_setting_t *setting;
    struct selector selector; /* key.n == 0: that of the rule */
};

struct rule_reading {
    struct reader reader; /* its arena is the rules' */
    struct load *load;    /* NULL: a text that is complete in itself */
    const struct config *config;
    const struct calendar *calendar; /* the default */
    const config_setting_t *defaults;
    struct named_ladder *ladders;
    size_t n_ladders;
    struct named_stop *stops;
    size_t n_stops;
    const struct rule *rules; /* all that could be read, once they have been */
    size_t n_rules;
    const config_setting_t *const *written; /* every one that the files write, readable or not */
    size_t n_written;
    bool incomplete; /* a file of rules could not be read: ladders and stops may be missing */
};

/* One rule. False if it is of no use; what was wrong has been reported. */
bool rule_read(struct rule_reading *reading, const config_setting_t *group, struct rule *out);
/* A member of the rule, else of `defaults`; NULL if neither has it. */
const config_setting_t *rule_member(const struct rule_reading *reading, const config_setting_t *group,
                                    const char *name);
void rule_check_defaults(struct rule_reading *reading);

/* rule_ladder.c */
bool ladder_read(struct rule_reading *reading, const config_setting_t *list, const struct step **out,
                 size_t *n);

/* rule_select.c */
bool open_read(struct rule_reading *reading, const config_setting_t *group, struct rule *rule);
bool selector_read(struct rule_reading *reading, const config_setting_t *group, struct selector *out);
void selectors_read(struct rule_reading *reading, const config_setting_t *group, const char *name,
                    struct rule *rule, struct selectors *out);
/* What stands in a selector where it means nothing; needs no other file. */
void selectors_check(struct rule_reading *reading, const config_setting_t *group, const struct rule *rule);
bool conditions_read(struct rule_reading *reading, const config_setting_t *group, const char *name,
                     struct conditions *out);
bool types_read(struct rule_reading *reading, const config_setting_t *setting, struct texts *out);

/* rule_recur.c: `every`, `until`, `for_each`, `among`, `catch_up` of `open`, and `series`. */
bool recur_read(struct rule_reading *reading, const config_setting_t *group, const config_setting_t *open,
                struct rule *rule);
bool series_read(struct rule_reading *reading, const config_setting_t *setting, struct rule *rule);
/* What only the whole rule shows; needs no other file, so that it serves the texts of Redis, too. */
void recur_check(struct rule_reading *reading, const config_setting_t *group, const struct rule *rule);

/* rule_value.c: words that stand in several places of a rule. */
enum path_use { PATH_FOR_OWNER, PATH_FOR_REQUESTER, PATH_FOR_DEPARTMENT, PATH_FOR_WITH, PATH_FOR_STEP };
bool path_read(struct rule_reading *reading, const config_setting_t *at, const char *text, enum path_use use,
               struct path *out);
bool paths_read(struct rule_reading *reading, const config_setting_t *setting, enum path_use use,
                const struct path **out, size_t *n);
bool span_read(struct rule_reading *reading, const config_setting_t *setting,
               struct span *out); /* forward, no share */
const char *copy_text(struct reader *reader, const char *text);
/* Reports every member that is in `words`: the language has it, this version does not serve it. */
void refuse_unserved(struct rule_reading *reading, const config_setting_t *group, const char *const *words,
                     size_t n);

/* rule_check.c: what only the finished rule, or all of them, can show. */
void rule_check(struct rule_reading *reading, const config_setting_t *group, const struct rule *rule);
void rules_check_all(struct rule_reading *reading, const config_setting_t *const *groups);
/* The fields that a rule names, against the catalogue; the rules that it follows must be known. */
void rule_check_fields(struct rule_reading *reading, const config_setting_t *group, const struct rule *rule);

/* rule_after.c: rules that open after others. */
void rule_check_after(struct rule_reading *reading, const config_setting_t *group, const struct rule *rule);
/* The rule that this one opens after, or NULL. */
const struct rule *rule_before(const struct rule_reading *reading, const struct rule *rule);

/* rule_text.c: the rule written out in full; the arena's. NULL: out of memory. */
const char *rule_text(struct arena *arena, const struct rule *rule);
void rule_text_quote(struct buffer *out, const char *text); /* as a libconfig string */

/* rule_words.c */
void rule_words_find(struct rule_reading *reading, const config_setting_t *group, const struct rule *rule,
                     struct rule_words *out);

#endif
