/* prescan.h: whether a libconfig file can be read, in words that help whoever typed it.
 *
 * libconfig says "syntax error" and stops at the first one; it accepts text in other encodings, joins strings
 * between which a comma is missing, and cuts large numbers. This walks the whole file first and reports all
 * of it. */
#ifndef CUIBAN_CONFIG_PRESCAN_H
#define CUIBAN_CONFIG_PRESCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/problem.h"

enum { PRESCAN_DEPTH_MAX = 16, PRESCAN_NAMES_MAX = 20000 }; /* nesting; names in one file */

/* Rewrites `text` in place where libconfig needs it (BOM and carriage returns become blanks; the length
 * stays). True if libconfig can read it; problems may have been reported even then. */
bool prescan(const char *file, char *text, size_t n, struct problems *problems);

#endif
