/* plugin_trial.h: how a plugin judges answers that are nobody's word. Nothing is sent. */
#ifndef CUIBAN_CLI_PLUGIN_TRIAL_H
#define CUIBAN_CLI_PLUGIN_TRIAL_H

#include "cli/cli.h"

/* Opens a channel of the plugin at `path` with the options in the arguments from `from` on (made-up values
 * will do), and prints each verdict; into `json` instead if that is not NULL, as the member "judges".
 * CLI_FINDING: one of them would send a message twice unnoticed, or lose it. */
enum cli_status plugin_trial(struct cli *cli, const char *path, size_t from, struct json_writer *json);

#endif
