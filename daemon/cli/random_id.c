#include "cli/random_id.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

void random_id(char into[static RANDOM_ID_MAX])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[16];
    char *out = into + 4;

    /* As much as 256 bytes always come whole, see getrandom(2). */
    assert(getrandom(bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes));
    memcpy(into, "ctl-", sizeof("ctl-"));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}
