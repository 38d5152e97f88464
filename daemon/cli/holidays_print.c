#include "cli/holidays_print.h"

#include <string.h>

#include "core/civil.h"

static const char *format_date(int32_t day, char into[static 32])
{
    struct civil date = civil_of(day);

    snprintf(into, 32, "%04d-%02d-%02d", (int)date.year, (int)date.month, (int)date.day);
    return into;
}

/* The last entry of the run of days off with one name that begins at `i`. */
static size_t run_end(const struct holidays *holidays, size_t i)
{
    while (i + 1 < holidays->n && holidays->items[i + 1].off &&
           holidays->items[i + 1].day == holidays->items[i].day + 1 &&
           strcmp(holidays->items[i + 1].name, holidays->items[i].name) == 0)
        i++;
    return i;
}

static bool has_beyond_ascii(const char *text)
{
    for (; *text; text++) {
        if (*text & 0x80)
            return true;
    }
    return false;
}

/* "春节" is worked on as "春节补班". */
static const char *makeup_word(const char *name)
{
    if (strstr(name, "班") != NULL || strcasestr(name, "make-up") != NULL)
        return "";
    return has_beyond_ascii(name) ? "补班" : " make-up day";
}

static bool is_last(const struct holidays *holidays, size_t i, bool off)
{
    for (i++; i < holidays->n; i++) {
        if (holidays->items[i].off == off)
            return false;
    }
    return true;
}

static void print_off(const struct holidays *holidays)
{
    char from[32], to[32];

    for (size_t i = 0; i < holidays->n; i++) {
        const struct holiday *first = &holidays->items[i];
        if (!first->off)
            continue;
        i = run_end(holidays, i);
        format_date(first->day, from);
        format_date(holidays->items[i].day, to);
        cli_print("    \"%s%s%s%s%s\"%s\n", from, holidays->items[i].day > first->day ? ".." : "",
                  holidays->items[i].day > first->day ? to : "", first->name[0] != '\0' ? " " : "",
                  first->name, is_last(holidays, i, true) ? "" : ",");
    }
}

static void print_work(const struct holidays *holidays)
{
    char date[32];

    for (size_t i = 0; i < holidays->n; i++) {
        const struct holiday *holiday = &holidays->items[i];
        if (holiday->off)
            continue;
        cli_print("    \"%s%s%s%s\"%s\n", format_date(holiday->day, date),
                  holiday->name[0] != '\0' ? " " : "", holiday->name,
                  holiday->name[0] != '\0' ? makeup_word(holiday->name) : "",
                  is_last(holidays, i, false) ? "" : ",");
    }
}

static const char *format_years(const struct holidays *holidays, char into[static 32])
{
    if (holidays->first_year == holidays->last_year)
        snprintf(into, 32, "%d", (int)holidays->first_year);
    else
        snprintf(into, 32, "%d..%d", (int)holidays->first_year, (int)holidays->last_year);
    return into;
}

void holidays_print(const struct holidays *holidays, const struct cli *cli, const char *name,
                    const char *from)
{
    const char *base = strrchr(from, '/');
    char years[32], file[HOLIDAY_NAME_MAX];
    bool works = false;

    snprintf(file, sizeof file, "%s", base != NULL ? base + 1 : from);
    cli_clean(file);
    for (size_t i = 0; i < holidays->n; i++)
        works = works || !holidays->items[i].off;
    cli_say(cli, "# From %s. Compare it with the notice, then put it into calendars.d.\n",
            "# 由 %s 生成；与通知核对后放进 calendars.d。\n", file);
    cli_print("%s:\n{\n  covers = \"%s\";\n  off    =\n  [\n", name, format_years(holidays, years));
    print_off(holidays);
    cli_print("  ];\n");
    if (works) {
        cli_print("  work   =\n  [\n");
        print_work(holidays);
        cli_print("  ];\n");
    }
    cli_print("};\n");
}

enum cli_status holidays_print_json(const struct holidays *holidays, const struct cli *cli, const char *name)
{
    char text[32];
    struct json_writer json;
    struct buffer out;

    buffer_init(&out);
    json_begin(&json, &out);
    json_object(&json);
    json_key_text(&json, "calendar", name);
    json_key_text(&json, "covers", format_years(holidays, text));
    json_key(&json, "off");
    json_array(&json);
    for (size_t i = 0; i < holidays->n; i++) {
        const struct holiday *first = &holidays->items[i];
        if (!first->off)
            continue;
        i = run_end(holidays, i);
        json_object(&json);
        json_key_text(&json, "from", format_date(first->day, text));
        json_key_text(&json, "to", format_date(holidays->items[i].day, text));
        json_key_text(&json, "name", first->name);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_key(&json, "work");
    json_array(&json);
    for (size_t i = 0; i < holidays->n; i++) {
        if (holidays->items[i].off)
            continue;
        json_object(&json);
        json_key_text(&json, "date", format_date(holidays->items[i].day, text));
        json_key_text(&json, "name", holidays->items[i].name);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_object_end(&json);
    return cli_print_json(cli, &out, CLI_OK);
}
