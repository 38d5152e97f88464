/* random_id.h: ids for events and commands that a person sends by hand: unique for ever, as the event
 * contract asks. */
#ifndef CUIBAN_CLI_RANDOM_ID_H
#define CUIBAN_CLI_RANDOM_ID_H

enum { RANDOM_ID_MAX = 40 };

void random_id(char into[static RANDOM_ID_MAX]); /* "ctl-5f0c..." with 128 random bits */

#endif
