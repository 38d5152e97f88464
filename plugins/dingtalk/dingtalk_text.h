/* dingtalk_text.h: the words of a DingTalk message: whom it mentions, and Markdown that breaks lines where
 * ours does. */
#ifndef CUIBAN_PLUGINS_DINGTALK_TEXT_H
#define CUIBAN_PLUGINS_DINGTALK_TEXT_H

#include "../kit/page.h"

enum dingtalk_address { DINGTALK_NOBODY, DINGTALK_MOBILE, DINGTALK_USERID };

/* 11 digits, or + and digits, are a mobile number; else letters, digits, "-", "_", "." and "$" are a userId.
 */
enum dingtalk_address dingtalk_address_kind(const char *address);

/* A single line end is no break there: lines become paragraphs, except between items of a list. */
void dingtalk_add_paragraphs(struct text *out, const char *body);

/* Title, mentions, body, link and number within `max` bytes. Only the first `n_mentioned` recipients are
 * mentioned; each stands in the text literally, without which DingTalk does not call anybody. */
void dingtalk_compose(const struct cuiban_message *message, size_t n_mentioned, size_t max, struct text *out);
/* How many recipients of the list a message can mention. */
size_t dingtalk_mentioned(const struct cuiban_message *message);

#endif
