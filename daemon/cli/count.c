#include "cli/count.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/moment.h"
#include "core/civil.h"
#include "core/event.h"

struct counting {
    const struct cli *cli;
    const struct calendar *calendar;
    const char *indent;
    bool has_run; /* dates that do not count are held back until their run ends */
    struct span_day first, last;
};

static const char *reason(const struct counting *counting, const struct span_day *day)
{
    if (day->why == NULL)
        return calendar_is_working(counting->calendar, day->day) ? ""
                                                                 : cli_in(counting->cli, "day off", "休息日");
    if (strcmp(day->why, "start") == 0)
        return cli_in(counting->cli, "start day", "开始日");
    return day->why;
}

static void print_run(struct counting *counting)
{
    char from[MOMENT_TEXT_MAX], to[MOMENT_TEXT_MAX];
    const char *why = reason(counting, &counting->first);

    if (!counting->has_run)
        return;
    counting->has_run = false;
    moment_format_day(counting->first.day, counting->cli->chinese, from);
    moment_format_day(counting->last.day, counting->cli->chinese, to);
    printf("%s%s%s%s", counting->indent, from, counting->first.day == counting->last.day ? "" : " .. ",
           counting->first.day == counting->last.day ? "" : to);
    if (*why != '\0')
        printf("  %s", why);
    cli_say(counting->cli, "  not counted\n", "  不计\n");
}

static void print_counted(const struct counting *counting, const struct span_day *day)
{
    char date[MOMENT_TEXT_MAX], used[MOMENT_TEXT_MAX];
    const struct cli *cli = counting->cli;

    printf("%s%s", counting->indent, moment_format_day(day->day, cli->chinese, date));
    if (day->number != 0)
        cli_say(cli, "  day %" PRId32, "  第%" PRId32 "天", day->number);
    if (day->used_ms > 0)
        printf("  %s", moment_format_length(day->used_ms, cli->chinese, used));
    if (day->why != NULL)
        printf("  %s", reason(counting, day));
    putchar('\n');
}

static bool same_reason(const struct span_day *a, const struct span_day *b)
{
    return a->why == b->why || (a->why != NULL && b->why != NULL && strcmp(a->why, b->why) == 0);
}

static void counting_on_day(void *data, const struct span_day *day)
{
    struct counting *counting = data;

    if (counting->has_run && (day->counts || !same_reason(&counting->first, day)))
        print_run(counting);
    if (day->counts) {
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
    struct counting counting = {.cli = cli, .calendar = request->calendar, .indent = indent};
    int status = span_explain(request, counting_on_day, &counting, out);

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
