#include "cli/verbs.h"

#include <string.h>

#include "cli/row.h"
#include "cli/table.h"

/* One event type, and every place of the rules that names it. */
struct entry {
    const struct catalogue_event *event;
    const struct rule_ref *uses;
    size_t n_uses;
};

static struct entry entry_of(const struct config *config, const struct catalogue_event *event)
{
    struct entry entry = {.event = event};

    entry.n_uses = ruleset_uses(config->rules, event->type, &entry.uses);
    return entry;
}

/* -- JSON -- */

static void write_fields(struct json_writer *json, const struct catalogue_event *event)
{
    json_key(json, "fields");
    json_array(json);
    for (size_t i = 0; i < event->n_fields; i++) {
        json_object(json);
        json_key_text(json, "name", event->fields[i].name);
        json_key_text(json, "kind", field_kind_name(event->fields[i].kind));
        json_key_bool(json, "required", event->fields[i].required);
        json_key_bool(json, "private", event->fields[i].is_private);
        json_object_end(json);
    }
    json_array_end(json);
}

static void write_entry(struct json_writer *json, const struct entry *entry)
{
    json_object(json);
    json_key_text(json, "type", entry->event->type);
    json_key_text(json, "summary", entry->event->summary);
    json_key_text(json, "file", entry->event->file);
    json_key_int(json, "line", entry->event->line);
    write_fields(json, entry->event);
    json_key(json, "rules");
    json_array(json);
    for (size_t i = 0; i < entry->n_uses; i++) {
        json_object(json);
        json_key_text(json, "rule", entry->uses[i].rule->name);
        json_key_text(json, "use", rule_use_name(entry->uses[i].use));
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
}

static enum cli_status print_json(const struct cli *cli, const struct config *config,
                                  const struct catalogue_event *events, size_t n)
{
    struct json_writer json;
    struct buffer out;

    buffer_init(&out);
    json_begin(&json, &out);
    json_array(&json);
    for (size_t i = 0; i < n; i++) {
        struct entry entry = entry_of(config, &events[i]);

        write_entry(&json, &entry);
    }
    json_array_end(&json);
    return cli_print_json(cli, &out, CLI_OK);
}

/* -- one event -- */

static bool print_fields(const struct cli *cli, const struct catalogue_event *event)
{
    static const char *const english[] = {"FIELD", "KIND", "REQUIRED", "PRIVATE"};
    static const char *const in_chinese[] = {"字段", "类型", "必填", "私密"};
    struct table table;
    bool printed;

    table_init(&table, 4, cli->chinese ? in_chinese : english);
    for (size_t i = 0; i < event->n_fields; i++) {
        table_add(&table, event->fields[i].name);
        table_add(&table, field_kind_name(event->fields[i].kind));
        table_add(&table, event->fields[i].required ? cli_in(cli, "yes", "是") : "");
        table_add(&table, event->fields[i].is_private ? cli_in(cli, "yes", "是") : "");
    }
    putchar('\n');
    printed = event->n_fields == 0 || table_print(&table, stdout);
    table_finish(&table);
    return printed;
}

static void add_conditions(struct table *table, const struct rule_ref *ref)
{
    const struct conditions *where = ref->selector == NULL ? &ref->rule->open_where : &ref->selector->where;
    struct buffer text;

    buffer_init(&text);
    for (size_t i = 0; i < where->n; i++)
        buffer_printf(&text, "%s%s", i == 0 ? "" : ", ", where->items[i].text);
    table_add(table, buffer_text(&text));
    buffer_finish(&text);
}

static bool print_uses(const struct cli *cli, const struct entry *entry)
{
    static const char *const english[] = {"DOES", "RULE", "WHERE", "WRITTEN IN"};
    static const char *const in_chinese[] = {"作用", "规则", "条件", "位置"};
    struct table table;
    bool printed;

    if (entry->n_uses == 0) {
        cli_say(cli, "\nno rule names this event\n", "\n没有规则用到此事件\n");
        return true;
    }
    table_init(&table, 4, cli->chinese ? in_chinese : english);
    for (size_t i = 0; i < entry->n_uses; i++) {
        const struct rule *rule = entry->uses[i].rule;

        table_add(&table, row_use(cli, entry->uses[i].use));
        table_add(&table, rule->name);
        add_conditions(&table, &entry->uses[i]);
        table_addf(&table, "%s:%d", cli_short_path(rule->file), rule->line);
    }
    putchar('\n');
    printed = table_print(&table, stdout);
    table_finish(&table);
    return printed;
}

static bool print_one(const struct cli *cli, const struct config *config, const struct catalogue_event *event)
{
    struct entry entry = entry_of(config, event);

    cli_print("%s  %s  (%s:%d)\n", event->type, event->summary, cli_short_path(event->file), event->line);
    return print_fields(cli, event) && print_uses(cli, &entry);
}

/* -- all -- */

static bool is_repeated(const struct entry *entry, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (entry->uses[i].rule == entry->uses[at].rule && entry->uses[i].use == entry->uses[at].use)
            return true;
    }
    return false;
}

static bool is_first_of_its_use(const struct entry *entry, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (entry->uses[i].use == entry->uses[at].use)
            return false;
    }
    return true;
}

/* All rules on which the event does what it does at `from`; one that several selectors name is said once. */
static void add_rules(const struct cli *cli, struct buffer *text, const struct entry *entry, size_t from)
{
    enum rule_use use = entry->uses[from].use;

    buffer_printf(text, "%s%s %s", text->n == 0 ? "" : "; ", row_use(cli, use), entry->uses[from].rule->name);
    for (size_t i = from + 1; i < entry->n_uses; i++) {
        if (entry->uses[i].use == use && !is_repeated(entry, i))
            buffer_printf(text, ", %s", entry->uses[i].rule->name);
    }
}

/* "opens a, b; meets c" */
static void add_uses(const struct cli *cli, struct table *table, const struct entry *entry)
{
    struct buffer text;

    buffer_init(&text);
    for (size_t i = 0; i < entry->n_uses; i++) {
        if (is_first_of_its_use(entry, i))
            add_rules(cli, &text, entry, i);
    }
    table_add(table, buffer_text(&text));
    buffer_finish(&text);
}

static bool print_all(const struct cli *cli, const struct config *config)
{
    static const char *const english[] = {"TYPE", "SUMMARY", "RULES"};
    static const char *const in_chinese[] = {"事件", "说明", "规则"};
    struct table table;
    bool printed;

    table_init(&table, 3, cli->chinese ? in_chinese : english);
    for (size_t i = 0; i < config->catalogue.n; i++) {
        struct entry entry = entry_of(config, &config->catalogue.events[i]);

        table_add(&table, entry.event->type);
        table_add(&table, entry.event->summary);
        add_uses(cli, &table, &entry);
    }
    printed = table_print(&table, stdout);
    table_finish(&table);
    return printed;
}

static enum cli_status list(struct cli *cli, const struct config *config)
{
    const struct catalogue_event *events;
    size_t n = setup_events(cli, config, &events);
    bool printed;

    if (n == 0)
        return CLI_FINDING;
    if (cli->json)
        return print_json(cli, config, events, n);
    printed = cli->arguments.n > 0 ? print_one(cli, config, events) : print_all(cli, config);
    return printed ? CLI_OK : cli_fail(cli, "out of memory", "内存不足");
}

enum cli_status verb_event_list(struct cli *cli)
{
    struct config *config = NULL;
    enum cli_status status = setup_load(cli, &config);

    if (status == CLI_OK)
        status = list(cli, config);
    config_unload(config);
    return status;
}
