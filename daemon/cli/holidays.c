#include "cli/holidays.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "core/civil.h"
#include "core/utf8.h"

void holidays_init(struct holidays *holidays)
{
    memset(holidays, 0, sizeof *holidays);
    holidays->wanted_first = CIVIL_YEAR_MIN;
    holidays->wanted_last = CIVIL_YEAR_MAX;
}

void holidays_finish(struct holidays *holidays)
{
    free(holidays->items);
    holidays->items = NULL;
}

/* What stands between the quotes of a settings file, and in a terminal. */
static void clean_name(const char *name, char into[static HOLIDAY_NAME_MAX])
{
    size_t n = utf8_cut(name, strlen(name), HOLIDAY_NAME_MAX - 1), kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (name[i] != '"' && name[i] != '\\')
            into[kept++] = name[i];
    }
    into[kept] = '\0';
    cli_clean(into);
    while (kept > 0 && into[kept - 1] == ' ')
        into[--kept] = '\0';
}

int holidays_add(struct holidays *holidays, int32_t day, bool off, const char *name)
{
    struct holiday *holiday;
    int32_t year = civil_of(day).year;

    if (year < holidays->wanted_first || year > holidays->wanted_last)
        return 0;
    if (holidays->n == HOLIDAYS_MAX)
        return -E2BIG;
    if (holidays->n == holidays->room) {
        size_t room = holidays->room > 0 ? holidays->room * 2 : 64;
        struct holiday *items = reallocarray(holidays->items, room, sizeof *items);
        if (items == NULL)
            return -ENOMEM;
        holidays->items = items;
        holidays->room = room;
    }
    holiday = &holidays->items[holidays->n++];
    holiday->day = day;
    holiday->off = off;
    clean_name(name, holiday->name);
    return 0;
}

/* Stable enough: entries of one date and kind are joined in the order of their names. */
static int by_day(const void *a, const void *b)
{
    const struct holiday *left = a, *right = b;

    if (left->day != right->day)
        return left->day < right->day ? -1 : 1;
    if (left->off != right->off)
        return left->off ? 1 : -1;
    return strcmp(left->name, right->name);
}

static void join_names(struct holiday *into, const char *name)
{
    static const char comma[] = "、";
    size_t n = strlen(into->name), more = strlen(name);

    if (more == 0 || strstr(into->name, name) != NULL || n + more + sizeof comma > HOLIDAY_NAME_MAX)
        return;
    if (n > 0) {
        memcpy(into->name + n, comma, sizeof comma - 1);
        n += sizeof comma - 1;
    }
    memcpy(into->name + n, name, more);
    into->name[n + more] = '\0';
}

static void note_year(struct holidays *holidays, int32_t year)
{
    if (holidays->first_year == 0 || year < holidays->first_year)
        holidays->first_year = year;
    if (year > holidays->last_year)
        holidays->last_year = year;
}

int holidays_settle(struct holidays *holidays)
{
    size_t kept = 0;

    if (holidays->n == 0)
        return -ENODATA;
    qsort(holidays->items, holidays->n, sizeof *holidays->items, by_day);
    for (size_t i = 0; i < holidays->n; i++) {
        struct holiday *last = kept > 0 ? &holidays->items[kept - 1] : NULL, *holiday = &holidays->items[i];
        if (last == NULL || last->day != holiday->day)
            holidays->items[kept++] = *holiday;
        else if (last->off == holiday->off)
            join_names(last, holiday->name);
        else
            holidays->conflicts++;
    }
    holidays->n = kept;
    /* New Year's Eve belongs to the notice of the year that it begins: a year of which nothing else is known
     * is not covered. */
    for (size_t i = 0; i < holidays->n && holidays->first_year == 0; i++) {
        struct civil date = civil_of(holidays->items[i].day);
        if (date.month < 12 || date.day < 20)
            note_year(holidays, date.year);
    }
    for (size_t i = holidays->n; i-- > 0 && holidays->first_year != 0;) {
        struct civil date = civil_of(holidays->items[i].day);
        if (date.month > 1 || date.day > 3) {
            note_year(holidays, date.year);
            break;
        }
    }
    if (holidays->first_year == 0)
        note_year(holidays, civil_of(holidays->items[0].day).year);
    return 0;
}
