/* webside.h: the web as the settings want it: opened, and while its address cannot be had, tried again.
 *
 * Another program may still listen there, the address may come with a network that is not up yet: nothing of
 * that is a reason for reminders to stop. It is logged once for each reason, and tried again with back-off.
 */
#ifndef CUIBAN_WEBSIDE_H
#define CUIBAN_WEBSIDE_H

#include "log.h"
#include "web/web.h"

struct webside;

/* Nothing listens yet. NULL: out of memory. */
struct webside *webside_create(uv_loop_t *loop, const struct log *log, const struct web_content *content);
/* From here on at this address (copied), and no longer at the one before; NULL: nowhere. */
void webside_listen(struct webside *webside, const char *address);
/* Stops listening, then calls `done` from the loop; the webside is gone then. */
void webside_close(struct webside *webside, void (*done)(void *data), void *data);

/* Connections let in and answers given so far at its present address. */
uint64_t webside_served(const struct webside *webside);
const char *webside_problem(const struct webside *webside); /* why it does not listen, or "" */

#endif
