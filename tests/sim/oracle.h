/* oracle.h: what must happen, by arrays and scans.
 *
 * It is told every input that became durable, knows the rules a second time (company.h), and reads the
 * journal as the only word on what the engine did. The order for each input: the engine serves it,
 * oracle_event or nothing, oracle_judge. */
#ifndef CUIBAN_TESTS_SIM_ORACLE_H
#define CUIBAN_TESTS_SIM_ORACLE_H

#include "../core/engine/world.h"
#include "company.h"

enum {
    AFFAIRS_MAX = 8192,
    NOTES_MAX = 65536,
    FIELDS_MAX = 12,
    TOLD_MAX = 32,
    ACKS_MAX = 16,
    VALUE_SIZE = 128
};

struct happening { /* an event or a command */
    char type[32], id[24];
    int64_t time;
    size_t n;
    char names[FIELDS_MAX][16], values[FIELDS_MAX][VALUE_SIZE];
};

enum standing { ASLEEP, OPEN, STOPPED, CLOSED };

struct affair { /* one deadline */
    enum which which;
    enum standing standing;
    char id[NAME_SIZE]; /* "" until the journal has said it */
    char key[NAME_SIZE], owner[NAME_SIZE], department[NAME_SIZE];
    char candidate[NAME_SIZE], requester[NAME_SIZE];
    char from[NAME_SIZE];                              /* the one that was sent back, or "" */
    unsigned came;                                     /* of several that must come: a bit each */
    int64_t came_at;                                   /* the latest of them */
    bool urgent, overdue, late, ended;                 /* ended: the journal has said that it is closed */
    const char *how;                                   /* once CLOSED */
    int64_t opened, received, start, wake, due, asked; /* asked: at short notice; NEVER */
    struct stop_clock pauses[PAUSES_MAX];
    size_t n_pauses;
    int fired[STEPS_MAX];
    char told[TOLD_MAX][NAME_SIZE];
    size_t n_told;
    char acked[ACKS_MAX][NAME_SIZE];
    int64_t acked_until[ACKS_MAX];
    size_t n_acked;
};

struct oracle;

struct oracle *oracle_open(void);
void oracle_close(struct oracle *oracle);
void oracle_saw(void *oracle, const char *records); /* what world_watch calls */
void oracle_event(struct oracle *oracle, const struct happening *event, int64_t now);
/* Reads what the journal said since the last call and holds it against what must have happened, and the
 * engine against both. `fired`: everything due by now has been given its chance. NULL, or what is wrong. */
const char *oracle_judge(struct oracle *oracle, struct world *world, int64_t now, bool fired);
size_t oracle_affairs(const struct oracle *oracle, const struct affair **out);
void oracle_trace(struct oracle *oracle); /* prints what the journal said of the last input */
/* Counts for the last line of a run. */
void oracle_sum(const struct oracle *oracle, size_t *opened, size_t *closed, size_t *told, size_t *dead);

#endif
