/* condition.h: `where`: F == v, != < <= > >=, F in (a, b), has F, no F; all must hold.
 *
 * A missing field makes a condition false, except `no` and `!=`. Numbers compare as numbers if both sides
 * are; true, yes, 1 and 是 are one value, false, no, 0 and 否 another. A field with an empty value is
 * missing: a flat stream field has no other way to say so. Values may stand in single or double quotes, and
 * must where they contain a comma inside `in` or look like two conditions. Immutable, owned by the arena that
 * parsed it. */
#ifndef CUIBAN_CORE_CONDITION_H
#define CUIBAN_CORE_CONDITION_H

#include "event.h"

enum condition_op {
    CONDITION_EQ,
    CONDITION_NE,
    CONDITION_LT,
    CONDITION_LE,
    CONDITION_GT,
    CONDITION_GE,
    CONDITION_IN,
    CONDITION_HAS,
    CONDITION_NO
};

struct condition {
    enum condition_op op;
    const char *field;
    const char *const *values; /* one, several for IN, none for HAS and NO */
    size_t n_values;
    const char *text; /* as written */
};

struct conditions {
    const struct condition *items;
    size_t n;
};

/* 0, -EINVAL (then *why is an English sentence, static or from the arena) or -ENOMEM. */
int condition_parse(struct arena *arena, const char *text, struct condition *out, const char **why);
bool condition_holds(const struct condition *condition, const struct fields *fields);
/* The first that does not hold, or NULL if all do. */
const struct condition *conditions_failing(const struct conditions *conditions, const struct fields *fields);

#endif
