/* email_body.h: the two bodies of a mail, from the Markdown of a message. */
#ifndef CUIBAN_PLUGINS_EMAIL_BODY_H
#define CUIBAN_PLUGINS_EMAIL_BODY_H

#include "../kit/text.h"

/* Lines as a person would type them; links as "words (address)". */
void email_body_plain(const struct cuiban_message *message, struct text *out);
/* A page of HTML: no raw HTML of the message, no pictures (they would tell who reads), links to http(s) and
 * mailto only. */
void email_body_html(const struct cuiban_message *message, struct text *out);

#endif
