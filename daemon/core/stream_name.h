/* stream_name.h: which names an event stream may have. Pure.
 *
 * The HRIS chooses the name; the keys that belong to it are made from it and must share its hash slot
 * (store/keys.h). */
#ifndef CUIBAN_CORE_STREAM_NAME_H
#define CUIBAN_CORE_STREAM_NAME_H

#include <stdbool.h>

enum { STREAM_NAME_MAX = 200 }; /* bytes */

/* Redis hashes what stands between the first '{' and the first '}' behind it, unless that is empty. */
bool stream_name_has_tag(const char *name);
/* NULL, or why the name cannot be used; static. */
const char *stream_name_problem(const char *name);

#endif
