/* shard_inside.h: what the shard's own .c files share: shard.c (life, requests, status), shard_link.c
 * (connections, the lease, loading, recovery), shard_read.c (reading, the firing horizon, the clock),
 * shard_turn.c (the turn and its commit), shard_reload.c (other files), shard_watch.c (the machine's clock,
 * dues without a calendar), shard_clock.c (the shard's time), shard_pulse.c (whether Redis does what it is
 * asked). */
#ifndef CUIBAN_STORE_SHARD_INSIDE_H
#define CUIBAN_STORE_SHARD_INSIDE_H

#include "store/clock_watch.h"
#include "store/lease.h"
#include "store/load.h"
#include "store/shard.h"
#include "store/source.h"

enum {
    SHARD_CONNECT_MS = 5000,
    SHARD_COMMAND_MS = 10 * 1000,
    SHARD_BLOCK_MS = 5000,  /* of the blocking read */
    SHARD_AWAY_MS = 1000,   /* a shard that closes waits no longer for a Redis that is away */
    SHARD_BEAT_MS = 1000,   /* stand-by asks for the lease this often */
    SHARD_MIRROR_MS = 5000, /* group mirror and trimming check */
    SHARD_RETRY_BASE_MS = 100,
    SHARD_RETRY_CAP_MS = 10 * 1000,
    SHARD_CLAIM_SLACK_MS = 5000, /* between a claim's decision and the start of its attempt */
    SHARD_REQUESTS_MAX = 200000, /* claims and verdicts waiting */
    SHARD_RECENT_MAX = 1024,     /* committed verdicts remembered, in case Redis loses writes */
    SHARD_BEHIND_MS = 60 * 1000, /* an event that waits longer is worth an alarm */
    SHARD_SERVER_MS = 30 * 1000, /* the settings of Redis are looked at this often */
    SHARD_CAREFUL_TAKES = 3,     /* from this many takes without a commit on: one event at a time */
    SHARD_CAREFUL_EVENTS = 256,  /* events served that way before the shard trusts them again */
    SHARD_SEEN_TRIM_MS = 10 * 60 * 1000,
    SHARD_OTHER_RULES_MS = 10 * 60 * 1000,
    SHARD_TRYING_MAX = STREAM_ID_TEXT_MAX + 1,
    SHARD_TEXT_MAX = 400,
};

enum request_kind { REQUEST_CLAIM, REQUEST_VERDICT, REQUEST_REFUSE };

struct request {
    struct request *next;
    enum request_kind kind;
    size_t n;
    const char **ids; /* point into the request's own block */
    int64_t limit_ms; /* of a claim */
    shard_claimed *done;
    void *data;
    struct verdict verdict;
    const char *reason;
    uint64_t seq;             /* of the commit it went into */
    struct monotonic applied; /* when */
};

struct requests {
    struct request *first, *last;
    size_t n;
};

struct head { /* base:head as it was read */
    bool exists;
    uint64_t seq, begun;
    struct source_position at;
    int64_t read;
    instant clock;
    int takes;
    bool refused; /* it names a reload that was refused */
    char by[COMMIT_TOKEN_MAX];
    char trying[SHARD_TRYING_MAX];
};

/* What goes wrong since when; {0}: it does not. */
struct shard_pulse {
    struct monotonic heard;   /* Redis answered, whatever it was */
    struct monotonic renewed; /* the lease was, or is somebody else's */
    struct monotonic wrote, read;
    struct monotonic unserved, unclaimed; /* since then */
    uint32_t refusals;                    /* of reads, in a row, */
    struct monotonic refused_read;        /* and when the last of them was asked for */
    char refused[200];                    /* why Redis does not write; "": it does */
    char renewal[200];                    /* why it does not give the lease or renew it; "": it does */
    bool asking;                          /* the question of this beat has no answer yet */
    struct monotonic server_due;          /* the settings of Redis are looked at then */
    bool has_no_aof;
    char evicts[32];
    char *health; /* what others are to read; NULL: nothing yet */
};

struct shard {
    struct shard_hooks hooks;
    uv_loop_t *loop;
    struct address address;
    struct keys keys;
    char *start;
    char rules[17];
    int64_t journal_ms, grace_ms;
    struct engine_parts parts;
    struct engine_parts next; /* of a reload, until the engine takes them; .rules NULL: none */
    size_t refused_errors;    /* of a reload that was refused, until one is taken; 0: none */
    bool refused_is_news;     /* not in the journal yet */
    char refused_why[SHARD_TEXT_MAX];
    bool refused_on_record; /* the head names it */

    enum shard_state state;
    struct clock clock; /* the shard's time */
    struct clock redis; /* Redis' time: the same, but in a rehearsal */
    enum clock_verdict held_for;
    bool held; /* firing is held: the clocks disagree */
    char held_words[200];
    bool time_agreed;   /* a sample was believed */
    bool time_accepted; /* somebody says that Redis is right */
    instant time_was;   /* before that; not journalled yet. 0: it is */
    struct shard_pulse pulse;

    struct connection *command, *lessor, *reader;
    bool command_ready, lessor_ready, reader_ready;
    uint32_t tries; /* connections in a row that came to nothing */
    struct lease lease;
    bool taken;       /* the token of this command connection is in Redis */
    bool asking;      /* a take is on its way */
    bool loaded_once; /* this process has owned the shard before */
    bool seen_other;  /* somebody else held the lease since */
    struct monotonic asked, renew_asked, renew_due, mirror_due, free_since;
    char renew_token[COMMIT_TOKEN_MAX];
    bool renewing;
    char holder[LEASE_HOLDER_MAX];
    char sha[48];
    struct stream_id mirrored; /* the position that the group shows */
    struct head head;
    redisReply *head_reply; /* its text: the engine keeps fields of its own in there */

    struct engine *engine;
    struct load *load;
    struct source source;
    bool reading, polling;
    bool checking; /* the poll on its way brings XINFO, too */
    bool poll_short;
    instant read_issued, poll_issued;
    struct monotonic read_asked, poll_asked;
    bool first_turn; /* nothing is committed under this load yet */
    bool died;       /* who owned the stream before this load: it was not this process */
    bool taken_over; /* the engine has been told of it */

    struct changes changes;
    struct commit *commit;
    struct arena *arena;
    bool in_flight;                      /* the commit has no answer yet */
    uint32_t refusals;                   /* of it, in a row */
    char flight_token[COMMIT_TOKEN_MAX]; /* under which it was sent first */
    struct monotonic flight_at;
    uint64_t seq; /* the last acknowledged commit, and who made it */
    char by[COMMIT_TOKEN_MAX];

    bool starved; /* memory ran out: on_starved is owed */

    bool careful; /* after crashes: one event at a time */
    int careful_left;
    char trying[SHARD_TRYING_MAX]; /* committed as being on trial, by us */
    char poison[SHARD_TRYING_MAX]; /* found on trial at load: it goes to the dead letters */
    struct monotonic seen_trim_due;
    int64_t lost_news;         /* lost events not journalled yet */
    uint64_t gap_from, gap_to; /* commits that Redis lost, not journalled yet */

    struct requests verdicts, claims, applied, recent;

    struct clock_watch watch;
    bool watched; /* the calendars, on that day */
    int32_t watched_day;

    uv_idle_t soon;
    uv_timer_t wake, beat, retry, closer;
    bool closing, shut;
    void (*on_closed)(void *data);
    void *closed_data;
    int alive; /* timers and connections that libuv still has */

    uint64_t events, commits, lost_events;
    int64_t commit_ms_last;
    char problem[200];
};

/* -- shard.c -- */
void shard_log(struct shard *shard, int priority, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Sets what is wrong now, and logs it if it is news; NULL: all is well. */
void shard_set_problem(struct shard *shard, const char *format, ...) __attribute__((format(printf, 2, 3)));
void shard_clear_problem(struct shard *shard);
void shard_soon(struct shard *shard);       /* a turn, once in the next pass of the loop */
void shard_close_soon(struct shard *shard); /* what is missing for closing is hardly to be had */
void shard_shut(struct shard *shard);       /* the last part of shard_close: everything is let go */
void shard_let_go(
    struct shard *shard); /* libuv has let one handle or connection go; the last one ends the shard */
uint32_t shard_random(void);
/* Memory ran out: says what could not be done, and that the process ends. */
void shard_note_starved(struct shard *shard, const char *what);
void shard_starve(struct shard *shard, const char *what); /* the same, and shard_drop */
void request_push(struct requests *requests, struct request *request);
struct request *request_pop(struct requests *requests);
void requests_drop(struct requests *requests); /* claims are answered with nothing */

/* -- shard_load.c -- */
void shard_ask_head(struct shard *shard); /* the lease is ours: reads the head, then recovers or loads */

/* -- shard_link.c -- */
void shard_leave(struct shard *shard,
                 enum shard_state state); /* on_lost if it was owned, then forgets the engine */
void shard_forget_load(struct shard *shard);
void shard_connect(struct shard *shard);
void shard_connect_again(struct shard *shard, const char *why); /* gives the command connection up */
void shard_ask_lease(struct shard *shard);
void shard_renew_lease(struct shard *shard);
void shard_tend_links(struct shard *shard);            /* opens what is missing while the shard is owned */
void shard_drop(struct shard *shard, const char *why); /* throws memory away, begins again at stand-by */
void shard_stop(struct shard *shard, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* for good */
void shard_release(struct shard *shard);
void shard_load_script(struct shard *shard);

/* -- shard_read.c -- */
void shard_read(struct shard *shard); /* starts the next blocking read if there is room */
void shard_poll(struct shard *shard, bool check);
void shard_arm_wake(struct shard *shard);
void shard_mirror(struct shard *shard);
void shard_watch_lag(struct shard *shard);

/* -- shard_clock.c -- */
void shard_take_sample(struct shard *shard, instant redis_time, struct monotonic asked);
void shard_accept_time(struct shard *shard); /* the next sample is right, if this machine agrees */

/* -- shard_reload.c -- */
void shard_take_before_load(struct shard *shard);
/* The engine runs by the other files from here on; the list has the record of it. False: there are none, or
 * it is too early. */
bool shard_take_files(struct shard *shard, instant now);
void shard_add_refusal(struct shard *shard, instant now);
void shard_forget_refusal(struct shard *shard); /* in the first turn after a load */

/* -- shard_watch.c -- */
void shard_watch_open(struct shard *shard);
void shard_watch_close(struct shard *shard);
void shard_watch_calendars(struct shard *shard); /* dues that depend on days no calendar covers */

/* -- shard_pulse.c -- */
bool shard_ask_server(struct shard *shard);   /* how Redis is set up; false: memory is out */
void shard_beat_pulse(struct shard *shard);   /* once a second */
void shard_pulse_is_cut(struct shard *shard); /* the command connection is gone */
void shard_note_answer(struct shard *shard);  /* to whatever was asked on the command connection */
void shard_note_renewal(struct shard *shard, struct monotonic asked,
                        const char *refusal);                    /* "": it is ours */
void shard_note_write(struct shard *shard, const char *refusal); /* "": Redis has written */
void shard_note_read(struct shard *shard, struct monotonic asked, bool ok);
void shard_note_claim(struct shard *shard, bool ok);
void shard_fill_pulse(const struct shard *shard, struct shard_status *out);

/* -- shard_turn.c -- */
void shard_turn(struct shard *shard);
void shard_send_commit(struct shard *shard);
void shard_acknowledge(struct shard *shard,
                       const struct commit_result *result); /* NULL: learnt from the head */

#endif
