/* answer.h: what all plugins say to their host: errors of open, and verdicts that hold no secret. */
#ifndef CUIBAN_PLUGINS_KIT_ANSWER_H
#define CUIBAN_PLUGINS_KIT_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include <cuiban/channel.h>

/* The option's value, or NULL if it is missing or empty. */
const char *option_find(const struct cuiban_option *options, size_t n, const char *name);
/* A copy of a secret without white space around it (files end in a newline); NULL: memory is out or nothing
 * is left. */
char *option_copy(const char *value);
void option_wipe(char *secret); /* overwrites and frees; NULL is fine */

/* A sentence for the administrator. Always returns NULL, so that open can end with it. */
void *open_refuse(char *error, size_t room, const char *why);
/* http:// or https://, a host, an optional path; no query, no space. For the option `url`. */
bool url_is_base(const char *url);

/* Fills in kind, delay and code; the reason follows by verdict_say. */
void verdict_set(struct cuiban_verdict *verdict, enum cuiban_verdict_kind kind, int64_t delay_ms,
                 int32_t code);

enum { VERDICT_SECRETS_MAX = 4 };
struct verdict_secrets {
    const char *of[VERDICT_SECRETS_MAX]; /* NULL where there is none */
};
/* The reason: `what`, then ": " and the other side's words if there are any. Those lose web addresses,
 * control characters and every secret; the whole is cut on a character. */
void verdict_say(struct cuiban_verdict *verdict, const struct verdict_secrets *secrets, const char *what,
                 const char *their_words);
/* For prepare: the message cannot be sent. Returns -1. */
int verdict_refuse(struct cuiban_verdict *verdict, const char *why);
int verdict_no_memory(struct cuiban_verdict *verdict); /* likewise, to be tried again */

#endif
