/* compose_values.h: what the names in a message template mean; used by compose.c. See compose.h for the
 * names. */
#ifndef CUIBAN_CORE_COMPOSE_VALUES_H
#define CUIBAN_CORE_COMPOSE_VALUES_H

#include "compose.h"

#include <string.h>

enum { COMPOSE_ITEMS_MAX = 100, COMPOSE_PRIOR_MAX = 8 };

struct compose_item { /* one deadline of a message, and its (first) notification in it */
    const struct deadline *deadline;
    const struct notification *notification;
};

struct compose_prior { /* one person who was told before */
    const char *person;
    int times;
    instant last;
};

struct composer {
    const struct engine *engine;
    instant now;
    struct compose_item items[COMPOSE_ITEMS_MAX];
    size_t n_items;
    size_t n_beyond; /* items that are counted, but not listed */
    size_t item;     /* the one that names speak of now */
    const char *language;
    struct template_options options;
    bool is_closed;
    enum closing how;
    instant closed_at;
    struct compose_prior prior[COMPOSE_PRIOR_MAX];
    size_t n_prior;
    struct { /* lists that the renderer is inside of */
        enum { INSIDE_SECTION, INSIDE_ITEMS, INSIDE_PRIOR } kind;
        size_t i, n;
    } inside[TEMPLATE_DEPTH_MAX];
    size_t depth;
    bool in_line; /* `about` or `link` is being rendered */
};

struct template_values compose_values(struct composer *composer);
/* The rule's link for the current item; nothing if it has none, or none that is safe. */
void compose_add_link(const struct composer *composer, struct buffer *out);
bool compose_is_requester(const struct composer *composer, const char *person); /* of the current item */
/* The calendar in which a deadline is counted. */
const struct calendar *compose_calendar(const struct engine *engine, const struct deadline *deadline);

const struct zone *compose_zone(const struct composer *composer); /* of the current item */

/* "owner", "owner.name", "owner.id", "owner.phone", "owner.department", and so for the other parts that
 * people play. False if the name is none of these. */
bool compose_add_person_value(const struct composer *composer, const char *name, struct buffer *out);
void compose_add_name(const struct composer *composer, const char *id, struct buffer *out);
void compose_add_department_name(const struct composer *composer, const char *id, struct buffer *out);
void compose_add_with(const struct composer *composer, struct buffer *out);
void compose_add_told(const struct composer *composer, struct buffer *out);
void compose_add_next(const struct composer *composer, struct buffer *out);
void compose_add_next_when(const struct composer *composer, struct buffer *out);
bool compose_is_again(const struct composer *composer);  /* it is the reader who hears next */
bool compose_may_go_on(const struct composer *composer); /* whether somebody hears next is not decided yet */
void compose_add_stands_for(const struct composer *composer, struct buffer *out);

static inline const struct compose_item *compose_current(const struct composer *composer)
{
    return &composer->items[composer->item];
}

static inline bool compose_is_chinese(const struct composer *composer)
{
    return strncmp(composer->language, "zh", 2) == 0;
}

#endif
