/* cli.h: what every verb of cuibanctl works with: the language, the form of the output, how failures are
 * told.
 *
 * One thread; a verb runs once and the program ends. Answers go to stdout, complaints to stderr. Chinese for
 * people whose LC_ALL, LC_MESSAGES or LANG begins with "zh", else English; with --json the output is one JSON
 * value and has no language unless --lang gives it one. */
#ifndef CUIBAN_CLI_CLI_H
#define CUIBAN_CLI_CLI_H

#include <stdio.h>

#include "cli/arguments.h"
#include "core/json.h"
#include "core/problem.h"

enum cli_status {
    CLI_OK = 0,
    CLI_FINDING = 1, /* it ran, and the answer is bad: errors found, not delivered, not found */
    CLI_USAGE = 2,   /* it could not run: arguments, settings, no connection */
};

struct cli;

/* The usage line is read by people and by the shells' completion: its capitalised words say what
 * stands there. */
struct cli_verb {
    const char *name;                      /* "event send" has two words */
    const char *usage;                     /* what stands behind the name */
    const char *english, *chinese;         /* one line of help */
    const struct argument_option *options; /* its own, ended by an entry without a name; may be NULL */
    size_t words_min, words_max;
    enum cli_status (*run)(struct cli *cli);
    bool hidden; /* for programs: --help does not list it */
};

struct cli {
    struct arguments arguments;
    const char *settings; /* path of the settings file */
    bool json;
    bool chinese;
    const struct cli_verb *verbs; /* all of them */
    size_t n_verbs;
    const struct argument_option *options; /* those that every verb takes */
};

const char *cli_option(const struct cli *cli, const char *name); /* NULL if it was not given */
bool cli_flag(const struct cli *cli, const char *name);
const char *cli_language(const struct cli *cli); /* "zh-CN" or "en" */

/* Picks the text of the user's language. */
const char *cli_in(const struct cli *cli, const char *english, const char *chinese)
    __attribute__((format_arg(2), format_arg(3)));
/* To stdout, as all that follows without a hidden character but the line ends (utf8_disarm): values come from
 * events. No other file of this room may print a text by itself. */
void cli_say(const struct cli *cli, const char *english, const char *chinese, ...)
    __attribute__((format(printf, 2, 4), format(printf, 3, 4)));
void cli_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* To stderr, one line, behind "cuibanctl: ". Returns CLI_USAGE, for `return cli_fail(...)`. */
enum cli_status cli_fail(const struct cli *cli, const char *english, const char *chinese, ...)
    __attribute__((format(printf, 2, 4), format(printf, 3, 4)));
void cli_warn(const struct cli *cli, const char *english, const char *chinese, ...)
    __attribute__((format(printf, 2, 4), format(printf, 3, 4)));

/* Prints what was written and a line end, hidden characters as \uXXXX; out of memory is said instead, and is
 * CLI_USAGE. */
enum cli_status cli_print_json(const struct cli *cli, struct buffer *json, enum cli_status status);

/* Replaces what a terminal obeys and nobody sees (utf8_disarm), line ends too, in place. */
void cli_clean(char *text);
/* A path under the working directory without that prefix; points into `file`. */
const char *cli_short_path(const char *file);

/* The user's language, for texts that are found below and told here; NULL: English. */
problem_language *cli_problem_language(const struct cli *cli);
/* What strerror says, in the user's language where it is known there. */
const char *cli_error_text(const struct cli *cli, int error);
/* Ready to collect, in that language. */
void cli_problems_init(const struct cli *cli, struct problems *problems);
/* `file:line: error: what`, the hint below. Paths under the working directory are shortened. */
void cli_print_problems(const struct cli *cli, FILE *to, const struct problems *problems);
void cli_json_problems(struct json_writer *json, const struct problems *problems);

#endif
