#include "cli/explain_case.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/count.h"
#include "cli/lives.h"

/* -- the journal -- */

static int collect_on_record(void *data, const struct history_record *record)
{
    struct explain_case *explained = data;
    const char *id = fields_get(&record->fields, "d");

    if (id == NULL || strcmp(id, explained->id) != 0 || explained->n_records == EXPLAIN_RECORDS_MAX)
        return 0;
    return history_copy(explained->arena, record, &explained->records[explained->n_records++]) ? 0 : -ENOMEM;
}

static void note_pause(struct explain_case *explained, const struct history_record *record)
{
    instant at = history_int(record, "at", record->now);

    if (strcmp(record->what, "paused") == 0 && explained->n_pauses < EXPLAIN_PAUSES_MAX)
        explained->pauses[explained->n_pauses++] = (struct pause){at, INSTANT_NEVER};
    else if (strcmp(record->what, "resumed") == 0 && explained->n_pauses > 0)
        explained->pauses[explained->n_pauses - 1].to = at;
}

/* A closed deadline is known by its records alone. */
static void read_opening(struct explain_case *explained, const struct history_record *record)
{
    const char *version = fields_get(&record->fields, "v");

    explained->rule_name = fields_get(&record->fields, "r");
    explained->identity = fields_get(&record->fields, "k");
    explained->owner = fields_get(&record->fields, "owner");
    explained->department = fields_get(&record->fields, "dept");
    explained->start = history_int(record, "start", INSTANT_NONE);
    explained->opened = explained->start;
    explained->due = history_int(record, "due", INSTANT_NONE);
    explained->due_case = (int32_t)history_int(record, "case", 0);
    explained->rule = version == NULL ? NULL : snapshot_rule(explained->snapshot, version);
}

static void read_event(struct explain_case *explained, const struct history_record *opened)
{
    const char *event = fields_get(&opened->fields, "event");

    if (!sightings_event(explained->snapshot, event, explained->arena, &explained->opening))
        return;
    explained->fields = &explained->opening.fields;
    explained->opened = explained->opening.time;
}

static void read_records(struct explain_case *explained)
{
    for (size_t i = 0; i < explained->n_records; i++) {
        const struct history_record *record = &explained->records[i];

        if (life_is_closing(record->what))
            explained->closing = record;
        if (explained->open != NULL)
            continue;
        if (strcmp(record->what, "opened") == 0)
            read_opening(explained, record);
        if (strcmp(record->what, "opened") == 0)
            read_event(explained, record);
        note_pause(explained, record);
        if (strcmp(record->what, "opened") != 0)
            explained->due = history_int(record, "due", explained->due);
    }
}

static void read_open(struct explain_case *explained)
{
    const struct deadline *deadline = explained->open;

    explained->rule = deadline->rule;
    explained->rule_name = deadline->rule->name;
    explained->owner = deadline->owner;
    explained->department = deadline->department;
    explained->fields = &deadline->fields;
    explained->opened = deadline->opened;
    explained->start = deadline->start;
    explained->due = deadline->due;
    explained->due_case = deadline->due_case;
    explained->n_pauses = deadline->n_pauses < EXPLAIN_PAUSES_MAX ? deadline->n_pauses : EXPLAIN_PAUSES_MAX;
    if (explained->n_pauses > 0)
        memcpy(explained->pauses, deadline->pauses, explained->n_pauses * sizeof(struct pause));
}

static void choose_calendar(struct explain_case *explained)
{
    struct deadline like = {.rule = explained->rule,
                            .owner = (char *)(explained->owner == NULL ? "" : explained->owner),
                            .department =
                                (char *)(explained->department == NULL ? "" : explained->department)};

    if (explained->open != NULL)
        explained->calendar = snapshot_calendar(explained->snapshot->config, explained->open);
    else if (explained->rule != NULL)
        explained->calendar = snapshot_calendar(explained->snapshot->config, &like);
}

/* -- what comes next, by the daemon's own engine -- */

struct loading {
    struct engine *engine;
    enum change_table table;
    const char *why;
};

static int loading_on_entry(void *data, const char *key, const char *value, size_t value_n)
{
    struct loading *loading = data;

    return engine_load(loading->engine, loading->table, key, value, value_n, &loading->why);
}

/* Their quiet hours count in the plan. Which people a plugin can reach is not asked: nothing is sent. */
static int set_channels(const struct config *config)
{
    const struct settings *settings = &config->settings;
    struct channel_facts facts[CONFIG_CHANNELS_MAX] = {{.name = NULL}};

    for (size_t i = 0; i < settings->n_channels; i++)
        facts[i] = (struct channel_facts){.name = settings->channels[i].name,
                                          .fallback = settings->channels[i].fallback,
                                          .quiet = settings->channels[i].quiet};
    return ruleset_set_channels(config->rules, facts, settings->n_channels);
}

/* Without a plan the rest is still worth telling, so trouble is a complaint and no end. */
static void plan(struct explain_case *explained)
{
    static const enum change_table tables[] = {TABLE_RULES, TABLE_DEADLINES};
    struct snapshot *snapshot = explained->snapshot;
    const struct engine_parts parts = {.rules = snapshot->config->rules,
                                       .people = snapshot->config->directory,
                                       .templates = snapshot->config->templates,
                                       .parse_rule = snapshot_parse_rule,
                                       .parse_data = snapshot};
    struct loading loading = {.engine = NULL, .why = ""};
    const struct deadline *deadline;
    int status = set_channels(snapshot->config);

    if (status == 0)
        loading.engine = engine_create(&parts);
    if (status == 0 && loading.engine == NULL)
        status = -ENOMEM;

    explained->engine = loading.engine;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && status == 0; i++) {
        loading.table = tables[i];
        status = query_each(snapshot->shard->query, tables[i], loading_on_entry, &loading);
    }
    if (status == 0)
        status = engine_loaded(loading.engine, snapshot->now);
    if (status != 0) {
        cli_warn(snapshot->cli, "what comes next cannot be told: %s", "无法说明接下来的安排：%s",
                 *loading.why != '\0' ? loading.why : strerror(-status));
        return;
    }
    deadline = engine_deadline(loading.engine, explained->id);
    if (deadline != NULL)
        explained->n_planned =
            engine_plan(loading.engine, deadline, snapshot->now, explained->planned, EXPLAIN_PLANNED_MAX);
}

/* -- one case -- */

/* "q7km-1", as a person types it, is Q7KM. */
static void normalize(const char *typed, char into[static DEADLINE_ID_MAX])
{
    size_t n = 0;

    while (n + 1 < DEADLINE_ID_MAX && typed[n] != '\0' && typed[n] != '-') {
        into[n] = (char)toupper((unsigned char)typed[n]);
        n++;
    }
    into[n] = '\0';
}

enum cli_status explain_case_load(struct snapshot *snapshot, const char *id, struct explain_case *out)
{
    const struct stream_id begin = {0, 0};
    int status;

    *out = (struct explain_case){.snapshot = snapshot,
                                 .arena = arena_create(),
                                 .opened = INSTANT_NONE,
                                 .start = INSTANT_NONE,
                                 .due = INSTANT_NONE};
    normalize(id, out->id);
    out->open = snapshot_find(snapshot, out->id);
    out->records =
        out->arena == NULL ? NULL : arena_alloc_array(out->arena, EXPLAIN_RECORDS_MAX, sizeof(*out->records));
    if (out->records == NULL)
        return cli_fail(snapshot->cli, "out of memory", "内存不足");
    status = history_read(snapshot->shard->query, begin, out->id, collect_on_record, out);
    if (status != 0 && status != -ENOENT)
        return setup_query_failed(snapshot->cli, snapshot->shard);
    if (out->open == NULL && out->n_records == 0)
        return CLI_FINDING;
    if (out->open != NULL)
        read_open(out);
    read_records(out);
    choose_calendar(out);
    if (out->open != NULL)
        plan(out);
    return CLI_OK;
}

void explain_case_finish(struct explain_case *explained)
{
    engine_destroy(explained->engine);
    arena_destroy(explained->arena);
    explained->engine = NULL;
    explained->arena = NULL;
}

bool explain_case_count(const struct explain_case *explained, struct span_request *out)
{
    static const struct fields no_fields = {0};
    const struct rule *rule = explained->rule;

    if (rule == NULL || explained->calendar == NULL || explained->start == INSTANT_NONE ||
        explained->due == INSTANT_NONE || explained->due == INSTANT_NEVER ||
        rule_due_span(rule, explained->due_case) == NULL)
        return false;
    *out = (struct span_request){.span = rule_due_span(rule, explained->due_case),
                                 .calendar = explained->calendar,
                                 .start = explained->start,
                                 .pauses = explained->pauses,
                                 .n_pauses = explained->n_pauses,
                                 .lookup = count_lookup,
                                 .lookup_data = explained->fields == NULL ? &no_fields : explained->fields};
    return true;
}

/* -- finding by rule and key -- */

struct finding {
    const char *prefix; /* the identity without the owner */
    struct arena *arena;
    struct explain_found *found;
};

static void add_found(struct finding *finding, const char *id)
{
    struct explain_found *found = finding->found;

    for (size_t i = 0; i < found->n; i++) {
        if (strcmp(found->ids[i], id) == 0)
            return;
    }
    /* Of more than can be kept, the latest. */
    if (found->n == EXPLAIN_FOUND_MAX) {
        memmove(found->ids, found->ids + 1, (EXPLAIN_FOUND_MAX - 1) * sizeof(found->ids[0]));
        found->n--;
    }
    found->ids[found->n] = arena_strdup(finding->arena, id);
    if (found->ids[found->n] != NULL)
        found->n++;
}

static int finding_on_record(void *data, const struct history_record *record)
{
    struct finding *finding = data;
    const char *identity = fields_get(&record->fields, "k"), *id = fields_get(&record->fields, "d");
    size_t n = strlen(finding->prefix);

    if (identity == NULL || id == NULL || strcmp(record->what, "opened") != 0)
        return 0;
    if (strncmp(identity, finding->prefix, n) == 0 && (identity[n] == '\0' || identity[n] == '|'))
        add_found(finding, id);
    return 0;
}

static enum cli_status check_key(struct snapshot *snapshot, const struct rule *rule,
                                 const struct fields *given)
{
    for (size_t i = 0; i < rule->key.n; i++) {
        if (fields_get(given, rule->key.fields[i].name) == NULL)
            return cli_fail(snapshot->cli, "%s: which case? Its key has the field \"%s\": write %s=...",
                            "%s：哪一个？其键含字段 \"%s\"：请写 %s=...", rule->name,
                            rule->key.fields[i].name, rule->key.fields[i].name);
    }
    return CLI_OK;
}

enum cli_status explain_find(struct snapshot *snapshot, const char *name, const struct fields *given,
                             struct arena *arena, struct explain_found *out)
{
    const struct stream_id begin = {0, 0};
    const struct rule *rule;
    struct finding finding = {.arena = arena, .found = out};
    struct buffer prefix;
    int status;

    for (size_t i = 0; i < snapshot->n_deadlines; i++) {
        if (snapshot_is_case(snapshot->deadlines[i], name, given))
            add_found(&finding, snapshot->deadlines[i]->id);
    }
    if (out->n > 0)
        return CLI_OK;
    if (setup_rule(snapshot->cli, snapshot->config, name, &rule) != CLI_OK)
        return CLI_USAGE;
    if (check_key(snapshot, rule, given) != CLI_OK)
        return CLI_USAGE;
    buffer_init(&prefix);
    bool is_one_period = rule_recurs(rule) && fields_get(given, "period") != NULL;
    if (is_one_period && !rule->is_series)
        deadline_identity(rule, given, NULL, &prefix);
    else
        deadline_case(rule, given, &prefix);
    finding.prefix = buffer_text(&prefix);
    status = history_read(snapshot->shard->query, begin, "\"opened\"", finding_on_record, &finding);
    buffer_finish(&prefix);
    if (status != 0 && status != -ENOENT)
        return setup_query_failed(snapshot->cli, snapshot->shard);
    return CLI_OK;
}
