/* webhook.h: where a group robot is posted to. People have one thing, the address that the robot's page lets
 * them copy; so that is taken as it is, as the option `webhook`, and where else it is pasted. Who has the
 * credential apart gives that, with `url` for a server other than the vendor's.
 *
 * The address is a secret: its query holds the robot's only credential. */
#ifndef CUIBAN_PLUGINS_KIT_WEBHOOK_H
#define CUIBAN_PLUGINS_KIT_WEBHOOK_H

#include <stddef.h>

#include <cuiban/channel.h>

enum { WEBHOOK_CREDENTIAL_BYTES_MAX = 256, WEBHOOK_BYTES_MAX = 1024 };

struct webhook_vendor {
    const char *host;      /* "qyapi.weixin.qq.com" */
    const char *path;      /* "/cgi-bin/webhook/send" */
    const char *parameter; /* of the query, with the credential: "key=" */
    const char *option;    /* the credential alone: "key" */
    /* Sentences for the administrator: */
    const char *missing;        /* nothing was given */
    const char *bad_credential; /* `option` is not one */
    const char *bad_webhook;    /* the whole address is not one of this vendor's robots */
    const char *bad_url;        /* `url` is more, or less, than a server */
    const char *twice;          /* the whole address, and a part of it besides */
};

struct webhook {
    char *url;        /* complete, the credential in its query */
    char *credential; /* never to be shown */
};

/* NULL, or the vendor's sentence ("out of memory" is one, too). What was filled in is to be finished either
 * way. */
const char *webhook_open(const struct webhook_vendor *vendor, const struct cuiban_option *options, size_t n,
                         struct webhook *out);
void webhook_finish(struct webhook *webhook);

#endif
