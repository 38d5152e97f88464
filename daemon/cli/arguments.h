/* arguments.h: what stands on the command line behind the verb: options, anywhere, and words. Points into
 * argv. */
#ifndef CUIBAN_CLI_ARGUMENTS_H
#define CUIBAN_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

enum { ARGUMENTS_MAX = 256, ARGUMENTS_OPTIONS_MAX = 16 };

struct argument_option {
    const char *name; /* without the dashes: "from" */
    bool takes_value; /* --from T or --from=T */
    char letter;      /* 'c' for -c as well, or 0 */
};

struct arguments {
    const char *words[ARGUMENTS_MAX]; /* what is not an option, in order */
    size_t n;
    struct {
        const char *name, *value; /* value: "" of a flag */
    } options[ARGUMENTS_OPTIONS_MAX];
    size_t n_options;
};

/* Why a command line was not understood; `what` is the word in question. */
enum arguments_error {
    ARGUMENTS_OK,
    ARGUMENTS_UNKNOWN,
    ARGUMENTS_NO_VALUE,
    ARGUMENTS_SUPERFLUOUS_VALUE,
    ARGUMENTS_TOO_MANY
};

/* Reads argv[0..n). A lone "--" ends the options; "-4wh" and every other word whose dash is followed by a
 * digit is a word. `options` ends with an entry without a name. An option given twice: the later wins. */
enum arguments_error arguments_parse(const struct argument_option *options, size_t n, char *const *argv,
                                     struct arguments *out, const char **what);

const char *arguments_option(const struct arguments *arguments,
                             const char *name); /* NULL if it was not given */

/* Splits "field=value": true, and the length of the field's name; false if there is no '=' or nothing before
 * it. */
bool arguments_is_assignment(const char *word, size_t *name_n);

#endif
