/* catalogue.h: events.d, what the HRIS sends. */
#ifndef CUIBAN_CONFIG_CATALOGUE_H
#define CUIBAN_CONFIG_CATALOGUE_H

#include "config/load.h"

/* Fills config->catalogue and load->events_known. `more` are documents that may hold an `events` group, too.
 */
void catalogue_load(struct load *load, const struct documents *more);
const struct catalogue_field *catalogue_field(const struct catalogue_event *event, const char *name);

#endif
