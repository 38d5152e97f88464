/* people.h: directory.d, people, departments and roles. */
#ifndef CUIBAN_CONFIG_PEOPLE_H
#define CUIBAN_CONFIG_PEOPLE_H

#include "config/load.h"

/* Fills config->directory, load->roles and load->posts. Calendars and channels must have been loaded. */
void people_load(struct load *load);

#endif
