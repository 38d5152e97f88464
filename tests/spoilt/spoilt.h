/* spoilt.h: one of the files that people write, spoilt in the ways in which files are spoilt: bytes, lines,
 * words and values that are lost, doubled, exchanged, cut off or beyond every measure.
 *
 * What becomes of it depends on `random` alone, so that a number says which it was. */
#ifndef CUIBAN_SPOILT_SPOILT_H
#define CUIBAN_SPOILT_SPOILT_H

#include <stddef.h>
#include <stdint.h>

struct words { /* quoted texts of all files: what a hand may put in a wrong place */
    char **items;
    size_t n, room;
};
void words_collect(struct words *words, const char *text, size_t n);
void words_finish(struct words *words);

struct random {
    uint64_t state;
};
uint32_t random_below(struct random *random, size_t bound); /* 0 if bound is 0 */

/* The text, spoilt, for free(); `*what` is a static word for what was done to it. */
char *spoil_text(const char *text, size_t n, const struct words *words, struct random *random, size_t *out_n,
                 const char **what);

#endif
