#include "cli/step_words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/row.h"

/* -- spans -- */

struct amount {
    int64_t n;
    const char *one, *many, *chinese;
};

static struct amount elapsed(int64_t ms, bool working)
{
    static const struct {
        int64_t ms;
        const char *words[2][3];
    } units[] = {
        {HOUR_MS, {{"hour", "hours", "小时"}, {"working hour", "working hours", "个工作小时"}}},
        {MINUTE_MS, {{"minute", "minutes", "分钟"}, {"working minute", "working minutes", "个工作分钟"}}},
        {SECOND_MS, {{"second", "seconds", "秒"}, {"working second", "working seconds", "个工作秒"}}},
    };
    size_t i = 0;

    while (i < 2 && ms % units[i].ms != 0)
        i++;
    const char *const *words = units[i].words[working];
    return (struct amount){ms / units[i].ms, words[0], words[1], words[2]};
}

static struct amount amount_of(const struct span *span)
{
    int64_t count = llabs(span->count);

    switch (span->unit) {
    case SPAN_ELAPSED:
        return elapsed(count, false);
    case SPAN_WORKING:
        return elapsed(count, true);
    case SPAN_DAYS:
        return (struct amount){count, "day", "days", "天"};
    case SPAN_MONTHS:
        return (struct amount){count, "month", "months", "个月"};
    case SPAN_YEARS:
        return (struct amount){count, "year", "years", "年"};
    case SPAN_WORKING_DAYS:
        return (struct amount){count, "working day", "working days", "个工作日"};
    default:
        return (struct amount){.one = NULL};
    }
}

/* "24 hours, outside working time the next opening and 2 working hours" */
static void add_opening(const struct cli *cli, const struct span *span, struct buffer *out)
{
    struct amount more = elapsed(span->more_ms, true);

    buffer_add_text(out,
                    cli_in(cli, ", outside working time the next opening", "，落在工作时间外则到下次上班"));
    if (span->more_ms > 0)
        buffer_printf(out, cli_in(cli, " and %" PRId64 " %s", "后 %" PRId64 " %s"), more.n,
                      cli->chinese  ? more.chinese
                      : more.n == 1 ? more.one
                                    : more.many);
}

void step_span_words(const struct cli *cli, const struct span *span, struct buffer *out)
{
    struct amount amount = amount_of(span);
    char text[SPAN_TEXT_MAX];

    if (amount.one == NULL)
        buffer_add_text(out, span_format(span, text));
    else if (cli->chinese)
        buffer_printf(out, "%" PRId64 " %s", amount.n, amount.chinese);
    else
        buffer_printf(out, "%" PRId64 " %s", amount.n, amount.n == 1 ? amount.one : amount.many);
    if (span->clock == SPAN_CLOCK_OPEN)
        add_opening(cli, span, out);
}

/* -- when -- */

/* A step in days goes out at a time of its own, or at the settings' step_time. */
static void add_clock(const struct cli *cli, const struct rule_policy *policy, const struct span *offset,
                      struct buffer *out)
{
    int32_t minute = offset->clock == SPAN_CLOCK_TIME ? offset->minute : policy->step_minute;

    if (offset->unit == SPAN_ELAPSED || offset->unit == SPAN_WORKING)
        return;
    if (offset->clock == SPAN_CLOCK_CLOSE)
        buffer_add_text(out, cli_in(cli, ", at the close", "收工时"));
    else if (offset->clock == SPAN_CLOCK_SAME)
        buffer_add_text(out, cli_in(cli, ", at the time of due", "同一时刻"));
    else
        buffer_printf(out, cli_in(cli, ", at %02d:%02d", " %02d:%02d"), (int)(minute / 60),
                      (int)(minute % 60));
}

static void add_offset(const struct cli *cli, const struct rule_policy *policy, const struct step *step,
                       struct buffer *out)
{
    buffer_add_text(out, cli_in(cli, "", step->before_due ? "到期前 " : "到期后 "));
    step_span_words(cli, &step->offset, out);
    buffer_add_text(out, cli_in(cli, step->before_due ? " before due" : " after due", ""));
    add_clock(cli, policy, &step->offset, out);
}

static void add_when(const struct cli *cli, const struct rule_policy *policy, const struct step *step,
                     struct buffer *out)
{
    switch (step->anchor) {
    case ANCHOR_OPEN:
        buffer_add_text(out, step->implied
                                 ? cli_in(cli, "at short notice, when nothing before due can leave any more",
                                          "时间太紧、到期前的台阶都来不及时")
                                 : cli_in(cli, "when it opens", "打开时"));
        break;
    case ANCHOR_CLOSED:
        buffer_add_text(out, cli_in(cli, "when it closes", "关闭时"));
        break;
    case ANCHOR_SHARE:
        buffer_printf(out, cli_in(cli, "when %d %% of the time is used", "期限用掉 %d%% 时"),
                      (int)step->offset.count);
        break;
    case ANCHOR_DUE:
        if (span_is_none(&step->offset))
            buffer_add_text(out, cli_in(cli, "at due", "到期时"));
        else
            add_offset(cli, policy, step, out);
    }
}

/* -- who and what -- */

/* Which of a step's people one message is for. */
enum whom { WHOM_ALL, WHOM_IT_CONCERNS, WHOM_IS_ABOVE };

/* The owner owes, the requester chases; for everybody else it is an escalation. */
static bool is_for(const struct path *path, enum whom whom)
{
    bool concerned = (path->start == PATH_OWNER || path->start == PATH_REQUESTER) && path->n_hops == 0;

    return whom == WHOM_ALL || concerned == (whom == WHOM_IT_CONCERNS);
}

static void add_path(const struct cli *cli, const struct path *path, struct buffer *out)
{
    static const struct {
        const char *text, *english, *chinese;
    } known[] = {
        {"owner", "the owner", "责任人"},
        {"requester", "the requester", "提出人"},
        {"hr", "the requester", "提出人"},
        {"head", "the head of the department", "部门负责人"},
        {"up", "the head of the department above", "上级部门负责人"},
        {"hrbp of department", "the department's HRBP", "部门的 HRBP"},
        {"manager of owner", "the owner's manager", "责任人的上级"},
        {"told", "everybody who was told", "之前被告知过的人"},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].text, path->text) == 0) {
            buffer_add_text(out, cli_in(cli, known[i].english, known[i].chinese));
            return;
        }
    }
    if (path->start == PATH_ROLE && path->n_hops == 0)
        buffer_printf(out, cli_in(cli, "the role %s", "角色 %s"), path->name);
    else if (path->start == PATH_GROUP)
        buffer_printf(out, cli_in(cli, "the group %s", "群 %s"), path->name);
    else
        buffer_printf(out, "`%s`", path->text);
}

/* "reminder to the owner, the requester". False: it is for nobody. */
static bool add_message(const struct cli *cli, const struct step *step, const char *message, enum whom whom,
                        struct buffer *out)
{
    size_t n = 0;

    for (size_t i = 0; i < step->n_to; i++) {
        if (!is_for(&step->to[i], whom))
            continue;
        if (n++ == 0)
            buffer_printf(out, cli_in(cli, "%s to ", "%s "), row_phase(cli, message));
        else
            buffer_add_text(out, cli_in(cli, ", ", "、"));
        add_path(cli, &step->to[i], out);
    }
    return n > 0;
}

static bool has(const struct step *step, enum whom whom)
{
    for (size_t i = 0; i < step->n_to; i++) {
        if (is_for(&step->to[i], whom))
            return true;
    }
    return false;
}

static void add_messages(const struct cli *cli, const struct step *step, struct buffer *out)
{
    if (step->message != NULL) {
        add_message(cli, step, step->message, WHOM_ALL, out);
    } else if (step->anchor == ANCHOR_OPEN) {
        add_message(cli, step, phase_name(PHASE_ASKED), WHOM_ALL, out);
    } else if (step->anchor == ANCHOR_CLOSED) {
        add_message(cli, step, phase_name(PHASE_CLOSED), WHOM_ALL, out);
    } else if (step->before_due) {
        add_message(cli, step, phase_name(PHASE_REMINDER), WHOM_ALL, out);
    } else {
        if (add_message(cli, step, phase_name(PHASE_OVERDUE), WHOM_IT_CONCERNS, out) &&
            has(step, WHOM_IS_ABOVE))
            buffer_add_text(out, cli_in(cli, "; ", "；"));
        add_message(cli, step, phase_name(PHASE_ESCALATION), WHOM_IS_ABOVE, out);
    }
}

/* Nobody is escalated behind their back. */
static bool copies_owner(const struct step *step)
{
    if (step->anchor != ANCHOR_DUE || step->before_due)
        return false;
    for (size_t i = 0; i < step->n_to; i++) {
        if (step->to[i].start == PATH_OWNER && step->to[i].n_hops == 0)
            return false;
    }
    return has(step, WHOM_IS_ABOVE);
}

static void add_manner(const struct cli *cli, const struct step *step, struct buffer *out)
{
    if (copies_owner(step))
        buffer_add_text(out, cli_in(cli, ", copy to the owner", "，抄送责任人"));
    if (step->via.n > 0)
        buffer_add_text(out, cli_in(cli, ", by ", "，走渠道 "));
    for (size_t i = 0; i < step->via.n; i++)
        buffer_printf(out, "%s%s", i > 0 ? cli_in(cli, ", ", "、") : "", step->via.items[i]);
    if (!span_is_none(&step->every)) {
        buffer_add_text(out, cli_in(cli, "; again every ", "；每 "));
        step_span_words(cli, &step->every, out);
        buffer_printf(out, cli_in(cli, ", %d times in all", "一次，共 %d 次"), (int)step->times);
    }
    for (size_t i = 0; i < step->where.n; i++)
        buffer_printf(out, "%s%s",
                      i > 0 ? cli_in(cli, " and ", " 且 ") : cli_in(cli, "; only if ", "；仅当 "),
                      step->where.items[i].text);
    if (step->urgent)
        buffer_add_text(out, cli_in(cli, "; in quiet hours, too", "；静默时段也发"));
}

void step_words(const struct cli *cli, const struct rule_policy *policy, const struct step *step,
                struct buffer *out)
{
    add_when(cli, policy, step, out);
    buffer_add_text(out, cli_in(cli, ": ", "："));
    add_messages(cli, step, out);
    add_manner(cli, step, out);
}
