/* channels.h: `channels` of the settings, and what can be checked of them once the plugins are loaded. */
#ifndef CUIBAN_CONFIG_CHANNELS_H
#define CUIBAN_CONFIG_CHANNELS_H

#include "config/load.h"

/* Fills settings.channels and load->channels; `group` may be NULL. */
void channels_read(struct load *load, const config_setting_t *group);

#endif
