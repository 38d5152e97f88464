/* templates.h: templates/<language>/<name>.md */
#ifndef CUIBAN_CONFIG_TEMPLATES_H
#define CUIBAN_CONFIG_TEMPLATES_H

#include "config/load.h"

/* Fills config->templates. */
void templates_load(struct load *load);

#endif
