/* ruleset.h: all rules of one reading of the files, with what the settings say about all of them, and the
 * ways to find one: by name, by the fingerprint of its text, by the event types that it names. Immutable but
 * for the channels. */
#ifndef CUIBAN_CORE_RULESET_H
#define CUIBAN_CORE_RULESET_H

#include "channel_facts.h"
#include "rule.h"

struct rule_policy { /* settings that concern all rules */
    const struct zone *zone;
    const struct calendar *calendar; /* the default calendar */
    const char *channel;             /* the default channel, or NULL */
    const char *language;            /* "zh-CN" */
    const char *catch_all;           /* path text of who hears what has no recipient, or NULL */
    struct path catch_all_path;
    struct texts ceiling; /* person ids that are never told */
    int32_t step_minute;  /* of the day: when a step in working days without a time goes out; default 600 */
    int64_t grace_ms;     /* default 2000 */
    int64_t seen_ms;      /* how long event ids are remembered; default 7 days */
    int64_t closed_ms;    /* how long closings are remembered; default 100 days */
    size_t closed_max, seen_max, early_max, outbox_max;
    int64_t expires_max_ms; /* a notification's longest life once it may leave; default 3 days */
    int64_t cut_out_ms;     /* how long a channel waits after a second death; the settings' retry.cap */
    struct quiet quiet;     /* of whom neither the person nor the channel has a word of its own */
    struct span gap;        /* SPAN_ELAPSED or SPAN_WORKING; default 4wh; a count of 0: none */
};

struct ruleset;

enum rule_use { USE_OPEN, USE_MEET, USE_CANCEL, USE_PAUSE, USE_RESUME, USE_CHANGE, USE_REOPEN };
const char *rule_use_name(enum rule_use use); /* the rule's own word for it: "open", "meet", ... */
struct rule_ref {                             /* one place where an event type is named */
    const struct rule *rule;
    enum rule_use use;
    const struct selector *selector; /* NULL for USE_OPEN */
};

/* Takes the arena that everything lives in, the rules too; a failure destroys it. Channels are set later,
 * when plugins are loaded. 0 or -ENOMEM. */
int ruleset_create(struct arena *take_arena, const struct rule *rules, size_t n,
                   const struct rule_policy *policy, struct ruleset **out);
void ruleset_destroy(struct ruleset *ruleset);
/* Some of the rules as a set of their own, with the policy and the channels of all: those that `wants`. The
 * set they are from must outlive it. 0 or -ENOMEM. */
int ruleset_select(const struct ruleset *from, bool (*wants)(const void *data, const struct rule *rule),
                   const void *data, struct ruleset **out);

size_t ruleset_rules(const struct ruleset *ruleset, const struct rule **out); /* in file order */
const struct rule *ruleset_find(const struct ruleset *ruleset, const char *name);
const struct rule *ruleset_find_version(const struct ruleset *ruleset, const char *fingerprint);
const struct rule_policy *ruleset_policy(const struct ruleset *ruleset);
/* All places that name the event type: rules in file order, in each rule change before meet before cancel
 * before pause before resume before reopen before open. */
size_t ruleset_uses(const struct ruleset *ruleset, const char *type, const struct rule_ref **out);
/* The rules that open after the one of that name, in file order. */
size_t ruleset_followers(const struct ruleset *ruleset, const char *name, const struct rule *const **out);
/* Fingerprint of all rules together, 16 hex digits. */
const char *ruleset_fingerprint(const struct ruleset *ruleset);

/* The table is copied (texts too). Names must be unique. 0, -EINVAL or -ENOMEM. */
int ruleset_set_channels(struct ruleset *ruleset, const struct channel_facts *channels, size_t n);
const struct channel_facts *ruleset_channel(const struct ruleset *ruleset, const char *name);
size_t ruleset_channels(const struct ruleset *ruleset, const struct channel_facts **out);

#endif
