/* notice.h: where a rule leaves so little time that no step before due can leave any more, so that its first
 * word is `asked` (rule_asked). For `cuibanctl check`. */
#ifndef CUIBAN_CONFIG_NOTICE_H
#define CUIBAN_CONFIG_NOTICE_H

#include "config/trial.h"

enum { NOTICES_MAX = 16 };

struct notice {
    const struct due_case *due;
    bool is_by_event; /* a date that the event brings decides, so it depends on when the event comes */
    int percent;      /* else: of the openings in working time of that year */
    int year;
};

/* At most NOTICES_MAX, in the order of the dues; 0: somebody is always told in time, or never before due. The
 * trial, from trial_init, may go on to the next rule. */
size_t notice_find(struct trial *trial, const struct rule *rule, struct notice out[static NOTICES_MAX]);

#endif
