/* checkup.h: how the daemon is, looked at once a second and whenever somebody asks. One verdict
 * (core/health.h) goes to all: the web side, the metrics, systemd's status line, the log, and Redis, where
 * cuibanctl reads it. */
#ifndef CUIBAN_CHECKUP_H
#define CUIBAN_CHECKUP_H

#include <uv.h>

#include "core/health.h"
#include "log.h"

struct checkup;
struct reload;

int checkup_open(uv_loop_t *loop, const struct log *log, const struct reload *reload, struct checkup **out);
void checkup_close(struct checkup *checkup); /* the rest goes when the loop lets go of it; NULL is fine */

const struct health *checkup_now(struct checkup *checkup); /* valid until the loop's next turn */
void checkup_metrics(struct checkup *checkup, struct buffer *out);

#endif
