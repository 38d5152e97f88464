/* cuibanctl calendar coverage: until when the calendars know their days; calendar lint: what looks wrong in
 * them. */
#include <string.h>

#include "cli/table.h"
#include "cli/verbs.h"
#include "core/civil.h"
#include "store/clock.h"

enum { SOON_DAYS = 60, YEARS_TEXT_MAX = 256 };

/* How far a calendar reaches. */
struct coverage {
    bool is_said;
    int32_t first_year, last_year;
    int32_t days_left; /* until the last day that it covers, today not counted; negative: it is over */
    char gaps[YEARS_TEXT_MAX]; /* covered years without a single day that differs: "2025 2026" */
};

static bool has_named_day(const struct calendar *calendar, int32_t year)
{
    int32_t end = civil_day(year + 1, 1, 1);

    for (int32_t day = civil_day(year, 1, 1); day < end; day++) {
        const struct window *usual;
        size_t n = calendar_week(calendar, civil_weekday(day), &usual);
        if (calendar_why(calendar, day) != NULL || (n > 0) != calendar_is_working(calendar, day))
            return true;
    }
    return false;
}

static void look(const struct calendar *calendar, instant now, struct coverage *out)
{
    size_t n = 0;

    *out = (struct coverage){0};
    out->is_said = calendar_years(calendar, &out->first_year, &out->last_year);
    if (!out->is_said)
        return;
    out->days_left = civil_day(out->last_year, 12, 31) - calendar_day(calendar, now);
    for (int32_t year = out->first_year; year <= out->last_year && n + 8 < YEARS_TEXT_MAX; year++) {
        if (!has_named_day(calendar, year))
            n += (size_t)snprintf(out->gaps + n, YEARS_TEXT_MAX - n, "%s%d", n > 0 ? " " : "", (int)year);
    }
}

static bool is_finding(const struct coverage *coverage)
{
    return coverage->is_said && (coverage->days_left < 0 || coverage->gaps[0] != '\0');
}

static void add_row(const struct cli *cli, struct table *table, const struct calendar *calendar,
                    const struct coverage *coverage)
{
    table_add(table, calendar_name(calendar));
    table_add(table, zone_name(calendar_zone(calendar)));
    if (!coverage->is_said) {
        table_add(table, cli_in(cli, "every year", "所有年份"));
        table_add(table, NULL);
        table_add(table, NULL);
        table_add(table,
                  cli_in(cli, "no `covers`: nothing is ever provisional", "未写 covers：从不标为暂定"));
        return;
    }
    table_addf(table, "%d..%d", (int)coverage->first_year, (int)coverage->last_year);
    table_addf(table, "%d-12-31", (int)coverage->last_year);
    table_add(table, coverage->gaps);
    if (coverage->days_left < 0)
        table_addf(table, cli_in(cli, "over: %d is missing", "已过期：缺 %d 年"),
                   (int)coverage->last_year + 1);
    else if (coverage->days_left <= SOON_DAYS)
        table_addf(table, cli_in(cli, "%d days left: add %d", "还剩 %d 天：请补 %d 年"),
                   (int)coverage->days_left, (int)coverage->last_year + 1);
    else
        table_add(table, NULL);
}

static enum cli_status print_coverage(struct cli *cli, const struct config *config, instant now)
{
    const char *header[] = {cli_in(cli, "calendar", "日历"),   cli_in(cli, "zone", "时区"),
                            cli_in(cli, "covers", "覆盖年份"), cli_in(cli, "until", "截至"),
                            cli_in(cli, "gaps", "缺口"),       cli_in(cli, "note", "说明")};
    enum cli_status status = CLI_OK;
    struct table table;

    table_init(&table, 6, header);
    for (size_t i = 0; i < config->n_calendars; i++) {
        struct coverage coverage;
        look(config->calendars[i], now, &coverage);
        add_row(cli, &table, config->calendars[i], &coverage);
        status = is_finding(&coverage) ? CLI_FINDING : status;
    }
    if (!table_print(&table, stdout))
        status = cli_fail(cli, "out of memory", "内存不足");
    table_finish(&table);
    return status;
}

static enum cli_status json_coverage(struct cli *cli, const struct config *config, instant now)
{
    enum cli_status status = CLI_OK;
    struct json_writer json;
    struct buffer out;

    buffer_init(&out);
    json_begin(&json, &out);
    json_array(&json);
    for (size_t i = 0; i < config->n_calendars; i++) {
        struct coverage coverage;
        look(config->calendars[i], now, &coverage);
        json_object(&json);
        json_key_text(&json, "calendar", calendar_name(config->calendars[i]));
        json_key_text(&json, "zone", zone_name(calendar_zone(config->calendars[i])));
        json_key_bool(&json, "limited", coverage.is_said);
        if (coverage.is_said) {
            json_key_int(&json, "first_year", coverage.first_year);
            json_key_int(&json, "last_year", coverage.last_year);
            json_key_int(&json, "days_left", coverage.days_left);
            json_key_text(&json, "gaps", coverage.gaps);
        }
        json_object_end(&json);
        status = is_finding(&coverage) ? CLI_FINDING : status;
    }
    json_array_end(&json);
    return cli_print_json(cli, &out, status);
}

enum cli_status verb_calendar_coverage(struct cli *cli)
{
    struct config *config = NULL;
    enum cli_status status = setup_load(cli, &config);

    if (status != CLI_OK)
        return status;
    status = cli->json ? json_coverage(cli, config, clock_wall()) : print_coverage(cli, config, clock_wall());
    config_unload(config);
    return status;
}

/* -- lint -- */

static enum cli_status json_lint(struct cli *cli, const struct problems *problems, enum cli_status status)
{
    struct json_writer json;
    struct buffer out;

    buffer_init(&out);
    json_begin(&json, &out);
    json_object(&json);
    json_key_int(&json, "errors", (int64_t)problems->errors);
    json_key_int(&json, "warnings", (int64_t)problems->warnings);
    json_key(&json, "problems");
    cli_json_problems(&json, problems);
    json_object_end(&json);
    return cli_print_json(cli, &out, status);
}

enum cli_status verb_calendar_lint(struct cli *cli)
{
    struct problems problems;
    size_t n = 0;

    cli_problems_init(cli, &problems);
    int error = config_check_calendars(cli->settings, &problems, &n);
    enum cli_status status = problems.errors + problems.warnings > 0 ? CLI_FINDING : CLI_OK;
    if (error != 0 && problems.errors == 0) {
        status = cli_fail(cli, "%s: %s", "%s：%s", cli->settings, cli_error_text(cli, -error));
    } else if (cli->json) {
        status = json_lint(cli, &problems, status);
    } else {
        cli_print_problems(cli, stdout, &problems);
        if (status == CLI_OK)
            cli_say(cli, "ok; %zu calendars\n", "没有问题；日历 %zu 个\n", n);
        else
            cli_say(cli, "%zu errors, %zu warnings\n", "错误 %zu 处，警告 %zu 处\n", problems.errors,
                    problems.warnings);
    }
    problems_finish(&problems);
    return status;
}
