/* mail.h: a few threads that perform mails. Private to the transport.
 *
 * libcurl (7.88, smtp_done) waits for the answer to the text of a mail without going back to the loop: a
 * server that takes its time to look for spam would stop the whole daemon. So each mail runs on a thread;
 * calls and answers stay on the loop. */
#ifndef CUIBAN_DELIVERY_MAIL_H
#define CUIBAN_DELIVERY_MAIL_H

#include <uv.h>

#include "delivery/call.h"

enum { MAIL_THREADS_MAX = 16 };

struct mail;

/* `ended` is called from the loop for each call whose `code` is known, given up or not. At most `threads`
 * threads, begun when they are needed. NULL: out of memory. */
struct mail *mail_create(uv_loop_t *loop, size_t threads, void (*ended)(void *data, struct call *call),
                         void *data);
int mail_start(struct mail *mail,
               struct call *call); /* set up already; 0 or -ENOMEM: no thread could be begun */
/* Ends as soon as it can; it belongs to the threads until `ended`. Returns whether its text may have left or
 * still leaves. */
bool mail_give_up(struct mail *mail, struct call *call);
/* All calls must have been given up or have ended. `closed` is called from the loop when the threads are
 * gone. */
void mail_close(struct mail *mail, void (*closed)(void *data), void *data);

#endif
