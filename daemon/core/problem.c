#include "problem.h"

#include "utf8.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void problems_init(struct problems *problems)
{
    *problems = (struct problems){0};
}

void problems_finish(struct problems *problems)
{
    for (size_t i = 0; i < problems->n; i++) {
        free(problems->items[i].file);
        free(problems->items[i].what);
        free(problems->items[i].hint);
    }
    free(problems->items);
    problems_init(problems);
}

static bool reserve(struct problems *problems)
{
    if (problems->n >= PROBLEMS_MAX)
        return false;
    if (problems->n < problems->room)
        return true;
    size_t room = problems->room ? problems->room * 2 : 16;
    struct problem *items = realloc(problems->items, room * sizeof *items);
    if (!items)
        return false;
    problems->items = items;
    problems->room = room;
    return true;
}

/* Out of memory the problem is counted all the same, so that a bad file is never taken for a good one. */
__attribute__((format(printf, 5, 0))) static void
report(struct problems *problems, bool warning, const char *file, int line, const char *format, va_list args)
{
    problems->is_repeated = false;
    if (warning)
        problems->warnings++;
    else
        problems->errors++;
    if (!reserve(problems))
        return;
    struct problem problem = {.line = line, .warning = warning};
    if (vasprintf(&problem.what, problem_text(problems, format), args) < 0)
        return;
    if (file && !(problem.file = strdup(file))) {
        free(problem.what);
        return;
    }
    problems->items[problems->n++] = problem;
}

void problem_error(struct problems *problems, const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(problems, false, file, line, format, args);
    va_end(args);
}

void problem_warning(struct problems *problems, const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(problems, true, file, line, format, args);
    va_end(args);
}

void problem_repeat(struct problems *problems, bool warning)
{
    problems->is_repeated = true;
    problems->repeats += warning ? 0 : 1;
}

size_t problems_met(const struct problems *problems)
{
    return problems->errors + problems->repeats;
}

void problem_hint(struct problems *problems, const char *format, ...)
{
    /* A problem that was only counted must not leave its hint with another one. */
    if (problems->is_repeated || !problems->n || problems->errors + problems->warnings != problems->n)
        return;
    char *hint = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&hint, problem_text(problems, format), args);
    va_end(args);
    if (n < 0)
        return;
    struct problem *last = &problems->items[problems->n - 1];
    free(last->hint);
    last->hint = hint;
}

const char *problem_text(const struct problems *problems, const char *english)
{
    const char *text = problems->language ? problems->language(english) : NULL;
    return text ? text : english;
}

static bool same_file(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

void problems_sort(struct problems *problems)
{
    size_t first_mention[PROBLEMS_MAX];
    for (size_t i = 0; i < problems->n; i++) {
        size_t first = 0;
        while (!same_file(problems->items[first].file, problems->items[i].file))
            first++;
        first_mention[i] = first;
    }
    /* Insertion keeps the order of what is equal; a few hundred items at most. */
    for (size_t i = 1; i < problems->n; i++) {
        struct problem moved = problems->items[i];
        size_t first = first_mention[i], to = i;
        for (; to > 0; to--) {
            const struct problem *before = &problems->items[to - 1];
            bool stays = first_mention[to - 1] < first ||
                         (first_mention[to - 1] == first && before->line <= moved.line);
            if (stays)
                break;
            problems->items[to] = problems->items[to - 1];
            first_mention[to] = first_mention[to - 1];
        }
        problems->items[to] = moved;
        first_mention[to] = first;
    }
}

enum { WORD_MAX = 64 }; /* characters; longer words have no neighbours */

struct word {
    const char *at[WORD_MAX];
    size_t bytes[WORD_MAX];
    size_t n;
};

static bool split(const char *text, struct word *word)
{
    word->n = 0;
    for (size_t rest = strlen(text); rest;) {
        if (word->n == WORD_MAX)
            return false;
        size_t length = 1;
        while (length < rest && ((unsigned char)text[length] & 0xC0) == 0x80)
            length++;
        word->at[word->n] = text;
        word->bytes[word->n++] = length;
        text += length;
        rest -= length;
    }
    return true;
}

static bool same_character(const struct word *a, size_t i, const struct word *b, size_t j)
{
    return a->bytes[i] == b->bytes[j] && memcmp(a->at[i], b->at[j], a->bytes[i]) == 0;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insert, delete, replace a character, or swap two neighbours: each costs one. */
static size_t distance(const struct word *a, const struct word *b)
{
    size_t rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= b->n; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a->n; i++) {
        size_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *above_that = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b->n; j++) {
            size_t replaced = above[j - 1] + !same_character(a, i - 1, b, j - 1);
            row[j] = least(replaced, 1 + least(above[j], row[j - 1]));
            if (i > 1 && j > 1 && same_character(a, i - 1, b, j - 2) && same_character(a, i - 2, b, j - 1))
                row[j] = least(row[j], above_that[j - 2] + 1);
        }
    }
    return rows[a->n % 3][b->n];
}

const char *problem_nearest(const char *word, const char *const *candidates, size_t n)
{
    struct word wanted, candidate;
    if (!split(word, &wanted) || !wanted.n)
        return NULL;
    size_t best = 2 + wanted.n / 4;
    const char *nearest = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!candidates[i] || !split(candidates[i], &candidate))
            continue;
        size_t far = distance(&wanted, &candidate);
        /* A word of which nothing is left is no correction. */
        if (far < best && far < wanted.n) {
            best = far;
            nearest = candidates[i];
        }
    }
    return nearest;
}
