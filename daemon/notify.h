/* notify.h: tells systemd how the service is doing: the datagrams of sd_notify(3), written out, because the
 * protocol is documented and stable and libsystemd would bring six further libraries. */
#ifndef CUIBAN_NOTIFY_H
#define CUIBAN_NOTIFY_H

#include <stdint.h>

/* Sends e.g. "READY=1\nSTATUS=2 shards". 0, also where nobody listens (no NOTIFY_SOCKET); else a negative
 * errno. */
int notify_send(const char *state);
/* How often WATCHDOG=1 must be sent, in milliseconds; 0: no watchdog. */
int64_t notify_watchdog_ms(void);

#endif
