/* proxy.h: a proxy before Redis, on the test's own loop, that can hold bytes back and deliver them late:
 * after the client has given the connection up, too. */
#ifndef CUIBAN_TESTS_PROXY_H
#define CUIBAN_TESTS_PROXY_H

#include <stdbool.h>
#include <uv.h>

struct proxy;
struct proxy *proxy_start(uv_loop_t *loop, const char *upstream_socket, const char *listen_socket);
void proxy_stop(struct proxy *proxy); /* run the loop afterwards until it is empty */

/* While held, what clients send is kept and not passed on (answers still come back). */
void proxy_hold(struct proxy *proxy, bool hold);
bool proxy_holds_bytes(const struct proxy *proxy);
/* Answers are read and thrown away: the command was done, and nobody knows. */
void proxy_mute(struct proxy *proxy, bool mute);
/* Ends every connection towards the clients; what is held of them stays and is delivered by proxy_deliver. */
void proxy_cut(struct proxy *proxy);
void proxy_deliver(struct proxy *proxy); /* the late bytes of connections that were cut */
size_t proxy_muted_bytes(const struct proxy *proxy);

#endif
