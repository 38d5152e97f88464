#include "backoff.h"

int64_t backoff_ms(int64_t base_ms, int64_t cap_ms, uint32_t attempt, uint32_t random)
{
    int64_t whole = base_ms < cap_ms ? base_ms : cap_ms;
    if (whole <= 0)
        return 0;
    for (uint32_t i = 1; i < attempt && whole < cap_ms; i++)
        whole = whole > cap_ms / 2 ? cap_ms : whole * 2;
    int64_t half = whole - whole / 2;
    /* (whole / 2) * random / 2^32 in two parts, so that it cannot overflow. `random` + 1 lets the whole be
     * reached. */
    uint64_t spread = (uint64_t)(whole / 2), factor = (uint64_t)random + 1;
    uint64_t jitter = (spread >> 32) * factor + ((spread & UINT32_MAX) * factor >> 32);
    return half + (int64_t)jitter;
}
