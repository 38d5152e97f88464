/* guests.h: the connections of the web server, and which of them have to go: those that do not say in time
 * what they want, and, when there are too many, the one that has waited longest.
 *
 * So nobody is locked out by others who open connections and say nothing, be it byte by byte. A guest is
 * shown out by shutdown(2): whoever serves the socket sees its end and closes it. Times are real milliseconds
 * of one monotonic clock. */
#ifndef CUIBAN_WEB_GUESTS_H
#define CUIBAN_WEB_GUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guest {
    struct guest *next, *previous;
    int fd;
    uint64_t since_ms; /* it came, or was answered last */
    bool is_asking;    /* its request is complete and not answered yet */
    bool is_known;     /* it has been answered before */
    bool is_shown_out;
};

struct guests {
    struct guest *first, *last; /* in the order of since_ms */
    size_t n;                   /* without those that were shown out */
    size_t max;
    uint64_t first_ms, idle_ms; /* how long a new one may take to ask, and one that was answered */
};

struct guest *guests_enter(struct guests *guests, int fd, uint64_t now_ms); /* NULL: memory is out */
void guests_leave(struct guests *guests, struct guest *guest);              /* frees it */
void guests_asks(struct guest *guest);
void guests_answered(struct guests *guests, struct guest *guest, uint64_t now_ms);
void guests_show_out(struct guests *guests, uint64_t now_ms); /* those who have taken too long */
/* Until that is to be called again; -1: nobody waits. */
int64_t guests_wait_ms(const struct guests *guests, uint64_t now_ms);

#endif
