/* told.h: what one person was told on one date, and what was not sent to that person and why, from the
 * journal of one shard. */
#ifndef CUIBAN_CLI_TOLD_H
#define CUIBAN_CLI_TOLD_H

#include "cli/lives.h"

enum { TOLD_MESSAGES_MAX = 1000, TOLD_SILENCES_MAX = 1000 };

struct told_message {
    struct history_record queued; /* to whom, which step, phase, channel, until when quiet */
    struct history_record waits;  /* the same, or what other settings have made of that */
    struct history_record step;   /* its firing: where it stood, what moved it; without fields if not known */
    struct history_record last; /* what became of it so far: queued, delivered, withdrawn, dead, retry ... */
    struct history_record failed; /* the first attempt that failed; without fields if none did */
    int attempts;
    bool ended; /* nothing more will become of it */
};

/* A step that told somebody else, or nobody, where it would have told this person. */
struct told_silence {
    struct history_record record;
    bool
        is_path; /* the record does not name the person: a recipient by the rule, as the directory is today */
};

struct told_day {
    const char *person;
    instant from, to; /* the date: [from, to) */
    struct told_message messages[TOLD_MESSAGES_MAX];
    size_t n_messages;
    struct told_silence silences[TOLD_SILENCES_MAX];
    size_t n_silences;
    bool cut;           /* there was more than fits */
    struct lives lives; /* the deadlines of all these */
};

/* `out->person`, `from` and `to` are set. CLI_OK, or CLI_USAGE with a complaint. */
enum cli_status told_load(struct snapshot *snapshot, struct arena *arena, struct told_day *out);

const struct life *told_life(const struct told_day *day, const struct history_record *record);
/* Delivered to this person on this date. */
bool told_was_sent(const struct told_day *day, const struct told_message *message);
/* The path of the record's step that leads to the person ("head", "owner"); NULL if it is not known. */
const char *told_path(const struct told_day *day, const struct config *config,
                      const struct history_record *record, const char *person);

#endif
