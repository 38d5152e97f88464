/* settings.h: the settings file itself. */
#ifndef CUIBAN_CONFIG_SETTINGS_H
#define CUIBAN_CONFIG_SETTINGS_H

#include "config/load.h"

/* Fills config->settings, load->policy (what the file alone can say), the places and load->channels. False if
 * the file could not be read at all. */
bool settings_load(struct load *load, const char *path);
/* What needs the directory and the calendars: catch_all, ceiling, the default calendar. */
void settings_resolve(struct load *load);

#endif
