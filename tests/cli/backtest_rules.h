/* backtest_rules.h: other rules to compare the fixture's with. */
#ifndef CUIBAN_TESTS_CLI_BACKTEST_RULES_H
#define CUIBAN_TESTS_CLI_BACKTEST_RULES_H

#include "ctl.h"

/* A folder with the fixture's rules, but for the three working days of `confirm`: `span`, of three letters.
 */
void backtest_rules(const struct ctl *ctl, const char *folder, const char *span, char path[static 128]);

#endif
