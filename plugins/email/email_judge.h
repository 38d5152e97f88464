/* email_judge.h: what the end of an SMTP transaction means. */
#ifndef CUIBAN_PLUGINS_EMAIL_JUDGE_H
#define CUIBAN_PLUGINS_EMAIL_JUDGE_H

#include <cuiban/channel.h>

#include "../kit/answer.h"

void email_judge(const struct cuiban_response *response, const struct verdict_secrets *secrets,
                 struct cuiban_verdict *out);

#endif
