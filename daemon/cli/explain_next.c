#include "cli/explain_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/moment.h"
#include "cli/row.h"
#include "cli/why.h"
#include "core/civil.h"
#include "core/lateness.h"

/* -- on the way -- */

static void print_wait(struct cli *cli, const struct explain_case *explained,
                       const struct notification *notification)
{
    const char *quiet =
        history_text(history_waiting(explained->records, explained->n_records, notification->id), "quiet");

    if (*quiet != '\0' && notification->attempts == 0 && notification->not_before > explained->snapshot->now)
        cli_say(cli, "  (quiet until then: %s)", "（静默至此：%s）", quiet);
}

static void print_outbox(struct cli *cli, const struct explain_case *explained)
{
    const struct snapshot *snapshot = explained->snapshot;
    char when[MOMENT_TEXT_MAX];
    bool has_title = false;

    for (size_t i = 0; i < snapshot->n_outbox; i++) {
        const struct notification *notification = snapshot->outbox[i];

        if (strcmp(notification->deadline_id, explained->id) != 0)
            continue;
        if (!has_title)
            cli_say(cli, "on the way\n", "待发送\n");
        has_title = true;
        cli_print("  %s  %s %s %s %s  %s", notification->id, row_notification(cli, notification->state),
                  row_phase(cli, phase_name(notification->phase)),
                  setup_person(snapshot->config, notification->to), notification->channel,
                  moment_format(notification->not_before, setup_zone(snapshot->config), cli->chinese, when));
        if (notification->attempts > 0)
            cli_say(cli, "  (%d attempts)", "（已尝试 %d 次）", (int)notification->attempts);
        print_wait(cli, explained, notification);
        putchar('\n');
    }
}

/* -- what comes -- */

/* "(for 李雷)", "(fell to this person, from 孙磊)", "(copy)". */
static void print_place(struct cli *cli, const struct config *config, const struct planned_person *to)
{
    if (to->on_behalf != NULL)
        cli_say(cli, " (for %s, who is away)", "（代 %s，其不在）", setup_person(config, to->on_behalf));
    if (to->stands_for != NULL)
        cli_say(cli, " (fell to: in the place of %s)", "（转由其代 %s）",
                setup_person(config, to->stands_for));
    if (to->copy)
        cli_say(cli, " (copy)", "（抄送）");
}

/* Who of those whom the step names is not told. */
static void print_missed(struct cli *cli, const struct config *config, const struct planned *planned)
{
    for (size_t k = 0; k < planned->n_missed; k++)
        cli_say(cli, "\n      not %s: %s", "\n      不告知 %s：%s",
                setup_person(config, planned->missed[k].who), why_in(cli, planned->missed[k].why));
}

/* When each of them hears, where that is not when the step fires. */
static void print_people(struct cli *cli, const struct config *config, const struct planned *planned)
{
    char when[MOMENT_TEXT_MAX];

    for (size_t k = 0; k < planned->n_to; k++) {
        const struct planned_person *to = &planned->to[k];

        cli_print("%s%s", k == 0 ? "  " : cli_in(cli, ", ", "、"),
                  to->group == NULL ? setup_person(config, to->person) : to->group);
        print_place(cli, config, to);
        if (to->leaves == INSTANT_NEVER)
            cli_say(cli, " (not told: quiet until after due)", "（不告知：静默到到期之后）");
        else if (to->leaves > planned->fires)
            cli_say(cli, " (quiet until %s)", "（静默至 %s）",
                    moment_format(to->leaves, setup_zone(config), cli->chinese, when));
    }
    if (planned->n_to == 0)
        cli_say(cli, "  nobody", "  无人");
    if (planned->where != NULL)
        cli_say(cli, " (where %s)", "（where %s）", planned->where);
    if (planned->is_silent)
        cli_say(cli, "  silent: nobody besides the owner is left to be told",
                "  无声：除责任人外已无人可告知");
}

static void print_moved(struct cli *cli, const struct config *config, const struct planned *planned)
{
    char at[MOMENT_TEXT_MAX];

    moment_format(planned->at, setup_zone(config), cli->chinese, at);
    if (planned->fires < planned->at)
        cli_say(cli, "  pulled forward from %s: quiet from then until due", "  自 %s 提前：其后静默直到到期",
                at);
    else if (planned->fires > planned->at)
        cli_say(cli, "  held back from %s: the gap after the step before", "  自 %s 推迟：与上一台阶保持间隔",
                at);
}

static void print_planned(struct cli *cli, const struct explain_case *explained)
{
    const struct config *config = explained->snapshot->config;
    char when[MOMENT_TEXT_MAX];

    for (size_t i = 0; i < explained->n_planned; i++) {
        const struct planned *planned = &explained->planned[i];

        cli_print("  %s  ", moment_format(planned->fires, setup_zone(config), cli->chinese, when));
        if (planned->step == NULL) {
            cli_say(cli, "due: late from here on\n", "到期：此后即为逾期\n");
            continue;
        }
        cli_print("[%s]", planned->step->name);
        print_people(cli, config, planned);
        print_moved(cli, config, planned);
        print_missed(cli, config, planned);
        putchar('\n');
    }
}

static void print_pause(struct cli *cli, const struct explain_case *explained)
{
    const struct engine *engine = explained->engine;
    const struct deadline *deadline = engine == NULL ? NULL : engine_deadline(engine, explained->id);
    char when[MOMENT_TEXT_MAX];

    if (deadline == NULL || deadline->pause_ends == INSTANT_NEVER)
        cli_say(cli, "  paused: waits to be resumed\n", "  暂停中：等待恢复\n");
    else
        cli_say(
            cli, "  paused: waits to be resumed, until %s at the latest (max_pause)\n",
            "  暂停中：等待恢复，最迟 %s 恢复计时（max_pause）\n",
            moment_format(deadline->pause_ends, setup_zone(explained->snapshot->config), cli->chinese, when));
}

/* -- if it were done now -- */

void explain_say_month(const struct explain_case *explained, struct buffer *out)
{
    const struct calendar *calendar = ruleset_policy(explained->snapshot->config->rules)->calendar;
    instant due = explained->due == INSTANT_NEVER ? explained->snapshot->now : explained->due;
    struct civil date = civil_of(calendar_day(calendar, due));

    buffer_printf(out, "%04d-%02d", (int)date.year, (int)date.month);
}

/* As the statistics would count it. */
static void print_if_done(struct cli *cli, const struct explain_case *explained)
{
    const struct snapshot *snapshot = explained->snapshot;
    enum closing how = engine_closing(explained->open, snapshot->now);
    struct buffer late, month;

    buffer_init(&late);
    buffer_init(&month);
    explain_say_month(explained, &month);
    if (how == CLOSED_MET_LATE) {
        buffer_add_text(&late, cli_in(cli, ", ", "，"));
        lateness_say(
            &late, cli->chinese, explained->calendar,
            lateness_of(explained->calendar, explained->due, deadline_clock(explained->open, snapshot->now)),
            true);
    }
    cli_say(cli, "  if done now: %s%s; counted for %s in %s\n", "  若此刻完成：记为%s%s，计入 %s %s\n",
            why_in(cli, closing_name(how)), buffer_text(&late),
            setup_department(snapshot->config, explained->department), buffer_text(&month));
    buffer_finish(&late);
    buffer_finish(&month);
}

static void print_plan(struct cli *cli, const struct explain_case *explained)
{
    if (explained->open == NULL)
        return;
    cli_say(cli, "next\n", "接下来\n");
    print_planned(cli, explained);
    if (explained->open->state == DEADLINE_PAUSED)
        print_pause(cli, explained);
    else if (explained->n_planned == 0 && explained->open->state == DEADLINE_OVERDUE)
        cli_say(cli, "  no further step; it stays overdue until it is met\n",
                "  没有后续台阶；保持逾期，等待完成\n");
    else if (explained->n_planned == 0)
        cli_say(cli, "  nothing is planned\n", "  没有安排\n");
}

void explain_print_next(struct cli *cli, const struct explain_case *explained)
{
    print_outbox(cli, explained);
    print_plan(cli, explained);
    if (explained->open != NULL)
        print_if_done(cli, explained);
}
