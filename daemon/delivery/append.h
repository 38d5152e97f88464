/* append.h: adds bytes to the end of a file on libuv's worker threads. Private to the transport. */
#ifndef CUIBAN_DELIVERY_APPEND_H
#define CUIBAN_DELIVERY_APPEND_H

#include <uv.h>

#include <stdbool.h>
#include <stddef.h>

struct append;

/* Path and bytes are copied: a job that is given up runs on by itself. `done` is called once, from the loop,
 * with 0 or a negative errno; the job is freed behind it. `is_left` beside an error: the text, or a part of
 * it, may stand in the file all the same. NULL: out of memory. */
typedef void append_done(void *data, struct append *append, int error, bool is_left);
struct append *append_start(uv_loop_t *loop, const char *path, const void *bytes, size_t n, append_done *done,
                            void *data);
/* `done` will be called with `data` instead: for jobs whose owner has gone. */
void append_redirect(struct append *append, append_done *done, void *data);

#endif
