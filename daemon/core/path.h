/* path.h: recipients as rules write them: `head of parent of department`, `manager of owner`,
 * `role:hr_director`, `person:li.lei`, `group:rd`, `told`, a field that holds a person; read right to left
 * through the directory. Short words: `head` = head of department, `up` = head of parent of department, `hr`
 * = requester. */
#ifndef CUIBAN_CORE_PATH_H
#define CUIBAN_CORE_PATH_H

#include "directory.h"

enum { PATH_STEPS_MAX = 8, PATH_RESULT_MAX = 64 };

enum path_start {
    PATH_OWNER,
    PATH_REQUESTER,
    PATH_DEPARTMENT, /* the deadline's department */
    PATH_FIELD,      /* an event field: person or department id, decided by what stands left of it */
    PATH_PERSON,     /* person:ID */
    PATH_ROLE,       /* role:NAME */
    PATH_GROUP,      /* group:CHANNEL */
    PATH_TOLD,       /* everybody who was told about this deadline */
};

struct path {
    enum path_start start;
    const char *name;                 /* of field, person, role, group */
    const char *hops[PATH_STEPS_MAX]; /* applied in order: "department", "parent", "head", "hrbp", "manager",
                                         or a post */
    size_t n_hops;
    const char *text; /* as written */
};

/* 0, -EINVAL (*why: static English sentence) or -ENOMEM. */
int path_parse(struct arena *arena, const char *text, struct path *out, const char **why);

/* Whether the path ends at a department ("department", "parent of department"), which cannot be told
 * anything. */
bool path_is_department(const struct path *path);

/* What a path is resolved against. While `department` is not known yet, the word means the event's field of
 * that name. */
struct path_context {
    const struct directory *directory;
    const struct fields *fields;
    const char *owner;      /* person id or "" */
    const char *department; /* department id or "" */
    const struct path *requester;
    int32_t day; /* today, for those who have left */
};

/* Person ids (the directory's own texts), each once, in order. A field may hold a JSON array of ids. Those
 * who are named themselves (owner, field, person:) are given even if they have left: directory_answers says
 * who stands in. A vacancy (a department without a head, an unknown or departed holder) goes up to the parent
 * department's; the top reached yields nobody, and so do group: and told, which are the caller's. Returns how
 * many; 0 with *why (static) if nobody. */
size_t path_people(const struct path *path, const struct path_context *context,
                   const char *out[static PATH_RESULT_MAX], const char **why);
/* The department a path names ("department", "to_department", "department of owner"), or NULL. */
const char *path_department(const struct path *path, const struct path_context *context);

#endif
