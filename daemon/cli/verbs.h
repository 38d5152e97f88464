/* verbs.h: what cuibanctl can do, one function a verb; the table of them is in cuibanctl.c. */
#ifndef CUIBAN_CLI_VERBS_H
#define CUIBAN_CLI_VERBS_H

#include "cli/cli.h"
#include "cli/setup.h"

/* Settings, rules and time. */
enum cli_status verb_check(struct cli *cli);
enum cli_status check_show(struct cli *cli, const char *name); /* check --show NAME */
enum cli_status verb_test(struct cli *cli);
enum cli_status verb_what_if(struct cli *cli);
enum cli_status verb_plan(struct cli *cli);
enum cli_status verb_backtest(struct cli *cli);
enum cli_status verb_due(struct cli *cli);
enum cli_status verb_calendar_show(struct cli *cli);
enum cli_status verb_calendar_coverage(struct cli *cli);
enum cli_status verb_calendar_lint(struct cli *cli);
enum cli_status verb_calendar_import(struct cli *cli);
enum cli_status verb_plugin_check(struct cli *cli);

enum cli_status verb_new_rule(struct cli *cli);
enum cli_status verb_new_test(struct cli *cli);

/* What the HRIS sends. */
enum cli_status verb_event_list(struct cli *cli);
enum cli_status verb_event_schema(struct cli *cli);
enum cli_status verb_event_check(struct cli *cli);

/* For the shells: conf/completion. */
enum cli_status verb_complete(struct cli *cli);

/* What is owed, and why. */
enum cli_status verb_list(struct cli *cli);
enum cli_status verb_show(struct cli *cli);
enum cli_status verb_explain(struct cli *cli);
enum cli_status verb_case(struct cli *cli);
enum cli_status verb_status(struct cli *cli);
enum cli_status verb_dead_list(struct cli *cli);

/* What changes something. */
enum cli_status verb_event_send(struct cli *cli);
enum cli_status verb_send(struct cli *cli);
enum cli_status verb_ack(struct cli *cli);
enum cli_status verb_cancel(struct cli *cli);
enum cli_status verb_done(struct cli *cli);
enum cli_status verb_clock_accept(struct cli *cli);

#endif
