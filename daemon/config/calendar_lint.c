#include "config/calendar_lint.h"

#include <stdlib.h>
#include <string.h>

#include "core/civil.h"

enum {
    YEARS_MAX = 64,          /* of `covers`: the rest is not looked at */
    DATE_CHARS = 10,         /* "2026-10-01" */
    NEXT_YEAR_FROM_DAY = 20, /* of December: a make-up day from then on belongs to the next year's notice */
    RANGE_DAYS_MAX = 400,
};

/* The days that the law gives to everybody: 全国年节及纪念日放假办法, State Council orders 513 (2007), 644
 * (2013) and 795 (2024). What falls on a weekend is made up for, so weekdays off less make-up days are as
 * many. */
static const struct {
    int32_t from_year, days;
} statutory[] = {{2025, 13}, {2008, 11}};

struct year_count {
    int32_t off, weekdays_off, makeups;
    const config_setting_t *first; /* its first day off */
};

struct lint {
    struct reader *reader;
    const config_setting_t *group, *covers;
    int32_t first_year, last_year;
    struct year_count years[YEARS_MAX];
    int32_t uncovered_year; /* the last one complained of */
};

static bool is_weekday(int32_t day)
{
    return civil_weekday(day) <= 5;
}

static bool read_date(const char *text, int32_t *out)
{
    char date[DATE_CHARS + 1];
    if (strnlen(text, DATE_CHARS) < DATE_CHARS)
        return false;
    memcpy(date, text, DATE_CHARS);
    date[DATE_CHARS] = '\0';
    return civil_parse(date, out);
}

static struct year_count *count_of(struct lint *lint, int32_t year)
{
    if (lint->covers == NULL || year < lint->first_year || year > lint->last_year)
        return NULL;
    return &lint->years[year - lint->first_year];
}

/* Days of a year beyond `covers` are worked by, and yet every due of that year is called provisional. */
static void check_covered(struct lint *lint, const config_setting_t *at, int32_t year)
{
    if (lint->covers == NULL || count_of(lint, year) != NULL || year == lint->uncovered_year)
        return;
    lint->uncovered_year = year;
    reader_warning(lint->reader, at, "%d lies outside of covers = \"%d..%d\"", (int)year,
                   (int)lint->first_year, (int)lint->last_year);
    reader_hint(lint->reader, "when the whole year is typed in, raise `covers` to it");
}

/* A range that crosses the turn of the year is the New Year's holiday of the later one. */
static void look_at_off(struct lint *lint, const config_setting_t *at, const char *text)
{
    int32_t from, to;
    if (!read_date(text, &from))
        return;
    if (strncmp(text + DATE_CHARS, "..", 2) != 0 || !read_date(text + DATE_CHARS + 2, &to))
        to = from;
    int32_t year = civil_of(to).year;
    struct year_count *count = count_of(lint, year);
    check_covered(lint, at, year);
    if (count == NULL || to - from > RANGE_DAYS_MAX)
        return;
    if (count->first == NULL)
        count->first = at;
    for (int32_t day = from; day <= to; day++) {
        count->off++;
        count->weekdays_off += is_weekday(day);
    }
}

static void look_at_work(struct lint *lint, const config_setting_t *at, const char *text)
{
    static const char *const names[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday"};
    int32_t day;
    if (!read_date(text, &day))
        return;
    struct civil date = civil_of(day);
    int32_t year = date.month == 12 && date.day >= NEXT_YEAR_FROM_DAY ? date.year + 1 : date.year;
    struct year_count *count = count_of(lint, year);
    bool has_hours = strlen(text) > DATE_CHARS + 1 && strchr("012", text[DATE_CHARS + 1]) != NULL;
    if (count != NULL)
        count->makeups++;
    if (year == date.year)
        check_covered(lint, at, year);
    if (!is_weekday(day) || has_hours)
        return;
    reader_warning(lint->reader, at, "%.10s is a %s: no make-up day, it is worked anyway", text,
                   problem_text(lint->reader->problems, names[civil_weekday(day) - 1]));
    reader_hint(lint->reader, "make-up days fall on a Saturday or Sunday; compare with the notice");
}

static void each_text(struct lint *lint, const char *key,
                      void (*look)(struct lint *lint, const config_setting_t *at, const char *text))
{
    const config_setting_t *list = reader_member(lint->group, key);
    if (list == NULL)
        return;
    int n = config_setting_is_aggregate(list) ? config_setting_length(list) : 1;
    for (int i = 0; i < n; i++) {
        const config_setting_t *at =
            config_setting_is_aggregate(list) ? config_setting_get_elem(list, (unsigned)i) : list;
        const char *text = config_setting_get_string(at);
        if (text != NULL)
            look(lint, at, text);
    }
}

static void read_years(struct lint *lint)
{
    const config_setting_t *covers = reader_member(lint->group, "covers");
    const char *text = covers != NULL ? config_setting_get_string(covers) : NULL;
    char *end;
    if (text == NULL)
        return;
    lint->first_year = lint->last_year = (int32_t)strtol(text, &end, 10);
    if (strncmp(end, "..", 2) == 0)
        lint->last_year = (int32_t)strtol(end + 2, NULL, 10);
    if (lint->last_year - lint->first_year < YEARS_MAX)
        lint->covers = covers;
}

/* A year that is said to be covered and has no day: a gap, and every holiday in it would be worked. */
static void check_gaps(struct lint *lint)
{
    for (int32_t year = lint->first_year; year <= lint->last_year; year++) {
        if (count_of(lint, year)->off > 0)
            continue;
        reader_warning(lint->reader, lint->covers, "`covers` names %d, and there is no day off in it",
                       (int)year);
        reader_hint(lint->reader, "type its days in, or take the year out of `covers`");
    }
}

static void check_balance(struct lint *lint)
{
    for (int32_t year = lint->first_year; year <= lint->last_year; year++) {
        const struct year_count *count = count_of(lint, year);
        int32_t law = 0;
        for (size_t i = sizeof statutory / sizeof *statutory; i-- > 0;)
            law = year >= statutory[i].from_year ? statutory[i].days : law;
        if (count->off == 0 || law == 0 || count->weekdays_off - count->makeups == law)
            continue;
        reader_warning(lint->reader, count->first,
                       "%d does not balance: %d weekdays off less %d make-up days are %d, the law gives %d",
                       (int)year, (int)count->weekdays_off, (int)count->makeups,
                       (int)(count->weekdays_off - count->makeups), (int)law);
        reader_hint(lint->reader, "a day is missing or too many; days off of the company belong into `days`");
    }
}

void calendar_lint(struct load *load, const config_setting_t *group, const char *zone)
{
    struct lint lint = {.reader = &load->reader, .group = group};
    read_years(&lint);
    each_text(&lint, "off", look_at_off);
    each_text(&lint, "work", look_at_work);
    if (lint.covers == NULL)
        return;
    check_gaps(&lint);
    if (reader_member(group, "work") != NULL && zone != NULL && strcmp(zone, "Asia/Shanghai") == 0)
        check_balance(&lint);
}
