/* Holidays as iCalendar (RFC 5545): whole days (VALUE=DATE), DTEND not included, yearly and other rules,
 * RDATE and EXDATE. A time of day is no holiday. What is worked is told by X-APPLE-SPECIAL-DAY or by the
 * summary. */
#include "cli/holidays.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libical/ical.h>

#include "core/civil.h"

enum { OCCURRENCES_MAX = 5000, EVENTS_MAX = 20000, DEPTH_MAX = 8 };

static const char special_day[] = "X-APPLE-SPECIAL-DAY";

struct reading {
    struct holidays *holidays;
    bool has_special_days;           /* then an event without the mark is a festival, not a holiday */
    int32_t rules_from, rules_until; /* the years in which rules are followed */
    int status;
};

static int32_t day_of(struct icaltimetype time)
{
    return civil_day(time.year, time.month, time.day);
}

static bool is_sane(struct icaltimetype time)
{
    return time.year >= CIVIL_YEAR_MIN && time.year <= CIVIL_YEAR_MAX && time.month >= 1 && time.month <= 12;
}

static const char *special_of(icalcomponent *event)
{
    for (icalproperty *property = icalcomponent_get_first_property(event, ICAL_X_PROPERTY); property != NULL;
         property = icalcomponent_get_next_property(event, ICAL_X_PROPERTY)) {
        const char *name = icalproperty_get_x_name(property);
        if (name != NULL && strcmp(name, special_day) == 0)
            return icalproperty_get_x(property);
    }
    return NULL;
}

static bool is_worked(icalcomponent *event, const char *summary)
{
    static const char *const words[] = {"班", "make-up", "makeup", "workday", "working day"};
    const char *special = special_of(event);

    if (special != NULL)
        return strcmp(special, "ALTERNATE-WORKDAY") == 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasestr(summary, words[i]) != NULL)
            return true;
    }
    return false;
}

/* "春节（休）", "国庆节 假期 第1天/共7天", "元旦 补班": the festival's name stands first; in other languages
 * a name has blanks of its own. */
static void short_name(const char *summary, char into[static HOLIDAY_NAME_MAX])
{
    static const char *const ends[] = {"（", "(", "假期", "放假", "补班", "上班", "调休"};
    size_t n = strlen(summary);
    bool is_chinese = (summary[0] & 0x80) != 0;

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const char *end = strstr(summary, ends[i]);
        if (end != NULL && end > summary && (size_t)(end - summary) < n)
            n = (size_t)(end - summary);
    }
    if (is_chinese && strcspn(summary, " ") < n)
        n = strcspn(summary, " ");
    snprintf(into, HOLIDAY_NAME_MAX, "%.*s", (int)(n < HOLIDAY_NAME_MAX ? n : HOLIDAY_NAME_MAX - 1), summary);
}

static void add_days(struct reading *reading, int32_t from, int32_t days, icalcomponent *event)
{
    const char *summary = icalcomponent_get_summary(event);
    char name[HOLIDAY_NAME_MAX];

    summary = summary != NULL ? summary : "";
    short_name(summary, name);
    for (int32_t i = 0; i < days && reading->status == 0; i++)
        reading->status = holidays_add(reading->holidays, from + i, !is_worked(event, summary), name);
}

/* How many dates an event takes: DTEND is the first one behind it; without DTEND and DURATION, one. */
static int32_t length_of(icalcomponent *event, struct icaltimetype start)
{
    struct icaltimetype end = icalcomponent_get_dtend(event);
    int32_t days = icaltime_is_null_time(end) || !is_sane(end) ? 1 : day_of(end) - day_of(start);

    return days < 1 ? 1 : days > HOLIDAYS_RANGE_MAX ? HOLIDAYS_RANGE_MAX : days;
}

static void add_by_rule(struct reading *reading, icalcomponent *event, struct icaltimetype start,
                        int32_t days)
{
    icalproperty *rule = icalcomponent_get_first_property(event, ICAL_RRULE_PROPERTY);
    icalrecur_iterator *iterator = icalrecur_iterator_new(icalproperty_get_rrule(rule), start);

    for (int i = 0; iterator != NULL && reading->status == 0; i++) {
        struct icaltimetype at = icalrecur_iterator_next(iterator);
        if (i == OCCURRENCES_MAX)
            reading->status = -E2BIG;
        if (icaltime_is_null_time(at) || at.year > reading->rules_until)
            break;
        if (at.year >= reading->rules_from && !icalproperty_recurrence_is_excluded(event, &start, &at))
            add_days(reading, day_of(at), days, event);
    }
    if (iterator != NULL)
        icalrecur_iterator_free(iterator);
}

static void add_named_dates(struct reading *reading, icalcomponent *event, int32_t days)
{
    for (icalproperty *property = icalcomponent_get_first_property(event, ICAL_RDATE_PROPERTY);
         property != NULL; property = icalcomponent_get_next_property(event, ICAL_RDATE_PROPERTY)) {
        struct icaltimetype at = icalproperty_get_rdate(property).time;
        if (at.is_date && is_sane(at))
            add_days(reading, day_of(at), days, event);
    }
}

static void read_event(struct reading *reading, icalcomponent *event)
{
    struct icaltimetype start = icalcomponent_get_dtstart(event);
    bool is_cancelled = icalcomponent_get_status(event) == ICAL_STATUS_CANCELLED;

    if (!start.is_date || !is_sane(start) || is_cancelled ||
        (reading->has_special_days && special_of(event) == NULL)) {
        reading->holidays->left_out++;
        return;
    }
    int32_t days = length_of(event, start);
    if (icalcomponent_get_first_property(event, ICAL_RRULE_PROPERTY) != NULL)
        add_by_rule(reading, event, start, days);
    else
        add_days(reading, day_of(start), days, event);
    add_named_dates(reading, event, days);
}

/* Marks, and the years that events without a rule name: rules, which often have no end, are followed there.
 * Where there are only rules, in this year and the next. */
static void look_ahead(struct reading *reading, icalcomponent *calendar)
{
    reading->rules_from = reading->rules_until = 0;
    for (icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
         event != NULL; event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT)) {
        struct icaltimetype start = icalcomponent_get_dtstart(event);
        if (special_of(event) != NULL)
            reading->has_special_days = true;
        if (!is_sane(start) || icalcomponent_get_first_property(event, ICAL_RRULE_PROPERTY) != NULL)
            continue;
        if (reading->rules_from == 0 || start.year < reading->rules_from)
            reading->rules_from = start.year;
        if (start.year > reading->rules_until)
            reading->rules_until = start.year;
    }
    if (reading->rules_from == 0) {
        reading->rules_from = reading->holidays->this_year;
        reading->rules_until = reading->rules_from + 1;
    }
    if (reading->holidays->wanted_last < CIVIL_YEAR_MAX) {
        reading->rules_from = reading->holidays->wanted_first;
        reading->rules_until = reading->holidays->wanted_last;
    }
}

static void read_calendar(struct reading *reading, icalcomponent *calendar)
{
    int n = 0;

    look_ahead(reading, calendar);
    for (icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
         event != NULL && reading->status == 0;
         event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT)) {
        if (n++ == EVENTS_MAX)
            reading->status = -E2BIG;
        else
            read_event(reading, event);
    }
}

/* The library walks components by recursion: a file must not choose how deep. */
static bool is_too_deep(const char *text)
{
    int depth = 0;

    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncasecmp(line, "BEGIN:", 6) == 0 && ++depth > DEPTH_MAX)
            return true;
        if (strncasecmp(line, "END:", 4) == 0)
            depth--;
    }
    return false;
}

/* The first of the parser's own remarks. */
static const char *first_remark(icalcomponent *component)
{
    icalproperty *remark = icalcomponent_get_first_property(component, ICAL_XLICERROR_PROPERTY);
    const char *text = remark != NULL ? icalproperty_get_xlicerror(remark) : NULL;

    for (icalcomponent *inner = icalcomponent_get_first_component(component, ICAL_ANY_COMPONENT);
         inner != NULL && text == NULL;
         inner = icalcomponent_get_next_component(component, ICAL_ANY_COMPONENT))
        text = first_remark(inner);
    return text;
}

int holidays_read_ics(struct holidays *holidays, const char *text, char problem[static HOLIDAYS_PROBLEM_MAX])
{
    struct reading reading = {.holidays = holidays};
    bool too_deep = is_too_deep(text);
    icalcomponent *root = too_deep ? NULL : icalparser_parse_string(text);
    int errors = root != NULL ? icalcomponent_count_errors(root) : 0;

    if (too_deep) {
        snprintf(problem, HOLIDAYS_PROBLEM_MAX, "components stand in each other more than %d deep",
                 DEPTH_MAX);
        reading.status = -EINVAL;
    } else if (root == NULL || strstr(text, "BEGIN:VCALENDAR") == NULL) {
        snprintf(problem, HOLIDAYS_PROBLEM_MAX, "this is no iCalendar file: BEGIN:VCALENDAR is missing");
        reading.status = -EINVAL;
    } else if (errors > 0) {
        const char *remark = first_remark(root);
        snprintf(problem, HOLIDAYS_PROBLEM_MAX, "%d lines cannot be read; the first: %s", errors,
                 remark != NULL ? remark : "?");
        reading.status = -EINVAL;
    } else if (icalcomponent_isa(root) == ICAL_VCALENDAR_COMPONENT) {
        read_calendar(&reading, root);
    } else {
        for (icalcomponent *inner = icalcomponent_get_first_component(root, ICAL_VCALENDAR_COMPONENT);
             inner != NULL; inner = icalcomponent_get_next_component(root, ICAL_VCALENDAR_COMPONENT))
            read_calendar(&reading, inner);
    }
    if (root != NULL)
        icalcomponent_free(root);
    if (reading.status == -E2BIG || reading.status == -ENOMEM)
        snprintf(problem, HOLIDAYS_PROBLEM_MAX, "%s",
                 reading.status == -E2BIG ? "too much: at most 20000 days, and 5000 by one rule"
                                          : "out of memory");
    return reading.status;
}
