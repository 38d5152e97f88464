/* backoff.h: exponential backoff with full jitter, capped. Pure: the random number is a parameter. */
#ifndef CUIBAN_CORE_BACKOFF_H
#define CUIBAN_CORE_BACKOFF_H

#include <stdint.h>

/* The wait before try number `attempt` (1 = the first retry): between half and the whole of base *
 * 2^(attempt-1), never more than cap. `random` is any 32 random bits. */
int64_t backoff_ms(int64_t base_ms, int64_t cap_ms, uint32_t attempt, uint32_t random);

#endif
