/* A commented rule to start from. What --on, --meet, --owner and the catalogue tell is filled in; what nobody
 * can know stands in < >, which `check` refuses by name. */
#include <string.h>

#include "cli/new.h"
#include "cli/verbs.h"

enum { PIECE_MAX = 256 };

/* The pieces that are put into the text; field names and types have no quotes. */
struct pieces {
    const char *name, *on, *key, *owner, *meet;
    char each_of[PIECE_MAX];    /* room for `owner` */
    char about[PIECE_MAX];      /* the whole line */
    char meet_owner[PIECE_MAX]; /* " owner = "interviewer";", or "" */
};

/* 1 name, 2 the line of about, 3 on, 4 key, 5 owner, 6 meet, 7 owner of meet */
static const char english_text[] =
    "# %1$s: what for, in one line\n"
    "#\n"
    "# Fill in what stands in < >, then: cuibanctl check; cuibanctl new test %1$s; cuibanctl test; systemctl "
    "reload cuiban.\n"
    "# The whole language: man cuiban-rules. Lines that begin with #: are what you may want besides.\n"
    "%1$s:\n"
    "{\n"
    "  # the process, in a few words: the title of its messages\n"
    "  summary   = \"%1$s\";\n"
    "  # the one line that names the case to a person\n"
    "%2$s\n"
    "  # what \"done\" means, in words; where to do it\n"
    "#:done      = \"the form is submitted\";\n"
    "#:link      = \"https://hr.example.com/cases/{{%4$s}}\";\n"
    "\n"
    "  # which event opens it; only some of them: open = { on = \"...\"; where = [ \"urgent == yes\" ]; };\n"
    "  open      = { on = \"%3$s\"; };\n"
    "  # the fields that identify the case\n"
    "  key       = [ \"%4$s\" ];\n"
    "  # who owes: a field with a person, \"each of FIELD\", \"head of department\", \"role:NAME\"\n"
    "  owner     = \"%5$s\";\n"
    "  # who asked: chases, and is named as whom to ask\n"
    "#:requester = \"hrbp of department\";\n"
    "  # which event meets it; it carries the fields of the key, too\n"
    "  meet      = { on = \"%6$s\";%7$s };\n"
    "  # it need not be done any more\n"
    "#:cancel    = { on = \"case.cancelled\"; key = [ \"%4$s\" ]; };\n"
    "\n"
    "  # 24h elapsed, 8wh working hours, 3wd working days, at:FIELD - 5wd before a date of the event\n"
    "  due       = \"3wd\";\n"
    "  ladder    =\n"
    "  (\n"
    "    { at = \"due-4wh\"; to = [ \"owner\" ]; },         # a reminder in good time\n"
    "    { at = \"due\";     to = [ \"owner\", \"hr\" ]; },   # it is late; the requester is asked to chase\n"
    "    { at = \"due+1wd\"; to = [ \"head\" ]; },          # the head of the department; the owner gets a "
    "copy\n"
    "    { at = \"closed\";  to = [ \"told\" ]; }           # whoever was told hears that it is over\n"
    "  );\n"
    "};\n";

static const char chinese_text[] =
    "# %1$s：用一句话写明用途\n"
    "#\n"
    "# 填好 < > 中的内容，然后依次运行：cuibanctl check；cuibanctl new test %1$s；cuibanctl test；systemctl "
    "reload cuiban。\n"
    "# 完整语法见 man cuiban-rules。行首为 #: 的是可选的写法，需要时去掉 #:。\n"
    "%1$s:\n"
    "{\n"
    "  # 事项名称，几个字：消息的标题\n"
    "  summary   = \"%1$s\";\n"
    "  # 一行话说明是哪件事\n"
    "%2$s\n"
    "  # 做到什么算完成；到哪里去做\n"
    "#:done      = \"已提交评估表\";\n"
    "#:link      = \"https://hr.example.com/cases/{{%4$s}}\";\n"
    "\n"
    "  # 哪个事件打开；只要其中一部分时：open = { on = \"...\"; where = [ \"urgent == yes\" ]; };\n"
    "  open      = { on = \"%3$s\"; };\n"
    "  # 用哪些字段认定是同一件事\n"
    "  key       = [ \"%4$s\" ];\n"
    "  # 谁来做：存放人员的字段、\"each of 字段\"、\"head of department\"、\"role:角色\"\n"
    "  owner     = \"%5$s\";\n"
    "  # 谁提出、谁跟催\n"
    "#:requester = \"hrbp of department\";\n"
    "  # 哪个事件算完成；它也要带上 key 的字段\n"
    "  meet      = { on = \"%6$s\";%7$s };\n"
    "  # 不用做了\n"
    "#:cancel    = { on = \"case.cancelled\"; key = [ \"%4$s\" ]; };\n"
    "\n"
    "  # 24h 自然小时，8wh 工作小时，3wd 工作日，at:字段 - 5wd 按事件里的日期倒数\n"
    "  due       = \"3wd\";\n"
    "  ladder    =\n"
    "  (\n"
    "    { at = \"due-4wh\"; to = [ \"owner\" ]; },         # 到期前提醒本人\n"
    "    { at = \"due\";     to = [ \"owner\", \"hr\" ]; },   # 到期：告知本人，请提出人跟催\n"
    "    { at = \"due+1wd\"; to = [ \"head\" ]; },          # 升级到部门负责人，本人收到抄送\n"
    "    { at = \"closed\";  to = [ \"told\" ]; }           # 告知过的人会知道已办结\n"
    "  );\n"
    "};\n";

static bool is_person(const struct catalogue_field *field)
{
    return field->kind == FIELD_PERSON || field->kind == FIELD_PERSONS;
}

static const struct catalogue_field *first_person(const struct catalogue_event *event)
{
    for (size_t i = 0; i < event->n_fields; i++) {
        if (event->fields[i].required && is_person(&event->fields[i]))
            return &event->fields[i];
    }
    return NULL;
}

/* What identifies the case stands first, as a plain text, in every event of the catalogue. */
static const char *first_text(const struct catalogue_event *event)
{
    for (size_t i = 0; i < event->n_fields; i++) {
        if (event->fields[i].required && event->fields[i].kind == FIELD_TEXT)
            return event->fields[i].name;
    }
    return NULL;
}

static bool ends_with_name(const char *field)
{
    size_t n = strlen(field);

    return n > 5 && strcmp(field + n - 5, "_name") == 0;
}

/* "{{candidate_name}} {{interview}}": a name that people know, then the key. */
static void write_about(struct pieces *pieces, const struct catalogue_event *event, const char *key)
{
    const char *named = NULL;

    for (size_t i = 0; i < event->n_fields && named == NULL; i++) {
        if (ends_with_name(event->fields[i].name))
            named = event->fields[i].name;
    }
    if (named != NULL)
        snprintf(pieces->about, PIECE_MAX, "  about     = \"{{%s}} {{%s}}\";", named, key);
    else
        snprintf(pieces->about, PIECE_MAX, "  about     = \"{{%s}}\";", key);
}

/* One deadline each, if the field holds several people; then the event that meets says who acted. */
static void fill_owner(struct pieces *pieces, const struct catalogue_event *on,
                       const struct catalogue_event *meet)
{
    const struct catalogue_field *given = pieces->owner == NULL ? first_person(on) : NULL, *actor;

    for (size_t i = 0; pieces->owner != NULL && i < on->n_fields; i++) {
        if (strcmp(on->fields[i].name, pieces->owner) == 0)
            given = &on->fields[i];
    }
    if (given == NULL)
        return;
    pieces->owner = given->name;
    if (given->kind != FIELD_PERSONS)
        return;
    snprintf(pieces->each_of, PIECE_MAX, "each of %s", given->name);
    pieces->owner = pieces->each_of;
    actor = meet == NULL ? NULL : first_person(meet);
    if (actor != NULL)
        snprintf(pieces->meet_owner, PIECE_MAX, " owner = \"%s\";", actor->name);
}

/* The catalogue's entry of what an option names. False: it names something unknown, and that was said. */
static bool find_event(struct cli *cli, const struct config *config, const char *option,
                       const struct catalogue_event **out)
{
    const char *type = cli_option(cli, option);

    *out = NULL;
    if (type == NULL || config == NULL || config->catalogue.n == 0)
        return true;
    *out = setup_event(cli, config, type);
    return *out != NULL;
}

static bool fill(struct cli *cli, const struct config *config, struct pieces *pieces)
{
    const struct catalogue_event *on, *meet;
    const char *key;

    if (!find_event(cli, config, "on", &on) || !find_event(cli, config, "meet", &meet))
        return false;
    pieces->on = cli_option(cli, "on");
    pieces->meet = cli_option(cli, "meet");
    pieces->owner = cli_option(cli, "owner");
    key = on == NULL ? NULL : first_text(on);
    if (on != NULL)
        fill_owner(pieces, on, meet);
    if (key != NULL)
        write_about(pieces, on, key);
    pieces->key = key;
    return true;
}

static const char *or_blank(const struct cli *cli, const char *text, const char *english, const char *chinese)
{
    if (text != NULL && *text != '\0')
        return text;
    return cli->chinese ? chinese : english;
}

static void write_rule(const struct cli *cli, const struct pieces *pieces, struct buffer *out)
{
    buffer_printf(out, cli_in(cli, english_text, chinese_text), pieces->name,
                  or_blank(cli, pieces->about, "#:about     = \"{{candidate_name}}\";",
                           "#:about     = \"{{candidate_name}}\";"),
                  or_blank(cli, pieces->on, "<event that opens it>", "<打开它的事件>"),
                  or_blank(cli, pieces->key, "<field of the case>", "<认定事项的字段>"),
                  or_blank(cli, pieces->owner, "<field of the person>", "<责任人的字段>"),
                  or_blank(cli, pieces->meet, "<event that meets it>", "<算完成的事件>"), pieces->meet_owner);
}

static enum cli_status check_name(struct cli *cli, const struct config *config, const char *name)
{
    const struct rule *rule = config == NULL ? NULL : ruleset_find(config->rules, name);

    if (!config_is_rule_name(name))
        return cli_fail(
            cli, "\"%s\" cannot be the name of a rule: letters, digits, _ and -, and no word of the language",
            "\"%s\" 不能作规则名：只能用字母、数字、_ 和 -，且不能是保留字", name);
    if (rule != NULL)
        return cli_fail(cli, "there is a rule \"%s\" already: %s:%d", "规则 \"%s\" 已存在：%s:%d", name,
                        cli_short_path(rule->file), rule->line);
    return CLI_OK;
}

/* A rule that is still unfinished must not keep the next one from being begun. */
static struct config *load_what_there_is(struct cli *cli)
{
    struct config *config = NULL;
    struct problems problems;

    problems_init(&problems);
    if (config_load(cli->settings, &problems, &config) != 0)
        cli_warn(cli, "the settings have errors, so nothing is taken from the catalogue; see cuibanctl check",
                 "设置有错误，无法按事件目录填写；见 cuibanctl check");
    problems_finish(&problems);
    return config;
}

enum cli_status verb_new_rule(struct cli *cli)
{
    struct config *config = load_what_there_is(cli);
    struct pieces pieces = {.name = cli->arguments.words[0]};
    enum cli_status status = check_name(cli, config, pieces.name);
    struct buffer text;

    if (status == CLI_OK && !fill(cli, config, &pieces))
        status = CLI_USAGE;
    if (status == CLI_OK) {
        buffer_init(&text);
        write_rule(cli, &pieces, &text);
        bool has_blanks = strstr(buffer_text(&text), "\"<") != NULL;

        status = has_blanks ? new_write(cli, &text, "fill in what stands in < >, then cuibanctl check",
                                        "填好 < > 中的内容，再运行 cuibanctl check")
                            : new_write(cli, &text, "read it line by line, then cuibanctl check",
                                        "逐行核对，再运行 cuibanctl check");
    }
    config_unload(config);
    return status;
}
