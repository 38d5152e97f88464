#include "calendar.h"

#include "civil.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    WEEKDAYS = 7,
    DAYS_SET_MAX = 20000, /* on one calendar */
    PARENTS_MAX = 16,     /* one above the other */
    DAY_LIMIT = 1000000,  /* day numbers beyond are treated as this one: some 2700 years from 1970 */
    DAY_MINUTES = 24 * 60,
    NEARBY_DAYS = 10, /* and two for each working date: enough but in the longest holidays */
};

struct hours {
    size_t n;
    struct window windows[CALENDAR_WINDOWS_MAX];
};

/* A day as somebody set it; in a finished calendar also what it does to the count of working dates. */
struct special {
    int32_t day;
    bool makeup; /* its hours are not known before calendar_finish */
    struct hours hours;
    char *why;
    int32_t extra; /* working dates up to this day, less those that the weeks alone would have */
};

struct specials {
    struct special *items;
    size_t n;
    size_t room;
    uint64_t
        *marks; /* once sorted: a bit a day from the first to the last, because most days are not special */
};

struct calendar {
    char *name;
    const struct zone *zone;
    const struct calendar *parent;
    bool finished;
    bool has_week;
    struct hours week[WEEKDAYS]; /* Monday first */
    bool has_years;
    int32_t first_year, last_year;
    enum statutory statutory;
    struct specials own; /* as set, in that order */

    struct specials days;         /* the parents' too; sorted, one a day */
    struct hours usual;           /* of the first working weekday */
    int32_t working_by[WEEKDAYS]; /* working weekdays from Monday to this one, inclusive */
};

struct calendar *calendar_create(const char *name, const struct zone *zone)
{
    struct calendar *calendar = calloc(1, sizeof *calendar);
    if (calendar == NULL)
        return NULL;
    calendar->zone = zone;
    calendar->name = strdup(name);
    if (calendar->name == NULL) {
        free(calendar);
        return NULL;
    }
    return calendar;
}

static void specials_finish(struct specials *specials)
{
    for (size_t i = 0; i < specials->n; i++)
        free(specials->items[i].why);
    free(specials->items);
    free(specials->marks);
    *specials = (struct specials){0};
}

void calendar_destroy(struct calendar *calendar)
{
    if (calendar == NULL)
        return;
    specials_finish(&calendar->own);
    specials_finish(&calendar->days);
    free(calendar->name);
    free(calendar);
}

static bool hours_set(struct hours *hours, const struct window *windows, size_t n)
{
    int32_t from_min = 0;
    if (n > CALENDAR_WINDOWS_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (windows[i].from_min < from_min || windows[i].from_min >= DAY_MINUTES ||
            windows[i].to_min <= windows[i].from_min || windows[i].to_min > 2 * DAY_MINUTES)
            return false;
        from_min = windows[i].to_min;
    }
    hours->n = n;
    if (n > 0)
        memcpy(hours->windows, windows, n * sizeof *windows);
    return true;
}

int calendar_set_week(struct calendar *calendar, int32_t weekday, const struct window *windows, size_t n)
{
    if (calendar->finished || weekday < 1 || weekday > WEEKDAYS)
        return -EINVAL;
    if (!hours_set(&calendar->week[weekday - 1], windows, n))
        return -EINVAL;
    calendar->has_week = true;
    return 0;
}

/* Copies `special`, its text included. */
static int specials_add(struct specials *specials, const struct special *special)
{
    if (specials->n == specials->room) {
        size_t room = specials->room ? specials->room * 2 : 64;
        struct special *items = realloc(specials->items, room * sizeof *items);
        if (items == NULL)
            return -ENOMEM;
        specials->items = items;
        specials->room = room;
    }
    struct special copy = *special;
    if (special->why != NULL) {
        copy.why = strdup(special->why);
        if (copy.why == NULL)
            return -ENOMEM;
    }
    specials->items[specials->n++] = copy;
    return 0;
}

static int set_special(struct calendar *calendar, const struct special *special)
{
    if (calendar->finished || special->day < -DAY_LIMIT || special->day > DAY_LIMIT ||
        calendar->own.n >= DAYS_SET_MAX)
        return -EINVAL;
    return specials_add(&calendar->own, special);
}

int calendar_set_day(struct calendar *calendar, int32_t day, const struct window *windows, size_t n,
                     const char *why)
{
    struct special special = {.day = day, .why = (char *)why};
    if (!hours_set(&special.hours, windows, n))
        return -EINVAL;
    return set_special(calendar, &special);
}

int calendar_set_makeup(struct calendar *calendar, int32_t day, const char *why)
{
    return set_special(calendar, &(struct special){.day = day, .makeup = true, .why = (char *)why});
}

int calendar_inherit(struct calendar *calendar, const struct calendar *parent)
{
    int depth = 0;
    if (calendar->finished || calendar->parent != NULL)
        return -EINVAL;
    for (const struct calendar *above = parent; above != NULL; above = above->parent) {
        if (above == calendar || ++depth > PARENTS_MAX)
            return -EINVAL;
    }
    calendar->parent = parent;
    return 0;
}

int calendar_cover(struct calendar *calendar, int32_t first_year, int32_t last_year)
{
    if (calendar->finished || first_year > last_year || first_year < CIVIL_YEAR_MIN ||
        last_year > CIVIL_YEAR_MAX)
        return -EINVAL;
    calendar->has_years = true;
    calendar->first_year = first_year;
    calendar->last_year = last_year;
    return 0;
}

int calendar_set_statutory(struct calendar *calendar, enum statutory statutory)
{
    if (calendar->finished)
        return -EINVAL;
    calendar->statutory = statutory;
    return 0;
}

static void inherit_facts(struct calendar *calendar)
{
    for (const struct calendar *above = calendar->parent; above != NULL; above = above->parent) {
        if (calendar->statutory == STATUTORY_NONE)
            calendar->statutory = above->statutory;
        if (calendar->zone == NULL)
            calendar->zone = above->zone;
        if (!calendar->has_week && above->has_week) {
            memcpy(calendar->week, above->week, sizeof calendar->week);
            calendar->has_week = true;
        }
        if (!calendar->has_years && above->has_years) {
            calendar->has_years = true;
            calendar->first_year = above->first_year;
            calendar->last_year = above->last_year;
        }
    }
}

static bool week_count(struct calendar *calendar)
{
    int32_t working = 0;
    for (int i = 0; i < WEEKDAYS; i++) {
        if (calendar->week[i].n > 0 && working++ == 0)
            calendar->usual = calendar->week[i];
        calendar->working_by[i] = working;
    }
    return working > 0;
}

/* Where the day's bit is; false: before the first or behind the last. */
static bool find_bit(const struct specials *specials, int32_t day, size_t *word, uint64_t *bit)
{
    if (specials->n == 0 || day < specials->items[0].day || day > specials->items[specials->n - 1].day)
        return false;
    size_t at = (size_t)((int64_t)day - specials->items[0].day);
    *word = at / 64;
    *bit = UINT64_C(1) << at % 64;
    return true;
}

static bool specials_mark(struct specials *specials)
{
    size_t word = 0;
    uint64_t bit;
    if (specials->n > 0)
        find_bit(specials, specials->items[specials->n - 1].day, &word, &bit);
    specials->marks = calloc(word + 1, sizeof *specials->marks);
    for (size_t i = 0; specials->marks && i < specials->n; i++)
        if (find_bit(specials, specials->items[i].day, &word, &bit))
            specials->marks[word] |= bit;
    return specials->marks != NULL;
}

static struct special *specials_find(const struct specials *specials, int32_t day)
{
    size_t word;
    uint64_t bit;
    if (!find_bit(specials, day, &word, &bit) || !(specials->marks[word] & bit))
        return NULL;
    size_t low = 0, high = specials->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (specials->items[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    return &specials->items[low];
}

static int by_day(const void *a, const void *b)
{
    const struct special *x = a, *y = b;
    return x->day != y->day ? (x->day < y->day ? -1 : 1) : (x->extra > y->extra) - (x->extra < y->extra);
}

/* Sorts; of the entries for one day the one that was added first wins. */
static void specials_settle(struct specials *specials)
{
    size_t kept = 0;
    for (size_t i = 0; i < specials->n; i++)
        specials->items[i].extra = (int32_t)i;
    if (specials->n > 0)
        qsort(specials->items, specials->n, sizeof *specials->items, by_day);
    for (size_t i = 0; i < specials->n; i++) {
        if (kept > 0 && specials->items[kept - 1].day == specials->items[i].day)
            free(specials->items[i].why);
        else
            specials->items[kept++] = specials->items[i];
    }
    specials->n = kept;
}

/* What is nearest comes first: the own days, the latest first, then those of each parent above. */
static int collect_days(struct calendar *calendar)
{
    for (const struct calendar *from = calendar; from != NULL; from = from->parent) {
        for (size_t i = from->own.n; i-- > 0;) {
            int status = specials_add(&calendar->days, &from->own.items[i]);
            if (status < 0)
                return status;
        }
    }
    return 0;
}

/* Behind all others: whatever somebody has set for the day wins. */
static int add_statutory_days(struct calendar *calendar)
{
    struct statutory_day days[STATUTORY_DAYS_MAX];
    for (int32_t year = STATUTORY_YEAR_MIN; calendar->has_years && year <= STATUTORY_YEAR_MAX; year++) {
        if (year >= calendar->first_year && year <= calendar->last_year)
            continue;
        size_t n = statutory_days(calendar->statutory, year, days);
        for (size_t i = 0; i < n; i++) {
            struct special special = {.day = days[i].day, .why = (char *)days[i].why};
            int status = specials_add(&calendar->days, &special);
            if (status < 0)
                return status;
        }
    }
    return 0;
}

static void count_days(struct calendar *calendar)
{
    int32_t extra = 0;
    for (size_t i = 0; i < calendar->days.n; i++) {
        struct special *special = &calendar->days.items[i];
        if (special->makeup)
            special->hours = calendar->usual;
        bool usually = calendar->week[civil_weekday(special->day) - 1].n > 0;
        extra += (special->hours.n > 0 ? 1 : 0) - (usually ? 1 : 0);
        special->extra = extra;
    }
}

int calendar_finish(struct calendar *calendar)
{
    if (calendar->finished)
        return 0;
    inherit_facts(calendar);
    if (calendar->zone == NULL || !week_count(calendar))
        return -EINVAL;
    int status = collect_days(calendar);
    if (status == 0)
        status = add_statutory_days(calendar);
    if (status < 0) {
        specials_finish(&calendar->days);
        return status;
    }
    specials_settle(&calendar->days);
    if (!specials_mark(&calendar->days)) {
        specials_finish(&calendar->days);
        return -ENOMEM;
    }
    count_days(calendar);
    calendar->finished = true;
    return 0;
}

const char *calendar_name(const struct calendar *calendar)
{
    return calendar->name;
}

const struct zone *calendar_zone(const struct calendar *calendar)
{
    assert(calendar->finished);
    return calendar->zone;
}

bool calendar_covers(const struct calendar *calendar, int32_t day)
{
    assert(calendar->finished);
    if (!calendar->has_years)
        return true;
    int32_t year = civil_of(day).year;
    return year >= calendar->first_year && year <= calendar->last_year;
}

bool calendar_has_years(const struct calendar *calendar)
{
    if (calendar->finished)
        return calendar->has_years;
    while (calendar != NULL && !calendar->has_years)
        calendar = calendar->parent;
    return calendar != NULL;
}

/* FNV-1a, byte by byte from the lowest. */
static uint64_t mix(uint64_t hash, int64_t number)
{
    for (int i = 0; i < 8; i++)
        hash = (hash ^ (((uint64_t)number >> (8 * i)) & 0xff)) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t mix_hours(uint64_t hash, const struct hours *hours)
{
    hash = mix(hash, (int64_t)hours->n);
    for (size_t i = 0; i < hours->n; i++)
        hash = mix(mix(hash, hours->windows[i].from_min), hours->windows[i].to_min);
    return hash;
}

uint64_t calendar_fingerprint(const struct calendar *calendar)
{
    assert(calendar->finished);
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *c = zone_name(calendar->zone); *c; c++)
        hash = mix(hash, (unsigned char)*c);
    hash = mix(hash, calendar->has_years);
    hash = mix(mix(hash, calendar->first_year), calendar->last_year);
    for (int i = 0; i < WEEKDAYS; i++)
        hash = mix_hours(hash, &calendar->week[i]);
    for (size_t i = 0; i < calendar->days.n; i++)
        hash = mix_hours(mix(hash, calendar->days.items[i].day), &calendar->days.items[i].hours);
    return hash;
}

static const struct hours *hours_of(const struct calendar *calendar, int32_t day)
{
    assert(calendar->finished);
    const struct special *special = specials_find(&calendar->days, day);
    return special ? &special->hours : &calendar->week[civil_weekday(day) - 1];
}

size_t calendar_windows(const struct calendar *calendar, int32_t day, const struct window **out)
{
    const struct hours *hours = hours_of(calendar, day);
    *out = hours->windows;
    return hours->n;
}

bool calendar_is_working(const struct calendar *calendar, int32_t day)
{
    return hours_of(calendar, day)->n > 0;
}

const char *calendar_why(const struct calendar *calendar, int32_t day)
{
    assert(calendar->finished);
    const struct special *special = specials_find(&calendar->days, day);
    return special ? special->why : NULL;
}

size_t calendar_week(const struct calendar *calendar, int32_t weekday, const struct window **out)
{
    assert(calendar->finished && weekday >= 1 && weekday <= WEEKDAYS);
    *out = calendar->week[weekday - 1].windows;
    return calendar->week[weekday - 1].n;
}

int64_t calendar_usual_ms(const struct calendar *calendar)
{
    int64_t minutes = 0;
    assert(calendar->finished);
    for (size_t i = 0; i < calendar->usual.n; i++)
        minutes += calendar->usual.windows[i].to_min - calendar->usual.windows[i].from_min;
    return minutes * MINUTE_MS;
}

bool calendar_years(const struct calendar *calendar, int32_t *first_year, int32_t *last_year)
{
    assert(calendar->finished);
    if (!calendar->has_years)
        return false;
    *first_year = calendar->first_year;
    *last_year = calendar->last_year;
    return true;
}

/* Working dates up to and including `day`, counted from a Monday long ago; only differences mean anything. */
static int64_t ordinal(const struct calendar *calendar, int32_t day)
{
    int64_t since_monday = (int64_t)day + 3 + INT64_C(7) * (DAY_LIMIT / 7 + CALENDAR_SEARCH_DAYS);
    int64_t count = since_monday / 7 * calendar->working_by[WEEKDAYS - 1];
    count += calendar->working_by[since_monday % 7];

    size_t low = 0, high = calendar->days.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (calendar->days.items[middle].day <= day)
            low = middle + 1;
        else
            high = middle;
    }
    return count + (low > 0 ? calendar->days.items[low - 1].extra : 0);
}

static int32_t limited(int64_t day)
{
    return (int32_t)(day < -DAY_LIMIT ? -DAY_LIMIT : day > DAY_LIMIT ? DAY_LIMIT : day);
}

/* The dates among which the `target`th working date is looked for: those nearby if they have it, else all
 * of the 20 years. */
static bool bound_search(const struct calendar *calendar, int32_t day, int32_t n, int64_t target,
                         int32_t *low, int32_t *high)
{
    int64_t reach = NEARBY_DAYS + 2 * llabs((int64_t)n);
    bool is_near = reach < CALENDAR_SEARCH_DAYS;
    if (is_near)
        is_near = n > 0 ? ordinal(calendar, day + (int32_t)reach) >= target
                        : ordinal(calendar, day - (int32_t)reach - 1) < target;
    int32_t days = is_near ? (int32_t)reach : CALENDAR_SEARCH_DAYS;
    *low = n > 0 ? day + 1 : day - days;
    *high = n > 0 ? day + days : day - 1;
    return is_near || (target <= ordinal(calendar, *high) && target > ordinal(calendar, *low - 1));
}

int calendar_add_working_days(const struct calendar *calendar, int32_t day, int32_t n, int32_t *out)
{
    assert(calendar->finished);
    if (n == 0) {
        *out = day;
        return 0;
    }
    int32_t low, high;
    day = limited(day);
    int64_t target = n > 0 ? ordinal(calendar, day) + n : ordinal(calendar, day - 1) + 1 + n;
    if (!bound_search(calendar, day, n, target, &low, &high))
        return -ERANGE;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (ordinal(calendar, middle) < target)
            low = middle + 1;
        else
            high = middle;
    }
    *out = low;
    return 0;
}

int32_t calendar_count_working_days(const struct calendar *calendar, int32_t from, int32_t to)
{
    assert(calendar->finished);
    return (int32_t)(ordinal(calendar, limited(to)) - ordinal(calendar, limited(from)));
}

int32_t calendar_day(const struct calendar *calendar, instant at)
{
    assert(calendar->finished);
    int64_t local = zone_local(calendar->zone, at);
    return limited(local / DAY_MS - (local % DAY_MS < 0 ? 1 : 0));
}

instant calendar_at(const struct calendar *calendar, int32_t day, int32_t minute)
{
    assert(calendar->finished);
    return zone_instant(calendar->zone, limited(day) * DAY_MS + minute * MINUTE_MS);
}

instant calendar_close(const struct calendar *calendar, int32_t day)
{
    const struct hours *hours = hours_of(calendar, day);
    if (hours->n == 0)
        hours = &calendar->usual;
    return calendar_at(calendar, day, hours->windows[hours->n - 1].to_min);
}
