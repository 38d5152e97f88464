/* robot.h: what the group robots of WeCom and DingTalk have in common: a JSON post, and an answer with an
 * errcode.
 *
 * HTTP 200 is no success there: only "errcode": 0 is. */
#ifndef CUIBAN_PLUGINS_KIT_ROBOT_H
#define CUIBAN_PLUGINS_KIT_ROBOT_H

#include <stdbool.h>

#include <jansson.h>

#include <cuiban/channel.h>

#include "answer.h"
#include "text.h"

/* The JSON text goes to out->body in the request's memory, with url and headers. Takes `json`; NULL is fine.
 * 0, or -1 with a verdict. */
int robot_post(const struct cuiban_host *host, void *memory, json_t *json, const struct text *url,
               struct cuiban_request *out, struct cuiban_verdict *verdict);
json_t *robot_string(const struct text *text); /* NULL: memory is out */

struct robot_answer {
    bool has_code;
    int32_t code;     /* errcode, written as a number or as a string */
    bool is_punished; /* DingTalk's gateway: {"status":1111,"wait":5,"punish":"deny"} */
    char words[512];  /* errmsg, with sub_code and sub_msg behind it; "" if there is none */
};
void robot_answer_parse(const char *body, size_t n, struct robot_answer *out);

/* One row of a vendor's table of codes; first..last inclusive. */
struct robot_row {
    int32_t first, last;
    enum cuiban_verdict_kind kind;
    int32_t delay_s;
    int32_t shrink_bytes;
    const char *what;
};
const struct robot_row *robot_row_find(const struct robot_row *rows, size_t n,
                                       int32_t code); /* NULL if unknown */
void robot_judge_row(const struct robot_row *row, const struct robot_answer *answer,
                     const struct verdict_secrets *secrets, struct cuiban_verdict *out);
/* A code that no table names: throttled if its words say so, else refused. */
void robot_judge_unknown(const struct robot_answer *answer, const struct verdict_secrets *secrets,
                         struct cuiban_verdict *out);
/* There is no errcode: judges by transport and HTTP status. What was sent as a whole and not denied by the
 * status may have been delivered, also by a relay that answers in words of its own: uncertain. */
void robot_judge_without_code(const struct cuiban_response *response, const struct verdict_secrets *secrets,
                              struct cuiban_verdict *out);

#endif
