/* settle.h: other rules or calendars run now than those by which the open deadlines stand: all of them are
 * brought to today's, a part at a time.
 *
 * Until that has ended nothing else that could tell the difference is served: neither an event nor time. What
 * a crash cuts off is done after the next load, because every deadline names the text that it stands by. */
#ifndef CUIBAN_CORE_ENGINE_SETTLE_H
#define CUIBAN_CORE_ENGINE_SETTLE_H

#include "core/engine.h"

struct turn;

struct settling {
    bool is_on;
    bool is_news;      /* not in the journal yet */
    bool is_reload;    /* of a running engine: rules are others even where their text is the same */
    bool by_calendars; /* they have changed, too */
    instant since;
    size_t schedule, deadline, notification;  /* cursors: those before have been done */
    int restarts;                             /* of the last one, because what is gone has moved others */
    int64_t shorter_ms;                       /* by how much the longest life of a notification is shorter */
    size_t n_new, n_changed, n_gone;          /* rules */
    size_t n_recomputed, n_kept, n_recounted; /* deadlines */
};

/* After loading: what of it all must be brought to today's rules and calendars? False: out of memory. */
bool settle_loaded(struct engine *engine, instant now);
/* A notification is gone: others may have taken its place in the index, so all are looked through again. */
void settle_gone(struct engine *engine);
/* As far as the list has room; true if all of it is done. */
bool settle_all(struct turn *turn);

#endif
