/* evidence.h: holds a plugin's verdict against what the transport saw. Pure. */
#ifndef CUIBAN_DELIVERY_EVIDENCE_H
#define CUIBAN_DELIVERY_EVIDENCE_H

#include <cuiban/channel.h>

#include "core/notification.h"

/* The plugin's word, less what cannot be: nothing arrives that was not sent, and nobody can know that a
 * message did not arrive (or did) when the answer to it was lost. Keeps the plugin's reason, or takes
 * libcurl's words if there is none. */
void evidence_correct(enum cuiban_request_kind kind, const struct cuiban_response *response,
                      struct verdict *verdict);

#endif
