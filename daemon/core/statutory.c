#include "statutory.h"

#include <stdbool.h>

#include "civil.h"

struct date {
    int8_t month, day;
};

/* First days of the first month, and the festivals of the fifth and the eighth month of the lunar year, as
 * the Hong Kong Observatory's conversion tables give them; they agree with GB/T 33661-2017. (Some libraries
 * are a day off in 2027 and 2030, where the new moon falls within minutes of midnight in Beijing.) */
static const struct {
    struct date spring, dragon_boat, mid_autumn;
} festivals[STATUTORY_YEAR_MAX - STATUTORY_YEAR_MIN + 1] = {
    {{1, 29}, {5, 31}, {10, 6}}, /* 2025 */
    {{2, 17}, {6, 19}, {9, 25}}, {{2, 6}, {6, 9}, {9, 15}},   {{1, 26}, {5, 28}, {10, 3}},
    {{2, 13}, {6, 16}, {9, 22}}, {{2, 3}, {6, 5}, {9, 12}}, /* 2030 */
    {{1, 23}, {6, 24}, {10, 1}}, {{2, 11}, {6, 12}, {9, 19}}, {{1, 31}, {6, 1}, {9, 8}},
    {{2, 19}, {6, 20}, {9, 27}}, {{2, 8}, {6, 10}, {9, 16}}, /* 2035 */
};

struct list {
    struct statutory_day *days;
    size_t n;
};

static bool has(const struct list *list, int32_t day)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->days[i].day == day)
            return true;
    return false;
}

/* Two holidays on one date are two days off, one behind the other, as in 2020. */
static void add(struct list *list, int32_t first, int n, const char *why)
{
    for (int32_t day = first; n > 0; day++) {
        if (has(list, day))
            continue;
        list->days[list->n++] = (struct statutory_day){day, why};
        n--;
    }
}

/* The solar term falls on 4 or 5 April: the usual formula with the constant of the 21st century. */
static int32_t qingming(int32_t year)
{
    int32_t of_century = year - 2000;

    return civil_day(year, 4, (of_century * 2422 + 48100) / 10000 - of_century / 4);
}

size_t statutory_days(enum statutory which, int32_t year, struct statutory_day out[static STATUTORY_DAYS_MAX])
{
    struct list list = {.days = out};

    if (which != STATUTORY_CN || year < STATUTORY_YEAR_MIN || year > STATUTORY_YEAR_MAX)
        return 0;
    struct date spring = festivals[year - STATUTORY_YEAR_MIN].spring;
    struct date dragon_boat = festivals[year - STATUTORY_YEAR_MIN].dragon_boat;
    struct date mid_autumn = festivals[year - STATUTORY_YEAR_MIN].mid_autumn;
    add(&list, civil_day(year, 1, 1), 1, "元旦");
    add(&list, civil_day(year, spring.month, spring.day) - 1, 4, "春节"); /* from New Year's Eve */
    add(&list, qingming(year), 1, "清明节");
    add(&list, civil_day(year, 5, 1), 2, "劳动节");
    add(&list, civil_day(year, dragon_boat.month, dragon_boat.day), 1, "端午节");
    add(&list, civil_day(year, 10, 1), 3, "国庆节");
    add(&list, civil_day(year, mid_autumn.month, mid_autumn.day), 1, "中秋节");
    return list.n;
}
