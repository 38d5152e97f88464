/* table.h: rows and columns for people. Columns are aligned by what a terminal shows: a Chinese character
 * takes two. */
#ifndef CUIBAN_CLI_TABLE_H
#define CUIBAN_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { TABLE_COLUMNS_MAX = 12 };

struct table {
    size_t columns;
    bool right[TABLE_COLUMNS_MAX]; /* numbers: aligned to the right */
    char **cells;                  /* row by row; owned */
    size_t n, room;
    bool has_header;
    bool failed;
};

/* The header is the first row; NULL: there is none. A header that begins with '>' is a column of numbers; the
 * mark is not shown.
 */
void table_init(struct table *table, size_t columns, const char *const *header);
void table_finish(struct table *table);

/* The next cell, from left to right, then the next row. Control characters are shown as spaces: the text may
 * come from an event, and a terminal obeys it. NULL shows as "-". */
void table_add(struct table *table, const char *text);
void table_addf(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

size_t table_rows(const struct table *table);          /* without the header */
bool table_print(const struct table *table, FILE *to); /* false: an allocation had failed */

#endif
