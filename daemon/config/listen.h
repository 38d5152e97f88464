/* listen.h: where the web listens, as the settings say it: a numeric address and a port. Pure.
 *
 *   127.0.0.1:9560   [::1]:9560   port 0: any free one
 *
 * Names are refused: resolving one blocks, and may bind more than was meant. */
#ifndef CUIBAN_CONFIG_LISTEN_H
#define CUIBAN_CONFIG_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

/* False: not an address and a port. */
bool listen_parse(const char *text, struct sockaddr_storage *out, socklen_t *out_n);

#endif
