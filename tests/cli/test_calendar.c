/* cuibanctl calendar: pictures, coverage, slips, and holidays from files; in both languages and as JSON. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

/* From now on these calendars stand beside `office`. */
static void use_calendars(struct ctl *ctl, const char *text)
{
    static const char fixture[] = TEST_SOURCE_DIR "/fixture";
    struct buffer all;

    buffer_init(&all);
    buffer_printf(&all, "office: { week = \"Mon-Fri 09:00-12:00,13:00-18:00\"; };\n%s", text);
    ctl_write(ctl, "calendars.cfg", buffer_text(&all));
    buffer_clear(&all);
    buffer_printf(&all,
                  "redis = \"unix:/nonexistent\"; streams = [ \"hr:events\" ]; zone = \"Asia/Shanghai\";\n"
                  "rules = \"%1$s/rules.d\"; directory = \"%1$s/directory.d\"; events = \"%1$s/events.d\";\n"
                  "templates = \"%1$s/templates\"; calendars = \"calendars.cfg\"; plugins = \"%2$s\";\n"
                  "calendar = \"office\"; channel = \"mail\";\n"
                  "channels = { mail = { plugin = \"log\"; path = \"%3$s/mail.jsonl\"; };\n"
                  "  team = { plugin = \"log\"; path = \"%3$s/team.jsonl\"; }; };\n",
                  fixture, PLUGINS_DIR, ctl->folder);
    ctl_write(ctl, "own.cfg", buffer_text(&all));
    buffer_finish(&all);
    assert_true(snprintf(ctl->settings, sizeof ctl->settings, "%s/own.cfg", ctl->folder) <
                (int)sizeof ctl->settings);
}

static void a_month_is_a_picture(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "calendar", "show", "office", "2026-10", NULL);
    ctl_expect(ctl, 0,
               "2026-10  office  Asia/Shanghai  18 working days, 144 hours\n"
               "  Mon-Fri  09:00-12:00,13:00-18:00\n"
               " Mon   Tue   Wed   Thu   Fri   Sat   Sun\n"
               "                     1-    2-    3-    4-\n"
               "   5-    6-    7-    8     9    10+   11.\n"
               "  12    13    14    15    16    17.   18.\n",
               NULL);
    ctl_expect(ctl, 0,
               "  - day off   + make-up day   . weekend\n"
               "  10-01 Thu .. 10-07 Wed  off                      国庆节\n"
               "  10-10 Sat               09:00-12:00,13:00-18:00  国庆节调休\n",
               NULL);
    ctl_run(ctl, "--lang", "zh", "calendar", "show", "2026-10", NULL);
    ctl_expect(ctl, 0,
               "工作日 18 天，144 小时\n"
               "  一-五  09:00-12:00,13:00-18:00\n"
               "  一    二    三    四    五    六    日\n"
               "                     1休   2休   3休   4休\n"
               "   5休   6休   7休   8     9    10班  11·\n",
               NULL);
    ctl_expect(ctl, 0, "休 放假   班 补班   · 周末", NULL);
    ctl_run(ctl, "--json", "calendar", "show", "2026-10", NULL);
    ctl_expect(ctl, 0, "\"working_days\":18,\"working_minutes\":8640,\"weekdays_off\":5,\"makeup_days\":1",
               NULL);
    ctl_expect(ctl, 0,
               "{\"date\":\"2026-10-10\",\"kind\":\"makeup\",\"hours\":[\"09:00-12:00\",\"13:00-18:00\"],",
               NULL);
}

static void a_year_is_a_table(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "calendar", "show", "2026", NULL);
    ctl_expect(ctl, 0, "month    working days  hours  weekdays off  make-up days\n", NULL);
    ctl_expect(ctl, 0, "2026-10            18    144             5             1\n", NULL);
    ctl_run(ctl, "--lang", "zh", "calendar", "show", "2026", NULL);
    ctl_expect(ctl, 0, "月份     工作日  小时  工作日放假  补班\n", NULL);
    ctl_run(ctl, "--json", "calendar", "show", "office", "2026", NULL);
    ctl_expect(ctl, 0, "{\"month\":10,\"working_days\":18,", NULL);
}

static void show_refuses(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "calendar", "show", "2026-13", NULL);
    ctl_expect(ctl, 2, NULL, "is no month and no year; write 2026-10 or 2026");
    ctl_run(ctl, "calendar", "show", "ofice", "2026-10", NULL);
    ctl_expect(ctl, 2, NULL, "did you mean \"office\"?");
    ctl_run(ctl, "calendar", "show", "office", "shop", NULL);
    ctl_expect(ctl, 2, NULL, "one calendar and one month");
    ctl_run(ctl, "calendar", NULL);
    ctl_expect(ctl, 2, NULL, "cuibanctl calendar show");
}

static void coverage_is_told(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "calendar", "coverage", NULL);
    ctl_expect(ctl, 0, "office    Asia/Shanghai  every year  -      -     no `covers`", NULL);
    use_calendars(ctl,
                  "old: { zone = \"Asia/Shanghai\"; covers = \"2023..2024\"; off = [ \"2023-10-01 a\" ];\n"
                  "  week = \"Mon-Fri 09:00-17:00\"; };\n"
                  "new: { zone = \"Europe/Berlin\"; covers = \"2023..2199\"; off = [ \"2023-10-03 a\" ];\n"
                  "  week = \"Mon-Fri 09:00-17:00\"; };\n");
    ctl_run(ctl, "calendar", "coverage", NULL);
    ctl_expect(ctl, 1, "2024-12-31  2024", NULL);
    ctl_expect(ctl, 1, "over: 2025 is missing", NULL);
    ctl_run(ctl, "--lang", "zh", "calendar", "coverage", NULL);
    ctl_expect(ctl, 1, "已过期：缺 2025 年", NULL);
    ctl_run(ctl, "--json", "calendar", "coverage", NULL);
    ctl_expect(ctl, 1,
               "\"calendar\":\"old\",\"zone\":\"Asia/"
               "Shanghai\",\"limited\":true,\"first_year\":2023,\"last_year\":2024",
               NULL);
}

static void slips_are_found(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "calendar", "lint", NULL);
    ctl_expect(ctl, 0, "ok; 1 calendars", NULL);
    use_calendars(ctl,
                  "slip: { covers = \"2026\"; week = \"Mon-Fri 09:00-17:00\"; off = [ \"2026-10-01\" ];\n"
                  "  work = [ \"2026-10-09\" ]; };\n");
    ctl_run(ctl, "calendar", "lint", NULL);
    ctl_expect(ctl, 1, "calendars.cfg:3: warning: slip.work[1]: 2026-10-09 is a Friday", NULL);
    ctl_expect(ctl, 1, "calendars.cfg:2: warning: slip.off[1]: 2026 does not balance", NULL);
    ctl_expect(ctl, 1, "0 errors, 2 warnings", NULL);
    ctl_run(ctl, "--json", "calendar", "lint", NULL);
    ctl_expect(ctl, 1, "\"warnings\":2", NULL);
    ctl_run(ctl, "check", NULL); /* a warning is no reason to refuse */
    ctl_expect(ctl, 0, "2026-10-09 is a Friday", NULL);
}

static void import(struct ctl *ctl, const char *name, const char *text, const char *years)
{
    char path[128];

    ctl_write(ctl, name, text);
    ctl_path(ctl, name, path);
    if (years != NULL)
        ctl_run(ctl, "calendar", "import", path, "--name", "cn", "--years", years, NULL);
    else
        ctl_run(ctl, "calendar", "import", path, NULL);
}

static void json_holidays_become_a_calendar(void **state)
{
    static const char text[] = "{\"year\":2026,\"papers\":[\"https://example.com/\"],\"days\":["
                               "{\"name\":\"元旦\",\"date\":\"2026-01-01\",\"isOffDay\":true},"
                               "{\"name\":\"元旦\",\"date\":\"2026-01-02\",\"isOffDay\":true},"
                               "{\"name\":\"元旦\",\"date\":\"2026-01-03\",\"isOffDay\":true},"
                               "{\"name\":\"元旦\",\"date\":\"2026-01-04\",\"isOffDay\":false},"
                               "{\"name\":\"a\\\"b\\\\c\",\"date\":\"2026-05-01\",\"isOffDay\":true}]}";
    struct ctl *ctl = *state;
    char path[128];

    import(ctl, "2026.json", text, NULL);
    ctl_expect(ctl, 0,
               "holidays:\n{\n  covers = \"2026\";\n  off    =\n  [\n"
               "    \"2026-01-01..2026-01-03 元旦\",\n    \"2026-05-01 abc\"\n  ];\n"
               "  work   =\n  [\n    \"2026-01-04 元旦补班\"\n  ];\n};\n",
               NULL);
    ctl_path(ctl, "2026.json", path);
    ctl_run(ctl, "--json", "calendar", "import", path, NULL);
    ctl_expect(ctl, 0, "\"off\":[{\"from\":\"2026-01-01\",\"to\":\"2026-01-03\",\"name\":\"元旦\"},", NULL);
    ctl_run(ctl, "--lang", "zh", "calendar", "import", path, NULL);
    ctl_expect(ctl, 0, "# 由 2026.json 生成；与通知核对后放进 calendars.d。\n", NULL);
    /* What it prints is a calendar: it is read, and what is still missing is found. */
    ctl_run(ctl, "calendar", "import", path, NULL);
    char *snippet = strdup(buffer_text(&ctl->out));
    use_calendars(ctl, snippet);
    free(snippet);
    ctl_run(ctl, "calendar", "lint", NULL);
    ctl_expect(ctl, 1, "holidays.off[1]: 2026 does not balance: 3 weekdays off less 1 make-up days are 2",
               NULL);
    ctl_expect(ctl, 1, "0 errors, 1 warnings", NULL);
}

static void ics_holidays_become_a_calendar(void **state)
{
    static const char apple[] =
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n"
        "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20260215\r\nDTEND;VALUE=DATE:20260224\r\n"
        "SUMMARY;LANGUAGE=zh_CN:春节（休）\r\nX-APPLE-SPECIAL-DAY:WORK-HOLIDAY\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nUID:2\r\nDTSTART;VALUE=DATE:20260214\r\nDURATION:P1D\r\n"
        "SUMMARY;LANGUAGE=zh_CN:春节（班）\r\nX-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nUID:3\r\nDTSTART;VALUE=DATE:20260510\r\nSUMMARY:母亲节\r\nEND:VEVENT\r\n"
        "END:VCALENDAR\r\n";
    static const char rules[] =
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\n"
        "BEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20000501\nRRULE:FREQ=YEARLY\n"
        "EXDATE;VALUE=DATE:20270501\nSUMMARY:Labour Day\nEND:VEVENT\n"
        "BEGIN:VEVENT\nUID:2\nDTSTART;VALUE=DATE:19701126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\n"
        "SUMMARY:Thanksgiving Day\nEND:VEVENT\n"
        "BEGIN:VEVENT\nUID:3\nDTSTART:20260501T100000Z\nSUMMARY:a meeting\nEND:VEVENT\n"
        "BEGIN:VEVENT\nUID:4\nDTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227\n"
        "STATUS:CANCELLED\nSUMMARY:Christmas\nEND:VEVENT\n"
        "END:VCALENDAR\n";
    struct ctl *ctl = *state;

    import(ctl, "apple.ics", apple, NULL);
    ctl_expect(ctl, 0,
               "  covers = \"2026\";\n  off    =\n  [\n    \"2026-02-15..2026-02-23 春节\"\n  ];\n"
               "  work   =\n  [\n    \"2026-02-14 春节补班\"\n  ];\n};\n",
               "1 events are no days off");
    import(ctl, "rules.ics", rules, "2026..2027");
    ctl_expect(ctl, 0,
               "cn:\n{\n  covers = \"2026..2027\";\n  off    =\n  [\n    \"2026-05-01 Labour Day\",\n"
               "    \"2026-11-26 Thanksgiving Day\",\n    \"2027-11-25 Thanksgiving Day\"\n  ];\n};\n",
               "2 events are no days off");
}

static void broken_files_are_refused(void **state)
{
    static const struct {
        const char *name, *text, *problem;
    } cases[] = {
        {"a.ics",
         "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:2026xx01\nSUMMARY:x\nEND:VEVENT\nEND:VCALENDAR\n",
         "1 lines cannot be read; the first: "},
        {"b.ics", "hello\n", "BEGIN:VCALENDAR is missing"},
        {"c.ics", "", "BEGIN:VCALENDAR is missing"},
        {"d.ics", "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n", "there is no day off in it"},
        {"l.ics",
         "BEGIN:VCALENDAR\nBEGIN:VEVENT\nBEGIN:VEVENT\nBEGIN:VEVENT\nBEGIN:VEVENT\nBEGIN:VEVENT\nBEGIN:"
         "VEVENT\n"
         "BEGIN:VEVENT\nBEGIN:VEVENT\nEND:VCALENDAR\n",
         "more than 8 deep"},
        {"m.ics",
         "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:19500101\nRRULE:FREQ=DAILY\nSUMMARY:"
         "x\n"
         "END:VEVENT\nEND:VCALENDAR\n",
         "5000 by one rule"},
        {"e.json", "{\"year\":2026,\"days\":[{\"name\":\"a\",\"date\":\"2026-13-01\",\"isOffDay\":true}]}",
         "days[0]: \"date\" is no date"},
        {"f.json", "{\"year\":2026,\"days\":[{\"name\":\"a\",\"date\":\"2026-12-01\",\"isOffDay\":1}]}",
         "days[0]: \"isOffDay\""},
        {"g.json", "{\"year\":2026,\n\"days\":[", "line 2: "},
        {"h.json", "{\"year\":2026}", "expected {"},
        {"i.json", "[]", "there is no day off in it"},
        {"j.json", "{\"\xff\":1}", "not UTF-8"},
        {"k.json", "{\"year\":2026,\"year\":2027,\"days\":[]}", "duplicate"},
    };
    struct ctl *ctl = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        import(ctl, cases[i].name, cases[i].text, NULL);
        ctl_expect(ctl, 2, NULL, cases[i].problem);
    }
    ctl_run(ctl, "calendar", "import", "/nonexistent.ics", NULL);
    ctl_expect(ctl, 2, NULL, "/nonexistent.ics: No such file or directory");
    ctl_run(ctl, "calendar", "import", "/nonexistent.ics", "--name", "c n", NULL);
    ctl_expect(ctl, 2, NULL, "--name \"c n\" is no name");
    ctl_run(ctl, "calendar", "import", "/nonexistent.ics", "--years", "2027..2026", NULL);
    ctl_expect(ctl, 2, NULL, "--years \"2027..2026\" is no range of years");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_month_is_a_picture, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(a_year_is_a_table, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(show_refuses, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(coverage_is_told, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(slips_are_found, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(json_holidays_become_a_calendar, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(ics_holidays_become_a_calendar, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(broken_files_are_refused, ctl_setup, ctl_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
