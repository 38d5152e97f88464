#include "cli/count.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/moment.h"
#include "core/civil.h"
#include "core/event.h"

enum { DAY_TEXT_MAX = MOMENT_TEXT_MAX + 16 };

struct counting {
    const struct cli *cli;
    const struct span_request *request;
    const char *indent;
    int32_t year; /* of the start: dates of other years are written in full */
    instant due;
    bool has_run; /* dates that do not count are held back until their run ends */
    struct span_day first, last;
};

static const char *reason(const struct counting *counting, const struct span_day *day)
{
    if (day->why == NULL)
        return calendar_is_working(counting->request->calendar, day->day)
                   ? ""
                   : cli_in(counting->cli, "day off", "休息日");
    if (strcmp(day->why, "start") == 0)
        return cli_in(counting->cli, "start day", "开始日");
    if (strcmp(day->why, "paused") == 0)
        return cli_in(counting->cli, "paused", "暂停");
    return day->why;
}

static const char *format_day(const struct counting *counting, int32_t day, char into[static DAY_TEXT_MAX])
{
    char date[MOMENT_TEXT_MAX];
    int32_t year = civil_of(day).year;

    moment_format_day(day, counting->cli->chinese, date);
    if (year == counting->year)
        snprintf(into, DAY_TEXT_MAX, "%s", date);
    else
        snprintf(into, DAY_TEXT_MAX, "%04d-%s", (int)year, date);
    return into;
}

static void print_run(struct counting *counting)
{
    char from[DAY_TEXT_MAX], to[DAY_TEXT_MAX];
    const char *why = reason(counting, &counting->first);

    if (!counting->has_run)
        return;
    counting->has_run = false;
    format_day(counting, counting->first.day, from);
    format_day(counting, counting->last.day, to);
    cli_print("%s%s%s%s", counting->indent, from, counting->first.day == counting->last.day ? "" : " .. ",
              counting->first.day == counting->last.day ? "" : to);
    if (*why != '\0')
        cli_print("  %s", why);
    cli_say(counting->cli, "  not counted\n", "  不计\n");
}

/* The wall clock of an instant; midnight is the end of what ends there. */
static void print_clock(const struct counting *counting, instant at, bool is_end)
{
    int64_t local = zone_local(calendar_zone(counting->request->calendar), at);
    int64_t in_day = (local % DAY_MS + DAY_MS) % DAY_MS;

    if (is_end && in_day == 0)
        in_day = DAY_MS;
    cli_print("%02d:%02d", (int)(in_day / HOUR_MS), (int)(in_day / MINUTE_MS % 60));
    if (in_day % MINUTE_MS != 0)
        cli_print(":%02d", (int)(in_day / SECOND_MS % 60));
}

/* A night's close is on the date after. */
static void print_due(const struct counting *counting, const struct span_day *day)
{
    const struct zone *zone = calendar_zone(counting->request->calendar);
    int32_t due_day = calendar_day(counting->request->calendar, counting->due);
    char date[DAY_TEXT_MAX];
    bool is_midnight = zone_local(zone, counting->due) % DAY_MS == 0;
    bool is_next = due_day != day->day && !is_midnight;

    cli_print("%s%s%s", cli_in(counting->cli, "  due ", "  到期 "),
              is_next ? format_day(counting, due_day, date) : "", is_next ? " " : "");
    print_clock(counting, counting->due, due_day != day->day);
}

/* The parts of [from, to) that no pause takes away. */
static void print_unpaused(const struct counting *counting, instant from, instant to, bool *any)
{
    const struct span_request *request = counting->request;

    for (size_t i = 0; i <= request->n_pauses && from < to; i++) {
        bool is_paused =
            i < request->n_pauses && request->pauses[i].from < to && request->pauses[i].to > from;
        instant end = is_paused ? request->pauses[i].from : to;
        if (i < request->n_pauses && !is_paused)
            continue;
        if (from < end) {
            cli_print("%s", *any ? ", " : "  ");
            print_clock(counting, from, false);
            putchar('-');
            print_clock(counting, end, true);
            *any = true;
        }
        from = is_paused ? request->pauses[i].to : to;
    }
}

static enum span_unit unit_of(const struct span_request *request)
{
    return request->span->unit == SPAN_AT_FIELD ? request->span->then_unit : request->span->unit;
}

/* Which hours were used: breaks show as what lies between them. */
static void print_used(const struct counting *counting, const struct span_day *day)
{
    struct calendar_range ranges[CALENDAR_WINDOWS_MAX];
    size_t n = calendar_ranges(counting->request->calendar, day->day, ranges);
    char used[MOMENT_TEXT_MAX];
    bool any = false;

    if (unit_of(counting->request) == SPAN_ELAPSED) {
        n = 1;
        ranges[0] = (struct calendar_range){day->from, day->to};
    }
    for (size_t i = 0; i < n; i++)
        print_unpaused(counting, ranges[i].from > day->from ? ranges[i].from : day->from,
                       ranges[i].to < day->to ? ranges[i].to : day->to, &any);
    cli_print("  %s", moment_format_length(day->used_ms, counting->cli->chinese, used));
}

static void print_counted(const struct counting *counting, const struct span_day *day)
{
    char date[DAY_TEXT_MAX];
    const struct cli *cli = counting->cli;

    cli_print("%s%s", counting->indent, format_day(counting, day->day, date));
    if (day->number != 0)
        cli_say(cli, "  day %" PRId32, "  第%" PRId32 "天", day->number);
    if (day->used_ms > 0)
        print_used(counting, day);
    if (day->why != NULL)
        cli_print("  %s", reason(counting, day));
    if (day->is_due && !day->counts)
        cli_say(cli, "  rolled to here", "  顺延至此");
    if (day->is_due)
        print_due(counting, day);
    putchar('\n');
}

static bool same_reason(const struct span_day *a, const struct span_day *b)
{
    return a->why == b->why || (a->why != NULL && b->why != NULL && strcmp(a->why, b->why) == 0);
}

static void counting_on_day(void *data, const struct span_day *day)
{
    struct counting *counting = data;

    bool shown = day->counts || day->is_due;

    if (counting->has_run && (shown || !same_reason(&counting->first, day)))
        print_run(counting);
    if (shown) {
        print_counted(counting, day);
        return;
    }
    if (!counting->has_run)
        counting->first = *day;
    counting->last = *day;
    counting->has_run = true;
}

int count_print(const struct cli *cli, const struct span_request *request, const char *indent, instant *out)
{
    struct counting counting = {.cli = cli, .request = request, .indent = indent};
    int status = span_resolve(request, &counting.due);

    if (status != 0)
        return status;
    counting.year = civil_of(calendar_day(request->calendar, request->start)).year;
    status = span_explain(request, counting_on_day, &counting, out);
    print_run(&counting);
    return status;
}

static void json_on_day(void *data, const struct span_day *day)
{
    struct json_writer *json = data;
    struct civil civil = civil_of(day->day);
    char date[16];

    snprintf(date, sizeof(date), "%04d-%02u-%02u", civil.year % 10000, (unsigned)civil.month % 100,
             (unsigned)civil.day % 100);
    json_object(json);
    json_key_text(json, "date", date);
    json_key_bool(json, "counts", day->counts);
    if (day->number != 0)
        json_key_int(json, "number", day->number);
    if (day->used_ms > 0)
        json_key_int(json, "used_ms", day->used_ms);
    if (day->is_due)
        json_key_bool(json, "due", true);
    json_key_text(json, "why", day->why);
    json_object_end(json);
}

int count_json(struct json_writer *json, const struct span_request *request, instant *out)
{
    int status;

    json_array(json);
    status = span_explain(request, json_on_day, json, out);
    json_array_end(json);
    return status;
}

const char *count_error(const struct cli *cli, int status)
{
    if (status == -ENOENT)
        return cli_in(cli, "the field that it names is missing or is no date or time",
                      "所引用的字段缺失，或不是日期、时间");
    if (status == -ERANGE)
        return cli_in(cli, "there is no such instant within 20 years of this calendar",
                      "该日历 20 年内没有这样的时刻");
    return cli_in(cli, "a share of a budget stands for nothing by itself", "百分比须有总期限才有意义");
}

bool count_lookup(const void *data, const char *field, struct span_field *out)
{
    const char *value = fields_get(data, field);

    return value != NULL && span_field_parse(value, out);
}
