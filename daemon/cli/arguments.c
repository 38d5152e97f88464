#include "cli/arguments.h"

#include <string.h>

static const struct argument_option *find_long(const struct argument_option *options, const char *name,
                                               size_t n)
{
    for (; options->name != NULL; options++) {
        if (strlen(options->name) == n && memcmp(options->name, name, n) == 0)
            return options;
    }
    return NULL;
}

static const struct argument_option *find_letter(const struct argument_option *options, char letter)
{
    for (; options->name != NULL; options++) {
        if (options->letter == letter)
            return options;
    }
    return NULL;
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0' && !(word[1] >= '0' && word[1] <= '9');
}

static enum arguments_error add_option(struct arguments *out, const char *name, const char *value)
{
    for (size_t i = 0; i < out->n_options; i++) {
        if (strcmp(out->options[i].name, name) == 0) {
            out->options[i].value = value;
            return ARGUMENTS_OK;
        }
    }
    if (out->n_options == ARGUMENTS_OPTIONS_MAX)
        return ARGUMENTS_TOO_MANY;
    out->options[out->n_options].name = name;
    out->options[out->n_options++].value = value;
    return ARGUMENTS_OK;
}

/* Reads the option at argv[*at] and moves *at to the last word that belongs to it. */
static enum arguments_error read_option(const struct argument_option *options, size_t n, char *const *argv,
                                        size_t *at, struct arguments *out)
{
    const char *word = argv[*at], *value = NULL;
    const struct argument_option *option;

    if (word[1] == '-') {
        value = strchr(word, '=');
        option = find_long(options, word + 2, value == NULL ? strlen(word + 2) : (size_t)(value - word - 2));
        value = value == NULL ? NULL : value + 1;
    } else {
        option = find_letter(options, word[1]);
        value = word[2] == '\0' ? NULL : word + 2;
    }
    if (option == NULL)
        return ARGUMENTS_UNKNOWN;
    if (!option->takes_value)
        return value != NULL ? ARGUMENTS_SUPERFLUOUS_VALUE : add_option(out, option->name, "");
    if (value == NULL) {
        if (*at + 1 >= n)
            return ARGUMENTS_NO_VALUE;
        value = argv[++*at];
    }
    return add_option(out, option->name, value);
}

enum arguments_error arguments_parse(const struct argument_option *options, size_t n, char *const *argv,
                                     struct arguments *out, const char **what)
{
    bool options_end = false;

    out->n = 0;
    out->n_options = 0;
    for (size_t i = 0; i < n; i++) {
        enum arguments_error error = ARGUMENTS_OK;

        *what = argv[i];
        if (!options_end && strcmp(argv[i], "--") == 0)
            options_end = true;
        else if (!options_end && is_option(argv[i]))
            error = read_option(options, n, argv, &i, out);
        else if (out->n == ARGUMENTS_MAX)
            error = ARGUMENTS_TOO_MANY;
        else
            out->words[out->n++] = argv[i];
        if (error != ARGUMENTS_OK)
            return error;
    }
    return ARGUMENTS_OK;
}

const char *arguments_option(const struct arguments *arguments, const char *name)
{
    for (size_t i = 0; i < arguments->n_options; i++) {
        if (strcmp(arguments->options[i].name, name) == 0)
            return arguments->options[i].value;
    }
    return NULL;
}

bool arguments_is_assignment(const char *word, size_t *name_n)
{
    const char *equals = strchr(word, '=');

    if (equals == NULL || equals == word)
        return false;
    *name_n = (size_t)(equals - word);
    return true;
}
