#include "delivery/evidence.h"

#include <stdbool.h>
#include <stdio.h>

/* HTTP: 4xx, 501 and 503 deny; the other 5xx may come from a gateway behind which somebody has acted. SMTP:
 * the reply after the mail's end, whichever it is. */
static bool is_final(enum cuiban_request_kind kind, long status)
{
    if (kind == CUIBAN_REQUEST_HTTP)
        return (status >= 400 && status < 500) || status == 501 || status == 503;
    return kind == CUIBAN_REQUEST_SMTP && (status / 100 == 2 || status >= 400);
}

/* An answer broke off, or none came, and the request had gone out as a whole. What the plugin read in the
 * part that came is believed if it is the vendor's word that ends the matter. */
static bool is_unknown(enum cuiban_request_kind kind, const struct cuiban_response *response,
                       enum verdict_kind said)
{
    bool ends = said == VERDICT_DELIVERED || said == VERDICT_REFUSED || said == VERDICT_MISCONFIGURED;
    bool nothing_came = kind == CUIBAN_REQUEST_FILE || response->status == 0;

    return response->transport != 0 && response->sent && said != VERDICT_UNCERTAIN &&
           (nothing_came || (!ends && !is_final(kind, response->status)));
}

void evidence_correct(enum cuiban_request_kind kind, const struct cuiban_response *response,
                      struct verdict *verdict)
{
    bool cannot_have_arrived =
        !response->sent && (verdict->kind == VERDICT_UNCERTAIN ||
                            (verdict->kind == VERDICT_DELIVERED && response->transport != 0));

    if (cannot_have_arrived)
        verdict->kind = VERDICT_RETRY;
    else if (is_unknown(kind, response, verdict->kind))
        verdict->kind = VERDICT_UNCERTAIN;
    else
        return;
    if (verdict->reason[0] == '\0')
        snprintf(verdict->reason, sizeof(verdict->reason), "%.*s", (int)sizeof(verdict->reason) - 1,
                 response->error);
}
