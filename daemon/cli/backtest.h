/* backtest.h: what the parts of `cuibanctl backtest` share: reading the history (backtest_feed.c) and
 * printing what came of it (backtest_print.c, backtest_list.c). */
#ifndef CUIBAN_CLI_BACKTEST_H
#define CUIBAN_CLI_BACKTEST_H

#include "cli/setup.h"
#include "rehearsal/tally.h"
#include "rehearsal/trial.h"

enum {
    BACKTEST_COMMANDS_MAX = 100 * 1000, /* of one stream */
    BACKTEST_WARNINGS_MAX = 20,         /* lines of a file that are complained about one by one */
    BACKTEST_ROWS_MAX = 20,             /* recipients shown to people; --json has them all */
};

struct backtest {
    struct cli *cli;
    const struct config *then, *now; /* with the running rules, with the new ones */
    struct trial *trial;
    instant since, until; /* INSTANT_NONE: not said */
    size_t skipped;       /* lines of the file that are no event */
    size_t commands_left; /* commands whose deadline the replay does not have */
    size_t sent;          /* messages that were really delivered meanwhile, as the journal has it */
    bool is_cut;          /* a stream begins after `since`: it has been trimmed */
    int64_t took_ms;
    struct comparison comparison;
};

/* Plays the history into the trial. CLI_OK or CLI_USAGE, and that was said. */
enum cli_status backtest_feed_file(struct backtest *backtest, const char *path);
enum cli_status backtest_feed_streams(struct backtest *backtest);

struct tally_request backtest_tally(const struct backtest *backtest);
tally_rate backtest_rate; /* by the settings of `data`, a backtest */
/* Which events, how many, what "then" means. */
void backtest_print_header(const struct backtest *backtest);
enum cli_status backtest_print(const struct backtest *backtest);
/* Message by message: what differs of the rule that --show names, or all of --case on both sides. */
enum cli_status backtest_list(const struct backtest *backtest);
/* One JSON object with all of it; the list is in it if it was asked for. */
enum cli_status backtest_json(const struct backtest *backtest);

struct backtest_line { /* of the list */
    struct compared compared;
    struct comparison_cause why;
    /* Of the side that has the message, the new one first. */
    const struct ledger *ledger;
    const struct ledger_deadline *deadline;
    const struct ledger_message *message;
};
/* In the order of time, to be freed. NULL: out of memory. */
struct backtest_line *backtest_lines(const struct backtest *backtest, size_t *n);

const char *backtest_difference(enum difference difference); /* "earlier", ... for programs */
const char *backtest_cause(enum cause cause);

#endif
