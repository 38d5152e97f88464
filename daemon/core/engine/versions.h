/* versions.h: the texts of rules: which of them base:rules keeps, and how many open deadlines have each.
 *
 * A deadline has the rule that it was opened under, or that a reload brought it to; several texts of one rule
 * may have deadlines at a time. */
#ifndef CUIBAN_CORE_ENGINE_VERSIONS_H
#define CUIBAN_CORE_ENGINE_VERSIONS_H

#include "core/engine.h"

struct turn;

struct version {
    char fingerprint[17];
    char *name;     /* of the rule; NULL until a deadline names it or its text has been read */
    size_t open;    /* deadlines */
    bool is_stored; /* in base:rules */
};

void versions_init(struct engine *engine);
void versions_finish(struct engine *engine);

/* One deadline more, or one less, that has this rule. False: out of memory. */
bool versions_enter(struct engine *engine, const struct rule *rule);
void versions_leave(struct engine *engine, const struct rule *rule);

/* A text as base:rules has it. 0 or -ENOMEM. */
int versions_load(struct engine *engine, const char *fingerprint, const char *text);
/* The rule's text goes to base:rules before the first deadline that needs it. */
void versions_store(struct turn *turn, const struct rule *rule);
/* Texts that nobody needs any more, as far as the list has room; true if that was all. */
bool versions_prune(struct turn *turn);

/* The rule with this text: one that runs, or an older one that was adopted. NULL. */
const struct rule *versions_find(const struct engine *engine, const char *fingerprint);
/* The same for a rule of other files: its text is read again, as one of today's calendars and people. NULL:
 * it cannot be read by them, or memory is out. */
const struct rule *versions_adopt(struct engine *engine, const char *fingerprint, const char *text);
/* Does an open deadline have another text of a running rule than the one that runs, and shall it change? */
bool versions_are_behind(const struct engine *engine);

#endif
