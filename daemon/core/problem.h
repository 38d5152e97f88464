/* problem.h: what is wrong with what a person wrote, collected until all of it is known. */
#ifndef CUIBAN_CORE_PROBLEM_H
#define CUIBAN_CORE_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

/* What a person reads for a text that the code has in English, sentences and formats alike; NULL: nothing
 * else. A format takes the same arguments, by number (%2$s) where the other language has another order. */
typedef const char *problem_language(const char *english);

enum { PROBLEMS_MAX = 500 }; /* more are counted, not kept */

struct problem {
    char *file; /* NULL if it belongs to no file */
    int line;   /* 0: the file as a whole */
    bool warning;
    char *what; /* "R7 ladder[2].to: ..." */
    char *hint; /* what to do, or NULL */
};

struct problems {
    problem_language *language; /* set it before anything is reported; NULL: English */
    struct problem *items;
    size_t n;
    size_t room;
    size_t errors; /* all of them, those beyond PROBLEMS_MAX included */
    size_t warnings;
    size_t repeats;   /* errors that were met again and not listed a second time */
    bool is_repeated; /* the last one was such: its hint has been given, too */
};

void problems_init(struct problems *problems);
void problems_finish(struct problems *problems);

void problem_error(struct problems *problems, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void problem_warning(struct problems *problems, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same problem in the same place was met again, as in a value that several rules inherit: it is not
 * listed twice, but whoever meets it has failed. */
void problem_repeat(struct problems *problems, bool warning);
/* Errors met so far, listed or not: what was read meanwhile is of no use if there are more than before. */
size_t problems_met(const struct problems *problems);
/* Adds a hint to the problem that was reported last. */
void problem_hint(struct problems *problems, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The text in the collector's language: for sentences that are arguments of another one. */
const char *problem_text(const struct problems *problems, const char *english) __attribute__((format_arg(2)));

/* By file (in order of first mention), then line. */
void problems_sort(struct problems *problems);

/* The candidate nearest to `word` (edit distance at most 1 + length/4), or NULL: "did you mean". */
const char *problem_nearest(const char *word, const char *const *candidates, size_t n);

#endif
