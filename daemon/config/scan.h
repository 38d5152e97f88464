/* scan.h: the words of a libconfig file, one after the other, with line and column.
 *
 * libconfig's own scanner forgets columns, joins strings and cuts large numbers in silence; this one tells.
 * It reports what is wrong with a single word and goes on as if the word had been right, so that one run
 * finds all of it. */
#ifndef CUIBAN_CONFIG_SCAN_H
#define CUIBAN_CONFIG_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/problem.h"

enum token {
    TOKEN_END,
    TOKEN_NAME, /* also a bare word where a value belongs */
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_BOOLEAN,
    TOKEN_MARK, /* one of { } [ ] ( ) = : ; , */
};

struct scan {
    const char *at, *end;
    const char *line_start;
    int line;
    const char *file;
    struct problems *problems;
    bool hide;   /* the value that comes may be a secret: no message repeats it */
    bool broken; /* something was found that libconfig cannot read */

    enum token token; /* the last one */
    char mark;
    const char *text; /* where it begins, and its bytes */
    size_t n;
    int token_line;
};

void scan_init(struct scan *scan, const char *file, const char *text, size_t n, struct problems *problems);
enum token scan_next(struct scan *scan);
/* Reports a syntax error at a line; the file will not be given to libconfig. */
void scan_error(struct scan *scan, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
