/* compose.h: from a notification to the words that a person reads.
 *
 * Names that templates may use: owner, requester, head, recipient, on_behalf (each .name .id .phone
 * .department; alone: the name), department (its name), rule, summary, about, done, link, number (Q7KM-1),
 * every event field; due (11月18日 周三 15:10（今天）), due_short (今天 15:10), opened, late (1个工作日),
 * prior (list: who, when, times), prior_count (how often the owner was told), next (who hears next),
 * next_when, stands_for (in whose place the reader is told: 孙磊, 部门负责人), count (of merged items), items
 * (list: the deadlines of one message), told (who else is told now), closed_at, closed_how, lateness (of what
 * was met late, in its calendar's working time), provisional (暂定, while due depends on dates that no
 * calendar covers). Sections besides: overdue, group (posted where others read it), copy, to_owner,
 * to_requester, reminded (prior is not empty), many (items), more (inside a list: not the last), met,
 * after_hours (met late, but no working minute late), late_event, next_again (who hears next is the reader),
 * next_maybe (whether somebody hears next is decided by a field that an event may still change: then next and
 * next_when are empty). A section on any value asks whether it is there and does not say false, no, 0 or 否.
 *
 * Private are event fields whose names end in _name: masked on channels that reach a group. */
#ifndef CUIBAN_CORE_COMPOSE_H
#define CUIBAN_CORE_COMPOSE_H

#include "engine.h"

/* Names that cuiban itself gives to templates, besides the fields of events; at most `max` are written. */
enum { COMPOSE_NAMES_MAX = 64 };
size_t compose_names(const char *out[], size_t max);
bool compose_knows(const char *name); /* one of them, or such as "owner.phone" */

struct composed {
    struct buffer title;
    struct buffer body; /* small Markdown, values already escaped for the channel's dialect */
    struct buffer link; /* "" if the rule has none */
};
void composed_init(struct composed *composed);
void composed_finish(struct composed *composed);

/* The template is the notification's; without one it is that of its phase, and for the requester of what
 * somebody else owes "chase" instead of "overdue". */
/* One message for one or several notifications of one step to one group channel, or for one notification to
 * one person. 0; -ENOENT (*why: no such template, deadline gone); -ENOMEM. */
int compose_message(const struct engine *engine, const struct notification *const *notifications, size_t n,
                    instant now, struct composed *out, const char **why);
/* The line that tells those who were told that it is over; rendered when the deadline closes. */
int compose_closing(const struct engine *engine, const struct deadline *deadline,
                    const struct notification *notification, enum closing how, instant at, instant now,
                    struct composed *out, const char **why);

/* "今天 15:10", "明天 09:00", "11月18日 周三 15:10" / "today 15:10", "Wed 18 Nov 15:10", seen from `now` in a
 * zone. */
void compose_when(struct buffer *out, const char *language, const struct zone *zone, instant at, instant now);
/* With the date in any case: "11月18日 周三 15:10（今天）" / "Wed 18 Nov 15:10 (today)". */
void compose_when_fully(struct buffer *out, const char *language, const struct zone *zone, instant at,
                        instant now);

#endif
