#include "core/stream_name.h"

#include <string.h>

bool stream_name_has_tag(const char *name)
{
    const char *open = strchr(name, '{');
    const char *close = open ? strchr(open, '}') : NULL;
    return close && close > open + 1;
}

const char *stream_name_problem(const char *name)
{
    const char *why = NULL;
    size_t n = strlen(name);
    for (size_t i = 0; i < n && !why; i++)
        if ((unsigned char)name[i] <= ' ' || name[i] == 0x7f)
            why = "a stream's name has no blanks and no control characters";
    if (n == 0)
        why = "a stream's name is not empty";
    else if (n > STREAM_NAME_MAX)
        why = "a stream's name has at most 200 bytes";
    else if (strncmp(name, "cuiban:", 7) == 0)
        why = "no stream's name begins with \"cuiban:\": those are this program's own keys";
    else if (!stream_name_has_tag(name) && strchr(name, '}'))
        why = "a stream's name has no } outside of a tag {...}: no hash tag could follow it";
    return why;
}
