/* backtest.c: what new rules would have changed: replays a history under the running rules and under others.
 */
#include "cli/backtest.h"

#include <errno.h>
#include <string.h>

#include "cli/moment.h"
#include "cli/verbs.h"
#include "store/clock.h"

static enum cli_status read_time(struct cli *cli, const struct config *config, const char *option,
                                 instant *out)
{
    const char *text = cli_option(cli, option);

    *out = INSTANT_NONE;
    if (text != NULL && !zone_read_time(setup_zone(config), text, out))
        return cli_fail(cli, "--%s \"%s\" is no time; write 2026-09-30 or 2026-09-30T17:00",
                        "--%s \"%s\" 不是时间；请写成 2026-09-30 或 2026-09-30T17:00", option, text);
    return CLI_OK;
}

/* "requisition=REQ-311", or a value of any field. */
static enum cli_status read_choice(struct cli *cli, struct arena *arena, struct ledger_choice *out)
{
    const char *given = cli_option(cli, "case");
    size_t name_n;

    *out = (struct ledger_choice){.rule = cli_option(cli, "show"), .value = given};
    if (given == NULL || !arguments_is_assignment(given, &name_n))
        return CLI_OK;
    out->value = given + name_n + 1;
    out->field = arena_strndup(arena, given, name_n);
    return out->field == NULL ? cli_fail(cli, "out of memory", "内存不足") : CLI_OK;
}

static enum cli_status check_rule(struct cli *cli, const struct backtest *backtest, const char *rule)
{
    if (rule == NULL || ruleset_find(backtest->then->rules, rule) != NULL ||
        ruleset_find(backtest->now->rules, rule) != NULL)
        return CLI_OK;
    return cli_fail(cli, "--show %s: neither the running rules nor the new ones have a rule of this name",
                    "--show %s：现行规则和新规则中都没有此规则", rule);
}

static enum cli_status play(struct backtest *backtest)
{
    const char *file = cli_option(backtest->cli, "events");
    int64_t begun = clock_monotonic().ms;
    enum cli_status status =
        file != NULL ? backtest_feed_file(backtest, file) : backtest_feed_streams(backtest);
    int error;

    backtest->took_ms = clock_monotonic().ms - begun;
    if (status != CLI_OK)
        return status;
    error = comparison_create(trial_ledger(backtest->trial, TRIAL_THEN),
                              trial_ledger(backtest->trial, TRIAL_NOW), &backtest->comparison);
    return error == 0 ? CLI_OK : cli_fail(backtest->cli, "out of memory", "内存不足");
}

static enum cli_status tell(const struct backtest *backtest)
{
    struct cli *cli = backtest->cli;

    if (cli->json)
        return backtest_json(backtest);
    backtest_print_header(backtest);
    return cli_flag(cli, "show") || cli_flag(cli, "case") ? backtest_list(backtest)
                                                          : backtest_print(backtest);
}

static enum cli_status run(struct backtest *backtest, const struct ledger_choice *choice)
{
    struct cli *cli = backtest->cli;
    enum cli_status status = read_time(cli, backtest->then, "since", &backtest->since);

    if (status == CLI_OK)
        status = read_time(cli, backtest->then, "until", &backtest->until);
    if (status == CLI_OK)
        status = check_rule(cli, backtest, choice->rule);
    if (status != CLI_OK)
        return status;
    if (trial_create(backtest->then, backtest->now, choice, &backtest->trial) != 0)
        return cli_fail(cli, "out of memory", "内存不足");
    status = play(backtest);
    if (status == CLI_OK)
        status = tell(backtest);
    comparison_finish(&backtest->comparison);
    trial_destroy(backtest->trial);
    return status;
}

enum cli_status verb_backtest(struct cli *cli)
{
    const struct config_choice files = {.rules = cli_option(cli, "rules")};
    struct config *then = NULL, *now = NULL;
    struct arena *arena;
    struct ledger_choice choice = {.rule = NULL};
    enum cli_status status;

    if (files.rules == NULL)
        return cli_fail(cli, "which rules? --rules DIR names the folder of the new ones",
                        "请用 --rules 目录 指明新规则");
    if (cli_flag(cli, "events") == cli_flag(cli, "since"))
        return cli_fail(cli, "which events? Either --since DATE (from Redis) or --events FILE.jsonl",
                        "请指明事件：--since 日期（取自 Redis）或 --events 文件.jsonl，二者取一");
    arena = arena_create();
    status = arena == NULL ? cli_fail(cli, "out of memory", "内存不足") : read_choice(cli, arena, &choice);
    if (status == CLI_OK)
        status = setup_load_play(cli, NULL, &then);
    if (status == CLI_OK)
        status = setup_load_play(cli, &files, &now);
    if (status == CLI_OK)
        status = run(&(struct backtest){.cli = cli, .then = then, .now = now}, &choice);
    config_unload(then);
    config_unload(now);
    arena_destroy(arena);
    return status;
}
