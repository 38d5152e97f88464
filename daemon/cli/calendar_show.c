/* cuibanctl calendar show: a month as a picture, a year as a table of months. */
#include <stdlib.h>
#include <string.h>

#include "cli/moment.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "core/civil.h"
#include "core/utf8.h"
#include "store/clock.h"

enum { CELL_COLUMNS = 6, HOURS_TEXT_MAX = 128, MONTHS = 12 };

/* What there is to say of a date. */
enum kind { KIND_WORKING, KIND_OFF, KIND_WEEKEND, KIND_MAKEUP, KIND_OTHER_HOURS };
static const char *const kind_names[] = {"working", "off", "weekend", "makeup", "other-hours"};

static const char *const weekdays[2][7] = {{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"},
                                           {"一", "二", "三", "四", "五", "六", "日"}};

struct view {
    struct cli *cli;
    const struct calendar *calendar;
    int32_t first, end;  /* dates, end not included */
    int32_t year, month; /* month 0: the whole year */
};

static bool same_windows(const struct window *a, size_t n_a, const struct window *b, size_t n_b)
{
    return n_a == n_b && (n_a == 0 || memcmp(a, b, n_a * sizeof *a) == 0);
}

static enum kind kind_of(const struct calendar *calendar, int32_t day)
{
    const struct window *own, *usual;
    size_t n_usual = calendar_week(calendar, civil_weekday(day), &usual);
    size_t n = calendar_windows(calendar, day, &own);

    if (n == 0)
        return n_usual > 0 || calendar_why(calendar, day) != NULL ? KIND_OFF : KIND_WEEKEND;
    if (n_usual == 0)
        return KIND_MAKEUP;
    return same_windows(own, n, usual, n_usual) ? KIND_WORKING : KIND_OTHER_HOURS;
}

static const char *format_hours(const struct window *windows, size_t n, char into[static HOURS_TEXT_MAX])
{
    size_t at = 0;

    into[0] = '\0';
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(
            into + at, HOURS_TEXT_MAX - at, "%s%02d:%02d-%02d:%02d", i > 0 ? "," : "",
            (int)(windows[i].from_min / 60 % 24), (int)(windows[i].from_min % 60),
            (int)(windows[i].to_min > 1440 ? windows[i].to_min / 60 - 24 : windows[i].to_min / 60),
            (int)(windows[i].to_min % 60));
    return into;
}

static int64_t working_minutes(const struct calendar *calendar, int32_t first, int32_t end)
{
    struct calendar_range ranges[CALENDAR_WINDOWS_MAX];
    int64_t sum = 0;

    for (int32_t day = first; day < end; day++) {
        size_t n = calendar_ranges(calendar, day, ranges);
        for (size_t i = 0; i < n; i++)
            sum += (ranges[i].to - ranges[i].from) / MINUTE_MS;
    }
    return sum;
}

/* "144", "144.5": hours for people. */
static const char *format_quantity(int64_t minutes, char into[static 32])
{
    if (minutes % 60 == 0)
        snprintf(into, 32, "%lld", (long long)(minutes / 60));
    else
        snprintf(into, 32, "%lld:%02lld", (long long)(minutes / 60), (long long)(minutes % 60));
    return into;
}

static int32_t working_days(const struct view *view)
{
    return calendar_count_working_days(view->calendar, view->first - 1, view->end - 1);
}

/* -- a month -- */

static const char *mark_of(const struct cli *cli, enum kind kind)
{
    switch (kind) {
    case KIND_OFF:
        return cli_in(cli, "-", "休");
    case KIND_WEEKEND:
        return cli_in(cli, ".", "·");
    case KIND_MAKEUP:
        return cli_in(cli, "+", "班");
    case KIND_OTHER_HOURS:
        return cli_in(cli, "~", "时");
    case KIND_WORKING:
        break;
    }
    return "";
}

static void print_head(const struct view *view)
{
    char hours[32];

    format_quantity(working_minutes(view->calendar, view->first, view->end), hours);
    cli_print("%04d-%02d  %s  %s", (int)view->year, (int)view->month, calendar_name(view->calendar),
              zone_name(calendar_zone(view->calendar)));
    cli_say(view->cli, "  %d working days, %s hours\n", "  工作日 %d 天，%s 小时\n", (int)working_days(view),
            hours);
}

static void print_grid(const struct view *view)
{
    int32_t before = civil_weekday(view->first) - 1;

    for (int i = 0; i < 7; i++) {
        const char *name = weekdays[view->cli->chinese ? 1 : 0][i];
        cli_print("%*s%s%s", CELL_COLUMNS - 2 - (int)utf8_columns(name), "", name, i < 6 ? "  " : "\n");
    }
    cli_print("%*s", (int)before * CELL_COLUMNS, "");
    for (int32_t day = view->first; day < view->end; day++) {
        const char *mark = mark_of(view->cli, kind_of(view->calendar, day));
        bool line_ends = civil_weekday(day) == 7 || day + 1 == view->end;

        cli_print("%4d%s", (int)(day - view->first + 1), mark);
        if (line_ends)
            putchar('\n');
        else
            cli_print("%*s", (int)(2 - utf8_columns(mark)), "");
    }
}

static void print_legend(const struct view *view)
{
    static const struct {
        enum kind kind;
        const char *english, *chinese;
    } words[] = {{KIND_OFF, "day off", "放假"},
                 {KIND_MAKEUP, "make-up day", "补班"},
                 {KIND_OTHER_HOURS, "other hours", "另有时段"},
                 {KIND_WEEKEND, "weekend", "周末"}};
    bool seen[KIND_OTHER_HOURS + 1] = {false}, any = false;

    for (int32_t day = view->first; day < view->end; day++)
        seen[kind_of(view->calendar, day)] = true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!seen[words[i].kind])
            continue;
        cli_print("%s%s %s", any ? "   " : "  ", mark_of(view->cli, words[i].kind),
                  view->cli->chinese ? words[i].chinese : words[i].english);
        any = true;
    }
    if (any)
        putchar('\n');
}

/* The last date of the run that begins here: of one kind, with one name and one set of hours. */
static int32_t run_end(const struct view *view, int32_t day)
{
    const char *why = calendar_why(view->calendar, day), *next;
    const struct window *windows, *others;
    size_t n = calendar_windows(view->calendar, day, &windows), n_others;
    enum kind kind = kind_of(view->calendar, day);

    while (day + 1 < view->end && kind_of(view->calendar, day + 1) == kind) {
        next = calendar_why(view->calendar, day + 1);
        n_others = calendar_windows(view->calendar, day + 1, &others);
        if ((why == NULL) != (next == NULL) || (why != NULL && strcmp(why, next) != 0) ||
            !same_windows(windows, n, others, n_others))
            break;
        day++;
    }
    return day;
}

static void print_named(const struct view *view)
{
    char from[MOMENT_TEXT_MAX], to[MOMENT_TEXT_MAX], hours[HOURS_TEXT_MAX];
    const struct window *windows;
    struct table table;

    table_init(&table, 3, NULL);
    for (int32_t day = view->first; day < view->end; day++) {
        enum kind kind = kind_of(view->calendar, day);
        const char *why = calendar_why(view->calendar, day);
        int32_t last = run_end(view, day);
        size_t n = calendar_windows(view->calendar, day, &windows);

        if (kind == KIND_WEEKEND || (kind == KIND_WORKING && why == NULL))
            continue;
        moment_format_day(day, view->cli->chinese, from);
        moment_format_day(last, view->cli->chinese, to);
        table_addf(&table, "  %s%s%s", from, last > day ? " .. " : "", last > day ? to : "");
        table_add(&table, n == 0 ? cli_in(view->cli, "off", "休") : format_hours(windows, n, hours));
        table_add(&table, why);
        day = last;
    }
    table_print(&table, stdout);
    table_finish(&table);
}

static void print_uncovered(const struct view *view)
{
    if (!calendar_covers(view->calendar, view->end - 1))
        cli_say(view->cli, "  provisional: %s does not cover %d\n", "  暂定：%s 尚未包含 %d 年的数据\n",
                calendar_name(view->calendar), (int)view->year);
}

/* "Mon-Fri 09:00-12:00,13:00-18:00", weekdays of equal hours together. */
static void print_week(const struct view *view)
{
    const struct window *windows, *others;
    char hours[HOURS_TEXT_MAX];

    for (int32_t day = 1; day <= 7; day++) {
        size_t n = calendar_week(view->calendar, day, &windows);
        int32_t last = day;
        while (last < 7) {
            size_t n_others = calendar_week(view->calendar, last + 1, &others);
            if (!same_windows(windows, n, others, n_others))
                break;
            last++;
        }
        if (n > 0)
            cli_print("  %s%s%s  %s\n", weekdays[view->cli->chinese ? 1 : 0][day - 1], last > day ? "-" : "",
                      last > day ? weekdays[view->cli->chinese ? 1 : 0][last - 1] : "",
                      format_hours(windows, n, hours));
        day = last;
    }
}

static enum cli_status print_month(const struct view *view)
{
    print_head(view);
    print_week(view);
    print_grid(view);
    print_legend(view);
    print_named(view);
    print_uncovered(view);
    return CLI_OK;
}

/* -- a year -- */

struct counts {
    int32_t working, off, makeup;
    int64_t minutes;
};

static struct counts count(const struct calendar *calendar, int32_t first, int32_t end)
{
    struct counts counts = {.minutes = working_minutes(calendar, first, end)};

    for (int32_t day = first; day < end; day++) {
        const struct window *usual;
        enum kind kind = kind_of(calendar, day);
        bool on_workday = calendar_week(calendar, civil_weekday(day), &usual) > 0;

        counts.working += calendar_is_working(calendar, day);
        counts.off += kind == KIND_OFF && on_workday;
        counts.makeup += kind == KIND_MAKEUP;
    }
    return counts;
}

static void add_counts(struct table *table, const char *label, const struct counts *counts)
{
    char hours[32];

    table_add(table, label);
    table_addf(table, "%d", (int)counts->working);
    table_add(table, format_quantity(counts->minutes, hours));
    table_addf(table, "%d", (int)counts->off);
    table_addf(table, "%d", (int)counts->makeup);
}

static struct counts count_month(const struct view *view, int32_t month)
{
    int32_t first = civil_day(view->year, month, 1);

    return count(view->calendar, first, civil_add_months(first, 1));
}

static enum cli_status print_year(const struct view *view)
{
    const struct cli *cli = view->cli;
    const char *header[] = {cli_in(cli, "month", "月份"), cli_in(cli, ">working days", ">工作日"),
                            cli_in(cli, ">hours", ">小时"), cli_in(cli, ">weekdays off", ">工作日放假"),
                            cli_in(cli, ">make-up days", ">补班")};
    struct counts whole = count(view->calendar, view->first, view->end);
    struct table table;
    char label[16];

    cli_print("%04d  %s  %s\n", (int)view->year, calendar_name(view->calendar),
              zone_name(calendar_zone(view->calendar)));
    table_init(&table, 5, header);
    for (int32_t month = 1; month <= MONTHS; month++) {
        struct counts counts = count_month(view, month);
        snprintf(label, sizeof label, "%04d-%02d", (int)view->year, (int)month);
        add_counts(&table, label, &counts);
    }
    add_counts(&table, cli_in(cli, "year", "全年"), &whole);
    table_print(&table, stdout);
    table_finish(&table);
    print_uncovered(view);
    return CLI_OK;
}

/* -- JSON -- */

static void json_hours(struct json_writer *json, const struct calendar *calendar, int32_t day)
{
    const struct window *windows;
    char text[HOURS_TEXT_MAX];
    size_t n = calendar_windows(calendar, day, &windows);

    json_key(json, "hours");
    json_array(json);
    for (size_t i = 0; i < n; i++)
        json_text(json, format_hours(&windows[i], 1, text));
    json_array_end(json);
}

static void json_days(struct json_writer *json, const struct view *view)
{
    char date[32];

    json_key(json, "days");
    json_array(json);
    for (int32_t day = view->first; day < view->end; day++) {
        struct civil civil = civil_of(day);
        snprintf(date, sizeof date, "%04d-%02d-%02d", (int)civil.year, (int)civil.month, (int)civil.day);
        json_object(json);
        json_key_text(json, "date", date);
        json_key_text(json, "kind", kind_names[kind_of(view->calendar, day)]);
        json_hours(json, view->calendar, day);
        json_key_text(json, "why", calendar_why(view->calendar, day));
        json_object_end(json);
    }
    json_array_end(json);
}

static void json_counts(struct json_writer *json, const struct counts *counts)
{
    json_key_int(json, "working_days", counts->working);
    json_key_int(json, "working_minutes", counts->minutes);
    json_key_int(json, "weekdays_off", counts->off);
    json_key_int(json, "makeup_days", counts->makeup);
}

static void json_months(struct json_writer *json, const struct view *view)
{
    json_key(json, "months");
    json_array(json);
    for (int32_t month = 1; month <= MONTHS; month++) {
        struct counts counts = count_month(view, month);
        json_object(json);
        json_key_int(json, "month", month);
        json_counts(json, &counts);
        json_object_end(json);
    }
    json_array_end(json);
}

static enum cli_status print_json(const struct view *view)
{
    struct counts counts = count(view->calendar, view->first, view->end);
    struct json_writer json;
    struct buffer out;

    buffer_init(&out);
    json_begin(&json, &out);
    json_object(&json);
    json_key_text(&json, "calendar", calendar_name(view->calendar));
    json_key_text(&json, "zone", zone_name(calendar_zone(view->calendar)));
    json_key_int(&json, "year", view->year);
    if (view->month > 0)
        json_key_int(&json, "month", view->month);
    json_key_bool(&json, "covered", calendar_covers(view->calendar, view->end - 1));
    json_counts(&json, &counts);
    if (view->month > 0)
        json_days(&json, view);
    else
        json_months(&json, view);
    json_object_end(&json);
    return cli_print_json(view->cli, &out, CLI_OK);
}

/* -- the verb -- */

static bool is_number(const char *text, size_t n)
{
    return strspn(text, "0123456789") >= n;
}

/* "2026", "2026-10". */
static bool read_period(const char *text, struct view *out)
{
    size_t n = strlen(text);

    if ((n != 4 && n != 7) || !is_number(text, 4) || (n == 7 && (text[4] != '-' || !is_number(text + 5, 2))))
        return false;
    out->year = (int32_t)strtol(text, NULL, 10);
    out->month = n == 7 ? (int32_t)strtol(text + 5, NULL, 10) : 0;
    return out->year >= CIVIL_YEAR_MIN && out->year <= CIVIL_YEAR_MAX && out->month <= 12 &&
           (n == 4 || out->month >= 1);
}

static enum cli_status read_words(struct view *view, const struct config *config)
{
    struct cli *cli = view->cli;
    const char *name = NULL, *period = NULL;

    for (size_t i = 0; i < cli->arguments.n; i++) {
        const char *word = cli->arguments.words[i];
        if (word[0] >= '0' && word[0] <= '9' && period == NULL)
            period = word;
        else if (name == NULL)
            name = word;
        else
            return cli_fail(cli, "one calendar and one month, not \"%s\" and \"%s\"",
                            "一次只能看一个日历、一个月，而不是 \"%s\" 和 \"%s\"", name, word);
    }
    view->calendar = setup_calendar(cli, config, name);
    if (view->calendar == NULL)
        return CLI_USAGE;
    if (period != NULL && !read_period(period, view))
        return cli_fail(cli, "\"%s\" is no month and no year; write 2026-10 or 2026",
                        "\"%s\" 不是月份，也不是年份；请写 2026-10 或 2026", period);
    if (period == NULL) {
        struct civil today = civil_of(calendar_day(view->calendar, clock_wall()));
        view->year = today.year;
        view->month = today.month;
    }
    view->first = civil_day(view->year, view->month > 0 ? view->month : 1, 1);
    view->end = civil_add_months(view->first, view->month > 0 ? 1 : MONTHS);
    return CLI_OK;
}

enum cli_status verb_calendar_show(struct cli *cli)
{
    struct view view = {.cli = cli};
    struct config *config = NULL;
    enum cli_status status = setup_load(cli, &config);

    if (status != CLI_OK)
        return status;
    status = read_words(&view, config);
    if (status == CLI_OK && cli->json)
        status = print_json(&view);
    else if (status == CLI_OK)
        status = view.month > 0 ? print_month(&view) : print_year(&view);
    config_unload(config);
    return status;
}
