/* log.h: one line per message on standard error; under systemd with the priority that the journal reads.
 * See sd-daemon(3) for the "<6>" prefixes. */
#ifndef CUIBAN_LOG_H
#define CUIBAN_LOG_H

#include <stdbool.h>

struct log {
    int level;     /* syslog(3): messages above it are dropped */
    bool prefixed; /* "<6>" instead of a time stamp */
};

/* `level` is one of error, warning, info, debug, as the settings have it; NULL means info. */
void log_init(struct log *log, const char *level);
void log_line(const struct log *log, int priority, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
