#include "web/guests.h"

#include <stdlib.h>
#include <sys/socket.h>

static void append(struct guests *guests, struct guest *guest)
{
    guest->next = NULL;
    guest->previous = guests->last;
    if (guests->last != NULL)
        guests->last->next = guest;
    else
        guests->first = guest;
    guests->last = guest;
}

static void take_out(struct guests *guests, struct guest *guest)
{
    if (guest->previous != NULL)
        guest->previous->next = guest->next;
    else
        guests->first = guest->next;
    if (guest->next != NULL)
        guest->next->previous = guest->previous;
    else
        guests->last = guest->previous;
}

static void show_out(struct guests *guests, struct guest *guest)
{
    if (guest->is_shown_out)
        return;
    guest->is_shown_out = true;
    guests->n--;
    (void)shutdown(guest->fd, SHUT_RDWR);
}

/* Who waits for its answer goes only if all do. */
static struct guest *find_dispensable(const struct guests *guests)
{
    struct guest *asking = NULL;

    for (struct guest *guest = guests->first; guest != NULL; guest = guest->next) {
        if (guest->is_shown_out)
            continue;
        if (!guest->is_asking)
            return guest;
        if (asking == NULL)
            asking = guest;
    }
    return asking;
}

struct guest *guests_enter(struct guests *guests, int fd, uint64_t now_ms)
{
    struct guest *guest = calloc(1, sizeof(*guest));

    if (guest == NULL)
        return NULL;
    if (guests->n >= guests->max && guests->n > 0)
        show_out(guests, find_dispensable(guests));
    guest->fd = fd;
    guest->since_ms = now_ms;
    append(guests, guest);
    guests->n++;
    return guest;
}

void guests_leave(struct guests *guests, struct guest *guest)
{
    if (guest == NULL)
        return;
    take_out(guests, guest);
    guests->n -= guest->is_shown_out ? 0 : 1;
    free(guest);
}

void guests_asks(struct guest *guest)
{
    guest->is_asking = true;
}

void guests_answered(struct guests *guests, struct guest *guest, uint64_t now_ms)
{
    guest->is_asking = false;
    guest->is_known = true;
    guest->since_ms = now_ms;
    take_out(guests, guest);
    append(guests, guest);
}

static uint64_t ends_ms(const struct guests *guests, const struct guest *guest)
{
    return guest->since_ms + (guest->is_known ? guests->idle_ms : guests->first_ms);
}

static bool is_waited_for(const struct guest *guest)
{
    return !guest->is_asking && !guest->is_shown_out;
}

void guests_show_out(struct guests *guests, uint64_t now_ms)
{
    for (struct guest *guest = guests->first; guest != NULL; guest = guest->next)
        if (is_waited_for(guest) && ends_ms(guests, guest) <= now_ms)
            show_out(guests, guest);
}

int64_t guests_wait_ms(const struct guests *guests, uint64_t now_ms)
{
    int64_t wait = -1;

    for (const struct guest *guest = guests->first; guest != NULL; guest = guest->next) {
        uint64_t ends = ends_ms(guests, guest);
        int64_t left = ends > now_ms ? (int64_t)(ends - now_ms) : 0;

        if (is_waited_for(guest) && (wait < 0 || left < wait))
            wait = left;
    }
    return wait;
}
