#include "cli/absence_words.h"

#include <string.h>

#include "cli/row.h"
#include "cli/why.h"

const char *absence_when(const struct telling *telling, instant at, char into[static MOMENT_TEXT_MAX])
{
    return moment_format(at, setup_zone(telling->asked->snapshot->config), telling->cli->chinese, into);
}

const char *absence_person(const struct telling *telling, const char *id)
{
    return setup_person(telling->asked->snapshot->config, id);
}

static const char *why_of(const struct telling *telling, const struct history_record *record)
{
    return record == NULL ? "" : why_in(telling->cli, fields_get(&record->fields, "why"));
}

/* -- what came of an event -- */

static void say_condition(const struct telling *telling, const struct reason *reason)
{
    const struct condition *condition = reason->condition;
    const char *value =
        reason->event == NULL ? NULL : fields_get(&reason->event->event.fields, condition->field);

    if (value == NULL || *value == '\0')
        buffer_printf(
            telling->out,
            cli_in(telling->cli, "\"%s\" is false: the event has no %s", "条件“%s”不成立：事件没有字段 %s"),
            condition->text, condition->field);
    else
        buffer_printf(telling->out,
                      cli_in(telling->cli, "\"%s\" is false: the event says %s = \"%s\"",
                             "条件“%s”不成立：事件中 %s =“%s”"),
                      condition->text, condition->field, value);
}

static void say_near(const struct telling *telling, const struct sighting *event)
{
    const struct cli *cli = telling->cli;
    const char *odd = event->odd->name, *as = event->as;

    if (as == NULL)
        buffer_printf(telling->out, cli_in(cli, "its field %s is missing or empty", "字段 %s 缺失或为空"),
                      odd);
    else if (strcmp(as, odd) == 0)
        buffer_printf(telling->out,
                      cli_in(cli, "its %s is written \"%s\", not \"%s\"", "%s 写作“%s”，不是“%s”"), odd,
                      fields_get(&event->event.fields, as), event->odd->value);
    else
        buffer_printf(
            telling->out,
            cli_in(cli, "it has \"%s\" in the field %s, and no %s", "“%s”写在字段 %s 中，而没有字段 %s"),
            event->odd->value, as, odd);
}

static void say_repeat(const struct telling *telling, const struct reason *reason)
{
    const struct cli *cli = telling->cli;
    const struct life *life = reason->life;
    char text[MOMENT_TEXT_MAX];

    if (life == NULL) {
        buffer_add_text(telling->out, why_of(telling, reason->record));
    } else if (reason->what == ABSENCE_OPEN_ALREADY) {
        buffer_printf(telling->out,
                      cli_in(cli, "%s had been open since %s: the repeated opening was ignored",
                             "%s 自 %s 起已经打开，重复的打开不起作用"),
                      life->id, absence_when(telling, life->opened, text));
    } else {
        buffer_printf(telling->out,
                      cli_in(cli, "it is not newer than the opening of %s, which was closed on %s (%s)",
                             "不晚于 %s 的打开，该事项已于 %s 结束（%s）"),
                      life->id, absence_when(telling, life->closed, text), why_in(cli, life->how));
    }
}

/* The one that took the id away, as far as the stream still has it. */
static void say_first(const struct telling *telling, const struct reason *reason)
{
    const struct sightings *same = &telling->asked->same_id;
    const struct sighting *first = same->n > 0 ? &same->items[0] : NULL;
    const struct key *key = &telling->asked->rule->key;
    char id[STREAM_ID_TEXT_MAX];

    buffer_add_text(telling->out,
                    cli_in(telling->cli, "an event with its id had been taken before, so it was ignored",
                           "此 id 的事件已处理过，故被忽略"));
    if (first == NULL || first->kind != SIGHTING_WHOLE ||
        stream_id_compare(first->at, reason->event->at) >= 0)
        return;
    buffer_printf(telling->out, cli_in(telling->cli, ": %s %s", "：%s %s"), stream_id_format(first->at, id),
                  first->event.type);
    for (size_t i = 0; i < key->n; i++) {
        const char *value = fields_get(&first->event.fields, key->fields[i].name);

        buffer_printf(telling->out, " %s=%s", key->fields[i].name, value == NULL ? "" : value);
    }
}

static void say_no_rule(const struct telling *telling)
{
    const struct absence_case *asked = telling->asked;
    const char *on_disk = ruleset_fingerprint(asked->snapshot->config->rules);

    buffer_add_text(telling->out,
                    cli_in(telling->cli,
                           "the rule as it is now would have opened, but nothing is on record: when the "
                           "event was read, the rule did not exist or was another one",
                           "按现在的规则本应打开，但没有任何记录：读到此事件时，规则尚不存在或内容不同"));
    if (strcmp(on_disk, asked->head.rules) != 0)
        buffer_printf(telling->out,
                      cli_in(telling->cli, " (the daemon runs rules %s, on disk are %s: reload)",
                             "（运行中的规则 %s，磁盘上 %s：需要重新加载）"),
                      asked->head.rules, on_disk);
}

static void say_recurs(const struct telling *telling, const struct reason *reason)
{
    char text[MOMENT_TEXT_MAX];
    instant next = history_int(reason->record, "next", INSTANT_NONE);

    buffer_printf(telling->out,
                  cli_in(telling->cli, "it began a recurrence; the first period opens on %s",
                         "它开始了一个周期；首期于 %s 打开"),
                  absence_when(telling, next, text));
}

static void say_event(const struct telling *telling, const struct reason *reason)
{
    const struct cli *cli = telling->cli;

    switch (reason->what) {
    case ABSENCE_UNREAD:
        buffer_add_text(telling->out, cli_in(cli, "the daemon has not read it yet", "守护进程还没有读到它"));
        break;
    case ABSENCE_BAD:
        buffer_printf(telling->out, cli_in(cli, "it went to the dead letters: %s", "已成为死信：%s"),
                      reason->record != NULL ? why_of(telling, reason->record) : reason->event->why);
        break;
    case ABSENCE_SEEN:
        say_first(telling, reason);
        break;
    case ABSENCE_WHERE:
        say_condition(telling, reason);
        break;
    case ABSENCE_RETIRED:
        buffer_add_text(telling->out, cli_in(cli, "the rule is retired: it opens nothing new",
                                             "规则已停用（retired），不再打开新的事项"));
        break;
    case ABSENCE_KEY:
        buffer_printf(telling->out,
                      cli_in(cli, "the key field %s is missing or empty", "键字段 %s 缺失或为空"),
                      reason->field);
        break;
    case ABSENCE_OPEN_ALREADY:
    case ABSENCE_CLOSED_BEFORE:
        say_repeat(telling, reason);
        break;
    case ABSENCE_RECURS:
        say_recurs(telling, reason);
        break;
    case ABSENCE_OPENED:
        buffer_printf(telling->out, cli_in(cli, "it opened %s", "打开了 %s"), reason->life->id);
        break;
    case ABSENCE_NO_JOURNAL:
        buffer_add_text(telling->out,
                        cli_in(cli, "the journal does not reach back to it", "日志没有保留到那时"));
        break;
    case ABSENCE_BEYOND:
        buffer_printf(telling->out,
                      cli_in(cli, "only the first %d deadlines were looked at: say more of the case",
                             "只查看了前 %d 个事项：请写得更具体"),
                      LIVES_MAX);
        break;
    default:
        say_no_rule(telling);
    }
}

/* -- what became of a deadline -- */

static void say_waiting(const struct telling *telling, const struct reason *reason)
{
    const struct cli *cli = telling->cli;
    const struct notification *note = reason->notification;
    const struct history_record *retry = life_last(reason->life, "retry");
    char text[MOMENT_TEXT_MAX];

    if (reason->what == ABSENCE_QUIET) {
        buffer_printf(telling->out,
                      cli_in(cli, "a message to %s waits for the end of quiet hours, until %s",
                             "给 %s 的消息在静默时段内，等到 %s"),
                      absence_person(telling, note->to), absence_when(telling, note->not_before, text));
        return;
    }
    buffer_printf(telling->out,
                  cli_in(cli, "a message to %s through %s is on its way (%s, %d attempts)",
                         "给 %s 的消息经 %s 发送中（%s，已尝试 %d 次）"),
                  absence_person(telling, note->to), note->channel, row_notification(cli, note->state),
                  (int)note->attempts);
    if (retry != NULL)
        buffer_printf(telling->out, cli_in(cli, ", the last attempt: %s", "，最近一次：%s"),
                      why_of(telling, retry));
}

static void say_later(const struct telling *telling, const struct planned *planned)
{
    const struct cli *cli = telling->cli;
    instant leaves = planned->fires;
    char text[MOMENT_TEXT_MAX];

    buffer_printf(
        telling->out,
        cli_in(cli, "its next step %s is still to come, on %s, to ", "下一台阶 %s 尚未到时：%s，收件人 "),
        planned->step->name, absence_when(telling, planned->fires, text));
    for (size_t i = 0; i < planned->n_to; i++) {
        buffer_printf(telling->out, "%s%s", i == 0 ? "" : cli_in(cli, ", ", "、"),
                      planned->to[i].group == NULL ? absence_person(telling, planned->to[i].person)
                                                   : planned->to[i].group);
        leaves = planned->to[i].leaves != INSTANT_NEVER && planned->to[i].leaves > leaves
                     ? planned->to[i].leaves
                     : leaves;
    }
    if (planned->n_to == 0)
        buffer_add_text(telling->out, cli_in(cli, "nobody", "无人"));
    if (leaves > planned->fires)
        buffer_printf(telling->out, cli_in(cli, " (quiet hours: until %s)", "（静默至 %s）"),
                      absence_when(telling, leaves, text));
}

static void say_closing(const struct telling *telling, const struct reason *reason)
{
    const struct cli *cli = telling->cli;
    const struct life *life = reason->life;
    const char *type = history_text(reason->record, "type");
    char text[MOMENT_TEXT_MAX];

    if (reason->what == ABSENCE_EARLY) {
        buffer_printf(telling->out,
                      cli_in(cli, "%s was closed as soon as it opened: it had been met early, on %s",
                             "%s 一打开即结束：此前已于 %s 完成"),
                      life->id, absence_when(telling, life->closed, text));
        return;
    }
    buffer_printf(telling->out,
                  cli_in(cli, "%s was closed on %s (%s)%s%s before a message of its had left",
                         "%s 已于 %s 结束（%s）%s%s，此前没有消息发出"),
                  life->id, absence_when(telling, life->closed, text), why_in(cli, life->how),
                  *type == '\0' ? "" : cli_in(cli, " by ", "，因 "), type);
}

static void say_nobody(const struct telling *telling, const struct reason *reason)
{
    const struct cli *cli = telling->cli;
    const struct history_record *record = reason->record;
    const char *to = history_text(record, "to"), *step = history_text(record, "s");

    buffer_printf(telling->out, cli_in(cli, "%s told nobody", "%s 没有告知任何人"), reason->life->id);
    if (*step != '\0')
        buffer_printf(telling->out, cli_in(cli, ": step %s", "：台阶 %s"), step);
    if (*to != '\0')
        buffer_printf(telling->out, cli_in(cli, " for %s", "，给 %s"), absence_person(telling, to));
    buffer_printf(telling->out, cli_in(cli, " was %s: %s", " %s：%s"), record->what, why_of(telling, record));
    if (reason->planned != NULL) {
        buffer_add_text(telling->out, cli_in(cli, "; ", "；"));
        say_later(telling, reason->planned);
    }
}

static void say_told(const struct telling *telling, const struct reason *reason)
{
    char text[MOMENT_TEXT_MAX];

    buffer_printf(telling->out,
                  cli_in(telling->cli, "%s told %s on %s through %s (%zu delivered)",
                         "%1$s 已于 %3$s 经 %4$s 告知 %2$s（共送达 %5$zu 条）"),
                  reason->life->id, absence_person(telling, history_text(reason->record, "to")),
                  absence_when(telling, reason->record->now, text), history_text(reason->record, "via"),
                  life_count(reason->life, "delivered"));
}

static void say_life(const struct telling *telling, const struct reason *reason)
{
    const struct cli *cli = telling->cli;
    const struct life *life = reason->life;
    instant wake = life->open == NULL ? INSTANT_NONE : life->open->wake;
    char text[MOMENT_TEXT_MAX];

    if (life->open != NULL && reason->what != ABSENCE_TOLD && reason->what != ABSENCE_NOBODY)
        buffer_printf(telling->out, cli_in(cli, "%s has been open since %s; ", "%s 自 %s 起打开；"), life->id,
                      absence_when(telling, life->opened, text));
    switch (reason->what) {
    case ABSENCE_TOLD:
        say_told(telling, reason);
        break;
    case ABSENCE_EARLY:
    case ABSENCE_CLOSED:
        say_closing(telling, reason);
        break;
    case ABSENCE_SLEEPING:
        buffer_printf(telling->out, cli_in(cli, "it sleeps until %s", "尚未开始，等到 %s"),
                      absence_when(telling, wake, text));
        break;
    case ABSENCE_PAUSED:
        buffer_add_text(telling->out, cli_in(cli, "it is paused", "暂停中"));
        break;
    case ABSENCE_QUIET:
    case ABSENCE_SENDING:
        say_waiting(telling, reason);
        break;
    case ABSENCE_NOBODY:
        say_nobody(telling, reason);
        break;
    case ABSENCE_LATER:
        say_later(telling, reason->planned);
        break;
    default:
        buffer_add_text(telling->out, cli_in(cli, "it has no step still to come", "没有后续台阶"));
    }
    if (life_last(life, "owner_unknown") != NULL && reason->what != ABSENCE_TOLD)
        buffer_printf(telling->out,
                      cli_in(cli, "; its owner \"%s\" is not in the directory", "；责任人“%s”不在通讯录中"),
                      life->owner);
}

/* -- the stream as a whole -- */

void absence_say_given(const struct telling *telling)
{
    for (size_t i = 0; i < telling->asked->given->n; i++)
        buffer_printf(telling->out, "%s%s=%s", i == 0 ? "" : " ", telling->asked->given->items[i].name,
                      telling->asked->given->items[i].value);
}

void absence_say_opening_types(const struct telling *telling)
{
    const struct texts *on = &telling->asked->rule->open_on;

    for (size_t i = 0; i < on->n; i++)
        buffer_printf(telling->out, "%s%s", i == 0 ? "" : cli_in(telling->cli, " or ", " 或 "), on->items[i]);
}

static void say_no_event(const struct telling *telling)
{
    const struct sightings *sightings = &telling->asked->sightings;
    char text[MOMENT_TEXT_MAX];

    buffer_add_text(telling->out, cli_in(telling->cli, "no event with ", "没有任何事件含 "));
    absence_say_given(telling);
    if (sightings->searched == 0)
        buffer_printf(telling->out,
                      cli_in(telling->cli, " has come: the stream %s is empty", "：事件流 %s 是空的"),
                      telling->asked->snapshot->shard->stream);
    else
        buffer_printf(telling->out,
                      cli_in(telling->cli, " is among the %zu latest of the stream %s (since %s)",
                             "：查了事件流的最近 %zu 条（%s，自 %s）"),
                      sightings->searched, telling->asked->snapshot->shard->stream,
                      absence_when(telling, sightings->since, text));
}

static void say_no_opening(const struct telling *telling)
{
    buffer_add_text(telling->out, cli_in(telling->cli, "events of it came, but none that opens the rule (",
                                         "有相关事件，但没有能打开此规则的事件（"));
    absence_say_opening_types(telling);
    buffer_add_text(telling->out, cli_in(telling->cli, ")", "）"));
}

static void say_after(const struct telling *telling, const struct reason *reason)
{
    const struct cli *cli = telling->cli;
    const char *after = telling->asked->rule->after;
    const struct life *life = reason->life;
    const char *value;
    char text[MOMENT_TEXT_MAX];

    buffer_printf(telling->out,
                  cli_in(cli, "it opens when the last of the rule %s has closed, and ",
                         "它在规则 %s 全部结束后打开，而"),
                  after);
    if (reason->what == ABSENCE_AFTER) {
        buffer_printf(telling->out,
                      cli_in(cli, "none of that has opened (see explain --not %s)",
                             "后者没有打开过（见 explain --not %s）"),
                      after);
    } else if (reason->what == ABSENCE_AFTER_OPEN) {
        buffer_printf(telling->out,
                      cli_in(cli, "%s (%s) is still open, due %s", " %s（%s）尚未结束，到期 %s"), life->id,
                      absence_person(telling, life->owner), absence_when(telling, life->due, text));
    } else if (reason->what == ABSENCE_AFTER_CANCELLED) {
        buffer_add_text(telling->out, cli_in(cli, "all of those were cancelled", "后者全部被取消"));
    } else if (reason->condition != NULL) {
        value = fields_get(&life->fields, reason->condition->field);
        buffer_printf(telling->out,
                      cli_in(cli, "\"%s\" is false: %s has %s = \"%s\"", "条件“%s”不成立：%s 的 %s =“%s”"),
                      reason->condition->text, life->id, reason->condition->field,
                      value == NULL ? "" : value);
    } else {
        buffer_printf(telling->out,
                      cli_in(cli, "%s closed on %s; nothing says why it did not open: the rule may be newer",
                             " %s 已于 %s 结束；没有记录说明为何没有打开：规则可能更新"),
                      life->id, absence_when(telling, life->closed, text));
    }
}

static void say_stream(const struct telling *telling, const struct reason *reason)
{
    const struct cli *cli = telling->cli;
    char id[STREAM_ID_TEXT_MAX];

    switch (reason->what) {
    case ABSENCE_NEAR:
        buffer_printf(telling->out, cli_in(cli, "the event %s (%s) came, but ", "事件 %s（%s）来过，但"),
                      stream_id_format(reason->event->at, id), reason->event->event.type);
        say_near(telling, reason->event);
        break;
    case ABSENCE_DEAD:
        buffer_printf(telling->out,
                      cli_in(cli, "the event %s is a dead letter: %s", "事件 %s 已成为死信：%s"),
                      telling->asked->dead_event, why_in(cli, telling->asked->dead_why));
        break;
    case ABSENCE_NO_OPENING:
        say_no_opening(telling);
        break;
    case ABSENCE_AMONG:
        buffer_printf(telling->out,
                      cli_in(cli, "the rule is not for this department: \"%s\" is false in the directory",
                             "规则不适用于此部门：按通讯录，条件“%s”不成立"),
                      reason->condition->text);
        break;
    case ABSENCE_CLOCK:
        buffer_add_text(telling->out,
                        cli_in(cli, "the rule opens by the clock, and has opened nothing for this yet",
                               "规则按时钟打开，尚未为此打开过"));
        break;
    case ABSENCE_AFTER:
    case ABSENCE_AFTER_OPEN:
    case ABSENCE_AFTER_CANCELLED:
    case ABSENCE_AFTER_CLOSED:
        say_after(telling, reason);
        break;
    case ABSENCE_NEVER_SERVED:
        buffer_add_text(telling->out,
                        cli_in(cli, "no daemon has ever served this stream", "从未有守护进程处理过此事件流"));
        break;
    default:
        say_no_event(telling);
    }
}

/* -- the verdict -- */

void absence_say_verdict(const struct telling *telling)
{
    const struct reason *verdict = &telling->asked->verdict;
    const struct cli *cli = telling->cli;
    char id[STREAM_ID_TEXT_MAX];

    if (verdict->what == ABSENCE_TOLD)
        buffer_add_text(telling->out, cli_in(cli, "somebody did get something: ", "其实有人收到了："));
    else
        buffer_add_text(telling->out, cli_in(cli, "nobody got anything because ", "没有人收到："));
    if (verdict->what >= ABSENCE_TOLD) {
        say_life(telling, verdict);
    } else if (verdict->what < ABSENCE_UNREAD) {
        say_stream(telling, verdict);
    } else {
        buffer_printf(telling->out, cli_in(cli, "of the event %s: ", "事件 %s："),
                      stream_id_format(verdict->event->at, id));
        say_event(telling, verdict);
    }
    buffer_add_text(telling->out, cli_in(cli, ".", "。"));
}

/* -- one of the events -- */

void absence_say_outcome(const struct telling *telling, const struct sighting *event)
{
    char id[STREAM_ID_TEXT_MAX];
    const struct history_record *record;
    struct reason reason = {.what = ABSENCE_BAD, .event = event};

    stream_id_format(event->at, id);
    record = lives_loose(telling->asked->lives, NULL, telling->asked->rule->name, id);
    if (event->kind == SIGHTING_NEAR) {
        say_near(telling, event);
    } else if (event->kind == SIGHTING_BAD) {
        say_event(telling, &reason);
    } else if (absence_opens(telling->asked, event)) {
        reason = absence_of_event(telling->asked, event);
        say_event(telling, &reason);
    } else {
        buffer_add_text(telling->out, why_of(telling, record));
    }
}
