/* The text of spans: what is read, what is refused and why, and how it is written again. */
#include "core/span.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct span span_of(const char *text)
{
    struct span span;
    const char *why = "";
    if (span_parse(text, &span, &why) != 0)
        fail_msg("%s: %s", text, why);
    return span;
}

static void spans_are_read(void **state)
{
    static const struct {
        const char *text;
        enum span_unit unit;
        int64_t count;
        enum span_clock clock;
        int32_t minute;
        const char *formatted;
    } cases[] = {
        {"24h", SPAN_ELAPSED, 24 * HOUR_MS, SPAN_CLOCK_DEFAULT, 0, "24h"},
        {" 90s ", SPAN_ELAPSED, 90 * SECOND_MS, SPAN_CLOCK_DEFAULT, 0, "90s"},
        {"120s", SPAN_ELAPSED, 2 * MINUTE_MS, SPAN_CLOCK_DEFAULT, 0, "2m"},
        {"15m", SPAN_ELAPSED, 15 * MINUTE_MS, SPAN_CLOCK_DEFAULT, 0, "15m"},
        {"-4h", SPAN_ELAPSED, -4 * HOUR_MS, SPAN_CLOCK_DEFAULT, 0, "-4h"},
        {"+4h", SPAN_ELAPSED, 4 * HOUR_MS, SPAN_CLOCK_DEFAULT, 0, "4h"},
        {"0h", SPAN_ELAPSED, 0, SPAN_CLOCK_DEFAULT, 0, "0h"},
        {"2d", SPAN_DAYS, 2, SPAN_CLOCK_DEFAULT, 0, "2d"},
        {"30d@close", SPAN_DAYS, 30, SPAN_CLOCK_CLOSE, 0, "30d@close"},
        {"1mo", SPAN_MONTHS, 1, SPAN_CLOCK_DEFAULT, 0, "1mo"},
        {"6mo@18:00", SPAN_MONTHS, 6, SPAN_CLOCK_TIME, 1080, "6mo@18:00"},
        {"1y", SPAN_YEARS, 1, SPAN_CLOCK_DEFAULT, 0, "1y"},
        {"20y", SPAN_YEARS, 20, SPAN_CLOCK_DEFAULT, 0, "20y"},
        {"30wm", SPAN_WORKING, 30 * MINUTE_MS, SPAN_CLOCK_DEFAULT, 0, "30wm"},
        {"8wh", SPAN_WORKING, 8 * HOUR_MS, SPAN_CLOCK_DEFAULT, 0, "8wh"},
        {"-4wh", SPAN_WORKING, -4 * HOUR_MS, SPAN_CLOCK_DEFAULT, 0, "-4wh"},
        {"5wd", SPAN_WORKING_DAYS, 5, SPAN_CLOCK_DEFAULT, 0, "5wd"},
        {"5wd@12:00", SPAN_WORKING_DAYS, 5, SPAN_CLOCK_TIME, 720, "5wd@12:00"},
        {"5wd@same", SPAN_WORKING_DAYS, 5, SPAN_CLOCK_SAME, 0, "5wd@same"},
        {"-1wd@10:00", SPAN_WORKING_DAYS, -1, SPAN_CLOCK_TIME, 600, "-1wd@10:00"},
        {"1d@24:00", SPAN_DAYS, 1, SPAN_CLOCK_TIME, 1440, "1d@24:00"},
        {"day:3@18:00", SPAN_DAY_NUMBER, 3, SPAN_CLOCK_TIME, 1080, "day:3@18:00"},
        {"wday:3", SPAN_WORKING_DAY_NUMBER, 3, SPAN_CLOCK_DEFAULT, 0, "wday:3"},
        {"wdom:5@18:00", SPAN_MONTH_WORKING_DAY, 5, SPAN_CLOCK_TIME, 1080, "wdom:5@18:00"},
        {"wdom:+5", SPAN_MONTH_WORKING_DAY, 5, SPAN_CLOCK_DEFAULT, 0, "wdom:5"},
        {"wdom:-1@close", SPAN_MONTH_WORKING_DAY, -1, SPAN_CLOCK_CLOSE, 0, "wdom:-1@close"},
        {"wdoq:-1@18:00", SPAN_QUARTER_WORKING_DAY, -1, SPAN_CLOCK_TIME, 1080, "wdoq:-1@18:00"},
        {"24h@open", SPAN_ELAPSED, 24 * HOUR_MS, SPAN_CLOCK_OPEN, 0, "24h@open"},
        {"+90m@open+2wh", SPAN_ELAPSED, 90 * MINUTE_MS, SPAN_CLOCK_OPEN, 0, "90m@open+2wh"},
        {"24h@open+120wm", SPAN_ELAPSED, 24 * HOUR_MS, SPAN_CLOCK_OPEN, 0, "24h@open+2wh"},
        {"24h@open+90wm", SPAN_ELAPSED, 24 * HOUR_MS, SPAN_CLOCK_OPEN, 0, "24h@open+90wm"},
        {"75%", SPAN_SHARE, 75, SPAN_CLOCK_DEFAULT, 0, "75%"},
        {"100%", SPAN_SHARE, 100, SPAN_CLOCK_DEFAULT, 0, "100%"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span span = span_of(cases[i].text), again;
        char text[SPAN_TEXT_MAX];
        if (span.unit != cases[i].unit || span.count != cases[i].count || span.clock != cases[i].clock ||
            span.minute != cases[i].minute || strcmp(span_format(&span, text), cases[i].formatted) != 0)
            fail_msg("%s: unit %d count %lld clock %d minute %d, written %s", cases[i].text, span.unit,
                     (long long)span.count, span.clock, (int)span.minute, text);
        again = span_of(text);
        assert_memory_equal(&again, &span, sizeof span);
    }
}

static void fields_are_read(void **state)
{
    static const struct {
        const char *text, *formatted;
    } cases[] = {
        {"at:probation_end", "at:probation_end"},
        {"at:probation_end-5wd", "at:probation_end - 5wd"},
        {"at:slot.time + 4wh", "at:slot.time + 4wh"},
        {"at:last_day@12:00", "at:last_day@12:00"},
        {"at:last_day@close - 1wd@10:00", "at:last_day@close - 1wd@10:00"},
        {"at:period_end + wdom:5@18:00", "at:period_end + wdom:5@18:00"},
        {"at:period_end + wdom:-1", "at:period_end + wdom:-1"},
        {" at:end_date  -  2mo ", "at:end_date - 2mo"},
        {"at:截止日", "at:截止日"},
        {"at:slot + 24h@open", "at:slot + 24h@open"},
        {"at:slot@close+4h@open+30wm", "at:slot@close + 4h@open+30wm"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span span = span_of(cases[i].text);
        char text[SPAN_TEXT_MAX];
        assert_int_equal(span.unit, SPAN_AT_FIELD);
        assert_string_equal(span_format(&span, text), cases[i].formatted);
        struct span again = span_of(text);
        assert_memory_equal(&again, &span, sizeof span);
    }
}

static void nonsense_is_refused_with_its_reason(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "a number is missing"},
        {"h", "a number is missing"},
        {"soon", "a number is missing"},
        {"5", "the unit is missing"},
        {"5 wd", "the unit is missing"},
        {"24", "the unit is missing"},
        {"5w", "no such unit"},
        {"5M", "no such unit"},
        {"24H", "no such unit"},
        {"5weeks", "no such unit"},
        {"1.5h", "only whole numbers"},
        {"1,5wh", "only whole numbers"},
        {"24h@18:00", "take no @time"},
        {"8wh@close", "take no @time"},
        {"-24h@open", "cannot be subtracted"},
        {"at:slot - 2h@open", "cannot be subtracted"},
        {"8wh@open", "take no @time"},
        {"5wd@open", "only h, m and s"},
        {"wday:2@open", "only h, m and s"},
        {"at:slot@open", "only h, m and s"},
        {"24h@open+", "a number is missing"},
        {"24h@open+2", "the unit is missing"},
        {"24h@open+2h", "comes working time"},
        {"24h@open+1wd", "comes working time"},
        {"24h@open+0wh", "is none"},
        {"24h@open-2wh", "something follows"},
        {"24h@opening", "something follows"},
        {"5wd@6pm", "after @ comes"},
        {"5wd@9:00", "after @ comes"},
        {"5wd@", "after @ comes"},
        {"5wd@25:00", "no such time"},
        {"5wd@18:60", "no such time"},
        {"5wd@24:01", "no such time"},
        {"5wd 3h", "something follows"},
        {"5wd@closed", "something follows"},
        {"75%x", "something follows"},
        {"0%", "a share goes"},
        {"101%", "a share goes"},
        {"-75%", "no such unit|the unit is missing"},
        {"day:0", "counted from 1"},
        {"day:-1", "count from 1 upwards"},
        {"wday:", "a number is missing"},
        {"wdom:0", "counted from 1"},
        {"wdom:32", "no period"},
        {"wdoq:93", "no period"},
        {"-wdom:1", "cannot be subtracted"},
        {"-day:1", "cannot be subtracted"},
        {"at:", "after at: comes"},
        {"at: x", "after at: comes"},
        {"at:x - ", "a number is missing"},
        {"at:x -5wd 1h", "something follows"},
        {"at:x - wdom:5", "cannot be subtracted"},
        {"at:x@same", "at:FIELD takes"},
        {"at:x y", "something follows"},
        {"at:x + at:y", "a number is missing"},
        {"at:x + 50%", "the unit is missing"},
        {"at:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "too long"},
        {"21y", "longer than 20 years"},
        {"241mo", "longer than 20 years"},
        {"7307d", "longer than 20 years"},
        {"999999999h", "longer than 20 years"},
        {"9999999999h", "too large"},
        {"99999999999999999999999d", "too large"},
        {"wdom:99999999999", "too large"},
        {"--1h", "a number is missing"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span span;
        const char *why = NULL;
        memset(&span, 0x5a, sizeof span);
        if (span_parse(cases[i].text, &span, &why) != -EINVAL)
            fail_msg("accepted: %s", cases[i].text);
        assert_non_null(why);
        const char *bar = strchr(cases[i].why, '|');
        if (strstr(why, bar ? bar + 1 : cases[i].why) == NULL)
            fail_msg("%s: %s", cases[i].text, why);
        assert_int_equal(span.field[0], 0x5a);
    }
}

/* Any bytes at all: no crash, and what is accepted reads the same when it is written. */
static void any_text_is_survived(void **state)
{
    static const char alphabet[] = "0159:@+-% .,hmwdsyoqatFclosenk\xc3";
    uint32_t seed = 12345;
    (void)state;
    for (int round = 0; round < 200000; round++) {
        char text[24], written[SPAN_TEXT_MAX];
        size_t n = 0;
        for (; n < sizeof text - 1; n++) {
            seed = seed * 1664525u + 1013904223u;
            text[n] = alphabet[(seed >> 16) % sizeof alphabet];
            if (text[n] == '\0')
                break;
        }
        text[n] = '\0';
        struct span span, again;
        const char *why;
        if (span_parse(text, &span, &why) != 0)
            continue;
        if (span_parse(span_format(&span, written), &again, &why) != 0 ||
            memcmp(&span, &again, sizeof span) != 0)
            fail_msg("%s is written as %s", text, written);
    }
}

static void field_values_are_read(void **state)
{
    struct span_field field;
    (void)state;
    assert_true(span_field_parse("1970-01-03", &field));
    assert_true(field.is_date);
    assert_int_equal(field.day, 2);
    assert_true(span_field_parse("1970-01-03T08:00:00+08:00", &field));
    assert_false(field.is_date);
    assert_int_equal(field.at, 2 * DAY_MS);
    assert_false(span_field_parse("", &field));
    assert_false(span_field_parse("1970-01-03T08:00:00", &field)); /* whose eight o'clock? */
    assert_false(span_field_parse("1970-02-30", &field));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_are_read),
        cmocka_unit_test(fields_are_read),
        cmocka_unit_test(nonsense_is_refused_with_its_reason),
        cmocka_unit_test(any_text_is_survived),
        cmocka_unit_test(field_values_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
