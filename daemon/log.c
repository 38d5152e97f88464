#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "core/utf8.h"

void log_init(struct log *log, const char *level)
{
    static const struct {
        const char *name;
        int level;
    } levels[] = {{"error", LOG_ERR}, {"warning", LOG_WARNING}, {"info", LOG_INFO}, {"debug", LOG_DEBUG}};

    *log = (struct log){.level = LOG_INFO,
                        .prefixed = getenv("JOURNAL_STREAM") != NULL && !isatty(STDERR_FILENO)};
    for (size_t i = 0; level && i < sizeof levels / sizeof *levels; i++) {
        if (strcmp(level, levels[i].name) == 0) {
            log->level = levels[i].level;
        }
    }
}

static void write_stamp(const struct log *log, int priority)
{
    struct timespec now;
    struct tm local;
    char text[32];
    char offset[8];

    if (log->prefixed) {
        (void)fprintf(stderr, "<%d>", priority);
        return;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    if (localtime_r(&now.tv_sec, &local) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &local) > 0 &&
        strftime(offset, sizeof offset, "%z", &local) > 0) {
        (void)fprintf(stderr, "%s.%03ld%s ", text, now.tv_nsec / 1000000, offset);
    }
}

void log_line(const struct log *log, int priority, const char *format, ...)
{
    va_list args;
    char *text = NULL;

    if (priority > log->level) {
        return;
    }
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    write_stamp(log, priority);
    if (length < 0) { /* no memory: the bare words, for the values are what cannot be trusted */
        (void)fputs(format, stderr);
    } else {
        utf8_disarm(text, false); /* values come from events, and `journalctl -f` stands in a terminal */
        (void)fputs(text, stderr);
        free(text);
    }
    (void)fputc('\n', stderr);
}
