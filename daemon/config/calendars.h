/* calendars.h: calendars.d, working time as a person types it from the yearly notice. */
#ifndef CUIBAN_CONFIG_CALENDARS_H
#define CUIBAN_CONFIG_CALENDARS_H

#include "config/load.h"

/* Fills config->calendars and load->calendar_names. A calendar without a week can only be inherited. */
void calendars_load(struct load *load);
/* Says of a name that config_calendar does not find what is wrong with it; nothing if its own faults were
 * reported. */
void calendars_report(struct load *load, struct reader *reader, const config_setting_t *at, const char *name);

#endif
