/* transport.h: performs requests with libcurl's multi interface on the loop. HTTP, SMTP, and appending to
 * files.
 *
 * TLS is verified, redirects are not followed, only http, https, smtp and smtps are spoken. Envelope
 * addresses, headers and URLs are checked before libcurl sees them. No URL, header or body is ever logged;
 * `error` carries none. A request's `ca_file` is trusted besides the system's directory of certificates
 * (libcurl's CAPATH), instead of its bundle. The proxies of the environment (https_proxy, no_proxy) hold for
 * HTTP, never for mail.
 *
 * `response.transport` beyond libcurl's own: 3 (no usable URL) and 43 (an address or a header that must not
 * leave), 23 for a file that cannot be written; 42 for a request that was cancelled. `response.sent` stays 0
 * where the other side cannot have acted: the body was not complete, or the mail server had not asked for it.
 * libcurl's own second try of a request that had gone out completely is prevented.
 *
 * The process must ignore SIGPIPE (OpenSSL writes to sockets that may be closed) and must not call setenv()
 * any more (the resolver's threads read the environment). */
#ifndef CUIBAN_DELIVERY_TRANSPORT_H
#define CUIBAN_DELIVERY_TRANSPORT_H

#include <uv.h>

#include <cuiban/channel.h>

enum { TRANSPORT_LIMIT_MS_DEFAULT = 10000 };

struct transport;

/* Keeps up to `concurrency` connections open for reuse (and a few more). NULL: out of memory. */
struct transport *transport_create(uv_loop_t *loop, size_t concurrency);
/* All requests must have ended (transport_cancel_all). Calls `done` when the loop's handles are closed. */
void transport_close(struct transport *transport, void (*done)(void *data), void *data);

/* Starts a request; what it points to must live until `done`. `done` is called once, from the loop, never
 * from inside this call; the response is valid during the call. The limit is the smaller one of limit_ms and
 * request->timeout_ms; files have none. 0 or -ENOMEM (then `done` is not called). */
typedef void transport_done(void *data, const struct cuiban_response *response);
int transport_start(struct transport *transport, const struct cuiban_request *request, int64_t limit_ms,
                    transport_done *done, void *data);
/* Ends everything that runs; each `done` is called before this returns and gets CURLE_ABORTED_BY_CALLBACK
 * (42) with `sent` as it is known (a file being written counts as sent). `done` must not start another
 * request. */
void transport_cancel_all(struct transport *transport);
size_t transport_running(const struct transport *transport);

#endif
