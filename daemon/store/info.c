#include "store/info.h"

#include <stdio.h>
#include <string.h>

void info_text(const char *info, const char *name, char *out, size_t room)
{
    const char *at = strstr(info, name);
    at = at ? at + strlen(name) : "";
    size_t n = strcspn(at, "\r\n");
    (void)snprintf(out, room, "%.*s", (int)(n < room ? n : room - 1), at);
}
