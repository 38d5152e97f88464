/* new.h: inside of `new rule` and `new test`: where what they write goes, and the settings that they may do
 * without. */
#ifndef CUIBAN_CLI_NEW_H
#define CUIBAN_CLI_NEW_H

#include "cli/cli.h"
#include "config/config.h"

/* To stdout, or to the file of --to, which must not exist; takes the text. `next` (in both languages) tells
 * on stderr what to do with the file. */
enum cli_status new_write(const struct cli *cli, struct buffer *text, const char *next_english,
                          const char *next_chinese);

#endif
