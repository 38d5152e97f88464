/* names.h: numbers for texts that come again and again (people, rules, channels), so that what is gathered by
 * the million stays small. One table serves several ledgers: a number means the same in all of them. */
#ifndef CUIBAN_REHEARSAL_NAMES_H
#define CUIBAN_REHEARSAL_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct names;

enum { NAMES_MAX = 1000 * 1000 };
#define NAMES_NONE UINT32_MAX

struct names *names_create(void); /* NULL: out of memory */
void names_destroy(struct names *names);
/* A new one if need be. NAMES_NONE: out of memory, or there are too many. */
uint32_t names_number(struct names *names, const char *text);
uint32_t names_find(const struct names *names, const char *text); /* NAMES_NONE: it has none */
const char *names_text(const struct names *names, uint32_t number);
size_t names_count(const struct names *names);

#endif
