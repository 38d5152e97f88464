/* rules.h: rules.d, the rules and what they share. */
#ifndef CUIBAN_CONFIG_RULES_H
#define CUIBAN_CONFIG_RULES_H

#include "config/load.h"

/* Fills config->rules; everything else must have been loaded. */
void rules_load(struct load *load, const struct documents *documents);

#endif
