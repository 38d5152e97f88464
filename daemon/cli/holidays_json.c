/* Holidays as JSON: {"year": 2026, "days": [{"name": "元旦", "date": "2026-01-01", "isOffDay": true}, ...]},
 * one such object or a list of them. */
#include "cli/holidays.h"

#include <errno.h>
#include <stdio.h>

#include <jansson.h>

#include "core/civil.h"

static int refuse(char problem[static HOLIDAYS_PROBLEM_MAX], const char *what, size_t i)
{
    snprintf(problem, HOLIDAYS_PROBLEM_MAX, "days[%zu]: %s", i, what);
    return -EINVAL;
}

static int read_day(struct holidays *holidays, const json_t *day, size_t i,
                    char problem[static HOLIDAYS_PROBLEM_MAX])
{
    const json_t *off = json_object_get(day, "isOffDay");
    const char *date = json_string_value(json_object_get(day, "date"));
    const char *name = json_string_value(json_object_get(day, "name"));
    int32_t number;

    if (date == NULL || !civil_parse(date, &number))
        return refuse(problem, "\"date\" is no date like \"2026-01-01\"", i);
    if (!json_is_boolean(off))
        return refuse(problem, "\"isOffDay\" is neither true nor false", i);
    int status = holidays_add(holidays, number, json_is_true(off), name != NULL ? name : "");
    if (status != 0)
        snprintf(problem, HOLIDAYS_PROBLEM_MAX, "%s",
                 status == -E2BIG ? "more than 20000 days" : "out of memory");
    return status;
}

static int read_year(struct holidays *holidays, const json_t *year, char problem[static HOLIDAYS_PROBLEM_MAX])
{
    const json_t *days = json_object_get(year, "days"), *number = json_object_get(year, "year");
    int status = 0;

    if (!json_is_array(days)) {
        snprintf(problem, HOLIDAYS_PROBLEM_MAX,
                 "expected {\"year\": 2026, \"days\": [{\"name\", \"date\", \"isOffDay\"}, ...]}");
        return -EINVAL;
    }
    for (size_t i = 0; i < json_array_size(days) && status == 0; i++)
        status = read_day(holidays, json_array_get(days, i), i, problem);
    json_int_t value = json_integer_value(number);
    if (status != 0 || value < holidays->wanted_first || value > holidays->wanted_last)
        return status;
    if (holidays->first_year == 0 || value < holidays->first_year)
        holidays->first_year = (int32_t)value;
    if (value > holidays->last_year)
        holidays->last_year = (int32_t)value;
    return 0;
}

int holidays_read_json(struct holidays *holidays, const char *text, size_t n,
                       char problem[static HOLIDAYS_PROBLEM_MAX])
{
    json_error_t error;
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    int status = 0;

    if (root == NULL) {
        snprintf(problem, HOLIDAYS_PROBLEM_MAX, "line %d: %s", error.line, error.text);
        return -EINVAL;
    }
    if (!json_is_array(root))
        status = read_year(holidays, root, problem);
    for (size_t i = 0; json_is_array(root) && i < json_array_size(root) && status == 0; i++)
        status = read_year(holidays, json_array_get(root, i), problem);
    json_decref(root);
    return status;
}
