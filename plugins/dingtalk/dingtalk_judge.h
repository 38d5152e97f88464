/* dingtalk_judge.h: what an answer of DingTalk's group robot means, in the light of the answers before it. */
#ifndef CUIBAN_PLUGINS_DINGTALK_JUDGE_H
#define CUIBAN_PLUGINS_DINGTALK_JUDGE_H

#include <stdint.h>

#include <cuiban/channel.h>

#include "../kit/answer.h"

/* How often in a row the robot answered so; all 0 after a delivery. */
struct dingtalk_history {
    bool is_signed; /* the channel has a secret */
    int32_t throttled;
    int32_t badly_signed;
    int32_t no_token;
};

void dingtalk_judge(struct dingtalk_history *history, const struct cuiban_response *response,
                    const struct verdict_secrets *secrets, struct cuiban_verdict *out);

#endif
