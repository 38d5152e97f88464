#include "cli/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "core/utf8.h"

enum { GAP = 2 };

static void add_cell(struct table *table, char *text);

void table_init(struct table *table, size_t columns, const char *const *header)
{
    assert(columns > 0 && columns <= TABLE_COLUMNS_MAX);
    memset(table, 0, sizeof(*table));
    table->columns = columns;
    table->has_header = header != NULL;
    for (size_t i = 0; i < columns && header != NULL; i++) {
        table->right[i] = header[i][0] == '>';
        add_cell(table, strdup(header[i] + (table->right[i] ? 1 : 0)));
    }
}

void table_finish(struct table *table)
{
    for (size_t i = 0; i < table->n; i++)
        free(table->cells[i]);
    free(table->cells);
    memset(table, 0, sizeof(*table));
}

/* Takes the text. */
static void add_cell(struct table *table, char *text)
{
    if (text != NULL && table->n == table->room) {
        size_t room = table->room == 0 ? 64 : table->room * 2;
        char **cells = reallocarray(table->cells, room, sizeof(*cells));
        if (cells == NULL) {
            free(text);
            text = NULL;
        } else {
            table->cells = cells;
            table->room = room;
        }
    }
    if (text == NULL) {
        table->failed = true;
        return;
    }
    cli_clean(text);
    table->cells[table->n++] = text;
}

void table_add(struct table *table, const char *text)
{
    add_cell(table, strdup(text == NULL || *text == '\0' ? "-" : text));
}

void table_addf(struct table *table, const char *format, ...)
{
    char *text;
    va_list list;
    int n;

    va_start(list, format);
    n = vasprintf(&text, format, list);
    va_end(list);
    add_cell(table, n < 0 ? NULL : text);
}

size_t table_rows(const struct table *table)
{
    return table->n / table->columns - (table->has_header ? 1 : 0);
}

static void print_row(const struct table *table, const size_t *widths, size_t row, FILE *to)
{
    for (size_t i = 0; i < table->columns; i++) {
        const char *text = table->cells[row * table->columns + i];
        int fill = (int)(widths[i] - utf8_columns(text));
        bool last = i + 1 == table->columns;

        if (table->right[i])
            fprintf(to, "%*s%s", fill, "", text);
        else
            fprintf(to, "%s%*s", text, last ? 0 : fill, "");
        if (!last)
            fprintf(to, "%*s", GAP, "");
    }
    fputc('\n', to);
}

bool table_print(const struct table *table, FILE *to)
{
    size_t widths[TABLE_COLUMNS_MAX] = {0};

    if (table->failed)
        return false;
    for (size_t i = 0; i < table->n; i++) {
        size_t width = utf8_columns(table->cells[i]);
        if (width > widths[i % table->columns])
            widths[i % table->columns] = width;
    }
    for (size_t row = 0; row < table->n / table->columns; row++)
        print_row(table, widths, row, to);
    return true;
}
