/* cuibanctl due --explain: the ledger of every form of span, line by line, in both languages. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "ctl.h"

struct ledger {
    const char *span, *from, *lines; /* the instant last */
};

static const struct ledger ledgers[] = {
    {"24h", "2026-09-29T17:00",
     "  09-29 Tue  17:00-24:00  7 h\n"
     "  09-30 Wed  00:00-17:00  17 h  due 17:00\n"
     "2026-09-30T17:00:00+08:00\n"},
    /* Lunch is what is missing between two windows. */
    {"8wh", "2026-09-30T17:00",
     "  09-30 Wed  17:00-18:00  1 h\n"
     "  10-01 Thu .. 10-07 Wed  国庆节  not counted\n"
     "  10-08 Thu  09:00-12:00, 13:00-17:00  7 h  due 17:00\n"
     "2026-10-08T17:00:00+08:00\n"},
    {"5wd@12:00", "2026-09-30T17:00",
     "  09-30 Wed  start day  not counted\n"
     "  10-01 Thu .. 10-07 Wed  国庆节  not counted\n"
     "  10-08 Thu  day 1\n"
     "  10-09 Fri  day 2\n"
     "  10-10 Sat  day 3  国庆节调休\n"
     "  10-11 Sun  day off  not counted\n"
     "  10-12 Mon  day 4\n"
     "  10-13 Tue  day 5  due 12:00\n"
     "2026-10-13T12:00:00+08:00\n"},
    {"2d@18:00", "2026-09-30T17:00",
     "  09-30 Wed  start day  not counted\n"
     "  10-01 Thu  day 1  国庆节\n"
     "  10-02 Fri  day 2  国庆节\n"
     "  10-03 Sat .. 10-07 Wed  国庆节  not counted\n"
     "  10-08 Thu  rolled to here  due 18:00\n"
     "2026-10-08T18:00:00+08:00\n"},
    {"6mo@18:00", "2026-04-01T09:00",
     "  04-01 Wed  start day  not counted\n"
     "  10-01 Thu .. 10-07 Wed  国庆节  not counted\n"
     "  10-08 Thu  due 18:00\n"
     "2026-10-08T18:00:00+08:00\n"},
    {"1y", "2026-09-30T17:00",
     "  09-30 Wed  start day  not counted\n"
     "  2027-09-30 Thu  due 17:00\n"
     "2027-09-30T17:00:00+08:00\n"},
    {"day:2@18:00", "2026-09-29T17:00",
     "  09-29 Tue  day 1\n"
     "  09-30 Wed  day 2  due 18:00\n"
     "2026-09-30T18:00:00+08:00\n"},
    {"wday:2@18:00", "2026-09-30T17:00",
     "  09-30 Wed  day 1\n"
     "  10-01 Thu .. 10-07 Wed  国庆节  not counted\n"
     "  10-08 Thu  day 2  due 18:00\n"
     "2026-10-08T18:00:00+08:00\n"},
    {"wdom:-2@close", "2026-10-09T17:00",
     "  10-29 Thu  day -2  due 18:00\n"
     "  10-30 Fri  day -1\n"
     "  10-31 Sat  day off  not counted\n"
     "2026-10-29T18:00:00+08:00\n"},
    {"wdoq:1@18:00", "2026-09-30T17:00",
     "  10-01 Thu .. 10-07 Wed  国庆节  not counted\n"
     "  10-08 Thu  day 1  due 18:00\n"
     "2026-10-08T18:00:00+08:00\n"},
    {"at:d", "2026-09-30T17:00", "  10-10 Sat  国庆节调休  due 18:00\n2026-10-10T18:00:00+08:00\n"},
    {"at:d + 1wd", "2026-09-30T17:00",
     "  10-10 Sat  start day  not counted\n"
     "  10-11 Sun  day off  not counted\n"
     "  10-12 Mon  day 1  due 18:00\n"
     "2026-10-12T18:00:00+08:00\n"},
    {"at:d - 4wh", "2026-09-30T17:00",
     "  10-10 Sat  14:00-18:00  4 h  国庆节调休  due 14:00\n2026-10-10T14:00:00+08:00\n"},
    /* Steps before a due: in days they go out at step_time. */
    {"-4wh", "2026-10-08T10:00",
     "  09-30 Wed  15:00-18:00  3 h  due 15:00\n"
     "  10-01 Thu .. 10-07 Wed  国庆节  not counted\n"
     "  10-08 Thu  09:00-10:00  1 h\n"
     "2026-09-30T15:00:00+08:00\n"},
    {"-1wd", "2026-10-08T18:00",
     "  10-08 Thu  start day  not counted\n"
     "  10-07 Wed .. 10-01 Thu  国庆节  not counted\n"
     "  09-30 Wed  day 1  due 10:00\n"
     "2026-09-30T10:00:00+08:00\n"},
    {"-1mo", "2026-09-30T17:00",
     "  09-30 Wed  start day  not counted\n"
     "  08-30 Sun .. 08-29 Sat  day off  not counted\n"
     "  08-28 Fri  due 10:00\n"
     "2026-08-28T10:00:00+08:00\n"},
};

static void every_form_is_told(void **state)
{
    struct ctl *ctl = *state;

    for (size_t i = 0; i < sizeof(ledgers) / sizeof(ledgers[0]); i++) {
        ctl_run(ctl, "due", "--explain", "--from", ledgers[i].from, "--", ledgers[i].span, "d=2026-10-10",
                NULL);
        ctl_expect(ctl, 0, ledgers[i].lines, NULL);
        if (strcmp(buffer_text(&ctl->out), ledgers[i].lines) != 0)
            fail_msg("%s:\n%s", ledgers[i].span, buffer_text(&ctl->out));
    }
}

static void in_chinese_too(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "--lang", "zh", "due", "--explain", "--from", "2026-09-30T17:00", "8wh", NULL);
    ctl_expect(ctl, 0, "  10-08 周四  09:00-12:00, 13:00-17:00  7 小时  到期 17:00\n", NULL);
    ctl_run(ctl, "--lang", "zh", "due", "--explain", "--from", "2026-09-30T17:00", "2d@18:00", NULL);
    ctl_expect(ctl, 0, "  10-08 周四  顺延至此  到期 18:00\n", NULL);
    ctl_run(ctl, "--lang", "zh", "due", "5天", NULL);
    ctl_expect(ctl, 2, NULL, "\"5天\"：数字后面缺少单位");
}

static void as_json(void **state)
{
    struct ctl *ctl = *state;

    ctl_run(ctl, "--json", "due", "--explain", "--from", "2026-09-30T17:00", "--", "-1wd", NULL);
    ctl_expect(ctl, 0, "{\"date\":\"2026-09-29\",\"counts\":true,\"number\":1,\"due\":true}", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_form_is_told, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(in_chinese_too, ctl_setup, ctl_teardown),
        cmocka_unit_test_setup_teardown(as_json, ctl_setup, ctl_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
