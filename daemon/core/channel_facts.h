/* channel_facts.h: what the core must know of a configured channel; its plugin and the settings say it. */
#ifndef CUIBAN_CORE_CHANNEL_FACTS_H
#define CUIBAN_CORE_CHANNEL_FACTS_H

#include "quiet.h"

enum reach { REACH_PERSON, REACH_GROUP };
enum dialect { DIALECT_PLAIN, DIALECT_COMMONMARK, DIALECT_WECOM, DIALECT_DINGTALK };
enum uncertain_policy { UNCERTAIN_RESEND, UNCERTAIN_HOLD, UNCERTAIN_FALLBACK };

struct channel_facts {
    const char *name;
    const char *plugin; /* whose code works on its messages; NULL: not known */
    enum reach reach;
    enum dialect dialect;
    const char *address;  /* which of a person's addresses it needs ("email"), or NULL: none */
    const char *fallback; /* channel name, or NULL */
    enum uncertain_policy uncertain;
    bool mentions;     /* a group channel that can mention people by `address` */
    int32_t max_bytes; /* of a message that people read; longer ones are cut. 0: not known */
    struct quiet quiet;
};

#endif
