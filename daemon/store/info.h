/* info.h: values out of what Redis answers to INFO. */
#ifndef CUIBAN_STORE_INFO_H
#define CUIBAN_STORE_INFO_H

#include <stddef.h>

/* What stands behind `name` ("\nredis_version:") up to the end of its line, cut to the room; "" if it is not
 * there. */
void info_text(const char *info, const char *name, char *out, size_t room);

#endif
