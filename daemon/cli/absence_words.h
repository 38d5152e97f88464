/* absence_words.h: the clauses in which "nobody got anything" is explained, each the rest of a sentence. */
#ifndef CUIBAN_CLI_ABSENCE_WORDS_H
#define CUIBAN_CLI_ABSENCE_WORDS_H

#include "cli/absence.h"
#include "cli/moment.h"

struct telling {
    const struct cli *cli;
    const struct absence_case *asked;
    struct buffer *out; /* the words are appended to it */
};

/* In the user's zone and language; a person's name. */
const char *absence_when(const struct telling *telling, instant at, char into[static MOMENT_TEXT_MAX]);
const char *absence_person(const struct telling *telling, const char *id);
void absence_say_given(const struct telling *telling);         /* "requisition=REQ-320" */
void absence_say_opening_types(const struct telling *telling); /* "requisition.submitted or ..." */
/* What came of an event; nothing is said of one that only means something to other rules. */
void absence_say_outcome(const struct telling *telling, const struct sighting *event);
/* One whole sentence. */
void absence_say_verdict(const struct telling *telling);

#endif
