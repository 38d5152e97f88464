#include "company.h"

#include <stdbool.h>

enum shape { USUAL, FLAT, DEEP, ONE_DEPARTMENT, EVERYBODY_AWAY, CIRCLES, VACANT, MANY_CEILINGS, SHAPES };

static const char *const people[] = {
    "sun.lei", "wang.qiang", "he.li",     "chen.jing", "xu.dan",   "lin.na",   "zhou.ting", "gao.feng",
    "li.lei",  "zhang.wei",  "wang.fang", "liu.yang",  "zhao.min", "huang.bo", "ma.chao",   "tang.wei",
    "wu.gang", "feng.xue",   "deng.kai",  "cao.yan",   "peng.hui", "qian.yu",  "luo.jie",   "emma.clark"};
static const char *const departments[] = {"company", "hr",    "recruiting", "tech", "rd",
                                          "it",      "sales", "finance",    "admin"};
enum { PEOPLE = sizeof people / sizeof *people, DEPARTMENTS = sizeof departments / sizeof *departments };

struct draw {
    uint64_t state;
    enum shape shape;
};

static uint64_t next(struct draw *draw)
{
    draw->state += 0x9e3779b97f4a7c15U;
    uint64_t z = draw->state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static size_t below(struct draw *draw, size_t n)
{
    return (size_t)(next(draw) % n);
}

static bool chance(struct draw *draw, size_t percent)
{
    return below(draw, 100) < percent;
}

static const char *anybody(struct draw *draw)
{
    return people[below(draw, PEOPLE)];
}

static void write_person(FILE *file, struct draw *draw, size_t i)
{
    bool one = draw->shape == ONE_DEPARTMENT;

    fprintf(file, "  { id = \"%s\"; name = \"%s\"; department = \"%s\";", people[i], people[i],
            departments[one ? 0 : below(draw, DEPARTMENTS)]);
    if (chance(draw, 60))
        fprintf(file, " manager = \"%s\";", anybody(draw));
    if (draw->shape == CIRCLES)
        fprintf(file, " delegate = \"%s\";", people[i ^ 1]);
    else if (chance(draw, 50))
        fprintf(file, " delegate = \"%s\";", anybody(draw));
    if (draw->shape == EVERYBODY_AWAY || (draw->shape == CIRCLES && chance(draw, 70)))
        fprintf(file, " away = \"2020-01-01..2030-12-31\";");
    else if (chance(draw, 30))
        fprintf(file, " away = \"2026-%02d-01..2026-%02d-20\";", 1 + (int)below(draw, 6),
                7 + (int)below(draw, 6));
    if (chance(draw, 8))
        fprintf(file, " left = \"2020-01-01\";");
    if (!chance(draw, 10))
        fprintf(file, " email = \"%s@example.com\";", people[i]);
    fprintf(file, " },\n");
}

static void write_department(FILE *file, struct draw *draw, size_t i)
{
    static const char *const posts[] = {"liaison", "data_owner"};
    size_t vacant = draw->shape == VACANT ? 70 : 15;

    fprintf(file, "  { id = \"%s\"; name = \"%s\"; kind = \"%s\"; onboarding = \"yes\";", departments[i],
            departments[i], chance(draw, 50) ? "business" : "support");
    if (!chance(draw, vacant))
        fprintf(file, " head = \"%s\";", anybody(draw));
    if (!chance(draw, vacant))
        fprintf(file, " hrbp = \"%s\";", anybody(draw));
    if (i > 0 && draw->shape != FLAT)
        fprintf(file, " parent = \"%s\";", departments[draw->shape == DEEP ? i - 1 : below(draw, i)]);
    fprintf(file, " posts = {");
    for (size_t k = 0; k < 2; k++)
        if (i == 0 || !chance(draw, vacant))
            fprintf(file, " %s = \"%s\";", posts[k], anybody(draw));
    fprintf(file, " }; }%s\n", draw->shape == ONE_DEPARTMENT || i + 1 == DEPARTMENTS ? "" : ",");
}

static void write_role(FILE *file, struct draw *draw, const char *name, size_t most, const char *last)
{
    size_t n = below(draw, most + 1);

    fprintf(file, "  %s = [", name);
    for (size_t i = 0; i < n; i++)
        fprintf(file, "%s \"%s\"", i > 0 ? "," : "", people[(below(draw, 3) + i * 5) % PEOPLE]);
    fprintf(file, "%s \"%s\" ];\n", n > 0 ? "," : "", last);
}

void company_write(FILE *file, uint64_t seed)
{
    struct draw draw = {seed, (enum shape)(seed % SHAPES)};
    size_t n = draw.shape == ONE_DEPARTMENT ? 1 : DEPARTMENTS;

    fprintf(file, "people =\n(\n");
    for (size_t i = 0; i < PEOPLE; i++)
        write_person(file, &draw, i);
    fprintf(file, "  { id = \"last.resort\"; name = \"last.resort\"; email = \"last@example.com\"; },\n");
    fprintf(file, "  { id = \"top\"; name = \"top\"; email = \"top@example.com\"; }\n);\ndepartments =\n(\n");
    for (size_t i = 0; i < n; i++)
        write_department(file, &draw, i);
    fprintf(file, ");\nroles =\n{\n");
    write_role(file, &draw, "hr_director", 2, "last.resort");
    write_role(file, &draw, "performance_lead", 1, anybody(&draw));
    write_role(file, &draw, "performance_committee", 2, anybody(&draw));
    write_role(file, &draw, "ceo", draw.shape == MANY_CEILINGS ? 6 : 2, "top");
    fprintf(file, "};\n");
}
