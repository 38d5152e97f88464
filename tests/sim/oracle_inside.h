/* oracle_inside.h: what oracle.c (events), reading.c (the journal) and nobody else share. */
#ifndef CUIBAN_TESTS_SIM_ORACLE_INSIDE_H
#define CUIBAN_TESTS_SIM_ORACLE_INSIDE_H

#include <jansson.h>

#include "oracle.h"

enum note_state { WAITING, CLAIMED, HELD, GONE };

struct note { /* one notification */
    char id[40], to[NAME_SIZE], step[16], phase[16];
    size_t affair;
    enum note_state state;
    bool copy, delivered, dead;
};

struct early { /* a meet that came before its opening */
    enum which which;
    char key[NAME_SIZE], actor[NAME_SIZE];
    int64_t time;
};

struct round { /* the feedback of one interview, since none was open */
    char key[NAME_SIZE];
    int64_t met;     /* the latest; -1: none */
    size_t last;     /* the affair that closed last */
    bool has_closed; /* one has, during this event */
};

struct oracle {
    struct affair affairs[AFFAIRS_MAX];
    size_t n;
    struct note notes[NOTES_MAX];
    size_t n_notes;
    struct early earlies[AFFAIRS_MAX];
    size_t n_earlies;
    struct round rounds[AFFAIRS_MAX];
    size_t n_rounds;
    char seen[AFFAIRS_MAX * 4][24];
    size_t n_seen;
    json_t *records; /* since the last judgement */
    json_t *spoken;  /* judged already, for oracle_trace */
    size_t want;     /* records about openings, closings and changes that the events since then must bring */
    size_t got;
    char wrong[512];
};

void oracle_complain(struct oracle *oracle, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* When the step fires next by the deadline as it stands; NEVER. */
int64_t oracle_planned(const struct affair *affair, size_t step);
bool oracle_is_before_due(const struct law_rung *rung);
/* The rungs stand by a due that was not known before `since`. */
void reading_notice(struct affair *affair, int64_t since);
void reading_judge(struct oracle *oracle, int64_t now);

#endif
