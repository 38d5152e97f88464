/* The shipped Chinese calendar, day by day, against the official notices of 2023 to 2026. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "core/calendar.h"
#include "core/civil.h"

enum { LINE_BYTES_MAX = 512, FIRST_YEAR = 2023, LAST_YEAR = 2026, DAYS = 366 * 4 + 2 };

struct official {
    bool named, off;
    char name[64];
};

static int32_t first_day(void)
{
    return civil_day(FIRST_YEAR - 1, 12, 31); /* the notice of 2023 begins on New Year's Eve */
}

static void read_official(struct official days[DAYS])
{
    char line[LINE_BYTES_MAX], date[16], kind[16], name[64];
    int32_t day;
    size_t n = 0;
    FILE *file = fopen(TEST_SOURCE_DIR "/vectors/cn-official-days.tsv", "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "%15s %15s %63s", date, kind, name) != 3 || !civil_parse(date, &day))
            fail_msg("cannot be read: %s", line);
        struct official *official = &days[day - first_day()];
        official->named = true;
        official->off = strcmp(kind, "off") == 0;
        snprintf(official->name, sizeof official->name, "%s", name);
        n++;
    }
    fclose(file);
    assert_true(n > 140);
}

/* What the company of the example does on days of its own. */
static bool is_the_companys(int32_t day)
{
    return day == civil_day(2024, 2, 9) || day == civil_day(2024, 3, 8) || day == civil_day(2026, 12, 31);
}

static void every_day_is_as_the_notices_say(void **state)
{
    static struct official days[DAYS];
    const struct calendar *office = config_calendar(*state, "office");
    int wrong = 0;
    assert_non_null(office);
    read_official(days);
    for (int32_t day = first_day(); day <= civil_day(LAST_YEAR, 12, 31); day++) {
        const struct official *official = &days[day - first_day()];
        const char *why = calendar_why(office, day);
        bool works = official->named ? !official->off : civil_weekday(day) <= 5;
        struct civil date = civil_of(day);
        if (is_the_companys(day))
            continue;
        if (calendar_is_working(office, day) == works && (why != NULL) == official->named &&
            (why == NULL || strncmp(why, official->name, strlen(official->name)) == 0))
            continue;
        print_error("%04d-%02d-%02d: %s, %s, and the notice says %s %s\n", (int)date.year, (int)date.month,
                    (int)date.day, calendar_is_working(office, day) ? "working" : "off", why ? why : "-",
                    works ? "working" : "off", official->name);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void it_covers_what_it_lists(void **state)
{
    const struct calendar *office = config_calendar(*state, "office");
    assert_true(calendar_covers(office, civil_day(FIRST_YEAR, 1, 1)));
    assert_true(calendar_covers(office, civil_day(LAST_YEAR, 12, 31)));
    assert_false(calendar_covers(office, civil_day(LAST_YEAR + 1, 1, 1)));
    assert_false(calendar_covers(office, civil_day(FIRST_YEAR - 1, 12, 30)));
}

static void months_of_2026_have_their_working_days(void **state)
{
    static const int32_t expected[12] = {21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23};
    const struct calendar *office = config_calendar(*state, "office");
    for (int32_t month = 1; month <= 12; month++) {
        int32_t first = civil_day(2026, month, 1);
        int32_t got = calendar_count_working_days(office, first - 1, civil_add_months(first, 1) - 1);
        if (got != expected[month - 1])
            fail_msg("2026-%02d: %d working days, not %d", (int)month, (int)got, (int)expected[month - 1]);
    }
}

/* Whoever adds a year is warned of a slip; what is shipped has none. */
static int setup(void **state)
{
    struct problems problems;
    struct config *config = NULL;
    problems_init(&problems);
    int error = config_load(CONF_DIR "/cuiban.cfg", &problems, &config);
    for (size_t i = 0; i < problems.n; i++)
        print_error("%s:%d: %s\n", problems.items[i].file, problems.items[i].line, problems.items[i].what);
    bool clean = error == 0 && problems.n == 0;
    problems_finish(&problems);
    *state = config;
    return clean ? 0 : -1;
}

static int teardown(void **state)
{
    config_unload(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_is_as_the_notices_say),
        cmocka_unit_test(it_covers_what_it_lists),
        cmocka_unit_test(months_of_2026_have_their_working_days),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
