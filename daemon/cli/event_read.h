/* event_read.h: events that a person or a file gives, as stream fields; and what the catalogue says about
 * them. */
#ifndef CUIBAN_CLI_EVENT_READ_H
#define CUIBAN_CLI_EVENT_READ_H

#include "config/config.h"
#include "core/event.h"

struct event_draft {
    struct raw_field raw[EVENT_FIELDS_MAX + 1]; /* one more than allowed, so that too many are noticed */
    size_t n;
    int line; /* in its file; 0: from the command line */
};

/* Adds a field; texts must live as long as the draft. False if there is no room. */
bool event_draft_add(struct event_draft *draft, const char *name, const char *value);

enum { EVENT_LINE_BYTES_MAX = 256 * 1024 }; /* of a file of events */
bool event_line_is_blank(const char *line);

/* One line of JSON: an object with flat members (lists stay JSON arrays), or CloudEvents, which goes as one
 * field `event`. False with *why: static. */
bool event_draft_read(struct arena *arena, const char *json, size_t n, struct event_draft *draft,
                      const char **why);

/* Checks a draft as the daemon will (bounds, UTF-8, time), then against the catalogue if there is one. */
void event_draft_check(const struct config *config, const struct event_draft *draft, const char *file,
                       instant now, struct problems *problems);
/* The bounds and the catalogue alone: for events that are made up and need no id. */
void event_draft_check_fields(const struct config *config, const struct event_draft *draft, const char *file,
                              instant now, struct problems *problems);

#endif
