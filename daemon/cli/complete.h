/* complete.h: inside of `complete`: the words of a command line that is being typed, and the names that the
 * settings know of a kind. */
#ifndef CUIBAN_CLI_COMPLETE_H
#define CUIBAN_CLI_COMPLETE_H

#include "cli/cli.h"
#include "config/config.h"

/* A piece of a usage line. */
struct usage_word {
    const char *text;
    size_t n;
};
bool usage_word_is(const struct usage_word *word, const char *text);

struct completion {
    struct cli *cli;
    const struct cli_verb *verb; /* NULL: not yet typed */
    const char *current;         /* what is being typed; "" */
    const char *subject;         /* the first word behind the verb, or the value of --type; NULL */
    struct config *config; /* loaded when a name is wanted; NULL: not yet, or the settings have errors */
    bool tried;
};

/* Prints `prefix` + `name` if what is being typed can become that. */
void completion_offer(const struct completion *completion, const char *prefix, const char *name,
                      const char *description);
/* All names of the kind that a usage line calls RULE, TYPE, PERSON ...; nothing for a kind that has none. */
void completion_offer_names(struct completion *completion, const char *prefix, struct usage_word kind);
/* "field=": the fields of the event type, or of the rule's key, that the line is about. */
void completion_offer_fields(struct completion *completion);

#endif
