/* calendar_lint.h: what is probably a slip of the pen in a calendar that can be read: warnings at its lines.
 */
#ifndef CUIBAN_CONFIG_CALENDAR_LINT_H
#define CUIBAN_CONFIG_CALENDAR_LINT_H

#include "config/load.h"

/* Looks at the texts of one calendar that was read without errors. `zone` is the name of the zone that it
 * counts in. A make-up day on a date that is worked anyway; days of a year that `covers` leaves out; a
 * covered year without a single day off; and, for mainland China, make-up days that do not balance the days
 * off. */
void calendar_lint(struct load *load, const config_setting_t *group, const char *zone);

#endif
