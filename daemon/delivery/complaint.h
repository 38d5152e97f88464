/* complaint.h: one sentence about a plugin that cannot be used, in the language of whoever reads it. */
#ifndef CUIBAN_DELIVERY_COMPLAINT_H
#define CUIBAN_DELIVERY_COMPLAINT_H

#include <stddef.h>

#include "core/problem.h"

struct complaint {
    char *text; /* the caller's memory */
    size_t room;
    problem_language *language; /* NULL: English */
};

/* Writes the sentence, cut if need be, and returns `error`, for `return complain(...)`. */
int complain(const struct complaint *complaint, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The sentence in that language: for one that is an argument of another. */
const char *complaint_say(const struct complaint *complaint, const char *english)
    __attribute__((format_arg(2)));

#endif
