/* directory.h: people, departments and roles. An immutable snapshot, built by the config room in one arena.
 */
#ifndef CUIBAN_CORE_DIRECTORY_H
#define CUIBAN_CORE_DIRECTORY_H

#include "arena.h"
#include "event.h"
#include "quiet.h"

struct calendar;

struct person {
    const char *id;
    const char *name;           /* for people; the id if it was not given */
    const char *department;     /* id, or NULL */
    const char *manager;        /* person id, or NULL */
    const char *delegate;       /* who answers while this person is away, or NULL */
    int32_t away_from, away_to; /* civil days, inclusive; away_from > away_to: not away */
    int32_t left;               /* civil day from which the person is gone; INT32_MAX: still here */
    const char *channel;        /* own channel, or NULL */
    const char *language;       /* "zh-CN", "en", or NULL: the default */
    struct quiet quiet;         /* own quiet hours, or QUIET_UNSAID */
    struct fields addresses;    /* "email", "wecom", "dingtalk", "phone", ... -> address */
};

struct department {
    const char *id;
    const char *name;
    const char *parent;              /* department id, or NULL */
    const char *head;                /* person id, or NULL: vacant */
    const char *hrbp;                /* person id, or NULL */
    const char *channel;             /* or NULL */
    const struct calendar *calendar; /* or NULL: the default */
    struct fields posts;             /* name -> person id */
    struct fields attributes;        /* kind, level, ... */
};

struct role {
    const char *name;
    const char *const *holders; /* person ids */
    size_t n;
};

struct directory;

/* Building: add all, then use; records may move while more are added. The pointed-to text must live in
 * `arena`, which the directory owns from then on (and destroys if it cannot be created: NULL). 0, -EEXIST (id
 * twice) or -ENOMEM. */
struct directory *directory_create(struct arena *take_arena);
int directory_add_person(struct directory *directory, const struct person *person);
int directory_add_department(struct directory *directory, const struct department *department);
int directory_add_role(struct directory *directory, const struct role *role);
void directory_destroy(struct directory *directory);

const struct person *directory_person(const struct directory *directory, const char *id);
const struct department *directory_department(const struct directory *directory, const char *id);
const struct role *directory_role(const struct directory *directory, const char *name);
size_t directory_people(const struct directory *directory, const struct person **out);
size_t directory_departments(const struct directory *directory, const struct department **out);
size_t directory_roles(const struct directory *directory, const struct role **out);

bool person_is_away(const struct person *person, int32_t day);
bool person_has_left(const struct person *person, int32_t day);
/* What conditions such as `among` may ask of a department: id (as `department`, too), name, parent, head,
 * hrbp, and its attributes. Returns how many; `out` has room for DEPARTMENT_FIELDS_MAX and the attributes. */
enum { DEPARTMENT_FIELDS_MAX = 6 };
size_t department_fields(const struct department *department, struct field *out);
const char *person_address(const struct person *person, const char *kind); /* NULL if unknown */

/* The manager; without one the nearest head of the own department or of one above; NULL at the top. */
const struct person *directory_superior(const struct directory *directory, const struct person *person);

/* Who answers for a person on a day: the person, else the delegate, else the delegate's delegate, bounded;
 * for a leaver the manager. Where none of them is here, the first up the line of superiors that is, or
 * whoever answers for that one. If everybody is away, the person (a leaver's manager) again; NULL for a
 * leaver whom nobody answers for. `may` tells who is fit to answer; NULL: everybody is. */
typedef bool directory_may(const void *data, const struct person *person);
const struct person *directory_answers(const struct directory *directory, const struct person *person,
                                       int32_t day, directory_may *may, const void *data);

#endif
