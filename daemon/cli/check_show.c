/* check --show RULE: the rule as the engine understands it, where each word was written, and its ladder in
 * sentences. */
#include <stdlib.h>
#include <string.h>

#include "cli/step_words.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "config/notice.h"
#include "config/rule_words.h"
#include "store/clock.h"

struct showing {
    struct cli *cli;
    const struct config *config;
    const struct rule *rule;
    const struct rule_words *words;
};

static const char *source_name(enum rule_source source)
{
    static const char *const names[] = {
        [SOURCE_RULE] = "rule", [SOURCE_DEFAULTS] = "defaults", [SOURCE_LADDER] = "ladder",
        [SOURCE_STOP] = "stop", [SOURCE_SETTINGS] = "settings", [SOURCE_BUILT_IN] = "built-in"};

    return names[source];
}

static const char *source_words(const struct cli *cli, enum rule_source source)
{
    static const char *const chinese[] = {[SOURCE_RULE] = "本规则",   [SOURCE_DEFAULTS] = "缺省值 defaults",
                                          [SOURCE_LADDER] = "阶梯",   [SOURCE_STOP] = "停止条件",
                                          [SOURCE_SETTINGS] = "设置", [SOURCE_BUILT_IN] = "内置缺省"};

    return cli->chinese ? chinese[source] : source_name(source);
}

/* -- for people -- */

static void add_source(const struct showing *showing, const struct rule_word *word, struct table *table)
{
    const char *source = source_words(showing->cli, word->source);

    if (word->name != NULL)
        table_addf(table, "%s %s", source, word->name);
    else
        table_add(table, source);
    if (word->file != NULL)
        table_addf(table, "%s:%d", cli_short_path(word->file), word->line);
    else
        table_add(table, "");
}

static bool print_words(const struct showing *showing)
{
    const struct cli *cli = showing->cli;
    const char *const header[] = {cli_in(cli, "KEY", "键"), cli_in(cli, "FROM", "来自"),
                                  cli_in(cli, "WRITTEN IN", "写在"), cli_in(cli, "VALUE", "值")};
    struct table table;
    const char *before = "";
    bool printed;

    table_init(&table, 4, header);
    for (size_t i = 0; i < showing->words->n; i++) {
        const struct rule_word *word = &showing->words->items[i];

        table_add(&table, strcmp(before, word->key) == 0 ? " " : word->key);
        add_source(showing, word, &table);
        table_add(&table, word->value);
        before = word->key;
    }
    printed = table_print(&table, stdout);
    table_finish(&table);
    return printed;
}

static void print_ladder(const struct showing *showing)
{
    const struct cli *cli = showing->cli;
    const struct rule_policy *policy = ruleset_policy(showing->config->rules);

    cli_say(cli, "\nWho hears what, when:\n", "\n谁在何时收到什么：\n");
    for (size_t i = 0; i < showing->rule->n_steps; i++) {
        struct buffer words;

        buffer_init(&words);
        step_words(cli, policy, &showing->rule->steps[i], &words);
        cli_print("  %s\n", buffer_text(&words));
        buffer_finish(&words);
    }
}

static void add_case(const struct due_case *due, struct buffer *out)
{
    char span[SPAN_TEXT_MAX];

    buffer_add_text(out, span_format(&due->span, span));
    for (size_t i = 0; i < due->where.n; i++)
        buffer_printf(out, "%s%s", i == 0 ? " (" : ", ", due->where.items[i].text);
    buffer_add_text(out, due->where.n > 0 ? ")" : "");
}

static size_t find_notices(const struct showing *showing, struct notice out[static NOTICES_MAX])
{
    struct trial trial;

    trial_init(&trial, showing->config, clock_wall(), NULL);
    return notice_find(&trial, showing->rule, out);
}

/* When there is so little time that the first word is the step that the ladder implies. */
static void print_notices(const struct showing *showing)
{
    const struct cli *cli = showing->cli;
    struct notice notices[NOTICES_MAX];
    size_t n = find_notices(showing, notices);

    if (n > 0)
        cli_say(cli, "\nShort notice, no step before due can leave:\n",
                "\n时间太紧、到期前的台阶都来不及：\n");
    for (size_t i = 0; i < n; i++) {
        struct buffer due;

        buffer_init(&due);
        add_case(notices[i].due, &due);
        if (notices[i].is_by_event)
            cli_say(cli, "  due %s: if the event comes later than they stand\n",
                    "  到期 %s：事件来得比这些台阶还晚时\n", buffer_text(&due));
        else
            cli_say(cli, "  due %s: after %d %% of the openings in working time of %d\n",
                    "  到期 %s：占工作时间内打开时刻的 %d%%（%d 年）\n", buffer_text(&due),
                    notices[i].percent, notices[i].year);
        buffer_finish(&due);
    }
}

static enum cli_status print(const struct showing *showing)
{
    const struct rule *rule = showing->rule;

    cli_say(showing->cli, "%s: %s, version %s, %s:%d\n\n", "%s：%s，版本 %s，%s:%d\n\n", rule->name,
            rule->summary, rule->fingerprint, cli_short_path(rule->file), rule->line);
    if (!print_words(showing))
        return cli_fail(showing->cli, "out of memory", "内存不足");
    print_ladder(showing);
    print_notices(showing);
    return CLI_OK;
}

/* -- for programs -- */

static void json_words(struct json_writer *json, const struct rule_words *words)
{
    json_key(json, "words");
    json_array(json);
    for (size_t i = 0; i < words->n; i++) {
        const struct rule_word *word = &words->items[i];

        json_object(json);
        json_key_text(json, "key", word->key);
        json_key_text(json, "value", word->value);
        json_key_text(json, "from", source_name(word->source));
        if (word->name != NULL)
            json_key_text(json, "name", word->name);
        if (word->file != NULL) {
            json_key_text(json, "file", word->file);
            json_key_int(json, "line", word->line);
        }
        json_object_end(json);
    }
    json_array_end(json);
}

static void json_ladder(struct json_writer *json, const struct showing *showing)
{
    json_key(json, "ladder");
    json_array(json);
    for (size_t i = 0; i < showing->rule->n_steps; i++) {
        struct buffer words;

        buffer_init(&words);
        step_words(showing->cli, ruleset_policy(showing->config->rules), &showing->rule->steps[i], &words);
        json_object(json);
        json_key_text(json, "step", showing->rule->steps[i].name);
        json_key_text(json, "words", buffer_text(&words));
        json_object_end(json);
        buffer_finish(&words);
    }
    json_array_end(json);
}

static void json_notices(struct json_writer *json, const struct showing *showing)
{
    struct notice notices[NOTICES_MAX];
    size_t n = find_notices(showing, notices);

    json_key(json, "short_notice");
    json_array(json);
    for (size_t i = 0; i < n; i++) {
        struct buffer due;

        buffer_init(&due);
        add_case(notices[i].due, &due);
        json_object(json);
        json_key_text(json, "due", buffer_text(&due));
        json_key_bool(json, "by_event", notices[i].is_by_event);
        if (!notices[i].is_by_event)
            json_key_int(json, "percent", notices[i].percent);
        json_object_end(json);
        buffer_finish(&due);
    }
    json_array_end(json);
}

static enum cli_status print_json(const struct showing *showing)
{
    const struct rule *rule = showing->rule;
    struct json_writer json;
    struct buffer out;

    buffer_init(&out);
    json_begin(&json, &out);
    json_object(&json);
    json_key_text(&json, "rule", rule->name);
    json_key_text(&json, "summary", rule->summary);
    json_key_text(&json, "file", rule->file);
    json_key_int(&json, "line", rule->line);
    json_key_text(&json, "version", rule->fingerprint);
    json_key_text(&json, "text", rule->text);
    json_words(&json, showing->words);
    json_ladder(&json, showing);
    json_notices(&json, showing);
    json_object_end(&json);
    return cli_print_json(showing->cli, &out, CLI_OK);
}

/* -- both -- */

static enum cli_status unknown_rule(struct cli *cli, const struct config *config, const char *name)
{
    const struct rule *rules;
    size_t n = ruleset_rules(config->rules, &rules);
    const char **names = calloc(n + 1, sizeof(*names)), *nearest = NULL;
    enum cli_status status;

    for (size_t i = 0; names != NULL && i < n; i++)
        names[i] = rules[i].name;
    if (names != NULL)
        nearest = problem_nearest(name, names, n);
    free(names);
    if (nearest != NULL)
        status = cli_fail(cli, "there is no rule \"%s\"; did you mean \"%s\"?",
                          "没有规则 \"%s\"，是否 \"%s\"？", name, nearest);
    else
        status = cli_fail(cli, "there is no rule \"%s\"", "没有规则 \"%s\"", name);
    return status;
}

enum cli_status check_show(struct cli *cli, const char *name)
{
    struct rule_words words = {.rule = name};
    const struct config_choice choice = {.without_secrets = true, .words = &words};
    struct config *config = NULL;
    enum cli_status status = setup_load_choice(cli, &choice, &config);

    if (status != CLI_OK)
        return status;
    const struct showing showing = {cli, config, ruleset_find(config->rules, name), &words};
    if (showing.rule == NULL)
        status = unknown_rule(cli, config, name);
    else
        status = cli->json ? print_json(&showing) : print(&showing);
    config_unload(config);
    return status;
}
