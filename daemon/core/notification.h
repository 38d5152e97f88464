/* notification.h: the message that one step owes one recipient on one channel, and its text in Redis
 * (base:outbox). */
#ifndef CUIBAN_CORE_NOTIFICATION_H
#define CUIBAN_CORE_NOTIFICATION_H

#include "agenda.h"
#include "deadline.h"

enum {
    NOTIFICATION_ID_MAX = 32,
    NOTIFICATION_ATTEMPTS_MAX = 50,
    NOTIFICATION_REASON_MAX = 200,
    NOTIFICATION_DEATHS_CUT = 2, /* deaths in a row with this one alone under way: its channel is cut out */
    NOTIFICATION_DEATHS_MAX = 3, /* and then it is given up */
};

enum notification_state {
    NOTIFICATION_QUEUED,
    NOTIFICATION_CLAIMED, /* an attempt is committed; its verdict is not known yet */
    NOTIFICATION_HELD,    /* uncertain, and the channel's policy is to hold: an operator decides */
};
const char *notification_state_name(enum notification_state state);

struct notification {
    struct agenda_entry agenda;   /* first; `expires` while queued, `ends` while claimed */
    char id[NOTIFICATION_ID_MAX]; /* <deadline>-<number>: the short number in the text, the Message-ID, the
                                     webhook-id */
    struct deadline *deadline;    /* NULL once that has closed */
    char deadline_id[DEADLINE_ID_MAX];
    char *rule; /* name: for counters once the deadline is gone */
    char *step; /* name of the step */
    enum phase phase;
    char *message;    /* template name */
    char *to;         /* person id; "" for a post to a group */
    char *on_behalf;  /* the person who is away and whom `to` answers for, or NULL */
    char *stands_for; /* whom the step named and nothing reaches (a person's id or a path), or NULL */
    char *channel;
    bool copy; /* the owner's copy of what somebody else was told */
    bool urgent;
    enum notification_state state;
    instant queued;
    instant from;       /* when its step lets it leave, quiet hours aside */
    instant again;      /* not before, by a verdict or because it had become quiet; INSTANT_NONE */
    instant not_before; /* what follows from these by the quiet hours in force, for all to read */
    instant expires;
    instant ends;                   /* of the claimed attempt: after it no answer can come */
    uint64_t life;                  /* claimed: which daemon did it, see engine_take_over */
    char with[NOTIFICATION_ID_MAX]; /* claimed: the first of those that share the attempt; "" if it is that */
    int32_t attempts;               /* claimed so far */
    int32_t uncertain;              /* attempts that got no answer */
    int32_t lost;                   /* attempts whose end nobody saw: the daemon died, or lost the stream */
    int32_t deaths;                 /* of the daemon, in a row, while this one alone was under way */
    bool fell_back;                 /* already on the fallback channel */
    bool alone;                     /* shares no attempt with others any more */
    bool watched;              /* under way when a daemon died: nothing else is, while it is tried again */
    struct agenda_entry watch; /* from when on that holds */
    char *title, *body;        /* rendered when queued (closed), else NULL: rendered when it is sent */
};

/* Its deadline has closed meanwhile: nothing is left to say, except that it has. */
bool notification_is_pointless(const struct notification *notification);
/* The id of a deadline's notification: "Q7KM-1". */
void notification_number(const char *deadline, int32_t number, char into[static NOTIFICATION_ID_MAX]);
void notification_destroy(struct notification *notification);
void notification_encode(const struct notification *notification, struct buffer *out);
int notification_decode(const char *id, const char *json, size_t n, struct notification **out,
                        const char **why);

/* What became of one attempt. */
enum verdict_kind {
    VERDICT_DELIVERED,
    VERDICT_RETRY,         /* transient: again after delay_ms */
    VERDICT_BACKOFF,       /* the channel as a whole must wait delay_ms; counts as no attempt */
    VERDICT_REAUTH,        /* the token is stale: again at once with a new one */
    VERDICT_REFUSED,       /* this message to this recipient will never be taken */
    VERDICT_MISCONFIGURED, /* nothing will be taken until somebody mends the channel */
    VERDICT_UNCERTAIN,     /* may have been delivered */
};
const char *verdict_name(enum verdict_kind kind);

struct verdict {
    enum verdict_kind kind;
    int64_t delay_ms;
    int32_t code;                         /* the vendor's, 0 if none */
    char reason[NOTIFICATION_REASON_MAX]; /* valid UTF-8, no secret */
    char remote_id[64];                   /* what the other side calls it ("queued as 4F1A2"), or "" */
};

#endif
