/* A TZif file. */
#include "core/zone.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct zone *zone;

    if (zone_parse("Fuzz/Zone", data, n, &zone) == 0) {
        for (int64_t year = -100; year < 300; year += 7) {
            instant at = year * 31556952000 + (int64_t)n;
            (void)zone_instant(zone, zone_local(zone, at));
        }
        zone_destroy(zone);
    }
    return 0;
}
