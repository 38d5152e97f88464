/* rule.h: what the config room read from the rule files, ready for the engine. Immutable, in one arena.
 *
 * The language: cuiban-rules(5). Lists are pointer and count; texts are never NULL unless said. */
#ifndef CUIBAN_CORE_RULE_H
#define CUIBAN_CORE_RULE_H

#include "calendar.h"
#include "condition.h"
#include "path.h"
#include "recurrence.h"
#include "span.h"

enum {
    RULES_MAX = 5000,
    RULE_LADDER_MAX = 16,
    RULE_STEPS_MAX = RULE_LADDER_MAX + 1, /* what the ladder says, and what it implies */
    RULE_KEYS_MAX = 8,
    RULE_FORMS_MAX = 8,
    RULE_OWNERS_MAX = 16,
    RULE_ALL_MAX = 16,         /* events of `meet.all` */
    RULE_AFTER_MAX = 16,       /* rules in a row of which each opens after the one before */
    RULE_REPEATS_DEFAULT = 10, /* firings of a step with `every` and without `times` */
};

struct texts {
    const char *const *items;
    size_t n;
};

bool texts_have(const struct texts *texts, const char *text);

/* The phase of a message, which is also the name of its template. */
enum phase { PHASE_ASKED, PHASE_REMINDER, PHASE_OVERDUE, PHASE_ESCALATION, PHASE_CLOSED };
const char *phase_name(enum phase phase); /* "asked", "reminder", ... */

enum anchor {
    ANCHOR_OPEN,   /* "open": as soon as the deadline opens */
    ANCHOR_SHARE,  /* "75%": `offset.count` percent of the budget */
    ANCHOR_DUE,    /* "due", "due-4wh", "due+1wd": `offset` from due, SPAN_NONE for due itself */
    ANCHOR_CLOSED, /* "closed" */
};

struct step {
    const char *name; /* its `at` as written, unless it has a `name`; unique in the ladder */
    const char *at;   /* as written */
    enum anchor anchor;
    bool before_due; /* stands before due */
    bool urgent;
    bool implied; /* not written: the first word at short notice, see rule_asked */
    struct span offset;
    const struct path *to;
    size_t n_to;
    struct texts via;    /* channel names; empty: direct */
    const char *message; /* template name; NULL: by phase */
    struct span every;   /* SPAN_NONE: once */
    int32_t times;       /* firings in all, the first included; >= 1 */
    struct conditions where;
    const char
        *file; /* a ladder with a name may stand in another file than the rule; "" for texts of Redis */
    int line;
};

/* One field of a key: what the deadline calls it, and what the selecting event calls it. */
struct key_field {
    const char *name;
    const char *event_field;
};

struct key {
    const struct key_field *fields;
    size_t n;
    int form; /* index into rule.forms: which of the rule's sets of names this is */
};

/* An event that does something to deadlines: meets, cancels, pauses, resumes, changes those that are open, or
 * reopens one that is closed. */
struct selector {
    struct texts on;
    bool all; /* of a meet: every one of `on` must come, in any order */
    struct conditions where;
    struct key key;
    const char *owner_field;  /* the event field that says who acted, or NULL: any owner */
    const char *series_field; /* the event field that says which of a series, or NULL: the oldest */
    struct span due;          /* of `reopen`; SPAN_NONE: the rule's own dues count */
    const char *stop;         /* name of the stop set it came from, or NULL */
    int line;
};

struct selectors {
    const struct selector *items;
    size_t n;
};

struct due_case {
    struct conditions where;
    struct span span;
    const char *name; /* of one of a series: the span as written out; else NULL */
    int line;
};

enum calendar_of { CALENDAR_NAMED, CALENDAR_OF_DEPARTMENT, CALENDAR_OF_OWNER };
/* What one opening is repeated for. */
enum for_each { FOR_EACH_NOTHING, FOR_EACH_DEPARTMENT, FOR_EACH_PERSON };
enum again { AGAIN_IGNORE, AGAIN_RESTART, AGAIN_CHANGE };
enum on_change { ON_CHANGE_RECOMPUTE, ON_CHANGE_KEEP };

struct form { /* names, sorted; forms[0] is the opening key */
    const char *names[RULE_KEYS_MAX];
    size_t n;
};

struct rule {
    const char *name;
    const char *file;
    int line;
    const char
        *text; /* the rule written out in full (defaults, ladders and stops put in), libconfig syntax */
    char fingerprint[17]; /* of `text`, 16 hex digits */

    const char *summary; /* defaults to the name */
    const char *about;   /* template, "" if not said */
    const char *done;    /* "" */
    const char *link;    /* template, "" */
    struct path requester;

    struct texts open_on; /* empty: opens by the clock, or after another rule */
    const char *after;    /* opens when the last deadline of this rule with the key has closed; or NULL */
    struct conditions open_where;
    struct span open_from;   /* SPAN_NONE, or "at:FIELD - 2mo": sleeps until then */
    struct recurrence every; /* without open_on: opens by the clock; with it: recurs for each opened key */
    struct span open_until;  /* SPAN_NONE, or until when it recurs, counted from the opening event */
    enum for_each for_each;
    struct conditions among; /* over the attributes of a department or person */
    bool catch_up_all;       /* else only the last of several missed periods opens */
    struct key key;

    const struct path *owners; /* one deadline each; empty if `each_of` */
    size_t n_owners;
    const char *each_of; /* event field that holds a JSON array of person ids, or NULL */
    bool has_department; /* else the department of the owner */
    struct path department;
    const struct path *with;
    size_t n_with;

    struct selectors meets, cancels, pauses, resumes, changes, reopens;

    const struct due_case *dues; /* first match wins; the last has no `where` */
    size_t n_dues;
    bool is_series;            /* the dues are one deadline each */
    struct span latest, least; /* SPAN_NONE: no such bound */
    struct span
        gap; /* between a step and one after due; SPAN_NONE: the policy's; a count of 0: none at all */
    struct span max_pause; /* SPAN_NONE: a pause may last for ever; elapsed, civil days, wh or wd */
    enum calendar_of calendar_of;
    const struct calendar *calendar; /* of CALENDAR_NAMED; else the default, for when nobody has one */

    const struct step *steps;
    size_t n_steps;

    enum again again;
    enum on_change on_change;
    int64_t early_ms;
    bool retired;
    bool alone; /* that only the owner hears of a slip is meant */
    bool audience_direct;
    bool merge_owner;
    struct texts except; /* event fields whose people are never told */

    struct form forms[RULE_FORMS_MAX];
    size_t n_forms;
};

const struct step *rule_step(const struct rule *rule, const char *name); /* NULL: none, or no rule */
/* What a ladder with a step before due implies: a step `asked` that fires at the opening (or at a later due)
 * if no step before due can leave any more. It is the last one and no part of the rule's text. NULL: none. */
const struct step *rule_asked(const struct rule *rule);
size_t rule_written(const struct rule *rule); /* steps that stand in the file */

/* Fields that cuiban itself gives to the deadlines of a rule, whatever an event says: `period` (recurs),
 * `series`, `department` and `person` with their names (for_each). No event changes them. */
bool rule_recurs(const struct rule *rule);
bool rule_gives_field(const struct rule *rule, const char *name);
/* The meet that wants every one of several events, or NULL. */
const struct selector *rule_all(const struct rule *rule);
/* The span of a deadline's `due_case`: one of the dues, or behind them that of a `reopen`. NULL: no such. */
const struct span *rule_due_span(const struct rule *rule, int32_t due_case);
/* Which of a series a value means: "3" and "day:3" are day:3@18:00, as its whole text is. NULL: none. */
const struct due_case *rule_series_case(const struct rule *rule, const char *value);

/* 64-bit FNV-1a of a rule's text as 16 hex digits: stable across versions and machines. */
void rule_fingerprint(const char *text, char into[static 17]);

#endif
