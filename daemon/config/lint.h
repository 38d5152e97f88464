/* lint.h: what the language allows and is probably not meant. Inside of the config room; config_lint calls
 * all.
 *
 * Each looks at rules that are read and sound, and adds warnings at the line of the rule or step, with a hint
 * of what to write instead. `now` is the day to count from. */
#ifndef CUIBAN_CONFIG_LINT_H
#define CUIBAN_CONFIG_LINT_H

#include "config/config.h"

/* Steps that are never sent, that count nights and weekends beside working time, that leave together. */
void lint_ladders(const struct config *config, instant now, struct problems *problems);
/* Recipients and owners whom some department has nobody for. */
void lint_recipients(const struct config *config, instant now, struct problems *problems);
/* Rules that tell of a slip nobody but the owner; steps after due whose people fall away in a department.
 * Once the channels are known. */
void lint_reach(const struct config *config, instant now, struct problems *problems);
/* Conditions on a department that nobody knows. */
void lint_conditions(const struct config *config, struct problems *problems);
/* Dues of today's openings that lie beyond the years of the calendar. */
void lint_years(const struct config *config, instant now, struct problems *problems);
/* Messages that a channel has to cut, once the channels are known. */
void lint_messages(const struct config *config, struct problems *problems);

#endif
