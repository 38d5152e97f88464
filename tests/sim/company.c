#include "company.h"

#include <string.h>

const struct law laws[WHICH] = {
    [FEEDBACK] = {"feedback",
                  6,
                  {{"asked", AT_NOTICE, 0, OWNER, 0, 1, false},
                   {"due-4h", ELAPSED, -240, OWNER, 0, 1, false},
                   {"due", ELAPSED, 0, OWNER | REQUESTER, 0, 1, false},
                   {"due+8h", ELAPSED, 480, HEAD, 0, 1, false},
                   {"due+24h", ELAPSED, 1440, UP, 1440, 3, false},
                   {"closed", AT_CLOSING, 0, TOLD, 0, 1, false}}},
    [REVIEW] = {"review",
                7,
                {{"asked", AT_NOTICE, 0, OWNER, 0, 1, false},
                 {"open", AT_OPENING, 0, OWNER, 0, 1, false},
                 {"due-2wh", WORKING, -120, OWNER, 0, 1, false},
                 {"due", ELAPSED, 0, OWNER, 0, 1, false},
                 {"due+4wh", WORKING, 240, HEAD, 0, 1, true},
                 {"due+1wd", WORKDAYS, 1, HEAD | REQUESTER, 0, 1, false},
                 {"due+3wd", WORKDAYS, 3, HEAD | DIRECTOR, 0, 1, false}}},
    [FORM] = {"form",
              6,
              {{"asked", AT_NOTICE, 0, OWNER, 0, 1, false},
               {"due-24h", ELAPSED, -1440, OWNER, 0, 1, false},
               {"due", ELAPSED, 0, OWNER, 0, 1, false},
               {"due+24h", ELAPSED, 1440, UP, 0, 1, false},
               {"due+48h", ELAPSED, 2880, HEAD, 0, 1, true},
               {"closed", AT_CLOSING, 0, TOLD, 0, 1, false}}},
    [PROBATION] = {"probation",
                   4,
                   {{"asked", AT_NOTICE, 0, OWNER, 0, 1, false},
                    {"open", AT_OPENING, 0, OWNER, 0, 1, false},
                    {"due-6h", ELAPSED, -360, OWNER, 0, 1, false},
                    {"due+6h", ELAPSED, 360, HEAD, 90, 4, false}}},
    [SUMMARY] = {"summary",
                 4,
                 {{"asked", AT_NOTICE, 0, OWNER, 0, 1, false},
                  {"due-4h", ELAPSED, -240, OWNER, 0, 1, false},
                  {"due", ELAPSED, 0, OWNER, 0, 1, false},
                  {"due+20h", ELAPSED, 1200, HEAD, 0, 1, false}}},
    [KIT] = {"kit",
             2,
             {{"due", ELAPSED, 0, OWNER, 0, 1, false}, {"due+24h", ELAPSED, 1440, UP, 0, 1, false}}},
};

/* -- time, a minute at a time -- */

static int64_t local_day(int64_t at)
{
    return (at + 8 * HOUR) / DAY;
}

static bool is_workday(int64_t day)
{
    return (day + 3) % 7 < 5; /* day 0 was a Thursday */
}

static bool is_working(int64_t at)
{
    int64_t minute = (at + 8 * HOUR) % DAY / MINUTE;

    return is_workday(local_day(at)) && minute >= 9 * 60 && minute < 18 * 60;
}

static bool is_stopped(int64_t at, const struct stop_clock *pauses, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (pauses[i].from <= at && at < pauses[i].to) {
            return true;
        }
    }
    return false;
}

int64_t company_elapsed(int64_t start, int64_t minutes, const struct stop_clock *pauses, size_t n)
{
    while (minutes > 0) {
        minutes -= !is_stopped(start, pauses, n);
        start += MINUTE;
    }
    return start;
}

int64_t company_worked(int64_t start, int64_t minutes, const struct stop_clock *pauses, size_t n)
{
    while (minutes > 0) {
        minutes -= is_working(start) && !is_stopped(start, pauses, n);
        start += MINUTE;
    }
    while (minutes < 0) {
        start -= MINUTE;
        minutes += is_working(start);
    }
    return start;
}

int64_t company_workday(int64_t start, int64_t days)
{
    int64_t day = local_day(start);

    while (days > 0) {
        days -= is_workday(++day);
    }
    return day * DAY + 2 * HOUR; /* ten o'clock there */
}

/* -- people -- */

struct employee {
    const char *id, *department, *delegate;
    int64_t away_from, away_to; /* days since the epoch, inclusive */
};

static const struct employee employees[] = {
    {"zhang.wei", "rd", NULL, 0, 0},
    {"wang.fang", "rd", NULL, 0, 0},
    {"liu.yang", "rd", "wang.fang", 20767, 20807}, /* 2026-11-10..2026-12-20 */
    {"no.mail", "rd", NULL, 0, 0},
    {"li.lei", "rd", NULL, 0, 0},
    {"zhao.min", "tech", "li.lei", 20788, 20833}, /* 2026-12-01..2027-01-15 */
    {"chen.jing", "hr", NULL, 0, 0},
    {"wang.qiang", "hr", NULL, 0, 0},
    {"boss", "top", NULL, 0, 0},
};

static const struct unit {
    const char *id, *head, *parent, *hrbp;
} units[] = {
    {"top", "boss", NULL, NULL},
    {"tech", "zhao.min", "top", "chen.jing"},
    {"rd", "li.lei", "tech", "chen.jing"},
    {"hr", "wang.qiang", "top", "chen.jing"},
};

static const struct employee *employee(const char *id)
{
    for (size_t i = 0; i < sizeof employees / sizeof *employees; i++) {
        if (strcmp(employees[i].id, id) == 0) {
            return &employees[i];
        }
    }
    return NULL;
}

static const struct unit *unit(const char *id)
{
    for (size_t i = 0; id && i < sizeof units / sizeof *units; i++) {
        if (strcmp(units[i].id, id) == 0) {
            return &units[i];
        }
    }
    return NULL;
}

const char *company_department(const char *person)
{
    return employee(person)->department;
}

const char *company_head(const char *department)
{
    return unit(department)->head;
}

const char *company_up(const char *department)
{
    const struct unit *above = unit(unit(department)->parent);

    return above ? above->head : NULL;
}

const char *company_hrbp(const char *department)
{
    return unit(department)->hrbp;
}

const char *company_reader(const char *person, int64_t now)
{
    const struct employee *him = employee(person);
    int64_t today = local_day(now);

    return him->delegate && today >= him->away_from && today <= him->away_to ? him->delegate : person;
}
