/* holidays.h: days off and make-up days as a file of holidays lists them, and as calendars.d writes them.
 *
 * Fill with holidays_add, then settle once; after that the days are in order, one entry a date. */
#ifndef CUIBAN_CLI_HOLIDAYS_H
#define CUIBAN_CLI_HOLIDAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HOLIDAYS_MAX = 20000, /* dates */
    HOLIDAY_NAME_MAX = 128,
    HOLIDAYS_PROBLEM_MAX = 256,
    HOLIDAYS_RANGE_MAX = 400, /* dates of one entry */
};

struct holiday {
    int32_t day;
    bool off; /* false: a make-up day */
    char name[HOLIDAY_NAME_MAX];
};

struct holidays {
    struct holiday *items;
    size_t n, room;
    int32_t first_year, last_year;     /* years of the data; 0: none yet */
    int32_t wanted_first, wanted_last; /* set before reading: what to keep */
    int32_t this_year;                 /* set before reading: where endless rules begin */
    size_t left_out;                   /* entries that are no days off: with a time, festivals, cancelled */
    size_t conflicts;                  /* dates that are both off and worked */
};

void holidays_init(struct holidays *holidays);
void holidays_finish(struct holidays *holidays);

/* Years that are not wanted are ignored. The name is cleaned: no quotes, backslashes, control characters. 0,
 * -ENOMEM or -E2BIG. */
int holidays_add(struct holidays *holidays, int32_t day, bool off, const char *name);
/* Of two entries for a date the make-up day wins, and names are joined. */
int holidays_settle(struct holidays *holidays);

/* Readers. 0 or negative errno, then a sentence in `problem`. */
int holidays_read_json(struct holidays *holidays, const char *text, size_t n,
                       char problem[static HOLIDAYS_PROBLEM_MAX]);
int holidays_read_ics(struct holidays *holidays, const char *text, char problem[static HOLIDAYS_PROBLEM_MAX]);

#endif
