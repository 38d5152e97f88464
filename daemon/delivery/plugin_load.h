/* plugin_load.h: finds a plugin's file, decides whether it may be loaded, and checks what it exports. */
#ifndef CUIBAN_DELIVERY_PLUGIN_LOAD_H
#define CUIBAN_DELIVERY_PLUGIN_LOAD_H

#include <stddef.h>

#include <cuiban/channel.h>

#include "delivery/complaint.h"

struct plugin_file {
    void *library;
    const struct cuiban_channel *abi;
};

/* `name` is "wecom" (then DIRECTORY/wecom.so) or an absolute path. 0 or a negative errno with a sentence in
 * `complaint`: -EINVAL a name that cannot be one, -ENOENT no such file, -EACCES a file that others could
 * change, -ENOEXEC not a plugin of this ABI. A library stays loaded once for all channels that use it (dlopen
 * counts). */
int plugin_load(const char *name, const char *directory, struct plugin_file *out,
                const struct complaint *complaint);
/* Unloads with the last user. Under sanitizers the code stays: their reports need it. */
void plugin_unload(struct plugin_file *file);

#endif
