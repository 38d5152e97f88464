#include "cli/explain_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/count.h"
#include "cli/moment.h"
#include "cli/row.h"
#include "cli/why.h"

/* -- head -- */

static void print_title(struct cli *cli, const struct explain_case *explained)
{
    const struct snapshot *snapshot = explained->snapshot;
    struct buffer text;

    buffer_init(&text);
    cli_print("%s  ", explained->rule == NULL ? explained->rule_name : explained->rule->summary);
    if (explained->fields != NULL && explained->rule != NULL)
        snapshot_about(explained->rule, explained->fields, &text);
    else
        buffer_add_text(&text, explained->identity == NULL ? "" : explained->identity);
    cli_print("%s  ", buffer_text(&text));
    buffer_clear(&text);
    if (explained->open != NULL) {
        row_distance(&text, snapshot, explained->open);
        cli_print("%s  %s  ", row_state(cli, explained->open->state), buffer_text(&text));
    } else {
        if (explained->closing != NULL)
            cli_print("%s  ", why_record(cli, explained->closing->what, NULL));
    }
    cli_say(cli, "number %s\n", "编号 %s\n", explained->id);
    buffer_finish(&text);
}

static void print_away(struct cli *cli, const struct explain_case *explained, const struct person *owner,
                       int32_t today)
{
    const struct person *answers =
        directory_answers(explained->snapshot->config->directory, owner, today, NULL, NULL);
    char from[MOMENT_TEXT_MAX], to[MOMENT_TEXT_MAX];

    cli_say(cli, "  (away %s to %s; %s answers)", "（休假 %s 至 %s，%s 代）",
            moment_format_day(owner->away_from, cli->chinese, from),
            moment_format_day(owner->away_to, cli->chinese, to),
            answers == NULL ? owner->name : answers->name);
}

static void print_requester(struct cli *cli, const struct explain_case *explained, int32_t today)
{
    const struct config *config = explained->snapshot->config;
    const char *people[PATH_RESULT_MAX], *why;
    struct path_context context;

    if (explained->rule == NULL || explained->fields == NULL)
        return;
    context = (struct path_context){.directory = config->directory,
                                    .fields = explained->fields,
                                    .owner = explained->owner == NULL ? "" : explained->owner,
                                    .department = explained->department == NULL ? "" : explained->department,
                                    .requester = &explained->rule->requester,
                                    .day = today};
    if (path_people(&explained->rule->requester, &context, people, &why) > 0)
        cli_say(cli, "  asked by  %s\n", "  提出人  %s\n", setup_person(config, people[0]));
}

static void print_people(struct cli *cli, const struct explain_case *explained)
{
    const struct config *config = explained->snapshot->config;
    const struct person *owner =
        explained->owner == NULL ? NULL : directory_person(config->directory, explained->owner);
    int32_t today = calendar_day(explained->calendar != NULL ? explained->calendar
                                                             : ruleset_policy(config->rules)->calendar,
                                 explained->snapshot->now);

    cli_say(cli, "  owner  %s  %s", "  责任人  %s  %s", setup_person(config, explained->owner),
            setup_department(config, explained->department));
    if (owner != NULL && person_is_away(owner, today))
        print_away(cli, explained, owner, today);
    putchar('\n');
    print_requester(cli, explained, today);
}

/* -- what it wants -- */

/* "requisition.confirmed requisition=REQ-1": what the event that meets it looks like. */
static void say_meet(const struct explain_case *explained, const struct selector *meet, struct buffer *out)
{
    const struct cli *cli = explained->snapshot->cli;
    const char *between = meet->all ? cli_in(cli, " and ", " 与 ") : cli_in(cli, " or ", " 或 ");

    for (size_t i = 0; i < meet->on.n; i++)
        buffer_printf(out, "%s%s", i == 0 ? "" : between, meet->on.items[i]);
    for (size_t i = 0; i < meet->key.n; i++) {
        const char *name = meet->key.fields[i].name;
        const char *value = explained->fields == NULL ? NULL : fields_get(explained->fields, name);

        buffer_printf(out, " %s=%s", meet->key.fields[i].event_field, value == NULL ? "..." : value);
    }
    if (meet->owner_field != NULL)
        buffer_printf(out, " %s=%s", meet->owner_field, explained->owner == NULL ? "..." : explained->owner);
    for (size_t i = 0; i < meet->where.n; i++)
        buffer_printf(out, "%s%s", i == 0 ? cli_in(cli, " where ", "，且 ") : ", ",
                      meet->where.items[i].text);
}

static void print_done(struct cli *cli, const struct explain_case *explained)
{
    const struct rule *rule = explained->rule;
    struct buffer text;

    buffer_init(&text);
    for (size_t i = 0; i < rule->meets.n; i++) {
        buffer_clear(&text);
        say_meet(explained, &rule->meets.items[i], &text);
        cli_clean(text.bytes);
        if (i == 0)
            cli_say(cli, "  done when  %s%s%s\n", "  完成标准  %s%s%s\n", rule->done,
                    *rule->done == '\0' ? "" : " = ", buffer_text(&text));
        else
            cli_say(cli, "             or %s\n", "            或 %s\n", buffer_text(&text));
    }
    buffer_finish(&text);
}

static bool same_path(const struct step *a, const struct step *b, size_t i)
{
    return strcmp(a->to[i].text, b->to[i].text) == 0;
}

static bool same_step(const struct step *a, const struct step *b)
{
    bool same = strcmp(a->at, b->at) == 0 && a->n_to == b->n_to && a->via.n == b->via.n &&
                a->times == b->times && a->where.n == b->where.n && a->urgent == b->urgent;

    for (size_t i = 0; same && i < a->n_to; i++)
        same = same_path(a, b, i);
    for (size_t i = 0; same && i < a->via.n; i++)
        same = strcmp(a->via.items[i], b->via.items[i]) == 0;
    for (size_t i = 0; same && i < a->where.n; i++)
        same = strcmp(a->where.items[i].text, b->where.items[i].text) == 0;
    return same;
}

static bool same_ladder(const struct rule *a, const struct rule *b)
{
    bool same = a->n_steps == b->n_steps;

    for (size_t i = 0; same && i < a->n_steps; i++)
        same = same_step(&a->steps[i], &b->steps[i]);
    return same;
}

static void print_rule(struct cli *cli, const struct explain_case *explained)
{
    const struct rule *rule = explained->rule, *now;

    if (rule == NULL) {
        cli_say(cli, "  rule   %s: this version is kept nowhere any more\n",
                "  规则    %s：此版本已不再保存\n",
                explained->rule_name == NULL ? "?" : explained->rule_name);
        return;
    }
    print_done(cli, explained);
    now = ruleset_find(explained->snapshot->config->rules, rule->name);
    if (now == NULL)
        cli_say(cli, "  rule   %s version %s; it is in no file any more\n",
                "  规则    %s 版本 %s；现已不在文件中\n", rule->name, rule->fingerprint);
    else if (strcmp(now->fingerprint, rule->fingerprint) == 0)
        cli_say(cli, "  rule   %s %s:%d version %s\n", "  规则    %s %s:%d 版本 %s\n", rule->name,
                cli_short_path(now->file), now->line, rule->fingerprint);
    else
        cli_say(cli, "  rule   %s %s:%d version %s when it opened, %s now: the ladder %s\n",
                "  规则    %s %s:%d 打开时版本 %s，现行 %s：阶梯%s\n", rule->name, cli_short_path(now->file),
                now->line, rule->fingerprint, now->fingerprint,
                same_ladder(rule, now) ? cli_in(cli, "is the same", "相同") : cli_in(cli, "differs", "不同"));
}

/* -- due -- */

static void say_condition(const struct explain_case *explained, const struct condition *condition, bool holds,
                          struct buffer *out)
{
    const struct cli *cli = explained->snapshot->cli;
    const char *value = fields_get(explained->fields, condition->field);

    buffer_printf(out,
                  holds ? cli_in(cli, "\"%s\" holds", "“%s”成立")
                        : cli_in(cli, "\"%s\" does not hold", "“%s”不成立"),
                  condition->text);
    if (value == NULL || *value == '\0')
        buffer_printf(out, cli_in(cli, " (%s is missing)", "（%s 缺失）"), condition->field);
    else
        buffer_printf(out, " (%s = %s)", condition->field, value);
}

void explain_say_choice(const struct explain_case *explained, struct buffer *out)
{
    const struct rule *rule = explained->rule;
    const struct cli *cli = explained->snapshot->cli;
    char span[SPAN_TEXT_MAX];

    if (rule == NULL || explained->fields == NULL || rule->is_series || explained->due_case < 0 ||
        (size_t)explained->due_case >= rule->n_dues)
        return;
    for (size_t i = 0; i < (size_t)explained->due_case; i++) {
        const struct condition *failing = conditions_failing(&rule->dues[i].where, explained->fields);

        if (failing == NULL)
            continue; /* the fields have changed since */
        buffer_printf(out, cli_in(cli, "%snot %s: ", "%s不用 %s："), out->n > 0 ? "; " : "",
                      span_format(&rule->dues[i].span, span));
        say_condition(explained, failing, false, out);
    }
    for (size_t i = 0; i < rule->dues[explained->due_case].where.n; i++) {
        buffer_add_text(out, out->n > 0 ? "; " : "");
        say_condition(explained, &rule->dues[explained->due_case].where.items[i], true, out);
    }
}

static void print_choice(const struct explain_case *explained)
{
    struct buffer text;

    buffer_init(&text);
    explain_say_choice(explained, &text);
    if (text.n > 0) {
        cli_clean(text.bytes);
        cli_print("  %s\n", buffer_text(&text));
    }
    buffer_finish(&text);
}

static void print_due(struct cli *cli, const struct explain_case *explained)
{
    const struct zone *zone = setup_zone(explained->snapshot->config);
    char due[MOMENT_TEXT_MAX], start[MOMENT_TEXT_MAX], span[SPAN_TEXT_MAX];
    struct span_request request;
    instant counted;
    int status;

    if (!explain_case_count(explained, &request)) {
        cli_say(cli, "due %s\n", "到期 %s\n", moment_format(explained->due, zone, cli->chinese, due));
        return;
    }
    cli_say(cli, "due %s = %s from %s, calendar %s\n", "到期 %s = %s，自 %s，日历 %s\n",
            moment_format(explained->due, zone, cli->chinese, due), span_format(request.span, span),
            moment_format(explained->start, zone, cli->chinese, start), calendar_name(explained->calendar));
    print_choice(explained);
    if (explained->open != NULL && explained->open->provisional)
        cli_say(cli, "  provisional: %s does not cover all of these dates yet; counted again when it does\n",
                "  暂定：日历 %s 尚未包含其中全部日期；补齐后会重新计算\n",
                calendar_name(explained->calendar));
    status = count_print(cli, &request, "  ", &counted);
    if (status == 0 && counted != explained->due)
        cli_say(cli, "  the count gives %s; a bound of the rule, a change or an extension made it differ\n",
                "  按此计算为 %s；因规则的上下限、变更或延期而不同\n",
                moment_format(counted, zone, cli->chinese, due));
}

void explain_print_head(struct cli *cli, const struct explain_case *explained)
{
    print_title(cli, explained);
    print_people(cli, explained);
    print_rule(cli, explained);
    print_due(cli, explained);
}
