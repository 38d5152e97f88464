/* wecom_judge.h: what an answer of WeCom's group robot means. */
#ifndef CUIBAN_PLUGINS_WECOM_JUDGE_H
#define CUIBAN_PLUGINS_WECOM_JUDGE_H

#include <cuiban/channel.h>

#include "../kit/answer.h"

void wecom_judge(const struct cuiban_response *response, const struct verdict_secrets *secrets,
                 struct cuiban_verdict *out);

#endif
