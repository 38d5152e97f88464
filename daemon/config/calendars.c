#include "config/calendars.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/calendar_lint.h"
#include "core/calendar.h"
#include "core/civil.h"

enum { OFF_DAYS_MAX = 400 }; /* dates of one range */

/* One calendar on its way: which are being built tells a circle of `inherit`. */
struct entry {
    const char *name;
    const config_setting_t *group;
    struct calendar *calendar;
    bool begun, weekless;
};

struct builder {
    struct load *load;
    struct entry entries[CALENDARS_MAX];
    size_t n;
};

/* A date that one calendar has set, to notice the second time. */
struct dates {
    int32_t *days;
    size_t n, room;
};

static const char *const keys[] = {"zone", "inherit", "covers", "statutory", "week", "off", "work", "days"};

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

/* "2026-10-01" at the beginning; the rest behind it, or NULL. */
static const char *take_date(const char *text, int32_t *day)
{
    char date[11];
    if (strnlen(text, 10) < 10)
        return NULL;
    memcpy(date, text, 10);
    date[10] = 0;
    return civil_parse(date, day) ? text + 10 : NULL;
}

/* "09:00"; 24:00 is midnight at the end. */
static const char *take_time(const char *text, int32_t *minute)
{
    if (!isdigit((unsigned char)text[0]) || !isdigit((unsigned char)text[1]) || text[2] != ':' ||
        !isdigit((unsigned char)text[3]) || !isdigit((unsigned char)text[4]))
        return NULL;
    int32_t hour = (text[0] - '0') * 10 + text[1] - '0', minutes = (text[3] - '0') * 10 + text[4] - '0';
    if (minutes > 59 || hour > 24 || (hour == 24 && minutes))
        return NULL;
    *minute = hour * 60 + minutes;
    return text + 5;
}

/* "09:00-12:00,13:00-18:00"; a window that ends before it begins runs into the next day. NULL: not that. */
static const char *take_windows(const char *text, struct window out[CALENDAR_WINDOWS_MAX], size_t *n)
{
    *n = 0;
    for (;;) {
        struct window window;
        text = take_time(text, &window.from_min);
        if (!text || *text != '-' || *n == CALENDAR_WINDOWS_MAX)
            return NULL;
        text = take_time(text + 1, &window.to_min);
        if (!text || window.from_min == 24 * 60)
            return NULL;
        if (window.to_min <= window.from_min)
            window.to_min += 24 * 60;
        out[(*n)++] = window;
        if (*text != ',')
            return text;
        text = skip_blanks(text + 1);
    }
}

static const char *take_weekday(const char *text, int32_t *weekday)
{
    static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    for (int32_t i = 0; i < 7; i++) {
        if (strncasecmp(text, names[i], 3) != 0)
            continue;
        *weekday = i + 1;
        return text + 3;
    }
    return NULL;
}

/* "Mon-Fri", "Sat", "Mon,Wed-Thu": bits 1..7. */
static const char *take_weekdays(const char *text, unsigned *bits)
{
    *bits = 0;
    for (;;) {
        int32_t from, to;
        text = take_weekday(text, &from);
        if (!text)
            return NULL;
        to = from;
        if (*text == '-' && !(text = take_weekday(text + 1, &to)))
            return NULL;
        for (int32_t day = from;; day = day % 7 + 1) {
            *bits |= 1U << day;
            if (day == to)
                break;
        }
        if (*text != ',')
            return text;
        text++;
    }
}

static void bad_week(struct reader *reader, const config_setting_t *at, const char *text)
{
    reader_error(reader, at, "\"%s\" is no working week", text);
    reader_hint(reader, "write \"Mon-Fri 09:00-12:00,13:00-18:00\", hours in order");
}

static void read_week_line(struct reader *reader, const config_setting_t *at, struct entry *entry,
                           unsigned *set)
{
    const char *text;
    if (!reader_text(reader, at, &text))
        return;
    unsigned bits;
    struct window windows[CALENDAR_WINDOWS_MAX];
    size_t n = 0;
    const char *rest = take_weekdays(text, &bits);
    if (rest && (*rest == ' ' || *rest == '\t'))
        rest = take_windows(skip_blanks(rest), windows, &n);
    else
        rest = NULL;
    if (!rest || *skip_blanks(rest)) {
        bad_week(reader, at, text);
        return;
    }
    if (bits & *set)
        reader_error(reader, at, "\"%s\" sets a weekday a second time", text);
    *set |= bits;
    for (int32_t day = 1; day <= 7; day++) {
        int error = bits & 1U << day ? calendar_set_week(entry->calendar, day, windows, n) : 0;
        if (error == -ENOMEM) {
            reader_no_memory(reader);
        } else if (error) {
            bad_week(reader, at, text);
            return;
        }
    }
}

/* Calls `line` for the one text or every text of a list. */
static void each_line(struct load *load, struct entry *entry, struct dates *dates, const char *key,
                      void (*line)(struct load *load, struct entry *entry, struct dates *dates,
                                   const config_setting_t *at, const char *text))
{
    const config_setting_t *list = reader_member(entry->group, key);
    const char *text;
    if (!list)
        return;
    if (!config_setting_is_aggregate(list)) {
        if (reader_text(&load->reader, list, &text))
            line(load, entry, dates, list, text);
        return;
    }
    for (int i = 0; i < config_setting_length(list); i++) {
        const config_setting_t *at = config_setting_get_elem(list, (unsigned)i);
        if (reader_text(&load->reader, at, &text))
            line(load, entry, dates, at, text);
    }
}

static void note_date(struct load *load, struct dates *dates, const config_setting_t *at, int32_t day)
{
    for (size_t i = 0; i < dates->n; i++) {
        if (dates->days[i] != day)
            continue;
        struct civil date = civil_of(day);
        reader_error(&load->reader, at, "%04d-%02d-%02d is set a second time", (int)date.year,
                     (int)date.month, (int)date.day);
        return;
    }
    if (dates->n == dates->room) {
        size_t room = dates->room ? dates->room * 2 : 64;
        int32_t *days = realloc(dates->days, room * sizeof *days);
        if (!days) {
            reader_no_memory(&load->reader);
            return;
        }
        dates->days = days;
        dates->room = room;
    }
    dates->days[dates->n++] = day;
}

static void set_day(struct load *load, struct entry *entry, const config_setting_t *at, int32_t day,
                    const struct window *windows, size_t n, const char *why)
{
    int error = calendar_set_day(entry->calendar, day, windows, n, *why ? why : NULL);
    if (error == -ENOMEM)
        reader_no_memory(&load->reader);
    else if (error)
        reader_error(&load->reader, at, "the hours overlap or are not in order");
}

static void bad_day(struct load *load, const config_setting_t *at, const char *text, const char *hint)
{
    reader_error(&load->reader, at, "\"%s\" cannot be read", text);
    reader_hint(&load->reader, "%s", problem_text(load->reader.problems, hint));
}

static void read_off(struct load *load, struct entry *entry, struct dates *dates, const config_setting_t *at,
                     const char *text)
{
    static const char hint[] = "write \"2026-10-01 name\" or \"2026-10-01..2026-10-07 name\"";
    int32_t from = 0, to;
    const char *rest = take_date(text, &from);
    to = from;
    if (rest && strncmp(rest, "..", 2) == 0)
        rest = take_date(rest + 2, &to);
    if (!rest || (*rest && *rest != ' ') || to < from || to - from >= OFF_DAYS_MAX) {
        bad_day(load, at, text, hint);
        return;
    }
    for (int32_t day = from; day <= to; day++) {
        note_date(load, dates, at, day);
        set_day(load, entry, at, day, NULL, 0, skip_blanks(rest));
    }
}

static void read_work(struct load *load, struct entry *entry, struct dates *dates, const config_setting_t *at,
                      const char *text)
{
    int32_t day;
    const char *rest = take_date(text, &day);
    if (!rest || (*rest && *rest != ' ')) {
        bad_day(load, at, text,
                "write \"2026-10-10\", \"2026-10-10 name\" or \"2026-10-10 09:00-12:00 name\"");
        return;
    }
    struct window windows[CALENDAR_WINDOWS_MAX];
    size_t n;
    rest = skip_blanks(rest);
    const char *after = take_windows(rest, windows, &n);
    note_date(load, dates, at, day);
    if (after)
        set_day(load, entry, at, day, windows, n, skip_blanks(after));
    else if (calendar_set_makeup(entry->calendar, day, *rest ? rest : NULL) == -ENOMEM)
        reader_no_memory(&load->reader);
}

static void read_day(struct load *load, struct entry *entry, struct dates *dates, const config_setting_t *at,
                     const char *text)
{
    static const char hint[] = "write \"2026-03-08 09:00-12:00 name\" or \"2026-03-08 off name\"";
    int32_t day;
    struct window windows[CALENDAR_WINDOWS_MAX];
    size_t n = 0;
    const char *rest = take_date(text, &day);
    if (rest)
        rest = skip_blanks(rest);
    if (rest && strncmp(rest, "off", 3) == 0)
        rest += 3;
    else if (rest)
        rest = take_windows(rest, windows, &n);
    if (!rest || (*rest && *rest != ' ')) {
        bad_day(load, at, text, hint);
        return;
    }
    note_date(load, dates, at, day);
    set_day(load, entry, at, day, windows, n, skip_blanks(rest));
}

static void read_covers(struct load *load, struct entry *entry)
{
    const config_setting_t *at = reader_member(entry->group, "covers");
    const char *text;
    if (!at || !reader_text(&load->reader, at, &text))
        return;
    char *end;
    long first = strtol(text, &end, 10), last = first;
    if (strncmp(end, "..", 2) == 0)
        last = strtol(end + 2, &end, 10);
    bool ok = isdigit((unsigned char)*text) && !*end && first >= CIVIL_YEAR_MIN && last <= CIVIL_YEAR_MAX;
    if (!ok || calendar_cover(entry->calendar, (int32_t)first, (int32_t)last)) {
        reader_error(&load->reader, at, "\"%s\" is no range of years", text);
        reader_hint(&load->reader, "write \"2023..2026\"");
    }
}

/* Without `covers` every year counts as known, and the law's days would never come in. */
static void read_statutory(struct load *load, struct entry *entry)
{
    static const char *const laws[] = {"cn"};
    const config_setting_t *at = reader_member(entry->group, "statutory");
    int law;
    if (!at || !reader_choice(&load->reader, at, laws, sizeof laws / sizeof *laws, &law))
        return;
    (void)calendar_set_statutory(entry->calendar, STATUTORY_CN);
    if (calendar_has_years(entry->calendar) || reader_member(entry->group, "covers"))
        return;
    reader_error(&load->reader, at, "`statutory` serves the years outside of `covers`, which is not said");
    reader_hint(&load->reader, "write covers = \"2023..2026\": the years whose notice is typed in here");
}

static void read_week(struct load *load, struct entry *entry)
{
    const config_setting_t *week = reader_member(entry->group, "week");
    unsigned set = 0;
    if (!week)
        return;
    if (!config_setting_is_aggregate(week)) {
        read_week_line(&load->reader, week, entry, &set);
        return;
    }
    for (int i = 0; i < config_setting_length(week); i++)
        read_week_line(&load->reader, config_setting_get_elem(week, (unsigned)i), entry, &set);
}

static struct entry *find_entry(struct builder *builder, const char *name)
{
    for (size_t i = 0; i < builder->n; i++)
        if (strcmp(builder->entries[i].name, name) == 0)
            return &builder->entries[i];
    return NULL;
}

static void build(struct builder *builder, struct entry *entry);

/* The calendar that is inherited, built first; NULL if there is none or it is wrong. */
static struct entry *build_parent(struct builder *builder, struct entry *entry)
{
    struct load *load = builder->load;
    const config_setting_t *at = reader_member(entry->group, "inherit");
    const char *name;
    if (!at || !reader_text(&load->reader, at, &name))
        return NULL;
    struct entry *parent = find_entry(builder, name);
    if (!parent) {
        if (!load->calendars_incomplete)
            reader_unknown(&load->reader, at, "calendar", name, load->calendar_names.items,
                           load->calendar_names.n);
        return NULL;
    }
    if (parent->begun && !parent->calendar) {
        reader_error(&load->reader, at, "`%s` inherits from itself in a circle", name);
        return NULL;
    }
    build(builder, parent);
    return parent->calendar ? parent : NULL;
}

/* `faulty`: something was reported of it, so that what follows from that need not be said. */
static void finish(struct load *load, struct entry *entry, bool faulty)
{
    int error = load->policy.zone ? calendar_finish(entry->calendar) : -EINVAL;
    entry->weekless = error != 0;
    if (error == -ENOMEM)
        reader_no_memory(&load->reader);
    else if (error && !faulty && load->policy.zone && reader_member(entry->group, "week"))
        reader_error(&load->reader, entry->group, "no weekday has any hours");
    else if (error && !faulty && load->policy.zone)
        names_add(&load->reader, &load->weekless_names, entry->name);
}

void calendars_report(struct load *load, struct reader *reader, const config_setting_t *at, const char *name)
{
    if (names_have(&load->weekless_names, name))
        reader_error(reader, at, "the calendar `%s` has no hours: it can only be inherited", name);
    else if (!load->calendars_incomplete && !names_have(&load->calendar_names, name))
        reader_unknown(reader, at, "calendar", name, load->calendar_names.items, load->calendar_names.n);
}

static void build(struct builder *builder, struct entry *entry)
{
    struct load *load = builder->load;
    if (entry->begun)
        return;
    entry->begun = true;
    size_t errors = problems_met(load->reader.problems);
    struct entry *parent = build_parent(builder, entry);
    const config_setting_t *zone_setting = reader_member(entry->group, "zone");
    const struct zone *zone = parent ? NULL : load->policy.zone;
    const char *name;
    if (zone_setting && reader_text(&load->reader, zone_setting, &name))
        zone = load_zone(load, zone_setting, name);
    entry->calendar = calendar_create(entry->name, zone ? zone : parent ? NULL : load->policy.zone);
    if (!entry->calendar) {
        reader_no_memory(&load->reader);
        return;
    }
    if (parent && calendar_inherit(entry->calendar, parent->calendar))
        reader_error(&load->reader, entry->group, "too many calendars inherit one from the other");
    struct dates dates = {.n = 0};
    reader_check_keys(&load->reader, entry->group, keys, sizeof keys / sizeof *keys);
    read_covers(load, entry);
    read_statutory(load, entry);
    read_week(load, entry);
    each_line(load, entry, &dates, "off", read_off);
    each_line(load, entry, &dates, "work", read_work);
    free(dates.days);
    dates = (struct dates){.n = 0};
    each_line(load, entry, &dates, "days", read_day);
    free(dates.days);
    bool faulty = problems_met(load->reader.problems) > errors;
    finish(load, entry, faulty);
    if (!faulty)
        calendar_lint(load, entry->group, zone ? zone_name(zone) : NULL);
}

static void collect(struct builder *builder, const config_setting_t *root)
{
    struct load *load = builder->load;
    for (int i = 0; i < config_setting_length(root); i++) {
        const config_setting_t *group = config_setting_get_elem(root, (unsigned)i);
        const char *name = arena_strdup(load->reader.arena, config_setting_name(group));
        if (!name) {
            reader_no_memory(&load->reader);
            return;
        }
        struct entry *first = find_entry(builder, name);
        if (first) {
            load_duplicate(load, group, first->group);
        } else if (builder->n == CALENDARS_MAX) {
            reader_error(&load->reader, group, "more than %d calendars", CALENDARS_MAX);
            return;
        } else if (reader_is_group(&load->reader, group)) {
            builder->entries[builder->n++] = (struct entry){.name = name, .group = group};
            names_add(&load->reader, &load->calendar_names, name);
        }
    }
}

static int by_calendar_name(const void *a, const void *b)
{
    const struct calendar *const *left = a, *const *right = b;
    return strcmp(calendar_name(*left), calendar_name(*right));
}

/* The working ones go to the config, the others live until the loading ends. */
static void hand_over(struct builder *builder)
{
    struct load *load = builder->load;
    const struct calendar **calendars =
        arena_alloc_array(load->reader.arena, builder->n + 1, sizeof *calendars);
    load->weekless = arena_alloc_array(load->reader.arena, builder->n + 1, sizeof *load->weekless);
    size_t n = 0;
    for (size_t i = 0; i < builder->n; i++) {
        struct entry *entry = &builder->entries[i];
        if (!calendars || !load->weekless)
            calendar_destroy(entry->calendar);
        else if (entry->weekless && entry->calendar)
            load->weekless[load->n_weekless++] = entry->calendar;
        else if (entry->calendar)
            calendars[n++] = entry->calendar;
    }
    if (!calendars || !load->weekless) {
        reader_no_memory(&load->reader);
        return;
    }
    qsort(calendars, n, sizeof *calendars, by_calendar_name);
    load->config->calendars = calendars;
    load->config->n_calendars = n;
}

void calendars_load(struct load *load)
{
    struct documents documents;
    documents_read(&load->reader, load->calendars.path, load->calendars.written, &documents);
    load->calendars_incomplete = documents.incomplete;
    struct builder *builder = calloc(1, sizeof *builder);
    if (builder) {
        builder->load = load;
        for (size_t i = 0; i < documents.n; i++)
            collect(builder, document_root(documents.items[i]));
        for (size_t i = 0; i < builder->n; i++)
            build(builder, &builder->entries[i]);
        hand_over(builder);
    } else {
        reader_no_memory(&load->reader);
    }
    free(builder);
    documents_finish(&documents);
}
